// SPDX-License-Identifier: Apache-2.0
// A Gaussian process conditioned on data, as its files share it.
#ifndef GNDP_KERNELS_GP_STATE_H
#define GNDP_KERNELS_GP_STATE_H

#include "kernels/gp_data.h"

struct gndp_gp {
    gndp_kernel *kernel;
    gndp_array x; /* [N, D] */
    gp_sizes sizes;
    double mean;
    double *factor; /* [N P, N P] row-major, lower: L L' = K(x, x) + noise + jitter */
    double *weight; /* [N P] (L L')^-1 (y - mean) */
    double *noise;  /* [N P] variances of the data's own noise, without the kernel's white part */
    double jitter, log_marginal;
};

#endif
