// SPDX-License-Identifier: Apache-2.0
// Pages of maps: their layout and their parts.
#ifndef GNDP_PLOT_MAPS_H
#define GNDP_PLOT_MAPS_H

#include <gndp/coast.h>

#include "plot/ticks.h"
#include "plot/view.h"

#if GNDP_HAVE_CAIRO

/* A colour scale as it is drawn. */
typedef struct plot_scale {
    const char *label;
    plot_palette palette;
    double low, high;
    bool below, above; /* values pass the ends */
    plot_box bar;
    bool upright; /* low at the bottom, beside a row; else from left to right */
} plot_scale;

typedef struct plot_maps {
    const gndp_map_options *options;
    int n, columns, rows, n_scales;
    const gndp_map *map;
    plot_view view;
    plot_scale *scale;    /* [n_scales] */
    plot_box *box;        /* [n] of the projected region */
    double width, height; /* of the page */
    double arrow_speed;   /* one that is drawn `arrow_length` points long; 0: no arrows */
    double arrow_length;
    plot_box arrow_key;
} plot_maps;

/** Checks, region, projection, scales and places. Free with plot_maps_free(), also after a failure.
 */
gndp_status plot_maps_layout(const gndp_map_options *options, int n, const gndp_map *map,
                             plot_maps *out);
void plot_maps_free(plot_maps *maps);

/* ---- Parts ---------------------------------------------------------------------------------- */

/** Limits of the colour scales: all values that use one. */
gndp_status plot_scales_make(const gndp_map_options *options, int n, const gndp_map *map,
                             plot_scale *scale);
void plot_bar_draw(cairo_t *cr, const plot_scale *scale);

/* Places of the pixels of a panel, found once for all panels of a page. */
typedef struct plot_raster {
    int width, height;
    double *lat, *lon; /* [height, width]; NaN outside the map */
} plot_raster;
gndp_status plot_raster_make(const plot_maps *maps, plot_raster *out);
void plot_raster_free(plot_raster *raster);

/** The field of a map as an image; without a field, land in grey where there is a coast. */
gndp_status plot_field_draw(cairo_t *cr, const plot_maps *maps, int m, const plot_raster *raster,
                            const gndp_coast *coast);

void plot_coast_draw(cairo_t *cr, const plot_maps *maps, const plot_box *box,
                     const gndp_coast *coast, bool on_field);
void plot_graticule_draw(cairo_t *cr, const plot_maps *maps, int m, bool on_field);
/** Numbers of the graticule, or of the axes of a plane, outside the frame. */
void plot_degrees_draw(cairo_t *cr, const plot_maps *maps, int m);
void plot_points_draw(cairo_t *cr, const plot_maps *maps, int m);
void plot_lines_draw(cairo_t *cr, const plot_maps *maps, int m);
/** One arrow in each square of some points that holds a value. */
gndp_status plot_arrows_draw(cairo_t *cr, const plot_maps *maps, int m);
void plot_arrow_key_draw(cairo_t *cr, const plot_maps *maps);
/** A speed that is typical of all maps of the page, 0 where none has arrows. */
gndp_status plot_arrow_speed(int n, const gndp_map *map, double *out);

#endif
#endif
