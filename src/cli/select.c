// SPDX-License-Identifier: Apache-2.0
// Selections of data files from their options.
#include "cli/select.h"

#include <stdlib.h>
#include <string.h>

#include "cli/members.h"
#include "cli/usage.h"

enum { LEVELS_MAX = 256 };

/* Options as the library takes them, and the memory behind. */
typedef struct request {
    gndp_read_options read;
    gndp_track_options track;
    double level[LEVELS_MAX];
    char level_units[64];
    int64_t *member;
    cli_vars vars;
} request;

/* Notes on a file that then cannot be opened would hide why: they wait until it is open. The
 * program runs in one thread. */
enum { HELD_MAX = 64 };
static char *held[HELD_MAX];
static int n_held;
static bool holding;

static void note(void *state, const gndp_log_record *record)
{
    (void)state;
    char *copy = holding && n_held < HELD_MAX ? strdup(record->text) : NULL;
    if (copy != NULL)
        held[n_held++] = copy;
    else
        gndp_note("%s", record->text);
}

static void release(bool tell)
{
    holding = false;
    for (int i = 0; i < n_held; i++) {
        if (tell)
            gndp_note("%s", held[i]);
        free(held[i]);
    }
    n_held = 0;
}

gndp_logger cli_notes(bool quiet)
{
    return (gndp_logger){.sink = quiet ? NULL : note, .level = GNDP_LOG_INFO};
}

/* Up to `max` numbers between commas or slashes; *rest is what follows the
 * last. -1: there is something else. */
static int read_numbers(const char *text, double *out, int max, const char **rest)
{
    int n = 0;
    for (;;) {
        char copy[64];
        size_t length = strspn(text, "0123456789+-.eE");
        if (n == max || length >= sizeof copy)
            return -1;
        memcpy(copy, text, length);
        copy[length] = '\0';
        if (!gndp_number_read(copy, &out[n++]))
            return -1;
        text += length;
        if (*text != ',' && *text != '/')
            break;
        text++;
    }
    *rest = text;
    return n;
}

static int set_box(const cli_select *s, request *r)
{
    const char *text = s->box != NULL ? s->box : s->area, *rest = "";
    double v[4];
    if (s->box != NULL && s->area != NULL)
        return gndp_usage_error("--box and --area exclude each other");
    if (text == NULL)
        return GNDP_EXIT_DONE;
    if (read_numbers(text, v, 4, &rest) != 4 || *rest != '\0')
        return s->box != NULL ? gndp_usage_error("--box wants west,east,south,north, such as "
                                                 "-10,2,50,58; got '%s'",
                                                 text)
                              : gndp_usage_error("--area wants north,west,south,east, such as "
                                                 "58,-10,50,2; got '%s'",
                                                 text);
    r->read.has_box = true;
    r->read.west = s->box != NULL ? v[0] : v[1];
    r->read.east = s->box != NULL ? v[1] : v[3];
    r->read.south = s->box != NULL ? v[2] : v[2];
    r->read.north = s->box != NULL ? v[3] : v[0];
    if (r->read.south > r->read.north)
        return gndp_usage_error("--%s: south %g is north of north %g; the order is %s",
                                s->box != NULL ? "box" : "area", r->read.south, r->read.north,
                                s->box != NULL ? "west,east,south,north" : "north,west,south,east");
    return GNDP_EXIT_DONE;
}

static int set_levels(const cli_select *s, request *r)
{
    const char *rest = "";
    if (s->level == NULL)
        return GNDP_EXIT_DONE;
    const int n = read_numbers(s->level, r->level, LEVELS_MAX, &rest);
    if (n < 1 || strlen(rest) >= sizeof r->level_units)
        return gndp_usage_error("--level wants numbers, such as 500,850 or 500,850hPa; got '%s'",
                                s->level);
    rest += strspn(rest, " ");
    snprintf(r->level_units, sizeof r->level_units, "%s", rest);
    r->read.level = r->level;
    r->read.n_levels = n;
    r->read.level_units = *rest != '\0' ? r->level_units : NULL;
    return GNDP_EXIT_DONE;
}

