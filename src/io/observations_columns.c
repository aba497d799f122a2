// SPDX-License-Identifier: Apache-2.0
// What the columns of a table of observations mean.
#include "io/observations_columns.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "io/number.h"

static const char *const time_names[] = {
    "time", "valid_time", "valid", "datetime", "date_time", "timestamp", "date", "iso_time", NULL};
static const char *const lat_names[] = {"lat", "latitude", NULL};
static const char *const lon_names[] = {"lon", "longitude", "long", "lng", NULL};
static const char *const sd_names[] = {"sd", "sigma", NULL};
static const char *const other_names[] = {
    "", "station", "station_id", "station_name", "id", "name", "wmo", "wmo_id", NULL};
static const char *const units_names[] = {"units", "unit", NULL};

static bool one_of(const char *name, const char *const names[])
{
    for (; *names != NULL; names++)
        if (strcasecmp(name, *names) == 0)
            return true;
    return false;
}

/* "x", "x3" -> 1, 3 for the stem "x"; 0 for another name. */
static int numbered(const char *name, const char *stem, const char **rest)
{
    const size_t length = strlen(stem);
    if (strncasecmp(name, stem, length) != 0)
        return 0;
    *rest = name + length;
    int number = 0;
    for (; **rest >= '0' && **rest <= '9' && number < 1000; ++*rest)
        number = 10 * number + (**rest - '0');
    return *rest == name + length ? 1 : number;
}

static gndp_status claim(const gndp_csv *csv, int *place, int column, const char *what)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(*place < 0, GNDP_ERR_FORMAT, "%s: columns %d (%s) and %d (%s) both give the %s",
               csv->path, *place + 1, gndp_shown(csv->name[*place]).text, column + 1,
               gndp_shown(csv->name[column]).text, what);
    *place = column;
done:
    return st;
}

/* Time, place, error of all, and what is passed over: *taken. */
static gndp_status claim_common(const gndp_csv *csv, int c, gndp_observation_columns *f,
                                int lat_lon[2], bool *taken)
{
    gndp_status st = GNDP_OK;
    const char *name = csv->name[c], *rest = "";
    const int axis = numbered(name, "x", &rest);
    *taken = true;
    if (one_of(name, time_names)) {
        GNDP_TRY(claim(csv, &f->time, c, "time"));
    } else if (one_of(name, lat_names)) {
        GNDP_TRY(claim(csv, &lat_lon[0], c, "latitude"));
    } else if (one_of(name, lon_names)) {
        GNDP_TRY(claim(csv, &lat_lon[1], c, "longitude"));
    } else if (one_of(name, sd_names)) {
        GNDP_TRY(claim(csv, &f->sd, c, "error"));
    } else if (axis >= 1 && *rest == '\0') {
        GNDP_CHECK(axis <= GNDP_OBSERVATIONS_DIMS, GNDP_ERR_UNSUPPORTED,
                   "%s: column %s: at most %d coordinates", csv->path, name,
                   GNDP_OBSERVATIONS_DIMS);
        GNDP_TRY(claim(csv, &f->coordinate[axis - 1], c, "coordinate"));
        f->n_coordinates++;
    } else {
        *taken = one_of(name, other_names);
    }
done:
    return st;
}

static gndp_status check_places(const gndp_csv *csv, gndp_observation_columns *f,
                                const int lat_lon[2])
{
    gndp_status st = GNDP_OK;
    f->sphere = lat_lon[0] >= 0 || lat_lon[1] >= 0;
    if (f->sphere) {
        GNDP_CHECK(lat_lon[0] >= 0 && lat_lon[1] >= 0, GNDP_ERR_FORMAT, "%s: there is no column %s",
                   csv->path, lat_lon[0] < 0 ? "lat" : "lon");
        GNDP_CHECK(f->n_coordinates == 0, GNDP_ERR_FORMAT,
                   "%s: lat and lon stand without x1, x2, ..", csv->path);
        f->coordinate[0] = lat_lon[0];
        f->coordinate[1] = lat_lon[1];
        f->n_coordinates = 2;
    }
    GNDP_CHECK(f->n_coordinates > 0, GNDP_ERR_FORMAT,
               "%s: no column tells where: wanted are lat and lon, or x1, x2, ..", csv->path);
    for (int d = 0; d < f->n_coordinates; d++)
        GNDP_CHECK(f->coordinate[d] >= 0, GNDP_ERR_FORMAT, "%s: there is no column x%d", csv->path,
                   d + 1);
done:
    return st;
}

