// SPDX-License-Identifier: Apache-2.0
// Panels of curves: their limits, their places on the page, and how they are drawn.
#ifndef GNDP_PLOT_CURVES_H
#define GNDP_PLOT_CURVES_H

#include "plot/page.h"
#include "plot/ticks.h"

#if GNDP_HAVE_CAIRO

/* One direction of a panel. */
typedef struct plot_axis {
    double low, high; /* what is shown; low < high */
    bool log;
    plot_ticks ticks;
} plot_axis;

/* A panel on the page. */
typedef struct plot_axes {
    const gndp_panel *panel;
    plot_box outer, inner; /* with labels; where curves are */
    plot_axis x, y;
} plot_axes;

typedef struct plot_curves {
    double width, height; /* of the page */
    int n, columns;
    plot_axes *axes; /* [n] */
} plot_curves;

/** Limits and places of all panels. Free with plot_curves_free(), also after a failure. */
gndp_status plot_curves_layout(const char *title, int n, const gndp_panel *panel, int columns,
                               plot_curves *out);
void plot_curves_free(plot_curves *curves);

/** Place on the page. */
double plot_axes_x(const plot_axes *axes, double x);
double plot_axes_y(const plot_axes *axes, double y);

/** Everything within the inner box of a panel, then its names. */
void plot_series_draw(cairo_t *cr, const plot_axes *axes);
void plot_legend_draw(cairo_t *cr, const plot_axes *axes);

/** Colour of series i of a panel. */
plot_rgb plot_series_rgb(const gndp_panel *panel, int i);

#endif
#endif
