// SPDX-License-Identifier: Apache-2.0
// Gaussian laws: the public calls, in terms of the factorisation's table.
#include "kernels/gaussian.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static gndp_status check_call(const gndp_gaussian *law, int64_t n, const void *in, const void *out)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(law != NULL, GNDP_ERR_ARG, "law is NULL");
    GNDP_CHECK(n >= 0, GNDP_ERR_RANGE, "%lld vectors", (long long)n);
    GNDP_CHECK(n == 0 || (in != NULL && out != NULL), GNDP_ERR_ARG, "an array is NULL");
    GNDP_CHECK(n == 0 || in != out, GNDP_ERR_ARG, "input and output are the same array");
done:
    return st;
}

static void add_mean(const gndp_gaussian *law, int64_t n, double *out)
{
    for (int64_t r = 0; r < n && law->mean != NULL; r++) {
        for (int64_t i = 0; i < law->size; i++) {
            out[r * law->size + i] += law->mean[i];
        }
    }
}

gndp_status gndp_gaussian_sample(const gndp_gaussian *law, uint64_t seed, const uint32_t *member,
                                 int64_t n, double *out)
{
    gndp_status st = GNDP_OK;
    GNDP_TRY(check_call(law, n, member, out));
    if (n == 0) {
        goto done;
    }
    const int before = gaussian_threads_begin(law->options.threads);
    st = law->ops->sample(law->impl, seed, member, n, out);
    gaussian_threads_end(before);
    GNDP_TRY(st);
    add_mean(law, n, out);
done:
    return st;
}

gndp_status gndp_gaussian_sample_subset(const gndp_gaussian *law, uint64_t seed,
                                        const uint32_t *member, int64_t n, const int64_t *index,
                                        int64_t m, double *out)
{
    gndp_status st = GNDP_OK;
    double *whole = NULL;
    GNDP_TRY(check_call(law, n, member, out));
    GNDP_CHECK(m >= 0 && (m == 0 || index != NULL), GNDP_ERR_ARG, "%lld indices", (long long)m);
    const int64_t points = law->size / law->outputs, p = law->outputs,
                  group = n < GAUSSIAN_GROUP ? n : GAUSSIAN_GROUP;
    for (int64_t i = 0; i < m; i++) {
        GNDP_CHECK(index[i] >= 0 && index[i] < points, GNDP_ERR_RANGE,
                   "index %lld is %lld, outside 0..%lld", (long long)i, (long long)index[i],
                   (long long)points - 1);
    }
    if (n == 0) {
        goto done;
    }
    whole = gndp_pages_alloc((size_t)(group * law->size) * sizeof *whole);
    GNDP_CHECK(whole != NULL, GNDP_ERR_NOMEM, "%lld whole draws", (long long)group);
    for (int64_t r = 0; r < n; r += group) {
        const int64_t some = n - r < group ? n - r : group;
        GNDP_TRY(gndp_gaussian_sample(law, seed, member + r, some, whole));
        for (int64_t s = 0; s < some; s++) {
            for (int64_t i = 0; i < m; i++) {
                memcpy(out + ((r + s) * m + i) * p, whole + s * law->size + index[i] * p,
                       (size_t)p * sizeof *out);
            }
        }
    }
done:
    gndp_pages_free(whole, whole == NULL ? 0 : (size_t)(group * law->size) * sizeof *whole);
    return st;
}

/* R (R' v), a group of vectors at a time. */
static gndp_status root_then_root(const gndp_gaussian *law, int64_t n, const double *v, double *out)
{
    gndp_status st = GNDP_OK;
    const int64_t group = n < GAUSSIAN_GROUP ? n : GAUSSIAN_GROUP;
    const size_t bytes = (size_t)(group * law->facts.rank) * sizeof(double);
    double *e = gndp_pages_alloc(bytes);
    GNDP_CHECK(e != NULL, GNDP_ERR_NOMEM, "%zu bytes", bytes);
    for (int64_t r = 0; r < n; r += group) {
        const int64_t some = n - r < group ? n - r : group;
        GNDP_TRY(law->ops->root(law->impl, true, some, v + r * law->size, e));
        GNDP_TRY(law->ops->root(law->impl, false, some, e, out + r * law->size));
    }
done:
    gndp_pages_free(e, bytes);
    return st;
}

gndp_status gndp_gaussian_apply(const gndp_gaussian *law, int64_t n, const double *v, double *out)
{
    gndp_status st = GNDP_OK;
    GNDP_TRY(check_call(law, n, v, out));
    if (n == 0) {
        goto done;
    }
    const int before = gaussian_threads_begin(law->options.threads);
    st = law->ops->apply != NULL ? law->ops->apply(law->impl, n, v, out)
                                 : root_then_root(law, n, v, out);
    gaussian_threads_end(before);
    GNDP_TRY(st);
done:
    return st;
}

