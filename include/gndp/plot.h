// SPDX-License-Identifier: Apache-2.0
// Pictures: curves and maps as PNG, PDF or SVG, chosen by the name of the file.
#ifndef GNDP_PLOT_H
#define GNDP_PLOT_H

#include <gndp/fields.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Files are written beside and renamed. Labels, units and counts are the caller's; sizes are in points (1/72 inch), PNG has 150 dots an inch. Where
 * cairo was absent at build time every function is GNDP_ERR_UNSUPPORTED and says so.
 */

/* ---- Curves --------------------------------------------------------------------------------- */

typedef enum gndp_mark {
    GNDP_MARK_LINE,
    GNDP_MARK_DASHES,
    GNDP_MARK_POINTS,
    GNDP_MARK_BARS,   /* histogram from 0 */
    GNDP_MARK_BAND,   /* between y and y2, translucent */
    GNDP_MARK_ERRORS  /* points with bars from y to y2 */
} gndp_mark;

/** One series; colours follow from the order, distinct for people who see few, and in grey. NaN leaves a gap. */
typedef struct gndp_series {
    const char *name; /* in the legend; NULL: not there */
    gndp_mark mark;
    int64_t n;
    const double *x, *y, *y2; /* [n]; y2 of bands and errors */
    int colour;       /* 0: by order; else 1.. */
} gndp_series;

typedef struct gndp_panel {
    const char *title, *x_label, *y_label; /* NULL: none */
    bool log_x, log_y;
    double x_low, x_high, y_low, y_high;   /* both 0: from the data */
    int n_series;
    const gndp_series *series;
} gndp_panel;

/**
 * Panels of curves side by side in rows.
 * @param title    of the page; NULL: none
 * @param columns  0: about square
 * @return GNDP_OK; GNDP_ERR_ARG for a name of another ending, a panel without series or points; GNDP_ERR_NONFINITE when a panel has no finite value;
 *         GNDP_ERR_RANGE for a value that is not positive on a logarithmic axis (names panel, series, index) or limits that are none; GNDP_ERR_IO;
 *         GNDP_ERR_UNSUPPORTED
 */
GNDP_API gndp_status gndp_plot_curves(const char *path, const char *title, int n_panels, const gndp_panel *panel, int columns);

/* ---- Maps ----------------------------------------------------------------------------------- */

typedef enum gndp_palette {
    GNDP_PALETTE_SEQUENTIAL, /* perceptually even, dark to bright, readable in grey */
    GNDP_PALETTE_DIVERGING   /* centred on 0 */
} gndp_palette;

/** Stations on a map: filled by value with the map's colours, or hollow. */
typedef struct gndp_map_points {
    int64_t n;
    const double *lat_deg, *lon_deg;
    const double *value; /* NULL: hollow */
} gndp_map_points;

/** A line over the ground, such as a track; breaks nowhere at the date line. */
typedef struct gndp_map_line {
    int64_t n;
    const double *lat_deg, *lon_deg;
    int colour;
    double width, alpha;
} gndp_map_line;

typedef struct gndp_map {
    const char *title;
    const gndp_coords *coords;    /* grid of the sphere (or any product grid: then no coast); NULL: no field, only lines and points */
    const double *value;          /* [N]; NaN: missing, drawn in grey */
    const double *east, *north;   /* arrows [N], thinned to what can be read; or NULL */
    gndp_map_points points;
    int n_lines;
    const gndp_map_line *line;
    int scale;                    /* maps of one scale number share limits and one colour bar */
} gndp_map;

typedef struct gndp_map_options {
    const char *title;
    int n_scales;
    const struct gndp_map_scale {
        const char *label;        /* "2 m temperature (K)" */
        gndp_palette palette;
        double low, high;         /* both 0: from the data, 1st to 99th percentile */
    } *scale;
    int columns;
    const char *projection;       /* PROJ text, "+proj=ortho +lon_0=10 +lat_0=40"; NULL: chosen by the region (equal-area cone, cylinder, globe, pole) */
    double west, east, south, north; /* all 0: the region of the data with a margin; west > east crosses the date line; of planes x and y */
    bool no_coast;
    bool smooth;                  /* interpolate between grid points; false: one colour a cell, which hides nothing */
    const char *arrow_units;      /* behind the number of the arrow that explains the others; NULL: none */
} gndp_map_options;

/**
 * Panels of maps on one page, all of one region and projection, coasts from GSHHG where it is installed.
 * @param coast  out, may be NULL: whether coasts were found; false too where none are wanted
 * @return GNDP_OK; GNDP_ERR_ARG for a name of another ending, pointers or scales that are missing; GNDP_ERR_NONFINITE when a scale has no finite value;
 *         GNDP_ERR_RANGE for limits, regions or places that are none; GNDP_ERR_SHAPE for coordinates that are neither places on the sphere nor a plane;
 *         GNDP_ERR_FORMAT for a projection that PROJ does not know; GNDP_ERR_IO; GNDP_ERR_UNSUPPORTED without cairo, or without PROJ for the sphere
 */
GNDP_API gndp_status gndp_plot_maps(const char *path, const gndp_map_options *options, int n_maps, const gndp_map *map, bool *coast);

/** Whether this build can draw: "cairo 1.16.0, PROJ 9.1.1, GSHHG in <folder>" or why not. Static text of the calling thread. */
GNDP_API const char *gndp_plot_describe(void);

#ifdef __cplusplus
}
#endif
#endif
