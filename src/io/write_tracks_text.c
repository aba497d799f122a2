// SPDX-License-Identifier: Apache-2.0
// Tracks as texts: CSV, and the a-decks and b-decks of ATCF (NRL's description of the common format).
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gndp/io.h>
#include <gndp/tables.h>
#include <gndp/write.h>

#include "base/error.h"
#include "io/beside.h"
#include "io/writer.h"

/* One place on its way into a text. */
typedef struct fix {
    double time_s, lat, lon, wind_kt, pressure_hpa; /* NaN: missing; longitude -180..180 */
} fix;

typedef struct texts {
    const gndp_fieldset *set;
    const gndp_fieldset_spec *spec;
    const gndp_tracks_text_options *options;
    const char *path;
    int at[3];         /* component of position, wind, pressure; -1: none */
    double factor[3];  /* of wind to knots, of pressure to hPa; [0]: of the axis to seconds */
    double *x, *values;
    uint8_t *present;
    fix *fix;          /* [most points] of one field */
    int64_t n;         /* of them that are places */
    double reference_s;
    int64_t off_hour;  /* places left out, as ATCF has whole hours alone */
    FILE *file;
    char *bytes;
    size_t size;
} texts;

gndp_tracks_text_options gndp_tracks_text_options_default(void)
{
    return (gndp_tracks_text_options){.technique = "GN"};
}

static void texts_free(texts *t)
{
    if (t->file != NULL)
        fclose(t->file);
    free(t->bytes);
    free(t->x);
    free(t->values);
    free(t->present);
    free(t->fix);
}

/* ---- Fixes ---------------------------------------------------------------------------------- */

static gndp_status look(texts *t)
{
    gndp_status st = GNDP_OK;
    const gndp_fieldset_spec *spec = t->spec = gndp_fieldset_get_spec(t->set);
    double offset;
    int component = 0;
    t->at[0] = t->at[1] = t->at[2] = -1;
    for (int c = 0; c < spec->n_channels; c++) {
        const gndp_channel *channel = &spec->channel[c];
        if (channel->kind == GNDP_CHANNEL_SPHERE && t->at[0] < 0)
            t->at[0] = component;
        const int k = strcmp(channel->name, "wind") == 0 ? 1 : strcmp(channel->name, "pressure") == 0 ? 2 : 0;
        if (k > 0 && channel->components == 1) {
            t->at[k] = component;
            t->factor[k] = 1.0;
            if (*channel->units != '\0')
                GNDP_TRY(gndp_units_convert(channel->name, channel->units, k == 1 ? "knot" : "hPa", &t->factor[k], &offset));
        }
        component += channel->components;
    }
    GNDP_CHECK(t->at[0] >= 0 && spec->coords.columns == 1 && spec->coords.space == GNDP_SPACE_EUCLIDEAN, GNDP_ERR_UNSUPPORTED,
               "%s: %s holds no tracks: a channel of places along time is wanted", t->path, spec->origin);
    GNDP_TRY(gndp_units_convert("time of the fixes", *spec->coords.axis[0].units != '\0' ? spec->coords.axis[0].units : "days", "s", &t->factor[0], &offset));
    const size_t most = (size_t)gndp_fieldset_max_points(t->set), P = (size_t)component;
    t->x = malloc(most * sizeof *t->x);
    t->values = malloc(most * P * sizeof *t->values);
    t->present = malloc(most * P);
    t->fix = malloc(most * sizeof *t->fix);
    GNDP_CHECK(t->x != NULL && t->values != NULL && t->present != NULL && t->fix != NULL, GNDP_ERR_NOMEM, "%zu points", most);
done:
    return st;
}

static double value_of(const texts *t, int64_t i, int k)
{
    const int P = gndp_fieldset_components(t->set);
    return t->at[k] >= 0 && t->present[i * P + t->at[k]] != 0 ? t->factor[k] * t->values[i * P + t->at[k]] : (double)NAN;
}

