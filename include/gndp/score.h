// SPDX-License-Identifier: Apache-2.0
// Score networks: raw outputs as graph, without any knowledge of the process they serve.
#ifndef GNDP_SCORE_H
#define GNDP_SCORE_H

#include <gndp/graph.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Settings that all networks share; each network says which it uses and what else it allows. A value: begin with the `defaults` of a row.
 *
 * `centre` belongs to points of R^n: unit vectors of the sphere have no translations, and taken relative to their mean they would no longer be points of
 * it. A network cannot tell the two apart (D = 3 is both), so whoever knows that its points are on the sphere leaves it off.
 *
 * "evt" tells distances of points, or times, apart within some 4 units, and those of values that turn by themselves (vector_dim) within 2.
 */
typedef struct gndp_net_spec {
    char kind[32];       /* row of the table: "bi_attention", "bi_attention_multi", "multi_attention", "egnn", "evt", "mlp" */
    int64_t x_dim;       /* D of the points as networks take them (3 on the sphere) */
    int64_t y_dim;       /* P */
    int64_t scalars;     /* equivariant networks: so many of the P components, the first, are scalars, the rest vectors; else unused */
    int64_t vector_dim;  /* evt: 0: vectors have D components and turn with the points; else so many, and turn by themselves while x stays (values in
                            R^3 at times): the first vector of a point is its place; other equivariant networks refuse it, the rest do not use it */
    bool axis;           /* evt with vectors of 3 components: e_3 is told apart, and left and right about it: what is left are turns about that axis */
    int64_t outputs;     /* so many components come out, the first; 0: all P. Inputs behind them are features: equivariant networks take whole vectors */
    int64_t layers, hidden, heads;
    bool centre;         /* subtract the mean of the valid points: invariance under translations (R^n) */
    double y_scale;      /* y, all of it, is divided by it: the limit's standard deviation; 1 for unit vectors */
    double time_scale;   /* t is multiplied by it before the embedding: 1 as published */
    bool context_flag;   /* one more input channel: 1 at targets, 0 at clean context (amortised conditioning) */
    gndp_dtype dtype;    /* f32; f64 in tests */
} gndp_net_spec;

typedef struct gndp_net_inputs {
    gndp_node t;    /* [R] */
    gndp_node x;    /* [R, N, D], or [N, D]: the same points for all realizations */
    gndp_node y;    /* [R, N, P] */
    gndp_node flag; /* [R, N] real, with context_flag; else GNDP_NONE */
    gndp_node mask; /* i32 [R, N] or GNDP_NONE; what stands at masked points, be it NaN, reaches nothing; the output is 0 there */
} gndp_net_inputs;

/** A kind of network: one file, one row. */
typedef struct gndp_net_info {
    const char *name, *text;
    bool scalar_only;       /* P = 1 */
    bool permutes_x;        /* invariant under permutations of input dimensions */
    bool equivariant;       /* E(n): when points turn, are mirrored and shift, scalars stay and vectors turn along; reads `scalars` */
    bool turns_values;      /* reads `vector_dim` and `axis`: vectors may turn without the points */
    gndp_net_spec defaults; /* hyper-parameters of the literature */
} gndp_net_info;

GNDP_API int gndp_net_count(void);
/** Row i; NULL out of range. */
GNDP_API const gndp_net_info *gndp_net_get(int i);
/** @return GNDP_OK; GNDP_ERR_NOT_FOUND lists the names, nearest first */
GNDP_API gndp_status gndp_net_find(const char *name, const gndp_net_info **out);

/** Components of the output: `outputs`, or P where that is 0. */
GNDP_API int64_t gndp_net_outputs(const gndp_net_spec *spec);
/** @return GNDP_OK; GNDP_ERR_NOT_FOUND for the kind; GNDP_ERR_RANGE, GNDP_ERR_SHAPE name the setting and its value (heads must divide 2 hidden, of evt
 *         hidden/4; scalar networks have P = 1; vectors are whole); GNDP_ERR_UNSUPPORTED for vector_dim or axis of a network that turns vectors with points
 *         only; GNDP_ERR_TYPE for a dtype that is not real */
GNDP_API gndp_status gndp_net_check(const gndp_net_spec *spec);
/** Add its parameters to a store: paths such as "embed/weight", "block0/points/query/weight", "last/bias", listed in the file of each network. Weights are
 * truncated normals by fan-in, biases 0, the last weight 0: the network starts as 0. */
GNDP_API gndp_status gndp_net_add_parameters(const gndp_net_spec *spec, gndp_store *store);
/** Number of scalars in its parameters, without making any; -1 for a spec that gndp_net_check() refuses. */
GNDP_API int64_t gndp_net_parameters(const gndp_net_spec *spec);
/**
 * Raw output [R, N, gndp_net_outputs()]. All but the first and the last layer are reduced products (gndp_matmul_reduced): the first would round the coordinates.
 * Errors (sticky): those of gndp_net_check; GNDP_ERR_SHAPE, GNDP_ERR_TYPE for inputs that do not fit it; GNDP_ERR_ARG for a flag given but not in the spec
 * or the other way round.
 */
GNDP_API gndp_node (gndp_net_build)(gndp_graph *g, gndp_store *store, const gndp_net_spec *spec, const gndp_net_inputs *in);

#ifndef GNDP_NO_CALLSITE /* see ops.h */
#define gndp_net_build(g, ...) (gndp_net_build)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#endif

#ifdef __cplusplus
}
#endif
#endif
