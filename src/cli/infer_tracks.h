// SPDX-License-Identifier: Apache-2.0
// `gndp infer` with a model of tracks.
#ifndef GNDP_CLI_INFER_TRACKS_H
#define GNDP_CLI_INFER_TRACKS_H

#include "cli/infer.h"

/** Members and model of the job are there; everything else is made here. */
int gndp_infer_tracks(gndp_infer_job *job, const gndp_logger *log);

#endif
