// SPDX-License-Identifier: Apache-2.0
// A network with parameters and inputs in f64, evaluated on the CPU: values and derivatives.
#ifndef GNDP_TEST_NET_CASE_H
#define GNDP_TEST_NET_CASE_H

#include "support/test_main.h"

#include <gndp/ops.h>
#include <gndp/score.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static inline void check(gndp_status st)
{
    if (st != GNDP_OK)
        fail_msg("%s", gndp_last_error());
}

static inline double *normals(int64_t n, uint32_t stream, double scale)
{
    double *x = calloc((size_t)n + 1, sizeof *x);
    assert_non_null(x);
    check(gndp_random_normal_f64(31, 0, 0, stream, 0, n, x));
    for (int64_t k = 0; k < n; k++)
        x[k] *= scale;
    return x;
}

/* A small network of a row: the row's defaults but for the sizes. */
static inline gndp_net_spec small_net(const char *kind, int64_t x_dim, int64_t y_dim)
{
    const gndp_net_info *info = NULL;
    check(gndp_net_find(kind, &info));
    gndp_net_spec spec = info->defaults;
    spec.x_dim = x_dim;
    spec.y_dim = y_dim;
    spec.layers = 2;
    spec.hidden = 16;
    spec.heads = 4;
    spec.dtype = GNDP_F64;
    return spec;
}

/* Networks of the tests of all: one a row, P as many as it takes beyond one, and one whose vectors turn by themselves, with features behind its outputs. */
static inline int net_kinds(void)
{
    return gndp_net_count() + 1;
}

static inline gndp_net_spec net_of_kind(int i, int64_t x_dim)
{
    if (i < gndp_net_count())
        return small_net(gndp_net_get(i)->name, x_dim, gndp_net_get(i)->scalar_only ? 1 : x_dim);
    gndp_net_spec spec = small_net("evt", x_dim, 7);
    spec.scalars = 1;
    spec.vector_dim = 3;
    spec.outputs = 4;
    spec.axis = true;
    spec.centre = false;
    return spec;
}

/* Parameters as initialised, and where that is zero normals of 0.3: a network that starts as 0 shows nothing. */
static inline gndp_store *make_store(const gndp_net_spec *spec)
{
    gndp_store *store = NULL;
    check(gndp_store_create(&store));
    check(gndp_net_add_parameters(spec, store));
    check(gndp_store_initialise(store, 5));
    for (int64_t i = 0; i < gndp_store_count(store); i++) {
        gndp_array value;
        check(gndp_store_array(store, gndp_store_name(store, i), GNDP_SLOT_VALUE, &value));
        double *p = value.data;
        const int64_t n = gndp_type_count(value.type);
        double *draws = normals(n, GNDP_STREAM(3, i), 0.3);
        if (p[0] == 0.0)
            memcpy(p, draws, (size_t)n * sizeof *p);
        free(draws);
    }
    return store;
}

/* R realizations of N points. */
typedef struct net_case {
    gndp_net_spec spec;
    int64_t r, n;
    bool shared;              /* x is [N, D] */
    bool masked;
    double *t, *x, *y, *flag; /* flag is fed with context_flag only */
    int32_t *mask;
} net_case;

static inline int64_t x_count(const net_case *c)
{
    return (c->shared ? 1 : c->r) * c->n * c->spec.x_dim;
}

static inline int64_t y_count(const net_case *c)
{
    return c->r * c->n * c->spec.y_dim;
}

static inline int64_t out_count(const net_case *c)
{
    return c->r * c->n * gndp_net_outputs(&c->spec);
}

static inline net_case make_case(gndp_net_spec spec, int64_t r, int64_t n)
{
    net_case c = {.spec = spec, .r = r, .n = n};
    c.t = calloc((size_t)r, sizeof *c.t);
    c.x = normals(x_count(&c), 1, 1.0);
    c.y = normals(y_count(&c), 2, 1.0);
    c.flag = calloc((size_t)(r * n), sizeof *c.flag);
    c.mask = calloc((size_t)(r * n), sizeof *c.mask);
    for (int64_t k = 0; k < r; k++)
        c.t[k] = ((double)k + 0.5) / (double)r;
    for (int64_t k = 0; k < r * n; k++) {
        c.mask[k] = 1;
        c.flag[k] = k % 3 == 0;
    }
    return c;
}

