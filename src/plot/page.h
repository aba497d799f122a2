// SPDX-License-Identifier: Apache-2.0
// A page to draw on, and the file that it becomes; needs cairo.
#ifndef GNDP_PLOT_PAGE_H
#define GNDP_PLOT_PAGE_H

#include <gndp/plot.h>

#include "plot/palette.h"

#if GNDP_HAVE_CAIRO
#include <cairo.h>

#define PLOT_DPI 150.0

typedef enum plot_format { PLOT_PNG, PLOT_PDF, PLOT_SVG } plot_format;

/* Lengths are points, 1/72 inch; y grows downwards. */
typedef struct plot_page {
    cairo_t *cr;
    double width, height;
    plot_format format;
    cairo_surface_t *surface;
    char *path, *part;
    FILE *file; /* of the part */
    bool made;  /* the part is there */
    int error;  /* errno of the first write that failed */
} plot_page;

/* A rectangle of the page. */
typedef struct plot_box {
    double x, y, width, height;
} plot_box;

/** What can go wrong with a name, before any work. @return GNDP_OK; GNDP_ERR_ARG for a name without
 * .png, .pdf or .svg */
gndp_status plot_page_check(const char *path);
/** White, with a file beside the path. Close it also after a failure. */
gndp_status plot_page_open(const char *path, double width, double height, plot_page *out);
/** Finish, synchronise and rename. */
gndp_status plot_page_commit(plot_page *page);
/** Takes what was not opened; removes what was not committed. */
void plot_page_close(plot_page *page);

/** A context without a page, to measure texts with; NULL: out of memory. cairo_destroy() it. */
cairo_t *plot_measure(void);

void plot_colour(cairo_t *cr, plot_rgb colour, double alpha);

/* ---- Texts: UTF-8; bytes that are none become '?' -------------------------------------------- */

double plot_text_width(cairo_t *cr, double size, const char *text);
/**
 * Write a text in the present colour, its place given by fractions of its own width and height: (0,
 * 0) puts its top left corner at x, y, (0.5, 0.5) its middle. The height is that of capitals, so
 * that texts on one line agree.
 */
void plot_text(cairo_t *cr, double x, double y, double across, double down, double size,
               const char *text);
/** Turned a quarter to the left, read upwards, centred at y, with its top at x; made to fit as
 * below. */
void plot_text_up(cairo_t *cr, double x, double y, double size, double length, const char *text);
/** A text that is made smaller, to 0.6 of the size, then cut with "…", until it fits into `width`.
 */
void plot_text_fit(cairo_t *cr, double x, double y, double across, double down, double size,
                   double width, const char *text);

#endif
#endif
