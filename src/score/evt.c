// SPDX-License-Identifier: Apache-2.0
// Equivariant attention on the complete graph (geomndp.md 11.5), for vectors of any dimension n.
//
// Scalars s_i [C] and C_v = C/4 vector channels V_i [C_v, n] at each point; C = hidden. Pairs know
// features phi_ij and a direction u_ij (evt_pairs.c). s~ is s normalised over its features, V~ is
// V over sqrt(mean_c |V_c|^2 + 1e-6); GELU's are written G.
//
//   s_i = W f_i + Linear e(t),   V_i = W y^v_i
//   L times:
//     h_ij  = G( Linear G(W phi_ij + Linear e(t)) + W_z [<V~_ic, u_ij>, <V~_jc, u_ij>, <V~_ic, V~_jc>] )
//     a_ij  = softmax over j of <q_i, k_j>/sqrt(C/heads) + w . h_ij, for each head; (q, k) linear in s~
//     f_ij  = Linear s~_j * (1 + W h_ij)
//     (m, p, o)_ij = W f_ij in R^C, R^C_v, R^C_v; each head owns a block of their channels
//     s_i  += Linear sum_j a_ij m_ij,   V_i += W sum_j a_ij (p_ij * V~_j + o_ij u_ij')
//     A = W V~_i, B = W V~_i;  (g1, g2, g3) = Linear G(Linear[s~_i, |A_c|, <A_c, B_c>])
//     s_i  += g1 + W (g2 * <A, B>),   V_i += g3 * A
//   output: h = G(Linear s_i);  scalars Linear h,  vectors sum_c (Linear h)_c V_ic, both starting as 0
//
// Whatever is not a vector is a function of inner products and lengths, and vectors are sums of
// such scalars times vectors, without biases: hence equivariance under turns and mirrors, and, as
// points enter by x_j - x_i alone, translations; `centre` changes nothing there. With vector_dim
// the vectors turn without the points, x is invariant, and the first vector is the place of a
// point: nothing is invariant under a shift of that. With `axis` the channels e_3 and e_3 x y^v
// leave turns about e_3 only. A and B are of V~, not of V: their products would raise outliers of
// y to the third power in every layer, and an average of weights to nonsense. Cost and memory grow
// as N^2 C: for up to some hundred points.
//
// The sums over j are taken before the maps to m and o: for each head a_ij and a_ij u_ij are rows
// of weights of f, so that m and o are products over points and not over pairs.
//
// Components of y: first `scalars`, then vectors. Parameters: "embed", "time", "vectors"; in each
// block "pair/features", "pair/time", "pair/out", "pair/own", "pair/other", "pair/both", "logits",
// "query", "key", "value", "gate", "messages", "carry", "point", "out", "vectors", "left", "right",
// "mix/in", "mix/out", "mix/products"; "last/hidden", "last/scalars", "last/vectors".
#define GNDP_NO_CALLSITE
#include "score/evt_pairs.h"

#include "base/error.h"

#include <gndp/ops.h>

#include <math.h>

static const double norm_floor = 1e-6, root_floor = 1e-8;

static int64_t channels(const gndp_net_spec *spec)
{
    return spec->hidden / 4;
}

static gndp_status check(const gndp_net_spec *spec)
{
    gndp_status st = GNDP_OK;
    GNDP_TRY(net_check_components(spec));
    GNDP_CHECK(spec->hidden % 4 == 0, GNDP_ERR_RANGE, "hidden = %lld: evt takes a multiple of 4, a quarter of it are vector channels",
               (long long)spec->hidden);
    GNDP_CHECK(spec->heads >= 1 && channels(spec) % spec->heads == 0, GNDP_ERR_RANGE, "heads = %lld: they divide hidden/4 = %lld",
               (long long)spec->heads, (long long)channels(spec));
    const net_components c = net_components_of(spec);
    GNDP_CHECK(spec->vector_dim == 0 || c.vectors > 0, GNDP_ERR_SHAPE, "vector_dim = %lld, but all %lld components are scalars",
               (long long)spec->vector_dim, (long long)spec->y_dim);
    GNDP_CHECK(!spec->axis || c.dim == 3, GNDP_ERR_SHAPE, "axis is for vectors of 3 components, not %lld", (long long)c.dim);
    GNDP_CHECK(evt_vector_count(spec) <= 256, GNDP_ERR_RANGE, "evt: %lld vectors at a point: up to 256", (long long)evt_vector_count(spec));
done:
    return st;
}

