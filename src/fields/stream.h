// SPDX-License-Identifier: Apache-2.0
// One pass over all values of a set in blocks of bounded memory.
#ifndef GNDP_FIELDS_STREAM_H
#define GNDP_FIELDS_STREAM_H

#include <gndp/fields.h>

/* n fields from number `field` on, m of their points from number `point` on. */
typedef struct gndp_block_of_values {
    int64_t field, n, point, m;
    const double *values;   /* [n, m, P] 0 where missing */
    const uint8_t *present; /* [n, m, P] */
} gndp_block_of_values;

/** Called in order of fields, then of points. */
typedef gndp_status (*gndp_stream_fn)(void *state, const gndp_block_of_values *block);

/**
 * Read everything once: whole fields while they fit, else parts of one field, with buffers of at
 * most 32 MiB (of one value a point for channels beyond that).
 */
gndp_status gndp_fieldset_stream(const gndp_fieldset *set, gndp_stream_fn take, void *state);

#endif
