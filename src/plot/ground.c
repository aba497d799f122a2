// SPDX-License-Identifier: Apache-2.0
// What lies under the data of a map: coasts, the graticule and its degrees.
#include "plot/maps.h"

#if GNDP_HAVE_CAIRO
#include <math.h>

static const plot_rgb ink = {0.15, 0.15, 0.15};
static const double degree_size = 6.5;

/* ---- Coasts --------------------------------------------------------------------------------- */

/* Add a piece of a shore to the path if a part of it is in sight and it is not too small to be
 * seen. */
static void add_shore(cairo_t *cr, const plot_view *v, const plot_box *box, int64_t n,
                      const double *lat, const double *lon, double turn, double smallest)
{
    const plot_region *r = &v->region;
    double west = HUGE_VAL, east = -HUGE_VAL, south = HUGE_VAL, north = -HUGE_VAL, x, y;
    for (int64_t i = 0; i < n; i++) {
        west = fmin(west, lon[i] + turn);
        east = fmax(east, lon[i] + turn);
        south = fmin(south, lat[i]);
        north = fmax(north, lat[i]);
    }
    const bool closed = lat[0] == lat[n - 1] && lon[0] == lon[n - 1];
    if (closed && north - south < smallest && east - west < smallest)
        return;
    if (east < r->west || west > r->east || north < r->south || south > r->north)
        return;
    bool down = false;
    for (int64_t i = 0; i < n; i++) {
        if (!plot_view_point(v, box, lat[i], lon[i] + turn, &x, &y)) {
            down = false;
            continue;
        }
        if (down)
            cairo_line_to(cr, x, y);
        else
            cairo_move_to(cr, x, y);
        down = true;
    }
}

void plot_coast_draw(cairo_t *cr, const plot_maps *maps, const plot_box *box,
                     const gndp_coast *coast, bool on_field)
{
    const double *lat, *lon,
        degrees = (maps->view.region.north - maps->view.region.south) / box->height; /* a point */
    const double thin = fmin(fmax(box->height / 260.0, 0.55), 1.0);
    cairo_new_path(cr);
    for (int64_t i = 0; i < gndp_coast_lines(coast); i++) {
        const int64_t n = gndp_coast_line(coast, i, &lat, &lon);
        if (gndp_coast_level(coast, i) > (degrees > 0.12   ? 1
                                          : degrees > 0.03 ? 2
                                                           : 4)) /* lakes have no room on a globe */
            continue;
        for (int turn = -3; turn <= 2; turn++)
            add_shore(cr, &maps->view, box, n, lat, lon, 360.0 * turn, 2.0 * degrees);
    }
    if (on_field) { /* a pale edge, since the colours below may be dark */
        cairo_set_source_rgba(cr, 1.0, 1.0, 1.0, 0.45);
        cairo_set_line_width(cr, 1.5 * thin);
        cairo_stroke_preserve(cr);
    }
    cairo_set_source_rgba(cr, 0.08, 0.08, 0.08, on_field ? 1.0 : 0.55);
    cairo_set_line_width(cr, (on_field ? 0.65 : 0.45) * thin);
    cairo_stroke(cr);
}

/* ---- Graticule ------------------------------------------------------------------------------ */

/* Meridians and parallels that a panel has room for. */
static void choose(const plot_maps *maps, int m, plot_ticks *lat, plot_ticks *lon)
{
    const plot_view *v = &maps->view;
    const plot_region *r = &v->region;
    const plot_box *box = &maps->box[m];
    if (!r->sphere) {
        plot_ticks_make(r->south, r->north, (int)fmax(box->height / 26.0, 2.0), false, lat);
        plot_ticks_make(r->west, r->east, (int)fmax(box->width / 44.0, 2.0), false, lon);
        return;
    }
    plot_ticks_degrees(r->south, r->north, (int)fmax(box->height / 30.0, 2.0), lat);
    plot_ticks_degrees(r->west, r->east, v->pole != 0 ? 8 : (int)fmax(box->width / 42.0, 2.0), lon);
}

static void curve(cairo_t *cr, const plot_view *v, const plot_box *box, double lat0, double lon0,
                  double lat1, double lon1)
{
    enum { PARTS = 90 };
    bool down = false;
    double x, y;
    for (int i = 0; i <= PARTS; i++) {
        if (!plot_view_point(v, box, lat0 + (lat1 - lat0) * i / PARTS,
                             lon0 + (lon1 - lon0) * i / PARTS, &x, &y)) {
            down = false;
            continue;
        }
        if (down)
            cairo_line_to(cr, x, y);
        else
            cairo_move_to(cr, x, y);
        down = true;
    }
}

