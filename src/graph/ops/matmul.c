// SPDX-License-Identifier: Apache-2.0
// Batched matrix products, and the linear layer made of them.
#define GNDP_NO_CALLSITE
#include "graph/ops/matmul.h"

#include "graph/graph_internal.h"

#include <gndp/ops.h>

matmul_dims matmul_layout(const gndp_attr *attr, gndp_type a, gndp_type b)
{
    const bool ta = attr->i[GNDP_MATMUL_TRANS_A] != 0, tb = attr->i[GNDP_MATMUL_TRANS_B] != 0;
    const int64_t ar = a.dim[a.rank - 2], ac = a.dim[a.rank - 1], br = b.dim[b.rank - 2], bc = b.dim[b.rank - 1];
    matmul_dims d = {.m = ta ? ac : ar, .k = ta ? ar : ac, .n = tb ? br : bc, .batch = 1};
    d.a_row = ta ? 1 : ac;
    d.a_col = ta ? ac : 1;
    d.b_row = tb ? 1 : bc;
    d.b_col = tb ? bc : 1;
    d.alpha = attr->f[0] != 0.0 ? attr->f[0] : 1.0;
    d.rank = (a.rank > b.rank ? a.rank : b.rank) - 2;
    int64_t a_step = ar * ac, b_step = br * bc;
    for (int i = 1; i <= d.rank; i++) {
        const int64_t da = i + 2 <= a.rank ? a.dim[a.rank - 2 - i] : 1, db = i + 2 <= b.rank ? b.dim[b.rank - 2 - i] : 1;
        const int at = d.rank - i;
        d.dim[at] = da == 1 ? db : da;
        d.a_batch[at] = da == 1 ? 0 : a_step;
        d.b_batch[at] = db == 1 ? 0 : b_step;
        a_step *= da;
        b_step *= db;
        d.batch *= d.dim[at];
    }
    return d;
}

static gndp_status matmul_shape(const gndp_attr *attr, int n_in, const gndp_type in[], gndp_type out[])
{
    gndp_status st = GNDP_OK;
    gndp_type a = in[0], b = in[1], lead;
    (void)n_in;
    GNDP_CHECK(a.dtype == b.dtype && a.dtype != GNDP_I32, GNDP_ERR_TYPE, "matmul: " GNDP_TYPE_FMT " times " GNDP_TYPE_FMT ": not of one real type",
               GNDP_TYPE_ARG(a), GNDP_TYPE_ARG(b));
    GNDP_CHECK(a.rank >= 2 && b.rank >= 2, GNDP_ERR_SHAPE, "matmul: " GNDP_TYPE_FMT " times " GNDP_TYPE_FMT ": both need two axes",
               GNDP_TYPE_ARG(a), GNDP_TYPE_ARG(b));
    const matmul_dims d = matmul_layout(attr, a, b);
    const int64_t b_k = attr->i[GNDP_MATMUL_TRANS_B] ? b.dim[b.rank - 1] : b.dim[b.rank - 2];
    GNDP_CHECK(d.k == b_k, GNDP_ERR_SHAPE, "matmul: " GNDP_TYPE_FMT " times " GNDP_TYPE_FMT "%s%s: %lld against %lld", GNDP_TYPE_ARG(a),
               GNDP_TYPE_ARG(b), attr->i[GNDP_MATMUL_TRANS_A] ? ", first transposed" : "",
               attr->i[GNDP_MATMUL_TRANS_B] ? ", second transposed" : "", (long long)d.k, (long long)b_k);
    a.rank -= 2;
    b.rank -= 2;
    GNDP_CHECK(gndp_type_broadcast(a, b, &lead), GNDP_ERR_SHAPE, "matmul: " GNDP_TYPE_FMT " times " GNDP_TYPE_FMT ": leading axes do not broadcast",
               GNDP_TYPE_ARG(in[0]), GNDP_TYPE_ARG(in[1]));
    out[0] = lead;
    out[0].dtype = a.dtype;
    out[0].dim[out[0].rank++] = d.m;
    out[0].dim[out[0].rank++] = d.n;
done:
    return st;
}

static gndp_node product(gndp_graph *g, gndp_node a, gndp_node b, bool reduced)
{
    const gndp_node in[2] = {a, b};
    const gndp_attr attr = {.i = {[GNDP_MATMUL_REDUCED] = reduced}};
    return gndp_node_append(g, gndp_op_find("matmul"), &attr, 2, in);
}

/* All but the last axis as one: the shape of a batch of rows. */
static gndp_node rows(gndp_graph *g, gndp_node x)
{
    const gndp_type type = gndp_node_type(x);
    const int64_t dim[2] = {-1, type.rank > 0 ? type.dim[type.rank - 1] : 1};
    if (type.rank == 2 || gndp_type_count(type) == 0) {
        return x;
    }
    return gndp_reshape(g, x, 2, dim);
}

/* C = alpha op(A) op(B): d op(A) = alpha G op(B)', d op(B) = alpha op(A)' G, summed over repeated leading axes. With one
   matrix B for all rows the sum over rows is one tall product. */
