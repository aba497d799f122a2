// SPDX-License-Identifier: Apache-2.0
// A score network of the benchmarks with its denoising loss, data and gradients, run on a device of choice.
#ifndef GNDP_TEST_NETWORK_PROBLEM_H
#define GNDP_TEST_NETWORK_PROBLEM_H

#include "../../bench/networks.h"

#include "support/test_main.h"

#include <gndp/ops.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_PARAMS = 160 };

static void check(gndp_status st)
{
    if (st != GNDP_OK)
        print_error("%s\n", gndp_last_error());
    assert_int_equal(st, GNDP_OK);
}

static inline double at(gndp_array a, int64_t k)
{
    return a.type.dtype == GNDP_F64   ? ((double *)a.data)[k]
           : a.type.dtype == GNDP_F32 ? (double)((float *)a.data)[k]
                                      : (double)((int32_t *)a.data)[k];
}

static inline void put(gndp_array a, int64_t k, double value)
{
    if (a.type.dtype == GNDP_F64)
        ((double *)a.data)[k] = value;
    else if (a.type.dtype == GNDP_F32)
        ((float *)a.data)[k] = (float)value;
    else
        ((int32_t *)a.data)[k] = (int32_t)value;
}

/* Normals that do not depend on the type, so that f32 and f64 problems hold the same numbers. */
static inline void fill_normal(gndp_array a, uint32_t stream, double scale)
{
    const int64_t n = gndp_type_count(a.type);
    double *v = calloc((size_t)n + 1, sizeof *v);
    check(gndp_random_normal_f64(11, 0, 0, stream, 0, n, v));
    for (int64_t k = 0; k < n; k++)
        put(a, k, scale * v[k]);
    free(v);
}

static const denoising with_std_trick = {5e-4, 1.0, 0.0, 10.0, 0.22, true, false};
static const denoising with_residual_trick = {5e-4, 1.0, 1e-4, 15.0, 1.0, false, true};

/* Inputs x, y0 (or y and t), mask, seed, step of B realizations of N points, as fed. */
typedef struct data {
    gndp_array x, y0, mask, seed, step, t;
} data;

static inline data make_data(const gndp_net_spec *net, int64_t batch, int64_t points)
{
    data d;
    check(gndp_array_create(gndp_type_3d(net->dtype, batch, points, net->x_dim), &d.x));
    check(gndp_array_create(gndp_type_3d(net->dtype, batch, points, net->y_dim), &d.y0));
    check(gndp_array_create(gndp_type_2d(GNDP_I32, batch, points), &d.mask));
    check(gndp_array_create(gndp_type_1d(GNDP_I32, 2), &d.seed));
    check(gndp_array_create(gndp_type_scalar(GNDP_I32), &d.step));
    check(gndp_array_create(gndp_type_1d(net->dtype, batch), &d.t));
    fill_normal(d.x, 1, 1.0);
    fill_normal(d.y0, 2, 1.0);
    for (int64_t k = 0; k < batch * points; k++)
        put(d.mask, k, 1.0);
    for (int64_t k = 0; k < batch; k++)
        put(d.t, k, ((double)k + 0.5) / (double)batch);
    put(d.seed, 0, 7.0);
    put(d.step, 0, 3.0);
    return d;
}

static inline void free_data(data *d)
{
    gndp_array *all[] = {&d->x, &d->y0, &d->mask, &d->seed, &d->step, &d->t};
    for (size_t k = 0; k < sizeof all / sizeof *all; k++)
        gndp_array_free(all[k]);
}

/* Parameters as initialised, and where that is zero normals of 0.3: a network that starts as 0 hides its gradients. */
static inline gndp_store *make_store(const gndp_net_spec *net)
{
    gndp_store *store = NULL;
    check(gndp_store_create(&store));
    check(gndp_net_add_parameters(net, store));
    check(gndp_store_initialise(store, 5));
    for (int64_t i = 0; i < gndp_store_count(store); i++) {
        gndp_array value;
        check(gndp_store_array(store, gndp_store_name(store, i), GNDP_SLOT_VALUE, &value));
        if (at(value, 0) == 0.0)
            fill_normal(value, GNDP_STREAM(3, i), 0.3);
    }
    return store;
}

/* Outputs of a graph: loss, gradients of the parameters that have one. */
typedef struct problem {
    gndp_net_spec net;
    gndp_store *store;
    gndp_graph *g;
    bool masked;
    gndp_node loss;
    int n_params;                   /* of the store */
    gndp_node grad[MAX_PARAMS];     /* GNDP_NONE: no gradient */
    gndp_node penalty;              /* squared norm of the gradient */
    gndp_node penalty_grad[MAX_PARAMS];
} problem;

