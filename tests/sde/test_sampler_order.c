// SPDX-License-Identifier: Apache-2.0
// Schemes that are exact, orders of convergence of the others, Langevin steps.
#include "sde/sampler_case.h"

/* ---- Exactness and order -----------------------------------------------------------------------
 */

/* "exponential" and "ancestral" move the mean of Gaussian data exactly; em does to O(h). */
static void exponential_and_ancestral_keep_the_mean(void **state)
{
    (void)state;
    for (int which = 0; which < SDE_CASES; which++) {
        sde_case *c = new_case(&sde_texts[which]);
        const int64_t n = c->n;
        gndp_score score;
        assert_ok(gndp_score_gaussian(c->law, c->m0, c->s0, &score));
        gndp_evaluator *ev = open_score(c, &score, 4);
        double *cov = new_values(n * n), *mean = new_values(n), *y = new_values(n);
        law_at(c, c->schedule.t1, cov, mean);
        for (int i = 0; i < 4; i++) {
            gndp_sampler_options o = gndp_sampler_options_default();
            const uint32_t member = 0;
            o.sampler =
                sampler((const char *[]){"exponential", "ancestral", "ancestral2", "em"}[i]);
            o.temperature = 0.0;
            o.steps = 17;
            assert_ok(gndp_sample(ev, &c->schedule, c->law, &o, 1, &member, mean, y));
            const double error = relative_error(n, y, c->m0);
            assert_true(i < 3 ? error < 1e-12 : error > 1e-6);
        }
        free(cov), free(mean), free(y);
        gndp_evaluator_free(ev);
        gndp_score_free(&score);
        free_case(c);
    }
}

/* Data that is one field: where noise or the denoised field is frozen, any number of steps is
 * exact. */
static void schemes_are_exact_for_a_point_mass(void **state)
{
    (void)state;
    const char *const exact[] = {"noise_frozen", "ancestral", "multistep2", "ancestral2"};
    for (int which = 0; which < SDE_CASES; which++) {
        sde_case *c = new_case(&sde_texts[which]);
        const int64_t n = c->n;
        memset(c->s0, 0, (size_t)(n * n) * sizeof *c->s0);
        gndp_score score;
        assert_ok(gndp_score_gaussian(c->law, c->m0, c->s0, &score));
        gndp_evaluator *ev = open_score(c, &score, 4);
        double *y = new_values(n);
        for (int i = 0; i < 5; i++) {
            for (int64_t steps = 1; steps < 8; steps += 3) {
                gndp_sampler_options o = gndp_sampler_options_default();
                const uint32_t member = 3;
                o.sampler = sampler(i < 4 ? exact[i] : "exponential");
                o.steps = steps;
                assert_ok(gndp_sample(ev, &c->schedule, c->law, &o, 1, &member, NULL, y));
                const double error = relative_error(n, y, c->m0);
                assert_true(i < 4 ? error < 1e-12 : error > 1e-3);
            }
        }
        free(y);
        gndp_evaluator_free(ev);
        gndp_score_free(&score);
        free_case(c);
    }
}

/* The flow from y at t1 to t0 by 2000 steps of RK4 on plain matrices: their error is below 1e-9,
 * see the next test. */
static void exact_flow(const sde_case *c, const double *start, double *y)
{
    enum { M = 2000 };
    const int64_t n = c->n;
    double *gain[3], *mean[3], *k[4], *at = new_values(n);
    for (int i = 0; i < 3; i++) {
        gain[i] = new_values(n * n), mean[i] = new_values(n);
    }
    for (int i = 0; i < 4; i++) {
        k[i] = new_values(n);
    }
    memcpy(y, start, (size_t)n * sizeof *y);
    const double h = (c->schedule.t1 - c->schedule.t0) / M;
    for (int s = 0; s < M; s++) {
        for (int i = 0; i < 3; i++) {
            gain_at(c, c->schedule.t1 - (s + 0.5 * i) * h, gain[i], mean[i]);
        }
        for (int i = 0; i < 4; i++) {
            const int where = i == 0 ? 0 : i == 3 ? 2 : 1;
            const double half =
                0.5 * h * gndp_schedule_beta(&c->schedule, c->schedule.t1 - (s + 0.5 * where) * h);
            for (int64_t j = 0; j < n; j++) {
                at[j] = y[j] + (i == 0 ? 0.0 : (i == 3 ? 1.0 : 0.5) * k[i - 1][j]);
            }
            matrix_score(n, gain[where], mean[where], at, k[i]);
            for (int64_t j = 0; j < n; j++) {
                k[i][j] = half * (at[j] - c->m[j] + k[i][j]);
            }
        }
        for (int64_t j = 0; j < n; j++) {
            y[j] += (k[0][j] + 2.0 * k[1][j] + 2.0 * k[2][j] + k[3][j]) / 6.0;
        }
    }
    for (int i = 0; i < 3; i++) {
        free(gain[i]), free(mean[i]);
    }
    for (int i = 0; i < 4; i++) {
        free(k[i]);
    }
    free(at);
}

