// SPDX-License-Identifier: Apache-2.0
// Area weights of points: latitude bands of a grid, equal weights elsewhere.
#include <gndp/eval.h>

#include <math.h>
#include <stdlib.h>

#include "base/error.h"

/* Share of the sphere between the edges of each latitude's band. Edges lie half way between latitudes; the outer ones
   as far out as the nearest inner one is in, but never beyond the pole. Exact for bands and for grids with poles. */
static void band_areas(const double *lat_deg, int64_t n, double *area)
{
    const double radian = acos(-1.0) / 180.0;
    if (n == 1) {
        area[0] = 1.0;
        return;
    }
    for (int64_t i = 0; i < n; i++) {
        const double before = i > 0 ? lat_deg[i - 1] : 2.0 * lat_deg[0] - lat_deg[1];
        const double after = i + 1 < n ? lat_deg[i + 1] : 2.0 * lat_deg[n - 1] - lat_deg[n - 2];
        const double a = fmax(-90.0, fmin(90.0, 0.5 * (before + lat_deg[i])));
        const double b = fmax(-90.0, fmin(90.0, 0.5 * (after + lat_deg[i])));
        area[i] = fabs(sin(b * radian) - sin(a * radian));
    }
}

gndp_status gndp_point_weights(const gndp_coords *coords, double *w)
{
    gndp_status st = GNDP_OK;
    double *area = NULL, sum = 0.0;
    GNDP_CHECK(coords != NULL && w != NULL, GNDP_ERR_ARG, "coords or w is NULL");
    GNDP_CHECK(coords->n > 0, GNDP_ERR_SHAPE, "no points");
    if (coords->space == GNDP_SPACE_SPHERE && coords->layout == GNDP_LAYOUT_PRODUCT) {
        const int64_t n_lat = coords->axis[0].size, n_lon = coords->axis[1].size;
        GNDP_CHECK(n_lat * n_lon == coords->n, GNDP_ERR_SHAPE, "%lld x %lld points, not %lld",
                   (long long)n_lat, (long long)n_lon, (long long)coords->n);
        area = calloc((size_t)n_lat, sizeof *area);
        GNDP_CHECK(area != NULL, GNDP_ERR_NOMEM, "%lld latitudes", (long long)n_lat);
        band_areas(coords->axis[0].value, n_lat, area);
        for (int64_t i = 0; i < coords->n; i++)
            w[i] = area[i / n_lon];
    } else {
        for (int64_t i = 0; i < coords->n; i++) /* also stations: where they stand is no area */
            w[i] = 1.0;
    }
    for (int64_t i = 0; i < coords->n; i++)
        sum += w[i];
    GNDP_CHECK(sum > 0.0 && isfinite(sum), GNDP_ERR_RANGE, "the areas of the points sum to %g", sum);
    for (int64_t i = 0; i < coords->n; i++)
        w[i] /= sum;
done:
    free(area);
    return st;
}
