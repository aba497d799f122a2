// SPDX-License-Identifier: Apache-2.0
// Gaussian process regression on dense factors: posterior, draws, predictive density.
#include "base/error.h"
#include "kernels/gp_data.h"
#include "kernels/gp_factor.h"
#include "kernels/gp_graph.h"
#include "kernels/gp_state.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LN_2PI 1.8378770664093454836
#define MAX_JITTER 1e-6
/* Draws of posteriors: their own stream of normals. */
#define STREAM GNDP_STREAM(0x6770, 0)
/* Numbers of the cross covariance held at once by a prediction without covariance. */
#define BLOCK_NUMBERS ((int64_t)1 << 22)

void gndp_gp_free(gndp_gp *gp)
{
    if (gp == NULL) {
        return;
    }
    gndp_kernel_free(gp->kernel);
    gndp_array_free(&gp->x);
    free(gp->factor);
    free(gp->weight);
    free(gp->noise);
    free(gp);
}

static double *numbers(int64_t rows, int64_t columns)
{
    /* One more, so that no matrix is a NULL. */
    return calloc((size_t)rows * (size_t)columns + 1, sizeof(double));
}

static int64_t values(gp_sizes sizes)
{
    return sizes.points * sizes.outputs;
}

static double mean_diagonal(int64_t n, const double *a)
{
    double sum = 0.0;
    for (int64_t i = 0; i < n; i++) {
        sum += a[i * n + i];
    }
    return n > 0 ? sum / (double)n : 0.0;
}

/* Variance of the white noise on each value: what the diagonal of a set with itself has more than
 * that of two sets. */
static gndp_status white_variance(const gndp_kernel *k, const gndp_array *x, gp_sizes sizes,
                                  double *white)
{
    gndp_status st = GNDP_OK;
    const int64_t p = sizes.outputs;
    double *with = numbers(sizes.points * p, p), *without = numbers(sizes.points * p, p);
    GNDP_CHECK(with != NULL && without != NULL, GNDP_ERR_NOMEM, "%lld points",
               (long long)sizes.points);
    GNDP_TRY(gp_prior_blocks(k, x, true, with));
    GNDP_TRY(gp_prior_blocks(k, x, false, without));
    for (int64_t i = 0; i < sizes.points * p; i++) {
        white[i] = with[i * p + i % p] - without[i * p + i % p];
    }
done:
    free(with);
    free(without);
    return st;
}

/* Duplicates without noise, looked for before a factorisation that jitter would carry through. */
static gndp_status check_distinct(const gndp_kernel *k, const gndp_gp_data *data, gp_sizes sizes)
{
    gndp_status st = GNDP_OK;
    double *white = numbers(values(sizes), 1);
    GNDP_CHECK(white != NULL, GNDP_ERR_NOMEM, "%lld values", (long long)values(sizes));
    GNDP_TRY(white_variance(k, &data->x, sizes, white));
    GNDP_TRY(gp_data_distinct(data, sizes, white));
done:
    free(white);
    return st;
}

/* Repeat a factor's failure with the kernel that caused it. */
static gndp_status blame_kernel(gndp_status status, const gndp_kernel *k, const char *what)
{
    char text[256], why[256];
    if (status != GNDP_ERR_NOT_PD) {
        return status;
    }
    const size_t length = gndp_kernel_print(k, text, sizeof text);
    snprintf(why, sizeof why, "%s", gndp_last_text());
    return gndp_fail_at(
        GNDP_HERE, status,
        "the covariance of %s under %s%s is %s: add + white(variance=...) or noise, "
        "or shorten lengthscales",
        what, text, length >= sizeof text ? " [cut]" : "", why);
}

