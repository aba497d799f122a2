# SPDX-License-Identifier: Apache-2.0
# Each public header compiles alone, as C17 and as C++17, without src/ in sight; the library exports gndp_ names
# only, and the names that the headers promise.
cmake_minimum_required(VERSION 3.25)

file(GLOB headers "${SOURCE}/include/gndp/*.h" "${BUILD}/generated/gndp/*.h")
if(NOT headers)
    message(FATAL_ERROR "no public header found")
endif()
# A C compiler may be installed without its C++ part.
set(languages c)
file(WRITE "${BUILD}/tests/build/surface_probe.c" "int gndp_probe;\n")
execute_process(COMMAND "${CC}" -x c++ -std=c++17 -fsyntax-only "${BUILD}/tests/build/surface_probe.c"
    RESULT_VARIABLE code ERROR_QUIET)
if(code EQUAL 0)
    list(APPEND languages c++)
else()
    message(STATUS "${CC} compiles no C++ here: the headers are checked as C only")
endif()

set(warnings -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion -Werror)
file(READ "${SOURCE}/include/gndp/gndp.h" umbrella)
foreach(header IN LISTS headers)
    get_filename_component(name "${header}" NAME)
    if(NOT name STREQUAL "gndp.h" AND NOT umbrella MATCHES "#include <gndp/${name}>")
        message(SEND_ERROR "<gndp/gndp.h> does not include <gndp/${name}>")
    endif()
    foreach(language IN LISTS languages)
        set(file "${BUILD}/tests/build/surface_probe.c")
        file(WRITE "${file}" "#include <gndp/${name}>\n#include <gndp/${name}>\nint gndp_probe;\n")
        execute_process(COMMAND "${CC}" -x ${language} -std=${language}17 ${warnings} -fsyntax-only
                "-I${SOURCE}/include" "-I${BUILD}/generated" "${file}"
            RESULT_VARIABLE code ERROR_VARIABLE errors)
        if(NOT code EQUAL 0)
            message(SEND_ERROR "<gndp/${name}> does not compile alone as ${language}17:\n${errors}")
        endif()
    endforeach()
    # A quoted name would be looked for beside the header first, and so could differ from what <gndp/...> finds.
    file(STRINGS "${header}" lines REGEX "^[ \t]*#[ \t]*include[ \t]*\"")
    if(lines)
        message(SEND_ERROR "<gndp/${name}> includes with quotes: ${lines}")
    endif()
endforeach()

execute_process(COMMAND "${NM}" -D --defined-only "${LIBRARY}"
    OUTPUT_VARIABLE symbols RESULT_VARIABLE code)
if(NOT code EQUAL 0)
    message(FATAL_ERROR "cannot list the symbols of ${LIBRARY}")
endif()
string(REGEX MATCHALL "[^\n]+" lines "${symbols}")
set(exported "")
foreach(line IN LISTS lines)
    string(REGEX MATCH " ([A-Za-z]) ([^ @]+)" unused "${line}")
    set(symbol "${CMAKE_MATCH_2}")
    list(APPEND exported "${symbol}")
    # The sanitizers, and clang's OpenMP, add marks of their own to a library.
    if(NOT symbol MATCHES "^(gndp_|\\.gomp_critical_user_|__(odr_)?asan|___asan|__ubsan|__tsan|__sanitizer|_init$|_fini$)")
        message(SEND_ERROR "${LIBRARY} exports ${symbol}")
    endif()
endforeach()
foreach(name IN ITEMS gndp_version gndp_info_get gndp_last_error gndp_array_create)
    if(NOT name IN_LIST exported)
        message(SEND_ERROR "${LIBRARY} does not export ${name}")
    endif()
endforeach()
