// SPDX-License-Identifier: Apache-2.0
// Sums, largest entries and log-sum-exp over axes, each node over one run of adjacent axes seen as [outer, reduced, inner].
#define GNDP_NO_CALLSITE
#include "graph/graph_internal.h"

#include <gndp/ops.h>

#include <math.h>

#define REAL float
#define GNDP_R(f) f##_f32
#include "graph/ops/reduce.inl"
#undef REAL
#undef GNDP_R
#define REAL double
#define GNDP_R(f) f##_f64
#include "graph/ops/reduce.inl"
#undef REAL
#undef GNDP_R

static gndp_status reduce_shape(const gndp_attr *attr, int n_in, const gndp_type in[], gndp_type out[])
{
    gndp_status st = GNDP_OK;
    (void)n_in;
    out[0] = attr->type;
    out[0].dtype = in[0].dtype;
    GNDP_CHECK(gndp_type_count(in[0]) == attr->i[0] * attr->i[1] * attr->i[2] && gndp_type_count(out[0]) == attr->i[0] * attr->i[2],
               GNDP_ERR_SHAPE, "reduction of " GNDP_TYPE_FMT " as [%lld, %lld, %lld] to " GNDP_TYPE_FMT, GNDP_TYPE_ARG(in[0]),
               (long long)attr->i[0], (long long)attr->i[1], (long long)attr->i[2], GNDP_TYPE_ARG(out[0]));
done:
    return st;
}

/* A value of the reduced shape, repeated to the shape of the input. */
static gndp_node spread(gndp_graph *g, const gndp_attr *attr, gndp_node reduced, gndp_type in)
{
    const int64_t column[3] = {attr->i[0], 1, attr->i[2]}, full[3] = {attr->i[0], attr->i[1], attr->i[2]};
    const gndp_node repeated = gndp_broadcast_to(g, gndp_reshape(g, reduced, 3, column), 3, full);
    return gndp_reshape(g, repeated, in.rank, in.dim);
}

static gndp_node again(gndp_graph *g, const gndp_attr *attr, gndp_node x)
{
    return gndp_node_append(g, gndp_op_find("sum"), attr, 1, &x);
}

static void sum_vjp(gndp_graph *g, const gndp_pullback *p)
{
    p->in_cot[0] = spread(g, p->attr, p->cot[0], gndp_node_type(p->in[0]));
}

/* Entries equal to the largest share its cotangent. */
static void max_vjp(gndp_graph *g, const gndp_pullback *p)
{
    const gndp_type in = gndp_node_type(p->in[0]);
    const gndp_node tied = gndp_equal(g, p->in[0], spread(g, p->attr, p->out[0], in));
    const gndp_node one = gndp_cast(g, tied, in.dtype);
    const gndp_node share = gndp_div(g, p->cot[0], again(g, p->attr, one));
    p->in_cot[0] = gndp_select(g, tied, spread(g, p->attr, share, in), gndp_fill(g, in, 0.0));
}

/* d/dx ln sum e^x = e^(x - y); rows of -inf have y = -inf and no derivative. */
static void logsumexp_vjp(gndp_graph *g, const gndp_pullback *p)
{
    const gndp_type in = gndp_node_type(p->in[0]);
    const gndp_node finite = gndp_isfinite(g, p->in[0]);
    const gndp_node zero = gndp_fill(g, in, 0.0);
    const gndp_node weight = gndp_exp(g, gndp_select(g, finite, gndp_sub(g, p->in[0], spread(g, p->attr, p->out[0], in)), zero));
    p->in_cot[0] = gndp_select(g, finite, gndp_mul(g, spread(g, p->attr, p->cot[0], in), weight), zero);
}

