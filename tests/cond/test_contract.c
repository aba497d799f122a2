// SPDX-License-Identifier: Apache-2.0
// What all methods promise: members, blocks, threads, settings by name, interruption, refusals.
#include "cond/cond_case.h"
#include "sde/toy_score.h"

static gndp_evaluator *open_on(const sde_case *c, const gndp_score *score, int64_t batch,
                               int threads, int64_t padded)
{
    gndp_evaluator *ev = NULL;
    gndp_device *device = NULL;
    const gndp_device_options how = {.threads = threads};
    assert_ok(gndp_device_open("cpu", &how, &device));
    const gndp_evaluator_options o = {.batch = batch, .device = device, .padded_points = padded};
    assert_ok(gndp_evaluator_create(score, &c->schedule, &c->points.x, &o, &ev));
    gndp_device_free(device);
    return ev;
}

static gndp_conditional_options short_options(int i)
{
    gndp_conditional_options o = cond_options(gndp_conditional_get(i)->name);
    o.steps = 6;
    o.inner = 2;
    o.clean_steps = 3;
    o.repeats = 2;
    o.particles = 5;
    return o;
}

/* Member k is the same bits alone, in another order and block, on one thread and on two. */
static void members_are_the_same_bits_in_any_company(void **state)
{
    (void)state;
    enum { R = 11, PICKS = 4 };
    for (int which = 0; which < SDE_CASES; which++) {
        cond_case *k = new_cond(&sde_texts[which], COND_MIXED);
        const int64_t n = k->n;
        gndp_score score[2];
        assert_ok(gndp_score_gaussian(k->c->law, k->c->m0, k->c->s0, &score[0]));
        gndp_store *store = new_toy(GNDP_F32, k->c->dim, k->c->outputs, 0.3, &score[1]);
        double *all = new_values(R * n), *some = new_values(R * n);
        uint32_t member[R];
        number_members(R, 32, member);
        for (int i = 0; i < gndp_conditional_count(); i++) {
            if (gndp_conditional_get(i)->context) { /* wants a score of its own: test_amortised.c */
                continue;
            }
            gndp_evaluator *two = open_on(k->c, &score[(i + which) % 2], 8, 2, 0),
                           *one = open_on(k->c, &score[(i + which) % 2], 8, 1, 0);
            gndp_conditional_options o = short_options(i);
            o.covariance = i % 2 == 0 ? GNDP_GUIDANCE_EXACT : GNDP_GUIDANCE_AUTO;
            const gndp_schedule *s = &k->c->schedule;
            assert_ok(gndp_conditional_sample(two, s, k->cd, &o, R, member, all, NULL));
            assert_ok(gndp_conditional_sample(one, s, k->cd, &o, R, member, some, NULL));
            assert_memory_equal(some, all, (size_t)(R * n) * sizeof *all);
            for (int r = 1; r < R; r += 4) {
                assert_ok(gndp_conditional_sample(two, s, k->cd, &o, 1, member + r, some, NULL));
                assert_memory_equal(some, all + r * n, (size_t)n * sizeof *all);
            }
            const uint32_t mixed[PICKS] = {35, 19, 32, 3}; /* 35, 19 and 3 share a slot */
            assert_ok(gndp_conditional_sample(one, s, k->cd, &o, PICKS, mixed, some, NULL));
            assert_memory_equal(some, all + 3 * n, (size_t)n * sizeof *all);
            assert_memory_equal(some + 2 * n, all, (size_t)n * sizeof *all);
            assert_memory_not_equal(some + n, all + 3 * n, (size_t)n * sizeof *all);
            o.seed++;
            assert_ok(gndp_conditional_sample(one, s, k->cd, &o, 1, member, some, NULL));
            assert_memory_not_equal(some, all, (size_t)n * sizeof *all);
            gndp_evaluator_free(one);
            gndp_evaluator_free(two);
        }
        free(all), free(some);
        gndp_store_free(store);
        gndp_score_free(&score[0]);
        gndp_score_free(&score[1]);
        free_cond(k);
    }
}

static void padded_points_change_nothing(void **state)
{
    (void)state;
    enum { R = 6 };
    cond_case *k = new_cond(&sde_texts[2], COND_NOISY);
    gndp_score score;
    gndp_store *store = new_toy(GNDP_F64, k->c->dim, k->c->outputs, 0.3, &score);
    gndp_evaluator *plain = open_on(k->c, &score, 4, 2, 0), *wide = open_on(k->c, &score, 4, 2, 16);
    double *a = new_values(R * k->n), *b = new_values(R * k->n);
    for (int i = 0; i < gndp_conditional_count(); i++) {
        const gndp_conditional_options o = short_options(i);
        if (o.method->context) {
            continue;
        }
        assert_ok(cond_run_members(plain, k, &o, R, a, NULL));
        assert_ok(cond_run_members(wide, k, &o, R, b, NULL));
        assert_near(relative_error(R * k->n, b, a), 0.0, 1e-11);
    }
    free(a), free(b);
    gndp_evaluator_free(plain);
    gndp_evaluator_free(wide);
    gndp_store_free(store);
    gndp_score_free(&score);
    free_cond(k);
}

