// SPDX-License-Identifier: Apache-2.0
// Absurd observations, targets and fits: each a status and a message that says which and what to
// do.
#include "kernels/gp_case.h"

static gndp_status create(const char *kernel, gndp_gp_data data)
{
    gndp_kernel *k = parse(kernel);
    gndp_gp *gp = (gndp_gp *)&data; /* not NULL */
    const gndp_status st = gndp_gp_create(k, &data, &gp);
    assert_true((gp != NULL) == (st == GNDP_OK));
    gndp_gp_free(gp);
    gndp_kernel_free(k);
    return st;
}

static void gp_create_names_what_is_not_finite(void **state)
{
    (void)state;
    const double good[4] = {0, 1, 2, 3}, bad[4] = {0, 1, (double)NAN, 3};
    const double infinite[4] = {0, (double)INFINITY, 2, 3};
    const char *k = "rbf(lengthscale=1)";
    assert_fails(create(k, data_of(bad, 4, 1, good, NULL)), GNDP_ERR_NONFINITE,
                 "coordinate 0 of point 2 is nan");
    assert_fails(create(k, data_of(good, 4, 1, bad, NULL)), GNDP_ERR_NONFINITE,
                 "value of point 2, output 0 is nan");
    assert_fails(create(k, data_of(good, 4, 1, good, infinite)), GNDP_ERR_NONFINITE,
                 "noise variance of point 1, output 0 is inf");
    gndp_gp_data mean = data_of(good, 4, 1, good, NULL);
    mean.mean = (double)NAN;
    assert_fails(create(k, mean), GNDP_ERR_NONFINITE, "prior mean");
    assert_fails(create("curlfree(rbf(lengthscale=1))", data_of(good, 2, 2, bad, NULL)),
                 GNDP_ERR_NONFINITE, "value of point 1, output 0 is nan");
}

/* Squares of such coordinates overflow, and infinity times zero is no covariance: no jitter helps.
 */
static void gp_create_refuses_coordinates_beyond_squaring(void **state)
{
    (void)state;
    const double x[3] = {0, 1e200, 1}, y[3] = {1, 2, 3};
    assert_fails(create("matern32(lengthscale=1) + white(variance=1)", data_of(x, 3, 1, y, NULL)),
                 GNDP_ERR_NONFINITE, "values 0 and 1");
    assert_int_equal(create("rbf(lengthscale=1)", data_of(x, 3, 1, y, NULL)), GNDP_OK);
}

static void gp_create_refuses_negative_noise(void **state)
{
    (void)state;
    const double x[2] = {0, 1}, noise[2] = {0.1, -0.2};
    assert_fails(create("rbf(lengthscale=1)", data_of(x, 2, 1, x, noise)), GNDP_ERR_RANGE,
                 "noise variance of point 1, output 0 is negative: -0.2");
}

static void gp_create_names_duplicates_without_noise(void **state)
{
    (void)state;
    const double x[10] = {0, 1, 2, 3, 4, 5, 2, 3, 8, 9}, y[5] = {1, 2, 3, 4, 5};
    const double noise[5] = {0, 0, 0, 0.1, 0};
    const char *text = "observations 1 and 3 are at one point and have no noise";
    assert_fails(create("rbf(lengthscale=1)", data_of(x, 5, 2, y, NULL)), GNDP_ERR_NOT_PD, text);
    assert_fails(create("matern12(lengthscale=1) + white(variance=0)", data_of(x, 5, 2, y, NULL)),
                 GNDP_ERR_NOT_PD, text);
    /* noise of one of them, or white noise, tells them apart */
    assert_int_equal(create("rbf(lengthscale=1)", data_of(x, 5, 2, y, noise)), GNDP_OK);
    assert_int_equal(create("rbf(lengthscale=1) + white(variance=0.1)", data_of(x, 5, 2, y, NULL)),
                     GNDP_OK);
    assert_int_equal(create("matern12(lengthscale=1) * (constant() + white(variance=0.1))",
                            data_of(x, 5, 2, y, NULL)),
                     GNDP_OK);
    /* of two outputs, one without noise is enough */
    const double two[10] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
    const double half[10] = {1, 1, 1, 1, 1, 1, 1, 0, 1, 1},
                 other[10] = {1, 1, 1, 0, 1, 1, 1, 0, 1, 1};
    assert_int_equal(create("diag(rbf(lengthscale=1), outputs=2)", data_of(x, 5, 2, two, half)),
                     GNDP_OK);
    assert_fails(create("diag(rbf(lengthscale=1), outputs=2)", data_of(x, 5, 2, two, other)),
                 GNDP_ERR_NOT_PD, text);
}

