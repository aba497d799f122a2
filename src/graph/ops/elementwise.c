// SPDX-License-Identifier: Apache-2.0
// The elementwise family: shape rules with broadcasting, derivatives, and the table that joins each op to its formula.
#define GNDP_NO_CALLSITE
#include "graph/ops/elementwise.h"

#include "graph/graph_internal.h"

#include <gndp/ops.h>

#include <math.h>
#include <string.h>

#define MAX_ORDER 12 /* of the analytic-at-zero families */

/* ------------------------------------------------------------------------------------------ shape rules */

static gndp_status unary_shape(const gndp_attr *attr, int n_in, const gndp_type in[], gndp_type out[])
{
    gndp_status st = GNDP_OK;
    (void)attr;
    (void)n_in;
    GNDP_CHECK(in[0].dtype != GNDP_I32, GNDP_ERR_TYPE, GNDP_TYPE_FMT " is not real; cast it", GNDP_TYPE_ARG(in[0]));
    out[0] = in[0];
done:
    return st;
}

static gndp_status ordered_shape(const gndp_attr *attr, int n_in, const gndp_type in[], gndp_type out[])
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(attr->f[0] >= 0.0 && attr->f[0] <= MAX_ORDER, GNDP_ERR_RANGE, "order %g is outside 0..%d", attr->f[0], MAX_ORDER);
    GNDP_TRY(unary_shape(attr, n_in, in, out));
done:
    return st;
}

static gndp_status finite_shape(const gndp_attr *attr, int n_in, const gndp_type in[], gndp_type out[])
{
    const gndp_status st = unary_shape(attr, n_in, in, out);
    out[0].dtype = GNDP_I32;
    return st;
}

static gndp_status cast_shape(const gndp_attr *attr, int n_in, const gndp_type in[], gndp_type out[])
{
    (void)n_in;
    out[0] = in[0];
    out[0].dtype = attr->type.dtype;
    return GNDP_OK;
}

static gndp_status broadcast_pair(gndp_type a, gndp_type b, gndp_type *out)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(a.dtype == b.dtype, GNDP_ERR_TYPE, GNDP_TYPE_FMT " and " GNDP_TYPE_FMT " differ in type; cast one", GNDP_TYPE_ARG(a),
               GNDP_TYPE_ARG(b));
    GNDP_CHECK(gndp_type_broadcast(a, b, out), GNDP_ERR_SHAPE, GNDP_TYPE_FMT " and " GNDP_TYPE_FMT " do not broadcast", GNDP_TYPE_ARG(a),
               GNDP_TYPE_ARG(b));
done:
    return st;
}

static gndp_status binary_shape(const gndp_attr *attr, int n_in, const gndp_type in[], gndp_type out[])
{
    (void)attr;
    (void)n_in;
    return broadcast_pair(in[0], in[1], &out[0]);
}

static gndp_status real_pair_shape(const gndp_attr *attr, int n_in, const gndp_type in[], gndp_type out[])
{
    gndp_status st = GNDP_OK;
    GNDP_TRY(binary_shape(attr, n_in, in, out));
    GNDP_CHECK(in[0].dtype != GNDP_I32, GNDP_ERR_TYPE, GNDP_TYPE_FMT " and " GNDP_TYPE_FMT " are not real; cast them", GNDP_TYPE_ARG(in[0]),
               GNDP_TYPE_ARG(in[1]));
done:
    return st;
}

static gndp_status compare_shape(const gndp_attr *attr, int n_in, const gndp_type in[], gndp_type out[])
{
    const gndp_status st = binary_shape(attr, n_in, in, out);
    out[0].dtype = GNDP_I32;
    return st;
}

static gndp_status logic_shape(const gndp_attr *attr, int n_in, const gndp_type in[], gndp_type out[])
{
    gndp_status st = GNDP_OK;
    (void)attr;
    out[0] = in[0];
    for (int i = 0; i < n_in; i++) {
        GNDP_CHECK(in[i].dtype == GNDP_I32, GNDP_ERR_TYPE, GNDP_TYPE_FMT " is not an i32 mask", GNDP_TYPE_ARG(in[i]));
    }
    if (n_in == 2) {
        GNDP_TRY(broadcast_pair(in[0], in[1], &out[0]));
    }
done:
    return st;
}

