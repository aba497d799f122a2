// SPDX-License-Identifier: Apache-2.0
// Builders of array graphs: each appends one node (or a few) and returns it.
#ifndef GNDP_OPS_H
#define GNDP_OPS_H

#include <gndp/graph.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Every builder is a function under a macro of the same name that notes the caller's file and line in the graph.
 * Types follow the inputs: real inputs of one call share one type (f32 or f64), indices and masks are i32; a cast is
 * written out. Errors are sticky (graph.h): GNDP_ERR_SHAPE, GNDP_ERR_TYPE, GNDP_ERR_RANGE (axis, order), GNDP_ERR_GRAPH
 * (node of another graph), GNDP_ERR_ARG (no node, NULL). Code that composes builders defines GNDP_NO_CALLSITE before
 * including this header, so that errors name its caller and not itself.
 */
/* ------------------------------------------------------------------------------------------------------ leaves */
/** An array given at every run under `name` (copied; unique in its graph). */
GNDP_API gndp_node (gndp_input)(gndp_graph *g, const char *name, gndp_type type);
/** A constant array; data [count] is copied. */
GNDP_API gndp_node (gndp_constant)(gndp_graph *g, gndp_type type, const void *data);
/** A constant with every entry `value` (rounded to the type). */
GNDP_API gndp_node (gndp_fill)(gndp_graph *g, gndp_type type, double value);
/** A rank-0 constant. */
GNDP_API gndp_node (gndp_scalar)(gndp_graph *g, gndp_dtype dtype, double value);
/** 0, 1, ..., n-1 as i32 [n]. */
GNDP_API gndp_node (gndp_iota)(gndp_graph *g, int64_t n);
/** Read one array of a parameter; the type comes from the store. The same name and slot give the same node. */
GNDP_API gndp_node (gndp_param)(gndp_graph *g, gndp_store *store, const char *name, gndp_slot slot);
/** Effect: store `value` into the parameter array `param` (a gndp_param node) after its last read in this run; every read sees
 * the old value. Once a run for each array. Returns the value; runs in plans with options.effects, or when it is among the outputs. */
GNDP_API gndp_node (gndp_assign)(gndp_graph *g, gndp_node param, gndp_node value);
/** x, with derivative zero (GNDP_NONE) by definition. */
GNDP_API gndp_node (gndp_stop_gradient)(gndp_graph *g, gndp_node x);

