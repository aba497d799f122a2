// SPDX-License-Identifier: Apache-2.0
// Tracks that drift east and towards a pole while they curve, and a model for them.
#ifndef GNDP_TESTS_TRACK_CASE_H
#define GNDP_TESTS_TRACK_CASE_H

#include "train/train_case.h"

enum { TRACKS = 40, TRACK_MOST = 24 };

/* Storm f has 14 + f mod 11 fixes, 3-hourly; it begins at 15 degrees south anywhere, moves west by about 4 degrees a day and turns to the south-east. */
static inline gndp_fieldset *drifting_tracks(void)
{
    const gndp_channel channel = gndp_channel_sphere("position");
    const double radian = acos(-1.0) / 180.0;
    double *x = malloc(sizeof *x * TRACKS * TRACK_MOST), *y = malloc(sizeof *y * TRACKS * TRACK_MOST * 3);
    int64_t first[TRACKS + 1] = {0};
    gndp_field_label label[TRACKS];
    static char id[TRACKS][16];
    gndp_fieldset *set = NULL;
    assert_true(x != NULL && y != NULL);
    for (int f = 0; f < TRACKS; f++) {
        double z[4];
        must(gndp_random_normal_f64(3, 0, (uint32_t)f, GNDP_STREAM(9, 1), 0, 4, z));
        const int64_t n = 14 + f % 11;
        snprintf(id[f], sizeof id[f], "S%02d", f);
        label[f] = (gndp_field_label){.time_s = 1e9 + 1e6 * f, .member = -1, .id = id[f]};
        first[f + 1] = first[f] + n;
        for (int64_t i = 0; i < n; i++) {
            const double t = (double)i / 8.0, lat = radian * (-15.0 + z[0] - (1.0 + 0.3 * z[1]) * t * t);
            const double lon = radian * (9.0 * f + (-4.0 + z[2]) * t + (1.5 + 0.5 * z[3]) * t * t);
            double *at = y + (first[f] + i) * 3;
            x[first[f] + i] = t;
            at[0] = cos(lat) * cos(lon);
            at[1] = cos(lat) * sin(lon);
            at[2] = sin(lat);
        }
    }
    gndp_fieldset_spec spec = {.n_fields = TRACKS, .n_channels = 1, .channel = &channel, .first = first, .label = label, .origin = "tracks"};
    spec.coords = (gndp_coords){.space = GNDP_SPACE_EUCLIDEAN, .layout = GNDP_LAYOUT_LIST, .columns = 1, .n = first[TRACKS], .x = x};
    spec.coords.axis[0] = (gndp_axis){.name = "time", .units = "days"};
    const gndp_array values = gndp_array_view(gndp_type_2d(GNDP_F64, first[TRACKS], 3), y);
    must(gndp_fieldset_create(&spec, &values, NULL, &set));
    free(x);
    free(y);
    return set;
}

#define TRACK_KERNEL "constant(variance=0.4) + rbf(lengthscale=7, variance=0.06) + matern52(lengthscale=1.4, variance=6e-4) + white(variance=2e-6)"
#define TRACK_CONFIG                                                                                                                           \
    "data: {source: tracks, normalise: none, tracks: {window: 16, turn: yes}, context: {rule: track, high: 15}}\n"                             \
    "process: {schedule: exponential, t0: 0, beta0: 1.0e-5, beta1: 60, reference: '" TRACK_KERNEL "'}\n"                                        \
    "score: {net: multi_attention, layers: 1, hidden: 16, heads: 2, time_scale: 30, context_flag: yes}\n"                                      \
    "sample: {sampler: ancestral, steps: 20}\n"                                                                                                \
    "train: {steps: 60, batch: 16, validate_every: 20, validation_batches: 2, ema: 0.9, learning_rate: {warmup: 10, peak: 3.0e-3}}\n"

static inline gndp_model *track_model(const char *extra, const gndp_fieldset *set)
{
    gndp_config *config = NULL;
    gndp_model *model = NULL;
    must(gndp_config_parse(TRACK_CONFIG, "test.yaml", &config));
    if (extra != NULL)
        must(gndp_config_set(config, extra));
    must(gndp_model_create(config, set, &model));
    gndp_config_free(config);
    return model;
}

#endif
