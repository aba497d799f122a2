// SPDX-License-Identifier: Apache-2.0
// Embedding of a stationary kernel's covariance on a grid in a circulant on a larger periodic one.
#include <lapacke.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "kernels/circulant.h"

enum { MAX_GROWTH = 5 }; /* doublings of an axis */

void circulant_free(void *impl)
{
    circulant_law *c = impl;
    if (c != NULL) {
        const size_t bytes = (size_t)(c->total * c->outputs * c->outputs) * sizeof(double);
        fft_free(c->plan);
        gndp_pages_free(c->root, bytes);
        gndp_pages_free(c->inverse, bytes);
        free(c->kernel0);
        free(c);
    }
}

static gndp_status check_applies(const gaussian_problem *p, double step[])
{
    gndp_status st = GNDP_OK;
    const gndp_points *points = p->points;
    GNDP_CHECK(points->kind == GNDP_POINTS_PRODUCT, GNDP_ERR_UNSUPPORTED,
               "the points are no product of axes");
    GNDP_CHECK(p->cov->stationary, GNDP_ERR_UNSUPPORTED, "the kernel is not stationary: %s",
               p->cov->text);
    GNDP_CHECK(covariance_white(p->cov) >= 0.0, GNDP_ERR_UNSUPPORTED,
               "its white noise is not the same for each value: %s", p->cov->text);
    GNDP_CHECK(p->outputs <= 8, GNDP_ERR_UNSUPPORTED, "%d outputs, at most 8", p->outputs);
    for (int a = 0; a < points->n_axes; a++) {
        const int64_t n = points->axis_size[a];
        const double *x = points->axis[a], span = x[n - 1] - x[0];
        step[a] = n > 1 ? span / (double)(n - 1) : 1.0;
        GNDP_CHECK(step[a] != 0.0, GNDP_ERR_UNSUPPORTED, "axis %d ends where it begins", a);
        for (int64_t i = 0; i < n; i++) {
            const double off = x[i] - (x[0] + step[a] * (double)i);
            /* 1e-9 of a step: what decimal text leaves; k then errs by far less than its own
             * rounding would show */
            GNDP_CHECK(fabs(off) <= 1e-9 * fabs(step[a]), GNDP_ERR_UNSUPPORTED,
                       "axis %d is not equally spaced: value %lld is off by %.3g steps", a,
                       (long long)i, off / step[a]);
        }
    }
done:
    return st;
}

/* Lag of periodic index j on an axis of m, in steps, and whether +m/2 and -m/2 are one. */
static int64_t lag(int64_t j, int64_t m)
{
    return 2 * j <= m ? j : j - m;
}

/* Transform [M] in place over all parts of s; the [p, q] part of k at each lag comes first. */
static gndp_status fill_lags(const gaussian_problem *p, circulant_law *c, const double step[],
                             double *s)
{
    gndp_status st = GNDP_OK;
    enum { ROWS = 8192 };
    const int axes = c->axes, outputs = c->outputs, pp = outputs * outputs;
    double *z = malloc((size_t)(ROWS * axes) * sizeof *z),
           *k = malloc((size_t)(ROWS * pp) * sizeof *k);
    const double origin[CIRCULANT_MAX_AXES] = {0};
    GNDP_CHECK(z != NULL && k != NULL, GNDP_ERR_NOMEM, "%d lags", ROWS);
    for (int64_t from = 0; from < c->total; from += ROWS) {
        const int64_t some = c->total - from < ROWS ? c->total - from : ROWS;
        for (int64_t i = 0; i < ROWS; i++) { /* always the same shape: one plan */
            int64_t rest = i < some ? from + i : 0;
            for (int a = axes - 1; a >= 0; a--) {
                z[i * axes + a] = step[a] * (double)lag(rest % c->m[a], c->m[a]);
                rest /= c->m[a];
            }
        }
        GNDP_TRY(p->cov->block(p->cov->state, 1, origin, ROWS, z, k)); /* [P, ROWS P] */
        for (int64_t i = 0; i < some; i++) {
            for (int a = 0; a < outputs; a++) {
                for (int b = 0; b < outputs; b++) {
                    s[(a * outputs + b) * c->total + from + i] =
                        k[a * ROWS * outputs + i * outputs + b];
                }
            }
        }
    }
done:
    free(z);
    free(k);
    return st;
}

/* Index of -j. */
static int64_t mirror(const circulant_law *c, int64_t j)
{
    int64_t out = 0, scale = 1;
    for (int a = c->axes - 1; a >= 0; a--) {
        const int64_t i = j % c->m[a];
        out += (i == 0 ? 0 : c->m[a] - i) * scale;
        scale *= c->m[a];
        j /= c->m[a];
    }
    return out;
}

/*
 * The periodic lags must be even. A lag of half the period stands for both signs: where k differs
 * there (off-diagonal parts of vector kernels) the mean of the two is taken, which is allowed only
 * outside the lags of the grid: `wide` says that the embedding leaves them out.
 */
