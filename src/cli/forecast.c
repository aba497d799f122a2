// SPDX-License-Identifier: Apache-2.0
// Scores of an ensemble file at the points where nothing was observed, and of its baselines on the same values.
#include "cli/forecast.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/gp_common.h"
#include "cli/joint.h"
#include "cli/usage.h"

static const char *const row_names[CLI_FORECAST_ROWS] = {"ensemble", "climatology", "nearest", "inverse distance", "gp"};
static const double levels[CLI_FORECAST_LEVELS] = {0.5, 0.9};
static const double day_s = 86400.0, same_s = 0.5;

/* ---- Files ---------------------------------------------------------------------------------- */

static int open_set(const char *const *path, int n, bool quiet, gndp_fieldset **out)
{
    int code = GNDP_EXIT_DONE;
    const cli_select everything = {0};
    const gndp_logger log = cli_notes(quiet);
    GNDP_STEP(cli_select_open(&everything, path, n, &log, NULL, out));
    if (*out == NULL || !gndp_fieldset_shared(*out))
        return gndp_failure("%s: fields that share their points are wanted", path[0]);
done:
    return code;
}

static const gndp_fieldset_spec *spec_of(const gndp_fieldset *set)
{
    return gndp_fieldset_get_spec(set);
}

/* Fields of the ensemble by time; every time has as many members. */
static int sort_members(cli_forecast *f)
{
    const gndp_fieldset_spec *spec = spec_of(f->ensemble);
    const int64_t n = spec->n_fields;
    int64_t *count = calloc((size_t)n, sizeof *count);
    f->time_s = malloc((size_t)n * sizeof *f->time_s);
    f->field = malloc((size_t)n * sizeof *f->field);
    if (count == NULL || f->time_s == NULL || f->field == NULL) {
        free(count);
        return gndp_failure_memory();
    }
    for (int64_t i = 0; i < n; i++) {
        const double t = spec->label[i].time_s;
        int64_t c = 0;
        while (c < f->cases && !(f->time_s[c] == t || (isnan(f->time_s[c]) && isnan(t))))
            c++;
        if (c == f->cases)
            f->time_s[f->cases++] = t;
        count[c]++;
    }
    f->members = count[0];
    bool even = true;
    for (int64_t c = 0; c < f->cases; c++)
        even = even && count[c] == f->members;
    for (int64_t i = 0; i < n; i++) /* from now on the next place of each case */
        count[i] = 0;
    for (int64_t i = 0; i < n && even; i++) {
        const double t = spec->label[i].time_s;
        int64_t c = 0;
        while (!(f->time_s[c] == t || (isnan(f->time_s[c]) && isnan(t))))
            c++;
        f->field[c * f->members + count[c]++] = i;
    }
    free(count);
    return even ? GNDP_EXIT_DONE : gndp_failure("%s: its times have different numbers of members", f->o->ensemble);
}

/* The field of the truth at each time of the ensemble. Fields without time match where there is one. */
static int match_times(cli_forecast *f)
{
    const gndp_fieldset_spec *spec = spec_of(f->truth);
    f->of = malloc((size_t)f->cases * sizeof *f->of);
    if (f->of == NULL)
        return gndp_failure_memory();
    for (int64_t c = 0; c < f->cases; c++) {
        f->of[c] = -1;
        for (int64_t i = 0; i < spec->n_fields; i++)
            if (fabs(spec->label[i].time_s - f->time_s[c]) < same_s || (spec->n_fields == 1 && f->cases == 1))
                f->of[c] = i;
        if (f->of[c] < 0)
            return gndp_failure("%s: no field at %s, a time of %s", spec->origin, gndp_calendar_text(spec_of(f->ensemble)->calendar, f->time_s[c]).text,
                                f->o->ensemble);
    }
    return GNDP_EXIT_DONE;
}

