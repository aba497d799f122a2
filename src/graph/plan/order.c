// SPDX-License-Identifier: Apache-2.0
// The order of the steps: any that respects who reads what; among them one with a low peak of live bytes.
#include "graph/plan/plan.h"

#include <stdlib.h>
#include <string.h>

typedef struct order_work {
    gndp_plan *plan;
    int32_t *writer;   /* [buffers] step that writes it, -1 */
    int32_t *readers;  /* [buffers] reads left */
    int32_t *waiting;  /* [steps] writers it still waits for */
    int32_t *start, *list; /* steps that read what a step writes: list[start[s] .. start[s+1]) */
    bool *done;
} order_work;

static bool counts(const gndp_plan *plan, int32_t buffer)
{
    return plan->buffers[buffer].place == PLACE_WORKSPACE;
}

static bool is_pinned(const gndp_plan *plan, int32_t buffer)
{
    for (int64_t i = 0; i < plan->n_outputs; i++) {
        if (plan->outputs[i].buffer == buffer) {
            return true;
        }
    }
    return false;
}

/* Bytes that running step s now would add (positive) or free (negative). */
static double change(const order_work *w, int64_t s)
{
    const plan_step *step = &w->plan->steps[s];
    double bytes = 0.0;
    for (int i = 0; i < step->n_writes; i++) {
        bytes += counts(w->plan, step->writes[i]) ? (double)w->plan->buffers[step->writes[i]].bytes : 0.0;
    }
    for (int i = 0; i < step->n_reads; i++) {
        const int32_t b = step->reads[i];
        bytes -= counts(w->plan, b) && w->readers[b] == 1 ? (double)w->plan->buffers[b].bytes : 0.0;
    }
    return bytes;
}

static void reset(order_work *w)
{
    gndp_plan *plan = w->plan;
    memset(w->readers, 0, (size_t)plan->n_buffers * sizeof *w->readers);
    memset(w->waiting, 0, (size_t)plan->n_steps * sizeof *w->waiting);
    memset(w->done, 0, (size_t)plan->n_steps);
    for (int64_t s = 0; s < plan->n_steps; s++) {
        for (int i = 0; i < plan->steps[s].n_reads; i++) {
            const int32_t b = plan->steps[s].reads[i];
            w->readers[b]++;
            w->waiting[s] += w->writer[b] >= 0 && w->writer[b] != s;
        }
    }
    for (int64_t b = 0; b < plan->n_buffers; b++) {
        w->readers[b] += is_pinned(plan, (int32_t)b);
    }
}

/* Run step s on paper. */
static void finish(order_work *w, int64_t s, double *live, double *peak)
{
    const plan_step *step = &w->plan->steps[s];
    for (int i = 0; i < step->n_writes; i++) {
        *live += counts(w->plan, step->writes[i]) ? (double)w->plan->buffers[step->writes[i]].bytes : 0.0;
    }
    *peak = *live > *peak ? *live : *peak;
    for (int i = 0; i < step->n_reads; i++) {
        const int32_t b = step->reads[i];
        if (--w->readers[b] == 0 && counts(w->plan, b)) {
            *live -= (double)w->plan->buffers[b].bytes;
        }
    }
    w->done[s] = true;
    for (int32_t i = w->start[s]; i < w->start[s + 1]; i++) {
        w->waiting[w->list[i]]--;
    }
}

/* Pick ready steps one by one: in order of making, or greedily by change of live bytes; returns the peak, -1 at a cycle. */
static double schedule(order_work *w, bool greedy, int32_t *sequence)
{
    gndp_plan *plan = w->plan;
    double live = 0.0, peak = 0.0;
    int64_t low = 0; /* everything before it is done */
    reset(w);
    for (int64_t n = 0; n < plan->n_steps; n++) {
        int64_t best = -1;
        double best_change = 0.0;
        while (low < plan->n_steps && w->done[low]) {
            low++;
        }
        for (int phase = 0; phase < 2 && best < 0; phase++) {
            for (int64_t s = low; s < plan->n_steps; s++) {
                if (w->done[s] || w->waiting[s] > 0 || plan->steps[s].last_phase != (phase == 1)) {
                    continue;
                }
                const double c = greedy ? change(w, s) : 0.0;
                if (best < 0 || c < best_change) {
                    best = s;
                    best_change = c;
                }
                if (!greedy) {
                    break;
                }
            }
        }
        if (best < 0) {
            return -1.0;
        }
        finish(w, best, &live, &peak);
        sequence[n] = (int32_t)best;
    }
    return peak;
}

