// SPDX-License-Identifier: Apache-2.0
// Observations under construction.
#ifndef GNDP_IO_OBSERVATIONS_H
#define GNDP_IO_OBSERVATIONS_H

#include <gndp/tables.h>

enum {
    GNDP_OBSERVATIONS_DIMS = 8,       /* most abstract coordinates */
    GNDP_OBSERVATIONS_CHANNELS = 1024 /* most variables of one table */
};

/** One value, as gndp_observations_add() takes it. */
typedef struct gndp_observation {
    const double *x; /* [C] */
    double time_s;   /* NaN: none */
    int channel;
    double value, sd;
    int64_t line;
} gndp_observation;

/** Append a value; `room` is the number of values there is memory for, 0 at first. */
gndp_status gndp_observations_add(gndp_observations *o, int64_t *room,
                                  const gndp_observation *value);

/** Number of the channel of that name; -1: there is none. */
int gndp_observations_find(const gndp_observations *o, const char *name);

/** Number of the channel of that name, made if there is none. @param where  for messages,
 * "file:line" */
gndp_status gndp_observations_channel(gndp_observations *o, const char *where, const char *name,
                                      int *out);

/** Set the units of a channel that has none. */
gndp_status gndp_observations_units(gndp_observations *o, const char *where, int channel,
                                    const char *units);

/** The table that gndp_observations_write() writes, as text. @param bytes  out: free(), also after
 * a failure */
gndp_status gndp_observations_print(const gndp_observations *o, bool wide, char **bytes, size_t *n);

/** Observations of a CF point or timeSeries file. */
gndp_status gndp_observations_read_netcdf(const char *path, gndp_observations *o);

#endif
