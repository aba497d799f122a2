// SPDX-License-Identifier: Apache-2.0
// Files of fields whose writer stopped: what is complete is kept, what is not the same is refused,
// what is damaged is made again.
#define _GNU_SOURCE // memmem
#include "writer_case.h"

#include <time.h>

/* What the writer told its logger. */
typedef struct notes {
    char text[4096];
} notes;

static void note(void *state, const gndp_log_record *record)
{
    notes *n = state;
    strncat(n->text, record->text, sizeof n->text - strlen(n->text) - 2);
    strcat(n->text, "\n");
}

static const char *const seed_one[] = {"gndp_seed", "1", "gndp_model", "a1b2"};
static const char *const seed_two[] = {"gndp_seed", "2", "gndp_model", "a1b2"};

static gndp_write_options resuming(const gndp_logger *log)
{
    gndp_write_options options = gndp_write_options_default();
    options.resume = true;
    options.identity = seed_one;
    options.n_identity = 2;
    options.history = "now: gndp";
    options.log = log;
    return options;
}

/* A part with member 0 complete and a piece of member 1. */
static void leave_part(const gndp_field_file *file, const gndp_write_options *options)
{
    double values[N_POINTS * N_COMPONENTS];
    uint8_t present[N_POINTS * N_COMPONENTS];
    gndp_field_writer *writer;
    assert_ok(gndp_field_writer_create("a.nc", file, options, &writer));
    case_put_member(writer, 0);
    assert_ok(gndp_field_writer_member_done(writer, 0));
    case_field(0, 1, values, present);
    assert_ok(gndp_field_writer_put(writer, 0, 1, values, present));
    gndp_field_writer_free(writer, true);
    assert_int_equal(files_in("."), 1);
}

/* Resume, expect so many members, write the rest and look at all of it. */
static void finish(const gndp_field_file *file, const gndp_write_options *options, bool first,
                   bool second)
{
    gndp_field_writer *writer;
    assert_ok(gndp_field_writer_create("a.nc", file, options, &writer));
    assert_int_equal(gndp_field_writer_has(writer, 0), first);
    assert_int_equal(gndp_field_writer_has(writer, 1), second);
    for (int64_t m = 0; m < N_MEMBERS; m++)
        if (!gndp_field_writer_has(writer, m))
            case_put_member(writer, m);
    assert_ok(gndp_field_writer_commit(writer));
    gndp_field_writer_free(writer, true);
    case_check_values("a.nc", options->f64, options->keep_bits);
    assert_int_equal(files_in("."), 1);
}

static void resume_keeps_complete_members(void **state)
{
    gndp_channel channel[3];
    notes told = {""};
    const gndp_logger log = {.sink = note, .state = &told, .level = GNDP_LOG_INFO};
    (void)state;
    case_channels(channel);
    const gndp_field_file file = case_file(channel);
    for (int trial = 0; trial < 4; trial++) {
        gndp_write_options options = resuming(&log);
        options.f64 = trial % 2 == 1;
        options.keep_bits = trial >= 2 ? 9 : 0;
        options.deflate = trial;
        leave_part(&file, &options);
        told.text[0] = 0;
        finish(&file, &options, true, false);
        assert_contains(told.text, "a.nc.part: taken up, 1 of 2 members are there");
        assert_int_equal(unlink("a.nc"), 0);
    }
}

static void resume_gives_the_bytes_of_a_run_without_a_stop(void **state)
{
    gndp_channel channel[3];
    int code;
    (void)state;
    need("command -v ncdump");
    case_channels(channel);
    const gndp_field_file file = case_file(channel);
    gndp_write_options options = resuming(NULL);
    leave_part(&file, &options);
    options.history = NULL; /* the history of a part is kept, and the new line put before it */
    finish(&file, &options, true, false);
    options.history = "now: gndp";
    assert_int_equal(mkdir("whole", 0755), 0);
    case_write("whole/a.nc", &file, &options);
    char *out =
        shell(&code, "ncdump -p 9,17 a.nc >one && ncdump -p 9,17 whole/a.nc >two && cmp one two");
    if (code != 0)
        fail_msg("%s", out);
    free(out);
}

static void resume_refuses_another_identity(void **state)
{
    gndp_channel channel[3];
    gndp_field_writer *writer;
    (void)state;
    case_channels(channel);
    const gndp_field_file file = case_file(channel);
    gndp_write_options options = resuming(NULL);
    leave_part(&file, &options);
    options.identity = seed_two;
    assert_fails(gndp_field_writer_create("a.nc", &file, &options, &writer), GNDP_ERR_STATE,
                 "a.nc.part cannot be resumed: its gndp_seed is \"1\", not \"2\"");
    assert_null(writer);
    options.identity = seed_one;
    finish(&file, &options, true, false); /* and the part is as it was */
}

