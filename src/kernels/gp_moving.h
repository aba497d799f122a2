// SPDX-License-Identifier: Apache-2.0
// Which parameters of a kernel a fit moves, and within which bounds.
#ifndef GNDP_KERNELS_GP_MOVING_H
#define GNDP_KERNELS_GP_MOVING_H

#include "kernels/gp_optimise.h"

#include <gndp/gp.h>

enum { GP_MOVING_MAX = 64 };

/* One parameter that moves: of the kernel's i-th, in logarithm when positive, within a box there.
 */
typedef struct gp_moving {
    int index;
    gndp_kernel_param param;
    gp_box box;
} gp_moving;

/** Natural scale to the coordinate that moves, and back. */
double gp_moving_inward(const gp_moving *m, double value);
double gp_moving_outward(const gp_moving *m, double coordinate);

/**
 * What moves: every parameter that can be fitted and is not fixed. Boxes are the caller's bounds,
 * else wide ones from the data's extent and mean square and the kernel's own value.
 * @param theta  [gndp_kernel_param_count] out: the kernel's values
 * @return GNDP_OK; GNDP_ERR_NOT_FOUND for a path that is none; GNDP_ERR_RANGE for bounds in the
 * wrong order or more than GP_MOVING_MAX parameters
 */
gndp_status gp_moving_choose(const gndp_kernel *k, const gndp_gp_data *sets, int64_t n_sets,
                             int64_t outputs, const gndp_gp_fit_options *options, double *theta,
                             gp_moving move[GP_MOVING_MAX], int *n);

#endif
