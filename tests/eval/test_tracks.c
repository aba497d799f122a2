// SPDX-License-Identifier: Apache-2.0
// Scores of tracks on the sphere: parts of errors, energy score, coverage of Gaussian ensembles, means over storms.
#include "support/test_main.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <gndp/base.h>
#include <gndp/fields.h>
#include <gndp/manifolds.h>
#include <gndp/tracks.h>

static const double degree = 3.14159265358979323846 / 180.0, R = GNDP_EARTH_RADIUS_KM;

static void near(double a, double b, double tolerance)
{
    if (!(fabs(a - b) <= tolerance))
        fail_msg("%.17g is not %.17g to %g", a, b, tolerance);
}

static void must(gndp_status st)
{
    if (st != GNDP_OK)
        fail_msg("%s", gndp_last_error());
}

static void place(double lat, double lon, double *out)
{
    const double x[2] = {lat, lon};
    gndp_coords_embed(GNDP_SPACE_SPHERE, 2, 1, x, out);
}

/* On the equator, eastwards across the date line, 2 degrees a day, at unequal times. */
static void velocity_of_a_storm_on_the_equator_is_its_speed(void **state)
{
    (void)state;
    const double days[4] = {0.0, 0.125, 0.5, 1.0};
    double x[12], v[12];
    for (int i = 0; i < 4; i++)
        place(0.0, 179.5 + 2.0 * days[i], x + 3 * i);
    must(gndp_track_velocities(4, days, x, v));
    for (int i = 0; i < 4; i++) {
        const double lon = (179.5 + 2.0 * days[i]) * degree;
        near(v[3 * i], -2.0 * degree * sin(lon), 1e-14);
        near(v[3 * i + 1], 2.0 * degree * cos(lon), 1e-14);
        near(v[3 * i + 2], 0.0, 1e-14);
    }
    must(gndp_track_velocities(1, days, x, v));
    near(v[0], 0.0, 0.0);
    const double back[2] = {1.0, 1.0};
    assert_int_equal(gndp_track_velocities(2, back, x, v), GNDP_ERR_RANGE);
}

/* A storm that goes east over the equator: what is east of it is ahead, what is south to its right. */
static void error_on_the_equator_has_its_parts(void **state)
{
    (void)state;
    double truth[3], ahead[3], south[3], both[3];
    place(0.0, 179.9, truth);
    place(0.0, -179.1, ahead);
    place(-3.0, 179.9, south);
    place(2.0, 177.9, both);
    const double east[3] = {-sin(179.9 * degree), cos(179.9 * degree), 0.0};
    gndp_track_error e = gndp_track_error_of(truth, east, ahead);
    near(e.km, R * degree, 1e-9);
    near(e.along_km, R * degree, 1e-9);
    near(e.cross_km, 0.0, 1e-9);
    e = gndp_track_error_of(truth, east, south);
    near(e.along_km, 0.0, 1e-9);
    near(e.cross_km, 3.0 * R * degree, 1e-9);
    e = gndp_track_error_of(truth, east, both);
    assert_true(e.along_km < 0.0 && e.cross_km < 0.0);
    near(hypot(e.along_km, e.cross_km), e.km, 1e-9);
    near(e.km, R * acos(cos(2.0 * degree) * cos(2.0 * degree)), 1e-8);
    const double still[3] = {0.0};
    e = gndp_track_error_of(truth, still, ahead);
    assert_true(isnan(e.along_km) && isnan(e.cross_km) && e.km > 0.0);
}

/* On a meridian distances are differences of latitude: members 0, 1, 3 and truth 2, as in one dimension. */
static void energy_on_a_meridian_is_the_fair_crps(void **state)
{
    (void)state;
    double x[9], y[3];
    place(0.0, 30.0, x);
    place(1.0, 30.0, x + 3);
    place(3.0, 30.0, x + 6);
    place(2.0, 30.0, y);
    near(gndp_track_energy(3, x, y), R * degree * (4.0 / 3.0 - 1.0), 1e-9);
    near(gndp_track_energy(1, x, y), R * degree * 2.0, 1e-9);
}

/* Gaussian in the tangent plane at a place, covariance [a^2, r a b; r a b, b^2], degrees. */
static void gaussian(const double at[3], double spread, uint32_t c, int64_t n, double *out)
{
    double z[200], east[3] = {-at[1], at[0], 0.0};
    const double r = hypot(at[0], at[1]);
    for (int k = 0; k < 3; k++)
        east[k] /= r;
    const double north[3] = {-at[2] * at[0] / r, -at[2] * at[1] / r, r};
    must(gndp_random_normal_f64(3, 0, c, GNDP_STREAM(7, 0), 0, 2 * n, z));
    for (int64_t i = 0; i < n; i++) {
        const double a = 3.0 * spread * degree * z[2 * i], b = spread * degree * (z[2 * i + 1] + 0.8 * z[2 * i]);
        double v[3];
        for (int k = 0; k < 3; k++)
            v[k] = a * east[k] + b * north[k];
        gndp_sphere_exp(3, 1, at, v, out + 3 * i);
    }
}