static void resume_refuses_another_form(void **state)
{
    gndp_channel channel[3], warmer[3];
    gndp_field_writer *writer;
    double later[N_TIMES], north[N_LAT];
    const int64_t others[N_MEMBERS] = {3, 8};
    (void)state;
    case_channels(channel);
    case_channels(warmer);
    strcpy(warmer[0].units, "degC");
    const gndp_field_file file = case_file(channel);
    gndp_write_options options = resuming(NULL);
    leave_part(&file, &options);
    gndp_field_file other = file;
    other.channel = warmer;
    assert_fails(gndp_field_writer_create("a.nc", &other, &options, &writer), GNDP_ERR_STATE,
                 "its variables differ");
    other = file;
    for (int i = 0; i < N_TIMES; i++)
        later[i] = case_time[i] + 3600.0;
    other.time_s = later;
    assert_fails(gndp_field_writer_create("a.nc", &other, &options, &writer), GNDP_ERR_STATE,
                 "its times differ");
    other = file;
    other.member = others;
    assert_fails(gndp_field_writer_create("a.nc", &other, &options, &writer), GNDP_ERR_STATE,
                 "its members differ");
    other = file;
    for (int i = 0; i < N_LAT; i++)
        north[i] = case_lat[i] + 1e-9;
    other.coords.axis[0].value = north;
    assert_fails(gndp_field_writer_create("a.nc", &other, &options, &writer), GNDP_ERR_STATE,
                 "its points differ");
    options.keep_bits = 10;
    assert_fails(gndp_field_writer_create("a.nc", &file, &options, &writer), GNDP_ERR_STATE,
                 "its precision differ");
    options.keep_bits = 0;
    finish(&file, &options, true, false);
}

static void part_is_started_afresh_without_resume(void **state)
{
    gndp_channel channel[3];
    gndp_field_writer *writer;
    (void)state;
    case_channels(channel);
    const gndp_field_file file = case_file(channel);
    gndp_write_options options = resuming(NULL);
    leave_part(&file, &options);
    options.resume = false;
    options.identity = seed_two;
    assert_ok(gndp_field_writer_create("a.nc", &file, &options, &writer));
    assert_false(gndp_field_writer_has(writer, 0));
    gndp_field_writer_free(writer, false);
    assert_int_equal(files_in("."), 0);
}

static void resume_starts_afresh_when_the_part_is_unreadable(void **state)
{
    gndp_channel channel[3];
    size_t bytes;
    notes told;
    const gndp_logger log = {.sink = note, .state = &told, .level = GNDP_LOG_WARN};
    (void)state;
    case_channels(channel);
    const gndp_field_file file = case_file(channel);
    gndp_write_options options = resuming(&log);
    options.overwrite = true;
    leave_part(&file, &options);
    char *data = read_bytes("a.nc.part", &bytes);
    for (int trial = 0; trial < 4; trial++) {
        told.text[0] = 0;
        if (trial == 0)
            write_bytes("a.nc.part", data, bytes / 2); /* cut */
        else if (trial == 1)
            write_bytes("a.nc.part", "time,lat,lon\n", 13); /* something else */
        else if (trial == 2)
            write_bytes("a.nc.part", data, 0); /* nothing: no word about it */
        else
            case_write("a.nc", &file, &options),
                assert_int_equal(rename("a.nc", "a.nc.part"), 0); /* NetCDF, but no part */
        finish(&file, &options, false, false);
        if (trial != 2)
            assert_contains(told.text, "a.nc.part cannot be read and is started afresh: ");
        else
            assert_string_equal(told.text, "");
    }
    free(data);
}

static void resume_makes_a_damaged_member_again(void **state)
{
    gndp_channel channel[3];
    size_t bytes;
    float row[N_POINTS];
    notes told = {""};
    const gndp_logger log = {.sink = note, .state = &told, .level = GNDP_LOG_WARN};
    (void)state;
    case_channels(channel);
    const gndp_field_file file = case_file(channel);
    gndp_write_options options = resuming(&log);
    options.deflate = 0;
    leave_part(&file, &options);
    char *data = read_bytes("a.nc.part", &bytes);
    for (int64_t i = 0; i < N_POINTS; i++)
        row[i] = case_missing(1, 0, i, 0) ? NC_FILL_FLOAT : (float)case_value(1, 0, i, 0);
    char *at = memmem(data, bytes, row, sizeof row);
    assert_non_null(at);
    at[9] ^= 4;
    write_bytes("a.nc.part", data, bytes);
    free(data);
    finish(&file, &options, false, false);
    assert_contains(told.text, "a.nc.part: 1 members are damaged and are made again");
}

static int write_at_once(void *path)
{
    gndp_channel channel[3];
    gndp_field_writer *writer;
    case_channels(channel);
    const gndp_field_file file = case_file(channel);
    return fails_in_child(gndp_field_writer_create(path, &file, NULL, &writer), GNDP_ERR_STATE,
                          "a.nc.part is being written by another process")
               ? 0
               : 1;
}

static void part_has_one_writer_at_a_time(void **state)
{
    gndp_channel channel[3];
    gndp_field_writer *writer;
    char path[] = "a.nc";
    (void)state;
    case_channels(channel);
    const gndp_field_file file = case_file(channel);
    assert_ok(gndp_field_writer_create("a.nc", &file, NULL, &writer));
    case_put_member(writer, 0);
    assert_int_equal(in_child(write_at_once, path, false, 0), 0);
    case_put_member(writer, 1);
    assert_ok(gndp_field_writer_commit(writer));
    gndp_field_writer_free(writer, false);
    case_check_values("a.nc", false, 0);
}

