// SPDX-License-Identifier: Apache-2.0
// Running fused units: threads over blocks of rows, tiles inside a block.
#include "graph/cpu/tile.h"

#include "graph/cpu/gemm_tile.h"

#include <omp.h>
#include <string.h>

#define ASK_LEAST_K 32 /* of a product that asks memory for what comes next */

static const size_t element_size[3] = {4, 8, 4};

/* --------------------------------------------------------------------------------------------- tiles */

typedef struct tile_run {
    const gndp_plan *plan;
    const tile_program *p;
    char *shared, *mine; /* scratch */
    int team;            /* threads that take blocks */
    int64_t block_row;   /* first row of the block */
    const void *loaded[TILE_MAX_LOADS];
    int64_t row0, rows, col0, cols; /* the tile; cols < row only for part of one row */
    int64_t primed;      /* rows that pinned registers hold */
} tile_run;

static char *slot(const tile_run *t, int32_t index)
{
    return t->mine + t->p->slots_at + (size_t)index * TILE_SLOT;
}

/* Offset of the first element of a row under strides of the outer axes, and its place on the last outer axis. */
static int64_t row_offset(const tile_program *p, const int64_t *stride, int64_t row, int64_t *place)
{
    int64_t offset = 0;
    *place = 0;
    for (int i = p->outer_rank - 1; i >= 0; i--) {
        const int64_t at = row % p->outer_dim[i];
        if (i == p->outer_rank - 1) {
            *place = at;
        }
        offset += at * stride[i];
        row /= p->outer_dim[i];
    }
    return offset;
}

/* Copy rows whose columns are in order (or one entry repeated) into dst, `width` elements apart. */
static void fill_rows(const tile_run *t, const char *base, gndp_dtype dtype, int64_t offset, const int64_t *stride, int64_t inner, int64_t col0,
                      int64_t cols, char *dst)
{
    const tile_program *p = t->p;
    const size_t size = element_size[dtype];
    const int last = p->outer_rank - 1;
    for (int64_t r = 0; r < t->rows;) {
        int64_t place;
        const int64_t at = offset + row_offset(p, stride, t->row0 + r, &place) + inner * col0;
        const int64_t left = last >= 0 ? p->outer_dim[last] - place : t->rows - r;
        const int64_t run = left < t->rows - r ? left : t->rows - r;
        const gndp_tile_rows_fn fn = inner == 1 ? p->table->copy_rows[dtype] : p->table->fill_rows[dtype];
        fn(run, cols, base + (size_t)at * size, last >= 0 ? stride[last] : 0, dst + (size_t)(r * cols) * size);
        r += run;
    }
}

/* Any strides: one entry at a time, the innermost axis in a loop of its own. */
static void gather_axes(const tile_run *t, const tile_load *l, const char *base, char *dst)
{
    const size_t size = element_size[l->dtype];
    const int last = l->inner_rank - 1;
    const int64_t col0 = t->col0 + (t->p->outer_rank == 0 ? t->row0 * t->p->row : 0); /* of a row, or of the one run that rows are tiles of */
    for (int64_t r = 0; r < t->rows; r++) {
        int64_t place, col = col0;
        const int64_t at = l->offset + row_offset(t->p, l->outer_stride, t->row0 + r, &place);
        while (col < col0 + t->cols) {
            int64_t rest = col, offset = at, run = 0;
            for (int i = last; i >= 0; i--) {
                const int64_t index = rest % l->inner_dim[i];
                rest /= l->inner_dim[i];
                offset += index * l->inner_stride[i];
                run = i == last ? l->inner_dim[i] - index : run;
            }
            run = run < col0 + t->cols - col ? run : col0 + t->cols - col;
            if (size == 4) {
                const int32_t *from = (const int32_t *)(const void *)base + offset;
                int32_t *to = (int32_t *)(void *)dst;
                for (int64_t i = 0; i < run; i++) {
                    to[i] = from[i * l->inner_stride[last]];
                }
            } else {
                const int64_t *from = (const int64_t *)(const void *)base + offset;
                int64_t *to = (int64_t *)(void *)dst;
                for (int64_t i = 0; i < run; i++) {
                    to[i] = from[i * l->inner_stride[last]];
                }
            }
            dst += (size_t)run * size;
            col += run;
        }
    }
}

