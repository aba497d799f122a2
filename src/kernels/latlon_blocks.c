// SPDX-License-Identifier: Apache-2.0
// Blocks of an isotropic kernel on a latitude-longitude grid: roots from harmonics, one a
// wavenumber in longitude.
#include <cblas.h>
#include <float.h>
#include <lapacke.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "kernels/latlon.h"
#include "kernels/sphere_spectrum.h"

void latlon_free(void *impl)
{
    latlon_law *w = impl;
    if (w != NULL) {
        for (int64_t k = 0; k < w->blocks && w->block != NULL; k++) {
            gndp_pages_free(w->block[k].r,
                            (size_t)(w->block[k].rows * w->block[k].columns) * sizeof(double));
        }
        free(w->block);
        free(w->pole);
        free(w->variance);
        fft_free(w->row);
        free(w);
    }
}

/* --------------------------------------------------------------------------------------- layout */

bool latlon_is_real(const latlon_law *w, int64_t k)
{
    return k == 0 || 2 * k == w->n_lon;
}

bool latlon_has_row(const latlon_law *w, int64_t k, int64_t row)
{
    const int64_t lat = row / w->outputs;
    if (w->pole[lat] == 0) {
        return true;
    }
    return w->tangent ? k == 1 && row % 2 == 1 : k == 0;
}

static int64_t count_rows(const latlon_law *w, int64_t k)
{
    int64_t rows = 0;
    for (int64_t r = 0; r < w->n_lat * w->outputs; r++) {
        rows += latlon_has_row(w, k, r);
    }
    return rows;
}

/* Noise of variance v at every point as variance of a coefficient: v/n_lon, but at a pole all of it
   is in one coefficient (in real and imaginary part, which is v/2, for vectors). */
static double noise_share(const latlon_law *w, int64_t row, double v)
{
    return w->pole[row / w->outputs] == 0 ? v / (double)w->n_lon : w->tangent ? 0.5 * v : v;
}

/* --------------------------------------------------------------------------------------- blocks */

static int64_t columns_of_block(const latlon_law *w, const sphere_spectrum *s, int64_t k)
{
    int64_t columns = 0;
    for (int64_t m = k; m <= s->degree; m += w->n_lon) {
        columns += sphere_columns(s, m);
    }
    for (int64_t m = w->n_lon - k; m <= s->degree; m += w->n_lon) {
        columns += sphere_columns(s, m);
    }
    return columns;
}

/* All wavenumbers that the grid takes for k, side by side, [n_lat P, columns]. */
static gndp_status alias_root(const latlon_law *w, const sphere_spectrum *s, const double *lat_deg,
                              int64_t k, int64_t columns, double *r)
{
    gndp_status st = GNDP_OK;
    int64_t at = 0;
    for (int64_t m = k; m <= s->degree; m += w->n_lon) {
        GNDP_TRY(sphere_root(s, m, w->n_lat, lat_deg, columns, r + at));
        at += sphere_columns(s, m);
    }
    for (int64_t m = w->n_lon - k; m <= s->degree; m += w->n_lon) {
        GNDP_TRY(sphere_root(s, -m, w->n_lat, lat_deg, columns, r + at));
        at += sphere_columns(s, m);
    }
done:
    return st;
}

static void keep_rows(const latlon_law *w, int64_t k, int64_t columns, double *r)
{
    int64_t kept = 0;
    for (int64_t row = 0; row < w->n_lat * w->outputs; row++) {
        if (latlon_has_row(w, k, row)) {
            memmove(r + kept++ * columns, r + row * columns, (size_t)columns * sizeof *r);
        }
    }
}

/* B = R R' + noise, then its Cholesky factor. */
static gndp_status cholesky_of(const latlon_law *w, int64_t k, double noise, int64_t columns,
                               const double *r, latlon_block *b, const char *what)
{
    gndp_status st = GNDP_OK;
    const int n = (int)b->rows;
    b->columns = b->rows;
    b->lower = b->definite = true;
    b->r = gndp_pages_alloc((size_t)(b->rows * b->rows) * sizeof *b->r);
    GNDP_CHECK(b->r != NULL, GNDP_ERR_NOMEM, "a block of %d x %d", n, n);
    if (columns > 0) {
        cblas_dsyrk(CblasRowMajor, CblasLower, CblasNoTrans, n, (int)columns, 1.0, r, (int)columns,
                    0.0, b->r, n);
    }
    for (int64_t row = 0, i = 0; row < w->n_lat * w->outputs; row++) {
        if (latlon_has_row(w, k, row)) {
            b->r[i * b->rows + i] += noise_share(w, row, noise);
            i++;
        }
    }
    const lapack_int info = LAPACKE_dpotrf_work(LAPACK_COL_MAJOR, 'U', n, b->r, n);
    GNDP_CHECK(info == 0, GNDP_ERR_NOT_PD,
               "%s: pivot %d of wavenumber %lld is %.3g: its white noise is below rounding", what,
               (int)info - 1, (long long)k, b->r[(info > 0 ? info - 1 : 0) * (b->rows + 1)]);
done:
    return st;
}

