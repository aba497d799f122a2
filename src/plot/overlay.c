// SPDX-License-Identifier: Apache-2.0
// What lies on a map: stations, lines such as tracks, and arrows.
#include "plot/maps.h"

#if GNDP_HAVE_CAIRO
#include <math.h>
#include <stdlib.h>

#include "base/error.h"

static const double full_turn = 6.2831853071795865;

/* ---- Stations ------------------------------------------------------------------------------- */

static double radius_for(int64_t n)
{
    return n <= 60 ? 3.2 : n <= 300 ? 2.4 : n <= 2000 ? 1.6 : 1.0;
}

/* The turn of the circle in which a longitude is within the region, or nearest above its west. */
static double into_region(const plot_region *r, double lon)
{
    return r->sphere ? lon + 360.0 * ceil((r->west - lon) / 360.0 - 1e-12) : lon;
}

static bool in_region(const plot_region *r, double lat, double lon)
{
    return lat >= r->south - 1e-9 && lat <= r->north + 1e-9 && lon >= r->west - 1e-9 &&
           lon <= r->east + 1e-9;
}

static void draw_point(cairo_t *cr, const plot_scale *scale, double x, double y, double radius,
                       const double *value)
{
    cairo_new_path(cr);
    cairo_arc(cr, x, y, radius, 0.0, full_turn);
    if (value != NULL) {
        plot_colour(cr,
                    isfinite(*value)
                        ? plot_palette_at(&scale->palette, scale->low, scale->high, *value)
                        : plot_missing,
                    1.0);
        cairo_fill_preserve(cr);
        cairo_set_source_rgba(cr, 0.0, 0.0, 0.0, 0.9);
        cairo_set_line_width(cr, radius > 2.0 ? 0.7 : 0.35);
        cairo_stroke(cr);
        return;
    }
    if (radius < 2.0) { /* too small for rings */
        cairo_set_source_rgba(cr, 0.55, 0.05, 0.10, 0.55);
        cairo_fill(cr);
        return;
    }
    cairo_set_source_rgba(cr, 1.0, 1.0, 1.0, 0.9);
    cairo_set_line_width(cr, 2.2);
    cairo_stroke_preserve(cr);
    cairo_set_source_rgb(cr, 0.0, 0.0, 0.0);
    cairo_set_line_width(cr, 0.9);
    cairo_stroke(cr);
}

static void draw_list(cairo_t *cr, const plot_maps *maps, int m, int64_t n, const double *lat,
                      const double *lon, int64_t stride, double radius, const double *value)
{
    const plot_region *r = &maps->view.region;
    const plot_scale *scale = value != NULL ? &maps->scale[maps->map[m].scale] : NULL;
    double x, y;
    for (int64_t i = 0; i < n; i++) {
        const double at = into_region(r, lon[i * stride]);
        if (in_region(r, lat[i * stride], at) &&
            plot_view_point(&maps->view, &maps->box[m], lat[i * stride], at, &x, &y))
            draw_point(cr, scale, x, y, radius, value != NULL ? &value[i] : NULL);
    }
}

void plot_points_draw(cairo_t *cr, const plot_maps *maps, int m)
{
    const gndp_map *map = &maps->map[m];
    if (map->coords != NULL && map->coords->layout == GNDP_LAYOUT_LIST && map->value != NULL)
        draw_list(cr, maps, m, map->coords->n, map->coords->x, map->coords->x + 1, 2,
                  map->east != NULL ? 1.0 : radius_for(map->coords->n), map->value);
    draw_list(cr, maps, m, map->points.n, map->points.lat_deg, map->points.lon_deg, 1,
              radius_for(map->points.n), map->points.value);
}

/* ---- Lines ---------------------------------------------------------------------------------- */

/* One turn of a line: longitudes go on across the date line, each at most half a circle from the
 * last. */
