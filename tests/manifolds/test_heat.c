// SPDX-License-Identifier: Apache-2.0
// Heat kernel on S²: against a long series and an exact integral, its own derivatives, the equation, its integral.
#include "manifolds/manifold_case.h"

#include <stdio.h>

/* The series with many terms in long double: p and dp/dc. */
static void long_series(double tau, long double c, long double *p, long double *slope)
{
    const int last = (int)ceil(sqrt(70.0 / tau)) + 3;
    long double a = c, before = 1.0L, up = 1.0L, up_before = 0.0L;
    *p = 1.0L, *slope = 0.0L;
    for (int l = 1; l <= last; l++) {
        const long double w = (2 * l + 1) * expl(-(long double)l * (l + 1) * (long double)tau), next = ((2 * l + 1) * c * a - l * before) / (l + 1),
                          up_next = up_before + (2 * l + 1) * a;
        *p += w * a;
        *slope += w * up;
        before = a, a = next;
        up_before = up, up = up_next;
    }
    *p /= 4.0L * 3.14159265358979323846L;
    *slope /= 4.0L * 3.14159265358979323846L;
}

/* RMS of the score's relative error under the law: table of geomndp.md 10.5, with 20% for the places of the quadrature. */
static void heat_score_has_the_error_of_the_table(void **state)
{
    (void)state;
    const struct {
        double tau, error;
    } row[] = {{1e-4, 2e-12}, {1e-3, 2e-11}, {0.01, 1.6e-8}, {0.049, 2.3e-6}, {0.05, 1e-8}, {0.1, 3e-12}, {0.25, 1e-14}, {0.5, 1e-14}, {3.0, 1e-14}, {10.0, 1e-14}};
    for (size_t r = 0; r < sizeof row / sizeof *row; r++) {
        enum { N = 2000 };
        const double tau = row[r].tau;
        double error = 0.0, size = 0.0;
        for (int i = 0; i < N; i++) { /* angles up to where the density is exp(-20) of the first; long double has digits for all */
            const double theta = (i + 0.5) / N * fmin(PI, sqrt(80.0 * tau));
            long double p, slope;
            long_series(tau, cosl((long double)theta), &p, &slope);
            const double weight = (double)p * sin(theta), exact = (double)(slope / p) * sin(theta), got = gndp_heat_slope(tau, cos(theta)) * sin(theta);
            error += weight * (got - exact) * (got - exact);
            size += weight * exact * exact;
        }
        const double rms = sqrt(error / size);
        if (!(rms <= 1.2 * row[r].error)) {
            fail_msg("tau %g: %.3g, not %.3g", tau, rms, row[r].error);
        }
    }
}

/* ln p where long double has digits: within the expansion's third order, tau^3 times less than 0.1 (bulk), and rounding. */
static void heat_density_agrees_with_the_long_series(void **state)
{
    (void)state;
    for (double tau = 1e-3; tau < 12.0; tau *= 1.3) {
        for (int i = 0; i < 50; i++) {
            const double theta = (i + 0.5) / 50.0 * fmin(PI, sqrt(40.0 * tau));
            long double p, slope;
            long_series(tau, cosl((long double)theta), &p, &slope);
            const double allowed = tau < 0.05 ? 0.2 * tau * tau : 1e-11;
            assert_near(gndp_heat_log_density(tau, cos(theta)), (double)logl(p), allowed + 1e-13 / tau);
        }
    }
}

