// SPDX-License-Identifier: Apache-2.0
// Multi-head attention as one op, its adjoint as one op, and both from primitives for higher
// orders.
#define GNDP_NO_CALLSITE
#include "graph/cpu/attention.h"
#include "graph/graph_internal.h"
#include "graph/ops/dims.h"

#include <gndp/ops.h>

#include <math.h>
#include <string.h>

/*
 * attention          q [B, Nq, h dk], k [1 or B, Nk, h dk], v [1 or B, Nk, h dv] (, mask) -> o [B,
 * Nq, h dv], lse [B, h, Nq] attention_adjoint  q, k, v (, mask), o, lse, d_o -> dq, dk, dv mask i32
 * [1 or B, 1 or Nq, Nk] attr.i[0]: heads; attr.i[1]: 1 with a mask; attr.f[0]: scale. Other leading
 * axes are the builder's business.
 */
enum { ATTENTION, ATTENTION_ADJOINT };

/* In, of the forward op or the adjoint: the first operands are the same. */
static gndp_attention_shape shape_of(const gndp_exec *ex, gndp_type k, gndp_type v)
{
    static const int32_t some_mask = 1; /* while scratch is asked for there is no data */
    const gndp_type q = ex->in[0].type;
    const int64_t heads = ex->attr->i[0];
    gndp_attention_shape s = {
        .batch = q.dim[0], .nq = q.dim[1], .nk = k.dim[1], .heads = heads, .scale = ex->attr->f[0]};
    s.dk = q.dim[2] / heads;
    s.dv = v.dim[2] / heads;
    s.q_row = s.k_row = q.dim[2];
    s.v_row = s.o_row = v.dim[2];
    s.q_batch = s.nq * s.q_row;
    s.o_batch = s.nq * s.o_row;
    s.k_batch = k.dim[0] == 1 ? 0 : s.nk * s.k_row;
    s.v_batch = v.dim[0] == 1 ? 0 : s.nk * s.v_row;
    if (ex->attr->i[1] != 0) {
        const gndp_type m = ex->in[3].type;
        s.mask = ex->in[3].data != NULL ? ex->in[3].data : &some_mask;
        s.mask_k = 1;
        s.mask_q = m.dim[1] == 1 ? 0 : s.nk;
        s.mask_batch = m.dim[0] == 1 ? 0 : m.dim[1] * s.nk;
    }
    return s;
}

#define REAL float
#define GNDP_R(f) f##_f32
#include "graph/ops/attention.inl"
#undef REAL
#undef GNDP_R
#define REAL double
#define GNDP_R(f) f##_f64
#include "graph/ops/attention.inl"
#undef REAL
#undef GNDP_R

/* ------------------------------------------------------------------------------------- executor */

static gndp_attention_kind kind_of(const gndp_exec *ex)
{
    if (ex->in[0].type.dtype == GNDP_F64) {
        return GNDP_ATTENTION_F64;
    }
    return ex->bf16 && ex->cpu_bf16 ? GNDP_ATTENTION_BF16 : GNDP_ATTENTION_F32;
}

static gndp_status attention_cpu(const gndp_exec *ex)
{
    const gndp_attention_shape s = shape_of(ex, ex->in[1].type, ex->in[2].type);
    gndp_attention_forward(kind_of(ex), (gndp_simd)ex->simd, ex->cpu_bf16, &s, ex->in[0].data,
                           ex->in[1].data, ex->in[2].data, ex->out[0].data, ex->out[1].data,
                           ex->scratch, ex->threads);
    return GNDP_OK;
}

static gndp_status attention_adjoint_cpu(const gndp_exec *ex)
{
    const gndp_attention_shape s = shape_of(ex, ex->in[1].type, ex->in[2].type);
    const gndp_buffer *past = ex->in + (s.mask == NULL ? 3 : 4);
    gndp_attention_adjoint(kind_of(ex), (gndp_simd)ex->simd, ex->cpu_bf16, &s, ex->in[0].data,
                           ex->in[1].data, ex->in[2].data, past[0].data, past[1].data, past[2].data,
                           ex->out[0].data, ex->out[1].data, ex->out[2].data, ex->scratch,
                           ex->threads);
    return GNDP_OK;
}

