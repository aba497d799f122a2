// SPDX-License-Identifier: Apache-2.0
// Sampling with clean context as input of the score: by matrices, against the posterior, refusals.
#include "support/alloc_count.h"

#include "cond/context_score.h"
#include "cond/streams.h"
#include "sde/toy_score.h"

/* Draws of N(0, K) on all points by their numbers, at the targets. */
static void target_noise(const context_score *s, const cond_case *k, int64_t step, uint32_t member,
                         uint32_t stream, double *out)
{
    double *u = new_values(k->n);
    int64_t at = 0;
    matrix_noise(k->c, 11, step, member, stream, u);
    for (int64_t i = 0; i < k->n; i++) {
        if (k->target[i]) {
            out[at++] = u[i];
        }
    }
    assert_int_equal(at, s->part.n);
    free(u);
}

/* Each member goes as plain matrices say, from N(m_*, K_**) by the steps of the predictor with
 * K_** alone; context keeps its values bit for bit. */
static void members_go_by_the_process_of_the_targets(void **state)
{
    (void)state;
    enum { R = 3, STEPS = 7 };
    static const char *const predictors[] = {"em", "exponential", "ancestral", "euler_ode"};
    for (int which = 0; which < SDE_CASES; which++) {
        cond_case *k = new_whole(&sde_texts[which]);
        gndp_score score;
        context_score *s = new_context(k, &score);
        gndp_evaluator *ev = open_score(k->c, &score, 4);
        const int64_t n = k->n, m = s->part.n;
        double *y = new_values(R * n), *mine = new_values(m), *gain = new_values(m * m),
               *mu = new_values(m), *g = new_values(m), *u = new_values(m), grid[STEPS + 1];
        for (int i = 0; i < 4; i++) {
            gndp_conditional_options o = cond_options("amortised");
            o.predictor = sampler(predictors[i]);
            o.steps = STEPS;
            assert_ok(cond_run_members(ev, k, &o, R, y, NULL));
            assert_ok(gndp_time_grid(&k->c->schedule, o.grid, STEPS, grid));
            for (uint32_t r = 0; r < R; r++) {
                target_noise(s, k, 0, r, COND_STREAM_START, u);
                for (int64_t j = 0; j < m; j++) {
                    mine[j] = s->part.m[j] + u[j];
                }
                for (int64_t step = 0; step < STEPS; step++) {
                    const gndp_sampler_step by =
                        o.predictor->step(&k->c->schedule, grid[step], grid[step + 1]);
                    gain_at(&s->part, grid[step], gain, mu);
                    matrix_score(m, gain, mu, mine, g);
                    target_noise(s, k, step + 1, r, COND_STREAM_NOISE(0), u);
                    for (int64_t j = 0; j < m; j++) {
                        const double from = s->part.m[j];
                        mine[j] = from + by.a * (mine[j] - from) + by.c * g[j] + by.d * u[j];
                    }
                }
                for (int64_t j = 0, t = 0, c = 0; j < n; j++) {
                    if (k->target[j]) {
                        assert_near(y[r * n + j], mine[t], 1e-8 * (1.0 + fabs(mine[t])));
                        t++;
                    } else {
                        assert_true(y[r * n + j] == k->z[c]);
                        c++;
                    }
                }
            }
        }
        free(y), free(mine), free(gain), free(mu), free(g), free(u);
        gndp_evaluator_free(ev);
        free_context(s);
        free_cond(k);
    }
}

/* Errors of mean and covariance of what M such steps make of N(m_*, K_**). */
static void recursion_errors(const context_score *s, const char *predictor, int64_t steps,
                             double *mean_error, double *cov_error)
{
    const sde_case *c = &s->part;
    double *grid = new_values(steps + 1), *mean = new_values(c->n), *cov = new_values(c->n * c->n);
    memcpy(mean, c->m, (size_t)c->n * sizeof *mean);
    memcpy(cov, c->k, (size_t)(c->n * c->n) * sizeof *cov);
    assert_ok(gndp_time_grid(&c->schedule, GNDP_GRID_TIME, steps, grid));
    matrix_recursion(c, sampler(predictor), grid, steps, mean, cov);
    double sum = 0.0;
    for (int64_t i = 0; i < c->n; i++) {
        sum += pow(mean[i] - c->m0[i], 2.0) / c->s0[i * c->n + i];
    }
    *mean_error = sqrt(sum / (double)c->n);
    *cov_error = relative_error(c->n * c->n, cov, c->s0);
    free(grid), free(mean), free(cov);
}

