// SPDX-License-Identifier: Apache-2.0
// `gndp gp`: its answers against closed forms, its files, and what it says when it cannot go on.
#include "cli/program.h"

#include <ctype.h>
#include <jansson.h>
#include <math.h>

static const double log_2pi = 1.8378770664093453;

/* ---- Reading what it wrote ------------------------------------------------------------------ */

/* A cell of a CSV text by column name and row; the text stays as it is. */
static double cell(const char *csv, const char *column, int row)
{
    int c = 0, found = -1;
    const char *end = strchr(csv, '\n');
    assert_non_null(end);
    for (const char *at = csv; at < end; c++) {
        const size_t length = strcspn(at, ",\n");
        if (length == strlen(column) && strncmp(at, column, length) == 0)
            found = c;
        at += length + 1;
    }
    if (found < 0)
        fail_msg("no column %s in %.200s", column, csv);
    const char *at = end + 1;
    for (; row > 0; row--) {
        at = strchr(at, '\n');
        assert_non_null(at);
        at++;
    }
    for (; found > 0; found--)
        at += strcspn(at, ",\n") + 1;
    return strtod(at, NULL);
}

static json_t *run_json(const char *arguments)
{
    json_error_t error;
    char *text = run(0, "%s --json", arguments);
    json_t *object = json_loads(text, 0, &error);
    if (object == NULL)
        fail_msg("%s: no JSON: %s in %.300s", arguments, error.text, text);
    free(text);
    return object;
}

static double number(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    if (!json_is_number(value))
        fail_msg("no number '%s'", key);
    return json_number_value(value);
}

static void assert_near(double value, double wanted, double tolerance)
{
    if (!(fabs(value - wanted) <= tolerance))
        fail_msg("%.17g in place of %.17g, tolerance %g", value, wanted, tolerance);
}

/* ---- Sampling ---------------------------------------------------------------------------------
 */

static void gp_sample_member_is_the_same_in_any_batch(void **state)
{
    (void)state;
    const char *kernel = "gp sample --kernel 'matern32(lengthscale=0.5) + white(variance=0.1)' "
                         "--line 0:1:20 --seed 3";
    char *all = run(0, "%s -n 20 -o -", kernel);
    char *some = run(0, "%s --members 17,3-4 -o -", kernel);
    for (int i = 0; i < 20; i++) { /* bit for bit: the numbers read back exactly */
        assert_true(cell(some, "y1_m17", i) == cell(all, "y1_m17", i));
        assert_true(cell(some, "y1_m3", i) == cell(all, "y1_m3", i));
        assert_true(cell(some, "y1_m4", i) == cell(all, "y1_m4", i));
        assert_true(cell(all, "y1_m3", i) != cell(all, "y1_m4", i));
    }
    free(all);
    free(some);
}

static void gp_sample_does_not_depend_on_threads(void **state)
{
    (void)state;
    const char *kernel = "gp sample --kernel 'divfree(rbf(lengthscale=0.8)) + white(variance=0.1)' "
                         "--plane -1:1:7 -n 3 -o -";
    char *one = run(0, "%s --threads 1", kernel), *two = run(0, "%s --threads 2", kernel);
    assert_string_equal(one, two);
    assert_memory_equal(one, "x1,x2,y1_m0,y2_m0,y1_m1,", 24);
    assert_int_equal(count_lines(one), 50);
    free(one);
    free(two);
}

static void gp_sample_has_the_variance_of_the_kernel(void **state)
{
    (void)state;
    /* 4000 independent values of variance 4: the mean square has standard error 4 sqrt(2/4000) =
     * 0.089; 5 of them allowed */
    char *csv = run(0, "gp sample --kernel 'white(variance=4)' --line 0:1:4000 -o -");
    double sum = 0.0;
    const char *at = strchr(csv, '\n') + 1;
    for (int i = 0; i < 4000; i++) {
        const double y = strtod(strchr(at, ',') + 1, NULL);
        sum += y * y;
        at = strchr(at, '\n') + 1;
    }
    free(csv);
    assert_near(sum / 4000.0, 4.0, 5.0 * 4.0 * sqrt(2.0 / 4000.0));
}

