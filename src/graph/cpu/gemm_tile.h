// SPDX-License-Identifier: Apache-2.0
// What the register tiles of every level share: their arguments, block sizes and small helpers.
#ifndef GNDP_GRAPH_CPU_GEMM_TILE_H
#define GNDP_GRAPH_CPU_GEMM_TILE_H

#include "graph/cpu/gemm.h"

/* k is cut into even blocks of at most this many bytes of one operand row: a block of A for one
   register tile (12 KiB at 12 rows) stays in L1 while panels of B stream past it from L2. */
#define GNDP_GEMM_K_BYTES 1024
/* An operand of a small product is read in place if it spans no more: half of L1. */
#define GNDP_GEMM_IN_PLACE_BYTES (16 * 1024)
/* Rows of C that share one pass over the panels of B; a multiple of every mr (12, 6, 4). */
#define GNDP_GEMM_ROW_BLOCK 192
/* Bytes of packed B reused over a row block; half of the smallest L2 we care for (1 MiB). */
#define GNDP_GEMM_B_BYTES (512 * 1024)

/* Steps of k between two requests to memory: few enough lines at a time that the miss buffers (24
   on Zen 4) keep room for B. Short products have more to ask for in each step. For tiles of 12
   rows; inverse to the rows. */
#define GNDP_GEMM_SPAN 24
#define GNDP_GEMM_SHORT_SPAN 6
#define GNDP_GEMM_SHORT_K 96

#define GNDP_GEMM_INLINE static inline __attribute__((always_inline))

#if defined(__clang__)
#define GNDP_GEMM_UNROLL _Pragma("clang loop unroll(full)")
#else
#define GNDP_GEMM_UNROLL _Pragma("GCC unroll 16")
#endif

/* A register tile: rows x (at most nr) outputs. Strides of a and b count units: an element, or for
   bf16 a pair of neighbours in k. Row r of A at step s is a[r*a_row + s*a_step]. */
typedef struct gndp_gemm_tile {
    int64_t k; /* in units */
    const void *a;
    int64_t a_row, a_step;
    const void *b;
    int64_t b_step;
    int b_cols; /* columns that may be read in b: all of a packed panel */
    int cols;   /* columns of C to write */
    void *c;
    int64_t c_row;
    double alpha;
    bool accumulate;
    const void *bias; /* for these columns, or NULL */
    /* Asked of memory between spans of k: rows of C, rows of what is read next (ahead). */
    int span, span_rows, span_ahead;
    const char *ahead;
    int64_t ahead_stride;
    int ahead_rows, ahead_lines;
    bool ahead_far; /* to L2 only: what is ahead will be copied, and is more than L1 holds */
} gndp_gemm_tile;

typedef void gndp_gemm_tile_fn(const gndp_gemm_tile *t);

/* A block of A as the tiles read it. */
typedef enum gndp_gemm_a_form {
    GNDP_GEMM_A_IN_PLACE, /* runs of k at data */
    GNDP_GEMM_A_COPY,     /* copied to scratch as runs of k when a tile's turn comes */
    GNDP_GEMM_A_PANELS    /* in scratch: a panel a tile, k outermost */
} gndp_gemm_a_form;

typedef struct gndp_gemm_a_view {
    gndp_gemm_a_form form;
    const void *data;
    int64_t row, col; /* strides of data, in elements */
    void *scratch;
} gndp_gemm_a_view;

static inline int64_t gndp_ceil_div(int64_t a, int64_t b)
{
    return (a + b - 1) / b;
}

static inline int64_t gndp_min_i64(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static inline int64_t gndp_max_i64(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* The memory of X(i, j) = p[i*row + j*col], rows x cols; none when neither stride is 1. */
static inline gndp_gemm_region gndp_gemm_region_of(size_t elem, const void *p, int64_t rows,
                                                   int64_t row, int64_t cols, int64_t col)
{
    const int64_t size = (int64_t)elem;
    gndp_gemm_region region = {0};
    if (col == 1)
        region = (gndp_gemm_region){p, rows, row * size, cols * size};
    else if (row == 1)
        region = (gndp_gemm_region){p, cols, col * size, rows * size};
    if (region.stride == region.bytes) /* dense: line by line, evenly */
        region = (gndp_gemm_region){p, gndp_ceil_div(region.rows * region.bytes, 64), 64, 1};
    return region;
}

/* Cache lines that a row of a region touches, at most when it starts anywhere. */
static inline int64_t gndp_gemm_row_lines(const gndp_gemm_region *r)
{
    const bool even = (((uintptr_t)r->data | (uintptr_t)r->stride) & 63) == 0;
    return gndp_ceil_div(r->bytes, 64) + (!even && r->bytes > 1);
}

/* Give a tile its share, number `call` of `calls`, of the rows to ask for; even in lines. */
static inline void gndp_gemm_plan_ahead(const gndp_gemm_region next[2], int64_t call, int64_t calls,
                                        int64_t spans, gndp_gemm_tile *t)
{
    const gndp_gemm_region *r = &next[0];
    int64_t each = gndp_gemm_row_lines(r);
    const int64_t each_1 = gndp_gemm_row_lines(&next[1]), first = each * r->rows;
    const int64_t all = first + each_1 * next[1].rows;
    int64_t from = all * call / calls, to = all * (call + 1) / calls;
    t->ahead_rows = 0;
    if (from == to)
        return;
    if (from >= first) {
        r = &next[1];
        each = each_1;
        from -= first;
        to -= first;
    }
    from = gndp_ceil_div(from, each);
    to = gndp_min_i64(r->rows, gndp_ceil_div(to, each));
    t->ahead = (const char *)r->data + from * r->stride;
    t->ahead_stride = r->stride;
    t->ahead_lines = (int)each;
    t->ahead_rows = (int)(to - from);
    t->span_ahead = (int)gndp_ceil_div(to - from, spans);
}

static inline size_t gndp_gemm_align(size_t bytes)
{
    return (bytes + 63) & ~(size_t)63;
}

#endif