/*
 * What the matrices of the case before make of it is the posterior of the data, up to the step: no
 * chains are needed. geomndp.md 7.7 has .010 to .016 and .012 to .016 for mean and covariance of
 * 100 steps, .002 to .003 for 500, on problems that differ from these by a factor of about 2.
 */
static void the_law_of_the_steps_is_the_posterior(void **state)
{
    (void)state;
    for (int which = 0; which < SDE_CASES; which++) {
        cond_case *k = new_whole(&sde_texts[which]);
        gndp_score score;
        context_score *s = new_context(k, &score);
        double mean[2], cov[2];
        recursion_errors(s, "em", 100, &mean[0], &cov[0]);
        recursion_errors(s, "em", 500, &mean[1], &cov[1]);
        print_message("amortised: 100 steps %.4f/%.4f, 500 steps %.4f/%.4f\n", mean[0], cov[0],
                      mean[1], cov[1]);
        assert_true(mean[0] < 0.04 && cov[0] < 0.04 && mean[1] < 0.01 && cov[1] < 0.01);
        free_context(s);
        free_cond(k);
    }
}

/* And chains do it: 4096 have errors of about .016 and .05 by themselves. */
static void chains_have_the_posterior(void **state)
{
    (void)state;
    enum { R = 4096 };
    for (int which = 0; which < 2; which++) {
        cond_case *k = new_whole(&sde_texts[which]);
        gndp_score score;
        context_score *s = new_context(k, &score);
        gndp_evaluator *ev = open_score(k->c, &score, 1024);
        gndp_conditional_report report;
        double *y = new_values(R * k->n), mean, cov;
        const gndp_conditional_options o = cond_options("amortised");
        assert_ok(cond_run_members(ev, k, &o, R, y, &report));
        cond_errors_of(k, R, y, &mean, &cov);
        print_message("amortised: %.3f/%.3f\n", mean, cov);
        assert_true(mean < 0.06 && cov < 0.1);
        cond_check_seen(k, R, y, 0.0);
        assert_non_null(strstr(report.text, "points of clean context"));
        free(y);
        gndp_evaluator_free(ev);
        free_context(s);
        free_cond(k);
    }
}

/*
 * By the flow of the targets: the very flow that a score on the targets alone has, with exact
 * divergence and with probes, and the density of the posterior up to the tolerance of the solver.
 */
