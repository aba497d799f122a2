// SPDX-License-Identifier: Apache-2.0
// Fields of files as sets of values at points: which fields, which points, and what is usual there.
#ifndef GNDP_CLI_GP_FIELDS_H
#define GNDP_CLI_GP_FIELDS_H

#include "cli/gp_data.h"
#include "cli/select.h"

/* How much of a file is taken. */
typedef struct gp_take {
    int64_t fields; /* so many, spread evenly; 0: all */
    int64_t points; /* so many, random, the same of every field; 0: all */
    double fraction; /* or this part of those there are; 0: all */
    int64_t every;  /* or every so manieth along each axis of a grid (of a list: in its order); 0: all */
    int64_t most;   /* with points 0: so many random ones where there are more; 0: no bound */
    double sd;      /* of noise added to every value, known to the process */
    uint64_t seed;
    bool quiet;
} gp_take;

/** Read the file that `path` names; data->source stays open. free with gp_data_free(), also after a
 * failure. */
int gp_fields_read(const char *path, const cli_select *select, const gp_take *take, gp_data *out);

/**
 * Mean and standard deviation at each point of the source over the other times (or members) of the
 * file: data->climate_*. No other: none, climate_fields 0.
 */
int gp_fields_climate(const cli_select *select, gp_data *data);

/** Values of set s at all points of the source: y [N, P], present [N]: all outputs are there. */
int gp_fields_truth(const gp_data *data, int s, double *y, uint8_t *present);

#endif
