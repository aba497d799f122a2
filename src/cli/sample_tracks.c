// SPDX-License-Identifier: Apache-2.0
// New tracks from a model, as trajectories.
#include "cli/sample_tracks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/gp_common.h"
#include "cli/target.h"
#include "cli/usage.h"

bool cli_model_is_of_tracks(const gndp_model *model)
{
    const gndp_fieldset_spec *fields = gndp_model_fields(model);
    return gndp_model_brownian(model) != NULL && fields->coords.space == GNDP_SPACE_EUCLIDEAN && fields->coords.columns == 1 &&
           strcmp(fields->coords.axis[0].standard_name, "time") == 0 && fields->channel[0].kind == GNDP_CHANNEL_SPHERE;
}

static bool places_given(const gndp_place_options *o)
{
    return o->like != NULL || o->grid != NULL || o->line != NULL || o->plane != NULL || o->scatter != NULL || o->points != NULL;
}

/* Days of a track: as asked, or the steps of the windows that the model was trained on. */
static int list_days(const gndp_model *model, const sample_tracks_options *o, double **days, int64_t *n)
{
    int code = GNDP_EXIT_DONE;
    cli_target target = {0};
    int64_t window = 0;
    double step_h = 0.0;
    if (places_given(o->place)) {
        GNDP_STEP(cli_target_make(o->place, model, o->sampling->options.seed, &target));
        *n = target.coords.n;
    } else {
        GNDP_LIBRARY(gndp_config_integer(gndp_model_config(model), "data.tracks.window", &window));
        GNDP_LIBRARY(gndp_config_number(gndp_model_config(model), "data.tracks.step_h", &step_h));
        if (window == 0 || step_h == 0.0)
            return gndp_usage_error("the model was trained on tracks of any times: say which days, such as --line 0:5:41");
        *n = window;
    }
    *days = malloc((size_t)*n * sizeof **days);
    if (*days == NULL) {
        code = gndp_failure_memory();
        goto done;
    }
    if (places_given(o->place))
        gndp_coords_list(&target.coords, *days);
    for (int64_t i = 0; i < *n && !places_given(o->place); i++)
        (*days)[i] = (double)i * step_h / 24.0;
    for (int64_t i = 1; i < *n && code == GNDP_EXIT_DONE; i++)
        if (!((*days)[i] > (*days)[i - 1]))
            code = gndp_usage_error("the times of a track rise: day %g comes after %g", (*days)[i], (*days)[i - 1]);
done:
    cli_target_free(&target);
    return code;
}

static int store(gndp_model *model, const sample_tracks_options *o, int64_t n, const double *days, const double *values)
{
    int code = GNDP_EXIT_DONE;
    const gndp_fieldset_spec *fields = gndp_model_fields(model);
    const int64_t m = o->members->n;
    const int p = gndp_model_components(model);
    double *x = malloc((size_t)(m * n) * sizeof *x);
    gndp_field_label *label = malloc((size_t)m * sizeof *label);
    int64_t *first = malloc((size_t)(m + 1) * sizeof *first);
    char(*id)[24] = malloc((size_t)m * sizeof *id), source[96], seed[32];
    gndp_fieldset *set = NULL;
    if (x == NULL || label == NULL || first == NULL || id == NULL) {
        code = gndp_failure_memory();
        goto done;
    }
    for (int64_t k = 0; k < m; k++) {
        snprintf(id[k], sizeof id[k], "GNDP%06u", o->members->number[k]);
        label[k] = (gndp_field_label){.time_s = 0.0, .member = (int64_t)o->members->number[k], .id = id[k]};
        first[k] = k * n;
        memcpy(x + k * n, days, (size_t)n * sizeof *x);
    }
    first[m] = m * n;
    snprintf(source, sizeof source, "gndp %s, model %s", gndp_version(), gndp_model_hash(model));
    snprintf(seed, sizeof seed, "%llu", (unsigned long long)o->sampling->options.seed);
    const gndp_attribute attribute[] = {{"title", "new tracks"}, {"comment", "these tracks have no date: times count from 1970-01-01"},
                                        {"source", source}, {"gndp_seed", seed}, {"gndp_sampler", o->sampling->text}};
    gndp_fieldset_spec spec = *fields;
    spec.n_fields = m;
    spec.coords.layout = GNDP_LAYOUT_LIST;
    spec.coords.n = m * n;
    spec.coords.x = x;
    spec.first = first;
    spec.label = label;
    spec.n_attributes = 5;
    spec.attribute = attribute;
    const gndp_array all = gndp_array_view(gndp_type_2d(GNDP_F64, m * n, p), (void *)(uintptr_t)values);
    GNDP_LIBRARY(gndp_fieldset_create(&spec, &all, NULL, &set));
    const size_t length = strlen(o->output);
    if (length > 3 && strcmp(o->output + length - 3, ".nc") == 0) {
        gndp_write_options options = gndp_write_options_default();
        options.overwrite = o->overwrite;
        options.history = o->history;
        GNDP_LIBRARY(gndp_write_tracks(set, o->output, &options));
    } else {
        gndp_tracks_text_options options = gndp_tracks_text_options_default();
        options.overwrite = o->overwrite;
        GNDP_LIBRARY(gndp_write_tracks_csv(set, o->output, &options));
    }
done:
    gndp_fieldset_free(set);
    free(x);
    free(label);
    free(first);
    free(id);
    return code;
}

static bool stop_asked(void *state)
{
    (void)state;
    return gp_interrupted();
}

int cli_sample_tracks(gndp_model *model, const sample_tracks_options *o)
{
    int code = GNDP_EXIT_DONE;
    gndp_generator *generator = NULL;
    gndp_sampler_options options = o->sampling->options;
    double *days = NULL, *values = NULL;
    int64_t n = 0;
    const double start = gp_seconds();
    GNDP_STEP(list_days(model, o, &days, &n));
    values = malloc((size_t)(o->members->n * n * gndp_model_components(model)) * sizeof *values);
    if (values == NULL) {
        code = gndp_failure_memory();
        goto done;
    }
    gndp_coords coords = gndp_model_fields(model)->coords;
    coords.layout = GNDP_LAYOUT_LIST;
    coords.n = n;
    coords.x = days;
    gp_interruptible();
    options.stop = stop_asked;
    GNDP_LIBRARY(gndp_generator_create(model, &coords, o->sampling->batch, o->sampling->bf16, NULL, &generator));
    const gndp_status st = gndp_generator_sample(generator, &options, o->members->n, o->members->number, values);
    if (st == GNDP_ERR_INTERRUPTED) {
        gndp_failure("interrupted; nothing was written");
        code = GNDP_EXIT_INTERRUPTED;
        goto done;
    }
    GNDP_LIBRARY(st);
    GNDP_STEP(store(model, o, n, days, values));
    if (!o->quiet)
        printf("wrote    %s: %lld tracks of %lld fixes in %s\n", o->output, (long long)o->members->n, (long long)n,
               gndp_duration_text(gp_seconds() - start).text);
done:
    gndp_generator_free(generator);
    free(days);
    free(values);
    return code;
}
