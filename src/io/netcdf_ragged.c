// SPDX-License-Identifier: Apache-2.0
// Fields on points of their own, one after the other: contiguous ragged arrays (CF-1.8, 9.3.3) that
// are no tracks.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "io/netcdf_file.h"
#include "io/netcdf_ragged.h"
#include "io/netcdf_set.h"

enum { MAX_VALUES = 64 };

typedef struct ragged {
    gndp_nc_opening *opening;
    gndp_nc_contents c;
    int counts, fields, obs; /* variable of row sizes; dimensions */
    int n_coords, coord[GNDP_MAX_AXES];
    int n_values, value[MAX_VALUES];
    int64_t n_fields, *first; /* [n_fields + 1] */
    double *x, *y;            /* [obs, C], [obs, P] */
    uint8_t *present;         /* [obs, channels] */
    gndp_field_label *label;
    gndp_channel *channel;
    int n_channels, components;
} ragged;

static void ragged_free(ragged *r)
{
    gndp_nc_contents_free(&r->c);
    free(r->first);
    free(r->x);
    free(r->y);
    free(r->present);
    free(r->label);
    free(r->channel);
}

/* ---- Which variables are what -----------------------------------------------------------------
 */

static bool is_along(const gndp_nc_contents *c, int v, int dim)
{
    return c->var[v].rank == 1 && c->var[v].dim[0] == dim && gndp_nc_is_number(c->var[v].type);
}

/* The variable of row sizes and its two dimensions. @return false: the file is no ragged array of
 * fields */
static bool find_rows(ragged *r)
{
    const gndp_nc_contents *c = &r->c;
    char name[NC_MAX_NAME + 1];
    for (int v = 0; v < c->n_vars; v++) {
        if (c->var[v].rank != 1 || !gndp_nc_text(c->nc, v, "sample_dimension", name, sizeof name))
            continue;
        for (int d = 0; d < c->n_dims; d++)
            if (strcmp(c->dim[d].name, name) == 0 && d != c->var[v].dim[0]) {
                r->counts = v;
                r->fields = c->var[v].dim[0];
                r->obs = d;
                return true;
            }
    }
    return false;
}

/* Latitude and longitude along the observations, else what the variables name as their coordinates.
 */
static gndp_status find_coords(ragged *r)
{
    gndp_status st = GNDP_OK;
    const gndp_nc_contents *c = &r->c;
    char name[NC_MAX_NAME + 1];
    const char *list = "";
    int lat = -1, lon = -1;
    for (int v = 0; v < c->n_vars; v++) {
        if (!is_along(c, v, r->obs))
            continue;
        if (c->var[v].role == GNDP_NC_LAT)
            lat = v;
        else if (c->var[v].role == GNDP_NC_LON)
            lon = v;
        else if (c->var[v].coordinates[0] != '\0' && list[0] == '\0')
            list = c->var[v].coordinates;
    }
    if (lat >= 0 && lon >= 0) {
        r->n_coords = 2;
        r->coord[0] = lat;
        r->coord[1] = lon;
        goto done;
    }
    while (gndp_nc_next_name(&list, name)) {
        const int v = gndp_nc_find_var(c, name);
        GNDP_CHECK(v >= 0 && is_along(c, v, r->obs), GNDP_ERR_FORMAT,
                   "%s: the coordinate '%s' is no variable along '%s'", c->path, name,
                   c->dim[r->obs].name);
        GNDP_CHECK(r->n_coords < GNDP_MAX_AXES, GNDP_ERR_UNSUPPORTED,
                   "%s: more than %d coordinates", c->path, GNDP_MAX_AXES);
        r->coord[r->n_coords++] = v;
    }
    GNDP_CHECK(r->n_coords > 0, GNDP_ERR_FORMAT, "%s: no variable along '%s' has coordinates",
               c->path, c->dim[r->obs].name);
done:
    return st;
}

