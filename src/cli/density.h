// SPDX-License-Identifier: Apache-2.0
// Log-densities of fields under a model: whole fields in blocks, others on the points that they have.
#ifndef GNDP_CLI_DENSITY_H
#define GNDP_CLI_DENSITY_H

#include <gndp/gndp.h>

typedef struct cli_density {
    int64_t fields;  /* that had a value at all */
    double mean, se; /* nats a point; se NaN of one field */
    double seconds;
} cli_density;

/** What a call of the library that can be interrupted gave, as exit code, the line on stderr written. */
int cli_finished(gndp_status st);

/**
 * Fields spread evenly over the set, n of them.
 * @param progress  in fields, or NULL
 */
int cli_density_make(gndp_model *model, const gndp_fieldset *set, int64_t n, const gndp_likelihood_options *options, bool bf16,
                     gndp_progress *progress, cli_density *out);

#endif
