// SPDX-License-Identifier: Apache-2.0
// Heat kernel on S²: density and score by its series or by its expansion in time (geomndp.md 10.5).
#include <gndp/manifolds.h>

#include <math.h>

static const double pi = 3.14159265358979323846;

/* Below this time the expansion, from it on the series, but where the value is less than exp(-FAR) of that at the pole: there the series is rounding. */
#define EARLY 0.05
#define FAR 25.0
/* The expansion has no bound at the antipode; another takes its place at pi - theta below FOCUS 2 tau/pi. */
#define FOCUS 8.0

/* ln p and G = d ln p / dc. */
typedef struct heat_value {
    double log_p, slope;
} heat_value;

/*
 * p = sum (2l + 1)/(4 pi) exp(-l(l+1) tau) P_l(c), G = sum (2l + 1) exp(-l(l+1) tau) P_l'(c) over the same with P_l. The terms left out are below
 * exp(-40) of the first.
 */
static heat_value series(double tau, double c)
{
    const int last = (int)ceil(sqrt(40.0 / tau)) + 2;
    double p = c, before = 1.0, slope = 1.0, slope_before = 0.0, rest = 0.0, up = 0.0; /* P_1, P_0, P_1', P_0' */
    for (int l = 1; l <= last; l++) {
        const double w = (2 * l + 1) * exp(-(double)l * (l + 1) * tau);
        const double next = ((2 * l + 1) * c * p - l * before) / (l + 1), slope_next = slope_before + (2 * l + 1) * p;
        rest += w * p;
        up += w * slope;
        before = p, p = next;
        slope_before = slope, slope = slope_next;
    }
    return (heat_value){.log_p = log1p(rest) - log(4.0 * pi), .slope = up / (1.0 + rest)};
}

/* q = 1/4 + (1 - theta cot theta)/(4 theta²) and q'/theta; near 0 by the series of theta cot theta (next term 3e-14 at 0.3). */
static void first_order(double theta, double *q, double *slope)
{
    const double z = theta * theta;
    if (theta < 0.3) {
        *q = 1.0 / 3.0 + z * (1.0 / 180.0 + z * (1.0 / 1890.0 + z * (1.0 / 18900.0 + z * (1.0 / 187110.0 + z * (691.0 / 1277025750.0)))));
        *slope = 1.0 / 90.0 + z * (2.0 / 945.0 + z * (1.0 / 3150.0 + z * (4.0 / 93555.0 + z * (691.0 / 127702575.0))));
    } else {
        const double s = sin(theta), cot = cos(theta) / s;
        *q = 0.25 + (1.0 - theta * cot) / (4.0 * z);
        *slope = (theta / (s * s) + cot - 2.0 / theta) / (4.0 * z * theta);
    }
}

/*
 * p = exp(-theta²/(4 tau))/(4 pi tau) sqrt(theta/sin theta) (1 + tau q), so that
 * G = theta/sin theta (1/(2 tau) - 2 (q - 1/4) - tau (q'/theta)/(1 + tau q)).
 */
static heat_value expansion(double tau, double theta)
{
    double q, slope;
    const double ratio = theta > 0.0 ? theta / sin(theta) : 1.0;
    first_order(theta, &q, &slope);
    return (heat_value){.log_p = -0.25 * theta * theta / tau - log(4.0 * pi * tau) + 0.5 * log(ratio) + log1p(tau * q),
                        .slope = ratio * (0.5 / tau - 2.0 * (q - 0.25) - tau * slope / (1.0 + tau * q))};
}

/*
 * At a small angle e from the antipode, where all great circles meet: the factor (2 pi z)^(-1/2) exp(z), z = pi e/(2 tau), of the expansion is what the
 * Bessel function I_0(z) tends to, and what is odd in e comes with r = I_1/I_0, so that p is smooth. Errors of ln p are below 1e-2, of G below 2e-2 of its
 * largest value; p is less than exp(-25) of its maximum.
 */
static heat_value focus(double tau, double theta)
{
    const double e = fmax(pi - theta, 0.0), z = 0.5 * pi * e / tau, square = 0.25 * z * z;
    double term = 1.0, i0 = 1.0, half = 0.5; /* I_0, and I_1/z */
    for (int k = 1; k < 40; k++) {
        term *= square / ((double)k * k);
        i0 += term;
        half += 0.5 * term / (k + 1);
    }
    const double r_over_e = half / i0 * 0.5 * pi / tau, ratio = e > 1e-4 ? e / sin(e) : 1.0 + e * e / 6.0;
    /* (1/e - cot e)/(2 e) */
    const double bend = e > 0.01 ? (1.0 - e * cos(e) / sin(e)) / (2.0 * e * e) : 1.0 / 6.0 + e * e / 90.0;
    const double q = 0.25 + 0.25 / (theta * theta) + 0.25 / (pi * theta) - 0.5 * e * bend / theta; /* less 1/(4 pi e), which I_0 has */
    return (heat_value){.log_p = -0.25 * (pi * pi + e * e) / tau - log(4.0 * pi * tau) + 0.5 * log(pi * pi * pi / tau * ratio) + log(i0) +
                                 0.5 * log(theta / pi) * r_over_e * e + log1p(tau * q),
                        .slope = ratio * (r_over_e * (0.5 * pi / tau - 0.5 / theta) - 0.5 / tau + bend)};
}

static heat_value heat_at(double tau, double theta, double c)
{
    if (tau >= EARLY && theta * theta <= 4.0 * FAR * tau) {
        return series(tau, c);
    }
    return pi - theta < FOCUS * 2.0 * tau / pi ? focus(tau, theta) : expansion(tau, theta);
}

static heat_value heat_at_cosine(double tau, double c)
{
    const double within = c > 1.0 ? 1.0 : c < -1.0 ? -1.0 : c;
    return heat_at(tau, acos(within), within);
}

double gndp_heat_log_density(double tau, double c)
{
    return heat_at_cosine(tau, c).log_p;
}

double gndp_heat_slope(double tau, double c)
{
    return heat_at_cosine(tau, c).slope;
}

/* y_0 - c y is the tangent part of y_0 - y, which loses nothing where the points are near; its length is sin theta. */
double gndp_heat_score(double tau, const double *y0, const double *y, double *score)
{
    const double d[3] = {y0[0] - y[0], y0[1] - y[1], y0[2] - y[2]};
    const double along = d[0] * y[0] + d[1] * y[1] + d[2] * y[2], c = y0[0] * y[0] + y0[1] * y[1] + y0[2] * y[2];
    const double w[3] = {d[0] - along * y[0], d[1] - along * y[1], d[2] - along * y[2]};
    const double s = sqrt(w[0] * w[0] + w[1] * w[1] + w[2] * w[2]);
    const heat_value at = heat_at(tau, atan2(s, c), c);
    for (int i = 0; i < 3 && score != NULL; i++) {
        score[i] = at.slope * w[i];
    }
    return at.log_p;
}
