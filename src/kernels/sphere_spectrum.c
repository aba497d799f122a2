// SPDX-License-Identifier: Apache-2.0
// Isotropic covariances on the sphere as series of (vector) spherical harmonics, and roots of their
// Fourier blocks in longitude.
#include "kernels/sphere_spectrum.h"

#include <float.h>
#include <lapacke.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double pi = 3.14159265358979323846;

enum { FIRST_NODES = 256, LAST_NODES = 16384, CHECKS = 12 };

/* ---------------------------------------------------------------------------------- quadrature */

/* Gauss-Legendre nodes on [-1, 1] (as angles) and weights: Newton's method from the asymptotic
 * zeros (Abramowitz & Stegun 22.16.6). */
static void gauss(int64_t n, double *angle, double *weight)
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

/* ------------------------------------------------------------------------------------- checking */

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

/* ---------------------------------------------------------------------------------------- create
 */

void sphere_spectrum_free(sphere_spectrum *s)
{
    free(s->root);
    free(s->columns);
    *s = (sphere_spectrum){0};
}

static double largest(int n, const double *a)
{
    double top = 0.0;
    for (int i = 0; i < n; i++) {
        top = fmax(top, fabs(a[i]));
    }
    return top;
}

/* A_l = S S' by its eigenvalues; those below 0 by rounding alone are 0. */
static gndp_status take_root(const covariance *cov, int64_t l, double scale, const double *a,
                             double *s, int *columns)
{
    gndp_status st = GNDP_OK;
    const int p = cov->outputs;
    double v[COVARIANCE_MAX_OUTPUTS * COVARIANCE_MAX_OUTPUTS], value[COVARIANCE_MAX_OUTPUTS],
        work[COVARIANCE_MAX_OUTPUTS * 34];
    for (int i = 0; i < p; i++) {
        for (int j = 0; j < p; j++) {
            v[i * p + j] = 0.5 * (a[i * p + j] + a[j * p + i]);
        }
    }
    const lapack_int info = LAPACKE_dsyev_work(LAPACK_COL_MAJOR, 'V', 'U', p, v, p, value, work,
                                               COVARIANCE_MAX_OUTPUTS * 34);
    GNDP_CHECK(info == 0, GNDP_ERR_INTERNAL, "dsyev: %d", (int)info);
    *columns = 0;
    for (int e = p - 1; e >= 0; e--) {
        GNDP_CHECK(value[e] >= -1e-13 * scale, GNDP_ERR_NOT_PD,
                   "%s: degree %lld of its series has the coefficient %.3g, below 0", cov->text,
                   (long long)l, value[e]);
        if (value[e] > 16.0 * DBL_EPSILON * fabs(value[p - 1])) {
            for (int i = 0; i < p; i++) {
                s[i * p + *columns] = v[e * p + i] * sqrt(value[e]);
            }
            (*columns)++;
        }
    }
done:
    return st;
}