/* Rows joined of pieces: each row is whole (cols == row). */
static void join_pieces(const tile_run *t, const tile_load *l, char *dst)
{
    const size_t size = element_size[l->dtype];
    for (int k = 0; k < l->n_pieces; k++) {
        const tile_piece *piece = &l->piece[k];
        const int64_t begin = piece->begin > t->col0 ? piece->begin : t->col0;
        const int64_t end = piece->end < t->col0 + t->cols ? piece->end : t->col0 + t->cols;
        const char *base = piece->buffer >= 0 ? plan_at(t->plan, piece->buffer) : NULL;
        for (int64_t r = 0; r < t->rows && begin < end; r++) {
            char *to = dst + (size_t)(r * t->cols + begin - t->col0) * size;
            int64_t place;
            if (base == NULL) {
                memset(to, 0, (size_t)(end - begin) * size);
                continue;
            }
            const int64_t at = piece->offset + row_offset(t->p, piece->outer_stride, t->row0 + r, &place) + piece->inner * (begin - piece->begin);
            const gndp_tile_rows_fn fn = piece->inner == 1 ? t->p->table->copy_rows[l->dtype] : t->p->table->fill_rows[l->dtype];
            fn(1, end - begin, base + (size_t)at * size, 0, to);
        }
    }
}

static void load_tile(tile_run *t, int index)
{
    const tile_load *l = &t->p->load[index];
    const size_t size = element_size[l->dtype];
    const char *base = l->buffer >= 0 ? plan_at(t->plan, l->buffer) : NULL;
    int64_t place;
    switch (l->kind) {
    case LOAD_DENSE:
        t->loaded[index] = base + (size_t)(l->offset + t->row0 * t->p->row + t->col0) * size;
        return;
    case LOAD_ONE:
        t->loaded[index] = base + (size_t)l->offset * size;
        return;
    case LOAD_ROWS:
        if (t->rows == 1 && l->inner_stride[0] == 1) {
            t->loaded[index] = base + (size_t)(l->offset + row_offset(t->p, l->outer_stride, t->row0, &place) + t->col0) * size;
            return;
        }
        t->loaded[index] = slot(t, l->slot);
        if (!l->pinned || t->primed < t->rows) {
            fill_rows(t, base, l->dtype, l->offset, l->outer_stride, l->inner_stride[0], t->col0, t->cols, slot(t, l->slot));
        }
        return;
    case LOAD_AXES:
        t->loaded[index] = slot(t, l->slot);
        if (!l->pinned || t->primed < t->rows) {
            gather_axes(t, l, base, slot(t, l->slot));
        }
        return;
    case LOAD_PIECES:
        t->loaded[index] = slot(t, l->slot);
        join_pieces(t, l, slot(t, l->slot));
        return;
    }
}

static void *address(const tile_run *t, tile_operand o)
{
    const tile_program *p = t->p;
    const size_t size = element_size[o.dtype];
    union {
        const void *c;
        void *m;
    } loaded; /* instructions read their operands only */
    switch (o.kind) {
    case OPERAND_LOAD:
        loaded.c = t->loaded[o.index];
        return loaded.m;
    case OPERAND_SLOT:
        return slot(t, o.index);
    case OPERAND_MEMORY:
        return (char *)plan_at(t->plan, o.index) + (size_t)(t->row0 * p->row + t->col0) * size;
    case OPERAND_PRODUCT: {
        const tile_product *q = &p->product[o.index];
        if (q->stored >= 0) {
            return (char *)plan_at(t->plan, q->stored) + (size_t)(t->row0 * p->row + t->col0) * size;
        }
        return t->mine + q->block + (size_t)((t->row0 - t->block_row) * p->row + t->col0) * size;
    }
    case OPERAND_NONE:
        break;
    }
    return NULL;
}

static int step_bits(const tile_run *t, const tile_instruction *i)
{
    int bits = 0;
    for (int k = 0; k < i->n_in; k++) {
        const bool one = i->in[k].kind == OPERAND_LOAD && t->p->load[i->in[k].index].kind == LOAD_ONE;
        bits |= one ? 0 : 1 << k;
    }
    return bits;
}

