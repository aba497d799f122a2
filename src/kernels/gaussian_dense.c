// SPDX-License-Identifier: Apache-2.0
// The dense law: the lower triangle of K filled tile by tile where its Cholesky factor will lie, K
// = L L'.
#include <cblas.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/memory.h"
#include "kernels/factor.h"
#include "kernels/gaussian.h"
#include "kernels/panel.h"

/*
 * L [n, n] row-major, lower: for LAPACK the column-major upper factor U = L', whose 'U' form reads
 * and writes that triangle alone. What stands above the diagonal is never written.
 */
typedef struct dense_law {
    bool f32;
    int64_t n;
    void *l;
    size_t bytes;
    const panel_table *panel;
    int threads;
} dense_law;

static void dense_free(void *impl)
{
    dense_law *d = impl;
    if (d != NULL) {
        gndp_pages_free(d->l, d->bytes);
        free(d);
    }
}

/* ---------------------------------------------------------------------------------------- Gram */

/* Points a tile has, rows and columns: 256 x 512 values of 8 bytes stay in a second-level cache. */
enum { TILE_ROWS = 256, TILE_COLUMNS = 512 };

typedef struct gram_source {
    const gaussian_problem *problem;
    double *x;    /* [N, D] */
    double *tile; /* [rows P, columns P] */
    int64_t rows, columns;
} gram_source;

/* Part of a tile that lies on or below the diagonal; K is symmetric, so that the rest would be
 * double work. */
static void copy_tile(const gram_source *s, int64_t i0, int64_t j0, double *k)
{
    const int64_t p = s->problem->outputs, n = s->problem->size, width = s->columns * p;
    const covariance *cov = s->problem->cov;
#pragma omp parallel for schedule(static) num_threads(s->problem->options.threads)
    for (int64_t i = i0 * p; i < (i0 + s->rows) * p; i++) {
        const int64_t stop = i + 1 - j0 * p < width ? i + 1 - j0 * p : width;
        if (stop > 0) {
            memcpy(k + i * n + j0 * p, s->tile + (i - i0 * p) * width, (size_t)stop * sizeof *k);
        }
        if (i / p >= j0 && i / p < j0 + s->columns) {
            for (int64_t q = 0; q <= i % p; q++) {
                k[i * n + i / p * p + q] += cov->nugget[i % p * p + q];
            }
        }
    }
}

/* Tiles at the ends are moved back to keep their shape, since each shape is a plan of its own: what
 * they write twice is the same. */
static gndp_status fill_gram(void *state, double *k)
{
    gndp_status st = GNDP_OK;
    const gram_source *s = state;
    const covariance *cov = s->problem->cov;
    const int64_t n = s->problem->n_points, d = cov->dim;
    for (int64_t i = 0; i < n; i += s->rows) {
        const int64_t i0 = i + s->rows <= n ? i : n - s->rows;
        for (int64_t j = 0; j < i0 + s->rows; j += s->columns) {
            const int64_t j0 = j + s->columns <= n ? j : n - s->columns;
            GNDP_TRY(
                cov->block(cov->state, s->rows, s->x + i0 * d, s->columns, s->x + j0 * d, s->tile));
            copy_tile(s, i0, j0, k);
        }
    }
done:
    return st;
}

/* ------------------------------------------------------------------------------------- messages */

/* Lexicographic order of points, for the search of equal ones. */
typedef struct point_key {
    int64_t index, dim;
    const double *x;
} point_key;

static int compare_points(const void *pa, const void *pb)
{
    const point_key *a = pa, *b = pb;
    for (int64_t c = 0; c < a->dim; c++) {
        if (a->x[c] != b->x[c]) {
            return a->x[c] < b->x[c] ? -1 : 1;
        }
    }
    return a->index < b->index ? -1 : a->index > b->index;
}

