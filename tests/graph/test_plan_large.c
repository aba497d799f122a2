// SPDX-License-Identifier: Apache-2.0
// Large graphs: units at their limits of loads, products and members, plans of ten thousand nodes
// in well under a second.
#include "support/quick.h"
#include "support/test_main.h"

#include <gndp/graph.h>
#include <gndp/ops.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* Seconds for a plan; 0.1 to 0.4 are usual, sanitizers and busy machines take tens of times that,
 * quadratic work minutes. */
#define PATIENCE 20.0

enum { ROWS = 100, COLS = 24, MANY = 150 };

static void check(gndp_status st)
{
    if (st != GNDP_OK)
        print_error("%s\n", gndp_last_error());
    assert_int_equal(st, GNDP_OK);
}

static uint32_t state_of_draws;

static int draw(int n)
{
    state_of_draws = state_of_draws * 1664525u + 1013904223u;
    return (int)((state_of_draws >> 8) % (uint32_t)n);
}

/* --------------------------------------------------------------------------------------- limits of
 * units */

typedef struct many {
    gndp_graph *g;
    gndp_node in[MANY], w[MANY], y[3];
    char name[2 * MANY][8];
    gndp_feed feed[2 * MANY];
    int n_feeds;
} many;

static gndp_node input(many *m, int rows, int cols, uint32_t tag)
{
    gndp_array a;
    snprintf(m->name[m->n_feeds], sizeof m->name[0], "i%d", m->n_feeds);
    check(gndp_array_create(gndp_type_2d(GNDP_F64, rows, cols), &a));
    check(gndp_random_normal_f64(7, 0, 0, GNDP_STREAM(1, tag), 0, rows * cols, a.data));
    m->feed[m->n_feeds] = (gndp_feed){m->name[m->n_feeds], a};
    return gndp_input(m->g, m->name[m->n_feeds++], a.type);
}

/* A sum of many arrays; of many products of different matrices; both with a reduction and with
 * gradients in them. */
static void build(many *m)
{
    check(gndp_graph_create(&m->g));
    gndp_graph *g = m->g;
    gndp_node sum = GNDP_NONE, products = GNDP_NONE, grad[2];
    for (int k = 0; k < MANY; k++) {
        m->in[k] = input(m, ROWS, COLS, (uint32_t)k);
        m->w[k] = k < 40 ? input(m, COLS, COLS, (uint32_t)(1000 + k)) : m->w[k % 40];
        const gndp_node s = gndp_sin(g, m->in[k]);
        sum = k == 0 ? s : gndp_add(g, sum, s);
        const gndp_node p = gndp_matmul(g, m->in[k % 50], m->w[k]);
        products = k == 0 ? p : gndp_add(g, products, p);
    }
    m->y[0] = gndp_add(g, gndp_tanh(g, sum), gndp_scale(g, gndp_gelu(g, products), 0.1));
    const gndp_node loss = gndp_mean_all(g, gndp_square(g, m->y[0])), wrt[2] = {m->in[3], m->w[5]};
    gndp_grad(g, loss, wrt, 2, grad);
    m->y[1] = grad[0];
    m->y[2] = grad[1];
}

static void run(many *m, const char *name, gndp_array out[3])
{
    gndp_device *device;
    gndp_plan *plan;
    for (int k = 0; k < 3; k++)
        check(gndp_array_create(gndp_node_type(m->y[k]), &out[k]));
    check(
        gndp_device_open(name, &(gndp_device_options){.threads = name[0] == 'c' ? 2 : 0}, &device));
    check(gndp_plan_create(m->g, m->y, 3, device, NULL, &plan));
    check(gndp_plan_run(plan, m->feed, m->n_feeds, out, 3));
    gndp_plan_free(plan);
    gndp_device_free(device);
}

static void units_end_where_their_limits_are(void **state)
{
    (void)state;
    many *m = calloc(1, sizeof *m);
    gndp_array ours[3], theirs[3];
    build(m);
    run(m, "cpu", ours);
    run(m, "reference", theirs);
    for (int k = 0; k < 3; k++) {
        double size = 0.0, error = 0.0;
        for (int64_t i = 0; i < gndp_type_count(ours[k].type); i++) {
            const double x = ((double *)ours[k].data)[i], y = ((double *)theirs[k].data)[i];
            size = fmax(size, fabs(y));
            error = fmax(error, isfinite(x) ? fabs(x - y) : (double)INFINITY);
        }
        assert_true(error <= 1e-12 * size); /* sums of 150 terms, 100 rows */
        gndp_array_free(&ours[k]);
        gndp_array_free(&theirs[k]);
    }
    for (int k = 0; k < m->n_feeds; k++)
        gndp_array_free(&m->feed[k].array);
    gndp_graph_free(m->g);
    free(m);
}

/* ------------------------------------------------------------------------------------------
 * planning time */

