// SPDX-License-Identifier: Apache-2.0
// Products with the root of the limit and its inverse, as nodes.
#ifndef GNDP_SDE_LIMIT_H
#define GNDP_SDE_LIMIT_H

#include <gndp/sde.h>

/* Each takes z [R, N, P] of either type and returns that type; the products themselves are f64. */
gndp_node limit_colour_transposed(gndp_graph *g, const gndp_limit_nodes *limit,
                                  gndp_node z);                                    /* L' z */
gndp_node limit_whiten(gndp_graph *g, const gndp_limit_nodes *limit, gndp_node z); /* L^-1 z */
/* e in the norm of the balance: C^-1 e, or e itself. */
gndp_node limit_balance(gndp_graph *g, const gndp_limit_nodes *limit, gndp_node e);
gndp_node limit_whiten_transposed(gndp_graph *g, const gndp_limit_nodes *limit,
                                  gndp_node z); /* L^-T z */

/** The mean in the type of z. */
gndp_node limit_mean(gndp_graph *g, const gndp_limit_nodes *limit, gndp_node z);

/** x where the mask [R, N] of x [R, N, P] is set, else 0; x itself without a mask. */
gndp_node limit_keep(gndp_graph *g, gndp_node mask, gndp_node x);

/** [R] -> [R, 1, 1] */
gndp_node limit_column(gndp_graph *g, gndp_node x);

/* Least noise variance in training: y_t is made with it, so target, weight and score use it too. */
#define LEAST_VARIANCE 1e-5

#endif
