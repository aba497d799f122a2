// SPDX-License-Identifier: Apache-2.0
// Posteriors and evidences against scikit-learn on shared random data (make_sklearn.py wrote the
// values), one of the points twice.
#include "kernels/gp_case.h"
#include "kernels/sklearn_values.h"

#include <stdio.h>

#define TOLERANCE 1e-8

enum { CASES = sizeof sklearn_gps / sizeof *sklearn_gps };

/* The kernel's noise as white(..) of the kernel, or as noise of the observations. */
static void compare(const sklearn_gp *want, bool white)
{
    enum { N = SKLEARN_N, M = SKLEARN_M };
    char text[256];
    double noise[N], mean[M], variance[M], covariance[M * M];
    const double *x = want->dim == 1 ? sklearn_x1 : sklearn_x2;
    const double *z = want->dim == 1 ? sklearn_z1 : sklearn_z2;
    snprintf(text, sizeof text, white ? "%s + white(variance=%.17g)" : "%s", want->text,
             want->noise);
    for (int i = 0; i < N; i++) {
        noise[i] = sklearn_noise[i] + (white ? 0.0 : want->noise);
    }
    gndp_gp *gp = condition(text, data_of(x, N, want->dim, sklearn_y, noise));
    const gndp_array targets = at(z, M, want->dim);
    assert_close(gndp_gp_log_marginal(gp), want->log_marginal, TOLERANCE);
    must(gndp_gp_predict(gp, &targets, false, mean, variance, covariance));
    for (int i = 0; i < M; i++) {
        assert_close(mean[i], want->mean[i], TOLERANCE);
        assert_close(sqrt(variance[i]), want->sd[i], TOLERANCE);
        for (int j = 0; j < M; j++) {
            assert_close(covariance[i * M + j], want->covariance[i * M + j], TOLERANCE);
        }
    }
    gndp_gp_free(gp);
}

static void gp_agrees_with_scikit_learn(void **state)
{
    (void)state;
    assert_true(CASES >= 6);
    for (int c = 0; c < CASES; c++) {
        compare(&sklearn_gps[c], true);
        compare(&sklearn_gps[c], false);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(gp_agrees_with_scikit_learn),
};

GNDP_TEST_MAIN(tests)
