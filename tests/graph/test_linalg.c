// SPDX-License-Identifier: Apache-2.0
// Cholesky factors and triangular solves: residuals, derivatives in closed form, failures that name
// batch and pivot.
#include "graph/family.h"

/* a = x x' / n + 1, well conditioned. */
static gndp_node feed_spd(setup *s, const char *name, gndp_dtype dtype, int64_t batch, int64_t n)
{
    const gndp_node x = feed_normal(s, name, gndp_type_3d(dtype, batch, n, n));
    double *eye = calloc((size_t)(n * n), sizeof *eye);
    assert_non_null(eye);
    for (int64_t i = 0; i < n; i++) {
        eye[i * n + i] = 1.0;
    }
    const gndp_node one =
        gndp_cast(s->g, gndp_constant(s->g, gndp_type_2d(GNDP_F64, n, n), eye), dtype);
    free(eye);
    return gndp_add(
        s->g, gndp_scale(s->g, gndp_matmul(s->g, x, gndp_swap_last(s->g, x)), 1.0 / (double)n),
        one);
}

/* Residuals of L L' = a and of both solves, relative to entries of size 1: rounding of sums of n
 * terms. */
static void cholesky_and_solves_leave_small_residuals(void **state)
{
    (void)state;
    const int64_t sizes[5][2] = {{3, 1}, {4, 3}, {5, 33}, {2, 130}, {1, 600}};
    for (int k = 0; k < 10; k++) {
        setup s = begin();
        const int64_t batch = sizes[k % 5][0], n = sizes[k % 5][1], m = k % 5 == 2 ? 1 : 4;
        const gndp_dtype dtype = k < 5 ? GNDP_F64 : GNDP_F32;
        const double tolerance = (dtype == GNDP_F64 ? 0x1p-52 : 0x1p-23) * (double)(20 + 2 * n);
        const gndp_node a = feed_spd(&s, "a", dtype, batch, n), l = gndp_cholesky(s.g, a),
                        b = feed_normal(&s, "b", gndp_type_3d(dtype, batch, n, m));
        const gndp_node x = gndp_solve_lower(s.g, l, b, false),
                        y = gndp_solve_lower(s.g, l, b, true);
        const gndp_node out[4] = {gndp_sub(s.g, gndp_matmul(s.g, l, gndp_swap_last(s.g, l)), a),
                                  gndp_sub(s.g, gndp_matmul(s.g, l, x), b),
                                  gndp_sub(s.g, gndp_matmul(s.g, gndp_swap_last(s.g, l), y), b), l};
        for (int w = 0; w < (n > 200 ? 3 : WAYS); w++) {
            run(&s, ways[w], out, 4);
            for (int i = 0; i < 3; i++) {
                for (int64_t e = 0; e < gndp_type_count(s.result[i].type); e++) {
                    assert_near(entry(s.result[i], e), 0.0, tolerance);
                }
            }
            for (int64_t e = 0; e < batch * n * n; e++) {
                assert_true(e % n <= e / n % n || entry(s.result[3], e) == 0.0);
            }
        }
        end(&s);
    }
}

static void cholesky_reads_only_the_lower_triangle(void **state)
{
    (void)state;
    setup s = begin();
    const double nan = (double)NAN, a[9] = {4, nan, nan, 2, 10, nan, -2, 2, 6},
                 want[9] = {2, 0, 0, 1, 3, 0, -1, 1, 2};
    const gndp_node l = gndp_cholesky(s.g, feed(&s, "a", gndp_type_2d(GNDP_F64, 3, 3), a));
    for (int w = 0; w < WAYS; w++) {
        run(&s, ways[w], &l, 1);
        assert_memory_equal(s.result[0].data, want, sizeof want);
    }
    end(&s);
}

