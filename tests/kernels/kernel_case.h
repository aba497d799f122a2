// SPDX-License-Identifier: Apache-2.0
// Kernels from text, points, Gram matrices and their spectra, for the tests of kernel trees.
#ifndef GNDP_TEST_KERNEL_CASE_H
#define GNDP_TEST_KERNEL_CASE_H

#include "support/test_main.h"

#include <gndp/kernels.h>
#include <gndp/ops.h>

#include <lapacke.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static inline gndp_kernel *kernel_of(const char *text)
{
    gndp_kernel *k = NULL;
    if (gndp_kernel_parse(text, &k) != GNDP_OK) {
        fail_msg("%s: %s", text, gndp_last_error());
    }
    return k;
}

static inline void assert_near(double got, double want, double tolerance)
{
    if (!(fabs(got - want) <= tolerance)) {
        fail_msg("got %.17g, want %.17g, off by %.3g > %.3g", got, want, fabs(got - want),
                 tolerance);
    }
}

static inline double *numbers(int64_t n)
{
    double *x = calloc((size_t)n + 1, sizeof *x);
    assert_non_null(x);
    return x;
}

/* Standard normals, a function of the stream alone. */
static inline double *normals(int64_t n, uint32_t stream)
{
    double *x = numbers(n);
    assert_int_equal(gndp_random_normal_f64(11, 0, 0, stream, 0, n, x), GNDP_OK);
    return x;
}

/* Directions without preference: [n, 3]. */
static inline double *directions(int64_t n, uint32_t stream)
{
    double *x = normals(3 * n, stream);
    for (int64_t i = 0; i < n; i++) {
        const double length =
            sqrt(x[3 * i] * x[3 * i] + x[3 * i + 1] * x[3 * i + 1] + x[3 * i + 2] * x[3 * i + 2]);
        for (int j = 0; j < 3; j++) {
            x[3 * i + j] /= length;
        }
    }
    return x;
}

/* Gram of x [n, d] with z [m, d], or with itself where z is NULL; to be freed. */
static inline double *gram_of(const gndp_kernel *k, int64_t n, int64_t m, int d, const double *x,
                              const double *z)
{
    const int p = gndp_kernel_outputs(k, d);
    const int64_t columns = z == NULL ? n : m;
    double *out = numbers(n * columns * p * p), *px = numbers(n * d), *pz = numbers(m * d);
    memcpy(px, x, (size_t)(n * d) * sizeof *x);
    if (z != NULL) {
        memcpy(pz, z, (size_t)(m * d) * sizeof *z);
    }
    const gndp_array ax = gndp_array_view(gndp_type_2d(GNDP_F64, n, d), px),
                     az = gndp_array_view(gndp_type_2d(GNDP_F64, m, d), pz);
    gndp_array a = gndp_array_view(gndp_type_2d(GNDP_F64, n * p, columns * p), out);
    if (gndp_kernel_evaluate(k, &ax, z == NULL ? NULL : &az, &a) != GNDP_OK) {
        fail_msg("%s", gndp_last_error());
    }
    free(px);
    free(pz);
    return out;
}

static inline double *gram_of_text(const char *text, int64_t n, int64_t m, int d, const double *x,
                                   const double *z)
{
    gndp_kernel *k = kernel_of(text);
    double *gram = gram_of(k, n, m, d, x, z);
    gndp_kernel_free(k);
    return gram;
}

static inline double largest_difference(int64_t n, const double *a, const double *b)
{
    double most = 0.0;
    for (int64_t i = 0; i < n; i++) {
        const double d = fabs(a[i] - b[i]);
        most = d > most || isnan(d) ? d : most;
    }
    return most;
}

/* Eigenvalues of a symmetric matrix, ascending; to be freed. */
static inline double *spectrum(int64_t n, const double *a)
{
    double *copy = numbers(n * n), *w = numbers(n), *work = numbers(8 * n);
    memcpy(copy, a, (size_t)(n * n) * sizeof *a);
    assert_int_equal(LAPACKE_dsyev_work(LAPACK_COL_MAJOR, 'N', 'U', (lapack_int)n, copy,
                                        (lapack_int)n, w, work, (lapack_int)(8 * n)),
                     0);
    free(copy);
    free(work);
    return w;
}

/* Symmetric to the last bit, and no eigenvalue below -1e-12 of the trace (rounding of n entries).
 */
