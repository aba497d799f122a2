// SPDX-License-Identifier: Apache-2.0
// Observations: memory, channels, units, and draws from a field.
#include "io/observations.h"

#include <gndp/io.h>
#include <gndp/prepare.h>

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "io/number.h"

#define DRAW_STREAM GNDP_STREAM(0x6f62, 0) /* which points */
#define NOISE_STREAM GNDP_STREAM(0x6f62, 1)

void gndp_observations_free(gndp_observations *o)
{
    if (o == NULL)
        return;
    free(o->x);
    free(o->time_s);
    free(o->channel);
    free(o->value);
    free(o->sd);
    free(o->line);
    free(o->name);
    free(o->units);
    *o = (gndp_observations){0};
}

/* realloc() that keeps the old block, and clears *ok, when there is no memory. */
static void *grown(void *old, size_t bytes, bool *ok)
{
    void *block = *ok ? realloc(old, bytes) : NULL;
    *ok = block != NULL;
    return block != NULL ? block : old;
}

gndp_status gndp_observations_add(gndp_observations *o, int64_t *room,
                                  const gndp_observation *value)
{
    gndp_status st = GNDP_OK;
    const size_t C = (size_t)o->columns;
    if (o->n == *room) {
        const size_t n = *room > 0 ? 2 * (size_t)*room : 256;
        bool ok = true;
        o->x = grown(o->x, n * C * sizeof *o->x, &ok);
        o->time_s = grown(o->time_s, n * sizeof *o->time_s, &ok);
        o->channel = grown(o->channel, n * sizeof *o->channel, &ok);
        o->value = grown(o->value, n * sizeof *o->value, &ok);
        o->sd = grown(o->sd, n * sizeof *o->sd, &ok);
        o->line = grown(o->line, n * sizeof *o->line, &ok);
        GNDP_CHECK(ok, GNDP_ERR_NOMEM, "%zu observations", n);
        *room = (int64_t)n;
    }
    memcpy(o->x + (size_t)o->n * C, value->x, C * sizeof *o->x);
    o->time_s[o->n] = value->time_s;
    o->channel[o->n] = value->channel;
    o->value[o->n] = value->value;
    o->sd[o->n] = value->sd;
    o->line[o->n++] = value->line;
done:
    return st;
}

int gndp_observations_find(const gndp_observations *o, const char *name)
{
    for (int i = 0; i < o->n_channels; i++)
        if (strcmp(o->name[i], name) == 0)
            return i;
    return -1;
}

gndp_status gndp_observations_channel(gndp_observations *o, const char *where, const char *name,
                                      int *out)
{
    gndp_status st = GNDP_OK;
    const int n = o->n_channels;
    *out = gndp_observations_find(o, name);
    if (*out >= 0)
        goto done;
    GNDP_CHECK(*name != '\0', GNDP_ERR_FORMAT, "%s: the name of the variable is missing", where);
    GNDP_CHECK(strlen(name) < sizeof *o->name, GNDP_ERR_FORMAT,
               "%s: the name '%s' is longer than %zu bytes", where, gndp_shown(name).text,
               sizeof *o->name - 1);
    GNDP_CHECK(n < GNDP_OBSERVATIONS_CHANNELS, GNDP_ERR_FORMAT,
               "%s: more than %d different variables; are columns mixed up?", where,
               GNDP_OBSERVATIONS_CHANNELS);
    if ((n & (n - 1)) == 0) { /* 0 and powers of two: room for twice as many */
        const size_t room = n > 0 ? 2 * (size_t)n : 1;
        bool ok = true;
        o->name = grown(o->name, room * sizeof *o->name, &ok);
        o->units = grown(o->units, room * sizeof *o->units, &ok);
        GNDP_CHECK(ok, GNDP_ERR_NOMEM, "%zu channels", room);
    }
    strcpy(o->name[n], name);
    o->units[n][0] = '\0';
    *out = n;
    o->n_channels++;
done:
    return st;
}

