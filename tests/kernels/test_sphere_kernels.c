// SPDX-License-Identifier: Apache-2.0
// Isotropic scalar kernels on the sphere: spectra, limits, invariance (geomndp.md 9.4).
#include "kernels/sphere_case.h"

/* --------------------------------------------------------------------------------- scalar kernels
 */

static const char *const scalars[] = {
    "s2_heat(kappa=0.3, variance=1.7)",    "s2_matern(nu=2.5, kappa=0.4, variance=0.6)",
    "s2_rbf(lengthscale=0.4, variance=2)", "0.5 * s2_heat(kappa=1) + constant(variance=0.2)",
    "s2_matern(nu=0.5, kappa=1.5)",
};
enum { SCALARS = sizeof scalars / sizeof *scalars };

/* The Gram equals the series that structure.h gives, with coefficients that are not negative and
   sum to the variance (P_l(1) = 1). */
static void gram_is_a_legendre_series(void **state)
{
    (void)state;
    enum { N = 8 };
    double *x = directions(N, 40);
    memcpy(x + 3, x, 3 * sizeof *x);
    for (int j = 0; j < 3; j++) {
        x[6 + j] = -x[j]; /* opposite */
    }
    for (int i = 0; i < SCALARS; i++) {
        static kernel_series s;
        gndp_kernel *k = kernel_of(scalars[i]);
        double *gram = gram_of(k, N, N, 3, x, NULL), sum = 0.0;
        assert_int_equal(kernel_find_series(k, &s), GNDP_OK);
        for (int l = 0; l < s.terms; l++) {
            assert_true(s.scalar[l] >= 0.0 && s.curl[l] == 0.0 && s.div[l] == 0.0);
            sum += s.scalar[l];
        }
        for (int j = 0; j < N * N; j++) {
            double want[3];
            series_at(s.terms, s.scalar, dot(x + j / N * 3, x + j % N * 3), want);
            assert_near(gram[j], want[0], 1e-12);
        }
        assert_near(gram[0], sum, 1e-13);
        free(gram);
        gndp_kernel_free(k);
    }
    free(x);
}

/* The spectra of 9.4 up to their common factor: a_l/a_0. */
static void spectra_are_heat_and_matern(void **state)
{
    (void)state;
    static kernel_series s;
    gndp_kernel *heat = kernel_of("s2_heat(kappa=0.3)"),
                *matern = kernel_of("s2_matern(nu=1.5, kappa=0.3)");
    for (int l = 0; l < 20; l++) {
        const double d = (double)l, e = d * (d + 1.0);
        assert_int_equal(kernel_find_series(heat, &s), GNDP_OK);
        assert_near(s.scalar[l] / s.scalar[0], (2.0 * d + 1.0) * exp(-0.5 * 0.09 * e), 1e-12);
        assert_int_equal(kernel_find_series(matern, &s), GNDP_OK);
        const double want = (2.0 * d + 1.0) * pow((3.0 / 0.09 + e) / (3.0 / 0.09), -2.5);
        assert_near(s.scalar[l] / s.scalar[0], want, 1e-12);
    }
    assert_true(gndp_kernel_get_info(heat).series_tail == 0.0);
    /* the rest above degree 512: the integral estimate of 9.4 */
    const double rest = pow(1.0 + 0.09 * 512.0 * 513.0 / 3.0, -1.5);
    assert_near(gndp_kernel_get_info(matern).series_tail / rest, 1.0, 1e-10);
    assert_int_equal(gndp_kernel_get_info(matern).degree, 512);
    gndp_kernel_free(heat);
    gndp_kernel_free(matern);
}

/* The truncated rest is what the estimate says, within the step of the sum: sums to 512 and 200000.
 */
static void tail_estimate_is_the_rest_of_the_sum(void **state)
{
    (void)state;
    double below = 0.0, above = 0.0;
    for (int l = 200000; l >= 0; l--) {
        const double d = (double)l,
                     a = (2.0 * d + 1.0) * pow(1.0 + 0.01 * d * (d + 1.0) / 3.0, -2.5);
        *(l > 512 ? &above : &below) += a;
    }
    gndp_kernel *k = kernel_of("s2_matern(nu=1.5, kappa=0.1)");
    assert_near(gndp_kernel_get_info(k).series_tail / (above / (above + below)), 1.0, 0.02);
    gndp_kernel_free(k);
}

