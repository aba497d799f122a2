// SPDX-License-Identifier: Apache-2.0
// From the data section of a configuration to sets of fields and batches.
#include "cli/dataset.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/usage.h"

/* Sets up to this size are kept in memory; larger ones stay behind their files. */
static const size_t memory_bytes = (size_t)4 << 30;

/* ---- Opening -------------------------------------------------------------------------------- */

static int open_generator(const gndp_config *config, gndp_fieldset **out)
{
    int code = GNDP_EXIT_DONE;
    const gndp_synth_info *synth;
    gndp_synth_options options = gndp_synth_options_default();
    const char *name;
    const double *domain;
    int64_t seed;
    int n;
    GNDP_LIBRARY(gndp_config_text(config, "data.generator.name", &name));
    if (name == NULL)
        return gndp_failure("data.generator.name: name a generator, such as se; `gndp gen --list` shows all");
    GNDP_LIBRARY(gndp_synth_find(name, &synth));
    GNDP_LIBRARY(gndp_config_integer(config, "data.generator.fields", &options.fields));
    GNDP_LIBRARY(gndp_config_integer(config, "data.generator.points", &options.points));
    GNDP_LIBRARY(gndp_config_switch(config, "data.generator.random", &options.random));
    GNDP_LIBRARY(gndp_config_integer(config, "data.generator.seed", &seed));
    GNDP_LIBRARY(gndp_config_numbers(config, "data.generator.domain", &n, &domain));
    options.seed = (uint64_t)seed;
    if (n == 2) {
        options.low = domain[0];
        options.high = domain[1];
    }
    GNDP_LIBRARY(gndp_synth_make(synth, &options, out));
done:
    return code;
}

static int open_tracks(const gndp_config *config, const char *path, const gndp_logger *log, gndp_fieldset **out)
{
    int code = GNDP_EXIT_DONE;
    gndp_track_options options = gndp_track_options_default();
    options.log = log;
    GNDP_LIBRARY(gndp_config_number(config, "data.tracks.step_h", &options.step_h));
    GNDP_LIBRARY(gndp_config_integer(config, "data.tracks.length", &options.length));
    GNDP_LIBRARY(gndp_config_text(config, "data.tracks.basin", &options.basin));
    GNDP_LIBRARY(gndp_config_switch(config, "data.tracks.wind", &options.wind));
    GNDP_LIBRARY(gndp_config_switch(config, "data.tracks.pressure", &options.pressure));
    GNDP_LIBRARY(gndp_config_text(config, "data.time", &options.time));
    if (gndp_config_has(config, "data.tracks.season_low"))
        GNDP_LIBRARY(gndp_config_integer(config, "data.tracks.season_low", &options.season_low));
    if (gndp_config_has(config, "data.tracks.season_high"))
        GNDP_LIBRARY(gndp_config_integer(config, "data.tracks.season_high", &options.season_high));
    GNDP_LIBRARY(gndp_tracks_open(path, &options, out));
done:
    return code;
}

/* Texts "a,b" of a map joined by commas: {t2m: degC, u10: knot} as gndp_read_options wants units. */
static char *joined(int n, const char *const *text)
{
    size_t bytes = 1;
    for (int i = 0; i < n; i++)
        bytes += strlen(text[i]) + 1;
    char *all = calloc(1, bytes);
    for (int i = 0; i < n && all != NULL; i++) {
        strcat(all, i > 0 ? "," : "");
        strcat(all, text[i]);
    }
    return all;
}

