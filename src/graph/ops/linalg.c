// SPDX-License-Identifier: Apache-2.0
// Cholesky factors and triangular solves over batches, and the triangles and diagonals their
// adjoints need.
#define GNDP_NO_CALLSITE
#include "graph/op.h"
#include "graph/ops/dims.h"

#include <gndp/ops.h>

#include <cblas.h>
#include <float.h>
#include <lapacke.h>
#include <math.h>
#include <omp.h>
#include <string.h>

enum {
    CHOLESKY,
    SOLVE_LOWER, /* attr.i[0]: transposed */
    TRIL,        /* attr.f[0]: factor of the diagonal */
    DIAG_PART,
    DIAG_EMBED
};

/* Matrices of a batch up to this size are shared out to threads, one each; larger ones use all
 * threads for one. */
#define BATCH_MAX 512
/* One matrix up to this size is left to one thread, which is as fast. Above, OpenBLAS splits the
   work by the number of threads, and rounding follows from that number too. */
#define SERIAL_MAX 512

#define PIVOT_MESSAGE "cholesky: batch %lld: pivot %lld is %.3g: not positive definite"

static int64_t last_dim(gndp_type type)
{
    return type.dim[type.rank - 1];
}

static int64_t matrices(gndp_type type)
{
    return gndp_dims_product(type, 0, type.rank - 2);
}

/* Neither NaN nor infinite, and above 0. */
static bool pivot_is_good(double pivot)
{
    return pivot > 0.0 && pivot <= DBL_MAX;
}

/* l [.., n, n], b [.., n, m]; l_batch 0: one l for all. */
typedef struct solve_shape {
    int64_t batch, n, m, l_batch;
} solve_shape;

static solve_shape solve_shape_of(const gndp_exec *ex)
{
    const gndp_type l = ex->in[0].type, b = ex->in[1].type;
    const int64_t n = last_dim(l);
    return (solve_shape){
        .batch = matrices(b), .n = n, .m = last_dim(b), .l_batch = l.rank == 2 ? 0 : n * n};
}

/* How many threads OpenBLAS (its OpenMP build) may use in calls from this thread; returns what it
 * was. */
static int blas_threads(int n)
{
    const int before = omp_get_max_threads();
    omp_set_num_threads(n);
    return before;
}

#define REAL float
#define GNDP_R(f) f##_f32
#define POTRF LAPACKE_spotrf_work
#define TRSM cblas_strsm
#define TRSV cblas_strsv
#include "graph/ops/linalg.inl"
#undef REAL
#undef GNDP_R
#undef POTRF
#undef TRSM
#undef TRSV
#define REAL double
#define GNDP_R(f) f##_f64
#define POTRF LAPACKE_dpotrf_work
#define TRSM cblas_dtrsm
#define TRSV cblas_dtrsv
#include "graph/ops/linalg.inl"
#undef REAL
#undef GNDP_R
#undef POTRF
#undef TRSM
#undef TRSV

/* --------------------------------------------------------------------------------------- shapes */

static gndp_status check_square(const char *op, gndp_type a)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(a.dtype != GNDP_I32, GNDP_ERR_TYPE, "%s: wants real values, got " GNDP_TYPE_FMT, op,
               GNDP_TYPE_ARG(a));
    GNDP_CHECK(a.rank >= 2 && a.dim[a.rank - 1] == a.dim[a.rank - 2], GNDP_ERR_SHAPE,
               "%s: wants [.., N, N], got " GNDP_TYPE_FMT, op, GNDP_TYPE_ARG(a));
done:
    return st;
}

static gndp_status cholesky_shape(const gndp_attr *attr, int n_in, const gndp_type in[],
                                  gndp_type out[])
{
    gndp_status st = GNDP_OK;
    (void)attr, (void)n_in;
    GNDP_TRY(check_square("cholesky", in[0]));
    out[0] = in[0];
done:
    return st;
}

