# SPDX-License-Identifier: Apache-2.0
# Script: writes OUTPUT with the commit of SOURCE, "unknown" where SOURCE is not the top of a git checkout.
cmake_minimum_required(VERSION 3.25)

set(commit "unknown")
find_program(git git)
if(git)
    execute_process(COMMAND ${git} -C "${SOURCE}" rev-parse --show-toplevel
        OUTPUT_VARIABLE top OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
    # A tarball unpacked inside another project's checkout must not show that project's commit.
    file(REAL_PATH "${SOURCE}" source)
    if(NOT failed AND top STREQUAL source)
        execute_process(COMMAND ${git} -C "${SOURCE}" describe --always --dirty --abbrev=12 --exclude=*
            OUTPUT_VARIABLE text OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
        if(NOT failed AND text)
            set(commit "${text}")
        endif()
    endif()
endif()
set(header "/* made by the build */\n#define GNDP_COMMIT \"${commit}\"\n")
set(before "")
if(EXISTS "${OUTPUT}")
    file(READ "${OUTPUT}" before)
endif()
if(NOT before STREQUAL header)
    file(WRITE "${OUTPUT}" "${header}")
endif()
