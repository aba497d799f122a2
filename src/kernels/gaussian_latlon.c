// SPDX-License-Identifier: Apache-2.0
// Isotropic kernels on latitude-longitude grids: independent blocks, one a wavenumber in longitude,
// with roots from harmonics.
#include <cblas.h>
#include <float.h>
#include <lapacke.h>
#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "kernels/fft.h"
#include "kernels/gaussian.h"
#include "kernels/panel.h"
#include "kernels/sphere_spectrum.h"

/*
 * A field is f(lat, lon_j) = sum_k c_k(lat) exp(2 pi i j k / n_lon), c_(-k) = conj c_k, and
 * isotropy makes the c_k independent with covariances B_k at the latitudes. B_k is the sum over
 * wavenumbers m = k modulo n_lon (those the grid cannot tell apart) and degrees l of products of
 * normalised Legendre functions (addition theorem): that is a root of B_k as it stands, with as
 * many columns as there are degrees l >= |m|, so neither a Gram matrix nor a Cholesky factorisation
 * is needed, and semidefinite blocks (few degrees, poles) need no threshold: rank is kept by
 * construction. Only when the columns outnumber the rows, or white noise fills the diagonal, does a
 * block become a lower triangle (QR, or Cholesky of R R' + w I). For comparison, blocks by FFT of
 * Gram rows cost n_lat^2/2 kernel values a lag, each a series of up to 512 terms, then n_lat^3/3 a
 * wavenumber, and leave eigenvalues of K's size times rounding to be cut off.
 *
 * Tangent fields: the coefficient of east is i times that of a real root (sphere_spectrum.h). A
 * pole is one point: scalars live there at k = 0, vectors at k = 1 with one coefficient for both
 * components, east = -i s north (s: -1 in the north, 1 in the south).
 */
typedef struct block {
    int64_t rows, columns; /* of R: rows that are not zero or doubled; rank */
    double *r;             /* [rows, columns] row-major */
    bool lower;            /* square, zeros above the diagonal not stored as such: not to be read */
    bool definite;         /* all pivots above rounding */
    int64_t offset; /* of its normals in a member's noise: real parts, then imaginary ones unless it
                       is real */
} block;

typedef struct latlon_law {
    int64_t n_lat, n_lon, blocks; /* n_lon/2 + 1 */
    int outputs;
    bool tangent;
    int *pole; /* [n_lat] -1 south, 1 north, 0 none */
    int64_t n_poles;
    block *block;
    double *variance; /* [n_lat P] */
    double floor;     /* eigenvalues of B_k below this are zero */
    int64_t size, rank;
    bool definite;
    fft *row;
    const panel_table *panel;
    int threads;
} latlon_law;

static void latlon_free(void *impl)
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

/* k and n_lon - k are one: the coefficient is real. */
static bool is_real(const latlon_law *w, int64_t k)
{
    return k == 0 || 2 * k == w->n_lon;
}

/* Which rows (latitude, component) block k has: all, but at a pole those of one wavenumber, and
 * there north alone for vectors. */
static bool has_row(const latlon_law *w, int64_t k, int64_t row)
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
        rows += has_row(w, k, r);
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
        if (has_row(w, k, row)) {
            memmove(r + kept++ * columns, r + row * columns, (size_t)columns * sizeof *r);
        }
    }
}

