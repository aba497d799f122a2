// SPDX-License-Identifier: Apache-2.0
// The law by circulant embedding: embedded in circulant_embed.c, used in gaussian_circulant.c.
#ifndef GNDP_KERNELS_CIRCULANT_H
#define GNDP_KERNELS_CIRCULANT_H

#include "kernels/fft.h"
#include "kernels/gaussian.h"

/*
 * Circulant embedding (Dietrich & Newsam 1997; Wood & Chan 1994): K = S C S', C the circulant of k
 * on a periodic grid of M points, S the choice of the N points. k is even, k(d) = k(-d), so the
 * Hartley transform H (symmetric, H H = M) diagonalises C: C = H diag(s) H / M with s the transform
 * of k's lags, [P, P] symmetric at each frequency. R = S H diag(s^(1/2)) / sqrt(M) takes M P
 * normals of the member alone, and costs one real transform an output: members need not share a
 * complex one. s < 0 beyond rounding: the grid grows; at its limit this is an error, never a cut.
 */
enum { CIRCULANT_MAX_AXES = 4 };

typedef struct circulant_law {
    int axes, outputs;
    int64_t n[CIRCULANT_MAX_AXES], m[CIRCULANT_MAX_AXES]; /* points, embedding */
    int64_t points, total;                                /* N, M */
    fft *plan;
    double *root;    /* [P, P, M] s^(1/2), symmetric */
    double *inverse; /* [P, P, M] s^-1, or NULL: for conjugate gradients */
    double *kernel0; /* [P] variances */
    double clipped;  /* largest |s| below 0 by rounding, relative */
    double jitter;   /* absolute */
    int threads;
} circulant_law;

gndp_status circulant_create(const gaussian_problem *p, void **impl, gaussian_facts *facts);
void circulant_free(void *impl);

#endif
