// SPDX-License-Identifier: Apache-2.0
// `gndp eval --tracks FILE`: how far what is simpler than a model gets on the storms of a file.
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/dataset.h"
#include "cli/gp_common.h"
#include "cli/select.h"
#include "cli/track_model.h"
#include "cli/tracks_file.h"
#include "cli/tracks_task.h"
#include "cli/usage.h"

enum { USUAL_LENGTH = 50 };
static const double usual_step_h = 3.0;
static const char usual_leads[] = "6,12,24,36,48,72,96,120";

int tracks_domains_read(const char *text, tracks_domain *domain, int *n)
{
    *n = 0;
    for (const char *at = text;; at++) {
        const size_t length = strcspn(at, ",");
        char name[32];
        int which = 0;
        snprintf(name, sizeof name, "%.*s", (int)(length < sizeof name ? length : sizeof name - 1), at);
        while (which < TRACKS_DOMAINS && strcmp(name, tracks_domain_names[which]) != 0)
            which++;
        if (which == TRACKS_DOMAINS)
            return gndp_usage_unknown("domain", name, gndp_nearest(name, tracks_domain_names, TRACKS_DOMAINS));
        for (int i = 0; i < *n; i++)
            if (domain[i] == (tracks_domain)which)
                return gndp_usage_error("--domains names %s twice", name);
        domain[(*n)++] = (tracks_domain)which;
        at += length;
        if (*at == '\0')
            return GNDP_EXIT_DONE;
    }
}

int tracks_contexts_read(const char *text, int64_t *out)
{
    double v = 0.0;
    if (text != NULL && !(gndp_number_read(text, &v) && v >= 1.0 && v <= 1e6 && v == (double)(int64_t)v))
        return gndp_usage_error("--context of tracks wants a number of fixes, from 1; got '%s'", text);
    *out = (int64_t)v;
    return GNDP_EXIT_DONE;
}

int tracks_leads_read(const char *option, const char *text, double lead_h[TRACKS_LEADS], int *n)
{
    const char *at = text != NULL ? text : usual_leads;
    *n = 0;
    for (;; at++) {
        const size_t length = strcspn(at, ",");
        char number[32];
        double v = 0.0;
        snprintf(number, sizeof number, "%.*s", (int)(length < sizeof number ? length : sizeof number - 1), at);
        if (*n == TRACKS_LEADS || !gndp_number_read(number, &v) || v <= (*n > 0 ? lead_h[*n - 1] : 0.0))
            return gndp_usage_error("--%s wants rising hours, such as %s, at most %d; got '%s'", option, usual_leads, TRACKS_LEADS, text);
        lead_h[(*n)++] = v;
        at += length;
        if (*at == '\0')
            return GNDP_EXIT_DONE;
    }
}

/* Storms scored, and storms to learn from: NULL where all are scored. */
static int part_storms(const gndp_fieldset *all, const cli_eval_tracks_options *o, gndp_fieldset **train, gndp_fieldset **test)
{
    int code = GNDP_EXIT_DONE;
    gndp_field_split split = {0};
    const double share[3] = {1.0 - o->share, 0.0, o->share};
    GNDP_LIBRARY(gndp_split_make(all, GNDP_SPLIT_ID, share, 0.0, o->seed, &split));
    if (split.n[0] > 0)
        GNDP_LIBRARY(gndp_fieldset_select(all, split.n[0], split.field[0], train));
    GNDP_LIBRARY(gndp_fieldset_select(all, split.n[2], split.field[2], test));
done:
    gndp_split_free(&split);
    return code;
}

/* ---- With a model ----------------------------------------------------------------------------- */

