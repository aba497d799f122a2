// SPDX-License-Identifier: Apache-2.0
// Panels of curves on a page: layout, frames, ticks and labels.
#include "plot/curves.h"

#include "base/error.h"

#if GNDP_HAVE_CAIRO
#include <math.h>
#include <stdlib.h>

#include "plot/limits.h"

enum { MOST_PANELS = 64 };

/* Points. */
static const double text_size = 8.0, label_size = 8.5, title_size = 9.0, page_title_size = 11.0;
static const double gap = 12.0, margin = 8.0, tick = 3.0;

static const plot_rgb ink = {0.15, 0.15, 0.15}, pale = {0.88, 0.88, 0.88};

/* ---- Layout --------------------------------------------------------------------------------- */

static double widest(cairo_t *cr, const plot_ticks *ticks)
{
    double width = 0.0;
    for (int i = 0; i < ticks->n; i++)
        width = fmax(width, plot_text_width(cr, text_size, ticks->text[i]));
    return width;
}

static double most_numbers(cairo_t *cr, plot_axis *axis, double width)
{
    int most = (int)(width / 40.0);
    plot_ticks_make(axis->low, axis->high, most > 2 ? most : 2, axis->log, &axis->ticks);
    const double wide = widest(cr, &axis->ticks) + 10.0; /* numbers must not touch */
    if (wide > 40.0)
        plot_ticks_make(axis->low, axis->high, width / wide > 2.0 ? (int)(width / wide) : 2,
                        axis->log, &axis->ticks);
    return widest(cr, &axis->ticks);
}

/* The inner box: what titles, numbers and names leave. */
static void place(cairo_t *cr, plot_axes *axes)
{
    const gndp_panel *p = axes->panel;
    const double line = text_size + 4.0;
    double top = p->title != NULL ? title_size + 6.0 : 4.0, bottom = tick + line;
    bottom += p->x_label != NULL ? label_size + 5.0 : 0.0;
    int most = (int)((axes->outer.height - top - bottom) / 26.0);
    plot_ticks_make(axes->y.low, axes->y.high, most > 2 ? most : 2, axes->y.log, &axes->y.ticks);
    if (axes->y.ticks.factor[0] != '\0' && p->title == NULL)
        top += text_size + 3.0;
    const double left =
        tick + 4.0 + widest(cr, &axes->y.ticks) + (p->y_label != NULL ? label_size + 6.0 : 0.0);
    const double width = axes->outer.width - left - 10.0;
    most_numbers(cr, &axes->x, width);
    axes->inner = (plot_box){axes->outer.x + left, axes->outer.y + top, width,
                             axes->outer.height - top - bottom};
}

/* Panels of a column begin at one x, so that frames stand in line. */
static void align(plot_curves *curves)
{
    for (int c = 0; c < curves->columns; c++) {
        double left = 0.0;
        for (int i = c; i < curves->n; i += curves->columns)
            left = fmax(left, curves->axes[i].inner.x);
        for (int i = c; i < curves->n; i += curves->columns) {
            plot_box *inner = &curves->axes[i].inner;
            inner->width -= left - inner->x;
            inner->x = left;
        }
    }
}

gndp_status plot_curves_layout(const char *title, int n, const gndp_panel *panel, int columns,
                               plot_curves *out)
{
    gndp_status st = GNDP_OK;
    cairo_t *cr = NULL;
    *out = (plot_curves){.n = n};
    GNDP_CHECK(n >= 1 && n <= MOST_PANELS && panel != NULL, GNDP_ERR_ARG,
               "%d panels: 1 to %d can be drawn", n, MOST_PANELS);
    GNDP_CHECK(columns >= 0, GNDP_ERR_ARG, "%d columns", columns);
    out->columns = columns > 0 ? (columns < n ? columns : n) : (int)ceil(sqrt((double)n));
    out->axes = calloc((size_t)n, sizeof *out->axes);
    cr = plot_measure();
    GNDP_CHECK(out->axes != NULL && cr != NULL, GNDP_ERR_NOMEM, "%d panels", n);
    const int rows = (n + out->columns - 1) / out->columns;
    const double wide = n == 1              ? 460.0
                        : out->columns == 2 ? 330.0
                                            : fmax(780.0 / out->columns, 190.0);
    const double high = n == 1 ? 290.0 : 0.68 * wide + 20.0,
                 top = title != NULL ? page_title_size + 14.0 : margin;
    out->width = 2.0 * margin + out->columns * wide + (out->columns - 1) * gap;
    out->height = top + rows * high + (rows - 1) * gap + margin;
    for (int i = 0; i < n; i++) {
        plot_axes *axes = &out->axes[i];
        plot_limits x, y;
        GNDP_TRY(plot_limits_make(i, &panel[i], &x, &y));
        *axes = (plot_axes){.panel = &panel[i],
                            .x = {x.low, x.high, panel[i].log_x, {0}},
                            .y = {y.low, y.high, panel[i].log_y, {0}}};
        axes->outer = (plot_box){margin + (i % out->columns) * (wide + gap),
                                 top + (double)(i / out->columns) * (high + gap), wide, high};
        place(cr, axes);
    }
    align(out);
done:
    if (cr != NULL)
        cairo_destroy(cr);
    return st;
}

void plot_curves_free(plot_curves *curves)
{
    free(curves->axes);
    curves->axes = NULL;
}

static double share(const plot_axis *axis, double value)
{
    return axis->log ? log(value / axis->low) / log(axis->high / axis->low)
                     : (value - axis->low) / (axis->high - axis->low);
}

