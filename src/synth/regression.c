// SPDX-License-Identifier: Apache-2.0
// Gaussian processes on a line: se, matern52, weakly_periodic, periodic; and the draws of any
// generator that is a Gaussian process.
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "synth/generator.h"

/* geomndp.md 12.1; the noise of variance 0.05^2 is part of the data. */
#define NOISE " + white(variance=0.0025)"
#define ON_A_LINE(name_, text_, kernel_)                                                           \
    {                                                                                              \
        .info = {.name = (name_),                                                                  \
                 .text = (text_),                                                                  \
                 .columns = 1,                                                                     \
                 .space = GNDP_SPACE_EUCLIDEAN,                                                    \
                 .components = 1,                                                                  \
                 .low = -2.0,                                                                      \
                 .high = 2.0,                                                                      \
                 .points = 60,                                                                     \
                 .kernel = kernel_ NOISE},                                                         \
        .kind = GNDP_CHANNEL_SCALAR, .channel = "y", .prepare = synth_gp_prepare,                  \
        .draw = synth_gp_draw                                                                      \
    }

const synth_generator synth_regression[] = {
    ON_A_LINE("se", "smooth curves: squared exponential covariance, length scale 0.25",
              "rbf(lengthscale=0.25)"),
    ON_A_LINE("matern52", "rougher curves: Matern 5/2 covariance, length scale 0.25",
              "matern52(lengthscale=0.25)"),
    ON_A_LINE("weakly_periodic", "curves that repeat with period 1 and slowly change",
              "rbf(lengthscale=0.5) * periodic(lengthscale=0.25, period=1)"),
    ON_A_LINE("periodic", "curves of period 1", "periodic(lengthscale=0.5, period=1)"),
    {.channel = NULL},
};

gndp_status synth_law(const char *kernel, const gndp_points *points, gndp_gaussian **out)
{
    gndp_status st = GNDP_OK;
    gndp_kernel *k = NULL;
    *out = NULL;
    GNDP_TRY(gndp_kernel_parse(kernel, &k));
    GNDP_TRY(gndp_gaussian_create(k, points, NULL, NULL, out));
done:
    gndp_kernel_free(k);
    return st;
}

gndp_status synth_gp_prepare(const synth_generator *generator, const synth_places *places,
                             synth_sampler *out)
{
    const char *kernel = generator->law != NULL ? generator->law : generator->info.kernel;
    return synth_law(kernel, &places->points, &out->law);
}

gndp_status synth_gp_draw(const synth_sampler *sampler, uint64_t seed, const uint32_t *member,
                          int64_t n, double *out)
{
    return gndp_gaussian_sample(sampler->law, seed, member, n, out);
}

gndp_status synth_keep_points(const synth_places *places, int columns, synth_sampler *out)
{
    gndp_status st = GNDP_OK;
    const size_t bytes = (size_t)places->n * (size_t)columns * sizeof(double);
    out->x = malloc(bytes);
    GNDP_CHECK(out->x != NULL, GNDP_ERR_NOMEM, "%zu bytes", bytes);
    memcpy(out->x, places->x, bytes);
done:
    return st;
}

void synth_sampler_clear(synth_sampler *sampler)
{
    gndp_gaussian_free(sampler->law);
    for (int i = 0; i < 2; i++)
        gndp_gaussian_free(sampler->more[i]);
    free(sampler->x);
    *sampler = (synth_sampler){0};
}
