// SPDX-License-Identifier: Apache-2.0
// `gndp sample` with a model of tracks.
#ifndef GNDP_CLI_SAMPLE_TRACKS_H
#define GNDP_CLI_SAMPLE_TRACKS_H

#include "cli/members.h"
#include "cli/places.h"
#include "cli/sampling.h"

typedef struct sample_tracks_options {
    const gndp_place_options *place; /* times in days; none: the steps of the training's windows */
    const gndp_members *members;
    const gndp_sampling *sampling;
    const char *output, *history;    /* OUT.nc, else a table */
    bool overwrite, quiet;
} sample_tracks_options;

/** Whether the model's fields are functions of one coordinate whose first channel is a position on the sphere. */
bool cli_model_is_of_tracks(const gndp_model *model);

/** New tracks, one trajectory a member; they have no date, so their times count from 1970. @return exit code */
int cli_sample_tracks(gndp_model *model, const sample_tracks_options *options);

#endif
