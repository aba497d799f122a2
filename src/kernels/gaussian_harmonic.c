// SPDX-License-Identifier: Apache-2.0
// An isotropic process on a latitude-longitude grid and on scattered points of the sphere at once,
// by its (vector) spherical harmonics.
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
 * f(lat, lon) = c_0(lat) + 2 Re sum_(m > 0) c_m(lat) exp(i m lon), c_m = R_m (xi + i eta)/sqrt(2)
 * with the roots of sphere_spectrum.h, which hold at any latitude: so points off the grid see the
 * same coefficients as those on it. On the grid c_m falls into bin m modulo n_lon (conjugated
 * beyond n_lon/2); scattered points take it at their own longitude. East of a tangent field: i c_m
 * for m > 0. Roots are built again for every group of draws: that costs little beside their use,
 * and the law holds nothing but the series.
 */
enum { WIDTH = 2 * GAUSSIAN_GROUP }; /* lanes: real parts of the members, then imaginary ones */
enum { RANGES = 16 }; /* bin k is range k mod 16's: sums over bins in an order of their own */

typedef struct harmonic_law {
    sphere_spectrum s;
    int64_t n_lat, n_lon, n_more, bins;
    int outputs;
    double *lat; /* [n_lat + n_more] degrees */
    double *lon; /* [n_more] radians from the grid's first longitude */
    int64_t
        *offset; /* [degree + 2] of m's normals in a member's noise: xi, then eta unless m = 0 */
    int64_t rank, size;
    fft *row;
    const panel_table *panel;
    int threads;
} harmonic_law;

static void harmonic_free(void *impl)
{
    harmonic_law *w = impl;
    if (w != NULL) {
        sphere_spectrum_free(&w->s);
        free(w->lat);
        free(w->lon);
        free(w->offset);
        fft_free(w->row);
        free(w);
    }
}

/* ---------------------------------------------------------------------------------------- scratch
 */

typedef struct scratch {
    double *spec;  /* [lanes, n_lat P, bins, 2] */
    double *part;  /* [RANGES, n_more P, lanes] sums of scattered values */
    double *panel; /* of each thread: root, coefficients, normals, a row of those */
    size_t spec_bytes, part_bytes, panel_bytes;
    int64_t rows, root_size, each;
} scratch;

static gndp_status scratch_make(const harmonic_law *w, scratch *s)
{
    gndp_status st = GNDP_OK;
    int64_t columns = 1;
    for (int64_t m = 0; m <= w->s.degree; m++) {
        const int64_t here = sphere_columns(&w->s, m);
        columns = here > columns ? here : columns;
    }
    s->rows = (w->n_lat + w->n_more) * w->outputs;
    s->root_size = s->rows * columns;
    s->each = s->root_size + s->rows * WIDTH + 2 * columns * WIDTH;
    s->spec_bytes = (size_t)(GAUSSIAN_GROUP * w->n_lat * w->outputs * w->bins * 2) * sizeof(double);
    s->part_bytes =
        (size_t)(RANGES * (w->n_more * w->outputs + 1) * GAUSSIAN_GROUP) * sizeof(double);
    s->panel_bytes = (size_t)(s->each * w->threads) * sizeof(double);
    s->spec = gndp_pages_alloc(s->spec_bytes);
    s->part = gndp_pages_alloc(s->part_bytes);
    s->panel = gndp_pages_alloc(s->panel_bytes);
    GNDP_CHECK(s->spec != NULL && s->part != NULL && s->panel != NULL, GNDP_ERR_NOMEM, "%zu bytes",
               s->spec_bytes + s->part_bytes + s->panel_bytes);
done:
    return st;
}

static void scratch_free(scratch *s)
{
    gndp_pages_free(s->spec, s->spec_bytes);
    gndp_pages_free(s->part, s->part_bytes);
    gndp_pages_free(s->panel, s->panel_bytes);
}

/* ------------------------------------------------------------------------------------ wavenumbers
 */

static bool is_east(const harmonic_law *w, int64_t row)
{
    return w->s.tangent && row % 2 == 0;
}

/* Wavenumbers of bin k: step `i` of the walk k, n - k, n + k, 2 n - k, ..; -1 past the last.
 * *turned: the bin takes the conjugate. */
