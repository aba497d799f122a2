// SPDX-License-Identifier: Apache-2.0
// Coloured noise of a law for blocks of realizations, from numbered streams.
#ifndef GNDP_SDE_NOISE_H
#define GNDP_SDE_NOISE_H

#include "base/error.h"
#include "kernels/panel.h"

#include <gndp/sde.h>

/*
 * R xi for a law, in memory made beforehand: a white law takes no matrix, a dense one of moderate
 * size is copied so that a product with it needs no memory of its own. For other laws the product
 * is gndp_gaussian_apply_root, which takes memory.
 */
typedef struct noise_source {
    const gndp_gaussian *law; /* borrowed */
    int64_t size, rank;       /* N P; length of xi */
    int64_t group;            /* realizations coloured together */
    double white;             /* its standard deviation where the law is white, else 0 */
    double *xi;               /* [group, rank] or NULL */
    double *root;             /* [size, size] lower, of a dense law, or NULL */
    double *panel[2];         /* [size, 16] beside it */
    const panel_table *table; /* what multiplies them */
} noise_source;

/**
 * @param group  most realizations in one call of noise_fill
 * @param many   there will be many calls: a dense root is worth copying
 */
gndp_status noise_open(const gndp_gaussian *law, int64_t group, bool many, noise_source *out);
void noise_close(noise_source *noise);

/** out[i] = R xi(key, member[i]), n <= group rows of N P. Any thread count gives the same bits. */
gndp_status noise_fill(noise_source *noise, gndp_key key, const uint32_t *member, int64_t n,
                       double *out);

/** As noise_fill for one member: row i takes stream key.stream + i. */
gndp_status noise_fill_streams(noise_source *noise, gndp_key key, uint32_t member, int64_t n,
                               double *out);

/** out = K v, n <= group rows of N P, without memory of its own where noise_fill takes none; out
 * may not be v. */
gndp_status noise_product(noise_source *noise, int64_t n, const double *v, double *out);

#endif
