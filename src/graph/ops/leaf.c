// SPDX-License-Identifier: Apache-2.0
// Leaves (inputs, constants, parameters), the assignment effect, and the two do-nothing ops of differentiation.
#define GNDP_NO_CALLSITE
#include "graph/graph_internal.h"

#include <gndp/ops.h>

#include <math.h>
#include <string.h>

static gndp_status leaf_shape(const gndp_attr *attr, int n_in, const gndp_type in[], gndp_type out[])
{
    (void)n_in;
    (void)in;
    out[0] = attr->type;
    return GNDP_OK;
}

static gndp_status same_shape(const gndp_attr *attr, int n_in, const gndp_type in[], gndp_type out[])
{
    (void)attr;
    (void)n_in;
    out[0] = in[0];
    return GNDP_OK;
}

static gndp_status assign_shape(const gndp_attr *attr, int n_in, const gndp_type in[], gndp_type out[])
{
    gndp_status st = GNDP_OK;
    (void)attr;
    (void)n_in;
    GNDP_CHECK(in[0].dtype == in[1].dtype, GNDP_ERR_TYPE, "assign: the parameter is " GNDP_TYPE_FMT ", the value " GNDP_TYPE_FMT,
               GNDP_TYPE_ARG(in[0]), GNDP_TYPE_ARG(in[1]));
    GNDP_CHECK(gndp_type_equal(in[0], in[1]), GNDP_ERR_SHAPE, "assign: the parameter is " GNDP_TYPE_FMT ", the value " GNDP_TYPE_FMT,
               GNDP_TYPE_ARG(in[0]), GNDP_TYPE_ARG(in[1]));
    out[0] = in[1];
done:
    return st;
}

static gndp_status copy_ref(const gndp_exec *ex)
{
    memcpy(ex->out[0].data, ex->in[ex->n_in - 1].data, gndp_type_bytes(ex->out[0].type));
    return GNDP_OK;
}

static bool same_view(const gndp_attr *attr, gndp_type in, gndp_type out, const gndp_strides *in_view, gndp_strides *out_view)
{
    (void)attr;
    (void)in;
    (void)out;
    *out_view = *in_view;
    return true;
}

static void identity_vjp(gndp_graph *g, const gndp_pullback *p)
{
    (void)g;
    p->in_cot[0] = p->cot[0];
}

static bool type_is_valid(gndp_graph *g, const char *op, gndp_type type)
{
    if (type.dtype != GNDP_F32 && type.dtype != GNDP_F64 && type.dtype != GNDP_I32) {
        gndp_graph_fail(g, GNDP_ERR_TYPE, op, "no such dtype: %d", (int)type.dtype);
        return false;
    }
    if (type.rank < 0 || type.rank > GNDP_MAX_RANK) {
        gndp_graph_fail(g, GNDP_ERR_SHAPE, op, "rank %d is outside 0..%d", type.rank, GNDP_MAX_RANK);
        return false;
    }
    for (int i = 0; i < type.rank; i++) {
        if (type.dim[i] < 0) {
            gndp_graph_fail(g, GNDP_ERR_SHAPE, op, "dim %d is %lld", i, (long long)type.dim[i]);
            return false;
        }
    }
    return true;
}

/* dims past the rank are zero, so that types compare byte for byte */
static gndp_type clean(gndp_type type)
{
    return gndp_type_make(type.dtype, type.rank, type.dim);
}

gndp_node(gndp_input)(gndp_graph *g, const char *name, gndp_type type)
{
    if (gndp_graph_stopped(g, "input", 0, NULL) || !type_is_valid(g, "input", type)) {
        return GNDP_NONE;
    }
    if (name == NULL || name[0] == '\0') {
        return gndp_graph_fail(g, GNDP_ERR_ARG, "input", "it has no name");
    }
    const gndp_op *op = gndp_op_find("input");
    for (int64_t i = 0; i < g->n; i++) {
        if (g->nodes[i].op == op && strcmp(g->nodes[i].attr->name, name) == 0) {
            return gndp_graph_fail(g, GNDP_ERR_ARG, "input", "the name \"%s\" is taken (%s:%d)", name, g->nodes[i].file, g->nodes[i].line);
        }
    }
    const gndp_attr attr = {.type = clean(type), .name = gndp_graph_copy(g, name, strlen(name) + 1)};
    return gndp_node_append(g, op, &attr, 0, NULL);
}

gndp_node(gndp_constant)(gndp_graph *g, gndp_type type, const void *data)
{
    if (gndp_graph_stopped(g, "constant", 0, NULL) || !type_is_valid(g, "constant", type)) {
        return GNDP_NONE;
    }
    if (data == NULL && gndp_type_count(type) > 0) {
        return gndp_graph_fail(g, GNDP_ERR_ARG, "constant", "data is NULL");
    }
    const gndp_attr attr = {.type = clean(type), .data = gndp_graph_copy(g, data, gndp_type_bytes(type))};
    return gndp_node_append(g, gndp_op_find("constant"), &attr, 0, NULL);
}

gndp_node(gndp_scalar)(gndp_graph *g, gndp_dtype dtype, double value)
{
    const float f = (float)value;
    if (dtype == GNDP_I32) {
        if (!(value >= INT32_MIN && value <= INT32_MAX)) {
            return gndp_graph_fail(g, GNDP_ERR_RANGE, "scalar", "%g does not fit i32", value);
        }
        const int32_t i = (int32_t)value;
        return gndp_constant(g, gndp_type_scalar(dtype), &i);
    }
    return gndp_constant(g, gndp_type_scalar(dtype), dtype == GNDP_F32 ? (const void *)&f : (const void *)&value);
}

