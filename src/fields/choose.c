// SPDX-License-Identifier: Apache-2.0
// Random subsets in random order, and the context and targets of a task.
#include <stdlib.h>

#include <gndp/prepare.h>

#include "base/error.h"
#include "base/philox.h"

/* Words of one stream, one after the other, two a block: element e is word e of the stream, as for
 * gndp_random_*(). */
typedef struct words {
    uint64_t seed;
    uint32_t step, member, stream;
    uint64_t next;
    gndp_block block;
} words;

static uint64_t next_word(words *w)
{
    if (w->next % 2 == 0)
        w->block = gndp_block_at(w->seed, (uint32_t)(w->next / 2), w->step, w->member, w->stream);
    return w->block.half[w->next++ % 2];
}

/* Uniform on 0 .. n - 1, exactly: the words below 2^64 mod n, which would favour small results, are
   passed over; for any n that fits in memory that happens less than once in 2^24. */
static int64_t below(words *w, int64_t n)
{
    const uint64_t range = (uint64_t)n, rest = (0 - range) % range;
    uint64_t word;
    do {
        word = next_word(w);
    } while (word < rest);
    return (int64_t)(word % range);
}

/* ---- Sparse permutations -------------------------------------------------------------------- */

/*
 * The array 0, 1, 2 .. of Fisher and Yates (Durstenfeld 1964, algorithm 235), of which only the
 * places that differ from their number are kept: at most one a step. Open addressing; a place once
 * there stays.
 */
typedef struct displaced {
    int64_t *key, *value; /* [mask + 1]; key -1: free */
    uint64_t mask;
} displaced;

static uint64_t slot_of(const displaced *d, int64_t key)
{
    uint64_t at = (uint64_t)key * UINT64_C(0x9e3779b97f4a7c15) >> 20 & d->mask;
    while (d->key[at] != -1 && d->key[at] != key)
        at = (at + 1) & d->mask;
    return at;
}

static gndp_status choose_sparse(words *w, int64_t n, int64_t m, int64_t *out)
{
    gndp_status st = GNDP_OK;
    displaced d = {NULL, NULL, 15};
    while (d.mask + 1 < 2 * (uint64_t)m)
        d.mask = 2 * d.mask + 1;
    d.key = malloc((d.mask + 1) * sizeof *d.key);
    d.value = malloc((d.mask + 1) * sizeof *d.value);
    GNDP_CHECK(d.key != NULL && d.value != NULL, GNDP_ERR_NOMEM, "%lld of %lld numbers",
               (long long)m, (long long)n);
    for (uint64_t i = 0; i <= d.mask; i++)
        d.key[i] = -1;
    for (int64_t i = 0; i < m; i++) {
        const int64_t j = i + below(w, n - i);
        const uint64_t at_i = slot_of(&d, i), at_j = slot_of(&d, j);
        const int64_t value_i = d.key[at_i] == i ? d.value[at_i] : i;
        out[i] = d.key[at_j] == j ? d.value[at_j] : j;
        d.key[at_j] = j; /* place i is never looked at again, place j now has what was at i */
        d.value[at_j] = value_i;
    }
done:
    free(d.key);
    free(d.value);
    return st;
}

/* The same with the whole array: less memory when most of it is drawn. */
static gndp_status choose_dense(words *w, int64_t n, int64_t m, int64_t *out)
{
    gndp_status st = GNDP_OK;
    int64_t *all = n == m ? out : malloc((size_t)n * sizeof *all);
    GNDP_CHECK(all != NULL, GNDP_ERR_NOMEM, "%lld of %lld numbers", (long long)m, (long long)n);
    for (int64_t i = 0; i < n; i++)
        all[i] = i;
    for (int64_t i = 0; i < m; i++) {
        const int64_t j = i + below(w, n - i), value = all[j];
        all[j] = all[i];
        all[i] = value;
        out[i] = value;
    }
done:
    if (all != out)
        free(all);
    return st;
}

gndp_status gndp_choose(uint64_t seed, uint32_t step, uint32_t member, uint32_t stream, int64_t n,
                        int64_t m, int64_t *out)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(m >= 0 && m <= n, GNDP_ERR_RANGE, "%lld different numbers of %lld", (long long)m,
               (long long)n);
    GNDP_CHECK(m <= INT64_C(1) << 32, GNDP_ERR_RANGE, "%lld numbers: at most 2^32", (long long)m);
    GNDP_CHECK(out != NULL || m == 0, GNDP_ERR_ARG, "out is NULL");
    if (m == 0)
        goto done;
    words w = {.seed = seed, .step = step, .member = member, .stream = stream};
    GNDP_TRY(n / 4 <= m ? choose_dense(&w, n, m, out) : choose_sparse(&w, n, m, out));
done:
    return st;
}

/* ---- Tasks ---------------------------------------------------------------------------------- */

#define TASK_STREAM 0x7a5c /* substep 0: the counts, 1: the points */

gndp_status gndp_task_draw(const gndp_task_options *options, uint64_t seed, uint32_t step,
                           uint32_t member, int64_t n, int64_t *order, int64_t *n_context,
                           int64_t *n_target)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(options != NULL && order != NULL && n_context != NULL && n_target != NULL,
               GNDP_ERR_ARG, "an argument is NULL");
    const int64_t low = options->context_low, high = options->context_high;
    const bool rest = options->target_low == -1 && options->target_high == -1;
    const int64_t from = rest ? 0 : options->target_low, to = rest ? 0 : options->target_high;
    GNDP_CHECK(low >= 0 && low <= high && high <= n, GNDP_ERR_RANGE,
               "%lld to %lld context points of %lld", (long long)low, (long long)high,
               (long long)n);
    GNDP_CHECK(from >= 0 && from <= to && to <= n - high, GNDP_ERR_RANGE,
               "%lld to %lld targets beside %lld context points of %lld", (long long)from,
               (long long)to, (long long)high, (long long)n);
    words w = {.seed = seed, .step = step, .member = member, .stream = GNDP_STREAM(TASK_STREAM, 0)};
    const int64_t context = low + below(&w, high - low + 1);
    const int64_t target = rest ? n - context : from + below(&w, to - from + 1);
    GNDP_TRY(
        gndp_choose(seed, step, member, GNDP_STREAM(TASK_STREAM, 1), n, context + target, order));
    *n_context = context;
    *n_target = target;
done:
    return st;
}
