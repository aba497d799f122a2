// SPDX-License-Identifier: Apache-2.0
// Version, commit, compiler and the libraries in use: they meet here since this room links them.
#include <gndp/info.h>

#include <stdio.h>

#include <cblas.h>
#ifdef GNDP_HAVE_ONEDNN
#include <oneapi/dnnl/dnnl.h>
#endif

#include "base/cpu.h"
#include "base/error.h"
#include "gndp_commit.h"

#define TEXT_OF(x) #x
#define TEXT(x) TEXT_OF(x)
#if defined(__clang__)
#define COMPILER                                                                                   \
    "clang " TEXT(__clang_major__) "." TEXT(__clang_minor__) "." TEXT(__clang_patchlevel__)
#else
#define COMPILER "gcc " __VERSION__
#endif

const char *gndp_version(void)
{
    return GNDP_VERSION;
}

gndp_status gndp_info_get(gndp_info *out)
{
    gndp_status st = GNDP_OK;
    gndp_cpu cpu;
    GNDP_CHECK(out != NULL, GNDP_ERR_ARG, "out is NULL");
    *out = (gndp_info){0};
    GNDP_TRY(gndp_cpu_select(&cpu));
    *out = (gndp_info){.version = GNDP_VERSION,
                       .commit = GNDP_COMMIT,
                       .compiler = COMPILER,
                       .blas = openblas_get_config(),
                       .blas_threads = (gndp_blas_threads)openblas_get_parallel()};
    snprintf(out->simd, sizeof out->simd, "%s", gndp_cpu_describe(&cpu).text);
#ifdef GNDP_HAVE_ONEDNN
    const dnnl_version_t *v = dnnl_version();
    snprintf(out->onednn, sizeof out->onednn, "%d.%d.%d", v->major, v->minor, v->patch);
#endif
done:
    return st;
}
