// SPDX-License-Identifier: Apache-2.0
// Fields of files as sets: points that all have, random ones of them, and the climatology of the
// rest.
#include "cli/gp_fields.h"

#include <gndp/prepare.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/usage.h"

#define STREAM_POINTS GNDP_STREAM(0x57a7, 0)
#define STREAM_NOISE GNDP_STREAM(0x57a7, 1)

enum { CLIMATE_FIELDS_MAX = 1000 };

/* Buffers for one field of the source. */
typedef struct whole {
    int64_t n; /* points */
    double *y;
    uint8_t *present;
} whole;

static int whole_make(const gndp_fieldset *source, whole *out)
{
    const int P = gndp_fieldset_components(source);
    out->n = gndp_fieldset_max_points(source);
    out->y = malloc((size_t)(out->n * P) * sizeof *out->y);
    out->present = malloc((size_t)(out->n * P));
    return out->y == NULL || out->present == NULL ? gndp_failure_memory() : GNDP_EXIT_DONE;
}

static void whole_free(whole *w)
{
    free(w->y);
    free(w->present);
}

/* Field f in full; present[i] then tells of all outputs at point i. */
static int whole_read(const gndp_fieldset *source, int64_t f, whole *w)
{
    int code = GNDP_EXIT_DONE;
    const int P = gndp_fieldset_components(source);
    const int64_t n = gndp_fieldset_points(source, f);
    GNDP_LIBRARY(gndp_fieldset_read(source, 1, &f, n, NULL, w->y, w->present));
    for (int64_t i = 0; i < n; i++) {
        uint8_t all = 1;
        for (int p = 0; p < P; p++)
            all &= w->present[i * P + p];
        w->present[i] = all;
    }
done:
    return code;
}

/* m of n, spread evenly, ends included. */
static int64_t spread(int64_t i, int64_t m, int64_t n)
{
    return m > 1 ? i * (n - 1) / (m - 1) : n / 2;
}

/* Whether point i is one of every `every` along all axes. */
static bool on_lattice(const gndp_coords *coords, int64_t every, int64_t i)
{
    if (every <= 1)
        return true;
    if (coords->layout != GNDP_LAYOUT_PRODUCT)
        return i % every == 0;
    for (int a = coords->columns - 1; a >= 0; a--) {
        if (i % coords->axis[a].size % every != 0)
            return false;
        i /= coords->axis[a].size;
    }
    return true;
}

/* Which points of shared ones: those that every chosen field has, or so many random ones of them,
 * ascending. */
static int choose_points(const gp_data *data, const gp_take *take, const int64_t *field,
                         int64_t fields, int64_t **out, int64_t *m)
{
    int code = GNDP_EXIT_DONE;
    whole w = {0};
    int64_t n = 0, *point = NULL, *pick = NULL;
    uint8_t *everywhere = NULL;
    GNDP_STEP(whole_make(data->source, &w));
    point = malloc((size_t)w.n * sizeof *point);
    everywhere = malloc((size_t)w.n);
    if (point == NULL || everywhere == NULL) {
        code = gndp_failure_memory();
        goto done;
    }
    memset(everywhere, 1, (size_t)w.n);
    for (int64_t f = 0; f < fields; f++) {
        GNDP_STEP(whole_read(data->source, field[f], &w));
        for (int64_t i = 0; i < w.n; i++)
            everywhere[i] &= w.present[i];
    }
    for (int64_t i = 0; i < w.n; i++)
        if (everywhere[i] && on_lattice(&gndp_fieldset_get_spec(data->source)->coords, take->every, i))
            point[n++] = i;
    *m = take->points > 0 ? take->points : n;
    if (take->fraction > 0.0 && take->points == 0) {
        const int64_t part = (int64_t)llround(take->fraction * (double)n);
        *m = part < 1 ? 1 : part < n ? part : n;
    }
    if (take->points == 0 && take->most > 0 && n > take->most)
        *m = take->most;
    if (n == 0 || *m > n) {
        code = n == 0 ? gndp_failure("%s: no point has a value in all of the %lld fields chosen",
                                     data->path, (long long)fields)
                      : gndp_failure("%s: %lld points are asked for, %lld have a value in all of "
                                     "the fields chosen",
                                     data->path, (long long)*m, (long long)n);
        goto done;
    }
    if (*m < n) { /* mark those drawn, so that they keep the order of the file */
        pick = malloc((size_t)*m * sizeof *pick);
        if (pick == NULL) {
            code = gndp_failure_memory();
            goto done;
        }
        GNDP_LIBRARY(gndp_choose(take->seed, 0, 0, STREAM_POINTS, n, *m, pick));
        memset(everywhere, 0, (size_t)n);
        for (int64_t i = 0; i < *m; i++)
            everywhere[pick[i]] = 1;
        int64_t kept = 0;
        for (int64_t i = 0; i < n; i++)
            if (everywhere[i])
                point[kept++] = point[i];
    }
    *out = point;
    point = NULL;
done:
    whole_free(&w);
    free(everywhere);
    free(point);
    free(pick);
    return code;
}

