// SPDX-License-Identifier: Apache-2.0
// The residual trunk of the attention networks (geomndp.md 11.1, 11.2): time, blocks, pooled skips.
#define GNDP_NO_CALLSITE
#include "score/blocks.h"

#include "base/error.h"

#include <gndp/ops.h>

#include <math.h>

gndp_node net_run_blocks(const net_builder *b, gndp_node s, gndp_node times, net_mix *mix)
{
    gndp_graph *g = b->g;
    gndp_node total = GNDP_NONE;
    const gndp_type type = gndp_node_type(s);
    int64_t spread[GNDP_MAX_RANK] = {0};
    for (int i = 0; i < type.rank; i++)
        spread[i] = i == 0 || i == type.rank - 1 ? type.dim[i] : 1;
    for (int64_t i = 0; i < b->spec->layers; i++) {
        const net_path block = net_block(i);
        const gndp_node shift =
            gndp_reshape(g, net_linear(b, net_join(block.text, "time").text, times), type.rank, spread);
        const gndp_node mixed = mix(b, block.text, gndp_add(g, s, shift));
        gndp_node half[2];
        gndp_split(g, gndp_gelu(g, mixed), -1, 2, half); /* residual, skip */
        s = gndp_keep(g, gndp_scale(g, gndp_add(g, s, half[0]), sqrt(0.5)));
        total = gndp_keep(g, gndp_is_none(total) ? half[1] : gndp_add(g, total, half[1]));
    }
    return gndp_scale(g, total, 1.0 / sqrt((double)b->spec->layers));
}

gndp_node net_head(const net_builder *b, gndp_node pooled)
{
    return net_linear_exact(b, "last", gndp_gelu(b->g, net_linear(b, "head", pooled)));
}

gndp_status net_add_time(net_params *p, int64_t layer, int64_t hidden)
{
    return net_add_linear(p, net_join(net_block(layer).text, "time").text, hidden, hidden, net_by_fan_in);
}

gndp_status net_add_head(net_params *p, int64_t hidden, int64_t outputs)
{
    gndp_status st = GNDP_OK;
    GNDP_TRY(net_add_linear(p, "head", hidden, hidden, net_by_fan_in));
    GNDP_TRY(net_add_linear(p, "last", hidden, outputs, net_zero));
done:
    return st;
}

gndp_status net_check_attention(const gndp_net_spec *spec)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(spec->heads >= 1 && 2 * spec->hidden % spec->heads == 0, GNDP_ERR_RANGE,
               "heads = %lld: they divide 2 hidden = %lld", (long long)spec->heads, (long long)(2 * spec->hidden));
done:
    return st;
}
