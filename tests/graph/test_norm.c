// SPDX-License-Identifier: Apache-2.0
// Softmax under masks, layer and group normalisation: sums, moments, invariances, NaN behind masks.
#include "graph/family.h"

/* Rounding of a row of up to 100 terms of size 1. */
#define F64_TOLERANCE 1e-14

static void softmax_rows_sum_to_one_and_do_not_see_shifts(void **state)
{
    (void)state;
    setup s = begin();
    double x[6 * 37];
    for (int i = 0; i < 6 * 37; i++) {
        x[i] = i * 53 % 41 - 20; /* integers: adding one is exact */
    }
    const gndp_node a = feed(&s, "a", gndp_type_2d(GNDP_F64, 6, 37), x);
    const gndp_node y = gndp_softmax(s.g, a, GNDP_NONE);
    const gndp_node out[3] = {y, gndp_softmax(s.g, gndp_offset(s.g, a, 1e6), GNDP_NONE),
                              gndp_sum_last(s.g, y)};
    for (int w = 0; w < WAYS; w++) {
        run(&s, ways[w], out, 3);
        assert_memory_equal(s.result[0].data, s.result[1].data, sizeof x);
        for (int r = 0; r < 6; r++) {
            assert_near(entry(s.result[2], r), 1.0, F64_TOLERANCE);
        }
        for (int i = 0; i < 36; i++) { /* ratios are exponentials of differences */
            assert_near(entry(s.result[0], i) / entry(s.result[0], i + 1) / exp(x[i] - x[i + 1]),
                        1.0, 1e-14);
        }
    }
    end(&s);
}

/* A masked row is the row of the kept entries; what stands behind the mask is NaN and must not be
 * seen. */
static void softmax_of_masked_row_is_softmax_of_kept_entries(void **state)
{
    (void)state;
    setup s = begin();
    double x[2 * 8], kept[2 * 5];
    int32_t mask[8] = {1, 0, 1, 1, 0, 0, 7, 1};
    for (int r = 0, k = 0; r < 2; r++) {
        for (int i = 0; i < 8; i++) {
            x[r * 8 + i] = mask[i] != 0 ? sin(3.0 * i + r) : (double)NAN;
            if (mask[i] != 0) {
                kept[k++] = x[r * 8 + i];
            }
        }
    }
    const gndp_node a = feed(&s, "a", gndp_type_2d(GNDP_F64, 2, 8), x),
                    b = feed(&s, "b", gndp_type_2d(GNDP_F64, 2, 5), kept);
    const gndp_node m = feed(&s, "m", gndp_type_1d(GNDP_I32, 8), mask),
                    c = feed_normal(&s, "c", gndp_type_2d(GNDP_F64, 2, 8));
    const gndp_node y = gndp_softmax(s.g, a, m);
    gndp_node out[3] = {y, gndp_softmax(s.g, b, GNDP_NONE)};
    /* the cotangent behind the mask is NaN too: c * x */
    const gndp_node cot = gndp_mul(s.g, c, a);
    gndp_vjp(s.g, &y, &cot, 1, &a, 1, &out[2]);
    for (int w = 0; w < WAYS; w++) {
        run(&s, ways[w], out, 3);
        for (int r = 0, k = 0; r < 2; r++) {
            for (int i = 0; i < 8; i++) {
                assert_true(isfinite(entry(s.result[2], r * 8 + i)));
                if (mask[i] != 0) {
                    assert_near(entry(s.result[0], r * 8 + i), entry(s.result[1], k++),
                                F64_TOLERANCE);
                } else {
                    assert_true(entry(s.result[0], r * 8 + i) == 0.0 &&
                                entry(s.result[2], r * 8 + i) == 0.0);
                }
            }
        }
    }
    end(&s);
}

