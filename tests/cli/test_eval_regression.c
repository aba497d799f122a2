// SPDX-License-Identifier: Apache-2.0
// `gndp eval --task regression`: densities that are known, which functions are drawn, wrong usage.
#include "cli/model_case.h"

#include <math.h>

#include <gndp/gndp.h>

static void must(gndp_status st)
{
    if (st != GNDP_OK)
        fail_msg("%s", gndp_last_error());
}

/* A network that stays zero on top of the score of its limit: the model's law is the limit. */
#define ZERO "train tiny.yaml -q -o run --set train.steps=1 --set train.learning_rate.initial=0 --set data.generator.random=yes"

/* The mean in the first entry of that name behind `start`. */
static double mean_of(const char *start, const char *name)
{
    char what[64];
    snprintf(what, sizeof what, "\"%s\":{\"mean\":", name);
    const char *at = strstr(start, what);
    if (at == NULL)
        fail_msg("no '%s' in: %s", what, start);
    return strtod(at + strlen(what), NULL);
}

static const char *domain_of(const char *text, const char *name)
{
    char what[64];
    snprintf(what, sizeof what, "\"name\":\"%s\"", name);
    const char *at = strstr(text, what);
    if (at == NULL)
        fail_msg("no '%s' in: %s", what, text);
    return at;
}

/*
 * With the limit the law of the data the model is the process itself. The model's jitter of 1e-6 is a part 4e-4 of the noise .0025: 3e-4 nats for a
 * target at first order, of mean 0, so 3e-4/sqrt(50 * 30) over the functions.
 */
static void regression_is_exact_when_the_limit_is_the_process(void **state)
{
    (void)state;
    tiny_config();
    free(run(0, ZERO " --set data.normalise=none --set 'process.kernel=rbf(lengthscale=0.25)+white(variance=0.0025)'"));
    static const char *const solvers[] = {"rk4 --flow-steps 2", "euler --flow-steps 3 --probes 0"};
    for (int s = 0; s < 2; s++) {
        char *text = run(0, "eval run/model.nc --task regression --fields 30 --json -q --domains interpolation,generalisation,extrapolation --solver %s",
                         solvers[s]);
        static const char *const domains[] = {"interpolation", "generalisation", "extrapolation"};
        for (int d = 0; d < 3; d++) {
            const char *at = domain_of(text, domains[d]);
            const double model = mean_of(at, "model"), exact = mean_of(at, "exact");
            if (!(fabs(model - exact) < 5e-5) || !(fabs(mean_of(at, "difference") - (model - exact)) < 1e-12) ||
                !(fabs(mean_of(at, "limit") - model) < 1e-6))
                fail_msg("%s: model %.9g, exact %.9g, limit %.9g", domains[d], model, exact, mean_of(at, "limit"));
        }
        /* far outside nothing is known of the targets; the same functions elsewhere are as likely */
        assert_true(mean_of(domain_of(text, "extrapolation"), "diagonal") < mean_of(domain_of(text, "interpolation"), "diagonal") - 0.2);
        assert_true(fabs(mean_of(domain_of(text, "generalisation"), "exact") - mean_of(domain_of(text, "interpolation"), "exact")) < 1e-6);
        free(text);
    }
}

/* The functions of the documentation drawn here once more, their densities by other means: white limit by hand, process by two evidences. */
static void regression_draws_the_functions_it_says(void **state)
{
    (void)state;
    enum { FIELDS = 6, LOW = 2, SIZES = 2, TARGETS = 9, MOST = LOW + SIZES - 1 + TARGETS };
    tiny_config();
    free(run(0, ZERO)); /* white limit of variance 1, values normalised */
    gndp_model *model = NULL;
    const gndp_synth_info *se;
    gndp_kernel *kernel = NULL;
    must(gndp_model_read("run/model.nc", &model));
    must(gndp_synth_find("se", &se));
    must(gndp_kernel_parse(se->kernel, &kernel));
    const double mean = gndp_model_normaliser(model)->mean[0], scale = gndp_model_normaliser(model)->scale[0];
    assert_true(scale != 1.0);
    double limit = 0.0, exact = 0.0;
    for (uint32_t r = 0; r < FIELDS; r++) {
        const int64_t c = LOW + r % SIZES, n = c + TARGETS;
        double x[MOST], y[MOST], p[2];
        must(gndp_random_uniform_f64(5, 0, 0x80000000u + r, 0x0e7a1, 0, n, x));
        for (int64_t i = 0; i < n; i++)
            x[i] = -2.0 + 4.0 * x[i];
        must(gndp_synth_values(se, 5, 0x80000000u + r, n, x, y));
        for (int64_t i = c; i < n; i++) {
            const double z = (y[i] - mean) / scale;
            limit -= (0.5 * log(2.0 * acos(-1.0)) + log(scale) + 0.5 * z * z) / (TARGETS * FIELDS);
        }
        for (int k = 0; k < 2; k++) {
            gndp_gaussian *law = NULL;
            const gndp_points points = {.kind = GNDP_POINTS_LIST, .x = gndp_array_view(gndp_type_2d(GNDP_F64, k == 0 ? n : c, 1), x)};
            must(gndp_gaussian_create(kernel, &points, NULL, NULL, &law));
            must(gndp_gaussian_log_prob(law, 1, y, &p[k]));
            gndp_gaussian_free(law);
        }
        exact += (p[0] - p[1]) / (TARGETS * FIELDS);
    }
    gndp_kernel_free(kernel);
    gndp_model_free(model);
    char *text = run(0, "eval run/model.nc --task regression --fields 6 --context 2:3 --targets 9 --domains interpolation --seed 5 --flow-steps 2 --json -q");
    const double got[] = {mean_of(text, "limit"), mean_of(text, "exact"), mean_of(text, "model")};
    if (!(fabs(got[0] - limit) < 1e-9) || !(fabs(got[1] - exact) < 1e-7) || !(fabs(got[2] - limit) < 1e-5))
        fail_msg("limit %.9g (here %.9g), exact %.9g (here %.9g), model %.9g", got[0], limit, got[1], exact, got[2]);
    free(text);
}

