// SPDX-License-Identifier: Apache-2.0
// Eigenvectors of a prior beside the limit; the clean field given a state, by Matheron's rule.
#include "cond/prior.h"

#include <lapacke.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/gaussian.h"

/* ---- Making one ------------------------------------------------------------------------------ */

/* X and w by LAPACK; the vectors are rows of x. */
static gndp_status pencil(const gndp_gaussian *law, const double *s0, double *x, double *w)
{
    gndp_status st = GNDP_OK;
    const int64_t n = gndp_gaussian_size(law);
    double *k = calloc((size_t)(n * n), sizeof *k), *unit = NULL, *work = NULL, size = 0.0;
    lapack_int *iwork = NULL, isize = 0;
    const int before = gaussian_threads_begin(gndp_threads_get());
    unit = calloc((size_t)(n * n), sizeof *unit);
    GNDP_CHECK(k != NULL && unit != NULL, GNDP_ERR_NOMEM, "%lld values", (long long)(n * n));
    for (int64_t i = 0; i < n * n; i++) {
        GNDP_CHECK(isfinite(s0[i]), GNDP_ERR_NONFINITE, "the prior's entry (%lld, %lld) is %g",
                   (long long)(i / n), (long long)(i % n), s0[i]);
    }
    for (int64_t i = 0; i < n; i++) {
        unit[i * n + i] = 1.0;
    }
    GNDP_TRY(gndp_gaussian_apply(law, n, unit, k));
    memcpy(x, s0, (size_t)(n * n) * sizeof *x);
    LAPACKE_dsygvd_work(LAPACK_COL_MAJOR, 1, 'V', 'L', (int)n, x, (int)n, k, (int)n, w, &size, -1,
                        &isize, -1);
    work = malloc((size_t)size * sizeof *work);
    iwork = malloc((size_t)isize * sizeof *iwork);
    GNDP_CHECK(work != NULL && iwork != NULL, GNDP_ERR_NOMEM, "%.0f values", size);
    const lapack_int info = LAPACKE_dsygvd_work(LAPACK_COL_MAJOR, 1, 'V', 'L', (int)n, x, (int)n, k,
                                                (int)n, w, work, (lapack_int)size, iwork, isize);
    GNDP_CHECK(info == 0, GNDP_ERR_NOT_PD,
               "the prior beside the limit has no eigenvectors (%d): the limit is singular",
               (int)info);
    for (int64_t i = 0; i < n; i++) {
        GNDP_CHECK(w[i] > -1e-6 * (1.0 + fabs(w[n - 1])), GNDP_ERR_NOT_PD,
                   "the prior is not positive semidefinite: %g beside %g", w[i], w[n - 1]);
        w[i] = fmax(w[i], 0.0);
    }
done:
    gaussian_threads_end(before);
    free(k);
    free(unit);
    free(work);
    free(iwork);
    return st;
}

gndp_status gndp_prior_create(const gndp_gaussian *law, const double *s0, gndp_prior **out)
{
    gndp_status st = GNDP_OK;
    gndp_prior *prior = NULL;
    GNDP_CHECK(law != NULL && s0 != NULL && out != NULL, GNDP_ERR_ARG, "an argument is NULL");
    *out = NULL;
    const int64_t n = gndp_gaussian_size(law);
    GNDP_CHECK(n >= 1 && n <= 16384, GNDP_ERR_RANGE,
               "a prior of %lld values: an eigendecomposition is made of 1 to 16384", (long long)n);
    prior = calloc(1, sizeof *prior);
    GNDP_CHECK(prior != NULL, GNDP_ERR_NOMEM, "%zu bytes", sizeof *prior);
    prior->size = n;
    prior->x = malloc((size_t)(n * n) * sizeof *prior->x);
    prior->w = malloc((size_t)n * sizeof *prior->w);
    GNDP_CHECK(prior->x != NULL && prior->w != NULL, GNDP_ERR_NOMEM, "a prior of %lld values",
               (long long)n);
    GNDP_TRY(pencil(law, s0, prior->x, prior->w));
    *out = prior;
    prior = NULL;
done:
    gndp_prior_free(prior);
    return st;
}

void gndp_prior_free(gndp_prior *prior)
{
    if (prior != NULL) {
        free(prior->x);
        free(prior->w);
        free(prior);
    }
}

gndp_status prior_open(const cond_run *run, cond_prior *prior)
{
    gndp_status st = GNDP_OK;
    const gndp_prior *made = run->options->prior;
    const int64_t n = run->size, c = run->c;
    double *seen = NULL;
    *prior = (cond_prior){.made = made};
    if (made == NULL) {
        goto done;
    }
    GNDP_CHECK(made->size == n, GNDP_ERR_SHAPE, "a prior of %lld values for fields of %lld",
               (long long)made->size, (long long)n);
    seen = malloc((size_t)c * sizeof *seen + 1);
    prior->shape = malloc((size_t)(c * n) * sizeof *prior->shape + 1);
    prior->work = malloc((size_t)n * sizeof *prior->work);
    GNDP_CHECK(seen != NULL && prior->shape != NULL && prior->work != NULL, GNDP_ERR_NOMEM,
               "a prior of %lld values seen %lld times", (long long)n, (long long)c);
    for (int64_t i = 0; i < n; i++) {
        cond_pull(run->cd, made->x + i * n, seen);
        for (int64_t j = 0; j < c; j++) {
            prior->shape[j * n + i] = seen[j];
        }
    }
done:
    free(seen);
    return st;
}

