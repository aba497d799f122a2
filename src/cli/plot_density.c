// SPDX-License-Identifier: Apache-2.0
// Where the members of a forecast pass, and how far they are from the truth by lead.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/plot_forecast.h"
#include "cli/usage.h"

static const double degree = 3.14159265358979323846 / 180.0;
enum { CELLS = 240 }; /* along the longer side */

/* ---- Where members pass ----------------------------------------------------------------------- */

void plot_density_free(plot_density *d)
{
    free(d->lat);
    free(d->lon);
    free(d->value);
    *d = (plot_density){0};
}

/* Extent of members and truth: longitudes go on over the date line from the first place. */
typedef struct extent {
    double low[2], high[2], before; /* latitude, longitude */
} extent;

static void widen(extent *e, const double *xyz)
{
    double at[2];
    gndp_sphere_to_degrees(1, xyz, &at[0], &at[1]);
    if (!isnan(e->before))
        at[1] += 360.0 * round((e->before - at[1]) / 360.0);
    e->before = at[1];
    for (int k = 0; k < 2; k++) {
        e->low[k] = fmin(e->low[k], at[k]);
        e->high[k] = fmax(e->high[k], at[k]);
    }
}

static gndp_axis axis_of(const char *name, const char *units, int64_t n, const double *value)
{
    gndp_axis axis = {.size = n, .value = value};
    snprintf(axis.name, sizeof axis.name, "%s", name);
    snprintf(axis.standard_name, sizeof axis.standard_name, "%s", name);
    snprintf(axis.units, sizeof axis.units, "%s", units);
    return axis;
}

static int make_grid(const plot_forecast *f, plot_density *d)
{
    extent e = {{90.0, 1e9}, {-90.0, -1e9}, (double)NAN};
    for (int64_t i = 0; i < f->n_true; i++)
        widen(&e, f->true_xyz + 3 * i);
    const double home = 0.5 * (e.low[1] + e.high[1]);
    for (int64_t i = 0; i < f->members * f->n; i++) {
        if (i % f->n == 0)
            e.before = home;
        if (!isnan(f->xyz[3 * i]))
            widen(&e, f->xyz + 3 * i);
    }
    const double margin = 2.0 * PLOT_STRIKE_KM / GNDP_EARTH_RADIUS_KM / degree;
    e.low[0] = fmax(e.low[0] - margin, -90.0);
    e.high[0] = fmin(e.high[0] + margin, 90.0);
    const double away = fmax(fabs(e.low[0]), fabs(e.high[0])), stretch = away < 85.0 ? margin / cos(away * degree) : 360.0;
    e.low[1] -= stretch;
    e.high[1] += stretch;
    const bool around = e.high[1] - e.low[1] >= 359.0;
    if (around) { /* the whole circle, once */
        e.low[1] = home - 180.0;
        e.high[1] = home + 180.0;
    }
    while (e.low[1] < -180.0) {
        e.low[1] += 360.0;
        e.high[1] += 360.0;
    }
    const double step = fmax(e.high[0] - e.low[0], e.high[1] - e.low[1]) / CELLS;
    const int64_t rows = (int64_t)ceil((e.high[0] - e.low[0]) / step), columns = around ? CELLS : (int64_t)ceil((e.high[1] - e.low[1]) / step);
    d->lat = malloc((size_t)rows * sizeof *d->lat);
    d->lon = malloc((size_t)columns * sizeof *d->lon);
    d->value = calloc((size_t)(rows * columns), sizeof *d->value);
    if (d->lat == NULL || d->lon == NULL || d->value == NULL)
        return gndp_failure_memory();
    for (int64_t i = 0; i < rows; i++)
        d->lat[i] = e.low[0] + (e.high[0] - e.low[0]) * ((double)i + 0.5) / (double)rows;
    for (int64_t j = 0; j < columns; j++)
        d->lon[j] = e.low[1] + (e.high[1] - e.low[1]) * ((double)j + 0.5) / (double)columns;
    d->coords = (gndp_coords){.space = GNDP_SPACE_SPHERE, .layout = GNDP_LAYOUT_PRODUCT, .columns = 2, .n = rows * columns};
    d->coords.axis[0] = axis_of("latitude", "degrees_north", rows, d->lat);
    d->coords.axis[1] = axis_of("longitude", "degrees_east", columns, d->lon);
    return GNDP_EXIT_DONE;
}