static void softmax_is_zero_with_zero_gradient_when_all_is_masked(void **state)
{
    (void)state;
    setup s = begin();
    const int32_t mask[3] = {1, 0, 1};
    const gndp_node a = feed_normal(&s, "a", gndp_type_2d(GNDP_F32, 3, 20)),
                    c = feed_normal(&s, "c", gndp_type_2d(GNDP_F32, 3, 20));
    const gndp_node m = feed(&s, "m", gndp_type_2d(GNDP_I32, 3, 1), mask);
    const gndp_node y = gndp_softmax(s.g, a, m);
    gndp_node out[2] = {y};
    gndp_vjp(s.g, &y, &c, 1, &a, 1, &out[1]);
    for (int w = 0; w < WAYS; w++) {
        run(&s, ways[w], out, 2);
        for (int i = 0; i < 20; i++) {
            assert_true(entry(s.result[0], 20 + i) == 0.0 && entry(s.result[1], 20 + i) == 0.0);
            assert_true(entry(s.result[0], i) > 0.0 && entry(s.result[1], i) != 0.0);
        }
    }
    end(&s);
}

static void softmax_takes_large_and_infinite_entries(void **state)
{
    (void)state;
    setup s = begin();
    const float low = -INFINITY;
    const float x[4 * 3] = {1e30f, 0, -1e30f, low, 5, low, low, low, low, 1, NAN, low};
    const float want[3 * 3] = {1, 0, 0, 0, 1, 0, 0, 0, 0};
    const gndp_node a = feed(&s, "a", gndp_type_2d(GNDP_F32, 4, 3), x),
                    y = gndp_softmax(s.g, a, GNDP_NONE);
    for (int w = 0; w < WAYS; w++) {
        run(&s, ways[w], &y, 1);
        for (int i = 0; i < 9; i++) {
            assert_true(entry(s.result[0], i) == (double)want[i]);
        }
        for (int i = 9; i < 12; i++) {
            assert_true(isnan(entry(s.result[0], i)));
        }
    }
    end(&s);
}

static void layer_norm_rows_have_mean_zero_and_stated_variance(void **state)
{
    (void)state;
    setup s = begin();
    const int64_t n = 53;
    const double floor = 0.25;
    const gndp_node x = feed_normal(&s, "x", gndp_type_3d(GNDP_F64, 2, 3, n));
    const gndp_node moved = gndp_offset(s.g, gndp_scale(s.g, x, 8.0), 3.0);
    const gndp_node out[3] = {gndp_layer_norm(s.g, x, GNDP_NONE, GNDP_NONE, floor),
                              gndp_layer_norm(s.g, x, GNDP_NONE, GNDP_NONE, 0.0),
                              gndp_layer_norm(s.g, moved, GNDP_NONE, GNDP_NONE, 0.0)};
    const double *v = fed(&s, "x");
    for (int w = 0; w < WAYS; w++) {
        run(&s, ways[w], out, 3);
        assert_arrays_near(s.result[2], s.result[1], 1e-13); /* shift and scale drop out */
        for (int64_t r = 0; r < 6; r++) {
            double mean = 0.0, var = 0.0, y_mean = 0.0, y_var = 0.0;
            for (int64_t i = 0; i < n; i++) {
                mean += v[r * n + i] / (double)n;
                y_mean += entry(s.result[0], r * n + i) / (double)n;
            }
            for (int64_t i = 0; i < n; i++) {
                var += (v[r * n + i] - mean) * (v[r * n + i] - mean) / (double)n;
                y_var += entry(s.result[0], r * n + i) * entry(s.result[0], r * n + i) / (double)n;
            }
            assert_near(y_mean, 0.0, F64_TOLERANCE);
            assert_near(y_var, var / (var + floor), F64_TOLERANCE);
        }
    }
    end(&s);
}

