// SPDX-License-Identifier: Apache-2.0
// The mixture of four kinds of curves in equal parts.
#include <math.h>

#include "base/error.h"
#include "synth/generator.h"

/* geomndp.md 12.1: se, matern52, weakly_periodic, sawtooth / sqrt(0.07965), each with probability
 * 1/4. */
enum { PARTS = 4, SAWTOOTH = 3 };
static const double sawtooth_variance = 0.07965;

gndp_status synth_mixture_of(uint64_t seed, uint32_t member, int *out)
{
    gndp_status st = GNDP_OK;
    double u;
    GNDP_TRY(
        gndp_random_uniform_f64(seed, 0, member, GNDP_STREAM(SYNTH_STREAM_MIXTURE, 0), 0, 1, &u));
    *out = (int)(PARTS * u);
done:
    return st;
}

/* A grid serves many fields, so that all laws are made; listed points serve one field and want one
 * law, made when it is drawn. */
static gndp_status prepare(const synth_generator *generator, const synth_places *places,
                           synth_sampler *out)
{
    gndp_status st = GNDP_OK;
    GNDP_TRY(synth_keep_points(places, generator->info.columns, out));
    if (places->points.kind == GNDP_POINTS_LIST)
        goto done;
    GNDP_TRY(synth_law(synth_regression[0].info.kernel, &places->points, &out->law));
    for (int i = 0; i < 2; i++)
        GNDP_TRY(synth_law(synth_regression[1 + i].info.kernel, &places->points, &out->more[i]));
done:
    return st;
}

static gndp_status draw_gaussian(const synth_sampler *sampler, int part, uint64_t seed,
                                 uint32_t member, double *out)
{
    gndp_status st = GNDP_OK;
    const gndp_gaussian *const law[SAWTOOTH] = {sampler->law, sampler->more[0], sampler->more[1]};
    const gndp_points listed = {
        .kind = GNDP_POINTS_LIST,
        .x = gndp_array_view(gndp_type_2d(GNDP_F64, sampler->n, 1), sampler->x)};
    gndp_gaussian *own = NULL;
    if (law[part] == NULL)
        GNDP_TRY(synth_law(synth_regression[part].info.kernel, &listed, &own));
    GNDP_TRY(gndp_gaussian_sample(own != NULL ? own : law[part], seed, &member, 1, out));
done:
    gndp_gaussian_free(own);
    return st;
}

static gndp_status draw(const synth_sampler *sampler, uint64_t seed, const uint32_t *member,
                        int64_t n, double *out)
{
    gndp_status st = GNDP_OK;
    for (int64_t f = 0; f < n; f++) {
        double *values = out + f * sampler->n;
        int part;
        sawtooth field;
        GNDP_TRY(synth_mixture_of(seed, member[f], &part));
        if (part < SAWTOOTH) {
            GNDP_TRY(draw_gaussian(sampler, part, seed, member[f], values));
            continue;
        }
        GNDP_TRY(synth_sawtooth_of(seed, member[f], &field));
        for (int64_t i = 0; i < sampler->n; i++)
            values[i] = synth_sawtooth_at(&field, sampler->x[i]) / sqrt(sawtooth_variance);
    }
done:
    return st;
}

const synth_generator synth_mixture[] = {
    {.info = {.name = "mixture",
              .text = "se, matern52, weakly_periodic or a sawtooth of unit variance, each a "
                      "quarter of the fields",
              .columns = 1,
              .space = GNDP_SPACE_EUCLIDEAN,
              .components = 1,
              .low = -2.0,
              .high = 2.0,
              .points = 110},
     .kind = GNDP_CHANNEL_SCALAR,
     .channel = "y",
     .prepare = prepare,
     .draw = draw},
    {.channel = NULL},
};
