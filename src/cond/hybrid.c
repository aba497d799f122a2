// SPDX-License-Identifier: Apache-2.0
// Hybrid Langevin: reverse steps with Langevin steps of the same noise in one (geomndp.md 7.2).
#include <math.h>

#include "base/text.h"
#include "cond/run.h"

static void defaults(gndp_conditional_options *o)
{
    o->steps = 1000;
    o->psi = 25.0;
}

static gndp_status check(const cond_run *run)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(run->options->predictor == gndp_sampler_get(0), GNDP_ERR_UNSUPPORTED,
               "predictor %s: the hybrid step is its own, made of %s",
               run->options->predictor->name, gndp_sampler_get(0)->name);
    GNDP_CHECK(run->options->psi <= 1e6, GNDP_ERR_RANGE, "psi %g", run->options->psi);
done:
    return st;
}

/*
 * y + x [(y - m)/2 + (lambda + lambda0 psi/2) g] + sqrt((1 + psi) x) L xi, x = h beta(t), lambda =
 * lambda0/(alpha + (1 - alpha) lambda0): at lambda0 = 1 the reverse SDE and psi of Langevin time a
 * unit of B. Near t0 psi is held to what is stable for any data, whose scores are below 1/v:
 * x (1 + psi/2) <= 1.9 v.
 */
static gndp_sampler_step hybrid(const cond_run *run, double t, double s)
{
    const gndp_conditional_options *o = run->options;
    const double x = (t - s) * gndp_schedule_beta(run->schedule, t);
    const gndp_linear_law at = gndp_schedule_marginal(run->schedule, t);
    const double alpha = at.a * at.a, lambda = o->lambda0 / (alpha + (1.0 - alpha) * o->lambda0);
    const double most = 2.0 * fmax(1.9 * at.variance / (x * o->lambda0) - 1.0, 0.0);
    const double psi = fmin(o->psi, most);
    return (gndp_sampler_step){
        .a = 1.0 + 0.5 * x, .c = x * (lambda + 0.5 * o->lambda0 * psi), .d = sqrt((1.0 + psi) * x)};
}

static gndp_status step(cond_run *run, int64_t k)
{
    gndp_status st = GNDP_OK;
    const double t = run->grid[k];
    GNDP_TRY(cond_score(run, t, run->y, run->g));
    GNDP_TRY(cond_context(run, k, run->options->context == GNDP_CONTEXT_RESAMPLE, 0));
    GNDP_TRY(cond_replace(run, hybrid(run, t, run->grid[k + 1]), k, 0));
done:
    return st;
}

static void describe(const cond_run *run, char *text, size_t size)
{
    const gndp_conditional_options *o = run->options;
    gndp_text_append(text, size, ", psi %g, %s context", o->psi,
                     o->context == GNDP_CONTEXT_PATH ? "path" : "fresh");
    if (o->lambda0 != 1.0) {
        gndp_text_append(text, size, ", lambda0 %g: NOT samples of the posterior", o->lambda0);
    }
}

const cond_method cond_hybrid = {
    .info = {.name = "hybrid",
             .text = "reverse and Langevin step in one, the observations noised alike",
             .reference = "Ingraham et al. 2023, doi:10.1038/s41586-023-06728-8"},
    .defaults = defaults,
    .check = check,
    .start = cond_start_observed,
    .step = step,
    .describe = describe};
