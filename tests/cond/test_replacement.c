// SPDX-License-Identifier: Apache-2.0
// Replacement with repeats and the hybrid sampler.
#include "cond/cond_case.h"

/* Two values with S0 = [1 .9; .9 1], the first seen as 1: the posterior is N(.9, .19). */
static cond_case *two_values(double correlation)
{
    cond_case *k = calloc(1, sizeof *k);
    sde_case *c = calloc(1, sizeof *c);
    gndp_kernel *limit = NULL;
    char text[96];
    assert_non_null(k);
    assert_non_null(c);
    *c = (sde_case){.n_points = 2, .dim = 1, .n = 2, .outputs = 1, .x = new_values(2)};
    c->schedule = gndp_schedule_default();
    c->schedule.t0 = 5e-4;
    c->schedule.beta1 = 15.0;
    c->x[1] = 1.0;
    snprintf(text, sizeof text, "%s",
             correlation > 0.0 ? "rbf(lengthscale=0.849321800288019)" /* exp(-1/(2 l^2)) = 1/2 */
                               : "white(variance=1)");
    limit = new_kernel(text);
    c->points = (gndp_points){.kind = GNDP_POINTS_LIST,
                              .x = gndp_array_view(gndp_type_2d(GNDP_F64, 2, 1), c->x)};
    assert_ok(gndp_process_create(&c->schedule, limit, 1, NULL, &c->process));
    assert_ok(gndp_process_law(c->process, &c->points, NULL, &c->law));
    gndp_kernel_free(limit);
    c->s0 = new_values(4);
    c->m0 = new_values(2);
    c->s0[0] = c->s0[3] = 1.0;
    c->s0[1] = c->s0[2] = 0.9;
    k->c = c;
    k->n = 2;
    cond_row(k, 0.0, 1, (const int64_t[]){0}, (const double[]){1.0});
    k->z[0] = 1.0;
    k->obs = (gndp_linear_obs){.n = 1,
                               .row = k->row,
                               .column = k->column,
                               .weight = k->weight,
                               .z = k->z,
                               .variance = k->variance};
    assert_ok(gndp_conditioner_create(c->law, &k->obs, &k->cd));
    return k;
}

/*
 * Law of the second value after plain replacement and five repeats, beta 0 -> 15, 500 steps: mean
 * and variance by propagating moments (geomndp.md 7.3). 4096 chains: standard errors sqrt(v/n) and
 * v sqrt(2/n); 4.5 of each and the last digit are allowed.
 */
static void repaint_has_the_laws_of_the_moment_recursion(void **state)
{
    (void)state;
    enum { R = 4096 };
    const struct {
        double correlation;
        int64_t repeats;
        double mean, variance;
    } rows[] = {{0.0, 1, 0.628, 0.312},
                {0.0, 5, 0.858, 0.206},
                {0.5, 1, 0.781, 0.215},
                {0.5, 5, 0.878, 0.193}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cond_case *k = two_values(rows[i].correlation);
        gndp_score score;
        assert_ok(gndp_score_gaussian(k->c->law, k->c->m0, k->c->s0, &score));
        gndp_evaluator *ev = open_score(k->c, &score, 512);
        double *y = new_values(R * 2), mean = 0.0, variance = 0.0;
        gndp_conditional_options o = cond_options("repaint");
        o.steps = 500;
        o.repeats = rows[i].repeats;
        gndp_conditional_report report;
        assert_ok(cond_run_members(ev, k, &o, R, y, &report));
        assert_near(report.evaluations, 500.0 * (double)o.repeats, 0.0);
        for (int64_t r = 0; r < R; r++) {
            assert_true(y[2 * r] == 1.0);
            mean += y[2 * r + 1] / R;
        }
        for (int64_t r = 0; r < R; r++) {
            variance += (y[2 * r + 1] - mean) * (y[2 * r + 1] - mean) / (R - 1);
        }
        print_message("repaint %zu: %.3f %.3f\n", i, mean, variance);
        assert_near(mean, rows[i].mean, 5e-4 + 4.5 * sqrt(rows[i].variance / R));
        assert_near(variance, rows[i].variance, 5e-4 + 4.5 * rows[i].variance * sqrt(2.0 / R));
        free(y);
        gndp_evaluator_free(ev);
        gndp_score_free(&score);
        gndp_conditioner_free(k->cd);
        gndp_gaussian_free(k->c->law);
        gndp_process_free(k->c->process);
        free(k->c->x), free(k->c->s0), free(k->c->m0), free(k->c), free(k);
    }
}

/* With errors and general observations: nearer to the posterior than without repeats, where plain
 * replacement is far off. 2048 chains, b = .03 +- .01 for exact draws. */
