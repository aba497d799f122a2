// SPDX-License-Identifier: Apache-2.0
// The table and the picture of `gndp eval --task events`.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/events.h"
#include "cli/gp_common.h"
#include "cli/output.h"

static const struct {
    const char *text, *key;
} rows[EVENTS_ROWS] = {
    [EVENTS_MODEL] = {"model", "model"},
    [EVENTS_KERNELS] = {"kernels at training rows", "kernels"},
    [EVENTS_KERNELS_DISTINCT] = {"the same, width by places", "kernels_distinct"},
    [EVENTS_UNIFORM] = {"uniform", "uniform"},
};

static bool has(const cli_events *e, int row)
{
    return row != EVENTS_KERNELS_DISTINCT || e->distinct < e->train;
}

static void print_value(cli_events_value v)
{
    char text[40] = "none", error[24] = "";
    if (v.n > 1)
        snprintf(error, sizeof error, " +- %.3f", v.se);
    if (v.n > 0)
        snprintf(text, sizeof text, "%.3f%s", v.mean, error);
    printf("  %17s", text);
}

void cli_events_print(const cli_events *e)
{
    const cli_events_options *o = e->options;
    char head[2][40], how[64];
    snprintf(head[0], sizeof head[0], "%lld rows", (long long)e->all[0].n);
    snprintf(head[1], sizeof head[1], "%lld at new places", (long long)e->unseen[0].n);
    printf("-ln density, nats (density by area on the unit sphere); %s part of %s\ntrained on %lld rows at %lld places\n\n%-26s  %17s  %17s  %10s\n",
           o->part_name, gndp_fieldset_get_spec(o->data->all)->origin, (long long)e->train, (long long)e->distinct, "", head[0], head[1], "integral");
    for (int row = 0; row < EVENTS_ROWS; row++) {
        if (!has(e, row))
            continue;
        printf("%-26s", rows[row].text);
        print_value(e->all[row]);
        print_value(e->unseen[row]);
        printf("  %10.4f", e->integral[row]);
        if (e->kappa[row] > 0.0)
            printf("  kappa %.4g (%.3g degrees)%s", e->kappa[row], 57.295779513082321 / sqrt(e->kappa[row]),
                   e->kappa[row] > 0.99 * e->kappa_high ? ", the highest tried: unbounded" : "");
        printf("\n");
    }
    printf("\nintegral of the model by draws, which do not step over narrow peaks: %.4f +- %.4f\n", e->drawn, e->drawn_se);
    printf("\npublished, other rows and splits (De Bortoli et al. 2022, +- 95 %% over 5 splits): volcano -4.92 +- .25, earthquake -.19 +- .07,\n"
           "flood .48 +- .09, fire -1.33 +- .06; mixture of Kent laws -.80 +- .47, .33 +- .05, .73 +- .07, 1.18 +- .06\n");
    if (o->flow.solver == GNDP_ODE_ADAPTIVE)
        snprintf(how, sizeof how, "adaptive to %g", o->flow.tolerance);
    else
        snprintf(how, sizeof how, "%s-%lld", o->solver, (long long)o->flow.steps);
    printf("%s, integral on %lld latitudes times %lld longitudes, %s\n", how, (long long)o->n_lat, (long long)(2 * o->n_lat),
           gndp_duration_text(e->seconds).text);
}

static json_t *value_json(cli_events_value v)
{
    return json_pack("{s:I, s:o, s:o}", "n", (json_int_t)v.n, "mean", gp_json_number(v.mean), "se", gp_json_number(v.se));
}

int cli_events_print_json(const cli_events *e)
{
    const cli_events_options *o = e->options;
    json_t *list = json_array();
    for (int row = 0; row < EVENTS_ROWS; row++) {
        if (!has(e, row))
            continue;
        json_t *one = json_pack("{s:s, s:o, s:o, s:o}", "name", rows[row].key, "nll", value_json(e->all[row]), "nll_new_places", value_json(e->unseen[row]),
                                "integral", gp_json_number(e->integral[row]));
        if (e->kappa[row] > 0.0)
            json_object_set_new(one, "kappa", gp_json_number(e->kappa[row]));
        json_array_append_new(list, one);
    }
    return gp_json_write(json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:s, s:I, s:I, s:I, s:f, s:o, s:o}", "command", "eval", "task", "events", "model",
                                   gndp_model_hash(e->model), "part", o->part_name, "step", (json_int_t)gndp_model_get_progress(e->model).step,
                                   "training_rows", (json_int_t)e->train, "training_places", (json_int_t)e->distinct, "solver", o->solver, "steps",
                                   (json_int_t)o->flow.steps, "probes", (json_int_t)o->flow.probes, "n_lat", (json_int_t)o->n_lat, "seconds", e->seconds,
                                   "integral_by_draws",
                                   json_pack("{s:f, s:f}", "mean", e->drawn, "se", e->drawn_se), "rows", list));
}

int cli_events_picture(const cli_events *e, const double *x, const double *log_p, int64_t n, const double *place)
{
    int code = GNDP_EXIT_DONE;
    const cli_events_options *o = e->options;
    const int64_t n_lat = o->n_lat, n_lon = 2 * n_lat;
    double *degrees = malloc((size_t)(n_lat + n_lon + 2 * n) * sizeof *degrees), *lat = degrees, *lon = degrees + n_lat, *at = lon + n_lon;
    char *path = NULL, title[200];
    bool coast = false;
    const struct gndp_map_scale scale = {.label = "ln density (nats)", .palette = GNDP_PALETTE_SEQUENTIAL, .low = -10.0, .high = 4.0};
    const gndp_map_options options = {.n_scales = 1, .scale = &scale, .columns = 1};
    gndp_coords coords = {.space = GNDP_SPACE_SPHERE, .layout = GNDP_LAYOUT_PRODUCT, .columns = 2, .n = n_lat * n_lon};
    coords.axis[0] = (gndp_axis){.name = "latitude", .units = "degrees_north", .size = n_lat, .value = lat};
    coords.axis[1] = (gndp_axis){.name = "longitude", .units = "degrees_east", .size = n_lon, .value = lon};
    if (degrees == NULL)
        return gndp_failure_memory();
    for (int64_t i = 0; i < n_lat; i++)
        gndp_sphere_to_degrees(1, x + 3 * n_lon * i, lat + i, NULL);
    for (int64_t i = 0; i < n_lon; i++)
        lon[i] = -180.0 + 360.0 * (double)i / (double)n_lon;
    gndp_sphere_to_degrees(n, place, at, at + n);
    snprintf(title, sizeof title, "model %s and the %lld places of its %s part", gndp_model_hash(e->model), (long long)n, o->part_name);
    double *turned = malloc((size_t)(n_lat * n_lon) * sizeof *turned); /* from 180 west on, so that the map breaks where maps do */
    if (turned == NULL) {
        code = gndp_failure_memory();
        goto done;
    }
    for (int64_t i = 0; i < n_lat; i++)
        for (int64_t k = 0; k < n_lon; k++)
            turned[i * n_lon + k] = log_p[i * n_lon + (k + n_lat) % n_lon];
    const gndp_map map = {.title = title, .coords = &coords, .value = turned, .points = {.n = n, .lat_deg = at, .lon_deg = at + n}};
    GNDP_STEP(gndp_picture_path(o->pictures, "density", o->overwrite, &path));
    GNDP_LIBRARY(gndp_plot_maps(path, &options, 1, &map, &coast));
done:
    free(path);
    free(turned);
    free(degrees);
    return code;
}
