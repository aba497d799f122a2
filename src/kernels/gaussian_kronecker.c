// SPDX-License-Identifier: Apache-2.0
// Separable kernels on products of axes: K = K_1 x .. x K_D x B + w I (Kronecker products),
// factored axis by axis.
#include <cblas.h>
#include <float.h>
#include <lapacke.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "kernels/gaussian.h"

/*
 * With a nugget w (white noise and jitter): K_i = U_i diag(l_i) U_i', so K = U diag(l + w) U' with
 * U the product of all U_i and l all products of eigenvalues, exactly; R = U diag(sqrt(l + w)).
 * Without: K_i = L_i L_i' and R is the product of all L_i.
 */
enum { MAX_MODES = 5 };    /* four axes and the outputs */
enum { MAX_AXIS = 32000 }; /* 2 n^2 + 6 n + 1 numbers of workspace, counted in 32 bits */

typedef struct mode {
    int64_t n;
    double *factor; /* [n, n] row-major: column j of U is entries [.., j]; or L, zeros above the
                       diagonal */
    double *value;  /* [n] eigenvalues; the squared diagonal of L */
} mode;

typedef struct kronecker_law {
    int modes;
    mode mode[MAX_MODES];
    bool eigen;
    double nugget; /* w */
    int64_t size;
    double *spectrum; /* [size] l + w, or NULL */
    double smallest;  /* of spectrum */
    int threads;
} kronecker_law;

static void kronecker_free(void *impl)
{
    kronecker_law *k = impl;
    if (k != NULL) {
        for (int i = 0; i < k->modes; i++) {
            free(k->mode[i].factor);
            free(k->mode[i].value);
        }
        gndp_pages_free(k->spectrum, (size_t)k->size * sizeof *k->spectrum);
        free(k);
    }
}

/* ------------------------------------------------------------------------------- one matrix
 * product */

/* Values of one product call: its shape depends on the law alone, so that its bits do, too. */
enum { CHUNK = 512 };
/* Multiplications below which waking threads costs more than they save. */
enum { SMALL = 1 << 18 };

/*
 * out[a, :, c] = F in[a, :, c] (or F') for in [before, n, after]. Pieces go to the threads, each
 * one BLAS call on one thread.
 */
static void mode_product(const mode *m, bool transposed, int64_t before, int64_t after, int threads,
                         const double *in, double *out)
{
    const int64_t n = m->n, pieces = (after + CHUNK - 1) / CHUNK,
                  blocks = after == 1 ? (before + CHUNK - 1) / CHUNK : before * pieces;
#pragma omp parallel for schedule(dynamic, 1)                                                      \
    num_threads(threads) if (before * n * after * n > SMALL)
    for (int64_t b = 0; b < blocks; b++) {
        const int serial = gaussian_threads_begin(1);
        if (after == 1) { /* rows of [before, n] times F' */
            const int64_t from = b * CHUNK, rows = before - from < CHUNK ? before - from : CHUNK;
            cblas_dgemm(CblasRowMajor, CblasNoTrans, transposed ? CblasNoTrans : CblasTrans,
                        (int)rows, (int)n, (int)n, 1.0, in + from * n, (int)n, m->factor, (int)n,
                        0.0, out + from * n, (int)n);
        } else {
            const int64_t at = b / pieces * n * after + b % pieces * CHUNK,
                          left = after - b % pieces * CHUNK, columns = left < CHUNK ? left : CHUNK;
            cblas_dgemm(CblasRowMajor, transposed ? CblasTrans : CblasNoTrans, CblasNoTrans, (int)n,
                        (int)columns, (int)n, 1.0, m->factor, (int)n, in + at, (int)after, 0.0,
                        out + at, (int)after);
        }
        gaussian_threads_end(serial);
    }
}

/* v <- U v or U' v for one vector; work [size]. */
static void all_modes(const kronecker_law *k, bool transposed, double *v, double *work)
{
    int64_t before = 1, after = k->size;
    double *from = v, *to = work;
    for (int i = 0; i < k->modes; i++) {
        after /= k->mode[i].n;
        mode_product(&k->mode[i], transposed, before, after, k->threads, from, to);
        before *= k->mode[i].n;
        double *swap = from;
        from = to;
        to = swap;
    }
    if (from != v) {
        memcpy(v, from, (size_t)k->size * sizeof *v);
    }
}

/* -------------------------------------------------------------------------------------- create */