/* Mark the cells within the distance of a place. */
static void stamp(const plot_density *d, const double *cell, const double *x, uint8_t *mark)
{
    const int64_t rows = d->coords.axis[0].size, columns = d->coords.axis[1].size;
    const double reach = PLOT_STRIKE_KM / GNDP_EARTH_RADIUS_KM, lat = atan2(x[2], hypot(x[0], x[1])) / degree, near = cos(reach);
    for (int64_t i = 0; i < rows; i++) {
        if (fabs(d->lat[i] - lat) > reach / degree)
            continue;
        for (int64_t j = 0; j < columns; j++) {
            const double *c = cell + 3 * (i * columns + j);
            if (c[0] * x[0] + c[1] * x[1] + c[2] * x[2] >= near)
                mark[i * columns + j] = 1;
        }
    }
}

/* A member's track from the last fix given, in steps of a quarter of the distance. */
static void stamp_track(const plot_forecast *f, const plot_density *d, const double *cell, int64_t m, uint8_t *mark)
{
    const double *before = NULL;
    for (int64_t i = 0; i < f->n; i++) {
        const double *x = f->xyz + 3 * (m * f->n + i);
        if (isnan(x[0]) || f->time_s[i] < f->reference_s)
            continue;
        double v[3], y[3];
        const double *from = before != NULL ? before : x;
        const int64_t steps = 1 + (int64_t)(gndp_sphere_distance(3, from, x) * GNDP_EARTH_RADIUS_KM / (0.25 * PLOT_STRIKE_KM));
        gndp_sphere_log(3, 1, from, x, v);
        for (int64_t s = 1; s <= steps; s++) {
            const double part[3] = {v[0] * (double)s / (double)steps, v[1] * (double)s / (double)steps, v[2] * (double)s / (double)steps};
            gndp_sphere_exp(3, 1, from, part, y);
            stamp(d, cell, y, mark);
        }
        before = x;
    }
}

int plot_density_make(const plot_forecast *f, plot_density *d)
{
    int code = GNDP_EXIT_DONE;
    double *cell = NULL, *places = NULL;
    uint8_t *mark = NULL;
    GNDP_STEP(make_grid(f, d));
    const size_t n = (size_t)d->coords.n;
    cell = malloc(3 * n * sizeof *cell);
    places = malloc(2 * n * sizeof *places);
    mark = malloc(n);
    if (cell == NULL || places == NULL || mark == NULL) {
        code = gndp_failure_memory();
        goto done;
    }
    gndp_coords_list(&d->coords, places);
    gndp_coords_embed(GNDP_SPACE_SPHERE, 2, d->coords.n, places, cell);
    for (int64_t m = 0; m < f->members; m++) {
        memset(mark, 0, n);
        stamp_track(f, d, cell, m, mark);
        for (size_t i = 0; i < n; i++)
            d->value[i] += mark[i];
    }
    for (size_t i = 0; i < n; i++)
        d->value[i] /= (double)f->members;
done:
    free(cell);
    free(places);
    free(mark);
    return code;
}

/* ---- Errors of all storms --------------------------------------------------------------------- */

/* Each time that was not given, against the truth. */
static int add_errors(const plot_forecast *f, int64_t storm, gndp_track_scores *scores)
{
    int code = GNDP_EXIT_DONE;
    double *members = malloc((size_t)(3 * f->members) * sizeof *members);
    if (members == NULL)
        return gndp_failure_memory();
    for (int64_t i = 0; i < f->n; i++) {
        const int64_t truth = plot_forecast_truth(f, f->time_s[i]), n = plot_forecast_at(f, i, members);
        const double lead_h = round((f->time_s[i] - f->reference_s) / 60.0) / 60.0;
        if (truth < 0 || f->given[truth] || n == 0)
            continue;
        const gndp_track_case one = {.storm = storm, .n = 1, .lead_h = &lead_h, .members = n, .ensemble = members, .truth = f->true_xyz + 3 * truth,
                                     .log_p = (double)NAN};
        GNDP_LIBRARY(gndp_track_scores_add(scores, &one));
    }
done:
    free(members);
    return code;
}

