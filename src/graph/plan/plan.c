// SPDX-License-Identifier: Apache-2.0
// Making, binding and running plans.
#include "graph/plan/plan.h"

#include "base/memory.h"
#include "base/thread.h"
#include "graph/graph_internal.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ------------------------------------------------------------------------------------ parts of compiling */

int32_t gndp_plan_add_buffer(gndp_plan *plan, plan_place place, size_t bytes, int64_t index, const void *data)
{
    if (plan->n_buffers == plan->buffer_capacity) {
        const int64_t capacity = plan->buffer_capacity > 0 ? 2 * plan->buffer_capacity : 256;
        plan_buffer *grown = gndp_arena_alloc(plan->arena, (size_t)capacity * sizeof *grown);
        if (grown == NULL) {
            return -1;
        }
        if (plan->n_buffers > 0) {
            memcpy(grown, plan->buffers, (size_t)plan->n_buffers * sizeof *grown);
        }
        plan->buffers = grown;
        plan->buffer_capacity = capacity;
    }
    plan->buffers[plan->n_buffers] = (plan_buffer){.bytes = bytes, .place = place, .index = index, .data = data, .first = -1, .last = -1};
    return (int32_t)plan->n_buffers++;
}

plan_step *gndp_plan_add_step(gndp_plan *plan, int n_reads, int n_writes)
{
    if (plan->n_steps == plan->step_capacity) {
        const int64_t capacity = plan->step_capacity > 0 ? 2 * plan->step_capacity : 128;
        plan_step *grown = gndp_arena_alloc(plan->arena, (size_t)capacity * sizeof *grown);
        if (grown == NULL) {
            return NULL;
        }
        if (plan->n_steps > 0) {
            memcpy(grown, plan->steps, (size_t)plan->n_steps * sizeof *grown);
        }
        plan->steps = grown;
        plan->step_capacity = capacity;
    }
    plan_step *step = &plan->steps[plan->n_steps];
    *step = (plan_step){.n_reads = n_reads, .n_writes = n_writes};
    step->reads = gndp_arena_alloc(plan->arena, (size_t)(n_reads + 1) * sizeof *step->reads);
    step->writes = gndp_arena_alloc(plan->arena, (size_t)(n_writes + 1) * sizeof *step->writes);
    if (step->reads == NULL || step->writes == NULL) {
        return NULL;
    }
    plan->n_steps++;
    return step;
}

/* The array that a parameter node reads. */
static gndp_status find_param(const gndp_plan *plan, const ir_node *node, gndp_slot *slot, gndp_array *array)
{
    gndp_status st = GNDP_OK;
    gndp_store *store = plan->options.store != NULL ? plan->options.store : node->store;
    *slot = (gndp_slot)node->attr.i[0];
    if (plan->options.ema && *slot == GNDP_SLOT_VALUE) {
        *slot = GNDP_SLOT_EMA;
    }
    GNDP_TRY(gndp_store_slot(store, node->attr.name, *slot, array));
    GNDP_CHECK(array->type.dtype == node->out[0].dtype, GNDP_ERR_TYPE, "parameter \"%s\": the store has " GNDP_TYPE_FMT ", the graph " GNDP_TYPE_FMT,
               node->attr.name, GNDP_TYPE_ARG(array->type), GNDP_TYPE_ARG(node->out[0]));
    GNDP_CHECK(gndp_type_equal(array->type, node->out[0]), GNDP_ERR_SHAPE,
               "parameter \"%s\": the store has " GNDP_TYPE_FMT ", the graph " GNDP_TYPE_FMT, node->attr.name, GNDP_TYPE_ARG(array->type),
               GNDP_TYPE_ARG(node->out[0]));
done:
    return st;
}

