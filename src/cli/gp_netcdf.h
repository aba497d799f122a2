// SPDX-License-Identifier: Apache-2.0
// Fields of Gaussian processes as NetCDF: mean and standard deviation, and members.
#ifndef GNDP_CLI_GP_NETCDF_H
#define GNDP_CLI_GP_NETCDF_H

#include <stdbool.h>
#include <stdint.h>

#include <gndp/gndp.h>

#include "cli/gp_data.h"

/* What the file shall hold: mean and standard deviation, or draws. */
typedef struct gp_netcdf_plan {
    const gndp_coords *coords;
    const gp_data *data; /* names, units and calendar of the values; its sets are the times. NULL:
                            y1, y2, .., one time */
    int outputs;
    const uint32_t *member; /* numbers of the draws; n_members 0: mean and standard deviation */
    int64_t n_members;
    bool overwrite;
    const char *history, *kernel;
    uint64_t seed;
} gp_netcdf_plan;

typedef struct gp_netcdf {
    gndp_field_writer *writer;
    gndp_channel *channel;
    int64_t *member;
    double *time_s, *moments; /* [n_times]; [N, 2 P] */
    int64_t n, n_members;
    int outputs;
} gp_netcdf;

/** Whether a name is one of a NetCDF file. */
bool gp_netcdf_is(const char *path);

/** Open PATH.part; sets that are no times are refused when there are several. */
int gp_netcdf_open(const char *path, const gp_netcdf_plan *plan, gp_netcdf *out);
/** Mean and standard deviation [N, P], or draws [members, N, P], at a time. */
int gp_netcdf_put_moments(gp_netcdf *file, int64_t time, const double *mean, const double *sd);
int gp_netcdf_put_draws(gp_netcdf *file, int64_t time, const double *draw);
int gp_netcdf_commit(gp_netcdf *file);
/** Remove what was not committed; takes {0}. */
void gp_netcdf_close(gp_netcdf *file);

#endif
