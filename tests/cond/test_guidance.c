// SPDX-License-Identifier: Apache-2.0
// Reconstruction guidance: chains step by step against the exact conditional score, and its law.
#include "cond/cond_case.h"

#include "cond/streams.h"

/*
 * One member by plain matrices: the K-score of p_t( . | z) = N(r m_z + (1 - r) m, alpha S_z + v K)
 * with the posterior N(m_z, S_z), and the same noise.
 */
static void matrix_chain(const cond_case *k, const gndp_conditional_options *o, uint32_t member,
                         double *y)
{
    const sde_case *c = k->c;
    const int64_t n = k->n;
    double *grid = new_values(o->steps + 1), *mean = new_values(n), *cov = new_values(n * n),
           *at = new_values(n), *s = new_values(n * n), *u = new_values(n), *g = new_values(n),
           *half = new_values(n), log_evidence;
    memcpy(mean, c->m0, (size_t)n * sizeof *mean);
    memcpy(cov, c->s0, (size_t)(n * n) * sizeof *cov);
    cond_posterior(&k->obs, n, 0.0, mean, cov, &log_evidence);
    assert_ok(gndp_time_grid(&c->schedule, o->grid, o->steps, grid));
    matrix_noise(c, o->seed, 0, member, COND_STREAM_START, u);
    for (int64_t i = 0; i < n; i++) {
        y[i] = c->m[i] + u[i];
    }
    for (int64_t j = 0; j < o->steps; j++) {
        const gndp_linear_law law = gndp_schedule_marginal(&c->schedule, grid[j]);
        const gndp_sampler_step by = o->predictor->step(&c->schedule, grid[j], grid[j + 1]);
        for (int64_t i = 0; i < n * n; i++) {
            s[i] = law.a * law.a * cov[i] + law.variance * c->k[i];
        }
        for (int64_t i = 0; i < n; i++) {
            at[i] = law.a * mean[i] + (1.0 - law.a) * c->m[i] - y[i];
        }
        solve_spd(n, s, at, half);
        times(n, c->k, half, g);
        matrix_noise(c, o->seed, j + 1, member, COND_STREAM_NOISE(0), u);
        for (int64_t i = 0; i < n; i++) {
            y[i] = c->m[i] + by.a * (y[i] - c->m[i]) + by.c * g[i] + by.d * u[i];
        }
    }
    free(grid), free(mean), free(cov), free(at), free(s), free(u), free(g), free(half);
}

/* 1e-9: the covariances of the observations are inverted, and the steps carry rounding on. */
static void guidance_is_the_conditional_score_when_the_covariance_is_exact(void **state)
{
    (void)state;
    enum { R = 4, M = 12 };
    for (int which = 0; which < SDE_CASES; which++) {
        cond_case *k = new_cond(&sde_texts[which], which % 2 == 0 ? COND_NOISY : COND_MIXED);
        for (int64_t c = 0; c < k->seen; c++) { /* the least variance stays out of it */
            k->variance[c] = fmax(k->variance[c], 1e-3);
        }
        gndp_conditioner_free(k->cd);
        assert_ok(gndp_conditioner_create(k->c->law, &k->obs, &k->cd));
        gndp_score score;
        assert_ok(gndp_score_gaussian(k->c->law, k->c->m0, k->c->s0, &score));
        gndp_evaluator *ev = open_score(k->c, &score, R);
        double *y = new_values(R * k->n), *wanted = new_values(k->n);
        for (int way = 0; way < 2; way++) {
            gndp_conditional_options o = cond_options("guidance");
            gndp_conditional_report report;
            o.predictor = sampler("euler_ode"); /* whose last step is a guided one too */
            o.clean_steps = 0;
            o.steps = M;
            o.covariance = way == 0 ? GNDP_GUIDANCE_EXACT : GNDP_GUIDANCE_AUTO;
            o.prior = k->prior;
            assert_ok(cond_run_members(ev, k, &o, R, y, &report));
            /* score, product of the pull, for exact a product for each observation */
            assert_near(report.evaluations,
                        (double)M * (3.0 + (way == 0 ? 2.0 * (double)k->seen : 0.0)), 0.0);
            for (uint32_t r = 0; r < R; r++) {
                matrix_chain(k, &o, r, wanted);
                assert_near(relative_error(k->n, y + r * k->n, wanted), 0.0, 1e-9);
            }
        }
        free(y), free(wanted);
        gndp_evaluator_free(ev);
        gndp_score_free(&score);
        free_cond(k);
    }
}

