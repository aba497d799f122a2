// SPDX-License-Identifier: Apache-2.0
// Events of --threshold: values above a number, or above what is exceeded in a share of the usual fields.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/ensemble.h"
#include "cli/forecast.h"
#include "cli/options.h"
#include "cli/usage.h"

enum { READ_VALUES = 1 << 22 };

/* ---- The option ----------------------------------------------------------------------------- */

int cli_forecast_thresholds(const char *text, cli_threshold out[CLI_FORECAST_THRESHOLDS], int *n)
{
    *n = 0;
    while (text != NULL) {
        cli_threshold *t = &out[*n];
        const size_t length = strcspn(text, ",");
        if (*n == CLI_FORECAST_THRESHOLDS)
            return gndp_usage_error("--threshold takes %d at most", CLI_FORECAST_THRESHOLDS);
        if (length == 0 || length >= sizeof t->text)
            return gndp_usage_error("--threshold: '%.*s' is neither a value nor a quantile such as q90", (int)length, text);
        memcpy(t->text, text, length);
        t->text[length] = '\0';
        t->quantile = t->text[0] == 'q';
        if (!gndp_number_read(t->text + t->quantile, &t->value))
            return gndp_usage_error("--threshold: '%s' is neither a value nor a quantile such as q90", t->text);
        if (t->quantile && !(t->value > 0.0 && t->value < 100.0))
            return gndp_usage_error("--threshold %s: quantiles lie between q0 and q100", t->text);
        for (int i = 0; i < *n; i++)
            if (strcmp(out[i].text, t->text) == 0)
                return gndp_usage_error("--threshold: %s is there twice", t->text);
        (*n)++;
        text = text[length] == ',' ? text + length + 1 : NULL;
    }
    return GNDP_EXIT_DONE;
}

/* ---- Levels at each point ------------------------------------------------------------------- */

static double *level_of(const cli_forecast *f, int t, int p)
{
    return f->threshold_level + ((int64_t)t * f->components + p) * f->points;
}

static double *usual_of(const cli_forecast *f, int t, int p)
{
    return f->threshold_usual + ((int64_t)t * f->components + p) * f->points;
}

/* Of the sorted values of what is usual at one point. Linear between order statistics. */
static void take_point(cli_forecast *f, int p, int64_t i, int64_t n, const double *sorted)
{
    for (int t = 0; t < f->o->n_thresholds; t++) {
        const cli_threshold *threshold = &f->o->threshold[t];
        double *level = level_of(f, t, p) + i;
        int64_t above = 0;
        if (threshold->quantile && n > 0) {
            const double at = threshold->value / 100.0 * (double)(n - 1);
            const int64_t k = (int64_t)at < n - 1 ? (int64_t)at : n - 1;
            *level = sorted[k] + (k + 1 < n ? (at - (double)k) * (sorted[k + 1] - sorted[k]) : 0.0);
        }
        for (int64_t k = 0; k < n; k++)
            above += sorted[k] > *level;
        usual_of(f, t, p)[i] = n > 0 ? (double)above / (double)n : (double)NAN;
    }
}

/* Points first .. first + m - 1, of n usual fields: values [n, m, Q]. */
static int take_points(cli_forecast *f, int64_t n, const int64_t *field, int64_t first, int64_t m, double *values, uint8_t *present, double *sorted)
{
    int code = GNDP_EXIT_DONE;
    const int Q = f->truth_components;
    GNDP_LIBRARY(gndp_fieldset_read(f->usual, n, field, m, f->at + first, values, present));
    for (int64_t i = 0; i < m; i++)
        for (int p = 0; p < f->components; p++) {
            int64_t here = 0;
            for (int64_t k = 0; k < n; k++) {
                const int64_t from = (k * m + i) * Q + f->component[p];
                if (present[from])
                    sorted[here++] = f->factor[p] * values[from] + f->offset[p];
            }
            cli_sort(here, sorted);
            take_point(f, p, first + i, here, sorted);
        }
done:
    return code;
}

static int read_usual(cli_forecast *f)
{
    int code = GNDP_EXIT_DONE;
    const int64_t all = gndp_fieldset_get_spec(f->usual)->n_fields, n = all < CLI_FORECAST_CLIMATE_FIELDS ? all : CLI_FORECAST_CLIMATE_FIELDS;
    const int64_t room = READ_VALUES / (n * f->truth_components), m = room < 1 ? 1 : room < f->points ? room : f->points;
    const size_t size = (size_t)(n * m * f->truth_components);
    double *values = malloc(size * sizeof *values), *sorted = malloc((size_t)n * sizeof *sorted);
    int64_t *field = malloc((size_t)n * sizeof *field);
    uint8_t *present = malloc(size);
    if (values == NULL || sorted == NULL || field == NULL || present == NULL) {
        code = gndp_failure_memory();
        goto done;
    }
    for (int64_t k = 0; k < n; k++)
        field[k] = cli_forecast_spread(k, n, all);
    for (int64_t first = 0; first < f->points; first += m)
        GNDP_STEP(take_points(f, n, field, first, first + m < f->points ? m : f->points - first, values, present, sorted));
done:
    free(values);
    free(sorted);
    free(field);
    free(present);
    return code;
}

