// SPDX-License-Identifier: Apache-2.0
// Vectors and Legendre series for the tests of kernels on the sphere.
#ifndef GNDP_TEST_SPHERE_CASE_H
#define GNDP_TEST_SPHERE_CASE_H

#include "kernels/kernel_case.h"
#include "kernels/structure.h"

static inline double dot(const double *a, const double *b)
{
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

static inline void cross(const double *a, const double *b, double *out)
{
    out[0] = a[1] * b[2] - a[2] * b[1];
    out[1] = a[2] * b[0] - a[0] * b[2];
    out[2] = a[0] * b[1] - a[1] * b[0];
}

/* P_l and its two derivatives for l < terms at c, by the recurrences of 9.4. */
static inline void legendre(int terms, double c, double *p, double *p1, double *p2)
{
    p[0] = 1.0, p1[0] = 0.0, p2[0] = 0.0;
    p[1] = c, p1[1] = 1.0, p2[1] = 0.0;
    for (int l = 1; l + 1 < terms; l++) {
        const double d = (double)l;
        p[l + 1] = ((2.0 * d + 1.0) * c * p[l] - d * p[l - 1]) / (d + 1.0);
        p1[l + 1] = p1[l - 1] + (2.0 * d + 1.0) * p[l];
        p2[l + 1] = p2[l - 1] + (2.0 * d + 1.0) * p1[l];
    }
}

/* sum_l a_l P_l and its first two derivatives */
static inline void series_at(int terms, const double *a, double c, double out[3])
{
    static double p[KERNEL_SERIES_MAX + 2], p1[KERNEL_SERIES_MAX + 2], p2[KERNEL_SERIES_MAX + 2];
    legendre(terms < 2 ? 2 : terms, c, p, p1, p2);
    out[0] = out[1] = out[2] = 0.0;
    for (int l = terms - 1; l >= 0; l--) {
        out[0] += a[l] * p[l];
        out[1] += a[l] * p1[l];
        out[2] += a[l] * p2[l];
    }
}

#endif
