// SPDX-License-Identifier: Apache-2.0
// Tracks continued and joined without a model: exact on great circles, wherever they run, and where least squares has an answer.
#include "support/test_main.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <gndp/base.h>
#include <gndp/fields.h>
#include <gndp/manifolds.h>
#include <gndp/tracks.h>

static void must(gndp_status st)
{
    if (st != GNDP_OK)
        fail_msg("%s", gndp_last_error());
}

static void near_place(const double *a, const double *b, double tolerance)
{
    const double d = gndp_sphere_distance(3, a, b);
    if (!(d <= tolerance))
        fail_msg("%g radians apart, more than %g", d, tolerance);
}

/* Constant speed along a great circle, 5 degrees a day, through a place in a direction: over the date line, over a pole. */
enum { FIXES = 12 };
static const double days[FIXES] = {0.0, 0.125, 0.25, 0.375, 0.5, 1.0, 1.5, 2.0, 2.25, 2.375, 2.5, 3.0};

static void great_circle(int which, double x[][3])
{
    static const double places[3][2] = {{-12.0, 176.0}, {85.0, 40.0}, {0.0, -2.0}}, heading[3][2] = {{0.8, -0.6}, {0.0, 1.0}, {1.0, 0.0}};
    const double degree = acos(-1.0) / 180.0;
    double at[3];
    gndp_coords_embed(GNDP_SPACE_SPHERE, 2, 1, places[which], at);
    const double r = hypot(at[0], at[1]), east[3] = {-at[1] / r, at[0] / r, 0.0}, north[3] = {-at[2] * at[0] / r, -at[2] * at[1] / r, r};
    for (int i = 0; i < FIXES; i++) {
        double v[3];
        for (int k = 0; k < 3; k++)
            v[k] = 5.0 * degree * days[i] * (heading[which][0] * east[k] + heading[which][1] * north[k]);
        gndp_sphere_exp(3, 1, at, v, x[i]);
    }
}

static void great_circles_are_met_exactly(void **state)
{
    (void)state;
    for (int which = 0; which < 3; which++) {
        double x[FIXES][3], given[6][3], out[FIXES][3];
        const double known[6] = {days[0], days[1], days[2], days[9], days[10], days[11]};
        great_circle(which, x);
        memcpy(given, x, 3 * sizeof *x);
        memcpy(given + 3, x + 9, 3 * sizeof *x);
        const gndp_track_context c = {6, known, given[0]}, first = {3, known, given[0]};
        must(gndp_track_great_circle(&c, FIXES, days, out[0]));
        for (int i = 0; i < FIXES; i++)
            near_place(out[i], x[i], 1e-14);
        must(gndp_track_hermite(&c, 5, days + 4, out[0]));
        for (int i = 0; i < 5; i++)
            near_place(out[i], x[i + 4], 1e-14);
        for (int w = 0; w < 2; w++) {
            must(gndp_track_velocity(&first, w == 0 ? 6.0 : 24.0, FIXES - 3, days + 3, out[0]));
            for (int i = 3; i < FIXES; i++)
                near_place(out[i - 3], x[i], 1e-13);
        }
        must(gndp_track_stay(&c, FIXES - 3, days + 3, out[0]));
        near_place(out[0], x[2], 0.0);
        near_place(out[FIXES - 4], x[11], 0.0);
    }
}

/* Ends and the velocities there: differences over 1e-4 days agree with the chords, to the curvature of the cubic. And backwards is the same curve. */
static void hermite_joins_smoothly_and_runs_backwards(void **state)
{
    (void)state;
    const double lat_lon[4][2] = {{-10.0, 178.0}, {-11.0, 179.0}, {-20.0, -178.0}, {-23.0, -178.5}}, t[4] = {0.0, 0.25, 3.0, 3.5};
    double x[4][3], reversed[4][3], back[4], out[4][3], same[4][3], v[2][3];
    gndp_coords_embed(GNDP_SPACE_SPHERE, 2, 4, lat_lon[0], x[0]);
    const gndp_track_context c = {4, t, x[0]};
    const double near_ends[4] = {0.25 + 1e-5, 1.0, 2.0, 3.0 - 1e-5};
    must(gndp_track_hermite(&c, 4, near_ends, out[0]));
    gndp_sphere_log(3, 1, x[1], out[0], v[0]);
    gndp_sphere_log(3, 1, x[1], x[0], v[1]);
    for (int k = 0; k < 3; k++)
        assert_true(fabs(v[0][k] / 1e-5 - v[1][k] / -0.25) < 1e-5);
    gndp_sphere_log(3, 1, x[2], out[3], v[0]);
    gndp_sphere_log(3, 1, x[2], x[3], v[1]);
    for (int k = 0; k < 3; k++)
        assert_true(fabs(v[0][k] / -1e-5 - v[1][k] / 0.5) < 1e-5);
    for (int i = 0; i < 4; i++) {
        memcpy(reversed[i], x[3 - i], sizeof x[0]);
        back[i] = 3.5 - t[3 - i];
    }
    const gndp_track_context r = {4, back, reversed[0]};
    const double then[4] = {3.5 - near_ends[3], 1.5, 2.5, 3.5 - near_ends[0]};
    must(gndp_track_hermite(&r, 4, then, same[0]));
    for (int i = 0; i < 4; i++)
        near_place(same[i], out[3 - i], 1e-13);
}

