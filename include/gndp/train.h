// SPDX-License-Identifier: Apache-2.0
// Training: batches, the loop, checkpoints, resuming.
#ifndef GNDP_TRAIN_H
#define GNDP_TRAIN_H

#include <gndp/model.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Fields of one step, padded to a common number of points. The memory is the loop's. */
typedef struct gndp_batch {
    int64_t fields;  /* B */
    int64_t points;  /* N, of this step; at most the source's largest */
    double *x;       /* [B, N, C] as users read them */
    double *values;  /* [B, N, P] physical units */
    uint8_t *present;/* [B, N, P] */
    const int64_t *point; /* [N] their numbers, the same for all fields: a climatology wants them; NULL: all in order, or fields with points of their own */
    const int64_t *field; /* [B] numbers of the fields, for messages; NULL: they have none. Both are the source's memory */
} gndp_batch;

/** Where batches come from: a set of fields, or a generator that never repeats. A function of (seed, step) alone, so that training resumes exactly. */
typedef struct gndp_batch_source {
    void *state;
    int64_t max_points; /* most that a step draws */
    bool shared; /* all fields have the same points: x of the first field serves all */
    gndp_status (*draw)(void *state, uint64_t seed, uint32_t step, gndp_batch *batch); /* batch->fields given, the rest filled */
    void (*free)(void *state);
} gndp_batch_source;

/** How many points of a field a step sees. */
typedef struct gndp_subset {
    int64_t low, high; /* number of points, drawn once a step, uniform in between; 0, 0: all */
    int64_t choice[8]; /* or one of these */
    int n_choices;
} gndp_subset;

/**
 * Batches of the fields of a set: whole epochs in random order (each field once an epoch), points by `subset`.
 * @param field [n] the training part, or NULL: all. The set must outlive the source.
 */
GNDP_API gndp_status gndp_batch_source_fields(const gndp_fieldset *set, int64_t n, const int64_t *field, gndp_subset subset, gndp_batch_source *out);

/** What a step sees of tracks. */
typedef struct gndp_track_windows {
    int64_t window;      /* so many fixes in a row; of longer tracks the first ones in half of the draws, else from any fix; 0: all of a track */
    bool turn;           /* turn each about the Earth's axis by an angle of its own */
    double mirror, thin; /* shares of draws: mirrored at the equator; every second, fourth or eighth fix only */
} gndp_track_windows;

/**
 * Batches of tracks (functions of one coordinate, points of their own) in order of time, the coordinate counted from the window's first fix; shorter ones are
 * padded, present = 0. Whole epochs in random order. The set must outlive the source.
 * @return GNDP_OK; GNDP_ERR_UNSUPPORTED for fields that are no tracks; GNDP_ERR_RANGE
 */
GNDP_API gndp_status gndp_batch_source_tracks(const gndp_fieldset *set, gndp_track_windows windows, gndp_batch_source *out);

/** What one report says. */
typedef struct gndp_train_report {
    int64_t step, steps;
    double loss;        /* mean since the last report */
    double zero_loss;   /* expected loss of a network that is zero */
    double validation;  /* NaN: not computed at this report */
    double gradient_norm, rate, seconds, seconds_left;
} gndp_train_report;

typedef struct gndp_train_options {
    const char *folder;          /* run folder: config.yaml, model.nc, last.nc, log.jsonl, metrics.csv; NULL: nothing is written */
    bool fresh;                  /* remove what an earlier run left in the folder: a checkpoint of it would be gone on from */
    int64_t checkpoint_every;    /* steps; 0: by time alone */
    double checkpoint_minutes;   /* default 5 */
    gndp_device *device;         /* NULL: a CPU device */
    gndp_progress *progress;
    void (*report)(void *state, const gndp_train_report *report);
    void *report_state;
    bool (*stop)(void *state);   /* asked once a step: a checkpoint is written, then GNDP_ERR_INTERRUPTED */
    void *stop_state;
    const gndp_logger *log;
} gndp_train_options;

GNDP_API gndp_train_options gndp_train_options_default(void);

/**
 * Train a model as its configuration says, from its present step to train.steps (or train.max_minutes).
 *
 * One plan a number of points (rounded up, masked) does noising, network, loss, gradient, clip, Adam and moving average. Everything random follows from
 * (train.seed, step): a run that was killed and resumed ends with the same bits (with the same number of threads, on the same kind of processor). A loss
 * or gradient that is not finite changes nothing; after train.patience of them in a row the run ends with GNDP_ERR_NONFINITE naming step and batch, and a
 * checkpoint of the last finite parameters. One training at a time writes to a folder: GNDP_ERR_STATE for a second one.
 *
 * With score.context_flag, data.context.low to .high of the points of each field that have values (a number of its own, uniform in between, less one where
 * that would be all) keep their values and carry flag 0; the others are targets, flag 1: noised by their limit K_** alone, and the loss is theirs
 * (geomndp.md 7.7).
 *
 * @param validation  batches of held-out fields, drawn with fixed keys so that values compare; NULL: none
 */
GNDP_API gndp_status gndp_train(gndp_model *model, const gndp_batch_source *train, const gndp_batch_source *validation, const gndp_train_options *options);

/** What a run will need, before it starts. */
typedef struct gndp_train_estimate {
    int64_t parameters;
    double flops_step;
    size_t bytes;          /* workspace, parameters, batches */
    double seconds_step;   /* measured over a few steps of the largest plan */
    double seconds_total;
} gndp_train_estimate;
GNDP_API gndp_status gndp_train_dry_run(gndp_model *model, const gndp_batch_source *train, const gndp_train_options *options, gndp_train_estimate *out);

/** Learning rate of a step: linear warm-up, then cosine, then constant (geomndp.md 4). */
GNDP_API double gndp_learning_rate(double initial, double peak, double end, int64_t warmup, int64_t decay, int64_t step);

#ifdef __cplusplus
}
#endif
#endif