/* Parameters that will not change are constants, which the passes may fold. */
static gndp_status freeze(gndp_plan *plan)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(!plan->options.effects, GNDP_ERR_ARG, "a plan with frozen parameters (options.frozen) assigns nothing (options.effects)");
    for (int64_t id = 0; id < plan->ir.n; id++) {
        ir_node *node = &plan->ir.nodes[id];
        gndp_array array;
        gndp_slot slot;
        if (node->op->leaf && node->attr.data == NULL && node->store != NULL) {
            GNDP_TRY(find_param(plan, node, &slot, &array));
            *node = gndp_ir_constant(node, array.data);
        }
    }
done:
    return st;
}

/* Both a parameter read through two nodes (value and its moving average, under options.ema) and one read once are one array. */
static gndp_status bind_param(gndp_plan *plan, const ir_node *node, int32_t *buffer)
{
    gndp_status st = GNDP_OK;
    gndp_array array;
    gndp_slot slot;
    GNDP_TRY(find_param(plan, node, &slot, &array));
    for (int64_t i = 0; i < plan->n_params; i++) {
        if (plan->params[i].data == array.data && gndp_type_count(array.type) > 0) {
            *buffer = plan->params[i].buffer;
            goto done;
        }
    }
    *buffer = gndp_plan_add_buffer(plan, PLACE_PARAM, gndp_type_bytes(array.type), plan->n_params, NULL);
    GNDP_CHECK(*buffer >= 0, GNDP_ERR_NOMEM, "planner: a buffer");
    plan->params[plan->n_params++] = (plan_param){.name = node->attr.name, .slot = slot, .type = array.type, .buffer = *buffer, .data = array.data};
done:
    return st;
}

gndp_status gndp_plan_bind_leaves(gndp_plan *plan, int32_t *leaf)
{
    gndp_status st = GNDP_OK;
    const gndp_ir *ir = &plan->ir;
    plan->inputs = gndp_arena_alloc(plan->arena, (size_t)(ir->n + 1) * sizeof *plan->inputs);
    plan->params = gndp_arena_alloc(plan->arena, (size_t)(ir->n + 1) * sizeof *plan->params);
    GNDP_CHECK(plan->inputs != NULL && plan->params != NULL, GNDP_ERR_NOMEM, "planner: leaves");
    for (int64_t id = 0; id < ir->n; id++) {
        const ir_node *node = &ir->nodes[id];
        leaf[id] = -1;
        if (!node->op->leaf) {
            continue;
        }
        if (node->attr.data != NULL) {
            leaf[id] = gndp_plan_add_buffer(plan, PLACE_CONSTANT, gndp_type_bytes(node->out[0]), 0, node->attr.data);
            plan->stats.constant_bytes += gndp_type_bytes(node->out[0]);
        } else if (node->store != NULL) {
            GNDP_TRY(bind_param(plan, node, &leaf[id]));
        } else if (node->attr.name != NULL) {
            leaf[id] = gndp_plan_add_buffer(plan, PLACE_INPUT, gndp_type_bytes(node->out[0]), plan->n_inputs, NULL);
            plan->inputs[plan->n_inputs++] = (plan_input){.name = node->attr.name, .type = node->out[0], .buffer = leaf[id]};
        } else { /* a constant without entries */
            leaf[id] = gndp_plan_add_buffer(plan, PLACE_CONSTANT, 0, 0, "");
        }
        GNDP_CHECK(leaf[id] >= 0, GNDP_ERR_NOMEM, "planner: a buffer");
    }
    for (int64_t id = 0; id < ir->n; id++) {
        const ir_node *node = &ir->nodes[id];
        if (node->op->effect) {
            plan_param *param = &plan->params[plan->buffers[leaf[node->in[0].node]].index];
            GNDP_CHECK(!plan->options.ema, GNDP_ERR_ARG, "a plan that reads moving averages (options.ema) assigns nothing, but \"%s\" is assigned",
                       param->name);
            GNDP_CHECK(!param->written, GNDP_ERR_STATE, "parameter \"%s\" is assigned twice", param->name);
            param->written = true;
        }
    }
done:
    return st;
}

