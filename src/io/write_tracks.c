// SPDX-License-Identifier: Apache-2.0
// Fields along points of their own as a contiguous ragged array (CF-1.8, 9.3.3): rows one after the
// other, and the length of each.
#include <math.h>
#include <netcdf.h>
#include <stdlib.h>
#include <string.h>

#include <gndp/io.h>

#include "base/error.h"
#include "io/lock.h"
#include "io/writer.h"

/* One variable along the observations. */
typedef struct column {
    char name[64];
    const char *standard_name, *long_name, *units, *cell_methods;
    const gndp_channel *vector; /* the channel whose part it is, or NULL */
    bool place;                 /* a coordinate, always double */
    bool missing;               /* somewhere */
    double *value;              /* [obs] NaN: missing */
} column;

typedef struct tracks {
    const gndp_fieldset *set;
    const gndp_fieldset_spec *spec;
    const char *path; /* for messages: the part */
    int nc;
    int64_t n_obs, longest_id;
    int n_columns, room;
    column *column;
    const char *time_units;          /* of column "time"; NULL: there is none */
    int position;                    /* channel that is latitude and longitude; -1: none */
    double axis_factor, axis_offset; /* seconds of a coordinate that is time */
    bool axis_time;                  /* the coordinate is time ... */
    bool axis_since;                 /* ... and absolute, not since the start of the track */
} tracks;

static void tracks_free(tracks *t)
{
    for (int i = 0; i < t->n_columns; i++)
        free(t->column[i].value);
    free(t->column);
}

/* ---- What there is -------------------------------------------------------------------------- */

static gndp_status add_column(tracks *t, const char *name, column **out)
{
    gndp_status st = GNDP_OK;
    static const char *const reserved[] = {"trajectory", "obs", "rowSize", "realization",
                                           "trajectory_strlen"};
    for (int i = 0; i < t->n_columns; i++)
        GNDP_CHECK(strcmp(t->column[i].name, name) != 0, GNDP_ERR_ARG,
                   "%s: two variables have the name \"%s\"", t->path, name);
    for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
        GNDP_CHECK(strcmp(reserved[i], name) != 0, GNDP_ERR_ARG, "%s: the name \"%s\" is taken",
                   t->path, name);
    GNDP_CHECK(gndp_out_name_ok(name), GNDP_ERR_ARG, "%s: netCDF takes no variable named \"%s\"",
               t->path, name);
    GNDP_CHECK(t->n_columns < t->room, GNDP_ERR_INTERNAL, "%d columns", t->room);
    column *made = &t->column[t->n_columns];
    *made = (column){.value = malloc((size_t)t->n_obs * sizeof(double))};
    GNDP_CHECK(made->value != NULL, GNDP_ERR_NOMEM, "%lld observations", (long long)t->n_obs);
    snprintf(made->name, sizeof made->name, "%s", name);
    t->n_columns++;
    *out = made;
done:
    return st;
}

/* Whether the one coordinate is time: by its name and a unit of time, since a date or since the
 * start of the track. */
static void look_at_axis(tracks *t)
{
    const gndp_axis *axis = &t->spec->coords.axis[0];
    if (t->spec->coords.space != GNDP_SPACE_EUCLIDEAN || t->spec->coords.columns != 1)
        return;
    if (strcmp(axis->standard_name, "time") != 0 && strcmp(axis->name, "time") != 0)
        return;
    t->axis_since = strstr(axis->units, " since ") != NULL;
    if (t->axis_since)
        t->axis_time = gndp_units_time("time", axis->units, t->spec->calendar, &t->axis_factor,
                                       &t->axis_offset) == GNDP_OK;
    else
        t->axis_time = gndp_units_convert("time", axis->units, "s", &t->axis_factor,
                                          &t->axis_offset) == GNDP_OK;
}

