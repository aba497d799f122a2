// SPDX-License-Identifier: Apache-2.0
// What the Gaussian laws ask of a kernel's structure.
#ifndef GNDP_KERNELS_STRUCTURE_H
#define GNDP_KERNELS_STRUCTURE_H

#include "base/error.h"

#include <gndp/kernels.h>

/**
 * k = rest + variance [i = j]: white parts of the root's sum taken off (scaled ones with their
 * factor).
 * @param rest  owned by the caller; NULL when k is all white
 * @return GNDP_OK with variance 0 when there is none; GNDP_ERR_UNSUPPORTED when white noise sits
 * inside a product and cannot be taken off
 */
gndp_status kernel_split_white(const gndp_kernel *k, gndp_kernel **rest, double *variance);

/**
 * k(x, x') = B prod_i k_i(x_i, x_i'), one factor a coordinate (in coordinates of its own: D = 1), B
 * [P, P] the covariance of the outputs. An rbf with lengthscales, products, on(.., axes), scale,
 * diag and coregion separate; sums do not.
 * @param n_axes  D
 * @param factor  [n_axes] out, owned by the caller; constant kernels where k does not depend on the
 * axis
 * @param outputs [P P] out, row-major, caller's memory for P up to 8
 * @return GNDP_OK; GNDP_ERR_UNSUPPORTED says which part does not separate
 */
gndp_status kernel_separate(const gndp_kernel *k, int n_axes, gndp_kernel **factor,
                            double *outputs);

enum { KERNEL_SERIES_MAX = 513 }; /* degrees 0..512 */

/** Legendre series of an isotropic kernel on the sphere. */
typedef struct kernel_series {
    int terms;                        /* degrees 0..terms-1 */
    double scalar[KERNEL_SERIES_MAX]; /* k(c) = sum_l scalar[l] P_l(c) */
    double curl[KERNEL_SERIES_MAX];   /* K = K_curl of phi = sum_l curl[l] P_l, plus */
    double div[KERNEL_SERIES_MAX];    /* K_div of phi = sum_l div[l] P_l (geomndp.md 9.5); all 0 for
                                         scalar kernels */
} kernel_series;

/**
 * The series that gndp_kernel_gram sums (s2_rbf: the closed form there, the series here, equal to
 * rounding).
 * @return GNDP_OK; GNDP_ERR_UNSUPPORTED for anything but sums and scales of s2_ kernels and
 * constants; white noise is to be taken off first
 */
gndp_status kernel_find_series(const gndp_kernel *k, kernel_series *out);

#endif
