// SPDX-License-Identifier: Apache-2.0
// Scores of an ensemble and its baselines as tables for people and as JSON.
#include <math.h>
#include <stdlib.h>

#include "cli/ensemble.h"
#include "cli/forecast.h"
#include "cli/gp_common.h"
#include "cli/usage.h"

/* ---- Tables --------------------------------------------------------------------------------- */

bool cli_forecast_uncertain(int row)
{
    return row != CLI_FORECAST_NEAREST && row != CLI_FORECAST_INVERSE;
}

/* Whether a component has a score: baselines of stations have none of what was not observed. */
static bool has_score(const cli_forecast *f, int row, int p)
{
    if (f->score[row] == NULL)
        return false;
    if (cli_forecast_uncertain(row))
        return true;
    for (int64_t i = 0; i < f->used.n; i++)
        if (f->used.row[i].component == p)
            return true;
    return false;
}

int cli_forecast_tables(cli_forecast *f)
{
    int code = GNDP_EXIT_DONE;
    f->table = calloc((size_t)(CLI_FORECAST_ROWS * f->components), sizeof *f->table);
    if (f->table == NULL)
        return gndp_failure_memory();
    for (int r = 0; r < CLI_FORECAST_ROWS; r++)
        for (int p = 0; p < f->components; p++)
            if (has_score(f, r, p))
                GNDP_LIBRARY(gndp_scores_table(f->score[r], p, &f->table[r * f->components + p]));
done:
    return code;
}

void cli_forecast_component(const cli_forecast *f, int p, char name[80], const char **units)
{
    const gndp_fieldset_spec *spec = gndp_fieldset_get_spec(f->ensemble);
    int c = 0;
    cli_component_name(spec, p, name, 80);
    for (int k = p; k >= spec->channel[c].components; c++)
        k -= spec->channel[c].components;
    *units = spec->channel[c].units;
}

/* ---- For people ----------------------------------------------------------------------------- */

typedef struct cell {
    char text[48];
} cell;

static cell with_interval(gndp_score_value v)
{
    cell c;
    if (!isfinite(v.value))
        snprintf(c.text, sizeof c.text, "-");
    else if (isfinite(v.low))
        snprintf(c.text, sizeof c.text, "%.4g (%.4g .. %.4g)", v.value, v.low, v.high);
    else
        snprintf(c.text, sizeof c.text, "%.4g", v.value);
    return c;
}

/* A number, or that there is none. */
static cell with_format(const char *format, double value)
{
    cell c = {"-"};
    if (isfinite(value))
        snprintf(c.text, sizeof c.text, format, value);
    return c;
}

static void print_row(const char *name, const gndp_score_table *t, int row)
{
    printf("%-17s %25s %25s%10.3g", name, with_interval(t->rmse).text, with_interval(t->crps_fair).text, t->bias.value);
    if (!cli_forecast_uncertain(row))
        printf("%10s%8s%8s%8s%8s\n", "-", "-", "-", "-", "-");
    else
        printf("%10s%8s%8.1f%8.1f%8.3f\n", with_format("%.4g", t->spread.value).text, with_format("%.3f", t->ratio.value).text,
               100.0 * t->coverage[0].value, 100.0 * t->coverage[1].value, t->reliability_index);
}

/* One table for each threshold. */
static void print_events(const cli_forecast *f, int p, const char *units)
{
    const char *interval = f->cases > 1 ? " (95 %)" : "";
    for (int t = 0; t < f->o->n_thresholds; t++) {
        const cli_threshold *threshold = &f->o->threshold[t];
        char title[64], head[2][40];
        snprintf(title, sizeof title, "  above %s%s%.16s", threshold->text, threshold->quantile || units[0] == '\0' ? "" : " ",
                 threshold->quantile ? "" : units);
        snprintf(head[0], sizeof head[0], "brier%s", interval);
        snprintf(head[1], sizeof head[1], "skill%s", interval);
        printf("\n%-17s%26s%28s%12s%11s%9s\n", title, head[0], head[1], "brier_fair", "frequency", "values");
        for (int r = 0; r < CLI_FORECAST_ROWS; r++) {
            const gndp_event_table *e = &f->event_table[(r * f->o->n_thresholds + t) * f->components + p];
            if (e->values > 0)
                printf("%-17s %25s %27s%12s%11.4f%9lld\n", f->name[r], with_interval(e->brier).text, with_interval(e->skill).text,
                       with_format("%.4g", e->brier_fair.value).text, e->frequency, (long long)e->values);
        }
    }
}

