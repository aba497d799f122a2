// SPDX-License-Identifier: Apache-2.0
// The rewriting passes one by one: each does its work, leaves alone what it must, and changes no value.
#include "graph/ir_trial.h"

#include <math.h>

/* Values that a careless simplification would change. */
static const float awkward[12] = {0.0f, -0.0f, 1.5f, -2.25f, INFINITY, -INFINITY, NAN, 3e38f, -1e-38f, 7.0f, 0.1f, -0.7f};
static const char *const x_name[] = {"x"};
static const void *const x_data[] = {awkward};

static gndp_node x_of(ir_trial *t)
{
    return gndp_input(t->g, "x", gndp_type_2d(GNDP_F32, 3, 4));
}

static gndp_node constant(gndp_graph *g, int rows, int cols, float value)
{
    float data[64];
    for (int i = 0; i < rows * cols; i++)
        data[i] = value;
    return gndp_constant(g, gndp_type_2d(GNDP_F32, rows, cols), data);
}

static gndp_node unary(gndp_graph *g, const char *op, gndp_node x)
{
    return gndp_node_append(g, gndp_op_find(op), NULL, 1, &x);
}

/* ------------------------------------------------------------------------------------------------ prune */

static void prune_drops_what_nothing_needs(void **state)
{
    (void)state;
    ir_trial t;
    trial_begin(&t);
    const gndp_node x = x_of(&t), y = gndp_sin(t.g, x), unused = gndp_exp(t.g, y);
    const gndp_node both[2] = {y, unused};
    trial_pass(&t, both, 2, false, gndp_pass_simplify);
    t.after.n_outputs = 1; /* nobody asks for the second any more */
    gndp_ir pruned;
    check(gndp_pass_prune(&t.after, &pruned));
    assert_int_equal(pruned.n, 2);
    assert_string_equal(pruned.nodes[pruned.outputs[0].node].op->name, "sin");
    trial_end(&t);
}

static void prune_keeps_effects(void **state)
{
    (void)state;
    ir_trial t;
    gndp_store *store;
    trial_begin(&t);
    check(gndp_store_create(&store));
    check(gndp_store_add(store, "p", gndp_type_1d(GNDP_F32, 3), (gndp_init){GNDP_INIT_ZEROS, 0.0}));
    const gndp_node p = gndp_param(t.g, store, "p", GNDP_SLOT_VALUE), y = gndp_exp(t.g, p);
    gndp_assign(t.g, p, gndp_offset(t.g, p, 1.0));
    trial_pass(&t, &y, 1, true, gndp_pass_prune);
    assert_int_equal(count_op(&t.after, "assign"), 1);
    assert_int_equal(t.after.n, 4);
    trial_pass(&t, &y, 1, false, gndp_pass_prune);
    assert_int_equal(t.after.n, 2);
    trial_end(&t);
    gndp_store_free(store);
}

/* --------------------------------------------------------------------------------------------- simplify */

enum { SIMPLE_CASES = 21, KEPT_CASES = 8 };

/* Case k of nodes that do nothing: the result is x itself. */
static gndp_node nothing(gndp_graph *g, gndp_node x, int k)
{
    const int swap[2] = {1, 0}, stay[2] = {0, 1};
    const int64_t six[2] = {2, 6}, four[2] = {3, 4}, zero[2] = {0, 0}, all[2] = {3, 4}, tall[3] = {1, 3, 4};
    const int32_t masks[4] = {5, 5, 5, 5}, none = 0;
    const gndp_attr f32 = {.type = {.dtype = GNDP_F32}}, join = {.i = {1}};
    switch (k) {
    case 0: return gndp_mul(g, x, gndp_scalar(g, GNDP_F32, 1.0));
    case 1: return gndp_mul(g, gndp_fill(g, gndp_type_1d(GNDP_F32, 4), 1.0), x);
    case 2: return gndp_mul(g, x, constant(g, 3, 4, 1.0f));
    case 3: return gndp_div(g, x, constant(g, 3, 1, 1.0f));
    case 4: return gndp_sub(g, x, gndp_scalar(g, GNDP_F32, 0.0));
    case 5: return gndp_add(g, x, gndp_scalar(g, GNDP_F32, -0.0));
    case 6: return gndp_neg(g, gndp_neg(g, x));
    case 7: return gndp_select(g, gndp_constant(g, gndp_type_1d(GNDP_I32, 4), masks), x, gndp_scalar(g, GNDP_F32, 3.0));
    case 8: return gndp_select(g, gndp_constant(g, gndp_type_scalar(GNDP_I32), &none), gndp_exp(g, x), x);
    case 9: return gndp_transpose(g, gndp_transpose(g, x, swap), swap);
    case 10: return gndp_transpose(g, x, stay);
    case 11: return gndp_reshape(g, gndp_reshape(g, x, 2, six), 2, four);
    case 12: return gndp_slice(g, x, zero, all);
    case 13: return gndp_pad(g, x, zero, zero);
    case 14: return gndp_scale(g, x, 1.0);
    case 15: return gndp_stop_gradient(g, x);
    case 16: return unary(g, "identity", x);
    case 17: return gndp_node_append(g, gndp_op_find("cast"), &f32, 1, &x);
    case 18: return gndp_node_append(g, gndp_op_find("concat"), &join, 1, &x);
    case 19: return gndp_reshape(g, gndp_transpose(g, gndp_reshape(g, x, 3, tall), (const int[]){1, 0, 2}), 2, four);
    default: return gndp_neg(g, gndp_transpose(g, gndp_neg(g, gndp_mul(g, gndp_transpose(g, x, swap), gndp_scalar(g, GNDP_F32, 1.0))), swap));
    }
}

