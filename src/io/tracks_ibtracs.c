// SPDX-License-Identifier: Apache-2.0
// Tracks from IBTrACS v4 NetCDF: storms by entries, padded to the longest, with `numobs` entries
// that count.
#include "io/tracks_netcdf.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"

enum { TEXT_MOST = 256, ISO_LENGTH = 19 };

/* Values of many storms are read at once: a storm at a time would unpack the same block of the file
 * again and again. */
#define BLOCK_VALUES ((size_t)1 << 18)

typedef struct ibtracs {
    gndp_track_file *file;
    gndp_track_table *table;
    gndp_track_var numobs, sid, time, iso_time, lat, lon, wind, pressure, season, type, basin;
    size_t storms, entries; /* of the file */
    size_t used;            /* entries that a storm has at most */
    double *count;          /* [storms] numbers of fixes; 0 for storms passed over */
    double *t, *y, *x, *w,
        *p; /* [block, used] times (NaN when they are text), positions, winds, pressures */
} ibtracs;

static gndp_status need(const ibtracs *r, const gndp_track_var *var, const char *name, size_t rank)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(
        var->id >= 0, GNDP_ERR_FORMAT,
        "%s: no variable %s: neither IBTrACS (numobs, sid, time, lat, lon) nor CF trajectories",
        r->file->path, name);
    for (size_t d = 0; d < rank; d++)
        GNDP_CHECK(var->dim[d] == (d == 0 ? r->numobs.dim[0] : r->lat.dim[1]), GNDP_ERR_FORMAT,
                   "%s: variable %s does not run along the storms%s of the others", r->file->path,
                   name, d == 1 ? "' entries" : "");
done:
    return st;
}

static gndp_status find_variables(ibtracs *r, const gndp_track_options *o)
{
    gndp_status st = GNDP_OK;
    r->wind.id = r->pressure.id = r->basin.id = r->iso_time.id = -1;
    GNDP_TRY(gndp_track_var_find(r->file, "numobs", 1, false, &r->numobs));
    GNDP_TRY(need(r, &r->numobs, "numobs", 0));
    GNDP_TRY(gndp_track_var_find(r->file, "lat", 2, false, &r->lat));
    GNDP_TRY(gndp_track_var_find(r->file, "lon", 2, false, &r->lon));
    GNDP_TRY(gndp_track_var_find(r->file, "time", 2, false, &r->time));
    GNDP_TRY(gndp_track_var_find(r->file, "sid", 2, true, &r->sid));
    GNDP_TRY(gndp_track_var_find(r->file, "season", 1, false, &r->season));
    GNDP_TRY(gndp_track_var_find(r->file, "track_type", 2, true, &r->type));
    GNDP_TRY(need(r, &r->lat, "lat", 2));
    GNDP_TRY(need(r, &r->lon, "lon", 2));
    GNDP_TRY(need(r, &r->sid, "sid", 1));
    if (r->season.id >= 0)
        GNDP_TRY(need(r, &r->season, "season", 1));
    if (r->type.id >= 0)
        GNDP_TRY(need(r, &r->type, "track_type", 1));
    if (r->time.id < 0) {
        GNDP_TRY(gndp_track_var_find(r->file, "iso_time", 3, true, &r->iso_time));
        GNDP_TRY(need(r, &r->iso_time, "time or iso_time", 2));
        GNDP_CHECK(r->iso_time.size[2] >= ISO_LENGTH, GNDP_ERR_FORMAT,
                   "%s: variable iso_time: %zu letters", r->file->path, r->iso_time.size[2]);
    } else {
        GNDP_TRY(need(r, &r->time, "time", 2));
        GNDP_TRY(gndp_track_time_units(r->file, &r->time));
    }
    if (o->wind)
        GNDP_TRY(gndp_track_var_find(r->file, "wmo_wind", 2, false, &r->wind));
    if (r->wind.id >= 0)
        GNDP_TRY(need(r, &r->wind, "wmo_wind", 2));
    if (o->pressure)
        GNDP_TRY(gndp_track_var_find(r->file, "wmo_pres", 2, false, &r->pressure));
    if (r->pressure.id >= 0)
        GNDP_TRY(need(r, &r->pressure, "wmo_pres", 2));
    if (o->basin != NULL)
        GNDP_TRY(gndp_track_var_find(r->file, "basin", 3, true, &r->basin));
    if (r->basin.id >= 0)
        GNDP_TRY(need(r, &r->basin, "basin", 2));
    GNDP_CHECK(r->sid.size[1] < TEXT_MOST && (r->type.id < 0 || r->type.size[1] < TEXT_MOST),
               GNDP_ERR_FORMAT, "%s: texts of more than %d letters", r->file->path, TEXT_MOST - 1);
done:
    return st;
}

