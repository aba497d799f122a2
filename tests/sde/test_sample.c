// SPDX-License-Identifier: Apache-2.0
// Sampling around the samplers: members and blocks, threads, grids, interruption, errors, cost.
#include "sde/toy_score.h"

/* A score on a case's points on so many threads. */
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

/*
 * Member k is the same bits alone, among sixteen, among members out of order that meet in several
 * blocks, on one thread and on two; for the exact score (f64) and a network (f32), for every
 * sampler.
 */
static void members_are_the_same_bits_in_any_company(void **state)
{
    (void)state;
    enum { R = 16, PICKS = 4 };
    for (int which = 0; which < SDE_CASES; which += 2) {
        sde_case *c = new_case(&sde_texts[which]);
        const int64_t n = c->n;
        gndp_score score[2];
        assert_ok(gndp_score_gaussian(c->law, c->m0, c->s0, &score[0]));
        gndp_store *store = new_toy(GNDP_F32, c->dim, c->outputs, 0.3, &score[1]);
        double *all = new_values(R * n), *some = new_values(R * n);
        uint32_t member[R];
        number_members(R, 32, member);
        for (int i = 0; i < 2 * gndp_sampler_count(); i++) {
            gndp_evaluator *two = open_on(c, &score[i % 2], 16, 2, 0),
                           *one = open_on(c, &score[i % 2], 16, 1, 0);
            gndp_sampler_options o = gndp_sampler_options_default();
            o.sampler = gndp_sampler_get(i / 2);
            o.steps = 8;
            o.tolerance = 1e-3;
            o.seed = 31;
            o.corrector_steps = i % 4 == 0;
            assert_ok(gndp_sample(two, &c->schedule, c->law, &o, R, member, NULL, all));
            assert_ok(gndp_sample(one, &c->schedule, c->law, &o, R, member, NULL, some));
            assert_memory_equal(some, all, (size_t)(R * n) * sizeof *all);
            for (int r = 1; r < R; r += 6) {
                assert_ok(gndp_sample(two, &c->schedule, c->law, &o, 1, member + r, NULL, some));
                assert_memory_equal(some, all + r * n, (size_t)n * sizeof *all);
            }
            const uint32_t mixed[PICKS] = {35, 19, 32, 3}; /* 35, 19 and 3 share a slot */
            assert_ok(gndp_sample(one, &c->schedule, c->law, &o, PICKS, mixed, NULL, some));
            assert_memory_equal(some, all + 3 * n, (size_t)n * sizeof *all);
            assert_memory_equal(some + 2 * n, all, (size_t)n * sizeof *all);
            assert_memory_not_equal(some + n, all + 3 * n, (size_t)n * sizeof *all);
            gndp_evaluator_free(one);
            gndp_evaluator_free(two);
        }
        free(all), free(some);
        gndp_store_free(store);
        gndp_score_free(&score[0]);
        gndp_score_free(&score[1]);
        free_case(c);
    }
}

static void padded_points_change_nothing(void **state)
{
    (void)state;
    sde_case *c = new_case(&sde_texts[2]);
    const int64_t n = c->n;
    gndp_score score;
    gndp_store *store = new_toy(GNDP_F64, c->dim, c->outputs, 0.3, &score);
    gndp_evaluator *plain = open_on(c, &score, 4, 2, 0), *wide = open_on(c, &score, 4, 2, 16);
    double *a = new_values(6 * n), *b = new_values(6 * n), la[6], lb[6];
    uint32_t member[6];
    number_members(6, 0, member);
    gndp_sampler_options o = gndp_sampler_options_default();
    gndp_likelihood_options lo = gndp_likelihood_options_default();
    lo.steps = 5;
    o.steps = 20;
    assert_int_equal(gndp_evaluator_points(wide), c->n_points);
    assert_ok(gndp_sample(plain, &c->schedule, c->law, &o, 6, member, NULL, a));
    assert_ok(gndp_sample(wide, &c->schedule, c->law, &o, 6, member, NULL, b));
    assert_near(relative_error(6 * n, b, a), 0.0, 1e-13);
    assert_ok(gndp_log_likelihood(plain, &c->schedule, c->law, &lo, 6, member, a, la, NULL));
    assert_ok(gndp_log_likelihood(wide, &c->schedule, c->law, &lo, 6, member, a, lb, NULL));
    assert_near(relative_error(6, lb, la), 0.0, 1e-12);
    /* fewer points by the same plans */
    sde_case few = *c;
    few.n_points = 4;
    few.points.x.type.dim[0] = 4;
    gndp_gaussian *law = NULL;
    assert_ok(gndp_process_law(c->process, &few.points, NULL, &law));
    gndp_evaluator *small = open_on(&few, &score, 4, 2, 0);
    assert_ok(gndp_evaluator_move(wide, &few.points.x));
    assert_ok(gndp_sample(small, &c->schedule, law, &o, 6, member, NULL, a));
    assert_ok(gndp_sample(wide, &c->schedule, law, &o, 6, member, NULL, b));
    assert_near(relative_error(6 * 8, b, a), 0.0, 1e-13);
    gndp_gaussian_free(law);
    gndp_evaluator_free(plain);
    gndp_evaluator_free(wide);
    gndp_evaluator_free(small);
    gndp_store_free(store);
    gndp_score_free(&score);
    free(a), free(b);
    free_case(c);
}

