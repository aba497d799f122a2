// SPDX-License-Identifier: Apache-2.0
// The best linear estimate of a clean track, as graph: one factorisation a realization, all in f64.
#define GNDP_NO_CALLSITE
#include "model/reference.h"

#include <gndp/manifolds.h>
#include <gndp/ops.h>

/* Times apart for the slope of the covariance: the error of a central difference is far below the network's precision. */
static const double apart = 1e-3;
/* Of what is left unknown of a point, at least (2 m). */
static const double least_variance = 1e-13;
/* Positions are told to a tenth of a degree (4 km, one standard deviation): errors below that are no errors. */
static const double rough = 7e-4;
/* Known points are exact to this variance (2 m on the Earth), which keeps repeated times apart. */
static const double exact = 1e-13;

static gndp_node number(gndp_graph *g, double value)
{
    return gndp_scalar(g, GNDP_F64, value);
}

/* [R] -> [R, 1, 1] f64 */
static gndp_node column(gndp_graph *g, gndp_node x)
{
    return gndp_cast(g, gndp_reshape(g, x, 3, (int64_t[]){-1, 1, 1}), GNDP_F64);
}

/* i32 [R, N] as [R, N, 1] or [R, 1, N]. */
static gndp_node standing(gndp_graph *g, gndp_node mask)
{
    const gndp_type type = gndp_node_type(mask);
    return gndp_reshape(g, mask, 3, (int64_t[]){type.dim[0], type.dim[1], 1});
}

static gndp_node lying(gndp_graph *g, gndp_node mask)
{
    const gndp_type type = gndp_node_type(mask);
    return gndp_reshape(g, mask, 3, (int64_t[]){type.dim[0], 1, type.dim[1]});
}

/* Padded times may be anything: they become 0. */
static gndp_node clean_times(gndp_graph *g, const gndp_score_inputs *in)
{
    const gndp_node x = gndp_cast(g, in->x, GNDP_F64);
    return gndp_is_none(in->mask) ? x : gndp_select(g, standing(g, in->mask), x, number(g, 0.0));
}

/* A at each point [R, N, 1], and N: noise of targets, next to none of known points. */
typedef struct noising {
    gndp_node a, noise;
} noising;

static noising at_points(gndp_graph *g, const gndp_score_inputs *in, gndp_node a, gndp_node noise)
{
    const gndp_type y = gndp_node_type(in->y);
    const int64_t shape[3] = {y.dim[0], y.dim[1], 1};
    noising out = {gndp_broadcast_to(g, a, 3, shape), gndp_broadcast_to(g, gndp_offset(g, noise, exact), 3, shape)};
    if (!gndp_is_none(in->target)) {
        out.a = gndp_select(g, standing(g, in->target), out.a, number(g, 1.0));
        out.noise = gndp_select(g, standing(g, in->target), out.noise, number(g, exact));
    }
    return out;
}

/* Of the point itself given the others: where it is known nothing is asked. */
static gndp_node at_targets(gndp_graph *g, const gndp_score_inputs *in, gndp_node wanted, gndp_node known)
{
    return gndp_is_none(in->target) ? wanted : gndp_select(g, standing(g, in->target), wanted, known);
}

/* S, with identity rows at padded points. */
static gndp_node covariance(gndp_graph *g, const gndp_score_inputs *in, const noising *at, gndp_node gram, gndp_node eye)
{
    gndp_node seen = gndp_mul(g, gndp_mul(g, gram, gndp_swap_last(g, at->a)), at->a);
    seen = gndp_select(g, eye, gndp_add(g, seen, at->noise), seen);
    if (gndp_is_none(in->mask))
        return seen;
    return gndp_select(g, gndp_and(g, standing(g, in->mask), lying(g, in->mask)), seen, gndp_cast(g, eye, GNDP_F64));
}

/* dK/dt A Q y: the estimate's velocity, from the track's smooth part. */
static gndp_node velocity(gndp_graph *g, const gndp_kernel *kernel, const gndp_score_inputs *in, gndp_node x, gndp_node pull)
{
    const gndp_node later = gndp_kernel_gram(g, kernel, NULL, gndp_offset(g, x, apart), x);
    const gndp_node earlier = gndp_kernel_gram(g, kernel, NULL, gndp_offset(g, x, -apart), x);
    const gndp_node slope = gndp_scale(g, gndp_sub(g, later, earlier), 0.5 / apart);
    return gndp_matmul(g, gndp_is_none(in->mask) ? slope : gndp_select(g, lying(g, in->mask), slope, number(g, 0.0)), pull);
}