/* Pivot 2 of matrix 1 is 6 - 1 - 1 - 5 = -1; a NaN or infinite pivot is no pivot either. */
static void cholesky_reports_batch_and_pivot_when_not_positive_definite(void **state)
{
    (void)state;
    double a[27] = {4, 0,  0, 2, 10, 0, -2, 2, 6,  4, 0,  0, 2, 10,
                    0, -2, 2, 1, 4,  0, 0,  2, 10, 0, -2, 2, 6};
    const double bad[4] = {1.0, 2.0, (double)NAN, (double)INFINITY};
    const char *text[4] = {"cholesky: batch 1: pivot 2 is -1: not positive definite",
                           "cholesky: batch 1: pivot 2 is 0: not",
                           "cholesky: batch 1: pivot 2 is nan",
                           "cholesky: batch 1: pivot 2 is inf"};
    for (int k = 0; k < 4; k++) {
        setup s = begin();
        a[17] = bad[k];
        const gndp_node l = gndp_cholesky(s.g, feed(&s, "a", gndp_type_3d(GNDP_F64, 3, 3, 3), a));
        for (int w = 0; w < WAYS; w++) {
            if (k == 2) {
                /* the sign of a printed NaN is the platform's */
                assert_int_equal(run_status(&s, ways[w], &l, 1), GNDP_ERR_NOT_PD);
                assert_non_null(strstr(gndp_last_error(), "cholesky: batch 1: pivot 2 is "));
                continue;
            }
            assert_run_fails(&s, ways[w], l, GNDP_ERR_NOT_PD, text[k]);
        }
        end(&s);
    }
}

/* A large matrix is factored in blocks: the failed pivot is found again from the rows before it. */
static void cholesky_names_the_pivot_of_a_large_matrix(void **state)
{
    (void)state;
    setup s = begin();
    const int64_t n = 700, at = 431;
    double *a = calloc((size_t)(n * n), sizeof *a);
    assert_non_null(a);
    for (int64_t i = 0; i < n; i++) { /* a tridiagonal matrix: pivots 2, 3/2, 4/3, .. */
        a[i * n + i] = i == at ? 0.5 : 2.0;
        if (i > 0) {
            a[i * n + i - 1] = -1.0;
        }
    }
    /* pivot `at` is 0.5 - at/(at + 1) = -0.498 */
    const gndp_node l = gndp_cholesky(s.g, feed(&s, "a", gndp_type_2d(GNDP_F64, n, n), a));
    for (int w = 1; w < 3; w++) {
        assert_run_fails(&s, ways[w], l, GNDP_ERR_NOT_PD,
                         "cholesky: batch 0: pivot 431 is -0.498: not positive definite");
    }
    free(a);
    end(&s);
}

/* d log det a / da = a^-1, d (b' a^-1 b) / da = -(a^-1 b)(a^-1 b)': both symmetric. */
static void cholesky_gradients_of_log_det_and_quadratic_form_are_right(void **state)
{
    (void)state;
    setup s = begin();
    const int64_t n = 12;
    const gndp_node a = feed_spd(&s, "a", GNDP_F64, 2, n), l = gndp_cholesky(s.g, a),
                    b = feed_normal(&s, "b", gndp_type_3d(GNDP_F64, 2, n, 1));
    const gndp_node z = gndp_solve_lower(s.g, l, b, false),
                    inv_b = gndp_solve_lower(s.g, l, z, true);
    const gndp_node log_det = gndp_cholesky_log_det(s.g, l);
    gndp_node d[2];
    assert_true(gndp_type_equal(gndp_node_type(log_det), gndp_type_1d(GNDP_F64, 2)));
    gndp_grad(s.g, gndp_sum_all(s.g, log_det), &a, 1, &d[0]);
    gndp_grad(s.g, gndp_sum_all(s.g, gndp_square(s.g, z)), &a, 1, &d[1]);
    const gndp_node out[4] = {gndp_matmul(s.g, d[0], a), d[0], d[1],
                              gndp_neg(s.g, gndp_matmul(s.g, inv_b, gndp_swap_last(s.g, inv_b)))};
    for (int w = 0; w < WAYS; w++) {
        run(&s, ways[w], out, 4);
        assert_arrays_near(s.result[2], s.result[3], 1e-13);
        for (int64_t e = 0; e < 2 * n * n; e++) {
            const int64_t i = e / n % n, j = e % n, turned = e - i * n - j + j * n + i;
            assert_near(entry(s.result[0], e), i == j ? 1.0 : 0.0, 1e-13);
            assert_true(entry(s.result[1], e) == entry(s.result[1], turned));
        }
    }
    end(&s);
}