static gndp_status factor_data(gndp_gp *gp, const gndp_gp_data *data)
{
    gndp_status st = GNDP_OK;
    const int64_t n = values(gp->sizes);
    double log_det = 0.0, square = 0.0;
    gndp_array gram = gndp_array_view(gndp_type_2d(GNDP_F64, n, n), gp->factor);
    GNDP_TRY(gndp_kernel_evaluate(gp->kernel, &gp->x, NULL, &gram));
    for (int64_t i = 0; i < n; i++) {
        gp->noise[i] = data->noise != NULL ? data->noise[i] : 0.0;
        gp->factor[i * n + i] += gp->noise[i];
        gp->weight[i] = data->y[i] - data->mean;
    }
    GNDP_TRY(blame_kernel(
        gp_factor(n, gp->factor, mean_diagonal(n, gp->factor), MAX_JITTER, &gp->jitter, &log_det),
        gp->kernel, "the observations"));
    gp_factor_solve(n, gp->factor, false, 1, gp->weight);
    for (int64_t i = 0; i < n; i++) {
        square += gp->weight[i] * gp->weight[i];
    }
    gp_factor_solve(n, gp->factor, true, 1, gp->weight);
    gp->log_marginal = -0.5 * (square + log_det + (double)n * LN_2PI);
done:
    return st;
}

gndp_status gndp_gp_create(const gndp_kernel *k, const gndp_gp_data *data, gndp_gp **out)
{
    gndp_status st = GNDP_OK;
    gndp_gp *gp = NULL;
    GNDP_CHECK(out != NULL, GNDP_ERR_ARG, "out is NULL");
    *out = NULL;
    gp = calloc(1, sizeof *gp);
    GNDP_CHECK(gp != NULL, GNDP_ERR_NOMEM, "%zu bytes", sizeof *gp);
    GNDP_TRY(gp_data_check(k, data, &gp->sizes));
    const int64_t n = values(gp->sizes);
    GNDP_TRY(gp_fits_memory(n, 2.0));
    GNDP_TRY(gndp_kernel_clone(k, &gp->kernel));
    GNDP_TRY(gndp_array_create(data->x.type, &gp->x));
    gp->factor = numbers(n, n);
    gp->weight = numbers(n, 1);
    gp->noise = numbers(n, 1);
    GNDP_CHECK(gp->factor != NULL && gp->weight != NULL && gp->noise != NULL, GNDP_ERR_NOMEM,
               "%lld values", (long long)n);
    gp->mean = data->mean;
    if (n > 0) {
        memcpy(gp->x.data, data->x.data, gndp_type_bytes(data->x.type));
        GNDP_TRY(check_distinct(k, data, gp->sizes));
        GNDP_TRY(factor_data(gp, data));
    }
    *out = gp;
    gp = NULL;
done:
    gndp_gp_free(gp);
    return st;
}

double gndp_gp_log_marginal(const gndp_gp *gp)
{
    return gp->log_marginal;
}

double gndp_gp_jitter(const gndp_gp *gp)
{
    return gp->jitter;
}

/* ---- Posterior ---------------------------------------------------------------------------------
 */

/* A block of targets: mean [m P], and v [m P, N P] = rows L^-1 k(x_i, x), whose squares the
 * variance loses. */
static gndp_status reach(const gndp_gp *gp, const gndp_array *x, int64_t m, double *mean, double *v)
{
    gndp_status st = GNDP_OK;
    const int64_t n = values(gp->sizes);
    if (n > 0) {
        gndp_array cross = gndp_array_view(gndp_type_2d(GNDP_F64, m, n), v);
        GNDP_TRY(gndp_kernel_evaluate(gp->kernel, x, &gp->x, &cross));
    }
    gp_matrix_vector(m, n, v, gp->weight, mean);
    for (int64_t i = 0; i < m; i++) {
        mean[i] += gp->mean;
    }
    gp_factor_solve(n, gp->factor, false, m, v);
done:
    return st;
}

