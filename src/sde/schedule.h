// SPDX-License-Identifier: Apache-2.0
// Bounds of schedules that the files of the room share.
#ifndef GNDP_SDE_SCHEDULE_H
#define GNDP_SDE_SCHEDULE_H

#include <gndp/sde.h>

/* Most steps of the discrete schedule: its table lives on the stack. */
enum { GNDP_DISCRETE_MAX = 4096 };

#endif
