// SPDX-License-Identifier: Apache-2.0
// IBTrACS NetCDF: the counts its README states, values, filters, padding and numbers that lie.
#include "io/track_case.h"

#include <netcdf.h>

static gndp_fieldset *open_south_pacific(gndp_track_options options)
{
    return open_tracks(data_file("IBTrACS.SP.v04r00.nc").text, &options);
}

static void check_counts(gndp_track_options options, int64_t storms, int64_t fixes)
{
    gndp_fieldset *set = open_south_pacific(options);
    assert_int_equal(storms_of(set), storms);
    if (fixes >= 0)
        assert_int_equal(fixes_of(set), fixes);
    gndp_fieldset_free(set);
}

static void tracks_ibtracs_holds_1102_storms_of_63778_fixes(void **state)
{
    (void)state;
    check_counts((gndp_track_options){.min_points = 1}, 1102, 63778);
}

static void tracks_ibtracs_holds_990_main_tracks(void **state)
{
    (void)state;
    check_counts((gndp_track_options){.main_only = true, .min_points = 1}, 990, -1);
}

static void tracks_ibtracs_holds_527_storms_of_50_fixes(void **state)
{
    (void)state;
    check_counts((gndp_track_options){.min_points = 50}, 527, -1);
}

static void tracks_ibtracs_holds_363_main_tracks_of_0_to_147_hours(void **state)
{
    (void)state;
    gndp_track_options options = gndp_track_options_default();
    options.step_h = 3.0;
    options.length = 50;
    gndp_fieldset *set = open_south_pacific(options);
    assert_int_equal(storms_of(set), 363);
    for (int64_t f = 0; f < 363; f++) {
        storm s = read_storm(set, f);
        assert_int_equal(s.n, 50);
        for (int64_t i = 0; i < 50; i++)
            assert_true(s.days[i] == 0.125 * (double)i); /* eighths of a day are exact */
        free_storm(&s);
    }
    gndp_fieldset_free(set);
}

static void tracks_ibtracs_holds_448_main_tracks_on_the_clock(void **state)
{
    (void)state;
    gndp_track_options options = gndp_track_options_default();
    options.step_h = 3.0;
    options.clock = true;
    options.length = 50;
    gndp_fieldset *set = open_south_pacific(options);
    assert_int_equal(storms_of(set), 448);
    for (int64_t f = 0; f < 448; f++)
        assert_true(fmod(gndp_fieldset_get_spec(set)->label[f].time_s, 10800.0) == 0.0);
    gndp_fieldset_free(set);
}

static void tracks_ibtracs_first_storm_is_that_of_the_file(void **state)
{
    (void)state;
    gndp_fieldset *set = open_south_pacific((gndp_track_options){.min_points = 1});
    const gndp_fieldset_spec *spec = gndp_fieldset_get_spec(set);
    assert_string_equal(spec->label[0].id, "1897005S10135");
    assert_true(spec->label[0].time_s == utc("1897-01-04T12:00"));
    assert_int_equal(spec->label[0].member, -1);
    assert_int_equal(spec->n_channels, 1);
    assert_int_equal(spec->channel[0].kind, GNDP_CHANNEL_SPHERE);
    assert_string_equal(spec->channel[0].name, "position");
    assert_int_equal(spec->coords.space, GNDP_SPACE_EUCLIDEAN);
    assert_string_equal(spec->coords.axis[0].name, "time");
    assert_string_equal(spec->coords.axis[0].units, "days");
    bool licensed = false;
    for (int i = 0; i < spec->n_attributes; i++)
        licensed = licensed || (strcmp(spec->attribute[i].name, "license") == 0 &&
                                strstr(spec->attribute[i].text, "without restriction") != NULL);
    assert_true(licensed);
    storm s = read_storm(set, 0);
    assert_true(s.days[0] == 0.0 && s.days[1] == 0.125);
    free_storm(&s);
    gndp_fieldset_free(set);
}

/* Tracks are continuous on the sphere whatever their longitudes are called: no fix is far from the
 * one before. */
