// SPDX-License-Identifier: Apache-2.0
// A Gaussian reference for tracks: what the other points of a track say of each one.
#ifndef GNDP_MODEL_REFERENCE_H
#define GNDP_MODEL_REFERENCE_H

#include <gndp/kernels.h>
#include <gndp/sde.h>

/*
 * Points of S² as vectors of R^3 whose coordinates are independent with covariance k(t, t') over time. Brownian motion for B has E y_t = a y_0, a = exp(-B), and
 * in each tangent direction the variance n = (1 - exp(-3 B))/3 (both exact: the first two spherical harmonics decay as exp(-B), exp(-3 B)); known points have
 * a = 1, n = 0. With S = A K A + N and Q = S^-1 the best linear estimate of the clean y_0i from all points but i has
 *   mean (y_i - (Q y)_i / Q_ii)/a_i,   variance v_i = (1/Q_ii - n_i)/a_i^2   (leave-one-out, Rasmussen & Williams 2006, 5.4.2).
 *
 * That is what the score wants, since grad_i log p(y) = grad_i log p(y_i | the others): taking y_0i given the others as a heat kernel about the mean's
 * direction u with the same tangent variance, exp(-6 tau_c) = 1 - 3 v, makes y_i given the others the heat kernel at tau + tau_c, whose score is
 *   G(c, tau + tau_c) P_y u,   c = y.u   (geomndp.md 10.5):
 * exact for a track that is known to a heat kernel at each point, at all sizes of noise, and 0 where nothing is known.
 */
typedef struct reference_nodes {
    gndp_node score;    /* [R, N, 3] tangent at y */
    gndp_node scale;    /* [R, N, 1] about the standard deviation of the score of the noise given y, not below that of 4 km: what is left to learn */
    gndp_node mean;     /* [R, N, 3] of the clean track given all points; y itself at known ones */
    gndp_node sd;       /* [R, N, 1] of a coordinate */
    gndp_node residual; /* [R, N, 3] (y - a mean of the others)/sqrt(n + a^2 v); 0 at known points */
    gndp_node velocity; /* [R, N, 3] of the estimate, a unit of time */
    gndp_node noise;    /* [R, 1, 1] n */
} reference_nodes;

/** @param y  [R, N, 3] f64, of unit norm; all results f64. in->x has one coordinate */
reference_nodes reference_build(gndp_graph *g, const gndp_kernel *kernel, const gndp_score_inputs *in, gndp_node y);

/** G(c, tau) of the heat kernel on S² for tau at least 1e-9, elementwise, c in [-1, 1]: relative error below 1e-3 where the kernel has mass. f64. */
gndp_node reference_heat_slope(gndp_graph *g, gndp_node tau, gndp_node c);

#endif
