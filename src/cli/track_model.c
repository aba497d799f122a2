// SPDX-License-Identifier: Apache-2.0
// Tracks completed by a model.
#include "cli/track_model.h"

#include <stdlib.h>
#include <string.h>

#include "cli/usage.h"

int cli_track_model_make(gndp_model *model, const gndp_sampling *sampling, bool context, cli_track_model *out)
{
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
    return GNDP_EXIT_DONE;
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

gndp_status cli_track_model_draw(cli_track_model *m, const cli_track_task *task, int64_t n, const uint32_t *member, double *values)
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

gndp_status cli_track_model_log_density(cli_track_model *m, const cli_track_task *task, const gndp_likelihood_options *options, double *log_p)
{
    const gndp_status st = use_times(m, task, 1, &m->single);
    return st != GNDP_OK ? st
                         : gndp_generator_complete_log_likelihood(m->single, options, task->contexts, task->context, 1, NULL, task->values, log_p);
}
