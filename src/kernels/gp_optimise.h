// SPDX-License-Identifier: Apache-2.0
// Smooth minimisation for fits: BFGS over unbounded variables, and boxes as changes of variable.
#ifndef GNDP_KERNELS_GP_OPTIMISE_H
#define GNDP_KERNELS_GP_OPTIMISE_H

#include <gndp/base.h>

/**
 * Value and gradient at x [n]. A point without value (a covariance that is not positive definite)
 * returns GNDP_OK with value INFINITY; any other status ends the search.
 */
typedef gndp_status (*gp_objective)(void *state, const double *x, double *value, double *gradient);

typedef struct gp_search {
    int max_steps;
    double tolerance;  /* of the gradient's Euclidean norm */
    double first_step; /* length of the first trial step */
} gp_search;

typedef struct gp_minimum {
    double value, gradient_norm;
    int steps;
} gp_minimum;

/**
 * Minimise by BFGS (GSL vector_bfgs2: Fletcher 1987, section 2.6), restarted along the gradient
 * when a line search ends early, unless the gradient is below 1e-6 of the value: then rounding
 * ended it. Infinite values shorten the step.
 *
 * @param x     [n] n >= 1; the start, which must have a finite value; changed to the best point
 * seen
 * @param found value INFINITY, and x as it was, when the start has none
 * @return GNDP_OK (also when max_steps or rounding ended it: see gradient_norm); what the objective
 * returned; GNDP_ERR_NOMEM
 */
gndp_status gp_minimise(gp_objective objective, void *state, int n, const gp_search *search,
                        double *x, gp_minimum *found);

/**
 * A variable kept within (low, high) by a smooth increasing change of variable that is close to the
 * identity inside: value(u) = low + s (softplus((u - low)/s) - softplus((u - high)/s)),   s = (high
 * - low)/16.
 */
typedef struct gp_box {
    double low, high; /* finite; or both infinite: value(u) = u */
} gp_box;

/** Value at u; derivative d value / d u in (0, 1], may be NULL. */
double gp_box_value(gp_box box, double u, double *derivative);
/** u of a value; values at or outside the bounds are first moved inside by 1e-3 of the width. */
double gp_box_inverse(gp_box box, double value);

#endif
