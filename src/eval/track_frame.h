// SPDX-License-Identifier: Apache-2.0
// Directions at a place on the sphere, east and poleward.
#ifndef GNDP_EVAL_TRACK_FRAME_H
#define GNDP_EVAL_TRACK_FRAME_H

#include <math.h>

static inline double gndp_dot3(const double *a, const double *b)
{
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

/* Unit vectors at x: east, and towards the nearer pole, north on the equator. At a pole those of longitude 0. */
static inline void gndp_frame_of(const double *x, double *east, double *poleward)
{
    const double r = hypot(x[0], x[1]), c = r > 0.0 ? x[0] / r : 1.0, s = r > 0.0 ? x[1] / r : 0.0, sign = x[2] < 0.0 ? -1.0 : 1.0;
    east[0] = -s, east[1] = c, east[2] = 0.0;
    poleward[0] = -sign * x[2] * c, poleward[1] = -sign * x[2] * s, poleward[2] = sign * r;
}

#endif
