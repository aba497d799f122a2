// SPDX-License-Identifier: Apache-2.0
// Runs small graphs on every device, thread count and vector level, for the tests of the op
// families.
#ifndef GNDP_TEST_FAMILY_H
#define GNDP_TEST_FAMILY_H

#include "support/test_main.h"

#include <gndp/ops.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_FEEDS = 16, MAX_RESULTS = 16 };

/* A graph with the arrays it is fed. */
typedef struct setup {
    gndp_graph *g;
    gndp_feed feed[MAX_FEEDS];
    int n_feeds;
    gndp_array result[MAX_RESULTS];
    int n_results;
    bool bf16;
} setup;

/* One way of running. The first is the oracle. */
typedef struct way {
    const char *device;
    gndp_device_options options;
} way;

static const way ways[] = {{"reference", {0}},
                           {"cpu", {.threads = 1}},
                           {"cpu", {.threads = 2}},
                           {"cpu", {.threads = 3, .simd_cap = 1}},
                           {"cpu", {.threads = 2, .simd_cap = 2}}};
enum { WAYS = sizeof ways / sizeof *ways };

static inline setup begin(void)
{
    setup s = {0};
    assert_int_equal(gndp_graph_create(&s.g), GNDP_OK);
    return s;
}

static inline void clear_results(setup *s)
{
    while (s->n_results > 0) {
        gndp_array_free(&s->result[--s->n_results]);
    }
}

static inline void end(setup *s)
{
    clear_results(s);
    for (int i = 0; i < s->n_feeds; i++) {
        free((void *)s->feed[i].array.data);
    }
    gndp_graph_free(s->g);
}

/* An input with a copy of data; a node of the graph. */
static inline gndp_node feed(setup *s, const char *name, gndp_type type, const void *data)
{
    void *copy = malloc(gndp_type_bytes(type) + 1);
    assert_non_null(copy);
    assert_true(s->n_feeds < MAX_FEEDS);
    if (data != NULL) {
        memcpy(copy, data, gndp_type_bytes(type));
    }
    s->feed[s->n_feeds++] = (gndp_feed){name, gndp_array_view(type, copy)};
    return gndp_input(s->g, name, type);
}

/* Standard normals; the draw depends on the name's first letters. */
static inline gndp_node feed_normal(setup *s, const char *name, gndp_type type)
{
    const size_t count = (size_t)gndp_type_count(type);
    void *data = malloc((count + 1) * sizeof(double));
    const uint32_t stream = (uint32_t)name[0] + 256u * (uint32_t)name[1];
    assert_non_null(data);
    if (type.dtype == GNDP_F32) {
        assert_int_equal(gndp_random_normal_f32(7, 0, 0, stream, 0, (int64_t)count, data), GNDP_OK);
    } else {
        assert_int_equal(gndp_random_normal_f64(7, 0, 0, stream, 0, (int64_t)count, data), GNDP_OK);
    }
    const gndp_node node = feed(s, name, type, data);
    free(data);
    return node;
}

static inline void *fed(const setup *s, const char *name)
{
    for (int i = 0; i < s->n_feeds; i++) {
        if (strcmp(s->feed[i].name, name) == 0) {
            return s->feed[i].array.data;
        }
    }
    fail_msg("no feed %s", name);
    return NULL;
}

/* Run; the results replace those of the last run. */
static inline gndp_status run_status(setup *s, way w, const gndp_node *out, int n)
{
    gndp_device *device = NULL;
    gndp_plan *plan = NULL;
    clear_results(s);
    assert_int_equal(gndp_device_open(w.device, &w.options, &device), GNDP_OK);
    gndp_status st =
        gndp_plan_create(s->g, out, n, device, &(gndp_plan_options){.bf16 = s->bf16}, &plan);
    if (st == GNDP_OK) {
        for (int i = 0; i < n; i++) {
            assert_int_equal(gndp_array_create(gndp_node_type(out[i]), &s->result[s->n_results++]),
                             GNDP_OK);
        }
        st = gndp_plan_run(plan, s->feed, s->n_feeds, s->result, n);
    }
    gndp_plan_free(plan);
    gndp_device_free(device);
    return st;
}

static inline void run(setup *s, way w, const gndp_node *out, int n)
{
    const gndp_status st = run_status(s, w, out, n);
    if (st != GNDP_OK) {
        fail_msg("%s: %s", w.device, gndp_last_error());
    }
}

static inline double entry(gndp_array a, int64_t i)
{
    return a.type.dtype == GNDP_F64   ? ((double *)a.data)[i]
           : a.type.dtype == GNDP_F32 ? (double)((float *)a.data)[i]
                                      : (double)((int32_t *)a.data)[i];
}

static inline void assert_near(double got, double want, double tolerance)
{
    if (!(fabs(got - want) <= tolerance)) {
        fail_msg("got %.17g, want %.17g, off by %.3g > %.3g", got, want, fabs(got - want),
                 tolerance);
    }
}

static inline void assert_arrays_near(gndp_array got, gndp_array want, double tolerance)
{
    assert_true(gndp_type_equal(got.type, want.type));
    for (int64_t i = 0; i < gndp_type_count(got.type); i++) {
        assert_near(entry(got, i), entry(want, i), tolerance);
    }
}

/* The graph is poisoned with this status, by a message that holds `text`. */
static inline void assert_poisoned(setup *s, gndp_status status, const char *text)
{
    assert_int_equal(gndp_graph_status(s->g), status);
    if (strstr(gndp_graph_error(s->g), text) == NULL) {
        fail_msg("\"%s\" lacks \"%s\"", gndp_graph_error(s->g), text);
    }
}

/* The run ends with this status, by a message that holds `text`. */
static inline void assert_run_fails(setup *s, way w, gndp_node out, gndp_status status,
                                    const char *text)
{
    assert_int_equal(run_status(s, w, &out, 1), status);
    if (strstr(gndp_last_error(), text) == NULL) {
        fail_msg("\"%s\" lacks \"%s\"", gndp_last_error(), text);
    }
}

#endif
