// SPDX-License-Identifier: Apache-2.0
// Weights of particles, resampling, and the evidence that it yields (geomndp.md 7.5).
#include "cond/particles.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

gndp_status swarm_check(const cond_run *run)
{
    gndp_status st = GNDP_OK;
    const gndp_conditional_options *o = run->options;
    GNDP_CHECK(o->resample_below >= 0.0 && o->resample_below <= 1.0, GNDP_ERR_RANGE,
               "resampling below a share of %g", o->resample_below);
    GNDP_CHECK(o->predictor->stochastic, GNDP_ERR_UNSUPPORTED,
               "predictor %s: particles are weighted by the density of a step, which it has not; "
               "\"em\" has",
               o->predictor->name);
    GNDP_CHECK(o->lambda0 == 1.0, GNDP_ERR_UNSUPPORTED, "lambda0 %g with particles", o->lambda0);
done:
    return st;
}

gndp_status swarm_open(const cond_run *run, swarm *out)
{
    gndp_status st = GNDP_OK;
    const int64_t wide = run->size > run->c ? run->size : run->c;
    *out = (swarm){.log_w = calloc((size_t)run->rows, sizeof *out->log_w),
                   .work = calloc((size_t)run->rows, sizeof *out->work),
                   .parent = calloc((size_t)run->rows, sizeof *out->parent),
                   .moved = calloc((size_t)(run->rows * wide) + 1, sizeof *out->moved)};
    GNDP_CHECK(out->log_w != NULL && out->work != NULL && out->parent != NULL && out->moved != NULL,
               GNDP_ERR_NOMEM, "%lld particles", (long long)run->rows);
    for (int64_t k = 0; k < run->options->steps; k++) {
        const gndp_sampler_step by =
            run->options->predictor->step(run->schedule, run->grid[k], run->grid[k + 1]);
        GNDP_CHECK(by.d > 0.0, GNDP_ERR_UNSUPPORTED,
                   "predictor %s has no noise in step %lld: particles are weighted by its density; "
                   "\"em\" has",
                   run->options->predictor->name, (long long)k + 1);
    }
done:
    return st;
}

void swarm_close(swarm *own)
{
    free(own->log_w);
    free(own->work);
    free(own->parent);
    free(own->moved);
    *own = (swarm){0};
}

void swarm_start(cond_run *run, swarm *own)
{
    memset(own->log_w, 0, (size_t)run->rows * sizeof *own->log_w);
    own->moves = 0;
    run->log_evidence = 0.0;
}

/* Normalised weights into work; ln mean exp(log_w); the effective number. */
static gndp_status normalise(cond_run *run, swarm *own, double t, double *log_mean, double *number)
{
    gndp_status st = GNDP_OK;
    double most = -HUGE_VAL, sum = 0.0, square = 0.0;
    for (int64_t p = 0; p < run->rows; p++) {
        most = own->log_w[p] > most ? own->log_w[p] : most;
    }
    GNDP_CHECK(isfinite(most), GNDP_ERR_NONFINITE,
               "member %u: at time %.6g no particle has a weight: more of them, more steps or a "
               "larger variance of the observations would help",
               (unsigned)run->member[0], t);
    for (int64_t p = 0; p < run->rows; p++) {
        own->work[p] = isnan(own->log_w[p]) ? 0.0 : exp(own->log_w[p] - most);
        sum += own->work[p];
    }
    for (int64_t p = 0; p < run->rows; p++) {
        own->work[p] /= sum;
        square += own->work[p] * own->work[p];
    }
    *log_mean = most + log(sum / (double)run->rows);
    *number = 1.0 / square;
    if (!(run->least_particles <= *number)) { /* NaN at first */
        run->least_particles = *number;
    }
done:
    return st;
}

gndp_status swarm_resample(cond_run *run, swarm *own, int64_t step, double t, bool *moved)
{
    gndp_status st = GNDP_OK;
    double log_mean = 0.0, number = 0.0, u = 0.0, sum = 0.0;
    *moved = false;
    GNDP_TRY(normalise(run, own, t, &log_mean, &number));
    if (number >= run->options->resample_below * (double)run->rows) {
        goto done;
    }
    GNDP_TRY(gndp_random_uniform_f64(run->options->seed, (uint32_t)step, run->member[0],
                                     COND_STREAM_RESAMPLE, 0, 1, &u));
    int64_t from = 0;
    sum = own->work[0];
    for (int64_t p = 0; p < run->rows; p++) {
        const double at = ((double)p + u) / (double)run->rows;
        while (from + 1 < run->rows && sum < at) {
            sum += own->work[++from];
        }
        own->parent[p] = from;
    }
    run->log_evidence += log_mean;
    memset(own->log_w, 0, (size_t)run->rows * sizeof *own->log_w);
    own->moves++;
    *moved = true;
done:
    return st;
}

void swarm_move(const cond_run *run, swarm *own, int64_t width, double *rows)
{
    for (int64_t p = 0; p < run->rows; p++) {
        memcpy(own->moved + p * width, rows + own->parent[p] * width, (size_t)width * sizeof *rows);
    }
    memcpy(rows, own->moved, (size_t)(run->rows * width) * sizeof *rows);
}

gndp_status swarm_end(cond_run *run, swarm *own)
{
    gndp_status st = GNDP_OK;
    double log_mean = 0.0, number = 0.0, u = 0.0, sum = 0.0;
    GNDP_TRY(normalise(run, own, run->schedule->t0, &log_mean, &number));
    GNDP_TRY(
        gndp_random_uniform_f64(run->options->seed, 0, run->member[0], COND_STREAM_PICK, 0, 1, &u));
    run->log_evidence += log_mean;
    run->picked = run->rows - 1;
    for (int64_t p = 0; p < run->rows; p++) {
        sum += own->work[p];
        if (u <= sum) {
            run->picked = p;
            break;
        }
    }
done:
    return st;
}

void swarm_describe(const cond_run *run, char *text, size_t size)
{
    gndp_text_append(text, size, ", %lld particles, resampled below %g of them",
                     (long long)run->options->particles, run->options->resample_below);
}
