// SPDX-License-Identifier: Apache-2.0
// Tables of means over boxes: rows, units, times, the target points within.
#include "cli/areas.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/usage.h"

typedef struct columns {
    int side[2 * GNDP_MAX_AXES], sides;
    char name[2 * GNDP_MAX_AXES][32]; /* of the sides */
    int time, variable, value, units, sigma;
} columns;

static int find_columns(const gndp_csv *csv, const cli_observed *observed, columns *at)
{
    static const char *const edges[] = {"south", "north", "west", "east"};
    *at = (columns){.sides = 2 * observed->columns,
                    .time = gndp_csv_column(csv, "time"),
                    .variable = gndp_csv_column(csv, "variable"),
                    .value = gndp_csv_column(csv, "value"),
                    .units = gndp_csv_column(csv, "units"),
                    .sigma = gndp_csv_column(csv, "sigma")};
    for (int s = 0; s < at->sides; s++) {
        char *name = at->name[s];
        if (observed->space == GNDP_SPACE_SPHERE)
            snprintf(name, sizeof at->name[s], "%s", edges[s]);
        else
            snprintf(name, sizeof at->name[s], "x%d_%s", s / 2 + 1, s % 2 == 0 ? "low" : "high");
        at->side[s] = gndp_csv_column(csv, name);
        if (at->side[s] < 0)
            return gndp_failure("%s: there is no column '%s'; means over areas want %s, variable, value, and may have time, units, sigma", csv->path, name,
                                observed->space == GNDP_SPACE_SPHERE ? "south, north, west, east" : "x1_low, x1_high, ..");
    }
    if (at->variable < 0 || at->value < 0)
        return gndp_failure("%s: there is no column '%s'", csv->path, at->variable < 0 ? "variable" : "value");
    return GNDP_EXIT_DONE;
}

static const char *cell_of(const gndp_csv *csv, int64_t row, int column)
{
    return column < 0 ? "" : csv->cell[row * csv->n_columns + column];
}

/* The case of the row's time; -1: all, the table has no times; -2: none. */
static int case_of(const gndp_csv *csv, int64_t row, int column, const cli_observed *observed, int *out)
{
    double time_s;
    *out = -1;
    if (column < 0 || cell_of(csv, row, column)[0] == '\0')
        return GNDP_EXIT_DONE;
    if (gndp_calendar_parse(observed->calendar, cell_of(csv, row, column), &time_s, NULL) != GNDP_OK)
        return gndp_failure_library_at(csv->path, csv->line[row]);
    *out = -2;
    for (int c = 0; c < observed->n_cases; c++)
        if (fabs(observed->time_s[c] - time_s) < 0.5)
            *out = c;
    return GNDP_EXIT_DONE;
}

static bool is_within(gndp_space space, int C, const double *side, const double *x)
{
    if (space != GNDP_SPACE_SPHERE) {
        for (int c = 0; c < C; c++)
            if (x[c] < side[2 * c] || x[c] > side[2 * c + 1])
                return false;
        return true;
    }
    const double wide = side[3] - side[2] >= 360.0 ? 360.0 : fmod(fmod(side[3] - side[2], 360.0) + 360.0, 360.0);
    const double east = fmod(fmod(x[1] - side[2], 360.0) + 360.0, 360.0);
    return x[0] >= side[0] && x[0] <= side[1] && (wide == 360.0 || east <= wide + 1e-9 || east >= 360.0 - 1e-9);
}

/* The points of the box and their weights, which sum to 1. */
static int fill(const gndp_coords *target, const double *x, const double *w, const char *path, cli_area *a)
{
    double sum = 0.0;
    a->point = malloc((size_t)target->n * sizeof *a->point);
    a->weight = malloc((size_t)target->n * sizeof *a->weight);
    if (a->point == NULL || a->weight == NULL)
        return gndp_failure_memory();
    for (int64_t i = 0; i < target->n; i++)
        if (is_within(target->space, target->columns, a->side, x + i * target->columns) && w[i] > 0.0) {
            a->point[a->n] = i;
            a->weight[a->n++] = w[i];
            sum += w[i];
        }
    if (a->n == 0)
        return gndp_failure("%s line %lld: the box %g to %g, %g to %g holds none of the points that are drawn", path, (long long)a->line, a->side[0],
                            a->side[1], target->columns > 1 ? a->side[2] : 0.0, target->columns > 1 ? a->side[3] : 0.0);
    for (int64_t i = 0; i < a->n; i++)
        a->weight[i] /= sum;
    return GNDP_EXIT_DONE;
}

