// SPDX-License-Identifier: Apache-2.0
// Scores of one ensemble against one truth.
#include <gndp/eval.h>

#include <math.h>
#include <stdlib.h>

#include "base/error.h"

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* mean |x_i - y| and sum over ordered pairs of |x_i - x_j|: with x sorted, the latter is 2 sum_i (2 i + 1 - M) x_i. */
static void sums(int64_t m, double *x, double y, double *error, double *pairs)
{
    qsort(x, (size_t)m, sizeof *x, ascending);
    *error = 0.0;
    *pairs = 0.0;
    for (int64_t i = 0; i < m; i++) {
        *error += fabs(x[i] - y);
        *pairs += 2.0 * (double)(2 * i + 1 - m) * (x[i] - x[0]); /* the weights sum to 0: x[0] keeps digits */
    }
    *error /= (double)m;
}

double gndp_crps(int64_t m, double *x, double y)
{
    double error, pairs;
    if (m < 1)
        return (double)NAN;
    sums(m, x, y, &error, &pairs);
    return error - pairs / (2.0 * (double)m * (double)m);
}

double gndp_crps_fair(int64_t m, double *x, double y)
{
    double error, pairs;
    if (m < 2)
        return (double)NAN;
    sums(m, x, y, &error, &pairs);
    return error - pairs / (2.0 * (double)m * (double)(m - 1));
}

double gndp_crps_gaussian(double mean, double sd, double y)
{
    if (sd == 0.0)
        return fabs(y - mean);
    const double pi = acos(-1.0), z = (y - mean) / sd;
    return sd * (z * erf(z / sqrt(2.0)) + sqrt(2.0 / pi) * exp(-0.5 * z * z) - 1.0 / sqrt(pi));
}

static double distance(int64_t n, const double *a, const double *b, const double *w)
{
    double sum = 0.0;
    for (int64_t i = 0; i < n; i++) {
        const double d = a[i] - b[i];
        sum += (w != NULL ? w[i] : 1.0 / (double)n) * d * d;
    }
    return sqrt(sum);
}

double gndp_energy_score(int64_t m, int64_t n, const double *x, const double *y, const double *w, bool fair)
{
    double error = 0.0, pairs = 0.0;
    if (m < (fair ? 2 : 1))
        return (double)NAN;
    for (int64_t i = 0; i < m; i++) {
        error += distance(n, x + i * n, y, w);
        for (int64_t j = 0; j < i; j++)
            pairs += 2.0 * distance(n, x + i * n, x + j * n, w);
    }
    return error / (double)m - pairs / (2.0 * (double)m * (double)(fair ? m - 1 : m));
}

double gndp_variogram_score(int64_t m, int64_t n, const double *x, const double *y, double p)
{
    double sum = 0.0;
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < i; j++) {
            double mean = 0.0;
            for (int64_t k = 0; k < m; k++)
                mean += pow(fabs(x[k * n + i] - x[k * n + j]), p);
            const double d = pow(fabs(y[i] - y[j]), p) - mean / (double)m;
            sum += d * d;
        }
    return 2.0 * sum;
}

/* The pairs of point i with those before it: gap[j] = sum over members of |x_i - x_j|^(1/2); the inner loop is long and without a branch. */
static void add_gaps(int64_t m, int64_t n, const double *x, int64_t i, double *gap)
{
    for (int64_t j = 0; j < i; j++)
        gap[j] = 0.0;
    for (int64_t k = 0; k < m; k++) {
        const double *row = x + k * n, own = row[i];
        for (int64_t j = 0; j < i; j++)
            gap[j] += sqrt(fabs(own - row[j]));
    }
}

gndp_status gndp_variogram_score_mean(int64_t m, int64_t n, const double *x, const double *y, const double *w, double *out)
{
    gndp_status st = GNDP_OK;
    double sum = 0.0, weights = 0.0, *gap = NULL;
    GNDP_CHECK(x != NULL && y != NULL && out != NULL, GNDP_ERR_ARG, "x, y or out is NULL");
    GNDP_CHECK(m >= 1 && n >= 1, GNDP_ERR_RANGE, "%lld members of %lld points", (long long)m, (long long)n);
    gap = malloc((size_t)n * sizeof *gap);
    GNDP_CHECK(gap != NULL, GNDP_ERR_NOMEM, "%lld points", (long long)n);
    for (int64_t i = 1; i < n; i++) {
        add_gaps(m, n, x, i, gap);
        for (int64_t j = 0; j < i; j++) {
            const double d = sqrt(fabs(y[i] - y[j])) - gap[j] / (double)m, pair = w != NULL ? w[i] * w[j] : 1.0;
            sum += pair * d * d;
            weights += pair;
        }
    }
    *out = weights > 0.0 ? sum / weights : (double)NAN;
done:
    free(gap);
    return st;
}

int64_t gndp_rank(int64_t m, const double *x, double y, uint64_t seed, uint32_t index)
{
    int64_t below = 0, ties = 0;
    for (int64_t i = 0; i < m; i++) {
        below += x[i] < y;
        ties += x[i] == y;
    }
    if (ties > 0) { /* any of the ties + 1 places, equally likely */
        double u;
        gndp_random_uniform_f64(seed, 0, index, GNDP_STREAM(0x7264, 0), 0, 1, &u);
        below += (int64_t)(u * (double)(ties + 1));
    }
    return below;
}
