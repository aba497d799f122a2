// SPDX-License-Identifier: Apache-2.0
// The search behind fits: known minima, infinite regions, failures of the objective, boxes.
#include "kernels/gp_optimise.h"
#include "support/test_main.h"

#include <math.h>
#include <string.h>

static void assert_close(double got, double want, double tolerance)
{
    if (!(fabs(got - want) <= tolerance)) {
        fail_msg("got %.17g, want %.17g, tolerance %.3g", got, want, tolerance);
    }
}

static const gp_search usual = {.max_steps = 500, .tolerance = 1e-8, .first_step = 0.3};

/* sum_i 100 (x_{i+1} - x_i^2)^2 + (1 - x_i)^2 for the n of state, 0 at (1, .., 1). */
static gndp_status rosenbrock(void *state, const double *x, double *value, double *gradient)
{
    const int n = *(int *)state;
    *value = 0.0;
    memset(gradient, 0, (size_t)n * sizeof *gradient);
    for (int i = 0; i + 1 < n; i++) {
        const double a = x[i + 1] - x[i] * x[i], b = 1.0 - x[i];
        *value += 100.0 * a * a + b * b;
        gradient[i] -= 400.0 * a * x[i] + 2.0 * b;
        gradient[i + 1] += 200.0 * a;
    }
    return GNDP_OK;
}

static void gp_minimise_finds_the_valley_of_rosenbrock(void **state)
{
    (void)state;
    for (int n = 2; n <= 6; n += 4) {
        double x[6] = {n == 2 ? -1.2 : 0.3, 1.0, 0.5, 0.2, 1.5, -0.3};
        gp_minimum found;
        assert_int_equal(gp_minimise(rosenbrock, &n, n, &usual, x, &found), GNDP_OK);
        /* GSL's line search stops where the value changes by less than 2e-16, which leaves about
           1e-7. The Hessian's least eigenvalue at the minimum is above 0.2. */
        assert_true(found.gradient_norm <= 2e-6);
        for (int i = 0; i < n; i++) {
            assert_close(x[i], 1.0, 5.0 * found.gradient_norm);
        }
        assert_true(found.value < 1e-12 && found.steps < 400);
    }
}

/* 1/2 (x - c)' A (x - c), A = [[3, 1], [1, 2]], c = (0.5, 4), x = box values of u. */
typedef struct quadratic {
    gp_box box[2];
} quadratic;

static gndp_status boxed_quadratic(void *state, const double *u, double *value, double *gradient)
{
    const quadratic *q = state;
    double d[2], slope[2];
    for (int i = 0; i < 2; i++) {
        d[i] = gp_box_value(q->box[i], u[i], &slope[i]) - (i == 0 ? 0.5 : 4.0);
    }
    const double g[2] = {3.0 * d[0] + d[1], d[0] + 2.0 * d[1]};
    *value = 0.5 * (d[0] * g[0] + d[1] * g[1]);
    gradient[0] = g[0] * slope[0];
    gradient[1] = g[1] * slope[1];
    return GNDP_OK;
}

static void gp_minimise_finds_a_minimum_inside_its_box(void **state)
{
    (void)state;
    quadratic q = {{{-3.0, 5.0}, {-10.0, 8.0}}};
    double u[2] = {gp_box_inverse(q.box[0], -2.5), gp_box_inverse(q.box[1], -9.0)};
    gp_minimum found;
    assert_int_equal(gp_minimise(boxed_quadratic, &q, 2, &usual, u, &found), GNDP_OK);
    assert_close(gp_box_value(q.box[0], u[0], NULL), 0.5, 1e-7);
    assert_close(gp_box_value(q.box[1], u[1], NULL), 4.0, 1e-7);
}

/* With x_1 <= 2 active: x_1 = 2, and 3 (x_0 - 0.5) + (2 - 4) = 0 gives x_0 = 7/6. */
static void gp_minimise_goes_to_the_bound_when_the_minimum_is_outside(void **state)
{
    (void)state;
    quadratic q = {{{-3.0, 5.0}, {-10.0, 2.0}}};
    double u[2] = {0.0, 0.0};
    gp_minimum found;
    assert_int_equal(gp_minimise(boxed_quadratic, &q, 2, &usual, u, &found), GNDP_OK);
    assert_close(gp_box_value(q.box[0], u[0], NULL), 7.0 / 6.0, 1e-5);
    assert_close(gp_box_value(q.box[1], u[1], NULL), 2.0, 1e-5);
    assert_true(gp_box_value(q.box[1], u[1], NULL) <= 2.0);
}

/* x - ln x, without value for x <= 0.05: the first steps from afar jump there. */
static gndp_status with_hole(void *state, const double *x, double *value, double *gradient)
{
    int *holes = state;
    if (x[0] <= 0.05) {
        (*holes)++;
        *value = (double)INFINITY;
        gradient[0] = (double)NAN;
        return GNDP_OK;
    }
    *value = x[0] - log(x[0]);
    gradient[0] = 1.0 - 1.0 / x[0];
    return GNDP_OK;
}