/* Reduce the axes marked in `drop`, last run first. */
static gndp_node reduce(gndp_graph *g, const char *op, gndp_node x, const bool *drop, bool keep)
{
    const gndp_type in = gndp_node_type(x);
    gndp_type now = in; /* axes reduced so far have size 1 */
    for (int last = in.rank - 1; last >= 0; last--) {
        if (!drop[last]) {
            continue;
        }
        int first = last;
        gndp_attr attr = {.i = {1, 1, 1}};
        while (first > 0 && (drop[first - 1] || in.dim[first - 1] == 1)) {
            first--;
        }
        for (int i = 0; i < in.rank; i++) {
            attr.i[i < first ? 0 : i <= last ? 1 : 2] *= now.dim[i];
            now.dim[i] = i >= first && i <= last ? 1 : now.dim[i];
        }
        attr.type = now;
        if (attr.i[1] != 1) {
            x = gndp_node_append(g, gndp_op_find(op), &attr, 1, &x);
        }
        last = first;
    }
    if (!keep) {
        gndp_type dropped = {.dtype = in.dtype};
        for (int i = 0; i < in.rank; i++) {
            if (!drop[i]) {
                dropped.dim[dropped.rank++] = in.dim[i];
            }
        }
        now = dropped;
    }
    return gndp_type_equal(now, gndp_node_type(x)) ? x : gndp_reshape(g, x, now.rank, now.dim);
}

/* The axes as marks; false (and g poisoned) when they are wrong. `count` is the number of entries reduced. */
static bool mark_axes(gndp_graph *g, const char *op, gndp_node x, const int *axes, int n, bool *drop, int64_t *count)
{
    *count = 1;
    if (gndp_graph_stopped(g, op, 1, &x)) {
        return false;
    }
    const gndp_type type = gndp_node_type(x);
    if (type.dtype == GNDP_I32) {
        gndp_graph_fail(g, GNDP_ERR_TYPE, op, GNDP_TYPE_FMT " is not real; cast it", GNDP_TYPE_ARG(type));
        return false;
    }
    if (axes == NULL) {
        n = type.rank;
    }
    for (int i = 0; i < n; i++) {
        int a = i;
        if (axes != NULL && (!gndp_axis_of(type, axes[i], &a) || drop[a])) {
            gndp_graph_fail(g, GNDP_ERR_RANGE, op, "axis %d of " GNDP_TYPE_FMT "%s", axes[i], GNDP_TYPE_ARG(type),
                            a >= 0 && a < type.rank && drop[a] ? " is named twice" : "");
            return false;
        }
        drop[a] = true;
        *count *= type.dim[a];
    }
    return true;
}

gndp_node(gndp_sum)(gndp_graph *g, gndp_node x, const int *axes, int n_axes, bool keep)
{
    bool drop[GNDP_MAX_RANK] = {false};
    int64_t count;
    return mark_axes(g, "sum", x, axes, n_axes, drop, &count) ? reduce(g, "sum", x, drop, keep) : GNDP_NONE;
}

gndp_node(gndp_mean)(gndp_graph *g, gndp_node x, const int *axes, int n_axes, bool keep)
{
    bool drop[GNDP_MAX_RANK] = {false};
    int64_t count;
    if (!mark_axes(g, "mean", x, axes, n_axes, drop, &count)) {
        return GNDP_NONE;
    }
    if (count == 0) {
        return gndp_graph_fail(g, GNDP_ERR_SHAPE, "mean", "nothing to average in " GNDP_TYPE_FMT, GNDP_TYPE_ARG(gndp_node_type(x)));
    }
    return gndp_scale(g, reduce(g, "sum", x, drop, keep), 1.0 / (double)count);
}

static gndp_node nonempty(gndp_graph *g, const char *op, gndp_node x, const int *axes, int n_axes, bool keep)
{
    bool drop[GNDP_MAX_RANK] = {false};
    int64_t count;
    if (!mark_axes(g, op, x, axes, n_axes, drop, &count)) {
        return GNDP_NONE;
    }
    if (count == 0) {
        return gndp_graph_fail(g, GNDP_ERR_SHAPE, op, "nothing to reduce in " GNDP_TYPE_FMT, GNDP_TYPE_ARG(gndp_node_type(x)));
    }
    return reduce(g, op, x, drop, keep);
}

