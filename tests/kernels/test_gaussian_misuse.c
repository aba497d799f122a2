// SPDX-License-Identifier: Apache-2.0
// Absurd points, kernels, options and arguments of Gaussian laws: each an error that says what to
// do, at once.

#include "kernels/gaussian_case.h"
#include "support/quick.h"

static double line[8] = {0, 1, 2, 3, 4, 5, 6, 7};

static gndp_points list(int64_t n, int64_t d, double *x)
{
    return (gndp_points){.kind = GNDP_POINTS_LIST,
                         .x = gndp_array_view(gndp_type_2d(GNDP_F64, n, d), x)};
}

static void refused(const char *text, const gndp_points *points,
                    const gndp_gaussian_options *options, gndp_status code, const char *words)
{
    gndp_kernel *k = new_kernel(text);
    gndp_gaussian *law = (gndp_gaussian *)(uintptr_t)1;
    assert_fails(gndp_gaussian_create(k, points, NULL, options, &law), code, words);
    assert_null(law);
    gndp_kernel_free(k);
}

static void misuse_of_a_million_points_is_refused_at_once(void **state)
{
    (void)state;
    enum { N = 1000000 };
    double *x = new_normals(1, N);
    const gndp_points points = list(N, 1, x);
    const gndp_gaussian_options options = {.factorisation = GNDP_FACTOR_DENSE};
    assert_quick(1.0, refused("rbf(lengthscale=1)", &points, &options, GNDP_ERR_NOMEM, "GiB"));
    free(x);
    gndp_gaussian_options small = {.max_bytes = 100};
    const gndp_points few = list(8, 1, line);
    refused("rbf(lengthscale=1)", &few, &small, GNDP_ERR_NOMEM, "max_bytes");
}

static void misuse_of_duplicate_points_names_the_pair(void **state)
{
    (void)state;
    double x[6] = {3, 1, 4, 1, 5, 3};
    const gndp_points points = list(6, 1, x);
    const gndp_gaussian_options none = {.jitter = -1.0};
    refused("rbf(lengthscale=1, variance=1)", &points, &none, GNDP_ERR_NOT_PD,
            "points 0 and 5 are the same");
    refused("matern12(lengthscale=1)", &points, &none, GNDP_ERR_NOT_PD, "matern12(lengthscale=1");
    /* the jitter of the default would hide it: it is looked for before */
    refused("rbf(lengthscale=1)", &points, NULL, GNDP_ERR_NOT_PD, "points 0 and 5 are the same");
    refused("diag(rbf(), outputs=2)", &points, NULL, GNDP_ERR_NOT_PD, "white(variance=..)");
    const gndp_gaussian_options asked = {.jitter = 1e-6};
    gndp_gaussian *jittered = NULL;
    gndp_kernel *plain = new_kernel("rbf(lengthscale=1)");
    assert_ok(gndp_gaussian_create(plain, &points, NULL, &asked, &jittered));
    assert_true(gndp_gaussian_jitter(jittered) == 1e-6);
    gndp_gaussian_free(jittered);
    gndp_kernel_free(plain);
    gndp_kernel *k =
        new_kernel("rbf(lengthscale=1) + white(variance=0.1)"); /* with noise they are no trouble */
    gndp_gaussian *law = NULL;
    assert_ok(gndp_gaussian_create(k, &points, NULL, &none, &law));
    gndp_gaussian_free(law);
    gndp_kernel_free(k);
    const double axis[3] = {0, 1, 1};
    const gndp_points product = {
        .kind = GNDP_POINTS_PRODUCT, .n_axes = 1, .axis = {axis}, .axis_size = {3}};
    const gndp_gaussian_options kronecker = {.factorisation = GNDP_FACTOR_KRONECKER,
                                             .jitter = -1.0};
    refused("rbf(lengthscale=1)", &product, &kronecker, GNDP_ERR_NOT_PD, "axis values repeat");
    refused("rbf(lengthscale=1)", &product, NULL, GNDP_ERR_NOT_PD, "axis 0 has the value 1 twice");
}

