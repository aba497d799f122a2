// SPDX-License-Identifier: Apache-2.0
// Generators of fields with a known law, for experiments whose right answer is known.
#ifndef GNDP_SYNTH_H
#define GNDP_SYNTH_H

#include <gndp/fields.h>
#include <gndp/kernels.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A generator: the 1D regression sets se, matern52, weakly_periodic, periodic, sawtooth, mixture and the vector fields gp_diag, gp_curlfree, gp_divfree
 * (geomndp.md 12.1, 12.3), sphere fields and others; each one file and one row of a table. */
typedef struct gndp_synth_info {
    const char *name;    /* "se" */
    const char *text;    /* one line for people */
    int columns;         /* C of its coordinates */
    gndp_space space;
    int components;      /* P */
    double low, high;    /* default domain of every coordinate */
    int64_t points;      /* default number of points */
    const char *kernel;  /* law of the data, noise included, as kernel text; NULL: no Gaussian process */
} gndp_synth_info;

GNDP_API int gndp_synth_count(void);
GNDP_API const gndp_synth_info *gndp_synth_get(int i);
/** @return GNDP_OK; GNDP_ERR_NOT_FOUND lists the names, nearest first */
GNDP_API gndp_status gndp_synth_find(const char *name, const gndp_synth_info **out);

/**
 * Values of field `member` at given points: a function of (name, seed, member, points) alone.
 * @param coords  x [n, C]
 * @param values  [n, P] out
 */
GNDP_API gndp_status gndp_synth_values(const gndp_synth_info *synth, uint64_t seed, uint32_t member, int64_t n, const double *x, double *values);

/** How to make a set. */
typedef struct gndp_synth_options {
    int64_t fields;      /* F, default 1024 */
    int64_t points;      /* a field; 0: the generator's own */
    bool random;         /* own uniform points for every field; false: a regular grid of the domain */
    double low, high;    /* domain; both 0: the generator's own */
    uint64_t seed;
    uint32_t first;      /* number of the first field: training and test sets are ranges of one stream */
} gndp_synth_options;

/** A set in memory, labels without times, member = its number; attribute "kernel" where the law is a Gaussian process. */
GNDP_API gndp_status gndp_synth_make(const gndp_synth_info *synth, const gndp_synth_options *options, gndp_fieldset **out);

#ifdef __cplusplus
}
#endif
#endif