/* Column-major eigenvectors to row-major [i, j] = entry i of vector j. */
static void transpose(int64_t n, double *a)
{
    for (int64_t i = 0; i < n; i++) {
        for (int64_t j = 0; j < i; j++) {
            const double t = a[i * n + j];
            a[i * n + j] = a[j * n + i];
            a[j * n + i] = t;
        }
    }
}

static gndp_status decompose(mode *m, const char *what, int which)
{
    gndp_status st = GNDP_OK;
    const lapack_int n = (lapack_int)m->n;
    double size = 0.0, *work = NULL;
    lapack_int isize = 0, *iwork = NULL;
    lapack_int info = LAPACKE_dsyevd_work(LAPACK_COL_MAJOR, 'V', 'U', n, m->factor, n, m->value,
                                          &size, -1, &isize, -1);
    GNDP_CHECK(info == 0, GNDP_ERR_INTERNAL, "dsyevd: %d", (int)info);
    work = malloc((size_t)size * sizeof *work);
    iwork = malloc((size_t)isize * sizeof *iwork);
    GNDP_CHECK(work != NULL && iwork != NULL, GNDP_ERR_NOMEM, "%g values", size);
    info = LAPACKE_dsyevd_work(LAPACK_COL_MAJOR, 'V', 'U', n, m->factor, n, m->value, work,
                               (lapack_int)size, iwork, isize);
    GNDP_CHECK(info == 0, GNDP_ERR_NONFINITE,
               "%s: the eigenvalues of factor %d do not converge (dsyevd: %d)", what, which,
               (int)info);
    transpose(m->n, m->factor);
    const double top = m->value[m->n - 1], floor = -8.0 * (double)m->n * DBL_EPSILON * fabs(top);
    for (int64_t i = 0; i < m->n; i++) {
        GNDP_CHECK(m->value[i] >= floor, GNDP_ERR_NOT_PD,
                   "%s: factor %d has the eigenvalue %.3g, largest %.3g", what, which, m->value[i],
                   top);
        m->value[i] = fmax(m->value[i], 0.0); /* below 0 by rounding alone */
    }
done:
    free(work);
    free(iwork);
    return st;
}

static gndp_status cholesky(mode *m, const char *what, int which)
{
    gndp_status st = GNDP_OK;
    const int64_t n = m->n;
    const lapack_int info =
        LAPACKE_dpotrf_work(LAPACK_COL_MAJOR, 'U', (lapack_int)n, m->factor, (lapack_int)n);
    const int64_t bad = info > 0 ? info - 1 : 0;
    GNDP_CHECK(info == 0, GNDP_ERR_NOT_PD,
               "%s: pivot %lld of factor %d is %.3g, and jitter is switched off: do axis values "
               "repeat? Allow jitter or add white noise",
               what, (long long)bad, which, m->factor[bad * n + bad]);
    for (int64_t i = 0; i < n; i++) {
        memset(m->factor + i * n + i + 1, 0, (size_t)(n - i - 1) * sizeof *m->factor);
        m->value[i] = m->factor[i * n + i] * m->factor[i * n + i];
    }
done:
    return st;
}

static gndp_status fill_mode(const gaussian_problem *p, int i, mode *m)
{
    gndp_status st = GNDP_OK;
    const bool outputs = i == p->points->n_axes;
    m->n = outputs ? p->outputs : p->points->axis_size[i];
    m->factor = malloc((size_t)(m->n * m->n) * sizeof *m->factor);
    m->value = malloc((size_t)m->n * sizeof *m->value);
    GNDP_CHECK(m->factor != NULL && m->value != NULL, GNDP_ERR_NOMEM, "a factor of %lld x %lld",
               (long long)m->n, (long long)m->n);
    if (outputs) {
        memcpy(m->factor, p->cov->axis_outputs, (size_t)(m->n * m->n) * sizeof *m->factor);
    } else {
        GNDP_TRY(p->cov->axis(p->cov->state, i, m->n, p->points->axis[i], m->factor));
    }
    for (int64_t j = 0; j < m->n * m->n; j++) {
        GNDP_CHECK(isfinite(m->factor[j]), GNDP_ERR_NONFINITE, "%s: entry %lld of factor %d is %g",
                   p->cov->text, (long long)j, i, m->factor[j]);
    }
done:
    return st;
}

