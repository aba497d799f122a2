// SPDX-License-Identifier: Apache-2.0
// A field file before its values: dimensions, coordinates, variables and attributes of CF-1.8.
#include <math.h>
#include <netcdf.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "io/writer.h"

/* The part, to messages. */
static const char *name_of(const gndp_field_writer *w)
{
    return w->file.part;
}

static gndp_status define_dims(gndp_field_writer *w)
{
    gndp_status st = GNDP_OK;
    for (int i = 0; i < w->form.n_dims; i++) {
        gndp_out_dim *dim = &w->form.dim[i];
        GNDP_NC_WRITE(
            nc_def_dim(w->nc, dim->name, i == 0 ? NC_UNLIMITED : (size_t)dim->size, &dim->id),
            name_of(w), dim->name);
    }
done:
    return st;
}

/* ---- Time ----------------------------------------------------------------------------------- */

/* Seconds in the file's units; rounded to a value that gives the seconds back if there is one near.
 */
static double in_units(const gndp_out_form *form, double seconds)
{
    const double value = (seconds - form->time_offset) / form->time_factor,
                 whole = nearbyint(value);
    return whole * form->time_factor + form->time_offset == seconds ? whole : value;
}

static gndp_status define_time(gndp_field_writer *w)
{
    gndp_status st = GNDP_OK;
    const gndp_out_form *form = &w->form;
    const gndp_field_file *file = form->file;
    const size_t chunk = form->n_times < 512 ? (size_t)form->n_times : 512, start = 0,
                 count = (size_t)form->n_times;
    double *value = malloc(count * sizeof *value);
    int var;
    GNDP_CHECK(value != NULL, GNDP_ERR_NOMEM, "%zu times", count);
    for (size_t i = 0; i < count; i++)
        value[i] = file->time_s != NULL ? in_units(form, file->time_s[i]) : 0.0;
    GNDP_TRY(gndp_out_coordinate(w->nc, name_of(w), "time", 1, &form->dim[0].id, "time", "time",
                                 form->time_units, &var));
    GNDP_NC_WRITE(nc_def_var_chunking(w->nc, var, NC_CHUNKED, &chunk), name_of(w), "time");
    GNDP_TRY(gndp_out_text(w->nc, var, name_of(w), "calendar", gndp_calendar_name(file->calendar)));
    GNDP_TRY(gndp_out_text(w->nc, var, name_of(w), "axis", "T"));
    if (file->time_s == NULL)
        GNDP_TRY(gndp_out_text(w->nc, var, name_of(w), "comment", "these fields have no time"));
    GNDP_NC_WRITE(nc_put_vara_double(w->nc, var, &start, &count, value), name_of(w), "time");
done:
    free(value);
    return st;
}

/* The longest of hours, minutes and seconds that all periods are whole multiples of; 0: none. */
static double period_unit(const gndp_field_file *file, const char **name)
{
    static const struct {
        const char *name;
        double seconds;
    } unit[] = {{"hours", 3600.0}, {"minutes", 60.0}, {"seconds", 1.0}};
    for (size_t u = 0; u < sizeof unit / sizeof *unit; u++) {
        bool whole = true;
        for (int64_t i = 0; i < file->n_times && whole; i++) {
            const double period = (file->time_s[i] - file->reference_time_s) / unit[u].seconds;
            whole = period == nearbyint(period) && fabs(period) < 2147483647.0;
        }
        *name = unit[u].name;
        if (whole)
            return unit[u].seconds;
    }
    *name = "hours";
    return 0.0;
}

