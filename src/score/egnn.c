// SPDX-License-Identifier: Apache-2.0
// E(n)-equivariant message passing on the complete graph (geomndp.md 11.3, with directions along x).
//
// Scalars h_i [H] and C = heads vector channels V_i [C, D] at each point, all valid points joined
// with all, a point with itself too (its differences are 0). d(.) below is the smoothed length
// sqrt(|.|^2 + 1e-8).
//
//   h_i = Linear(SiLU(Linear[y^s_i, |y^v_i|^2, flag_i] + Linear e(t))),   V_i = W y^v_i
//   L times:
//     g_ij = [|x_ij|^2, |V_ij,c|^2, x_ij . V_ij,c],   x_ij = x_i - x_j,  V_ij = V_i - V_j
//     m_ij = SiLU(Linear SiLU(A h_i + B h_j + G g_ij + b))
//     V_i,c += (1/n) sum_j [ V_ij,c p_ij,c/(1 + d(V_ij,c)) + x_ij q_ij,c/(1 + d(x_ij)) ] + V_i,c u_c(h_i),
//              (p, q)_ij linear in m_ij, u linear in h_i
//     h_i += Linear(SiLU(A' (1/n) sum_j sigmoid(Linear m_ij) m_ij + B' h_i + b'))
//   output: scalars Linear h_i, vectors W' V_i, both starting as 0; n is the number of valid points.
//
// All that h sees are inner products of differences and of vectors, and vectors are sums of vectors
// times such scalars, without biases: hence equivariance under turns, mirrors and translations; `centre`
// changes nothing. The products x . V are what couples a vector to the direction of its neighbours, as
// curl- and divergence-free fields need. Cost and memory grow as N^2 H: for up to some hundred points.
//
// Components of y: first `scalars`, then vectors of D components each. Parameters: "embed", "time",
// "start", "vectors"; in each block "receive", "send", "geometry", "message", "couple", "self", "gate",
// "node/sum", "node/own", "node/out"; "last/scalars", "last/vectors".
#define GNDP_NO_CALLSITE
#include "score/components.h"
#include "score/net.h"

#include "base/error.h"

#include <gndp/ops.h>

static int64_t vector_count(const gndp_net_spec *spec)
{
    return net_components_of(spec).vectors;
}

static gndp_status check(const gndp_net_spec *spec)
{
    gndp_status st = GNDP_OK;
    GNDP_TRY(net_check_components(spec));
    GNDP_CHECK(spec->heads >= 1 && spec->heads <= 1024, GNDP_ERR_RANGE, "heads = %lld: allowed are 1 to 1024 vector channels",
               (long long)spec->heads);
done:
    return st;
}

/* ---- Parameters ----------------------------------------------------------------------------- */

static gndp_status add_block(const gndp_net_spec *spec, net_params *p, int64_t layer)
{
    gndp_status st = GNDP_OK;
    const net_path block = net_block(layer);
    const int64_t h = spec->hidden, c = spec->heads;
    GNDP_TRY(net_add_linear(p, net_join(block.text, "receive").text, h, h, net_by_fan_in));
    GNDP_TRY(net_add_weight(p, net_join(block.text, "send").text, h, h, net_by_fan_in));
    GNDP_TRY(net_add_weight(p, net_join(block.text, "geometry").text, 1 + 2 * c, h, net_by_fan_in));
    GNDP_TRY(net_add_linear(p, net_join(block.text, "message").text, h, h, net_by_fan_in));
    GNDP_TRY(net_add_weight(p, net_join(block.text, "couple").text, h, 2 * c, net_by_fan_in));
    GNDP_TRY(net_add_linear(p, net_join(block.text, "self").text, h, c, net_by_fan_in));
    GNDP_TRY(net_add_linear(p, net_join(block.text, "gate").text, h, 1, net_by_fan_in));
    GNDP_TRY(net_add_weight(p, net_join(block.text, "node/sum").text, h, h, net_by_fan_in));
    GNDP_TRY(net_add_linear(p, net_join(block.text, "node/own").text, h, h, net_by_fan_in));
    GNDP_TRY(net_add_linear(p, net_join(block.text, "node/out").text, h, h, net_by_fan_in));
done:
    return st;
}

