// SPDX-License-Identifier: Apache-2.0
// Files of fields: values to the last bit, the promised layout, and nothing left where something
// failed.
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

/* ---- Until it is committed ------------------------------------------------------------------ */

static void writer_writes_beside_until_it_is_committed(void **state)
{
    gndp_channel channel[3];
    gndp_field_writer *writer;
    (void)state;
    case_channels(channel);
    const gndp_field_file file = case_file(channel);
    assert_ok(gndp_field_writer_create("a.nc", &file, NULL, &writer));
    assert_true(is_file("a.nc.part"));
    assert_false(is_file("a.nc"));
    case_put_member(writer, 1);
    assert_fails(gndp_field_writer_commit(writer), GNDP_ERR_STATE,
                 "time 0 of the member of index 0 was not put");
    assert_fails(gndp_field_writer_member_done(writer, 0), GNDP_ERR_STATE, "was not put");
    case_put_member(writer, 0);
    assert_false(gndp_field_writer_has(writer, 0));
    assert_ok(gndp_field_writer_member_done(writer, 0));
    assert_true(gndp_field_writer_has(writer, 0));
    assert_false(gndp_field_writer_has(writer, 1));
    assert_false(gndp_field_writer_has(writer, 2));
    assert_fails(gndp_field_writer_member_done(writer, 0), GNDP_ERR_STATE, "is complete");
    assert_ok(gndp_field_writer_commit(writer));
    assert_false(is_file("a.nc.part"));
    assert_fails(gndp_field_writer_commit(writer), GNDP_ERR_STATE, "is committed");
    gndp_field_writer_free(writer, false);
    case_check_values("a.nc", false, 0);
}

static void writer_leaves_nothing_when_it_is_given_up(void **state)
{
    gndp_channel channel[3];
    gndp_field_writer *writer;
    (void)state;
    case_channels(channel);
    const gndp_field_file file = case_file(channel);
    assert_ok(gndp_field_writer_create("a.nc", &file, NULL, &writer));
    case_put_member(writer, 0);
    gndp_field_writer_free(writer, false);
    assert_int_equal(files_in("."), 0);
    assert_ok(gndp_field_writer_create("a.nc", &file, NULL, &writer));
    gndp_field_writer_free(writer, true);
    assert_true(is_file("a.nc.part"));
    assert_int_equal(files_in("."), 1);
    gndp_field_writer_free(NULL, false);
}

static void writer_overwrites_only_when_told(void **state)
{
    gndp_channel channel[3];
    gndp_write_options options = gndp_write_options_default();
    gndp_field_writer *writer;
    (void)state;
    case_channels(channel);
    const gndp_field_file file = case_file(channel);
    write_bytes("a.nc", "old", 3);
    assert_fails(gndp_field_writer_create("a.nc", &file, &options, &writer), GNDP_ERR_STATE,
                 "a.nc exists and is not to be overwritten");
    assert_null(writer);
    assert_int_equal(files_in("."), 1);
    options.overwrite = true;
    case_write("a.nc", &file, &options);
    case_check_values("a.nc", false, 0);
    options.overwrite = false;
    assert_ok(gndp_field_writer_create("b.nc", &file, &options, &writer));
    for (int64_t m = 0; m < N_MEMBERS; m++)
        case_put_member(writer, m);
    write_bytes("b.nc", "another's", 9); /* made by another while we worked */
    assert_fails(gndp_field_writer_commit(writer), GNDP_ERR_STATE, "b.nc exists");
    gndp_field_writer_free(writer, false);
    size_t bytes;
    char *data = read_bytes("b.nc", &bytes);
    assert_string_equal(data, "another's");
    free(data);
    assert_int_equal(files_in("."), 2);
}

/* ---- Failures ------------------------------------------------------------------------------- */

static gndp_status put_one(gndp_field_writer *writer, int64_t point, int component, double value)
{
    double values[N_POINTS * N_COMPONENTS];
    uint8_t present[N_POINTS * N_COMPONENTS];
    case_field(0, 0, values, present);
    memset(present, 1, sizeof present);
    for (int64_t i = 0; i < N_POINTS * N_COMPONENTS; i++)
        values[i] = isnan(values[i]) ? 0.5 : values[i];
    values[point * N_COMPONENTS + component] = value;
    return gndp_field_writer_put(writer, 0, 0, values, NULL);
}

