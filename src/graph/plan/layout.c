// SPDX-License-Identifier: Apache-2.0
// One arena for all intermediates: buffers that are never live together may share bytes.
#include "base/memory.h"
#include "graph/plan/plan.h"

#include <stdlib.h>
#include <string.h>

typedef struct span {
    size_t offset, bytes;
    int64_t first, last;
    int32_t buffer;
} span;

static size_t aligned(size_t bytes)
{
    return (bytes + GNDP_ALIGN - 1) / GNDP_ALIGN * GNDP_ALIGN;
}

/* Larger first; ties by buffer, so that the layout is a function of the plan. */
static int by_size(const void *pa, const void *pb)
{
    const span *a = pa, *b = pb;
    if (a->bytes != b->bytes) {
        return a->bytes < b->bytes ? 1 : -1;
    }
    return (a->buffer > b->buffer) - (a->buffer < b->buffer);
}

/* Among the placed spans, by offset, the tightest gap between those that live at the same time as s; then s joins them. */
static void place(span *s, span **placed, int64_t n)
{
    size_t end = 0, best = SIZE_MAX, best_gap = SIZE_MAX;
    for (int64_t i = 0; i < n; i++) {
        const span *other = placed[i];
        if (other->first > s->last || s->first > other->last) {
            continue;
        }
        const size_t gap = other->offset > end ? other->offset - end : 0;
        if (gap >= s->bytes && gap < best_gap) {
            best = end;
            best_gap = gap;
        }
        const size_t stop = other->offset + other->bytes;
        end = stop > end ? stop : end;
    }
    s->offset = best != SIZE_MAX ? best : end;
    int64_t low = 0, high = n; /* where it belongs in the list */
    while (low < high) {
        const int64_t middle = (low + high) / 2;
        if (placed[middle]->offset <= s->offset) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    memmove(placed + low + 1, placed + low, (size_t)(n - low) * sizeof *placed);
    placed[low] = s;
}

gndp_status gndp_plan_layout(gndp_plan *plan)
{
    gndp_status st = GNDP_OK;
    int64_t n = 0;
    span *spans = calloc((size_t)plan->n_buffers + 1, sizeof *spans);
    span **placed = calloc((size_t)plan->n_buffers + 1, sizeof *placed);
    GNDP_CHECK(spans != NULL && placed != NULL, GNDP_ERR_NOMEM, "planner: %lld buffers", (long long)plan->n_buffers);
    for (int64_t b = 0; b < plan->n_buffers; b++) {
        const plan_buffer *buffer = &plan->buffers[b];
        if (buffer->place == PLACE_WORKSPACE && buffer->first >= 0) {
            spans[n++] = (span){.bytes = aligned(buffer->bytes > 0 ? buffer->bytes : 1), .first = buffer->first, .last = buffer->last,
                                .buffer = (int32_t)b};
        }
    }
    qsort(spans, (size_t)n, sizeof *spans, by_size);
    for (int64_t i = 0; i < n; i++) {
        place(&spans[i], placed, i);
        plan->buffers[spans[i].buffer].index = (int64_t)spans[i].offset;
        const size_t stop = spans[i].offset + spans[i].bytes;
        plan->workspace_bytes = stop > plan->workspace_bytes ? stop : plan->workspace_bytes;
    }
    for (int64_t s = 0; s < plan->n_steps; s++) {
        const size_t scratch = aligned(plan->steps[s].scratch);
        plan->scratch_bytes = scratch > plan->scratch_bytes ? scratch : plan->scratch_bytes;
    }
done:
    free(spans);
    free(placed);
    return st;
}
