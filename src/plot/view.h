// SPDX-License-Identifier: Apache-2.0
// From places to the page and back: the projection of a region.
#ifndef GNDP_PLOT_VIEW_H
#define GNDP_PLOT_VIEW_H

#include "plot/page.h"
#include "plot/region.h"

#if GNDP_HAVE_CAIRO

typedef struct plot_view {
    plot_region region;
    double x_low, x_high, y_low, y_high; /* of what is shown, in units of the projection */
    double aspect;                       /* width / height on the page */
    bool around;                         /* the whole circle of longitudes */
    bool outline;                        /* the frame is the region's edge; else a rectangle */
    int pole;                            /* 1, -1: a disc around a pole; else 0 */
    char projection[256];
    void *context, *pj; /* of PROJ; NULL: of a plane */
} plot_view;

/** @param projection PROJ text or NULL. Free with plot_view_free(), also after a failure. */
gndp_status plot_view_make(const plot_region *region, const char *projection, plot_view *out);
void plot_view_free(plot_view *view);

/** A place on the page within the box of a panel; false: it cannot be shown. Longitudes beyond the
 * region are not wrapped. */
bool plot_view_point(const plot_view *view, const plot_box *box, double lat, double lon, double *x,
                     double *y);
/** The way back; false outside the projection. Longitudes are near the region's. */
bool plot_view_place(const plot_view *view, const plot_box *box, double x, double y, double *lat,
                     double *lon);

/** The edge of the map as a closed path. */
void plot_view_frame(cairo_t *cr, const plot_view *view, const plot_box *box);

#endif
#endif
