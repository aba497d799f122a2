// SPDX-License-Identifier: Apache-2.0
// Observations matched with a model's channels, converted, sorted by time and place, repeats joined.
#include "cli/observed.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/gp_fields.h"
#include "cli/usage.h"

/* One observation with all that sorts it. */
typedef struct item {
    double time_s;
    int64_t place, index;
    int component;
} item;

static const double log_2pi = 1.8378770664093453;

/* ---- Tables --------------------------------------------------------------------------------- */

/* Values of fields at the points taken, as a table. */
static int table_of_sets(const gp_data *data, gndp_observations *o)
{
    int64_t n = 0, i = 0;
    const int P = data->outputs, C = data->columns;
    for (int s = 0; s < data->n_sets; s++)
        n += data->set[s].n * P;
    o->space = data->degrees ? GNDP_SPACE_SPHERE : GNDP_SPACE_EUCLIDEAN;
    o->columns = C;
    o->calendar = data->calendar;
    o->n_channels = P;
    o->x = malloc((size_t)(n * C) * sizeof *o->x);
    o->time_s = malloc((size_t)n * sizeof *o->time_s);
    o->channel = malloc((size_t)n * sizeof *o->channel);
    o->value = malloc((size_t)n * sizeof *o->value);
    o->sd = calloc((size_t)n, sizeof *o->sd);
    o->line = calloc((size_t)n, sizeof *o->line);
    o->name = calloc((size_t)P, sizeof *o->name);
    o->units = calloc((size_t)P, sizeof *o->units);
    if (o->x == NULL || o->time_s == NULL || o->channel == NULL || o->value == NULL || o->sd == NULL || o->line == NULL || o->name == NULL ||
        o->units == NULL)
        return gndp_failure_memory();
    for (int c = 0, p = 0; c < data->n_channels; c++)
        for (int k = 0; k < data->channel[c].components; k++, p++) {
            snprintf(o->name[p], sizeof o->name[p], "%s", data->channel[c].part[k].name);
            snprintf(o->units[p], sizeof o->units[p], "%s", data->channel[c].units);
        }
    for (int s = 0; s < data->n_sets; s++) {
        const gp_set *set = &data->set[s];
        for (int64_t r = 0; r < set->n * P; r++, i++) {
            memcpy(o->x + i * C, set->shown + r / P * C, (size_t)C * sizeof *o->x);
            o->time_s[i] = set->time_s;
            o->channel[i] = (int)(r % P);
            o->value[i] = set->y[r];
            o->sd[i] = set->noise != NULL ? sqrt(set->noise[r]) : 0.0;
        }
    }
    o->n = n;
    return GNDP_EXIT_DONE;
}

/* Cases are told apart by their times: two fields of one time, or two without, would be one. */
static int check_times(const gp_data *data)
{
    for (int s = 0; s < data->n_sets; s++)
        for (int r = 0; r < s; r++)
            if (data->set[s].time_s == data->set[r].time_s || (isnan(data->set[s].time_s) && isnan(data->set[r].time_s)))
                return gndp_failure("%s: the %d fields chosen are not one a time; choose one with --member, --time or --fields 1", data->path,
                                    data->n_sets);
    return GNDP_EXIT_DONE;
}

static int read_fields(const cli_observed_options *options, gndp_observations *o)
{
    int code = GNDP_EXIT_DONE;
    gp_data data = {0};
    const gp_take take = {.fields = options->fields,
                          .points = options->stations,
                          .fraction = options->fraction,
                          .every = options->every,
                          .sd = options->station_sd,
                          .seed = options->seed,
                          .quiet = options->quiet};
    GNDP_STEP(gp_fields_read(options->path, &options->select, &take, &data));
    GNDP_STEP(check_times(&data));
    GNDP_STEP(table_of_sets(&data, o));
done:
    gp_data_free(&data);
    return code;
}

/* A grid without a word on what of it is seen is a slip: it would be observed everywhere. */
static int check_stations(const cli_observed_options *options)
{
    int code = GNDP_EXIT_DONE;
    gndp_fieldset *set = NULL;
    gndp_read_options read = gndp_read_options_default();
    GNDP_LIBRARY(gndp_file_open(&options->path, 1, &read, &set));
    const gndp_fieldset_spec *spec = gndp_fieldset_get_spec(set);
    if (spec->coords.layout == GNDP_LAYOUT_PRODUCT)
        code = gndp_usage_error("%s holds fields on a grid of %lld points: --stations N, --fraction F or --every K says which of them are observed",
                                options->path, (long long)spec->coords.n);
done:
    gndp_fieldset_free(set);
    return code;
}