static int64_t wavenumber(const harmonic_law *w, int64_t k, int64_t i, bool *turned)
{
    const bool self = k == 0 || 2 * k == w->n_lon; /* both are one */
    const int64_t round = self ? i : i / 2;
    *turned = !self && i % 2 == 1;
    const int64_t m = *turned ? (round + 1) * w->n_lon - k : round * w->n_lon + k;
    return m <= w->s.degree ? m : -1;
}

/* Coefficients of m [rows][lanes] into bin k and into the scattered values. */
static void put(const harmonic_law *w, int64_t k, int64_t m, bool turned, int lanes,
                const double *c, double *spec, double *part)
{
    const int64_t grid = w->n_lat * w->outputs;
    const int width = m > 0 ? WIDTH : GAUSSIAN_GROUP;
    const bool real = k == 0 || 2 * k == w->n_lon;
    for (int64_t row = 0; row < grid; row++) {
        const bool turn = is_east(w, row) && m > 0; /* times i */
        for (int l = 0; l < lanes; l++) {
            const double a = c[row * width + l],
                         b = m > 0 ? c[row * width + GAUSSIAN_GROUP + l] : 0.0;
            const double re = turn ? -b : a, im = turn ? a : b;
            double *to = spec + ((l * grid + row) * w->bins + k) * 2;
            to[0] += real && m > 0 ? 2.0 * re : re;
            to[1] += real ? 0.0 : turned ? -im : im;
        }
    }
    for (int64_t j = 0; j < w->n_more; j++) {
        const double angle = (double)m * w->lon[j], cosine = cos(angle), sine = sin(angle);
        for (int64_t row = grid + j * w->outputs; row < grid + (j + 1) * w->outputs; row++) {
            const bool turn = is_east(w, row) && m > 0;
            for (int l = 0; l < lanes; l++) {
                const double a = c[row * width + l],
                             b = m > 0 ? c[row * width + GAUSSIAN_GROUP + l] : 0.0;
                const double re = turn ? -b : a, im = turn ? a : b;
                part[(row - grid) * GAUSSIAN_GROUP + l] +=
                    m > 0 ? 2.0 * (re * cosine - im * sine) : re;
            }
        }
    }
}

/* The adjoint: c [rows][lanes] = sqrt(2) (Re, -Im) of D V, V = sum_j v_j exp(i m lon_j), D = i for
 * east; m = 0: V. */
static void get(const harmonic_law *w, int64_t m, int lanes, const double *spec, const double *more,
                double *c)
{
    const int64_t grid = w->n_lat * w->outputs, k = m % w->n_lon;
    const int width = m > 0 ? WIDTH : GAUSSIAN_GROUP;
    const bool upper = 2 * k > w->n_lon; /* the real transform has the conjugate in n - k */
    const int64_t bin = upper ? w->n_lon - k : k, rows = grid + w->n_more * w->outputs;
    const double scale = m > 0 ? sqrt(2.0) : 1.0;
    memset(c, 0, (size_t)(rows * width) * sizeof *c);
    for (int64_t row = 0; row < rows; row++) {
        const bool turn = is_east(w, row) && m > 0;
        const double angle = row < grid ? 0.0 : (double)m * w->lon[(row - grid) / w->outputs],
                     cosine = cos(angle), sine = sin(angle);
        for (int l = 0; l < lanes; l++) {
            double re, im;
            if (row < grid) {
                const double *from = spec + ((l * grid + row) * w->bins + bin) * 2;
                re = from[0];
                im = upper ? from[1] : -from[1];
            } else {
                const double v = more[l * w->size + row - grid];
                re = v * cosine;
                im = v * sine;
            }
            c[row * width + l] = scale * (turn ? -im : re);
            if (m > 0) {
                c[row * width + GAUSSIAN_GROUP + l] = -scale * (turn ? re : im);
            }
        }
    }
}

/* ------------------------------------------------------------------------------------------ calls
 */

/* What one thread holds: a root, coefficients, normals. */
typedef struct bench {
    double *root, *c, *e, *row;
} bench;

static bench bench_of(const scratch *s, int thread)
{
    double *at = s->panel + (size_t)thread * (size_t)s->each;
    const int64_t columns = s->root_size / s->rows;
    return (bench){at, at + s->root_size, at + s->root_size + s->rows * WIDTH,
                   at + s->root_size + s->rows * WIDTH + columns * WIDTH};
}

static gndp_status make_root(const harmonic_law *w, int64_t m, int64_t columns, double *root)
{
    return sphere_root(&w->s, m, w->n_lat + w->n_more, w->lat, columns, root);
}

