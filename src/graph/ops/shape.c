// SPDX-License-Identifier: Apache-2.0
// Reshape, transpose, broadcast and slice, which are views where a view can say it, and pad and concat, which move data.
#define GNDP_NO_CALLSITE
#include "graph/graph_internal.h"

#include <gndp/ops.h>

#include <string.h>

/* ------------------------------------------------------------------------------------------ shape rules */

static gndp_status reshape_shape(const gndp_attr *attr, int n_in, const gndp_type in[], gndp_type out[])
{
    gndp_status st = GNDP_OK;
    (void)n_in;
    out[0] = attr->type;
    out[0].dtype = in[0].dtype;
    GNDP_CHECK(gndp_type_count(in[0]) == gndp_type_count(out[0]), GNDP_ERR_SHAPE, "reshape: " GNDP_TYPE_FMT " to " GNDP_TYPE_FMT ": other counts",
               GNDP_TYPE_ARG(in[0]), GNDP_TYPE_ARG(out[0]));
done:
    return st;
}

static gndp_status transpose_shape(const gndp_attr *attr, int n_in, const gndp_type in[], gndp_type out[])
{
    gndp_status st = GNDP_OK;
    bool used[GNDP_MAX_RANK] = {false};
    (void)n_in;
    out[0] = in[0];
    for (int i = 0; i < in[0].rank; i++) {
        const int64_t axis = attr->i[i];
        GNDP_CHECK(axis >= 0 && axis < in[0].rank && !used[axis], GNDP_ERR_RANGE,
                   "transpose: axis %lld at place %d of the permutation of " GNDP_TYPE_FMT, (long long)axis, i, GNDP_TYPE_ARG(in[0]));
        used[axis] = true;
        out[0].dim[i] = in[0].dim[axis];
    }
done:
    return st;
}

static gndp_status broadcast_shape(const gndp_attr *attr, int n_in, const gndp_type in[], gndp_type out[])
{
    gndp_status st = GNDP_OK;
    gndp_type both;
    (void)n_in;
    out[0] = attr->type;
    out[0].dtype = in[0].dtype;
    GNDP_CHECK(in[0].rank <= out[0].rank && gndp_type_broadcast(out[0], in[0], &both) && gndp_type_equal(both, out[0]), GNDP_ERR_SHAPE,
               "broadcast: " GNDP_TYPE_FMT " does not repeat to " GNDP_TYPE_FMT, GNDP_TYPE_ARG(in[0]), GNDP_TYPE_ARG(out[0]));
done:
    return st;
}

static gndp_status slice_shape(const gndp_attr *attr, int n_in, const gndp_type in[], gndp_type out[])
{
    gndp_status st = GNDP_OK;
    (void)n_in;
    out[0] = in[0];
    for (int i = 0; i < in[0].rank; i++) {
        const int64_t start = attr->i[i], stop = attr->i[GNDP_MAX_RANK + i];
        GNDP_CHECK(start >= 0 && start <= stop && stop <= in[0].dim[i], GNDP_ERR_RANGE, "slice: %lld..%lld on axis %d of " GNDP_TYPE_FMT,
                   (long long)start, (long long)stop, i, GNDP_TYPE_ARG(in[0]));
        out[0].dim[i] = stop - start;
    }
done:
    return st;
}

static gndp_status pad_shape(const gndp_attr *attr, int n_in, const gndp_type in[], gndp_type out[])
{
    gndp_status st = GNDP_OK;
    (void)n_in;
    out[0] = in[0];
    for (int i = 0; i < in[0].rank; i++) {
        const int64_t before = attr->i[i], after = attr->i[GNDP_MAX_RANK + i];
        GNDP_CHECK(before >= 0 && after >= 0, GNDP_ERR_RANGE, "pad: %lld before and %lld after on axis %d of " GNDP_TYPE_FMT ": negative",
                   (long long)before, (long long)after, i, GNDP_TYPE_ARG(in[0]));
        out[0].dim[i] += before + after;
    }
done:
    return st;
}

