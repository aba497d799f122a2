// SPDX-License-Identifier: Apache-2.0
// The channels of a set: variables asked for, or all fields of a file, levels as channels.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "io/netcdf_file.h"
#include "io/netcdf_plan.h"

void gndp_nc_plan_free(gndp_nc_plan *plan)
{
    free(plan->channel);
    free(plan->part);
    *plan = (gndp_nc_plan){0};
}

/* ---- Levels --------------------------------------------------------------------------------- */

gndp_status gndp_nc_levels(gndp_nc_opening *opening, const gndp_nc_contents *contents,
                           const gndp_nc_shape *shape, int64_t *n, double **value, char units[64])
{
    gndp_status st = GNDP_OK;
    const int dim = shape->role_dim[GNDP_NC_LEVEL];
    *n = 0;
    *value = NULL;
    units[0] = '\0';
    if (dim < 0)
        return GNDP_OK;
    const gndp_nc_dim *d = &contents->dim[dim];
    const gndp_nc_var *var = &contents->var[d->var];
    GNDP_CHECK(d->size <= 65536, GNDP_ERR_UNSUPPORTED, "%s: '%s' has %lld levels", contents->path,
               d->name, (long long)d->size);
    *value = calloc((size_t)d->size + 1, sizeof **value);
    GNDP_CHECK(*value != NULL, GNDP_ERR_NOMEM, "%lld levels", (long long)d->size);
    GNDP_TRY(gndp_nc_read_line(opening, contents, d->var, 0, d->size, *value));
    for (int64_t i = 0; i < d->size; i++)
        GNDP_CHECK(isfinite((*value)[i]), GNDP_ERR_NONFINITE,
                   "%s: coordinate '%s', value %lld is missing or not a number", contents->path,
                   var->name, (long long)i);
    memcpy(units, var->units, 64);
    *n = d->size;
done:
    return st;
}

/* A level as part of a name: 850, 0.5, 0.494025. */
typedef struct level_text {
    char text[32];
} level_text;

static level_text show_level(double level)
{
    level_text t = {""};
    for (int digits = 6; digits <= 17; digits++) {
        t.text[0] = '\0';
        gndp_text_append(t.text, sizeof t.text, "%.*g", digits, level);
        if (fabs(strtod(t.text, NULL) - level) <= 1e-6 * fabs(level))
            break;
    }
    return t;
}

static bool same_level(double a, double b)
{
    return fabs(a - b) <= 1e-6 * (fabs(a) + fabs(b)) + 1e-12;
}

/* "500, 850 hPa" */
static void list_levels(int64_t n, const double *value, const char *units, char *out, size_t size)
{
    out[0] = '\0';
    for (int64_t i = 0; i < n; i++)
        gndp_text_append(out, size, "%s%s", i > 0 ? ", " : "", show_level(value[i]).text);
    gndp_text_append(out, size, "%s%s", units[0] != '\0' ? " " : "", units);
}

/* The levels of one variable that are wanted, in the units of the request (else of the file). n -1:
   it has no levels. */
typedef struct chosen {
    int64_t n;
    double *level;
    char units[64];
} chosen;

static gndp_status choose_levels(gndp_nc_opening *opening, const gndp_nc_contents *c, int v,
                                 const gndp_nc_shape *shape, chosen *out)
{
    gndp_status st = GNDP_OK;
    const gndp_read_options *o = opening->options;
    double *all = NULL, factor = 1.0, offset = 0.0;
    char what[512] = "", list[512];
    int64_t n = 0;
    *out = (chosen){.n = -1};
    GNDP_TRY(gndp_nc_levels(opening, c, shape, &n, &all, out->units));
    if (shape->role_dim[GNDP_NC_LEVEL] < 0)
        goto done;
    if (o->level_units != NULL && n > 0) {
        gndp_text_append(what, sizeof what, "%s: levels of '%s'", c->path, c->var[v].name);
        GNDP_TRY(gndp_units_between(&opening->units, what, out->units, o->level_units, &factor,
                                    &offset));
        out->units[0] = '\0';
        gndp_text_append(out->units, sizeof out->units, "%s", o->level_units);
    }
    for (int64_t i = 0; i < n; i++)
        all[i] = factor * all[i] + offset;
    out->n = o->n_levels > 0 ? o->n_levels : n;
    out->level = calloc((size_t)out->n + 1, sizeof *out->level);
    GNDP_CHECK(out->level != NULL, GNDP_ERR_NOMEM, "%lld levels", (long long)out->n);
    if (o->n_levels == 0)
        memcpy(out->level, all, (size_t)n * sizeof *all);
    for (int k = 0; k < o->n_levels; k++) {
        int64_t found = -1;
        for (int64_t i = 0; i < n; i++)
            if (same_level(all[i], o->level[k]))
                found = i;
        list_levels(n, all, out->units, list, sizeof list);
        GNDP_CHECK(found >= 0, GNDP_ERR_RANGE, "%s: variable '%s' has no level %s; it has %s",
                   c->path, c->var[v].name, show_level(o->level[k]).text, list);
        out->level[k] = all[found];
    }
done:
    free(all);
    return st;
}

