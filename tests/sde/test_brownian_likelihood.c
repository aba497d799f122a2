// SPDX-License-Identifier: Apache-2.0
// Log-densities of mixtures of heat kernels by the probability flow, against the closed form.
#include "sde/brownian_case.h"

enum { BATCH = 8 };

static gndp_likelihood_options with(gndp_ode_solver solver, int64_t steps)
{
    gndp_likelihood_options o = gndp_likelihood_options_default();
    o.solver = solver, o.steps = steps;
    return o;
}

/*
 * On a sphere alone, and beside Euclidean components; one point and three. B(t1) = 20 leaves exp(-10) of a Euclidean mean, so that the
 * limit is the law at t1 to 1e-4.
 */
static void flow_gives_the_density_of_the_mixture(void **state)
{
    (void)state;
    for (int q = 0; q < 4; q++) {
        const int64_t points = q / 2 == 0 ? 1 : 3;
        mixture m = new_mixture(q % 2 == 0 ? sphere_alone() : sphere_between(), 3, points, 0.06, 20.0, 50 + q, BATCH);
        double *y = mixture_data(&m, 8, BATCH), rk4[BATCH], adaptive[BATCH];
        const gndp_likelihood_options steps = with(GNDP_ODE_RK4, 100), own = with(GNDP_ODE_ADAPTIVE, 100);
        assert_ok(gndp_brownian_log_likelihood(m.ev, &m.process, &steps, 1e-6, 0, NULL, BATCH, NULL, y, rk4, NULL));
        assert_ok(gndp_brownian_log_likelihood(m.ev, &m.process, &own, 1e-6, 0, NULL, BATCH, NULL, y, adaptive, NULL));
        for (int r = 0; r < BATCH; r++) {
            const double wanted = mixture_log_density(&m, m.process.schedule.t0, y + r * points * m.process.layout.components);
            assert_near(rk4[r], wanted, 1e-3);
            assert_near(adaptive[r], wanted, 1e-3);
        }
        free(y);
        free_mixture(&m);
    }
}

/* With the exact density at t1 only the steps err: order 4 of them. */
static void steps_err_by_their_fourth_power(void **state)
{
    (void)state;
    mixture m = new_mixture(sphere_alone(), 2, 1, 0.06, 10.0, 60, BATCH);
    double *y = mixture_data(&m, 9, BATCH), log_p[BATCH], latent[3 * BATCH], error[2] = {0};
    for (int h = 0; h < 2; h++) {
        gndp_likelihood_options o = with(GNDP_ODE_RK4, h == 0 ? 20 : 40);
        o.exact_terminal = true;
        assert_ok(gndp_brownian_log_likelihood(m.ev, &m.process, &o, 1e-4, 0, NULL, BATCH, NULL, y, log_p, latent));
        for (int r = 0; r < BATCH; r++) {
            const double wanted = mixture_log_density(&m, m.process.schedule.t0, y + 3 * r);
            const double got = log_p[r] + mixture_log_density(&m, m.process.schedule.t1, latent + 3 * r);
            assert_near(dot3(latent + 3 * r, latent + 3 * r), 1.0, 1e-14);
            error[h] = fmax(error[h], fabs(got - wanted));
        }
    }
    assert_true(error[1] < 1e-4);
    assert_true(error[0] / error[1] > 10.0);
    free(y);
    free_mixture(&m);
}

/* One point: the density integrates to 1 over the sphere; quadrature of degree 31 for kernels that fall as exp(-l(l+1)/10). */
static void density_integrates_to_one(void **state)
{
    (void)state;
    enum { N = 16, COUNT = 2 * N * N };
    mixture m = new_mixture(sphere_alone(), 2, 1, 0.1, 10.0, 61, 64);
    double *x = new_values(3 * COUNT), *weight = new_values(COUNT), *log_p = new_values(COUNT), sum = 0.0;
    const gndp_likelihood_options o = with(GNDP_ODE_RK4, 40);
    gndp_sphere_quadrature(N, x, weight);
    assert_ok(gndp_brownian_log_likelihood(m.ev, &m.process, &o, 1e-6, 0, NULL, COUNT, NULL, x, log_p, NULL));
    for (int i = 0; i < COUNT; i++) {
        sum += weight[i] * exp(log_p[i]);
    }
    assert_near(sum, 1.0, 1e-3);
    free(x), free(weight), free(log_p);
    free_mixture(&m);
}

