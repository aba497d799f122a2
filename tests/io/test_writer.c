// SPDX-License-Identifier: Apache-2.0
// Files of fields: values to the last bit, the promised layout, whole sets.
#include "writer_case.h"

#include <gndp/version.h>

/* ---- Values and layout ---------------------------------------------------------------------- */

static void writer_stores_floats_exactly(void **state)
{
    gndp_channel channel[3];
    (void)state;
    case_channels(channel);
    const gndp_field_file file = case_file(channel);
    case_write("a.nc", &file, NULL);
    case_check_values("a.nc", false, 0);
    assert_int_equal(files_in("."), 1);
}

static void writer_stores_doubles_exactly(void **state)
{
    gndp_channel channel[3];
    gndp_write_options options = gndp_write_options_default();
    (void)state;
    case_channels(channel);
    const gndp_field_file file = case_file(channel);
    options.f64 = true;
    options.deflate = 0;
    case_write("a.nc", &file, &options);
    case_check_values("a.nc", true, 0);
}

static void writer_keeps_as_many_bits_as_told(void **state)
{
    gndp_channel channel[3];
    gndp_write_options options = gndp_write_options_default();
    int nc, var, mode, bits;
    float found[N_TIMES * N_MEMBERS * N_POINTS];
    (void)state;
    case_channels(channel);
    const gndp_field_file file = case_file(channel);
    options.keep_bits = 9;
    case_write("a.nc", &file, &options);
    case_check_values("a.nc", false, 9);
    assert_nc(nc_open("a.nc", NC_NOWRITE, &nc));
    assert_nc(nc_inq_varid(nc, "t2m", &var));
    assert_nc(nc_inq_var_quantize(nc, var, &mode, &bits));
    assert_int_equal(mode, NC_QUANTIZE_BITROUND);
    assert_int_equal(bits, 9);
    assert_nc(nc_get_var_float(nc, var, found));
    for (size_t i = 0; i < sizeof found / sizeof *found; i++) {
        uint32_t word;
        memcpy(&word, &found[i], sizeof word);
        assert_true(found[i] == NC_FILL_FLOAT || (word & ((1u << (23 - 9)) - 1)) == 0);
    }
    assert_nc(nc_close(nc));
    options.f64 = options.overwrite = true;
    options.keep_bits = 30;
    case_write("a.nc", &file, &options);
    case_check_values("a.nc", true, 30);
}

static void writer_lays_out_time_member_latitude_longitude(void **state)
{
    static const char *const dims[] = {"time", "realization", "latitude", "longitude"};
    const size_t sizes[] = {N_TIMES, N_MEMBERS, N_LAT, N_LON}, chunks[] = {1, 1, N_LAT, N_LON};
    gndp_channel channel[3];
    int nc, var, rank, id[4], unlimited, storage, shuffle, deflate, level;
    size_t chunk[4], size;
    char name[NC_MAX_NAME + 1];
    double axis[8];
    (void)state;
    case_channels(channel);
    const gndp_field_file file = case_file(channel);
    case_write("a.nc", &file, NULL);
    assert_nc(nc_open("a.nc", NC_NOWRITE, &nc));
    assert_nc(nc_inq_unlimdim(nc, &unlimited));
    assert_nc(nc_inq_varid(nc, "v10", &var));
    assert_nc(nc_inq_varndims(nc, var, &rank));
    assert_int_equal(rank, 4);
    assert_nc(nc_inq_vardimid(nc, var, id));
    assert_int_equal(id[0], unlimited);
    assert_nc(nc_inq_var_chunking(nc, var, &storage, chunk));
    for (int i = 0; i < 4; i++) {
        assert_nc(nc_inq_dim(nc, id[i], name, &size));
        assert_string_equal(name, dims[i]);
        assert_int_equal(size, sizes[i]);
        assert_int_equal(chunk[i], chunks[i]);
    }
    assert_nc(nc_inq_var_deflate(nc, var, &shuffle, &deflate, &level));
    assert_int_equal(deflate, 1);
    assert_int_equal(level, 1);
    assert_nc(nc_inq_varid(nc, "latitude", &var));
    assert_nc(nc_get_var_double(nc, var, axis));
    assert_memory_equal(axis, case_lat, sizeof case_lat);
    assert_nc(nc_inq_varid(nc, "longitude", &var));
    assert_nc(nc_get_var_double(nc, var, axis));
    assert_memory_equal(axis, case_lon, sizeof case_lon);
    assert_nc(nc_inq_varid(nc, "time", &var));
    assert_nc(nc_get_var_double(nc, var, axis));
    for (int i = 0; i < N_TIMES; i++)
        assert_true(axis[i] == case_time[i] / 3600.0);
    assert_nc(nc_close(nc));
}

