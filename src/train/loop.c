// SPDX-License-Identifier: Apache-2.0
// The training loop: steps, reports, validations, checkpoints.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/error.h"
#include "model/model.h"
#include "train/folder.h"
#include "train/step.h"

enum { REPORT_EVERY = 100 };

typedef struct loop {
    gndp_model *model;
    const gndp_batch_source *train, *validation;
    const gndp_train_options *options;
    train_settings settings;
    train_steps *steps;
    train_folder *folder;
    int64_t validate_every, validation_batches, checkpoint_every, patience;
    double max_seconds;         /* 0: no limit */
    double start, before;       /* clock at the start; seconds of earlier runs */
    double last_checkpoint;
    double zero_loss;
    double gradient_norm, rate; /* of the last step */
    int64_t failed;             /* steps in a row that were not finite */
    bool diverges;              /* the loss is far above that of no network, and that was said */
    int64_t first;              /* step at which this run began */
} loop;

gndp_train_options gndp_train_options_default(void)
{
    return (gndp_train_options){.checkpoint_minutes = 5.0};
}

static double clock_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double elapsed(const loop *l)
{
    return l->before + clock_s() - l->start;
}

static gndp_status read_options(loop *l)
{
    gndp_status st = GNDP_OK;
    const gndp_config *config = l->model->config;
    double minutes = 0.0;
    GNDP_TRY(gndp_config_integer(config, "train.validate_every", &l->validate_every));
    GNDP_TRY(gndp_config_integer(config, "train.validation_batches", &l->validation_batches));
    GNDP_TRY(gndp_config_integer(config, "train.patience", &l->patience));
    GNDP_TRY(gndp_config_integer(config, "train.checkpoint_every", &l->checkpoint_every));
    if (l->options->checkpoint_every > 0)
        l->checkpoint_every = l->options->checkpoint_every;
    if (gndp_config_has(config, "train.max_minutes"))
        GNDP_TRY(gndp_config_number(config, "train.max_minutes", &minutes));
    l->max_seconds = 60.0 * minutes;
done:
    return st;
}

/* ---- Reports -------------------------------------------------------------------------------- */

static gndp_status validate(loop *l, double *out)
{
    gndp_status st = GNDP_OK;
    double sum = 0.0;
    for (int64_t i = 0; i < l->validation_batches; i++) {
        double loss;
        GNDP_TRY(train_steps_validate(l->steps, l->validation, (uint32_t)i, &loss));
        sum += loss;
    }
    *out = sum / (double)l->validation_batches;
done:
    return st;
}

static double time_left(const loop *l)
{
    const int64_t done_here = l->model->progress.step - l->first;
    const double here = clock_s() - l->start;
    double left = done_here > 0 ? here / (double)done_here * (double)(l->settings.steps - l->model->progress.step) : (double)NAN;
    if (l->max_seconds > 0.0 && !(left < l->max_seconds - elapsed(l)))
        left = fmax(0.0, l->max_seconds - elapsed(l));
    return left;
}

/* Said once: a loss this far above that of a network that is zero does not come back by itself. */
static void watch_divergence(loop *l, double loss)
{
    if (l->diverges || l->model->progress.step <= l->settings.warmup || !(loss > 3.0 * l->zero_loss))
        return;
    l->diverges = true;
    gndp_logger_write(l->options->log, GNDP_LOG_WARN,
                      "step %lld: the loss is %.3g, that of a network that is zero %.3g: training diverges; a lower train.learning_rate.peak or train.clip "
                      "may help",
                      (long long)l->model->progress.step, loss, l->zero_loss);
}

static gndp_status report(loop *l, bool validation)
{
    gndp_status st = GNDP_OK;
    gndp_model_progress *p = &l->model->progress;
    gndp_train_report r = {.step = p->step, .steps = l->settings.steps, .loss = p->loss_sum / p->loss_count, .zero_loss = l->zero_loss,
                           .validation = (double)NAN, .gradient_norm = l->gradient_norm, .rate = l->rate, .seconds = elapsed(l)};
    if (validation && l->validation != NULL) {
        GNDP_TRY(validate(l, &r.validation));
        if (!(p->best_validation <= r.validation))
            p->best_validation = r.validation;
    }
    watch_divergence(l, r.loss);
    r.seconds_left = time_left(l);
    p->loss_sum = 0.0;
    p->loss_count = 0.0;
    const double row[MODEL_HISTORY] = {(double)r.step, r.loss, r.zero_loss, r.validation, r.gradient_norm, r.rate, r.seconds};
    GNDP_TRY(model_history_add(l->model, row));
    GNDP_TRY(train_folder_log(l->folder, row));
    if (l->options->report != NULL)
        l->options->report(l->options->report_state, &r);
done:
    return st;
}