/* ---- Parameters ----------------------------------------------------------------------------- */

static gndp_status add_block(const gndp_net_spec *spec, net_params *p, int64_t layer)
{
    gndp_status st = GNDP_OK;
    const net_path block = net_block(layer);
    const int64_t h = spec->hidden, c = channels(spec);
    const struct {
        const char *name;
        int64_t in, out;
        bool bias;
    } parts[] = {{"pair/features", evt_pair_features(spec), h, false},
                 {"pair/time", h, h, true},
                 {"pair/out", h, h, true},
                 {"pair/own", c, h, false},
                 {"pair/other", c, h, false},
                 {"pair/both", c, h, false},
                 {"logits", h, spec->heads, false},
                 {"query", h, h, true},
                 {"key", h, h, false},
                 {"value", h, h, true},
                 {"gate", h, h, false},
                 {"messages", h, h, false},
                 {"carry", h, c, false},
                 {"point", h, c, false},
                 {"out", h, h, true},
                 {"vectors", c, c, false},
                 {"left", c, c, false},
                 {"right", c, c, false},
                 {"mix/in", h + 2 * c, h, true},
                 {"mix/out", h, h + 2 * c, true},
                 {"mix/products", c, h, false}};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        const net_path name = net_join(block.text, parts[i].name);
        if (parts[i].bias)
            GNDP_TRY(net_add_linear(p, name.text, parts[i].in, parts[i].out, net_by_fan_in));
        else
            GNDP_TRY(net_add_weight(p, name.text, parts[i].in, parts[i].out, net_by_fan_in));
    }
done:
    return st;
}

static gndp_status add(const gndp_net_spec *spec, net_params *p)
{
    gndp_status st = GNDP_OK;
    const net_components parts = net_components_of(spec);
    const int64_t h = spec->hidden, c = channels(spec), vectors = evt_vector_count(spec);
    GNDP_TRY(net_add_weight(p, "embed", evt_point_features(spec), h, net_by_fan_in));
    GNDP_TRY(net_add_linear(p, "time", h, h, net_by_fan_in));
    if (vectors > 0)
        GNDP_TRY(net_add_weight(p, "vectors", vectors, c, net_by_fan_in));
    for (int64_t i = 0; i < spec->layers; i++)
        GNDP_TRY(add_block(spec, p, i));
    GNDP_TRY(net_add_linear(p, "last/hidden", h, h, net_by_fan_in));
    if (parts.out_scalars > 0)
        GNDP_TRY(net_add_linear(p, "last/scalars", h, parts.out_scalars, net_zero));
    if (parts.out_vectors > 0)
        GNDP_TRY(net_add_linear(p, "last/vectors", h, c * parts.out_vectors, net_zero));
done:
    return st;
}

/* ---- Parts ---------------------------------------------------------------------------------- */

/* One layer's surroundings. */
typedef struct layer {
    const net_builder *b;
    const evt_scene *scene;
    const char *block;
    int64_t r, points, n, width, channels, heads;
} layer;

/* State of all points. */
typedef struct points {
    gndp_node s; /* [R, N, C] */
    gndp_node v; /* [R, N, n, C_v]: mixing channels is a product from the right */
} points;

static gndp_node linear(const layer *l, const char *name, gndp_node x)
{
    return net_linear(l->b, net_join(l->block, name).text, x);
}

static gndp_node weight(const layer *l, const char *name)
{
    return net_param(l->b, net_join(l->block, name).text, "weight");
}

static gndp_node product(const layer *l, const char *name, gndp_node x)
{
    return gndp_matmul_reduced(l->b->g, x, weight(l, name));
}

static gndp_node normalised(const layer *l, gndp_node s)
{
    return gndp_layer_norm(l->b->g, s, GNDP_NONE, GNDP_NONE, 1e-5);
}

