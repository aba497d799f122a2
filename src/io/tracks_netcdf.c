// SPDX-License-Identifier: Apache-2.0
// NetCDF files of tracks: which kind it is, variables read with care, times made seconds.
#include "io/tracks_netcdf.h"

#include <gndp/io.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "io/lock.h"
#include "io/number.h"

/* Deflate makes at most 1032 bytes of one. */
#define DEFLATE_MOST 1032.0

/* A numeric attribute of one value; `out` as it was where there is none. */
static gndp_status number_attribute(const gndp_track_file *file, int id, const char *name,
                                    double *out)
{
    gndp_status st = GNDP_OK;
    double value = 0.0;
    nc_type type;
    const int n = gndp_nc_numbers(file->id, id, name, 1, &value, &type);
    GNDP_CHECK(n == -1 || n == 1, GNDP_ERR_FORMAT, "%s: attribute %s is not one number", file->path,
               name);
    if (n == 1)
        *out = value;
done:
    return st;
}

gndp_status gndp_track_var_describe(const gndp_track_file *file, int id, int rank, bool text,
                                    gndp_track_var *out)
{
    gndp_status st = GNDP_OK;
    int found, dim[NC_MAX_VAR_DIMS];
    nc_type type;
    *out = (gndp_track_var){.id = id, .rank = rank, .fill = (double)NAN, .scale = 1.0};
    GNDP_NC(nc_inq_var(file->id, id, out->name, &type, &found, dim, NULL), file->path,
            "a variable");
    const char *shown = out->name;
    GNDP_CHECK(found == rank && rank <= 3, GNDP_ERR_FORMAT,
               "%s: variable %s has %d dimensions, not %d", file->path, gndp_shown(shown).text,
               found, rank);
    GNDP_CHECK(type <= NC_STRING && text == (type == NC_CHAR || type == NC_STRING), GNDP_ERR_FORMAT,
               "%s: variable %s is %s", file->path, gndp_shown(shown).text,
               text ? "no text" : "no number");
    for (int d = 0; d < rank; d++) {
        out->dim[d] = dim[d];
        GNDP_NC(nc_inq_dimlen(file->id, dim[d], &out->size[d]), file->path, "%s",
                gndp_shown(shown).text);
    }
    if (text)
        goto done;
    GNDP_TRY(number_attribute(file, id, "_FillValue", &out->fill));
    GNDP_TRY(number_attribute(file, id, "scale_factor", &out->scale));
    GNDP_TRY(number_attribute(file, id, "add_offset", &out->offset));
    GNDP_CHECK(isfinite(out->scale) && out->scale != 0.0 && isfinite(out->offset), GNDP_ERR_FORMAT,
               "%s: variable %s: scale_factor %g, add_offset %g", file->path,
               gndp_shown(shown).text, out->scale, out->offset);
done:
    return st;
}

gndp_status gndp_track_var_find(const gndp_track_file *file, const char *name, int rank, bool text,
                                gndp_track_var *out)
{
    gndp_status st = GNDP_OK;
    int id;
    *out = (gndp_track_var){.id = -1};
    const int code = nc_inq_varid(file->id, name, &id);
    if (code == NC_ENOTVAR)
        goto done;
    GNDP_NC(code, file->path, "%s", gndp_shown(name).text);
    GNDP_TRY(gndp_track_var_describe(file, id, rank, text, out));
done:
    return st;
}

gndp_status gndp_track_var_read(const gndp_track_file *file, const gndp_track_var *var,
                                const size_t *start, const size_t *count, double *out)
{
    gndp_status st = GNDP_OK;
    size_t n = 1;
    GNDP_NC(nc_get_vara_double(file->id, var->id, start, count, out), file->path, "%s",
            gndp_shown(var->name).text);
    for (int d = 0; d < var->rank; d++)
        n *= count[d];
    for (size_t i = 0; i < n; i++) {
        /* Without _FillValue the numbers that IBTrACS' older files and netCDF itself put for
         * nothing. */
        const bool missing =
            isnan(var->fill) ? out[i] == -9999.0 || fabs(out[i]) >= 9.9e36 : out[i] == var->fill;
        out[i] = missing || isnan(out[i]) ? (double)NAN : out[i] * var->scale + var->offset;
    }
done:
    return st;
}

gndp_status gndp_track_text_read(const gndp_track_file *file, const gndp_track_var *var,
                                 const size_t *start, size_t n, char *out)
{
    gndp_status st = GNDP_OK;
    size_t count[3] = {1, 1, 1};
    count[var->rank - 1] = n;
    memset(out, 0, n + 1);
    GNDP_NC(nc_get_vara_text(file->id, var->id, start, count, out), file->path, "%s",
            gndp_shown(var->name).text);
    size_t length = strlen(out);
    while (length > 0 && out[length - 1] == ' ')
        out[--length] = '\0';
done:
    return st;
}

