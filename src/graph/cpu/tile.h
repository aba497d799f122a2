// SPDX-License-Identifier: Apache-2.0
// A fused unit as it runs: rows of a common iteration space, loads, instructions, stores and closing sums.
//
// The space is seen as `rows` rows of `row` elements. Blocks of rows are the tasks of the threads; a block is walked in
// tiles that fit the first-level cache, and each instruction runs over a whole tile, so the cost of stepping through the
// program is spread over about a thousand elements. Blocks depend on shapes only, and so does the order of every sum.
#ifndef GNDP_GRAPH_CPU_TILE_H
#define GNDP_GRAPH_CPU_TILE_H

#include "graph/cpu/gemm.h"
#include "graph/cpu/tile_ops.h"
#include "graph/plan/plan.h"

#define TILE_ELEMENTS 1024
#define TILE_SLOT (TILE_ELEMENTS * 8) /* bytes of a register */
#define TILE_MAX_LOADS 48
#define TILE_MAX_INSTRUCTIONS 80
#define TILE_MAX_PRODUCTS 12
#define TILE_MAX_PIECES 8

typedef enum load_kind {
    LOAD_DENSE, /* entry i of the space is entry i of the array: read where it lies */
    LOAD_ONE,   /* one entry for all */
    LOAD_ROWS,  /* rows somewhere, of entries in order or of one repeated entry: copied to a register (in place for one row) */
    LOAD_AXES,  /* any strides: gathered */
    LOAD_PIECES /* rows joined of pieces */
} load_kind;

typedef struct tile_piece {
    int32_t buffer; /* -1: zeros */
    int64_t offset, begin, end; /* columns of the row */
    int64_t outer_stride[GNDP_MAX_RANK];
    int64_t inner; /* stride of the columns: 0 or 1 */
} tile_piece;

typedef struct tile_load {
    load_kind kind;
    int32_t buffer;
    gndp_dtype dtype;
    int64_t offset;
    int64_t outer_stride[GNDP_MAX_RANK]; /* over the unit's outer axes */
    int inner_rank;
    int64_t inner_dim[GNDP_MAX_RANK], inner_stride[GNDP_MAX_RANK]; /* over the axes inside a row */
    bool pinned; /* the same for every row: filled once a thread */
    int slot;    /* register, -1: none needed */
    int n_pieces;
    tile_piece piece[TILE_MAX_PIECES];
} tile_load;

/** Where an operand is. */
typedef enum operand_kind {
    OPERAND_NONE,
    OPERAND_LOAD,    /* index: which load */
    OPERAND_SLOT,    /* index: register */
    OPERAND_MEMORY,  /* index: buffer, written tile by tile by this unit */
    OPERAND_PRODUCT  /* index: product whose block of rows it is */
} operand_kind;

typedef struct tile_operand {
    operand_kind kind;
    int32_t index;
    gndp_dtype dtype;
} tile_operand;

typedef struct tile_instruction {
    gndp_tile_fn fn;
    tile_operand in[3], out;
    int n_in;
    double p[4];
} tile_instruction;

/** A tile that ends in an array later than its instruction: parameters updated in place, values both loaded and assigned. */
typedef struct tile_store {
    tile_operand from;
    int32_t buffer;
    gndp_dtype dtype;
} tile_store;

typedef struct tile_sum {
    tile_operand from;
    gndp_dtype dtype;
    int32_t buffer;  /* result */
    bool vector;     /* one sum a column; else one for the whole group */
    int64_t rows;    /* of a group */
    bool direct;     /* a block holds whole groups: no partial sums */
    size_t partials; /* byte offset of [blocks][row or 1] in the shared scratch */
} tile_sum;

typedef struct tile_product {
    const gndp_gemm_ops *ops;
    int32_t a, b;      /* buffers */
    int64_t a_offset, b_offset, a_row, a_col, b_row, b_col, n, k;
    double alpha;
    int32_t bias;      /* buffer, -1: none */
    int64_t bias_offset;
    int32_t sum;       /* buffer of the sum of the left rows, [k]; -1: none */
    size_t partials;   /* of it: byte offset of [blocks][k] in the shared scratch */
    int into;          /* product whose block this one is added to; itself: its own */
    int32_t stored;    /* buffer its block is rows of, -1: scratch */
    const char *ready; /* b packed when the plan was made, where it is a constant; else NULL, and it is packed in every run */
    size_t packed;     /* to this byte offset of the shared scratch */
    size_t block;      /* byte offset in a thread's scratch */
    size_t size;       /* bytes of an element */
} tile_product;

typedef struct tile_program {
    int64_t rows, row, last_row; /* last_row: length of the last one, which may be shorter */
    int64_t group_rows, chunks, chunk_rows, blocks; /* blocks = ceil(rows / group_rows) * chunks */
    int outer_rank;
    int64_t outer_dim[GNDP_MAX_RANK];
    int n_loads, n_instructions, n_stores, n_sums, n_products, n_slots;
    tile_load *load; /* arena */
    tile_instruction *instruction;
    tile_store *store;
    tile_sum *sum;
    tile_product *product;
    const gndp_tile_table *table;
    size_t shared_bytes, thread_bytes, slots_at; /* scratch: shared first, then one piece a thread; registers at slots_at of it */
    size_t gemm_at;                              /* packing of left rows, in a thread's piece */
    int threads;
} tile_program;

/** Size the blocks and the scratch once the parts are there; elements: total of the space. */
void gndp_tile_partition(tile_program *p, int threads);

/** Bytes of scratch for the step. */
size_t gndp_tile_scratch(const tile_program *p);

/** Run on the buffers of a plan. */
gndp_status gndp_tile_run(const gndp_plan *plan, const plan_step *step);

#endif
