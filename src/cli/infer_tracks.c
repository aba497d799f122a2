// SPDX-License-Identifier: Apache-2.0
// `gndp infer` with a model of tracks: the fixes so far in, an ensemble of whole tracks out.
#include "cli/infer_tracks.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/gp_common.h"
#include "cli/track_model.h"
#include "cli/tracks_task.h"
#include "cli/usage.h"

static const double hours = 24.0; /* of a day */

/* Storms, one after the other; each has fixes, then times wanted between and after them. */
typedef struct track_job {
    gndp_infer_job *j;
    cli_track_model tracks;
    gndp_fieldset *fixes;
    double lead[TRACKS_LEADS]; /* hours after the last fix */
    int leads;
    int64_t window;
    /* of what is made */
    double *days, *values;
    gndp_field_label *label;
    double *start; /* [made] Unix time of the last fix: that of the forecast */
    bool atcf, csv;
    int64_t *first, made, points, capacity;
} track_job;

/* ---- What is asked for ------------------------------------------------------------------------ */

static int read_leads(track_job *t)
{
    const char *text = t->j->s.lead;
    return text != NULL && strcmp(text, "none") == 0 ? GNDP_EXIT_DONE : tracks_leads_read("lead", text, t->lead, &t->leads);
}

static int open_fixes(track_job *t, const gndp_logger *log)
{
    int code = GNDP_EXIT_DONE;
    gndp_track_options options = gndp_track_options_default();
    const gndp_fieldset_spec *model = gndp_model_fields(t->j->model);
    options.main_only = false;
    options.min_points = 1;
    options.step_h = 0.0;
    options.log = log;
    for (int c = 1; c < model->n_channels; c++) {
        options.wind = options.wind || strcmp(model->channel[c].name, "wind") == 0;
        options.pressure = options.pressure || strcmp(model->channel[c].name, "pressure") == 0;
    }
    GNDP_LIBRARY(gndp_tracks_open(t->j->s.observed.path, &options, &t->fixes));
    const gndp_fieldset_spec *spec = gndp_fieldset_get_spec(t->fixes);
    int64_t found = -1;
    for (int64_t f = 0; f < spec->n_fields && t->j->s.storm != NULL; f++)
        if (strcmp(spec->label[f].id, t->j->s.storm) == 0)
            found = f;
    if (t->j->s.storm != NULL) {
        gndp_fieldset *one = NULL;
        if (found < 0)
            return gndp_failure("%s: no storm %s among %lld, the first is %s", t->j->s.observed.path, t->j->s.storm, (long long)spec->n_fields,
                                spec->label[0].id);
        GNDP_LIBRARY(gndp_fieldset_select(t->fixes, 1, &found, &one));
        gndp_fieldset_free(t->fixes);
        t->fixes = one;
    }
done:
    return code;
}

/* ---- One storm -------------------------------------------------------------------------------- */

static bool near(double a, double b)
{
    return fabs(a - b) < 1e-6;
}

/* Fixes of a storm that have all the model's values, the last `window` of them. @return how many; days and values are moved to the front */
static int64_t keep_whole(const track_job *t, int64_t n, double *days, double *values, const uint8_t *present)
{
    const int p = t->tracks.components;
    int64_t kept = 0;
    for (int64_t i = 0; i < n; i++) {
        bool whole = true;
        for (int c = 0; c < p; c++)
            whole = whole && present[i * p + c] != 0;
        if (!whole)
            continue;
        days[kept] = days[i];
        memmove(values + kept * p, values + i * p, (size_t)p * sizeof *values);
        kept++;
    }
    const int64_t drop = t->window > 0 && kept > t->window ? kept - t->window : 0;
    memmove(days, days + drop, (size_t)(kept - drop) * sizeof *days);
    memmove(values, values + drop * p, (size_t)((kept - drop) * p) * sizeof *values);
    return kept - drop;
}

/* Times of fixes, those in between that --fill asks for, leads; which of them are fixes. */
static int64_t list_times(const track_job *t, int64_t n, const double *fix, double *days, int64_t *context)
{
    const double step = t->j->s.fill / hours, origin = fix[0];
    int64_t at = 0;
    for (int64_t i = 0; i < n; i++) {
        context[i] = at;
        days[at++] = fix[i] - origin;
        for (double k = step > 0.0 && i + 1 < n ? floor((fix[i] - origin) / step) + 1.0 : HUGE_VAL; k * step < fix[i + 1 < n ? i + 1 : i] - origin - 1e-6; k += 1.0)
            if (!near(k * step, fix[i] - origin))
                days[at++] = k * step;
    }
    for (int k = 0; k < t->leads; k++)
        days[at++] = fix[n - 1] - origin + t->lead[k] / hours;
    return at;
}