static void heat_slope_is_the_derivative_of_the_density(void **state)
{
    (void)state;
    const double taus[] = {1e-8, 1e-5, 1e-3, 0.02, 0.049, 0.06, 0.3, 2.0, 10.0};
    for (size_t k = 0; k < sizeof taus / sizeof *taus; k++) {
        const double tau = taus[k], scale = fmin(1.0, sqrt(tau));
        for (int i = 0; i < 20; i++) {
            /* two points and a way along a great circle through one of them: ln p changes by score . way */
            const double theta = fmin(2.9, scale * 0.2 * (i + 1)), h = 1e-4 * scale;
            double y0[3], y[3], score[3], way[3], a[3], b[3];
            assert_ok(gndp_sphere_uniform(3, 1, (gndp_sphere_key){.seed = 5, .first = i}, y0));
            point_at(3, y0, theta, 11 + (uint64_t)i, y);
            assert_ok(gndp_sphere_tangent_normal(3, 1, y, (gndp_sphere_key){.seed = 6, .first = i}, way));
            const double log_p = gndp_heat_score(tau, y0, y, score), want = dot(3, score, way);
            assert_near(dot(3, score, y), 0.0, 3e-15 * sqrt(dot(3, score, score)) + 1e-30);
            assert_near(log_p, gndp_heat_score(tau, y0, y, NULL), 0.0);
            double to[3], back[3];
            for (int j = 0; j < 3; j++) {
                to[j] = h * way[j], back[j] = -h * way[j];
            }
            gndp_sphere_exp(3, 1, y, to, a);
            gndp_sphere_exp(3, 1, y, back, b);
            const double slope = (gndp_heat_score(tau, y0, a, NULL) - gndp_heat_score(tau, y0, b, NULL)) / (2.0 * h);
            /* points are rounded at 1e-16, which moves ln p by the score times that; h² f'''/6 with f''' up to 10 scores over scale² */
            const double size = sqrt(dot(3, score, score)) * sqrt(dot(3, way, way)) + 1e-12;
            assert_near(slope, want, size * (1e-7 + 3e-16 / h) + 3e-15 * (1.0 + fabs(log_p)) / h);
        }
    }
}

/* At equal points the score is 0; near ones have -(y - y0)/(2 tau) in the tangent plane, where the cosine rounds to 1. */
static void heat_score_is_accurate_where_the_cosine_is_one(void **state)
{
    (void)state;
    double y0[3] = {0.6, 0.0, 0.8}, score[3];
    const double peak = gndp_heat_score(1e-8, y0, y0, score);
    assert_near(peak, -log(4.0 * PI * 1e-8) + log1p(1e-8 / 3.0), 1e-14);
    assert_near(sqrt(dot(3, score, score)), 0.0, 0.0);
    for (double theta = 1e-3; theta > 1e-12; theta *= 0.1) {
        const double y[3] = {0.6 * cos(theta) + 0.8 * sin(theta), 0.0, 0.8 * cos(theta) - 0.6 * sin(theta)};
        for (double tau = 1e-8; tau < 0.05; tau *= 10.0) {
            gndp_heat_score(tau, y0, y, score);
            /* (theta/(2 tau) - theta/6 - tau theta/90): geomndp.md 10.5; y itself has theta to 1e-16 only */
            const double want = theta * (0.5 / tau - 1.0 / 6.0 - tau / 90.0), size = sqrt(dot(3, score, score));
            assert_near(size / want, 1.0, 3e-16 / theta + theta * theta * tau + tau * tau + 1e-14);
            assert_true(score[0] < 0.0 && score[2] > 0.0);
        }
    }
}