static gndp_status run_passes(gndp_plan *plan)
{
    gndp_status st = GNDP_OK;
    typedef gndp_status (*pass_fn)(const gndp_ir *, gndp_ir *);
    static const pass_fn passes[] = {gndp_pass_simplify,       gndp_pass_merge,    gndp_pass_fold_constants, gndp_pass_fold_matmul,
                                     gndp_pass_simplify,       gndp_pass_merge,    gndp_pass_prune};
    for (size_t i = 0; i < sizeof passes / sizeof *passes && !plan->options.no_optimise; i++) {
        gndp_ir next;
        GNDP_TRY(passes[i](&plan->ir, &next));
        plan->ir = next;
    }
done:
    return st;
}

/* Forget steps and buffers of an earlier compilation. */
static void restart(gndp_plan *plan)
{
    for (int64_t s = 0; s < plan->n_steps; s++) {
        if (plan->steps[s].release != NULL) {
            plan->steps[s].release(plan->steps[s].payload);
        }
    }
    plan->n_steps = plan->step_capacity = 0;
    plan->n_buffers = plan->buffer_capacity = 0;
    plan->n_inputs = plan->n_params = 0;
    plan->workspace_bytes = plan->scratch_bytes = 0;
    plan->no_twins = false;
    plan->stats = (gndp_plan_stats){.recomputed = plan->stats.recomputed, .bf16 = plan->stats.bf16};
}

static gndp_status compile(gndp_plan *plan)
{
    gndp_status st = GNDP_OK;
    restart(plan);
    GNDP_TRY(plan->device->ops->compile(plan));
    GNDP_TRY(gndp_plan_order(plan));
    GNDP_TRY(gndp_plan_layout(plan));
done:
    return st;
}

/* When over the bound, rebuild between keep marks; the smaller of the two wins. */
static gndp_status compile_within(gndp_plan *plan, size_t bound)
{
    gndp_status st = GNDP_OK;
    gndp_ir lean, plain = plan->ir;
    int64_t rebuilt = 0;
    GNDP_TRY(compile(plan));
    if (bound == 0 || plan->workspace_bytes <= bound) {
        goto done;
    }
    const size_t before = plan->workspace_bytes;
    GNDP_TRY(gndp_pass_recompute(&plain, &lean, &rebuilt));
    if (rebuilt == 0) {
        strcpy(plan->note, "nothing to recompute: no gndp_keep marks between values and their gradient");
        goto done;
    }
    plan->ir = lean;
    plan->stats.recomputed = rebuilt;
    GNDP_TRY(compile(plan));
    if (plan->workspace_bytes >= before) {
        strcpy(plan->note, "recomputation would not save memory");
        plan->ir = plain;
        plan->stats.recomputed = 0;
        GNDP_TRY(compile(plan));
    }
done:
    return st;
}

static void add_up(gndp_plan *plan)
{
    plan->stats.nodes = plan->ir.n;
    plan->stats.steps = plan->n_steps;
    plan->stats.workspace_bytes = plan->workspace_bytes;
    plan->stats.scratch_bytes = plan->scratch_bytes;
    for (int64_t s = 0; s < plan->n_steps; s++) {
        plan->stats.flops += plan->steps[s].flops;
        plan->stats.matmul_flops += plan->steps[s].matmul_flops;
        plan->stats.bytes += plan->steps[s].bytes;
    }
}

