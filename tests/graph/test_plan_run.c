// SPDX-License-Identifier: Apache-2.0
// Runs of plans: the same bits, effects at the end or not at all, control words restored, odd outputs, stores, listings.
#include "graph/plan_trial.h"

#include <stdio.h>

#if defined(__x86_64__)
#include <xmmintrin.h>
#define FLUSH_BITS 0x8040u
#else
#define FLUSH_BITS 0u
static unsigned _mm_getcsr(void)
{
    return 0;
}
static void _mm_setcsr(unsigned bits)
{
    (void)bits;
}
#endif

static const char *const devices[2] = {"cpu", "reference"};

/* --------------------------------------------------------------------------------------- training steps */

/* All arrays of the store, one after the other. */
static float *snapshot(training *t, size_t *bytes)
{
    char *all = NULL;
    *bytes = 0;
    for (int64_t i = 0; i < gndp_store_count(t->store); i++)
        for (int slot = 0; slot < GNDP_SLOT_COUNT; slot++) {
            gndp_array a;
            check(gndp_store_array(t->store, gndp_store_name(t->store, i), (gndp_slot)slot, &a));
            all = realloc(all, *bytes + gndp_type_bytes(a.type) + 1);
            memcpy(all + *bytes, a.data, gndp_type_bytes(a.type));
            *bytes += gndp_type_bytes(a.type);
        }
    return (float *)(void *)all;
}

static void run_gives_the_same_bits_again_and_in_fresh_plans(void **state)
{
    (void)state;
    training *t = malloc(sizeof *t);
    float *first = NULL;
    size_t bytes = 0, again = 0;
    for (int plan = 0; plan < 2; plan++) {
        training_open(t, "cpu", (gndp_device_options){.threads = 2}, (gndp_plan_options){0});
        for (int round = 0; round < 2; round++) {
            training_reset(t);
            for (int k = 0; k < 3; k++)
                check(training_run(t));
            float *now = snapshot(t, &again);
            if (first != NULL)
                assert_memory_equal(first, now, bytes);
            bytes = again;
            free(first);
            first = now;
        }
        training_close(t);
    }
    free(first);
    free(t);
}

static void run_lowers_the_loss_alike_on_both_devices(void **state)
{
    (void)state;
    training *t = malloc(sizeof *t);
    double loss[2][2] = {{0.0}};
    for (int d = 0; d < 2; d++) {
        training_open(t, devices[d], (gndp_device_options){.threads = 2}, (gndp_plan_options){0});
        for (int k = 0; k < 3; k++) {
            check(training_run(t));
            loss[d][k > 0] = (double)*(float *)t->out[0].data;
        }
        training_close(t);
    }
    assert_true(loss[0][1] < loss[0][0]);
    for (int k = 0; k < 2; k++) /* a thousand roundings of 6e-8 */
        assert_true(fabs(loss[0][k] - loss[1][k]) < 1e-4 * fabs(loss[1][k]));
    free(t);
}

/* A run that fails, by an index or by a pivot, changes nothing in place; the next good run does. */
static void run_keeps_parameters_when_it_fails(void **state)
{
    (void)state;
    training *t = malloc(sizeof *t);
    for (int d = 0; d < 2; d++) {
        size_t bytes, again;
        training_open(t, devices[d], (gndp_device_options){.threads = 2}, (gndp_plan_options){0});
        check(training_run(t));
        float *before = snapshot(t, &bytes);
        t->index[3] = TRAIN_N;
        assert_int_equal(training_run(t), GNDP_ERR_RANGE);
        t->index[3] = 7;
        const float good = t->x[0];
        t->x[0] = NAN; /* reaches a pivot */
        assert_int_equal(training_run(t), GNDP_ERR_NOT_PD);
        t->x[0] = good;
        float *after = snapshot(t, &again);
        assert_memory_equal(before, after, bytes);
        t->step -= 2.0F;
        t->count -= 2;
        check(training_run(t));
        float *next = snapshot(t, &again);
        assert_memory_not_equal(before, next, bytes);
        free(before);
        free(after);
        free(next);
        training_close(t);
    }
    free(t);
}

