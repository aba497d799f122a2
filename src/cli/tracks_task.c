// SPDX-License-Identifier: Apache-2.0
// Storms with some fixes given: every method's places at the others, and their scores.
#include "cli/tracks_task.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/density.h"
#include "cli/gp_common.h"
#include "cli/tracks_file.h"
#include "cli/tracks_storms.h"
#include "cli/usage.h"

const char *const tracks_domain_names[TRACKS_DOMAINS] = {"interpolation", "extrapolation", "forecast"};

int64_t tracks_task_contexts(tracks_domain domain)
{
    return domain == TRACKS_EXTRAPOLATION ? 20 : 10;
}

/* What is scored. Those from CLIMATOLOGY on want storms to learn from and a last fix to start at. */
typedef enum method { MODEL, GREAT_CIRCLE, HERMITE, STAY, VELOCITY_6, VELOCITY_24, CLIMATOLOGY, BLEND, CLIPER, METHODS } method;
enum { HABITS = METHODS - CLIMATOLOGY, LEAST_ERRORS = 3 };

static const struct {
    const char *key, *name;
    int colour; /* those of gaps and those of what follows never meet */
} method_names[METHODS] = {{"model", "model", 1},
                           {"great_circle", "great circle", 2},
                           {"hermite", "cubic Hermite", 3},
                           {"stay", "stay", 4},
                           {"velocity_6h", "constant velocity, 6 h", 5},
                           {"velocity_24h", "constant velocity, 24 h", 6},
                           {"climatology", "climatology", 7},
                           {"blend", "persistence and climatology", 2},
                           {"cliper_like", "cliper-like", 3}};

typedef struct job {
    const tracks_task_settings *s;
    tracks_storms train, test;
    int64_t n_leads;
    double *lead_h;                  /* [n_leads] of any test storm, rising */
    gndp_track_habit *habit[HABITS]; /* NULL: none */
    double *error[METHODS];          /* [train, n_leads, 2]; NaN where a storm has no such target; NULL: none */
    gndp_track_scores *scores[METHODS];
    double *known_days, *known_xyz, *days, *centre, *truth, *velocity, *ensemble, *pool, *all_xyz; /* room for a storm */
} job;