static void simplify_removes_nodes_that_do_nothing(void **state)
{
    (void)state;
    for (int k = 0; k < SIMPLE_CASES - 1; k++) {
        ir_trial t;
        trial_begin(&t);
        const gndp_node x = x_of(&t), y = nothing(t.g, x, k);
        trial_pass(&t, &y, 1, false, gndp_pass_simplify);
        if (count_op(&t.after, NULL) != 1)
            print_error("case %d leaves %d nodes\n", k, count_op(&t.after, NULL));
        assert_int_equal(count_op(&t.after, NULL), 1);
        same_outputs(&t, x_name, x_data, 1);
        trial_end(&t);
    }
}

/* Two negations with a transpose between them are not looked through, but the values stay. */
static void simplify_keeps_values_of_mixed_chains(void **state)
{
    (void)state;
    ir_trial t;
    trial_begin(&t);
    const gndp_node x = x_of(&t), y = nothing(t.g, x, SIMPLE_CASES - 1);
    trial_pass(&t, &y, 1, false, gndp_pass_simplify);
    assert_true(count_op(&t.after, NULL) < count_op(&t.before, NULL));
    same_outputs(&t, x_name, x_data, 1);
    trial_end(&t);
}

/* Case k of what must not go: it would change a bit, a shape, or a mark. */
static gndp_node needed(gndp_graph *g, gndp_node x, int k)
{
    const int swap[2] = {1, 0};
    const int32_t mixed[4] = {1, 0, 1, 1};
    switch (k) {
    case 0: return gndp_add(g, x, gndp_scalar(g, GNDP_F32, 0.0));
    case 1: return gndp_mul(g, x, gndp_scalar(g, GNDP_F32, 0.0));
    case 2: return gndp_sub(g, x, gndp_scalar(g, GNDP_F32, -0.0));
    case 3: return gndp_mul(g, x, gndp_fill(g, gndp_type_3d(GNDP_F32, 2, 3, 4), 1.0)); /* repeats x */
    case 4: return gndp_select(g, gndp_constant(g, gndp_type_1d(GNDP_I32, 4), mixed), x, gndp_neg(g, x));
    case 5: return gndp_transpose(g, x, swap);
    case 6: return gndp_keep(g, gndp_scale(g, x, 1.0));
    default: return gndp_transpose(g, gndp_keep(g, gndp_transpose(g, x, swap)), swap);
    }
}

static void simplify_leaves_what_is_needed(void **state)
{
    (void)state;
    for (int k = 0; k < KEPT_CASES; k++) {
        ir_trial t;
        trial_begin(&t);
        const gndp_node x = x_of(&t), y = needed(t.g, x, k);
        trial_pass(&t, &y, 1, false, gndp_pass_simplify);
        if (count_op(&t.after, NULL) != count_op(&t.before, NULL))
            print_error("case %d: %d nodes of %d\n", k, count_op(&t.after, NULL), count_op(&t.before, NULL));
        assert_int_equal(count_op(&t.after, NULL), count_op(&t.before, NULL));
        same_outputs(&t, x_name, x_data, 1);
        trial_end(&t);
    }
}

