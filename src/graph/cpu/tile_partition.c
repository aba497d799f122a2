// SPDX-License-Identifier: Apache-2.0
// How a fused unit is cut into blocks of rows, a matter of shapes alone, and where its scratch lies.
#include "graph/cpu/gemm_tile.h"
#include "graph/cpu/tile.h"

static size_t aligned(size_t bytes)
{
    return (bytes + 63) / 64 * 64;
}

static int64_t gcd(int64_t a, int64_t b)
{
    while (b != 0) {
        const int64_t r = a % b;
        a = b;
        b = r;
    }
    return a;
}

void gndp_tile_partition(tile_program *p, int threads)
{
    int64_t target = p->n_products > 0 ? 24576 / p->row : 32768 / p->row, least = p->rows, common = 0;
    target = target < 1 ? 1 : target;
    if (p->n_products > 0) {
        target = target < 48 ? 48 : target > 192 ? 192 : target;
    }
    for (int i = 0; i < p->n_sums; i++) {
        least = p->sum[i].rows < least ? p->sum[i].rows : least;
    }
    for (int i = 0; i < p->n_sums; i++) {
        common = p->sum[i].rows < p->rows && p->sum[i].rows > least ? gcd(common, p->sum[i].rows / least) : common;
    }
    if (p->n_sums == 0 || least == p->rows) {
        p->group_rows = p->rows;
    } else if (least >= target) {
        p->group_rows = least;
    } else { /* several groups a block, as many as divide the groups of every other sum */
        int64_t k = target / least;
        while (common > 0 && common % k != 0) {
            k--;
        }
        p->group_rows = k * least;
    }
    p->chunks = gndp_ceil_div(p->group_rows, p->group_rows > target ? target : p->group_rows);
    p->chunk_rows = gndp_ceil_div(p->group_rows, p->chunks);
    p->blocks = gndp_ceil_div(p->rows, p->group_rows) * p->chunks;
    for (int i = 0; i < p->n_sums; i++) {
        tile_sum *s = &p->sum[i];
        s->direct = p->chunks == 1 && s->rows <= p->group_rows;
        if (!s->direct) {
            s->partials = p->shared_bytes;
            p->shared_bytes += aligned((size_t)p->blocks * (size_t)(s->vector ? p->row : 1) * gndp_dtype_size(s->dtype));
        }
    }
    for (int i = 0; i < p->n_products; i++) {
        tile_product *q = &p->product[i];
        q->packed = p->shared_bytes;
        p->shared_bytes += q->ready != NULL ? 0 : aligned(q->ops->packed_b_bytes(q->k, q->n));
        if (q->sum >= 0) {
            q->partials = p->shared_bytes;
            p->shared_bytes += aligned((size_t)p->blocks * (size_t)q->k * q->size);
        }
        if (q->into == i && q->stored < 0) {
            q->block = p->thread_bytes;
            p->thread_bytes += aligned((size_t)p->chunk_rows * (size_t)q->n * q->size);
        }
    }
    p->gemm_at = p->thread_bytes;
    size_t packing = 0;
    for (int i = 0; i < p->n_products; i++) {
        const size_t bytes = p->product[i].ops->row_scratch_bytes(p->chunk_rows, p->product[i].k);
        packing = bytes > packing ? bytes : packing;
    }
    p->thread_bytes += aligned(packing);
    p->slots_at = p->thread_bytes;
    p->thread_bytes += (size_t)p->n_slots * TILE_SLOT;
    p->thread_bytes = aligned(p->thread_bytes) + 64;
    p->threads = p->blocks < threads ? (int)p->blocks : threads;
    if (p->n_products == 0 && p->rows * p->row < 4 * TILE_ELEMENTS) {
        p->threads = 1;
    }
    p->threads = p->threads < 1 ? 1 : p->threads;
}

size_t gndp_tile_scratch(const tile_program *p)
{
    return p->shared_bytes + (size_t)p->threads * p->thread_bytes + 64;
}
