// SPDX-License-Identifier: Apache-2.0
// How the channels of a set are put together from variables.
#ifndef GNDP_IO_NETCDF_PLAN_H
#define GNDP_IO_NETCDF_PLAN_H

#include "io/netcdf_in.h"

/* Variables that make one channel (one at each level). */
typedef struct gndp_nc_group {
    char name[64];
    gndp_channel_kind kind;
    int n;
    int var[GNDP_MAX_COMPONENTS];
} gndp_nc_group;

/** Add the channels of a group, one a level: netcdf_plan.c. */
gndp_status gndp_nc_plan_add(gndp_nc_opening *opening, const gndp_nc_contents *contents,
                             const gndp_nc_group *group, gndp_nc_plan *plan);
/** Every name in options.units must be one of a channel. */
gndp_status gndp_nc_plan_check_units(const gndp_read_options *options, const char *path,
                                     const gndp_nc_plan *plan);
/** Levels asked for must be there. */
gndp_status gndp_nc_plan_check_level(gndp_nc_opening *opening, const gndp_nc_contents *contents,
                                     const gndp_nc_plan *plan);

#endif