static gndp_status look(tracks *t)
{
    gndp_status st = GNDP_OK;
    const gndp_fieldset_spec *spec = t->spec;
    t->position = -1;
    for (int64_t f = 0; f < spec->n_fields; f++) {
        t->n_obs += gndp_fieldset_points(t->set, f);
        const size_t id = spec->label[f].id != NULL ? strlen(spec->label[f].id) : 20;
        t->longest_id = (int64_t)id > t->longest_id ? (int64_t)id : t->longest_id;
        GNDP_CHECK(gndp_fieldset_points(t->set, f) <= INT32_MAX, GNDP_ERR_UNSUPPORTED,
                   "%s: field %lld has too many points", t->path, (long long)f);
        GNDP_CHECK(spec->label[f].member <= INT32_MAX, GNDP_ERR_RANGE,
                   "%s: member number %lld does not fit an int", t->path,
                   (long long)spec->label[f].member);
    }
    look_at_axis(t);
    for (int c = 0; c < spec->n_channels && t->axis_time && t->position < 0; c++)
        if (spec->channel[c].kind == GNDP_CHANNEL_SPHERE)
            t->position = c;
    t->room = 1 + spec->coords.columns;
    for (int c = 0; c < spec->n_channels; c++)
        t->room += spec->channel[c].parts;
    t->column = calloc((size_t)t->room, sizeof *t->column);
    GNDP_CHECK(t->column != NULL, GNDP_ERR_NOMEM, "%d variables", t->room);
done:
    return st;
}

/* Time, where fields have any, and the coordinates that are not time. */
static gndp_status add_coords(tracks *t)
{
    static const char *const degrees[] = {"degrees_north", "degrees_east"}, *const names[] = {
                                                                                "latitude",
                                                                                "longitude"};
    gndp_status st = GNDP_OK;
    const gndp_coords *coords = &t->spec->coords;
    const bool sphere = coords->space == GNDP_SPACE_SPHERE;
    bool times = t->axis_time;
    column *made;
    for (int64_t f = 0; f < t->spec->n_fields; f++)
        times = times || !isnan(t->spec->label[f].time_s);
    if (times) {
        GNDP_TRY(add_column(t, "time", &made));
        made->place = true;
        made->standard_name = made->long_name = "time";
    }
    for (int k = 0; k < coords->columns && !t->axis_time; k++) {
        char other[16];
        snprintf(other, sizeof other, "x%d", k + 1);
        const char *name = sphere ? names[k] : coords->axis[k].name;
        GNDP_TRY(add_column(t, gndp_out_name_ok(name) && strcmp(name, "time") != 0 ? name : other,
                            &made));
        made->place = true;
        made->standard_name = sphere ? names[k] : coords->axis[k].standard_name;
        made->units = sphere ? degrees[k] : coords->axis[k].units;
    }
done:
    return st;
}

static gndp_status add_values(tracks *t)
{
    static const char *const degrees[] = {"degrees_north", "degrees_east"}, *const names[] = {
                                                                                "latitude",
                                                                                "longitude"};
    gndp_status st = GNDP_OK;
    column *made;
    for (int c = 0; c < t->spec->n_channels; c++) {
        const gndp_channel *channel = &t->spec->channel[c];
        for (int k = 0; k < channel->parts; k++) {
            GNDP_TRY(add_column(t, channel->part[k].name, &made));
            made->place = c == t->position;
            made->standard_name = made->place ? names[k] : channel->part[k].standard_name;
            made->long_name = channel->part[k].long_name;
            made->units = made->place                            ? degrees[k]
                          : channel->kind == GNDP_CHANNEL_SPHERE ? "degrees"
                                                                 : channel->units;
            made->cell_methods = channel->cell_methods;
            made->vector = channel->kind != GNDP_CHANNEL_SCALAR && !made->place ? channel : NULL;
        }
    }
done:
    return st;
}

/* ---- Values --------------------------------------------------------------------------------- */

/* To the microsecond: what lies between came from multiplying days. */
static double microsecond(double seconds)
{
    const double rounded = nearbyint(seconds * 1e6) / 1e6;
    return fabs(rounded - seconds) < 1e-6 ? rounded : seconds;
}

