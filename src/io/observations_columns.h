// SPDX-License-Identifier: Apache-2.0
// What the columns of a table of observations mean.
#ifndef GNDP_IO_OBSERVATIONS_COLUMNS_H
#define GNDP_IO_OBSERVATIONS_COLUMNS_H

#include "io/observations.h"

/** A column of values in the wide form. */
typedef struct gndp_value_column {
    int column;
    int sd;      /* column of its error; -1: none */
    int channel; /* number */
} gndp_value_column;

/** Columns by what they are; -1: there is none. */
typedef struct gndp_observation_columns {
    int time;
    int coordinate[GNDP_OBSERVATIONS_DIMS], n_coordinates;
    bool sphere;
    bool long_form;
    int variable, value, units, sd; /* of the long form; sd also of the wide one, for all values */
    int n_values;
    gndp_value_column *wide; /* [n_values] */
} gndp_observation_columns;

/**
 * Read the header; the channels of the wide form are made in `o`, whose space and number of columns
 * are set.
 * @param out  free `wide`, also after a failure
 */
gndp_status gndp_observation_columns_find(const gndp_csv *csv, gndp_observations *o,
                                          gndp_observation_columns *out);

#endif
