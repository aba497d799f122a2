// SPDX-License-Identifier: Apache-2.0
// Tracks from CSV: sid, iso_time, lat, lon, ..; IBTrACS' own with its row of units too.
#include "io/tracks.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "io/number.h"

/* Columns by what they are, each with its names in order of preference. */
typedef enum role { SID, TIME, LAT, LON, WIND, PRESSURE, BASIN, SEASON, TRACK_TYPE, MEMBER, ROLES } role;

static const char *const names[ROLES][8] = {
    [SID] = {"sid", "storm_id", "track_id", "id", NULL},
    [TIME] = {"iso_time", "valid_time", "time", "datetime", "date", NULL},
    [LAT] = {"lat", "latitude", NULL},
    [LON] = {"lon", "longitude", "long", NULL},
    [WIND] = {"wmo_wind", "wind", "wind_kt", NULL},
    [PRESSURE] = {"wmo_pres", "pres", "pressure", "pressure_hpa", NULL},
    [BASIN] = {"basin", NULL},
    [SEASON] = {"season", NULL},
    [TRACK_TYPE] = {"track_type", NULL},
    [MEMBER] = {"realization", "member", NULL},
};

typedef struct layout {
    int column[ROLES]; /* -1: none */
    int n;             /* of the header */
} layout;

static int find(const gndp_csv_reader *r, const char *const name[])
{
    for (; *name != NULL; name++)
        for (int c = 0; c < r->n; c++)
            if (strcasecmp(r->cell[c], *name) == 0)
                return c;
    return -1;
}

static gndp_status read_header(const gndp_csv_reader *r, layout *l)
{
    gndp_status st = GNDP_OK;
    const int number = gndp_csv_reader_number(r);
    *l = (layout){.n = r->n};
    GNDP_CHECK(number < 0, GNDP_ERR_FORMAT,
               "%s:%" PRId64 ": a header with sid, iso_time, lat, lon is wanted, but cell %d is a "
               "number: '%s'",
               r->path, r->row_line, number + 1, gndp_shown(r->cell[number]).text);
    GNDP_TRY(gndp_csv_reader_check_header(r));
    for (int i = 0; i < ROLES; i++)
        l->column[i] = find(r, names[i]);
    for (int i = SID; i <= LON; i++)
        GNDP_CHECK(l->column[i] >= 0, GNDP_ERR_FORMAT,
                   "%s:%" PRId64 ": no column %s; a header with sid, iso_time, lat, lon is wanted",
                   r->path, r->row_line, names[i][0]);
done:
    return st;
}

static const char *text_of(const gndp_csv_reader *r, const layout *l, role i)
{
    return l->column[i] >= 0 ? r->cell[l->column[i]] : "";
}

static gndp_status number_of(const gndp_csv_reader *r, const layout *l, role i, double *out)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(gndp_number_parse(text_of(r, l, i), out), GNDP_ERR_FORMAT,
               "%s:%" PRId64 ": column %d (%s): '%s' is no finite number", r->path, r->row_line,
               l->column[i] + 1, names[i][0], gndp_shown(text_of(r, l, i)).text);
done:
    return st;
}

/* A wind or a pressure, which may be missing: empty, NA, or one of the numbers that agencies write
 * for nothing. */
static gndp_status optional_of(const gndp_csv_reader *r, const layout *l, role i, double *out)
{
    gndp_status st = GNDP_OK;
    const char *text = text_of(r, l, i);
    *out = (double)NAN;
    if (*text == '\0' || strcasecmp(text, "NA") == 0 || strcasecmp(text, "NaN") == 0)
        goto done;
    GNDP_TRY(number_of(r, l, i, out));
    if (*out == -9999.0 || *out == -999.0 || *out == -99.0)
        *out = (double)NAN;
    GNDP_CHECK(!(*out < 0.0), GNDP_ERR_RANGE, "%s:%" PRId64 ": column %d (%s): %g is below 0",
               r->path, r->row_line, l->column[i] + 1, names[i][0], *out);
done:
    return st;
}

/* IBTrACS ids begin with the year of the first fix: 2019100N15300. */
static int64_t season_of_id(const char *id)
{
    const bool digits = strspn(id, "0123456789") == 7 && strlen(id) == 13;
    if (!digits || (id[7] != 'N' && id[7] != 'S'))
        return INT64_MIN;
    return (id[0] - '0') * 1000 + (id[1] - '0') * 100 + (id[2] - '0') * 10 + (id[3] - '0');
}

