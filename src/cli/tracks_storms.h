// SPDX-License-Identifier: Apache-2.0
// Storms of a task: fixes that are given, fixes that are asked for.
#ifndef GNDP_CLI_TRACKS_STORMS_H
#define GNDP_CLI_TRACKS_STORMS_H

#include "cli/tracks_task.h"

/* One storm as the task sees it: `known` first, in time order, then targets [n]. */
typedef struct tracks_storm {
    const char *id;       /* borrowed from the set; "" if it has none */
    double start_s;       /* of day 0, seconds since 1970 */
    gndp_track_context all;
    int64_t known;        /* contexts */
    int64_t *context;     /* [known] fixes of all */
    int64_t n;            /* targets; 0: too short */
    int64_t *target;      /* [n] fixes of all */
    double *lead_h;       /* [n] to the minute */
    double *memory;       /* days, xyz of all */
} tracks_storm;

typedef struct tracks_storms {
    int64_t n;
    tracks_storm *storm;
} tracks_storms;

/** @param out  free with tracks_storms_free(), also after a failure. @return exit code, the line on stderr written */
int tracks_storms_read(const tracks_task_settings *settings, const gndp_fieldset *set, tracks_storms *out);
void tracks_storms_free(tracks_storms *storms);

#endif
