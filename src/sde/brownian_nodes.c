// SPDX-License-Identifier: Apache-2.0
// Points and tangents of spheres in graphs, denoising and implicit losses on them (geomndp.md 10.6).
#define GNDP_NO_CALLSITE
#include <gndp/ops.h>

#include "sde/brownian.h"
#include "sde/limit.h"

/* ---- Points and tangents --------------------------------------------------------------------- */

typedef gndp_node (*part_builder)(gndp_graph *g, gndp_node y, gndp_node v);

/* y with the parts that are spheres replaced by build(y, v): v or, where that is none, y gives the others. */
static gndp_node on_spheres(gndp_graph *g, const gndp_sphere_layout *layout, gndp_node y, gndp_node v, part_builder build)
{
    brownian_part part[BROWNIAN_PARTS];
    gndp_node piece[BROWNIAN_PARTS];
    const gndp_node values = gndp_is_none(v) ? y : v;
    const int axis = gndp_node_type(values).rank - 1, parts = brownian_parts(layout, part);
    if (layout->spheres == 0) {
        return values;
    }
    for (int q = 0; q < parts; q++) {
        const int64_t from = part[q].first, to = from + part[q].dim;
        if (part[q].sphere < 0) {
            piece[q] = gndp_slice_axis(g, values, axis, from, to);
            continue;
        }
        const gndp_node mine = gndp_slice_axis(g, y, axis, from, to);
        piece[q] = build(g, mine, gndp_is_none(v) ? v : gndp_slice_axis(g, v, axis, from, to));
    }
    return parts == 1 ? piece[0] : gndp_concat(g, piece, parts, axis);
}

/* Padded points are all 0, and 0/0 would reach every gradient: they become some unit vector. */
static gndp_node unit_part(gndp_graph *g, gndp_node y, gndp_node unused)
{
    (void)unused;
    const gndp_dtype dtype = gndp_node_type(y).dtype;
    const gndp_node there = gndp_less(g, gndp_scalar(g, dtype, 0.0), gndp_sum_last(g, gndp_square(g, y)));
    return gndp_sphere_unit_node(g, gndp_select(g, there, y, gndp_scalar(g, dtype, 1.0)));
}

gndp_node gndp_layout_point(gndp_graph *g, const gndp_sphere_layout *layout, gndp_node y)
{
    return on_spheres(g, layout, y, GNDP_NONE, unit_part);
}

gndp_node gndp_layout_tangent(gndp_graph *g, const gndp_sphere_layout *layout, gndp_node y, gndp_node v)
{
    return on_spheres(g, layout, y, v, gndp_sphere_project_node);
}

/* ---- Losses ---------------------------------------------------------------------------------- */

/* Sum over components, mean over wanted points of each realization (0 where it has none), mean over realizations: e [R, N, P] is 0 elsewhere. */
static gndp_node mean_of(gndp_graph *g, gndp_node wanted, gndp_node e)
{
    const gndp_type type = gndp_node_type(e);
    const int both[2] = {1, 2}, last = 1;
    const gndp_node sum = gndp_sum(g, e, both, 2, false);
    if (gndp_is_none(wanted)) {
        return gndp_scale(g, gndp_mean_all(g, sum), type.dim[1] > 0 ? 1.0 / (double)type.dim[1] : 1.0);
    }
    const gndp_node count = gndp_sum(g, gndp_cast(g, gndp_not(g, gndp_not(g, wanted)), type.dtype), &last, 1, false);
    return gndp_mean_all(g, gndp_div(g, sum, gndp_max2(g, count, gndp_scalar(g, type.dtype, 1.0))));
}

gndp_node gndp_brownian_dsm(gndp_graph *g, const gndp_score_inputs *in, gndp_node score, gndp_node target, gndp_node weight)
{
    const gndp_node wanted = gndp_score_targets(g, in);
    const gndp_node e = limit_keep(g, wanted, gndp_sub(g, score, target)); /* a masked target may be anything */
    return mean_of(g, wanted, limit_keep(g, wanted, gndp_mul(g, weight, gndp_square(g, e))));
}

/* J' cot, 0 where the score does not depend on y. */
static gndp_node pull_back(gndp_graph *g, gndp_node score, gndp_node cot, gndp_node y)
{
    gndp_node out = GNDP_NONE;
    gndp_vjp(g, &score, &cot, 1, &y, 1, &out);
    return gndp_is_none(out) ? gndp_scale(g, cot, 0.0) : out;
}

/* Diagonal of the Jacobian at wanted values, by a product each. */
static gndp_node exact_diagonal(gndp_graph *g, gndp_node wanted, gndp_node score, gndp_node y)
{
    const gndp_type type = gndp_node_type(y);
    const gndp_node one = gndp_fill(g, gndp_type_3d(type.dtype, 1, 1, 1), 1.0);
    gndp_node sum = gndp_fill(g, type, 0.0);
    for (int64_t i = 0; i < type.dim[1]; i++) {
        for (int64_t p = 0; p < type.dim[2]; p++) {
            const int64_t before[3] = {0, i, p}, after[3] = {0, type.dim[1] - 1 - i, type.dim[2] - 1 - p};
            const gndp_node unit = gndp_broadcast_to(g, gndp_pad(g, one, before, after), 3, type.dim);
            const gndp_node cot = limit_keep(g, wanted, unit);
            sum = gndp_add(g, sum, gndp_mul(g, cot, pull_back(g, score, cot, y)));
        }
    }
    return sum;
}

/*
 * The trace of the Jacobian of s(y) = P_u v(u), u = y/|y|, is the divergence on the sphere: along the normal s does not change, and tangent directions
 * give tr(P J P) (10.6). Probes e at the wanted points alone: e'J e has the trace over those as its mean.
 */
gndp_node gndp_brownian_ism(gndp_graph *g, const gndp_sphere_layout *layout, const gndp_score_inputs *in, gndp_node score, gndp_node weight,
                            gndp_node probe)
{
    const gndp_node wanted = gndp_score_targets(g, in);
    gndp_node divergence;
    if (gndp_is_none(probe)) {
        divergence = exact_diagonal(g, wanted, score, in->y);
    } else {
        const gndp_node e = limit_keep(g, wanted, gndp_layout_tangent(g, layout, in->y, probe));
        divergence = gndp_mul(g, e, pull_back(g, score, e, in->y));
    }
    const gndp_node half = gndp_scale(g, gndp_square(g, limit_keep(g, wanted, score)), 0.5);
    return mean_of(g, wanted, limit_keep(g, wanted, gndp_mul(g, weight, gndp_add(g, half, divergence))));
}
