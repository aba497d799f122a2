// SPDX-License-Identifier: Apache-2.0
// Misuse of the public interface: each wrong call gives its status and a message that a person can act on.
#include <gndp/graph.h>
#include <gndp/ops.h>

#include "support/test_main.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What wrong calls work on: a healthy graph with some inputs, another graph, a store. */
typedef struct scene {
    gndp_graph *g, *other;
    gndp_store *store;
    gndp_node a;        /* f32[3,5] */
    gndp_node b;        /* f32[4,5] */
    gndp_node d;        /* f64[3,5] */
    gndp_node i;        /* i32[4] */
    gndp_node scalar;   /* f32[] */
    gndp_node foreign;  /* f32[3,5] of the other graph */
    gndp_node weight;   /* parameter layer0/weight, f32[5,2] */
    int line;           /* of the wrong call */
} scene;

/* Notes the line of the call that follows on it. */
#define WRONG s->line = __LINE__;

static void check(gndp_status st)
{
    if (st != GNDP_OK)
        print_error("%s\n", gndp_last_error());
    assert_int_equal(st, GNDP_OK);
}

static void scene_open(scene *s)
{
    *s = (scene){0};
    check(gndp_graph_create(&s->g));
    check(gndp_graph_create(&s->other));
    check(gndp_store_create(&s->store));
    check(gndp_store_add(s->store, "layer0/weight", gndp_type_2d(GNDP_F32, 5, 2), (gndp_init){GNDP_INIT_NORMAL, 1.0}));
    check(gndp_store_add(s->store, "layer0/bias", gndp_type_1d(GNDP_F32, 2), (gndp_init){GNDP_INIT_ZEROS, 0.0}));
    s->a = gndp_input(s->g, "a", gndp_type_2d(GNDP_F32, 3, 5));
    s->b = gndp_input(s->g, "b", gndp_type_2d(GNDP_F32, 4, 5));
    s->d = gndp_input(s->g, "d", gndp_type_2d(GNDP_F64, 3, 5));
    s->i = gndp_input(s->g, "i", gndp_type_1d(GNDP_I32, 4));
    s->scalar = gndp_input(s->g, "scalar", gndp_type_scalar(GNDP_F32));
    s->foreign = gndp_input(s->other, "a", gndp_type_2d(GNDP_F32, 3, 5));
    s->weight = gndp_param(s->g, s->store, "layer0/weight", GNDP_SLOT_VALUE);
    assert_int_equal(gndp_graph_status(s->g), GNDP_OK);
}

static void scene_close(scene *s)
{
    gndp_graph_free(s->g);
    gndp_graph_free(s->other);
    gndp_store_free(s->store);
}

/* ----------------------------------------------------------------------------------- wrong calls of builders */

