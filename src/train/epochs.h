// SPDX-License-Identifier: Apache-2.0
// Whole epochs in random order: which of n fields a step draws.
#ifndef GNDP_TRAIN_EPOCHS_H
#define GNDP_TRAIN_EPOCHS_H

#include <gndp/base.h>

typedef struct train_epochs {
    int64_t n;         /* fields of an epoch */
    int64_t *order;    /* [n] of the epoch at hand */
    int64_t epoch;     /* -1: none yet */
    uint64_t seed;     /* of that order */
    int64_t *picked;   /* [capacity] fields of the last step asked for */
    int64_t capacity;
} train_epochs;

/** @param out  free with train_epochs_free(), also after a failure. @return GNDP_OK; GNDP_ERR_NOMEM */
gndp_status train_epochs_create(int64_t n, train_epochs *out);
void train_epochs_free(train_epochs *epochs);

/** Numbers 0 .. n - 1 of the fields of a step, into `picked`: a function of (seed, step, fields) alone; each field once an epoch.
 * @return GNDP_OK; GNDP_ERR_RANGE for fewer than one field; GNDP_ERR_NOMEM */
gndp_status train_epochs_pick(train_epochs *epochs, uint64_t seed, uint32_t step, int64_t fields);

#endif
