// SPDX-License-Identifier: Apache-2.0
// Multi-output attention (geomndp.md 11.2): tokens are points, coordinates and components joined.
//
// Equivariant under permutations of points only; any D and P, the network of vector fields, several
// variables, and points of the sphere.
//
// Parameters: "embed" D + P (+ 1 with context_flag) -> H; in each block "time" H -> H and "points" with
// query, key, value H -> 2H and out 2H -> 2H; "head" H -> H, "last" H -> outputs.
#define GNDP_NO_CALLSITE
#include "score/blocks.h"
#include "score/net.h"

#include "base/error.h"

#include <gndp/ops.h>

static gndp_status add(const gndp_net_spec *spec, net_params *p)
{
    gndp_status st = GNDP_OK;
    const int64_t features = spec->x_dim + spec->y_dim + (spec->context_flag ? 1 : 0);
    GNDP_TRY(net_add_linear(p, "embed", features, spec->hidden, net_by_fan_in));
    for (int64_t i = 0; i < spec->layers; i++) {
        GNDP_TRY(net_add_time(p, i, spec->hidden));
        GNDP_TRY(net_add_attention(p, net_join(net_block(i).text, "points").text, spec->hidden));
    }
    GNDP_TRY(net_add_head(p, spec->hidden, gndp_net_outputs(spec)));
done:
    return st;
}

static gndp_node mix(const net_builder *b, const char *block, gndp_node u)
{
    return net_self_attention(b, net_join(block, "points").text, u, b->mask);
}

static gndp_node build(const net_builder *b, const net_prepared *in)
{
    gndp_graph *g = b->g;
    const gndp_node times = net_time_embedding(b, in->t), parts[] = {in->x, in->y, in->flag};
    const gndp_node joined = gndp_concat(g, parts, b->spec->context_flag ? 3 : 2, 2);
    const gndp_node tokens = gndp_gelu(g, net_linear_exact(b, "embed", joined));
    return net_head(b, net_run_blocks(b, tokens, times, mix));
}

const net_ops net_multi_attention = {
    .info = {.name = "multi_attention",
             .text = "attention over points, coordinates and components joined; any number of both",
             .defaults = {.kind = "multi_attention",
                          .x_dim = 2,
                          .y_dim = 2,
                          .layers = 5,
                          .hidden = 128,
                          .heads = 4,
                          .centre = false,
                          .y_scale = 1.0,
                          .time_scale = 1.0,
                          .dtype = GNDP_F32}},
    .check = net_check_attention,
    .add = add,
    .build = build,
};