/* What a run writes: each twin has its own. */
static gndp_status prepare_memory(gndp_plan *plan)
{
    gndp_status st = GNDP_OK;
    plan->workspace = NULL;
    plan->fp_state = NULL;
    plan->at = calloc((size_t)plan->n_buffers + 1, sizeof *plan->at);
    GNDP_CHECK(plan->at != NULL, GNDP_ERR_NOMEM, "planner: %lld buffers", (long long)plan->n_buffers);
    plan->fp_state = calloc((size_t)plan->device->threads, sizeof *plan->fp_state);
    GNDP_CHECK(plan->fp_state != NULL, GNDP_ERR_NOMEM, "planner: %d threads", plan->device->threads);
    plan->workspace = gndp_pages_alloc(plan->workspace_bytes + plan->scratch_bytes + 1);
    GNDP_CHECK(plan->workspace != NULL, GNDP_ERR_NOMEM, "workspace of %zu bytes", plan->workspace_bytes + plan->scratch_bytes);
    plan->scratch = plan->workspace + plan->workspace_bytes;
    for (int64_t b = 0; b < plan->n_buffers; b++) {
        const plan_buffer *buffer = &plan->buffers[b];
        union {
            const void *c;
            void *m;
        } constant = {.c = buffer->data}; /* steps only read it */
        plan->at[b] = buffer->place == PLACE_WORKSPACE  ? plan->workspace + buffer->index
                      : buffer->place == PLACE_CONSTANT ? constant.m
                      : buffer->place == PLACE_PARAM    ? plan->params[buffer->index].data
                                                        : NULL;
    }
done:
    return st;
}

gndp_status gndp_plan_create(gndp_graph *g, const gndp_node *outputs, int64_t n, gndp_device *device, const gndp_plan_options *options,
                             gndp_plan **out)
{
    gndp_status st = GNDP_OK;
    gndp_plan *plan = NULL;
    const gndp_plan_options defaults = {0};
    GNDP_CHECK(out != NULL, GNDP_ERR_ARG, "plan is NULL");
    *out = NULL;
    GNDP_CHECK(g != NULL && device != NULL, GNDP_ERR_ARG, "%s is NULL", g == NULL ? "graph" : "device");
    GNDP_CHECK(g->status == GNDP_OK, g->status, "%s", g->error);
    options = options != NULL ? options : &defaults;
    GNDP_CHECK(n > 0 || (n == 0 && options->effects), GNDP_ERR_ARG, "%lld outputs%s", (long long)n, n == 0 ? " and no effects: nothing to run" : "");
    GNDP_CHECK(outputs != NULL || n == 0, GNDP_ERR_ARG, "outputs is NULL");
    for (int64_t i = 0; i < n; i++) {
        GNDP_CHECK(!gndp_is_none(outputs[i]), GNDP_ERR_ARG, "output %lld is no node (GNDP_NONE)", (long long)i);
        GNDP_CHECK(outputs[i].graph == g && outputs[i].id < g->n, GNDP_ERR_GRAPH, "output %lld belongs to another graph", (long long)i);
    }
    plan = calloc(1, sizeof *plan);
    GNDP_CHECK(plan != NULL, GNDP_ERR_NOMEM, "%zu bytes", sizeof *plan);
    plan->device = device;
    device->references++;
    plan->options = *options;
    GNDP_TRY(gndp_arena_create((size_t)64 << 10, &plan->arena));
    plan->stats.bf16 = options->bf16 && (device_bf16_vectors(device) || device_bf16_tiles(device)) && device->ops == &gndp_cpu_device;
    if (options->bf16 && !plan->stats.bf16) {
        strcpy(plan->note, "bf16 was asked for, but this device has no bf16 products: f32 is used");
    }
    GNDP_TRY(gndp_ir_from_graph(g, outputs, n, options->effects, plan->arena, &plan->ir));
    if (plan->options.frozen) {
        GNDP_TRY(freeze(plan));
    }
    GNDP_TRY(run_passes(plan));
    plan->n_outputs = n;
    plan->outputs = gndp_arena_alloc(plan->arena, (size_t)(n + 1) * sizeof *plan->outputs);
    GNDP_CHECK(plan->outputs != NULL, GNDP_ERR_NOMEM, "planner: outputs");
    GNDP_TRY(compile_within(plan, options->max_workspace));
    add_up(plan);
    GNDP_TRY(prepare_memory(plan));
    *out = plan;
    plan = NULL;
done:
    gndp_plan_free(plan);
    return st;
}