static int64_t most_times(const track_job *t, int64_t n, const double *fix)
{
    return n + t->leads + 1 + (t->j->s.fill > 0.0 ? (int64_t)((fix[n - 1] - fix[0]) * hours / t->j->s.fill) + n : 0);
}

/* Room for one more storm with all its members. */
static int grow(track_job *t, int64_t times)
{
    const int64_t m = t->j->members.n, p = t->tracks.components, need = t->points + m * times;
    if (need > t->capacity) {
        const int64_t room = 2 * need;
        double *days = realloc(t->days, (size_t)room * sizeof *days);
        t->days = days != NULL ? days : t->days;
        double *values = realloc(t->values, (size_t)(room * p) * sizeof *values);
        t->values = values != NULL ? values : t->values;
        if (days == NULL || values == NULL)
            return gndp_failure_memory();
        t->capacity = room;
    }
    return GNDP_EXIT_DONE;
}

/* Members of a storm behind those that are made already; days as the file's own, from its first fix. */
static int put_storm(track_job *t, int64_t f, const cli_track_task *task, double from)
{
    int code = GNDP_EXIT_DONE;
    const gndp_members *members = &t->j->members;
    const gndp_fieldset_spec *spec = gndp_fieldset_get_spec(t->fixes);
    const int64_t p = t->tracks.components;
    const int64_t last = task->context[task->contexts - 1], skipped = t->atcf ? last : 0; /* a-decks begin at the start of the forecast */
    GNDP_STEP(grow(t, task->times));
    const gndp_status st = cli_track_model_draw(&t->tracks, task, members->n, members->number, t->values + t->points * p);
    if (st == GNDP_ERR_INTERRUPTED) {
        code = GNDP_EXIT_INTERRUPTED;
        goto done;
    }
    GNDP_LIBRARY(st);
    const double *drawn = t->values + t->points * p;
    for (int64_t m = 0; m < members->n; m++) {
        t->first[t->made] = t->points;
        for (int64_t i = skipped; i < task->times; i++, t->points++) {
            t->days[t->points] = task->days[i] + from;
            memmove(t->values + t->points * p, drawn + (m * task->times + i) * p, (size_t)p * sizeof *drawn);
        }
        t->start[t->made] = spec->label[f].time_s + (task->days[last] + from) * 86400.0;
        t->label[t->made++] = (gndp_field_label){.time_s = spec->label[f].time_s, .member = members->number[m], .id = spec->label[f].id};
    }
    t->first[t->made] = t->points;
done:
    return code;
}

static int complete_storm(track_job *t, int64_t f)
{
    int code = GNDP_EXIT_DONE;
    const gndp_fieldset_spec *spec = gndp_fieldset_get_spec(t->fixes);
    const int64_t n = gndp_fieldset_points(t->fixes, f), p = t->tracks.components;
    double *fix = malloc((size_t)n * sizeof *fix), *values = malloc((size_t)(n * p) * sizeof *values), *days = NULL, *at = NULL;
    uint8_t *present = malloc((size_t)(n * p));
    int64_t *context = NULL;
    if (fix == NULL || values == NULL || present == NULL) {
        code = gndp_failure_memory();
        goto done;
    }
    GNDP_LIBRARY(gndp_fieldset_coords(t->fixes, f, fix));
    GNDP_LIBRARY(gndp_fieldset_read(t->fixes, 1, &f, n, NULL, values, present));
    const int64_t kept = keep_whole(t, n, fix, values, present);
    if (kept == 0) {
        if (!t->j->s.quiet)
            gndp_note("%s: no fix with all of the model's values, passed over", spec->label[f].id);
        goto done;
    }
    const int64_t most = most_times(t, kept, fix);
    days = malloc((size_t)most * sizeof *days);
    at = calloc((size_t)(most * p), sizeof *at);
    context = malloc((size_t)kept * sizeof *context);
    if (days == NULL || at == NULL || context == NULL) {
        code = gndp_failure_memory();
        goto done;
    }
    const cli_track_task task = {.times = list_times(t, kept, fix, days, context), .contexts = kept, .days = days, .context = context, .values = at};
    for (int64_t i = 0; i < kept; i++)
        memcpy(at + context[i] * p, values + i * p, (size_t)p * sizeof *at);
    if (task.times == kept)
        code = gndp_failure("%s: nothing to find: neither --lead nor --fill asks for a time that is not a fix", spec->label[f].id);
    else
        code = put_storm(t, f, &task, fix[0]);
done:
    free(fix);
    free(values);
    free(present);
    free(days);
    free(at);
    free(context);
    return code;
}

