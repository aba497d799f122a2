# SPDX-License-Identifier: Apache-2.0
# Rooms: each is an object library whose include path holds only what its row of the table allows.
#
#   <build>/include/<room>/<other>       -> src/<other>            for the room itself and the rooms it may include
#   <build>/include/<room>/gndp/<x>.h    -> include/gndp/<x>.h     the public headers of those rooms
#
# so that `#include "graph/op.h"` inside src/base finds no file and does not compile.
include_guard(GLOBAL)

# Make the folder hold exactly the links named: each entry is <name>=<target>. Others are removed, so a header
# that a row no longer allows is gone at the next configure.
function(gndp_link_folder folder)
    file(MAKE_DIRECTORY "${folder}")
    set(wanted "")
    foreach(entry IN LISTS ARGN)
        string(REGEX MATCH "^([^=]+)=(.+)$" unused "${entry}")
        list(APPEND wanted "${CMAKE_MATCH_1}")
        file(CREATE_LINK "${CMAKE_MATCH_2}" "${folder}/${CMAKE_MATCH_1}" SYMBOLIC)
    endforeach()
    file(GLOB present LIST_DIRECTORIES true RELATIVE "${folder}" "${folder}/*")
    foreach(name IN LISTS present)
        if(NOT name IN_LIST wanted AND IS_SYMLINK "${folder}/${name}")
            file(REMOVE "${folder}/${name}") # removes the link, never what it points to
        endif()
    endforeach()
endfunction()

