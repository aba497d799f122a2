// SPDX-License-Identifier: Apache-2.0
// The data that a configuration names, opened, split and made into batches.
#ifndef GNDP_CLI_DATASET_H
#define GNDP_CLI_DATASET_H

#include <gndp/gndp.h>

/* Training, validation and test parts of one set. Everything belongs to it. */
typedef struct gndp_dataset {
    gndp_fieldset *all;     /* in memory where it fits, else behind its files */
    gndp_field_split split;
    gndp_fieldset *part[3]; /* train, validation, test; NULL: empty */
    gndp_batch_source train, validation; /* validation.draw NULL: none */
} gndp_dataset;

/**
 * @param data  files to take in place of data.files; NULL: none
 * @param out   free with gndp_dataset_free(), also after a failure
 * @return exit code, the line on stderr written
 */
int gndp_dataset_open(const gndp_config *config, const char *const *data, int n_data, const gndp_logger *log, gndp_dataset *out);
void gndp_dataset_free(gndp_dataset *dataset);

#endif