static inline problem make_problem(gndp_net_spec net, const denoising *process, int64_t batch, int64_t points, bool masked)
{
    problem p = {.net = net, .store = make_store(&net), .masked = masked};
    gndp_node params[MAX_PARAMS];
    check(gndp_graph_create(&p.g));
    const denoising_inputs in = denoising_inputs_make(p.g, &net, batch, points, masked);
    p.loss = denoising_loss(p.g, p.store, &net, process, &in);
    p.n_params = (int)gndp_store_count(p.store);
    assert_true(p.n_params <= MAX_PARAMS);
    for (int i = 0; i < p.n_params; i++)
        params[i] = gndp_param(p.g, p.store, gndp_store_name(p.store, i), GNDP_SLOT_VALUE);
    gndp_grad(p.g, p.loss, params, p.n_params, p.grad);
    return p;
}

/* Append the squared norm of the gradient, and its gradient. */
static inline void add_penalty(problem *p)
{
    gndp_node params[MAX_PARAMS];
    for (int i = 0; i < p->n_params; i++) {
        params[i] = gndp_param(p->g, p->store, gndp_store_name(p->store, i), GNDP_SLOT_VALUE);
        if (gndp_is_none(p->grad[i]))
            continue;
        const gndp_node term = gndp_sum_all(p->g, gndp_square(p->g, p->grad[i]));
        p->penalty = gndp_is_none(p->penalty) ? term : gndp_add(p->g, p->penalty, term);
    }
    gndp_grad(p->g, p->penalty, params, p->n_params, p->penalty_grad);
}

static inline void free_problem(problem *p)
{
    gndp_graph_free(p->g);
    gndp_store_free(p->store);
}

/* A plan for some nodes with arrays for their values; entries that are GNDP_NONE are left out (type all zero). */
typedef struct runner {
    gndp_plan *plan;
    int n, n_out;
    int place[2 * MAX_PARAMS + 2]; /* of node k among the outputs, -1 */
    gndp_array out[2 * MAX_PARAMS + 2];
    bool masked;
} runner;

static inline runner make_runner(const problem *p, const gndp_node *nodes, int n, const char *device,
                                 gndp_device_options device_options, gndp_plan_options options)
{
    runner r = {.n = n, .masked = p->masked};
    gndp_node wanted[2 * MAX_PARAMS + 2];
    gndp_device *opened = NULL;
    for (int k = 0; k < n; k++) {
        r.place[k] = gndp_is_none(nodes[k]) ? -1 : r.n_out;
        if (r.place[k] >= 0) {
            wanted[r.n_out] = nodes[k];
            check(gndp_array_create(gndp_node_type(nodes[k]), &r.out[r.n_out++]));
        }
    }
    check(gndp_device_open(device, &device_options, &opened));
    check(gndp_plan_create(p->g, wanted, r.n_out, opened, &options, &r.plan));
    gndp_device_free(opened);
    return r;
}

static inline void run(runner *r, const data *d)
{
    const gndp_feed feeds[] = {{"x", d->x}, {"y0", d->y0}, {"seed", d->seed}, {"step", d->step}, {"mask", d->mask}};
    check(gndp_plan_run(r->plan, feeds, r->masked ? 5 : 4, r->out, r->n_out));
}

static inline void free_runner(runner *r)
{
    gndp_plan_free(r->plan);
    for (int k = 0; k < r->n_out; k++)
        gndp_array_free(&r->out[k]);
}

/* Value 0 is the loss, value 1 + i the gradient in parameter i. */
static inline runner loss_and_gradient(const problem *p, const char *device, gndp_device_options device_options,
                                       gndp_plan_options options)
{
    gndp_node nodes[MAX_PARAMS + 1] = {p->loss};
    memcpy(nodes + 1, p->grad, sizeof p->grad);
    return make_runner(p, nodes, 1 + p->n_params, device, device_options, options);
}

/* Number of outputs that differ in a bit. */
static inline int count_differing(const runner *a, const runner *b)
{
    int differing = 0;
    assert_int_equal(a->n_out, b->n_out);
    for (int k = 0; k < a->n_out; k++)
        differing += memcmp(a->out[k].data, b->out[k].data, gndp_type_bytes(a->out[k].type)) != 0;
    return differing;
}

/* Relative errors of loss and of the whole gradient, in Euclidean norm; NaN counts as infinite. */
typedef struct errors {
    double loss, gradient;
} errors;

static inline errors compare(const runner *truth, const runner *other)
{
    errors e;
    double error2 = 0.0, size2 = 0.0;
    assert_int_equal(truth->n_out, other->n_out);
    for (int k = 1; k < truth->n_out; k++)
        for (int64_t i = 0; i < gndp_type_count(truth->out[k].type); i++) {
            const double a = at(truth->out[k], i), b = at(other->out[k], i);
            size2 += a * a;
            error2 += (a - b) * (a - b);
        }
    e.loss = fabs(at(truth->out[0], 0) - at(other->out[0], 0)) / fabs(at(truth->out[0], 0));
    e.gradient = sqrt(error2 / size2);
    e.loss = isfinite(e.loss) ? e.loss : (double)INFINITY;
    e.gradient = isfinite(e.gradient) ? e.gradient : (double)INFINITY;
    return e;
}

#endif
