// SPDX-License-Identifier: Apache-2.0
// `gndp train` as its user meets it: what the run folder holds, interrupts, full disks, wrong usage.
#include "cli/model_case.h"

static void train_fills_the_run_folder(void **state)
{
    (void)state;
    tiny_config();
    char *text = run(0, "train tiny.yaml -o run 2>/dev/null");
    assert_contains(text, "410 fields to train on, 51 to validate");
    assert_contains(text, "trained  60 of 60 steps");
    assert_contains(text, "run/model.nc (hash ");
    free(text);
    text = read_file("run/metrics.csv");
    assert_int_equal(count_lines(text), 4); /* header, and steps 20, 40, 60 */
    free(text);
    text = read_file("run/log.jsonl");
    assert_int_equal(count_lines(text), 3);
    assert_contains(text, "{\"step\": 60, \"loss\": ");
    free(text);
    assert_true(there("run/last.nc") && there("run/config.yaml"));
    text = run(0, "train run/config.yaml --keys"); /* all keys, as resolved */
    assert_contains(text, "batch: 8\n");
    char *same = read_file("run/config.yaml");
    assert_string_equal(text, same);
    free(text);
    free(same);
    text = run(0, "train tiny.yaml -o json --json 2>/dev/null");
    assert_contains(text, "\"step\":60");
    assert_int_equal(count_lines(text), 1);
    free(text);
}

static void train_dry_run_writes_nothing(void **state)
{
    (void)state;
    tiny_config();
    char *text = run(0, "train tiny.yaml -o run --dry-run");
    assert_contains(text, "parameters");
    assert_contains(text, "memory ");
    assert_false(there("run"));
    free(text);
}

static void train_interrupted_says_so_and_goes_on(void **state)
{
    (void)state;
    tiny_config();
    static const char line[] = "train tiny.yaml -q -o run --set train.steps=100000 --resume";
    const pid_t child = start(line);
    for (int i = 0; i < 200 && !there("run/log.jsonl"); i++)
        wait_ms(20);
    wait_ms(100);
    const int status = stop(child, SIGTERM);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 130);
    char *err = read_file("err.txt");
    assert_contains(err, "interrupted after step ");
    assert_contains(err, "--resume goes on");
    free(err);
    assert_true(there("run/last.nc") && !there("run/model.nc"));
}

static void train_keeps_others_out_of_its_folder(void **state)
{
    (void)state;
    tiny_config();
    const pid_t child = start("train tiny.yaml -q -o run --set train.steps=1000000");
    for (int i = 0; i < 200 && !there("run/log.jsonl"); i++)
        wait_ms(20);
    assert_one_line(1, "another training writes to", "train tiny.yaml -q -o run -O");
    stop(child, SIGKILL);
}

static void train_begins_anew_only_when_told(void **state)
{
    (void)state;
    tiny_model();
    assert_one_line(1, "holds a run already", "train tiny.yaml -o run");
    assert_one_line(2, "one of them", "train tiny.yaml -o run -O --resume");
    free(run(0, "train tiny.yaml -q -o run -O --set train.steps=20"));
    char *log = read_file("run/log.jsonl");
    assert_int_equal(count_lines(log), 1);
    free(log);
}

/* ---- Trouble -------------------------------------------------------------------------------- */

static void train_keeps_the_last_checkpoint_when_the_disk_is_full(void **state)
{
    (void)state;
    tiny_model();
    free(shell("cp -r run before").out);
    outcome r = shell("(ulimit -f 40; gndp train tiny.yaml -q -o run --resume --set train.steps=80)");
    assert_int_equal(r.code, 1);
    assert_contains(r.out, "File too large");
    assert_int_equal(count_lines(r.out), 1);
    free(r.out);
    assert_same_bytes("before/last.nc", "run/last.nc");
    assert_same_bytes("before/model.nc", "run/model.nc");
    assert_false(there("run/last.nc.part"));
    free(run(0, "train tiny.yaml -q -o run --resume --set train.steps=80"));
}

static void train_says_where_it_cannot_write(void **state)
{
    (void)state;
    tiny_config();
    assert_one_line(1, "/proc/none", "train tiny.yaml -q -o /proc/none/run");
    write_file("taken", "");
    assert_one_line(1, "taken", "train tiny.yaml -q -o taken/run");
    if (geteuid() == 0)
        return; /* whom no folder refuses */
    free(shell("mkdir run; chmod 555 run").out);
    assert_one_line(1, "Permission denied", "train tiny.yaml -q -o run");
}

