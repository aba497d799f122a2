// SPDX-License-Identifier: Apache-2.0
// Sampling: members into blocks, blocks from t1 down to t0, Langevin corrections.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sde/samplers.h"
#include "sde/streams.h"

gndp_sampler_options gndp_sampler_options_default(void)
{
    return (gndp_sampler_options){.sampler = gndp_sampler_get(0),
                                  .grid = GNDP_GRID_TIME,
                                  .steps = 100,
                                  .corrector_psi = 0.5,
                                  .tolerance = 1e-5,
                                  .temperature = 1.0};
}

/* ---- What every step needs ------------------------------------------------------------------- */

static gndp_key key_of(const sampler_run *run, int64_t step, uint32_t stream)
{
    return (gndp_key){.seed = run->options->seed, .step = (uint32_t)step, .stream = stream};
}

gndp_status sampler_noise(sampler_run *run, int64_t step, uint32_t draw)
{
    gndp_status st = GNDP_OK;
    const double temperature = run->options->temperature;
    GNDP_TRY(noise_fill(&run->noise, key_of(run, step, SDE_STREAM_NOISE(draw)), run->member, run->b,
                        run->xi));
    for (int64_t i = 0; temperature != 1.0 && i < run->b * run->size; i++) {
        run->xi[i] *= temperature;
    }
done:
    return st;
}

gndp_status sampler_watch(sampler_run *run, double steps_done)
{
    gndp_status st = GNDP_OK;
    const gndp_sampler_options *o = run->options;
    gndp_progress_update(o->progress, (int64_t)((double)(run->block * o->steps) + steps_done),
                         NULL);
    GNDP_CHECK(o->stop == NULL || !o->stop(o->stop_state), GNDP_ERR_INTERRUPTED,
               "stopped in block %lld of %lld", (long long)run->block + 1, (long long)run->blocks);
done:
    return st;
}

gndp_status sampler_check(sampler_run *run, int64_t step, double t)
{
    gndp_status st = GNDP_OK;
    for (int64_t r = 0; r < run->b; r++) {
        const double *y = run->y + r * run->size;
        double sum = 0.0; /* 0 times what is not finite is NaN */
        for (int64_t i = 0; i < run->size; i++) {
            sum += 0.0 * y[i];
        }
        GNDP_CHECK(sum == 0.0, GNDP_ERR_NONFINITE,
                   "member %u: after step %lld of %lld (time %.6g) the state is not finite; more "
                   "steps, another sampler or a score that is finite there would help",
                   (unsigned)run->member[r], (long long)step, (long long)run->options->steps, t);
    }
done:
    return st;
}

/* ---- Langevin corrections -------------------------------------------------------------------- */

static double square_of(int64_t n, const double *v)
{
    double sum = 0.0;
    for (int64_t i = 0; i < n; i++) {
        sum += v[i] * v[i];
    }
    return sum;
}

/* eta = 4 (snr |xi| / |L^-1 g|)^2, each member's own. */
static gndp_status snr_steps(sampler_run *run, double *eta)
{
    gndp_status st = GNDP_OK;
    const double snr = run->options->corrector_snr, white = run->noise.white;
    double *solved = run->more[2];
    if (white == 0.0) {
        GNDP_TRY(gndp_gaussian_solve(run->noise.law, run->b, run->g, solved));
    }
    for (int64_t r = 0; r < run->b; r++) {
        const double *g = run->g + r * run->size;
        double xi = 0.0, slope = 0.0;
        if (white > 0.0) {
            const double scale = white * run->options->temperature;
            xi = square_of(run->size, run->xi + r * run->size) / (scale * scale);
            slope = square_of(run->size, g) / (white * white);
        } else {
            xi = square_of(run->noise.rank, run->noise.xi + r * run->noise.rank);
            for (int64_t i = 0; i < run->size; i++) {
                slope += g[i] * solved[r * run->size + i];
            }
        }
        eta[r] = slope > 0.0 ? 4.0 * snr * snr * xi / slope : 0.0;
    }
done:
    return st;
}

/* y += (eta/2) g + sqrt(eta) R xi at time t. */
static void langevin(int64_t rows, int64_t size, const double *eta, const double *g,
                     const double *xi, double *y)
{
    for (int64_t r = 0; r < rows; r++) {
        const double root = sqrt(eta[r]);
        for (int64_t i = r * size; i < (r + 1) * size; i++) {
            y[i] += 0.5 * eta[r] * g[i] + root * xi[i];
        }
    }
}

static gndp_status correct(sampler_run *run, int64_t k)
{
    gndp_status st = GNDP_OK;
    const gndp_sampler_options *o = run->options;
    const double t = run->grid[k + 1], h = run->grid[k] - t;
    const double eta = o->corrector_psi * gndp_schedule_beta(run->schedule, t) * h;
    for (int64_t j = 0; j < o->corrector_steps; j++) {
        if (o->corrector_snr <= 0.0 && eta == 0.0) {
            break;
        }
        GNDP_TRY(evaluator_block(run->ev, run->b, run->active, &t, true, run->y, run->g));
        GNDP_TRY(sampler_noise(run, k + 1, (uint32_t)(j + 1)));
        for (int64_t r = 0; r < run->b; r++) {
            run->row[r] = eta;
        }
        if (o->corrector_snr > 0.0) {
            GNDP_TRY(snr_steps(run, run->row));
        }
        langevin(run->b, run->size, run->row, run->g, run->xi, run->y);
    }
done:
    return st;
}