static gndp_status make_even(const circulant_law *c, bool wide, double *s)
{
    gndp_status st = GNDP_OK;
    const int pp = c->outputs * c->outputs;
    double top = 0.0;
    for (int i = 0; i < c->outputs; i++) {
        top = fmax(top, fabs(s[(int64_t)(i * c->outputs + i) * c->total]));
    }
    for (int64_t j = 0; j < c->total; j++) {
        const int64_t other = mirror(c, j);
        bool half = false;
        for (int64_t a = c->axes - 1, rest = j; a >= 0; rest /= c->m[a], a--) {
            half = half || 2 * (rest % c->m[a]) == c->m[a];
        }
        for (int i = 0; i < pp && other >= j; i++) {
            double *x = s + (int64_t)i * c->total + j, *y = s + (int64_t)i * c->total + other;
            GNDP_CHECK(
                (half && wide) || fabs(*x - *y) <= 1e-13 * top, GNDP_ERR_UNSUPPORTED,
                "k(d) differs from k(-d) by %.3g: not even, which circulant embedding asks for",
                *x - *y);
            *x = *y = 0.5 * (*x + *y);
        }
    }
done:
    return st;
}

/* Root and inverse of the symmetric [P, P] s at one frequency, by its eigenvalues. Returns the
 * smallest. */
static double root_at(const circulant_law *c, int64_t f, double floor, double *s, double *inverse)
{
    const int p = c->outputs;
    double a[64], value[8], work[8 * 34], smallest = (double)INFINITY;
    if (p == 1) {
        const double l = s[f];
        s[f] = sqrt(fmax(l, 0.0));
        inverse[f] = l > floor ? 1.0 / l : 0.0;
        return l;
    }
    for (int i = 0; i < p; i++) {
        for (int j = 0; j < p; j++) {
            a[i * p + j] = 0.5 * (s[(i * p + j) * c->total + f] + s[(j * p + i) * c->total + f]);
        }
    }
    if (LAPACKE_dsyev_work(LAPACK_COL_MAJOR, 'V', 'U', p, a, p, value, work, 8 * 34) != 0) {
        return (double)NAN;
    }
    for (int e = 0; e < p; e++) {
        smallest = fmin(smallest, value[e]);
    }
    for (int i = 0; i < p; i++) {
        for (int j = 0; j < p; j++) {
            double r = 0.0, v = 0.0;
            for (int e = 0; e < p; e++) {
                r += a[e * p + i] * sqrt(fmax(value[e], 0.0)) * a[e * p + j];
                v += value[e] > floor ? a[e * p + i] / value[e] * a[e * p + j] : 0.0;
            }
            s[(i * p + j) * c->total + f] = r;
            inverse[(i * p + j) * c->total + f] = v;
        }
    }
    return smallest;
}

/* Lags -> spectrum -> root. *smallest and *largest: eigenvalues met. */
static gndp_status factor(circulant_law *c, double nugget, double *smallest, double *largest)
{
    gndp_status st = GNDP_OK;
    const int p = c->outputs;
    double *work = gndp_pages_alloc((size_t)fft_hartley_work(c->plan) * sizeof *work);
    bool definite = true;
    GNDP_CHECK(work != NULL, GNDP_ERR_NOMEM, "a transform of %lld values", (long long)c->total);
    *largest = 0.0;
    *smallest = (double)INFINITY;
    for (int i = 0; i < p * p; i++) {
        double *s = c->root + (int64_t)i * c->total;
        fft_hartley(c->plan, s, work, s);
        for (int64_t f = 0; i % (p + 1) == 0 && f < c->total; f++) {
            s[f] += nugget;
            *largest = fmax(*largest, s[f]);
        }
    }
    const double floor = 1e-14 * *largest;
    for (int64_t f = 0; f < c->total; f++) {
        const double l = root_at(c, f, floor, c->root, c->inverse);
        definite = definite && l > floor;
        *smallest = isnan(l) ? l : fmin(*smallest, l);
    }
    if (!definite) {
        gndp_pages_free(c->inverse, (size_t)(c->total * p * p) * sizeof(double));
        c->inverse = NULL;
    }
done:
    gndp_pages_free(work, work == NULL ? 0 : (size_t)fft_hartley_work(c->plan) * sizeof *work);
    return st;
}