/* Normals of m in lanes: of the members (noise NULL), or rows of given noise. */
static gndp_status get_noise(const harmonic_law *w, int64_t m, int64_t columns, uint64_t seed,
                             const uint32_t *member, const double *noise, int lanes, bench *b)
{
    gndp_status st = GNDP_OK;
    const int parts = m > 0 ? 2 : 1, width = parts * GAUSSIAN_GROUP;
    memset(b->e, 0, (size_t)(columns * width) * sizeof *b->e);
    for (int l = 0; l < lanes; l++) {
        const double *from = noise == NULL ? b->row : noise + l * w->rank + w->offset[m];
        if (noise == NULL) {
            GNDP_TRY(gndp_random_normal_f64(seed, 0, member[l], GAUSSIAN_STREAM, w->offset[m],
                                            parts * columns, b->row));
        }
        for (int64_t i = 0; i < parts * columns; i++) {
            b->e[i % columns * width + i / columns * GAUSSIAN_GROUP + l] =
                from[i] * (m > 0 ? sqrt(0.5) : 1.0);
        }
    }
done:
    return st;
}

static gndp_status add_wavenumber(const harmonic_law *w, const scratch *s, int64_t k, int64_t m,
                                  bool turned, uint64_t seed, const uint32_t *member,
                                  const double *noise, int lanes, double *part)
{
    gndp_status st = GNDP_OK;
    bench b = bench_of(s, omp_get_thread_num());
    const int64_t columns = sphere_columns(&w->s, m);
    const int groups = m > 0 ? 2 : 1;
    if (columns == 0) {
        goto done;
    }
    GNDP_TRY(make_root(w, m, columns, b.root));
    GNDP_TRY(get_noise(w, m, columns, seed, member, noise, lanes, &b));
    memset(b.c, 0, (size_t)(s->rows * groups * PANEL_LANES) * sizeof *b.c);
    w->panel->times(s->rows, columns, b.root, columns, groups, b.e, b.c);
    put(w, k, m, turned, lanes, b.c, s->spec, part);
done:
    return st;
}

static void finish_group(const harmonic_law *w, const scratch *s, int lanes, double *out)
{
    const int64_t grid = w->n_lat * w->outputs, more = w->n_more * w->outputs;
#pragma omp parallel for schedule(static) num_threads(w->threads)
    for (int64_t t = 0; t < lanes * grid; t++) {
        const int64_t lat = t % grid / w->outputs, p = t % w->outputs;
        fft_row_backward(w->row, s->spec + t * w->bins * 2,
                         out + t / grid * w->size + lat * w->n_lon * w->outputs + p);
    }
    for (int l = 0; l < lanes; l++) {
        double *to = out + (l + 1) * w->size - more;
        for (int64_t i = 0; i < more; i++) {
            to[i] = 0.0;
            for (int64_t r = 0; r < RANGES; r++) {
                to[i] += s->part[(r * (more + 1) + i) * GAUSSIAN_GROUP + l];
            }
        }
    }
}

static gndp_status root_group(const harmonic_law *w, const scratch *s, uint64_t seed,
                              const uint32_t *member, const double *noise, int lanes, double *out)
{
    gndp_status st = GNDP_OK;
    memset(s->spec, 0, s->spec_bytes);
    memset(s->part, 0, s->part_bytes);
#pragma omp parallel for schedule(dynamic, 1) num_threads(w->threads)
    for (int64_t range = 0; range < RANGES; range++) {
        double *part = s->part + range * (w->n_more * w->outputs + 1) * GAUSSIAN_GROUP;
        gndp_status mine = GNDP_OK;
        for (int64_t k = range; k < w->bins && mine == GNDP_OK; k += RANGES) {
            bool turned;
            int64_t m = wavenumber(w, k, 0, &turned);
            for (int64_t i = 1; m >= 0 && mine == GNDP_OK; i++) {
                mine = add_wavenumber(w, s, k, m, turned, seed, member, noise, lanes, part);
                m = wavenumber(w, k, i, &turned);
            }
        }
        if (mine != GNDP_OK) {
#pragma omp critical
            st = mine;
        }
    }
    GNDP_CHECK(st == GNDP_OK, st, "harmonics of degree up to %lld", (long long)w->s.degree);
    finish_group(w, s, lanes, out);
done:
    return st;
}

