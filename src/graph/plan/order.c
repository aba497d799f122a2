// SPDX-License-Identifier: Apache-2.0
// The order of the steps: any that respects who reads what; among them one with a low peak of live bytes.
#include "graph/plan/plan.h"

#include <stdlib.h>
#include <string.h>

/* A step that may run now. Entries of steps that ran, or whose change is another by now, are skipped when they come up. */
typedef struct candidate {
    double change; /* bytes it would add (positive) or free (negative) */
    int32_t step;
} candidate;

typedef struct order_work {
    gndp_plan *plan;
    int32_t *writer;    /* [buffers] step that computes it; of a parameter, the one that assigns it; -1 */
    int32_t *reads;     /* [buffers] how often it is read, outputs count */
    int32_t *left;      /* [buffers] reads left */
    int32_t *needs;     /* [steps] how many edges end there */
    int32_t *waiting;   /* [steps] of these, from steps that did not run yet */
    int32_t *start, *next; /* edges from a step: next[start[s] .. start[s+1]) */
    double *change;     /* [steps] as in its last entry */
    bool *done;
    candidate *heap;
    int64_t n_heap;
} order_work;

static bool counts(const gndp_plan *plan, int32_t buffer)
{
    return plan->buffers[buffer].place == PLACE_WORKSPACE;
}

/* ------------------------------------------------------------------------------------------------ edges */

static void add_edge(order_work *w, int32_t from, int32_t to, bool fill)
{
    if (from < 0 || from == to) {
        return;
    }
    if (fill) {
        w->next[w->start[from]++] = to;
    } else {
        w->start[from + 1]++;
        w->needs[to]++;
    }
}

/* A step runs after those that compute what it reads; one that assigns a parameter after all that read the old value. */
static void add_edges(order_work *w, bool fill)
{
    const gndp_plan *plan = w->plan;
    for (int32_t s = 0; s < plan->n_steps; s++) {
        for (int i = 0; i < plan->steps[s].n_reads; i++) {
            const int32_t b = plan->steps[s].reads[i];
            if (plan->buffers[b].place == PLACE_PARAM) {
                if (w->writer[b] >= 0) {
                    add_edge(w, s, w->writer[b], fill);
                }
            } else {
                add_edge(w, w->writer[b], s, fill);
            }
        }
    }
}

static gndp_status link_steps(order_work *w)
{
    gndp_status st = GNDP_OK;
    gndp_plan *plan = w->plan;
    int64_t reads = 0;
    for (int64_t b = 0; b < plan->n_buffers; b++) {
        w->writer[b] = -1;
    }
    for (int64_t s = 0; s < plan->n_steps; s++) {
        for (int i = 0; i < plan->steps[s].n_writes; i++) {
            w->writer[plan->steps[s].writes[i]] = (int32_t)s;
        }
        for (int i = 0; i < plan->steps[s].n_reads; i++) {
            w->reads[plan->steps[s].reads[i]]++;
        }
        reads += plan->steps[s].n_reads;
    }
    for (int64_t i = 0; i < plan->n_outputs; i++) {
        w->reads[plan->outputs[i].buffer]++;
    }
    w->next = calloc((size_t)reads + 1, sizeof *w->next);
    w->heap = calloc((size_t)(2 * plan->n_steps + plan->n_buffers) + 1, sizeof *w->heap);
    GNDP_CHECK(w->next != NULL && w->heap != NULL, GNDP_ERR_NOMEM, "planner: %lld edges", (long long)reads);
    add_edges(w, false);
    for (int64_t s = 0; s < plan->n_steps; s++) {
        w->start[s + 1] += w->start[s];
    }
    add_edges(w, true);
    memmove(w->start + 1, w->start, (size_t)plan->n_steps * sizeof *w->start); /* filling moved every start to its end */
    w->start[0] = 0;
done:
    return st;
}

/* -------------------------------------------------------------------------------------------- candidates */

/* What assigns parameters in place comes after everything else; then less memory; then order of making. */
static bool before(const order_work *w, candidate a, candidate b)
{
    const bool last_a = w->plan->steps[a.step].last_phase, last_b = w->plan->steps[b.step].last_phase;
    if (last_a != last_b) {
        return last_b;
    }
    return a.change < b.change || (a.change <= b.change && a.step < b.step);
}