static void plan_outlives_graph_and_device(void **state)
{
    (void)state;
    training *t = malloc(sizeof *t);
    training_open(t, "cpu", (gndp_device_options){.threads = 2}, (gndp_plan_options){0});
    check(training_run(t));
    const float loss = *(float *)t->out[0].data;
    training_reset(t);
    gndp_graph_free(t->g);
    gndp_device_free(t->device);
    t->g = NULL;
    t->device = NULL;
    check(training_run(t));
    assert_true(*(float *)t->out[0].data == loss);
    training_close(t);
    free(t);
}

static void run_takes_feeds_in_any_order(void **state)
{
    (void)state;
    training *t = malloc(sizeof *t);
    training_open(t, "cpu", (gndp_device_options){.threads = 1}, (gndp_plan_options){0});
    check(training_run(t));
    const float loss = *(float *)t->out[0].data;
    training_reset(t);
    for (int k = 0; k < t->n_feeds / 2; k++) {
        const gndp_feed swap = t->feed[k];
        t->feed[k] = t->feed[t->n_feeds - 1 - k];
        t->feed[t->n_feeds - 1 - k] = swap;
    }
    check(training_run(t));
    assert_true(*(float *)t->out[0].data == loss);
    training_close(t);
    free(t);
}

/* ------------------------------------------------------------------------------------------ control words */

static void run_restores_the_callers_control_word(void **state)
{
    (void)state;
    training *t = malloc(sizeof *t);
    training_open(t, "cpu", (gndp_device_options){.threads = 2}, (gndp_plan_options){0});
    const unsigned before = _mm_getcsr();
    for (unsigned bits = 0; bits <= FLUSH_BITS; bits += FLUSH_BITS > 0 ? FLUSH_BITS : 1) {
        _mm_setcsr((before & ~FLUSH_BITS) | bits);
        check(training_run(t));
        assert_int_equal(_mm_getcsr() & FLUSH_BITS, bits);
        t->index[0] = -1;
        assert_int_equal(training_run(t), GNDP_ERR_RANGE); /* leaves early */
        assert_int_equal(_mm_getcsr() & FLUSH_BITS, bits);
        t->index[0] = 0;
#pragma omp parallel num_threads(2)
#pragma omp single
        { /* inside a region the team may be one thread only */
            const unsigned mine = _mm_getcsr();
            if (training_run(t) != GNDP_OK || ((_mm_getcsr() ^ mine) & FLUSH_BITS) != 0)
                t->count = -1000;
        }
        assert_true(t->count > 0);
    }
    _mm_setcsr(before);
    training_close(t);
    free(t);
}

static void cpu_flushes_subnormals_in_every_thread(void **state)
{
    (void)state;
    enum { COUNT = 200000 };
    gndp_graph *g;
    gndp_device *device;
    gndp_plan *plan;
    gndp_array in, out;
    check(gndp_graph_create(&g));
    const gndp_type type = gndp_type_1d(GNDP_F32, COUNT);
    const gndp_node y = gndp_scale(g, gndp_input(g, "x", type), 3.0);
    check(gndp_array_create(type, &in));
    check(gndp_array_create(type, &out));
    for (int k = 0; k < COUNT; k++)
        ((float *)in.data)[k] = 1e-40F;
    check(gndp_device_open("cpu", &(gndp_device_options){.threads = 2}, &device));
    check(gndp_plan_create(g, &y, 1, device, NULL, &plan));
    check(gndp_plan_run(plan, &(gndp_feed){"x", in}, 1, &out, 1));
    int kept = 0;
    for (int k = 0; k < COUNT; k++)
        kept += ((float *)out.data)[k] != 0.0F;
    if (FLUSH_BITS != 0u)
        assert_int_equal(kept, 0);
    gndp_array_free(&in);
    gndp_array_free(&out);
    gndp_plan_free(plan);
    gndp_device_free(device);
    gndp_graph_free(g);
}

/* --------------------------------------------------------------------------------------------- outputs */

