// SPDX-License-Identifier: Apache-2.0
// Places that tables name by latitude and longitude.
#ifndef GNDP_IO_PLACE_H
#define GNDP_IO_PLACE_H

#include <gndp/fields.h>

/** Whether there is such a place: latitude -90..90, longitude -360..720. */
bool gndp_place_is(double lat, double lon);
/** Refuse a latitude outside -90..90 or a longitude outside -360..720. @param where  "file:line",
 * for the message */
gndp_status gndp_place_check(const char *where, double lat, double lon);

/** Longitude in [-180, 180), 0 at the poles: equal for two names of one place. */
double gndp_place_longitude(double lat, double lon);

#endif
