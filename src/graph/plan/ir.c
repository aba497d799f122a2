// SPDX-License-Identifier: Apache-2.0
// Making and growing the planner's node list.
#include "graph/plan/ir.h"

#include "graph/graph_internal.h"

#include <stdlib.h>
#include <string.h>

gndp_status gndp_ir_init(gndp_ir *ir, gndp_arena *arena, int64_t capacity, const gndp_ir *like)
{
    gndp_status st = GNDP_OK;
    *ir = (gndp_ir){.arena = arena, .capacity = capacity};
    ir->nodes = gndp_arena_alloc(arena, (size_t)(capacity + 1) * sizeof *ir->nodes);
    GNDP_CHECK(ir->nodes != NULL, GNDP_ERR_NOMEM, "planner: %lld nodes", (long long)capacity);
    if (like != NULL) {
        ir->n_outputs = like->n_outputs;
        ir->outputs = gndp_arena_alloc(arena, (size_t)(like->n_outputs + 1) * sizeof *ir->outputs);
        GNDP_CHECK(ir->outputs != NULL, GNDP_ERR_NOMEM, "planner: %lld outputs", (long long)like->n_outputs);
    }
done:
    return st;
}

ir_node gndp_ir_constant(const ir_node *node, const void *data)
{
    return (ir_node){.op = gndp_op_find("constant"), .attr = {.type = node->out[0], .data = data}, .out = node->out, .n_out = 1, .backward = node->backward};
}

int32_t gndp_ir_append(gndp_ir *ir, const ir_node *node, const ir_ref *in)
{
    if (ir->n >= ir->capacity) {
        return -1;
    }
    ir_node *copy = &ir->nodes[ir->n];
    *copy = *node;
    copy->in = gndp_arena_alloc(ir->arena, (size_t)(node->n_in + 1) * sizeof *in);
    if (copy->in == NULL) {
        return -1;
    }
    if (node->n_in > 0) {
        memcpy(copy->in, in, (size_t)node->n_in * sizeof *in);
    }
    return (int32_t)ir->n++;
}

gndp_status gndp_ir_from_graph(gndp_graph *g, const gndp_node *outputs, int64_t n, bool effects, gndp_arena *arena, gndp_ir *ir)
{
    gndp_status st = GNDP_OK;
    bool *live = calloc((size_t)g->n + 1, sizeof *live);
    int32_t *map = calloc((size_t)g->n + 1, sizeof *map);
    GNDP_CHECK(live != NULL && map != NULL, GNDP_ERR_NOMEM, "planner: %lld nodes", (long long)g->n);
    for (int64_t i = 0; i < n; i++) {
        live[outputs[i].id] = true;
    }
    for (int64_t id = g->n - 1; id >= 0; id--) {
        const gndp_gnode *node = &g->nodes[id];
        live[id] = live[id] || (effects && node->op->effect);
        for (int i = 0; i < node->n_in && live[id]; i++) {
            live[node->in[i].id] = true;
        }
    }
    GNDP_TRY(gndp_ir_init(ir, arena, g->n, NULL));
    for (int64_t id = 0; id < g->n; id++) {
        const gndp_gnode *node = &g->nodes[id];
        ir_ref in[GNDP_MAX_INPUTS];
        if (!live[id]) {
            continue;
        }
        for (int i = 0; i < node->n_in; i++) {
            in[i] = (ir_ref){map[node->in[i].id], node->in[i].out};
        }
        ir_node copy = {.op = node->op, .attr = *node->attr, .store = node->store, .n_in = node->n_in, .n_out = node->n_out,
                        .keep = node->keep, .backward = node->backward};
        copy.out = gndp_arena_alloc(arena, (size_t)node->n_out * sizeof *copy.out);
        GNDP_CHECK(copy.out != NULL, GNDP_ERR_NOMEM, "planner: a node");
        memcpy(copy.out, node->out, (size_t)node->n_out * sizeof *copy.out);
        if (node->attr->name != NULL) { /* the plan outlives the graph */
            copy.attr.name = gndp_arena_strdup(arena, node->attr->name);
            GNDP_CHECK(copy.attr.name != NULL, GNDP_ERR_NOMEM, "planner: a name");
        }
        if (node->attr->data != NULL) {
            const size_t bytes = gndp_type_bytes(node->out[0]);
            void *data = gndp_arena_alloc(arena, bytes + 1);
            GNDP_CHECK(data != NULL, GNDP_ERR_NOMEM, "planner: a constant of %zu bytes", bytes);
            memcpy(data, node->attr->data, bytes);
            copy.attr.data = data;
        }
        map[id] = gndp_ir_append(ir, &copy, in);
        GNDP_CHECK(map[id] >= 0, GNDP_ERR_NOMEM, "planner: node %lld", (long long)id);
    }
    ir->n_outputs = n;
    ir->outputs = gndp_arena_alloc(arena, (size_t)(n + 1) * sizeof *ir->outputs);
    GNDP_CHECK(ir->outputs != NULL, GNDP_ERR_NOMEM, "planner: %lld outputs", (long long)n);
    for (int64_t i = 0; i < n; i++) {
        ir->outputs[i] = (ir_ref){map[outputs[i].id], outputs[i].out};
    }
done:
    free(live);
    free(map);
    return st;
}

int32_t *gndp_ir_uses(const gndp_ir *ir)
{
    int32_t *uses = gndp_arena_alloc(ir->arena, (size_t)(ir->n + 1) * sizeof *uses);
    for (int64_t id = 0; uses != NULL && id < ir->n; id++) {
        for (int i = 0; i < ir->nodes[id].n_in; i++) {
            uses[ir->nodes[id].in[i].node]++;
        }
    }
    for (int64_t i = 0; uses != NULL && i < ir->n_outputs; i++) {
        uses[ir->outputs[i].node]++;
    }
    return uses;
}