/* Coordinates whose squares overflow: a covariance of infinity times zero is found out, whatever
 * the jitter. */
static void misuse_of_coordinates_beyond_squaring_is_an_error(void **state)
{
    (void)state;
    double x[3] = {0, 1e200, -1e300};
    const gndp_points points = list(3, 1, x);
    refused("matern32(lengthscale=1) + white(variance=1)", &points, NULL, GNDP_ERR_NONFINITE,
            "absurd size");
    gndp_kernel *k = new_kernel("rbf(lengthscale=1)"); /* far apart is no trouble by itself */
    gndp_gaussian *law = NULL;
    assert_ok(gndp_gaussian_create(k, &points, NULL, NULL, &law));
    gndp_gaussian_free(law);
    gndp_kernel_free(k);
}

/* Numbers outside their range never become a kernel, in text or set later. */
static void misuse_of_parameters_is_refused_by_the_kernel(void **state)
{
    (void)state;
    static const char *const texts[] = {"rbf(lengthscale=0)",
                                        "rbf(lengthscale=-1)",
                                        "rbf(variance=-1)",
                                        "rbf(lengthscale=nan)",
                                        "rbf(lengthscale=inf)",
                                        "white(variance=-0.1)",
                                        "s2_heat(kappa=0)",
                                        "s2_matern(nu=0, kappa=1)",
                                        "periodic(period=0)",
                                        "rq(alpha=0)",
                                        "-1 * rbf()",
                                        "rbf(lengthscale=[1, 0])",
                                        "s2_hodge(s2_heat(), curl=-1)"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        gndp_kernel *k = (gndp_kernel *)(uintptr_t)1;
        const gndp_status st = gndp_kernel_parse(texts[i], &k);
        if (st != GNDP_ERR_RANGE && st != GNDP_ERR_FORMAT) {
            fail_msg("%s: %s", texts[i], gndp_status_name(st));
        }
        assert_null(k);
    }
    gndp_kernel *k = new_kernel("rbf(lengthscale=1)");
    assert_fails(gndp_kernel_param_set(k, "rbf/lengthscale", 0.0), GNDP_ERR_RANGE, "lengthscale");
    assert_fails(gndp_kernel_param_set(k, "rbf/variance", -1.0), GNDP_ERR_RANGE, "variance");
    assert_fails(gndp_kernel_param_set(k, "rbf/lengthscale", (double)NAN), GNDP_ERR_RANGE,
                 "lengthscale");
    gndp_kernel_free(k);
}

/* One longitude with a series of thousands of degrees: a block with more columns than memory holds
 * is no law by harmonics; the points are few, so that a dense law takes its place. */
static void misuse_of_few_longitudes_falls_back_on_dense(void **state)
{
    (void)state;
    const double lat[4] = {10, 20, 30, 40};
    const gndp_points points = {.kind = GNDP_POINTS_LATLON, .lat_deg = lat, .n_lat = 4, .n_lon = 1};
    gndp_gaussian_options options = {.factorisation = GNDP_FACTOR_LATLON, .max_bytes = 16 << 20};
    refused("s2_matern(nu=1.5, kappa=0.01)", &points, &options, GNDP_ERR_UNSUPPORTED, "longitudes");
    options.factorisation = GNDP_FACTOR_AUTO;
    gndp_kernel *k = new_kernel("s2_matern(nu=1.5, kappa=0.01)");
    gndp_gaussian *law = NULL;
    assert_ok(gndp_gaussian_create(k, &points, NULL, &options, &law));
    assert_int_equal(gndp_gaussian_factorisation(law), GNDP_FACTOR_DENSE);
    assert_non_null(strstr(gndp_gaussian_describe(law), "not latlon: 1 longitudes"));
    gndp_gaussian_free(law);
    gndp_kernel_free(k);
}

