// SPDX-License-Identifier: Apache-2.0
// A kind of network: the row that its file exports.
#ifndef GNDP_SCORE_NET_H
#define GNDP_SCORE_NET_H

#include "score/layers.h"

/* What a network is built from, as it stands after gndp_net_build() has checked and prepared it:
   masked entries 0, centred where asked for, y divided by its scale. */
typedef struct net_prepared {
    gndp_node t;    /* [R] */
    gndp_node x;    /* [R, N, D] */
    gndp_node y;    /* [R, N, P] */
    gndp_node flag; /* [R, N, 1] or GNDP_NONE */
} net_prepared;

typedef struct net_ops {
    gndp_net_info info;
    /* What this network asks for beyond the common checks. */
    gndp_status (*check)(const gndp_net_spec *spec);
    gndp_status (*add)(const gndp_net_spec *spec, net_params *p);
    /* Raw output [R, N, outputs]; values at masked points are cleared by the caller. */
    gndp_node (*build)(const net_builder *b, const net_prepared *in);
} net_ops;

/* One for each network, by name of its file; the table in net.c lists them. */
extern const net_ops net_bi_attention, net_bi_attention_multi, net_multi_attention, net_egnn, net_evt, net_mlp;

#endif