static size_t attention_scratch(const gndp_exec *ex)
{
    const gndp_attention_shape s = shape_of(ex, ex->in[1].type, ex->in[2].type);
    return gndp_attention_scratch_bytes(kind_of(ex), (gndp_simd)ex->simd, ex->cpu_bf16, &s,
                                        ex->threads, false);
}

static size_t attention_adjoint_scratch(const gndp_exec *ex)
{
    const gndp_attention_shape s = shape_of(ex, ex->in[1].type, ex->in[2].type);
    return gndp_attention_scratch_bytes(kind_of(ex), (gndp_simd)ex->simd, ex->cpu_bf16, &s,
                                        ex->threads, true);
}

/* --------------------------------------------------------------------------------------- shapes */

static gndp_status check_operands(const char *op, const gndp_attr *attr, const gndp_type in[])
{
    gndp_status st = GNDP_OK;
    const gndp_type q = in[0], k = in[1], v = in[2];
    const int64_t h = attr->i[0];
    GNDP_CHECK(q.dtype != GNDP_I32 && k.dtype == q.dtype && v.dtype == q.dtype, GNDP_ERR_TYPE,
               "%s: q, k, v are " GNDP_TYPE_FMT ", " GNDP_TYPE_FMT ", " GNDP_TYPE_FMT, op,
               GNDP_TYPE_ARG(q), GNDP_TYPE_ARG(k), GNDP_TYPE_ARG(v));
    GNDP_CHECK(
        q.rank == 3 && k.rank == 3 && v.rank == 3 && h > 0 && q.dim[2] > 0 &&
            q.dim[2] == k.dim[2] && q.dim[2] % h == 0 && v.dim[2] % h == 0 &&
            k.dim[1] == v.dim[1] && k.dim[0] == v.dim[0] && (k.dim[0] == 1 || k.dim[0] == q.dim[0]),
        GNDP_ERR_SHAPE,
        "%s: q, k, v are " GNDP_TYPE_FMT ", " GNDP_TYPE_FMT ", " GNDP_TYPE_FMT " with %lld heads",
        op, GNDP_TYPE_ARG(q), GNDP_TYPE_ARG(k), GNDP_TYPE_ARG(v), (long long)h);
    if (attr->i[1] != 0) {
        const gndp_type m = in[3];
        GNDP_CHECK(m.dtype == GNDP_I32, GNDP_ERR_TYPE,
                   "%s: the mask must be i32, got " GNDP_TYPE_FMT, op, GNDP_TYPE_ARG(m));
        GNDP_CHECK(m.rank == 3 && (m.dim[0] == 1 || m.dim[0] == q.dim[0]) &&
                       (m.dim[1] == 1 || m.dim[1] == q.dim[1]) && m.dim[2] == k.dim[1],
                   GNDP_ERR_SHAPE,
                   "%s: the mask " GNDP_TYPE_FMT " does not fit q " GNDP_TYPE_FMT
                   ", k " GNDP_TYPE_FMT,
                   op, GNDP_TYPE_ARG(m), GNDP_TYPE_ARG(q), GNDP_TYPE_ARG(k));
    }
done:
    return st;
}

static gndp_status attention_shape(const gndp_attr *attr, int n_in, const gndp_type in[],
                                   gndp_type out[])
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(n_in == 3 + (attr->i[1] != 0), GNDP_ERR_ARG, "attention: %d arguments", n_in);
    GNDP_TRY(check_operands("attention", attr, in));
    out[0] = gndp_type_3d(in[0].dtype, in[0].dim[0], in[0].dim[1], in[2].dim[2]);
    out[1] = gndp_type_3d(in[0].dtype, in[0].dim[0], attr->i[0], in[0].dim[1]);
done:
    return st;
}

static gndp_status attention_adjoint_shape(const gndp_attr *attr, int n_in, const gndp_type in[],
                                           gndp_type out[])
{
    gndp_status st = GNDP_OK;
    const int past = 3 + (attr->i[1] != 0);
    gndp_type forward[2] = {{0}};
    GNDP_CHECK(n_in == past + 3, GNDP_ERR_ARG, "attention_adjoint: %d arguments", n_in);
    GNDP_TRY(attention_shape(attr, past, in, forward));
    GNDP_CHECK(gndp_type_equal(in[past], forward[0]) && gndp_type_equal(in[past + 1], forward[1]) &&
                   gndp_type_equal(in[past + 2], forward[0]),
               GNDP_ERR_SHAPE,
               "attention_adjoint: o, lse, d_o are " GNDP_TYPE_FMT ", " GNDP_TYPE_FMT
               ", " GNDP_TYPE_FMT,
               GNDP_TYPE_ARG(in[past]), GNDP_TYPE_ARG(in[past + 1]), GNDP_TYPE_ARG(in[past + 2]));
    for (int i = 0; i < 3; i++) {
        out[i] = in[i];
    }
done:
    return st;
}

