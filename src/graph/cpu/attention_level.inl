// SPDX-License-Identifier: Apache-2.0
// What each SIMD level of the attention routines includes first.

#include <math.h>
#include <string.h>

#include "graph/cpu/attention_impl.h"

/* Register blocks live on full unrolling with constant trip counts; without it arrays go to memory.
 */
#define INLINE static inline __attribute__((always_inline, unused))
#define NOINLINE __attribute__((noinline))
#ifdef __clang__
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif

/* Small heads are strewn over memory, a line or two in a row, which no hardware prefetcher follows:
   the rows of the next head are asked for a few at a time, between the register blocks of this one.
 */
typedef struct ahead {
    struct {
        const char *at;
        int64_t rows, stride; /* in bytes */
    } stream[8];
    int streams;
    int64_t lines, row, step;
} ahead;

static inline void ahead_add(ahead *a, const void *at, int64_t rows, int64_t stride)
{
    a->stream[a->streams].at = at;
    a->stream[a->streams].rows = rows;
    a->stream[a->streams++].stride = stride;
}

static inline ahead ahead_of(const gndp_attention_head *h, bool adjoint, int64_t real)
{
    ahead a = {.lines = ((h->dk > h->dv ? h->dk : h->dv) * real + 63) / 64,
               .step = adjoint ? 2 : 4};
    const gndp_attention_head *n = h->next;
    if (n == NULL)
        return a;
    ahead_add(&a, n->q, n->nq, n->q_row * real);
    ahead_add(&a, n->k, n->nk, n->k_row * real);
    ahead_add(&a, n->v, n->nk, n->v_row * real);
    ahead_add(&a, adjoint ? n->fwd_o : n->o, n->nq, n->o_row * real);
    if (adjoint) {
        ahead_add(&a, n->d_o, n->nq, n->o_row * real);
        ahead_add(&a, n->dq, n->nq, n->dq_row * real);
        ahead_add(&a, n->dk_out, n->nk, n->dk_row * real);
        ahead_add(&a, n->dv_out, n->nk, n->dv_row * real);
    }
    return a;
}

static inline void ahead_step(ahead *a)
{
    for (int64_t end = a->row + a->step; a->row < end; a->row++)
        for (int s = 0; s < a->streams; s++)
            for (int64_t i = 0; i < a->lines && a->row < a->stream[s].rows; i++)
                __builtin_prefetch(a->stream[s].at + a->row * a->stream[s].stride + 64 * i, 0, 2);
}