static int read_table(const cli_observed_options *options, gndp_observations *o, bool *drawn)
{
    int code = GNDP_EXIT_DONE;
    gndp_file_kind kind = GNDP_FILE_OBSERVATIONS;
    *drawn = false;
    if (options->text != NULL) {
        GNDP_LIBRARY(gndp_observations_parse(options->path, options->text, strlen(options->text), o));
        return code;
    }
    const bool draws = options->stations > 0 || options->fraction > 0.0 || options->every > 0;
    if ((options->stations > 0) + (options->fraction > 0.0) + (options->every > 0) > 1)
        return gndp_usage_error("only one of --stations, --fraction and --every is wanted");
    if (!draws && (options->station_sd > 0.0 || options->fields > 0))
        return gndp_usage_error("--%s belongs to --stations, --fraction or --every", options->fields > 0 ? "fields" : "station-sd");
    if (strcmp(options->path, "-") != 0)
        GNDP_LIBRARY(gndp_file_detect(options->path, &kind));
    *drawn = draws;
    if (draws && kind != GNDP_FILE_FIELDS)
        return gndp_usage_error("--stations, --fraction and --every draw observations from fields; %s holds %s", options->path,
                                gndp_file_kind_name(kind));
    if (draws)
        return read_fields(options, o);
    if (kind == GNDP_FILE_FIELDS)
        GNDP_STEP(check_stations(options));
    else if (kind != GNDP_FILE_OBSERVATIONS)
        return gndp_failure("%s holds %s; observations are wanted: columns lat, lon (or x1, ..) and variables with their values", options->path,
                            gndp_file_kind_name(kind));
    GNDP_STEP(cli_select_check(&options->select, GNDP_FILE_OBSERVATIONS, options->path));
    GNDP_LIBRARY(gndp_observations_read(options->path, o));
done:
    return code;
}

/* ---- Variables ------------------------------------------------------------------------------ */

/* Names and units of the model's components. */
static int name_components(const gndp_fieldset_spec *model, cli_observed *out)
{
    for (int c = 0; c < model->n_channels; c++)
        out->components += model->channel[c].components;
    out->name = calloc((size_t)out->components, sizeof *out->name);
    out->units = calloc((size_t)out->components, sizeof *out->units);
    if (out->name == NULL || out->units == NULL)
        return gndp_failure_memory();
    for (int c = 0, p = 0; c < model->n_channels; c++) {
        const gndp_channel *channel = &model->channel[c];
        for (int k = 0; k < channel->components; k++, p++) {
            snprintf(out->name[p], sizeof out->name[p], "%s", channel->kind == GNDP_CHANNEL_SPHERE ? "" : channel->part[k].name);
            snprintf(out->units[p], sizeof out->units[p], "%s", channel->units);
        }
    }
    return GNDP_EXIT_DONE;
}

int cli_observed_component(const gndp_fieldset_spec *model, const char *name)
{
    int p = 0;
    for (int c = 0; c < model->n_channels; p += model->channel[c++].components) {
        const gndp_channel *channel = &model->channel[c];
        if (channel->kind == GNDP_CHANNEL_SPHERE)
            continue;
        for (int k = 0; k < channel->components; k++)
            if (strcmp(name, channel->part[k].name) == 0 || (channel->components == 1 && strcmp(name, channel->name) == 0) ||
                (channel->part[k].standard_name[0] != '\0' && strcmp(name, channel->part[k].standard_name) == 0))
                return p + k;
    }
    const int number = model->coords.space == GNDP_SPACE_EUCLIDEAN && name[0] == 'y' ? (name[1] == '\0' ? 1 : atoi(name + 1)) : 0;
    return number >= 1 && number <= p ? number - 1 : -1;
}

/* Whether --var asks for it, by its own name or that of its vector. */
static bool is_chosen(const cli_vars *vars, const gndp_fieldset_spec *model, const char *name, int component)
{
    for (int v = 0; v < vars->n; v++) {
        int p = 0;
        if (strcmp(vars->name[v], name) == 0)
            return true;
        for (int c = 0; c < model->n_channels; p += model->channel[c++].components)
            if (strcmp(vars->name[v], model->channel[c].name) == 0 && component >= p && component < p + model->channel[c].components)
                return true;
    }
    return vars->n == 0;
}

