// SPDX-License-Identifier: Apache-2.0
// Score networks: raw outputs as graph, without any knowledge of the process they serve.
#ifndef GNDP_SCORE_H
#define GNDP_SCORE_H

#include <gndp/graph.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Settings that all networks share; each network says which it uses and what else it allows. A value. */
typedef struct gndp_net_spec {
    char kind[32];       /* row of the table: "bi_attention", "multi_attention" */
    int64_t x_dim;       /* D of the points as networks take them (3 on the sphere) */
    int64_t y_dim;       /* P */
    int64_t layers, hidden, heads;
    bool centre;         /* subtract the mean of the valid points: invariance under translations (R^n) */
    double y_scale;      /* y is divided by it: the limit's standard deviation */
    double time_scale;   /* t is multiplied by it before the embedding: 1 as published */
    bool context_flag;   /* one more input channel: 1 at targets, 0 at clean context (amortised conditioning) */
    gndp_dtype dtype;    /* f32; f64 in tests */
} gndp_net_spec;

typedef struct gndp_net_inputs {
    gndp_node t;    /* [R] */
    gndp_node x;    /* [N, D] or [R, N, D] */
    gndp_node y;    /* [R, N, P] */
    gndp_node flag; /* [R, N] real, with context_flag; else GNDP_NONE */
    gndp_node mask; /* i32 [R, N] or GNDP_NONE; what stands at masked points, be it NaN, reaches nothing; the output is 0 there */
} gndp_net_inputs;

/** A kind of network: one file, one row. */
typedef struct gndp_net_info {
    const char *name, *text;
    bool scalar_only;       /* P = 1 */
    bool permutes_x;        /* invariant under permutations of input dimensions */
    gndp_net_spec defaults; /* hyper-parameters of the literature */
} gndp_net_info;

GNDP_API int gndp_net_count(void);
GNDP_API const gndp_net_info *gndp_net_get(int i);
/** @return GNDP_OK; GNDP_ERR_NOT_FOUND lists the names, nearest first */
GNDP_API gndp_status gndp_net_find(const char *name, const gndp_net_info **out);

/** @return GNDP_OK; GNDP_ERR_RANGE, GNDP_ERR_SHAPE name the setting (heads must divide 2 hidden, scalar networks have P = 1) */
GNDP_API gndp_status gndp_net_check(const gndp_net_spec *spec);
/** Add its parameters to a store (names as documented with each network). */
GNDP_API gndp_status gndp_net_add_parameters(const gndp_net_spec *spec, gndp_store *store);
/** Number of scalars in its parameters. */
GNDP_API int64_t gndp_net_parameters(const gndp_net_spec *spec);
/** Raw output [R, N, P]. */
GNDP_API gndp_node gndp_net_build(gndp_graph *g, gndp_store *store, const gndp_net_spec *spec, const gndp_net_inputs *in);

#ifdef __cplusplus
}
#endif
#endif