/* One factor for all right-hand sides is the factor repeated. */
static void solve_lower_shares_a_factor_without_batch(void **state)
{
    (void)state;
    setup s = begin();
    const int64_t n = 9;
    const gndp_node a = gndp_reshape(s.g, feed_spd(&s, "a", GNDP_F64, 1, n), 2,
                                     (const int64_t[]){n, n}),
                    l = gndp_cholesky(s.g, a);
    const gndp_node b = feed_normal(&s, "b", gndp_type_4d(GNDP_F64, 3, 2, n, 2));
    const gndp_node full = gndp_broadcast_to(s.g, l, 4, (const int64_t[]){3, 2, n, n});
    const gndp_node x = gndp_solve_lower(s.g, l, b, true), y = gndp_solve_lower(s.g, full, b, true);
    gndp_node d[2];
    gndp_grad(s.g, gndp_sum_all(s.g, gndp_square(s.g, x)), &a, 1, &d[0]);
    gndp_grad(s.g, gndp_sum_all(s.g, gndp_square(s.g, y)), &a, 1, &d[1]);
    const gndp_node out[4] = {x, y, d[0], d[1]};
    for (int w = 0; w < WAYS; w++) {
        run(&s, ways[w], out, 4);
        assert_arrays_near(s.result[0], s.result[1], 1e-14);
        assert_arrays_near(s.result[2], s.result[3], 1e-12);
    }
    end(&s);
}

static void linalg_builders_refuse_wrong_shapes(void **state)
{
    (void)state;
    setup s = begin();
    gndp_cholesky(s.g, gndp_input(s.g, "a", gndp_type_2d(GNDP_F64, 4, 3)));
    assert_poisoned(&s, GNDP_ERR_SHAPE, "cholesky: wants [.., N, N], got f64[4,3]");
    end(&s);
    s = begin();
    gndp_solve_lower(s.g, gndp_input(s.g, "l", gndp_type_3d(GNDP_F64, 2, 4, 4)),
                     gndp_input(s.g, "b", gndp_type_3d(GNDP_F64, 3, 4, 1)), false);
    assert_poisoned(&s, GNDP_ERR_SHAPE, "got f64[2,4,4] and f64[3,4,1]");
    end(&s);
    s = begin();
    gndp_solve_lower(s.g, gndp_input(s.g, "l", gndp_type_2d(GNDP_F64, 4, 4)),
                     gndp_input(s.g, "b", gndp_type_2d(GNDP_F32, 4, 1)), false);
    assert_poisoned(&s, GNDP_ERR_TYPE, "solve_lower: f64[4,4] and f32[4,1]");
    end(&s);
    s = begin();
    gndp_cholesky_log_det(s.g, gndp_input(s.g, "l", gndp_type_1d(GNDP_F64, 4)));
    assert_poisoned(&s, GNDP_ERR_SHAPE, "wants [.., N, N], got f64[4]");
    end(&s);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(cholesky_and_solves_leave_small_residuals),
    cmocka_unit_test(cholesky_reads_only_the_lower_triangle),
    cmocka_unit_test(cholesky_reports_batch_and_pivot_when_not_positive_definite),
    cmocka_unit_test(cholesky_names_the_pivot_of_a_large_matrix),
    cmocka_unit_test(cholesky_gradients_of_log_det_and_quadratic_form_are_right),
    cmocka_unit_test(solve_lower_shares_a_factor_without_batch),
    cmocka_unit_test(linalg_builders_refuse_wrong_shapes),
};

GNDP_TEST_MAIN(tests)
