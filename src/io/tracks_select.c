// SPDX-License-Identifier: Apache-2.0
// Which storms and which of their fixes become fields, and the set of them.
#include "io/tracks.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "base/text.h"

/* Why a storm is left out, in the order in which the rules are applied. */
typedef enum rule { NOT_MAIN, BASIN, SEASON, TIME, TOO_FEW, LACKS_STEP, RULES } rule;

/* Storms that stay: fixes [first, first + n) of the table, compacted in place. */
typedef struct choice {
    gndp_track_table *table;
    const gndp_track_options *options;
    double time_first, time_last;
    int64_t *storm; /* [n] numbers */
    int64_t n, n_fixes;
    int64_t dropped[RULES];
} choice;

static gndp_status check_options(const gndp_track_options *o)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(isfinite(o->step_h) && o->step_h >= 0.0, GNDP_ERR_ARG, "step of %g hours",
               o->step_h);
    GNDP_CHECK(o->length >= 0 && o->min_points >= 0, GNDP_ERR_ARG,
               "length %" PRId64 ", at least %" PRId64 " points", o->length, o->min_points);
    const double day = o->step_h > 0.0 ? 24.0 / o->step_h : 0.0;
    GNDP_CHECK(!o->clock || (day > 0.0 && fabs(day - round(day)) < 1e-9), GNDP_ERR_ARG,
               "a clock of %g hours does not divide the day", o->step_h);
done:
    return st;
}

static int64_t season_of(const gndp_track_table *table, const gndp_storm *storm)
{
    gndp_date date;
    if (storm->season != INT64_MIN || storm->n == 0 ||
        gndp_calendar_date(GNDP_CALENDAR_STANDARD, table->fix[storm->first].time_s, &date) !=
            GNDP_OK)
        return storm->season;
    return date.year;
}

/* RULES: the storm as a whole may stay. */
static rule judge(const choice *c, const gndp_storm *storm)
{
    const gndp_track_options *o = c->options;
    const int64_t season = season_of(c->table, storm);
    if (o->main_only && !storm->is_main)
        return NOT_MAIN;
    if (o->basin != NULL && strcasecmp(o->basin, storm->basin) != 0)
        return BASIN;
    if ((o->season_low != 0 && season < o->season_low) ||
        (o->season_high != 0 && season > o->season_high))
        return SEASON;
    return RULES;
}

/* Whether a time is a multiple of the step after the origin, to half a second. */
static bool on_step(double time_s, double origin_s, double step_s)
{
    const double steps = round((time_s - origin_s) / step_s);
    return fabs(time_s - origin_s - steps * step_s) < 0.5;
}

/* Compact the storm's fixes to those wanted. RULES: it stays. */
static rule thin(const choice *c, gndp_storm *storm)
{
    const gndp_track_options *o = c->options;
    const double step_s = 3600.0 * o->step_h;
    gndp_fix *fix = c->table->fix + storm->first;
    int64_t in_time = 0, kept = 0;
    for (int64_t i = 0; i < storm->n; i++)
        if (fix[i].time_s >= c->time_first && fix[i].time_s < c->time_last)
            fix[in_time++] = fix[i];
    if (in_time == 0 && storm->n > 0)
        return TIME;
    const double origin = o->clock || in_time == 0 ? 0.0 : fix[0].time_s;
    for (int64_t i = 0; i < in_time; i++)
        if (step_s == 0.0 || on_step(fix[i].time_s, origin, step_s))
            fix[kept++] = fix[i];
    if (kept < o->min_points)
        return TOO_FEW;
    if (o->length > 0) {
        for (int64_t k = 0; k < o->length; k++)
            if (k >= kept ||
                (step_s > 0.0 && fabs(fix[k].time_s - fix[0].time_s - (double)k * step_s) >= 0.5))
                return LACKS_STEP;
        kept = o->length;
    }
    storm->n = kept;
    return kept > 0 ? RULES : TOO_FEW;
}

static void why_text(const choice *c, int i, char *text, size_t room)
{
    const gndp_track_options *o = c->options;
    static const char *const plain[RULES] = {"not main tracks",
                                             "of another basin",
                                             "of another season",
                                             "outside the time asked for",
                                             NULL,
                                             NULL};
    if (plain[i] != NULL)
        snprintf(text, room, "%s", plain[i]);
    else if (i == TOO_FEW)
        snprintf(text, room, "with fewer than %" PRId64 " fixes",
                 o->min_points > 1 ? o->min_points : 1);
    else
        snprintf(text, room, "without the first %" PRId64 " steps of %g h", o->length, o->step_h);
}

