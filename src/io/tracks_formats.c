// SPDX-License-Identifier: Apache-2.0
// Tracks from the forecast centres' own texts: HURDAT2, ATCF b-decks, and the a-decks that gndp writes.
#include "io/tracks.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "io/number.h"

static bool only(const char *text, const char *set, size_t length)
{
    return strlen(text) == length && strspn(text, set) == length;
}

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

/* Basins of the centres as IBTrACS names them. The south is parted at 135 E, as there. */
static void name_basin(const char *code, double lon, char basin[8])
{
    static const char *const pairs[][2] = {{"AL", "NA"}, {"EP", "EP"}, {"CP", "EP"}, {"WP", "WP"},
                                           {"IO", "NI"}, {"AS", "NI"}, {"BB", "NI"}, {"SL", "SA"},
                                           {"LS", "SA"}, {"SP", "SP"}, {"SI", "SI"}};
    const double east = lon < 0.0 ? lon + 360.0 : lon;
    strcpy(basin, "");
    if (strncmp(code, "SH", 2) == 0)
        strcpy(basin, east >= 20.0 && east < 135.0    ? "SI"
                      : east >= 135.0 && east < 290.0 ? "SP"
                                                      : "SA");
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        if (strncmp(code, pairs[i][0], 2) == 0)
            strcpy(basin, pairs[i][1]);
}

/* "15.3N", "1230W"; the number times `scale`. */
static bool angle_parse(const char *text, const char *signs, double scale, double *out)
{
    char number[16];
    const size_t length = strlen(text);
    if (length < 2 || length > sizeof number)
        return false;
    const char *sign = strchr(signs, text[length - 1]);
    if (sign == NULL)
        return false;
    memcpy(number, text, length - 1);
    number[length - 1] = '\0';
    if (strspn(number, DIGITS ".") != length - 1 || !gndp_number_parse(number, out))
        return false;
    /* Divided, not multiplied by 0.1: 149 tenths are the double nearest 14.9. */
    *out = (sign == signs ? *out : -*out) / scale;
    return true;
}

/* Digits only, "2011082106" and minutes. */
static gndp_status time_parse(const gndp_csv_reader *r, const char *ymdh, int minute, double *out)
{
    gndp_status st = GNDP_OK;
    int64_t number = 0;
    GNDP_CHECK(only(ymdh, DIGITS, 10) && gndp_integer_parse(ymdh, &number), GNDP_ERR_FORMAT,
               "%s:%" PRId64 ": '%s' is no time YYYYMMDDHH", r->path, r->row_line,
               gndp_shown(ymdh).text);
    const gndp_date date = {.year = number / 1000000,
                            .month = (int)(number / 10000 % 100),
                            .day = (int)(number / 100 % 100),
                            .hour = (int)(number % 100),
                            .minute = minute};
    const gndp_status st_date = gndp_calendar_seconds(GNDP_CALENDAR_STANDARD, &date, out);
    GNDP_CHECK(st_date == GNDP_OK, st_date, "%s:%" PRId64 ": '%s': %s", r->path, r->row_line, ymdh,
               gndp_last_text());
done:
    return st;
}

/* A wind or pressure; missing where it is empty, or `none` or less. */
static gndp_status strength_parse(const gndp_csv_reader *r, int column, double none, double *out)
{
    gndp_status st = GNDP_OK;
    const char *text = column < r->n ? r->cell[column] : "";
    *out = (double)NAN;
    if (*text == '\0')
        goto done;
    GNDP_CHECK(gndp_number_parse(text, out), GNDP_ERR_FORMAT,
               "%s:%" PRId64 ": cell %d: '%s' is no finite number", r->path, r->row_line,
               column + 1, gndp_shown(text).text);
    if (*out <= none)
        *out = (double)NAN;
done:
    return st;
}

static gndp_status position_parse(const gndp_csv_reader *r, int column, double scale, gndp_fix *fix)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(angle_parse(r->cell[column], "NS", scale, &fix->lat) &&
                   angle_parse(r->cell[column + 1], "EW", scale, &fix->lon),
               GNDP_ERR_FORMAT, "%s:%" PRId64 ": '%s', '%s' is no position", r->path, r->row_line,
               gndp_shown(r->cell[column]).text, gndp_shown(r->cell[column + 1]).text);
done:
    return st;
}

/* ---- HURDAT2 -------------------------------------------------------------------------------- */

