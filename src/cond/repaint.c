// SPDX-License-Identifier: Apache-2.0
// Replacement with repeats (RePaint): down a step and up again, several times (geomndp.md 7.3).
#include <math.h>

#include "base/text.h"
#include "cond/run.h"

static gndp_status check(const cond_run *run)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(run->options->repeats >= 1 && run->options->repeats < COND_MOST_DRAWS,
               GNDP_ERR_RANGE, "%lld repeats, allowed are 1 to %d",
               (long long)run->options->repeats, COND_MOST_DRAWS - 1);
done:
    return st;
}

/*
 * (y, e) from s back up to t by the exact transition. The context is not overwritten there: it has
 * the law it should have, and a second draw would break its coupling to the noise of the targets.
 */
static gndp_status forward(cond_run *run, int64_t k, uint32_t draw)
{
    gndp_status st = GNDP_OK;
    const gndp_linear_law by =
        gndp_schedule_transition(run->schedule, run->grid[k + 1], run->grid[k]);
    const double sd = sqrt(by.variance);
    GNDP_TRY(cond_noise(run, k + 1, COND_STREAM_FORWARD(draw), 0));
    GNDP_TRY(cond_errors(run, sd, k + 1, COND_STREAM_FORWARD_ERROR(draw), run->q));
    for (int64_t r = 0; r < run->rows; r++) {
        for (int64_t j = 0, i = r * run->size; j < run->size; j++, i++) {
            const double m = run->cd->mean[j];
            run->y[i] = m + by.b * (run->y[i] - m) + sd * run->u[i];
        }
        for (int64_t i = r * run->c; i < (r + 1) * run->c; i++) {
            run->e[i] = by.b * run->e[i] + run->q[i];
        }
    }
done:
    return st;
}

static gndp_status step(cond_run *run, int64_t k)
{
    gndp_status st = GNDP_OK;
    const gndp_conditional_options *o = run->options;
    const double t = run->grid[k];
    const gndp_sampler_step by = o->predictor->step(run->schedule, t, run->grid[k + 1]);
    for (int64_t j = 0; j < o->repeats; j++) {
        if (j > 0) {
            GNDP_TRY(forward(run, k, (uint32_t)j));
        }
        GNDP_TRY(cond_score(run, t, run->y, run->g));
        GNDP_TRY(cond_context(run, k, true, (uint32_t)j));
        GNDP_TRY(cond_replace(run, by, k, (uint32_t)j));
    }
done:
    return st;
}

static void describe(const cond_run *run, char *text, size_t size)
{
    gndp_text_append(text, size, ", %lld repeats", (long long)run->options->repeats);
}

const cond_method cond_repaint = {
    .info = {.name = "repaint",
             .text = "observations noised alike replace what they see, steps repeated to mend it",
             .reference = "Lugmayr et al. 2022, arXiv:2201.09865; coupling of the noise is ours"},
    .check = check,
    .start = cond_start_observed,
    .step = step,
    .describe = describe};