/* Points of its own for each realization: as each alone on its points. */
static void realizations_may_have_points_of_their_own(void **state)
{
    (void)state;
    enum { B = 3 };
    sde_case *c = new_case(&sde_texts[3]);
    const int64_t n = c->n, d = c->n_points * c->dim;
    gndp_score score;
    gndp_store *store = new_toy(GNDP_F64, c->dim, c->outputs, 0.3, &score);
    double *x = new_values(B * d), *y = new_normals(4, B * n), *all = new_values(B * n),
           *one = new_values(n), lall[B], lone;
    assert_ok(gndp_random_uniform_f64(21, 0, 0, GNDP_STREAM(2, 0), 0, B * d, x));
    const gndp_array many = gndp_array_view(gndp_type_3d(GNDP_F64, B, c->n_points, c->dim), x);
    const gndp_evaluator_options o = {.batch = B};
    gndp_evaluator *ev = NULL;
    gndp_likelihood_options lo = gndp_likelihood_options_default();
    lo.steps = 4;
    lo.probes = 0;
    gndp_sampler_options so = gndp_sampler_options_default();
    so.steps = 6;
    uint32_t member[B] = {8, 2, 5};
    assert_ok(gndp_evaluator_create(&score, &c->schedule, &many, &o, &ev));
    assert_ok(gndp_log_likelihood(ev, &c->schedule, c->law, &lo, B, member, y, lall, NULL));
    assert_ok(gndp_sample(ev, &c->schedule, c->law, &so, B, member, NULL, all));
    assert_fails(gndp_sample(ev, &c->schedule, c->law, &so, B + 1, member, NULL, all),
                 GNDP_ERR_RANGE, "points of their own");
    for (int b = 0; b < B; b++) {
        gndp_evaluator *alone = NULL;
        const gndp_array mine =
            gndp_array_view(gndp_type_2d(GNDP_F64, c->n_points, c->dim), x + b * d);
        assert_ok(gndp_evaluator_create(&score, &c->schedule, &mine, &o, &alone));
        assert_ok(gndp_log_likelihood(alone, &c->schedule, c->law, &lo, 1, member + b, y + b * n,
                                      &lone, NULL));
        assert_near(lall[b], lone, 1e-11 * fabs(lone));
        assert_ok(gndp_sample(alone, &c->schedule, c->law, &so, 1, member + b, NULL, one));
        assert_near(relative_error(n, all + b * n, one), 0.0, 1e-12);
        gndp_evaluator_free(alone);
    }
    gndp_evaluator_free(ev);
    gndp_store_free(store);
    gndp_score_free(&score);
    free(x), free(y), free(all), free(one);
    free_case(c);
}

