// SPDX-License-Identifier: Apache-2.0
// The two score networks of the peers and their denoising loss, written with public calls only, for
// benchmarks and tests.
#include "networks.h"

#include <gndp/ops.h>

#include <math.h>
#include <stdio.h>

/* ---- Parameters ----------------------------------------------------------------------------- */

typedef struct path {
    char text[96];
} path;

/* A path that does not fit is empty, which the store refuses. */
static path join(const char *folder, const char *name)
{
    path p;
    const int length = snprintf(p.text, sizeof p.text, "%s/%s", folder, name);
    if (length < 0 || (size_t)length >= sizeof p.text)
        p.text[0] = '\0';
    return p;
}

static path block_path(int64_t layer)
{
    path p;
    snprintf(p.text, sizeof p.text, "block%lld", (long long)layer);
    return p;
}

static gndp_status add_linear(gndp_store *store, gndp_dtype dtype, const char *name, int64_t in,
                              int64_t out, gndp_init weight)
{
    gndp_status st =
        gndp_store_add(store, join(name, "weight").text, gndp_type_2d(dtype, in, out), weight);
    if (st == GNDP_OK)
        st = gndp_store_add(store, join(name, "bias").text, gndp_type_1d(dtype, out),
                            (gndp_init){GNDP_INIT_ZEROS, 0.0});
    return st;
}

static const gndp_init by_fan_in = {GNDP_INIT_TRUNCATED_NORMAL, 1.0};

static gndp_status add_attention(gndp_store *store, const network *net, const char *name)
{
    static const char *const in[] = {"query", "key", "value"};
    const int64_t width = 2 * net->hidden;
    gndp_status st = GNDP_OK;
    for (int i = 0; i < 3 && st == GNDP_OK; i++)
        st = add_linear(store, net->dtype, join(name, in[i]).text, net->hidden, width, by_fan_in);
    if (st == GNDP_OK)
        st = add_linear(store, net->dtype, join(name, "out").text, width, width, by_fan_in);
    return st;
}

static gndp_status add_block(gndp_store *store, const network *net, int64_t layer)
{
    const path block = block_path(layer);
    gndp_status st = add_linear(store, net->dtype, join(block.text, "time").text, net->hidden,
                                net->hidden, by_fan_in);
    if (st == GNDP_OK && net->kind == NETWORK_BI_ATTENTION)
        st = add_attention(store, net, join(block.text, "dims").text);
    if (st == GNDP_OK)
        st = add_attention(store, net, join(block.text, "points").text);
    return st;
}

gndp_status network_add_parameters(const network *net, gndp_store *store)
{
    const int64_t features = net->kind == NETWORK_BI_ATTENTION ? 2 : net->x_dim + net->y_dim;
    gndp_status st = add_linear(store, net->dtype, "embed", features, net->hidden, by_fan_in);
    for (int64_t i = 0; i < net->layers && st == GNDP_OK; i++)
        st = add_block(store, net, i);
    if (st == GNDP_OK)
        st = add_linear(store, net->dtype, "head", net->hidden, net->hidden, by_fan_in);
    if (st == GNDP_OK)
        st = add_linear(store, net->dtype, "last", net->hidden, net->y_dim,
                        (gndp_init){GNDP_INIT_ZEROS, 0.0});
    return st;
}

/* ---- Layers --------------------------------------------------------------------------------- */

/* What every part of a network is built with. */
typedef struct builder {
    gndp_graph *g;
    gndp_store *store;
    const network *net;
} builder;

static gndp_node param(builder b, const char *folder, const char *name)
{
    return gndp_param(b.g, b.store, join(folder, name).text, GNDP_SLOT_VALUE);
}

static gndp_node linear(builder b, const char *name, gndp_node x)
{
    return gndp_linear(b.g, x, param(b, name, "weight"), param(b, name, "bias"));
}

static gndp_node linear_exact(builder b, const char *name, gndp_node x)
{
    return gndp_add(b.g, gndp_matmul(b.g, x, param(b, name, "weight")), param(b, name, "bias"));
}

/* Self-attention over the last but one axis of u [.., n, H] -> [.., n, 2H]; mask i32 [.., n]. */
static gndp_node self_attention(builder b, const char *name, gndp_node u, gndp_node mask)
{
    const gndp_node q = linear(b, join(name, "query").text, u);
    const gndp_node k = linear(b, join(name, "key").text, u);
    const gndp_node v = linear(b, join(name, "value").text, u);
    return linear(b, join(name, "out").text, gndp_attention(b.g, q, k, v, mask, b.net->heads, 0.0));
}

/*
 * Self-attention over an axis of length 1. A softmax over one key is 1, so that queries and keys do
 * not matter and what is left is a composition of two linear maps, which is one:
 *
 *   (u Wv + bv) Wo + bo = u (Wv Wo) + (bv Wo + bo).
 *
 * Composing the matrices first costs a product of small ones in place of one over all tokens.
 */