static gndp_status select_shape(const gndp_attr *attr, int n_in, const gndp_type in[], gndp_type out[])
{
    gndp_status st = GNDP_OK;
    gndp_type branch;
    (void)attr;
    (void)n_in;
    GNDP_CHECK(in[0].dtype == GNDP_I32, GNDP_ERR_TYPE, "the mask is " GNDP_TYPE_FMT ", not i32", GNDP_TYPE_ARG(in[0]));
    GNDP_TRY(broadcast_pair(in[1], in[2], &branch));
    GNDP_CHECK(gndp_type_broadcast(branch, in[0], &out[0]), GNDP_ERR_SHAPE, "mask " GNDP_TYPE_FMT " and branches " GNDP_TYPE_FMT " do not broadcast",
               GNDP_TYPE_ARG(in[0]), GNDP_TYPE_ARG(branch));
done:
    return st;
}

/* --------------------------------------------------------------------------------- reference execution */

/* One element at a time, through the scalar formula. */
static gndp_status elementwise_ref(const gndp_exec *ex)
{
    const gndp_type out = ex->out[0].type;
    gndp_type in[3];
    const void *at[3] = {0};
    int64_t stride[3][GNDP_MAX_RANK] = {{0}}, index[GNDP_MAX_RANK] = {0};
    for (int k = 0; k < ex->n_in; k++) {
        int64_t step = 1;
        in[k] = ex->in[k].type;
        for (int i = in[k].rank - 1; i >= 0; i--) {
            stride[k][out.rank - in[k].rank + i] = in[k].dim[i] == 1 ? 0 : step;
            step *= in[k].dim[i];
        }
    }
    const gndp_tile_fn formula = gndp_elementwise_fn(gndp_tile_table_scalar(), ex->op, in[ex->n_in - 1].dtype, out.dtype);
    const int64_t count = gndp_type_count(out);
    for (int64_t e = 0; e < count; e++) {
        for (int k = 0; k < ex->n_in; k++) {
            int64_t offset = 0;
            for (int i = 0; i < out.rank; i++) {
                offset += index[i] * stride[k][i];
            }
            at[k] = (const char *)ex->in[k].data + (size_t)offset * gndp_dtype_size(in[k].dtype);
        }
        formula(1, at[0], at[1], at[2], 0, ex->attr->f, (char *)ex->out[0].data + (size_t)e * gndp_dtype_size(out.dtype));
        for (int i = out.rank - 1; i >= 0 && ++index[i] == out.dim[i]; i--) {
            index[i] = 0;
        }
    }
    return GNDP_OK;
}

/* -------------------------------------------------------------------------------------------- adjoints */

#define G p->cot[0]
#define X p->in[0]
#define Y p->out[0]
#define UNARY_VJP(name, cotangent)                                                                                                          \
    static void name##_vjp(gndp_graph *g, const gndp_pullback *p)                                                                           \
    {                                                                                                                                       \
        p->in_cot[0] = (cotangent);                                                                                                         \
    }

static gndp_node zeros_like(gndp_graph *g, gndp_node x)
{
    return gndp_fill(g, gndp_node_type(x), 0.0);
}

/* c - x */
static gndp_node from(gndp_graph *g, double c, gndp_node x)
{
    return gndp_offset(g, gndp_neg(g, x), c);
}

