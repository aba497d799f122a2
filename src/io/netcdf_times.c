// SPDX-License-Identifier: Apache-2.0
// The fields of a file: its times, realizations and whatever else tells them apart.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "io/netcdf_file.h"
#include "io/netcdf_in.h"

/* Values of one dimension that tells fields apart; without the dimension one value. */
typedef struct line {
    int dim;
    int64_t n;
    double *value;
    bool known; /* values mean something */
} line;

/* Those that any variable names as its coordinate go before others. */
int gndp_nc_find_role(const gndp_nc_contents *c, gndp_nc_role role, int dim)
{
    int found = -1;
    bool listed = false;
    for (int v = 0; v < c->n_vars; v++) {
        const gndp_nc_var *var = &c->var[v];
        if (var->role != role || !gndp_nc_is_number(var->type) ||
            (dim < 0 ? var->rank != 0 : var->rank != 1 || var->dim[0] != dim))
            continue;
        if (found >= 0 && var->listed == listed && role != GNDP_NC_MEMBER)
            return -1;
        if (found < 0 || var->listed) {
            found = v;
            listed = var->listed;
        }
    }
    return found;
}

static gndp_status make_line(const gndp_nc_contents *c, int dim, size_t max_bytes, line *out)
{
    gndp_status st = GNDP_OK;
    out->dim = dim;
    out->n = dim >= 0 ? c->dim[dim].size : 1;
    out->known = false;
    GNDP_CHECK(dim < 0 || (gndp_nc_plausible(c, out->n) && (size_t)out->n <= max_bytes / 8),
               GNDP_ERR_FORMAT, "%s: dimension '%s' claims %lld entries in a file of %lld bytes",
               c->path, c->dim[dim].name, (long long)out->n, (long long)c->bytes);
    out->value = calloc((size_t)out->n + 1, sizeof *out->value);
    GNDP_CHECK(out->value != NULL, GNDP_ERR_NOMEM, "%lld values", (long long)out->n);
    for (int64_t i = 0; i < out->n; i++)
        out->value[i] = (double)i;
done:
    return st;
}

static gndp_status read_line(gndp_nc_opening *opening, const gndp_nc_contents *c, int v, line *out)
{
    gndp_status st = GNDP_OK;
    GNDP_TRY(gndp_nc_read_line(opening, c, v, 0, out->n, out->value));
    for (int64_t i = 0; i < out->n; i++)
        GNDP_CHECK(isfinite(out->value[i]), GNDP_ERR_NONFINITE,
                   "%s: coordinate '%s', value %lld is missing or not a number", c->path,
                   c->var[v].name, (long long)i);
    out->known = true;
done:
    return st;
}

static gndp_status find_calendar(const gndp_nc_contents *c, int v, gndp_calendar *out)
{
    gndp_status st = GNDP_OK;
    char name[64];
    *out = GNDP_CALENDAR_STANDARD;
    if (!gndp_nc_text(c->nc, v, "calendar", name, sizeof name) || name[0] == '\0')
        return GNDP_OK;
    st = gndp_calendar_find(strcmp(name, "360") == 0 ? "360_day" : name, out);
    GNDP_CHECK(st == GNDP_OK, GNDP_ERR_FORMAT, "%s: variable '%s': %s", c->path, c->var[v].name,
               gndp_nc_last_reason().text);
done:
    return st;
}

