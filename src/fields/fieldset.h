// SPDX-License-Identifier: Apache-2.0
// The inside of a set of fields.
#ifndef GNDP_FIELDS_FIELDSET_H
#define GNDP_FIELDS_FIELDSET_H

#include "base/arena.h"
#include "fields/store.h"

struct gndp_fieldset {
    gndp_arena *arena;       /* spec and all below */
    gndp_fieldset_spec spec; /* what users see */
    gndp_field_store *store; /* one user is this set */
    int64_t *field;          /* [F] numbers in the store; NULL: the same */
    int components;          /* P */
    int64_t max_points;
    bool plane;   /* vectors are seen along a plane's axes, north before east */
    double *turn; /* [points of the spec, 2] cosine and sine of the turn to the plane; NULL: none */
};

/** A set without values: the spec checked and copied. */
gndp_status gndp_fieldset_begin(const gndp_fieldset_spec *spec, gndp_fieldset **out);

/** n items of `size` bytes in the set's arena, copied from `from` unless that is NULL. */
gndp_status gndp_fieldset_keep(gndp_fieldset *set, const void *from, int64_t n, size_t size,
                               void *out);

#endif