/* ------------------------------------------------------------------------------ from primitives */

/* x [b, N, h d] -> [b, h, N, d] */
static gndp_node heads_first(gndp_graph *g, gndp_node x, int64_t heads)
{
    const gndp_type t = gndp_node_type(x);
    const int64_t split[4] = {t.dim[0], t.dim[1], heads, t.dim[2] / heads};
    return gndp_transpose(g, gndp_reshape(g, x, 4, split), (const int[]){0, 2, 1, 3});
}

/* The inverse, summed over the batch where `type` has none. */
static gndp_node heads_last(gndp_graph *g, gndp_node x, gndp_type type)
{
    const gndp_node y = gndp_transpose(g, x, (const int[]){0, 2, 1, 3});
    const gndp_type t = gndp_node_type(y);
    return gndp_sum_to(
        g, gndp_reshape(g, y, 3, (const int64_t[]){t.dim[0], t.dim[1], t.dim[2] * t.dim[3]}), type);
}

/* i32: whether the mask [b, mq, Nk] keeps anything along `axis`, which stays with size 1. */
static gndp_node keeps_any(gndp_graph *g, gndp_node mask, int axis)
{
    const gndp_node kept =
        gndp_cast(g, gndp_not_equal(g, mask, gndp_scalar(g, GNDP_I32, 0.0)), GNDP_F32);
    return gndp_less(g, gndp_scalar(g, GNDP_F32, 0.0), gndp_sum(g, kept, &axis, 1, true));
}

/* Operands by head. Keys that no query keeps and queries that keep no key are cleared: their
 * entries may be NaN, and 0 NaN is NaN. */
typedef struct by_head {
    gndp_node q, k, v, logits;      /* [B or 1, h, N, d]; [B, h, Nq, Nk] */
    gndp_node mask;                 /* [b, 1, mq, Nk], or none */
    gndp_node keys_kept, rows_kept; /* [b, Nk, 1], [b, mq, 1] */
} by_head;

static gndp_node clear(gndp_graph *g, gndp_node kept, gndp_node x)
{
    return gndp_is_none(kept)
               ? x
               : gndp_select(g, kept, x, gndp_scalar(g, gndp_node_type(x).dtype, 0.0));
}

static by_head split_heads(gndp_graph *g, const gndp_attr *attr, const gndp_node in[])
{
    by_head a = {.mask = GNDP_NONE};
    const int64_t heads = attr->i[0];
    if (attr->i[1] != 0) {
        const gndp_type m = gndp_node_type(in[3]);
        a.mask = gndp_reshape(g, in[3], 4, (const int64_t[]){m.dim[0], 1, m.dim[1], m.dim[2]});
        a.keys_kept =
            gndp_reshape(g, keeps_any(g, in[3], 1), 3, (const int64_t[]){m.dim[0], m.dim[2], 1});
        a.rows_kept = keeps_any(g, in[3], 2);
    }
    a.q = heads_first(g, clear(g, a.rows_kept, in[0]), heads);
    a.k = heads_first(g, clear(g, a.keys_kept, in[1]), heads);
    a.v = heads_first(g, clear(g, a.keys_kept, in[2]), heads);
    a.logits = gndp_scale(g, gndp_matmul_reduced(g, a.q, gndp_swap_last(g, a.k)), attr->f[0]);
    return a;
}

static void attention_lower(gndp_graph *g, const gndp_attr *attr, int n_in, const gndp_node in[],
                            gndp_node out[])
{
    const by_head a = split_heads(g, attr, in);
    const gndp_type type = gndp_node_type(in[0]), v = gndp_node_type(in[2]);
    const gndp_type o = gndp_type_3d(type.dtype, type.dim[0], type.dim[1], v.dim[2]);
    const int last = -1;
    gndp_node logits = a.logits;
    (void)n_in;
    out[0] = heads_last(g, gndp_matmul_reduced(g, gndp_softmax(g, logits, a.mask), a.v), o);
    if (!gndp_is_none(a.mask)) {
        logits = gndp_select(g, a.mask, logits, gndp_scalar(g, type.dtype, (double)-INFINITY));
    }
    out[1] = gndp_logsumexp(g, logits, &last, 1, false);
}

