// SPDX-License-Identifier: Apache-2.0
// Pages of maps: layout, and the order in which their parts are drawn.
#include "plot/maps.h"

#include "base/error.h"

#if GNDP_HAVE_CAIRO
#include <math.h>
#include <stdlib.h>

enum { MOST_MAPS = 128 };

static const plot_rgb ink = {0.15, 0.15, 0.15};
static const double margin = 9.0, gap = 9.0, title_size = 8.5, page_title_size = 11.0,
                    bar_thick = 7.0;
static const double bar_below = 40.0,
                    bar_beside = 62.0; /* room for a bar with its numbers and name */

/* ---- Layout --------------------------------------------------------------------------------- */

/* Where bars stand. */
typedef enum bar_places {
    NO_BARS,
    ONE_BELOW,
    UNDER_EACH,
    UNDER_COLUMNS,
    BESIDE_ROWS,
    SIDE_BY_SIDE
} bar_places;

static bool coloured(const gndp_map *map)
{
    return map->value != NULL || map->points.value != NULL;
}

static bool one_scale(const plot_maps *maps, bool by_row)
{
    const int groups = by_row ? maps->rows : maps->columns;
    if (groups != maps->n_scales)
        return false;
    for (int m = 0; m < maps->n; m++)
        if (coloured(&maps->map[m]) &&
            maps->map[m].scale != (by_row ? m / maps->columns : m % maps->columns))
            return false;
    return true;
}

static bar_places bars_of(const plot_maps *maps)
{
    if (maps->n_scales == 0)
        return NO_BARS;
    if (maps->n_scales == 1)
        return ONE_BELOW;
    bool own = maps->n_scales == maps->n;
    for (int m = 0; m < maps->n && own; m++)
        own = !coloured(&maps->map[m]) || maps->map[m].scale == m;
    if (own)
        return UNDER_EACH;
    return one_scale(maps, false)  ? UNDER_COLUMNS
           : one_scale(maps, true) ? BESIDE_ROWS
                                   : SIDE_BY_SIDE;
}

/* A page about as wide as a sheet on its side, with few places left empty. */
static int choose_columns(int n, int n_scales, double aspect)
{
    int best = 1;
    double least = HUGE_VAL;
    if (n_scales > 1 && n == n_scales && n <= 4)
        return n;
    for (int c = 1; c <= n; c++) {
        const int rows = (n + c - 1) / c;
        const double cost = fabs(log(c * aspect / rows / 1.45)) + 0.6 * (double)(rows * c - n) / n;
        if (cost < least - 1e-9) {
            least = cost;
            best = c;
        }
    }
    return best;
}

/* PNG: frames begin at whole pixels, so that cells have sharp edges. */
static double snap(double x)
{
    return round(x * PLOT_DPI / 72.0) * 72.0 / PLOT_DPI;
}

/* Room around a panel for its title and degrees. */
typedef struct rims {
    double left, top, bottom, right;
} rims;

static rims rims_of(const plot_maps *maps)
{
    bool titles = false;
    for (int m = 0; m < maps->n; m++)
        titles = titles || maps->map[m].title != NULL;
    const bool disc = maps->view.pole != 0, numbers = maps->view.outline;
    return (rims){.left = disc      ? 20.0
                          : numbers ? 27.0
                                    : 2.0,
                  .top = (titles ? title_size + 5.0 : 2.0) + (disc ? 10.0 : 0.0),
                  .bottom = disc || numbers ? 13.0 : 2.0,
                  .right = disc ? 20.0 : 8.0};
}

static void place_bars(plot_maps *maps, bar_places places, double bottom)
{
    const plot_box *first = &maps->box[0], *last = &maps->box[maps->columns - 1];
    const double left = first->x, right = last->x + last->width;
    for (int k = 0; k < maps->n_scales; k++) {
        plot_scale *s = &maps->scale[k];
        s->upright = places == BESIDE_ROWS;
        if (s->upright) {
            const plot_box *row = &maps->box[k * maps->columns];
            s->bar = (plot_box){right + 12.0, row->y + 0.08 * row->height, bar_thick,
                                0.84 * row->height};
            continue;
        }
        plot_box under = {left, 0.0, right - left, 0.0};
        double share = 0.6;
        if (places == UNDER_EACH) {
            const plot_box *b = &maps->box[k];
            const double width = 0.86 * b->width;
            s->bar = (plot_box){b->x + 0.07 * b->width,
                                b->y + b->height + rims_of(maps).bottom + 7.0, width, bar_thick};
            continue;
        }
        if (places == UNDER_COLUMNS) {
            under = (plot_box){maps->box[k].x, 0.0, maps->box[k].width, 0.0};
            share = 0.86;
        } else if (places == SIDE_BY_SIDE) {
            under = (plot_box){left + k * (right - left) / maps->n_scales, 0.0,
                               (right - left) / maps->n_scales, 0.0};
            share = 0.8;
        }
        const double width = fmin(share * under.width, 330.0);
        s->bar = (plot_box){under.x + 0.5 * (under.width - width), bottom, width, bar_thick};
    }
}

