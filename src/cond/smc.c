// SPDX-License-Identifier: Apache-2.0
// Particles along one noised path of the observations (SMCDiff; geomndp.md 7.5).
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cond/particles.h"

static void defaults(gndp_conditional_options *o)
{
    o->steps = 50;
}

static gndp_status prepare(cond_run *run)
{
    gndp_status st = GNDP_OK;
    swarm *own = calloc(1, sizeof *own);
    run->own = own;
    GNDP_CHECK(own != NULL, GNDP_ERR_NOMEM, "%zu bytes", sizeof *own);
    GNDP_TRY(swarm_open(run, own));
done:
    return st;
}

static void release(cond_run *run)
{
    swarm_close(run->own);
    free(run->own);
}

static gndp_status start(cond_run *run)
{
    gndp_status st = GNDP_OK;
    swarm_start(run, run->own);
    GNDP_TRY(cond_start_observed(run));
done:
    return st;
}

/* Density of the new z given each particle, N(A mu + (a - c) e, d^2 (A K A' + R)): mu is linear in
 * y and g, so neither has to be moved for it. */
static void weigh(cond_run *run, swarm *own, gndp_sampler_step by)
{
    const gndp_conditioner *cd = run->cd;
    const double norm =
        (double)run->c * log(2.0 * M_PI * by.d * by.d) + small_log_det(run->c, cd->factor);
    for (int64_t p = 0; p < run->rows; p++) {
        double *q = run->q + p * run->c, *seen = run->p + p * run->c;
        cond_see(cd, run->y + p * run->size, q);
        cond_see(cd, run->g + p * run->size, seen);
        for (int64_t i = 0; i < run->c; i++) {
            const double m = cd->seen_mean[i];
            q[i] = run->z[p * run->c + i] - m - by.a * (q[i] - m) - by.c * seen[i] -
                   (by.a - by.c) * run->e[p * run->c + i];
        }
        small_forward(run->c, cd->factor, q);
        own->log_w[p] -= 0.5 * (small_dot(run->c, q, q) / (by.d * by.d) + norm);
    }
}

static gndp_status step(cond_run *run, int64_t k)
{
    gndp_status st = GNDP_OK;
    swarm *own = run->own;
    const double t = run->grid[k];
    const gndp_sampler_step by = run->options->predictor->step(run->schedule, t, run->grid[k + 1]);
    bool moved = false;
    GNDP_TRY(cond_score(run, t, run->y, run->g));
    GNDP_TRY(cond_context(run, k, false, 0));
    weigh(run, own, by);
    GNDP_TRY(swarm_resample(run, own, k + 1, run->grid[k + 1], &moved));
    if (moved) {
        swarm_move(run, own, run->size, run->y);
        swarm_move(run, own, run->size, run->g);
        swarm_move(run, own, run->c, run->e);
    }
    GNDP_TRY(cond_replace(run, by, k, 0));
    if (k + 1 == run->options->steps) {
        GNDP_TRY(swarm_end(run, own));
    }
done:
    return st;
}

const cond_method cond_smc = {
    .info = {.name = "smc",
             .text = "particles weighted along one noised path of the observations a member",
             .reference = "Trippe et al. 2022, arXiv:2206.04119"},
    .defaults = defaults,
    .check = swarm_check,
    .open = prepare,
    .close = release,
    .start = start,
    .step = step,
    .particles = true,
    .describe = swarm_describe};
