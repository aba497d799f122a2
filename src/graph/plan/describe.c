// SPDX-License-Identifier: Apache-2.0
// The listing of a plan for people.
#include "graph/plan/plan.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

typedef struct listing {
    char *text;
    size_t capacity, length;
} listing;

static void put(listing *l, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void put(listing *l, const char *format, ...)
{
    va_list args;
    const bool room = l->length < l->capacity;
    va_start(args, format);
    const int n = vsnprintf(room ? l->text + l->length : NULL, room ? l->capacity - l->length : 0, format, args);
    va_end(args);
    l->length += n > 0 ? (size_t)n : 0;
}

static const char *place_name(plan_place place)
{
    static const char *const names[] = {"workspace", "input", "output", "parameter", "constant"};
    return names[place];
}

static void put_buffers(listing *l, const gndp_plan *plan, const char *what, int n, const int32_t *list)
{
    for (int i = 0; i < n; i++) {
        const plan_buffer *b = &plan->buffers[list[i]];
        const char *name = b->place == PLACE_INPUT ? plan->inputs[b->index].name : b->place == PLACE_PARAM ? plan->params[b->index].name : "";
        put(l, "%s%s%d:%s%s%s", i == 0 ? what : " ", i == 0 ? " " : "", list[i], place_name(b->place), name[0] ? "=" : "", name);
    }
}

size_t gndp_plan_describe(const gndp_plan *plan, char *text, size_t capacity)
{
    listing l = {.text = text, .capacity = capacity};
    if (capacity > 0) {
        text[0] = '\0';
    }
    if (plan == NULL) {
        return 0;
    }
    const gndp_plan_stats *s = &plan->stats;
    put(&l, "plan on %s: %lld nodes in %lld steps\n", plan->device->text, (long long)s->nodes, (long long)s->steps);
    put(&l, "  %.3f GF (%.3f in products%s), %.1f MB moved\n", s->flops * 1e-9, s->matmul_flops * 1e-9, s->bf16 ? ", reduced ones in bf16" : "",
        s->bytes * 1e-6);
    put(&l, "  memory: %.1f MB workspace, %.1f MB scratch, %.3f MB constants\n", (double)s->workspace_bytes * 1e-6, (double)s->scratch_bytes * 1e-6,
        (double)s->constant_bytes * 1e-6);
    if (s->recomputed > 0) {
        put(&l, "  %lld nodes are computed twice to stay below %.1f MB\n", (long long)s->recomputed, (double)plan->options.max_workspace * 1e-6);
    }
    if (plan->note[0] != '\0') {
        put(&l, "  note: %s\n", plan->note);
    }
    for (int64_t i = 0; i < plan->n_steps; i++) {
        const plan_step *step = &plan->steps[i];
        put(&l, "%4lld  %-40s %9.4f GF %9.3f MB", (long long)i, step->label != NULL ? step->label : "?", step->flops * 1e-9, step->bytes * 1e-6);
        if (step->seconds > 0.0) {
            put(&l, " %9.3f ms %7.1f GF/s %6.1f GB/s", step->seconds * 1e3, step->flops * 1e-9 / step->seconds, step->bytes * 1e-9 / step->seconds);
        }
        put_buffers(&l, plan, "  reads", step->n_reads, step->reads);
        put_buffers(&l, plan, "  writes", step->n_writes, step->writes);
        put(&l, "\n");
    }
    return l.length;
}
