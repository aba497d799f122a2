// SPDX-License-Identifier: Apache-2.0
// Sets of fields on planes and spheres, and models for them.
#ifndef GNDP_TESTS_MODEL_CASE_H
#define GNDP_TESTS_MODEL_CASE_H

#include "train/train_case.h"

/* Fields on a grid of latitudes and longitudes: value = 280 + a lat + b lon(as given) + noise of member f; channels: one scalar, or one and wind. */
typedef struct sphere_case {
    int64_t n_lat, n_lon;
    double lat0, dlat, lon0, dlon;
    int vectors; /* 1: wind behind the scalar, 2: before it */
} sphere_case;

enum { SPHERE_FIELDS = 6 };

static inline gndp_fieldset *sphere_fields(const sphere_case *c)
{
    static const char *const part[] = {"u10", "v10"};
    const gndp_channel scalar = gndp_channel_scalar("t2m", "K"), wind = gndp_channel_vector("wind", "m s-1", 2, part);
    const gndp_channel order[2] = {c->vectors == 2 ? wind : scalar, c->vectors == 2 ? scalar : wind};
    const int p = c->vectors ? 3 : 1, at = c->vectors == 2 ? 2 : 0;
    const int64_t n = c->n_lat * c->n_lon;
    double *lat = malloc((size_t)c->n_lat * sizeof *lat), *lon = malloc((size_t)c->n_lon * sizeof *lon);
    double *y = malloc((size_t)(SPHERE_FIELDS * n * p) * sizeof *y);
    gndp_fieldset_spec spec = {.n_fields = SPHERE_FIELDS, .n_channels = c->vectors ? 2 : 1, .channel = order, .origin = "sphere"};
    gndp_fieldset *set = NULL;
    assert_true(lat != NULL && lon != NULL && y != NULL);
    for (int64_t i = 0; i < c->n_lat; i++)
        lat[i] = c->lat0 + c->dlat * (double)i;
    for (int64_t i = 0; i < c->n_lon; i++)
        lon[i] = c->lon0 + c->dlon * (double)i;
    spec.coords = (gndp_coords){.space = GNDP_SPACE_SPHERE, .layout = GNDP_LAYOUT_PRODUCT, .columns = 2, .n = n};
    spec.coords.axis[0] = (gndp_axis){.name = "latitude", .standard_name = "latitude", .units = "degrees_north", .size = c->n_lat, .value = lat};
    spec.coords.axis[1] = (gndp_axis){.name = "longitude", .standard_name = "longitude", .units = "degrees_east", .size = c->n_lon, .value = lon};
    for (int64_t f = 0; f < SPHERE_FIELDS; f++)
        for (int64_t i = 0; i < n; i++) {
            const double anomaly = f % 2 == 0 ? 1.5 : -1.5; /* mean 0 over the set */
            double *to = y + (f * n + i) * p;
            for (int k = 0; k < p; k++)
                to[k] = anomaly * (double)(k + 1);
            to[at] = 280.0 + 0.5 * lat[i / c->n_lon] + 0.25 * lon[i % c->n_lon] + anomaly;
        }
    const gndp_array values = gndp_array_view(gndp_type_3d(GNDP_F64, SPHERE_FIELDS, n, p), y);
    must(gndp_fieldset_create(&spec, &values, NULL, &set));
    free(lat);
    free(lon);
    free(y);
    return set;
}

/* 7 x 9 points about the British Isles, latitudes from the north. */
static inline gndp_fieldset *region(int vectors)
{
    const sphere_case c = {.n_lat = 7, .n_lon = 9, .lat0 = 59.0, .dlat = -1.5, .lon0 = -10.0, .dlon = 1.5, .vectors = vectors};
    return sphere_fields(&c);
}

static inline gndp_model *model_from(const char *yaml, const gndp_fieldset *set)
{
    gndp_config *config = NULL;
    gndp_model *model = NULL;
    must(gndp_config_parse(yaml, "test.yaml", &config));
    must(gndp_model_create(config, set, &model));
    gndp_config_free(config);
    return model;
}

static inline void refuse(const char *yaml, const gndp_fieldset *set, gndp_status expected, const char *part)
{
    gndp_config *config = NULL;
    gndp_model *model = NULL;
    must(gndp_config_parse(yaml, "test.yaml", &config));
    const gndp_status st = gndp_model_create(config, set, &model);
    if (st != expected || strstr(gndp_last_error(), part) == NULL)
        fail_msg("%s in place of %s with '%s': %s", gndp_status_name(st), gndp_status_name(expected), part, gndp_last_error());
    assert_null(model);
    gndp_config_free(config);
}

#endif
