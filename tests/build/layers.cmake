# SPDX-License-Identifier: Apache-2.0
# A room sees only what its row of the table allows: a forbidden include must fail to compile, an allowed one
# must compile, and no source may walk around the include path with a relative one.
cmake_minimum_required(VERSION 3.25)
set(ENV{LC_ALL} C) # messages of the compiler are read below

function(compile room text result errors)
    set(file "${BUILD}/tests/build/layers_probe.c")
    file(WRITE "${file}" "${text}\nint main(void) { return 0; }\n")
    execute_process(COMMAND "${CC}" -std=c17 -fsyntax-only "-I${BUILD}/include/${room}" "${file}"
        RESULT_VARIABLE code ERROR_VARIABLE text_of_errors)
    set(${result} "${code}" PARENT_SCOPE)
    set(${errors} "${text_of_errors}" PARENT_SCOPE)
endfunction()

function(expect_allowed room header)
    compile(${room} "#include ${header}" code errors)
    if(NOT code EQUAL 0)
        message(SEND_ERROR "room ${room} should see ${header}, but:\n${errors}")
    endif()
endfunction()

# The message must be about this very header: a compiler that fails over another one proves nothing.
function(expect_forbidden room header name)
    compile(${room} "#include ${header}" code errors)
    if(code EQUAL 0)
        message(SEND_ERROR "room ${room} must not see ${header}, but it compiles")
    elseif(NOT errors MATCHES "fatal error: '?${name}'?(: No such file| file not found)")
        message(SEND_ERROR "room ${room}: ${header} fails, but not because it is out of sight:\n${errors}")
    endif()
endfunction()

foreach(header IN ITEMS src/base/error.h src/graph/op.h src/cli/verbs.h)
    if(NOT EXISTS "${SOURCE}/${header}")
        message(FATAL_ERROR "${header} is gone; this test has to name another header of that room")
    endif()
endforeach()

expect_allowed(base "\"base/error.h\"")
expect_allowed(base "<gndp/version.h>")
expect_forbidden(base "\"graph/op.h\"" "graph/op\\.h")
expect_forbidden(base "<gndp/graph.h>" "gndp/graph\\.h")
expect_forbidden(base "\"cli/verbs.h\"" "cli/verbs\\.h")
expect_allowed(graph "\"base/error.h\"")
expect_allowed(graph "<gndp/info.h>")
expect_forbidden(graph "\"cli/verbs.h\"" "cli/verbs\\.h")
expect_allowed(cli "<gndp/info.h>")
expect_allowed(cli "\"cli/verbs.h\"")
expect_forbidden(cli "\"base/error.h\"" "base/error\\.h")
expect_forbidden(cli "\"graph/op.h\"" "graph/op\\.h")

string(REPLACE "," ";" rooms "${ROOMS}")
foreach(room IN LISTS rooms)
    file(GLOB_RECURSE files "${SOURCE}/src/${room}/*.[ch]" "${SOURCE}/src/${room}/*.inl"
        "${SOURCE}/src/${room}/*.cu")
    foreach(file IN LISTS files)
        file(STRINGS "${file}" lines REGEX "^[ \t]*#[ \t]*include[ \t]*[\"<](\\.\\.|/)")
        if(lines)
            message(SEND_ERROR "${file} leaves its room: ${lines}")
        endif()
    endforeach()
endforeach()
file(GLOB folders LIST_DIRECTORIES true RELATIVE "${SOURCE}/src" "${SOURCE}/src/*")
foreach(folder IN LISTS folders)
    if(IS_DIRECTORY "${SOURCE}/src/${folder}" AND NOT folder IN_LIST rooms)
        message(SEND_ERROR "src/${folder} is not declared as a room in CMakeLists.txt")
    endif()
endforeach()
