// SPDX-License-Identifier: Apache-2.0
// HURDAT2, ATCF b-decks and CF ragged arrays: each format's own way of saying where a storm was.
#include "io/track_case.h"

#include <netcdf.h>

#include <gndp/write.h>

static const char *const hurdat = "AL092011,              IRENE,      4,\n"
                                  "20110821, 0000,  , TS, 15.0N,  59.0W,  45, 1006,  105,    0,    "
                                  "0,   45,    0,    0,    0,    0,\n"
                                  "20110821, 0600,  , TS, 16.0N,  60.6W,  45, 1006,  130,    0,    "
                                  "0,   80,    0,    0,    0,    0,\n"
                                  "20110821, 0935, L, TS, 16.5N,  61.5W, -99, -999,  130,    0,    "
                                  "0,   80,    0,    0,    0,    0,\n"
                                  "20110821, 1200,  , TS, 16.8N,  62.2W,  45, 1005,  130,    0,    "
                                  "0,   70,    0,    0,    0,    0,\n"
                                  "CP012012,            UNNAMED,      2,\n"
                                  "20120614, 0600,  , LO, 10.1N, 179.9W,  25, 1008, -999, -999, "
                                  "-999, -999, -999, -999, -999, -999,\n"
                                  "20120614, 1200,  , LO, 10.2N, 179.9E,  25, 1008, -999, -999, "
                                  "-999, -999, -999, -999, -999, -999,\n";

static void tracks_hurdat_rows_belong_to_the_header_before(void **state)
{
    (void)state;
    const gndp_track_options all = {.min_points = 1, .wind = true, .pressure = true};
    gndp_fieldset *set = open_text(hurdat, &all);
    assert_int_equal(storms_of(set), 2);
    assert_string_equal(gndp_fieldset_get_spec(set)->label[0].id, "AL092011");
    storm s = read_storm(set, 0);
    assert_int_equal(s.n, 4);
    check_place(&s, 2, 16.5, -61.5);
    assert_true(fabs(s.days[2] - (9.0 * 60.0 + 35.0) / 1440.0) < 1e-15);
    assert_true(s.present[2 * s.P + 3] == 0 && s.present[2 * s.P + 4] == 0);
    assert_true(s.value[3] == 45.0 && s.value[3 * s.P + 4] == 1005.0);
    free_storm(&s);
    s = read_storm(set, 1);
    assert_true(step_km(&s, 0, 1) < 25.0); /* over the date line the short way */
    free_storm(&s);
    gndp_fieldset_free(set);
    const gndp_track_options atlantic = {.basin = "NA"}, east = {.basin = "EP", .season_low = 2012};
    set = open_text(hurdat, &atlantic);
    assert_int_equal(storms_of(set), 1);
    gndp_fieldset_free(set);
    set = open_text(hurdat, &east);
    assert_string_equal(gndp_fieldset_get_spec(set)->label[0].id, "CP012012");
    gndp_fieldset_free(set);
}

static void tracks_hurdat_refuse_with_the_line(void **state)
{
    (void)state;
    check_text_refused("AL092011, IRENE, 2,\n20110821, 0000,  , TS, 15.0N,  59.0W,  45, 1006\n",
                       NULL, GNDP_ERR_FORMAT,
                       ":1: storm AL092011 has 1 fixes where its header says 2");
    check_text_refused("AL092011, IRENE, 1,\n20110821, 0000,  , TS, 15.0N,  59.0W,  45, 1006\n"
                       "20110821, 0600,  , TS, 15.0N,  59.0W,  45, 1006\n",
                       NULL, GNDP_ERR_FORMAT, ":3: the header of a storm is wanted");
    check_text_refused("AL092011, IRENE, 1,\n20110821, 0000,  , TS, 15.0,  59.0W,  45, 1006\n",
                       NULL, GNDP_ERR_FORMAT, ":2: '15.0', '59.0W' is no position");
    check_text_refused("AL092011, IRENE, 1,\n20111321, 0000,  , TS, 15.0N,  59.0W,  45, 1006\n",
                       NULL, GNDP_ERR_RANGE, ":2: '2011132100'");
    check_text_refused("AL092011, IRENE, 1,\n20110821, 0000,  , TS, 95.0N,  59.0W,  45, 1006\n",
                       NULL, GNDP_ERR_RANGE, ":2: latitude 95");
    check_text_refused("AL092011, IRENE, 1,\n20110821, 00xx,  , TS, 15.0N,  59.0W,  45, 1006\n",
                       NULL, GNDP_ERR_FORMAT, ":2: no fix of HURDAT2");
    check_text_refused("AL092011, IRENE, 0,\nAL092011, IRENE, 0,\n", NULL, GNDP_ERR_FORMAT,
                       ":2: storm AL092011 for the second time");
}

