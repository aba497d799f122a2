// SPDX-License-Identifier: Apache-2.0
// Nodes that do nothing go; views of views and factors of factors become one; a transpose that only moves axes of size 1
// becomes a reshape. Every value stays what it was to the last bit, but for products of two factors, rounded once less.
// x + 0 is left alone (it turns -0 into 0), and so is 0 x (it keeps NaN and infinity apart from numbers).
#include "graph/plan/pass.h"

#include <math.h>
#include <string.h>

#define LARGEST_CONSTANT 4096 /* entries: of a constant that is looked at */

static bool named(const ir_node *node, const char *name)
{
    return strcmp(node->op->name, name) == 0;
}

/* ----------------------------------------------------------------------------------------- constants */

static double entry(const ir_node *node, int64_t i)
{
    switch (node->out[0].dtype) {
    case GNDP_F32: return (double)((const float *)node->attr.data)[i];
    case GNDP_F64: return ((const double *)node->attr.data)[i];
    case GNDP_I32: break;
    }
    return (double)((const int32_t *)node->attr.data)[i];
}

/* Every entry is one number: a constant, seen through any views. */
static bool is_uniform(const gndp_ir *ir, ir_ref ref, double *value)
{
    while (ir->nodes[ref.node].op->view != NULL) {
        ref = ir->nodes[ref.node].in[0];
    }
    const ir_node *node = &ir->nodes[ref.node];
    const int64_t n = gndp_type_count(node->out[0]);
    if (node->attr.data == NULL || n < 1 || n > LARGEST_CONSTANT) {
        return false;
    }
    *value = entry(node, 0);
    for (int64_t i = 1; i < n; i++) {
        const double x = entry(node, i);
        if (memcmp(&x, value, sizeof x) != 0) { /* by bits: signed zeros differ */
            return false;
        }
    }
    return true;
}

static bool is_number(const gndp_ir *ir, ir_ref ref, double number)
{
    double value;
    return is_uniform(ir, ref, &value) && memcmp(&value, &number, sizeof value) == 0;
}

/* ----------------------------------------------------------------------------------- nodes that do nothing */

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

/* A node whose result is its first input, entry for entry and shape for shape. */
static bool is_plain(const ir_node *node, gndp_type in)
{
    if (!gndp_type_equal(in, node->out[0])) {
        return false;
    }
    return (node->op->view != NULL && (!named(node, "transpose") || moves_nothing(&node->attr, in))) || node->op->cast || named(node, "pad") ||
           (named(node, "scale") && node->attr.f[0] == 1.0) || (named(node, "concat") && node->n_in == 1);
}

/* Which input the result is, to the bit; -1: none. */
static int same_as(const gndp_ir *ir, const ir_node *node, const ir_ref *in)
{
    double value;
    int which = -1;
    if (named(node, "mul")) {
        which = is_number(ir, in[1], 1.0) ? 0 : is_number(ir, in[0], 1.0) ? 1 : -1;
    } else if (named(node, "div")) {
        which = is_number(ir, in[1], 1.0) ? 0 : -1;
    } else if (named(node, "sub")) {
        which = node->out[0].dtype != GNDP_I32 && is_number(ir, in[1], 0.0) ? 0 : -1;
    } else if (named(node, "add")) {
        which = is_number(ir, in[1], -0.0) ? 0 : is_number(ir, in[0], -0.0) ? 1 : -1;
    } else if (named(node, "select") && is_uniform(ir, in[0], &value)) {
        which = value != 0.0 ? 1 : 2;
    } else if (is_plain(node, ir_type(ir, in[0]))) {
        which = 0;
    }
    return which >= 0 && gndp_type_equal(ir_type(ir, in[which]), node->out[0]) ? which : -1;
}

/* ---------------------------------------------------------------------------------------- two become one */

/* Factors far from where the type overflows: x (a b) is then (x a) b but for rounding. */
static bool is_tame(double factor, gndp_dtype dtype)
{
    const double limit = dtype == GNDP_F64 ? 1e150 : 1e15;
    return fabs(factor) < limit && fabs(factor) > 1.0 / limit;
}

/* Make `node`, which reads `before`, read what that reads; false: they do not join. */
static bool join(ir_node *node, const ir_node *before)
{
    if (before->keep) { /* blocks end there */
        return false;
    }
    if ((named(node, "reshape") && named(before, "reshape")) || (named(node, "broadcast") && named(before, "broadcast"))) {
        return true;
    }
    if (named(node, "transpose") && named(before, "transpose")) {
        for (int i = 0; i < node->out[0].rank; i++) {
            node->attr.i[i] = before->attr.i[node->attr.i[i]];
        }
        return true;
    }
    if (named(node, "slice") && named(before, "slice")) {
        for (int i = 0; i < node->out[0].rank; i++) {
            node->attr.i[i] += before->attr.i[i];
            node->attr.i[GNDP_MAX_RANK + i] += before->attr.i[i];
        }
        return true;
    }
    const gndp_dtype dtype = node->out[0].dtype;
    if (named(node, "scale") && named(before, "scale") && is_tame(node->attr.f[0], dtype) && is_tame(before->attr.f[0], dtype)) {
        node->attr.f[0] *= before->attr.f[0];
        return true;
    }
    return false;
}

static bool visit(ir_pass *pass, int64_t id, const ir_ref *in, ir_ref *map)
{
    const ir_node *old = &pass->from->nodes[id];
    const gndp_ir *ir = pass->to;
    if (old->n_in < 1 || old->keep || old->op->effect) {
        return gndp_ir_keep(pass, id, in, map);
    }
    ir_node node = *old;
    ir_ref from[GNDP_MAX_INPUTS];
    memcpy(from, in, (size_t)old->n_in * sizeof *in);
    for (bool again = true; again;) {
        const int which = same_as(ir, &node, from);
        if (which >= 0) {
            map[0] = from[which];
            return true;
        }
        if (named(&node, "transpose") && moves_nothing(&node.attr, ir_type(ir, from[0]))) {
            node.op = gndp_op_find("reshape");
            node.attr = (gndp_attr){.type = node.out[0]};
        }
        const ir_node *before = &ir->nodes[from[0].node];
        again = before->n_in == 1 && join(&node, before);
        from[0] = again ? before->in[0] : from[0];
        if (!again && named(&node, "neg") && named(before, "neg") && !before->keep) {
            map[0] = before->in[0];
            return true;
        }
    }
    const int32_t copy = gndp_ir_append(pass->to, &node, from);
    for (int o = 0; o < node.n_out; o++) {
        map[o] = (ir_ref){copy, o};
    }
    return copy >= 0;
}

gndp_status gndp_pass_simplify(const gndp_ir *in, gndp_ir *out)
{
    return gndp_ir_rewrite(in, out, 0, visit, NULL);
}
