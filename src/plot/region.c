// SPDX-License-Identifier: Apache-2.0
// The region that all maps of a page have in common.
#include "plot/region.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

/* Longitudes and latitudes of everything that is drawn, or x and y. */
typedef struct places {
    int64_t n, room;
    double *x;
    double low, high;      /* of latitude or y */
    double half_x, half_y; /* of a cell of a grid; 0: there is none, and a margin is wanted */
    bool sphere, down;
} places;

static gndp_status add_x(places *p, double x)
{
    gndp_status st = GNDP_OK;
    if (p->n == p->room) {
        const int64_t room = p->room > 0 ? 2 * p->room : 256;
        double *more = realloc(p->x, (size_t)room * sizeof *more);
        GNDP_CHECK(more != NULL, GNDP_ERR_NOMEM, "%lld places", (long long)room);
        p->x = more;
        p->room = room;
    }
    p->x[p->n++] = x;
done:
    return st;
}

static void add_y(places *p, double y)
{
    p->low = fmin(p->low, y);
    p->high = fmax(p->high, y);
}

static gndp_status add_place(places *p, const char *what, int64_t i, double lat, double lon)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(isfinite(lat) && isfinite(lon), GNDP_ERR_NONFINITE, "%s %lld: no place: %g, %g",
               what, (long long)i, lat, lon);
    GNDP_CHECK(!p->sphere || fabs(lat) <= 90.0 + 1e-9, GNDP_ERR_RANGE, "%s %lld: latitude %g", what,
               (long long)i, lat);
    GNDP_TRY(add_x(p, lon));
    add_y(p, lat);
done:
    return st;
}

void plot_axis_edges(int64_t n, const double *value, double *edge)
{
    for (int64_t i = 1; i < n; i++)
        edge[i] = 0.5 * (value[i - 1] + value[i]);
    edge[0] = n > 1 ? value[0] - (edge[1] - value[0]) : value[0] - 0.5;
    edge[n] = n > 1 ? value[n - 1] + (value[n - 1] - edge[n - 1]) : value[0] + 0.5;
}

/* Half of the first or the last cell, whichever is larger. */
static double half_cell(const gndp_axis *axis)
{
    const int64_t n = axis->size;
    return n < 2 ? 0.5
                 : 0.5 * fmax(fabs(axis->value[1] - axis->value[0]),
                              fabs(axis->value[n - 1] - axis->value[n - 2]));
}

static gndp_status add_coords(places *p, int m, const gndp_coords *c)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(c->columns == 2, GNDP_ERR_SHAPE,
               "map %d: points of %d coordinates; latitude and longitude, or y and x, can be drawn",
               m, c->columns);
    GNDP_TRY(gndp_coords_check(c));
    if (c->layout == GNDP_LAYOUT_LIST) {
        for (int64_t i = 0; i < c->n; i++)
            GNDP_TRY(add_place(p, "point", i, c->x[2 * i], c->x[2 * i + 1]));
        return GNDP_OK;
    }
    p->down = p->down || strcmp(c->axis[0].name, "row") == 0;
    for (int64_t i = 0; i < c->axis[0].size; i++)
        add_y(p, c->axis[0].value[i]);
    for (int64_t i = 0; i < c->axis[1].size; i++)
        GNDP_TRY(add_x(p, c->axis[1].value[i]));
    p->half_y = fmax(p->half_y, half_cell(&c->axis[0]));
    p->half_x = fmax(p->half_x, half_cell(&c->axis[1]));
done:
    return st;
}

static gndp_status add_map(places *p, int m, const gndp_map *map)
{
    gndp_status st = GNDP_OK;
    if (map->coords != NULL)
        GNDP_TRY(add_coords(p, m, map->coords));
    GNDP_CHECK(map->points.n >= 0 && (map->points.n == 0 ||
                                      (map->points.lat_deg != NULL && map->points.lon_deg != NULL)),
               GNDP_ERR_ARG, "map %d: points without places", m);
    for (int64_t i = 0; i < map->points.n; i++)
        GNDP_TRY(add_place(p, "point", i, map->points.lat_deg[i], map->points.lon_deg[i]));
    GNDP_CHECK(map->n_lines >= 0 && (map->n_lines == 0 || map->line != NULL), GNDP_ERR_ARG,
               "map %d: lines are NULL", m);
    for (int l = 0; l < map->n_lines; l++) {
        const gndp_map_line *line = &map->line[l];
        GNDP_CHECK(line->n >= 1 && line->lat_deg != NULL && line->lon_deg != NULL, GNDP_ERR_ARG,
                   "map %d: line %d has no points", m, l);
        for (int64_t i = 0; i < line->n; i++)
            GNDP_TRY(add_place(p, "point of a line", i, line->lat_deg[i], line->lon_deg[i]));
    }
done:
    return st;
}

