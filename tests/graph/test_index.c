// SPDX-License-Identifier: Apache-2.0
// gather, scatter_add, take_along, scatter_along: definitions, adjointness, order of sums, indices
// out of range.
#include "graph/family.h"

enum { MANY = 5000 };

static void gather_takes_rows_of_every_axis_and_type(void **state)
{
    (void)state;
    setup s = begin();
    const int32_t index[4] = {2, 0, 2, 1}, flags[6] = {10, 11, 12, 20, 21, 22};
    const gndp_node x = feed_normal(&s, "x", gndp_type_3d(GNDP_F64, 3, 3, 3));
    const gndp_node i = feed(&s, "i", gndp_type_2d(GNDP_I32, 2, 2), index);
    const gndp_node f = feed(&s, "f", gndp_type_2d(GNDP_I32, 2, 3), flags);
    const gndp_node out[4] = {gndp_gather(s.g, x, i, 0), gndp_gather(s.g, x, i, 1),
                              gndp_gather(s.g, x, i, -1), gndp_gather(s.g, f, i, 1)};
    const double *v = fed(&s, "x");
    assert_true(gndp_type_equal(gndp_node_type(out[1]), gndp_type_4d(GNDP_F64, 3, 2, 2, 3)));
    for (int w = 0; w < WAYS; w++) {
        run(&s, ways[w], out, 4);
        for (int a = 0; a < 3; a++) {
            for (int j = 0; j < 4; j++) {
                for (int b = 0; b < 3; b++) {
                    assert_true(entry(s.result[0], (j * 3 + a) * 3 + b) ==
                                v[(index[j] * 3 + a) * 3 + b]);
                    assert_true(entry(s.result[1], (a * 4 + j) * 3 + b) ==
                                v[(a * 3 + index[j]) * 3 + b]);
                    assert_true(entry(s.result[2], (a * 3 + b) * 4 + j) ==
                                v[(a * 3 + b) * 3 + index[j]]);
                }
            }
        }
        for (int j = 0; j < 8; j++) {
            assert_true(entry(s.result[3], j) == flags[j / 4 * 3 + index[j % 4]]);
        }
    }
    end(&s);
}

/* <G x, y> = <x, G' y>: with integers as values both sides are exact. */
static void index_scatters_are_exact_adjoints(void **state)
{
    (void)state;
    setup s = begin();
    double small[2 * 6 * 5], other[2 * 7 * 5];
    int32_t rows[7], each[2 * 7 * 5];
    for (int i = 0; i < 60; i++) {
        small[i] = i * 37 % 101 - 50;
    }
    for (int i = 0; i < 70; i++) {
        other[i] = i * 29 % 97 - 48;
        each[i] = i * 5 % 6;
    }
    for (int i = 0; i < 7; i++) {
        rows[i] = i * i % 6;
    }
    const gndp_node x = feed(&s, "x", gndp_type_3d(GNDP_F64, 2, 6, 5), small),
                    y = feed(&s, "y", gndp_type_3d(GNDP_F64, 2, 7, 5), other);
    const gndp_node r = feed(&s, "r", gndp_type_1d(GNDP_I32, 7), rows),
                    e = feed(&s, "e", gndp_type_3d(GNDP_I32, 2, 7, 5), each);
    const gndp_node out[4] = {
        gndp_sum_all(s.g, gndp_mul(s.g, gndp_gather(s.g, x, r, 1), y)),
        gndp_sum_all(s.g, gndp_mul(s.g, x, gndp_scatter_add(s.g, y, r, 1, 6))),
        gndp_sum_all(s.g, gndp_mul(s.g, gndp_take_along(s.g, x, e, 1), y)),
        gndp_sum_all(s.g, gndp_mul(s.g, x, gndp_scatter_along(s.g, y, e, 1, 6)))};
    for (int w = 0; w < WAYS; w++) {
        run(&s, ways[w], out, 4);
        assert_true(entry(s.result[0], 0) == entry(s.result[1], 0) && entry(s.result[0], 0) != 0.0);
        assert_true(entry(s.result[2], 0) == entry(s.result[3], 0) && entry(s.result[2], 0) != 0.0);
    }
    end(&s);
}

/* f32 sums of thousands of terms, most of them into one destination: any other order would show. */
static void scatter_add_sums_in_order_of_position(void **state)
{
    (void)state;
    const int64_t inner[3] = {1, 3, 1200}, count[3] = {MANY, MANY, 300};
    for (int shape = 0; shape < 3; shape++) {
        setup s = begin();
        static int32_t index[MANY];
        const int64_t n = count[shape], m = inner[shape];
        for (int64_t j = 0; j < n; j++) {
            index[j] = j % 3 == 0 ? (int32_t)(j * 7919 % 40) : 11;
        }
        const gndp_node x = feed_normal(&s, "x", gndp_type_2d(GNDP_F32, n, m)),
                        i = feed(&s, "i", gndp_type_1d(GNDP_I32, n), index);
        const gndp_node out = gndp_scatter_add(s.g, x, i, 0, 40);
        const float *v = fed(&s, "x");
        float *want = calloc((size_t)(40 * m), sizeof *want);
        assert_non_null(want);
        for (int64_t j = 0; j < n; j++) {
            for (int64_t c = 0; c < m; c++) {
                want[index[j] * m + c] += v[j * m + c];
            }
        }
        for (int w = 0; w < WAYS; w++) {
            run(&s, ways[w], &out, 1);
            assert_memory_equal(s.result[0].data, want, (size_t)(40 * m) * sizeof *want);
        }
        free(want);
        end(&s);
    }
}

