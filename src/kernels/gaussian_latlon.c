// SPDX-License-Identifier: Apache-2.0
// Isotropic kernels on latitude-longitude grids: draws, products and solutions by independent
// blocks, one a wavenumber in longitude.
#include <cblas.h>
#include <lapacke.h>
#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "kernels/latlon.h"

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
static void block_product(const latlon_law *w, const latlon_block *b, bool transposed, int groups,
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
    const bool real = latlon_is_real(w, k);
    const int64_t rows = w->n_lat * w->outputs, width = real ? GAUSSIAN_GROUP : WIDTH;
    for (int64_t row = 0, i = 0; row < rows; row++) {
        const bool there = c != NULL && latlon_has_row(w, k, row);
        const int pole = w->pole[row / w->outputs];
        const bool east = w->tangent && row % 2 == 0;
        const bool twin =
            east && pole != 0 && c != NULL &&
            latlon_has_row(w, k, row + 1); /* east at a pole: north's coefficient times -s */
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
    const bool real = latlon_is_real(w, k);
    const int64_t rows = w->n_lat * w->outputs, width = real ? GAUSSIAN_GROUP : WIDTH;
    memset(c, 0, (size_t)(w->block[k].rows * width) * sizeof *c);
    for (int64_t row = 0, i = 0; row < rows; row++) {
        const bool there = latlon_has_row(w, k, row);
        const int pole = w->pole[row / w->outputs];
        const bool east = w->tangent && row % 2 == 0,
                   twin = east && pole != 0 && latlon_has_row(w, k, row + 1);
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
    const latlon_block *b = &w->block[k];
    const int parts = latlon_is_real(w, k) ? 1 : 2, width = parts * GAUSSIAN_GROUP;
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
    const latlon_block *b = &w->block[k];
    const int parts = latlon_is_real(w, k) ? 1 : 2, width = parts * GAUSSIAN_GROUP;
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
        const latlon_block *b = &w->block[k];
        if (b->columns == 0) {
            put_spectrum(w, k, lanes, 0.0, NULL, s->spec);
            continue;
        }
        const gndp_status mine = get_noise(w, k, seed, member, noise, lanes, row, e);
        if (mine != GNDP_OK) {
#pragma omp critical
            st = mine;
        }
        block_product(w, b, false, latlon_is_real(w, k) ? 1 : 2, e, c);
        put_spectrum(w, k, lanes, latlon_is_real(w, k) ? 1.0 : sqrt(0.5), c, s->spec);
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
            get_spectrum(w, k, lanes, latlon_is_real(w, k) ? 1.0 : sqrt(2.0), s->spec, c);
            block_product(w, &w->block[k], true, latlon_is_real(w, k) ? 1 : 2, c, e);
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
static gndp_status solve_block(const latlon_law *w, const latlon_block *b, int width, double *x,
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
    if (work == NULL) {
        free(v);
    }
    GNDP_CHECK(work != NULL, GNDP_ERR_NOMEM, "%g values", size);
    if (info == 0 && least > 0) {
        info = LAPACKE_dgesdd_work(LAPACK_COL_MAJOR, 'S', m, n, a, m, value, v, m, u, least, work,
                                   (lapack_int)size, iwork);
    }
    free(v);
    GNDP_CHECK(info == 0, GNDP_ERR_INTERNAL, "dgesdd: %d", (int)info);
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
        if (pole != 0 && east && latlon_has_row(w, k, row + 1)) {
            const double *north = c + 2 * w->blocks,
                         s = pole > 0 ? -1.0 : 1.0; /* i s north is wanted */
            *lost += 0.5 * ((c[0] + s * north[1]) * (c[0] + s * north[1]) +
                            (c[1] - s * north[0]) * (c[1] - s * north[0]));
        } else if (pole != 0 && !latlon_has_row(w, k, row)) {
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
        const int width = latlon_is_real(w, k) ? GAUSSIAN_GROUP : WIDTH,
                  before = gaussian_threads_begin(1);
        outside(w, k, s->spec, &lost, &all);
        get_spectrum(w, k, 1, 1.0 / n, s->spec, c);
        for (int64_t row = 0, i = 0; row < w->n_lat * w->outputs;
             row++) { /* get_spectrum added twins: the mean is wanted */
            if (latlon_has_row(w, k, row)) {
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
            if (latlon_has_row(w, k, row)) {
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
        const latlon_block *b = &w->block[k];
        double one = (double)b->rows * log((double)w->n_lon);
        for (int64_t i = 0; i < b->rows; i++) {
            one += 2.0 * log(fabs(b->r[i * b->rows + i]));
        }
        sum += latlon_is_real(w, k) ? one : 2.0 * one;
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