static bool is_coord(const ragged *r, int v)
{
    for (int i = 0; i < r->n_coords; i++)
        if (r->coord[i] == v)
            return true;
    return false;
}

static bool is_wanted(const gndp_read_options *o, const char *name, const char *vector)
{
    for (int i = 0; i < o->n_vars; i++)
        if (strcmp(o->var[i], name) == 0 || (vector[0] != '\0' && strcmp(o->var[i], vector) == 0))
            return true;
    return o->n_vars == 0;
}

/* A channel of one variable, or of successive ones that carry one name of a vector. */
static gndp_status find_channels(ragged *r)
{
    gndp_status st = GNDP_OK;
    const gndp_nc_contents *c = &r->c;
    char vector[64], before[64] = "";
    r->channel = calloc((size_t)c->n_vars, sizeof *r->channel);
    GNDP_CHECK(r->channel != NULL, GNDP_ERR_NOMEM, "%d variables", c->n_vars);
    for (int v = 0; v < c->n_vars; v++) {
        if (!is_along(c, v, r->obs) || is_coord(r, v))
            continue;
        gndp_nc_text(c->nc, v, "vector", vector, sizeof vector);
        if (!is_wanted(r->opening->options, c->var[v].name, vector))
            continue;
        GNDP_CHECK(r->n_values < MAX_VALUES && strlen(c->var[v].name) < 64, GNDP_ERR_UNSUPPORTED,
                   "%s: more than %d variables, or a name longer than 63 bytes", c->path,
                   MAX_VALUES);
        const bool joins = vector[0] != '\0' && strcmp(vector, before) == 0 &&
                           r->channel[r->n_channels - 1].parts < GNDP_MAX_COMPONENTS;
        if (!joins)
            r->channel[r->n_channels++] = gndp_channel_scalar(c->var[v].name, c->var[v].units);
        gndp_channel *channel = &r->channel[r->n_channels - 1];
        if (joins) {
            channel->kind = GNDP_CHANNEL_VECTOR;
            channel->components = ++channel->parts;
            snprintf(channel->name, sizeof channel->name, "%s", vector);
        }
        snprintf(channel->part[channel->parts - 1].name, 64, "%.63s", c->var[v].name);
        snprintf(channel->part[channel->parts - 1].standard_name, 96, "%s",
                 c->var[v].standard_name);
        memcpy(before, vector, sizeof before);
        r->value[r->n_values++] = v;
    }
    r->components = r->n_values;
    GNDP_CHECK(r->n_values > 0, GNDP_ERR_NOT_FOUND, "%s: there is no such variable along '%s'",
               c->path, c->dim[r->obs].name);
done:
    return st;
}

/* ---- Reading ----------------------------------------------------------------------------------
 */