/* "AL092011, IRENE, 39," */
bool gndp_tracks_is_hurdat(const gndp_csv_reader *r)
{
    return (r->n == 3 || (r->n == 4 && *r->cell[3] == '\0')) && strlen(r->cell[0]) == 8 &&
           strspn(r->cell[0], LETTERS) == 2 && only(r->cell[0] + 2, DIGITS, 6) &&
           *r->cell[2] != '\0' && strspn(r->cell[2], DIGITS) == strlen(r->cell[2]);
}

/* "20110821, 0000,  , TS, 15.0N,  59.0W,  45, 1006, .." */
static gndp_status read_hurdat_row(const gndp_csv_reader *r, int64_t storm, gndp_track_table *table)
{
    gndp_status st = GNDP_OK;
    gndp_fix fix = {.line = r->row_line, .storm = storm};
    char ymdh[11];
    GNDP_CHECK(
        r->n >= 8 && only(r->cell[0], DIGITS, 8) && only(r->cell[1], DIGITS, 4), GNDP_ERR_FORMAT,
        "%s:%" PRId64 ": no fix of HURDAT2: date, time, record, status, latitude, longitude, "
        "wind, pressure are wanted",
        r->path, r->row_line);
    snprintf(ymdh, sizeof ymdh, "%s%.2s", r->cell[0], r->cell[1]);
    const int minute = 10 * (r->cell[1][2] - '0') + r->cell[1][3] - '0';
    GNDP_TRY(time_parse(r, ymdh, minute, &fix.time_s));
    GNDP_TRY(position_parse(r, 4, 1.0, &fix));
    GNDP_TRY(strength_parse(r, 6, -1.0, &fix.wind_kt)); /* -99, -999: missing */
    GNDP_TRY(strength_parse(r, 7, -1.0, &fix.pressure_hpa));
    if (table->storm[storm].n == 0)
        name_basin(table->storm[storm].id, fix.lon, table->storm[storm].basin);
    GNDP_TRY(gndp_track_table_add(table, &fix));
done:
    return st;
}

gndp_status gndp_tracks_read_hurdat(gndp_csv_reader *r, gndp_track_table *table)
{
    gndp_status st = GNDP_OK;
    int64_t count = 0, storm = 0;
    bool more = true, added = false;
    while (more) {
        const int64_t line = r->row_line;
        GNDP_CHECK(gndp_tracks_is_hurdat(r), GNDP_ERR_FORMAT,
                   "%s:%" PRId64 ": the header of a storm is wanted: id, name, number of fixes",
                   r->path, line);
        GNDP_CHECK(gndp_integer_parse(r->cell[2], &count), GNDP_ERR_FORMAT,
                   "%s:%" PRId64 ": '%s' is no number of fixes", r->path, line,
                   gndp_shown(r->cell[2]).text);
        GNDP_TRY(gndp_track_table_storm(table, r->cell[0], -1, &storm, &added));
        GNDP_CHECK(added, GNDP_ERR_FORMAT, "%s:%" PRId64 ": storm %s for the second time", r->path,
                   line, r->cell[0]);
        GNDP_CHECK(gndp_integer_parse(table->storm[storm].id + 4, &table->storm[storm].season),
                   GNDP_ERR_FORMAT, "%s:%" PRId64 ": '%s' is no id", r->path, line, r->cell[0]);
        for (int64_t i = 0; i < count; i++) {
            GNDP_TRY(gndp_csv_reader_next(r, &more));
            GNDP_CHECK(more && !gndp_tracks_is_hurdat(r), GNDP_ERR_FORMAT,
                       "%s:%" PRId64 ": storm %s has %" PRId64
                       " fixes where its header says %" PRId64,
                       r->path, line, table->storm[storm].id, i, count);
            GNDP_TRY(read_hurdat_row(r, storm, table));
        }
        GNDP_TRY(gndp_csv_reader_next(r, &more));
    }
done:
    return st;
}

/* ---- ATCF ----------------------------------------------------------------------------------- */

/* "AL, 09, 2011082018,   , BEST,   0, 149N,  580W,  45, 1006, .." */
bool gndp_tracks_is_atcf(const gndp_csv_reader *r)
{
    return r->n >= 8 && only(r->cell[0], LETTERS, 2) && strlen(r->cell[1]) == 2 &&
           only(r->cell[2], DIGITS, 10);
}

/* A storm lives for weeks, its number comes again after a year. */
#define SAME_STORM_S (180.0 * 86400.0)