gndp_status gndp_langevin_step(gndp_evaluator *ev, const gndp_gaussian *law, double t, double eta,
                               gndp_key key, int64_t n, const uint32_t *member, double *y)
{
    gndp_status st = GNDP_OK;
    noise_source noise = {0};
    double *g = NULL, *xi = NULL, *each = NULL;
    GNDP_CHECK(ev != NULL && law != NULL, GNDP_ERR_ARG, "evaluator or law is NULL");
    GNDP_CHECK(n == 0 || (member != NULL && y != NULL), GNDP_ERR_ARG, "an array is NULL");
    GNDP_CHECK(n >= 0 && eta >= 0.0 && isfinite(eta), GNDP_ERR_RANGE, "%lld members, step size %g",
               (long long)n, eta);
    GNDP_CHECK(gndp_gaussian_size(law) == evaluator_size(ev), GNDP_ERR_SHAPE,
               "a law of %lld values, a score of %lld", (long long)gndp_gaussian_size(law),
               (long long)evaluator_size(ev));
    const int64_t b = gndp_evaluator_batch(ev), size = evaluator_size(ev);
    g = malloc((size_t)(b * size) * sizeof *g + 1);
    xi = malloc((size_t)(b * size) * sizeof *xi + 1);
    each = malloc((size_t)b * sizeof *each);
    GNDP_CHECK(g != NULL && xi != NULL && each != NULL, GNDP_ERR_NOMEM, "%lld values",
               (long long)(2 * b * size));
    GNDP_TRY(noise_open(law, b, false, &noise));
    for (int64_t r = 0; r < n; r += b) {
        const int64_t some = n - r < b ? n - r : b;
        for (int64_t i = 0; i < some; i++) {
            each[i] = eta;
        }
        GNDP_TRY(gndp_evaluator_score(ev, some, &t, true, y + r * size, g));
        GNDP_TRY(noise_fill(&noise, key, member + r, some, xi));
        langevin(some, size, each, g, xi, y + r * size);
    }
done:
    noise_close(&noise);
    free(g);
    free(xi);
    free(each);
    return st;
}

/* ---- Blocks ---------------------------------------------------------------------------------- */

static gndp_status start_block(sampler_run *run, const double *start)
{
    gndp_status st = GNDP_OK;
    const int64_t *source = run->slots.source;
    if (start == NULL) {
        GNDP_TRY(noise_fill(&run->noise, key_of(run, 0, SDE_STREAM_START), run->member, run->b,
                            run->xi));
    }
    for (int64_t r = 0; r < run->b; r++) {
        double *y = run->y + r * run->size;
        for (int64_t i = 0; i < run->size; i++) {
            y[i] = start != NULL
                       ? start[source[r] * run->size + i]
                       : run->mean[i] + run->options->temperature * run->xi[r * run->size + i];
        }
    }
done:
    return st;
}

static gndp_status run_block(sampler_run *run, sampler_advance advance)
{
    gndp_status st = GNDP_OK;
    if (advance == NULL) {
        GNDP_TRY(sample_adaptive(run));
        GNDP_TRY(sampler_check(run, run->options->steps, run->schedule->t0));
        goto done;
    }
    for (int64_t k = 0; k < run->options->steps; k++) {
        GNDP_TRY(advance(run, k));
        if (run->options->corrector_steps > 0) {
            GNDP_TRY(correct(run, k));
        }
        GNDP_TRY(sampler_check(run, k + 1, run->grid[k + 1]));
        GNDP_TRY(sampler_watch(run, (double)(k + 1)));
    }
done:
    return st;
}

/* ---- The call -------------------------------------------------------------------------------- */

static gndp_status check_options(const gndp_sampler_options *o)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(o->sampler != NULL, GNDP_ERR_ARG, "the options name no sampler");
    GNDP_CHECK(o->steps >= 1 && o->steps <= 100000000, GNDP_ERR_RANGE, "%lld steps",
               (long long)o->steps);
    GNDP_CHECK(o->corrector_steps >= 0 && o->corrector_steps < 65535, GNDP_ERR_RANGE,
               "%lld corrector steps, allowed are 0 to 65534", (long long)o->corrector_steps);
    GNDP_CHECK(isfinite(o->corrector_psi) && o->corrector_psi >= 0.0 &&
                   isfinite(o->corrector_snr) && o->corrector_snr >= 0.0,
               GNDP_ERR_RANGE, "corrector psi %g, snr %g: neither may be negative",
               o->corrector_psi, o->corrector_snr);
    GNDP_CHECK(o->temperature >= 0.0 && isfinite(o->temperature), GNDP_ERR_RANGE, "temperature %g",
               o->temperature);
    GNDP_CHECK(o->corrector_snr <= 0.0 || o->temperature > 0.0, GNDP_ERR_RANGE,
               "the signal-to-noise rule wants noise: temperature %g", o->temperature);
    GNDP_CHECK(o->tolerance > 0.0 && o->tolerance < 1.0, GNDP_ERR_RANGE,
               "tolerance %g, allowed is above 0 and below 1", o->tolerance);