static gndp_status read_rows(ragged *r)
{
    gndp_status st = GNDP_OK;
    const gndp_nc_contents *c = &r->c;
    const int64_t obs = c->dim[r->obs].size;
    double *count = NULL;
    r->n_fields = c->dim[r->fields].size;
    GNDP_CHECK(r->n_fields > 0 && obs > 0, GNDP_ERR_FORMAT,
               "%s is empty: '%s' has length %lld, '%s' %lld", c->path, c->dim[r->fields].name,
               (long long)r->n_fields, c->dim[r->obs].name, (long long)obs);
    GNDP_CHECK(gndp_nc_plausible(c, r->n_fields) && gndp_nc_plausible(c, obs), GNDP_ERR_FORMAT,
               "%s claims more than it holds: %lld fields, %lld values", c->path,
               (long long)r->n_fields, (long long)obs);
    count = malloc((size_t)r->n_fields * sizeof *count);
    r->first = malloc((size_t)(r->n_fields + 1) * sizeof *r->first);
    r->label = malloc((size_t)r->n_fields * sizeof *r->label);
    GNDP_CHECK(count != NULL && r->first != NULL && r->label != NULL, GNDP_ERR_NOMEM, "%lld fields",
               (long long)r->n_fields);
    GNDP_TRY(gndp_nc_read_line(r->opening, c, r->counts, 0, r->n_fields, count));
    r->first[0] = 0;
    for (int64_t f = 0; f < r->n_fields; f++) {
        GNDP_CHECK(count[f] >= 1.0 && count[f] <= (double)(obs - r->first[f]) &&
                       count[f] == floor(count[f]),
                   GNDP_ERR_FORMAT,
                   "%s: variable '%s', value %lld: %g points, %lld are left of %lld", c->path,
                   c->var[r->counts].name, (long long)f, count[f], (long long)(obs - r->first[f]),
                   (long long)obs);
        r->first[f + 1] = r->first[f] + (int64_t)count[f];
        r->label[f] = (gndp_field_label){.time_s = (double)NAN, .member = -1};
    }
    GNDP_CHECK(r->first[r->n_fields] == obs, GNDP_ERR_FORMAT,
               "%s: the sizes of '%s' sum to %lld, '%s' has length %lld", c->path,
               c->var[r->counts].name, (long long)r->first[r->n_fields], c->dim[r->obs].name,
               (long long)obs);
done:
    free(count);
    return st;
}

static gndp_status read_members(ragged *r)
{
    gndp_status st = GNDP_OK;
    const int v = gndp_nc_find_var(&r->c, "realization");
    double *number = NULL;
    if (v < 0 || !is_along(&r->c, v, r->fields))
        goto done;
    number = malloc((size_t)r->n_fields * sizeof *number);
    GNDP_CHECK(number != NULL, GNDP_ERR_NOMEM, "%lld members", (long long)r->n_fields);
    GNDP_TRY(gndp_nc_read_line(r->opening, &r->c, v, 0, r->n_fields, number));
    for (int64_t f = 0; f < r->n_fields; f++)
        if (number[f] >= 0.0 && number[f] <= (double)UINT32_MAX)
            r->label[f].member = (int64_t)number[f];
done:
    free(number);
    return st;
}

static gndp_status read_values(ragged *r)
{
    gndp_status st = GNDP_OK;
    const size_t n = (size_t)r->c.dim[r->obs].size, C = (size_t)r->n_coords,
                 P = (size_t)r->components;
    double *line = malloc(n * sizeof *line);
    r->x = malloc(n * C * sizeof *r->x);
    r->y = malloc(n * P * sizeof *r->y);
    r->present = malloc(n * (size_t)r->n_channels);
    GNDP_CHECK(line != NULL && r->x != NULL && r->y != NULL && r->present != NULL, GNDP_ERR_NOMEM,
               "%zu values of %s", n, r->c.path);
    memset(r->present, 1, n * (size_t)r->n_channels);
    for (size_t k = 0; k < C; k++) {
        GNDP_TRY(gndp_nc_read_line(r->opening, &r->c, r->coord[k], 0, (int64_t)n, line));
        for (size_t i = 0; i < n; i++)
            r->x[i * C + k] = line[i];
    }
    int channel = 0, part = 0;
    for (size_t p = 0; p < P; p++) {
        GNDP_TRY(gndp_nc_read_line(r->opening, &r->c, r->value[p], 0, (int64_t)n, line));
        for (size_t i = 0; i < n; i++) {
            r->y[i * P + p] = line[i];
            if (isnan(line[i]))
                r->present[i * (size_t)r->n_channels + (size_t)channel] = 0;
        }
        if (++part == r->channel[channel].parts) {
            channel++;
            part = 0;
        }
    }
done:
    free(line);
    return st;
}