static int match_points(cli_forecast *f)
{
    int code = GNDP_EXIT_DONE;
    const gndp_coords *own = &spec_of(f->ensemble)->coords, *other = &spec_of(f->truth)->coords;
    double *x = malloc((size_t)(own->n * own->columns) * sizeof *x);
    f->points = own->n;
    f->at = malloc((size_t)own->n * sizeof *f->at);
    if (x == NULL || f->at == NULL) {
        code = gndp_failure_memory();
        goto done;
    }
    if (own->space != other->space || own->columns != other->columns) {
        code = gndp_failure("%s and %s have points of different kinds", f->o->ensemble, spec_of(f->truth)->origin);
        goto done;
    }
    gndp_coords_list(own, x);
    GNDP_STEP(cli_points_find(other, own->n, x, f->at));
    for (int64_t i = 0; i < own->n; i++)
        if (f->at[i] < 0) {
            code = gndp_failure("%s: point %lld (%g, ..) is none of the truth's; draw the ensemble on its points with --like", f->o->ensemble,
                                (long long)i, x[i * own->columns]);
            goto done;
        }
done:
    free(x);
    return code;
}

/* The truth's component for each of the ensemble's, by name, and the change of units. */
static int match_channels(cli_forecast *f)
{
    int code = GNDP_EXIT_DONE, p = 0;
    const gndp_fieldset_spec *own = spec_of(f->ensemble), *other = spec_of(f->truth);
    f->components = gndp_fieldset_components(f->ensemble);
    f->truth_components = gndp_fieldset_components(f->truth);
    f->component = malloc((size_t)f->components * sizeof *f->component);
    f->factor = malloc((size_t)f->components * sizeof *f->factor);
    f->offset = malloc((size_t)f->components * sizeof *f->offset);
    if (f->component == NULL || f->factor == NULL || f->offset == NULL)
        return gndp_failure_memory();
    for (int c = 0; c < own->n_channels; c++)
        for (int k = 0; k < own->channel[c].components; k++, p++) {
            const char *name = own->channel[c].part[k].name, *from = "", *to = own->channel[c].units;
            int q = 0;
            f->component[p] = -1;
            f->factor[p] = 1.0;
            f->offset[p] = 0.0;
            for (int d = 0; d < other->n_channels; q += other->channel[d++].components)
                for (int l = 0; l < other->channel[d].components; l++)
                    if (strcmp(other->channel[d].part[l].name, name) == 0) {
                        f->component[p] = q + l;
                        from = other->channel[d].units;
                    }
            if (f->component[p] < 0 || own->channel[c].kind == GNDP_CHANNEL_SPHERE)
                return gndp_failure("%s has no '%s', which %s forecasts", other->origin, name, f->o->ensemble);
            if (from[0] != '\0' && to[0] != '\0' && strcmp(from, to) != 0)
                GNDP_LIBRARY(gndp_units_convert(name, from, to, &f->factor[p], &f->offset[p]));
        }
done:
    return code;
}

int cli_forecast_truth(const cli_forecast *f, const gndp_fieldset *set, int64_t field, double *values, uint8_t *present)
{
    int code = GNDP_EXIT_DONE;
    const int P = f->components, Q = f->truth_components;
    const int64_t n = gndp_fieldset_max_points(set);
    double *all = malloc((size_t)(n * Q) * sizeof *all);
    uint8_t *here = malloc((size_t)(n * Q));
    if (all == NULL || here == NULL) {
        code = gndp_failure_memory();
        goto done;
    }
    GNDP_LIBRARY(gndp_fieldset_read(set, 1, &field, n, NULL, all, here));
    for (int64_t i = 0; i < f->points; i++)
        for (int p = 0; p < P; p++) {
            const int64_t from = f->at[i] * Q + f->component[p];
            values[i * P + p] = f->factor[p] * all[from] + f->offset[p];
            present[i * P + p] = here[from];
        }
done:
    free(all);
    free(here);
    return code;
}

/* ---- What was observed ---------------------------------------------------------------------- */

