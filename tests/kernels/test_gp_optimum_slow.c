// SPDX-License-Identifier: Apache-2.0
// Optimum of one-dimensional regression over 4096 functions: numpy's value and the published one.
#include "kernels/gp_optimum.h"

/*
 * Numpy's within 3 standard errors of the difference (3 comparisons: false alarm 0.8 %, at a fixed
 * seed). The published value within 3 of the standard errors that its evaluation has, besides half
 * a unit of its rounding: context sizes drawn once a batch make that 0.011, not the 0.0025 of the
 * functions alone.
 */
static void gp_optimum_of_regression_is_reproduced_over_4096_functions(void **state)
{
    (void)state;
    for (int c = 0; c < 3; c++) {
        const optimum_result r = optimum_measure(optimum_cases[c].kernel, OPTIMUM_FUNCTIONS);
        optimum_print(&optimum_cases[c], r);
        assert_true(r.standard_error < 0.003 && r.published_error < 0.015);
        assert_close(r.mean, optimum_cases[c].numpy,
                     3.0 * hypot(r.standard_error, OPTIMUM_NUMPY_ERROR));
        assert_close(r.mean, optimum_cases[c].published, 3.0 * r.published_error + 0.005);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(gp_optimum_of_regression_is_reproduced_over_4096_functions),
};

GNDP_TEST_MAIN(tests)
