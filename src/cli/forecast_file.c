// SPDX-License-Identifier: Apache-2.0
// Scores of an ensemble and its baselines as a NetCDF file.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/forecast.h"
#include "cli/usage.h"

enum { COMPONENT, FORECAST, RANK, MOST_DIMS = 8, MOST_VARS = 96 };

/* The table while it grows. */
typedef struct sheet {
    const cli_forecast *f;
    gndp_table_dim dim[MOST_DIMS];
    gndp_table_var var[MOST_VARS];
    char name[MOST_VARS][48];
    double *value[MOST_VARS];
    int n_vars, n_dims;
    char squared[80];  /* units squared */
    const char *units; /* of the values; NULL: components differ */
} sheet;

/* A variable, every value missing at first; NULL: out of memory. */
static double *add(sheet *s, const char *name, const char *end, const char *long_name, const char *units, int rank, const int *dim)
{
    const int v = s->n_vars++;
    size_t n = 1;
    gndp_table_var var = {.name = s->name[v], .long_name = long_name, .units = units, .rank = rank};
    for (int d = 0; d < rank; d++) {
        var.dim[d] = dim[d];
        n *= (size_t)s->dim[dim[d]].size;
    }
    snprintf(s->name[v], sizeof s->name[v], "%s%s", name, end);
    double *value = malloc(n * sizeof *value);
    for (size_t i = 0; value != NULL && i < n; i++)
        value[i] = (double)NAN;
    var.value = s->value[v] = value;
    s->var[v] = var;
    return value;
}

/* ---- Scores --------------------------------------------------------------------------------- */

static const struct {
    const char *name, *long_name;
    size_t offset;
    bool plain; /* has no units */
} figure[] = {
    {"rmse", "root mean square error of the mean", offsetof(gndp_score_table, rmse), false},
    {"bias", "mean error of the mean, forecast less truth", offsetof(gndp_score_table, bias), false},
    {"mae", "mean absolute error of the mean", offsetof(gndp_score_table, mae), false},
    {"crps", "continuous ranked probability score, standard", offsetof(gndp_score_table, crps), false},
    {"crps_fair", "continuous ranked probability score, fair", offsetof(gndp_score_table, crps_fair), false},
    {"spread", "root mean variance", offsetof(gndp_score_table, spread), false},
    {"ratio", "spread sqrt((M + 1)/M) over rmse", offsetof(gndp_score_table, ratio), true},
    {"coverage50", "share of truths within the central 50 %", offsetof(gndp_score_table, coverage), true},
    {"coverage90", "share of truths within the central 90 %", offsetof(gndp_score_table, coverage) + sizeof(gndp_score_value), true},
    {"energy", "energy score of whole fields, standard", offsetof(gndp_score_table, energy), false},
    {"energy_fair", "energy score of whole fields, fair", offsetof(gndp_score_table, energy_fair), false},
    {"variogram", "variogram score of order 1/2 of whole fields, mean over pairs of points", offsetof(gndp_score_table, variogram), false},
};

static int add_figures(sheet *s)
{
    static const char *const end[] = {"", "_low", "_high"};
    static const int dim[] = {COMPONENT, FORECAST};
    const cli_forecast *f = s->f;
    for (size_t i = 0; i < sizeof figure / sizeof *figure; i++)
        for (int e = 0; e < 3; e++) {
            double *to = add(s, figure[i].name, end[e], e == 0 ? figure[i].long_name : "end of the 95 % interval by resampling blocks of times",
                             figure[i].plain ? "1" : s->units, 2, dim);
            if (to == NULL)
                return gndp_failure_memory();
            for (int r = 0; r < CLI_FORECAST_ROWS; r++)
                for (int p = 0; p < f->components; p++) {
                    const gndp_score_table *t = &f->table[r * f->components + p];
                    const gndp_score_value *v = (const gndp_score_value *)(const void *)((const char *)t + figure[i].offset);
                    if (t->values > 0)
                        to[p * CLI_FORECAST_ROWS + r] = e == 0 ? v->value : e == 1 ? v->low : v->high;
                }
        }
    return GNDP_EXIT_DONE;
}

static int add_ranks(sheet *s)
{
    int code = GNDP_EXIT_DONE;
    static const int dim[] = {COMPONENT, FORECAST, RANK};
    const cli_forecast *f = s->f;
    double *values = add(s, "values", "", "number of values scored", "1", 2, dim);
    double *flat = add(s, "reliability_index", "", "sum over ranks of |frequency - 1/(M + 1)|, 0 for a flat histogram", "1", 2, dim);
    double *share = add(s, "rank_frequency", "", "share of truths above so many of the M members", "1", 3, dim);
    if (values == NULL || flat == NULL || share == NULL)
        return gndp_failure_memory();
    for (int r = 0; r < CLI_FORECAST_ROWS; r++)
        for (int p = 0; p < f->components; p++) {
            const gndp_score_table *t = &f->table[r * f->components + p];
            const int64_t at = p * CLI_FORECAST_ROWS + r;
            if (t->values == 0)
                continue;
            values[at] = (double)t->values;
            if (!cli_forecast_uncertain(r))
                continue;
            flat[at] = t->reliability_index;
            GNDP_LIBRARY(gndp_scores_ranks(f->score[r], p, share + at * (f->members + 1)));
        }
done:
    return code;
}

