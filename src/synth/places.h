// SPDX-License-Identifier: Apache-2.0
// The points of a set of generated fields.
#ifndef GNDP_SYNTH_PLACES_H
#define GNDP_SYNTH_PLACES_H

#include "synth/generator.h"

/* Points shared by all fields, as the fieldset and as the law take them. */
typedef struct synth_grid {
    gndp_coords coords;  /* borrows the arrays below */
    synth_places places; /* too */
    double *axis[2];     /* PRODUCT */
    double *x;           /* [n, C] */
} synth_grid;

/** @param out  clear with synth_grid_clear(), also after a failure */
gndp_status synth_grid_make(const synth_generator *generator, const gndp_synth_options *options,
                            synth_grid *out);
void synth_grid_clear(synth_grid *grid);

/** Coordinate names and units, without points. */
gndp_coords synth_coords(const synth_generator *generator);

/** n random points of field `member`: x [n, C]. */
gndp_status synth_points_random(const synth_generator *generator, const gndp_synth_options *options,
                                uint32_t member, int64_t n, double *x);

/** A sampler for listed points x [n, C]. */
gndp_status synth_sampler_listed(const synth_generator *generator, int64_t n, const double *x,
                                 synth_sampler *out);

#endif
