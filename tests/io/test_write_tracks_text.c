// SPDX-License-Identifier: Apache-2.0
// Tracks as texts: what is written to the letter, and that the reader gives it back, over the date line and at the pole.
#include "write_case.h"

#include <gndp/tables.h>
#include <gndp/write.h>
#include <math.h>

enum { FIELDS = 3, FIXES = 7 };
static const int64_t first[FIELDS + 1] = {0, 3, 5, FIXES};
static const double days[FIXES] = {0.0, 0.125, 0.25, 0.0, 0.25, 0.0, 0.5};
/* Two members of one storm that crosses the date line, and another that ends at the pole. */
static const double place[FIXES][2] = {{-12.34, 179.91}, {-12.7, 179.97}, {-13.26, -179.2}, {-12.34, 179.91}, {-0.04, -179.98}, {88.0, -0.02}, {90.0, 0.0}};
static const double wind[FIXES] = {35.0, 40.4, 0.0, 35.0, 51.0, 20.0, 25.0};
static const uint8_t has_wind[FIXES] = {1, 1, 0, 1, 1, 1, 1};
static const double start[FIELDS] = {1551398400.0, 1551398400.0, 1551409200.0}; /* 2019-03-01 00 and 03 */

static gndp_fieldset *make_set(const char *id, int64_t member, const char *units)
{
    double values[FIXES * 4];
    uint8_t present[FIXES * 2];
    const gndp_channel channel[2] = {gndp_channel_sphere("position"), gndp_channel_scalar("wind", units)};
    const gndp_field_label label[FIELDS] = {
        {start[0], member, id}, {start[1], member >= 0 ? member + 1 : -1, member >= 0 ? id : "SH022019"}, {start[2], member >= 0 ? 0 : -1, "2019061N88000"}};
    gndp_fieldset *set;
    for (int i = 0; i < FIXES; i++) {
        gndp_coords_embed(GNDP_SPACE_SPHERE, 2, 1, place[i], values + 4 * i);
        values[4 * i + 3] = wind[i];
        present[2 * i] = 1;
        present[2 * i + 1] = has_wind[i];
    }
    const gndp_fieldset_spec spec = {.n_fields = FIELDS,
                                     .coords = {.columns = 1, .axis = {{.name = "time", .units = "days"}}, .n = FIXES, .x = days},
                                     .first = first,
                                     .n_channels = 2,
                                     .channel = channel,
                                     .label = label,
                                     .origin = "three storms"};
    const gndp_array array = gndp_array_view(gndp_type_2d(GNDP_F64, FIXES, 4), values);
    assert_ok(gndp_fieldset_create(&spec, &array, present, &set));
    return set;
}

static void assert_file(const char *path, const char *wanted)
{
    char found[4096] = "";
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    found[fread(found, 1, sizeof found - 1, file)] = '\0';
    fclose(file);
    assert_string_equal(found, wanted);
}

static void csv_has_a_line_for_each_fix(void **state)
{
    (void)state;
    gndp_fieldset *set = make_set("2019060S12180", 4, "knot");
    gndp_tracks_text_options options = gndp_tracks_text_options_default();
    const double reference[FIELDS] = {start[0] + 10800.0, start[1], start[2]};
    options.reference_time_s = reference;
    assert_ok(gndp_write_tracks_csv(set, "t.csv", &options));
    assert_file("t.csv", "sid,realization,iso_time,lead_h,lat,lon,wind,pressure\n"
                         "2019060S12180,4,2019-03-01T00:00:00,-3,-12.34,179.91,35,\n"
                         "2019060S12180,4,2019-03-01T03:00:00,0,-12.7,179.97,40.4,\n"
                         "2019060S12180,4,2019-03-01T06:00:00,3,-13.26,-179.2,,\n"
                         "2019060S12180,5,2019-03-01T00:00:00,0,-12.34,179.91,35,\n"
                         "2019060S12180,5,2019-03-01T06:00:00,6,-0.04,-179.98,51,\n"
                         "2019061N88000,0,2019-03-01T03:00:00,0,88,-0.02,20,\n"
                         "2019061N88000,0,2019-03-01T15:00:00,12,90,0,25,\n");
    assert_int_equal(gndp_write_tracks_csv(set, "t.csv", &options), GNDP_ERR_STATE);
    options.overwrite = true;
    assert_ok(gndp_write_tracks_csv(set, "t.csv", &options));
    gndp_fieldset_free(set);
}