/* ---- The verb --------------------------------------------------------------------------------- */

static int write_all(track_job *t, const gndp_logger *log)
{
    int code = GNDP_EXIT_DONE;
    const gndp_infer_job *j = t->j;
    const gndp_fieldset_spec *fixes = gndp_fieldset_get_spec(t->fixes), *model = gndp_model_fields(j->model);
    char source[96], seed[32];
    const gndp_attribute attribute[] = {{"title", "ensemble of tracks"}, {"source", source}, {"gndp_seed", seed}, {"gndp_sampler", j->sampling.text}};
    gndp_fieldset_spec spec = *fixes;
    gndp_fieldset *out = NULL;
    snprintf(source, sizeof source, "gndp %s, model %s", gndp_version(), gndp_model_hash(j->model));
    snprintf(seed, sizeof seed, "%llu", (unsigned long long)j->sampling.options.seed);
    spec.n_fields = t->made;
    spec.coords.n = t->points;
    spec.coords.x = t->days;
    spec.first = t->first;
    spec.label = t->label;
    spec.n_channels = model->n_channels;
    spec.channel = model->channel;
    spec.n_attributes = 4;
    spec.attribute = attribute;
    const gndp_array values = gndp_array_view(gndp_type_2d(GNDP_F64, t->points, t->tracks.components), t->values);
    gndp_write_options options = gndp_write_options_default();
    gndp_tracks_text_options text = gndp_tracks_text_options_default();
    options.overwrite = text.overwrite = j->s.overwrite;
    options.history = j->history;
    options.log = text.log = log;
    text.reference_time_s = t->start;
    GNDP_LIBRARY(gndp_fieldset_create(&spec, &values, NULL, &out));
    if (t->atcf)
        GNDP_LIBRARY(gndp_write_tracks_atcf(out, j->s.output, &text));
    else if (t->csv)
        GNDP_LIBRARY(gndp_write_tracks_csv(out, j->s.output, &text));
    else
        GNDP_LIBRARY(gndp_write_tracks(out, j->s.output, &options));
done:
    gndp_fieldset_free(out);
    return code;
}

static bool stop_asked(void *state)
{
    (void)state;
    return gp_interrupted();
}

/* --format, or what the output's name ends in. */
static int choose_format(track_job *t)
{
    static const char *const names[] = {"nc", "csv", "atcf"};
    const infer_settings *s = &t->j->s;
    const char *text = s->format;
    if (text == NULL)
        text = gndp_infer_is(s->output, ".csv") ? "csv" : gndp_infer_is(s->output, ".dat") || gndp_infer_is(s->output, ".atcf") ? "atcf" : "nc";
    t->atcf = strcmp(text, "atcf") == 0;
    t->csv = strcmp(text, "csv") == 0;
    if (!t->atcf && !t->csv && strcmp(text, "nc") != 0)
        return gndp_usage_unknown("format", text, gndp_nearest(text, names, 3));
    return GNDP_EXIT_DONE;
}

/* Whether something was given that only fields have: it would be passed over. */
static bool of_fields(const infer_settings *s)
{
    const cli_observed_options *o = &s->observed;
    const gndp_place_options *p = &s->target;
    const cli_select *c = &o->select;
    return s->stats != NULL || s->check != NULL || s->areas != NULL || s->reserve >= 0.0 || s->folds > 0 || s->check_members > 0 || s->keep_bits > 0 ||
           s->f64 || s->json || s->dry_run || o->sigma != NULL || o->stations > 0 || o->every > 0 || o->fields > 0 || o->fraction > 0.0 ||
           o->station_sd > 0.0 || c->var.n > 0 || c->level != NULL || c->time != NULL || c->box != NULL || c->area != NULL || c->stride != NULL ||
           c->member != NULL || c->units != NULL || c->time_stride > 0 || p->line != NULL || p->plane != NULL || p->grid != NULL || p->scatter != NULL ||
           p->points != NULL || p->like != NULL || p->poles;
}