/* R' = Q T, so R R' = T' T: T' is row-major lower where R stood, then packed to the square. */
static gndp_status triangle_of(const latlon_law *w, int64_t columns, double *r, latlon_block *b)
{
    gndp_status st = GNDP_OK;
    const lapack_int n = (lapack_int)b->rows, m = (lapack_int)columns;
    double size = 0.0, *work = NULL, *tau = malloc((size_t)n * sizeof *tau);
    GNDP_CHECK(tau != NULL, GNDP_ERR_NOMEM, "%d values", (int)n);
    lapack_int info = LAPACKE_dgeqrf_work(LAPACK_COL_MAJOR, m, n, r, m, tau, &size, -1);
    work = malloc((size_t)size * sizeof *work);
    GNDP_CHECK(work != NULL && info == 0, GNDP_ERR_NOMEM, "%g values", size);
    info = LAPACKE_dgeqrf_work(LAPACK_COL_MAJOR, m, n, r, m, tau, work, (lapack_int)size);
    GNDP_CHECK(info == 0, GNDP_ERR_INTERNAL, "dgeqrf: %d", (int)info);
    b->columns = b->rows;
    b->lower = b->definite = true;
    b->r = gndp_pages_alloc((size_t)(b->rows * b->rows) * sizeof *b->r);
    GNDP_CHECK(b->r != NULL, GNDP_ERR_NOMEM, "a block of %d x %d", (int)n, (int)n);
    for (int64_t i = 0; i < b->rows; i++) {
        memcpy(b->r + i * b->rows, r + i * columns, (size_t)(i + 1) * sizeof *r);
        const double pivot = r[i * columns + i];
        b->definite = b->definite && pivot * pivot > w->floor;
    }
done:
    free(tau);
    free(work);
    return st;
}

static gndp_status make_block(const latlon_law *w, const sphere_spectrum *s, const double *lat_deg,
                              double noise, int64_t k, latlon_block *b, const char *what)
{
    gndp_status st = GNDP_OK;
    const int64_t columns = columns_of_block(w, s, k), rows = w->n_lat * w->outputs;
    double *r = NULL;
    b->rows = count_rows(w, k);
    if (b->rows == 0 || (columns == 0 && noise == 0.0)) {
        b->definite = b->rows == 0;
        goto done;
    }
    if (columns > 0) {
        r = malloc((size_t)(rows * columns) * sizeof *r);
        GNDP_CHECK(r != NULL, GNDP_ERR_NOMEM, "a block of %lld x %lld", (long long)rows,
                   (long long)columns);
        GNDP_TRY(alias_root(w, s, lat_deg, k, columns, r));
        keep_rows(w, k, columns, r);
    }
    if (noise > 0.0) {
        GNDP_TRY(cholesky_of(w, k, noise, columns, r, b, what));
    } else if (columns >= b->rows) {
        GNDP_TRY(triangle_of(w, columns, r, b));
    } else {
        b->columns = columns;
        b->r = gndp_pages_alloc((size_t)(b->rows * columns) * sizeof *b->r);
        GNDP_CHECK(b->r != NULL, GNDP_ERR_NOMEM, "a block of %lld x %lld", (long long)b->rows,
                   (long long)columns);
        memcpy(b->r, r, (size_t)(b->rows * columns) * sizeof *r);
    }
done:
    free(r);
    return st;
}

