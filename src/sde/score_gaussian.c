// SPDX-License-Identifier: Apache-2.0
// The exact score of Gaussian data: one eigendecomposition for all times (geomndp.md 5).
#define GNDP_NO_CALLSITE
#include <gndp/ops.h>

#include <cblas.h>
#include <lapacke.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "kernels/gaussian.h"
#include "sde/limit.h"

void gndp_score_free(gndp_score *score)
{
    if (score != NULL) {
        if (score->free != NULL) {
            score->free(score->state);
        }
        *score = (gndp_score){0};
    }
}

/* ---- Spectrum -------------------------------------------------------------------------------- */

/* A square root L of K as LAPACK sees it: column-major, triangular where the law's root is. */
typedef struct square_root {
    int n;
    bool lower;
    double *l;          /* [n, n] column-major */
    double *lu;         /* its factors where it is not triangular */
    lapack_int *pivots; /* [n] */
} square_root;

static void root_free(square_root *r)
{
    free(r->l);
    free(r->lu);
    free(r->pivots);
}

static gndp_status root_open(const gndp_gaussian *law, square_root *r)
{
    gndp_status st = GNDP_OK;
    const int64_t n = gndp_gaussian_size(law);
    double *unit = NULL;
    *r = (square_root){0};
    GNDP_CHECK(gndp_gaussian_rank(law) == n, GNDP_ERR_UNSUPPORTED,
               "the root of the law has %lld columns for %lld values: the exact score wants one "
               "that can be inverted (%s)",
               (long long)gndp_gaussian_rank(law), (long long)n, gndp_gaussian_describe(law));
    GNDP_CHECK(n >= 1 && n <= 32768, GNDP_ERR_RANGE,
               "%lld values: an eigendecomposition is made of 1 to 32768", (long long)n);
    r->n = (int)n;
    unit = calloc((size_t)(n * n), sizeof *unit);
    r->l = malloc((size_t)(n * n) * sizeof *r->l);
    GNDP_CHECK(unit != NULL && r->l != NULL, GNDP_ERR_NOMEM, "%lld values", (long long)(n * n));
    for (int64_t i = 0; i < n; i++) {
        unit[i * n + i] = 1.0;
    }
    GNDP_TRY(gndp_gaussian_apply_root(law, false, n, unit, r->l)); /* row i: L e_i, a column of L */
    r->lower = true;
    for (int64_t j = 0; j < n; j++) {
        for (int64_t i = 0; i < j; i++) {
            r->lower = r->lower && r->l[j * n + i] == 0.0;
        }
        r->lower = r->lower && r->l[j * n + j] != 0.0;
    }
    if (!r->lower) {
        r->lu = unit;
        unit = NULL;
        memcpy(r->lu, r->l, (size_t)(n * n) * sizeof *r->l);
        r->pivots = malloc((size_t)n * sizeof *r->pivots);
        GNDP_CHECK(r->pivots != NULL, GNDP_ERR_NOMEM, "%lld values", (long long)n);
        GNDP_CHECK(LAPACKE_dgetrf_work(LAPACK_COL_MAJOR, r->n, r->n, r->lu, r->n, r->pivots) == 0,
                   GNDP_ERR_NOT_PD, "the root of the law is singular: %s",
                   gndp_gaussian_describe(law));
    }
done:
    free(unit);
    return st;
}

/* x <- L^-1 x, or L^-T x: x [n, n] column-major. */
static gndp_status root_solve(const square_root *r, bool transposed, double *x)
{
    gndp_status st = GNDP_OK;
    if (r->lower) {
        cblas_dtrsm(CblasColMajor, CblasLeft, CblasLower, transposed ? CblasTrans : CblasNoTrans,
                    CblasNonUnit, r->n, r->n, 1.0, r->l, r->n, x, r->n);
    } else {
        const lapack_int info = LAPACKE_dgetrs_work(LAPACK_COL_MAJOR, transposed ? 'T' : 'N', r->n,
                                                    r->n, r->lu, r->n, r->pivots, x, r->n);
        GNDP_CHECK(info == 0, GNDP_ERR_INTERNAL, "dgetrs: argument %d", -(int)info);
    }
done:
    return st;
}

static void transpose(int64_t n, double *a)
{
    for (int64_t i = 0; i < n; i++) {
        for (int64_t j = 0; j < i; j++) {
            const double swap = a[i * n + j];
            a[i * n + j] = a[j * n + i];
            a[j * n + i] = swap;
        }
    }
}