static void add_shapes(scene *s) { WRONG gndp_add(s->g, s->a, s->b); }
static void mul_types(scene *s) { WRONG gndp_mul(s->g, s->a, s->d); }
static void exp_integer(scene *s) { WRONG gndp_exp(s->g, s->i); }
static void and_real(scene *s) { WRONG gndp_and(s->g, s->a, s->a); }
static void less_types(scene *s) { WRONG gndp_less(s->g, s->a, s->i); }
static void select_real_mask(scene *s) { WRONG gndp_select(s->g, s->a, s->a, s->a); }
static void foreign_node(scene *s) { WRONG gndp_add(s->g, s->a, s->foreign); }
static void no_node(scene *s) { WRONG gndp_add(s->g, s->a, GNDP_NONE); }
static void clip_bounds(scene *s) { WRONG gndp_clip(s->g, s->a, 2.0, 1.0); }
static void sphj_order(scene *s) { WRONG gndp_sphj(s->g, s->a, 13); }
static void cast_dtype(scene *s) { WRONG gndp_cast(s->g, s->a, (gndp_dtype)17); }
static void sum_axis(scene *s) { WRONG gndp_sum(s->g, s->a, (const int[]){2}, 1, false); }
static void sum_axis_twice(scene *s) { WRONG gndp_sum(s->g, s->a, (const int[]){1, -1}, 2, false); }
static void max_of_nothing(scene *s) { WRONG gndp_max(s->g, gndp_slice_axis(s->g, s->a, 0, 1, 1), (const int[]){0}, 1, false); }
static void sum_integer_type(scene *s) { WRONG gndp_logsumexp(s->g, s->i, NULL, 0, false); }
static void matmul_inner(scene *s) { WRONG gndp_matmul(s->g, s->a, s->b); }
static void matmul_rank(scene *s) { WRONG gndp_matmul(s->g, s->a, s->scalar); }
static void linear_weight(scene *s) { WRONG gndp_linear(s->g, s->a, s->b, GNDP_NONE); }
static void sqdist_dims(scene *s) { WRONG gndp_sqdist(s->g, s->a, gndp_swap_last(s->g, s->a)); }
static void reshape_count(scene *s) { WRONG gndp_reshape(s->g, s->a, 2, (const int64_t[]){4, 4}); }
static void reshape_two_free(scene *s) { WRONG gndp_reshape(s->g, s->a, 2, (const int64_t[]){-1, -1}); }
static void reshape_rank(scene *s) { WRONG gndp_reshape(s->g, s->a, 9, (const int64_t[]){3, 5, 1, 1, 1, 1, 1, 1, 1}); }
static void transpose_twice(scene *s) { WRONG gndp_transpose(s->g, s->a, (const int[]){1, 1}); }
static void broadcast_shape(scene *s) { WRONG gndp_broadcast_to(s->g, s->a, 2, (const int64_t[]){6, 5}); }
static void slice_range(scene *s) { WRONG gndp_slice_axis(s->g, s->a, 1, 2, 6); }
static void slice_axis(scene *s) { WRONG gndp_slice_axis(s->g, s->a, -3, 0, 1); }
static void pad_negative(scene *s) { WRONG gndp_pad(s->g, s->a, (const int64_t[]){0, -1}, (const int64_t[]){0, 0}); }
static void concat_shapes(scene *s) { WRONG gndp_concat(s->g, (const gndp_node[]){s->a, s->b}, 2, 1); }
static void concat_nothing(scene *s) { WRONG gndp_concat(s->g, NULL, 0, 0); }
static void gather_real_index(scene *s) { WRONG gndp_gather(s->g, s->a, s->scalar, 0); }
static void gather_axis(scene *s) { WRONG gndp_gather(s->g, s->a, s->i, 2); }
static void take_along_dims(scene *s) { WRONG gndp_take_along(s->g, s->a, s->i, 0); }
static void softmax_mask(scene *s) { WRONG gndp_softmax(s->g, s->a, s->i); }
static void layer_norm_gain(scene *s) { WRONG gndp_layer_norm(s->g, s->a, s->a, GNDP_NONE, 1e-5); }
static void group_norm_groups(scene *s) { WRONG gndp_group_norm(s->g, s->a, 2, GNDP_NONE, GNDP_NONE, 1e-5); }
static void attention_heads(scene *s) { WRONG gndp_attention(s->g, s->a, s->a, s->a, GNDP_NONE, 2, 0.0); }
static void cholesky_square(scene *s) { WRONG gndp_cholesky(s->g, s->d); }
static void solve_sizes(scene *s) { WRONG gndp_solve_lower(s->g, gndp_matmul(s->g, s->d, gndp_swap_last(s->g, s->d)), gndp_swap_last(s->g, s->d), false); }
static void legendre_order(scene *s) { WRONG gndp_legendre(s->g, gndp_fill(s->g, gndp_type_1d(GNDP_F32, 4), 1.0), s->a, 9); }
static void split_uneven(scene *s) { gndp_node out[2]; WRONG gndp_split(s->g, s->a, 1, 2, out); assert_true(gndp_is_none(out[0])); }

static void stream_twice(scene *s)
{
    const int64_t dim[1] = {4};
    const gndp_node seed = gndp_input(s->g, "seed", gndp_type_1d(GNDP_I32, 2)), step = gndp_scalar(s->g, GNDP_I32, 0.0);
    gndp_random_normal(s->g, seed, step, s->i, 0x4d, GNDP_F32, 1, dim);
    WRONG gndp_random_uniform(s->g, seed, step, s->i, 0x4d, GNDP_F32, 1, dim);
}