/* B = R R' + noise, then its Cholesky factor. */
static gndp_status cholesky_of(const latlon_law *w, int64_t k, double noise, int64_t columns,
                               const double *r, block *b, const char *what)
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
        if (has_row(w, k, row)) {
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
static gndp_status triangle_of(const latlon_law *w, int64_t columns, double *r, block *b)
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
                              double noise, int64_t k, block *b, const char *what)
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
    const block *b = &w->block[k];
    for (int64_t row = 0, i = 0; row < w->n_lat * w->outputs && b->r != NULL; row++) {
        if (has_row(w, k, row)) {
            double sum = 0.0;
            for (int64_t j = 0; j < (b->lower ? i + 1 : b->columns); j++) {
                sum += b->r[i * b->columns + j] * b->r[i * b->columns + j];
            }
            sum *= is_real(w, k) ? 1.0 : 2.0;
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
        block *b = &w->block[k];
        first[strcspn(first, "\n")] = '\0';
        GNDP_CHECK(each[k] == GNDP_OK, each[k], "%s", first);
        b->offset = w->rank;
        w->rank += b->columns * (is_real(w, k) ? 1 : 2);
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
        const block *b = &w->block[k];
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

static gndp_status latlon_create(const gaussian_problem *p, void **impl, gaussian_facts *facts)
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

/* ---------------------------------------------------------------------------------------- calls */

enum { WIDTH = 2 * GAUSSIAN_GROUP }; /* lanes: real parts of the members, then imaginary ones */

/* Scratch of one call: the spectra of a group of members, and panels for each thread. */
typedef struct scratch {
    double *spec; /* [group, n_lat P, blocks, 2] */
    double *panels;
    size_t spec_bytes, panels_bytes;
    int64_t panel_size;
} scratch;

static gndp_status scratch_make(const latlon_law *w, int64_t group, scratch *s)
{
    gndp_status st = GNDP_OK;
    const int64_t rows = w->n_lat * w->outputs;
    int64_t longest = rows;
    for (int64_t k = 0; k < w->blocks; k++) {
        longest = w->block[k].columns > longest ? w->block[k].columns : longest;
    }
    s->panel_size = longest * WIDTH;
    s->spec_bytes = (size_t)(group * rows * w->blocks * 2) * sizeof(double);
    s->panels_bytes = (size_t)(3 * s->panel_size * w->threads) * sizeof(double);
    s->spec = gndp_pages_alloc(s->spec_bytes);
    s->panels = gndp_pages_alloc(s->panels_bytes);
    GNDP_CHECK(s->spec != NULL && s->panels != NULL, GNDP_ERR_NOMEM, "%zu bytes",
               s->spec_bytes + s->panels_bytes);
done:
    return st;
}

static void scratch_free(scratch *s)
{
    gndp_pages_free(s->spec, s->spec_bytes);
    gndp_pages_free(s->panels, s->panels_bytes);
}

/* out = R e or R' e for one block, on the calling thread. */
static void block_product(const latlon_law *w, const block *b, bool transposed, int groups,
                          const double *e, double *out)
{
    if (b->lower) {
        panel_lower(w->panel, false, transposed, b->rows, b->r, b->rows, groups, 1, e, out);
        return;
    }
    memset(out, 0,
           (size_t)((transposed ? b->columns : b->rows) * groups * PANEL_LANES) * sizeof *out);
    (transposed ? w->panel->transposed : w->panel->times)(b->rows, b->columns, b->r, b->columns,
                                                          groups, e, out);
}

/* Coefficients of block k to the spectra: c [rows][lanes], re in lanes 0.., im in lanes 8.. unless
 * real. */
static void put_spectrum(const latlon_law *w, int64_t k, int lanes, double scale, const double *c,
                         double *spec)
{
    const bool real = is_real(w, k);
    const int64_t rows = w->n_lat * w->outputs, width = real ? GAUSSIAN_GROUP : WIDTH;
    for (int64_t row = 0, i = 0; row < rows; row++) {
        const bool there = c != NULL && has_row(w, k, row);
        const int pole = w->pole[row / w->outputs];
        const bool east = w->tangent && row % 2 == 0;
        const bool twin = east && pole != 0 && c != NULL &&
                          has_row(w, k, row + 1); /* east at a pole: north's coefficient times -s */
        const double *v = c == NULL ? NULL : c + i * width;
        for (int l = 0; l < lanes; l++) {
            double re = 0.0, im = 0.0;
            if (there || twin) {
                const double sign = twin ? (pole > 0 ? -scale : scale) : scale;
                re = sign * v[l];
                im = real ? 0.0 : sign * v[GAUSSIAN_GROUP + l];
            }
            double *to = spec + ((l * rows + row) * w->blocks + k) * 2;
            to[0] = east && !real ? -im : re; /* times i */
            to[1] = east && !real ? re : im;
        }
        i += there;
    }
}

/* The adjoint: conj(i) for east, twins added. */
static void get_spectrum(const latlon_law *w, int64_t k, int lanes, double scale,
                         const double *spec, double *c)
{
    const bool real = is_real(w, k);
    const int64_t rows = w->n_lat * w->outputs, width = real ? GAUSSIAN_GROUP : WIDTH;
    memset(c, 0, (size_t)(w->block[k].rows * width) * sizeof *c);
    for (int64_t row = 0, i = 0; row < rows; row++) {
        const bool there = has_row(w, k, row);
        const int pole = w->pole[row / w->outputs];
        const bool east = w->tangent && row % 2 == 0,
                   twin = east && pole != 0 && has_row(w, k, row + 1);
        const double sign = twin ? (pole > 0 ? -scale : scale) : scale;
        for (int l = 0; l < lanes && (there || twin); l++) {
            const double *from = spec + ((l * rows + row) * w->blocks + k) * 2;
            const bool turn = east && !real;
            c[i * width + l] += sign * (turn ? from[1] : from[0]);
            if (!real) {
                c[i * width + GAUSSIAN_GROUP + l] += sign * (turn ? -from[0] : from[1]);
            }
        }
        i += there;
    }
}

/* Normals of block k: of the members (noise NULL) or rows of given noise. */
static gndp_status get_noise(const latlon_law *w, int64_t k, uint64_t seed, const uint32_t *member,
                             const double *noise, int lanes, double *row, double *e)
{
    gndp_status st = GNDP_OK;
    const block *b = &w->block[k];
    const int parts = is_real(w, k) ? 1 : 2, width = parts * GAUSSIAN_GROUP;
    memset(e, 0, (size_t)(b->columns * width) * sizeof *e);
    for (int l = 0; l < lanes; l++) {
        const double *from = noise == NULL ? row : noise + l * w->rank + b->offset;
        if (noise == NULL) {
            GNDP_TRY(gndp_random_normal_f64(seed, 0, member[l], GAUSSIAN_STREAM, b->offset,
                                            parts * b->columns, row));
        }
        for (int part = 0; part < parts; part++) {
            for (int64_t i = 0; i < b->columns; i++) {
                e[i * width + part * GAUSSIAN_GROUP + l] = from[part * b->columns + i];
            }
        }
    }
done:
    return st;
}

static void put_noise(const latlon_law *w, int64_t k, int lanes, const double *e, double *noise)
{
    const block *b = &w->block[k];
    const int parts = is_real(w, k) ? 1 : 2, width = parts * GAUSSIAN_GROUP;
    for (int l = 0; l < lanes; l++) {
        for (int part = 0; part < parts; part++) {
            for (int64_t i = 0; i < b->columns; i++) {
                noise[l * w->rank + b->offset + part * b->columns + i] =
                    e[i * width + part * GAUSSIAN_GROUP + l];
            }
        }
    }
}

/* Waking threads costs more than they save on a small grid. */
static int threads_for(const latlon_law *w)
{
    return w->size < 4096 ? 1 : w->threads;
}

/* Row transforms of `lanes` fields. */
static void to_fields(const latlon_law *w, int lanes, double *spec, double *out)
{
    const int64_t rows = w->n_lat * w->outputs;
#pragma omp parallel for schedule(static) num_threads(threads_for(w))
    for (int64_t t = 0; t < lanes * rows; t++) {
        const int64_t lat = t % rows / w->outputs, p = t % w->outputs;
        fft_row_backward(w->row, spec + t * w->blocks * 2,
                         out + t / rows * w->size + lat * w->n_lon * w->outputs + p);
    }
}

static void to_spectra(const latlon_law *w, int lanes, const double *v, double *spec)
{
    const int64_t rows = w->n_lat * w->outputs;
#pragma omp parallel for schedule(static) num_threads(threads_for(w))
    for (int64_t t = 0; t < lanes * rows; t++) {
        const int64_t lat = t % rows / w->outputs, p = t % w->outputs;
        fft_row_forward(w->row, v + t / rows * w->size + lat * w->n_lon * w->outputs + p,
                        spec + t * w->blocks * 2);
    }
}

static double *thread_panels(const scratch *s, int thread)
{
    return s->panels + (size_t)thread * 3 * (size_t)s->panel_size;
}

/* c_k = R_k (xi + i eta)/sqrt(2), or R_k xi where the coefficient is real. */
static gndp_status root_group(const latlon_law *w, scratch *s, uint64_t seed,
                              const uint32_t *member, const double *noise, int lanes, double *out)
{
    gndp_status st = GNDP_OK;
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads_for(w))
    for (int64_t k = 0; k < w->blocks; k++) {
        double *e = thread_panels(s, omp_get_thread_num()), *c = e + s->panel_size,
               *row = c + s->panel_size;
        const block *b = &w->block[k];
        if (b->columns == 0) {
            put_spectrum(w, k, lanes, 0.0, NULL, s->spec);
            continue;
        }
        const gndp_status mine = get_noise(w, k, seed, member, noise, lanes, row, e);
        if (mine != GNDP_OK) {
#pragma omp critical
            st = mine;
        }
        block_product(w, b, false, is_real(w, k) ? 1 : 2, e, c);
        put_spectrum(w, k, lanes, is_real(w, k) ? 1.0 : sqrt(0.5), c, s->spec);
    }
    GNDP_CHECK(st == GNDP_OK, st, "normals %lld of a draw", (long long)w->rank);
    to_fields(w, lanes, s->spec, out);
done:
    return st;
}

static void root_transposed_group(const latlon_law *w, scratch *s, const double *v, int lanes,
                                  double *noise)
{
    to_spectra(w, lanes, v, s->spec);
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads_for(w))
    for (int64_t k = 0; k < w->blocks; k++) {
        double *c = thread_panels(s, omp_get_thread_num()), *e = c + s->panel_size;
        if (w->block[k].columns > 0) {
            get_spectrum(w, k, lanes, is_real(w, k) ? 1.0 : sqrt(2.0), s->spec, c);
            block_product(w, &w->block[k], true, is_real(w, k) ? 1 : 2, c, e);
            put_noise(w, k, lanes, e, noise);
        }
    }
}