UNARY_VJP(neg, gndp_neg(g, G))
UNARY_VJP(abs, gndp_mul(g, G, gndp_sign(g, X)))
UNARY_VJP(square, gndp_mul(g, G, gndp_scale(g, X, 2.0)))
UNARY_VJP(sqrt, gndp_scale(g, gndp_div(g, G, Y), 0.5))
UNARY_VJP(rsqrt, gndp_scale(g, gndp_mul(g, G, gndp_mul(g, Y, gndp_square(g, Y))), -0.5))
UNARY_VJP(reciprocal, gndp_neg(g, gndp_mul(g, G, gndp_square(g, Y))))
UNARY_VJP(exp, gndp_mul(g, G, Y))
UNARY_VJP(expm1, gndp_mul(g, G, gndp_offset(g, Y, 1.0)))
UNARY_VJP(log, gndp_div(g, G, X))
UNARY_VJP(log1p, gndp_div(g, G, gndp_offset(g, X, 1.0)))
UNARY_VJP(sin, gndp_mul(g, G, gndp_cos(g, X)))
UNARY_VJP(cos, gndp_neg(g, gndp_mul(g, G, gndp_sin(g, X))))
UNARY_VJP(tanh, gndp_mul(g, G, from(g, 1.0, gndp_square(g, Y))))
UNARY_VJP(sigmoid, gndp_mul(g, G, gndp_mul(g, Y, from(g, 1.0, Y))))
UNARY_VJP(softplus, gndp_mul(g, G, gndp_sigmoid(g, X)))
UNARY_VJP(erf, gndp_mul(g, G, gndp_scale(g, gndp_exp(g, gndp_neg(g, gndp_square(g, X))), 1.12837916709551257390))) /* 2/sqrt pi */
UNARY_VJP(relu, gndp_select(g, gndp_less(g, gndp_scalar(g, gndp_node_type(X).dtype, 0.0), X), G, zeros_like(g, X)))
UNARY_VJP(scale, gndp_scale(g, G, p->attr->f[0]))
UNARY_VJP(offset, ((void)g, G))
UNARY_VJP(affine, gndp_scale(g, G, p->attr->f[0]))
UNARY_VJP(powc, gndp_mul(g, G, gndp_scale(g, gndp_pow_const(g, X, p->attr->f[0] - 1.0), p->attr->f[0])))
UNARY_VJP(cos_sqrt, gndp_scale(g, gndp_mul(g, G, gndp_sinc_sqrt(g, X)), -0.5))
UNARY_VJP(sphj, gndp_scale(g, gndp_mul(g, G, gndp_sphj(g, X, (int)p->attr->f[0] + 1)), -0.5))
UNARY_VJP(arccos_sq, gndp_scale(g, gndp_mul(g, G, gndp_angle_ratio(g, X)), -2.0))
UNARY_VJP(angle_ratio, gndp_mul(g, G, gndp_angle_ratio_n(g, X, (int)p->attr->f[0] + 1)))

static gndp_node unary(gndp_graph *g, const char *op, gndp_node x)
{
    return gndp_node_append(g, gndp_op_find(op), NULL, 1, &x);
}

UNARY_VJP(gelu, gndp_mul(g, G, unary(g, "gelu_d", X)))
UNARY_VJP(silu, gndp_mul(g, G, unary(g, "silu_d", X)))

/* gelu(x) = x/2 (1 + tanh u), u = c (x + a x^3), in primitives: gives the second derivative. */
static void gelu_d_lower(gndp_graph *g, const gndp_attr *attr, int n_in, const gndp_node in[], gndp_node out[])
{
    const double c = 0.79788456080286535588, a = 0.044715; /* sqrt(2/pi) */
    const gndp_node x = in[0], x2 = gndp_square(g, x);
    const gndp_node t = gndp_tanh(g, gndp_scale(g, gndp_mul(g, x, gndp_offset(g, gndp_scale(g, x2, a), 1.0)), c));
    const gndp_node slope = gndp_scale(g, gndp_offset(g, gndp_scale(g, x2, 3.0 * a), 1.0), c);
    const gndp_node bend = gndp_mul(g, gndp_mul(g, x, from(g, 1.0, gndp_square(g, t))), slope);
    (void)attr;
    (void)n_in;
    out[0] = gndp_scale(g, gndp_add(g, gndp_offset(g, t, 1.0), bend), 0.5);
}

static void silu_d_lower(gndp_graph *g, const gndp_attr *attr, int n_in, const gndp_node in[], gndp_node out[])
{
    const gndp_node s = gndp_sigmoid(g, in[0]);
    (void)attr;
    (void)n_in;
    out[0] = gndp_mul(g, s, gndp_offset(g, gndp_mul(g, in[0], from(g, 1.0, s)), 1.0));
}

