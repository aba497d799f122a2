// SPDX-License-Identifier: Apache-2.0
// Scores of an ensemble file at the points where nothing was observed, and of its baselines on the same values.
#include "cli/forecast.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/ensemble.h"
#include "cli/gp_common.h"
#include "cli/joint.h"
#include "cli/usage.h"

enum { ENSEMBLE, CLIMATOLOGY, NEAREST, INVERSE, PROCESS };
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

static int64_t block_of(const cli_forecast *f)
{
    if (f->o->block > 0)
        return f->o->block;
    const double step = f->cases > 1 ? (f->time_s[f->cases - 1] - f->time_s[0]) / (double)(f->cases - 1) : (double)NAN;
    return isfinite(step) && step > 0.0 && step < day_s ? (int64_t)ceil(day_s / step) : 1;
}

static int make_scores(cli_forecast *f)
{
    int code = GNDP_EXIT_DONE;
    double *weight = malloc((size_t)f->points * sizeof *weight);
    const bool wanted[CLI_FORECAST_ROWS] = {true, f->climate_mean != NULL, f->used.n > 0, f->used.n > 0, f->kernel != NULL};
    if (weight == NULL)
        return gndp_failure_memory();
    GNDP_LIBRARY(gndp_point_weights(&spec_of(f->ensemble)->coords, weight));
    const gndp_scores_options options = {.members = f->members, .points = f->points, .channels = f->components, .weight = weight,
                                         .n_levels = CLI_FORECAST_LEVELS, .level = levels, .block = block_of(f), .seed = f->o->seed};
    for (int r = 0; r < CLI_FORECAST_ROWS; r++) {
        f->name[r] = row_names[r];
        if (wanted[r])
            GNDP_LIBRARY(gndp_scores_create(&options, &f->score[r]));
    }
done:
    free(weight);
    return code;
}

/* Where both are 1. */
static void both(int64_t n, const uint8_t *a, uint8_t *b)
{
    for (int64_t i = 0; i < n; i++)
        b[i] = a[i] && b[i];
}

/* Case k: room holds [M + 4, N P]. */
static int score_case(cli_forecast *f, int64_t k, double *room, uint8_t *present, uint8_t *seen)
{
    int code = GNDP_EXIT_DONE;
    const int64_t size = f->points * f->components;
    double *truth = room, *mean = room + size, *sd = room + 2 * size, *members = room + 3 * size;
    GNDP_STEP(cli_forecast_truth(f, f->truth, f->of[k], truth, present));
    leave_out(f, k, present);
    for (int64_t m = 0; m < f->members; m++)
        GNDP_LIBRARY(gndp_fieldset_read(f->ensemble, 1, &f->field[k * f->members + m], f->points, NULL, members + m * size, NULL));
    GNDP_LIBRARY(gndp_scores_add(f->score[ENSEMBLE], members, truth, present));
    if (f->score[CLIMATOLOGY] != NULL) {
        for (int64_t i = 0; i < size; i++)
            seen[i] = isfinite(f->climate_mean[i]) && isfinite(f->climate_sd[i]);
        both(size, present, seen);
        GNDP_LIBRARY(gndp_scores_add_gaussian(f->score[CLIMATOLOGY], f->climate_mean, f->climate_sd, truth, seen));
    }
    memset(sd, 0, (size_t)size * sizeof *sd);
    for (int r = NEAREST; r <= INVERSE && f->score[r] != NULL; r++) {
        cli_forecast_nearest(f, k, r == INVERSE, mean, seen);
        both(size, present, seen);
        GNDP_LIBRARY(gndp_scores_add_gaussian(f->score[r], mean, sd, truth, seen));
    }
    if (f->score[PROCESS] != NULL) {
        GNDP_STEP(cli_forecast_process(f, k, mean, sd));
        GNDP_LIBRARY(gndp_scores_add_gaussian(f->score[PROCESS], mean, sd, truth, present));
    }
done:
    return code;
}

static int score_all(cli_forecast *f)
{
    int code = GNDP_EXIT_DONE;
    const size_t size = (size_t)(f->points * f->components);
    double *room = malloc((size_t)(f->members + 3) * size * sizeof *room);
    uint8_t *present = malloc(size), *seen = malloc(size);
    if (room == NULL || present == NULL || seen == NULL) {
        code = gndp_failure_memory();
        goto done;
    }
    for (int64_t k = 0; k < f->cases; k++) {
        if (gp_interrupted()) {
            code = gp_stopped("while scoring");
            goto done;
        }
        GNDP_STEP(score_case(f, k, room, present, seen));
    }
done:
    free(room);
    free(present);
    free(seen);
    return code;
}

/* ---- Reports -------------------------------------------------------------------------------- */

