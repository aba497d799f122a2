// SPDX-License-Identifier: Apache-2.0
// Points and frames of the sphere as nodes.
#ifndef GNDP_KERNELS_SPHERE_H
#define GNDP_KERNELS_SPHERE_H

#include "kernels/kernel.h"
#include "kernels/structure.h"

/** x / |x|, [.., N, 3] */
gndp_node kernel_unit(gndp_graph *g, gndp_node x);
/** Cosines of all pairs of a call, [.., N, M]. */
gndp_node kernel_cosine(const kernel_call *c);

/** East and north unit vectors at unit vectors x: [.., N, 3] each. */
void kernel_frames(gndp_graph *g, gndp_node x, gndp_node *east, gndp_node *north);

#endif