static gndp_status solve_lower_shape(const gndp_attr *attr, int n_in, const gndp_type in[],
                                     gndp_type out[])
{
    gndp_status st = GNDP_OK;
    const gndp_type l = in[0], b = in[1];
    bool fits = b.rank >= 2 && (l.rank == 2 || l.rank == b.rank);
    (void)attr, (void)n_in;
    GNDP_TRY(check_square("solve_lower", l));
    GNDP_CHECK(l.dtype == b.dtype, GNDP_ERR_TYPE,
               "solve_lower: " GNDP_TYPE_FMT " and " GNDP_TYPE_FMT, GNDP_TYPE_ARG(l),
               GNDP_TYPE_ARG(b));
    for (int i = 0; i < l.rank - 2 && fits; i++) {
        fits = l.dim[i] == b.dim[i];
    }
    GNDP_CHECK(fits && last_dim(l) == b.dim[b.rank - 2], GNDP_ERR_SHAPE,
               "solve_lower: wants l [.., N, N] and b [.., N, M], leading axes equal or l without, "
               "got " GNDP_TYPE_FMT " and " GNDP_TYPE_FMT,
               GNDP_TYPE_ARG(l), GNDP_TYPE_ARG(b));
    out[0] = b;
done:
    return st;
}

static gndp_status tril_shape(const gndp_attr *attr, int n_in, const gndp_type in[],
                              gndp_type out[])
{
    gndp_status st = GNDP_OK;
    (void)attr, (void)n_in;
    GNDP_CHECK(in[0].dtype != GNDP_I32 && in[0].rank >= 2, GNDP_ERR_SHAPE,
               "tril: wants real [.., N, M], got " GNDP_TYPE_FMT, GNDP_TYPE_ARG(in[0]));
    out[0] = in[0];
done:
    return st;
}

static gndp_status diag_part_shape(const gndp_attr *attr, int n_in, const gndp_type in[],
                                   gndp_type out[])
{
    gndp_status st = GNDP_OK;
    (void)attr, (void)n_in;
    GNDP_TRY(check_square("diag_part", in[0]));
    out[0] = gndp_type_make(in[0].dtype, in[0].rank - 1, in[0].dim);
done:
    return st;
}

static gndp_status diag_embed_shape(const gndp_attr *attr, int n_in, const gndp_type in[],
                                    gndp_type out[])
{
    gndp_status st = GNDP_OK;
    (void)attr, (void)n_in;
    GNDP_CHECK(in[0].dtype != GNDP_I32 && in[0].rank >= 1 && in[0].rank < GNDP_MAX_RANK,
               GNDP_ERR_SHAPE, "diag_embed: wants real [.., N], got " GNDP_TYPE_FMT,
               GNDP_TYPE_ARG(in[0]));
    out[0] = in[0];
    out[0].dim[out[0].rank] = last_dim(in[0]);
    out[0].rank++;
done:
    return st;
}

/* ------------------------------------------------------------------------ builders and adjoints */

static gndp_node append1(gndp_graph *g, int which, const gndp_attr *attr, gndp_node x)
{
    return gndp_node_append(g, &gndp_ops_linalg[which], attr, 1, &x);
}

static gndp_node tril(gndp_graph *g, gndp_node x, double diagonal)
{
    return append1(g, TRIL, &(gndp_attr){.f = {diagonal}}, x);
}

gndp_node(gndp_cholesky)(gndp_graph *g, gndp_node a)
{
    return append1(g, CHOLESKY, NULL, a);
}

gndp_node(gndp_solve_lower)(gndp_graph *g, gndp_node l, gndp_node b, bool transposed)
{
    const gndp_node in[2] = {l, b};
    return gndp_node_append(g, &gndp_ops_linalg[SOLVE_LOWER], &(gndp_attr){.i = {transposed}}, 2,
                            in);
}

gndp_node(gndp_cholesky_log_det)(gndp_graph *g, gndp_node l)
{
    const int last = -1;
    return gndp_scale(g, gndp_sum(g, gndp_log(g, append1(g, DIAG_PART, NULL, l)), &last, 1, false),
                      2.0);
}

/*
 * With P = Phi(L' Lbar), Phi the lower triangle with half the diagonal, the symmetric cotangent of
 * a = L L' is 1/2 (S + S'),  S = L^-T P L^-1     (Murray 2016, arXiv:1602.07527). Lbar counts only
 * in its lower triangle: L is 0 above.
 */
static void cholesky_vjp(gndp_graph *g, const gndp_pullback *p)
{
    const gndp_node l = p->out[0];
    const gndp_node phi =
        tril(g, gndp_matmul(g, gndp_swap_last(g, l), tril(g, p->cot[0], 1.0)), 0.5);
    const gndp_node left = gndp_solve_lower(g, l, phi, true);                  /* L^-T P */
    const gndp_node s = gndp_solve_lower(g, l, gndp_swap_last(g, left), true); /* (L^-T P L^-1)' */
    p->in_cot[0] = gndp_scale(g, gndp_add(g, s, gndp_swap_last(g, s)), 0.5);
}