static int read_selection(const gndp_config *config, gndp_read_options *o, const char ***var, char **units)
{
    int code = GNDP_EXIT_DONE;
    const char *const *scalars, *const *vectors, *const *unit;
    const double *box;
    int n_scalars, n_vectors, n_box, n_units;
    int64_t stride;
    GNDP_LIBRARY(gndp_config_texts(config, "data.var", &n_scalars, &scalars));
    GNDP_LIBRARY(gndp_config_texts(config, "data.vectors", &n_vectors, &vectors));
    GNDP_LIBRARY(gndp_config_texts(config, "data.units", &n_units, &unit));
    GNDP_LIBRARY(gndp_config_numbers(config, "data.level", &o->n_levels, &o->level));
    GNDP_LIBRARY(gndp_config_text(config, "data.level_units", &o->level_units));
    GNDP_LIBRARY(gndp_config_text(config, "data.time", &o->time));
    GNDP_LIBRARY(gndp_config_integer(config, "data.time_stride", &o->time_stride));
    GNDP_LIBRARY(gndp_config_integer(config, "data.stride", &stride));
    GNDP_LIBRARY(gndp_config_numbers(config, "data.box", &n_box, &box));
    o->stride_lat = o->stride_lon = stride;
    if (n_box == 4) {
        o->has_box = true;
        o->west = box[0], o->east = box[1], o->south = box[2], o->north = box[3];
    }
    *var = malloc(sizeof **var * (size_t)(n_scalars + n_vectors + 1));
    *units = joined(n_units, unit);
    if (*var == NULL || *units == NULL)
        return gndp_failure_memory();
    for (int i = 0; i < n_scalars; i++)
        (*var)[o->n_vars++] = scalars[i];
    for (int i = 0; i < n_vectors; i++)
        (*var)[o->n_vars++] = vectors[i];
    o->var = o->n_vars > 0 ? *var : NULL;
    o->units = n_units > 0 ? *units : NULL;
done:
    return code;
}

static int open_files(const gndp_config *config, const char *const *data, int n_data, const gndp_logger *log, gndp_fieldset **out)
{
    int code = GNDP_EXIT_DONE;
    gndp_read_options options = gndp_read_options_default();
    const char **var = NULL;
    char *units = NULL;
    const char *source;
    bool distinct;
    if (n_data == 0)
        GNDP_LIBRARY(gndp_config_texts(config, "data.files", &n_data, &data));
    if (n_data == 0)
        return gndp_failure("data.files: name the files to read, or give them behind the configuration");
    GNDP_LIBRARY(gndp_config_text(config, "data.source", &source));
    if (strcmp(source, "events") == 0) {
        if (n_data != 1)
            return gndp_failure("data.files: events come from one file, %d are named", n_data);
        GNDP_LIBRARY(gndp_config_switch(config, "data.distinct", &distinct));
        GNDP_LIBRARY(gndp_events_open(data[0], distinct, out));
        return GNDP_EXIT_DONE;
    }
    if (strcmp(source, "tracks") == 0) {
        if (n_data != 1)
            return gndp_failure("data.files: tracks come from one file, %d are named", n_data);
        return open_tracks(config, data[0], log, out);
    }
    options.log = log;
    GNDP_STEP(read_selection(config, &options, &var, &units));
    GNDP_LIBRARY(gndp_file_open(data, n_data, &options, out));
done:
    free(var);
    free(units);
    return code;
}

/* Reading what fits beforehand makes steps independent of the disk. */
static int keep_in_memory(gndp_fieldset **set)
{
    int code = GNDP_EXIT_DONE;
    const gndp_fieldset_spec *spec = gndp_fieldset_get_spec(*set);
    const double rows = gndp_fieldset_shared(*set) ? (double)spec->n_fields * (double)spec->coords.n : (double)spec->coords.n;
    gndp_fieldset *loaded = NULL;
    if (rows * gndp_fieldset_components(*set) * (double)(sizeof(float) + 1) > (double)memory_bytes)
        return GNDP_EXIT_DONE;
    GNDP_LIBRARY(gndp_fieldset_load(*set, memory_bytes, &loaded));
    gndp_fieldset_free(*set);
    *set = loaded;
done:
    return code;
}

/* ---- Splitting ------------------------------------------------------------------------------ */

static gndp_split_rule choose_rule(const char *text, const char *source, const gndp_fieldset *set)
{
    const bool times = strcmp(source, "files") == 0 && isfinite(gndp_fieldset_get_spec(set)->label[0].time_s);
    if (strcmp(text, "auto") == 0)
        text = strcmp(source, "tracks") == 0 ? "id" : times ? "time" : "random";
    return strcmp(text, "id") == 0 ? GNDP_SPLIT_ID : strcmp(text, "time") == 0 ? GNDP_SPLIT_TIME : GNDP_SPLIT_RANDOM;
}

