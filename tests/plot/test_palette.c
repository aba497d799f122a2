// SPDX-License-Identifier: Apache-2.0
// Palettes are even, can be read in grey, and series have colours that differ.
#include "picture.h"

static double decode(double x)
{
    return x <= 0.04045 ? x / 12.92 : pow((x + 0.055) / 1.055, 2.4);
}

/* CIE L* of sRGB: what a grey print keeps. */
static double grey(plot_rgb c)
{
    const double y = 0.2126 * decode(c.r) + 0.7152 * decode(c.g) + 0.0722 * decode(c.b);
    return y > 0.008856 ? 116.0 * cbrt(y) - 16.0 : 903.3 * y;
}

/* OKLab, the definition's other direction. */
static void lab_of(plot_rgb c, double out[3])
{
    const double r = decode(c.r), g = decode(c.g), b = decode(c.b);
    const double l = cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
    const double m = cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
    const double s = cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
    out[0] = 0.2104542553 * l + 0.7936177850 * m - 0.0040720468 * s;
    out[1] = 1.9779984951 * l - 2.4285922050 * m + 0.4505937099 * s;
    out[2] = 0.0259040371 * l + 0.7827717662 * m - 0.8086757660 * s;
}

static double step(plot_rgb a, plot_rgb b)
{
    double x[3], y[3], sum = 0.0;
    lab_of(a, x);
    lab_of(b, y);
    for (int i = 0; i < 3; i++)
        sum += (x[i] - y[i]) * (x[i] - y[i]);
    return sqrt(sum);
}

static void palette_steps_are_even(void **state)
{
    (void)state;
    for (int kind = 0; kind < 2; kind++) {
        plot_palette p;
        double least = HUGE_VAL, most = 0.0;
        plot_palette_make((gndp_palette)kind, &p);
        for (int i = 1; i < PLOT_PALETTE_SIZE; i++) {
            const double d = step(p.colour[i - 1], p.colour[i]);
            least = fmin(least, d);
            most = fmax(most, d);
        }
        /* A step is a chord of the curve and a colour is found by linear interpolation between 2048
         * points. */
        if (most > 1.1 * least)
            fail_msg("palette %d: steps from %g to %g", kind, least, most);
    }
}

static void palette_sequential_rises_in_grey(void **state)
{
    plot_palette p;
    (void)state;
    plot_palette_make(GNDP_PALETTE_SEQUENTIAL, &p);
    for (int i = 1; i < PLOT_PALETTE_SIZE; i++)
        assert_true(grey(p.colour[i]) > grey(p.colour[i - 1]));
    assert_true(grey(p.colour[0]) < 20.0 && grey(p.colour[PLOT_PALETTE_SIZE - 1]) > 90.0);
}

static void palette_diverging_is_pale_at_zero_and_equally_dark_at_both_ends(void **state)
{
    plot_palette p;
    (void)state;
    plot_palette_make(GNDP_PALETTE_DIVERGING, &p);
    const plot_rgb middle = plot_palette_at(&p, -3.0, 3.0, 0.0), low = p.colour[0],
                   high = p.colour[PLOT_PALETTE_SIZE - 1];
    assert_true(
        fmax(middle.r, fmax(middle.g, middle.b)) - fmin(middle.r, fmin(middle.g, middle.b)) < 0.03);
    assert_true(grey(middle) > 93.0);
    assert_true(low.b > low.r + 0.2 && high.r > high.b + 0.2);
    assert_true(fabs(grey(low) - grey(high)) <
                8.0); /* OKLab's and CIE's lightness are not the same */
}

static void palette_at_takes_ends_beyond_the_limits(void **state)
{
    plot_palette p;
    (void)state;
    plot_palette_make(GNDP_PALETTE_SEQUENTIAL, &p);
    const plot_rgb below = plot_palette_at(&p, 1.0, 2.0, -5.0),
                   above = plot_palette_at(&p, 1.0, 2.0, 2.0),
                   huge = plot_palette_at(&p, 1.0, 2.0, HUGE_VAL);
    assert_memory_equal(&below, &p.colour[0], sizeof below);
    assert_memory_equal(&above, &p.colour[PLOT_PALETTE_SIZE - 1], sizeof above);
    assert_memory_equal(&huge, &p.colour[PLOT_PALETTE_SIZE - 1], sizeof huge);
}

static void palette_series_colours_differ_in_grey(void **state)
{
    (void)state;
    for (int a = 1; a <= 8; a++)
        for (int b = 1; b < a; b++)
            if (fabs(grey(plot_series_colour(a)) - grey(plot_series_colour(b))) < 3.0)
                fail_msg("colours %d and %d: L* %g and %g", a, b, grey(plot_series_colour(a)),
                         grey(plot_series_colour(b)));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(palette_steps_are_even),
    cmocka_unit_test(palette_sequential_rises_in_grey),
    cmocka_unit_test(palette_diverging_is_pale_at_zero_and_equally_dark_at_both_ends),
    cmocka_unit_test(palette_at_takes_ends_beyond_the_limits),
    cmocka_unit_test(palette_series_colours_differ_in_grey),
};
GNDP_TEST_MAIN(tests)
