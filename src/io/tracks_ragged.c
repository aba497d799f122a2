// SPDX-License-Identifier: Apache-2.0
// Tracks from CF contiguous ragged arrays (CF 1.8, section 9.3.3): rows of fixes one after the
// other.
#include "io/tracks_netcdf.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "io/number.h"

enum { TEXT_MOST = 256 };
#define BLOCK_VALUES ((size_t)1 << 16)

typedef struct ragged {
    gndp_track_file *file;
    gndp_track_table *table;
    gndp_track_var counts, time, lat, lon, wind, pressure, member;
    int id;       /* variable of the ids; -1: none */
    bool id_text; /* letters along a second dimension, not strings */
    int id_rank;
    size_t id_length;
    int samples; /* dimension of the fixes */
    size_t fixes;
    double *t, *y, *x, *w, *p;   /* [block] */
    size_t block_first, block_n; /* fixes that are in these */
} ragged;

/* The variable along the fixes with that standard_name, or else with one of the names; id -1: there
 * is none. */
static gndp_status find_sample(const ragged *r, const char *standard_name, const char *const name[],
                               gndp_track_var *out)
{
    gndp_status st = GNDP_OK;
    int n = 0, rank, dim[NC_MAX_VAR_DIMS], by_name = -1, found = -1, best = INT32_MAX;
    char text[128], called[NC_MAX_NAME + 1];
    *out = (gndp_track_var){.id = -1};
    GNDP_NC(nc_inq_nvars(r->file->id, &n), r->file->path, "variables");
    for (int v = 0; v < n; v++) {
        GNDP_NC(nc_inq_var(r->file->id, v, called, NULL, &rank, dim, NULL), r->file->path,
                "a variable");
        if (rank != 1 || dim[0] != r->samples)
            continue;
        gndp_nc_text(r->file->id, v, "standard_name", text, sizeof text);
        if (found < 0 && strcmp(text, standard_name) == 0)
            found = v;
        for (int k = 0; name[k] != NULL; k++)
            if (k < best && strcmp(called, name[k]) == 0) {
                by_name = v;
                best = k;
            }
    }
    found = found >= 0 ? found : by_name;
    if (found >= 0)
        GNDP_TRY(gndp_track_var_describe(r->file, found, 1, false, out));
done:
    return st;
}

/* The variable with cf_role trajectory_id. */
static gndp_status find_ids(ragged *r)
{
    gndp_status st = GNDP_OK;
    int n = 0, rank, dim[NC_MAX_VAR_DIMS];
    char text[64];
    nc_type type;
    r->id = -1;
    GNDP_NC(nc_inq_nvars(r->file->id, &n), r->file->path, "variables");
    for (int v = 0; v < n && r->id < 0; v++) {
        gndp_nc_text(r->file->id, v, "cf_role", text, sizeof text);
        if (strcmp(text, "trajectory_id") != 0)
            continue;
        GNDP_NC(nc_inq_var(r->file->id, v, NULL, &type, &rank, dim, NULL), r->file->path,
                "the ids");
        GNDP_CHECK(rank >= 1 && dim[0] == r->counts.dim[0], GNDP_ERR_FORMAT,
                   "%s: the trajectory ids do not run along the trajectories", r->file->path);
        if ((type == NC_CHAR && rank == 2) || (type == NC_STRING && rank == 1)) {
            r->id = v;
            r->id_text = type == NC_CHAR;
            r->id_rank = rank;
        }
        if (r->id >= 0 && r->id_text)
            GNDP_NC(nc_inq_dimlen(r->file->id, dim[1], &r->id_length), r->file->path, "the ids");
        GNDP_CHECK(r->id_length < TEXT_MOST, GNDP_ERR_FORMAT, "%s: trajectory ids of %zu letters",
                   r->file->path, r->id_length);
    }
done:
    return st;
}

