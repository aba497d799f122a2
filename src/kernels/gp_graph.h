// SPDX-License-Identifier: Apache-2.0
// Plans of Gaussian processes: evidence with gradient for fits, prior covariance at single points.
#ifndef GNDP_KERNELS_GP_GRAPH_H
#define GNDP_KERNELS_GP_GRAPH_H

#include <gndp/gp.h>

/** The sum of the log marginals of data sets as a function of all parameters of a kernel, compiled:
 * one plan a shape. */
typedef struct gp_evidence gp_evidence;

/**
 * @param k     its values do not matter, theta replaces them
 * @param sets  [n_sets] checked before by gp_data_check; copied
 */
gndp_status gp_evidence_create(const gndp_kernel *k, const gndp_gp_data *sets, int64_t n_sets,
                               gp_evidence **out);
void gp_evidence_free(gp_evidence *e);

/**
 * @param theta    [gndp_kernel_param_count] natural scale
 * @param value    nats
 * @param gradient [gndp_kernel_param_count] in theta; zero for structural ones
 * @return GNDP_OK; GNDP_ERR_NOT_PD where a covariance is not positive definite
 */
gndp_status gp_evidence_run(gp_evidence *e, const double *theta, double *value, double *gradient);

/** Number of plans made (shapes met). */
int64_t gp_evidence_plans(const gp_evidence *e);

/**
 * Covariance of the outputs at each point by itself, out [M, P, P], with the kernel's white noise
 * or without.
 * @param x [M, D] f64
 */
gndp_status gp_prior_blocks(const gndp_kernel *k, const gndp_array *x, bool white, double *out);

#endif