/* The first pair of equal points as text, "" when there is none. */
static void find_duplicates(const gndp_points *points, char *text, size_t size)
{
    text[0] = '\0';
    const int64_t n = points == NULL ? 0 : gndp_points_count(points),
                  d = points == NULL ? 0 : points_dim(points);
    point_key *key = n > 1 ? malloc((size_t)n * sizeof *key) : NULL;
    double *x = n > 1 ? malloc((size_t)(n * d) * sizeof *x) : NULL;
    int64_t first = INT64_MAX, second = 0;
    for (int64_t i = 0; key != NULL && x != NULL && i < n; i++) {
        points_at(points, i, x + i * d);
        key[i] = (point_key){i, d, x + i * d};
    }
    if (key != NULL && x != NULL) {
        qsort(key, (size_t)n, sizeof *key, compare_points);
        for (int64_t i = 0; i + 1 < n; i++) {
            if (key[i].index < first &&
                memcmp(key[i].x, key[i + 1].x, (size_t)d * sizeof *x) == 0) {
                first = key[i].index;
                second = key[i + 1].index;
            }
        }
        if (first != INT64_MAX) {
            snprintf(text, size, "; points %lld and %lld are the same", (long long)first,
                     (long long)second);
        }
    }
    free(x);
    free(key);
}

/* -------------------------------------------------------------------------------------- factor */

/* Factor in place; the index of the first bad pivot, or -1. */
static int64_t factor(dense_law *d, double *pivot)
{
    gaussian_flush flush;
    gaussian_flush_begin(&flush, d->threads); /* an rbf Gram is full of subnormals: up to tenfold */
    const int64_t bad = d->f32 ? factor_f32(d->n, d->l, d->threads, pivot)
                               : factor_f64(d->n, d->l, d->threads, pivot);
    gaussian_flush_end(&flush);
    return bad;
}

/* f64 Gram into f32 storage by rows from the top: row i of floats ends before row i of doubles
 * begins, so it is done in place. */
static void narrow(int64_t n, double *k)
{
    float *out = (float *)(void *)k;
    for (int64_t i = 0; i < n; i++) {
        for (int64_t j = 0; j <= i; j++) {
            double v;
            memcpy(&v, (const char *)k + (size_t)(i * n + j) * sizeof v, sizeof v);
            const float f = (float)v;
            memcpy((char *)out + (size_t)(i * n + j) * sizeof f, &f, sizeof f);
        }
    }
}

static gndp_status fill_and_factor(dense_law *d, gaussian_fill fill, void *state, double jitter,
                                   int64_t *bad, double *pivot)
{
    gndp_status st = GNDP_OK;
    double *k = d->l;
    GNDP_TRY(fill(state, k));
    for (int64_t i = 0; i < d->n; i++) {
        GNDP_CHECK(isfinite(k[i * d->n + i]), GNDP_ERR_NONFINITE,
                   "the variance of value %lld is %g", (long long)i, k[i * d->n + i]);
        k[i * d->n + i] += jitter;
    }
    if (d->f32) {
        narrow(d->n, k);
    }
    *bad = factor(d, pivot);
done:
    return st;
}

/* In single precision the second half of the memory has done its work: its pages go back to the
 * system. Returns what is held. */
static size_t give_back(const dense_law *d)
{
    if (!d->f32) {
        return d->bytes;
    }
#ifdef MADV_DONTNEED
    const uintptr_t start = (uintptr_t)d->l, page = GNDP_HUGE_PAGE,
                    from = (start + d->bytes / 2 + page - 1) / page * page,
                    end = (start + d->bytes) / page * page;
    if (from < end) {
        (void)madvise((char *)d->l + (from - start), end - from, MADV_DONTNEED);
        return d->bytes - (end - from);
    }
#endif
    return d->bytes;
}