static void gp_create_checks_shapes_and_arguments(void **state)
{
    (void)state;
    const double x[6] = {0, 1, 2, 3, 4, 5};
    gndp_kernel *k = parse("rbf(lengthscale=[1, 2])");
    gndp_gp *gp;
    gndp_gp_data data = data_of(x, 2, 3, x, NULL);
    assert_fails(gndp_gp_create(k, &data, &gp), GNDP_ERR_SHAPE, "f64[2,3]");
    assert_null(gp);
    data.x = gndp_array_view(gndp_type_1d(GNDP_F64, 6), data.x.data);
    assert_fails(gndp_gp_create(k, &data, &gp), GNDP_ERR_SHAPE, "[N, D]");
    data.x = gndp_array_view(gndp_type_2d(GNDP_F32, 3, 2), data.x.data);
    assert_fails(gndp_gp_create(k, &data, &gp), GNDP_ERR_TYPE, "f64");
    data = data_of(x, 3, 2, NULL, NULL);
    assert_fails(gndp_gp_create(k, &data, &gp), GNDP_ERR_ARG, "y is NULL");
    data = data_of(NULL, 3, 2, x, NULL);
    assert_fails(gndp_gp_create(k, &data, &gp), GNDP_ERR_ARG, "no data");
    assert_fails(gndp_gp_create(NULL, &data, &gp), GNDP_ERR_ARG, "kernel is NULL");
    assert_fails(gndp_gp_create(k, NULL, &gp), GNDP_ERR_ARG, "data is NULL");
    assert_fails(gndp_gp_create(k, &data, NULL), GNDP_ERR_ARG, "out is NULL");
    gndp_kernel_free(k);
    assert_fails(create("s2_rbf(lengthscale=0.3)", data_of(x, 2, 3, x, NULL)), GNDP_ERR_RANGE,
                 "point 0 is off the unit sphere");
    assert_fails(create("s2_rbf(lengthscale=0.3)", data_of(x, 3, 2, x, NULL)), GNDP_ERR_SHAPE,
                 "3 coordinates");
    gndp_gp_free(NULL);
}

/* A million points want 8 TB: said before anything is allocated. */
static void gp_create_refuses_more_than_memory_holds(void **state)
{
    (void)state;
    enum { N = 1000000 };
    double *x = uniforms(N, 0.0, 1.0, 1);
    gndp_kernel *k = parse("rbf(lengthscale=1) + white(variance=1)");
    gndp_gp *gp;
    const gndp_gp_data data = data_of(x, N, 1, x, NULL);
    gndp_gp_fit_result r;
    assert_fails(gndp_gp_create(k, &data, &gp), GNDP_ERR_NOMEM, "1000000 values");
    assert_fails(gndp_gp_fit(k, &data, 1, NULL, &r), GNDP_ERR_NOMEM, "1000000 values");
    gndp_kernel_free(k);
    free(x);
}

/* A kernel far too smooth for jitter of 1e-6 cannot be made here; a negative direction can:
   constants of coordinates that the kernel does not see are the same point to it. With jitter they
   are told apart, and that is reported. */
static void gp_create_jitters_points_the_kernel_cannot_tell_apart(void **state)
{
    (void)state;
    const double x[4] = {0, 1, 0, 2}, y[2] = {1, 1};
    gndp_gp *gp = condition("on(rbf(lengthscale=1), axes=[0])", data_of(x, 2, 2, y, NULL));
    assert_true(gndp_gp_jitter(gp) > 0.0 && gndp_gp_jitter(gp) <= 1e-6);
    gndp_gp_free(gp);
}

