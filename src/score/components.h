// SPDX-License-Identifier: Apache-2.0
// How the components of equivariant networks divide into scalars and vectors, in and out.
#ifndef GNDP_SCORE_COMPONENTS_H
#define GNDP_SCORE_COMPONENTS_H

#include <gndp/score.h>

typedef struct net_components {
    int64_t dim;              /* components of a vector */
    int64_t scalars, vectors; /* of y, in this order */
    int64_t out_scalars, out_vectors;
} net_components;

/** Of a spec that net_check_components() has let pass. */
net_components net_components_of(const gndp_net_spec *spec);

/** GNDP_ERR_RANGE where there are more scalars than components, GNDP_ERR_SHAPE where what is left over, in or out, makes no whole vectors. */
gndp_status net_check_components(const gndp_net_spec *spec);

#endif
