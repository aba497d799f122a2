// SPDX-License-Identifier: Apache-2.0
// Batches of tracks: windows of each storm in order of time, turned, mirrored and thinned at random.
#include <gndp/train.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "train/epochs.h"
#include "train/streams.h"

static const double pi = 3.14159265358979323846;

typedef struct track_source {
    const gndp_fieldset *set;
    gndp_track_windows windows;
    train_epochs epochs;
    int64_t points;     /* of a batch: fewer where a storm has fewer, the rest padded */
    int position;       /* first component of the position; -1: none */
    double *x, *values; /* of a whole storm */
    uint8_t *present;
} track_source;

/* Draws of one field of one step: where the window begins, whether, how far. */
enum { DRAW_BEGIN, DRAW_START, DRAW_TURN, DRAW_MIRROR, DRAW_THIN, DRAW_STRIDE, DRAW_PHASE, DRAWS };

static void turn(track_source *s, double angle, bool mirror, int components, int64_t n, double *values)
{
    const double c = cos(angle), w = sin(angle);
    for (int64_t i = 0; i < n; i++) {
        double *y = values + i * components + s->position;
        const double east = y[0];
        y[0] = c * east - w * y[1];
        y[1] = w * east + c * y[1];
        y[2] = mirror ? -y[2] : y[2];
    }
}

/* The window of storm b: its first fix, or any, each for half of the draws. */
static gndp_status draw_window(track_source *s, uint64_t seed, uint32_t step, int64_t b, gndp_batch *batch)
{
    gndp_status st = GNDP_OK;
    const int64_t f = s->epochs.picked[b], n = gndp_fieldset_points(s->set, f), m = s->points;
    const int components = gndp_fieldset_components(s->set);
    double u[DRAWS];
    GNDP_TRY(gndp_random_uniform_f64(seed, step, (uint32_t)b, GNDP_STREAM(TRAIN_STREAM_POINTS, 2), 0, DRAWS, u));
    GNDP_TRY(gndp_fieldset_coords(s->set, f, s->x));
    GNDP_TRY(gndp_fieldset_read(s->set, 1, &f, n, NULL, s->values, s->present));
    const int64_t start = n > m && u[DRAW_BEGIN] < 0.5 ? (int64_t)(u[DRAW_START] * (double)(n - m + 1)) : 0;
    const int64_t stride = u[DRAW_THIN] < s->windows.thin ? (int64_t)2 << (int)(u[DRAW_STRIDE] * 3.0) : 1;
    const int64_t phase = (int64_t)(u[DRAW_PHASE] * (double)stride);
    if (s->position >= 0)
        turn(s, s->windows.turn ? 2.0 * pi * u[DRAW_TURN] : 0.0, u[DRAW_MIRROR] < s->windows.mirror, components, n, s->values);
    int64_t at = 0;
    for (int64_t i = start + (phase < n - start ? phase : 0); i < n && i < start + m; i += stride, at++) {
        batch->x[b * m + at] = s->x[i] - s->x[start];
        memcpy(batch->values + (b * m + at) * components, s->values + i * components, (size_t)components * sizeof *s->values);
        memcpy(batch->present + (b * m + at) * components, s->present + i * components, (size_t)components);
    }
    for (; at < m; at++) {
        batch->x[b * m + at] = 0.0;
        memset(batch->values + (b * m + at) * components, 0, (size_t)components * sizeof *s->values);
        memset(batch->present + (b * m + at) * components, 0, (size_t)components);
    }
done:
    return st;
}

static gndp_status draw(void *state, uint64_t seed, uint32_t step, gndp_batch *batch)
{
    gndp_status st = GNDP_OK;
    track_source *s = state;
    GNDP_TRY(train_epochs_pick(&s->epochs, seed, step, batch->fields));
    batch->points = s->points;
    batch->point = NULL;
    batch->field = s->epochs.picked;
    for (int64_t b = 0; b < batch->fields; b++)
        GNDP_TRY(draw_window(s, seed, step, b, batch));
done:
    return st;
}

static void source_free(void *state)
{
    track_source *s = state;
    if (s == NULL)
        return;
    train_epochs_free(&s->epochs);
    free(s->x);
    free(s->values);
    free(s->present);
    free(s);
}

/* Turns and mirrors are of positions; other points of spheres do not turn with them. */
static gndp_status find_position(track_source *s)
{
    gndp_status st = GNDP_OK;
    const gndp_fieldset_spec *spec = gndp_fieldset_get_spec(s->set);
    s->position = -1;
    for (int c = 0, at = 0; c < spec->n_channels; at += spec->channel[c++].components)
        if (spec->channel[c].kind == GNDP_CHANNEL_SPHERE) {
            GNDP_CHECK(s->position < 0, GNDP_ERR_UNSUPPORTED, "%s: tracks of several positions", spec->origin);
            s->position = at;
        }
    GNDP_CHECK(s->position >= 0 || !(s->windows.turn || s->windows.mirror > 0.0), GNDP_ERR_UNSUPPORTED,
               "%s has no positions on the sphere that could be turned or mirrored", spec->origin);
done:
    return st;
}

gndp_status gndp_batch_source_tracks(const gndp_fieldset *set, gndp_track_windows windows, gndp_batch_source *out)
{
    gndp_status st = GNDP_OK;
    track_source *s = NULL;
    GNDP_CHECK(set != NULL && out != NULL, GNDP_ERR_ARG, "set or out is NULL");
    memset(out, 0, sizeof *out);
    const gndp_fieldset_spec *spec = gndp_fieldset_get_spec(set);
    const int64_t most = gndp_fieldset_max_points(set);
    const size_t row = (size_t)gndp_fieldset_components(set);
    GNDP_CHECK(!gndp_fieldset_shared(set) && spec->coords.columns == 1, GNDP_ERR_UNSUPPORTED, "%s: fields of one coordinate with points of their own are tracks",
               spec->origin);
    GNDP_CHECK(windows.window >= 0 && windows.mirror >= 0.0 && windows.mirror <= 1.0 && windows.thin >= 0.0 && windows.thin <= 1.0, GNDP_ERR_RANGE,
               "windows of %lld fixes, shares %g mirrored, %g thinned", (long long)windows.window, windows.mirror, windows.thin);
    s = calloc(1, sizeof *s);
    GNDP_CHECK(s != NULL, GNDP_ERR_NOMEM, "source");
    *s = (track_source){.set = set, .windows = windows};
    s->points = windows.window > 0 && windows.window < most ? windows.window : most;
    GNDP_TRY(train_epochs_create(spec->n_fields, &s->epochs));
    s->x = malloc((size_t)most * sizeof *s->x);
    s->values = malloc((size_t)most * row * sizeof *s->values);
    s->present = malloc((size_t)most * row);
    GNDP_CHECK(s->x != NULL && s->values != NULL && s->present != NULL, GNDP_ERR_NOMEM, "%lld tracks", (long long)spec->n_fields);
    GNDP_TRY(find_position(s));
    *out = (gndp_batch_source){.state = s, .max_points = s->points, .shared = false, .draw = draw, .free = source_free};
    s = NULL;
done:
    source_free(s);
    return st;
}
