// SPDX-License-Identifier: Apache-2.0
// What is checked of a kernel's observations before anything is computed.
#ifndef GNDP_KERNELS_GP_DATA_H
#define GNDP_KERNELS_GP_DATA_H

#include <gndp/gp.h>

/** Sizes of a data set. */
typedef struct gp_sizes {
    int64_t points, dim, outputs; /* N, D, P */
} gp_sizes;

/**
 * Shapes, finite values, points on the sphere, noise not negative.
 * @return GNDP_OK; GNDP_ERR_SHAPE, GNDP_ERR_TYPE, GNDP_ERR_NONFINITE, GNDP_ERR_RANGE, GNDP_ERR_ARG
 */
gndp_status gp_data_check(const gndp_kernel *k, const gndp_gp_data *data, gp_sizes *sizes);

/** The same for points alone. */
gndp_status gp_points_check(const gndp_kernel *k, const gndp_array *x, gp_sizes *sizes);

/**
 * Two observations of one output at one point make the covariance singular unless one of them has
 * noise.
 * @param white  [N P] variance of the kernel's white noise on each value
 * @return GNDP_OK; GNDP_ERR_NOT_PD names the first pair and says what to do; GNDP_ERR_NOMEM
 */
gndp_status gp_data_distinct(const gndp_gp_data *data, gp_sizes sizes, const double *white);

#endif
