// SPDX-License-Identifier: Apache-2.0
// Draws the marks of series within a panel.
#include "plot/curves.h"

#if GNDP_HAVE_CAIRO
#include <math.h>

#include "plot/limits.h"

static const double radius = 2.2;

plot_rgb plot_series_rgb(const gndp_panel *panel, int i)
{
    return plot_series_colour(panel->series[i].colour > 0 ? panel->series[i].colour : i + 1);
}

/* A path through the points from `first`, to the next gap; gives the index behind it. */
static int64_t trace(cairo_t *cr, const plot_axes *axes, const gndp_series *s, int64_t first)
{
    int64_t k = first;
    while (k < s->n && !(isfinite(s->x[k]) && isfinite(s->y[k])))
        k++;
    for (; k < s->n && isfinite(s->x[k]) && isfinite(s->y[k]); k++)
        cairo_line_to(cr, plot_axes_x(axes, s->x[k]), plot_axes_y(axes, s->y[k]));
    return k;
}

static void draw_line(cairo_t *cr, const plot_axes *axes, const gndp_series *s)
{
    const double dashes[] = {5.0, 3.0};
    if (s->mark == GNDP_MARK_DASHES)
        cairo_set_dash(cr, dashes, 2, 0.0);
    for (int64_t k = 0; k < s->n;) {
        double x0, y0, x1, y1;
        cairo_new_path(cr);
        k = trace(cr, axes, s, k);
        cairo_path_extents(cr, &x0, &y0, &x1, &y1);
        if (cairo_has_current_point(cr) && x0 == x1 &&
            y0 == y1) { /* a value by itself has no length */
            cairo_new_path(cr);
            cairo_arc(cr, x0, y0, 0.8 * radius, 0.0, 6.2831853071795865);
            cairo_fill(cr);
        } else {
            cairo_stroke(cr);
        }
    }
    cairo_set_dash(cr, NULL, 0, 0.0);
}

static void draw_points(cairo_t *cr, const plot_axes *axes, const gndp_series *s)
{
    for (int64_t k = 0; k < s->n; k++)
        if (isfinite(s->x[k]) && isfinite(s->y[k])) {
            cairo_new_path(cr);
            cairo_arc(cr, plot_axes_x(axes, s->x[k]), plot_axes_y(axes, s->y[k]),
                      s->n > 400 ? 0.6 * radius : radius, 0.0, 6.2831853071795865);
            cairo_fill(cr);
        }
}

/* Points at the middle of their bars, which end in short strokes. */
static void draw_errors(cairo_t *cr, const plot_axes *axes, const gndp_series *s)
{
    const double cap = 2.5;
    for (int64_t k = 0; k < s->n; k++) {
        if (!isfinite(s->x[k]) || !isfinite(s->y[k]) || !isfinite(s->y2[k]))
            continue;
        const double x = plot_axes_x(axes, s->x[k]), a = plot_axes_y(axes, s->y[k]),
                     b = plot_axes_y(axes, s->y2[k]);
        cairo_new_path(cr);
        cairo_move_to(cr, x, a);
        cairo_line_to(cr, x, b);
        cairo_move_to(cr, x - cap, a);
        cairo_line_to(cr, x + cap, a);
        cairo_move_to(cr, x - cap, b);
        cairo_line_to(cr, x + cap, b);
        cairo_stroke(cr);
        cairo_arc(cr, x, 0.5 * (a + b), radius, 0.0, 6.2831853071795865);
        cairo_fill(cr);
    }
}

static void draw_band(cairo_t *cr, const plot_axes *axes, const gndp_series *s)
{
    int64_t k = 0;
    while (k < s->n) {
        while (k < s->n && !(isfinite(s->x[k]) && isfinite(s->y[k]) && isfinite(s->y2[k])))
            k++;
        const int64_t first = k;
        cairo_new_path(cr);
        for (; k < s->n && isfinite(s->x[k]) && isfinite(s->y[k]) && isfinite(s->y2[k]); k++)
            cairo_line_to(cr, plot_axes_x(axes, s->x[k]), plot_axes_y(axes, s->y[k]));
        for (int64_t back = k - 1; back >= first; back--)
            cairo_line_to(cr, plot_axes_x(axes, s->x[back]), plot_axes_y(axes, s->y2[back]));
        cairo_close_path(cr);
        cairo_fill(cr);
    }
}

/* Several series of bars stand side by side: number `place` of `places`. */
static void draw_bars(cairo_t *cr, const plot_axes *axes, const gndp_series *s, int place,
                      int places)
{
    const double foot = axes->y.log ? axes->inner.y + axes->inner.height : plot_axes_y(axes, 0.0);
    const double spacing = plot_bar_spacing(s);
    for (int64_t k = 0; k < s->n; k++) {
        if (!isfinite(s->x[k]) || !isfinite(s->y[k]))
            continue;
        const double left = axes->x.log ? plot_axes_x(axes, s->x[k]) - 4.0
                                        : plot_axes_x(axes, s->x[k] - 0.43 * spacing);
        const double right = axes->x.log ? left + 8.0 : plot_axes_x(axes, s->x[k] + 0.43 * spacing);
        const double wide = (right - left) / places, top = plot_axes_y(axes, s->y[k]);
        cairo_rectangle(cr, left + place * wide, fmin(top, foot), wide, fabs(foot - top));
        cairo_fill(cr);
    }
}

static void draw_one(cairo_t *cr, const plot_axes *axes, int i)
{
    const gndp_panel *p = axes->panel;
    const gndp_series *s = &p->series[i];
    int place = 0, places = 0;
    for (int k = 0; k < p->n_series; k++)
        if (p->series[k].mark == GNDP_MARK_BARS) {
            place += k < i;
            places++;
        }
    plot_colour(cr, plot_series_rgb(p, i),
                s->mark == GNDP_MARK_BAND   ? 0.25
                : s->mark == GNDP_MARK_BARS ? 0.85
                                            : 1.0);
    cairo_set_line_width(cr, s->mark == GNDP_MARK_ERRORS ? 0.9 : p->n_series > 12 ? 0.8 : 1.4);
    switch (s->mark) {
    case GNDP_MARK_LINE:
    case GNDP_MARK_DASHES:
        draw_line(cr, axes, s);
        break;
    case GNDP_MARK_POINTS:
        draw_points(cr, axes, s);
        break;
    case GNDP_MARK_BARS:
        draw_bars(cr, axes, s, place, places);
        break;
    case GNDP_MARK_BAND:
        draw_band(cr, axes, s);
        break;
    case GNDP_MARK_ERRORS:
        draw_errors(cr, axes, s);
        break;
    }
}

/* Bands and bars lie under lines, lines under points, whatever the order of the caller. */
void plot_series_draw(cairo_t *cr, const plot_axes *axes)
{
    static const int layer[] = {
        [GNDP_MARK_BAND] = 0,   [GNDP_MARK_BARS] = 0,   [GNDP_MARK_LINE] = 1,
        [GNDP_MARK_DASHES] = 1, [GNDP_MARK_POINTS] = 2, [GNDP_MARK_ERRORS] = 2};
    const plot_box *b = &axes->inner;
    cairo_save(cr);
    cairo_rectangle(cr, b->x, b->y, b->width, b->height);
    cairo_clip(cr);
    for (int l = 0; l < 3; l++)
        for (int i = 0; i < axes->panel->n_series; i++)
            if (layer[axes->panel->series[i].mark] == l)
                draw_one(cr, axes, i);
    cairo_restore(cr);
}

#endif
