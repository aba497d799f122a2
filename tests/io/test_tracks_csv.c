// SPDX-License-Identifier: Apache-2.0
// Tracks from CSV: simple and IBTrACS' own, counts of the real file, filters, what is refused and
// where.
#include "io/track_case.h"

static gndp_fieldset *open_north_atlantic(gndp_track_options options)
{
    return open_tracks(data_file("ibtracs_north_atlantic_2000-2021.csv").text, &options);
}

static void tracks_csv_holds_349_storms_of_8166_fixes(void **state)
{
    (void)state;
    gndp_fieldset *set = open_north_atlantic((gndp_track_options){.min_points = 1});
    assert_int_equal(storms_of(set), 349);
    assert_int_equal(fixes_of(set), 8166);
    gndp_fieldset_free(set);
    set = open_north_atlantic(gndp_track_options_default());
    assert_int_equal(storms_of(set), 349 - 13); /* 13 storms have one fix */
    gndp_fieldset_free(set);
}

static void tracks_csv_holds_134_storms_of_25_steps(void **state)
{
    (void)state;
    gndp_fieldset *set = open_north_atlantic((gndp_track_options){.step_h = 6.0, .length = 25});
    assert_int_equal(storms_of(set), 134);
    for (int64_t f = 0; f < 134; f++) {
        storm s = read_storm(set, f);
        assert_int_equal(s.n, 25);
        assert_true(s.days[24] == 6.0);
        free_storm(&s);
    }
    gndp_fieldset_free(set);
}

static void tracks_csv_values_are_those_of_the_file(void **state)
{
    (void)state;
    gndp_fieldset *set =
        open_north_atlantic((gndp_track_options){.min_points = 1, .wind = true, .pressure = true});
    gndp_component_stats stats[5];
    check_ok(gndp_fieldset_stats(set, stats));
    assert_int_equal(stats[3].missing, 35);
    assert_true(stats[3].low == 10.0 && stats[3].high == 155.0);
    assert_true(stats[4].low == 907.0 && stats[4].high == 1024.0);
    assert_string_equal(gndp_fieldset_get_spec(set)->label[0].id, "2000142N12262");
    assert_true(gndp_fieldset_get_spec(set)->label[0].time_s == utc("2000-05-21"));
    storm s = read_storm(set, 0);
    check_place(&s, 0, 12.0, -97.8);
    check_place(&s, 6, 13.2, -99.1);
    assert_int_equal(s.present[3], 0);
    assert_true(s.value[6 * s.P + 3] == 25.0 && s.value[6 * s.P + 4] == 1005.0);
    free_storm(&s);
    gndp_fieldset_free(set);
}

static void tracks_csv_seasons_are_the_years_of_the_ids(void **state)
{
    (void)state;
    static const int64_t absent[] = {2004, 2012, 2019, 2020};
    const data_path path = data_file("ibtracs_north_atlantic_2000-2021.csv");
    int64_t all = 0;
    gndp_fieldset *set = NULL;
    for (int64_t year = 2000; year <= 2021; year++) {
        const gndp_track_options one = {.min_points = 1, .season_low = year, .season_high = year};
        bool empty = false;
        for (int i = 0; i < 4; i++)
            empty = empty || absent[i] == year;
        if (empty) {
            check_failure(gndp_tracks_open(path.text, &one, &set), GNDP_ERR_NOT_FOUND,
                          "349 of another season");
            continue;
        }
        set = open_tracks(path.text, &one);
        all += storms_of(set);
        if (year == 2005)
            assert_int_equal(fixes_of(set), 28);
        gndp_fieldset_free(set);
    }
    assert_int_equal(all, 349);
    const gndp_track_options basin = {.basin = "NA"};
    check_failure(gndp_tracks_open(path.text, &basin, &set), GNDP_ERR_NOT_FOUND,
                  "does not say the basins");
}

static void tracks_csv_dateline_and_pole_are_no_obstacles(void **state)
{
    (void)state;
    gndp_fieldset *set = open_tracks(data_file("bad/track_dateline_pole.csv").text, NULL);
    assert_int_equal(storms_of(set), 2);
    for (int64_t f = 0; f < 2; f++) {
        storm s = read_storm(set, f);
        assert_int_equal(s.n, f == 0 ? 10 : 9);
        for (int64_t i = 1; i < s.n; i++) {
            const double km = step_km(&s, i - 1, i);
            assert_true(km > 90.0 && km < 111.3);
        }
        free_storm(&s);
    }
    gndp_fieldset_free(set);
}