static void print_component(const cli_forecast *f, int p)
{
    const char *interval = f->cases > 1 ? " (95 %)" : "", *units;
    char name[80], title[160], head[3][40];
    cli_forecast_component(f, p, name, &units);
    snprintf(title, sizeof title, "%s%s%s%s", name, units[0] != '\0' ? " (" : "", units, units[0] != '\0' ? ")" : "");
    snprintf(head[0], sizeof head[0], "rmse%s", interval);
    snprintf(head[1], sizeof head[1], "crps_fair%s", interval);
    printf("\n%-17s%26s%26s%10s%10s%8s%16s%8s\n", title, head[0], head[1], "bias", "spread", "ratio", "within 50, 90 %", "ranks");
    for (int r = 0; r < CLI_FORECAST_ROWS; r++)
        if (f->table[r * f->components + p].values > 0)
            print_row(f->name[r], &f->table[r * f->components + p], r);
    snprintf(head[0], sizeof head[0], "energy_fair%s", interval);
    snprintf(head[1], sizeof head[1], "energy%s", interval);
    snprintf(head[2], sizeof head[2], "variogram%s", interval);
    printf("\n%-17s%26s%26s%26s%10s%9s\n", "  whole fields", head[0], head[1], head[2], "crps", "values");
    for (int r = 0; r < CLI_FORECAST_ROWS; r++) {
        const gndp_score_table *t = &f->table[r * f->components + p];
        if (t->values > 0)
            printf("%-17s %25s %25s %25s%10.4g%9lld\n", f->name[r], with_interval(t->energy_fair).text, with_interval(t->energy).text,
                   with_interval(t->variogram).text, t->crps.value, (long long)t->values);
    }
    print_events(f, p, units);
}

static void print_all(const cli_forecast *f)
{
    printf("ensemble %s: %lld members, %lld time%s, %lld points\n", f->o->ensemble, (long long)f->members, (long long)f->cases, f->cases == 1 ? "" : "s",
           (long long)f->points);
    if (f->used.n > 0)
        printf("observed %lld places, which are not scored\n", (long long)f->used.n_places);
    if (f->usual != NULL)
        printf("usual    %lld fields %s\n", (long long)gndp_fieldset_get_spec(f->usual)->n_fields,
               f->o->train.n > 0 ? "of --train" : "of other times of the truth");
    if (f->kernel_text != NULL)
        printf("gp       %s\n", f->kernel_text);
    for (int p = 0; p < f->components; p++)
        print_component(f, p);
    printf("\nratio: spread over rmse, 1 where the spread is right; ranks: 0 for a flat histogram%s\n",
           f->cases > 1 && cli_forecast_block(f) > 1 ? "; intervals by resampling days" : "");
    printf("whole fields: energy score in the root mean square norm, variogram score of order 1/2%s\n",
           f->usual != NULL || f->kernel != NULL ? "; of climatology and gp by as many fields, drawn" : "");
    if (f->o->n_thresholds > 0 && f->usual != NULL)
        printf("skill: 1 - brier / brier of how often the usual fields are above, at each point; 0 for climatology, 1 at best\n");
    if (f->points > GNDP_VARIOGRAM_POINTS)
        printf("variogram: of %d points at most, spread evenly\n", GNDP_VARIOGRAM_POINTS);
    if (f->o->output != NULL)
        printf("wrote    %s\n", f->o->output);
}

/* ---- JSON ----------------------------------------------------------------------------------- */

static json_t *value_json(gndp_score_value v)
{
    const double three[] = {v.value, v.low, v.high};
    return gp_json_numbers(three, 3);
}

static json_t *events_json(const cli_forecast *f, int row, int p)
{
    json_t *events = json_array();
    for (int t = 0; t < f->o->n_thresholds; t++) {
        const gndp_event_table *e = &f->event_table[(row * f->o->n_thresholds + t) * f->components + p];
        json_t *bins = json_array();
        if (e->values == 0) {
            json_decref(bins);
            continue;
        }
        for (int b = 0; b < GNDP_EVENT_BINS; b++)
            json_array_append_new(bins, json_pack("{s:I, s:o, s:o}", "values", (json_int_t)e->bin[b].values, "forecast",
                                                  gp_json_number(e->bin[b].forecast), "observed", gp_json_number(e->bin[b].observed)));
        json_array_append_new(events, json_pack("{s:s, s:o, s:I, s:o, s:o, s:o, s:o, s:o}", "above", f->o->threshold[t].text, "mean_level",
                                                gp_json_number(cli_forecast_level(f, t, p)), "values", (json_int_t)e->values, "frequency",
                                                gp_json_number(e->frequency), "brier", value_json(e->brier), "brier_fair", value_json(e->brier_fair),
                                                "skill", value_json(e->skill), "reliability", bins));
    }
    return events;
}

