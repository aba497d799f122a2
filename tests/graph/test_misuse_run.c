// SPDX-License-Identifier: Apache-2.0
// Misuse of devices, plans and runs: wrong arrays, names, stores, and values that only a run can find wrong.
#include <gndp/graph.h>
#include <gndp/ops.h>

#include "support/test_main.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const device_names[2] = {"reference", "cpu"};

static void check(gndp_status st)
{
    if (st != GNDP_OK)
        print_error("%s\n", gndp_last_error());
    assert_int_equal(st, GNDP_OK);
}

/* The call failed with this status, and its message has these words. */
static void expect(gndp_status got, gndp_status wanted, const char *word, const char *word2)
{
    const char *message = gndp_last_error();
    if (got != wanted || strstr(message, word) == NULL || strstr(message, word2) == NULL)
        print_error("%s, wanted %s with \"%s\" and \"%s\": %s\n", gndp_status_name(got), gndp_status_name(wanted), word, word2,
                    message);
    assert_int_equal(got, wanted);
    assert_non_null(strstr(message, word));
    assert_non_null(strstr(message, word2));
}

/* y [3] = x [3] scale []; z [2] = rows index [2] of x; one plan for both. */
typedef struct scene {
    gndp_device *device;
    gndp_plan *plan;
    float x[3], scale, y[3], z[2];
    int32_t index[2];
    gndp_feed feed[3];
    gndp_array out[2];
} scene;

static void scene_open(scene *s, const char *device)
{
    gndp_graph *g = NULL;
    const gndp_type x_type = gndp_type_1d(GNDP_F32, 3), z_type = gndp_type_1d(GNDP_F32, 2), i_type = gndp_type_1d(GNDP_I32, 2);
    *s = (scene){.x = {1.0F, 2.0F, 3.0F}, .scale = 2.0F, .index = {2, 0}};
    check(gndp_device_open(device, NULL, &s->device));
    check(gndp_graph_create(&g));
    const gndp_node x = gndp_input(g, "x", x_type), scale = gndp_input(g, "scale", gndp_type_scalar(GNDP_F32));
    gndp_input(g, "unused", x_type);
    const gndp_node y = gndp_mul(g, x, scale), z = gndp_gather(g, x, gndp_input(g, "index", i_type), 0);
    check(gndp_plan_create(g, (const gndp_node[]){y, z}, 2, s->device, NULL, &s->plan));
    gndp_graph_free(g);
    s->feed[0] = (gndp_feed){"x", gndp_array_view(x_type, s->x)};
    s->feed[1] = (gndp_feed){"scale", gndp_array_view(gndp_type_scalar(GNDP_F32), &s->scale)};
    s->feed[2] = (gndp_feed){"index", gndp_array_view(i_type, s->index)};
    s->out[0] = gndp_array_view(x_type, s->y);
    s->out[1] = gndp_array_view(z_type, s->z);
}

static void scene_close(scene *s)
{
    gndp_plan_free(s->plan);
    gndp_device_free(s->device);
}

static gndp_status run(scene *s, int64_t n_feeds)
{
    return gndp_plan_run(s->plan, s->feed, n_feeds, s->out, 2);
}

/* After each mistake the plan is as good as before. */
static void expect_good(scene *s)
{
    check(run(s, 3));
    assert_true(s->y[2] == 6.0F && s->z[0] == 3.0F && s->z[1] == 1.0F);
}

static void run_names_missing_unknown_and_doubled_inputs(void **state)
{
    (void)state;
    for (int d = 0; d < 2; d++) {
        scene s;
        scene_open(&s, device_names[d]);
        expect_good(&s);
        expect(run(&s, 2), GNDP_ERR_ARG, "index", "missing");
        expect(gndp_plan_run(s.plan, NULL, 0, s.out, 2), GNDP_ERR_ARG, "x", "missing");
        s.feed[1].name = "skale";
        expect(run(&s, 3), GNDP_ERR_ARG, "skale", "input");
        s.feed[1].name = NULL;
        assert_int_equal(run(&s, 3), GNDP_ERR_ARG);
        s.feed[1].name = "scale";
        const gndp_feed index = s.feed[2];
        s.feed[2] = s.feed[0];
        expect(run(&s, 3), GNDP_ERR_ARG, "\"x\"", "twice");
        s.feed[2] = index;
        expect_good(&s);
        scene_close(&s);
    }
}

