// SPDX-License-Identifier: Apache-2.0
// Tracks completed by a model: fixes in, an ensemble of whole tracks out.
#ifndef GNDP_CLI_TRACK_MODEL_H
#define GNDP_CLI_TRACK_MODEL_H

#include "cli/sampling.h"

/* A model of tracks and what it needs at the times at hand. */
typedef struct cli_track_model {
    gndp_model *model; /* borrowed */
    const gndp_sampling *sampling;
    int components;    /* P */
    double step;       /* days between the fixes that it was trained on; 0: any */
    bool (*stop)(void *state);
    void *stop_state;
    gndp_generator *generator, *single; /* of those times: blocks of members, and one field for densities */
    double *days;              /* [times] */
    int64_t times;
} cli_track_model;

/** Some times of a track and what is known there. */
typedef struct cli_track_task {
    int64_t times, contexts;
    const double *days;     /* [times] ascending, from the first */
    const int64_t *context; /* [contexts] which of them are known */
    const double *values;   /* [times, P] read at those; unit vectors, then intensities in physical units */
} cli_track_task;

/** @return exit code: wrong usage for a model that is not of tracks; of one that was not trained with context where it is wanted a failure */
int cli_track_model_make(gndp_model *model, const gndp_sampling *sampling, bool context, cli_track_model *out);
void cli_track_model_free(cli_track_model *tracks);

/** Members of a task: values [n, times, P] out. Times that are farther apart than the fixes of the training have such steps drawn between them, which are
 * left out again: a network that saw regular tracks is lost among few and far points (docs/results/cyclones.md). @return GNDP_OK; GNDP_ERR_INTERRUPTED; those of gndp_generator_complete() */
gndp_status cli_track_model_draw(cli_track_model *tracks, const cli_track_task *task, int64_t n, const uint32_t *member, double *values);

/** ln of the density of all that is not context given what is, nats (positions: by area of the unit sphere), values read everywhere. */
gndp_status cli_track_model_log_density(cli_track_model *tracks, const cli_track_task *task, const gndp_likelihood_options *options, double *log_p);

#endif
