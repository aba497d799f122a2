// SPDX-License-Identifier: Apache-2.0
// Matrix products of a plan: which library computes a product of a given shape, and its execution.
//
// Three providers: our own routines (gemm.h), OpenBLAS, and oneDNN where it is built in. The choice
// is a function of kind, shape and processor, from a table in matmul.c of rules that were measured;
// it is never timed at run time, because bits must repeat. Results of our own routines do not
// depend on the number of threads; those of the two libraries may.
#ifndef GNDP_GRAPH_CPU_MATMUL_H
#define GNDP_GRAPH_CPU_MATMUL_H

#include "base/cpu.h"
#include "graph/cpu/gemm.h"

typedef enum gndp_matmul_provider {
    GNDP_MATMUL_AUTO,
    GNDP_MATMUL_OURS,
    GNDP_MATMUL_OPENBLAS,
    GNDP_MATMUL_ONEDNN
} gndp_matmul_provider;

typedef struct gndp_matmul_spec {
    gndp_gemm_kind kind;
    gndp_gemm_shape shape; /* its `bias` is ignored */
    bool has_bias;
    const void *b; /* what B will be in every run, or NULL: then it is packed once. Borrowed until the
                      plan is made */
    int threads;
    gndp_matmul_provider provider; /* AUTO, or one that must do it */
} gndp_matmul_spec;

typedef struct gndp_matmul_plan gndp_matmul_plan;

/**
 * Choose a provider and make what it needs, so that runs need nothing.
 *
 * @param spec borrowed, copied
 * @param cpu  borrowed; levels above it are not used by our routines (the libraries look
 * themselves)
 * @param out  NULL on failure
 * @return GNDP_OK; GNDP_ERR_SHAPE if a dimension is negative; GNDP_ERR_UNSUPPORTED if the provider
 *         asked for cannot do this product, or, for AUTO, none can: bf16 on a processor without it;
 *         GNDP_ERR_NOMEM
 */
gndp_status gndp_matmul_plan_create(const gndp_matmul_spec *spec, const gndp_cpu *cpu,
                                    gndp_matmul_plan **out);
void gndp_matmul_plan_free(gndp_matmul_plan *plan);

/** Who does it, and in what words, for plan descriptions: "ours", "openblas", "onednn". */
gndp_matmul_provider gndp_matmul_plan_provider(const gndp_matmul_plan *plan);
const char *gndp_matmul_provider_name(gndp_matmul_provider provider);

/** Bytes of scratch of a run, to be aligned to 64. */
size_t gndp_matmul_plan_scratch_bytes(const gndp_matmul_plan *plan);

/**
 * C (+)= alpha A B + bias. Several threads may run one plan at the same time, each with scratch of its
 * own; of oneDNN only one after the other, as it keeps the addresses in its objects.
 *
 * @param bias [n], or NULL where spec.has_bias is false
 * @return GNDP_OK; GNDP_ERR_INTERNAL with the code of the library
 */
gndp_status gndp_matmul_plan_run(gndp_matmul_plan *plan, const void *a, const void *b, void *c,
                                 const void *bias, void *scratch);

/**
 * OpenBLAS gives every call a work buffer from a list that grows when more calls overlap than ever before. Grow it now for
 * calls from `threads` threads, so that no run does. Address space only; once a process.
 */
void gndp_openblas_prepare(int threads);

#endif
