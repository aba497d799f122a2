// SPDX-License-Identifier: Apache-2.0
// Optimum of one-dimensional regression on few functions; test_gp_optimum_slow.c has the full
// number.
#include "kernels/gp_optimum.h"

/* Within 4 standard errors of numpy's value: 3 comparisons, false alarm 2e-4. */
static void gp_optimum_of_regression_is_that_of_numpy(void **state)
{
    (void)state;
    for (int c = 0; c < 3; c++) {
        const optimum_result r = optimum_measure(optimum_cases[c].kernel, 300);
        optimum_print(&optimum_cases[c], r);
        assert_true(r.standard_error < 0.02);
        assert_close(r.mean, optimum_cases[c].numpy,
                     4.0 * hypot(r.standard_error, OPTIMUM_NUMPY_ERROR));
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(gp_optimum_of_regression_is_that_of_numpy),
};

GNDP_TEST_MAIN(tests)
