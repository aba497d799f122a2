// SPDX-License-Identifier: Apache-2.0
// Observations from CF station files, by way of the set of fields that they are.
#include "io/observations.h"

#include <gndp/io.h>

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

/* Channels of observations, component by component: sd_of[p] >= 0 where component p is the error of
 * that one. */
typedef struct stations {
    const gndp_fieldset *set;
    const gndp_fieldset_spec *spec;
    int P;
    int *channel;       /* [P] of the observations; -1: the component is an error */
    int *sd;            /* [P] component that holds the error; -1: none */
    const char **name;  /* [P] */
    const char **units; /* [P] */
    double *x, *value;  /* [N, C], [N, P] */
    uint8_t *present;   /* [N, P] */
    int64_t room;
} stations;

static gndp_status name_components(stations *s)
{
    gndp_status st = GNDP_OK;
    int p = 0;
    for (int c = 0; c < s->spec->n_channels; c++) {
        const gndp_channel *channel = &s->spec->channel[c];
        GNDP_CHECK(channel->kind != GNDP_CHANNEL_SPHERE, GNDP_ERR_UNSUPPORTED,
                   "%s: channel %s holds points of the sphere; observations are numbers",
                   s->spec->origin, channel->name);
        for (int k = 0; k < channel->components; k++, p++) {
            s->name[p] =
                channel->kind == GNDP_CHANNEL_SCALAR ? channel->name : channel->part[k].name;
            s->units[p] = channel->units;
        }
    }
done:
    return st;
}

/* "t2m_sd" beside "t2m" is its error. */
static bool is_error(const char *name, const char *of)
{
    const size_t length = strlen(of);
    return strncmp(name, of, length) == 0 &&
           (strcmp(name + length, "_sd") == 0 || strcmp(name + length, "_sigma") == 0);
}

static gndp_status join_errors(stations *s, gndp_observations *o)
{
    gndp_status st = GNDP_OK;
    for (int p = 0; p < s->P; p++) {
        s->sd[p] = -1;
        s->channel[p] = 0;
    }
    for (int p = 0; p < s->P; p++)
        for (int q = 0; q < s->P; q++)
            if (is_error(s->name[q], s->name[p])) {
                s->sd[p] = q;
                s->channel[q] = -1;
            }
    for (int p = 0; p < s->P; p++) {
        if (s->channel[p] < 0)
            continue;
        GNDP_TRY(gndp_observations_channel(o, s->spec->origin, s->name[p], &s->channel[p]));
        GNDP_TRY(gndp_observations_units(o, s->spec->origin, s->channel[p], s->units[p]));
    }
done:
    return st;
}

static gndp_status add_field(stations *s, int64_t field, gndp_observations *o)
{
    gndp_status st = GNDP_OK;
    const int64_t N = gndp_fieldset_points(s->set, field);
    const double time_s = s->spec->label != NULL ? s->spec->label[field].time_s : (double)NAN;
    GNDP_TRY(gndp_fieldset_coords(s->set, field, s->x));
    GNDP_TRY(gndp_fieldset_read(s->set, 1, &field, N, NULL, s->value, s->present));
    for (int64_t i = 0; i < N; i++)
        for (int p = 0; p < s->P; p++) {
            const double *value = s->value + i * s->P;
            const uint8_t *present = s->present + i * s->P;
            const int q = s->sd[p];
            if (s->channel[p] < 0)
                continue;
            if (!present[p]) {
                o->rejected++;
                continue;
            }
            const double sd = q >= 0 && present[q] ? value[q] : 0.0;
            GNDP_CHECK(sd >= 0.0, GNDP_ERR_RANGE,
                       "%s: variable %s, station %" PRId64 ": %g is below 0; a standard deviation "
                       "is wanted",
                       s->spec->origin, s->name[q < 0 ? p : q], i, sd);
            const gndp_observation one = {.x = s->x + i * o->columns,
                                          .time_s = time_s,
                                          .channel = s->channel[p],
                                          .value = value[p],
                                          .sd = sd};
            GNDP_TRY(gndp_observations_add(o, &s->room, &one));
        }
done:
    return st;
}

static gndp_status make_arrays(stations *s)
{
    gndp_status st = GNDP_OK;
    const size_t N = (size_t)gndp_fieldset_max_points(s->set), P = (size_t)s->P;
    s->channel = malloc(P * sizeof *s->channel);
    s->sd = malloc(P * sizeof *s->sd);
    s->name = malloc(P * sizeof *s->name);
    s->units = malloc(P * sizeof *s->units);
    s->x = malloc(N * (size_t)s->spec->coords.columns * sizeof *s->x);
    s->value = malloc(N * P * sizeof *s->value);
    s->present = malloc(N * P);
    GNDP_CHECK(s->channel != NULL && s->sd != NULL && s->name != NULL && s->units != NULL &&
                   s->x != NULL && s->value != NULL && s->present != NULL,
               GNDP_ERR_NOMEM, "%zu stations", N);
done:
    return st;
}

gndp_status gndp_observations_read_netcdf(const char *path, gndp_observations *o)
{
    gndp_status st = GNDP_OK;
    gndp_fieldset *set = NULL;
    stations s = {0};
    const gndp_read_options options = gndp_read_options_default();
    GNDP_TRY(gndp_netcdf_open(&path, 1, &options, &set));
    s.set = set;
    s.spec = gndp_fieldset_get_spec(set);
    s.P = gndp_fieldset_components(set);
    GNDP_CHECK(
        s.spec->coords.layout == GNDP_LAYOUT_LIST, GNDP_ERR_UNSUPPORTED,
        "%s holds fields on a grid; observations are values at stations (CF featureType point "
        "or timeSeries)",
        path);
    o->space = s.spec->coords.space;
    o->columns = s.spec->coords.columns;
    o->calendar = s.spec->calendar;
    GNDP_TRY(make_arrays(&s));
    GNDP_TRY(name_components(&s));
    GNDP_TRY(join_errors(&s, o));
    for (int64_t f = 0; f < s.spec->n_fields; f++)
        GNDP_TRY(add_field(&s, f, o));
    GNDP_CHECK(o->n > 0, GNDP_ERR_NONFINITE, "%s: no valid value: all %" PRId64 " are missing",
               path, o->rejected);
done:
    free(s.channel);
    free(s.sd);
    free(s.name);
    free(s.units);
    free(s.x);
    free(s.value);
    free(s.present);
    gndp_fieldset_free(set);
    return st;
}
