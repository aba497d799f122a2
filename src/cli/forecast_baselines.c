// SPDX-License-Identifier: Apache-2.0
// What an ensemble has to beat: the usual weather, the nearest station, a weighted mean of stations, a Gaussian process.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/forecast.h"
#include "cli/gp_analysis.h"
#include "cli/usage.h"

enum { FIT_FIELDS = 16 };
#define STREAM_USUAL GNDP_STREAM(0x7573, 0)
static const double same_s = 0.5;

/* ---- The usual ------------------------------------------------------------------------------ */

/* Fields of the truth at no time that is scored. */
static int other_times(cli_forecast *f)
{
    int code = GNDP_EXIT_DONE;
    const gndp_fieldset_spec *spec = gndp_fieldset_get_spec(f->truth);
    int64_t n = 0, *field = malloc((size_t)spec->n_fields * sizeof *field);
    if (field == NULL)
        return gndp_failure_memory();
    for (int64_t i = 0; i < spec->n_fields; i++) {
        bool scored = isnan(spec->label[i].time_s);
        for (int64_t k = 0; k < f->cases && !scored; k++)
            scored = fabs(spec->label[i].time_s - f->time_s[k]) < same_s;
        if (!scored)
            field[n++] = i;
    }
    if (n >= 2)
        GNDP_LIBRARY(gndp_fieldset_select(f->truth, n, field, &f->usual));
done:
    free(field);
    return code;
}

static int open_train(cli_forecast *f)
{
    int code = GNDP_EXIT_DONE;
    const cli_select everything = {0};
    const gndp_logger log = cli_notes(f->o->quiet);
    GNDP_STEP(cli_select_open(&everything, f->o->train.text, f->o->train.n, &log, NULL, &f->usual));
    if (f->usual == NULL || !gndp_fieldset_shared(f->usual))
        return gndp_failure("%s: fields that share their points are wanted", f->o->train.text[0]);
    const gndp_fieldset_spec *own = gndp_fieldset_get_spec(f->usual), *truth = gndp_fieldset_get_spec(f->truth);
    bool same = own->n_channels == truth->n_channels && own->coords.n == truth->coords.n;
    for (int c = 0; same && c < own->n_channels; c++)
        same = strcmp(own->channel[c].name, truth->channel[c].name) == 0 && strcmp(own->channel[c].units, truth->channel[c].units) == 0;
    if (!same)
        return gndp_failure("%s: other channels or points than the truth's, %s", f->o->train.text[0], truth->origin);
done:
    return code;
}

int64_t cli_forecast_spread(int64_t i, int64_t m, int64_t n)
{
    return m > 1 ? i * (n - 1) / (m - 1) : n / 2;
}

/* Mean and squares about it, one field more (Welford 1962). */
static int accumulate(cli_forecast *f, int64_t field, double *values, uint8_t *present, double *count)
{
    int code = GNDP_EXIT_DONE;
    GNDP_STEP(cli_forecast_truth(f, f->usual, field, values, present));
    for (int64_t i = 0; i < f->points * f->components; i++) {
        if (!present[i])
            continue;
        const double off = values[i] - f->climate_mean[i];
        f->climate_mean[i] += off / ++count[i];
        f->climate_sd[i] += off * (values[i] - f->climate_mean[i]);
    }
done:
    return code;
}

int cli_forecast_climate(cli_forecast *f)
{
    int code = GNDP_EXIT_DONE;
    const size_t size = (size_t)(f->points * f->components);
    double *values = malloc(size * sizeof *values), *count = calloc(size, sizeof *count);
    uint8_t *present = malloc(size);
    if (values == NULL || count == NULL || present == NULL) {
        code = gndp_failure_memory();
        goto done;
    }
    GNDP_STEP(f->o->train.n > 0 ? open_train(f) : other_times(f));
    if (f->usual == NULL)
        goto done;
    f->climate_mean = calloc(size, sizeof *f->climate_mean);
    f->climate_sd = calloc(size, sizeof *f->climate_sd);
    if (f->climate_mean == NULL || f->climate_sd == NULL) {
        code = gndp_failure_memory();
        goto done;
    }
    const int64_t n = gndp_fieldset_get_spec(f->usual)->n_fields, m = n < CLI_FORECAST_CLIMATE_FIELDS ? n : CLI_FORECAST_CLIMATE_FIELDS;
    for (int64_t i = 0; i < m; i++)
        GNDP_STEP(accumulate(f, cli_forecast_spread(i, m, n), values, present, count));
    for (size_t i = 0; i < size; i++) {
        f->climate_sd[i] = count[i] > 1.0 ? sqrt(f->climate_sd[i] / count[i]) : (double)NAN;
        if (count[i] < 1.0)
            f->climate_mean[i] = (double)NAN;
    }
done:
    free(values);
    free(count);
    free(present);
    return code;
}

