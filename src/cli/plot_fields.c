// SPDX-License-Identifier: Apache-2.0
// Values, statistics and stations of one map.
#include "cli/plot_fields.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/observed.h"
#include "cli/usage.h"

void plot_panel_free(plot_panel *panel)
{
    free(panel->x);
    free(panel->value);
    free(panel->east);
    free(panel->north);
    free(panel->station);
    *panel = (plot_panel){0};
}

/* ---- Values ---------------------------------------------------------------------------------- */

/* Running mean and sum of squares about it, at each point and component of a channel (Welford
 * 1962). */
typedef struct moments {
    int64_t *count;
    double *mean, *square;
} moments;

static void moments_add(moments *m, int64_t i, double value)
{
    const double from = value - m->mean[i];
    m->count[i]++;
    m->mean[i] += from / (double)m->count[i];
    m->square[i] += from * (value - m->mean[i]);
}

static int own_points(const gndp_fieldset *set, int64_t field, plot_panel *out)
{
    int code = GNDP_EXIT_DONE;
    out->coords.n = gndp_fieldset_points(set, field);
    out->x = malloc((size_t)(out->coords.n * out->coords.columns) * sizeof *out->x);
    if (out->x == NULL)
        return gndp_failure_memory();
    GNDP_LIBRARY(gndp_fieldset_coords(set, field, out->x));
    out->coords.x = out->x;
    out->coords.layout = GNDP_LAYOUT_LIST;
done:
    return code;
}

static int read_moments(const gndp_fieldset *set, int component, int parts, int64_t n,
                        const int64_t *field, int64_t points, moments *m)
{
    int code = GNDP_EXIT_DONE;
    const int all = gndp_fieldset_components(set);
    double *values = malloc((size_t)(points * all) * sizeof *values);
    uint8_t *present = malloc((size_t)(points * all));
    if (values == NULL || present == NULL) {
        code = gndp_failure_memory();
        goto done;
    }
    for (int64_t f = 0; f < n; f++) {
        GNDP_LIBRARY(gndp_fieldset_read(set, 1, &field[f], points, NULL, values, present));
        for (int64_t i = 0; i < points; i++)
            for (int c = 0; c < parts; c++)
                if (present[i * all + component + c])
                    moments_add(m, i * parts + c, values[i * all + component + c]);
    }
done:
    free(values);
    free(present);
    return code;
}

/* Pictures have y before x, as grids do. Coordinates x1, x2 or x, y come the other way about: x1 is
 * to run to the right all the same. */
static bool x_first(const gndp_coords *c)
{
    return c->space == GNDP_SPACE_EUCLIDEAN && c->columns == 2 &&
           (strcmp(c->axis[0].name, "x1") == 0 || strcmp(c->axis[0].name, "x") == 0);
}

static int turn_list(plot_panel *p)
{
    double *x = malloc(2 * (size_t)p->coords.n * sizeof *x);
    if (x == NULL)
        return gndp_failure_memory();
    for (int64_t i = 0; i < p->coords.n; i++) {
        x[2 * i] = p->coords.x[2 * i + 1];
        x[2 * i + 1] = p->coords.x[2 * i];
    }
    free(p->x);
    p->coords.x = p->x = x;
    return GNDP_EXIT_DONE;
}

static int turn_grid(const gndp_coords *from, double **value)
{
    const int64_t rows = from->axis[0].size, columns = from->axis[1].size;
    if (*value == NULL)
        return GNDP_EXIT_DONE;
    double *turned = malloc((size_t)from->n * sizeof *turned);
    if (turned == NULL)
        return gndp_failure_memory();
    for (int64_t i = 0; i < rows; i++)
        for (int64_t j = 0; j < columns; j++)
            turned[j * rows + i] = (*value)[i * columns + j];
    free(*value);
    *value = turned;
    return GNDP_EXIT_DONE;
}

static int turn(plot_panel *p)
{
    int code = GNDP_EXIT_DONE;
    const gndp_axis first = p->coords.axis[0];
    if (!x_first(&p->coords))
        return GNDP_EXIT_DONE;
    if (p->coords.layout == GNDP_LAYOUT_LIST) {
        GNDP_STEP(turn_list(p));
    } else {
        GNDP_STEP(turn_grid(&p->coords, &p->value));
        GNDP_STEP(turn_grid(&p->coords, &p->east));
        GNDP_STEP(turn_grid(&p->coords, &p->north));
    }
    p->coords.axis[0] = p->coords.axis[1];
    p->coords.axis[1] = first;
    p->turned = true;
done:
    return code;
}

