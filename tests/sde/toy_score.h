// SPDX-License-Identifier: Apache-2.0
// A small score network with attention and random weights, for tests of what does not depend on
// what a score is.
#ifndef TESTS_SDE_TOY_SCORE_H
#define TESTS_SDE_TOY_SCORE_H

#include "sde/sde_case.h"

enum { TOY_H = 24 };

static inline gndp_node toy_param(gndp_graph *g, gndp_store *store, const char *name)
{
    return gndp_param(g, store, name, GNDP_SLOT_VALUE);
}

/* g = -(y - attention(..))/(sqrt(v) + 1), smooth and stable. state is the store. */
static gndp_node toy_build(const void *state, gndp_graph *g, const gndp_score_inputs *in)
{
    const gndp_type y = gndp_node_type(in->y);
    const gndp_dtype dtype = y.dtype;
    gndp_store *store = NULL;
    memcpy(&store, &state, sizeof store);
    const int64_t d = gndp_node_type(in->x).dim[gndp_node_type(in->x).rank - 1];
    const int64_t three[3] = {y.dim[0], y.dim[1], d}, time[3] = {y.dim[0], y.dim[1], 1};
    const gndp_node x = gndp_broadcast_to(g, in->x, 3, three);
    const gndp_node t =
        gndp_broadcast_to(g, gndp_reshape(g, in->t, 3, (const int64_t[]){-1, 1, 1}), 3, time);
    gndp_node parts[3] = {x, in->y, t};
    if (!gndp_is_none(in->mask)) {
        const gndp_node column =
            gndp_reshape(g, in->mask, 3, (const int64_t[]){y.dim[0], y.dim[1], 1});
        for (int i = 0; i < 3; i++) {
            parts[i] = gndp_select(g, column, parts[i], gndp_scalar(g, dtype, 0.0));
        }
    }
    const gndp_node h = gndp_gelu(
        g, gndp_linear(g, gndp_concat(g, parts, 3, 2), toy_param(g, store, "in"), GNDP_NONE));
    const gndp_node q = gndp_linear(g, h, toy_param(g, store, "q"), GNDP_NONE),
                    k = gndp_linear(g, h, toy_param(g, store, "k"), GNDP_NONE);
    const gndp_node a = gndp_attention(g, q, k, h, in->mask, 2, 0.0);
    const gndp_node o = gndp_linear(g, gndp_add(g, h, a), toy_param(g, store, "out"), GNDP_NONE);
    const gndp_node sd = gndp_reshape(g, gndp_offset(g, gndp_sqrt(g, in->variance), 1.0), 3,
                                      (const int64_t[]){-1, 1, 1});
    return gndp_div(g, gndp_sub(g, o, in->y), sd);
}

/* @param scale  of the weights */
static inline gndp_store *new_toy(gndp_dtype dtype, int64_t dim, int outputs, double scale,
                                  gndp_score *score)
{
    gndp_store *store = NULL;
    const gndp_init init = {GNDP_INIT_NORMAL, scale};
    assert_ok(gndp_store_create(&store));
    assert_ok(gndp_store_add(store, "in", gndp_type_2d(dtype, dim + outputs + 1, TOY_H), init));
    assert_ok(gndp_store_add(store, "q", gndp_type_2d(dtype, TOY_H, TOY_H), init));
    assert_ok(gndp_store_add(store, "k", gndp_type_2d(dtype, TOY_H, TOY_H), init));
    assert_ok(gndp_store_add(store, "out", gndp_type_2d(dtype, TOY_H, outputs), init));
    assert_ok(gndp_store_initialise(store, 17));
    *score = (gndp_score){
        .dtype = dtype, .components = outputs, .store = store, .state = store, .build = toy_build};
    return store;
}

#endif
