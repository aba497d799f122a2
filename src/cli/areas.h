// SPDX-License-Identifier: Apache-2.0
// Means over areas, observed beside values at places.
#ifndef GNDP_CLI_AREAS_H
#define GNDP_CLI_AREAS_H

#include <gndp/gndp.h>

#include "cli/observed.h"

/* The mean of one component over the target points in a box, weighted by the area of their cells. */
typedef struct cli_area {
    int c;               /* case; -1: every one, the table has no time */
    int component;       /* of the model's P, in the order of files */
    double value, sd;    /* in the units of the channel; sd 0: no error */
    double side[2 * GNDP_MAX_AXES]; /* south, north, west, east; or low, high of x1, .. */
    int64_t line;        /* of the table */
    int64_t n, *point;   /* target points within */
    double *weight;      /* [n], sum 1 */
} cli_area;

typedef struct cli_areas {
    const char *path;
    int64_t n;
    cli_area *area;
} cli_areas;

/**
 * Read a table of means in long form: columns south, north, west, east (degrees; west > east crosses the date line) or x1_low, x1_high, ..; variable, value;
 * and, where wanted, time, units, sigma. Rows of times that are none of the cases are passed over.
 * @param path    NULL: there are none
 * @param target  points that are drawn; a box without one is an error
 * @param out     free with cli_areas_free(), also after a failure
 */
int cli_areas_read(const char *path, const gndp_fieldset_spec *model, const gndp_coords *target, const cli_observed *observed, bool quiet, cli_areas *out);
void cli_areas_free(cli_areas *areas);

/** How many belong to a case. */
int64_t cli_areas_of_case(const cli_areas *areas, int c);
/** The table again, in the model's units; free() it. NULL: out of memory. */
char *cli_areas_text(const cli_areas *areas, const cli_observed *observed);

#endif
