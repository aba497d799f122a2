// SPDX-License-Identifier: Apache-2.0
// Gaussian laws: choice of the factorisation, making and freeing.
#include "kernels/gaussian.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"

/* ------------------------------------------------------------------------------- shared helpers */

int gaussian_threads_begin(int n)
{
    const int before = omp_get_max_threads();
    omp_set_num_threads(n);
    return before;
}

void gaussian_threads_end(int before)
{
    omp_set_num_threads(before);
}

void gaussian_flush_begin(gaussian_flush *flush, int threads)
{
    *flush = (gaussian_flush){.threads = threads};
#pragma omp parallel num_threads(threads) if (threads > 1)
    { /* every thread of the pool has its own control word; there may be fewer than asked for */
        const int i = omp_get_thread_num();
        flush->saved[i] = gndp_fp_flush_begin();
        flush->flushed[i] = true;
    }
}

void gaussian_flush_end(const gaussian_flush *flush)
{
#pragma omp parallel num_threads(flush->threads) if (flush->threads > 1)
    {
        const int i = omp_get_thread_num();
        if (flush->flushed[i]) {
            gndp_fp_flush_end(flush->saved[i]);
        }
    }
}

gndp_status gaussian_check_bytes(const gndp_gaussian_options *options, double bytes,
                                 const char *what)
{
    gndp_status st = GNDP_OK;
    const double gib = 1024.0 * 1024.0 * 1024.0;
    GNDP_CHECK(bytes <= (double)options->max_bytes, GNDP_ERR_NOMEM,
               "%s needs %.3g GiB, allowed are %.3g GiB (max_bytes): use fewer points, or points "
               "with structure (a product of axes, "
               "latitudes and longitudes) and a kernel that fits it",
               what, bytes / gib, (double)options->max_bytes / gib);
done:
    return st;
}

bool gaussian_has_noise(const covariance *cov)
{
    for (int i = 0; i < cov->outputs; i++) {
        if (!(cov->nugget[i * cov->outputs + i] > 0.0)) {
            return false;
        }
    }
    return true;
}

static const char *const kind_names[] = {
    [GNDP_FACTOR_AUTO] = "auto",           [GNDP_FACTOR_DENSE] = "dense",
    [GNDP_FACTOR_KRONECKER] = "kronecker", [GNDP_FACTOR_CIRCULANT] = "circulant",
    [GNDP_FACTOR_LATLON] = "latlon",       [GNDP_FACTOR_DIAGONAL] = "diagonal",
    [GNDP_FACTOR_MATHERON] = "matheron"};

static const gaussian_ops *const all_ops[] = {
    [GNDP_FACTOR_DENSE] = &gaussian_dense_ops,
    [GNDP_FACTOR_KRONECKER] = &gaussian_kronecker_ops,
    [GNDP_FACTOR_CIRCULANT] = &gaussian_circulant_ops,
    [GNDP_FACTOR_LATLON] = &gaussian_latlon_ops,
    [GNDP_FACTOR_DIAGONAL] = &gaussian_diagonal_ops,
};

/* ------------------------------------------------------------------------------------- options */

gndp_status gaussian_fill_options(const gndp_gaussian_options *given, gndp_gaussian_options *out)
{
    gndp_status st = GNDP_OK;
    *out = given != NULL ? *given : (gndp_gaussian_options){0};
    GNDP_CHECK((int)out->factorisation >= GNDP_FACTOR_AUTO &&
                   out->factorisation <= GNDP_FACTOR_DIAGONAL,
               GNDP_ERR_ARG, "factorisation %d is none", (int)out->factorisation);
    GNDP_CHECK(isfinite(out->jitter) && isfinite(out->max_jitter), GNDP_ERR_RANGE,
               "jitter %g, max_jitter %g", out->jitter, out->max_jitter);
    GNDP_CHECK(out->threads >= 0 && out->threads <= GAUSSIAN_MAX_THREADS, GNDP_ERR_RANGE,
               "%d threads, allowed are 0 to %d", out->threads, GAUSSIAN_MAX_THREADS);
    if (out->max_jitter == 0.0) {
        out->max_jitter = 1e-6;
    }
    if (out->max_bytes == 0) {
        const long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
        out->max_bytes =
            pages > 0 && page > 0 ? (size_t)pages / 4 * 3 * (size_t)page : (size_t)4 << 30;
    }
    if (out->threads == 0) {
        const int threads = gndp_threads_get();
        out->threads = threads < GAUSSIAN_MAX_THREADS ? threads : GAUSSIAN_MAX_THREADS;
    }
done:
    return st;
}

/* -------------------------------------------------------------------------------------- choice */

