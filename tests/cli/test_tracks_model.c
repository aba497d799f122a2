// SPDX-License-Identifier: Apache-2.0
// A model of tracks by the program: train, infer from the fixes so far in three formats, score beside what is simpler.
#include "cli/files.h"

#include <gndp/gndp.h>

enum { STORMS = 20, FIXES = 20, GIVEN = 8 };

static void must(gndp_status st)
{
    if (st != GNDP_OK)
        fail_msg("%s", gndp_last_error());
}

static void run_ok(const char *arguments)
{
    free(run(0, "%s", arguments));
}

static void shell_ok(const char *line)
{
    const outcome r = shell(line);
    assert_int_equal(r.code, 0);
    free(r.out);
}

/* Wrong usage or a failure, with a line that says so. */
static void run_fails(const char *arguments, const char *part)
{
    char line[1024];
    snprintf(line, sizeof line, "gndp %s", arguments);
    const outcome r = shell(line);
    assert_true(r.code == 1 || r.code == 2);
    assert_contains(r.out, part);
    free(r.out);
}

/* Storms that go straight on, over the date line, each at its own constant speed and course: 3-hourly. @param fixes  so many of each of so many storms */
static void write_straight(const char *name, int storms, int fixes)
{
    FILE *file = fopen(name, "w");
    assert_non_null(file);
    fputs("sid,iso_time,lat,lon\n", file);
    const double pi = acos(-1.0);
    for (int s = 0; s < storms; s++) {
        const double course = 0.3 * s, speed = (2.0 + 0.2 * s) * pi / 180.0; /* radians a day */
        for (int i = 0; i < fixes; i++) {
            const double a = speed * i / 8.0, north = sin(a) * sin(course), east = sin(a) * cos(course);
            fprintf(file, "2001%03dN00179,2001-01-%02d %02d:00:00,%.12f,%.12f\n", s + 1, 1 + 3 * i / 24, 3 * i % 24, asin(north) * 180.0 / pi,
                    remainder(179.0 + atan2(east, cos(a)) * 180.0 / pi, 360.0));
        }
    }
    assert_int_equal(fclose(file), 0);
}

static void write_config(void)
{
    FILE *file = fopen("tracks.yaml", "w");
    assert_non_null(file);
    fputs("data:\n  source: tracks\n  files: storms.csv\n  normalise: none\n  tracks: {length: 0, window: 20, turn: yes}\n"
          "  split: {rule: id, train: 0.6, validation: 0.2, test: 0.2}\n  context: {rule: track, high: 19}\n"
          "process:\n  schedule: exponential\n  t0: 0\n  beta0: 1.0e-5\n  beta1: 60\n"
          "  reference: constant(variance=0.4) + rbf(lengthscale=7, variance=0.06) + matern52(lengthscale=1.4, variance=6e-5) + white(variance=1e-8)\n"
          "score: {net: multi_attention, layers: 1, hidden: 8, heads: 2, time_scale: 30, context_flag: yes}\n"
          "train: {steps: 8, batch: 8, validate_every: 4, validation_batches: 1}\n"
          "sample: {sampler: ancestral, steps: 30, batch: 4}\nlikelihood: {probes: 1, steps: 10}\noutput: {folder: run}\n",
          file);
    assert_int_equal(fclose(file), 0);
}

static void make_model(void)
{
    write_straight("storms.csv", STORMS, FIXES);
    write_straight("fixes.csv", 2, GIVEN);
    write_config();
    run_ok("train tracks.yaml -q");
}

/* Where a storm is after so many days, from the same formula as the file. */
static void place(int s, double days, double xyz[3])
{
    const double pi = acos(-1.0), course = 0.3 * s, a = (2.0 + 0.2 * s) * pi / 180.0 * days, north = sin(a) * sin(course), east = sin(a) * cos(course);
    const double lat = asin(north), lon = 179.0 * pi / 180.0 + atan2(east, cos(a));
    xyz[0] = cos(lat) * cos(lon), xyz[1] = cos(lat) * sin(lon), xyz[2] = sin(lat);
}

/* Members hold the fixes (to the digits of the file, f32 degrees: 2e-5), and go on near where the storm does: the reference knows straight tracks to some tens
   of km after 12 h, and 300 km is more than ten times that. */