static void grids_go_from_end_to_start(void **state)
{
    (void)state;
    enum { M = 40 };
    double t[M + 1];
    for (int kind = 0; kind <= GNDP_SCHEDULE_EXPONENTIAL; kind++) {
        if (kind == GNDP_SCHEDULE_DISCRETE) { /* has kinks */
            continue;
        }
        gndp_schedule s = gndp_schedule_default();
        s.kind = (gndp_schedule_kind)(kind == 1 ? 0 : kind);
        s.beta0 = kind == 1 ? 0.0 : 0.1;
        for (int grid = 0; grid < 3; grid++) {
            assert_ok(gndp_time_grid(&s, (gndp_grid_kind)grid, M, t));
            assert_true(t[0] == s.t1 && t[M] == s.t0);
            for (int k = 0; k < M; k++) {
                assert_true(t[k + 1] < t[k]);
            }
            for (int k = 1; k < M - 1; k++) {
                double f[3];
                for (int j = 0; j < 3; j++) {
                    const gndp_linear_law at = gndp_schedule_marginal(&s, t[k - 1 + j]);
                    f[j] = grid == 0   ? t[k - 1 + j]
                           : grid == 1 ? sqrt(gndp_schedule_integral(&s, t[k - 1 + j]))
                                       : log(at.a / sqrt(at.variance));
                }
                assert_near(f[2] - f[1], f[1] - f[0], 1e-9);
            }
        }
        assert_near(gndp_schedule_marginal(&s, t[M - 1]).variance, 1e-5, 1e-12);
        if (kind == 1) { /* a rate that starts at 0: uniform in sqrt(B) is uniform in t */
            double u[M + 1];
            assert_ok(gndp_time_grid(&s, GNDP_GRID_ROOT, M, u));
            assert_ok(gndp_time_grid(&s, GNDP_GRID_TIME, M, t));
            for (int k = 0; k <= M; k++) {
                assert_near(u[k], t[k], 1e-14);
            }
        }
        assert_ok(gndp_time_grid(&s, GNDP_GRID_LAMBDA, 1, t));
        assert_true(t[0] == s.t1 && t[1] == s.t0);
        assert_fails(gndp_time_grid(&s, GNDP_GRID_TIME, 0, t), GNDP_ERR_RANGE, "0 steps");
    }
}

static bool stop_at_five(void *state)
{
    return ++*(int *)state == 5;
}

static gndp_node explode(const void *state, gndp_graph *g, const gndp_score_inputs *in)
{
    (void)state;
    return gndp_scale(g, in->y, 1e30);
}

static void sampling_says_why_it_ends(void **state)
{
    (void)state;
    sde_case *c = new_case(&sde_texts[0]);
    gndp_score score, wild = {.dtype = GNDP_F64, .components = 1, .build = explode};
    assert_ok(gndp_score_gaussian(c->law, c->m0, c->s0, &score));
    gndp_evaluator *ev = open_on(c, &score, 4, 2, 0), *mad = open_on(c, &wild, 4, 2, 0);
    double *y = new_values(8 * c->n), log_p = 0.0;
    uint32_t member[8];
    int asked = 0;
    number_members(8, 40, member);
    gndp_sampler_options o = gndp_sampler_options_default();
    o.steps = 20;
    assert_fails(gndp_sample(mad, &c->schedule, c->law, &o, 8, member, NULL, y), GNDP_ERR_NONFINITE,
                 "member 40: after step");
    o.sampler = gndp_sampler_get(gndp_sampler_count() - 1);
    assert_string_equal(o.sampler->name, "adaptive");
    assert_fails(gndp_sample(mad, &c->schedule, c->law, &o, 8, member, NULL, y), GNDP_ERR_NONFINITE,
                 "member 40: at time");
    o.sampler = gndp_sampler_get(0);
    o.stop = stop_at_five;
    o.stop_state = &asked;
    const int64_t before = gndp_evaluator_count(ev);
    assert_fails(gndp_sample(ev, &c->schedule, c->law, &o, 8, member, NULL, y),
                 GNDP_ERR_INTERRUPTED, "block 1 of 2");
    assert_int_equal(gndp_evaluator_count(ev) - before, 5 * 4);
    asked = 0;
    gndp_likelihood_options lo = gndp_likelihood_options_default();
    lo.stop = stop_at_five;
    lo.stop_state = &asked;
    assert_fails(gndp_log_likelihood(ev, &c->schedule, c->law, &lo, 1, NULL, c->m0, &log_p, NULL),
                 GNDP_ERR_INTERRUPTED, "block 1 of 1");
    o.stop = NULL;
    o.steps = 0;
    assert_fails(gndp_sample(ev, &c->schedule, c->law, &o, 1, member, NULL, y), GNDP_ERR_RANGE,
                 "0 steps");
    o = gndp_sampler_options_default(), o.temperature = -1.0;
    assert_fails(gndp_sample(ev, &c->schedule, c->law, &o, 1, member, NULL, y), GNDP_ERR_RANGE,
                 "temperature -1");
    o = gndp_sampler_options_default(), o.tolerance = 0.0;
    assert_fails(gndp_sample(ev, &c->schedule, c->law, &o, 1, member, NULL, y), GNDP_ERR_RANGE,
                 "tolerance");
    o = gndp_sampler_options_default(), o.sampler = NULL;
    assert_fails(gndp_sample(ev, &c->schedule, c->law, &o, 1, member, NULL, y), GNDP_ERR_ARG,
                 "no sampler");
    gndp_sampler_info odd = {.name = "odd"};
    o.sampler = &odd;
    assert_fails(gndp_sample(ev, &c->schedule, c->law, &o, 1, member, NULL, y), GNDP_ERR_ARG,
                 "neither");
    lo = gndp_likelihood_options_default(), lo.steps = 0;
    assert_fails(gndp_log_likelihood(ev, &c->schedule, c->law, &lo, 1, NULL, c->m0, &log_p, NULL),
                 GNDP_ERR_RANGE, "0 steps");
    c->m0[3] = (double)NAN;
    assert_fails(gndp_log_likelihood(ev, &c->schedule, c->law, NULL, 1, NULL, c->m0, &log_p, NULL),
                 GNDP_ERR_NONFINITE, "value 3");
    gndp_evaluator_free(ev);
    gndp_evaluator_free(mad);
    gndp_score_free(&score);
    free(y);
    free_case(c);
}

