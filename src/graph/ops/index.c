// SPDX-License-Identifier: Apache-2.0
// Reading and adding by index: gather and scatter_add along an axis, take_along and scatter_along
// entry by entry.
#define GNDP_NO_CALLSITE
#include "graph/op.h"
#include "graph/ops/dims.h"

#include <gndp/ops.h>

#include <string.h>

/* attr.i[0]: axis; attr.i[1]: length of the axis made by the scatters. Each array is seen as
   [outer, axis, inner]: `size` is the axis that the indices count, `count` the number of positions.
 */
typedef struct index_shape {
    int64_t outer, size, count, inner;
} index_shape;

enum { GATHER, SCATTER_ADD, TAKE_ALONG, SCATTER_ALONG };

/* Columns of one task of a scatter. */
#define SCATTER_COLUMNS 64

static index_shape gather_extents(const gndp_exec *ex)
{
    const gndp_type x = ex->in[0].type;
    const int axis = (int)ex->attr->i[0];
    return (index_shape){.outer = gndp_dims_product(x, 0, axis),
                         .size = x.dim[axis],
                         .count = gndp_type_count(ex->in[1].type),
                         .inner = gndp_dims_product(x, axis + 1, x.rank)};
}

static index_shape along_extents(const gndp_exec *ex)
{
    const gndp_type index = ex->in[1].type;
    const int axis = (int)ex->attr->i[0];
    return (index_shape){.outer = gndp_dims_product(index, 0, axis),
                         .size = ex->in[0].type.dim[axis],
                         .count = index.dim[axis],
                         .inner = gndp_dims_product(index, axis + 1, index.rank)};
}

/* Both scatters: the result is [outer, size, inner]. */
static index_shape scatter_extents(const gndp_exec *ex)
{
    const gndp_type y = ex->out[0].type;
    const int axis = (int)ex->attr->i[0];
    const int64_t outer = gndp_dims_product(y, 0, axis),
                  inner = gndp_dims_product(y, axis + 1, y.rank);
    const int count_rank = ex->in[0].type.rank - y.rank +
                           1; /* axes of the positions: more than one for scatter_add only */
    return (index_shape){.outer = outer,
                         .size = y.dim[axis],
                         .count = gndp_dims_product(ex->in[0].type, axis, axis + count_rank),
                         .inner = inner};
}

static gndp_status check_index(const char *op, const int32_t *index, int64_t n, int64_t size,
                               int threads)
{
    gndp_status st = GNDP_OK;
    int64_t bad = n;
#pragma omp parallel for schedule(static) num_threads(threads) reduction(min : bad) if (n > 65536)
    for (int64_t j = 0; j < n; j++) {
        if ((index[j] < 0 || index[j] >= size) && j < bad) {
            bad = j;
        }
    }
    GNDP_CHECK(bad == n || size > 0, GNDP_ERR_RANGE,
               "%s: index %d at position %lld: the axis is empty", op, index[bad], (long long)bad);
    GNDP_CHECK(bad == n, GNDP_ERR_RANGE, "%s: index %d at position %lld is outside 0..%lld", op,
               index[bad], (long long)bad, (long long)(size - 1));
done:
    return st;
}

/* Few and narrow columns for threads to share: let them share destinations. Decided by shapes
 * alone. */
static bool scatter_sorts(const index_shape *s)
{
    return s->outer * ((s->inner + SCATTER_COLUMNS - 1) / SCATTER_COLUMNS) < 16;
}

/* Counting sort: sources of destination d are order[start[d] .. start[d + 1]), ascending. */
static void sort_sources(const int32_t *index, int64_t count, int64_t size, int64_t *start,
                         int64_t *order)
{
    for (int64_t d = 0; d <= size; d++) {
        start[d] = 0;
    }
    for (int64_t j = 0; j < count; j++) {
        start[index[j] + 1]++;
    }
    for (int64_t d = 0; d < size; d++) {
        start[d + 1] += start[d];
    }
    for (int64_t j = 0; j < count; j++) {
        order[start[index[j]]++] = j;
    }
    for (int64_t d = size; d > 0; d--) { /* each start has moved to the next one */
        start[d] = start[d - 1];
    }
    start[0] = 0;
}

