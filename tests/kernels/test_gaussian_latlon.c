// SPDX-License-Identifier: Apache-2.0
// Laws on latitude-longitude grids: blocks by wavenumber give the dense covariance, poles and
// aliased wavenumbers included.
#include "kernels/gaussian_case.h"

enum { LATS = 12, LONS = 24 };

/* With poles (and then both), or without. */
static gndp_points globe(int64_t n_lat, int64_t n_lon, bool poles, double *lat)
{
    for (int64_t i = 0; i < n_lat; i++) {
        lat[i] = poles ? 90.0 - 180.0 * (double)i / (double)(n_lat - 1)
                       : 90.0 - 180.0 * ((double)i + 0.5) / (double)n_lat;
    }
    return (gndp_points){.kind = GNDP_POINTS_LATLON,
                         .lat_deg = lat,
                         .n_lat = n_lat,
                         .n_lon = n_lon,
                         .lon0_deg = 7.5};
}

static const gndp_gaussian_options latlon = {.factorisation = GNDP_FACTOR_LATLON};

/* Of many degrees (aliased: 24 longitudes tell wavenumbers up to 12 apart) and of few. */
static const char *const scalars[] = {
    "s2_heat(kappa=0.3)", "s2_heat(kappa=1.2, variance=2)", "s2_matern(nu=1.5, kappa=0.5)",
    "s2_rbf(lengthscale=0.4)",
    "s2_rbf(lengthscale=0.7) * s2_heat(kappa=0.9) + 0.5 * s2_heat(kappa=0.2)"};
static const char *const tangents[] = {
    "s2_curlfree(s2_heat(kappa=0.4))", "s2_divfree(s2_heat(kappa=0.4))",
    "s2_hodge(s2_heat(kappa=0.3), curl=0.3, div=0.7)", "s2_curlfree(s2_matern(nu=2.5, kappa=0.8))"};

static void compare(const char *text, const char *without, double white, bool poles, int64_t n_lat,
                    int64_t n_lon)
{
    double lat[64];
    const gndp_points points = globe(n_lat, n_lon, poles, lat);
    law_case c = begin_law(text, without, white, &points, &latlon);
    assert_int_equal(gndp_gaussian_factorisation(c.law), GNDP_FACTOR_LATLON);
    check_covariance(&c, 1e-10);
    end_law(&c);
}

static void latlon_equals_dense_for_scalars(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof scalars / sizeof *scalars; i++) {
        compare(scalars[i], scalars[i], 0.0, true, LATS, LONS);
        compare(scalars[i], scalars[i], 0.0, false, LATS, LONS);
    }
}

static void latlon_equals_dense_for_tangents(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof tangents / sizeof *tangents; i++) {
        compare(tangents[i], tangents[i], 0.0, true, LATS, LONS);
        compare(tangents[i], tangents[i], 0.0, false, LATS, LONS);
    }
}

static void latlon_equals_dense_with_white_noise(void **state)
{
    (void)state;
    for (int poles = 0; poles < 2; poles++) {
        compare("s2_heat(kappa=0.3) + white(variance=0.05)", "s2_heat(kappa=0.3)", 0.05, poles,
                LATS, LONS);
        compare("s2_divfree(s2_heat(kappa=0.4)) + white(variance=0.1)",
                "s2_divfree(s2_heat(kappa=0.4))", 0.1, poles, LATS, LONS);
        compare("white(variance=0.7)", NULL, 0.7, poles, 5, 8);
    }
}

static void latlon_equals_dense_when_longitudes_are_few_or_odd(void **state)
{
    (void)state;
    const int64_t lons[] = {1, 2, 3, 5, 9};
    for (int i = 0; i < 5; i++) {
        compare(scalars[0], scalars[0], 0.0, true, 7, lons[i]);
        compare("s2_heat(kappa=0.5) + white(variance=0.2)", "s2_heat(kappa=0.5)", 0.2, true, 4,
                lons[i]);
        compare(tangents[2], tangents[2], 0.0, lons[i] >= 3, 7, lons[i]);
        compare("s2_divfree(s2_heat(kappa=0.4)) + white(variance=0.1)",
                "s2_divfree(s2_heat(kappa=0.4))", 0.1, lons[i] >= 3, 5, lons[i]);
    }
}

