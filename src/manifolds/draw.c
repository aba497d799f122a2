// SPDX-License-Identifier: Apache-2.0
// Random points and tangents: uniform, normal, Brownian motion on the circle, random walk; which sphere takes which exact draw.
#include "manifolds/draw.h"

#include <math.h>
#include <stdlib.h>

#include "base/error.h"

gndp_status draw_check(int n, int64_t count, const double *tau, gndp_sphere_key key, int64_t elements)
{
    gndp_status st = GNDP_OK;
    const int64_t most = (INT64_C(1) << 33) / elements;
    GNDP_CHECK(n >= 2 && n <= GNDP_SPHERE_MAX, GNDP_ERR_RANGE, "points of R^%d, allowed are 2 to %d", n, GNDP_SPHERE_MAX);
    GNDP_CHECK(count >= 0 && key.first >= 0 && key.first <= most && count <= most - key.first, GNDP_ERR_RANGE,
               "%lld points from number %lld on: a member has random numbers for %lld", (long long)count, (long long)key.first, (long long)most);
    for (int64_t i = 0; i < count && tau != NULL; i++) {
        GNDP_CHECK(isfinite(tau[i]) && tau[i] >= 0.0, GNDP_ERR_RANGE, "time tau = %g of point %lld: it must be finite and >= 0", tau[i], (long long)i);
    }
done:
    return st;
}

static double norm(int n, const double *v)
{
    double sum = 0.0;
    for (int i = 0; i < n; i++) {
        sum += v[i] * v[i];
    }
    return sqrt(sum);
}

void draw_along(int n, const double *y, const double *v, double cosine, double sine, double *out)
{
    double e[GNDP_SPHERE_MAX] = {0};
    gndp_sphere_project(n, 1, y, v, e);
    const double length = norm(n, e), along = length > 0.0 ? sine / length : 0.0;
    for (int i = 0; i < n; i++) {
        e[i] = cosine * y[i] + along * e[i];
    }
    const double whole = norm(n, e);
    for (int i = 0; i < n; i++) {
        out[i] = e[i] / whole;
    }
}

/* n normals for each point, one after the other. */
static gndp_status normals(int n, int64_t count, gndp_sphere_key key, double *out)
{
    return gndp_random_normal_f64(key.seed, key.step, key.member, key.stream, key.first * n, count * n, out);
}

gndp_status gndp_sphere_uniform(int n, int64_t count, gndp_sphere_key key, double *out)
{
    gndp_status st = GNDP_OK;
    GNDP_TRY(draw_check(n, count, NULL, key, n));
    GNDP_TRY(normals(n, count, key, out));
    for (int64_t i = 0; i < count; i++) { /* no normal is 0 */
        const double length = norm(n, out + i * n);
        for (int j = 0; j < n; j++) {
            out[i * n + j] /= length;
        }
    }
done:
    return st;
}

gndp_status gndp_sphere_tangent_normal(int n, int64_t count, const double *y, gndp_sphere_key key, double *out)
{
    gndp_status st = GNDP_OK;
    GNDP_TRY(draw_check(n, count, NULL, key, n));
    GNDP_TRY(normals(n, count, key, out));
    gndp_sphere_project(n, count, y, out, out);
done:
    return st;
}

/* The angle is normal of variance 2 tau. */
static void draw_circle(int64_t count, const double *tau, const double *y0, gndp_sphere_key key, double *out)
{
#pragma omp parallel for schedule(static) if (count >= DRAW_PARALLEL)
    for (int64_t i = 0; i < count; i++) {
        const draw_source source = draw_source_at(key, i);
        const double spread = sqrt(2.0 * fmin(tau[i], 1e3)); /* uniform long before */
        const double angle = spread * draw_normals(&source, 0).x[0], c = cos(angle), s = sin(angle);
        const double x = c * y0[2 * i] - s * y0[2 * i + 1], y = s * y0[2 * i] + c * y0[2 * i + 1], length = hypot(x, y);
        out[2 * i] = x / length;
        out[2 * i + 1] = y / length;
    }
}

gndp_status gndp_sphere_heat_draw(int n, int64_t count, const double *tau, const double *y0, gndp_sphere_key key, double *out)
{
    gndp_status st = GNDP_OK;
    GNDP_TRY(draw_check(n, count, tau, key, DRAW_ELEMENTS));
    if (n == 2) {
        draw_circle(count, tau, y0, key, out);
    } else if (n == 3) {
        draw_heat(count, tau, y0, key, out);
    } else {
        draw_wright_fisher(n, count, tau, y0, key, out);
    }
done:
    return st;
}

gndp_status gndp_sphere_wright_fisher_draw(int n, int64_t count, const double *tau, const double *y0, gndp_sphere_key key, double *out)
{
    gndp_status st = GNDP_OK;
    GNDP_TRY(draw_check(n, count, tau, key, DRAW_ELEMENTS));
    draw_wright_fisher(n, count, tau, y0, key, out);
done:
    return st;
}

gndp_status gndp_sphere_walk_draw(int n, int64_t count, int64_t steps, const double *tau, const double *y0, gndp_sphere_key key, double *out)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(steps >= 1 && steps <= INT64_C(1) << 20, GNDP_ERR_RANGE, "%lld steps of a walk, allowed are 1 to 2^20", (long long)steps);
    GNDP_TRY(draw_check(n, count, tau, key, steps * n));
#pragma omp parallel for schedule(static) if (count >= DRAW_PARALLEL)
    for (int64_t i = 0; i < count; i++) {
        double y[GNDP_SPHERE_MAX], v[GNDP_SPHERE_MAX];
        const double size = sqrt(2.0 * tau[i] / (double)steps);
        for (int j = 0; j < n; j++) {
            y[j] = y0[i * n + j];
        }
        for (int64_t k = 0; k < steps; k++) {
            /* in range: checked above */
            (void)gndp_random_normal_f64(key.seed, key.step, key.member, key.stream, ((key.first + i) * steps + k) * n, n, v);
            for (int j = 0; j < n; j++) {
                v[j] *= size;
            }
            gndp_sphere_exp(n, 1, y, v, y);
        }
        for (int j = 0; j < n; j++) {
            out[i * n + j] = y[j];
        }
    }
done:
    return st;
}