/* numobs as it can be true: whole, not below 0, not beyond the padding. */
static gndp_status read_counts(ibtracs *r)
{
    gndp_status st = GNDP_OK;
    const size_t start = 0;
    double fixes = 0.0;
    r->storms = r->numobs.size[0];
    r->entries = r->lat.size[1];
    GNDP_CHECK(r->storms > 0, GNDP_ERR_FORMAT, "%s holds no storms", r->file->path);
    GNDP_TRY(gndp_track_check_size(r->file, (double)r->storms, 2.0));
    r->count = malloc(r->storms * sizeof *r->count);
    GNDP_CHECK(r->count != NULL, GNDP_ERR_NOMEM, "%zu storms", r->storms);
    GNDP_TRY(gndp_track_var_read(r->file, &r->numobs, &start, &r->storms, r->count));
    for (size_t s = 0; s < r->storms; s++) {
        const double n = r->count[s];
        if (!(n >= 0.0 && n <= (double)r->entries && n == floor(n))) {
            r->table->bad_counts++;
            r->count[s] = 0.0;
        }
        fixes += r->count[s];
        if (r->count[s] > (double)r->used)
            r->used = (size_t)r->count[s];
    }
    /* A time of 8 bytes, a place of two times 4, fill values not written aside. */
    GNDP_TRY(gndp_track_check_size(r->file, fixes, 16.0));
done:
    return st;
}

static gndp_status describe_storm(const ibtracs *r, size_t s, double season, gndp_storm *storm)
{
    gndp_status st = GNDP_OK;
    char text[TEXT_MOST];
    const size_t start[3] = {s, 0, 0};
    if (isfinite(season) && fabs(season) < 1e6)
        storm->season = (int64_t)season;
    if (r->type.id >= 0) {
        GNDP_TRY(gndp_track_text_read(r->file, &r->type, start, r->type.size[1], text));
        storm->is_main = strcasecmp(text, "main") == 0;
    }
done:
    return st;
}

static gndp_status read_basin(const ibtracs *r, size_t s, size_t entry, gndp_storm *storm)
{
    gndp_status st = GNDP_OK;
    const size_t start[3] = {s, entry, 0}, room = sizeof storm->basin - 1;
    GNDP_TRY(gndp_track_text_read(r->file, &r->basin, start,
                                  r->basin.size[2] < room ? r->basin.size[2] : room, storm->basin));
done:
    return st;
}

static gndp_status time_of(const ibtracs *r, size_t s, size_t k, double stored, gndp_fix *fix)
{
    gndp_status st = GNDP_OK;
    char text[ISO_LENGTH + 1];
    const size_t start[3] = {s, k, 0};
    fix->time_s = stored;
    if (r->time.id >= 0)
        goto done;
    GNDP_TRY(gndp_track_text_read(r->file, &r->iso_time, start, ISO_LENGTH, text));
    fix->time_s = (double)NAN;
    if (text[0] == '\0')
        goto done;
    const gndp_status parsed =
        gndp_calendar_parse(GNDP_CALENDAR_STANDARD, text, &fix->time_s, NULL);
    GNDP_CHECK(parsed == GNDP_OK, parsed, "%s: %s",
               gndp_track_table_where(r->table, fix->storm, fix->line).text, gndp_last_text());
done:
    return st;
}