gndp_status gndp_track_time_units(gndp_track_file *file, const gndp_track_var *time)
{
    gndp_status st = GNDP_OK;
    char calendar[64];
    gndp_nc_text(file->id, time->id, "units", file->time_units, sizeof file->time_units);
    GNDP_CHECK(file->time_units[0] != '\0', GNDP_ERR_FORMAT, "%s: variable %s has no units",
               file->path, time->name);
    gndp_nc_text(file->id, time->id, "calendar", calendar, sizeof calendar);
    file->calendar = GNDP_CALENDAR_STANDARD;
    if (calendar[0] != '\0')
        GNDP_TRY(gndp_calendar_find(calendar, &file->calendar));
    GNDP_CHECK(file->calendar == GNDP_CALENDAR_STANDARD ||
                   file->calendar == GNDP_CALENDAR_PROLEPTIC,
               GNDP_ERR_UNSUPPORTED, "%s: variable %s: tracks in the calendar %s", file->path,
               time->name, gndp_shown(calendar).text);
done:
    return st;
}

gndp_status gndp_track_check_size(const gndp_track_file *file, double fixes, double bytes_each)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(fixes * bytes_each <= file->bytes_most, GNDP_ERR_FORMAT,
               "%s claims %.0f fixes or storms, more than a file of its size can hold", file->path,
               fixes);
done:
    return st;
}

/* The variable of the numbers of fixes of a contiguous ragged array (CF 1.8, 9.3.3); -1: there is
 * none. */
static gndp_status find_row_sizes(const gndp_track_file *file, int *out)
{
    gndp_status st = GNDP_OK;
    int n = 0;
    char text[NC_MAX_NAME + 1];
    *out = -1;
    GNDP_NC(nc_inq_nvars(file->id, &n), file->path, "variables");
    for (int v = 0; v < n && *out < 0; v++) {
        gndp_nc_text(file->id, v, "sample_dimension", text, sizeof text);
        if (text[0] != '\0')
            *out = v;
    }
done:
    return st;
}

static gndp_status copy_attributes(const gndp_track_file *file, gndp_track_table *table)
{
    gndp_status st = GNDP_OK;
    char text[1024];
    for (int i = 0; i < GNDP_TRACK_ATTRIBUTES; i++) {
        gndp_nc_text(file->id, NC_GLOBAL, gndp_track_attributes[i], text, sizeof text);
        if (text[0] == '\0')
            continue;
        table->attribute[i] = strdup(text);
        GNDP_CHECK(table->attribute[i] != NULL, GNDP_ERR_NOMEM, "attribute %s",
                   gndp_track_attributes[i]);
    }
done:
    return st;
}

/* With the lock held. */
static gndp_status read_locked(gndp_track_file *file, const gndp_track_options *options,
                               gndp_track_table *table)
{
    gndp_status st = GNDP_OK;
    int row_sizes, format;
    bool open = false;
    GNDP_TRY(gndp_nc_open(file->path, &file->id));
    open = true;
    GNDP_NC(nc_inq_format(file->id, &format), file->path, "format");
    if (format == NC_FORMAT_NETCDF4 || format == NC_FORMAT_NETCDF4_CLASSIC)
        file->bytes_most *= DEFLATE_MOST;
    GNDP_TRY(find_row_sizes(file, &row_sizes));
    GNDP_TRY(row_sizes >= 0 ? gndp_tracks_read_ragged(file, row_sizes, options, table)
                            : gndp_tracks_read_ibtracs(file, options, table));
    GNDP_TRY(copy_attributes(file, table));
done:
    if (open)
        nc_close(file->id);
    return st;
}

gndp_status gndp_tracks_read_netcdf(const char *path, const gndp_track_options *options,
                                    gndp_track_table *table)
{
    gndp_status st = GNDP_OK;
    gndp_track_file file = {.path = path};
    struct stat info;
    double factor = 1.0, offset = 0.0;
    table->path = path;
    if (stat(path, &info) == 0)
        file.bytes_most = (double)info.st_size;
    gndp_nc_lock();
    st = read_locked(&file, options, table);
    gndp_nc_unlock();
    GNDP_TRY(st);
    if (file.time_units[0] == '\0') /* times were read from text */
        goto done;
    GNDP_TRY(gndp_units_time(path, file.time_units, file.calendar, &factor, &offset));
    for (int64_t i = 0; i < table->n_fixes; i++) {
        const double t = factor * table->fix[i].time_s + offset;
        /* Days as doubles miss the second by less than a millisecond. */
        table->fix[i].time_s = fabs(t - round(t)) < 1e-3 ? round(t) : t;
    }
done:
    return st;
}