static gndp_status root_transposed_group(const harmonic_law *w, const scratch *s, const double *v,
                                         int lanes, double *noise)
{
    gndp_status st = GNDP_OK;
    const int64_t grid = w->n_lat * w->outputs;
#pragma omp parallel for schedule(static) num_threads(w->threads)
    for (int64_t t = 0; t < lanes * grid; t++) {
        const int64_t lat = t % grid / w->outputs, p = t % w->outputs;
        fft_row_forward(w->row, v + t / grid * w->size + lat * w->n_lon * w->outputs + p,
                        s->spec + t * w->bins * 2);
    }
#pragma omp parallel for schedule(dynamic, 1) num_threads(w->threads)
    for (int64_t m = 0; m <= w->s.degree; m++) {
        bench b = bench_of(s, omp_get_thread_num());
        const int64_t columns = sphere_columns(&w->s, m);
        const int groups = m > 0 ? 2 : 1, width = groups * PANEL_LANES;
        const gndp_status mine = columns > 0 ? make_root(w, m, columns, b.root) : GNDP_OK;
        if (mine != GNDP_OK) {
#pragma omp critical
            st = mine;
            continue;
        }
        get(w, m, lanes, s->spec, v + w->n_lat * w->n_lon * w->outputs, b.c);
        memset(b.e, 0, (size_t)(columns * width) * sizeof *b.e);
        w->panel->transposed(s->rows, columns, b.root, columns, groups, b.c, b.e);
        for (int l = 0; l < lanes; l++) {
            double *to = noise + l * w->rank + w->offset[m];
            for (int64_t i = 0; i < groups * columns; i++) {
                to[i] = b.e[i % columns * width + i / columns * GAUSSIAN_GROUP + l];
            }
        }
    }
    GNDP_CHECK(st == GNDP_OK, st, "harmonics of degree up to %lld", (long long)w->s.degree);
done:
    return st;
}

static gndp_status harmonic_sample(const void *impl, uint64_t seed, const uint32_t *member,
                                   int64_t n, double *out)
{
    gndp_status st = GNDP_OK;
    const harmonic_law *w = impl;
    scratch s = {0};
    GNDP_TRY(scratch_make(w, &s));
    for (int64_t r = 0; r < n; r += GAUSSIAN_GROUP) {
        const int lanes = n - r < GAUSSIAN_GROUP ? (int)(n - r) : GAUSSIAN_GROUP;
        GNDP_TRY(root_group(w, &s, seed, member + r, NULL, lanes, out + r * w->size));
    }
done:
    scratch_free(&s);
    return st;
}

static gndp_status harmonic_root(const void *impl, bool transposed, int64_t n, const double *v,
                                 double *out)
{
    gndp_status st = GNDP_OK;
    const harmonic_law *w = impl;
    scratch s = {0};
    GNDP_TRY(scratch_make(w, &s));
    for (int64_t r = 0; r < n; r += GAUSSIAN_GROUP) {
        const int lanes = n - r < GAUSSIAN_GROUP ? (int)(n - r) : GAUSSIAN_GROUP;
        if (transposed) {
            GNDP_TRY(root_transposed_group(w, &s, v + r * w->size, lanes, out + r * w->rank));
        } else {
            GNDP_TRY(root_group(w, &s, 0, NULL, v + r * w->rank, lanes, out + r * w->size));
        }
    }
done:
    scratch_free(&s);
    return st;
}

static gndp_status harmonic_none(void)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(false, GNDP_ERR_UNSUPPORTED,
               "harmonics on grid and scattered points give draws and products alone");
done:
    return st;
}

static gndp_status harmonic_solve(const void *impl, int64_t n, const double *v, double *out)
{
    (void)impl, (void)n, (void)v, (void)out;
    return harmonic_none();
}

static gndp_status harmonic_log_det(const void *impl, double *out)
{
    (void)impl, (void)out;
    return harmonic_none();
}

/* Every point has the variance of the series. */
static gndp_status harmonic_variance(const void *impl, double *out)
{
    const harmonic_law *w = impl;
    const int p = w->outputs;
    double one[COVARIANCE_MAX_OUTPUTS] = {0};
    for (int64_t l = w->s.degree; l >= 0; l--) {
        const double *root = w->s.root + l * p * p;
        for (int i = 0; i < p; i++) {
            for (int j = 0; j < p; j++) {
                const double r = w->s.tangent ? (i == 0 ? root[j] : 0.0) : root[i * p + j];
                one[w->s.tangent ? 0 : i] += r * r;
            }
        }
    }
    for (int64_t i = 0; i < w->size; i++) {
        out[i] = one[w->s.tangent ? 0 : i % p];
    }
    return GNDP_OK;
}

