// SPDX-License-Identifier: Apache-2.0
// A denoising loss for score networks, written with public calls only, for benchmarks and tests.
#include "networks.h"

#include <gndp/ops.h>

/* x [B, N, P] where the mask [B, N] keeps the point, else 0. */
static gndp_node valid(gndp_graph *g, gndp_node x, gndp_node mask)
{
    if (gndp_is_none(mask))
        return x;
    const gndp_type type = gndp_node_type(mask);
    const gndp_node points = gndp_reshape(g, mask, 3, (int64_t[]){type.dim[0], type.dim[1], 1});
    return gndp_select(g, points, x, gndp_scalar(g, gndp_node_type(x).dtype, 0.0));
}

denoising_inputs denoising_inputs_make(gndp_graph *g, const gndp_net_spec *net, int64_t batch,
                                       int64_t points, bool masked)
{
    denoising_inputs in;
    in.x = gndp_input(g, "x", gndp_type_3d(net->dtype, batch, points, net->x_dim));
    in.y0 = gndp_input(g, "y0", gndp_type_3d(net->dtype, batch, points, net->y_dim));
    in.mask = masked ? gndp_input(g, "mask", gndp_type_2d(GNDP_I32, batch, points)) : GNDP_NONE;
    in.seed = gndp_input(g, "seed", gndp_type_1d(GNDP_I32, 2));
    in.step = gndp_input(g, "step", gndp_type_scalar(GNDP_I32));
    return in;
}

/* One uniform time in each of B equal strata of [t0, t1], as position u in [0, 1]: [B]. */
static gndp_node stratified(gndp_graph *g, gndp_dtype dtype, const denoising_inputs *in,
                            gndp_node member)
{
    const int64_t batch = gndp_node_type(member).dim[0];
    const gndp_node draw = gndp_random_uniform(g, in->seed, in->step, member, GNDP_STREAM(1, 0),
                                               dtype, 0, NULL);
    return gndp_scale(g, gndp_add(g, draw, gndp_cast(g, member, dtype)), 1.0 / (double)batch);
}

gndp_node denoising_loss(gndp_graph *g, gndp_store *store, const gndp_net_spec *net,
                         const denoising *process, const denoising_inputs *in)
{
    const double span = process->t1 - process->t0;
    const gndp_type type = gndp_node_type(in->y0);
    const gndp_node member = gndp_iota(g, type.dim[0]);
    const gndp_node u = stratified(g, net->dtype, in, member);
    const gndp_node t = gndp_offset(g, gndp_scale(g, u, span), process->t0);
    /* B(t) = span (beta0 u + (beta1 - beta0) u^2 / 2) */
    const gndp_node slope =
        gndp_scale(g, gndp_square(g, u), 0.5 * (process->beta1 - process->beta0));
    const gndp_node integral =
        gndp_reshape(g, gndp_scale(g, gndp_add(g, gndp_scale(g, u, process->beta0), slope), span),
                     3, (int64_t[]){type.dim[0], 1, 1});
    const gndp_node s = gndp_sqrt(g, gndp_neg(g, gndp_expm1(g, gndp_neg(g, integral))));
    const gndp_node normal = gndp_random_normal(g, in->seed, in->step, member, GNDP_STREAM(2, 0),
                                                net->dtype, 2, type.dim + 1);
    const gndp_node z = gndp_scale(g, normal, process->noise_std);
    const gndp_node decay = gndp_exp(g, gndp_scale(g, integral, -0.5));
    const gndp_node yt =
        gndp_add(g, gndp_mul(g, decay, valid(g, in->y0, in->mask)), gndp_mul(g, s, z));
    const gndp_net_inputs seen = {.t = t, .x = in->x, .y = yt, .mask = in->mask};
    gndp_node score = gndp_net_build(g, store, net, &seen);
    if (process->std_trick)
        score = gndp_div(g, score, gndp_offset(g, s, 1e-3));
    if (process->residual_trick)
        score = gndp_sub(g, score, yt);
    const gndp_node miss = gndp_square(g, gndp_add(g, gndp_mul(g, s, score), z));
    const gndp_node total = gndp_sum_all(g, valid(g, miss, in->mask));
    if (gndp_is_none(in->mask))
        return gndp_scale(g, total, 1.0 / (double)(type.dim[0] * type.dim[1]));
    return gndp_div(g, total, gndp_sum_all(g, gndp_cast(g, in->mask, net->dtype)));
}
