// SPDX-License-Identifier: Apache-2.0
// Kernels, points and draws for the tests of Gaussian processes, and a plain dense solver as their
// oracle.
#ifndef GNDP_TEST_GP_CASE_H
#define GNDP_TEST_GP_CASE_H

#include "support/test_main.h"

#include <gndp/gp.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LN_2PI 1.8378770664093454836

static inline void assert_close(double got, double want, double tolerance)
{
    if (!(fabs(got - want) <= tolerance)) {
        fail_msg("got %.17g, want %.17g, off by %.3g > %.3g", got, want, fabs(got - want),
                 tolerance);
    }
}

static inline void must(gndp_status st)
{
    if (st != GNDP_OK) {
        fail_msg("%s", gndp_last_error());
    }
}

/* The call failed with this status, by a message that holds `text`. */
static inline void assert_fails(gndp_status got, gndp_status want, const char *text)
{
    if (got != want || strstr(gndp_last_error(), text) == NULL) {
        fail_msg("%s, wanted %s with \"%s\": %s", gndp_status_name(got), gndp_status_name(want),
                 text, gndp_last_error());
    }
}

static inline gndp_kernel *parse(const char *text)
{
    gndp_kernel *k = NULL;
    must(gndp_kernel_parse(text, &k));
    return k;
}

static inline double *zeros(int64_t n)
{
    double *out = calloc((size_t)n + 1, sizeof *out);
    assert_non_null(out);
    return out;
}

/* Uniforms on (low, high), and normals; a function of the stream. */
static inline double *uniforms(int64_t n, double low, double high, uint32_t stream)
{
    double *out = zeros(n);
    must(gndp_random_uniform_f64(2024, 0, 0, stream, 0, n, out));
    for (int64_t i = 0; i < n; i++) {
        out[i] = low + (high - low) * out[i];
    }
    return out;
}

static inline double *normals(int64_t n, uint32_t stream)
{
    double *out = zeros(n);
    must(gndp_random_normal_f64(2024, 0, 0, stream, 0, n, out));
    return out;
}

/* n points on the unit sphere. */
static inline double *on_sphere(int64_t n, uint32_t stream)
{
    double *out = normals(3 * n, stream);
    for (int64_t i = 0; i < n; i++) {
        double *x = out + 3 * i;
        const double length = sqrt(x[0] * x[0] + x[1] * x[1] + x[2] * x[2]);
        for (int j = 0; j < 3; j++) {
            x[j] /= length;
        }
    }
    return out;
}

static inline gndp_array at(const double *x, int64_t n, int64_t d)
{
    return gndp_array_view(gndp_type_2d(GNDP_F64, n, d), (double *)(uintptr_t)x);
}

static inline gndp_gp_data data_of(const double *x, int64_t n, int64_t d, const double *y,
                                   const double *noise)
{
    return (gndp_gp_data){.x = at(x, n, d), .y = y, .noise = noise};
}

static inline gndp_gp *condition(const char *kernel, gndp_gp_data data)
{
    gndp_kernel *k = parse(kernel);
    gndp_gp *gp = NULL;
    must(gndp_gp_create(k, &data, &gp));
    gndp_kernel_free(k);
    return gp;
}

/* A draw of observations of the prior, white noise included, at x [n, d]: out [n P]. */
static inline double *draw_prior(const char *kernel, const double *x, int64_t n, int64_t d,
                                 int64_t outputs, uint32_t member)
{
    gndp_gp *gp = condition(kernel, data_of(NULL, 0, d, NULL, NULL));
    double *out = zeros(n * outputs);
    const gndp_array points = at(x, n, d);
    must(gndp_gp_sample(gp, &points, true, 99, &member, 1, out));
    gndp_gp_free(gp);
    return out;
}

/* a [n, n] <- its inverse by Gauss and Jordan without pivoting (a is positive definite); ln det a.
 */
static inline double invert(int64_t n, double *a)
{
    double log_det = 0.0;
    for (int64_t p = 0; p < n; p++) {
        const double pivot = a[p * n + p];
        assert_true(pivot > 0.0);
        log_det += log(pivot);
        a[p * n + p] = 1.0;
        for (int64_t j = 0; j < n; j++) {
            a[p * n + j] /= pivot;
        }
        for (int64_t i = 0; i < n; i++) {
            const double factor = a[i * n + p];
            if (i == p) {
                continue;
            }
            a[i * n + p] = 0.0;
            for (int64_t j = 0; j < n; j++) {
                a[i * n + j] -= factor * a[p * n + j];
            }
        }
    }
    return log_det;
}

/* sum_ij a_i m_ij b_j */
static inline double between(int64_t n, const double *a, const double *m, const double *b)
{
    double sum = 0.0;
    for (int64_t i = 0; i < n; i++) {
        for (int64_t j = 0; j < n; j++) {
            sum += a[i] * m[i * n + j] * b[j];
        }
    }
    return sum;
}

#endif