static void windows_take_the_fix_nearest_to_them(void **state)
{
    (void)state;
    const double lat_lon[4][2] = {{0.0, 0.0}, {0.0, 1.0}, {0.0, 5.0}, {0.0, 6.0}}, t[4] = {0.0, 0.75, 1.5, 1.75}, then = 2.75;
    double x[4][3], out[3], wanted[3];
    gndp_coords_embed(GNDP_SPACE_SPHERE, 2, 4, lat_lon[0], x[0]);
    const gndp_track_context c = {4, t, x[0]};
    must(gndp_track_velocity(&c, 6.0, 1, &then, out)); /* 1 degree in 6 h */
    gndp_coords_embed(GNDP_SPACE_SPHERE, 2, 1, (const double[]){0.0, 10.0}, wanted);
    near_place(out, wanted, 1e-14);
    must(gndp_track_velocity(&c, 24.0, 1, &then, out)); /* 5 in 24 */
    gndp_coords_embed(GNDP_SPACE_SPHERE, 2, 1, (const double[]){0.0, 11.0}, wanted);
    near_place(out, wanted, 1e-14);
}

static void what_lacks_a_fix_is_refused(void **state)
{
    (void)state;
    double x[FIXES][3], out[3];
    great_circle(0, x);
    const double before = -1.0, after = 9.0, first_gap = 0.05;
    const gndp_track_context c = {FIXES, days, x[0]}, one = {1, days, x[0]};
    assert_int_equal(gndp_track_stay(&c, 1, &before, out), GNDP_ERR_RANGE);
    assert_int_equal(gndp_track_great_circle(&c, 1, &after, out), GNDP_ERR_RANGE);
    assert_int_equal(gndp_track_great_circle(&c, 1, &before, out), GNDP_ERR_RANGE);
    assert_int_equal(gndp_track_hermite(&c, 1, &first_gap, out), GNDP_ERR_RANGE);
    assert_int_equal(gndp_track_velocity(&one, 6.0, 1, &after, out), GNDP_ERR_RANGE);
    assert_non_null(strstr(gndp_last_error(), "day 9 has 1 of the 2 fixes"));
}

/* ---- Habits --------------------------------------------------------------------------------- */

enum { STORMS = 8, LEADS = 3 };
static const double lead_h[LEADS] = {6.0, 12.0, 24.0};

/* Storms of constant speed, each with its own, 6-hourly for 3 days; all keep within 5 degrees of the equator. */
static void make_storms(double t[13], double x[STORMS][13][3], gndp_track_context storm[STORMS])
{
    const double degree = acos(-1.0) / 180.0;
    for (int s = 0; s < STORMS; s++) {
        const double at[3] = {cos(0.3 * s), sin(0.3 * s), 0.0}, east[3] = {-at[1], at[0], 0.0};
        for (int i = 0; i < 13; i++) {
            const double turn = 0.4 * s;
            t[i] = 0.25 * i;
            double v[3];
            for (int k = 0; k < 3; k++)
                v[k] = (1.0 + 0.1 * s) * degree * t[i] * (cos(turn) * east[k] + (k == 2 ? fabs(sin(turn)) : 0.0));
            gndp_sphere_exp(3, 1, at, v, x[s][i]);
        }
        storm[s] = (gndp_track_context){13, t, x[s][0]};
    }
}

/* Constant speed is what all of CLIPER and blend can express: they continue a storm that they were not made from, to the curvature of the frame (poleward
 * turns along a great circle by some 1e-3 of the displacement here). */
