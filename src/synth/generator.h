// SPDX-License-Identifier: Apache-2.0
// What a generator of fields is made of; each family has one file and one table.
#ifndef GNDP_SYNTH_GENERATOR_H
#define GNDP_SYNTH_GENERATOR_H

#include <gndp/gaussian.h>
#include <gndp/synth.h>

typedef struct synth_generator synth_generator;

/* What is made once for a point set and serves every field on it: a factored law, or listed points.
 */
typedef struct synth_sampler {
    const synth_generator *generator;
    int64_t n;              /* N */
    gndp_gaussian *law;     /* NULL: none */
    gndp_gaussian *more[2]; /* of generators that need several laws */
    double *x;              /* [N, C] as users read them, owned; NULL where the law suffices */
} synth_sampler;

/* Points as both sides need them: the law's (unit vectors on the sphere) and the user's. */
typedef struct synth_places {
    gndp_points points;
    int64_t n;
    const double *x; /* [n, C] */
} synth_places;

struct synth_generator {
    gndp_synth_info info;
    gndp_channel_kind kind;
    const char *channel;
    const char *part[2];     /* of a vector */
    const char *standard[2]; /* CF standard names of the parts, or NULL */
    const char *law;         /* kernel of the Gaussian part of a law that is no Gaussian process */
    double radius; /* > 0: own points are those of the square grid within this distance of 0 */
    int64_t side;  /* .. whose sides have so many points */
    gndp_status (*prepare)(const synth_generator *generator, const synth_places *places,
                           synth_sampler *out);
    /* Fields member[0 .. n - 1]: out [n, N, P]. */
    gndp_status (*draw)(const synth_sampler *sampler, uint64_t seed, const uint32_t *member,
                        int64_t n, double *out);
};

/* A row without a name ends each. */
extern const synth_generator synth_regression[], synth_sawtooth[], synth_mixture[], synth_vector[],
    synth_sphere[], synth_heavy[];

/* Streams of random numbers, one for each use; the laws have their own. */
enum {
    SYNTH_STREAM_POINTS = 0x5901,
    SYNTH_STREAM_SAWTOOTH,
    SYNTH_STREAM_MIXTURE,
    SYNTH_STREAM_HEAVY
};

/** The generator around an info; NULL for one that is not ours. */
const synth_generator *synth_of(const gndp_synth_info *info);

/* Of a Gaussian process, by the generator's kernel (or `law`). */
gndp_status synth_gp_prepare(const synth_generator *generator, const synth_places *places,
                             synth_sampler *out);
gndp_status synth_gp_draw(const synth_sampler *sampler, uint64_t seed, const uint32_t *member,
                          int64_t n, double *out);

/** The law of a kernel's text on a point set. */
gndp_status synth_law(const char *kernel, const gndp_points *points, gndp_gaussian **out);

/** Keep a copy of the user's points. */
gndp_status synth_keep_points(const synth_places *places, int columns, synth_sampler *out);

/** Empty it; takes {0}. */
void synth_sampler_clear(synth_sampler *sampler);

/* Parameters of sawtooth field `member`. */
typedef struct sawtooth {
    double frequency, shift;
    int harmonics;
} sawtooth;
gndp_status synth_sawtooth_of(uint64_t seed, uint32_t member, sawtooth *out);
double synth_sawtooth_at(const sawtooth *field, double x);

/** Which of the four parts of the mixture field `member` is: se, matern52, weakly_periodic,
 * sawtooth. */
gndp_status synth_mixture_of(uint64_t seed, uint32_t member, int *out);

#endif
