// SPDX-License-Identifier: Apache-2.0
// The series of an isotropic covariance on the sphere, by Gauss quadrature of its values along a
// great circle.
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/sphere_spectrum.h"
#include "manifolds/gauss.h"

enum { FIRST_NODES = 256, LAST_NODES = 16384, CHECKS = 12 };

/* P_l(c) and, for tangent fields, d^l_11 and d^l_(1,-1) at an angle: P_l + (1 - c) P_l'/(l (l + 1))
 * and P_l - (1 + c) P_l'/(l (l + 1)). */
typedef struct ladder {
    double c, p, before, slope, slope_before;
    int64_t l;
} ladder;

static ladder ladder_begin(double c)
{
    return (ladder){.c = c, .p = 1.0};
}

static void ladder_next(ladder *a)
{
    const double l = (double)a->l,
                 next = ((2.0 * l + 1.0) * a->c * a->p - l * a->before) / (l + 1.0),
                 slope = a->slope_before + (2.0 * l + 1.0) * a->p;
    a->before = a->p;
    a->p = next;
    a->slope_before = a->slope;
    a->slope = slope;
    a->l++;
}

static double ladder_plus(const ladder *a)
{
    return a->p + (1.0 - a->c) * a->slope / ((double)a->l * (double)(a->l + 1));
}

static double ladder_minus(const ladder *a)
{
    return a->p - (1.0 + a->c) * a->slope / ((double)a->l * (double)(a->l + 1));
}

/* Values of the kernel along the equator from longitude 0: east is along the way there, north
 * across. */
static gndp_status along_equator(const covariance *cov, int64_t n, const double *angle, double *k)
{
    gndp_status st = GNDP_OK;
    const double x[3] = {1.0, 0.0, 0.0};
    double *z = malloc((size_t)n * 3 * sizeof *z);
    GNDP_CHECK(z != NULL, GNDP_ERR_NOMEM, "%lld nodes", (long long)n);
    for (int64_t i = 0; i < n; i++) {
        z[3 * i] = cos(angle[i]);
        z[3 * i + 1] = sin(angle[i]);
        z[3 * i + 2] = 0.0;
    }
    GNDP_TRY(cov->block(cov->state, 1, x, n, z, k));
done:
    free(z);
    return st;
}

/*
 * Coefficients of l < terms, coef [terms, P, P] or [terms, 2]: (2l + 1)/2 times the integral with
 * P_l; tangent: of the sum and the difference of the longitudinal and the transverse part, halved,
 * with d^l_11 and d^l_(1,-1), which give C + D and C - D.
 */
static void project(int outputs, bool tangent, int64_t nodes, const double *angle,
                    const double *weight, const double *k, int64_t terms, double *coef)
{
    const int per = tangent ? 2 : outputs * outputs;
    memset(coef, 0, (size_t)(terms * per) * sizeof *coef);
    for (int64_t j = 0; j < nodes; j++) { /* in order, so that the bits are always the same */
        ladder a = ladder_begin(cos(angle[j]));
        double f[COVARIANCE_MAX_OUTPUTS * COVARIANCE_MAX_OUTPUTS];
        for (int p = 0; p < outputs; p++) {
            for (int q = 0; q < outputs; q++) {
                f[p * outputs + q] = weight[j] * k[p * nodes * outputs + j * outputs + q];
            }
        }
        for (int64_t l = 0; l < terms; l++, ladder_next(&a)) {
            if (tangent && l > 0) {
                const double sum = 0.5 * (f[0] + f[3]) * ladder_plus(&a),
                             difference = 0.5 * (f[0] - f[3]) * ladder_minus(&a);
                coef[2 * l] += 0.5 * (sum + difference) * (0.5 * (double)(2 * l + 1));
                coef[2 * l + 1] += 0.5 * (sum - difference) * (0.5 * (double)(2 * l + 1));
            } else if (!tangent) {
                for (int i = 0; i < per; i++) {
                    coef[l * per + i] += f[i] * a.p * (0.5 * (double)(2 * l + 1));
                }
            }
        }
    }
}

/* The kernel that a series gives at a pair of points, [P, P]. */
static void evaluate(int outputs, bool tangent, int64_t degree, const double *coef, const double *x,
                     const double *z, double *k)
{
    const int per = tangent ? 2 : outputs * outputs;
    const double c = x[0] * z[0] + x[1] * z[1] + x[2] * z[2];
    double along = 0.0, across = 0.0;
    ladder a = ladder_begin(c);
    memset(k, 0, (size_t)(outputs * outputs) * sizeof *k);
    for (int64_t l = 0; l <= degree; l++, ladder_next(&a)) {
        for (int i = 0; i < per && !tangent; i++) {
            k[i] += coef[l * per + i] * a.p;
        }
        if (tangent && l > 0) {
            const double plus = (coef[2 * l] + coef[2 * l + 1]) * ladder_plus(&a),
                         minus = (coef[2 * l] - coef[2 * l + 1]) * ladder_minus(&a);
            along += plus + minus;
            across += plus - minus;
        }
    }
    if (!tangent) {
        return;
    }
    /* K = along u u'' + across b b', u = (z - c x)/s, u'' = (c z - x)/s, b = (x cross z)/s (Mathieu
     * et al. 2023; geodesic frames) */
    const double s2 = 1.0 - c * c;
    double frame[4][3],
        b[3] = {x[1] * z[2] - x[2] * z[1], x[2] * z[0] - x[0] * z[2], x[0] * z[1] - x[1] * z[0]};
    gndp_sphere_frames(1, x, frame[0], frame[1]);
    gndp_sphere_frames(1, z, frame[2], frame[3]);
    for (int p = 0; p < 2; p++) {
        for (int q = 0; q < 2; q++) {
            double u0 = 0.0, u1 = 0.0, b0 = 0.0, b1 = 0.0;
            for (int i = 0; i < 3; i++) {
                u0 += frame[p][i] * (z[i] - c * x[i]);
                u1 += frame[2 + q][i] * (c * z[i] - x[i]);
                b0 += frame[p][i] * b[i];
                b1 += frame[2 + q][i] * b[i];
            }
            k[2 * p + q] = (along * u0 * u1 + across * b0 * b1) / s2;
        }
    }
}