/* Places to 1e-9 degrees, members and missing winds as they were. */
static void csv_is_read_back(void **state)
{
    (void)state;
    gndp_fieldset *set = make_set("a \"storm\", of sorts", 4, "knot"), *back;
    gndp_track_options all = gndp_track_options_default();
    all.wind = true;
    assert_ok(gndp_write_tracks_csv(set, "t.csv", NULL));
    assert_ok(gndp_tracks_open("t.csv", &all, &back));
    const gndp_fieldset_spec *spec = gndp_fieldset_get_spec(back);
    assert_int_equal(spec->n_fields, FIELDS);
    for (int64_t f = 0; f < FIELDS; f++) {
        const gndp_field_label *label = &gndp_fieldset_get_spec(set)->label[f];
        const int64_t n = first[f + 1] - first[f];
        double a[12], b[12], x[3];
        uint8_t p[12], q[12];
        assert_string_equal(spec->label[f].id, label->id);
        assert_int_equal(spec->label[f].member, label->member);
        assert_true(spec->label[f].time_s == label->time_s);
        assert_int_equal(gndp_fieldset_points(back, f), n);
        assert_ok(gndp_fieldset_coords(back, f, x));
        assert_ok(gndp_fieldset_read(set, 1, &f, n, NULL, a, p));
        assert_ok(gndp_fieldset_read(back, 1, &f, n, NULL, b, q));
        assert_memory_equal(p, q, (size_t)(4 * n));
        for (int64_t i = 0; i < 4 * n; i++)
            assert_true(fabs(a[i] - b[i]) < 2e-11);
        for (int64_t i = 0; i < n; i++)
            assert_true(x[i] == days[first[f] + i]);
    }
    gndp_fieldset_free(back);
    gndp_fieldset_free(set);
}

/* 18.0 m/s are 34.99 knots. 179.97 E and 179.98 W are both 180.0; 0.04 S is on the equator, .02 W on the meridian of Greenwich. */
static void atcf_has_tenths_hemispheres_and_leads(void **state)
{
    (void)state;
    gndp_fieldset *set = make_set("2019060S12180", 4, "m s-1");
    assert_ok(gndp_write_tracks_atcf(set, "a.dat", NULL));
    assert_file("a.dat", "SH, 01, 2019030100, 03, GN04,   0, 123S, 1799E,  68,    0, XX,   0,    ,    0,    0,    0,    0,\n"
                         "SH, 01, 2019030100, 03, GN04,   3, 127S, 1800E,  79,    0, XX,   0,    ,    0,    0,    0,    0,\n"
                         "SH, 01, 2019030100, 03, GN04,   6, 133S, 1792W,   0,    0, XX,   0,    ,    0,    0,    0,    0,\n"
                         "SH, 01, 2019030100, 03, GN05,   0, 123S, 1799E,  68,    0, XX,   0,    ,    0,    0,    0,    0,\n"
                         "SH, 01, 2019030100, 03, GN05,   6,   0N, 1800E,  99,    0, XX,   0,    ,    0,    0,    0,    0,\n"
                         "AL, 01, 2019030103, 03, GN00,   0, 880N,    0E,  39,    0, XX,   0,    ,    0,    0,    0,    0,\n"
                         "AL, 01, 2019030103, 03, GN00,  12, 900N,    0E,  49,    0, XX,   0,    ,    0,    0,    0,    0,\n");
    gndp_fieldset_free(set);
}

