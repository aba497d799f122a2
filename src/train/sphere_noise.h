// SPDX-License-Identifier: Apache-2.0
// Noise on spheres: drawn exactly on the host, since the law of the angle is no transform of normals.
#ifndef GNDP_TRAIN_SPHERE_NOISE_H
#define GNDP_TRAIN_SPHERE_NOISE_H

#include "model/model.h"

/* What a training step is fed beside the points: noised values and the score of the noise. */
typedef struct sphere_noise {
    int64_t batch, points; /* at most */
    int components;
    double *clean, *noised, *goal; /* [B, N, P] */
    uint32_t *member;              /* [B] */
} sphere_noise;

gndp_status sphere_noise_create(int64_t batch, int64_t points, int components, sphere_noise *out);
void sphere_noise_free(sphere_noise *noise);

/**
 * Noise a batch and say what its score is.
 * @param t       [B], moved up in place to the least time that is used
 * @param values  [B, m, P] clean, m <= n;  @param mask i32 [B, n];  @param target i32 [B, n] or NULL: context stays as it is
 * @param y, goal [B, n, P] out, f32; 0 at masked points, goal 0 at context
 */
gndp_status sphere_noise_draw(sphere_noise *noise, const gndp_brownian *process, gndp_key key, double *t, int64_t m, int64_t n, const double *values,
                              const int32_t *mask, const int32_t *target, float *y, float *goal);

#endif