/* Cuts the time taken out, whatever its number of digits. */
static char *without_seconds(char *text)
{
    char *at = strstr(text, "\"seconds\":");
    assert_non_null(at);
    const char *rest = at + strcspn(at, ",");
    memmove(at, rest, strlen(rest) + 1);
    return text;
}

static void regression_follows_from_its_seed(void **state)
{
    (void)state;
    tiny_model();
    static const char line[] = "eval run/model.nc --task regression --fields 40 --context 3 --targets 7 --domains interpolation --flow-steps 3 --json -q";
    char *a = without_seconds(run(0, "%s", line)), *b = without_seconds(run(0, "%s", line)), *c = run(0, "%s --seed 9", line);
    assert_string_equal(a, b);
    assert_true(mean_of(a, "exact") != mean_of(c, "exact") && mean_of(a, "model") != mean_of(c, "model"));
    assert_contains(a, "\"context\":[3,3]");
    free(a), free(b), free(c);
    char *text = run(0, "eval run/model.nc --task regression --fields 20 --targets 5 --solver euler 2>/dev/null");
    static const char *const parts[] = {"20 functions, 1 to 10 context points, 5 targets", "interpolation", "generalisation", "exact process",
                                        "model - exact, paired", "euler-100 uniform, 1 probe"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        assert_contains(text, parts[i]);
    free(text);
}

static void regression_without_a_process_has_no_optimum(void **state)
{
    (void)state;
    tiny_config();
    free(run(0, "train tiny.yaml -q -o run --set data.generator.name=sawtooth --set train.steps=2"));
    char *text = run(0, "eval run/model.nc --task regression --fields 4 --context 1:2 --targets 5 --flow-steps 3 -q");
    assert_contains(text, "limit (nothing learned)");
    assert_null(strstr(text, "exact"));
    free(text);
}

static void regression_wrong_usage_is_one_line(void **state)
{
    (void)state;
    tiny_model();
    assert_one_line(2, "did you mean 'regression'", "eval run/model.nc --task regresion");
    assert_one_line(2, "--task regression", "eval run/model.nc --fields 8");
    assert_one_line(2, "LOW:HIGH", "eval run/model.nc --task regression --context 4:2");
    assert_one_line(2, "LOW:HIGH", "eval run/model.nc --task regression --context 0");
    assert_one_line(2, "LOW:HIGH", "eval run/model.nc --task regression --context 1:x");
    assert_one_line(2, "5 functions", "eval run/model.nc --task regression --context 1:10 --fields 5");
    assert_one_line(2, "did you mean 'interpolation'", "eval run/model.nc --task regression --domains interpolaton");
    assert_one_line(2, "twice", "eval run/model.nc --task regression --domains interpolation,interpolation");
    assert_one_line(2, "no files", "eval run/model.nc more.nc --task regression");
    free(run(0, "gen se -n 40 --points 24 -q -o se.nc"));
    free(run(0, "train tiny.yaml se.nc -q -o own --set data.source=files --set train.steps=1"));
    assert_one_line(1, "generated functions", "eval own/model.nc --task regression");
}

static const struct CMUnitTest tests[] = {
    IN_FOLDER(regression_is_exact_when_the_limit_is_the_process), IN_FOLDER(regression_draws_the_functions_it_says),
    IN_FOLDER(regression_follows_from_its_seed),                  IN_FOLDER(regression_without_a_process_has_no_optimum),
    IN_FOLDER(regression_wrong_usage_is_one_line),
};

GNDP_TEST_MAIN(tests)
