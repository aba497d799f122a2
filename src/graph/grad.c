// SPDX-License-Identifier: Apache-2.0
// Reverse-mode differentiation: one sweep down the node list that appends ordinary nodes.
#define GNDP_NO_CALLSITE
#include "graph/graph_internal.h"

#include <gndp/ops.h>

#include <stdlib.h>
#include <string.h>

/* Contributions to one cotangent, kept apart until the node is reached: slices of one array then join by a concat
   instead of adding padded zeros. */
typedef struct contribution {
    gndp_node node;
    struct contribution *next;
} contribution;

typedef struct sweep {
    gndp_graph *g;
    int64_t n;             /* nodes when the sweep began */
    bool *needed;          /* depends on an x */
    contribution **list;   /* [n * GNDP_MAX_OUTPUTS] */
    gndp_arena *arena;
} sweep;

static bool is_real(gndp_type type)
{
    return type.dtype != GNDP_I32;
}

static void contribute(sweep *s, gndp_node at, gndp_node cot)
{
    gndp_graph *g = s->g;
    if (gndp_is_none(cot) || g->status != GNDP_OK) {
        return;
    }
    if (!gndp_type_equal(gndp_node_type(at), gndp_node_type(cot))) {
        gndp_graph_fail(g, GNDP_ERR_INTERNAL, g->nodes[at.id].op->name, "cotangent is " GNDP_TYPE_FMT ", the value " GNDP_TYPE_FMT,
                        GNDP_TYPE_ARG(gndp_node_type(cot)), GNDP_TYPE_ARG(gndp_node_type(at)));
        return;
    }
    contribution *c = gndp_arena_alloc(s->arena, sizeof *c);
    if (c == NULL) {
        gndp_graph_fail(g, GNDP_ERR_NOMEM, "grad", "no memory for a cotangent");
        return;
    }
    c->node = cot;
    contribution **end = &s->list[(int64_t)at.id * GNDP_MAX_OUTPUTS + at.out];
    while (*end != NULL) {
        end = &(*end)->next;
    }
    *end = c;
}

/* The one axis a pad node pads, or -1. */
static int padded_axis(gndp_node node)
{
    const gndp_gnode *pad = gndp_gnode_of(node);
    int axis = -1;
    if (strcmp(pad->op->name, "pad") != 0) {
        return -1;
    }
    for (int i = 0; i < pad->out[0].rank; i++) {
        if (pad->attr->i[i] != 0 || pad->attr->i[GNDP_MAX_RANK + i] != 0) {
            if (axis >= 0) {
                return -1;
            }
            axis = i;
        }
    }
    return axis;
}

/* Join padded parts that tile their axis exactly; GNDP_NONE if they do not. */
static gndp_node join_parts(gndp_graph *g, const contribution *list)
{
    gndp_node parts[GNDP_MAX_INPUTS];
    int n = 0;
    const int axis = padded_axis(list->node);
    const gndp_type type = gndp_node_type(list->node);
    int64_t reached = 0;
    int count = 0;
    for (const contribution *c = list; c != NULL; c = c->next) {
        count++;
        if (padded_axis(c->node) < 0 || gndp_type_count(gndp_node_type(gndp_gnode_of(c->node)->in[0])) == 0) {
            return GNDP_NONE; /* not a part; or an empty one, which has no place of its own */
        }
    }
    if (axis < 0 || count < 2 || count > GNDP_MAX_INPUTS) {
        return GNDP_NONE;
    }
    while (n < count) {
        const int before = n;
        for (const contribution *c = list; c != NULL; c = c->next) {
            const gndp_gnode *pad = gndp_gnode_of(c->node);
            if (padded_axis(c->node) == axis && pad->attr->i[axis] == reached && n < count) {
                parts[n++] = pad->in[0];
                reached = type.dim[axis] - pad->attr->i[GNDP_MAX_RANK + axis];
            }
        }
        if (n == before) {
            return GNDP_NONE;
        }
    }
    return reached == type.dim[axis] ? gndp_concat(g, parts, n, axis) : GNDP_NONE;
}

static gndp_node total(sweep *s, int64_t id, int out)
{
    const contribution *c = s->list[id * GNDP_MAX_OUTPUTS + out];
    if (c == NULL) {
        return GNDP_NONE;
    }
    if (c->next != NULL) {
        const gndp_node joined = join_parts(s->g, c);
        if (!gndp_is_none(joined)) {
            return joined;
        }
    }
    gndp_node sum = c->node;
    for (c = c->next; c != NULL; c = c->next) {
        sum = gndp_add(s->g, sum, c->node);
    }
    return sum;
}

