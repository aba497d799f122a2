# SPDX-License-Identifier: Apache-2.0
# Installs into a folder of its own, moves that tree as a whole, and builds and runs a user's program against it by
# pkg-config and by CMake; then runs the installed program. Leaves nothing behind when all is well.
cmake_minimum_required(VERSION 3.25)

set(scratch "${BUILD}/tests/build/install")
file(REMOVE_RECURSE "${scratch}")
file(MAKE_DIRECTORY "${scratch}")

function(run output)
    execute_process(COMMAND ${ARGN} WORKING_DIRECTORY "${scratch}"
        OUTPUT_VARIABLE text ERROR_VARIABLE errors RESULT_VARIABLE code OUTPUT_STRIP_TRAILING_WHITESPACE)
    if(NOT code EQUAL 0)
        list(JOIN ARGN " " line)
        message(FATAL_ERROR "failed (${code}): ${line}\n${text}\n${errors}")
    endif()
    set(${output} "${text}" PARENT_SCOPE)
endfunction()

function(expect text what)
    if(NOT text MATCHES "^gndp ${VERSION}(\n|$)")
        message(FATAL_ERROR "${what} printed '${text}', not gndp ${VERSION}")
    endif()
endfunction()

run(text "${CMAKE_COMMAND}" --install "${BUILD}" --prefix "${scratch}/first")
file(RENAME "${scratch}/first" "${scratch}/moved")
set(prefix "${scratch}/moved")

run(text "${prefix}/bin/gndp" --version)
expect("${text}" "the installed program")

file(GLOB_RECURSE pc "${prefix}/*/gndp.pc")
if(NOT pc)
    message(FATAL_ERROR "gndp.pc was not installed")
endif()
get_filename_component(pc_folder "${pc}" DIRECTORY)
get_filename_component(lib_folder "${pc_folder}" DIRECTORY)
if(PKG_CONFIG)
    set(ENV{PKG_CONFIG_PATH} "${pc_folder}")
    run(text "${PKG_CONFIG}" --modversion gndp)
    if(NOT text STREQUAL VERSION)
        message(FATAL_ERROR "pkg-config says version ${text}, not ${VERSION}")
    endif()
    run(flags "${PKG_CONFIG}" --cflags --libs gndp)
    separate_arguments(flags)
    run(text "${CC}" -std=c17 -o by_pkg_config "${CONSUMER}/consumer.c" ${flags} "-Wl,-rpath,${lib_folder}")
    run(text "${scratch}/by_pkg_config")
    expect("${text}" "the consumer by pkg-config")
else()
    message(FATAL_ERROR "there is no pkg-config (Debian, Ubuntu: apt-get install pkg-config)")
endif()

run(text "${CMAKE_COMMAND}" -S "${CONSUMER}" -B "${scratch}/by_cmake" -G "${GENERATOR}"
    "-DCMAKE_C_COMPILER=${CC}" "-DCMAKE_PREFIX_PATH=${prefix}")
run(text "${CMAKE_COMMAND}" --build "${scratch}/by_cmake")
run(text "${scratch}/by_cmake/consumer")
expect("${text}" "the consumer by CMake")

file(REMOVE_RECURSE "${scratch}")
