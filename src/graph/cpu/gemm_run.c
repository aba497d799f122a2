// SPDX-License-Identifier: Apache-2.0
// Drivers of matrix products: cut a product into tasks by its shape and run them on an OpenMP team.
//
// Four forms: one thread (too small to share), a grid over C with B packed beforehand, a grid over
// C and k whose partial sums are added in order (weight gradients: long k, small C), and whole
// products of a batch. The grids are functions of the shape only and every element of C is written
// by one task, or summed over chunks of k in ascending order: bits do not depend on the number of
// threads.
#include <omp.h>

#include "graph/cpu/gemm_tile.h"

/* Below this many multiply-adds a product (or batch) runs on the calling thread: starting a team
   costs a few microseconds. */
#define SERIAL_WORK (1 << 18)
/* Items of a batch with more work than this are cut themselves when there are few of them. */
#define LARGE_ITEM (1 << 22)
#define FEW_ITEMS 32
/* Tasks that a grid should have, so that 16 threads and more find work. */
#define GRID_TASKS 32
/* Rows of a task that still pay for passing over the panels of B; a multiple of every mr. */
#define LEAST_ROWS 48
/* Split sums: tasks (each more is one more partial sum to write and read), the largest tile of C a
   task holds (its partial sums stay in L2), the least k of a chunk, and the k packed at a time. */
#define SPLIT_TASKS 16
#define SPLIT_TILE 256
#define SPLIT_MIN_K 512
#define SPLIT_PACK_K 256

typedef enum form { FORM_SERIAL, FORM_GRID, FORM_SPLIT, FORM_BATCH, FORM_ITEMS } form;

typedef struct grid {
    form form;
    int64_t row_block, col_block, rows, cols; /* blocks of C, and how many */
    int64_t k_chunk, chunks;
} grid;

/* One product whose rows of all items follow each other evenly: [batch * m, n]. */
static gndp_gemm_shape fold_batch(const gndp_gemm_shape *s)
{
    gndp_gemm_shape f = *s;
    if (s->batch > 1 && s->b_batch == 0 && s->a_batch == s->m * s->a_row &&
        s->c_batch == s->m * s->c_row) {
        f.m = s->batch * s->m;
        f.batch = 1;
    }
    return f;
}

static int64_t round_up(int64_t a, int64_t b)
{
    return gndp_ceil_div(a, b) * b;
}

static void plan_split(const gndp_gemm_ops *ops, const gndp_gemm_shape *s, grid *g)
{
    const int64_t row_tiles = gndp_ceil_div(s->m, SPLIT_TILE);
    const int64_t col_tiles = gndp_ceil_div(s->n, SPLIT_TILE);
    g->row_block = round_up(gndp_ceil_div(s->m, row_tiles), ops->mr);
    g->col_block = round_up(gndp_ceil_div(s->n, col_tiles), ops->nr);
    g->rows = gndp_ceil_div(s->m, g->row_block);
    g->cols = gndp_ceil_div(s->n, g->col_block);
    const int64_t wanted = gndp_ceil_div(SPLIT_TASKS, g->rows * g->cols);
    const int64_t chunks = gndp_max_i64(1, gndp_min_i64(wanted, s->k / SPLIT_MIN_K));
    g->k_chunk = round_up(gndp_ceil_div(s->k, chunks), 2); /* pairs of bf16 stay together */
    g->chunks = gndp_ceil_div(s->k, g->k_chunk);
}

static grid plan_grid(const gndp_gemm_ops *ops, const gndp_gemm_shape *s)
{
    grid g = {.form = FORM_GRID, .chunks = 1, .k_chunk = s->k};
    if (s->batch != 1) {
        const bool few_large = s->batch < FEW_ITEMS && s->m * s->n * s->k > LARGE_ITEM;
        g.form = few_large ? FORM_ITEMS : FORM_BATCH;
        return g;
    }
    if (s->m * s->n * gndp_max_i64(1, s->k) < SERIAL_WORK) {
        g.form = FORM_SERIAL;
        return g;
    }
    g.row_block = GNDP_GEMM_ROW_BLOCK;
    g.rows = gndp_ceil_div(s->m, g.row_block);
    if (s->k >= 4 * SPLIT_MIN_K && s->k >= 4 * gndp_min_i64(s->m, s->n) &&
        g.rows * gndp_ceil_div(s->n, 2 * SPLIT_TILE) < GRID_TASKS) {
        g.form = FORM_SPLIT;
        plan_split(ops, s, &g);
        return g;
    }
    const int64_t wanted = gndp_ceil_div(GRID_TASKS, g.rows);
    const int64_t cols = gndp_max_i64(1, gndp_min_i64(wanted, s->n / 128));
    g.col_block = round_up(gndp_ceil_div(s->n, cols), ops->nr);
    g.cols = gndp_ceil_div(s->n, g.col_block);
    const int64_t even = gndp_ceil_div(s->m, gndp_ceil_div(GRID_TASKS, g.cols));
    g.row_block =
        gndp_max_i64(LEAST_ROWS, gndp_min_i64(GNDP_GEMM_ROW_BLOCK, round_up(even, ops->mr)));
    g.rows = gndp_ceil_div(s->m, g.row_block);
    return g;
}

