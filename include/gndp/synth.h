// SPDX-License-Identifier: Apache-2.0
// Generators of fields with a known law, for experiments whose right answer is known.
#ifndef GNDP_SYNTH_H
#define GNDP_SYNTH_H

#include <gndp/fields.h>
#include <gndp/kernels.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A generator: the 1D regression sets se, matern52, weakly_periodic, periodic, sawtooth, mixture and the vector fields gp_diag,
 * gp_curlfree, gp_divfree (geomndp.md 12.1, 12.3; Mathieu et al. 2023, arXiv:2307.05431), sphere fields and laws that are not Gaussian;
 * each family one file, each generator one row of a table. */
typedef struct gndp_synth_info {
    const char *name;  /* "se" */
    const char *text;  /* one line for people */
    int columns;       /* C of its coordinates */
    gndp_space space;
    int components;    /* P */
    double low, high;  /* default domain of every coordinate; both 0 on the sphere, which is taken whole */
    int64_t points;    /* default number of points */
    const char *kernel; /* law of the data, noise included, as kernel text; NULL: no Gaussian process */
} gndp_synth_info;

GNDP_API int gndp_synth_count(void);
/** Borrowed for ever; NULL unless 0 <= i < gndp_synth_count(). */
GNDP_API const gndp_synth_info *gndp_synth_get(int i);
/** @return GNDP_OK; GNDP_ERR_NOT_FOUND lists the names */
GNDP_API gndp_status gndp_synth_find(const char *name, const gndp_synth_info **out);

/**
 * Values of field `member` at listed points: a function of (name, seed, member, points) alone.
 * @param synth   of gndp_synth_get() or gndp_synth_find()
 * @param x       [n, C], n >= 1; latitude and longitude in degrees on the sphere
 * @param values  [n, P] out
 * @return GNDP_OK; GNDP_ERR_ARG; GNDP_ERR_NONFINITE names the coordinate; those of gndp_gaussian_create()
 */
GNDP_API gndp_status gndp_synth_values(const gndp_synth_info *synth, uint64_t seed, uint32_t member, int64_t n, const double *x,
                                       double *values);

/** How to make a set. Start from gndp_synth_options_default(). */
typedef struct gndp_synth_options {
    int64_t fields;   /* F, default 1024 */
    int64_t points;   /* a field; 0: the generator's own */
    int64_t size[2];  /* a regular grid of so many points along each axis (latitudes, longitudes on the sphere); 0, 0: by `points` */
    bool random;      /* own uniform points for every field; false: a regular grid of the domain, or the generator's own points */
    double low, high; /* domain of every coordinate; both 0: the generator's own */
    uint64_t seed;    /* default 1 */
    uint32_t first;   /* number of the first field: training and test sets are ranges of one stream */
} gndp_synth_options;

GNDP_API gndp_synth_options gndp_synth_options_default(void);

/**
 * A set whose values are drawn when they are read (gndp_fieldset_load() keeps them): field f has member number first + f, no time, and is a
 * function of (name, seed, first + f, points) alone. The points of a grid are factored as such, so the draws on a grid and on the same
 * points as a list are different draws of one law. The attributes of the set say generator, seed and, for a Gaussian process, kernel.
 *
 * Grids hold both ends of the domain; on the sphere latitudes are the middles of bands, longitudes begin at 0. Of `points` a plane makes
 * the square grid of as many, the sphere n latitudes and 2 n longitudes. gp_diag, gp_curlfree and gp_divfree without points and size have
 * the 648 points of the 30 x 30 grid on [-10, 10]^2 that lie within the disc of radius 10, and random points within that disc.
 *
 * @return GNDP_OK; GNDP_ERR_RANGE: fields or points below 1, points that make no such grid (names the nearest that do), an empty domain, a
 *         domain on the sphere, member numbers beyond 2^32 - 1; GNDP_ERR_NOMEM; those of gndp_gaussian_create()
 */
GNDP_API gndp_status gndp_synth_make(const gndp_synth_info *synth, const gndp_synth_options *options, gndp_fieldset **out);

#ifdef __cplusplus
}
#endif
#endif