/* ----------------------------------------------------------------------- elementwise: one argument, f32 or f64 */
/** -x */
GNDP_API gndp_node (gndp_neg)(gndp_graph *g, gndp_node x);
/** |x|; derivative 0 at 0 */
GNDP_API gndp_node (gndp_abs)(gndp_graph *g, gndp_node x);
/** -1, 0 or 1; derivative 0 */
GNDP_API gndp_node (gndp_sign)(gndp_graph *g, gndp_node x);
/** x^2 */
GNDP_API gndp_node (gndp_square)(gndp_graph *g, gndp_node x);
/** sqrt x; NaN below 0; derivative infinite at 0: see the analytic-at-zero functions */
GNDP_API gndp_node (gndp_sqrt)(gndp_graph *g, gndp_node x);
/** x^(-1/2) */
GNDP_API gndp_node (gndp_rsqrt)(gndp_graph *g, gndp_node x);
/** 1/x */
GNDP_API gndp_node (gndp_reciprocal)(gndp_graph *g, gndp_node x);
/** e^x */
GNDP_API gndp_node (gndp_exp)(gndp_graph *g, gndp_node x);
/** e^x - 1, accurate at 0 */
GNDP_API gndp_node (gndp_expm1)(gndp_graph *g, gndp_node x);
/** ln x */
GNDP_API gndp_node (gndp_log)(gndp_graph *g, gndp_node x);
/** ln(1+x), accurate at 0 */
GNDP_API gndp_node (gndp_log1p)(gndp_graph *g, gndp_node x);
/** sin x */
GNDP_API gndp_node (gndp_sin)(gndp_graph *g, gndp_node x);
/** cos x */
GNDP_API gndp_node (gndp_cos)(gndp_graph *g, gndp_node x);
/** tanh x */
GNDP_API gndp_node (gndp_tanh)(gndp_graph *g, gndp_node x);
/** 1/(1+e^-x) */
GNDP_API gndp_node (gndp_sigmoid)(gndp_graph *g, gndp_node x);
/** ln(1+e^x), without overflow */
GNDP_API gndp_node (gndp_softplus)(gndp_graph *g, gndp_node x);
/** error function */
GNDP_API gndp_node (gndp_erf)(gndp_graph *g, gndp_node x);
/** max(x, 0); derivative 0 at 0 */
GNDP_API gndp_node (gndp_relu)(gndp_graph *g, gndp_node x);
/** tanh form: x/2 (1 + tanh(sqrt(2/pi)(x + 0.044715 x^3))) */
GNDP_API gndp_node (gndp_gelu)(gndp_graph *g, gndp_node x);
/** x Phi(x), exact form */
GNDP_API gndp_node (gndp_gelu_erf)(gndp_graph *g, gndp_node x);
/** x sigmoid(x) */
GNDP_API gndp_node (gndp_silu)(gndp_graph *g, gndp_node x);
/** largest integer <= x; derivative 0 */
GNDP_API gndp_node (gndp_floor)(gndp_graph *g, gndp_node x);
/** 1 where x > 0, else 0; derivative 0 */
GNDP_API gndp_node (gndp_step)(gndp_graph *g, gndp_node x);
/** i32 mask: 1 where x is finite */
GNDP_API gndp_node (gndp_isfinite)(gndp_graph *g, gndp_node x);
/** cos(sqrt x), analytic at 0; cosh(sqrt(-x)) below 0 */
GNDP_API gndp_node (gndp_cos_sqrt)(gndp_graph *g, gndp_node x);
/** sin(sqrt x)/sqrt x, analytic at 0; gndp_sphj of order 0 */
GNDP_API gndp_node (gndp_sinc_sqrt)(gndp_graph *g, gndp_node x);
/** (arccos c)^2, analytic at c = 1; derivative -2 theta/sin theta */
GNDP_API gndp_node (gndp_arccos_sq)(gndp_graph *g, gndp_node x);
/** theta/sin theta with theta = arccos c, analytic at c = 1; gndp_angle_ratio_n of order 0 */
GNDP_API gndp_node (gndp_angle_ratio)(gndp_graph *g, gndp_node x);
/** x^(-n/2) j_n(sqrt x), j_n the spherical Bessel function, n = order in 0..12; d/dx of order n is -1/2 of order n+1. */
GNDP_API gndp_node (gndp_sphj)(gndp_graph *g, gndp_node x, int order);
/** n-th derivative in c of theta/sin theta, n = order in 0..12. */
GNDP_API gndp_node (gndp_angle_ratio_n)(gndp_graph *g, gndp_node c, int order);
/** factor x */
GNDP_API gndp_node (gndp_scale)(gndp_graph *g, gndp_node x, double factor);
/** x + term */
GNDP_API gndp_node (gndp_offset)(gndp_graph *g, gndp_node x, double term);
/** x^power */
GNDP_API gndp_node (gndp_pow_const)(gndp_graph *g, gndp_node x, double power);
/** min(max(x, low), high); derivative 0 at and outside the bounds */
GNDP_API gndp_node (gndp_clip)(gndp_graph *g, gndp_node x, double low, double high);
/** x converted: real to real rounds to nearest, real to i32 truncates (no derivative), i32 to real. */
GNDP_API gndp_node (gndp_cast)(gndp_graph *g, gndp_node x, gndp_dtype dtype);

