# SPDX-License-Identifier: Apache-2.0
# CUDA is a module opened at run time: the library builds and runs without it, toolkit or not.
file(GLOB_RECURSE gndp_cuda_sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/src/graph/*.cu")
if(NOT GNDP_CUDA)
    message(STATUS "CUDA: switched off")
else()
    find_package(CUDAToolkit QUIET)
    if(NOT CUDAToolkit_FOUND)
        message(WARNING
            "CUDA: no toolkit found, so no CUDA module is built; the rest is complete without it.\n"
            "  Install the CUDA toolkit and put nvcc on the PATH, or set CUDAToolkit_ROOT.")
    elseif(NOT gndp_cuda_sources)
        message(STATUS "CUDA: toolkit ${CUDAToolkit_VERSION} found at ${CUDAToolkit_BIN_DIR}, but this version of "
            "gndp has no device code yet (no .cu file): no CUDA module is built, the program runs on the CPU")
    else()
        message(FATAL_ERROR "CUDA: there are .cu files but no rule that builds them; add it to cmake/GndpCuda.cmake")
    endif()
endif()