/* --------------------------------------------------------------------------------------- leaves and parameters */

static void input_twice(scene *s) { WRONG gndp_input(s->g, "a", gndp_type_scalar(GNDP_F32)); }
static void input_nameless(scene *s) { WRONG gndp_input(s->g, "", gndp_type_scalar(GNDP_F32)); }
static void input_dim(scene *s) { WRONG gndp_input(s->g, "z", gndp_type_2d(GNDP_F32, 3, -2)); }
static void input_rank(scene *s) { WRONG gndp_input(s->g, "z", gndp_type_make(GNDP_F32, 9, (const int64_t[]){1, 1, 1, 1, 1, 1, 1, 1, 1})); }
static void fill_huge(scene *s) { WRONG gndp_fill(s->g, gndp_type_3d(GNDP_F32, (int64_t)1 << 30, (int64_t)1 << 30, 4), 0.0); }
static void constant_null(scene *s) { WRONG gndp_constant(s->g, gndp_type_1d(GNDP_F32, 3), NULL); }
static void scalar_overflow(scene *s) { WRONG gndp_scalar(s->g, GNDP_I32, 1e12); }
static void iota_negative(scene *s) { WRONG gndp_iota(s->g, -3); }
static void param_unknown(scene *s) { WRONG gndp_param(s->g, s->store, "layer0/wieght", GNDP_SLOT_VALUE); }
static void param_no_store(scene *s) { WRONG gndp_param(s->g, NULL, "layer0/weight", GNDP_SLOT_VALUE); }
static void assign_to_value(scene *s) { WRONG gndp_assign(s->g, s->a, s->a); }
static void assign_shape(scene *s) { WRONG gndp_assign(s->g, s->weight, s->a); }

static void assign_twice(scene *s)
{
    gndp_assign(s->g, s->weight, gndp_neg(s->g, s->weight));
    WRONG gndp_assign(s->g, gndp_param(s->g, s->store, "layer0/weight", GNDP_SLOT_VALUE), s->weight);
}

/* -------------------------------------------------------------------------------------------- differentiation */

static void grad_of_array(scene *s) { gndp_node out; WRONG gndp_grad(s->g, gndp_exp(s->g, s->a), &s->a, 1, &out); assert_true(gndp_is_none(out)); }
static void grad_of_integer(scene *s) { gndp_node out; WRONG gndp_grad(s->g, gndp_scalar(s->g, GNDP_I32, 1.0), &s->a, 1, &out); }
static void grad_in_integer(scene *s) { gndp_node out; WRONG gndp_grad(s->g, s->scalar, &s->i, 1, &out); }
static void grad_foreign(scene *s) { gndp_node out; WRONG gndp_grad(s->g, s->scalar, &s->foreign, 1, &out); }
static void grad_null(scene *s) { gndp_node out; WRONG gndp_grad(s->g, s->scalar, NULL, 1, &out); }
static void vjp_cotangent(scene *s) { gndp_node out; WRONG gndp_vjp(s->g, &s->a, &s->b, 1, &s->a, 1, &out); }

static void grad_through_effect(scene *s)
{
    gndp_node out;
    const gndp_node stored = gndp_assign(s->g, s->weight, gndp_neg(s->g, s->weight));
    WRONG gndp_grad(s->g, gndp_sum_all(s->g, stored), &s->weight, 1, &out);
}

/* ------------------------------------------------------------------------------------------------ the table */

typedef struct wrong_case {
    const char *name;
    void (*call)(scene *s);
    gndp_status status;
    const char *words[3]; /* all of them in the message */
} wrong_case;