static gndp_status define_forecast(gndp_field_writer *w)
{
    gndp_status st = GNDP_OK;
    const gndp_out_form *form = &w->form;
    const gndp_field_file *file = form->file;
    const double start_value = in_units(form, file->reference_time_s);
    const char *unit;
    const double seconds = period_unit(file, &unit);
    const size_t chunk = form->n_times < 512 ? (size_t)form->n_times : 512, start = 0,
                 count = (size_t)form->n_times;
    double *value = malloc(count * sizeof *value);
    int var;
    GNDP_CHECK(value != NULL, GNDP_ERR_NOMEM, "%zu times", count);
    GNDP_TRY(gndp_out_coordinate(w->nc, name_of(w), "forecast_reference_time", 0, NULL,
                                 "forecast_reference_time", "start of the forecast",
                                 form->time_units, &var));
    GNDP_TRY(gndp_out_text(w->nc, var, name_of(w), "calendar", gndp_calendar_name(file->calendar)));
    GNDP_NC_WRITE(nc_put_var_double(w->nc, var, &start_value), name_of(w),
                  "forecast_reference_time");
    for (size_t i = 0; i < count; i++)
        value[i] = (file->time_s[i] - file->reference_time_s) / (seconds > 0.0 ? seconds : 3600.0);
    GNDP_NC_WRITE(nc_def_var(w->nc, "forecast_period", seconds > 0.0 ? NC_INT : NC_DOUBLE, 1,
                             &form->dim[0].id, &var),
                  name_of(w), "forecast_period");
    GNDP_NC_WRITE(nc_def_var_chunking(w->nc, var, NC_CHUNKED, &chunk), name_of(w),
                  "forecast_period");
    GNDP_NC_WRITE(nc_def_var_fill(w->nc, var, NC_NOFILL, NULL), name_of(w), "forecast_period");
    GNDP_TRY(gndp_out_text(w->nc, var, name_of(w), "standard_name", "forecast_period"));
    GNDP_TRY(
        gndp_out_text(w->nc, var, name_of(w), "long_name", "time since the start of the forecast"));
    GNDP_TRY(gndp_out_text(w->nc, var, name_of(w), "units", unit));
    GNDP_TRY(gndp_out_text(w->nc, var, name_of(w), "dtype",
                           "timedelta64[ns]")); /* xarray: a length of time, not a number */
    GNDP_NC_WRITE(nc_put_vara_double(w->nc, var, &start, &count, value), name_of(w),
                  "forecast_period");
done:
    free(value);
    return st;
}

/* ---- Members and points --------------------------------------------------------------------- */

static gndp_status define_members(gndp_field_writer *w)
{
    gndp_status st = GNDP_OK;
    const gndp_out_form *form = &w->form;
    const gndp_field_file *file = form->file;
    int *number = malloc((size_t)form->n_slots * sizeof *number);
    int var;
    GNDP_CHECK(number != NULL, GNDP_ERR_NOMEM, "%lld members", (long long)form->n_slots);
    for (int64_t i = 0; i < form->n_slots; i++)
        number[i] = (int)(file->member != NULL ? file->member[i] : i);
    GNDP_NC_WRITE(nc_def_var(w->nc, "realization", NC_INT, 1, &form->dim[1].id, &var), name_of(w),
                  "realization");
    GNDP_NC_WRITE(nc_def_var_fill(w->nc, var, NC_NOFILL, NULL), name_of(w), "realization");
    GNDP_TRY(gndp_out_text(w->nc, var, name_of(w), "standard_name", "realization"));
    GNDP_TRY(gndp_out_text(w->nc, var, name_of(w), "long_name", "ensemble member"));
    GNDP_TRY(gndp_out_text(w->nc, var, name_of(w), "units", "1"));
    GNDP_TRY(gndp_out_text(w->nc, var, name_of(w), "axis", "E"));
    GNDP_NC_WRITE(nc_put_var_int(w->nc, var, number), name_of(w), "realization");
done:
    free(number);
    return st;
}

/* CF wants each series of a file of stations to be told by a variable. */
static gndp_status define_stations(gndp_field_writer *w)
{
    gndp_status st = GNDP_OK;
    const gndp_out_dim *dim = &w->form.dim[w->form.first_space];
    const size_t count = (size_t)dim->size;
    int *number = malloc(count * sizeof *number);
    int var;
    GNDP_CHECK(count <= INT32_MAX, GNDP_ERR_UNSUPPORTED, "%zu stations are too many", count);
    GNDP_CHECK(number != NULL, GNDP_ERR_NOMEM, "%zu stations", count);
    for (size_t i = 0; i < count; i++)
        number[i] = (int)i;
    GNDP_NC_WRITE(nc_def_var(w->nc, "station", NC_INT, 1, &dim->id, &var), name_of(w), "station");
    GNDP_NC_WRITE(nc_def_var_fill(w->nc, var, NC_NOFILL, NULL), name_of(w), "station");
    GNDP_TRY(gndp_out_text(w->nc, var, name_of(w), "long_name", "station number"));
    GNDP_TRY(gndp_out_text(w->nc, var, name_of(w), "cf_role", "timeseries_id"));
    GNDP_NC_WRITE(nc_put_var_int(w->nc, var, number), name_of(w), "station");
done:
    free(number);
    return st;
}

