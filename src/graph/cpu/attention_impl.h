// SPDX-License-Identifier: Apache-2.0
// What the attention driver hands to the compute routines of one SIMD level and one kind.
#ifndef GNDP_GRAPH_CPU_ATTENTION_IMPL_H
#define GNDP_GRAPH_CPU_ATTENTION_IMPL_H

#include "graph/cpu/attention.h"

/* Keys in one block: its scores [keys, queries] stay in L1 or L2 until they are used up. A multiple
   of every number of rows in a register block. */
#define GNDP_ATTENTION_KEYS 108

/* One head of one batch member and a range of its queries. Pointers are at the first row and
 * column. */
typedef struct gndp_attention_head {
    int64_t nq, nk, dk, dv;
    int64_t q_row, k_row, v_row, o_row;
    double scale;
    const void *q, *k, *v;
    const int32_t *mask; /* at this batch member and first query, or NULL */
    int64_t mask_q, mask_k;
    void *o, *lse;                     /* forward: written, lse may be NULL */
    const void *fwd_o, *fwd_lse, *d_o; /* adjoint: read */
    void *dq, *dk_out, *dv_out;        /* adjoint: written, or added to */
    int64_t dq_row, dk_row, dv_row;
    bool dq_add, dk_add, dv_add;
    const struct gndp_attention_head
        *next; /* what this thread does next, to fetch ahead, or NULL */
} gndp_attention_head;

/* Scratch of one thread. A word is what one multiplication step reads of one operand: an element,
   or two bf16 that are neighbours along the summed index. Rows are padded with zeros to whole
   vectors. */
typedef struct gndp_attention_work {
    int32_t *keep;       /* [nk] numbers of the kept keys, when the mask is one of keys */
    uint64_t *bits;      /* [block] bit q of entry j: query q keeps key j */
    void *k_row, *v_row; /* [nk, words of d]: words pair columns */
    void *k_pair,
        *v_pair; /* [words of nk, d]: words pair keys; with one element a word the same memory */
    void *q_turn, *d_turn; /* [words of d, queries] of q and d_o */
    void *q_pair, *d_pair; /* [words of queries, d] */
    void *score, *grad;    /* [block, queries] of reals: S then P, dP then dS */
    void *p_pair;          /* [words of block, queries]: P forward, dS adjoint */
    void *p_row, *g_row;   /* [block, words of queries] of P and dS */
    void *sum;             /* [d, queries] reals: o' or dq' */
    void *k_sum, *v_sum;   /* [nk, d] reals: dk and dv */
    void *stat;            /* 4 x [queries] reals */
} gndp_attention_work;

typedef struct gndp_attention_ops {
    int lanes;   /* reals in a vector */
    int pair;    /* elements in a word */
    int vectors; /* of queries in a block, at most */
    size_t real, word;
    void (*forward)(const gndp_attention_head *head, const gndp_attention_work *work);
    void (*adjoint)(const gndp_attention_head *head, const gndp_attention_work *work);
    /* dst[i] = sum over p of src[p * stride + i], in the order of p */
    void (*sum_parts)(int64_t n, int64_t parts, int64_t stride, const void *src, void *dst);
} gndp_attention_ops;

extern const gndp_attention_ops gndp_attention_f32_baseline, gndp_attention_f64_baseline,
    gndp_attention_bf16_baseline;
#ifdef GNDP_HAVE_X86_SIMD
extern const gndp_attention_ops gndp_attention_f32_avx2, gndp_attention_f64_avx2;
extern const gndp_attention_ops gndp_attention_f32_avx512, gndp_attention_f64_avx512;
extern const gndp_attention_ops gndp_attention_bf16_avx512bf16;
#endif

#endif
