// SPDX-License-Identifier: Apache-2.0
// Nodes that do nothing go; views of views and scales of scales become one; a transpose that only moves axes of size 1
// becomes a reshape.
#include "graph/plan/pass.h"

#include <string.h>

static bool named(const ir_node *node, const char *name)
{
    return strcmp(node->op->name, name) == 0;
}

/* Order of the axes longer than 1 is kept. */
static bool moves_nothing(const gndp_attr *attr, gndp_type in)
{
    int64_t last = -1;
    for (int i = 0; i < in.rank; i++) {
        if (in.dim[attr->i[i]] != 1) {
            if (attr->i[i] < last) {
                return false;
            }
            last = attr->i[i];
        }
    }
    return true;
}

/* A view node whose result is its input, entry for entry and shape for shape. */
static bool is_plain(const ir_node *node, gndp_type in)
{
    return node->op->view != NULL && gndp_type_equal(in, node->out[0]) &&
           (!named(node, "transpose") || moves_nothing(&node->attr, in));
}

static bool append_one(ir_pass *pass, const ir_node *node, ir_ref in, ir_ref *map)
{
    map[0] = (ir_ref){gndp_ir_append(pass->to, node, &in), 0};
    return map[0].node >= 0;
}

static bool visit(ir_pass *pass, int64_t id, const ir_ref *in, ir_ref *map)
{
    const ir_node *old = &pass->from->nodes[id];
    if (old->n_in < 1 || old->keep) {
        return gndp_ir_keep(pass, id, in, map);
    }
    const gndp_type type = ir_type(pass->to, in[0]);
    const ir_node *before = &pass->to->nodes[in[0].node];
    ir_node node = *old;
    if (named(old, "identity") || named(old, "stop_gradient") || is_plain(old, type) || (named(old, "scale") && old->attr.f[0] == 1.0) ||
        (named(old, "concat") && old->n_in == 1)) {
        map[0] = in[0];
        return true;
    }
    if (named(old, "transpose") && moves_nothing(&old->attr, type)) {
        node.op = gndp_op_find("reshape");
        node.attr = (gndp_attr){.type = old->out[0]};
    }
    if (named(&node, "reshape") && named(before, "reshape")) {
        if (gndp_type_equal(ir_type(pass->to, before->in[0]), node.out[0])) {
            map[0] = before->in[0];
            return true;
        }
        return append_one(pass, &node, before->in[0], map);
    }
    if (named(&node, "broadcast") && named(before, "broadcast")) {
        return append_one(pass, &node, before->in[0], map);
    }
    if (named(&node, "scale") && named(before, "scale")) {
        node.attr.f[0] = before->attr.f[0] * old->attr.f[0];
        return append_one(pass, &node, before->in[0], map);
    }
    const int32_t copy = gndp_ir_append(pass->to, &node, in);
    for (int o = 0; o < node.n_out; o++) {
        map[o] = (ir_ref){copy, o};
    }
    return copy >= 0;
}

gndp_status gndp_pass_simplify(const gndp_ir *in, gndp_ir *out)
{
    return gndp_ir_rewrite(in, out, 0, visit, NULL);
}