static void tracks_ibtracs_never_jump(void **state)
{
    (void)state;
    gndp_fieldset *set = open_south_pacific((gndp_track_options){.min_points = 1});
    double lat_low = 90.0, lat_high = -90.0;
    for (int64_t f = 0; f < storms_of(set); f++) {
        storm s = read_storm(set, f);
        for (int64_t i = 0; i < s.n; i++) {
            const double lat = asin(s.value[i * s.P + 2]) * 180.0 / 3.14159265358979323846;
            lat_low = fmin(lat_low, lat);
            lat_high = fmax(lat_high, lat);
            if (i > 0) /* 300 km/h would be a record for the centre of a storm */
                assert_true(step_km(&s, i - 1, i) <
                            300.0 * 24.0 * (s.days[i] - s.days[i - 1]) + 60.0);
        }
        free_storm(&s);
    }
    assert_true(fabs(lat_low + 68.5) < 0.05 && fabs(lat_high + 3.2) < 0.05);
    gndp_fieldset_free(set);
}

static void tracks_ibtracs_winds_and_pressures_may_be_missing(void **state)
{
    (void)state;
    gndp_fieldset *set =
        open_south_pacific((gndp_track_options){.min_points = 1, .wind = true, .pressure = true});
    gndp_component_stats stats[5];
    assert_int_equal(gndp_fieldset_components(set), 5);
    assert_string_equal(gndp_fieldset_get_spec(set)->channel[1].units, "knot");
    assert_string_equal(gndp_fieldset_get_spec(set)->channel[2].units, "hPa");
    check_ok(gndp_fieldset_stats(set, stats));
    assert_int_equal(stats[0].missing, 0);
    for (int p = 3; p < 5; p++) {
        assert_int_equal(stats[p].present + stats[p].missing, 63778);
        assert_true(stats[p].missing > 0 && stats[p].present > 0);
    }
    assert_true(stats[3].low > 0.0 && stats[3].high < 200.0);
    assert_true(stats[4].low > 850.0 && stats[4].high < 1050.0);
    gndp_fieldset_free(set);
}

static void tracks_ibtracs_filters_part_the_storms(void **state)
{
    (void)state;
    /* The basins of the first fixes: 1061 SP, 41 SI. */
    check_counts((gndp_track_options){.min_points = 1, .basin = "SP"}, 1061, -1);
    check_counts((gndp_track_options){.min_points = 1, .basin = "si"}, 41, -1);
    gndp_fieldset *old =
        open_south_pacific((gndp_track_options){.min_points = 1, .season_high = 1979});
    gndp_fieldset *new =
        open_south_pacific((gndp_track_options){.min_points = 1, .season_low = 1980});
    assert_int_equal(storms_of(old) + storms_of(new), 1102);
    assert_true(storms_of(old) > 100 && storms_of(new) > 100);
    gndp_fieldset_free(old);
    gndp_fieldset_free(new);
    gndp_fieldset *set =
        open_south_pacific((gndp_track_options){.min_points = 1, .time = "2010-01/2010-03"});
    for (int64_t f = 0; f < storms_of(set); f++) {
        storm s = read_storm(set, f);
        const double first = gndp_fieldset_get_spec(set)->label[f].time_s;
        assert_true(first >= utc("2010-01-01") &&
                    first + 86400.0 * s.days[s.n - 1] < utc("2010-04-01"));
        free_storm(&s);
    }
    gndp_fieldset_free(set);
}

static void tracks_ibtracs_say_why_no_storm_is_left(void **state)
{
    (void)state;
    gndp_fieldset *set = NULL;
    remembered notes = {0};
    const gndp_logger log = {.sink = remember, .state = &notes, .level = GNDP_LOG_INFO};
    const data_path path = data_file("IBTrACS.SP.v04r00.nc");
    const gndp_track_options none = {.main_only = true,
                                     .season_low = 1900,
                                     .season_high = 1901,
                                     .min_points = 1000,
                                     .log = &log};
    check_failure(gndp_tracks_open(path.text, &none, &set), GNDP_ERR_NOT_FOUND,
                  "no storm is left of 1102: 112 not main tracks, ");
    assert_null(set);
    assert_non_null(strstr(gndp_last_error(), "with fewer than 1000 fixes"));
    assert_int_equal(notes.notes, 1);
    const gndp_track_options clock = {.clock = true, .step_h = 5.0}, still = {.clock = true};
    check_failure(gndp_tracks_open(path.text, &clock, &set), GNDP_ERR_ARG, "5 hours");
    check_failure(gndp_tracks_open(path.text, &still, &set), GNDP_ERR_ARG, "clock");
}

