// SPDX-License-Identifier: Apache-2.0
// Which part of the globe, or of a plane, maps show.
#ifndef GNDP_PLOT_REGION_H
#define GNDP_PLOT_REGION_H

#include <gndp/plot.h>

/* Degrees, west < east <= west + 360; or x and y of a plane. */
typedef struct plot_region {
    bool sphere;
    bool down; /* of a plane: y grows downwards, as the rows of an image do */
    double west, east, south, north;
} plot_region;

/**
 * Of all maps together, or as the options say. Checks coordinates on the way.
 * @return GNDP_OK; GNDP_ERR_SHAPE, GNDP_ERR_RANGE, GNDP_ERR_ARG, GNDP_ERR_NONFINITE
 */
gndp_status plot_region_make(const gndp_map_options *options, int n, const gndp_map *map,
                             plot_region *out);

/** Edges of the cells of an axis, half way between its values: edge [n + 1], in the order of the
 * axis. */
void plot_axis_edges(int64_t n, const double *value, double *edge);

#endif