static gndp_status latlon_sample(const void *impl, uint64_t seed, const uint32_t *member, int64_t n,
                                 double *out)
{
    gndp_status st = GNDP_OK;
    const latlon_law *w = impl;
    scratch s = {0};
    GNDP_TRY(scratch_make(w, n < GAUSSIAN_GROUP ? n : GAUSSIAN_GROUP, &s));
    for (int64_t r = 0; r < n; r += GAUSSIAN_GROUP) {
        const int lanes = n - r < GAUSSIAN_GROUP ? (int)(n - r) : GAUSSIAN_GROUP;
        GNDP_TRY(root_group(w, &s, seed, member + r, NULL, lanes, out + r * w->size));
    }
done:
    scratch_free(&s);
    return st;
}

static gndp_status latlon_root(const void *impl, bool transposed, int64_t n, const double *v,
                               double *out)
{
    gndp_status st = GNDP_OK;
    const latlon_law *w = impl;
    scratch s = {0};
    GNDP_TRY(scratch_make(w, n < GAUSSIAN_GROUP ? n : GAUSSIAN_GROUP, &s));
    for (int64_t r = 0; r < n; r += GAUSSIAN_GROUP) {
        const int lanes = n - r < GAUSSIAN_GROUP ? (int)(n - r) : GAUSSIAN_GROUP;
        if (transposed) {
            root_transposed_group(w, &s, v + r * w->size, lanes, out + r * w->rank);
        } else {
            GNDP_TRY(root_group(w, &s, 0, NULL, v + r * w->rank, lanes, out + r * w->size));
        }
    }
done:
    scratch_free(&s);
    return st;
}