void gndp_vjp_lowered(gndp_graph *g, const gndp_op *op, const gndp_pullback *p)
{
    gndp_node held[GNDP_MAX_INPUTS] = {{0}}, lowered[GNDP_MAX_OUTPUTS] = {{0}}, wrt[GNDP_MAX_INPUTS], cot[GNDP_MAX_INPUTS];
    int which[GNDP_MAX_INPUTS], n = 0;
    for (int i = 0; i < p->n_in; i++) {
        /* one input may depend on another: hold them apart */
        held[i] = gndp_is_none(p->in[i]) ? GNDP_NONE : gndp_identity(g, p->in[i]);
        if (p->wanted[i] && is_real(gndp_node_type(p->in[i]))) {
            wrt[n] = held[i];
            which[n++] = i;
        }
    }
    op->lower(g, p->attr, p->n_in, held, lowered);
    if (g->status != GNDP_OK || n == 0) {
        return;
    }
    gndp_vjp(g, lowered, p->cot, p->n_out, wrt, n, cot);
    for (int i = 0; i < n; i++) {
        p->in_cot[which[i]] = cot[i];
    }
}

static void pull_back(sweep *s, int64_t id, const gndp_node *cot)
{
    gndp_graph *g = s->g;
    const gndp_gnode node = g->nodes[id]; /* a copy: the list grows */
    gndp_node out[GNDP_MAX_OUTPUTS], in_cot[GNDP_MAX_INPUTS] = {{0}};
    bool wanted[GNDP_MAX_INPUTS];
    for (int i = 0; i < node.n_out; i++) {
        out[i] = (gndp_node){.graph = g, .id = (int32_t)id, .out = i};
    }
    for (int i = 0; i < node.n_in; i++) {
        wanted[i] = s->needed[node.in[i].id] && is_real(gndp_node_type(node.in[i]));
    }
    const gndp_pullback p = {.attr = node.attr, .n_in = node.n_in, .n_out = node.n_out, .in = node.in, .out = out, .cot = cot,
                             .wanted = wanted, .in_cot = in_cot};
    if (node.op->vjp != NULL) {
        node.op->vjp(g, &p);
    } else if (node.op->lower != NULL) {
        gndp_vjp_lowered(g, node.op, &p);
    } else if (!node.op->no_vjp_zero) {
        gndp_graph_fail(g, GNDP_ERR_UNSUPPORTED, "grad", "%s (built at %s:%d) has no derivative: %s", node.op->name, node.file,
                        node.line, node.op->no_vjp != NULL ? node.op->no_vjp : "none is defined");
    }
    for (int i = 0; i < node.n_in; i++) {
        if (wanted[i]) {
            contribute(s, node.in[i], in_cot[i]);
        }
    }
}

/* Which nodes depend on an x, the x themselves included; derivatives of constants end here. */
static void mark_needed(sweep *s, const gndp_node *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        s->needed[x[i].id] = true;
    }
    for (int64_t id = 0; id < s->n; id++) {
        const gndp_gnode *node = &s->g->nodes[id];
        for (int i = 0; i < node->n_in && !s->needed[id]; i++) {
            s->needed[id] = s->needed[node->in[i].id];
        }
    }
}

static bool arguments_fit(gndp_graph *g, const gndp_node *y, const gndp_node *cot, int64_t m, const gndp_node *x, int64_t n,
                          const gndp_node *out)
{
    if (g == NULL || g->status != GNDP_OK) {
        return false;
    }
    if (m < 0 || n < 0 || (m > 0 && (y == NULL || cot == NULL)) || (n > 0 && (x == NULL || out == NULL))) {
        gndp_graph_fail(g, GNDP_ERR_ARG, "grad", "NULL list or negative count");
        return false;
    }
    for (int64_t i = 0; i < n; i++) {
        if (gndp_graph_stopped(g, "grad", 1, &x[i])) {
            return false;
        }
        if (!is_real(gndp_node_type(x[i]))) {
            gndp_graph_fail(g, GNDP_ERR_TYPE, "grad", "x[%lld] is " GNDP_TYPE_FMT ": only real values have derivatives", (long long)i,
                            GNDP_TYPE_ARG(gndp_node_type(x[i])));
            return false;
        }
    }
    for (int64_t i = 0; i < m; i++) {
        if (gndp_graph_stopped(g, "grad", 1, &y[i]) || (!gndp_is_none(cot[i]) && gndp_graph_stopped(g, "grad", 1, &cot[i]))) {
            return false;
        }
        if (!gndp_is_none(cot[i]) && !gndp_type_equal(gndp_node_type(y[i]), gndp_node_type(cot[i]))) {
            gndp_graph_fail(g, GNDP_ERR_SHAPE, "grad", "cotangent %lld is " GNDP_TYPE_FMT ", its value " GNDP_TYPE_FMT, (long long)i,
                            GNDP_TYPE_ARG(gndp_node_type(cot[i])), GNDP_TYPE_ARG(gndp_node_type(y[i])));
            return false;
        }
    }
    return true;
}