static void run_refuses_arrays_of_another_type_or_shape(void **state)
{
    (void)state;
    for (int d = 0; d < 2; d++) {
        scene s;
        double wide[3] = {1.0, 2.0, 3.0};
        scene_open(&s, device_names[d]);
        const gndp_array x = s.feed[0].array, y = s.out[0];
        s.feed[0].array = gndp_array_view(gndp_type_1d(GNDP_F64, 3), wide);
        expect(run(&s, 3), GNDP_ERR_TYPE, "f64[3]", "f32[3]");
        s.feed[0].array = gndp_array_view(gndp_type_2d(GNDP_F32, 1, 3), s.x);
        expect(run(&s, 3), GNDP_ERR_SHAPE, "f32[1,3]", "f32[3]");
        s.feed[0].array = gndp_array_view(x.type, NULL);
        expect(run(&s, 3), GNDP_ERR_ARG, "\"x\"", "NULL");
        s.feed[0].array = x;
        s.out[0] = gndp_array_view(gndp_type_1d(GNDP_F32, 4), s.y);
        expect(run(&s, 3), GNDP_ERR_SHAPE, "f32[4]", "f32[3]");
        s.out[0] = gndp_array_view(gndp_type_1d(GNDP_I32, 3), s.y);
        expect(run(&s, 3), GNDP_ERR_TYPE, "i32[3]", "f32[3]");
        s.out[0] = gndp_array_view(y.type, NULL);
        expect(run(&s, 3), GNDP_ERR_ARG, "output", "NULL");
        s.out[0] = y;
        expect(gndp_plan_run(s.plan, s.feed, 3, s.out, 1), GNDP_ERR_ARG, "output", "2");
        expect(gndp_plan_run(s.plan, s.feed, 3, NULL, 2), GNDP_ERR_ARG, "output", "NULL");
        expect_good(&s);
        scene_close(&s);
    }
}

static void run_refuses_an_output_over_a_feed(void **state)
{
    (void)state;
    scene s;
    scene_open(&s, "cpu");
    s.out[0] = gndp_array_view(gndp_type_1d(GNDP_F32, 3), s.x);
    expect(run(&s, 3), GNDP_ERR_ARG, "overlap", "\"x\"");
    s.out[0] = gndp_array_view(gndp_type_1d(GNDP_F32, 3), s.y);
    s.out[1] = gndp_array_view(gndp_type_1d(GNDP_F32, 2), s.x + 1);
    expect(run(&s, 3), GNDP_ERR_ARG, "overlap", "\"x\"");
    s.out[1] = gndp_array_view(gndp_type_1d(GNDP_F32, 2), s.z);
    expect_good(&s);
    scene_close(&s);
}

static void run_names_an_index_out_of_range(void **state)
{
    (void)state;
    for (int d = 0; d < 2; d++) {
        scene s;
        scene_open(&s, device_names[d]);
        s.index[1] = 12;
        expect(run(&s, 3), GNDP_ERR_RANGE, "gather: index 12", "position 1");
        s.index[1] = -1;
        expect(run(&s, 3), GNDP_ERR_RANGE, "-1", "0..2");
        s.index[1] = 0;
        expect_good(&s);
        scene_close(&s);
    }
}

/* A run that fails assigns nothing, though the assignment's value was fine. */
static void run_names_the_pivot_and_keeps_parameters_when_not_positive_definite(void **state)
{
    (void)state;
    for (int d = 0; d < 2; d++) {
        gndp_store *store = NULL;
        gndp_graph *g = NULL;
        gndp_device *device = NULL;
        gndp_plan *plan = NULL;
        gndp_array w;
        check(gndp_store_create(&store));
        check(gndp_store_add(store, "w", gndp_type_1d(GNDP_F64, 2), (gndp_init){GNDP_INIT_CONSTANT, 1.5}));
        check(gndp_store_initialise(store, 1));
        check(gndp_store_array(store, "w", GNDP_SLOT_VALUE, &w));
        check(gndp_device_open(device_names[d], NULL, &device));
        check(gndp_graph_create(&g));
        const gndp_node node = gndp_param(g, store, "w", GNDP_SLOT_VALUE);
        gndp_assign(g, node, gndp_neg(g, node));
        const gndp_node l = gndp_cholesky(g, gndp_input(g, "a", gndp_type_3d(GNDP_F64, 2, 2, 2)));
        check(gndp_plan_create(g, &l, 1, device, &(gndp_plan_options){.effects = true}, &plan));
        double a[8] = {1.0, 0.0, 0.0, 1.0, 1.0, 2.0, 2.0, 1.0}, out[8]; /* the second has determinant -3 */
        const gndp_feed feed = {"a", gndp_array_view(gndp_type_3d(GNDP_F64, 2, 2, 2), a)};
        gndp_array output = gndp_array_view(gndp_type_3d(GNDP_F64, 2, 2, 2), out);
        expect(gndp_plan_run(plan, &feed, 1, &output, 1), GNDP_ERR_NOT_PD, "batch 1", "pivot 1");
        assert_true(((double *)w.data)[0] == 1.5 && ((double *)w.data)[1] == 1.5);
        a[0] = (double)NAN;
        expect(gndp_plan_run(plan, &feed, 1, &output, 1), GNDP_ERR_NOT_PD, "batch 0", "pivot 0");
        a[0] = 1.0;
        a[7] = 5.0;
        check(gndp_plan_run(plan, &feed, 1, &output, 1));
        assert_true(((double *)w.data)[0] == -1.5 && ((double *)w.data)[1] == -1.5);
        gndp_plan_free(plan);
        gndp_graph_free(g);
        gndp_device_free(device);
        gndp_store_free(store);
    }
}