static gndp_node normalised_vectors(const layer *l, gndp_node v)
{
    gndp_graph *g = l->b->g;
    static const int both[] = {2, 3};
    const gndp_node square = gndp_sum(g, gndp_square(g, v), both, 2, true);
    return gndp_mul(g, v, gndp_rsqrt(g, gndp_offset(g, gndp_scale(g, square, 1.0 / (double)l->channels), norm_floor)));
}

/* ---- Pairs ---------------------------------------------------------------------------------- */

/* W_z [a, b, g]_ij, [R, N, N, C]. Of the maps of a and b the sums over channels are taken first, over points and not over pairs;
   those over the few components follow one by one, without arrays of pairs between them. In full precision: these are places. */
static gndp_node vector_invariants(const layer *l, gndp_node v)
{
    gndp_graph *g = l->b->g;
    static const int channels_first[] = {0, 3, 1, 2};
    const gndp_node own = gndp_matmul(g, v, weight(l, "pair/own")), other = gndp_matmul(g, v, weight(l, "pair/other"));
    gndp_node sum = GNDP_NONE;
    for (int64_t d = 0; d < l->n; d++) {
        const gndp_node u = gndp_slice_axis(g, l->scene->direction, 3, d, d + 1);
        const gndp_node receiver = gndp_slice_axis(g, own, 2, d, d + 1);
        const gndp_node sender = gndp_reshape(g, gndp_slice_axis(g, other, 2, d, d + 1), 4, (int64_t[]){l->r, 1, l->points, l->width});
        const gndp_node term = gndp_mul(g, u, gndp_add(g, receiver, sender));
        sum = gndp_is_none(sum) ? term : gndp_add(g, sum, term);
    }
    const gndp_node turned = gndp_transpose(g, v, channels_first); /* [R, C_v, N, n] */
    const gndp_node gram = gndp_reshape(g, gndp_matmul(g, turned, gndp_swap_last(g, turned)), 3,
                                        (int64_t[]){l->r, l->channels, l->points * l->points});
    const gndp_node both = gndp_matmul(g, gndp_swap_last(g, gram), weight(l, "pair/both"));
    return gndp_add(g, sum, gndp_reshape(g, both, 4, (int64_t[]){l->r, l->points, l->points, l->width}));
}

/* h_ij [R, N, N, C]. */
static gndp_node pair_state(const layer *l, gndp_node times, gndp_node v)
{
    gndp_graph *g = l->b->g;
    const gndp_node shift = gndp_reshape(g, linear(l, "pair/time", times), 4, (int64_t[]){l->r, 1, 1, l->width});
    const gndp_node start = gndp_matmul(g, l->scene->features, weight(l, "pair/features"));
    const gndp_node inner = gndp_gelu(g, gndp_add(g, start, shift));
    const gndp_node outer = linear(l, "pair/out", inner);
    return gndp_gelu(g, gndp_add(g, outer, vector_invariants(l, v)));
}

/* a_ij as [R, N, heads, N]. */
static gndp_node attention(const layer *l, gndp_node s, gndp_node pairs)
{
    gndp_graph *g = l->b->g;
    static const int heads_second[] = {0, 2, 1, 3};
    const int64_t split[] = {l->r, l->points, l->heads, l->width / l->heads};
    const gndp_node q = gndp_transpose(g, gndp_reshape(g, linear(l, "query", s), 4, split), heads_second);
    const gndp_node k = gndp_transpose(g, gndp_reshape(g, product(l, "key", s), 4, split), heads_second);
    const gndp_node dots = gndp_scale(g, gndp_matmul_reduced(g, q, gndp_swap_last(g, k)), 1.0 / sqrt((double)split[3]));
    const gndp_node logits = gndp_swap_last(g, product(l, "logits", pairs));
    return gndp_softmax(g, gndp_add(g, gndp_transpose(g, dots, heads_second), logits), l->scene->senders);
}