/* The head of the official file: names of 13 of its columns, their units, two storms, one a spur.
 */
static const char *const official =
    "SID,SEASON,NUMBER,BASIN,SUBBASIN,NAME,ISO_TIME,NATURE,LAT,LON,WMO_WIND,WMO_PRES,TRACK_TYPE\n"
    " ,Year, , , , , , ,degrees_north,degrees_east,kts,mb, \n"
    "1980001S13173,1980,1,SP,MM,PENI,1980-01-01 00:00:00,TS,-12.5,172.5, , ,main\n"
    "1980001S13173,1980,1,SP,MM,PENI,1980-01-01 03:00:00,TS,-12.7,172.6,35,995,main\n"
    "1980002S15081,1980,2,SI,WA,BERENICE,1980-01-02 00:00:00,TS,-15,80.5,25,,spur-merge\n"
    "1980002S15081,1980,2,SI,WA,BERENICE,1980-01-02 06:00:00,TS,-15.5,80,30,-9999,spur-merge\n"
    "1980300N12120,1980,3,NA,MM,UNNAMED,1980-10-26 00:00:00,TS,12,-60,25,1000,main\n"
    "1980300N12120,1980,3,NA,MM,UNNAMED,1980-10-26 06:00:00,TS,13,-60,25,1000,main\n";

static void tracks_csv_official_file_has_a_row_of_units(void **state)
{
    (void)state;
    gndp_fieldset *set = open_text(official, NULL);
    assert_int_equal(storms_of(set), 2);
    gndp_fieldset_free(set);
    const gndp_track_options all = {.wind = true, .pressure = true};
    set = open_text(official, &all);
    assert_int_equal(storms_of(set), 3);
    storm s = read_storm(set, storm_of_id(set, "1980001S13173"));
    assert_true(s.present[3] == 0 && s.present[4] == 0);
    assert_true(s.value[s.P + 3] == 35.0 && s.value[s.P + 4] == 995.0);
    check_place(&s, 1, -12.7, 172.6);
    free_storm(&s);
    s = read_storm(set, storm_of_id(set, "1980002S15081"));
    assert_true(s.value[3] == 25.0 && s.present[4] == 0 && s.present[s.P + 4] == 0);
    free_storm(&s);
    gndp_fieldset_free(set);
    const gndp_track_options atlantic = {.basin = "NA"};
    set = open_text(official, &atlantic);
    assert_int_equal(storms_of(set), 1);
    assert_string_equal(gndp_fieldset_get_spec(set)->label[0].id, "1980300N12120");
    gndp_fieldset_free(set);
}

static void tracks_csv_rows_of_storms_may_be_mixed(void **state)
{
    (void)state;
    gndp_fieldset *set = open_text("lon,lat,sid,time\n10,1,a,2000-01-01\n20,1,b,2000-01-01\n"
                                   "11,1,a,2000-01-02\n21,1,b,2000-01-02\n22,1,b,2000-01-03\n",
                                   NULL);
    assert_int_equal(storms_of(set), 2);
    assert_string_equal(gndp_fieldset_get_spec(set)->label[0].id, "a");
    storm s = read_storm(set, 1);
    assert_int_equal(s.n, 3);
    check_place(&s, 2, 1.0, 22.0);
    free_storm(&s);
    gndp_fieldset_free(set);
}