/*
 * Truth and M members from one Gaussian law: levels are uniform, for 3, 4 and 20 members, near a pole and on the date line. 20000 cases: the coverage has a
 * standard deviation of at most .0036, five of which are a false alarm in 1.7 million; 18 are looked at. The law is Gaussian in a plane and spreads over
 * .1 degrees, so that the curvature of the sphere moves levels by some 1e-5.
 */
static void coverage_of_gaussian_ensembles_is_exact(void **state)
{
    (void)state;
    enum { CASES = 20000 };
    static const int members[3] = {3, 4, 20};
    static const double places[2][2] = {{-15.0, 179.98}, {89.0, 10.0}}, level[3] = {0.1, 0.5, 0.9};
    for (int p = 0; p < 2; p++)
        for (int k = 0; k < 3; k++) {
            const int m = members[k];
            double at[3], x[63], share[3] = {0.0};
            place(places[p][0], places[p][1], at);
            for (uint32_t c = 0; c < CASES; c++) {
                double l;
                gaussian(at, 0.03, (uint32_t)(6 * CASES) * (uint32_t)(3 * p + k) + c, m + 1, x);
                must(gndp_track_level(m, x, x + 3 * m, &l));
                assert_true(l >= 0.0 && l <= 1.0);
                for (int i = 0; i < 3; i++)
                    share[i] += l <= level[i] ? 1.0 / CASES : 0.0;
            }
            for (int i = 0; i < 3; i++)
                near(share[i], level[i], 5.0 * sqrt(level[i] * (1.0 - level[i]) / CASES) + 1e-4);
        }
}

/* Every place of the ellipse has its level. */
static void ellipse_is_where_the_level_says(void **state)
{
    (void)state;
    double at[3], x[60], ring[24], level;
    place(-20.0, -179.9, at);
    gaussian(at, 1.0, 5, 20, x);
    must(gndp_track_ellipse(20, x, 0.9, 8, ring));
    for (int i = 0; i < 8; i++) {
        must(gndp_track_level(20, x, ring + 3 * i, &level));
        near(level, 0.9, 1e-12);
    }
    assert_int_equal(gndp_track_ellipse(20, x, 1.0, 8, ring), GNDP_ERR_RANGE);
    assert_int_equal(gndp_track_level(2, x, at, &level), GNDP_ERR_RANGE);
    const double apart[9] = {1.0, 0.0, 0.0, -0.5, sqrt(0.75), 0.0, -0.5, -sqrt(0.75), 0.0};
    assert_int_equal(gndp_track_level(3, apart, at, &level), GNDP_ERR_RANGE);
    for (int i = 0; i < 5; i++) /* members in line have no area */
        place(0.0, 2.0 * i, x + 3 * i);
    place(0.5, 4.0, at);
    must(gndp_track_level(5, x, at, &level));
    near(level, 1.0, 0.0);
    for (int i = 0; i < 40; i++) { /* members in one place: there or not, whatever rounding makes of their mean */
        for (int k = 0; k < 5; k++)
            place(-3.7 * i + 60.0, 17.1 * i, x + 3 * k);
        must(gndp_track_level(5, x, x, &level));
        near(level, 0.0, 0.0);
        must(gndp_track_level(5, x, at, &level));
        near(level, 1.0, 0.0);
    }
}

/* ---- Many storms ---------------------------------------------------------------------------- */

/* Deterministic forecasts on the equator, `ahead` degrees too far east. */
static void add(gndp_track_scores *scores, int64_t storm, int n, const double *ahead, double log_p)
{
    double truth[12], forecast[12], velocity[12], lead[4];
    for (int i = 0; i < n; i++) {
        const double lon = 170.0 + 5.0 * i;
        place(0.0, lon, truth + 3 * i);
        place(0.0, lon + ahead[i], forecast + 3 * i);
        velocity[3 * i] = -sin(lon * degree);
        velocity[3 * i + 1] = cos(lon * degree);
        velocity[3 * i + 2] = 0.0;
        lead[i] = 6.0 * (i + 1);
    }
    const gndp_track_case one = {
        .storm = storm, .n = n, .lead_h = lead, .members = 1, .ensemble = forecast, .truth = truth, .velocity = velocity, .log_p = log_p};
    must(gndp_track_scores_add(scores, &one));
}

