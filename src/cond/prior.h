// SPDX-License-Identifier: Apache-2.0
// What a Gaussian stand-in for the data, N(., S0), says of the clean field given a state and observations.
#ifndef GNDP_COND_PRIOR_H
#define GNDP_COND_PRIOR_H

#include "cond/run.h"

/*
 * With S0 X = K X diag(w), X'K X = 1, the clean field given y_t has the covariance
 *
 *   C_t = S0 - alpha S0 (alpha S0 + v K)^-1 S0 = K X diag(d) X'K,   d = w v/(alpha w + v),
 *
 * whatever its mean. Without a prior S0 = K: X X' = K^-1, w = 1, and nothing is held.
 */
struct gndp_prior {
    int64_t size; /* N P */
    double *x;    /* rows are the vectors of X [N P, N P] */
    double *w;    /* [N P] */
};

/* The options' prior seen through the observations of a run. */
typedef struct cond_prior {
    const gndp_prior *made; /* NULL: S0 = K */
    double *shape;          /* A K X [C, N P] */
    double *work;           /* [N P] */
} cond_prior;

/** @return memory is freed by prior_close whatever happened; GNDP_ERR_SHAPE for a prior of other
 * values */
gndp_status prior_open(const cond_run *run, cond_prior *prior);
void prior_close(cond_prior *prior);

/** seen [C, C] = A C_t A' at a time with the marginal `at`. */
void prior_seen(const cond_run *run, cond_prior *prior, gndp_linear_law at, double *seen);

/**
 * y = mu + draw of N(0, C_t) given A y + errors = z: `mu` [rows, N P] in run->more[0] in, y in
 * run->more[1] out. run->u [rows, N P] = draws of N(0, K) and run->q [rows, C] = errors are used up,
 * and so are run->level, run->more[0].
 *
 * @return GNDP_ERR_NOT_PD names two observations that repeat each other
 */
gndp_status prior_draw(cond_run *run, cond_prior *prior, gndp_linear_law at);

#endif