static gndp_status read_field(texts *t, int64_t f)
{
    gndp_status st = GNDP_OK;
    const int64_t n = gndp_fieldset_points(t->set, f);
    const int P = gndp_fieldset_components(t->set);
    const double start = t->spec->label[f].time_s;
    GNDP_CHECK(!isnan(start), GNDP_ERR_UNSUPPORTED, "%s: field %lld has no time", t->path, (long long)f);
    GNDP_TRY(gndp_fieldset_coords(t->set, f, t->x));
    GNDP_TRY(gndp_fieldset_read(t->set, 1, &f, n, NULL, t->values, t->present));
    t->n = 0;
    for (int64_t i = 0; i < n; i++) {
        if (t->present[i * P + t->at[0]] == 0)
            continue;
        fix *out = &t->fix[t->n++];
        *out = (fix){.time_s = nearbyint((start + t->x[i] * t->factor[0]) * 1e3) / 1e3, .wind_kt = value_of(t, i, 1), .pressure_hpa = value_of(t, i, 2)};
        gndp_out_degrees(t->values + i * P + t->at[0], &out->lat, &out->lon);
    }
    t->reference_s = t->options->reference_time_s != NULL ? t->options->reference_time_s[f] : t->n > 0 ? t->fix[0].time_s : start;
    GNDP_CHECK(isfinite(t->reference_s), GNDP_ERR_NONFINITE, "%s: field %lld has no reference time", t->path, (long long)f);
done:
    return st;
}

/* Give what was printed its name. */
static gndp_status finish(texts *t)
{
    gndp_status st = GNDP_OK;
    gndp_beside out = gndp_beside_none();
    const bool lost = ferror(t->file) != 0;
    const bool closed = fclose(t->file) == 0;
    t->file = NULL;
    GNDP_CHECK(closed && !lost, GNDP_ERR_NOMEM, "%zu bytes", t->size);
    GNDP_TRY(gndp_beside_open(t->path, t->options->overwrite, &out));
    GNDP_TRY(gndp_beside_empty(&out));
    GNDP_TRY(gndp_beside_write(&out, t->bytes, t->size));
    GNDP_TRY(gndp_beside_commit(&out, t->options->overwrite));
done:
    gndp_beside_close(&out, false);
    return st;
}

static gndp_status begin(texts *t)
{
    gndp_status st = GNDP_OK;
    static const gndp_tracks_text_options standard = {.technique = "GN"};
    GNDP_CHECK(t->set != NULL && t->path != NULL, GNDP_ERR_ARG, "%s is NULL", t->set == NULL ? "set" : "path");
    if (t->options == NULL)
        t->options = &standard;
    GNDP_TRY(look(t));
    t->file = open_memstream(&t->bytes, &t->size);
    GNDP_CHECK(t->file != NULL, GNDP_ERR_NOMEM, "a stream in memory");
done:
    return st;
}

/* ---- CSV ------------------------------------------------------------------------------------ */

static void put_number(FILE *file, double value)
{
    fputc(',', file);
    if (!isnan(value))
        fputs(gndp_csv_number_text(value).text, file);
}

/* To 1e-9 degrees, a tenth of a millimetre: 15 digits of a rounded number are its shortest text. */
static double degrees(double value)
{
    return nearbyint(value * 1e9) / 1e9;
}

static void put_id(FILE *file, const char *id, int64_t f)
{
    if (id == NULL) {
        fprintf(file, "%" PRId64, f);
        return;
    }
    const bool quoted = id[strcspn(id, ",\"\n\r")] != '\0' || *id == '#' || *id == ' ';
    if (quoted)
        fputc('"', file);
    for (; *id != '\0'; id++) {
        if (*id == '"')
            fputc('"', file);
        fputc(*id, file);
    }
    if (quoted)
        fputc('"', file);
}

gndp_status gndp_write_tracks_csv(const gndp_fieldset *set, const char *path, const gndp_tracks_text_options *options)
{
    gndp_status st = GNDP_OK;
    texts t = {.set = set, .path = path, .options = options};
    GNDP_TRY(begin(&t));
    fputs("sid,realization,iso_time,lead_h,lat,lon,wind,pressure\n", t.file);
    for (int64_t f = 0; f < t.spec->n_fields; f++) {
        GNDP_TRY(read_field(&t, f));
        for (int64_t i = 0; i < t.n; i++) {
            const fix *x = &t.fix[i];
            put_id(t.file, t.spec->label[f].id, f);
            fputc(',', t.file);
            if (t.spec->label[f].member >= 0)
                fprintf(t.file, "%" PRId64, t.spec->label[f].member);
            fprintf(t.file, ",%s", gndp_calendar_text(t.spec->calendar, x->time_s).text);
            put_number(t.file, nearbyint((x->time_s - t.reference_s) * 1e3) / 3.6e6);
            put_number(t.file, degrees(x->lat));
            put_number(t.file, degrees(x->lon));
            put_number(t.file, x->wind_kt);
            put_number(t.file, x->pressure_hpa);
            fputc('\n', t.file);
        }
    }
    GNDP_TRY(finish(&t));
done:
    texts_free(&t);
    return st;
}