static gndp_status find_variables(ragged *r, int counts, const gndp_track_options *o)
{
    static const char *const time_names[] = {"time", NULL};
    static const char *const lat_names[] = {"lat", "latitude", NULL};
    static const char *const lon_names[] = {"lon", "longitude", NULL};
    static const char *const wind_names[] = {"wind", NULL};
    static const char *const pressure_names[] = {"pressure", "pres", NULL};
    gndp_status st = GNDP_OK;
    char samples[NC_MAX_NAME + 1];
    r->wind.id = r->pressure.id = -1;
    GNDP_TRY(gndp_track_var_describe(r->file, counts, 1, false, &r->counts));
    gndp_nc_text(r->file->id, counts, "sample_dimension", samples, sizeof samples);
    GNDP_CHECK(nc_inq_dimid(r->file->id, samples, &r->samples) == NC_NOERR, GNDP_ERR_FORMAT,
               "%s: variable %s: there is no dimension '%s'", r->file->path,
               gndp_shown(r->counts.name).text, gndp_shown(samples).text);
    GNDP_NC(nc_inq_dimlen(r->file->id, r->samples, &r->fixes), r->file->path, "%s",
            gndp_shown(samples).text);
    GNDP_TRY(find_sample(r, "time", time_names, &r->time));
    GNDP_TRY(find_sample(r, "latitude", lat_names, &r->lat));
    GNDP_TRY(find_sample(r, "longitude", lon_names, &r->lon));
    GNDP_CHECK(r->time.id >= 0 && r->lat.id >= 0 && r->lon.id >= 0, GNDP_ERR_FORMAT,
               "%s: no variable of %s along the dimension %s", r->file->path,
               r->time.id < 0  ? "time"
               : r->lat.id < 0 ? "latitude"
                               : "longitude",
               gndp_shown(samples).text);
    GNDP_TRY(gndp_track_time_units(r->file, &r->time));
    if (o->wind)
        GNDP_TRY(
            find_sample(r, "tropical_cyclone_maximum_sustained_wind_speed", wind_names, &r->wind));
    if (o->pressure)
        GNDP_TRY(find_sample(r, "air_pressure_at_mean_sea_level", pressure_names, &r->pressure));
    GNDP_TRY(gndp_track_var_find(r->file, "realization", 1, false, &r->member));
    GNDP_CHECK(r->member.id < 0 || r->member.dim[0] == r->counts.dim[0], GNDP_ERR_FORMAT,
               "%s: realization does not run along the trajectories", r->file->path);
    GNDP_TRY(find_ids(r));
done:
    return st;
}

static gndp_status read_id(const ragged *r, size_t s, char *out)
{
    gndp_status st = GNDP_OK;
    char *string = NULL;
    const size_t start[2] = {s, 0}, count[2] = {1, r->id_length};
    memset(out, 0, TEXT_MOST);
    if (r->id < 0) {
        snprintf(out, TEXT_MOST, "%zu", s + 1);
    } else if (r->id_text) {
        GNDP_NC(nc_get_vara_text(r->file->id, r->id, start, count, out), r->file->path, "the ids");
    } else {
        GNDP_NC(nc_get_var1_string(r->file->id, r->id, start, &string), r->file->path, "the ids");
        if (string != NULL)
            strncat(out, string, TEXT_MOST - 1);
    }
    size_t length = strlen(out);
    while (length > 0 && out[length - 1] == ' ')
        out[--length] = '\0';
done:
    if (string != NULL)
        nc_free_string(1, &string);
    return st;
}

/* See to it that fix i is in the block. */
static gndp_status load(ragged *r, size_t i)
{
    gndp_status st = GNDP_OK;
    if (i >= r->block_first && i < r->block_first + r->block_n)
        goto done;
    const size_t n = r->fixes - i < BLOCK_VALUES ? r->fixes - i : BLOCK_VALUES;
    r->block_n = 0;
    GNDP_TRY(gndp_track_var_read(r->file, &r->time, &i, &n, r->t));
    GNDP_TRY(gndp_track_var_read(r->file, &r->lat, &i, &n, r->y));
    GNDP_TRY(gndp_track_var_read(r->file, &r->lon, &i, &n, r->x));
    if (r->wind.id >= 0)
        GNDP_TRY(gndp_track_var_read(r->file, &r->wind, &i, &n, r->w));
    if (r->pressure.id >= 0)
        GNDP_TRY(gndp_track_var_read(r->file, &r->pressure, &i, &n, r->p));
    r->block_first = i;
    r->block_n = n;
done:
    return st;
}