static void gp_targets_are_checked(void **state)
{
    (void)state;
    const double x[3] = {0, 1, 2}, bad[2] = {0, (double)NAN}, same[2] = {0.5, 0.5};
    const uint32_t member = 0;
    double out[16], log_p;
    gndp_gp *gp = condition("rbf(lengthscale=1)", data_of(x, 3, 1, x, NULL));
    const gndp_array wrong = at(x, 1, 2), nan = at(bad, 2, 1), twins = at(same, 2, 1),
                     none = at(NULL, 0, 1), good = at(x, 3, 1);
    assert_fails(gndp_gp_predict(gp, &wrong, false, out, NULL, NULL), GNDP_ERR_SHAPE, "2 coord");
    assert_fails(gndp_gp_predict(gp, &nan, false, out, NULL, NULL), GNDP_ERR_NONFINITE, "point 1");
    assert_fails(gndp_gp_predict(gp, NULL, false, out, NULL, NULL), GNDP_ERR_ARG, "x is NULL");
    assert_fails(gndp_gp_predict(NULL, &good, false, out, NULL, NULL), GNDP_ERR_ARG, "gp is NULL");
    assert_int_equal(gndp_gp_predict(gp, &none, false, out, out, out), GNDP_OK);
    assert_fails(gndp_gp_sample(gp, &nan, false, 0, &member, 1, out), GNDP_ERR_NONFINITE,
                 "point 1");
    assert_fails(gndp_gp_sample(gp, &good, false, 0, NULL, 1, out), GNDP_ERR_ARG, "member");
    assert_fails(gndp_gp_sample(gp, &good, false, 0, &member, -1, out), GNDP_ERR_RANGE, "-1");
    /* two targets at one point draw one value, but have no joint density */
    must(gndp_gp_sample(gp, &twins, false, 0, &member, 1, out));
    assert_close(out[0], out[1], 1e-2);
    assert_fails(gndp_gp_log_predictive(gp, &twins, x, &log_p), GNDP_ERR_NOT_PD, "white(variance");
    assert_fails(gndp_gp_log_predictive(gp, &twins, bad, &log_p), GNDP_ERR_NONFINITE, "point 1");
    assert_fails(gndp_gp_log_predictive(gp, &twins, NULL, &log_p), GNDP_ERR_ARG, "y is NULL");
    gndp_gp_free(gp);
}

static gndp_status fit(const char *kernel, gndp_gp_data data, gndp_gp_fit_options options)
{
    gndp_kernel *k = parse(kernel);
    gndp_gp_fit_result r;
    char before[256], after[256];
    gndp_kernel_print(k, before, sizeof before);
    const gndp_status st = gndp_gp_fit(k, &data, 1, &options, &r);
    gndp_kernel_print(k, after, sizeof after);
    assert_true(st == GNDP_OK ||
                strcmp(before, after) == 0); /* on an error the kernel is as it was */
    gndp_kernel_free(k);
    return st;
}

static void gp_fit_checks_paths_and_bounds(void **state)
{
    (void)state;
    const double x[4] = {0, 1, 2, 4};
    const gndp_gp_data data = data_of(x, 4, 1, x, NULL);
    const char *k = "rbf(lengthscale=1) + white(variance=0.1)";
    const char *const unknown[2] = {"0/rbf/lenghtscale", NULL};
    const gndp_gp_bound stray[2] = {{"7/rbf/lengthscale", 1, 2}, {NULL, 0, 0}};
    const gndp_gp_bound turned[2] = {{"0/rbf/lengthscale", 2, 1}, {NULL, 0, 0}};
    const gndp_gp_bound zero[2] = {{"1/white/variance", 0, 1}, {NULL, 0, 0}};
    const gndp_gp_bound open[2] = {{"1/white/variance", 1, (double)INFINITY}, {NULL, 0, 0}};
    assert_fails(fit(k, data, (gndp_gp_fit_options){.fixed = unknown}), GNDP_ERR_NOT_FOUND,
                 "0/rbf/lengthscale");
    assert_fails(fit(k, data, (gndp_gp_fit_options){.bounds = stray}), GNDP_ERR_NOT_FOUND,
                 "7/rbf/lengthscale");
    assert_fails(fit(k, data, (gndp_gp_fit_options){.bounds = turned}), GNDP_ERR_RANGE, "2 to 1");
    assert_fails(fit(k, data, (gndp_gp_fit_options){.bounds = zero}), GNDP_ERR_RANGE, "above 0");
    assert_fails(fit(k, data, (gndp_gp_fit_options){.bounds = open}), GNDP_ERR_RANGE, "inf");
}

