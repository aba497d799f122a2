// SPDX-License-Identifier: Apache-2.0
// A small training step with every kind of work (products, attention, sums, random numbers, factorisation, Adam) for tests of plans.
#ifndef GNDP_TEST_PLAN_TRIAL_H
#define GNDP_TEST_PLAN_TRIAL_H

#include "support/test_main.h"

#include <gndp/graph.h>
#include <gndp/ops.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TRAIN_B = 4, TRAIN_N = 40, TRAIN_H = 16, TRAIN_WIDE = 300 };

typedef struct training {
    gndp_graph *g;
    gndp_store *store;
    gndp_device *device;
    gndp_plan *plan;
    gndp_feed feed[8];
    int n_feeds;
    gndp_array out[4];
    int n_out;
    float x[TRAIN_B * TRAIN_N * TRAIN_H], wide[TRAIN_WIDE * TRAIN_WIDE], rate, step;
    int32_t seed[2], count, member[TRAIN_B], index[7];
} training;

static void check(gndp_status st)
{
    if (st != GNDP_OK)
        print_error("%s\n", gndp_last_error());
    assert_int_equal(st, GNDP_OK);
}

static gndp_node training_input(training *t, const char *name, gndp_type type, void *data)
{
    t->feed[t->n_feeds++] = (gndp_feed){name, gndp_array_view(type, data)};
    return gndp_input(t->g, name, type);
}

static gndp_node training_param(training *t, const char *name, gndp_type type)
{
    check(gndp_store_add(t->store, name, type, (gndp_init){GNDP_INIT_NORMAL, 0.2}));
    return gndp_param(t->g, t->store, name, GNDP_SLOT_VALUE);
}

/* The loss: a network of attention and layers on noisy input, a Gaussian log-density, a large product, gathered rows. */
static gndp_node training_loss(training *t)
{
    gndp_graph *g = t->g;
    const gndp_type wide = gndp_type_2d(GNDP_F32, TRAIN_WIDE, TRAIN_WIDE);
    const gndp_node x = training_input(t, "x", gndp_type_3d(GNDP_F32, TRAIN_B, TRAIN_N, TRAIN_H), t->x);
    const gndp_node seed = training_input(t, "seed", gndp_type_1d(GNDP_I32, 2), t->seed);
    const gndp_node count = training_input(t, "count", gndp_type_scalar(GNDP_I32), &t->count);
    const gndp_node member = training_input(t, "member", gndp_type_1d(GNDP_I32, TRAIN_B), t->member);
    const gndp_node index = training_input(t, "index", gndp_type_1d(GNDP_I32, 7), t->index);
    const gndp_node w = training_param(t, "w", gndp_type_2d(GNDP_F32, TRAIN_H, TRAIN_H)), b = training_param(t, "b", gndp_type_1d(GNDP_F32, TRAIN_H));
    const gndp_node big = training_input(t, "wide", wide, t->wide), v = training_param(t, "v", wide);
    const int64_t dim[2] = {TRAIN_N, TRAIN_H};
    const gndp_node noise = gndp_random_normal(g, seed, count, member, 3, GNDP_F32, 2, dim);
    const gndp_node h = gndp_gelu(g, gndp_linear(g, gndp_add(g, x, gndp_scale(g, noise, 0.1)), w, b));
    const gndp_node y = gndp_layer_norm(g, gndp_attention(g, h, h, h, GNDP_NONE, 2, 0.0), GNDP_NONE, GNDP_NONE, 1e-5);
    const gndp_node gram = gndp_add(g, gndp_matmul(g, y, gndp_swap_last(g, y)),
                                    gndp_cast(g, gndp_equal(g, gndp_reshape(g, gndp_iota(g, TRAIN_N), 2, (const int64_t[]){TRAIN_N, 1}), gndp_iota(g, TRAIN_N)),
                                              GNDP_F32));
    const gndp_node log_det = gndp_cholesky_log_det(g, gndp_cholesky(g, gndp_scale(g, gram, 2.0)));
    const gndp_node rows = gndp_softmax(g, gndp_gather(g, y, index, 1), GNDP_NONE);
    gndp_node loss = gndp_add(g, gndp_mean_all(g, gndp_square(g, gndp_sub(g, y, x))), gndp_scale(g, gndp_mean_all(g, log_det), 0.01));
    loss = gndp_add(g, loss, gndp_mean_all(g, gndp_square(g, rows)));
    return gndp_add(g, loss, gndp_mean_all(g, gndp_sin(g, gndp_matmul(g, big, v))));
}

static void training_reset(training *t)
{
    check(gndp_store_initialise(t->store, 5));
    t->step = 1.0F;
    t->count = 1;
}

static void training_open(training *t, const char *device, gndp_device_options device_options, gndp_plan_options options)
{
    *t = (training){.rate = 1e-2F, .seed = {1, 2}, .member = {0, 1, 2, 3}, .index = {0, 5, 39, 7, 5, 1, 0}};
    check(gndp_graph_create(&t->g));
    check(gndp_store_create(&t->store));
    check(gndp_random_normal_f32(3, 0, 0, GNDP_STREAM(1, 1), 0, TRAIN_B * TRAIN_N * TRAIN_H, t->x));
    check(gndp_random_normal_f32(3, 0, 0, GNDP_STREAM(1, 2), 0, TRAIN_WIDE * TRAIN_WIDE, t->wide));
    const gndp_node loss = training_loss(t);
    const gndp_node rate = training_input(t, "rate", gndp_type_scalar(GNDP_F32), &t->rate);
    const gndp_node step = training_input(t, "step", gndp_type_scalar(GNDP_F32), &t->step);
    const gndp_adam_nodes adam = gndp_adam_step(t->g, loss, t->store, gndp_adam_default(), rate, step);
    const gndp_node out[2] = {loss, adam.grad_norm};
    training_reset(t);
    options.effects = true;
    check(gndp_device_open(device, &device_options, &t->device));
    check(gndp_plan_create(t->g, out, 2, t->device, &options, &t->plan));
    for (t->n_out = 0; t->n_out < 2; t->n_out++)
        check(gndp_array_create(gndp_node_type(out[t->n_out]), &t->out[t->n_out]));
}

static void training_close(training *t)
{
    gndp_plan_free(t->plan);
    gndp_graph_free(t->g);
    gndp_store_free(t->store);
    gndp_device_free(t->device);
    for (int k = 0; k < t->n_out; k++)
        gndp_array_free(&t->out[k]);
}

static gndp_status training_run(training *t)
{
    const gndp_status st = gndp_plan_run(t->plan, t->feed, t->n_feeds, t->out, t->n_out);
    t->step += 1.0F;
    t->count++;
    return st;
}

#endif