/* "t2m [K]" is name and units. */
static gndp_status split_units(const gndp_csv *csv, int c, char *name, size_t room, char *units)
{
    gndp_status st = GNDP_OK;
    const char *text = csv->name[c], *open = strrchr(text, '[');
    size_t length = strlen(text);
    *units = '\0';
    if (open != NULL && open > text && text[length - 1] == ']') {
        const size_t inside = (size_t)(text + length - 1 - open) - 1;
        GNDP_CHECK(inside < room, GNDP_ERR_FORMAT, "%s: column %d: the units are too long",
                   csv->path, c + 1);
        memcpy(units, open + 1, inside);
        units[inside] = '\0';
        length = (size_t)(open - text);
        while (length > 0 && text[length - 1] == ' ')
            length--;
    }
    GNDP_CHECK(length < room, GNDP_ERR_FORMAT, "%s: column %d: the name is longer than %zu bytes",
               csv->path, c + 1, room - 1);
    memcpy(name, text, length);
    name[length] = '\0';
done:
    return st;
}

/* The name that an error column gives the error of: "t2m" for "t2m_sd", "y2" for "sd2"; "" for
 * another column. */
static void error_of(const char *name, char *base, size_t room)
{
    static const char *const tails[] = {"_sd", "_sigma"};
    const char *rest;
    const size_t length = strlen(name);
    *base = '\0';
    if (numbered(name, "sd", &rest) > 0 && *rest == '\0') {
        snprintf(base, room, "y%s", name + 2);
        return;
    }
    for (int i = 0; i < 2; i++) {
        const size_t tail = strlen(tails[i]);
        if (length > tail && strcasecmp(name + length - tail, tails[i]) == 0)
            snprintf(base, room, "%.*s", (int)(length - tail), name);
    }
}

/* Whether an error of `base` is one of channel `name`: the same name, or a member of it, "y1_m12"
 * of "y1". */
static bool is_error_of(const char *base, const char *name)
{
    const size_t length = strlen(base);
    if (strncmp(base, name, length) != 0)
        return false;
    if (name[length] == '\0')
        return true;
    const char *digits = name + length + 2;
    return name[length] == '_' && name[length + 1] == 'm' && *digits != '\0' &&
           digits[strspn(digits, "0123456789")] == '\0';
}

static gndp_status join_errors(const gndp_csv *csv, const gndp_observations *o, const bool *taken,
                               gndp_observation_columns *f)
{
    gndp_status st = GNDP_OK;
    char base[80];
    for (int c = 0; c < csv->n_columns; c++) {
        int found = 0;
        error_of(csv->name[c], base, sizeof base);
        if (taken[c] || *base == '\0')
            continue;
        for (int v = 0; v < f->n_values; v++)
            if (is_error_of(base, o->name[f->wide[v].channel])) {
                GNDP_TRY(claim(csv, &f->wide[v].sd, c, "error of one variable"));
                found++;
            }
        GNDP_CHECK(found > 0, GNDP_ERR_FORMAT,
                   "%s: column %d (%s) is the error of %s, of which there is no column", csv->path,
                   c + 1, gndp_shown(csv->name[c]).text, gndp_shown(base).text);
        GNDP_CHECK(f->sd < 0, GNDP_ERR_FORMAT,
                   "%s: columns %s and %s: one error for all or one each", csv->path,
                   gndp_shown(csv->name[f->sd < 0 ? 0 : f->sd]).text,
                   gndp_shown(csv->name[c]).text);
    }
done:
    return st;
}

