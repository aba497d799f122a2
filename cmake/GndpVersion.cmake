# SPDX-License-Identifier: Apache-2.0
# <gndp/version.h> from the project's version, and the commit, asked of git at every build.
set(GNDP_GENERATED "${PROJECT_BINARY_DIR}/generated")
configure_file("${PROJECT_SOURCE_DIR}/include/gndp/version.h.in" "${GNDP_GENERATED}/gndp/version.h" @ONLY)

# A commit made after the configure step must show, so git is asked at each build; the header is rewritten, and
# its one reader compiled again, only when the answer changed.
set(gndp_commit_header "${PROJECT_BINARY_DIR}/generated-private/gndp_commit.h")
set(gndp_commit_command ${CMAKE_COMMAND}
    -D "SOURCE=${PROJECT_SOURCE_DIR}" -D "OUTPUT=${gndp_commit_header}"
    -P "${PROJECT_SOURCE_DIR}/cmake/commit.cmake")
add_custom_target(gndp_commit_update
    COMMAND ${gndp_commit_command}
    BYPRODUCTS "${gndp_commit_header}"
    COMMENT "Looking up the commit" VERBATIM)
add_library(gndp_commit INTERFACE)
add_dependencies(gndp_commit gndp_commit_update)
target_include_directories(gndp_commit INTERFACE "${PROJECT_BINARY_DIR}/generated-private")