/* No draws, vectors or densities: nothing is read or written, whatever the factorisation. */
static void calls_of_nothing_do_nothing(void **state)
{
    (void)state;
    const double lat[3] = {50, 0, -50};
    const gndp_points all[3] = {
        list(8, 1, line),
        {.kind = GNDP_POINTS_PRODUCT, .n_axes = 1, .axis = {line}, .axis_size = {8}},
        {.kind = GNDP_POINTS_LATLON, .lat_deg = lat, .n_lat = 3, .n_lon = 4}};
    static const struct {
        int points;
        gndp_factorisation factorisation;
        const char *kernel;
    } laws[] = {{0, GNDP_FACTOR_DENSE, "rbf() + white(variance=0.1)"},
                {1, GNDP_FACTOR_KRONECKER, "rbf() + white(variance=0.1)"},
                {1, GNDP_FACTOR_CIRCULANT, "matern12() + white(variance=0.1)"},
                {2, GNDP_FACTOR_LATLON, "s2_heat(kappa=1)"},
                {0, GNDP_FACTOR_DIAGONAL, "white()"}};
    for (size_t i = 0; i < sizeof laws / sizeof *laws; i++) {
        gndp_kernel *k = new_kernel(laws[i].kernel);
        const gndp_gaussian_options options = {.factorisation = laws[i].factorisation};
        gndp_gaussian *law = NULL;
        assert_ok(gndp_gaussian_create(k, &all[laws[i].points], NULL, &options, &law));
        assert_ok(gndp_gaussian_sample(law, 1, NULL, 0, NULL));
        assert_ok(gndp_gaussian_sample_subset(law, 1, NULL, 0, NULL, 0, NULL));
        assert_ok(gndp_gaussian_apply(law, 0, NULL, NULL));
        assert_ok(gndp_gaussian_apply_root(law, true, 0, NULL, NULL));
        assert_ok(gndp_gaussian_solve(law, 0, NULL, NULL));
        if (laws[i].factorisation != GNDP_FACTOR_CIRCULANT &&
            laws[i].factorisation != GNDP_FACTOR_LATLON) {
            assert_ok(gndp_gaussian_log_prob(law, 0, NULL, NULL));
        }
        gndp_gaussian_free(law);
        gndp_kernel_free(k);
    }
}

static void misuse_of_coordinates_names_the_first(void **state)
{
    (void)state;
    double x[6] = {0, 1, (double)NAN, 3, (double)INFINITY, 5};
    gndp_points points = list(3, 2, x);
    refused("rbf(lengthscale=1)", &points, NULL, GNDP_ERR_NONFINITE, "coordinate 0 of point 1");
    const gndp_points product = {
        .kind = GNDP_POINTS_PRODUCT, .n_axes = 2, .axis = {line, x}, .axis_size = {3, 4}};
    refused("rbf(lengthscale=1)", &product, NULL, GNDP_ERR_NONFINITE, "value 2 of axis 1");
    const gndp_points globe = {.kind = GNDP_POINTS_LATLON, .lat_deg = x, .n_lat = 4, .n_lon = 4};
    refused("s2_heat(kappa=1)", &globe, NULL, GNDP_ERR_NONFINITE, "latitude 2");
    double off[3] = {0, 0, 1.01};
    points = list(1, 3, off);
    refused("s2_heat(kappa=1)", &points, NULL, GNDP_ERR_RANGE, "point 0");
}

