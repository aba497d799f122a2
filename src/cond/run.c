// SPDX-License-Identifier: Apache-2.0
// Conditional sampling around the methods: options, memory, blocks of members, reports.
#include "cond/run.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cond/methods.h"

/* ---- What methods ask ------------------------------------------------------------------------ */

gndp_key cond_key(const cond_run *run, int64_t step, uint32_t stream)
{
    return (gndp_key){.seed = run->options->seed, .step = (uint32_t)step, .stream = stream};
}

/* Calls f for each block of the evaluator that the rows make; a row's slot never changes. */
gndp_status cond_score(cond_run *run, double t, const double *y, double *g)
{
    gndp_status st = GNDP_OK;
    const int64_t b = gndp_evaluator_batch(run->ev);
    for (int64_t r = 0; r < run->rows; r += b) {
        const int64_t some = run->rows - r < b ? run->rows - r : b;
        GNDP_TRY(evaluator_block(run->ev, some, run->method->particles ? some : run->active, &t,
                                 true, y + r * run->size, g + r * run->size));
    }
    run->cost += run->method->particles ? (double)run->rows : 1.0;
done:
    return st;
}

gndp_status cond_product(cond_run *run, double t, const double *y, const double *cot, double *g,
                         double *out)
{
    gndp_status st = GNDP_OK;
    const int64_t b = gndp_evaluator_batch(run->ev);
    for (int64_t r = 0; r < run->rows; r += b) {
        const int64_t some = run->rows - r < b ? run->rows - r : b, at = r * run->size;
        GNDP_TRY(evaluator_product(run->ev, some, run->method->particles ? some : run->active, &t,
                                   true, y + at, cot + at, g + at, out + at));
    }
    run->cost += 2.0 * (run->method->particles ? (double)run->rows : 1.0);
done:
    return st;
}

gndp_status cond_noise(cond_run *run, int64_t step, uint32_t stream, uint32_t particle_stream)
{
    gndp_status st = GNDP_OK;
    if (run->method->particles) {
        GNDP_TRY(noise_fill_streams(&run->noise, cond_key(run, step, particle_stream),
                                    run->member[0], run->rows, run->u));
    } else {
        GNDP_TRY(
            noise_fill(&run->noise, cond_key(run, step, stream), run->member, run->rows, run->u));
    }
done:
    return st;
}

gndp_status cond_errors(cond_run *run, double scale, int64_t step, uint32_t stream, double *q)
{
    gndp_status st = GNDP_OK;
    if (run->cd->exact) {
        memset(q, 0, (size_t)(run->rows * run->c) * sizeof *q);
        goto done;
    }
    for (int64_t r = 0; r < run->rows; r++) {
        double *mine = q + r * run->c;
        const uint32_t from = stream + (run->method->particles ? (uint32_t)r : 0);
        GNDP_TRY(gndp_random_normal_f64(run->options->seed, (uint32_t)step, run->member[r], from, 0,
                                        run->c, mine));
        for (int64_t i = 0; i < run->c; i++) {
            mine[i] *= scale * run->cd->sd[i];
        }
    }
done:
    return st;
}

/* ---- Checks ---------------------------------------------------------------------------------- */

static gndp_status check_options(const gndp_conditional_options *o)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(o->predictor != NULL && o->predictor->step != NULL, GNDP_ERR_UNSUPPORTED,
               "predictor %s: conditional methods want a linear step with one evaluation, as "
               "\"em\", \"exponential\" or \"euler_ode\"",
               o->predictor != NULL ? o->predictor->name : "NULL");
    GNDP_CHECK(o->steps >= 1 && o->steps <= 100000000, GNDP_ERR_RANGE, "%lld steps",
               (long long)o->steps);
    GNDP_CHECK(isfinite(o->psi) && o->psi >= 0.0, GNDP_ERR_RANGE, "psi %g", o->psi);
    GNDP_CHECK(isfinite(o->lambda0) && o->lambda0 > 0.0, GNDP_ERR_RANGE,
               "lambda0 %g, it multiplies the score and must be above 0", o->lambda0);
    GNDP_CHECK(isfinite(o->least_variance) && o->least_variance >= 0.0, GNDP_ERR_RANGE,
               "least variance %g", o->least_variance);
done:
    return st;
}

static gndp_status check_call(const gndp_evaluator *ev, const gndp_schedule *schedule,
                              const gndp_conditioner *cd, int64_t n, const void *member,
                              const void *y)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(ev != NULL && cd != NULL, GNDP_ERR_ARG, "evaluator or conditioner is NULL");
    GNDP_TRY(gndp_schedule_check(schedule));
    GNDP_CHECK(n >= 0, GNDP_ERR_RANGE, "%lld members", (long long)n);
    GNDP_CHECK(n == 0 || (member != NULL && y != NULL), GNDP_ERR_ARG, "an array is NULL");
    GNDP_CHECK(!evaluator_own_points(ev), GNDP_ERR_UNSUPPORTED,
               "an evaluator with points of each realization's own: observations belong to one "
               "point set");
    GNDP_CHECK(cd->size == evaluator_size(ev), GNDP_ERR_SHAPE,
               "a limit of %lld values, a score of %lld", (long long)cd->size,
               (long long)evaluator_size(ev));
