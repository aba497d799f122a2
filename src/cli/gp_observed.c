// SPDX-License-Identifier: Apache-2.0
// Observation tables joined by time and place.
#include "cli/gp_observed.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/usage.h"

/* One value with all that sorts it. */
typedef struct item {
    double time_s, x[GP_COLUMNS_MAX];
    int columns, output;
    int64_t index;
} item;

static int compare(double a, double b)
{
    return (a > b) - (a < b);
}

/* By time, then place: what belongs to one row of a set stands together. No time sorts first. */
static int by_place(const void *a, const void *b)
{
    const item *p = a, *q = b;
    if (p->time_s != q->time_s && !(isnan(p->time_s) && isnan(q->time_s)))
        return isnan(p->time_s) ? -1 : isnan(q->time_s) ? 1 : compare(p->time_s, q->time_s);
    for (int c = 0; c < p->columns; c++)
        if (p->x[c] != q->x[c])
            return compare(p->x[c], q->x[c]);
    return 0;
}

static int by_row(const void *a, const void *b)
{
    const item *p = a, *q = b;
    const int place = by_place(a, b);
    if (place != 0)
        return place;
    return p->output != q->output ? p->output - q->output
                                  : (p->index > q->index) - (p->index < q->index);
}

static int find_variable(const gndp_observations *o, const char *name, size_t length, int *out)
{
    for (int i = 0; i < o->n_channels; i++)
        if (strlen(o->name[i]) == length && strncmp(o->name[i], name, length) == 0) {
            *out = i;
            return GNDP_EXIT_DONE;
        }
    char names[256] = "";
    for (int i = 0; i < o->n_channels && strlen(names) + 80 < sizeof names; i++) {
        const size_t used = strlen(names);
        snprintf(names + used, sizeof names - used, i > 0 ? ", %s" : "%s", o->name[i]);
    }
    return gndp_failure("there is no variable '%.*s'; there are %s", (int)length, name, names);
}

/* Output p of each variable of the table, -1: not chosen; and the channels. */
static int choose(const gndp_observations *o, const char *const *vars, int n_vars, int *output,
                  gp_data *out)
{
    int code = GNDP_EXIT_DONE;
    const int n = n_vars > 0 ? n_vars : o->n_channels;
    out->channel = calloc((size_t)n, sizeof *out->channel);
    if (out->channel == NULL)
        return gndp_failure_memory();
    for (int i = 0; i < o->n_channels; i++)
        output[i] = -1;
    for (int v = 0; v < n; v++) {
        const char *text = n_vars > 0 ? vars[v] : o->name[v];
        const char *equals = n_vars > 0 ? strchr(text, '=') : NULL,
                   *rest = equals != NULL ? equals + 1 : text;
        const char *part[GNDP_MAX_COMPONENTS];
        int parts = 0, found = 0;
        while (rest != NULL) {
            const size_t length = n_vars > 0 ? strcspn(rest, ",") : strlen(rest);
            GNDP_STEP(find_variable(o, rest, length, &found));
            if (output[found] >= 0 || parts == GNDP_MAX_COMPONENTS ||
                out->outputs == GP_OUTPUTS_MAX)
                return gndp_failure("%s: variable '%s' is asked for twice, or there are too many",
                                    out->path, o->name[found]);
            output[found] = out->outputs++;
            part[parts++] = o->name[found];
            rest = rest[length] == ',' ? rest + length + 1 : NULL;
        }
        char name[64];
        const size_t length = equals != NULL ? (size_t)(equals - text) : strlen(text);
        memcpy(name, text, length < 63 ? length : 63);
        name[length < 63 ? length : 63] = '\0';
        out->channel[out->n_channels++] =
            parts > 1 ? gndp_channel_vector(name, o->units[found], parts, part)
                      : gndp_channel_scalar(name, o->units[found]);
    }
done:
    return code;
}

/* The rows of one set from its sorted items; a row that lacks an output, or has one twice, is no
 * row. */
