// SPDX-License-Identifier: Apache-2.0
// Matrix products of the CPU executor: C (+)= alpha A B for f32, f64 and f32 with bf16 operands.
//
// Two storeys. `gndp_gemm_ops` are single-threaded building blocks (pack B once, then any block of
// rows of C) that fused executor code may call from its own threads. The drivers below them cut a
// product into tasks by its shape alone, so that results have the same bits for any thread count.
//
// Arithmetic. Every element of C is one chain of fused multiply-adds (multiply and add at the
// baseline level) over k in ascending order, restarted every few hundred k; a block's sum is then
// multiplied by alpha and added to C. Results therefore depend on the SIMD level but neither on
// where an element lies in C nor on how rows are cut into calls. Drivers that split k add partial
// sums in a fixed order. NaN and inf follow IEEE. The bf16 kind rounds operands to nearest even and
// flushes subnormal operands and sums to zero (the instruction does). Flush-to-zero for the others
// is the caller's business.
//
// Nothing here allocates: callers bring scratch, aligned to 64 bytes, of the size that the matching
// query names.
#ifndef GNDP_GRAPH_CPU_GEMM_H
#define GNDP_GRAPH_CPU_GEMM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/cpu.h"

typedef enum gndp_gemm_kind {
    GNDP_GEMM_F32,
    GNDP_GEMM_F64,
    GNDP_GEMM_BF16 /* f32 in memory, operands rounded to bf16 when packed, f32 sums */
} gndp_gemm_kind;

/* One product, used by the drivers and by each level's `product`. Strides count elements. */
typedef struct gndp_gemm_shape {
    int64_t batch, m, n, k;
    int64_t a_row, a_col, a_batch; /* A(i, k) = a[i*a_row + k*a_col] */
    int64_t b_row, b_col, b_batch; /* B(k, j) = b[k*b_row + j*b_col] */
    int64_t c_row, c_batch;        /* C(i, j) = c[i*c_row + j]; items of C must not overlap */
    double alpha;
    bool accumulate;  /* C += alpha A B instead of C = alpha A B */
    const void *bias; /* [n] added to every row of C, or NULL; borrowed */
    const void *packed_b; /* by gndp_gemm_pack(), or NULL; borrowed */
} gndp_gemm_shape;

/* Memory that the caller will read soon: rows of so many bytes, a stride in bytes apart. */
typedef struct gndp_gemm_region {
    const void *data;
    int64_t rows, stride, bytes;
} gndp_gemm_region;

/* Some rows of C: C[rows, n] (+)= alpha A[rows, k] B + bias. */
typedef struct gndp_gemm_block {
    int64_t rows, n, k;
    double alpha;
    const void *a;
    int64_t a_row, a_col;
    const void *packed_b;
    const void *bias; /* [n], or NULL */
    void *c;
    int64_t c_row;
    bool accumulate;
    gndp_gemm_region next[2]; /* brought into cache meanwhile; {0}: nothing */
    void *scratch;
} gndp_gemm_block;

typedef struct gndp_gemm_ops {
    int mr, nr;  /* register block */
    size_t elem; /* bytes of an element of A, B and C in memory */
    size_t (*packed_b_bytes)(int64_t k, int64_t n);
    size_t (*packed_b_offset)(int64_t k, int64_t n0); /* where column n0's panel begins */
    /* Columns [n0, n1) of B(k, n) = b[k*b_row + n*b_col] into panels; n0 is a multiple of nr. `b`
       points at B(0, 0). Any strides; either one being 1 is fast. */
    void (*pack_b)(int64_t k, int64_t n, int64_t n0, int64_t n1, const void *b, int64_t b_row,
                   int64_t b_col, void *packed);
    size_t (*row_scratch_bytes)(int64_t rows, int64_t k);
    /* C[rows, n] (+)= alpha A[rows, k] B. */
    void (*rows)(int64_t rows, int64_t n, int64_t k, double alpha, const void *a, int64_t a_row,
                 int64_t a_col, const void *packed_b, void *c, int64_t c_row, bool accumulate,
                 void *scratch);
    /* The same with all options. */
    void (*block)(const gndp_gemm_block *w);
    /* One whole product (batch is ignored), packing only what pays; next as in gndp_gemm_block. */
    size_t (*product_scratch_bytes)(const gndp_gemm_shape *s);
    void (*product)(const gndp_gemm_shape *s, const void *a, const void *b, void *c,
                    const gndp_gemm_region next[2], void *scratch);
    /* Row i of C from `chunks` dense [m, n] partial sums of A B, added in ascending order; then
       alpha, bias and accumulate of s. */
    void (*add_partials)(const gndp_gemm_shape *s, int64_t chunks, int64_t i, const void *partials,
                         void *c);
} gndp_gemm_ops;

/* The building blocks for a kind at a SIMD level; NULL when the level cannot do the kind: bf16
   needs AVX512 and the avx512_bf16 instructions (gemm never emulates them). */
const gndp_gemm_ops *gndp_gemm_ops_for(gndp_gemm_kind kind, gndp_simd level, bool has_bf16);

/* Bytes of B packed beforehand, for products whose B stays the same: gndp_gemm_pack() fills them and
   shape.packed_b names them, in gndp_gemm_scratch_bytes() too. 0 where the product packs nothing
   whole. */
size_t gndp_gemm_packed_bytes(const gndp_gemm_ops *ops, const gndp_gemm_shape *s);
void gndp_gemm_pack(const gndp_gemm_ops *ops, const gndp_gemm_shape *s, const void *b,
                    void *packed);

/* Scratch for gndp_gemm_run: 64-byte aligned, for up to `threads` threads. */
size_t gndp_gemm_scratch_bytes(const gndp_gemm_ops *ops, const gndp_gemm_shape *s, int threads);

/* All products of s on an OpenMP team of at most `threads` threads. */
void gndp_gemm_run(const gndp_gemm_ops *ops, const gndp_gemm_shape *s, const void *a, const void *b,
                   void *c, void *scratch, int threads);

/* f32 rounded to bf16 (nearest even, NaN kept quiet, subnormals to zero), as 16 bits. */
static inline uint16_t gndp_bf16_from_f32(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    const uint32_t exponent = bits & 0x7f800000u;
    if (exponent == 0)
        return (uint16_t)((bits & 0x80000000u) >> 16);
    if (exponent == 0x7f800000u && (bits & 0x007fffffu) != 0)
        return (uint16_t)((bits >> 16) | 0x0040u);
    return (uint16_t)((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
}

static inline float gndp_bf16_to_f32(uint16_t h)
{
    const uint32_t bits = (uint32_t)h << 16;
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

#endif
