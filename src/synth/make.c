// SPDX-License-Identifier: Apache-2.0
// Sets of generated fields, drawn when they are read.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "synth/places.h"

/* Fields drawn at once for a reader who wants many. */
enum { BATCH = 32 };

/* What a set keeps to draw its fields. */
typedef struct source {
    const synth_generator *generator;
    uint64_t seed;
    uint32_t first;
    synth_sampler shared; /* n > 0: points are shared */
    int64_t points;       /* own points: so many a field .. */
    double *x;            /* .. [fields, points, C] */
    int64_t fields;
} source;

static void close_source(void *state)
{
    source *s = state;
    synth_sampler_clear(&s->shared);
    free(s->x);
    free(s);
}

static gndp_status draw_own(const source *s, int64_t field, double *out)
{
    gndp_status st = GNDP_OK;
    const uint32_t member = s->first + (uint32_t)field;
    synth_sampler sampler = {0};
    GNDP_TRY(synth_sampler_listed(s->generator, s->points,
                                  s->x + field * s->points * s->generator->info.columns, &sampler));
    GNDP_TRY(s->generator->draw(&sampler, s->seed, &member, 1, out));
done:
    synth_sampler_clear(&sampler);
    return st;
}

/* Some fields in full: out [n, N, P]. */
static gndp_status draw(const source *s, const int64_t *field, int64_t n, double *out)
{
    gndp_status st = GNDP_OK;
    uint32_t member[BATCH];
    if (s->shared.n == 0) {
        for (int64_t f = 0; f < n; f++)
            GNDP_TRY(draw_own(s, field[f], out + f * s->points * s->generator->info.components));
        goto done;
    }
    for (int64_t f = 0; f < n; f++)
        member[f] = s->first + (uint32_t)field[f];
    GNDP_TRY(s->generator->draw(&s->shared, s->seed, member, n, out));
done:
    return st;
}

static gndp_status read_source(void *state, int64_t n, const int64_t *field, int64_t m,
                               const int64_t *point, double *values, uint8_t *present)
{
    gndp_status st = GNDP_OK;
    const source *s = state;
    const int64_t N = s->shared.n > 0 ? s->shared.n : s->points;
    const int P = s->generator->info.components;
    const int64_t batch = n < BATCH ? n : BATCH;
    double *whole = malloc((size_t)(batch * N * P) * sizeof *whole);
    GNDP_CHECK(whole != NULL, GNDP_ERR_NOMEM, "%lld fields of %lld values", (long long)batch,
               (long long)(N * P));
    for (int64_t done_fields = 0; done_fields < n; done_fields += batch) {
        const int64_t now = n - done_fields < batch ? n - done_fields : batch;
        GNDP_TRY(draw(s, field + done_fields, now, whole));
        for (int64_t f = 0; f < now; f++)
            for (int64_t i = 0; i < m; i++)
                memcpy(values + ((done_fields + f) * m + i) * P,
                       whole + (f * N + (point != NULL ? point[i] : i)) * P,
                       (size_t)P * sizeof *values);
    }
    if (present != NULL)
        memset(present, 1, (size_t)(n * m * P));
done:
    free(whole);
    return st;
}

gndp_synth_options gndp_synth_options_default(void)
{
    return (gndp_synth_options){.fields = 1024, .seed = 1};
}

static gndp_status check(const synth_generator *g, const gndp_synth_options *o)
{
    gndp_status st = GNDP_OK;
    const bool domain = o->low != 0.0 || o->high != 0.0;
    GNDP_CHECK(o->fields >= 1, GNDP_ERR_RANGE, "%s: %lld fields", g->info.name,
               (long long)o->fields);
    GNDP_CHECK(o->points >= 0 && o->points <= INT64_C(100000000), GNDP_ERR_RANGE,
               "%s: %lld points a field", g->info.name, (long long)o->points);
    GNDP_CHECK(o->fields - 1 <= (int64_t)(UINT32_MAX - o->first), GNDP_ERR_RANGE,
               "%s: field %lld + %lld is beyond the last, %u", g->info.name, (long long)o->first,
               (long long)o->fields - 1, UINT32_MAX);
    GNDP_CHECK(!domain || g->info.space != GNDP_SPACE_SPHERE, GNDP_ERR_RANGE,
               "%s has the whole sphere as its domain", g->info.name);
    GNDP_CHECK(!domain || (o->low < o->high && o->high - o->low < 1e300), GNDP_ERR_RANGE,
               "%s: a domain from %g to %g", g->info.name, o->low, o->high);
    GNDP_CHECK(!o->random || (o->size[0] == 0 && o->size[1] == 0), GNDP_ERR_RANGE,
               "%s: random points have a number, a size belongs to a grid", g->info.name);
    GNDP_CHECK((o->size[0] == 0) == (o->size[1] == 0 || g->info.columns == 1) ||
                   g->info.columns == 1,
               GNDP_ERR_RANGE, "%s: a grid of %lld x %lld points", g->info.name,
               (long long)o->size[0], (long long)o->size[1]);
done:
    return st;
}