done:
    return st;
}

/* After each step: may the run go on, is every value finite. */
static gndp_status check_state(cond_run *run, int64_t k)
{
    gndp_status st = GNDP_OK;
    const gndp_conditional_options *o = run->options;
    for (int64_t r = 0; r < run->rows; r++) {
        double sum = 0.0; /* 0 times what is not finite is NaN */
        for (int64_t i = r * run->size; i < (r + 1) * run->size; i++) {
            sum += 0.0 * run->y[i];
        }
        GNDP_CHECK(sum == 0.0, GNDP_ERR_NONFINITE,
                   "member %u: after step %lld of %lld (time %.6g) of %s the state is not finite; "
                   "smaller steps (more of them, less psi, a larger variance of the observations) "
                   "would help",
                   (unsigned)run->member[r], (long long)k + 1, (long long)o->steps,
                   run->grid[k + 1], run->method->info.name);
    }
    gndp_progress_update(o->progress, run->block * o->steps + k + 1, NULL);
    GNDP_CHECK(o->stop == NULL || !o->stop(o->stop_state), GNDP_ERR_INTERRUPTED,
               "stopped in block %lld of %lld", (long long)run->block + 1, (long long)run->blocks);
done:
    return st;
}

/* ---- Runs ------------------------------------------------------------------------------------ */

static gndp_status open_run(cond_run *run)
{
    gndp_status st = GNDP_OK;
    const size_t values = (size_t)(run->rows * run->size), seen = (size_t)(run->rows * run->c);
    double **const fields[] = {&run->y, &run->g, &run->u, &run->more[0], &run->more[1]};
    double **const rows[] = {&run->z, &run->e, &run->q, &run->p};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        *fields[i] = calloc(values + 1, sizeof **fields[i]);
        GNDP_CHECK(*fields[i] != NULL, GNDP_ERR_NOMEM, "%zu values", values);
    }
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        *rows[i] = calloc(seen + 1, sizeof **rows[i]);
        GNDP_CHECK(*rows[i] != NULL, GNDP_ERR_NOMEM, "%zu values", seen);
    }
    run->level = calloc((size_t)(run->c * run->c) + 1, sizeof *run->level);
    run->grid = calloc((size_t)run->options->steps + 1, sizeof *run->grid);
    run->member = calloc((size_t)run->rows, sizeof *run->member);
    GNDP_CHECK(run->level != NULL && run->grid != NULL && run->member != NULL, GNDP_ERR_NOMEM,
               "%lld steps, %lld observations", (long long)run->options->steps, (long long)run->c);
    GNDP_TRY(gndp_time_grid(run->schedule, run->options->grid, run->options->steps, run->grid));
    GNDP_TRY(noise_open(run->cd->law, run->rows, true, &run->noise));
    if (run->method->open != NULL) {
        GNDP_TRY(run->method->open(run));
    }
done:
    return st;
}

static void close_run(cond_run *run)
{
    if (run->method != NULL && run->method->close != NULL && run->own != NULL) {
        run->method->close(run);
    }
    double *const arrays[] = {run->y, run->g, run->u, run->more[0], run->more[1], run->z,
                              run->e, run->q, run->p, run->level,   run->grid};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) {
        free(arrays[i]);
    }
    free(run->member);
    slots_close(&run->slots);
    noise_close(&run->noise);
}

static gndp_status run_block(cond_run *run)
{
    gndp_status st = GNDP_OK;
    run->cost = 0.0;
    GNDP_TRY(run->method->start(run));
    for (int64_t k = 0; k < run->options->steps; k++) {
        GNDP_TRY(run->method->step(run, k));
        GNDP_TRY(check_state(run, k));
    }
    if (run->method->finish != NULL) {
        GNDP_TRY(run->method->finish(run));
        GNDP_TRY(check_state(run, run->options->steps - 1));
    }
done:
    return st;
}

static gndp_status sample_blocks(cond_run *run, int64_t n, const uint32_t *member, double *y)
{
    gndp_status st = GNDP_OK;
    GNDP_TRY(slots_open(run->rows, false, n, member, &run->slots));
    run->blocks = run->slots.blocks;
    for (run->block = 0; run->block < run->blocks; run->block++) {
        slots_take(&run->slots, run->block, run->member);
        run->active = run->slots.active;
        GNDP_TRY(run_block(run));
        for (int64_t r = 0; r < run->rows; r++) {
            if (run->slots.real[r]) {
                memcpy(y + run->slots.source[r] * run->size, run->y + r * run->size,
                       (size_t)run->size * sizeof *y);
            }
        }
    }
done:
    return st;
}