gndp_status gaussian_dense_from(gaussian_fill fill, void *state, int64_t n, double scale,
                                const gndp_gaussian_options *options, const char *what,
                                const gndp_points *points, void **impl, gaussian_facts *facts)
{
    gndp_status st = GNDP_OK;
    dense_law *d = NULL;
    int64_t bad = -1;
    double pivot = 0.0;
    char twins[96];
    GNDP_TRY(gaussian_check_bytes(options, 8.0 * (double)n * (double)n, "a dense law"));
    GNDP_CHECK(n <= INT_MAX, GNDP_ERR_NOMEM, "a dense law of %lld values: LAPACK counts to %d",
               (long long)n, INT_MAX);
    d = calloc(1, sizeof *d);
    GNDP_CHECK(d != NULL, GNDP_ERR_NOMEM, "%zu bytes", sizeof *d);
    d->f32 = options->f32;
    d->n = n;
    d->threads = options->threads;
    d->bytes = (size_t)n * (size_t)n * sizeof(double);
    GNDP_TRY(panel_select(d->f32, &d->panel));
    d->l = gndp_pages_alloc(d->bytes);
    GNDP_CHECK(d->l != NULL, GNDP_ERR_NOMEM, "a dense law of %lld values needs %zu bytes",
               (long long)n, d->bytes);
    double jitter = options->jitter < 0.0   ? 0.0
                    : options->jitter > 0.0 ? options->jitter
                    : d->f32                ? 1e-6
                                            : 1e-12;
    for (;; jitter *= 10.0) {
        GNDP_TRY(fill_and_factor(d, fill, state, jitter * scale, &bad, &pivot));
        if (bad < 0 || !isfinite(pivot) || jitter == 0.0 ||
            jitter * 10.0 > options->max_jitter * 1.0000001) {
            break;
        }
    }
    GNDP_CHECK(bad < 0 || isfinite(pivot), GNDP_ERR_NONFINITE,
               "%s: row %lld of the covariance holds %g: are coordinates or parameters of absurd "
               "size?",
               what, (long long)bad, pivot);
    if (bad >= 0) {
        find_duplicates(points, twins, sizeof twins);
    }
    GNDP_CHECK(bad < 0, GNDP_ERR_NOT_PD,
               "%s: pivot %lld of %lld is %.3g with jitter %.3g (%.3g of the mean variance)%s: add "
               "white noise or allow more jitter",
               what, (long long)bad, (long long)n, pivot, jitter * scale, jitter, twins);
    facts->rank = n;
    facts->jitter = jitter * scale;
    facts->bytes = give_back(d);
    snprintf(facts->note, sizeof facts->note, "Cholesky in %s, %.3g Gflop", d->f32 ? "f32" : "f64",
             (double)n * (double)n * (double)n / 3e9);
    *impl = d;
    d = NULL;
done:
    dense_free(d);
    return st;
}

static gndp_status mean_diagonal(const gaussian_problem *p, gram_source *s, double *out)
{
    gndp_status st = GNDP_OK;
    double k[COVARIANCE_MAX_OUTPUTS * COVARIANCE_MAX_OUTPUTS], sum = 0.0;
    GNDP_TRY(p->cov->block(p->cov->state, 1, s->x, 1, s->x, k)); /* every kernel is stationary */
    for (int i = 0; i < p->outputs; i++) {
        sum += k[i * p->outputs + i] + p->cov->nugget[i * p->outputs + i];
    }
    *out = sum / p->outputs;
done:
    return st;
}

static gndp_status dense_create(const gaussian_problem *p, void **impl, gaussian_facts *facts)
{
    gndp_status st = GNDP_OK;
    const int64_t n = p->n_points, d = p->cov->dim;
    gram_source s = {.problem = p,
                     .rows = n < TILE_ROWS ? n : TILE_ROWS,
                     .columns = n < TILE_COLUMNS ? n : TILE_COLUMNS};
    const size_t tile = (size_t)(s.rows * s.columns * p->outputs * p->outputs) * sizeof(double);
    double scale = 0.0;
    char what[512];
    GNDP_TRY(
        gaussian_check_bytes(&p->options, 8.0 * (double)p->size * (double)p->size, "a dense law"));
    if (p->points->kind == GNDP_POINTS_LATLON) {
        for (int64_t i = 0; i < p->points->n_lat; i++) {
            GNDP_CHECK(!points_is_pole(p->points, i) || p->points->n_lon == 1, GNDP_ERR_UNSUPPORTED,
                       "a dense law would take the pole (latitude %lld) for %lld points: leave it "
                       "out, or give the points as a list",
                       (long long)i, (long long)p->points->n_lon);
        }
    }
    s.x = malloc((size_t)(n * d) * sizeof *s.x);
    s.tile = gndp_pages_alloc(tile);
    GNDP_CHECK(s.x != NULL && s.tile != NULL, GNDP_ERR_NOMEM, "%lld points", (long long)n);
    for (int64_t i = 0; i < n; i++) {
        points_at(p->points, i, s.x + i * d);
    }
    if (p->options.jitter == 0.0 && !gaussian_has_noise(p->cov)) {
        find_duplicates(p->points, what, sizeof what);
        GNDP_CHECK(what[0] == '\0', GNDP_ERR_NOT_PD,
                   "%s%s, and without white noise their covariance is singular: drop one, add + "
                   "white(variance=..), or ask for jitter",
                   p->cov->text, what);
    }
    GNDP_TRY(mean_diagonal(p, &s, &scale));
    snprintf(what, sizeof what, "%s", p->cov->text);
    GNDP_TRY(gaussian_dense_from(fill_gram, &s, p->size, scale, &p->options, what, p->points, impl,
                                 facts));
done:
    gndp_pages_free(s.tile, tile);
    free(s.x);
    return st;
}