static inline net_case copy_case(const net_case *from)
{
    net_case c = make_case(from->spec, from->r, from->n);
    c.shared = from->shared;
    c.masked = from->masked;
    memcpy(c.t, from->t, (size_t)c.r * sizeof *c.t);
    memcpy(c.x, from->x, (size_t)x_count(&c) * sizeof *c.x);
    memcpy(c.y, from->y, (size_t)y_count(&c) * sizeof *c.y);
    memcpy(c.flag, from->flag, (size_t)(c.r * c.n) * sizeof *c.flag);
    memcpy(c.mask, from->mask, (size_t)(c.r * c.n) * sizeof *c.mask);
    return c;
}

static inline void free_case(net_case *c)
{
    free(c->t);
    free(c->x);
    free(c->y);
    free(c->flag);
    free(c->mask);
}

/* The leaves of a case as inputs of a graph, and their feeds: t, x, y, then flag and mask where there are any. */
typedef struct net_leaves {
    gndp_net_inputs in;
    gndp_feed feed[5];
    int n;
} net_leaves;

static inline net_leaves make_leaves(gndp_graph *g, const net_case *c)
{
    const int64_t r = c->r, n = c->n, d = c->spec.x_dim, p = c->spec.y_dim;
    const gndp_type t = gndp_type_1d(GNDP_F64, r), y = gndp_type_3d(GNDP_F64, r, n, p);
    const gndp_type x = c->shared ? gndp_type_2d(GNDP_F64, n, d) : gndp_type_3d(GNDP_F64, r, n, d);
    const gndp_type flag = gndp_type_2d(GNDP_F64, r, n), mask = gndp_type_2d(GNDP_I32, r, n);
    net_leaves l = {.in = {.t = gndp_input(g, "t", t), .x = gndp_input(g, "x", x), .y = gndp_input(g, "y", y)},
                    .feed = {{"t", gndp_array_view(t, c->t)}, {"x", gndp_array_view(x, c->x)}, {"y", gndp_array_view(y, c->y)}},
                    .n = 3};
    if (c->spec.context_flag) {
        l.in.flag = gndp_input(g, "flag", flag);
        l.feed[l.n++] = (gndp_feed){"flag", gndp_array_view(flag, c->flag)};
    }
    if (c->masked) {
        l.in.mask = gndp_input(g, "mask", mask);
        l.feed[l.n++] = (gndp_feed){"mask", gndp_array_view(mask, c->mask)};
    }
    return l;
}

/* Run nodes of a graph into out[k], each allocated here. */
static inline void run_nodes(gndp_graph *g, const gndp_node *nodes, int n, const net_leaves *l, gndp_array *out)
{
    gndp_device *device = NULL;
    gndp_plan *plan = NULL;
    check(gndp_device_open("cpu", NULL, &device));
    check(gndp_plan_create(g, nodes, n, device, NULL, &plan));
    for (int k = 0; k < n; k++)
        check(gndp_array_create(gndp_node_type(nodes[k]), &out[k]));
    check(gndp_plan_run(plan, l->feed, l->n, out, n));
    gndp_plan_free(plan);
    gndp_device_free(device);
}

/* The output [R, N, outputs]. */
static inline double *output_of(const net_case *c, gndp_store *store)
{
    gndp_graph *g = NULL;
    gndp_array out;
    check(gndp_graph_create(&g));
    const net_leaves l = make_leaves(g, c);
    const gndp_node node = gndp_net_build(g, store, &c->spec, &l.in);
    run_nodes(g, &node, 1, &l, &out);
    assert_true(gndp_type_equal(out.type, gndp_type_3d(GNDP_F64, c->r, c->n, gndp_net_outputs(&c->spec))));
    double *copy = calloc((size_t)out_count(c), sizeof *copy);
    memcpy(copy, out.data, (size_t)out_count(c) * sizeof *copy);
    gndp_array_free(&out);
    gndp_graph_free(g);
    return copy;
}

static inline double difference(const double *a, const double *b, int64_t n)
{
    double worst = 0.0;
    for (int64_t k = 0; k < n; k++)
        worst = isfinite(a[k] - b[k]) ? fmax(worst, fabs(a[k] - b[k])) : (double)INFINITY;
    return worst;
}

static inline double magnitude(const double *a, int64_t n)
{
    double largest = 0.0;
    for (int64_t k = 0; k < n; k++)
        largest = fmax(largest, fabs(a[k]));
    return largest;
}

#endif