static void place(plot_maps *maps)
{
    const bar_places places = bars_of(maps);
    const rims rim = rims_of(maps);
    const bool disc = maps->view.pole != 0;
    const double top = maps->options->title != NULL ? page_title_size + 16.0 : margin;
    const double across =
        760.0 - 2.0 * margin - rim.left - rim.right - (places == BESIDE_ROWS ? bar_beside : 0.0);
    const bool each = places == UNDER_EACH;
    const double between = disc ? rim.left + rim.right + 8.0 : gap,
                 above = rim.top + (each   ? rim.bottom + bar_below + 7.0
                                    : disc ? rim.bottom
                                           : 3.0);
    double width = (across - (maps->columns - 1) * between) / maps->columns;
    width = fmin(fmax(width, 70.0), maps->n == 1 ? 520.0 : 400.0);
    double height = width / maps->view.aspect;
    const double most =
        maps->n == 1 ? 430.0 : fmin(330.0, fmax((900.0 - maps->rows * above) / maps->rows, 60.0));
    if (height > most) {
        height = most;
        width = height * maps->view.aspect;
    }
    width = snap(width);
    height = snap(height);
    for (int m = 0; m < maps->n; m++)
        maps->box[m] = (plot_box){
            snap(margin + rim.left + (m % maps->columns) * (width + between)),
            snap(top + rim.top + (double)(m / maps->columns) * (height + above)), width, height};
    const plot_box *last = &maps->box[maps->columns - 1];
    const double bottom = top + rim.top + (maps->rows - 1) * (height + above) + height + rim.bottom;
    const bool below =
        places == ONE_BELOW || each || places == UNDER_COLUMNS || places == SIDE_BY_SIDE;
    maps->width =
        last->x + last->width + rim.right + margin + (places == BESIDE_ROWS ? bar_beside : 0.0);
    place_bars(maps, places, bottom + 7.0);
    maps->arrow_length = 15.0;
    maps->arrow_key = (plot_box){maps->box[0].x, bottom + (below ? 5.0 : 2.0),
                                 last->x + last->width - maps->box[0].x, bar_thick + 4.0};
    maps->height = bottom + (below ? bar_below : maps->arrow_speed > 0.0 ? 20.0 : 0.0) + 4.0;
}

static gndp_status check(const gndp_map_options *options, int n, const gndp_map *map)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(options != NULL && map != NULL, GNDP_ERR_ARG, "options or maps are NULL");
    GNDP_CHECK(n >= 1 && n <= MOST_MAPS, GNDP_ERR_ARG, "%d maps: 1 to %d can be drawn", n,
               MOST_MAPS);
    GNDP_CHECK(options->columns >= 0 && options->n_scales >= 0 &&
                   (options->n_scales == 0 || options->scale != NULL),
               GNDP_ERR_ARG, "%d columns, %d scales", options->columns, options->n_scales);
    for (int m = 0; m < n; m++)
        GNDP_CHECK(map[m].value == NULL || map[m].coords != NULL, GNDP_ERR_ARG,
                   "map %d: values without coordinates", m);
done:
    return st;
}

gndp_status plot_maps_layout(const gndp_map_options *options, int n, const gndp_map *map,
                             plot_maps *out)
{
    gndp_status st = GNDP_OK;
    plot_region region;
    *out = (plot_maps){.options = options, .n = n, .map = map};
    GNDP_TRY(check(options, n, map));
    out->n_scales = options->n_scales;
    out->box = calloc((size_t)n, sizeof *out->box);
    out->scale = calloc((size_t)options->n_scales + 1, sizeof *out->scale);
    GNDP_CHECK(out->box != NULL && out->scale != NULL, GNDP_ERR_NOMEM, "%d maps", n);
    GNDP_TRY(plot_region_make(options, n, map, &region));
    GNDP_TRY(plot_scales_make(options, n, map, out->scale));
    GNDP_TRY(plot_view_make(&region, options->projection, &out->view));
    GNDP_TRY(plot_arrow_speed(n, map, &out->arrow_speed));
    out->columns = options->columns > 0 ? (options->columns < n ? options->columns : n)
                                        : choose_columns(n, options->n_scales, out->view.aspect);
    out->rows = (n + out->columns - 1) / out->columns;
    place(out);
done:
    return st;
}

void plot_maps_free(plot_maps *maps)
{
    plot_view_free(&maps->view);
    free(maps->box);
    free(maps->scale);
    maps->box = NULL;
    maps->scale = NULL;
}

/* ---- Drawing -------------------------------------------------------------------------------- */

