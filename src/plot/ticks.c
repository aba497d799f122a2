// SPDX-License-Identifier: Apache-2.0
// Round numbers for axes.
#include "plot/ticks.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* The smallest of 1, 2, 5 times a power of ten that is not below x. */
static double round_step(double x)
{
    const double decade = pow(10.0, floor(log10(x)));
    const double m = x / decade;
    return decade * (m <= 1.0 + 1e-9 ? 1.0 : m <= 2.0 + 1e-9 ? 2.0 : m <= 5.0 + 1e-9 ? 5.0 : 10.0);
}

/* A number with the typographic minus. */
static void write_number(char *out, size_t bytes, int decimals, double value)
{
    const double shown = fabs(value) < 0.5 * pow(10.0, -decimals) ? 0.0 : value;
    snprintf(out, bytes, "%s%.*f", shown < 0.0 ? "\xe2\x88\x92" : "", decimals, fabs(shown));
}

static void write_power(char *out, size_t bytes, const char *before, int exponent)
{
    static const char *const raised[] = {
        "\xe2\x81\xb0", "\xc2\xb9",     "\xc2\xb2",     "\xc2\xb3",     "\xe2\x81\xb4",
        "\xe2\x81\xb5", "\xe2\x81\xb6", "\xe2\x81\xb7", "\xe2\x81\xb8", "\xe2\x81\xb9"};
    char digits[16];
    snprintf(digits, sizeof digits, "%d", exponent < 0 ? -exponent : exponent);
    size_t at = (size_t)snprintf(out, bytes, "%s10%s", before, exponent < 0 ? "\xe2\x81\xbb" : "");
    for (const char *d = digits; *d != '\0' && at < bytes; d++)
        at += (size_t)snprintf(out + at, bytes - at, "%s", raised[*d - '0']);
}

static void linear_ticks(double low, double high, int most, plot_ticks *out)
{
    const double step = round_step((high - low) / most), size = fmax(fabs(low), fabs(high));
    double unit = 1.0;
    /* Long numbers are written in thousands, millions, .. */
    const int exponent = (int)(3.0 * floor(log10(size) / 3.0));
    if (size >= 1e6 || size < 1e-3) {
        unit = pow(10.0, exponent);
        write_power(out->factor, sizeof out->factor, "\xc3\x97", exponent);
    }
    const int decimals = (int)fmin(fmax(-floor(log10(step / unit) + 1e-9), 0.0), 12.0);
    const double first = ceil(low / step - 1e-9);
    for (int i = 0; i < PLOT_TICKS_MAX && (first + i) * step <= high + 1e-9 * (high - low); i++) {
        out->value[out->n] = (first + i) * step;
        write_number(out->text[out->n], sizeof *out->text, decimals, out->value[out->n] / unit);
        out->n++;
    }
}

/* Plain numbers near 1, powers of ten elsewhere. */
static void log_text(char *out, size_t bytes, int mantissa, int exponent)
{
    char before[8] = "";
    if (exponent >= -3 && exponent <= 3) {
        write_number(out, bytes, exponent < 0 ? -exponent : 0, mantissa * pow(10.0, exponent));
        return;
    }
    if (mantissa > 1)
        snprintf(before, sizeof before, "%d\xc2\xb7", mantissa);
    write_power(out, bytes, before, exponent);
}

static void log_ticks(double low, double high, int most, plot_ticks *out)
{
    const int first = (int)floor(log10(low) + 1e-9), last = (int)ceil(log10(high) - 1e-9);
    const double decades = log10(high / low);
    if (decades < 0.7) { /* hardly curved: round numbers do */
        linear_ticks(low, high, most, out);
        return;
    }
    const int every = (int)fmax(ceil(decades / most), 1.0);
    const bool more = decades * 3.0 <= most;
    for (int e = first; e <= last; e++)
        for (int m = 1; m <= 9 && out->n < PLOT_TICKS_MAX; m++) {
            const double value = m * pow(10.0, e);
            if (value < low * (1.0 - 1e-9) || value > high * (1.0 + 1e-9) || (every > 1 && m > 1))
                continue;
            const bool numbered = m == 1 ? (e % every) == 0 : more && (m == 2 || m == 5);
            if (decades > 6.0 && !numbered && m > 1) /* too close to be told apart */
                continue;
            out->value[out->n] = value;
            if (numbered)
                log_text(out->text[out->n], sizeof *out->text, m, e);
            out->n++;
        }
}

void plot_ticks_make(double low, double high, int most, bool log, plot_ticks *out)
{
    memset(out, 0, sizeof *out);
    if (log)
        log_ticks(low, high, most, out);
    else
        linear_ticks(low, high, most, out);
}

/* ---- Degrees -------------------------------------------------------------------------------- */

void plot_ticks_degrees(double low, double high, int most, plot_ticks *out)
{
    static const double steps[] = {0.1,  0.2,  0.5,  1.0,  2.0,  5.0, 10.0,
                                   15.0, 20.0, 30.0, 45.0, 60.0, 90.0};
    const int n = (int)(sizeof steps / sizeof *steps);
    double step = 0.0;
    memset(out, 0, sizeof *out);
    for (int i = 0; i < n && step == 0.0; i++)
        if ((high - low) / steps[i] <= most || i == n - 1)
            step = steps[i];
    if (high - low < 0.2)
        step = round_step((high - low) / most);
    const double first = ceil(low / step - 1e-9);
    for (int i = 0; i < PLOT_TICKS_MAX && (first + i) * step <= high + 1e-9 * step; i++)
        out->value[out->n++] = (first + i) * step;
}

static plot_degree_text degree_text(double value, const char *side)
{
    plot_degree_text out;
    char number[24];
    snprintf(number, sizeof number, "%.2f", fabs(value));
    char *end = number + strlen(number);
    while (end[-1] == '0')
        *--end = '\0';
    if (end[-1] == '.')
        end[-1] = '\0';
    snprintf(out.text, sizeof out.text, "%s\xc2\xb0%s", number, side);
    return out;
}

plot_degree_text plot_latitude_text(double lat_deg)
{
    return degree_text(lat_deg, fabs(lat_deg) < 0.005 ? "" : lat_deg < 0.0 ? "S" : "N");
}

plot_degree_text plot_longitude_text(double lon_deg)
{
    const double lon = lon_deg - 360.0 * floor((lon_deg + 180.0) / 360.0); /* -180..180 */
    const bool none = fabs(lon) < 0.005 || fabs(lon + 180.0) < 0.005;
    return degree_text(lon, none ? "" : lon < 0.0 ? "W" : "E");
}