/* Features of a point's start: its scalars, squared lengths of its vectors, the flag. There may be none. */
static int64_t feature_count(const gndp_net_spec *spec)
{
    return spec->scalars + vector_count(spec) + (spec->context_flag ? 1 : 0);
}

static gndp_status add(const gndp_net_spec *spec, net_params *p)
{
    gndp_status st = GNDP_OK;
    const net_components parts = net_components_of(spec);
    const int64_t h = spec->hidden, c = spec->heads, v = parts.vectors;
    GNDP_TRY(net_add_weight(p, "embed", feature_count(spec), h, net_by_fan_in));
    GNDP_TRY(net_add_linear(p, "time", h, h, net_by_fan_in));
    GNDP_TRY(net_add_linear(p, "start", h, h, net_by_fan_in));
    if (v > 0)
        GNDP_TRY(net_add_weight(p, "vectors", v, c, net_by_fan_in));
    for (int64_t i = 0; i < spec->layers; i++)
        GNDP_TRY(add_block(spec, p, i));
    if (parts.out_scalars > 0)
        GNDP_TRY(net_add_linear(p, "last/scalars", h, parts.out_scalars, net_zero));
    if (parts.out_vectors > 0)
        GNDP_TRY(net_add_weight(p, "last/vectors", c, parts.out_vectors, net_zero));
done:
    return st;
}

/* ---- Parts ---------------------------------------------------------------------------------- */

/* What does not change from block to block. */
typedef struct scene {
    const net_builder *b;
    int64_t r, n, d, channels;
    gndp_node x;      /* [R, 1, N, D], centred */
    gndp_node dx2;    /* [R, 1, N, N] squared distances */
    gndp_node count;  /* [R or 1, 1, 1] valid points */
    gndp_node senders; /* mask of j, [R, 1, 1, N], or GNDP_NONE */
} scene;

/* State of all points. */
typedef struct points {
    gndp_node h; /* [R, N, H] */
    gndp_node v; /* [R, C, N, D] */
} points;

static gndp_node weight_product(const net_builder *b, const char *block, const char *name, gndp_node x)
{
    return gndp_matmul_reduced(b->g, x, net_param(b, net_join(block, name).text, "weight"));
}

/* 0 where sender j is masked. */
static gndp_node from_valid(const scene *s, gndp_node edges)
{
    gndp_graph *g = s->b->g;
    return gndp_is_none(s->senders) ? edges : gndp_select(g, s->senders, edges, gndp_scalar(g, s->b->spec->dtype, 0.0));
}

/* k/(1 + sqrt(square + 1e-8)) */
static gndp_node damped(gndp_graph *g, gndp_node k, gndp_node square)
{
    return gndp_div(g, k, gndp_offset(g, gndp_sqrt(g, gndp_offset(g, square, 1e-8)), 1.0));
}

/* x_ij . V_ij,c = x_i.V_i + x_j.V_j - x_i.V_j - x_j.V_i: [R, C, N, N]. */
static gndp_node inner_products(const scene *s, gndp_node v)
{
    gndp_graph *g = s->b->g;
    const gndp_node own = gndp_sum_last(g, gndp_mul(g, s->x, v)); /* [R, C, N, 1] */
    const gndp_node cross = gndp_matmul(g, s->x, gndp_swap_last(g, v));
    const gndp_node both = gndp_add(g, own, gndp_swap_last(g, own));
    const gndp_node less = gndp_sub(g, both, cross);
    return gndp_sub(g, less, gndp_swap_last(g, cross));
}

/* Messages m_ij [R, N, N, H]. Linear maps of joined features are sums of maps of each, so that those of a single point are
   products over points and not over pairs. Lengths and products are taken in full precision. */
static gndp_node messages(const scene *s, const char *block, gndp_node h, gndp_node v, gndp_node dv2)
{
    const net_builder *b = s->b;
    gndp_graph *g = b->g;
    static const int features_last[] = {0, 2, 3, 1};
    const int64_t width = b->spec->hidden;
    const gndp_node receive = net_linear(b, net_join(block, "receive").text, h);
    const gndp_node send = weight_product(b, block, "send", h);
    const gndp_node parts[] = {s->dx2, dv2, inner_products(s, v)};
    const gndp_node geometry = gndp_transpose(g, gndp_concat(g, parts, 3, 1), features_last);
    gndp_node pre = gndp_matmul(g, geometry, net_param(b, net_join(block, "geometry").text, "weight"));
    pre = gndp_add(g, pre, gndp_reshape(g, receive, 4, (int64_t[]){s->r, s->n, 1, width}));
    pre = gndp_add(g, pre, gndp_reshape(g, send, 4, (int64_t[]){s->r, 1, s->n, width}));
    return gndp_silu(g, net_linear(b, net_join(block, "message").text, gndp_silu(g, pre)));
}

