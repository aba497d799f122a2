// SPDX-License-Identifier: Apache-2.0
// Thread counts and flush-to-zero arithmetic.
#include "support/test_main.h"

#include <float.h>

#include <omp.h>

#include "base/error.h"
#include "base/thread.h"

static void threads_set_is_what_get_returns(void **state)
{
    (void)state;
    const int before = gndp_threads_get();
    assert_true(before >= 1);
    assert_int_equal(gndp_threads_set(3), GNDP_OK);
    assert_int_equal(gndp_threads_get(), 3);
    assert_int_equal(gndp_thread_count(), 3);
    assert_int_equal(gndp_threads_set(0), GNDP_OK);
    assert_int_equal(gndp_threads_get(), omp_get_num_procs());
    assert_int_equal(gndp_threads_set(before), GNDP_OK);
}

static void threads_set_refuses_negative_and_absurd(void **state)
{
    (void)state;
    const int before = gndp_threads_get();
    assert_int_equal(gndp_threads_set(-1), GNDP_ERR_RANGE);
    assert_int_equal(gndp_threads_set(1 << 20), GNDP_ERR_RANGE);
    assert_int_equal(gndp_threads_get(), before);
}

static void thread_count_is_one_inside_a_region(void **state)
{
    int inside[2] = {1, 1};
    (void)state;
#pragma omp parallel num_threads(2)
    {
        if (omp_get_num_threads() > 1)
            inside[omp_get_thread_num()] = gndp_thread_count();
    }
    assert_int_equal(inside[0], 1);
    assert_int_equal(inside[1], 1);
}

/* volatile: neither operand nor result may be known to the compiler */
static bool result_is_flushed(void)
{
    volatile double smallest = DBL_MIN, half = 0.5;
    volatile double product = smallest * half;
    return product == 0.0;
}

static bool operand_is_flushed(void)
{
    volatile double subnormal = DBL_MIN / 4.0, large = 0x1p100;
    volatile double product = subnormal * large;
    return product == 0.0;
}

static bool has_switch(void)
{
    const gndp_fp_state saved = gndp_fp_flush_begin();
    const bool flushed = result_is_flushed();
    gndp_fp_flush_end(saved);
    return flushed;
}

static void flush_holds_between_begin_and_end(void **state)
{
    (void)state;
    if (!has_switch())
        skip();
    assert_false(result_is_flushed());
    const gndp_fp_state outer = gndp_fp_flush_begin();
    assert_true(result_is_flushed());
    assert_true(operand_is_flushed());
    const gndp_fp_state inner = gndp_fp_flush_begin();
    gndp_fp_flush_end(inner);
    assert_true(result_is_flushed()); /* pairs nest */
    gndp_fp_flush_end(outer);
    assert_false(result_is_flushed());
    assert_false(operand_is_flushed());
}

static void flush_belongs_to_one_thread(void **state)
{
    bool flushed[2] = {true, false}, after[2] = {false, false};
    int threads = 1;
    (void)state;
    if (!has_switch())
        skip();
#pragma omp parallel num_threads(2)
    {
        const int k = omp_get_thread_num();
        if (k == 0) {
            threads = omp_get_num_threads();
            const gndp_fp_state saved = gndp_fp_flush_begin();
#pragma omp barrier
            flushed[0] = result_is_flushed();
#pragma omp barrier
            gndp_fp_flush_end(saved);
        } else {
#pragma omp barrier
            flushed[1] = result_is_flushed();
#pragma omp barrier
        }
        after[k] = result_is_flushed();
    }
    assert_true(flushed[0]);
    if (threads > 1)
        assert_false(flushed[1]);
    assert_false(after[0]);
    assert_false(after[1]);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(threads_set_is_what_get_returns),
    cmocka_unit_test(threads_set_refuses_negative_and_absurd),
    cmocka_unit_test(thread_count_is_one_inside_a_region),
    cmocka_unit_test(flush_holds_between_begin_and_end),
    cmocka_unit_test(flush_belongs_to_one_thread),
};

GNDP_TEST_MAIN(tests)