static void tracks_ibtracs_numobs_that_lies_is_passed_over(void **state)
{
    (void)state;
    remembered notes = {0};
    const gndp_logger log = {.sink = remember, .state = &notes, .level = GNDP_LOG_INFO};
    gndp_track_options options = gndp_track_options_default();
    options.log = &log;
    gndp_fieldset *set = open_tracks(data_file("bad/ibtracs_numobs_lies.nc").text, &options);
    assert_int_equal(storms_of(set), 1);
    assert_string_equal(gndp_fieldset_get_spec(set)->label[0].id, "2019003S12152");
    assert_int_equal(gndp_fieldset_points(set, 0), 8);
    assert_int_equal(notes.warnings, 1);
    assert_non_null(strstr(notes.text, "2 storms passed over"));
    storm s = read_storm(set, 0);
    check_place(&s, 7, (double)-11.4f, (double)152.1f);
    free_storm(&s);
    gndp_fieldset_free(set);
}

/* ---- Files made here ------------------------------------------------------------------------ */

typedef struct made {
    int nc, storm, entry, v[6];
} made;

enum { NUMOBS, SID, TIME, LATITUDE, LONGITUDE, TYPE };

static void text(int nc, int var, const char *name, const char *value)
{
    assert_int_equal(nc_put_att_text(nc, var, name, strlen(value), value), NC_NOERR);
}

/* Two storms of at most four fixes, classic or NetCDF-4; iso_time instead of time when `iso`. */
static made begin_file(const char *path, int flags, bool iso)
{
    made m;
    int letters, iso_letters, d[3];
    assert_int_equal(nc_create(path, NC_CLOBBER | flags, &m.nc), NC_NOERR);
    nc_def_dim(m.nc, "storm", 2, &m.storm);
    nc_def_dim(m.nc, "date_time", 4, &m.entry);
    nc_def_dim(m.nc, "char13", 13, &letters);
    nc_def_dim(m.nc, "niso", 19, &iso_letters);
    d[0] = m.storm;
    nc_def_var(m.nc, "numobs", NC_SHORT, 1, d, &m.v[NUMOBS]);
    d[1] = letters;
    nc_def_var(m.nc, "sid", NC_CHAR, 2, d, &m.v[SID]);
    nc_def_var(m.nc, "track_type", NC_CHAR, 2, d, &m.v[TYPE]);
    d[1] = m.entry;
    nc_def_var(m.nc, "lat", NC_FLOAT, 2, d, &m.v[LATITUDE]);
    nc_def_var(m.nc, "lon", NC_FLOAT, 2, d, &m.v[LONGITUDE]);
    d[2] = iso_letters;
    if (iso) {
        nc_def_var(m.nc, "iso_time", NC_CHAR, 3, d, &m.v[TIME]);
    } else {
        nc_def_var(m.nc, "time", NC_DOUBLE, 2, d, &m.v[TIME]);
        text(m.nc, m.v[TIME], "units", "days since 1858-11-17 00:00:00");
    }
    assert_int_equal(nc_enddef(m.nc), NC_NOERR);
    return m;
}

static void fill_file(const made *m, const short numobs[2], const char *iso, const double *time,
                      const float *lat, const float *lon)
{
    nc_put_var_short(m->nc, m->v[NUMOBS], numobs);
    nc_put_var_text(m->nc, m->v[SID], "2019001S101502019002S11151");
    nc_put_var_text(m->nc, m->v[TYPE], "MAIN         main         ");
    if (iso != NULL)
        assert_int_equal(nc_put_var_text(m->nc, m->v[TIME], iso), NC_NOERR);
    else
        nc_put_var_double(m->nc, m->v[TIME], time);
    nc_put_var_float(m->nc, m->v[LATITUDE], lat);
    nc_put_var_float(m->nc, m->v[LONGITUDE], lon);
    assert_int_equal(nc_close(m->nc), NC_NOERR);
}

