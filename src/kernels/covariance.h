// SPDX-License-Identifier: Apache-2.0
// What the Gaussian laws see of a kernel: blocks of covariances on points, and what is added where
// a point meets itself.
#ifndef GNDP_KERNELS_COVARIANCE_H
#define GNDP_KERNELS_COVARIANCE_H

#include "base/error.h"
#include "kernels/structure.h"

#include <gndp/kernels.h>

enum { COVARIANCE_MAX_OUTPUTS = 16 };

/*
 * k(x_i, z_j) = block + nugget [i = j], nugget [P, P] the same at every point: white noise, which
 * compares indices. A kernel fills this by covariance_create; tests put functions of their own in
 * its place.
 */
typedef struct covariance {
    void *state;
    int64_t dim; /* D of the points */
    int outputs; /* P */
    gndp_domain domain;
    bool stationary, isotropic;
    bool block_is_zero; /* only the nugget is there */
    double nugget[COVARIANCE_MAX_OUTPUTS * COVARIANCE_MAX_OUTPUTS];
    const char *text; /* for messages */
    /** k without its nugget: x [n, D], z [m, D] -> out [n P, m P], dense rows. Threads of its own.
     */
    gndp_status (*block)(void *state, int64_t n, const double *x, int64_t m, const double *z,
                         double *out);
    /** Factor i of a separable block on the coordinates of one axis, x [n] -> out [n, n]. NULL: it
     * is not separable. */
    gndp_status (*axis)(void *state, int i, int64_t n, const double *x, double *out);
    double axis_outputs[COVARIANCE_MAX_OUTPUTS *
                        COVARIANCE_MAX_OUTPUTS]; /* B of the separable block */
    const char *why_not_separable;
    /** Legendre series of the block, where a rule gives it: GNDP_ERR_UNSUPPORTED, or NULL: none
     * does. */
    gndp_status (*series)(void *state, kernel_series *out);
} covariance;

/** Variance w when the nugget is w I (0 when there is none); negative when it is of another form.
 */
double covariance_white(const covariance *cov);

/**
 * The covariance of a kernel on points of dimension `dim`.
 * @param product  also find the factors of a separable kernel
 * @param out      freed by covariance_free; the kernel is copied
 */
gndp_status covariance_create(const gndp_kernel *k, int64_t dim, bool product, int threads,
                              covariance *out);
void covariance_free(covariance *cov);

#endif