/* What the map shows at point i. */
static double shown(const moments *m, int parts, plot_stat stat, int64_t i)
{
    double sum = 0.0;
    for (int c = 0; c < parts; c++) {
        const int64_t k = i * parts + c;
        if (m->count[k] == 0 || (stat == PLOT_SD && m->count[k] < 2))
            return (double)NAN;
        sum += stat == PLOT_SD ? m->square[k] / (double)(m->count[k] - 1) : m->mean[k] * m->mean[k];
    }
    return parts == 1 && stat != PLOT_SD ? m->mean[i] : sqrt(sum);
}

static int fill(const moments *m, int parts, plot_stat stat, plot_panel *out)
{
    const size_t bytes = (size_t)out->coords.n * sizeof(double);
    out->value = malloc(bytes);
    if (parts == 2 && stat != PLOT_SD) {
        out->east = malloc(bytes);
        out->north = malloc(bytes);
    }
    if (out->value == NULL ||
        (parts == 2 && stat != PLOT_SD && (out->east == NULL || out->north == NULL)))
        return gndp_failure_memory();
    /* Along the columns of a plane (y, x), eastward and northward on the globe. */
    const int east = out->coords.space == GNDP_SPACE_SPHERE || x_first(&out->coords) ? 0 : 1;
    for (int64_t i = 0; i < out->coords.n; i++) {
        out->value[i] = shown(m, parts, stat, i);
        if (out->east != NULL) {
            out->east[i] = m->count[2 * i] > 0 ? m->mean[2 * i + east] : (double)NAN;
            out->north[i] = m->count[2 * i] > 0 ? m->mean[2 * i + 1 - east] : (double)NAN;
        }
    }
    return GNDP_EXIT_DONE;
}

int plot_panel_make(const gndp_fieldset *set, int channel, plot_stat stat, int64_t n,
                    const int64_t *field, plot_panel *out)
{
    int code = GNDP_EXIT_DONE, component = 0;
    const gndp_fieldset_spec *spec = gndp_fieldset_get_spec(set);
    const int parts = spec->channel[channel].components;
    moments m = {0};
    for (int c = 0; c < channel; c++)
        component += spec->channel[c].components;
    if (parts > 2)
        return gndp_failure("%s has %d components; maps show one, or two as arrows",
                            spec->channel[channel].name, parts);
    if (stat != PLOT_FIELD && !gndp_fieldset_shared(set))
        return gndp_failure(
            "--stat wants fields on the same points; these have points of their own");
    out->coords = spec->coords;
    if (!gndp_fieldset_shared(set))
        GNDP_STEP(own_points(set, field[0], out));
    const size_t size = (size_t)(out->coords.n * parts);
    m = (moments){calloc(size, sizeof *m.count), calloc(size, sizeof *m.mean),
                  calloc(size, sizeof *m.square)};
    if (m.count == NULL || m.mean == NULL || m.square == NULL) {
        code = gndp_failure_memory();
        goto done;
    }
    GNDP_STEP(read_moments(set, component, parts, n, field, out->coords.n, &m));
    GNDP_STEP(fill(&m, parts, stat, out));
    GNDP_STEP(turn(out));
done:
    free(m.count);
    free(m.mean);
    free(m.square);
    return code;
}

/* ---- Stations -------------------------------------------------------------------------------- */

/* The table's variable that is the map's; -1: none. A table of one variable without a name of its
 * own is it. */
static int same_variable(const gndp_observations *table, const gndp_channel *channel)
{
    char base[64]; /* t2m_mean, t2m_p50 of statistics are values of t2m too */
    static const char *const tails[] = {"_mean", "_p10", "_p50", "_p90"};
    snprintf(base, sizeof base, "%s", channel->name);
    for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
        const size_t n = strlen(base), tail = strlen(tails[i]);
        if (n > tail && strcmp(base + n - tail, tails[i]) == 0)
            base[n - tail] = '\0';
    }
    for (int c = 0; c < table->n_channels; c++)
        if (channel->components == 1 &&
            (strcmp(table->name[c], channel->name) == 0 || strcmp(table->name[c], base) == 0 ||
             strcmp(table->name[c], channel->part[0].name) == 0 ||
             (channel->part[0].standard_name[0] != '\0' &&
              strcmp(table->name[c], channel->part[0].standard_name) == 0)))
            return c;
    return -1;
}

