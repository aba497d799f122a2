// SPDX-License-Identifier: Apache-2.0
// Tracks continued and joined without a model: staying, great circles, cubics, constant velocity; errors laid on forecasts.
#include <gndp/tracks.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <gndp/manifolds.h>

#include "base/error.h"
#include "eval/track_frame.h"

/* ---- Fixes around a time -------------------------------------------------------------------- */

static gndp_status check(const gndp_track_context *c, int64_t n, const double *days, const double *out)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(c != NULL && days != NULL && out != NULL, GNDP_ERR_ARG, "a pointer is NULL");
    GNDP_CHECK(c->n >= 1 && c->days != NULL && c->xyz != NULL && n >= 0, GNDP_ERR_ARG, "%lld fixes, %lld targets", (long long)c->n, (long long)n);
    for (int64_t i = 1; i < c->n; i++)
        GNDP_CHECK(c->days[i] > c->days[i - 1], GNDP_ERR_RANGE, "fix %lld at day %g does not follow day %g", (long long)i, c->days[i], c->days[i - 1]);
done:
    return st;
}

/* The last fix not after t; -1: none. */
static int64_t last_before(const gndp_track_context *c, double t)
{
    int64_t i = c->n - 1;
    while (i >= 0 && c->days[i] > t)
        i--;
    return i;
}

/* The gap that t lies in: fixes i and i + 1, with `margin` fixes on either side of it. */
static gndp_status find_gap(const gndp_track_context *c, double t, int64_t margin, int64_t *i)
{
    gndp_status st = GNDP_OK;
    *i = last_before(c, t);
    if (*i == c->n - 1 && t == c->days[c->n - 1])
        (*i)--; /* the end of the last gap */
    GNDP_CHECK(*i >= margin, GNDP_ERR_RANGE, "day %g has %lld of the %lld fixes before it that are wanted", t, (long long)*i + 1, (long long)margin + 1);
    GNDP_CHECK(*i + 1 + margin < c->n, GNDP_ERR_RANGE, "day %g has %lld of the %lld fixes after it that are wanted", t, (long long)(c->n - 1 - *i),
               (long long)margin + 1);
done:
    return st;
}

/* ---- The methods ---------------------------------------------------------------------------- */

gndp_status gndp_track_stay(const gndp_track_context *c, int64_t n, const double *days, double *out)
{
    gndp_status st = GNDP_OK;
    GNDP_TRY(check(c, n, days, out));
    for (int64_t j = 0; j < n; j++) {
        const int64_t i = last_before(c, days[j]);
        GNDP_CHECK(i >= 0, GNDP_ERR_RANGE, "no fix before day %g", days[j]);
        memcpy(out + 3 * j, c->xyz + 3 * i, 3 * sizeof *out);
    }
done:
    return st;
}

/* From a, the share s of the way to b; also below 0 and above 1. */
static void go(const double *a, const double *b, double s, double *out)
{
    double v[3];
    gndp_sphere_log(3, 1, a, b, v);
    for (int k = 0; k < 3; k++)
        v[k] *= s;
    gndp_sphere_exp(3, 1, a, v, out);
}

gndp_status gndp_track_great_circle(const gndp_track_context *c, int64_t n, const double *days, double *out)
{
    gndp_status st = GNDP_OK;
    GNDP_TRY(check(c, n, days, out));
    for (int64_t j = 0; j < n; j++) {
        int64_t i;
        GNDP_TRY(find_gap(c, days[j], 0, &i));
        go(c->xyz + 3 * i, c->xyz + 3 * (i + 1), (days[j] - c->days[i]) / (c->days[i + 1] - c->days[i]), out + 3 * j);
    }
done:
    return st;
}

/* The velocity w at y as it is in the tangent plane at x, whose coordinates are log_x(y): the part along the great circle keeps its length, that across
 * it grows by angle / sin(angle). */
static void push_to_plane(const double *x, const double *y, const double *w, double *out)
{
    double log[3], moved[3];
    gndp_sphere_log(3, 1, x, y, log);
    gndp_sphere_transport(3, 1, y, x, w, moved);
    const double angle = sqrt(gndp_dot3(log, log)), along = angle > 0.0 ? gndp_dot3(moved, log) / (angle * angle) : 0.0,
                 stretch = angle > 1e-8 ? angle / sin(angle) : 1.0;
    for (int k = 0; k < 3; k++)
        out[k] = along * log[k] + stretch * (moved[k] - along * log[k]);
}

/* Velocity at fix `at` by the chord to fix `other`. */
static void chord(const gndp_track_context *c, int64_t at, int64_t other, double *v)
{
    gndp_sphere_log(3, 1, c->xyz + 3 * at, c->xyz + 3 * other, v);
    for (int k = 0; k < 3; k++)
        v[k] /= c->days[other] - c->days[at];
}