static void gp_sample_places_points_as_the_help_says(void **state)
{
    (void)state;
    char *line = run(0, "gp sample --kernel 'white()' --line -2:2:5 -o -");
    char *plane = run(0, "gp sample --kernel 'white()' --plane 0:1:2,5:7:3 -o -");
    char *bands = run(0, "gp sample --kernel 'white()' --grid r4x3 -o -");
    char *poles = run(0, "gp sample --kernel 's2_heat(kappa=0.5)' --grid r4x3 --poles -o -");
    for (int i = 0; i < 5; i++)
        assert_true(cell(line, "x1", i) == i - 2);
    assert_int_equal(count_lines(plane), 7);
    assert_true(cell(plane, "x1", 3) == 1.0 && cell(plane, "x2", 4) == 6.0);
    assert_int_equal(count_lines(bands), 13);
    assert_true(cell(bands, "lat", 0) == -60.0 && cell(bands, "lon", 1) == 90.0 &&
                cell(bands, "lat", 11) == 60.0);
    assert_true(cell(poles, "lat", 0) == -90.0 && cell(poles, "lat", 4) == 0.0 &&
                cell(poles, "lat", 11) == 90.0);
    for (int i = 1; i < 4; i++) { /* a pole is one point */
        assert_true(cell(poles, "y1_m0", i) == cell(poles, "y1_m0", 0));
        assert_true(cell(poles, "y1_m0", 8 + i) == cell(poles, "y1_m0", 8));
    }
    free(line);
    free(plane);
    free(bands);
    free(poles);
}

/* ---- Inference --------------------------------------------------------------------------------
 */

/* One observation y at 0 with noise s2 under rbf(1): mean e^(-x^2/2) y / (1 + s2), variance 1 -
 * e^(-x^2) / (1 + s2). */
static void check_one_observation(const char *arguments, double s2)
{
    char line[512];
    snprintf(line, sizeof line, "gp infer %s --points at.csv", arguments);
    json_t *object = run_json(line);
    const json_t *mean = json_object_get(object, "mean"), *sd = json_object_get(object, "sd");
    const double x[3] = {0.0, 1.0, 2.5};
    for (size_t i = 0; i < 3; i++) {
        const double m = json_number_value(json_array_get(json_array_get(mean, i), 0));
        const double s = json_number_value(json_array_get(json_array_get(sd, i), 0));
        const double k = exp(-0.5 * x[i] * x[i]);
        assert_near(m, 2.0 * k / (1.0 + s2), 1e-12);
        assert_near(s, sqrt(1.0 - k * k / (1.0 + s2)), 1e-12);
    }
    assert_near(number(object, "log_marginal"), -0.5 * (4.0 / (1.0 + s2) + log(1.0 + s2) + log_2pi),
                1e-12);
    json_decref(object);
}

static void gp_infer_equals_the_closed_form_of_one_observation(void **state)
{
    (void)state;
    write_file("one.csv", "x1,y1\n0,2\n");
    write_file("sd.csv", "sd,y,x\n0.5,2,0\n");
    write_file("at.csv", "x1\n0\n1\n2.5\n");
    check_one_observation("--kernel 'rbf() + white(variance=0.25)' --data one.csv", 0.25);
    check_one_observation("--kernel 'rbf()' --data sd.csv", 0.25);
    check_one_observation("--kernel 'rbf() + white(variance=0.25)' --data sd.csv", 0.5);
}

static void gp_infer_takes_the_mean_of_the_process(void **state)
{
    (void)state;
    write_file("two.csv", "x1,y1\n0,281\n1,283\n");
    json_t *object = run_json("gp infer --kernel 'rbf(lengthscale=0.1) + white(variance=0.01)' "
                              "--data two.csv --mean data --line 100:101:2");
    const json_t *mean = json_object_get(object, "mean");
    assert_near(json_number_value(json_array_get(json_array_get(mean, 0), 0)), 282.0,
                1e-9); /* far away: the prior */
    assert_near(number(object, "mean_of_process"), 282.0, 0.0);
    json_decref(object);
}

static void gp_infer_members_have_the_posterior_moments(void **state)
{
    (void)state;
    enum { MEMBERS = 400 };
    write_file("one.csv", "x1,y1\n0,2\n");
    char *csv = run(
        0,
        "gp infer --kernel 'rbf() + white(variance=0.25)' --data one.csv --line 1:2:2 -n %d -o -",
        MEMBERS);
    double sum = 0.0, square = 0.0;
    const double mean = cell(csv, "y1_mean", 0), sd = cell(csv, "y1_sd", 0);
    for (int m = 0; m < MEMBERS; m++) {
        char name[16];
        snprintf(name, sizeof name, "y1_m%d", m);
        const double z = (cell(csv, name, 0) - mean) / sd;
        sum += z / MEMBERS;
        square += z * z / MEMBERS;
    }
    free(csv);
    assert_near(sum, 0.0, 4.5 / sqrt(MEMBERS)); /* standard errors 1/sqrt(n), sqrt(2/n) */
    assert_near(square, 1.0, 4.5 * sqrt(2.0 / MEMBERS));
}

