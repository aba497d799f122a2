// SPDX-License-Identifier: Apache-2.0
// Attention routines: AVX2 and FMA.

#include <immintrin.h>

#include "graph/cpu/attention_level.inl"

#define ATT_LEVEL 1
#define ATT_BYTES 32
#define ATT_VECTORS 2

#define ATT(name) name##_f32_avx2
#define ATT_F64 0
#define ATT_BF16 0
#define ATT_HARD_BF16 0
#include "graph/cpu/attention_kind.inl"

#define ATT(name) name##_f64_avx2
#define ATT_F64 1
#define ATT_BF16 0
#define ATT_HARD_BF16 0
#include "graph/cpu/attention_kind.inl"
