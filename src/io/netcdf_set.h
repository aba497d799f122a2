// SPDX-License-Identifier: Apache-2.0
// The last steps of opening: what a file says of itself, and whether there is any value.
#ifndef GNDP_IO_NETCDF_SET_H
#define GNDP_IO_NETCDF_SET_H

#include "io/netcdf_in.h"

/* Global attributes that a set carries along. */
typedef struct gndp_nc_attributes {
    gndp_attribute *attribute;
    int n;
} gndp_nc_attributes;

/** Texts of a file but those about its form (Conventions and kin). Needs the lock. */
gndp_status gndp_nc_attributes_read(const gndp_nc_contents *contents, gndp_nc_attributes *out);
void gndp_nc_attributes_free(gndp_nc_attributes *attributes);

/** Look for a value of one part that is not missing, at a bounded cost. @return GNDP_OK also where
 * the bound was met, with a note; GNDP_ERR_NONFINITE when there is none. Needs the lock. */
gndp_status gndp_nc_scan(gndp_nc_opening *opening, gndp_nc_view *view, int part);

/** Points of a joined file must stand where those of the first stand. */
gndp_status gndp_nc_places_same_index(const gndp_nc_places *a, const gndp_nc_places *b,
                                      const char *path_b);

#endif
