// SPDX-License-Identifier: Apache-2.0
// `gndp version`: the build and the libraries it met, as a bug report wants them.
#include "cli/version.h"

#include <stdio.h>
#include <string.h>

#include <gndp/info.h>

#include "cli/usage.h"
#include "cli/verbs.h"

const char gndp_version_text[] =
    "usage: gndp version\n"
    "\n"
    "Print the version and commit of gndp, the compiler that made it, and what it runs on:\n"
    "BLAS and how that library uses threads, vector instructions, oneDNN, CUDA.\n";

static const char *blas_threads_text(gndp_blas_threads threads)
{
    switch (threads) {
    case GNDP_BLAS_SEQUENTIAL:
        return "sequential";
    case GNDP_BLAS_OWN_THREADS:
        return "threads of its own";
    case GNDP_BLAS_OPENMP:
        return "OpenMP";
    }
    return "unknown";
}

static const char *or_not_built_in(const char *text)
{
    return text[0] != '\0' ? text : "not built in";
}

int gndp_version_run(int argc, char **argv)
{
    gndp_info info;
    if (argc > 1)
        return gndp_usage_error("version takes no argument, got '%s'", argv[1]);
    if (gndp_info_get(&info) != GNDP_OK) {
        const char *text = gndp_last_error(); /* its first line; the rest is the way it came */
        fprintf(stderr, "gndp: %.*s\n", (int)strcspn(text, "\n"), text);
        return GNDP_EXIT_FAILURE;
    }
    printf("gndp %s\n", info.version);
    printf("commit    %s\n", info.commit);
    printf("compiler  %s\n", info.compiler);
    printf("BLAS      %s, parallel by %s\n", info.blas, blas_threads_text(info.blas_threads));
    printf("SIMD      %s\n", info.simd);
    printf("oneDNN    %s\n", or_not_built_in(info.onednn));
    printf("CUDA      %s\n", or_not_built_in(info.cuda));
    if (info.blas_threads != GNDP_BLAS_OPENMP)
        fprintf(stderr,
                "gndp: warning: this OpenBLAS is not the OpenMP build; its threads compete with "
                "ours. Install libopenblas-openmp-dev and build again.\n");
    return GNDP_EXIT_DONE;
}