static size_t scatter_add_scratch(const gndp_exec *ex)
{
    const index_shape s = scatter_extents(ex);
    return scatter_sorts(&s) ? (size_t)(s.size + 1 + s.count) * sizeof(int64_t) : 0;
}

#define ELEM float
#define GNDP_R(f) f##_f32
#include "graph/ops/index.inl"
#undef ELEM
#undef GNDP_R
#define ELEM double
#define GNDP_R(f) f##_f64
#include "graph/ops/index.inl"
#undef ELEM
#undef GNDP_R
#define ELEM int32_t
#define GNDP_R(f) f##_i32
#include "graph/ops/index.inl"
#undef ELEM
#undef GNDP_R

#define REAL float
#define GNDP_R(f) f##_f32
#include "graph/ops/scatter.inl"
#undef REAL
#undef GNDP_R
#define REAL double
#define GNDP_R(f) f##_f64
#include "graph/ops/scatter.inl"
#undef REAL
#undef GNDP_R

/* --------------------------------------------------------------------------------------- shapes */

static gndp_status check_axis(const char *op, const gndp_attr *attr, gndp_type x, gndp_type index)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(index.dtype == GNDP_I32, GNDP_ERR_TYPE,
               "%s: the index must be i32, got " GNDP_TYPE_FMT, op, GNDP_TYPE_ARG(index));
    GNDP_CHECK(attr->i[0] >= 0 && attr->i[0] < x.rank, GNDP_ERR_RANGE,
               "%s: axis %lld of " GNDP_TYPE_FMT, op, (long long)attr->i[0], GNDP_TYPE_ARG(x));
done:
    return st;
}

static gndp_status gather_shape(const gndp_attr *attr, int n_in, const gndp_type in[],
                                gndp_type out[])
{
    gndp_status st = GNDP_OK;
    const int axis = (int)attr->i[0];
    gndp_type y = {.dtype = in[0].dtype, .rank = in[0].rank - 1 + in[1].rank};
    (void)n_in;
    GNDP_TRY(check_axis("gather", attr, in[0], in[1]));
    GNDP_CHECK(y.rank <= GNDP_MAX_RANK, GNDP_ERR_SHAPE,
               "gather: " GNDP_TYPE_FMT " by " GNDP_TYPE_FMT " has rank %d, above %d",
               GNDP_TYPE_ARG(in[0]), GNDP_TYPE_ARG(in[1]), y.rank, GNDP_MAX_RANK);
    for (int i = 0; i < y.rank; i++) {
        y.dim[i] = i < axis                ? in[0].dim[i]
                   : i < axis + in[1].rank ? in[1].dim[i - axis]
                                           : in[0].dim[i - in[1].rank + 1];
    }
    out[0] = y;
done:
    return st;
}

static gndp_status scatter_add_shape(const gndp_attr *attr, int n_in, const gndp_type in[],
                                     gndp_type out[])
{
    gndp_status st = GNDP_OK;
    const int axis = (int)attr->i[0];
    gndp_type y = {.dtype = in[0].dtype, .rank = in[0].rank - in[1].rank + 1};
    (void)n_in;
    GNDP_CHECK(in[0].dtype != GNDP_I32, GNDP_ERR_TYPE,
               "scatter_add: wants real values, got " GNDP_TYPE_FMT, GNDP_TYPE_ARG(in[0]));
    GNDP_CHECK(in[1].dtype == GNDP_I32, GNDP_ERR_TYPE,
               "scatter_add: the index must be i32, got " GNDP_TYPE_FMT, GNDP_TYPE_ARG(in[1]));
    GNDP_CHECK(y.rank >= 1 && y.rank <= GNDP_MAX_RANK && attr->i[0] >= 0 && attr->i[0] < y.rank,
               GNDP_ERR_RANGE, "scatter_add: axis %lld of " GNDP_TYPE_FMT " by " GNDP_TYPE_FMT,
               (long long)attr->i[0], GNDP_TYPE_ARG(in[0]), GNDP_TYPE_ARG(in[1]));
    GNDP_CHECK(attr->i[1] >= 0 && attr->i[1] <= INT32_MAX, GNDP_ERR_RANGE, "scatter_add: size %lld",
               (long long)attr->i[1]);
    for (int i = 0; i < in[1].rank; i++) {
        GNDP_CHECK(in[0].dim[axis + i] == in[1].dim[i], GNDP_ERR_SHAPE,
                   "scatter_add: " GNDP_TYPE_FMT " does not have the index's shape " GNDP_TYPE_FMT
                   " from axis %d on",
                   GNDP_TYPE_ARG(in[0]), GNDP_TYPE_ARG(in[1]), axis);
    }
    for (int i = 0; i < y.rank; i++) {
        y.dim[i] = i < axis ? in[0].dim[i] : i == axis ? attr->i[1] : in[0].dim[i + in[1].rank - 1];
    }
    out[0] = y;
done:
    return st;
}