/* Does the series give the kernel at pairs all over the sphere? */
static gndp_status agrees(const covariance *cov, bool tangent, int64_t degree, const double *coef,
                          double scale, double *worst)
{
    gndp_status st = GNDP_OK;
    const int p = cov->outputs;
    double x[CHECKS * 3], one[COVARIANCE_MAX_OUTPUTS * COVARIANCE_MAX_OUTPUTS],
        *k = malloc((size_t)(CHECKS * CHECKS * p * p) * sizeof *k);
    GNDP_CHECK(k != NULL, GNDP_ERR_NOMEM, "%d pairs", CHECKS * CHECKS);
    for (int i = 0; i < CHECKS; i++) { /* a spiral whose pairs share no plane */
        const double height = -0.93 + 1.8 * (double)i / (CHECKS - 1),
                     turn = 2.399963229728653 * (double)(i * (i + 1)) / 3.0;
        x[3 * i] = sqrt(1.0 - height * height) * cos(turn);
        x[3 * i + 1] = sqrt(1.0 - height * height) * sin(turn);
        x[3 * i + 2] = height;
    }
    GNDP_TRY(cov->block(cov->state, CHECKS, x, CHECKS, x, k));
    *worst = 0.0;
    for (int i = 0; i < CHECKS; i++) {
        for (int j = 0; j < CHECKS; j++) {
            if (i == j) {
                continue;
            }
            evaluate(p, tangent, degree, coef, x + 3 * i, x + 3 * j, one);
            for (int a = 0; a < p; a++) {
                for (int b = 0; b < p; b++) {
                    *worst = fmax(*worst,
                                  fabs(one[a * p + b] - k[(i * p + a) * CHECKS * p + j * p + b]) /
                                      scale);
                }
            }
        }
    }
done:
    free(k);
    return st;
}

static double largest(int n, const double *a)
{
    double top = 0.0;
    for (int i = 0; i < n; i++) {
        top = fmax(top, fabs(a[i]));
    }
    return top;
}

/* Degree from which on all coefficients are rounding, which grows with the degree: a cosine wrong
   by an ulp moves P_l by up to l^2/2 ulps near the pole, where few nodes lie. */
static int64_t find_degree(int per, int64_t terms, const double *coef, double scale)
{
    int64_t degree = terms - 1;
    while (degree > 0 &&
           largest(per, coef + degree * per) <= 4.0 * DBL_EPSILON * (double)(degree + 1) * scale) {
        degree--;
    }
    return degree;
}

gndp_status sphere_quadrature(const covariance *cov, sphere_coefficients *out)
{
    gndp_status st = GNDP_OK;
    const int p = cov->outputs, pp = p * p;
    double *angle = NULL, *weight = NULL, *k = NULL, *coef = NULL,
           k0[COVARIANCE_MAX_OUTPUTS * COVARIANCE_MAX_OUTPUTS], worst[2] = {0.0, 0.0};
    const double here[3] = {1.0, 0.0, 0.0};
    bool done = false;
    *out = (sphere_coefficients){0};
    GNDP_TRY(cov->block(cov->state, 1, here, 1, here, k0));
    const double scale = largest(pp, k0);
    for (int64_t nodes = FIRST_NODES; nodes <= LAST_NODES && !done; nodes *= 2) {
        free(angle), free(weight), free(k), free(coef);
        angle = malloc((size_t)nodes * sizeof *angle);
        weight = malloc((size_t)nodes * sizeof *weight);
        k = malloc((size_t)(nodes * pp) * sizeof *k);
        coef = malloc((size_t)(nodes * pp) * sizeof *coef + 2 * (size_t)nodes * sizeof *coef);
        GNDP_CHECK(angle != NULL && weight != NULL && k != NULL && coef != NULL, GNDP_ERR_NOMEM,
                   "%lld nodes", (long long)nodes);
        gauss_legendre(nodes, angle, weight);
        GNDP_TRY(along_equator(cov, nodes, angle, k));
        for (int tangent = 0; tangent < (p == 2 ? 2 : 1) && !done; tangent++) {
            project(p, tangent, nodes, angle, weight, k, nodes, coef);
            const int64_t degree = find_degree(tangent ? 2 : pp, nodes, coef, scale);
            if (degree < nodes / 2) {
                GNDP_TRY(agrees(cov, tangent, degree, coef, scale, &worst[tangent]));
                done = worst[tangent] <= 1e-11;
                worst[tangent] = fmax(worst[tangent], 2e-11);
                *out = (sphere_coefficients){.tangent = tangent, .degree = degree};
            }
        }
        if (!done && worst[0] > 0.0 && (p != 2 || worst[1] > 0.0)) {
            break; /* converged to something else */
        }
    }
    GNDP_CHECK(done || worst[0] == 0.0, GNDP_ERR_UNSUPPORTED,
               "the kernel is not isotropic on the sphere: its series is off by %.3g elsewhere: %s",
               worst[0], cov->text);
    GNDP_CHECK(done, GNDP_ERR_UNSUPPORTED,
               "the kernel's series in harmonics does not converge by degree %d: %s",
               LAST_NODES / 2, cov->text);
    out->coef = coef;
    coef = NULL;
done:
    free(angle);
    free(weight);
    free(k);
    free(coef);
    return st;
}
