// SPDX-License-Identifier: Apache-2.0
// Stationary laws on equally spaced grids: a part of a circulant is the dense covariance, exactly.
#include "kernels/gaussian_case.h"

enum { SIDE = 16 };
static double axis[SIDE], long_axis[300];

static gndp_points plane(void)
{
    for (int i = 0; i < SIDE; i++) {
        axis[i] = -1.0 + 0.25 * i;
    }
    return (gndp_points){
        .kind = GNDP_POINTS_PRODUCT, .n_axes = 2, .axis = {axis, axis}, .axis_size = {SIDE, SIDE}};
}

static const gndp_gaussian_options circulant = {.factorisation = GNDP_FACTOR_CIRCULANT};

static void compare(const char *text, const char *without, double white, const gndp_points *points,
                    double condition)
{
    law_case c = begin_law(text, without, white, points, &circulant);
    assert_int_equal(gndp_gaussian_factorisation(c.law), GNDP_FACTOR_CIRCULANT);
    check_covariance(&c, 1e-10);
    if (condition > 0.0) {
        check_inverse(&c, false, condition);
    }
    end_law(&c);
}

static void circulant_equals_dense_on_a_plane(void **state)
{
    (void)state;
    const gndp_points points = plane();
    compare("rbf(lengthscale=0.4)", "rbf(lengthscale=0.4)", 0.0, &points, -1.0);
    compare("rbf(lengthscale=[0.6, 0.3]) + white(variance=0.1)", "rbf(lengthscale=[0.6, 0.3])", 0.1,
            &points, 1e-7);
    compare("matern32(lengthscale=0.3, variance=2)", "matern32(lengthscale=0.3, variance=2)", 0.0,
            &points, 1e-5);
    compare("matern12(lengthscale=0.5) + 0.3 * rbf(lengthscale=0.2)",
            "matern12(lengthscale=0.5) + 0.3 * rbf(lengthscale=0.2)", 0.0, &points, 1e-6);
}

/* Their off-diagonal parts change sign with either coordinate: half-period lags must stay outside
 * the grid. */
static void circulant_equals_dense_for_vector_fields(void **state)
{
    (void)state;
    const gndp_points points = plane();
    compare("curlfree(rbf(lengthscale=0.5)) + white(variance=0.1)",
            "curlfree(rbf(lengthscale=0.5))", 0.1, &points, 1e-7);
    compare("divfree(rbf(lengthscale=0.5))", "divfree(rbf(lengthscale=0.5))", 0.0, &points, -1.0);
    compare("coregion(rbf(lengthscale=0.4), a=[1, 0.5], rank=1, diagonal=[0.1, 0.1])",
            "coregion(rbf(lengthscale=0.4), a=[1, 0.5], rank=1, diagonal=[0.1, 0.1])", 0.0, &points,
            -1.0);
}

static void circulant_equals_dense_for_other_numbers_of_axes(void **state)
{
    (void)state;
    gndp_points points = plane();
    for (int i = 0; i < 300; i++) {
        long_axis[i] = 3.0 - 0.01 * i; /* falling */
    }
    const gndp_points line = {
        .kind = GNDP_POINTS_PRODUCT, .n_axes = 1, .axis = {long_axis}, .axis_size = {300}};
    compare("matern52(lengthscale=0.2) + white(variance=0.1)", "matern52(lengthscale=0.2)", 0.1,
            &line, 1e-7);
    points.n_axes = 4;
    points.axis[2] = points.axis[3] = axis;
    points.axis_size[0] = 4, points.axis_size[1] = 1, points.axis_size[2] = 5,
    points.axis_size[3] = 3;
    compare("rbf(lengthscale=0.2) + white(variance=0.1)", "rbf(lengthscale=0.2)", 0.1, &points,
            1e-7);
}

/* exp(-d^2/2 l^2) with l near the width of the grid: 2 (n - 1) points give negative eigenvalues,
 * more points none. */