static void repaint_repeats_mend_replacement(void **state)
{
    (void)state;
    enum { R = 2048 };
    for (int kind = 0; kind < COND_KINDS; kind++) {
        cond_case *k = new_cond(&sde_texts[1], (cond_kind)kind);
        gndp_score score;
        assert_ok(gndp_score_gaussian(k->c->law, k->c->m0, k->c->s0, &score));
        gndp_evaluator *ev = open_score(k->c, &score, 256);
        double *y = new_values(R * k->n), mean[2], cov[2];
        for (int i = 0; i < 2; i++) {
            gndp_conditional_options o = cond_options("repaint");
            o.repeats = i == 0 ? 1 : 8;
            assert_ok(cond_run_members(ev, k, &o, R, y, NULL));
            cond_errors_of(k, R, y, &mean[i], &cov[i]);
            cond_check_seen(k, R, y, 1e-9);
        }
        print_message("repaint %d: %.3f/%.3f, repeated %.3f/%.3f\n", kind, mean[0], cov[0], mean[1],
                      cov[1]);
        assert_true(mean[1] < 0.15 && cov[1] < 0.2);
        assert_true(mean[1] < 0.6 * mean[0] || mean[0] < 0.06);
        free(y);
        gndp_evaluator_free(ev);
        gndp_score_free(&score);
        free_cond(k);
    }
}

/* Without observations lambda0 = 1 keeps p_t: the covariance of the data comes out up to the step
 * (geomndp.md 7.2: 1.2e-1/2.8e-2 for psi = 5 at 200/800 steps; here fewer chains than that). */
static void hybrid_without_observations_draws_the_data(void **state)
{
    (void)state;
    enum { R = 2048 };
    cond_case *k = new_cond(&sde_texts[0], COND_PICKED);
    gndp_linear_obs none = {0};
    gndp_score score;
    gndp_conditioner_free(k->cd);
    assert_ok(gndp_conditioner_create(k->c->law, &none, &k->cd));
    assert_ok(gndp_score_gaussian(k->c->law, k->c->m0, k->c->s0, &score));
    gndp_evaluator *ev = open_score(k->c, &score, 256);
    memcpy(k->mean, k->c->m0, sizeof *k->mean * (size_t)k->n);
    memcpy(k->cov, k->c->s0, sizeof *k->cov * (size_t)(k->n * k->n));
    for (int64_t i = 0; i < k->n; i++) {
        k->target[i] = true;
    }
    double *y = new_values(R * k->n), mean, cov;
    for (int i = 0; i < gndp_conditional_count(); i++) { /* and the other methods do as well */
        const gndp_conditional_info *info = gndp_conditional_get(i);
        gndp_conditional_options o = cond_options(info->name);
        o.steps = strcmp(info->name, "hybrid") == 0 ? 500 : 100;
        o.psi = strcmp(info->name, "hybrid") == 0 ? 5.0 : o.psi;
        o.clean_steps = 0;
        o.particles = 4;
        if (info->context) { /* wants a score of its own: test_amortised.c */
            continue;
        }
        const bool swarm = strcmp(info->name, "smc") == 0 || strcmp(info->name, "twisted") == 0;
        if (swarm) {
            assert_ok(cond_run_members(ev, k, &o, 4, y, NULL));
            continue;
        }
        assert_ok(cond_run_members(ev, k, &o, R, y, NULL));
        cond_errors_of(k, R, y, &mean, &cov);
        print_message("%s without observations: %.3f/%.3f\n", info->name, mean, cov);
        assert_true(mean < 0.1 && cov < 0.15);
    }
    free(y);
    gndp_evaluator_free(ev);
    gndp_score_free(&score);
    free_cond(k);
}

/* Its bias falls with psi; at psi = 0 it is plain replacement. */
static void hybrid_nears_the_posterior_with_psi(void **state)
{
    (void)state;
    enum { R = 1024 };
    cond_case *k = new_cond(&sde_texts[1], COND_NOISY);
    gndp_score score;
    assert_ok(gndp_score_gaussian(k->c->law, k->c->m0, k->c->s0, &score));
    gndp_evaluator *ev = open_score(k->c, &score, 256);
    double *y = new_values(R * k->n), mean[2], cov[2];
    for (int i = 0; i < 2; i++) {
        gndp_conditional_options o = cond_options("hybrid");
        o.psi = i == 0 ? 0.0 : 50.0;
        assert_ok(cond_run_members(ev, k, &o, R, y, NULL));
        cond_errors_of(k, R, y, &mean[i], &cov[i]);
    }
    print_message("hybrid: psi 0 %.3f/%.3f, psi 50 %.3f/%.3f\n", mean[0], cov[0], mean[1], cov[1]);
    assert_true(mean[1] < 0.15 && cov[1] < 0.2 && mean[1] < 0.5 * mean[0]);
    gndp_conditional_options o = cond_options("hybrid");
    o.predictor = sampler("exponential");
    assert_fails(cond_run_members(ev, k, &o, 4, y, NULL), GNDP_ERR_UNSUPPORTED, "its own");
    o = cond_options("repaint");
    o.repeats = 0;
    assert_fails(cond_run_members(ev, k, &o, 4, y, NULL), GNDP_ERR_RANGE, "0 repeats");
    free(y);
    gndp_evaluator_free(ev);
    gndp_score_free(&score);
    free_cond(k);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(repaint_has_the_laws_of_the_moment_recursion),
    cmocka_unit_test(repaint_repeats_mend_replacement),
    cmocka_unit_test(hybrid_without_observations_draws_the_data),
    cmocka_unit_test(hybrid_nears_the_posterior_with_psi),
};
GNDP_TEST_MAIN(tests)
