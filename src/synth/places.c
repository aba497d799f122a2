// SPDX-License-Identifier: Apache-2.0
// Regular grids, the disc of 12.3, and random points.
#include "synth/places.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

static const double pi = 3.14159265358979324;

static void domain_of(const synth_generator *g, const gndp_synth_options *o, double *low,
                      double *high)
{
    const bool own = o->low == 0.0 && o->high == 0.0;
    *low = own ? g->info.low : o->low;
    *high = own ? g->info.high : o->high;
}

/* Whether the disc is meant: its domain was not changed. */
static bool on_disc(const synth_generator *g, const gndp_synth_options *o)
{
    return g->radius > 0.0 && o->low == 0.0 && o->high == 0.0;
}

gndp_coords synth_coords(const synth_generator *generator)
{
    static const char *const names[2][2] = {{"x1", "x2"}, {"latitude", "longitude"}};
    static const char *const units[2][2] = {{"1", "1"}, {"degrees_north", "degrees_east"}};
    const bool sphere = generator->info.space == GNDP_SPACE_SPHERE;
    gndp_coords coords = {.space = generator->info.space,
                          .layout = GNDP_LAYOUT_LIST,
                          .columns = generator->info.columns};
    for (int c = 0; c < coords.columns; c++) {
        gndp_axis *axis = &coords.axis[c];
        snprintf(axis->name, sizeof axis->name, "%s", names[sphere][c]);
        snprintf(axis->standard_name, sizeof axis->standard_name, "%s", sphere ? names[1][c] : "");
        snprintf(axis->units, sizeof axis->units, "%s", units[sphere][c]);
    }
    return coords;
}

gndp_status synth_points_random(const synth_generator *g, const gndp_synth_options *o,
                                uint32_t member, int64_t n, double *x)
{
    gndp_status st = GNDP_OK;
    const int C = g->info.columns;
    double low, high;
    domain_of(g, o, &low, &high);
    GNDP_TRY(gndp_random_uniform_f64(o->seed, 0, member, GNDP_STREAM(SYNTH_STREAM_POINTS, 0), 0,
                                     n * C, x));
    for (int64_t i = 0; i < n; i++) {
        double *p = x + i * C;
        if (g->info.space == GNDP_SPACE_SPHERE) { /* sine of latitude and longitude are uniform */
            p[0] = asin(2.0 * p[0] - 1.0) * 180.0 / pi;
            p[1] *= 360.0;
        } else if (on_disc(g, o)) { /* so are the squared radius and the angle */
            const double r = g->radius * sqrt(p[0]), angle = 2.0 * pi * p[1];
            p[0] = r * cos(angle);
            p[1] = r * sin(angle);
        } else {
            for (int c = 0; c < C; c++)
                p[c] = low + (high - low) * p[c];
        }
    }
done:
    return st;
}

/* Unit vectors of latitude, longitude [n, 2]; a pole keeps its meridian, so that tangent fields
 * have a frame there. */
static gndp_status embed(int64_t n, const double *x, double **unit)
{
    gndp_status st = GNDP_OK;
    double *columns = malloc(2 * (size_t)n * sizeof *columns);
    *unit = malloc(3 * (size_t)n * sizeof **unit);
    GNDP_CHECK(columns != NULL && *unit != NULL, GNDP_ERR_NOMEM, "%lld points", (long long)n);
    for (int64_t i = 0; i < n; i++) {
        GNDP_CHECK(fabs(x[2 * i]) <= 90.0, GNDP_ERR_RANGE,
                   "latitude %g of point %lld is outside -90..90", x[2 * i], (long long)i);
        columns[i] = x[2 * i];
        columns[n + i] = x[2 * i + 1];
    }
    gndp_sphere_from_degrees(n, columns, columns + n, *unit);
done:
    free(columns);
    return st;
}

gndp_status synth_sampler_listed(const synth_generator *g, int64_t n, const double *x,
                                 synth_sampler *out)
{
    gndp_status st = GNDP_OK;
    const int C = g->info.columns;
    double *unit = NULL;
    *out = (synth_sampler){.generator = g, .n = n};
    for (int64_t i = 0; i < n * C; i++)
        GNDP_CHECK(isfinite(x[i]), GNDP_ERR_NONFINITE, "coordinate %lld of point %lld is %g",
                   (long long)(i % C), (long long)(i / C), x[i]);
    double *seen = (double *)(uintptr_t)x; /* a view never writes */
    int D = C;
    if (g->info.space == GNDP_SPACE_SPHERE) {
        GNDP_TRY(embed(n, x, &unit));
        seen = unit;
        D = 3;
    }
    const synth_places places = {
        .points = {.kind = GNDP_POINTS_LIST,
                   .x = gndp_array_view(gndp_type_2d(GNDP_F64, n, D), seen)},
        .n = n,
        .x = x};
    GNDP_TRY(g->prepare(g, &places, out));
done:
    free(unit);
    if (st != GNDP_OK)
        synth_sampler_clear(out);
    return st;
}

static gndp_status make_axis(double low, double high, int64_t n, double **out)
{
    gndp_status st = GNDP_OK;
    *out = malloc((size_t)n * sizeof **out);
    GNDP_CHECK(*out != NULL, GNDP_ERR_NOMEM, "an axis of %lld values", (long long)n);
    for (int64_t i = 0; i < n; i++) { /* symmetric: both ends exact */
        const double s = n > 1 ? (double)i / (double)(n - 1) : 0.5;
        (*out)[i] = low * (1.0 - s) + high * s;
    }
done:
    return st;
}