static const double days[8] = {58484.0, 58484.125, 58484.25, 58484.375,
                               58484.0, 58484.125, 58484.25, 58484.375};
static const float lats[8] = {-10, -11, -12, -13, -10, -11, -12, -13};
static const float lons[8] = {179, 181, 183, 185, 170, 171, 172, 173};

static void tracks_ibtracs_repeated_fix_is_dropped(void **state)
{
    const data_path path = scratch_file("repeated.nc");
    double time[8];
    float lat[8], lon[8];
    remembered notes = {0};
    const gndp_logger log = {.sink = remember, .state = &notes, .level = GNDP_LOG_WARN};
    gndp_track_options options = gndp_track_options_default();
    gndp_fieldset *set = NULL;
    (void)state;
    memcpy(time, days, sizeof days);
    memcpy(lat, lats, sizeof lats);
    memcpy(lon, lons, sizeof lons);
    time[2] = time[1];
    lat[2] = lat[1];
    lon[2] = lon[1] - 360.0f; /* the same place under its other name */
    const made m = begin_file(path.text, NC_NETCDF4, false);
    fill_file(&m, (const short[2]){4, 3}, NULL, time, lat, lon);
    options.log = &log;
    set = open_tracks(path.text, &options);
    assert_int_equal(gndp_fieldset_points(set, 0), 3);
    assert_int_equal(gndp_fieldset_points(set, 1), 3);
    assert_non_null(strstr(notes.text, "1 repeated fixes dropped"));
    gndp_fieldset_free(set);
    lon[2] += 0.5f;
    const made other = begin_file(path.text, NC_NETCDF4, false);
    fill_file(&other, (const short[2]){4, 3}, NULL, time, lat, lon);
    check_failure(
        gndp_tracks_open(path.text, NULL, &set), GNDP_ERR_FORMAT,
        "storm 2019001S10150, fix 3: storm 2019001S10150 is at two places at 2019-01-01T03");
    time[2] = time[0];
    const made back = begin_file(path.text, 0, false);
    fill_file(&back, (const short[2]){4, 3}, NULL, time, lat, lon);
    check_failure(gndp_tracks_open(path.text, NULL, &set), GNDP_ERR_FORMAT, "time goes back");
    unlink(path.text);
}

static void tracks_ibtracs_iso_times_serve_where_there_are_no_others(void **state)
{
    const data_path path = scratch_file("iso.nc");
    char iso[8 * 19 + 1] = "";
    gndp_fieldset *set;
    (void)state;
    for (int i = 0; i < 8; i++)
        sprintf(iso + 19 * i, "2019-01-01 %02d:00:00", 3 * (i % 4));
    const made m = begin_file(path.text, 0, true);
    fill_file(&m, (const short[2]){4, 2}, iso, NULL, lats, lons);
    set = open_tracks(path.text, NULL);
    assert_int_equal(storms_of(set), 2);
    assert_true(gndp_fieldset_get_spec(set)->label[0].time_s == utc("2019-01-01"));
    storm s = read_storm(set, 0);
    for (int i = 0; i < 4; i++) {
        assert_true(s.days[i] == 0.125 * i);
        check_place(&s, i, (double)lats[i], (double)lons[i]);
    }
    free_storm(&s);
    gndp_fieldset_free(set);
    unlink(path.text);
}

