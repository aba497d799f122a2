// SPDX-License-Identifier: Apache-2.0
// `gndp info`: every real file opens with the meaning that its README states, every bad one is
// refused in one line.
#include "cli/files.h"
#include "support/quick.h"

/* ---- Real files -------------------------------------------------------------------------------
 */

/* What the README of the data says of a file. */
typedef struct fact {
    const char *file, *options;
    const char *kind;
    int64_t fields, points; /* of all: total of own points */
    int channels;
    const char *path; /* of one more number in the JSON object */
    double value, tolerance;
} fact;

static const fact facts[] = {
    {"era5_t2m_uk_2019-03.nc", "", "fields", 595, 33 * 49, 1, "channels.0.parts.0.values.lowest",
     265.7, 0.05},
    {"era5_t2m_uk_2019-03.nc", "--time 2019-03-10 --box -6,-4,52,53", "fields", 24, 5 * 9, 1,
     "times.step_s", 3600, 0},
    {"era5_t2m_uk_2019-03.nc", "--units t2m=degC", "fields", 595, 33 * 49, 1,
     "channels.0.parts.0.values.highest", 290.1 - 273.15, 0.05},
    {"era5_z_t_members_3deg.nc", "", "fields", 32, 61 * 120, 4, "members.count", 8, 0},
    {"era5_z_t_members_3deg.nc", "-V z --level 500 --member 2-3", "fields", 8, 61 * 120, 1,
     "members.count", 2, 0},
    {"era5_z_t_members_3deg.nc", "-V z --level 50000Pa", "fields", 32, 61 * 120, 1,
     "channels.0.parts.0.values.highest", 58139, 1},
    {"eraint_uvz.nc", "", "fields", 2, 241 * 480, 6, "channels.0.parts.0.values.highest", 123348,
     1},
    {"winds_monthly_2p5deg.nc", "", "fields", 12, 73 * 144, 1, "channels.0.parts.0.values.highest",
     76.9, 0.05},
    {"winds_monthly_2p5deg.nc", "--box 350,10,-10,10", "fields", 12, 9 * 9, 1, "points.axes.1.size",
     9, 0},
    {"A1B_north_america.nc", "", "fields", 240, 37 * 49, 1, "channels.0.parts.0.values.lowest",
     257.3, 0.05},
    {"ostia_monthly.nc", "", "fields", 54, 18 * 432, 1, "channels.0.parts.0.values.missing",
     0.26 * 54 * 18 * 432, 0.005 * 54 * 18 * 432},
    {"basin_mask.nc", "-V basin --level 0", "fields", 1, 180 * 360, 1, "points.axes.0.first", -89.5,
     0},
    {"IBTrACS.SP.v04r00.nc", "--all-tracks --track-points 1", "tracks", 1102, 63778, 3,
     "channels.0.positions.latitude_lowest", -68.5, 1e-4},
    {"IBTrACS.SP.v04r00.nc", "--track-step 3 --track-length 50", "tracks", 363, 363 * 50, 3,
     "points.most", 50, 0},
    {"ibtracs_north_atlantic_2000-2021.csv", "", "tracks table", 336, 8153, 3,
     "channels.1.parts.0.values.highest", 155, 0},
    {"ibtracs_north_atlantic_2000-2021.csv", "--track-points 1", "tracks table", 349, 8166, 3,
     "channels.2.parts.0.values.lowest", 907, 0},
    {"events_fire.csv", "", "events", 10247, 1, 1, "channels.0.positions.present", 10247, 0},
    {"events_flood.csv", "", "events", 3900, 1, 1, "channels.0.positions.present", 3900, 0},
    {"events_quakes_all.csv", "", "events", 4896, 1, 1, "channels.0.positions.present", 4896, 0},
    {"events_volerup.csv", "", "events", 662, 1, 1, "channels.0.positions.present", 662, 0},
    {"mnist8000-images-idx3-ubyte.gz", "", "images", 8000, 28 * 28, 1,
     "channels.0.parts.0.values.mean", 0.130, 5e-4},
};

