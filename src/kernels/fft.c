// SPDX-License-Identifier: Apache-2.0
// Real Fourier transforms through FFTW, planned under one lock.
#include "kernels/fft.h"

#include <limits.h>
#include <pthread.h>
#include <stdlib.h>

#include <fftw3.h>

/* FFTW's planner is not safe against itself; running a plan is. FFTW_ESTIMATE chooses by size alone
   and FFTW_UNALIGNED makes no use of addresses, so that equal inputs give equal bits always. */
static pthread_mutex_t planner = PTHREAD_MUTEX_INITIALIZER;
#define FLAGS (FFTW_ESTIMATE | FFTW_UNALIGNED)

enum { MAX_AXES = 4 };

struct fft {
    fftw_plan forward, backward;
    int axes;
    int64_t n[MAX_AXES];
};

void fft_free(fft *plan)
{
    if (plan != NULL) {
        pthread_mutex_lock(&planner);
        if (plan->forward != NULL) {
            fftw_destroy_plan(plan->forward);
        }
        if (plan->backward != NULL) {
            fftw_destroy_plan(plan->backward);
        }
        pthread_mutex_unlock(&planner);
        free(plan);
    }
}

gndp_status fft_row_create(int64_t n, int64_t stride, fft **out)
{
    gndp_status st = GNDP_OK;
    fft *plan = NULL;
    double *x = NULL;
    fftw_complex *spec = NULL;
    *out = NULL;
    GNDP_CHECK(n > 0 && stride > 0 && n <= INT_MAX / stride, GNDP_ERR_RANGE,
               "a transform of %lld values at stride %lld", (long long)n, (long long)stride);
    plan = calloc(1, sizeof *plan);
    x = fftw_alloc_real((size_t)(n * stride)); /* FFTW_ESTIMATE does not touch them */
    spec = fftw_alloc_complex((size_t)(n / 2 + 1));
    GNDP_CHECK(plan != NULL && x != NULL && spec != NULL, GNDP_ERR_NOMEM,
               "a transform of %lld values", (long long)n);
    plan->axes = 1;
    plan->n[0] = n;
    const int size = (int)n, step = (int)stride;
    pthread_mutex_lock(&planner);
    plan->forward = fftw_plan_many_dft_r2c(1, &size, 1, x, NULL, step, 0, spec, NULL, 1, 0,
                                           FLAGS | FFTW_PRESERVE_INPUT);
    plan->backward = fftw_plan_many_dft_c2r(1, &size, 1, spec, NULL, 1, 0, x, NULL, step, 0, FLAGS);
    pthread_mutex_unlock(&planner);
    GNDP_CHECK(plan->forward != NULL && plan->backward != NULL, GNDP_ERR_NOMEM,
               "FFTW makes no plan for %lld values", (long long)n);
    *out = plan;
    plan = NULL;
done:
    fft_free(plan);
    fftw_free(x);
    fftw_free(spec);
    return st;
}

void fft_row_forward(const fft *plan, const double *x, double *spec)
{
    double *input =
        (double *)(uintptr_t)x; /* planned with FFTW_PRESERVE_INPUT: only its type lacks const */
    fftw_execute_dft_r2c(plan->forward, input, (fftw_complex *)spec);
}

void fft_row_backward(const fft *plan, double *spec, double *x)
{
    fftw_execute_dft_c2r(plan->backward, (fftw_complex *)spec, x);
}

static int64_t total(const fft *plan)
{
    int64_t n = 1;
    for (int a = 0; a < plan->axes; a++) {
        n *= plan->n[a];
    }
    return n;
}

int64_t fft_hartley_work(const fft *plan)
{
    const int64_t last = plan->n[plan->axes - 1];
    return total(plan) / last * (last / 2 + 1) * 2;
}

gndp_status fft_hartley_create(int axes, const int64_t *n, fft **out)
{
    gndp_status st = GNDP_OK;
    fft *plan = NULL;
    double *x = NULL, *work = NULL;
    int size[MAX_AXES];
    *out = NULL;
    GNDP_CHECK(axes >= 1 && axes <= MAX_AXES, GNDP_ERR_RANGE, "%d axes", axes);
    plan = calloc(1, sizeof *plan);
    GNDP_CHECK(plan != NULL, GNDP_ERR_NOMEM, "%zu bytes", sizeof *plan);
    plan->axes = axes;
    for (int a = 0; a < axes; a++) {
        GNDP_CHECK(n[a] > 0 && n[a] <= INT_MAX, GNDP_ERR_RANGE, "%lld values on axis %d",
                   (long long)n[a], a);
        size[a] = (int)n[a];
        plan->n[a] = n[a];
    }
    x = fftw_alloc_real((size_t)total(plan));
    work = fftw_alloc_real((size_t)fft_hartley_work(plan));
    GNDP_CHECK(x != NULL && work != NULL, GNDP_ERR_NOMEM, "a transform of %lld values",
               (long long)total(plan));
    pthread_mutex_lock(&planner);
    plan->forward = fftw_plan_dft_r2c(axes, size, x, (fftw_complex *)work, FLAGS);
    pthread_mutex_unlock(&planner);
    GNDP_CHECK(plan->forward != NULL, GNDP_ERR_NOMEM, "FFTW makes no plan for %lld values",
               (long long)total(plan));
    *out = plan;
    plan = NULL;
done:
    fft_free(plan);
    fftw_free(x);
    fftw_free(work);
    return st;
}

/* cas = cos + sin; F = sum x exp(-i ..) has the parts sum x cos and -sum x sin, so the transform is
   Re F - Im F, and F(-j) = conj F(j) gives the half that a real transform leaves out. */
void fft_hartley(const fft *plan, double *x, double *work, double *out)
{
    const int64_t last = plan->n[plan->axes - 1], half = last / 2 + 1, rows = total(plan) / last;
    fftw_execute_dft_r2c(plan->forward, x, (fftw_complex *)work);
    for (int64_t r = 0; r < rows; r++) {
        int64_t mirror = 0, rest = r, scale = 1; /* row of the negated indices */
        for (int a = plan->axes - 2; a >= 0; a--) {
            const int64_t j = rest % plan->n[a];
            mirror += (j == 0 ? 0 : plan->n[a] - j) * scale;
            scale *= plan->n[a];
            rest /= plan->n[a];
        }
        const double *f = work + r * half * 2, *g = work + mirror * half * 2;
        double *y = out + r * last;
        for (int64_t j = 0; j < half; j++) {
            y[j] = f[2 * j] - f[2 * j + 1];
        }
        for (int64_t j = half; j < last; j++) {
            const int64_t k = last - j;
            y[j] = g[2 * k] + g[2 * k + 1];
        }
    }
}

int64_t fft_good_size(int64_t low)
{
    for (int64_t n = low + (low & 1);; n += 2) {
        int64_t rest = n;
        for (int p = 2; p <= 7; p += p == 2 ? 1 : 2) {
            while (rest % p == 0) {
                rest /= p;
            }
        }
        if (rest == 1) {
            return n;
        }
    }
}