static gndp_status define_coord(gndp_field_writer *w, int column)
{
    static const char *const units[] = {"degrees_north", "degrees_east"}, *const axes[] = {"Y",
                                                                                           "X"};
    gndp_status st = GNDP_OK;
    const gndp_out_form *form = &w->form;
    const gndp_coords *coords = &form->file->coords;
    const gndp_axis *axis = &coords->axis[column];
    const bool sphere = coords->space == GNDP_SPACE_SPHERE,
               product = coords->layout == GNDP_LAYOUT_PRODUCT;
    const char *name = form->coord[column];
    const int dim = form->dim[form->first_space + (product ? column : 0)].id;
    double *value = NULL;
    int var;
    GNDP_TRY(gndp_out_coordinate(w->nc, name_of(w), name, 1, &dim,
                                 sphere ? name : axis->standard_name, sphere ? name : NULL,
                                 sphere ? units[column] : axis->units, &var));
    if (sphere && product)
        GNDP_TRY(gndp_out_text(w->nc, var, name_of(w), "axis", axes[column]));
    if (!product) {
        value = malloc((size_t)coords->n * sizeof *value);
        GNDP_CHECK(value != NULL, GNDP_ERR_NOMEM, "%lld points", (long long)coords->n);
        for (int64_t i = 0; i < coords->n; i++)
            value[i] = coords->x[i * coords->columns + column];
    }
    GNDP_NC_WRITE(nc_put_var_double(w->nc, var, product ? axis->value : value), name_of(w), name);
done:
    free(value);
    return st;
}

/* ---- Values --------------------------------------------------------------------------------- */

/* What the dimensions of a variable do not say. */
static void coordinates_text(const gndp_out_form *form, char *out, size_t size)
{
    size_t n = 0;
    out[0] = 0;
    if (!isnan(form->file->reference_time_s))
        n += (size_t)snprintf(out, size, "forecast_period forecast_reference_time");
    for (int i = 0; form->layout == GNDP_LAYOUT_LIST && i < form->file->coords.columns; i++)
        n += (size_t)snprintf(out + n, size - n, "%s%s", n > 0 ? " " : "", form->coord[i]);
}

/* One field of one variable a chunk: what users read together. HDF5 takes chunks under 4 GiB, and
 * far smaller ones are kinder to readers. */
static void choose_chunks(const gndp_out_form *form, size_t chunk[GNDP_OUT_MAX_DIMS])
{
    const size_t most = (size_t)1 << 30;
    size_t bytes = gndp_out_bytes(form);
    for (int i = 0; i < form->n_dims; i++) {
        chunk[i] = i < form->first_space ? 1 : (size_t)form->dim[i].size;
        bytes *= chunk[i];
    }
    for (int i = form->first_space; i < form->n_dims; i++)
        while (bytes > most && chunk[i] > 1) {
            bytes = bytes / chunk[i] * ((chunk[i] + 1) / 2);
            chunk[i] = (chunk[i] + 1) / 2;
        }
}

