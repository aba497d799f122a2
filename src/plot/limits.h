// SPDX-License-Identifier: Apache-2.0
// Checks panels of curves and finds what their axes should show.
#ifndef GNDP_PLOT_LIMITS_H
#define GNDP_PLOT_LIMITS_H

#include <gndp/plot.h>

/* What an axis shows, low < high. */
typedef struct plot_limits {
    double low, high;
} plot_limits;

/**
 * Check panel number `p` and find its limits.
 * @return GNDP_OK; GNDP_ERR_ARG for pointers that are missing; GNDP_ERR_NONFINITE when nothing is
 * finite; GNDP_ERR_RANGE for a value that a logarithmic axis cannot show (names series and index),
 * or limits that are none
 */
gndp_status plot_limits_make(int p, const gndp_panel *panel, plot_limits *x, plot_limits *y);

/** Smallest distance of neighbouring bars, 1 for one. */
double plot_bar_spacing(const gndp_series *series);

#endif