static gndp_status take_roots(const covariance *cov, bool tangent, int64_t degree, double scale,
                              const double *coef, sphere_spectrum *s)
{
    gndp_status st = GNDP_OK;
    const int p = cov->outputs, pp = p * p;
    s->outputs = p;
    s->tangent = tangent;
    s->degree = degree;
    s->root = calloc((size_t)((degree + 1) * pp), sizeof *s->root);
    s->columns = calloc((size_t)(degree + 1), sizeof *s->columns);
    GNDP_CHECK(s->root != NULL && s->columns != NULL, GNDP_ERR_NOMEM, "%lld degrees",
               (long long)degree);
    for (int64_t l = 0; l <= degree; l++) {
        if (!tangent) {
            GNDP_TRY(take_root(cov, l, scale, coef + l * pp, s->root + l * pp, &s->columns[l]));
        }
        for (int i = 0; i < 2 && tangent; i++) {
            const double v = coef[2 * l + i];
            GNDP_CHECK(v >= -1e-13 * scale, GNDP_ERR_NOT_PD,
                       "%s: degree %lld of its series has the coefficient %.3g, below 0", cov->text,
                       (long long)l, v);
            s->root[l * pp + i] = sqrt(fmax(v, 0.0));
            s->columns[l] |= v > 0x1p-50 * scale
                                 ? 1 << i
                                 : 0; /* less is rounding of the other kind's quadrature */
        }
    }
done:
    return st;
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

gndp_status sphere_spectrum_create(const covariance *cov, sphere_spectrum *out)
{
    gndp_status st = GNDP_OK;
    const int p = cov->outputs, pp = p * p;
    double *angle = NULL, *weight = NULL, *k = NULL, *coef = NULL,
           k0[COVARIANCE_MAX_OUTPUTS * COVARIANCE_MAX_OUTPUTS], worst[2] = {0.0, 0.0};
    const double here[3] = {1.0, 0.0, 0.0};
    bool done = false;
    *out = (sphere_spectrum){0};
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
        gauss(nodes, angle, weight);
        GNDP_TRY(along_equator(cov, nodes, angle, k));
        for (int tangent = 0; tangent < (p == 2 ? 2 : 1) && !done; tangent++) {
            const int per = tangent ? 2 : pp;
            project(p, tangent, nodes, angle, weight, k, nodes, coef);
            const int64_t degree = find_degree(per, nodes, coef, scale);
            if (degree < nodes / 2) {
                GNDP_TRY(agrees(cov, tangent, degree, coef, scale, &worst[tangent]));
                if (worst[tangent] <= 1e-11) {
                    GNDP_TRY(take_roots(cov, tangent, degree, scale, coef, out));
                    done = true;
                } else {
                    worst[tangent] = fmax(worst[tangent], 2e-11);
                }
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
    for (int i = 0; i < p; i++) {
        out->trace += k0[i * p + i] / p;
    }
done:
    if (st != GNDP_OK) {
        sphere_spectrum_free(out);
    }
    free(angle);
    free(weight);
    free(k);
    free(coef);
    return st;
}

/* ----------------------------------------------------------------------------------------- roots
 */

static int count_columns(const sphere_spectrum *s, int64_t l)
{
    return s->tangent ? (s->columns[l] & 1) + (s->columns[l] >> 1) : s->columns[l];
}

int64_t sphere_columns(const sphere_spectrum *s, int64_t m)
{
    int64_t columns = 0;
    for (int64_t l = m < 0 ? -m : m; l <= s->degree; l++) {
        columns += count_columns(s, l);
    }
    return columns;
}

/*
 * p[l - m] = sqrt((l - m)!/(l + m)!) P_l^m (without the sign (-1)^m) at latitude with sine x and
 * cosine c; with `divided` over c (m >= 1), finite at the poles. Their squares over m = -l..l add
 * up to 1. Recurrence in l, stable upwards; the start c^m underflows at high m near the poles, so
 * numbers carry a power of 2^512 until they are of ordinary size.
 */
typedef struct legendre_recurrence {
    int64_t m, degree;
    double *a, *b; /* of l - m: p_l = a x p_(l-1) - b p_(l-2) */
} legendre_recurrence;

static void legendre_row(const legendre_recurrence *r, double x, double c, bool divided, double *p)
{
    const double huge = 0x1p512, tiny = 0x1p-512, limit = 0x1p256;
    double now = 1.0, before = 0.0;
    int scale = 0; /* value = now 2^(512 scale), scale <= 0 */
    for (int64_t k = 1; k <= r->m; k++) {
        now *= sqrt((double)(2 * k - 1) / (double)(2 * k)) * (divided && k == 1 ? 1.0 : c);
        if (now < limit * tiny) {
            now *= huge;
            scale--;
        }
    }
    p[0] = scale == 0 ? now : 0.0;
    for (int64_t i = 1; i <= r->degree - r->m; i++) {
        const double next = r->a[i] * x * now - r->b[i] * before;
        before = now;
        now = next;
        if (scale < 0 && fabs(now) > limit) {
            now *= tiny;
            before *= tiny;
            scale++;
        }
        p[i] = scale == 0 ? now : 0.0;
    }
}

static gndp_status recurrence_create(int64_t m, int64_t degree, legendre_recurrence *r)
{
    gndp_status st = GNDP_OK;
    const size_t n = (size_t)(degree - m + 2);
    *r = (legendre_recurrence){.m = m, .degree = degree, .a = calloc(2 * n, sizeof *r->a)};
    GNDP_CHECK(r->a != NULL, GNDP_ERR_NOMEM, "%zu values", 2 * n);
    r->b = r->a + n;
    const double mm = (double)m * (double)m;
    for (int64_t i = 1; i <= degree - m; i++) {
        const double l = (double)(m + i), root = sqrt(l * l - mm);
        r->a[i] = (2.0 * l - 1.0) / root;
        r->b[i] = sqrt((l - 1.0) * (l - 1.0) - mm) / root;
    }
done:
    return st;
}

/* Rows of a tangent field at one latitude: gradient (m p / cos, dp/dlat), turned gradient (dp/dlat,
 * m p / cos), over sqrt(l (l + 1)/2). */
static void tangent_rows(const sphere_spectrum *s, int64_t m, double x, const double *p,
                         double sign, double *east, double *north)
{
    int64_t column = 0;
    for (int64_t l = m; l <= s->degree; l++) {
        const double ll = (double)l * (double)(l + 1);
        double a = 0.0, d = 0.0;
        if (m > 0) { /* p over the cosine */
            a = (double)m * p[l - m];
            d = -(double)l * x * p[l - m] +
                (l > m ? sqrt((double)(l - m) * (double)(l + m)) * p[l - m - 1] : 0.0);
        } else if (l > 0) { /* p of order 1: dP_l/dlat = sqrt(l (l + 1)) p_(l,1) */
            d = sqrt(ll) * p[l - 1];
        }
        for (int i = 0; i < 2; i++) {
            if (s->columns[l] & 1 << i) {
                const double g = s->root[l * 4 + i] * sqrt(2.0 / ll);
                east[column] = sign * g * (i == 0 ? a : d);
                north[column] = g * (i == 0 ? d : a);
                column++;
            }
        }
    }
}

static void scalar_rows(const sphere_spectrum *s, int64_t m, const double *p, int64_t ld,
                        double *rows)
{
    int64_t column = 0;
    const int outputs = s->outputs;
    for (int64_t l = m; l <= s->degree; l++) {
        for (int q = 0; q < s->columns[l]; q++, column++) {
            for (int o = 0; o < outputs; o++) {
                rows[o * ld + column] = p[l - m] * s->root[(l * outputs + o) * outputs + q];
            }
        }
    }
}

gndp_status sphere_root(const sphere_spectrum *s, int64_t m, int64_t n_lat, const double *lat_deg,
                        int64_t ld, double *r)
{
    gndp_status st = GNDP_OK;
    const int64_t order = m < 0 ? -m : m, row_order = s->tangent && order == 0 ? 1 : order;
    legendre_recurrence recurrence = {0};
    double *p = NULL;
    if (order > s->degree || row_order > s->degree) {
        goto done; /* a constant field alone has no gradient: no columns */
    }
    GNDP_TRY(recurrence_create(row_order, s->degree, &recurrence));
    p = malloc((size_t)(s->degree + 2) * sizeof *p);
    GNDP_CHECK(p != NULL, GNDP_ERR_NOMEM, "%lld degrees", (long long)s->degree);
    for (int64_t i = 0; i < n_lat; i++) {
        const bool pole = fabs(lat_deg[i]) == 90.0;
        const double x = sin(lat_deg[i] * (pi / 180.0)),
                     c = pole ? 0.0 : cos(lat_deg[i] * (pi / 180.0));
        double *rows = r + i * s->outputs * ld;
        legendre_row(&recurrence, x, c, s->tangent && order > 0, p);
        if (s->tangent) {
            tangent_rows(s, order, x, p, m < 0 ? -1.0 : 1.0, rows, rows + ld);
        } else {
            scalar_rows(s, order, p, ld, rows);
        }
    }
done:
    free(recurrence.a);
    free(p);
    return st;
}
