// SPDX-License-Identifier: Apache-2.0
// Samplers by plain matrices: the exact score, noise by its numbers, recursions of mean and
// covariance.
#ifndef TESTS_SDE_SAMPLER_CASE_H
#define TESTS_SDE_SAMPLER_CASE_H

#include "sde/sde_case.h"

#include "sde/streams.h"

static inline const gndp_sampler_info *sampler(const char *name)
{
    const gndp_sampler_info *info = NULL;
    assert_ok(gndp_sampler_find(name, &info));
    return info;
}

/* G_t = K S_t^-1 [n, n], so that g = G_t (mu_t - y). */
static inline void gain_at(const sde_case *c, double t, double *gain, double *mean)
{
    const int64_t n = c->n;
    double *cov = new_values(n * n), *row = new_values(n);
    law_at(c, t, cov, mean);
    for (int64_t i = 0; i < n; i++) { /* row i of K S^-1 = S^-1 k_i */
        solve_spd(n, cov, c->k + i * n, row);
        memcpy(gain + i * n, row, (size_t)n * sizeof *row);
    }
    free(cov), free(row);
}

/* g at y by matrices. */
static inline void matrix_score(int64_t n, const double *gain, const double *mean, const double *y,
                                double *g)
{
    double *e = new_values(n);
    for (int64_t i = 0; i < n; i++) {
        e[i] = mean[i] - y[i];
    }
    times(n, gain, e, g);
    free(e);
}

/* L xi of one member and step, temperature 1. */
static inline void matrix_noise(const sde_case *c, uint64_t seed, int64_t step, uint32_t member,
                                uint32_t stream, double *out)
{
    double *xi = new_values(c->n);
    assert_ok(gndp_random_normal_f64(seed, (uint32_t)step, member, stream, 0, c->n, xi));
    times(c->n, c->l, xi, out);
    free(xi);
}

/* Covariance by matrices: Sigma <- A Sigma A' + d^2 K, A = a I - c G. */
static inline void matrix_recursion(const sde_case *c, const gndp_sampler_info *info,
                                    const double *grid, int64_t steps, double *mean, double *cov)
{
    const int64_t n = c->n;
    double *gain = new_values(n * n), *mu = new_values(n), *a = new_values(n * n),
           *half = new_values(n * n), *g = new_values(n);
    for (int64_t k = 0; k < steps; k++) {
        const gndp_sampler_step by = info->step(&c->schedule, grid[k], grid[k + 1]);
        gain_at(c, grid[k], gain, mu);
        matrix_score(n, gain, mu, mean, g);
        for (int64_t i = 0; i < n; i++) {
            mean[i] = c->m[i] + by.a * (mean[i] - c->m[i]) + by.c * g[i];
            for (int64_t j = 0; j < n; j++) {
                a[i * n + j] = (i == j ? by.a : 0.0) - by.c * gain[i * n + j];
            }
        }
        multiply(n, a, cov, false, half);
        multiply(n, half, a, true, cov);
        for (int64_t i = 0; i < n * n; i++) {
            cov[i] += by.d * by.d * c->k[i];
        }
    }
    free(gain), free(mu), free(a), free(half), free(g);
}

#endif