int plot_panel_stations(const gndp_observations *table, const gndp_channel *channel, double time_s,
                        bool hollow, plot_panel *panel)
{
    int code = GNDP_EXIT_DONE;
    const int variable = hollow ? -1 : same_variable(table, channel);
    double factor = 1.0, offset = 0.0;
    if (table->columns != 2 ||
        (table->space == GNDP_SPACE_SPHERE) != (panel->coords.space == GNDP_SPACE_SPHERE))
        return gndp_failure("the observations are not where the fields are: latitude and "
                            "longitude, or x1 and x2, are wanted");
    if (variable >= 0 && table->units[variable][0] != '\0' && channel->units[0] != '\0' &&
        strcmp(table->units[variable], channel->units) != 0)
        GNDP_LIBRARY(gndp_units_convert(channel->name, table->units[variable], channel->units,
                                        &factor, &offset));
    panel->station = malloc(3 * (size_t)(table->n > 0 ? table->n : 1) * sizeof *panel->station);
    if (panel->station == NULL)
        return gndp_failure_memory();
    double *lat = panel->station, *lon = lat + table->n, *value = lon + table->n;
    int64_t n = 0;
    for (int64_t i = 0; i < table->n; i++) {
        const bool other = variable >= 0 && table->channel[i] != variable;
        const bool late =
            !isnan(time_s) && !isnan(table->time_s[i]) && fabs(table->time_s[i] - time_s) > 1800.0;
        if (other || late)
            continue;
        lat[n] = table->x[2 * i + panel->turned];
        lon[n] = table->x[2 * i + !panel->turned];
        value[n++] = factor * table->value[i] + offset;
    }
    panel->n_stations = n;
    panel->station_values = variable >= 0;
done:
    return code;
}

int plot_read_stations(const plot_settings *settings, const gndp_fieldset *set, gndp_observations *table)
{
    int code = GNDP_EXIT_DONE;
    const gndp_fieldset_spec *spec = gndp_fieldset_get_spec(set);
    char *kept = NULL;
    if (settings->obs != NULL && strcmp(settings->obs, "none") != 0)
        GNDP_LIBRARY(gndp_observations_read(settings->obs, table));
    else if (settings->obs == NULL && (kept = cli_observed_kept(spec, "gndp_observations")) != NULL)
        GNDP_LIBRARY(gndp_observations_parse(spec->origin, kept, strlen(kept), table));
done:
    free(kept);
    return code;
}

/* ---- Groups ---------------------------------------------------------------------------------- */

static bool same_time(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

int plot_groups_make(const gndp_fieldset *set, plot_groups *out)
{
    const gndp_fieldset_spec *spec = gndp_fieldset_get_spec(set);
    const int64_t n = spec->n_fields;
    int64_t low = INT64_MAX, high = -1, *group = malloc((size_t)n * sizeof *group);
    double *time_s = malloc((size_t)n * sizeof *time_s);
    *out = (plot_groups){.first = calloc((size_t)n + 1, sizeof *out->first),
                         .field = malloc((size_t)n * sizeof *out->field)};
    if (group == NULL || time_s == NULL || out->first == NULL || out->field == NULL) {
        free(group);
        free(time_s);
        return gndp_failure_memory();
    }
    for (int64_t f = 0; f < n; f++) {
        low = spec->label[f].member < low ? spec->label[f].member : low;
        high = spec->label[f].member > high ? spec->label[f].member : high;
    }
    out->members = high > low && low >= 0;
    for (int64_t f = 0; f < n; f++) {
        int64_t g =
            out->members ? out->n - 1 : 0; /* times mostly come in order: look from the last */
        while (out->members && g >= 0 && !same_time(time_s[g], spec->label[f].time_s))
            g--;
        if (g < 0 || out->n == 0) {
            g = out->n++;
            time_s[g] = spec->label[f].time_s;
        }
        group[f] = g;
        out->first[g + 1]++;
    }
    for (int64_t g = 0; g < out->n; g++)
        out->first[g + 1] += out->first[g];
    int64_t *next = malloc((size_t)(out->n + 1) * sizeof *next);
    if (next != NULL) {
        memcpy(next, out->first, (size_t)(out->n + 1) * sizeof *next);
        for (int64_t f = 0; f < n; f++)
            out->field[next[group[f]]++] = f;
    }
    free(group);
    free(time_s);
    const bool done = next != NULL;
    free(next);
    return done ? GNDP_EXIT_DONE : gndp_failure_memory();
}

void plot_groups_free(plot_groups *groups)
{
    free(groups->first);
    free(groups->field);
    *groups = (plot_groups){0};
}