static void scalars_are_invariant_covariances(void **state)
{
    (void)state;
    enum { N = 30 };
    double q[9], *x = directions(N, 41);
    orthogonal(3, 42, q);
    double *y = moved(N, 3, x, q, 0.0);
    for (int i = 0; i < SCALARS; i++) {
        double *a = gram_of_text(scalars[i], N, N, 3, x, NULL),
               *b = gram_of_text(scalars[i], N, N, 3, y, NULL);
        assert_covariance(scalars[i], N, a);
        assert_near(largest_difference(N * N, a, b), 0.0, 1e-12);
        free(a), free(b);
    }
    free(x), free(y);
}

/* Largest difference to the kernel of R^n in angles 0..2 kappa from a point of the equator. */
static double from_limit(const char *form, double kappa, const char *flat_form)
{
    enum { N = 9 };
    char text[100], flat[100];
    double x[3] = {1.0, 0.0, 0.0}, z[3 * N], angle[N], zero = 0.0;
    snprintf(text, sizeof text, form, kappa);
    snprintf(flat, sizeof flat, flat_form, kappa);
    for (int i = 0; i < N; i++) {
        angle[i] = 0.25 * (double)i * kappa;
        z[3 * i] = cos(angle[i]), z[3 * i + 1] = sin(angle[i]), z[3 * i + 2] = 0.0;
    }
    double *a = gram_of_text(text, 1, N, 3, x, z), *b = gram_of_text(flat, 1, N, 1, &zero, angle);
    const double most = largest_difference(N, a, b);
    free(a), free(b);
    return most;
}

/* kappa -> 0: the curvature correction falls as kappa^2. Halving kappa quarters it, within a fifth.
 */
static void kernels_tend_to_those_of_the_plane(void **state)
{
    (void)state;
    static const char *const pair[][2] = {
        {"s2_heat(kappa=%g)", "rbf(lengthscale=%g)"},
        {"s2_rbf(lengthscale=%g)", "rbf(lengthscale=%g)"},
        {"s2_matern(nu=2.5, kappa=%g)", "matern52(lengthscale=%g)"},
    };
    for (int i = 0; i < 3; i++) {
        const double coarse = from_limit(pair[i][0], 0.2, pair[i][1]),
                     fine = from_limit(pair[i][0], 0.1, pair[i][1]);
        assert_true(fine < 2e-3);
        assert_true(fine / coarse > 0.2 && fine / coarse < 0.3);
    }
    /* nu = 3/2 falls more slowly and its tail at 512 is 4e-5 by then */
    assert_true(from_limit("s2_matern(nu=1.5, kappa=%g)", 0.1, "matern32(lengthscale=%g)") < 2e-3);
}

/* See test_gram.c for the tolerance; x moves off the sphere, which changes nothing. With parameters
   as nodes all 513 terms are summed, without only those needed: the same to rounding. The last of
   the scalars is left out: degree 512 is still strong in it, too short a wave for the step. */
static void gradients_agree_with_differences(void **state)
{
    (void)state;
    enum { N = 4, M = 3 };
    double *x = directions(N, 55), *z = directions(M, 56);
    for (int i = 0; i < SCALARS - 1; i++) {
        check_gradients(scalars[i], N, M, 3, x, z, 1e-7);
    }
    check_gradients("on(s2_heat(kappa=0.5), axes=[0, 1, 2]) * "
                    "on(rbf(lengthscale=[2, 0.7, 1]), axes=[2, 1, 0])",
                    N, M, 3, x, z, 1e-7);
    free(x), free(z);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(gram_is_a_legendre_series),
    cmocka_unit_test(spectra_are_heat_and_matern),
    cmocka_unit_test(tail_estimate_is_the_rest_of_the_sum),
    cmocka_unit_test(scalars_are_invariant_covariances),
    cmocka_unit_test(kernels_tend_to_those_of_the_plane),
    cmocka_unit_test(gradients_agree_with_differences),
};
GNDP_TEST_MAIN(tests)
