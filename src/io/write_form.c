// SPDX-License-Identifier: Apache-2.0
// The form of a field file: its dimensions and variables from what shall be written, checked before
// a byte is.
#include <math.h>
#include <netcdf.h>
#include <stdlib.h>
#include <string.h>

#include <gndp/io.h>

#include "base/error.h"
#include "fields/coords.h"
#include "io/archive.h"
#include "io/writer.h"

gndp_write_options gndp_write_options_default(void)
{
    return (gndp_write_options){.deflate = 1};
}

gndp_status gndp_write_options_check(const gndp_write_options *options)
{
    gndp_status st = GNDP_OK;
    const int most = options->f64 ? 52 : 23;
    GNDP_CHECK(options->deflate >= 0 && options->deflate <= 9, GNDP_ERR_RANGE,
               "deflate is %d, not within 0..9", options->deflate);
    GNDP_CHECK(options->keep_bits >= 0 && options->keep_bits <= most, GNDP_ERR_RANGE,
               "keep_bits is %d, not within 0..%d (%s)", options->keep_bits, most,
               options->f64 ? "double" : "float");
    GNDP_CHECK(options->n_identity >= 0 && (options->n_identity == 0 || options->identity != NULL),
               GNDP_ERR_ARG, "identity is missing");
    for (int i = 0; i < options->n_identity; i++) {
        const char *name = options->identity[2 * i];
        GNDP_CHECK(name != NULL && options->identity[2 * i + 1] != NULL && gndp_out_name_ok(name),
                   GNDP_ERR_ARG, "identity %d, \"%s\", needs a name that netCDF takes and a text",
                   i, name != NULL ? name : "");
    }
done:
    return st;
}

bool gndp_out_name_ok(const char *name)
{
    const unsigned char *c = (const unsigned char *)name;
    const size_t n = strlen(name);
    if (n == 0 || n > NC_MAX_NAME || name[n - 1] == ' ')
        return false;
    if (!(c[0] == '_' || c[0] >= 0x80 || (c[0] >= '0' && c[0] <= '9') ||
          ((c[0] | 32) >= 'a' && (c[0] | 32) <= 'z')))
        return false;
    for (; *c != 0; c++)
        if (*c < 0x20 || *c == 0x7F || *c == '/')
            return false;
    return true;
}

/* ---- Dimensions ----------------------------------------------------------------------------- */

static void add_dim(gndp_out_form *form, const char *name, int64_t size)
{
    gndp_out_dim *dim = &form->dim[form->n_dims++];
    snprintf(dim->name, sizeof dim->name, "%s", name);
    dim->size = size;
}

static bool is_coord(const gndp_out_form *form, const char *name)
{
    for (int i = 0; i < GNDP_MAX_AXES; i++)
        if (strcmp(form->coord[i], name) == 0)
            return true;
    return false;
}

