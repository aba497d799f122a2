// SPDX-License-Identifier: Apache-2.0
// Random graphs of a seed: shapes, operations, outputs, gradients and assignments, all values bounded and smooth enough to compare.
#ifndef GNDP_TEST_FUZZ_GRAPH_H
#define GNDP_TEST_FUZZ_GRAPH_H

#include "support/test_main.h"

#include <gndp/graph.h>
#include <gndp/ops.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FUZZ_VALUES = 160, FUZZ_INPUTS = 64, FUZZ_OUTPUTS = 96, FUZZ_PARAMS = 8 };

typedef struct fuzz_value {
    gndp_node node;
    double bound; /* of the magnitude, roughly */
    bool exact;   /* made of the inputs without rounding: comparisons and kinks are the same in f32 and f64 */
} fuzz_value;

typedef struct fuzz_input {
    char name[12];
    gndp_type type;
    int32_t below; /* i32: entries are in 0..below-1 */
    gndp_node node;
} fuzz_input;

typedef struct fuzz {
    uint64_t state;
    gndp_graph *g;
    gndp_dtype real;  /* of all values */
    gndp_dtype other; /* what casts go to; f32 for exact values only, so that nothing is rounded */
    int64_t cap;      /* largest number of entries */
    int n, n_inputs, n_outputs, n_params, n_index;
    fuzz_value value[FUZZ_VALUES];
    fuzz_input input[FUZZ_INPUTS];
    gndp_node output[FUZZ_OUTPUTS];
    gndp_store *store;
    gndp_node param[FUZZ_PARAMS];
    bool keeps, assigns;
    int order; /* of derivatives */
} fuzz;