reference_nodes reference_build(gndp_graph *g, const gndp_kernel *kernel, const gndp_score_inputs *in, gndp_node y)
{
    reference_nodes out;
    /* with w = 1 - exp(-B): a = 1 - w, n = (1 - (1 - w)^3)/3 = w - w^2 + w^3/3, without cancellation */
    const gndp_node w = gndp_min2(g, column(g, in->variance), number(g, 1.0 - 1e-6)), square = gndp_square(g, w);
    const gndp_node tau = gndp_scale(g, gndp_log1p(g, gndp_neg(g, w)), -0.5), a = gndp_sub(g, number(g, 1.0), w);
    out.noise = gndp_add(g, gndp_sub(g, w, square), gndp_scale(g, gndp_mul(g, square, w), 1.0 / 3.0));
    const noising at = at_points(g, in, a, out.noise);
    const gndp_node x = clean_times(g, in);
    const int64_t n = gndp_node_type(in->y).dim[1];
    const gndp_node iota = gndp_iota(g, n), eye = gndp_equal(g, gndp_reshape(g, iota, 2, (int64_t[]){n, 1}), iota);
    const gndp_node root = gndp_cholesky(g, covariance(g, in, &at, gndp_kernel_gram(g, kernel, NULL, x, GNDP_NONE), eye));
    const gndp_node shape = gndp_broadcast_to(g, gndp_cast(g, eye, GNDP_F64), 3, (int64_t[]){gndp_node_type(in->y).dim[0], n, n});
    const gndp_node inverse = gndp_solve_lower(g, root, shape, false); /* L^-1 */
    const gndp_node precision = gndp_reshape(g, gndp_sum(g, gndp_square(g, inverse), (int[]){1}, 1, false), 3, (int64_t[]){-1, n, 1}); /* Q_ii */
    const gndp_node weights = gndp_matmul(g, gndp_swap_last(g, inverse), gndp_matmul(g, inverse, y)); /* Q y */
    /* y_i less what the others say of it, and the variance of that: both with the noise */
    const gndp_node gap = gndp_div(g, weights, precision), spread = gndp_reciprocal(g, precision);
    const gndp_node others = gndp_div(g, gndp_sub(g, y, gap), at.a);
    const gndp_node v = gndp_max2(g, gndp_div(g, gndp_sub(g, spread, at.noise), gndp_square(g, at.a)), number(g, least_variance));
    const gndp_node all = gndp_add(g, at.noise, gndp_mul(g, gndp_square(g, at.a), v)); /* n + a^2 v */
    const gndp_node share = gndp_div(g, gndp_mul(g, at.a, v), all);
    out.mean = at_targets(g, in, gndp_add(g, others, gndp_mul(g, share, gndp_sub(g, y, gndp_mul(g, at.a, others)))), y);
    out.sd = gndp_sqrt(g, gndp_div(g, gndp_mul(g, v, at.noise), all));
    out.residual = at_targets(g, in, gndp_mul(g, gap, gndp_rsqrt(g, all)), number(g, 0.0));
    out.velocity = velocity(g, kernel, in, x, gndp_mul(g, at.a, weights));
    /* the score at tau + tau_c */
    const gndp_node length = gndp_rsqrt(g, gndp_offset(g, gndp_sum_last(g, gndp_square(g, others)), 1e-6)), towards = gndp_mul(g, others, length);
    const gndp_node kept = gndp_max2(g, gndp_offset(g, gndp_scale(g, v, -3.0), 1.0), number(g, 1e-4));
    const gndp_node later = gndp_add(g, tau, gndp_scale(g, gndp_log(g, kept), -1.0 / 6.0));
    const gndp_node c = gndp_sum_last(g, gndp_mul(g, y, towards));
    out.score = gndp_mul(g, reference_heat_slope(g, later, c), gndp_sphere_project_node(g, y, towards));
    /* G(c, tau) is about theta/sin theta times its limits 1/B and 3 exp(-B), which a/n joins */
    const gndp_node pull = gndp_mul(g, gndp_div(g, at.a, at.noise), gndp_angle_ratio(g, gndp_clip(g, c, -0.9, 1.0)));
    const gndp_node left = gndp_sqrt(g, gndp_offset(g, gndp_square(g, out.sd), rough * rough));
    out.scale = gndp_stop_gradient(g, gndp_mul(g, pull, left));
    return out;
}