/* ---------------------------------------------------------------------------------------- solve */

/* x [rows][width] <- pseudo-inverse of B_k times x. *lost: largest |part of x outside the range|^2.
 */
static gndp_status solve_block(const latlon_law *w, const block *b, int width, double *x,
                               double *lost)
{
    gndp_status st = GNDP_OK;
    const int n = (int)b->rows, m = (int)b->columns;
    double *a = NULL, *u = NULL, *value = NULL, *work = NULL, *y = NULL, size = 0.0;
    lapack_int *iwork = NULL;
    *lost = 0.0;
    if (b->definite && b->lower) {
        cblas_dtrsm(CblasRowMajor, CblasLeft, CblasLower, CblasNoTrans, CblasNonUnit, n, width, 1.0,
                    b->r, n, x, width);
        cblas_dtrsm(CblasRowMajor, CblasLeft, CblasLower, CblasTrans, CblasNonUnit, n, width, 1.0,
                    b->r, n, x, width);
        goto done;
    }
    const int least = n < m ? n : m;
    a = calloc((size_t)n * (size_t)m + 1, sizeof *a); /* row-major R is column-major R' = V S U' */
    u = malloc((size_t)n * (size_t)least * sizeof *u + 1);
    y = malloc((size_t)least * (size_t)width * sizeof *y + 1);
    value = malloc((size_t)least * sizeof *value + 1);
    iwork = malloc(8 * (size_t)least * sizeof *iwork + 1);
    GNDP_CHECK(a != NULL && u != NULL && y != NULL && value != NULL && iwork != NULL,
               GNDP_ERR_NOMEM, "a block of %d x %d", n, m);
    for (int i = 0; i < n && m > 0; i++) {
        memcpy(a + (int64_t)i * m, b->r + (int64_t)i * m,
               (size_t)(b->lower ? i + 1 : m) * sizeof *a);
    }
    double *v = malloc((size_t)m * (size_t)least * sizeof *v + 1);
    GNDP_CHECK(v != NULL, GNDP_ERR_NOMEM, "a block of %d x %d", n, m);
    lapack_int info = least == 0 ? 0
                                 : LAPACKE_dgesdd_work(LAPACK_COL_MAJOR, 'S', m, n, a, m, value, v,
                                                       m, u, least, &size, -1, iwork);
    work = malloc((size_t)size * sizeof *work + 1);
    if (work != NULL && info == 0 && least > 0) {
        info = LAPACKE_dgesdd_work(LAPACK_COL_MAJOR, 'S', m, n, a, m, value, v, m, u, least, work,
                                   (lapack_int)size, iwork);
    }
    free(v);
    GNDP_CHECK(work != NULL && info == 0, GNDP_ERR_INTERNAL, "dgesdd: %d", (int)info);
    int rank = 0; /* u: column-major [least, n], that is row-major [n, least], column j the
                     eigenvector of value[j]^2 */
    while (rank < least && value[rank] * value[rank] > w->floor) {
        rank++;
    }
    if (rank > 0) {
        cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, rank, width, n, 1.0, u, least, x,
                    width, 0.0, y, width);
        cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, n, width, rank, -1.0, u, least, y,
                    width, 1.0, x, width);
    }
    for (int64_t i = 0; i < (int64_t)n * width; i++) {
        *lost += x[i] * x[i];
        x[i] = 0.0;
    }
    for (int j = 0; j < rank; j++) {
        cblas_dscal(width, 1.0 / (value[j] * value[j]), y + (int64_t)j * width, 1);
    }
    if (rank > 0) {
        cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, n, width, rank, 1.0, u, least, y,
                    width, 0.0, x, width);
    }
