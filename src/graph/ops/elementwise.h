// SPDX-License-Identifier: Apache-2.0
// From an elementwise op to the routine that computes a tile of it.
#ifndef GNDP_GRAPH_OPS_ELEMENTWISE_H
#define GNDP_GRAPH_OPS_ELEMENTWISE_H

#include "graph/cpu/tile_ops.h"
#include "graph/op.h"

/** True for ops the planner may fuse. */
static inline bool gndp_is_elementwise(const gndp_op *op)
{
    return op->elementwise > 0 || op->elementwise_i32 > 0 || op->cast;
}

/** The routine for an op whose last operand has type `in` and whose result has type `out`; NULL if there is none. */
static inline gndp_tile_fn gndp_elementwise_fn(const gndp_tile_table *table, const gndp_op *op, gndp_dtype in, gndp_dtype out)
{
    if (op->cast) {
        return table->cast[in][out];
    }
    if (in == GNDP_I32) {
        return op->elementwise_i32 > 0 ? table->i32[op->elementwise_i32 - 1] : NULL;
    }
    return op->elementwise > 0 ? table->real[in][op->elementwise - 1] : NULL;
}

#endif