static int read_used(cli_forecast *f)
{
    int code = GNDP_EXIT_DONE;
    const gndp_fieldset_spec *spec = spec_of(f->ensemble);
    char *text = cli_observed_kept(spec, "gndp_observations");
    if (text == NULL) {
        if (!f->o->quiet)
            gndp_note("%s does not say what was observed: every point is scored, without the baselines that know the stations", f->o->ensemble);
        return code;
    }
    const cli_observed_options options = {.path = f->o->ensemble, .text = text, .quiet = true};
    GNDP_STEP(cli_observed_read(&options, spec, &f->used));
    f->spot = malloc((size_t)f->used.n_places * sizeof *f->spot);
    if (f->spot == NULL) {
        code = gndp_failure_memory();
        goto done;
    }
    GNDP_STEP(cli_points_find(&spec->coords, f->used.n_places, f->used.x, f->spot));
done:
    free(text);
    return code;
}

void cli_forecast_rows(const cli_forecast *f, int64_t k, int64_t *first, int64_t *end)
{
    *first = *end = 0;
    for (int c = 0; c < f->used.n_cases; c++)
        if (fabs(f->used.time_s[c] - f->time_s[k]) < same_s || (f->used.n_cases == 1 && f->cases == 1)) {
            *first = f->used.first[c];
            *end = f->used.first[c + 1];
        }
}

/* Values that were observed are no test. */
static void leave_out(const cli_forecast *f, int64_t k, uint8_t *present)
{
    int64_t first, end;
    cli_forecast_rows(f, k, &first, &end);
    for (int64_t i = first; i < end; i++)
        if (f->spot[f->used.row[i].place] >= 0)
            present[f->spot[f->used.row[i].place] * f->components + f->used.row[i].component] = 0;
}

/* ---- Scores --------------------------------------------------------------------------------- */

int64_t cli_forecast_block(const cli_forecast *f)
{
    if (f->o->block > 0)
        return f->o->block;
    const double step = f->cases > 1 ? (f->time_s[f->cases - 1] - f->time_s[0]) / (double)(f->cases - 1) : (double)NAN;
    return isfinite(step) && step > 0.0 && step < day_s ? (int64_t)ceil(day_s / step) : 1;
}

static int make_scores(cli_forecast *f)
{
    int code = GNDP_EXIT_DONE;
    const bool wanted[CLI_FORECAST_ROWS] = {true, f->climate_mean != NULL, f->used.n > 0, f->used.n > 0, f->kernel != NULL};
    f->weight = malloc((size_t)f->points * sizeof *f->weight);
    if (f->weight == NULL)
        return gndp_failure_memory();
    GNDP_LIBRARY(gndp_point_weights(&spec_of(f->ensemble)->coords, f->weight));
    const gndp_scores_options options = {.members = f->members, .points = f->points, .channels = f->components, .weight = f->weight,
                                         .n_levels = CLI_FORECAST_LEVELS, .level = levels, .block = cli_forecast_block(f), .seed = f->o->seed};
    for (int r = 0; r < CLI_FORECAST_ROWS; r++) {
        f->name[r] = row_names[r];
        if (wanted[r])
            GNDP_LIBRARY(gndp_scores_create(&options, &f->score[r]));
    }
done:
    return code;
}

/* Where both are 1. */
static void both(int64_t n, const uint8_t *a, uint8_t *b)
{
    for (int64_t i = 0; i < n; i++)
        b[i] = a[i] && b[i];
}

/* What one case needs: [N, P] each, members and draws [M, N, P]. */
typedef struct room {
    double *truth, *mean, *sd, *members, *draws;
    uint8_t *present, *seen;
} room;

