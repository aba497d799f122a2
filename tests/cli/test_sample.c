// SPDX-License-Identifier: Apache-2.0
// `gndp sample`: members are functions of their number, outputs of both kinds agree, what was interrupted goes on.
#include "cli/model_case.h"

#include <math.h>

#include <gndp/gndp.h>

static void must(gndp_status st)
{
    if (st != GNDP_OK)
        fail_msg("%s", gndp_last_error());
}

/* All values of a file of fields. */
static double *values_of(const char *path, int64_t *n)
{
    gndp_fieldset *set = NULL;
    gndp_read_options options = gndp_read_options_default();
    must(gndp_file_open(&path, 1, &options, &set));
    const int64_t fields = gndp_fieldset_get_spec(set)->n_fields, size = gndp_fieldset_max_points(set) * gndp_fieldset_components(set);
    double *values = malloc((size_t)(fields * size) * sizeof *values);
    assert_non_null(values);
    for (int64_t f = 0; f < fields; f++)
        must(gndp_fieldset_read(set, 1, &f, gndp_fieldset_max_points(set), NULL, values + f * size, NULL));
    *n = fields * size;
    gndp_fieldset_free(set);
    return values;
}

/* Column of a table, first column 0. */
static double cell(const char *path, int row, int column)
{
    gndp_csv csv = {0};
    double value;
    must(gndp_csv_read(path, true, &csv));
    must(gndp_csv_number(&csv, row, column, &value));
    gndp_csv_free(&csv);
    return value;
}

static void sample_members_are_functions_of_their_number(void **state)
{
    (void)state;
    tiny_model();
    free(run(0, "sample run/model.nc -n 16 -q -o all.csv"));
    free(run(0, "sample run/model.nc --members 5 -q -o one.csv"));
    free(run(0, "sample run/model.nc --members 21,5,37 -q --threads 1 -o some.csv")); /* all of one slot */
    for (int i = 0; i < 24; i++) {
        assert_true(cell("one.csv", i, 1) == cell("all.csv", i, 6));
        assert_true(cell("some.csv", i, 2) == cell("all.csv", i, 6));
        assert_true(cell("some.csv", i, 1) != cell("some.csv", i, 2));
    }
    free(run(0, "sample run/model.nc --members 5 -q --seed 2 -o other.csv"));
    assert_true(cell("other.csv", 3, 1) != cell("one.csv", 3, 1));
    free(run(0, "sample run/model.nc --members 5 -q --batch 1 -o alone.csv")); /* other products: to rounding of f32 along 20 steps */
    for (int i = 0; i < 24; i++)
        assert_true(fabs(cell("alone.csv", i, 1) - cell("one.csv", i, 1)) < 1e-4);
}

static void sample_outputs_agree(void **state)
{
    (void)state;
    int64_t n;
    tiny_model();
    free(run(0, "sample run/model.nc -n 3 -q -o a.csv"));
    free(run(0, "sample run/model.nc -n 3 -q --f64 -o a.nc"));
    double *values = values_of("a.nc", &n);
    assert_int_equal(n, 72);
    for (int m = 0; m < 3; m++)
        for (int i = 0; i < 24; i++)
            assert_true(values[m * 24 + i] == cell("a.csv", i, 1 + m));
    free(values);
    char *text = run(0, "info a.nc");
    assert_contains(text, "3");
    free(text);
    text = run(0, "sample run/model.nc -n 2 --line -1:1:7 --sampler heun --steps 4 --json -o b.csv 2>/dev/null");
    assert_contains(text, "\"members\":2,\"points\":7,\"sampler\":\"heun, 4 steps");
    assert_contains(text, "\"evaluations\":16"); /* two a step and member */
    free(text);
}

