// SPDX-License-Identifier: Apache-2.0
// The node list of a graph, its sticky error, and the op table.
#include "graph/graph_internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

gndp_status gndp_graph_create(gndp_graph **out)
{
    gndp_status st = GNDP_OK;
    gndp_graph *g = NULL;
    GNDP_CHECK(out != NULL, GNDP_ERR_ARG, "out is NULL");
    *out = NULL;
    g = calloc(1, sizeof *g);
    GNDP_CHECK(g != NULL, GNDP_ERR_NOMEM, "%zu bytes", sizeof *g);
    GNDP_TRY(gndp_arena_create((size_t)64 << 10, &g->arena));
    g->file = "unknown place";
    *out = g;
    g = NULL;
done:
    gndp_graph_free(g);
    return st;
}

void gndp_graph_free(gndp_graph *g)
{
    if (g == NULL) {
        return;
    }
    gndp_arena_free(g->arena);
    free(g->nodes);
    free(g);
}

gndp_graph *gndp_at(gndp_graph *g, const char *file, int line)
{
    if (g != NULL && file != NULL) {
        g->file = file;
        g->line = line;
    }
    return g;
}

gndp_status gndp_graph_status(const gndp_graph *g)
{
    return g == NULL ? GNDP_ERR_ARG : g->status;
}

const char *gndp_graph_error(const gndp_graph *g)
{
    return g == NULL ? "graph is NULL" : g->error;
}

int64_t gndp_graph_size(const gndp_graph *g)
{
    return g == NULL ? 0 : g->n;
}

gndp_type gndp_node_type(gndp_node node)
{
    if (gndp_is_none(node)) {
        return (gndp_type){0};
    }
    return gndp_gnode_of(node)->out[node.out];
}

gndp_node gndp_graph_fail(gndp_graph *g, gndp_status status, const char *op, const char *format, ...)
{
    if (g == NULL || g->status != GNDP_OK) {
        return GNDP_NONE;
    }
    char text[768];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    g->status = status;
    snprintf(g->error, sizeof g->error, "%s:%d: %s%s%s", g->file, g->line, op, op[0] ? ": " : "", text);
    return GNDP_NONE;
}

bool gndp_graph_stopped(gndp_graph *g, const char *op, int n, const gndp_node *nodes)
{
    if (g == NULL || g->status != GNDP_OK) {
        return true;
    }
    for (int i = 0; i < n; i++) {
        if (gndp_is_none(nodes[i])) {
            gndp_graph_fail(g, GNDP_ERR_ARG, op, "argument %d is no node (GNDP_NONE)", i + 1);
            return true;
        }
        if (nodes[i].graph != g) {
            gndp_graph_fail(g, GNDP_ERR_GRAPH, op, "argument %d belongs to another graph", i + 1);
            return true;
        }
        if (nodes[i].id < 0 || nodes[i].id >= g->n || nodes[i].out < 0 || nodes[i].out >= g->nodes[nodes[i].id].n_out) {
            gndp_graph_fail(g, GNDP_ERR_ARG, op, "argument %d is not a node of this graph (id %d, output %d)", i + 1,
                            nodes[i].id, nodes[i].out);
            return true;
        }
    }
    return false;
}

void *gndp_graph_copy(gndp_graph *g, const void *data, size_t bytes)
{
    void *copy = gndp_arena_alloc(g->arena, bytes > 0 ? bytes : 1);
    if (copy == NULL) {
        gndp_graph_fail(g, GNDP_ERR_NOMEM, "", "graph memory: %zu bytes", bytes);
    } else if (bytes > 0) {
        memcpy(copy, data, bytes);
    }
    return copy;
}

bool gndp_axis_of(gndp_type type, int axis, int *out)
{
    const int a = axis < 0 ? axis + type.rank : axis;
    if (a < 0 || a >= type.rank) {
        return false;
    }
    *out = a;
    return true;
}

bool gndp_type_broadcast(gndp_type a, gndp_type b, gndp_type *out)
{
    gndp_type r = {.dtype = a.dtype, .rank = a.rank > b.rank ? a.rank : b.rank};
    for (int i = 1; i <= r.rank; i++) {
        const int64_t da = i <= a.rank ? a.dim[a.rank - i] : 1, db = i <= b.rank ? b.dim[b.rank - i] : 1;
        if (da != db && da != 1 && db != 1) {
            return false;
        }
        r.dim[r.rank - i] = da == 1 ? db : da;
    }
    *out = r;
    return true;
}

/** A type an op may return: rank and dims in range, and a size that fits. */
static bool type_is_sound(gndp_type type)
{
    int64_t count = 1;
    if (type.rank < 0 || type.rank > GNDP_MAX_RANK) {
        return false;
    }
    for (int i = 0; i < type.rank; i++) {
        if (type.dim[i] < 0 || (type.dim[i] > 0 && count > ((int64_t)1 << 46) / type.dim[i])) {
            return false;
        }
        count *= type.dim[i];
    }
    return true;
}

