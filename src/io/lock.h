// SPDX-License-Identifier: Apache-2.0
// The lock around every call into NetCDF, whose C library is not safe from several threads.
#ifndef GNDP_IO_LOCK_H
#define GNDP_IO_LOCK_H

#ifdef __cplusplus
extern "C" {
#endif

/** Held around a run of netCDF calls, from one thread; not recursive. Keep the user's callbacks and
 * long computations outside. */
void gndp_nc_lock(void);
void gndp_nc_unlock(void);

#ifdef __cplusplus
}
#endif
#endif
