// SPDX-License-Identifier: Apache-2.0
// The names of series, in the corner of a panel where they hide least.
#include "plot/curves.h"

#if GNDP_HAVE_CAIRO
#include <math.h>

static const double size = 7.5, row = 11.5, swatch = 17.0, pad = 4.0, away = 5.0;

static bool inside(const plot_box *b, double x, double y)
{
    return x > b->x - 2.0 && x < b->x + b->width + 2.0 && y > b->y - 2.0 &&
           y < b->y + b->height + 2.0;
}

/* How much of the lines and points lies in a box. Lines between two points count along their
 * length. */
static double hidden(const plot_axes *axes, const plot_box *b)
{
    double count = 0.0;
    for (int i = 0; i < axes->panel->n_series; i++) {
        const gndp_series *s = &axes->panel->series[i];
        const double *rows[] = {
            s->y, s->mark == GNDP_MARK_BAND || s->mark == GNDP_MARK_ERRORS ? s->y2 : NULL};
        const int64_t stride = s->n > 4000 ? s->n / 2000 : 1;
        for (int r = 0; r < 2 && rows[r] != NULL; r++)
            for (int64_t k = 0; k < s->n; k += stride) {
                const int64_t next = k + stride < s->n ? k + stride : k;
                if (!isfinite(s->x[k]) || !isfinite(rows[r][k]) || !isfinite(s->x[next]) ||
                    !isfinite(rows[r][next]))
                    continue;
                const double x0 = plot_axes_x(axes, s->x[k]), y0 = plot_axes_y(axes, rows[r][k]);
                const double x1 = plot_axes_x(axes, s->x[next]),
                             y1 = plot_axes_y(axes, rows[r][next]);
                const int parts = (int)fmin(ceil(hypot(x1 - x0, y1 - y0) / 6.0), 60.0) + 1;
                for (int j = 0; j < parts; j++)
                    count += inside(b, x0 + (x1 - x0) * j / parts, y0 + (y1 - y0) * j / parts);
            }
    }
    return count;
}

static plot_box choose(const plot_axes *axes, double width, double height)
{
    const plot_box *in = &axes->inner;
    plot_box best = {0};
    double least = HUGE_VAL;
    for (int corner = 0; corner < 6;
         corner++) { /* upper right, upper left, lower right, lower left, then the middles */
        const double across = corner >= 4       ? 0.5
                              : corner % 2 == 0 ? 1.0
                                                : 0.0,
                     down = corner == 4 || corner == 0 || corner == 1 ? 0.0 : 1.0;
        const plot_box b = {in->x + away + across * (in->width - width - 2.0 * away),
                            in->y + away + down * (in->height - height - 2.0 * away), width,
                            height};
        const double count = hidden(axes, &b) + 0.5 * corner;
        if (count < least) {
            least = count;
            best = b;
        }
    }
    return best;
}

static void draw_swatch(cairo_t *cr, const plot_axes *axes, int i, double x, double y)
{
    const gndp_series *s = &axes->panel->series[i];
    const double dashes[] = {5.0, 3.0};
    const plot_rgb colour = plot_series_rgb(axes->panel, i);
    plot_colour(cr, colour,
                s->mark == GNDP_MARK_BAND   ? 0.25
                : s->mark == GNDP_MARK_BARS ? 0.85
                                            : 1.0);
    cairo_new_path(cr);
    if (s->mark == GNDP_MARK_BAND || s->mark == GNDP_MARK_BARS) {
        cairo_rectangle(cr, x, y - 3.0, swatch, 6.0);
        cairo_fill(cr);
        return;
    }
    cairo_set_line_width(cr, 1.4);
    if (s->mark == GNDP_MARK_POINTS || s->mark == GNDP_MARK_ERRORS) {
        cairo_arc(cr, x + 0.5 * swatch, y, 2.2, 0.0, 6.2831853071795865);
        cairo_fill(cr);
    }
    if (s->mark == GNDP_MARK_POINTS)
        return;
    if (s->mark == GNDP_MARK_ERRORS) {
        cairo_move_to(cr, x + 0.5 * swatch, y - 4.5);
        cairo_line_to(cr, x + 0.5 * swatch, y + 4.5);
    } else {
        cairo_move_to(cr, x, y);
        cairo_line_to(cr, x + swatch, y);
    }
    if (s->mark == GNDP_MARK_DASHES)
        cairo_set_dash(cr, dashes, 2, 0.0);
    cairo_stroke(cr);
    cairo_set_dash(cr, NULL, 0, 0.0);
}

void plot_legend_draw(cairo_t *cr, const plot_axes *axes)
{
    const gndp_panel *p = axes->panel;
    double width = 0.0;
    int n = 0;
    for (int i = 0; i < p->n_series; i++)
        if (p->series[i].name != NULL) {
            width = fmax(width, plot_text_width(cr, size, p->series[i].name));
            n++;
        }
    if (n == 0)
        return;
    width = fmin(width, axes->inner.width - 2.0 * (away + pad) - swatch - 5.0);
    const plot_box b = choose(axes, swatch + 5.0 + width + 2.0 * pad, n * row + 2.0 * pad - 2.0);
    cairo_set_source_rgba(cr, 1.0, 1.0, 1.0, 0.85);
    cairo_rectangle(cr, b.x, b.y, b.width, b.height);
    cairo_fill_preserve(cr);
    cairo_set_source_rgb(cr, 0.8, 0.8, 0.8);
    cairo_set_line_width(cr, 0.5);
    cairo_stroke(cr);
    double y = b.y + pad + 0.5 * row - 1.0;
    for (int i = 0; i < p->n_series; i++) {
        if (p->series[i].name == NULL)
            continue;
        draw_swatch(cr, axes, i, b.x + pad, y);
        cairo_set_source_rgb(cr, 0.15, 0.15, 0.15);
        plot_text_fit(cr, b.x + pad + swatch + 5.0, y, 0.0, 0.5, size, width, p->series[i].name);
        y += row;
    }
}

#endif