/* ---- Channels ------------------------------------------------------------------------------- */

static gndp_status add_channel(gndp_nc_plan *plan, const char *path, const gndp_channel *channel,
                               const gndp_nc_wanted *part)
{
    gndp_status st = GNDP_OK;
    for (int c = 0; c < plan->n_channels; c++)
        GNDP_CHECK(strcmp(plan->channel[c].name, channel->name) != 0, GNDP_ERR_ARG,
                   "%s: two channels would be called '%s': give one a name, NAME=VARIABLE", path,
                   channel->name);
    GNDP_CHECK(plan->n_channels < GNDP_MAX_CHANNELS, GNDP_ERR_RANGE,
               "%s: more than %d channels: choose variables and levels", path, GNDP_MAX_CHANNELS);
    if (plan->n_channels == plan->room) {
        const int room = plan->room > 0 ? 2 * plan->room : 16;
        gndp_channel *channels = realloc(plan->channel, (size_t)room * sizeof *channels);
        if (channels != NULL)
            plan->channel = channels;
        gndp_nc_wanted *parts =
            realloc(plan->part, (size_t)room * GNDP_MAX_COMPONENTS * sizeof *parts);
        if (parts != NULL)
            plan->part = parts;
        GNDP_CHECK(channels != NULL && parts != NULL, GNDP_ERR_NOMEM, "%d channels", room);
        plan->room = room;
    }
    plan->channel[plan->n_channels++] = *channel;
    memcpy(plan->part + plan->n_parts, part, (size_t)channel->parts * sizeof *part);
    plan->n_parts += channel->parts;
done:
    return st;
}

/* Units that options.units asks for a channel, by the name of the channel or of its first variable;
   false: none. */
static bool asked_units(const gndp_read_options *o, const char *name, const char *variable,
                        char out[64])
{
    for (const char *p = o->units; p != NULL && *p != '\0';) {
        const size_t n = strcspn(p, ","), head = strcspn(p, "=");
        if (head < n && ((strlen(name) == head && strncmp(p, name, head) == 0) ||
                         (strlen(variable) == head && strncmp(p, variable, head) == 0))) {
            out[0] = '\0';
            gndp_text_append(out, 64, "%.*s", (int)(n - head - 1), p + head + 1);
            return true;
        }
        p += n + (p[n] == ',');
    }
    return false;
}

static void fill_part(const gndp_nc_contents *c, int v, const char *name, gndp_channel *channel,
                      int k)
{
    channel->part[k].name[0] = '\0';
    gndp_text_append(channel->part[k].name, sizeof channel->part[k].name, "%s", name);
    memcpy(channel->part[k].standard_name, c->var[v].standard_name,
           sizeof channel->part[k].standard_name);
    gndp_nc_text(c->nc, v, "long_name", channel->part[k].long_name,
                 sizeof channel->part[k].long_name);
}

static void with_level(const char *base, bool has_level, double level, char *out, size_t size)
{
    out[0] = '\0';
    gndp_text_append(out, size, "%s%s%s", base, has_level ? "_" : "",
                     has_level ? show_level(level).text : "");
}

/* One channel at one level. */
static gndp_status make_channel(gndp_nc_opening *opening, const gndp_nc_contents *c,
                                const gndp_nc_group *g, bool has_level, double level,
                                const char *level_units, gndp_nc_plan *plan)
{
    gndp_status st = GNDP_OK;
    gndp_nc_wanted part[GNDP_MAX_COMPONENTS] = {0};
    char name[128], units[64] = "", what[512] = "";
    double factor = 1.0, offset = 0.0;
    with_level(g->name, has_level, level, name, sizeof name);
    gndp_channel channel = gndp_channel_scalar(name, c->var[g->var[0]].units);
    channel.kind = g->kind;
    channel.parts = g->n;
    channel.components = g->kind == GNDP_CHANNEL_SPHERE ? 3 : g->n;
    gndp_nc_text(c->nc, g->var[0], "cell_methods", channel.cell_methods,
                 sizeof channel.cell_methods);
    memcpy(units, c->var[g->var[0]].units, sizeof units);
    asked_units(opening->options, g->name, c->var[g->var[0]].name, units);
    memcpy(channel.units, units, sizeof channel.units);
    for (int k = 0; k < g->n; k++) {
        const gndp_nc_var *var = &c->var[g->var[k]];
        gndp_text_append(part[k].name, sizeof part[k].name, "%s", var->name);
        part[k].has_level = has_level;
        part[k].level = level;
        gndp_text_append(part[k].level_units, sizeof part[k].level_units, "%s", level_units);
        memcpy(part[k].units, units, sizeof part[k].units);
        what[0] = '\0';
        gndp_text_append(what, sizeof what, "%s: variable '%s'", c->path, var->name);
        if (strcmp(units, var->units) != 0)
            GNDP_TRY(
                gndp_units_between(&opening->units, what, var->units, units, &factor, &offset));
        with_level(var->name, has_level, level, name, sizeof name);
        fill_part(c, g->var[k], name, &channel, k);
    }
    GNDP_TRY(add_channel(plan, c->path, &channel, part));
done:
    return st;
}

