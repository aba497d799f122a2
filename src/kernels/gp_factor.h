// SPDX-License-Identifier: Apache-2.0
// Cholesky factors in place with a jitter ladder, and products with them, row-major.
#ifndef GNDP_KERNELS_GP_FACTOR_H
#define GNDP_KERNELS_GP_FACTOR_H

#include <gndp/base.h>

/**
 * Factor a symmetric matrix a [n, n] = L L' in place: L in its lower triangle; the upper one keeps
 * a. Where that fails, jitter on the diagonal grows tenfold from 1e-12 to max_jitter, relative to
 * `scale`.
 *
 * @param max_jitter  below 1e-12: none is added
 * @param jitter      out, absolute;  log_det out, ln det(a + jitter 1)
 * @return GNDP_OK; GNDP_ERR_NOT_PD names pivot and jitter; GNDP_ERR_NOMEM
 */
gndp_status gp_factor(int64_t n, double *a, double scale, double max_jitter, double *jitter,
                      double *log_det);

/** b [m, n] rows: each row becomes L^-1 row, or L'^-1 row when transposed. */
void gp_factor_solve(int64_t n, const double *factor, bool transposed, int64_t m, double *b);

/** out [m, n] rows: L row. May not alias. */
void gp_factor_apply(int64_t n, const double *factor, int64_t m, const double *e, double *out);

/** c [m, m] -= v v', v [m, n]; both triangles. */
void gp_subtract_outer(int64_t m, int64_t n, const double *v, double *c);

/** out [m] = v [m, n] a [n]. */
void gp_matrix_vector(int64_t m, int64_t n, const double *v, const double *a, double *out);

/** The square of a matrix of n rows in doubles fits into 3/4 of the machine's memory, `matrices` of
 * them.
 * @return GNDP_OK; GNDP_ERR_NOMEM says how much it would need */
gndp_status gp_fits_memory(int64_t n, double matrices);

#endif