int cli_forecast_usual(const cli_forecast *f, int64_t k, double *members, uint8_t *present)
{
    int code = GNDP_EXIT_DONE;
    const int64_t n = gndp_fieldset_get_spec(f->usual)->n_fields, size = f->points * f->components;
    double *u = malloc((size_t)f->members * sizeof *u);
    uint8_t *here = malloc((size_t)size);
    if (u == NULL || here == NULL) {
        code = gndp_failure_memory();
        goto done;
    }
    GNDP_LIBRARY(gndp_random_uniform_f64(f->o->seed, 0, (uint32_t)k, STREAM_USUAL, 0, f->members, u));
    for (int64_t m = 0; m < f->members; m++) {
        GNDP_STEP(cli_forecast_truth(f, f->usual, (int64_t)(u[m] * (double)n), members + m * size, here));
        for (int64_t i = 0; i < size; i++)
            present[i] = present[i] && here[i];
    }
done:
    free(u);
    free(here);
    return code;
}

/* ---- Stations alone ------------------------------------------------------------------------- */

void cli_forecast_nearest(const cli_forecast *f, int64_t k, bool inverse, double *mean, uint8_t *present)
{
    const gndp_coords *coords = &gndp_fieldset_get_spec(f->ensemble)->coords;
    const int P = f->components, dim = gndp_coords_dim(coords), C = coords->columns;
    int64_t first, end;
    double *x = malloc((size_t)(coords->n * C) * sizeof *x);
    memset(present, 0, (size_t)(f->points * P));
    memset(mean, 0, (size_t)(f->points * P) * sizeof *mean);
    cli_forecast_rows(f, k, &first, &end);
    if (x == NULL)
        return; /* then nothing is scored, and the table says so */
    gndp_coords_list(coords, x);
    for (int64_t i = 0; i < f->points; i++)
        for (int p = 0; p < P; p++) {
            double here[GNDP_MAX_AXES], there[GNDP_MAX_AXES], least = HUGE_VAL, sum = 0.0, weights = 0.0;
            gndp_coords_embed(coords->space, C, 1, x + i * C, here);
            for (int64_t r = first; r < end; r++) {
                const cli_observation *row = &f->used.row[r];
                double d2 = 0.0;
                if (row->component != p)
                    continue;
                gndp_coords_embed(coords->space, C, 1, f->used.x + row->place * C, there);
                for (int d = 0; d < dim; d++)
                    d2 += (here[d] - there[d]) * (here[d] - there[d]);
                sum += row->value / (d2 + 1e-18);
                weights += 1.0 / (d2 + 1e-18);
                present[i * P + p] = 1;
                if (d2 < least) {
                    least = d2;
                    if (!inverse)
                        mean[i * P + p] = row->value;
                }
            }
            if (inverse && present[i * P + p])
                mean[i * P + p] = sum / weights;
        }
    free(x);
}

/* ---- A Gaussian process --------------------------------------------------------------------- */

/* What is usual at an observed place: at its point, or at the nearest; NaN: not known. */
static double usual_at(const cli_forecast *f, int64_t place)
{
    const gndp_coords *coords = &gndp_fieldset_get_spec(f->ensemble)->coords;
    const int C = coords->columns, dim = gndp_coords_dim(coords);
    double here[GNDP_MAX_AXES], there[GNDP_MAX_AXES], least = HUGE_VAL;
    int64_t best = f->spot[place];
    if (f->climate_mean == NULL)
        return (double)NAN;
    double *x = best < 0 ? malloc((size_t)(coords->n * C) * sizeof *x) : NULL;
    if (x != NULL) {
        gndp_coords_list(coords, x);
        gndp_coords_embed(coords->space, C, 1, f->used.x + place * C, here);
        for (int64_t i = 0; i < coords->n; i++) {
            double d2 = 0.0;
            gndp_coords_embed(coords->space, C, 1, x + i * C, there);
            for (int d = 0; d < dim; d++)
                d2 += (here[d] - there[d]) * (here[d] - there[d]);
            if (d2 < least)
                least = d2, best = i;
        }
        free(x);
    }
    return best >= 0 ? f->climate_mean[best] : (double)NAN;
}

