// SPDX-License-Identifier: Apache-2.0
// Series of isotropic kernels on the sphere: the rule and the quadrature give the same
// coefficients, and the roots made of them the kernel.
#include "kernels/sphere_case.h"
#include "kernels/sphere_spectrum.h"

static const char *const ruled[] = {
    "s2_heat(kappa=0.3, variance=1.7)",
    "s2_matern(nu=1.5, kappa=0.1)", /* cut at degree 512 */
    "s2_rbf(lengthscale=0.2, variance=2)",
    "0.5 * (s2_heat(kappa=1) + constant(variance=0.2)) + 2 * s2_rbf(lengthscale=0.7)",
    "s2_heat(kappa=0.5) + white(variance=0.3)",
    "s2_curlfree(s2_heat(kappa=0.4, variance=3))",
    "s2_divfree(s2_rbf(lengthscale=0.5))",
    "s2_hodge(s2_heat(kappa=0.15), curl=0.3, div=0.7)",
    "2 * s2_curlfree(s2_heat(kappa=0.3)) + s2_divfree(s2_rbf(lengthscale=0.6)) + white(variance=1)",
};

/* Quadrature errs by rounding of the values, which the factor 2l + 1 lifts; and what the rule's
 * series keeps beyond the degree where quadrature stops is below that. */
static void quadrature_gives_the_series_of_the_rule(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof ruled / sizeof *ruled; i++) {
        static kernel_series rule;
        covariance cov;
        sphere_coefficients c;
        gndp_kernel *k = kernel_of(ruled[i]);
        assert_int_equal(covariance_create(k, 3, false, 1, &cov), GNDP_OK);
        assert_non_null(cov.series);
        assert_int_equal(cov.series(cov.state, &rule), GNDP_OK);
        assert_int_equal(sphere_quadrature(&cov, &c), GNDP_OK);
        assert_int_equal(c.tangent, cov.outputs == 2);
        for (int l = 0; l < KERNEL_SERIES_MAX; l++) {
            const double bound = 1e-14 * 3.0 * (double)(l + 1), to = 0.5 * l * (l + 1.0);
            const bool there = l <= c.degree;
            if (c.tangent) {
                assert_near(there ? c.coef[2 * l] : 0.0, to * rule.curl[l], bound);
                assert_near(there ? c.coef[2 * l + 1] : 0.0, to * rule.div[l], bound);
            } else {
                assert_near(there ? c.coef[l] : 0.0, rule.scalar[l], bound);
            }
        }
        free(c.coef);
        covariance_free(&cov);
        gndp_kernel_free(k);
    }
}

/* Products and several outputs have no rule; the product of two series has one that the integral of
 * three Legendre functions gives: P_1 P_1 = P_0/3 + 2 P_2/3. */
static void spectrum_falls_back_on_quadrature(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "s2_heat(kappa=0.5) * s2_rbf(lengthscale=0.8)",
        "coregion(s2_heat(kappa=0.3), a=[1, 0.5], rank=1, diagonal=[0.1, 0.3])",
        "constant(variance=2)",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        static kernel_series rule;
        covariance cov;
        sphere_spectrum s;
        gndp_kernel *k = kernel_of(texts[i]);
        assert_int_equal(covariance_create(k, 3, false, 1, &cov), GNDP_OK);
        assert_int_equal(cov.series(cov.state, &rule), GNDP_ERR_UNSUPPORTED);
        assert_int_equal(sphere_spectrum_create(&cov, &s), GNDP_OK);
        assert_false(s.tangent);
        double trace = 0.0;
        const int p = s.outputs;
        for (int64_t j = 0; j < (s.degree + 1) * p * p; j++) { /* tr S S' of every degree */
            trace += s.root[j] * s.root[j] / p;
        }
        assert_near(trace, s.trace, 1e-12);
        assert_near(s.trace, i == 0 ? 1.0 : i == 1 ? 0.5 * (1.1 + 0.55) : 2.0, 1e-12);
        sphere_spectrum_free(&s);
        covariance_free(&cov);
        gndp_kernel_free(k);
    }
}

/* Scalars and tangent fields in one sum: no rule, and not isotropic. */
static void spectrum_refuses_what_is_not_isotropic(void **state)
{
    (void)state;
    static kernel_series rule;
    covariance cov;
    sphere_spectrum s;
    gndp_kernel *k =
        kernel_of("s2_curlfree(s2_heat(kappa=0.4)) + diag(s2_heat(kappa=1), outputs=2)");
    assert_int_equal(covariance_create(k, 3, false, 1, &cov), GNDP_OK);
    assert_int_equal(cov.series(cov.state, &rule), GNDP_ERR_UNSUPPORTED);
    assert_int_equal(sphere_spectrum_create(&cov, &s), GNDP_ERR_UNSUPPORTED);
    assert_null(s.root);
    covariance_free(&cov);
    gndp_kernel_free(k);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(quadrature_gives_the_series_of_the_rule),
    cmocka_unit_test(spectrum_falls_back_on_quadrature),
    cmocka_unit_test(spectrum_refuses_what_is_not_isotropic),
};

GNDP_TEST_MAIN(tests)
