// SPDX-License-Identifier: Apache-2.0
// A planner's list of nodes on its own: made from a graph, put through passes, and run node by node by the ops' plain loops.
#ifndef GNDP_TEST_IR_TRIAL_H
#define GNDP_TEST_IR_TRIAL_H

#include "graph/plan/pass.h"
#include "support/test_main.h"

#include <gndp/ops.h>

#include <stdlib.h>
#include <string.h>

typedef gndp_status (*pass_fn)(const gndp_ir *, gndp_ir *);

typedef struct ir_trial {
    gndp_graph *g;
    gndp_arena *arena;
    gndp_ir before, after;
} ir_trial;

static void check(gndp_status st)
{
    if (st != GNDP_OK)
        print_error("%s\n", gndp_last_error());
    assert_int_equal(st, GNDP_OK);
}

static void trial_begin(ir_trial *t)
{
    *t = (ir_trial){.g = NULL};
    check(gndp_graph_create(&t->g));
    check(gndp_arena_create(0, &t->arena));
}

/* The nodes that `out` [n] need, before and after a pass. */
static void trial_pass(ir_trial *t, const gndp_node *out, int64_t n, bool effects, pass_fn pass)
{
    if (gndp_graph_status(t->g) != GNDP_OK)
        print_error("%s\n", gndp_graph_error(t->g));
    assert_int_equal(gndp_graph_status(t->g), GNDP_OK);
    check(gndp_ir_from_graph(t->g, out, n, effects, t->arena, &t->before));
    check(pass(&t->before, &t->after));
}

static void trial_end(ir_trial *t)
{
    gndp_graph_free(t->g);
    gndp_arena_free(t->arena);
}

/* Which nodes an output or an effect needs, [n]. */
static inline bool *live_nodes(const gndp_ir *ir)
{
    bool *live = calloc((size_t)ir->n + 1, 1);
    for (int64_t i = 0; i < ir->n_outputs; i++)
        live[ir->outputs[i].node] = true;
    for (int64_t id = ir->n - 1; id >= 0; id--) {
        live[id] = live[id] || ir->nodes[id].op->effect;
        for (int i = 0; i < ir->nodes[id].n_in && live[id]; i++)
            live[ir->nodes[id].in[i].node] = true;
    }
    return live;
}

/* How many nodes of an op (NULL: of any) the outputs need. */
static inline int count_op(const gndp_ir *ir, const char *name)
{
    bool *live = live_nodes(ir);
    int n = 0;
    for (int64_t id = 0; id < ir->n; id++)
        n += live[id] && (name == NULL || strcmp(ir->nodes[id].op->name, name) == 0);
    free(live);
    return n;
}

/* The only live node of an op. */
static inline const ir_node *only(const gndp_ir *ir, const char *name)
{
    bool *live = live_nodes(ir);
    const ir_node *found = NULL;
    for (int64_t id = 0; id < ir->n; id++)
        if (live[id] && strcmp(ir->nodes[id].op->name, name) == 0) {
            assert_null(found);
            found = &ir->nodes[id];
        }
    free(live);
    assert_non_null(found);
    return found;
}

/* Inputs come before their readers and exist. */
static inline void check_order(const gndp_ir *ir)
{
    for (int64_t id = 0; id < ir->n; id++)
        for (int i = 0; i < ir->nodes[id].n_in; i++) {
            assert_in_range(ir->nodes[id].in[i].node, 0, id - 1);
            assert_true(ir->nodes[id].in[i].out < ir->nodes[ir->nodes[id].in[i].node].n_out);
        }
}

/* Run all live nodes; inputs take data by name from names/data. The result is an array of values [n * GNDP_MAX_OUTPUTS], each malloced. */
static inline void **run_ir(const gndp_ir *ir, const char *const *names, const void *const *data, int n_data)
{
    void **value = calloc((size_t)ir->n * GNDP_MAX_OUTPUTS + 1, sizeof *value);
    bool *live = live_nodes(ir);
    check_order(ir);
    for (int64_t id = 0; id < ir->n; id++) {
        const ir_node *node = &ir->nodes[id];
        gndp_buffer in[GNDP_MAX_INPUTS], out[GNDP_MAX_OUTPUTS];
        if (!live[id])
            continue;
        for (int o = 0; o < node->n_out; o++) {
            value[id * GNDP_MAX_OUTPUTS + o] = calloc(gndp_type_bytes(node->out[o]) + 1, 1);
            out[o] = (gndp_buffer){node->out[o], value[id * GNDP_MAX_OUTPUTS + o]};
        }
        if (node->op->leaf) {
            const void *from = node->attr.data;
            for (int k = 0; k < n_data && from == NULL; k++)
                from = node->attr.name != NULL && strcmp(names[k], node->attr.name) == 0 ? data[k] : NULL;
            if (from != NULL)
                memcpy(out[0].data, from, gndp_type_bytes(node->out[0]));
            continue;
        }
        for (int i = 0; i < node->n_in; i++)
            in[i] = (gndp_buffer){ir_type(ir, node->in[i]), value[(int64_t)node->in[i].node * GNDP_MAX_OUTPUTS + node->in[i].out]};
        const gndp_exec ex = {.op = node->op, .attr = &node->attr, .n_in = node->n_in, .n_out = node->n_out, .in = in, .out = out, .threads = 1};
        check(node->op->ref[node->op->by_input ? in[0].type.dtype : out[0].type.dtype](&ex));
    }
    free(live);
    return value;
}

static inline const void *output_of(const gndp_ir *ir, void *const *value, int64_t i)
{
    return value[(int64_t)ir->outputs[i].node * GNDP_MAX_OUTPUTS + ir->outputs[i].out];
}

static inline void free_values(const gndp_ir *ir, void **value)
{
    for (int64_t i = 0; i < ir->n * GNDP_MAX_OUTPUTS; i++)
        free(value[i]);
    free(value);
}

/* The outputs before and after the pass: the same types and the same bits. */
static inline void same_outputs(const ir_trial *t, const char *const *names, const void *const *data, int n_data)
{
    void **a = run_ir(&t->before, names, data, n_data), **b = run_ir(&t->after, names, data, n_data);
    assert_int_equal(t->before.n_outputs, t->after.n_outputs);
    for (int64_t i = 0; i < t->before.n_outputs; i++) {
        const gndp_type type = ir_type(&t->before, t->before.outputs[i]);
        assert_true(gndp_type_equal(type, ir_type(&t->after, t->after.outputs[i])));
        if (gndp_type_bytes(type) > 0)
            assert_memory_equal(output_of(&t->before, a, i), output_of(&t->after, b, i), gndp_type_bytes(type));
    }
    free_values(&t->before, a);
    free_values(&t->after, b);
}

#endif
