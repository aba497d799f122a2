// SPDX-License-Identifier: Apache-2.0
// Point sets: how many, which coordinates, and whether they are sound.
#include <math.h>
#include <string.h>

#include "kernels/gaussian.h"

static bool product_of_counts(int64_t *n, int64_t factor)
{
    return factor > 0 && !__builtin_mul_overflow(*n, factor, n);
}

int64_t points_dim(const gndp_points *points)
{
    switch (points->kind) {
    case GNDP_POINTS_LIST:
        return points->x.type.dim[1];
    case GNDP_POINTS_PRODUCT:
        return points->n_axes;
    case GNDP_POINTS_LATLON:
        return 3;
    }
    return 0;
}

/* -1 when the counts are not allowed. */
static int64_t count(const gndp_points *points)
{
    int64_t n = 1;
    switch (points->kind) {
    case GNDP_POINTS_LIST:
        return points->x.type.rank == 2 && points->x.type.dim[0] > 0 ? points->x.type.dim[0] : -1;
    case GNDP_POINTS_PRODUCT:
        if (points->n_axes < 1 || points->n_axes > 4) {
            return -1;
        }
        for (int a = 0; a < points->n_axes; a++) {
            if (!product_of_counts(&n, points->axis_size[a])) {
                return -1;
            }
        }
        return n;
    case GNDP_POINTS_LATLON:
        return product_of_counts(&n, points->n_lat) && product_of_counts(&n, points->n_lon) ? n
                                                                                            : -1;
    }
    return -1;
}

int64_t gndp_points_count(const gndp_points *points)
{
    const int64_t n = points == NULL ? 0 : count(points);
    return n < 0 ? 0 : n;
}

bool points_is_pole(const gndp_points *points, int64_t lat)
{
    return fabs(points->lat_deg[lat]) == 90.0;
}

static void latlon_at(const gndp_points *points, int64_t i, double *x)
{
    const double lat = points->lat_deg[i / points->n_lon],
                 lon =
                     points->lon0_deg + 360.0 * (double)(i % points->n_lon) / (double)points->n_lon;
    if (fabs(lat) == 90.0) { /* exactly, so that the points of a pole are one */
        memcpy(x, (double[3]){0.0, 0.0, lat < 0.0 ? -1.0 : 1.0}, 3 * sizeof *x);
    } else {
        gndp_sphere_from_degrees(1, &lat, &lon, x);
    }
}

void points_at(const gndp_points *points, int64_t i, double *x)
{
    switch (points->kind) {
    case GNDP_POINTS_LIST: {
        const int64_t d = points->x.type.dim[1];
        memcpy(x, (const double *)points->x.data + i * d, (size_t)d * sizeof *x);
        return;
    }
    case GNDP_POINTS_PRODUCT:
        for (int a = points->n_axes - 1; a >= 0; a--) {
            x[a] = points->axis[a][i % points->axis_size[a]];
            i /= points->axis_size[a];
        }
        return;
    case GNDP_POINTS_LATLON:
        latlon_at(points, i, x);
        return;
    }
}

gndp_status gndp_points_list(const gndp_points *points, gndp_array *x)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(points != NULL && x != NULL, GNDP_ERR_ARG, "%s is NULL", x == NULL ? "x" : "points");
    GNDP_TRY(points_check(points));
    const int64_t n = count(points), d = points_dim(points);
    GNDP_CHECK(x->data != NULL && x->type.dtype == GNDP_F64 && x->type.rank == 2 &&
                   x->type.dim[0] == n && x->type.dim[1] == d,
               GNDP_ERR_SHAPE, "x is " GNDP_TYPE_FMT ", wanted f64[%lld,%lld]",
               GNDP_TYPE_ARG(x->type), (long long)n, (long long)d);
    for (int64_t i = 0; i < n; i++) {
        points_at(points, i, (double *)x->data + i * d);
    }
done:
    return st;
}