static gndp_status concat_shape(const gndp_attr *attr, int n_in, const gndp_type in[], gndp_type out[])
{
    gndp_status st = GNDP_OK;
    const int axis = (int)attr->i[0];
    GNDP_CHECK(n_in >= 1, GNDP_ERR_ARG, "concat: nothing to join");
    GNDP_CHECK(axis >= 0 && axis < in[0].rank, GNDP_ERR_RANGE, "concat: axis %d of " GNDP_TYPE_FMT, axis, GNDP_TYPE_ARG(in[0]));
    out[0] = in[0];
    for (int k = 1; k < n_in; k++) {
        gndp_type expected = in[0];
        GNDP_CHECK(in[k].rank == in[0].rank, GNDP_ERR_SHAPE, "concat: " GNDP_TYPE_FMT " and " GNDP_TYPE_FMT " on axis %d",
                   GNDP_TYPE_ARG(in[0]), GNDP_TYPE_ARG(in[k]), axis);
        expected.dim[axis] = in[k].dim[axis];
        GNDP_CHECK(in[k].dtype == in[0].dtype, GNDP_ERR_TYPE, "concat: " GNDP_TYPE_FMT " and " GNDP_TYPE_FMT, GNDP_TYPE_ARG(in[0]),
                   GNDP_TYPE_ARG(in[k]));
        GNDP_CHECK(gndp_type_equal(expected, in[k]), GNDP_ERR_SHAPE, "concat: " GNDP_TYPE_FMT " and " GNDP_TYPE_FMT " on axis %d",
                   GNDP_TYPE_ARG(in[0]), GNDP_TYPE_ARG(in[k]), axis);
        out[0].dim[axis] += in[k].dim[axis];
    }
done:
    return st;
}

/* ------------------------------------------------------------------------------------------------ views */

/* Row-major strides of the new shape exist when every run of merged axes was dense with respect to itself. */
static bool reshape_view(const gndp_attr *attr, gndp_type in, gndp_type out, const gndp_strides *from, gndp_strides *to)
{
    (void)attr;
    *to = (gndp_strides){.offset = from->offset};
    if (gndp_type_count(out) <= 1) {
        return true;
    }
    int i = in.rank - 1, o = out.rank - 1;
    while (o >= 0) {
        int64_t run = 1, stride = 0;
        if (out.dim[o] == 1) {
            o--;
            continue;
        }
        while (i >= 0 && in.dim[i] == 1) {
            i--;
        }
        /* take input axes until they hold at least this output axis, then output axes until they are used up */
        stride = i >= 0 ? from->stride[i] : 0;
        int64_t held = 1;
        const int64_t unit = stride;
        while (i >= 0 && held < out.dim[o]) {
            if (in.dim[i] != 1) {
                if (held > 1 && from->stride[i] != unit * held) {
                    return false;
                }
                held *= in.dim[i];
            }
            i--;
        }
        while (o >= 0 && run * out.dim[o] <= held && held % (run * out.dim[o]) == 0) {
            if (out.dim[o] != 1) {
                to->stride[o] = unit * run;
            }
            run *= out.dim[o];
            o--;
        }
        /* an uneven split: pull in more input axes until both sides agree */
        while (run != held) {
            if (run > held || o < 0) {
                return false;
            }
            if (i < 0 || (in.dim[i] != 1 && from->stride[i] != unit * held)) {
                return false;
            }
            held *= in.dim[i];
            i--;
            while (o >= 0 && run * out.dim[o] <= held && held % (run * out.dim[o]) == 0) {
                if (out.dim[o] != 1) {
                    to->stride[o] = unit * run;
                }
                run *= out.dim[o];
                o--;
            }
        }
    }
    return true;
}

static bool transpose_view(const gndp_attr *attr, gndp_type in, gndp_type out, const gndp_strides *from, gndp_strides *to)
{
    (void)out;
    *to = (gndp_strides){.offset = from->offset};
    for (int i = 0; i < in.rank; i++) {
        to->stride[i] = from->stride[attr->i[i]];
    }
    return true;
}

