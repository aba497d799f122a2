// SPDX-License-Identifier: Apache-2.0
// Separable laws on products of axes: factors axis by axis give the dense covariance.
#include "kernels/gaussian_case.h"

static const double even[8] = {0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5},
                    uneven[8] = {-1, 0.1, 0.3, 1.2, 2, 2.8, 5, 5.5}, three[3] = {0, 1, 3};

static gndp_points cube(int axes)
{
    return (gndp_points){.kind = GNDP_POINTS_PRODUCT,
                         .n_axes = axes,
                         .axis = {even, uneven, even, three},
                         .axis_size = {8, 8, 8, 3}};
}

static const gndp_gaussian_options kronecker = {.factorisation = GNDP_FACTOR_KRONECKER},
                                   bare = {.factorisation = GNDP_FACTOR_KRONECKER, .jitter = -1.0};

static void compare(const char *text, const char *without, double white, const gndp_points *points,
                    const gndp_gaussian_options *options, double condition)
{
    law_case c = begin_law(text, without, white, points, options);
    assert_int_equal(gndp_gaussian_factorisation(c.law), GNDP_FACTOR_KRONECKER);
    check_covariance(&c, 1e-10);
    if (condition > 0.0) {
        check_inverse(&c, true, condition);
    }
    end_law(&c);
}

/* The rank of a Kronecker product is that of its factors: with jitter through eigenvalues, without
 * through Cholesky. */
static void kronecker_equals_dense_on_a_cube(void **state)
{
    (void)state;
    const gndp_points points = cube(3);
    const char *const rbf = "rbf(lengthscale=[0.3, 0.5, 0.4], variance=2)",
                      *const mixed =
                          "on(matern32(lengthscale=0.7), axes=[0]) * on(rbf(lengthscale=0.5), "
                          "axes=[1]) * on(matern12(lengthscale=2), axes=[2])";
    compare(rbf, rbf, 0.0, &points, &kronecker, 1e-8);
    compare(rbf, rbf, 0.0, &points, &bare, 1e-8);
    compare(mixed, mixed, 0.0, &points, &kronecker, 1e-9);
    compare(mixed, mixed, 0.0, &points, &bare, 1e-9);
    compare("rbf(lengthscale=[2, 1, 1]) + white(variance=0.1)", "rbf(lengthscale=[2, 1, 1])", 0.1,
            &points, &kronecker, 1e-9);
}

static void kronecker_equals_dense_for_one_to_four_axes(void **state)
{
    (void)state;
    for (int axes = 1; axes <= 4; axes += axes == 2 ? 2 : 1) {
        gndp_points points = cube(axes);
        points.axis_size[0] = 5;
        points.axis_size[2] = 4;
        compare("rbf(lengthscale=1) + white(variance=0.1)", "rbf(lengthscale=1)", 0.1, &points,
                &kronecker, 1e-9);
    }
}

static void kronecker_equals_dense_for_several_outputs(void **state)
{
    (void)state;
    const gndp_points points = cube(2);
    const char *const coregion =
        "coregion(rbf(lengthscale=0.5), a=[1, 0.5, -0.3], rank=1, diagonal=[0.1, 0.2, 0.3])";
    compare(coregion, coregion, 0.0, &points, &kronecker, 1e-8);
    compare(coregion, coregion, 0.0, &points, &bare, 1e-8);
    compare("diag(rbf(lengthscale=1), outputs=2) + white(variance=0.1)",
            "diag(rbf(lengthscale=1), outputs=2)", 0.1, &points, &kronecker, 1e-9);
}

/* An axis longer than one piece of a product call, and a last axis of one value. */
static void kronecker_equals_dense_when_axes_are_long_or_single(void **state)
{
    (void)state;
    double axis[530];
    for (int i = 0; i < 530; i++) {
        axis[i] = 0.1 * i;
    }
    const gndp_points row = {.kind = GNDP_POINTS_PRODUCT,
                             .n_axes = 2,
                             .axis = {three, axis},
                             .axis_size = {2, 530}},
                      column = {.kind = GNDP_POINTS_PRODUCT,
                                .n_axes = 3,
                                .axis = {axis, three, three},
                                .axis_size = {530, 1, 2}};
    const char *const
        text = "on(rbf(lengthscale=0.5), axes=[0]) * on(matern12(lengthscale=0.5), axes=[1]) + "
               "white(variance=0.1)",
        *const without =
            "on(rbf(lengthscale=0.5), axes=[0]) * on(matern12(lengthscale=0.5), axes=[1])",
        *const swapped =
            "on(matern12(lengthscale=0.5), axes=[0]) * on(rbf(lengthscale=0.5), axes=[1, 2])";
    compare(text, without, 0.1, &row, &kronecker, -1.0);
    compare(swapped, swapped, 0.0, &column, &bare, -1.0);
}

static void kronecker_is_chosen_and_says_so(void **state)
{
    (void)state;
    const gndp_points points = cube(3);
    gndp_kernel *k = new_kernel("rbf(lengthscale=1) + white(variance=0.1)");
    gndp_gaussian *law = NULL;
    assert_ok(gndp_gaussian_create(k, &points, NULL, NULL, &law));
    assert_int_equal(gndp_gaussian_factorisation(law), GNDP_FACTOR_KRONECKER);
    assert_non_null(strstr(gndp_gaussian_describe(law), "8 x 8 x 8"));
    gndp_gaussian_free(law);
    gndp_kernel_free(k);
    k = new_kernel("rbf(lengthscale=1) + rbf(lengthscale=2)");
    assert_ok(gndp_gaussian_create(k, &points, NULL, NULL, &law));
    assert_int_equal(gndp_gaussian_factorisation(law), GNDP_FACTOR_DENSE);
    gndp_gaussian_free(law);
    gndp_kernel_free(k);
}

static void kronecker_draws_follow_from_seed_and_member(void **state)
{
    (void)state;
    const gndp_points points = cube(3);
    check_draws("rbf(lengthscale=1) + white(variance=0.1)", &points, &kronecker);
    check_draws("matern12(lengthscale=1) * constant(variance=2)", &points, NULL);
}

static void kronecker_draws_have_the_covariance(void **state)
{
    (void)state;
    const gndp_points points = cube(2);
    law_case c = begin_law("diag(rbf(lengthscale=1), outputs=2) + white(variance=0.1)",
                           "diag(rbf(lengthscale=1), outputs=2)", 0.1, &points, &kronecker);
    check_moments(&c);
    end_law(&c);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(kronecker_equals_dense_on_a_cube),
    cmocka_unit_test(kronecker_equals_dense_for_one_to_four_axes),
    cmocka_unit_test(kronecker_equals_dense_for_several_outputs),
    cmocka_unit_test(kronecker_equals_dense_when_axes_are_long_or_single),
    cmocka_unit_test(kronecker_is_chosen_and_says_so),
    cmocka_unit_test(kronecker_draws_follow_from_seed_and_member),
    cmocka_unit_test(kronecker_draws_have_the_covariance),
};

GNDP_TEST_MAIN(tests)
