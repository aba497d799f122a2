// SPDX-License-Identifier: Apache-2.0
// Choice of the matrix-product building blocks by kind and SIMD level.
#include "graph/cpu/gemm.h"

#include "graph/cpu/gemm_levels.h"

const gndp_gemm_ops *gndp_gemm_ops_for(gndp_gemm_kind kind, gndp_simd level, bool has_bf16)
{
#ifdef GNDP_HAVE_X86_SIMD
    if (kind == GNDP_GEMM_BF16)
        return level >= GNDP_SIMD_AVX512 && has_bf16 ? &gndp_gemm_bf16_avx512bf16 : NULL;
    if (level >= GNDP_SIMD_AVX512)
        return kind == GNDP_GEMM_F64 ? &gndp_gemm_f64_avx512 : &gndp_gemm_f32_avx512;
    if (level >= GNDP_SIMD_AVX2)
        return kind == GNDP_GEMM_F64 ? &gndp_gemm_f64_avx2 : &gndp_gemm_f32_avx2;
#else
    (void)level;
    (void)has_bf16;
    if (kind == GNDP_GEMM_BF16)
        return NULL;
#endif
    return kind == GNDP_GEMM_F64 ? &gndp_gemm_f64_baseline : &gndp_gemm_f32_baseline;
}