static int make_set(cli_forecast *f, int64_t n, gp_set **out)
{
    int code = GNDP_EXIT_DONE;
    *out = gp_data_append(&f->process);
    if (*out == NULL)
        return GNDP_EXIT_FAILURE;
    GNDP_STEP(gp_set_make(*out, n > 0 ? n : 1, f->process.columns, 1, true, false, false));
    (*out)->n = n;
    (*out)->residual = calloc((size_t)n + 1, sizeof(double));
    if ((*out)->residual == NULL)
        code = gndp_failure_memory();
done:
    return code;
}

/* Sets of the process: the points; the observations of each case. */
static int make_cases(cli_forecast *f)
{
    int code = GNDP_EXIT_DONE;
    const int C = f->process.columns;
    gp_set *set;
    GNDP_STEP(make_set(f, f->points, &set));
    gndp_coords_list(&gndp_fieldset_get_spec(f->ensemble)->coords, set->shown);
    for (int64_t k = 0; k < f->cases; k++) {
        int64_t first, end;
        cli_forecast_rows(f, k, &first, &end);
        GNDP_STEP(make_set(f, end - first, &set));
        set->time_s = f->time_s[k];
        double mean = 0.0;
        for (int64_t r = first; r < end; r++)
            mean += f->used.row[r].value / (double)(end - first);
        f->level[k] = f->climate_mean != NULL ? (double)NAN : mean;
        for (int64_t r = first; r < end; r++) {
            const cli_observation *row = &f->used.row[r];
            memcpy(set->shown + (r - first) * C, f->used.x + row->place * C, (size_t)C * sizeof(double));
            set->y[r - first] = row->value;
            set->noise[r - first] = row->sd * row->sd;
            set->residual[r - first] = row->value - (f->climate_mean != NULL ? usual_at(f, row->place) : mean);
        }
    }
done:
    return code;
}

/* And fields of the usual at the observed points, to fit to. */
static int make_fit_sets(cli_forecast *f, const int64_t *place, int64_t n)
{
    int code = GNDP_EXIT_DONE;
    const int C = f->process.columns;
    const int64_t all = gndp_fieldset_get_spec(f->usual)->n_fields, m = all < FIT_FIELDS ? all : FIT_FIELDS;
    double *values = malloc((size_t)f->points * sizeof *values);
    uint8_t *present = malloc((size_t)f->points);
    if (values == NULL || present == NULL) {
        code = gndp_failure_memory();
        goto done;
    }
    for (int64_t s = 0; s < m; s++) {
        gp_set *set;
        GNDP_STEP(cli_forecast_truth(f, f->usual, cli_forecast_spread(s, m, all), values, present));
        GNDP_STEP(make_set(f, n, &set));
        int64_t rows = 0;
        for (int64_t i = 0; i < n; i++) {
            const int64_t at = f->spot[place[i]];
            if (!present[at])
                continue;
            memcpy(set->shown + rows * C, f->used.x + place[i] * C, (size_t)C * sizeof(double));
            set->y[rows] = values[at];
            set->noise[rows] = 0.0;
            set->residual[rows++] = values[at] - f->climate_mean[at];
        }
        set->n = rows;
    }
done:
    free(values);
    free(present);
    return code;
}

/* To the usual fields where places are points of them, else to the observations themselves. */
static int fit(cli_forecast *f, int first, int n)
{
    int code = GNDP_EXIT_DONE;
    gp_settings settings = gp_settings_default;
    gndp_gp_fit_result *result = malloc(sizeof *result);
    int sets;
    if (result == NULL)
        return gndp_failure_memory();
    settings.quiet = f->o->quiet;
    settings.seed = f->o->seed;
    gp_data part = f->process; /* borrows those sets */
    part.set += first;
    part.n_sets = n;
    GNDP_STEP(gp_refit(&settings, &part, f->kernel, result, &sets));
done:
    free(result);
    return code;
}

