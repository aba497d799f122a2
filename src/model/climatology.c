// SPDX-License-Identifier: Apache-2.0
// A model's normaliser at other points than those of its training: climatologies between grid points.
#include "model/model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

/* Two neighbours on an axis and the weight of the second. */
typedef struct bracket {
    int64_t a, b;
    double weight;
} bracket;

/* The axis runs by `turn` (360) round a circle and closes; 0: it does not. Up to half a spacing beyond an end the end's value is taken: cells have a
   width. False: farther out. */
static bool find_bracket(const gndp_axis *axis, double turn, double x, bracket *out)
{
    const int64_t n = axis->size;
    const double *v = axis->value;
    const double sign = n > 1 && v[n - 1] < v[0] ? -1.0 : 1.0;
    int64_t low = 0, high = n - 1;
    *out = (bracket){0, 0, 0.0};
    if (n == 1)
        return x == v[0];
    if (sign * (x - v[0]) < 0.0) {
        *out = turn != 0.0 ? (bracket){n - 1, 0, 1.0 - (v[0] - x) / (v[0] + sign * turn - v[n - 1])} : (bracket){0, 0, 0.0};
        return turn != 0.0 || fabs(x - v[0]) <= 0.5001 * fabs(v[1] - v[0]);
    }
    if (sign * (x - v[n - 1]) > 0.0) {
        *out = turn != 0.0 ? (bracket){n - 1, 0, (x - v[n - 1]) / (v[0] + sign * turn - v[n - 1])} : (bracket){n - 1, n - 1, 0.0};
        return turn != 0.0 || fabs(x - v[n - 1]) <= 0.5001 * fabs(v[n - 1] - v[n - 2]);
    }
    while (high - low > 1) {
        const int64_t middle = low + (high - low) / 2;
        *(sign * (x - v[middle]) >= 0.0 ? &low : &high) = middle;
    }
    *out = (bracket){low, high, (x - v[low]) / (v[high] - v[low])};
    return true;
}

/* Longitudes are taken to the turn in which the axis lies. */
static double to_turn(const gndp_axis *axis, double lon)
{
    const double centre = 0.5 * (axis->value[0] + axis->value[axis->size - 1]);
    return lon + 360.0 * round((centre - lon) / 360.0);
}

/* A map [N, P] of the normaliser, multilinear between the corners of the cell that holds x [C]: out [P]. */
static gndp_status interpolate(const gndp_model *model, const gndp_coords *own, const double *map, int64_t point, const double *x, double *out)
{
    gndp_status st = GNDP_OK;
    const gndp_normaliser *z = &model->normaliser;
    const bool sphere = own->space == GNDP_SPACE_SPHERE, periodic = sphere && gndp_coords_periodic(own);
    bracket at[GNDP_MAX_AXES];
    for (int a = 0; a < own->columns; a++) {
        const bool lon = sphere && a == 1;
        const gndp_axis *axis = &own->axis[a];
        GNDP_CHECK(find_bracket(axis, lon && periodic ? 360.0 : 0.0, lon ? to_turn(axis, x[a]) : x[a], &at[a]), GNDP_ERR_RANGE,
                   "point %lld: %s %g lies outside %g .. %g, where the model has a climatology", (long long)point, axis->name, x[a], axis->value[0],
                   axis->value[axis->size - 1]);
    }
    for (int p = 0; p < z->components; p++)
        out[p] = 0.0;
    for (int corner = 0; corner < 1 << own->columns; corner++) {
        double weight = 1.0;
        int64_t index = 0;
        for (int a = 0; a < own->columns; a++) {
            const bool second = (corner >> a & 1) != 0;
            weight *= second ? at[a].weight : 1.0 - at[a].weight;
            index = index * own->axis[a].size + (second ? at[a].b : at[a].a);
        }
        for (int p = 0; p < z->components && weight != 0.0; p++)
            out[p] += weight * map[index * z->components + p];
    }
done:
    return st;
}

/* Listed points have a climatology where they are and nowhere else. */
static gndp_status look_up(const gndp_model *model, const gndp_coords *own, const double *map, int64_t point, const double *x, double *out)
{
    gndp_status st = GNDP_OK;
    const gndp_normaliser *z = &model->normaliser;
    for (int64_t i = 0; i < own->n; i++) {
        bool same = true;
        for (int a = 0; a < own->columns; a++)
            same = same && fabs(own->x[i * own->columns + a] - x[a]) <= 1e-6;
        if (same) {
            memcpy(out, map + i * z->components, (size_t)z->components * sizeof *out);
            return GNDP_OK;
        }
    }
    GNDP_CHECK(false, GNDP_ERR_RANGE, "point %lld (%g, ..) is none of the %lld points where the model has a climatology", (long long)point, x[0],
               (long long)own->n);
done:
    return st;
}

/* A map of the normaliser at other points x: out [M, P]. */
static gndp_status move_map(const gndp_model *model, const double *map, const gndp_coords *coords, const double *x, double *out)
{
    gndp_status st = GNDP_OK;
    const gndp_coords *own = &gndp_fieldset_get_spec(model->fields)->coords;
    const int components = model->normaliser.components;
    for (int64_t i = 0; i < coords->n; i++) {
        const double *at = x + i * coords->columns;
        if (own->layout == GNDP_LAYOUT_PRODUCT)
            GNDP_TRY(interpolate(model, own, map, i, at, out + i * components));
        else
            GNDP_TRY(look_up(model, own, map, i, at, out + i * components));
    }
done:
    return st;
}

gndp_status model_normaliser_at(const gndp_model *model, const gndp_coords *coords, gndp_normaliser *out)
{
    gndp_status st = GNDP_OK;
    const gndp_normaliser *z = &model->normaliser;
    double *x = NULL;
    GNDP_TRY(gndp_normaliser_identity(z->components, out));
    memcpy(out->mean, z->mean, (size_t)z->components * sizeof *z->mean);
    memcpy(out->scale, z->scale, (size_t)z->components * sizeof *z->scale);
    if (z->points == 0)
        goto done;
    x = malloc((size_t)(coords->n * coords->columns) * sizeof *x);
    out->climatology = malloc((size_t)(coords->n * z->components) * sizeof *out->climatology);
    if (z->spread != NULL)
        out->spread = malloc((size_t)(coords->n * z->components) * sizeof *out->spread);
    GNDP_CHECK(x != NULL && out->climatology != NULL && (z->spread == NULL || out->spread != NULL), GNDP_ERR_NOMEM, "climatology of %lld points", (long long)coords->n);
    gndp_coords_list(coords, x);
    out->points = coords->n;
    GNDP_TRY(move_map(model, z->climatology, coords, x, out->climatology));
    if (z->spread != NULL)
        GNDP_TRY(move_map(model, z->spread, coords, x, out->spread));
done:
    free(x);
    return st;
}