static gndp_node self_attention_of_one(builder b, const char *name, gndp_node u)
{
    gndp_graph *g = b.g;
    const int64_t width = 2 * b.net->hidden;
    const path value = join(name, "value"), out = join(name, "out");
    const gndp_node w = param(b, out.text, "weight");
    const gndp_node bv = gndp_reshape(g, param(b, value.text, "bias"), 2, (int64_t[]){1, width});
    const gndp_node shift = gndp_reshape(g, gndp_matmul(g, bv, w), 1, &width);
    return gndp_linear(g, u, gndp_matmul(g, param(b, value.text, "weight"), w),
                       gndp_add(g, shift, param(b, out.text, "bias")));
}

/* Sines, then cosines, of t at H/2 frequencies 10000^(-k/(H/2-1)): [B] -> [B, H]. The frequencies
   are made in f64, once: the plan folds constants. */
static gndp_node time_embedding(builder b, gndp_node t)
{
    gndp_graph *g = b.g;
    const int64_t half = b.net->hidden / 2;
    const double rate = half > 1 ? -log(10000.0) / (double)(half - 1) : 0.0;
    const gndp_node k = gndp_cast(g, gndp_iota(g, half), GNDP_F64);
    const gndp_node freq = gndp_cast(g, gndp_exp(g, gndp_scale(g, k, rate)), b.net->dtype);
    const gndp_node column = gndp_reshape(g, t, 2, (int64_t[]){gndp_node_type(t).dim[0], 1});
    const gndp_node angle = gndp_mul(g, column, freq);
    const gndp_node parts[] = {gndp_sin(g, angle), gndp_cos(g, angle)};
    return gndp_concat(g, parts, 2, 1);
}

/* ---- Networks ------------------------------------------------------------------------------- */

/* Attention over points plus attention over dimensions: u [B, N, D, H] -> [B, N, D, 2H]. With D = 1
   the two transposes move nothing, and the plan makes reshapes of them. */
static gndp_node both_attentions(builder b, const char *block, gndp_node u, gndp_node mask)
{
    gndp_graph *g = b.g;
    static const int swap_points_dims[] = {0, 2, 1, 3};
    const path dims = join(block, "dims"), points = join(block, "points");
    const gndp_node over_dims = gndp_node_type(u).dim[2] == 1
                                    ? self_attention_of_one(b, dims.text, u)
                                    : self_attention(b, dims.text, u, GNDP_NONE);
    if (!gndp_is_none(mask)) {
        const gndp_type type = gndp_node_type(mask);
        mask = gndp_reshape(g, mask, 3, (int64_t[]){type.dim[0], 1, type.dim[1]});
    }
    const gndp_node over_points =
        self_attention(b, points.text, gndp_transpose(g, u, swap_points_dims), mask);
    return gndp_add(g, over_dims, gndp_transpose(g, over_points, swap_points_dims));
}

/* The blocks: s [B, .., H] and embedded times [B, H] to the sum of skip outputs over sqrt(L). */
static gndp_node run_blocks(builder b, gndp_node s, gndp_node times, gndp_node mask)
{
    gndp_graph *g = b.g;
    gndp_node total = GNDP_NONE;
    const gndp_type type = gndp_node_type(s);
    int64_t spread[GNDP_MAX_RANK];
    for (int i = 0; i < type.rank; i++)
        spread[i] = i == 0 || i == type.rank - 1 ? type.dim[i] : 1;
    for (int64_t i = 0; i < b.net->layers; i++) {
        const path block = block_path(i);
        const gndp_node shift =
            gndp_reshape(g, linear(b, join(block.text, "time").text, times), type.rank, spread);
        const gndp_node u = gndp_add(g, s, shift);
        const gndp_node mixed = b.net->kind == NETWORK_BI_ATTENTION
                                    ? both_attentions(b, block.text, u, mask)
                                    : self_attention(b, join(block.text, "points").text, u, mask);
        gndp_node half[2];
        gndp_split(g, gndp_gelu(g, mixed), -1, 2, half); /* residual, skip */
        s = gndp_keep(g, gndp_scale(g, gndp_add(g, s, half[0]), sqrt(0.5)));
        total = gndp_keep(g, gndp_is_none(total) ? half[1] : gndp_add(g, total, half[1]));
    }
    return gndp_scale(g, total, 1.0 / sqrt((double)b.net->layers));
}