/* x and index agree but for the axis (with `axis_too` there as well). */
static gndp_status check_along(const char *op, const gndp_attr *attr, gndp_type x, gndp_type index,
                               bool axis_too)
{
    gndp_status st = GNDP_OK;
    bool fits = x.rank == index.rank;
    GNDP_TRY(check_axis(op, attr, x, index));
    for (int i = 0; i < x.rank && fits; i++) {
        fits = x.dim[i] == index.dim[i] || (i == attr->i[0] && !axis_too);
    }
    GNDP_CHECK(fits, GNDP_ERR_SHAPE,
               "%s: index " GNDP_TYPE_FMT " must have the shape of " GNDP_TYPE_FMT "%s", op,
               GNDP_TYPE_ARG(index), GNDP_TYPE_ARG(x), axis_too ? "" : " but for the axis");
done:
    return st;
}

static gndp_status take_along_shape(const gndp_attr *attr, int n_in, const gndp_type in[],
                                    gndp_type out[])
{
    gndp_status st = GNDP_OK;
    (void)n_in;
    GNDP_TRY(check_along("take_along", attr, in[0], in[1], false));
    out[0] = in[1];
    out[0].dtype = in[0].dtype;
done:
    return st;
}

static gndp_status scatter_along_shape(const gndp_attr *attr, int n_in, const gndp_type in[],
                                       gndp_type out[])
{
    gndp_status st = GNDP_OK;
    (void)n_in;
    GNDP_CHECK(in[0].dtype != GNDP_I32, GNDP_ERR_TYPE,
               "scatter_along: wants real values, got " GNDP_TYPE_FMT, GNDP_TYPE_ARG(in[0]));
    GNDP_TRY(check_along("scatter_along", attr, in[0], in[1], true));
    GNDP_CHECK(attr->i[1] >= 0 && attr->i[1] <= INT32_MAX, GNDP_ERR_RANGE,
               "scatter_along: size %lld", (long long)attr->i[1]);
    out[0] = in[0];
    out[0].dim[attr->i[0]] = attr->i[1];
done:
    return st;
}

/* ------------------------------------------------------------------------ builders and adjoints */

static gndp_node append(gndp_graph *g, int which, gndp_node x, gndp_node index, int axis, int rank,
                        int64_t size)
{
    const gndp_node in[2] = {x, index};
    const gndp_op *op = &gndp_ops_index[which];
    if (gndp_graph_stopped(g, op->name, 2, in)) {
        return GNDP_NONE;
    }
    const gndp_attr attr = {.i = {axis < 0 ? axis + rank : axis, size}};
    return gndp_node_append(g, op, &attr, 2, in);
}

gndp_node(gndp_gather)(gndp_graph *g, gndp_node x, gndp_node index, int axis)
{
    return append(g, GATHER, x, index, axis, gndp_node_type(x).rank, 0);
}

gndp_node(gndp_scatter_add)(gndp_graph *g, gndp_node x, gndp_node index, int axis, int64_t size)
{
    return append(g, SCATTER_ADD, x, index, axis,
                  gndp_node_type(x).rank - gndp_node_type(index).rank + 1, size);
}

gndp_node(gndp_take_along)(gndp_graph *g, gndp_node x, gndp_node index, int axis)
{
    return append(g, TAKE_ALONG, x, index, axis, gndp_node_type(x).rank, 0);
}