/* sum_j k_ij (a_i - a_j), k [R, C, N, N], a [R, C or 1, N, D]: [R, C, N, D]. */
static gndp_node sum_of_differences(gndp_graph *g, gndp_node k, gndp_node a)
{
    const gndp_node own = gndp_mul(g, gndp_sum_last(g, k), a);
    return gndp_sub(g, own, gndp_matmul(g, k, a));
}

static gndp_node next_vectors(const scene *s, const char *block, gndp_node m, points now, gndp_node dv2)
{
    const net_builder *b = s->b;
    gndp_graph *g = b->g;
    static const int channels_first[] = {0, 3, 1, 2}, points_last[] = {0, 2, 1};
    gndp_node k[2]; /* along V_ij, along x_ij: [R, C, N, N] */
    const gndp_node both = gndp_transpose(g, weight_product(b, block, "couple", m), channels_first);
    gndp_split(g, from_valid(s, both), 1, 2, k);
    const gndp_node along_v = sum_of_differences(g, damped(g, k[0], dv2), now.v);
    const gndp_node along_x = sum_of_differences(g, damped(g, k[1], s->dx2), s->x);
    const gndp_node count = gndp_reshape(g, s->count, 4, (int64_t[]){gndp_node_type(s->count).dim[0], 1, 1, 1});
    const gndp_node mean = gndp_div(g, gndp_add(g, along_v, along_x), count);
    const gndp_node factor = gndp_transpose(g, net_linear(b, net_join(block, "self").text, now.h), points_last); /* [R, C, N] */
    const gndp_node own = gndp_mul(g, now.v, gndp_reshape(g, factor, 4, (int64_t[]){s->r, s->channels, s->n, 1}));
    const gndp_node moved = gndp_add(g, now.v, mean);
    return gndp_keep(g, gndp_add(g, moved, own));
}

static gndp_node next_scalars(const scene *s, const char *block, gndp_node m, gndp_node h)
{
    const net_builder *b = s->b;
    gndp_graph *g = b->g;
    static const int senders = 2;
    gndp_node gate = gndp_sigmoid(g, net_linear(b, net_join(block, "gate").text, m)); /* [R, N, N, 1] */
    if (!gndp_is_none(s->senders)) {
        const gndp_node valid = gndp_reshape(g, b->mask, 4, (int64_t[]){s->r, 1, s->n, 1});
        gate = gndp_select(g, valid, gate, gndp_scalar(g, b->spec->dtype, 0.0));
    }
    const gndp_node sum = gndp_sum(g, gndp_mul(g, gate, m), &senders, 1, false); /* [R, N, H] */
    const gndp_node from_sum = weight_product(b, block, "node/sum", gndp_div(g, sum, s->count));
    const gndp_node from_own = net_linear(b, net_join(block, "node/own").text, h);
    const gndp_node inside = gndp_silu(g, gndp_add(g, from_sum, from_own));
    return gndp_keep(g, gndp_add(g, h, net_linear(b, net_join(block, "node/out").text, inside)));
}

/* ---- Start and end -------------------------------------------------------------------------- */

/* The vectors of y as [R, N, V, D]. */
static gndp_node vectors_of(const scene *s, gndp_node y)
{
    const int64_t v = vector_count(s->b->spec), first = s->b->spec->scalars;
    const gndp_node part = gndp_slice_axis(s->b->g, y, 2, first, first + v * s->d);
    return gndp_reshape(s->b->g, part, 4, (int64_t[]){s->r, s->n, v, s->d});
}

/* W y^v as [R, C, N, D]; 0 where there is no vector. */
static gndp_node start_vectors(const scene *s, gndp_node y)
{
    gndp_graph *g = s->b->g;
    static const int vectors_last[] = {0, 1, 3, 2}, channels_first[] = {0, 3, 1, 2};
    if (vector_count(s->b->spec) == 0)
        return gndp_fill(g, gndp_type_4d(s->b->spec->dtype, s->r, s->channels, s->n, s->d), 0.0);
    const gndp_node v = gndp_transpose(g, vectors_of(s, y), vectors_last); /* [R, N, D, V] */
    return gndp_transpose(g, gndp_matmul(g, v, net_param(s->b, "vectors", "weight")), channels_first);
}