static inline void assert_covariance(const char *name, int64_t n, const double *a)
{
    double trace = 0.0;
    for (int64_t i = 0; i < n; i++) {
        trace += a[i * n + i];
        for (int64_t j = 0; j < i; j++) {
            if (a[i * n + j] != a[j * n + i]) {
                fail_msg("%s: entries %d, %d differ by %g", name, (int)i, (int)j,
                         a[i * n + j] - a[j * n + i]);
            }
        }
    }
    double *w = spectrum(n, a);
    if (!(w[0] >= -1e-12 * trace)) {
        fail_msg("%s: smallest eigenvalue %g, trace %g", name, w[0], trace);
    }
    free(w);
}

/* A random orthogonal matrix [d, d] (Gram-Schmidt of normals; of determinant 1 or -1). */
static inline void orthogonal(int d, uint32_t stream, double *q)
{
    double *x = normals((int64_t)d * d, stream);
    for (int i = 0; i < d; i++) {
        for (int pass = 0; pass < 2; pass++) {
            for (int j = 0; j < i; j++) {
                double dot = 0.0;
                for (int l = 0; l < d; l++) {
                    dot += x[i * d + l] * q[j * d + l];
                }
                for (int l = 0; l < d; l++) {
                    x[i * d + l] -= dot * q[j * d + l];
                }
            }
        }
        double length = 0.0;
        for (int l = 0; l < d; l++) {
            length += x[i * d + l] * x[i * d + l];
        }
        for (int l = 0; l < d; l++) {
            q[i * d + l] = x[i * d + l] / sqrt(length);
        }
    }
    free(x);
}

/* y_i = q x_i + shift */
static inline double *moved(int64_t n, int d, const double *x, const double *q, double shift)
{
    double *y = numbers(n * d);
    for (int64_t i = 0; i < n; i++) {
        for (int a = 0; a < d; a++) {
            y[i * d + a] = shift;
            for (int b = 0; b < d; b++) {
                y[i * d + a] += q[a * d + b] * x[i * d + b];
            }
        }
    }
    return y;
}

/* ---------------------------------------------------------------------------------- gradients */

/* sum_ij w_ij K_ij with parameters theta as inputs, its gradient in theta and x (and z). */
typedef struct gradient_case {
    const gndp_kernel *k;
    int n, m, d, p, params; /* m 0: x with itself */
} gradient_case;

static inline double weighted(const gradient_case *c, const double *theta, const double *x,
                              const double *z, const double *w, double *d_theta, double *d_x,
                              double *d_z)
{
    gndp_graph *g = NULL;
    gndp_device *device = NULL;
    gndp_plan *plan = NULL;
    gndp_node parts[64], in[3], grad[3], loss;
    double value = 0.0;
    const int n_in = c->m > 0 ? 3 : 2, columns = c->m > 0 ? c->m : c->n;
    assert_int_equal(gndp_graph_create(&g), GNDP_OK);
    in[0] = gndp_input(g, "theta", gndp_type_1d(GNDP_F64, c->params));
    in[1] = gndp_input(g, "x", gndp_type_2d(GNDP_F64, c->n, c->d));
    in[2] = c->m > 0 ? gndp_input(g, "z", gndp_type_2d(GNDP_F64, c->m, c->d)) : GNDP_NONE;
    for (int i = 0; i < c->params; i++) {
        parts[i] = gndp_reshape(g, gndp_slice_axis(g, in[0], 0, i, i + 1), 0, NULL);
    }
    const gndp_node gram = gndp_kernel_gram(g, c->k, parts, in[1], in[2]);
    const gndp_node weight =
        gndp_constant(g, gndp_type_2d(GNDP_F64, c->n * c->p, columns * c->p), w);
    loss = gndp_sum_all(g, gndp_mul(g, gram, weight));
    gndp_grad(g, loss, in, n_in, grad);
    gndp_node out[8] = {loss};
    double zero[3] = {0};
    double *to[3] = {d_theta, d_x, d_z};
    gndp_array result[8] = {gndp_array_view(gndp_type_scalar(GNDP_F64), &value)};
    int n_out = 1;
    for (int i = 0; i < n_in; i++) { /* every input is read, also where nothing depends on it */
        out[n_out] = gndp_sum_all(g, in[i]);
        result[n_out++] = gndp_array_view(gndp_type_scalar(GNDP_F64), &zero[i]);
        if (!gndp_is_none(grad[i]) && to[i] != NULL) {
            out[n_out] = grad[i];
            result[n_out++] = gndp_array_view(gndp_node_type(in[i]), to[i]);
        }
    }
    assert_int_equal(gndp_device_open("cpu", NULL, &device), GNDP_OK);
    if (gndp_plan_create(g, out, n_out, device, NULL, &plan) != GNDP_OK) {
        fail_msg("%s", gndp_last_error());
    }
    double *copies[3] = {numbers(c->params), numbers((int64_t)c->n * c->d),
                         numbers((int64_t)c->m * c->d)};
    memcpy(copies[0], theta, (size_t)c->params * sizeof *theta);
    memcpy(copies[1], x, (size_t)(c->n * c->d) * sizeof *x);
    if (c->m > 0) {
        memcpy(copies[2], z, (size_t)(c->m * c->d) * sizeof *z);
    }
    const char *const name[3] = {"theta", "x", "z"};
    gndp_feed feed[3];
    for (int i = 0; i < n_in; i++) {
        feed[i] = (gndp_feed){name[i], gndp_array_view(gndp_node_type(in[i]), copies[i])};
    }
    if (gndp_plan_run(plan, feed, n_in, result, n_out) != GNDP_OK) {
        fail_msg("%s", gndp_last_error());
    }
    for (int i = 0; i < 3; i++) {
        free(copies[i]);
    }
    gndp_plan_free(plan);
    gndp_device_free(device);
    gndp_graph_free(g);
    return value;
}