static void writer_keeps_the_units_of_time(void **state)
{
    static const struct {
        const char *units;
        gndp_calendar calendar;
        double value[2];
    } trial[] = {
        {"days since 2019-02-28", GNDP_CALENDAR_STANDARD, {1.0, 1.25}},
        {"minutes since 2019-03-01 06:00", GNDP_CALENDAR_PROLEPTIC, {-360.0, 0.0}},
        {"seconds since 1970-01-01 00:00:00", GNDP_CALENDAR_STANDARD, {1551398400.0, 1551420000.0}},
        {"days since 1970-01-01",
         GNDP_CALENDAR_360_DAY,
         {17700.0, 17700.25}}, /* 49 years and two months of 30 days */
    };
    gndp_channel channel[3];
    (void)state;
    case_channels(channel);
    for (size_t k = 0; k < sizeof trial / sizeof *trial; k++) {
        double seconds[N_TIMES], found[N_TIMES];
        gndp_field_file file = case_file(channel);
        gndp_date date = {.year = 2019, .month = 3, .day = 1};
        gndp_write_options options = gndp_write_options_default();
        int nc, var;
        char text[64] = "";
        for (int i = 0; i < N_TIMES; i++) {
            date.hour = 6 * i;
            assert_ok(gndp_calendar_seconds(trial[k].calendar, &date, &seconds[i]));
        }
        file.time_s = seconds;
        file.calendar = trial[k].calendar;
        file.time_units = trial[k].units;
        options.overwrite = true;
        case_write("a.nc", &file, &options);
        assert_nc(nc_open("a.nc", NC_NOWRITE, &nc));
        assert_nc(nc_inq_varid(nc, "time", &var));
        assert_nc(nc_get_var_double(nc, var, found));
        assert_true(found[0] == trial[k].value[0] && found[1] == trial[k].value[1]);
        assert_nc(nc_get_att_text(nc, var, "units", text));
        assert_string_equal(text, trial[k].units);
        assert_nc(nc_close(nc));
    }
}

static char *global_text(const char *path, const char *name)
{
    int nc;
    size_t n = 0;
    char *text = NULL;
    assert_nc(nc_open(path, NC_NOWRITE, &nc));
    if (nc_inq_attlen(nc, NC_GLOBAL, name, &n) == NC_NOERR) {
        text = calloc(1, n + 1);
        assert_non_null(text);
        assert_nc(nc_get_att_text(nc, NC_GLOBAL, name, text));
    }
    assert_nc(nc_close(nc));
    return text;
}

static void expect_text(const char *path, const char *name, const char *expected)
{
    char *text = global_text(path, name);
    if (expected == NULL)
        assert_null(text);
    else
        assert_string_equal(text != NULL ? text : "(none)", expected);
    free(text);
}

static void writer_carries_attributes_and_history(void **state)
{
    static const char *const identity[] = {"gndp_seed", "1", "source", "gndp, a model"};
    static const gndp_attribute attribute[] = {
        {"title", "a title"},    {"Conventions", "CF-1.4"},    {"history", "once: made"},
        {"_NCProperties", "x"},  {"comment", "caf\xE9 100%s"}, {"title", "another"},
        {"featureType", "point"}};
    gndp_channel channel[3];
    gndp_write_options options = gndp_write_options_default();
    gndp_field_writer *writer;
    int nc;
    double number = 0.0;
    (void)state;
    case_channels(channel);
    gndp_field_file file = case_file(channel);
    file.attribute = attribute;
    file.n_attributes = sizeof attribute / sizeof *attribute;
    options.history = "now: gndp sample";
    options.identity = identity;
    options.n_identity = 2;
    assert_ok(gndp_field_writer_create("a.nc", &file, &options, &writer));
    for (int64_t m = 0; m < N_MEMBERS; m++)
        case_put_member(writer, m);
    assert_ok(gndp_field_writer_attribute(writer, "gndp_coverage", "first"));
    assert_ok(gndp_field_writer_attribute(writer, "gndp_coverage", "a longer second one"));
    assert_ok(gndp_field_writer_number(writer, "gndp_crps", 0.125));
    assert_fails(gndp_field_writer_attribute(writer, "Conventions", "x"), GNDP_ERR_ARG,
                 "Conventions");
    assert_fails(gndp_field_writer_attribute(writer, "a/b", "x"), GNDP_ERR_ARG, "a/b");
    assert_ok(gndp_field_writer_commit(writer));
    gndp_field_writer_free(writer, false);
    expect_text("a.nc", "Conventions", "CF-1.8");
    expect_text("a.nc", "title", "a title");
    expect_text("a.nc", "history", "now: gndp sample\nonce: made");
    expect_text("a.nc", "source", "gndp, a model");
    expect_text("a.nc", "gndp_seed", "1");
    expect_text("a.nc", "gndp_coverage", "a longer second one");
    expect_text("a.nc", "comment",
                "caf\xEF\xBF\xBD 100%s");     /* readers of netCDF fail on what is no UTF-8 */
    expect_text("a.nc", "featureType", NULL); /* that of another file: this one is a grid */
    expect_text("a.nc", "gndp_part_layers", NULL);
    assert_nc(nc_open("a.nc", NC_NOWRITE, &nc));
    assert_nc(nc_get_att_double(nc, NC_GLOBAL, "gndp_crps", &number));
    assert_true(number == 0.125);
    assert_nc(nc_close(nc));
    options.identity = NULL;
    options.n_identity = 0;
    options.history = NULL;
    case_write("b.nc", &file, &options);
    expect_text("b.nc", "source", "gndp " GNDP_VERSION);
    expect_text("b.nc", "history", "once: made");
}

