// SPDX-License-Identifier: Apache-2.0
// A set of fields seen in a plane: coordinates in km, vectors turned, values shared.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "fields/fieldset.h"
#include "fields/projection.h"

static void name_axis(gndp_axis *axis, const char *name)
{
    *axis = (gndp_axis){.size = 0};
    snprintf(axis->name, sizeof axis->name, "%s", name);
    snprintf(axis->standard_name, sizeof axis->standard_name, "projection_%s_coordinate", name);
    snprintf(axis->units, sizeof axis->units, "km");
}

/* Each axis by itself: the other coordinate does not enter. */
static gndp_status project_axes(const gndp_projection *projection, const gndp_coords *from,
                                double *value[2])
{
    gndp_status st = GNDP_OK;
    for (int c = 0; c < 2; c++) {
        const gndp_axis *axis = &from->axis[c];
        value[c] = malloc((size_t)axis->size * sizeof *value[c]);
        GNDP_CHECK(value[c] != NULL, GNDP_ERR_NOMEM, "an axis of %lld", (long long)axis->size);
        for (int64_t i = 0; i < axis->size; i++) {
            double at[2] = {projection->lat0_deg, projection->lon0_deg}, km[2];
            at[c] = axis->value[i];
            gndp_projection_apply(projection, 1, at, km);
            value[c][i] = km[1 - c];
        }
    }
    const gndp_axis *lon = &from->axis[1];
    for (int64_t i = 0; i + 1 < lon->size; i++)
        GNDP_CHECK(
            (value[1][i] < value[1][i + 1]) == (lon->value[i] < lon->value[i + 1]), GNDP_ERR_RANGE,
            "axis '%s' passes the meridian opposite to the centre of the plane, %.9g, between "
            "%.9g and %.9g: the grid is torn apart there",
            lon->name, projection->lon0_deg, lon->value[i], lon->value[i + 1]);
done:
    return st;
}

/* Channels whose components follow the columns, y before x. */
static gndp_channel swap_parts(gndp_channel channel, bool turned)
{
    if (channel.kind != GNDP_CHANNEL_VECTOR)
        return channel;
    const gndp_channel from = channel;
    channel.part[0] = from.part[1];
    channel.part[1] = from.part[0];
    for (int i = 0; turned && i < 2; i++) /* northward it is no more */
        channel.part[i].standard_name[0] = '\0';
    return channel;
}

static gndp_status list_in_plane(const gndp_projection *projection, int64_t n,
                                 const double *degrees, gndp_coords *coords, double **km)
{
    gndp_status st = GNDP_OK;
    double *x = malloc((size_t)n * 2 * sizeof *x);
    *km = x;
    GNDP_CHECK(x != NULL, GNDP_ERR_NOMEM, "%lld points", (long long)n);
    gndp_projection_apply(projection, n, degrees, x);
    for (int64_t i = 0; i < n; i++) { /* columns y, x */
        const double east = x[2 * i];
        x[2 * i] = x[2 * i + 1];
        x[2 * i + 1] = east;
    }
    coords->layout = GNDP_LAYOUT_LIST;
    coords->x = x;
    coords->n = n;
done:
    return st;
}

static gndp_status note_turns(const gndp_projection *projection, int64_t n, const double *degrees,
                              gndp_fieldset *set)
{
    gndp_status st = GNDP_OK;
    GNDP_TRY(gndp_fieldset_keep(set, NULL, 2 * n, sizeof *set->turn, &set->turn));
    for (int64_t i = 0; i < n; i++)
        gndp_projection_angle(projection, degrees + 2 * i, &set->turn[2 * i],
                              &set->turn[2 * i + 1]);
done:
    return st;
}

static gndp_status check_projection(const gndp_projection *p)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(p->kind == GNDP_PROJECTION_EQUIRECTANGULAR || p->kind == GNDP_PROJECTION_AZIMUTHAL,
               GNDP_ERR_ARG, "projection %d is none", (int)p->kind);
    GNDP_CHECK(isfinite(p->lat0_deg) && isfinite(p->lon0_deg) && isfinite(p->radius_km),
               GNDP_ERR_NONFINITE, "a projection about %g, %g of radius %g", p->lat0_deg,
               p->lon0_deg, p->radius_km);
    GNDP_CHECK(fabs(p->lat0_deg) <= 90.0 && p->radius_km > 0.0, GNDP_ERR_RANGE,
               "a projection about latitude %g of radius %g km", p->lat0_deg, p->radius_km);
    GNDP_CHECK(p->kind == GNDP_PROJECTION_AZIMUTHAL || fabs(p->lat0_deg) < 90.0, GNDP_ERR_RANGE,
               "an equirectangular plane about a pole has no width: take the azimuthal one");
done:
    return st;
}

gndp_status gndp_fieldset_project(const gndp_fieldset *from, const gndp_projection *projection,
                                  gndp_fieldset **out)
{
    gndp_status st = GNDP_OK;
    gndp_fieldset *set = NULL;
    gndp_channel *channel = NULL;
    double *degrees = NULL, *km = NULL, *value[2] = {NULL, NULL};
    int64_t n = 0;
    GNDP_CHECK(out != NULL, GNDP_ERR_ARG, "out is NULL");
    *out = NULL;
    GNDP_CHECK(from != NULL && projection != NULL, GNDP_ERR_ARG, "%s is NULL",
               from == NULL ? "from" : "projection");
    GNDP_TRY(check_projection(projection));
    GNDP_TRY(gndp_projection_places(from, &n, &degrees));
    const bool turned = projection->kind == GNDP_PROJECTION_AZIMUTHAL;

    gndp_fieldset_spec spec = from->spec;
    spec.coords.space = GNDP_SPACE_EUCLIDEAN;
    name_axis(&spec.coords.axis[0], "y");
    name_axis(&spec.coords.axis[1], "x");
    if (from->spec.coords.layout == GNDP_LAYOUT_PRODUCT && !turned) {
        GNDP_TRY(project_axes(projection, &from->spec.coords, value));
        for (int c = 0; c < 2; c++) {
            spec.coords.axis[c].size = from->spec.coords.axis[c].size;
            spec.coords.axis[c].value = value[c];
        }
    } else {
        GNDP_TRY(list_in_plane(projection, n, degrees, &spec.coords, &km));
    }
    channel = malloc((size_t)spec.n_channels * sizeof *channel);
    GNDP_CHECK(channel != NULL, GNDP_ERR_NOMEM, "%d channels", spec.n_channels);
    for (int k = 0; k < spec.n_channels; k++)
        channel[k] = swap_parts(spec.channel[k], turned);
    spec.channel = channel;
    GNDP_TRY(gndp_fieldset_begin(&spec, &set));
    set->plane = true;
    if (turned)
        GNDP_TRY(note_turns(projection, n, degrees, set));
    if (from->field != NULL)
        GNDP_TRY(
            gndp_fieldset_keep(set, from->field, spec.n_fields, sizeof *from->field, &set->field));
    set->store = gndp_field_store_share(from->store);
    *out = set;
    set = NULL;
done:
    gndp_fieldset_free(set);
    free(channel);
    free(degrees);
    free(km);
    free(value[0]);
    free(value[1]);
    return st;
}