/* x [B, N, D] less its mean over the (valid) points. */
static gndp_node centred(builder b, gndp_node x, gndp_node mask)
{
    static const int points = 1;
    if (gndp_is_none(mask))
        return gndp_sub(b.g, x, gndp_mean(b.g, x, &points, 1, true));
    const gndp_type type = gndp_node_type(mask);
    const gndp_node count = gndp_reshape(
        b.g, gndp_sum(b.g, gndp_cast(b.g, mask, gndp_node_type(x).dtype), &points, 1, true), 3,
        (int64_t[]){type.dim[0], 1, 1});
    /* a realization without points has nothing to centre: 0 / 1 */
    const gndp_node divisor = gndp_max2(b.g, count, gndp_scalar(b.g, b.net->dtype, 1.0));
    return gndp_sub(b.g, x, gndp_div(b.g, gndp_sum(b.g, x, &points, 1, true), divisor));
}

/* s_{i,d} = GELU(Linear[x_{i,d}, y_i]): [B, N, D, H]. */
static gndp_node embed_pairs(builder b, gndp_node x, gndp_node y)
{
    const gndp_type type = gndp_node_type(x);
    const int64_t pair[] = {type.dim[0], type.dim[1], type.dim[2], 1};
    const int64_t one[] = {type.dim[0], type.dim[1], 1, 1};
    const gndp_node parts[] = {gndp_reshape(b.g, x, 4, pair),
                               gndp_broadcast_to(b.g, gndp_reshape(b.g, y, 4, one), 4, pair)};
    return gndp_gelu(b.g, linear_exact(b, "embed", gndp_concat(b.g, parts, 2, 3)));
}

/* x where the mask [B, N] keeps the point, else 0. */
static gndp_node valid(builder b, gndp_node x, gndp_node mask)
{
    if (gndp_is_none(mask))
        return x;
    const gndp_type type = gndp_node_type(mask);
    const gndp_node points = gndp_reshape(b.g, mask, 3, (int64_t[]){type.dim[0], type.dim[1], 1});
    return gndp_select(b.g, points, x, gndp_scalar(b.g, gndp_node_type(x).dtype, 0.0));
}

gndp_node network_build(gndp_graph *g, gndp_store *store, const network *net, gndp_node x,
                        gndp_node y, gndp_node t, gndp_node mask)
{
    const builder b = {g, store, net};
    const gndp_node times = time_embedding(b, t);
    gndp_node pooled;
    x = valid(b, x, mask);
    y = valid(b, y, mask);
    if (net->kind == NETWORK_BI_ATTENTION) {
        static const int dims = 2;
        const gndp_node s = embed_pairs(b, centred(b, x, mask), y);
        pooled = gndp_mean(g, run_blocks(b, s, times, mask), &dims, 1, false);
    } else {
        const gndp_node parts[] = {x, y};
        const gndp_node joined = gndp_concat(g, parts, 2, 2);
        pooled = run_blocks(b, gndp_gelu(g, linear_exact(b, "embed", joined)), times, mask);
    }
    return valid(b, linear_exact(b, "last", gndp_gelu(g, linear(b, "head", pooled))), mask);
}

/* ---- Loss ----------------------------------------------------------------------------------- */

denoising_inputs denoising_inputs_make(gndp_graph *g, const network *net, int64_t batch,
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
static gndp_node stratified(builder b, const denoising_inputs *in, gndp_node member)
{
    const int64_t batch = gndp_node_type(member).dim[0];
    const gndp_node draw = gndp_random_uniform(b.g, in->seed, in->step, member, GNDP_STREAM(1, 0),
                                               b.net->dtype, 0, NULL);
    return gndp_scale(b.g, gndp_add(b.g, draw, gndp_cast(b.g, member, b.net->dtype)),
                      1.0 / (double)batch);
}

gndp_node denoising_loss(gndp_graph *g, gndp_store *store, const network *net,
                         const denoising *process, const denoising_inputs *in)
{
    const builder b = {g, store, net};
    const double span = process->t1 - process->t0;
    const gndp_type type = gndp_node_type(in->y0);
    const gndp_node member = gndp_iota(g, type.dim[0]);
    const gndp_node u = stratified(b, in, member);
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
        gndp_add(g, gndp_mul(g, decay, valid(b, in->y0, in->mask)), gndp_mul(g, s, z));
    gndp_node score = network_build(g, store, net, in->x, yt, t, in->mask);
    if (process->std_trick)
        score = gndp_div(g, score, gndp_offset(g, s, 1e-3));
    if (process->residual_trick)
        score = gndp_sub(g, score, yt);
    const gndp_node miss = gndp_square(g, gndp_add(g, gndp_mul(g, s, score), z));
    const gndp_node total = gndp_sum_all(g, valid(b, miss, in->mask));
    if (gndp_is_none(in->mask))
        return gndp_scale(g, total, 1.0 / (double)(type.dim[0] * type.dim[1]));
    return gndp_div(g, total, gndp_sum_all(g, gndp_cast(g, in->mask, net->dtype)));
}
