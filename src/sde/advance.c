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

static double lambda_of(gndp_linear_law at)
{
    return log(at.a) - 0.5 * log(at.variance);
}

/*
 * With D the denoised field m + (y - m + v g)/r and hh the step in lambda = log(r/sigma):
 *   y_s - m = (sigma_s/sigma_t)(y - m) - r_s expm1(-hh) (D' - m),
 *   D' = D + hh/(2 hh_before) (D - D_before);
 * the first step and the last, where sigma_s is 0, take D' = D.
 */
gndp_status advance_multistep2(sampler_run *run, int64_t k)
{
    gndp_status st = GNDP_OK;
    const double t = run->grid[k], s = run->grid[k + 1];
    const gndp_linear_law at = gndp_schedule_marginal(run->schedule, t),
                          to = gndp_schedule_marginal(run->schedule, s);
    const bool last = to.variance <= 0.0;
    const double keep = last ? 0.0 : sqrt(to.variance / at.variance),
                 step = last ? HUGE_VAL : lambda_of(to) - lambda_of(at);
    double *before = run->more[0], slope = 0.0;
    if (k > 0 && !last) {
        const double previous =
            lambda_of(at) - lambda_of(gndp_schedule_marginal(run->schedule, run->grid[k - 1]));
        slope = step / (2.0 * previous);
    }
    const double gain = -to.a * expm1(-step);
    GNDP_TRY(score_at(run, t, run->y, run->g));
    for (int64_t r = 0; r < run->b; r++) {
        for (int64_t j = 0, i = r * run->size; j < run->size; j++, i++) {
            const double e = run->y[i] - run->mean[j];
            const double now = (e + at.variance * run->g[i]) / at.a;
            const double ahead = slope != 0.0 ? now + slope * (now - before[i]) : now;
            before[i] = now;
            run->y[i] = run->mean[j] + keep * e + gain * ahead;
        }
    }
done:
    return st;
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
                                      .real = run->real,
                                      .name = run->name,
                                      .slope = flow_slope,
                                      .watch = flow_watch,
                                      .state = run};
    GNDP_TRY(adaptive_run(&problem, &run->adaptive, run->y, NULL));
done:
    return st;
}