static void gp_infer_on_the_sphere_is_invariant_under_rotation(void **state)
{
    (void)state;
    /* turning stations and target by 73 degrees of longitude changes nothing */
    write_file("a.csv", "lat,lon,y1\n10,20,1\n-30,80,2\n60,170,-1\n");
    write_file("b.csv", "lat,lon,y1\n10,93,1\n-30,153,2\n60,-117,-1\n");
    write_file("at_a.csv", "lat,lon\n5,60\n90,0\n");
    write_file("at_b.csv", "lat,lon\n5,133\n90,0\n");
    const char *kernel = "gp infer --kernel 's2_matern(nu=1.5, kappa=0.5) + white(variance=0.1)'";
    char *a = run(0, "%s --data a.csv --points at_a.csv -o -", kernel);
    char *b = run(0, "%s --data b.csv --points at_b.csv -o -", kernel);
    for (int i = 0; i < 2; i++) {
        assert_near(cell(a, "y1_mean", i), cell(b, "y1_mean", i), 1e-12);
        assert_near(cell(a, "y1_sd", i), cell(b, "y1_sd", i), 1e-12);
    }
    assert_true(fabs(cell(a, "y1_mean", 0)) > 0.01);
    free(a);
    free(b);
}

/* Draws z standard deviations from the mean of each point, at most: 6 is beyond chance for the some
   1e4 values here. */
static double farthest(const json_t *object)
{
    const json_t *mean = json_object_get(object, "mean"), *sd = json_object_get(object, "sd"),
                 *values = json_object_get(object, "values");
    double most = 0.0;
    assert_true(json_array_size(values) > 0);
    for (size_t m = 0; m < json_array_size(values); m++) {
        const json_t *draw = json_array_get(values, m);
        assert_int_equal(json_array_size(draw), json_array_size(mean));
        for (size_t i = 0; i < json_array_size(draw); i++) {
            const double v = json_number_value(json_array_get(json_array_get(draw, i), 0)),
                         c = json_number_value(json_array_get(json_array_get(mean, i), 0)),
                         s = json_number_value(json_array_get(json_array_get(sd, i), 0));
            const double z = fabs(v - c) / s;
            most = z > most ? z : most;
        }
    }
    return most;
}

/* On many points with structure draws come without a matrix, and stay within the spread that is
   predicted point by point; members do not depend on their company. */
static void gp_infer_draws_on_large_grids_by_structure(void **state)
{
    (void)state;
    write_file("a.csv", "lat,lon,y1\n10,20,1\n-30,80,2\n60,170,-1\n60,-100,0.5\n");
    write_file("b.csv", "x1,x2,y1\n0.31,0.7,1\n0.5,0.2,-2\n");
    const char *sphere =
                   "gp infer --kernel 's2_heat(kappa=0.5) + white(variance=0.01)' --data a.csv "
                   "--grid r66x64 --json",
               *plane =
                   "gp infer --kernel 'rbf(lengthscale=0.3) + white(variance=0.01)' --data b.csv "
                   "--plane 0:1:65 --observe --json";
    char line[256];
    for (int i = 0; i < 2; i++) {
        snprintf(line, sizeof line, "%s -n 3", i == 0 ? sphere : plane);
        json_t *object = run_json(line);
        assert_contains(json_string_value(json_object_get(object, "law")), "matheron");
        const double z = farthest(object);
        assert_true(z > 2.5 && z < 6.0);
        snprintf(line, sizeof line, "%s --members 2", i == 0 ? sphere : plane);
        json_t *one = run_json(line);
        assert_true(json_equal(json_array_get(json_object_get(one, "values"), 0),
                               json_array_get(json_object_get(object, "values"), 2)));
        json_decref(object);
        json_decref(one);
    }
    /* too few for that: dense, and no law is named */
    json_t *few = run_json("gp infer --kernel 's2_heat(kappa=0.5) + white(variance=0.01)' --data "
                           "a.csv --grid r12x6 --json -n 3");
    assert_null(json_object_get(few, "law"));
    assert_true(farthest(few) < 6.0);
    json_decref(few);
    /* a sum does not separate and the data lie off the grid: dense with a note */
    char *text = run(0, "gp infer --kernel 'rbf() + matern32() + white(variance=0.1)' --data b.csv "
                        "--plane 0:1:65 -n 1 -o out.csv");
    assert_contains(text, "note: draws by a dense factor: observations lie between");
    free(text);
}

/* ---- Fitting ----------------------------------------------------------------------------------
 */

