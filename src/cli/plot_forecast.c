// SPDX-License-Identifier: Apache-2.0
// Forecasts of tracks beside what came true: members, where they pass, ellipses by lead, errors by lead.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/plot.h"
#include "cli/plot_forecast.h"
#include "cli/usage.h"

const char *const plot_kinds[PLOT_KINDS] = {"spaghetti", "density", "ellipses", "errors"};

/* ---- Members of one storm --------------------------------------------------------------------- */

void plot_forecast_free(plot_forecast *f)
{
    free(f->time_s);
    free(f->xyz);
    free(f->true_s);
    free(f->true_xyz);
    free(f->given);
    *f = (plot_forecast){0};
}

/* Times and places of a field, what is missing left out: free both. */
static int read_track(const gndp_fieldset *set, int64_t f, int64_t *n, double **time_s, double **xyz)
{
    int code = GNDP_EXIT_DONE;
    const gndp_fieldset_spec *spec = gndp_fieldset_get_spec(set);
    const int all = gndp_fieldset_components(set);
    const int64_t points = gndp_fieldset_points(set, f);
    double *values = malloc((size_t)(points * all) * sizeof *values);
    uint8_t *present = malloc((size_t)(points * all));
    *n = 0;
    *time_s = malloc((size_t)points * sizeof **time_s);
    *xyz = malloc((size_t)(3 * points) * sizeof **xyz);
    if (values == NULL || present == NULL || *time_s == NULL || *xyz == NULL) {
        code = gndp_failure_memory();
        goto done;
    }
    if (spec->coords.columns != 1 || isnan(spec->label[f].time_s)) {
        code = gndp_failure("%s: tracks along time are wanted", spec->origin);
        goto done;
    }
    GNDP_LIBRARY(gndp_fieldset_coords(set, f, *time_s));
    GNDP_LIBRARY(gndp_fieldset_read(set, 1, &f, points, NULL, values, present));
    for (int64_t i = 0; i < points; i++) {
        if (present[i * all] == 0)
            continue;
        (*time_s)[*n] = round(spec->label[f].time_s + 86400.0 * (*time_s)[i]);
        memcpy(*xyz + 3 * (*n)++, values + i * all, 3 * sizeof **xyz);
    }
done:
    free(values);
    free(present);
    return code;
}