static void train_refuses_a_damaged_checkpoint_and_leaves_it(void **state)
{
    (void)state;
    tiny_model();
    free(shell("truncate -s 50000 run/last.nc; cp run/last.nc cut.nc").out);
    assert_one_line(1, "last.nc", "train tiny.yaml -q -o run --resume");
    assert_same_bytes("cut.nc", "run/last.nc");
}

static void train_goes_on_with_its_own_data_and_settings(void **state)
{
    (void)state;
    tiny_config();
    free(run(0, "gen se -n 200 --points 24 -q -o data.nc"));
    free(run(0, "train tiny.yaml data.nc -q -o run --set data.split.rule=random"));
    assert_one_line(1, "train.batch differs", "train tiny.yaml data.nc -q -o run --resume --set data.split.rule=random --set train.batch=4");
    free(run(0, "train run/config.yaml -q --resume")); /* it says where its data are */
    free(shell("mv data.nc moved.nc").out);
    char *text = run(0, "train run/config.yaml moved.nc --resume 2>&1");
    assert_contains(text, "changed: data.files");
    free(text);
    free(run(0, "gen se -n 200 --points 24 --seed 2 -q -O -o moved.nc"));
    assert_one_line(1, "fingerprint", "train run/config.yaml moved.nc -q --resume");
}

static void train_stops_when_it_diverges(void **state)
{
    (void)state;
    tiny_config();
    char *text = run(1, "train tiny.yaml -q -o run --set data.normalise=none --set process.kernel='white(variance=1e38)' --set train.patience=3");
    assert_contains(text, "in a row, last at step ");
    assert_contains(text, "24 points of fields ");
    assert_true(there("run/last.nc") && !there("run/model.nc"));
    free(text);
}

static void train_wrong_usage_is_one_line(void **state)
{
    (void)state;
    tiny_config();
    write_file("bad.yaml", "train:\n  bacth: 3\n");
    assert_one_line(2, "CONFIG.yaml", "train");
    assert_one_line(1, "none.yaml", "train none.yaml");
    assert_one_line(1, "bad.yaml:2:", "train bad.yaml");
    assert_one_line(1, "nearest: \"train.batch\"", "train tiny.yaml --set train.bach=3");
    assert_one_line(1, "train.batch", "train tiny.yaml --set train.batch=0");
    assert_one_line(2, "--resmue", "train tiny.yaml --resmue");
    assert_one_line(1, "none.nc", "train tiny.yaml none.nc -o run");
    assert_one_line(1, "points", "train tiny.yaml -o run --set 'data.points.choice=[3, 100]'");
    assert_one_line(1, "whole number", "train tiny.yaml -o run --set 'data.points.choice=[3.5]'");
    assert_one_line(1, "heads", "train tiny.yaml -o run --set score.heads=3");
    assert_false(there("run"));
}

/* The lines of the help, but for those that need data of the user or a run that is there. */
static void train_examples_of_the_help_run(void **state)
{
    (void)state;
    const char *source = getenv("GNDP_SOURCE");
    char *help = run(0, "train --help");
    int tried = 0;
    if (source == NULL)
        skip();
    for (char *line = strtok(help, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        char command[1024];
        if (strncmp(line, "  gndp train ", 13) != 0 || strstr(line, ".nc") != NULL || strstr(line, "--resume") != NULL)
            continue;
        snprintf(command, sizeof command, "cd '%s' && %s --dry-run --set data.generator.fields=300", source, line + 2);
        const outcome r = shell(command);
        if (r.code != 0)
            fail_msg("%s\n%s", command, r.out);
        free(r.out);
        tried++;
    }
    assert_true(tried > 0);
    free(help);
}

static const struct CMUnitTest tests[] = {
    IN_FOLDER(train_fills_the_run_folder),
    IN_FOLDER(train_dry_run_writes_nothing),
    IN_FOLDER(train_interrupted_says_so_and_goes_on),
    IN_FOLDER(train_keeps_others_out_of_its_folder),
    IN_FOLDER(train_begins_anew_only_when_told),
    IN_FOLDER(train_keeps_the_last_checkpoint_when_the_disk_is_full),
    IN_FOLDER(train_says_where_it_cannot_write),
    IN_FOLDER(train_refuses_a_damaged_checkpoint_and_leaves_it),
    IN_FOLDER(train_goes_on_with_its_own_data_and_settings),
    IN_FOLDER(train_stops_when_it_diverges),
    IN_FOLDER(train_wrong_usage_is_one_line),
    IN_FOLDER(train_examples_of_the_help_run),
};

GNDP_TEST_MAIN(tests)
