// SPDX-License-Identifier: Apache-2.0
// Forecasts of tracks as a set of fields, one trajectory a member.
#include "cli/tracks_file.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <gndp/gndp.h>

#include "cli/select.h"
#include "cli/usage.h"

struct tracks_file {
    int64_t n, room, fields, field_room; /* fixes of all members */
    double *days, *xyz, *reference_s;    /* [n], [n, 3], [fields] */
    int64_t *first;                      /* [fields + 1] */
    gndp_field_label *label;             /* ids are its own */
};

tracks_file *tracks_file_create(void)
{
    return calloc(1, sizeof(tracks_file));
}

void tracks_file_free(tracks_file *file)
{
    if (file == NULL)
        return;
    for (int64_t f = 0; f < file->fields; f++)
        free((void *)(uintptr_t)file->label[f].id);
    free(file->days);
    free(file->xyz);
    free(file->reference_s);
    free(file->first);
    free(file->label);
    free(file);
}

/* Room for so many entries more. */
static bool grow(void **memory, int64_t entries, size_t size)
{
    void *grown = realloc(*memory, (size_t)entries * size);
    if (grown != NULL)
        *memory = grown;
    return grown != NULL;
}

static bool reserve(tracks_file *t, int64_t fixes, int64_t fields)
{
    if (t->n + fixes > t->room) {
        const int64_t room = 2 * t->room + fixes;
        if (!grow((void **)&t->days, room, sizeof *t->days) || !grow((void **)&t->xyz, room, 3 * sizeof *t->xyz))
            return false;
        t->room = room;
    }
    if (t->fields + fields > t->field_room) {
        const int64_t room = 2 * t->field_room + fields;
        if (!grow((void **)&t->reference_s, room, sizeof *t->reference_s) || !grow((void **)&t->first, room + 1, sizeof *t->first) ||
            !grow((void **)&t->label, room, sizeof *t->label))
            return false;
        t->field_room = room;
    }
    return true;
}

int tracks_file_add(tracks_file *t, const char *id, double start_s, double reference_s, int64_t n, const double *days, int64_t members, const double *xyz)
{
    if (!reserve(t, n * members, members))
        return gndp_failure_memory();
    for (int64_t m = 0; m < members; m++) {
        char *own = strdup(id);
        if (own == NULL)
            return gndp_failure_memory();
        t->first[t->fields] = t->n;
        t->reference_s[t->fields] = reference_s;
        t->label[t->fields++] = (gndp_field_label){start_s + 86400.0 * days[0], m, own};
        for (int64_t i = 0; i < n; i++)
            t->days[t->n + i] = days[i] - days[0];
        memcpy(t->xyz + 3 * t->n, xyz + 3 * m * n, (size_t)(3 * n) * sizeof *xyz);
        t->n += n;
        t->first[t->fields] = t->n;
    }
    return GNDP_EXIT_DONE;
}

static bool ends_with(const char *path, const char *end)
{
    const size_t n = strlen(path), m = strlen(end);
    return n > m && strcasecmp(path + n - m, end) == 0;
}

int tracks_file_write(const tracks_file *t, const char *path, const char *history, bool overwrite, bool quiet)
{
    int code = GNDP_EXIT_DONE;
    gndp_fieldset *set = NULL;
    const gndp_channel channel = gndp_channel_sphere("position");
    const gndp_logger log = cli_notes(quiet);
    if (t->fields == 0)
        return gndp_failure("%s: there is no forecast to write", path);
    const gndp_fieldset_spec spec = {.n_fields = t->fields,
                                     .coords = {.columns = 1, .axis = {{.name = "time", .units = "days"}}, .n = t->n, .x = t->days},
                                     .first = t->first,
                                     .n_channels = 1,
                                     .channel = &channel,
                                     .label = t->label,
                                     .origin = "forecasts"};
    const gndp_array array = gndp_array_view(gndp_type_2d(GNDP_F64, t->n, 3), t->xyz);
    GNDP_LIBRARY(gndp_fieldset_create(&spec, &array, NULL, &set));
    gndp_tracks_text_options text = gndp_tracks_text_options_default();
    text.overwrite = overwrite;
    text.reference_time_s = t->reference_s;
    text.log = &log;
    if (ends_with(path, ".csv")) {
        GNDP_LIBRARY(gndp_write_tracks_csv(set, path, &text));
    } else if (ends_with(path, ".dat")) {
        GNDP_LIBRARY(gndp_write_tracks_atcf(set, path, &text));
    } else {
        gndp_write_options options = gndp_write_options_default();
        options.overwrite = overwrite;
        options.f64 = true;
        options.history = history;
        GNDP_LIBRARY(gndp_write_tracks(set, path, &options));
    }
done:
    gndp_fieldset_free(set);
    return code;
}
