// SPDX-License-Identifier: Apache-2.0
// One place against its forecast: parts of the error, energy score, elliptic regions of an ensemble.
#include <gndp/tracks.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <gndp/manifolds.h>

#include "base/error.h"
#include "eval/track_frame.h"

static double km_between(const double *a, const double *b)
{
    return GNDP_EARTH_RADIUS_KM * gndp_sphere_distance(3, a, b);
}

gndp_status gndp_track_velocities(int64_t n, const double *days, const double *xyz, double *velocity)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(n >= 1 && days != NULL && xyz != NULL && velocity != NULL, GNDP_ERR_ARG, "%lld fixes, or a pointer is NULL", (long long)n);
    for (int64_t i = 1; i < n; i++)
        GNDP_CHECK(days[i] > days[i - 1], GNDP_ERR_RANGE, "fix %lld at day %g does not follow day %g", (long long)i, days[i], days[i - 1]);
    for (int64_t i = 0; i < n; i++) {
        const double *x = xyz + 3 * i;
        double before[3] = {0.0}, after[3] = {0.0}, h1 = 0.0, h2 = 0.0;
        if (i > 0) {
            h1 = days[i] - days[i - 1];
            gndp_sphere_log(3, 1, x, x - 3, before);
        }
        if (i < n - 1) {
            h2 = days[i + 1] - days[i];
            gndp_sphere_log(3, 1, x, x + 3, after);
        }
        for (int k = 0; k < 3; k++) {
            double *v = &velocity[3 * i + k];
            if (h1 > 0.0 && h2 > 0.0)
                *v = (h1 / h2 * after[k] - h2 / h1 * before[k]) / (h1 + h2);
            else
                *v = h1 > 0.0 ? -before[k] / h1 : h2 > 0.0 ? after[k] / h2 : 0.0;
        }
    }
done:
    return st;
}

gndp_track_error gndp_track_error_of(const double *truth, const double *velocity, const double *forecast)
{
    gndp_track_error e = {km_between(truth, forecast), (double)NAN, (double)NAN};
    const double speed = velocity != NULL ? sqrt(gndp_dot3(velocity, velocity)) : 0.0;
    double log[3];
    if (!(speed > 0.0))
        return e;
    gndp_sphere_log(3, 1, truth, forecast, log);
    const double right[3] = {velocity[1] * truth[2] - velocity[2] * truth[1], velocity[2] * truth[0] - velocity[0] * truth[2],
                             velocity[0] * truth[1] - velocity[1] * truth[0]};
    e.along_km = GNDP_EARTH_RADIUS_KM * gndp_dot3(log, velocity) / speed;
    e.cross_km = GNDP_EARTH_RADIUS_KM * gndp_dot3(log, right) / speed;
    return e;
}

double gndp_track_energy(int64_t m, const double *x, const double *y)
{
    double to_truth = 0.0, pairs = 0.0;
    for (int64_t i = 0; i < m; i++) {
        to_truth += km_between(x + 3 * i, y);
        for (int64_t j = 0; j < i; j++)
            pairs += km_between(x + 3 * i, x + 3 * j);
    }
    return to_truth / (double)m - (m > 1 ? pairs / ((double)m * (double)(m - 1)) : 0.0);
}

/* ---- Regions -------------------------------------------------------------------------------- */

/* Members in the plane at their Frechet mean. */
typedef struct plane {
    double at[3], axis[2][3];
    double mean[2];
    double xx, xy, yy; /* sample covariance */
} plane;

static void to_plane(const plane *p, const double *x, double out[2])
{
    double v[3];
    gndp_sphere_log(3, 1, p->at, x, v);
    out[0] = gndp_dot3(v, p->axis[0]);
    out[1] = gndp_dot3(v, p->axis[1]);
}

static gndp_status make_plane(int64_t m, const double *x, plane *p)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(x != NULL && m >= 3, GNDP_ERR_RANGE, "%lld members: a region wants 3 or more", (long long)m);
    memset(p, 0, sizeof *p);
    GNDP_TRY(gndp_sphere_mean(3, m, x, NULL, p->at));
    gndp_frame_of(p->at, p->axis[0], p->axis[1]);
    for (int64_t i = 0; i < m; i++) {
        double u[2];
        to_plane(p, x + 3 * i, u);
        p->mean[0] += u[0] / (double)m;
        p->mean[1] += u[1] / (double)m;
    }
    for (int64_t i = 0; i < m; i++) {
        double u[2];
        to_plane(p, x + 3 * i, u);
        u[0] -= p->mean[0];
        u[1] -= p->mean[1];
        p->xx += u[0] * u[0] / (double)(m - 1);
        p->xy += u[0] * u[1] / (double)(m - 1);
        p->yy += u[1] * u[1] / (double)(m - 1);
    }
done:
    return st;
}

gndp_status gndp_track_level(int64_t m, const double *x, const double *y, double *level)
{
    gndp_status st = GNDP_OK;
    const double tiny = 1e-12; /* radians: six micrometres */
    plane p;
    double u[2];
    GNDP_CHECK(y != NULL && level != NULL, GNDP_ERR_ARG, "%s is NULL", y == NULL ? "y" : "level");
    GNDP_TRY(make_plane(m, x, &p));
    to_plane(&p, y, u);
    const double a = u[0] - p.mean[0], b = u[1] - p.mean[1], det = p.xx * p.yy - p.xy * p.xy, trace = p.xx + p.yy;
    if (trace < tiny * tiny || !(det > 1e-14 * trace * trace)) { /* in one place or in line, to the rounding of unit vectors */
        *level = hypot(a, b) > tiny ? 1.0 : 0.0;
        goto done;
    }
    const double d = (p.yy * a * a - 2.0 * p.xy * a * b + p.xx * b * b) / det, members = (double)m;
    *level = -expm1(-0.5 * (members - 2.0) * log1p(d / ((1.0 + 1.0 / members) * (members - 1.0))));
done:
    return st;
}

gndp_status gndp_track_ellipse(int64_t m, const double *x, double level, int64_t n, double *out)
{
    gndp_status st = GNDP_OK;
    plane p;
    GNDP_CHECK(out != NULL && n >= 1, GNDP_ERR_ARG, "%lld places, or out is NULL", (long long)n);
    GNDP_CHECK(level > 0.0 && level < 1.0, GNDP_ERR_RANGE, "level %g is not between 0 and 1", level);
    GNDP_TRY(make_plane(m, x, &p));
    const double members = (double)m,
                 radius = sqrt((1.0 + 1.0 / members) * (members - 1.0) * expm1(-2.0 / (members - 2.0) * log1p(-level)));
    const double l11 = sqrt(p.xx), l21 = l11 > 0.0 ? p.xy / l11 : 0.0, l22 = sqrt(fmax(p.yy - l21 * l21, 0.0)); /* Cholesky */
    for (int64_t i = 0; i < n; i++) {
        const double angle = 2.0 * acos(-1.0) * (double)i / (double)n, c = radius * cos(angle), s = radius * sin(angle);
        const double a = p.mean[0] + l11 * c, b = p.mean[1] + l21 * c + l22 * s;
        double v[3];
        for (int k = 0; k < 3; k++)
            v[k] = a * p.axis[0][k] + b * p.axis[1][k];
        gndp_sphere_exp(3, 1, p.at, v, out + 3 * i);
    }
done:
    return st;
}
