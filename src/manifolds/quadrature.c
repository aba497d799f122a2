// SPDX-License-Identifier: Apache-2.0
// Gauss-Legendre quadrature, on [-1, 1] and times equal longitudes on S².
#include "manifolds/gauss.h"

#include <gndp/manifolds.h>

#include <math.h>

static const double pi = 3.14159265358979323846;

/* Gauss-Legendre nodes on [-1, 1] (as angles) and weights: Newton's method from the asymptotic
 * zeros (Abramowitz & Stegun 22.16.6). */
void gauss_legendre(int64_t n, double *angle, double *weight)
{
#pragma omp parallel for schedule(static)
    for (int64_t i = 0; i < n; i++) {
        double t = pi * ((double)i + 0.75) / ((double)n + 0.5), slope = 1.0;
        for (int step = 0; step < 6;
             step++) { /* in the angle, which is as exact near the ends as amid */
            const double c = cos(t), s = sin(t);
            double p = c, before = 1.0;
            for (int64_t l = 1; l < n; l++) {
                const double next =
                    ((double)(2 * l + 1) * c * p - (double)l * before) / (double)(l + 1);
                before = p;
                p = next;
            }
            slope = (double)n * (c * p - before) /
                    s; /* d P / d t = -sin t P' = n (c P_n - P_(n-1)) / s */
            const double move = p / slope;
            t -= move;
            if (fabs(move) < 1e-15) {
                break;
            }
        }
        angle[i] = t;
        weight[i] = 2.0 / (slope * slope);
    }
}

/* The nodes and weights of latitudes stand at the end of the outputs until their rows are written: row i needs those of i alone, and ends before them. */
void gndp_sphere_quadrature(int64_t n_lat, double *x, double *weight)
{
    const int64_t n_lon = 2 * n_lat;
    double *angle = x + 3 * n_lat * n_lon - n_lat, *share = weight + n_lat * n_lon - n_lat;
    gauss_legendre(n_lat, angle, share);
    for (int64_t i = 0; i < n_lat; i++) {
        const double t = angle[i], w = share[i] * pi / (double)n_lat;
        for (int64_t j = 0; j < n_lon; j++) {
            const double lon = pi * (double)j / (double)n_lat;
            double *at = x + 3 * (i * n_lon + j);
            at[0] = sin(t) * cos(lon);
            at[1] = sin(t) * sin(lon);
            at[2] = cos(t);
            weight[i * n_lon + j] = w;
        }
    }
}