static gndp_channel channel_of(const synth_generator *g)
{
    if (g->kind == GNDP_CHANNEL_SCALAR)
        return gndp_channel_scalar(g->channel, "1");
    gndp_channel channel = gndp_channel_vector(g->channel, "1", g->info.components, g->part);
    for (int p = 0; p < channel.parts && g->standard[0] != NULL; p++)
        snprintf(channel.part[p].standard_name, sizeof channel.part[p].standard_name, "%s",
                 g->standard[p]);
    return channel;
}

/* Own points of every field, and where each field's begin. */
static gndp_status place_random(const gndp_synth_options *o, source *s, int64_t **first)
{
    gndp_status st = GNDP_OK;
    const int C = s->generator->info.columns;
    s->points = o->points > 0 ? o->points : s->generator->info.points;
    GNDP_CHECK(o->fields <= INT64_MAX / 64 / s->points, GNDP_ERR_NOMEM,
               "%lld fields of %lld points", (long long)o->fields, (long long)s->points);
    s->x = malloc((size_t)(o->fields * s->points * C) * sizeof *s->x);
    *first = malloc((size_t)(o->fields + 1) * sizeof **first);
    GNDP_CHECK(s->x != NULL && *first != NULL, GNDP_ERR_NOMEM, "%lld fields of %lld points",
               (long long)o->fields, (long long)s->points);
    for (int64_t f = 0; f <= o->fields; f++)
        (*first)[f] = f * s->points;
    for (int64_t f = 0; f < o->fields; f++)
        GNDP_TRY(synth_points_random(s->generator, o, o->first + (uint32_t)f, s->points,
                                     s->x + f * s->points * C));
done:
    return st;
}

static gndp_status place(const gndp_synth_options *o, source *s, synth_grid *grid, int64_t **first,
                         gndp_coords *coords)
{
    gndp_status st = GNDP_OK;
    if (o->random) {
        GNDP_TRY(place_random(o, s, first));
        *coords = synth_coords(s->generator);
        coords->n = o->fields * s->points;
        coords->x = s->x;
        goto done;
    }
    GNDP_TRY(synth_grid_make(s->generator, o, grid));
    s->shared = (synth_sampler){.generator = s->generator, .n = grid->places.n};
    GNDP_TRY(s->generator->prepare(s->generator, &grid->places, &s->shared));
    *coords = grid->coords;
done:
    return st;
}

static gndp_status wrap(const gndp_synth_options *o, const gndp_coords *coords,
                        const int64_t *first, source *s, gndp_fieldset **out)
{
    gndp_status st = GNDP_OK;
    const synth_generator *g = s->generator;
    const gndp_channel channel = channel_of(g);
    char seed[24];
    snprintf(seed, sizeof seed, "%llu", (unsigned long long)o->seed);
    const gndp_attribute attribute[3] = {
        {"gndp_generator", g->info.name}, {"gndp_seed", seed}, {"gndp_kernel", g->info.kernel}};
    gndp_field_label *label = malloc((size_t)o->fields * sizeof *label);
    if (label == NULL)
        close_source(s); /* taken over by the set otherwise */
    GNDP_CHECK(label != NULL, GNDP_ERR_NOMEM, "%lld labels", (long long)o->fields);
    for (int64_t f = 0; f < o->fields; f++)
        label[f] = (gndp_field_label){.time_s = (double)NAN, .member = (int64_t)o->first + f};
    const gndp_fieldset_spec spec = {.n_fields = o->fields,
                                     .coords = *coords,
                                     .first = first,
                                     .n_channels = 1,
                                     .channel = &channel,
                                     .label = label,
                                     .calendar = GNDP_CALENDAR_PROLEPTIC,
                                     .n_attributes = g->info.kernel != NULL ? 3 : 2,
                                     .attribute = attribute,
                                     .origin = g->info.name};
    GNDP_TRY(gndp_fieldset_create_view(
        &spec, (gndp_field_source){.state = s, .read = read_source, .close = close_source}, out));
done:
    free(label);
    return st;
}

gndp_status gndp_synth_make(const gndp_synth_info *synth, const gndp_synth_options *options,
                            gndp_fieldset **out)
{
    gndp_status st = GNDP_OK;
    source *s = NULL;
    synth_grid grid = {0};
    gndp_coords coords;
    int64_t *first = NULL;
    const synth_generator *g = synth_of(synth);
    GNDP_CHECK(out != NULL && options != NULL, GNDP_ERR_ARG, "%s is NULL",
               out == NULL ? "out" : "options");
    *out = NULL;
    GNDP_CHECK(g != NULL, GNDP_ERR_ARG, "synth is no generator of the table");
    GNDP_TRY(check(g, options));
    s = calloc(1, sizeof *s);
    GNDP_CHECK(s != NULL, GNDP_ERR_NOMEM, "%zu bytes", sizeof *s);
    *s = (source){
        .generator = g, .seed = options->seed, .first = options->first, .fields = options->fields};
    GNDP_TRY(place(options, s, &grid, &first, &coords));
    source *given = s;
    s = NULL;
    GNDP_TRY(wrap(options, &coords, first, given, out));
done:
    if (s != NULL)
        close_source(s);
    synth_grid_clear(&grid);
    free(first);
    return st;
}