static void index_out_of_range_names_value_and_position(void **state)
{
    (void)state;
    setup s = begin();
    const int32_t high[5] = {0, 9, 3, 12, 4}, low[5] = {0, 1, 2, 3, -1};
    const gndp_node x = feed_normal(&s, "x", gndp_type_1d(GNDP_F64, 10)),
                    y = feed_normal(&s, "y", gndp_type_1d(GNDP_F64, 5));
    const gndp_node h = feed(&s, "h", gndp_type_1d(GNDP_I32, 5), high),
                    l = feed(&s, "l", gndp_type_1d(GNDP_I32, 5), low);
    const gndp_node out[4] = {gndp_gather(s.g, x, h, 0), gndp_scatter_add(s.g, y, h, 0, 10),
                              gndp_take_along(s.g, x, l, 0), gndp_scatter_along(s.g, y, l, 0, 10)};
    const char *text[4] = {"gather: index 12 at position 3 is outside 0..9",
                           "scatter_add: index 12 at position 3 is outside 0..9",
                           "take_along: index -1 at position 4 is outside 0..9",
                           "scatter_along: index -1 at position 4 is outside 0..9"};
    for (int w = 0; w < WAYS; w++) {
        for (int k = 0; k < 4; k++) {
            setup one = s; /* the runs feed only what they read */
            const char *reads = k == 0 ? "xh" : k == 1 ? "yh" : k == 2 ? "xl" : "yl";
            one.n_feeds = 0;
            for (int i = 0; i < s.n_feeds; i++) {
                if (strchr(reads, s.feed[i].name[0]) != NULL) {
                    one.feed[one.n_feeds++] = s.feed[i];
                }
            }
            assert_run_fails(&one, ways[w], out[k], GNDP_ERR_RANGE, text[k]);
            clear_results(&one);
        }
    }
    end(&s);
}

static void index_of_no_positions_gives_empty_and_zero(void **state)
{
    (void)state;
    setup s = begin();
    const gndp_node x = feed_normal(&s, "x", gndp_type_2d(GNDP_F64, 4, 2)),
                    i = feed(&s, "i", gndp_type_1d(GNDP_I32, 0), NULL);
    const gndp_node none = gndp_gather(s.g, x, i, 0);
    const gndp_node out[2] = {none, gndp_scatter_add(s.g, none, i, 0, 3)};
    assert_true(gndp_type_equal(gndp_node_type(none), gndp_type_2d(GNDP_F64, 0, 2)));
    for (int w = 0; w < WAYS; w++) {
        run(&s, ways[w], out, 2);
        for (int k = 0; k < 6; k++) {
            assert_true(entry(s.result[1], k) == 0.0);
        }
    }
    end(&s);
}

static void index_builders_refuse_wrong_shapes(void **state)
{
    (void)state;
    for (int k = 0; k < 6; k++) {
        setup s = begin();
        const gndp_node x = gndp_input(s.g, "x", gndp_type_2d(GNDP_F64, 4, 3)),
                        i = gndp_input(s.g, "i", gndp_type_1d(GNDP_I32, 5));
        gndp_node y = GNDP_NONE;
        switch (k) {
        case 0:
            y = gndp_gather(s.g, x, i, 2);
            assert_poisoned(&s, GNDP_ERR_RANGE, "gather: axis 2 of f64[4,3]");
            break;
        case 1:
            y = gndp_gather(s.g, x, x, 0);
            assert_poisoned(&s, GNDP_ERR_TYPE, "the index must be i32");
            break;
        case 2:
            y = gndp_scatter_add(s.g, x, i, 0, 7);
            assert_poisoned(&s, GNDP_ERR_SHAPE,
                            "f64[4,3] does not have the index's shape i32[5] from axis 0 on");
            break;
        case 3:
            y = gndp_take_along(s.g, x, i, 0);
            assert_poisoned(&s, GNDP_ERR_SHAPE, "take_along: index i32[5]");
            break;
        case 4:
            y = gndp_scatter_add(s.g, i, i, 0, 7);
            assert_poisoned(&s, GNDP_ERR_TYPE, "wants real values");
            break;
        default:
            y = gndp_scatter_along(s.g, x, gndp_input(s.g, "j", gndp_type_2d(GNDP_I32, 4, 2)), 1,
                                   3);
            assert_poisoned(&s, GNDP_ERR_SHAPE, "scatter_along: index i32[4,2]");
            break;
        }
        assert_true(gndp_is_none(y));
        end(&s);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(gather_takes_rows_of_every_axis_and_type),
    cmocka_unit_test(index_scatters_are_exact_adjoints),
    cmocka_unit_test(scatter_add_sums_in_order_of_position),
    cmocka_unit_test(index_out_of_range_names_value_and_position),
    cmocka_unit_test(index_of_no_positions_gives_empty_and_zero),
    cmocka_unit_test(index_builders_refuse_wrong_shapes),
};

GNDP_TEST_MAIN(tests)