void plot_graticule_draw(cairo_t *cr, const plot_maps *maps, int m, bool on_field)
{
    const plot_region *r = &maps->view.region;
    const plot_box *box = &maps->box[m];
    plot_ticks lat, lon;
    if (!r->sphere)
        return;
    choose(maps, m, &lat, &lon);
    cairo_new_path(cr);
    for (int i = 0; i < lat.n; i++)
        curve(cr, &maps->view, box, lat.value[i], r->west, lat.value[i], r->east);
    for (int i = 0; i < lon.n; i++)
        curve(cr, &maps->view, box, r->south, lon.value[i], r->north, lon.value[i]);
    cairo_set_line_width(cr, 0.4);
    cairo_set_source_rgba(cr, 0.25, 0.25, 0.25, on_field ? 0.35 : 0.22);
    cairo_stroke(cr);
}

/* Around a disc, each meridian's number stands outside it. */
static void degrees_of_disc(cairo_t *cr, const plot_maps *maps, const plot_box *box,
                            const plot_ticks *lon)
{
    const plot_view *v = &maps->view;
    const double edge = v->pole > 0 ? v->region.south : v->region.north,
                 cx = box->x + 0.5 * box->width, cy = box->y + 0.5 * box->height;
    double x, y;
    for (int i = 0; i < lon->n; i++) {
        if (lon->value[i] >= v->region.west + 360.0 - 1e-9 ||
            !plot_view_point(v, box, edge, lon->value[i], &x, &y))
            continue;
        const double ux = (x - cx) / hypot(x - cx, y - cy), uy = (y - cy) / hypot(x - cx, y - cy);
        plot_text(cr, x + 3.0 * ux, y + 3.0 * uy, 0.5 - 0.5 * ux, 0.5 - 0.5 * uy, degree_size,
                  plot_longitude_text(lon->value[i]).text);
    }
}

/* Numbers must touch neither each other nor those of the next panel. */
static void degrees_below(cairo_t *cr, const plot_maps *maps, int m, const plot_ticks *lon)
{
    const plot_box *box = &maps->box[m];
    const bool first = m % maps->columns == 0,
               final = (m + 1) % maps->columns == 0 || m == maps->n - 1;
    const plot_view *v = &maps->view;
    const plot_region *r = &v->region;
    double x, y, last = -HUGE_VAL;
    if (r->sphere && v->around && r->south < -80.0) /* the pole has no room for them */
        return;
    for (int i = 0; i < lon->n; i++) {
        if (!plot_view_point(v, box, r->south, lon->value[i], &x, &y))
            continue;
        const plot_degree_text text = plot_longitude_text(lon->value[i]);
        const char *shown = r->sphere ? text.text : lon->text[i];
        const double half = 0.5 * plot_text_width(cr, degree_size, shown);
        if (x - half < last + 3.0 || (!first && x - half < box->x - 2.0) ||
            (!final && x + half > box->x + box->width + 2.0))
            continue;
        plot_text(cr, x, y + 3.5, 0.5, 0.0, degree_size, shown);
        last = x + half;
    }
}

static void degrees_beside(cairo_t *cr, const plot_maps *maps, const plot_box *box,
                           const plot_ticks *lat)
{
    const plot_view *v = &maps->view;
    double x, y;
    for (int i = 0; i < lat->n; i++) {
        const bool pole = v->region.sphere && fabs(lat->value[i]) > 89.9;
        if (!pole && plot_view_point(v, box, lat->value[i], v->region.west, &x, &y))
            plot_text(cr, x - 4.0, y, 1.0, 0.5, degree_size,
                      v->region.sphere ? plot_latitude_text(lat->value[i]).text : lat->text[i]);
    }
}

/* Small panels are numbered at the page's left and lower sides only. */
void plot_degrees_draw(cairo_t *cr, const plot_maps *maps, int m)
{
    const bool left = m % maps->columns == 0, lowest = m + maps->columns >= maps->n;
    plot_ticks lat, lon;
    choose(maps, m, &lat, &lon);
    plot_colour(cr, ink, 1.0);
    if (maps->view.region.down) /* pixels of an image */
        return;
    if (maps->view.pole != 0) {
        degrees_of_disc(cr, maps, &maps->box[m], &lon);
    } else if (maps->view.outline) {
        if (left)
            degrees_beside(cr, maps, &maps->box[m], &lat);
        if (lowest)
            degrees_below(cr, maps, m, &lon);
    }
}

#endif