static void outputs_may_be_leaves_views_duplicates_and_assignments(void **state)
{
    (void)state;
    for (int d = 0; d < 2; d++) {
        gndp_graph *g;
        gndp_store *store;
        gndp_device *device;
        gndp_plan *plan;
        float x[6] = {1, 2, 3, 4, 5, 6}, value[9][6] = {{0}};
        gndp_array out[9], p;
        check(gndp_graph_create(&g));
        check(gndp_store_create(&store));
        check(gndp_store_add(store, "p", gndp_type_2d(GNDP_F32, 2, 3), (gndp_init){GNDP_INIT_CONSTANT, 7.0}));
        check(gndp_store_initialise(store, 1));
        const gndp_node in = gndp_input(g, "x", gndp_type_2d(GNDP_F32, 2, 3)), param = gndp_param(g, store, "p", GNDP_SLOT_VALUE);
        const gndp_node sum = gndp_add(g, in, param), assigned = gndp_assign(g, param, sum);
        const gndp_node node[9] = {in, in, gndp_swap_last(g, in), param, gndp_scalar(g, GNDP_F32, 9.0), sum, sum, assigned,
                                   gndp_fill(g, gndp_type_1d(GNDP_F32, 2), 4.0)};
        for (int k = 0; k < 9; k++)
            out[k] = gndp_array_view(gndp_node_type(node[k]), value[k]);
        check(gndp_device_open(devices[d], NULL, &device));
        check(gndp_plan_create(g, node, 9, device, NULL, &plan));
        check(gndp_plan_run(plan, &(gndp_feed){"x", gndp_array_view(gndp_node_type(in), x)}, 1, out, 9));
        assert_memory_equal(value[0], x, sizeof x);
        assert_memory_equal(value[1], x, sizeof x);
        assert_true(value[2][1] == 4.0F && value[2][4] == 3.0F);
        assert_true(value[3][0] == 7.0F && value[3][5] == 7.0F); /* the old value */
        assert_true(value[4][0] == 9.0F && value[8][1] == 4.0F);
        for (int k = 5; k < 8; k++)
            assert_true(value[k][0] == 8.0F && value[k][5] == 13.0F);
        check(gndp_store_array(store, "p", GNDP_SLOT_VALUE, &p));
        assert_memory_equal(p.data, value[5], sizeof x); /* an assign among the outputs is run */
        gndp_plan_free(plan);
        gndp_device_free(device);
        gndp_store_free(store);
        gndp_graph_free(g);
    }
}

/* Parameters exchanged and shifted: every read sees the old values whatever order the steps take. */
static void assignments_see_old_values(void **state)
{
    (void)state;
    for (int d = 0; d < 2; d++) {
        gndp_graph *g;
        gndp_store *store;
        gndp_device *device;
        gndp_plan *plan;
        gndp_node p[4];
        gndp_array a[4];
        check(gndp_graph_create(&g));
        check(gndp_store_create(&store));
        for (int k = 0; k < 4; k++) {
            char name[2] = {(char)('a' + k), 0};
            check(gndp_store_add(store, name, gndp_type_1d(GNDP_F64, 3000), (gndp_init){GNDP_INIT_CONSTANT, k + 1.0}));
            p[k] = gndp_param(g, store, name, GNDP_SLOT_VALUE);
            check(gndp_store_array(store, name, GNDP_SLOT_VALUE, &a[k]));
        }
        check(gndp_store_initialise(store, 1));
        gndp_assign(g, p[0], p[1]);
        gndp_assign(g, p[1], p[0]);
        gndp_assign(g, p[2], gndp_add(g, p[2], p[3]));
        gndp_assign(g, p[3], gndp_add(g, gndp_mul(g, p[2], p[3]), gndp_sum_all(g, p[0])));
        check(gndp_device_open(devices[d], &(gndp_device_options){.threads = d == 0 ? 2 : 0}, &device));
        check(gndp_plan_create(g, NULL, 0, device, &(gndp_plan_options){.effects = true}, &plan));
        check(gndp_plan_run(plan, NULL, 0, NULL, 0));
        const double wanted[4] = {2.0, 1.0, 7.0, 12.0 + 3000.0};
        for (int k = 0; k < 4; k++)
            for (int i = 0; i < 3000; i++)
                assert_true(((double *)a[k].data)[i] == wanted[k]);
        gndp_plan_free(plan);
        gndp_device_free(device);
        gndp_store_free(store);
        gndp_graph_free(g);
    }
}

