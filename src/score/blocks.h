// SPDX-License-Identifier: Apache-2.0
// The residual trunk of the attention networks (geomndp.md 11.1, 11.2): time, blocks, pooled skips.
#ifndef GNDP_SCORE_BLOCKS_H
#define GNDP_SCORE_BLOCKS_H

#include "score/layers.h"

/* What a block does with its tokens u [R, N, .., H] beyond the residual frame: [R, N, .., 2H]. */
typedef gndp_node net_mix(const net_builder *b, const char *block, gndp_node u);

/**
 * From s [R, N, .., H] and embedded times e [R, H] to the sum of skip outputs over sqrt(L), [R, N, .., H]:
 *
 *   u = s + Linear(H, H)(e),  (r, k) = split(GELU(mix(u))),  s <- (s + r)/sqrt 2,  skip += k.
 */
gndp_node net_run_blocks(const net_builder *b, gndp_node s, gndp_node times, net_mix *mix);

/** The last two layers, GELU(Linear(H, H)) and Linear(H, .): [.., H] -> [.., width of the last]. */
gndp_node net_head(const net_builder *b, gndp_node pooled);

/** "block<layer>/time", and the layers of net_head(), whose last weight starts as 0. */
gndp_status net_add_time(net_params *p, int64_t layer, int64_t hidden);
gndp_status net_add_head(net_params *p, int64_t hidden, int64_t outputs);

/** Whether heads divides 2 hidden; messages name the setting. */
gndp_status net_check_attention(const gndp_net_spec *spec);

#endif
