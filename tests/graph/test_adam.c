// SPDX-License-Identifier: Apache-2.0
// Adam as graph: against plain loops, clipping, moving average, mixed types, and gradients that are not finite.
#include <gndp/graph.h>
#include <gndp/ops.h>

#include "support/test_main.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N_A = 6, N_B = 5 };

/* loss = sum (scale (a - target_a))^2 + sum exp(b): one parameter each way, plain enough to differentiate by hand. */
typedef struct problem {
    gndp_store *store;
    gndp_device *device;
    gndp_plan *plan;
    gndp_dtype type_a, type_b;
} problem;

static const double target[N_A] = {0.5, -1.0, 2.0, 0.0, -0.25, 1.5};

static void check(gndp_status st)
{
    if (st != GNDP_OK)
        print_error("%s\n", gndp_last_error());
    assert_int_equal(st, GNDP_OK);
}

static problem make(const char *device, gndp_dtype type_a, gndp_dtype type_b, gndp_adam settings)
{
    problem p = {.type_a = type_a, .type_b = type_b};
    gndp_graph *g = NULL;
    check(gndp_device_open(device, NULL, &p.device));
    check(gndp_store_create(&p.store));
    check(gndp_store_add(p.store, "a", gndp_type_2d(type_a, 2, 3), (gndp_init){GNDP_INIT_NORMAL, 1.0}));
    check(gndp_store_add(p.store, "b", gndp_type_1d(type_b, N_B), (gndp_init){GNDP_INIT_UNIFORM, 1.0}));
    check(gndp_store_add(p.store, "unread", gndp_type_1d(GNDP_F32, 2), (gndp_init){GNDP_INIT_CONSTANT, 3.0}));
    check(gndp_store_add(p.store, "apart", gndp_type_1d(GNDP_F32, 2), (gndp_init){GNDP_INIT_CONSTANT, 4.0}));
    check(gndp_store_initialise(p.store, 5));
    check(gndp_graph_create(&g));
    const gndp_node scale = gndp_input(g, "scale", gndp_type_scalar(GNDP_F64));
    const gndp_node rate = gndp_input(g, "rate", gndp_type_scalar(GNDP_F32));
    const gndp_node step = gndp_input(g, "step", gndp_type_1d(GNDP_F32, 1));
    const gndp_node a = gndp_cast(g, gndp_param(g, p.store, "a", GNDP_SLOT_VALUE), GNDP_F64);
    const gndp_node b = gndp_cast(g, gndp_param(g, p.store, "b", GNDP_SLOT_VALUE), GNDP_F64);
    gndp_param(g, p.store, "apart", GNDP_SLOT_VALUE); /* read, but not by the loss */
    const gndp_node aim = gndp_constant(g, gndp_type_2d(GNDP_F64, 2, 3), target);
    const gndp_node miss = gndp_sum_all(g, gndp_square(g, gndp_mul(g, gndp_sub(g, a, aim), scale)));
    const gndp_node loss = gndp_add(g, miss, gndp_sum_all(g, gndp_exp(g, b)));
    const gndp_adam_nodes adam = gndp_adam_step(g, loss, p.store, settings, rate, step);
    const gndp_node outputs[3] = {loss, adam.grad_norm, adam.applied};
    check(gndp_plan_create(g, outputs, 3, p.device, &(gndp_plan_options){.effects = true}, &p.plan));
    gndp_graph_free(g);
    return p;
}

typedef struct report {
    double loss, grad_norm;
    int32_t applied;
} report;

static report run(const problem *p, double scale, double rate, int number)
{
    report r;
    float rate32 = (float)rate, step32 = (float)number;
    const gndp_feed feeds[3] = {{"scale", gndp_array_view(gndp_type_scalar(GNDP_F64), &scale)},
                                {"rate", gndp_array_view(gndp_type_scalar(GNDP_F32), &rate32)},
                                {"step", gndp_array_view(gndp_type_1d(GNDP_F32, 1), &step32)}};
    gndp_array out[3] = {gndp_array_view(gndp_type_scalar(GNDP_F64), &r.loss),
                         gndp_array_view(gndp_type_scalar(GNDP_F64), &r.grad_norm),
                         gndp_array_view(gndp_type_scalar(GNDP_I32), &r.applied)};
    check(gndp_plan_run(p->plan, feeds, 3, out, 3));
    return r;
}

