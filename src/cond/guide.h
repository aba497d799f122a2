// SPDX-License-Identifier: Apache-2.0
// What a state says about the observations: Tweedie's estimate of them, its covariance, the pull of
// the difference.
#ifndef GNDP_COND_GUIDE_H
#define GNDP_COND_GUIDE_H

#include "cond/prior.h"

/*
 * E_0 = (y - (1 - r) m + v g)/r estimates the clean field, J = dE_0/dy = (1 + v J_g)/r. The
 * observations are taken for N(A E_0, Cov + R) given y, and K grad of its logarithm, Cov held, is
 * K b with b = J' A' (Cov + R)^-1 (z - A E_0) (geomndp.md 7.4).
 */
typedef struct guide {
    gndp_guidance_covariance covariance;
    double *variance; /* [C] R, where there is none `least_variance` */
    cond_prior prior; /* of PRIOR */
    double *shared;   /* factor of Cov + R at this time [C, C]; NULL for EXACT */
    double *each;     /* EXACT: [rows, C, C] */
    double log_det;   /* of the shared one */
} guide;

gndp_status guide_check(const gndp_conditional_options *o);
/** @return memory is freed by guide_close whatever happened */
gndp_status guide_open(const cond_run *run, guide *gd);
void guide_close(guide *gd);
void guide_describe(const cond_run *run, char *text, size_t size);

/**
 * At y with scores g at time t: run->p [rows, C] = z - A E_0, run->q = (Cov + R)^-1 p, and, where
 * asked, the log-density log_p [rows]. Uses run->more; EXACT takes C products with the Jacobian.
 */
gndp_status guide_look(cond_run *run, guide *gd, double t, double *log_p);

/** From run->q and p: b into more[0] and K b into more[1], one product with the Jacobian; g is
 * kept. */
gndp_status guide_pull(cond_run *run, double t);

#endif