/* ---- Kills ---------------------------------------------------------------------------------- */

enum { SIDE = 40, MEMBERS = 24 };

static void long_field(int64_t member, double *values)
{
    for (int64_t i = 0; i < SIDE * SIDE; i++)
        values[i] = (double)((member * 7919 + i * 104729) % 65521) / 64.0;
}

static gndp_status open_long(gndp_field_writer **writer)
{
    static double axis[SIDE];
    static const double times[2] = {0.0, 3600.0};
    const gndp_channel channel = gndp_channel_scalar("t", "K");
    for (int i = 0; i < SIDE; i++)
        axis[i] = i;
    const gndp_field_file file = {
        .coords = {.space = GNDP_SPACE_SPHERE,
                   .layout = GNDP_LAYOUT_PRODUCT,
                   .columns = 2,
                   .axis = {{.size = SIDE, .value = axis}, {.size = SIDE, .value = axis}},
                   .n = SIDE * SIDE},
        .n_channels = 1,
        .channel = &channel,
        .n_times = 2,
        .time_s = times,
        .reference_time_s = (double)NAN,
        .n_members = MEMBERS};
    const gndp_write_options options = resuming(NULL);
    return gndp_field_writer_create("long.nc", &file, &options, writer);
}

/* Write what is missing. @return 0: the file is complete */
static int write_long(void)
{
    double values[SIDE * SIDE];
    gndp_field_writer *writer;
    gndp_status st = open_long(&writer);
    for (int64_t m = 0; m < MEMBERS && st == GNDP_OK; m++) {
        if (gndp_field_writer_has(writer, m))
            continue;
        long_field(m, values);
        for (int64_t t = 0; t < 2 && st == GNDP_OK; t++)
            st = gndp_field_writer_put(writer, t, m, values, NULL);
        if (st == GNDP_OK)
            st = gndp_field_writer_member_done(writer, m);
    }
    if (st == GNDP_OK)
        st = gndp_field_writer_commit(writer);
    if (st != GNDP_OK)
        fprintf(stderr, "%s\n", gndp_last_error());
    gndp_field_writer_free(writer, true);
    return st == GNDP_OK ? 0 : 1;
}

static void check_long(void)
{
    double values[SIDE * SIDE];
    static float found[2 * MEMBERS * SIDE * SIDE];
    int nc, var;
    assert_nc(nc_open("long.nc", NC_NOWRITE, &nc));
    assert_nc(nc_inq_varid(nc, "t", &var));
    assert_nc(nc_get_var_float(nc, var, found));
    assert_nc(nc_close(nc));
    for (int64_t m = 0; m < MEMBERS; m++) {
        long_field(m, values);
        for (int64_t t = 0; t < 2; t++)
            for (int64_t i = 0; i < SIDE * SIDE; i++)
                assert_true(found[(t * MEMBERS + m) * SIDE * SIDE + i] == (float)values[i]);
    }
}

static void writer_is_taken_up_after_kills_at_any_moment(void **state)
{
    unsigned seed = 7;
    int kills = 0;
    (void)state;
    for (int run = 0; run < 60; run++) {
        const pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0)
            _exit(write_long());
        seed = seed * 1103515245u + 12345u;
        const struct timespec wait = {0, (long)(seed >> 8) % 12000 * 1000};
        nanosleep(&wait, NULL);
        kill(child, SIGKILL);
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        if (WIFSIGNALED(status)) {
            assert_int_equal(WTERMSIG(status),
                             SIGKILL); /* whatever it found of the one before did not crash it */
            kills++;
            assert_in_range(files_in("."), 0, 2); /* the part, and a copy in the making */
            if (is_file("long.nc")) {             /* killed between the rename and the end */
                check_long();
                assert_int_equal(unlink("long.nc"), 0);
            }
        } else {
            assert_int_equal(WEXITSTATUS(status), 0);
            check_long();
            assert_int_equal(files_in("."), 1);
            assert_int_equal(unlink("long.nc"), 0);
        }
    }
    assert_true(kills > 0);
    assert_int_equal(write_long(), 0);
    check_long();
    assert_int_equal(files_in("."), 1);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, folder_setup, folder_teardown)
static const struct CMUnitTest tests[] = {
    IN_FOLDER(resume_keeps_complete_members),
    IN_FOLDER(resume_gives_the_bytes_of_a_run_without_a_stop),
    IN_FOLDER(resume_refuses_another_identity),
    IN_FOLDER(resume_refuses_another_form),
    IN_FOLDER(part_is_started_afresh_without_resume),
    IN_FOLDER(resume_starts_afresh_when_the_part_is_unreadable),
    IN_FOLDER(resume_makes_a_damaged_member_again),
    IN_FOLDER(part_has_one_writer_at_a_time),
    IN_FOLDER(writer_is_taken_up_after_kills_at_any_moment),
};
GNDP_TEST_MAIN(tests)
