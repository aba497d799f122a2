// SPDX-License-Identifier: Apache-2.0
// Ragged arrays of fields, as gndp_write_tracks() makes them of fields on their own points.
#ifndef GNDP_IO_NETCDF_RAGGED_H
#define GNDP_IO_NETCDF_RAGGED_H

#include "io/netcdf_in.h"

/**
 * Open such a file, in memory. Needs the lock.
 * @param out  NULL where the file is no ragged array of fields
 * @return GNDP_OK; GNDP_ERR_FORMAT for row sizes that do not fit; GNDP_ERR_UNSUPPORTED for
 * selections that do not apply
 */
gndp_status gndp_nc_ragged_open(gndp_nc_opening *opening, const char *path, gndp_fieldset **out);

#endif
