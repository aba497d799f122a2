// SPDX-License-Identifier: Apache-2.0
// Log-densities of some points given others: as a difference, or of the targets by a score that
// takes clean context.
#include <stdlib.h>
#include <string.h>

#include "sde/evaluator.h"
#include "sde/likelihood.h"

/* Rows of whole points picked from y [n, N P]. */
static double *pick(int64_t n, int64_t size, int64_t p, int64_t c, const int64_t *context,
                    const double *y)
{
    double *out = malloc((size_t)(n * c * p) * sizeof *out + 1);
    for (int64_t r = 0; out != NULL && r < n; r++) {
        for (int64_t i = 0; i < c; i++) {
            memcpy(out + (r * c + i) * p, y + r * size + context[i] * p, (size_t)p * sizeof *out);
        }
    }
    return out;
}

gndp_status gndp_conditional_log_likelihood(const gndp_flow_law *joint,
                                            const gndp_flow_law *context,
                                            const gndp_schedule *schedule,
                                            const gndp_likelihood_options *options, int64_t n,
                                            const uint32_t *member, int64_t c, const int64_t *index,
                                            const double *y0, double *log_p)
{
    gndp_status st = GNDP_OK;
    double *some = NULL, *less = NULL;
    GNDP_CHECK(joint != NULL && context != NULL, GNDP_ERR_ARG, "an argument is NULL");
    GNDP_CHECK(n == 0 || (y0 != NULL && log_p != NULL && index != NULL), GNDP_ERR_ARG,
               "an array is NULL");
    GNDP_CHECK(n >= 0 && c >= 1, GNDP_ERR_RANGE, "%lld fields, %lld context points", (long long)n,
               (long long)c);
    const int64_t points = gndp_evaluator_points(joint->evaluator),
                  size = evaluator_size(joint->evaluator), p = size / points;
    GNDP_CHECK(gndp_evaluator_points(context->evaluator) == c, GNDP_ERR_SHAPE,
               "%lld context points, their score has %lld", (long long)c,
               (long long)gndp_evaluator_points(context->evaluator));
    for (int64_t i = 0; i < c; i++) {
        GNDP_CHECK(index[i] >= 0 && index[i] < points, GNDP_ERR_RANGE,
                   "context point %lld is number %lld of %lld", (long long)i, (long long)index[i],
                   (long long)points);
    }
    some = pick(n, size, p, c, index, y0);
    less = malloc((size_t)n * sizeof *less + 1);
    GNDP_CHECK(some != NULL && less != NULL, GNDP_ERR_NOMEM, "%lld values", (long long)(n * c * p));
    GNDP_TRY(gndp_log_likelihood(joint->evaluator, schedule, joint->law, options, n, member, y0,
                                 log_p, NULL));
    GNDP_TRY(gndp_log_likelihood(context->evaluator, schedule, context->law, options, n, member,
                                 some, less, NULL));
    for (int64_t r = 0; r < n; r++) {
        log_p[r] -= less[r];
    }
done:
    free(some);
    free(less);
    return st;
}

/* Values at the points that are no context, in rising order; a point twice is refused. */
static gndp_status list_targets(int64_t points, int64_t p, int64_t c, const int64_t *context,
                                bool *seen, int64_t *value, int64_t *n)
{
    gndp_status st = GNDP_OK;
    for (int64_t i = 0; i < c; i++) {
        GNDP_CHECK(context[i] >= 0 && context[i] < points, GNDP_ERR_RANGE,
                   "context point %lld is number %lld of %lld", (long long)i, (long long)context[i],
                   (long long)points);
        GNDP_CHECK(!seen[context[i]], GNDP_ERR_RANGE, "point %lld is context twice",
                   (long long)context[i]);
        seen[context[i]] = true;
    }
    *n = 0;
    for (int64_t i = 0; i < points * p; i++) {
        if (!seen[i / p]) {
            value[(*n)++] = i;
        }
    }
done:
    return st;
}

gndp_status gndp_context_log_likelihood(gndp_evaluator *ev, const gndp_schedule *schedule,
                                        const gndp_gaussian *law,
                                        const gndp_likelihood_options *options, int64_t n,
                                        const uint32_t *member, int64_t c, const int64_t *context,
                                        const double *y0, double *log_p, double *latent)
{
    gndp_status st = GNDP_OK;
    int64_t *value = NULL;
    bool *seen = NULL;
    flow_part part = {0};
    GNDP_CHECK(ev != NULL && law != NULL, GNDP_ERR_ARG, "evaluator or law is NULL");
    GNDP_CHECK(c == 0 || context != NULL, GNDP_ERR_ARG, "context is NULL");
    GNDP_CHECK(evaluator_takes_context(ev), GNDP_ERR_UNSUPPORTED,
               "the score was not trained with clean context: set score.context_flag: yes and "
               "data.context, train again, or use gndp_conditional_log_likelihood");
    const int64_t points = gndp_evaluator_points(ev), size = evaluator_size(ev);
    GNDP_CHECK(c >= 0 && c < points, GNDP_ERR_RANGE, "%lld context points of %lld", (long long)c,
               (long long)points);
    value = malloc((size_t)size * sizeof *value);
    seen = calloc((size_t)points, sizeof *seen);
    GNDP_CHECK(value != NULL && seen != NULL, GNDP_ERR_NOMEM, "%lld values", (long long)size);
    GNDP_TRY(list_targets(points, size / points, c, context, seen, value, &part.n));
    part.value = value;
    GNDP_TRY(evaluator_context(ev, c, context));
    st = likelihood_run(ev, schedule, law, &part, options, n, member, y0, log_p, latent);
    evaluator_context(ev, 0, NULL);
done:
    free(value);
    free(seen);
    return st;
}
