// SPDX-License-Identifier: Apache-2.0
// Scalar instances of the elementwise formulas with the C library: what the reference executor
// runs.
#define GNDP_VEC_LEVEL 0

/* Each file needs the ones before it: the blank lines keep formatters from sorting them. */
#define GNDP_VEC_REAL 32
#include "graph/cpu/vec.h"

#include "graph/ops/elementwise.inl"

#include "graph/cpu/tile_ops.inl"

#undef GNDP_VEC_REAL
#define GNDP_VEC_REAL 64
#include "graph/cpu/vec.h"

#include "graph/ops/elementwise.inl"

#include "graph/cpu/tile_ops.inl"

#include "graph/cpu/tile_ops_table.inl"

const gndp_tile_table *gndp_tile_table_scalar(void)
{
    return &GNDP_TILE_LEVEL(table);
}