/* ---- Whole sets ----------------------------------------------------------------------------- */

/* The case as a set, its fields in another order. */
static gndp_fieldset *case_set(bool times, bool members, int64_t n)
{
    static double values[N_TIMES * N_MEMBERS * N_POINTS * N_COMPONENTS];
    static uint8_t present[N_TIMES * N_MEMBERS * N_POINTS * N_COMPONENTS],
        by_channel[N_TIMES * N_MEMBERS * N_POINTS * 3];
    gndp_field_label label[N_TIMES * N_MEMBERS];
    gndp_channel channel[3];
    gndp_fieldset *set;
    case_channels(channel);
    for (int64_t f = 0; f < n; f++) {
        const int64_t t = (f * 5 + 4) % 6 % N_TIMES, m = (f * 5 + 4) % 6 / N_TIMES;
        label[f] = (gndp_field_label){.time_s = times ? case_time[t] : (double)NAN,
                                      .member = members ? case_member[m] : -1};
        case_field(t, m, values + f * N_POINTS * N_COMPONENTS,
                   present + f * N_POINTS * N_COMPONENTS);
    }
    for (int64_t i = 0; i < n * N_POINTS; i++) {
        by_channel[3 * i] = present[i * N_COMPONENTS];
        by_channel[3 * i + 1] = present[i * N_COMPONENTS + 1];
        by_channel[3 * i + 2] = present[i * N_COMPONENTS + 3];
    }
    const gndp_fieldset_spec spec = {.n_fields = n,
                                     .coords = case_grid(),
                                     .n_channels = 3,
                                     .channel = channel,
                                     .label = label,
                                     .n_attributes = 3,
                                     .attribute = case_attribute,
                                     .origin = "case"};
    const gndp_array array =
        gndp_array_view(gndp_type_3d(GNDP_F64, n, N_POINTS, N_COMPONENTS), values);
    assert_ok(gndp_fieldset_create(&spec, &array, by_channel, &set));
    return set;
}

static void fieldset_write_puts_times_and_members_in_order(void **state)
{
    (void)state;
    gndp_fieldset *set = case_set(true, true, N_TIMES * N_MEMBERS);
    assert_ok(gndp_fieldset_write(set, "a.nc", NULL));
    case_check_values("a.nc", false, 0);
    expect_text("a.nc", "institution", "an institution");
    gndp_fieldset_free(set);
}

static void fieldset_write_makes_members_of_independent_fields(void **state)
{
    int nc, dim, var, number[6];
    size_t size;
    double time;
    (void)state;
    gndp_fieldset *set = case_set(false, false, 6);
    assert_ok(gndp_fieldset_write(set, "a.nc", NULL));
    assert_nc(nc_open("a.nc", NC_NOWRITE, &nc));
    assert_nc(nc_inq_dimid(nc, "realization", &dim));
    assert_nc(nc_inq_dimlen(nc, dim, &size));
    assert_int_equal(size, 6);
    assert_nc(nc_inq_varid(nc, "realization", &var));
    assert_nc(nc_get_var_int(nc, var, number));
    assert_int_equal(number[5], 5);
    assert_nc(nc_inq_varid(nc, "time", &var));
    assert_nc(nc_get_var_double(nc, var, &time)); /* of length 1 */
    assert_true(time == 0.0);
    assert_nc(nc_close(nc));
    gndp_fieldset_free(set);
}

static void fieldset_write_refuses_what_is_no_rectangle(void **state)
{
    (void)state;
    gndp_fieldset *set = case_set(true, true, 5);
    assert_fails(gndp_fieldset_write(set, "a.nc", NULL), GNDP_ERR_SHAPE,
                 "5 fields do not fill the rectangle of 3 times and 2 members");
    gndp_fieldset_free(set);
    set = case_set(true, false, 6);
    assert_fails(gndp_fieldset_write(set, "a.nc", NULL), GNDP_ERR_SHAPE, "case: 6 fields");
    gndp_fieldset_free(set);
    assert_fails(gndp_fieldset_write(NULL, "a.nc", NULL), GNDP_ERR_ARG, "set is NULL");
    assert_int_equal(files_in("."), 0);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)
static const struct CMUnitTest tests[] = {
    IN_FOLDER(writer_stores_floats_exactly),
    IN_FOLDER(writer_stores_doubles_exactly),
    IN_FOLDER(writer_keeps_as_many_bits_as_told),
    IN_FOLDER(writer_lays_out_time_member_latitude_longitude),
    IN_FOLDER(writer_keeps_the_units_of_time),
    IN_FOLDER(writer_carries_attributes_and_history),
    IN_FOLDER(fieldset_write_puts_times_and_members_in_order),
    IN_FOLDER(fieldset_write_makes_members_of_independent_fields),
    IN_FOLDER(fieldset_write_refuses_what_is_no_rectangle),
};
GNDP_TEST_MAIN(tests)