static void atcf_is_read_back_to_tenths(void **state)
{
    (void)state;
    for (int best = 0; best < 2; best++) {
        gndp_fieldset *set = make_set("WP112019", best ? -1 : 7, "knot"), *back;
        gndp_tracks_text_options options = gndp_tracks_text_options_default();
        gndp_track_options all = gndp_track_options_default();
        all.wind = true;
        options.overwrite = true;
        if (best)
            options.technique = "BEST";
        assert_ok(gndp_write_tracks_atcf(set, "a.dat", &options));
        assert_ok(gndp_tracks_open("a.dat", &all, &back));
        const gndp_fieldset_spec *spec = gndp_fieldset_get_spec(back);
        assert_int_equal(spec->n_fields, FIELDS);
        assert_string_equal(spec->label[0].id, "WP112019");
        assert_string_equal(spec->label[1].id, best ? "SH022019" : "WP112019");
        assert_int_equal(spec->label[1].member, best ? -1 : 8);
        for (int64_t f = 0; f < FIELDS; f++) {
            const int64_t n = first[f + 1] - first[f];
            double b[12], x[3];
            uint8_t q[12];
            assert_true(spec->label[f].time_s == start[f]);
            assert_int_equal(gndp_fieldset_points(back, f), n);
            assert_ok(gndp_fieldset_coords(back, f, x));
            assert_ok(gndp_fieldset_read(back, 1, &f, n, NULL, b, q));
            for (int64_t i = 0; i < n; i++) {
                double unit[3], far = 0.0;
                gndp_coords_embed(GNDP_SPACE_SPHERE, 2, 1, place[first[f] + i], unit);
                for (int k = 0; k < 3; k++)
                    far += (unit[k] - b[4 * i + k]) * (unit[k] - b[4 * i + k]);
                assert_true(sqrt(far) <= 0.0501 * sqrt(2.0) * acos(-1.0) / 180.0);
                assert_true(x[i] == days[first[f] + i]);
            }
        }
        gndp_fieldset_free(back);
        gndp_fieldset_free(set);
    }
}

static void refuse(const char *text, gndp_status wanted, const char *says)
{
    gndp_fieldset *set = NULL;
    FILE *file = fopen("r.txt", "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    assert_int_equal(gndp_tracks_open("r.txt", NULL, &set), wanted);
    assert_non_null(strstr(gndp_last_error(), says));
    assert_null(set);
}

static void members_and_techniques_that_are_none_are_refused(void **state)
{
    (void)state;
    refuse("sid,realization,iso_time,lat,lon\nA,x,2001-01-01,1,1\n", GNDP_ERR_FORMAT, ":2: column 2 (realization): 'x' is no number of a member");
    refuse("sid,realization,iso_time,lat,lon\nA,-1,2001-01-01,1,1\n", GNDP_ERR_FORMAT, "'-1' is no number of a member");
    refuse("AL, 09, 2011082018, 03, AVNO,  12, 149N,  580W,  45, 1006\n", GNDP_ERR_UNSUPPORTED, ":1: technique 'AVNO'");
    refuse("AL, 09, 2011082018, 03, GN1x,  12, 149N,  580W,  45, 1006\n", GNDP_ERR_UNSUPPORTED, ":1: technique 'GN1x'");
    refuse("AL, 09, 2011082018, 03, GN01,  1x, 149N,  580W,  45, 1006\n", GNDP_ERR_FORMAT, ":1: '1x' is no lead in hours");
}

static gndp_fieldset *one_place(double lat, double lon, double minute, int64_t member)
{
    double unit[6];
    const double x[2] = {0.0, (6.0 + minute / 60.0) / 24.0}, at[4] = {lat, lon, lat, lon};
    const int64_t from[2] = {0, 2};
    const gndp_channel channel = gndp_channel_sphere("position");
    const gndp_field_label label = {start[0], member, "2019060X"};
    gndp_fieldset *set;
    gndp_coords_embed(GNDP_SPACE_SPHERE, 2, 2, at, unit);
    const gndp_fieldset_spec spec = {.n_fields = 1,
                                     .coords = {.columns = 1, .axis = {{.name = "time", .units = "days"}}, .n = 2, .x = x},
                                     .first = from,
                                     .n_channels = 1,
                                     .channel = &channel,
                                     .label = &label,
                                     .origin = "one place"};
    const gndp_array array = gndp_array_view(gndp_type_2d(GNDP_F64, 2, 3), unit);
    assert_ok(gndp_fieldset_create(&spec, &array, NULL, &set));
    return set;
}

static void basins_are_where_storms_begin(void **state)
{
    (void)state;
    static const struct {
        double lat, lon;
        const char *basin;
    } cases[] = {{15.0, -60.0, "AL"}, {15.0, -85.0, "AL"}, {25.0, -95.0, "AL"}, {12.0, -90.0, "EP"}, {18.0, -104.0, "EP"}, {15.0, -150.0, "CP"},
                 {15.0, 140.0, "WP"}, {15.0, 88.0, "IO"},  {-15.0, 60.0, "SH"}, {-15.0, -175.0, "SH"}, {-25.0, -35.0, "SL"}, {8.0, -79.0, "EP"}};
    gndp_tracks_text_options options = gndp_tracks_text_options_default();
    options.overwrite = true;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char found[3] = "";
        gndp_fieldset *set = one_place(cases[i].lat, cases[i].lon, 0.0, -1);
        assert_ok(gndp_write_tracks_atcf(set, "b.dat", &options));
        FILE *file = fopen("b.dat", "r");
        assert_non_null(file);
        assert_int_equal(fread(found, 1, 2, file), 2);
        fclose(file);
        if (strcmp(found, cases[i].basin) != 0)
            fail_msg("%g N %g E is %s, not %s", cases[i].lat, cases[i].lon, found, cases[i].basin);
        gndp_fieldset_free(set);
    }
}