static void misuse_of_point_sets(void **state)
{
    (void)state;
    gndp_points points = {.kind = GNDP_POINTS_LIST};
    refused("rbf(lengthscale=1)", &points, NULL, GNDP_ERR_ARG, "no data");
    points = list(0, 1, line);
    refused("rbf(lengthscale=1)", &points, NULL, GNDP_ERR_SHAPE, "wanted [N, D]");
    points = (gndp_points){.kind = GNDP_POINTS_PRODUCT, .n_axes = 5};
    refused("rbf(lengthscale=1)", &points, NULL, GNDP_ERR_SHAPE, "5 axes");
    points =
        (gndp_points){.kind = GNDP_POINTS_PRODUCT, .n_axes = 1, .axis = {line}, .axis_size = {0}};
    refused("rbf(lengthscale=1)", &points, NULL, GNDP_ERR_SHAPE, "axis 0");
    const double lat[2] = {10, 95}, twice[3] = {10, 20, 10};
    points = (gndp_points){.kind = GNDP_POINTS_LATLON, .lat_deg = lat, .n_lat = 2, .n_lon = 4};
    refused("s2_heat(kappa=1)", &points, NULL, GNDP_ERR_RANGE, "95");
    points = (gndp_points){.kind = GNDP_POINTS_LATLON, .lat_deg = twice, .n_lat = 3, .n_lon = 4};
    refused("s2_heat(kappa=1)", &points, NULL, GNDP_ERR_RANGE, "0 and 2");
    points.n_lat = 2;
    refused("rbf(lengthscale=1)", &points, NULL, GNDP_ERR_SHAPE, "sphere");
    points.kind = (gndp_points_kind)7;
    refused("rbf(lengthscale=1)", &points, NULL, GNDP_ERR_ARG, "kind 7");
    points = list(4, 2, line);
    refused("rbf(lengthscale=[1, 1, 1])", &points, NULL, GNDP_ERR_SHAPE, "3");
    refused("s2_heat(kappa=1)", &points, NULL, GNDP_ERR_SHAPE, "3");
}

static void misuse_of_factorisations_says_why(void **state)
{
    (void)state;
    const gndp_points points = list(8, 1, line), product = {.kind = GNDP_POINTS_PRODUCT,
                                                            .n_axes = 2,
                                                            .axis = {line, line},
                                                            .axis_size = {8, 8}};
    gndp_gaussian_options options = {.factorisation = GNDP_FACTOR_KRONECKER};
    refused("rbf(lengthscale=1)", &points, &options, GNDP_ERR_UNSUPPORTED, "no product of axes");
    refused("rbf(lengthscale=1) + rbf(lengthscale=2)", &product, &options, GNDP_ERR_UNSUPPORTED,
            "does not separate");
    refused("curlfree(rbf(lengthscale=1))", &product, &options, GNDP_ERR_UNSUPPORTED,
            "does not separate");
    options.factorisation = GNDP_FACTOR_CIRCULANT;
    refused("rbf(lengthscale=1)", &points, &options, GNDP_ERR_UNSUPPORTED, "no product of axes");
    options.factorisation = GNDP_FACTOR_LATLON;
    refused("rbf(lengthscale=1)", &points, &options, GNDP_ERR_UNSUPPORTED, "latitudes");
    options.factorisation = (gndp_factorisation)9;
    refused("rbf(lengthscale=1)", &points, &options, GNDP_ERR_ARG, "9");
    options = (gndp_gaussian_options){.jitter = (double)NAN};
    refused("rbf(lengthscale=1)", &points, &options, GNDP_ERR_RANGE, "jitter");
    options = (gndp_gaussian_options){.threads = -1};
    refused("rbf(lengthscale=1)", &points, &options, GNDP_ERR_RANGE, "threads");
}

/* A constant kernel reads no coordinates; its Gram has rank 1. */
static void constant_kernels_are_laws_too(void **state)
{
    (void)state;
    const gndp_points points = list(8, 1, line), product = {.kind = GNDP_POINTS_PRODUCT,
                                                            .n_axes = 1,
                                                            .axis = {line},
                                                            .axis_size = {8}};
    const double lat[3] = {50, 0, -50};
    const gndp_points globe = {.kind = GNDP_POINTS_LATLON, .lat_deg = lat, .n_lat = 3, .n_lon = 4};
    const gndp_points *const all[3] = {&points, &product, &globe};
    for (int i = 0; i < 3; i++) {
        gndp_kernel *k = new_kernel("constant(variance=2) + white(variance=0.1)");
        gndp_gaussian *law = NULL;
        double variance[12];
        assert_ok(gndp_gaussian_create(k, all[i], NULL, NULL, &law));
        assert_ok(gndp_gaussian_variance(law, variance));
        assert_near(variance[5], 2.1, 1e-10);
        gndp_gaussian_free(law);
        gndp_kernel_free(k);
    }
    const gndp_gaussian_options none = {.jitter = -1.0};
    refused("constant(variance=2)", &points, &none, GNDP_ERR_NOT_PD, "constant(variance=2): pivot");
}

