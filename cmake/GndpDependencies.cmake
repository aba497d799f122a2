# SPDX-License-Identifier: Apache-2.0
# Finds the libraries gndp is built on; what is absent is named with its Debian package.
function(gndp_need found what package)
    if(NOT ${found})
        message(FATAL_ERROR
            "gndp needs ${what}, which was not found.\n"
            "  Debian, Ubuntu: apt-get install ${package}\n"
            "  or run scripts/test.sh, which installs what is missing. See docs/building.md.")
    endif()
endfunction()

# One interface target for a header and a library, with the library given by its path.
function(gndp_import target include library)
    add_library(${target} INTERFACE)
    if(include)
        target_include_directories(${target} SYSTEM INTERFACE ${include})
    endif()
    if(library)
        target_link_libraries(${target} INTERFACE ${library})
    endif()
endfunction()

find_package(OpenMP COMPONENTS C)
if(CMAKE_C_COMPILER_ID MATCHES "Clang")
    gndp_need(OpenMP_C_FOUND "the OpenMP runtime of clang" "libomp-dev")
else()
    gndp_need(OpenMP_C_FOUND "the OpenMP runtime of gcc" "build-essential")
endif()

# Debian keeps three builds of OpenBLAS side by side and lets the alternatives system choose one, by default the
# one with its own threads, which would fight with our OpenMP pool. So the OpenMP build is linked by its path,
# and the run path that follows from it wins over the alternatives. Fedora names that build openblaso.
set(gndp_arch "${CMAKE_LIBRARY_ARCHITECTURE}")
find_library(GNDP_OPENBLAS_LIBRARY NAMES openblas
    PATHS /usr/lib/${gndp_arch}/openblas-openmp NO_DEFAULT_PATH)
find_library(GNDP_OPENBLAS_LIBRARY NAMES openblaso openblas)
find_path(GNDP_OPENBLAS_INCLUDE cblas.h
    PATHS /usr/include/${gndp_arch}/openblas-openmp NO_DEFAULT_PATH)
find_path(GNDP_OPENBLAS_INCLUDE cblas.h PATH_SUFFIXES openblas)
gndp_need(GNDP_OPENBLAS_LIBRARY "OpenBLAS (its OpenMP build)" libopenblas-openmp-dev)
gndp_need(GNDP_OPENBLAS_INCLUDE "cblas.h of OpenBLAS" libopenblas-openmp-dev)
gndp_import(gndp_openblas "${GNDP_OPENBLAS_INCLUDE}" "${GNDP_OPENBLAS_LIBRARY}")
get_filename_component(GNDP_OPENBLAS_FOLDER "${GNDP_OPENBLAS_LIBRARY}" DIRECTORY)

if(NOT CMAKE_CROSSCOMPILING)
    include(CheckCSourceRuns)
    set(CMAKE_REQUIRED_LIBRARIES "${GNDP_OPENBLAS_LIBRARY}")
    set(CMAKE_REQUIRED_INCLUDES "${GNDP_OPENBLAS_INCLUDE}")
    check_c_source_runs(
        "#include <cblas.h>
         int main(void) { return openblas_get_parallel() == OPENBLAS_OPENMP ? 0 : 1; }"
        GNDP_OPENBLAS_IS_OPENMP)
    unset(CMAKE_REQUIRED_LIBRARIES)
    unset(CMAKE_REQUIRED_INCLUDES)
    if(NOT GNDP_OPENBLAS_IS_OPENMP)
        message(WARNING
            "${GNDP_OPENBLAS_LIBRARY} is not the OpenMP build of OpenBLAS: its threads and ours will compete.\n"
            "  Debian, Ubuntu: apt-get install libopenblas-openmp-dev\n"
            "  elsewhere: set GNDP_OPENBLAS_LIBRARY to the OpenMP build.")
    endif()
endif()

find_library(GNDP_LAPACKE_LIBRARY NAMES lapacke)
find_path(GNDP_LAPACKE_INCLUDE lapacke.h PATH_SUFFIXES lapacke)
gndp_need(GNDP_LAPACKE_LIBRARY "LAPACKE" liblapacke-dev)
gndp_need(GNDP_LAPACKE_INCLUDE "lapacke.h of LAPACKE" liblapacke-dev)
gndp_import(gndp_lapacke "${GNDP_LAPACKE_INCLUDE}" "${GNDP_LAPACKE_LIBRARY}")