/* Trajectory s: n fixes from `first`. */
static gndp_status add_trajectory(ragged *r, size_t s, size_t first, size_t n)
{
    gndp_status st = GNDP_OK;
    char id[TEXT_MOST];
    int64_t number;
    const size_t one = 1;
    double member = (double)NAN;
    GNDP_TRY(read_id(r, s, id));
    GNDP_TRY(gndp_track_table_add_storm(r->table, id, &number));
    if (r->member.id >= 0)
        GNDP_TRY(gndp_track_var_read(r->file, &r->member, &s, &one, &member));
    if (member >= 0.0 && member < 0x1p53)
        r->table->storm[number].member = (int64_t)member;
    for (size_t k = 0; k < n; k++) {
        GNDP_TRY(load(r, first + k));
        const size_t at = first + k - r->block_first;
        const gndp_fix fix = {.time_s = r->t[at],
                              .lat = r->y[at],
                              .lon = r->x[at],
                              .wind_kt = r->wind.id >= 0 ? r->w[at] : (double)NAN,
                              .pressure_hpa = r->pressure.id >= 0 ? r->p[at] : (double)NAN,
                              .line = (int64_t)k + 1,
                              .storm = number};
        if (isnan(fix.time_s) || isnan(fix.lat) || isnan(fix.lon))
            r->table->no_position++;
        else
            GNDP_TRY(gndp_track_table_add(r->table, &fix));
    }
done:
    return st;
}

gndp_status gndp_tracks_read_ragged(gndp_track_file *file, int counts,
                                    const gndp_track_options *options, gndp_track_table *table)
{
    gndp_status st = GNDP_OK;
    ragged r = {.file = file, .table = table};
    double *count = NULL;
    size_t first = 0, start = 0;
    GNDP_TRY(find_variables(&r, counts, options));
    const size_t storms = r.counts.size[0];
    GNDP_CHECK(storms > 0, GNDP_ERR_FORMAT, "%s holds no trajectories", file->path);
    GNDP_TRY(gndp_track_check_size(file, (double)storms, 1.0));
    GNDP_TRY(gndp_track_check_size(file, (double)r.fixes, 6.0));
    const size_t block = (r.fixes < BLOCK_VALUES ? r.fixes : BLOCK_VALUES) * sizeof(double) + 1;
    count = malloc(storms * sizeof *count);
    r.t = malloc(block);
    r.y = malloc(block);
    r.x = malloc(block);
    r.w = malloc(block);
    r.p = malloc(block);
    GNDP_CHECK(count != NULL && r.t != NULL && r.y != NULL && r.x != NULL && r.w != NULL &&
                   r.p != NULL,
               GNDP_ERR_NOMEM, "%zu trajectories of %zu fixes", storms, r.fixes);
    GNDP_TRY(gndp_track_var_read(file, &r.counts, &start, &storms, count));
    for (size_t s = 0; s < storms; s++) {
        const double n = count[s];
        GNDP_CHECK(n >= 0.0 && n == floor(n) && n <= (double)(r.fixes - first), GNDP_ERR_FORMAT,
                   "%s: variable %s: trajectory %zu claims %g fixes, %zu are left", file->path,
                   gndp_shown(r.counts.name).text, s, n, r.fixes - first);
        GNDP_TRY(add_trajectory(&r, s, first, (size_t)n));
        first += (size_t)n;
    }
    GNDP_CHECK(first == r.fixes, GNDP_ERR_FORMAT,
               "%s: the trajectories have %zu fixes, the file %zu", file->path, first, r.fixes);
done:
    free(count);
    free(r.t);
    free(r.y);
    free(r.x);
    free(r.w);
    free(r.p);
    return st;
}