static void arrays_without_entries_run(void **state)
{
    (void)state;
    for (int d = 0; d < 2; d++) {
        gndp_graph *g;
        gndp_device *device;
        gndp_plan *plan;
        float x[3] = {1, 2, 3}, sum[3] = {9, 9, 9}, product[6], all = 9, *none = NULL;
        check(gndp_graph_create(&g));
        const gndp_node e = gndp_input(g, "e", gndp_type_2d(GNDP_F32, 0, 3)), v = gndp_input(g, "x", gndp_type_1d(GNDP_F32, 3));
        const gndp_node y = gndp_exp(g, gndp_add(g, e, v)), joined = gndp_concat(g, (const gndp_node[]){e, gndp_reshape(g, v, 2, (const int64_t[]){1, 3})}, 2, 0);
        const gndp_node node[5] = {y, gndp_sum(g, y, (const int[]){0}, 1, false), gndp_sum_all(g, y),
                                   gndp_matmul(g, gndp_reshape(g, e, 2, (const int64_t[]){3, 0}), gndp_reshape(g, gndp_slice_axis(g, e, 1, 0, 2), 2, (const int64_t[]){0, 2})), joined};
        gndp_array out[5] = {gndp_array_view(gndp_node_type(node[0]), none), gndp_array_view(gndp_node_type(node[1]), sum),
                             gndp_array_view(gndp_node_type(node[2]), &all), gndp_array_view(gndp_node_type(node[3]), product)};
        float row[3];
        out[4] = gndp_array_view(gndp_node_type(node[4]), row);
        const gndp_feed feeds[2] = {{"e", gndp_array_view(gndp_node_type(e), NULL)}, {"x", gndp_array_view(gndp_node_type(v), x)}};
        assert_string_equal(gndp_graph_error(g), "");
        memset(product, 0xff, sizeof product);
        check(gndp_device_open(devices[d], NULL, &device));
        check(gndp_plan_create(g, node, 5, device, NULL, &plan));
        check(gndp_plan_run(plan, feeds, 2, out, 5));
        for (int k = 0; k < 3; k++)
            assert_true(sum[k] == 0.0F && row[k] == x[k]);
        for (int k = 0; k < 6; k++)
            assert_true(product[k] == 0.0F); /* an empty sum */
        assert_true(all == 0.0F);
        gndp_plan_free(plan);
        gndp_device_free(device);
        gndp_graph_free(g);
    }
}

/* ---------------------------------------------------------------------------------------------- stores */

typedef struct affine {
    gndp_graph *g;
    gndp_store *store;
    gndp_device *device;
    gndp_node y;
} affine;

static gndp_store *store_of(double value, int64_t n)
{
    gndp_store *store;
    check(gndp_store_create(&store));
    check(gndp_store_add(store, "w", gndp_type_1d(GNDP_F32, n), (gndp_init){GNDP_INIT_CONSTANT, value}));
    check(gndp_store_initialise(store, 1));
    return store;
}

static void affine_open(affine *a)
{
    check(gndp_graph_create(&a->g));
    a->store = store_of(2.0, 4);
    check(gndp_device_open("cpu", NULL, &a->device));
    a->y = gndp_offset(a->g, gndp_param(a->g, a->store, "w", GNDP_SLOT_VALUE), 1.0);
}

static void affine_close(affine *a)
{
    gndp_graph_free(a->g);
    gndp_store_free(a->store);
    gndp_device_free(a->device);
}

static float first_output(const affine *a, const gndp_plan_options *options)
{
    gndp_plan *plan;
    float y[4];
    gndp_array out = gndp_array_view(gndp_type_1d(GNDP_F32, 4), y);
    check(gndp_plan_create(a->g, &a->y, 1, a->device, options, &plan));
    check(gndp_plan_run(plan, NULL, 0, &out, 1));
    gndp_plan_free(plan);
    return y[0];
}

static void options_ema_reads_moving_averages(void **state)
{
    (void)state;
    affine a;
    gndp_array average;
    affine_open(&a);
    check(gndp_store_array(a.store, "w", GNDP_SLOT_EMA, &average));
    ((float *)average.data)[0] = 5.0F;
    assert_true(first_output(&a, NULL) == 3.0F);
    assert_true(first_output(&a, &(gndp_plan_options){.ema = true}) == 6.0F);
    affine_close(&a);
}

static void options_ema_refuses_assignments(void **state)
{
    (void)state;
    affine a;
    gndp_plan *plan;
    affine_open(&a);
    gndp_assign(a.g, gndp_param(a.g, a.store, "w", GNDP_SLOT_VALUE), a.y);
    assert_int_equal(gndp_plan_create(a.g, &a.y, 1, a.device, &(gndp_plan_options){.ema = true, .effects = true}, &plan), GNDP_ERR_ARG);
    assert_non_null(strstr(gndp_last_error(), "\"w\""));
    assert_null(plan);
    assert_true(first_output(&a, &(gndp_plan_options){.ema = true}) == 3.0F); /* reading alone is fine */
    affine_close(&a);
}