static void print_row(const char *name, const gndp_score_table *t, bool ensemble, bool certain)
{
    char rmse[48], crps[48];
    if (isfinite(t->rmse.low)) {
        snprintf(rmse, sizeof rmse, "%.4g (%.4g .. %.4g)", t->rmse.value, t->rmse.low, t->rmse.high);
        snprintf(crps, sizeof crps, "%.4g (%.4g .. %.4g)", t->crps_fair.value, t->crps_fair.low, t->crps_fair.high);
    } else {
        snprintf(rmse, sizeof rmse, "%.4g", t->rmse.value);
        snprintf(crps, sizeof crps, "%.4g", t->crps_fair.value);
    }
    printf("%-17s%26s%26s%10.3g", name, rmse, crps, t->bias.value);
    if (certain)
        printf("%10s%8s%8s%8s%8s\n", "-", "-", "-", "-", "-");
    else
        printf("%10.4g%8.3f%8.1f%8.1f%8.3f\n", t->spread.value, ensemble ? t->ratio.value : t->spread.value / t->rmse.value, 100.0 * t->coverage[0].value,
               100.0 * t->coverage[1].value, t->reliability_index);
}

static json_t *value_json(gndp_score_value v)
{
    const double three[] = {v.value, v.low, v.high};
    return gp_json_numbers(three, 3);
}

static json_t *row_json(const char *name, const gndp_score_table *t)
{
    return json_pack("{s:s, s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "forecast", name, "cases", (json_int_t)t->cases, "values",
                     (json_int_t)t->values, "rmse", value_json(t->rmse), "bias", value_json(t->bias), "mae", value_json(t->mae), "crps",
                     value_json(t->crps), "crps_fair", value_json(t->crps_fair), "spread", value_json(t->spread), "ratio", value_json(t->ratio),
                     "coverage50", value_json(t->coverage[0]), "coverage90", value_json(t->coverage[1]), "reliability_index",
                     gp_json_number(t->reliability_index));
}

/* Whether a component has a score: baselines of stations have none of what was not observed. */
static bool has_score(const cli_forecast *f, int row, int p)
{
    if (f->score[row] == NULL)
        return false;
    if (row != NEAREST && row != INVERSE)
        return true;
    for (int64_t i = 0; i < f->used.n; i++)
        if (f->used.row[i].component == p)
            return true;
    return false;
}

static int report(const cli_forecast *f)
{
    int code = GNDP_EXIT_DONE;
    const gndp_fieldset_spec *spec = spec_of(f->ensemble);
    json_t *components = json_array();
    gndp_score_table t;
    if (!f->o->json) {
        printf("ensemble %s: %lld members, %lld time%s, %lld points\n", f->o->ensemble, (long long)f->members, (long long)f->cases, f->cases == 1 ? "" : "s",
               (long long)f->points);
        if (f->used.n > 0)
            printf("observed %lld places, which are not scored\n", (long long)f->used.n_places);
        if (f->usual != NULL)
            printf("usual    %lld fields %s\n", (long long)spec_of(f->usual)->n_fields, f->o->train.n > 0 ? "of --train" : "of other times of the truth");
        if (f->kernel_text != NULL)
            printf("gp       %s\n", f->kernel_text);
    }
    for (int p = 0, c = 0, k = 0; p < f->components; p++) {
        char name[80];
        cli_component_name(spec, p, name, sizeof name);
        json_t *rows = json_array();
        if (!f->o->json)
            printf("\n%-17s%26s%26s%10s%10s%8s%16s%8s\n", name, f->cases > 1 ? "rmse (95 %)" : "rmse", f->cases > 1 ? "crps_fair (95 %)" : "crps_fair", "bias",
                   "spread", "ratio", "within 50, 90 %", "ranks");
        for (int r = 0; r < CLI_FORECAST_ROWS; r++) {
            if (!has_score(f, r, p))
                continue;
            GNDP_LIBRARY(gndp_scores_table(f->score[r], p, &t));
            if (f->o->json)
                json_array_append_new(rows, row_json(f->name[r], &t));
            else
                print_row(f->name[r], &t, r == ENSEMBLE, r == NEAREST || r == INVERSE);
        }
        json_array_append_new(components, json_pack("{s:s, s:s, s:o}", "name", name, "units", spec->channel[c].units, "rows", rows));
        if (++k == spec->channel[c].components)
            c++, k = 0;
    }
    if (!f->o->json)
        printf("\nratio: spread over rmse, 1 where the spread is right; ranks: 0 for a flat histogram%s\n",
               f->cases > 1 && block_of(f) > 1 ? "; intervals by resampling days" : "");
    else
        code = gp_json_write(json_pack("{s:s, s:s, s:I, s:I, s:I, s:O}", "command", "eval", "ensemble", f->o->ensemble, "members", (json_int_t)f->members,
                                       "times", (json_int_t)f->cases, "points", (json_int_t)f->points, "components", components));
done:
    json_decref(components);
    return code;
}

int cli_forecast_run(const cli_forecast_options *options)
{
    int code = GNDP_EXIT_DONE;
    cli_forecast f = {.o = options};
    if (options->n_truth < 1)
        return gndp_usage_error("--ensemble wants the truth, TRUTH.nc");
    if (options->fit && options->kernel == NULL)
        return gndp_usage_error("--fit belongs to --kernel");
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
    gp_interruptible();
    GNDP_STEP(score_all(&f));
    GNDP_STEP(report(&f));
done:
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
