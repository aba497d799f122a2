// SPDX-License-Identifier: Apache-2.0
// What the network "evt" knows of a point and of a pair of points before its first layer.
#ifndef GNDP_SCORE_EVT_PAIRS_H
#define GNDP_SCORE_EVT_PAIRS_H

#include "score/components.h"
#include "score/net.h"

/** Vectors of a point with those of the axis: y^v, then e_3 x y^v and e_3. */
int64_t evt_vector_count(const gndp_net_spec *spec);
/** Invariants of a point, and of a pair. */
int64_t evt_point_features(const gndp_net_spec *spec);
int64_t evt_pair_features(const gndp_net_spec *spec);

/* What does not change from layer to layer; n is the dimension of vectors. */
typedef struct evt_scene {
    int64_t r, points, n;
    gndp_node vectors;    /* [R, N, K, n] all vectors of a point, or GNDP_NONE where there are none */
    gndp_node invariants; /* [R, N, F] */
    gndp_node direction;  /* u_ij [R, N, N, n] */
    gndp_node weights;    /* 1, then u_ij, as rows over the senders j: [R, N, 1 + n, N] */
    gndp_node features;   /* [R, N, N, F'] */
    gndp_node senders;    /* mask of j, [R, 1, 1, N], or GNDP_NONE */
} evt_scene;

evt_scene evt_scene_make(const net_builder *b, const net_prepared *in);

#endif