static void plan_in_time(gndp_graph *g, const gndp_node *out, int n, const char *device_name,
                         bool effects)
{
    gndp_device *device;
    gndp_plan *plan;
    if (gndp_graph_status(g) != GNDP_OK)
        print_error("%s\n", gndp_graph_error(g));
    assert_int_equal(gndp_graph_status(g), GNDP_OK);
    check(gndp_device_open(device_name, NULL, &device));
    assert_quick(PATIENCE, {
        check(gndp_plan_create(g, out, n, device, &(gndp_plan_options){.effects = effects}, &plan));
        gndp_plan_free(plan);
    });
    gndp_device_free(device);
    gndp_graph_free(g);
}

static gndp_node start(gndp_graph **g)
{
    check(gndp_graph_create(g));
    return gndp_input(*g, "x", gndp_type_2d(GNDP_F32, 50, 20));
}

static void planning_a_long_chain_is_quick(void **state)
{
    (void)state;
    for (int d = 0; d < 2; d++) {
        gndp_graph *g;
        gndp_node x = start(&g);
        for (int k = 0; k < 20000; k++)
            x = k % 2 == 0 ? gndp_sin(g, x) : gndp_offset(g, x, 0.5);
        plan_in_time(g, &x, 1, d == 0 ? "cpu" : "reference", false);
    }
}

static void planning_a_chain_that_does_not_fuse_is_quick(void **state)
{
    (void)state;
    gndp_graph *g;
    gndp_node x = start(&g);
    for (int k = 0; k < 5000; k++) /* as deep as it has nodes */
        x = gndp_softmax(g, gndp_sin(g, gndp_swap_last(g, x)), GNDP_NONE);
    plan_in_time(g, &x, 1, "cpu", false);
}

static void planning_a_random_graph_is_quick(void **state)
{
    (void)state;
    for (int d = 0; d < 2; d++) {
        enum { NODES = 10000 };
        gndp_graph *g;
        gndp_node *pool = malloc((NODES + 1) * sizeof *pool);
        state_of_draws = 3;
        pool[0] = start(&g);
        for (int k = 1; k <= NODES; k++) {
            const gndp_node a = pool[k - 1 - draw(k < 60 ? k : 60)], b = pool[draw(k)];
            pool[k] = k % 5 == 0 ? gndp_swap_last(g, gndp_sin(g, gndp_swap_last(g, a)))
                                 : gndp_add(g, a, gndp_tanh(g, b));
        }
        plan_in_time(g, &pool[NODES], 1, d == 0 ? "cpu" : "reference", false);
        free(pool);
    }
}

static void planning_a_wide_graph_is_quick(void **state)
{
    (void)state;
    for (int d = 0; d < 2; d++) {
        enum { NODES = 5000 };
        gndp_graph *g;
        gndp_node *pool = malloc((NODES + 1) * sizeof *pool);
        state_of_draws = 5;
        gndp_node sum = pool[0] = start(&g);
        for (int k = 1; k <= NODES; k++)
            pool[k] = gndp_scale(g, gndp_sin(g, pool[draw(k)]), 1.0 + 0.001 * k);
        for (int k = 1; k <= NODES; k++) /* all are live until the end */
            sum = gndp_add(g, sum, pool[k]);
        plan_in_time(g, &sum, 1, d == 0 ? "cpu" : "reference", false);
        free(pool);
    }
}

static void planning_a_training_step_is_quick(void **state)
{
    (void)state;
    gndp_graph *g;
    gndp_store *store;
    gndp_node x = start(&g);
    check(gndp_store_create(&store));
    for (int k = 0; k < 100; k++) { /* some nine thousand nodes with gradients and Adam */
        char name[16];
        snprintf(name, sizeof name, "w%d", k);
        check(gndp_store_add(store, name, gndp_type_2d(GNDP_F32, 20, 20),
                             (gndp_init){GNDP_INIT_NORMAL, 0.1}));
        const gndp_node w = gndp_param(g, store, name, GNDP_SLOT_VALUE);
        snprintf(name, sizeof name, "b%d", k);
        check(gndp_store_add(store, name, gndp_type_1d(GNDP_F32, 20),
                             (gndp_init){GNDP_INIT_ZEROS, 0.0}));
        const gndp_node b = gndp_param(g, store, name, GNDP_SLOT_VALUE);
        const gndp_node y =
            gndp_layer_norm(g, gndp_gelu(g, gndp_linear(g, x, w, b)), GNDP_NONE, GNDP_NONE, 1e-5);
        x = gndp_add(g, x, k % 3 == 0 ? gndp_softmax(g, y, GNDP_NONE) : y);
    }
    const gndp_node loss = gndp_mean_all(g, gndp_square(g, x));
    gndp_adam_step(g, loss, store, gndp_adam_default(), gndp_scalar(g, GNDP_F32, 1e-3),
                   gndp_scalar(g, GNDP_F32, 1.0));
    plan_in_time(g, &loss, 1, "cpu", true);
    gndp_store_free(store);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(units_end_where_their_limits_are),
    cmocka_unit_test(planning_a_long_chain_is_quick),
    cmocka_unit_test(planning_a_chain_that_does_not_fuse_is_quick),
    cmocka_unit_test(planning_a_random_graph_is_quick),
    cmocka_unit_test(planning_a_wide_graph_is_quick),
    cmocka_unit_test(planning_a_training_step_is_quick),
};
GNDP_TEST_MAIN(tests)