static const char *const bdeck = "AL, 09, 2011082018,   , BEST,   0, 149N,  580W,  45, 1006, TS,  "
                                 "34, NEQ,  105,    0,    0,   45\n"
                                 "AL, 09, 2011082100,   , BEST,   0, 153N,  600W,  45, 1006, TS,  "
                                 "34, NEQ,  105,    0,    0,   45\n"
                                 "AL, 09, 2011082100,   , BEST,   0, 153N,  600W,  45, 1006, TS,  "
                                 "50, NEQ,   50,    0,    0,   45\n"
                                 "AL, 09, 2011082106, 30, BEST,   0, 157N,  616W,   0,    0, TS,   "
                                 "0,    ,    0,    0,    0,    0\n"
                                 "SH, 01, 2011110100,   , BEST,   0, 100S, 1300E,  30, 1000, TD\n"
                                 "SH, 01, 2011110106,   , BEST,   0, 105S, 1310E,  30,  998, TD\n";

static void tracks_atcf_fixes_have_a_line_for_each_radius(void **state)
{
    (void)state;
    const gndp_track_options all = {.wind = true, .pressure = true};
    gndp_fieldset *set = open_text(bdeck, &all);
    assert_int_equal(storms_of(set), 2);
    assert_string_equal(gndp_fieldset_get_spec(set)->label[0].id, "AL092011");
    storm s = read_storm(set, 0);
    assert_int_equal(s.n, 3);
    check_place(&s, 0, 14.9, -58.0);
    check_place(&s, 2, 15.7, -61.6);
    assert_true(fabs(s.days[2] - 12.5 / 24.0) < 1e-15);
    assert_true(s.value[3] == 45.0 && s.present[2 * s.P + 3] == 0 && s.present[2 * s.P + 4] == 0);
    free_storm(&s);
    gndp_fieldset_free(set);
    const gndp_track_options south = {.basin = "SI"};
    set = open_text(bdeck, &south);
    assert_string_equal(gndp_fieldset_get_spec(set)->label[0].id, "SH012011");
    gndp_fieldset_free(set);
}

static void tracks_atcf_refuse_with_the_line(void **state)
{
    (void)state;
    check_text_refused("AL, 09, 2011082018,   , OFCL,  12, 149N,  580W,  45, 1006\n", NULL,
                       GNDP_ERR_UNSUPPORTED, ":1: technique 'OFCL'");
    check_text_refused("AL, 09, 2011082018,   , BEST,   0, 149N,  580W,  45, 1006\nAL, 09\n", NULL,
                       GNDP_ERR_FORMAT, ":2: no line of ATCF");
    check_text_refused("AL, 09, 2011082018,   , BEST,   0, 149N,  580W,  45, 1006\n"
                       "AL, 09, 2011082018,   , BEST,   0, 159N,  580W,  45, 1006\n",
                       NULL, GNDP_ERR_FORMAT,
                       ":2: storm AL092011 is at two places at 2011-08-20T18");
    check_text_refused("AL, 09, 2011082025,   , BEST,   0, 149N,  580W,  45, 1006\n", NULL,
                       GNDP_ERR_RANGE, ":1: '2011082025'");
    check_text_refused("AL, 09, 2011082018, 61, BEST,   0, 149N,  580W,  45, 1006\n", NULL,
                       GNDP_ERR_FORMAT, ":1: '61' are no minutes");
    check_text_refused("AL, 09, 2011082018,   , BEST,   0, 149N,  58x,  45, 1006\n", NULL,
                       GNDP_ERR_FORMAT, ":1: '149N', '58x' is no position");
}

