// SPDX-License-Identifier: Apache-2.0
// The attention routines of one kind, and their table ATT(gndp_attention).

#include "graph/cpu/attention_vec.inl"

#include "graph/cpu/attention_tile.inl"

#include "graph/cpu/attention_pack.inl"

#include "graph/cpu/attention_careful.inl"

#include "graph/cpu/attention_head.inl"

const gndp_attention_ops ATT(gndp_attention) = {
    .lanes = LANES,
    .pair = PAIR,
    .vectors = ATT_VECTORS,
    .real = sizeof(REAL),
    .word = sizeof(WORD),
    .forward = ATT(forward),
    .adjoint = ATT(adjoint),
    .sum_parts = ATT(sum_parts),
};

#undef REAL
#undef BITS
#undef MANTISSA
#undef LANES
#undef VEC
#undef IVEC
#undef WVEC
#undef WORD
#undef PAIR
#undef LOG2E
#undef LN2
#undef ATT_MAX_ROWS
#undef ATT
#undef ATT_F64
#undef ATT_BF16
#undef ATT_HARD_BF16
