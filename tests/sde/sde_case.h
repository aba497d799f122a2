// SPDX-License-Identifier: Apache-2.0
// Small Gaussian problems for tests of processes: points, limit, data law, and plain linear algebra
// beside them.
#ifndef TESTS_SDE_SDE_CASE_H
#define TESTS_SDE_SDE_CASE_H

#include "kernels/gaussian_case.h"

#include <gndp/ops.h>
#include <gndp/sampler.h>

/* Data N(m0, S0) noised towards N(m, K) on a few points. */
typedef struct sde_case {
    gndp_schedule schedule;
    gndp_process *process;
    gndp_gaussian *law;
    gndp_points points;
    int64_t n_points, dim, n; /* N, D, N P */
    int outputs;
    double *x;           /* [N, D] */
    double *k, *l;       /* K with jitter [n, n]; its Cholesky factor */
    double *s0, *m0, *m; /* [n, n], [n], [n] */
} sde_case;

/* What a problem is made of. */
typedef struct sde_text {
    const char *limit, *data; /* kernels; data with all outputs */
    int64_t n_points, dim;
    int outputs;
    double mean[3]; /* of the limit, by component */
    double beta0, beta1;
} sde_text;

/* White and correlated limits, m != m0, several outputs, D != P. */
static const sde_text sde_texts[] = {
    {"white(variance=1.3)", "rbf(lengthscale=0.5)+white(variance=0.02)", 10, 1, 1, {0.7}, 1e-4, 15},
    {"0.95*rbf(lengthscale=1)+white(variance=0.05)",
     "rbf(lengthscale=0.5)+white(variance=0.02)",
     10,
     1,
     1,
     {-0.4},
     0,
     15},
    {"on(curlfree(rbf(lengthscale=2)),axes=[0,1])*on(rbf(lengthscale=3),axes=[2])+white(variance=0."
     "1)",
     "on(curlfree(rbf(lengthscale=1)),axes=[0,1])*on(matern52(lengthscale=2),axes=[2])+"
     "white(variance=0.02)",
     6,
     3,
     2,
     {0.7, -0.5},
     1e-4,
     15},
    {"white(variance=0.8)",
     "coregion(rbf(lengthscale=0.4),a=[1,0.5],rank=1,diagonal=[0.1,0.1])+white(variance=0.02)",
     5,
     1,
     2,
     {0.3, 0.1},
     0,
     10},
};
enum { SDE_CASES = (int)(sizeof sde_texts / sizeof *sde_texts) };

static inline double *kernel_matrix(const char *text, int outputs, const double *x, int64_t n,
                                    int64_t dim)
{
    gndp_kernel *k = new_kernel(text);
    const int64_t size = n * outputs;
    double *out = new_values(size * size);
    const int has = gndp_kernel_outputs(k, dim);
    double *small = has == outputs ? out : new_values(n * n);
    double *copy = new_values(n * dim);
    memcpy(copy, x, (size_t)(n * dim) * sizeof *x);
    gndp_array xa = gndp_array_view(gndp_type_2d(GNDP_F64, n, dim), copy),
               gram = gndp_array_view(gndp_type_2d(GNDP_F64, n * has, n * has), small);
    assert_ok(gndp_kernel_evaluate(k, &xa, NULL, &gram));
    if (has != outputs) { /* independent components, point-major */
        for (int64_t i = 0; i < n; i++) {
            for (int64_t j = 0; j < n; j++) {
                for (int p = 0; p < outputs; p++) {
                    out[(i * outputs + p) * size + j * outputs + p] = small[i * n + j];
                }
            }
        }
        free(small);
    }
    free(copy);
    gndp_kernel_free(k);
    return out;
}

static inline sde_case *new_case(const sde_text *text)
{
    sde_case *c = calloc(1, sizeof *c);
    gndp_kernel *k = new_kernel(text->limit);
    assert_non_null(c);
    c->schedule = gndp_schedule_default();
    c->schedule.t0 = 5e-4;
    c->schedule.beta0 = text->beta0;
    c->schedule.beta1 = text->beta1;
    c->n_points = text->n_points;
    c->dim = text->dim;
    c->outputs = text->outputs;
    c->n = c->n_points * c->outputs;
    c->x = new_values(c->n_points * c->dim);
    assert_ok(gndp_random_uniform_f64(11, 0, 0, GNDP_STREAM(2, 0), 0, c->n_points * c->dim, c->x));
    for (int64_t i = 0; i < c->n_points * c->dim; i++) {
        c->x[i] = 2.0 * c->x[i] - 1.0;
    }
    c->points =
        (gndp_points){.kind = GNDP_POINTS_LIST,
                      .x = gndp_array_view(gndp_type_2d(GNDP_F64, c->n_points, c->dim), c->x)};
    assert_ok(gndp_process_create(&c->schedule, k, c->outputs, text->mean, &c->process));
    assert_ok(gndp_process_law(c->process, &c->points, NULL, &c->law));
    gndp_kernel_free(k);
    c->k = kernel_matrix(text->limit, c->outputs, c->x, c->n_points, c->dim);
    c->s0 = kernel_matrix(text->data, c->outputs, c->x, c->n_points, c->dim);
    c->l = new_values(c->n * c->n);
    c->m0 = new_values(c->n);
    c->m = new_values(c->n);
    for (int64_t i = 0; i < c->n; i++) {
        c->k[i * c->n + i] += gndp_gaussian_jitter(c->law);
        c->m[i] = text->mean[i % c->outputs];
        c->m0[i] = 0.3 + 0.2 * sin((double)i);
    }
    dense_factor(c->n, c->k, 0.0, c->l);
    return c;
}