static void members_go_on_from_the_fixes(void **state)
{
    (void)state;
    make_model();
    run_ok("infer run/model.nc --obs fixes.csv --lead 6,12 --fill 1.5 -n 3 --seed 4 -q -o members.nc");
    gndp_track_options options = gndp_track_options_default();
    gndp_fieldset *set = NULL;
    must(gndp_tracks_open("members.nc", &options, &set));
    const gndp_fieldset_spec *spec = gndp_fieldset_get_spec(set);
    assert_int_equal(spec->n_fields, 6);
    const int64_t times = GIVEN + (GIVEN - 1) + 2; /* the fixes, one between each two, two leads */
    for (int64_t f = 0; f < 6; f++) {
        double x[32], y[96];
        int known = 0;
        assert_int_equal(gndp_fieldset_points(set, f), times);
        must(gndp_fieldset_coords(set, f, x));
        must(gndp_fieldset_read(set, 1, &f, times, NULL, y, NULL));
        assert_int_equal(spec->label[f].member, f % 3);
        for (int64_t i = 0; i < times; i++) {
            double truth[3];
            place((int)(f / 3), x[i], truth);
            const double km = 6371.0 * gndp_sphere_distance(3, truth, y + 3 * i);
            known += km < 0.01;
            assert_true(km < 300.0);
        }
        assert_true(known >= GIVEN && known < times);
        assert_near(x[times - 1], (3.0 * (GIVEN - 1) + 12.0) / 24.0, 1e-6, "last lead");
    }
    gndp_fieldset_free(set);
    run_ok("infer run/model.nc --obs fixes.csv --lead 6,12 --fill 1.5 --members 2 --seed 4 -q -o one.nc"); /* a member by itself is the same */
    gndp_fieldset *one = NULL, *all = NULL;
    must(gndp_tracks_open("one.nc", &options, &one));
    must(gndp_tracks_open("members.nc", &options, &all));
    for (int64_t s = 0; s < 2; s++) {
        double a[96], b[96];
        const int64_t of_all = 3 * s + 2;
        must(gndp_fieldset_read(one, 1, &s, times, NULL, a, NULL));
        must(gndp_fieldset_read(all, 1, &of_all, times, NULL, b, NULL));
        assert_memory_equal(a, b, (size_t)times * 3 * sizeof *a);
    }
    gndp_fieldset_free(one);
    gndp_fieldset_free(all);
}

