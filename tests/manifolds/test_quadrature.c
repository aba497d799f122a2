// SPDX-License-Identifier: Apache-2.0
// Quadrature on S²: exact for harmonics up to its degree, mass of the heat kernel and of von Mises-Fisher laws; density estimates with the latter.
#include "manifolds/manifold_case.h"

/* The sum over the points of P_k(a.x) P_l(b.x) is 4 pi/(2l + 1) P_l(a.b) for k = l, else 0 (addition theorem), as long as k + l <= 2 n - 1. */
static void quadrature_is_exact_for_harmonics(void **state)
{
    (void)state;
    enum { MAX = 20 };
    static double x[2 * MAX * MAX * 3], w[2 * MAX * MAX];
    const int sizes[] = {1, 2, 3, 7, MAX};
    for (int s = 0; s < 5; s++) {
        const int n = sizes[s], count = 2 * n * n;
        double a[3], b[3], total = 0.0;
        gndp_sphere_quadrature(n, x, w);
        for (int i = 0; i < count; i++) {
            assert_near(dot(3, x + 3 * i, x + 3 * i), 1.0, 1e-15);
            assert_true(w[i] > 0.0);
            total += w[i];
        }
        assert_near(total, 4.0 * PI, 2e-13);
        assert_ok(gndp_sphere_uniform(3, 1, (gndp_sphere_key){.seed = 1}, a));
        assert_ok(gndp_sphere_uniform(3, 1, (gndp_sphere_key){.seed = 2}, b));
        for (int k = 0; k <= 2 * n - 1; k++) {
            for (int l = 0; k + l <= 2 * n - 1; l++) {
                double sum = 0.0;
                for (int i = 0; i < count; i++) {
                    sum += w[i] * legendre(k, dot(3, a, x + 3 * i)) * legendre(l, dot(3, b, x + 3 * i));
                }
                assert_near(sum, k == l ? 4.0 * PI / (2 * l + 1) * legendre(l, dot(3, a, b)) : 0.0, 1e-13);
            }
        }
    }
}

/* Degrees above 2 n - 1 of the integrands: exp(-l(l+1) tau) below 1e-30 for tau >= 0.02; I_l(kappa) likewise for kappa <= 50. */
static void densities_integrate_to_one(void **state)
{
    (void)state;
    enum { N = 40 };
    static double x[2 * N * N * 3], w[2 * N * N];
    double pole[3];
    gndp_sphere_quadrature(N, x, w);
    assert_ok(gndp_sphere_uniform(3, 1, (gndp_sphere_key){.seed = 3}, pole));
    for (double tau = 0.02; tau < 12.0; tau *= 1.5) {
        double sum = 0.0, first = 0.0;
        for (int i = 0; i < 2 * N * N; i++) {
            const double p = w[i] * exp(gndp_heat_score(tau, pole, x + 3 * i, NULL));
            sum += p;
            first += p * dot(3, pole, x + 3 * i);
        }
        const double allowed = tau < 0.05 ? 0.1 * tau * tau : 1e-9; /* the expansion's next order; the change of branch at exp(-25) */
        assert_near(sum, 1.0, allowed);
        assert_near(first, exp(-2.0 * tau), allowed);
    }
    for (double kappa = 0.0; kappa < 50.0; kappa = 2.0 * kappa + 1e-3) {
        double sum = 0.0, first = 0.0;
        for (int i = 0; i < 2 * N * N; i++) {
            const double c = dot(3, pole, x + 3 * i), p = w[i] * exp(gndp_von_mises_fisher_log_density(kappa, c));
            sum += p;
            first += p * c;
        }
        assert_near(sum, 1.0, 1e-13);
        assert_near(first, kappa > 0.1 ? 1.0 / tanh(kappa) - 1.0 / kappa : kappa / 3.0 - kappa * kappa * kappa / 45.0 + 2.0 / 945.0 * pow(kappa, 5.0), 1e-10);
    }
    /* no overflow; ln kappa/(2 pi) at the centre */
    assert_near(gndp_von_mises_fisher_log_density(1e8, 1.0), log(1e8 / (2.0 * PI)), 1e-14);
    assert_near(gndp_von_mises_fisher_log_density(0.0, 0.3), -log(4.0 * PI), 1e-15);
    assert_true(isfinite(gndp_von_mises_fisher_log_density(1e8, -1.0)));
}