gndp_node(gndp_scatter_along)(gndp_graph *g, gndp_node x, gndp_node index, int axis, int64_t size)
{
    return append(g, SCATTER_ALONG, x, index, axis, gndp_node_type(x).rank, size);
}

static void gather_vjp(gndp_graph *g, const gndp_pullback *p)
{
    const int axis = (int)p->attr->i[0];
    p->in_cot[0] =
        gndp_scatter_add(g, p->cot[0], p->in[1], axis, gndp_node_type(p->in[0]).dim[axis]);
}

static void scatter_add_vjp(gndp_graph *g, const gndp_pullback *p)
{
    p->in_cot[0] = gndp_gather(g, p->cot[0], p->in[1], (int)p->attr->i[0]);
}

static void take_along_vjp(gndp_graph *g, const gndp_pullback *p)
{
    const int axis = (int)p->attr->i[0];
    p->in_cot[0] =
        gndp_scatter_along(g, p->cot[0], p->in[1], axis, gndp_node_type(p->in[0]).dim[axis]);
}

static void scatter_along_vjp(gndp_graph *g, const gndp_pullback *p)
{
    p->in_cot[0] = gndp_take_along(g, p->cot[0], p->in[1], (int)p->attr->i[0]);
}

static double no_flops(const gndp_attr *attr, int n_in, const gndp_type in[], const gndp_type out[])
{
    (void)attr, (void)n_in, (void)in, (void)out;
    return 0;
}

static double add_flops(const gndp_attr *attr, int n_in, const gndp_type in[],
                        const gndp_type out[])
{
    (void)attr, (void)n_in, (void)out;
    return (double)gndp_type_count(in[0]);
}

const gndp_op gndp_ops_index[] = {
    [GATHER] =
        {.name = "gather",
         .n_in = 2,
         .shape = gather_shape,
         .vjp = gather_vjp,
         .ref = {gather_ref_f32, gather_ref_f64, gather_ref_i32},
         .cpu = {gather_cpu_f32, gather_cpu_f64, gather_cpu_i32},
         .flops = no_flops,
         .grad_case =
             "[5,3] i5[4] ; i0=0 | [2,4,3] i4[2,5] ; i0=1 | [2,6] i6[3] ; i0=1 | [7] i7[] ; i0=0"},
    [SCATTER_ADD] =
        {.name = "scatter_add",
         .n_in = 2,
         .shape = scatter_add_shape,
         .vjp = scatter_add_vjp,
         .ref = {scatter_add_ref_f32, scatter_add_ref_f64},
         .cpu = {scatter_add_cpu_f32, scatter_add_cpu_f64},
         .scratch = scatter_add_scratch,
         .flops = add_flops,
         .grad_case =
             "[6,3] i4[6] ; i0=0 i1=4 | [2,2,5,3] i4[2,5] ; i0=1 i1=4 | [20,6] i3[6] ; i0=1 i1=5"},
    [TAKE_ALONG] = {.name = "take_along",
                    .n_in = 2,
                    .shape = take_along_shape,
                    .vjp = take_along_vjp,
                    .ref = {take_along_ref_f32, take_along_ref_f64, take_along_ref_i32},
                    .cpu = {take_along_cpu_f32, take_along_cpu_f64, take_along_cpu_i32},
                    .flops = no_flops,
                    .grad_case =
                        "[2,5,3] i5[2,4,3] ; i0=1 | [4,6] i6[4,2] ; i0=1 | [3,4] i3[5,4] ; i0=0"},
    [SCATTER_ALONG] = {.name = "scatter_along",
                       .n_in = 2,
                       .shape = scatter_along_shape,
                       .vjp = scatter_along_vjp,
                       .ref = {scatter_along_ref_f32, scatter_along_ref_f64},
                       .cpu = {scatter_along_cpu_f32, scatter_along_cpu_f64},
                       .flops = add_flops,
                       .grad_case = "[2,5,3] i4[2,5,3] ; i0=1 i1=4 | [4,6] i3[4,6] ; i0=1 i1=3"},
    {0},
};
