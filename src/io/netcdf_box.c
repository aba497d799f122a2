// SPDX-License-Identifier: Apache-2.0
// Boxes in degrees: which longitudes lie within, and a box that wraps made one axis of two pieces.
#include <math.h>
#include <stdlib.h>

#include "base/error.h"
#include "io/netcdf_file.h"
#include "io/netcdf_in.h"

/* Float axes end at 359.99997: a border is met within this. */
#define SLACK_DEG 1e-4

/* Degrees eastwards of the western side, within [0, 360). */
static double east_of(double west, double lon)
{
    double d = fmod(lon - west, 360.0);
    if (d < 0.0)
        d += 360.0;
    return d > 360.0 - SLACK_DEG ? 0.0 : d;
}

/* Width of the box; 360 for all longitudes. */
static double width_of(const gndp_read_options *o)
{
    if (o->east - o->west >= 360.0 - SLACK_DEG)
        return 360.0;
    return east_of(o->west, o->east);
}

bool gndp_nc_box_has_lon(const gndp_read_options *options, double lon)
{
    return !options->has_box || east_of(options->west, lon) <= width_of(options) + SLACK_DEG;
}

bool gndp_nc_box_has_lat(const gndp_read_options *options, double lat)
{
    return !options->has_box ||
           (lat >= options->south - SLACK_DEG && lat <= options->north + SLACK_DEG);
}

/* A global axis may give its first meridian again at its end; returns the entries without it. */
static int64_t without_repeat(int64_t n, const double *lon)
{
    if (n < 3)
        return n;
    const double step = fabs(lon[1] - lon[0]), span = fabs(lon[n - 1] - lon[0]);
    return fabs(span - 360.0) <= fmin(SLACK_DEG, 1e-3 * step) ? n - 1 : n;
}

gndp_status gndp_nc_box_lon(const char *path, const gndp_nc_contents *contents, int var,
                            const gndp_read_options *options, int64_t n, const double *lon,
                            int64_t *index, double *shift, int64_t *n_out)
{
    gndp_status st = GNDP_OK;
    int64_t m = 0, gap = -1, gaps = 0;
    n = without_repeat(n, lon);
    for (int64_t i = 0; i < n; i++)
        if (gndp_nc_box_has_lon(options, lon[i]))
            index[m++] = i;
    GNDP_CHECK(m > 0, GNDP_ERR_RANGE,
               "%s: the box W,E,S,N = %g,%g,%g,%g holds no '%s': it has %lld values from %g to %g",
               path, options->west, options->east, options->south, options->north,
               contents->var[var].name, (long long)n, lon[0], lon[n - 1]);
    for (int64_t k = 0; k < m; k++)
        shift[k] = 0.0;
    *n_out = m;
    for (int64_t k = 0; k + 1 < m; k++)
        if (index[k + 1] != index[k] + 1) {
            gap = k;
            gaps++;
        }
    if (gaps == 0)
        goto done;
    /* The box begins in the last piece of the axis and goes on in the first. */
    GNDP_CHECK(gaps == 1, GNDP_ERR_FORMAT, "%s: the longitudes '%s' are not monotonic", path,
               contents->var[var].name);
    const int64_t head = gap + 1, tail = m - head; /* index[0..gap] and what follows */
    const int64_t tail_first = index[head];
    for (int64_t k = 0; k < m; k++)
        index[k] = k < tail ? tail_first + k : k - tail;
    for (int64_t k = 0; k < m; k++) {
        /* Values as they lie eastwards of the western side. */
        const double value = options->west + east_of(options->west, lon[index[k]]);
        shift[k] = 360.0 * rint((value - lon[index[k]]) / 360.0);
    }
done:
    return st;
}
