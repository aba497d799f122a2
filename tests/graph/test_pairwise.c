// SPDX-License-Identifier: Apache-2.0
// Squared distances: definition, exact zeros, batches, equal bits on every device.
#include "graph/family.h"

static void sqdist_is_the_sum_of_squared_differences_with_equal_bits_everywhere(void **state)
{
    (void)state;
    const int64_t dims[4] = {1, 2, 3, 17};
    for (int k = 0; k < 4; k++) {
        setup s = begin();
        const int64_t n = 23, m = 2100, d = dims[k]; /* more columns than one task takes */
        const gndp_node x = feed_normal(&s, "x", gndp_type_2d(GNDP_F32, n, d)),
                        z = feed_normal(&s, "z", gndp_type_2d(GNDP_F32, m, d));
        const gndp_node y = gndp_sqdist(s.g, x, z);
        const float *a = fed(&s, "x"), *b = fed(&s, "z");
        for (int w = 0; w < WAYS; w++) {
            run(&s, ways[w], &y, 1);
            for (int64_t i = 0; i < n; i++) {
                for (int64_t j = 0; j < m; j++) {
                    float sum = 0;
                    for (int64_t c = 0; c < d; c++) {
                        sum += (a[i * d + c] - b[j * d + c]) * (a[i * d + c] - b[j * d + c]);
                    }
                    assert_true(((float *)s.result[0].data)[i * m + j] == sum);
                }
            }
        }
        end(&s);
    }
}

/* x with itself: zero diagonal, symmetric, zero gradient of each entry where points meet. */
static void sqdist_is_exactly_zero_at_coincident_points(void **state)
{
    (void)state;
    setup s = begin();
    const gndp_node x = gndp_offset(s.g, feed_normal(&s, "x", gndp_type_2d(GNDP_F64, 40, 3)), 1e8);
    const gndp_node y = gndp_sqdist(s.g, x, x);
    for (int w = 0; w < WAYS; w++) {
        run(&s, ways[w], &y, 1);
        for (int i = 0; i < 40; i++) {
            assert_true(entry(s.result[0], i * 41) == 0.0);
            for (int j = 0; j < i; j++) {
                assert_true(entry(s.result[0], i * 40 + j) == entry(s.result[0], j * 40 + i));
            }
        }
    }
    end(&s);
}

static void sqdist_broadcasts_leading_axes(void **state)
{
    (void)state;
    setup s = begin();
    const gndp_node x = feed_normal(&s, "x", gndp_type_4d(GNDP_F64, 2, 1, 5, 3)),
                    z = feed_normal(&s, "z", gndp_type_3d(GNDP_F64, 3, 4, 3));
    const gndp_node y = gndp_sqdist(s.g, x, z);
    assert_true(gndp_type_equal(gndp_node_type(y), gndp_type_4d(GNDP_F64, 2, 3, 5, 4)));
    const double *a = fed(&s, "x"), *b = fed(&s, "z");
    for (int w = 0; w < WAYS; w++) {
        run(&s, ways[w], &y, 1);
        for (int i = 0; i < 120; i++) {
            const double *p = a + (i / 60 * 5 + i / 4 % 5) * 3,
                         *q = b + (i / 20 % 3 * 4 + i % 4) * 3;
            const double want = (p[0] - q[0]) * (p[0] - q[0]) + (p[1] - q[1]) * (p[1] - q[1]) +
                                (p[2] - q[2]) * (p[2] - q[2]);
            assert_near(entry(s.result[0], i), want, 1e-14);
        }
    }
    end(&s);
}

/* Distances do not see a common translation: the gradients in x and z sum to opposite totals. */
static void sqdist_gradient_is_translation_invariant(void **state)
{
    (void)state;
    setup s = begin();
    const gndp_node xz[2] = {feed_normal(&s, "x", gndp_type_2d(GNDP_F64, 6, 3)),
                             feed_normal(&s, "z", gndp_type_2d(GNDP_F64, 5, 3))};
    const gndp_node y = gndp_sqdist(s.g, xz[0], xz[1]),
                    c = feed_normal(&s, "c", gndp_type_2d(GNDP_F64, 6, 5));
    const int axis = 0;
    gndp_node d[2];
    gndp_vjp(s.g, &y, &c, 1, xz, 2, d);
    const gndp_node out[2] = {gndp_sum(s.g, d[0], &axis, 1, false),
                              gndp_sum(s.g, d[1], &axis, 1, false)};
    for (int w = 0; w < WAYS; w++) {
        run(&s, ways[w], out, 2);
        for (int i = 0; i < 3; i++) {
            assert_near(entry(s.result[0], i), -entry(s.result[1], i), 1e-12);
            assert_true(fabs(entry(s.result[0], i)) > 1e-3);
        }
    }
    end(&s);
}

static void sqdist_refuses_wrong_shapes(void **state)
{
    (void)state;
    setup s = begin();
    gndp_sqdist(s.g, gndp_input(s.g, "x", gndp_type_2d(GNDP_F64, 4, 3)),
                gndp_input(s.g, "z", gndp_type_2d(GNDP_F64, 4, 2)));
    assert_poisoned(&s, GNDP_ERR_SHAPE,
                    "sqdist: wants [.., N, D] and [.., M, D], got f64[4,3] and f64[4,2]");
    end(&s);
    s = begin();
    gndp_sqdist(s.g, gndp_input(s.g, "x", gndp_type_3d(GNDP_F64, 2, 4, 3)),
                gndp_input(s.g, "z", gndp_type_3d(GNDP_F64, 3, 4, 3)));
    assert_poisoned(&s, GNDP_ERR_SHAPE,
                    "leading axes of f64[2,4,3] and f64[3,4,3] do not broadcast");
    end(&s);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(sqdist_is_the_sum_of_squared_differences_with_equal_bits_everywhere),
    cmocka_unit_test(sqdist_is_exactly_zero_at_coincident_points),
    cmocka_unit_test(sqdist_broadcasts_leading_axes),
    cmocka_unit_test(sqdist_gradient_is_translation_invariant),
    cmocka_unit_test(sqdist_refuses_wrong_shapes),
};

GNDP_TEST_MAIN(tests)
