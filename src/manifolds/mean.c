// SPDX-License-Identifier: Apache-2.0
// Frechet mean of points on a sphere.
#include <gndp/manifolds.h>

#include <math.h>

#include "base/error.h"

enum { STEPS = 10000 };

static double norm(int n, const double *v)
{
    double sum = 0.0;
    for (int i = 0; i < n; i++) {
        sum += v[i] * v[i];
    }
    return sqrt(sum);
}

/* Sum of the weights, and the mean of the points as vectors. */
static gndp_status begin(int n, int64_t count, const double *x, const double *weight, double *total, double *mean)
{
    gndp_status st = GNDP_OK;
    *total = 0.0;
    for (int j = 0; j < n; j++) {
        mean[j] = 0.0;
    }
    for (int64_t k = 0; k < count; k++) {
        const double w = weight == NULL ? 1.0 : weight[k], length = norm(n, x + k * n);
        GNDP_CHECK(isfinite(w) && isfinite(length), GNDP_ERR_NONFINITE, "point %lld or its weight is not finite", (long long)k);
        GNDP_CHECK(w >= 0.0, GNDP_ERR_RANGE, "weight %g of point %lld is negative", w, (long long)k);
        *total += w;
        for (int j = 0; j < n; j++) {
            mean[j] += w * x[k * n + j];
        }
    }
    GNDP_CHECK(*total > 0.0, GNDP_ERR_RANGE, "%lld points whose weights sum to 0 have no mean", (long long)count);
done:
    return st;
}

/*
 * m <- exp_m(mean of log_m x): a gradient step of half the mean squared distance, whose second derivatives are at most 1 (theta cot theta, 1), so that it
 * never rises.
 */
gndp_status gndp_sphere_mean(int n, int64_t count, const double *x, const double *weight, double *mean)
{
    gndp_status st = GNDP_OK;
    double total, m[GNDP_SPHERE_MAX], step[GNDP_SPHERE_MAX], v[GNDP_SPHERE_MAX], size = 1.0;
    GNDP_CHECK(n >= 2 && n <= GNDP_SPHERE_MAX, GNDP_ERR_RANGE, "points of R^%d, allowed are 2 to %d", n, GNDP_SPHERE_MAX);
    GNDP_TRY(begin(n, count, x, weight, &total, m));
    const double length = norm(n, m), least = 1e-15 * (10.0 + sqrt((double)count)); /* what rounding leaves of sums */
    GNDP_CHECK(length > 1e-13 * total * sqrt((double)count), GNDP_ERR_RANGE, "the mean vector of %lld points is 0: no direction is preferred",
               (long long)count);
    for (int j = 0; j < n; j++) {
        m[j] /= length;
    }
    for (int i = 0; i < STEPS && size > least; i++) {
        for (int j = 0; j < n; j++) {
            step[j] = 0.0;
        }
        for (int64_t k = 0; k < count; k++) {
            const double w = (weight == NULL ? 1.0 : weight[k]) / total;
            gndp_sphere_log(n, 1, m, x + k * n, v);
            for (int j = 0; j < n; j++) {
                step[j] += w * v[j];
            }
        }
        size = norm(n, step);
        gndp_sphere_exp(n, 1, m, step, m);
    }
    GNDP_CHECK(size <= least, GNDP_ERR_RANGE, "the mean of %lld points moves by %.3g radians after %d steps: hardly any direction is preferred",
               (long long)count, size, STEPS);
    for (int j = 0; j < n; j++) {
        mean[j] = m[j];
    }
done:
    return st;
}