static const wrong_case wrong_cases[] = {
    {"add of shapes that do not broadcast", add_shapes, GNDP_ERR_SHAPE, {"add", "f32[3,5]", "f32[4,5]"}},
    {"mul of f32 and f64", mul_types, GNDP_ERR_TYPE, {"mul", "f32[3,5]", "f64[3,5]"}},
    {"exp of integers", exp_integer, GNDP_ERR_TYPE, {"exp", "i32[4]"}},
    {"and of reals", and_real, GNDP_ERR_TYPE, {"and", "f32[3,5]"}},
    {"less of f32 and i32", less_types, GNDP_ERR_TYPE, {"less", "f32[3,5]", "i32[4]"}},
    {"select by a real mask", select_real_mask, GNDP_ERR_TYPE, {"select", "f32[3,5]"}},
    {"node of another graph", foreign_node, GNDP_ERR_GRAPH, {"add", "another graph", "2"}},
    {"no node", no_node, GNDP_ERR_ARG, {"add", "GNDP_NONE", "2"}},
    {"clip with low above high", clip_bounds, GNDP_ERR_RANGE, {"clip", "2", "1"}},
    {"sphj of an order too high", sphj_order, GNDP_ERR_RANGE, {"sphj", "13", "12"}},
    {"cast to no dtype", cast_dtype, GNDP_ERR_TYPE, {"cast", "17"}},
    {"sum over an axis out of range", sum_axis, GNDP_ERR_RANGE, {"sum", "axis 2", "f32[3,5]"}},
    {"sum over an axis twice", sum_axis_twice, GNDP_ERR_RANGE, {"sum", "twice"}},
    {"max over nothing", max_of_nothing, GNDP_ERR_SHAPE, {"max", "f32[0,5]"}},
    {"logsumexp of integers", sum_integer_type, GNDP_ERR_TYPE, {"logsumexp", "i32[4]"}},
    {"matmul with other inner sizes", matmul_inner, GNDP_ERR_SHAPE, {"matmul", "f32[3,5]", "f32[4,5]"}},
    {"matmul with a scalar", matmul_rank, GNDP_ERR_SHAPE, {"matmul", "f32[3,5]", "f32[]"}},
    {"linear with a wrong weight", linear_weight, GNDP_ERR_SHAPE, {"f32[3,5]", "f32[4,5]"}},
    {"sqdist of other dimensions", sqdist_dims, GNDP_ERR_SHAPE, {"sqdist", "f32[3,5]", "f32[5,3]"}},
    {"reshape to another count", reshape_count, GNDP_ERR_SHAPE, {"reshape", "f32[3,5]", "4"}},
    {"reshape with two free dims", reshape_two_free, GNDP_ERR_SHAPE, {"reshape", "-1"}},
    {"reshape to rank 9", reshape_rank, GNDP_ERR_SHAPE, {"reshape", "9"}},
    {"transpose by no permutation", transpose_twice, GNDP_ERR_RANGE, {"transpose", "1"}},
    {"broadcast of size 3 to 6", broadcast_shape, GNDP_ERR_SHAPE, {"broadcast", "f32[3,5]", "6"}},
    {"slice past the end", slice_range, GNDP_ERR_RANGE, {"slice", "2..6", "f32[3,5]"}},
    {"slice of no axis", slice_axis, GNDP_ERR_RANGE, {"slice", "-3", "f32[3,5]"}},
    {"negative padding", pad_negative, GNDP_ERR_RANGE, {"pad", "-1"}},
    {"concat of other dims", concat_shapes, GNDP_ERR_SHAPE, {"concat", "f32[3,5]", "f32[4,5]"}},
    {"concat of nothing", concat_nothing, GNDP_ERR_ARG, {"concat", "0"}},
    {"gather by reals", gather_real_index, GNDP_ERR_TYPE, {"gather", "f32[]"}},
    {"gather along no axis", gather_axis, GNDP_ERR_RANGE, {"gather", "axis 2", "f32[3,5]"}},
    {"take_along with another rank", take_along_dims, GNDP_ERR_SHAPE, {"take_along", "f32[3,5]", "i32[4]"}},
    {"softmax with a mask that does not fit", softmax_mask, GNDP_ERR_SHAPE, {"softmax", "f32[3,5]", "i32[4]"}},
    {"layer_norm with a matrix as gain", layer_norm_gain, GNDP_ERR_SHAPE, {"layer_norm", "f32[3,5]"}},
    {"group_norm with groups that do not divide", group_norm_groups, GNDP_ERR_SHAPE, {"group_norm", "2", "5"}},
    {"attention with heads that do not divide", attention_heads, GNDP_ERR_SHAPE, {"attention", "2", "f32[3,5]"}},
    {"cholesky of a rectangle", cholesky_square, GNDP_ERR_SHAPE, {"cholesky", "f64[3,5]"}},
    {"solve_lower of other sizes", solve_sizes, GNDP_ERR_SHAPE, {"solve_lower", "f64[3,3]", "f64[5,3]"}},
    {"legendre of an order too high", legendre_order, GNDP_ERR_RANGE, {"legendre", "9"}},
    {"split into uneven parts", split_uneven, GNDP_ERR_SHAPE, {"split", "f32[3,5]", "2"}},
    {"random stream used twice", stream_twice, GNDP_ERR_ARG, {"random_uniform", "0x0000004d"}},
    {"input name used twice", input_twice, GNDP_ERR_ARG, {"input", "\"a\"", "taken"}},
    {"input without name", input_nameless, GNDP_ERR_ARG, {"input", "name"}},
    {"input with a negative dim", input_dim, GNDP_ERR_SHAPE, {"input", "-2"}},
    {"input of rank 9", input_rank, GNDP_ERR_SHAPE, {"input", "rank", "8"}},
    {"fill of 2^62 entries", fill_huge, GNDP_ERR_RANGE, {"broadcast", "too large"}},
    {"constant without data", constant_null, GNDP_ERR_ARG, {"constant", "NULL"}},
    {"i32 scalar out of range", scalar_overflow, GNDP_ERR_RANGE, {"scalar", "1e+12"}},
    {"iota of a negative count", iota_negative, GNDP_ERR_RANGE, {"iota", "-3"}},
    {"parameter with a slip in its name", param_unknown, GNDP_ERR_NOT_FOUND, {"param", "layer0/wieght", "\"layer0/weight\""}},
    {"parameter of no store", param_no_store, GNDP_ERR_ARG, {"param", "store is NULL"}},
    {"assignment to a value", assign_to_value, GNDP_ERR_ARG, {"assign", "input"}},
    {"assignment of another shape", assign_shape, GNDP_ERR_SHAPE, {"assign", "f32[5,2]", "f32[3,5]"}},
    {"second assignment of one array", assign_twice, GNDP_ERR_STATE, {"assign", "layer0/weight", "already"}},
    {"gradient of an array", grad_of_array, GNDP_ERR_SHAPE, {"grad", "f32[3,5]", "not a scalar"}},
    {"gradient of an integer", grad_of_integer, GNDP_ERR_TYPE, {"grad", "i32[]"}},
    {"gradient in integers", grad_in_integer, GNDP_ERR_TYPE, {"grad", "i32[4]"}},
    {"gradient in a node of another graph", grad_foreign, GNDP_ERR_GRAPH, {"grad", "another graph"}},
    {"gradient in a NULL list", grad_null, GNDP_ERR_ARG, {"grad", "NULL"}},
    {"gradient through an effect", grad_through_effect, GNDP_ERR_UNSUPPORTED, {"grad", "assign", "effect"}},
    {"cotangent of another shape", vjp_cotangent, GNDP_ERR_SHAPE, {"f32[3,5]", "f32[4,5]"}},
};

