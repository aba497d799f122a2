// SPDX-License-Identifier: Apache-2.0
// Plans of a training step and of a validation, one a (rounded) number of points.
#ifndef GNDP_TRAIN_STEP_H
#define GNDP_TRAIN_STEP_H

#include <gndp/train.h>

#include "model/model.h"

/* What a run of steps shares: model, device, settings, memory of batches, plans made so far. */
typedef struct train_steps train_steps;

typedef struct train_settings {
    int64_t batch, steps, warmup, decay_steps, max_points;
    int64_t context_low, context_high; /* numbers of clean points of a field */
    double initial, peak, end, clip, ema, weight_decay;
    gndp_time_rule times;
    uint64_t seed;
    bool track_context; /* data.context.rule: track */
    bool bf16, shared, context; /* context: the network takes a flag */
} train_settings;

/** Settings of the model's configuration; the sources say how many points there can be. @param validation  or NULL */
gndp_status train_settings_read(const gndp_model *model, const gndp_batch_source *train, const gndp_batch_source *validation, train_settings *out);

gndp_status train_steps_create(gndp_model *model, const train_settings *settings, gndp_device *device, train_steps **out);
void train_steps_free(train_steps *steps);

typedef struct train_outcome {
    double loss, gradient_norm, rate;
    bool applied; /* false: something was not finite and nothing changed */
} train_outcome;

/** The batch at hand as text for messages: "fields 3, 17, 4, ..". */
typedef struct train_batch_string {
    char text[128];
} train_batch_string;
train_batch_string train_steps_batch(const train_steps *steps);

/** One step on the batch of `source` for it: noise, network, loss, gradient, clip, Adam, average. */
gndp_status train_steps_run(train_steps *steps, const gndp_batch_source *source, uint32_t step, train_outcome *out);

/** Loss of averaged parameters on batch `index` of held-out fields: the same noise at every call. */
gndp_status train_steps_validate(train_steps *steps, const gndp_batch_source *source, uint32_t index, double *loss);

/** Expected loss of a network that is zero, for what this batch of `source` is. */
gndp_status train_steps_zero_loss(train_steps *steps, const gndp_batch_source *source, uint32_t index, double *loss);

/** Cost of the largest plan: made now. */
gndp_status train_steps_cost(train_steps *steps, gndp_plan_stats *out);

#endif