static int set_stride(const cli_select *s, request *r)
{
    const char *rest = "";
    double v[2];
    if (s->time_stride > 0)
        r->read.time_stride = s->time_stride;
    if (s->stride == NULL)
        return GNDP_EXIT_DONE;
    const int n = read_numbers(s->stride, v, 2, &rest);
    for (int i = 0; i < n; i++)
        if (!(v[i] >= 1.0 && v[i] <= 1e6 && v[i] == (double)(int64_t)v[i]))
            rest = "?";
    if (n < 1 || *rest != '\0')
        return gndp_usage_error("--stride wants K or K,L, whole numbers from 1; got '%s'",
                                s->stride);
    r->read.stride_lat = (int64_t)v[0];
    r->read.stride_lon = (int64_t)v[n - 1];
    return GNDP_EXIT_DONE;
}

/* "t2m,u10" are two variables, "wind=u10,v10" is one. */
int cli_select_vars(const cli_select *s, cli_vars *out)
{
    size_t length = 0;
    *out = (cli_vars){.n = 0};
    for (int i = 0; i < s->var.n; i++)
        length += strlen(s->var.text[i]) + 1;
    out->memory = malloc(length + 1);
    if (out->memory == NULL)
        return gndp_failure_memory();
    char *at = out->memory;
    for (int i = 0; i < s->var.n; i++) {
        const bool whole = strchr(s->var.text[i], '=') != NULL;
        strcpy(at, s->var.text[i]);
        for (char *name = at; name != NULL;) {
            char *comma = whole ? NULL : strchr(name, ',');
            if (comma != NULL)
                *comma++ = '\0';
            if (*name == '\0' || out->n == CLI_VARS_MAX)
                return gndp_usage_error(
                    "--var wants names, such as t2m,u10 or wind=u10,v10; got '%s'", s->var.text[i]);
            out->name[out->n++] = name;
            name = comma;
        }
        at += strlen(s->var.text[i]) + 1;
    }
    return GNDP_EXIT_DONE;
}

static int set_tracks(const cli_select *s, request *r)
{
    char text[32], *dash;
    r->track = gndp_track_options_default();
    r->track.main_only = !s->all_tracks;
    r->track.basin = s->basin;
    r->track.time = s->time;
    r->track.wind = r->track.pressure = true;
    r->track.step_h = s->track_step;
    r->track.length = s->track_length;
    if (s->track_points > 0)
        r->track.min_points = s->track_points;
    r->track.log = r->read.log;
    if (s->season == NULL)
        return GNDP_EXIT_DONE;
    snprintf(text, sizeof text, "%s", s->season);
    dash = strchr(text, '-');
    if (dash != NULL)
        *dash++ = '\0';
    double low = 0.0, high = 0.0;
    const bool read =
        gndp_number_read(text, &low) && gndp_number_read(dash != NULL ? dash : text, &high);
    if (!read || low < 1.0 || high < low || high > 9999.0)
        return gndp_usage_error("--season wants a year or A-B, such as 1980-2010; got '%s'",
                                s->season);
    r->track.season_low = (int64_t)low;
    r->track.season_high = (int64_t)high;
    return GNDP_EXIT_DONE;
}

int cli_select_members(const char *text, int64_t **out, int *n)
{
    gndp_members members = {0};
    *out = NULL;
    *n = 0;
    if (text == NULL)
        return GNDP_EXIT_DONE;
    const int code = gndp_members_make_named("--member", text, &members);
    if (code == GNDP_EXIT_DONE) {
        *out = malloc((size_t)members.n * sizeof **out);
        for (int64_t i = 0; i < members.n && *out != NULL; i++)
            (*out)[i] = members.number[i];
        *n = (int)members.n;
    }
    gndp_members_free(&members);
    return code == GNDP_EXIT_DONE && *out == NULL ? gndp_failure_memory() : code;
}

static int make_request(const cli_select *s, const gndp_logger *log, request *r)
{
    int code = GNDP_EXIT_DONE;
    r->read = gndp_read_options_default();
    r->read.log = log;
    r->read.time = s->time;
    r->read.units = s->units;
    GNDP_STEP(cli_select_vars(s, &r->vars));
    r->read.var = r->vars.n > 0 ? r->vars.name : NULL;
    r->read.n_vars = r->vars.n;
    GNDP_STEP(set_levels(s, r));
    GNDP_STEP(set_box(s, r));
    GNDP_STEP(set_stride(s, r));
    GNDP_STEP(set_tracks(s, r));
    GNDP_STEP(cli_select_members(s->member, &r->member, &r->read.n_members));
    r->read.member = r->member;
done:
    return code;
}