static void the_flow_of_the_targets_has_their_density(void **state)
{
    (void)state;
    enum { R = 5 };
    for (int which = 0; which < SDE_CASES; which++) {
        cond_case *k = new_whole(&sde_texts[which]);
        const gndp_schedule *schedule = &k->c->schedule;
        gndp_score score;
        context_score *s = new_context(k, &score);
        gndp_evaluator *ev = open_score(k->c, &score, 4),
                       *alone = open_score(&s->part, &s->inner, 4);
        const int64_t n = k->n, m = s->part.n, p = k->c->outputs;
        double *y = new_values(R * n), *part = new_values(R * m), *e = new_normals(3, R * m),
               *row = new_values(m), *l = new_values(m * m), log_p[R], wanted[R];
        int64_t context[COND_MOST], c = 0;
        for (int64_t i = 0; i < k->seen; i += p) {
            context[c++] = k->column[i] / p;
        }
        dense_factor(m, s->part.s0, 0.0, l);
        for (int64_t r = 0; r < R; r++) { /* draws of the posterior */
            times(m, l, e + r * m, row);
            for (int64_t i = 0, at = 0, seen = 0; i < n; i++) {
                if (k->target[i]) {
                    part[r * m + at] = y[r * n + i] = s->part.m0[at] + row[at];
                    at++;
                } else {
                    y[r * n + i] = k->z[seen++];
                }
            }
        }
        double *latent = new_values(R * m), *cov = new_values(m * m), *mean = new_values(m);
        law_at(&s->part, schedule->t1, cov, mean);
        for (int i = 0; i < 3; i++) {
            gndp_likelihood_options o = gndp_likelihood_options_default();
            o.steps = 60;
            o.probes = i == 1 ? 2 : 0;
            o.solver = i == 2 ? GNDP_ODE_ADAPTIVE : GNDP_ODE_RK4;
            o.tolerance = 1e-8;
            o.exact_terminal = i == 2;
            assert_ok(gndp_context_log_likelihood(ev, schedule, s->law, &o, R, NULL, c, context, y,
                                                  log_p, latent));
            assert_ok(
                gndp_log_likelihood(alone, schedule, s->law, &o, R, NULL, part, wanted, NULL));
            for (int64_t r = 0; r < R; r++) {
                assert_near(log_p[r], wanted[r], 1e-7 * (1.0 + fabs(wanted[r])));
                log_p[r] += normal_log_prob(m, cov, mean, latent + r * m); /* of p_t1 */
                if (i == 2) {
                    assert_near(log_p[r], normal_log_prob(m, s->part.s0, s->part.m0, part + r * m),
                                1e-5);
                }
            }
        }
        free(latent), free(cov), free(mean);
        const int64_t twice[2] = {1, 1};
        assert_fails(gndp_context_log_likelihood(ev, schedule, s->law, NULL, R, NULL, 2, twice, y,
                                                 log_p, NULL),
                     GNDP_ERR_RANGE, "point 1 is context twice");
        assert_fails(gndp_context_log_likelihood(ev, schedule, s->law, NULL, R, NULL, 1, twice, y,
                                                 log_p, NULL),
                     GNDP_ERR_SHAPE, "a law of");
        assert_fails(gndp_context_log_likelihood(alone, schedule, s->law, NULL, R, NULL, 1, twice,
                                                 y, log_p, NULL),
                     GNDP_ERR_UNSUPPORTED, "score.context_flag: yes");
        free(y), free(part), free(e), free(row), free(l);
        gndp_evaluator_free(ev);
        gndp_evaluator_free(alone);
        free_context(s);
        free_cond(k);
    }
}

/* ---- What all methods promise ---------------------------------------------------------------- */

static bool stop_at_third(void *state)
{
    return ++*(int *)state == 3;
}

static void it_keeps_the_promises_of_all_methods(void **state)
{
    (void)state;
    enum { R = 11 };
    for (int which = 1; which < 3; which++) {
        cond_case *k = new_whole(&sde_texts[which]);
        const gndp_schedule *schedule = &k->c->schedule;
        gndp_score score;
        context_score *s = new_context(k, &score);
        gndp_evaluator *ev = open_score(k->c, &score, 8), *wide = NULL;
        const gndp_evaluator_options padded = {.batch = 8, .padded_points = 16};
        assert_ok(gndp_evaluator_create(&score, schedule, &k->c->points.x, &padded, &wide));
        const size_t row = (size_t)k->n * sizeof(double);
        double *all = new_values(R * k->n), *some = new_values(R * k->n);
        uint32_t member[R];
        number_members(R, 32, member);
        gndp_conditional_options o = cond_options("amortised");
        gndp_conditional_report report;
        o.steps = 6;
        const int64_t before = gndp_evaluator_count(ev);
        assert_ok(gndp_conditional_sample(ev, schedule, k->cd, &o, R, member, all, &report));
        assert_near((double)(gndp_evaluator_count(ev) - before), R * report.evaluations, 0.0);
        for (int r = 0; r < R; r += 3) { /* a member's bits, in any company */
            assert_ok(gndp_conditional_sample(ev, schedule, k->cd, &o, 1, member + r, some, NULL));
            assert_memory_equal(some, all + r * k->n, row);
        }
        assert_ok(gndp_conditional_sample(wide, schedule, k->cd, &o, R, member, some, NULL));
        assert_near(relative_error(R * k->n, some, all), 0.0, 1e-11);
        int asked = 0;
        o.stop = stop_at_third;
        o.stop_state = &asked;
        assert_fails(gndp_conditional_sample(ev, schedule, k->cd, &o, R, member, some, NULL),
                     GNDP_ERR_INTERRUPTED, "block 1");
        if (OWN_ALLOCATOR) {
            watch w = {0};
            o.steps = 20;
            o.stop = watch_step;
            o.stop_state = &w;
            assert_ok(gndp_conditional_sample(ev, schedule, k->cd, &o, 1, member, some, NULL));
            check_watch(&w, "amortised");
        }
        free(all), free(some);
        gndp_evaluator_free(ev);
        gndp_evaluator_free(wide);
        free_context(s);
        free_cond(k);
    }
}