/* The usual weather: its moments for each value by itself, fields of it drawn at random for whole fields. */
static int score_climatology(cli_forecast *f, int64_t k, const room *r)
{
    int code = GNDP_EXIT_DONE;
    const int64_t size = f->points * f->components;
    gndp_scores *scores = f->score[CLI_FORECAST_CLIMATOLOGY];
    for (int64_t i = 0; i < size; i++)
        r->seen[i] = isfinite(f->climate_mean[i]) && isfinite(f->climate_sd[i]);
    both(size, r->present, r->seen);
    GNDP_LIBRARY(gndp_scores_add_gaussian(scores, f->climate_mean, f->climate_sd, r->truth, r->seen));
    GNDP_STEP(cli_forecast_events_add(f, CLI_FORECAST_CLIMATOLOGY, NULL, r->truth, r->seen));
    GNDP_STEP(cli_forecast_usual(f, k, r->draws, r->seen));
    GNDP_LIBRARY(gndp_scores_add_joint(scores, r->draws, r->truth, r->seen));
done:
    return code;
}

static int score_process(cli_forecast *f, int64_t k, const room *r)
{
    int code = GNDP_EXIT_DONE;
    gndp_scores *scores = f->score[CLI_FORECAST_PROCESS];
    bool drawn;
    GNDP_STEP(cli_forecast_process(f, k, r->mean, r->sd, r->draws, &drawn));
    const cli_forecast_law law = {.mean = r->mean, .sd = r->sd};
    GNDP_LIBRARY(gndp_scores_add_gaussian(scores, r->mean, r->sd, r->truth, r->present));
    GNDP_STEP(cli_forecast_events_add(f, CLI_FORECAST_PROCESS, &law, r->truth, r->present));
    if (drawn)
        GNDP_LIBRARY(gndp_scores_add_joint(scores, r->draws, r->truth, r->present));
done:
    return code;
}

static int score_case(cli_forecast *f, int64_t k, const room *r)
{
    int code = GNDP_EXIT_DONE;
    const int64_t size = f->points * f->components;
    gndp_scores *const *score = f->score;
    const cli_forecast_law members = {.members = r->members}, values = {.mean = r->mean, .sd = r->sd};
    GNDP_STEP(cli_forecast_truth(f, f->truth, f->of[k], r->truth, r->present));
    for (int64_t m = 0; m < f->members; m++)
        GNDP_LIBRARY(gndp_fieldset_read(f->ensemble, 1, &f->field[k * f->members + m], f->points, NULL, r->members + m * size, NULL));
    GNDP_STEP(cli_forecast_spectra_add(f, r->members, r->truth, r->present)); /* of whole rows, stations included */
    leave_out(f, k, r->present);
    GNDP_LIBRARY(gndp_scores_add(score[CLI_FORECAST_ENSEMBLE], r->members, r->truth, r->present));
    GNDP_LIBRARY(gndp_scores_add_joint(score[CLI_FORECAST_ENSEMBLE], r->members, r->truth, r->present));
    GNDP_STEP(cli_forecast_events_add(f, CLI_FORECAST_ENSEMBLE, &members, r->truth, r->present));
    if (score[CLI_FORECAST_CLIMATOLOGY] != NULL)
        GNDP_STEP(score_climatology(f, k, r));
    memset(r->sd, 0, (size_t)size * sizeof *r->sd);
    for (int i = CLI_FORECAST_NEAREST; i <= CLI_FORECAST_INVERSE && score[i] != NULL; i++) {
        cli_forecast_nearest(f, k, i == CLI_FORECAST_INVERSE, r->mean, r->seen);
        both(size, r->present, r->seen);
        GNDP_LIBRARY(gndp_scores_add_gaussian(score[i], r->mean, r->sd, r->truth, r->seen));
        GNDP_STEP(cli_forecast_events_add(f, i, &values, r->truth, r->seen));
    }
    if (score[CLI_FORECAST_PROCESS] != NULL)
        GNDP_STEP(score_process(f, k, r));
done:
    return code;
}

