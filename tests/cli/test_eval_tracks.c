// SPDX-License-Identifier: Apache-2.0
// `gndp eval --tracks`: storms whose errors are known, parts that are learned from, real storms, wrong usage.
#include "cli/files.h"

enum { STORMS = 20, FIXES = 20 };

/* Storms that go straight on, over the date line, each at its own constant speed and course: 3-hourly. */
static void write_straight(void)
{
    FILE *file = fopen("straight.csv", "w");
    assert_non_null(file);
    fputs("sid,iso_time,lat,lon\n", file);
    const double pi = acos(-1.0);
    for (int s = 0; s < STORMS; s++) {
        const double course = 0.3 * s, speed = (2.0 + 0.2 * s) * pi / 180.0; /* radians a day */
        for (int i = 0; i < FIXES; i++) { /* a great circle from 0 N 179 E */
            const double a = speed * i / 8.0, north = sin(a) * sin(course), east = sin(a) * cos(course);
            fprintf(file, "2001%03dN00179,2001-01-%02d %02d:00:00,%.12f,%.12f\n", s + 1, 1 + 3 * i / 24, 3 * i % 24, asin(north) * 180.0 / pi,
                    remainder(179.0 + atan2(east, cos(a)) * 180.0 / pi, 360.0));
        }
    }
    assert_int_equal(fclose(file), 0);
}

static const json_t *row_of(const json_t *domain, const char *name)
{
    const json_t *rows = at(domain, "rows");
    for (size_t i = 0; i < json_array_size(rows); i++)
        if (strcmp(text_at(json_array_get(rows, i), "name"), name) == 0)
            return json_array_get(rows, i);
    fail_msg("no row %s", name);
    return NULL;
}

/* On great circles at constant speed joining and going on are exact to the digits of the file (1e-12 degrees, of a velocity over 6 h grown tenfold: below a
 * millimetre); staying is as far behind as the storm goes. */
static void straight_storms_are_continued_exactly(void **state)
{
    (void)state;
    write_straight();
    json_t *report = run_json("eval --tracks straight.csv --share 1 --track-length 20 --context 5 --domains interpolation,extrapolation -q");
    static const char *const exact[] = {"great_circle", "hermite", "velocity_6h", "velocity_24h"};
    for (int d = 0; d < 2; d++) {
        const json_t *domain = json_array_get(at(report, "domains"), (size_t)d);
        assert_near(number_at(domain, "storms"), STORMS, 0.0, "storms");
        assert_near(number_at(domain, "targets"), STORMS * (d == 0 ? 10 : 15), 0.0, "targets");
        for (int i = d == 0 ? 0 : 2; i < 4; i++)
            assert_near(number_at(row_of(domain, exact[i]), "rmse_km.value"), 0.0, 1e-6, exact[i]);
        const json_t *stay = row_of(domain, "stay"), *lead = json_array_get(at(stay, "by_lead"), 3);
        const double mean = 6371.0 * acos(-1.0) / 180.0 * 0.5 * (2.0 + 0.2 * 0.5 * (STORMS - 1)); /* of 12 h */
        assert_near(number_at(lead, "lead_h"), 12.0, 0.0, "lead");
        assert_near(number_at(lead, "mean_km.value"), mean, 1e-6, "stay");
        assert_near(number_at(lead, "along_km.value"), -mean, 1e-6, "behind");
        assert_near(number_at(lead, "cross_km.value"), 0.0, 1e-6, "beside");
        assert_true(json_is_null(at(stay, "coverage_50.value"))); /* nothing to learn errors from */
        assert_near(number_at(stay, "energy_km.value"), number_at(stay, "mean_km.value"), 1e-9, "energy of one member");
    }
    json_decref(report);
}

