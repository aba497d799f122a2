// SPDX-License-Identifier: Apache-2.0
// Points from the options --line, --plane, --grid, --scatter and --points.
#include "cli/places.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options.h"
#include "cli/select.h"
#include "cli/usage.h"

enum { DIMS_MAX = 8 };
static const int64_t points_max = 100000000; /* more is a slip of the pen */
static const double full_circle_deg = 360.0, half_circle_deg = 180.0;

typedef struct interval {
    double low, high;
} interval;

/* Split a copy of the text at a sign; gives the number of parts, -1 if there
 * are more than `max`. */
static int split(char *text, char sign, char **part, int max)
{
    int n = 0;
    for (char *rest = text; rest != NULL;) {
        char *next = strchr(rest, sign);
        if (next != NULL)
            *next++ = '\0';
        if (n == max)
            return -1;
        part[n++] = rest;
        rest = next;
    }
    return n;
}

static bool read_count(const char *text, int64_t *out)
{
    char *end;
    const long long n = strtoll(text, &end, 10);
    *out = n;
    return text[0] != '\0' && *end == '\0' && n >= 1 && n <= points_max;
}

static bool read_interval(const char *low, const char *high, interval *out)
{
    return gndp_number_read(low, &out->low) && gndp_number_read(high, &out->high) &&
           out->low < out->high;
}

/* A:B:N: N values from A to B, both ends included. */
static int make_axis(const char *option, const char *text, double **axis, int64_t *n)
{
    char copy[128], *part[3];
    interval range;
    snprintf(copy, sizeof copy, "%s", text);
    if (strlen(text) >= sizeof copy || split(copy, ':', part, 3) != 3 ||
        !read_interval(part[0], part[1], &range) || !read_count(part[2], n) || *n < 2)
        return gndp_usage_error("%s wants A:B:N, N >= 2 points from A to B > A, such as -2:2:101; "
                                "got '%s'",
                                option, text);
    *axis = malloc((size_t)*n * sizeof **axis);
    if (*axis == NULL)
        return gndp_failure_memory();
    for (int64_t i = 0; i < *n; i++) { /* symmetric: both ends exact */
        const double s = (double)i / (double)(*n - 1);
        (*axis)[i] = range.low * (1.0 - s) + range.high * s;
    }
    return GNDP_EXIT_DONE;
}

static int make_product(const char *option, const char *text, int n_axes, gndp_places *out)
{
    char copy[256], *part[2];
    snprintf(copy, sizeof copy, "%s", text);
    const int n = strlen(text) < sizeof copy ? split(copy, ',', part, n_axes) : -1;
    if (n < 1)
        return gndp_usage_error("%s wants %s, got '%s'", option,
                                n_axes == 1 ? "A:B:N" : "A:B:N or A:B:N,C:D:M", text);
    out->points = (gndp_points){.kind = GNDP_POINTS_PRODUCT, .n_axes = n_axes};
    for (int a = 0; a < n_axes; a++) {
        const int code =
            make_axis(option, part[a < n ? a : 0], &out->axis[a], &out->points.axis_size[a]);
        if (code != GNDP_EXIT_DONE)
            return code;
        out->points.axis[a] = out->axis[a];
    }
    const int64_t *size = out->points.axis_size;
    const double *x = out->axis[0], *y = out->axis[1];
    if (n_axes == 1)
        snprintf(out->text, sizeof out->text, "%lld points, x1 from %g to %g", (long long)size[0],
                 x[0], x[size[0] - 1]);
    else
        snprintf(out->text, sizeof out->text,
                 "%lld x %lld points, x1 from %g to %g, x2 from %g to %g", (long long)size[0],
                 (long long)size[1], x[0], x[size[0] - 1], y[0], y[size[1] - 1]);
    return GNDP_EXIT_DONE;
}

/* rNXxNY of CDO: NX longitudes from 0, NY latitudes; its latitudes are the
   middles of bands, with `poles` they run from pole to pole. */