/* One embedding. *ok false: indefinite, to be grown. */
static gndp_status embed(const gaussian_problem *p, const double step[], int growth, bool wide,
                         circulant_law **out, bool *ok, double *smallest, double *largest)
{
    gndp_status st = GNDP_OK;
    circulant_law *c = calloc(1, sizeof *c);
    *ok = false;
    GNDP_CHECK(c != NULL, GNDP_ERR_NOMEM, "%zu bytes", sizeof *c);
    c->axes = p->points->n_axes;
    c->outputs = p->outputs;
    c->points = p->n_points;
    c->threads = p->options.threads;
    c->total = 1;
    double total = 1.0;
    for (int a = 0; a < c->axes; a++) {
        const int64_t n = c->n[a] = p->points->axis_size[a], least = n == 1 ? 1
                                                                     : wide ? 2 * n
                                                                            : 2 * (n - 1);
        c->m[a] = n == 1 ? 1 : fft_good_size(least << growth);
        total *= (double)c->m[a];
        GNDP_CHECK(c->m[a] < INT32_MAX, GNDP_ERR_NOMEM, "an axis of %lld points",
                   (long long)c->m[a]);
    }
    const double values = (double)(c->outputs * c->outputs);
    GNDP_TRY(gaussian_check_bytes(&p->options, 8.0 * total * (2.0 * values + 2.0),
                                  "circulant embedding"));
    for (int a = 0; a < c->axes; a++) {
        c->total *= c->m[a];
    }
    const size_t bytes = (size_t)(c->total * c->outputs * c->outputs) * sizeof(double);
    c->root = gndp_pages_alloc(bytes);
    c->inverse = gndp_pages_alloc(bytes);
    c->kernel0 = malloc((size_t)c->outputs * sizeof *c->kernel0);
    GNDP_CHECK(c->root != NULL && c->inverse != NULL && c->kernel0 != NULL, GNDP_ERR_NOMEM,
               "%zu bytes", 2 * bytes);
    GNDP_TRY(fft_hartley_create(c->axes, c->m, &c->plan));
    GNDP_TRY(fill_lags(p, c, step, c->root));
    GNDP_TRY(make_even(c, wide, c->root));
    double mean = 0.0;
    for (int i = 0; i < c->outputs; i++) {
        c->kernel0[i] =
            c->root[(int64_t)(i * c->outputs + i) * c->total] + covariance_white(p->cov);
        mean += c->kernel0[i] / c->outputs;
    }
    c->jitter = p->options.jitter > 0.0 ? p->options.jitter * mean : 0.0;
    for (int i = 0; i < c->outputs; i++) {
        c->kernel0[i] += c->jitter;
    }
    GNDP_TRY(factor(c, covariance_white(p->cov) + c->jitter, smallest, largest));
    GNDP_CHECK(isfinite(*smallest), GNDP_ERR_NONFINITE, "%s: its spectrum is not finite",
               p->cov->text);
    /* rounding of a sum of M lags, each wrong by an ulp or so, with the logarithm of the FFT */
    c->clipped = fmax(0.0, -*smallest / *largest);
    *ok = *largest > 0.0 && c->clipped <= 64.0 * 0x1p-52 * log2((double)c->total + 2.0);
    *out = c;
    c = NULL;
done:
    circulant_free(c);
    return st;
}

gndp_status circulant_create(const gaussian_problem *p, void **impl, gaussian_facts *facts)
{
    gndp_status st = GNDP_OK;
    circulant_law *c = NULL;
    double step[CIRCULANT_MAX_AXES], smallest = 0.0, largest = 0.0;
    bool ok = false;
    const bool wide = p->outputs > 1;
    int growth = 0;
    GNDP_TRY(check_applies(p, step));
    for (; growth <= MAX_GROWTH && !ok; growth++) {
        circulant_free(c);
        c = NULL;
        st = embed(p, step, growth, wide, &c, &ok, &smallest, &largest);
        if (st == GNDP_ERR_NOMEM && growth > 0) {
            break;
        }
        GNDP_TRY(st);
    }
    GNDP_CHECK(ok, GNDP_ERR_UNSUPPORTED,
               "circulant embedding stays indefinite: smallest eigenvalue %.3g of largest %.3g "
               "with %d times the grid an axis (%s): a correlation length "
               "much beyond the grid; use a dense or Kronecker law, or add white noise",
               smallest, largest, 1 << growth,
               growth > MAX_GROWTH ? "its limit" : "its memory limit");
    facts->rank = c->total * c->outputs;
    facts->jitter = c->jitter;
    facts->bytes = (size_t)(c->total * c->outputs * c->outputs) * sizeof(double) *
                   (c->inverse != NULL ? 2 : 1);
    int at = snprintf(facts->note, sizeof facts->note, "embedded in");
    for (int a = 0; a < c->axes; a++) {
        at += snprintf(facts->note + at, sizeof facts->note - (size_t)at, "%s%lld",
                       a == 0 ? " " : " x ", (long long)c->m[a]);
    }
    if (c->clipped > 0.0) {
        snprintf(facts->note + at, sizeof facts->note - (size_t)at,
                 ", eigenvalues down to -%.1e of the largest taken as 0", c->clipped);
    }
    *impl = c;
    c = NULL;
done:
    circulant_free(c);
    return st;
}