static void sample_goes_on_where_it_was(void **state)
{
    (void)state;
    static const char line[] = "sample run/model.nc -n 48 --batch 4 --steps 400 -q --f64 -o out.nc";
    int64_t n, m;
    tiny_model();
    free(run(0, "%s", line));
    double *whole = values_of("out.nc", &n);
    free(shell("rm out.nc").out);
    int status = 0, tries = 0;
    for (; tries < 10 && !there("out.nc.part"); tries++) { /* stopped too early there is no part: later then */
        const pid_t child = start(line);
        for (int i = 0; i < 500 && !there("out.nc.part"); i++)
            wait_ms(10);
        wait_ms(60 + 40 * tries);
        status = stop(child, tries % 2 == 0 ? SIGINT : SIGTERM);
        if (there("out.nc"))
            free(shell("rm out.nc").out);
        if (there("out.nc.part") && WIFEXITED(status) && WEXITSTATUS(status) != 130)
            free(shell("rm out.nc.part").out);
    }
    assert_true(there("out.nc.part") && WIFEXITED(status) && WEXITSTATUS(status) == 130);
    char *err = read_file("err.txt");
    assert_contains(err, "the same command goes on");
    free(err);
    assert_one_line(1, "gndp_seed", "sample run/model.nc -n 48 --batch 4 --steps 400 -q --f64 --seed 3 -o out.nc");
    assert_one_line(1, "gndp_sampler", "sample run/model.nc -n 48 --batch 4 --steps 300 -q --f64 -o out.nc");
    const pid_t child = start(line);
    wait_ms(120);
    stop(child, SIGKILL);
    if (!there("out.nc"))
        free(run(0, "%s", line));
    double *pieces = values_of("out.nc", &m);
    assert_int_equal(m, n);
    assert_memory_equal(whole, pieces, (size_t)n * sizeof *whole);
    assert_false(there("out.nc.part"));
    free(whole);
    free(pieces);
}

static void sample_leaves_nothing_when_the_disk_is_full(void **state)
{
    (void)state;
    tiny_model();
    outcome r = shell("(ulimit -f 20; gndp sample run/model.nc -n 300 -q -o big.nc; gndp sample run/model.nc -n 300 -q -o big.csv)");
    assert_int_equal(r.code, 1);
    assert_int_equal(count_lines(r.out), 2);
    assert_contains(r.out, "File too large");
    assert_false(there("big.nc") || there("big.csv") || there("big.csv.part"));
    free(r.out);
}

static void sample_wrong_usage_is_one_line(void **state)
{
    (void)state;
    tiny_model();
    write_file("text.nc", "no model");
    assert_one_line(2, "MODEL.nc", "sample");
    assert_one_line(2, "-o wants", "sample run/model.nc");
    assert_one_line(2, "-o wants", "sample run/model.nc -o out.txt");
    assert_one_line(1, "none.nc", "sample none.nc -o out.nc");
    assert_one_line(1, "text.nc", "sample text.nc -o out.nc");
    assert_one_line(2, "exclude", "sample run/model.nc -n 3 --members 1 -o out.nc");
    assert_one_line(2, "--members wants", "sample run/model.nc --members 1,1 -o out.nc");
    assert_one_line(2, "at least 1", "sample run/model.nc -n 0 -o out.nc");
    assert_one_line(1, "on the sphere", "sample run/model.nc --grid r8x4 -o out.nc");
    assert_one_line(2, "only one of", "sample run/model.nc --grid r8x4 --line 0:1:3 -o out.nc");
    assert_one_line(2, "--seed wants", "sample run/model.nc --seed -1 -o out.nc");
    assert_one_line(2, "did you mean 'lambda'", "sample run/model.nc --time-grid lamda -o out.nc");
    assert_one_line(1, "heun", "sample run/model.nc --sampler huen -o out.nc");
    assert_false(there("out.nc") || there("out.nc.part"));
    free(run(0, "sample run/model.nc -q -o out.nc"));
    assert_one_line(1, "exists", "sample run/model.nc -q -o out.nc");
    free(run(0, "sample run/model.nc -q -O -o out.nc"));
}

/* Fields with points of their own: a model of them says no points by itself. */
static void sample_of_own_points_wants_points(void **state)
{
    (void)state;
    tiny_config();
    free(run(0, "train tiny.yaml -q -o run --set data.generator.random=yes"));
    assert_one_line(2, "say where", "sample run/model.nc -o out.csv");
    free(run(0, "sample run/model.nc -q --scatter -2:2:9 -n 2 -o out.csv"));
}

static const struct CMUnitTest tests[] = {
    IN_FOLDER(sample_members_are_functions_of_their_number),
    IN_FOLDER(sample_outputs_agree),
    IN_FOLDER(sample_goes_on_where_it_was),
    IN_FOLDER(sample_leaves_nothing_when_the_disk_is_full),
    IN_FOLDER(sample_wrong_usage_is_one_line),
    IN_FOLDER(sample_of_own_points_wants_points),
};

GNDP_TEST_MAIN(tests)