/* ---- ATCF ----------------------------------------------------------------------------------- */

/* Basin and annual number of a storm. */
typedef struct cyclone {
    char basin[3];
    int number;
} cyclone;

/* From Panama along the divide to Mexico: the Atlantic is east of it. */
static bool is_atlantic(double lat, double lon)
{
    static const double divide[][2] = {{7.0, -77.5}, {9.0, -80.0}, {9.5, -83.0}, {11.0, -85.0}, {14.0, -88.0}, {15.5, -92.0}, {17.0, -95.0}, {20.0, -100.0}};
    enum { N = sizeof divide / sizeof *divide };
    double west = divide[N - 1][1];
    if (lat <= divide[0][0])
        west = divide[0][1];
    for (int i = 1; i < N; i++)
        if (lat > divide[i - 1][0] && lat <= divide[i][0])
            west = divide[i - 1][1] + (lat - divide[i - 1][0]) / (divide[i][0] - divide[i - 1][0]) * (divide[i][1] - divide[i - 1][1]);
    return lon > west && lon < 20.0;
}

/* The basin where a storm begins: SH from 20 E to 70 W, SL the South Atlantic, IO to 100 E, WP to the date line, CP to 140 W. */
static const char *basin_at(double lat, double lon)
{
    const double east = lon < 0.0 ? lon + 360.0 : lon;
    if (lat < 0.0)
        return east >= 20.0 && east < 290.0 ? "SH" : "SL";
    if (is_atlantic(lat, lon))
        return "AL";
    return east < 100.0 ? "IO" : east < 180.0 ? "WP" : east < 220.0 ? "CP" : "EP";
}

static bool is_atcf_id(const char *id)
{
    return id != NULL && strlen(id) == 8 && strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 2 && strspn(id + 2, "0123456789") == 6;
}

/* Members of a storm have one number: that of the first field of its id; storms of a basin and year count from 1. */
static gndp_status name_cyclones(texts *t, cyclone *c)
{
    gndp_status st = GNDP_OK;
    const int64_t n = t->spec->n_fields;
    gndp_date date, other;
    for (int64_t f = 0; f < n; f++) {
        const char *id = t->spec->label[f].id;
        int64_t same = f;
        c[f].number = 1;
        if (is_atcf_id(id)) {
            snprintf(c[f].basin, sizeof c[f].basin, "%.2s", id);
            c[f].number = 10 * (id[2] - '0') + id[3] - '0';
            continue;
        }
        for (int64_t g = 0; g < f && same == f; g++)
            if (id != NULL && t->spec->label[g].id != NULL && strcmp(id, t->spec->label[g].id) == 0)
                same = g;
        if (same < f) {
            c[f] = c[same];
            continue;
        }
        GNDP_TRY(read_field(t, f));
        GNDP_CHECK(t->n > 0, GNDP_ERR_NONFINITE, "%s: field %lld has no place", t->path, (long long)f);
        snprintf(c[f].basin, sizeof c[f].basin, "%s", basin_at(t->fix[0].lat, t->fix[0].lon));
        GNDP_TRY(gndp_calendar_date(t->spec->calendar, t->spec->label[f].time_s, &date));
        for (int64_t g = 0; g < f; g++) { /* one above the largest */
            GNDP_TRY(gndp_calendar_date(t->spec->calendar, t->spec->label[g].time_s, &other));
            if (strcmp(c[g].basin, c[f].basin) == 0 && other.year == date.year && c[g].number >= c[f].number)
                c[f].number = c[g].number + 1;
        }
        GNDP_CHECK(c[f].number <= 99, GNDP_ERR_RANGE, "%s: more than 99 storms of %s in %lld: ATCF has two digits for their number", t->path, c[f].basin,
                   (long long)date.year);
    }
done:
    return st;
}

/* "149N", "1800E": tenths, never a negative zero. */
static void put_angle(FILE *file, double value, const char *signs, int width)
{
    const long tenths = lround(fabs(value) * 10.0);
    char text[32];
    snprintf(text, sizeof text, "%ld%c", tenths, value < 0.0 && tenths > 0 && !(signs[0] == 'E' && tenths == 1800) ? signs[1] : signs[0]);
    fprintf(file, " %*s,", width, text);
}

static long whole(double value)
{
    return isnan(value) || value < 0.0 ? 0 : lround(value);
}