/* ---------------------------- elementwise: two arguments, with broadcasting of size-1 and missing leading axes */
/** a + b (real or i32) */
GNDP_API gndp_node (gndp_add)(gndp_graph *g, gndp_node a, gndp_node b);
/** a - b (real or i32) */
GNDP_API gndp_node (gndp_sub)(gndp_graph *g, gndp_node a, gndp_node b);
/** a b (real or i32) */
GNDP_API gndp_node (gndp_mul)(gndp_graph *g, gndp_node a, gndp_node b);
/** a / b */
GNDP_API gndp_node (gndp_div)(gndp_graph *g, gndp_node a, gndp_node b);
/** larger of a and b, NaN if one is; a tie shares the derivative */
GNDP_API gndp_node (gndp_max2)(gndp_graph *g, gndp_node a, gndp_node b);
/** smaller of a and b, NaN if one is; a tie shares the derivative */
GNDP_API gndp_node (gndp_min2)(gndp_graph *g, gndp_node a, gndp_node b);
/** a^b for a > 0 */
GNDP_API gndp_node (gndp_pow)(gndp_graph *g, gndp_node a, gndp_node b);
/** angle of (b, a), radians */
GNDP_API gndp_node (gndp_atan2)(gndp_graph *g, gndp_node a, gndp_node b);
/** i32 mask a < b (real or i32) */
GNDP_API gndp_node (gndp_less)(gndp_graph *g, gndp_node a, gndp_node b);
/** i32 mask a <= b */
GNDP_API gndp_node (gndp_less_equal)(gndp_graph *g, gndp_node a, gndp_node b);
/** i32 mask a == b */
GNDP_API gndp_node (gndp_equal)(gndp_graph *g, gndp_node a, gndp_node b);
/** i32 mask a != b */
GNDP_API gndp_node (gndp_not_equal)(gndp_graph *g, gndp_node a, gndp_node b);
/** i32 mask: both non-zero */
GNDP_API gndp_node (gndp_and)(gndp_graph *g, gndp_node a, gndp_node b);
/** i32 mask: one non-zero */
GNDP_API gndp_node (gndp_or)(gndp_graph *g, gndp_node a, gndp_node b);
/** i32 mask: a is zero */
GNDP_API gndp_node (gndp_not)(gndp_graph *g, gndp_node a);
/** a where the i32 mask is not 0, else b; a masked value reaches nothing, be it NaN. */
GNDP_API gndp_node (gndp_select)(gndp_graph *g, gndp_node mask, gndp_node a, gndp_node b);

/* ---------------------------------------------------------- reductions; axis counts from the end when negative */
/** Sum over the axes (axes NULL: all); keep leaves them with size 1. */
GNDP_API gndp_node (gndp_sum)(gndp_graph *g, gndp_node x, const int *axes, int n_axes, bool keep);
/** Mean over the axes. */
GNDP_API gndp_node (gndp_mean)(gndp_graph *g, gndp_node x, const int *axes, int n_axes, bool keep);
/** Largest entry, NaN if one is; ties share the derivative. An empty reduction is an error. */
GNDP_API gndp_node (gndp_max)(gndp_graph *g, gndp_node x, const int *axes, int n_axes, bool keep);
/** ln sum e^x without overflow; -inf for all -inf. */
GNDP_API gndp_node (gndp_logsumexp)(gndp_graph *g, gndp_node x, const int *axes, int n_axes, bool keep);
/** Sum of all entries, rank 0. */
GNDP_API gndp_node (gndp_sum_all)(gndp_graph *g, gndp_node x);
/** Mean of all entries, rank 0. */
GNDP_API gndp_node (gndp_mean_all)(gndp_graph *g, gndp_node x);
/** Sum over the last axis, kept with size 1. */
GNDP_API gndp_node (gndp_sum_last)(gndp_graph *g, gndp_node x);
/** Sum over the axes that broadcasting `type` to x's shape would repeat: the adjoint of gndp_broadcast_to. dtype of `type` is ignored. */
GNDP_API gndp_node (gndp_sum_to)(gndp_graph *g, gndp_node x, gndp_type type);

/* ---------------------------------------------------------------------------------------------------- products */
/** a [.., M, K] b [.., K, N] -> [.., M, N], leading axes broadcast. Full precision always. */
GNDP_API gndp_node (gndp_matmul)(gndp_graph *g, gndp_node a, gndp_node b);
/** The same; a plan with options.bf16 may round the operands (and those of its derivatives) to bf16. */
GNDP_API gndp_node (gndp_matmul_reduced)(gndp_graph *g, gndp_node a, gndp_node b);
/** x weight + bias: x [.., I], weight [I, O], bias [O] or GNDP_NONE -> [.., O]; reduced product. */
GNDP_API gndp_node (gndp_linear)(gndp_graph *g, gndp_node x, gndp_node weight, gndp_node bias);
/** Squared distances: x [.., N, D], z [.., M, D] -> [.., N, M], by differences (exact zero at coincident points). */
GNDP_API gndp_node (gndp_sqdist)(gndp_graph *g, gndp_node x, gndp_node z);