static gndp_status find_wide(const gndp_csv *csv, const bool *taken, gndp_observations *o,
                             gndp_observation_columns *f)
{
    gndp_status st = GNDP_OK;
    char name[64], units[64], base[80];
    f->wide = calloc((size_t)csv->n_columns, sizeof *f->wide);
    GNDP_CHECK(f->wide != NULL, GNDP_ERR_NOMEM, "%d columns", csv->n_columns);
    for (int c = 0; c < csv->n_columns; c++) {
        error_of(csv->name[c], base, sizeof base);
        if (taken[c] || *base != '\0')
            continue;
        gndp_value_column *v = &f->wide[f->n_values];
        const int before = o->n_channels;
        *v = (gndp_value_column){.column = c, .sd = -1};
        GNDP_TRY(split_units(csv, c, name, sizeof name, units));
        GNDP_TRY(gndp_observations_channel(o, csv->path, name, &v->channel));
        GNDP_CHECK(o->n_channels > before, GNDP_ERR_FORMAT, "%s: two columns give %s", csv->path,
                   gndp_shown(name).text);
        GNDP_TRY(gndp_observations_units(o, csv->path, v->channel, units));
        f->n_values++;
    }
    GNDP_CHECK(
        f->n_values > 0, GNDP_ERR_FORMAT,
        "%s: no column holds values: wanted are variable and value, or one column a variable",
        csv->path);
    GNDP_TRY(join_errors(csv, o, taken, f));
done:
    return st;
}

/* In the long form every column has its role. */
static gndp_status check_long(const gndp_csv *csv, const bool *taken, gndp_observation_columns *f)
{
    gndp_status st = GNDP_OK;
    for (int c = 0; c < csv->n_columns; c++) {
        if (taken[c] || c == f->variable || c == f->value)
            continue;
        if (one_of(csv->name[c], units_names)) {
            GNDP_TRY(claim(csv, &f->units, c, "units"));
            continue;
        }
        GNDP_CHECK(
            false, GNDP_ERR_FORMAT,
            "%s: column %d (%s) has no place beside variable and value; wanted are time, lat, "
            "lon (or x1, x2, ..), variable, value, units, sigma",
            csv->path, c + 1, gndp_shown(csv->name[c]).text);
    }
done:
    return st;
}

gndp_status gndp_observation_columns_find(const gndp_csv *csv, gndp_observations *o,
                                          gndp_observation_columns *out)
{
    gndp_status st = GNDP_OK;
    int lat_lon[2] = {-1, -1};
    bool *taken = calloc((size_t)csv->n_columns, sizeof *taken);
    *out = (gndp_observation_columns){.time = -1, .units = -1, .sd = -1};
    GNDP_CHECK(taken != NULL, GNDP_ERR_NOMEM, "%d columns", csv->n_columns);
    for (int d = 0; d < GNDP_OBSERVATIONS_DIMS; d++)
        out->coordinate[d] = -1;
    for (int c = 0; c < csv->n_columns; c++)
        GNDP_TRY(claim_common(csv, c, out, lat_lon, &taken[c]));
    GNDP_TRY(check_places(csv, out, lat_lon));
    o->space = out->sphere ? GNDP_SPACE_SPHERE : GNDP_SPACE_EUCLIDEAN;
    o->columns = out->n_coordinates;
    out->variable = gndp_csv_column(csv, "variable");
    out->value = gndp_csv_column(csv, "value");
    out->long_form = out->variable >= 0 && out->value >= 0;
    if (out->long_form)
        GNDP_TRY(check_long(csv, taken, out));
    else
        GNDP_TRY(find_wide(csv, taken, o, out));
done:
    free(taken);
    return st;
}
