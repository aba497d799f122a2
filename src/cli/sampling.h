// SPDX-License-Identifier: Apache-2.0
// How a model is sampled: its configuration, changed by options of the command line.
#ifndef GNDP_CLI_SAMPLING_H
#define GNDP_CLI_SAMPLING_H

#include <gndp/gndp.h>

typedef struct gndp_sampling_options {
    const char *sampler, *grid; /* NULL: the model's */
    int64_t steps;              /* 0: the model's */
    int64_t corrector;          /* -1: the model's */
    int64_t batch;              /* 0: the model's */
    const char *seed;           /* NULL: the model's */
    bool f32;                   /* not bf16, whatever the model says */
} gndp_sampling_options;

typedef struct gndp_sampling {
    gndp_sampler_options options;
    int64_t batch;
    bool bf16;
    char text[320]; /* "em, 100 steps uniform in time, blocks of 16": all that members follow from but model, points and seed */
} gndp_sampling;

int gndp_sampling_make(const gndp_sampling_options *options, const gndp_model *model, gndp_sampling *out);

#endif
