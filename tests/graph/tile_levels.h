// SPDX-License-Identifier: Apache-2.0
// The tile tables that this processor can run, for the tests that try each.
#ifndef GNDP_TEST_TILE_LEVELS_H
#define GNDP_TEST_TILE_LEVELS_H

#include "base/cpu.h"
#include "graph/cpu/tile_ops.h"

#include <gndp/base.h>

/* Scalar, baseline, then what the processor has, in rising order; returns their number. */
static inline int level_tables(const gndp_tile_table *table[4])
{
    int n = 0;
    table[n++] = gndp_tile_table_scalar();
    table[n++] = gndp_tile_table_baseline();
#if GNDP_HAVE_X86_SIMD
    const gndp_cpu cpu = gndp_cpu_detect();
    if (cpu.simd >= GNDP_SIMD_AVX2)
        table[n++] = gndp_tile_table_avx2();
    if (cpu.simd >= GNDP_SIMD_AVX512)
        table[n++] = gndp_tile_table_avx512();
#endif
    return n;
}

/* Word i of a seeded stream. */
static inline uint32_t stream_word(uint32_t i, uint32_t stream)
{
    uint32_t w[4];
    gndp_philox((const uint32_t[4]){i, stream, 0, 0}, (const uint32_t[2]){11, 0}, w);
    return w[0];
}

#endif
