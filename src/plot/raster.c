// SPDX-License-Identifier: Apache-2.0
// Fields as images: each pixel looks up the cell of the grid that it lies in, whatever the
// projection.
#include "plot/maps.h"

#if GNDP_HAVE_CAIRO
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

/* ---- Places of pixels ----------------------------------------------------------------------- */

/* A place is on the map if it is in the region and projects to where it was found: far from its
 * middle a projection may fold. */
static bool on_map(const plot_view *v, const plot_box *box, double x, double y, double *lat,
                   double *lon)
{
    const plot_region *r = &v->region;
    double px, py;
    if (!plot_view_place(v, box, x, y, lat, lon))
        return false;
    if (!r->sphere)
        return true;
    while (*lon < r->west)
        *lon += 360.0;
    while (*lon > r->east && *lon - 360.0 >= r->west)
        *lon -= 360.0;
    if (*lat < r->south - 1e-6 || *lat > r->north + 1e-6 || *lon > r->east + 1e-6)
        return false;
    return v->outline ||
           (plot_view_point(v, box, *lat, *lon, &px, &py) && hypot(px - x, py - y) < 1.0);
}

gndp_status plot_raster_make(const plot_maps *maps, plot_raster *out)
{
    gndp_status st = GNDP_OK;
    const plot_box *box = &maps->box[0];
    *out = (plot_raster){.width = (int)lround(box->width * PLOT_DPI / 72.0),
                         .height = (int)lround(box->height * PLOT_DPI / 72.0)};
    out->width = out->width > 1 ? out->width : 1;
    out->height = out->height > 1 ? out->height : 1;
    const size_t n = (size_t)out->width * (size_t)out->height;
    out->lat = malloc(n * sizeof *out->lat);
    out->lon = malloc(n * sizeof *out->lon);
    GNDP_CHECK(out->lat != NULL && out->lon != NULL, GNDP_ERR_NOMEM, "%zu pixels", n);
    for (int j = 0; j < out->height; j++)
        for (int i = 0; i < out->width; i++) {
            const size_t k = (size_t)j * (size_t)out->width + (size_t)i;
            const double x = box->x + box->width * (i + 0.5) / out->width,
                         y = box->y + box->height * (j + 0.5) / out->height;
            if (!on_map(&maps->view, box, x, y, &out->lat[k], &out->lon[k]))
                out->lat[k] = out->lon[k] = (double)NAN;
        }
done:
    return st;
}

void plot_raster_free(plot_raster *raster)
{
    free(raster->lat);
    free(raster->lon);
    *raster = (plot_raster){0};
}

/* ---- Cells ---------------------------------------------------------------------------------- */

/* One axis of a grid, rising. */
typedef struct ruler {
    int64_t n;
    double *value, *edge; /* [n], [n + 1] */
    bool turned;          /* the axis falls: index n - 1 - i */
    bool circle;
} ruler;

static void ruler_free(ruler *r)
{
    free(r->value);
    free(r->edge);
}

static gndp_status ruler_make(const gndp_axis *axis, bool latitude, bool circle, ruler *out)
{
    gndp_status st = GNDP_OK;
    const int64_t n = axis->size;
    *out = (ruler){.n = n, .turned = n > 1 && axis->value[1] < axis->value[0], .circle = circle};
    out->value = malloc((size_t)n * sizeof *out->value);
    out->edge = malloc(((size_t)n + 1) * sizeof *out->edge);
    GNDP_CHECK(out->value != NULL && out->edge != NULL, GNDP_ERR_NOMEM, "%lld values",
               (long long)n);
    for (int64_t i = 0; i < n; i++)
        out->value[i] = axis->value[out->turned ? n - 1 - i : i];
    plot_axis_edges(n, out->value, out->edge);
    if (latitude) {
        out->edge[0] = fmax(out->edge[0], -90.0);
        out->edge[n] = fmin(out->edge[n], 90.0);
    }
    if (circle) /* no gap where the circle closes */
        out->edge[n] = out->edge[0] + 360.0;
done:
    return st;
}

/* The longitude that a ruler knows a place by. */
static double on_ruler(const ruler *r, double x)
{
    return x - 360.0 * floor((x - r->edge[0]) / 360.0);
}

/* Last i with list[i] <= x, of n >= 2 values; -1 below the first. */
static int64_t search(const double *list, int64_t n, double x)
{
    int64_t a = 0, b = n;
    while (a < b) {
        const int64_t m = (a + b) / 2;
        if (list[m] <= x)
            a = m + 1;
        else
            b = m;
    }
    return a - 1;
}

static int64_t cell(const ruler *r, double x)
{
    if (!(x >= r->edge[0] && x <= r->edge[r->n]))
        return -1;
    const int64_t i = search(r->edge, r->n + 1, x);
    return i < r->n ? i : r->n - 1;
}

/* The two values around x and the share of the second. */
static void neighbours(const ruler *r, double x, int64_t out[2], double *share)
{
    const int64_t i = search(r->value, r->n, x);
    const bool outside = i < 0 || i == r->n - 1;
    *share = 0.0;
    if (outside && !r->circle) {
        out[0] = out[1] = i < 0 ? 0 : r->n - 1;
        return;
    }
    out[0] = outside ? r->n - 1 : i;
    out[1] = outside ? 0 : i + 1;
    double a = r->value[out[0]], b = r->value[out[1]];
    a -= outside && i < 0 ? 360.0 : 0.0;
    b += outside && i >= 0 ? 360.0 : 0.0;
    *share = (x - a) / (b - a);
}

