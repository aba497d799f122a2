// SPDX-License-Identifier: Apache-2.0
// Points of users as covariances and networks take them.
#include "model/model.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"

int model_dim(const gndp_model *model)
{
    const gndp_coords *coords = &gndp_fieldset_get_spec(model->fields)->coords;
    return model->frame == MODEL_SPHERE ? 3 : coords->columns;
}

/* A plane's coordinates are north, east, in the order of a grid's axes. */
static void to_plane(const gndp_projection *projection, int64_t n, const double *degrees, double *out)
{
    gndp_projection_apply(projection, n, degrees, out);
    for (int64_t i = 0; i < n; i++) {
        const double east = out[2 * i];
        out[2 * i] = out[2 * i + 1];
        out[2 * i + 1] = east;
    }
}

void model_embed(const gndp_model *model, int64_t n, const double *x, double *out)
{
    const gndp_coords *coords = &gndp_fieldset_get_spec(model->fields)->coords;
    if (model->frame == MODEL_PLANE)
        to_plane(&model->projection, n, x, out);
    else if (model->frame == MODEL_SPHERE)
        gndp_coords_embed(GNDP_SPACE_SPHERE, 2, n, x, out);
    else
        memcpy(out, x, (size_t)(n * coords->columns) * sizeof *out);
}

void model_swap(const gndp_model *model, int64_t n, int64_t m, double *values)
{
    const gndp_fieldset_spec *spec = gndp_fieldset_get_spec(model->fields);
    const int components = gndp_fieldset_components(model->fields);
    int at = 0;
    if (model->frame != MODEL_PLANE)
        return;
    for (int c = 0; c < spec->n_channels; at += spec->channel[c++].components) {
        if (spec->channel[c].kind != GNDP_CHANNEL_VECTOR)
            continue;
        for (int64_t i = 0; i < n * m; i++) {
            const double east = values[i * components + at];
            values[i * components + at] = values[i * components + at + 1];
            values[i * components + at + 1] = east;
        }
    }
}

/* Longitudes that follow each other by 360/n all the way round: what the block factorisation needs. */
static bool whole_circle(const gndp_axis *lon)
{
    const double step = 360.0 / (double)lon->size;
    for (int64_t i = 1; i < lon->size; i++) {
        const double error = lon->value[i] - lon->value[0] - step * (double)i;
        if (error > 1e-4 * step || error < -1e-4 * step)
            return false;
    }
    return lon->size >= 2;
}

static gndp_status list_points(const gndp_model *model, const gndp_coords *coords, const double *x, gndp_points *out)
{
    gndp_status st = GNDP_OK;
    out->kind = GNDP_POINTS_LIST;
    GNDP_TRY(gndp_array_create(gndp_type_2d(GNDP_F64, coords->n, model_dim(model)), &out->x));
    memcpy(out->x.data, x, gndp_type_bytes(out->x.type));
done:
    return st;
}

/* Axes of a grid in the model's frame; a plane keeps a grid a grid. */
static gndp_status product_points(const gndp_model *model, const gndp_coords *coords, gndp_points *out)
{
    gndp_status st = GNDP_OK;
    out->kind = GNDP_POINTS_PRODUCT;
    out->n_axes = coords->columns;
    for (int a = 0; a < coords->columns; a++) {
        const gndp_axis *axis = &coords->axis[a];
        double *value = malloc((size_t)axis->size * sizeof *value);
        GNDP_CHECK(value != NULL, GNDP_ERR_NOMEM, "axis of %lld", (long long)axis->size);
        out->axis[a] = value;
        out->axis_size[a] = axis->size;
        for (int64_t i = 0; i < axis->size; i++) {
            double at[2] = {model->projection.lat0_deg, model->projection.lon0_deg}, km[2];
            value[i] = axis->value[i];
            if (model->frame == MODEL_PLANE) {
                at[a] = axis->value[i];
                to_plane(&model->projection, 1, at, km);
                value[i] = km[a];
            }
        }
    }
done:
    return st;
}

static gndp_status latlon_points(const gndp_coords *coords, gndp_points *out)
{
    gndp_status st = GNDP_OK;
    const int64_t n = coords->axis[0].size;
    double *lat = malloc((size_t)n * sizeof *lat);
    GNDP_CHECK(lat != NULL, GNDP_ERR_NOMEM, "%lld latitudes", (long long)n);
    memcpy(lat, coords->axis[0].value, (size_t)n * sizeof *lat);
    *out = (gndp_points){.kind = GNDP_POINTS_LATLON, .lat_deg = lat, .n_lat = n, .n_lon = coords->axis[1].size,
                         .lon0_deg = coords->axis[1].value[0]};
done:
    return st;
}

static gndp_status check_space(const gndp_model *model, const gndp_coords *coords)
{
    gndp_status st = GNDP_OK;
    const gndp_coords *own = &gndp_fieldset_get_spec(model->fields)->coords;
    GNDP_CHECK(coords->space == own->space && coords->columns == own->columns, GNDP_ERR_SHAPE,
               "the model was trained on %s with %d coordinates, these points have %d %s",
               own->space == GNDP_SPACE_SPHERE ? "the sphere" : "abstract coordinates", own->columns, coords->columns,
               coords->space == GNDP_SPACE_SPHERE ? "on the sphere" : "abstract ones");
    GNDP_TRY(gndp_coords_check(coords));
done:
    return st;
}

gndp_status gndp_model_points(const gndp_model *model, const gndp_coords *coords, gndp_array *x, gndp_points **points)
{
    gndp_status st = GNDP_OK;
    double *shown = NULL;
    gndp_points *p = NULL;
    gndp_array out = {0};
    GNDP_CHECK(model != NULL && coords != NULL && x != NULL, GNDP_ERR_ARG, "an argument is NULL");
    memset(x, 0, sizeof *x);
    if (points != NULL)
        *points = NULL;
    GNDP_TRY(check_space(model, coords));
    shown = malloc((size_t)(coords->n * coords->columns) * sizeof *shown);
    GNDP_CHECK(shown != NULL, GNDP_ERR_NOMEM, "%lld points", (long long)coords->n);
    gndp_coords_list(coords, shown);
    GNDP_TRY(gndp_array_create(gndp_type_2d(GNDP_F64, coords->n, model_dim(model)), &out));
    model_embed(model, coords->n, shown, out.data);
    if (points != NULL) {
        p = calloc(1, sizeof *p);
        GNDP_CHECK(p != NULL, GNDP_ERR_NOMEM, "points");
        if (coords->layout == GNDP_LAYOUT_LIST || coords->columns > 4)
            GNDP_TRY(list_points(model, coords, out.data, p));
        else if (model->frame != MODEL_SPHERE)
            GNDP_TRY(product_points(model, coords, p));
        else if (whole_circle(&coords->axis[1]))
            GNDP_TRY(latlon_points(coords, p));
        else
            GNDP_TRY(list_points(model, coords, out.data, p));
        *points = p;
        p = NULL;
    }
    *x = out;
    memset(&out, 0, sizeof out);
done:
    free(shown);
    gndp_array_free(&out);
    gndp_model_points_free(p);
    return st;
}

static void free_const(const void *memory)
{
    void *p;
    memcpy(&p, &memory, sizeof p);
    free(p);
}

void gndp_model_points_free(gndp_points *points)
{
    if (points == NULL)
        return;
    gndp_array_free(&points->x);
    for (int a = 0; a < 4; a++)
        free_const(points->axis[a]);
    free_const(points->lat_deg);
    free(points);
}