static void habits_of_steady_storms_go_on_steadily(void **state)
{
    (void)state;
    double t[13], x[STORMS][13][3], out[LEADS][3], then[LEADS];
    gndp_track_context storm[STORMS];
    make_storms(t, x, storm);
    const gndp_track_context known = {7, t, x[STORMS - 1][0]};
    for (int i = 0; i < LEADS; i++)
        then[i] = t[6] + lead_h[i] / 24.0;
    for (int kind = GNDP_TRACK_BLEND; kind <= GNDP_TRACK_CLIPER; kind++) {
        gndp_track_habit *habit = NULL;
        must(gndp_track_habit_create((gndp_track_habit_kind)kind, STORMS - 1, storm, LEADS, lead_h, &habit));
        must(gndp_track_habit_forecast(habit, &known, LEADS, then, out[0]));
        near_place(out[0], x[STORMS - 1][7], 1e-4);
        near_place(out[1], x[STORMS - 1][8], 1e-4);
        near_place(out[2], x[STORMS - 1][10], 1e-4);
        then[0] += 0.01;
        assert_int_equal(gndp_track_habit_forecast(habit, &known, LEADS, then, out[0]), GNDP_ERR_RANGE);
        then[0] -= 0.01;
        gndp_track_habit_free(habit);
    }
}

/* Copies of one storm on the equator: its displacement, whatever the latitude's coefficient, which nothing determines. */
static void climatology_of_equal_storms_is_their_displacement(void **state)
{
    (void)state;
    double t[13], x[13][3], out[LEADS][3], then[LEADS];
    gndp_track_context storm[3];
    const double degree = acos(-1.0) / 180.0;
    for (int i = 0; i < 13; i++) {
        t[i] = 0.25 * i;
        x[i][0] = cos(3.0 * degree * t[i]), x[i][1] = sin(3.0 * degree * t[i]), x[i][2] = 0.0;
    }
    for (int s = 0; s < 3; s++)
        storm[s] = (gndp_track_context){13, t, x[0]};
    gndp_track_habit *habit = NULL;
    must(gndp_track_habit_create(GNDP_TRACK_CLIMATOLOGY, 3, storm, LEADS, lead_h, &habit));
    const gndp_track_context known = {2, t, x[0]};
    for (int i = 0; i < LEADS; i++)
        then[i] = t[1] + lead_h[i] / 24.0;
    must(gndp_track_habit_forecast(habit, &known, LEADS, then, out[0]));
    near_place(out[0], x[2], 1e-12);
    near_place(out[2], x[5], 1e-12);
    gndp_track_habit_free(habit);
    const double too_long[1] = {72.0};
    assert_int_equal(gndp_track_habit_create(GNDP_TRACK_CLIMATOLOGY, 3, storm, 1, too_long, &habit), GNDP_ERR_RANGE);
    assert_null(habit);
}

/* Residuals laid on the forecast they came from give the truth back; members use each storm's errors once before any twice. */
static void dressing_lays_errors_on_forecasts(void **state)
{
    (void)state;
    enum { N = 2, S = 5 };
    const double lat_lon[N][2] = {{-12.0, 179.5}, {-14.0, -179.5}}, true_places[N][2] = {{-13.0, -179.0}, {-15.5, -177.0}};
    double f[N][3], y[N][3], error[S][N][2] = {{{0.0}}}, out[2 * S][N][3], again[2 * S][N][3];
    gndp_coords_embed(GNDP_SPACE_SPHERE, 2, N, lat_lon[0], f[0]);
    gndp_coords_embed(GNDP_SPACE_SPHERE, 2, N, true_places[0], y[0]);
    gndp_track_residual(N, f[0], y[0], error[3][0]);
    assert_true(error[3][0][0] > 0.0 && error[3][0][1] > 0.0); /* east and poleward, south of the equator */
    must(gndp_track_dress(S, error[0][0], N, f[0], 2 * S, 4, 9, out[0][0]));
    must(gndp_track_dress(S, error[0][0], N, f[0], 2 * S, 4, 9, again[0][0]));
    assert_memory_equal(out, again, sizeof out);
    for (int half = 0; half < 2; half++) {
        int found = 0;
        for (int m = 0; m < S; m++) {
            const double *x = out[half * S + m][0];
            const bool moved = gndp_sphere_distance(3, x, f[0]) > 1e-3;
            found += moved;
            for (int j = 0; j < N; j++)
                near_place(x + 3 * j, moved ? y[j] : f[j], 1e-14);
        }
        assert_int_equal(found, 1);
    }
    assert_int_equal(gndp_track_dress(0, error[0][0], N, f[0], 1, 4, 9, out[0][0]), GNDP_ERR_RANGE);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(great_circles_are_met_exactly),
    cmocka_unit_test(hermite_joins_smoothly_and_runs_backwards),
    cmocka_unit_test(windows_take_the_fix_nearest_to_them),
    cmocka_unit_test(what_lacks_a_fix_is_refused),
    cmocka_unit_test(habits_of_steady_storms_go_on_steadily),
    cmocka_unit_test(climatology_of_equal_storms_is_their_displacement),
    cmocka_unit_test(dressing_lays_errors_on_forecasts),
};

GNDP_TEST_MAIN(tests)
