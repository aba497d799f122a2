// SPDX-License-Identifier: Apache-2.0
// Dense factors of Gaussian processes through LAPACK and BLAS.
#include "kernels/gp_factor.h"

#include "base/error.h"
#include "kernels/gaussian.h"

#include <cblas.h>
#include <lapacke.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* First and smallest jitter, relative. */
#define JITTER 1e-12

/* a's upper triangle below the diagonal again, and its diagonal with jitter. */
static void restore(int64_t n, double *a, const double *diagonal, double jitter)
{
    for (int64_t i = 0; i < n; i++) {
        for (int64_t j = 0; j < i; j++) {
            a[i * n + j] = a[j * n + i];
        }
        a[i * n + i] = diagonal[i] + jitter;
    }
}

/* Row-major lower is column-major upper. Returns the failing pivot from 1, 0 when there is none. */
static int64_t try_factor(int64_t n, double *a, double *log_det)
{
    const int threads = gndp_threads_get();
    gaussian_flush flush; /* subnormals of a smooth kernel cost up to tenfold */
    gaussian_flush_begin(&flush, threads < GAUSSIAN_MAX_THREADS ? threads : GAUSSIAN_MAX_THREADS);
    const lapack_int info =
        LAPACKE_dpotrf_work(LAPACK_COL_MAJOR, 'U', (lapack_int)n, a, (lapack_int)n);
    gaussian_flush_end(&flush);
    *log_det = 0.0;
    if (info != 0) {
        return info > 0 ? info : 1;
    }
    for (int64_t i = 0; i < n; i++) {
        /* OpenBLAS takes a NaN pivot for a good one. */
        if (!(a[i * n + i] > 0.0 && isfinite(a[i * n + i]))) {
            return i + 1;
        }
        *log_det += 2.0 * log(a[i * n + i]);
    }
    return 0;
}

gndp_status gp_factor(int64_t n, double *a, double scale, double max_jitter, double *jitter,
                      double *log_det)
{
    gndp_status st = GNDP_OK;
    double *diagonal = malloc((size_t)(n + 1) * sizeof *diagonal);
    *jitter = 0.0;
    *log_det = 0.0;
    GNDP_CHECK(diagonal != NULL, GNDP_ERR_NOMEM, "%lld numbers", (long long)n);
    GNDP_CHECK(n <= INT_MAX, GNDP_ERR_NOMEM, "a matrix of %lld rows", (long long)n);
    for (int64_t i = 0; i < n; i++) {
        diagonal[i] = a[i * n + i];
    }
    int64_t bad = n > 0 ? try_factor(n, a, log_det) : 0;
    for (int64_t i = 0; i < n && bad != 0; i++) {
        for (int64_t j = i; j < n; j++) { /* the upper triangle is as it was given */
            const double v = j == i ? diagonal[i] : a[i * n + j];
            GNDP_CHECK(
                isfinite(v), GNDP_ERR_NONFINITE,
                "the covariance of values %lld and %lld is %g: are coordinates or parameters "
                "of absurd size?",
                (long long)i, (long long)j, v);
        }
    }
    for (double relative = JITTER; bad != 0 && relative <= 1.01 * max_jitter; relative *= 10.0) {
        *jitter = relative * scale;
        restore(n, a, diagonal, *jitter);
        bad = try_factor(n, a, log_det);
    }
    GNDP_CHECK(bad == 0, GNDP_ERR_NOT_PD,
               "not positive definite at pivot %lld of %lld, jitter %.3g of the mean variance",
               (long long)bad - 1, (long long)n, scale > 0.0 ? *jitter / scale : 0.0);
done:
    free(diagonal);
    return st;
}

void gp_factor_solve(int64_t n, const double *factor, bool transposed, int64_t m, double *b)
{
    if (n > 0 && m > 0) {
        /* rows b of row-major [m, n]: b <- b L'^-1 is L^-1 on each */
        cblas_dtrsm(CblasRowMajor, CblasRight, CblasLower, transposed ? CblasNoTrans : CblasTrans,
                    CblasNonUnit, (int)m, (int)n, 1.0, factor, (int)n, b, (int)n);
    }
}

void gp_factor_apply(int64_t n, const double *factor, int64_t m, const double *e, double *out)
{
    memcpy(out, e, (size_t)(m * n) * sizeof *out);
    if (n > 0 && m > 0) {
        cblas_dtrmm(CblasRowMajor, CblasRight, CblasLower, CblasTrans, CblasNonUnit, (int)m, (int)n,
                    1.0, factor, (int)n, out, (int)n);
    }
}

void gp_subtract_outer(int64_t m, int64_t n, const double *v, double *c)
{
    if (m == 0 || n == 0) {
        return;
    }
    cblas_dsyrk(CblasRowMajor, CblasLower, CblasNoTrans, (int)m, (int)n, -1.0, v, (int)n, 1.0, c,
                (int)m);
    for (int64_t i = 0; i < m; i++) {
        for (int64_t j = 0; j < i; j++) {
            c[j * m + i] = c[i * m + j];
        }
    }
}

void gp_matrix_vector(int64_t m, int64_t n, const double *v, const double *a, double *out)
{
    memset(out, 0, (size_t)m * sizeof *out);
    if (m > 0 && n > 0) {
        cblas_dgemv(CblasRowMajor, CblasNoTrans, (int)m, (int)n, 1.0, v, (int)n, a, 1, 0.0, out, 1);
    }
}

gndp_status gp_fits_memory(int64_t n, double matrices)
{
    gndp_status st = GNDP_OK;
    const double need = matrices * 8.0 * (double)n * (double)n;
    const double have = (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE);
    GNDP_CHECK(!(have > 0.0) || need <= 0.75 * have, GNDP_ERR_NOMEM,
               "%lld values want a dense covariance of %.3g GB, the machine has %.3g GB: thin the "
               "points out, or use gndp_gaussian on a grid",
               (long long)n, 1e-9 * need, 1e-9 * have);
done:
    return st;
}
