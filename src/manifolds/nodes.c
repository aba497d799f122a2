// SPDX-License-Identifier: Apache-2.0
// Spheres in graphs: points and tangents along the last axis.
#define GNDP_NO_CALLSITE
#include <gndp/manifolds.h>
#include <gndp/ops.h>

gndp_node gndp_sphere_unit_node(gndp_graph *g, gndp_node y)
{
    return gndp_mul(g, y, gndp_rsqrt(g, gndp_sum_last(g, gndp_square(g, y))));
}

gndp_node gndp_sphere_project_node(gndp_graph *g, gndp_node y, gndp_node v)
{
    return gndp_sub(g, v, gndp_mul(g, gndp_sum_last(g, gndp_mul(g, y, v)), y));
}
