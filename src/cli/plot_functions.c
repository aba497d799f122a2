// SPDX-License-Identifier: Apache-2.0
// Curves: fields along a line, one by one or as a band, and tables of observations.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/plot_fields.h"
#include "cli/usage.h"

enum { FEW = 8, EXAMPLES = 3, SERIES_MAX = 64 };

/* A panel as it grows; x and y of series are in `memory`. */
typedef struct chart {
    gndp_series series[SERIES_MAX];
    plot_line name[SERIES_MAX], title, x_label, y_label;
    int n;
    double *memory[SERIES_MAX];
} chart;

static void chart_free(chart *c)
{
    for (int i = 0; i < c->n; i++)
        free(c->memory[i]);
}

/* A series of n points with memory for x, y and y2. */
static gndp_series *add(chart *c, gndp_mark mark, int64_t n, int colour, const char *name,
                        double **x, double **y, double **y2)
{
    double *memory = malloc(3 * (size_t)(n > 0 ? n : 1) * sizeof *memory);
    if (memory == NULL || c->n == SERIES_MAX) {
        free(memory);
        gndp_failure_memory();
        return NULL;
    }
    *x = memory;
    *y = memory + n;
    *y2 = memory + 2 * n;
    c->memory[c->n] = memory;
    snprintf(c->name[c->n].text, sizeof c->name[c->n].text, "%s", name != NULL ? name : "");
    gndp_series *s = &c->series[c->n];
    *s = (gndp_series){.name = name != NULL ? c->name[c->n].text : NULL,
                       .mark = mark,
                       .n = n,
                       .x = *x,
                       .y = *y,
                       .y2 = *y2,
                       .colour = colour};
    c->n++;
    return s;
}

/* ---- Functions ------------------------------------------------------------------------------- */

/* Points in order of x, as a line wants them. */
typedef struct sample {
    double x, y;
} sample;

static int rising(const void *a, const void *b)
{
    const double x = ((const sample *)a)->x, y = ((const sample *)b)->x;
    return (x > y) - (x < y);
}

static int read_function(const gndp_fieldset *set, int64_t f, int component, int64_t n, sample *out)
{
    int code = GNDP_EXIT_DONE;
    const int all = gndp_fieldset_components(set);
    double *values = malloc((size_t)(n * all) * sizeof *values), *x = malloc((size_t)n * sizeof *x);
    uint8_t *present = malloc((size_t)(n * all));
    if (values == NULL || x == NULL || present == NULL) {
        code = gndp_failure_memory();
        goto done;
    }
    GNDP_LIBRARY(gndp_fieldset_coords(set, f, x));
    GNDP_LIBRARY(gndp_fieldset_read(set, 1, &f, n, NULL, values, present));
    for (int64_t i = 0; i < n; i++)
        out[i] = (sample){x[i],
                          present[i * all + component] ? values[i * all + component] : (double)NAN};
    qsort(out, (size_t)n, sizeof *out, rising);
done:
    free(values);
    free(x);
    free(present);
    return code;
}

static int add_function(chart *c, const gndp_fieldset *set, int64_t f, int component, int colour,
                        const char *name)
{
    int code = GNDP_EXIT_DONE;
    const int64_t n = gndp_fieldset_points(set, f);
    double *x, *y, *y2;
    sample *list = malloc((size_t)n * sizeof *list);
    if (list == NULL)
        return gndp_failure_memory();
    GNDP_STEP(read_function(set, f, component, n, list));
    if (add(c, n > 1 ? GNDP_MARK_LINE : GNDP_MARK_POINTS, n, colour, name, &x, &y, &y2) == NULL) {
        code = GNDP_EXIT_FAILURE;
        goto done;
    }
    for (int64_t i = 0; i < n; i++) {
        x[i] = list[i].x;
        y[i] = list[i].y;
    }
done:
    free(list);
    return code;
}