static gndp_status check_list(const gndp_points *points)
{
    gndp_status st = GNDP_OK;
    const gndp_type type = points->x.type;
    GNDP_CHECK(points->x.data != NULL, GNDP_ERR_ARG, "points: x has no data");
    GNDP_CHECK(type.dtype == GNDP_F64, GNDP_ERR_TYPE, "points: x is %s, wanted f64",
               gndp_dtype_name(type.dtype));
    GNDP_CHECK(type.rank == 2 && type.dim[0] > 0 && type.dim[1] > 0, GNDP_ERR_SHAPE,
               "points: x is " GNDP_TYPE_FMT ", wanted [N, D]", GNDP_TYPE_ARG(type));
    const double *x = points->x.data;
    for (int64_t i = 0; i < type.dim[0] * type.dim[1]; i++) {
        GNDP_CHECK(isfinite(x[i]), GNDP_ERR_NONFINITE,
                   "points: coordinate %lld of point %lld is %g", (long long)(i % type.dim[1]),
                   (long long)(i / type.dim[1]), x[i]);
    }
done:
    return st;
}

static gndp_status check_product(const gndp_points *points)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(points->n_axes >= 1 && points->n_axes <= 4, GNDP_ERR_SHAPE,
               "points: %d axes, allowed are 1 to 4", points->n_axes);
    for (int a = 0; a < points->n_axes; a++) {
        GNDP_CHECK(points->axis[a] != NULL && points->axis_size[a] > 0, GNDP_ERR_SHAPE,
                   "points: axis %d has no values", a);
        for (int64_t i = 0; i < points->axis_size[a]; i++) {
            GNDP_CHECK(isfinite(points->axis[a][i]), GNDP_ERR_NONFINITE,
                       "points: value %lld of axis %d is %g", (long long)i, a, points->axis[a][i]);
        }
    }
done:
    return st;
}

static gndp_status check_latlon(const gndp_points *points)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(points->lat_deg != NULL && points->n_lat > 0 && points->n_lon > 0, GNDP_ERR_SHAPE,
               "points: %lld latitudes, %lld longitudes", (long long)points->n_lat,
               (long long)points->n_lon);
    GNDP_CHECK(isfinite(points->lon0_deg), GNDP_ERR_NONFINITE, "points: lon0_deg is %g",
               points->lon0_deg);
    bool rising = true, falling = true;
    for (int64_t i = 0; i < points->n_lat; i++) {
        const double lat = points->lat_deg[i];
        GNDP_CHECK(isfinite(lat), GNDP_ERR_NONFINITE, "points: latitude %lld is %g", (long long)i,
                   lat);
        GNDP_CHECK(fabs(lat) <= 90.0, GNDP_ERR_RANGE,
                   "points: latitude %lld is %g degrees, outside -90 to 90", (long long)i, lat);
        rising = rising && (i == 0 || lat > points->lat_deg[i - 1]);
        falling = falling && (i == 0 || lat < points->lat_deg[i - 1]);
    }
    for (int64_t i = 0; i < points->n_lat && !rising && !falling; i++) {
        for (int64_t j = 0; j < i; j++) {
            GNDP_CHECK(points->lat_deg[i] != points->lat_deg[j], GNDP_ERR_RANGE,
                       "points: latitudes %lld and %lld are both %g degrees", (long long)j,
                       (long long)i, points->lat_deg[i]);
        }
    }
done:
    return st;
}

gndp_status points_check(const gndp_points *points)
{
    gndp_status st = GNDP_OK;
    switch (points->kind) {
    case GNDP_POINTS_LIST:
        GNDP_TRY(check_list(points));
        break;
    case GNDP_POINTS_PRODUCT:
        GNDP_TRY(check_product(points));
        break;
    case GNDP_POINTS_LATLON:
        GNDP_TRY(check_latlon(points));
        break;
    default:
        GNDP_CHECK(false, GNDP_ERR_ARG, "points: kind %d is none", (int)points->kind);
    }
    GNDP_CHECK(count(points) > 0, GNDP_ERR_RANGE, "points: their number exceeds 2^63");
done:
    return st;
}