static void finish(problem *p)
{
    gndp_plan_free(p->plan);
    gndp_device_free(p->device);
    gndp_store_free(p->store);
}

static gndp_array array_of(const problem *p, const char *name, gndp_slot slot)
{
    gndp_array a;
    check(gndp_store_array(p->store, name, slot, &a));
    return a;
}

static double at(gndp_array a, int i)
{
    return a.type.dtype == GNDP_F64 ? ((double *)a.data)[i] : (double)((float *)a.data)[i];
}

/* ------------------------------------------------------------------------------------- the plain-loop version */
typedef struct state {
    double value[N_A + N_B], m[N_A + N_B], v[N_A + N_B], ema[N_A + N_B];
} state;

static double plain_gradient(const state *s, double scale, double *grad)
{
    double norm2 = 0.0;
    for (int i = 0; i < N_A + N_B; i++) {
        grad[i] = i < N_A ? 2.0 * scale * scale * (s->value[i] - target[i]) : exp(s->value[i]);
        norm2 += grad[i] * grad[i];
    }
    return sqrt(norm2);
}

/* Kingma & Ba 2015, algorithm 1, with clipping before and decoupled decay beside it. */
static double plain_step(state *s, gndp_adam a, double scale, double rate, int number)
{
    double grad[N_A + N_B];
    const double norm = plain_gradient(s, scale, grad);
    const double factor = a.clip > 0.0 && norm > a.clip ? a.clip / norm : 1.0;
    for (int i = 0; i < N_A + N_B; i++) {
        const double d = factor * grad[i];
        s->m[i] = a.beta1 * s->m[i] + (1.0 - a.beta1) * d;
        s->v[i] = a.beta2 * s->v[i] + (1.0 - a.beta2) * d * d;
        const double m_hat = s->m[i] / (1.0 - pow(a.beta1, number)), v_hat = s->v[i] / (1.0 - pow(a.beta2, number));
        s->value[i] -= rate * (m_hat / (sqrt(v_hat) + a.floor) + a.weight_decay * s->value[i]);
        s->ema[i] = a.ema * s->ema[i] + (1.0 - a.ema) * s->value[i];
    }
    return norm;
}

static void read_store(const problem *p, state *s)
{
    double *to[4] = {s->value, s->m, s->v, s->ema};
    const gndp_slot slots[4] = {GNDP_SLOT_VALUE, GNDP_SLOT_M, GNDP_SLOT_V, GNDP_SLOT_EMA};
    for (int k = 0; k < 4; k++)
        for (int i = 0; i < N_A + N_B; i++)
            to[k][i] = i < N_A ? at(array_of(p, "a", slots[k]), i) : at(array_of(p, "b", slots[k]), i - N_A);
}

static double largest_difference(const state *x, const state *y)
{
    const double *a = (const double *)x, *b = (const double *)y;
    double worst = 0.0;
    for (size_t i = 0; i < sizeof *x / sizeof *a; i++)
        worst = fmax(worst, fabs(a[i] - b[i]) / (1e-3 + fabs(b[i])));
    return worst;
}

/* 20 steps of some 20 roundings each in one's own units: 400 eps, times the 1e3 by which small values weigh above. */
static void compare_with_plain(const char *device, gndp_dtype type_a, gndp_dtype type_b, gndp_adam settings, double bound)
{
    problem p = make(device, type_a, type_b, settings);
    state ours, plain;
    read_store(&p, &plain);
    for (int number = 1; number <= 20; number++) {
        const double scale = 1.0 + 0.5 * sin(number), rate = (double)(float)(0.05 / number);
        const double norm = plain_step(&plain, settings, scale, rate, number);
        const report r = run(&p, scale, rate, number);
        assert_int_equal(r.applied, 1);
        assert_true(fabs(r.grad_norm / norm - 1.0) < bound);
        read_store(&p, &ours);
        assert_true(largest_difference(&ours, &plain) < bound);
    }
    assert_true(at(array_of(&p, "unread", GNDP_SLOT_VALUE), 1) == 3.0); /* nor made to move */
    assert_true(at(array_of(&p, "apart", GNDP_SLOT_VALUE), 1) == 4.0);
    finish(&p);
}