/* Storms with errors (1, 3), (2, -2), (4): mean 12/5; residuals from the mean sum to -.8, -.8, 1.6 in the storms. */
static void table_has_its_hand_computed_values(void **state)
{
    (void)state;
    gndp_track_scores *scores = NULL;
    gndp_track_table t;
    double *lead = NULL;
    int64_t n;
    must(gndp_track_scores_create(0, NULL, &scores));
    assert_int_equal(gndp_track_scores_table(scores, NAN, &t), GNDP_ERR_NOT_FOUND);
    add(scores, 8, 2, (double[]){1.0, 3.0}, 10.0);
    add(scores, 2, 2, (double[]){2.0, -2.0}, 13.0);
    add(scores, 5, 1, (double[]){4.0}, NAN);
    must(gndp_track_scores_table(scores, NAN, &t));
    const double km = R * degree;
    assert_int_equal(t.storms, 3);
    assert_int_equal(t.values, 5);
    near(t.mean_km.value, 2.4 * km, 1e-8);
    near(t.mean_km.se, sqrt(1.5 * (0.64 + 0.64 + 2.56)) / 5.0 * km, 1e-8);
    near(t.median_km.value, 2.0 * km, 1e-8);
    near(t.rmse_km.value, sqrt(34.0 / 5.0) * km, 1e-8); /* squares 1, 9, 4, 4, 16; less the mean: -3.6, -5.6, 9.2 */
    near(t.rmse_km.se, sqrt(1.5 * (3.6 * 3.6 + 5.6 * 5.6 + 9.2 * 9.2)) / 5.0 / (2.0 * sqrt(6.8)) * km, 1e-8);
    near(t.along_km.value, 8.0 / 5.0 * km, 1e-8);
    near(t.along_abs_km.value, 2.4 * km, 1e-8);
    near(t.cross_abs_km.value, 0.0, 1e-8);
    near(t.energy_km.value, 2.4 * km, 1e-8);
    near(t.log_p.value, 11.5, 0.0);
    near(t.log_p.se, 1.5, 1e-14); /* as of two independent numbers */
    assert_true(isnan(t.coverage[0].value) && isnan(t.spread_km.value));
    must(gndp_track_scores_leads(scores, &lead, &n));
    assert_int_equal(n, 2);
    must(gndp_track_scores_table(scores, lead[1], &t));
    assert_int_equal(t.values, 2);
    near(t.mean_km.value, 2.5 * km, 1e-8);
    near(t.mean_km.se, 0.5 * km, 1e-8);
    assert_true(isnan(t.log_p.value));
    assert_int_equal(gndp_track_scores_table(scores, 7.0, &t), GNDP_ERR_NOT_FOUND);
    free(lead);
    gndp_track_scores_free(scores);
}

/* Members and truth of one law: coverage, and the spread is the error, within 5 standard errors of 500 storms with two targets each. Targets that are not
 * present count nowhere, and a case that fails leaves no trace. */
static void ensembles_of_the_right_law_are_reliable(void **state)
{
    (void)state;
    enum { STORMS = 500, M = 10 };
    const double level[2] = {0.5, 0.9}, lead[3] = {6.0, 12.0, 18.0};
    gndp_track_scores *scores = NULL;
    gndp_track_table t;
    double at[3], x[3 * (M + 1)], ensemble[M][3][3], truth[3][3];
    const uint8_t present[3] = {1, 0, 1};
    must(gndp_track_scores_create(2, level, &scores));
    place(40.0, 179.0, at);
    for (uint32_t s = 0; s < STORMS; s++) {
        for (int j = 0; j < 3; j++) {
            gaussian(at, 0.5, 1000000 + 3 * s + (uint32_t)j, M + 1, x);
            for (int m = 0; m < M; m++)
                memcpy(ensemble[m][j], x + 3 * m, sizeof ensemble[m][j]);
            memcpy(truth[j], x + 3 * M, sizeof truth[j]);
        }
        gndp_track_case one = {.storm = s, .n = 3, .lead_h = lead, .members = M, .ensemble = &ensemble[0][0][0], .truth = &truth[0][0],
                               .present = present, .log_p = NAN};
        must(gndp_track_scores_add(scores, &one));
        ensemble[2][2][1] = NAN;
        assert_int_equal(gndp_track_scores_add(scores, &one), GNDP_ERR_NONFINITE);
    }
    must(gndp_track_scores_table(scores, NAN, &t));
    assert_int_equal(t.values, 2 * STORMS);
    assert_int_equal(t.storms, STORMS);
    for (int i = 0; i < 2; i++) {
        near(t.coverage[i].value, level[i], 5.0 * t.coverage[i].se);
        near(t.coverage[i].se, sqrt(level[i] * (1.0 - level[i]) / (2.0 * STORMS)), 0.003);
    }
    near(t.spread_km.value, t.rmse_km.value, 5.0 * (t.rmse_km.se + t.spread_km.se));
    assert_true(t.energy_km.value < t.mean_km.value);
    assert_true(isnan(t.along_km.value));
    gndp_track_scores_free(scores);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(velocity_of_a_storm_on_the_equator_is_its_speed),
    cmocka_unit_test(error_on_the_equator_has_its_parts),
    cmocka_unit_test(energy_on_a_meridian_is_the_fair_crps),
    cmocka_unit_test(coverage_of_gaussian_ensembles_is_exact),
    cmocka_unit_test(ellipse_is_where_the_level_says),
    cmocka_unit_test(table_has_its_hand_computed_values),
    cmocka_unit_test(ensembles_of_the_right_law_are_reliable),
};

GNDP_TEST_MAIN(tests)