static int make_grid(const char *text, bool poles, gndp_places *out)
{
    char copy[64], *part[2];
    int64_t nx = 0, ny = 0;
    snprintf(copy, sizeof copy, "%s", text);
    if (text[0] != 'r' || strlen(text) >= sizeof copy || split(copy + 1, 'x', part, 2) != 2 ||
        !read_count(part[0], &nx) || !read_count(part[1], &ny) || ny < 2)
        return gndp_usage_error("--grid wants rNXxNY (NX longitudes, NY latitudes, as CDO names "
                                "them), such as r360x180; got '%s'",
                                text);
    double *lat = malloc((size_t)ny * sizeof *lat);
    if (lat == NULL)
        return gndp_failure_memory();
    out->axis[0] = lat;
    out->axis[1] = malloc((size_t)nx * sizeof *out->axis[1]);
    if (out->axis[1] == NULL)
        return gndp_failure_memory();
    for (int64_t i = 0; i < nx; i++)
        out->axis[1][i] = full_circle_deg * (double)i / (double)nx;
    for (int64_t i = 0; i < ny; i++) {
        /* whole numbers as long as possible, so that -60 is -60 */
        const int64_t bands = poles ? ny - 1 : ny,
                      middle = poles ? 2 * i - bands : 2 * i + 1 - bands;
        lat[i] = 0.5 * half_circle_deg * (double)middle / (double)bands;
    }
    out->points = (gndp_points){
        .kind = GNDP_POINTS_LATLON, .lat_deg = lat, .n_lat = ny, .n_lon = nx, .lon0_deg = 0.0};
    out->sphere = true;
    snprintf(out->text, sizeof out->text, "%lld x %lld latitudes x longitudes, lat from %g to %g",
             (long long)ny, (long long)nx, lat[0], lat[ny - 1]);
    return GNDP_EXIT_DONE;
}

static int show_grid(gndp_places *out)
{
    const int64_t n_lon = out->points.n_lon;
    double *shown = out->shown.data;
    for (int64_t i = 0; i < out->n; i++) {
        shown[2 * i] = out->points.lat_deg[i / n_lon];
        shown[2 * i + 1] = out->axis[1][i % n_lon];
    }
    return GNDP_EXIT_DONE;
}

static int make_arrays(gndp_places *out, int64_t n, int columns)
{
    int code = GNDP_EXIT_DONE;
    out->n = n;
    GNDP_LIBRARY(gndp_array_create(gndp_type_2d(GNDP_F64, n, columns), &out->shown));
    GNDP_LIBRARY(gndp_array_create(gndp_type_2d(GNDP_F64, n, out->sphere ? 3 : columns), &out->x));
done:
    return code;
}

int gndp_places_check_degrees(const char *file, const int64_t *line, int64_t n,
                              const double *degrees)
{
    for (int64_t i = 0; i < n; i++) {
        const double lat = degrees[2 * i], lon = degrees[2 * i + 1];
        if (!(fabs(lat) <= 90.0) || !(lon >= -full_circle_deg && lon <= 2.0 * full_circle_deg))
            return gndp_failure("%s:%lld: latitude %g, longitude %g; wanted are degrees, latitude "
                                "within -90..90 and longitude within -360..720",
                                file, (long long)(line != NULL ? line[i] : i + 1), lat, lon);
    }
    return GNDP_EXIT_DONE;
}

int gndp_places_to_sphere(const char *file, const int64_t *line, int64_t n, const double *degrees,
                          double *x)
{
    const int code = gndp_places_check_degrees(file, line, n, degrees);
    double *lat = malloc(2 * (size_t)n * sizeof *lat), *lon = lat + n;
    if (code != GNDP_EXIT_DONE || lat == NULL) {
        free(lat);
        return code != GNDP_EXIT_DONE ? code : gndp_failure_memory();
    }
    for (int64_t i = 0; i < n; i++) {
        lat[i] = degrees[2 * i];
        lon[i] = degrees[2 * i + 1];
    }
    gndp_sphere_from_degrees(n, lat, lon, x);
    free(lat);
    return GNDP_EXIT_DONE;
}

