// SPDX-License-Identifier: Apache-2.0
// Observations by the names of their variables, as sets of values at points.
#ifndef GNDP_CLI_GP_OBSERVED_H
#define GNDP_CLI_GP_OBSERVED_H

#include "cli/gp_data.h"

/**
 * A table time, lat, lon, t2m, .. or time, lat, lon, variable, value, ..: one set a time. Each row
 * of a set is a place where all the chosen variables have a value; places that lack one are counted
 * and said.
 * @param vars  names, or "wind=u10,v10"; n_vars 0: all of the table
 * @param time  one time or a span; NULL: all
 */
int gp_observed_read(const char *path, const char *const *vars, int n_vars, const char *time,
                     bool quiet, gp_data *out);

#endif