/* All of a row but its points. */
static int read_row(const gndp_csv *csv, int64_t row, const columns *at, const gndp_fieldset_spec *model, const cli_observed *observed, cli_area *a)
{
    int code = GNDP_EXIT_DONE;
    double factor = 1.0, offset = 0.0;
    const char *name = cell_of(csv, row, at->variable), *units = cell_of(csv, row, at->units);
    a->line = csv->line[row];
    a->component = cli_observed_component(model, name);
    if (a->component < 0)
        return gndp_failure("%s line %lld: the model has no '%s'", csv->path, (long long)a->line, name);
    for (int s = 0; s < at->sides; s++)
        GNDP_LIBRARY(gndp_csv_number(csv, row, at->side[s], &a->side[s]));
    GNDP_LIBRARY(gndp_csv_number(csv, row, at->value, &a->value));
    if (cell_of(csv, row, at->sigma)[0] != '\0')
        GNDP_LIBRARY(gndp_csv_number(csv, row, at->sigma, &a->sd));
    if (a->sd < 0.0)
        return gndp_failure("%s line %lld: sigma %g is negative", csv->path, (long long)a->line, a->sd);
    for (int s = 0; s < at->sides; s += observed->space == GNDP_SPACE_SPHERE ? at->sides : 2) /* longitudes go round */
        if (a->side[s] > a->side[s + 1])
            return gndp_failure("%s line %lld: %s %g is above %s %g", csv->path, (long long)a->line, at->name[s], a->side[s], at->name[s + 1], a->side[s + 1]);
    if (units[0] != '\0' && observed->units[a->component][0] != '\0' && strcmp(units, observed->units[a->component]) != 0 &&
        gndp_units_convert(name, units, observed->units[a->component], &factor, &offset) != GNDP_OK)
        return gndp_failure_library_at(csv->path, a->line);
    a->value = factor * a->value + offset;
    a->sd *= fabs(factor);
    GNDP_STEP(case_of(csv, row, at->time, observed, &a->c));
done:
    return code;
}

int cli_areas_read(const char *path, const gndp_fieldset_spec *model, const gndp_coords *target, const cli_observed *observed, bool quiet, cli_areas *out)
{
    int code = GNDP_EXIT_DONE;
    gndp_csv csv = {0};
    columns at;
    int64_t passed = 0;
    double *x = NULL, *w = NULL;
    *out = (cli_areas){.path = path};
    if (path == NULL)
        return code;
    GNDP_LIBRARY(gndp_csv_read(path, true, &csv));
    GNDP_STEP(find_columns(&csv, observed, &at));
    if (csv.n_rows == 0) {
        code = gndp_failure("%s has no rows", path);
        goto done;
    }
    out->area = calloc((size_t)csv.n_rows + 1, sizeof *out->area);
    x = malloc((size_t)(target->n * target->columns) * sizeof *x);
    w = malloc((size_t)target->n * sizeof *w);
    if (out->area == NULL || x == NULL || w == NULL) {
        code = gndp_failure_memory();
        goto done;
    }
    gndp_coords_list(target, x);
    GNDP_LIBRARY(gndp_point_weights(target, w));
    for (int64_t i = 0; i < csv.n_rows; i++) {
        cli_area *a = &out->area[out->n];
        *a = (cli_area){0};
        GNDP_STEP(read_row(&csv, i, &at, model, observed, a));
        if (a->c == -2) {
            passed++;
            continue;
        }
        out->n++; /* what fill() takes is freed with it */
        GNDP_STEP(fill(target, x, w, path, a));
    }
    if (passed > 0 && !quiet)
        gndp_note("%s: %lld means of other times than the observations' are passed over", path, (long long)passed);
    if (out->n == 0)
        code = gndp_failure("%s has no mean of a time that is observed", path);
done:
    gndp_csv_free(&csv);
    free(x);
    free(w);
    return code;
}

void cli_areas_free(cli_areas *areas)
{
    for (int64_t i = 0; i < areas->n; i++) {
        free(areas->area[i].point);
        free(areas->area[i].weight);
    }
    free(areas->area);
    *areas = (cli_areas){0};
}

int64_t cli_areas_of_case(const cli_areas *areas, int c)
{
    int64_t n = 0;
    for (int64_t i = 0; i < areas->n; i++)
        n += areas->area[i].c < 0 || areas->area[i].c == c;
    return n;
}

char *cli_areas_text(const cli_areas *areas, const cli_observed *o)
{
    char *text = NULL;
    size_t bytes = 0;
    FILE *file = open_memstream(&text, &bytes);
    if (file == NULL)
        return NULL;
    fputs("time,", file);
    for (int c = 0; c < o->columns; c++)
        if (o->space == GNDP_SPACE_SPHERE)
            fputs(c == 0 ? "south,north," : "west,east,", file);
        else
            fprintf(file, "x%d_low,x%d_high,", c + 1, c + 1);
    fputs("variable,value,units,sigma\n", file);
    for (int64_t i = 0; i < areas->n; i++) {
        const cli_area *a = &areas->area[i];
        fprintf(file, "%s,", a->c >= 0 ? cli_observed_time(o, a->c).text : "");
        for (int s = 0; s < 2 * o->columns; s++)
            fprintf(file, "%s,", gndp_csv_number_text(a->side[s]).text);
        fprintf(file, "%s,%s,%s,", o->name[a->component], gndp_csv_number_text(a->value).text, o->units[a->component]);
        fprintf(file, "%s\n", a->sd > 0.0 ? gndp_csv_number_text(a->sd).text : "");
    }
    if (fclose(file) != 0) {
        free(text);
        return NULL;
    }
    return text;
}
