// SPDX-License-Identifier: Apache-2.0
// White noise as a law: everything in closed form.
#include "kernels/gaussian_case.h"

static void diagonal_is_chosen_for_white_noise(void **state)
{
    (void)state;
    double x[12] = {0, 1, 2, 3, 3, 3, 4,
                    5, 6, 7, 8, 9}; /* equal points are independent: white noise compares indices */
    const gndp_points points = {.kind = GNDP_POINTS_LIST,
                                .x = gndp_array_view(gndp_type_2d(GNDP_F64, 12, 1), x)};
    law_case c = begin_law("white(variance=0.25)", NULL, 0.25, &points, NULL);
    assert_int_equal(gndp_gaussian_factorisation(c.law), GNDP_FACTOR_DIAGONAL);
    check_covariance(&c, 1e-15);
    check_inverse(&c, true, 1e-14);
    check_moments(&c);
    check_draws("white(variance=0.25)", &points, NULL);
    double log_det;
    assert_ok(gndp_gaussian_log_det(c.law, &log_det));
    assert_near(log_det, 12.0 * log(0.25), 1e-14);
    end_law(&c);
}

static void diagonal_serves_a_million_points(void **state)
{
    (void)state;
    enum { SIDE = 1024 };
    static double axis[SIDE];
    for (int i = 0; i < SIDE; i++) {
        axis[i] = i;
    }
    const gndp_points points = {
        .kind = GNDP_POINTS_PRODUCT, .n_axes = 2, .axis = {axis, axis}, .axis_size = {SIDE, SIDE}};
    gndp_kernel *k = new_kernel("white(variance=4)");
    gndp_gaussian *law = NULL;
    assert_ok(gndp_gaussian_create(k, &points, NULL, NULL, &law));
    double *y = new_values(SIDE * SIDE), sum = 0.0;
    const uint32_t member = 0;
    assert_ok(gndp_gaussian_sample(law, 1, &member, 1, y));
    for (int i = 0; i < SIDE * SIDE; i++) {
        sum += y[i] * y[i] / (SIDE * SIDE);
    }
    assert_near(sum, 4.0,
                6.0 * 4.0 * sqrt(2.0) / SIDE); /* six standard errors of a mean of squares */
    gndp_gaussian_free(law);
    gndp_kernel_free(k);
    free(y);
}

static void diagonal_is_refused_for_other_kernels(void **state)
{
    (void)state;
    double x[3] = {0, 1, 2};
    const gndp_points points = {.kind = GNDP_POINTS_LIST,
                                .x = gndp_array_view(gndp_type_2d(GNDP_F64, 3, 1), x)};
    const gndp_gaussian_options options = {.factorisation = GNDP_FACTOR_DIAGONAL};
    gndp_kernel *k = new_kernel("rbf(lengthscale=1) + white(variance=1)");
    gndp_gaussian *law = NULL;
    assert_fails(gndp_gaussian_create(k, &points, NULL, &options, &law), GNDP_ERR_UNSUPPORTED,
                 "more than white noise");
    gndp_kernel_free(k);
    k = new_kernel("white(variance=0)");
    assert_fails(gndp_gaussian_create(k, &points, NULL, &options, &law), GNDP_ERR_NOT_PD,
                 "variance is 0");
    gndp_kernel_free(k);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(diagonal_is_chosen_for_white_noise),
    cmocka_unit_test(diagonal_serves_a_million_points),
    cmocka_unit_test(diagonal_is_refused_for_other_kernels),
};

GNDP_TEST_MAIN(tests)