static void samplers_are_found_by_name(void **state)
{
    (void)state;
    const gndp_sampler_info *info = NULL;
    assert_int_equal(gndp_sampler_count(), 13);
    for (int i = 0; i < gndp_sampler_count(); i++) {
        assert_ok(gndp_sampler_find(gndp_sampler_get(i)->name, &info));
        assert_ptr_equal(info, gndp_sampler_get(i));
        assert_true(info->text[0] != '\0' && info->order >= 1);
    }
    assert_null(gndp_sampler_get(-1));
    assert_null(gndp_sampler_get(13));
    assert_fails(gndp_sampler_find("huen", &info), GNDP_ERR_NOT_FOUND, "there are: heun, em");
}

/* What a user's own linear step does is what he wrote. */
static gndp_sampler_step hold(const gndp_schedule *s, double t, double to)
{
    (void)s, (void)t, (void)to;
    return (gndp_sampler_step){.a = 0.5};
}

static void a_step_of_ones_own_is_taken(void **state)
{
    (void)state;
    sde_case *c = new_case(&sde_texts[0]);
    gndp_score score;
    assert_ok(gndp_score_gaussian(c->law, c->m0, c->s0, &score));
    gndp_evaluator *ev = open_on(c, &score, 1, 1, 0);
    double *y = new_values(c->n);
    const uint32_t member = 0;
    const gndp_sampler_info mine = {.name = "hold", .text = "halves", .step = hold};
    gndp_sampler_options o = gndp_sampler_options_default();
    o.sampler = &mine;
    o.steps = 3;
    assert_ok(gndp_sample(ev, &c->schedule, c->law, &o, 1, &member, c->m0, y));
    for (int64_t i = 0; i < c->n; i++) {
        assert_near(y[i], c->m[i] + (c->m0[i] - c->m[i]) / 8.0, 1e-15);
    }
    free(y);
    gndp_evaluator_free(ev);
    gndp_score_free(&score);
    free_case(c);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(members_are_the_same_bits_in_any_company),
    cmocka_unit_test(padded_points_change_nothing),
    cmocka_unit_test(realizations_may_have_points_of_their_own),
    cmocka_unit_test(grids_go_from_end_to_start),
    cmocka_unit_test(sampling_says_why_it_ends),
    cmocka_unit_test(samplers_are_found_by_name),
    cmocka_unit_test(a_step_of_ones_own_is_taken),
};
GNDP_TEST_MAIN(tests)