/* One directional derivative by the graph and by fourth-order central differences along a random
   direction: relative to the sizes involved below `tolerance`. which: 0 theta, 1 x, 2 z. */
static inline void check_direction(const char *text, const gradient_case *c, const double *theta,
                                   const double *x, const double *z, const double *w, int which,
                                   double tolerance)
{
    const double *const at[3] = {theta, x, z};
    const int count[3] = {c->params, c->n * c->d, c->m * c->d};
    const int n = count[which];
    double *grad[3] = {numbers(count[0]), numbers(count[1]), numbers(count[2])};
    double *direction = normals(n, 90u + (uint32_t)which), *point = numbers(n);
    double exact = 0.0, size = 0.0, value[4];
    const double h = 1e-3, step[4] = {-2.0, -1.0, 1.0, 2.0};
    weighted(c, theta, x, z, w, grad[0], grad[1], grad[2]);
    for (int i = 0; i < n; i++) {
        gndp_kernel_param p;
        if (which == 0) { /* relative steps; structural numbers stay */
            assert_int_equal(gndp_kernel_param_get(c->k, i, &p), GNDP_OK);
            direction[i] *= p.fittable ? 0.3 * fabs(theta[i]) : 0.0;
        }
        exact += grad[which][i] * direction[i];
        size += fabs(grad[which][i] * direction[i]);
    }
    for (int s = 0; s < 4; s++) {
        for (int i = 0; i < n; i++) {
            point[i] = at[which][i] + step[s] * h * direction[i];
        }
        value[s] = weighted(c, which == 0 ? point : theta, which == 1 ? point : x,
                            which == 2 ? point : z, w, NULL, NULL, NULL);
    }
    const double estimate = (value[0] - 8.0 * value[1] + 8.0 * value[2] - value[3]) / (12.0 * h);
    if (!(fabs(estimate - exact) <= tolerance * (size + 1e-3))) {
        fail_msg("%s, argument %d: gradient %.12g, differences %.12g, off by %.2g", text, which,
                 exact, estimate, fabs(estimate - exact) / (size + 1e-3));
    }
    for (int i = 0; i < 3; i++) {
        free(grad[i]);
    }
    free(direction);
    free(point);
}

/* Gradients of a kernel in parameters, x and z, of x with z and of x with itself, at x [n, d],
   z [m, d]. */
static inline void check_gradients(const char *text, int n, int m, int d, const double *x,
                                   const double *z, double tolerance)
{
    gndp_kernel *k = kernel_of(text);
    gradient_case c = {.k = k, .n = n, .m = m, .d = d, .p = gndp_kernel_outputs(k, d)};
    double theta[64];
    c.params = gndp_kernel_param_count(k);
    for (int i = 0; i < c.params; i++) {
        gndp_kernel_param p;
        assert_int_equal(gndp_kernel_param_get(k, i, &p), GNDP_OK);
        theta[i] = p.value;
    }
    double *w = normals((int64_t)n * (m > n ? m : n) * c.p * c.p, 71);
    for (int which = 0; which < 3; which++) {
        check_direction(text, &c, theta, x, z, w, which, tolerance);
    }
    c.m = 0;
    for (int which = 0; which < 2; which++) {
        check_direction(text, &c, theta, x, NULL, w, which, tolerance);
    }
    free(w);
    gndp_kernel_free(k);
}

#endif
