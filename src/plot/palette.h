// SPDX-License-Identifier: Apache-2.0
// Colours of pictures: palettes for values, and distinct colours for series.
#ifndef GNDP_PLOT_PALETTE_H
#define GNDP_PLOT_PALETTE_H

#include <gndp/plot.h>

enum { PLOT_PALETTE_SIZE = 256 };

/* sRGB, each 0..1. */
typedef struct plot_rgb {
    double r, g, b;
} plot_rgb;

typedef struct plot_palette {
    plot_rgb colour[PLOT_PALETTE_SIZE]; /* from the lowest value to the highest */
} plot_palette;

/** Compute a palette. */
void plot_palette_make(gndp_palette kind, plot_palette *out);

/** Colour of a value on a scale from low to high; the ends' beyond them. */
plot_rgb plot_palette_at(const plot_palette *palette, double low, double high, double value);

/** Colour number 1.. of a series; they repeat after the eighth. */
plot_rgb plot_series_colour(int number);

/** From OKLab, lightness 0..1; chroma is lowered until the colour exists in sRGB. */
plot_rgb plot_rgb_from_oklch(double lightness, double chroma, double hue_deg);

/** What values that are missing look like. */
extern const plot_rgb plot_missing;

#endif
