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

/**
 * Factor K(x, x) + noise. No observations (N = 0) are allowed: then the posterior is the prior.
 * @return as gndp_gaussian_create; GNDP_ERR_NONFINITE names the first value that is not finite; GNDP_ERR_RANGE for a negative noise variance;
 *         GNDP_ERR_NOT_PD for two observations at one point without noise, or a covariance that stays indefinite with jitter
 */
GNDP_API gndp_status gndp_gp_create(const gndp_kernel *k, const gndp_gp_data *data, gndp_gp **out);
GNDP_API void gndp_gp_free(gndp_gp *gp);

/** ln p(y | x, kernel), nats (Rasmussen & Williams 2006, eq. 2.30). */
GNDP_API double gndp_gp_log_marginal(const gndp_gp *gp);

/**
 * Jitter that K(x, x) + noise needed to be factored, absolute: 0 unless the factorisation failed without; then it grows tenfold from 1e-12 to
 * 1e-6 of the mean of K's diagonal. It is part of the model from then on.
 */
GNDP_API double gndp_gp_jitter(const gndp_gp *gp);

/**
 * The same as a node: ln N(residual; 0, K(x, x) + diag(noise)), differentiable any number of times in all arguments.
 * @param theta     as gndp_kernel_gram
 * @param x         [.., N, D] f64
 * @param residual  [.., N P] f64, y less the prior mean
 * @param noise     [.., N P] f64 or GNDP_NONE
 * @return [..]; a run ends with GNDP_ERR_NOT_PD where the covariance is not positive definite (no jitter is added)
 */
GNDP_API gndp_node gndp_gp_log_marginal_node(gndp_graph *g, const gndp_kernel *k, const gndp_node *theta, gndp_node x, gndp_node residual,
                                             gndp_node noise);

/**
 * Posterior at x [M, D] of the process without the kernel's white part (observe_noise false) or of a new observation (true).
 * @param mean [M P] or NULL;  variance [M P] or NULL, below zero by rounding only, then 0;  covariance [M P, M P] or NULL
 */
GNDP_API gndp_status gndp_gp_predict(const gndp_gp *gp, const gndp_array *x, bool observe_noise, double *mean, double *variance, double *covariance);

/** Draws of the posterior at x [M, D]: out [n, M P]; a function of (seed, member) alone. */
GNDP_API gndp_status gndp_gp_sample(const gndp_gp *gp, const gndp_array *x, bool observe_noise, uint64_t seed, const uint32_t *member, int64_t n,
                                    double *out);

/**
 * The posterior on points with structure as a law whose draws need no dense matrix (Matheron's rule, see gndp_gaussian_condition_draws): a million
 * points given a few hundred observations. What the prior on the points rests on:
 *
 *   PRODUCT, separable kernel   Kronecker; coordinates of observations between the axis values are joined to the axes
 *   PRODUCT, stationary kernel  circulant; observations have to lie on grid points
 *   LATLON, isotropic kernel    harmonics, observations anywhere
 *
 * White noise of the kernel is noise of the observations; with observe_noise it is added to each target, as gndp_gp_sample does. Members' draws
 * are not those of gndp_gp_sample, their law is the same.
 *
 * @param points   of the process's dimension; LIST is refused
 * @param options  memory, threads; the factorisation is chosen by the table. NULL for the defaults
 * @param out      owned by the caller; [N P] values; the process may be freed
 * @return GNDP_OK; GNDP_ERR_UNSUPPORTED says what does not fit; GNDP_ERR_SHAPE, GNDP_ERR_NOMEM, as gndp_gaussian_create
 */
GNDP_API gndp_status gndp_gp_posterior(const gndp_gp *gp, const gndp_points *points, bool observe_noise, const gndp_gaussian_options *options,
                                       gndp_gaussian **out);

/** ln p of new observations y [M P] at x [M, D] given the data, nats, all at once (joint), the kernel's white noise included.
    GNDP_ERR_NOT_PD where their covariance is singular: no jitter is added to a density. */
GNDP_API gndp_status gndp_gp_log_predictive(const gndp_gp *gp, const gndp_array *x, const double *y, double *out);

/** Where a fitted parameter may lie, in its natural scale. */
typedef struct gndp_gp_bound {
    const char *path;
    double low, high; /* finite, low < high, above 0 for positive parameters */
} gndp_gp_bound;

/** Where a fit stands. */
typedef struct gndp_gp_fit_progress {
    int start, starts;   /* starts ended, and in all; equal while the curvature at the optimum is found */
    int evaluations;     /* so far */
    double log_marginal; /* the best so far; minus infinity before there is one */
} gndp_gp_fit_progress;

/** Called before every evaluation, in the thread of the fit. @return false: stop, the fit ends with GNDP_ERR_INTERRUPTED */
typedef bool (*gndp_gp_fit_watch)(void *state, const gndp_gp_fit_progress *now);

typedef struct gndp_gp_fit_options {
    int starts;        /* default 0 means 5: the kernel's own values, then seeded draws over the bounds */
    int max_steps;     /* of BFGS a start; default 0 means 200 */
    double tolerance;  /* of the gradient norm in log parameters; default 0 means 1e-6 */
    uint64_t seed;
    const char *const *fixed; /* paths kept at their value, ended by NULL; may be NULL */
    const gndp_gp_bound *bounds; /* ended by a NULL path; may be NULL. Others are bounded by the data's extent and mean square, widely */
    gndp_gp_fit_watch watch; /* NULL: none */
    void *watch_state;       /* borrowed, handed to watch */
} gndp_gp_fit_options;

/** One fitted parameter. */
typedef struct gndp_gp_fit_param {
    char path[64];
    double value;
    double log_sd;  /* standard deviation of its logarithm (of itself where not positive) from the curvature at the optimum; NaN where
                       that is not positive, and at a bound */
    bool positive;  /* false: may be negative (coregionalisation), fitted as it is */
    bool at_bound;
} gndp_gp_fit_param;

typedef struct gndp_gp_fit_result {
    double log_marginal;
    double gradient_norm; /* at the optimum, in logarithms (bounds: in what the search moves); above the tolerance: rounding or max_steps ended it */
    int evaluations, starts_used, failed_points; /* starts with a finite value; failed: not positive definite, counted as infinite */
    int n_params;
    gndp_gp_fit_param param[64];
} gndp_gp_fit_result;

/**
 * Maximise the log marginal likelihood over the kernel's parameters by multi-start BFGS (GSL vector_bfgs2) in log parameters, gradient through the graph.
 * @param sets  [n_sets] independent data sets that share the kernel (their log marginals add up)
 * @param k     changed to the optimum; on an error as it was
 * @return GNDP_OK; GNDP_ERR_NOT_PD when no start had a finite value; GNDP_ERR_NOT_FOUND for a path that is none; GNDP_ERR_RANGE for bounds in the
 *         wrong order or more than 64 parameters to fit; GNDP_ERR_INTERRUPTED when watch said so; as gndp_gp_create
 */
GNDP_API gndp_status gndp_gp_fit(gndp_kernel *k, const gndp_gp_data *sets, int64_t n_sets, const gndp_gp_fit_options *options,
                                 gndp_gp_fit_result *result);

#ifdef __cplusplus
}
#endif
#endif