/* A limit with the covariance of the data needs no prior: S0 = K by default. */
static void guidance_takes_the_limit_for_prior_when_none_is_given(void **state)
{
    (void)state;
    enum { R = 4 };
    cond_case *k = new_cond(&sde_texts[1], COND_NOISY);
    gndp_score score;
    assert_ok(gndp_score_gaussian(k->c->law, k->c->m0, k->c->k, &score));
    gndp_evaluator *ev = open_score(k->c, &score, R);
    double *a = new_values(R * k->n), *b = new_values(R * k->n);
    gndp_conditional_options o = cond_options("guidance");
    o.steps = 20;
    o.clean_steps = 0;
    o.covariance = GNDP_GUIDANCE_PRIOR;
    assert_ok(cond_run_members(ev, k, &o, R, a, NULL));
    gndp_prior *limit = NULL;
    assert_ok(gndp_prior_create(k->c->law, k->c->k, &limit));
    o.prior = limit;
    assert_ok(cond_run_members(ev, k, &o, R, b, NULL));
    assert_near(relative_error(R * k->n, a, b), 0.0, 1e-8);
    o.covariance = GNDP_GUIDANCE_EXACT;
    assert_ok(cond_run_members(ev, k, &o, R, b, NULL));
    assert_near(relative_error(R * k->n, a, b), 0.0, 1e-8);
    gndp_prior_free(limit);
    gndp_evaluator_free(ev);
    gndp_score_free(&score);
    free(a), free(b);
    free_cond(k);
}

/*
 * 2048 chains: with exact draws a is .022 +- .006 and b .03 +- .01 (ten values); what the steps add
 * at M = 200 is below .02 and .04. Over four times their standard errors are left.
 */
static void guidance_reaches_the_posterior(void **state)
{
    (void)state;
    enum { R = 2048 };
    const struct {
        int problem;
        cond_kind kind;
        bool surrogate;
    } rows[] = {{0, COND_PICKED, false},
                {1, COND_MEANS, false},
                {2, COND_MIXED, true},
                {1, COND_NOISY, true}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cond_case *k = new_cond(&sde_texts[rows[i].problem], rows[i].kind);
        gndp_score score;
        assert_ok(gndp_score_gaussian(k->c->law, k->c->m0, k->c->s0, &score));
        gndp_evaluator *ev = open_score(k->c, &score, 256);
        double *y = new_values(R * k->n), mean, cov;
        gndp_conditional_options o = cond_options("guidance");
        o.steps = rows[i].surrogate ? 50 : 200;
        o.clean_steps = rows[i].surrogate ? 150 : 0; /* they take the surrogate's bias away */
        o.prior = rows[i].surrogate ? NULL : k->prior;
        assert_ok(cond_run_members(ev, k, &o, R, y, NULL));
        cond_errors_of(k, R, y, &mean, &cov);
        print_message("guidance %zu: %.3f/%.3f\n", i, mean, cov);
        assert_true(mean < 0.1 && cov < 0.15);
        cond_check_seen(k, R, y, 1e-9);
        free(y);
        gndp_evaluator_free(ev);
        gndp_score_free(&score);
        free_cond(k);
    }
}

static void guidance_bad_settings_are_named(void **state)
{
    (void)state;
    cond_case *k = new_cond(&sde_texts[0], COND_NOISY);
    gndp_score score;
    assert_ok(gndp_score_gaussian(k->c->law, k->c->m0, k->c->s0, &score));
    gndp_evaluator *ev = open_score(k->c, &score, 4);
    double *y = new_values(4 * k->n);
    gndp_conditional_options o = cond_options("guidance");
    o.kappa = 0.0;
    assert_fails(cond_run_members(ev, k, &o, 4, y, NULL), GNDP_ERR_RANGE, "kappa 0");
    o = cond_options("guidance");
    o.strength = -1.0;
    assert_fails(cond_run_members(ev, k, &o, 4, y, NULL), GNDP_ERR_RANGE, "strength -1");
    gndp_evaluator_free(ev);
    gndp_score_free(&score);
    free(y);
    free_cond(k);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(guidance_is_the_conditional_score_when_the_covariance_is_exact),
    cmocka_unit_test(guidance_takes_the_limit_for_prior_when_none_is_given),
    cmocka_unit_test(guidance_reaches_the_posterior),
    cmocka_unit_test(guidance_bad_settings_are_named),
};
GNDP_TEST_MAIN(tests)
