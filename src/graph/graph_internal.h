// SPDX-License-Identifier: Apache-2.0
// What the room itself sees of a graph: its node list.
#ifndef GNDP_GRAPH_INTERNAL_H
#define GNDP_GRAPH_INTERNAL_H

#include "base/arena.h"
#include "graph/op.h"

/** A node as stored; everything it points to lives in the graph's arena. */
typedef struct gndp_gnode {
    const gndp_op *op;
    const gndp_attr *attr;
    const gndp_node *in;
    const gndp_type *out; /* [n_out] */
    gndp_store *store;    /* of a param node; borrowed */
    int n_in, n_out;
    const char *file; /* the caller's place */
    int line;
    bool keep;     /* marked by gndp_keep */
    bool backward; /* appended by differentiation */
} gndp_gnode;

struct gndp_graph {
    gndp_arena *arena;
    gndp_gnode *nodes; /* grows; ids are positions, inputs have smaller ids */
    int64_t n, capacity;
    gndp_status status;
    char error[1024];
    const char *file; /* place of the next node */
    int line;
    int sweeps; /* differentiations under way */
};

static inline const gndp_gnode *gndp_gnode_of(gndp_node node)
{
    return &node.graph->nodes[node.id];
}

/** The param nodes (value slot) of `store` in g, in order of first use: how many, and a copy of them in g's arena. */
int64_t gndp_graph_params(gndp_graph *g, const gndp_store *store, const gndp_node **nodes);

/** True if a random node of g draws from `stream` already. */
bool gndp_graph_has_stream(const gndp_graph *g, uint32_t stream);

/** Differentiate a node through op->lower: the inputs are held as independent. */
void gndp_vjp_lowered(gndp_graph *g, const gndp_op *op, const gndp_pullback *p);

/** An array of a slot, made on first use (store.c). */
gndp_status gndp_store_slot(gndp_store *store, const char *name, gndp_slot slot, gndp_array *out);

/** The node itself under a new id; removed by the planner. */
gndp_node gndp_identity(gndp_graph *g, gndp_node x);

/** Broadcast type of two, numpy rules, dtype of a; false if they do not fit. */
bool gndp_type_broadcast(gndp_type a, gndp_type b, gndp_type *out);

#endif