gndp_status gndp_nc_plan_add(gndp_nc_opening *opening, const gndp_nc_contents *c,
                             const gndp_nc_group *group, gndp_nc_plan *plan)
{
    gndp_status st = GNDP_OK;
    chosen first = {0}, other = {0};
    gndp_nc_shape shape;
    char why[128];
    for (int k = 0; k < group->n; k++) {
        gndp_nc_shape_of(c, group->var[k], &shape, why);
        GNDP_TRY(choose_levels(opening, c, group->var[k], &shape, k == 0 ? &first : &other));
        bool same = k == 0 || (first.n == other.n && strcmp(first.units, other.units) == 0);
        for (int64_t i = 0; same && k > 0 && i < first.n; i++)
            same = same_level(first.level[i], other.level[i]);
        GNDP_CHECK(same, GNDP_ERR_FORMAT, "%s: '%s' and '%s' have different levels", c->path,
                   c->var[group->var[0]].name, c->var[group->var[k]].name);
        free(other.level);
        other.level = NULL;
    }
    if (first.n < 0)
        GNDP_TRY(make_channel(opening, c, group, false, 0.0, "", plan));
    for (int64_t i = 0; i < first.n; i++)
        GNDP_TRY(make_channel(opening, c, group, true, first.level[i], first.units, plan));
done:
    free(first.level);
    free(other.level);
    return st;
}

/* ---- Options that must fit ------------------------------------------------------------------ */

gndp_status gndp_nc_plan_check_units(const gndp_read_options *o, const char *path,
                                     const gndp_nc_plan *plan)
{
    gndp_status st = GNDP_OK;
    for (const char *p = o->units; p != NULL && *p != '\0';) {
        const size_t n = strcspn(p, ","), head = strcspn(p, "=");
        GNDP_CHECK(head > 0 && head + 1 < n, GNDP_ERR_ARG,
                   "units '%.100s': NAME=UNIT,NAME=UNIT is the form", o->units);
        bool used = false;
        for (int i = 0, k = 0; i < plan->n_channels; k += plan->channel[i++].parts) {
            const char *name = plan->channel[i].name;
            used |= strncmp(name, p, head) == 0 && (name[head] == '\0' || name[head] == '_');
            used |= strncmp(plan->part[k].name, p, head) == 0 && plan->part[k].name[head] == '\0';
        }
        GNDP_CHECK(used, GNDP_ERR_NOT_FOUND, "%s: units are asked for '%.*s', which is no channel",
                   path, (int)(head < 64 ? head : 64), p);
        p += n + (p[n] == ',');
    }
done:
    return st;
}

/* A level was asked for, but no variable has any: then the one that the file is at must be it. */
gndp_status gndp_nc_plan_check_level(gndp_nc_opening *opening, const gndp_nc_contents *c,
                                     const gndp_nc_plan *plan)
{
    gndp_status st = GNDP_OK;
    const gndp_read_options *o = opening->options;
    double value = 0.0, factor = 1.0, offset = 0.0;
    int found = -1;
    for (int p = 0; p < plan->n_parts; p++)
        if (plan->part[p].has_level)
            return GNDP_OK;
    if (o->n_levels == 0)
        return GNDP_OK;
    for (int v = 0; v < c->n_vars; v++)
        if (c->var[v].role == GNDP_NC_LEVEL && c->var[v].rank == 0)
            found = v;
    GNDP_CHECK(found >= 0, GNDP_ERR_RANGE, "%s: a level is asked for, but '%s' has none", c->path,
               plan->part[0].name);
    GNDP_TRY(gndp_nc_read_line(opening, c, found, 0, 1, &value));
    if (o->level_units != NULL)
        GNDP_TRY(gndp_units_between(&opening->units, c->var[found].name, c->var[found].units,
                                    o->level_units, &factor, &offset));
    for (int k = 0; k < o->n_levels; k++)
        GNDP_CHECK(same_level(factor * value + offset, o->level[k]), GNDP_ERR_RANGE,
                   "%s: variable '%s' has no level %s; it is at %s %s", c->path, plan->part[0].name,
                   show_level(o->level[k]).text, show_level(factor * value + offset).text,
                   o->level_units != NULL ? o->level_units : c->var[found].units);
done:
    return st;
}