static void tracks_ibtracs_fixes_without_a_place_are_passed_over(void **state)
{
    const data_path path = scratch_file("holes.nc");
    float lat[8], lon[8];
    remembered notes = {0};
    const gndp_logger log = {.sink = remember, .state = &notes, .level = GNDP_LOG_WARN};
    gndp_track_options options = gndp_track_options_default();
    gndp_fieldset *set = NULL;
    (void)state;
    memcpy(lat, lats, sizeof lats);
    memcpy(lon, lons, sizeof lons);
    lat[1] = -9999.0f;
    lon[5] = (float)NAN;
    const made m = begin_file(path.text, 0, false);
    fill_file(&m, (const short[2]){4, 4}, NULL, days, lat, lon);
    options.log = &log;
    set = open_tracks(path.text, &options);
    assert_int_equal(fixes_of(set), 6);
    assert_non_null(strstr(notes.text, "2 fixes without time or place"));
    gndp_fieldset_free(set);
    lat[2] = 95.0f;
    const made bad = begin_file(path.text, 0, false);
    fill_file(&bad, (const short[2]){4, 4}, NULL, days, lat, lon);
    check_failure(gndp_tracks_open(path.text, NULL, &set), GNDP_ERR_RANGE, "fix 3: latitude 95");
    unlink(path.text);
}

static void tracks_ibtracs_refuse_other_files(void **state)
{
    gndp_fieldset *set = NULL;
    const data_path path = scratch_file("claims.nc");
    int nc, d[2], v;
    (void)state;
    check_failure(gndp_tracks_open(data_file("winds_monthly_2p5deg.nc").text, NULL, &set),
                  GNDP_ERR_FORMAT, "no variable numobs: neither IBTrACS");
    check_failure(gndp_tracks_open("there/is/no.nc", NULL, &set), GNDP_ERR_IO, "there/is/no.nc");
    check_failure(gndp_tracks_open(data_file("bad/truncated_netcdf4.nc").text, NULL, &set),
                  GNDP_ERR_FORMAT, "truncated_netcdf4.nc");
    /* A header that claims two thousand million storms, in a file of a few kilobytes. */
    assert_int_equal(nc_create(path.text, NC_CLOBBER | NC_NETCDF4, &nc), NC_NOERR);
    nc_def_dim(nc, "storm", 2000000000, &d[0]);
    nc_def_dim(nc, "date_time", 1000000000, &d[1]);
    nc_def_var(nc, "numobs", NC_SHORT, 1, d, &v);
    nc_def_var(nc, "sid", NC_CHAR, 2, d, &v);
    nc_def_var(nc, "lat", NC_FLOAT, 2, d, &v);
    nc_def_var(nc, "lon", NC_FLOAT, 2, d, &v);
    nc_def_var(nc, "time", NC_DOUBLE, 2, d, &v);
    text(nc, v, "units", "days since 1858-11-17");
    assert_int_equal(nc_close(nc), NC_NOERR);
    check_failure(gndp_tracks_open(path.text, NULL, &set), GNDP_ERR_FORMAT, "claims");
    unlink(path.text);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(tracks_ibtracs_holds_1102_storms_of_63778_fixes),
    cmocka_unit_test(tracks_ibtracs_holds_990_main_tracks),
    cmocka_unit_test(tracks_ibtracs_holds_527_storms_of_50_fixes),
    cmocka_unit_test(tracks_ibtracs_holds_363_main_tracks_of_0_to_147_hours),
    cmocka_unit_test(tracks_ibtracs_holds_448_main_tracks_on_the_clock),
    cmocka_unit_test(tracks_ibtracs_first_storm_is_that_of_the_file),
    cmocka_unit_test(tracks_ibtracs_never_jump),
    cmocka_unit_test(tracks_ibtracs_winds_and_pressures_may_be_missing),
    cmocka_unit_test(tracks_ibtracs_filters_part_the_storms),
    cmocka_unit_test(tracks_ibtracs_say_why_no_storm_is_left),
    cmocka_unit_test(tracks_ibtracs_numobs_that_lies_is_passed_over),
    cmocka_unit_test(tracks_ibtracs_repeated_fix_is_dropped),
    cmocka_unit_test(tracks_ibtracs_iso_times_serve_where_there_are_no_others),
    cmocka_unit_test(tracks_ibtracs_fixes_without_a_place_are_passed_over),
    cmocka_unit_test(tracks_ibtracs_refuse_other_files),
};

GNDP_TEST_MAIN(tests)