static gndp_status refuse_options(const ragged *r)
{
    gndp_status st = GNDP_OK;
    const gndp_read_options *o = r->opening->options;
    GNDP_CHECK(o->n_levels == 0 && o->time == NULL && !o->has_box && o->time_stride == 1 &&
                   o->stride_lat == 1 && o->stride_lon == 1 && o->units == NULL,
               GNDP_ERR_UNSUPPORTED,
               "%s: every field has its own points; levels, times, boxes, strides and units cannot "
               "be chosen",
               r->c.path);
done:
    return st;
}

static gndp_status keep_members(const ragged *r, gndp_fieldset *all, gndp_fieldset **out)
{
    gndp_status st = GNDP_OK;
    const gndp_read_options *o = r->opening->options;
    int64_t n = 0, *field = malloc((size_t)r->n_fields * sizeof *field);
    GNDP_CHECK(field != NULL, GNDP_ERR_NOMEM, "%lld fields", (long long)r->n_fields);
    for (int64_t f = 0; f < r->n_fields; f++)
        for (int m = 0; m < o->n_members; m++)
            if (r->label[f].member == o->member[m]) {
                field[n++] = f;
                break;
            }
    GNDP_CHECK(n > 0, GNDP_ERR_RANGE, "%s: there is none of the members asked for", r->c.path);
    GNDP_TRY(gndp_fieldset_select(all, n, field, out));
done:
    free(field);
    return st;
}

static gndp_status make_set(ragged *r, gndp_fieldset **out)
{
    gndp_status st = GNDP_OK;
    gndp_nc_attributes attributes = {0};
    gndp_fieldset *all = NULL;
    const int64_t obs = r->c.dim[r->obs].size;
    GNDP_TRY(gndp_nc_attributes_read(&r->c, &attributes));
    gndp_fieldset_spec spec = {.n_fields = r->n_fields,
                               .first = r->first,
                               .n_channels = r->n_channels,
                               .channel = r->channel,
                               .label = r->label,
                               .n_attributes = attributes.n,
                               .attribute = attributes.attribute,
                               .origin = r->c.path};
    spec.coords.space = r->n_coords == 2 && r->c.var[r->coord[0]].role == GNDP_NC_LAT
                            ? GNDP_SPACE_SPHERE
                            : GNDP_SPACE_EUCLIDEAN;
    spec.coords.columns = r->n_coords;
    spec.coords.n = obs;
    spec.coords.x = r->x;
    for (int k = 0; k < r->n_coords; k++) {
        const gndp_nc_var *var = &r->c.var[r->coord[k]];
        snprintf(spec.coords.axis[k].name, 64, "%.63s", var->name);
        snprintf(spec.coords.axis[k].standard_name, 64, "%.63s", var->standard_name);
        snprintf(spec.coords.axis[k].units, 64, "%.63s", var->units);
    }
    const gndp_array values = gndp_array_view(gndp_type_2d(GNDP_F64, obs, r->components), r->y);
    GNDP_TRY(gndp_fieldset_create(&spec, &values, r->present, &all));
    if (r->opening->options->n_members > 0) {
        GNDP_TRY(keep_members(r, all, out));
    } else {
        *out = all;
        all = NULL;
    }
done:
    gndp_fieldset_free(all);
    gndp_nc_attributes_free(&attributes);
    return st;
}

gndp_status gndp_nc_ragged_open(gndp_nc_opening *opening, const char *path, gndp_fieldset **out)
{
    gndp_status st = GNDP_OK;
    ragged r = {.opening = opening, .c = {.nc = -1}};
    *out = NULL;
    GNDP_TRY(gndp_nc_contents_read(path, &r.c));
    if (r.c.tracks || !find_rows(&r))
        goto done;
    GNDP_TRY(refuse_options(&r));
    GNDP_TRY(find_coords(&r));
    GNDP_TRY(find_channels(&r));
    GNDP_TRY(read_rows(&r));
    GNDP_TRY(read_members(&r));
    GNDP_TRY(read_values(&r));
    GNDP_TRY(make_set(&r, out));
done:
    ragged_free(&r);
    return st;
}