static json_t *spread_json(const cli_forecast *f, int row, int p)
{
    json_t *bins = json_array();
    gndp_spread_bin bin[GNDP_SPREAD_BINS];
    int n;
    if (gndp_scores_spread_skill(f->score[row], p, bin, &n) != GNDP_OK)
        n = 0; /* the arguments are right */
    for (int b = 0; b < n; b++)
        json_array_append_new(bins, json_pack("{s:I, s:o, s:o}", "values", (json_int_t)bin[b].values, "spread", gp_json_number(bin[b].spread), "rmse",
                                              gp_json_number(bin[b].error)));
    return bins;
}

static int row_json(const cli_forecast *f, int row, int p, json_t **out)
{
    int code = GNDP_EXIT_DONE;
    const gndp_score_table *t = &f->table[row * f->components + p];
    double *frequency = malloc(((size_t)f->members + 1) * sizeof *frequency);
    json_t *object = json_pack("{s:s, s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "forecast", f->name[row], "cases", (json_int_t)t->cases,
                               "values", (json_int_t)t->values, "rmse", value_json(t->rmse), "bias", value_json(t->bias), "mae", value_json(t->mae), "crps",
                               value_json(t->crps), "crps_fair", value_json(t->crps_fair), "spread", value_json(t->spread), "ratio", value_json(t->ratio),
                               "coverage50", value_json(t->coverage[0]), "coverage90", value_json(t->coverage[1]), "reliability_index",
                               gp_json_number(t->reliability_index));
    if (frequency == NULL || object == NULL) {
        code = gndp_failure_memory();
        goto done;
    }
    json_object_set_new(object, "field_cases", json_integer((json_int_t)t->joint_cases));
    json_object_set_new(object, "energy", value_json(t->energy));
    json_object_set_new(object, "energy_fair", value_json(t->energy_fair));
    json_object_set_new(object, "variogram", value_json(t->variogram));
    if (f->o->n_thresholds > 0)
        json_object_set_new(object, "events", events_json(f, row, p));
    if (cli_forecast_uncertain(row)) {
        GNDP_LIBRARY(gndp_scores_ranks(f->score[row], p, frequency));
        json_object_set_new(object, "rank_histogram", gp_json_numbers(frequency, f->members + 1));
        json_object_set_new(object, "spread_skill", spread_json(f, row, p));
    }
    *out = object;
    object = NULL;
done:
    json_decref(object);
    free(frequency);
    return code;
}

static json_t *spectra_json(const cli_forecast *f, int p)
{
    const int64_t K = f->spectrum.wavenumbers;
    json_t *object = json_pack("{s:s, s:s, s:o}", "axis", f->spectrum.axis, "axis_units", f->spectrum.units, "row_length", gp_json_number(f->spectrum.length));
    for (int s = 0; s < CLI_SPECTRA; s++)
        json_object_set_new(object, cli_spectrum_names[s], gp_json_numbers(f->spectrum.power + (s * f->components + p) * K, K));
    return object;
}

static int component_json(const cli_forecast *f, int p, json_t *components)
{
    int code = GNDP_EXIT_DONE;
    const char *units;
    char name[80];
    json_t *rows = json_array(), *row = NULL;
    cli_forecast_component(f, p, name, &units);
    for (int r = 0; r < CLI_FORECAST_ROWS; r++)
        if (f->table[r * f->components + p].values > 0) {
            GNDP_STEP(row_json(f, r, p, &row));
            json_array_append_new(rows, row);
        }
    json_t *component = json_pack("{s:s, s:s, s:O}", "name", name, "units", units, "rows", rows);
    if (f->spectrum.wavenumbers > 0)
        json_object_set_new(component, "spectra", spectra_json(f, p));
    json_array_append_new(components, component);
done:
    json_decref(rows);
    return code;
}

int cli_forecast_report(const cli_forecast *f)
{
    int code = GNDP_EXIT_DONE;
    json_t *components = NULL;
    if (!f->o->json) {
        print_all(f);
        return code;
    }
    components = json_array();
    for (int p = 0; p < f->components; p++)
        GNDP_STEP(component_json(f, p, components));
    code = gp_json_write(json_pack("{s:s, s:s, s:I, s:I, s:I, s:O}", "command", "eval", "ensemble", f->o->ensemble, "members", (json_int_t)f->members,
                                   "times", (json_int_t)f->cases, "points", (json_int_t)f->points, "components", components));
done:
    json_decref(components);
    return code;
}
