// SPDX-License-Identifier: Apache-2.0
// Sawtooth waves cut off after some harmonics: curves that no Gaussian process describes.
#include <math.h>

#include "base/error.h"
#include "synth/generator.h"

/*
 * geomndp.md 12.1: y(x) = (1/pi) sum_{k=1}^{K} (-1)^k sin(2 pi k f (x - s)) / k without noise;
 * frequency f ~ U(3, 5), shift s ~ U(-5, 5), K = k* - 1 with k* uniform on 10..20. With the phase
 * uniform its variance is sum_{k<=K} 1/(2 pi^2 k^2), on average over K 0.0797.
 */
enum { HARMONICS_LOW = 9, HARMONICS_COUNT = 11 };
static const double frequency_low = 3.0, frequency_high = 5.0, shift_low = -5.0, shift_high = 5.0;
static const double pi = 3.14159265358979324;

gndp_status synth_sawtooth_of(uint64_t seed, uint32_t member, sawtooth *out)
{
    gndp_status st = GNDP_OK;
    double u[3];
    GNDP_TRY(
        gndp_random_uniform_f64(seed, 0, member, GNDP_STREAM(SYNTH_STREAM_SAWTOOTH, 0), 0, 3, u));
    out->frequency = frequency_low + (frequency_high - frequency_low) * u[0];
    out->shift = shift_low + (shift_high - shift_low) * u[1];
    out->harmonics = HARMONICS_LOW + (int)(HARMONICS_COUNT * u[2]);
done:
    return st;
}

double synth_sawtooth_at(const sawtooth *field, double x)
{
    /* the phase within one turn first: k times a rounded large angle would lose digits */
    const double turns = field->frequency * (x - field->shift), part = turns - floor(turns);
    double sum = 0.0;
    for (int k = field->harmonics; k >= 1; k--) /* small terms first */
        sum += (k % 2 == 0 ? 1.0 : -1.0) * sin(2.0 * pi * k * part) / k;
    return sum / pi;
}

static gndp_status prepare(const synth_generator *generator, const synth_places *places,
                           synth_sampler *out)
{
    return synth_keep_points(places, generator->info.columns, out);
}

static gndp_status draw(const synth_sampler *sampler, uint64_t seed, const uint32_t *member,
                        int64_t n, double *out)
{
    gndp_status st = GNDP_OK;
    for (int64_t f = 0; f < n; f++) {
        sawtooth field;
        GNDP_TRY(synth_sawtooth_of(seed, member[f], &field));
        for (int64_t i = 0; i < sampler->n; i++)
            out[f * sampler->n + i] = synth_sawtooth_at(&field, sampler->x[i]);
    }
done:
    return st;
}

const synth_generator synth_sawtooth[] = {
    {.info = {.name = "sawtooth",
              .text = "sawtooth waves of random frequency, shift and number of harmonics",
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