static void circulant_grows_until_it_is_definite(void **state)
{
    (void)state;
    const gndp_points points = plane();
    gndp_kernel *k = new_kernel("rbf(lengthscale=1.5)");
    gndp_gaussian *law = NULL;
    assert_ok(gndp_gaussian_create(k, &points, NULL, &circulant, &law));
    assert_null(strstr(gndp_gaussian_describe(law), "30 x 30"));
    gndp_gaussian_free(law);
    gndp_kernel_free(k);
    compare("rbf(lengthscale=1.5)", "rbf(lengthscale=1.5)", 0.0, &points, -1.0);
}

static void circulant_refuses_what_it_cannot_give(void **state)
{
    (void)state;
    gndp_points points = plane();
    gndp_kernel *k = new_kernel("matern12(lengthscale=0.3)");
    gndp_gaussian *law = NULL;
    double value, *y = new_normals(1, SIDE * SIDE);
    assert_ok(gndp_gaussian_create(k, &points, NULL, &circulant, &law));
    assert_fails(gndp_gaussian_log_det(law, &value), GNDP_ERR_UNSUPPORTED, "circulant");
    assert_fails(gndp_gaussian_log_prob(law, 1, y, &value), GNDP_ERR_UNSUPPORTED, "circulant");
    gndp_gaussian_free(law);
    gndp_kernel_free(k);
    free(y);
    k = new_kernel("rbf(lengthscale=400)"); /* as good as constant: no embedding within the limit */
    assert_fails(gndp_gaussian_create(k, &points, NULL, &circulant, &law), GNDP_ERR_UNSUPPORTED,
                 "indefinite");
    gndp_kernel_free(k);
    k = new_kernel("rbf(lengthscale=0.3)");
    axis[3] += 0.01;
    assert_fails(gndp_gaussian_create(k, &points, NULL, &circulant, &law), GNDP_ERR_UNSUPPORTED,
                 "not equally spaced: value 3");
    gndp_kernel_free(k);
}

static void circulant_solve_says_so_when_it_does_not_converge(void **state)
{
    (void)state;
    const gndp_points points = plane();
    gndp_kernel *k = new_kernel("rbf(lengthscale=0.6)");
    gndp_gaussian *law = NULL;
    double *y = new_normals(1, SIDE * SIDE), *x = new_values(SIDE * SIDE);
    assert_ok(gndp_gaussian_create(k, &points, NULL, &circulant, &law));
    assert_fails(gndp_gaussian_solve(law, 1, y, x), GNDP_ERR_NONFINITE, "residual");
    gndp_gaussian_free(law);
    gndp_kernel_free(k);
    free(x), free(y);
}

static void circulant_draws_follow_from_seed_and_member(void **state)
{
    (void)state;
    const gndp_points points = plane();
    check_draws("rbf(lengthscale=0.4) + white(variance=0.1)", &points, &circulant);
    check_draws("curlfree(rbf(lengthscale=0.5))", &points, &circulant);
}

static void circulant_draws_have_the_covariance(void **state)
{
    (void)state;
    const gndp_points points = plane();
    law_case c = begin_law("curlfree(rbf(lengthscale=0.5))", "curlfree(rbf(lengthscale=0.5))", 0.0,
                           &points, &circulant);
    check_moments(&c);
    end_law(&c);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(circulant_equals_dense_on_a_plane),
    cmocka_unit_test(circulant_equals_dense_for_vector_fields),
    cmocka_unit_test(circulant_equals_dense_for_other_numbers_of_axes),
    cmocka_unit_test(circulant_grows_until_it_is_definite),
    cmocka_unit_test(circulant_refuses_what_it_cannot_give),
    cmocka_unit_test(circulant_solve_says_so_when_it_does_not_converge),
    cmocka_unit_test(circulant_draws_follow_from_seed_and_member),
    cmocka_unit_test(circulant_draws_have_the_covariance),
};

GNDP_TEST_MAIN(tests)