/* ---- CF contiguous ragged arrays ------------------------------------------------------------ */

static void text(int nc, int var, const char *name, const char *value)
{
    assert_int_equal(nc_put_att_text(nc, var, name, strlen(value), value), NC_NOERR);
}

/* Two trajectories of 3 and 2 fixes with sizes as given; ids are strings or letters. */
static void write_ragged(const char *path, const int sizes[2], bool strings)
{
    static const double time[5] = {0, 6, 12, 3, 9}, lat[5] = {10, 11, 12, -20, -21};
    static const double lon[5] = {179, 180, 181, -10, -11};
    static const float wind[5] = {30.0f, -1.0f, 40.0f, 50.0f, 60.0f};
    static const char *names[2] = {"first", "second"};
    static const int member[2] = {7, 3};
    const float fill = -1.0f;
    int nc, traj, obs, letters, d[2], v[7];
    assert_int_equal(nc_create(path, NC_CLOBBER | NC_NETCDF4, &nc), NC_NOERR);
    nc_def_dim(nc, "trajectory", 2, &traj);
    nc_def_dim(nc, "obs", 5, &obs);
    nc_def_dim(nc, "letters", 8, &letters);
    nc_def_var(nc, "rowSize", NC_INT, 1, &traj, &v[0]);
    nc_def_var(nc, "t", NC_DOUBLE, 1, &obs, &v[1]);
    nc_def_var(nc, "y", NC_DOUBLE, 1, &obs, &v[2]);
    nc_def_var(nc, "x", NC_DOUBLE, 1, &obs, &v[3]);
    nc_def_var(nc, "wind", NC_FLOAT, 1, &obs, &v[4]);
    d[0] = traj;
    d[1] = letters;
    nc_def_var(nc, "trajectory", strings ? NC_STRING : NC_CHAR, strings ? 1 : 2, d, &v[5]);
    nc_def_var(nc, "realization", NC_INT, 1, &traj, &v[6]);
    text(nc, v[0], "sample_dimension", "obs");
    text(nc, v[1], "standard_name", "time");
    text(nc, v[1], "units", "hours since 2020-02-28 12:00:00");
    text(nc, v[2], "standard_name", "latitude");
    text(nc, v[3], "standard_name", "longitude");
    nc_put_att_float(nc, v[4], "_FillValue", NC_FLOAT, 1, &fill);
    text(nc, v[5], "cf_role", "trajectory_id");
    text(nc, NC_GLOBAL, "title", "made for a test");
    assert_int_equal(nc_enddef(nc), NC_NOERR);
    nc_put_var_int(nc, v[0], sizes);
    nc_put_var_double(nc, v[1], time);
    nc_put_var_double(nc, v[2], lat);
    nc_put_var_double(nc, v[3], lon);
    nc_put_var_float(nc, v[4], wind);
    if (strings)
        nc_put_var_string(nc, v[5], names);
    else
        nc_put_var_text(nc, v[5], "first   second\0\0");
    nc_put_var_int(nc, v[6], member);
    assert_int_equal(nc_close(nc), NC_NOERR);
}

static void tracks_ragged_rows_follow_one_another(void **state)
{
    const data_path path = scratch_file("ragged.nc");
    const gndp_track_options all = {.wind = true, .pressure = true};
    (void)state;
    for (int strings = 0; strings < 2; strings++) {
        write_ragged(path.text, (const int[2]){3, 2}, strings);
        gndp_fieldset *set = open_tracks(path.text, &all);
        const gndp_fieldset_spec *spec = gndp_fieldset_get_spec(set);
        assert_int_equal(storms_of(set), 2);
        assert_string_equal(spec->label[0].id, "first");
        assert_string_equal(spec->label[1].id, "second");
        assert_int_equal(spec->label[0].member, 7);
        assert_true(spec->label[1].time_s == utc("2020-02-28T15"));
        assert_string_equal(spec->attribute[0].text, "made for a test");
        storm s = read_storm(set, 0);
        assert_int_equal(s.n, 3);
        assert_true(s.days[2] == 0.5);
        check_place(&s, 2, 12.0, -179.0);
        assert_true(s.value[3] == 30.0 && s.present[s.P + 3] == 0 && s.present[4] == 0);
        free_storm(&s);
        gndp_fieldset_free(set);
    }
    unlink(path.text);
}