/* One number for channels in several units would be none of them. */
static int check_units(const cli_forecast *f)
{
    const gndp_fieldset_spec *spec = gndp_fieldset_get_spec(f->ensemble);
    for (int t = 0; t < f->o->n_thresholds; t++) {
        const cli_threshold *threshold = &f->o->threshold[t];
        if (threshold->quantile && f->usual == NULL)
            return gndp_failure("--threshold %s is a quantile of what is usual: name fields with --train", threshold->text);
        for (int c = 1; c < spec->n_channels && !threshold->quantile; c++)
            if (strcmp(spec->channel[c].units, spec->channel[0].units) != 0)
                return gndp_failure("--threshold %s: %s is in %s, %s in %s; take quantiles such as q90", threshold->text, spec->channel[0].name,
                                    spec->channel[0].units, spec->channel[c].name, spec->channel[c].units);
    }
    return GNDP_EXIT_DONE;
}

int cli_forecast_events(cli_forecast *f)
{
    int code = GNDP_EXIT_DONE;
    const int n = f->o->n_thresholds;
    const size_t size = (size_t)(n * f->components) * (size_t)f->points;
    if (n == 0)
        return code;
    GNDP_STEP(check_units(f));
    f->threshold_level = malloc(size * sizeof *f->threshold_level);
    f->threshold_usual = malloc(size * sizeof *f->threshold_usual);
    f->event = calloc((size_t)(CLI_FORECAST_ROWS * n * f->components), sizeof *f->event);
    if (f->threshold_level == NULL || f->threshold_usual == NULL || f->event == NULL)
        return gndp_failure_memory();
    for (int t = 0; t < n; t++)
        for (int64_t i = 0; i < f->points * f->components; i++)
            f->threshold_level[t * f->points * f->components + i] = f->o->threshold[t].quantile ? (double)NAN : f->o->threshold[t].value;
    if (f->usual != NULL)
        GNDP_STEP(read_usual(f));
    for (int r = 0; r < CLI_FORECAST_ROWS; r++) {
        const gndp_events_options options = {.points = f->points, .weight = f->weight, .members = r == CLI_FORECAST_ENSEMBLE ? f->members : 0,
                                             .block = cli_forecast_block(f), .seed = f->o->seed};
        for (int i = 0; i < n * f->components && f->score[r] != NULL; i++)
            GNDP_LIBRARY(gndp_events_create(&options, &f->event[r * n * f->components + i]));
    }
done:
    return code;
}

/* ---- Cases ---------------------------------------------------------------------------------- */

/* Probability that a value of the forecast is above the level. */
static double probability(const cli_forecast *f, const cli_forecast_law *law, int row, int t, int p, int64_t i)
{
    const int64_t at = i * f->components + p, size = f->points * f->components;
    const double level = level_of(f, t, p)[i];
    if (row == CLI_FORECAST_CLIMATOLOGY)
        return usual_of(f, t, p)[i];
    if (law->members == NULL)
        return law->sd[at] > 0.0 ? 0.5 * erfc((level - law->mean[at]) / (law->sd[at] * sqrt(2.0))) : (law->mean[at] > level ? 1.0 : 0.0);
    int64_t above = 0;
    for (int64_t m = 0; m < f->members; m++)
        above += law->members[m * size + at] > level;
    return (double)above / (double)f->members;
}

int cli_forecast_events_add(cli_forecast *f, int row, const cli_forecast_law *law, const double *truth, const uint8_t *present)
{
    int code = GNDP_EXIT_DONE;
    const int n = f->o->n_thresholds, P = f->components;
    double *chance = malloc((size_t)f->points * sizeof *chance);
    uint8_t *happened = malloc(2 * (size_t)f->points), *here = happened + f->points;
    if (chance == NULL || happened == NULL) {
        code = gndp_failure_memory();
        goto done;
    }
    for (int t = 0; t < n; t++)
        for (int p = 0; p < P; p++) {
            const double *usual = f->usual != NULL ? usual_of(f, t, p) : NULL;
            for (int64_t i = 0; i < f->points; i++) {
                here[i] = present[i * P + p] && (usual == NULL || isfinite(usual[i]));
                happened[i] = here[i] && truth[i * P + p] > level_of(f, t, p)[i];
                chance[i] = here[i] ? probability(f, law, row, t, p, i) : 0.0;
            }
            GNDP_LIBRARY(gndp_events_add(f->event[(row * n + t) * P + p], chance, usual, happened, here));
        }
done:
    free(chance);
    free(happened);
    return code;
}

int cli_forecast_event_tables(cli_forecast *f)
{
    int code = GNDP_EXIT_DONE;
    const int n = f->o->n_thresholds, P = f->components;
    if (n == 0)
        return code;
    f->event_table = calloc((size_t)(CLI_FORECAST_ROWS * n * P), sizeof *f->event_table);
    if (f->event_table == NULL)
        return gndp_failure_memory();
    for (int r = 0; r < CLI_FORECAST_ROWS; r++)
        for (int i = 0; i < n * P; i++)
            if (f->table[r * P + i % P].values > 0) {
                const gndp_status st = gndp_events_table(f->event[r * n * P + i], &f->event_table[r * n * P + i]);
                if (st != GNDP_ERR_STATE) /* nothing usual at any point that is scored: no row */
                    GNDP_LIBRARY(st);
            }
done:
    return code;
}

double cli_forecast_level(const cli_forecast *f, int t, int p)
{
    double sum = 0.0, weight = 0.0;
    for (int64_t i = 0; i < f->points; i++)
        if (isfinite(level_of(f, t, p)[i])) {
            sum += f->weight[i] * level_of(f, t, p)[i];
            weight += f->weight[i];
        }
    return sum / weight;
}

void cli_forecast_events_free(cli_forecast *f)
{
    for (int i = 0; f->event != NULL && i < CLI_FORECAST_ROWS * f->o->n_thresholds * f->components; i++)
        gndp_events_free(f->event[i]);
    free(f->event);
    free(f->event_table);
    free(f->threshold_level);
    free(f->threshold_usual);
}