int cli_forecast_kernel(cli_forecast *f)
{
    int code = GNDP_EXIT_DONE;
    int64_t n = 0, *place = NULL;
    if (f->o->kernel == NULL)
        return code;
    if (f->used.n == 0 || f->components != 1)
        return gndp_failure("--kernel: %s", f->used.n == 0 ? "the ensemble does not say what was observed"
                                                           : "the process beside an ensemble is one of a single component; gndp gp eval takes more");
    GNDP_STEP(gp_kernel_read("--kernel", f->o->kernel, &f->kernel));
    f->process = (gp_data){.path = f->o->ensemble, .degrees = f->used.space == GNDP_SPACE_SPHERE, .columns = f->used.columns, .outputs = 1};
    f->level = malloc((size_t)f->cases * sizeof *f->level);
    place = malloc((size_t)f->used.n_places * sizeof *place);
    if (f->level == NULL || place == NULL) {
        code = gndp_failure_memory();
        goto done;
    }
    for (int64_t i = 0; i < f->used.n_places; i++)
        if (f->spot[i] >= 0 && f->usual != NULL)
            place[n++] = i;
    GNDP_STEP(make_cases(f));
    if (f->o->fit && n >= 2)
        GNDP_STEP(make_fit_sets(f, place, n));
    GNDP_STEP(gp_data_frame(&f->process, f->kernel, f->o->quiet));
    const int made = 1 + (int)f->cases;
    if (f->o->fit)
        GNDP_STEP(n >= 2 ? fit(f, made, f->process.n_sets - made) : fit(f, 1, (int)f->cases));
    f->kernel_text = gp_kernel_text(f->kernel);
    if (f->kernel_text == NULL)
        code = gndp_failure_memory();
done:
    free(place);
    return code;
}

/* Of new values, so with the kernel's white part: the truth has it too. */
/* *drawn: whether there are draws. A posterior that is too nearly singular has mean and deviation all the same. */
static int draw_process(const cli_forecast *f, const gndp_gp *gp, int64_t k, double *draws, bool *drawn)
{
    int code = GNDP_EXIT_DONE;
    const gndp_array at = gndp_array_view(gndp_type_2d(GNDP_F64, f->points, f->process.dims), f->process.set[0].x);
    uint32_t *member = malloc((size_t)f->members * sizeof *member);
    if (member == NULL)
        return gndp_failure_memory();
    for (int64_t m = 0; m < f->members; m++)
        member[m] = (uint32_t)(k * f->members + m);
    const gndp_status st = gndp_gp_sample(gp, &at, true, f->o->seed, member, f->members, draws);
    *drawn = st == GNDP_OK;
    if (st == GNDP_ERR_NOT_PD) {
        if (!f->o->quiet)
            gndp_note_library("gp: no fields are drawn of a time, which has no scores of whole fields");
        goto done;
    }
    GNDP_LIBRARY(st);
    for (int64_t i = 0; i < f->members * f->points; i++)
        draws[i] += f->climate_mean != NULL ? f->climate_mean[i % f->points] : f->level[k];
done:
    free(member);
    return code;
}

int cli_forecast_process(const cli_forecast *f, int64_t k, double *mean, double *sd, double *draws, bool *drawn)
{
    int code = GNDP_EXIT_DONE;
    gndp_gp *gp = NULL;
    const gndp_gp_data data = gp_set_data(&f->process, &f->process.set[1 + k]);
    GNDP_LIBRARY(gndp_gp_create(f->kernel, &data, &gp));
    GNDP_STEP(gp_posterior(gp, f->process.set[0].x, f->points, f->process.dims, 1, true, mean, sd));
    for (int64_t i = 0; i < f->points; i++)
        mean[i] += f->climate_mean != NULL ? f->climate_mean[i] : f->level[k];
    *drawn = false;
    if (f->points <= CLI_FORECAST_DRAWN_POINTS)
        GNDP_STEP(draw_process(f, gp, k, draws, drawn));
done:
    gndp_gp_free(gp);
    return code;
}
