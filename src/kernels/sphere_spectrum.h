// SPDX-License-Identifier: Apache-2.0
// Isotropic covariances on the sphere as series of (vector) spherical harmonics, and roots of their
// Fourier blocks in longitude.
#ifndef GNDP_KERNELS_SPHERE_SPECTRUM_H
#define GNDP_KERNELS_SPHERE_SPECTRUM_H

#include "kernels/covariance.h"

/*
 * Scalars (and P of them): K(c) = sum_l A_l P_l(c), A_l [P, P] positive semidefinite. Tangent
 * fields (east, north): degree l has variance C_l in gradients and D_l in turned gradients of the
 * harmonics, so that K(x, x) = I sum_l (C_l + D_l).
 */
typedef struct sphere_spectrum {
    int outputs;
    bool tangent;
    int64_t degree; /* largest l that counts */
    double *root;   /* [degree + 1, P, P] S_l, S_l S_l' = A_l, columns from the largest; tangent:
                       sqrt(C_l), sqrt(D_l), -, - */
    int *columns; /* [degree + 1] columns of S_l that are not zero; tangent: bits 1 (C_l > 0) and 2
                     (D_l > 0) */
    double trace; /* mean variance of an output */
} sphere_spectrum;

/* A_l [degree + 1, P, P], or of tangent fields C_l, D_l [degree + 1, 2]. */
typedef struct sphere_coefficients {
    bool tangent;
    int64_t degree;
    double *coef; /* free() it */
} sphere_coefficients;

/**
 * Find the coefficients by Gauss quadrature of the block along a great circle, and check them
 * against the block at other pairs of points.
 * @return GNDP_OK; GNDP_ERR_UNSUPPORTED when the series does not converge or the kernel is not
 * isotropic
 */
gndp_status sphere_quadrature(const covariance *cov, sphere_coefficients *out);

/**
 * Find the series: by rule where the covariance knows it, exactly as its Gram sums it; else by
 * quadrature (products, several scalars).
 * @return GNDP_OK; as sphere_quadrature; GNDP_ERR_NOT_PD for a negative coefficient
 */
gndp_status sphere_spectrum_create(const covariance *cov, sphere_spectrum *out);
void sphere_spectrum_free(sphere_spectrum *s);

/** Columns that wavenumber m has. */
int64_t sphere_columns(const sphere_spectrum *s, int64_t m);

/**
 * Root of the covariance of the Fourier coefficients in longitude of wavenumber m at latitudes lat:
 * B_m = R R'. For tangent fields the coefficient of the east component is i times the one of R
 * (then R is real), and m < 0 turns the sign of its rows.
 * @param r  [n_lat P, ld >= columns], columns of m written
 */
gndp_status sphere_root(const sphere_spectrum *s, int64_t m, int64_t n_lat, const double *lat_deg,
                        int64_t ld, double *r);

#endif