gndp_status gndp_plan_twin(const gndp_plan *plan, gndp_plan **out)
{
    gndp_status st = GNDP_OK;
    gndp_plan *twin = NULL;
    GNDP_CHECK(out != NULL, GNDP_ERR_ARG, "twin is NULL");
    *out = NULL;
    GNDP_CHECK(plan != NULL, GNDP_ERR_ARG, "plan is NULL");
    GNDP_CHECK(!plan->no_twins && plan->device->ops == &gndp_cpu_device && !plan->options.effects, GNDP_ERR_UNSUPPORTED,
               "a plan that assigns, or whose libraries keep state, has no twins");
    twin = malloc(sizeof *twin);
    GNDP_CHECK(twin != NULL, GNDP_ERR_NOMEM, "%zu bytes", sizeof *twin);
    *twin = *plan;
    twin->is_twin = true;
    twin->options.profile = false; /* times are kept in the steps, which are shared */
    twin->device->references++;
    GNDP_TRY(prepare_memory(twin));
    *out = twin;
    twin = NULL;
done:
    gndp_plan_free(twin);
    return st;
}

void gndp_plan_free(gndp_plan *plan)
{
    if (plan == NULL) {
        return;
    }
    for (int64_t s = 0; s < plan->n_steps && !plan->is_twin; s++) {
        if (plan->steps[s].release != NULL) {
            plan->steps[s].release(plan->steps[s].payload);
        }
    }
    if (plan->workspace != NULL) {
        gndp_pages_free(plan->workspace, plan->workspace_bytes + plan->scratch_bytes + 1);
    }
    free(plan->at);
    free(plan->fp_state);
    gndp_device_free(plan->device);
    if (!plan->is_twin) {
        gndp_arena_free(plan->arena);
    }
    free(plan);
}

/* ---------------------------------------------------------------------------------------------- running */

static gndp_status check_array(const char *what, const char *name, const gndp_array *array, gndp_type type)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(array->type.dtype == type.dtype, GNDP_ERR_TYPE, "%s \"%s\" is " GNDP_TYPE_FMT ", the plan wants " GNDP_TYPE_FMT, what, name,
               GNDP_TYPE_ARG(array->type), GNDP_TYPE_ARG(type));
    GNDP_CHECK(gndp_type_equal(array->type, type), GNDP_ERR_SHAPE, "%s \"%s\" is " GNDP_TYPE_FMT ", the plan wants " GNDP_TYPE_FMT, what, name,
               GNDP_TYPE_ARG(array->type), GNDP_TYPE_ARG(type));
    GNDP_CHECK(array->data != NULL || gndp_type_count(type) == 0, GNDP_ERR_ARG, "%s \"%s\" has no data (NULL)", what, name);
done:
    return st;
}

static gndp_status bind_feeds(gndp_plan *plan, const gndp_feed *feeds, int64_t n)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(n >= 0 && (feeds != NULL || n == 0), GNDP_ERR_ARG, "feeds is NULL");
    for (int64_t i = 0; i < plan->n_inputs; i++) {
        plan->at[plan->inputs[i].buffer] = NULL;
    }
    for (int64_t k = 0; k < n; k++) {
        int64_t i = 0;
        GNDP_CHECK(feeds[k].name != NULL, GNDP_ERR_ARG, "feed %lld has no name", (long long)k);
        while (i < plan->n_inputs && strcmp(plan->inputs[i].name, feeds[k].name) != 0) {
            i++;
        }
        GNDP_CHECK(i < plan->n_inputs, GNDP_ERR_ARG, "the plan reads no input \"%s\"", feeds[k].name);
        GNDP_TRY(check_array("input", feeds[k].name, &feeds[k].array, plan->inputs[i].type));
        GNDP_CHECK(plan->at[plan->inputs[i].buffer] == NULL, GNDP_ERR_ARG, "input \"%s\" is given twice", feeds[k].name);
        plan->at[plan->inputs[i].buffer] = feeds[k].array.data != NULL ? feeds[k].array.data : plan->workspace;
    }
    for (int64_t i = 0; i < plan->n_inputs; i++) {
        GNDP_CHECK(plan->at[plan->inputs[i].buffer] != NULL, GNDP_ERR_ARG, "input \"%s\" (" GNDP_TYPE_FMT ") is missing", plan->inputs[i].name,
                   GNDP_TYPE_ARG(plan->inputs[i].type));
    }