static void list_names(const cli_observed *out, char *text, size_t bytes)
{
    size_t used = 0;
    text[0] = '\0';
    for (int p = 0; p < out->components && used + 70 < bytes; p++)
        used += (size_t)snprintf(text + used, bytes - used, "%s%s", p > 0 ? ", " : "", out->name[p]);
}

/* component [variables of the table]: which of the model's each is, -1: none. Units become the model's. */
static int match(const cli_observed_options *options, const gndp_fieldset_spec *model, gndp_observations *o, cli_observed *out, int *component)
{
    int code = GNDP_EXIT_DONE, found = 0;
    cli_vars vars = {.n = 0};
    char names[512];
    GNDP_STEP(cli_select_vars(&options->select, &vars));
    list_names(out, names, sizeof names);
    for (int c = 0; c < o->n_channels; c++) {
        const int p = cli_observed_component(model, o->name[c]);
        component[c] = p;
        if (p < 0 && !options->quiet)
            gndp_note("%s: the model has no '%s', it is passed over (the model has %s)", options->path, o->name[c], names);
        if (p >= 0 && !(out->drawn || is_chosen(&vars, model, o->name[c], p)))
            component[c] = -1;
        if (component[c] < 0)
            continue;
        found++;
        if (o->units[c][0] != '\0' && out->units[p][0] != '\0' && strcmp(o->units[c], out->units[p]) != 0)
            GNDP_LIBRARY(gndp_observations_convert(o, c, out->units[p]));
    }
    if (found == 0)
        code = gndp_failure("%s: none of its %d variables is one of the model's: %s", options->path, o->n_channels, names);
done:
    free(vars.memory);
    return code;
}

/* ---- Errors --------------------------------------------------------------------------------- */

/* --sigma as a number for each component; 0: none. */
static int read_sigma(const char *text, const gndp_fieldset_spec *model, const cli_observed *out, double *sigma)
{
    char copy[512];
    for (int p = 0; p < out->components; p++)
        sigma[p] = 0.0;
    if (text == NULL)
        return GNDP_EXIT_DONE;
    snprintf(copy, sizeof copy, "%s", text);
    for (char *word = copy; word != NULL;) {
        char *comma = strchr(word, ','), *equals;
        double value;
        if (comma != NULL)
            *comma++ = '\0';
        equals = strchr(word, '=');
        if (equals != NULL)
            *equals++ = '\0';
        if (!gndp_number_read(equals != NULL ? equals : word, &value) || value < 0.0)
            return gndp_usage_error("--sigma wants a standard deviation such as 0.3, or t2m=0.3,u10=1; got '%s'", text);
        const int only = equals != NULL ? cli_observed_component(model, word) : -1;
        if (equals != NULL && only < 0)
            return gndp_usage_error("--sigma: the model has no '%s'", word);
        for (int p = 0; p < out->components; p++)
            if (only < 0 || p == only)
                sigma[p] = value;
        word = comma;
    }
    return GNDP_EXIT_DONE;
}

/* ---- Places and times ----------------------------------------------------------------------- */

typedef struct spot {
    double x[GNDP_MAX_AXES];
    int columns;
    int64_t index;
} spot;

static int by_spot(const void *a, const void *b)
{
    const spot *p = a, *q = b;
    for (int c = 0; c < p->columns; c++)
        if (p->x[c] != q->x[c])
            return p->x[c] < q->x[c] ? -1 : 1;
    return (p->index > q->index) - (p->index < q->index);
}

/* How far apart two readings of one place may be, in the first column: a metre on the sphere; elsewhere what single precision rounds of the extent. */
static double nearness(const gndp_observations *o, const item *items, int64_t n)
{
    double low = HUGE_VAL, high = -HUGE_VAL;
    for (int64_t i = 0; i < n; i++)
        for (int c = 0; c < o->columns; c++) {
            const double x = o->x[items[i].index * o->columns + c];
            low = fmin(low, x), high = fmax(high, x);
        }
    return o->space == GNDP_SPACE_SPHERE ? 2e-5 : 2e-6 * (high - low);
}

