// SPDX-License-Identifier: Apache-2.0
// How a parameter gets its first values: from the seed and its name alone.
#ifndef GNDP_GRAPH_STORE_H
#define GNDP_GRAPH_STORE_H

#include <gndp/graph.h>

/**
 * Fill `value` by an initialiser.
 *
 * @param hash 64-bit hash of the parameter's name: with the seed it fixes every draw
 * @param value f32 or f64, filled; f32 entries are the f64 ones rounded
 * @return GNDP_OK; GNDP_ERR_NOMEM
 */
gndp_status gndp_init_fill(gndp_init init, uint64_t seed, uint64_t hash, gndp_array value);

#endif
