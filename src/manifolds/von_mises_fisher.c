// SPDX-License-Identifier: Apache-2.0
// Von Mises-Fisher law on S² and kernel density estimates with it.
#include <gndp/manifolds.h>

#include <math.h>

static const double pi = 3.14159265358979323846;

enum {
    SCAN = 12,    /* places of the scan before the golden section */
    CHUNKS = 1024 /* parts of a sum over points, added in order: bits do not depend on threads */
};

/* ln of kappa/(2 pi (1 - exp(-2 kappa))): the density at the centre. */
static double log_peak(double kappa)
{
    return log((kappa > 0.0 ? kappa / -expm1(-2.0 * kappa) : 0.5) / (2.0 * pi));
}

double gndp_von_mises_fisher_log_density(double kappa, double c)
{
    return log_peak(kappa) + kappa * (c - 1.0);
}

/* |x - z|² = 2 (1 - c), exact to rounding where c is near 1. */
static double square_chord(const double *x, const double *z)
{
    const double a = x[0] - z[0], b = x[1] - z[1], c = x[2] - z[2];
    return a * a + b * b + c * c;
}

/* Sum over centres but `skip` of exp(-kappa (chord² - shift)/2), without those below exp(-60) of the nearest so far, whose chord² is put out. */
static double sum_kernels(double kappa, int64_t count, const double *centre, const double *x, int64_t skip, double shift, double *nearest)
{
    double sum = 0.0, limit = INFINITY;
    *nearest = INFINITY;
    for (int64_t k = 0; k < count; k++) {
        const double d = square_chord(x, centre + 3 * k);
        if (d > limit || k == skip) {
            continue;
        }
        sum += exp(-0.5 * kappa * (d - shift));
        if (d < *nearest) {
            *nearest = d;
            limit = d + 120.0 / kappa;
        }
    }
    return sum;
}

/* ln of the mean density of the kernels at x, but that of centre `skip` (-1: of all); a second time where no kernel reaches so far in double precision. */
static double kde_at(double kappa, int64_t count, const double *centre, const double *x, int64_t skip)
{
    const int64_t counted = skip >= 0 ? count - 1 : count;
    double nearest, unused, shift = 0.0;
    if (counted < 1) {
        return -INFINITY;
    }
    double sum = sum_kernels(kappa, count, centre, x, skip, shift, &nearest);
    if (0.5 * kappa * nearest > 600.0) {
        shift = nearest;
        sum = sum_kernels(kappa, count, centre, x, skip, shift, &unused);
    }
    return log_peak(kappa) - 0.5 * kappa * shift + log(sum / (double)counted);
}

void gndp_von_mises_fisher_kde(double kappa, int64_t count, const double *centre, int64_t n, const double *x, bool skip, double *log_p)
{
#pragma omp parallel for schedule(static) if (n > 1 && count * n > 10000)
    for (int64_t i = 0; i < n; i++) {
        log_p[i] = kde_at(kappa, count, centre, x + 3 * i, skip ? i : -1);
    }
}

static double leave_one_out(double kappa, int64_t count, const double *centre)
{
    double part[CHUNKS] = {0}, sum = 0.0;
#pragma omp parallel for schedule(dynamic) if (count > 100)
    for (int64_t chunk = 0; chunk < CHUNKS; chunk++) {
        for (int64_t i = count * chunk / CHUNKS; i < count * (chunk + 1) / CHUNKS; i++) {
            part[chunk] += kde_at(kappa, count, centre, centre + 3 * i, i);
        }
    }
    for (int chunk = 0; chunk < CHUNKS; chunk++) {
        sum += part[chunk];
    }
    return sum;
}

double gndp_von_mises_fisher_fit(int64_t count, const double *centre, double low, double high)
{
    const double golden = 0.61803398874989484820, from = log(low), width = log(high / low) / (SCAN - 1);
    double best = -INFINITY;
    int at = 0;
    if (count < 2 || !(low < high)) { /* nothing to leave out, or nothing to choose */
        return low;
    }
    for (int i = 0; i < SCAN; i++) {
        const double value = leave_one_out(i == SCAN - 1 ? high : exp(from + width * i), count, centre);
        if (value > best) {
            best = value;
            at = i;
        }
    }
    double a = from + width * (at > 0 ? at - 1 : 0), b = from + width * (at < SCAN - 1 ? at + 1 : SCAN - 1);
    double c = b - golden * (b - a), d = a + golden * (b - a);
    double at_c = leave_one_out(exp(c), count, centre), at_d = leave_one_out(exp(d), count, centre);
    while (b - a > 1e-3) {
        if (at_c > at_d) {
            b = d, d = c, at_d = at_c;
            c = b - golden * (b - a);
            at_c = leave_one_out(exp(c), count, centre);
        } else {
            a = c, c = d, at_c = at_d;
            d = a + golden * (b - a);
            at_d = leave_one_out(exp(d), count, centre);
        }
    }
    if (at == 0 && best >= fmax(at_c, at_d)) {
        return low;
    }
    return at == SCAN - 1 && best >= fmax(at_c, at_d) ? high : exp(0.5 * (a + b));
}