static void misuse_of_calls(void **state)
{
    (void)state;
    const gndp_points points = list(8, 1, line);
    gndp_kernel *k = new_kernel("rbf(lengthscale=1) + white(variance=0.1)");
    gndp_gaussian *law = NULL, *other = NULL;
    double v[8] = {0}, out[8] = {0}, mean[8] = {0, 0, 0, (double)INFINITY};
    const uint32_t member = 0;
    const int64_t beyond = 8, good = 2;
    assert_fails(gndp_gaussian_create(NULL, &points, NULL, NULL, &law), GNDP_ERR_ARG, "k is NULL");
    assert_fails(gndp_gaussian_create(k, NULL, NULL, NULL, &law), GNDP_ERR_ARG, "points is NULL");
    assert_fails(gndp_gaussian_create(k, &points, NULL, NULL, NULL), GNDP_ERR_ARG, "out is NULL");
    assert_fails(gndp_gaussian_create(k, &points, mean, NULL, &law), GNDP_ERR_NONFINITE,
                 "mean: value 3");
    assert_ok(gndp_gaussian_create(k, &points, NULL, NULL, &law));
    assert_fails(gndp_gaussian_sample(law, 1, NULL, 1, out), GNDP_ERR_ARG, "NULL");
    assert_fails(gndp_gaussian_sample(law, 1, &member, -1, out), GNDP_ERR_RANGE, "-1");
    assert_ok(gndp_gaussian_sample(law, 1, NULL, 0, NULL));
    assert_fails(gndp_gaussian_apply(law, 1, v, v), GNDP_ERR_ARG, "same array");
    assert_fails(gndp_gaussian_sample_subset(law, 1, &member, 1, &beyond, 1, out), GNDP_ERR_RANGE,
                 "8");
    assert_fails(gndp_gaussian_condition(law, &beyond, 1, v, NULL, NULL, 0, &other), GNDP_ERR_RANGE,
                 "8");
    v[0] = -1.0;
    assert_fails(gndp_gaussian_condition(law, &good, 1, out, v, NULL, 0, &other), GNDP_ERR_RANGE,
                 "noise variance");
    v[0] = (double)NAN;
    assert_fails(gndp_gaussian_solve(law, 1, v, out), GNDP_ERR_NONFINITE, "value 0");
    assert_fails(gndp_gaussian_log_prob(law, 1, v, out), GNDP_ERR_NONFINITE, "value 0");
    assert_fails(gndp_gaussian_condition(law, &good, 1, v, NULL, NULL, 0, &other),
                 GNDP_ERR_NONFINITE, "value 0");
    assert_null(other);
    gndp_gaussian_free(NULL);
    gndp_gaussian_free(law);
    gndp_kernel_free(k);
    gndp_array bad = gndp_array_view(gndp_type_2d(GNDP_F64, 7, 1), v);
    assert_fails(gndp_points_list(&points, &bad), GNDP_ERR_SHAPE, "wanted f64[8,1]");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(misuse_of_a_million_points_is_refused_at_once),
    cmocka_unit_test(misuse_of_duplicate_points_names_the_pair),
    cmocka_unit_test(misuse_of_coordinates_names_the_first),
    cmocka_unit_test(misuse_of_point_sets),
    cmocka_unit_test(misuse_of_factorisations_says_why),
    cmocka_unit_test(constant_kernels_are_laws_too),
    cmocka_unit_test(misuse_of_coordinates_beyond_squaring_is_an_error),
    cmocka_unit_test(misuse_of_parameters_is_refused_by_the_kernel),
    cmocka_unit_test(misuse_of_few_longitudes_falls_back_on_dense),
    cmocka_unit_test(calls_of_nothing_do_nothing),
    cmocka_unit_test(misuse_of_calls),
};

GNDP_TEST_MAIN(tests)