/* The same of settings of methods; steps and sampler are those of tracks too. */
static bool of_methods(const cli_method_options *m)
{
    const cli_method_options *none = &cli_method_options_none;
    return m->method != NULL || m->grid != NULL || m->preconditioner != NULL || m->context != NULL || m->covariance != NULL || m->size != NULL ||
           m->prior != NULL || m->inner != none->inner || m->clean_steps != none->clean_steps || m->repeats != none->repeats ||
           m->particles != none->particles || m->psi != none->psi || m->tau != none->tau || m->lambda0 != none->lambda0 || m->kappa != none->kappa ||
           m->strength != none->strength;
}

static int check_usage(const gndp_infer_job *j)
{
    const infer_settings *s = &j->s;
    if (s->output == NULL)
        return gndp_usage_error("-o OUT.nc, OUT.csv or OUT.dat (ATCF) is wanted");
    if (of_fields(s) || of_methods(&s->method))
        return gndp_usage_error("the model is one of tracks, which take --obs, --storm, --lead, --fill, -n, --members, --steps, --sampler, --seed, --batch, --f32, "
                                "--format, -o, -O, --threads, -q and -v; --stats, --check, --method and the others are for fields");
    return GNDP_EXIT_DONE;
}

int gndp_infer_tracks(gndp_infer_job *j, const gndp_logger *log)
{
    int code = GNDP_EXIT_DONE;
    track_job t = {.j = j};
    gndp_progress_options shown = gndp_progress_options_default();
    shown.unit = "storm";
    GNDP_STEP(check_usage(j));
    GNDP_STEP(choose_format(&t));
    j->s.sampling.sampler = j->s.method.sampler;
    j->s.sampling.steps = j->s.method.steps > 0 ? j->s.method.steps : 0;
    GNDP_STEP(gndp_sampling_make(&j->s.sampling, j->model, &j->sampling));
    GNDP_STEP(cli_track_model_make(j->model, &j->sampling, true, &t.tracks));
    GNDP_LIBRARY(gndp_config_integer(gndp_model_config(j->model), "data.tracks.window", &t.window));
    GNDP_STEP(read_leads(&t));
    GNDP_STEP(open_fixes(&t, log));
    t.tracks.stop = stop_asked;
    const int64_t storms = gndp_fieldset_get_spec(t.fixes)->n_fields, most = storms * j->members.n;
    t.label = malloc((size_t)most * sizeof *t.label);
    t.first = malloc((size_t)(most + 1) * sizeof *t.first);
    t.start = malloc((size_t)most * sizeof *t.start);
    if (t.label == NULL || t.first == NULL || t.start == NULL) {
        code = gndp_failure_memory();
        goto done;
    }
    gp_interruptible();
    if (!j->s.quiet && gndp_progress_create(&shown, "completing", storms, 0, &j->progress) != GNDP_OK)
        j->progress = NULL;
    for (int64_t f = 0; f < storms; f++) {
        GNDP_STEP(complete_storm(&t, f));
        gndp_progress_update(j->progress, f + 1, NULL);
    }
    gndp_progress_free(j->progress);
    j->progress = NULL;
    if (t.made == 0)
        code = gndp_failure("%s: no storm has a fix that the model could go on from", j->s.observed.path);
    else
        GNDP_STEP(write_all(&t, log));
    if (code == GNDP_EXIT_DONE && !j->s.quiet)
        printf("%s: %lld storms, %lld members each, %s\n", j->s.output, (long long)(t.made / j->members.n), (long long)j->members.n, j->sampling.text);
done:
    if (code == GNDP_EXIT_INTERRUPTED)
        gndp_failure("interrupted; nothing was written");
    gndp_progress_free(j->progress);
    j->progress = NULL;
    cli_track_model_free(&t.tracks);
    gndp_fieldset_free(t.fixes);
    free(t.days);
    free(t.values);
    free(t.label);
    free(t.first);
    free(t.start);
    return code;
}