typedef struct grid {
    ruler lat, lon;
    const double *value;
} grid;

static double value_at(const grid *g, int64_t i, int64_t j)
{
    const int64_t row = g->lat.turned ? g->lat.n - 1 - i : i,
                  column = g->lon.turned ? g->lon.n - 1 - j : j;
    return g->value[row * g->lon.n + column];
}

/* false: not on the grid. */
static bool look_up(const grid *g, bool sphere, bool smooth, double lat, double lon, double *out)
{
    const double x = sphere ? on_ruler(&g->lon, lon) : lon;
    const int64_t i = cell(&g->lat, lat), j = cell(&g->lon, x);
    if (i < 0 || j < 0)
        return false;
    *out = value_at(g, i, j);
    if (!smooth || isnan(*out))
        return true;
    int64_t a[2], b[2];
    double s, t;
    neighbours(&g->lat, lat, a, &s);
    neighbours(&g->lon, x, b, &t);
    const double mixed =
        (1.0 - s) * ((1.0 - t) * value_at(g, a[0], b[0]) + t * value_at(g, a[0], b[1])) +
        s * ((1.0 - t) * value_at(g, a[1], b[0]) + t * value_at(g, a[1], b[1]));
    *out = isnan(mixed) ? *out : mixed; /* beside a missing value: the cell's own */
    return true;
}

/* ---- Image ---------------------------------------------------------------------------------- */

static uint32_t pixel(plot_rgb c)
{
    return 0xFF000000u | (uint32_t)lround(255.0 * c.r) << 16 | (uint32_t)lround(255.0 * c.g) << 8 |
           (uint32_t)lround(255.0 * c.b);
}

static void paint_grid(const plot_maps *maps, int m, const plot_raster *raster, const grid *g,
                       unsigned char *data, int stride)
{
    const plot_scale *scale = &maps->scale[maps->map[m].scale];
    double value;
    for (int j = 0; j < raster->height; j++)
        for (int i = 0; i < raster->width; i++) {
            const size_t k = (size_t)j * (size_t)raster->width + (size_t)i;
            uint32_t colour = 0; /* transparent */
            if (!isnan(raster->lat[k]) &&
                look_up(g, maps->view.region.sphere, maps->options->smooth, raster->lat[k],
                        raster->lon[k], &value))
                colour = pixel(isfinite(value) ? plot_palette_at(&scale->palette, scale->low,
                                                                 scale->high, value)
                                               : plot_missing);
            memcpy(data + (size_t)j * (size_t)stride + 4 * (size_t)i, &colour, sizeof colour);
        }
}

static void paint_land(const plot_raster *raster, const gndp_coast *coast, unsigned char *data,
                       int stride)
{
    const uint32_t land = pixel((plot_rgb){0.90, 0.89, 0.87});
    for (int j = 0; j < raster->height; j++)
        for (int i = 0; i < raster->width; i++) {
            const size_t k = (size_t)j * (size_t)raster->width + (size_t)i;
            const uint32_t colour =
                !isnan(raster->lat[k]) && gndp_coast_is_land(coast, raster->lat[k], raster->lon[k])
                    ? land
                    : 0;
            memcpy(data + (size_t)j * (size_t)stride + 4 * (size_t)i, &colour, sizeof colour);
        }
}

gndp_status plot_field_draw(cairo_t *cr, const plot_maps *maps, int m, const plot_raster *raster,
                            const gndp_coast *coast)
{
    gndp_status st = GNDP_OK;
    const gndp_coords *c = maps->map[m].coords;
    const bool field = c != NULL && maps->map[m].value != NULL && c->layout == GNDP_LAYOUT_PRODUCT,
               sphere = maps->view.region.sphere;
    const plot_box *box = &maps->box[m];
    grid g = {.value = maps->map[m].value};
    cairo_surface_t *image = NULL;
    if (!field && (coast == NULL || !sphere))
        return GNDP_OK;
    image = cairo_image_surface_create(CAIRO_FORMAT_ARGB32, raster->width, raster->height);
    GNDP_CHECK(cairo_surface_status(image) == CAIRO_STATUS_SUCCESS, GNDP_ERR_NOMEM,
               "an image of %d x %d pixels", raster->width, raster->height);
    unsigned char *data = cairo_image_surface_get_data(image);
    const int stride = cairo_image_surface_get_stride(image);
    cairo_surface_flush(image);
    if (field) {
        GNDP_TRY(ruler_make(&c->axis[0], sphere, false, &g.lat));
        GNDP_TRY(ruler_make(&c->axis[1], false, gndp_coords_periodic(c), &g.lon));
        paint_grid(maps, m, raster, &g, data, stride);
    } else {
        paint_land(raster, coast, data, stride);
    }
    cairo_surface_mark_dirty(image);
    cairo_save(cr);
    cairo_translate(cr, box->x, box->y);
    cairo_scale(cr, box->width / raster->width, box->height / raster->height);
    cairo_set_source_surface(cr, image, 0.0, 0.0);
    cairo_pattern_set_filter(cairo_get_source(cr), CAIRO_FILTER_NEAREST);
    cairo_paint(cr);
    cairo_restore(cr);
done:
    if (image != NULL)
        cairo_surface_destroy(image);
    ruler_free(&g.lat);
    ruler_free(&g.lon);
    return st;
}

#endif