void(gndp_vjp)(gndp_graph *g, const gndp_node *y, const gndp_node *cot, int64_t m, const gndp_node *x, int64_t n, gndp_node *out)
{
    sweep s = {.g = g};
    for (int64_t i = 0; i < n && out != NULL; i++) {
        out[i] = GNDP_NONE;
    }
    if (!arguments_fit(g, y, cot, m, x, n, out)) {
        return;
    }
    s.n = g->n;
    g->sweeps++;
    s.needed = calloc((size_t)s.n + 1, sizeof *s.needed);
    s.list = calloc((size_t)s.n * GNDP_MAX_OUTPUTS + 1, sizeof(contribution *));
    if (s.needed == NULL || s.list == NULL || gndp_arena_create((size_t)16 << 10, &s.arena) != GNDP_OK) {
        gndp_graph_fail(g, GNDP_ERR_NOMEM, "grad", "no memory for %lld nodes", (long long)s.n);
        goto done;
    }
    mark_needed(&s, x, n);
    for (int64_t i = 0; i < m; i++) {
        if (s.needed[y[i].id] && is_real(gndp_node_type(y[i]))) {
            contribute(&s, y[i], cot[i]);
        }
    }
    for (int64_t id = s.n - 1; id >= 0 && g->status == GNDP_OK; id--) {
        gndp_node sum[GNDP_MAX_OUTPUTS] = {{0}};
        bool any = false;
        if (!s.needed[id]) {
            continue;
        }
        for (int o = 0; o < g->nodes[id].n_out; o++) {
            sum[o] = total(&s, id, o);
            any = any || !gndp_is_none(sum[o]);
        }
        for (int64_t i = 0; i < n; i++) {
            if (x[i].id == id) {
                out[i] = sum[x[i].out];
            }
        }
        bool inner = false; /* an input leads on to an x */
        for (int i = 0; i < g->nodes[id].n_in; i++) {
            inner = inner || s.needed[g->nodes[id].in[i].id];
        }
        if (any && inner) {
            pull_back(&s, id, sum);
        }
    }
    if (g->status != GNDP_OK) {
        for (int64_t i = 0; i < n; i++) {
            out[i] = GNDP_NONE;
        }
    }
done:
    g->sweeps--;
    gndp_arena_free(s.arena);
    free(s.needed);
    free(s.list);
}

void(gndp_grad)(gndp_graph *g, gndp_node loss, const gndp_node *x, int64_t n, gndp_node *out)
{
    for (int64_t i = 0; i < n && out != NULL; i++) {
        out[i] = GNDP_NONE;
    }
    if (gndp_graph_stopped(g, "grad", 1, &loss)) {
        return;
    }
    const gndp_type type = gndp_node_type(loss);
    if (!is_real(type)) {
        gndp_graph_fail(g, GNDP_ERR_TYPE, "grad", "the loss is " GNDP_TYPE_FMT ": not real", GNDP_TYPE_ARG(type));
        return;
    }
    if (gndp_type_count(type) != 1) {
        gndp_graph_fail(g, GNDP_ERR_SHAPE, "grad", "the loss is " GNDP_TYPE_FMT ": not a scalar; sum it, or use gndp_vjp", GNDP_TYPE_ARG(type));
        return;
    }
    const gndp_node one = gndp_broadcast_to(g, gndp_scalar(g, type.dtype, 1.0), type.rank, type.dim);
    gndp_vjp(g, &loss, &one, 1, x, n, out);
}