static int lines_of(const char *name, const char *part)
{
    char line[512];
    int n = 0;
    FILE *file = fopen(name, "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL)
        n += strstr(line, part) != NULL;
    assert_int_equal(fclose(file), 0);
    return n;
}

/* An a-deck begins at the last fix: leads 0, 6, 12 of each member. */
static void decks_and_tables(void **state)
{
    (void)state;
    make_model();
    run_ok("infer run/model.nc --obs fixes.csv --storm 2001002N00179 --lead 6,12 -n 3 -q -o forecast.dat");
    assert_int_equal(lines_of("forecast.dat", "GN0"), 9);
    assert_int_equal(lines_of("forecast.dat", "2001010121"), 9); /* the forecast's start: fix 8 of the 3-hourly ones */
    assert_int_equal(lines_of("forecast.dat", " 12,"), 3);
    run_ok("infer run/model.nc --obs fixes.csv --lead 24 -n 2 -q --format csv -o forecast.txt");
    assert_int_equal(lines_of("forecast.txt", "2001001N00179"), 2 * (GIVEN + 1));
    run_fails("infer run/model.nc --obs fixes.csv --lead 24 -n 2 -q --format csv -o forecast.txt", "forecast.txt");
}

/* Tracks that are straight: the model, hardly trained, is its reference, which is nearly as good as going straight on and far better than staying. */
static void a_model_is_scored_beside_what_is_simpler(void **state)
{
    (void)state;
    make_model();
    json_t *report = run_json("eval run/model.nc --task tracks --track-length 20 --context 6 --domains extrapolation --samples 20 -q");
    const json_t *domain = json_array_get(at(report, "domains"), 0), *rows = at(domain, "rows");
    double model = NAN, stay = NAN;
    assert_near(number_at(domain, "storms"), 4.0, 0.0, "storms"); /* the test part of the configuration */
    assert_near(number_at(domain, "training"), 12.0, 0.0, "training");
    for (size_t i = 0; i < json_array_size(rows); i++) {
        const json_t *row = json_array_get(rows, i);
        if (strcmp(text_at(row, "name"), "model") == 0) {
            model = number_at(row, "mean_km.value");
            assert_true(isfinite(number_at(row, "log_p.value")));
            assert_true(number_at(row, "coverage_90.value") > 0.5);
        } else if (strcmp(text_at(row, "name"), "stay") == 0)
            stay = number_at(row, "mean_km.value");
    }
    assert_true(model < 0.5 * stay);
    json_decref(report);
    report = run_json("eval run/model.nc --tracks storms.csv --track-length 20 --context 6 --domains extrapolation --samples 4 -q");
    assert_near(number_at(json_array_get(at(report, "domains"), 0), "storms"), STORMS, 0.0, "all storms of another file");
    json_decref(report);
}

/* Wind beside positions: standardised, noised by its own process, forecast with the place. Storms of 20 + 5 s knots keep their wind. */
static void wind_is_forecast_with_the_place(void **state)
{
    (void)state;
    write_straight("straight.csv", STORMS, FIXES);
    shell_ok("{ echo sid,iso_time,lat,lon,wind; awk -F, 'NR > 1 { print $0 \",\" 20 + 5 * substr($1, 5, 3) }' straight.csv; } > windy.csv");
    shell_ok("head -9 windy.csv > fixes.csv");
    write_config();
    run_ok("train tracks.yaml windy.csv --set data.tracks.wind=yes --set data.normalise=standard --set train.steps=40 -q");
    run_ok("infer run/model.nc --obs fixes.csv --lead 6,12 -n 8 -q -o forecast.csv");
    assert_int_equal(lines_of("forecast.csv", "2001001N00179"), 8 * (GIVEN + 2));
    assert_int_equal(lines_of("forecast.csv", ",25,"), 8 * GIVEN); /* what is known stays */
    run_fails("eval run/model.nc --task tracks -q", "intensities");
}

static void wrong_usage_is_told(void **state)
{
    (void)state;
    make_model();
    run_fails("infer run/model.nc --obs fixes.csv --lead 12,6 -q -o out.nc", "--lead wants rising hours");
    run_fails("infer run/model.nc --obs fixes.csv --storm AL01 -q -o out.nc", "no storm AL01");
    run_fails("infer run/model.nc --obs fixes.csv --lead none -q -o out.nc", "nothing to find");
    run_fails("infer run/model.nc --obs fixes.csv --stats mean.nc -q -o out.nc", "--stats");
    run_fails("infer run/model.nc --obs fixes.csv --method bridge -q -o out.nc", "the model is one of tracks"); /* nothing is passed over in silence */
    run_fails("infer run/model.nc --obs fixes.csv --dry-run -q -o out.nc", "the model is one of tracks");
    run_fails("infer run/model.nc --obs fixes.csv --sampler exponential -q -o out.nc", "no sampler 'exponential' on spheres");
    run_ok("infer run/model.nc --obs fixes.csv --lead 6 --steps 5 --sampler em -n 2 -q -o few.nc");
    run_ok("sample run/model.nc --sampler heun --steps 5 -n 2 -q -o new.nc");
    run_fails("sample run/model.nc --json -n 2 -o json.nc", "--json");
    run_fails("sample run/model.nc --time-grid lambda -n 2 -o grid.nc", "ln B");
    run_fails("infer run/model.nc --obs fixes.csv --format grib -q -o out.grb", "format");
    run_fails("train tracks.yaml --set data.context.high=0 -o other -q", "data.context.high");
}

static const struct CMUnitTest tests[] = {
    IN_FOLDER(members_go_on_from_the_fixes),
    IN_FOLDER(decks_and_tables),
    IN_FOLDER(a_model_is_scored_beside_what_is_simpler),
    IN_FOLDER(wind_is_forecast_with_the_place),
    IN_FOLDER(wrong_usage_is_told),
};

GNDP_TEST_MAIN(tests)