static void push(order_work *w, candidate c)
{
    int64_t at = w->n_heap++;
    w->change[c.step] = c.change;
    while (at > 0 && before(w, c, w->heap[(at - 1) / 2])) {
        w->heap[at] = w->heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    w->heap[at] = c;
}

static candidate pop(order_work *w)
{
    const candidate top = w->heap[0], last = w->heap[--w->n_heap];
    int64_t at = 0;
    for (int64_t child = 1; child < w->n_heap; child = 2 * at + 1) {
        child += child + 1 < w->n_heap && before(w, w->heap[child + 1], w->heap[child]);
        if (!before(w, w->heap[child], last)) {
            break;
        }
        w->heap[at] = w->heap[child];
        at = child;
    }
    w->heap[at] = last;
    return top;
}

/* How often step s reads its i-th buffer; 0 when an earlier entry counted it already. */
static int32_t times_read(const plan_step *step, int i)
{
    int32_t times = 1;
    for (int k = 0; k < step->n_reads && step->n_reads <= GNDP_MAX_INPUTS; k++) { /* longer lists are fused units', without doubles */
        if (k != i && step->reads[k] == step->reads[i]) {
            if (k < i) {
                return 0;
            }
            times++;
        }
    }
    return times;
}

static double change(const order_work *w, int64_t s)
{
    const plan_step *step = &w->plan->steps[s];
    double bytes = 0.0;
    for (int i = 0; i < step->n_writes; i++) {
        bytes += counts(w->plan, step->writes[i]) ? (double)w->plan->buffers[step->writes[i]].bytes : 0.0;
    }
    for (int i = 0; i < step->n_reads; i++) {
        const int32_t b = step->reads[i];
        if (counts(w->plan, b) && w->left[b] == times_read(step, i)) {
            bytes -= (double)w->plan->buffers[b].bytes;
        }
    }
    return bytes;
}

/* Whoever waits to read b, now that few reads of it are left. */
static void reconsider(order_work *w, int32_t b)
{
    const int32_t from = w->writer[b];
    for (int32_t i = w->start[from]; i < w->start[from + 1]; i++) {
        const int32_t s = w->next[i];
        if (!w->done[s] && w->waiting[s] == 0) {
            const double now = change(w, s);
            if (now < w->change[s] && w->n_heap < 2 * w->plan->n_steps + w->plan->n_buffers) { /* a full heap keeps the old entry */
                push(w, (candidate){now, s});
            }
        }
    }
}

/* Run step s on paper. */
static void finish(order_work *w, int32_t s, bool greedy, double *live, double *peak)
{
    const plan_step *step = &w->plan->steps[s];
    for (int i = 0; i < step->n_writes; i++) {
        *live += counts(w->plan, step->writes[i]) ? (double)w->plan->buffers[step->writes[i]].bytes : 0.0;
    }
    *peak = *live > *peak ? *live : *peak;
    for (int i = 0; i < step->n_writes; i++) { /* a routine's result that nobody reads */
        *live -= counts(w->plan, step->writes[i]) && w->reads[step->writes[i]] == 0 ? (double)w->plan->buffers[step->writes[i]].bytes : 0.0;
    }
    w->done[s] = true;
    for (int i = 0; i < step->n_reads; i++) {
        const int32_t b = step->reads[i];
        w->left[b]--;
        if (counts(w->plan, b) && w->left[b] == 0) {
            *live -= (double)w->plan->buffers[b].bytes;
        } else if (greedy && counts(w->plan, b) && w->left[b] == 1) {
            reconsider(w, b);
        }
    }
    for (int32_t i = w->start[s]; i < w->start[s + 1]; i++) {
        const int32_t to = w->next[i];
        if (--w->waiting[to] == 0) {
            push(w, (candidate){greedy ? change(w, to) : 0.0, to});
        }
    }
}

/* Pick ready steps one by one: in order of making, or greedily by change of live bytes; returns the peak, -1 at a cycle. */
static double schedule(order_work *w, bool greedy, int32_t *sequence)
{
    const gndp_plan *plan = w->plan;
    double live = 0.0, peak = 0.0;
    int64_t n = 0;
    w->n_heap = 0;
    memcpy(w->left, w->reads, (size_t)plan->n_buffers * sizeof *w->left);
    memcpy(w->waiting, w->needs, (size_t)plan->n_steps * sizeof *w->waiting);
    memset(w->done, 0, (size_t)plan->n_steps);
    for (int32_t s = 0; s < plan->n_steps; s++) {
        if (w->waiting[s] == 0) {
            push(w, (candidate){greedy ? change(w, s) : 0.0, s});
        }
    }
    while (w->n_heap > 0) {
        const candidate c = pop(w);
        if (!w->done[c.step] && c.change <= w->change[c.step]) {
            finish(w, c.step, greedy, &live, &peak);
            sequence[n++] = c.step;
        }
    }
    return n == plan->n_steps ? peak : -1.0;
}

/* ------------------------------------------------------------------------------------------------- result */

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
    const size_t steps = (size_t)plan->n_steps + 2, buffers = (size_t)plan->n_buffers + 1;
    int32_t *made = calloc(steps, sizeof *made), *greedy = calloc(steps, sizeof *greedy);
    w.writer = calloc(buffers, sizeof *w.writer);
    w.reads = calloc(buffers, sizeof *w.reads);
    w.left = calloc(buffers, sizeof *w.left);
    w.needs = calloc(steps, sizeof *w.needs);
    w.waiting = calloc(steps, sizeof *w.waiting);
    w.start = calloc(steps, sizeof *w.start);
    w.change = calloc(steps, sizeof *w.change);
    w.done = calloc(steps, sizeof *w.done);
    GNDP_CHECK(made != NULL && greedy != NULL && w.writer != NULL && w.reads != NULL && w.left != NULL && w.needs != NULL && w.waiting != NULL &&
                   w.start != NULL && w.change != NULL && w.done != NULL,
               GNDP_ERR_NOMEM, "planner: %lld steps", (long long)plan->n_steps);
    GNDP_TRY(link_steps(&w));
    const double in_order = schedule(&w, false, made);
    GNDP_CHECK(in_order >= 0.0, GNDP_ERR_INTERNAL, "planner: the steps wait for each other");
    const double by_change = schedule(&w, true, greedy);
    GNDP_TRY(apply(plan, by_change >= 0.0 && by_change < in_order ? greedy : made));
done:
    free(made);
    free(greedy);
    free(w.writer);
    free(w.reads);
    free(w.left);
    free(w.needs);
    free(w.waiting);
    free(w.start);
    free(w.next);
    free(w.change);
    free(w.done);
    free(w.heap);
    return st;
}
