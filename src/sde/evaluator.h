// SPDX-License-Identifier: Apache-2.0
// What samplers and likelihoods ask of an evaluator beside its public calls: one block at a time.
#ifndef GNDP_SDE_EVALUATOR_H
#define GNDP_SDE_EVALUATOR_H

#include "base/error.h"

#include <gndp/sampler.h>

/**
 * g [n, N P] of one block, n <= batch: row i is slot i of the plan.
 * @param active  rows that count as evaluations; the others only keep the slots filled
 */
gndp_status evaluator_block(gndp_evaluator *ev, int64_t n, int64_t active, const double *t,
                            bool one_time, const double *y, double *g);

/** g and J' cot of one block. */
gndp_status evaluator_product(gndp_evaluator *ev, int64_t n, int64_t active, const double *t,
                              bool one_time, const double *y, const double *cot, double *g,
                              double *out);

/** g and mean over probes of a' J b, a and b [n, probes, N P]; n <= batch. */
gndp_status evaluator_probe(gndp_evaluator *ev, int64_t n, int64_t active, const double *t,
                            bool one_time, const double *y, int64_t probes, const double *a,
                            const double *b, double *g, double *estimate);

/** g and the trace of J; n <= batch. */
gndp_status evaluator_trace(gndp_evaluator *ev, int64_t n, int64_t active, const double *t,
                            bool one_time, const double *y, double *g, double *trace);

/**
 * From now on these points are clean context, in every plan: the score is that of the others given
 * the values of y at them, and 0 at them. As made, and after gndp_evaluator_move(), all are targets.
 * @param point [n]; n 0: none again. @return GNDP_OK; GNDP_ERR_UNSUPPORTED for a score that takes none
 */
gndp_status evaluator_context(gndp_evaluator *ev, int64_t n, const int64_t *point);
bool evaluator_takes_context(const gndp_evaluator *ev);

/** N P. */
int64_t evaluator_size(const gndp_evaluator *ev);
/** True where every realization has points of its own, so that row i must be realization i. */
bool evaluator_own_points(const gndp_evaluator *ev);

#endif
