// SPDX-License-Identifier: Apache-2.0
// Sines and cosines of degrees that are exact at multiples of 90, and differences of longitudes.
#ifndef GNDP_FIELDS_ANGLE_H
#define GNDP_FIELDS_ANGLE_H

#include <math.h>

#define GNDP_PI 3.14159265358979323846
#define GNDP_DEGREE (GNDP_PI / 180.0)

/* remquo is exact, so what is left of 90, 180, -270 is 0, and the poles are the poles. */
static inline void gndp_sincos_deg(double degrees, double *sine, double *cosine)
{
    int quarter = 0;
    const double rest = remquo(degrees, 90.0, &quarter) * GNDP_DEGREE; /* within +-pi/4 */
    const double s = sin(rest), c = cos(rest);
    switch ((unsigned)quarter & 3u) {
    case 0:
        *sine = s;
        *cosine = c;
        break;
    case 1:
        *sine = c;
        *cosine = -s;
        break;
    case 2:
        *sine = -s;
        *cosine = -c;
        break;
    default:
        *sine = -c;
        *cosine = s;
    }
    *sine += 0.0; /* -0 becomes 0 */
    *cosine += 0.0;
}

/* East of `from`, the short way round: in (-180, 180]. */
static inline double gndp_lon_difference(double to, double from)
{
    const double d = remainder(to - from, 360.0);
    return d == -180.0 ? 180.0 : d;
}

#endif