static void gp_fit_recovers_what_generated_the_data(void **state)
{
    (void)state;
    json_t *object = run_json("gp fit --kernel 'rbf() + white()' --generate 'rbf(lengthscale=0.4, "
                              "variance=2)' --noise 0.04 "
                              "--line -4:4:100 -n 3 --seed 5");
    const json_t *params = json_object_get(object, "parameters");
    assert_int_equal(json_array_size(params), 3);
    for (size_t i = 0; i < 3; i++) { /* each within 3.5 of its standard deviations of the logarithm:
                                        false alarm 1 in 700 */
        const json_t *p = json_array_get(params, i);
        const double z = log(number(p, "value") / number(p, "truth")) / number(p, "log_sd");
        if (!(fabs(z) < 3.5))
            fail_msg("%s is %g standard deviations off",
                     json_string_value(json_object_get(p, "path")), z);
    }
    json_decref(object);
}

static void gp_fit_writes_a_kernel_that_infer_reads(void **state)
{
    (void)state;
    free(run(0, "gp sample --kernel 'rbf(lengthscale=0.5) + white(variance=0.01)' --scatter "
                "-2:2:40 --seed 7 -o noisy.csv"));
    json_t *fit = run_json("gp fit --kernel 'rbf() + white()' --data noisy.csv --fix "
                           "0/rbf/variance=1.5 -o fitted.kernel");
    json_t *infer = run_json("gp infer --kernel @fitted.kernel --data noisy.csv --line 0:1:3");
    /* the same evidence by the fit's graph and by the posterior's factorisation */
    assert_near(number(fit, "log_marginal"), number(infer, "log_marginal"), 1e-8);
    assert_int_equal(json_array_size(json_object_get(fit, "parameters")), 2);
    const char *kernel = json_string_value(json_object_get(infer, "kernel"));
    assert_string_equal(kernel, json_string_value(json_object_get(fit, "kernel")));
    assert_contains(kernel, "variance=1.5");
    json_decref(fit);
    json_decref(infer);
}

static void gp_fit_keeps_to_bounds_and_says_so(void **state)
{
    (void)state;
    char *text = run(0, "gp fit --kernel 'rbf(lengthscale=0.15) + white()' --generate "
                        "'rbf(lengthscale=0.5)' --noise 0.01 --line -3:3:80 "
                        "--bound 0/rbf/lengthscale=0.1:0.2");
    assert_contains(text, "at its bound");
    assert_contains(text, "log marginal likelihood");
    free(text);
}

/* ---- Scores -----------------------------------------------------------------------------------
 */

static void gp_eval_equals_the_closed_form(void **state)
{
    (void)state;
    write_file("context.csv", "x1,y1\n0,2\n");
    write_file("test.csv", "x1,y1\n1,0.5\n");
    json_t *object = run_json(
        "gp eval --kernel 'rbf() + white(variance=0.25)' --data context.csv --test test.csv");
    const json_t *gp = json_object_get(object, "gp");
    const double k = exp(-0.5), error = 0.5 - 2.0 * k / 1.25, variance = 1.25 - k * k / 1.25;
    const double z = error / sqrt(variance), density = -0.5 * (log_2pi + log(variance) + z * z);
    assert_near(number(gp, "log_density"), density, 1e-12);
    assert_near(number(gp, "joint_log_density"), density,
                1e-12); /* of one value they are the same */
    assert_near(number(gp, "rmse"), fabs(error), 1e-12);
    assert_near(number(gp, "bias"), -error, 1e-12);
    /* Gneiting & Raftery 2007: sd (z (2 Phi(z) - 1) + 2 phi(z) - 1/sqrt(pi)) */
    const double crps =
        sqrt(variance) * (z * erf(z / sqrt(2.0)) + sqrt(2.0 / acos(-1.0)) * exp(-0.5 * z * z) -
                          1.0 / sqrt(acos(-1.0)));
    assert_near(number(gp, "crps"), crps, 1e-12);
    json_decref(object);
}

static void gp_eval_split_follows_the_seed(void **state)
{
    (void)state;
    free(run(0, "gp sample --kernel 'rbf() + white(variance=0.01)' --scatter 0:9:50 -o data.csv"));
    const char *eval =
        "gp eval --kernel 'rbf() + white(variance=0.01)' --data data.csv --held-out 0.3 -o -";
    char *a = run(0, "%s --seed 2", eval), *b = run(0, "%s --seed 2", eval),
         *c = run(0, "%s --seed 3", eval);
    assert_string_equal(a, b);
    assert_string_not_equal(a, c);
    assert_int_equal(count_lines(a), 16);
    for (int i = 0; i < 15; i++)
        assert_near(cell(a, "z", i), (cell(a, "y", i) - cell(a, "mean", i)) / cell(a, "sd", i),
                    1e-12);
    free(a);
    free(b);
    free(c);
}

