// SPDX-License-Identifier: Apache-2.0
// Fused attention for the CPU executor: scores, mask, softmax and product per head, and the
// adjoint.
#ifndef GNDP_GRAPH_CPU_ATTENTION_H
#define GNDP_GRAPH_CPU_ATTENTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cpu.h"

/* Head h reads columns [h dk, (h+1) dk) of a row of q or k and [h dv, (h+1) dv) of a row of v or o.
   Strides are in elements. */
typedef struct gndp_attention_shape {
    int64_t batch, nq, nk, heads, dk, dv;
    int64_t q_row, k_row, v_row, o_row;         /* between rows: >= heads*dk, or >= heads*dv */
    int64_t q_batch, k_batch, v_batch, o_batch; /* between batch members; 0 shares q, k or v */
    double scale;                               /* logits = scale * q k' */
    const int32_t *mask;                        /* keep where != 0; NULL keeps all */
    int64_t mask_batch, mask_q, mask_k;         /* mask_q = 0: a mask of keys */
} gndp_attention_shape;

typedef enum gndp_attention_kind {
    GNDP_ATTENTION_F32,
    GNDP_ATTENTION_F64,
    GNDP_ATTENTION_BF16 /* f32 in memory; operands of products rounded to bf16, sums in f32 */
} gndp_attention_kind;

/**
 * Bytes of scratch that a call wants, for all threads together. The level must be the one of the
 * call. GNDP_ATTENTION_BF16 uses vdpbf16ps when simd is GNDP_SIMD_AVX512 and has_bf16 is set, else
 * it is imitated by portable code: right, but slower than GNDP_ATTENTION_F32.
 */
size_t gndp_attention_scratch_bytes(gndp_attention_kind kind, gndp_simd simd, bool has_bf16,
                                    const gndp_attention_shape *shape, int threads, bool adjoint);

/**
 * o = softmax(scale q k') v over the kept keys, and lse = log sum exp of the kept logits.
 *
 * A row without kept keys gives o = 0 and lse = -inf. Masks select: whatever stands in a masked key
 * or value, NaN included, reaches nothing. Nothing of size nq x nk is written, nothing is
 * allocated, and the bits do not depend on the number of threads.
 *
 * @param q, k, v  float, or double when kind is GNDP_ATTENTION_F64
 * @param o        out; must not overlap the inputs
 * @param lse      out, [batch, heads, nq], or NULL
 * @param scratch  gndp_attention_scratch_bytes(..., false) bytes
 */
void gndp_attention_forward(gndp_attention_kind kind, gndp_simd simd, bool has_bf16,
                            const gndp_attention_shape *shape, const void *q, const void *k,
                            const void *v, void *o, void *lse, void *scratch, int threads);

/**
 * The cotangents of q, k and v given d_o, that of o, which has the strides of o:
 *
 *   P = exp(scale q k' - lse), D = rowsum(d_o o), dS = P (d_o v' - D),
 *   dv = P' d_o, dk = scale dS' q, dq = scale dS k.
 *
 * They have the strides of q, k and v and are written, not added to; where a batch stride is 0 the
 * sum over the batch is written. Masked keys, and rows without kept keys, get exact zeros.
 *
 * @param o, lse   what the forward call gave
 * @param scratch  gndp_attention_scratch_bytes(..., true) bytes
 */
void gndp_attention_adjoint(gndp_attention_kind kind, gndp_simd simd, bool has_bf16,
                            const gndp_attention_shape *shape, const void *q, const void *k,
                            const void *v, const void *o, const void *lse, const void *d_o,
                            void *dq, void *dk, void *dv, void *scratch, int threads);

#endif