static void simplify_joins_views_of_views(void **state)
{
    (void)state;
    ir_trial t;
    trial_begin(&t);
    const int64_t dim[3] = {2, 3, 2}, low[3] = {0, 1, 0}, high[3] = {2, 3, 2}, low2[3] = {1, 0, 1}, high2[3] = {2, 2, 2};
    const int64_t wide[3] = {5, 3, 4}, wider[4] = {2, 5, 3, 4};
    gndp_node x = x_of(&t), y[3];
    const gndp_node cube = gndp_reshape(t.g, x, 3, dim);
    y[0] = gndp_slice(t.g, gndp_slice(t.g, cube, low, high), low2, high2);
    y[1] = gndp_transpose(t.g, gndp_transpose(t.g, cube, (const int[]){1, 2, 0}), (const int[]){0, 2, 1});
    y[2] = gndp_broadcast_to(t.g, gndp_broadcast_to(t.g, x, 3, wide), 4, wider);
    trial_pass(&t, y, 3, false, gndp_pass_simplify);
    assert_int_equal(count_op(&t.after, "slice"), 1);
    assert_int_equal(count_op(&t.after, "transpose"), 1);
    assert_int_equal(count_op(&t.after, "broadcast"), 1);
    same_outputs(&t, x_name, x_data, 1);
    trial_end(&t);
}

static void simplify_joins_factors_but_not_across_overflow(void **state)
{
    (void)state;
    ir_trial t;
    trial_begin(&t);
    const gndp_node x = x_of(&t);
    const gndp_node y[3] = {gndp_scale(t.g, gndp_scale(t.g, x, 0.5), -4.0), gndp_scale(t.g, gndp_scale(t.g, x, 1e30), 1e-30),
                            gndp_scale(t.g, gndp_scale(t.g, x, 0.0), 2.0)};
    trial_pass(&t, y, 3, false, gndp_pass_simplify);
    assert_int_equal(count_op(&t.after, "scale"), 1 + 2 + 2);
    assert_true(t.after.nodes[t.after.outputs[0].node].attr.f[0] == -2.0);
    same_outputs(&t, x_name, x_data, 1); /* powers of two: no rounding */
    trial_end(&t);
}

/* ------------------------------------------------------------------------------------------------ merge */

static void merge_joins_equal_nodes(void **state)
{
    (void)state;
    ir_trial t;
    trial_begin(&t);
    const gndp_node x = x_of(&t);
    gndp_node y[4];
    for (int k = 0; k < 4; k++)
        y[k] = gndp_tanh(t.g, gndp_add(t.g, gndp_scale(t.g, x, 2.0), constant(t.g, 3, 4, k == 3 ? 2.0f : 1.0f)));
    gndp_keep(t.g, y[1]);
    trial_pass(&t, y, 4, false, gndp_pass_merge);
    assert_int_equal(count_op(&t.after, "scale"), 1);
    assert_int_equal(count_op(&t.after, "constant"), 2);
    assert_int_equal(count_op(&t.after, "tanh"), 2);
    assert_int_equal(t.after.outputs[0].node, t.after.outputs[2].node);
    assert_true(t.after.nodes[t.after.outputs[0].node].keep);
    assert_false(t.after.nodes[t.after.outputs[3].node].keep);
    same_outputs(&t, x_name, x_data, 1);
    trial_end(&t);
}

static void merge_keeps_different_nodes_apart(void **state)
{
    (void)state;
    ir_trial t;
    trial_begin(&t);
    gndp_graph *g = t.g;
    const int64_t a[2] = {2, 6}, b[2] = {6, 2};
    const gndp_node x = x_of(&t), z = gndp_input(g, "z", gndp_type_2d(GNDP_F32, 3, 4));
    const gndp_node y[8] = {gndp_scale(g, x, 2.0), gndp_scale(g, x, 3.0), gndp_reshape(g, x, 2, a), gndp_reshape(g, x, 2, b), gndp_sub(g, x, z),
                            gndp_sub(g, z, x), gndp_scalar(g, GNDP_F32, 0.0), gndp_scalar(g, GNDP_F32, -0.0)};
    trial_pass(&t, y, 8, false, gndp_pass_merge);
    assert_int_equal(count_op(&t.after, NULL), count_op(&t.before, NULL));
    trial_end(&t);
}

/* --------------------------------------------------------------------------------------- fold_constants */