static void latlon_equals_dense_for_several_scalars(void **state)
{
    (void)state;
    const char *const mixed = "coregion(s2_heat(kappa=0.3), a=[1, 0.5], rank=1, diagonal=[0.1, "
                              "0.3]) + diag(s2_rbf(lengthscale=0.6), outputs=2)";
    compare(mixed, mixed, 0.0, true, 8, 10);
}

static void latlon_solves_and_gives_densities_when_definite(void **state)
{
    (void)state;
    double lat[LATS];
    const gndp_points points = globe(LATS, 16, false, lat);
    law_case c = begin_law("s2_heat(kappa=0.3) + white(variance=0.05)", "s2_heat(kappa=0.3)", 0.05,
                           &points, &latlon);
    check_inverse(&c, true, 1e-10);
    end_law(&c);
    c = begin_law("s2_hodge(s2_heat(kappa=0.3), curl=0.3, div=0.7) + white(variance=0.1)",
                  "s2_hodge(s2_heat(kappa=0.3), curl=0.3, div=0.7)", 0.1, &points, &latlon);
    check_inverse(&c, true, 1e-10);
    end_law(&c);
    c = begin_law("s2_matern(nu=1.5, kappa=0.3)", "s2_matern(nu=1.5, kappa=0.3)", 0.0, &points,
                  &latlon); /* by its many degrees */
    check_inverse(&c, true, 1e-8);
    end_law(&c);
}

/* With poles or few degrees K has a null space: what lies in its range is solved, the rest refused,
 * and there is no density. */
static void latlon_refuses_the_null_space_when_semidefinite(void **state)
{
    (void)state;
    const char *const texts[] = {"s2_heat(kappa=1.2)", "s2_heat(kappa=0.3) + white(variance=0.05)",
                                 "s2_divfree(s2_heat(kappa=0.9))",
                                 "s2_divfree(s2_heat(kappa=0.4)) + white(variance=0.1)"};
    for (int i = 0; i < 4; i++) {
        double lat[LATS], log_det;
        const gndp_points points = globe(LATS, LONS, true, lat);
        gndp_kernel *k = new_kernel(texts[i]);
        gndp_gaussian *law = NULL;
        assert_ok(gndp_gaussian_create(k, &points, NULL, &latlon, &law));
        const int64_t n = gndp_gaussian_size(law);
        double *v = new_normals(3, n), *kv = new_values(n), *x = new_values(n),
               *again = new_values(n);
        assert_ok(gndp_gaussian_apply(law, 1, v, kv));
        assert_ok(gndp_gaussian_solve(law, 1, kv, x));
        assert_ok(gndp_gaussian_apply(law, 1, x, again));
        for (int64_t a = 0; a < n; a++) {
            assert_near(again[a], kv[a], 1e-9 * sqrt((double)n));
        }
        assert_fails(gndp_gaussian_solve(law, 1, v, x), GNDP_ERR_UNSUPPORTED, "null space");
        assert_fails(gndp_gaussian_log_det(law, &log_det), GNDP_ERR_UNSUPPORTED, "semidefinite");
        assert_fails(gndp_gaussian_log_prob(law, 1, v, &log_det), GNDP_ERR_UNSUPPORTED,
                     "semidefinite");
        gndp_gaussian_free(law);
        gndp_kernel_free(k);
        free(v), free(kv), free(x), free(again);
    }
}