int cli_select_check(const cli_select *s, gndp_file_kind kind, const char *path)
{
    const bool fields = kind == GNDP_FILE_FIELDS, table = kind == GNDP_FILE_OBSERVATIONS;
    const bool tracks = kind == GNDP_FILE_TRACKS || kind == GNDP_FILE_TRACKS_CSV;
    const struct {
        const char *name;
        bool set, applies;
    } rows[] = {
        {"var", s->var.n > 0, fields || table},
        {"level", s->level != NULL, fields},
        {"time", s->time != NULL, fields || table || tracks},
        {"time-stride", s->time_stride > 0, fields},
        {"box", s->box != NULL, fields},
        {"area", s->area != NULL, fields},
        {"stride", s->stride != NULL, fields},
        {"member", s->member != NULL, fields || table},
        {"units", s->units != NULL, fields || table},
        {"basin", s->basin != NULL, tracks},
        {"season", s->season != NULL, tracks},
        {"all-tracks", s->all_tracks, tracks},
        {"track-step", s->track_step > 0.0, tracks},
        {"track-length", s->track_length > 0, tracks},
        {"track-points", s->track_points > 0, tracks},
        {"distinct", s->distinct, kind == GNDP_FILE_EVENTS},
        {"labels", s->labels != NULL, kind == GNDP_FILE_IMAGES},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].set && !rows[i].applies)
            return gndp_usage_error("--%s does not apply to %s, a file of %s", rows[i].name, path,
                                    gndp_file_kind_name(kind));
    return GNDP_EXIT_DONE;
}

static int open_kind(const cli_select *s, const request *r, const char *const *path, int n,
                     gndp_file_kind kind, gndp_fieldset **out)
{
    int code = GNDP_EXIT_DONE;
    if (n > 1 && kind != GNDP_FILE_FIELDS)
        return gndp_usage_error(
            "several files make one set only when they hold fields; %s holds %s", path[0],
            gndp_file_kind_name(kind));
    switch (kind) {
    case GNDP_FILE_FIELDS:
        GNDP_LIBRARY(gndp_netcdf_open(path, n, &r->read, out));
        break;
    case GNDP_FILE_TRACKS:
    case GNDP_FILE_TRACKS_CSV:
        GNDP_LIBRARY(gndp_tracks_open(path[0], &r->track, out));
        break;
    case GNDP_FILE_EVENTS:
        GNDP_LIBRARY(gndp_events_open(path[0], s->distinct, out));
        break;
    case GNDP_FILE_IMAGES:
        GNDP_LIBRARY(gndp_images_open(path[0], s->labels, out));
        break;
    case GNDP_FILE_VOXELS:
        GNDP_LIBRARY(gndp_voxels_open(path[0], out));
        break;
    case GNDP_FILE_UNKNOWN:
        code = gndp_failure("%s: not a kind of file that gndp knows", path[0]);
        break;
    case GNDP_FILE_OBSERVATIONS:
    case GNDP_FILE_ARCHIVE:
        break;
    }
done:
    return code;
}

int cli_select_open(const cli_select *select, const char *const *path, int n,
                    const gndp_logger *log, gndp_file_kind *kind, gndp_fieldset **out)
{
    int code = GNDP_EXIT_DONE;
    gndp_file_kind found = GNDP_FILE_UNKNOWN;
    request r = {0};
    *out = NULL;
    holding = true;
    GNDP_LIBRARY(gndp_file_detect(path[0], &found));
    if (kind != NULL)
        *kind = found;
    GNDP_STEP(cli_select_check(select, found, path[0]));
    GNDP_STEP(make_request(select, log, &r));
    GNDP_STEP(open_kind(select, &r, path, n, found, out));
done:
    release(code == GNDP_EXIT_DONE);
    free(r.member);
    free(r.vars.memory);
    return code;
}