/* Each head's rows by its own block of columns of the weight: x [R, N, heads, m, C] to [R, N, m, out]. */
static gndp_node by_heads(const layer *l, const char *name, gndp_node x, int64_t m, int64_t out)
{
    gndp_graph *g = l->b->g;
    static const int heads_first[] = {2, 0, 1, 3, 4}, blocks_first[] = {1, 0, 2}, heads_last[] = {1, 2, 0, 3};
    const int64_t rows = l->r * l->points;
    const gndp_node a = gndp_reshape(g, gndp_transpose(g, x, heads_first), 3, (int64_t[]){l->heads, rows * m, l->width});
    const gndp_node blocks =
        gndp_transpose(g, gndp_reshape(g, weight(l, name), 3, (int64_t[]){l->width, l->heads, out / l->heads}), blocks_first);
    const gndp_node parts = gndp_reshape(g, gndp_matmul_reduced(g, a, blocks), 4, (int64_t[]){l->heads, rows, m, out / l->heads});
    return gndp_reshape(g, gndp_transpose(g, parts, heads_last), 4, (int64_t[]){l->r, l->points, m, out});
}

/* sum_j a_ij p_ij * V~_j: [R, N, n, C_v]. */
static gndp_node carried(const layer *l, gndp_node a, gndp_node f, gndp_node v)
{
    gndp_graph *g = l->b->g;
    static const int channels_first[] = {0, 3, 1, 2}, channels_last[] = {0, 2, 3, 1}, components_last[] = {0, 3, 1, 2};
    const int64_t r = l->r, n = l->points, block = l->channels / l->heads;
    const gndp_node p = gndp_reshape(g, product(l, "carry", f), 5, (int64_t[]){r, n, n, l->heads, block});
    const gndp_node weights = gndp_reshape(g, gndp_swap_last(g, a), 5, (int64_t[]){r, n, n, l->heads, 1});
    const gndp_node k = gndp_transpose(g, gndp_reshape(g, gndp_mul(g, p, weights), 4, (int64_t[]){r, n, n, l->channels}), channels_first);
    const gndp_node sum = gndp_matmul(g, k, gndp_transpose(g, v, components_last)); /* [R, C_v, N, n] */
    return gndp_transpose(g, sum, channels_last);
}

/* ---- Layers --------------------------------------------------------------------------------- */

static points attend(const layer *l, gndp_node times, points now)
{
    gndp_graph *g = l->b->g;
    const gndp_node s = normalised(l, now.s), v = normalised_vectors(l, now.v);
    const gndp_node pairs = pair_state(l, times, v);
    const gndp_node a = attention(l, s, pairs);
    const gndp_node value = gndp_reshape(g, linear(l, "value", s), 4, (int64_t[]){l->r, 1, l->points, l->width});
    const gndp_node f = gndp_mul(g, value, gndp_offset(g, product(l, "gate", pairs), 1.0));
    const int64_t r = l->r, points_ = l->points, rows = 1 + l->n;
    const gndp_node left = gndp_reshape(g, a, 5, (int64_t[]){r, points_, l->heads, 1, points_});
    const gndp_node right = gndp_reshape(g, l->scene->weights, 5, (int64_t[]){r, points_, 1, rows, points_});
    const gndp_node weights = gndp_reshape(g, gndp_mul(g, left, right), 4, (int64_t[]){r, points_, l->heads * rows, points_});
    const gndp_node sums = gndp_reshape(g, gndp_matmul(g, weights, f), 5, (int64_t[]){r, points_, l->heads, rows, l->width});
    const gndp_node messages = by_heads(l, "messages", gndp_slice_axis(g, sums, 3, 0, 1), 1, l->width);
    const gndp_node along = by_heads(l, "point", gndp_slice_axis(g, sums, 3, 1, rows), l->n, l->channels);
    const gndp_node ds = linear(l, "out", gndp_reshape(g, messages, 3, (int64_t[]){r, points_, l->width}));
    const gndp_node dv = product(l, "vectors", gndp_add(g, along, carried(l, a, f, v)));
    return (points){gndp_add(g, now.s, ds), gndp_add(g, now.v, dv)};
}

