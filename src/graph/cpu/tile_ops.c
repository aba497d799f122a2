// SPDX-License-Identifier: Apache-2.0
// Names of the elementwise formulas, and the choice of a tile table.
#include "graph/cpu/tile_ops.h"

#include "base/cpu.h"

#include <stddef.h>

const gndp_ew_info *gndp_ew_info_of(gndp_ew op)
{
    static const gndp_ew_info info[GNDP_EW_COUNT] = {
#define GNDP_EW(NAME, name, arity, parameters, kind)                                               \
    [GNDP_EW_##NAME] = {#name, arity, parameters, #kind[0]},
#include "graph/ops/elementwise.def"
#undef GNDP_EW
    };
    return op >= 0 && op < GNDP_EW_COUNT ? &info[op] : NULL;
}

const gndp_tile_table *gndp_tile_table_best(int simd)
{
#if GNDP_HAVE_X86_SIMD
    if (simd >= (int)GNDP_SIMD_AVX512)
        return gndp_tile_table_avx512();
    if (simd >= (int)GNDP_SIMD_AVX2)
        return gndp_tile_table_avx2();
#else
    (void)simd;
#endif
    return gndp_tile_table_baseline();
}