/* x = L^-1 b: bbar = L^-T xbar, Lbar = -tril(bbar x'). x = L^-T b: bbar = L^-1 xbar, Lbar = -tril(x
 * bbar'). */
static void solve_lower_vjp(gndp_graph *g, const gndp_pullback *p)
{
    const bool transposed = p->attr->i[0] != 0;
    const gndp_node x = p->out[0], b_cot = gndp_solve_lower(g, p->in[0], p->cot[0], !transposed);
    p->in_cot[1] = b_cot;
    if (p->wanted[0]) {
        const gndp_node outer = transposed ? gndp_matmul(g, x, gndp_swap_last(g, b_cot))
                                           : gndp_matmul(g, b_cot, gndp_swap_last(g, x));
        p->in_cot[0] = gndp_neg(g, tril(g, gndp_sum_to(g, outer, gndp_node_type(p->in[0])), 1.0));
    }
}

static void tril_vjp(gndp_graph *g, const gndp_pullback *p)
{
    p->in_cot[0] = tril(g, p->cot[0], p->attr->f[0]);
}

static void diag_part_vjp(gndp_graph *g, const gndp_pullback *p)
{
    p->in_cot[0] = append1(g, DIAG_EMBED, NULL, p->cot[0]);
}

static void diag_embed_vjp(gndp_graph *g, const gndp_pullback *p)
{
    p->in_cot[0] = append1(g, DIAG_PART, NULL, p->cot[0]);
}

/* ---------------------------------------------------------------------------------------- table */

static double cholesky_flops(const gndp_attr *attr, int n_in, const gndp_type in[],
                             const gndp_type out[])
{
    (void)attr, (void)n_in, (void)out;
    return (double)gndp_type_count(in[0]) * (double)last_dim(in[0]) / 3.0;
}

static double solve_lower_flops(const gndp_attr *attr, int n_in, const gndp_type in[],
                                const gndp_type out[])
{
    (void)attr, (void)n_in, (void)out;
    return (double)gndp_type_count(in[1]) * (double)last_dim(in[0]);
}

const gndp_op gndp_ops_linalg[] = {
    [CHOLESKY] = {.name = "cholesky",
                  .n_in = 1,
                  .shape = cholesky_shape,
                  .vjp = cholesky_vjp,
                  .ref = {cholesky_ref_f32, cholesky_ref_f64},
                  .cpu = {cholesky_cpu_f32, cholesky_cpu_f64},
                  .flops = cholesky_flops,
                  .grad_case = "spd[4,4] | spd[2,3,3] | spd[1,1]"},
    [SOLVE_LOWER] = {.name = "solve_lower",
                     .n_in = 2,
                     .shape = solve_lower_shape,
                     .vjp = solve_lower_vjp,
                     .ref = {solve_lower_ref_f32, solve_lower_ref_f64},
                     .cpu = {solve_lower_cpu_f32, solve_lower_cpu_f64},
                     .flops = solve_lower_flops,
                     .grad_case = "tri[4,4] [4,3] | tri[4,4] [4,3] ; i0=1 | tri[2,3,3] [2,3,1] | "
                                  "tri[3,3] [2,3,2] ; i0=1 | "
                                  "tri[3,3] [2,3,1]"},
    [TRIL] = {.name = "tril",
              .n_in = 1,
              .shape = tril_shape,
              .vjp = tril_vjp,
              .ref = {tril_rows_f32, tril_rows_f64},
              .cpu = {tril_rows_f32, tril_rows_f64},
              .grad_case = "[4,4] ; f0=0.5 | [2,3,5] ; f0=1 | [4,2] ; f0=0"},
    [DIAG_PART] = {.name = "diag_part",
                   .n_in = 1,
                   .shape = diag_part_shape,
                   .vjp = diag_part_vjp,
                   .ref = {diag_part_ref_f32, diag_part_ref_f64},
                   .grad_case = "[4,4] | [2,3,3]"},
    [DIAG_EMBED] = {.name = "diag_embed",
                    .n_in = 1,
                    .shape = diag_embed_shape,
                    .vjp = diag_embed_vjp,
                    .ref = {diag_embed_ref_f32, diag_embed_ref_f64},
                    .grad_case = "[4] | [2,3]"},
    {0},
};