static int rising(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static bool same_id(const gndp_fieldset *set, int64_t f, const char *id)
{
    const char *own = gndp_fieldset_get_spec(set)->label[f].id;
    return own != NULL && strcmp(own, id) == 0;
}

/* All times that a member has, then every member's places at them. */
static int read_members(const gndp_fieldset *set, const char *id, plot_forecast *out)
{
    int code = GNDP_EXIT_DONE;
    const int64_t fields = gndp_fieldset_get_spec(set)->n_fields;
    int64_t room = 0, n = 0, m = 0, count = 0;
    double *time_s = NULL, *xyz = NULL;
    for (int64_t f = 0; f < fields; f++)
        if (same_id(set, f, id)) {
            out->members++;
            room += gndp_fieldset_points(set, f);
        }
    out->time_s = malloc((size_t)(room + 1) * sizeof *out->time_s);
    if (out->time_s == NULL)
        return gndp_failure_memory();
    for (int pass = 0; pass < 2; pass++) {
        for (int64_t f = 0; f < fields; f++) {
            if (!same_id(set, f, id))
                continue;
            GNDP_STEP(read_track(set, f, &n, &time_s, &xyz));
            for (int64_t i = 0, at = 0; i < n; i++) {
                if (pass == 0) {
                    out->time_s[count++] = time_s[i];
                    continue;
                }
                while (out->time_s[at] < time_s[i])
                    at++;
                memcpy(out->xyz + 3 * (m * out->n + at), xyz + 3 * i, 3 * sizeof *xyz);
            }
            m += pass;
            free(time_s);
            free(xyz);
            time_s = xyz = NULL;
        }
        if (pass == 1)
            break;
        qsort(out->time_s, (size_t)count, sizeof *out->time_s, rising);
        for (int64_t i = 0; i < count; i++)
            if (i == 0 || out->time_s[i] != out->time_s[out->n - 1])
                out->time_s[out->n++] = out->time_s[i];
        out->xyz = malloc((size_t)(3 * out->members * out->n + 1) * sizeof *out->xyz);
        if (out->xyz == NULL) {
            code = gndp_failure_memory();
            goto done;
        }
        for (int64_t i = 0; i < 3 * out->members * out->n; i++)
            out->xyz[i] = (double)NAN;
    }
done:
    free(time_s);
    free(xyz);
    return code;
}

int64_t plot_forecast_at(const plot_forecast *f, int64_t time, double *out)
{
    int64_t n = 0;
    for (int64_t m = 0; m < f->members; m++)
        if (!isnan(f->xyz[3 * (m * f->n + time)]))
            memcpy(out + 3 * n++, f->xyz + 3 * (m * f->n + time), 3 * sizeof *out);
    return n;
}

int64_t plot_forecast_truth(const plot_forecast *f, double time_s)
{
    for (int64_t i = 0; i < f->n_true; i++)
        if (fabs(f->true_s[i] - time_s) < 1.0)
            return i;
    return -1;
}

/* Whether all members that have a time are at a place, to .1 km. */
static bool all_at(const plot_forecast *f, int64_t time, const double *place)
{
    const double close = 0.1 / GNDP_EARTH_RADIUS_KM;
    for (int64_t m = 0; m < f->members; m++) {
        const double *x = f->xyz + 3 * (m * f->n + time);
        if (!isnan(x[0]) && gndp_sphere_distance(3, x, place) > close)
            return false;
    }
    return true;
}

/* Fixes that all members share with the truth were given, and those before the members begin. What comes after them is left out. */
static int find_given(plot_forecast *f)
{
    bool asked = false;
    f->given = calloc((size_t)f->n_true + 1, 1);
    if (f->given == NULL)
        return gndp_failure_memory();
    while (f->n_true > 0 && f->true_s[f->n_true - 1] > f->time_s[f->n - 1])
        f->n_true--;
    f->reference_s = f->time_s[0];
    for (int64_t i = 0; i < f->n_true; i++) {
        int64_t at = 0;
        while (at < f->n && fabs(f->time_s[at] - f->true_s[i]) >= 1.0)
            at++;
        const bool before = f->true_s[i] < f->time_s[0];
        f->given[i] = before || (at < f->n && all_at(f, at, f->true_xyz + 3 * i));
        asked = asked || (at < f->n && f->given[i] == 0);
        if (f->given[i] && !asked) /* the last of the first that were given */
            f->reference_s = f->true_s[i];
    }
    return GNDP_EXIT_DONE;
}

int plot_forecast_read(const gndp_fieldset *set, const gndp_fieldset *truth, const char *id, plot_forecast *out)
{
    int code = GNDP_EXIT_DONE;
    const gndp_fieldset_spec *spec = gndp_fieldset_get_spec(truth);
    int64_t found = -1;
    *out = (plot_forecast){.id = id};
    GNDP_STEP(read_members(set, id, out));
    for (int64_t f = 0; f < spec->n_fields && found < 0; f++)
        if (same_id(truth, f, id))
            found = f;
    if (out->n == 0 || found < 0) {
        code = gndp_failure("storm %s is not in %s", id, out->n == 0 ? gndp_fieldset_get_spec(set)->origin : spec->origin);
        goto done;
    }
    GNDP_STEP(read_track(truth, found, &out->n_true, &out->true_s, &out->true_xyz));
    GNDP_STEP(find_given(out));
done:
    return code;
}

/* ---- Maps ------------------------------------------------------------------------------------- */

enum { ELLIPSE = 96, SHOWN_LEADS = 7 };

/* Lines and points of a map while they are collected. */
typedef struct sketch {
    gndp_map_line *line;
    double **memory;
    int n, room;
    double *ring_lat, *ring_lon; /* fixes that were given, or that ellipses are about */
    int64_t rings;
    bool failed;
} sketch;

static void sketch_free(sketch *s)
{
    for (int i = 0; i < s->n; i++)
        free(s->memory[i]);
    free(s->line);
    free(s->memory);
    free(s->ring_lat);
    free(s->ring_lon);
}

/* Places [n, 3] as a line; `closed` comes back to the first. Lines of fewer than two places are none. */
static void add_line(sketch *s, int64_t n, const double *xyz, bool closed, int colour, double width, double alpha)
{
    const int64_t all = n + (closed ? 1 : 0);
    if (n < 2 || s->failed)
        return;
    if (s->n == s->room) {
        s->room = 2 * s->room + 64;
        gndp_map_line *line = realloc(s->line, (size_t)s->room * sizeof *line);
        double **memory = realloc(s->memory, (size_t)s->room * sizeof *memory);
        s->line = line != NULL ? line : s->line;
        s->memory = memory != NULL ? memory : s->memory;
        s->failed = line == NULL || memory == NULL;
        if (s->failed)
            return;
    }
    double *lat = malloc((size_t)(2 * all) * sizeof *lat);
    s->failed = lat == NULL;
    if (s->failed)
        return;
    gndp_sphere_to_degrees(n, xyz, lat, lat + all);
    if (closed) {
        lat[n] = lat[0];
        lat[all + n] = lat[all];
    }
    s->memory[s->n] = lat;
    s->line[s->n++] = (gndp_map_line){.n = all, .lat_deg = lat, .lon_deg = lat + all, .colour = colour, .width = width, .alpha = alpha};
}

static void add_ring(sketch *s, const plot_forecast *f, int64_t i)
{
    if (s->ring_lat == NULL) {
        s->ring_lat = malloc((size_t)f->n_true * sizeof *s->ring_lat);
        s->ring_lon = malloc((size_t)f->n_true * sizeof *s->ring_lon);
        s->failed = s->failed || s->ring_lat == NULL || s->ring_lon == NULL;
    }
    if (s->failed || s->rings == f->n_true)
        return;
    gndp_sphere_to_degrees(1, f->true_xyz + 3 * i, s->ring_lat + s->rings, s->ring_lon + s->rings);
    s->rings++;
}

static void add_member(sketch *s, const plot_forecast *f, int64_t m, double *room)
{
    int64_t n = 0;
    for (int64_t i = 0; i < f->n; i++)
        if (!isnan(f->xyz[3 * (m * f->n + i)]))
            memcpy(room + 3 * n++, f->xyz + 3 * (m * f->n + i), 3 * sizeof *room);
    add_line(s, n, room, false, 1, f->members <= 20 ? 0.9 : 0.6, f->members <= 20 ? 0.7 : fmax(15.0 / (double)f->members, 0.12));
}

static void draw_spaghetti(sketch *s, const plot_forecast *f, double *room)
{
    for (int64_t m = 0; m < f->members; m++)
        add_member(s, f, m, room);
    add_line(s, f->n_true, f->true_xyz, false, 0, 1.8, 1.0);
    for (int64_t i = 0; i < f->n_true; i++)
        if (f->given[i])
            add_ring(s, f, i);
}

/* Whether a time is among those that ellipses are drawn for: whole days after the start, else a few evenly spread. */
static int choose_times(const plot_forecast *f, int64_t chosen[SHOWN_LEADS])
{
    int n = 0;
    for (int64_t i = 0; i < f->n && n < SHOWN_LEADS; i++) {
        const double days = (f->time_s[i] - f->reference_s) / 86400.0;
        if (days > 0.0 && days == floor(days))
            chosen[n++] = i;
    }
    for (int64_t i = 0; n < 2 && i < f->n; i++)
        if (f->n <= SHOWN_LEADS || i % (f->n / SHOWN_LEADS) == 0)
            if (n == 0 || chosen[0] != i)
                chosen[n++] = i;
    return n;
}

/* Ellipses of half and nine tenths about their mean, the truth's fix at the same time as a ring. */
static int draw_ellipses(sketch *s, const plot_forecast *f, double *room, plot_line *leads)
{
    int code = GNDP_EXIT_DONE;
    int64_t chosen[SHOWN_LEADS];
    double ellipse[3 * ELLIPSE];
    const int n = choose_times(f, chosen);
    int drawn = 0;
    size_t used = (size_t)snprintf(leads->text, sizeof leads->text, "; 50 and 90 %% after");
    add_line(s, f->n_true, f->true_xyz, false, 0, 1.8, 1.0);
    for (int k = 0; k < n; k++) {
        const int64_t members = plot_forecast_at(f, chosen[k], room), truth = plot_forecast_truth(f, f->time_s[chosen[k]]);
        if (members < 3 || (truth >= 0 && f->given[truth]))
            continue;
        for (int level = 0; level < 2; level++) {
            GNDP_LIBRARY(gndp_track_ellipse(members, room, level == 0 ? 0.5 : 0.9, ELLIPSE, ellipse));
            add_line(s, ELLIPSE, ellipse, true, k % 7 + 1, level == 0 ? 1.6 : 0.8, 1.0);
        }
        used += (size_t)snprintf(leads->text + used, sizeof leads->text - used, "%s %.4g", drawn > 0 ? "," : "", (f->time_s[chosen[k]] - f->reference_s) / 3600.0);
        drawn++;
        if (truth >= 0)
            add_ring(s, f, truth);
    }
    snprintf(leads->text + used, sizeof leads->text - used, " h");
    if (drawn == 0)
        code = gndp_failure("storm %s: an ellipse wants 3 members or more at a time that was not given", f->id);
done:
    return code;
}

/* Lines near a pole: the whole cap around it, as longitudes say little there. */
static void take_cap(const sketch *s, gndp_map_options *options)
{
    static const double near_pole = 80.0, margin = 2.0;
    double low = 90.0, high = -90.0;
    for (int l = 0; l < s->n; l++)
        for (int64_t i = 0; i < s->line[l].n; i++) {
            low = fmin(low, s->line[l].lat_deg[i]);
            high = fmax(high, s->line[l].lat_deg[i]);
        }
    const bool given = options->west != 0.0 || options->east != 0.0 || options->south != 0.0 || options->north != 0.0;
    if (given || !((high > near_pole && low > 0.0) || (low < -near_pole && high < 0.0)))
        return;
    options->west = -180.0;
    options->east = 180.0;
    options->south = low > 0.0 ? low - margin : -90.0;
    options->north = low > 0.0 ? 90.0 : high + margin;
}

int plot_forecast_map(const plot_settings *s, const plot_forecast *f, int kind)
{
    int code = GNDP_EXIT_DONE;
    sketch drawn = {0};
    gndp_map map = {0};
    gndp_map_options options;
    plot_density density = {0};
    plot_line title, leads = {{0}};
    bool coast = false;
    double *room = malloc((size_t)(3 * (f->members > f->n ? f->members : f->n)) * sizeof *room);
    const struct gndp_map_scale scale = {.label = "share of members that pass within " PLOT_STRIKE_TEXT, .palette = GNDP_PALETTE_SEQUENTIAL, .high = 1.0};
    if (room == NULL)
        return gndp_failure_memory();
    GNDP_STEP(plot_map_settings(s, &options));
    if (kind == PLOT_SPAGHETTI)
        draw_spaghetti(&drawn, f, room);
    else if (kind == PLOT_ELLIPSES)
        GNDP_STEP(draw_ellipses(&drawn, f, room, &leads));
    if (kind == PLOT_DENSITY) {
        GNDP_STEP(plot_density_make(f, &density));
        map.coords = &density.coords;
        map.value = density.value;
        options.scale = &scale;
        options.n_scales = 1;
        options.smooth = true;
        add_line(&drawn, f->n_true, f->true_xyz, false, 0, 3.2, 1.0);
        add_line(&drawn, f->n_true, f->true_xyz, false, 5, 1.6, 1.0);
    }
    if (drawn.failed) {
        code = gndp_failure_memory();
        goto done;
    }
    if (kind != PLOT_DENSITY)
        take_cap(&drawn, &options);
    map.line = drawn.line;
    map.n_lines = drawn.n;
    map.points = (gndp_map_points){.n = drawn.rings, .lat_deg = drawn.ring_lat, .lon_deg = drawn.ring_lon};
    snprintf(title.text, sizeof title.text, "%.60s: %lld members from %.16s%.120s", f->id, (long long)f->members,
             gndp_calendar_text(GNDP_CALENDAR_STANDARD, f->reference_s).text, leads.text);
    options.title = s->title != NULL ? s->title : title.text;
    GNDP_LIBRARY(gndp_plot_maps(s->output, &options, 1, &map, &coast));
    if (!coast && !s->no_coast && !s->quiet)
        gndp_note("no coastlines: GSHHG is not installed (Debian: gmt-gshhg-low)");
done:
    plot_density_free(&density);
    sketch_free(&drawn);
    free(room);
    return code;
}
