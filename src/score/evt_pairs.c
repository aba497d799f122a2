// SPDX-License-Identifier: Apache-2.0
// What the network "evt" knows of a point and of a pair of points before its first layer.
//
// A pair knows its distance d = sqrt(|r|^2 + 1e-8), r_ij = x_j - x_i, by 32 Gaussians about 0, ..,
// 4 and by 1/(1 + d), and the direction u_ij = r_ij/(d + 0.1), smooth at 0. Where vectors turn by
// themselves (vector_dim), r is the difference of the first vectors of the two points, with
// Gaussians up to 2, the diameter of a unit sphere; x enters by the same functions of |x_j - x_i|,
// up to 4 again, and by (x_j - x_i)/(d + 0.1), which tells later from earlier.
//
// A point knows its scalars, all inner products of its vectors and log(1 + |.|) of each, the flag,
// and, where vectors turn by themselves and x is not centred, x.
#define GNDP_NO_CALLSITE
#include "score/evt_pairs.h"

#include "graph/op.h"

#include <gndp/ops.h>

#include <stdlib.h>

enum { GAUSSIANS = 32, RADIAL = GAUSSIANS + 1 };
static const double farthest_place = 4.0, farthest_value = 2.0, near_length = 0.1, floor_of_square = 1e-8;

int64_t evt_vector_count(const gndp_net_spec *spec)
{
    const int64_t k = net_components_of(spec).vectors;
    return spec->axis ? 2 * k + 1 : k;
}

static bool sees_places(const gndp_net_spec *spec)
{
    return spec->vector_dim > 0 && !spec->centre;
}

int64_t evt_point_features(const gndp_net_spec *spec)
{
    const int64_t k = evt_vector_count(spec);
    return spec->scalars + k * (k + 1) / 2 + k + (spec->context_flag ? 1 : 0) + (sees_places(spec) ? spec->x_dim : 0);
}

int64_t evt_pair_features(const gndp_net_spec *spec)
{
    return spec->vector_dim > 0 ? 2 * RADIAL + spec->x_dim : RADIAL;
}

/* ---- Points --------------------------------------------------------------------------------- */

/* e_3 x v = (-v_2, v_1, 0) as a product from the right, and e_3 of each point: from v [R, N, K, 3] to [R, N, 2 K + 1, 3]. */
static gndp_node with_axis(const net_builder *b, gndp_node v, int64_t r, int64_t points)
{
    gndp_graph *g = b->g;
    const gndp_type f64 = gndp_type_2d(GNDP_F64, 3, 3), pole = gndp_type_1d(GNDP_F64, 3);
    static const double across[] = {0.0, 1.0, 0.0, -1.0, 0.0, 0.0, 0.0, 0.0, 0.0}, up[] = {0.0, 0.0, 1.0};
    const gndp_node axis = gndp_broadcast_to(g, gndp_cast(g, gndp_constant(g, pole, up), b->spec->dtype), 4, (int64_t[]){r, points, 1, 3});
    if (gndp_is_none(v))
        return axis;
    gndp_node parts[3] = {v};
    parts[1] = gndp_matmul(g, v, gndp_cast(g, gndp_constant(g, f64, across), b->spec->dtype));
    parts[2] = axis;
    return gndp_concat(g, parts, 3, 2);
}

/* <v_a, v_b> for a <= b: v [R, N, K, n] to [R, N, K (K + 1)/2]. */
static gndp_node inner_products(gndp_graph *g, gndp_node v)
{
    const gndp_type type = gndp_node_type(v);
    const int64_t k = type.dim[2], pairs = k * (k + 1) / 2;
    const gndp_node gram = gndp_matmul(g, v, gndp_swap_last(g, v));
    int32_t *place = malloc((size_t)pairs * sizeof *place);
    if (place == NULL)
        return gndp_graph_fail(g, GNDP_ERR_NOMEM, "evt", "%lld inner products", (long long)pairs);
    for (int64_t a = 0, at = 0; a < k; a++)
        for (int64_t c = a; c < k; c++)
            place[at++] = (int32_t)(a * k + c);
    const gndp_node index = gndp_constant(g, gndp_type_1d(GNDP_I32, pairs), place);
    free(place);
    return gndp_gather(g, gndp_reshape(g, gram, 3, (int64_t[]){type.dim[0], type.dim[1], k * k}), index, 2);
}

/* sqrt(|v|^2 + 1e-8) over the last axis, which stays. */
static gndp_node length(gndp_graph *g, gndp_node v)
{
    return gndp_sqrt(g, gndp_offset(g, gndp_sum_last(g, gndp_square(g, v)), floor_of_square));
}