/* Variance of each latitude's values: the blocks' rows, those of complex coefficients twice. */
static void add_variance(latlon_law *w, int64_t k)
{
    const latlon_block *b = &w->block[k];
    for (int64_t row = 0, i = 0; row < w->n_lat * w->outputs && b->r != NULL; row++) {
        if (latlon_has_row(w, k, row)) {
            double sum = 0.0;
            for (int64_t j = 0; j < (b->lower ? i + 1 : b->columns); j++) {
                sum += b->r[i * b->columns + j] * b->r[i * b->columns + j];
            }
            sum *= latlon_is_real(w, k) ? 1.0 : 2.0;
            w->variance[row] += sum;
            if (w->tangent && w->pole[row / 2] != 0) {
                w->variance[row - 1] += sum;
            }
            i++;
        }
    }
}

static gndp_status make_blocks(const gaussian_problem *p, latlon_law *w, const sphere_spectrum *s,
                               double noise)
{
    gndp_status st = GNDP_OK;
    gndp_status *each = calloc((size_t)w->blocks, sizeof *each);
    char first[512] = "";
    GNDP_CHECK(each != NULL, GNDP_ERR_NOMEM, "%lld blocks", (long long)w->blocks);
#pragma omp parallel for schedule(dynamic, 1) num_threads(w->threads)
    for (int64_t k = 0; k < w->blocks; k++) {
        const int before = gaussian_threads_begin(1);
        each[k] = make_block(w, s, p->points->lat_deg, noise, k, &w->block[k], p->cov->text);
        gaussian_threads_end(before);
        if (each[k] != GNDP_OK) {
#pragma omp critical
            snprintf(first, sizeof first, "%.500s",
                     gndp_last_text()); /* messages are a thread's own */
        }
    }
    w->definite = w->n_poles == 0;
    for (int64_t k = 0; k < w->blocks; k++) {
        latlon_block *b = &w->block[k];
        first[strcspn(first, "\n")] = '\0';
        GNDP_CHECK(each[k] == GNDP_OK, each[k], "%s", first);
        b->offset = w->rank;
        w->rank += b->columns * (latlon_is_real(w, k) ? 1 : 2);
        w->definite = w->definite && b->definite && b->columns == b->rows;
        add_variance(w, k);
    }
done:
    free(each);
    return st;
}

/* --------------------------------------------------------------------------------------- create */

static double expected_bytes(const latlon_law *w, const sphere_spectrum *s, bool noise)
{
    double bytes = 0.0;
    for (int64_t k = 0; k < w->blocks; k++) {
        const double rows = (double)count_rows(w, k), columns = (double)columns_of_block(w, s, k);
        bytes += 8.0 * rows * (noise || columns > rows ? rows : columns);
    }
    return bytes + 16.0 * GAUSSIAN_GROUP * (double)(w->n_lat * w->outputs) *
                       (double)w->blocks; /* and one batch of spectra */
}

/* Columns before they are joined: long series on few longitudes have many. */
static gndp_status check_columns(const gaussian_problem *p, const latlon_law *w,
                                 const sphere_spectrum *s)
{
    gndp_status st = GNDP_OK;
    const int64_t rows = w->n_lat * w->outputs;
    for (int64_t k = 0; k < w->blocks; k++) {
        const int64_t columns = columns_of_block(w, s, k);
        GNDP_CHECK(columns <= INT_MAX && 8.0 * (double)rows * (double)columns * w->threads <=
                                             0.5 * (double)p->options.max_bytes,
                   GNDP_ERR_UNSUPPORTED,
                   "%lld longitudes cannot tell the %lld degrees of the kernel's series apart: a "
                   "block of %lld x %lld",
                   (long long)w->n_lon, (long long)s->degree, (long long)rows, (long long)columns);
    }
done:
    return st;
}

static gndp_status begin_law(const gaussian_problem *p, const sphere_spectrum *s, latlon_law *w)
{
    gndp_status st = GNDP_OK;
    w->n_lat = p->points->n_lat;
    w->n_lon = p->points->n_lon;
    w->blocks = w->n_lon / 2 + 1;
    w->outputs = p->outputs;
    w->tangent = s->tangent;
    w->size = p->size;
    w->threads = p->options.threads;
    w->floor = (double)(w->n_lat * w->outputs) * DBL_EPSILON * s->trace;
    w->pole = calloc((size_t)w->n_lat, sizeof *w->pole);
    w->block = calloc((size_t)w->blocks, sizeof *w->block);
    w->variance = calloc((size_t)(w->n_lat * w->outputs), sizeof *w->variance);
    GNDP_CHECK(w->pole != NULL && w->block != NULL && w->variance != NULL, GNDP_ERR_NOMEM,
               "%lld latitudes", (long long)w->n_lat);
    for (int64_t i = 0; i < w->n_lat; i++) {
        w->pole[i] = points_is_pole(p->points, i) ? (p->points->lat_deg[i] > 0.0 ? 1 : -1) : 0;
        w->n_poles += w->pole[i] != 0;
    }
    GNDP_CHECK(!w->tangent || w->n_poles == 0 || w->n_lon >= 3, GNDP_ERR_UNSUPPORTED,
               "a vector at the pole in frames of %lld longitudes, at least 3",
               (long long)w->n_lon);
    GNDP_TRY(panel_select(false, &w->panel));
    GNDP_TRY(fft_row_create(w->n_lon, w->outputs, &w->row));
done:
    return st;
}

