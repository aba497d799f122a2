// SPDX-License-Identifier: Apache-2.0
// Log-densities by the probability flow of all values or of some.
#ifndef GNDP_SDE_LIKELIHOOD_H
#define GNDP_SDE_LIKELIHOOD_H

#include "base/error.h"

#include <gndp/sampler.h>

/* Which of the N P values flow; the others stay as they are given, and the score is 0 at them. */
typedef struct flow_part {
    int64_t n;
    const int64_t *value; /* [n] rising */
} flow_part;

/**
 * gndp_log_likelihood() of the values that flow.
 * @param law   the limit of those values;  @param part  NULL: all
 * @param y0    [n, N P];  @param latent [n, part->n] or NULL
 */
gndp_status likelihood_run(gndp_evaluator *ev, const gndp_schedule *schedule,
                           const gndp_gaussian *law, const flow_part *part,
                           const gndp_likelihood_options *options, int64_t n,
                           const uint32_t *member, const double *y0, double *log_p, double *latent);

#endif