/* Add the tile to a sum; groups end inside the tile only when a block holds several. */
static void add_to_sum(const tile_run *t, const tile_sum *s, int64_t block, int64_t elements)
{
    const tile_program *p = t->p;
    const size_t size = element_size[s->dtype];
    const char *x = address(t, s->from);
    const int64_t width = s->vector ? p->row : 1;
    for (int64_t r = 0; r < t->rows;) {
        const int64_t row = t->row0 + r, group = row / s->rows;
        int64_t run = (group + 1) * s->rows - row;
        run = run < t->rows - r ? run : t->rows - r;
        char *acc = s->direct ? (char *)plan_at(t->plan, s->buffer) + (size_t)(group * width) * size
                              : t->shared + s->partials + (size_t)(block * width) * size;
        if (s->vector) {
            p->table->col_sum[s->dtype](run, t->cols, x, acc + (size_t)t->col0 * size);
        } else if (s->rows == 1 && t->rows > 1) { /* one sum a row */
            run = t->rows;
            p->table->row_sum[s->dtype](run, t->cols, x, acc);
        } else {
            const int64_t count = r + run == t->rows ? elements - r * t->cols : run * t->cols;
            p->table->row_sum[s->dtype](1, count, x, acc);
        }
        x += (size_t)(run * t->cols) * size;
        r += run;
    }
}

/* Inlined for sure: gcc holds functions that only prefetch for functions without effect, and drops calls of them. */
GNDP_GEMM_INLINE void ask_lines(const char *from, int64_t bytes, bool write)
{
    for (int64_t i = 0; i < bytes; i += 64) {
        if (write) {
            __builtin_prefetch(from + i, 1, 2);
        } else {
            __builtin_prefetch(from + i, 0, 2);
        }
    }
}

/* Bring the next tile's rows nearer where a stride hides them from the processor's own guesses, and then the lines it will write;
   units that walk all their arrays in order are left to those guesses. */
GNDP_GEMM_INLINE void ask_next_tile(const tile_run *t, int64_t elements)
{
    const tile_program *p = t->p;
    const int64_t row0 = t->row0 + t->rows;
    if (t->cols != p->row || row0 + t->rows > p->rows) {
        return;
    }
    bool strided = false;
    for (int i = 0; i < p->n_loads; i++) {
        const tile_load *l = &p->load[i];
        const int64_t size = (int64_t)element_size[l->dtype];
        for (int64_t r = 0; r < t->rows && l->kind == LOAD_ROWS && !l->pinned && l->inner_stride[0] == 1; r++) {
            int64_t place;
            strided = true;
            const int64_t at = l->offset + row_offset(p, l->outer_stride, row0 + r, &place);
            ask_lines((const char *)plan_at(t->plan, l->buffer) + at * size, t->cols * size, false);
        }
    }
    for (int i = 0; i < p->n_instructions && strided; i++) {
        const tile_operand *o = &p->instruction[i].out;
        const int64_t size = (int64_t)element_size[o->dtype];
        if (o->kind == OPERAND_MEMORY) {
            ask_lines((const char *)plan_at(t->plan, o->index) + row0 * p->row * size, elements * size, true);
        }
    }
}

static void run_tile(tile_run *t, int64_t block, int64_t elements)
{
    const tile_program *p = t->p;
    if (p->n_products == 0) {
        ask_next_tile(t, elements);
    }
    if (t->cols != p->row) { /* part of a row: pinned registers hold whole ones */
        t->primed = 0;
    }
    for (int i = 0; i < p->n_loads; i++) {
        load_tile(t, i);
    }
    t->primed = t->cols != p->row ? 0 : t->rows > t->primed ? t->rows : t->primed;
    for (int i = 0; i < p->n_instructions; i++) {
        const tile_instruction *ins = &p->instruction[i];
        ins->fn(elements, address(t, ins->in[0]), ins->n_in > 1 ? address(t, ins->in[1]) : NULL, ins->n_in > 2 ? address(t, ins->in[2]) : NULL,
                step_bits(t, ins), ins->p, address(t, ins->out));
    }
    for (int i = 0; i < p->n_sums; i++) {
        add_to_sum(t, &p->sum[i], block, elements);
    }
    for (int i = 0; i < p->n_stores; i++) {
        const tile_store *s = &p->store[i];
        const bool one = s->from.kind == OPERAND_LOAD && p->load[s->from.index].kind == LOAD_ONE;
        char *to = (char *)plan_at(t->plan, s->buffer) + (size_t)(t->row0 * p->row + t->col0) * element_size[s->dtype];
        p->table->cast[s->dtype][s->dtype](elements, address(t, s->from), NULL, NULL, one ? 0 : 1, NULL, to);
    }
}

/* -------------------------------------------------------------------------------------------- blocks */

static void clear_sums(const tile_run *t, int64_t block, int64_t first, int64_t stop)
{
    const tile_program *p = t->p;
    for (int i = 0; i < p->n_sums; i++) {
        const tile_sum *s = &p->sum[i];
        const size_t width = (size_t)(s->vector ? p->row : 1) * element_size[s->dtype];
        if (s->direct) {
            const int64_t g0 = first / s->rows, g1 = gndp_ceil_div(stop, s->rows);
            memset((char *)plan_at(t->plan, s->buffer) + (size_t)g0 * width, 0, (size_t)(g1 - g0) * width);
        } else {
            memset(t->shared + s->partials + (size_t)block * width, 0, width);
        }
    }
}

