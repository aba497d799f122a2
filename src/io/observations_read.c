// SPDX-License-Identifier: Apache-2.0
// Observations from CSV tables, long and wide.
#include "io/observations_columns.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "io/bytes.h"
#include "io/lock.h"
#include "io/netcdf_file.h"
#include "io/number.h"
#include "io/place.h"
#include "io/units.h"

/* A table on its way into observations. */
typedef struct reading {
    const gndp_csv *csv;
    gndp_observation_columns f;
    gndp_observations *o;
    int64_t room;
    int64_t row;
    double x[GNDP_OBSERVATIONS_DIMS], time_s; /* of that row */
    /* Long form: the units met last and how they become those of the channel. */
    int converted;
    char from[64];
    double factor, offset;
    gndp_units
        tables; /* of UDUNITS: reading them takes 10 ms, too long for each row of mixed units */
} reading;

static const char *cell(const reading *r, int column)
{
    return r->csv->cell[r->row * r->csv->n_columns + column];
}

static bool is_missing(const char *text)
{
    return *text == '\0' || strcasecmp(text, "NA") == 0 || strcasecmp(text, "NaN") == 0 ||
           strcasecmp(text, "M") == 0;
}

/* "file:line" for messages. */
typedef struct where_string {
    char text[512];
} where_string;

static where_string where(const reading *r)
{
    where_string w;
    snprintf(w.text, sizeof w.text, "%.480s:%" PRId64, r->csv->path, r->csv->line[r->row]);
    return w;
}

static gndp_status read_place(reading *r)
{
    gndp_status st = GNDP_OK;
    for (int d = 0; d < r->f.n_coordinates; d++)
        GNDP_TRY(gndp_csv_number(r->csv, r->row, r->f.coordinate[d], &r->x[d]));
    if (r->f.sphere && !gndp_place_is(r->x[0], r->x[1]))
        GNDP_TRY(gndp_place_check(where(r).text, r->x[0], r->x[1]));
    r->time_s = (double)NAN;
    if (r->f.time >= 0) {
        const gndp_status parsed =
            gndp_calendar_parse(GNDP_CALENDAR_STANDARD, cell(r, r->f.time), &r->time_s, NULL);
        GNDP_CHECK(parsed == GNDP_OK, parsed, "%s: column %d (%s): %s", where(r).text,
                   r->f.time + 1, r->csv->name[r->f.time], gndp_last_text());
    }
done:
    return st;
}

/* The error in a column; 0 where there is none. */
static gndp_status read_sd(const reading *r, int column, double *sd)
{
    gndp_status st = GNDP_OK;
    *sd = 0.0;
    if (column < 0 || is_missing(cell(r, column)))
        goto done;
    GNDP_TRY(gndp_csv_number(r->csv, r->row, column, sd));
    GNDP_CHECK(*sd >= 0.0, GNDP_ERR_RANGE,
               "%s: column %d (%s): %g is below 0; a standard deviation is wanted", where(r).text,
               column + 1, gndp_shown(r->csv->name[column]).text, *sd);
done:
    return st;
}

static gndp_status add(reading *r, int channel, double value, double sd)
{
    const gndp_observation one = {.x = r->x,
                                  .time_s = r->time_s,
                                  .channel = channel,
                                  .value = value,
                                  .sd = sd,
                                  .line = r->csv->line[r->row]};
    return gndp_observations_add(r->o, &r->room, &one);
}

static gndp_status read_wide_row(reading *r)
{
    gndp_status st = GNDP_OK;
    double value, sd;
    for (int v = 0; v < r->f.n_values; v++) {
        const gndp_value_column *column = &r->f.wide[v];
        if (is_missing(cell(r, column->column))) {
            r->o->rejected++;
            continue;
        }
        GNDP_TRY(gndp_csv_number(r->csv, r->row, column->column, &value));
        GNDP_TRY(read_sd(r, column->sd >= 0 ? column->sd : r->f.sd, &sd));
        GNDP_TRY(add(r, column->channel, value, sd));
    }
done:
    return st;
}