done:
    return st;
}

static bool overlap(const void *a, size_t a_bytes, const void *b, size_t b_bytes)
{
    const uintptr_t x = (uintptr_t)a, y = (uintptr_t)b;
    return a_bytes > 0 && b_bytes > 0 && x < y + b_bytes && y < x + a_bytes;
}

static gndp_status bind_outputs(gndp_plan *plan, gndp_array *outputs, int64_t n)
{
    gndp_status st = GNDP_OK;
    char name[32];
    GNDP_CHECK(n == plan->n_outputs, GNDP_ERR_ARG, "%lld output arrays, the plan has %lld", (long long)n, (long long)plan->n_outputs);
    GNDP_CHECK(outputs != NULL || n == 0, GNDP_ERR_ARG, "outputs is NULL");
    for (int64_t i = 0; i < n; i++) {
        if (!gndp_type_equal(outputs[i].type, plan->outputs[i].type) || outputs[i].data == NULL) {
            snprintf(name, sizeof name, "%lld", (long long)i);
            GNDP_TRY(check_array("output", name, &outputs[i], plan->outputs[i].type));
        }
        const size_t bytes = gndp_type_bytes(plan->outputs[i].type);
        for (int64_t k = 0; k < plan->n_inputs; k++) {
            GNDP_CHECK(!overlap(outputs[i].data, bytes, plan->at[plan->inputs[k].buffer], gndp_type_bytes(plan->inputs[k].type)), GNDP_ERR_ARG,
                       "output %lld overlaps input \"%s\"", (long long)i, plan->inputs[k].name);
        }
        for (int64_t k = 0; k < i; k++) {
            GNDP_CHECK(!overlap(outputs[i].data, bytes, outputs[k].data, gndp_type_bytes(plan->outputs[k].type)), GNDP_ERR_ARG,
                       "outputs %lld and %lld overlap", (long long)k, (long long)i);
        }
        plan->at[plan->outputs[i].buffer] = outputs[i].data != NULL ? outputs[i].data : plan->workspace;
    }
done:
    return st;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

gndp_status gndp_plan_run_step(gndp_plan *plan, int64_t s)
{
    plan_step *step = &plan->steps[s];
    if (!plan->options.profile) {
        return step->run(plan, step);
    }
    const double start = now();
    const gndp_status st = step->run(plan, step);
    const double seconds = now() - start;
    step->seconds = step->seconds == 0.0 || seconds < step->seconds ? seconds : step->seconds;
    return st;
}

bool gndp_plan_reads(const gndp_plan *plan, const char *name)
{
    for (int64_t i = 0; plan != NULL && name != NULL && i < plan->n_inputs; i++) {
        if (strcmp(plan->inputs[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

gndp_status gndp_plan_run(gndp_plan *plan, const gndp_feed *feeds, int64_t n_feeds, gndp_array *outputs, int64_t n_outputs)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(plan != NULL, GNDP_ERR_ARG, "plan is NULL");
    GNDP_TRY(bind_feeds(plan, feeds, n_feeds));
    GNDP_TRY(bind_outputs(plan, outputs, n_outputs));
    GNDP_TRY(plan->device->ops->run(plan));
done:
    return st;
}

gndp_plan_stats gndp_plan_get_stats(const gndp_plan *plan)
{
    return plan == NULL ? (gndp_plan_stats){0} : plan->stats;
}
