// SPDX-License-Identifier: Apache-2.0
// A small set of fields with a known law, and a model for it.
#ifndef GNDP_TESTS_TRAIN_CASE_H
#define GNDP_TESTS_TRAIN_CASE_H

#include "support/test_main.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <gndp/gndp.h>

static inline void must(gndp_status st)
{
    if (st != GNDP_OK)
        fail_msg("%s", gndp_last_error());
}

enum { CASE_FIELDS = 64, CASE_POINTS = 12 };

/* y = a sin(3 x + b) on a line, a and b normal: smooth, so that a network can learn it. */
static inline gndp_fieldset *waves(void)
{
    const gndp_channel channel = gndp_channel_scalar("y", "1");
    double x[CASE_POINTS], *y = malloc(sizeof *y * CASE_FIELDS * CASE_POINTS);
    gndp_fieldset_spec spec = {.n_fields = CASE_FIELDS, .n_channels = 1, .channel = &channel, .origin = "waves"};
    gndp_fieldset *set = NULL;
    assert_non_null(y);
    for (int i = 0; i < CASE_POINTS; i++)
        x[i] = -1.0 + 2.0 * i / (CASE_POINTS - 1);
    spec.coords = (gndp_coords){.space = GNDP_SPACE_EUCLIDEAN, .layout = GNDP_LAYOUT_PRODUCT, .columns = 1, .n = CASE_POINTS};
    spec.coords.axis[0] = (gndp_axis){.name = "x1", .units = "1", .size = CASE_POINTS, .value = x};
    for (uint32_t f = 0; f < CASE_FIELDS; f++) {
        double ab[2];
        gndp_random_normal_f64(21, 0, f, GNDP_STREAM(9, 0), 0, 2, ab);
        for (int i = 0; i < CASE_POINTS; i++)
            y[f * CASE_POINTS + i] = 5.0 + 2.0 * ab[0] * sin(3.0 * x[i] + ab[1]);
    }
    const gndp_array values = gndp_array_view(gndp_type_3d(GNDP_F64, CASE_FIELDS, CASE_POINTS, 1), y);
    must(gndp_fieldset_create(&spec, &values, NULL, &set));
    free(y);
    return set;
}

#define SMALL_CONFIG                                                                                                                           \
    "score: {net: bi_attention, layers: 1, hidden: 16, heads: 2}\n"                                                                            \
    "process: {beta1: 10, t0: 5.0e-4}\n"                                                                                                       \
    "parametrisation: {residual_trick: no}\n"                                                                                                  \
    "train: {steps: 60, batch: 16, validate_every: 20, validation_batches: 2, ema: 0.9, learning_rate: {warmup: 10, peak: 3.0e-3}}\n"

static inline gndp_model *model_of(const char *extra, const gndp_fieldset *set)
{
    gndp_config *config = NULL;
    gndp_model *model = NULL;
    must(gndp_config_parse(SMALL_CONFIG, "test.yaml", &config));
    if (extra != NULL)
        must(gndp_config_set(config, extra));
    must(gndp_model_create(config, set, &model));
    gndp_config_free(config);
    return model;
}

/* Each case has a folder of its own, the current one. */
static inline int enter_folder(void **state)
{
    char *folder = strdup("/tmp/gndp-test-XXXXXX");
    if (folder == NULL || mkdtemp(folder) == NULL || chdir(folder) != 0)
        return -1;
    *state = folder;
    return 0;
}

static inline int leave_folder(void **state)
{
    char line[128];
    const int n = snprintf(line, sizeof line, "rm -rf '%s'", (char *)*state);
    const int failed = chdir("/") != 0 || n >= (int)sizeof line || system(line) != 0;
    free(*state);
    return failed ? -1 : 0;
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, enter_folder, leave_folder)

/* Whether two files hold the same bytes. */
static inline bool same_bytes(const char *a, const char *b)
{
    FILE *x = fopen(a, "rb"), *y = fopen(b, "rb");
    bool same = x != NULL && y != NULL;
    for (int c = 0; same && c != EOF;) {
        c = fgetc(x);
        same = c == fgetc(y);
    }
    if (x != NULL)
        fclose(x);
    if (y != NULL)
        fclose(y);
    return same;
}

#endif