/* ---------------------------------------------------------------------------------------- calls */

typedef struct panels {
    double *in, *out;
    size_t bytes;
} panels;

static gndp_status panels_make(int64_t n, panels *p)
{
    gndp_status st = GNDP_OK;
    p->bytes = (size_t)n * 2 * PANEL_LANES * sizeof(double);
    p->in = gndp_pages_alloc(p->bytes);
    p->out = gndp_pages_alloc(p->bytes);
    GNDP_CHECK(p->in != NULL && p->out != NULL, GNDP_ERR_NOMEM, "%zu bytes", 2 * p->bytes);
done:
    return st;
}

static void panels_free(panels *p)
{
    gndp_pages_free(p->in, p->bytes);
    gndp_pages_free(p->out, p->bytes);
}

/* Sixteen at a time where there are more than eight: each lane has the same bits in either. */
static int groups_for(int64_t left)
{
    return left > PANEL_LANES ? 2 : 1;
}

static gndp_status dense_root(const void *impl, bool transposed, int64_t n, const double *v,
                              double *out)
{
    gndp_status st = GNDP_OK;
    const dense_law *d = impl;
    panels p = {0};
    GNDP_TRY(panels_make(d->n, &p));
    for (int64_t r = 0; r < n; r += 2 * PANEL_LANES) {
        const int groups = groups_for(n - r), width = groups * PANEL_LANES,
                  lanes = n - r < width ? (int)(n - r) : width;
        panel_pack(d->n, lanes, width, v + r * d->n, d->n, p.in);
        panel_lower(d->panel, d->f32, transposed, d->n, d->l, d->n, groups, d->threads, p.in,
                    p.out);
        panel_unpack(d->n, lanes, width, p.out, out + r * d->n, d->n);
    }
done:
    panels_free(&p);
    return st;
}

static gndp_status dense_sample(const void *impl, uint64_t seed, const uint32_t *member, int64_t n,
                                double *out)
{
    gndp_status st = GNDP_OK;
    const dense_law *d = impl;
    panels p = {0};
    GNDP_TRY(panels_make(d->n, &p));
    for (int64_t r = 0; r < n; r += 2 * PANEL_LANES) {
        const int groups = groups_for(n - r), width = groups * PANEL_LANES,
                  lanes = n - r < width ? (int)(n - r) : width;
        for (int l = 0; l < lanes; l++) {
            GNDP_TRY(gndp_random_normal_f64(seed, 0, member[r + l], GAUSSIAN_STREAM, 0, d->n,
                                            out + (r + l) * d->n));
        }
        panel_pack(d->n, lanes, width, out + r * d->n, d->n, p.in);
        panel_lower(d->panel, d->f32, false, d->n, d->l, d->n, groups, d->threads, p.in, p.out);
        panel_unpack(d->n, lanes, width, p.out, out + r * d->n, d->n);
    }
done:
    panels_free(&p);
    return st;
}

static gndp_status dense_apply(const void *impl, int64_t n, const double *v, double *out)
{
    gndp_status st = GNDP_OK;
    const dense_law *d = impl;
    panels p = {0};
    GNDP_TRY(panels_make(d->n, &p));
    for (int64_t r = 0; r < n; r += 2 * PANEL_LANES) {
        const int groups = groups_for(n - r), width = groups * PANEL_LANES,
                  lanes = n - r < width ? (int)(n - r) : width;
        panel_pack(d->n, lanes, width, v + r * d->n, d->n, p.in);
        panel_lower(d->panel, d->f32, true, d->n, d->l, d->n, groups, d->threads, p.in, p.out);
        panel_lower(d->panel, d->f32, false, d->n, d->l, d->n, groups, d->threads, p.out, p.in);
        panel_unpack(d->n, lanes, width, p.in, out + r * d->n, d->n);
    }
done:
    panels_free(&p);
    return st;
}