static gndp_node start_scalars(const scene *s, const net_prepared *in)
{
    const net_builder *b = s->b;
    gndp_graph *g = b->g;
    static const int axis = 3;
    gndp_node parts[3];
    int n = 0;
    if (b->spec->scalars > 0)
        parts[n++] = gndp_slice_axis(g, in->y, 2, 0, b->spec->scalars);
    if (vector_count(b->spec) > 0)
        parts[n++] = gndp_sum(g, gndp_square(g, vectors_of(s, in->y)), &axis, 1, false);
    if (b->spec->context_flag)
        parts[n++] = in->flag;
    const gndp_node features = gndp_matmul(g, gndp_concat(g, parts, n, 2), net_param(b, "embed", "weight"));
    const gndp_node times = net_linear(b, "time", net_time_embedding(b, in->t));
    const gndp_node shift = gndp_reshape(g, times, 3, (int64_t[]){s->r, 1, b->spec->hidden});
    return net_linear(b, "start", gndp_silu(g, gndp_add(g, features, shift)));
}

static gndp_node finish(const scene *s, points last)
{
    const net_builder *b = s->b;
    gndp_graph *g = b->g;
    static const int channels_last[] = {0, 2, 3, 1}, vectors_first[] = {0, 1, 3, 2};
    const int64_t v = net_components_of(b->spec).out_vectors;
    gndp_node parts[2];
    int n = 0;
    if (net_components_of(b->spec).out_scalars > 0)
        parts[n++] = net_linear_exact(b, "last/scalars", last.h);
    if (v > 0) {
        const gndp_node mixed =
            gndp_matmul(g, gndp_transpose(g, last.v, channels_last), net_param(b, "last/vectors", "weight")); /* [R, N, D, V] */
        parts[n++] = gndp_reshape(g, gndp_transpose(g, mixed, vectors_first), 3, (int64_t[]){s->r, s->n, v * s->d});
    }
    return n == 1 ? parts[0] : gndp_concat(g, parts, n, 2);
}

static gndp_node build(const net_builder *b, const net_prepared *in)
{
    gndp_graph *g = b->g;
    const gndp_type type = gndp_node_type(in->x);
    scene s = {.b = b, .r = type.dim[0], .n = type.dim[1], .d = type.dim[2], .channels = b->spec->heads};
    /* products x . V of centred coordinates lose fewer digits */
    const gndp_node x = net_valid(b, net_centred(b, in->x));
    s.x = gndp_reshape(g, x, 4, (int64_t[]){s.r, 1, s.n, s.d});
    s.dx2 = gndp_sqdist(g, s.x, s.x);
    s.count = net_point_count(b, s.n);
    if (!gndp_is_none(b->mask))
        s.senders = gndp_reshape(g, b->mask, 4, (int64_t[]){s.r, 1, 1, s.n});
    points now = {GNDP_NONE, start_vectors(&s, in->y)};
    now.h = start_scalars(&s, in);
    for (int64_t i = 0; i < b->spec->layers; i++) {
        const net_path block = net_block(i);
        const gndp_node dv2 = gndp_sqdist(g, now.v, now.v); /* [R, C, N, N] */
        const gndp_node m = messages(&s, block.text, now.h, now.v, dv2);
        const gndp_node v = next_vectors(&s, block.text, m, now, dv2);
        const gndp_node h = next_scalars(&s, block.text, m, now.h);
        now = (points){h, v};
    }
    return finish(&s, now);
}

const net_ops net_egnn = {
    .info = {.name = "egnn",
             .text = "E(n)-equivariant messages between all pairs of points; scalars and vectors, up to some hundred points",
             .equivariant = true,
             .defaults = {.kind = "egnn",
                          .x_dim = 2,
                          .y_dim = 2,
                          .layers = 4,
                          .hidden = 64,
                          .heads = 8,
                          .centre = true,
                          .y_scale = 1.0,
                          .time_scale = 1.0,
                          .dtype = GNDP_F32}},
    .check = check,
    .add = add,
    .build = build,
};
