// SPDX-License-Identifier: Apache-2.0
// Points of fields: listing, embedding, and the checks of what any file could have got wrong.
#include <math.h>
#include <string.h>

#include "base/error.h"
#include "fields/angle.h"
#include "fields/coords.h"

bool gndp_coords_periodic(const gndp_coords *coords)
{
    if (coords->space != GNDP_SPACE_SPHERE || coords->layout != GNDP_LAYOUT_PRODUCT)
        return false;
    const gndp_axis *lon = &coords->axis[1];
    if (lon->size < 2)
        return false;
    const double step = (lon->value[lon->size - 1] - lon->value[0]) / (double)(lon->size - 1);
    /* Axes are often stored as float: 359.75 has 3e-5 of rounding, which a step of 0.25 must bear.
     */
    const double tolerance = 1e-3 * fabs(step);
    for (int64_t i = 0; i + 1 < lon->size; i++)
        if (fabs(lon->value[i + 1] - lon->value[i] - step) > tolerance)
            return false;
    return fabs(fabs(step) * (double)lon->size - 360.0) <= tolerance;
}

void gndp_coords_list(const gndp_coords *coords, double *x)
{
    const int columns = coords->columns;
    if (coords->layout == GNDP_LAYOUT_LIST) {
        if (coords->n > 0)
            memcpy(x, coords->x, (size_t)coords->n * (size_t)columns * sizeof *x);
        return;
    }
    int64_t at[GNDP_MAX_AXES] = {0};
    for (int64_t i = 0; i < coords->n; i++) {
        for (int c = 0; c < columns; c++)
            x[i * columns + c] = coords->axis[c].value[at[c]];
        for (int c = columns - 1; c >= 0; c--) { /* the last axis varies fastest */
            if (++at[c] < coords->axis[c].size)
                break;
            at[c] = 0;
        }
    }
}

int gndp_coords_dim(const gndp_coords *coords)
{
    return coords->space == GNDP_SPACE_SPHERE ? 3 : coords->columns;
}

void gndp_coords_embed(gndp_space space, int columns, int64_t n, const double *x, double *out)
{
    if (space == GNDP_SPACE_EUCLIDEAN) {
        if (n > 0)
            memmove(out, x, (size_t)n * (size_t)columns * sizeof *out);
        return;
    }
    for (int64_t i = 0; i < n; i++) {
        double sin_lat, cos_lat, sin_lon, cos_lon;
        gndp_sincos_deg(x[2 * i], &sin_lat, &cos_lat);
        gndp_sincos_deg(x[2 * i + 1], &sin_lon, &cos_lon);
        out[3 * i] = cos_lat * cos_lon + 0.0; /* the pole times a negative is not -0 */
        out[3 * i + 1] = cos_lat * sin_lon + 0.0;
        out[3 * i + 2] = sin_lat;
    }
}

double gndp_lat_clamp(double lat_deg)
{
    const double excess = fabs(lat_deg) - 90.0;
    return excess > 0.0 && excess <= GNDP_LAT_SLACK ? copysign(90.0, lat_deg) : lat_deg;
}

static const char *axis_name(const gndp_coords *coords, int c)
{
    static const char *const sphere[2] = {"latitude", "longitude"};
    static const char *const plain[GNDP_MAX_AXES] = {"1", "2", "3", "4"};
    if (coords->axis[c].name[0] != '\0')
        return coords->axis[c].name;
    return coords->space == GNDP_SPACE_SPHERE ? sphere[c] : plain[c];
}

bool gndp_text_closed(const char *text, size_t size)
{
    return memchr(text, '\0', size) != NULL;
}

/* What holds for one coordinate by itself. */
static gndp_status check_value(const gndp_coords *coords, int c, int64_t i, double v)
{
    gndp_status st = GNDP_OK;
    const char *name = axis_name(coords, c);
    GNDP_CHECK(isfinite(v), GNDP_ERR_NONFINITE, "axis '%s', value %lld is %g", name, (long long)i,
               v);
    if (coords->space == GNDP_SPACE_SPHERE && c == 0)
        GNDP_CHECK(fabs(v) <= 90.0 + GNDP_LAT_SLACK, GNDP_ERR_RANGE,
                   "axis '%s', value %lld: latitude %.9g is outside -90..90", name, (long long)i,
                   v);
    if (coords->space == GNDP_SPACE_SPHERE && c == 1)
        GNDP_CHECK(v >= -360.0 && v <= 720.0, GNDP_ERR_RANGE,
                   "axis '%s', value %lld: longitude %.9g is outside -360..720", name, (long long)i,
                   v);
done:
    return st;
}

/* Once round and further: the first and the last longitude are one, or the axis overlaps itself. */
static gndp_status check_circle(const gndp_coords *coords, double narrowest)
{
    gndp_status st = GNDP_OK;
    const gndp_axis *lon = &coords->axis[1];
    const double west = lon->value[0], east = lon->value[lon->size - 1];
    const double open = 360.0 - fabs(east - west);
    /* Float axes end at 359.99997 instead of 360; no grid has a last step so much shorter. */
    const double same = fmin(1e-4, 1e-3 * narrowest);
    GNDP_CHECK(fabs(open) > same, GNDP_ERR_FORMAT,
               "axis '%s': %.9g and %.9g are one meridian given twice", axis_name(coords, 1), west,
               east);
    GNDP_CHECK(open > 0.0, GNDP_ERR_FORMAT,
               "axis '%s' goes from %.9g to %.9g, more than once round the sphere",
               axis_name(coords, 1), west, east);
done:
    return st;
}