/* All products of eigenvalues, in the order of the values, plus w. */
static gndp_status fill_spectrum(kronecker_law *k)
{
    gndp_status st = GNDP_OK;
    k->spectrum = gndp_pages_alloc((size_t)k->size * sizeof *k->spectrum);
    GNDP_CHECK(k->spectrum != NULL, GNDP_ERR_NOMEM, "%lld eigenvalues", (long long)k->size);
    k->smallest = (double)INFINITY;
    for (int64_t i = 0; i < k->size; i++) {
        double l = 1.0;
        for (int64_t m = k->modes - 1, rest = i; m >= 0; rest /= k->mode[m].n, m--) {
            l *= k->mode[m].value[rest % k->mode[m].n];
        }
        k->spectrum[i] = l + k->nugget;
        k->smallest = fmin(k->smallest, k->spectrum[i]);
    }
done:
    return st;
}

static double mean_variance(const kronecker_law *k)
{
    double mean = 1.0;
    for (int m = 0; m < k->modes; m++) {
        double trace = 0.0;
        for (int64_t i = 0; i < k->mode[m].n; i++) {
            trace += k->mode[m].factor[i * k->mode[m].n + i];
        }
        mean *= trace / (double)k->mode[m].n;
    }
    return mean;
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Without noise a value that an axis has twice makes K singular, which jitter would hide. */
static gndp_status check_distinct(const gaussian_problem *p)
{
    gndp_status st = GNDP_OK;
    double *sorted = NULL;
    for (int a = 0;
         a < p->points->n_axes && p->options.jitter == 0.0 && !gaussian_has_noise(p->cov); a++) {
        const int64_t n = p->points->axis_size[a];
        free(sorted);
        sorted = malloc((size_t)n * sizeof *sorted);
        GNDP_CHECK(sorted != NULL, GNDP_ERR_NOMEM, "%lld values", (long long)n);
        memcpy(sorted, p->points->axis[a], (size_t)n * sizeof *sorted);
        qsort(sorted, (size_t)n, sizeof *sorted, compare);
        for (int64_t i = 0; i + 1 < n; i++) {
            GNDP_CHECK(sorted[i] != sorted[i + 1], GNDP_ERR_NOT_PD,
                       "%s: axis %d has the value %g twice, and without white noise the covariance "
                       "is singular: drop one, add + white(variance=..), or ask for jitter",
                       p->cov->text, a, sorted[i]);
        }
    }
done:
    free(sorted);
    return st;
}

static gndp_status check_applies(const gaussian_problem *p)
{
    gndp_status st = GNDP_OK;
    const covariance *cov = p->cov;
    GNDP_CHECK(p->points->kind == GNDP_POINTS_PRODUCT, GNDP_ERR_UNSUPPORTED,
               "the points are no product of axes");
    GNDP_CHECK(cov->axis != NULL, GNDP_ERR_UNSUPPORTED, "the kernel does not separate: %s",
               cov->why_not_separable);
    GNDP_CHECK(covariance_white(cov) >= 0.0, GNDP_ERR_UNSUPPORTED,
               "its white noise is not the same for each value: %s", cov->text);
    double bytes = 2.0 * 8.0 * (double)p->size;
    for (int a = 0; a < p->points->n_axes; a++) {
        GNDP_CHECK(p->points->axis_size[a] <= MAX_AXIS, GNDP_ERR_UNSUPPORTED,
                   "axis %d has %lld values: LAPACK's eigenvalue solver counts its memory up to "
                   "axes of %d",
                   a, (long long)p->points->axis_size[a], MAX_AXIS);
        bytes += 5.0 * 8.0 * (double)p->points->axis_size[a] * (double)p->points->axis_size[a];
    }
    GNDP_TRY(gaussian_check_bytes(&p->options, bytes, "a Kronecker law"));
    GNDP_TRY(check_distinct(p));
done:
    return st;
}

static gndp_status kronecker_create(const gaussian_problem *p, void **impl, gaussian_facts *facts)
{
    gndp_status st = GNDP_OK;
    kronecker_law *k = NULL;
    GNDP_TRY(check_applies(p));
    k = calloc(1, sizeof *k);
    GNDP_CHECK(k != NULL, GNDP_ERR_NOMEM, "%zu bytes", sizeof *k);
    k->modes = p->points->n_axes + (p->outputs > 1);
    k->size = p->size;
    k->threads = p->options.threads;
    for (int i = 0; i < k->modes; i++) {
        GNDP_TRY(fill_mode(p, i, &k->mode[i]));
        facts->bytes += (size_t)(k->mode[i].n * (k->mode[i].n + 1)) * sizeof(double);
    }
    if (p->outputs == 1) { /* the scale of the only output */
        for (int64_t i = 0; i < k->mode[0].n * k->mode[0].n; i++) {
            k->mode[0].factor[i] *= p->cov->axis_outputs[0];
        }
    }
    const double white = covariance_white(p->cov), jitter = p->options.jitter < 0.0 ? 0.0
                                                            : p->options.jitter > 0.0
                                                                ? p->options.jitter
                                                                : 1e-12;
    facts->jitter = jitter * (mean_variance(k) + white);
    k->nugget = white + facts->jitter;
    k->eigen = k->nugget > 0.0;
    const int before =
        gaussian_threads_begin(1); /* so that the bits of the factors do not depend on threads */
    for (int i = 0; i < k->modes && st == GNDP_OK; i++) {
        st = (k->eigen ? decompose : cholesky)(&k->mode[i], p->cov->text, i);
    }
    gaussian_threads_end(before);
    GNDP_TRY(st);
    if (k->eigen) {
        GNDP_TRY(fill_spectrum(k));
        facts->bytes += (size_t)k->size * sizeof(double);
    }
    facts->rank = k->size;
    int at = snprintf(facts->note, sizeof facts->note, "%s of factors",
                      k->eigen ? "eigenvalues" : "Cholesky");
    for (int i = 0; i < k->modes; i++) {
        at += snprintf(facts->note + at, sizeof facts->note - (size_t)at, "%s%lld",
                       i == 0 ? " " : " x ", (long long)k->mode[i].n);
    }
    *impl = k;
    k = NULL;
done:
    kronecker_free(k);
    return st;
}

/* --------------------------------------------------------------------------------------- calls */

/* What the spectrum does between U' and U. */
typedef double (*spectral)(double l);
static double spectral_root(double l)
{
    return sqrt(l);
}
static double spectral_self(double l)
{
    return l;
}
static double spectral_inverse(double l)
{
    return 1.0 / l;
}

static void scale_by(const kronecker_law *k, spectral f, double *v)
{
    for (int64_t i = 0; i < k->size; i++) {
        v[i] *= f(k->spectrum[i]);
    }
}

static gndp_status with_work(const kronecker_law *k, double **work)
{
    gndp_status st = GNDP_OK;
    *work = gndp_pages_alloc((size_t)k->size * sizeof **work);
    GNDP_CHECK(*work != NULL, GNDP_ERR_NOMEM, "%lld values", (long long)k->size);
done:
    return st;
}

static void root_one(const kronecker_law *k, bool transposed, double *v, double *work)
{
    if (k->eigen && !transposed) {
        scale_by(k, spectral_root, v);
    }
    all_modes(k, transposed, v, work);
    if (k->eigen && transposed) {
        scale_by(k, spectral_root, v);
    }
}

static gndp_status kronecker_sample(const void *impl, uint64_t seed, const uint32_t *member,
                                    int64_t n, double *out)
{
    gndp_status st = GNDP_OK;
    const kronecker_law *k = impl;
    double *work = NULL;
    GNDP_TRY(with_work(k, &work));
    for (int64_t r = 0; r < n; r++) {
        GNDP_TRY(gndp_random_normal_f64(seed, 0, member[r], GAUSSIAN_STREAM, 0, k->size,
                                        out + r * k->size));
        root_one(k, false, out + r * k->size, work);
    }
done:
    gndp_pages_free(work, (size_t)k->size * sizeof *work);
    return st;
}

static gndp_status kronecker_root(const void *impl, bool transposed, int64_t n, const double *v,
                                  double *out)
{
    gndp_status st = GNDP_OK;
    const kronecker_law *k = impl;
    double *work = NULL;
    GNDP_TRY(with_work(k, &work));
    memcpy(out, v, (size_t)(n * k->size) * sizeof *out);
    for (int64_t r = 0; r < n; r++) {
        root_one(k, transposed, out + r * k->size, work);
    }
done:
    gndp_pages_free(work, (size_t)k->size * sizeof *work);
    return st;
}

static gndp_status through_spectrum(const kronecker_law *k, spectral f, int64_t n, const double *v,
                                    double *out)
{
    gndp_status st = GNDP_OK;
    double *work = NULL;
    GNDP_TRY(with_work(k, &work));
    memcpy(out, v, (size_t)(n * k->size) * sizeof *out);
    for (int64_t r = 0; r < n; r++) {
        double *y = out + r * k->size;
        all_modes(k, true, y, work);
        if (f != NULL) {
            scale_by(k, f, y);
        }
        all_modes(k, false, y, work);
    }
done:
    gndp_pages_free(work, (size_t)k->size * sizeof *work);
    return st;
}

static gndp_status kronecker_apply(const void *impl, int64_t n, const double *v, double *out)
{
    const kronecker_law *k = impl;
    return through_spectrum(k, k->eigen ? spectral_self : NULL, n, v, out);
}

/* L^-1 or L^-T along every mode: v [before, n, after]. */
static void triangular_solves(const kronecker_law *k, bool transposed, double *v)
{
    int64_t before = 1, after = k->size;
    for (int i = 0; i < k->modes; i++) {
        const mode *m = &k->mode[i];
        after /= m->n;
        for (int64_t b = 0; b < before; b++) {
            cblas_dtrsm(CblasRowMajor, CblasLeft, CblasLower,
                        transposed ? CblasTrans : CblasNoTrans, CblasNonUnit, (int)m->n, (int)after,
                        1.0, m->factor, (int)m->n, v + b * m->n * after, (int)after);
        }
        before *= m->n;
    }
}

static gndp_status kronecker_solve(const void *impl, int64_t n, const double *v, double *out)
{
    gndp_status st = GNDP_OK;
    const kronecker_law *k = impl;
    if (k->eigen) {
        GNDP_TRY(through_spectrum(k, spectral_inverse, n, v, out));
        goto done;
    }
    memcpy(out, v, (size_t)(n * k->size) * sizeof *out);
    for (int64_t r = 0; r < n; r++) {
        triangular_solves(k, false, out + r * k->size);
        triangular_solves(k, true, out + r * k->size);
    }
done:
    return st;
}

/* ln det of a Kronecker product of factors n_i: sum_i (N / n_i) ln det K_i. */
static gndp_status kronecker_log_det(const void *impl, double *out)
{
    const kronecker_law *k = impl;
    double sum = 0.0;
    for (int64_t i = 0; k->eigen && i < k->size; i++) {
        sum += log(k->spectrum[i]);
    }
    for (int m = 0; !k->eigen && m < k->modes; m++) {
        double one = 0.0;
        for (int64_t i = 0; i < k->mode[m].n; i++) {
            one += log(k->mode[m].value[i]);
        }
        sum += one * (double)(k->size / k->mode[m].n);
    }
    *out = sum;
    return GNDP_OK;
}

/* Diagonal of K: products of the factors' diagonals. */
static gndp_status kronecker_variance(const void *impl, double *out)
{
    gndp_status st = GNDP_OK;
    const kronecker_law *k = impl;
    double *diagonal[MAX_MODES] = {0};
    for (int m = 0; m < k->modes; m++) {
        const mode *f = &k->mode[m];
        diagonal[m] = calloc((size_t)f->n, sizeof **diagonal);
        GNDP_CHECK(diagonal[m] != NULL, GNDP_ERR_NOMEM, "%lld values", (long long)f->n);
        for (int64_t i = 0; i < f->n; i++) {
            for (int64_t j = 0; j < f->n; j++) {
                const double v = f->factor[i * f->n + j];
                diagonal[m][i] += v * v * (k->eigen ? f->value[j] : 1.0);
            }
        }
    }
    for (int64_t i = 0; i < k->size; i++) {
        double d = 1.0;
        for (int64_t m = k->modes - 1, rest = i; m >= 0; rest /= k->mode[m].n, m--) {
            d *= diagonal[m][rest % k->mode[m].n];
        }
        out[i] = d + k->nugget;
    }
done:
    for (int m = 0; m < MAX_MODES; m++) {
        free(diagonal[m]);
    }
    return st;
}

const gaussian_ops gaussian_kronecker_ops = {.kind = GNDP_FACTOR_KRONECKER,
                                             .name = "kronecker",
                                             .create = kronecker_create,
                                             .free = kronecker_free,
                                             .sample = kronecker_sample,
                                             .root = kronecker_root,
                                             .apply = kronecker_apply,
                                             .solve = kronecker_solve,
                                             .log_det = kronecker_log_det,
                                             .variance = kronecker_variance};