static void gp_eval_right_kernel_beats_none_and_covers(void **state)
{
    (void)state;
    free(run(0, "gp sample --kernel 'rbf(lengthscale=0.7) + white(variance=0.04)' --scatter "
                "0:30:300 --seed 4 -o data.csv"));
    json_t *object = run_json("gp eval --kernel 'rbf(lengthscale=0.7) + white(variance=0.04)' "
                              "--data data.csv --held-out 0.5");
    const json_t *gp = json_object_get(object, "gp"), *none = json_object_get(object, "constant");
    assert_true(number(gp, "log_density") > number(none, "log_density") + 0.5);
    assert_true(number(gp, "crps") < 0.5 * number(none, "crps"));
    const json_t *coverage = json_object_get(gp, "coverage");
    for (size_t i = 0; i < json_array_size(coverage);
         i++) { /* 150 values; 4 standard errors of independent ones */
        const double p = number(json_array_get(coverage, i), "interval");
        assert_near(number(json_array_get(coverage, i), "within"), p,
                    4.0 * sqrt(p * (1.0 - p) / 150.0));
    }
    json_decref(object);
}

/* ---- Files ------------------------------------------------------------------------------------
 */

static void gp_members_of_a_file_are_sets(void **state)
{
    (void)state;
    const char *kernel = "'rbf() + white(variance=0.1)'";
    free(run(0, "gp sample --kernel %s --line 0:5:20 --members 4,9 -o two.csv", kernel));
    json_t *both = run_json("gp fit --kernel 'rbf() + white(variance=0.1)' --data two.csv --fix "
                            "0/rbf/lengthscale --fix 0/rbf/variance --starts 1");
    assert_int_equal((int)number(both, "members"), 2);
    json_decref(both);
    char *refused = run(2, "gp infer --kernel %s --data two.csv --line 0:1:2", kernel);
    assert_contains(refused, "--member 4");
    free(refused);
    free(run(0, "gp infer --kernel %s --data two.csv --member 9 --line 0:1:2", kernel));
    refused = run(1, "gp infer --kernel %s --data two.csv --member 5 --line 0:1:2", kernel);
    assert_contains(refused, "no member 5");
    free(refused);
}

static void gp_output_is_never_lost_or_half_written(void **state)
{
    (void)state;
    const char *sample = "gp sample --kernel 'rbf()' --line 0:1:5 -o out.csv";
    write_file("out.csv", "mine\n");
    char *text = run(1, "%s", sample);
    assert_contains(text, "-O");
    free(text);
    text = read_file("out.csv");
    assert_string_equal(text, "mine\n");
    free(text);
    /* a failure after the output was opened leaves nothing beside */
    free(run(1, "gp sample --kernel 'rbf()' --scatter 0:1:5 --factor kronecker -o new.csv"));
    assert_null(read_file("new.csv"));
    assert_null(read_file("new.csv.part"));
    free(run(0, "%s -O", sample));
    text = read_file("out.csv");
    assert_int_equal(count_lines(text), 6);
    free(text);
    assert_null(read_file("out.csv.part"));
}

static void gp_interrupt_says_so_and_leaves_nothing(void **state)
{
    (void)state;
    const outcome r =
        shell("timeout --foreground --preserve-status -s INT 1 \"$GNDP_PROGRAM\" gp sample "
              "--kernel 'rbf() + white(variance=0.1)' "
              "--scatter 0:1:1000 -n 200000 -o out.csv");
    assert_int_equal(r.code, 130);
    assert_contains(r.out, "nothing was written");
    free(r.out);
    assert_null(read_file("out.csv"));
    assert_null(read_file("out.csv.part"));
}

/* 4 x 300 values: seconds for one start, of which there are a thousand. */
#define LONG_FIT                                                                                   \
    "gp fit --kernel 'rbf() + white()' --generate 'rbf(lengthscale=0.5)' --noise 0.01 "            \
    "--scatter -3:3:300 -n 4 --starts 1000 -o out.kernel"

static void gp_fit_interrupt_says_so_and_leaves_nothing(void **state)
{
    (void)state;
    const outcome r =
        shell("timeout --foreground --preserve-status -s INT 1 \"$GNDP_PROGRAM\" " LONG_FIT);
    assert_int_equal(r.code, 130);
    assert_contains(r.out, "interrupted while fitting; nothing was written");
    free(r.out);
    assert_null(read_file("out.kernel"));
    assert_null(read_file("out.kernel.part"));
}

/* The second Ctrl-C does not wait for the end of a step: here the factorisation before the first
 * draw. */
static void gp_second_interrupt_ends_at_once_and_leaves_nothing(void **state)
{
    (void)state;
    const outcome r =
        shell("\"$GNDP_PROGRAM\" gp sample --kernel 'rbf() + white(variance=0.1)' "
              "--scatter 0:1:16000 -o out.csv & p=$!; for i in 1 2 3 4 5 6 7 8 9 10; do "
              "test -e out.csv.part && break; sleep 0.1; done; test -e out.csv.part || echo late; "
              "kill -INT $p; sleep 0.3; kill -INT $p; wait $p; echo code $?");
    assert_contains(r.out, "code 130\n");
    assert_contains(r.out, "stopping at the next step");
    assert_null(strstr(r.out, "late"));
    free(r.out);
    assert_null(read_file("out.csv"));
    assert_null(read_file("out.csv.part"));
}