static void trace(cairo_t *cr, const plot_maps *maps, const plot_box *box,
                  const gndp_map_line *line, double turn)
{
    double x, y, lon = line->lon_deg[0] + turn;
    bool down = false;
    for (int64_t i = 0; i < line->n; i++) {
        const double next = line->lon_deg[i] + turn;
        lon = maps->view.region.sphere ? next + 360.0 * round((lon - next) / 360.0) : next;
        if (!plot_view_point(&maps->view, box, line->lat_deg[i], lon, &x, &y)) {
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

void plot_lines_draw(cairo_t *cr, const plot_maps *maps, int m)
{
    const gndp_map *map = &maps->map[m];
    const plot_region *r = &maps->view.region;
    cairo_set_line_cap(cr, CAIRO_LINE_CAP_ROUND);
    for (int l = 0; l < map->n_lines; l++) {
        const gndp_map_line *line = &map->line[l];
        const double start = into_region(r, line->lon_deg[0]) - line->lon_deg[0];
        cairo_new_path(cr);
        for (int turn = r->sphere ? -1 : 0; turn <= (r->sphere ? 1 : 0); turn++)
            trace(cr, maps, &maps->box[m], line, start + 360.0 * turn);
        plot_colour(cr,
                    line->colour > 0 ? plot_series_colour(line->colour) : (plot_rgb){0.1, 0.1, 0.1},
                    line->alpha > 0.0 ? line->alpha : 1.0);
        cairo_set_line_width(cr, line->width > 0.0 ? line->width : 1.0);
        cairo_stroke(cr);
    }
    cairo_set_line_cap(cr, CAIRO_LINE_CAP_BUTT);
}

/* ---- Arrows --------------------------------------------------------------------------------- */

static int rising(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

gndp_status plot_arrow_speed(int n, const gndp_map *map, double *out)
{
    gndp_status st = GNDP_OK;
    double *speed = NULL;
    int64_t room = 0, count = 0;
    *out = 0.0;
    for (int m = 0; m < n; m++) {
        GNDP_CHECK((map[m].east == NULL) == (map[m].north == NULL) &&
                       (map[m].east == NULL || map[m].coords != NULL),
                   GNDP_ERR_ARG, "map %d: arrows want both components, and coordinates", m);
        room += map[m].east != NULL ? map[m].coords->n : 0;
    }
    if (room == 0)
        return GNDP_OK;
    speed = malloc((size_t)room * sizeof *speed);
    GNDP_CHECK(speed != NULL, GNDP_ERR_NOMEM, "%lld arrows", (long long)room);
    for (int m = 0; m < n; m++)
        for (int64_t i = 0; i < (map[m].east != NULL ? map[m].coords->n : 0); i++)
            if (isfinite(map[m].east[i]) && isfinite(map[m].north[i]))
                speed[count++] = hypot(map[m].east[i], map[m].north[i]);
    if (count > 0) {
        qsort(speed, (size_t)count, sizeof *speed, rising);
        *out = speed[(int64_t)(0.95 * (double)(count - 1))];
        *out = *out > 0.0 ? *out : speed[count - 1];
    }
done:
    free(speed);
    return st;
}

/* Tail at (x, y), pale below and dark on top. */
static void draw_arrow(cairo_t *cr, double x, double y, double dx, double dy)
{
    const double length = hypot(dx, dy), head = fmin(3.4, 0.45 * length + 0.8);
    if (!(length > 0.3))
        return;
    const double ux = dx / length, uy = dy / length;
    for (int pass = 0; pass < 2; pass++) {
        cairo_new_path(cr);
        cairo_move_to(cr, x, y);
        cairo_line_to(cr, x + dx, y + dy);
        cairo_move_to(cr, x + dx - head * (ux - 0.5 * uy), y + dy - head * (uy + 0.5 * ux));
        cairo_line_to(cr, x + dx, y + dy);
        cairo_line_to(cr, x + dx - head * (ux + 0.5 * uy), y + dy - head * (uy - 0.5 * ux));
        cairo_set_source_rgba(cr, pass == 0 ? 1.0 : 0.05, pass == 0 ? 1.0 : 0.05,
                              pass == 0 ? 1.0 : 0.05, pass == 0 ? 0.5 : 1.0);
        cairo_set_line_width(cr, pass == 0 ? 1.9 : 0.75);
        cairo_stroke(cr);
    }
}

/* Where a small step along the wind leads on the page: east is not to the right on a cone. */
static bool direction(const plot_maps *maps, const plot_box *box, double lat, double lon,
                      double east, double north, double *ux, double *uy)
{
    const double speed = hypot(east, north),
                 step = maps->view.region.sphere
                            ? 0.05
                            : 1e-3 * (maps->view.region.north - maps->view.region.south);
    double x0, y0, x1, y1, x2, y2;
    const double back = lat + step > 90.0 ? -1.0 : 1.0,
                 stretch = maps->view.region.sphere ? 1.0 / fmax(cos(lat * full_turn / 360.0), 1e-3)
                                                    : 1.0;
    if (!plot_view_point(&maps->view, box, lat, lon, &x0, &y0) ||
        !plot_view_point(&maps->view, box, lat, lon + step * stretch, &x1, &y1) ||
        !plot_view_point(&maps->view, box, lat + back * step, lon, &x2, &y2))
        return false;
    const double ex = (x1 - x0) / hypot(x1 - x0, y1 - y0), ey = (y1 - y0) / hypot(x1 - x0, y1 - y0);
    const double nx = back * (x2 - x0) / hypot(x2 - x0, y2 - y0),
                 ny = back * (y2 - y0) / hypot(x2 - x0, y2 - y0);
    *ux = (east * ex + north * nx) / speed;
    *uy = (east * ey + north * ny) / speed;
    return isfinite(*ux) && isfinite(*uy);
}

/* Squares of the panel; each takes the point nearest to its middle. */
typedef struct thinning {
    int columns, rows;
    double side;
    int64_t *point; /* -1: none */
    double *distance;
} thinning;

static void offer(thinning *t, const plot_box *box, int64_t i, double x, double y)
{
    const int c = (int)floor((x - box->x) / t->side), r = (int)floor((y - box->y) / t->side);
    if (c < 0 || r < 0 || c >= t->columns || r >= t->rows)
        return;
    const int k = r * t->columns + c;
    const double far = hypot(x - box->x - (c + 0.5) * t->side, y - box->y - (r + 0.5) * t->side);
    if (t->point[k] < 0 || far < t->distance[k]) {
        t->point[k] = i;
        t->distance[k] = far;
    }
}

/* Places of the points that have an arrow, [n, 2] latitude and longitude, in sight; the others are
 * NaN. Gives how many are left. */
static int64_t arrow_places(const plot_maps *maps, int m, double *place)
{
    const gndp_map *map = &maps->map[m];
    const plot_region *r = &maps->view.region;
    int64_t n = 0;
    double x, y;
    gndp_coords_list(map->coords, place);
    for (int64_t i = 0; i < map->coords->n; i++) {
        place[2 * i + 1] = into_region(r, place[2 * i + 1]);
        const bool seen =
            isfinite(map->east[i]) && isfinite(map->north[i]) &&
            in_region(r, place[2 * i], place[2 * i + 1]) &&
            plot_view_point(&maps->view, &maps->box[m], place[2 * i], place[2 * i + 1], &x, &y);
        if (!seen)
            place[2 * i] = (double)NAN;
        n += seen;
    }
    return n;
}

/* Where there are more points than arrows have room, one in each square stays. */
static gndp_status thin_out(const plot_maps *maps, int m, double *place)
{
    gndp_status st = GNDP_OK;
    const plot_box *box = &maps->box[m];
    const int64_t n = maps->map[m].coords->n;
    thinning t = {.side = maps->arrow_length};
    bool *keep = NULL;
    double x, y;
    t.columns = (int)ceil(box->width / t.side);
    t.rows = (int)ceil(box->height / t.side);
    const size_t squares = (size_t)t.columns * (size_t)t.rows;
    t.point = malloc(squares * sizeof *t.point);
    t.distance = malloc(squares * sizeof *t.distance);
    keep = calloc((size_t)n, sizeof *keep);
    GNDP_CHECK(t.point != NULL && t.distance != NULL && keep != NULL, GNDP_ERR_NOMEM, "%zu arrows",
               squares);
    for (size_t k = 0; k < squares; k++)
        t.point[k] = -1;
    for (int64_t i = 0; i < n; i++)
        if (!isnan(place[2 * i]) &&
            plot_view_point(&maps->view, box, place[2 * i], place[2 * i + 1], &x, &y))
            offer(&t, box, i, x, y);
    for (size_t k = 0; k < squares; k++)
        if (t.point[k] >= 0)
            keep[t.point[k]] = true;
    for (int64_t i = 0; i < n; i++)
        if (!keep[i])
            place[2 * i] = (double)NAN;
done:
    free(keep);
    free(t.point);
    free(t.distance);
    return st;
}

gndp_status plot_arrows_draw(cairo_t *cr, const plot_maps *maps, int m)
{
    gndp_status st = GNDP_OK;
    const gndp_map *map = &maps->map[m];
    const plot_box *box = &maps->box[m];
    double *place = NULL, x, y, ux, uy;
    if (map->east == NULL || maps->arrow_speed <= 0.0)
        return GNDP_OK;
    place = malloc(2 * (size_t)map->coords->n * sizeof *place);
    GNDP_CHECK(place != NULL, GNDP_ERR_NOMEM, "%lld arrows", (long long)map->coords->n);
    const int64_t n = arrow_places(maps, m, place);
    if ((double)n * 0.64 * maps->arrow_length * maps->arrow_length > box->width * box->height)
        GNDP_TRY(thin_out(maps, m, place));
    for (int64_t i = 0; i < map->coords->n; i++) {
        const double speed = hypot(map->east[i], map->north[i]);
        if (isnan(place[2 * i]) || !(speed > 0.0) ||
            !plot_view_point(&maps->view, box, place[2 * i], place[2 * i + 1], &x, &y) ||
            !direction(maps, box, place[2 * i], place[2 * i + 1], map->east[i], map->north[i], &ux,
                       &uy))
            continue;
        const double length = fmin(speed / maps->arrow_speed, 1.6) * maps->arrow_length;
        draw_arrow(cr, x - 0.5 * length * ux, y - 0.5 * length * uy, length * ux, length * uy);
    }
done:
    free(place);
    return st;
}

void plot_arrow_key_draw(cairo_t *cr, const plot_maps *maps)
{
    char text[128];
    if (maps->arrow_speed <= 0.0)
        return;
    /* A round speed of about the length that most arrows have. */
    const double decade = pow(10.0, floor(log10(maps->arrow_speed))),
                 m = maps->arrow_speed / decade;
    const double speed = decade * (m >= 5.0   ? 5.0
                                   : m >= 2.0 ? 2.0
                                              : 1.0),
                 length = maps->arrow_length * speed / maps->arrow_speed;
    const plot_box *b = &maps->arrow_key;
    const char *units = maps->options->arrow_units;
    snprintf(text, sizeof text, "%g%s%s", speed, units != NULL ? " " : "",
             units != NULL ? units : "");
    const double width = length + 5.0 + plot_text_width(cr, 7.5, text);
    draw_arrow(cr, b->x + b->width - width, b->y + 0.5 * b->height, length, 0.0);
    cairo_set_source_rgb(cr, 0.15, 0.15, 0.15);
    plot_text(cr, b->x + b->width, b->y + 0.5 * b->height, 1.0, 0.5, 7.5, text);
}

#endif