static int add_noise(const gp_take *take, int64_t field, gp_set *set, int P)
{
    int code = GNDP_EXIT_DONE;
    double e;
    for (int64_t i = 0; i < set->n * P; i++) { /* at a point the same, whichever others are drawn */
        GNDP_LIBRARY(gndp_random_normal_f64(take->seed, 0, (uint32_t)field, STREAM_NOISE,
                                            set->point[i / P] * P + i % P, 1, &e));
        set->y[i] += take->sd * e;
        set->noise[i] = take->sd * take->sd;
    }
done:
    return code;
}

/* Field `f` at chosen points (NULL: those where it has values). */
static int read_set(gp_data *data, const gp_take *take, int64_t f, const int64_t *point, int64_t m,
                    whole *w)
{
    int code = GNDP_EXIT_DONE;
    const gndp_fieldset_spec *spec = gndp_fieldset_get_spec(data->source);
    const int P = data->outputs, C = data->columns;
    const int64_t n = gndp_fieldset_points(data->source, f);
    double *x = malloc((size_t)(n * C) * sizeof *x);
    gp_set *set = gp_data_append(data);
    if (x == NULL || set == NULL) {
        code = x == NULL ? gndp_failure_memory() : GNDP_EXIT_FAILURE;
        goto done;
    }
    GNDP_STEP(whole_read(data->source, f, w));
    GNDP_LIBRARY(gndp_fieldset_coords(data->source, f, x));
    GNDP_STEP(gp_set_make(set, point != NULL ? m : n, C, P, take->sd > 0.0, false, true));
    set->field = f;
    set->time_s = spec->label != NULL ? spec->label[f].time_s : (double)NAN;
    set->member = spec->label != NULL ? spec->label[f].member : -1;
    int64_t rows = 0;
    for (int64_t i = 0; i < set->n; i++) {
        const int64_t at = point != NULL ? point[i] : i;
        if (!w->present[at])
            continue;
        memcpy(set->shown + rows * C, x + at * C, (size_t)C * sizeof *x);
        memcpy(set->y + rows * P, w->y + at * P, (size_t)P * sizeof *w->y);
        set->point[rows++] = at;
    }
    set->n = rows;
    if (rows == 0)
        code = gndp_failure("%s: field %lld has no value", data->path, (long long)f);
    else if (take->sd > 0.0)
        GNDP_STEP(add_noise(take, f, set, P));
done:
    free(x);
    return code;
}

static int describe_source(gp_data *data)
{
    const gndp_fieldset_spec *spec = gndp_fieldset_get_spec(data->source);
    data->degrees = spec->coords.space == GNDP_SPACE_SPHERE;
    data->columns = spec->coords.columns;
    data->outputs = gndp_fieldset_components(data->source);
    data->calendar = spec->calendar;
    data->n_channels = spec->n_channels;
    if (data->outputs > GP_OUTPUTS_MAX)
        return gndp_failure("%s has %d channels; choose with --var", data->path, spec->n_channels);
    data->channel = malloc((size_t)spec->n_channels * sizeof *data->channel);
    if (data->channel == NULL)
        return gndp_failure_memory();
    memcpy(data->channel, spec->channel, (size_t)spec->n_channels * sizeof *data->channel);
    for (int c = 0; c < spec->n_channels; c++)
        if (spec->channel[c].kind == GNDP_CHANNEL_SPHERE)
            return gndp_failure(
                "%s: the values of '%s' are points of the sphere, which no Gaussian process has",
                data->path, spec->channel[c].name);
    return GNDP_EXIT_DONE;
}

int gp_fields_read(const char *path, const cli_select *select, const gp_take *take, gp_data *out)
{
    int code = GNDP_EXIT_DONE;
    int64_t *field = NULL, *point = NULL, m = 0;
    whole w = {0};
    const gndp_logger log = cli_notes(take->quiet);
    *out = (gp_data){.path = path};
    GNDP_STEP(cli_select_open(select, &path, 1, &log, NULL, &out->source));
    if (out->source == NULL)
        return gndp_failure("%s holds no fields", path);
    GNDP_STEP(describe_source(out));
    const int64_t all = gndp_fieldset_get_spec(out->source)->n_fields;
    const int64_t n = take->fields > 0 && take->fields < all ? take->fields : all;
    field = malloc((size_t)n * sizeof *field);
    if (field == NULL) {
        code = gndp_failure_memory();
        goto done;
    }
    for (int64_t i = 0; i < n; i++)
        field[i] = spread(i, n, all);
    const bool drawn = take->points > 0 || take->fraction > 0.0 || take->every > 0;
    if (gndp_fieldset_shared(out->source) && (drawn || take->most > 0))
        GNDP_STEP(choose_points(out, take, field, n, &point, &m));
    else if (drawn) {
        code =
            gndp_failure("%s: every field has its own points; no such stations can be drawn", path);
        goto done;
    }
    GNDP_STEP(whole_make(out->source, &w));
    for (int64_t i = 0; i < n; i++)
        GNDP_STEP(read_set(out, take, field[i], point, m, &w));
done:
    whole_free(&w);
    free(field);
    free(point);
    return code;
}

