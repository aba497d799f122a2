// SPDX-License-Identifier: Apache-2.0
// What this library is and what it was built with, for reports and bug reports.
#ifndef GNDP_INFO_H
#define GNDP_INFO_H

#include <gndp/base.h>
#include <gndp/version.h>

#ifdef __cplusplus
extern "C" {
#endif

/* How OpenBLAS runs in parallel, as it says itself. The OpenMP build shares our threads; one with
   threads of its own competes with them. */
typedef enum gndp_blas_threads {
    GNDP_BLAS_SEQUENTIAL = 0,
    GNDP_BLAS_OWN_THREADS = 1,
    GNDP_BLAS_OPENMP = 2
} gndp_blas_threads;

/* Texts belong to the library or to the struct. */
typedef struct gndp_info {
    const char *version;  /* "0.1.0", that of the loaded library; GNDP_VERSION is the headers' */
    const char *commit;   /* "1f2e3d4c5b6a", "-dirty" behind it; "unknown" outside a checkout */
    const char *compiler; /* "gcc 12.2.0" */
    const char *blas;     /* "OpenBLAS 0.3.21 ... USE_OPENMP SkylakeX MAX_THREADS=64" */
    gndp_blas_threads blas_threads;
    char simd[128];  /* "avx512 + bf16 (AMD EPYC 9R14)": what is in use here */
    char onednn[32]; /* "2.6.3"; empty: not built in */
    char cuda[32];   /* version of the CUDA module; empty: there is none */
} gndp_info;

/**
 * Describe the loaded library and the processor it runs on.
 *
 * @param out out, caller's memory; zeros (NULL texts) on failure
 * @return GNDP_OK; GNDP_ERR_ARG if out is NULL, or if the environment variable GNDP_SIMD is set to
 *         something that is no level
 */
GNDP_API gndp_status gndp_info_get(gndp_info *out);

/** "0.1.0", the version of the loaded library. */
GNDP_API const char *gndp_version(void);

#ifdef __cplusplus
}
#endif

#endif