/* a <- eigenvectors of L^-1 a L^-T as columns (where wanted), w its eigenvalues, none below 0. */
static gndp_status whitened_spectrum(const square_root *r, bool vectors, double *a, double *w)
{
    gndp_status st = GNDP_OK;
    const int64_t n = r->n;
    lapack_int *iwork = NULL, isize = 0;
    double *work = NULL, size = 0.0;
    GNDP_TRY(root_solve(r, false, a)); /* L^-1 S0 */
    transpose(n, a);                   /* S0 L^-T */
    GNDP_TRY(root_solve(r, false, a));
    for (int64_t i = 0; i < n; i++) {
        for (int64_t j = 0; j < i; j++) {
            a[i * n + j] = a[j * n + i] = 0.5 * (a[i * n + j] + a[j * n + i]);
        }
    }
    const char job = vectors ? 'V' : 'N';
    LAPACKE_dsyevd_work(LAPACK_COL_MAJOR, job, 'L', r->n, a, r->n, w, &size, -1, &isize, -1);
    work = malloc((size_t)size * sizeof *work);
    iwork = malloc((size_t)isize * sizeof *iwork);
    GNDP_CHECK(work != NULL && iwork != NULL, GNDP_ERR_NOMEM, "%.0f values", size);
    const lapack_int info = LAPACKE_dsyevd_work(LAPACK_COL_MAJOR, job, 'L', r->n, a, r->n, w, work,
                                                (lapack_int)size, iwork, isize);
    GNDP_CHECK(info == 0, GNDP_ERR_INTERNAL, "dsyevd: %d", (int)info);
    for (int64_t k = 0; k < n; k++) {
        w[k] = w[k] > 0.0 ? w[k] : 0.0;
    }
done:
    free(work);
    free(iwork);
    return st;
}

static gndp_status copy_covariance(int64_t n, const double *s0, double **out)
{
    gndp_status st = GNDP_OK;
    *out = malloc((size_t)(n * n) * sizeof **out + 1);
    GNDP_CHECK(*out != NULL, GNDP_ERR_NOMEM, "%lld values", (long long)(n * n));
    double scale = 0.0;
    for (int64_t i = 0; i < n; i++) {
        scale = fmax(scale, fabs(s0[i * n + i]));
    }
    for (int64_t i = 0; i < n; i++) {
        for (int64_t j = 0; j <= i; j++) {
            const double a = s0[i * n + j], b = s0[j * n + i];
            GNDP_CHECK(isfinite(a) && isfinite(b), GNDP_ERR_NONFINITE,
                       "covariance of values %lld and %lld is %g", (long long)i, (long long)j, a);
            GNDP_CHECK(fabs(a - b) <= 1e-9 * scale, GNDP_ERR_ARG,
                       "the covariance is not symmetric: values %lld and %lld have %.9g and %.9g",
                       (long long)i, (long long)j, a, b);
            (*out)[i * n + j] = (*out)[j * n + i] = a;
        }
    }
done:
    return st;
}

gndp_status gndp_gaussian_spectrum(const gndp_gaussian *law, const double *s0, double *w)
{
    gndp_status st = GNDP_OK;
    square_root root = {0};
    double *a = NULL;
    GNDP_CHECK(law != NULL && s0 != NULL && w != NULL, GNDP_ERR_ARG, "an argument is NULL");
    GNDP_TRY(root_open(law, &root));
    GNDP_TRY(copy_covariance(root.n, s0, &a));
    GNDP_TRY(whitened_spectrum(&root, false, a, w));
done:
    root_free(&root);
    free(a);
    return st;
}

/* ---- The score ------------------------------------------------------------------------------- */

/*
 * K S_t^-1 (mu_t - y) = E diag(1/(alpha w + v)) F (mu_t - y) with A = L^-1 S0 L^-T = U diag(w) U',
 * E = L U, F = U' L^-1; mu_t = m + r (m0 - m).
 */
typedef struct gaussian_state {
    int64_t size;
    double *mean, *shift; /* m; m0 - m */
    double *w;            /* [n] */
    double *e_rows;       /* E' row-major: row k is E's column k */
    double *f_columns;    /* F' row-major */
} gaussian_state;

static void state_free(void *state)
{
    gaussian_state *s = state;
    if (s != NULL) {
        free(s->mean);
        free(s->shift);
        free(s->w);
        free(s->e_rows);
        free(s->f_columns);
        free(s);
    }
}

static gndp_node constant(gndp_graph *g, int64_t rows, int64_t columns, const double *v)
{
    return gndp_constant(g, gndp_type_2d(GNDP_F64, rows, columns), v);
}

