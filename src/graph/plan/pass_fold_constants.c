// SPDX-License-Identifier: Apache-2.0
// Constants: a small node all of whose inputs are constants is computed now, by the reference loops; a reshaped constant is one.
#include "graph/plan/pass.h"

#include <string.h>

/* Bytes: above, a constant costs more memory than computing it costs time. Not so of products that are no larger than their operands. */
#define LARGEST ((int64_t)1 << 18)
#define LONGEST 1e8               /* operations: above, making the plan would take too long */

static bool is_constant(const gndp_ir *ir, ir_ref ref)
{
    return ir->nodes[ref.node].attr.data != NULL;
}

static bool foldable(const gndp_ir *to, const ir_node *node, const ir_ref *in)
{
    int64_t operands = 0;
    if (node->n_in == 0 || node->op->leaf || node->op->effect || node->op->view != NULL || node->keep || node->n_out != 1) {
        return false;
    }
    for (int i = 0; i < node->n_in; i++) {
        if (!is_constant(to, in[i])) {
            return false;
        }
        operands += (int64_t)gndp_type_bytes(ir_type(to, in[i]));
    }
    const int64_t bytes = (int64_t)gndp_type_bytes(node->out[0]);
    if (bytes > LARGEST && !(node->op->matmul && bytes <= operands)) {
        return false;
    }
    gndp_type types[GNDP_MAX_INPUTS];
    for (int i = 0; i < node->n_in; i++) {
        types[i] = ir_type(to, in[i]);
    }
    if (node->op->flops != NULL && node->op->flops(&node->attr, node->n_in, types, node->out) > LONGEST) {
        return false;
    }
    return node->op->ref[node->op->by_input ? types[0].dtype : node->out[0].dtype] != NULL;
}

static bool visit(ir_pass *pass, int64_t id, const ir_ref *in, ir_ref *map)
{
    const ir_node *node = &pass->from->nodes[id];
    gndp_buffer from[GNDP_MAX_INPUTS], to;
    if (node->op == gndp_op_find("reshape") && !node->keep && is_constant(pass->to, in[0])) {
        const void *data = pass->to->nodes[in[0].node].attr.data; /* the same entries in the same order */
        const ir_node constant = gndp_ir_constant(node, data);
        map[0] = (ir_ref){gndp_ir_append(pass->to, &constant, NULL), 0};
        return map[0].node >= 0;
    }
    if (!foldable(pass->to, node, in)) {
        return gndp_ir_keep(pass, id, in, map);
    }
    for (int i = 0; i < node->n_in; i++) {
        union {
            const void *c;
            void *m;
        } data = {.c = pass->to->nodes[in[i].node].attr.data}; /* read only there */
        from[i] = (gndp_buffer){ir_type(pass->to, in[i]), data.m};
    }
    to = (gndp_buffer){node->out[0], gndp_arena_alloc(pass->to->arena, gndp_type_bytes(node->out[0]) + 1)};
    if (to.data == NULL) {
        return false;
    }
    const gndp_exec ex = {.op = node->op, .attr = &node->attr, .n_in = node->n_in, .n_out = 1, .in = from, .out = &to, .threads = 1};
    const gndp_dtype by = node->op->by_input ? from[0].type.dtype : node->out[0].dtype;
    if (node->op->ref[by](&ex) != GNDP_OK) {
        return gndp_ir_keep(pass, id, in, map); /* it fails at run time, where failing is reported */
    }
    const ir_node constant = gndp_ir_constant(node, to.data);
    map[0] = (ir_ref){gndp_ir_append(pass->to, &constant, NULL), 0};
    return map[0].node >= 0;
}

gndp_status gndp_pass_fold_constants(const gndp_ir *in, gndp_ir *out)
{
    return gndp_ir_rewrite(in, out, 0, visit, NULL);
}
