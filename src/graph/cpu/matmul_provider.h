// SPDX-License-Identifier: Apache-2.0
// What stands behind a matrix-product plan: one table a provider.
#ifndef GNDP_GRAPH_CPU_MATMUL_PROVIDER_H
#define GNDP_GRAPH_CPU_MATMUL_PROVIDER_H

#include "graph/cpu/matmul.h"

typedef struct gndp_matmul_provider_ops {
    const char *name;
    /* Fills state and scratch; GNDP_ERR_UNSUPPORTED where it cannot do the product. */
    gndp_status (*create)(const gndp_matmul_spec *spec, const gndp_cpu *cpu, void **state,
                          size_t *scratch_bytes);
    gndp_status (*run)(const gndp_matmul_spec *spec, void *state, const void *a, const void *b,
                       void *c, const void *bias, void *scratch);
    void (*free)(void *state); /* takes NULL */
} gndp_matmul_provider_ops;

extern const gndp_matmul_provider_ops gndp_matmul_openblas;
#ifdef GNDP_HAVE_ONEDNN
extern const gndp_matmul_provider_ops gndp_matmul_onednn;
/* Would it run on tiles (AMX)? Elsewhere our routines are faster. */
bool gndp_matmul_onednn_has_tiles(const void *state);
#endif

/* n floats to bf16. */
void gndp_bf16_row(int64_t n, const float *src, uint16_t *dst, const gndp_cpu *cpu);

#endif
