// SPDX-License-Identifier: Apache-2.0
// Legendre series and their derivatives in x, and the moments that are their adjoint.
#define GNDP_NO_CALLSITE
#include "graph/op.h"
#include "graph/ops/dims.h"

#include <gndp/ops.h>

#include <math.h>

enum {
    LEGENDRE, /* coef [L], x -> shape of x; attr.i[0]: order m */
    MOMENTS   /* x, g of one shape -> [L]: M_l = sum_x g P_l^(m)(x); attr.i[0]: m, attr.i[1]: L */
};

/* Orders that builders take, and those that repeated derivatives may reach. */
#define ORDER_MAX 8
#define ORDER_REACH 24

/*
 * P_l^(m) is a Gegenbauer polynomial C_n^(m + 1/2), n = l - m, up to a factor. Divided by its value
 * at 1 (at most 1 in magnitude then), it is G_n with G_0 = 1 and, for the differences d_n = G_n -
 * G_(n-1), (n + 2m) d_n = (n - 1) d_(n-1) + (2n + 2m - 1) (x - 1) G_(n-1). It follows from the
 * three-term recurrence (Abramowitz & Stegun 22.7.3), but near x = 1, where that loses about n^2
 * rounding errors, x - 1 is exact and the differences carry the small terms. For x < 0: G_n(-x) =
 * (-1)^n G_n(x). The value at 1 of P_l^(m) is (l + m)! / (2^m m! (l - m)!), from (2m - 1)!! for l =
 * m.
 */
typedef struct recurrence {
    double keep, pull; /* (n - 1)/(n + 2m), (2n + 2m - 1)/(n + 2m) */
    double grow;       /* value at 1 of degree l = n + m over that of degree l - 1 */
    double end;        /* value at 1; filled by tabulate */
} recurrence;

static recurrence recurrence_at(int64_t n, int64_t m)
{
    const double d = (double)(n + 2 * m);
    return (recurrence){.keep = (double)(n - 1) / d,
                        .pull = (double)(2 * n + 2 * m - 1) / d,
                        .grow = d / (double)n};
}

/* (2m - 1)!! */
static double end_value(int64_t m)
{
    double end = 1.0;
    for (int64_t k = 1; k <= m; k++) {
        end *= (double)(2 * k - 1);
    }
    return end;
}

static void tabulate(int64_t terms, int64_t m, recurrence *table)
{
    table[0] = (recurrence){.end = end_value(m)};
    for (int64_t n = 1; n + m < terms; n++) {
        table[n] = recurrence_at(n, m);
        table[n].end = table[n - 1].end * table[n].grow;
    }
}

/* Below this many terms in all a loop stays in one thread. */
#define PARALLEL_COUNT 16384

/* Points that are carried through the recurrence together. */
#define LANES 32

typedef struct lanes {
    double below[LANES], sign[LANES], value[LANES], step[LANES];
} lanes;

static inline void advance(const recurrence *r, lanes *p)
{
    const double keep = r->keep, pull = r->pull;
    for (int64_t i = 0; i < LANES; i++) {
        p->step[i] = keep * p->step[i] + pull * (p->below[i] * p->value[i]);
        p->value[i] += p->step[i];
    }
}

static inline double lane_dot(const double *a, const double *b)
{
    double part[8] = {0.0};
    for (int i = 0; i < LANES; i += 8) {
        for (int j = 0; j < 8; j++) {
            part[j] += a[i + j] * b[i + j];
        }
    }
    return ((part[0] + part[4]) + (part[2] + part[6])) +
           ((part[1] + part[5]) + (part[3] + part[7]));
}

/* Blocks of points of the moments: at least 1024 points, at most 64 blocks, from the count alone.
 */
static int64_t moment_block_size(int64_t count)
{
    const int64_t size = (count + 63) / 64;
    return size < 1024 ? 1024 : (size + LANES - 1) / LANES * LANES;
}

static int64_t moment_blocks(int64_t count)
{
    return (count + moment_block_size(count) - 1) / moment_block_size(count);
}

static size_t legendre_scratch(const gndp_exec *ex)
{
    const size_t terms = (size_t)gndp_type_count(ex->in[0].type);
    return (terms + 1) * sizeof(recurrence) + (terms + 1) * sizeof(double);
}

static size_t moments_scratch(const gndp_exec *ex)
{
    const size_t terms = (size_t)ex->attr->i[1],
                 blocks = (size_t)moment_blocks(gndp_type_count(ex->in[0].type));
    return (terms + 1) * sizeof(recurrence) + (blocks * terms + 1) * sizeof(double);
}

#define REAL float
#define GNDP_R(f) f##_f32
#include "graph/ops/legendre.inl"
#undef REAL
#undef GNDP_R
#define REAL double
#define GNDP_R(f) f##_f64
#include "graph/ops/legendre.inl"
#undef REAL
#undef GNDP_R

/* --------------------------------------------------------------------------------------- shapes */