static void kde_is_the_mean_of_its_kernels(void **state)
{
    (void)state;
    enum { N = 150 };
    static double x[N * 3], log_p[N], again[N];
    const int threads = gndp_threads_get();
    assert_ok(gndp_sphere_uniform(3, N, (gndp_sphere_key){.seed = 4}, x));
    for (int skip = 0; skip < 2; skip++) {
        for (double kappa = 0.1; kappa < 1e5; kappa *= 10.0) {
            assert_ok(gndp_threads_set(1));
            gndp_von_mises_fisher_kde(kappa, N, x, N, x, skip == 1, log_p);
            assert_ok(gndp_threads_set(3));
            gndp_von_mises_fisher_kde(kappa, N, x, N, x, skip == 1, again);
            assert_memory_equal(log_p, again, sizeof log_p);
            for (int i = 0; i < N && kappa < 600.0; i++) {
                double sum = 0.0;
                for (int k = 0; k < N; k++) {
                    sum += skip == 1 && k == i ? 0.0 : exp(gndp_von_mises_fisher_log_density(kappa, dot(3, x + 3 * i, x + 3 * k)));
                }
                assert_near(log_p[i], log(sum / (N - skip)), 1e-11);
            }
            for (int i = 0; i < N; i++) {
                assert_true(isfinite(log_p[i]));
            }
        }
    }
    assert_ok(gndp_threads_set(threads));
    gndp_von_mises_fisher_kde(5.0, 1, x, 1, x, true, log_p); /* nothing left */
    assert_true(isinf(log_p[0]) && log_p[0] < 0.0);
}

static double likelihood(double kappa, int64_t n, const double *x, double *log_p)
{
    double sum = 0.0;
    gndp_von_mises_fisher_kde(kappa, n, x, n, x, true, log_p);
    for (int64_t i = 0; i < n; i++) {
        sum += log_p[i] / (double)n;
    }
    return sum;
}

static void fit_finds_the_best_concentration(void **state)
{
    (void)state;
    enum { N = 400 };
    static double x[N * 3], pole[N * 3], tau[N], log_p[N];
    for (int i = 0; i < N; i++) {
        pole[3 * i + 2] = 1.0;
        tau[i] = 0.02;
    }
    assert_ok(gndp_sphere_heat_draw(3, N, tau, pole, (gndp_sphere_key){.seed = 5}, x));
    const double kappa = gndp_von_mises_fisher_fit(N, x, 0.1, 1e5), best = likelihood(kappa, N, x, log_p);
    assert_true(kappa > 25.0 && kappa < 2500.0); /* kernels narrower than the data, 1/(2 tau), wider than the spacing */
    for (double other = 0.1; other < 1e5; other *= 1.2) {
        assert_true(best >= likelihood(other, N, x, log_p) - 1e-7);
    }
    assert_near(gndp_von_mises_fisher_fit(N, x, 0.1, 2.0), 2.0, 0.0);   /* rises up to its end */
    assert_near(gndp_von_mises_fisher_fit(N, x, 1e4, 1e5), 1e4, 0.0);   /* falls from its beginning */
    for (int i = 0; i < N; i += 2) {
        memcpy(x + 3 * i + 3, x + 3 * i, 3 * sizeof *x);
    }
    assert_near(gndp_von_mises_fisher_fit(N, x, 0.1, 1e8), 1e8, 0.0); /* every place twice: unbounded */
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(quadrature_is_exact_for_harmonics),
    cmocka_unit_test(densities_integrate_to_one),
    cmocka_unit_test(kde_is_the_mean_of_its_kernels),
    cmocka_unit_test(fit_finds_the_best_concentration),
};
GNDP_TEST_MAIN(tests)