/* Above this many values a dense law gives way to a circulant one, which lacks log_det. */
enum { DENSE_BY_CHOICE = 4096 };

static int candidates(const gaussian_problem *p, gndp_factorisation order[4])
{
    int n = 0;
    const bool poles = p->points->kind == GNDP_POINTS_LATLON;
    if (p->cov->block_is_zero) {
        order[n++] = GNDP_FACTOR_DIAGONAL;
    }
    if (poles) {
        order[n++] = GNDP_FACTOR_LATLON;
    } else if (p->points->kind == GNDP_POINTS_PRODUCT) {
        int64_t longest = 0;
        for (int a = 0; a < p->points->n_axes; a++) {
            longest = p->points->axis_size[a] > longest ? p->points->axis_size[a] : longest;
        }
        if (p->cov->axis != NULL && (longest <= DENSE_BY_CHOICE || p->size <= longest)) {
            order[n++] = longest <= DENSE_BY_CHOICE ? GNDP_FACTOR_KRONECKER : GNDP_FACTOR_CIRCULANT;
        }
        if (p->size > DENSE_BY_CHOICE && (n == 0 || order[n - 1] != GNDP_FACTOR_CIRCULANT)) {
            order[n++] = GNDP_FACTOR_CIRCULANT;
        }
    }
    order[n++] = GNDP_FACTOR_DENSE;
    return n;
}

/* The first line of the last failure without its place. */
static void note_reason(char *why, size_t size, gndp_factorisation kind)
{
    char reason[256];
    snprintf(reason, sizeof reason, "%s", gndp_last_text());
    reason[strcspn(reason, "\n")] = '\0';
    gndp_text_append(why, size, "; not %s: %s", kind_names[kind], reason);
    gndp_clear_error();
}

gndp_status gaussian_wrap(const gaussian_ops *ops, void *impl, const gaussian_facts *facts,
                          int64_t size, int outputs, const double *mean,
                          const gndp_gaussian_options *options, const char *why,
                          gndp_gaussian **out)
{
    gndp_status st = GNDP_OK;
    gndp_gaussian *law = calloc(1, sizeof *law);
    *out = NULL;
    if (law == NULL) {
        ops->free(impl);
    }
    GNDP_CHECK(law != NULL, GNDP_ERR_NOMEM, "%zu bytes", sizeof *law);
    atomic_init(&law->owners, 1);
    law->ops = ops;
    law->impl = impl;
    law->facts = *facts;
    law->size = size;
    law->outputs = outputs;
    law->options = *options;
    if (mean != NULL) {
        law->mean = malloc((size_t)size * sizeof *mean);
        GNDP_CHECK(law->mean != NULL, GNDP_ERR_NOMEM, "a mean of %lld values", (long long)size);
        memcpy(law->mean, mean, (size_t)size * sizeof *mean);
    }
    gndp_text_append(law->describe, sizeof law->describe,
                     "%s: %lld values, %s; jitter %.3g; %.3g MiB%s", ops->name, (long long)size,
                     facts->note, facts->jitter, (double)facts->bytes / 1048576.0, why);
    *out = law;
    law = NULL;
done:
    gndp_gaussian_free(law);
    return st;
}

static gndp_status check_problem(const gaussian_problem *p, const double *mean)
{
    gndp_status st = GNDP_OK;
    const covariance *cov = p->cov;
    const bool globe = p->points->kind == GNDP_POINTS_LATLON;
    GNDP_CHECK(cov->dim == points_dim(p->points), GNDP_ERR_SHAPE,
               "the points have %lld coordinates, the kernel %lld: %s",
               (long long)points_dim(p->points), (long long)cov->dim, cov->text);
    GNDP_CHECK(!globe || cov->domain != GNDP_DOMAIN_EUCLIDEAN, GNDP_ERR_SHAPE,
               "latitudes and longitudes want a kernel on the sphere (s2_...), got %s", cov->text);
    GNDP_CHECK(p->points->kind != GNDP_POINTS_PRODUCT || cov->domain != GNDP_DOMAIN_SPHERE,
               GNDP_ERR_SHAPE,
               "a product of axes is no set of unit vectors: a kernel on the sphere wants a list "
               "or latitudes and longitudes, got %s",
               cov->text);
    for (int64_t i = 0; mean != NULL && i < p->size; i++) {
        GNDP_CHECK(isfinite(mean[i]), GNDP_ERR_NONFINITE, "mean: value %lld is %g", (long long)i,
                   mean[i]);
    }
    if (cov->domain == GNDP_DOMAIN_SPHERE && p->points->kind == GNDP_POINTS_LIST) {
        const double *x = p->points->x.data;
        for (int64_t i = 0; i < p->n_points; i++) {
            const double length = sqrt(x[3 * i] * x[3 * i] + x[3 * i + 1] * x[3 * i + 1] +
                                       x[3 * i + 2] * x[3 * i + 2]);
            GNDP_CHECK(fabs(length - 1.0) <= 1e-6, GNDP_ERR_RANGE,
                       "points: point %lld has length %.9g, not 1: it is not on the sphere",
                       (long long)i, length);
        }
    }
done:
    return st;
}