# gndp_room(NAME LAYER n [PROGRAM] [PUBLIC_ONLY] [MAY_INCLUDE room...] [PUBLIC_HEADERS x.h...] [LINKS target...])
#   PROGRAM      not part of the library; also sees gndp/gndp.h
#   PUBLIC_ONLY  of the rooms it may include it sees the public headers, not src/ (but src/base if it is of the library)
function(gndp_room name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "PROGRAM;PUBLIC_ONLY" "LAYER"
        "MAY_INCLUDE;PUBLIC_HEADERS;LINKS")
    set_property(GLOBAL PROPERTY GNDP_LAYER_${name} ${arg_LAYER})
    set_property(GLOBAL PROPERTY GNDP_HEADERS_${name} ${arg_PUBLIC_HEADERS})
    set_property(GLOBAL PROPERTY GNDP_LINKS_${name} ${arg_LINKS})
    set_property(GLOBAL APPEND PROPERTY GNDP_ROOMS ${name})

    set(allowed ${arg_MAY_INCLUDE})
    if(NOT name STREQUAL "base")
        list(PREPEND allowed base)
    endif()
    set(headers ${arg_PUBLIC_HEADERS})
    set(rooms "${name}=${PROJECT_SOURCE_DIR}/src/${name}")
    foreach(other IN LISTS allowed)
        get_property(layer GLOBAL PROPERTY GNDP_LAYER_${other})
        if(layer STREQUAL "" OR NOT layer LESS arg_LAYER)
            message(FATAL_ERROR "room ${name} of layer ${arg_LAYER} may not include ${other} (layer '${layer}'): "
                "only rooms of lower layers, declared before it")
        endif()
        get_property(others GLOBAL PROPERTY GNDP_HEADERS_${other})
        list(APPEND headers ${others})
        # A room of the library fails as the library does, so it sees src/base whatever else it may see.
        if(NOT arg_PUBLIC_ONLY OR (other STREQUAL "base" AND NOT arg_PROGRAM))
            list(APPEND rooms "${other}=${PROJECT_SOURCE_DIR}/src/${other}")
        endif()
    endforeach()
    if(arg_PROGRAM)
        list(APPEND headers gndp.h)
    endif()
    set(public "")
    foreach(header IN LISTS headers)
        if(header STREQUAL "version.h")
            list(APPEND public "${header}=${GNDP_GENERATED}/gndp/${header}")
        else()
            list(APPEND public "${header}=${PROJECT_SOURCE_DIR}/include/gndp/${header}")
        endif()
    endforeach()
    set(folder "${PROJECT_BINARY_DIR}/include/${name}")
    gndp_link_folder("${folder}" ${rooms})
    gndp_link_folder("${folder}/gndp" ${public})

    file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/src/${name}/*.c")
    if(NOT sources)
        message(STATUS "room ${name}: no sources, left out")
        return()
    endif()
    gndp_simd_sources(sources)
    add_library(gndp_room_${name} OBJECT ${sources})
    target_include_directories(gndp_room_${name} PRIVATE "${folder}")
    target_link_libraries(gndp_room_${name} PRIVATE gndp_flags ${arg_LINKS})
    # Locations in messages read src/<room>/<file>, whichever way the compiler reached the file. gcc tries the
    # last map first, clang the longest.
    target_compile_options(gndp_room_${name} PRIVATE
        "-fmacro-prefix-map=${PROJECT_SOURCE_DIR}/="
        "-fmacro-prefix-map=${folder}/=src/"
        "-fmacro-prefix-map=${folder}/gndp/=include/gndp/")
    if(NOT arg_PROGRAM)
        set_property(GLOBAL APPEND PROPERTY GNDP_LIBRARY_ROOMS ${name})
        set_property(GLOBAL APPEND PROPERTY GNDP_LIBRARY_LINKS ${arg_LINKS})
    endif()
endfunction()

# Join the rooms: the shared library that is installed, and a static one of the same objects for tests and
# benchmarks that look at internals (hidden names are reachable inside one executable).
function(gndp_library)
    get_property(rooms GLOBAL PROPERTY GNDP_LIBRARY_ROOMS)
    get_property(links GLOBAL PROPERTY GNDP_LIBRARY_LINKS)
    list(REMOVE_DUPLICATES links)
    set(objects "")
    foreach(room IN LISTS rooms)
        list(APPEND objects $<TARGET_OBJECTS:gndp_room_${room}>)
    endforeach()

    add_library(gndp SHARED ${objects})
    add_library(gndp::gndp ALIAS gndp)
    set_target_properties(gndp PROPERTIES
        LINKER_LANGUAGE C
        VERSION ${PROJECT_VERSION}
        # While the major version is 0 every minor version may break the ABI.
        SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR}
        INSTALL_RPATH "${GNDP_OPENBLAS_FOLDER}")
    target_link_libraries(gndp PRIVATE gndp_flags ${links})
    if(NOT GNDP_SANITIZE AND NOT APPLE)
        target_link_options(gndp PRIVATE -Wl,--no-undefined)
    endif()
    target_include_directories(gndp INTERFACE
        $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
        $<BUILD_INTERFACE:${GNDP_GENERATED}>
        $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)

    add_library(gndp_static STATIC ${objects})
    set_target_properties(gndp_static PROPERTIES LINKER_LANGUAGE C OUTPUT_NAME gndp)
    target_link_libraries(gndp_static PUBLIC gndp_flags ${links})
    target_include_directories(gndp_static PUBLIC
        "${PROJECT_SOURCE_DIR}/src" "${PROJECT_SOURCE_DIR}/include" "${GNDP_GENERATED}")
endfunction()

# The executable of a PROGRAM room, on the shared library: it can use nothing that is not exported.
function(gndp_program room output)
    if(NOT TARGET gndp_room_${room})
        return()
    endif()
    add_executable(gndp_program_${room} $<TARGET_OBJECTS:gndp_room_${room}>)
    file(RELATIVE_PATH to_lib "${CMAKE_INSTALL_FULL_BINDIR}" "${CMAKE_INSTALL_FULL_LIBDIR}")
    set_target_properties(gndp_program_${room} PROPERTIES
        LINKER_LANGUAGE C
        OUTPUT_NAME ${output}
        RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}"
        INSTALL_RPATH "$ORIGIN/${to_lib}")
    get_property(links GLOBAL PROPERTY GNDP_LINKS_${room})
    target_link_libraries(gndp_program_${room} PRIVATE gndp_flags gndp ${links})
endfunction()
