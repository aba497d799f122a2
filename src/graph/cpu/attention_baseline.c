// SPDX-License-Identifier: Apache-2.0
// Attention routines: portable vectors of 128 bits; bf16 is imitated.

#include "graph/cpu/attention_level.inl"

#define ATT_LEVEL 0
#define ATT_BYTES 16
#define ATT_VECTORS 2

#define ATT(name) name##_f32_baseline
#define ATT_F64 0
#define ATT_BF16 0
#define ATT_HARD_BF16 0
#include "graph/cpu/attention_kind.inl"

#define ATT(name) name##_f64_baseline
#define ATT_F64 1
#define ATT_BF16 0
#define ATT_HARD_BF16 0
#include "graph/cpu/attention_kind.inl"

#define ATT(name) name##_bf16_baseline
#define ATT_F64 0
#define ATT_BF16 1
#define ATT_HARD_BF16 0
#include "graph/cpu/attention_kind.inl"
