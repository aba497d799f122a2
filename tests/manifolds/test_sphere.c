// SPDX-License-Identifier: Apache-2.0
// Geometry of spheres: identities of exp, log and transport near 0 and near the antipode, means, degrees, the same in graphs.
#include "manifolds/manifold_case.h"

#include <gndp/ops.h>

/* Angles from rounding to almost the antipode. */
static const double angles[] = {0.0, 1e-300, 1e-15, 1e-8, 9e-5, 1.1e-4, 1e-2, 1.0, 3.0, 3.1, PI - 1e-4, PI - 1e-8};
enum { ANGLES = sizeof angles / sizeof *angles };

static void pair_at(int n, double theta, uint64_t seed, double *y, double *x)
{
    assert_ok(gndp_sphere_uniform(n, 1, (gndp_sphere_key){.seed = seed, .first = 1}, y));
    point_at(n, y, theta, seed + 100, x);
}

static void sphere_log_undoes_exp(void **state)
{
    (void)state;
    for (int n = 2; n <= GNDP_SPHERE_MAX; n++) {
        for (int a = 0; a < ANGLES; a++) {
            double y[GNDP_SPHERE_MAX], x[GNDP_SPHERE_MAX], v[GNDP_SPHERE_MAX], back[GNDP_SPHERE_MAX];
            pair_at(n, angles[a], (uint64_t)n, y, x);
            assert_near(dot(n, x, x), 1.0, 1e-15);
            assert_near(gndp_sphere_distance(n, y, x), angles[a], 1e-15);
            assert_int_equal(gndp_sphere_log(n, 1, y, x, v), 0);
            assert_near(sqrt(dot(n, v, v)), angles[a], 1e-15);
            assert_near(dot(n, v, y), 0.0, 1e-15 * angles[a] + 1e-31);
            gndp_sphere_exp(n, 1, y, v, back);
            for (int j = 0; j < n; j++) {
                assert_near(back[j], x[j], 4e-15);
            }
        }
    }
    /* coincident: exactly 0; antipode: told, and 0 */
    const double p[6] = {0.0, 0.6, 0.8, 1.0, 0.0, 0.0}, q[6] = {0.0, 0.6, 0.8, -1.0, 0.0, 0.0};
    double v[6];
    assert_int_equal(gndp_sphere_log(3, 2, p, q, v), 1);
    for (int j = 0; j < 6; j++) {
        assert_near(v[j], 0.0, 0.0);
    }
    assert_near(gndp_sphere_distance(3, p + 3, q + 3), PI, 0.0);
}

static void sphere_exp_goes_along_great_circles(void **state)
{
    (void)state;
    const double y[3] = {1.0, 0.0, 0.0};
    for (double a = -20.0; a < 20.0; a += 0.37) { /* any length, v not tangent: only its tangent part counts */
        const double v[3] = {5.0, a, 0.0};
        double x[3];
        gndp_sphere_exp(3, 1, y, v, x);
        assert_near(x[0], cos(a), 4e-15);
        assert_near(x[1], sin(a), 4e-15);
        assert_near(x[2], 0.0, 0.0);
    }
}

static void sphere_transport_is_an_isometry_between_tangent_planes(void **state)
{
    (void)state;
    for (int n = 2; n <= GNDP_SPHERE_MAX; n++) {
        for (int a = 0; a < ANGLES; a++) {
            double y[GNDP_SPHERE_MAX], x[GNDP_SPHERE_MAX], u[2 * GNDP_SPHERE_MAX], yy[2 * GNDP_SPHERE_MAX], xx[2 * GNDP_SPHERE_MAX],
                to[2 * GNDP_SPHERE_MAX], back[2 * GNDP_SPHERE_MAX], v[GNDP_SPHERE_MAX], w[GNDP_SPHERE_MAX];
            pair_at(n, angles[a], (uint64_t)n, y, x);
            for (int k = 0; k < 2; k++) {
                memcpy(yy + k * n, y, (size_t)n * sizeof *y);
                memcpy(xx + k * n, x, (size_t)n * sizeof *x);
            }
            assert_ok(gndp_sphere_tangent_normal(n, 2, yy, (gndp_sphere_key){.seed = 3}, u));
            gndp_sphere_transport(n, 2, yy, xx, u, to);
            gndp_sphere_transport(n, 2, xx, yy, to, back);
            for (int k = 0; k < 2; k++) {
                assert_near(dot(n, to + k * n, x), 0.0, 2e-15);
                assert_near(dot(n, to + k * n, to), dot(n, u + k * n, u), 2e-14);
                for (int j = 0; j < n; j++) {
                    assert_near(back[k * n + j], u[k * n + j], 1e-14);
                }
            }
            /* the velocity of the great circle stays one: transport of log_y x is -log_x y */
            gndp_sphere_log(n, 1, y, x, v);
            gndp_sphere_log(n, 1, x, y, w);
            gndp_sphere_transport(n, 1, y, x, v, v);
            for (int j = 0; j < n; j++) {
                assert_near(v[j], -w[j], 4e-15 + 1e-14 / (PI - angles[a])); /* near the antipode the direction is that of a small sum */
            }
        }
    }
}

