# SPDX-License-Identifier: Apache-2.0
# Installation: headers, shared library, program, CMake package and a relocatable pkg-config file.
include(CMakePackageConfigHelpers)

install(TARGETS gndp EXPORT gndpTargets LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
if(TARGET gndp_program_cli)
    install(TARGETS gndp_program_cli RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/gndp" "${GNDP_GENERATED}/gndp"
    DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" "${PROJECT_SOURCE_DIR}/docs/licensing.md"
    DESTINATION ${CMAKE_INSTALL_DOCDIR})

set(gndp_package_folder "${CMAKE_INSTALL_LIBDIR}/cmake/gndp")
install(EXPORT gndpTargets NAMESPACE gndp:: DESTINATION ${gndp_package_folder})
configure_package_config_file("${PROJECT_SOURCE_DIR}/cmake/gndpConfig.cmake.in"
    "${PROJECT_BINARY_DIR}/package/gndpConfig.cmake" INSTALL_DESTINATION ${gndp_package_folder})
# While the major version is 0 every minor version may break users.
write_basic_package_version_file("${PROJECT_BINARY_DIR}/package/gndpConfigVersion.cmake"
    COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/package/gndpConfig.cmake"
    "${PROJECT_BINARY_DIR}/package/gndpConfigVersion.cmake" DESTINATION ${gndp_package_folder})

# pkg-config fills in ${pcfiledir}, so the installed tree may be moved as a whole.
set(gndp_pc_folder "${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig")
file(RELATIVE_PATH GNDP_PC_PREFIX "${gndp_pc_folder}" "${CMAKE_INSTALL_PREFIX}")
string(REGEX REPLACE "/$" "" GNDP_PC_PREFIX "${GNDP_PC_PREFIX}")
file(RELATIVE_PATH GNDP_PC_LIBDIR "${CMAKE_INSTALL_PREFIX}" "${CMAKE_INSTALL_FULL_LIBDIR}")
file(RELATIVE_PATH GNDP_PC_INCLUDEDIR "${CMAKE_INSTALL_PREFIX}" "${CMAKE_INSTALL_FULL_INCLUDEDIR}")
configure_file("${PROJECT_SOURCE_DIR}/cmake/gndp.pc.in" "${PROJECT_BINARY_DIR}/package/gndp.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/package/gndp.pc" DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
