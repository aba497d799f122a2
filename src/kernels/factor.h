// SPDX-License-Identifier: Apache-2.0
// Cholesky factors in place, with bits that do not depend on the number of threads.
#ifndef GNDP_KERNELS_FACTOR_H
#define GNDP_KERNELS_FACTOR_H

#include "base/error.h"

/**
 * Factor symmetric a = L L' of which the lower triangle is given, row-major [n, n], in place; what
 * stands above the diagonal is neither read nor written. Tiles of fixed shape, each a BLAS call on
 * one thread.
 *
 * @param threads  of the pool; the result is the same for any number
 * @return -1, or the index of the first pivot that is not positive; *pivot is its value
 */
int64_t factor_f64(int64_t n, double *a, int threads, double *pivot);
int64_t factor_f32(int64_t n, float *a, int threads, double *pivot);

#endif
