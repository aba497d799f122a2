// SPDX-License-Identifier: Apache-2.0
// Dense algebra on the observed values: plain loops, so that bits depend on one vector alone.
#include <math.h>

#include "cond/conditioner.h"
#include "kernels/factor.h"

double small_dot(int64_t n, const double *a, const double *b)
{
    enum { WAYS = 8 };
    double part[WAYS] = {0}, sum = 0.0;
    int64_t i = 0;
    for (; i + WAYS <= n; i += WAYS) {
        for (int k = 0; k < WAYS; k++) {
            part[k] += a[i + k] * b[i + k];
        }
    }
    for (; i < n; i++) {
        sum += a[i] * b[i];
    }
    for (int k = 0; k < WAYS; k++) {
        sum += part[k];
    }
    return sum;
}

bool small_factor(int64_t n, double *a, double least, int64_t *bad)
{
    double pivot = 0.0, worst = 0.0;
    *bad = factor_f64(n, a, 1, &pivot);
    if (*bad >= 0) {
        return false;
    }
    for (int64_t i = 0; i < n; i++) {
        const double *row = a + i * n; /* its squares sum to the entry of the diagonal */
        const double all = small_dot(i + 1, row, row), share = row[i] * row[i] / all;
        if (!(share >= least) && (*bad < 0 || share < worst)) {
            *bad = i;
            worst = share;
        }
    }
    return *bad < 0;
}

void small_forward(int64_t n, const double *l, double *x)
{
    for (int64_t i = 0; i < n; i++) {
        x[i] = (x[i] - small_dot(i, l + i * n, x)) / l[i * n + i];
    }
}

void small_solve(int64_t n, const double *l, double *x)
{
    small_forward(n, l, x);
    for (int64_t i = n - 1; i >= 0; i--) {
        const double *row = l + i * n, v = x[i] / row[i];
        x[i] = v;
        for (int64_t j = 0; j < i; j++) {
            x[j] -= row[j] * v;
        }
    }
}

void small_colour(int64_t n, const double *l, const double *x, double *out)
{
    for (int64_t i = 0; i < n; i++) {
        out[i] = small_dot(i + 1, l + i * n, x);
    }
}

double small_log_det(int64_t n, const double *l)
{
    double sum = 0.0;
    for (int64_t i = 0; i < n; i++) {
        sum += log(l[i * n + i]);
    }
    return 2.0 * sum;
}