/* y does not see shifts and (floor 0) scales of x: its gradient is orthogonal to 1 and to x. */
static void layer_norm_gradient_is_orthogonal_to_shift_and_scale(void **state)
{
    (void)state;
    setup s = begin();
    const gndp_node x = feed_normal(&s, "x", gndp_type_2d(GNDP_F64, 4, 37)),
                    c = feed_normal(&s, "c", gndp_type_2d(GNDP_F64, 4, 37));
    const gndp_node y = gndp_layer_norm(s.g, x, GNDP_NONE, GNDP_NONE, 0.0);
    gndp_node dx;
    gndp_vjp(s.g, &y, &c, 1, &x, 1, &dx);
    const gndp_node out[3] = {gndp_sum_last(s.g, dx), gndp_sum_last(s.g, gndp_mul(s.g, dx, x)),
                              gndp_sum_all(s.g, gndp_square(s.g, dx))};
    for (int w = 0; w < WAYS; w++) {
        run(&s, ways[w], out, 3);
        for (int r = 0; r < 4; r++) {
            assert_near(entry(s.result[0], r), 0.0, 1e-13);
            assert_near(entry(s.result[1], r), 0.0, 1e-13);
        }
        assert_true(entry(s.result[2], 0) > 1.0);
    }
    end(&s);
}

static void norms_apply_gain_and_bias_by_feature(void **state)
{
    (void)state;
    setup s = begin();
    const gndp_node x = feed_normal(&s, "x", gndp_type_2d(GNDP_F64, 5, 6)),
                    gain = feed_normal(&s, "g", gndp_type_1d(GNDP_F64, 6));
    const gndp_node bias = feed_normal(&s, "b", gndp_type_1d(GNDP_F64, 6));
    const gndp_node plain = gndp_layer_norm(s.g, x, GNDP_NONE, GNDP_NONE, 0.1);
    const gndp_node out[3] = {gndp_layer_norm(s.g, x, gain, bias, 0.1),
                              gndp_add(s.g, gndp_mul(s.g, plain, gain), bias),
                              gndp_sub(s.g, gndp_layer_norm(s.g, x, GNDP_NONE, bias, 0.1), plain)};
    run(&s, ways[0], out, 3);
    assert_arrays_near(s.result[0], s.result[1], F64_TOLERANCE);
    for (int i = 0; i < 30; i++) {
        assert_near(entry(s.result[2], i), ((double *)fed(&s, "b"))[i % 6], F64_TOLERANCE);
    }
    end(&s);
}

/* 700 points cross the blocks of the sums. One group of one point is layer_norm. */
static void group_norm_groups_have_mean_zero_and_variance_one(void **state)
{
    (void)state;
    setup s = begin();
    const int64_t n = 700, h = 6, groups = 3;
    const gndp_node x = feed_normal(&s, "x", gndp_type_3d(GNDP_F64, 2, n, h)),
                    z = feed_normal(&s, "z", gndp_type_2d(GNDP_F64, 5, h));
    const gndp_node out[3] = {
        gndp_group_norm(s.g, gndp_offset(s.g, x, 2.0), (int)groups, GNDP_NONE, GNDP_NONE, 0.0),
        gndp_group_norm(s.g, z, 1, GNDP_NONE, GNDP_NONE, 0.3),
        gndp_layer_norm(s.g, z, GNDP_NONE, GNDP_NONE, 0.3)};
    for (int w = 0; w < WAYS; w++) {
        run(&s, ways[w], out, 3);
        assert_arrays_near(s.result[1], s.result[2], F64_TOLERANCE);
        for (int64_t k = 0; k < 2 * groups; k++) {
            double mean = 0.0, var = 0.0;
            for (int64_t i = 0; i < n * h; i++) {
                if (i % h / 2 == k % groups) {
                    const double y = entry(s.result[0], k / groups * n * h + i);
                    mean += y / (double)(2 * n);
                    var += y * y / (double)(2 * n);
                }
            }
            assert_near(mean, 0.0, 1e-13);
            assert_near(var, 1.0, 1e-13);
        }
    }
    end(&s);
}