static gndp_status define_storage(gndp_field_writer *w, int var, const char *name)
{
    gndp_status st = GNDP_OK;
    const gndp_out_form *form = &w->form;
    const float fill_f32 = NC_FILL_FLOAT;
    const double fill_f64 = NC_FILL_DOUBLE;
    size_t chunk[GNDP_OUT_MAX_DIMS];
    choose_chunks(form, chunk);
    GNDP_NC_WRITE(nc_def_var_chunking(w->nc, var, NC_CHUNKED, chunk), name_of(w), name);
    if (form->deflate > 0)
        GNDP_NC_WRITE(nc_def_var_deflate(w->nc, var, 1, 1, form->deflate), name_of(w), name);
    if (form->f64)
        GNDP_NC_WRITE(nc_put_att_double(w->nc, var, "_FillValue", NC_DOUBLE, 1, &fill_f64),
                      name_of(w), name);
    else
        GNDP_NC_WRITE(nc_put_att_float(w->nc, var, "_FillValue", NC_FLOAT, 1, &fill_f32),
                      name_of(w), name);
    if (form->keep_bits >
        0) /* the values come rounded so already: what this adds is the attribute that says so */
        GNDP_NC_WRITE(nc_def_var_quantize(w->nc, var, NC_QUANTIZE_BITROUND, form->keep_bits),
                      name_of(w), name);
done:
    return st;
}

static gndp_status define_part(gndp_field_writer *w, gndp_out_part *part)
{
    gndp_status st = GNDP_OK;
    const gndp_out_form *form = &w->form;
    const gndp_channel *channel = &form->channel[part->channel];
    const bool sphere = channel->kind == GNDP_CHANNEL_SPHERE;
    char coordinates[GNDP_MAX_AXES * 64 + 64];
    int dims[GNDP_OUT_MAX_DIMS];
    for (int i = 0; i < form->n_dims; i++)
        dims[i] = form->dim[i].id;
    GNDP_NC_WRITE(nc_def_var(w->nc, part->name, form->f64 ? NC_DOUBLE : NC_FLOAT, form->n_dims,
                             dims, &part->var),
                  name_of(w), part->name);
    GNDP_TRY(define_storage(w, part->var, part->name));
    GNDP_TRY(gndp_out_text(w->nc, part->var, name_of(w), "standard_name",
                           channel->part[part->part].standard_name));
    GNDP_TRY(gndp_out_text(w->nc, part->var, name_of(w), "long_name",
                           channel->part[part->part].long_name));
    /* Not degrees_north: these are values, and readers take variables of that unit for axes. */
    GNDP_TRY(
        gndp_out_text(w->nc, part->var, name_of(w), "units", sphere ? "degrees" : channel->units));
    GNDP_TRY(gndp_out_text(w->nc, part->var, name_of(w), "cell_methods", channel->cell_methods));
    if (channel->kind != GNDP_CHANNEL_SCALAR)
        GNDP_TRY(gndp_out_text(w->nc, part->var, name_of(w), sphere ? "sphere_point" : "vector",
                               channel->name));
    if (form->space == GNDP_SPACE_SPHERE &&
        form->layout ==
            GNDP_LAYOUT_LIST) /* else CDO takes members and stations for a grid, and fails */
        GNDP_TRY(gndp_out_text(w->nc, part->var, name_of(w), "CDI_grid_type", "unstructured"));
    coordinates_text(form, coordinates, sizeof coordinates);
    GNDP_TRY(gndp_out_text(w->nc, part->var, name_of(w), "coordinates", coordinates));
done:
    return st;
}

gndp_status gndp_out_define(gndp_field_writer *w, const gndp_write_options *options)
{
    gndp_status st = GNDP_OK;
    const gndp_field_file *file = w->form.file;
    const bool stations = w->form.space == GNDP_SPACE_SPHERE && w->form.layout == GNDP_LAYOUT_LIST;
    GNDP_TRY(gndp_out_global(w->nc, name_of(w), stations ? "timeSeries" : NULL, file->n_attributes,
                             file->attribute, options, w->history));
    GNDP_TRY(define_dims(w));
    GNDP_TRY(define_time(w));
    if (!isnan(file->reference_time_s))
        GNDP_TRY(define_forecast(w));
    if (w->form.members)
        GNDP_TRY(define_members(w));
    if (stations)
        GNDP_TRY(define_stations(w));
    for (int i = 0; i < file->coords.columns; i++)
        GNDP_TRY(define_coord(w, i));
    for (int i = 0; i < w->form.n_parts; i++)
        GNDP_TRY(define_part(w, &w->form.part[i]));
    GNDP_TRY(gndp_out_part_begin(w));
done:
    return st;
}
