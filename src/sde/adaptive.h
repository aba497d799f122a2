// SPDX-License-Identifier: Apache-2.0
// Dormand and Prince's pair of orders 5 and 4 for a block of members, each with steps of its own.
#ifndef GNDP_SDE_ADAPTIVE_H
#define GNDP_SDE_ADAPTIVE_H

#include "base/error.h"

/* dy/dt at t [n] for y [n, size], and dl/dt [n] where l is integrated too (else dl is NULL).
 * `running` rows have not arrived yet: the others' values are not used. */
typedef gndp_status (*adaptive_slope)(void *state, int64_t running, const double *t,
                                      const double *y, double *dy, double *dl);

/* Called after every attempt with the share of the way that all have gone; may stop the run. */
typedef gndp_status (*adaptive_watch)(void *state, double share);

typedef struct adaptive_problem {
    int64_t n, size;
    double from, to;     /* times, either may be the larger */
    double tolerance;    /* relative and absolute */
    bool extra;          /* integrate l */
    const bool *real;    /* [n] the other rows repeat real ones and are not counted as running */
    const int64_t *name; /* [n] what to call each row in messages */
    adaptive_slope slope;
    adaptive_watch watch;
    void *state;
} adaptive_problem;

/** Memory of a run, made beforehand. */
typedef struct adaptive_memory {
    double *y, *l; /* 9 arrays [n, size], 9 of [n] */
    double *row;   /* t, h, trial times: [n] each */
} adaptive_memory;

gndp_status adaptive_open(int64_t n, int64_t size, adaptive_memory *out);
void adaptive_close(adaptive_memory *memory);

/** y [n, size] and l [n] (or NULL) from `from` to `to`, in place. Steps of a row depend on that row
 * alone. */
gndp_status adaptive_run(const adaptive_problem *problem, adaptive_memory *memory, double *y,
                         double *l);

#endif