/* Along each eigenvector the flow scales as the standard deviation: q_k(0) = q_k(t1)
 * sqrt(w_k/var_k). */
static void flow_has_its_closed_form(void **state)
{
    (void)state;
    sde_case *c = new_case(&sde_texts[2]);
    const int64_t n = c->n;
    double *w = new_values(n), *start = new_normals(5, n), *y = new_values(n),
           *cov = new_values(n * n), *mean = new_values(n), *e = new_values(n), before = 0.0,
           after = 0.0;
    exact_flow(c, start, y);
    /* (y - mu)' S^-1 (y - mu) is kept: every coordinate scales as its standard deviation */
    law_at(c, c->schedule.t1, cov, mean);
    for (int64_t i = 0; i < n; i++) {
        start[i] -= mean[i];
        y[i] -= c->m0[i];
    }
    solve_spd(n, cov, start, e);
    for (int64_t i = 0; i < n; i++) {
        before += e[i] * start[i];
    }
    solve_spd(n, c->s0, y, e);
    for (int64_t i = 0; i < n; i++) {
        after += e[i] * y[i];
    }
    assert_near(after / before, 1.0, 1e-8);
    free(w), free(start), free(y), free(cov), free(mean), free(e);
    free_case(c);
}

static void flows_converge_at_their_order(void **state)
{
    (void)state;
    const struct {
        const char *name;
        gndp_grid_kind grid;
        double order, at100; /* published error at 100 steps on an 8-point problem: a factor of 5 */
    } table[] = {
        {"euler_ode", GNDP_GRID_TIME, 1.0, 9.3e-3},
        {"exponential_ode", GNDP_GRID_TIME, 1.0, 1.8e-2},
        {"noise_frozen", GNDP_GRID_TIME, 1.0, 2.9e-2},
        {"residual_frozen", GNDP_GRID_TIME, 1.0, 3.4e-2},
        {"euler_ode_b", GNDP_GRID_TIME, 1.0, 3.4e-2},
        {"heun", GNDP_GRID_TIME, 2.0, 4.9e-4},
        {"multistep2", GNDP_GRID_LAMBDA, 2.0, 0.0},
    };
    for (int which = 0; which < SDE_CASES; which++) {
        sde_case *c = new_case(&sde_texts[which]);
        const int64_t n = c->n;
        const uint32_t member = 0;
        gndp_score score;
        assert_ok(gndp_score_gaussian(c->law, c->m0, c->s0, &score));
        gndp_evaluator *ev = open_score(c, &score, 1);
        double *start = new_normals(5, n), *y = new_values(n), *wanted = new_values(n);
        exact_flow(c, start, wanted);
        for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
            double error[3];
            for (int q = 0; q < 3; q++) {
                gndp_sampler_options o = gndp_sampler_options_default();
                o.sampler = sampler(table[i].name);
                o.grid = table[i].grid;
                o.steps = (const int64_t[]){100, 200, 400}[q] /
                          (table[i].grid == GNDP_GRID_LAMBDA ? 4 : 1);
                assert_ok(gndp_sample(ev, &c->schedule, c->law, &o, 1, &member, start, y));
                error[q] = relative_error(n, y, wanted);
            }
            const double slope = log2(error[1] / error[2]), before = log2(error[0] / error[1]);
            const double published = which < 2 ? table[i].at100 : 0.0; /* of scalar fields */
            if (!(fabs(slope - table[i].order) < 0.2) || !(fabs(before - table[i].order) < 0.35) ||
                (published > 0.0 && !(error[0] < 5.0 * published && error[0] > published / 5.0))) {
                fail_msg("case %d %s: errors %.3g %.3g %.3g, slopes %.2f %.2f", which,
                         table[i].name, error[0], error[1], error[2], before, slope);
            }
        }
        int64_t count[3];
        for (int q = 0; q < 3; q++) { /* errors of adaptive steps follow the tolerance */
            gndp_sampler_options o = gndp_sampler_options_default();
            const int64_t before = gndp_evaluator_count(ev);
            o.sampler = sampler("adaptive");
            o.tolerance = (const double[]){1e-4, 1e-6, 1e-9}[q];
            assert_ok(gndp_sample(ev, &c->schedule, c->law, &o, 1, &member, start, y));
            const double error = relative_error(n, y, wanted);
            if (!(error < 30.0 * o.tolerance)) {
                fail_msg("tolerance %g: error %.3g", o.tolerance, error);
            }
            count[q] = gndp_evaluator_count(ev) - before;
        }
        /* of order 5 in the estimate: 1e-5 of the tolerance is 10 times the steps */
        assert_true(count[2] < 13 * count[0] && count[0] < 200);
        free(start), free(y), free(wanted);
        gndp_evaluator_free(ev);
        gndp_score_free(&score);
        free_case(c);
    }
}

/*
 * "ancestral2" has order 2 in the covariance: with D = kappa (y - m) along an eigenvector its step
 * is linear in (y, y before), so the covariance of the pair has an exact recursion. That the
 * sampler does this step is tested in test_samplers.c.
 */
