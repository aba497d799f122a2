// SPDX-License-Identifier: Apache-2.0
// Tile table for AVX2 with FMA; compiled with those flags, called only where the processor has
// them.
#ifndef GNDP_HAVE_X86_SIMD
#define GNDP_HAVE_X86_SIMD 1 /* the build compiles this file nowhere else */
#endif
#define GNDP_VEC_LEVEL 2

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

const gndp_tile_table *gndp_tile_table_avx2(void)
{
    return &GNDP_TILE_LEVEL(table);
}
