// SPDX-License-Identifier: Apache-2.0
// Real Fourier transforms through FFTW, planned under one lock.
#ifndef GNDP_KERNELS_FFT_H
#define GNDP_KERNELS_FFT_H

#include "base/error.h"

/* A plan; run by any number of threads at once on arrays of their own, aligned anyhow. */
typedef struct fft fft;
void fft_free(fft *plan); /* takes NULL */

/** x [n] at distance `stride` between re-and-im pairs spec [n/2 + 1, 2] at distance 1. */
gndp_status fft_row_create(int64_t n, int64_t stride, fft **out);
/** spec_k = sum_j x_j exp(-2 pi i j k / n); x is kept. */
void fft_row_forward(const fft *plan, const double *x, double *spec);
/** x_j = sum_k spec_k exp(2 pi i j k / n) with the other half of spec by symmetry; spec is
 * overwritten. */
void fft_row_backward(const fft *plan, double *spec, double *x);

/**
 * Hartley transform of real x [n_0, .., n_(axes-1)]: out_j = sum_f x_f (cos + sin)(2 pi f.j), f.j =
 * sum_a f_a j_a / n_a. It is symmetric and its square is prod n. It diagonalises every symmetric
 * circulant.
 */
gndp_status fft_hartley_create(int axes, const int64_t *n, fft **out);
/** work: fft_hartley_work(plan) doubles, 16-byte aligned. out may be x. x is not kept. */
void fft_hartley(const fft *plan, double *x, double *work, double *out);
int64_t fft_hartley_work(const fft *plan);

/** The smallest n >= low of the form 2^a 3^b 5^c 7^d, even. */
int64_t fft_good_size(int64_t low);

#endif