/* Names that mean something else here, whatever the file holds. */
static bool is_reserved(const char *name)
{
    static const char *const names[] = {"time",
                                        "realization",
                                        "station",
                                        "point",
                                        "latitude",
                                        "longitude",
                                        "forecast_reference_time",
                                        "forecast_period"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

/* On the sphere the names are known; an abstract axis keeps its name unless netCDF cannot take it
 * or it is that of something else. */
static void name_coords(gndp_out_form *form)
{
    const gndp_coords *coords = &form->file->coords;
    for (int i = 0; i < coords->columns; i++) {
        const char *name = coords->axis[i].name;
        if (coords->space == GNDP_SPACE_SPHERE)
            snprintf(form->coord[i], sizeof form->coord[i], "%s",
                     i == 0 ? "latitude" : "longitude");
        else if (gndp_out_name_ok(name) && !is_reserved(name) && !is_coord(form, name))
            snprintf(form->coord[i], sizeof form->coord[i], "%s", name);
        else
            snprintf(form->coord[i], sizeof form->coord[i], "x%d", i + 1);
    }
}

static gndp_status make_dims(const char *path, gndp_out_form *form)
{
    gndp_status st = GNDP_OK;
    const gndp_coords *coords = &form->file->coords;
    const int space_dims = coords->layout == GNDP_LAYOUT_PRODUCT ? coords->columns : 1;
    const int all = 1 + (form->members ? 1 : 0) + space_dims;
    GNDP_CHECK(all <= GNDP_OUT_MAX_DIMS, GNDP_ERR_SHAPE,
               "%s: %d axes, time%s make %d dimensions, more than the %d that other tools take%s",
               path, space_dims, form->members ? " and realization" : "", all,
               (int)GNDP_OUT_MAX_DIMS,
               form->members && all == GNDP_OUT_MAX_DIMS + 1 ? "; write one file a member" : "");
    add_dim(form, "time", form->n_times);
    if (form->members)
        add_dim(form, "realization", form->n_slots);
    form->first_space = form->n_dims;
    name_coords(form);
    if (coords->layout == GNDP_LAYOUT_LIST)
        add_dim(form, coords->space == GNDP_SPACE_SPHERE ? "station" : "point", coords->n);
    for (int i = 0; coords->layout == GNDP_LAYOUT_PRODUCT && i < coords->columns; i++)
        add_dim(form, form->coord[i], coords->axis[i].size);
done:
    return st;
}

/* ---- Variables ------------------------------------------------------------------------------ */

static bool is_taken(const gndp_out_form *form, const char *name)
{
    for (int i = 0; i < form->n_parts; i++)
        if (strcmp(name, form->part[i].name) == 0)
            return true;
    return is_reserved(name) || is_coord(form, name);
}

static gndp_status make_parts(const char *path, gndp_out_form *form)
{
    gndp_status st = GNDP_OK;
    const gndp_field_file *file = form->file;
    int n_parts = 0;
    form->channel = calloc((size_t)file->n_channels, sizeof *form->channel);
    GNDP_CHECK(form->channel != NULL, GNDP_ERR_NOMEM, "%d channels", file->n_channels);
    memcpy(form->channel, file->channel, (size_t)file->n_channels * sizeof *form->channel);
    for (int c = 0; c < file->n_channels; c++)
        n_parts += file->channel[c].parts;
    form->part = calloc((size_t)n_parts, sizeof *form->part);
    GNDP_CHECK(form->part != NULL, GNDP_ERR_NOMEM, "%d parts", n_parts);
    for (int c = 0; c < file->n_channels; c++) {
        const gndp_channel *channel = &file->channel[c];
        for (int k = 0; k < channel->parts; k++) {
            const char *name = channel->part[k].name;
            GNDP_CHECK(gndp_out_name_ok(name), GNDP_ERR_ARG,
                       "%s: channel \"%s\": netCDF takes no variable named \"%s\"", path,
                       channel->name, name);
            GNDP_CHECK(!is_taken(form, name), GNDP_ERR_ARG,
                       "%s: channel \"%s\": the name \"%s\" is taken", path, channel->name, name);
            gndp_out_part *part = &form->part[form->n_parts++];
            snprintf(part->name, sizeof part->name, "%s", name);
            part->channel = c;
            part->part = k;
            part->component = form->components;
        }
        form->components += channel->components;
    }
done:
    return st;
}

/* ---- Times and members ---------------------------------------------------------------------- */

static gndp_status check_times(const char *path, const gndp_field_file *file)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(file->n_times >= 1 && (file->time_s != NULL || file->n_times == 1), GNDP_ERR_SHAPE,
               "%s: %lld times%s", path, (long long)file->n_times,
               file->time_s == NULL ? ", but none is given" : "");
    GNDP_CHECK(strcmp(gndp_calendar_name(file->calendar), "?") != 0, GNDP_ERR_ARG,
               "%s: no calendar has the number %d", path, (int)file->calendar);
    for (int64_t i = 0; file->time_s != NULL && i < file->n_times; i++) {
        GNDP_CHECK(isfinite(file->time_s[i]), GNDP_ERR_NONFINITE, "%s: time %lld is %g", path,
                   (long long)i, file->time_s[i]);
        GNDP_CHECK(i == 0 || file->time_s[i] > file->time_s[i - 1], GNDP_ERR_RANGE,
                   "%s: time %lld, %s, is not after the one before, %s", path, (long long)i,
                   gndp_calendar_text(file->calendar, file->time_s[i]).text,
                   gndp_calendar_text(file->calendar, file->time_s[i - 1]).text);
    }
    GNDP_CHECK(!isinf(file->reference_time_s), GNDP_ERR_NONFINITE,
               "%s: the reference time is infinite", path);
    GNDP_CHECK(isnan(file->reference_time_s) || file->time_s != NULL, GNDP_ERR_ARG,
               "%s: a reference time needs times", path);
done:
    return st;
}

static gndp_status make_times(const char *path, gndp_out_form *form)
{
    gndp_status st = GNDP_OK;
    const gndp_field_file *file = form->file;
    GNDP_TRY(check_times(path, file));
    form->time_units =
        file->time_units != NULL ? file->time_units : "hours since 1970-01-01 00:00:00";
    GNDP_TRY(gndp_units_time("time", form->time_units, file->calendar, &form->time_factor,
                             &form->time_offset));
    form->n_times = file->n_times;
done:
    return st;
}

static int by_value(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static gndp_status check_members(const char *path, const gndp_field_file *file)
{
    gndp_status st = GNDP_OK;
    int64_t *sorted = NULL;
    GNDP_CHECK(file->n_members >= 0, GNDP_ERR_SHAPE, "%s: %lld members", path,
               (long long)file->n_members);
    GNDP_CHECK(file->n_members <= INT32_MAX, GNDP_ERR_RANGE, "%s: %lld members are too many", path,
               (long long)file->n_members);
    if (file->member == NULL || file->n_members == 0)
        goto done;
    sorted = malloc((size_t)file->n_members * sizeof *sorted);
    GNDP_CHECK(sorted != NULL, GNDP_ERR_NOMEM, "%lld members", (long long)file->n_members);
    memcpy(sorted, file->member, (size_t)file->n_members * sizeof *sorted);
    qsort(sorted, (size_t)file->n_members, sizeof *sorted, by_value);
    for (int64_t i = 0; i < file->n_members; i++) {
        GNDP_CHECK(sorted[i] >= 0 && sorted[i] <= INT32_MAX, GNDP_ERR_RANGE,
                   "%s: member number %lld does not fit an int", path, (long long)sorted[i]);
        GNDP_CHECK(i == 0 || sorted[i] != sorted[i - 1], GNDP_ERR_ARG,
                   "%s: member %lld is there twice", path, (long long)sorted[i]);
    }
done:
    free(sorted);
    return st;
}

/* ---- Checksums ------------------------------------------------------------------------------ */

static uint32_t add_text(uint32_t crc, const char *text)
{
    return gndp_crc32(crc, text, strlen(text) + 1);
}

static uint32_t add_int(uint32_t crc, int64_t value)
{
    return gndp_crc32(crc, &value, sizeof value);
}

static void make_layers(gndp_out_form *form)
{
    const gndp_field_file *file = form->file;
    const gndp_coords *coords = &file->coords;
    uint32_t points = add_int(add_int(0, coords->space), coords->layout);
    for (int i = form->first_space; i < form->n_dims; i++)
        points = add_int(add_text(points, form->dim[i].name), form->dim[i].size);
    for (int i = 0; coords->layout == GNDP_LAYOUT_PRODUCT && i < coords->columns; i++)
        points = gndp_crc32(points, coords->axis[i].value,
                            (size_t)coords->axis[i].size * sizeof(double));
    if (coords->layout == GNDP_LAYOUT_LIST)
        points =
            gndp_crc32(points, coords->x, (size_t)(coords->n * coords->columns) * sizeof(double));
    uint32_t variables = 0;
    for (int i = 0; i < form->n_parts; i++) {
        const gndp_channel *channel = &form->channel[form->part[i].channel];
        variables = add_int(add_text(add_text(variables, form->part[i].name), channel->units),
                            channel->kind);
    }
    uint32_t times = add_int(add_int(0, form->n_times), file->calendar);
    if (file->time_s != NULL)
        times = gndp_crc32(times, file->time_s, (size_t)form->n_times * sizeof(double));
    if (!isnan(file->reference_time_s)) /* NaNs have many bit patterns */
        times = gndp_crc32(times, &file->reference_time_s, sizeof file->reference_time_s);
    uint32_t members = add_int(0, file->n_members);
    for (int64_t i = 0; i < file->n_members; i++)
        members = add_int(members, file->member != NULL ? file->member[i] : i);
    form->layer[GNDP_OUT_POINTS] = points;
    form->layer[GNDP_OUT_VARIABLES] = variables;
    form->layer[GNDP_OUT_TIMES] = times;
    form->layer[GNDP_OUT_MEMBERS] = members;
    form->layer[GNDP_OUT_PRECISION] = add_int(add_int(0, form->f64), form->keep_bits);
}

static int64_t count_text(const char *text)
{
    return text != NULL ? 3 * (int64_t)strlen(text) + 256
                        : 0; /* a byte that is no UTF-8 becomes three */
}

static int64_t count_texts(const gndp_field_file *file, const gndp_write_options *options)
{
    int64_t bytes = count_text(options->history);
    for (int i = 0; i < file->n_attributes; i++)
        bytes += count_text(file->attribute[i].name) + count_text(file->attribute[i].text);
    for (int i = 0; i < 2 * options->n_identity; i++)
        bytes += count_text(options->identity[i]);
    return bytes;
}

/* ---- All of it ------------------------------------------------------------------------------ */

gndp_status gndp_out_form_make(const char *path, const gndp_field_file *file,
                               const gndp_write_options *options, gndp_out_form *form)
{
    gndp_status st = GNDP_OK;
    GNDP_TRY(gndp_write_options_check(options));
    GNDP_TRY(gndp_coords_check(&file->coords));
    GNDP_CHECK(file->n_channels >= 1 && file->channel != NULL, GNDP_ERR_ARG,
               "%s: there is no channel to write", path);
    GNDP_TRY(gndp_channels_check(&file->coords, file->n_channels, file->channel));
    GNDP_TRY(check_members(path, file));
    GNDP_CHECK(file->n_attributes >= 0 && (file->n_attributes == 0 || file->attribute != NULL),
               GNDP_ERR_ARG, "%s: attributes are missing", path);
    form->file = file;
    form->space = file->coords.space;
    form->layout = file->coords.layout;
    form->n = file->coords.n;
    form->members = file->n_members > 0;
    form->n_slots = form->members ? file->n_members : 1;
    form->f64 = options->f64;
    form->keep_bits = options->keep_bits;
    form->deflate = options->deflate;
    GNDP_TRY(make_times(path, form));
    GNDP_TRY(make_dims(path, form));
    GNDP_TRY(make_parts(path, form));
    make_layers(form);
    form->text_bytes = count_texts(file, options);
done:
    return st;
}

void gndp_out_form_free(gndp_out_form *form)
{
    free(form->part);
    free(form->channel);
    *form = (gndp_out_form){0};
}

size_t gndp_out_bytes(const gndp_out_form *form)
{
    return form->f64 ? sizeof(double) : sizeof(float);
}
