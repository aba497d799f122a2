// SPDX-License-Identifier: Apache-2.0
// Places that tables name by latitude and longitude.
#include "io/place.h"

#include <math.h>

#include "base/error.h"

bool gndp_place_is(double lat, double lon)
{
    return lat >= -90.0 && lat <= 90.0 && lon >= -360.0 && lon <= 720.0;
}

gndp_status gndp_place_check(const char *where, double lat, double lon)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(lat >= -90.0 && lat <= 90.0, GNDP_ERR_RANGE, "%s: latitude %g is outside -90..90",
               where, lat);
    GNDP_CHECK(lon >= -360.0 && lon <= 720.0, GNDP_ERR_RANGE,
               "%s: longitude %g is outside -360..720", where, lon);
done:
    return st;
}

double gndp_place_longitude(double lat, double lon)
{
    if (fabs(lat) == 90.0)
        return 0.0;
    /* Whole turns come off exactly where the file wrote degrees of few digits, so that -170 and 190
     * are one. */
    while (lon >= 180.0)
        lon -= 360.0;
    while (lon < -180.0)
        lon += 360.0;
    return lon;
}
