// SPDX-License-Identifier: Apache-2.0
// An evaluator's plans and the arrays they share.
#ifndef GNDP_SDE_PLANS_H
#define GNDP_SDE_PLANS_H

#include "sde/evaluator.h"

/* Products with the Jacobian that share one forward pass: 1, 2, 4 or 8 of them in a plan. */
enum { WIDTHS = 4, MOST_FEEDS = 9, MOST_OUTPUTS = 3 };

/* What runs one block: `parts` parts of `rows` rows each, whatever the number of threads, which take one after the other with a plan each and wait for each
   other once, at the end. Where rows have much in common (a factor of their points) one part on all threads is faster, and made. Its inputs are the
   evaluator's. */
typedef struct score_plan {
    gndp_plan **plan; /* [workers] the first and its twins */
    int64_t workers, parts, rows;
    int64_t width;                /* products with the Jacobian in one run */
    bool vjp;                     /* one product, as it is */
    gndp_array cot, weight;       /* [entries, N, P], entries as plans_entry() says */
    gndp_array out[MOST_OUTPUTS]; /* g [slots, N, P]; what is asked for, [slots, N, P] or [entries]; [parts] nobody reads */
    int64_t n_out;
} score_plan;

struct gndp_evaluator {
    gndp_score score; /* its state and store are borrowed */
    gndp_schedule schedule;
    gndp_device *device, *single; /* single: the same with one thread */
    gndp_dtype dtype;
    int64_t slots;  /* rows of the arrays: batch, or a few more, which repeat others */
    int64_t batch, n_points, plan_points, dim, components;
    bool shared_x, padded;
    gndp_array t, decay, variance, x, y, mask, target; /* inputs of every plan */
    score_plan value, vjp, products[WIDTHS];
    int64_t count;
};

/** Make the plan of values. */
gndp_status plans_value(gndp_evaluator *ev);
/** The plan for products with the Jacobian, made when it is first wanted. */
gndp_status plans_vjp(gndp_evaluator *ev, score_plan **out);
/** The plan with as many products a run as `items` of them want. */
gndp_status plans_products(gndp_evaluator *ev, int64_t items, score_plan **out);

void plans_free(score_plan *p);

/** Run all parts; the failure told is that of the lowest part. */
gndp_status plans_run(const gndp_evaluator *ev, score_plan *p);

/** Rows of the arrays that a block of so many realizations wants. */
int64_t plans_slots(int64_t batch);

/** Where product c of row k stands: those of a part are together, [width, rows]. */
int64_t plans_entry(const score_plan *p, int64_t c, int64_t k);

/** n numbers into or out of an array of the score's type, from entry `at` on. */
void plans_put(gndp_array *a, int64_t at, int64_t n, const double *v);
void plans_get(const gndp_array *a, int64_t at, int64_t n, double *v);

#endif