/* x <- L^-1 x, then L^-T x if both: L is the transpose of column-major upper U. */
static gndp_status solve_lower(const dense_law *d, bool both, int64_t n, double *x)
{
    gndp_status st = GNDP_OK;
    const int size = (int)d->n, m = (int)n;
    const int64_t count = n * d->n;
    float *y = NULL;
    GNDP_CHECK(n <= INT_MAX, GNDP_ERR_RANGE, "%lld vectors", (long long)n);
    if (!d->f32) {
        cblas_dtrsm(CblasColMajor, CblasLeft, CblasUpper, CblasTrans, CblasNonUnit, size, m, 1.0,
                    d->l, size, x, size);
        if (both) {
            cblas_dtrsm(CblasColMajor, CblasLeft, CblasUpper, CblasNoTrans, CblasNonUnit, size, m,
                        1.0, d->l, size, x, size);
        }
        goto done;
    }
    y = malloc((size_t)count * sizeof *y + 1);
    GNDP_CHECK(y != NULL, GNDP_ERR_NOMEM, "%lld values", (long long)count);
    for (int64_t i = 0; i < count; i++) {
        y[i] = (float)x[i];
    }
    cblas_strsm(CblasColMajor, CblasLeft, CblasUpper, CblasTrans, CblasNonUnit, size, m, 1.0F, d->l,
                size, y, size);
    if (both) {
        cblas_strsm(CblasColMajor, CblasLeft, CblasUpper, CblasNoTrans, CblasNonUnit, size, m, 1.0F,
                    d->l, size, y, size);
    }
    for (int64_t i = 0; i < count; i++) {
        x[i] = (double)y[i];
    }
done:
    free(y);
    return st;
}

static gndp_status dense_solve(const void *impl, int64_t n, const double *v, double *out)
{
    const dense_law *d = impl;
    memcpy(out, v, (size_t)(n * d->n) * sizeof *out);
    return solve_lower(d, true, n, out);
}

static gndp_status dense_log_det(const void *impl, double *out)
{
    const dense_law *d = impl;
    double sum = 0.0;
    for (int64_t i = 0; i < d->n; i++) {
        const int64_t at = i * d->n + i;
        sum += log(d->f32 ? (double)((const float *)d->l)[at] : ((const double *)d->l)[at]);
    }
    *out = 2.0 * sum;
    return GNDP_OK;
}

static gndp_status dense_quadratic(const void *impl, int64_t n, const double *v, double *out)
{
    gndp_status st = GNDP_OK;
    const dense_law *d = impl;
    double *x = malloc((size_t)(n * d->n) * sizeof *x + 1);
    GNDP_CHECK(x != NULL, GNDP_ERR_NOMEM, "%lld values", (long long)(n * d->n));
    memcpy(x, v, (size_t)(n * d->n) * sizeof *x);
    GNDP_TRY(solve_lower(d, false, n, x));
    for (int64_t r = 0; r < n; r++) {
        double sum = 0.0;
        for (int64_t i = 0; i < d->n; i++) {
            sum += x[r * d->n + i] * x[r * d->n + i];
        }
        out[r] = sum;
    }
done:
    free(x);
    return st;
}

static gndp_status dense_variance(const void *impl, double *out)
{
    const dense_law *d = impl;
#pragma omp parallel for schedule(static, 64) num_threads(d->threads)
    for (int64_t i = 0; i < d->n; i++) {
        double sum = 0.0;
        for (int64_t j = 0; j <= i; j++) {
            const double v = d->f32 ? (double)((const float *)d->l)[i * d->n + j]
                                    : ((const double *)d->l)[i * d->n + j];
            sum += v * v;
        }
        out[i] = sum;
    }
    return GNDP_OK;
}

const gaussian_ops gaussian_dense_ops = {.kind = GNDP_FACTOR_DENSE,
                                         .name = "dense",
                                         .create = dense_create,
                                         .free = dense_free,
                                         .sample = dense_sample,
                                         .root = dense_root,
                                         .apply = dense_apply,
                                         .solve = dense_solve,
                                         .log_det = dense_log_det,
                                         .quadratic = dense_quadratic,
                                         .variance = dense_variance};