/* Whole milliseconds: 1/24 of a day is no number of f64, an hour is one of seconds. */
gndp_status gndp_nc_times(gndp_nc_opening *opening, const gndp_nc_contents *contents, int v,
                          int64_t n, gndp_calendar *calendar, double *out)
{
    gndp_status st = GNDP_OK;
    char what[512] = "";
    double factor = 1.0, offset = 0.0;
    const gndp_nc_var *var = &contents->var[v];
    GNDP_TRY(find_calendar(contents, v, calendar));
    gndp_text_append(what, sizeof what, "%s: variable '%s'", contents->path, var->name);
    GNDP_TRY(gndp_units_since(&opening->units, what, var->units, *calendar, &factor, &offset));
    GNDP_TRY(gndp_nc_read_line(opening, contents, v, 0, n, out));
    for (int64_t i = 0; i < n; i++) {
        GNDP_CHECK(isfinite(out[i]), GNDP_ERR_NONFINITE,
                   "%s: coordinate '%s', value %lld is missing or not a number", contents->path,
                   var->name, (long long)i);
        const double s = factor * out[i] + offset;
        GNDP_CHECK(fabs(s) < 3e15, GNDP_ERR_RANGE, "%s: value %lld: %g is beyond 10^8 years", what,
                   (long long)i, out[i]);
        out[i] = fabs(s) < 1e12 ? rint(s * 1e3) / 1e3 : rint(s);
    }
done:
    return st;
}

static gndp_status read_times(gndp_nc_opening *opening, const gndp_nc_contents *c, int v,
                              gndp_calendar *calendar, line *out)
{
    out->known = true;
    return gndp_nc_times(opening, c, v, out->n, calendar, out->value);
}

/* All that tells fields apart. */
typedef struct axes {
    line time, lead, member;
    int64_t extras;
    gndp_calendar calendar;
} axes;

static void axes_free(axes *a)
{
    free(a->time.value);
    free(a->lead.value);
    free(a->member.value);
}

/* Files of fields without times have a time axis too, for tools that want one, and say so. */
static bool without_times(const gndp_nc_contents *c, int v)
{
    char text[64];
    return gndp_nc_text(c->nc, v, "comment", text, sizeof text) &&
           strcmp(text, "these fields have no time") == 0;
}

static gndp_status read_time_axis(gndp_nc_opening *opening, const gndp_nc_contents *c,
                                  const gndp_nc_shape *s, axes *a)
{
    gndp_status st = GNDP_OK;
    const int dim = s->role_dim[GNDP_NC_TIME];
    GNDP_TRY(make_line(c, dim, opening->options->max_bytes, &a->time));
    int v = dim >= 0 ? c->dim[dim].var : gndp_nc_find_role(c, GNDP_NC_TIME, -1);
    if (v < 0)
        v = gndp_nc_find_role(c, GNDP_NC_START, -1);
    if (v >= 0 && c->var[v].units[0] != '\0' && !without_times(c, v))
        GNDP_TRY(read_times(opening, c, v, &a->calendar, &a->time));
done:
    return st;
}

/* Leads count from the time; or the valid times themselves stand along that dimension. */
static gndp_status read_lead_axis(gndp_nc_opening *opening, const gndp_nc_contents *c,
                                  const gndp_nc_shape *s, axes *a)
{
    gndp_status st = GNDP_OK;
    const int dim = s->role_dim[GNDP_NC_LEAD];
    char what[512] = "";
    double factor = 1.0, offset = 0.0;
    GNDP_TRY(make_line(c, dim, opening->options->max_bytes, &a->lead));
    if (dim < 0) {
        a->lead.value[0] = 0.0;
        goto done;
    }
    const int valid = gndp_nc_find_role(c, GNDP_NC_TIME, dim);
    if (!a->time.known && valid >= 0) {
        GNDP_TRY(read_times(opening, c, valid, &a->calendar, &a->lead));
        for (int64_t i = 0; i < a->time.n; i++)
            a->time.value[i] = 0.0;
        a->time.known = true;
        goto done;
    }
    const int v = c->dim[dim].var;
    GNDP_TRY(read_line(opening, c, v, &a->lead));
    gndp_text_append(what, sizeof what, "%s: variable '%s'", c->path, c->var[v].name);
    GNDP_TRY(
        gndp_units_between(&opening->units, what, c->var[v].units, "second", &factor, &offset));
    for (int64_t i = 0; i < a->lead.n; i++)
        a->lead.value[i] = factor * a->lead.value[i] + offset;
done:
    return st;
}