static void storms_that_are_learned_from_are_not_scored(void **state)
{
    (void)state;
    write_straight();
    json_t *report = run_json("eval --tracks straight.csv --share 0.25 --domains forecast --context 9 --leads 6,12,200 -q --samples 10");
    const json_t *domain = json_array_get(at(report, "domains"), 0);
    assert_near(number_at(domain, "storms"), 5.0, 0.0, "storms");
    assert_near(number_at(domain, "training"), 15.0, 0.0, "training");
    assert_near(number_at(domain, "targets"), 10.0, 0.0, "targets"); /* nothing 200 h later */
    assert_true(number_at(row_of(domain, "stay"), "coverage_90.value") >= 0.0);
    row_of(domain, "cliper_like");
    row_of(domain, "blend");
    row_of(domain, "climatology");
    json_decref(report);
    char *a = run(0, "eval --tracks straight.csv --share 0.25 --domains forecast --context 9 --leads 6,12 --pictures p"),
         *b = run(0, "eval --tracks straight.csv --share 0.25 --domains forecast --context 9 --leads 6,12 --pictures p -O");
    assert_string_equal(a, b);
    assert_contains(a, "forecast: 5 storms, 10 targets, the first 9 fixes given; 15 storms to learn from");
    free(a);
    free(b);
    assert_int_equal(access("p/errors_by_lead.png", F_OK), 0);
    free(run(1, "eval --tracks straight.csv --pictures p --track-length 20 --context 5 --share 1"));
}

/* Real storms: an independent program of 60 lines (haversines, slerp, ncdump's numbers) gives the same to the printed digit; the cubic is held where it is. */
static void storms_of_ibtracs_have_known_errors(void **state)
{
    (void)state;
    json_t *report = run_json("eval --tracks %s/IBTrACS.SP.v04r00.nc --share 1 -q", data_folder());
    const json_t *in = json_array_get(at(report, "domains"), 0), *out = json_array_get(at(report, "domains"), 1);
    assert_near(number_at(in, "storms"), 363.0, 0.0, "storms");
    assert_near(number_at(row_of(in, "hermite"), "mean_km.value"), 106.0, 0.05, "cubic");
    assert_near(number_at(row_of(in, "great_circle"), "mean_km.value"), 189.1, 0.05, "great circle");
    assert_near(number_at(row_of(out, "velocity_6h"), "mean_km.value"), 508.5, 0.05, "velocity");
    assert_near(number_at(row_of(out, "velocity_6h"), "median_km.value"), 327.1, 0.05, "velocity");
    json_decref(report);
}

static void wrong_usage_is_told(void **state)
{
    (void)state;
    write_straight();
    static const struct {
        int code;
        const char *line, *says;
    } cases[] = {
        {2, "--task tracks", "--tracks FILE"},
        {2, "--tracks straight.csv --task regression", "not with regression"},
        {2, "m.nc other.nc --tracks straight.csv", "with a model or without"},
        {1, "m.nc --tracks straight.csv", "m.nc"},
        {2, "--tracks straight.csv --domains extrapolatoin", "did you mean 'extrapolation'?"},
        {2, "--tracks straight.csv --domains forecast,forecast", "twice"},
        {2, "--tracks straight.csv --context 1:10", "a number of fixes"},
        {2, "--tracks straight.csv --leads 6,6", "rising hours"},
        {2, "--tracks straight.csv --share 2", "share"},
        {2, "m.nc --leads 6", "belong to --tracks"},
        {1, "--tracks straight.csv --track-length 20 --context 10 --domains interpolation --share 1", "10 that are given at either end"},
        {1, "--tracks nowhere.csv", "nowhere.csv"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *text = run(cases[i].code, "eval %s", cases[i].line);
        assert_contains(text, cases[i].says);
        free(text);
    }
}

static const struct CMUnitTest tests[] = {
    IN_FOLDER(straight_storms_are_continued_exactly),
    IN_FOLDER(storms_that_are_learned_from_are_not_scored),
    IN_FOLDER(storms_of_ibtracs_have_known_errors),
    IN_FOLDER(wrong_usage_is_told),
};

GNDP_TEST_MAIN(tests)