/* One run of its own for each member. */
static gndp_status sample_particles(cond_run *run, int64_t n, const uint32_t *member, double *y,
                                    double *log_evidence)
{
    gndp_status st = GNDP_OK;
    run->blocks = n;
    for (run->block = 0; run->block < n; run->block++) {
        for (int64_t r = 0; r < run->rows; r++) {
            run->member[r] = member[run->block];
        }
        GNDP_TRY(run_block(run));
        memcpy(y + run->block * run->size, run->y + run->picked * run->size,
               (size_t)run->size * sizeof *y);
        log_evidence[run->block] = run->log_evidence;
    }
done:
    return st;
}

/* ---- Reports --------------------------------------------------------------------------------- */

/* ln of the mean of exp(l), which is what is unbiased, and its error by the variance of exp(l). */
static void report_evidence(int64_t n, const double *l, gndp_conditional_report *report)
{
    double most = -HUGE_VAL, sum = 0.0, square = 0.0;
    for (int64_t i = 0; i < n; i++) {
        most = fmax(most, l[i]);
    }
    for (int64_t i = 0; i < n; i++) {
        sum += exp(l[i] - most);
    }
    const double mean = sum / (double)n;
    for (int64_t i = 0; i < n; i++) {
        const double d = exp(l[i] - most) - mean;
        square += d * d;
    }
    report->log_evidence = most + log(mean);
    report->log_evidence_error =
        n > 1 ? sqrt(square / ((double)n * (double)(n - 1))) / mean : (double)NAN;
}

static const char *const grid_names[] = {"time", "root", "lambda"};

static void describe(const cond_run *run, char *text, size_t size)
{
    const gndp_conditional_options *o = run->options;
    gndp_text_append(text, size, "%s: ", run->method->info.name);
    if (!run->method->own_steps) {
        gndp_text_append(text, size, "predictor %s, ", o->predictor->name);
    }
    gndp_text_append(text, size, "%lld steps uniform in %s", (long long)o->steps,
                     grid_names[o->grid]);
    if (run->method->describe != NULL) {
        run->method->describe(run, text, size);
    }
    gndp_text_append(text, size, ", seed %llu", (unsigned long long)o->seed);
}

gndp_status gndp_conditional_sample(gndp_evaluator *ev, const gndp_schedule *schedule,
                                    const gndp_conditioner *cd,
                                    const gndp_conditional_options *options, int64_t n,
                                    const uint32_t *member, double *y,
                                    gndp_conditional_report *report)
{
    gndp_status st = GNDP_OK;
    const gndp_conditional_options o =
        options != NULL ? *options : gndp_conditional_options_default(NULL);
    cond_run run = {.ev = ev, .schedule = schedule, .cd = cd, .options = &o};
    gndp_conditional_report found = {.log_evidence = (double)NAN,
                                     .log_evidence_error = (double)NAN,
                                     .least_particles = (double)NAN};
    double *log_evidence = NULL;
    GNDP_TRY(check_call(ev, schedule, cd, n, member, y));
    run.method = methods_row(o.method);
    GNDP_CHECK(run.method != NULL, GNDP_ERR_ARG, "the options' method is none of the table");
    GNDP_TRY(check_options(&o));
    GNDP_CHECK(!run.method->particles || (o.particles >= 1 && o.particles <= COND_MOST_DRAWS),
               GNDP_ERR_RANGE, "%lld particles, allowed are 1 to %d", (long long)o.particles,
               COND_MOST_DRAWS);
    run.rows = run.method->particles ? o.particles : gndp_evaluator_batch(ev);
    run.size = cd->size;
    run.c = cd->c;
    run.least_particles = (double)NAN;
    if (run.method->check != NULL) {
        GNDP_TRY(run.method->check(&run));
    }
    GNDP_TRY(open_run(&run));
    log_evidence = calloc((size_t)n + 1, sizeof *log_evidence);
    GNDP_CHECK(log_evidence != NULL, GNDP_ERR_NOMEM, "%lld members", (long long)n);
    if (run.method->particles) {
        GNDP_TRY(sample_particles(&run, n, member, y, log_evidence));
    } else {
        GNDP_TRY(sample_blocks(&run, n, member, y));
    }
    if (report != NULL) {
        if (run.method->info.evidence && n > 0) {
            report_evidence(n, log_evidence, &found);
        }
        found.least_particles = run.least_particles;
        found.evaluations = run.cost;
        describe(&run, found.text, sizeof found.text);
        *report = found;
    }
done:
    close_run(&run);
    free(log_evidence);
    return st;
}
