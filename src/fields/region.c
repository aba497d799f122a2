// SPDX-License-Identifier: Apache-2.0
// The region that a set's points cover: its centre, as box or as cap, and how far a plane bends it.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "fields/angle.h"
#include "fields/fieldset.h"
#include "fields/projection.h"

gndp_status gndp_projection_places(const gndp_fieldset *set, int64_t *n, double **out)
{
    gndp_status st = GNDP_OK;
    const gndp_coords *coords = &set->spec.coords;
    *out = NULL;
    GNDP_CHECK(coords->space == GNDP_SPACE_SPHERE, GNDP_ERR_UNSUPPORTED,
               "%s: points have no latitude and longitude to project", set->spec.origin);
    double *x = malloc((size_t)coords->n * 2 * sizeof *x);
    GNDP_CHECK(x != NULL, GNDP_ERR_NOMEM, "%lld points", (long long)coords->n);
    gndp_coords_list(coords, x);
    *n = coords->n;
    *out = x;
done:
    return st;
}

/* ---- Box ------------------------------------------------------------------------------------ */

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The box leaves out the widest gap between longitudes; whatever convention they have, a region
   about the date line stays one. */
static gndp_status box_centre(int64_t n, const double *degrees, gndp_projection *out)
{
    gndp_status st = GNDP_OK;
    double south = 90.0, north = -90.0, widest = -1.0, centre = 0.0;
    double *lon = malloc((size_t)n * sizeof *lon);
    GNDP_CHECK(lon != NULL, GNDP_ERR_NOMEM, "%lld longitudes", (long long)n);
    for (int64_t i = 0; i < n; i++) {
        south = fmin(south, degrees[2 * i]);
        north = fmax(north, degrees[2 * i]);
        lon[i] = gndp_lon_difference(degrees[2 * i + 1], 0.0);
    }
    qsort(lon, (size_t)n, sizeof *lon, compare);
    for (int64_t i = 0; i < n; i++) {
        const double west = lon[i], next = i + 1 < n ? lon[i + 1] : lon[0] + 360.0;
        if (next - west > widest) {
            widest = next - west;
            centre = next + 0.5 * (360.0 - widest); /* the box begins where the gap ends */
        }
    }
    out->lat0_deg = 0.5 * (south + north);
    out->lon0_deg = gndp_lon_difference(centre, 0.0);
    GNDP_CHECK(fabs(out->lat0_deg) < 90.0, GNDP_ERR_RANGE,
               "all points are at a pole: only the azimuthal projection has a plane there");
done:
    free(lon);
    return st;
}

/* ---- Cap ------------------------------------------------------------------------------------ */

/* Points within squared chord `reach` of the centre. */
typedef struct cap {
    double centre[3], reach;
    int n_support;
    int64_t support[4];
} cap;

static double chord2(const double a[3], const double b[3])
{
    const double d[3] = {a[0] - b[0], a[1] - b[1], a[2] - b[2]};
    return d[0] * d[0] + d[1] * d[1] + d[2] * d[2];
}

static bool make_unit(double v[3])
{
    const double length = sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2]);
    if (!(length > 0.0))
        return false;
    for (int i = 0; i < 3; i++)
        v[i] /= length;
    return true;
}

/* The smallest cap with two points, or with three, on its edge; false where there is none. */
static bool cap_through(int n, const double *const p[3], double centre[3])
{
    if (n == 1) {
        memcpy(centre, p[0], 3 * sizeof *centre);
        return true;
    }
    if (n == 2) {
        for (int i = 0; i < 3; i++)
            centre[i] = p[0][i] + p[1][i];
        return make_unit(centre);
    }
    double a[3], b[3];
    for (int i = 0; i < 3; i++) {
        a[i] = p[1][i] - p[0][i];
        b[i] = p[2][i] - p[0][i];
    }
    const double normal[3] = {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2],
                              a[0] * b[1] - a[1] * b[0]};
    const double side = normal[0] * p[0][0] + normal[1] * p[0][1] + normal[2] * p[0][2];
    for (int i = 0; i < 3; i++)
        centre[i] = side < 0.0 ? -normal[i] : normal[i];
    return make_unit(centre);
}