/* x Phi(x) has derivative Phi(x) + x phi(x). */
static void gelu_erf_vjp(gndp_graph *g, const gndp_pullback *p)
{
    const gndp_node cdf = gndp_scale(g, gndp_offset(g, gndp_erf(g, gndp_scale(g, X, 0.70710678118654752440)), 1.0), 0.5);
    const gndp_node pdf = gndp_scale(g, gndp_exp(g, gndp_scale(g, gndp_square(g, X), -0.5)), 0.39894228040143267794);
    p->in_cot[0] = gndp_mul(g, G, gndp_add(g, cdf, gndp_mul(g, X, pdf)));
}

static void clip_vjp(gndp_graph *g, const gndp_pullback *p)
{
    const gndp_dtype dtype = gndp_node_type(X).dtype;
    const gndp_node above = gndp_less(g, gndp_scalar(g, dtype, p->attr->f[0]), X), below = gndp_less(g, X, gndp_scalar(g, dtype, p->attr->f[1]));
    p->in_cot[0] = gndp_select(g, gndp_and(g, above, below), G, zeros_like(g, X));
}

static void cast_vjp(gndp_graph *g, const gndp_pullback *p)
{
    if (gndp_node_type(Y).dtype != GNDP_I32) {
        p->in_cot[0] = gndp_cast(g, G, gndp_node_type(X).dtype);
    }
}

/* Cotangents of a and b at the result's shape, folded to theirs. */
static void pair(gndp_graph *g, const gndp_pullback *p, gndp_node da, gndp_node db)
{
    p->in_cot[0] = gndp_is_none(da) ? da : gndp_sum_to(g, da, gndp_node_type(p->in[0]));
    p->in_cot[1] = gndp_is_none(db) ? db : gndp_sum_to(g, db, gndp_node_type(p->in[1]));
}

#define PAIR_VJP(name, da, db)                                                                                                              \
    static void name##_vjp(gndp_graph *g, const gndp_pullback *p)                                                                           \
    {                                                                                                                                       \
        const gndp_node A = p->in[0], B = p->in[1];                                                                                         \
        (void)A;                                                                                                                            \
        (void)B;                                                                                                                            \
        pair(g, p, p->wanted[0] ? (da) : GNDP_NONE, p->wanted[1] ? (db) : GNDP_NONE);                                                       \
    }

PAIR_VJP(add, G, G)
PAIR_VJP(sub, G, gndp_neg(g, G))
PAIR_VJP(mul, gndp_mul(g, G, B), gndp_mul(g, G, A))
PAIR_VJP(div, gndp_div(g, G, B), gndp_neg(g, gndp_mul(g, G, gndp_div(g, Y, B))))
PAIR_VJP(pow, gndp_mul(g, G, gndp_mul(g, B, gndp_pow(g, A, gndp_offset(g, B, -1.0)))), gndp_mul(g, G, gndp_mul(g, Y, gndp_log(g, A))))
PAIR_VJP(atan2, gndp_mul(g, G, gndp_div(g, B, gndp_add(g, gndp_square(g, A), gndp_square(g, B)))),
         gndp_neg(g, gndp_mul(g, G, gndp_div(g, A, gndp_add(g, gndp_square(g, A), gndp_square(g, B))))))

/* The cotangent where a wins over b, half of it at a tie. */
static gndp_node winner(gndp_graph *g, const gndp_pullback *p, gndp_node a, gndp_node b)
{
    const gndp_node zero = zeros_like(g, Y);
    return gndp_select(g, gndp_less(g, b, a), G, gndp_select(g, gndp_equal(g, a, b), gndp_scale(g, G, 0.5), zero));
}

PAIR_VJP(max2, winner(g, p, A, B), winner(g, p, B, A))
PAIR_VJP(min2, winner(g, p, B, A), winner(g, p, A, B))

static void select_vjp(gndp_graph *g, const gndp_pullback *p)
{
    const gndp_node zero = zeros_like(g, Y);
    p->in_cot[1] = gndp_sum_to(g, gndp_select(g, p->in[0], G, zero), gndp_node_type(p->in[1]));
    p->in_cot[2] = gndp_sum_to(g, gndp_select(g, p->in[0], zero, G), gndp_node_type(p->in[2]));
}