/* ---- Events --------------------------------------------------------------------------------- */

/* Three variables of a score of events: value and interval. */
static int add_event_score(sheet *s, const char *name, const char *long_name, size_t offset, const int *dim)
{
    static const char *const end[] = {"", "_low", "_high"};
    const cli_forecast *f = s->f;
    const int T = f->o->n_thresholds, P = f->components;
    for (int e = 0; e < 3; e++) {
        double *to = add(s, name, end[e], e == 0 ? long_name : "end of the 95 % interval by resampling blocks of times", "1", 3, dim);
        if (to == NULL)
            return gndp_failure_memory();
        for (int r = 0; r < CLI_FORECAST_ROWS; r++)
            for (int i = 0; i < T * P; i++) {
                const gndp_event_table *table = &f->event_table[r * T * P + i];
                const gndp_score_value *v = (const gndp_score_value *)(const void *)((const char *)table + offset);
                if (table->values > 0)
                    to[(i % P * T + i / P) * CLI_FORECAST_ROWS + r] = e == 0 ? v->value : e == 1 ? v->low : v->high;
            }
    }
    return GNDP_EXIT_DONE;
}

static int add_events(sheet *s, const char *const *label)
{
    int code = GNDP_EXIT_DONE;
    const cli_forecast *f = s->f;
    const int T = f->o->n_thresholds, P = f->components, threshold = s->n_dims++, bin = s->n_dims++;
    const int dim[] = {COMPONENT, threshold, FORECAST, bin};
    s->dim[threshold] = (gndp_table_dim){"threshold", T, label};
    s->dim[bin] = (gndp_table_dim){"bin", GNDP_EVENT_BINS, NULL};
    GNDP_STEP(add_event_score(s, "brier", "Brier score of values above the threshold, standard", offsetof(gndp_event_table, brier), dim));
    GNDP_STEP(add_event_score(s, "brier_fair", "Brier score of values above the threshold, fair", offsetof(gndp_event_table, brier_fair), dim));
    GNDP_STEP(add_event_score(s, "brier_skill", "1 - brier over that of how often the usual fields are above, at each point",
                              offsetof(gndp_event_table, skill), dim));
    double *level = add(s, "threshold_level", "", "mean of the threshold over points", s->units, 2, dim);
    double *frequency = add(s, "event_frequency", "", "share of values above the threshold", "1", 3, dim);
    double *forecast = add(s, "reliability_forecast", "", "mean probability in the bin of probabilities", "1", 4, dim);
    double *observed = add(s, "reliability_observed", "", "share of values above the threshold in the bin", "1", 4, dim);
    double *values = add(s, "reliability_values", "", "number of values in the bin", "1", 4, dim);
    if (level == NULL || frequency == NULL || forecast == NULL || observed == NULL || values == NULL)
        return gndp_failure_memory();
    for (int i = 0; i < T * P; i++) {
        level[i % P * T + i / P] = cli_forecast_level(f, i / P, i % P);
        for (int r = 0; r < CLI_FORECAST_ROWS; r++) {
            const gndp_event_table *e = &f->event_table[r * T * P + i];
            const int64_t at = (int64_t)(i % P * T + i / P) * CLI_FORECAST_ROWS + r;
            if (e->values == 0)
                continue;
            frequency[at] = e->frequency;
            for (int b = 0; b < GNDP_EVENT_BINS; b++) {
                forecast[at * GNDP_EVENT_BINS + b] = e->bin[b].forecast;
                observed[at * GNDP_EVENT_BINS + b] = e->bin[b].observed;
                values[at * GNDP_EVENT_BINS + b] = (double)e->bin[b].values;
            }
        }
    }
done:
    return code;
}

/* ---- Spread and skill, spectra -------------------------------------------------------------- */

static int add_spread(sheet *s)
{
    int code = GNDP_EXIT_DONE, n, most = 1;
    const cli_forecast *f = s->f;
    const int P = f->components, place = s->n_dims++, dim[] = {COMPONENT, FORECAST, place};
    gndp_spread_bin bin[GNDP_SPREAD_BINS];
    for (int i = 0; i < CLI_FORECAST_ROWS * P; i++)
        if (f->table[i].values > 0) {
            GNDP_LIBRARY(gndp_scores_spread_skill(f->score[i / P], i % P, bin, &n));
            most = n > most ? n : most;
        }
    s->dim[place] = (gndp_table_dim){"spread_bin", most, NULL};
    double *spread = add(s, "spread_bin_spread", "", "root mean square spread of values of like spread", s->units, 3, dim);
    double *error = add(s, "spread_bin_rmse", "", "root mean square error of the mean of those values", s->units, 3, dim);
    double *values = add(s, "spread_bin_values", "", "number of those values", "1", 3, dim);
    if (spread == NULL || error == NULL || values == NULL)
        return gndp_failure_memory();
    for (int i = 0; i < CLI_FORECAST_ROWS * P; i++) {
        const int64_t at = (int64_t)(i % P * CLI_FORECAST_ROWS + i / P) * most;
        if (f->table[i].values == 0)
            continue;
        GNDP_LIBRARY(gndp_scores_spread_skill(f->score[i / P], i % P, bin, &n));
        for (int b = 0; b < n; b++) {
            spread[at + b] = bin[b].spread;
            error[at + b] = bin[b].error;
            values[at + b] = (double)bin[b].values;
        }
    }
done:
    return code;
}

