// SPDX-License-Identifier: Apache-2.0
// Files of fields until they are committed, and where they cannot be: what is refused, and nothing
// left where something failed.
#include "writer_case.h"

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

static int write_over(void *path)
{
    gndp_channel channel[3];
    case_channels(channel);
    const gndp_field_file file = case_file(channel);
    gndp_write_options options = gndp_write_options_default();
    options.overwrite = true;
    case_write(path, &file, &options);
    return 0;
}

static void writer_replaces_a_read_only_file(void **state)
{
    struct stat status;
    char path[] = "a.nc";
    (void)state;
    write_bytes(path, "old", 3);
    assert_int_equal(chmod(path, 0444), 0);
    assert_int_equal(in_child(write_over, path, true, 0), 0);
    case_check_values(path, false, 0);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0444);
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

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)
static const struct CMUnitTest tests[] = {
    IN_FOLDER(writer_writes_beside_until_it_is_committed),
    IN_FOLDER(writer_leaves_nothing_when_it_is_given_up),
    IN_FOLDER(writer_overwrites_only_when_told),
    IN_FOLDER(writer_refuses_values_that_are_none),
    IN_FOLDER(writer_refuses_files_that_cannot_be),
    IN_FOLDER(writer_says_why_a_place_is_none),
    IN_FOLDER(writer_takes_any_file_name),
    IN_FOLDER(writer_leaves_the_old_file_when_the_disk_is_full),
    IN_FOLDER(writer_leaves_the_old_file_when_the_folder_is_read_only),
    IN_FOLDER(writer_replaces_a_read_only_file),
};
GNDP_TEST_MAIN(tests)