static void norm_bits_do_not_depend_on_threads(void **state)
{
    (void)state;
    setup s = begin();
    const gndp_node x = feed_normal(&s, "x", gndp_type_3d(GNDP_F32, 3, 900, 24)),
                    c = feed_normal(&s, "c", gndp_type_3d(GNDP_F32, 3, 900, 24));
    const gndp_node y[3] = {gndp_group_norm(s.g, x, 4, GNDP_NONE, GNDP_NONE, 1e-5),
                            gndp_layer_norm(s.g, x, GNDP_NONE, GNDP_NONE, 1e-5),
                            gndp_softmax(s.g, x, GNDP_NONE)};
    gndp_node out[6] = {y[0], y[1], y[2]};
    for (int i = 0; i < 3; i++) {
        gndp_vjp(s.g, &y[i], &c, 1, &x, 1, &out[3 + i]);
    }
    const size_t bytes = gndp_type_bytes(gndp_node_type(x));
    float *first = malloc(6 * bytes);
    assert_non_null(first);
    for (int threads = 1; threads <= 3; threads++) {
        run(&s, (way){"cpu", {.threads = threads}}, out, 6);
        for (int i = 0; i < 6; i++) {
            if (threads == 1) {
                memcpy((char *)first + (size_t)i * bytes, s.result[i].data, bytes);
            }
            assert_memory_equal((char *)first + (size_t)i * bytes, s.result[i].data, bytes);
        }
    }
    free(first);
    end(&s);
}

static void norm_builders_refuse_wrong_shapes(void **state)
{
    (void)state;
    for (int k = 0; k < 6; k++) {
        setup s = begin();
        const gndp_node x = gndp_input(s.g, "x", gndp_type_2d(GNDP_F32, 4, 6)),
                        v = gndp_input(s.g, "v", gndp_type_1d(GNDP_F32, 4));
        const gndp_node m = gndp_input(s.g, "m", gndp_type_1d(GNDP_I32, 4));
        switch (k) {
        case 0:
            gndp_softmax(s.g, x, m);
            assert_poisoned(&s, GNDP_ERR_SHAPE,
                            "softmax: the mask i32[4] does not broadcast to f32[4,6]");
            break;
        case 1:
            gndp_softmax(s.g, x, v);
            assert_poisoned(&s, GNDP_ERR_TYPE, "softmax: the mask must be i32");
            break;
        case 2:
            gndp_layer_norm(s.g, x, v, GNDP_NONE, 1e-5);
            assert_poisoned(&s, GNDP_ERR_SHAPE,
                            "layer_norm: gain f32[4] does not fit the last axis of f32[4,6]");
            break;
        case 3:
            gndp_group_norm(s.g, x, 4, GNDP_NONE, GNDP_NONE, 1e-5);
            assert_poisoned(&s, GNDP_ERR_SHAPE,
                            "group_norm: 4 groups do not divide the last axis of f32[4,6]");
            break;
        case 4:
            gndp_group_norm(s.g, x, 0, GNDP_NONE, GNDP_NONE, 1e-5);
            assert_poisoned(&s, GNDP_ERR_RANGE, "group_norm: 0 groups");
            break;
        default:
            gndp_layer_norm(s.g, x, GNDP_NONE, GNDP_NONE, -1.0);
            assert_poisoned(&s, GNDP_ERR_RANGE, "layer_norm: the floor -1 is negative");
            break;
        }
        end(&s);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(softmax_rows_sum_to_one_and_do_not_see_shifts),
    cmocka_unit_test(softmax_of_masked_row_is_softmax_of_kept_entries),
    cmocka_unit_test(softmax_is_zero_with_zero_gradient_when_all_is_masked),
    cmocka_unit_test(softmax_takes_large_and_infinite_entries),
    cmocka_unit_test(layer_norm_rows_have_mean_zero_and_stated_variance),
    cmocka_unit_test(layer_norm_gradient_is_orthogonal_to_shift_and_scale),
    cmocka_unit_test(norms_apply_gain_and_bias_by_feature),
    cmocka_unit_test(group_norm_groups_have_mean_zero_and_variance_one),
    cmocka_unit_test(norm_bits_do_not_depend_on_threads),
    cmocka_unit_test(norm_builders_refuse_wrong_shapes),
};

GNDP_TEST_MAIN(tests)
