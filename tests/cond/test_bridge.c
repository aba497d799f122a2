// SPDX-License-Identifier: Apache-2.0
// Steps by way of the clean field: the pull of observations by matrices, the posterior after any number of steps.
#include "cond/cond_case.h"

#include "cond/streams.h"

static void open_exact(const cond_case *k, int64_t batch, gndp_score *score, gndp_evaluator **ev)
{
    assert_ok(gndp_score_gaussian(k->c->law, k->c->m0, k->c->s0, score));
    *ev = open_score(k->c, score, batch);
}

static void renew(cond_case *k, double *mean)
{
    double *cov = new_values(k->n * k->n), log_evidence;
    gndp_conditioner_free(k->cd);
    assert_ok(gndp_conditioner_create(k->c->law, &k->obs, &k->cd));
    memcpy(mean, k->c->m0, (size_t)k->n * sizeof *mean);
    memcpy(cov, k->c->s0, (size_t)(k->n * k->n) * sizeof *cov);
    cond_posterior(&k->obs, k->n, 0.0, mean, cov, &log_evidence);
    free(cov);
}

/*
 * The same noise under two sets of observed values: what is between the chains, d, has no noise in it. With the posterior
 * means m_z and m_z' and E[y_0 | y_t, z] = m_z + G (y_t - r m_z - (1 - r) m), G = r S_z (alpha S_z + v K)^-1, a step is
 * d <- a (d_z + G (d - r d_z)) + b d, a and b those of the bridge. Neither Tweedie's formula nor Matheron's rule is in it.
 */
static void difference_chain(const cond_case *k, const gndp_conditional_options *o, const double *dz, double *d)
{
    const sde_case *c = k->c;
    const int64_t n = k->n;
    double *grid = new_values(o->steps + 1), *s = new_values(n * n), *e = new_values(n), *x = new_values(n), *g = new_values(n);
    assert_ok(gndp_time_grid(&c->schedule, o->grid, o->steps, grid));
    memset(d, 0, (size_t)n * sizeof *d);
    for (int64_t j = 0; j < o->steps; j++) {
        const gndp_linear_law at = gndp_schedule_marginal(&c->schedule, grid[j]);
        const gndp_linear_law by = gndp_schedule_bridge(&c->schedule, grid[j + 1], grid[j]);
        for (int64_t i = 0; i < n * n; i++)
            s[i] = at.a * at.a * k->cov[i] + at.variance * c->k[i];
        for (int64_t i = 0; i < n; i++)
            e[i] = d[i] - at.a * dz[i];
        solve_spd(n, s, e, x);
        times(n, k->cov, x, g);
        for (int64_t i = 0; i < n; i++)
            d[i] = by.a * (dz[i] + at.a * g[i]) + by.b * d[i];
    }
    free(grid), free(s), free(e), free(x), free(g);
}

/* 1e-8: covariances of what is seen without error are inverted, from 1e-2 down, and the eigenvectors of the prior are good to 1e-12. */
static void bridge_pulls_as_the_posterior_does(void **state)
{
    (void)state;
    enum { R = 3 };
    for (int which = 0; which < SDE_CASES; which++)
        for (int kind = 0; kind < COND_KINDS; kind++) {
            cond_case *k = new_cond(&sde_texts[which], (cond_kind)kind);
            gndp_score score;
            gndp_evaluator *ev;
            open_exact(k, R, &score, &ev);
            double *first = new_values(R * k->n), *second = new_values(R * k->n), *dz = new_values(k->n), *wanted = new_values(k->n);
            gndp_conditional_options o = cond_options("bridge");
            gndp_conditional_report report;
            o.steps = 9;
            o.prior = k->prior;
            assert_ok(cond_run_members(ev, k, &o, R, first, &report));
            assert_near(report.evaluations, 9.0, 0.0);
            memcpy(dz, k->mean, (size_t)k->n * sizeof *dz);
            for (int64_t i = 0; i < k->seen; i++)
                k->z[i] += 0.3 + 0.2 * (double)i;
            renew(k, wanted);
            for (int64_t i = 0; i < k->n; i++)
                dz[i] = wanted[i] - dz[i];
            assert_ok(cond_run_members(ev, k, &o, R, second, NULL));
            difference_chain(k, &o, dz, wanted);
            for (int64_t r = 0; r < R; r++) {
                for (int64_t i = 0; i < k->n; i++)
                    second[r * k->n + i] -= first[r * k->n + i];
                assert_near(relative_error(k->n, second + r * k->n, wanted), 0.0, 1e-8);
            }
            free(first), free(second), free(dz), free(wanted);
            gndp_evaluator_free(ev);
            gndp_score_free(&score);
            free_cond(k);
        }
}

/*
 * One, two and seven steps all draw from the posterior. 4096 chains: means are off by .008 to .027, covariances by .007 to .045, as draws of the posterior
 * are; a share of the noise wrong by a tenth is a covariance off by .1 and more.
 */