static void fill_coords(tracks *t, int64_t f, int64_t first, const double *x)
{
    const int64_t n = gndp_fieldset_points(t->set, f);
    const int columns = t->spec->coords.columns;
    const double start = t->spec->label[f].time_s;
    int at = 0;
    if (strcmp(t->column[0].name, "time") == 0 && t->column[0].place) {
        for (int64_t i = 0; i < n; i++) {
            const double seconds =
                t->axis_time ? x[i * columns] * t->axis_factor + t->axis_offset : 0.0;
            t->column[0].value[first + i] =
                microsecond((t->axis_since || isnan(start) ? 0.0 : start) + seconds);
        }
        at = 1;
    }
    for (int k = 0; k < columns && !t->axis_time; k++)
        for (int64_t i = 0; i < n; i++)
            t->column[at + k].value[first + i] = x[i * columns + k];
}

/* Latitude and longitude of a track; the longitude goes on over the date line, as IBTrACS has it,
 * while it can. */
static void fill_sphere(const tracks *t, int at, int64_t first, int64_t n, const double *values,
                        const uint8_t *present)
{
    const int P = gndp_fieldset_components(t->set);
    double before = (double)NAN;
    for (int64_t i = 0; i < n; i++) {
        double lat = (double)NAN, lon = (double)NAN;
        if (present[i * P] != 0) {
            gndp_out_degrees(values + i * P, &lat, &lon);
            const double turns = isnan(before) ? 0.0 : 360.0 * nearbyint((before - lon) / 360.0);
            if (lon + turns > -360.0 && lon + turns < 540.0)
                lon += turns;
            before = lon;
        }
        t->column[at].value[first + i] = lat;
        t->column[at + 1].value[first + i] = lon;
    }
}

static void fill_channels(const tracks *t, int64_t first, int64_t n, const double *values,
                          const uint8_t *present)
{
    const int P = gndp_fieldset_components(t->set);
    int component = 0, at = t->n_columns;
    for (int c = 0; c < t->spec->n_channels; c++)
        at -= t->spec->channel[c].parts;
    for (int c = 0; c < t->spec->n_channels; c++) {
        const gndp_channel *channel = &t->spec->channel[c];
        if (channel->kind == GNDP_CHANNEL_SPHERE)
            fill_sphere(t, at, first, n, values + component, present + component);
        for (int k = 0; k < channel->parts && channel->kind != GNDP_CHANNEL_SPHERE; k++)
            for (int64_t i = 0; i < n; i++)
                t->column[at + k].value[first + i] = present[i * P + component + k] != 0
                                                         ? values[i * P + component + k]
                                                         : (double)NAN;
        component += channel->components;
        at += channel->parts;
    }
}

static gndp_status fill(tracks *t)
{
    gndp_status st = GNDP_OK;
    const size_t most = (size_t)gndp_fieldset_max_points(t->set);
    const size_t P = (size_t)gndp_fieldset_components(t->set), C = (size_t)t->spec->coords.columns;
    double *x = malloc(most * C * sizeof *x), *values = malloc(most * P * sizeof *values);
    uint8_t *present = malloc(most * P);
    int64_t first = 0;
    GNDP_CHECK(x != NULL && values != NULL && present != NULL, GNDP_ERR_NOMEM, "%zu points", most);
    for (int64_t f = 0; f < t->spec->n_fields; f++) {
        const int64_t n = gndp_fieldset_points(t->set, f);
        GNDP_TRY(gndp_fieldset_coords(t->set, f, x));
        GNDP_TRY(gndp_fieldset_read(t->set, 1, &f, n, NULL, values, present));
        fill_coords(t, f, first, x);
        fill_channels(t, first, n, values, present);
        first += n;
    }
    for (int k = 0; k < t->n_columns; k++)
        for (int64_t i = 0; i < t->n_obs; i++)
            t->column[k].missing = t->column[k].missing || isnan(t->column[k].value[i]);
done:
    free(x);
    free(values);
    free(present);
    return st;
}

