// SPDX-License-Identifier: Apache-2.0
// Colour scales that maps share, and the bars that explain them.
#include "plot/maps.h"

#if GNDP_HAVE_CAIRO
#include <math.h>
#include <stdlib.h>

#include "base/error.h"

static const plot_rgb ink = {0.15, 0.15, 0.15};

/* ---- Limits --------------------------------------------------------------------------------- */

static int rising(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static int64_t values_of(const gndp_map *map, double *to)
{
    int64_t n = 0;
    const int64_t cells = map->coords != NULL && map->value != NULL ? map->coords->n : 0;
    for (int64_t i = 0; i < cells; i++)
        if (isfinite(map->value[i]))
            to[n++] = map->value[i];
    for (int64_t i = 0; i < (map->points.value != NULL ? map->points.n : 0); i++)
        if (isfinite(map->points.value[i]))
            to[n++] = map->points.value[i];
    return n;
}

static bool uses(const gndp_map *map)
{
    return (map->coords != NULL && map->value != NULL) ||
           (map->points.n > 0 && map->points.value != NULL);
}

/* From the 1st to the 99th percentile: a single wild value must not take the colours from all
 * others. */
static void limits_of(double *value, int64_t n, gndp_palette palette, plot_scale *scale)
{
    qsort(value, (size_t)n, sizeof *value, rising);
    double low = value[(int64_t)(0.01 * (double)(n - 1))],
           high = value[(int64_t)ceil(0.99 * (double)(n - 1))];
    if (palette == GNDP_PALETTE_DIVERGING) {
        high = fmax(fabs(low), fabs(high));
        low = -high;
    }
    if (!(high - low > 1e-12 * fmax(fabs(low), fabs(high)))) {
        const double room = low != 0.0 ? 0.01 * fabs(low) : 1.0;
        low -= room;
        high += room;
    }
    scale->low = low;
    scale->high = high;
}

static gndp_status make_one(const gndp_map_options *options, int k, int n, const gndp_map *map,
                            plot_scale *out)
{
    gndp_status st = GNDP_OK;
    const struct gndp_map_scale *from = &options->scale[k];
    double *value = NULL;
    int64_t room = 1, count = 0;
    for (int m = 0; m < n; m++)
        if (map[m].scale == k && uses(&map[m]))
            room += (map[m].coords != NULL ? map[m].coords->n : 0) + map[m].points.n;
    value = malloc((size_t)room * sizeof *value);
    GNDP_CHECK(value != NULL, GNDP_ERR_NOMEM, "%lld values", (long long)room);
    for (int m = 0; m < n; m++)
        if (map[m].scale == k && uses(&map[m]))
            count += values_of(&map[m], value + count);
    GNDP_CHECK(count > 0, GNDP_ERR_NONFINITE,
               "scale %d (%s): no value is finite, so there is nothing to draw", k,
               from->label != NULL ? from->label : "");
    *out = (plot_scale){.label = from->label};
    plot_palette_make(from->palette, &out->palette);
    if (from->low != 0.0 || from->high != 0.0) {
        GNDP_CHECK(isfinite(from->low) && isfinite(from->high) && from->low < from->high,
                   GNDP_ERR_RANGE, "scale %d (%s): from %g to %g", k,
                   from->label != NULL ? from->label : "", from->low, from->high);
        out->low = from->low;
        out->high = from->high;
    } else {
        limits_of(value, count, from->palette, out);
    }
    for (int64_t i = 0; i < count; i++) {
        out->below = out->below || value[i] < out->low;
        out->above = out->above || value[i] > out->high;
    }
done:
    free(value);
    return st;
}

gndp_status plot_scales_make(const gndp_map_options *options, int n, const gndp_map *map,
                             plot_scale *scale)
{
    gndp_status st = GNDP_OK;
    for (int m = 0; m < n; m++)
        GNDP_CHECK(!uses(&map[m]) || (map[m].scale >= 0 && map[m].scale < options->n_scales),
                   GNDP_ERR_ARG, "map %d wants scale %d of %d", m, map[m].scale, options->n_scales);
    for (int k = 0; k < options->n_scales; k++)
        GNDP_TRY(make_one(options, k, n, map, &scale[k]));
done:
    return st;
}

/* ---- Bars ----------------------------------------------------------------------------------- */

/* Along the bar from 0 (low) to 1 (high), across it from 0 to 1. */
static void at(cairo_t *cr, const plot_scale *s, double along, double across)
{
    if (s->upright)
        cairo_line_to(cr, s->bar.x + across * s->bar.width,
                      s->bar.y + (1.0 - along) * s->bar.height);
    else
        cairo_line_to(cr, s->bar.x + along * s->bar.width, s->bar.y + across * s->bar.height);
}

/* The outline, with a point where values go on. */
static void outline(cairo_t *cr, const plot_scale *s)
{
    const double length = s->upright ? s->bar.height : s->bar.width,
                 thick = s->upright ? s->bar.width : s->bar.height, tip = 1.1 * thick / length;
    cairo_new_path(cr);
    at(cr, s, 0.0, 0.0);
    at(cr, s, 1.0, 0.0);
    if (s->above)
        at(cr, s, 1.0 + tip, 0.5);
    at(cr, s, 1.0, 1.0);
    at(cr, s, 0.0, 1.0);
    if (s->below)
        at(cr, s, -tip, 0.5);
    cairo_close_path(cr);
}

static void fill(cairo_t *cr, const plot_scale *s)
{
    cairo_save(cr);
    outline(cr, s);
    cairo_clip(cr);
    cairo_set_antialias(cr, CAIRO_ANTIALIAS_NONE); /* else seams show between the steps */
    for (int i = 0; i < PLOT_PALETTE_SIZE; i++) {
        const double a = i == 0 ? -0.2 : (double)i / PLOT_PALETTE_SIZE,
                     b = 1.2; /* each step covers the rest, the next ones cover it */
        plot_colour(cr, s->palette.colour[i], 1.0);
        cairo_new_path(cr);
        at(cr, s, a, -0.1);
        at(cr, s, b, -0.1);
        at(cr, s, b, 1.1);
        at(cr, s, a, 1.1);
        cairo_fill(cr);
    }
    cairo_restore(cr);
}

static void numbers(cairo_t *cr, const plot_scale *s)
{
    const double size = 7.5, length = s->upright ? s->bar.height : s->bar.width;
    plot_ticks ticks;
    plot_ticks_make(s->low, s->high, (int)fmax(length / (s->upright ? 22.0 : 42.0), 2.0), false,
                    &ticks);
    for (int i = 0; i < ticks.n; i++) {
        const double along = (ticks.value[i] - s->low) / (s->high - s->low);
        cairo_new_path(cr);
        at(cr, s, along, 1.0);
        double x, y;
        cairo_get_current_point(cr, &x, &y);
        cairo_line_to(cr, s->upright ? x + 2.5 : x, s->upright ? y : y + 2.5);
        cairo_stroke(cr);
        plot_text(cr, s->upright ? x + 4.5 : x, s->upright ? y : y + 5.0, s->upright ? 0.0 : 0.5,
                  s->upright ? 0.5 : 0.0, size, ticks.text[i]);
    }
    if (ticks.factor[0] == '\0')
        return;
    if (s->upright)
        plot_text(cr, s->bar.x, s->bar.y - 12.0, 0.0, 1.0, size, ticks.factor);
    else
        plot_text(cr, s->bar.x + s->bar.width + 12.0, s->bar.y + 0.5 * s->bar.height, 0.0, 0.5,
                  size, ticks.factor);
}

void plot_bar_draw(cairo_t *cr, const plot_scale *s)
{
    const double size = 8.5;
    fill(cr, s);
    plot_colour(cr, ink, 1.0);
    cairo_set_line_width(cr, 0.6);
    outline(cr, s);
    cairo_stroke(cr);
    numbers(cr, s);
    if (s->label == NULL)
        return;
    if (s->upright)
        plot_text_up(cr, s->bar.x + s->bar.width + 34.0, s->bar.y + 0.5 * s->bar.height, size,
                     1.2 * s->bar.height, s->label);
    else
        plot_text_fit(cr, s->bar.x + 0.5 * s->bar.width, s->bar.y + s->bar.height + 15.0, 0.5, 0.0,
                      size, 1.15 * s->bar.width, s->label);
}

#endif
