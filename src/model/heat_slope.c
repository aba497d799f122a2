// SPDX-License-Identifier: Apache-2.0
// The slope of the heat kernel on S² as nodes: expansion in tau, or Legendre series (geomndp.md 10.5).
#define GNDP_NO_CALLSITE
#include "model/reference.h"

#include <gndp/ops.h>

/* The expansion is good to 5e-5 RMS below this, the series of so many terms to 1e-12 above. */
static const double meet = 0.1;
enum { TERMS = 20 };

static gndp_node number(gndp_graph *g, double value)
{
    return gndp_scalar(g, GNDP_F64, value);
}

/* theta/(2 tau sin theta) - (1/theta - cot theta)/(2 sin theta) - tau q'/(sin theta (1 + tau q)), all by theta^2 and r = theta/sin theta, which are analytic at
   c = 1: there quotients of small numbers give way to their limits. */
static gndp_node expansion(gndp_graph *g, gndp_node tau, gndp_node c)
{
    const gndp_node square = gndp_arccos_sq(g, c), r = gndp_angle_ratio(g, c), cr = gndp_mul(g, c, r);
    const gndp_node small = gndp_less(g, square, number(g, 1e-4));
    const gndp_node safe = gndp_select(g, small, number(g, 1.0), square);
    const gndp_node h = gndp_select(g, small, number(g, 1.0 / 3.0), gndp_div(g, gndp_offset(g, gndp_neg(g, cr), 1.0), safe)); /* (1 - theta cot theta)/theta^2 */
    const gndp_node top = gndp_offset(g, gndp_add(g, gndp_square(g, r), cr), -2.0);
    const gndp_node q_slope = gndp_select(g, small, number(g, 1.0 / 90.0), gndp_scale(g, gndp_div(g, gndp_mul(g, top, r), gndp_square(g, safe)), 0.25));
    const gndp_node q = gndp_offset(g, gndp_scale(g, h, 0.25), 0.25);
    const gndp_node first = gndp_scale(g, gndp_sub(g, gndp_div(g, r, tau), gndp_mul(g, h, r)), 0.5);
    return gndp_sub(g, first, gndp_div(g, gndp_mul(g, tau, q_slope), gndp_offset(g, gndp_mul(g, tau, q), 1.0)));
}

/* sum (2l + 1) e^(-l(l+1) tau) P_l' over the same with P_l. */
static gndp_node series(gndp_graph *g, gndp_node tau, gndp_node c)
{
    gndp_node p = c, before = number(g, 1.0), slope = number(g, 1.0), slope_before = number(g, 0.0);
    gndp_node top = GNDP_NONE, bottom = number(g, 1.0);
    for (int l = 1; l <= TERMS; l++) {
        const gndp_node weight = gndp_scale(g, gndp_exp(g, gndp_scale(g, tau, -(double)(l * (l + 1)))), 2.0 * l + 1.0);
        const gndp_node up = gndp_mul(g, weight, slope);
        top = l == 1 ? up : gndp_add(g, top, up);
        bottom = gndp_add(g, bottom, gndp_mul(g, weight, p));
        const gndp_node next = gndp_scale(g, gndp_sub(g, gndp_scale(g, gndp_mul(g, c, p), 2.0 * l + 1.0), gndp_scale(g, before, (double)l)), 1.0 / (l + 1.0));
        const gndp_node slope_next = gndp_add(g, slope_before, gndp_scale(g, p, 2.0 * l + 1.0));
        before = p, p = next, slope_before = slope, slope = slope_next;
    }
    return gndp_div(g, top, gndp_max2(g, bottom, number(g, 1e-6)));
}

gndp_node reference_heat_slope(gndp_graph *g, gndp_node tau, gndp_node c)
{
    const gndp_node inside = gndp_clip(g, c, -0.9995, 1.0), near = gndp_less(g, tau, number(g, meet));
    const gndp_node low = gndp_min2(g, tau, number(g, meet)), high = gndp_max2(g, tau, number(g, meet));
    return gndp_select(g, near, expansion(g, low, inside), series(g, high, inside));
}