/* White noise has no direction of its own: whether it is of two numbers or of a vector is known
 * only beside a kernel; alone it is numbers. */
static gndp_status find_spectrum(const gaussian_problem *p, sphere_spectrum *s)
{
    gndp_status st = GNDP_OK;
    if (!p->cov->block_is_zero) {
        GNDP_TRY(sphere_spectrum_create(p->cov, s));
        goto done;
    }
    const size_t pp = (size_t)(p->outputs * p->outputs);
    *s = (sphere_spectrum){.outputs = p->outputs,
                           .root = calloc(pp, sizeof(double)),
                           .columns = calloc(1, sizeof(int))};
    GNDP_CHECK(s->root != NULL && s->columns != NULL, GNDP_ERR_NOMEM, "%zu values", pp);
done:
    return st;
}

static void describe(const latlon_law *w, const sphere_spectrum *s, gaussian_facts *facts)
{
    int64_t lower = 0, least = INT64_MAX, most = 0;
    for (int64_t k = 0; k < w->blocks; k++) {
        const latlon_block *b = &w->block[k];
        lower += b->lower;
        least = b->columns < least ? b->columns : least;
        most = b->columns > most ? b->columns : most;
        facts->bytes += (size_t)(b->rows * b->columns) * sizeof(double);
    }
    snprintf(facts->note, sizeof facts->note,
             "%lld wavenumbers, %s of degree up to %lld, block ranks %lld to %lld of %lld (%s), "
             "%lld triangular%s",
             (long long)w->blocks, w->tangent ? "vector harmonics" : "harmonics",
             (long long)s->degree, (long long)least, (long long)most,
             (long long)(w->n_lat * w->outputs), w->definite ? "definite" : "semidefinite",
             (long long)lower, w->n_poles > 0 ? ", a pole is one point" : "");
    facts->rank = w->rank;
}

gndp_status latlon_create(const gaussian_problem *p, void **impl, gaussian_facts *facts)
{
    gndp_status st = GNDP_OK;
    latlon_law *w = NULL;
    sphere_spectrum s = {0};
    const double white = covariance_white(p->cov);
    GNDP_CHECK(p->points->kind == GNDP_POINTS_LATLON, GNDP_ERR_UNSUPPORTED,
               "the points are not latitudes and longitudes");
    GNDP_CHECK(p->cov->domain != GNDP_DOMAIN_EUCLIDEAN && p->cov->isotropic, GNDP_ERR_UNSUPPORTED,
               "the kernel is not isotropic on the sphere: %s", p->cov->text);
    GNDP_CHECK(white >= 0.0, GNDP_ERR_UNSUPPORTED,
               "its white noise is not the same for each value: %s", p->cov->text);
    GNDP_TRY(find_spectrum(p, &s));
    w = calloc(1, sizeof *w);
    GNDP_CHECK(w != NULL, GNDP_ERR_NOMEM, "%zu bytes", sizeof *w);
    GNDP_TRY(begin_law(p, &s, w));
    facts->jitter = p->options.jitter > 0.0 ? p->options.jitter * (s.trace + white) : 0.0;
    const double noise = white + facts->jitter;
    GNDP_TRY(gaussian_check_bytes(&p->options, expected_bytes(w, &s, noise > 0.0),
                                  "blocks of latitudes"));
    GNDP_TRY(check_columns(p, w, &s));
    gaussian_flush flush;
    gaussian_flush_begin(&flush, w->threads);
    st = make_blocks(p, w, &s, noise);
    gaussian_flush_end(&flush);
    GNDP_TRY(st);
    describe(w, &s, facts);
    *impl = w;
    w = NULL;
done:
    sphere_spectrum_free(&s);
    latlon_free(w);
    return st;
}
