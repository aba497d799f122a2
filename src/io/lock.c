// SPDX-License-Identifier: Apache-2.0
// The process-wide lock around netCDF, one of the two globals of the library.
#include "io/lock.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static pthread_mutex_t netcdf = PTHREAD_MUTEX_INITIALIZER;

/* HDF5 prints each error of its own on stderr. NetCDF switches that off in the thread that first
   calls it; in a thread-safe HDF5 the switch belongs to a thread, so that every other thread would
   print. NetCDF brings HDF5 along, so its symbol is there at run time without being linked. */
extern int H5Eset_auto2(int64_t stack, void *function, void *data) __attribute__((weak));

static _Thread_local bool silent;

void gndp_nc_lock(void)
{
    pthread_mutex_lock(&netcdf);
    if (!silent && H5Eset_auto2 != NULL)
        H5Eset_auto2(0, NULL, NULL);
    silent = true;
}

void gndp_nc_unlock(void)
{
    pthread_mutex_unlock(&netcdf);
}