/* As a function of all its inputs, o and lse too: their cotangents lead on to the forward op. */
static void attention_adjoint_lower(gndp_graph *g, const gndp_attr *attr, int n_in,
                                    const gndp_node in[], gndp_node out[])
{
    const by_head a = split_heads(g, attr, in);
    const gndp_node *past = in + (attr->i[1] != 0 ? 4 : 3);
    const gndp_type lse = gndp_node_type(past[1]);
    const int64_t column[4] = {lse.dim[0], lse.dim[1], lse.dim[2], 1};
    gndp_node shifted = gndp_sub(g, a.logits, gndp_reshape(g, past[1], 4, column));
    (void)n_in;
    if (!gndp_is_none(a.mask)) { /* not -inf: its exponential must have derivative 0, not NaN */
        shifted = gndp_select(g, a.mask, shifted, gndp_scalar(g, lse.dtype, -1e30));
    }
    const gndp_node o = heads_first(g, clear(g, a.rows_kept, past[0]), attr->i[0]);
    const gndp_node d_o = heads_first(g, clear(g, a.rows_kept, past[2]), attr->i[0]);
    const gndp_node p = gndp_exp(g, shifted), along = gndp_sum_last(g, gndp_mul(g, d_o, o));
    const gndp_node dp = gndp_matmul_reduced(g, d_o, gndp_swap_last(g, a.v));
    const gndp_node ds = gndp_scale(g, gndp_mul(g, p, gndp_sub(g, dp, along)), attr->f[0]);
    out[0] = heads_last(g, gndp_matmul_reduced(g, ds, a.k), gndp_node_type(in[0]));
    out[1] =
        heads_last(g, gndp_matmul_reduced(g, gndp_swap_last(g, ds), a.q), gndp_node_type(in[1]));
    out[2] =
        heads_last(g, gndp_matmul_reduced(g, gndp_swap_last(g, p), d_o), gndp_node_type(in[2]));
}

static void attention_vjp(gndp_graph *g, const gndp_pullback *p)
{
    gndp_node in[7];
    int n = 0;
    if (!gndp_is_none(p->cot[1])) { /* of lse: comes up in second order only */
        gndp_vjp_lowered(g, &gndp_ops_attention[ATTENTION], p);
        return;
    }
    while (n < p->n_in) {
        in[n] = p->in[n];
        n++;
    }
    in[n++] = p->out[0];
    in[n++] = p->out[1];
    in[n++] = p->cot[0];
    const gndp_node d = gndp_node_append(g, &gndp_ops_attention[ATTENTION_ADJOINT], p->attr, n, in);
    for (int i = 0; i < 3; i++) {
        p->in_cot[i] = gndp_node_output(d, i);
    }
}

/* -------------------------------------------------------------------------------------- builder */

/* x, whose leading axes broadcast to those of q, as [1 or B, dims of its last two axes] ([.., 1, n]
 * for a mask of keys). */
static gndp_node flatten_lead(gndp_graph *g, gndp_node x, int lead, gndp_type q, bool whole,
                              int64_t rows, int64_t cols)
{
    const gndp_type t = gndp_node_type(x);
    const int q_lead = q.rank - 2;
    const int64_t batch = gndp_dims_product(q, 0, q_lead), own = gndp_dims_product(t, 0, lead);
    int64_t dim[GNDP_MAX_RANK];
    if (own != batch && (own != 1 || whole)) { /* some axes are shared and some not */
        const int tail = t.rank - lead;
        for (int i = 0; i < q_lead + tail; i++) {
            dim[i] = i < q_lead ? q.dim[i] : t.dim[lead + i - q_lead];
        }
        x = gndp_broadcast_to(g, x, q_lead + tail, dim);
        return gndp_reshape(g, x, 3, (const int64_t[]){batch, rows, cols});
    }
    return gndp_reshape(g, x, 3, (const int64_t[]){own, rows, cols});
}

