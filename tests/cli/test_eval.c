// SPDX-License-Identifier: Apache-2.0
// `gndp eval`: tables of samples beside data, densities against a law that is known.
#include "cli/model_case.h"

#include <math.h>

#include <gndp/gndp.h>

static void must(gndp_status st)
{
    if (st != GNDP_OK)
        fail_msg("%s", gndp_last_error());
}

static double number_behind(const char *text, const char *what)
{
    const char *at = strstr(text, what);
    if (at == NULL)
        fail_msg("no '%s' in: %s", what, text);
    return strtod(at + strlen(what), NULL);
}

static void eval_sets_samples_beside_data(void **state)
{
    (void)state;
    tiny_model();
    char *text = run(0, "eval run/model.nc --samples 20 2>/dev/null");
    static const char *const parts[] = {"train    validation       samples", "fields                                       410            51            20",
                                        "standard deviation at a point", "power, wavenumbers 8 to 15", "correlation of successive fields"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        assert_contains(text, parts[i]);
    free(text);
    free(run(0, "sample run/model.nc -n 20 -q --f64 -o s.nc"));
    char *own = run(0, "eval run/model.nc --samples 20 --json 2>/dev/null"), *from = run(0, "eval run/model.nc --samples-from s.nc --json 2>/dev/null");
    assert_string_equal(own, from); /* the same members */
    free(own);
    free(from);
    text = run(0, "eval run/model.nc --part test --samples 4 --steps 3 2>/dev/null");
    assert_contains(text, "train          test       samples");
    free(text);
}

/* A network that stays zero leaves the limit N(0, 1) as the law of every value: the mean density of the fields follows from their squares. */
static void eval_likelihood_is_that_of_the_law(void **state)
{
    (void)state;
    tiny_config();
    free(run(0, "train tiny.yaml -q -o run --set data.generator.fields=10 --set data.split.validation=0 --set data.split.test=0 --set data.normalise=none "
                "--set train.steps=1 --set train.learning_rate.initial=0"));
    const gndp_synth_info *se;
    gndp_synth_options options = gndp_synth_options_default();
    gndp_fieldset *set = NULL;
    double y[24], expected = -0.5 * log(2.0 * acos(-1.0));
    options.fields = 10;
    options.points = 24;
    options.seed = 0;
    must(gndp_synth_find("se", &se));
    must(gndp_synth_make(se, &options, &set));
    for (int64_t f = 0; f < 10; f++) {
        must(gndp_fieldset_read(set, 1, &f, 24, NULL, y, NULL));
        for (int i = 0; i < 24; i++)
            expected -= 0.5 * y[i] * y[i] / 240.0;
    }
    gndp_fieldset_free(set);
    char *text = run(0, "eval run/model.nc --part train --samples 0 --likelihood 99 --flow-steps 5 --json 2>/dev/null");
    assert_int_equal((int)number_behind(text, "\"fields\":"), 10);
    const double got = number_behind(text, "\"nats_per_point\":");
    if (!(fabs(got - expected) < 1e-5))
        fail_msg("%.9g in place of %.9g", got, expected);
    free(text);
    text = run(0, "eval run/model.nc --part train --samples 0 --likelihood 2 --solver euler --flow-steps 4");
    assert_contains(text, "euler-4, exact divergence");
    assert_contains(text, "note: euler overstates");
    free(text);
    assert_one_line(1, "the validation part is empty", "eval run/model.nc -q");
}

static void eval_takes_settings_of_the_model(void **state)
{
    (void)state;
    tiny_config();
    free(run(0, "train tiny.yaml -q -o run --set likelihood.solver=heun --set likelihood.steps=7 --set likelihood.probes=3"));
    char *text = run(0, "eval run/model.nc -q --samples 0 --likelihood 2");
    assert_contains(text, "heun-7, 3 probes");
    free(text);
}

static void eval_wrong_usage_is_one_line(void **state)
{
    (void)state;
    tiny_model();
    free(run(0, "gen matern52 -n 8 --points 24 -q -o other.nc"));
    free(run(0, "gen gp_divfree -n 20 --grid 4x4 -q -o wind.nc"));
    assert_one_line(2, "MODEL.nc", "eval");
    assert_one_line(1, "none.nc", "eval none.nc");
    assert_one_line(2, "did you mean 'validation'", "eval run/model.nc -q --part valdation");
    assert_one_line(2, "did you mean 'adaptive'", "eval run/model.nc -q --samples 0 --likelihood 1 --solver adaptve");
    assert_one_line(1, "channel", "eval run/model.nc -q --samples-from wind.nc");
    assert_one_line(1, "channel", "eval run/model.nc wind.nc -q");
    char *text = run(0, "eval run/model.nc other.nc --samples 4 --steps 3 2>/dev/null"); /* other data in place of the training's */
    assert_contains(text, "validation");
    free(text);
}

static const struct CMUnitTest tests[] = {
    IN_FOLDER(eval_sets_samples_beside_data),
    IN_FOLDER(eval_likelihood_is_that_of_the_law),
    IN_FOLDER(eval_takes_settings_of_the_model),
    IN_FOLDER(eval_wrong_usage_is_one_line),
};

GNDP_TEST_MAIN(tests)