static double ancestral2_variance(const gndp_schedule *s, int64_t steps, double w)
{
    double *grid = new_values(steps), yy = 1.0, yb = 0.0, bb = 0.0, kappa_before = 0.0;
    assert_ok(gndp_time_grid(s, GNDP_GRID_LAMBDA, steps, grid));
    for (int64_t k = 0; k < steps; k++) {
        const gndp_linear_law at = gndp_schedule_marginal(s, grid[k]),
                              br = gndp_schedule_bridge(s, grid[k + 1], grid[k]);
        const double kappa = at.a * w / (at.a * at.a * w + at.variance);
        const double slope = k > 0 && k + 1 < steps ? 0.5 : 0.0; /* equal steps in lambda */
        const double now = br.b + br.a * (1.0 + slope) * kappa, was = -br.a * slope * kappa_before;
        const double next = now * now * yy + 2.0 * now * was * yb + was * was * bb + br.variance;
        yb = now * yy + was * yb;
        bb = yy;
        yy = next;
        kappa_before = kappa;
    }
    free(grid);
    return yy;
}

static void ancestral2_has_order_two_in_the_covariance(void **state)
{
    (void)state;
    const gndp_schedule s = {.t0 = 5e-4, .t1 = 1.0, .beta0 = 0.0, .beta1 = 15.0};
    for (int i = 0; i < 4; i++) {
        const double w = (const double[]){0.0025, 0.05, 0.4, 3.0}[i];
        double error[3];
        for (int q = 0; q < 3; q++) {
            error[q] = fabs(ancestral2_variance(&s, 50 << q, w) / w - 1.0);
        }
        /* the jump from v = 1e-5 to t0 leaves the posterior variance out, 1e-5/w of it */
        assert_true(error[1] < 0.01);
        if (w > 0.1) {
            assert_near(log2(error[0] / error[1]), 2.0, 0.25);
            assert_near(log2(error[1] / error[2]), 2.0, 0.25);
        }
    }
}

/* ---- Langevin steps ----------------------------------------------------------------------------
 */

/* One step is y + eta/2 g + sqrt(eta) L xi; iterated, the variance along an eigenvector of
 * precision lambda goes to 1/(lambda (1 - eta lambda/4)) (geomndp.md 7.1). */
static void langevin_steps_have_their_stationary_variance(void **state)
{
    (void)state;
    enum { R = 5 };
    for (int which = 0; which < SDE_CASES; which++) {
        sde_case *c = new_case(&sde_texts[which]);
        const int64_t n = c->n;
        const double t = 0.3, eta = 0.05;
        const gndp_key key = {.seed = 4, .step = 9, .stream = GNDP_STREAM(8, 1)};
        const gndp_linear_law at = gndp_schedule_marginal(&c->schedule, t);
        uint32_t member[R];
        gndp_score score;
        assert_ok(gndp_score_gaussian(c->law, c->m0, c->s0, &score));
        gndp_evaluator *ev = open_score(c, &score, 2);
        double *y = new_normals(2, R * n), *was = new_normals(2, R * n), *gain = new_values(n * n),
               *mean = new_values(n), *g = new_values(n), *xi = new_values(n), *w = new_values(n);
        number_members(R, 3, member);
        assert_ok(gndp_langevin_step(ev, c->law, t, eta, key, R, member, y));
        gain_at(c, t, gain, mean);
        for (int r = 0; r < R; r++) {
            matrix_score(n, gain, mean, was + r * n, g);
            matrix_noise(c, key.seed, key.step, member[r], key.stream, xi);
            for (int64_t i = 0; i < n; i++) {
                assert_near(y[r * n + i], was[r * n + i] + 0.5 * eta * g[i] + sqrt(eta) * xi[i],
                            1e-11);
            }
        }
        assert_ok(gndp_gaussian_spectrum(c->law, c->s0, w));
        for (int64_t k = 0; k < n; k++) {
            const double lambda = 1.0 / (at.a * at.a * w[k] + at.variance);
            double var = 1.0;
            for (int i = 0; i < 20000; i++) {
                var = (1.0 - 0.5 * eta * lambda) * (1.0 - 0.5 * eta * lambda) * var + eta;
            }
            assert_near(var, 1.0 / (lambda * (1.0 - 0.25 * eta * lambda)), 1e-10);
        }
        free(y), free(was), free(gain), free(mean), free(g), free(xi), free(w);
        gndp_evaluator_free(ev);
        gndp_score_free(&score);
        free_case(c);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(exponential_and_ancestral_keep_the_mean),
    cmocka_unit_test(schemes_are_exact_for_a_point_mass),
    cmocka_unit_test(flow_has_its_closed_form),
    cmocka_unit_test(flows_converge_at_their_order),
    cmocka_unit_test(ancestral2_has_order_two_in_the_covariance),
    cmocka_unit_test(langevin_steps_have_their_stationary_variance),
};
GNDP_TEST_MAIN(tests)