static int rising(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static int collect_leads(job *j)
{
    int64_t room = 1, n = 0;
    for (int64_t f = 0; f < j->test.n; f++)
        room += j->test.storm[f].n;
    j->lead_h = malloc((size_t)room * sizeof *j->lead_h);
    if (j->lead_h == NULL)
        return gndp_failure_memory();
    for (int64_t f = 0; f < j->test.n; f++)
        for (int64_t i = 0; i < j->test.storm[f].n; i++)
            j->lead_h[n++] = j->test.storm[f].lead_h[i];
    qsort(j->lead_h, (size_t)n, sizeof *j->lead_h, rising);
    for (int64_t i = 0; i < n; i++)
        if (i == 0 || j->lead_h[i] != j->lead_h[j->n_leads - 1])
            j->lead_h[j->n_leads++] = j->lead_h[i];
    return GNDP_EXIT_DONE;
}

static int64_t lead_number(const job *j, double lead_h)
{
    for (int64_t i = 0; i < j->n_leads; i++)
        if (j->lead_h[i] == lead_h)
            return i;
    return -1;
}

/* Room for the largest storm. */
static int make_room(job *j)
{
    int64_t most = 1;
    const tracks_storms *both[2] = {&j->train, &j->test};
    for (int k = 0; k < 2; k++)
        for (int64_t f = 0; f < both[k]->n; f++)
            most = both[k]->storm[f].all.n > most ? both[k]->storm[f].all.n : most;
    const size_t n = (size_t)most, train = (size_t)j->train.n;
    double **each[] = {&j->known_days, &j->known_xyz, &j->days, &j->centre, &j->truth, &j->velocity, &j->ensemble, &j->pool, &j->all_xyz};
    const size_t size[] = {n, 3 * n, n, 3 * n, 3 * n, 3 * n, 3 * n * (size_t)j->s->members, 2 * n * (train + 1), 3 * n};
    for (size_t i = 0; i < sizeof each / sizeof *each; i++)
        if ((*each[i] = malloc(size[i] * sizeof(double))) == NULL)
            return gndp_failure_memory();
    return GNDP_EXIT_DONE;
}

static void free_job(job *j)
{
    double *each[] = {j->lead_h, j->known_days, j->known_xyz, j->days, j->centre, j->truth, j->velocity, j->ensemble, j->pool, j->all_xyz};
    for (size_t i = 0; i < sizeof each / sizeof *each; i++)
        free(each[i]);
    for (int m = 0; m < METHODS; m++) {
        gndp_track_scores_free(j->scores[m]);
        free(j->error[m]);
    }
    for (int h = 0; h < HABITS; h++)
        gndp_track_habit_free(j->habit[h]);
    tracks_storms_free(&j->train);
    tracks_storms_free(&j->test);
}

/* ---- Methods ---------------------------------------------------------------------------------- */

static bool applies(const job *j, method m)
{
    const bool gap = j->s->domain == TRACKS_INTERPOLATION;
    if (m == MODEL)
        return false; /* by itself */
    if (m == GREAT_CIRCLE || m == HERMITE)
        return gap && j->s->contexts >= (m == HERMITE ? 2 : 1);
    if (m == VELOCITY_6 || m == VELOCITY_24)
        return j->s->contexts >= 2;
    return m < CLIMATOLOGY || j->habit[m - CLIMATOLOGY] != NULL;
}

/* What is known of a storm, into the room. */
static gndp_track_context known_of(job *j, const tracks_storm *s)
{
    for (int64_t i = 0; i < s->known; i++) {
        j->known_days[i] = s->all.days[s->context[i]];
        memcpy(j->known_xyz + 3 * i, s->all.xyz + 3 * s->context[i], 3 * sizeof *j->known_xyz);
    }
    return (gndp_track_context){s->known, j->known_days, j->known_xyz};
}

/* Places of a baseline at the targets: j->centre. */
static gndp_status place(job *j, method m, const tracks_storm *s)
{
    const gndp_track_context known = known_of(j, s);
    for (int64_t i = 0; i < s->n; i++)
        j->days[i] = s->all.days[s->target[i]];
    switch (m) {
    case GREAT_CIRCLE:
        return gndp_track_great_circle(&known, s->n, j->days, j->centre);
    case HERMITE:
        return gndp_track_hermite(&known, s->n, j->days, j->centre);
    case VELOCITY_6:
        return gndp_track_velocity(&known, 6.0, s->n, j->days, j->centre);
    case VELOCITY_24:
        return gndp_track_velocity(&known, 24.0, s->n, j->days, j->centre);
    case CLIMATOLOGY:
    case BLEND:
    case CLIPER:
        return gndp_track_habit_forecast(j->habit[m - CLIMATOLOGY], &known, s->n, j->days, j->centre);
    default:
        return gndp_track_stay(&known, s->n, j->days, j->centre);
    }
}

static void truth_of(job *j, const tracks_storm *s)
{
    for (int64_t i = 0; i < s->n; i++)
        memcpy(j->truth + 3 * i, s->all.xyz + 3 * s->target[i], 3 * sizeof *j->truth);
}

/* Displacements learned from the training storms. What they do not suffice for is told and has no row. */
static int learn(job *j)
{
    static const gndp_track_habit_kind kinds[HABITS] = {GNDP_TRACK_CLIMATOLOGY, GNDP_TRACK_BLEND, GNDP_TRACK_CLIPER};
    if (j->train.n == 0 || j->s->domain == TRACKS_INTERPOLATION || j->s->contexts < 2)
        return GNDP_EXIT_DONE;
    gndp_track_context *all = malloc((size_t)j->train.n * sizeof *all);
    if (all == NULL)
        return gndp_failure_memory();
    for (int64_t f = 0; f < j->train.n; f++)
        all[f] = j->train.storm[f].all;
    for (int h = 0; h < HABITS; h++) {
        const gndp_status st = gndp_track_habit_create(kinds[h], j->train.n, all, j->n_leads, j->lead_h, &j->habit[h]);
        if (st != GNDP_OK && !j->s->quiet)
            gndp_note_library(method_names[CLIMATOLOGY + h].name);
    }
    free(all);
    return GNDP_EXIT_DONE;
}

/* Errors that each method makes on the training storms. */
static int learn_errors(job *j)
{
    int code = GNDP_EXIT_DONE;
    const int64_t size = 2 * j->n_leads;
    for (int m = 0; m < METHODS && j->train.n > 0; m++) {
        if (!applies(j, (method)m))
            continue;
        j->error[m] = malloc((size_t)(j->train.n * size) * sizeof *j->error[m]);
        if (j->error[m] == NULL) {
            code = gndp_failure_memory();
            goto done;
        }
        for (int64_t i = 0; i < j->train.n * size; i++)
            j->error[m][i] = (double)NAN;
        for (int64_t f = 0; f < j->train.n; f++) {
            const tracks_storm *all = &j->train.storm[f];
            for (int64_t i = 0; i < all->n; i++) {
                const int64_t l = lead_number(j, all->lead_h[i]);
                tracks_storm one = *all; /* with this target alone: others may be at leads that nobody asks for */
                one.n = 1;
                one.target = all->target + i;
                if (l < 0)
                    continue;
                GNDP_LIBRARY(place(j, (method)m, &one));
                gndp_track_residual(1, j->centre, all->all.xyz + 3 * all->target[i], j->error[m] + f * size + 2 * l);
            }
        }
    }
done:
    return code;
}

/* Errors of training storms that have every target of this one, and as long a gap: j->pool [n, targets, 2]. @return n */
static int64_t find_errors(job *j, method m, const tracks_storm *s)
{
    int64_t n = 0;
    for (int64_t f = 0; f < j->train.n && j->error[m] != NULL; f++) {
        double *to = j->pool + 2 * s->n * n;
        bool whole = j->s->domain != TRACKS_INTERPOLATION || j->train.storm[f].n == s->n;
        for (int64_t i = 0; i < s->n && whole; i++) {
            const double *from = j->error[m] + 2 * (f * j->n_leads + lead_number(j, s->lead_h[i]));
            whole = !isnan(from[0]);
            to[2 * i] = from[0];
            to[2 * i + 1] = from[1];
        }
        n += whole;
    }
    return n;
}

/* ---- Scores ----------------------------------------------------------------------------------- */

static int add(job *j, method m, int64_t number, const tracks_storm *s, int64_t members, const double *ensemble, const double *centre, double log_p)
{
    int code = GNDP_EXIT_DONE;
    double *all = malloc((size_t)(3 * s->all.n) * sizeof *all);
    if (all == NULL)
        return gndp_failure_memory();
    GNDP_LIBRARY(gndp_track_velocities(s->all.n, s->all.days, s->all.xyz, all));
    for (int64_t i = 0; i < s->n; i++)
        memcpy(j->velocity + 3 * i, all + 3 * s->target[i], 3 * sizeof *all);
    truth_of(j, s);
    const gndp_track_case one = {.storm = number, .n = s->n, .lead_h = s->lead_h, .members = members, .ensemble = ensemble, .centre = centre,
                                 .truth = j->truth, .velocity = j->velocity, .log_p = log_p};
    GNDP_LIBRARY(gndp_track_scores_add(j->scores[m], &one));
done:
    free(all);
    return code;
}

/* Whether a method's members go to the file. */
static bool is_kept(const job *j, method m, bool model)
{
    if (j->s->file == NULL)
        return false;
    if (model || m == MODEL)
        return m == MODEL;
    return m == (j->habit[CLIPER - CLIMATOLOGY] != NULL ? CLIPER : applies(j, HERMITE) ? HERMITE : VELOCITY_6);
}

/* Members as whole tracks: the fixes given, and their places at the targets. */
static int keep(const job *j, const tracks_storm *s, int64_t members, const double *ensemble)
{
    int code = GNDP_EXIT_DONE;
    const int64_t T = s->known + s->n;
    double *days = malloc((size_t)T * sizeof *days), *xyz = malloc((size_t)(3 * T * members) * sizeof *xyz);
    if (days == NULL || xyz == NULL) {
        code = gndp_failure_memory();
        goto done;
    }
    for (int64_t i = 0, c = 0, n = 0; i < T; i++) {
        const bool given = n == s->n || (c < s->known && s->context[c] < s->target[n]);
        days[i] = s->all.days[given ? s->context[c] : s->target[n]];
        for (int64_t m = 0; m < members; m++)
            memcpy(xyz + 3 * (m * T + i), given ? s->all.xyz + 3 * s->context[c] : ensemble + 3 * (m * s->n + n), 3 * sizeof *xyz);
        c += given;
        n += !given;
    }
    GNDP_STEP(tracks_file_add(j->s->file, s->id, s->start_s, s->start_s + 86400.0 * s->all.days[s->context[j->s->contexts - 1]], T, days, members, xyz));
done:
    free(days);
    free(xyz);
    return code;
}

static int score_baseline(job *j, method m, int64_t number, const tracks_storm *s, bool kept)
{
    int code = GNDP_EXIT_DONE;
    GNDP_LIBRARY(place(j, m, s));
    const int64_t errors = find_errors(j, m, s);
    if (errors < LEAST_ERRORS || j->s->members < LEAST_ERRORS) {
        GNDP_STEP(add(j, m, number, s, 1, j->centre, NULL, (double)NAN));
        if (kept)
            GNDP_STEP(keep(j, s, 1, j->centre));
        goto done;
    }
    const int64_t members = errors < j->s->members ? errors : j->s->members; /* nobody twice: copies would look more certain than they are */
    GNDP_LIBRARY(gndp_track_dress(errors, j->pool, s->n, j->centre, members, j->s->seed, number, j->ensemble));
    GNDP_STEP(add(j, m, number, s, members, j->ensemble, j->centre, (double)NAN));
    if (kept)
        GNDP_STEP(keep(j, s, members, j->ensemble));
done:
    return code;
}

/* Context and targets in order of time, as the forecaster takes them. */
static int score_model(job *j, int64_t number, const tracks_storm *s, tracks_forecaster forecast, void *state)
{
    int code = GNDP_EXIT_DONE;
    const int64_t T = s->known + s->n, members = j->s->members;
    int64_t *context = malloc((size_t)T * sizeof *context), *target = malloc((size_t)T * sizeof *target), c = 0, n = 0;
    double *out = malloc((size_t)(3 * T * members) * sizeof *out), log_p = (double)NAN;
    if (context == NULL || target == NULL || out == NULL) {
        code = gndp_failure_memory();
        goto done;
    }
    for (int64_t i = 0; i < T; i++) {
        const bool given = n == s->n || (c < s->known && s->context[c] < s->target[n]);
        const int64_t fix = given ? s->context[c] : s->target[n];
        if (given)
            context[c++] = i;
        else
            target[n++] = i;
        j->days[i] = s->all.days[fix];
        memcpy(j->all_xyz + 3 * i, s->all.xyz + 3 * fix, 3 * sizeof *j->all_xyz);
    }
    GNDP_STEP(cli_finished(forecast(state, j->days, T, c, context, j->all_xyz, members, out, &log_p)));
    for (int64_t m = 0; m < members; m++)
        for (int64_t i = 0; i < s->n; i++)
            memcpy(j->ensemble + 3 * (m * s->n + i), out + 3 * (m * T + target[i]), 3 * sizeof *out);
    GNDP_STEP(add(j, MODEL, number, s, members, j->ensemble, NULL, log_p));
    if (is_kept(j, MODEL, true))
        GNDP_STEP(keep(j, s, members, j->ensemble));
done:
    free(context);
    free(target);
    free(out);
    return code;
}

static int score_all(job *j, tracks_forecaster forecast, void *state, gndp_progress *progress)
{
    int code = GNDP_EXIT_DONE;
    for (int m = 0; m < METHODS; m++)
        if (m == MODEL ? forecast != NULL : applies(j, (method)m))
            GNDP_LIBRARY(gndp_track_scores_create(2, tracks_levels, &j->scores[m]));
    for (int64_t f = 0; f < j->test.n; f++) {
        if (j->test.storm[f].n == 0)
            continue;
        if (gp_interrupted()) {
            code = gp_stopped("eval");
            goto done;
        }
        if (forecast != NULL)
            GNDP_STEP(score_model(j, f, &j->test.storm[f], forecast, state));
        for (int m = MODEL + 1; m < METHODS; m++)
            if (j->scores[m] != NULL)
                GNDP_STEP(score_baseline(j, (method)m, f, &j->test.storm[f], is_kept(j, (method)m, forecast != NULL)));
        gndp_progress_update(progress, f + 1, NULL);
    }
done:
    return code;
}

static int make_row(const job *j, method m, tracks_row *row)
{
    int code = GNDP_EXIT_DONE;
    *row = (tracks_row){.key = method_names[m].key, .colour = method_names[m].colour, .name = m == MODEL && j->s->model != NULL ? j->s->model : method_names[m].name};
    GNDP_LIBRARY(gndp_track_scores_table(j->scores[m], (double)NAN, &row->all));
    GNDP_LIBRARY(gndp_track_scores_leads(j->scores[m], &row->lead_h, &row->n_leads));
    row->lead = malloc((size_t)row->n_leads * sizeof *row->lead);
    if (row->lead == NULL)
        return gndp_failure_memory();
    for (int64_t i = 0; i < row->n_leads; i++)
        GNDP_LIBRARY(gndp_track_scores_table(j->scores[m], row->lead_h[i], &row->lead[i]));
done:
    return code;
}

static int make_report(const job *j, tracks_report *report)
{
    int code = GNDP_EXIT_DONE;
    for (int64_t f = 0; f < j->test.n; f++) {
        report->storms += j->test.storm[f].n > 0;
        report->too_short += j->test.storm[f].n == 0;
        report->targets += j->test.storm[f].n;
    }
    report->training = j->train.n;
    for (int m = 0; m < METHODS; m++)
        if (j->scores[m] != NULL)
            GNDP_STEP(make_row(j, (method)m, &report->row[report->n_rows++]));
done:
    return code;
}

int tracks_task_run(const tracks_task_settings *settings, const gndp_fieldset *train, const gndp_fieldset *test, tracks_forecaster forecast, void *state,
                    tracks_report *report)
{
    int code = GNDP_EXIT_DONE;
    job j = {.s = settings};
    gndp_progress *progress = NULL;
    gndp_progress_options shown = gndp_progress_options_default();
    const double start = gp_seconds();
    *report = (tracks_report){.settings = *settings};
    if (settings->contexts < 1 || settings->members < 1 || (settings->domain == TRACKS_FORECAST && settings->n_leads < 1))
        return gndp_failure("tracks: %lld fixes given, %lld members, %d leads", (long long)settings->contexts, (long long)settings->members,
                            settings->n_leads);
    if (train != NULL)
        GNDP_STEP(tracks_storms_read(settings, train, &j.train));
    GNDP_STEP(tracks_storms_read(settings, test, &j.test));
    GNDP_STEP(collect_leads(&j));
    if (j.n_leads == 0) {
        code = gndp_failure("%s: none of %lld storms has fixes after %lld that are given%s", tracks_domain_names[settings->domain], (long long)j.test.n,
                            (long long)settings->contexts, settings->domain == TRACKS_INTERPOLATION ? " at either end" : " at the leads wanted");
        goto done;
    }
    GNDP_STEP(make_room(&j));
    GNDP_STEP(learn(&j));
    GNDP_STEP(learn_errors(&j));
    shown.unit = "storm";
    if (!settings->quiet && forecast != NULL && gndp_progress_create(&shown, tracks_domain_names[settings->domain], j.test.n, 0, &progress) != GNDP_OK)
        progress = NULL;
    GNDP_STEP(score_all(&j, forecast, state, progress));
    GNDP_STEP(make_report(&j, report));
    report->seconds = gp_seconds() - start;
done:
    gndp_progress_free(progress);
    free_job(&j);
    return code;
}

void tracks_report_free(tracks_report *report)
{
    for (int i = 0; i < report->n_rows; i++) {
        free(report->row[i].lead_h);
        free(report->row[i].lead);
    }
    *report = (tracks_report){0};
}
