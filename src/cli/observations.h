// SPDX-License-Identifier: Apache-2.0
// Values at points, from CSV files: x1.., y1.., sd.
#ifndef GNDP_CLI_OBSERVATIONS_H
#define GNDP_CLI_OBSERVATIONS_H

#include <stdbool.h>
#include <stdint.h>

#include <gndp/gndp.h>

/*
 * Columns of a file, in any order: the coordinates x1, x2, .. (or x), or lat,
 * lon in degrees; the values y1, y2, .. (or y), or, in a file of members as `gp
 * sample` writes it, y1_m0, y2_m0, y1_m1, ..; and, if there are any, standard
 * deviations of the error of each row: sd for all values, or sd1, sd2, ..
 */
typedef struct cli_observations {
    const char *path; /* borrowed; in messages */
    bool sphere;
    int columns;      /* coordinates that users read: D, 2 on the sphere */
    int outputs;      /* P */
    int64_t n;        /* rows */
    int n_sets;       /* members: sets of values at the same points */
    uint32_t *member; /* [n_sets]; NULL: the file has no members */
    double *shown;    /* [n, columns] */
    double *x;        /* [n, D], D = 3 on the sphere */
    double *y;        /* [n_sets, n P] */
    double *noise;    /* [n P] variances; NULL: none given */
    int64_t *line;    /* [n] of the file, or NULL */
} cli_observations;

/** @param out  free with cli_observations_free(), also after a failure */
int cli_observations_read(const char *path, cli_observations *out);

/** Keep one member of a file of members. @param member  -1: there must be only one set */
int cli_observations_choose(cli_observations *observations, int64_t member);

/** Rows [m] of all sets, in that order. */
int cli_observations_pick(const cli_observations *from, const int64_t *row, int64_t m,
                           cli_observations *out);

/** Set i as the library takes it; borrows the arrays. */
gndp_gp_data cli_observations_data(const cli_observations *observations, int set, double mean);

/** D. */
int64_t cli_observations_dims(const cli_observations *observations);

void cli_observations_free(cli_observations *observations);

#endif