static const char *const devices[2] = {"reference", "cpu"};

static void adam_follows_plain_loops_when_clipping_always(void **unused)
{
    (void)unused;
    gndp_adam settings = gndp_adam_default();
    settings.clip = 0.1;
    settings.ema = 0.9;
    for (int d = 0; d < 2; d++)
        compare_with_plain(devices[d], GNDP_F64, GNDP_F64, settings, 1e-10);
}

static void adam_follows_plain_loops_without_clipping_with_weight_decay(void **unused)
{
    (void)unused;
    gndp_adam settings = {.beta1 = 0.8, .beta2 = 0.95, .floor = 1e-6, .clip = 0.0, .ema = 0.5, .weight_decay = 0.1};
    for (int d = 0; d < 2; d++) {
        compare_with_plain(devices[d], GNDP_F64, GNDP_F64, settings, 1e-10);
        compare_with_plain(devices[d], GNDP_F32, GNDP_F64, settings, 1e-3);
        compare_with_plain(devices[d], GNDP_F32, GNDP_F32, settings, 1e-3);
    }
}

static void adam_follows_plain_loops_without_momentum(void **unused)
{
    (void)unused;
    gndp_adam settings = {.beta1 = 0.0, .beta2 = 0.0, .floor = 1e-3, .clip = 1.0, .ema = 0.0, .weight_decay = 0.0};
    problem p = make("cpu", GNDP_F64, GNDP_F64, settings);
    state ours, plain;
    read_store(&p, &plain); /* this also makes the average, which no assignment then moves */
    for (int number = 1; number <= 5; number++) {
        plain_step(&plain, settings, 1.0, 0.125, number);
        run(&p, 1.0, 0.125, number);
    }
    read_store(&p, &ours);
    memcpy(plain.ema, ours.ema, sizeof plain.ema);
    assert_true(largest_difference(&ours, &plain) < 1e-10);
    finish(&p);
}

static void adam_converges_on_a_quadratic(void **unused)
{
    (void)unused;
    problem p = make("cpu", GNDP_F32, GNDP_F64, gndp_adam_default());
    for (int number = 1; number <= 2000; number++)
        run(&p, 1.0, 0.02 * pow(0.997, number), number);
    for (int i = 0; i < N_A; i++) /* the last rates are 5e-5, so this is all that is left to move */
        assert_true(fabs(at(array_of(&p, "a", GNDP_SLOT_VALUE), i) - target[i]) < 1e-3);
    finish(&p);
}

/* The first step of Adam is rate * g / (|g| + floor'), whatever the scale; with floor large against g it shows g itself. */
static void adam_clips_to_the_bound(void **unused)
{
    (void)unused;
    gndp_adam settings = {.beta1 = 0.0, .beta2 = 0.0, .floor = 1e6, .clip = 0.25, .ema = 0.0};
    problem p = make("cpu", GNDP_F64, GNDP_F64, settings);
    state before, after;
    double grad[N_A + N_B], norm2 = 0.0, clipped2 = 0.0, along = 0.0;
    read_store(&p, &before);
    plain_gradient(&before, 1.0, grad);
    run(&p, 1.0, 1.0, 1);
    read_store(&p, &after);
    for (int i = 0; i < N_A + N_B; i++) {
        norm2 += grad[i] * grad[i];
        clipped2 += after.m[i] * after.m[i];
        along += grad[i] * after.m[i];
    }
    assert_true(sqrt(norm2) > 0.25);
    assert_true(fabs(sqrt(clipped2) - 0.25) < 1e-14);
    assert_true(fabs(along / sqrt(norm2 * clipped2) - 1.0) < 1e-14); /* same direction */
    finish(&p);
}