/* The storms of `all` that the other set holds too; NULL where none does. */
static int storms_of(const gndp_fieldset *all, const gndp_fieldset *other, gndp_fieldset **out)
{
    int code = GNDP_EXIT_DONE;
    *out = NULL;
    if (other == NULL)
        return code;
    const gndp_fieldset_spec *a = gndp_fieldset_get_spec(all), *b = gndp_fieldset_get_spec(other);
    int64_t *field = malloc((size_t)a->n_fields * sizeof *field), n = 0;
    if (field == NULL)
        return gndp_failure_memory();
    for (int64_t i = 0; i < a->n_fields; i++)
        for (int64_t k = 0; k < b->n_fields; k++)
            if (strcmp(a->label[i].id, b->label[k].id) == 0) {
                field[n++] = i;
                break;
            }
    if (n > 0)
        GNDP_LIBRARY(gndp_fieldset_select(all, n, field, out));
done:
    free(field);
    return code;
}

/* Training storms of the model's configuration, and those to score: its test part, or all of another file. */
static int model_storms(const cli_eval_tracks_options *o, const cli_select *select, const gndp_logger *log, gndp_fieldset **train, gndp_fieldset **test)
{
    int code = GNDP_EXIT_DONE, n = 0;
    const gndp_config *config = gndp_model_config(o->model);
    const char *const *files;
    gndp_dataset data = {0};
    gndp_fieldset *all = NULL;
    cli_select own = *select;
    GNDP_STEP(gndp_dataset_open(config, NULL, 0, log, &data));
    GNDP_LIBRARY(gndp_config_texts(config, "data.files", &n, &files));
    GNDP_LIBRARY(gndp_config_text(config, "data.tracks.basin", &own.basin));
    own.season = NULL; /* the split tells its storms apart */
    GNDP_STEP(cli_select_open(&own, files, 1, log, NULL, &all));
    GNDP_STEP(storms_of(all, data.part[0], train));
    if (o->path != NULL) {
        GNDP_STEP(cli_select_open(select, &o->path, 1, log, NULL, test));
        goto done;
    }
    GNDP_STEP(storms_of(all, data.part[2], test));
    if (*test == NULL)
        code = gndp_failure("the model's configuration keeps no storm with enough fixes for tests (data.split.test); name others with --tracks FILE");
done:
    gndp_fieldset_free(all);
    gndp_dataset_free(&data);
    return code;
}

typedef struct forecaster {
    cli_track_model tracks;
    const gndp_likelihood_options *flow;
    uint32_t *member; /* [members] 0, 1, .. */
} forecaster;

static gndp_status forecast(void *state, const double *days, int64_t times, int64_t contexts, const int64_t *context, const double *xyz, int64_t members,
                            double *out, double *log_p)
{
    forecaster *f = state;
    const cli_track_task task = {.times = times, .contexts = contexts, .days = days, .context = context, .values = xyz};
    gndp_status st = cli_track_model_draw(&f->tracks, &task, members, f->member, out);
    if (st == GNDP_OK && log_p != NULL && f->flow != NULL)
        st = cli_track_model_log_density(&f->tracks, &task, f->flow, log_p);
    return st;
}

static bool stop_asked(void *state)
{
    (void)state;
    return gp_interrupted();
}

static int run_model(const cli_eval_tracks_options *o, const cli_select *select, tracks_task_settings *s, tracks_report *report)
{
    int code = GNDP_EXIT_DONE;
    gndp_fieldset *train = NULL, *test = NULL;
    const gndp_logger log = cli_notes(true);
    forecaster f = {.flow = o->flow, .member = malloc((size_t)s->members * sizeof *f.member)};
    if (f.member == NULL)
        return gndp_failure_memory();
    for (int64_t m = 0; m < s->members; m++)
        f.member[m] = (uint32_t)m;
    GNDP_STEP(cli_track_model_make(o->model, o->sampling, true, &f.tracks));
    f.tracks.stop = stop_asked;
    if (f.tracks.components != 3)
        return gndp_failure("the model has intensities beside positions: its forecasts are for infer, eval --task tracks takes models of positions alone");
    GNDP_STEP(model_storms(o, select, &log, &train, &test));
    s->model = "model";
    GNDP_STEP(tracks_task_run(s, train, test, forecast, &f, report));
done:
    cli_track_model_free(&f.tracks);
    free(f.member);
    gndp_fieldset_free(train);
    gndp_fieldset_free(test);
    return code;
}