gndp_status gndp_observations_units(gndp_observations *o, const char *where, int channel,
                                    const char *units)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(strlen(units) < sizeof *o->units, GNDP_ERR_FORMAT,
               "%s: the units '%s' are longer than %zu bytes", where, gndp_shown(units).text,
               sizeof *o->units - 1);
    strcpy(o->units[channel], units);
done:
    return st;
}

gndp_status gndp_observations_convert(gndp_observations *o, int c, const char *units)
{
    gndp_status st = GNDP_OK;
    double factor, offset;
    GNDP_CHECK(o != NULL && units != NULL, GNDP_ERR_ARG, "observations or units is NULL");
    GNDP_CHECK(c >= 0 && c < o->n_channels, GNDP_ERR_RANGE, "channel %d of %d", c, o->n_channels);
    GNDP_TRY(gndp_units_convert(o->name[c], o->units[c], units, &factor, &offset));
    GNDP_TRY(gndp_observations_units(o, o->name[c], c, units));
    for (int64_t i = 0; i < o->n; i++)
        if (o->channel[i] == c) {
            o->value[i] = factor * o->value[i] + offset;
            o->sd[i] *= fabs(factor);
        }
done:
    return st;
}

/* ---- Draws ---------------------------------------------------------------------------------- */

/* Numbers of the points where all components are present; *n of them. */
static gndp_status find_complete(const uint8_t *present, int64_t N, int P, int64_t **out,
                                 int64_t *n)
{
    gndp_status st = GNDP_OK;
    *n = 0;
    *out = malloc((size_t)(N > 0 ? N : 1) * sizeof **out);
    GNDP_CHECK(*out != NULL, GNDP_ERR_NOMEM, "%" PRId64 " points", N);
    for (int64_t i = 0; i < N; i++) {
        int have = 0;
        for (int p = 0; p < P; p++)
            have += present[i * P + p];
        if (have == P)
            (*out)[(*n)++] = i;
    }
done:
    return st;
}

/* One channel of `o` for each component of the set. */
static gndp_status name_components(const gndp_fieldset_spec *spec, gndp_observations *o)
{
    gndp_status st = GNDP_OK;
    for (int c = 0; c < spec->n_channels; c++) {
        const gndp_channel *channel = &spec->channel[c];
        GNDP_CHECK(channel->kind != GNDP_CHANNEL_SPHERE, GNDP_ERR_UNSUPPORTED,
                   "%s: channel %s holds points of the sphere; observations are numbers",
                   spec->origin, channel->name);
        for (int k = 0; k < channel->components; k++) {
            const int before = o->n_channels;
            const char *name =
                channel->kind == GNDP_CHANNEL_SCALAR ? channel->name : channel->part[k].name;
            int c_new;
            GNDP_TRY(gndp_observations_channel(o, spec->origin, name, &c_new));
            GNDP_CHECK(o->n_channels > before, GNDP_ERR_FORMAT, "%s: two channels are called %s",
                       spec->origin, name);
            GNDP_TRY(gndp_observations_units(o, spec->origin, c_new, channel->units));
        }
    }
done:
    return st;
}

/* The drawn values of one field as observations. */
typedef struct drawing {
    const gndp_fieldset *set;
    int64_t field, N, count;
    int P;
    double sd;
    uint64_t seed;
    double *x, *value; /* [N, C], [N, P] */
    uint8_t *present;  /* [N, P] */
    int64_t *complete, *chosen;
} drawing;