static int rising_number(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Of sorted values, the quantile by linear interpolation. */
static double quantile(const double *value, int64_t n, double q)
{
    const double at = q * (double)(n - 1);
    const int64_t i = (int64_t)at;
    return i + 1 < n ? value[i] + (at - (double)i) * (value[i + 1] - value[i]) : value[n - 1];
}

/* Many functions on the same points: 5 to 95 % of them, and the median. */
static int add_band(chart *c, const gndp_fieldset *set, int component)
{
    int code = GNDP_EXIT_DONE;
    const int64_t fields = gndp_fieldset_get_spec(set)->n_fields, n = gndp_fieldset_points(set, 0),
                  used = fields < 4096 ? fields : 4096;
    sample *list = malloc((size_t)(n * used) * sizeof *list);
    double *column = malloc((size_t)used * sizeof *column), *x, *low, *high, *mx, *my, *unused;
    plot_line name;
    if (list == NULL || column == NULL) {
        code = gndp_failure_memory();
        goto done;
    }
    for (int64_t k = 0; k < used; k++)
        GNDP_STEP(read_function(set, plot_spread(fields, used, k), component, n, list + k * n));
    snprintf(name.text, sizeof name.text, "5 to 95 %% of %lld", (long long)used);
    const bool made = add(c, GNDP_MARK_BAND, n, 1, name.text, &x, &low, &high) != NULL &&
                      add(c, GNDP_MARK_DASHES, n, 1, "median", &mx, &my, &unused) != NULL;
    if (!made) {
        code = GNDP_EXIT_FAILURE;
        goto done;
    }
    for (int64_t i = 0; i < n; i++) {
        int64_t count = 0;
        for (int64_t k = 0; k < used; k++)
            if (!isnan(list[k * n + i].y))
                column[count++] = list[k * n + i].y;
        qsort(column, (size_t)count, sizeof *column, rising_number);
        x[i] = mx[i] = list[i].x;
        low[i] = count > 0 ? quantile(column, count, 0.05) : (double)NAN;
        high[i] = count > 0 ? quantile(column, count, 0.95) : (double)NAN;
        my[i] = count > 0 ? quantile(column, count, 0.5) : (double)NAN;
    }
done:
    free(list);
    free(column);
    return code;
}

static int add_functions(chart *c, const plot_settings *s, const gndp_fieldset *set, int component)
{
    int code = GNDP_EXIT_DONE;
    const int64_t fields = gndp_fieldset_get_spec(set)->n_fields;
    const bool band = fields > FEW && gndp_fieldset_shared(set) && s->n == 0;
    const int64_t most = s->n > 0 ? (s->n < SERIES_MAX - 4 ? s->n : SERIES_MAX - 4)
                         : band   ? EXAMPLES
                                  : FEW,
                  n = fields < most ? fields : most;
    if (band)
        GNDP_STEP(add_band(c, set, component));
    for (int64_t i = 0; i < n; i++) {
        const int64_t f = plot_spread(fields, n, i);
        const plot_line label = plot_label_line(set, f);
        char name[64];
        snprintf(name, sizeof name, "field %lld", (long long)f);
        GNDP_STEP(add_function(c, set, f, component, (int)(band ? i + 2 : i + 1),
                               n > FEW                 ? NULL
                               : label.text[0] != '\0' ? label.text
                                                       : name));
    }
done:
    return code;
}

/* ---- Observations ---------------------------------------------------------------------------- */

/* Channel k of a table as points, with bars of one standard deviation where errors are given. */
static int add_table(chart *c, const gndp_observations *table, int k, int colour, const char *name)
{
    int64_t n = 0;
    bool errors = false;
    double *x, *y, *y2;
    for (int64_t i = 0; i < table->n; i++) {
        n += table->channel[i] == k;
        errors = errors || (table->channel[i] == k && table->sd[i] > 0.0);
    }
    if (n == 0)
        return GNDP_EXIT_DONE;
    if (add(c, errors ? GNDP_MARK_ERRORS : GNDP_MARK_POINTS, n, colour, name, &x, &y, &y2) == NULL)
        return GNDP_EXIT_FAILURE;
    n = 0;
    for (int64_t i = 0; i < table->n; i++)
        if (table->channel[i] == k) {
            x[n] = table->x[i];
            y[n] = errors ? table->value[i] - table->sd[i] : table->value[i];
            y2[n++] = errors ? table->value[i] + table->sd[i] : table->value[i];
        }
    return GNDP_EXIT_DONE;
}

static int add_observed(chart *c, const gndp_observations *table, const char *name)
{
    int code = GNDP_EXIT_DONE;
    if (table->columns != 1)
        return gndp_failure("the observations have %d coordinates, the functions one",
                            table->columns);
    for (int k = 0; k < table->n_channels; k++)
        if (table->n_channels == 1 || strcmp(table->name[k], name) == 0)
            GNDP_STEP(add_table(c, table, k, 8, "observations"));
done:
    return code;
}

/* ---- Pages ----------------------------------------------------------------------------------- */

static gndp_panel panel_of(const plot_settings *s, const chart *c)
{
    return (gndp_panel){.title = c->title.text[0] != '\0' ? c->title.text : NULL,
                        .x_label = c->x_label.text[0] != '\0' ? c->x_label.text : NULL,
                        .y_label = c->y_label.text[0] != '\0' ? c->y_label.text : NULL,
                        .log_x = s->log_x,
                        .log_y = s->log_y,
                        .n_series = c->n,
                        .series = c->series};
}

static void label_chart(chart *c, const gndp_fieldset *set, int channel, const char *title)
{
    const gndp_fieldset_spec *spec = gndp_fieldset_get_spec(set);
    const gndp_axis *axis = &spec->coords.axis[0];
    const plot_line units = plot_units_line(axis->units);
    c->y_label = plot_channel_line(&spec->channel[channel]);
    snprintf(c->x_label.text, sizeof c->x_label.text, "%s%s%.100s%s", axis->name,
             units.text[0] != '\0' ? " (" : "", units.text, units.text[0] != '\0' ? ")" : "");
    snprintf(c->title.text, sizeof c->title.text, "%s", title);
}

/* The same y for data and samples, unless a scale is logarithmic: then each finds its own. */
static void share_limits(gndp_panel *panel, int n)
{
    double low = HUGE_VAL, high = -HUGE_VAL;
    for (int p = 0; p < n; p++)
        for (int i = 0; i < panel[p].n_series; i++) {
            const gndp_series *s = &panel[p].series[i];
            for (int64_t k = 0; k < s->n; k++) {
                const double other = s->mark == GNDP_MARK_BAND ? s->y2[k] : s->y[k];
                low = fmin(low, fmin(s->y[k], other));
                high = fmax(high, fmax(s->y[k], other));
            }
        }
    const double room = 0.05 * (high - low);
    for (int p = 0; p < n && high > low && !panel[p].log_y; p++) {
        panel[p].y_low = low - room;
        panel[p].y_high = high + room;
    }
}

int plot_functions(const plot_settings *s, const char *path, const gndp_fieldset *set,
                   const gndp_fieldset *data)
{
    int code = GNDP_EXIT_DONE, n = 0, component = 0;
    const gndp_fieldset_spec *spec = gndp_fieldset_get_spec(set);
    const gndp_fieldset *const source[] = {data, set};
    gndp_panel panel[PLOT_CHANNELS];
    gndp_observations table = {0};
    chart *charts = calloc(PLOT_CHANNELS, sizeof *charts);
    if (charts == NULL)
        return gndp_failure_memory();
    if (s->stat != NULL) {
        code =
            gndp_usage_error("--stat goes with maps; of many functions the band is drawn anyway");
        goto done;
    }
    GNDP_STEP(plot_read_stations(s, set, &table));
    if (data != NULL &&
        strcmp(gndp_fieldset_get_spec(data)->channel[0].name, spec->channel[0].name) != 0) {
        code = gndp_failure("%s begins with %s, %s with %s; --var chooses", s->compare,
                            gndp_fieldset_get_spec(data)->channel[0].name, path,
                            spec->channel[0].name);
        goto done;
    }
    const int panels = data != NULL                       ? 2
                       : spec->n_channels < PLOT_CHANNELS ? spec->n_channels
                                                          : PLOT_CHANNELS;
    if (panels < spec->n_channels && !s->quiet)
        gndp_note("%d of %d variables are drawn; --var chooses", data != NULL ? 1 : panels,
                  spec->n_channels);
    for (; n < panels; n++) {
        const int channel = data != NULL ? 0 : n;
        chart *c = &charts[n];
        label_chart(c, set, channel, data == NULL ? "" : n == 0 ? "data" : "samples");
        GNDP_STEP(add_functions(c, s, data != NULL ? source[n] : set, component));
        if (table.n > 0)
            GNDP_STEP(add_observed(c, &table, spec->channel[channel].name));
        panel[n] = panel_of(s, c);
        component += data != NULL ? 0 : spec->channel[n].components;
    }
    if (data != NULL)
        share_limits(panel, n);
    GNDP_LIBRARY(gndp_plot_curves(s->output, s->title != NULL ? s->title : plot_base_name(path), n,
                                  panel, data != NULL ? 2 : (int)s->columns));
done:
    for (int i = 0; i < PLOT_CHANNELS; i++)
        chart_free(&charts[i]);
    free(charts);
    gndp_observations_free(&table);
    return code;
}

/* ---- Tables ---------------------------------------------------------------------------------- */

static int table_curves(const plot_settings *s, const char *path, const gndp_observations *table)
{
    int code = GNDP_EXIT_DONE;
    chart c = {.n = 0};
    const int n = table->n_channels < SERIES_MAX ? table->n_channels : SERIES_MAX;
    snprintf(c.x_label.text, sizeof c.x_label.text, "x");
    if (n < table->n_channels && !s->quiet)
        gndp_note("%d of %d columns are drawn; --var chooses", n, table->n_channels);
    for (int k = 0; k < n; k++)
        GNDP_STEP(add_table(&c, table, k, k + 1, n <= 12 ? table->name[k] : NULL));
    const gndp_panel panel = panel_of(s, &c);
    GNDP_LIBRARY(gndp_plot_curves(s->output, s->title != NULL ? s->title : plot_base_name(path), 1,
                                  &panel, 1));
done:
    chart_free(&c);
    return code;
}

static int table_maps(const plot_settings *s, const char *path, const gndp_observations *table)
{
    int code = GNDP_EXIT_DONE;
    const int n = table->n_channels < PLOT_CHANNELS ? table->n_channels : PLOT_CHANNELS;
    double *list = malloc(3 * (size_t)table->n * sizeof *list), low = 0.0, high = 0.0;
    gndp_map map[PLOT_CHANNELS] = {{0}};
    struct gndp_map_scale scale[PLOT_CHANNELS];
    plot_line label[PLOT_CHANNELS];
    gndp_map_options options;
    int64_t at = 0;
    if (list == NULL)
        return gndp_failure_memory();
    GNDP_STEP(plot_map_settings(s, &options));
    GNDP_STEP(plot_limits(s, &low, &high));
    if (n < table->n_channels && !s->quiet)
        gndp_note("%d of %d variables are drawn; --var chooses", n, table->n_channels);
    for (int k = 0; k < n; k++) {
        const int64_t first = at;
        for (int64_t i = 0; i < table->n; i++)
            if (table->channel[i] == k) {
                list[at] = table->x[2 * i];
                list[table->n + at] = table->x[2 * i + 1];
                list[2 * table->n + at++] = table->value[i];
            }
        const double *value = list + 2 * table->n + first;
        const plot_line units = plot_units_line(table->units[k]);
        snprintf(label[k].text, sizeof label[k].text, "%s%s%.100s%s", table->name[k],
                 units.text[0] != '\0' ? " (" : "", units.text, units.text[0] != '\0' ? ")" : "");
        map[k].points = (gndp_map_points){.n = at - first,
                                          .lat_deg = list + first,
                                          .lon_deg = list + table->n + first,
                                          .value = value};
        map[k].scale = k;
        scale[k] = (struct gndp_map_scale){.label = label[k].text,
                                           .low = low,
                                           .high = high,
                                           .palette = plot_diverges(s, at - first, value)
                                                          ? GNDP_PALETTE_DIVERGING
                                                          : GNDP_PALETTE_SEQUENTIAL};
    }
    options.n_scales = n;
    options.scale = scale;
    options.title = s->title != NULL ? s->title : plot_base_name(path);
    GNDP_LIBRARY(gndp_plot_maps(s->output, &options, n, map, NULL));
done:
    free(list);
    return code;
}

int plot_observations(const plot_settings *s, const char *path, const gndp_observations *table)
{
    if (s->compare != NULL || s->stat != NULL || s->obs != NULL)
        return gndp_usage_error("--compare, --stat and --obs go with fields; %s is a table", path);
    if (table->columns == 1)
        return table_curves(s, path, table);
    if (table->space == GNDP_SPACE_SPHERE)
        return table_maps(s, path, table);
    return gndp_failure(
        "%s: places of %d coordinates cannot be drawn; one, or latitude and longitude, can", path,
        table->columns);
}
