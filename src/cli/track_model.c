// SPDX-License-Identifier: Apache-2.0
// Tracks completed by a model.
#include "cli/track_model.h"

#include <stdlib.h>
#include <string.h>

#include "cli/usage.h"

/* Most times that steps in between may make of a task. */
enum { MOST_TIMES = 512 };

int cli_track_model_make(gndp_model *model, const gndp_sampling *sampling, bool context, cli_track_model *out)
{
    int code = GNDP_EXIT_DONE;
    double step_h;
    const gndp_fieldset_spec *fields = gndp_model_fields(model);
    memset(out, 0, sizeof *out);
    if (gndp_model_brownian(model) == NULL || fields->coords.columns != 1 || fields->channel[0].kind != GNDP_CHANNEL_SPHERE)
        return gndp_usage_error("the model is not one of tracks: functions of time whose first channel is a position on the sphere");
    if (context && !gndp_model_net(model)->context_flag)
        return gndp_failure("the model was not trained with fixes that are known; train with score: {context_flag: yes} and data: {context: {rule: track, "
                            "high: 49}}");
    out->model = model;
    out->sampling = sampling;
    out->components = gndp_model_components(model);
    GNDP_LIBRARY(gndp_config_number(gndp_model_config(model), "data.tracks.step_h", &step_h));
    out->step = step_h / 24.0;
done:
    return code;
}

void cli_track_model_free(cli_track_model *tracks)
{
    gndp_generator_free(tracks->generator);
    gndp_generator_free(tracks->single);
    free(tracks->days);
    memset(tracks, 0, sizeof *tracks);
}

/* A generator of the times of a task: that of the task before where they are the same. */
static gndp_status use_times(cli_track_model *m, const cli_track_task *task, int64_t batch, gndp_generator **generator)
{
    const size_t bytes = (size_t)task->times * sizeof *task->days;
    if (m->days == NULL || m->times != task->times || memcmp(m->days, task->days, bytes) != 0) {
        double *days = malloc(bytes);
        if (days == NULL)
            return GNDP_ERR_NOMEM;
        memcpy(days, task->days, bytes);
        free(m->days);
        m->days = days;
        m->times = task->times;
        gndp_generator_free(m->generator);
        gndp_generator_free(m->single);
        m->generator = m->single = NULL;
    }
    if (*generator != NULL)
        return GNDP_OK;
    gndp_coords coords = gndp_model_fields(m->model)->coords;
    coords.layout = GNDP_LAYOUT_LIST;
    coords.n = task->times;
    coords.x = m->days;
    return gndp_generator_create(m->model, &coords, batch, m->sampling->bf16, NULL, generator);
}

static gndp_status draw_at(cli_track_model *m, const cli_track_task *task, int64_t n, const uint32_t *member, double *values)
{
    gndp_brownian_options walk = gndp_brownian_options_default();
    const size_t row = (size_t)m->components;
    double *known = malloc(((size_t)task->contexts * row + 1) * sizeof *known);
    gndp_status st = known == NULL ? GNDP_ERR_NOMEM : use_times(m, task, m->sampling->batch, &m->generator);
    for (int64_t i = 0; st == GNDP_OK && i < task->contexts; i++)
        memcpy(known + (size_t)i * row, task->values + (size_t)task->context[i] * row, row * sizeof *known);
    if (st == GNDP_OK)
        st = gndp_brownian_method_find(m->sampling->options.sampler->name, &walk.method);
    walk.steps = m->sampling->options.steps;
    walk.seed = m->sampling->options.seed;
    walk.contexts = task->contexts;
    walk.context = task->context;
    walk.value = known;
    walk.stop = m->stop;
    walk.stop_state = m->stop_state;
    if (st == GNDP_OK)
        st = gndp_generator_complete(m->generator, &walk, n, member, values);
    free(known);
    return st;
}

/* A task with steps between its times, and where its own ones went. */
typedef struct finer_task {
    int64_t times, *place; /* [times of the task] */
    double *days;          /* [times] */
    int64_t *context;
} finer_task;

/* Steps of the training from a time on, as long as the next one is half a step away. @return how many */
static int64_t steps_between(double a, double b, double step)
{
    return step > 0.0 && b - a > 1.5 * step ? (int64_t)((b - a) / step - 0.5) : 0;
}

static void finer_free(finer_task *f)
{
    free(f->place);
    free(f->days);
    free(f->context);
}

/* @return false: out of memory */
static bool finer_make(const cli_track_model *m, const cli_track_task *task, finer_task *f)
{
    int64_t most = task->times;
    double step = m->step;
    for (int64_t i = 0; i + 1 < task->times; i++)
        most += steps_between(task->days[i], task->days[i + 1], step);
    if (most > MOST_TIMES && most > task->times) { /* tracks of months: nothing in between */
        most = task->times;
        step = 0.0;
    }
    *f = (finer_task){.place = malloc((size_t)task->times * sizeof *f->place),
                      .days = malloc((size_t)most * sizeof *f->days),
                      .context = malloc((size_t)(task->contexts + 1) * sizeof *f->context)};
    if (f->place == NULL || f->days == NULL || f->context == NULL)
        return false;
    for (int64_t i = 0; i < task->times; i++) {
        const int64_t more = i + 1 < task->times ? steps_between(task->days[i], task->days[i + 1], step) : 0;
        f->place[i] = f->times;
        f->days[f->times++] = task->days[i];
        for (int64_t k = 1; k <= more; k++)
            f->days[f->times++] = task->days[i] + (double)k * step;
    }
    for (int64_t i = 0; i < task->contexts; i++)
        f->context[i] = f->place[task->context[i]];
    return true;
}

/* Members at all times, then those of the task alone. */
gndp_status cli_track_model_draw(cli_track_model *m, const cli_track_task *task, int64_t n, const uint32_t *member, double *values)
{
    const size_t row = (size_t)m->components;
    finer_task f;
    gndp_status st = finer_make(m, task, &f) ? GNDP_OK : GNDP_ERR_NOMEM;
    double *known = NULL, *all = NULL;
    if (st == GNDP_OK && f.times == task->times) {
        finer_free(&f);
        return draw_at(m, task, n, member, values);
    }
    if (st == GNDP_OK) {
        known = calloc((size_t)f.times * row, sizeof *known);
        all = malloc((size_t)(n * f.times) * row * sizeof *all);
        st = known == NULL || all == NULL ? GNDP_ERR_NOMEM : GNDP_OK;
    }
    if (st == GNDP_OK) {
        const cli_track_task finer = {.times = f.times, .contexts = task->contexts, .days = f.days, .context = f.context, .values = known};
        for (int64_t i = 0; i < task->contexts; i++)
            memcpy(known + (size_t)f.context[i] * row, task->values + (size_t)task->context[i] * row, row * sizeof *known);
        st = draw_at(m, &finer, n, member, all);
        for (int64_t k = 0; st == GNDP_OK && k < n; k++)
            for (int64_t i = 0; i < task->times; i++)
                memcpy(values + (size_t)(k * task->times + i) * row, all + (size_t)(k * f.times + f.place[i]) * row, row * sizeof *values);
    }
    finer_free(&f);
    free(known);
    free(all);
    return st;
}

gndp_status cli_track_model_log_density(cli_track_model *m, const cli_track_task *task, const gndp_likelihood_options *options, double *log_p)
{
    const gndp_status st = use_times(m, task, 1, &m->single);
    return st != GNDP_OK ? st
                         : gndp_generator_complete_log_likelihood(m->single, options, task->contexts, task->context, 1, NULL, task->values, log_p);
}