static void info_tells_what_the_readme_states(void **state)
{
    (void)state;
    const char *folder = data_folder();
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        const fact *f = &facts[i];
        json_t *object = run_json("info '%s/%s' %s -q", folder, f->file, f->options);
        assert_string_equal(text_at(object, "kind"), f->kind);
        assert_near(number_at(object, "fields"), (double)f->fields, 0.0, f->file);
        assert_near(number_at(object, "points.total"), (double)f->points, 0.0, f->file);
        assert_int_equal(json_array_size(at(object, "channels")), f->channels);
        assert_near(number_at(object, f->path), f->value, f->tolerance, f->file);
        json_decref(object);
    }
}

static void info_counts_the_classes_of_images(void **state)
{
    (void)state;
    const char *folder = data_folder();
    char *text = run(0,
                     "info '%s/mnist8000-images-idx3-ubyte.gz' --labels "
                     "'%s/mnist8000-labels-idx1-ubyte.gz' --header",
                     folder, folder);
    /* the README's counts of digits 0 and 9 */
    assert_contains(text, "classes  10: ");
    assert_contains(text, "0 (773)");
    assert_contains(text, "9 (818)");
    free(text);
}

static void info_tells_times_in_their_calendar(void **state)
{
    (void)state;
    const char *folder = data_folder();
    json_t *era5 = run_json("info '%s/era5_t2m_uk_2019-03.nc' --header", folder);
    json_t *a1b = run_json("info '%s/A1B_north_america.nc' --header", folder);
    assert_string_equal(text_at(era5, "times.first"), "2019-03-01T00:00:00");
    assert_string_equal(text_at(era5, "times.last"), "2019-03-25T18:00:00");
    assert_string_equal(text_at(a1b, "times.calendar"), "360_day");
    assert_near(number_at(a1b, "times.count"), 240.0, 0.0, "times");
    assert_string_equal(text_at(era5, "channels.0.parts.0.standard_name"), "air_temperature");
    json_decref(era5);
    json_decref(a1b);
}

/* ---- Bad files --------------------------------------------------------------------------------
 */

static const struct {
    const char *file, *part; /* part NULL: accepted */
} bad[] = {
    {"truncated_netcdf4.nc", "truncated"},
    {"truncated_classic.nc", "truncated"},
    {"zero_length_dims.nc", "empty"},
    {"missing_variable.nc", "there are"},
    {"nan_coords.nc", "latitude"},
    {"all_missing.nc", "no valid"},
    {"lat_out_of_range.nc", "outside -90..90"},
    {"coords_unsorted.nc", "monotonic"},
    {"coords_duplicate.nc", "twice"},
    {"coords_descending.nc", NULL},
    {"wrong_units.nc", "unit"},
    {"scale_factor_zero.nc", "scale_factor is zero"},
    {"scale_factor_nan.nc", "not finite"},
    {"classic_huge_dims.nc", "header"},
    {"classic_huge_dim_1d.nc", "8000000128"},
    {"text_renamed.nc", "text_renamed.nc"},
    {"hdf5_not_netcdf.nc", "no variable"},
    {"grib_renamed.nc", "GRIB"},
    {"hostile_strings.nc", NULL},
    {"ibtracs_numobs_lies.nc", NULL},
    {"csv_ragged.csv", ":3:"},
    {"csv_invalid_utf8.csv", "UTF-8"},
    {"csv_no_header.csv", "header"},
    {"csv_duplicate_obs.csv", "two places"},
    {"csv_out_of_domain.csv", "123.4"},
    {"idx_wrong_magic.gz", "magic"},
    {"idx_truncated.gz", "unexpected end"},
    {"idx_count_lies.gz", "ends before"},
    {"track_single_point.csv", "fewer than 2"},
    {"track_dateline_pole.csv", NULL},
    {"track_time_backwards.csv", "goes back"},
};