static void matmul_vjp(gndp_graph *g, const gndp_pullback *p)
{
    const bool ta = p->attr->i[GNDP_MATMUL_TRANS_A] != 0, tb = p->attr->i[GNDP_MATMUL_TRANS_B] != 0;
    const bool reduced = p->attr->i[GNDP_MATMUL_REDUCED] != 0;
    const double alpha = p->attr->f[0] != 0.0 ? p->attr->f[0] : 1.0;
    const gndp_type at = gndp_node_type(p->in[0]), bt = gndp_node_type(p->in[1]);
    const gndp_node G = alpha != 1.0 ? gndp_scale(g, p->cot[0], alpha) : p->cot[0];
    const gndp_node a = ta ? gndp_swap_last(g, p->in[0]) : p->in[0], b = tb ? gndp_swap_last(g, p->in[1]) : p->in[1];
    if (p->wanted[0]) {
        const gndp_node da = product(g, G, gndp_swap_last(g, b), reduced);
        p->in_cot[0] = gndp_sum_to(g, ta ? gndp_swap_last(g, da) : da, at);
    }
    if (p->wanted[1]) {
        const bool tall = bt.rank == 2 && at.rank > 2 && gndp_type_count(at) > 0;
        const gndp_node db = tall ? product(g, gndp_swap_last(g, rows(g, a)), rows(g, G), reduced)
                                  : product(g, gndp_swap_last(g, a), G, reduced);
        p->in_cot[1] = gndp_sum_to(g, tb ? gndp_swap_last(g, db) : db, bt);
    }
}

gndp_node(gndp_matmul)(gndp_graph *g, gndp_node a, gndp_node b)
{
    return product(g, a, b, false);
}

gndp_node(gndp_matmul_reduced)(gndp_graph *g, gndp_node a, gndp_node b)
{
    return product(g, a, b, true);
}

gndp_node(gndp_linear)(gndp_graph *g, gndp_node x, gndp_node weight, gndp_node bias)
{
    const gndp_node in[2] = {x, weight};
    if (gndp_graph_stopped(g, "linear", 2, in)) {
        return GNDP_NONE;
    }
    const gndp_type xt = gndp_node_type(x), wt = gndp_node_type(weight);
    if (wt.rank != 2 || xt.rank < 1 || xt.dim[xt.rank - 1] != wt.dim[0]) {
        return gndp_graph_fail(g, GNDP_ERR_SHAPE, "linear", "x " GNDP_TYPE_FMT " and weight " GNDP_TYPE_FMT ": the last axis of x is the first of the weight",
                               GNDP_TYPE_ARG(xt), GNDP_TYPE_ARG(wt));
    }
    if (!gndp_is_none(bias)) {
        const gndp_type bt = gndp_node_type(bias);
        if (gndp_graph_stopped(g, "linear", 1, &bias)) {
            return GNDP_NONE;
        }
        if (bt.rank != 1 || bt.dim[0] != wt.dim[1]) {
            return gndp_graph_fail(g, GNDP_ERR_SHAPE, "linear", "weight " GNDP_TYPE_FMT " and bias " GNDP_TYPE_FMT, GNDP_TYPE_ARG(wt), GNDP_TYPE_ARG(bt));
        }
    }
    gndp_node y;
    if (xt.rank == 1) {
        const int64_t row[2] = {1, xt.dim[0]};
        y = gndp_reshape(g, product(g, gndp_reshape(g, x, 2, row), weight, true), 1, &wt.dim[1]);
    } else {
        y = product(g, x, weight, true);
    }
    return gndp_is_none(bias) ? y : gndp_add(g, y, bias);
}

static double matmul_flops(const gndp_attr *attr, int n_in, const gndp_type in[], const gndp_type out[])
{
    (void)n_in;
    (void)out;
    const matmul_dims d = matmul_layout(attr, in[0], in[1]);
    return 2.0 * (double)d.batch * (double)d.m * (double)d.n * (double)d.k;
}

#define REAL float
#define GNDP_R(f) f##_f32
#include "graph/ops/matmul.inl"
#undef REAL
#undef GNDP_R
#define REAL double
#define GNDP_R(f) f##_f64
#include "graph/ops/matmul.inl"
#undef REAL
#undef GNDP_R

const gndp_op gndp_ops_matmul[] = {
    {.name = "matmul",
     .n_in = 2,
     .shape = matmul_shape,
     .vjp = matmul_vjp,
     .ref = {matmul_ref_f32, matmul_ref_f64, NULL},
     .matmul = true,
     .flops = matmul_flops,
     .grad_case = "[5,4] [4,3] | [2,3,5,4] [4,6] | [3,5,4] [3,4,2] | [2,1,3,4] [5,4,2] | [4,5] [4,3] ; i0=1 | [5,4] [3,4] ; i1=1 f0=0.5 | "
                  "[2,4,5] [2,3,4] ; i0=1 i1=1 | [7,1] [1,5] | [1,9] [9,1] | [2,3,4] [1,1,4,4]"},
    {0},
};