static void sphere_areas_are_known(void **state)
{
    (void)state;
    const double area[] = {2.0 * PI, 4.0 * PI, 2.0 * PI * PI, 8.0 * PI * PI / 3.0, PI * PI * PI};
    for (int n = 2; n <= 6; n++) {
        assert_near(gndp_sphere_log_area(n), log(area[n - 2]), 4e-15);
    }
}

static void sphere_mean_has_no_mean_logarithm(void **state)
{
    (void)state;
    enum { N = 500 };
    static double x[N * 5], w[N];
    for (int n = 2; n <= 5; n++) {
        double centre[5], tau[N], mean[5], sum[5] = {0}, v[5], total = 0.0;
        static double from[N * 5];
        assert_ok(gndp_sphere_uniform(n, 1, (gndp_sphere_key){.seed = 1}, centre));
        assert_ok(gndp_random_uniform_f64(5, 0, 0, 0, 0, N, w));
        for (int i = 0; i < N; i++) {
            memcpy(from + i * n, centre, (size_t)n * sizeof *centre);
            tau[i] = 0.1;
        }
        assert_ok(gndp_sphere_heat_draw(n, N, tau, from, (gndp_sphere_key){.seed = 2}, x));
        assert_ok(gndp_sphere_mean(n, N, x, w, mean));
        assert_near(dot(n, mean, mean), 1.0, 1e-15);
        for (int i = 0; i < N; i++) {
            gndp_sphere_log(n, 1, mean, x + i * n, v);
            total += w[i];
            for (int j = 0; j < n; j++) {
                sum[j] += w[i] * v[j];
            }
        }
        assert_near(sqrt(dot(n, sum, sum)) / total, 0.0, 1e-13);
        assert_true(gndp_sphere_distance(n, mean, centre) < 0.15); /* sqrt(2 (n - 1) tau 4/3 / N) is 0.05 at most */
        /* equal weights are no weights, and a weight of 2 is a point twice */
        double a[5], b[5];
        const double two[3] = {1.0, 1.0, 2.0};
        memcpy(x + 3 * n, x + 2 * n, (size_t)n * sizeof *x);
        assert_ok(gndp_sphere_mean(n, 4, x, NULL, a));
        assert_ok(gndp_sphere_mean(n, 3, x, two, b));
        for (int j = 0; j < n; j++) {
            assert_near(a[j], b[j], 1e-13);
        }
    }
    /* two points: the middle of their great circle, also when they are almost opposite */
    for (int a = 0; a < ANGLES - 1; a++) {
        double two[6], mean[3];
        pair_at(3, angles[a], 7, two, two + 3);
        assert_ok(gndp_sphere_mean(3, 2, two, NULL, mean));
        assert_near(gndp_sphere_distance(3, two, mean), 0.5 * angles[a], 1e-11);
        assert_near(gndp_sphere_distance(3, two + 3, mean), 0.5 * angles[a], 1e-11);
    }
}

static void sphere_mean_tells_where_there_is_none(void **state)
{
    (void)state;
    const double x[6] = {0.0, 0.6, 0.8, 0.0, -0.6, -0.8}, bad[3] = {0.0, NAN, 1.0}, minus[2] = {1.0, -1.0}, zero[2] = {0.0, 0.0};
    double mean[3];
    assert_fails(gndp_sphere_mean(3, 2, x, NULL, mean), GNDP_ERR_RANGE, "no direction");
    assert_fails(gndp_sphere_mean(3, 1, bad, NULL, mean), GNDP_ERR_NONFINITE, "point 0");
    assert_fails(gndp_sphere_mean(3, 2, x, minus, mean), GNDP_ERR_RANGE, "negative");
    assert_fails(gndp_sphere_mean(3, 2, x, zero, mean), GNDP_ERR_RANGE, "sum to 0");
    assert_fails(gndp_sphere_mean(3, 0, x, NULL, mean), GNDP_ERR_RANGE, "0 points");
    assert_fails(gndp_sphere_mean(1, 2, x, NULL, mean), GNDP_ERR_RANGE, "R^1");
}

