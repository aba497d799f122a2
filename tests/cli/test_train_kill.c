// SPDX-License-Identifier: Apache-2.0
// `gndp train` killed again and again: the model is that of a run that was left alone.
#include "cli/model_case.h"

#include <gndp/gndp.h>

/* Twenty kills at random moments, each followed by --resume; checkpoints every 5 steps, so that some fall into the writing of one. */
static void train_killed_and_resumed_ends_with_the_same_bits(void **state)
{
    (void)state;
    static const char line[] = "train tiny.yaml -q -o run --resume --set train.steps=250 --set train.checkpoint_every=5 --set train.validate_every=50";
    double u[20];
    tiny_config();
    free(run(0, "%s", line)); /* as if never stopped: there is nothing to go on from */
    assert_int_equal(rename("run/model.nc", "whole.nc"), 0);
    free(shell("rm -r run").out);
    gndp_random_uniform_f64(2026, 0, 0, GNDP_STREAM(1, 0), 0, 20, u);
    for (int i = 0; i < 20; i++) {
        const pid_t child = start(line);
        wait_ms(20 + (int64_t)(150.0 * u[i]));
        const int status = stop(child, SIGKILL);
        if (WIFEXITED(status)) { /* it was done before: once more from the start */
            assert_int_equal(WEXITSTATUS(status), 0);
            assert_same_bytes("whole.nc", "run/model.nc");
            free(shell("rm -r run").out);
        }
    }
    free(run(0, "%s", line));
    assert_same_bytes("whole.nc", "run/model.nc");
    char *log = read_file("run/log.jsonl"); /* every report once */
    assert_int_equal(count_lines(log), 5); /* steps 50, 100, 150, 200, 250 */
    free(log);
    free(run(0, "train tiny.yaml -q -o run -O --threads 1 --set train.steps=250 --set train.checkpoint_every=5 --set train.validate_every=50"));
    assert_same_bytes("whole.nc", "run/model.nc"); /* products as small as these do not depend on the number of threads */
}

static const struct CMUnitTest tests[] = {IN_FOLDER(train_killed_and_resumed_ends_with_the_same_bits)};

GNDP_TEST_MAIN(tests)