/* Points of a file: the columns x1 .. xD, or lat and lon, in that order, and no other. */
static int check_columns(const gndp_csv *csv, bool sphere)
{
    for (int c = 0; c < csv->n_columns; c++) {
        char want[16];
        gndp_places_column(sphere, c, want);
        const bool alone = csv->n_columns == 1 && strcmp(csv->name[0], "x") == 0;
        if ((sphere && c > 1) || (strcmp(csv->name[c], want) != 0 && !alone))
            return gndp_failure(
                "%s: column %d is '%s'; a file of points has the columns x1, x2, .. "
                "or lat, lon and no other",
                csv->path, c + 1, csv->name[c]);
    }
    if (sphere && csv->n_columns != 2)
        return gndp_failure("%s: a column lat wants a column lon behind it", csv->path);
    if (csv->n_rows == 0 || csv->n_columns > DIMS_MAX)
        return csv->n_rows == 0 ? gndp_failure("%s has no rows", csv->path)
                                : gndp_failure("%s: more than %d coordinates", csv->path, DIMS_MAX);
    return GNDP_EXIT_DONE;
}

static int make_from_file(const char *path, gndp_places *out)
{
    int code = GNDP_EXIT_DONE;
    gndp_csv csv = {0};
    GNDP_LIBRARY(gndp_csv_read(path, true, &csv));
    out->sphere = strcmp(csv.name[0], "lat") == 0;
    GNDP_STEP(check_columns(&csv, out->sphere));
    GNDP_STEP(make_arrays(out, csv.n_rows, csv.n_columns));
    double *shown = out->shown.data;
    for (int64_t i = 0; i < csv.n_rows; i++)
        for (int c = 0; c < csv.n_columns; c++)
            GNDP_LIBRARY(gndp_csv_number(&csv, i, c, &shown[i * csv.n_columns + c]));
    if (out->sphere)
        GNDP_STEP(gndp_places_to_sphere(csv.path, csv.line, csv.n_rows, shown, out->x.data));
    else
        memcpy(out->x.data, shown, gndp_type_bytes(out->x.type));
    snprintf(out->text, sizeof out->text, "%lld points of %.100s", (long long)out->n, path);
done:
    gndp_csv_free(&csv);
    return code;
}

/* N places uniform on the sphere: longitude and sine of latitude are uniform. */
static int scatter_sphere(uint64_t seed, gndp_places *out)
{
    int code = GNDP_EXIT_DONE;
    double *shown = out->shown.data;
    GNDP_LIBRARY(gndp_random_uniform_f64(seed, 0, 0, GNDP_STREAM(0x5ca7, 0), 0, 2 * out->n, shown));
    for (int64_t i = 0; i < out->n; i++) {
        shown[2 * i] = asin(2.0 * shown[2 * i] - 1.0) * half_circle_deg / acos(-1.0);
        shown[2 * i + 1] *= full_circle_deg;
    }
    GNDP_STEP(gndp_places_to_sphere("--scatter", NULL, out->n, shown, out->x.data));
done:
    return code;
}

/* A:B[,C:D..]:N or sphere:N: N places, uniform. */
static int make_scatter(const char *text, uint64_t seed, gndp_places *out)
{
    int code = GNDP_EXIT_DONE;
    char copy[256], *part[DIMS_MAX], *ends[2];
    interval range[DIMS_MAX];
    int64_t n = 0;
    snprintf(copy, sizeof copy, "%s", text);
    char *colon = strrchr(copy, ':');
    int dims = -1;
    if (colon != NULL && strlen(text) < sizeof copy && read_count(colon + 1, &n)) {
        *colon = '\0';
        out->sphere = strcmp(copy, "sphere") == 0;
        dims = out->sphere ? 2 : split(copy, ',', part, DIMS_MAX);
    }
    for (int d = 0; d < dims && !out->sphere; d++)
        if (split(part[d], ':', ends, 2) != 2 || !read_interval(ends[0], ends[1], &range[d])) {
            dims = -1;
        }
    if (dims < 1)
        return gndp_usage_error("--scatter wants A:B:N, A:B,C:D:N or sphere:N, N random points; "
                                "got '%s'",
                                text);
    GNDP_STEP(make_arrays(out, n, dims));
    snprintf(out->text, sizeof out->text, "%lld random points %s", (long long)n,
             out->sphere ? "on the sphere" : "in a box");
    if (out->sphere)
        return scatter_sphere(seed, out);
    double *shown = out->shown.data;
    GNDP_LIBRARY(gndp_random_uniform_f64(seed, 0, 0, GNDP_STREAM(0x5ca7, 0), 0, n * dims, shown));
    for (int64_t i = 0; i < n * dims; i++)
        shown[i] = range[i % dims].low + (range[i % dims].high - range[i % dims].low) * shown[i];
    memcpy(out->x.data, shown, (size_t)(n * dims) * sizeof *shown);
done:
    return code;
}