/* Below the bound the factor is exactly 1, so that a run with clipping has the bits of one without. */
static void adam_leaves_small_gradients_bitwise_alone(void **unused)
{
    (void)unused;
    gndp_adam with = gndp_adam_default(), without = with;
    with.clip = 1e6;
    without.clip = 0.0;
    problem p = make("cpu", GNDP_F32, GNDP_F64, with), q = make("cpu", GNDP_F32, GNDP_F64, without);
    state x, y;
    for (int number = 1; number <= 3; number++) {
        run(&p, 1.0, 0.01, number);
        run(&q, 1.0, 0.01, number);
    }
    read_store(&p, &x);
    read_store(&q, &y);
    assert_memory_equal(&x, &y, sizeof x);
    finish(&p);
    finish(&q);
}

static void adam_average_is_its_formula_exactly(void **unused)
{
    (void)unused;
    gndp_adam settings = gndp_adam_default();
    settings.ema = 0.75; /* 1 - ema is exact: the formula has one rounding a term */
    problem p = make("reference", GNDP_F64, GNDP_F64, settings);
    state before, after;
    for (int number = 1; number <= 3; number++) {
        read_store(&p, &before);
        run(&p, 1.0, 0.01, number);
        read_store(&p, &after);
        for (int i = 0; i < N_A + N_B; i++)
            assert_true(after.ema[i] == before.ema[i] + 0.25 * (after.value[i] - before.ema[i]));
    }
    finish(&p);
}

/* The average of a value that does not move stays at it, bit for bit; decay x + (1 - decay) x in f32 would not. */
static void adam_average_rests_at_a_resting_value(void **unused)
{
    (void)unused;
    gndp_adam settings = gndp_adam_default();
    settings.ema = 0.9999;
    problem p = make("cpu", GNDP_F32, GNDP_F32, settings);
    state before, after;
    read_store(&p, &before);
    for (int number = 1; number <= 50; number++)
        run(&p, 1.0, 0.0, number);
    read_store(&p, &after);
    assert_memory_equal(after.value, before.value, sizeof after.value);
    assert_memory_equal(after.ema, after.value, sizeof after.ema);
    finish(&p);
}

static void adam_changes_nothing_when_the_gradient_is_not_finite(void **unused)
{
    (void)unused;
    const double bad[3] = {(double)NAN, (double)INFINITY, 1e12}; /* the last one overflows in the sum of squares only */
    for (int d = 0; d < 2; d++) {
        problem p = make(devices[d], GNDP_F32, GNDP_F64, gndp_adam_default());
        state before, after;
        run(&p, 1.0, 0.01, 1); /* moments are not zero any more */
        read_store(&p, &before);
        for (int k = 0; k < 3; k++) {
            const report r = run(&p, bad[k], 0.01, 2);
            assert_int_equal(r.applied, 0);
            assert_false(isfinite(r.grad_norm));
            read_store(&p, &after);
            assert_memory_equal(&before, &after, sizeof before);
        }
        const report r = run(&p, 1.0, 0.01, 2); /* and it recovers */
        assert_int_equal(r.applied, 1);
        read_store(&p, &after);
        assert_memory_not_equal(&before, &after, sizeof before);
        finish(&p);
    }
}