static bool broadcast_view(const gndp_attr *attr, gndp_type in, gndp_type out, const gndp_strides *from, gndp_strides *to)
{
    (void)attr;
    *to = (gndp_strides){.offset = from->offset};
    for (int i = 0; i < in.rank; i++) {
        to->stride[out.rank - in.rank + i] = in.dim[i] == 1 ? 0 : from->stride[i];
    }
    return true;
}

static bool slice_view(const gndp_attr *attr, gndp_type in, gndp_type out, const gndp_strides *from, gndp_strides *to)
{
    (void)out;
    *to = *from;
    for (int i = 0; i < in.rank; i++) {
        to->offset += attr->i[i] * from->stride[i];
    }
    return true;
}

/* ---------------------------------------------------------------------------------------------- loops */

static void dense_strides(gndp_type type, gndp_strides *s)
{
    int64_t step = 1;
    *s = (gndp_strides){0};
    for (int i = type.rank - 1; i >= 0; i--) {
        s->stride[i] = step;
        step *= type.dim[i];
    }
}

/* Copy `type` elements from a strided source to a strided destination, whatever their type. */
static void copy_strided(gndp_type type, const char *src, const gndp_strides *from, char *dst, const gndp_strides *to)
{
    size_t size = gndp_dtype_size(type.dtype);
    int64_t index[GNDP_MAX_RANK] = {0}, run = 1;
    const size_t element = size;
    while (type.rank > 0 && from->stride[type.rank - 1] == run && to->stride[type.rank - 1] == run) { /* axes in order on both sides */
        run *= type.dim[--type.rank];
    }
    size *= (size_t)run;
    const int64_t count = gndp_type_count(type);
    for (int64_t e = 0; e < count && run > 0; e++) {
        int64_t s = from->offset, d = to->offset;
        for (int i = 0; i < type.rank; i++) {
            s += index[i] * from->stride[i];
            d += index[i] * to->stride[i];
        }
        memcpy(dst + (size_t)d * element, src + (size_t)s * element, size);
        for (int i = type.rank - 1; i >= 0 && ++index[i] == type.dim[i]; i--) {
            index[i] = 0;
        }
    }
}

static gndp_status view_ref(const gndp_exec *ex)
{
    gndp_strides from, dense, to;
    dense_strides(ex->in[0].type, &from);
    dense_strides(ex->out[0].type, &to);
    ex->op->view(ex->attr, ex->in[0].type, ex->out[0].type, &from, &dense);
    copy_strided(ex->out[0].type, ex->in[0].data, &dense, ex->out[0].data, &to);
    return GNDP_OK;
}

static gndp_status reshape_ref(const gndp_exec *ex)
{
    memcpy(ex->out[0].data, ex->in[0].data, gndp_type_bytes(ex->out[0].type));
    return GNDP_OK;
}

static gndp_status pad_ref(const gndp_exec *ex)
{
    gndp_strides from, to;
    memset(ex->out[0].data, 0, gndp_type_bytes(ex->out[0].type));
    dense_strides(ex->in[0].type, &from);
    dense_strides(ex->out[0].type, &to);
    for (int i = 0; i < ex->in[0].type.rank; i++) {
        to.offset += ex->attr->i[i] * to.stride[i];
    }
    copy_strided(ex->in[0].type, ex->in[0].data, &from, ex->out[0].data, &to);
    return GNDP_OK;
}

static gndp_status concat_ref(const gndp_exec *ex)
{
    const int axis = (int)ex->attr->i[0];
    gndp_strides from, to;
    dense_strides(ex->out[0].type, &to);
    for (int k = 0; k < ex->n_in; k++) {
        dense_strides(ex->in[k].type, &from);
        copy_strided(ex->in[k].type, ex->in[k].data, &from, ex->out[0].data, &to);
        to.offset += ex->in[k].type.dim[axis] * to.stride[axis];
    }
    return GNDP_OK;
}

/* -------------------------------------------------------------------------------------------- adjoints */