/* ------------------------------------------------------------------------------------------------------- shape */
/** Same entries in row-major order; one dim may be -1. */
GNDP_API gndp_node (gndp_reshape)(gndp_graph *g, gndp_node x, int rank, const int64_t *dim);
/** Axis i of the result is axis perm[i] of x. */
GNDP_API gndp_node (gndp_transpose)(gndp_graph *g, gndp_node x, const int *perm);
/** Transpose of the last two axes. */
GNDP_API gndp_node (gndp_swap_last)(gndp_graph *g, gndp_node x);
/** Repeat size-1 and missing leading axes. */
GNDP_API gndp_node (gndp_broadcast_to)(gndp_graph *g, gndp_node x, int rank, const int64_t *dim);
/** Entries start[i] <= index < stop[i] of every axis. */
GNDP_API gndp_node (gndp_slice)(gndp_graph *g, gndp_node x, const int64_t *start, const int64_t *stop);
/** The same for one axis. */
GNDP_API gndp_node (gndp_slice_axis)(gndp_graph *g, gndp_node x, int axis, int64_t start, int64_t stop);
/** Zeros around x, before[i] and after[i] on axis i (none negative). */
GNDP_API gndp_node (gndp_pad)(gndp_graph *g, gndp_node x, const int64_t *before, const int64_t *after);
/** Join n arrays along an axis. */
GNDP_API gndp_node (gndp_concat)(gndp_graph *g, const gndp_node *x, int n, int axis);

/* ---------------------------------------------------------------------------------------------------- indexing */
/** Rows of x along axis: the axis is replaced by the axes of index (i32); out of range ends the run with GNDP_ERR_RANGE. */
GNDP_API gndp_node (gndp_gather)(gndp_graph *g, gndp_node x, gndp_node index, int axis);
/** Adjoint of gndp_gather: out[.., index[j], ..] += x[.., j, ..] in order of j, no atomics; `size` is the length of the axis made. */
GNDP_API gndp_node (gndp_scatter_add)(gndp_graph *g, gndp_node x, gndp_node index, int axis, int64_t size);
/** out[.., i, ..] = x[.., index[.., i, ..], ..]: index has x's rank and, but for the axis, its dims. */
GNDP_API gndp_node (gndp_take_along)(gndp_graph *g, gndp_node x, gndp_node index, int axis);
/** Adjoint of gndp_take_along. */
GNDP_API gndp_node (gndp_scatter_along)(gndp_graph *g, gndp_node x, gndp_node index, int axis, int64_t size);

/* --------------------------------------------------------------------------------- normalisation and attention */
/** Over the last axis; mask i32, broadcast to x, or GNDP_NONE; masked entries are 0, a fully masked row is 0 with zero derivative. */
GNDP_API gndp_node (gndp_softmax)(gndp_graph *g, gndp_node x, gndp_node mask);
/** (x - mean)/sqrt(var + floor) over the last axis, times gain plus bias (each [H] or GNDP_NONE). */
GNDP_API gndp_node (gndp_layer_norm)(gndp_graph *g, gndp_node x, gndp_node gain, gndp_node bias, double floor);
/** x [B, .., H]: mean and variance of each realization over all points and the H/groups features of a group; gain, bias [H] or GNDP_NONE. */
GNDP_API gndp_node (gndp_group_norm)(gndp_graph *g, gndp_node x, int groups, gndp_node gain, gndp_node bias, double floor);
/** Multi-head attention: q [.., Nq, h dk], k [.., Nk, h dk], v [.., Nk, h dv] -> [.., Nq, h dv]; head i takes the i-th column block;
 * softmax(scale q k') v over keys kept by mask (i32 [.., Nk] keys or [.., Nq, Nk], leading axes equal or 1; GNDP_NONE: all). scale 0 means 1/sqrt(dk).
 * A query without keys gives 0 with zero derivative. Products are reduced (see gndp_matmul_reduced). */
GNDP_API gndp_node (gndp_attention)(gndp_graph *g, gndp_node q, gndp_node k, gndp_node v, gndp_node mask, int heads, double scale);

/* ------------------------------------------------------------------- linear algebra, batched over leading axes */
/** Lower L with L L' = a; reads the lower triangle, takes a as symmetric, returns a symmetric cotangent; upper triangle of L is 0.
 * A pivot <= 0 ends the run with GNDP_ERR_NOT_PD naming batch and pivot. */
