// SPDX-License-Identifier: Apache-2.0
// Points of the sphere from degrees, and the east-north frames of tangent fields.
#define GNDP_NO_CALLSITE
#include "kernels/sphere.h"

#include <gndp/ops.h>

#include <math.h>

static const double degree = 3.14159265358979323846 / 180.0;

/* Distance from the axis that a pole keeps, so that its longitude can be read back: it changes no
   cosine (2^-54 rounds away beside 1). */
#define POLE_RADIUS 0x1p-54

void gndp_sphere_from_degrees(int64_t n, const double *lat_deg, const double *lon_deg, double *x)
{
    for (int64_t i = 0; i < n; i++) {
        const bool pole = fabs(lat_deg[i]) == 90.0;
        const double radius = pole ? POLE_RADIUS : cos(lat_deg[i] * degree);
        x[3 * i] = radius * cos(lon_deg[i] * degree);
        x[3 * i + 1] = radius * sin(lon_deg[i] * degree);
        x[3 * i + 2] = pole ? copysign(1.0, lat_deg[i]) : sin(lat_deg[i] * degree);
    }
}

void gndp_sphere_frames(int64_t n, const double *x, double *east, double *north)
{
    for (int64_t i = 0; i < n; i++) {
        const double *p = x + 3 * i;
        double *e = east + 3 * i, *u = north + 3 * i;
        const double radius = hypot(p[0], p[1]), length = hypot(radius, p[2]);
        e[0] = radius > 0.0 ? -p[1] / radius : 0.0;
        e[1] = radius > 0.0 ? p[0] / radius : 1.0;
        e[2] = 0.0;
        u[0] = -p[2] * e[1] / length;
        u[1] = p[2] * e[0] / length;
        u[2] = (p[0] * e[1] - p[1] * e[0]) / length;
    }
}

/* Below this squared distance from the axis a point is a pole, with the frame of longitude 0. It is
   far below that of the poles made by gndp_sphere_from_degrees. */
#define POLE 1e-60

/* Column i of x [.., N, 3] as [.., N, 1]. */
static gndp_node column(gndp_graph *g, gndp_node x, int i)
{
    return gndp_slice_axis(g, x, -1, i, i + 1);
}

/* East = (-x_1, x_0, 0)/rho, north = x cross east. At a pole the derivative is 0 by choice: frames
   have none there. */
void kernel_frames(gndp_graph *g, gndp_node x, gndp_node *east, gndp_node *north)
{
    const gndp_node x0 = column(g, x, 0), x1 = column(g, x, 1), x2 = column(g, x, 2);
    const gndp_node zero = kernel_number(g, 0.0), one = kernel_number(g, 1.0);
    const gndp_node square = gndp_add(g, gndp_square(g, x0), gndp_square(g, x1));
    const gndp_node off_pole = gndp_less(g, kernel_number(g, POLE), square);
    const gndp_node inverse = gndp_rsqrt(g, gndp_select(g, off_pole, square, one));
    const gndp_node e0 = gndp_select(g, off_pole, gndp_neg(g, gndp_mul(g, x1, inverse)), zero);
    const gndp_node e1 = gndp_select(g, off_pole, gndp_mul(g, x0, inverse), one);
    const gndp_node e[3] = {e0, e1, gndp_scale(g, e1, 0.0)};
    const gndp_node n[3] = {gndp_neg(g, gndp_mul(g, x2, e1)), gndp_mul(g, x2, e0),
                            gndp_sub(g, gndp_mul(g, x0, e1), gndp_mul(g, x1, e0))};
    *east = gndp_concat(g, e, 3, -1);
    *north = gndp_concat(g, n, 3, -1);
}