find_library(GNDP_SLEEF_LIBRARY NAMES sleef)
find_path(GNDP_SLEEF_INCLUDE sleef.h)
gndp_need(GNDP_SLEEF_LIBRARY "SLEEF (vector mathematics)" libsleef-dev)
gndp_need(GNDP_SLEEF_INCLUDE "sleef.h of SLEEF" libsleef-dev)
gndp_import(gndp_sleef "${GNDP_SLEEF_INCLUDE}" "${GNDP_SLEEF_LIBRARY}")

find_path(GNDP_RANDOM123_INCLUDE Random123/philox.h)
gndp_need(GNDP_RANDOM123_INCLUDE "Random123 (headers of the Philox generator)" librandom123-dev)
gndp_import(gndp_random123 "${GNDP_RANDOM123_INCLUDE}" "")

# GSL without its own libgslcblas: the CBLAS functions it calls come from OpenBLAS, so gndp_openblas is linked too.
find_library(GNDP_GSL_LIBRARY NAMES gsl)
find_path(GNDP_GSL_INCLUDE gsl/gsl_multimin.h)
gndp_need(GNDP_GSL_LIBRARY "GSL (optimisation, special functions)" libgsl-dev)
gndp_need(GNDP_GSL_INCLUDE "gsl/gsl_multimin.h of GSL" libgsl-dev)
gndp_import(gndp_gsl "${GNDP_GSL_INCLUDE}" "${GNDP_GSL_LIBRARY};gndp_openblas")

find_library(GNDP_FFTW_LIBRARY NAMES fftw3)
find_path(GNDP_FFTW_INCLUDE fftw3.h)
gndp_need(GNDP_FFTW_LIBRARY "FFTW 3 in double precision" libfftw3-dev)
gndp_need(GNDP_FFTW_INCLUDE "fftw3.h of FFTW" libfftw3-dev)
gndp_import(gndp_fftw "${GNDP_FFTW_INCLUDE}" "${GNDP_FFTW_LIBRARY}")

foreach(row "NETCDF;netcdf;netcdf.h;NetCDF-C;libnetcdf-dev" "UDUNITS;udunits2;udunits2.h;UDUNITS-2;libudunits2-dev"
        "PNG;png;png.h;libpng;libpng-dev" "ZLIB;z;zlib.h;zlib;zlib1g-dev" "YAML;yaml;yaml.h;libyaml;libyaml-dev")
    list(GET row 0 key)
    list(GET row 1 library)
    list(GET row 2 header)
    list(GET row 3 label)
    list(GET row 4 package)
    find_library(GNDP_${key}_LIBRARY NAMES ${library})
    find_path(GNDP_${key}_INCLUDE ${header} PATH_SUFFIXES udunits2)
    gndp_need(GNDP_${key}_LIBRARY "${label}" ${package})
    gndp_need(GNDP_${key}_INCLUDE "${header} of ${label}" ${package})
    string(TOLOWER gndp_${key} target)
    gndp_import(${target} "${GNDP_${key}_INCLUDE}" "${GNDP_${key}_LIBRARY}")
endforeach()

find_library(GNDP_JANSSON_LIBRARY NAMES jansson)
find_path(GNDP_JANSSON_INCLUDE jansson.h)
gndp_need(GNDP_JANSSON_LIBRARY "Jansson (JSON output of the program)" libjansson-dev)
gndp_need(GNDP_JANSSON_INCLUDE "jansson.h of Jansson" libjansson-dev)
gndp_import(gndp_jansson "${GNDP_JANSSON_INCLUDE}" "${GNDP_JANSSON_LIBRARY}")

if(GNDP_BUILD_TESTS)
    find_library(GNDP_CMOCKA_LIBRARY NAMES cmocka)
    find_path(GNDP_CMOCKA_INCLUDE cmocka.h)
    gndp_need(GNDP_CMOCKA_LIBRARY "cmocka (tests; -DGNDP_BUILD_TESTS=OFF does without)" libcmocka-dev)
    gndp_need(GNDP_CMOCKA_INCLUDE "cmocka.h (tests; -DGNDP_BUILD_TESTS=OFF does without)" libcmocka-dev)
    gndp_import(gndp_cmocka "${GNDP_CMOCKA_INCLUDE}" "${GNDP_CMOCKA_LIBRARY}")
