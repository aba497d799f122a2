// SPDX-License-Identifier: Apache-2.0
// Palettes made in the perceptual space OKLab, so that equal steps of a value look equal.
#include "plot/palette.h"

#include <math.h>

const plot_rgb plot_missing = {0.80, 0.80, 0.80};

static const double pi = 3.14159265358979323846;

/* ---- OKLab ---------------------------------------------------------------------------------- */

typedef struct lab {
    double l, a, b;
} lab;

/* Linear light of sRGB's primaries. The matrices are the definition of the space: B. Ottosson, "A
 * perceptual color space for image processing", 2020. */
static plot_rgb linear_light(lab c)
{
    const double l = c.l + 0.3963377774 * c.a + 0.2158037573 * c.b;
    const double m = c.l - 0.1055613458 * c.a - 0.0638541728 * c.b;
    const double s = c.l - 0.0894841775 * c.a - 1.2914855480 * c.b;
    const double l3 = l * l * l, m3 = m * m * m, s3 = s * s * s;
    return (plot_rgb){4.0767416621 * l3 - 3.3077115913 * m3 + 0.2309699292 * s3,
                      -1.2684380046 * l3 + 2.6097574011 * m3 - 0.3413193965 * s3,
                      -0.0041960863 * l3 - 0.7034186147 * m3 + 1.7076147010 * s3};
}

static bool in_gamut(plot_rgb c)
{
    return c.r >= 0.0 && c.r <= 1.0 && c.g >= 0.0 && c.g <= 1.0 && c.b >= 0.0 && c.b <= 1.0;
}

/* IEC 61966-2-1. */
static double encode(double linear)
{
    const double x = fmin(fmax(linear, 0.0), 1.0);
    return x <= 0.0031308 ? 12.92 * x : 1.055 * pow(x, 1.0 / 2.4) - 0.055;
}

static lab from_polar(double lightness, double chroma, double hue_deg)
{
    const double h = hue_deg * pi / 180.0;
    return (lab){lightness, chroma * cos(h), chroma * sin(h)};
}

/* The largest share of the chroma that sRGB can show. */
static lab fit(double lightness, double chroma, double hue_deg)
{
    double low = 0.0, high = 1.0;
    if (in_gamut(linear_light(from_polar(lightness, chroma, hue_deg))))
        return from_polar(lightness, chroma, hue_deg);
    for (int i = 0; i < 40; i++) {
        const double middle = 0.5 * (low + high);
        if (in_gamut(linear_light(from_polar(lightness, middle * chroma, hue_deg))))
            low = middle;
        else
            high = middle;
    }
    return from_polar(lightness, low * chroma, hue_deg);
}

static plot_rgb shown(lab c)
{
    const plot_rgb x = linear_light(c);
    return (plot_rgb){encode(x.r), encode(x.g), encode(x.b)};
}

plot_rgb plot_rgb_from_oklch(double lightness, double chroma, double hue_deg)
{
    return shown(fit(lightness, chroma, hue_deg));
}

/* ---- Palettes ------------------------------------------------------------------------------- */

/* Dark violet through blue, teal and green to pale yellow. Lightness rises all the way, so that the
 * palette can be read in grey. */
static lab sequential(double t)
{
    const double u = 2.0 * t - 1.0;
    return fit(0.24 + 0.70 * t, 0.105 + 0.034 * u * u + 0.007 * u, 295.0 - 189.0 * t);
}

/* Blue, pale grey at the middle, red: both sides equally dark. */
static lab diverging(double t)
{
    const double u = fabs(2.0 * t - 1.0); /* distance from the middle */
    const double chroma = 0.17 * sin(0.5 * pi * fmin(u / 0.75, 1.0)) * (1.0 - 0.22 * u * u);
    return t < 0.5 ? fit(0.965 - 0.595 * u, chroma, 252.0) : fit(0.965 - 0.595 * u, chroma, 32.0);
}

/* Walk along the curve in steps of equal length, which is what makes it even. */
void plot_palette_make(gndp_palette kind, plot_palette *out)
{
    enum { FINE = 2048 };
    lab (*const curve)(double) = kind == GNDP_PALETTE_DIVERGING ? diverging : sequential;
    double along[FINE + 1];
    along[0] = 0.0;
    lab last = curve(0.0);
    for (int i = 1; i <= FINE; i++) {
        const lab c = curve((double)i / FINE);
        along[i] =
            along[i - 1] + sqrt((c.l - last.l) * (c.l - last.l) + (c.a - last.a) * (c.a - last.a) +
                                (c.b - last.b) * (c.b - last.b));
        last = c;
    }
    for (int i = 0, k = 0; i < PLOT_PALETTE_SIZE; i++) {
        const double at = along[FINE] * i / (PLOT_PALETTE_SIZE - 1);
        while (k < FINE - 1 && along[k + 1] < at)
            k++;
        const double part = fmin(fmax((at - along[k]) / (along[k + 1] - along[k]), 0.0), 1.0);
        out->colour[i] = shown(curve((k + part) / FINE));
    }
}

plot_rgb plot_palette_at(const plot_palette *palette, double low, double high, double value)
{
    const double t = (value - low) / (high - low) * PLOT_PALETTE_SIZE;
    const int i = t > 0.0 ? (t < PLOT_PALETTE_SIZE ? (int)t : PLOT_PALETTE_SIZE - 1) : 0;
    return palette->colour[i];
}

/* Hues that the common forms of colour blindness keep apart, each with a lightness of its own, so
 * that they differ in grey too. */
plot_rgb plot_series_colour(int number)
{
    static const double lch[][3] = {{0.46, 0.14, 255.0}, {0.70, 0.15, 58.0},  {0.58, 0.11, 165.0},
                                    {0.52, 0.18, 12.0},  {0.76, 0.10, 225.0}, {0.36, 0.12, 310.0},
                                    {0.82, 0.15, 98.0},  {0.30, 0.00, 0.0}};
    const int n = (int)(sizeof lch / sizeof *lch);
    const double *c = lch[((number - 1) % n + n) % n];
    return plot_rgb_from_oklch(c[0], c[1], c[2]);
}
