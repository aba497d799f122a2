// SPDX-License-Identifier: Apache-2.0
// The tables of building blocks that gndp_gemm_ops_for chooses from.
#ifndef GNDP_GRAPH_CPU_GEMM_LEVELS_H
#define GNDP_GRAPH_CPU_GEMM_LEVELS_H

#include "graph/cpu/gemm.h"

extern const gndp_gemm_ops gndp_gemm_f32_baseline, gndp_gemm_f64_baseline;
extern const gndp_gemm_ops gndp_gemm_f32_avx2, gndp_gemm_f64_avx2;
extern const gndp_gemm_ops gndp_gemm_f32_avx512, gndp_gemm_f64_avx512;
extern const gndp_gemm_ops gndp_gemm_bf16_avx512bf16;

/* n floats rounded to bf16. */
void gndp_bf16_row_avx512bf16(int64_t n, const float *src, uint16_t *dst);

#endif