/* Rows [first, stop) of a block; none at the end of a group that has fewer chunks than the others. */
static void block_rows(const tile_program *p, int64_t block, int64_t *first, int64_t *stop)
{
    const int64_t group = block / p->chunks, chunk = block % p->chunks;
    const int64_t end = (group + 1) * p->group_rows < p->rows ? (group + 1) * p->group_rows : p->rows;
    *first = group * p->group_rows + chunk * p->chunk_rows;
    *stop = *first + p->chunk_rows < end ? *first + p->chunk_rows : end;
}

static const char *left_rows(const tile_run *t, const tile_product *q, int64_t first)
{
    return (const char *)plan_at(t->plan, q->a) + (size_t)(q->a_offset + first * q->a_row) * q->size;
}

static gndp_gemm_region left_region(const tile_run *t, const tile_product *q, int64_t first, int64_t rows)
{
    return gndp_gemm_region_of(q->size, left_rows(t, q, first), rows, q->a_row, q->k, q->a_col);
}

/* What product i of a block asks of memory while it runs: the left rows of the product after it, or of the first one in the block
   that this thread will likely take next; and, one array a product, rows that the block's instructions load. Short products do not
   last long enough to hide anything. */
static void ask_ahead(const tile_run *t, int i, int64_t index, int64_t first, int64_t rows, gndp_gemm_region next[2])
{
    const tile_program *p = t->p;
    next[0] = next[1] = (gndp_gemm_region){0};
    if (p->product[i].k < ASK_LEAST_K) {
        return;
    }
    if (i + 1 < p->n_products) {
        next[0] = left_region(t, &p->product[i + 1], first, rows);
    } else if (index + t->team < p->blocks) {
        int64_t then, stop;
        block_rows(p, index + t->team, &then, &stop);
        if (then < stop) {
            next[0] = left_region(t, &p->product[0], then, stop - then);
        }
    }
    for (int k = 0, dense = 0; k < p->n_loads; k++) {
        const tile_load *l = &p->load[k];
        if (l->kind == LOAD_DENSE && dense++ == i) {
            const size_t size = element_size[l->dtype];
            const char *from = (const char *)plan_at(t->plan, l->buffer) + (size_t)(l->offset + first * p->row) * size;
            next[1] = gndp_gemm_region_of(size, from, rows, p->row, p->row, 1);
        }
    }
}

static void multiply_rows(const tile_run *t, int64_t index, int64_t first, int64_t rows)
{
    const tile_program *p = t->p;
    for (int i = 0; i < p->n_products; i++) {
        const tile_product *q = &p->product[i], *into = &p->product[q->into];
        const char *a = left_rows(t, q, first);
        const void *bias = q->bias >= 0 ? (const char *)plan_at(t->plan, q->bias) + (size_t)q->bias_offset * q->size : NULL;
        char *c = into->stored >= 0 ? (char *)plan_at(t->plan, into->stored) + (size_t)(first * q->n) * q->size : t->mine + into->block;
        gndp_gemm_block block = {.rows = rows, .n = q->n, .k = q->k, .alpha = q->alpha, .a = a, .a_row = q->a_row, .a_col = q->a_col,
                                 .packed_b = q->ready != NULL ? q->ready : t->shared + q->packed, .bias = bias, .c = c, .c_row = q->n, .accumulate = q->into != i,
                                 .scratch = t->mine + p->gemm_at};
        ask_ahead(t, i, index, first, rows, block.next);
        q->ops->block(&block);
        if (q->sum >= 0) { /* while the rows are in cache */
            char *acc = t->shared + q->partials + (size_t)(index * q->k) * q->size;
            memset(acc, 0, (size_t)q->k * q->size);
            p->table->col_sum[q->size == 8](rows, q->k, a, acc);
        }
    }
}