static bool has_words(const char *message, const char *const words[3])
{
    bool all = true;
    for (int k = 0; k < 3 && words[k] != NULL; k++)
        all = all && strstr(message, words[k]) != NULL;
    return all;
}

static void builders_report_status_shapes_and_place(void **state)
{
    (void)state;
    int failed = 0;
    gndp_device *device = NULL;
    check(gndp_device_open("reference", NULL, &device));
    for (size_t k = 0; k < sizeof wrong_cases / sizeof *wrong_cases; k++) {
        const wrong_case *w = &wrong_cases[k];
        char place[40];
        scene s;
        gndp_plan *plan = NULL;
        scene_open(&s);
        w->call(&s);
        snprintf(place, sizeof place, "test_misuse.c:%d", s.line);
        const char *message = gndp_graph_error(s.g);
        const gndp_status st = gndp_graph_status(s.g);
        const gndp_status st_plan = gndp_plan_create(s.g, &s.a, 1, device, NULL, &plan);
        if (st != w->status || !has_words(message, w->words) || strstr(message, place) == NULL || st_plan != w->status ||
            strstr(gndp_last_error(), place) == NULL || plan != NULL) {
            print_error("%s: %s, wanted %s at %s: \"%s\"; the plan: %s\n", w->name, gndp_status_name(st),
                        gndp_status_name(w->status), place, message, gndp_status_name(st_plan));
            failed++;
        }
        gndp_plan_free(plan);
        scene_close(&s);
    }
    gndp_device_free(device);
    print_message("%zu wrong calls of builders\n", sizeof wrong_cases / sizeof *wrong_cases);
    assert_int_equal(failed, 0);
}

