// SPDX-License-Identifier: Apache-2.0
// The random streams of the room: one name for each kind of draw, so that none is used twice.
#ifndef GNDP_COND_STREAMS_H
#define GNDP_COND_STREAMS_H

#include <gndp/base.h>

#define COND_STREAM_START GNDP_STREAM(0x434f, 0)       /* the state at t1 */
#define COND_STREAM_START_ERROR GNDP_STREAM(0x434f, 1) /* observation errors beside it */
#define COND_STREAM_PROBE GNDP_STREAM(0x434f, 2)       /* where the search for a curvature starts */
/* j: repeat of a step, or Langevin step (0 the predictor) */
#define COND_STREAM_NOISE(j) GNDP_STREAM(0x4350, (j))
#define COND_STREAM_ERROR(j) GNDP_STREAM(0x4351, (j))
#define COND_STREAM_CONTEXT(j) GNDP_STREAM(0x4352, (j)) /* noised observations */
#define COND_STREAM_FORWARD(j) GNDP_STREAM(0x4353, (j)) /* back up to the time before */
#define COND_STREAM_FORWARD_ERROR(j) GNDP_STREAM(0x4354, (j))
#define COND_STREAM_CLEAN(j) GNDP_STREAM(0x4355, (j)) /* Langevin steps at t0 */
#define COND_STREAM_CLEAN_ERROR(j) GNDP_STREAM(0x4356, (j))
/* p: particle */
#define COND_STREAM_PARTICLE(p) GNDP_STREAM(0x4357, (p))
#define COND_STREAM_PARTICLE_ERROR(p) GNDP_STREAM(0x4358, (p))
#define COND_STREAM_PARTICLE_START(p) GNDP_STREAM(0x4359, (p))
#define COND_STREAM_PARTICLE_START_ERROR(p) GNDP_STREAM(0x435a, (p))
#define COND_STREAM_RESAMPLE GNDP_STREAM(0x435b, 0)
#define COND_STREAM_PICK GNDP_STREAM(0x435b, 1)
#define COND_STREAM_DENOISED GNDP_STREAM(0x435c, 0) /* the clean field given the state */
#define COND_STREAM_DENOISED_ERROR GNDP_STREAM(0x435c, 1)
/* On spheres; of a draw by the heat kernel 16 streams, one a part. j: 0 the predictor, else a Langevin step; p: particle */
#define COND_STREAM_SPHERE_START(p) GNDP_STREAM(0x4360, 0x10u * (uint32_t)(p))
#define COND_STREAM_SPHERE_NOISE(j) GNDP_STREAM(0x4370, (j))
#define COND_STREAM_SPHERE_PARTICLE(p) GNDP_STREAM(0x4371, (p))
#define COND_STREAM_SPHERE_PATH GNDP_STREAM(0x4372, 0)
#define COND_STREAM_SPHERE_CLEAN(j) GNDP_STREAM(0x4373, (j))
#define COND_STREAM_SPHERE_PROBE GNDP_STREAM(0x4374, 0)
#define COND_STREAM_SPHERE_RESAMPLE GNDP_STREAM(0x4375, 0)
#define COND_STREAM_SPHERE_PICK GNDP_STREAM(0x4375, 1)

enum { COND_MOST_DRAWS = 65535 }; /* what a substep can count */

#endif