/* The shape of one item of a batch. */
static gndp_gemm_shape item_of(const gndp_gemm_shape *s)
{
    gndp_gemm_shape item = *s;
    item.batch = 1;
    return item;
}

static size_t split_thread_bytes(const gndp_gemm_ops *ops, const grid *g)
{
    const int64_t k = gndp_min_i64(g->k_chunk, SPLIT_PACK_K);
    return ops->packed_b_bytes(k, g->col_block) + ops->row_scratch_bytes(g->row_block, k);
}

static size_t split_partial_bytes(const gndp_gemm_ops *ops, const gndp_gemm_shape *s, const grid *g)
{
    return gndp_gemm_align((size_t)(g->chunks * s->m * s->n) * ops->elem);
}

size_t gndp_gemm_scratch_bytes(const gndp_gemm_ops *ops, const gndp_gemm_shape *shape, int threads)
{
    const gndp_gemm_shape s = fold_batch(shape);
    const grid g = plan_grid(ops, &s);
    const gndp_gemm_shape item = item_of(&s);
    const size_t team = (size_t)gndp_max_i64(1, threads);
    switch (g.form) {
    case FORM_GRID:
        return (s.packed_b != NULL ? 0 : ops->packed_b_bytes(s.k, s.n)) +
               team * ops->row_scratch_bytes(g.row_block, s.k);
    case FORM_SPLIT:
        return split_partial_bytes(ops, &s, &g) + team * split_thread_bytes(ops, &g);
    case FORM_ITEMS:
        return gndp_gemm_scratch_bytes(ops, &item, threads);
    default:
        return (g.form == FORM_BATCH ? team : 1) *
               gndp_gemm_align(ops->product_scratch_bytes(&item));
    }
}

size_t gndp_gemm_packed_bytes(const gndp_gemm_ops *ops, const gndp_gemm_shape *shape)
{
    const gndp_gemm_shape s = fold_batch(shape);
    const bool empty = s.batch <= 0 || s.m <= 0 || s.n <= 0;
    return !empty && plan_grid(ops, &s).form == FORM_GRID ? ops->packed_b_bytes(s.k, s.n) : 0;
}

void gndp_gemm_pack(const gndp_gemm_ops *ops, const gndp_gemm_shape *shape, const void *b,
                    void *packed)
{
    ops->pack_b(shape->k, shape->n, 0, shape->n, b, shape->b_row, shape->b_col, packed);
}

static const void *at(const gndp_gemm_ops *ops, const void *p, int64_t elements)
{
    return (const char *)p + elements * (int64_t)ops->elem;
}

static void *at_mut(const gndp_gemm_ops *ops, void *p, int64_t elements)
{
    return (char *)p + elements * (int64_t)ops->elem;
}

/* One block of rows and columns of C; meanwhile the rows of A after it come nearer. */
static void grid_task(const gndp_gemm_ops *ops, const gndp_gemm_shape *s, const grid *g,
                      int64_t task, const void *a, const char *packed, void *c, void *own)
{
    const int64_t i = task / g->cols * g->row_block, j = task % g->cols * g->col_block;
    const int64_t after = i + g->row_block;
    gndp_gemm_block w = {.rows = gndp_min_i64(g->row_block, s->m - i),
                         .n = gndp_min_i64(g->col_block, s->n - j),
                         .k = s->k,
                         .alpha = s->alpha,
                         .a = at(ops, a, i * s->a_row),
                         .a_row = s->a_row,
                         .a_col = s->a_col,
                         .packed_b = packed + ops->packed_b_offset(s->k, j),
                         .bias = s->bias != NULL ? at(ops, s->bias, j) : NULL,
                         .c = at_mut(ops, c, i * s->c_row + j),
                         .c_row = s->c_row,
                         .accumulate = s->accumulate,
                         .scratch = own};
    if (j + g->col_block >= s->n && after < s->m)
        w.next[0] = gndp_gemm_region_of(ops->elem, at(ops, a, after * s->a_row),
                                        gndp_min_i64(g->row_block, s->m - after), s->a_row,
                                        gndp_min_i64(s->k, GNDP_GEMM_K_BYTES / 4), s->a_col);
    ops->block(&w);
}