/* The smallest cap of up to four of the points: the smallest through some of them that holds all.
 */
static bool smallest_cap(const double *u, int n, const int64_t *at, cap *out)
{
    bool found = false;
    for (unsigned mask = 1; mask < 1u << n; mask++) {
        const double *p[4] = {NULL};
        cap c = {.n_support = 0};
        for (int i = 0; i < n; i++) {
            if ((mask >> i & 1u) == 0)
                continue;
            p[c.n_support] = u + 3 * at[i];
            c.support[c.n_support++] = at[i];
        }
        if (c.n_support > 3 || !cap_through(c.n_support, p, c.centre))
            continue;
        for (int i = 0; i < c.n_support; i++)
            c.reach = fmax(c.reach, chord2(c.centre, p[i]));
        bool holds = true;
        for (int i = 0; i < n; i++)
            holds = holds && chord2(c.centre, u + 3 * at[i]) <= c.reach * (1.0 + 1e-12) + 1e-30;
        if (holds && (!found || c.reach < out->reach)) {
            *out = c;
            found = true;
        }
    }
    return found;
}

/*
 * The smallest cap that holds all points: that of a few, joined again and again by the farthest
 * point outside. The cap grows each time, so no set of support comes back, and it ends; in practice
 * after a dozen rounds. False where the points lie in no hemisphere.
 */
static bool enclosing_cap(int64_t n, const double *u, cap *out)
{
    int64_t at[4] = {0};
    if (!smallest_cap(u, 1, at, out))
        return false;
    for (int round = 0; round < 1000; round++) {
        int64_t farthest = -1;
        double reach = out->reach * (1.0 + 1e-10) + 1e-30;
        for (int64_t i = 0; i < n; i++) {
            const double r = chord2(out->centre, u + 3 * i);
            if (r > reach) {
                reach = r;
                farthest = i;
            }
        }
        if (farthest < 0)
            return out->reach < 2.0; /* chord of 90 degrees */
        int k = out->n_support;
        memcpy(at, out->support, sizeof at);
        at[k++] = farthest;
        if (!smallest_cap(u, k, at, out))
            return false;
    }
    return false;
}

static gndp_status cap_centre(int64_t n, const double *degrees, gndp_projection *out)
{
    gndp_status st = GNDP_OK;
    cap c = {.n_support = 0};
    double *u = malloc((size_t)n * 3 * sizeof *u);
    GNDP_CHECK(u != NULL, GNDP_ERR_NOMEM, "%lld points", (long long)n);
    gndp_coords_embed(GNDP_SPACE_SPHERE, 2, n, degrees, u);
    if (enclosing_cap(n, u, &c)) {
        out->lat0_deg = atan2(c.centre[2], hypot(c.centre[0], c.centre[1])) / GNDP_DEGREE;
        out->lon0_deg = gndp_lon_difference(atan2(c.centre[1], c.centre[0]) / GNDP_DEGREE, 0.0);
    } else { /* half the sphere and more: no cap is better than the middle of the box */
        GNDP_TRY(box_centre(n, degrees, out));
    }
done:
    free(u);
    return st;
}

gndp_status gndp_projection_centre(const gndp_fieldset *set, gndp_projection_kind kind,
                                   gndp_projection *out)
{
    gndp_status st = GNDP_OK;
    double *degrees = NULL;
    int64_t n = 0;
    GNDP_CHECK(set != NULL && out != NULL, GNDP_ERR_ARG, "%s is NULL", set == NULL ? "set" : "out");
    GNDP_CHECK(kind == GNDP_PROJECTION_EQUIRECTANGULAR || kind == GNDP_PROJECTION_AZIMUTHAL,
               GNDP_ERR_ARG, "projection %d is none", (int)kind);
    gndp_projection p = {.kind = kind, .radius_km = GNDP_EARTH_RADIUS_KM};
    GNDP_TRY(gndp_projection_places(set, &n, &degrees));
    GNDP_TRY(kind == GNDP_PROJECTION_AZIMUTHAL ? cap_centre(n, degrees, &p)
                                               : box_centre(n, degrees, &p));
    *out = p;
done:
    free(degrees);
    return st;
}