done:
    free(a);
    free(u);
    free(y);
    free(value);
    free(work);
    free(iwork);
    return st;
}

/* What block k's rows do not take of a spectrum: values at a pole that differ. Squares of it, and
 * of all. */
static void outside(const latlon_law *w, int64_t k, const double *spec, double *lost, double *all)
{
    for (int64_t row = 0; row < w->n_lat * w->outputs; row++) {
        const double *c = spec + (row * w->blocks + k) * 2;
        const int pole = w->pole[row / w->outputs];
        const bool east = w->tangent && row % 2 == 0;
        *all += c[0] * c[0] + c[1] * c[1];
        if (pole != 0 && east && has_row(w, k, row + 1)) {
            const double *north = c + 2 * w->blocks,
                         s = pole > 0 ? -1.0 : 1.0; /* i s north is wanted */
            *lost += 0.5 * ((c[0] + s * north[1]) * (c[0] + s * north[1]) +
                            (c[1] - s * north[0]) * (c[1] - s * north[0]));
        } else if (pole != 0 && !has_row(w, k, row)) {
            *lost += c[0] * c[0] + c[1] * c[1];
        }
    }
}

/* v = K x: coefficient k of v is n_lon B_k times that of x; at a pole east and north share it. */
static gndp_status solve_one(const latlon_law *w, scratch *s, const double *v, double *out)
{
    gndp_status st = GNDP_OK;
    const double n = (double)w->n_lon;
    double lost = 0.0, all = 0.0;
    to_spectra(w, 1, v, s->spec);
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads_for(w)) reduction(+ : lost, all)
    for (int64_t k = 0; k < w->blocks; k++) {
        double *c = thread_panels(s, omp_get_thread_num()), gone = 0.0;
        const int width = is_real(w, k) ? GAUSSIAN_GROUP : WIDTH,
                  before = gaussian_threads_begin(1);
        outside(w, k, s->spec, &lost, &all);
        get_spectrum(w, k, 1, 1.0 / n, s->spec, c);
        for (int64_t row = 0, i = 0; row < w->n_lat * w->outputs;
             row++) { /* get_spectrum added twins: the mean is wanted */
            if (has_row(w, k, row)) {
                for (int l = 0; l < width && w->tangent && w->pole[row / 2] != 0; l++) {
                    c[i * width + l] *= 0.5;
                }
                i++;
            }
        }
        const gndp_status mine =
            w->block[k].rows > 0 ? solve_block(w, &w->block[k], width, c, &gone) : GNDP_OK;
        lost += gone * n * n;
        for (int64_t row = 0, i = 0; row < w->n_lat * w->outputs; row++) {
            if (has_row(w, k, row)) {
                for (int l = 0; l < width && w->tangent && w->pole[row / 2] != 0; l++) {
                    c[i * width + l] *= 0.5;
                }
                i++;
            }
        }
        put_spectrum(w, k, 1, 1.0 / n, w->block[k].rows > 0 ? c : NULL, s->spec);
        gaussian_threads_end(before);
        if (mine != GNDP_OK) {
#pragma omp critical
            st = mine;
        }
    }
    GNDP_CHECK(st == GNDP_OK, st, "a block could not be solved");
    GNDP_CHECK(
        lost <= 1e-12 * all, GNDP_ERR_UNSUPPORTED,
        "K is semidefinite%s and %.3g of v (relative) lies in its null space (%s): add white noise",
        w->n_poles > 0 ? " (a pole is one point)" : "", sqrt(lost / all),
        w->n_poles > 0 ? "differing values at a pole, or degrees beyond the series"
                       : "degrees beyond the kernel's series");
    to_fields(w, 1, s->spec, out);
