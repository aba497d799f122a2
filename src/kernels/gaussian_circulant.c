// SPDX-License-Identifier: Apache-2.0
// Stationary kernels on equally spaced grids: draws, products and solutions by FFT on the periodic
// grid of a circulant embedding.
#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "kernels/circulant.h"

/* Scratch of one thread: P fields of M, one transform. */
typedef struct scratch {
    double *field, *other, *work;
    size_t bytes, work_bytes;
} scratch;

static gndp_status scratch_make(const circulant_law *c, scratch *s)
{
    gndp_status st = GNDP_OK;
    s->bytes = (size_t)(c->total * c->outputs) * sizeof(double);
    s->work_bytes = (size_t)fft_hartley_work(c->plan) * sizeof(double);
    s->field = gndp_pages_alloc(s->bytes);
    s->other = gndp_pages_alloc(s->bytes);
    s->work = gndp_pages_alloc(s->work_bytes);
    GNDP_CHECK(s->field != NULL && s->other != NULL && s->work != NULL, GNDP_ERR_NOMEM, "%zu bytes",
               2 * s->bytes + s->work_bytes);
done:
    return st;
}

static void scratch_free(scratch *s)
{
    gndp_pages_free(s->field, s->bytes);
    gndp_pages_free(s->other, s->bytes);
    gndp_pages_free(s->work, s->work_bytes);
}

/* out = [P, P, M] times in, at each frequency; in, out [P, M]. */
static void multiply(const circulant_law *c, const double *matrix, const double *in, double *out)
{
    const int p = c->outputs;
    for (int i = 0; i < p; i++) {
        double *y = out + i * c->total;
        for (int j = 0; j < p; j++) {
            const double *s = matrix + (int64_t)(i * p + j) * c->total, *x = in + j * c->total;
            for (int64_t f = 0; f < c->total; f++) {
                y[f] = (j == 0 ? 0.0 : y[f]) + s[f] * x[f];
            }
        }
    }
}

static void transform(const circulant_law *c, scratch *s, double *field)
{
    for (int i = 0; i < c->outputs; i++) {
        fft_hartley(c->plan, field + i * c->total, s->work, field + i * c->total);
    }
}

/* Position in the embedding of the first point of grid row r (all axes but the last). */
static int64_t row_at(const circulant_law *c, int64_t r)
{
    int64_t at = 0, scale = c->m[c->axes - 1];
    for (int a = c->axes - 2; a >= 0; a--) {
        at += r % c->n[a] * scale;
        scale *= c->m[a];
        r /= c->n[a];
    }
    return at;
}

static void gather(const circulant_law *c, const double *field, double scale, double *out)
{
    const int64_t last = c->n[c->axes - 1];
    const int p = c->outputs;
    for (int64_t r = 0; r < c->points / last; r++) {
        const int64_t at = row_at(c, r);
        for (int i = 0; i < p; i++) {
            for (int64_t j = 0; j < last; j++) {
                out[(r * last + j) * p + i] = scale * field[i * c->total + at + j];
            }
        }
    }
}

static void scatter(const circulant_law *c, const double *v, double *field)
{
    const int64_t last = c->n[c->axes - 1];
    const int p = c->outputs;
    memset(field, 0, (size_t)(c->total * p) * sizeof *field);
    for (int64_t r = 0; r < c->points / last; r++) {
        const int64_t at = row_at(c, r);
        for (int i = 0; i < p; i++) {
            for (int64_t j = 0; j < last; j++) {
                field[i * c->total + at + j] = v[(r * last + j) * p + i];
            }
        }
    }
}

/* R e for one member: e [P, M]. */
static void root_one(const circulant_law *c, scratch *s, const double *e, double *out)
{
    multiply(c, c->root, e, s->field);
    transform(c, s, s->field);
    gather(c, s->field, 1.0 / sqrt((double)c->total), out);
}

static void root_transposed_one(const circulant_law *c, scratch *s, const double *v, double *e)
{
    const double scale = 1.0 / sqrt((double)c->total);
    scatter(c, v, s->field);
    transform(c, s, s->field);
    multiply(c, c->root, s->field, e);
    for (int64_t i = 0; i < c->total * c->outputs; i++) {
        e[i] *= scale;
    }
}

static void apply_one(const circulant_law *c, scratch *s, const double *v, double *out)
{
    root_transposed_one(c, s, v, s->other);
    root_one(c, s, s->other, out);
}

/* out = S C^-1 S' v: near K^-1 away from the edges. */
static void precondition(const circulant_law *c, scratch *s, const double *v, double *out)
{
    scatter(c, v, s->field);
    transform(c, s, s->field);
    multiply(c, c->inverse, s->field, s->other);
    transform(c, s, s->other);
    gather(c, s->other, 1.0 / (double)c->total, out);
}

typedef enum task { SAMPLE, ROOT, ROOT_TRANSPOSED, APPLY } task;

/* Members are independent: each is one thread's work. */
static gndp_status for_members(const circulant_law *c, task what, uint64_t seed,
                               const uint32_t *member, int64_t n, const double *v, double *out)
{
    gndp_status st = GNDP_OK;
    const int64_t size = c->points * c->outputs, rank = c->total * c->outputs;
    const int threads = n < c->threads ? (int)n : c->threads;
#pragma omp parallel num_threads(threads) if (threads > 1)
    {
        scratch s = {0};
        gndp_status mine = scratch_make(c, &s);
#pragma omp for schedule(static, 1)
        for (int64_t r = 0; r < n; r++) {
            if (mine == GNDP_OK && what == SAMPLE) {
                mine =
                    gndp_random_normal_f64(seed, 0, member[r], GAUSSIAN_STREAM, 0, rank, s.other);
            }
            if (mine == GNDP_OK && what == SAMPLE) {
                root_one(c, &s, s.other, out + r * size);
            } else if (mine == GNDP_OK && what == ROOT) {
                root_one(c, &s, v + r * rank, out + r * size);
            } else if (mine == GNDP_OK && what == ROOT_TRANSPOSED) {
                root_transposed_one(c, &s, v + r * size, out + r * rank);
            } else if (mine == GNDP_OK) {
                apply_one(c, &s, v + r * size, out + r * size);
            }
        }
        scratch_free(&s);
#pragma omp critical
        st = st == GNDP_OK ? mine : st;
    }
    GNDP_CHECK(st == GNDP_OK, st, "circulant law: scratch for %d transforms of %lld values",
               threads, (long long)c->total);
done:
    return st;
}

