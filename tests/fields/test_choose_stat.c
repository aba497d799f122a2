// SPDX-License-Identifier: Apache-2.0
// Each ordered choice is equally likely: chi-square tests, each with a false-alarm rate of 1e-6.
#include "fields/check.h"

#include <gndp/prepare.h>

/* Counts of all the ordered choices of m from n, over `draws` steps. */
static double chi_square(int64_t n, int64_t m, int64_t choices, int64_t draws)
{
    double *count = calloc((size_t)choices, sizeof *count), sum = 0.0;
    assert_non_null(count);
    for (int64_t d = 0; d < draws; d++) {
        int64_t number[8], code = 0;
        assert_ok(gndp_choose(2024, (uint32_t)d, 1, 2, n, m, number));
        for (int64_t i = 0; i < m; i++) { /* rank among the numbers not yet drawn */
            int64_t rank = number[i];
            for (int64_t j = 0; j < i; j++)
                rank -= number[j] < number[i];
            code = code * (n - i) + rank;
        }
        count[code] += 1.0;
    }
    const double want = (double)draws / (double)choices;
    for (int64_t c = 0; c < choices; c++)
        sum += (count[c] - want) * (count[c] - want) / want;
    free(count);
    return sum;
}

/* The limits are scipy.stats.chi2.isf(1e-6, choices - 1). */
static void choose_makes_each_ordered_choice_equally_likely(void **state)
{
    (void)state;
    assert_true(chi_square(5, 3, 60, 60000) < 125.66);   /* whole array */
    assert_true(chi_square(13, 2, 156, 156000) < 253.5); /* sparse */
    assert_true(chi_square(3, 3, 6, 30000) < 35.88);
}

/* 2^64 is 2 2/3 times this range: the remainder alone would draw from the lower 2/3 with 3/4
 * instead. */
static void choose_has_no_bias_in_large_ranges(void **state)
{
    (void)state;
    enum { DRAWS = 5000 };
    const int64_t n = INT64_C(3) << 61;
    double lower = 0.0;
    for (uint32_t d = 0; d < DRAWS; d++) {
        int64_t a;
        assert_ok(gndp_choose(6, d, 0, 2, n, 1, &a));
        lower += a < n / 3 * 2;
    }
    /* five standard errors, 3.3 %: false alarms 6e-7; the bias is 8.3 % */
    assert_near(lower / DRAWS, 2.0 / 3.0, 5.0 * sqrt(2.0 / 9.0 / DRAWS));
}

/* Members and steps give independent draws: the pair of first numbers of two members is uniform,
 * too. */
static void choose_is_independent_between_members(void **state)
{
    (void)state;
    double count[100] = {0}, sum = 0.0;
    enum { DRAWS = 50000 };
    for (uint32_t d = 0; d < DRAWS; d++) {
        int64_t a, b;
        assert_ok(gndp_choose(5, 3, d, 2, 10, 1, &a));
        assert_ok(gndp_choose(5, 3, d + 1, 2, 10, 1, &b));
        count[a * 10 + b] += 1.0;
    }
    for (int c = 0; c < 100; c++)
        sum += (count[c] - DRAWS / 100.0) * (count[c] - DRAWS / 100.0) / (DRAWS / 100.0);
    assert_true(sum < 180.79);
}

/* The number of context points is uniform between its bounds. */
static void task_counts_are_uniform(void **state)
{
    (void)state;
    double count[20] = {0}, sum = 0.0;
    enum { DRAWS = 40000 };
    const gndp_task_options options = {1, 20, 0, 0};
    for (uint32_t d = 0; d < DRAWS; d++) {
        int64_t order[20], context, target;
        assert_ok(gndp_task_draw(&options, 3, d, 0, 20, order, &context, &target));
        assert_int_equal(target, 0);
        count[context - 1] += 1.0;
    }
    for (int c = 0; c < 20; c++)
        sum += (count[c] - DRAWS / 20.0) * (count[c] - DRAWS / 20.0) / (DRAWS / 20.0);
    assert_true(sum < 63.67);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(choose_makes_each_ordered_choice_equally_likely),
    cmocka_unit_test(choose_has_no_bias_in_large_ranges),
    cmocka_unit_test(choose_is_independent_between_members),
    cmocka_unit_test(task_counts_are_uniform),
};

GNDP_TEST_MAIN(tests)