/* What the report says is what the evaluator counted. */
static void evaluations_are_counted(void **state)
{
    (void)state;
    enum { R = 5 };
    cond_case *k = new_cond(&sde_texts[0], COND_NOISY);
    gndp_score score;
    assert_ok(gndp_score_gaussian(k->c->law, k->c->m0, k->c->s0, &score));
    gndp_evaluator *ev = open_score(k->c, &score, 4);
    double *y = new_values(R * k->n);
    for (int i = 0; i < gndp_conditional_count(); i++) {
        const gndp_conditional_options o = short_options(i);
        gndp_conditional_report report;
        if (o.method->context) {
            continue;
        }
        const int64_t before = gndp_evaluator_count(ev);
        assert_ok(cond_run_members(ev, k, &o, R, y, &report));
        assert_near((double)(gndp_evaluator_count(ev) - before), R * report.evaluations, 0.0);
        assert_true(strncmp(report.text, o.method->name, strlen(o.method->name)) == 0);
        assert_null(strstr(report.text, "[cut]"));
    }
    free(y);
    gndp_evaluator_free(ev);
    gndp_score_free(&score);
    free_cond(k);
}

static void methods_are_found_by_name(void **state)
{
    (void)state;
    const gndp_conditional_info *info = NULL;
    for (int i = 0; i < gndp_conditional_count(); i++) {
        assert_ok(gndp_conditional_find(gndp_conditional_get(i)->name, &info));
        assert_ptr_equal(info, gndp_conditional_get(i));
        assert_ptr_equal(gndp_conditional_options_default(info).method, info);
        assert_true(strlen(info->text) > 10 && strlen(info->reference) > 10);
    }
    assert_null(gndp_conditional_get(-1));
    assert_null(gndp_conditional_get(gndp_conditional_count()));
    assert_fails(gndp_conditional_find("langvin", &info), GNDP_ERR_NOT_FOUND,
                 "there are: langevin, ");
    assert_fails(gndp_conditional_find(NULL, &info), GNDP_ERR_ARG, "NULL");
    assert_string_equal(gndp_conditional_options_default(NULL).method->name, "langevin");
}

static bool stop_at_third(void *state)
{
    return ++*(int *)state == 3;
}

static void runs_stop_and_refuse(void **state)
{
    (void)state;
    cond_case *k = new_cond(&sde_texts[0], COND_NOISY),
              *other = new_cond(&sde_texts[3], COND_NOISY);
    gndp_conditioner *less = NULL;
    gndp_score score;
    assert_ok(gndp_score_gaussian(k->c->law, k->c->m0, k->c->s0, &score));
    gndp_evaluator *ev = open_score(k->c, &score, 4);
    double *y = new_values(9 * k->n);
    uint32_t member[2] = {0, 1};
    for (int i = 0; i < gndp_conditional_count(); i++) {
        gndp_conditional_options o = short_options(i);
        int asked = 0;
        if (o.method->context) {
            continue;
        }
        o.stop = stop_at_third;
        o.stop_state = &asked;
        assert_fails(cond_run_members(ev, k, &o, 2, y, NULL), GNDP_ERR_INTERRUPTED, "block 1");
        o = short_options(i);
        o.steps = 0;
        assert_fails(cond_run_members(ev, k, &o, 2, y, NULL), GNDP_ERR_RANGE, "0 steps");
        o = short_options(i);
        o.psi = -1.0;
        assert_fails(cond_run_members(ev, k, &o, 2, y, NULL), GNDP_ERR_RANGE, "psi -1");
        o = short_options(i);
        o.least_variance = (double)NAN;
        assert_fails(cond_run_members(ev, k, &o, 2, y, NULL), GNDP_ERR_RANGE, "least variance");
        assert_ok(cond_run_members(ev, k, NULL, 0, y, NULL));
    }
    const gndp_conditional_info foreign = {.name = "mine"};
    gndp_conditional_options o = short_options(0);
    o.method = &foreign;
    assert_fails(cond_run_members(ev, k, &o, 2, y, NULL), GNDP_ERR_ARG, "none of the table");
    const gndp_schedule *s = &k->c->schedule;
    o = short_options(0);
    assert_fails(gndp_conditional_sample(NULL, s, k->cd, &o, 2, member, y, NULL), GNDP_ERR_ARG,
                 "evaluator");
    assert_fails(gndp_conditional_sample(ev, s, NULL, &o, 2, member, y, NULL), GNDP_ERR_ARG,
                 "conditioner");
    assert_fails(gndp_conditional_sample(ev, s, k->cd, &o, 2, NULL, y, NULL), GNDP_ERR_ARG, "NULL");
    assert_fails(gndp_conditional_sample(ev, s, k->cd, &o, -2, member, y, NULL), GNDP_ERR_RANGE,
                 "-2 members");
    sde_case few = *k->c;
    few.n_points = 4;
    few.points.x.type.dim[0] = 4;
    gndp_gaussian *law = NULL;
    const gndp_linear_obs none = {0};
    assert_ok(gndp_process_law(k->c->process, &few.points, NULL, &law));
    assert_ok(gndp_conditioner_create(law, &none, &less));
    assert_fails(gndp_conditional_sample(ev, s, less, &o, 2, member, y, NULL), GNDP_ERR_SHAPE,
                 "a limit of 4 values, a score of 10");
    gndp_conditioner_free(less);
    gndp_gaussian_free(law);
    gndp_evaluator_free(ev);
    gndp_score_free(&score);
    free(y);
    free_cond(other);
    free_cond(k);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(members_are_the_same_bits_in_any_company),
    cmocka_unit_test(padded_points_change_nothing),
    cmocka_unit_test(evaluations_are_counted),
    cmocka_unit_test(methods_are_found_by_name),
    cmocka_unit_test(runs_stop_and_refuse),
};
GNDP_TEST_MAIN(tests)