done:
    return st;
}

static gndp_status latlon_solve(const void *impl, int64_t n, const double *v, double *out)
{
    gndp_status st = GNDP_OK;
    const latlon_law *w = impl;
    scratch s = {0};
    GNDP_TRY(scratch_make(w, 1, &s));
    for (int64_t r = 0; r < n; r++) {
        GNDP_TRY(solve_one(w, &s, v + r * w->size, out + r * w->size));
    }
done:
    scratch_free(&s);
    return st;
}

/* The eigenvalues of K are n_lon times those of the blocks, of complex coefficients twice. */
static gndp_status latlon_log_det(const void *impl, double *out)
{
    gndp_status st = GNDP_OK;
    const latlon_law *w = impl;
    double sum = 0.0;
    GNDP_CHECK(w->definite, GNDP_ERR_UNSUPPORTED,
               "K is semidefinite (%s): ln det K is minus infinity; add white noise%s",
               w->n_poles > 0 ? "all longitudes at a pole are one point"
                              : "degrees beyond the kernel's series",
               w->n_poles > 0 ? " and leave the poles out" : "");
    for (int64_t k = 0; k < w->blocks; k++) {
        const block *b = &w->block[k];
        double one = (double)b->rows * log((double)w->n_lon);
        for (int64_t i = 0; i < b->rows; i++) {
            one += 2.0 * log(fabs(b->r[i * b->rows + i]));
        }
        sum += is_real(w, k) ? one : 2.0 * one;
    }
    *out = sum;
done:
    return st;
}

static gndp_status latlon_variance(const void *impl, double *out)
{
    const latlon_law *w = impl;
    for (int64_t i = 0; i < w->size; i++) {
        out[i] = w->variance[i / (w->n_lon * w->outputs) * w->outputs + i % w->outputs];
    }
    return GNDP_OK;
}

const gaussian_ops gaussian_latlon_ops = {.kind = GNDP_FACTOR_LATLON,
                                          .name = "latlon",
                                          .create = latlon_create,
                                          .free = latlon_free,
                                          .sample = latlon_sample,
                                          .root = latlon_root,
                                          .solve = latlon_solve,
                                          .log_det = latlon_log_det,
                                          .variance = latlon_variance};