static int rising(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The circle without its widest gap. */
static void arc_of(places *p, double *west, double *east)
{
    double gap = 0.0;
    for (int64_t i = 0; i < p->n; i++)
        p->x[i] -= 360.0 * floor(p->x[i] / 360.0);
    qsort(p->x, (size_t)p->n, sizeof *p->x, rising);
    for (int64_t i = 0; i < p->n; i++) {
        const double next = i + 1 < p->n ? p->x[i + 1] : p->x[0] + 360.0;
        if (next - p->x[i] > gap) {
            gap = next - p->x[i];
            *west = next;
            *east = p->x[i] + 360.0;
        }
    }
    if (*west >= 360.0) {
        *west -= 360.0;
        *east -= 360.0;
    }
}

static void globe_region(places *p, plot_region *out)
{
    double west = 0.0, east = 0.0;
    arc_of(p, &west, &east);
    const double room_x = fmax(p->half_x, p->half_x == 0.0 ? fmax(0.04 * (east - west), 0.5) : 0.0);
    const double room_y =
        fmax(p->half_y, p->half_y == 0.0 ? fmax(0.04 * (p->high - p->low), 0.5) : 0.0);
    west -= room_x;
    east += room_x;
    if (east - west >= 300.0) { /* nearly all around: all around */
        west = -180.0;
        east = 180.0;
    } else if (0.5 * (west + east) > 180.0 + 1e-9) {
        west -= 360.0;
        east -= 360.0;
    }
    *out = (plot_region){.sphere = true,
                         .west = west,
                         .east = east,
                         .south = fmax(p->low - room_y, -90.0),
                         .north = fmin(p->high + room_y, 90.0)};
}

static void plane_region(places *p, plot_region *out)
{
    double low = HUGE_VAL, high = -HUGE_VAL;
    for (int64_t i = 0; i < p->n; i++) {
        low = fmin(low, p->x[i]);
        high = fmax(high, p->x[i]);
    }
    const double room_x = fmax(p->half_x, p->half_x == 0.0 ? 0.04 * (high - low) : 0.0);
    const double room_y = fmax(p->half_y, p->half_y == 0.0 ? 0.04 * (p->high - p->low) : 0.0);
    *out = (plot_region){.down = p->down,
                         .west = low - (room_x > 0.0 ? room_x : 0.5),
                         .east = high + (room_x > 0.0 ? room_x : 0.5),
                         .south = p->low - (room_y > 0.0 ? room_y : 0.5),
                         .north = p->high + (room_y > 0.0 ? room_y : 0.5)};
}

static gndp_status given_region(const gndp_map_options *o, plot_region *out)
{
    gndp_status st = GNDP_OK;
    plot_region r = {out->sphere, out->down, o->west, o->east, o->south, o->north};
    GNDP_CHECK(isfinite(r.west) && isfinite(r.east) && isfinite(r.south) && isfinite(r.north) &&
                   r.south < r.north,
               GNDP_ERR_RANGE, "the region west %g, east %g, south %g, north %g is none", r.west,
               r.east, r.south, r.north);
    if (r.sphere) {
        GNDP_CHECK(r.south >= -90.0 && r.north <= 90.0 && fabs(r.west) <= 720.0 &&
                       fabs(r.east) <= 720.0,
                   GNDP_ERR_RANGE, "the region west %g, east %g, south %g, north %g is none",
                   r.west, r.east, r.south, r.north);
        while (r.east <= r.west)
            r.east += 360.0;
        while (r.east > r.west + 360.0)
            r.east -= 360.0;
    }
    GNDP_CHECK(r.west < r.east, GNDP_ERR_RANGE, "the region from x %g to %g is none", r.west,
               r.east);
    *out = r;
done:
    return st;
}

/* Lines and points without a field are on the globe. */
static gndp_status find_space(int n, const gndp_map *map, bool *sphere)
{
    gndp_status st = GNDP_OK;
    int spheres = 0, planes = 0;
    for (int m = 0; m < n; m++) {
        planes += map[m].coords != NULL && map[m].coords->space == GNDP_SPACE_EUCLIDEAN;
        spheres += map[m].coords != NULL && map[m].coords->space == GNDP_SPACE_SPHERE;
    }
    GNDP_CHECK(planes == 0 || spheres == 0, GNDP_ERR_SHAPE,
               "maps of the globe and of a plane do not go on one page");
    *sphere = planes == 0;
done:
    return st;
}

gndp_status plot_region_make(const gndp_map_options *options, int n, const gndp_map *map,
                             plot_region *out)
{
    gndp_status st = GNDP_OK;
    places p = {.low = HUGE_VAL, .high = -HUGE_VAL};
    GNDP_TRY(find_space(n, map, &p.sphere));
    for (int m = 0; m < n; m++)
        GNDP_TRY(add_map(&p, m, &map[m]));
    GNDP_CHECK(p.n > 0, GNDP_ERR_ARG,
               "maps without field, points and lines: there is nothing to draw");
    if (p.sphere)
        globe_region(&p, out);
    else
        plane_region(&p, out);
    if (options->west != 0.0 || options->east != 0.0 || options->south != 0.0 ||
        options->north != 0.0)
        GNDP_TRY(given_region(options, out));
done:
    free(p.x);
    return st;
}