/* Take the units of this row to those of its channel. */
static gndp_status to_units(reading *r, int channel, const char *units, double *value, double *sd)
{
    gndp_status st = GNDP_OK;
    const char *wanted = r->o->units[channel];
    if (*units == '\0' || strcmp(units, wanted) == 0)
        goto done;
    if (*wanted == '\0') {
        GNDP_TRY(gndp_observations_units(r->o, where(r).text, channel, units));
        goto done;
    }
    if (r->converted != channel || strcmp(r->from, units) != 0) {
        r->converted = -1;
        GNDP_CHECK(strlen(units) < sizeof r->from, GNDP_ERR_FORMAT,
                   "%s: the units '%s' are too long", where(r).text, gndp_shown(units).text);
        gndp_nc_lock();
        st = gndp_units_between(&r->tables, where(r).text, units, wanted, &r->factor, &r->offset);
        gndp_nc_unlock();
        GNDP_TRY(st);
        strcpy(r->from, units);
        r->converted = channel;
    }
    *value = r->factor * *value + r->offset;
    *sd *= fabs(r->factor);
done:
    return st;
}

static gndp_status read_long_row(reading *r)
{
    gndp_status st = GNDP_OK;
    double value, sd;
    int channel;
    channel = gndp_observations_find(r->o, cell(r, r->f.variable));
    if (channel < 0)
        GNDP_TRY(gndp_observations_channel(r->o, where(r).text, cell(r, r->f.variable), &channel));
    if (is_missing(cell(r, r->f.value))) {
        r->o->rejected++;
        goto done;
    }
    GNDP_TRY(gndp_csv_number(r->csv, r->row, r->f.value, &value));
    GNDP_TRY(read_sd(r, r->f.sd, &sd));
    if (r->f.units >= 0)
        GNDP_TRY(to_units(r, channel, cell(r, r->f.units), &value, &sd));
    GNDP_TRY(add(r, channel, value, sd));
done:
    return st;
}

static gndp_status read_table(const gndp_csv *csv, gndp_observations *o)
{
    gndp_status st = GNDP_OK;
    reading r = {.csv = csv, .o = o, .converted = -1};
    o->calendar = GNDP_CALENDAR_STANDARD;
    GNDP_TRY(gndp_observation_columns_find(csv, o, &r.f));
    GNDP_CHECK(csv->n_rows > 0, GNDP_ERR_FORMAT, "%s has a header but no rows", csv->path);
    for (r.row = 0; r.row < csv->n_rows; r.row++) {
        GNDP_TRY(read_place(&r));
        GNDP_TRY(r.f.long_form ? read_long_row(&r) : read_wide_row(&r));
    }
    GNDP_CHECK(o->n > 0, GNDP_ERR_NONFINITE, "%s: no valid value: all %" PRId64 " are missing",
               csv->path, o->rejected);
done:
    gndp_nc_lock();
    gndp_units_close(&r.tables);
    gndp_nc_unlock();
    free(r.f.wide);
    return st;
}

gndp_status gndp_observations_parse(const char *path, const char *bytes, size_t n,
                                    gndp_observations *out)
{
    gndp_status st = GNDP_OK;
    gndp_csv csv = {0};
    GNDP_CHECK(out != NULL, GNDP_ERR_ARG, "out is NULL");
    *out = (gndp_observations){0};
    GNDP_TRY(gndp_csv_parse(path, bytes, n, true, &csv));
    GNDP_TRY(read_table(&csv, out));
done:
    gndp_csv_free(&csv);
    return st;
}

gndp_status gndp_observations_read(const char *path, gndp_observations *out)
{
    gndp_status st = GNDP_OK;
    gndp_csv csv = {0};
    unsigned char magic[1024] = {0};
    size_t n = 0;
    GNDP_CHECK(out != NULL, GNDP_ERR_ARG, "out is NULL");
    *out = (gndp_observations){0};
    GNDP_CHECK(path != NULL, GNDP_ERR_ARG, "path is NULL");
    if (strcmp(path, "-") != 0)
        GNDP_TRY(gndp_bytes_peek(path, sizeof magic, magic, &n));
    if (gndp_nc_is_magic(magic, n)) {
        GNDP_TRY(gndp_observations_read_netcdf(path, out));
        goto done;
    }
    GNDP_TRY(gndp_csv_read(path, true, &csv));
    GNDP_TRY(read_table(&csv, out));
done:
    gndp_csv_free(&csv);
    return st;
}