/* ---- As files have them ------------------------------------------------------------------------
 */

static void name_axes(gndp_places *out)
{
    static const char *const units[2] = {"degrees_north", "degrees_east"};
    static const char *const names[2] = {"latitude", "longitude"};
    gndp_coords *coords = &out->coords;
    coords->space = out->sphere ? GNDP_SPACE_SPHERE : GNDP_SPACE_EUCLIDEAN;
    coords->columns = gndp_places_columns(out);
    coords->n = out->n;
    for (int c = 0; c < coords->columns && c < GNDP_MAX_AXES; c++) {
        gndp_axis *axis = &coords->axis[c];
        if (out->sphere)
            snprintf(axis->name, sizeof axis->name, "%s", names[c]);
        else
            snprintf(axis->name, sizeof axis->name, "x%d", c + 1);
        snprintf(axis->standard_name, sizeof axis->standard_name, "%s",
                 out->sphere ? names[c] : "");
        snprintf(axis->units, sizeof axis->units, "%s", out->sphere ? units[c] : "1");
    }
    if (out->points.kind == GNDP_POINTS_LIST) {
        coords->layout = GNDP_LAYOUT_LIST;
        coords->x = out->shown.data;
        return;
    }
    const bool latlon = out->points.kind == GNDP_POINTS_LATLON;
    const int64_t size[2] = {latlon ? out->points.n_lat : out->points.axis_size[0],
                             latlon ? out->points.n_lon : out->points.axis_size[1]};
    coords->layout = GNDP_LAYOUT_PRODUCT;
    for (int c = 0; c < coords->columns; c++) {
        coords->axis[c].size = size[c];
        coords->axis[c].value = out->axis[c];
    }
}

/* A grid that goes round the globe at equal steps to the east has a law of its own kind. */
static bool is_latlon(const gndp_coords *coords)
{
    if (coords->space != GNDP_SPACE_SPHERE || !gndp_coords_periodic(coords))
        return false;
    const gndp_axis *lon = &coords->axis[1];
    const double step = full_circle_deg / (double)lon->size;
    for (int64_t i = 1; i < lon->size; i++)
        if (fabs(lon->value[i] - lon->value[0] - (double)i * step) > 1e-4 * step)
            return false;
    return true;
}

int gndp_places_of_set(const gndp_fieldset *set, gndp_places *out)
{
    int code = GNDP_EXIT_DONE;
    const gndp_fieldset_spec *spec = gndp_fieldset_get_spec(set);
    const char *origin = spec->origin != NULL ? spec->origin : "the file";
    if (!gndp_fieldset_shared(set))
        return gndp_failure("%s: every field has its own points; name points", origin);
    out->sphere = spec->coords.space == GNDP_SPACE_SPHERE;
    GNDP_STEP(make_arrays(out, spec->coords.n, spec->coords.columns));
    GNDP_LIBRARY(gndp_fieldset_coords(set, 0, out->shown.data));
    if (out->sphere)
        GNDP_STEP(gndp_places_to_sphere(origin, NULL, out->n, out->shown.data, out->x.data));
    else
        memcpy(out->x.data, out->shown.data, gndp_type_bytes(out->x.type));
    out->points = (gndp_points){.kind = GNDP_POINTS_LIST, .x = out->x};
    if (is_latlon(&spec->coords))
        out->points = (gndp_points){.kind = GNDP_POINTS_LATLON,
                                    .lat_deg = spec->coords.axis[0].value,
                                    .n_lat = spec->coords.axis[0].size,
                                    .n_lon = spec->coords.axis[1].size,
                                    .lon0_deg = spec->coords.axis[1].value[0]};
    out->coords = spec->coords;
    snprintf(out->text, sizeof out->text, "the %lld points of %.100s", (long long)out->n, origin);
done:
    return code;
}