static void reshape_vjp(gndp_graph *g, const gndp_pullback *p)
{
    const gndp_type in = gndp_node_type(p->in[0]);
    p->in_cot[0] = gndp_reshape(g, p->cot[0], in.rank, in.dim);
}

static void transpose_vjp(gndp_graph *g, const gndp_pullback *p)
{
    int inverse[GNDP_MAX_RANK] = {0};
    for (int i = 0; i < gndp_node_type(p->in[0]).rank; i++) {
        inverse[p->attr->i[i]] = i;
    }
    p->in_cot[0] = gndp_transpose(g, p->cot[0], inverse);
}

static void broadcast_vjp(gndp_graph *g, const gndp_pullback *p)
{
    p->in_cot[0] = gndp_sum_to(g, p->cot[0], gndp_node_type(p->in[0]));
}

static void slice_vjp(gndp_graph *g, const gndp_pullback *p)
{
    const gndp_type in = gndp_node_type(p->in[0]);
    int64_t after[GNDP_MAX_RANK] = {0};
    for (int i = 0; i < in.rank; i++) {
        after[i] = in.dim[i] - p->attr->i[GNDP_MAX_RANK + i];
    }
    p->in_cot[0] = gndp_pad(g, p->cot[0], p->attr->i, after);
}

static void pad_vjp(gndp_graph *g, const gndp_pullback *p)
{
    const gndp_type in = gndp_node_type(p->in[0]);
    int64_t stop[GNDP_MAX_RANK] = {0};
    for (int i = 0; i < in.rank; i++) {
        stop[i] = p->attr->i[i] + in.dim[i];
    }
    p->in_cot[0] = gndp_slice(g, p->cot[0], p->attr->i, stop);
}

static void concat_vjp(gndp_graph *g, const gndp_pullback *p)
{
    const int axis = (int)p->attr->i[0];
    int64_t start = 0;
    for (int k = 0; k < p->n_in; k++) {
        const int64_t stop = start + gndp_node_type(p->in[k]).dim[axis];
        p->in_cot[k] = gndp_slice_axis(g, p->cot[0], axis, start, stop);
        start = stop;
    }
}

/* -------------------------------------------------------------------------------------------- builders */

gndp_node(gndp_reshape)(gndp_graph *g, gndp_node x, int rank, const int64_t *dim)
{
    if (gndp_graph_stopped(g, "reshape", 1, &x)) {
        return GNDP_NONE;
    }
    const gndp_type in = gndp_node_type(x);
    int64_t known = 1;
    int open = -1;
    if (rank < 0 || rank > GNDP_MAX_RANK || (rank > 0 && dim == NULL)) {
        return gndp_graph_fail(g, GNDP_ERR_SHAPE, "reshape", "rank %d is outside 0..%d", rank, GNDP_MAX_RANK);
    }
    gndp_attr attr = {.type = {.dtype = in.dtype, .rank = rank}};
    for (int i = 0; i < rank; i++) {
        attr.type.dim[i] = dim[i];
        if (dim[i] == -1 && open < 0) {
            open = i;
        } else if (dim[i] < 0) {
            return gndp_graph_fail(g, GNDP_ERR_SHAPE, "reshape", "dim %d of the result of " GNDP_TYPE_FMT " is %lld", i, GNDP_TYPE_ARG(in),
                                   (long long)dim[i]);
        } else {
            known *= dim[i];
        }
    }
    if (open >= 0) {
        attr.type.dim[open] = known > 0 ? gndp_type_count(in) / known : 0;
    }
    return gndp_node_append(g, gndp_op_find("reshape"), &attr, 1, &x);
}

gndp_node(gndp_transpose)(gndp_graph *g, gndp_node x, const int *perm)
{
    gndp_attr attr = {0};
    if (gndp_graph_stopped(g, "transpose", 1, &x)) {
        return GNDP_NONE;
    }
    if (perm == NULL) {
        return gndp_graph_fail(g, GNDP_ERR_ARG, "transpose", "perm is NULL");
    }
    for (int i = 0; i < gndp_node_type(x).rank; i++) {
        attr.i[i] = perm[i];
    }
    return gndp_node_append(g, gndp_op_find("transpose"), &attr, 1, &x);
}