/* splitmix64 */
static inline uint64_t fuzz_bits(fuzz *f)
{
    uint64_t z = (f->state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static inline int64_t below(fuzz *f, int64_t n)
{
    assert_true(n > 0);
    return (int64_t)(fuzz_bits(f) % (uint64_t)n);
}

static inline bool chance(fuzz *f, int percent)
{
    return below(f, 100) < percent;
}

static inline gndp_type type_at(const fuzz *f, int i)
{
    return gndp_node_type(f->value[i].node);
}

/* Keep a value; large ones are pressed into (-1, 1). */
static int put_value(fuzz *f, gndp_node node, double bound, bool exact)
{
    if (gndp_is_none(node) || f->n == FUZZ_VALUES || gndp_type_count(gndp_node_type(node)) > f->cap)
        return -1;
    if (bound > 8.0) {
        node = gndp_tanh(f->g, node);
        bound = 1.0;
        exact = false;
    }
    f->value[f->n] = (fuzz_value){node, bound, exact};
    return f->n++;
}

static gndp_node new_input(fuzz *f, gndp_type type, int32_t limit)
{
    fuzz_input *in = &f->input[f->n_inputs];
    if (f->n_inputs == FUZZ_INPUTS)
        return GNDP_NONE;
    snprintf(in->name, sizeof in->name, "in%d", f->n_inputs);
    in->type = type;
    in->below = limit;
    in->node = gndp_input(f->g, in->name, type);
    f->n_inputs++;
    return in->node;
}

static gndp_node weight(fuzz *f, int64_t rows, int64_t cols)
{
    for (int k = 0; k < f->n_params && chance(f, 50); k++)
        if (gndp_type_equal(gndp_node_type(f->param[k]), gndp_type_2d(f->real, rows, cols)))
            return f->param[k];
    return new_input(f, gndp_type_2d(f->real, rows, cols), 0);
}

static int pick(fuzz *f)
{
    const int recent = f->n > 6 && chance(f, 60) ? f->n - 1 - (int)below(f, 6) : (int)below(f, f->n);
    return recent;
}

static int pick_exact(fuzz *f)
{
    for (int tries = 0; tries < 20; tries++) {
        const int i = (int)below(f, f->n);
        if (f->value[i].exact)
            return i;
    }
    return 0; /* the first value is an input */
}

static bool broadcasts(gndp_type a, gndp_type b, int64_t cap)
{
    int64_t count = 1;
    for (int i = 1; i <= a.rank || i <= b.rank; i++) {
        const int64_t da = i <= a.rank ? a.dim[a.rank - i] : 1, db = i <= b.rank ? b.dim[b.rank - i] : 1;
        if (da != db && da != 1 && db != 1)
            return false;
        count *= da == 1 ? db : da;
    }
    return count <= cap;
}

/* Does broadcasting a to b's shape give that shape? */
static bool repeats(gndp_type a, gndp_type b)
{
    for (int i = 1; i <= a.rank; i++)
        if (a.dim[a.rank - i] != 1 && a.dim[a.rank - i] != b.dim[b.rank - i])
            return false;
    return true;
}

/* A value that broadcasts with value i; a new input of such a shape if none is found. */
static int partner(fuzz *f, int i, bool exact)
{
    for (int tries = 0; tries < 12; tries++) {
        const int k = exact ? pick_exact(f) : pick(f);
        if (broadcasts(type_at(f, i), type_at(f, k), f->cap))
            return k;
    }
    gndp_type t = type_at(f, i);
    const int drop = t.rank > 0 ? (int)below(f, t.rank + 1) : 0;
    gndp_type part = {.dtype = f->real, .rank = t.rank - drop};
    for (int a = 0; a < part.rank; a++)
        part.dim[a] = chance(f, 30) ? 1 : t.dim[a + drop];
    const gndp_node node = new_input(f, part, 0);
    return gndp_is_none(node) ? i : put_value(f, node, 2.0, true);
}

/* i32 mask from exact values, of a shape that broadcasts with value i. */
static gndp_node mask_for(fuzz *f, int i)
{
    const int a = partner(f, i, true);
    const gndp_node x = f->value[a < 0 || !f->value[a].exact ? 0 : a].node;
    const gndp_node limit = gndp_scalar(f->g, f->real, chance(f, 50) ? 0.25 : -0.5);
    if (!broadcasts(type_at(f, i), gndp_node_type(x), f->cap))
        return GNDP_NONE;
    gndp_node m = chance(f, 50) ? gndp_less(f->g, x, limit) : gndp_less_equal(f->g, limit, x);
    if (chance(f, 20))
        m = gndp_not(f->g, m);
    if (chance(f, 20))
        m = gndp_or(f->g, m, gndp_equal(f->g, x, limit));
    return chance(f, 15) ? gndp_and(f->g, m, gndp_isfinite(f->g, x)) : m;
}

/* --------------------------------------------------------------------------------- operations by kind */

static void fuzz_unary(fuzz *f)
{
    gndp_graph *g = f->g;
    const int i = pick(f);
    const fuzz_value v = f->value[i];
    const gndp_node x = v.node;
    const double b = v.bound;
    /* clang-format off */
    switch (below(f, 20)) {
    case 0: put_value(f, gndp_neg(g, x), b, v.exact); break;
    case 1: put_value(f, gndp_square(g, x), b * b, false); break;
    case 2: put_value(f, gndp_sqrt(g, gndp_offset(g, gndp_square(g, x), 0.25)), b + 0.5, false); break;
    case 3: put_value(f, gndp_rsqrt(g, gndp_offset(g, gndp_square(g, x), 0.5)), 1.5, false); break;
    case 4: put_value(f, gndp_reciprocal(g, gndp_offset(g, gndp_square(g, x), 0.5)), 2.0, false); break;
    case 5: put_value(f, gndp_exp(g, gndp_tanh(g, x)), 2.8, false); break;
    case 6: put_value(f, gndp_log(g, gndp_offset(g, gndp_square(g, x), 0.5)), 5.0, false); break;
    case 7: put_value(f, gndp_sin(g, x), 1.0, false); break;
    case 8: put_value(f, gndp_cos(g, x), 1.0, false); break;
    case 9: put_value(f, gndp_tanh(g, x), 1.0, false); break;
    case 10: put_value(f, gndp_sigmoid(g, x), 1.0, false); break;
    case 11: put_value(f, gndp_softplus(g, x), b + 0.7, false); break;
    case 12: put_value(f, gndp_erf(g, x), 1.0, false); break;
    case 13: put_value(f, gndp_gelu(g, x), b, false); break;
    case 14: put_value(f, gndp_silu(g, x), b, false); break;
    case 15: put_value(f, gndp_scale(g, gndp_scale(g, x, 0.5), chance(f, 30) ? 2.0 : -0.75), b, false); break;
    case 16: put_value(f, gndp_offset(g, x, 0.3), b + 0.3, false); break;
    case 17: put_value(f, gndp_pow_const(g, gndp_offset(g, gndp_square(g, x), 0.5), chance(f, 50) ? -0.5 : 1.5), b * b * b + 1.5, false); break;
    case 18: put_value(f, gndp_stop_gradient(g, x), b, v.exact); break;
    default: put_value(f, gndp_expm1(g, gndp_tanh(g, gndp_log1p(g, gndp_square(g, x)))), 1.8, false); break;
    }
}

/* Kinks and steps, on exact values only. */
static void fuzz_kink(fuzz *f)
{
    gndp_graph *g = f->g;
    const fuzz_value v = f->value[pick_exact(f)];
    switch (below(f, 7)) {
    case 0: put_value(f, gndp_relu(g, v.node), v.bound, v.exact); break;
    case 1: put_value(f, gndp_abs(g, v.node), v.bound, v.exact); break;
    case 2: put_value(f, gndp_clip(g, v.node, -0.5, 0.75), 0.75, v.exact); break;
    case 3: put_value(f, gndp_step(g, v.node), 1.0, v.exact); break;
    case 4: put_value(f, gndp_sign(g, v.node), 1.0, v.exact); break;
    case 5: put_value(f, gndp_floor(g, v.node), v.bound + 1.0, v.exact); break;
    default: put_value(f, gndp_cast(g, gndp_cast(g, v.node, GNDP_I32), f->real), v.bound, v.exact); break;
    }
}

static void fuzz_binary(fuzz *f)
{
    gndp_graph *g = f->g;
    const int i = pick(f), k = partner(f, i, false);
    if (k < 0)
        return;
    const fuzz_value a = f->value[chance(f, 50) ? i : k], b = f->value[chance(f, 10) ? i : k];
    if (!broadcasts(gndp_node_type(a.node), gndp_node_type(b.node), f->cap))
        return;
    const bool exact = a.exact && b.exact;
    const gndp_node positive = gndp_offset(g, gndp_square(g, b.node), 0.5);
    switch (below(f, 9)) {
    case 0:
    case 1: put_value(f, gndp_add(g, a.node, b.node), a.bound + b.bound, false); break;
    case 2: put_value(f, gndp_sub(g, a.node, b.node), a.bound + b.bound, false); break;
    case 3:
    case 4: put_value(f, gndp_mul(g, a.node, b.node), a.bound * b.bound, false); break;
    case 5: put_value(f, gndp_div(g, a.node, positive), 2.0 * a.bound, false); break;
    case 6: put_value(f, gndp_pow(g, positive, gndp_tanh(g, a.node)), 2.0 + b.bound * b.bound, false); break;
    case 7: put_value(f, gndp_atan2(g, a.node, positive), 1.6, false); break;
    default:
        if (exact)
            put_value(f, chance(f, 50) ? gndp_max2(g, a.node, b.node) : gndp_min2(g, a.node, b.node), fmax(a.bound, b.bound), true);
        break;
    }
}

static void fuzz_select(fuzz *f)
{
    gndp_graph *g = f->g;
    const int i = pick(f), k = partner(f, i, false);
    if (k < 0)
        return;
    const gndp_node m = mask_for(f, i);
    if (gndp_is_none(m) || !broadcasts(type_at(f, k), gndp_node_type(m), f->cap))
        return;
    const fuzz_value a = f->value[i], b = f->value[k];
    if (chance(f, 70))
        put_value(f, gndp_select(g, m, a.node, b.node), fmax(a.bound, b.bound), a.exact && b.exact);
    else if (chance(f, 50))
        put_value(f, gndp_cast(g, m, f->real), 1.0, true);
    else
        put_value(f, gndp_cast(g, gndp_add(g, gndp_mul(g, m, m), m), f->real), 2.0, true);
}

static int random_axes(fuzz *f, gndp_type t, int *axes)
{
    int n = 0;
    for (int a = 0; a < t.rank; a++)
        if (chance(f, 45))
            axes[n++] = chance(f, 30) ? a - t.rank : a;
    return n;
}

static void fuzz_reduce(fuzz *f)
{
    gndp_graph *g = f->g;
    int axes[GNDP_MAX_RANK];
    const int kind = (int)below(f, 8), i = kind == 6 ? pick_exact(f) : pick(f);
    const fuzz_value v = f->value[i];
    const gndp_type t = type_at(f, i);
    const int n = random_axes(f, t, axes);
    const bool keep = chance(f, 50), all = chance(f, 10);
    double count = 1.0;
    for (int k = 0; k < n; k++)
        count *= (double)t.dim[axes[k] < 0 ? axes[k] + t.rank : axes[k]];
    count = all ? (double)gndp_type_count(t) : count;
    const int *which = all ? NULL : axes;
    if (kind < 4)
        put_value(f, gndp_scale(g, gndp_sum(g, v.node, which, n, keep), 1.0 / sqrt(count)), v.bound, false);
    else if (kind < 6)
        put_value(f, gndp_mean(g, v.node, which, n, keep), v.bound, false);
    else if (kind == 6)
        put_value(f, gndp_max(g, v.node, which, n, keep), v.bound, v.exact);
    else
        put_value(f, gndp_logsumexp(g, v.node, which, n, keep), v.bound + log(count), false);
}

static void fuzz_norm(fuzz *f)
{
    gndp_graph *g = f->g;
    const int i = pick(f);
    const gndp_type t = type_at(f, i);
    if (t.rank < 1 || t.dim[t.rank - 1] < 2)
        return;
    const gndp_type feature = gndp_type_1d(f->real, t.dim[t.rank - 1]);
    const gndp_node x = f->value[i].node;
    if (chance(f, 40)) {
        const gndp_node m = chance(f, 50) ? mask_for(f, i) : GNDP_NONE;
        const bool fits = !gndp_is_none(m) && gndp_node_type(m).rank <= t.rank && repeats(gndp_node_type(m), t);
        gndp_node full = fits ? gndp_broadcast_to(g, m, t.rank, t.dim) : GNDP_NONE;
        put_value(f, gndp_softmax(g, x, full), 1.0, false);
    } else {
        const gndp_node gain = chance(f, 50) ? new_input(f, feature, 0) : GNDP_NONE, bias = chance(f, 50) ? new_input(f, feature, 0) : GNDP_NONE;
        put_value(f, gndp_layer_norm(g, x, gain, bias, 0.1), 8.0, false);
    }
}

/* Layers tall enough to fuse: products, biases, sums of products, activations. */
static void fuzz_linear(fuzz *f)
{
    gndp_graph *g = f->g;
    const int i = pick(f);
    const gndp_type t = type_at(f, i);
    if (t.rank < 1 || t.dim[t.rank - 1] > 300 || t.dim[t.rank - 1] < 1)
        return;
    const int64_t k = t.dim[t.rank - 1], rows = gndp_type_count(t) / k;
    int64_t n = chance(f, 30) ? k : 1 + below(f, chance(f, 50) ? 20 : 140);
    n = rows * n > f->cap ? 1 + f->cap / (rows + 1) : n;
    n = n < 1 ? 1 : n;
    gndp_node x = f->value[i].node;
    double bound = f->value[i].bound;
    for (int depth = 1 + (int)below(f, 3); depth > 0; depth--) {
        const int64_t in = gndp_node_type(x).dim[t.rank - 1];
        const gndp_node w = weight(f, in, n), w2 = t.rank > 1 && chance(f, 30) ? weight(f, in, n) : GNDP_NONE;
        const gndp_node bias = chance(f, 60) ? new_input(f, gndp_type_1d(f->real, n), 0) : GNDP_NONE;
        if (gndp_is_none(w))
            return;
        gndp_node y = gndp_scale(g, gndp_linear(g, x, w, GNDP_NONE), 1.0 / sqrt((double)in));
        y = chance(f, 50) ? gndp_linear(g, gndp_scale(g, x, 1.0 / (double)in), w, bias) : y;
        if (!gndp_is_none(w2))
            y = gndp_add(g, y, gndp_scale(g, gndp_matmul(g, x, w2), 1.0 / (double)in));
        bound = 8.0;
        x = chance(f, 60) ? gndp_gelu(g, y) : y;
        if (f->keeps && chance(f, 50))
            gndp_keep(g, x);
        if (chance(f, 30))
            put_value(f, x, bound, false);
    }
    put_value(f, gndp_tanh(g, x), 1.0, false);
}

/* Products of two values: plain, batched, broadcast, transposed. */
static void fuzz_matmul(fuzz *f)
{
    gndp_graph *g = f->g;
    const int i = pick(f);
    const gndp_type t = type_at(f, i);
    if (t.rank < 2)
        return;
    const int64_t m = t.dim[t.rank - 2], k = t.dim[t.rank - 1];
    gndp_node a = f->value[i].node, b = GNDP_NONE;
    if (chance(f, 40)) {
        a = gndp_swap_last(g, a);
        b = chance(f, 50) ? f->value[i].node : gndp_sin(g, f->value[i].node);
    } else if (chance(f, 40)) {
        b = gndp_swap_last(g, f->value[i].node);
    } else {
        gndp_type bt = t;
        bt.dim[t.rank - 2] = k;
        bt.dim[t.rank - 1] = 1 + below(f, 12);
        for (int axis = 0; axis < t.rank - 2; axis++)
            bt.dim[axis] = chance(f, 40) ? 1 : bt.dim[axis];
        b = gndp_type_count(bt) <= f->cap ? new_input(f, bt, 0) : GNDP_NONE;
    }
    if (gndp_is_none(b) || gndp_type_count(t) / (m < k ? m : k) > f->cap || gndp_type_count(t) * (m > k ? m : k) > 20 * f->cap)
        return;
    const int64_t inner = gndp_node_type(a).dim[t.rank - 1];
    gndp_node y = gndp_matmul(g, chance(f, 30) ? gndp_scale(g, a, 0.5) : a, b);
    y = gndp_scale(g, y, 1.0 / (double)(inner > 0 ? inner : 1));
    put_value(f, chance(f, 30) ? gndp_swap_last(g, y) : y, fmax(1.0, f->value[i].bound * f->value[i].bound), false);
}

static void fuzz_attention(fuzz *f)
{
    gndp_graph *g = f->g;
    const int i = pick(f);
    const gndp_type t = type_at(f, i);
    const int64_t h = t.rank > 0 ? t.dim[t.rank - 1] : 0;
    if (t.rank < 2 || t.rank > 3 || h < 2 || h > 64 || t.dim[t.rank - 2] > 130)
        return;
    const int heads = h % 2 == 0 && chance(f, 50) ? 2 : 1;
    const gndp_node x = f->value[i].node;
    gndp_node mask = GNDP_NONE;
    if (chance(f, 40)) {
        gndp_type keys = {.dtype = f->real, .rank = t.rank - 1};
        memcpy(keys.dim, t.dim, (size_t)(t.rank - 1) * sizeof *t.dim);
        const gndp_node k = new_input(f, keys, 0);
        mask = gndp_is_none(k) ? GNDP_NONE : gndp_less(g, k, gndp_scalar(g, f->real, 0.75));
    }
    const gndp_node q = chance(f, 50) ? gndp_tanh(g, x) : x, v = chance(f, 50) ? gndp_sin(g, x) : x;
    put_value(f, gndp_attention(g, q, x, v, mask, heads, 0.0), f->value[i].bound, false);
}

static void fuzz_index(fuzz *f)
{
    gndp_graph *g = f->g;
    const int i = pick(f);
    const gndp_type t = type_at(f, i);
    if (t.rank < 1 || gndp_type_count(t) == 0 || f->n_index > 6)
        return;
    const int axis = (int)below(f, t.rank);
    const int64_t size = t.dim[axis];
    if (chance(f, 60)) {
        const int64_t take = 1 + below(f, size < 40 ? size + 3 : 40);
        const gndp_node index = new_input(f, gndp_type_1d(GNDP_I32, take), (int32_t)size);
        gndp_node y = gndp_is_none(index) ? index : gndp_gather(g, f->value[i].node, index, axis);
        put_value(f, y, f->value[i].bound, f->value[i].exact);
        if (!gndp_is_none(y) && chance(f, 30))
            put_value(f, gndp_scale(g, gndp_scatter_add(g, y, index, axis, size), 1.0 / (double)take), f->value[i].bound, false);
    } else {
        gndp_type it = t;
        it.dtype = GNDP_I32;
        const gndp_node index = new_input(f, it, (int32_t)size);
        put_value(f, gndp_is_none(index) ? index : gndp_take_along(g, f->value[i].node, index, axis), f->value[i].bound, f->value[i].exact);
    }
    f->n_index++;
}

static void fuzz_join(fuzz *f, int i, gndp_type t, int axis)
{
    gndp_graph *g = f->g;
    const fuzz_value v = f->value[i];
    gndp_node parts[4];
    int n = 0;
    if (t.dim[axis] >= 2 && chance(f, 60)) { /* cut and join again, in turn or not, some through ops */
        const int64_t cut = 1 + below(f, t.dim[axis] - 1);
        const gndp_node low = gndp_slice_axis(g, v.node, axis, 0, cut), high = gndp_slice_axis(g, v.node, axis, cut, t.dim[axis]);
        parts[n++] = chance(f, 50) ? gndp_neg(g, high) : high;
        parts[n++] = chance(f, 50) ? gndp_sin(g, low) : low;
        if (chance(f, 30))
            parts[n++] = low;
    } else {
        parts[n++] = v.node;
        parts[n++] = chance(f, 50) ? gndp_cos(g, v.node) : v.node;
    }
    put_value(f, gndp_concat(g, parts, n, axis), fmax(1.0, v.bound), false);
}

static void fuzz_shape(fuzz *f)
{
    gndp_graph *g = f->g;
    const int i = pick(f);
    const fuzz_value v = f->value[i];
    const gndp_type t = type_at(f, i);
    if (t.rank == 0 || gndp_type_count(t) == 0)
        return;
    const int axis = chance(f, 50) ? t.rank - 1 : (int)below(f, t.rank);
    const int64_t d = t.dim[axis];
    int perm[GNDP_MAX_RANK];
    int64_t dim[GNDP_MAX_RANK] = {0}, before[GNDP_MAX_RANK] = {0}, after[GNDP_MAX_RANK] = {0};
    switch (below(f, 8)) {
    case 0:
        for (int a = 0; a < t.rank; a++)
            perm[a] = a;
        for (int a = t.rank - 1; a > 0; a--) {
            const int b = (int)below(f, a + 1), c = perm[a];
            perm[a] = perm[b];
            perm[b] = c;
        }
        put_value(f, gndp_transpose(g, v.node, perm), v.bound, v.exact);
        break;
    case 1: { /* merge or split axes */
        int rank = 0;
        for (int a = 0; a < t.rank; a++)
            if (a > 0 && chance(f, 40))
                dim[rank - 1] *= t.dim[a];
            else if (t.dim[a] % 2 == 0 && rank < 5 && chance(f, 30)) {
                dim[rank++] = 2;
                dim[rank++] = t.dim[a] / 2;
            } else
                dim[rank++] = t.dim[a];
        put_value(f, gndp_reshape(g, v.node, rank, dim), v.bound, v.exact);
        break;
    }
    case 2:
        memcpy(dim + 1, t.dim, (size_t)t.rank * sizeof *dim);
        dim[0] = 1 + below(f, 4);
        for (int a = 1; a <= t.rank; a++)
            dim[a] = dim[a] == 1 && chance(f, 50) ? 1 + below(f, 5) : dim[a];
        if (t.rank < 5 && gndp_type_count(gndp_type_make(f->real, t.rank + 1, dim)) <= f->cap)
            put_value(f, gndp_broadcast_to(g, v.node, t.rank + 1, dim), v.bound, v.exact);
        break;
    case 3:
    case 4: {
        const int64_t start = below(f, d), stop = start + 1 + below(f, d - start);
        put_value(f, gndp_slice_axis(g, v.node, axis, start, stop), v.bound, v.exact);
        break;
    }
    case 5:
        before[axis] = below(f, 4);
        after[axis] = below(f, 4);
        if (chance(f, 20))
            before[0] += 1;
        put_value(f, gndp_pad(g, v.node, before, after), v.bound, v.exact);
        break;
    default:
        fuzz_join(f, i, t, axis);
        break;
    }
}

static void fuzz_cast(fuzz *f)
{
    gndp_graph *g = f->g;
    const int i = f->other == GNDP_F32 ? pick_exact(f) : pick(f);
    gndp_node x = f->value[i].node;
    bool exact = f->value[i].exact;
    if (f->real != f->other)
        x = gndp_cast(g, x, f->other);
    if (f->other == GNDP_F64 && chance(f, 50)) {
        x = gndp_sin(g, x);
        exact = false;
    }
    x = f->real != f->other ? gndp_cast(g, x, f->real) : gndp_scale(g, x, 1.0); /* a node of its own in both graphs */
    put_value(f, x, f->value[i].bound, exact);
}

#endif