/* ---- Checkpoints ---------------------------------------------------------------------------- */

static gndp_status checkpoint(loop *l)
{
    gndp_status st = GNDP_OK;
    l->model->progress.seconds = elapsed(l);
    l->last_checkpoint = clock_s();
    model_rehash(l->model);
    GNDP_TRY(train_folder_checkpoint(l->folder, l->model));
done:
    return st;
}

static bool checkpoint_due(const loop *l)
{
    if (l->checkpoint_every > 0 && l->model->progress.step % l->checkpoint_every == 0)
        return true;
    return l->options->checkpoint_minutes > 0.0 && clock_s() - l->last_checkpoint >= 60.0 * l->options->checkpoint_minutes;
}

/* ---- The loop ------------------------------------------------------------------------------- */

static gndp_status one_step(loop *l)
{
    gndp_status st = GNDP_OK;
    gndp_model_progress *p = &l->model->progress;
    train_outcome outcome;
    st = train_steps_run(l->steps, l->train, (uint32_t)p->step, &outcome);
    if (st != GNDP_OK) {
        char *text = strdup(gndp_last_text());
        st = gndp_fail_at(GNDP_HERE, st, "step %lld, %s: %s", (long long)p->step, train_steps_batch(l->steps).text, text != NULL ? text : "");
        free(text);
        goto done;
    }
    l->gradient_norm = outcome.gradient_norm;
    l->rate = outcome.rate;
    p->step++;
    if (outcome.applied) {
        l->failed = 0;
        p->loss_sum += outcome.loss;
        p->loss_count += 1.0;
        goto done;
    }
    l->failed++;
    gndp_logger_write(l->options->log, GNDP_LOG_WARN, "step %lld, %s: loss %g, gradient norm %g: nothing was changed", (long long)p->step - 1,
                      train_steps_batch(l->steps).text, outcome.loss, outcome.gradient_norm);
    GNDP_CHECK(l->failed < l->patience, GNDP_ERR_NONFINITE,
               "loss or gradient was not finite in %lld steps in a row, last at step %lld, %s (loss %g, gradient norm %g); the checkpoint holds the last "
               "finite parameters: a lower train.learning_rate.peak or train.clip, or f32 precision, may help",
               (long long)l->failed, (long long)p->step - 1, train_steps_batch(l->steps).text, outcome.loss, outcome.gradient_norm);
done:
    return st;
}

static void show(const loop *l)
{
    char text[160];
    int at = 0;
    const gndp_model_progress *p = &l->model->progress;
    if (l->options->progress == NULL)
        return;
    if (p->loss_count > 0.0)
        at += snprintf(text + at, sizeof text - (size_t)at, "loss %.4f of %.4f  ", p->loss_sum / p->loss_count, l->zero_loss);
    if (isfinite(p->best_validation))
        at += snprintf(text + at, sizeof text - (size_t)at, "validation %.4f  ", p->best_validation);
    if (l->max_seconds > 0.0 && p->step < l->settings.steps)
        at += snprintf(text + at, sizeof text - (size_t)at, "at most %s more", gndp_duration_text(fmax(0.0, l->max_seconds - elapsed(l))).text);
    text[at] = '\0';
    gndp_progress_update(l->options->progress, p->step, text);
}

static bool time_is_up(const loop *l)
{
    return l->max_seconds > 0.0 && elapsed(l) >= l->max_seconds;
}

static bool goes_on(const loop *l)
{
    return l->model->progress.step < l->settings.steps && !time_is_up(l);
}

static gndp_status run(loop *l)
{
    gndp_status st = GNDP_OK;
    gndp_model_progress *p = &l->model->progress;
    bool more = goes_on(l);
    while (more) {
        GNDP_TRY(one_step(l));
        more = goes_on(l);
        const bool validation = l->validate_every > 0 && (!more || p->step % l->validate_every == 0);
        if (p->loss_count > 0.0 && (validation || !more || p->step % REPORT_EVERY == 0))
            GNDP_TRY(report(l, validation));
        show(l);
        if (checkpoint_due(l))
            GNDP_TRY(checkpoint(l));
        GNDP_CHECK(!more || l->options->stop == NULL || !l->options->stop(l->options->stop_state), GNDP_ERR_INTERRUPTED, "stopped after step %lld",
                   (long long)p->step);
    }
done:
    return st;
}

static gndp_status check_fit(const gndp_model *model)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(model->complete, GNDP_ERR_STATE, "this model has no optimiser state: training goes on from last.nc, not from model.nc");
done:
    return st;
}

