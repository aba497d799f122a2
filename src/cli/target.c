// SPDX-License-Identifier: Apache-2.0
// Target points of a model from options.
#include "cli/target.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/usage.h"

static bool names_places(const gndp_place_options *o)
{
    return o->line != NULL || o->plane != NULL || o->grid != NULL || o->scatter != NULL || o->points != NULL;
}

/* Places of the program as coordinates with the model's names and units. */
static int from_places(const gndp_coords *own, cli_target *t)
{
    gndp_coords *c = &t->coords;
    const gndp_points *points = &t->places.points;
    *c = *own;
    for (int a = 0; a < c->columns; a++) {
        c->axis[a].size = 0;
        c->axis[a].value = NULL;
    }
    if (t->places.sphere != (own->space == GNDP_SPACE_SPHERE) || gndp_places_columns(&t->places) != own->columns)
        return gndp_failure("the model's fields have %d coordinates %s; the points asked for have %d %s", own->columns,
                            own->space == GNDP_SPACE_SPHERE ? "on the sphere" : "x1, ..", gndp_places_columns(&t->places),
                            t->places.sphere ? "on the sphere" : "x1, ..");
    c->n = t->places.n;
    c->layout = points->kind == GNDP_POINTS_LIST ? GNDP_LAYOUT_LIST : GNDP_LAYOUT_PRODUCT;
    c->x = points->kind == GNDP_POINTS_LIST ? t->places.shown.data : NULL;
    if (points->kind == GNDP_POINTS_PRODUCT)
        for (int a = 0; a < points->n_axes; a++) {
            c->axis[a].size = points->axis_size[a];
            c->axis[a].value = points->axis[a];
        }
    if (points->kind == GNDP_POINTS_LATLON) {
        c->axis[0].size = points->n_lat;
        c->axis[0].value = points->lat_deg;
        double *lon = malloc((size_t)points->n_lon * sizeof *lon);
        if (lon == NULL)
            return gndp_failure_memory();
        t->places.axis[1] = lon; /* freed with the places */
        for (int64_t i = 0; i < points->n_lon; i++)
            lon[i] = points->lon0_deg + 360.0 * (double)i / (double)points->n_lon;
        c->axis[1].size = points->n_lon;
        c->axis[1].value = lon;
    }
    return GNDP_EXIT_DONE;
}

int cli_target_make(const cli_target_options *options, const gndp_model *model, uint64_t seed, cli_target *out)
{
    int code = GNDP_EXIT_DONE;
    const gndp_coords *own = &gndp_model_fields(model)->coords;
    memset(out, 0, sizeof *out);
    if (options->like != NULL && names_places(&options->places))
        return gndp_usage_error("--like names the points already");
    if (options->like != NULL) {
        gndp_read_options read = gndp_read_options_default();
        GNDP_LIBRARY(gndp_file_open(&options->like, 1, &read, &out->like));
        if (!gndp_fieldset_shared(out->like))
            return gndp_failure("%s: its fields have points of their own; a grid or stations are wanted", options->like);
        out->coords = gndp_fieldset_get_spec(out->like)->coords;
        snprintf(out->text, sizeof out->text, "%lld points of %s", (long long)out->coords.n, options->like);
    } else if (names_places(&options->places)) {
        GNDP_STEP(gndp_places_make(&options->places, seed, &out->places));
        GNDP_STEP(from_places(own, out));
        snprintf(out->text, sizeof out->text, "%s", out->places.text);
    } else {
        if (own->n < 2)
            return gndp_usage_error("the fields that the model was trained on had points of their own: say where, by --line, --plane, --grid, "
                                    "--points or --like");
        out->coords = *own;
        snprintf(out->text, sizeof out->text, "%lld points, those of the training", (long long)own->n);
    }
done:
    return code;
}

void cli_target_free(cli_target *target)
{
    gndp_places_free(&target->places);
    gndp_fieldset_free(target->like);
}
