// SPDX-License-Identifier: Apache-2.0
// What networks are made of: parameter paths, linear layers, self-attention, time embedding, masks.
#ifndef GNDP_SCORE_LAYERS_H
#define GNDP_SCORE_LAYERS_H

#include <gndp/score.h>

/* ---- Parameters ----------------------------------------------------------------------------- */

/* A parameter's path, "block0/points/query"; empty, which the store refuses, where it did not fit. */
typedef struct net_path {
    char text[96];
} net_path;

net_path net_join(const char *folder, const char *name);
net_path net_block(int64_t layer); /* "block0" */

/* Where parameters are declared: in a store, or with store NULL only counted. */
typedef struct net_params {
    gndp_store *store;
    gndp_dtype dtype;
    int64_t count; /* scalars so far */
} net_params;

extern const gndp_init net_by_fan_in; /* truncated normal of standard deviation 1/sqrt(fan in) */
extern const gndp_init net_zero;

/** name/weight [in, out] and name/bias [out], the latter 0. */
gndp_status net_add_linear(net_params *p, const char *name, int64_t in, int64_t out, gndp_init weight);
/** name/weight [in, out] alone. */
gndp_status net_add_weight(net_params *p, const char *name, int64_t in, int64_t out, gndp_init weight);
/** Query, key, value H -> 2H and out 2H -> 2H. */
gndp_status net_add_attention(net_params *p, const char *name, int64_t hidden);

/* ---- Layers --------------------------------------------------------------------------------- */

/* What every part of a network is built with. */
typedef struct net_builder {
    gndp_graph *g;
    gndp_store *store;
    const gndp_net_spec *spec;
    gndp_node mask; /* i32 [R, N] or GNDP_NONE */
} net_builder;

gndp_node net_param(const net_builder *b, const char *folder, const char *name);

/** x weight + bias, a product that may be rounded to bf16. */
gndp_node net_linear(const net_builder *b, const char *name, gndp_node x);
/** The same in full precision: first layers, which would round coordinates, and last ones. */
gndp_node net_linear_exact(const net_builder *b, const char *name, gndp_node x);

/** Self-attention over the last but one axis of u [.., n, H] -> [.., n, 2H]; mask i32 [.., n] or GNDP_NONE. */
gndp_node net_self_attention(const net_builder *b, const char *name, gndp_node u, gndp_node mask);
/** The same where n = 1: by composed matrices. */
gndp_node net_self_attention_of_one(const net_builder *b, const char *name, gndp_node u);

/** Sines, then cosines, of time_scale t at H/2 frequencies 10000^(-k/(H/2-1)): [R] -> [R, H]. */
gndp_node net_time_embedding(const net_builder *b, gndp_node t);

/** x [R, N, ..] where the mask keeps the point, else 0: what stood there, be it NaN, reaches nothing. */
gndp_node net_valid(const net_builder *b, gndp_node x);
/** Number of valid points, at least 1: [R, 1, 1], or [1, 1, 1] without a mask of so many points. */
gndp_node net_point_count(const net_builder *b, int64_t points);
/** x [R, N, D], 0 at masked points, less its mean over the valid ones. */
gndp_node net_centred(const net_builder *b, gndp_node x);

#endif