static void run_grid(const gndp_gemm_ops *ops, const gndp_gemm_shape *s, const grid *g,
                     const void *a, const void *b, void *c, char *scratch, int threads)
{
    const size_t packed_bytes = s->packed_b != NULL ? 0 : ops->packed_b_bytes(s->k, s->n);
    const size_t row_bytes = ops->row_scratch_bytes(g->row_block, s->k);
    const int64_t panels = s->packed_b != NULL ? 0 : gndp_ceil_div(s->n, ops->nr);
    const char *packed = s->packed_b != NULL ? s->packed_b : scratch;
    if (threads <= 1) { /* a team of one costs microseconds, as long as a small product */
        if (panels > 0)
            gndp_gemm_pack(ops, s, b, scratch);
        for (int64_t task = 0; task < g->rows * g->cols; task++)
            grid_task(ops, s, g, task, a, packed, c, scratch + packed_bytes);
        return;
    }
#pragma omp parallel num_threads(threads)
    {
        char *own = scratch + packed_bytes + (size_t)omp_get_thread_num() * row_bytes;
#pragma omp for schedule(static)
        for (int64_t p = 0; p < panels; p++)
            ops->pack_b(s->k, s->n, p * ops->nr, gndp_min_i64(s->n, (p + 1) * ops->nr), b, s->b_row,
                        s->b_col, scratch);
#pragma omp for schedule(static)
        for (int64_t task = 0; task < g->rows * g->cols; task++)
            grid_task(ops, s, g, task, a, packed, c, own);
    }
}

/* A task of a split sum: chunk k0 <= k < k1 of the tile of C at (i, j). */
typedef struct split_place {
    int64_t i, j, rows, cols, k0, k1;
} split_place;

static split_place place_of(const gndp_gemm_shape *s, const grid *g, int64_t task)
{
    const int64_t tile = task % (g->rows * g->cols), q = task / (g->rows * g->cols);
    split_place p = {.i = tile / g->cols * g->row_block, .j = tile % g->cols * g->col_block};
    p.rows = gndp_min_i64(g->row_block, s->m - p.i);
    p.cols = gndp_min_i64(g->col_block, s->n - p.j);
    p.k0 = q * g->k_chunk;
    p.k1 = gndp_min_i64(s->k, p.k0 + g->k_chunk);
    return p;
}

/* Chunk of k of one tile of C, summed into its slot of the partials; while a piece of k is worked
   on, the operands of the piece after it come nearer. */
static void split_task(const gndp_gemm_ops *ops, const gndp_gemm_shape *s, const grid *g,
                       int64_t task, const void *a, const void *b, void *partials, char *own)
{
    const split_place p = place_of(s, g, task);
    const int64_t tasks = g->rows * g->cols * g->chunks;
    char *packed =
        own + ops->row_scratch_bytes(g->row_block, gndp_min_i64(g->k_chunk, SPLIT_PACK_K));
    gndp_gemm_block w = {.rows = p.rows,
                         .n = p.cols,
                         .alpha = 1.0,
                         .a_row = s->a_row,
                         .a_col = s->a_col,
                         .packed_b = packed,
                         .c_row = s->n,
                         .scratch = own};
    w.c = at_mut(ops, partials, task / (g->rows * g->cols) * s->m * s->n + p.i * s->n + p.j);
    for (int64_t k = p.k0; k < p.k1; k += SPLIT_PACK_K) {
        w.k = gndp_min_i64(SPLIT_PACK_K, p.k1 - k);
        w.a = at(ops, a, p.i * s->a_row + k * s->a_col);
        w.accumulate = k > p.k0;
        split_place then = p;
        int64_t then_k = k + SPLIT_PACK_K;
        if (then_k >= p.k1) {
            then = place_of(s, g, gndp_min_i64(task + 1, tasks - 1));
            then_k = then.k0;
        }
        const int64_t depth = gndp_min_i64(SPLIT_PACK_K, then.k1 - then_k);
        w.next[0] =
            gndp_gemm_region_of(ops->elem, at(ops, a, then.i * s->a_row + then_k * s->a_col),
                                then.rows, s->a_row, depth, s->a_col);
        w.next[1] =
            gndp_gemm_region_of(ops->elem, at(ops, b, then_k * s->b_row + then.j * s->b_col), depth,
                                s->b_row, then.cols, s->b_col);
        ops->pack_b(w.k, p.cols, 0, p.cols, at(ops, b, k * s->b_row + p.j * s->b_col), s->b_row,
                    s->b_col, packed);
        ops->block(&w);
    }
}