gndp_node(gndp_max)(gndp_graph *g, gndp_node x, const int *axes, int n_axes, bool keep)
{
    return nonempty(g, "max", x, axes, n_axes, keep);
}

gndp_node(gndp_logsumexp)(gndp_graph *g, gndp_node x, const int *axes, int n_axes, bool keep)
{
    return nonempty(g, "logsumexp", x, axes, n_axes, keep);
}

gndp_node(gndp_sum_all)(gndp_graph *g, gndp_node x)
{
    return gndp_sum(g, x, NULL, 0, false);
}

gndp_node(gndp_mean_all)(gndp_graph *g, gndp_node x)
{
    return gndp_mean(g, x, NULL, 0, false);
}

gndp_node(gndp_sum_last)(gndp_graph *g, gndp_node x)
{
    const int axis = -1;
    return gndp_sum(g, x, &axis, 1, true);
}

gndp_node(gndp_sum_to)(gndp_graph *g, gndp_node x, gndp_type type)
{
    bool drop[GNDP_MAX_RANK] = {false};
    gndp_type both;
    if (gndp_graph_stopped(g, "sum_to", 1, &x)) {
        return GNDP_NONE;
    }
    const gndp_type from = gndp_node_type(x);
    type.dtype = from.dtype;
    if (type.rank > from.rank || !gndp_type_broadcast(from, type, &both) || !gndp_type_equal(both, from)) {
        return gndp_graph_fail(g, GNDP_ERR_SHAPE, "sum_to", GNDP_TYPE_FMT " is no repetition of " GNDP_TYPE_FMT, GNDP_TYPE_ARG(from),
                               GNDP_TYPE_ARG(type));
    }
    for (int i = 0; i < from.rank; i++) {
        const int j = i - (from.rank - type.rank);
        drop[i] = j < 0 || (type.dim[j] == 1 && from.dim[i] != 1);
    }
    const gndp_node sum = reduce(g, "sum", x, drop, true);
    return gndp_type_equal(gndp_node_type(sum), type) ? sum : gndp_reshape(g, sum, type.rank, type.dim);
}

static double input_flops(const gndp_attr *attr, int n_in, const gndp_type in[], const gndp_type out[])
{
    (void)attr;
    (void)n_in;
    (void)out;
    return (double)gndp_type_count(in[0]);
}

#define BOTH(f) .ref = {f##_f32, f##_f64, NULL}, .flops = input_flops
const gndp_op gndp_ops_reduce[] = {
    {.name = "sum", .n_in = 1, .shape = reduce_shape, .vjp = sum_vjp, BOTH(sum_ref), .reduction = 's',
     .grad_case = "[3,4,5] ; i0=3 i1=4 i2=5 type=[3,5] | [6,7] ; i0=6 i1=7 i2=1 type=[6,1] | [9,4] ; i0=1 i1=9 i2=4 type=[4] | [8] ; i0=1 i1=8 i2=1 type=[]"},
    {.name = "max", .n_in = 1, .shape = reduce_shape, .vjp = max_vjp, BOTH(max_ref), .cpu = {max_ref_f32, max_ref_f64, NULL},
     .grad_case = "d[3,4,5] ; i0=3 i1=4 i2=5 type=[3,5] | d[6,7] ; i0=6 i1=7 i2=1 type=[6]"},
    {.name = "logsumexp", .n_in = 1, .shape = reduce_shape, .vjp = logsumexp_vjp, BOTH(logsumexp_ref),
     .cpu = {logsumexp_ref_f32, logsumexp_ref_f64, NULL},
     .grad_case = "[3,4,5] ; i0=3 i1=4 i2=5 type=[3,5] | [6,7] ; i0=6 i1=7 i2=1 type=[6]"},
    {0},
};