static int make_like(const char *path, gndp_places *out)
{
    int code = GNDP_EXIT_DONE;
    const cli_select everything = {0};
    const gndp_logger silent = {0};
    GNDP_STEP(cli_select_open(&everything, &path, 1, &silent, NULL, &out->set));
    if (out->set == NULL)
        return gndp_failure("%s holds no fields whose points could be taken", path);
    GNDP_STEP(gndp_places_of_set(out->set, out));
done:
    return code;
}

bool gndp_places_named(const gndp_place_options *o)
{
    return o->line != NULL || o->plane != NULL || o->grid != NULL || o->scatter != NULL ||
           o->points != NULL || o->like != NULL || o->poles;
}

static int make_product_or_grid(const gndp_place_options *o, gndp_places *out)
{
    int code = GNDP_EXIT_DONE;
    if (o->line != NULL)
        GNDP_STEP(make_product("--line", o->line, 1, out));
    else if (o->plane != NULL)
        GNDP_STEP(make_product("--plane", o->plane, 2, out));
    else
        GNDP_STEP(make_grid(o->grid, o->poles, out));
    const int64_t n = gndp_points_count(&out->points);
    if (n < 1 || n > points_max)
        return gndp_usage_error("that is more than %lld points", (long long)points_max);
    GNDP_STEP(make_arrays(out, n, out->sphere ? 2 : out->points.n_axes));
    GNDP_LIBRARY(gndp_points_list(&out->points, &out->x));
    if (out->sphere)
        return show_grid(out);
    memcpy(out->shown.data, out->x.data, gndp_type_bytes(out->x.type));
done:
    return code;
}

int gndp_places_make(const gndp_place_options *o, uint64_t seed, gndp_places *out)
{
    int code = GNDP_EXIT_DONE;
    const int named = (o->line != NULL) + (o->plane != NULL) + (o->grid != NULL) +
                      (o->scatter != NULL) + (o->points != NULL) + (o->like != NULL);
    *out = (gndp_places){0};
    if (named != 1)
        return gndp_usage_error("%s of --line, --plane, --grid, --scatter, --points and --like is "
                                "wanted",
                                named == 0 ? "one" : "only one");
    if (o->poles && o->grid == NULL)
        return gndp_usage_error("--poles belongs to --grid");
    if (o->like != NULL)
        return make_like(o->like, out);
    if (o->points != NULL || o->scatter != NULL) {
        GNDP_STEP(o->points != NULL ? make_from_file(o->points, out)
                                    : make_scatter(o->scatter, seed, out));
        out->points = (gndp_points){.kind = GNDP_POINTS_LIST, .x = out->x};
    } else {
        GNDP_STEP(make_product_or_grid(o, out));
    }
    name_axes(out);
done:
    return code;
}

void gndp_places_free(gndp_places *places)
{
    gndp_fieldset_free(places->set);
    gndp_array_free(&places->x);
    gndp_array_free(&places->shown);
    free(places->axis[0]);
    free(places->axis[1]);
    *places = (gndp_places){0};
}

int gndp_places_columns(const gndp_places *places)
{
    return (int)places->shown.type.dim[1];
}

void gndp_places_column(bool sphere, int column, char name[16])
{
    if (sphere)
        snprintf(name, 16, "%s", column == 0 ? "lat" : "lon");
    else
        snprintf(name, 16, "x%d", column + 1);
}

void gndp_places_write_header(FILE *file, const gndp_places *places)
{
    for (int c = 0; c < gndp_places_columns(places); c++) {
        char name[16];
        gndp_places_column(places->sphere, c, name);
        fprintf(file, c == 0 ? "%s" : ",%s", name);
    }
}

void gndp_places_write(FILE *file, const gndp_places *places, int64_t i)
{
    const int columns = gndp_places_columns(places);
    const double *shown = places->shown.data;
    for (int c = 0; c < columns; c++) {
        if (c > 0)
            fputc(',', file);
        fputs(gndp_csv_number_text(shown[i * columns + c]).text, file);
    }
}
