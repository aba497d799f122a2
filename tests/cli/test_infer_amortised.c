// SPDX-License-Identifier: Apache-2.0
// `gndp train` with score.context_flag and `gndp infer --method amortised`: from configuration to members, and what is refused.
#include "cli/files.h"
#include "cli/model_case.h"

#include <gndp/gndp.h>

#define FLAGGED                                                                                                                                \
    "data:\n"                                                                                                                                  \
    "  source: generator\n"                                                                                                                    \
    "  generator: {name: se, fields: 512, points: 24, random: no}\n"                                                                           \
    "  split: {train: 0.8, validation: 0.1, test: 0.1}\n"                                                                                      \
    "  context: {low: 0, high: 5}\n"                                                                                                           \
    "score: {net: bi_attention, layers: 1, hidden: 16, heads: 2, context_flag: yes}\n"                                                         \
    "train: {steps: 60, batch: 8, validate_every: 20, validation_batches: 2, learning_rate: {warmup: 10}}\n"                                   \
    "infer: {method: amortised, steps: 20}\n"

static void must(gndp_status st)
{
    if (st != GNDP_OK)
        fail_msg("%s", gndp_last_error());
}

static void flagged_model(void)
{
    write_file("flagged.yaml", FLAGGED);
    free(run(0, "train flagged.yaml -q -o run"));
    write_file("obs.csv", "x1,y1\n-2,0.25\n0.60869565,-1.5\n1.1,0.75\n"); /* two points of the grid, one beside it */
}

static gndp_csv table_of(const char *path)
{
    gndp_csv csv = {0};
    must(gndp_csv_read(path, true, &csv));
    return csv;
}

static double cell(const gndp_csv *csv, int64_t row, int column)
{
    double value;
    must(gndp_csv_number(csv, row, column, &value));
    return value;
}

/* By the model's infer.method and by name; observed values come out as they went in, to the rounding of text; the report names method and context. */
static void amortised_draws_members_that_keep_what_is_observed(void **state)
{
    (void)state;
    flagged_model();
    char *text = run(0, "infer run/model.nc --obs obs.csv -n 3 -o a.csv");
    assert_contains(text, "amortised, 20 steps uniform in time by em");
    free(text);
    free(run(0, "infer run/model.nc --obs obs.csv -n 3 -q --method amortised --steps 20 -o b.csv"));
    assert_same_bytes("a.csv", "b.csv");
    free(run(0, "infer run/model.nc --obs obs.csv -n 3 -q --method amortised --sampler exponential_ode -o c.csv"));
    for (int i = 0; i < 2; i++) {
        gndp_csv c = table_of(i == 0 ? "a.csv" : "c.csv");
        assert_int_equal(c.n_rows, 24);
        for (int k = 1; k <= 3; k++) {
            assert_near(cell(&c, 0, k), 0.25, 1e-6, "first");
            assert_near(cell(&c, 15, k), -1.5, 1e-6, "inner");
        }
        if (cell(&c, 7, 1) == cell(&c, 7, 2))
            fail_msg("members are the same");
        gndp_csv_free(&c);
    }
    text = run(0, "infer run/model.nc --obs obs.csv -n 2 --dry-run");
    assert_contains(text, "amortised");
    free(text);
}

/* Samples and other methods take such a model too: every point is a target. */
static void a_flagged_model_serves_other_methods(void **state)
{
    (void)state;
    flagged_model();
    free(run(0, "sample run/model.nc -n 2 -q --steps 10 -o s.nc"));
    free(run(0, "infer run/model.nc --obs obs.csv -n 2 -q --method langevin --steps 10 -o l.csv"));
    free(run(0, "infer run/model.nc --obs obs.csv --sigma 0.2 -n 2 -q --method guidance --steps 10 -o g.csv"));
    free(run(0, "infer run/model.nc --obs obs.csv -n 2 -q --method bridge --steps 5 -o b.csv"));
    assert_true(there("s.nc") && there("l.csv") && there("g.csv") && there("b.csv"));
}

static void amortised_wrong_usage_is_one_line(void **state)
{
    (void)state;
    flagged_model();
    tiny_config();
    free(run(0, "train tiny.yaml -q -o plain"));
    assert_one_line(2, "score.context_flag: yes", "infer plain/model.nc --obs obs.csv --method amortised -o o.nc");
    assert_one_line(2, "belongs to langevin, hybrid, the method is amortised", "infer run/model.nc --obs obs.csv --psi 1 -o o.nc");
    assert_one_line(2, "--prior belongs to bridge", "infer run/model.nc --obs obs.csv --prior 'rbf()' --method amortised -o o.nc");
    assert_one_line(1, "y about -2, .. has an error of 0.1", "infer run/model.nc --obs obs.csv --sigma 0.1 -o o.nc");
    assert_false(there("o.nc") || there("o.nc.part"));
    assert_one_line(1, "data.context.high is 0", "train flagged.yaml -q -o other --set data.context.high=0");
    assert_one_line(1, "want score.context_flag: yes", "train flagged.yaml -q -o other --set score.context_flag=no");
    assert_one_line(1, "low 7 is above high 5", "train flagged.yaml -q -o other --set data.context.low=7");
    write_file("pair.yaml", "data:\n"
                            "  source: generator\n"
                            "  generator: {name: gp_curlfree, fields: 64, points: 16}\n"
                            "  context: {high: 3}\n"
                            "score: {net: multi_attention, layers: 1, hidden: 8, heads: 2, context_flag: yes}\n"
                            "train: {steps: 2, batch: 4, learning_rate: {warmup: 1}}\n");
    free(run(0, "train pair.yaml -q -o pair"));
    write_file("half.csv", "x1,x2,variable,value\n1,2,v1,0.5\n3,4,v1,0.2\n3,4,v2,0.1\n");
    write_file("whole.csv", "x1,x2,variable,value\n3,4,v1,0.2\n3,4,v2,0.1\n");
    assert_one_line(1, "1 of the 2 components about 1, ..", "infer pair/model.nc --obs half.csv --method amortised --scatter -9:9,-9:9:5 -q -o o.csv");
    free(run(0, "infer pair/model.nc --obs whole.csv --method amortised --scatter -9:9,-9:9:5 -n 2 --steps 3 -q -o o.csv"));
}

static const struct CMUnitTest tests[] = {
    IN_FOLDER(amortised_draws_members_that_keep_what_is_observed),
    IN_FOLDER(a_flagged_model_serves_other_methods),
    IN_FOLDER(amortised_wrong_usage_is_one_line),
};

GNDP_TEST_MAIN(tests)