/* Fields differ much in how large they are: one batch tells little. */
static gndp_status mean_zero_loss(loop *l)
{
    enum { FIELDS = 512 };
    gndp_status st = GNDP_OK;
    const int64_t batch = l->settings.batch, n = batch < FIELDS ? FIELDS / batch : 1;
    l->zero_loss = 0.0;
    for (uint32_t i = 0; i < n; i++) {
        double loss;
        GNDP_TRY(train_steps_zero_loss(l->steps, l->train, i, &loss));
        l->zero_loss += loss / (double)n;
    }
done:
    return st;
}

gndp_status gndp_train(gndp_model *model, const gndp_batch_source *train, const gndp_batch_source *validation, const gndp_train_options *options)
{
    gndp_status st = GNDP_OK;
    gndp_device *device = NULL;
    const gndp_train_options defaults = gndp_train_options_default();
    loop l = {.model = model, .train = train, .validation = validation, .options = options != NULL ? options : &defaults};
    GNDP_CHECK(model != NULL && train != NULL && train->draw != NULL, GNDP_ERR_ARG, "model or train is NULL");
    GNDP_TRY(check_fit(model));
    GNDP_TRY(train_settings_read(model, train, validation, &l.settings));
    GNDP_TRY(read_options(&l));
    l.first = model->progress.step;
    l.before = model->progress.seconds;
    l.start = clock_s();
    l.last_checkpoint = l.start;
    if (l.options->device == NULL)
        GNDP_TRY(gndp_device_open("cpu", NULL, &device));
    GNDP_TRY(train_steps_create(model, &l.settings, l.options->device != NULL ? l.options->device : device, &l.steps));
    GNDP_TRY(train_folder_open(l.options->folder, l.options->fresh, model, &l.folder));
    GNDP_TRY(mean_zero_loss(&l));
    st = run(&l);
    if (st != GNDP_ERR_IO && st != GNDP_ERR_NOMEM) { /* keep what there is, and the first message */
        const gndp_status why = st;
        char *text = st != GNDP_OK ? strdup(gndp_last_text()) : NULL;
        st = checkpoint(&l);
        if (st == GNDP_OK && why == GNDP_OK)
            st = train_folder_finish(l.folder, model);
        if (why != GNDP_OK && st == GNDP_OK)
            st = gndp_fail_at(GNDP_HERE, why, "%s", text != NULL ? text : "stopped");
        else if (why != GNDP_OK) {
            char *more = strdup(gndp_last_text());
            st = gndp_fail_at(GNDP_HERE, st, "%s; and no checkpoint could be written: %s", text != NULL ? text : "stopped", more != NULL ? more : "");
            free(more);
        }
        free(text);
    }
done:
    train_steps_free(l.steps);
    train_folder_free(l.folder);
    gndp_device_free(device);
    return st;
}

gndp_status gndp_train_dry_run(gndp_model *model, const gndp_batch_source *train, const gndp_train_options *options, gndp_train_estimate *out)
{
    gndp_status st = GNDP_OK;
    enum { TRIALS = 5 };
    gndp_device *device = NULL;
    train_steps *steps = NULL;
    train_settings settings;
    gndp_plan_stats stats;
    double fastest = (double)INFINITY;
    GNDP_CHECK(model != NULL && train != NULL && out != NULL, GNDP_ERR_ARG, "an argument is NULL");
    memset(out, 0, sizeof *out);
    GNDP_TRY(check_fit(model));
    GNDP_TRY(train_settings_read(model, train, NULL, &settings));
    if (options == NULL || options->device == NULL)
        GNDP_TRY(gndp_device_open("cpu", NULL, &device));
    GNDP_TRY(train_steps_create(model, &settings, device != NULL ? device : options->device, &steps));
    GNDP_TRY(train_steps_cost(steps, &stats));
    for (int i = 0; i < TRIALS; i++) { /* validations leave the parameters as they are; a step is three times one */
        double loss;
        const double start = clock_s();
        GNDP_TRY(train_steps_validate(steps, train, (uint32_t)i, &loss));
        if (i > 0)
            fastest = fmin(fastest, clock_s() - start);
    }
    out->parameters = gndp_store_size(model->store);
    out->flops_step = stats.flops;
    out->bytes = stats.workspace_bytes + stats.scratch_bytes + stats.constant_bytes +
                 (size_t)out->parameters * 4 * sizeof(float) + (size_t)(settings.batch * settings.max_points) * 64;
    out->seconds_step = 3.0 * fastest;
    out->seconds_total = out->seconds_step * (double)(settings.steps - model->progress.step);
    if (gndp_config_has(model->config, "train.max_minutes")) {
        double minutes;
        GNDP_TRY(gndp_config_number(model->config, "train.max_minutes", &minutes));
        out->seconds_total = fmin(out->seconds_total, 60.0 * minutes);
    }
done:
    train_steps_free(steps);
    gndp_device_free(device);
    return st;
}
