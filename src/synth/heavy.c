// SPDX-License-Identifier: Apache-2.0
// Curves whose laws are not Gaussian but have a density in closed form: student_t and two_modes.
#include <math.h>

#include "base/error.h"
#include "synth/generator.h"

/*
 * student_t: y = g sqrt((nu - 2) / w), g ~ N(0, K), w ~ chi^2 with nu = 5 degrees of freedom:
 * covariance K, and at any points p(y) = Gamma((nu + n)/2) / (Gamma(nu/2) ((nu - 2) pi)^(n/2)
 * |K|^(1/2)) (1 + y' K^-1 y / (nu - 2))^(-(nu + n)/2) (Shah, Wilson & Ghahramani 2014,
 * arXiv:1402.4306, definition 1). two_modes: y = s + g with s = 1 or -1, each with probability 1/2:
 * p(y) = (N(y; 1, K) + N(y; -1, K)) / 2.
 */
enum { DEGREES = 5 };

static gndp_status scale_student(uint64_t seed, uint32_t member, int64_t n, double *y)
{
    gndp_status st = GNDP_OK;
    double z[DEGREES], w = 0.0;
    GNDP_TRY(
        gndp_random_normal_f64(seed, 0, member, GNDP_STREAM(SYNTH_STREAM_HEAVY, 0), 0, DEGREES, z));
    for (int i = 0; i < DEGREES; i++)
        w += z[i] * z[i];
    const double scale = sqrt((DEGREES - 2) / w);
    for (int64_t i = 0; i < n; i++)
        y[i] *= scale;
done:
    return st;
}

static gndp_status draw_student(const synth_sampler *sampler, uint64_t seed, const uint32_t *member,
                                int64_t n, double *out)
{
    gndp_status st = GNDP_OK;
    GNDP_TRY(gndp_gaussian_sample(sampler->law, seed, member, n, out));
    for (int64_t f = 0; f < n; f++)
        GNDP_TRY(scale_student(seed, member[f], sampler->n, out + f * sampler->n));
done:
    return st;
}

static gndp_status draw_modes(const synth_sampler *sampler, uint64_t seed, const uint32_t *member,
                              int64_t n, double *out)
{
    gndp_status st = GNDP_OK;
    GNDP_TRY(gndp_gaussian_sample(sampler->law, seed, member, n, out));
    for (int64_t f = 0; f < n; f++) {
        double u;
        GNDP_TRY(gndp_random_uniform_f64(seed, 0, member[f], GNDP_STREAM(SYNTH_STREAM_HEAVY, 1), 0,
                                         1, &u));
        for (int64_t i = 0; i < sampler->n; i++)
            out[f * sampler->n + i] += u < 0.5 ? 1.0 : -1.0;
    }
done:
    return st;
}

#define NO_GAUSSIAN(name_, text_, law_, draw_)                                                     \
    {                                                                                              \
        .info = {.name = (name_),                                                                  \
                 .text = (text_),                                                                  \
                 .columns = 1,                                                                     \
                 .space = GNDP_SPACE_EUCLIDEAN,                                                    \
                 .components = 1,                                                                  \
                 .low = -2.0,                                                                      \
                 .high = 2.0,                                                                      \
                 .points = 60},                                                                    \
        .kind = GNDP_CHANNEL_SCALAR, .channel = "y", .law = (law_), .prepare = synth_gp_prepare,   \
        .draw = (draw_)                                                                            \
    }

const synth_generator synth_heavy[] = {
    NO_GAUSSIAN("student_t",
                "curves with heavy tails: Student t of 5 degrees of freedom, covariance as se",
                "rbf(lengthscale=0.25) + white(variance=0.0025)", draw_student),
    NO_GAUSSIAN("two_modes", "curves about +1 or about -1, each with probability 1/2",
                "rbf(lengthscale=0.5, variance=0.25) + white(variance=0.0025)", draw_modes),
    {.channel = NULL},
};