static int fill(const gndp_observations *o, const item *items, int64_t n, gp_data *data,
                int64_t *lacking)
{
    int code = GNDP_EXIT_DONE;
    const int P = data->outputs, C = data->columns;
    bool noise = false;
    int64_t rows = 0;
    for (int64_t i = 0; i < n; i++)
        noise = noise || o->sd[items[i].index] > 0.0;
    gp_set *set = gp_data_append(data);
    if (set == NULL)
        return GNDP_EXIT_FAILURE;
    GNDP_STEP(gp_set_make(set, n, C, P, noise, true, false)); /* at most so many */
    set->time_s = items[0].time_s;
    for (int64_t i = 0; i < n;) {
        int64_t end = i + 1;
        while (end < n && by_place(&items[i], &items[end]) == 0)
            end++;
        for (int64_t k = i + 1; k < end; k++)
            if (items[k].output == items[k - 1].output)
                return gndp_failure(
                    "%s lines %lld and %lld: one variable twice at one time and place", data->path,
                    (long long)o->line[items[k - 1].index], (long long)o->line[items[k].index]);
        if (end - i == P) {
            for (int p = 0; p < P; p++) {
                const int64_t index = items[i + p].index;
                set->y[rows * P + p] = o->value[index];
                if (noise)
                    set->noise[rows * P + p] = o->sd[index] * o->sd[index];
            }
            memcpy(set->shown + rows * C, items[i].x, (size_t)C * sizeof(double));
            set->line[rows++] = o->line[items[i].index];
        } else {
            ++*lacking;
        }
        i = end;
    }
    set->n = rows;
    if (rows == 0) { /* nothing at this time */
        gp_set_free(set);
        data->n_sets--;
    }
done:
    return code;
}

static int gather(const gndp_observations *o, const int *output, const char *time, item *items,
                  int64_t *n)
{
    int code = GNDP_EXIT_DONE;
    double first = -HUGE_VAL, last = HUGE_VAL;
    if (time != NULL)
        GNDP_LIBRARY(gndp_calendar_parse_span(o->calendar, time, &first, &last));
    *n = 0;
    for (int64_t i = 0; i < o->n; i++) {
        const double t = o->time_s[i];
        if (output[o->channel[i]] < 0 || (time != NULL && !(t >= first && t < last)))
            continue;
        item *at = &items[(*n)++];
        *at =
            (item){.time_s = t, .columns = o->columns, .output = output[o->channel[i]], .index = i};
        memcpy(at->x, o->x + i * o->columns, (size_t)o->columns * sizeof(double));
    }
done:
    return code;
}

static int join(const gndp_observations *o, const char *time, const int *output, item *items,
                gp_data *out, int64_t *lacking)
{
    int code = GNDP_EXIT_DONE;
    int64_t n = 0;
    GNDP_STEP(gather(o, output, time, items, &n));
    qsort(items, (size_t)n, sizeof *items, by_row);
    for (int64_t i = 0; i < n;) {
        int64_t end = i + 1;
        while (end < n && (items[end].time_s == items[i].time_s ||
                           (isnan(items[end].time_s) && isnan(items[i].time_s))))
            end++;
        GNDP_STEP(fill(o, items + i, end - i, out, lacking));
        i = end;
    }
    if (out->n_sets == 0)
        return gndp_failure("%s: no place has all of the variables%s%s", out->path,
                            time != NULL ? " in " : "", time != NULL ? time : "");
done:
    return code;
}

int gp_observed_read(const char *path, const char *const *vars, int n_vars, const char *time,
                     bool quiet, gp_data *out)
{
    int code = GNDP_EXIT_DONE, *output = NULL;
    gndp_observations o = {0};
    item *items = NULL;
    int64_t lacking = 0;
    GNDP_LIBRARY(gndp_observations_read(path, &o));
    out->degrees = o.space == GNDP_SPACE_SPHERE;
    out->columns = o.columns;
    out->calendar = o.calendar;
    if (o.columns > GP_COLUMNS_MAX) {
        code = gndp_failure("%s: more than %d coordinates", path, GP_COLUMNS_MAX);
        goto done;
    }
    output = malloc((size_t)(o.n_channels + 1) * sizeof *output);
    items = malloc((size_t)(o.n + 1) * sizeof *items);
    if (output == NULL || items == NULL) {
        code = gndp_failure_memory();
        goto done;
    }
    GNDP_STEP(choose(&o, vars, n_vars, output, out));
    GNDP_STEP(join(&o, time, output, items, out, &lacking));
    if (o.rejected > 0 && !quiet)
        gndp_note("%s: %lld missing values are passed over", path, (long long)o.rejected);
    if (lacking > 0 && !quiet)
        gndp_note("%s: %lld places lack a variable and are passed over", path, (long long)lacking);
done:
    free(output);
    free(items);
    gndp_observations_free(&o);
    return code;
}