/* ---- Distortion ----------------------------------------------------------------------------- */

enum { DIRECTIONS = 32 };

/* The farthest points in each direction of the plane: the corners of what the points cover. */
static void find_corners(int64_t n, const double *km, int64_t corner[DIRECTIONS])
{
    for (int d = 0; d < DIRECTIONS; d++) {
        const double c = cos(2.0 * GNDP_PI * d / DIRECTIONS),
                     s = sin(2.0 * GNDP_PI * d / DIRECTIONS);
        double most = (double)-INFINITY;
        for (int64_t i = 0; i < n; i++) {
            const double reach = c * km[2 * i] + s * km[2 * i + 1];
            if (reach > most) {
                most = reach;
                corner[d] = i;
            }
        }
    }
}

/* Short distances across the radius (azimuthal, c/sin c) or along a parallel (cos lat0/cos lat). */
static double local_error(const gndp_projection *p, const double degrees[2], const double km[2])
{
    if (p->kind == GNDP_PROJECTION_AZIMUTHAL) {
        const double c = hypot(km[0], km[1]) / p->radius_km;
        return c > 0.0 ? c / fabs(sin(c)) - 1.0 : 0.0;
    }
    double s, c, s0, c0;
    gndp_sincos_deg(degrees[0], &s, &c);
    gndp_sincos_deg(p->lat0_deg, &s0, &c0);
    return fabs(c0 / c - 1.0);
}

static double pair_error(const gndp_projection *p, const double *u, const double *v,
                         const double *a, const double *b)
{
    const double true_km = 2.0 * p->radius_km * asin(fmin(1.0, 0.5 * sqrt(chord2(u, v))));
    const double plane_km = hypot(a[0] - b[0], a[1] - b[1]);
    if (true_km == 0.0)
        return plane_km == 0.0 ? 0.0 : (double)INFINITY;
    return fabs(plane_km / true_km - 1.0);
}

gndp_status gndp_projection_distortion(const gndp_projection *projection, const gndp_fieldset *set,
                                       double *out)
{
    gndp_status st = GNDP_OK;
    double *degrees = NULL, *km = NULL, worst = 0.0;
    int64_t n = 0, corner[DIRECTIONS] = {0};
    double u[DIRECTIONS][3];
    GNDP_CHECK(projection != NULL && set != NULL && out != NULL, GNDP_ERR_ARG, "%s is NULL",
               projection == NULL ? "projection"
               : set == NULL      ? "set"
                                  : "out");
    GNDP_TRY(gndp_projection_places(set, &n, &degrees));
    km = malloc((size_t)n * 2 * sizeof *km);
    GNDP_CHECK(km != NULL, GNDP_ERR_NOMEM, "%lld points", (long long)n);
    gndp_projection_apply(projection, n, degrees, km);
    find_corners(n, km, corner);
    for (int64_t i = 0; n > 1 && i < n; i++)
        worst = fmax(worst, local_error(projection, degrees + 2 * i, km + 2 * i));
    for (int i = 0; i < DIRECTIONS; i++)
        gndp_coords_embed(GNDP_SPACE_SPHERE, 2, 1, degrees + 2 * corner[i], u[i]);
    for (int i = 0; i < DIRECTIONS; i++)
        for (int j = 0; j < i; j++)
            worst = fmax(
                worst, pair_error(projection, u[i], u[j], km + 2 * corner[i], km + 2 * corner[j]));
    *out = worst;
done:
    free(degrees);
    free(km);
    return st;
}