/* Check a mask against q and Nk, and give it as [1 or B, 1 or Nq, Nk]. */
static gndp_node flatten_mask(gndp_graph *g, gndp_node mask, gndp_type q, int64_t nk)
{
    if (gndp_graph_stopped(g, "attention", 1, &mask)) {
        return GNDP_NONE;
    }
    const gndp_type m = gndp_node_type(mask);
    const bool full = m.rank == q.rank, keys = m.rank == q.rank - 1 || m.rank == 1;
    const int lead = full ? m.rank - 2 : m.rank - 1;
    if (m.dtype != GNDP_I32) {
        return gndp_graph_fail(g, GNDP_ERR_TYPE, "attention",
                               "the mask must be i32, got " GNDP_TYPE_FMT, GNDP_TYPE_ARG(m));
    }
    if ((!full && !keys) || m.dim[m.rank - 1] != nk || !gndp_batch_fits(q, q.rank - 2, m, lead) ||
        (full && m.dim[m.rank - 2] != 1 && m.dim[m.rank - 2] != q.dim[q.rank - 2])) {
        return gndp_graph_fail(g, GNDP_ERR_SHAPE, "attention",
                               "the mask " GNDP_TYPE_FMT
                               " is neither [.., Nk] nor [.., Nq, Nk] for q " GNDP_TYPE_FMT
                               " and Nk %lld",
                               GNDP_TYPE_ARG(m), GNDP_TYPE_ARG(q), (long long)nk);
    }
    return flatten_lead(g, mask, lead, q, false, full ? m.dim[m.rank - 2] : 1, nk);
}

static bool operands_fit(gndp_graph *g, gndp_type q, gndp_type k, gndp_type v, int heads,
                         double scale)
{
    if (q.dtype == GNDP_I32 || k.dtype != q.dtype || v.dtype != q.dtype) {
        gndp_graph_fail(g, GNDP_ERR_TYPE, "attention",
                        "q, k, v are " GNDP_TYPE_FMT ", " GNDP_TYPE_FMT ", " GNDP_TYPE_FMT,
                        GNDP_TYPE_ARG(q), GNDP_TYPE_ARG(k), GNDP_TYPE_ARG(v));
        return false;
    }
    if (heads < 1 || !isfinite(scale)) {
        gndp_graph_fail(g, GNDP_ERR_RANGE, "attention", "%d heads, scale %g", heads, scale);
        return false;
    }
    if (q.rank < 2 || k.rank < 2 || v.rank < 2 || q.dim[q.rank - 1] != k.dim[k.rank - 1] ||
        q.dim[q.rank - 1] < 1 || k.dim[k.rank - 2] != v.dim[v.rank - 2] ||
        !gndp_batch_fits(q, q.rank - 2, k, k.rank - 2) ||
        !gndp_batch_fits(q, q.rank - 2, v, v.rank - 2)) {
        gndp_graph_fail(
            g, GNDP_ERR_SHAPE, "attention",
            "wants q [.., Nq, h dk], k [.., Nk, h dk], v [.., Nk, h dv], got " GNDP_TYPE_FMT
            ", " GNDP_TYPE_FMT ", " GNDP_TYPE_FMT,
            GNDP_TYPE_ARG(q), GNDP_TYPE_ARG(k), GNDP_TYPE_ARG(v));
        return false;
    }
    if (q.dim[q.rank - 1] % heads != 0 || v.dim[v.rank - 1] % heads != 0) {
        gndp_graph_fail(g, GNDP_ERR_SHAPE, "attention",
                        "%d heads do not divide the last axes of q " GNDP_TYPE_FMT
                        ", v " GNDP_TYPE_FMT,
                        heads, GNDP_TYPE_ARG(q), GNDP_TYPE_ARG(v));
        return false;
    }
    return true;
}

