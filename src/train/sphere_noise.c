// SPDX-License-Identifier: Apache-2.0
// Batches of values on spheres, noised exactly.
#include "train/sphere_noise.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

/* Least B that is trained on: 3e-4 radians or 2 km on the Earth, below the rounding of best tracks. */
static const double least = 1e-7;

gndp_status sphere_noise_create(int64_t batch, int64_t points, int components, sphere_noise *out)
{
    gndp_status st = GNDP_OK;
    const size_t size = (size_t)(batch * points * components);
    *out = (sphere_noise){.batch = batch, .points = points, .components = components};
    out->clean = malloc(size * sizeof *out->clean);
    out->noised = malloc(size * sizeof *out->noised);
    out->goal = malloc(size * sizeof *out->goal);
    out->member = malloc((size_t)batch * sizeof *out->member);
    GNDP_CHECK(out->clean != NULL && out->noised != NULL && out->goal != NULL && out->member != NULL, GNDP_ERR_NOMEM,
               "a batch of %lld fields of %lld points", (long long)batch, (long long)points);
    for (int64_t b = 0; b < batch; b++)
        out->member[b] = (uint32_t)b;
done:
    return st;
}

void sphere_noise_free(sphere_noise *noise)
{
    free(noise->clean);
    free(noise->noised);
    free(noise->goal);
    free(noise->member);
    memset(noise, 0, sizeof *noise);
}

/* Any point of each sphere stands where there is none. */
static void put_any(const gndp_sphere_layout *layout, double *y)
{
    memset(y, 0, (size_t)layout->components * sizeof *y);
    for (int k = 0; k < layout->spheres; k++)
        y[layout->first[k]] = 1.0;
}

/* Sets in memory are f32: of unit norm to that precision only. */
static void unit(const gndp_sphere_layout *layout, double *y)
{
    for (int k = 0; k < layout->spheres; k++) {
        double *p = y + layout->first[k], norm = 0.0;
        for (int c = 0; c < layout->dim[k]; c++)
            norm += p[c] * p[c];
        for (int c = 0; c < layout->dim[k]; c++)
            p[c] /= sqrt(norm);
    }
}

gndp_status sphere_noise_draw(sphere_noise *noise, const gndp_brownian *process, gndp_key key, double *t, int64_t m, int64_t n, const double *values,
                              const int32_t *mask, const int32_t *target, float *y, float *goal)
{
    gndp_status st = GNDP_OK;
    const int p = noise->components;
    const double first = gndp_schedule_time(&process->schedule, least);
    for (int64_t b = 0; b < noise->batch; b++) {
        t[b] = fmax(t[b], first);
        for (int64_t i = 0; i < n; i++) {
            double *at = noise->clean + (b * n + i) * p;
            put_any(&process->layout, at);
            if (i < m && mask[b * n + i] != 0) {
                memcpy(at, values + (b * m + i) * p, (size_t)p * sizeof *at);
                unit(&process->layout, at);
            }
        }
    }
    GNDP_TRY(gndp_brownian_marginal(process, n, t, noise->clean, key, noise->member, noise->batch, noise->noised));
    GNDP_TRY(gndp_brownian_target(process, n, t, noise->clean, noise->noised, noise->batch, noise->goal));
    for (int64_t k = 0; k < noise->batch * n; k++) {
        const bool there = mask[k] != 0, wanted = there && (target == NULL || target[k] != 0);
        for (int64_t c = k * p; c < (k + 1) * p; c++) {
            y[c] = (float)(wanted ? noise->noised[c] : there ? noise->clean[c] : 0.0);
            goal[c] = (float)(wanted ? noise->goal[c] : 0.0);
        }
    }
done:
    return st;
}