#undef G
#undef X
#undef Y

/* -------------------------------------------------------------------------------------------- builders */

static gndp_node with_params(gndp_graph *g, const char *op, gndp_node x, double p0, double p1)
{
    const gndp_attr attr = {.f = {p0, p1}};
    return gndp_node_append(g, gndp_op_find(op), &attr, 1, &x);
}

static gndp_node binary(gndp_graph *g, const char *op, gndp_node a, gndp_node b)
{
    const gndp_node in[2] = {a, b};
    return gndp_node_append(g, gndp_op_find(op), NULL, 2, in);
}

#define UNARY_BUILDER(name)                                                                                                                 \
    gndp_node(gndp_##name)(gndp_graph * g, gndp_node x)                                                                                     \
    {                                                                                                                                       \
        return unary(g, #name, x);                                                                                                          \
    }
#define BINARY_BUILDER(name)                                                                                                                \
    gndp_node(gndp_##name)(gndp_graph * g, gndp_node a, gndp_node b)                                                                        \
    {                                                                                                                                       \
        return binary(g, #name, a, b);                                                                                                      \
    }
UNARY_BUILDER(neg)
UNARY_BUILDER(abs)
UNARY_BUILDER(sign)
UNARY_BUILDER(square)
UNARY_BUILDER(sqrt)
UNARY_BUILDER(rsqrt)
UNARY_BUILDER(reciprocal)
UNARY_BUILDER(exp)
UNARY_BUILDER(expm1)
UNARY_BUILDER(log)
UNARY_BUILDER(log1p)
UNARY_BUILDER(sin)
UNARY_BUILDER(cos)
UNARY_BUILDER(tanh)
UNARY_BUILDER(sigmoid)
UNARY_BUILDER(softplus)
UNARY_BUILDER(erf)
UNARY_BUILDER(relu)
UNARY_BUILDER(gelu)
UNARY_BUILDER(gelu_erf)
UNARY_BUILDER(silu)
UNARY_BUILDER(floor)
UNARY_BUILDER(step)
UNARY_BUILDER(isfinite)
UNARY_BUILDER(cos_sqrt)
UNARY_BUILDER(arccos_sq)
UNARY_BUILDER(not)
BINARY_BUILDER(add)
BINARY_BUILDER(sub)
BINARY_BUILDER(mul)
BINARY_BUILDER(div)
BINARY_BUILDER(max2)
BINARY_BUILDER(min2)
BINARY_BUILDER(pow)
BINARY_BUILDER(atan2)
BINARY_BUILDER(less)
BINARY_BUILDER(less_equal)
BINARY_BUILDER(equal)
BINARY_BUILDER(not_equal)
BINARY_BUILDER(and)
BINARY_BUILDER(or)

gndp_node(gndp_sphj)(gndp_graph *g, gndp_node x, int order)
{
    return with_params(g, "sphj", x, order, 0.0);
}

gndp_node(gndp_sinc_sqrt)(gndp_graph *g, gndp_node x)
{
    return gndp_sphj(g, x, 0);
}

gndp_node(gndp_angle_ratio_n)(gndp_graph *g, gndp_node c, int order)
{
    return with_params(g, "angle_ratio", c, order, 0.0);
}

gndp_node(gndp_angle_ratio)(gndp_graph *g, gndp_node c)
{
    return gndp_angle_ratio_n(g, c, 0);
}

gndp_node(gndp_scale)(gndp_graph *g, gndp_node x, double factor)
{
    return with_params(g, "scale", x, factor, 0.0);
}

gndp_node(gndp_offset)(gndp_graph *g, gndp_node x, double term)
{
    return with_params(g, "offset", x, term, 0.0);
}

gndp_node(gndp_pow_const)(gndp_graph *g, gndp_node x, double power)
{
    return with_params(g, "powc", x, power, 0.0);
}

gndp_node(gndp_clip)(gndp_graph *g, gndp_node x, double low, double high)
{
    if (!(low <= high)) {
        return gndp_graph_fail(g, GNDP_ERR_RANGE, "clip", "low %g is not below high %g", low, high);
    }
    return with_params(g, "clip", x, low, high);
}

gndp_node(gndp_cast)(gndp_graph *g, gndp_node x, gndp_dtype dtype)
{
    if (gndp_graph_stopped(g, "cast", 1, &x)) {
        return GNDP_NONE;
    }
    if (dtype != GNDP_F32 && dtype != GNDP_F64 && dtype != GNDP_I32) {
        return gndp_graph_fail(g, GNDP_ERR_TYPE, "cast", "no such dtype: %d", (int)dtype);
    }
    const gndp_attr attr = {.type = {.dtype = dtype}};
    return gndp_node_type(x).dtype == dtype ? x : gndp_node_append(g, gndp_op_find("cast"), &attr, 1, &x);
}

gndp_node(gndp_select)(gndp_graph *g, gndp_node mask, gndp_node a, gndp_node b)
{
    const gndp_node in[3] = {mask, a, b};
    return gndp_node_append(g, gndp_op_find("select"), NULL, 3, in);
}

/* ----------------------------------------------------------------------------------------------- table */

#define REAL_REF .ref = {elementwise_ref, elementwise_ref, NULL}
#define ANY_REF .ref = {elementwise_ref, elementwise_ref, elementwise_ref}
#define ENTRY(n, op_name, NAME) .name = #op_name, .n_in = (n), .elementwise = 1 + GNDP_EW_##NAME
#define ENTRY_I32(n, op_name, NAME) .name = #op_name, .n_in = (n), .elementwise_i32 = 1 + GNDP_TILE_I32_##NAME
#define ENTRY_ANY(n, op_name, NAME) ENTRY(n, op_name, NAME), .elementwise_i32 = 1 + GNDP_TILE_I32_##NAME
#define UNARY(op_name, NAME, domain) {ENTRY(1, op_name, NAME), .shape = unary_shape, .vjp = op_name##_vjp, REAL_REF, .grad_case = domain}
#define FLAT(op_name, NAME, domain)                                                                                                               \
    {ENTRY(1, op_name, NAME), .shape = unary_shape, REAL_REF, .no_vjp = "constant between its steps", .no_vjp_zero = true, .grad_case = domain}
#define BINARY(op_name, NAME, domain) {ENTRY(2, op_name, NAME), .shape = real_pair_shape, .vjp = op_name##_vjp, REAL_REF, .grad_case = domain}
#define BINARY_ANY(op_name, NAME, domain) {ENTRY_ANY(2, op_name, NAME), .shape = binary_shape, .vjp = op_name##_vjp, ANY_REF, .grad_case = domain}
#define COMPARE(op_name, NAME)                                                                                                                    \
    {ENTRY_ANY(2, op_name, NAME), .shape = compare_shape, ANY_REF, .by_input = true, .no_vjp = "a comparison is constant between its steps",          \
     .no_vjp_zero = true, .grad_case = "d[3,4] d[4] | i3[5] i3[5]"}
#define LOGIC(n, op_name, NAME, domain)                                                                                                           \
    {ENTRY_I32(n, op_name, NAME), .shape = logic_shape, .ref = {NULL, NULL, elementwise_ref}, .no_vjp = "masks are integers", .no_vjp_zero = true,    \
     .grad_case = domain}

const gndp_op gndp_ops_elementwise[] = {
    UNARY(neg, NEG, "[3,5]"),
    UNARY(abs, ABS, "d[3,5]"),
    FLAT(sign, SIGN, "d[7]"),
    UNARY(square, SQUARE, "[3,5]"),
    UNARY(sqrt, SQRT, "+[3,5]"),
    UNARY(rsqrt, RSQRT, "+[3,5]"),
    UNARY(reciprocal, RECIPROCAL, "+[3,5]"),
    UNARY(exp, EXP, "[3,5]"),
    UNARY(expm1, EXPM1, "[3,5]"),
    UNARY(log, LOG, "+[3,5]"),
    UNARY(log1p, LOG1P, "u[3,5]"),
    UNARY(sin, SIN, "[3,5]"),
    UNARY(cos, COS, "[3,5]"),
    UNARY(tanh, TANH, "[3,5]"),
    UNARY(sigmoid, SIGMOID, "[3,5]"),
    UNARY(softplus, SOFTPLUS, "[3,5]"),
    UNARY(erf, ERF, "[3,5]"),
    UNARY(relu, RELU, "d[3,5]"),
    UNARY(gelu, GELU, "[3,5]"),
    {ENTRY(1, gelu_d, GELU_D), .shape = unary_shape, .lower = gelu_d_lower, REAL_REF, .grad_case = "[3,5]"},
    UNARY(gelu_erf, GELU_ERF, "[3,5]"),
    UNARY(silu, SILU, "[3,5]"),
    {ENTRY(1, silu_d, SILU_D), .shape = unary_shape, .lower = silu_d_lower, REAL_REF, .grad_case = "[3,5]"},
    FLAT(floor, FLOOR, "+[7]"),
    FLAT(step, STEP, "d[7]"),
    {ENTRY(1, isfinite, ISFINITE), .shape = finite_shape, .ref = {elementwise_ref, elementwise_ref, NULL}, .by_input = true,
     .no_vjp = "masks are integers", .no_vjp_zero = true, .grad_case = "[7]"},
    UNARY(cos_sqrt, COS_SQRT, "[3,5] | +[4]"),
    {ENTRY(1, sphj, SPHJ), .shape = ordered_shape, .vjp = sphj_vjp, REAL_REF, .grad_case = "[9] ; f0=0 | +[9] ; f0=1 | [9] ; f0=3"},
    UNARY(arccos_sq, ARCCOS_SQ, "u[3,5]"),
    {ENTRY(1, angle_ratio, ANGLE), .shape = ordered_shape, .vjp = angle_ratio_vjp, REAL_REF, .grad_case = "u[9] ; f0=0 | u[9] ; f0=2"},
    UNARY(scale, SCALE, "[3,5] ; f0=-1.5"),
    UNARY(offset, OFFSET, "[3,5] ; f0=0.25"),
    UNARY(affine, AFFINE, "[3,5] ; f0=-1.5 f1=0.25"),
    UNARY(powc, POWC, "+[3,5] ; f0=1.7 | [7] ; f0=2 | +[7] ; f0=-0.5"),
    UNARY(clip, CLIP, "d[8] ; f0=-0.55 f1=0.65"),
    {.name = "cast",
     .n_in = 1,
     .cast = true,
     .shape = cast_shape,
     .vjp = cast_vjp,
     ANY_REF,
     .grad_case = "[3,5] ; dtype=f64 | i5[6] ; dtype=f64 | [6] ; dtype=i32"},
    BINARY_ANY(add, ADD, "[3,5] [3,5] | [2,3,1] [4] | [] [3]"),
    BINARY_ANY(sub, SUB, "[3,5] [3,5] | [2,3,1] [4] | [1,5] []"),
    BINARY_ANY(mul, MUL, "[3,5] [3,5] | [2,3,1] [4] | [3,1] [1,4]"),
    BINARY(div, DIV, "[3,5] +[3,5] | [2,3,1] +[4]"),
    BINARY_ANY(max2, MAX, "d[3,5] d[3,5] | d[2,3,1] d[4]"),
    BINARY_ANY(min2, MIN, "d[3,5] d[3,5] | d[2,3,1] d[4]"),
    BINARY(pow, POW, "+[3,5] [3,5] | +[3,1] [4]"),
    BINARY(atan2, ATAN2, "[3,5] +[3,5] | [3,1] +[4]"),
    COMPARE(less, LESS),
    COMPARE(less_equal, LESS_EQUAL),
    COMPARE(equal, EQUAL),
    COMPARE(not_equal, NOT_EQUAL),
    LOGIC(2, and, AND, "m[3,4] m[4]"),
    LOGIC(2, or, OR, "m[3,4] m[4]"),
    LOGIC(1, not, NOT, "m[6]"),
    {ENTRY_ANY(3, select, SELECT), .shape = select_shape, .vjp = select_vjp, ANY_REF, .grad_case = "m[3,5] [3,5] [3,5] | m[5] [3,1] [] | m[2,1] [5] [5]"},
    {0},
};