static gndp_status choose(choice *c)
{
    gndp_status st = GNDP_OK;
    const gndp_track_options *o = c->options;
    bool any_basin = false;
    char why[400] = "", one[80];
    c->storm = malloc((size_t)c->table->n_storms * sizeof *c->storm + 1);
    GNDP_CHECK(c->storm != NULL, GNDP_ERR_NOMEM, "%" PRId64 " storms", c->table->n_storms);
    for (int64_t s = 0; s < c->table->n_storms; s++)
        any_basin = any_basin || *c->table->storm[s].basin != '\0';
    GNDP_CHECK(o->basin == NULL || any_basin, GNDP_ERR_NOT_FOUND,
               "%s does not say the basins of its storms", c->table->path);
    for (int64_t s = 0; s < c->table->n_storms; s++) {
        rule why_not = judge(c, &c->table->storm[s]);
        if (why_not == RULES)
            why_not = thin(c, &c->table->storm[s]);
        if (why_not != RULES) {
            c->dropped[why_not]++;
            continue;
        }
        c->storm[c->n++] = s;
        c->n_fixes += c->table->storm[s].n;
    }
    for (int i = 0; i < RULES; i++)
        if (c->dropped[i] > 0) {
            why_text(c, i, one, sizeof one);
            gndp_text_append(why, sizeof why, "%s%" PRId64 " %s", *why != '\0' ? ", " : "",
                             c->dropped[i], one);
        }
    if (*why != '\0')
        gndp_logger_write(o->log, GNDP_LOG_INFO,
                          "%s: %" PRId64 " of %" PRId64 " storms kept; left out: %s",
                          c->table->path, c->n, c->table->n_storms, why);
    GNDP_CHECK(c->n > 0, GNDP_ERR_NOT_FOUND, "%s: no storm is left of %" PRId64 "%s%s",
               c->table->path, c->table->n_storms, *why != '\0' ? ": " : "", why);
done:
    return st;
}

/* ---- The set -------------------------------------------------------------------------------- */

/* What the set is made from; it copies all of it. */
typedef struct arrays {
    double *x, *degrees, *place, *value; /* [n], [n, 2], [n, 3], [n, P] */
    uint8_t *present;                    /* [n, channels] */
    int64_t *first;
    gndp_field_label *label;
} arrays;

static void free_arrays(arrays *a)
{
    free(a->x);
    free(a->degrees);
    free(a->place);
    free(a->value);
    free(a->present);
    free(a->first);
    free(a->label);
}

static gndp_status make_arrays(const choice *c, size_t P, size_t channels, arrays *a)
{
    gndp_status st = GNDP_OK;
    const size_t n = (size_t)c->n_fixes;
    a->x = malloc(n * sizeof *a->x);
    a->degrees = malloc(2 * n * sizeof *a->degrees);
    a->place = malloc(3 * n * sizeof *a->place);
    a->value = calloc(n * P, sizeof *a->value);
    a->present = malloc(n * channels);
    a->first = malloc(((size_t)c->n + 1) * sizeof *a->first);
    a->label = calloc((size_t)c->n, sizeof *a->label);
    GNDP_CHECK(a->x != NULL && a->degrees != NULL && a->place != NULL && a->value != NULL &&
                   a->present != NULL && a->first != NULL && a->label != NULL,
               GNDP_ERR_NOMEM, "%zu fixes", n);
done:
    return st;
}

static void put(double value, size_t component, double *values, uint8_t *present)
{
    *present = (uint8_t)!isnan(value);
    values[component] = isnan(value) ? 0.0 : value;
}

