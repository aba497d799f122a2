// SPDX-License-Identifier: Apache-2.0
// The process-wide lock around netCDF, one of the two globals of the library.
#include "io/lock.h"

#include <pthread.h>

static pthread_mutex_t netcdf = PTHREAD_MUTEX_INITIALIZER;

void gndp_nc_lock(void)
{
    pthread_mutex_lock(&netcdf);
}

void gndp_nc_unlock(void)
{
    pthread_mutex_unlock(&netcdf);
}