static void run_block(tile_run *t, int64_t block)
{
    const tile_program *p = t->p;
    int64_t first, stop;
    block_rows(p, block, &first, &stop);
    const int64_t tall = TILE_ELEMENTS / p->row;
    clear_sums(t, block, first < stop ? first : stop, stop);
    if (first >= stop) {
        return;
    }
    t->block_row = first;
    multiply_rows(t, block, first, stop - first);
    for (t->row0 = first; t->row0 < stop; t->row0 += t->rows) {
        const int64_t length = t->row0 == p->rows - 1 ? p->last_row : p->row;
        t->rows = tall < 1 ? 1 : tall < stop - t->row0 ? tall : stop - t->row0;
        if (t->rows > 1 && p->last_row != p->row && t->row0 + t->rows == p->rows) {
            t->rows--; /* the short last row is a tile of its own */
        }
        for (t->col0 = 0; t->col0 < (t->rows > 1 ? p->row : length); t->col0 += t->cols) {
            const int64_t left = (t->rows > 1 ? p->row : length) - t->col0;
            t->cols = left < TILE_ELEMENTS ? left : TILE_ELEMENTS;
            run_tile(t, block, t->rows * t->cols);
        }
    }
}

/* Partial sums [from, to) of `width` each, added in order, in double. */
static void combine(const char *partials, int64_t from, int64_t to, int64_t width, gndp_dtype dtype, char *out)
{
    const size_t size = element_size[dtype];
    for (int64_t c = 0; c < width; c++) {
        double total = 0.0;
        for (int64_t b = from; b < to; b++) {
            const char *at = partials + (size_t)(b * width + c) * size;
            total += dtype == GNDP_F32 ? (double)*(const float *)(const void *)at : *(const double *)(const void *)at;
        }
        if (dtype == GNDP_F32) {
            *(float *)(void *)(out + (size_t)c * size) = (float)total;
        } else {
            *(double *)(void *)(out + (size_t)c * size) = total;
        }
    }
}

static void combine_all(const tile_run *t)
{
    const tile_program *p = t->p;
    for (int i = 0; i < p->n_sums; i++) {
        const tile_sum *s = &p->sum[i];
        const int64_t width = s->vector ? p->row : 1, groups = gndp_ceil_div(p->rows, s->rows);
        for (int64_t g = 0; g < groups && !s->direct; g++) {
            const int64_t from = g * s->rows / p->group_rows * p->chunks;
            const int64_t to = s->rows >= p->rows ? p->blocks : (g + 1) * s->rows / p->group_rows * p->chunks;
            combine(t->shared + s->partials, from, to, width, s->dtype,
                    (char *)plan_at(t->plan, s->buffer) + (size_t)(g * width) * element_size[s->dtype]);
        }
    }
    for (int i = 0; i < p->n_products; i++) {
        const tile_product *q = &p->product[i];
        if (q->sum >= 0) {
            combine(t->shared + q->partials, 0, p->blocks, q->k, q->size == 8 ? GNDP_F64 : GNDP_F32, plan_at(t->plan, q->sum));
        }
    }
}

static void pack(const tile_run *t, int part, int parts)
{
    const tile_program *p = t->p;
    for (int i = 0; i < p->n_products; i++) {
        const tile_product *q = &p->product[i];
        if (q->ready != NULL) {
            continue;
        }
        const int64_t panels = gndp_ceil_div(q->n, q->ops->nr);
        const int64_t from = panels * part / parts * q->ops->nr, to = panels * (part + 1) / parts * q->ops->nr;
        const char *b = (const char *)plan_at(t->plan, q->b) + (size_t)q->b_offset * q->size;
        if (from < q->n && from < to) {
            q->ops->pack_b(q->k, q->n, from, to < q->n ? to : q->n, b, q->b_row, q->b_col, t->shared + q->packed);
        }
    }
}

gndp_status gndp_tile_run(const gndp_plan *plan, const plan_step *step)
{
    const tile_program *p = step->payload;
    char *scratch = plan->scratch;
    char *shared = scratch + (64 - (size_t)((uintptr_t)scratch % 64)) % 64;
    tile_run alone = {.plan = plan, .p = p, .shared = shared, .team = 1, .mine = shared + p->shared_bytes};
    if (p->threads > 1) {
#pragma omp parallel num_threads(p->threads)
        {
            tile_run t = alone;
            t.team = omp_get_num_threads();
            t.mine += (size_t)omp_get_thread_num() * p->thread_bytes;
            if (p->n_products > 0) {
                pack(&t, omp_get_thread_num(), omp_get_num_threads());
#pragma omp barrier
            }
#pragma omp for schedule(dynamic)
            for (int64_t b = 0; b < p->blocks; b++) {
                run_block(&t, b);
            }
        }
    } else {
        pack(&alone, 0, 1);
        for (int64_t b = 0; b < p->blocks; b++) {
            run_block(&alone, b);
        }
    }
    combine_all(&alone);
    return GNDP_OK;
}