GNDP_API gndp_node (gndp_cholesky)(gndp_graph *g, gndp_node a);
/** Solve L x = b, or L' x = b: l [.., N, N] (lower triangle read), b [.., N, M]; leading axes equal, or l without them. */
GNDP_API gndp_node (gndp_solve_lower)(gndp_graph *g, gndp_node l, gndp_node b, bool transposed);

/* ------------------------------------------------------------------------------------------------------ series */
/** sum_l coef[l] P_l^(order)(x): coef [L], x any shape in [-1, 1], order the number of derivatives (0..8). */
GNDP_API gndp_node (gndp_legendre)(gndp_graph *g, gndp_node coef, gndp_node x, int order);

/* ------------------------------ random numbers (see gndp_random_normal_f32 in base.h for the exact definition) */
/** Standard normals [R, dim..]: seed i32 [2] (low, high word), step i32 scalar, member i32 [R] are data; element j of member r is a
 * function of (seed, step, member[r], stream, j) alone. `stream` names this draw; twice the same in one graph is an error. No derivative. */
GNDP_API gndp_node (gndp_random_normal)(gndp_graph *g, gndp_node seed, gndp_node step, gndp_node member, uint32_t stream, gndp_dtype dtype, int rank, const int64_t *dim);
/** Uniforms in (0, 1), otherwise the same. */
GNDP_API gndp_node (gndp_random_uniform)(gndp_graph *g, gndp_node seed, gndp_node step, gndp_node member, uint32_t stream, gndp_dtype dtype, int rank, const int64_t *dim);

/** Split x along an axis into n parts of equal size, out[n]. */
GNDP_API void (gndp_split)(gndp_graph *g, gndp_node x, int axis, int n, gndp_node *out);

/** log |det| from a Cholesky factor l [.., N, N]: 2 sum_i ln l_ii -> [..]. */
GNDP_API gndp_node (gndp_cholesky_log_det)(gndp_graph *g, gndp_node l);

/* -------------------------------------------------------------------------------------------- training */

/** Settings of Adam (Kingma & Ba 2015, arXiv:1412.6980) with clipping by global norm and a moving average. */
typedef struct gndp_adam {
    double beta1, beta2, floor; /* decay of the two moments; added to the root of the second (their epsilon) */
    double clip;                /* largest global gradient norm; 0: no clipping */
    double ema;                 /* decay of the moving average of the values; 0: none kept */
    double weight_decay;        /* decoupled (arXiv:1711.05101), times the learning rate; 0: none */
} gndp_adam;

/** 0.9, 0.999, 1e-8, clip 1, ema 0.999, no weight decay. */
GNDP_API gndp_adam gndp_adam_default(void);

typedef struct gndp_adam_nodes {
    gndp_node grad_norm; /* global norm before clipping, f64, rank 0 */
    gndp_node applied;   /* i32 scalar: 1; 0 when the norm was not finite and nothing was changed */
} gndp_adam_nodes;

/**
 * One optimiser step as graph: gradients of `loss` in every parameter of the store that the graph reads, clipped by their
 * global norm, Adam moments with bias correction, new values, moving average; all in place by gndp_assign, so run it in a plan with options.effects.
 * A gradient norm that is not finite assigns nothing.
 *
 * @param loss  scalar
 * @param rate  real scalar: learning rate of this step
 * @param step  real scalar: 1, 2, ... the number of this step, for the bias correction
 */
GNDP_API gndp_adam_nodes (gndp_adam_step)(gndp_graph *g, gndp_node loss, gndp_store *store, gndp_adam settings,
                                          gndp_node rate, gndp_node step);