static void options_store_binds_another_store(void **state)
{
    (void)state;
    affine a;
    gndp_plan *plan;
    affine_open(&a);
    gndp_store *other = store_of(10.0, 4), *longer = store_of(1.0, 5);
    assert_true(first_output(&a, &(gndp_plan_options){.store = other}) == 11.0F);
    assert_true(first_output(&a, NULL) == 3.0F);
    assert_int_equal(gndp_plan_create(a.g, &a.y, 1, a.device, &(gndp_plan_options){.store = longer}, &plan), GNDP_ERR_SHAPE);
    assert_non_null(strstr(gndp_last_error(), "f32[5]"));
    /* parameters of two stores that become one array */
    const gndp_node w = gndp_param(a.g, a.store, "w", GNDP_SLOT_VALUE), v = gndp_param(a.g, other, "w", GNDP_SLOT_VALUE);
    gndp_assign(a.g, w, gndp_neg(a.g, v));
    gndp_assign(a.g, v, gndp_exp(a.g, w));
    assert_int_equal(gndp_plan_create(a.g, &a.y, 1, a.device, &(gndp_plan_options){.store = other, .effects = true}, &plan), GNDP_ERR_STATE);
    gndp_store_free(other);
    gndp_store_free(longer);
    affine_close(&a);
}

/* ------------------------------------------------------------------------------------ frozen plans, twins */

enum { ROWS = 160, WIDE = 96 };

/* gelu(x A B + c) D + x: rows of products, one of which is of parameters alone. */
typedef struct composed {
    gndp_graph *g;
    gndp_store *store;
    gndp_device *device;
    gndp_node y;
    float x[2][ROWS * WIDE], out[2][ROWS * WIDE];
} composed;

static void composed_open(composed *c)
{
    static const char *const names[] = {"A", "B", "D"};
    gndp_node w[3];
    const gndp_device_options alone = {.threads = 1};
    const gndp_type square = gndp_type_2d(GNDP_F32, WIDE, WIDE);
    check(gndp_graph_create(&c->g));
    check(gndp_store_create(&c->store));
    check(gndp_device_open("cpu", &alone, &c->device));
    for (int i = 0; i < 3; i++)
        check(gndp_store_add(c->store, names[i], square, (gndp_init){GNDP_INIT_NORMAL, 0.1}));
    check(gndp_store_add(c->store, "c", gndp_type_1d(GNDP_F32, WIDE), (gndp_init){GNDP_INIT_NORMAL, 1.0}));
    check(gndp_store_initialise(c->store, 5));
    for (int i = 0; i < 3; i++)
        w[i] = gndp_param(c->g, c->store, names[i], GNDP_SLOT_VALUE);
    const gndp_node x = gndp_input(c->g, "x", gndp_type_2d(GNDP_F32, ROWS, WIDE));
    const gndp_node both = gndp_matmul(c->g, w[0], gndp_reshape(c->g, w[1], 2, square.dim));
    const gndp_node h = gndp_gelu(c->g, gndp_linear(c->g, x, both, gndp_param(c->g, c->store, "c", GNDP_SLOT_VALUE)));
    c->y = gndp_add(c->g, gndp_linear(c->g, h, w[2], GNDP_NONE), x);
    for (int k = 0; k < 2; k++)
        check(gndp_random_normal_f32(7, (uint32_t)k, 0, GNDP_STREAM(9, 1), 0, ROWS * WIDE, c->x[k]));
}

static void composed_close(composed *c)
{
    gndp_graph_free(c->g);
    gndp_store_free(c->store);
    gndp_device_free(c->device);
}

static gndp_plan *composed_plan(const composed *c, bool frozen)
{
    gndp_plan *plan = NULL;
    check(gndp_plan_create(c->g, &c->y, 1, c->device, &(gndp_plan_options){.frozen = frozen}, &plan));
    return plan;
}

static gndp_status composed_run(composed *c, gndp_plan *plan, int k)
{
    const gndp_type type = gndp_type_2d(GNDP_F32, ROWS, WIDE);
    const gndp_feed feed = {"x", gndp_array_view(type, c->x[k])};
    gndp_array out = gndp_array_view(type, c->out[k]);
    return gndp_plan_run(plan, &feed, 1, &out, 1);
}