gndp_status gaussian_create_from(const covariance *cov, const gndp_points *points,
                                 const double *mean, const gndp_gaussian_options *options,
                                 gndp_gaussian **out)
{
    gndp_status st = GNDP_OK;
    gaussian_problem p = {.cov = cov, .points = points, .outputs = cov->outputs};
    gndp_factorisation order[4] = {GNDP_FACTOR_DENSE};
    int n = 1;
    char why[384] = "";
    void *impl = NULL;
    gaussian_facts facts = {0};
    *out = NULL;
    GNDP_TRY(gaussian_fill_options(options, &p.options));
    GNDP_TRY(points_check(points));
    p.n_points = gndp_points_count(points);
    GNDP_CHECK(!__builtin_mul_overflow(p.n_points, (int64_t)p.outputs, &p.size), GNDP_ERR_RANGE,
               "%lld points of %d values", (long long)p.n_points, p.outputs);
    GNDP_TRY(check_problem(&p, mean));
    if (p.options.factorisation == GNDP_FACTOR_AUTO) {
        n = candidates(&p, order);
    } else {
        order[0] = p.options.factorisation;
        gndp_text_append(why, sizeof why, "; as asked for");
    }
    const int before = gaussian_threads_begin(p.options.threads);
    for (int i = 0; i < n; i++) {
        facts = (gaussian_facts){0};
        st = all_ops[order[i]]->create(&p, &impl, &facts);
        if (st == GNDP_OK) {
            order[0] = order[i];
            break;
        }
        if (st != GNDP_ERR_UNSUPPORTED || i + 1 == n) {
            break;
        }
        note_reason(why, sizeof why, order[i]);
    }
    gaussian_threads_end(before);
    if (st != GNDP_OK && why[0] == ';' &&
        n > 1) { /* the choices before the last failed for reasons of their own */
        char last[512];
        snprintf(last, sizeof last, "%.500s", gndp_last_text());
        last[strcspn(last, "\n")] = '\0';
        GNDP_CHECK(false, st, "%s%s", last, why);
    }
    GNDP_TRY(st);
    GNDP_TRY(gaussian_wrap(all_ops[order[0]], impl, &facts, p.size, p.outputs, mean, &p.options,
                           why, out));
done:
    return st;
}

gndp_status gndp_gaussian_create(const gndp_kernel *k, const gndp_points *points,
                                 const double *mean, const gndp_gaussian_options *options,
                                 gndp_gaussian **out)
{
    gndp_status st = GNDP_OK;
    covariance cov = {0};
    gndp_gaussian_options filled;
    GNDP_CHECK(out != NULL, GNDP_ERR_ARG, "out is NULL");
    *out = NULL;
    GNDP_CHECK(k != NULL, GNDP_ERR_ARG, "k is NULL");
    GNDP_CHECK(points != NULL, GNDP_ERR_ARG, "points is NULL");
    GNDP_TRY(gaussian_fill_options(options, &filled));
    GNDP_TRY(points_check(points));
    GNDP_TRY(covariance_create(k, points_dim(points), points->kind == GNDP_POINTS_PRODUCT,
                               filled.threads, &cov));
    GNDP_TRY(gaussian_create_from(&cov, points, mean, &filled, out));
done:
    covariance_free(&cov);
    return st;
}

gndp_gaussian *gaussian_share(const gndp_gaussian *law)
{
    gndp_gaussian *mine = (gndp_gaussian *)(uintptr_t)law; /* the count is not the law */
    atomic_fetch_add(&mine->owners, 1);
    return mine;
}

void gndp_gaussian_free(gndp_gaussian *law)
{
    if (law != NULL && atomic_fetch_sub(&law->owners, 1) == 1) {
        law->ops->free(law->impl);
        free(law->mean);
        free(law);
    }
}

const char *gndp_gaussian_describe(const gndp_gaussian *law)
{
    return law->describe;
}

gndp_factorisation gndp_gaussian_factorisation(const gndp_gaussian *law)
{
    return law->ops->kind;
}

int64_t gndp_gaussian_size(const gndp_gaussian *law)
{
    return law->size;
}

int64_t gndp_gaussian_rank(const gndp_gaussian *law)
{
    return law->facts.rank;
}

double gndp_gaussian_jitter(const gndp_gaussian *law)
{
    return law->facts.jitter;
}