/* Integral over the sphere by Simpson's rule in the angle, and dp/dtau = Laplacian p by differences. */
static void heat_density_has_unit_mass_and_solves_the_heat_equation(void **state)
{
    (void)state;
    for (double tau = 1e-8; tau < 12.0; tau *= 2.7) {
        enum { N = 4000 };
        const double end = fmin(PI, sqrt(160.0 * tau)), h = end / N;
        double mass = 0.0;
        for (int i = 0; i <= N; i++) {
            const double theta = h * i, half = sin(0.5 * theta), w = i == 0 || i == N ? 1.0 : i % 2 == 1 ? 4.0 : 2.0;
            const double y0[3] = {0.0, 0.0, 1.0}, y[3] = {sin(theta), 0.0, 1.0 - 2.0 * half * half};
            mass += w * h / 3.0 * 2.0 * PI * sin(theta) * exp(gndp_heat_score(tau, y0, y, NULL));
        }
        assert_near(mass, 1.0, tau < 0.05 ? 0.1 * tau * tau + 1e-10 : 1e-10);
    }
    for (double tau = 0.06; tau < 2.0; tau *= 1.7) {
        for (double theta = 0.2; theta < fmin(3.0, 6.0 * sqrt(tau)); theta += 0.3) {
            /* d ln p/dtau = d²ln p/dtheta² + (d ln p/dtheta)² + cot d ln p/dtheta; central differences err by h² times a derivative of ln p, up to 1e4 */
            const double h = 1e-4, up = gndp_heat_log_density(tau, cos(theta + h)), at = gndp_heat_log_density(tau, cos(theta)),
                         down = gndp_heat_log_density(tau, cos(theta - h)), first = (up - down) / (2.0 * h);
            const double rate = (gndp_heat_log_density(tau + h * tau, cos(theta)) - gndp_heat_log_density(tau - h * tau, cos(theta))) / (2.0 * h * tau);
            assert_near(rate, (up - 2.0 * at + down) / (h * h) + first * first + first * cos(theta) / sin(theta), 1e-4 * (1.0 + fabs(rate)));
        }
    }
}

/* Beyond exp(-25) of the maximum, up to the antipode, where long double still has digits: 1e-2 of p, and of the largest slope. */
static void heat_density_is_right_where_it_is_very_small(void **state)
{
    (void)state;
    for (double tau = 0.08; tau < 0.0987; tau += 0.003) {
        for (double theta = 10.0 * sqrt(tau); theta < PI; theta += 0.005) {
            long double p, slope;
            long_series(tau, cosl((long double)theta), &p, &slope);
            assert_near(gndp_heat_log_density(tau, cos(theta)), (double)logl(p), 1e-2);
            assert_near(gndp_heat_slope(tau, cos(theta)) * sin(theta), (double)(slope / p) * sin(theta), 1e-2 * PI / (2.0 * tau));
        }
        long double p, slope;
        long_series(tau, -1.0L, &p, &slope);
        assert_near(gndp_heat_slope(tau, -1.0) / (double)(slope / p), 1.0, 2e-2);
    }
}

/* Both branches give numbers everywhere, up to the antipode. */
static void heat_density_is_finite_everywhere(void **state)
{
    (void)state;
    for (double tau = 1e-8; tau < 1e12; tau *= 3.0) {
        for (int i = 0; i <= 200; i++) {
            const double c = cos(PI * i / 200.0);
            assert_true(isfinite(gndp_heat_log_density(tau, c)));
            assert_true(gndp_heat_slope(tau, c) >= 0.0 && isfinite(gndp_heat_slope(tau, c)));
        }
        const double y0[3] = {0.0, 0.6, 0.8}, y[3] = {0.0, -0.6, -0.8};
        double score[3];
        assert_true(isfinite(gndp_heat_score(tau, y0, y, score)));
        assert_true(isfinite(score[0]) && isfinite(score[1]) && isfinite(score[2]));
    }
    assert_near(gndp_heat_log_density(1e3, -0.3), -log(4.0 * PI), 1e-15);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(heat_score_has_the_error_of_the_table),
    cmocka_unit_test(heat_density_agrees_with_the_long_series),
    cmocka_unit_test(heat_slope_is_the_derivative_of_the_density),
    cmocka_unit_test(heat_score_is_accurate_where_the_cosine_is_one),
    cmocka_unit_test(heat_density_has_unit_mass_and_solves_the_heat_equation),
    cmocka_unit_test(heat_density_is_right_where_it_is_very_small),
    cmocka_unit_test(heat_density_is_finite_everywhere),
};
GNDP_TEST_MAIN(tests)