static gndp_status describe(const gndp_csv_reader *r, const layout *l, gndp_storm *storm)
{
    gndp_status st = GNDP_OK;
    const char *type = text_of(r, l, TRACK_TYPE), *basin = text_of(r, l, BASIN);
    storm->season = season_of_id(storm->id);
    if (*text_of(r, l, SEASON) != '\0')
        GNDP_CHECK(gndp_integer_parse(text_of(r, l, SEASON), &storm->season), GNDP_ERR_FORMAT,
                   "%s:%" PRId64 ": season '%s' is no year", r->path, r->row_line,
                   gndp_shown(text_of(r, l, SEASON)).text);
    storm->is_main = l->column[TRACK_TYPE] < 0 || strcasecmp(type, "main") == 0;
    GNDP_CHECK(strlen(basin) < sizeof storm->basin, GNDP_ERR_FORMAT,
               "%s:%" PRId64 ": basin '%s' is longer than %zu bytes", r->path, r->row_line,
               gndp_shown(basin).text, sizeof storm->basin - 1);
    strcpy(storm->basin, basin);
done:
    return st;
}

static gndp_status read_row(const gndp_csv_reader *r, const layout *l, gndp_track_table *table)
{
    gndp_status st = GNDP_OK;
    gndp_fix fix = {.line = r->row_line};
    int64_t member = -1;
    bool added;
    GNDP_CHECK(r->n == l->n, GNDP_ERR_FORMAT, "%s:%" PRId64 ": %d cells where the header has %d",
               r->path, r->row_line, r->n, l->n);
    GNDP_CHECK(*text_of(r, l, SID) != '\0', GNDP_ERR_FORMAT,
               "%s:%" PRId64 ": the storm's id is missing", r->path, r->row_line);
    const gndp_status parsed =
        gndp_calendar_parse(GNDP_CALENDAR_STANDARD, text_of(r, l, TIME), &fix.time_s, NULL);
    GNDP_CHECK(parsed == GNDP_OK, parsed, "%s:%" PRId64 ": column %d (%s): %s", r->path,
               r->row_line, l->column[TIME] + 1, names[TIME][0], gndp_last_text());
    GNDP_TRY(number_of(r, l, LAT, &fix.lat));
    GNDP_TRY(number_of(r, l, LON, &fix.lon));
    GNDP_TRY(optional_of(r, l, WIND, &fix.wind_kt));
    GNDP_TRY(optional_of(r, l, PRESSURE, &fix.pressure_hpa));
    if (*text_of(r, l, MEMBER) != '\0')
        GNDP_CHECK(gndp_integer_parse(text_of(r, l, MEMBER), &member) && member >= 0, GNDP_ERR_FORMAT,
                   "%s:%" PRId64 ": column %d (%s): '%s' is no number of a member", r->path, r->row_line,
                   l->column[MEMBER] + 1, names[MEMBER][0], gndp_shown(text_of(r, l, MEMBER)).text);
    GNDP_TRY(gndp_track_table_storm(table, text_of(r, l, SID), member, &fix.storm, &added));
    if (added)
        GNDP_TRY(describe(r, l, &table->storm[fix.storm]));
    GNDP_TRY(gndp_track_table_add(table, &fix));
done:
    return st;
}

gndp_status gndp_tracks_read_csv(gndp_csv_reader *reader, gndp_track_table *table)
{
    gndp_status st = GNDP_OK;
    layout l;
    bool more;
    int64_t rows = 0;
    GNDP_TRY(read_header(reader, &l));
    for (;; rows++) {
        GNDP_TRY(gndp_csv_reader_next(reader, &more));
        if (!more)
            break;
        const bool units = rows == 0 && reader->n == l.n &&
                           strncasecmp(reader->cell[l.column[LAT]], "degree", 6) == 0;
        if (!units)
            GNDP_TRY(read_row(reader, &l, table));
    }
    GNDP_CHECK(table->n_fixes > 0, GNDP_ERR_FORMAT, "%s has a header but no rows", reader->path);
done:
    return st;
}
