// SPDX-License-Identifier: Apache-2.0
// Where an axis is marked, and how the marks are written.
#ifndef GNDP_PLOT_TICKS_H
#define GNDP_PLOT_TICKS_H

#include <stdbool.h>

enum { PLOT_TICKS_MAX = 64 };

typedef struct plot_ticks {
    int n;
    double value[PLOT_TICKS_MAX];
    char text[PLOT_TICKS_MAX][32]; /* "" : a mark without a number */
    char factor[24]; /* "×10⁶": what the numbers are to be multiplied by; "": nothing */
} plot_ticks;

/**
 * Round numbers within [low, high], low < high.
 * @param most  about how many numbers fit, >= 2
 * @param log   low > 0; powers of ten, with 2 and 5 between where there are few
 */
void plot_ticks_make(double low, double high, int most, bool log, plot_ticks *out);

/** Degrees of a map: multiples of 1, 2, 5, 10, 15, 30, .. within [low, high]; no texts. */
void plot_ticks_degrees(double low, double high, int most, plot_ticks *out);

/* "60°N", "0°", "12.5°W". */
typedef struct plot_degree_text {
    char text[32];
} plot_degree_text;
plot_degree_text plot_latitude_text(double lat_deg);
plot_degree_text plot_longitude_text(double lon_deg);

#endif