gndp_node(gndp_fill)(gndp_graph *g, gndp_type type, double value)
{
    if (gndp_graph_stopped(g, "fill", 0, NULL) || !type_is_valid(g, "fill", type)) {
        return GNDP_NONE;
    }
    return gndp_broadcast_to(g, gndp_scalar(g, type.dtype, value), type.rank, type.dim);
}

gndp_node(gndp_iota)(gndp_graph *g, int64_t n)
{
    if (gndp_graph_stopped(g, "iota", 0, NULL)) {
        return GNDP_NONE;
    }
    if (n < 0 || n > INT32_MAX) {
        return gndp_graph_fail(g, GNDP_ERR_RANGE, "iota", "%lld entries", (long long)n);
    }
    int32_t *data = gndp_arena_alloc(g->arena, ((size_t)n + 1) * sizeof *data);
    if (data == NULL) {
        return gndp_graph_fail(g, GNDP_ERR_NOMEM, "iota", "%lld entries", (long long)n);
    }
    for (int64_t i = 0; i < n; i++) {
        data[i] = (int32_t)i;
    }
    const gndp_attr attr = {.type = gndp_type_1d(GNDP_I32, n), .data = data};
    return gndp_node_append(g, gndp_op_find("constant"), &attr, 0, NULL);
}

gndp_node(gndp_param)(gndp_graph *g, gndp_store *store, const char *name, gndp_slot slot)
{
    if (gndp_graph_stopped(g, "param", 0, NULL)) {
        return GNDP_NONE;
    }
    if (store == NULL || name == NULL) {
        return gndp_graph_fail(g, GNDP_ERR_ARG, "param", "%s is NULL", store == NULL ? "store" : "name");
    }
    if ((int)slot < 0 || slot >= GNDP_SLOT_COUNT) {
        return gndp_graph_fail(g, GNDP_ERR_RANGE, "param", "no slot %d", (int)slot);
    }
    const gndp_op *op = gndp_op_find("param");
    for (int64_t i = 0; i < g->n; i++) {
        const gndp_gnode *node = &g->nodes[i];
        if (node->op == op && node->store == store && node->attr->i[0] == (int64_t)slot && strcmp(node->attr->name, name) == 0) {
            return (gndp_node){.graph = g, .id = (int32_t)i};
        }
    }
    gndp_array array;
    const gndp_status st = gndp_store_slot(store, name, slot, &array);
    if (st != GNDP_OK) {
        return gndp_graph_fail(g, st, "param", "%s", gndp_last_text());
    }
    const gndp_attr attr = {.i = {slot}, .type = clean(array.type), .name = gndp_graph_copy(g, name, strlen(name) + 1)};
    const gndp_node node = gndp_node_append(g, op, &attr, 0, NULL);
    if (!gndp_is_none(node)) {
        g->nodes[node.id].store = store;
    }
    return node;
}

gndp_node(gndp_assign)(gndp_graph *g, gndp_node param, gndp_node value)
{
    const gndp_node in[2] = {param, value};
    if (gndp_graph_stopped(g, "assign", 2, in)) {
        return GNDP_NONE;
    }
    if (gndp_gnode_of(param)->op != gndp_op_find("param")) {
        return gndp_graph_fail(g, GNDP_ERR_ARG, "assign", "the target is a %s, not a parameter", gndp_gnode_of(param)->op->name);
    }
    const gndp_op *op = gndp_op_find("assign");
    for (int64_t i = 0; i < g->n; i++) {
        if (g->nodes[i].op == op && g->nodes[i].in[0].id == param.id) {
            return gndp_graph_fail(g, GNDP_ERR_STATE, "assign", "\"%s\" is assigned already (%s:%d)", gndp_gnode_of(param)->attr->name,
                                   g->nodes[i].file, g->nodes[i].line);
        }
    }
    return gndp_node_append(g, op, NULL, 2, in);
}

gndp_node(gndp_stop_gradient)(gndp_graph *g, gndp_node x)
{
    return gndp_node_append(g, gndp_op_find("stop_gradient"), NULL, 1, &x);
}

gndp_node gndp_identity(gndp_graph *g, gndp_node x)
{
    return gndp_node_append(g, gndp_op_find("identity"), NULL, 1, &x);
}

#define LEAF .shape = leaf_shape, .leaf = true, .no_vjp = "a leaf has no inputs", .grad_case = ""
const gndp_op gndp_ops_leaf[] = {
    {.name = "input", LEAF, .no_merge = true},
    {.name = "constant", LEAF},
    {.name = "param", LEAF, .no_merge = true},
    {.name = "assign",
     .n_in = 2,
     .shape = assign_shape,
     .ref = {copy_ref, copy_ref, copy_ref},
     .effect = true,
     .no_merge = true,
     .no_vjp = "it is an effect; differentiate the value",
     .grad_case = ""},
    {.name = "stop_gradient",
     .n_in = 1,
     .shape = same_shape,
     .ref = {copy_ref, copy_ref, copy_ref},
     .view = same_view,
     .no_vjp = "by definition",
     .no_vjp_zero = true,
     .grad_case = "[3,2]"},
    {.name = "identity",
     .n_in = 1,
     .shape = same_shape,
     .vjp = identity_vjp,
     .ref = {copy_ref, copy_ref, copy_ref},
     .view = same_view,
     .grad_case = "[3,2]"},
    {0},
};