/* Mean and variances of targets [m], block by block. */
static gndp_status predict_blocks(const gndp_gp *gp, const gndp_array *x, bool observe_noise,
                                  double *mean, double *variance)
{
    gndp_status st = GNDP_OK;
    const int64_t n = values(gp->sizes), p = gp->sizes.outputs, d = gp->sizes.dim;
    const int64_t m = x->type.dim[0], most = BLOCK_NUMBERS / ((n + p) * p);
    const int64_t block = most < 1 ? 1 : most < m ? most : m;
    double *v = numbers(block * p, n), *prior = numbers(block * p, p), *at = numbers(block * p, 1);
    GNDP_CHECK(v != NULL && prior != NULL && at != NULL, GNDP_ERR_NOMEM, "%lld values",
               (long long)(block * p * n));
    for (int64_t first = 0; first < m; first += block) {
        const int64_t here = m - first < block ? m - first : block;
        const gndp_array part =
            gndp_array_view(gndp_type_2d(GNDP_F64, here, d), (double *)x->data + first * d);
        GNDP_TRY(reach(gp, &part, here * p, at, v));
        if (mean != NULL) {
            memcpy(mean + first * p, at, (size_t)(here * p) * sizeof *mean);
        }
        if (variance == NULL) {
            continue;
        }
        GNDP_TRY(gp_prior_blocks(gp->kernel, &part, observe_noise, prior));
        for (int64_t i = 0; i < here * p; i++) {
            double known = 0.0;
            for (int64_t j = 0; j < n; j++) {
                known += v[i * n + j] * v[i * n + j];
            }
            variance[first * p + i] = fmax(prior[i * p + i % p] - known, 0.0);
        }
    }
done:
    free(v);
    free(prior);
    free(at);
    return st;
}

/* Mean and covariance of all targets. */
static gndp_status predict_joint(const gndp_gp *gp, const gndp_array *x, bool observe_noise,
                                 double *mean, double *covariance)
{
    gndp_status st = GNDP_OK;
    const int64_t n = values(gp->sizes), m = x->type.dim[0] * gp->sizes.outputs;
    double *v = NULL, *at = NULL;
    gndp_array prior = gndp_array_view(gndp_type_2d(GNDP_F64, m, m), covariance);
    GNDP_TRY(gp_fits_memory(m, 2.0));
    v = numbers(m, n);
    at = numbers(m, 1);
    GNDP_CHECK(v != NULL && at != NULL, GNDP_ERR_NOMEM, "%lld values", (long long)(m * n));
    GNDP_TRY(reach(gp, x, m, mean != NULL ? mean : at, v));
    /* White noise is added only to a set with itself, which a second set never is. */
    GNDP_TRY(gndp_kernel_evaluate(gp->kernel, x, observe_noise ? NULL : x, &prior));
    gp_subtract_outer(m, n, v, covariance);
done:
    free(v);
    free(at);
    return st;
}

static gndp_status check_targets(const gndp_gp *gp, const gndp_array *x)
{
    gndp_status st = GNDP_OK;
    gp_sizes sizes;
    GNDP_CHECK(gp != NULL, GNDP_ERR_ARG, "gp is NULL");
    GNDP_TRY(gp_points_check(gp->kernel, x, &sizes));
    GNDP_CHECK(sizes.dim == gp->sizes.dim, GNDP_ERR_SHAPE,
               "points of %lld coordinates, the observations have %lld", (long long)sizes.dim,
               (long long)gp->sizes.dim);
done:
    return st;
}

gndp_status gndp_gp_predict(const gndp_gp *gp, const gndp_array *x, bool observe_noise,
                            double *mean, double *variance, double *covariance)
{
    gndp_status st = GNDP_OK;
    GNDP_TRY(check_targets(gp, x));
    if (x->type.dim[0] == 0) {
        goto done;
    }
    if (covariance == NULL) {
        GNDP_TRY(predict_blocks(gp, x, observe_noise, mean, variance));
        goto done;
    }
    const int64_t m = x->type.dim[0] * gp->sizes.outputs;
    GNDP_TRY(predict_joint(gp, x, observe_noise, mean, covariance));
    for (int64_t i = 0; i < m; i++) {
        covariance[i * m + i] = fmax(covariance[i * m + i], 0.0);
        if (variance != NULL) {
            variance[i] = covariance[i * m + i];
        }
    }
done:
    return st;
}

/* Mean [m] and the factor [m, m] of the posterior covariance. Jitter is relative to the prior's
   variance, since that of the posterior may be nothing but rounding. */