/* The product of parameters alone is no part of a frozen plan: its work is gone, and values are those of a plan that makes it in every run, up to the
   rounding of WIDE terms of a sum in another order. */
static void options_frozen_computes_what_parameters_alone_say_once(void **state)
{
    (void)state;
    composed c;
    composed_open(&c);
    gndp_plan *plain = composed_plan(&c, false), *frozen = composed_plan(&c, true);
    const double product = 2.0 * WIDE * WIDE * WIDE;
    assert_true(gndp_plan_get_stats(plain).matmul_flops - gndp_plan_get_stats(frozen).matmul_flops == product);
    memcpy(c.x[1], c.x[0], sizeof c.x[1]);
    check(composed_run(&c, plain, 0));
    check(composed_run(&c, frozen, 1));
    for (int i = 0; i < ROWS * WIDE; i++)
        assert_true(fabsf(c.out[0][i] - c.out[1][i]) < 1e-5F * (1.0F + fabsf(c.out[0][i])));
    /* as they were: what is computed from them does not follow */
    gndp_array a;
    check(gndp_store_array(c.store, "A", GNDP_SLOT_VALUE, &a));
    memset(a.data, 0, gndp_type_bytes(a.type));
    check(composed_run(&c, frozen, 0));
    assert_memory_equal(c.out[0], c.out[1], sizeof c.out[0]);
    gndp_plan_free(plain);
    gndp_plan_free(frozen);
    composed_close(&c);
}

static void options_frozen_refuses_effects(void **state)
{
    (void)state;
    affine a;
    gndp_plan *plan;
    affine_open(&a);
    assert_int_equal(gndp_plan_create(a.g, &a.y, 1, a.device, &(gndp_plan_options){.frozen = true, .effects = true}, &plan), GNDP_ERR_ARG);
    assert_non_null(strstr(gndp_last_error(), "frozen"));
    assert_true(first_output(&a, &(gndp_plan_options){.frozen = true}) == 3.0F);
    affine_close(&a);
}

/* Twins at the same time give what the plan gives alone, bit for bit. */
static void twins_run_side_by_side(void **state)
{
    (void)state;
    enum { TIMES = 40 };
    composed c;
    float alone[2][ROWS * WIDE];
    gndp_plan *plan[2] = {NULL, NULL};
    int failed = 0, different = 0;
    composed_open(&c);
    plan[0] = composed_plan(&c, true);
    check(gndp_plan_twin(plan[0], &plan[1]));
    for (int k = 0; k < 2; k++) {
        check(composed_run(&c, plan[0], k));
        memcpy(alone[k], c.out[k], sizeof alone[k]);
    }
    for (int i = 0; i < TIMES; i++) {
#pragma omp parallel for schedule(static, 1) num_threads(2) reduction(+ : failed, different)
        for (int k = 0; k < 2; k++) {
            memset(c.out[k], 0, sizeof c.out[k]);
            failed += composed_run(&c, plan[k], k) != GNDP_OK;
            different += memcmp(alone[k], c.out[k], sizeof alone[k]) != 0;
        }
    }
    assert_int_equal(failed, 0);
    assert_int_equal(different, 0);
    gndp_plan_free(plan[1]);
    gndp_plan_free(plan[0]);
    composed_close(&c);
}

static void twins_are_refused_where_plans_assign(void **state)
{
    (void)state;
    affine a;
    gndp_plan *plan, *twin;
    affine_open(&a);
    gndp_assign(a.g, gndp_param(a.g, a.store, "w", GNDP_SLOT_VALUE), a.y);
    check(gndp_plan_create(a.g, &a.y, 1, a.device, &(gndp_plan_options){.effects = true}, &plan));
    assert_int_equal(gndp_plan_twin(plan, &twin), GNDP_ERR_UNSUPPORTED);
    assert_null(twin);
    assert_int_equal(gndp_plan_twin(NULL, &twin), GNDP_ERR_ARG);
    gndp_plan_free(plan);
    affine_close(&a);
}

static void devices_differ_in_threads_alone(void **state)
{
    (void)state;
    const gndp_device_options how = {.threads = 3, .simd_cap = 1};
    gndp_device *three, *one;
    check(gndp_device_open("cpu", &how, &three));
    check(gndp_device_with_threads(three, 1, &one));
    assert_int_equal(gndp_device_threads(three), 3);
    assert_int_equal(gndp_device_threads(one), 1);
    assert_non_null(strstr(gndp_device_describe(one), "1 thread, "));
    assert_string_equal(strrchr(gndp_device_describe(one), ','), strrchr(gndp_device_describe(three), ','));
    gndp_device_free(one);
    assert_int_equal(gndp_device_with_threads(three, 0, &one), GNDP_ERR_RANGE);
    assert_null(one);
    gndp_device_free(three);
}