static bool near(const gndp_observations *o, double tolerance, const double *a, const double *b)
{
    double u[GNDP_MAX_AXES], v[GNDP_MAX_AXES], sum = 0.0;
    const int dim = o->space == GNDP_SPACE_SPHERE ? 3 : o->columns;
    gndp_coords_embed(o->space, o->columns, 1, a, u);
    gndp_coords_embed(o->space, o->columns, 1, b, v);
    for (int d = 0; d < dim; d++)
        sum += (u[d] - v[d]) * (u[d] - v[d]);
    return sqrt(sum) <= (o->space == GNDP_SPACE_SPHERE ? tolerance * 3.14159265358979323846 / 180.0 : tolerance);
}

/* The place that x is, of those numbered so far, which ascend in the first column; -1: none. */
static int64_t known_place(const gndp_observations *o, double tolerance, const cli_observed *out, const double *x)
{
    const int C = o->columns;
    for (int64_t k = out->n_places - 1; k >= 0 && x[0] - out->x[k * C] <= tolerance; k--)
        if (near(o, tolerance, x, out->x + k * C))
            return k;
    return -1;
}

/* Number the different places of the items. */
static int number_places(const gndp_observations *o, item *items, int64_t n, cli_observed *out)
{
    const int C = o->columns;
    const double tolerance = nearness(o, items, n);
    spot *spots = malloc((size_t)n * sizeof *spots);
    out->x = malloc((size_t)(n * C) * sizeof *out->x);
    if (spots == NULL || out->x == NULL) {
        free(spots);
        return gndp_failure_memory();
    }
    for (int64_t i = 0; i < n; i++) {
        spots[i] = (spot){.columns = C, .index = i};
        memcpy(spots[i].x, o->x + items[i].index * C, (size_t)C * sizeof(double));
    }
    qsort(spots, (size_t)n, sizeof *spots, by_spot);
    for (int64_t i = 0, place = -1; i < n; i++) {
        if (i == 0 || memcmp(spots[i].x, spots[i - 1].x, (size_t)C * sizeof(double)) != 0) {
            place = known_place(o, tolerance, out, spots[i].x);
            if (place < 0) {
                place = out->n_places++;
                memcpy(out->x + place * C, spots[i].x, (size_t)C * sizeof(double));
            }
        }
        items[spots[i].index].place = place;
    }
    free(spots);
    return GNDP_EXIT_DONE;
}

static int by_row(const void *a, const void *b)
{
    const item *p = a, *q = b;
    if (p->time_s != q->time_s && !(isnan(p->time_s) && isnan(q->time_s)))
        return isnan(p->time_s) ? -1 : isnan(q->time_s) ? 1 : p->time_s < q->time_s ? -1 : 1;
    if (p->place != q->place)
        return p->place < q->place ? -1 : 1;
    return p->component != q->component ? p->component - q->component : (p->index > q->index) - (p->index < q->index);
}

static bool same_time(const item *a, const item *b)
{
    return a->time_s == b->time_s || (isnan(a->time_s) && isnan(b->time_s));
}

/* ---- Rows ----------------------------------------------------------------------------------- */

/* One row of `n` observations of one value: their mean by precision. One without error rules out that others differ. */
static int join(const cli_observed *out, const gndp_observations *o, const item *items, int64_t n, const double *sigma, cli_observation *row)
{
    double precision = 0.0, sum = 0.0;
    int64_t sure = -1;
    *row = (cli_observation){.place = items[0].place, .component = items[0].component, .line = o->line[items[0].index]};
    for (int64_t i = 0; i < n; i++) {
        const int64_t k = items[i].index;
        const double sd = o->sd[k] > 0.0 ? o->sd[k] : sigma[row->component];
        if (sd == 0.0 && sure >= 0 && o->value[k] != o->value[sure])
            return gndp_failure("%s lines %lld and %lld: %s is %g and %g at one place and time, both without error; give errors (--sigma, or a column "
                                "sigma)",
                                out->path, (long long)o->line[sure], (long long)o->line[k], out->name[row->component], o->value[sure], o->value[k]);
        if (sd == 0.0)
            sure = k;
        else
            precision += 1.0 / (sd * sd), sum += o->value[k] / (sd * sd);
    }
    row->value = sure >= 0 ? o->value[sure] : n == 1 ? o->value[items[0].index] : sum / precision;
    row->sd = sure >= 0 ? 0.0 : sqrt(1.0 / precision);
    for (int64_t i = 0; i < n; i++) {
        const int64_t k = items[i].index;
        const double sd = o->sd[k] > 0.0 ? o->sd[k] : sigma[row->component];
        if (sd > 0.0)
            row->lost -= 0.5 * (log_2pi + pow((o->value[k] - row->value) / sd, 2)) + log(sd);
    }
    if (sure < 0)
        row->lost += 0.5 * log_2pi + log(row->sd); /* the mean has its own density, at its own value */
    return GNDP_EXIT_DONE;
}