/* The storm a line belongs to: that of the fix before, or one of a new year. */
static gndp_status find_atcf_storm(const gndp_csv_reader *r, int64_t member, gndp_fix *fix,
                                   gndp_track_table *table)
{
    gndp_status st = GNDP_OK;
    char id[16];
    const gndp_fix *last = table->n_fixes > 0 ? &table->fix[table->n_fixes - 1] : NULL;
    const char *id_last = last != NULL ? table->storm[last->storm].id : "";
    bool added;
    if (last != NULL && strncmp(id_last, r->cell[0], 2) == 0 &&
        strncmp(id_last + 2, r->cell[1], 2) == 0 &&
        table->storm[last->storm].member == member &&
        fabs(fix->time_s - last->time_s) < SAME_STORM_S) {
        fix->storm = last->storm;
        goto done;
    }
    snprintf(id, sizeof id, "%.2s%.2s%.4s", r->cell[0], r->cell[1], r->cell[2]);
    GNDP_TRY(gndp_track_table_storm(table, id, member, &fix->storm, &added));
    if (added)
        name_basin(id, fix->lon, table->storm[fix->storm].basin);
done:
    return st;
}

/* "GNDP", "GN07": forecasts that gndp wrote; their lead, and the member or -1. */
static gndp_status forecast_parse(const gndp_csv_reader *r, int64_t *lead_h, int64_t *member)
{
    gndp_status st = GNDP_OK;
    const char *technique = r->cell[4];
    const bool own = strcmp(technique, "GNDP") == 0,
               numbered = strncmp(technique, "GN", 2) == 0 && only(technique + 2, DIGITS, 2);
    GNDP_CHECK(own || numbered, GNDP_ERR_UNSUPPORTED,
               "%s:%" PRId64 ": technique '%s': best tracks (b-decks) are read, and forecasts of "
               "gndp (GNDP, GN00 .. GN99)",
               r->path, r->row_line, gndp_shown(technique).text);
    GNDP_CHECK(gndp_integer_parse(r->cell[5], lead_h) && *lead_h >= -99 && *lead_h <= 999,
               GNDP_ERR_FORMAT, "%s:%" PRId64 ": '%s' is no lead in hours", r->path, r->row_line,
               gndp_shown(r->cell[5]).text);
    if (numbered)
        *member = 10 * (technique[2] - '0') + technique[3] - '0';
done:
    return st;
}

static gndp_status read_atcf_row(const gndp_csv_reader *r, gndp_track_table *table)
{
    gndp_status st = GNDP_OK;
    gndp_fix fix = {.line = r->row_line};
    int64_t minute = 0, lead_h = 0, member = -1;
    GNDP_CHECK(gndp_tracks_is_atcf(r), GNDP_ERR_FORMAT,
               "%s:%" PRId64 ": no line of ATCF: basin, number, time, minutes, BEST, 0, latitude, "
               "longitude are wanted",
               r->path, r->row_line);
    const bool best = strcmp(r->cell[4], "BEST") == 0;
    if (!best)
        GNDP_TRY(forecast_parse(r, &lead_h, &member));
    if (best && *r->cell[3] != '\0')
        GNDP_CHECK(gndp_integer_parse(r->cell[3], &minute) && minute >= 0 && minute < 60,
                   GNDP_ERR_FORMAT, "%s:%" PRId64 ": '%s' are no minutes", r->path, r->row_line,
                   gndp_shown(r->cell[3]).text);
    GNDP_TRY(time_parse(r, r->cell[2], (int)minute, &fix.time_s));
    fix.time_s += 3600.0 * (double)lead_h;
    GNDP_TRY(position_parse(r, 6, 10.0, &fix));
    GNDP_TRY(strength_parse(r, 8, 0.0, &fix.wind_kt)); /* 0: not known */
    GNDP_TRY(strength_parse(r, 9, 0.0, &fix.pressure_hpa));
    GNDP_TRY(find_atcf_storm(r, member, &fix, table));
    /* A fix has a line for each wind radius: 34, 50, 64 knots. */
    const gndp_fix *last = table->n_fixes > 0 ? &table->fix[table->n_fixes - 1] : NULL;
    if (last != NULL && last->storm == fix.storm && last->time_s == fix.time_s &&
        last->lat == fix.lat && last->lon == fix.lon)
        goto done;
    GNDP_TRY(gndp_track_table_add(table, &fix));
done:
    return st;
}

gndp_status gndp_tracks_read_atcf(gndp_csv_reader *r, gndp_track_table *table)
{
    gndp_status st = GNDP_OK;
    for (bool more = true; more;) {
        GNDP_TRY(read_atcf_row(r, table));
        GNDP_TRY(gndp_csv_reader_next(r, &more));
    }
done:
    return st;
}
