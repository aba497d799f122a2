// SPDX-License-Identifier: Apache-2.0
// Where the values of fields are: in memory or behind a source, counted by the sets that share
// them.
#ifndef GNDP_FIELDS_STORE_H
#define GNDP_FIELDS_STORE_H

#include <gndp/fields.h>

/* Field f of a store has points first[f] .. first[f + 1] - 1 of all, or `points` at f * points. */
typedef struct gndp_field_store {
    _Atomic int64_t users;
    int64_t n_fields, points, rows; /* rows: points of all fields together */
    int64_t *first;
    int components, n_channels;
    gndp_channel *channel; /* [n_channels] as they were stored: a set may see them turned */
    char *origin;
    gndp_array values; /* [rows, P] f32 or f64; data NULL: behind the source */
    uint8_t *present;  /* [rows, n_channels]; NULL: everywhere */
    gndp_field_source source;
} gndp_field_store;

/** What a request asks of a store: fields by their numbers in it. */
typedef struct gndp_field_request {
    int64_t n;
    const int64_t *field; /* [n] */
    int64_t m;
    const int64_t *point; /* [m] or NULL: all */
} gndp_field_request;

/** An empty store of the shape of the spec, one user. */
gndp_status gndp_field_store_create(const gndp_fieldset_spec *spec, gndp_field_store **out);
gndp_field_store *gndp_field_store_share(gndp_field_store *store);
void gndp_field_store_free(gndp_field_store *store); /* one user less; takes NULL */

/** Put values [rows, P] and their mask (or NULL) into memory, checked; what is missing becomes 0.
 */
gndp_status gndp_field_store_fill(gndp_field_store *store, const gndp_array *values,
                                  const uint8_t *present);

/** Drop a mask of ones, which says nothing. */
void gndp_field_store_trim(gndp_field_store *store);

/** gndp_fieldset_read() on checked indices; from memory nothing is allocated. What a source gives
 * is checked: finite, unit vectors where they should be; a channel is whole or missing, and then 0.
 */
gndp_status gndp_field_store_read(const gndp_field_store *store, const gndp_field_request *request,
                                  double *values, uint8_t *present);

#endif
