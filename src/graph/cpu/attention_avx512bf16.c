// SPDX-License-Identifier: Apache-2.0
// Attention routines: AVX-512 with dot products of bf16 pairs.

#include <immintrin.h>

#include "graph/cpu/attention_level.inl"

#define ATT_LEVEL 2
#define ATT_BYTES 64
#define ATT_VECTORS 4

#define ATT(name) name##_bf16_avx512bf16
#define ATT_F64 0
#define ATT_BF16 1
#define ATT_HARD_BF16 1
#include "graph/cpu/attention_kind.inl"
