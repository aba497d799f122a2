// SPDX-License-Identifier: Apache-2.0
// An evaluator's plans and the arrays they share.
#ifndef GNDP_SDE_PLANS_H
#define GNDP_SDE_PLANS_H

#include "sde/evaluator.h"

/* Products with the Jacobian that share one forward pass: 1, 2, 4 or 8 of them in a plan. */
enum { WIDTHS = 4, MOST_FEEDS = 9, MOST_OUTPUTS = 3 };

/* A plan with the arrays it writes; its inputs are the evaluator's. */
typedef struct score_plan {
    gndp_plan *plan;
    gndp_feed feed[MOST_FEEDS];
    int64_t n_feeds;
    gndp_array cot, weight;       /* products: [C, B, N, P] */
    gndp_array out[MOST_OUTPUTS]; /* g [B, N, P]; what is asked for; a scalar nobody reads */
    int64_t n_out;
} score_plan;

struct gndp_evaluator {
    gndp_score score; /* its state and store are borrowed */
    gndp_schedule schedule;
    gndp_device *device, *own_device;
    gndp_dtype dtype;
    int64_t batch, n_points, plan_points, dim, components;
    bool shared_x, padded;
    gndp_array t, decay, variance, x, y, mask, target; /* inputs of every plan */
    score_plan value, vjp, products[WIDTHS];
    int64_t count;
};

/** The plan for products with the Jacobian, made when it is first wanted. */
gndp_status plans_vjp(gndp_evaluator *ev, score_plan **out);
/** The plan with as many products a run as `items` of them want. */
gndp_status plans_products(gndp_evaluator *ev, int64_t items, score_plan **out);

/** n numbers into or out of an array of the score's type, from entry `at` on. */
void plans_put(gndp_array *a, int64_t at, int64_t n, const double *v);
void plans_get(const gndp_array *a, int64_t at, int64_t n, double *v);

#endif
