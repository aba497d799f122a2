// SPDX-License-Identifier: Apache-2.0
// The malformed tables and images of the data folder, each with the outcome that its README wants:
// no crash, a message with file and line.
#include "io/track_case.h"
#include "support/quick.h"

#include <gndp/images.h>

typedef struct expected {
    const char *file;
    gndp_status status;
    const char *message; /* part of it */
} expected;

static void check_track(const expected *e)
{
    gndp_fieldset *set = NULL;
    const data_path path = data_file(e->file);
    const gndp_track_options all = {.min_points = 2, .wind = true, .pressure = true};
    check_failure(gndp_tracks_open(path.text, NULL, &set), e->status, e->message);
    check_failure(gndp_tracks_open(path.text, &all, &set), e->status, e->message);
    assert_null(set);
    assert_non_null(strstr(gndp_last_error(), e->file));
}

static void tables_bad_tracks_are_refused_with_file_and_line(void **state)
{
    (void)state;
    static const expected files[] = {
        {"bad/csv_ragged.csv", GNDP_ERR_FORMAT, "csv_ragged.csv:3: 3 cells where the header has 6"},
        {"bad/csv_invalid_utf8.csv", GNDP_ERR_FORMAT, "csv_invalid_utf8.csv:3: byte FF"},
        {"bad/csv_no_header.csv", GNDP_ERR_FORMAT,
         "csv_no_header.csv:1: a header with sid, iso_time, lat, lon is wanted"},
        {"bad/csv_duplicate_obs.csv", GNDP_ERR_FORMAT,
         "csv_duplicate_obs.csv:6: storm 2019100N15300 is at two places at 2019-04-10T12:00:00"},
        {"bad/csv_out_of_domain.csv", GNDP_ERR_RANGE, "csv_out_of_domain.csv:3: latitude 123.4"},
        {"bad/track_single_point.csv", GNDP_ERR_NOT_FOUND, "1 with fewer than 2 fixes"},
        {"bad/track_time_backwards.csv", GNDP_ERR_FORMAT,
         "track_time_backwards.csv:5: storm 2019100N15300: time goes back from 2019-04-10T18:00:00 "
         "to "
         "2019-04-10T12:00:00"},
        {"bad/text_renamed.nc", GNDP_ERR_FORMAT, "text_renamed.nc:1"},
        {"bad/grib_renamed.nc", GNDP_ERR_FORMAT, "grib_renamed.nc:1: "},
        {"bad/truncated_netcdf4.nc", GNDP_ERR_FORMAT, "truncated_netcdf4.nc"},
        {"bad/truncated_classic.nc", GNDP_ERR_FORMAT, "truncated_classic.nc"},
        {"bad/classic_huge_dims.nc", GNDP_ERR_FORMAT, "classic_huge_dims.nc"},
        {"bad/hdf5_not_netcdf.nc", GNDP_ERR_FORMAT, "no variable numobs"},
        {"bad/hostile_strings.nc", GNDP_ERR_FORMAT, "no variable numobs"},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        check_track(&files[i]);
}

/* Each row of csv_out_of_domain.csv alone behind the header; the one with wind -9999 and no
 * pressure is a good one. */
static void tables_bad_rows_out_of_domain_are_each_refused(void **state)
{
    (void)state;
    static const struct {
        int line;
        gndp_status status;
        const char *message;
    } rows[] = {{3, GNDP_ERR_RANGE, "latitude 123.4"},       {4, GNDP_ERR_RANGE, "longitude 999"},
                {5, GNDP_ERR_FORMAT, "(lat): 'nan'"},        {6, GNDP_ERR_FORMAT, "(lon): 'inf'"},
                {7, GNDP_ERR_FORMAT, "(lat): '1e400'"},      {8, GNDP_ERR_FORMAT, "(lat): 'abc'"},
                {10, GNDP_ERR_RANGE, "(iso_time): month 13"}};
    char text[1024], good[1024];
    gndp_csv csv;
    check_ok(gndp_csv_read(data_file("bad/csv_out_of_domain.csv").text, true, &csv));
    for (int64_t r = 0; r < csv.n_rows; r++) {
        const char *const *cell = csv.cell + r * csv.n_columns;
        snprintf(text, sizeof text, "sid,iso_time,lat,lon,wind,pres\n%s,%s,%s,%s,%s,%s\n", cell[0],
                 cell[1], cell[2], cell[3], cell[4], cell[5]);
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
            if (csv.line[r] == rows[i].line)
                check_text_refused(text, NULL, rows[i].status, rows[i].message);
        if (csv.line[r] == 9)
            strcpy(good, text);
    }
    gndp_csv_free(&csv);
    const gndp_track_options all = {.min_points = 1, .wind = true, .pressure = true};
    gndp_fieldset *set = open_text(good, &all);
    storm s = read_storm(set, 0);
    assert_int_equal(s.n, 1);
    assert_true(s.present[0] == 1 && s.present[3] == 0 && s.present[4] == 0);
    free_storm(&s);
    gndp_fieldset_free(set);
}

/* The exact duplicate alone is dropped with a warning. */
static void tables_bad_exact_duplicate_is_dropped_with_a_warning(void **state)
{
    (void)state;
    remembered notes = {0};
    const gndp_logger log = {.sink = remember, .state = &notes, .level = GNDP_LOG_WARN};
    gndp_track_options options = gndp_track_options_default();
    options.log = &log;
    gndp_fieldset *set = open_text("sid,iso_time,lat,lon,wind,pres\n"
                                   "2019100N15300,2019-04-10 00:00:00,15.0,-60.0,45,1000\n"
                                   "2019100N15300,2019-04-10 06:00:00,15.4,-60.7,45,1000\n"
                                   "2019100N15300,2019-04-10 06:00:00,15.4,-60.7,45,1000\n",
                                   &options);
    assert_int_equal(gndp_fieldset_points(set, 0), 2);
    assert_int_equal(notes.warnings, 1);
    assert_non_null(strstr(notes.text, "1 repeated fixes dropped"));
    gndp_fieldset_free(set);
}

static void tables_bad_observations_and_events_are_refused(void **state)
{
    (void)state;
    static const char *const files[] = {"bad/csv_ragged.csv",    "bad/csv_invalid_utf8.csv",
                                        "bad/csv_no_header.csv", "bad/csv_out_of_domain.csv",
                                        "bad/idx_truncated.gz",  "bad/text_renamed.nc",
                                        "bad/grib_renamed.nc"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        gndp_observations o;
        gndp_fieldset *set = NULL;
        const data_path path = data_file(files[i]);
        if (gndp_observations_read(path.text, &o) == GNDP_OK)
            fail_msg("%s was taken for observations", files[i]);
        assert_non_null(strstr(gndp_last_error(), files[i]));
        gndp_observations_free(&o);
        if (gndp_events_open(path.text, false, &set) == GNDP_OK)
            fail_msg("%s was taken for events", files[i]);
        assert_non_null(strstr(gndp_last_error(), files[i]));
    }
}

static void tables_bad_images_are_refused_at_once(void **state)
{
    (void)state;
    static const expected files[] = {
        {"bad/idx_wrong_magic.gz", GNDP_ERR_FORMAT, "type 0x0B (short)"},
        {"bad/idx_truncated.gz", GNDP_ERR_FORMAT, "unexpected end"},
        {"bad/idx_count_lies.gz", GNDP_ERR_FORMAT, "ends before the 1683627179248 bytes"},
        {"bad/csv_ragged.csv", GNDP_ERR_FORMAT, "neither IDX, PNG nor a batch of CIFAR"},
        {"bad/grib_renamed.nc", GNDP_ERR_FORMAT, "neither IDX, PNG nor a batch of CIFAR"},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        gndp_fieldset *set = NULL;
        const data_path path = data_file(files[i].file);
        assert_quick(1.0, check_failure(gndp_images_open(path.text, NULL, &set), files[i].status,
                                        files[i].message));
        assert_null(set);
        assert_non_null(strstr(gndp_last_error(), files[i].file));
        check_failure(gndp_voxels_open(path.text, &set), GNDP_ERR_FORMAT, files[i].file);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(tables_bad_tracks_are_refused_with_file_and_line),
    cmocka_unit_test(tables_bad_rows_out_of_domain_are_each_refused),
    cmocka_unit_test(tables_bad_exact_duplicate_is_dropped_with_a_warning),
    cmocka_unit_test(tables_bad_observations_and_events_are_refused),
    cmocka_unit_test(tables_bad_images_are_refused_at_once),
};

GNDP_TEST_MAIN(tests)