/* One place: b-decks have its own time and no lead, a-decks the time of the forecast and its lead. */
static gndp_status put_fix(texts *t, const cyclone *c, const char *technique, bool best, const fix *x)
{
    gndp_status st = GNDP_OK;
    gndp_date date;
    const double lead_s = x->time_s - t->reference_s, lead_h = nearbyint(lead_s / 3600.0);
    GNDP_TRY(gndp_calendar_date(t->spec->calendar, best ? x->time_s : t->reference_s, &date));
    GNDP_CHECK(best || (date.minute == 0 && date.second < 0.5), GNDP_ERR_RANGE, "%s: a forecast that starts at %s: ATCF has whole hours", t->path,
               gndp_calendar_text(t->spec->calendar, t->reference_s).text);
    if ((!best && fabs(lead_s - 3600.0 * lead_h) > 1.0) || date.second > 0.5) {
        t->off_hour++;
        goto done;
    }
    GNDP_CHECK(best || (lead_h >= -99.0 && lead_h <= 999.0), GNDP_ERR_RANGE, "%s: a lead of %g h: ATCF has three digits", t->path, lead_h);
    GNDP_CHECK(date.year >= 0 && date.year <= 9999, GNDP_ERR_RANGE, "%s: year %lld", t->path, (long long)date.year);
    char minutes[16] = "03"; /* ATCF sorts techniques by this; 03: objective aids */
    if (best)
        snprintf(minutes, sizeof minutes, date.minute > 0 ? "%02d" : "  ", date.minute);
    fprintf(t->file, "%s, %02d, %04d%02d%02d%02d, %s, %4s, %3d,", c->basin, c->number, (int)date.year, date.month, date.day, date.hour, minutes, technique,
            best ? 0 : (int)lead_h);
    put_angle(t->file, x->lat, "NS", 4);
    put_angle(t->file, x->lon, "EW", 5);
    fprintf(t->file, " %3ld, %4ld, XX,   0,    ,    0,    0,    0,    0,\n", whole(x->wind_kt), whole(x->pressure_hpa));
done:
    return st;
}

static gndp_status technique_of(const texts *t, int64_t member, char name[8])
{
    gndp_status st = GNDP_OK;
    const char *wanted = t->options->technique;
    const size_t length = strlen(wanted);
    if (member < 0 || length > 2) {
        snprintf(name, 8, "%s", length > 2 ? wanted : "GNDP");
        goto done;
    }
    GNDP_CHECK(member <= 99, GNDP_ERR_RANGE, "%s: member %lld: the names of ATCF techniques hold two digits, 0 to 99", t->path, (long long)member);
    snprintf(name, 8, "%.2s%02d", wanted, (int)member);
done:
    return st;
}

gndp_status gndp_write_tracks_atcf(const gndp_fieldset *set, const char *path, const gndp_tracks_text_options *options)
{
    gndp_status st = GNDP_OK;
    texts t = {.set = set, .path = path, .options = options};
    cyclone *c = NULL;
    char technique[8];
    GNDP_TRY(begin(&t));
    const char *wanted = t.options->technique != NULL ? t.options->technique : "";
    GNDP_CHECK(strlen(wanted) >= 2 && strlen(wanted) <= 4 && strspn(wanted, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == strlen(wanted), GNDP_ERR_ARG,
               "technique '%s': two capital letters before the members' digits, or a name of up to four", wanted);
    const bool best = strcmp(wanted, "BEST") == 0;
    c = calloc((size_t)t.spec->n_fields, sizeof *c);
    GNDP_CHECK(c != NULL, GNDP_ERR_NOMEM, "%lld storms", (long long)t.spec->n_fields);
    GNDP_TRY(name_cyclones(&t, c));
    for (int64_t f = 0; f < t.spec->n_fields; f++) {
        GNDP_CHECK(strlen(wanted) == 2 || t.spec->label[f].member < 0, GNDP_ERR_ARG, "%s: member %lld in technique %s, which holds no number", path,
                   (long long)t.spec->label[f].member, wanted);
        GNDP_TRY(technique_of(&t, t.spec->label[f].member, technique));
        GNDP_TRY(read_field(&t, f));
        for (int64_t i = 0; i < t.n; i++)
            GNDP_TRY(put_fix(&t, &c[f], technique, best, &t.fix[i]));
    }
    if (t.off_hour > 0)
        gndp_logger_write(t.options->log, GNDP_LOG_WARN, "%s: %lld places left out: ATCF has whole %s", path, (long long)t.off_hour,
                          best ? "minutes" : "hours of lead");
    GNDP_TRY(finish(&t));
done:
    free(c);
    texts_free(&t);
    return st;
}