void prior_close(cond_prior *prior)
{
    free(prior->shape);
    free(prior->work);
    *prior = (cond_prior){0};
}

/* ---- The clean field given a state ----------------------------------------------------------- */

static double share(gndp_linear_law at, double w)
{
    return w * at.variance / (at.a * at.a * w + at.variance);
}

void prior_seen(const cond_run *run, cond_prior *prior, gndp_linear_law at, double *seen)
{
    const int64_t c = run->c, n = run->size;
    for (int64_t i = 0; i < c; i++) {
        const double *row = prior->shape + i * n;
        if (prior->made == NULL) {
            for (int64_t j = 0; j < c; j++) {
                seen[i * c + j] = share(at, 1.0) * run->cd->aka[i * c + j];
            }
            continue;
        }
        for (int64_t k = 0; k < n; k++) {
            prior->work[k] = row[k] * share(at, prior->made->w[k]);
        }
        for (int64_t j = 0; j <= i; j++) {
            seen[i * c + j] = seen[j * c + i] = small_dot(n, prior->work, prior->shape + j * n);
        }
    }
}

/* q = (L L')^-1 (z - A y - q), L = level. */
static void weigh(const cond_run *run, int64_t r, const double *y)
{
    double *q = run->q + r * run->c, *seen = run->p + r * run->c;
    cond_see(run->cd, y, seen);
    for (int64_t i = 0; i < run->c; i++) {
        q[i] = run->cd->z[i] - seen[i] - q[i];
    }
    small_solve(run->c, run->level, q);
}

/* S0 = K: C_t = d K. */
static gndp_status draw_of_limit(cond_run *run, gndp_linear_law at)
{
    gndp_status st = GNDP_OK;
    const double d = share(at, 1.0), sd = sqrt(d);
    GNDP_TRY(cond_level(run->cd, 1.0 / d, run->level));
    for (int64_t r = 0; r < run->rows; r++) {
        double *y = run->more[1] + r * run->size;
        const double *mu = run->more[0] + r * run->size, *u = run->u + r * run->size;
        for (int64_t i = 0; i < run->size; i++) {
            y[i] = mu[i] + sd * u[i];
        }
        weigh(run, r, y); /* the factor is of (A C_t A' + R)/d, and C_t A' = d K A' */
        cond_reach(run->cd, run->q + r * run->c, y);
    }
done:
    return st;
}

/*
 * A prior of its own: xi = X'u is white, K X diag(sqrt(d)) xi a draw, and its part in what is seen
 * is shape diag(sqrt(d)) xi. Draw and correction are one vector of coefficients, multiplied by X and
 * by K once.
 */
static gndp_status draw_of_prior(cond_run *run, cond_prior *prior, gndp_linear_law at)
{
    gndp_status st = GNDP_OK;
    const int64_t c = run->c, n = run->size;
    double *t = prior->work;
    int64_t bad = -1;
    prior_seen(run, prior, at, run->level);
    for (int64_t i = 0; i < c; i++) {
        run->level[i * c + i] += run->cd->variance[i];
    }
    GNDP_CHECK(small_factor(c, run->level, 1e-14, &bad), GNDP_ERR_NOT_PD,
               "under the prior observation %lld says nothing that those before it do not, and none "
               "of them has an error: give them a variance",
               (long long)bad);
    for (int64_t r = 0; r < run->rows; r++) {
        double *u = run->u + r * n, *q = run->q + r * c;
        for (int64_t k = 0; k < n; k++) {
            t[k] = sqrt(share(at, prior->made->w[k])) * small_dot(n, prior->made->x + k * n, u);
        }
        for (int64_t i = 0; i < c; i++) {
            q[i] += small_dot(n, prior->shape + i * n, t);
        }
        weigh(run, r, run->more[0] + r * n);
        memset(u, 0, (size_t)n * sizeof *u);
        for (int64_t i = 0; i < c; i++) {
            for (int64_t k = 0; k < n; k++) {
                u[k] += q[i] * prior->shape[i * n + k];
            }
        }
        for (int64_t k = 0; k < n; k++) {
            t[k] += share(at, prior->made->w[k]) * u[k];
        }
        memset(u, 0, (size_t)n * sizeof *u);
        for (int64_t k = 0; k < n; k++) {
            for (int64_t i = 0; i < n; i++) {
                u[i] += t[k] * prior->made->x[k * n + i];
            }
        }
    }
    GNDP_TRY(noise_product(&run->noise, run->rows, run->u, run->more[1]));
    for (int64_t i = 0; i < run->rows * n; i++) {
        run->more[1][i] += run->more[0][i];
    }
done:
    return st;
}

gndp_status prior_draw(cond_run *run, cond_prior *prior, gndp_linear_law at)
{
    return prior->made == NULL ? draw_of_limit(run, at) : draw_of_prior(run, prior, at);
}
