// SPDX-License-Identifier: Apache-2.0
// One step of a block by each kind of sampler.
#include <math.h>
#include <string.h>

#include "sde/samplers.h"

static gndp_status score_at(sampler_run *run, double t, const double *y, double *g)
{
    return evaluator_block(run->ev, run->b, run->active, &t, true, y, g);
}

/* The limiting mean repeats every N P values: loops go member by member. */
gndp_status advance_linear(sampler_run *run, int64_t k)
{
    gndp_status st = GNDP_OK;
    const double t = run->grid[k], s = run->grid[k + 1];
    const gndp_sampler_step by = run->options->sampler->step(run->schedule, t, s);
    const bool quiet = run->options->quiet_last && k + 1 == run->options->steps;
    const double d = quiet ? 0.0 : by.d;
    GNDP_TRY(score_at(run, t, run->y, run->g));
    if (d != 0.0) {
        GNDP_TRY(sampler_noise(run, k + 1, 0));
    }
    for (int64_t r = 0; r < run->b; r++) {
        double *y = run->y + r * run->size;
        const double *g = run->g + r * run->size, *xi = run->xi + r * run->size;
        for (int64_t i = 0; i < run->size; i++) {
            const double m = run->mean[i];
            y[i] = m + by.a * (y[i] - m) + by.c * g[i] + (d != 0.0 ? d * xi[i] : 0.0);
        }
    }
done:
    return st;
}

/* dy/dt = -(beta/2) [(y - m) + g], backwards over h: Euler, then the mean of both slopes. */
gndp_status advance_heun(sampler_run *run, int64_t k)
{
    gndp_status st = GNDP_OK;
    const double t = run->grid[k], s = run->grid[k + 1], h = t - s;
    const double at_t = 0.5 * h * gndp_schedule_beta(run->schedule, t),
                 at_s = 0.5 * h * gndp_schedule_beta(run->schedule, s);
    double *euler = run->more[0], *g_s = run->more[1];
    GNDP_TRY(score_at(run, t, run->y, run->g));
    for (int64_t r = 0; r < run->b; r++) {
        for (int64_t j = 0, i = r * run->size; j < run->size; j++, i++) {
            run->g[i] = at_t * (run->y[i] - run->mean[j] + run->g[i]);
            euler[i] = run->y[i] + run->g[i];
        }
    }
    GNDP_TRY(score_at(run, s, euler, g_s));
    for (int64_t r = 0; r < run->b; r++) {
        for (int64_t j = 0, i = r * run->size; j < run->size; j++, i++) {
            run->y[i] += 0.5 * (run->g[i] + at_s * (euler[i] - run->mean[j] + g_s[i]));
        }
    }
done:
    return st;
}

/* What two-step methods share: lambda = log(r/sigma), the step in it, and how much of the last
 * change of the denoised field is added, hh/(2 hh_before): 0 in the first step and in the last,
 * where sigma_s is 0. */
typedef struct two_step {
    gndp_linear_law at, to;
    bool last;
    double hh, slope;
} two_step;

static double lambda_of(gndp_linear_law at)
{
    return log(at.a) - 0.5 * log(at.variance);
}

static two_step make_two_step(const sampler_run *run, int64_t k)
{
    two_step two = {.at = gndp_schedule_marginal(run->schedule, run->grid[k]),
                    .to = gndp_schedule_marginal(run->schedule, run->grid[k + 1])};
    two.last = two.to.variance <= 0.0;
    two.hh = two.last ? HUGE_VAL : lambda_of(two.to) - lambda_of(two.at);
    if (k > 0 && !two.last) {
        const gndp_linear_law was = gndp_schedule_marginal(run->schedule, run->grid[k - 1]);
        two.slope = two.hh / (2.0 * (lambda_of(two.at) - lambda_of(was)));
    }
    return two;
}

/* y - m = keep (y - m) + gain D' + d xi with D' = D + slope (D - D_before), D = (y - m + v g)/r. */
static gndp_status advance_denoised(sampler_run *run, int64_t k, const two_step *two, double keep,
                                    double gain, double d)
{
    gndp_status st = GNDP_OK;
    double *before = run->more[0];
    GNDP_TRY(score_at(run, run->grid[k], run->y, run->g));
    if (d != 0.0) {
        GNDP_TRY(sampler_noise(run, k + 1, 0));
    }
    for (int64_t r = 0; r < run->b; r++) {
        for (int64_t j = 0, i = r * run->size; j < run->size; j++, i++) {
            const double e = run->y[i] - run->mean[j];
            const double now = (e + two->at.variance * run->g[i]) / two->at.a;
            const double ahead = two->slope != 0.0 ? now + two->slope * (now - before[i]) : now;
            before[i] = now;
            run->y[i] = run->mean[j] + keep * e + gain * ahead + (d != 0.0 ? d * run->xi[i] : 0.0);
        }
    }
done:
    return st;
}

/* y_s - m = (sigma_s/sigma_t)(y - m) - r_s expm1(-hh) D' */
gndp_status advance_multistep2(sampler_run *run, int64_t k)
{
    const two_step two = make_two_step(run, k);
    const double keep = two.last ? 0.0 : sqrt(two.to.variance / two.at.variance);
    return advance_denoised(run, k, &two, keep, -two.to.a * expm1(-two.hh), 0.0);
}

/* The exact bridge between D' and y. */
gndp_status advance_ancestral2(sampler_run *run, int64_t k)
{
    const two_step two = make_two_step(run, k);
    const gndp_linear_law bridge =
        gndp_schedule_bridge(run->schedule, run->grid[k + 1], run->grid[k]);
    const bool quiet = run->options->quiet_last && k + 1 == run->options->steps;
    return advance_denoised(run, k, &two, bridge.b, bridge.a,
                            quiet ? 0.0 : sqrt(fmax(bridge.variance, 0.0)));
}

/* ---- Adaptive -------------------------------------------------------------------------------- */

static gndp_status flow_slope(void *state, int64_t running, const double *t, const double *y,
                              double *dy, double *dl)
{
    gndp_status st = GNDP_OK;
    sampler_run *run = state;
    (void)dl;
    GNDP_TRY(evaluator_block(run->ev, run->b, running, t, false, y, dy));
    for (int64_t r = 0; r < run->b; r++) {
        const double half = -0.5 * gndp_schedule_beta(run->schedule, t[r]);
        for (int64_t i = 0; i < run->size; i++) {
            const int64_t at = r * run->size + i;
            dy[at] = half * (y[at] - run->mean[i] + dy[at]);
        }
    }
done:
    return st;
}

static gndp_status flow_watch(void *state, double share)
{
    sampler_run *run = state;
    return sampler_watch(run, share * (double)run->options->steps);
}

gndp_status sample_adaptive(sampler_run *run)
{
    gndp_status st = GNDP_OK;
    const adaptive_problem problem = {.n = run->b,
                                      .size = run->size,
                                      .from = run->schedule->t1,
                                      .to = run->schedule->t0,
                                      .tolerance = run->options->tolerance,
                                      .real = run->slots.real,
                                      .name = run->name,
                                      .slope = flow_slope,
                                      .watch = flow_watch,
                                      .state = run};
    GNDP_TRY(adaptive_run(&problem, &run->adaptive, run->y, NULL));
done:
    return st;
}