static int add_spectra(sheet *s)
{
    const cli_forecast *f = s->f;
    const cli_spectrum *own = &f->spectrum;
    const int field = s->n_dims++, wavenumber = s->n_dims++, dim[] = {COMPONENT, field, wavenumber};
    const int64_t K = own->wavenumbers;
    snprintf(s->squared, sizeof s->squared, "(%s)2", s->units != NULL ? s->units : "");
    s->dim[field] = (gndp_table_dim){"field", CLI_SPECTRA, cli_spectrum_names};
    s->dim[wavenumber] = (gndp_table_dim){"wavenumber", K, NULL};
    double *cycles = add(s, "wavenumber", "", "cycles in a row of the grid", "1", 1, &wavenumber);
    double *length = add(s, "wavelength", "", "length of a cycle along the row", own->units, 1, &wavenumber);
    double *power = add(s, "power", "", "mean power along rows of the grid, of anomalies from the row mean", s->units != NULL && s->units[0] != '\0' ? s->squared : NULL, 3, dim);
    if (cycles == NULL || length == NULL || power == NULL)
        return gndp_failure_memory();
    for (int64_t k = 0; k < K; k++) {
        cycles[k] = (double)k;
        length[k] = k > 0 ? own->length / (double)k : (double)NAN;
    }
    for (int i = 0; i < CLI_SPECTRA * f->components; i++)
        memcpy(power + (i % f->components * CLI_SPECTRA + i / f->components) * K, own->power + i * K, (size_t)K * sizeof *power);
    return GNDP_EXIT_DONE;
}

/* ---- The file ------------------------------------------------------------------------------- */

/* Names of components, and their units where they agree. */
static int name_components(sheet *s, char (**name)[80], const char ***label)
{
    const cli_forecast *f = s->f;
    *name = calloc((size_t)f->components, sizeof **name);
    *label = calloc((size_t)f->components, sizeof **label);
    if (*name == NULL || *label == NULL)
        return gndp_failure_memory();
    for (int p = 0; p < f->components; p++) {
        const char *units;
        cli_forecast_component(f, p, (*name)[p], &units);
        (*label)[p] = (*name)[p];
        if (p > 0 && (s->units == NULL || strcmp(units, s->units) != 0))
            s->units = NULL;
        else
            s->units = units;
    }
    return GNDP_EXIT_DONE;
}

int cli_forecast_write(const cli_forecast *f)
{
    int code = GNDP_EXIT_DONE;
    char(*name)[80] = NULL, members[24], times[24];
    const char *event[CLI_FORECAST_THRESHOLDS];
    const char **label = NULL;
    sheet *s = calloc(1, sizeof *s);
    gndp_write_options options = gndp_write_options_default();
    if (s == NULL)
        return gndp_failure_memory();
    s->f = f;
    GNDP_STEP(name_components(s, &name, &label));
    s->dim[COMPONENT] = (gndp_table_dim){"component", f->components, label};
    s->dim[FORECAST] = (gndp_table_dim){"forecast", CLI_FORECAST_ROWS, f->name};
    s->dim[RANK] = (gndp_table_dim){"rank", f->members + 1, NULL};
    s->n_dims = RANK + 1;
    GNDP_STEP(add_figures(s));
    GNDP_STEP(add_ranks(s));
    for (int t = 0; t < f->o->n_thresholds; t++)
        event[t] = f->o->threshold[t].text;
    if (f->o->n_thresholds > 0)
        GNDP_STEP(add_events(s, event));
    GNDP_STEP(add_spread(s));
    if (f->spectrum.wavenumbers > 0)
        GNDP_STEP(add_spectra(s));
    snprintf(members, sizeof members, "%lld", (long long)f->members);
    snprintf(times, sizeof times, "%lld", (long long)f->cases);
    const gndp_attribute attribute[] = {{"title", "scores of an ensemble beside its baselines"}, {"gndp_ensemble", f->o->ensemble},
                                        {"gndp_truth", f->o->truth[0]}, {"gndp_members", members}, {"gndp_times", times},
                                        {"gndp_kernel", f->kernel_text != NULL ? f->kernel_text : ""}};
    const gndp_table table = {.n_dims = s->n_dims, .dim = s->dim, .n_vars = s->n_vars, .var = s->var, .n_attributes = f->kernel_text != NULL ? 6 : 5,
                              .attribute = attribute};
    options.overwrite = f->o->overwrite;
    options.history = f->o->history;
    GNDP_LIBRARY(gndp_table_write(&table, f->o->output, &options));
done:
    for (int v = 0; v < s->n_vars; v++)
        free(s->value[v]);
    free(s);
    free(name);
    free(label);
    return code;
}