static void device_open_names_what_is_wrong(void **state)
{
    (void)state;
    gndp_device *device = NULL;
    expect(gndp_device_open("gpu", NULL, &device), GNDP_ERR_NOT_FOUND, "\"gpu\"", "cpu");
    assert_null(device);
    expect(gndp_device_open(NULL, NULL, &device), GNDP_ERR_ARG, "name", "NULL");
    expect(gndp_device_open("cpu", &(gndp_device_options){.threads = -1}, &device), GNDP_ERR_RANGE, "threads", "-1");
    expect(gndp_device_open("cpu", &(gndp_device_options){.simd_cap = 99}, &device), GNDP_ERR_RANGE, "simd", "99");
    assert_null(device);
}

static void plan_create_refuses_wrong_outputs_and_handles(void **state)
{
    (void)state;
    gndp_graph *g = NULL, *other = NULL;
    gndp_device *device = NULL;
    gndp_plan *plan = NULL;
    check(gndp_device_open("cpu", NULL, &device));
    check(gndp_graph_create(&g));
    check(gndp_graph_create(&other));
    const gndp_node x = gndp_input(g, "x", gndp_type_scalar(GNDP_F32)), foreign = gndp_input(other, "x", gndp_type_scalar(GNDP_F32));
    const gndp_node none = GNDP_NONE;
    expect(gndp_plan_create(g, NULL, 0, device, NULL, &plan), GNDP_ERR_ARG, "output", "");
    expect(gndp_plan_create(g, &foreign, 1, device, NULL, &plan), GNDP_ERR_GRAPH, "output 0", "graph");
    expect(gndp_plan_create(g, &none, 1, device, NULL, &plan), GNDP_ERR_ARG, "output 0", "GNDP_NONE");
    expect(gndp_plan_create(g, &x, 1, NULL, NULL, &plan), GNDP_ERR_ARG, "device", "NULL");
    expect(gndp_plan_create(NULL, &x, 1, device, NULL, &plan), GNDP_ERR_ARG, "graph", "NULL");
    expect(gndp_plan_create(g, &x, 1, device, NULL, NULL), GNDP_ERR_ARG, "plan", "NULL");
    assert_null(plan);
    check(gndp_plan_create(g, &x, 1, device, NULL, &plan)); /* the graph is not poisoned by this */
    gndp_plan_free(plan);
    gndp_graph_free(g);
    gndp_graph_free(other);
    gndp_device_free(device);
}

static void plan_create_checks_the_store_it_binds(void **state)
{
    (void)state;
    gndp_graph *g = NULL;
    gndp_device *device = NULL;
    gndp_plan *plan = NULL;
    gndp_store *store = NULL, *lacking = NULL, *shaped = NULL, *typed = NULL;
    const gndp_init zeros = {GNDP_INIT_ZEROS, 0.0};
    check(gndp_device_open("cpu", NULL, &device));
    check(gndp_store_create(&store));
    check(gndp_store_create(&lacking));
    check(gndp_store_create(&shaped));
    check(gndp_store_create(&typed));
    check(gndp_store_add(store, "head/weight", gndp_type_1d(GNDP_F32, 3), zeros));
    check(gndp_store_add(lacking, "head/weights", gndp_type_1d(GNDP_F32, 3), zeros));
    check(gndp_store_add(shaped, "head/weight", gndp_type_1d(GNDP_F32, 4), zeros));
    check(gndp_store_add(typed, "head/weight", gndp_type_1d(GNDP_F64, 3), zeros));
    check(gndp_graph_create(&g));
    const gndp_node y = gndp_exp(g, gndp_param(g, store, "head/weight", GNDP_SLOT_VALUE));
    expect(gndp_plan_create(g, &y, 1, device, &(gndp_plan_options){.store = lacking}, &plan), GNDP_ERR_NOT_FOUND, "\"head/weight\"",
           "\"head/weights\"");
    expect(gndp_plan_create(g, &y, 1, device, &(gndp_plan_options){.store = shaped}, &plan), GNDP_ERR_SHAPE, "head/weight", "f32[4]");
    assert_int_not_equal(gndp_plan_create(g, &y, 1, device, &(gndp_plan_options){.store = typed}, &plan), GNDP_OK);
    assert_non_null(strstr(gndp_last_error(), "f64[3]"));
    assert_null(plan);
    check(gndp_plan_create(g, &y, 1, device, NULL, &plan));
    gndp_plan_free(plan);
    gndp_graph_free(g);
    gndp_device_free(device);
    gndp_store_free(store);
    gndp_store_free(lacking);
    gndp_store_free(shaped);
    gndp_store_free(typed);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(run_names_missing_unknown_and_doubled_inputs),
    cmocka_unit_test(run_refuses_arrays_of_another_type_or_shape),
    cmocka_unit_test(run_refuses_an_output_over_a_feed),
    cmocka_unit_test(run_names_an_index_out_of_range),
    cmocka_unit_test(run_names_the_pivot_and_keeps_parameters_when_not_positive_definite),
    cmocka_unit_test(device_open_names_what_is_wrong),
    cmocka_unit_test(plan_create_refuses_wrong_outputs_and_handles),
    cmocka_unit_test(plan_create_checks_the_store_it_binds),
};
GNDP_TEST_MAIN(tests)