static void fill(const choice *c, size_t P, size_t channels, arrays *a)
{
    const gndp_track_options *o = c->options;
    size_t at = 0;
    for (int64_t k = 0; k < c->n; k++) {
        const gndp_storm *storm = &c->table->storm[c->storm[k]];
        const gndp_fix *fix = c->table->fix + storm->first;
        a->first[k] = (int64_t)at;
        a->label[k] = (gndp_field_label){fix[0].time_s, storm->member, storm->id};
        for (int64_t i = 0; i < storm->n; i++, at++) {
            uint8_t *present = a->present + at * channels;
            a->x[at] = (fix[i].time_s - fix[0].time_s) / 86400.0;
            a->degrees[2 * at] = fix[i].lat;
            a->degrees[2 * at + 1] = fix[i].lon;
            present[0] = 1;
            if (o->wind)
                put(fix[i].wind_kt, 3, a->value + at * P, &present[1]);
            if (o->pressure)
                put(fix[i].pressure_hpa, 3 + o->wind, a->value + at * P, &present[1 + o->wind]);
        }
    }
    a->first[c->n] = (int64_t)at;
    gndp_coords_embed(GNDP_SPACE_SPHERE, 2, c->n_fixes, a->degrees, a->place);
    for (size_t i = 0; i < at; i++)
        memcpy(a->value + i * P, a->place + 3 * i, 3 * sizeof(double));
}

static size_t name_channels(const gndp_track_options *o, gndp_channel channel[3])
{
    size_t n = 0;
    channel[n++] = gndp_channel_sphere("position");
    if (o->wind) {
        channel[n] = gndp_channel_scalar("wind", "knot");
        strcpy(channel[n].part[0].standard_name, "tropical_cyclone_maximum_sustained_wind_speed");
        n++;
    }
    if (o->pressure) {
        channel[n] = gndp_channel_scalar("pressure", "hPa");
        strcpy(channel[n].part[0].standard_name, "air_pressure_at_mean_sea_level");
        n++;
    }
    return n;
}

static gndp_status make_set(const choice *c, gndp_fieldset **out)
{
    gndp_status st = GNDP_OK;
    gndp_channel channel[3];
    gndp_attribute attribute[GNDP_TRACK_ATTRIBUTES];
    arrays a = {0};
    const size_t channels = name_channels(c->options, channel), P = 2 + channels;
    gndp_fieldset_spec spec = {.n_fields = c->n,
                               .n_channels = (int)channels,
                               .channel = channel,
                               .calendar = GNDP_CALENDAR_STANDARD,
                               .attribute = attribute,
                               .origin = c->table->path};
    GNDP_TRY(make_arrays(c, P, channels, &a));
    fill(c, P, channels, &a);
    for (int i = 0; i < GNDP_TRACK_ATTRIBUTES; i++)
        if (c->table->attribute[i] != NULL)
            attribute[spec.n_attributes++] =
                (gndp_attribute){gndp_track_attributes[i], c->table->attribute[i]};
    spec.coords =
        (gndp_coords){.space = GNDP_SPACE_EUCLIDEAN,
                      .layout = GNDP_LAYOUT_LIST,
                      .columns = 1,
                      .axis = {{.name = "time", .standard_name = "time", .units = "days"}},
                      .n = c->n_fixes,
                      .x = a.x};
    spec.first = a.first;
    spec.label = a.label;
    const gndp_array values =
        gndp_array_view(gndp_type_2d(GNDP_F64, c->n_fixes, (int64_t)P), a.value);
    GNDP_TRY(gndp_fieldset_create(&spec, &values, a.present, out));
done:
    free_arrays(&a);
    return st;
}

static void tell(const gndp_track_table *table, const gndp_logger *log)
{
    if (table->bad_counts > 0)
        gndp_logger_write(log, GNDP_LOG_WARN,
                          "%s: %" PRId64
                          " storms passed over: their number of fixes cannot be true",
                          table->path, table->bad_counts);
    if (table->no_position > 0)
        gndp_logger_write(log, GNDP_LOG_WARN,
                          "%s: %" PRId64 " fixes without time or place passed over", table->path,
                          table->no_position);
    if (table->duplicates > 0)
        gndp_logger_write(log, GNDP_LOG_WARN, "%s: %" PRId64 " repeated fixes dropped", table->path,
                          table->duplicates);
}

gndp_status gndp_track_table_select(gndp_track_table *table, const gndp_track_options *options,
                                    gndp_fieldset **out)
{
    gndp_status st = GNDP_OK;
    choice c = {.table = table,
                .options = options,
                .time_first = -(double)INFINITY,
                .time_last = (double)INFINITY};
    GNDP_TRY(check_options(options));
    if (options->time != NULL)
        GNDP_TRY(gndp_calendar_parse_span(GNDP_CALENDAR_STANDARD, options->time, &c.time_first,
                                          &c.time_last));
    tell(table, options->log);
    GNDP_TRY(choose(&c));
    GNDP_TRY(make_set(&c, out));
done:
    free(c.storm);
    return st;
}