done:
    return st;
}

static gndp_status check_sample(const gndp_evaluator *ev, const gndp_schedule *schedule,
                                const gndp_gaussian *law, int64_t n, const void *member,
                                const void *y)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(ev != NULL && law != NULL, GNDP_ERR_ARG, "evaluator or law is NULL");
    GNDP_TRY(gndp_schedule_check(schedule));
    GNDP_CHECK(n == 0 || (member != NULL && y != NULL), GNDP_ERR_ARG, "an array is NULL");
    GNDP_CHECK(n >= 0 && (n <= gndp_evaluator_batch(ev) || !evaluator_own_points(ev)),
               GNDP_ERR_RANGE, "%lld members%s", (long long)n,
               n < 0 ? "" : ", more than have points of their own");
    GNDP_CHECK(gndp_gaussian_size(law) == evaluator_size(ev), GNDP_ERR_SHAPE,
               "a law of %lld values, a score of %lld", (long long)gndp_gaussian_size(law),
               (long long)evaluator_size(ev));
done:
    return st;
}

static gndp_status open_run(sampler_run *run, const gndp_gaussian *law, bool adaptive)
{
    gndp_status st = GNDP_OK;
    const size_t values = (size_t)(run->b * run->size);
    double **const arrays[] = {&run->y,       &run->g,       &run->xi,
                               &run->more[0], &run->more[1], &run->more[2]};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) {
        *arrays[i] = calloc(values + 1, sizeof **arrays[i]);
        GNDP_CHECK(*arrays[i] != NULL, GNDP_ERR_NOMEM, "%zu values", values);
    }
    run->grid = calloc((size_t)run->options->steps + 1, sizeof *run->grid);
    run->mean = malloc((size_t)run->size * sizeof *run->mean + 1);
    run->row = malloc((size_t)run->b * sizeof *run->row);
    run->member = malloc((size_t)run->b * sizeof *run->member);
    run->name = malloc((size_t)run->b * sizeof *run->name);
    GNDP_CHECK(run->grid != NULL && run->mean != NULL && run->row != NULL && run->member != NULL &&
                   run->name != NULL,
               GNDP_ERR_NOMEM, "%lld values", (long long)run->size);
    gndp_gaussian_mean(law, run->mean);
    GNDP_TRY(noise_open(law, run->b, true, &run->noise));
    if (adaptive) {
        GNDP_TRY(adaptive_open(run->b, run->size, &run->adaptive));
    } else {
        GNDP_TRY(gndp_time_grid(run->schedule, run->options->grid, run->options->steps, run->grid));
    }
done:
    return st;
}

static void close_run(sampler_run *run)
{
    double *const arrays[] = {run->y,       run->g,       run->xi,   run->more[0],
                              run->more[1], run->more[2], run->mean, run->row};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) {
        free(arrays[i]);
    }
    free(run->grid);
    free(run->member);
    free(run->name);
    slots_close(&run->slots);
    noise_close(&run->noise);
    adaptive_close(&run->adaptive);
}

gndp_status gndp_sample(gndp_evaluator *ev, const gndp_schedule *schedule, const gndp_gaussian *law,
                        const gndp_sampler_options *options, int64_t n, const uint32_t *member,
                        const double *start, double *y)
{
    gndp_status st = GNDP_OK;
    const gndp_sampler_options o = options != NULL ? *options : gndp_sampler_options_default();
    sampler_run run = {.ev = ev, .schedule = schedule, .options = &o};
    sampler_advance advance = NULL;
    GNDP_TRY(check_sample(ev, schedule, law, n, member, y));
    GNDP_TRY(check_options(&o));
    GNDP_TRY(sampler_method(o.sampler, &advance));
    run.b = gndp_evaluator_batch(ev);
    run.size = evaluator_size(ev);
    GNDP_TRY(open_run(&run, law, advance == NULL));
    GNDP_TRY(slots_open(run.b, evaluator_own_points(ev), n, member, &run.slots));
    run.blocks = run.slots.blocks;
    for (run.block = 0; run.block < run.blocks; run.block++) {
        slots_take(&run.slots, run.block, run.member);
        run.active = run.slots.active;
        for (int64_t r = 0; r < run.b; r++) {
            run.name[r] = run.member[r];
        }
        GNDP_TRY(start_block(&run, start));
        GNDP_TRY(run_block(&run, advance));
        for (int64_t r = 0; r < run.b; r++) {
            if (run.slots.real[r]) {
                memcpy(y + run.slots.source[r] * run.size, run.y + r * run.size,
                       (size_t)run.size * sizeof *y);
            }
        }
    }
done:
    close_run(&run);
    return st;
}