/* ---------------------------------------------------------------------------------------------- listing */

static void describe_lists_steps_and_truncates(void **state)
{
    (void)state;
    gndp_graph *g;
    gndp_device *device;
    gndp_plan *plan;
    static float a[64 * 32], b[32 * 48], y[64 * 48];
    char whole[8192], part[40];
    check(gndp_graph_create(&g));
    const gndp_type at = gndp_type_2d(GNDP_F32, 64, 32), bt = gndp_type_2d(GNDP_F32, 32, 48), yt = gndp_type_2d(GNDP_F32, 64, 48);
    const gndp_node y1 = gndp_matmul(g, gndp_input(g, "left", at), gndp_input(g, "right", bt));
    check(gndp_device_open("cpu", NULL, &device));
    check(gndp_plan_create(g, &y1, 1, device, &(gndp_plan_options){.profile = true}, &plan));
    const gndp_plan_stats stats = gndp_plan_get_stats(plan);
    assert_true(stats.flops == 2.0 * 64 * 32 * 48 && stats.matmul_flops == stats.flops);
    assert_int_equal(stats.nodes, 3);
    assert_int_equal(stats.steps, 1);
    assert_true(stats.bytes == 4.0 * (64 * 32 + 32 * 48 + 64 * 48));
    const size_t length = gndp_plan_describe(plan, whole, sizeof whole);
    assert_int_equal(length, strlen(whole));
    assert_non_null(strstr(whole, "matmul"));
    assert_non_null(strstr(whole, "left"));
    assert_non_null(strstr(whole, "right"));
    assert_null(strstr(whole, " ms ")); /* not run yet */
    assert_int_equal(gndp_plan_describe(plan, NULL, 0), length);
    assert_int_equal(gndp_plan_describe(plan, part, sizeof part), length);
    assert_int_equal(strlen(part), sizeof part - 1);
    assert_memory_equal(part, whole, sizeof part - 1);
    assert_int_equal(gndp_plan_describe(plan, part, 1), length);
    assert_int_equal(part[0], '\0');
    assert_int_equal(gndp_plan_describe(NULL, part, sizeof part), 0);
    const gndp_feed feeds[2] = {{"left", gndp_array_view(at, a)}, {"right", gndp_array_view(bt, b)}};
    gndp_array out = gndp_array_view(yt, y);
    check(gndp_plan_run(plan, feeds, 2, &out, 1));
    gndp_plan_describe(plan, whole, sizeof whole);
    assert_non_null(strstr(whole, " ms ")); /* profiled */
    gndp_plan_free(plan);
    gndp_device_free(device);
    gndp_graph_free(g);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(run_gives_the_same_bits_again_and_in_fresh_plans),
    cmocka_unit_test(run_lowers_the_loss_alike_on_both_devices),
    cmocka_unit_test(run_keeps_parameters_when_it_fails),
    cmocka_unit_test(plan_outlives_graph_and_device),
    cmocka_unit_test(run_takes_feeds_in_any_order),
    cmocka_unit_test(run_restores_the_callers_control_word),
    cmocka_unit_test(cpu_flushes_subnormals_in_every_thread),
    cmocka_unit_test(outputs_may_be_leaves_views_duplicates_and_assignments),
    cmocka_unit_test(assignments_see_old_values),
    cmocka_unit_test(arrays_without_entries_run),
    cmocka_unit_test(options_ema_reads_moving_averages),
    cmocka_unit_test(options_ema_refuses_assignments),
    cmocka_unit_test(options_store_binds_another_store),
    cmocka_unit_test(options_frozen_computes_what_parameters_alone_say_once),
    cmocka_unit_test(options_frozen_refuses_effects),
    cmocka_unit_test(twins_run_side_by_side),
    cmocka_unit_test(twins_are_refused_where_plans_assign),
    cmocka_unit_test(devices_differ_in_threads_alone),
    cmocka_unit_test(describe_lists_steps_and_truncates),
};
GNDP_TEST_MAIN(tests)