static gndp_node gaussian_build(const void *state, gndp_graph *g, const gndp_score_inputs *in)
{
    const gaussian_state *s = state;
    const gndp_type type = gndp_node_type(in->y); /* [R, N, P], padded points last */
    const int64_t n = s->size, r = type.dim[0], all = type.dim[1] * type.dim[2];
    gndp_node y = gndp_reshape(g, in->y, 2, (int64_t[]){r, all});
    if (all > n) {
        y = gndp_slice_axis(g, y, 1, 0, n);
    }
    const gndp_node decay = gndp_reshape(g, in->decay, 2, (int64_t[]){r, 1}),
                    variance = gndp_reshape(g, in->variance, 2, (int64_t[]){r, 1});
    const gndp_node mu =
        gndp_add(g, constant(g, 1, n, s->mean), gndp_mul(g, decay, constant(g, 1, n, s->shift)));
    const gndp_node q = gndp_matmul(g, gndp_sub(g, mu, y), constant(g, n, n, s->f_columns));
    const gndp_node precision =
        gndp_add(g, gndp_mul(g, gndp_square(g, decay), constant(g, 1, n, s->w)), variance);
    gndp_node score = gndp_matmul(g, gndp_div(g, q, precision), constant(g, n, n, s->e_rows));
    if (all > n) {
        score = gndp_pad(g, score, (int64_t[]){0, 0}, (int64_t[]){0, all - n});
    }
    return gndp_reshape(g, score, 3, type.dim);
}

static gndp_status make_factors(const square_root *root, const double *s0, gaussian_state *s)
{
    gndp_status st = GNDP_OK;
    const int64_t n = s->size;
    double *u = NULL;
    GNDP_TRY(copy_covariance(n, s0, &u));
    GNDP_TRY(whitened_spectrum(root, true, u, s->w));
    /* u is column-major U. L U column-major has E's columns one after the other: E' by rows. */
    cblas_dgemm(CblasColMajor, CblasNoTrans, CblasNoTrans, root->n, root->n, root->n, 1.0, root->l,
                root->n, u, root->n, 0.0, s->e_rows, root->n);
    GNDP_TRY(root_solve(root, true, u)); /* L^-T U = F', column-major */
    memcpy(s->f_columns, u, (size_t)(n * n) * sizeof *u);
    transpose(n, s->f_columns);
done:
    free(u);
    return st;
}

gndp_status gndp_score_gaussian(const gndp_gaussian *law, const double *mean, const double *s0,
                                gndp_score *out)
{
    gndp_status st = GNDP_OK;
    square_root root = {0};
    gaussian_state *s = NULL;
    GNDP_CHECK(out != NULL, GNDP_ERR_ARG, "out is NULL");
    *out = (gndp_score){0};
    GNDP_CHECK(law != NULL && s0 != NULL, GNDP_ERR_ARG, "an argument is NULL");
    GNDP_TRY(root_open(law, &root));
    const int64_t n = root.n;
    s = calloc(1, sizeof *s);
    GNDP_CHECK(s != NULL, GNDP_ERR_NOMEM, "%zu bytes", sizeof *s);
    s->size = n;
    s->mean = malloc((size_t)n * sizeof *s->mean);
    s->shift = malloc((size_t)n * sizeof *s->shift);
    s->w = malloc((size_t)n * sizeof *s->w);
    s->e_rows = malloc((size_t)(n * n) * sizeof *s->e_rows);
    s->f_columns = malloc((size_t)(n * n) * sizeof *s->f_columns);
    GNDP_CHECK(s->mean != NULL && s->shift != NULL && s->w != NULL && s->e_rows != NULL &&
                   s->f_columns != NULL,
               GNDP_ERR_NOMEM, "%lld values", (long long)(2 * n * n));
    gndp_gaussian_mean(law, s->mean);
    for (int64_t i = 0; i < n; i++) {
        s->shift[i] = (mean != NULL ? mean[i] : 0.0) - s->mean[i];
        GNDP_CHECK(isfinite(s->shift[i]), GNDP_ERR_NONFINITE, "mean of value %lld is %g",
                   (long long)i, mean[i]);
    }
    GNDP_TRY(make_factors(&root, s0, s));
    *out = (gndp_score){.dtype = GNDP_F64,
                        .components = law->outputs,
                        .state = s,
                        .build = gaussian_build,
                        .free = state_free};
    s = NULL;
done:
    root_free(&root);
    state_free(s);
    return st;
}