/* One line that names the file and the cause, exit code 1, and at once. */
static void info_refuses_every_bad_file_in_one_line(void **state)
{
    (void)state;
    const char *folder = data_folder();
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char *text = NULL;
        assert_quick(5.0, {
            free(text);
            text = run(bad[i].part != NULL ? 1 : 0, "info '%s/bad/%s'", folder, bad[i].file);
        });
        if (bad[i].part != NULL) {
            if (count_lines(text) != 1)
                fail_msg("%s: not one line: %s", bad[i].file, text);
            assert_contains(text, bad[i].file);
            assert_contains(text, bad[i].part);
        }
        free(text);
    }
}

static void info_shows_hostile_texts_as_text(void **state)
{
    (void)state;
    const char *folder = data_folder();
    char *text = run(0, "info '%s/bad/hostile_strings.nc'", folder);
    for (const char *c = text; *c != '\0'; c++) /* no escape sequence reaches the terminal */
        assert_true((unsigned char)*c >= ' ' || *c == '\n');
    free(text);
    json_decref(run_json("info '%s/bad/hostile_strings.nc'", folder)); /* and JSON stays JSON */
}

/* ---- Tables, archives, usage ------------------------------------------------------------------
 */

static void info_describes_a_table_of_observations(void **state)
{
    (void)state;
    write_file(
        "obs.csv",
        "time,lat,lon,t2m,t2m_sd\n2019-03-10T06:00Z,52,0.5,280,0.5\n2019-03-10T06:00Z,53,-1,282,\n"
        "2019-03-10T12:00Z,52,0.5,NA,\n");
    json_t *object = run_json("info obs.csv");
    assert_string_equal(text_at(object, "kind"), "observations");
    assert_near(number_at(object, "values"), 2.0, 0.0, "values");
    assert_near(number_at(object, "places"), 2.0, 0.0, "places");
    assert_near(number_at(object, "rejected"), 1.0, 0.0, "rejected");
    assert_near(number_at(object, "channels.0.mean"), 281.0, 1e-12, "mean");
    assert_near(number_at(object, "channels.0.with_sd"), 1.0, 0.0, "with_sd");
    json_decref(object);
}

static void info_refuses_wrong_usage_in_one_line(void **state)
{
    (void)state;
    static const struct {
        int code;
        const char *arguments, *part;
    } cases[] = {
        {2, "info", "name of a file"},
        {1, "info none.nc", "none.nc"},
        {2, "info grid.nc --box 1,2,3", "west,east,south,north"},
        {2, "info grid.nc --box 0,1,5,4", "the order is west,east,south,north"},
        {2, "info grid.nc --area 4,0,5,1", "the order is north,west,south,east"},
        {2, "info grid.nc --stride 0", "--stride wants"},
        {2, "info grid.nc --member x", "--member wants"},
        {2, "info grid.nc --level high", "--level wants"},
        {2, "info grid.nc --var a,,b", "--var wants"},
        {2, "info grid.nc --season 1980", "--season does not apply"},
        {2, "info obs.csv --box 0,1,2,3", "--box does not apply"},
        {2, "info obs.csv grid.nc", "several files"},
        {1, "info grid.nc --var t2m", "t2m"},
    };
    free(run(0, "gen sphere -n 2 --grid r6x3 -o grid.nc"));
    write_file("obs.csv", "lat,lon,t2m\n1,2,3\n");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *text = run(cases[i].code, "%s", cases[i].arguments);
        assert_int_equal(count_lines(text), 1);
        assert_contains(text, cases[i].part);
        free(text);
    }
}

static const struct CMUnitTest tests[] = {
    IN_FOLDER(info_tells_what_the_readme_states),
    IN_FOLDER(info_counts_the_classes_of_images),
    IN_FOLDER(info_tells_times_in_their_calendar),
    IN_FOLDER(info_refuses_every_bad_file_in_one_line),
    IN_FOLDER(info_shows_hostile_texts_as_text),
    IN_FOLDER(info_describes_a_table_of_observations),
    IN_FOLDER(info_refuses_wrong_usage_in_one_line),
};

GNDP_TEST_MAIN(tests)
