// SPDX-License-Identifier: Apache-2.0
// A block of members on its way from t1 to t0, and the table of samplers that move it.
#ifndef GNDP_SDE_SAMPLERS_H
#define GNDP_SDE_SAMPLERS_H

#include "sde/adaptive.h"
#include "sde/evaluator.h"
#include "sde/noise.h"
#include "sde/slots.h"

/* Memory and settings of a run; rows are slots of a block, `b` of them, all in use: slots without a
 * member of their own repeat the first member of the block. */
typedef struct sampler_run {
    gndp_evaluator *ev;
    const gndp_schedule *schedule;
    const gndp_sampler_options *options;
    noise_source noise;
    adaptive_memory adaptive;
    slot_order slots;
    int64_t b, size, active; /* slots, N P, members in this block */
    double *grid;            /* [steps + 1] */
    double *mean;            /* [N P] */
    double *y, *g, *xi;      /* [b, N P] */
    double *more[3];         /* [b, N P] each, for methods that need them */
    double *row;             /* [b] */
    uint32_t *member;        /* [b] */
    int64_t *name;           /* [b] the same, for messages */
    int64_t block, blocks;
} sampler_run;

/** One grid step of the block, from grid[k] to grid[k + 1]. */
typedef gndp_status (*sampler_advance)(sampler_run *run, int64_t k);

/** How a sampler moves; NULL for the adaptive one, which has no grid. */
gndp_status sampler_method(const gndp_sampler_info *info, sampler_advance *out);

/** y = m + a (y - m) + c g + d R xi: the step every linear method makes. */
gndp_status advance_linear(sampler_run *run, int64_t k);
gndp_status advance_heun(sampler_run *run, int64_t k);
gndp_status advance_multistep2(sampler_run *run, int64_t k);
gndp_status advance_ancestral2(sampler_run *run, int64_t k);

/** Probability flow from t1 to t0 with steps of each member's own. */
gndp_status sample_adaptive(sampler_run *run);

/** R xi of this block times the temperature, into run->xi: draw number `draw` of a step, 0 the
 * predictor's. */
gndp_status sampler_noise(sampler_run *run, int64_t step, uint32_t draw);

/** After each step: may the run go on, is every value finite. */
gndp_status sampler_check(sampler_run *run, int64_t step, double t);
gndp_status sampler_watch(sampler_run *run, double steps_done);

#endif
