// SPDX-License-Identifier: Apache-2.0
// Uniforms and normals as samples: moments, distribution, tails and correlations.
#include "support/test_main.h"

#include <math.h>
#include <stdlib.h>

#include <gndp/base.h>

/*
 * Seeds are fixed, so a case that passes keeps passing. Each statistic is held to 5 standard
 * errors, which a right generator would exceed with probability 6e-7 for a seed drawn at random;
 * there are about 100 of them. Kolmogorov's statistic is held to 2.73, probability 2 exp(-2
 * * 2.73^2) = 7e-7.
 */
#define ERRORS 5.0
#define KOLMOGOROV 2.73

enum { n = 1 << 19 };

static double sample[n], second[n];
static float sample32[n];

static void draw(uint64_t key, uint32_t step, uint32_t member, uint32_t stream, double *out)
{
    assert_int_equal(gndp_random_normal_f64(key, step, member, stream, 0, n, out), GNDP_OK);
}

static void check(const char *what, double value, double want, double standard_error)
{
    if (!(fabs(value - want) <= ERRORS * standard_error))
        fail_msg("%s is %.6g, not %.6g: off by %.2f standard errors", what, value, want,
                 (value - want) / standard_error);
}

static double normal_cdf(double x)
{
    return 0.5 * erfc(-x / sqrt(2.0));
}

