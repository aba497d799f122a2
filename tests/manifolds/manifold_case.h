// SPDX-License-Identifier: Apache-2.0
// What the tests of spheres share: checks, Legendre polynomials, points in many places.
#ifndef TESTS_MANIFOLDS_MANIFOLD_CASE_H
#define TESTS_MANIFOLDS_MANIFOLD_CASE_H

#include "support/test_main.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <gndp/manifolds.h>

#define PI 3.14159265358979323846

#define assert_ok(call) assert_int_equal((call), GNDP_OK)
#define assert_fails(call, status, text)                                                                                                                 \
    do {                                                                                                                                                 \
        assert_int_equal((call), (status));                                                                                                              \
        if (strstr(gndp_last_error(), (text)) == NULL)                                                                                                   \
            fail_msg("'%s' is not in: %s", (text), gndp_last_error());                                                                                   \
    } while (0)
#define assert_near(value, want, tolerance)                                                                                                              \
    do {                                                                                                                                                 \
        const double value_ = (value), want_ = (want), tolerance_ = (tolerance);                                                                         \
        if (!(fabs(value_ - want_) <= tolerance_))                                                                                                       \
            fail_msg("%s is %.17g, not %.17g: off by %.3g, allowed %.3g", #value, value_, want_, fabs(value_ - want_), tolerance_);                      \
    } while (0)

/* P_l(c). */
static inline double legendre(int l, double c)
{
    double p = 1.0, before = 0.0;
    for (int k = 0; k < l; k++) {
        const double next = ((2 * k + 1) * c * p - k * before) / (k + 1);
        before = p, p = next;
    }
    return p;
}

static inline double dot(int n, const double *a, const double *b)
{
    double sum = 0.0;
    for (int i = 0; i < n; i++) {
        sum += a[i] * b[i];
    }
    return sum;
}

/* A point at an angle from y, in a direction of its own. */
static inline void point_at(int n, const double *y, double theta, uint64_t seed, double *out)
{
    double v[GNDP_SPHERE_MAX];
    assert_ok(gndp_sphere_tangent_normal(n, 1, y, (gndp_sphere_key){.seed = seed}, v));
    const double length = sqrt(dot(n, v, v));
    for (int i = 0; i < n; i++) {
        v[i] *= theta / length;
    }
    gndp_sphere_exp(n, 1, y, v, out);
}

#endif
