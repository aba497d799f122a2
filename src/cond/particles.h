// SPDX-License-Identifier: Apache-2.0
// Weights of particles, resampling, and the evidence that it yields.
#ifndef GNDP_COND_PARTICLES_H
#define GNDP_COND_PARTICLES_H

#include "cond/run.h"

typedef struct swarm {
    double *log_w;   /* [P] accumulated since the last resampling */
    double *work;    /* [P] */
    int64_t *parent; /* [P] */
    double *moved;   /* [P, max(N P, C)] */
    int64_t moves;   /* resamplings so far of this member */
} swarm;

gndp_status swarm_check(const cond_run *run);
gndp_status swarm_open(const cond_run *run, swarm *out);
void swarm_close(swarm *own);
void swarm_start(cond_run *run, swarm *own);

/**
 * Systematic resampling when the effective number falls below the options' share (or always): its
 * ln mean exp(log_w) goes to run->log_evidence, weights start anew, and own->parent says who stays.
 * @return GNDP_ERR_NONFINITE when no weight is finite
 */
gndp_status swarm_resample(cond_run *run, swarm *own, int64_t step, double t, bool *moved);

/** rows [P, width] by parents. */
void swarm_move(const cond_run *run, swarm *own, int64_t width, double *rows);

/** The end: ln mean exp to the evidence; one particle, drawn by weight, is run->picked. */
gndp_status swarm_end(cond_run *run, swarm *own);

void swarm_describe(const cond_run *run, char *text, size_t size);

#endif