#ifndef GNDP_NO_CALLSITE
#define gndp_input(g, ...) (gndp_input)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_constant(g, ...) (gndp_constant)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_fill(g, ...) (gndp_fill)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_scalar(g, ...) (gndp_scalar)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_iota(g, ...) (gndp_iota)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_param(g, ...) (gndp_param)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_assign(g, ...) (gndp_assign)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_stop_gradient(g, ...) (gndp_stop_gradient)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_neg(g, ...) (gndp_neg)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_abs(g, ...) (gndp_abs)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_sign(g, ...) (gndp_sign)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_square(g, ...) (gndp_square)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_sqrt(g, ...) (gndp_sqrt)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_rsqrt(g, ...) (gndp_rsqrt)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_reciprocal(g, ...) (gndp_reciprocal)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_exp(g, ...) (gndp_exp)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_expm1(g, ...) (gndp_expm1)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_log(g, ...) (gndp_log)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_log1p(g, ...) (gndp_log1p)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_sin(g, ...) (gndp_sin)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_cos(g, ...) (gndp_cos)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_tanh(g, ...) (gndp_tanh)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_sigmoid(g, ...) (gndp_sigmoid)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_softplus(g, ...) (gndp_softplus)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_erf(g, ...) (gndp_erf)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_relu(g, ...) (gndp_relu)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_gelu(g, ...) (gndp_gelu)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_gelu_erf(g, ...) (gndp_gelu_erf)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_silu(g, ...) (gndp_silu)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_floor(g, ...) (gndp_floor)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_step(g, ...) (gndp_step)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_isfinite(g, ...) (gndp_isfinite)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_cos_sqrt(g, ...) (gndp_cos_sqrt)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_sinc_sqrt(g, ...) (gndp_sinc_sqrt)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_arccos_sq(g, ...) (gndp_arccos_sq)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_angle_ratio(g, ...) (gndp_angle_ratio)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_sphj(g, ...) (gndp_sphj)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_angle_ratio_n(g, ...) (gndp_angle_ratio_n)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_scale(g, ...) (gndp_scale)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_offset(g, ...) (gndp_offset)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_pow_const(g, ...) (gndp_pow_const)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_clip(g, ...) (gndp_clip)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_cast(g, ...) (gndp_cast)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_add(g, ...) (gndp_add)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_sub(g, ...) (gndp_sub)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_mul(g, ...) (gndp_mul)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_div(g, ...) (gndp_div)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_max2(g, ...) (gndp_max2)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_min2(g, ...) (gndp_min2)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_pow(g, ...) (gndp_pow)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_atan2(g, ...) (gndp_atan2)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_less(g, ...) (gndp_less)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_less_equal(g, ...) (gndp_less_equal)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_equal(g, ...) (gndp_equal)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_not_equal(g, ...) (gndp_not_equal)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_and(g, ...) (gndp_and)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_or(g, ...) (gndp_or)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_not(g, ...) (gndp_not)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_select(g, ...) (gndp_select)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_sum(g, ...) (gndp_sum)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_mean(g, ...) (gndp_mean)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_max(g, ...) (gndp_max)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_logsumexp(g, ...) (gndp_logsumexp)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_sum_all(g, ...) (gndp_sum_all)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_mean_all(g, ...) (gndp_mean_all)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_sum_last(g, ...) (gndp_sum_last)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_sum_to(g, ...) (gndp_sum_to)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_matmul(g, ...) (gndp_matmul)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_matmul_reduced(g, ...) (gndp_matmul_reduced)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_linear(g, ...) (gndp_linear)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_sqdist(g, ...) (gndp_sqdist)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_reshape(g, ...) (gndp_reshape)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_transpose(g, ...) (gndp_transpose)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_swap_last(g, ...) (gndp_swap_last)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_broadcast_to(g, ...) (gndp_broadcast_to)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_slice(g, ...) (gndp_slice)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_slice_axis(g, ...) (gndp_slice_axis)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_pad(g, ...) (gndp_pad)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_concat(g, ...) (gndp_concat)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_gather(g, ...) (gndp_gather)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_scatter_add(g, ...) (gndp_scatter_add)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_take_along(g, ...) (gndp_take_along)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_scatter_along(g, ...) (gndp_scatter_along)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_softmax(g, ...) (gndp_softmax)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_layer_norm(g, ...) (gndp_layer_norm)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_group_norm(g, ...) (gndp_group_norm)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_attention(g, ...) (gndp_attention)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_cholesky(g, ...) (gndp_cholesky)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_solve_lower(g, ...) (gndp_solve_lower)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_legendre(g, ...) (gndp_legendre)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_random_normal(g, ...) (gndp_random_normal)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_random_uniform(g, ...) (gndp_random_uniform)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_split(g, ...) (gndp_split)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_cholesky_log_det(g, ...) (gndp_cholesky_log_det)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#define gndp_adam_step(g, ...) (gndp_adam_step)(gndp_at((g), __FILE__, __LINE__), __VA_ARGS__)
#endif

#ifdef __cplusplus
}
#endif
#endif
