// SPDX-License-Identifier: Apache-2.0
// Places of storms read from a set and parted into what a task gives and what it asks for.
#include "cli/tracks_storms.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/usage.h"

void tracks_storms_free(tracks_storms *s)
{
    for (int64_t i = 0; i < s->n; i++) {
        free(s->storm[i].memory);
        free(s->storm[i].context);
        free(s->storm[i].target);
        free(s->storm[i].lead_h);
    }
    free(s->storm);
}

/* Places of field f, what is missing left out. */
static int read_storm(const gndp_fieldset *set, int64_t f, tracks_storm *out)
{
    int code = GNDP_EXIT_DONE;
    const gndp_fieldset_spec *spec = gndp_fieldset_get_spec(set);
    const int64_t n = gndp_fieldset_points(set, f);
    const int all = gndp_fieldset_components(set);
    double *values = malloc((size_t)(n * all) * sizeof *values), *days = malloc((size_t)n * sizeof *days);
    uint8_t *present = malloc((size_t)(n * all));
    int64_t kept = 0;
    int at = 0, channel = 0;
    out->memory = malloc((size_t)(4 * n) * sizeof *out->memory);
    if (values == NULL || days == NULL || present == NULL || out->memory == NULL) {
        code = gndp_failure_memory();
        goto done;
    }
    while (channel < spec->n_channels && spec->channel[channel].kind != GNDP_CHANNEL_SPHERE)
        at += spec->channel[channel++].components;
    if (channel == spec->n_channels || spec->coords.columns != 1) {
        code = gndp_failure("%s holds no tracks: a channel of places along time is wanted", spec->origin);
        goto done;
    }
    GNDP_LIBRARY(gndp_fieldset_coords(set, f, days));
    GNDP_LIBRARY(gndp_fieldset_read(set, 1, &f, n, NULL, values, present));
    for (int64_t i = 0; i < n; i++) {
        if (!present[i * all + at])
            continue;
        out->memory[kept] = days[i];
        memcpy(out->memory + n + 3 * kept++, values + i * all + at, 3 * sizeof *values);
    }
    out->all = (gndp_track_context){kept, out->memory, out->memory + n};
    out->id = spec->label[f].id != NULL ? spec->label[f].id : "";
    out->start_s = spec->label[f].time_s;
done:
    free(values);
    free(days);
    free(present);
    return code;
}

/* Hours to the minute, so that equal leads are equal numbers. */
static double lead_of(double days)
{
    return round(1440.0 * days) / 60.0;
}

/* Which fixes are given, which are targets. A storm too short for the task gets no target. */
static int part_storm(const tracks_task_settings *s, tracks_storm *out)
{
    const int64_t n = out->all.n, c = s->contexts;
    const bool gap = s->domain == TRACKS_INTERPOLATION;
    out->context = malloc((size_t)(n + 1) * sizeof *out->context);
    out->target = malloc((size_t)(n + 1) * sizeof *out->target);
    out->lead_h = malloc((size_t)(n + 1) * sizeof *out->lead_h);
    if (out->context == NULL || out->target == NULL || out->lead_h == NULL)
        return gndp_failure_memory();
    if (n <= (gap ? 2 * c : c))
        return GNDP_EXIT_DONE;
    for (int64_t i = 0, next = 0; i < n; i++) {
        if (i < c || (gap && i >= n - c)) {
            out->context[out->known++] = i;
            continue;
        }
        const double lead = lead_of(out->all.days[i] - out->all.days[c - 1]);
        if (s->domain == TRACKS_FORECAST) {
            while (next < s->n_leads && s->lead_h[next] < lead)
                next++;
            if (next == s->n_leads || s->lead_h[next] != lead)
                continue;
        }
        out->lead_h[out->n] = lead;
        out->target[out->n++] = i;
    }
    return GNDP_EXIT_DONE;
}

int tracks_storms_read(const tracks_task_settings *s, const gndp_fieldset *set, tracks_storms *out)
{
    int code = GNDP_EXIT_DONE;
    const int64_t n = gndp_fieldset_get_spec(set)->n_fields;
    out->storm = calloc((size_t)n, sizeof *out->storm);
    if (out->storm == NULL)
        return gndp_failure_memory();
    out->n = n;
    for (int64_t f = 0; f < n; f++) {
        GNDP_STEP(read_storm(set, f, &out->storm[f]));
        GNDP_STEP(part_storm(s, &out->storm[f]));
    }
done:
    return code;
}
