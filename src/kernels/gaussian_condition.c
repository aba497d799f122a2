// SPDX-License-Identifier: Apache-2.0
// A law given some of its values: the Gaussian update from the law's own covariance, whatever its
// factors.
#include <cblas.h>
#include <lapacke.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "kernels/gaussian.h"

/* Rows of K at chosen values, and the update made of them. a: T P targets, c: M P observed values.
 */
typedef struct update {
    const gndp_gaussian *law;
    int64_t n_target, n_seen;
    int64_t *target, *seen; /* value numbers */
    double *ka;             /* [T P, T P]: K at the targets, then the posterior covariance */
    double *kc;             /* [M P, M P] column-major: then its factor */
    double *kca; /* [T P][M P]: column t holds K of the observed values with target t, then L^-1 of
                    it */
    double *mean, *rest; /* [T P], [M P] */
} update;

int64_t *gaussian_value_numbers(const int64_t *index, int64_t n, int64_t p)
{
    int64_t *out = malloc((size_t)(n * p) * sizeof *out + 1);
    for (int64_t i = 0; out != NULL && i < n * p; i++) {
        out[i] = (index != NULL ? index[i / p] : i / p) * p + i % p;
    }
    return out;
}

/* Columns of K by products with unit vectors, a few at a time: they hold the law's jitter, and its
 * poles, as its draws do. */
gndp_status gaussian_columns(const gndp_gaussian *law, int64_t n, const int64_t *which, int64_t m,
                             const int64_t *rows, double *out)
{
    gndp_status st = GNDP_OK;
    const int64_t size = law->size;
    enum { GROUP = 16 };
    const size_t bytes = (size_t)(GROUP * size) * sizeof(double);
    double *unit = gndp_pages_alloc(bytes), *column = gndp_pages_alloc(bytes);
    GNDP_CHECK(unit != NULL && column != NULL, GNDP_ERR_NOMEM, "%zu bytes", 2 * bytes);
    for (int64_t i = 0; i < n; i += GROUP) {
        const int64_t some = n - i < GROUP ? n - i : GROUP;
        for (int64_t s = 0; s < some; s++) {
            unit[s * size + which[i + s]] = 1.0;
        }
        GNDP_TRY(gndp_gaussian_apply(law, some, unit, column));
        for (int64_t s = 0; s < some; s++) {
            for (int64_t r = 0; r < m; r++) {
                out[(i + s) * m + r] = column[s * size + rows[r]];
            }
            unit[s * size + which[i + s]] = 0.0;
        }
    }
done:
    gndp_pages_free(unit, bytes);
    gndp_pages_free(column, bytes);
    return st;
}

/* m + K_ac (K_cc + noise)^-1 (y - m_c) and K_aa - K_ac (K_cc + noise)^-1 K_ca (Rasmussen & Williams
 * 2006, eq. 2.23-2.24). */
static gndp_status make(update *u, const double *y, const double *noise)
{
    gndp_status st = GNDP_OK;
    const int64_t a = u->n_target, c = u->n_seen;
    GNDP_TRY(gaussian_columns(u->law, a, u->target, a, u->target, u->ka));
    GNDP_TRY(gaussian_columns(u->law, a, u->target, c, u->seen, u->kca));
    GNDP_TRY(gaussian_columns(u->law, c, u->seen, c, u->seen, u->kc));
    for (int64_t t = 0; t < a; t++) {
        u->mean[t] = u->law->mean != NULL ? u->law->mean[u->target[t]] : 0.0;
    }
    if (c == 0) {
        goto done;
    }
    for (int64_t i = 0; i < c; i++) {
        u->kc[i * c + i] += noise != NULL ? noise[i] : 0.0;
        u->rest[i] = y[i] - (u->law->mean != NULL ? u->law->mean[u->seen[i]] : 0.0);
    }
    const int n = (int)c, m = (int)a;
    const lapack_int info = LAPACKE_dpotrf_work(LAPACK_COL_MAJOR, 'U', n, u->kc, n);
    GNDP_CHECK(info == 0, GNDP_ERR_NOT_PD,
               "the covariance of the observed values is not positive definite at value %d (point "
               "%lld): is a point observed twice, or the law without "
               "noise? Give the observations a variance",
               (int)info - 1, (long long)(u->seen[info > 0 ? info - 1 : 0] / u->law->outputs));
    cblas_dtrsm(CblasColMajor, CblasLeft, CblasUpper, CblasTrans, CblasNonUnit, n, m, 1.0, u->kc, n,
                u->kca, n);
    cblas_dtrsv(CblasColMajor, CblasUpper, CblasTrans, CblasNonUnit, n, u->kc, n, u->rest, 1);
    cblas_dgemv(CblasColMajor, CblasTrans, n, m, 1.0, u->kca, n, u->rest, 1, 1.0, u->mean, 1);
    cblas_dsyrk(CblasColMajor, CblasUpper, CblasTrans, m, n, -1.0, u->kca, n, 1.0, u->ka, m);
done:
    return st;
}

static gndp_status fill(void *state, double *k)
{
    const update *u = state;
    for (int64_t i = 0; i < u->n_target; i++) {
        memcpy(k + i * u->n_target, u->ka + i * u->n_target, (size_t)(i + 1) * sizeof *k);
    }
    return GNDP_OK;
}

