// SPDX-License-Identifier: Apache-2.0
// The random streams of the room: one name for each kind of draw, so that none is used twice.
#ifndef GNDP_SDE_STREAMS_H
#define GNDP_SDE_STREAMS_H

#include <gndp/base.h>

#define SDE_STREAM_TIMES GNDP_STREAM(0x5344, 0)   /* places of training times in their strata */
#define SDE_STREAM_PAIRING GNDP_STREAM(0x5344, 1) /* which realization takes which */
#define SDE_STREAM_START GNDP_STREAM(0x5345, 0)   /* the state at t1 */
#define SDE_STREAM_NOISE(j)                                                                        \
    GNDP_STREAM(0x5346, (j)) /* of a step: 0 the predictor, j the j-th Langevin step */
#define SDE_STREAM_PROBE(i) GNDP_STREAM(0x5347, (i)) /* Hutchinson's probes */
/* On spheres: the state at t1 (a stream a sphere), of a step, probes. */
#define SDE_STREAM_BROWNIAN_START GNDP_STREAM(0x5348, 0)
#define SDE_STREAM_BROWNIAN_NOISE GNDP_STREAM(0x5349, 0)
#define SDE_STREAM_BROWNIAN_PROBE(i) GNDP_STREAM(0x534a, (i))

#endif
