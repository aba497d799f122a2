// SPDX-License-Identifier: Apache-2.0
// The turn of vectors by a projection, and the places that its centre and distortion are found
// from.
#ifndef GNDP_FIELDS_PROJECTION_H
#define GNDP_FIELDS_PROJECTION_H

#include <gndp/prepare.h>

/** Cosine and sine of the angle by which (east, north) at a place turns to (x, y): x = c e - s n.
 */
void gndp_projection_angle(const gndp_projection *projection, const double degrees[2],
                           double *cosine, double *sine);

/** Latitudes and longitudes [n, 2] of all points of a set on the sphere; free(*out). */
gndp_status gndp_projection_places(const gndp_fieldset *set, int64_t *n, double **out);

#endif