static void tracks_csv_steps_begin_at_the_first_fix_or_on_the_clock(void **state)
{
    (void)state;
    static const char *const rows =
        "sid,iso_time,lat,lon\na,2000-01-01 01:00,1,1\na,2000-01-01 03:00,1,2\n"
        "a,2000-01-01 04:00,1,3\na,2000-01-01 06:00,1,4\na,2000-01-01 07:00,1,5\n";
    const gndp_track_options first = {.step_h = 3.0}, clock = {.step_h = 3.0, .clock = true};
    const gndp_track_options many = {.step_h = 3.0, .length = 3},
                             more = {.step_h = 3.0, .length = 4};
    gndp_fieldset *set = open_text(rows, &first);
    storm s = read_storm(set, 0);
    assert_int_equal(s.n, 3);
    check_place(&s, 1, 1.0, 3.0);
    free_storm(&s);
    gndp_fieldset_free(set);
    set = open_text(rows, &clock);
    s = read_storm(set, 0);
    assert_int_equal(s.n, 2);
    check_place(&s, 0, 1.0, 2.0);
    assert_true(s.days[1] == 0.125);
    assert_true(gndp_fieldset_get_spec(set)->label[0].time_s == utc("2000-01-01T03"));
    free_storm(&s);
    gndp_fieldset_free(set);
    set = open_text(rows, &many);
    assert_int_equal(fixes_of(set), 3);
    gndp_fieldset_free(set);
    check_text_refused(rows, &more, GNDP_ERR_NOT_FOUND, "1 without the first 4 steps of 3 h");
}

static void tracks_csv_refuse_with_the_line(void **state)
{
    (void)state;
    check_text_refused("sid,iso_time,lat\na,2000,1\n", NULL, GNDP_ERR_FORMAT, "no column lon");
    check_text_refused("sid,iso_time,lat,lon\n", NULL, GNDP_ERR_FORMAT, "a header but no rows");
    check_text_refused("", NULL, GNDP_ERR_FORMAT, "is empty");
    check_text_refused("sid,iso_time,lat,lon\na,2000-01-01,1,\n", NULL, GNDP_ERR_FORMAT,
                       ":2: column 4 (lon): ''");
    check_text_refused("sid,iso_time,lat,lon\n,2000-01-01,1,2\n", NULL, GNDP_ERR_FORMAT,
                       ":2: the storm's id is missing");
    check_text_refused("sid,iso_time,lat,lon,wind\na,2000-01-01,1,2,-5\n", NULL, GNDP_ERR_RANGE,
                       ":2: column 5 (wmo_wind): -5");
    check_text_refused("sid,iso_time,lat,lon\na,tomorrow,1,2\n", NULL, GNDP_ERR_FORMAT,
                       ":2: column 2 (iso_time)");
    check_text_refused("sid,iso_time,lat,lon,wind\na,2000-01-01,1,2,30\na,2000-01-01,1,2,40\n",
                       &(gndp_track_options){.wind = true}, GNDP_ERR_FORMAT,
                       ":3: storm a: two winds");
}

static void tracks_csv_many_storms_are_told_apart(void **state)
{
    enum { STORMS = 3000 };
    (void)state;
    char *text = malloc(STORMS * 2 * 48);
    size_t n = 0;
    assert_non_null(text);
    n += (size_t)sprintf(text, "sid,iso_time,lat,lon\n");
    for (int hour = 0; hour < 2; hour++)
        for (int i = 0; i < STORMS; i++)
            n += (size_t)sprintf(text + n, "storm%d,2000-01-01 %02d:00,%g,%g\n", i, 6 * hour,
                                 0.01 * i, 0.1 * i);
    gndp_fieldset *set = open_text(text, NULL);
    assert_int_equal(storms_of(set), STORMS);
    assert_int_equal(fixes_of(set), 2 * STORMS);
    assert_string_equal(gndp_fieldset_get_spec(set)->label[2999].id, "storm2999");
    gndp_fieldset_free(set);
    free(text);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(tracks_csv_holds_349_storms_of_8166_fixes),
    cmocka_unit_test(tracks_csv_holds_134_storms_of_25_steps),
    cmocka_unit_test(tracks_csv_values_are_those_of_the_file),
    cmocka_unit_test(tracks_csv_seasons_are_the_years_of_the_ids),
    cmocka_unit_test(tracks_csv_dateline_and_pole_are_no_obstacles),
    cmocka_unit_test(tracks_csv_official_file_has_a_row_of_units),
    cmocka_unit_test(tracks_csv_rows_of_storms_may_be_mixed),
    cmocka_unit_test(tracks_csv_steps_begin_at_the_first_fix_or_on_the_clock),
    cmocka_unit_test(tracks_csv_refuse_with_the_line),
    cmocka_unit_test(tracks_csv_many_storms_are_told_apart),
};

GNDP_TEST_MAIN(tests)