gndp_status gaussian_check_given(const gndp_gaussian *law, const int64_t *index, int64_t m,
                                 const double *y, const double *noise, const int64_t *target,
                                 int64_t t)
{
    gndp_status st = GNDP_OK;
    const int64_t points = law->size / law->outputs;
    GNDP_CHECK(m >= 0 && t >= 0 && (m == 0 || (index != NULL && y != NULL)), GNDP_ERR_ARG,
               "%lld observations, %lld targets", (long long)m, (long long)t);
    GNDP_CHECK(target == NULL || t > 0, GNDP_ERR_ARG, "no targets");
    for (int64_t i = 0; i < m; i++) {
        GNDP_CHECK(index[i] >= 0 && index[i] < points, GNDP_ERR_RANGE,
                   "observed point %lld is %lld, outside 0..%lld", (long long)i,
                   (long long)index[i], (long long)points - 1);
    }
    for (int64_t i = 0; target != NULL && i < t; i++) {
        GNDP_CHECK(target[i] >= 0 && target[i] < points, GNDP_ERR_RANGE,
                   "target %lld is %lld, outside 0..%lld", (long long)i, (long long)target[i],
                   (long long)points - 1);
    }
    for (int64_t i = 0; i < m * law->outputs; i++) {
        GNDP_CHECK(isfinite(y[i]), GNDP_ERR_NONFINITE, "observed value %lld is %g", (long long)i,
                   y[i]);
        GNDP_CHECK(noise == NULL || (noise[i] >= 0.0 && isfinite(noise[i])), GNDP_ERR_RANGE,
                   "the noise variance of value %lld is %g", (long long)i,
                   noise == NULL ? 0.0 : noise[i]);
    }
done:
    return st;
}

static gndp_status check_size(const gndp_gaussian *law, double a, double c)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(a <= INT_MAX && c <= INT_MAX, GNDP_ERR_NOMEM,
               "a dense law of %.0f values: gndp_gaussian_condition_draws needs no matrix", a);
    GNDP_TRY(gaussian_check_bytes(&law->options, 8.0 * (2.0 * a * a + c * c + a * c),
                                  "the conditioned law"));
done:
    return st;
}

/* Jitter is measured by the prior: the posterior variance of an observed point may be 0. */
static gndp_status mean_variance(const gndp_gaussian *law, double *out)
{
    gndp_status st = GNDP_OK;
    double *variance = malloc((size_t)law->size * sizeof *variance);
    *out = 0.0;
    GNDP_CHECK(variance != NULL, GNDP_ERR_NOMEM, "%lld values", (long long)law->size);
    GNDP_TRY(gndp_gaussian_variance(law, variance));
    for (int64_t i = 0; i < law->size; i++) {
        *out += variance[i] / (double)law->size;
    }
done:
    free(variance);
    return st;
}

gndp_status gndp_gaussian_condition(const gndp_gaussian *law, const int64_t *index, int64_t m,
                                    const double *y, const double *noise, const int64_t *target,
                                    int64_t t, gndp_gaussian **out)
{
    gndp_status st = GNDP_OK;
    update u = {.law = law};
    void *impl = NULL;
    gaussian_facts facts = {0};
    GNDP_CHECK(out != NULL, GNDP_ERR_ARG, "out is NULL");
    *out = NULL;
    GNDP_CHECK(law != NULL, GNDP_ERR_ARG, "law is NULL");
    GNDP_TRY(gaussian_check_given(law, index, m, y, noise, target, t));
    const int64_t p = law->outputs;
    t = target != NULL ? t : law->size / p;
    GNDP_TRY(check_size(law, (double)(t * p), (double)(m * p)));
    u.n_target = t * p;
    u.n_seen = m * p;
    u.target = gaussian_value_numbers(target, t, p);
    u.seen = gaussian_value_numbers(index, m, p);
    u.ka = malloc((size_t)(u.n_target * u.n_target) * sizeof *u.ka);
    u.kc = malloc((size_t)(u.n_seen * u.n_seen) * sizeof *u.kc + 1);
    u.kca = malloc((size_t)(u.n_seen * u.n_target) * sizeof *u.kca + 1);
    u.mean = malloc((size_t)u.n_target * sizeof *u.mean);
    u.rest = malloc((size_t)u.n_seen * sizeof *u.rest + 1);
    GNDP_CHECK(u.target != NULL && u.seen != NULL && u.ka != NULL && u.kc != NULL &&
                   u.kca != NULL && u.mean != NULL && u.rest != NULL,
               GNDP_ERR_NOMEM, "%lld targets, %lld observed values", (long long)u.n_target,
               (long long)u.n_seen);
    const int before = gaussian_threads_begin(law->options.threads);
    double scale = 0.0;
    st = make(&u, y, noise);
    if (st == GNDP_OK) {
        st = mean_variance(law, &scale);
    }
    if (st == GNDP_OK) {
        st = gaussian_dense_from(fill, &u, u.n_target, scale, &law->options, "the conditioned law",
                                 NULL, &impl, &facts);
    }
    gaussian_threads_end(before);
    GNDP_TRY(st);
    char why[64];
    snprintf(why, sizeof why, "; given %lld values", (long long)u.n_seen);
    GNDP_TRY(gaussian_wrap(&gaussian_dense_ops, impl, &facts, u.n_target, (int)p, u.mean,
                           &law->options, why, out));
done:
    free(u.target);
    free(u.seen);
    free(u.ka);
    free(u.kc);
    free(u.kca);
    free(u.mean);
    free(u.rest);
    return st;
}