/* Before, after and between: to other methods and to samplers every point is a target, also where a
 * run was refused or interrupted. */
static gndp_node marks_build(const void *state, gndp_graph *g, const gndp_score_inputs *in)
{
    const gndp_type type = gndp_node_type(in->target);
    (void)state;
    return gndp_reshape(g, gndp_cast(g, in->target, GNDP_F64), 3,
                        (const int64_t[]){type.dim[0], type.dim[1], 1});
}

static void the_evaluator_is_left_without_context(void **state)
{
    (void)state;
    cond_case *k = new_whole(&sde_texts[0]);
    const gndp_score score = {
        .dtype = GNDP_F64, .components = 1, .context = true, .build = marks_build};
    gndp_evaluator *ev = open_score(k->c, &score, 2);
    gndp_conditional_options o = cond_options("amortised");
    double y[2 * COND_MOST] = {0}, g[2 * COND_MOST];
    const double t = 0.5;
    o.steps = 3;
    for (int i = 0; i < 3; i++) {
        assert_ok(gndp_evaluator_score(ev, 1, &t, true, y, g));
        for (int64_t j = 0; j < k->n; j++) {
            assert_near(g[j], 1.0, 0.0);
        }
        int asked = i == 0 ? 2 : -100; /* stops at once, or never */
        o.stop = stop_at_third;
        o.stop_state = &asked;
        assert_int_equal(cond_run_members(ev, k, &o, 2, y, NULL),
                         i == 0 ? GNDP_ERR_INTERRUPTED : GNDP_OK);
    }
    gndp_evaluator_free(ev);
    free_cond(k);
}

static void it_refuses_what_training_did_not_see(void **state)
{
    (void)state;
    const gndp_conditional_options o = cond_options("amortised");
    double y[2 * COND_MOST];
    cond_case *k = new_whole(&sde_texts[0]);
    gndp_score score, plain;
    context_score *s = new_context(k, &score);
    gndp_evaluator *ev = open_score(k->c, &score, 2);
    for (int kind = 1; kind < COND_KINDS; kind++) {
        cond_case *other = new_cond(&sde_texts[0], (cond_kind)kind);
        assert_fails(cond_run_members(ev, other, &o, 2, y, NULL), GNDP_ERR_UNSUPPORTED,
                     kind == COND_NOISY ? "observation 0 has an error (sd 0.2"
                                        : "values of points");
        free_cond(other);
    }
    gndp_store *store = new_toy(GNDP_F64, 1, 1, 0.3, &plain);
    gndp_evaluator *without = open_score(k->c, &plain, 2);
    assert_fails(cond_run_members(without, k, &o, 2, y, NULL), GNDP_ERR_UNSUPPORTED,
                 "set score.context_flag: yes");
    gndp_evaluator_free(without);
    gndp_store_free(store);
    gndp_evaluator_free(ev);
    free_context(s);
    free_cond(k);

    k = new_whole(&sde_texts[2]);
    cond_case *part = new_cond(&sde_texts[2], COND_PICKED); /* value 1 is half of point 0 */
    s = new_context(k, &score);
    ev = open_score(k->c, &score, 2);
    assert_fails(cond_run_members(ev, part, &o, 1, y, NULL), GNDP_ERR_UNSUPPORTED,
                 "1 of the 2 components of point 0");
    assert_ok(cond_run_members(ev, k, &o, 1, y, NULL));
    gndp_evaluator_free(ev);
    free_context(s);
    free_cond(part);
    free_cond(k);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(members_go_by_the_process_of_the_targets),
    cmocka_unit_test(the_law_of_the_steps_is_the_posterior),
    cmocka_unit_test(chains_have_the_posterior),
    cmocka_unit_test(the_flow_of_the_targets_has_their_density),
    cmocka_unit_test(it_keeps_the_promises_of_all_methods),
    cmocka_unit_test(the_evaluator_is_left_without_context),
    cmocka_unit_test(it_refuses_what_training_did_not_see),
};
GNDP_TEST_MAIN(tests)
