// SPDX-License-Identifier: Apache-2.0
// The walk that every rewriting pass shares: old nodes in order, each replaced by what the pass says.
#ifndef GNDP_GRAPH_PLAN_PASS_H
#define GNDP_GRAPH_PLAN_PASS_H

#include "graph/plan/ir.h"

typedef struct ir_pass {
    const gndp_ir *from;
    gndp_ir *to;
    ir_ref *map; /* [from->n * GNDP_MAX_OUTPUTS] where each old output went */
    void *context;
} ir_pass;

/**
 * Emit what replaces old node `id`, whose inputs are in[] of the new list, by filling map[0..n_out); return false when
 * out of memory. gndp_ir_append(pass->to, ..) makes new nodes.
 */
typedef bool (*ir_visit)(ir_pass *pass, int64_t id, const ir_ref *in, ir_ref *map);

/** The visit that keeps a node as it is. */
bool gndp_ir_keep(ir_pass *pass, int64_t id, const ir_ref *in, ir_ref *map);

/** Walk; `growth` more nodes than before may be made. */
gndp_status gndp_ir_rewrite(const gndp_ir *from, gndp_ir *to, int64_t growth, ir_visit visit, void *context);

#endif