static gndp_status check_axis(const gndp_coords *coords, int c)
{
    gndp_status st = GNDP_OK;
    const gndp_axis *axis = &coords->axis[c];
    const char *name = axis_name(coords, c);
    double narrowest = (double)INFINITY;
    GNDP_CHECK(axis->size >= 1, GNDP_ERR_SHAPE, "axis '%s' has %lld values", name,
               (long long)axis->size);
    GNDP_CHECK(axis->value != NULL, GNDP_ERR_SHAPE, "axis '%s' of a product has no values", name);
    for (int64_t i = 0; i < axis->size; i++)
        GNDP_TRY(check_value(coords, c, i, axis->value[i]));
    const double *v = axis->value;
    for (int64_t i = 0; i + 1 < axis->size; i++) {
        GNDP_CHECK(v[i] != v[i + 1], GNDP_ERR_FORMAT,
                   "axis '%s': %.9g is given twice, at %lld and %lld", name, v[i], (long long)i,
                   (long long)(i + 1));
        GNDP_CHECK((v[i] < v[i + 1]) == (v[0] < v[1]), GNDP_ERR_FORMAT,
                   "axis '%s' is not monotonic: value %lld is %.9g, value %lld is %.9g", name,
                   (long long)i, v[i], (long long)(i + 1), v[i + 1]);
        narrowest = fmin(narrowest, fabs(v[i + 1] - v[i]));
    }
    if (coords->space == GNDP_SPACE_SPHERE && c == 1 && axis->size > 1)
        GNDP_TRY(check_circle(coords, narrowest));
done:
    return st;
}

static gndp_status check_product(const gndp_coords *coords)
{
    gndp_status st = GNDP_OK;
    int64_t n = 1;
    GNDP_CHECK(coords->x == NULL, GNDP_ERR_SHAPE, "a product of axes has a list of points too");
    for (int c = 0; c < coords->columns; c++) {
        GNDP_TRY(check_axis(coords, c));
        GNDP_CHECK(!__builtin_mul_overflow(n, coords->axis[c].size, &n), GNDP_ERR_SHAPE,
                   "the product of the axes has more than 2^63 points");
    }
    GNDP_CHECK(n == coords->n, GNDP_ERR_SHAPE, "the axes make %lld points, not %lld", (long long)n,
               (long long)coords->n);
done:
    return st;
}

static gndp_status check_list(const gndp_coords *coords)
{
    gndp_status st = GNDP_OK;
    int64_t count = 0;
    GNDP_CHECK(coords->n >= 1, GNDP_ERR_SHAPE, "%lld points", (long long)coords->n);
    GNDP_CHECK(!__builtin_mul_overflow(coords->n, (int64_t)coords->columns * 8, &count),
               GNDP_ERR_SHAPE, "%lld points", (long long)coords->n);
    GNDP_CHECK(coords->x != NULL, GNDP_ERR_SHAPE, "a list of %lld points without coordinates",
               (long long)coords->n);
    for (int c = 0; c < coords->columns; c++)
        GNDP_CHECK(coords->axis[c].size == 0 && coords->axis[c].value == NULL, GNDP_ERR_SHAPE,
                   "axis '%s' of a list of points has %lld values of its own", axis_name(coords, c),
                   (long long)coords->axis[c].size);
    for (int64_t i = 0; i < coords->n; i++)
        for (int c = 0; c < coords->columns; c++)
            GNDP_TRY(check_value(coords, c, i, coords->x[i * coords->columns + c]));
done:
    return st;
}

gndp_status gndp_coords_check(const gndp_coords *coords)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(coords != NULL, GNDP_ERR_ARG, "coords is NULL");
    GNDP_CHECK(coords->space == GNDP_SPACE_EUCLIDEAN || coords->space == GNDP_SPACE_SPHERE,
               GNDP_ERR_ARG, "space %d is none", (int)coords->space);
    GNDP_CHECK(coords->layout == GNDP_LAYOUT_LIST || coords->layout == GNDP_LAYOUT_PRODUCT,
               GNDP_ERR_ARG, "layout %d is none", (int)coords->layout);
    GNDP_CHECK(coords->columns >= 1 && coords->columns <= GNDP_MAX_AXES, GNDP_ERR_SHAPE,
               "%d columns of coordinates: 1 to %d are allowed", coords->columns, GNDP_MAX_AXES);
    GNDP_CHECK(coords->space != GNDP_SPACE_SPHERE || coords->columns == 2, GNDP_ERR_SHAPE,
               "points of the sphere have 2 columns, latitude and longitude, not %d",
               coords->columns);
    for (int c = 0; c < coords->columns; c++) {
        const gndp_axis *a = &coords->axis[c];
        GNDP_CHECK(gndp_text_closed(a->name, sizeof a->name) &&
                       gndp_text_closed(a->standard_name, sizeof a->standard_name) &&
                       gndp_text_closed(a->units, sizeof a->units),
                   GNDP_ERR_ARG, "a text of axis %d has no end", c);
    }
    GNDP_TRY(coords->layout == GNDP_LAYOUT_PRODUCT ? check_product(coords) : check_list(coords));
done:
    return st;
}
