// SPDX-License-Identifier: Apache-2.0
// Random subsets: different numbers, the same again, prefixes of permutations, tasks within their
// bounds.
#include "fields/check.h"

#include <gndp/prepare.h>

static int compare(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static void assert_different(int64_t n, int64_t m, const int64_t *number)
{
    int64_t *sorted = malloc((size_t)(m + 1) * sizeof *sorted);
    memcpy(sorted, number, (size_t)m * sizeof *sorted);
    qsort(sorted, (size_t)m, sizeof *sorted, compare);
    for (int64_t i = 0; i < m; i++) {
        assert_true(sorted[i] >= 0 && sorted[i] < n);
        if (i > 0)
            assert_true(sorted[i] > sorted[i - 1]);
    }
    free(sorted);
}

/* Every m gives the beginning of the one permutation, whichever way it is stored. */
static void choose_is_a_prefix_of_a_permutation(void **state)
{
    (void)state;
    static int64_t all[5000], some[5000];
    const int64_t sizes[] = {1, 2, 3, 7, 64, 1000, 5000};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        const int64_t n = sizes[s];
        for (uint32_t step = 0; step < 3; step++) {
            assert_ok(gndp_choose(9, step, 4, 5, n, n, all));
            assert_different(n, n, all);
            for (int64_t m = 0; m <= n; m = m < 20 ? m + 1 : m * 3 / 2) {
                assert_ok(gndp_choose(9, step, 4, 5, n, m, some));
                assert_memory_equal(some, all, (size_t)m * sizeof *all);
            }
        }
    }
}

/* A few of very many: the memory is that of the few. */
static void choose_from_a_huge_range(void **state)
{
    (void)state;
    static int64_t number[1000];
    const int64_t n = INT64_MAX;
    assert_ok(gndp_choose(1, 2, 3, 4, n, 1000, number));
    assert_different(n, 1000, number);
    double mean = 0.0;
    for (int i = 0; i < 1000; i++)
        mean += (double)number[i] / (double)n / 1000.0;
    assert_near(mean, 0.5, 5.0 * sqrt(1.0 / 12.0 / 1000.0)); /* five standard errors */
    assert_ok(gndp_choose(1, 2, 3, 4, INT64_C(1) << 40, 1000, number));
    assert_different(INT64_C(1) << 40, 1000, number);
}

static void choose_depends_on_each_of_its_numbers(void **state)
{
    (void)state;
    int64_t a[50], b[50];
    assert_ok(gndp_choose(1, 2, 3, 4, 1000, 50, a));
    assert_ok(gndp_choose(1, 2, 3, 4, 1000, 50, b));
    assert_memory_equal(a, b, sizeof a);
    const struct {
        uint64_t seed;
        uint32_t step, member, stream;
    } other[] = {
        {2, 2, 3, 4}, {1 + (UINT64_C(1) << 32), 2, 3, 4}, {1, 3, 3, 4}, {1, 2, 4, 4}, {1, 2, 3, 5}};
    for (size_t i = 0; i < sizeof other / sizeof *other; i++) {
        assert_ok(gndp_choose(other[i].seed, other[i].step, other[i].member, other[i].stream, 1000,
                              50, b));
        assert_memory_not_equal(a, b, sizeof a);
    }
}

static void choose_refuses_misuse(void **state)
{
    (void)state;
    int64_t out[4];
    assert_fails(gndp_choose(0, 0, 0, 0, 3, 4, out), GNDP_ERR_RANGE, "4 different numbers of 3");
    assert_fails(gndp_choose(0, 0, 0, 0, 3, -1, out), GNDP_ERR_RANGE, "-1 different numbers");
    assert_fails(gndp_choose(0, 0, 0, 0, -1, 0, out), GNDP_ERR_RANGE, "of -1");
    assert_fails(gndp_choose(0, 0, 0, 0, INT64_MAX, INT64_C(1) << 40, out), GNDP_ERR_RANGE, "2^32");
    assert_fails(gndp_choose(0, 0, 0, 0, 3, 2, NULL), GNDP_ERR_ARG, "out");
    assert_ok(gndp_choose(0, 0, 0, 0, 0, 0, NULL));
}

static void task_counts_stay_in_their_bounds_and_reach_them(void **state)
{
    (void)state;
    enum { COUNT = 40 };
    const gndp_task_options rest = {3, 9, -1, -1}, some = {0, 4, 2, 5};
    bool seen_context[10] = {false}, seen_target[6] = {false};
    int64_t order[COUNT], again[COUNT], context = 0, target = 0, c2 = 0, t2 = 0;
    for (uint32_t step = 0; step < 500; step++) {
        assert_ok(gndp_task_draw(&rest, 7, step, 1, COUNT, order, &context, &target));
        assert_true(context >= 3 && context <= 9);
        assert_int_equal(context + target, COUNT);
        assert_different(COUNT, COUNT, order);
        seen_context[context] = true;
        assert_ok(gndp_task_draw(&rest, 7, step, 1, COUNT, again, &c2, &t2));
        assert_memory_equal(order, again, sizeof order);
        assert_ok(gndp_task_draw(&some, 7, step, 1, COUNT, order, &context, &target));
        assert_true(context >= 0 && context <= 4 && target >= 2 && target <= 5);
        assert_different(COUNT, context + target, order);
        seen_target[target] = true;
    }
    for (int i = 3; i <= 9; i++)
        assert_true(seen_context[i]);
    for (int i = 2; i <= 5; i++)
        assert_true(seen_target[i]);
    const gndp_task_options all = {COUNT, COUNT, -1, -1};
    assert_ok(gndp_task_draw(&all, 7, 0, 0, COUNT, order, &context, &target));
    assert_int_equal(context, COUNT);
    assert_int_equal(target, 0);
}

static void task_refuses_misuse(void **state)
{
    (void)state;
    int64_t order[10], c = 0, t = 0;
    const gndp_task_options bad[] = {{-1, 3, -1, -1}, {4, 3, -1, -1}, {0, 11, -1, -1}, {0, 6, 0, 5},
                                     {0, 6, 3, 2},    {0, 3, -1, 4},  {0, 3, -2, -2}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_fails(gndp_task_draw(&bad[i], 0, 0, 0, 10, order, &c, &t), GNDP_ERR_RANGE, "of 10");
    assert_fails(gndp_task_draw(NULL, 0, 0, 0, 10, order, &c, &t), GNDP_ERR_ARG, "NULL");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(choose_is_a_prefix_of_a_permutation),
    cmocka_unit_test(choose_from_a_huge_range),
    cmocka_unit_test(choose_depends_on_each_of_its_numbers),
    cmocka_unit_test(choose_refuses_misuse),
    cmocka_unit_test(task_counts_stay_in_their_bounds_and_reach_them),
    cmocka_unit_test(task_refuses_misuse),
};

GNDP_TEST_MAIN(tests)