static gndp_status link_steps(order_work *w)
{
    gndp_status st = GNDP_OK;
    gndp_plan *plan = w->plan;
    int64_t edges = 0;
    for (int64_t b = 0; b < plan->n_buffers; b++) {
        w->writer[b] = -1;
    }
    for (int64_t s = 0; s < plan->n_steps; s++) {
        for (int i = 0; i < plan->steps[s].n_writes; i++) {
            const int32_t b = plan->steps[s].writes[i];
            if (plan->buffers[b].place != PLACE_PARAM) {
                w->writer[b] = (int32_t)s;
            }
        }
        edges += plan->steps[s].n_reads;
    }
    w->start = calloc((size_t)plan->n_steps + 2, sizeof *w->start);
    w->list = calloc((size_t)edges + 1, sizeof *w->list);
    GNDP_CHECK(w->start != NULL && w->list != NULL, GNDP_ERR_NOMEM, "planner: %lld edges", (long long)edges);
    for (int pass = 0; pass < 2; pass++) { /* count, then fill */
        for (int64_t s = 0; s < plan->n_steps; s++) {
            for (int i = 0; i < plan->steps[s].n_reads; i++) {
                const int32_t from = w->writer[plan->steps[s].reads[i]];
                if (from >= 0 && from != s) {
                    if (pass == 0) {
                        w->start[from + 1]++;
                    } else {
                        w->list[w->start[from]++] = (int32_t)s;
                    }
                }
            }
        }
        for (int64_t s = 0; pass == 0 && s < plan->n_steps; s++) {
            w->start[s + 1] += w->start[s];
        }
    }
    for (int64_t s = plan->n_steps; s > 0; s--) { /* filling moved every start to its end */
        w->start[s] = w->start[s - 1];
    }
    w->start[0] = 0;
done:
    return st;
}

/* Steps and the span of each buffer, in the new order. */
static gndp_status apply(gndp_plan *plan, const int32_t *sequence)
{
    gndp_status st = GNDP_OK;
    plan_step *sorted = gndp_arena_alloc(plan->arena, (size_t)(plan->n_steps + 1) * sizeof *sorted);
    GNDP_CHECK(sorted != NULL, GNDP_ERR_NOMEM, "planner: %lld steps", (long long)plan->n_steps);
    for (int64_t b = 0; b < plan->n_buffers; b++) {
        plan->buffers[b].first = -1;
        plan->buffers[b].last = -1;
    }
    for (int64_t n = 0; n < plan->n_steps; n++) {
        sorted[n] = plan->steps[sequence[n]];
        for (int i = 0; i < sorted[n].n_writes; i++) {
            plan_buffer *b = &plan->buffers[sorted[n].writes[i]];
            b->first = b->first < 0 ? n : b->first;
            b->last = b->last < n ? n : b->last;
        }
        for (int i = 0; i < sorted[n].n_reads; i++) {
            plan->buffers[sorted[n].reads[i]].last = n;
        }
    }
    for (int64_t i = 0; i < plan->n_outputs; i++) {
        plan->buffers[plan->outputs[i].buffer].last = plan->n_steps;
    }
    plan->steps = sorted;
done:
    return st;
}

gndp_status gndp_plan_order(gndp_plan *plan)
{
    gndp_status st = GNDP_OK;
    order_work w = {.plan = plan};
    const size_t steps = (size_t)plan->n_steps + 1, buffers = (size_t)plan->n_buffers + 1;
    int32_t *made = calloc(steps, sizeof *made), *greedy = calloc(steps, sizeof *greedy);
    w.writer = calloc(buffers, sizeof *w.writer);
    w.readers = calloc(buffers, sizeof *w.readers);
    w.waiting = calloc(steps, sizeof *w.waiting);
    w.done = calloc(steps, sizeof *w.done);
    GNDP_CHECK(made != NULL && greedy != NULL && w.writer != NULL && w.readers != NULL && w.waiting != NULL && w.done != NULL, GNDP_ERR_NOMEM,
               "planner: %lld steps", (long long)plan->n_steps);
    GNDP_TRY(link_steps(&w));
    const double in_order = schedule(&w, false, made);
    GNDP_CHECK(in_order >= 0.0, GNDP_ERR_INTERNAL, "planner: the steps wait for each other");
    const double by_change = schedule(&w, true, greedy);
    GNDP_TRY(apply(plan, by_change >= 0.0 && by_change < in_order ? greedy : made));
done:
    free(made);
    free(greedy);
    free(w.writer);
    free(w.readers);
    free(w.waiting);
    free(w.done);
    free(w.start);
    free(w.list);
    return st;
}
