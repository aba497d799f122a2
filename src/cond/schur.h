// SPDX-License-Identifier: Apache-2.0
// Langevin steps with the covariance of the limit given the observations as preconditioner.
#ifndef GNDP_COND_SCHUR_H
#define GNDP_COND_SCHUR_H

#include "cond/run.h"

/*
 * Given z = A y + e at time s the drift is that of the joint score and of the likelihood of z:
 * P grad log p_s(y) + P A' R^-1 (z - A y). P = K - K A' (A K A' + R/v)^-1 A K, the covariance of
 * the limit given observations of variance R/v, satisfies v P^(1/2) (S_s^-1 + A' R^-1 A) P^(1/2) <=
 * 1 for any Gaussian data, and needs neither K^-1 nor R^-1: with F = A K A' + R/v,
 *
 *   P grad log p = g - K A' F^-1 A g,   P A' R^-1 = K A' F^-1 / v,
 *   P^(1/2) xi = u - K A' F^-1 (A u + sqrt(R/v) xi'),   u ~ N(0, K).
 *
 * Without errors P is the covariance of the targets given the context, and A y = z is held.
 */
typedef struct schur_steps {
    double *eta;  /* [rows] size of a step */
    double *v;    /* [rows] the v of P */
    double *each; /* [rows, C, C] factors of F where rows have v of their own; NULL: run->level */
    double *own_factor; /* memory of `each`, where clean steps meet errors */
    double *probe[3];   /* [rows, N P] of the search for a curvature; NULL without clean steps */
} schur_steps;

gndp_status schur_check(const gndp_conditional_options *o);
gndp_status schur_open(const cond_run *run, schur_steps *out);
void schur_close(schur_steps *own);
void schur_describe(const cond_run *run, char *text, size_t size);

/** P of one v for all rows. */
gndp_status schur_level(cond_run *run, schur_steps *own, double v);

/** One step of own->eta with the score in run->g; streams as of step k. */
gndp_status schur_step(cond_run *run, const schur_steps *own, int64_t k, uint32_t noise,
                       uint32_t error);

/** The clean steps of the options, at time grid[k + 1] > t0, with the observations in run->z. */
gndp_status schur_clean(cond_run *run, schur_steps *own, int64_t k);

#endif