/* Work that will take long says so in a log too: stderr is no terminal here. */
static void gp_fit_shows_its_progress(void **state)
{
    (void)state;
    const outcome r =
        shell("gndp gp fit --kernel 'rbf() + white()' --generate 'rbf(lengthscale=0.5)' "
              "--noise 0.01 --scatter -3:3:700 --starts 2 --max-steps 1 -q; "
              "gndp gp fit --kernel 'rbf() + white()' --generate 'rbf(lengthscale=0.5)' "
              "--noise 0.01 --scatter -3:3:700 --starts 2 --max-steps 1 2>&1 >/dev/null");
    assert_int_equal(r.code, 0);
    assert_int_equal(count_lines(r.out), 2);
    assert_contains(r.out, "fitting 0/2\nfitting 2/2 done in ");
    free(r.out);
}

static void gp_quiet_is_silent(void **state)
{
    (void)state;
    char *text = run(0, "gp sample --kernel 'rbf()' --line 0:1:5 -q -o out.csv");
    assert_string_equal(text, "");
    free(text);
}

/* ---- Errors -----------------------------------------------------------------------------------
 */

static void gp_refuses_malformed_files_with_their_place(void **state)
{
    (void)state;
    static const struct {
        const char *text, *part;
    } cases[] = {
        {"", "is empty"},
        {"x1,y1\n", "no rows"},
        {"1,2\n3,4\n", "bad.csv:1: column 1: '1' is a number"},
        {"x1,y1\n1,2\n3\n", "bad.csv:3: 1 cells where the first row has 2"},
        {"x1,y1\n1,2,3\n", "bad.csv:2: 3 cells where the first row has 2"},
        {"x1,y1\n1,\n", "bad.csv:2: column 2 (y1): the cell is empty"},
        {"x1,y1\n# a remark\n\n1,nan\n", "bad.csv:4: column 2 (y1): 'nan' is no finite number"},
        {"x1,y1\n1,1e999\n", "bad.csv:2: column 2 (y1): '1e999'"},
        {"x1,y1\n1,0x10\n", "'0x10' is no finite number"},
        {"x1,y1\n1,2 3\n", "'2 3' is no finite number"},
        {"x1,y1\n\"1,2\n", "bad.csv:2: the quote"},
        {"x1,x1\n1,2\n", "columns 1 and 2 are both called 'x1'"},
        {"x1,,y1\n1,2,3\n", "the name of column 2 is missing"},
        {"x1,z\n1,2\n", "column 2 is 'z'; wanted are"},
        {"x1,x\n1,2\n", "two columns for x"},
        {"x1\n1\n", "no column y1"},
        {"y1\n1\n", "no column x1"},
        {"x2,y1\n1,2\n", "no column x1"},
        {"x1,y2\n1,2\n", "no column y1"},
        {"x1,y1,y1_m0\n1,2,3\n", "either all columns y name a member"},
        {"x1,y1_m0,y1_m1,y2_m1\n1,2,3,4\n", "no column y2_m0"},
        {"lat,y1\n1,2\n", "lat and lon"},
        {"lat,lon,x1,y1\n1,2,3,4\n", "lat and lon"},
        {"lat,lon,y1\n91,2,3\n", "bad.csv:2: latitude 91"},
        {"x1,y1,sd\n1,2,-1\n", "bad.csv:2: column 3 (sd): -1 is below 0"},
        {"x1,y1,sd,sd1\n1,2,1,1\n", "either sd"},
        {"x1,y1,y2,sd1\n1,2,3,1\n", "as many columns sd"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_file("bad.csv", cases[i].text);
        char *text = run(1, "gp fit --kernel 'rbf() + white()' --data bad.csv");
        assert_int_equal(count_lines(text), 1);
        assert_contains(text, "bad.csv");
        assert_contains(text, cases[i].part);
        free(text);
    }
    /* what is allowed: a byte-order mark, CR LF, spaces, remarks, any order of columns */
    write_file("good.csv", "\xEF\xBB\xBFy1 , x1\r\n# a remark\r\n 2,\t1\r\n\r\n3 , 2\r\n");
    free(run(0, "gp infer --kernel 'rbf() + white()' --data good.csv --line 0:1:3"));
}

static void gp_refuses_wrong_usage_in_one_line(void **state)
{
    (void)state;
    static const struct {
        const char *arguments, *part;
    } cases[] = {
        {"gp fitt", "did you mean 'fit'?"},
        {"gp fit", "--kernel is wanted"},
        {"gp sample --kernel 'rbf()'", "one of --line, --plane"},
        {"gp sample --kernel 'rbf()' --line 0:1:5 --plane 0:1:5", "only one of"},
        {"gp sample --kernel 'rbf()' --line 0:1", "--line wants A:B:N"},
        {"gp sample --kernel 'rbf()' --line 1:0:5", "--line wants A:B:N"},
        {"gp sample --kernel 'rbf()' --line 0:1:1", "--line wants A:B:N"},
        {"gp sample --kernel 'rbf()' --line 0:nan:5", "--line wants A:B:N"},
        {"gp sample --kernel 'rbf()' --scatter 0:1", "--scatter wants"},
        {"gp sample --kernel 'rbf()' --scatter 0:1,2:5", "--scatter wants"},
        {"gp sample --kernel 's2_heat(kappa=1)' --grid F80", "--grid wants rNXxNY"},
        {"gp sample --kernel 'rbf()' --line 0:1:5 --poles", "--poles belongs to --grid"},
        {"gp sample --kernel 'rbf()' --line 0:1:5 -n 3 --members 2", "exclude each other"},
        {"gp sample --kernel 'rbf()' --line 0:1:5 --members 3-1", "--members wants"},
        {"gp sample --kernel 'rbf()' --line 0:1:5 --members 1,1", "each once"},
        {"gp sample --kernel 'rbf()' --line 0:1:5 --members 99999999999", "--members wants"},
        {"gp sample --kernel 'rbf()' --line 0:1:5 -n 0", "at least 1"},
        {"gp sample --kernel 'rbf()' --line 0:1:5 --factor dence", "did you mean 'dense'?"},
        {"gp sample --kernel 'rbf()' --line 0:1:5 --json -o -", "standard output"},
        {"gp fit --kernel 'rbf()' --generate 'rbf()' --line 0:1:5 -o out.nc", "NetCDF"},
        {"gp sample --kernel 'rbf()' --line 0:1:5 more", "'more' belongs to no option"},
        {"gp sample --sed 4", "did you mean '--seed'?"},
        {"gp sample --seed -1", "--seed wants a whole number"},
        {"gp sample --seed", "--seed needs N"},
        {"gp sample -n 1.5", "--number wants a whole number"},
        {"gp sample --json=yes", "--json takes no value"},
        {"gp sample -q -v", "exclude each other"},
        {"gp fit --kernel 'rbf()' --data a.csv --generate 'rbf()'", "only one of --data"},
        {"gp fit --kernel 'rbf()' --data a.csv --noise 1", "belong to --generate"},
        {"gp infer --kernel 'rbf()' --line 0:1:5", "--data is wanted"},
        {"gp eval --kernel 'rbf()' --data a.csv --held-out 2", "from 0 to 1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *text = run(2, "%s", cases[i].arguments);
        assert_int_equal(count_lines(text), 1);
        assert_contains(text, cases[i].part);
        assert_contains(text, " --help)"); /* where to read on */
        free(text);
    }
}

static void gp_refuses_what_cannot_be_in_one_line(void **state)
{
    (void)state;
    static const struct {
        const char *arguments, *part;
    } cases[] = {
        {"gp sample --kernel @none.kernel --line 0:1:5", "none.kernel"},
        {"gp sample --kernel 's2_heat(kappa=0.2)' --line 0:1:5", "lives on the sphere"},
        {"gp sample --kernel 'rbf()' --grid r8x4", "the points are on the sphere"},
        {"gp sample --kernel 'rbf(lengthscale=[1, 2])' --line 0:1:5", "points of 2 coordinates"},
        {"gp sample --kernel 'rbf()' --scatter 0:1:1000000", "GiB"},
        {"gp sample --kernel 'rbf()' --points none.csv", "cannot read none.csv"},
        {"gp sample --kernel 'rbf()' --points .", "cannot read ."},
        {"gp sample --kernel 'rbf()' --line 0:1:5 -o none/out.csv",
         "cannot write none/out.csv.part"},
        {"gp sample --kernel 'rbf()' --line 0:1:5 -o . -O", "is a folder"},
        {"gp infer --kernel 'diag(rbf(), outputs=2)' --data one.csv --line 0:1:5", "2 outputs"},
        {"gp infer --kernel 'rbf()' --data one.csv --plane 0:1:5", "1 coordinates"},
        {"gp infer --kernel 'rbf()' --data twice.csv --line 0:1:5", "noise"},
        {"gp fit --kernel 'rbf()' --data one.csv --fix 0/rbf/size", "0/rbf/size"},
        {"gp eval --kernel 'rbf() + white()' --data one.csv", "one row"},
    };
    write_file("one.csv", "x1,y1\n0,2\n");
    write_file("twice.csv", "x1,y1\n0,2\n0,3\n");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *text = run(1, "%s", cases[i].arguments);
        assert_int_equal(count_lines(text), 1);
        assert_contains(text, cases[i].part);
        assert_null(strstr(text, "GNDP_ERR")); /* words for users */
        free(text);
    }
}

static void gp_points_at_the_place_of_a_wrong_kernel(void **state)
{
    (void)state;
    char *text = run(1, "gp sample --kernel 'rbf(lengthscal=1)' --line 0:1:5");
    assert_contains(text, "lengthscale");
    assert_contains(text, "\n  rbf(lengthscal=1)\n");
    assert_contains(text, "^");
    free(text);
    text = run(1, "gp sample --kernel 'rbf(lengthscale=0)' --line 0:1:5 -v");
    assert_contains(text, "GNDP_ERR_RANGE"); /* verbose: the place in the source too */
    free(text);
}

/* ---- Help -------------------------------------------------------------------------------------
 */

static void gp_help_examples_run(void **state)
{
    (void)state;
    static const char *const verbs[] = {"sample", "fit", "infer",
                                        "eval"}; /* later ones read files of the first */
    for (size_t v = 0; v < 4; v++) {
        char *help = run(0, "gp %s --help", verbs[v]);
        char *example = strstr(help, "\nExamples");
        assert_non_null(example);
        int n = 0;
        for (char *line = strstr(example, "\n  gndp "); line != NULL; n++) {
            char *next = strstr(line + 1, "\n  gndp ");
            if (next != NULL)
                *next = '\0';
            const outcome r = shell(line);
            if (r.code != 0)
                fail_msg("exit code %d from the example%s\n%s", r.code, line, r.out);
            free(r.out);
            if (next != NULL)
                *next = '\n';
            line = next;
        }
        assert_true(n >= 2);
        free(help);
    }
}

static void gp_help_is_found_every_way(void **state)
{
    (void)state;
    char *a = run(0, "gp fit --help"), *b = run(0, "help gp fit"), *c = run(0, "gp --help"),
         *d = run(2, "gp");
    assert_string_equal(a, b);
    assert_contains(a, "usage: gndp gp fit");
    assert_contains(a, "--starts");
    assert_contains(c, "\n  fit ");
    assert_string_equal(c, d);
    free(a);
    free(b);
    free(c);
    free(d);
}

static const struct CMUnitTest tests[] = {
    IN_FOLDER(gp_sample_member_is_the_same_in_any_batch),
    IN_FOLDER(gp_sample_does_not_depend_on_threads),
    IN_FOLDER(gp_sample_has_the_variance_of_the_kernel),
    IN_FOLDER(gp_sample_places_points_as_the_help_says),
    IN_FOLDER(gp_infer_equals_the_closed_form_of_one_observation),
    IN_FOLDER(gp_infer_takes_the_mean_of_the_process),
    IN_FOLDER(gp_infer_members_have_the_posterior_moments),
    IN_FOLDER(gp_infer_on_the_sphere_is_invariant_under_rotation),
    IN_FOLDER(gp_infer_draws_on_large_grids_by_structure),
    IN_FOLDER(gp_fit_recovers_what_generated_the_data),
    IN_FOLDER(gp_fit_writes_a_kernel_that_infer_reads),
    IN_FOLDER(gp_fit_keeps_to_bounds_and_says_so),
    IN_FOLDER(gp_eval_equals_the_closed_form),
    IN_FOLDER(gp_eval_split_follows_the_seed),
    IN_FOLDER(gp_eval_right_kernel_beats_none_and_covers),
    IN_FOLDER(gp_members_of_a_file_are_sets),
    IN_FOLDER(gp_output_is_never_lost_or_half_written),
    IN_FOLDER(gp_interrupt_says_so_and_leaves_nothing),
    IN_FOLDER(gp_fit_interrupt_says_so_and_leaves_nothing),
    IN_FOLDER(gp_second_interrupt_ends_at_once_and_leaves_nothing),
    IN_FOLDER(gp_fit_shows_its_progress),
    IN_FOLDER(gp_quiet_is_silent),
    IN_FOLDER(gp_refuses_malformed_files_with_their_place),
    IN_FOLDER(gp_refuses_wrong_usage_in_one_line),
    IN_FOLDER(gp_refuses_what_cannot_be_in_one_line),
    IN_FOLDER(gp_points_at_the_place_of_a_wrong_kernel),
    IN_FOLDER(gp_help_examples_run),
    IN_FOLDER(gp_help_is_found_every_way),
};

GNDP_TEST_MAIN(tests)