static gndp_status factor_posterior(const gndp_gp *gp, const gndp_array *x, bool observe_noise,
                                    double max_jitter, double *mean, double *factor,
                                    double *log_det)
{
    gndp_status st = GNDP_OK;
    const int64_t p = gp->sizes.outputs, m = x->type.dim[0] * p;
    double jitter, scale = 0.0, *prior = numbers(m, p);
    GNDP_CHECK(prior != NULL, GNDP_ERR_NOMEM, "%lld values", (long long)m);
    GNDP_TRY(gp_prior_blocks(gp->kernel, x, observe_noise, prior));
    for (int64_t i = 0; i < m; i++) {
        scale += prior[i * p + i % p] / (double)m;
    }
    GNDP_TRY(gndp_gp_predict(gp, x, observe_noise, mean, NULL, factor));
    GNDP_TRY(blame_kernel(gp_factor(m, factor, scale, max_jitter, &jitter, log_det), gp->kernel,
                          "the targets given the observations"));
done:
    free(prior);
    return st;
}

gndp_status gndp_gp_sample(const gndp_gp *gp, const gndp_array *x, bool observe_noise,
                           uint64_t seed, const uint32_t *member, int64_t n, double *out)
{
    gndp_status st = GNDP_OK;
    double *mean = NULL, *factor = NULL, *white = NULL, log_det;
    GNDP_TRY(check_targets(gp, x));
    GNDP_CHECK(n >= 0, GNDP_ERR_RANGE, "%lld draws", (long long)n);
    const int64_t m = x->type.dim[0] * gp->sizes.outputs;
    if (n == 0 || m == 0) {
        goto done;
    }
    GNDP_CHECK(member != NULL && out != NULL, GNDP_ERR_ARG, "%s is NULL",
               member == NULL ? "member" : "out");
    GNDP_TRY(gp_fits_memory(m, 2.0));
    mean = numbers(m, 1);
    factor = numbers(m, m);
    white = numbers(m, 1);
    GNDP_CHECK(mean != NULL && factor != NULL && white != NULL, GNDP_ERR_NOMEM, "%lld values",
               (long long)m);
    GNDP_TRY(factor_posterior(gp, x, observe_noise, MAX_JITTER, mean, factor, &log_det));
    for (int64_t r = 0; r < n; r++) {
        double *draw = out + r * m;
        GNDP_TRY(gndp_random_normal_f64(seed, 0, member[r], STREAM, 0, m, white));
        gp_factor_apply(m, factor, 1, white, draw); /* one by one: the same bits in every batch */
        for (int64_t i = 0; i < m; i++) {
            draw[i] += mean[i];
        }
    }
done:
    free(mean);
    free(factor);
    free(white);
    return st;
}

gndp_status gndp_gp_log_predictive(const gndp_gp *gp, const gndp_array *x, const double *y,
                                   double *out)
{
    gndp_status st = GNDP_OK;
    double *mean = NULL, *factor = NULL, log_det = 0.0, square = 0.0;
    GNDP_CHECK(out != NULL, GNDP_ERR_ARG, "out is NULL");
    *out = 0.0;
    GNDP_TRY(check_targets(gp, x));
    const int64_t m = x->type.dim[0] * gp->sizes.outputs;
    if (m == 0) {
        goto done;
    }
    GNDP_TRY(gp_data_check(gp->kernel, &(gndp_gp_data){.x = *x, .y = y}, &(gp_sizes){0}));
    GNDP_TRY(gp_fits_memory(m, 2.0));
    mean = numbers(m, 1);
    factor = numbers(m, m);
    GNDP_CHECK(mean != NULL && factor != NULL, GNDP_ERR_NOMEM, "%lld values", (long long)m);
    GNDP_TRY(factor_posterior(gp, x, true, 0.0, mean, factor, &log_det));
    for (int64_t i = 0; i < m; i++) {
        mean[i] = y[i] - mean[i];
    }
    gp_factor_solve(m, factor, false, 1, mean);
    for (int64_t i = 0; i < m; i++) {
        square += mean[i] * mean[i];
    }
    *out = -0.5 * (square + log_det + (double)m * LN_2PI);
done:
    free(mean);
    free(factor);
    return st;
}