endif()

# oneDNN: the C interface changed from 2.x to 3.x, so the adapter is told the major version. A build on another
# thread pool than OpenMP is of no use here.
function(gndp_find_onednn)
    add_library(gndp_onednn INTERFACE)
    if(GNDP_ONEDNN STREQUAL "OFF")
        message(STATUS "oneDNN: switched off")
        return()
    endif()
    set(why "")
    find_library(GNDP_ONEDNN_LIBRARY NAMES dnnl)
    find_path(GNDP_ONEDNN_INCLUDE oneapi/dnnl/dnnl.h)
    if(NOT GNDP_ONEDNN_LIBRARY OR NOT GNDP_ONEDNN_INCLUDE)
        set(why "not found")
    else()
        file(STRINGS "${GNDP_ONEDNN_INCLUDE}/oneapi/dnnl/dnnl_version.h" line
            REGEX "^#define DNNL_VERSION_MAJOR[ \t]+[0-9]+")
        string(REGEX REPLACE "[^0-9]" "" major "${line}")
        file(STRINGS "${GNDP_ONEDNN_INCLUDE}/oneapi/dnnl/dnnl_config.h" line
            REGEX "^#define DNNL_CPU_THREADING_RUNTIME[ \t]+DNNL_RUNTIME_OMP")
        if(NOT major MATCHES "^[23]$")
            set(why "version ${major} is neither 2.x nor 3.x")
        elseif(NOT line)
            set(why "${GNDP_ONEDNN_LIBRARY} does not run on OpenMP")
        endif()
    endif()
    if(NOT why)
        target_include_directories(gndp_onednn SYSTEM INTERFACE ${GNDP_ONEDNN_INCLUDE})
        target_link_libraries(gndp_onednn INTERFACE ${GNDP_ONEDNN_LIBRARY})
        target_compile_definitions(gndp_onednn INTERFACE
            GNDP_HAVE_ONEDNN=1 GNDP_ONEDNN_MAJOR=${major})
        message(STATUS "oneDNN: ${GNDP_ONEDNN_LIBRARY} (${major}.x)")
    elseif(GNDP_ONEDNN STREQUAL "ON")
        message(FATAL_ERROR "GNDP_ONEDNN is ON, but oneDNN cannot be used: ${why}.\n"
            "  Debian, Ubuntu: apt-get install libdnnl-dev")
    else()
        message(STATUS "oneDNN: ${why}; matrix products do without it")
    endif()
endfunction()
gndp_find_onednn()

# Pictures: without cairo (or, for maps of the globe, without PROJ) the functions of plot.h say so when called.
find_library(GNDP_CAIRO_LIBRARY NAMES cairo)
find_path(GNDP_CAIRO_INCLUDE cairo.h PATH_SUFFIXES cairo)
find_library(GNDP_PROJ_LIBRARY NAMES proj)
find_path(GNDP_PROJ_INCLUDE proj.h)
foreach(row "CAIRO;cairo;libcairo2-dev" "PROJ;PROJ;libproj-dev")
    list(GET row 0 key)
    list(GET row 1 label)
    list(GET row 2 package)
    string(TOLOWER gndp_${key} target)
    if(GNDP_PLOT AND GNDP_${key}_LIBRARY AND GNDP_${key}_INCLUDE)
        gndp_import(${target} "${GNDP_${key}_INCLUDE}" "${GNDP_${key}_LIBRARY}")
        target_compile_definitions(${target} INTERFACE GNDP_HAVE_${key}=1)
        message(STATUS "${label}: ${GNDP_${key}_LIBRARY}")
    else()
        add_library(${target} INTERFACE)
        if(GNDP_PLOT)
            message(STATUS "${label}: not found (${package}); pictures do without it or say so")
        else()
            message(STATUS "${label}: pictures are switched off")
        endif()
    endif()
endforeach()

message(STATUS "OpenBLAS: ${GNDP_OPENBLAS_LIBRARY}")