static int score_all(cli_forecast *f)
{
    int code = GNDP_EXIT_DONE;
    const size_t size = (size_t)(f->points * f->components);
    double *all = malloc((2 * (size_t)f->members + 3) * size * sizeof *all);
    uint8_t *here = malloc(2 * size);
    if (all == NULL || here == NULL) {
        code = gndp_failure_memory();
        goto done;
    }
    if (f->kernel != NULL && f->points > CLI_FORECAST_DRAWN_POINTS && !f->o->quiet)
        gndp_note("gp: more than %d points, so that no fields are drawn of it: it has no scores of whole fields", CLI_FORECAST_DRAWN_POINTS);
    const room r = {.truth = all, .mean = all + size, .sd = all + 2 * size, .members = all + 3 * size,
                    .draws = all + (3 + (size_t)f->members) * size, .present = here, .seen = here + size};
    for (int64_t k = 0; k < f->cases; k++) {
        if (gp_interrupted()) {
            code = gp_stopped("while scoring");
            goto done;
        }
        GNDP_STEP(score_case(f, k, &r));
    }
done:
    free(all);
    free(here);
    return code;
}

/* ---- The work -------------------------------------------------------------------------------- */

/* Asked for before the work, which may be long. */
static int check_options(const cli_forecast_options *o)
{
    const size_t length = o->output != NULL ? strlen(o->output) : 0;
    if (o->n_truth < 1)
        return gndp_usage_error("--ensemble wants the truth, TRUTH.nc");
    if (o->fit && o->kernel == NULL)
        return gndp_usage_error("--fit belongs to --kernel");
    if (o->overwrite && o->output == NULL && o->pictures == NULL)
        return gndp_usage_error("--overwrite belongs to --output or --pictures");
    if (o->output != NULL && (length <= 3 || strcmp(o->output + length - 3, ".nc") != 0))
        return gndp_usage_error("--output %s: scores are written as NetCDF, SCORES.nc", o->output);
    if (o->output != NULL && !o->overwrite && access(o->output, F_OK) == 0)
        return gndp_failure("%s exists; -O overwrites it", o->output);
    return o->pictures != NULL ? cli_forecast_pictures_check(o) : GNDP_EXIT_DONE;
}

int cli_forecast_run(const cli_forecast_options *options)
{
    int code = GNDP_EXIT_DONE;
    cli_forecast f = {.o = options};
    GNDP_STEP(check_options(options));
    GNDP_STEP(open_set(&options->ensemble, 1, options->quiet, &f.ensemble));
    GNDP_STEP(open_set(options->truth, options->n_truth, options->quiet, &f.truth));
    GNDP_STEP(match_channels(&f));
    GNDP_STEP(match_points(&f));
    GNDP_STEP(sort_members(&f));
    GNDP_STEP(match_times(&f));
    GNDP_STEP(read_used(&f));
    GNDP_STEP(cli_forecast_climate(&f));
    GNDP_STEP(cli_forecast_kernel(&f));
    GNDP_STEP(make_scores(&f));
    GNDP_STEP(cli_forecast_events(&f));
    GNDP_STEP(cli_forecast_spectra(&f));
    gp_interruptible();
    GNDP_STEP(score_all(&f));
    cli_forecast_spectra_end(&f);
    GNDP_STEP(cli_forecast_tables(&f));
    GNDP_STEP(cli_forecast_event_tables(&f));
    if (options->output != NULL)
        GNDP_STEP(cli_forecast_write(&f));
    GNDP_STEP(cli_forecast_report(&f));
    if (options->pictures != NULL)
        GNDP_STEP(cli_forecast_pictures(&f));
done:
    cli_forecast_events_free(&f);
    free(f.spectrum.power);
    free(f.spectrum.cases);
    free(f.table);
    free(f.weight);
    for (int r = 0; r < CLI_FORECAST_ROWS; r++)
        gndp_scores_free(f.score[r]);
    gndp_fieldset_free(f.ensemble);
    gndp_fieldset_free(f.truth);
    gndp_fieldset_free(f.usual);
    cli_observed_free(&f.used);
    gp_data_free(&f.process);
    gndp_kernel_free(f.kernel);
    free(f.level);
    free(f.kernel_text);
    free(f.field);
    free(f.of);
    free(f.time_s);
    free(f.at);
    free(f.spot);
    free(f.factor);
    free(f.offset);
    free(f.component);
    free(f.climate_mean);
    free(f.climate_sd);
    return code;
}