/* Latitudes in the middles of n bands, or n longitudes from 0. */
static gndp_status make_sphere_axis(bool latitude, int64_t n, double **out)
{
    gndp_status st = GNDP_OK;
    *out = malloc((size_t)n * sizeof **out);
    GNDP_CHECK(*out != NULL, GNDP_ERR_NOMEM, "an axis of %lld values", (long long)n);
    for (int64_t i = 0; i < n; i++)
        (*out)[i] =
            latitude ? 90.0 * (double)(2 * i + 1 - n) / (double)n : 360.0 * (double)i / (double)n;
done:
    return st;
}

/* Points along the axes: as given, or of `points` the square grid, on the sphere n by 2 n. */
static gndp_status size_of(const synth_generator *g, const gndp_synth_options *o, int64_t size[2])
{
    gndp_status st = GNDP_OK;
    const int C = g->info.columns;
    const int wide = g->info.space == GNDP_SPACE_SPHERE ? 2 : 1;
    const int64_t points = o->points > 0 ? o->points : g->info.points;
    size[0] = o->size[0];
    size[1] = C > 1 ? o->size[1] : 1;
    if (size[0] == 0 && C == 1)
        size[0] = points;
    if (size[0] == 0) {
        const int64_t n = (int64_t)floor(sqrt((double)points / wide));
        GNDP_CHECK(n >= 1 && wide * n * n == points, GNDP_ERR_RANGE,
                   "%s: %lld points make no grid of n x %s; %lld or %lld do", g->info.name,
                   (long long)points, wide == 2 ? "2 n" : "n", (long long)(wide * n * n),
                   (long long)(wide * (n + 1) * (n + 1)));
        size[0] = n;
        size[1] = wide * n;
    }
    GNDP_CHECK(size[0] >= 1 && size[1] >= 1 && size[0] <= INT64_C(100000000) / size[1],
               GNDP_ERR_RANGE, "%s: a grid of %lld x %lld points", g->info.name, (long long)size[0],
               (long long)size[1]);
done:
    return st;
}

/* The points of a square grid within the radius, in the grid's order: the last coordinate varies
 * fastest. */
static gndp_status make_disc(const synth_generator *g, synth_grid *out)
{
    gndp_status st = GNDP_OK;
    const int64_t m = g->side;
    int64_t n = 0;
    GNDP_TRY(make_axis(g->info.low, g->info.high, m, &out->axis[0]));
    out->x = malloc(2 * (size_t)(m * m) * sizeof *out->x);
    GNDP_CHECK(out->x != NULL, GNDP_ERR_NOMEM, "%lld points", (long long)(m * m));
    for (int64_t i = 0; i < m * m; i++) {
        const double x1 = out->axis[0][i / m], x2 = out->axis[0][i % m];
        if (hypot(x1, x2) > g->radius)
            continue;
        out->x[2 * n] = x1;
        out->x[2 * n++ + 1] = x2;
    }
    out->coords.n = n;
    out->coords.x = out->x;
    out->places =
        (synth_places){.points = {.kind = GNDP_POINTS_LIST,
                                  .x = gndp_array_view(gndp_type_2d(GNDP_F64, n, 2), out->x)},
                       .n = n,
                       .x = out->x};
done:
    return st;
}

static gndp_status make_product(const synth_generator *g, const gndp_synth_options *o,
                                synth_grid *out)
{
    gndp_status st = GNDP_OK;
    const int C = g->info.columns;
    const bool sphere = g->info.space == GNDP_SPACE_SPHERE;
    gndp_points *points = &out->places.points;
    int64_t size[2];
    double low, high;
    domain_of(g, o, &low, &high);
    GNDP_TRY(size_of(g, o, size));
    *points = (gndp_points){.kind = sphere ? GNDP_POINTS_LATLON : GNDP_POINTS_PRODUCT, .n_axes = C};
    out->coords.layout = GNDP_LAYOUT_PRODUCT;
    out->coords.n = size[0] * size[1];
    for (int c = 0; c < C; c++) {
        if (sphere)
            GNDP_TRY(make_sphere_axis(c == 0, size[c], &out->axis[c]));
        else
            GNDP_TRY(make_axis(low, high, size[c], &out->axis[c]));
        out->coords.axis[c].size = size[c];
        out->coords.axis[c].value = out->axis[c];
        points->axis[c] = out->axis[c];
        points->axis_size[c] = size[c];
    }
    if (sphere) {
        points->lat_deg = out->axis[0];
        points->n_lat = size[0];
        points->n_lon = size[1];
    }
    out->x = malloc((size_t)(out->coords.n * C) * sizeof *out->x);
    GNDP_CHECK(out->x != NULL, GNDP_ERR_NOMEM, "%lld points", (long long)out->coords.n);
    gndp_coords_list(&out->coords, out->x);
    out->places.n = out->coords.n;
    out->places.x = out->x;
done:
    return st;
}

gndp_status synth_grid_make(const synth_generator *g, const gndp_synth_options *o, synth_grid *out)
{
    *out = (synth_grid){.coords = synth_coords(g)};
    if (on_disc(g, o) && o->size[0] == 0 && (o->points == 0 || o->points == g->info.points))
        return make_disc(g, out);
    return make_product(g, o, out);
}

void synth_grid_clear(synth_grid *grid)
{
    free(grid->axis[0]);
    free(grid->axis[1]);
    free(grid->x);
    *grid = (synth_grid){0};
}