static void fold_constants_computes_what_is_known(void **state)
{
    (void)state;
    ir_trial t;
    trial_begin(&t);
    const gndp_node x = x_of(&t), c = constant(t.g, 3, 4, 0.25f);
    const gndp_node known = gndp_softmax(t.g, gndp_matmul(t.g, gndp_exp(t.g, c), constant(t.g, 4, 4, 0.5f)), GNDP_NONE);
    const gndp_node y = gndp_add(t.g, x, known);
    trial_pass(&t, &y, 1, false, gndp_pass_fold_constants);
    assert_int_equal(count_op(&t.after, NULL), 3); /* x, a constant, add */
    same_outputs(&t, x_name, x_data, 1);
    trial_end(&t);
}

static void fold_constants_leaves_large_and_failing_nodes(void **state)
{
    (void)state;
    ir_trial t;
    trial_begin(&t);
    const float indefinite[4] = {1.0f, 2.0f, 2.0f, 1.0f};
    const gndp_node large = gndp_exp(t.g, gndp_fill(t.g, gndp_type_2d(GNDP_F32, 1024, 1024), 1.0));
    const gndp_node failing = gndp_cholesky(t.g, gndp_constant(t.g, gndp_type_2d(GNDP_F32, 2, 2), indefinite)), y[2] = {large, failing};
    trial_pass(&t, y, 2, false, gndp_pass_fold_constants);
    assert_int_equal(count_op(&t.after, "exp"), 1);
    assert_int_equal(count_op(&t.after, "cholesky"), 1);
    trial_end(&t);
}

/* ----------------------------------------------------------------------------------------- fold_matmul */

static void fold_matmul_turns_transposes_into_attributes(void **state)
{
    (void)state;
    ir_trial t;
    trial_begin(&t);
    const gndp_node x = x_of(&t), c = constant(t.g, 3, 4, 0.5f);
    const gndp_node y = gndp_matmul(t.g, gndp_swap_last(t.g, x), c), z = gndp_matmul(t.g, x, gndp_swap_last(t.g, gndp_swap_last(t.g, gndp_swap_last(t.g, c))));
    const gndp_node out[2] = {y, z};
    trial_pass(&t, out, 2, false, gndp_pass_fold_matmul);
    assert_int_equal(count_op(&t.after, "transpose"), 0);
    const ir_node *first = &t.after.nodes[t.after.outputs[0].node], *second = &t.after.nodes[t.after.outputs[1].node];
    assert_true(first->attr.i[0] == 1 && first->attr.i[1] == 0);
    assert_true(second->attr.i[0] == 0 && second->attr.i[1] == 1);
    same_outputs(&t, x_name, x_data, 1);
    trial_end(&t);
}

static void fold_matmul_turns_factors_into_alpha(void **state)
{
    (void)state;
    ir_trial t;
    trial_begin(&t);
    const gndp_node x = x_of(&t), c = constant(t.g, 4, 2, 0.5f);
    const gndp_node y = gndp_scale(t.g, gndp_matmul(t.g, gndp_scale(t.g, x, 2.0), gndp_scale(t.g, gndp_scale(t.g, c, 4.0), 0.5)), -0.25);
    trial_pass(&t, &y, 1, false, gndp_pass_fold_matmul);
    assert_int_equal(count_op(&t.after, "scale"), 0);
    assert_true(only(&t.after, "matmul")->attr.f[0] == -1.0);
    same_outputs(&t, x_name, x_data, 1); /* powers of two */
    trial_end(&t);
}

static void fold_matmul_leaves_zero_factors_shared_products_and_marks(void **state)
{
    (void)state;
    ir_trial t;
    trial_begin(&t);
    gndp_graph *g = t.g;
    const gndp_node x = x_of(&t), c = constant(g, 4, 2, 0.5f), shared = gndp_matmul(g, x, c);
    const gndp_node out[5] = {gndp_matmul(g, gndp_scale(g, x, 2.0), gndp_scale(g, c, 0.0)), gndp_scale(g, shared, 3.0), shared,
                              gndp_matmul(g, gndp_keep(g, gndp_scale(g, x, 8.0)), c),
                              gndp_scale(g, gndp_keep(g, gndp_matmul(g, x, gndp_scale(g, c, 16.0))), 5.0)};
    trial_pass(&t, out, 5, false, gndp_pass_fold_matmul);
    assert_int_equal(count_op(&t.after, "scale"), 4); /* by 0, 3, 8 and 5 */
    assert_true(t.after.nodes[t.after.outputs[0].node].attr.f[0] == 2.0);
    same_outputs(&t, x_name, x_data, 1);
    trial_end(&t);
}

