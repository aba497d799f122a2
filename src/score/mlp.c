// SPDX-License-Identifier: Apache-2.0
// A perceptron at every point by itself: densities of single places, where there is nothing to attend to.
//
// The attention networks' residual trunk with a hidden layer in place of the attention: a third of their products. Points do not see each other, so
// that it is equivariant under their permutations; any D and P.
//
// Parameters: "embed" D + P (+ 1 with context_flag) -> H; in each block "time" H -> H, "in" H -> H, "out" H -> 2H; "head" H -> H, "last" H -> outputs.
#define GNDP_NO_CALLSITE
#include "score/blocks.h"
#include "score/net.h"

#include "base/error.h"

#include <gndp/ops.h>

static gndp_status check(const gndp_net_spec *spec)
{
    (void)spec; /* heads are not used */
    return GNDP_OK;
}

static gndp_status add(const gndp_net_spec *spec, net_params *p)
{
    gndp_status st = GNDP_OK;
    const int64_t h = spec->hidden;
    GNDP_TRY(net_add_linear(p, "embed", spec->x_dim + spec->y_dim + (spec->context_flag ? 1 : 0), h, net_by_fan_in));
    for (int64_t i = 0; i < spec->layers; i++) {
        const net_path block = net_block(i);
        GNDP_TRY(net_add_time(p, i, h));
        GNDP_TRY(net_add_linear(p, net_join(block.text, "in").text, h, h, net_by_fan_in));
        GNDP_TRY(net_add_linear(p, net_join(block.text, "out").text, h, 2 * h, net_by_fan_in));
    }
    GNDP_TRY(net_add_head(p, h, gndp_net_outputs(spec)));
done:
    return st;
}

static gndp_node mix(const net_builder *b, const char *block, gndp_node u)
{
    const gndp_node within = gndp_gelu(b->g, net_linear(b, net_join(block, "in").text, u));
    return net_linear(b, net_join(block, "out").text, within);
}

static gndp_node build(const net_builder *b, const net_prepared *in)
{
    gndp_graph *g = b->g;
    const gndp_node times = net_time_embedding(b, in->t), parts[] = {in->x, in->y, in->flag};
    const gndp_node joined = gndp_concat(g, parts, b->spec->context_flag ? 3 : 2, 2);
    const gndp_node tokens = gndp_gelu(g, net_linear_exact(b, "embed", joined));
    return net_head(b, net_run_blocks(b, tokens, times, mix));
}

const net_ops net_mlp = {
    .info = {.name = "mlp",
             .text = "a perceptron at each point by itself, for fields of one point; any number of coordinates and components",
             .defaults = {.kind = "mlp",
                          .x_dim = 2,
                          .y_dim = 2,
                          .layers = 4,
                          .hidden = 128,
                          .heads = 1,
                          .centre = false,
                          .y_scale = 1.0,
                          .time_scale = 1.0,
                          .dtype = GNDP_F32}},
    .check = check,
    .add = add,
    .build = build,
};