static void writer_refuses_values_that_are_none(void **state)
{
    gndp_channel channel[3];
    gndp_field_writer *writer;
    double values[N_POINTS * N_COMPONENTS] = {0};
    (void)state;
    case_channels(channel);
    const gndp_field_file file = case_file(channel);
    assert_ok(gndp_field_writer_create("a.nc", &file, NULL, &writer));
    assert_fails(put_one(writer, 5, 0, (double)NAN), GNDP_ERR_NONFINITE, "t2m, point 5 is nan");
    assert_fails(put_one(writer, 6, 2, (double)INFINITY), GNDP_ERR_NONFINITE,
                 "v10, point 6 is inf");
    assert_fails(put_one(writer, 7, 4, (double)NAN), GNDP_ERR_NONFINITE, "heading, point 7");
    assert_fails(put_one(writer, 8, 0, 1e39), GNDP_ERR_RANGE, "a float cannot hold");
    assert_fails(put_one(writer, 8, 0, NC_FILL_DOUBLE), GNDP_ERR_RANGE, "point 8");
    assert_fails(gndp_field_writer_put(writer, 0, 0, NULL, NULL), GNDP_ERR_ARG, "values");
    assert_fails(gndp_field_writer_put(writer, N_TIMES, 0, values, NULL), GNDP_ERR_RANGE,
                 "no time has the index 3");
    assert_fails(gndp_field_writer_put(writer, 0, -1, values, NULL), GNDP_ERR_RANGE,
                 "no member has the index -1");
    for (int64_t m = 0; m < N_MEMBERS; m++) /* a refused value spoils nothing */
        case_put_member(writer, m);
    assert_ok(gndp_field_writer_commit(writer));
    gndp_field_writer_free(writer, false);
    case_check_values("a.nc", false, 0);
}

static gndp_status try_create(const gndp_field_file *file, const gndp_write_options *options)
{
    gndp_field_writer *writer;
    const gndp_status st = gndp_field_writer_create("a.nc", file, options, &writer);
    gndp_field_writer_free(writer, false);
    return st;
}

static void writer_refuses_files_that_cannot_be(void **state)
{
    static const double x[2] = {0.0, 1.0}, late[N_TIMES] = {0.0, 2.0, 2.0};
    static const int64_t twice[N_MEMBERS] = {4, 4};
    gndp_channel channel[3];
    gndp_write_options options = gndp_write_options_default();
    (void)state;
    case_channels(channel);
    gndp_field_file file = case_file(channel);
    file.time_s = late;
    assert_fails(try_create(&file, NULL), GNDP_ERR_RANGE,
                 "time 2, 1970-01-01T00:00:02, is not after");
    file = case_file(channel);
    file.member = twice;
    assert_fails(try_create(&file, NULL), GNDP_ERR_ARG, "member 4 is there twice");
    file = case_file(channel);
    file.time_s = NULL;
    assert_fails(try_create(&file, NULL), GNDP_ERR_SHAPE, "3 times, but none is given");
    file = case_file(channel);
    file.time_units = "fortnights after lunch";
    assert_fails(try_create(&file, NULL), GNDP_ERR_FORMAT, "fortnights");
    file = case_file(channel);
    strcpy(channel[0].part[0].name, "a/b");
    assert_fails(try_create(&file, NULL), GNDP_ERR_ARG, "no variable named \"a/b\"");
    strcpy(channel[0].part[0].name, "u10");
    assert_fails(try_create(&file, NULL), GNDP_ERR_ARG, "\"u10\" is taken");
    strcpy(channel[0].part[0].name, "realization");
    assert_fails(try_create(&file, NULL), GNDP_ERR_ARG, "\"realization\" is taken");
    case_channels(channel);
    gndp_axis cube[3] = {{.name = "x", .size = 2, .value = x},
                         {.name = "y", .size = 2, .value = x},
                         {.name = "z", .size = 2, .value = x}};
    file.n_channels = 1;
    file.coords = (gndp_coords){
        .space = GNDP_SPACE_EUCLIDEAN, .layout = GNDP_LAYOUT_PRODUCT, .columns = 3, .n = 8};
    memcpy(file.coords.axis, cube, sizeof cube);
    assert_fails(try_create(&file, NULL), GNDP_ERR_SHAPE,
                 "5 dimensions, more than the 4 that other tools take; write one file a member");
    file = case_file(channel);
    options.deflate = 10;
    assert_fails(try_create(&file, &options), GNDP_ERR_RANGE, "deflate is 10");
    options = gndp_write_options_default();
    options.keep_bits = 24;
    assert_fails(try_create(&file, &options), GNDP_ERR_RANGE, "keep_bits is 24");
    options.f64 = true;
    assert_ok(try_create(&file, &options));
    assert_int_equal(files_in("."), 0);
}

static void writer_says_why_a_place_is_none(void **state)
{
    gndp_channel channel[3];
    gndp_field_writer *writer;
    (void)state;
    case_channels(channel);
    const gndp_field_file file = case_file(channel);
    assert_fails(gndp_field_writer_create("absent/a.nc", &file, NULL, &writer), GNDP_ERR_IO,
                 "absent/a.nc: its folder: No such file");
    assert_fails(gndp_field_writer_create(".", &file, NULL, &writer), GNDP_ERR_IO, "folder");
    assert_fails(gndp_field_writer_create("a\\b.nc", &file, NULL, &writer), GNDP_ERR_UNSUPPORTED,
                 "backslash");
    assert_fails(gndp_field_writer_create("", &file, NULL, &writer), GNDP_ERR_ARG, "name");
    assert_fails(gndp_field_writer_create(NULL, &file, NULL, &writer), GNDP_ERR_ARG, "path");
}