static void fold_matmul_takes_only_transposes_of_the_last_axes(void **state)
{
    (void)state;
    ir_trial t;
    trial_begin(&t);
    const int64_t dim[3] = {3, 2, 2};
    const gndp_node x = gndp_reshape(t.g, x_of(&t), 3, dim);
    const gndp_node out[2] = {gndp_matmul(t.g, gndp_transpose(t.g, x, (const int[]){0, 2, 1}), x),
                              gndp_matmul(t.g, gndp_transpose(t.g, x, (const int[]){1, 0, 2}), gndp_slice_axis(t.g, x, 0, 1, 2))};
    trial_pass(&t, out, 2, false, gndp_pass_fold_matmul);
    assert_int_equal(count_op(&t.after, "transpose"), 1);
    same_outputs(&t, x_name, x_data, 1);
    trial_end(&t);
}

/* -------------------------------------------------------------------------------------------- recompute */

static gndp_status recompute(const gndp_ir *in, gndp_ir *out)
{
    int64_t rebuilt;
    return gndp_pass_recompute(in, out, &rebuilt);
}

static gndp_node layers(gndp_graph *g, gndp_node x, int n, bool keep)
{
    for (int k = 0; k < n; k++) {
        x = gndp_mul(g, gndp_sin(g, x), gndp_tanh(g, x));
        x = keep ? gndp_keep(g, x) : x;
    }
    return x;
}

static void recompute_rebuilds_between_marks(void **state)
{
    (void)state;
    for (int keep = 0; keep < 2; keep++) {
        ir_trial t;
        int64_t rebuilt = -1;
        gndp_ir lean;
        trial_begin(&t);
        const gndp_node x = x_of(&t), loss = gndp_sum_all(t.g, layers(t.g, x, 4, keep));
        gndp_node out[2] = {loss, GNDP_NONE};
        gndp_grad(t.g, loss, &x, 1, &out[1]);
        trial_pass(&t, out, 2, false, recompute);
        check(gndp_pass_recompute(&t.before, &lean, &rebuilt));
        assert_int_equal(rebuilt, keep ? 4 * 2 : 0); /* sin and tanh of every layer */
        assert_int_equal(count_op(&lean, NULL), count_op(&t.before, NULL) + rebuilt);
        same_outputs(&t, x_name, x_data, 1);
        gndp_ir merged;
        check(gndp_pass_merge(&lean, &merged)); /* a copy must not be joined with what it stands for */
        assert_int_equal(count_op(&merged, "sin"), keep ? 8 : 4);
        trial_end(&t);
    }
}

static void recompute_takes_blocks_of_any_depth(void **state)
{
    (void)state;
    ir_trial t;
    trial_begin(&t);
    const gndp_node x = gndp_input(t.g, "x", gndp_type_1d(GNDP_F32, 2));
    const gndp_node loss = gndp_sum_all(t.g, gndp_keep(t.g, layers(t.g, x, 30000, false)));
    gndp_node out[2] = {loss, GNDP_NONE};
    gndp_grad(t.g, loss, &x, 1, &out[1]);
    int64_t rebuilt = 0;
    check(gndp_ir_from_graph(t.g, out, 2, false, t.arena, &t.before));
    check(gndp_pass_recompute(&t.before, &t.after, &rebuilt));
    assert_int_equal(rebuilt, 3 * 30000 - 1); /* all but the marked one */
    check_order(&t.after);
    trial_end(&t);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(prune_drops_what_nothing_needs),
    cmocka_unit_test(prune_keeps_effects),
    cmocka_unit_test(simplify_removes_nodes_that_do_nothing),
    cmocka_unit_test(simplify_keeps_values_of_mixed_chains),
    cmocka_unit_test(simplify_leaves_what_is_needed),
    cmocka_unit_test(simplify_joins_views_of_views),
    cmocka_unit_test(simplify_joins_factors_but_not_across_overflow),
    cmocka_unit_test(merge_joins_equal_nodes),
    cmocka_unit_test(merge_keeps_different_nodes_apart),
    cmocka_unit_test(fold_constants_computes_what_is_known),
    cmocka_unit_test(fold_constants_leaves_large_and_failing_nodes),
    cmocka_unit_test(fold_matmul_turns_transposes_into_attributes),
    cmocka_unit_test(fold_matmul_turns_factors_into_alpha),
    cmocka_unit_test(fold_matmul_leaves_zero_factors_shared_products_and_marks),
    cmocka_unit_test(fold_matmul_takes_only_transposes_of_the_last_axes),
    cmocka_unit_test(recompute_rebuilds_between_marks),
    cmocka_unit_test(recompute_takes_blocks_of_any_depth),
};
GNDP_TEST_MAIN(tests)