static void latlon_draws_follow_from_seed_and_member(void **state)
{
    (void)state;
    double lat[LATS];
    const gndp_points points = globe(LATS, LONS, true, lat);
    check_draws("s2_heat(kappa=0.3)", &points, &latlon);
    check_draws("s2_matern(nu=1.5, kappa=0.3) + white(variance=0.1)", &points, &latlon);
    check_draws("s2_divfree(s2_heat(kappa=0.4)) + white(variance=0.1)", &points, &latlon);
}

static void latlon_draws_have_the_covariance(void **state)
{
    (void)state;
    double lat[LATS];
    const gndp_points points = globe(LATS, LONS, true, lat);
    law_case c = begin_law(tangents[2], tangents[2], 0.0, &points, &latlon);
    check_moments(&c);
    end_law(&c);
}

/* A pole is one point: scalars take one value there; vectors one vector, so that turning the frame
 * by the longitude gives it back. */
static void latlon_draws_are_single_valued_at_poles(void **state)
{
    (void)state;
    double lat[5];
    const gndp_points points = globe(5, 10, true, lat);
    const char *const texts[] = {"s2_heat(kappa=0.3) + white(variance=1)",
                                 "s2_divfree(s2_heat(kappa=0.4)) + white(variance=1)"};
    for (int t = 0; t < 2; t++) {
        gndp_kernel *k = new_kernel(texts[t]);
        gndp_gaussian *law = NULL;
        assert_ok(gndp_gaussian_create(k, &points, NULL, NULL, &law));
        const int p = t + 1;
        double *y = new_values(50 * p);
        const uint32_t member = 4;
        assert_ok(gndp_gaussian_sample(law, 1, &member, 1, y));
        for (int pole = 0; pole < 2; pole++) {
            const double *row = y + pole * 40 * p;
            double first[2] = {0.0, 0.0};
            for (int j = 0; j < 10; j++) {
                double turn[4], vector[2] = {row[j * p], p == 2 ? row[j * p + 1] : 0.0};
                if (p == 2) { /* transposed: back to the frame of longitude 0 */
                    turn_pole(pole == 0 ? 90.0 : -90.0, (7.5 + 36.0 * j) * 0.017453292519943295,
                              turn);
                    vector[0] = turn[0] * row[2 * j] + turn[2] * row[2 * j + 1];
                    vector[1] = turn[1] * row[2 * j] + turn[3] * row[2 * j + 1];
                }
                if (j == 0) {
                    memcpy(first, vector, sizeof first);
                }
                assert_near(vector[0], first[0], 1e-13);
                assert_near(vector[1], first[1], 1e-13);
            }
        }
        gndp_gaussian_free(law);
        gndp_kernel_free(k);
        free(y);
    }
}

static void latlon_order_of_latitudes_is_free(void **state)
{
    (void)state;
    const double lat[6] = {10, -90, 45.5, -0.25, 90, 88};
    const gndp_points points = {
        .kind = GNDP_POINTS_LATLON, .lat_deg = lat, .n_lat = 6, .n_lon = 12, .lon0_deg = -180};
    law_case c = begin_law(tangents[2], tangents[2], 0.0, &points, &latlon);
    check_covariance(&c, 1e-10);
    end_law(&c);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(latlon_equals_dense_for_scalars),
    cmocka_unit_test(latlon_equals_dense_for_tangents),
    cmocka_unit_test(latlon_equals_dense_with_white_noise),
    cmocka_unit_test(latlon_equals_dense_when_longitudes_are_few_or_odd),
    cmocka_unit_test(latlon_equals_dense_for_several_scalars),
    cmocka_unit_test(latlon_solves_and_gives_densities_when_definite),
    cmocka_unit_test(latlon_refuses_the_null_space_when_semidefinite),
    cmocka_unit_test(latlon_draws_follow_from_seed_and_member),
    cmocka_unit_test(latlon_draws_have_the_covariance),
    cmocka_unit_test(latlon_draws_are_single_valued_at_poles),
    cmocka_unit_test(latlon_order_of_latitudes_is_free),
};

GNDP_TEST_MAIN(tests)