static const gaussian_ops harmonic_ops = {.kind = GNDP_FACTOR_LATLON,
                                          .name = "harmonics",
                                          .free = harmonic_free,
                                          .sample = harmonic_sample,
                                          .root = harmonic_root,
                                          .solve = harmonic_solve,
                                          .log_det = harmonic_log_det,
                                          .variance = harmonic_variance};

/* ----------------------------------------------------------------------------------------- create
 */

/* Latitudes of the grid, then those of the scattered points; asin(z) would lose half the digits
 * near a pole. */
static void place(const gndp_points *grid, int64_t m, const double *x, double *lat, double *lon)
{
    const double degree = 180.0 / 3.14159265358979323846;
    memcpy(lat, grid->lat_deg, (size_t)grid->n_lat * sizeof *lat);
    for (int64_t i = 0; i < m; i++) {
        const double *p = x + 3 * i;
        lat[grid->n_lat + i] = atan2(p[2], hypot(p[0], p[1])) * degree;
        lon[i] = atan2(p[1], p[0]) - grid->lon0_deg / degree;
    }
}

gndp_status gaussian_harmonic(const covariance *cov, const gndp_points *grid, int64_t m,
                              const double *x, const double *mean,
                              const gndp_gaussian_options *options, gndp_gaussian **out)
{
    gndp_status st = GNDP_OK;
    gaussian_facts facts = {0};
    harmonic_law *w = calloc(1, sizeof *w);
    *out = NULL;
    GNDP_CHECK(w != NULL, GNDP_ERR_NOMEM, "%zu bytes", sizeof *w);
    GNDP_CHECK(grid->kind == GNDP_POINTS_LATLON && covariance_white(cov) == 0.0, GNDP_ERR_INTERNAL,
               "not for these points, or white noise is left: %s", cov->text);
    GNDP_TRY(sphere_spectrum_create(cov, &w->s));
    w->n_lat = grid->n_lat;
    w->n_lon = grid->n_lon;
    w->n_more = m;
    w->bins = w->n_lon / 2 + 1;
    w->outputs = cov->outputs;
    w->threads = options->threads;
    w->size = (w->n_lat * w->n_lon + m) * w->outputs;
    const double rows = (double)(w->n_lat + m) * w->outputs;
    GNDP_TRY(
        gaussian_check_bytes(options,
                             8.0 * (2.0 * GAUSSIAN_GROUP * (double)w->size +
                                    rows * (2.0 * (double)w->s.degree + 2.0 * WIDTH) * w->threads),
                             "draws by harmonics"));
    w->lat = malloc((size_t)(w->n_lat + m) * sizeof *w->lat);
    w->lon = malloc((size_t)m * sizeof *w->lon + 1);
    w->offset = malloc((size_t)(w->s.degree + 2) * sizeof *w->offset);
    GNDP_CHECK(w->lat != NULL && w->lon != NULL && w->offset != NULL, GNDP_ERR_NOMEM, "%lld points",
               (long long)(w->n_lat + m));
    place(grid, m, x, w->lat, w->lon);
    for (int64_t k = 0; k <= w->s.degree; k++) {
        w->offset[k] = w->rank;
        w->rank += sphere_columns(&w->s, k) * (k > 0 ? 2 : 1);
    }
    w->offset[w->s.degree + 1] = w->rank;
    GNDP_TRY(panel_select(false, &w->panel));
    GNDP_TRY(fft_row_create(w->n_lon, w->outputs, &w->row));
    facts.rank = w->rank;
    facts.bytes = (size_t)(w->s.degree + 1) * (size_t)(w->outputs * w->outputs) * sizeof(double);
    snprintf(facts.note, sizeof facts.note, "%s of degree up to %lld on %lld x %lld points%s",
             w->s.tangent ? "vector harmonics" : "harmonics", (long long)w->s.degree,
             (long long)w->n_lat, (long long)w->n_lon, m > 0 ? " and scattered ones" : "");
    const int64_t size = w->size;
    const int outputs = w->outputs;
    st = gaussian_wrap(&harmonic_ops, w, &facts, size, outputs, mean, options, "", out);
    w = NULL;
    GNDP_TRY(st);
done:
    harmonic_free(w);
    return st;
}