static gndp_status draw_points(drawing *d)
{
    gndp_status st = GNDP_OK;
    const gndp_fieldset_spec *spec = gndp_fieldset_get_spec(d->set);
    const size_t N = (size_t)d->N, P = (size_t)d->P, C = (size_t)spec->coords.columns;
    int64_t n = 0;
    d->x = malloc(N * C * sizeof(double) + 1);
    d->value = malloc(N * P * sizeof(double) + 1);
    d->present = malloc(N * P + 1);
    d->chosen = malloc((size_t)d->count * sizeof *d->chosen + 1);
    GNDP_CHECK(d->x != NULL && d->value != NULL && d->present != NULL && d->chosen != NULL,
               GNDP_ERR_NOMEM, "a field of %zu points", N);
    GNDP_TRY(gndp_fieldset_coords(d->set, d->field, d->x));
    GNDP_TRY(gndp_fieldset_read(d->set, 1, &d->field, d->N, NULL, d->value, d->present));
    GNDP_TRY(find_complete(d->present, d->N, d->P, &d->complete, &n));
    GNDP_CHECK(d->count <= n, GNDP_ERR_RANGE,
               "%s: %" PRId64 " observations from field %" PRId64 ", which has values at %" PRId64
               " points",
               spec->origin, d->count, d->field, n);
    GNDP_TRY(gndp_choose(d->seed, 0, (uint32_t)d->field, DRAW_STREAM, n, d->count, d->chosen));
    for (int64_t i = 0; i < d->count; i++)
        d->chosen[i] = d->complete[d->chosen[i]];
done:
    return st;
}

static gndp_status add_drawn(const drawing *d, gndp_observations *o)
{
    gndp_status st = GNDP_OK;
    const gndp_fieldset_spec *spec = gndp_fieldset_get_spec(d->set);
    const double time_s = spec->label != NULL ? spec->label[d->field].time_s : (double)NAN;
    int64_t room = 0;
    for (int64_t i = 0; i < d->count; i++) {
        const int64_t point = d->chosen[i];
        for (int p = 0; p < d->P; p++) {
            double noise = 0.0;
            if (d->sd > 0.0)
                GNDP_TRY(gndp_random_normal_f64(d->seed, 0, (uint32_t)d->field, NOISE_STREAM,
                                                point * d->P + p, 1, &noise));
            const gndp_observation one = {.x = d->x + point * o->columns,
                                          .time_s = time_s,
                                          .channel = p,
                                          .value = d->value[point * d->P + p] + d->sd * noise,
                                          .sd = d->sd};
            GNDP_TRY(gndp_observations_add(o, &room, &one));
        }
    }
done:
    return st;
}

gndp_status gndp_observations_draw(const gndp_fieldset *set, int64_t field, int64_t count,
                                   double sd, uint64_t seed, gndp_observations *out)
{
    gndp_status st = GNDP_OK;
    drawing d = {.set = set, .field = field, .count = count, .sd = sd, .seed = seed};
    GNDP_CHECK(out != NULL, GNDP_ERR_ARG, "out is NULL");
    *out = (gndp_observations){0};
    GNDP_CHECK(set != NULL, GNDP_ERR_ARG, "set is NULL");
    const gndp_fieldset_spec *spec = gndp_fieldset_get_spec(set);
    GNDP_CHECK(field >= 0 && field < spec->n_fields && field <= UINT32_MAX, GNDP_ERR_RANGE,
               "field %" PRId64 " of %" PRId64, field, spec->n_fields);
    GNDP_CHECK(count >= 1, GNDP_ERR_RANGE, "%" PRId64 " observations", count);
    GNDP_CHECK(isfinite(sd) && sd >= 0.0, GNDP_ERR_RANGE, "standard deviation %g", sd);
    d.N = gndp_fieldset_points(set, field);
    d.P = gndp_fieldset_components(set);
    GNDP_CHECK(count <= d.N, GNDP_ERR_RANGE, "%s: %" PRId64 " observations of %" PRId64 " points",
               spec->origin, count, d.N);
    out->space = spec->coords.space;
    out->columns = spec->coords.columns;
    out->calendar = spec->calendar;
    GNDP_TRY(name_components(spec, out));
    GNDP_TRY(draw_points(&d));
    GNDP_TRY(add_drawn(&d, out));
done:
    free(d.x);
    free(d.value);
    free(d.present);
    free(d.complete);
    free(d.chosen);
    return st;
}