/* ---- The verb --------------------------------------------------------------------------------- */

static int run_domain(const cli_eval_tracks_options *o, tracks_task_settings *s, tracks_report *report)
{
    int code = GNDP_EXIT_DONE;
    gndp_fieldset *all = NULL, *train = NULL, *test = NULL;
    const gndp_logger log = cli_notes(o->quiet);
    cli_select select = *o->select;
    if (select.track_step == 0.0)
        select.track_step = usual_step_h;
    if (select.track_length == 0 && s->domain != TRACKS_FORECAST)
        select.track_length = USUAL_LENGTH;
    if (o->model != NULL)
        return run_model(o, &select, s, report);
    GNDP_STEP(cli_select_open(&select, &o->path, 1, &log, NULL, &all));
    if (all == NULL || gndp_fieldset_shared(all)) {
        code = gndp_failure("%s holds no tracks", o->path);
        goto done;
    }
    GNDP_STEP(part_storms(all, o, &train, &test));
    GNDP_STEP(tracks_task_run(s, train, test, NULL, NULL, report));
done:
    gndp_fieldset_free(train);
    gndp_fieldset_free(test);
    gndp_fieldset_free(all);
    return code;
}

static int report_json(const cli_eval_tracks_options *o, int n, const tracks_report *report)
{
    json_t *domains = json_array();
    for (int i = 0; i < n; i++)
        json_array_append_new(domains, tracks_report_json(&report[i]));
    return gp_json_write(json_pack("{s:s, s:s, s:s, s:f, s:o, s:o}", "command", "eval", "task", "tracks", "tracks", o->path != NULL ? o->path : "test part", "share", o->share, "seed",
                                   gp_json_seed(o->seed), "domains", domains));
}

int cli_eval_tracks(const cli_eval_tracks_options *o)
{
    int code = GNDP_EXIT_DONE, n = 0;
    tracks_domain domain[TRACKS_DOMAINS];
    tracks_report report[TRACKS_DOMAINS] = {0};
    double lead_h[TRACKS_LEADS];
    tracks_task_settings s = {.lead_h = lead_h, .members = o->members, .seed = o->seed, .quiet = o->quiet};
    int64_t context = 0;
    GNDP_STEP(tracks_domains_read(o->domains != NULL ? o->domains : "interpolation,extrapolation", domain, &n));
    GNDP_STEP(tracks_contexts_read(o->context, &context));
    GNDP_STEP(tracks_leads_read("leads", o->leads, lead_h, &s.n_leads));
    if (o->output != NULL) {
        if (n > 1)
            return gndp_usage_error("--output takes the forecasts of one domain: name it by --domains");
        if (!o->overwrite && access(o->output, F_OK) == 0)
            return gndp_failure("%s exists; -O overwrites it", o->output);
        s.file = tracks_file_create();
        if (s.file == NULL)
            return gndp_failure_memory();
    }
    gp_interruptible();
    for (int i = 0; i < n; i++) {
        s.domain = domain[i];
        s.contexts = context > 0 ? context : tracks_task_contexts(domain[i]);
        GNDP_STEP(run_domain(o, &s, &report[i]));
    }
    if (s.file != NULL)
        GNDP_STEP(tracks_file_write(s.file, o->output, o->history, o->overwrite, o->quiet));
    if (o->pictures != NULL)
        GNDP_STEP(tracks_report_pictures(n, report, o->pictures, o->overwrite));
    if (o->json)
        GNDP_STEP(report_json(o, n, report));
    else
        tracks_report_print(n, report);
done:
    for (int i = 0; i < TRACKS_DOMAINS; i++)
        tracks_report_free(&report[i]);
    tracks_file_free(s.file);
    return code;
}