static void sphere_degrees_are_exact_at_poles_and_axes(void **state)
{
    (void)state;
    const double x[] = {0, 0, 1, 0, 0, -1, 1, 0, 0, 0, 1, 0, -1, 0, 0, 0, -1, 0}, lat[] = {90, -90, 0, 0, 0, 0}, lon[] = {0, 0, 0, 90, 180, -90};
    double a[6], b[6];
    gndp_sphere_to_degrees(6, x, a, b);
    for (int i = 0; i < 6; i++) {
        assert_near(a[i], lat[i], 0.0);
        assert_near(b[i], lon[i], 0.0);
    }
    for (double at = -89.0; at < 90.0; at += 7.3) {
        for (double to = -179.0; to < 180.0; to += 13.7) {
            const double r = PI / 180.0, y[3] = {cos(at * r) * cos(to * r), cos(at * r) * sin(to * r), sin(at * r)};
            gndp_sphere_to_degrees(1, y, a, NULL);
            gndp_sphere_to_degrees(1, y, NULL, b);
            assert_near(a[0], at, 1e-12);
            assert_near(b[0], to, 1e-12);
        }
    }
}

/* Nodes give the values of their C twins; the unit vector is constant along rays, so that its derivative is P_u/|y|. */
static void sphere_nodes_agree_with_functions(void **state)
{
    (void)state;
    enum { N = 7, D = 3 };
    double y[N * D], v[N * D], unit[N * D], want[N * D], got[3][N * D];
    assert_ok(gndp_random_normal_f64(1, 0, 0, 0, 0, N * D, y));
    assert_ok(gndp_random_normal_f64(1, 0, 0, 1, 0, N * D, v));
    for (int i = 0; i < N; i++) {
        for (int j = 0; j < D; j++) {
            unit[i * D + j] = y[i * D + j] / sqrt(dot(D, y + i * D, y + i * D));
        }
    }
    gndp_sphere_project(D, N, unit, v, want);
    gndp_graph *g = NULL;
    gndp_device *device = NULL;
    gndp_plan *plan = NULL;
    assert_ok(gndp_graph_create(&g));
    assert_ok(gndp_device_open("cpu", NULL, &device));
    const gndp_type type = gndp_type_2d(GNDP_F64, N, D);
    const gndp_node ny = gndp_input(g, "y", type), nv = gndp_input(g, "v", type), u = gndp_sphere_unit_node(g, ny);
    gndp_node pull;
    gndp_vjp(g, &u, &nv, 1, &ny, 1, &pull);
    const gndp_node out[3] = {u, gndp_sphere_project_node(g, u, nv), pull};
    assert_ok(gndp_plan_create(g, out, 3, device, NULL, &plan));
    const gndp_feed in[2] = {{"y", gndp_array_view(type, y)}, {"v", gndp_array_view(type, v)}};
    gndp_array to[3];
    for (int k = 0; k < 3; k++) {
        to[k] = gndp_array_view(type, got[k]);
    }
    assert_ok(gndp_plan_run(plan, in, 2, to, 3));
    for (int i = 0; i < N * D; i++) {
        const double *at = y + i / D * D;
        assert_near(got[0][i], unit[i], 1e-15);
        assert_near(got[1][i], want[i], 1e-14);
        assert_near(got[2][i], want[i] / sqrt(dot(D, at, at)), 1e-13);
    }
    gndp_plan_free(plan);
    gndp_device_free(device);
    gndp_graph_free(g);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(sphere_log_undoes_exp),
    cmocka_unit_test(sphere_exp_goes_along_great_circles),
    cmocka_unit_test(sphere_transport_is_an_isometry_between_tangent_planes),
    cmocka_unit_test(sphere_areas_are_known),
    cmocka_unit_test(sphere_mean_has_no_mean_logarithm),
    cmocka_unit_test(sphere_mean_tells_where_there_is_none),
    cmocka_unit_test(sphere_degrees_are_exact_at_poles_and_axes),
    cmocka_unit_test(sphere_nodes_agree_with_functions),
};
GNDP_TEST_MAIN(tests)