static int make_rows(const gndp_observations *o, const item *items, int64_t n, const double *sigma, cli_observed *out)
{
    int code = GNDP_EXIT_DONE;
    out->row = malloc((size_t)n * sizeof *out->row);
    out->time_s = malloc((size_t)n * sizeof *out->time_s);
    out->first = malloc((size_t)(n + 1) * sizeof *out->first);
    if (out->row == NULL || out->time_s == NULL || out->first == NULL)
        return gndp_failure_memory();
    for (int64_t i = 0; i < n;) {
        int64_t end = i + 1;
        while (end < n && same_time(&items[i], &items[end]) && items[end].place == items[i].place && items[end].component == items[i].component)
            end++;
        if (i == 0 || !same_time(&items[i], &items[i - 1])) {
            out->time_s[out->n_cases] = items[i].time_s;
            out->first[out->n_cases++] = out->n;
        }
        GNDP_STEP(join(out, o, items + i, end - i, sigma, &out->row[out->n++]));
        out->merged += end - i - 1;
        i = end;
    }
    out->first[out->n_cases] = out->n;
    if (out->n_cases > 1 && isnan(out->time_s[0]))
        code = gndp_failure("%s: some observations have a time, others none", out->path);
done:
    return code;
}

static int gather(const cli_observed_options *options, const gndp_observations *o, const int *component, item *items, int64_t *n)
{
    int code = GNDP_EXIT_DONE;
    const char *time = options->select.time;
    double first = -HUGE_VAL, last = HUGE_VAL;
    if (time != NULL)
        GNDP_LIBRARY(gndp_calendar_parse_span(o->calendar, time, &first, &last));
    for (int64_t i = 0; i < o->n; i++)
        if (component[o->channel[i]] >= 0 && (time == NULL || (o->time_s[i] >= first && o->time_s[i] < last)))
            items[(*n)++] = (item){.time_s = o->time_s[i], .index = i, .component = component[o->channel[i]]};
    if (*n == 0)
        code = gndp_failure("%s has no observation of the model%s%s", options->path, time != NULL ? " within --time " : "", time != NULL ? time : "");
done:
    return code;
}

static int make(const cli_observed_options *options, const gndp_fieldset_spec *model, gndp_observations *o, cli_observed *out)
{
    int code = GNDP_EXIT_DONE;
    int64_t n = 0;
    int *component = malloc((size_t)(o->n_channels + 1) * sizeof *component);
    double *sigma = malloc((size_t)out->components * sizeof *sigma);
    item *items = malloc((size_t)(o->n + 1) * sizeof *items);
    if (component == NULL || sigma == NULL || items == NULL) {
        code = gndp_failure_memory();
        goto done;
    }
    GNDP_STEP(match(options, model, o, out, component));
    GNDP_STEP(read_sigma(options->sigma, model, out, sigma));
    GNDP_STEP(gather(options, o, component, items, &n));
    GNDP_STEP(number_places(o, items, n, out));
    qsort(items, (size_t)n, sizeof *items, by_row);
    GNDP_STEP(make_rows(o, items, n, sigma, out));
done:
    free(component);
    free(sigma);
    free(items);
    return code;
}

int cli_observed_read(const cli_observed_options *options, const gndp_fieldset_spec *model, cli_observed *out)
{
    int code = GNDP_EXIT_DONE;
    gndp_observations o = {0};
    *out = (cli_observed){.path = options->path};
    GNDP_STEP(name_components(model, out));
    GNDP_STEP(read_table(options, &o, &out->drawn));
    out->space = o.space;
    out->columns = o.columns;
    out->calendar = o.calendar;
    out->missing = o.rejected;
    if (o.space != model->coords.space || o.columns != model->coords.columns) {
        code = gndp_failure("%s: its places are %s, the model's %s", options->path,
                            o.space == GNDP_SPACE_SPHERE ? "latitude and longitude" : "x1, ..",
                            model->coords.space == GNDP_SPACE_SPHERE ? "latitude and longitude" : "x1, .. of another number");
        goto done;
    }
    GNDP_STEP(make(options, model, &o, out));
    if (out->missing > 0 && !options->quiet)
        gndp_note("%s: %lld missing values are passed over", options->path, (long long)out->missing);
    if (out->merged > 0 && !options->quiet)
        gndp_note("%s: %lld observations of what another one observes too: taken as one, their mean by precision", options->path,
                  (long long)out->merged);
done:
    gndp_observations_free(&o);
    return code;
}