double plot_axes_x(const plot_axes *axes, double x)
{
    return axes->inner.x + axes->inner.width * share(&axes->x, x);
}

double plot_axes_y(const plot_axes *axes, double y)
{
    return axes->inner.y + axes->inner.height * (1.0 - share(&axes->y, y));
}

/* ---- Frame and labels ----------------------------------------------------------------------- */

static void line(cairo_t *cr, double x0, double y0, double x1, double y1)
{
    cairo_move_to(cr, x0, y0);
    cairo_line_to(cr, x1, y1);
    cairo_stroke(cr);
}

static void draw_grid(cairo_t *cr, const plot_axes *axes)
{
    const plot_box *b = &axes->inner;
    plot_colour(cr, pale, 1.0);
    cairo_set_line_width(cr, 0.5);
    for (int i = 0; i < axes->x.ticks.n; i++)
        if (axes->x.ticks.text[i][0] != '\0') {
            const double x = plot_axes_x(axes, axes->x.ticks.value[i]);
            line(cr, x, b->y, x, b->y + b->height);
        }
    for (int i = 0; i < axes->y.ticks.n; i++)
        if (axes->y.ticks.text[i][0] != '\0') {
            const double y = plot_axes_y(axes, axes->y.ticks.value[i]);
            line(cr, b->x, y, b->x + b->width, y);
        }
}

static void draw_ticks(cairo_t *cr, const plot_axes *axes)
{
    const plot_box *b = &axes->inner;
    const plot_ticks *tx = &axes->x.ticks, *ty = &axes->y.ticks;
    plot_colour(cr, ink, 1.0);
    cairo_set_line_width(cr, 0.6);
    for (int i = 0; i < tx->n; i++) {
        const double x = plot_axes_x(axes, tx->value[i]), y = b->y + b->height;
        line(cr, x, y, x, y + (tx->text[i][0] != '\0' ? tick : 0.6 * tick));
        plot_text(cr, x, y + tick + 3.0, 0.5, 0.0, text_size, tx->text[i]);
    }
    for (int i = 0; i < ty->n; i++) {
        const double y = plot_axes_y(axes, ty->value[i]);
        line(cr, b->x - (ty->text[i][0] != '\0' ? tick : 0.6 * tick), y, b->x, y);
        plot_text(cr, b->x - tick - 3.0, y, 1.0, 0.5, text_size, ty->text[i]);
    }
}

static void draw_labels(cairo_t *cr, const plot_axes *axes)
{
    const plot_box *b = &axes->inner, *o = &axes->outer;
    const gndp_panel *p = axes->panel;
    plot_colour(cr, ink, 1.0);
    if (p->title != NULL)
        plot_text_fit(cr, b->x + 0.5 * b->width, b->y - 5.0, 0.5, 1.0, title_size,
                      b->width - (axes->y.ticks.factor[0] != '\0' ? 60.0 : 0.0), p->title);
    if (p->x_label != NULL)
        plot_text_fit(cr, b->x + 0.5 * b->width, o->y + o->height - 1.0, 0.5, 1.0, label_size,
                      b->width, p->x_label);
    if (p->y_label != NULL)
        plot_text_up(cr, o->x, b->y + 0.5 * b->height, label_size, 1.1 * b->height, p->y_label);
    if (axes->y.ticks.factor[0] != '\0')
        plot_text(cr, b->x, b->y - 4.0, 0.0, 1.0, text_size, axes->y.ticks.factor);
    if (axes->x.ticks.factor[0] != '\0')
        plot_text(cr, b->x + b->width, o->y + o->height - 1.0, 1.0, 1.0, text_size,
                  axes->x.ticks.factor);
}

static void draw_panel(cairo_t *cr, const plot_axes *axes)
{
    const plot_box *b = &axes->inner;
    draw_grid(cr, axes);
    plot_series_draw(cr, axes);
    plot_colour(cr, ink, 1.0);
    cairo_set_line_width(cr, 0.7);
    cairo_rectangle(cr, b->x, b->y, b->width, b->height);
    cairo_stroke(cr);
    draw_ticks(cr, axes);
    draw_labels(cr, axes);
    plot_legend_draw(cr, axes);
}

gndp_status gndp_plot_curves(const char *path, const char *title, int n_panels,
                             const gndp_panel *panel, int columns)
{
    gndp_status st = GNDP_OK;
    plot_curves curves = {0};
    plot_page page = {0};
    GNDP_TRY(plot_page_check(path));
    GNDP_TRY(plot_curves_layout(title, n_panels, panel, columns, &curves));
    GNDP_TRY(plot_page_open(path, curves.width, curves.height, &page));
    if (title != NULL) {
        plot_colour(page.cr, ink, 1.0);
        plot_text_fit(page.cr, 0.5 * page.width, 8.0, 0.5, 0.0, page_title_size,
                      page.width - 2.0 * margin, title);
    }
    for (int i = 0; i < curves.n; i++)
        draw_panel(page.cr, &curves.axes[i]);
    GNDP_TRY(plot_page_commit(&page));
done:
    plot_page_close(&page);
    plot_curves_free(&curves);
    return st;
}

#else

gndp_status gndp_plot_curves(const char *path, const char *title, int n_panels,
                             const gndp_panel *panel, int columns)
{
    gndp_status st = GNDP_OK;
    (void)title, (void)n_panels, (void)panel, (void)columns;
    GNDP_CHECK(false, GNDP_ERR_UNSUPPORTED, "%s cannot be drawn: %s",
               path != NULL ? path : "a picture", gndp_plot_describe());
done:
    return st;
}

#endif
