// SPDX-License-Identifier: Apache-2.0
// Tables of routines that work on tiles (dense runs of elements in cache), one table a SIMD level.
#ifndef GNDP_GRAPH_CPU_TILE_OPS_H
#define GNDP_GRAPH_CPU_TILE_OPS_H

#include <stdint.h>

#define GNDP_EW(NAME, name, arity, parameters, kind) GNDP_EW_##NAME,
/** Index of an elementwise formula of ops/elementwise.def. */
typedef enum gndp_ew {
#include "graph/ops/elementwise.def"
    GNDP_EW_COUNT
} gndp_ew;
#undef GNDP_EW

typedef struct gndp_ew_info {
    const char *name;
    int arity, parameters;
    char kind; /* R, P, C, S: see elementwise.def */
} gndp_ew_info;

const gndp_ew_info *gndp_ew_info_of(gndp_ew op);

/**
 * out[i] = f(a[i], b[i], c[i]; p) for 0 <= i < n. Bit k of step_bits set: operand k is an array of
 * n; clear: it is one value, used for every i. Operands past the arity are not looked at, nor p
 * when f has no parameters. The types follow from the formula's kind: i32 is int32_t whatever the
 * real type. `out` may be an operand array whose elements have the same size (exactly, not
 * shifted); other overlaps are not allowed. No alignment is needed. An element's value does not
 * depend on its place.
 */
typedef void (*gndp_tile_fn)(int64_t n, const void *a, const void *b, const void *c, int step_bits,
                             const double *p, void *out);

/** dst [rows, cols] dense: copy_rows takes row r from src + r src_stride (elements; 0 repeats one
 * row), fill_rows one element. */
typedef void (*gndp_tile_rows_fn)(int64_t rows, int64_t cols, const void *src, int64_t src_stride,
                                  void *dst);

/**
 * Reductions of x [rows, cols], dense, of one real type, that continue what is in `out`.
 *   row_sum  out[r] += s_r. With W lanes, vector j of a row (its last may be partial, filled with
 * 0) is added to sum j mod 4, in order; s_r is (sum 0 + sum 1) + (sum 2 + sum 3) folded over the
 * lanes by halves: a function of cols alone. col_sum  out[c] += x[r, c] for r = 0, 1, .., in that
 * order, at every level. row_max  out[r] = the larger of it and the row's largest; NaN if there is
 * one.
 */
typedef void (*gndp_tile_reduce_fn)(int64_t rows, int64_t cols, const void *x, void *out);

#define GNDP_TILE_I32_LIST(X)                                                                      \
    X(ADD, add) /* sums, differences, products wrap around */                                      \
    X(SUB, sub)                                                                                    \
    X(MUL, mul)                                                                                    \
    X(MIN, min)                                                                                    \
    X(MAX, max)                                                                                    \
    X(LESS, less) /* comparisons and logic give 1 or 0; any value but 0 is true */                 \
    X(LESS_EQUAL, less_equal)                                                                      \
    X(EQUAL, equal)                                                                                \
    X(NOT_EQUAL, not_equal)                                                                        \
    X(AND, and)                                                                                    \
    X(OR, or)                                                                                      \
    X(NOT, not )                                                                                   \
    X(SELECT, select) /* a ? b : c */

#define GNDP_TILE_I32_ENUM(NAME, name) GNDP_TILE_I32_##NAME,
typedef enum gndp_tile_i32 {
    GNDP_TILE_I32_LIST(GNDP_TILE_I32_ENUM) GNDP_TILE_I32_COUNT
} gndp_tile_i32;
#undef GNDP_TILE_I32_ENUM

/** Types are indexed by gndp_dtype: f32, f64, i32. */
typedef struct gndp_tile_table {
    const char *name;
    gndp_tile_fn real[2][GNDP_EW_COUNT];
    gndp_tile_fn i32[GNDP_TILE_I32_COUNT]; /* all operands and the result are int32_t */
    gndp_tile_fn cast[3][3]; /* [from][to]; [t][t] copies (step bit set) or fills (clear). Real to
                                i32 truncates; what does not fit, and NaN, gives the least i32.
                                Types of different size must not overlap */
    gndp_tile_rows_fn copy_rows[3], fill_rows[3];
    gndp_tile_reduce_fn row_sum[2], col_sum[2], row_max[2];
} gndp_tile_table;

/** Scalar instances with the C library, for the reference executor. */
const gndp_tile_table *gndp_tile_table_scalar(void);
const gndp_tile_table *gndp_tile_table_baseline(void);
#if GNDP_HAVE_X86_SIMD
const gndp_tile_table *gndp_tile_table_avx2(void);
const gndp_tile_table *gndp_tile_table_avx512(void);
#endif

/** The fastest table for a level of gndp_simd (base/cpu.h); the processor must have it. */
const gndp_tile_table *gndp_tile_table_best(int simd);

#endif