/* From seconds since 1970 to the longest unit in which all times are whole, so that they read back
 * exactly. */
static void choose_time_units(tracks *t)
{
    static const struct {
        const char *units;
        double seconds;
    } unit[] = {{"hours since 1970-01-01 00:00:00", 3600.0},
                {"minutes since 1970-01-01 00:00:00", 60.0},
                {"seconds since 1970-01-01 00:00:00", 1.0}};
    column *time = &t->column[0];
    if (!time->place || strcmp(time->name, "time") != 0)
        return;
    for (size_t u = 0; u < sizeof unit / sizeof *unit; u++) {
        bool whole = true;
        for (int64_t i = 0; i < t->n_obs && whole; i++)
            whole = fmod(time->value[i], unit[u].seconds) == 0.0;
        if (!whole && unit[u].seconds > 1.0)
            continue;
        for (int64_t i = 0; i < t->n_obs; i++)
            time->value[i] /= unit[u].seconds;
        time->units = t->time_units = unit[u].units;
        return;
    }
}

/* ---- The file (the lock is held) ------------------------------------------------------------ */

static gndp_status put_ids(const tracks *t, int dim)
{
    gndp_status st = GNDP_OK;
    const size_t length = (size_t)t->longest_id, n = (size_t)t->spec->n_fields;
    char *letters = calloc(n, length), number[32];
    int dims[2] = {dim, -1}, var;
    GNDP_CHECK(letters != NULL, GNDP_ERR_NOMEM, "%zu ids", n);
    for (size_t f = 0; f < n; f++) {
        const char *id = t->spec->label[f].id;
        snprintf(number, sizeof number, "%zu", f);
        id = id != NULL ? id : number;
        memcpy(letters + f * length, id, strnlen(id, length));
    }
    GNDP_NC_WRITE(nc_def_dim(t->nc, "trajectory_strlen", length, &dims[1]), t->path,
                  "trajectory_strlen");
    GNDP_NC_WRITE(nc_def_var(t->nc, "trajectory", NC_CHAR, 2, dims, &var), t->path, "trajectory");
    GNDP_TRY(gndp_out_text(t->nc, var, t->path, "long_name", "trajectory identifier"));
    GNDP_TRY(gndp_out_text(t->nc, var, t->path, "cf_role", "trajectory_id"));
    GNDP_TRY(gndp_out_text(t->nc, var, t->path, "_Encoding", "utf-8"));
    GNDP_NC_WRITE(nc_put_var_text(t->nc, var, letters), t->path, "trajectory");
done:
    free(letters);
    return st;
}

/* Length and member of each trajectory. */
static gndp_status put_rows(const tracks *t, int dim)
{
    gndp_status st = GNDP_OK;
    const int64_t n = t->spec->n_fields;
    int *row = malloc((size_t)n * sizeof *row);
    int var;
    bool members = false;
    GNDP_CHECK(row != NULL, GNDP_ERR_NOMEM, "%lld trajectories", (long long)n);
    for (int64_t f = 0; f < n; f++) {
        row[f] = (int)gndp_fieldset_points(t->set, f);
        members = members || t->spec->label[f].member >= 0;
    }
    GNDP_NC_WRITE(nc_def_var(t->nc, "rowSize", NC_INT, 1, &dim, &var), t->path, "rowSize");
    GNDP_TRY(gndp_out_text(t->nc, var, t->path, "long_name",
                           "number of observations of the trajectory"));
    GNDP_TRY(gndp_out_text(t->nc, var, t->path, "sample_dimension", "obs"));
    GNDP_NC_WRITE(nc_put_var_int(t->nc, var, row), t->path, "rowSize");
    if (!members)
        goto done;
    for (int64_t f = 0; f < n; f++)
        row[f] = (int)t->spec->label[f].member;
    GNDP_NC_WRITE(nc_def_var(t->nc, "realization", NC_INT, 1, &dim, &var), t->path, "realization");
    GNDP_TRY(gndp_out_text(t->nc, var, t->path, "standard_name", "realization"));
    GNDP_TRY(gndp_out_text(t->nc, var, t->path, "long_name", "ensemble member"));
    GNDP_TRY(gndp_out_text(t->nc, var, t->path, "units", "1"));
    GNDP_NC_WRITE(nc_put_var_int(t->nc, var, row), t->path, "realization");
done:
    free(row);
    return st;
}