static gndp_gnode *next_slot(gndp_graph *g)
{
    if (g->n == g->capacity) {
        const int64_t capacity = g->capacity > 0 ? 2 * g->capacity : 256;
        gndp_gnode *nodes = capacity < INT32_MAX ? realloc(g->nodes, (size_t)capacity * sizeof *nodes) : NULL;
        if (nodes == NULL) {
            gndp_graph_fail(g, GNDP_ERR_NOMEM, "", "no memory for node %lld", (long long)g->n);
            return NULL;
        }
        g->nodes = nodes;
        g->capacity = capacity;
    }
    return &g->nodes[g->n];
}

gndp_node gndp_node_append(gndp_graph *g, const gndp_op *op, const gndp_attr *attr, int n_in, const gndp_node *in)
{
    static const gndp_attr no_attr = {0};
    gndp_type in_type[GNDP_MAX_INPUTS], out_type[GNDP_MAX_OUTPUTS] = {{0}};
    if (gndp_graph_stopped(g, op->name, n_in, in)) {
        return GNDP_NONE;
    }
    if (n_in > GNDP_MAX_INPUTS || (op->n_in >= 0 && n_in != op->n_in)) {
        return gndp_graph_fail(g, GNDP_ERR_ARG, op->name, "%d arguments", n_in);
    }
    for (int i = 0; i < n_in; i++) {
        in_type[i] = gndp_node_type(in[i]);
    }
    if (attr == NULL) {
        attr = &no_attr;
    }
    gndp_clear_error();
    const gndp_status st = op->shape(attr, n_in, in_type, out_type);
    if (st != GNDP_OK) {
        const char *text = gndp_last_text(); /* rules shared by several ops do not name themselves */
        const bool names_itself = strncmp(text, op->name, strlen(op->name)) == 0;
        return gndp_graph_fail(g, st, names_itself ? "" : op->name, "%s", text);
    }
    const int n_out = op->n_out > 0 ? op->n_out : 1;
    for (int i = 0; i < n_out; i++) {
        if (!type_is_sound(out_type[i])) {
            return gndp_graph_fail(g, GNDP_ERR_RANGE, op->name, "result of rank %d is too large or has a negative dim",
                                   out_type[i].rank);
        }
    }
    gndp_gnode *node = next_slot(g);
    if (node == NULL) {
        return GNDP_NONE;
    }
    const gndp_attr *attr_copy = gndp_graph_copy(g, attr, sizeof *attr);
    const gndp_node *in_copy = gndp_graph_copy(g, in, (size_t)n_in * sizeof *in);
    const gndp_type *out_copy = gndp_graph_copy(g, out_type, (size_t)n_out * sizeof *out_type);
    if (g->status != GNDP_OK) {
        return GNDP_NONE;
    }
    *node = (gndp_gnode){.op = op, .attr = attr_copy, .in = in_copy, .out = out_copy, .n_in = n_in, .n_out = n_out,
                         .file = g->file, .line = g->line, .backward = g->sweeps > 0};
    return (gndp_node){.graph = g, .id = (int32_t)g->n++, .out = 0};
}

gndp_node gndp_node_output(gndp_node node, int out)
{
    if (!gndp_is_none(node)) {
        node.out = out;
    }
    return node;
}

gndp_node gndp_keep(gndp_graph *g, gndp_node node)
{
    if (!gndp_graph_stopped(g, "keep", 1, &node)) {
        g->nodes[node.id].keep = true;
    }
    return node;
}

int64_t gndp_graph_params(gndp_graph *g, const gndp_store *store, const gndp_node **nodes)
{
    const gndp_op *param = gndp_op_find("param");
    int64_t n = 0;
    gndp_node *list = gndp_arena_alloc(g->arena, (size_t)(g->n > 0 ? g->n : 1) * sizeof *list);
    if (list == NULL) {
        gndp_graph_fail(g, GNDP_ERR_NOMEM, "params", "%lld nodes", (long long)g->n);
        return 0;
    }
    for (int64_t i = 0; i < g->n; i++) {
        if (g->nodes[i].op == param && g->nodes[i].store == store && g->nodes[i].attr->i[0] == GNDP_SLOT_VALUE) {
            list[n++] = (gndp_node){.graph = g, .id = (int32_t)i};
        }
    }
    *nodes = list;
    return n;
}

bool gndp_graph_has_stream(const gndp_graph *g, uint32_t stream)
{
    for (int64_t i = 0; i < g->n; i++) {
        const char *name = g->nodes[i].op->name;
        if (strncmp(name, "random_", 7) == 0 && g->nodes[i].attr->i[0] == (int64_t)stream) {
            return true;
        }
    }
    return false;
}

static const gndp_op *const tables[] = {
#define GNDP_FAMILY(name) gndp_ops_##name,
#include "graph/ops/families.def"
#undef GNDP_FAMILY
};

const gndp_op *gndp_op_at(int64_t index)
{
    for (size_t t = 0; t < sizeof tables / sizeof *tables; t++) {
        for (const gndp_op *op = tables[t]; op->name != NULL; op++) {
            if (index-- == 0) {
                return op;
            }
        }
    }
    return NULL;
}

const gndp_op *gndp_op_find(const char *name)
{
    const gndp_op *op = NULL;
    for (int64_t i = 0; (op = gndp_op_at(i)) != NULL; i++) {
        if (strcmp(op->name, name) == 0) {
            return op;
        }
    }
    return NULL;
}
