// SPDX-License-Identifier: Apache-2.0
// Functions of manifolds that are analytic where the usual formulas divide 0 by 0: scalar, in
// double, for lanes of either type.
#ifndef GNDP_GRAPH_OPS_ANALYTIC_INL
#define GNDP_GRAPH_OPS_ANALYTIC_INL

#include <math.h>

/* cos and sin of the square root of x >= 0. The root carries an error d = (x - z^2) / (2 z), which
   matters once z is large: its first-order effect is put back. */
static inline void gndp_cos_sin_sqrt(double x, double *z, double *cosine, double *sine)
{
    *z = sqrt(x);
    const double d = *z > 0 && isfinite(x) ? -fma(*z, *z, -x) / (2 * *z) : 0;
    const double c = cos(*z), s = sin(*z);
    *cosine = c - d * s;
    *sine = s + d * c;
}

/* cos(sqrt x), cosh(sqrt(-x)) below 0. */
static inline double gndp_cos_sqrt_at(double x)
{
    if (!(x >= 0))
        return cosh(sqrt(-x)); /* NaN too */
    double z, c, s;
    gndp_cos_sin_sqrt(x, &z, &c, &s);
    return c;
}

/* Lambda_n(x) = sum_k (-x/2)^k / (k! (2n+2k+1)!!), DLMF 10.53.1: for x <= 2n+3, where nothing
 * cancels badly. */
static inline double gndp_sphj_series(double x, int n)
{
    double term = 1;
    for (int k = 1; k <= n; k++)
        term /= 2 * k + 1;
    double sum = term;
    for (int k = 1; k < 1000 && fabs(term) > 1e-18 * fabs(sum); k++) {
        term *= -x / (2.0 * k * (2 * n + 2 * k + 1));
        sum += term;
    }
    return sum;
}

/*
 * Lambda_n(x) = x^(-n/2) j_n(sqrt x), j_n the spherical Bessel function, n = p[0] in 0..12; the
 * modified one for x < 0. Lambda_n' = -Lambda_{n+1} / 2 and
 *
 *   x Lambda_{n+1} = (2n+1) Lambda_n - Lambda_{n-1},   Lambda_{-1} = cos sqrt x,  Lambda_0 =
 * sin(sqrt x) / sqrt x
 *
 * (DLMF 10.51.1). Upward it is stable for x > n^2, downward everywhere; for large negative x upward
 * loses exp(n^2/sqrt(-x)). Relative error at most 1e-12 of the larger of |value| and the envelope
 * x^(-(n+1)/2).
 */
static inline double gndp_sphj_at(double x, const double *p)
{
    const int n = (int)p[0];
    double before, here, scale = 1;
    if (isnan(x))
        return x;
    if (isinf(x))
        return x > 0 ? 0 : HUGE_VAL;
    if (x <= 2 * n + 3 && x >= -2500)
        return gndp_sphj_series(x, n);
    if (x > 0 && x < n * n) { /* downward from where the series is good */
        const int top = (int)((x - 3) / 2) + 1;
        double above = gndp_sphj_series(x, top + 1);
        here = gndp_sphj_series(x, top);
        for (int m = top; m > n; m--) {
            before = (2 * m + 1) * here - x * above;
            above = here;
            here = before;
        }
        return here;
    }
    if (x > 0) {
        double z, s;
        gndp_cos_sin_sqrt(x, &z, &before, &s);
        here = s / z;
    } else { /* times e^-z, which is put back in two steps so that it overflows no earlier than the
                result */
        const double z = sqrt(-x), e = exp(-2 * z);
        before = (1 + e) / 2;
        here = (1 - e) / (2 * z);
        scale = exp(z / 2);
    }
    for (int m = 0; m < n; m++) {
        const double next = ((2 * m + 1) * here - before) / x;
        before = here;
        here = next;
    }
    return here * scale * scale;
}

/*
 * Theta_n(c), the n-th derivative of g(c) = theta / sin theta, theta = arccos c, n = p[0] in 0..12,
 * for -1 < c <= 2 (past c = 1 by continuation, arccosh c / sqrt(c^2 - 1)); NaN elsewhere, (-1)^n
 * inf at -1. With u = (1 - c)/2, g = F(1,1;3/2;u), so
 *
 *   Theta_n = (-1/2)^n n!^2 / (3/2)_n F(1+n, 1+n; 3/2+n; u) = .. (1-u)^(-n-1/2) F(1/2, 1/2; 3/2+n;
 * u)
 *
 * (DLMF 15.5.2, 15.8.1), summed for c >= 0. For c < 0 the series is slow, and (1 - c^2) g' = c g -
 * 1 differentiated n times,
 *
 *   (1 - c^2) Theta_{n+1} = (2n+1) c Theta_n + n^2 Theta_{n-1},
 *
 * adds terms of one sign. Relative error at most 1e-13.
 */
static inline double gndp_angle_at(double c, const double *p)
{
    const int n = (int)p[0];
    if (!(c > -1 && c <= 2))
        return c == -1 ? (n % 2 ? -HUGE_VAL : HUGE_VAL) : (double)NAN;
    if (c >= 0) {
        const double u = (1 - c) / 2, w = (1 + c) / 2;
        double factor = 1 / sqrt(w), term = 1, sum = 1;
        for (int k = 1; k <= n; k++)
            factor *= -k * k / ((2 * k + 1) * w);
        for (int k = 0; k < 200 && fabs(term) > 1e-18 * sum; k++) {
            term *= (k + 0.5) * (k + 0.5) / ((n + k + 1.5) * (k + 1)) * u;
            sum += term;
        }
        return factor * sum;
    }
    const double w = (1 - c) * (1 + c);
    double before = acos(c) / sqrt(w);
    if (n == 0)
        return before;
    double here = (c * before - 1) / w;
    for (int m = 1; m < n; m++) {
        const double next = ((2 * m + 1) * c * here + m * m * before) / w;
        before = here;
        here = next;
    }
    return here;
}

/* (arccos c)^2, continued past c = 1 as -(arccosh c)^2; the half angle keeps the relative accuracy
 * at c = 1. */
static inline double gndp_arccos_sq_at(double c)
{
    if (c > 1) {
        const double t = 2 * asinh(sqrt((c - 1) / 2));
        return -t * t;
    }
    const double t = c >= 0 ? 2 * asin(sqrt((1 - c) / 2)) : acos(c);
    return t * t;
}

#endif