static gndp_status put_column(const tracks *t, column *c, int dim, const char *coordinates,
                              const gndp_write_options *options)
{
    gndp_status st = GNDP_OK;
    const bool f64 = c->place || options->f64;
    const float fill_f32 = NC_FILL_FLOAT;
    const double fill_f64 = NC_FILL_DOUBLE;
    int var;
    GNDP_NC_WRITE(nc_def_var(t->nc, c->name, f64 ? NC_DOUBLE : NC_FLOAT, 1, &dim, &var), t->path,
                  c->name);
    if (options->deflate > 0)
        GNDP_NC_WRITE(nc_def_var_deflate(t->nc, var, 1, 1, options->deflate), t->path, c->name);
    if (f64 && (!c->place || c->missing))
        GNDP_NC_WRITE(nc_put_att_double(t->nc, var, "_FillValue", NC_DOUBLE, 1, &fill_f64), t->path,
                      c->name);
    if (!f64)
        GNDP_NC_WRITE(nc_put_att_float(t->nc, var, "_FillValue", NC_FLOAT, 1, &fill_f32), t->path,
                      c->name);
    if (options->keep_bits > 0 && !c->place)
        GNDP_NC_WRITE(nc_def_var_quantize(t->nc, var, NC_QUANTIZE_BITROUND, options->keep_bits),
                      t->path, c->name);
    GNDP_TRY(gndp_out_text(t->nc, var, t->path, "standard_name", c->standard_name));
    GNDP_TRY(gndp_out_text(t->nc, var, t->path, "long_name", c->long_name));
    GNDP_TRY(gndp_out_text(t->nc, var, t->path, "units", c->units));
    GNDP_TRY(gndp_out_text(t->nc, var, t->path, "cell_methods", c->cell_methods));
    if (c->units != NULL && c->units == t->time_units)
        GNDP_TRY(
            gndp_out_text(t->nc, var, t->path, "calendar", gndp_calendar_name(t->spec->calendar)));
    if (c->vector != NULL)
        GNDP_TRY(gndp_out_text(t->nc, var, t->path,
                               c->vector->kind == GNDP_CHANNEL_SPHERE ? "sphere_point" : "vector",
                               c->vector->name));
    if (!c->place)
        GNDP_TRY(gndp_out_text(t->nc, var, t->path, "coordinates", coordinates));
    for (int64_t i = 0; i < t->n_obs; i++) {
        const double fits = f64 ? c->value[i] : (double)(float)c->value[i];
        GNDP_CHECK(!isinf(fits), GNDP_ERR_RANGE,
                   "%s: %s, observation %lld is %g, which a float cannot hold; write doubles",
                   t->path, c->name, (long long)i, c->value[i]);
        if (isnan(c->value[i]))
            c->value[i] = NC_FILL_DOUBLE; /* the same number as a float */
    }
    GNDP_NC_WRITE(nc_put_var_double(t->nc, var, c->value), t->path, c->name);
done:
    return st;
}

