// SPDX-License-Identifier: Apache-2.0
// Bi-dimensional attention (geomndp.md 11.1): tokens are pairs of one coordinate and one component.
//
// Attention runs over the points and, in parallel, over the D P pairs of a point; the mean over D is
// taken at the end. So the network is equivariant under permutations of points and of components,
// invariant under permutations of coordinates, and its parameters serve any D and P. Note that pairs
// do not know which coordinate belongs to which component: for vector fields that turn with their
// points use another network.
//
// Parameters: "embed" (2 or, with context_flag, 3) -> H; in each block "time" H -> H, "dims" and
// "points" with query, key, value H -> 2H and out 2H -> 2H; "head" H -> H, "last" H -> 1. Where D P = 1
// queries and keys of "dims" are there, though no output depends on them.
#define GNDP_NO_CALLSITE
#include "score/blocks.h"
#include "score/net.h"

#include "base/error.h"

#include <gndp/ops.h>

static gndp_status add(const gndp_net_spec *spec, net_params *p)
{
    gndp_status st = GNDP_OK;
    GNDP_TRY(net_add_linear(p, "embed", spec->context_flag ? 3 : 2, spec->hidden, net_by_fan_in));
    for (int64_t i = 0; i < spec->layers; i++) {
        const net_path block = net_block(i);
        GNDP_TRY(net_add_time(p, i, spec->hidden));
        GNDP_TRY(net_add_attention(p, net_join(block.text, "dims").text, spec->hidden));
        GNDP_TRY(net_add_attention(p, net_join(block.text, "points").text, spec->hidden));
    }
    GNDP_TRY(net_add_head(p, spec->hidden, 1));
done:
    return st;
}

/* s_{i,dp} = GELU(Linear[x_{i,d}, y_{i,p}]): [R, N, D P, H]. */
static gndp_node embed(const net_builder *b, const net_prepared *in)
{
    gndp_graph *g = b->g;
    const gndp_type type = gndp_node_type(in->x);
    const int64_t r = type.dim[0], n = type.dim[1], d = type.dim[2], p = b->spec->y_dim;
    const int64_t grid[] = {r, n, d, p}, tokens[] = {r, n, d * p, 1};
    const gndp_node x = gndp_reshape(g, in->x, 4, (int64_t[]){r, n, d, 1});
    const gndp_node y = gndp_reshape(g, in->y, 4, (int64_t[]){r, n, 1, p});
    gndp_node parts[3];
    parts[0] = gndp_reshape(g, gndp_broadcast_to(g, x, 4, grid), 4, tokens);
    parts[1] = gndp_reshape(g, gndp_broadcast_to(g, y, 4, grid), 4, tokens);
    if (b->spec->context_flag)
        parts[2] = gndp_broadcast_to(g, gndp_reshape(g, in->flag, 4, (int64_t[]){r, n, 1, 1}), 4, tokens);
    return gndp_gelu(g, net_linear_exact(b, "embed", gndp_concat(g, parts, b->spec->context_flag ? 3 : 2, 3)));
}

/* Attention over points plus attention over pairs: u [R, N, D P, H] -> [R, N, D P, 2H]. With D P = 1
   the two transposes move nothing, and the plan makes reshapes of them. */
static gndp_node mix(const net_builder *b, const char *block, gndp_node u)
{
    gndp_graph *g = b->g;
    static const int swap_points_pairs[] = {0, 2, 1, 3};
    const net_path dims = net_join(block, "dims"), points = net_join(block, "points");
    const gndp_node over_pairs = gndp_node_type(u).dim[2] == 1 ? net_self_attention_of_one(b, dims.text, u)
                                                               : net_self_attention(b, dims.text, u, GNDP_NONE);
    gndp_node mask = b->mask;
    if (!gndp_is_none(mask)) {
        const gndp_type type = gndp_node_type(mask);
        mask = gndp_reshape(g, mask, 3, (int64_t[]){type.dim[0], 1, type.dim[1]});
    }
    const gndp_node over_points =
        net_self_attention(b, points.text, gndp_transpose(g, u, swap_points_pairs), mask);
    return gndp_add(g, over_pairs, gndp_transpose(g, over_points, swap_points_pairs));
}

static gndp_node build(const net_builder *b, const net_prepared *in)
{
    gndp_graph *g = b->g;
    static const int dims = 2;
    const gndp_type type = gndp_node_type(in->x);
    const int64_t r = type.dim[0], n = type.dim[1], d = type.dim[2], p = b->spec->y_dim, h = b->spec->hidden;
    const gndp_node times = net_time_embedding(b, in->t);
    const gndp_node tokens = net_run_blocks(b, embed(b, in), times, mix); /* [R, N, D P, H] */
    const gndp_node grid = gndp_reshape(g, tokens, 4, (int64_t[]){r, n, d, p * h});
    const int64_t outputs = gndp_net_outputs(b->spec);
    gndp_node pooled = gndp_mean(g, grid, &dims, 1, false); /* [R, N, P H] */
    if (outputs < p)
        pooled = gndp_slice_axis(g, pooled, 2, 0, outputs * h);
    const gndp_node out = net_head(b, gndp_reshape(g, pooled, 3, (int64_t[]){r, n * outputs, h}));
    return gndp_reshape(g, out, 3, (int64_t[]){r, n, outputs});
}

const net_ops net_bi_attention = {
    .info = {.name = "bi_attention",
             .text = "attention over points and over input dimensions; scalar fields in any dimension",
             .scalar_only = true,
             .permutes_x = true,
             .defaults = {.kind = "bi_attention",
                          .x_dim = 1,
                          .y_dim = 1,
                          .layers = 5,
                          .hidden = 64,
                          .heads = 8,
                          .centre = true,
                          .y_scale = 1.0,
                          .time_scale = 1.0,
                          .dtype = GNDP_F32}},
    .check = net_check_attention,
    .add = add,
    .build = build,
};

const net_ops net_bi_attention_multi = {
    .info = {.name = "bi_attention_multi",
             .text = "attention over points and over pairs of input dimension and component; exchangeable components",
             .permutes_x = true,
             .defaults = {.kind = "bi_attention_multi",
                          .x_dim = 1,
                          .y_dim = 2,
                          .layers = 5,
                          .hidden = 64,
                          .heads = 8,
                          .centre = true,
                          .y_scale = 1.0,
                          .time_scale = 1.0,
                          .dtype = GNDP_F32}},
    .check = net_check_attention,
    .add = add,
    .build = build,
};