static gndp_status read_member_axis(gndp_nc_opening *opening, const gndp_nc_contents *c,
                                    const gndp_nc_shape *s, axes *a)
{
    gndp_status st = GNDP_OK;
    const int dim = s->role_dim[GNDP_NC_MEMBER];
    GNDP_TRY(make_line(c, dim, opening->options->max_bytes, &a->member));
    const int v = dim >= 0 ? c->dim[dim].var : gndp_nc_find_role(c, GNDP_NC_MEMBER, -1);
    a->member.known = dim >= 0;
    if (v >= 0 && gndp_nc_is_number(c->var[v].type))
        GNDP_TRY(read_line(opening, c, v, &a->member));
    for (int64_t i = 0; a->member.known && i < a->member.n; i++)
        GNDP_CHECK(a->member.value[i] == rint(a->member.value[i]) &&
                       fabs(a->member.value[i]) < 0x1p53,
                   GNDP_ERR_FORMAT, "%s: variable '%s', value %lld: %g is no number of a member",
                   c->path, c->var[v].name, (long long)i, a->member.value[i]);
done:
    return st;
}

/* Times that stand along the points: those of the fields that the points were parted into. */
static gndp_status take_point_times(const gndp_nc_contents *c, const gndp_nc_shape *s,
                                    const gndp_nc_places *places, axes *a)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(
        places->first == NULL || (s->n_extra == 0 && s->role_dim[GNDP_NC_MEMBER] < 0 &&
                                  s->role_dim[GNDP_NC_LEAD] < 0 && s->role_dim[GNDP_NC_TIME] < 0),
        GNDP_ERR_UNSUPPORTED,
        "%s: its points have each a time, and there are other dimensions of fields", c->path);
    double *value = malloc((size_t)places->n_times * sizeof *value);
    GNDP_CHECK(value != NULL, GNDP_ERR_NOMEM, "%lld times", (long long)places->n_times);
    memcpy(value, places->time_s, (size_t)places->n_times * sizeof *value);
    free(a->time.value);
    a->time.value = value;
    a->time.n = places->n_times;
    a->time.known = true;
    a->calendar = places->calendar;
done:
    return st;
}

static gndp_status read_axes(gndp_nc_opening *opening, const gndp_nc_contents *c,
                             const gndp_nc_shape *s, const gndp_nc_places *places, axes *a)
{
    gndp_status st = GNDP_OK;
    GNDP_TRY(read_time_axis(opening, c, s, a));
    if (places->n_times > 0)
        GNDP_TRY(take_point_times(c, s, places, a));
    GNDP_TRY(read_lead_axis(opening, c, s, a));
    GNDP_TRY(read_member_axis(opening, c, s, a));
    a->extras = 1;
    for (int e = 0; e < s->n_extra; e++) {
        const gndp_nc_dim *dim = &c->dim[s->extra[e]];
        GNDP_CHECK(!__builtin_mul_overflow(a->extras, dim->size, &a->extras), GNDP_ERR_FORMAT,
                   "%s: dimension '%s' is too long", c->path, dim->name);
        if (dim->size > 1)
            gndp_nc_note(opening, "%s: dimension '%s' is no time: its %lld entries become fields%s",
                         c->path, dim->name, (long long)dim->size,
                         a->time.known ? " of the same time" : " without a time");
    }
    const int expver = s->role_dim[GNDP_NC_EXPVER];
    if (expver >= 0 && c->dim[expver].size > 1)
        gndp_nc_note(opening, "%s: of the %lld entries of '%s' the first with a value is taken",
                     c->path, (long long)c->dim[expver].size, c->dim[expver].name);
done:
    return st;
}

static bool wanted_member(const gndp_read_options *o, double number)
{
    for (int i = 0; i < o->n_members; i++)
        if ((double)o->member[i] == number)
            return true;
    return o->n_members == 0;
}

