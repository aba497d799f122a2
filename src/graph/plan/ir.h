// SPDX-License-Identifier: Apache-2.0
// The planner's own copy of a graph: passes read one and write the next.
#ifndef GNDP_GRAPH_PLAN_IR_H
#define GNDP_GRAPH_PLAN_IR_H

#include "base/arena.h"
#include "graph/op.h"

/** One output of one node. */
typedef struct ir_ref {
    int32_t node, out;
} ir_ref;

typedef struct ir_node {
    const gndp_op *op;
    gndp_attr attr;
    ir_ref *in;       /* arena; inputs come earlier in the list */
    gndp_type *out;   /* arena; [n_out] */
    gndp_store *store; /* param */
    int n_in, n_out;
    bool keep;       /* end of a block (gndp_keep) */
    bool backward;   /* appended by differentiation */
    bool rebuilt;    /* second copy made by the recompute pass: never merged with the first */
} ir_node;

typedef struct gndp_ir {
    gndp_arena *arena; /* shared by all stages of one compilation; not owned */
    ir_node *nodes;
    int64_t n, capacity; /* capacity is fixed when it is made */
    ir_ref *outputs;
    int64_t n_outputs;
} gndp_ir;

/** Room for `capacity` nodes and the outputs of `like` (may be NULL). */
gndp_status gndp_ir_init(gndp_ir *ir, gndp_arena *arena, int64_t capacity, const gndp_ir *like);

/** What stands for output 0 of a node whose value is known; data is borrowed. */
ir_node gndp_ir_constant(const ir_node *node, const void *data);

/** Append a copy of `node` with other inputs; the result is its id, -1 when out of memory. */
int32_t gndp_ir_append(gndp_ir *ir, const ir_node *node, const ir_ref *in);

/** The nodes of g that outputs (and effects, if asked) need, views of nothing else. */
gndp_status gndp_ir_from_graph(gndp_graph *g, const gndp_node *outputs, int64_t n, bool effects, gndp_arena *arena, gndp_ir *ir);

static inline gndp_type ir_type(const gndp_ir *ir, ir_ref ref)
{
    return ir->nodes[ref.node].out[ref.out];
}

/** How often each node is read (outputs count), [n] in the arena; NULL when out of memory. */
int32_t *gndp_ir_uses(const gndp_ir *ir);

/* The passes. Each reads `in`, writes `out` (made by it), and keeps every value. */
gndp_status gndp_pass_prune(const gndp_ir *in, gndp_ir *out);         /* drop what nothing needs */
gndp_status gndp_pass_simplify(const gndp_ir *in, gndp_ir *out);      /* do-nothing nodes, views of views, scales of scales */
gndp_status gndp_pass_merge(const gndp_ir *in, gndp_ir *out);         /* common subexpressions */
gndp_status gndp_pass_fold_constants(const gndp_ir *in, gndp_ir *out); /* compute now what is known now */
gndp_status gndp_pass_fold_matmul(const gndp_ir *in, gndp_ir *out);   /* transposes and factors into matrix products */
/** Rebuild values between keep marks instead of holding them for the gradient. */
gndp_status gndp_pass_recompute(const gndp_ir *in, gndp_ir *out, int64_t *rebuilt);

#endif
