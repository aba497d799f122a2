// SPDX-License-Identifier: Apache-2.0
// From units to steps.
#ifndef GNDP_GRAPH_CPU_LOWER_H
#define GNDP_GRAPH_CPU_LOWER_H

#include "graph/cpu/fuse.h"
#include "graph/cpu/tile.h"

typedef struct cpu_lowering {
    gndp_plan *plan;
    cpu_fusion fusion;
    int32_t *buffer;  /* [nodes * GNDP_MAX_OUTPUTS] array of a value; -1: none, it lives in tiles */
    bool *needed;     /* [nodes * GNDP_MAX_OUTPUTS] read by another unit, an output, or assigned */
    bool *in_place;   /* [nodes] output 0 goes straight into a parameter */
} cpu_lowering;

static inline int32_t *lower_buffer(const cpu_lowering *l, ir_ref ref)
{
    return &l->buffer[(int64_t)ref.node * GNDP_MAX_OUTPUTS + ref.out];
}

/** Buffer and element offset of a value that is dense in memory. */
gndp_status gndp_lower_tiles(cpu_lowering *l, const cpu_unit *unit);
gndp_status gndp_lower_matmul(cpu_lowering *l, int32_t node);
gndp_status gndp_lower_op(cpu_lowering *l, int32_t node);

#endif
