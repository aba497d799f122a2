// SPDX-License-Identifier: Apache-2.0
// A plan from the inside: buffers, steps in order, and the interface that executors implement.
#ifndef GNDP_GRAPH_PLAN_PLAN_H
#define GNDP_GRAPH_PLAN_PLAN_H

#include "base/cpu.h"
#include "graph/plan/ir.h"

typedef struct plan_step plan_step;

/** Where an array lies while the plan runs. */
typedef enum plan_place {
    PLACE_WORKSPACE, /* index: byte offset, set by the layout */
    PLACE_INPUT,     /* index: which input */
    PLACE_OUTPUT,    /* index: which output */
    PLACE_PARAM,     /* index: which parameter array */
    PLACE_CONSTANT   /* data holds it */
} plan_place;

typedef struct plan_buffer {
    size_t bytes;
    plan_place place;
    int64_t index;
    const void *data;
    int64_t first, last; /* steps between which it is live; first < 0: nothing writes it */
} plan_buffer;

/** One thing to run. */
struct plan_step {
    gndp_status (*run)(const gndp_plan *plan, const plan_step *step);
    void (*release)(void *payload); /* what the payload holds outside the arena; NULL: nothing */
    void *payload;                  /* arena */
    const char *label;
    int n_reads, n_writes;
    int32_t *reads, *writes; /* buffers */
    double flops, matmul_flops, bytes;
    size_t scratch;
    bool last_phase; /* writes parameters in place: after everything else */
    double seconds;  /* shortest so far, when the plan is profiled; 0: not run */
};

typedef struct plan_input {
    const char *name;
    gndp_type type;
    int32_t buffer;
} plan_input;

typedef struct plan_param {
    const char *name;
    gndp_slot slot;
    gndp_type type;
    int32_t buffer;
    void *data;
    bool written;
} plan_param;

typedef struct plan_output {
    gndp_type type;
    int32_t buffer;
} plan_output;

/** What a kind of device does with a plan; nothing above this interface knows the device. */
typedef struct device_ops {
    const char *name;
    /** From plan->ir make buffers and steps (gndp_plan_add_*). */
    gndp_status (*compile)(gndp_plan *plan);
    /** Run all steps. */
    gndp_status (*run)(gndp_plan *plan);
} device_ops;

struct gndp_device {
    const device_ops *ops;
    int references;
    int threads;
    gndp_cpu cpu;
    bool no_onednn;
    char text[256];
};

struct gndp_plan {
    gndp_device *device;
    gndp_arena *arena;
    gndp_plan_options options;
    gndp_ir ir;
    plan_buffer *buffers;
    int64_t n_buffers, buffer_capacity;
    plan_step *steps;
    int64_t n_steps, step_capacity;
    plan_input *inputs;
    int64_t n_inputs;
    plan_param *params;
    int64_t n_params;
    plan_output *outputs;
    int64_t n_outputs;
    struct gndp_fp_state *fp_state; /* [threads] control words to restore; at and fp_state are the heap's */
    void **at; /* [n_buffers] resolved for the current run */
    char *workspace;
    size_t workspace_bytes, scratch_bytes;
    void *scratch;
    gndp_plan_stats stats;
    bool no_twins;  /* a step keeps something of the run it is in */
    bool is_twin;   /* all but at, workspace, scratch and fp_state is another plan's */
    char note[256]; /* why something is not as asked: shown by describe */
};

/** A buffer id; -1 when out of memory. */
int32_t gndp_plan_add_buffer(gndp_plan *plan, plan_place place, size_t bytes, int64_t index, const void *data);

/** A step with room for its reads and writes; NULL when out of memory. */
plan_step *gndp_plan_add_step(gndp_plan *plan, int n_reads, int n_writes);

/** Leaves of the IR become buffers: leaf[node] (others -1). Binds parameters. */
gndp_status gndp_plan_bind_leaves(gndp_plan *plan, int32_t *leaf);

/** Run one step, and time it if the plan is profiled. */
gndp_status gndp_plan_run_step(gndp_plan *plan, int64_t step);

/** Sort the steps so that each runs after what it reads and few bytes are live at once; fills first, last. */
gndp_status gndp_plan_order(gndp_plan *plan);

/** Give every workspace buffer an offset: buffers live at the same time do not overlap. */
gndp_status gndp_plan_layout(gndp_plan *plan);

/**
 * How reduced products run on this processor. Processors with tiles (AMX) have slow bf16 dot products in vectors, at half the
 * rate of f32 (docs/performance.md), so there only the library's tile products round; elsewhere vectors double the rate.
 */
#ifdef GNDP_HAVE_ONEDNN
#define GNDP_USES_ONEDNN true
#else
#define GNDP_USES_ONEDNN false
#endif
static inline bool device_bf16_vectors(const gndp_device *device)
{
    return device->cpu.avx512_bf16 && !device->cpu.amx_bf16;
}

static inline bool device_bf16_tiles(const gndp_device *device)
{
    return device->cpu.amx_bf16 && !device->no_onednn && GNDP_USES_ONEDNN;
}

static inline void *plan_at(const gndp_plan *plan, int32_t buffer)
{
    return plan->at[buffer];
}

extern const device_ops gndp_reference_device;
extern const device_ops gndp_cpu_device;

#endif