static void run_split(const gndp_gemm_ops *ops, const gndp_gemm_shape *s, const grid *g,
                      const void *a, const void *b, void *c, char *scratch, int threads)
{
    const size_t partial_bytes = split_partial_bytes(ops, s, g);
    const size_t own_bytes = split_thread_bytes(ops, g);
    if (threads <= 1) {
        for (int64_t task = 0; task < g->rows * g->cols * g->chunks; task++)
            split_task(ops, s, g, task, a, b, scratch, scratch + partial_bytes);
        for (int64_t i = 0; i < s->m; i++)
            ops->add_partials(s, g->chunks, i, scratch, c);
        return;
    }
#pragma omp parallel num_threads(threads)
    {
        char *own = scratch + partial_bytes + (size_t)omp_get_thread_num() * own_bytes;
#pragma omp for schedule(static)
        for (int64_t task = 0; task < g->rows * g->cols * g->chunks; task++)
            split_task(ops, s, g, task, a, b, scratch, own);
#pragma omp for schedule(static)
        for (int64_t i = 0; i < s->m; i++)
            ops->add_partials(s, g->chunks, i, scratch, c);
    }
}

static void run_item(const gndp_gemm_ops *ops, const gndp_gemm_shape *s, int64_t q, const void *a,
                     const void *b, void *c, char *own)
{
    const gndp_gemm_shape item = item_of(s);
    const int64_t then = gndp_min_i64(q + 1, s->batch - 1);
    const gndp_gemm_region next[2] = {gndp_gemm_region_of(ops->elem, at(ops, a, then * s->a_batch),
                                                          s->m, s->a_row, s->k, s->a_col),
                                      gndp_gemm_region_of(ops->elem, at(ops, b, then * s->b_batch),
                                                          s->k, s->b_row, s->n, s->b_col)};
    ops->product(&item, at(ops, a, q * s->a_batch), at(ops, b, q * s->b_batch),
                 at_mut(ops, c, q * s->c_batch), next, own);
}

static void run_batch(const gndp_gemm_ops *ops, const gndp_gemm_shape *s, const void *a,
                      const void *b, void *c, char *scratch, int threads)
{
    const gndp_gemm_shape item = item_of(s);
    const size_t own_bytes = gndp_gemm_align(ops->product_scratch_bytes(&item));
    const bool shared = s->batch * s->m * s->n * gndp_max_i64(1, s->k) >= SERIAL_WORK;
    if (threads <= 1 || !shared) {
        for (int64_t q = 0; q < s->batch; q++)
            run_item(ops, s, q, a, b, c, scratch);
        return;
    }
#pragma omp parallel for schedule(static) num_threads(threads)
    for (int64_t q = 0; q < s->batch; q++)
        run_item(ops, s, q, a, b, c, scratch + (size_t)omp_get_thread_num() * own_bytes);
}

void gndp_gemm_run(const gndp_gemm_ops *ops, const gndp_gemm_shape *shape, const void *a,
                   const void *b, void *c, void *scratch, int threads)
{
    const gndp_gemm_shape s = fold_batch(shape);
    if (s.batch <= 0 || s.m <= 0 || s.n <= 0)
        return;
    const grid g = plan_grid(ops, &s);
    const gndp_gemm_shape item = item_of(&s);
    const gndp_gemm_region none[2] = {{0}, {0}};
    switch (g.form) {
    case FORM_SERIAL:
        ops->product(&item, a, b, c, none, scratch);
        break;
    case FORM_GRID:
        run_grid(ops, &s, &g, a, b, c, scratch, threads);
        break;
    case FORM_SPLIT:
        run_split(ops, &s, &g, a, b, c, scratch, threads);
        break;
    case FORM_BATCH:
        run_batch(ops, &s, a, b, c, scratch, threads);
        break;
    case FORM_ITEMS:
        for (int64_t q = 0; q < s.batch; q++)
            gndp_gemm_run(ops, &item, at(ops, a, q * s.a_batch), at(ops, b, q * s.b_batch),
                          at_mut(ops, c, q * s.c_batch), scratch, threads);
        break;
    }
}