static void writer_takes_any_file_name(void **state)
{
    static const char *const names[] = {"a b.nc",         "x:y.nc",           "http:a#b?c=d&e.nc",
                                        "[mode=zarr].nc", "a#mode=zarr,file", "%s%n.nc",
                                        "\xC3\xA9.nc"};
    gndp_channel channel[3];
    (void)state;
    case_channels(channel);
    const gndp_field_file file = case_file(channel);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        case_write(names[i], &file, NULL);
        case_check_values(names[i], false, 0);
        assert_int_equal(files_in("."), i + 1);
    }
}

/* Write fields that do not compress until it fails, then give up. @return 0 when it failed as it
 * should */
static int write_until_full(void *path)
{
    enum { SIDE = 64 };
    static double axis[SIDE], values[SIDE * SIDE];
    double times[40];
    const gndp_channel channel = gndp_channel_scalar("t", "K");
    gndp_field_writer *writer;
    gndp_write_options options = gndp_write_options_default();
    uint64_t seed = 1;
    for (int i = 0; i < SIDE; i++)
        axis[i] = i;
    for (int i = 0; i < 40; i++)
        times[i] = i * 3600.0;
    const gndp_field_file file = {
        .coords = {.space = GNDP_SPACE_SPHERE,
                   .layout = GNDP_LAYOUT_PRODUCT,
                   .columns = 2,
                   .axis = {{.size = SIDE, .value = axis}, {.size = SIDE, .value = axis}},
                   .n = SIDE * SIDE},
        .n_channels = 1,
        .channel = &channel,
        .n_times = 40,
        .time_s = times,
        .reference_time_s = (double)NAN};
    options.overwrite = true;
    gndp_status st = gndp_field_writer_create(path, &file, &options, &writer);
    for (int t = 0; t < 40 && st == GNDP_OK; t++) {
        for (int i = 0; i < SIDE * SIDE; i++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            values[i] = (double)(seed >> 40);
        }
        st = gndp_field_writer_put(writer, t, 0, values, NULL);
    }
    if (st == GNDP_OK)
        st = gndp_field_writer_commit(writer);
    const bool as_said = fails_in_child(st, GNDP_ERR_IO, path);
    gndp_field_writer_free(writer, false);
    return as_said ? 0 : 1;
}

static void writer_leaves_the_old_file_when_the_disk_is_full(void **state)
{
    gndp_channel channel[3];
    char old[] = "a.nc", fresh[] = "b.nc";
    (void)state;
    case_channels(channel);
    const gndp_field_file file = case_file(channel);
    case_write("a.nc", &file, NULL);
    for (rlim_t limit = 1; limit < 400000; limit = limit * 2 + 777) {
        assert_int_equal(in_child(write_until_full, old, false, limit), 0);
        assert_int_equal(in_child(write_until_full, fresh, false, limit), 0);
        assert_int_equal(files_in("."), 1);
        case_check_values("a.nc", false, 0);
    }
}

static int create_denied(void *path)
{
    gndp_channel channel[3];
    gndp_field_writer *writer;
    case_channels(channel);
    const gndp_field_file file = case_file(channel);
    gndp_write_options options = gndp_write_options_default();
    options.overwrite = true;
    return fails_in_child(gndp_field_writer_create(path, &file, &options, &writer), GNDP_ERR_IO,
                          "Permission denied")
               ? 0
               : 1;
}

static void writer_leaves_the_old_file_when_the_folder_is_read_only(void **state)
{
    gndp_channel channel[3];
    char path[] = "locked/a.nc";
    (void)state;
    case_channels(channel);
    const gndp_field_file file = case_file(channel);
    assert_int_equal(mkdir("locked", 0755), 0);
    case_write(path, &file, NULL);
    assert_int_equal(chmod("locked", 0555), 0);
    assert_int_equal(in_child(create_denied, path, true, 0), 0);
    assert_int_equal(files_in("locked"), 1);
    case_check_values(path, false, 0);
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
    IN_FOLDER(writer_writes_beside_until_it_is_committed),
    IN_FOLDER(writer_leaves_nothing_when_it_is_given_up),
    IN_FOLDER(writer_overwrites_only_when_told),
    IN_FOLDER(writer_refuses_values_that_are_none),
    IN_FOLDER(writer_refuses_files_that_cannot_be),
    IN_FOLDER(writer_says_why_a_place_is_none),
    IN_FOLDER(writer_takes_any_file_name),
    IN_FOLDER(writer_leaves_the_old_file_when_the_disk_is_full),
    IN_FOLDER(writer_leaves_the_old_file_when_the_folder_is_read_only),
    IN_FOLDER(fieldset_write_puts_times_and_members_in_order),
    IN_FOLDER(fieldset_write_makes_members_of_independent_fields),
    IN_FOLDER(fieldset_write_refuses_what_is_no_rectangle),
};
GNDP_TEST_MAIN(tests)