static void poisoned_graph_keeps_its_first_error(void **state)
{
    (void)state;
    scene scene_memory, *s = &scene_memory;
    char place[40];
    scene_open(s);
    const int64_t size = gndp_graph_size(s->g);
    WRONG gndp_add(s->g, s->a, s->b);
    snprintf(place, sizeof place, "test_misuse.c:%d", s->line);
    gndp_matmul(s->g, s->a, s->b); /* wrong too, and too late */
    assert_true(gndp_is_none(gndp_exp(s->g, s->a)));
    assert_int_equal(gndp_graph_size(s->g), size);
    assert_int_equal(gndp_graph_status(s->g), GNDP_ERR_SHAPE);
    assert_non_null(strstr(gndp_graph_error(s->g), place));
    assert_non_null(strstr(gndp_graph_error(s->g), "add"));
    assert_null(strstr(gndp_graph_error(s->g), "matmul"));
    scene_close(s);
}

/* Not an error: nothing of the real input reaches the loss but through integers. */
static void grad_is_none_through_integers(void **state)
{
    (void)state;
    scene s;
    scene_open(&s);
    gndp_node out = s.a;
    const gndp_node rounded = gndp_cast(s.g, gndp_cast(s.g, s.a, GNDP_I32), GNDP_F32);
    gndp_grad(s.g, gndp_sum_all(s.g, rounded), &s.a, 1, &out);
    assert_int_equal(gndp_graph_status(s.g), GNDP_OK);
    assert_true(gndp_is_none(out));
    scene_close(&s);
}

static void null_handles_are_reported_or_ignored(void **state)
{
    (void)state;
    gndp_array a;
    assert_int_equal(gndp_graph_create(NULL), GNDP_ERR_ARG);
    assert_int_equal(gndp_store_create(NULL), GNDP_ERR_ARG);
    assert_int_equal(gndp_store_array(NULL, "w", GNDP_SLOT_VALUE, &a), GNDP_ERR_ARG);
    assert_int_equal(gndp_store_add(NULL, "w", gndp_type_scalar(GNDP_F32), (gndp_init){0}), GNDP_ERR_ARG);
    assert_int_equal(gndp_store_initialise(NULL, 1), GNDP_ERR_ARG);
    assert_int_equal(gndp_plan_run(NULL, NULL, 0, NULL, 0), GNDP_ERR_ARG);
    assert_int_equal(gndp_device_open("cpu", NULL, NULL), GNDP_ERR_ARG);
    assert_true(gndp_is_none(gndp_add(NULL, GNDP_NONE, GNDP_NONE)));
    assert_int_equal(gndp_graph_status(NULL), GNDP_ERR_ARG);
    gndp_graph_free(NULL);
    gndp_store_free(NULL);
    gndp_device_free(NULL);
    gndp_plan_free(NULL);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(builders_report_status_shapes_and_place),
    cmocka_unit_test(poisoned_graph_keeps_its_first_error),
    cmocka_unit_test(grad_is_none_through_integers),
    cmocka_unit_test(null_handles_are_reported_or_ignored),
};
GNDP_TEST_MAIN(tests)