static void tracks_ragged_sizes_that_lie_are_refused(void **state)
{
    const data_path path = scratch_file("ragged.nc");
    gndp_fieldset *set = NULL;
    (void)state;
    write_ragged(path.text, (const int[2]){3, 3}, false);
    check_failure(gndp_tracks_open(path.text, NULL, &set), GNDP_ERR_FORMAT,
                  "trajectory 1 claims 3 fixes, 2 are left");
    write_ragged(path.text, (const int[2]){-3, 2}, false);
    check_failure(gndp_tracks_open(path.text, NULL, &set), GNDP_ERR_FORMAT,
                  "trajectory 0 claims -3 fixes");
    write_ragged(path.text, (const int[2]){2, 2}, false);
    check_failure(gndp_tracks_open(path.text, NULL, &set), GNDP_ERR_FORMAT,
                  "have 4 fixes, the file 5");
    unlink(path.text);
}

/* What gndp_write_tracks() writes is read as what was written. */
static void tracks_written_read_back_the_same(void **state)
{
    const data_path path = scratch_file("written.nc");
    const gndp_track_options all = {.min_points = 1, .wind = true, .pressure = true};
    const gndp_write_options options = gndp_write_options_default();
    (void)state;
    gndp_fieldset *set = open_tracks(data_file("bad/track_dateline_pole.csv").text, &all);
    check_ok(gndp_write_tracks(set, path.text, &options));
    gndp_fieldset *back = open_tracks(path.text, &all);
    assert_int_equal(storms_of(back), storms_of(set));
    for (int64_t f = 0; f < storms_of(set); f++) {
        const gndp_field_label *a = &gndp_fieldset_get_spec(set)->label[f];
        const gndp_field_label *b = &gndp_fieldset_get_spec(back)->label[f];
        storm s = read_storm(set, f), t = read_storm(back, f);
        assert_string_equal(a->id, b->id);
        assert_true(a->time_s == b->time_s);
        assert_int_equal(s.n, t.n);
        for (int64_t i = 0; i < s.n; i++) {
            assert_true(fabs(s.days[i] - t.days[i]) < 1e-9);
            assert_true(step_km(&s, i, 0) < 1e-2 ||
                        fabs(step_km(&s, i, 0) - step_km(&t, i, 0)) < 0.01);
            for (int p = 0; p < 3;
                 p++) /* degrees are written as f32 or f64: 1e-5 degrees at the least */
                assert_true(fabs(s.value[i * s.P + p] - t.value[i * t.P + p]) < 1e-6);
            for (int p = 3; p < 5; p++)
                assert_true(s.value[i * s.P + p] == t.value[i * t.P + p] &&
                            s.present[i * s.P + p] == t.present[i * t.P + p]);
        }
        free_storm(&s);
        free_storm(&t);
    }
    gndp_fieldset_free(set);
    gndp_fieldset_free(back);
    unlink(path.text);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(tracks_hurdat_rows_belong_to_the_header_before),
    cmocka_unit_test(tracks_hurdat_refuse_with_the_line),
    cmocka_unit_test(tracks_atcf_fixes_have_a_line_for_each_radius),
    cmocka_unit_test(tracks_atcf_refuse_with_the_line),
    cmocka_unit_test(tracks_ragged_rows_follow_one_another),
    cmocka_unit_test(tracks_ragged_sizes_that_lie_are_refused),
    cmocka_unit_test(tracks_written_read_back_the_same),
};

GNDP_TEST_MAIN(tests)