gndp_node(gndp_swap_last)(gndp_graph *g, gndp_node x)
{
    int perm[GNDP_MAX_RANK];
    if (gndp_graph_stopped(g, "transpose", 1, &x)) {
        return GNDP_NONE;
    }
    const int rank = gndp_node_type(x).rank;
    if (rank < 2) {
        return gndp_graph_fail(g, GNDP_ERR_SHAPE, "transpose", GNDP_TYPE_FMT " has no last two axes", GNDP_TYPE_ARG(gndp_node_type(x)));
    }
    for (int i = 0; i < rank; i++) {
        perm[i] = i;
    }
    perm[rank - 2] = rank - 1;
    perm[rank - 1] = rank - 2;
    return gndp_transpose(g, x, perm);
}

gndp_node(gndp_broadcast_to)(gndp_graph *g, gndp_node x, int rank, const int64_t *dim)
{
    if (gndp_graph_stopped(g, "broadcast", 1, &x)) {
        return GNDP_NONE;
    }
    if (rank < 0 || rank > GNDP_MAX_RANK || (rank > 0 && dim == NULL)) {
        return gndp_graph_fail(g, GNDP_ERR_SHAPE, "broadcast", "rank %d is outside 0..%d", rank, GNDP_MAX_RANK);
    }
    const gndp_attr attr = {.type = gndp_type_make(gndp_node_type(x).dtype, rank, dim)};
    if (gndp_type_equal(attr.type, gndp_node_type(x))) {
        return x;
    }
    return gndp_node_append(g, gndp_op_find("broadcast"), &attr, 1, &x);
}

static gndp_node with_bounds(gndp_graph *g, const char *op, gndp_node x, const int64_t *low, const int64_t *high)
{
    gndp_attr attr = {0};
    if (gndp_graph_stopped(g, op, 1, &x)) {
        return GNDP_NONE;
    }
    if (low == NULL || high == NULL) {
        return gndp_graph_fail(g, GNDP_ERR_ARG, op, "bounds are NULL");
    }
    for (int i = 0; i < gndp_node_type(x).rank; i++) {
        attr.i[i] = low[i];
        attr.i[GNDP_MAX_RANK + i] = high[i];
    }
    return gndp_node_append(g, gndp_op_find(op), &attr, 1, &x);
}

gndp_node(gndp_slice)(gndp_graph *g, gndp_node x, const int64_t *start, const int64_t *stop)
{
    return with_bounds(g, "slice", x, start, stop);
}

gndp_node(gndp_pad)(gndp_graph *g, gndp_node x, const int64_t *before, const int64_t *after)
{
    return with_bounds(g, "pad", x, before, after);
}

gndp_node(gndp_slice_axis)(gndp_graph *g, gndp_node x, int axis, int64_t start, int64_t stop)
{
    int64_t low[GNDP_MAX_RANK] = {0}, high[GNDP_MAX_RANK];
    int a = 0;
    if (gndp_graph_stopped(g, "slice", 1, &x)) {
        return GNDP_NONE;
    }
    const gndp_type type = gndp_node_type(x);
    if (!gndp_axis_of(type, axis, &a)) {
        return gndp_graph_fail(g, GNDP_ERR_RANGE, "slice", "axis %d of " GNDP_TYPE_FMT, axis, GNDP_TYPE_ARG(type));
    }
    memcpy(high, type.dim, sizeof high);
    low[a] = start;
    high[a] = stop;
    return gndp_slice(g, x, low, high);
}