static gndp_node point_invariants(const net_builder *b, const net_prepared *in, gndp_node vectors)
{
    gndp_graph *g = b->g;
    gndp_node parts[5];
    int n = 0;
    if (b->spec->scalars > 0)
        parts[n++] = gndp_slice_axis(g, in->y, 2, 0, b->spec->scalars);
    if (!gndp_is_none(vectors)) {
        const gndp_type type = gndp_node_type(vectors);
        parts[n++] = inner_products(g, vectors);
        parts[n++] = gndp_reshape(g, gndp_log1p(g, length(g, vectors)), 3, type.dim);
    }
    if (b->spec->context_flag)
        parts[n++] = in->flag;
    if (sees_places(b->spec))
        parts[n++] = in->x;
    return n == 1 ? parts[0] : gndp_concat(g, parts, n, 2);
}

/* ---- Pairs ---------------------------------------------------------------------------------- */

/* x_j - x_i: [R, N, D] to [R, N, N, D]. */
static gndp_node differences(gndp_graph *g, gndp_node x)
{
    const gndp_type t = gndp_node_type(x);
    const gndp_node senders = gndp_reshape(g, x, 4, (int64_t[]){t.dim[0], 1, t.dim[1], t.dim[2]});
    const gndp_node receivers = gndp_reshape(g, x, 4, (int64_t[]){t.dim[0], t.dim[1], 1, t.dim[2]});
    return gndp_sub(g, senders, receivers);
}

/* Gaussians of d [R, N, N, 1] about 0, .., farthest, as wide as they are apart: [R, N, N, 32]. */
static gndp_node gaussians(const net_builder *b, gndp_node d, double farthest)
{
    gndp_graph *g = b->g;
    const double spacing = farthest / (GAUSSIANS - 1);
    const gndp_node number = gndp_cast(g, gndp_iota(g, GAUSSIANS), b->spec->dtype);
    const gndp_node off = gndp_sub(g, gndp_scale(g, d, 1.0 / spacing), number);
    return gndp_exp(g, gndp_scale(g, gndp_square(g, off), -0.5));
}

static gndp_node smooth_direction(gndp_graph *g, gndp_node difference, gndp_node d)
{
    return gndp_div(g, difference, gndp_offset(g, d, near_length));
}

static void set_pairs(const net_builder *b, gndp_node places, gndp_node x, evt_scene *s)
{
    gndp_graph *g = b->g;
    gndp_node parts[5];
    int n = 0;
    const gndp_node difference = differences(g, places), d = length(g, difference);
    parts[n++] = gaussians(b, d, b->spec->vector_dim > 0 ? farthest_value : farthest_place);
    parts[n++] = gndp_reciprocal(g, gndp_offset(g, d, 1.0));
    s->direction = smooth_direction(g, difference, d);
    if (b->spec->vector_dim > 0) {
        const gndp_node apart = differences(g, x), far = length(g, apart);
        parts[n++] = gaussians(b, far, farthest_place);
        parts[n++] = gndp_reciprocal(g, gndp_offset(g, far, 1.0));
        parts[n++] = smooth_direction(g, apart, far);
    }
    s->features = gndp_concat(g, parts, n, 3);
    gndp_node rows[2];
    rows[0] = gndp_fill(g, gndp_type_4d(b->spec->dtype, s->r, s->points, 1, s->points), 1.0);
    rows[1] = gndp_swap_last(g, s->direction);
    s->weights = gndp_concat(g, rows, 2, 2);
}

evt_scene evt_scene_make(const net_builder *b, const net_prepared *in)
{
    gndp_graph *g = b->g;
    const net_components c = net_components_of(b->spec);
    const gndp_type type = gndp_node_type(in->x);
    evt_scene s = {.r = type.dim[0], .points = type.dim[1], .n = c.dim};
    const int64_t first = c.scalars;
    gndp_node places = in->x;
    s.vectors = GNDP_NONE;
    if (c.vectors > 0)
        s.vectors = gndp_reshape(g, gndp_slice_axis(g, in->y, 2, first, first + c.vectors * c.dim), 4,
                                 (int64_t[]){s.r, s.points, c.vectors, c.dim});
    if (b->spec->vector_dim > 0)
        places = gndp_slice_axis(g, in->y, 2, first, first + c.dim);
    if (b->spec->axis)
        s.vectors = with_axis(b, s.vectors, s.r, s.points);
    s.invariants = point_invariants(b, in, s.vectors);
    if (!gndp_is_none(b->mask))
        s.senders = gndp_reshape(g, b->mask, 4, (int64_t[]){s.r, 1, 1, s.points});
    else
        s.senders = GNDP_NONE;
    set_pairs(b, places, in->x, &s);
    return s;
}
