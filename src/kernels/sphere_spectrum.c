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

/* ---------------------------------------------------------------------------------------- create
 */

void sphere_spectrum_free(sphere_spectrum *s)
{
    free(s->root);
    free(s->columns);
    *s = (sphere_spectrum){0};
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

static gndp_status take_roots(const covariance *cov, const sphere_coefficients *c,
                              sphere_spectrum *s)
{
    gndp_status st = GNDP_OK;
    const int p = cov->outputs, pp = p * p;
    const bool tangent = c->tangent;
    const int64_t degree = c->degree;
    const double *coef = c->coef, scale = s->trace;
    s->outputs = p;
    s->tangent = tangent;
    s->degree = degree;
    s->root = calloc((size_t)degree + 1, (size_t)pp * sizeof *s->root);
    s->columns = calloc((size_t)degree + 1, sizeof *s->columns);
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

/*
 * The kernel's own series where a rule gives it. K_curl of phi = sum_l a_l P_l has K(x, x) = I
 * sum_l a_l l (l + 1)/2, degree by degree: that is C_l; likewise D_l of K_div.
 */
static gndp_status by_rule(const covariance *cov, sphere_coefficients *out)
{
    gndp_status st = GNDP_OK;
    kernel_series series;
    GNDP_CHECK(cov->series != NULL, GNDP_ERR_UNSUPPORTED, "no rule");
    GNDP_TRY(cov->series(cov->state, &series));
    *out = (sphere_coefficients){.tangent = cov->outputs == 2, .degree = series.terms - 1};
    out->coef = calloc((size_t)series.terms * (out->tangent ? 2 : 1), sizeof *out->coef);
    GNDP_CHECK(out->coef != NULL, GNDP_ERR_NOMEM, "%d degrees", series.terms);
    for (int l = 0; l < series.terms; l++) {
        if (out->tangent) {
            const double to_variance = 0.5 * (double)l * (double)(l + 1);
            out->coef[2 * l] = to_variance * series.curl[l];
            out->coef[2 * l + 1] = to_variance * series.div[l];
        } else {
            out->coef[l] = series.scalar[l];
        }
    }
done:
    return st;
}

/* P_l(1) = 1, and C_l + D_l is the variance that degree l adds. */
static double trace_of(const sphere_coefficients *c, int outputs)
{
    double trace = 0.0;
    for (int64_t l = c->degree; l >= 0; l--) { /* small ones first */
        for (int i = 0; i < (c->tangent ? 2 : outputs); i++) {
            trace += c->tangent ? c->coef[2 * l + i]
                                : c->coef[l * outputs * outputs + i * outputs + i] / outputs;
        }
    }
    return trace;
}

gndp_status sphere_spectrum_create(const covariance *cov, sphere_spectrum *out)
{
    gndp_status st = GNDP_OK;
    sphere_coefficients c = {0};
    *out = (sphere_spectrum){0};
    st = by_rule(cov, &c);
    if (st == GNDP_ERR_UNSUPPORTED) {
        gndp_clear_error();
        st = sphere_quadrature(cov, &c);
    }
    GNDP_TRY(st);
    out->trace = trace_of(&c, cov->outputs);
    GNDP_TRY(take_roots(cov, &c, out));
done:
    if (st != GNDP_OK) {
        sphere_spectrum_free(out);
    }
    free(c.coef);
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
