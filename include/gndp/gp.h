// SPDX-License-Identifier: Apache-2.0
// Gaussian process regression, exact: posterior, evidence, fitting.
#ifndef GNDP_GP_H
#define GNDP_GP_H

#include <gndp/gaussian.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Observations: x [N, D], y [N P], variances of their noise [N P] on top of the kernel's white part (NULL: none). Borrowed. */
typedef struct gndp_gp_data {
    gndp_array x;
    const double *y;
    const double *noise;
    double mean; /* constant prior mean of every output */
} gndp_gp_data;

/** A Gaussian process conditioned on data; owns copies and the Cholesky factor of K(x, x) + noise. */
typedef struct gndp_gp gndp_gp;

/** @return as gndp_gaussian_create; GNDP_ERR_NONFINITE for values that are not finite; GNDP_ERR_RANGE for a negative noise variance */
GNDP_API gndp_status gndp_gp_create(const gndp_kernel *k, const gndp_gp_data *data, gndp_gp **out);
GNDP_API void gndp_gp_free(gndp_gp *gp);

/** ln p(y | x, kernel), nats (Rasmussen & Williams 2006, eq. 2.30). */
GNDP_API double gndp_gp_log_marginal(const gndp_gp *gp);

/**
 * Posterior at x [M, D] of the process without the kernel's white part (observe_noise false) or of a new observation (true).
 * @param mean [M P];  variance [M P] or NULL;  covariance [M P, M P] or NULL
 */
GNDP_API gndp_status gndp_gp_predict(const gndp_gp *gp, const gndp_array *x, bool observe_noise, double *mean, double *variance, double *covariance);

/** Draws of the posterior at x [M, D]: out [n, M P]; a function of (seed, member) alone. */
GNDP_API gndp_status gndp_gp_sample(const gndp_gp *gp, const gndp_array *x, bool observe_noise, uint64_t seed, const uint32_t *member, int64_t n,
                                    double *out);

/** ln p of values y [M P] at x [M, D] given the data, nats, all at once (joint). */
GNDP_API gndp_status gndp_gp_log_predictive(const gndp_gp *gp, const gndp_array *x, const double *y, double *out);

typedef struct gndp_gp_fit_options {
    int starts;        /* default 0 means 5: the kernel's own values, then seeded draws over the bounds */
    int max_steps;     /* of BFGS a start; default 0 means 200 */
    double tolerance;  /* of the gradient norm in log parameters; default 0 means 1e-6 */
    uint64_t seed;
    const char *const *fixed; /* paths kept at their value, ended by NULL; may be NULL */
} gndp_gp_fit_options;

/** One fitted parameter. */
typedef struct gndp_gp_fit_param {
    char path[64];
    double value;
    double log_sd;  /* standard deviation of its logarithm from the curvature at the optimum; NaN where that is not positive */
    bool at_bound;
} gndp_gp_fit_param;

typedef struct gndp_gp_fit_result {
    double log_marginal;
    int evaluations, starts_used, failed_points; /* failed: not positive definite, counted as infinite */
    int n_params;
    gndp_gp_fit_param param[64];
} gndp_gp_fit_result;

/**
 * Maximise the log marginal likelihood over the kernel's parameters by multi-start BFGS (GSL vector_bfgs2) in log parameters, gradient through the graph.
 * @param sets  [n_sets] independent data sets that share the kernel (their log marginals add up)
 * @param k     changed to the optimum
 * @return GNDP_OK; GNDP_ERR_NOT_PD when no start had a finite value; as gndp_gp_create
 */
GNDP_API gndp_status gndp_gp_fit(gndp_kernel *k, const gndp_gp_data *sets, int64_t n_sets, const gndp_gp_fit_options *options,
                                 gndp_gp_fit_result *result);

#ifdef __cplusplus
}
#endif
#endif