gndp_node(gndp_attention)(gndp_graph *g, gndp_node q, gndp_node k, gndp_node v, gndp_node mask,
                          int heads, double scale)
{
    const gndp_node given[3] = {q, k, v};
    if (gndp_graph_stopped(g, "attention", 3, given)) {
        return GNDP_NONE;
    }
    const gndp_type qt = gndp_node_type(q), kt = gndp_node_type(k), vt = gndp_node_type(v);
    if (!operands_fit(g, qt, kt, vt, heads, scale)) {
        return GNDP_NONE;
    }
    const int lead = qt.rank - 2, k_lead = kt.rank - 2, v_lead = vt.rank - 2;
    const int64_t nq = qt.dim[lead], nk = kt.dim[k_lead], width = vt.dim[v_lead + 1];
    gndp_type ot = qt;
    ot.dim[lead + 1] = width;
    if (nk == 1 && gndp_is_none(mask)) { /* the softmax over one key is 1, whatever q and k */
        return gndp_broadcast_to(g, v, ot.rank, ot.dim);
    }
    const bool whole =
        gndp_dims_product(kt, 0, k_lead) != 1 || gndp_dims_product(vt, 0, v_lead) != 1;
    const gndp_attr attr = {
        .i = {heads, !gndp_is_none(mask)},
        .f = {scale != 0.0 ? scale : 1.0 / sqrt((double)(qt.dim[lead + 1] / heads))}};
    const gndp_node in[4] = {flatten_lead(g, q, lead, qt, true, nq, qt.dim[lead + 1]),
                             flatten_lead(g, k, k_lead, qt, whole, nk, qt.dim[lead + 1]),
                             flatten_lead(g, v, v_lead, qt, whole, nk, width),
                             gndp_is_none(mask) ? GNDP_NONE : flatten_mask(g, mask, qt, nk)};
    const gndp_node o =
        gndp_node_append(g, &gndp_ops_attention[ATTENTION], &attr, attr.i[1] != 0 ? 4 : 3, in);
    return gndp_is_none(o) ? o : gndp_reshape(g, o, ot.rank, ot.dim);
}

/* ---------------------------------------------------------------------------------------- table */

static double forward_flops(const gndp_attr *attr, int n_in, const gndp_type in[],
                            const gndp_type out[])
{
    (void)attr, (void)n_in, (void)out;
    return 2.0 * (double)(in[0].dim[0] * in[0].dim[1] * in[1].dim[1]) *
           (double)(in[0].dim[2] + in[2].dim[2]);
}

static double adjoint_flops(const gndp_attr *attr, int n_in, const gndp_type in[],
                            const gndp_type out[])
{
    (void)attr, (void)n_in, (void)out;
    return 2.0 * (double)(in[0].dim[0] * in[0].dim[1] * in[1].dim[1]) *
           (double)(3 * in[0].dim[2] + 2 * in[2].dim[2]);
}

const gndp_op gndp_ops_attention[] = {
    [ATTENTION] =
        {.name = "attention",
         .n_in = -1,
         .n_out = 2,
         .shape = attention_shape,
         .vjp = attention_vjp,
         .lower = attention_lower,
         .ref = {attention_ref_f32, attention_ref_f64},
         .cpu = {attention_cpu, attention_cpu},
         .scratch = attention_scratch,
         .flops = forward_flops,
         .grad_case =
             "[2,3,4] [2,5,4] [2,5,6] ; i0=2 f0=0.7 | [2,3,4] [1,9,4] [1,9,2] ; i0=1 f0=0.5 | "
             "[2,3,6] [2,9,6] [2,9,3] m[2,1,9] ; i0=3 i1=1 f0=0.7 | "
             "[2,3,4] [1,9,4] [1,9,4] m[2,3,9] ; i0=2 i1=1 f0=0.7"},
    [ATTENTION_ADJOINT] =
        {.name = "attention_adjoint",
         .n_in = -1,
         .n_out = 3,
         .shape = attention_adjoint_shape,
         .lower = attention_adjoint_lower,
         .ref = {attention_adjoint_ref_f32, attention_adjoint_ref_f64},
         .cpu = {attention_adjoint_cpu, attention_adjoint_cpu},
         .scratch = attention_adjoint_scratch,
         .flops = adjoint_flops,
         .grad_case =
             "[2,3,4] [2,5,4] [2,5,6] [2,3,6] +[2,2,3] [2,3,6] ; i0=2 f0=0.7 | "
             "[2,3,4] [1,5,4] [1,5,2] [2,3,2] +[2,1,3] [2,3,2] ; i0=1 f0=0.5 | "
             "[2,3,6] [2,5,6] [2,5,3] m[2,1,5] [2,3,3] +[2,3,3] [2,3,3] ; i0=3 i1=1 f0=0.7 | "
             "[2,3,4] [1,5,4] [1,5,4] m[2,3,5] [2,3,4] +[2,2,3] [2,3,4] ; i0=2 i1=1 f0=0.7"},
    {0},
};