/* Storm s, whose values stand in row `row` of the block. */
static gndp_status add_storm(ibtracs *r, size_t s, size_t row, double season)
{
    gndp_status st = GNDP_OK;
    char id[TEXT_MOST];
    const size_t start[2] = {s, 0}, n = (size_t)r->count[s];
    int64_t number;
    GNDP_TRY(gndp_track_text_read(r->file, &r->sid, start, r->sid.size[1], id));
    GNDP_TRY(gndp_track_table_add_storm(r->table, id, &number));
    GNDP_TRY(describe_storm(r, s, season, &r->table->storm[number]));
    for (size_t k = 0; k < n; k++) {
        const size_t at = row * r->used + k;
        gndp_fix fix = {.lat = r->y[at],
                        .lon = r->x[at],
                        .wind_kt = r->wind.id >= 0 ? r->w[at] : (double)NAN,
                        .pressure_hpa = r->pressure.id >= 0 ? r->p[at] : (double)NAN,
                        .line = (int64_t)k + 1,
                        .storm = number};
        GNDP_TRY(time_of(r, s, k, r->time.id >= 0 ? r->t[at] : 0.0, &fix));
        if (isnan(fix.time_s) || isnan(fix.lat) || isnan(fix.lon)) {
            r->table->no_position++;
            continue;
        }
        if (r->basin.id >= 0 && r->table->storm[number].n == 0)
            GNDP_TRY(read_basin(r, s, k, &r->table->storm[number]));
        GNDP_TRY(gndp_track_table_add(r->table, &fix));
    }
done:
    return st;
}

static gndp_status make_block(ibtracs *r, size_t storms)
{
    gndp_status st = GNDP_OK;
    const size_t bytes = storms * r->used * sizeof(double) + 1;
    r->t = malloc(bytes);
    r->y = malloc(bytes);
    r->x = malloc(bytes);
    r->w = malloc(bytes);
    r->p = malloc(bytes);
    GNDP_CHECK(r->t != NULL && r->y != NULL && r->x != NULL && r->w != NULL && r->p != NULL,
               GNDP_ERR_NOMEM, "%zu storms of %zu fixes", storms, r->used);
done:
    return st;
}

static gndp_status read_block(ibtracs *r, size_t first, size_t storms)
{
    gndp_status st = GNDP_OK;
    const size_t start[2] = {first, 0}, count[2] = {storms, r->used};
    GNDP_TRY(gndp_track_var_read(r->file, &r->lat, start, count, r->y));
    GNDP_TRY(gndp_track_var_read(r->file, &r->lon, start, count, r->x));
    if (r->time.id >= 0)
        GNDP_TRY(gndp_track_var_read(r->file, &r->time, start, count, r->t));
    if (r->wind.id >= 0)
        GNDP_TRY(gndp_track_var_read(r->file, &r->wind, start, count, r->w));
    if (r->pressure.id >= 0)
        GNDP_TRY(gndp_track_var_read(r->file, &r->pressure, start, count, r->p));
done:
    return st;
}

gndp_status gndp_tracks_read_ibtracs(gndp_track_file *file, const gndp_track_options *options,
                                     gndp_track_table *table)
{
    gndp_status st = GNDP_OK;
    ibtracs r = {.file = file, .table = table};
    GNDP_TRY(find_variables(&r, options));
    GNDP_TRY(read_counts(&r));
    const size_t block = r.used > 0 && BLOCK_VALUES / r.used > 1 ? BLOCK_VALUES / r.used : 1;
    GNDP_TRY(make_block(&r, block < r.storms ? block : r.storms));
    for (size_t s = 0; s < r.storms; s++) {
        const size_t row = s % block;
        const size_t rows = r.storms - s < block ? r.storms - s : block;
        double season = (double)NAN;
        const size_t one = 1;
        if (row == 0 && r.used > 0)
            GNDP_TRY(read_block(&r, s, rows));
        if (r.count[s] == 0.0)
            continue;
        if (r.season.id >= 0)
            GNDP_TRY(gndp_track_var_read(file, &r.season, &s, &one, &season));
        GNDP_TRY(add_storm(&r, s, row, season));
    }
done:
    free(r.count);
    free(r.t);
    free(r.y);
    free(r.x);
    free(r.w);
    free(r.p);
    return st;
}