static gndp_status legendre_shape(const gndp_attr *attr, int n_in, const gndp_type in[],
                                  gndp_type out[])
{
    gndp_status st = GNDP_OK;
    (void)n_in;
    GNDP_CHECK(in[0].dtype == in[1].dtype && in[0].dtype != GNDP_I32, GNDP_ERR_TYPE,
               "legendre: wants coefficients and points of one real type, got " GNDP_TYPE_FMT
               " and " GNDP_TYPE_FMT,
               GNDP_TYPE_ARG(in[0]), GNDP_TYPE_ARG(in[1]));
    GNDP_CHECK(in[0].rank == 1, GNDP_ERR_SHAPE,
               "legendre: wants coefficients [L], got " GNDP_TYPE_FMT, GNDP_TYPE_ARG(in[0]));
    GNDP_CHECK(attr->i[0] >= 0 && attr->i[0] <= ORDER_REACH, GNDP_ERR_RANGE,
               "legendre: order %lld is outside 0..%d", (long long)attr->i[0], ORDER_REACH);
    out[0] = in[1];
done:
    return st;
}

static gndp_status moments_shape(const gndp_attr *attr, int n_in, const gndp_type in[],
                                 gndp_type out[])
{
    gndp_status st = GNDP_OK;
    (void)n_in;
    GNDP_CHECK(gndp_type_equal(in[0], in[1]) && in[0].dtype != GNDP_I32, GNDP_ERR_SHAPE,
               "legendre_moments: wants two real arrays of one shape, got " GNDP_TYPE_FMT
               " and " GNDP_TYPE_FMT,
               GNDP_TYPE_ARG(in[0]), GNDP_TYPE_ARG(in[1]));
    GNDP_CHECK(attr->i[0] >= 0 && attr->i[0] <= ORDER_REACH && attr->i[1] >= 0, GNDP_ERR_RANGE,
               "legendre_moments: order %lld, %lld terms", (long long)attr->i[0],
               (long long)attr->i[1]);
    out[0] = gndp_type_1d(in[0].dtype, attr->i[1]);
done:
    return st;
}

/* ------------------------------------------------------------------------ builders and adjoints */

static gndp_node series(gndp_graph *g, gndp_node coef, gndp_node x, int64_t order)
{
    const gndp_node in[2] = {coef, x};
    return gndp_node_append(g, &gndp_ops_legendre[LEGENDRE], &(gndp_attr){.i = {order}}, 2, in);
}

static gndp_node moments(gndp_graph *g, gndp_node x, gndp_node weight, int64_t order, int64_t terms)
{
    const gndp_node in[2] = {x, weight};
    return gndp_node_append(g, &gndp_ops_legendre[MOMENTS], &(gndp_attr){.i = {order, terms}}, 2,
                            in);
}

gndp_node(gndp_legendre)(gndp_graph *g, gndp_node coef, gndp_node x, int order)
{
    if (order < 0 || order > ORDER_MAX) {
        return gndp_graph_fail(g, GNDP_ERR_RANGE, "legendre", "order %d is outside 0..%d", order,
                               ORDER_MAX);
    }
    return series(g, coef, x, order);
}

static void legendre_vjp(gndp_graph *g, const gndp_pullback *p)
{
    const gndp_node coef = p->in[0], x = p->in[1];
    const int64_t m = p->attr->i[0];
    if (p->wanted[0]) {
        p->in_cot[0] = moments(g, x, p->cot[0], m, gndp_node_type(coef).dim[0]);
    }
    if (p->wanted[1]) {
        p->in_cot[1] = gndp_mul(g, p->cot[0], series(g, coef, x, m + 1));
    }
}

static void moments_vjp(gndp_graph *g, const gndp_pullback *p)
{
    const gndp_node x = p->in[0], weight = p->in[1], c = p->cot[0];
    const int64_t m = p->attr->i[0];
    if (p->wanted[0]) {
        p->in_cot[0] = gndp_mul(g, weight, series(g, c, x, m + 1));
    }
    if (p->wanted[1]) {
        p->in_cot[1] = series(g, c, x, m);
    }
}

/* ---------------------------------------------------------------------------------------- table */

static double legendre_flops(const gndp_attr *attr, int n_in, const gndp_type in[],
                             const gndp_type out[])
{
    (void)attr, (void)n_in;
    return 7.0 * (double)gndp_type_count(in[0]) * (double)gndp_type_count(out[0]);
}

static double moments_flops(const gndp_attr *attr, int n_in, const gndp_type in[],
                            const gndp_type out[])
{
    (void)attr, (void)n_in;
    return 7.0 * (double)gndp_type_count(in[0]) * (double)gndp_type_count(out[0]);
}

const gndp_op gndp_ops_legendre[] = {
    [LEGENDRE] =
        {.name = "legendre",
         .n_in = 2,
         .shape = legendre_shape,
         .vjp = legendre_vjp,
         .ref = {legendre_ref_f32, legendre_ref_f64},
         .cpu = {legendre_cpu_f32, legendre_cpu_f64},
         .scratch = legendre_scratch,
         .flops = legendre_flops,
         .grad_case =
             "[7] u[5] | [6] u[2,3] ; i0=1 | [6] u[40] ; i0=3 | [1] u[3] | [3] u[] ; i0=2"},
    [MOMENTS] = {.name = "legendre_moments",
                 .n_in = 2,
                 .shape = moments_shape,
                 .vjp = moments_vjp,
                 .ref = {moments_ref_f32, moments_ref_f64},
                 .cpu = {moments_cpu_f32, moments_cpu_f64},
                 .scratch = moments_scratch,
                 .flops = moments_flops,
                 .grad_case =
                     "u[5] [5] ; i1=7 | u[2,3] [2,3] ; i0=1 i1=6 | u[40] [40] ; i0=2 i1=5"},
    {0},
};