static double uniform_cdf(double x)
{
    return x;
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* sqrt(n) sup |F_n - F|; sorts x */
static double kolmogorov(double *x, double (*cdf)(double))
{
    double sup = 0.0;
    qsort(x, n, sizeof *x, ascending);
    for (int i = 0; i < n; i++) {
        const double f = cdf(x[i]);
        sup = fmax(sup, fmax(f - (double)i / n, (double)(i + 1) / n - f));
    }
    return sup * sqrt((double)n);
}

/* Moments of N(0, 1): the k-th sample moment has variance (m_2k - m_k^2) / n, with even moments
   1, 3, 15, 105, 945, 10395, 135135. */
static void check_normal_moments(const double *x)
{
    double m[7] = {0};
    for (int i = 0; i < n; i++) {
        double power = 1.0;
        for (int k = 1; k <= 6; k++) {
            power *= x[i];
            m[k] += power / n;
        }
    }
    check("mean", m[1], 0.0, sqrt(1.0 / n));
    check("second moment", m[2], 1.0, sqrt(2.0 / n));
    check("third moment", m[3], 0.0, sqrt(15.0 / n));
    check("fourth moment (kurtosis)", m[4], 3.0, sqrt((105.0 - 9.0) / n));
    check("fifth moment", m[5], 0.0, sqrt(945.0 / n));
    check("sixth moment", m[6], 15.0, sqrt((10395.0 - 225.0) / n));
}

static void normal_moments_are_those_of_the_law(void **state)
{
    (void)state;
    for (uint64_t key = 0; key < 3; key++) {
        draw(key, 0, 0, 0, sample);
        check_normal_moments(sample);
    }
}

static void normal_f32_moments_are_those_of_the_law(void **state)
{
    (void)state;
    assert_int_equal(gndp_random_normal_f32(99, 1, 2, 3, 0, n, sample32), GNDP_OK);
    for (int i = 0; i < n; i++)
        sample[i] = (double)sample32[i];
    check_normal_moments(sample);
}

/* The halves of a pair come by different formulas: each must have the moments by itself. */
static void normal_halves_have_the_moments(void **state)
{
    (void)state;
    draw(4, 0, 0, 0, second);
    for (int half = 0; half < 2; half++) {
        double mean = 0.0, square = 0.0;
        for (int i = half; i < n; i += 2) {
            mean += second[i] / (n / 2);
            square += second[i] * second[i] / (n / 2);
        }
        check("mean of a half", mean, 0.0, sqrt(2.0 / n));
        check("second moment of a half", square, 1.0, sqrt(4.0 / n));
    }
}

static void normal_distribution_passes_kolmogorov(void **state)
{
    (void)state;
    for (uint64_t key = 10; key < 13; key++) {
        draw(key, 5, 1, 0, sample);
        const double d = kolmogorov(sample, normal_cdf);
        if (!(d < KOLMOGOROV))
            fail_msg("sqrt(n) D is %g", d);
        assert_true(d > 0.2); /* nor is it too even, probability below 1e-9 */
    }
}

static void uniform_distribution_passes_kolmogorov(void **state)
{
    (void)state;
    assert_int_equal(gndp_random_uniform_f64(20, 0, 0, 0, 0, n, sample), GNDP_OK);
    double d = kolmogorov(sample, uniform_cdf);
    assert_true(d < KOLMOGOROV && d > 0.2);
    assert_int_equal(gndp_random_uniform_f32(21, 0, 0, 0, 0, n, sample32), GNDP_OK);
    for (int i = 0; i < n; i++)
        sample[i] = (double)sample32[i];
    d = kolmogorov(sample, uniform_cdf); /* the grain of 2^-23 adds at most 724 * 2^-24 */
    assert_true(d < KOLMOGOROV && d > 0.2);
}

static void uniform_moments_are_those_of_the_law(void **state)
{
    double mean = 0.0, square = 0.0;
    (void)state;
    assert_int_equal(gndp_random_uniform_f64(22, 0, 0, 0, 0, n, sample), GNDP_OK);
    for (int i = 0; i < n; i++) {
        const double x = sample[i] - 0.5;
        mean += x / n;
        square += x * x / n;
    }
    check("mean", mean, 0.0, sqrt(1.0 / 12.0 / n));
    check("variance", square, 1.0 / 12.0, sqrt((1.0 / 80.0 - 1.0 / 144.0) / n));
}

/* Counts beyond a point are binomial; 8 draws of n make the far ones frequent enough. */
static void normal_tails_have_their_weight(void **state)
{
    const double points[] = {1.0, 2.0, 3.0, 4.0, 4.5};
    double above[5] = {0}, below[5] = {0};
    const int draws = 8;
    (void)state;
    for (int k = 0; k < draws; k++) {
        draw(30, (uint32_t)k, 0, 0, sample);
        for (int i = 0; i < n; i++)
            for (int p = 0; p < 5; p++) {
                above[p] += sample[i] > points[p];
                below[p] += sample[i] < -points[p];
            }
    }
    for (int p = 0; p < 5; p++) {
        const double expected = (double)n * draws * normal_cdf(-points[p]);
        check("count above", above[p], expected, sqrt(expected));
        check("count below", below[p], expected, sqrt(expected));
    }
}

/* mean of x_i y_(i + lag) for independent x, y has standard error 1 / sqrt(count); of their
   squares, each of variance 2, 2 / sqrt(count). */
static void check_independent(const char *what, const double *x, const double *y, int lag)
{
    double product = 0.0, squares = 0.0;
    const int count = n - lag;
    for (int i = 0; i < count; i++) {
        product += x[i] * y[i + lag] / count;
        squares += (x[i] * x[i] - 1.0) * (y[i + lag] * y[i + lag] - 1.0) / count;
    }
    check(what, product, 0.0, sqrt(1.0 / count));
    check(what, squares, 0.0, 2.0 * sqrt(1.0 / count));
}

static void normals_at_a_lag_are_uncorrelated(void **state)
{
    const int lags[] = {1, 2, 3, 4, 8, 16, 60, 1024};
    (void)state;
    draw(40, 0, 0, 0, sample);
    for (size_t k = 0; k < sizeof lags / sizeof *lags; k++)
        check_independent("correlation at a lag", sample, sample, lags[k]);
}

static void normals_of_neighbouring_counters_are_uncorrelated(void **state)
{
    (void)state;
    draw(50, 0, 0, 0, sample);
    draw(51, 0, 0, 0, second);
    check_independent("correlation of keys", sample, second, 0);
    draw(50 + (UINT64_C(1) << 32), 0, 0, 0, second);
    check_independent("correlation of high words of the key", sample, second, 0);
    draw(50, 1, 0, 0, second);
    check_independent("correlation of steps", sample, second, 0);
    draw(50, 0, 1, 0, second);
    check_independent("correlation of members", sample, second, 0);
    draw(50, 0, 0, GNDP_STREAM(0, 1), second);
    check_independent("correlation of substeps", sample, second, 0);
    draw(50, 0, 0, GNDP_STREAM(1, 0), second);
    check_independent("correlation of streams", sample, second, 0);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(normal_moments_are_those_of_the_law),
    cmocka_unit_test(normal_f32_moments_are_those_of_the_law),
    cmocka_unit_test(normal_halves_have_the_moments),
    cmocka_unit_test(normal_distribution_passes_kolmogorov),
    cmocka_unit_test(uniform_distribution_passes_kolmogorov),
    cmocka_unit_test(uniform_moments_are_those_of_the_law),
    cmocka_unit_test(normal_tails_have_their_weight),
    cmocka_unit_test(normals_at_a_lag_are_uncorrelated),
    cmocka_unit_test(normals_of_neighbouring_counters_are_uncorrelated),
};

GNDP_TEST_MAIN(tests)