/* As fine as the page can show. Without the files there are no coasts, which is told by *out NULL.
 */
static gndp_status find_coast(const plot_maps *maps, gndp_coast **out)
{
    gndp_status st = GNDP_OK;
    const double degrees =
        (maps->view.region.north - maps->view.region.south) / maps->box[0].height; /* a point */
    *out = NULL;
    if (maps->options->no_coast || !maps->view.region.sphere)
        return GNDP_OK;
    const gndp_coast_detail detail = degrees > 0.8     ? GNDP_COAST_CRUDE
                                     : degrees > 0.045 ? GNDP_COAST_LOW
                                     : degrees > 0.008 ? GNDP_COAST_INTERMEDIATE
                                     : degrees > 0.002 ? GNDP_COAST_HIGH
                                                       : GNDP_COAST_FULL;
    st = gndp_coast_read(detail, out);
    if (st == GNDP_ERR_NOT_FOUND) {
        gndp_clear_error();
        st = GNDP_OK;
    }
    GNDP_TRY(st);
done:
    return st;
}

static gndp_status draw_map(cairo_t *cr, const plot_maps *maps, int m, const plot_raster *raster,
                            const gndp_coast *coast)
{
    gndp_status st = GNDP_OK;
    const plot_box *box = &maps->box[m];
    const gndp_map *map = &maps->map[m];
    const bool field = map->value != NULL && map->coords->layout == GNDP_LAYOUT_PRODUCT;
    cairo_save(cr);
    plot_view_frame(cr, &maps->view, box);
    cairo_clip(cr);
    GNDP_TRY(plot_field_draw(cr, maps, m, raster, coast));
    plot_graticule_draw(cr, maps, m, field);
    if (coast != NULL)
        plot_coast_draw(cr, maps, box, coast, field);
    GNDP_TRY(plot_arrows_draw(cr, maps, m));
    plot_lines_draw(cr, maps, m);
    plot_points_draw(cr, maps, m);
    cairo_restore(cr);
    plot_view_frame(cr, &maps->view, box);
    plot_colour(cr, ink, 1.0);
    cairo_set_line_width(cr, 0.7);
    cairo_stroke(cr);
    plot_degrees_draw(cr, maps, m);
    if (map->title != NULL)
        plot_text_fit(cr, box->x + 0.5 * box->width, box->y - (maps->view.pole != 0 ? 15.0 : 5.0),
                      0.5, 1.0, title_size, box->width + 4.0, map->title);
done:
    return st;
}

static gndp_status draw_page(plot_page *page, const plot_maps *maps, const gndp_coast *coast)
{
    gndp_status st = GNDP_OK;
    plot_raster raster = {0};
    GNDP_TRY(plot_raster_make(maps, &raster));
    plot_colour(page->cr, ink, 1.0);
    if (maps->options->title != NULL)
        plot_text_fit(page->cr, 0.5 * page->width, 9.0, 0.5, 0.0, page_title_size,
                      page->width - 2.0 * margin, maps->options->title);
    for (int m = 0; m < maps->n; m++)
        GNDP_TRY(draw_map(page->cr, maps, m, &raster, coast));
    for (int k = 0; k < maps->n_scales; k++)
        plot_bar_draw(page->cr, &maps->scale[k]);
    plot_arrow_key_draw(page->cr, maps);
done:
    plot_raster_free(&raster);
    return st;
}

gndp_status gndp_plot_maps(const char *path, const gndp_map_options *options, int n_maps,
                           const gndp_map *map, bool *coast)
{
    gndp_status st = GNDP_OK;
    plot_maps maps = {0};
    plot_page page = {0};
    gndp_coast *shores = NULL;
    if (coast != NULL)
        *coast = false;
    GNDP_TRY(plot_page_check(path));
    GNDP_TRY(plot_maps_layout(options, n_maps, map, &maps));
    GNDP_TRY(find_coast(&maps, &shores));
    GNDP_TRY(plot_page_open(path, maps.width, maps.height, &page));
    GNDP_TRY(draw_page(&page, &maps, shores));
    GNDP_TRY(plot_page_commit(&page));
    if (coast != NULL)
        *coast = shores != NULL;
done:
    plot_page_close(&page);
    plot_maps_free(&maps);
    gndp_coast_free(shores);
    return st;
}

#else

gndp_status gndp_plot_maps(const char *path, const gndp_map_options *options, int n_maps,
                           const gndp_map *map, bool *coast)
{
    gndp_status st = GNDP_OK;
    (void)options, (void)n_maps, (void)map;
    if (coast != NULL)
        *coast = false;
    GNDP_CHECK(false, GNDP_ERR_UNSUPPORTED, "%s cannot be drawn: %s",
               path != NULL ? path : "a picture", gndp_plot_describe());
done:
    return st;
}

#endif