static void adam_survives_a_zero_gradient(void **unused)
{
    (void)unused;
    gndp_adam settings = gndp_adam_default();
    gndp_store *store = NULL;
    gndp_graph *g = NULL;
    gndp_device *device = NULL;
    gndp_plan *plan = NULL;
    check(gndp_store_create(&store));
    check(gndp_store_add(store, "w", gndp_type_1d(GNDP_F32, 3), (gndp_init){GNDP_INIT_ZEROS, 0.0}));
    check(gndp_store_initialise(store, 1));
    check(gndp_device_open("cpu", NULL, &device));
    check(gndp_graph_create(&g));
    const gndp_node w = gndp_param(g, store, "w", GNDP_SLOT_VALUE), one = gndp_scalar(g, GNDP_F32, 1.0);
    const gndp_adam_nodes adam = gndp_adam_step(g, gndp_sum_all(g, gndp_square(g, w)), store, settings, one, one);
    check(gndp_plan_create(g, &adam.grad_norm, 1, device, &(gndp_plan_options){.effects = true}, &plan));
    double norm = -1.0;
    gndp_array out = gndp_array_view(gndp_type_scalar(GNDP_F64), &norm), value;
    check(gndp_plan_run(plan, NULL, 0, &out, 1));
    assert_true(norm == 0.0);
    check(gndp_store_array(store, "w", GNDP_SLOT_VALUE, &value));
    for (int i = 0; i < 3; i++)
        assert_true(((float *)value.data)[i] == 0.0F);
    gndp_plan_free(plan);
    gndp_graph_free(g);
    gndp_device_free(device);
    gndp_store_free(store);
}

/* Poisons a fresh graph with one wrong call and looks for the words. */
static void expect_fault(gndp_adam settings, bool integer_rate, bool wide_step, bool other_store, gndp_status code,
                         const char *words)
{
    gndp_store *store = NULL, *other = NULL;
    gndp_graph *g = NULL;
    check(gndp_store_create(&store));
    check(gndp_store_create(&other));
    check(gndp_store_add(store, "w", gndp_type_1d(GNDP_F32, 3), (gndp_init){GNDP_INIT_ZEROS, 0.0}));
    check(gndp_graph_create(&g));
    const gndp_node loss = gndp_sum_all(g, gndp_param(g, store, "w", GNDP_SLOT_VALUE));
    const gndp_node rate = gndp_scalar(g, integer_rate ? GNDP_I32 : GNDP_F32, 1.0);
    const gndp_node step = gndp_fill(g, gndp_type_1d(GNDP_F32, wide_step ? 2 : 1), 1.0);
    const gndp_adam_nodes adam = gndp_adam_step(g, loss, other_store ? other : store, settings, rate, step);
    assert_int_equal(gndp_graph_status(g), code);
    assert_true(gndp_is_none(adam.applied) && gndp_is_none(adam.grad_norm));
    assert_non_null(strstr(gndp_graph_error(g), "adam_step"));
    assert_non_null(strstr(gndp_graph_error(g), words));
    assert_non_null(strstr(gndp_graph_error(g), "test_adam.c"));
    gndp_graph_free(g);
    gndp_store_free(store);
    gndp_store_free(other);
}

static void adam_refuses_wrong_arguments(void **unused)
{
    (void)unused;
    gndp_adam bad = gndp_adam_default();
    bad.beta2 = 1.0;
    expect_fault(bad, false, false, false, GNDP_ERR_RANGE, "beta2 1");
    bad = gndp_adam_default();
    bad.clip = -1.0;
    expect_fault(bad, false, false, false, GNDP_ERR_RANGE, "clip -1");
    expect_fault(gndp_adam_default(), true, false, false, GNDP_ERR_TYPE, "rate is i32[]");
    expect_fault(gndp_adam_default(), false, true, false, GNDP_ERR_SHAPE, "step is f32[2]");
    expect_fault(gndp_adam_default(), false, false, true, GNDP_ERR_GRAPH, "no parameter of the store");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(adam_follows_plain_loops_when_clipping_always),
    cmocka_unit_test(adam_follows_plain_loops_without_clipping_with_weight_decay),
    cmocka_unit_test(adam_follows_plain_loops_without_momentum),
    cmocka_unit_test(adam_converges_on_a_quadratic),
    cmocka_unit_test(adam_clips_to_the_bound),
    cmocka_unit_test(adam_leaves_small_gradients_bitwise_alone),
    cmocka_unit_test(adam_average_is_its_formula_exactly),
    cmocka_unit_test(adam_average_rests_at_a_resting_value),
    cmocka_unit_test(adam_changes_nothing_when_the_gradient_is_not_finite),
    cmocka_unit_test(adam_survives_a_zero_gradient),
    cmocka_unit_test(adam_refuses_wrong_arguments),
};
GNDP_TEST_MAIN(tests)