static int split(const gndp_config *config, const char *source, gndp_dataset *d)
{
    int code = GNDP_EXIT_DONE;
    double share[3], gap_h;
    const char *rule;
    int64_t seed;
    GNDP_LIBRARY(gndp_config_number(config, "data.split.train", &share[0]));
    GNDP_LIBRARY(gndp_config_number(config, "data.split.validation", &share[1]));
    GNDP_LIBRARY(gndp_config_number(config, "data.split.test", &share[2]));
    GNDP_LIBRARY(gndp_config_number(config, "data.split.gap", &gap_h));
    GNDP_LIBRARY(gndp_config_integer(config, "data.split.seed", &seed));
    GNDP_LIBRARY(gndp_config_text(config, "data.split.rule", &rule));
    GNDP_LIBRARY(gndp_split_make(d->all, choose_rule(rule, source, d->all), share, 3600.0 * gap_h, (uint64_t)seed, &d->split));
    for (int i = 0; i < 3; i++)
        if (d->split.n[i] > 0)
            GNDP_LIBRARY(gndp_fieldset_select(d->all, d->split.n[i], d->split.field[i], &d->part[i]));
    if (d->part[0] == NULL)
        return gndp_failure("data.split: no field is left to train on");
done:
    return code;
}

static int make_track_sources(const gndp_config *config, gndp_dataset *d)
{
    int code = GNDP_EXIT_DONE;
    gndp_track_windows windows = {0};
    GNDP_LIBRARY(gndp_config_integer(config, "data.tracks.window", &windows.window));
    GNDP_LIBRARY(gndp_config_switch(config, "data.tracks.turn", &windows.turn));
    GNDP_LIBRARY(gndp_config_number(config, "data.tracks.mirror", &windows.mirror));
    GNDP_LIBRARY(gndp_config_number(config, "data.tracks.thin", &windows.thin));
    GNDP_LIBRARY(gndp_batch_source_tracks(d->part[0], windows, &d->train));
    if (d->part[1] != NULL)
        GNDP_LIBRARY(gndp_batch_source_tracks(d->part[1], windows, &d->validation));
done:
    return code;
}

static int make_sources(const gndp_config *config, gndp_dataset *d)
{
    int code = GNDP_EXIT_DONE;
    gndp_subset subset = {0};
    const double *choice;
    int n;
    GNDP_LIBRARY(gndp_config_integer(config, "data.points.low", &subset.low));
    GNDP_LIBRARY(gndp_config_integer(config, "data.points.high", &subset.high));
    GNDP_LIBRARY(gndp_config_numbers(config, "data.points.choice", &n, &choice));
    if (n > 8)
        return gndp_failure("data.points.choice: %d numbers, at most 8", n);
    for (int i = 0; i < n; i++) {
        if (choice[i] != floor(choice[i]))
            return gndp_failure("data.points.choice: %g is no whole number", choice[i]);
        subset.choice[subset.n_choices++] = (int64_t)choice[i];
    }
    if (subset.high > 0 && subset.low > subset.high)
        return gndp_failure("data.points: low is %lld, high %lld", (long long)subset.low, (long long)subset.high);
    if (subset.high > 0 && subset.low < 1)
        subset.low = 1;
    GNDP_LIBRARY(gndp_batch_source_fields(d->part[0], 0, NULL, subset, &d->train));
    if (d->part[1] != NULL)
        GNDP_LIBRARY(gndp_batch_source_fields(d->part[1], 0, NULL, subset, &d->validation));
done:
    return code;
}

int gndp_dataset_open(const gndp_config *config, const char *const *data, int n_data, const gndp_logger *log, gndp_dataset *out)
{
    int code = GNDP_EXIT_DONE;
    const char *source;
    memset(out, 0, sizeof *out);
    GNDP_LIBRARY(gndp_config_text(config, "data.source", &source));
    if (n_data > 0 && strcmp(source, "generator") == 0)
        source = "files"; /* in place of it */
    if (strcmp(source, "generator") == 0)
        GNDP_STEP(open_generator(config, &out->all));
    else
        GNDP_STEP(open_files(config, data, n_data, log, &out->all));
    GNDP_STEP(keep_in_memory(&out->all));
    GNDP_STEP(split(config, source, out));
    GNDP_STEP(strcmp(source, "tracks") == 0 ? make_track_sources(config, out) : make_sources(config, out));
done:
    return code;
}

void gndp_dataset_free(gndp_dataset *dataset)
{
    if (dataset->train.free != NULL)
        dataset->train.free(dataset->train.state);
    if (dataset->validation.free != NULL)
        dataset->validation.free(dataset->validation.state);
    for (int i = 0; i < 3; i++)
        gndp_fieldset_free(dataset->part[i]);
    gndp_split_free(&dataset->split);
    gndp_fieldset_free(dataset->all);
}