gndp_status gndp_gaussian_apply_root(const gndp_gaussian *law, bool transposed, int64_t n,
                                     const double *v, double *out)
{
    gndp_status st = GNDP_OK;
    GNDP_TRY(check_call(law, n, v, out));
    if (n == 0) {
        goto done;
    }
    const int before = gaussian_threads_begin(law->options.threads);
    st = law->ops->root(law->impl, transposed, n, v, out);
    gaussian_threads_end(before);
    GNDP_TRY(st);
done:
    return st;
}

static gndp_status check_finite(int64_t n, const double *v, const char *what)
{
    gndp_status st = GNDP_OK;
    for (int64_t i = 0; i < n; i++) {
        GNDP_CHECK(isfinite(v[i]), GNDP_ERR_NONFINITE, "%s: value %lld is %g", what, (long long)i,
                   v[i]);
    }
done:
    return st;
}

gndp_status gndp_gaussian_solve(const gndp_gaussian *law, int64_t n, const double *v, double *out)
{
    gndp_status st = GNDP_OK;
    GNDP_TRY(check_call(law, n, v, out));
    if (n == 0) {
        goto done;
    }
    GNDP_TRY(check_finite(n * law->size, v, "v"));
    const int before = gaussian_threads_begin(law->options.threads);
    st = law->ops->solve(law->impl, n, v, out);
    gaussian_threads_end(before);
    GNDP_TRY(st);
done:
    return st;
}

gndp_status gndp_gaussian_log_det(const gndp_gaussian *law, double *out)
{
    gndp_status st = GNDP_OK;
    GNDP_TRY(check_call(law, 1, law, out));
    GNDP_TRY(law->ops->log_det(law->impl, out));
done:
    return st;
}

static gndp_status quadratic_by_solve(const gndp_gaussian *law, int64_t n, const double *v,
                                      double *out)
{
    gndp_status st = GNDP_OK;
    double *x = malloc((size_t)law->size * sizeof *x);
    GNDP_CHECK(x != NULL, GNDP_ERR_NOMEM, "%lld values", (long long)law->size);
    for (int64_t r = 0; r < n; r++) {
        const double *y = v + r * law->size;
        double sum = 0.0;
        GNDP_TRY(law->ops->solve(law->impl, 1, y, x));
        for (int64_t i = 0; i < law->size; i++) {
            sum += x[i] * y[i];
        }
        out[r] = sum;
    }
done:
    free(x);
    return st;
}

/* ln N(y; m, K) = -((y - m)' K^-1 (y - m) + ln det K + N P ln 2 pi) / 2 */
gndp_status gndp_gaussian_log_prob(const gndp_gaussian *law, int64_t n, const double *y,
                                   double *out)
{
    gndp_status st = GNDP_OK;
    double *centred = NULL, log_det = 0.0;
    GNDP_TRY(check_call(law, n, y, out));
    if (n == 0) {
        goto done;
    }
    GNDP_TRY(check_finite(n * law->size, y, "y"));
    GNDP_TRY(law->ops->log_det(law->impl, &log_det));
    centred = malloc((size_t)(n * law->size) * sizeof *centred + 1);
    GNDP_CHECK(centred != NULL, GNDP_ERR_NOMEM, "%lld values", (long long)(n * law->size));
    for (int64_t i = 0; i < n * law->size; i++) {
        centred[i] = y[i] - (law->mean != NULL ? law->mean[i % law->size] : 0.0);
    }
    const int before = gaussian_threads_begin(law->options.threads);
    st = law->ops->quadratic != NULL ? law->ops->quadratic(law->impl, n, centred, out)
                                     : quadratic_by_solve(law, n, centred, out);
    gaussian_threads_end(before);
    GNDP_TRY(st);
    for (int64_t r = 0; r < n; r++) {
        out[r] = -0.5 * (out[r] + log_det + (double)law->size * log(2.0 * 3.14159265358979323846));
    }
done:
    free(centred);
    return st;
}

void gndp_gaussian_mean(const gndp_gaussian *law, double *out)
{
    for (int64_t i = 0; i < law->size; i++) {
        out[i] = law->mean != NULL ? law->mean[i] : 0.0;
    }
}

gndp_status gndp_gaussian_variance(const gndp_gaussian *law, double *out)
{
    gndp_status st = GNDP_OK;
    GNDP_TRY(check_call(law, 1, law, out));
    GNDP_TRY(law->ops->variance(law->impl, out));
done:
    return st;
}