static void gp_minimise_steps_back_from_points_without_value(void **state)
{
    (void)state;
    int holes = 0;
    double x[1] = {9.0};
    gp_minimum found;
    const gp_search bold = {.max_steps = 100, .tolerance = 1e-9, .first_step = 50.0};
    assert_int_equal(gp_minimise(with_hole, &holes, 1, &bold, x, &found), GNDP_OK);
    assert_true(holes > 0);
    assert_close(x[0], 1.0, 1e-8);
}

static void gp_minimise_leaves_a_start_without_value(void **state)
{
    (void)state;
    int holes = 0;
    double x[1] = {-1.0};
    gp_minimum found;
    assert_int_equal(gp_minimise(with_hole, &holes, 1, &usual, x, &found), GNDP_OK);
    assert_true(isinf(found.value) && found.steps == 0 && x[0] == -1.0);
}

static gndp_status failing(void *state, const double *x, double *value, double *gradient)
{
    int *calls = state;
    *value = x[0] * x[0];
    gradient[0] = 2.0 * x[0];
    return ++*calls > 2 ? GNDP_ERR_NOMEM : GNDP_OK;
}

static void gp_minimise_passes_on_what_the_objective_returns(void **state)
{
    (void)state;
    int calls = 0;
    double x[1] = {30.0};
    gp_minimum found;
    assert_int_equal(gp_minimise(failing, &calls, 1, &usual, x, &found), GNDP_ERR_NOMEM);
    assert_int_equal(calls, 3); /* and does not ask again */
}

static void gp_minimise_stops_at_max_steps_with_the_best_point(void **state)
{
    (void)state;
    int n = 2;
    double x[2] = {-1.2, 1.0}, value, gradient[2];
    gp_minimum found;
    const gp_search brief = {.max_steps = 3, .tolerance = 1e-8, .first_step = 0.3};
    assert_int_equal(gp_minimise(rosenbrock, &n, 2, &brief, x, &found), GNDP_OK);
    assert_int_equal(found.steps, 3);
    rosenbrock(&n, x, &value, gradient);
    assert_true(value == found.value && found.gradient_norm == hypot(gradient[0], gradient[1]));
    assert_true(value < 24.2);
}

static void gp_box_is_smooth_increasing_and_inverted(void **state)
{
    (void)state;
    const gp_box boxes[3] = {{-2.0, 3.0}, {1.0, 1.001}, {-(double)INFINITY, (double)INFINITY}};
    for (int b = 0; b < 2; b++) {
        const double width = boxes[b].high - boxes[b].low;
        double before = boxes[b].low;
        for (int i = -40; i <= 140; i++) {
            const double u = boxes[b].low + width * i / 100.0, step = 1e-6 * width;
            double slope;
            const double value = gp_box_value(boxes[b], u, &slope);
            const double difference =
                (gp_box_value(boxes[b], u + step, NULL) - gp_box_value(boxes[b], u - step, NULL)) /
                (2.0 * step);
            assert_true(value >= before && value >= boxes[b].low && value <= boxes[b].high);
            assert_true(slope > 0.0 && slope <= 1.0);
            /* rounding of the difference: eps |value| / step */
            assert_close(difference, slope, 1e-9 + 4e-16 * fabs(value) / step);
            if (value > boxes[b].low + 0.002 * width && value < boxes[b].high - 0.002 * width) {
                assert_close(gp_box_value(boxes[b], gp_box_inverse(boxes[b], value), NULL), value,
                             1e-14);
            }
            before = value;
        }
        assert_true(gp_box_value(boxes[b], -1e300, NULL) == boxes[b].low);
        assert_true(gp_box_value(boxes[b], 1e300, NULL) == boxes[b].high);
    }
    assert_true(gp_box_value(boxes[2], 7.5, NULL) == 7.5 && gp_box_inverse(boxes[2], -4.0) == -4.0);
}

/* Values at a bound, and outside, start a little inside. */
static void gp_box_inverse_moves_bounds_inside(void **state)
{
    (void)state;
    const gp_box box = {-2.0, 3.0};
    assert_close(gp_box_value(box, gp_box_inverse(box, -2.0), NULL), -1.995, 1e-12);
    assert_close(gp_box_value(box, gp_box_inverse(box, 99.0), NULL), 2.995, 1e-12);
    assert_close(gp_box_value(box, gp_box_inverse(box, -(double)INFINITY), NULL), -1.995, 1e-12);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(gp_minimise_finds_the_valley_of_rosenbrock),
    cmocka_unit_test(gp_minimise_finds_a_minimum_inside_its_box),
    cmocka_unit_test(gp_minimise_goes_to_the_bound_when_the_minimum_is_outside),
    cmocka_unit_test(gp_minimise_steps_back_from_points_without_value),
    cmocka_unit_test(gp_minimise_leaves_a_start_without_value),
    cmocka_unit_test(gp_minimise_passes_on_what_the_objective_returns),
    cmocka_unit_test(gp_minimise_stops_at_max_steps_with_the_best_point),
    cmocka_unit_test(gp_box_is_smooth_increasing_and_inverted),
    cmocka_unit_test(gp_box_inverse_moves_bounds_inside),
};

GNDP_TEST_MAIN(tests)