gndp_node(gndp_concat)(gndp_graph *g, const gndp_node *x, int n, int axis)
{
    gndp_attr attr = {0};
    int a = 0;
    if (gndp_graph_stopped(g, "concat", 0, NULL)) {
        return GNDP_NONE;
    }
    if (n < 1 || x == NULL) {
        return gndp_graph_fail(g, GNDP_ERR_ARG, "concat", "%d arrays", n);
    }
    if (n > GNDP_MAX_INPUTS) {
        /* a tree of joins: each of at most GNDP_MAX_INPUTS */
        const gndp_node halves[2] = {gndp_concat(g, x, n / 2, axis), gndp_concat(g, x + n / 2, n - n / 2, axis)};
        return gndp_concat(g, halves, 2, axis);
    }
    if (gndp_graph_stopped(g, "concat", n, x)) {
        return GNDP_NONE;
    }
    if (!gndp_axis_of(gndp_node_type(x[0]), axis, &a)) {
        return gndp_graph_fail(g, GNDP_ERR_RANGE, "concat", "axis %d of " GNDP_TYPE_FMT, axis, GNDP_TYPE_ARG(gndp_node_type(x[0])));
    }
    attr.i[0] = a;
    return n == 1 ? x[0] : gndp_node_append(g, gndp_op_find("concat"), &attr, n, x);
}

void(gndp_split)(gndp_graph *g, gndp_node x, int axis, int n, gndp_node *out)
{
    int a = 0;
    for (int i = 0; i < n && out != NULL; i++) {
        out[i] = GNDP_NONE;
    }
    if (gndp_graph_stopped(g, "split", 1, &x)) {
        return;
    }
    const gndp_type type = gndp_node_type(x);
    if (out == NULL || n < 1 || !gndp_axis_of(type, axis, &a) || type.dim[a] % n != 0) {
        gndp_graph_fail(g, GNDP_ERR_SHAPE, "split", GNDP_TYPE_FMT " into %d equal parts on axis %d", GNDP_TYPE_ARG(type), n, axis);
        return;
    }
    const int64_t size = type.dim[a] / n;
    for (int i = 0; i < n; i++) {
        out[i] = gndp_slice_axis(g, x, a, i * size, (i + 1) * size);
    }
}

static double no_flops(const gndp_attr *attr, int n_in, const gndp_type in[], const gndp_type out[])
{
    (void)attr;
    (void)n_in;
    (void)in;
    (void)out;
    return 0.0;
}

#define ALL(f) .ref = {f, f, f}, .flops = no_flops
const gndp_op gndp_ops_shape[] = {
    {.name = "reshape", .n_in = 1, .shape = reshape_shape, .vjp = reshape_vjp, ALL(reshape_ref), .view = reshape_view,
     .grad_case = "[4,6] ; type=[2,2,3,2] | [3,1,4] ; type=[12] | [6] ; type=[1,6,1]"},
    {.name = "transpose", .n_in = 1, .shape = transpose_shape, .vjp = transpose_vjp, ALL(view_ref), .view = transpose_view,
     .grad_case = "[3,4,5] ; i0=2 i1=0 i2=1 | [3,2] ; i0=1 i1=0"},
    {.name = "broadcast", .n_in = 1, .shape = broadcast_shape, .vjp = broadcast_vjp, ALL(view_ref), .view = broadcast_view,
     .grad_case = "[3,1,2] ; type=[4,3,5,2] | [] ; type=[3,2] | [1] ; type=[7]"},
    {.name = "slice", .n_in = 1, .shape = slice_shape, .vjp = slice_vjp, ALL(view_ref), .view = slice_view,
     .grad_case = "[4,5,3] ; i0=1 i1=0 i2=2 i8=3 i9=5 i10=3 | [6] ; i0=2 i8=2"},
    {.name = "pad", .n_in = 1, .shape = pad_shape, .vjp = pad_vjp, ALL(pad_ref), .grad_case = "[2,3] ; i0=1 i1=0 i8=2 i9=4 | [3] ; i0=0 i8=2"},
    {.name = "concat", .n_in = -1, .shape = concat_shape, .vjp = concat_vjp, ALL(concat_ref),
     .grad_case = "[2,3] [2,1] [2,4] ; i0=1 | [2,3] [1,3] ; i0=0 | [5] [3]"},
    {0},
};