static gndp_status put_all(tracks *t, const gndp_write_options *options)
{
    gndp_status st = GNDP_OK;
    char coordinates[6 * 65] = "";
    size_t n = 0;
    int trajectory, obs;
    bool on_earth = false;
    for (int k = 0; k < t->n_columns; k++)
        if (t->column[k].place) {
            n += (size_t)snprintf(coordinates + n, sizeof coordinates - n, "%s%s", n > 0 ? " " : "",
                                  t->column[k].name);
            on_earth = on_earth || strcmp(t->column[k].standard_name, "latitude") == 0;
        }
    /* a trajectory of CF has times; without any the file is a ragged array of places */
    const char *feature = on_earth && t->time_units != NULL ? "trajectory" : NULL;
    GNDP_TRY(gndp_out_global(t->nc, t->path, feature, t->spec->n_attributes, t->spec->attribute,
                             options, NULL));
    GNDP_NC_WRITE(nc_def_dim(t->nc, "trajectory", (size_t)t->spec->n_fields, &trajectory), t->path,
                  "trajectory");
    GNDP_NC_WRITE(nc_def_dim(t->nc, "obs", (size_t)t->n_obs, &obs), t->path, "obs");
    GNDP_TRY(put_ids(t, trajectory));
    GNDP_TRY(put_rows(t, trajectory));
    for (int k = 0; k < t->n_columns; k++)
        GNDP_TRY(put_column(t, &t->column[k], obs, coordinates, options));
done:
    return st;
}

/* Bytes of the file, on the large side. */
static int64_t size_of(const tracks *t, const gndp_write_options *options)
{
    int64_t bytes =
        (1 << 17) + t->spec->n_fields * (t->longest_id + 8) + t->n_columns * (8 * t->n_obs + 16384);
    for (int i = 0; i < t->spec->n_attributes; i++)
        bytes += 3 * (int64_t)strlen(t->spec->attribute[i].text) + 512;
    return bytes + (options->history != NULL ? 3 * (int64_t)strlen(options->history) : 0);
}

static gndp_status make_file(tracks *t, gndp_beside *file, const gndp_write_options *options)
{
    gndp_status st = GNDP_OK;
    GNDP_TRY(gndp_out_create(t->path, &t->nc));
    GNDP_TRY(gndp_beside_reserve(file, size_of(t, options)));
    GNDP_TRY(put_all(t, options));
    GNDP_NC_WRITE(nc_sync(t->nc), t->path,
                  "its end"); /* fails while the file can still be dealt with */
    const int nc = t->nc;
    t->nc = -1;
    GNDP_NC_WRITE(nc_close(nc), t->path, "its end");
done:
    if (t->nc >= 0)
        gndp_out_close(t->nc, file);
    return st;
}

gndp_status gndp_write_tracks(const gndp_fieldset *set, const char *path,
                              const gndp_write_options *options)
{
    gndp_status st = GNDP_OK;
    const gndp_write_options standard = gndp_write_options_default();
    tracks t = {.set = set, .path = path, .nc = -1};
    gndp_beside file = gndp_beside_none();
    GNDP_CHECK(set != NULL && path != NULL, GNDP_ERR_ARG, "%s is NULL",
               set == NULL ? "set" : "path");
    if (options == NULL)
        options = &standard;
    GNDP_TRY(gndp_write_options_check(options));
    t.spec = gndp_fieldset_get_spec(set);
    GNDP_TRY(look(&t));
    GNDP_TRY(add_coords(&t));
    GNDP_TRY(add_values(&t));
    GNDP_TRY(fill(&t));
    choose_time_units(&t);
    GNDP_TRY(gndp_beside_open(path, options->overwrite, &file));
    GNDP_TRY(gndp_out_path_ok(file.path));
    GNDP_TRY(gndp_beside_empty(&file));
    GNDP_TRY(
        gndp_beside_reserve(&file, size_of(&t, options))); /* where it fails, HDF5 has not begun */
    gndp_beside_unlock(&file);
    t.path = file.part;
    gndp_nc_lock();
    st = make_file(&t, &file, options);
    gndp_nc_unlock();
    GNDP_TRY(st);
    gndp_beside_trim(&file);
    GNDP_TRY(gndp_beside_commit(&file, options->overwrite));
done:
    gndp_beside_close(&file, false);
    tracks_free(&t);
    return st;
}
