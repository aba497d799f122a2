// SPDX-License-Identifier: Apache-2.0
// The Ornstein-Uhlenbeck process as its files see it.
#ifndef GNDP_SDE_PROCESS_H
#define GNDP_SDE_PROCESS_H

#include <gndp/sde.h>

struct gndp_process {
    gndp_schedule schedule;
    gndp_kernel *kernel; /* with P outputs, or as many as input dimensions */
    int outputs;
    double *mean; /* [P] */
    double white; /* variance of a white limit, else 0 */
};

/* Jitter of the limit relative to the mean of K's diagonal: the same in training, where it is a
 * constant of the graph, and in the laws of samplers, or noise and score would belong to different
 * K. */
#define PROCESS_JITTER 1e-6

#endif