static int told;
static void count_notes(void *state, const gndp_log_record *record)
{
    (void)state;
    assert_non_null(strstr(record->text, "1 places left out"));
    told++;
}

static void what_atcf_cannot_hold_is_told(void **state)
{
    (void)state;
    const gndp_logger log = {.sink = count_notes, .level = GNDP_LOG_INFO};
    gndp_tracks_text_options options = gndp_tracks_text_options_default();
    options.log = &log;
    gndp_fieldset *set = one_place(10.0, 10.0, 30.0, 3);
    told = 0;
    assert_ok(gndp_write_tracks_atcf(set, "c.dat", &options));
    assert_int_equal(told, 1);
    const double half_past = start[0] + 1800.0;
    options.reference_time_s = &half_past;
    assert_int_equal(gndp_write_tracks_atcf(set, "d.dat", &options), GNDP_ERR_RANGE);
    options.reference_time_s = NULL;
    options.technique = "BEST"; /* has no members */
    assert_int_equal(gndp_write_tracks_atcf(set, "d.dat", &options), GNDP_ERR_ARG);
    options.technique = "gn";
    assert_int_equal(gndp_write_tracks_atcf(set, "d.dat", &options), GNDP_ERR_ARG);
    gndp_fieldset_free(set);
    set = one_place(10.0, 10.0, 0.0, 100);
    assert_int_equal(gndp_write_tracks_atcf(set, "d.dat", NULL), GNDP_ERR_RANGE);
    gndp_fieldset_free(set);
    FILE *file = fopen("d.dat", "r");
    assert_null(file);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)
static const struct CMUnitTest tests[] = {
    IN_FOLDER(csv_has_a_line_for_each_fix),
    IN_FOLDER(csv_is_read_back),
    IN_FOLDER(atcf_has_tenths_hemispheres_and_leads),
    IN_FOLDER(atcf_is_read_back_to_tenths),
    IN_FOLDER(members_and_techniques_that_are_none_are_refused),
    IN_FOLDER(basins_are_where_storms_begin),
    IN_FOLDER(what_atcf_cannot_hold_is_told),
};

GNDP_TEST_MAIN(tests)