static void gp_fit_names_the_set_that_is_wrong(void **state)
{
    (void)state;
    const double x[4] = {0, 1, 2, 4}, bad[4] = {0, (double)NAN, 1, 2};
    gndp_kernel *k = parse("rbf(lengthscale=1)");
    gndp_gp_fit_result r;
    const gndp_gp_data sets[2] = {data_of(x, 4, 1, x, NULL), data_of(x, 2, 2, x, NULL)};
    assert_fails(gndp_gp_fit(k, sets, 2, NULL, &r), GNDP_ERR_SHAPE, "data set 1");
    assert_fails(gndp_gp_fit(k, sets, 0, NULL, &r), GNDP_ERR_RANGE, "0 data sets");
    assert_fails(gndp_gp_fit(k, NULL, 1, NULL, &r), GNDP_ERR_ARG, "sets is NULL");
    assert_fails(gndp_gp_fit(NULL, sets, 1, NULL, &r), GNDP_ERR_ARG, "k is NULL");
    assert_fails(gndp_gp_fit(k, sets, 1, NULL, NULL), GNDP_ERR_ARG, "result is NULL");
    gndp_kernel_free(k);
    assert_fails(fit("rbf(lengthscale=1)", data_of(x, 4, 1, bad, NULL), (gndp_gp_fit_options){0}),
                 GNDP_ERR_NONFINITE, "point 1");
}

/* Nothing helps a kernel without noise against duplicates: no point has a value, and the pair is
 * named. */
static void gp_fit_reports_when_no_start_has_a_value(void **state)
{
    (void)state;
    const double x[3] = {0, 1, 1}, y[3] = {1, 2, 3};
    assert_fails(fit("rbf(lengthscale=1)", data_of(x, 3, 1, y, NULL), (gndp_gp_fit_options){0}),
                 GNDP_ERR_NOT_PD, "observations 1 and 2");
}

/* A far too smooth start fails; the search counts it and goes on elsewhere. */
static void gp_fit_counts_failed_points(void **state)
{
    (void)state;
    enum { N = 40 };
    double *x = uniforms(N, -2.0, 2.0, 2), *y = normals(N, 3);
    gndp_kernel *k = parse("rbf(lengthscale=40)");
    gndp_gp_fit_result r;
    const gndp_gp_data data = data_of(x, N, 1, y, NULL);
    must(gndp_gp_fit(k, &data, 1, &(gndp_gp_fit_options){.starts = 12, .seed = 3}, &r));
    assert_true(r.failed_points > 0 && r.starts_used < 12 && r.starts_used > 0);
    assert_true(isfinite(r.log_marginal));
    gndp_kernel_free(k);
    free(x);
    free(y);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(gp_create_names_what_is_not_finite),
    cmocka_unit_test(gp_create_refuses_negative_noise),
    cmocka_unit_test(gp_create_refuses_coordinates_beyond_squaring),
    cmocka_unit_test(gp_create_names_duplicates_without_noise),
    cmocka_unit_test(gp_create_checks_shapes_and_arguments),
    cmocka_unit_test(gp_create_refuses_more_than_memory_holds),
    cmocka_unit_test(gp_create_jitters_points_the_kernel_cannot_tell_apart),
    cmocka_unit_test(gp_targets_are_checked),
    cmocka_unit_test(gp_fit_checks_paths_and_bounds),
    cmocka_unit_test(gp_fit_names_the_set_that_is_wrong),
    cmocka_unit_test(gp_fit_reports_when_no_start_has_a_value),
    cmocka_unit_test(gp_fit_counts_failed_points),
};

GNDP_TEST_MAIN(tests)