gndp_status gndp_track_hermite(const gndp_track_context *c, int64_t n, const double *days, double *out)
{
    gndp_status st = GNDP_OK;
    GNDP_TRY(check(c, n, days, out));
    for (int64_t j = 0; j < n; j++) {
        int64_t i;
        double middle[3], p[2][3], v[2][3], u[3];
        GNDP_TRY(find_gap(c, days[j], 1, &i));
        const double *a = c->xyz + 3 * i, *b = a + 3, h = c->days[i + 1] - c->days[i], s = (days[j] - c->days[i]) / h;
        go(a, b, 0.5, middle);
        gndp_sphere_log(3, 1, middle, a, p[0]);
        gndp_sphere_log(3, 1, middle, b, p[1]);
        chord(c, i, i - 1, u);
        push_to_plane(middle, a, u, v[0]);
        chord(c, i + 1, i + 2, u);
        push_to_plane(middle, b, u, v[1]);
        const double h00 = (1.0 + 2.0 * s) * (1.0 - s) * (1.0 - s), h10 = s * (1.0 - s) * (1.0 - s), h01 = s * s * (3.0 - 2.0 * s), h11 = s * s * (s - 1.0);
        for (int k = 0; k < 3; k++)
            u[k] = h00 * p[0][k] + h10 * h * v[0][k] + h01 * p[1][k] + h11 * h * v[1][k];
        gndp_sphere_exp(3, 1, middle, u, out + 3 * j);
    }
done:
    return st;
}

gndp_status gndp_track_velocity(const gndp_track_context *c, double window_h, int64_t n, const double *days, double *out)
{
    gndp_status st = GNDP_OK;
    GNDP_TRY(check(c, n, days, out));
    GNDP_CHECK(window_h > 0.0, GNDP_ERR_RANGE, "a window of %g h", window_h);
    for (int64_t j = 0; j < n; j++) {
        const int64_t i = last_before(c, days[j]);
        GNDP_CHECK(i >= 1, GNDP_ERR_RANGE, "day %g has %lld of the 2 fixes before it that are wanted", days[j], (long long)i + 1);
        const double from = c->days[i] - window_h / 24.0;
        int64_t k = i - 1;
        while (k > 0 && fabs(c->days[k - 1] - from) < fabs(c->days[k] - from))
            k--;
        go(c->xyz + 3 * i, c->xyz + 3 * k, (days[j] - c->days[i]) / (c->days[k] - c->days[i]), out + 3 * j);
    }
done:
    return st;
}

/* ---- Errors laid on forecasts --------------------------------------------------------------- */

void gndp_track_residual(int64_t n, const double *forecast, const double *truth, double *error)
{
    for (int64_t j = 0; j < n; j++) {
        double v[3], east[3], poleward[3];
        gndp_frame_of(forecast + 3 * j, east, poleward);
        gndp_sphere_log(3, 1, forecast + 3 * j, truth + 3 * j, v);
        error[2 * j] = gndp_dot3(v, east);
        error[2 * j + 1] = gndp_dot3(v, poleward);
    }
}

enum { STREAM_DRESS = 0x74e1 };

gndp_status gndp_track_dress(int64_t n_storms, const double *error, int64_t n, const double *forecast, int64_t members, uint64_t seed, int64_t storm,
                             double *out)
{
    gndp_status st = GNDP_OK;
    int64_t *order = NULL;
    GNDP_CHECK(n_storms >= 1, GNDP_ERR_RANGE, "%lld storms with errors", (long long)n_storms);
    GNDP_CHECK(error != NULL && forecast != NULL && out != NULL && n >= 0 && members >= 0 && storm >= 0, GNDP_ERR_ARG, "%lld members of %lld targets",
               (long long)members, (long long)n);
    order = malloc((size_t)n_storms * sizeof *order);
    GNDP_CHECK(order != NULL, GNDP_ERR_NOMEM, "%lld storms", (long long)n_storms);
    for (int64_t m = 0; m < members; m++) {
        if (m % n_storms == 0) /* another round of all of them */
            GNDP_TRY(gndp_choose(seed, (uint32_t)(m / n_storms), (uint32_t)storm, GNDP_STREAM(STREAM_DRESS, 0), n_storms, n_storms, order));
        const double *e = error + 2 * n * order[m % n_storms];
        for (int64_t j = 0; j < n; j++) {
            const double *x = forecast + 3 * j;
            double v[3], east[3], poleward[3];
            gndp_frame_of(x, east, poleward);
            for (int k = 0; k < 3; k++)
                v[k] = e[2 * j] * east[k] + e[2 * j + 1] * poleward[k];
            gndp_sphere_exp(3, 1, x, v, out + 3 * (m * n + j));
        }
    }
done:
    free(order);
    return st;
}