int gp_fields_truth(const gp_data *data, int s, double *y, uint8_t *present)
{
    int code = GNDP_EXIT_DONE;
    const int P = data->outputs;
    const int64_t N = gndp_fieldset_points(data->source, data->set[s].field);
    whole w = {0};
    GNDP_STEP(whole_make(data->source, &w));
    GNDP_STEP(whole_read(data->source, data->set[s].field, &w));
    memcpy(y, w.y, (size_t)(N * P) * sizeof *y);
    memcpy(present, w.present, (size_t)N);
done:
    whole_free(&w);
    return code;
}

/* ---- Climatology ------------------------------------------------------------------------------
 */

/* Whether a field of the file is one of those chosen, by time and member. */
static bool is_chosen(const gp_data *data, const gndp_field_label *label)
{
    for (int s = 0; s < data->n_sets; s++) {
        const gp_set *set = &data->set[s];
        const bool time =
            isfinite(label->time_s) ? label->time_s == set->time_s : isnan(set->time_s);
        if (time && (isfinite(label->time_s) || label->member == set->member))
            return true; /* other members of a chosen time are no other days */
    }
    return false;
}

/* Mean and squares about it, one field more at every point (Welford 1962). */
static void accumulate(const whole *w, int P, int64_t *count, double *mean, double *square)
{
    for (int64_t i = 0; i < w->n; i++) {
        if (!w->present[i])
            continue;
        count[i]++;
        for (int p = 0; p < P; p++) {
            const double off = w->y[i * P + p] - mean[i * P + p];
            mean[i * P + p] += off / (double)count[i];
            square[i * P + p] += off * (w->y[i * P + p] - mean[i * P + p]);
        }
    }
}

static int climate_of(const gndp_fieldset *all, const int64_t *field, int64_t n, gp_data *data)
{
    int code = GNDP_EXIT_DONE;
    const int P = data->outputs;
    whole w = {0};
    int64_t *count = NULL;
    GNDP_STEP(whole_make(all, &w));
    count = calloc((size_t)w.n, sizeof *count);
    data->climate_mean = calloc((size_t)(w.n * P), sizeof *data->climate_mean);
    data->climate_sd = calloc((size_t)(w.n * P), sizeof *data->climate_sd);
    if (count == NULL || data->climate_mean == NULL || data->climate_sd == NULL) {
        code = gndp_failure_memory();
        goto done;
    }
    const int64_t m = n < CLIMATE_FIELDS_MAX ? n : CLIMATE_FIELDS_MAX;
    for (int64_t i = 0; i < m; i++) {
        GNDP_STEP(whole_read(all, field[spread(i, m, n)], &w));
        accumulate(&w, P, count, data->climate_mean, data->climate_sd);
    }
    for (int64_t i = 0; i < w.n * P; i++) {
        const int64_t c = count[i / P];
        data->climate_sd[i] = c > 1 ? sqrt(data->climate_sd[i] / (double)c) : (double)NAN;
        if (c == 0)
            data->climate_mean[i] = (double)NAN;
    }
    data->climate_fields = m;
done:
    whole_free(&w);
    free(count);
    return code;
}

int gp_fields_climate(const cli_select *select, gp_data *data)
{
    int code = GNDP_EXIT_DONE;
    gndp_fieldset *all = NULL;
    int64_t *field = NULL, n = 0;
    cli_select rest = *select;
    const gndp_logger silent = {0};
    rest.time = NULL;
    rest.time_stride = 0;
    data->climate_fields = 0;
    if (!gndp_fieldset_shared(data->source))
        return code;
    GNDP_STEP(cli_select_open(&rest, &data->path, 1, &silent, NULL, &all));
    const gndp_fieldset_spec *spec = gndp_fieldset_get_spec(all);
    if (spec->label == NULL || spec->coords.n != gndp_fieldset_get_spec(data->source)->coords.n)
        goto done;
    field = malloc((size_t)spec->n_fields * sizeof *field);
    if (field == NULL) {
        code = gndp_failure_memory();
        goto done;
    }
    for (int64_t f = 0; f < spec->n_fields; f++)
        if (!is_chosen(data, &spec->label[f]))
            field[n++] = f;
    if (n >= 2)
        GNDP_STEP(climate_of(all, field, n, data));
done:
    gndp_fieldset_free(all);
    free(field);
    return code;
}
