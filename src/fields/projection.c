// SPDX-License-Identifier: Apache-2.0
// Local planes: equirectangular and azimuthal equidistant, points and vectors, there and back.
#include <math.h>
#include <stddef.h>

#include <gndp/prepare.h>

#include "fields/angle.h"
#include "fields/projection.h"

/* Centre and its east and north, as unit vectors seen from the meridian of the centre. */
typedef struct centre {
    double sin_lat, cos_lat;
} centre;

static centre centre_of(const gndp_projection *p)
{
    centre c;
    gndp_sincos_deg(p->lat0_deg, &c.sin_lat, &c.cos_lat);
    return c;
}

/*
 * Azimuthal equidistant (Snyder 1987, "Map projections", p. 195): a point at the angle c from the
 * centre lies at R c in its own direction. With east, north and up at the centre, (e, n, u) the
 * point, h = |(e, n)| = sin c: (x, y) = R c/h (e, n). atan2(h, u) keeps its digits near the centre
 * and near its antipode.
 */
static void azimuthal(const gndp_projection *p, centre at, const double degrees[2], double km[2])
{
    double sin_lat, cos_lat, sin_lon, cos_lon;
    gndp_sincos_deg(degrees[0], &sin_lat, &cos_lat);
    gndp_sincos_deg(degrees[1] - p->lon0_deg, &sin_lon, &cos_lon);
    const double e = cos_lat * sin_lon;
    const double n = at.cos_lat * sin_lat - at.sin_lat * cos_lat * cos_lon;
    const double u = at.sin_lat * sin_lat + at.cos_lat * cos_lat * cos_lon;
    const double h = hypot(e, n), c = atan2(h, u);
    const double scale = h > 0.0 ? c / h : 1.0;
    km[0] = p->radius_km * scale * e;
    km[1] = p->radius_km * scale * n;
    if (h == 0.0 && u < 0.0) /* the antipode is a circle: take its north */
        km[1] = p->radius_km * GNDP_PI;
}

static void azimuthal_back(const gndp_projection *p, centre at, const double km[2],
                           double degrees[2])
{
    const double c = hypot(km[0], km[1]) / p->radius_km;
    const double scale = c > 0.0 ? sin(c) / c / p->radius_km : 0.0;
    const double e = scale * km[0], n = scale * km[1], u = cos(c);
    const double axis = at.sin_lat * u + at.cos_lat * n;    /* along the Earth's axis */
    const double forward = at.cos_lat * u - at.sin_lat * n; /* from the axis to lon0 */
    degrees[0] = atan2(axis, hypot(forward, e)) / GNDP_DEGREE;
    double east = atan2(e, forward) / GNDP_DEGREE;
    if (east <= -180.0)
        east = 180.0;
    degrees[1] = p->lon0_deg + east;
}

void gndp_projection_apply(const gndp_projection *projection, int64_t n, const double *degrees,
                           double *km)
{
    const centre at = centre_of(projection);
    const double unit = projection->radius_km * GNDP_DEGREE;
    for (int64_t i = 0; i < n; i++) {
        double out[2];
        if (projection->kind == GNDP_PROJECTION_AZIMUTHAL) {
            azimuthal(projection, at, degrees + 2 * i, out);
        } else {
            out[0] =
                unit * at.cos_lat * gndp_lon_difference(degrees[2 * i + 1], projection->lon0_deg);
            out[1] = unit * (degrees[2 * i] - projection->lat0_deg);
        }
        km[2 * i] = out[0];
        km[2 * i + 1] = out[1];
    }
}

void gndp_projection_invert(const gndp_projection *projection, int64_t n, const double *km,
                            double *degrees)
{
    const centre at = centre_of(projection);
    const double unit = projection->radius_km * GNDP_DEGREE;
    for (int64_t i = 0; i < n; i++) {
        double out[2];
        if (projection->kind == GNDP_PROJECTION_AZIMUTHAL) {
            azimuthal_back(projection, at, km + 2 * i, out);
        } else {
            out[0] = projection->lat0_deg + km[2 * i + 1] / unit;
            out[1] = projection->lon0_deg + km[2 * i] / (unit * at.cos_lat);
        }
        degrees[2 * i] = out[0];
        degrees[2 * i + 1] = out[1];
    }
}

static double dot(const double a[3], const double b[3])
{
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

/* Unit vectors up, east and north of a place; east has a sense at the poles, too, by the longitude.
 */
static void frame_at(double lat_deg, double lon_deg, double up[3], double east[3], double north[3])
{
    double sin_lat, cos_lat, sin_lon, cos_lon;
    gndp_sincos_deg(lat_deg, &sin_lat, &cos_lat);
    gndp_sincos_deg(lon_deg, &sin_lon, &cos_lon);
    const double u[3] = {cos_lat * cos_lon, cos_lat * sin_lon, sin_lat};
    const double e[3] = {-sin_lon, cos_lon, 0.0};
    const double n[3] = {-sin_lat * cos_lon, -sin_lat * sin_lon, cos_lat};
    for (int i = 0; i < 3; i++) {
        up[i] = u[i];
        east[i] = e[i];
        north[i] = n[i];
    }
}

/*
 * The turn from east, north at a point to x, y: that of parallel transport along the great circle
 * to the centre, along which the map is exact; radial stays radial, transverse transverse. A
 * tangent w at p goes to w - (c.w)/(1 + c.p) (c + p) at c: rational, exact at p = c, undefined only
 * at the antipode, where 1 + c.p = 0.
 */
void gndp_projection_angle(const gndp_projection *projection, const double degrees[2],
                           double *cosine, double *sine)
{
    double c[3], c_east[3], c_north[3], p[3], east[3], north[3];
    *cosine = 1.0;
    *sine = 0.0;
    if (projection->kind != GNDP_PROJECTION_AZIMUTHAL)
        return;
    frame_at(projection->lat0_deg, projection->lon0_deg, c, c_east, c_north);
    frame_at(degrees[0], degrees[1], p, east, north);
    const double below = 1.0 + dot(c, p);
    if (!(below > 1e-15))
        return;
    const double factor = dot(c, east) / below;
    double moved[3];
    for (int i = 0; i < 3; i++)
        moved[i] = east[i] - factor * (c[i] + p[i]);
    const double x = dot(moved, c_east), y = dot(moved, c_north), length = hypot(x, y);
    if (length > 0.0) { /* near the antipode digits are lost: the length must stay */
        *cosine = x / length;
        *sine = y / length;
    }
}

void gndp_projection_turn(const gndp_projection *projection, bool inverse, int64_t n,
                          const double *degrees, const double *from, double *to)
{
    for (int64_t i = 0; i < n; i++) {
        double c, s;
        gndp_projection_angle(projection, degrees + 2 * i, &c, &s);
        if (inverse)
            s = -s;
        const double a = from[2 * i], b = from[2 * i + 1];
        to[2 * i] = c * a - s * b;
        to[2 * i + 1] = s * a + c * b;
    }
}