/* Members that were asked for must be there. */
static gndp_status check_members(const gndp_read_options *o, const gndp_nc_contents *c,
                                 const axes *a)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(o->n_members == 0 || a->member.known, GNDP_ERR_RANGE,
               "%s: a member is asked for, but there is no dimension of realizations", c->path);
    for (int k = 0; k < o->n_members; k++) {
        bool found = false;
        for (int64_t i = 0; i < a->member.n; i++)
            found |= a->member.value[i] == (double)o->member[k];
        /* Of several files each may have its own. */
        GNDP_CHECK(found || a->member.n == 1, GNDP_ERR_RANGE,
                   "%s: there is no member %lld; there are %lld, from %.0f to %.0f", c->path,
                   (long long)o->member[k], (long long)a->member.n, a->member.value[0],
                   a->member.value[a->member.n - 1]);
    }
done:
    return st;
}

static gndp_status add_field(gndp_nc_fields *fields, gndp_nc_field field, size_t max_bytes)
{
    gndp_status st = GNDP_OK;
    if (fields->n == fields->room) {
        const int64_t room = fields->room > 0 ? 2 * fields->room : 64;
        /* Labels and places of fields are small beside their values; but a header can claim more
           of them than any memory holds. */
        GNDP_CHECK((size_t)room <= max_bytes / 4, GNDP_ERR_NOMEM,
                   "more than %lld fields: choose times", (long long)fields->n);
        gndp_nc_field *grown = realloc(fields->field, (size_t)room * sizeof *grown);
        GNDP_CHECK(grown != NULL, GNDP_ERR_NOMEM, "%lld fields", (long long)room);
        fields->field = grown;
        fields->room = room;
    }
    fields->field[fields->n++] = field;
done:
    return st;
}

/* Fields of one time index. *found counts times that are within the span. */
static gndp_status add_fields(const gndp_read_options *o, const axes *a, int64_t t, double first,
                              double last, int32_t file, bool *any, gndp_nc_fields *fields)
{
    gndp_status st = GNDP_OK;
    for (int64_t l = 0; l < a->lead.n; l++) {
        const double time_s = a->time.known ? a->time.value[t] + a->lead.value[l] : (double)NAN;
        if (a->time.known && !(time_s >= first && time_s < last))
            continue;
        *any = true;
        for (int64_t e = 0; e < a->extras; e++)
            for (int64_t m = 0; m < a->member.n; m++) {
                const double number = a->member.known ? a->member.value[m] : -1.0;
                if (!wanted_member(o, number))
                    continue;
                const gndp_nc_field field = {.file = file,
                                             .time = t,
                                             .lead = l,
                                             .member = m,
                                             .extra = e,
                                             .time_s = time_s,
                                             .number = (int64_t)number};
                GNDP_TRY(add_field(fields, field, o->max_bytes));
            }
    }
done:
    return st;
}

/* What there is, for a message that nothing of it was chosen. */
static void note_span(const axes *a, gndp_nc_fields *fields)
{
    if (!a->time.known || a->time.n == 0)
        return;
    for (int64_t t = 0; t < a->time.n; t++) {
        const double time_s = a->time.value[t] + a->lead.value[0];
        if (fields->n_times == 0 || time_s < fields->low_s)
            fields->low_s = time_s;
        if (fields->n_times == 0 || time_s > fields->high_s)
            fields->high_s = time_s;
        fields->n_times++;
    }
}

/* Dates before this differ between the standard and the proleptic calendar. */
#define SWITCH_S -12219292800.0

static gndp_status check_calendars(const gndp_nc_contents *c, const axes *a,
                                   const gndp_nc_fields *fields)
{
    gndp_status st = GNDP_OK;
    bool modern =
        (a->calendar == GNDP_CALENDAR_STANDARD || a->calendar == GNDP_CALENDAR_PROLEPTIC) &&
        (fields->calendar == GNDP_CALENDAR_STANDARD || fields->calendar == GNDP_CALENDAR_PROLEPTIC);
    for (int64_t i = 0; i < a->time.n; i++)
        modern &= a->time.value[i] >= SWITCH_S;
    for (int64_t f = 0; f < fields->n; f++)
        modern &= fields->field[f].time_s >= SWITCH_S;
    GNDP_CHECK(a->calendar == fields->calendar || modern, GNDP_ERR_FORMAT,
               "%s: its calendar is %s, that of the files before it %s", c->path,
               gndp_calendar_name(a->calendar), gndp_calendar_name(fields->calendar));
done:
    return st;
}