static int draw_errors(const plot_settings *s, const gndp_track_scores *scores, const char *title)
{
    int code = GNDP_EXIT_DONE;
    double *lead_h = NULL, *memory = NULL;
    int64_t n = 0;
    GNDP_LIBRARY(gndp_track_scores_leads(scores, &lead_h, &n));
    memory = malloc((size_t)(4 * n + 1) * sizeof *memory);
    if (memory == NULL) {
        code = gndp_failure_memory();
        goto done;
    }
    if (n == 0) {
        code = gndp_failure("no forecast at a time that the true tracks have and that was not given: members are apart from the truth nowhere");
        goto done;
    }
    double *mean = memory, *low = memory + n, *high = memory + 2 * n, *spread = memory + 3 * n;
    for (int64_t l = 0; l < n; l++) {
        gndp_track_table t;
        GNDP_LIBRARY(gndp_track_scores_table(scores, lead_h[l], &t));
        const double se = isfinite(t.rmse_km.se) ? t.rmse_km.se : 0.0;
        mean[l] = t.rmse_km.value;
        low[l] = t.rmse_km.value - se;
        high[l] = t.rmse_km.value + se;
        spread[l] = t.spread_km.value;
    }
    const gndp_series series[] = {{.name = "error of the mean", .mark = GNDP_MARK_LINE, .n = n, .x = lead_h, .y = mean, .colour = 1},
                                  {.mark = GNDP_MARK_ERRORS, .n = n, .x = lead_h, .y = low, .y2 = high, .colour = 1},
                                  {.name = "spread of members", .mark = GNDP_MARK_DASHES, .n = n, .x = lead_h, .y = spread, .colour = 2}};
    const gndp_panel panel = {.x_label = "hours since the last fix given", .y_label = "root mean square (km)", .n_series = 3, .series = series};
    GNDP_LIBRARY(gndp_plot_curves(s->output, s->title != NULL ? s->title : title, 1, &panel, 1));
done:
    free(lead_h);
    free(memory);
    return code;
}

/* ---- --kind ----------------------------------------------------------------------------------- */

/* Storms of the forecast, each once, that the truth has too. */
static int errors_of_all(const plot_settings *s, const gndp_fieldset *set, const gndp_fieldset *truth)
{
    int code = GNDP_EXIT_DONE;
    const gndp_fieldset_spec *spec = gndp_fieldset_get_spec(set);
    gndp_track_scores *scores = NULL;
    plot_forecast f = {0};
    plot_line title;
    int64_t storms = 0;
    GNDP_LIBRARY(gndp_track_scores_create(0, NULL, &scores));
    for (int64_t k = 0; k < spec->n_fields; k++) {
        const char *id = spec->label[k].id;
        bool seen = id == NULL || (s->storm != NULL && strcmp(id, s->storm) != 0);
        for (int64_t i = 0; i < k && !seen; i++)
            seen = spec->label[i].id != NULL && strcmp(spec->label[i].id, id) == 0;
        if (seen)
            continue;
        GNDP_STEP(plot_forecast_read(set, truth, id, &f));
        GNDP_STEP(add_errors(&f, storms++, scores));
        plot_forecast_free(&f);
    }
    snprintf(title.text, sizeof title.text, "%lld storm%s", (long long)storms, storms == 1 ? "" : "s");
    GNDP_STEP(draw_errors(s, scores, title.text));
done:
    plot_forecast_free(&f);
    gndp_track_scores_free(scores);
    return code;
}

int plot_tracks_forecast(const plot_settings *s, const gndp_fieldset *set)
{
    int code = GNDP_EXIT_DONE, kind = 0;
    gndp_fieldset *truth = NULL;
    plot_forecast f = {0};
    const char *name = s->kind != NULL ? s->kind : plot_kinds[PLOT_SPAGHETTI], *id = s->storm;
    const gndp_logger log = cli_notes(true);
    const cli_select select = {.all_tracks = true};
    while (kind < PLOT_KINDS && strcmp(name, plot_kinds[kind]) != 0)
        kind++;
    if (kind == PLOT_KINDS)
        return gndp_usage_unknown("kind", name, gndp_nearest(name, plot_kinds, PLOT_KINDS));
    GNDP_STEP(cli_select_open(&select, &s->tracks, 1, &log, NULL, &truth));
    if (truth == NULL || gndp_fieldset_shared(truth)) {
        code = gndp_failure("%s holds no tracks", s->tracks);
        goto done;
    }
    if (kind == PLOT_ERRORS) {
        GNDP_STEP(errors_of_all(s, set, truth));
        goto done;
    }
    if (id == NULL)
        id = gndp_fieldset_get_spec(set)->label[0].id;
    if (id == NULL) {
        code = gndp_failure("%s: tracks have no ids", gndp_fieldset_get_spec(set)->origin);
        goto done;
    }
    GNDP_STEP(plot_forecast_read(set, truth, id, &f));
    GNDP_STEP(plot_forecast_map(s, &f, kind));
done:
    plot_forecast_free(&f);
    gndp_fieldset_free(truth);
    return code;
}
