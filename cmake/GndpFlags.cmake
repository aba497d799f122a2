# SPDX-License-Identifier: Apache-2.0
# Language, warnings, floating-point rules and sanitizers, carried by the interface target gndp_flags.
set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

if(NOT CMAKE_C_COMPILER_ID MATCHES "^(GNU|Clang|AppleClang)$")
    message(FATAL_ERROR "gndp is built with gcc or clang, not with ${CMAKE_C_COMPILER_ID}")
endif()

add_library(gndp_flags INTERFACE)
target_compile_definitions(gndp_flags INTERFACE _DEFAULT_SOURCE)
target_compile_options(gndp_flags INTERFACE
    -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion -Wdouble-promotion -Wvla -Wcast-qual
    -Wstrict-prototypes -Wmissing-prototypes
    # Contraction would change bits from compiler to compiler: fma is written where it is meant. The other two
    # free the optimiser from errno and from trap handlers, which nothing here reads, and change no result.
    -ffp-contract=off -fno-math-errno -fno-trapping-math)
target_compile_options(gndp_flags INTERFACE
    $<$<CONFIG:Release>:-g1> # lines in profiles and valgrind
    $<$<CONFIG:Debug>:-Og;-g3>)
if(GNDP_WERROR)
    target_compile_options(gndp_flags INTERFACE -Werror)
endif()

if(GNDP_SANITIZE)
    target_compile_options(gndp_flags INTERFACE
        -O1 -fsanitize=${GNDP_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(gndp_flags INTERFACE -fsanitize=${GNDP_SANITIZE})
    if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
        # gcc's flow analysis sees the sanitizers' own branches and reports paths that do not exist.
        target_compile_options(gndp_flags INTERFACE -Wno-maybe-uninitialized)
    endif()
endif()

# Vector code is chosen at run time: only files named for a level are compiled for it.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$" AND CMAKE_SIZEOF_VOID_P EQUAL 8)
    set(GNDP_X86_SIMD ON)
    target_compile_definitions(gndp_flags INTERFACE GNDP_HAVE_X86_SIMD=1)
else()
    set(GNDP_X86_SIMD OFF)
endif()
set(gndp_avx2_flags -mavx2 -mfma -mf16c)
set(gndp_avx512_flags -mavx512f -mavx512bw -mavx512dq -mavx512vl -mfma -mavx2 -mf16c
    -mprefer-vector-width=512)
set(gndp_avx512bf16_flags ${gndp_avx512_flags} -mavx512bf16)

# Give each source named *_<level>.c in the list of that name the flags of its level; where the processor has no
# such level, take it out of the list.
function(gndp_simd_sources list_name)
    set(kept "")
    foreach(file IN LISTS ${list_name})
        if(file MATCHES "_(avx2|avx512|avx512bf16)\\.c$")
            if(NOT GNDP_X86_SIMD)
                continue()
            endif()
            set_source_files_properties(${file} PROPERTIES
                COMPILE_OPTIONS "${gndp_${CMAKE_MATCH_1}_flags}")
        endif()
        list(APPEND kept ${file})
    endforeach()
    set(${list_name} "${kept}" PARENT_SCOPE)
endfunction()