static void bridge_draws_the_posterior_in_any_number_of_steps(void **state)
{
    (void)state;
    enum { R = 4096 };
    static const int64_t steps[] = {1, 2, 7};
    for (int which = 0; which < SDE_CASES; which++)
        for (int kind = 0; kind < COND_KINDS; kind++) {
            cond_case *k = new_cond(&sde_texts[which], (cond_kind)kind);
            gndp_score score;
            gndp_evaluator *ev;
            open_exact(k, 512, &score, &ev);
            double *y = new_values(R * k->n), mean, cov;
            gndp_conditional_options o = cond_options("bridge");
            o.prior = k->prior;
            o.steps = steps[(which + kind) % 3];
            assert_ok(cond_run_members(ev, k, &o, R, y, NULL));
            cond_errors_of(k, R, y, &mean, &cov);
            print_message("problem %d, observed %d, %lld steps: %.3f/%.3f\n", which, kind, (long long)o.steps, mean, cov);
            assert_true(mean < 0.05 && cov < 0.08);
            cond_check_seen(k, R, y, 1e-9);
            free(y);
            gndp_evaluator_free(ev);
            gndp_score_free(&score);
            free_cond(k);
        }
}

/* A limit with the covariance of the data needs no prior: the same draws as with it given. */
static void bridge_takes_the_limit_for_prior_when_none_is_given(void **state)
{
    (void)state;
    enum { R = 4 };
    for (int kind = 0; kind < COND_KINDS; kind++) {
        cond_case *k = new_cond(&sde_texts[1], (cond_kind)kind);
        gndp_score score;
        assert_ok(gndp_score_gaussian(k->c->law, k->c->m0, k->c->k, &score));
        gndp_evaluator *ev = open_score(k->c, &score, R);
        double *a = new_values(R * k->n), *b = new_values(R * k->n);
        gndp_conditional_options o = cond_options("bridge");
        o.steps = 5;
        assert_ok(cond_run_members(ev, k, &o, R, a, NULL));
        gndp_prior *limit = NULL;
        assert_ok(gndp_prior_create(k->c->law, k->c->k, &limit));
        o.prior = limit;
        assert_ok(cond_run_members(ev, k, &o, R, b, NULL));
        assert_near(relative_error(R * k->n, a, b), 0.0, 1e-8);
        gndp_prior_free(limit);
        gndp_evaluator_free(ev);
        gndp_score_free(&score);
        free(a), free(b);
        free_cond(k);
    }
}

/* Nothing observed: draws of the data's law itself. */
static void bridge_without_observations_draws_the_data(void **state)
{
    (void)state;
    enum { R = 4096 };
    cond_case *k = new_cond(&sde_texts[2], COND_PICKED);
    gndp_score score;
    gndp_evaluator *ev;
    open_exact(k, 512, &score, &ev);
    k->obs.n = k->seen = 0;
    renew(k, k->mean);
    memcpy(k->cov, k->c->s0, (size_t)(k->n * k->n) * sizeof *k->cov);
    for (int64_t i = 0; i < k->n; i++)
        k->target[i] = true;
    double *y = new_values(R * k->n), mean, cov;
    gndp_conditional_options o = cond_options("bridge");
    o.prior = k->prior;
    o.steps = 3;
    assert_ok(cond_run_members(ev, k, &o, R, y, NULL));
    cond_errors_of(k, R, y, &mean, &cov);
    assert_true(mean < 0.05 && cov < 0.08);
    free(y);
    gndp_evaluator_free(ev);
    gndp_score_free(&score);
    free_cond(k);
}

static void bridge_bad_priors_are_named(void **state)
{
    (void)state;
    cond_case *k = new_cond(&sde_texts[0], COND_PICKED);
    gndp_score score;
    gndp_evaluator *ev;
    open_exact(k, 4, &score, &ev);
    double *y = new_values(4 * k->n), *prior = new_values(k->n * k->n);
    gndp_conditional_options o = cond_options("bridge");
    gndp_prior *made = NULL;
    prior[3] = (double)NAN;
    assert_fails(gndp_prior_create(k->c->law, prior, &made), GNDP_ERR_NONFINITE, "(0, 3)");
    prior[3] = 0.0;
    prior[0] = -1.0;
    assert_fails(gndp_prior_create(k->c->law, prior, &made), GNDP_ERR_NOT_PD, "semidefinite");
    assert_null(made);
    for (int64_t i = 0; i < k->n * k->n; i++)
        prior[i] = 1.0; /* one number that all points share: the second observation repeats the first */
    assert_ok(gndp_prior_create(k->c->law, prior, &made));
    o.prior = made;
    assert_fails(cond_run_members(ev, k, &o, 4, y, NULL), GNDP_ERR_NOT_PD, "give them a variance");
    gndp_prior_free(made);
    cond_case *other = new_cond(&sde_texts[3], COND_PICKED);
    if (other->n != k->n) {
        o.prior = other->prior;
        assert_fails(cond_run_members(ev, k, &o, 4, y, NULL), GNDP_ERR_SHAPE, "a prior of");
    }
    free_cond(other);
    gndp_evaluator_free(ev);
    gndp_score_free(&score);
    free(y), free(prior);
    free_cond(k);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(bridge_pulls_as_the_posterior_does),
    cmocka_unit_test(bridge_draws_the_posterior_in_any_number_of_steps),
    cmocka_unit_test(bridge_takes_the_limit_for_prior_when_none_is_given),
    cmocka_unit_test(bridge_without_observations_draws_the_data),
    cmocka_unit_test(bridge_bad_priors_are_named),
};
GNDP_TEST_MAIN(tests)