/* The mean over 256 members of one field each with 4 probes of its own, at 5 standard errors: once in 1.7 million seeds for each kind. */
static void probes_estimate_the_density(void **state)
{
    (void)state;
    enum { N = 256 };
    mixture m = new_mixture(sphere_between(), 2, 2, 0.06, 10.0, 62, 64);
    double *data = mixture_data(&m, 3, 1), *y = new_values(10 * N), log_p[N];
    for (int r = 0; r < N; r++) {
        memcpy(y + 10 * r, data, 10 * sizeof *y);
    }
    gndp_likelihood_options o = with(GNDP_ODE_RK4, 25);
    double exact;
    assert_ok(gndp_brownian_log_likelihood(m.ev, &m.process, &o, 1e-4, 0, NULL, 1, NULL, y, &exact, NULL));
    o.probes = 4;
    for (int kind = 0; kind < 2; kind++) {
        double sum = 0.0, square = 0.0;
        o.gaussian_probes = kind == 1;
        assert_ok(gndp_brownian_log_likelihood(m.ev, &m.process, &o, 1e-4, 0, NULL, N, NULL, y, log_p, NULL));
        for (int r = 0; r < N; r++) {
            sum += (log_p[r] - exact) / N, square += (log_p[r] - exact) * (log_p[r] - exact) / N;
        }
        assert_true(square > 0.0);
        assert_near(sum, 0.0, 5.0 * sqrt((square - sum * sum) / N));
    }
    free(data), free(y);
    free_mixture(&m);
}

/* ln p(y_1 | y_0) = ln p(y_0, y_1) - ln p(y_0), all in closed form. */
static void known_points_give_the_conditional_density(void **state)
{
    (void)state;
    mixture m = new_mixture(sphere_between(), 3, 2, 0.06, 20.0, 63, BATCH);
    double *y = mixture_data(&m, 4, BATCH), log_p[BATCH], latent[10 * BATCH], first[15];
    const int64_t known = 0;
    const double t0 = m.process.schedule.t0;
    const gndp_likelihood_options o = with(GNDP_ODE_RK4, 60);
    for (int k = 0; k < 3; k++) {
        memcpy(first + 5 * k, m.centre + 10 * k, 5 * sizeof *first);
    }
    assert_ok(gndp_brownian_log_likelihood(m.ev, &m.process, &o, 1e-6, 1, &known, BATCH, NULL, y, log_p, latent));
    for (int r = 0; r < BATCH; r++) {
        const double wanted = mixture_log_density(&m, t0, y + 10 * r) -
                              gndp_heat_mixture_log_density(&m.process, 3, 1, m.weight, first, m.tau0, t0, y + 10 * r);
        assert_near(log_p[r], wanted, 1e-3);
        for (int i = 0; i < 5; i++) {
            assert_near(latent[10 * r + i], y[10 * r + i], 1e-15);
        }
    }
    free(y);
    free_mixture(&m);
}

static void likelihood_reports_what_is_wrong(void **state)
{
    (void)state;
    mixture m = new_mixture(sphere_alone(), 1, 1, 0.06, 10.0, 64, BATCH);
    const double y[3] = {0, 0, 1}, off[3] = {0, 0, 0.9}, hole[3] = {0, NAN, 1};
    double log_p;
    gndp_likelihood_options o = with(GNDP_ODE_EULER, 10);
    assert_fails(gndp_brownian_log_likelihood(m.ev, &m.process, &o, 1e-6, 0, NULL, 1, NULL, y, &log_p, NULL), GNDP_ERR_UNSUPPORTED, "RK4");
    o = with(GNDP_ODE_RK4, 10);
    assert_fails(gndp_brownian_log_likelihood(m.ev, &m.process, &o, 1e-6, 0, NULL, 1, NULL, off, &log_p, NULL), GNDP_ERR_RANGE, "norm");
    assert_fails(gndp_brownian_log_likelihood(m.ev, &m.process, &o, 1e-6, 0, NULL, 1, NULL, hole, &log_p, NULL), GNDP_ERR_NONFINITE, "fields");
    assert_fails(gndp_brownian_log_likelihood(m.ev, &m.process, &o, 0.0, 0, NULL, 1, NULL, y, &log_p, NULL), GNDP_ERR_RANGE, "B = 0");
    o.steps = 0;
    assert_fails(gndp_brownian_log_likelihood(m.ev, &m.process, &o, 1e-6, 0, NULL, 1, NULL, y, &log_p, NULL), GNDP_ERR_RANGE, "0 steps");
    free_mixture(&m);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(flow_gives_the_density_of_the_mixture),
    cmocka_unit_test(steps_err_by_their_fourth_power),
    cmocka_unit_test(density_integrates_to_one),
    cmocka_unit_test(probes_estimate_the_density),
    cmocka_unit_test(known_points_give_the_conditional_density),
    cmocka_unit_test(likelihood_reports_what_is_wrong),
};
GNDP_TEST_MAIN(tests)