static gndp_status circulant_sample(const void *impl, uint64_t seed, const uint32_t *member,
                                    int64_t n, double *out)
{
    return for_members(impl, SAMPLE, seed, member, n, NULL, out);
}

static gndp_status circulant_root(const void *impl, bool transposed, int64_t n, const double *v,
                                  double *out)
{
    return for_members(impl, transposed ? ROOT_TRANSPOSED : ROOT, 0, NULL, n, v, out);
}

static gndp_status circulant_apply(const void *impl, int64_t n, const double *v, double *out)
{
    return for_members(impl, APPLY, 0, NULL, n, v, out);
}

static double dot(int64_t n, const double *a, const double *b)
{
    double sum = 0.0;
    for (int64_t i = 0; i < n; i++) {
        sum += a[i] * b[i];
    }
    return sum;
}

enum { CG_STEPS = 2000 };
#define CG_RESIDUAL 1e-10

/* Preconditioned conjugate gradients (Golub & Van Loan 2013, algorithm 11.5.1); w holds r, z, p, q.
 */
static gndp_status solve_one(const circulant_law *c, scratch *s, const double *v, double *x,
                             double *w)
{
    gndp_status st = GNDP_OK;
    const int64_t n = c->points * c->outputs;
    double *r = w, *z = w + n, *p = w + 2 * n, *q = w + 3 * n;
    const double goal = CG_RESIDUAL * sqrt(dot(n, v, v));
    double rho = 0.0, residual = sqrt(dot(n, v, v));
    memset(x, 0, (size_t)n * sizeof *x);
    memcpy(r, v, (size_t)n * sizeof *r);
    for (int step = 0; step < CG_STEPS && residual > goal; step++) {
        if (c->inverse != NULL) {
            precondition(c, s, r, z);
        } else {
            memcpy(z, r, (size_t)n * sizeof *z);
        }
        const double before = rho;
        rho = dot(n, r, z);
        for (int64_t i = 0; i < n; i++) {
            p[i] = z[i] + (step == 0 ? 0.0 : rho / before * p[i]);
        }
        apply_one(c, s, p, q);
        const double curvature = dot(n, p, q), alpha = rho / curvature;
        if (!(curvature > 0.0) || !isfinite(alpha)) {
            break;
        }
        for (int64_t i = 0; i < n; i++) {
            x[i] += alpha * p[i];
            r[i] -= alpha * q[i];
        }
        residual = sqrt(dot(n, r, r));
    }
    apply_one(c, s, x, q); /* the true residual, not the recurrence's */
    double sum = 0.0;
    for (int64_t i = 0; i < n; i++) {
        sum += (v[i] - q[i]) * (v[i] - q[i]);
    }
    residual = sqrt(sum);
    GNDP_CHECK(residual <= 2.0 * goal, GNDP_ERR_NONFINITE,
               "circulant law: conjugate gradients stop at a relative residual of %.3g, wanted "
               "%.0e: K is nearly singular; add white noise",
               residual / sqrt(dot(n, v, v)), CG_RESIDUAL);
done:
    return st;
}

static gndp_status circulant_solve(const void *impl, int64_t n, const double *v, double *out)
{
    gndp_status st = GNDP_OK;
    const circulant_law *c = impl;
    const int64_t size = c->points * c->outputs;
    const size_t bytes = 4 * (size_t)size * sizeof(double);
    scratch s = {0};
    double *w = gndp_pages_alloc(bytes);
    GNDP_CHECK(w != NULL, GNDP_ERR_NOMEM, "%zu bytes", bytes);
    GNDP_TRY(scratch_make(c, &s));
    for (int64_t r = 0; r < n; r++) {
        GNDP_TRY(solve_one(c, &s, v + r * size, out + r * size, w));
    }
done:
    scratch_free(&s);
    gndp_pages_free(w, bytes);
    return st;
}

static gndp_status circulant_log_det(const void *impl, double *out)
{
    gndp_status st = GNDP_OK;
    (void)impl, (void)out;
    GNDP_CHECK(false, GNDP_ERR_UNSUPPORTED,
               "circulant embedding gives draws and products, not ln det K: ask for a dense or "
               "Kronecker law");
done:
    return st;
}

static gndp_status circulant_variance(const void *impl, double *out)
{
    const circulant_law *c = impl;
    for (int64_t i = 0; i < c->points * c->outputs; i++) {
        out[i] = c->kernel0[i % c->outputs];
    }
    return GNDP_OK;
}

const gaussian_ops gaussian_circulant_ops = {.kind = GNDP_FACTOR_CIRCULANT,
                                             .name = "circulant",
                                             .create = circulant_create,
                                             .free = circulant_free,
                                             .sample = circulant_sample,
                                             .root = circulant_root,
                                             .apply = circulant_apply,
                                             .solve = circulant_solve,
                                             .log_det = circulant_log_det,
                                             .variance = circulant_variance};
