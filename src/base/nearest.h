// SPDX-License-Identifier: Apache-2.0
// How far a mistyped word is from the names that exist.
#ifndef GNDP_BASE_NEAREST_H
#define GNDP_BASE_NEAREST_H

#include <gndp/base.h>

/**
 * Insertions, deletions, substitutions and swaps of neighbours that make b of a (optimal string
 * alignment). Of longer texts the first 63 bytes count.
 */
int gndp_edit_distance(const char *a, const char *b);

/**
 * Of the names that `at` gives (NULL ends them) the nearest to a mistyped word; the first of equals.
 *
 * @return NULL if none is near: more than a third of the letters and one would be wrong
 */
const char *gndp_nearest(const char *word, const char *(*at)(const void *state, int i),
                         const void *state);

/**
 * The number of a name among those that `at` gives.
 *
 * @param what  what is looked for, for the message: "sampler"
 * @return GNDP_OK; GNDP_ERR_NOT_FOUND lists the names, the nearest first
 */
gndp_status gndp_find_name(const char *what, const char *name,
                           const char *(*at)(const void *state, int i), const void *state,
                           int *out);

#endif