gndp_status gndp_nc_fields_read(gndp_nc_opening *opening, const gndp_nc_contents *contents,
                                const gndp_nc_shape *shape, const gndp_nc_places *places,
                                int32_t file, gndp_nc_fields *fields)
{
    gndp_status st = GNDP_OK;
    const gndp_read_options *o = opening->options;
    axes a = {0};
    double first = -HUGE_VAL, last = HUGE_VAL;
    int64_t kept = 0;
    GNDP_TRY(read_axes(opening, contents, shape, places, &a));
    GNDP_TRY(check_members(o, contents, &a));
    if (fields->n > 0) {
        GNDP_CHECK(a.time.known == fields->timed, GNDP_ERR_FORMAT,
                   "%s: has %s, the files before it %s", contents->path,
                   a.time.known ? "times" : "no times", fields->timed ? "have" : "have none");
        if (fields->timed)
            GNDP_TRY(check_calendars(contents, &a, fields));
    } else
        fields->calendar = a.calendar;
    fields->timed = a.time.known;
    fields->forecasts |= a.lead.n > 1 || a.extras > 1;
    if (o->time != NULL) {
        GNDP_CHECK(a.time.known, GNDP_ERR_RANGE,
                   "%s: a time is asked for, but the file has no time axis", contents->path);
        GNDP_TRY(gndp_calendar_parse_span(a.calendar, o->time, &first, &last));
    }
    note_span(&a, fields);
    for (int64_t t = 0; t < a.time.n; t++) {
        bool any = false;
        const int64_t before = fields->n;
        GNDP_TRY(add_fields(o, &a, t, first, last, file, &any, fields));
        if (any && kept++ % o->time_stride != 0)
            fields->n = before;
    }
done:
    axes_free(&a);
    return st;
}

/* ---- Order ---------------------------------------------------------------------------------- */

static int by_number(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

/* Time (without one all are equal), member, then as they came. */
static int compare_fields(const void *a, const void *b)
{
    const gndp_nc_field *p = a, *q = b;
    if (p->time_s < q->time_s || p->time_s > q->time_s)
        return p->time_s < q->time_s ? -1 : 1;
    int order = by_number(p->number, q->number);
    order = order != 0 ? order : by_number(p->file, q->file);
    order = order != 0 ? order : by_number(p->time, q->time);
    order = order != 0 ? order : by_number(p->extra, q->extra);
    order = order != 0 ? order : by_number(p->lead, q->lead);
    return order != 0 ? order : by_number(p->member, q->member);
}

gndp_status gndp_nc_fields_sort(gndp_nc_fields *fields, const gndp_nc_file *file)
{
    gndp_status st = GNDP_OK;
    qsort(fields->field, (size_t)fields->n, sizeof *fields->field, compare_fields);
    if (fields->forecasts)
        goto done;
    for (int64_t f = 0; f + 1 < fields->n; f++) {
        const gndp_nc_field *p = &fields->field[f], *q = p + 1;
        const bool same_time = p->time_s == q->time_s || (!fields->timed && p->number >= 0);
        char member[48] = "";
        if (p->number >= 0)
            gndp_text_append(member, sizeof member, " of realization %lld", (long long)p->number);
        GNDP_CHECK(!same_time || p->number != q->number, GNDP_ERR_FORMAT,
                   "%s and %s: %s%s is given twice (entries %lld and %lld)",
                   file[p->file].contents.path, file[q->file].contents.path,
                   fields->timed ? gndp_calendar_text(fields->calendar, p->time_s).text
                                 : "the field",
                   member, (long long)p->time, (long long)q->time);
    }
done:
    return st;
}