void cli_observed_free(cli_observed *observed)
{
    free(observed->x);
    free(observed->time_s);
    free(observed->first);
    free(observed->row);
    free(observed->name);
    free(observed->units);
    *observed = (cli_observed){0};
}

/* ---- Texts ---------------------------------------------------------------------------------- */

gndp_date_string cli_observed_time(const cli_observed *observed, int c)
{
    return isnan(observed->time_s[c]) ? (gndp_date_string){""} : gndp_calendar_text(observed->calendar, observed->time_s[c]);
}

char *cli_observed_text(const cli_observed *o, const bool *out, bool is)
{
    char *text = NULL;
    size_t bytes = 0;
    FILE *file = open_memstream(&text, &bytes);
    if (file == NULL)
        return NULL;
    const bool times = !isnan(o->time_s[0]);
    if (times)
        fputs("time,", file);
    for (int c = 0; c < o->columns; c++)
        if (o->space == GNDP_SPACE_SPHERE)
            fputs(c == 0 ? "lat," : "lon,", file);
        else
            fprintf(file, "x%d,", c + 1);
    fputs("variable,value,units,sigma\n", file);
    for (int k = 0; k < o->n_cases; k++)
        for (int64_t i = o->first[k]; i < o->first[k + 1]; i++) {
            const cli_observation *row = &o->row[i];
            if (out != NULL && out[row->place] != is)
                continue;
            if (times)
                fprintf(file, "%s,", cli_observed_time(o, k).text);
            for (int c = 0; c < o->columns; c++)
                fprintf(file, "%s,", gndp_csv_number_text(o->x[row->place * o->columns + c]).text);
            fprintf(file, "%s,%s,%s,", o->name[row->component], gndp_csv_number_text(row->value).text, o->units[row->component]);
            fprintf(file, "%s\n", row->sd > 0.0 ? gndp_csv_number_text(row->sd).text : "");
        }
    if (fclose(file) != 0) {
        free(text);
        return NULL;
    }
    return text;
}

char *cli_observed_kept(const gndp_fieldset_spec *spec, const char *name)
{
    char *text = NULL, full[80];
    size_t used = 0;
    for (int k = 1;; k++) {
        const char *piece = NULL;
        snprintf(full, sizeof full, k > 1 ? "%s_%d" : "%s", name, k);
        for (int a = 0; a < spec->n_attributes; a++)
            if (strcmp(spec->attribute[a].name, full) == 0)
                piece = spec->attribute[a].text;
        if (piece == NULL)
            return text;
        char *more = realloc(text, used + strlen(piece) + 1);
        if (more == NULL)
            return text;
        text = more;
        memcpy(text + used, piece, strlen(piece) + 1);
        used += strlen(piece);
    }
}

/* FNV-1a, 64 bits. */
static uint64_t mix(uint64_t hash, const void *data, size_t bytes)
{
    const unsigned char *p = data;
    for (size_t i = 0; i < bytes; i++)
        hash = (hash ^ p[i]) * UINT64_C(0x100000001b3);
    return hash;
}

void cli_observed_hash(const cli_observed *o, const bool *left_out, const char *more, char text[17])
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (int k = 0; k < o->n_cases; k++)
        for (int64_t i = o->first[k]; i < o->first[k + 1]; i++) {
            const cli_observation *row = &o->row[i];
            const double numbers[] = {isnan(o->time_s[k]) ? 0.0 : o->time_s[k], (double)row->component, row->value, row->sd,
                                      left_out != NULL && left_out[row->place] ? 1.0 : 0.0};
            hash = mix(hash, numbers, sizeof numbers);
            hash = mix(hash, o->x + row->place * o->columns, (size_t)o->columns * sizeof(double));
        }
    if (more != NULL)
        hash = mix(hash, more, strlen(more));
    snprintf(text, 17, "%016llx", (unsigned long long)hash);
}