static points mix(const layer *l, points now)
{
    gndp_graph *g = l->b->g;
    static const int components = 2;
    const gndp_node normal = normalised_vectors(l, now.v);
    const gndp_node left = product(l, "left", normal), right = product(l, "right", normal);
    const gndp_node square = gndp_sum(g, gndp_square(g, left), &components, 1, false);
    const gndp_node dots = gndp_sum(g, gndp_mul(g, left, right), &components, 1, false);
    gndp_node parts[3];
    parts[0] = normalised(l, now.s);
    parts[1] = gndp_sqrt(g, gndp_offset(g, square, root_floor));
    parts[2] = dots;
    const gndp_node out = linear(l, "mix/out", gndp_gelu(g, linear(l, "mix/in", gndp_concat(g, parts, 3, 2))));
    const int64_t h = l->width, c = l->channels;
    const gndp_node g1 = gndp_slice_axis(g, out, 2, 0, h), g2 = gndp_slice_axis(g, out, 2, h, h + c);
    const gndp_node g3 = gndp_reshape(g, gndp_slice_axis(g, out, 2, h + c, h + 2 * c), 4, (int64_t[]){l->r, l->points, 1, c});
    const gndp_node from_dots = product(l, "mix/products", gndp_mul(g, g2, dots));
    const gndp_node s = gndp_add(g, gndp_add(g, now.s, g1), from_dots);
    const gndp_node v = gndp_add(g, now.v, gndp_mul(g, g3, left));
    return (points){gndp_keep(g, s), gndp_keep(g, v)};
}

/* ---- Start and end -------------------------------------------------------------------------- */

static points start(const net_builder *b, const evt_scene *scene, gndp_node times)
{
    gndp_graph *g = b->g;
    const gndp_node own = gndp_matmul(g, scene->invariants, net_param(b, "embed", "weight"));
    const gndp_node shift = gndp_reshape(g, net_linear(b, "time", times), 3, (int64_t[]){scene->r, 1, b->spec->hidden});
    points p = {.s = gndp_add(g, own, shift)};
    if (gndp_is_none(scene->vectors))
        p.v = gndp_fill(g, gndp_type_4d(b->spec->dtype, scene->r, scene->points, scene->n, channels(b->spec)), 0.0);
    else
        p.v = gndp_matmul(g, gndp_swap_last(g, scene->vectors), net_param(b, "vectors", "weight"));
    return p;
}

static gndp_node finish(const net_builder *b, const evt_scene *scene, points last)
{
    gndp_graph *g = b->g;
    const net_components c = net_components_of(b->spec);
    const int64_t r = scene->r, n = scene->points, v = c.out_vectors;
    const gndp_node hidden = gndp_gelu(g, net_linear(b, "last/hidden", last.s));
    gndp_node parts[2];
    int count = 0;
    if (c.out_scalars > 0)
        parts[count++] = net_linear_exact(b, "last/scalars", hidden);
    if (v > 0) {
        const gndp_node factors = gndp_reshape(g, net_linear_exact(b, "last/vectors", hidden), 4, (int64_t[]){r, n, v, channels(b->spec)});
        const gndp_node sums = gndp_matmul(g, factors, gndp_swap_last(g, last.v)); /* [R, N, V, n] */
        parts[count++] = gndp_reshape(g, sums, 3, (int64_t[]){r, n, v * c.dim});
    }
    return count == 1 ? parts[0] : gndp_concat(g, parts, count, 2);
}

static gndp_node build(const net_builder *b, const net_prepared *in)
{
    const evt_scene scene = evt_scene_make(b, in);
    const gndp_node times = net_time_embedding(b, in->t);
    points now = start(b, &scene, times);
    for (int64_t i = 0; i < b->spec->layers; i++) {
        const net_path block = net_block(i);
        const layer l = {.b = b, .scene = &scene, .block = block.text, .r = scene.r, .points = scene.points, .n = scene.n,
                         .width = b->spec->hidden, .channels = channels(b->spec), .heads = b->spec->heads};
        now = mix(&l, attend(&l, times, now));
    }
    return finish(b, &scene, now);
}

const net_ops net_evt = {
    .info = {.name = "evt",
             .text = "equivariant attention between all pairs of points; scalars and vectors, also values in R^3 at times; up to some hundred points",
             .equivariant = true,
             .turns_values = true,
             .defaults = {.kind = "evt",
                          .x_dim = 2,
                          .y_dim = 2,
                          .layers = 4,
                          .hidden = 64,
                          .heads = 4,
                          .centre = true,
                          .y_scale = 1.0,
                          .time_scale = 1.0,
                          .dtype = GNDP_F32}},
    .check = check,
    .add = add,
    .build = build,
};