static inline void free_case(sde_case *c)
{
    gndp_gaussian_free(c->law);
    gndp_process_free(c->process);
    free(c->x), free(c->k), free(c->l), free(c->s0), free(c->m0), free(c->m), free(c);
}

/* ---- Plain linear algebra, row-major ----------------------------------------------------------
 */

/* c = a b, or a b' */
static inline void multiply(int64_t n, const double *a, const double *b, bool transposed, double *c)
{
    for (int64_t i = 0; i < n; i++) {
        for (int64_t j = 0; j < n; j++) {
            double sum = 0.0;
            for (int64_t q = 0; q < n; q++) {
                sum += a[i * n + q] * (transposed ? b[j * n + q] : b[q * n + j]);
            }
            c[i * n + j] = sum;
        }
    }
}

static inline void times(int64_t n, const double *a, const double *v, double *out)
{
    for (int64_t i = 0; i < n; i++) {
        double sum = 0.0;
        for (int64_t j = 0; j < n; j++) {
            sum += a[i * n + j] * v[j];
        }
        out[i] = sum;
    }
}

/* Solve l x = v (or l' x = v) for lower l. */
static inline void solve_triangle(int64_t n, const double *l, bool transposed, const double *v,
                                  double *x)
{
    for (int64_t s = 0; s < n; s++) {
        const int64_t i = transposed ? n - 1 - s : s;
        double rest = v[i];
        for (int64_t j = transposed ? i + 1 : 0; j < (transposed ? n : i); j++) {
            rest -= (transposed ? l[j * n + i] : l[i * n + j]) * x[j];
        }
        x[i] = rest / l[i * n + i];
    }
}

/* x = a^-1 v by Cholesky. */
static inline void solve_spd(int64_t n, const double *a, const double *v, double *x)
{
    double *l = new_values(n * n), *half = new_values(n);
    dense_factor(n, a, 0.0, l);
    solve_triangle(n, l, false, v, half);
    solve_triangle(n, l, true, half, x);
    free(l), free(half);
}

/* S_t = alpha S0 + v K, mu_t = r m0 + (1 - r) m. */
static inline void law_at(const sde_case *c, double t, double *cov, double *mean)
{
    const gndp_linear_law at = gndp_schedule_marginal(&c->schedule, t);
    for (int64_t i = 0; i < c->n * c->n; i++) {
        cov[i] = at.a * at.a * c->s0[i] + at.variance * c->k[i];
    }
    for (int64_t i = 0; i < c->n; i++) {
        mean[i] = at.a * c->m0[i] + (1.0 - at.a) * c->m[i];
    }
}

/* ln N(y; mean, cov) */
static inline double normal_log_prob(int64_t n, const double *cov, const double *mean,
                                     const double *y)
{
    double *l = new_values(n * n), *e = new_values(n);
    const double log_det = dense_factor(n, cov, 0.0, l);
    for (int64_t i = 0; i < n; i++) {
        e[i] = y[i] - mean[i];
    }
    const double q = dense_quadratic(n, l, e);
    free(l), free(e);
    return -0.5 * (q + log_det + (double)n * log(6.283185307179586));
}

static inline double norm_of(int64_t n, const double *v)
{
    double sum = 0.0;
    for (int64_t i = 0; i < n; i++) {
        sum += v[i] * v[i];
    }
    return sqrt(sum);
}

/* |a - b| / |b| */
static inline double relative_error(int64_t n, const double *a, const double *b)
{
    double sum = 0.0;
    for (int64_t i = 0; i < n; i++) {
        sum += (a[i] - b[i]) * (a[i] - b[i]);
    }
    return sqrt(sum) / norm_of(n, b);
}

static inline void number_members(int64_t n, uint32_t first, uint32_t *member)
{
    for (int64_t i = 0; i < n; i++) {
        member[i] = first + (uint32_t)i;
    }
}

/* A score on a case's points, one thread: small plans gain nothing from more, and wait for each
 * other when the machine is busy. */
static inline gndp_evaluator *open_score(const sde_case *c, const gndp_score *score, int64_t batch)
{
    gndp_evaluator *ev = NULL;
    gndp_device *device = NULL;
    const gndp_device_options how = {.threads = 1};
    assert_ok(gndp_device_open("cpu", &how, &device));
    const gndp_evaluator_options o = {.batch = batch, .device = device};
    assert_ok(gndp_evaluator_create(score, &c->schedule, &c->points.x, &o, &ev));
    gndp_device_free(device); /* the plans keep it */
    return ev;
}

#endif
