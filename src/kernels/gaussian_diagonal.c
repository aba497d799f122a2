// SPDX-License-Identifier: Apache-2.0
// White noise: K = w I, which needs no factor.
#include <math.h>
#include <stdlib.h>

#include "kernels/gaussian.h"

typedef struct diagonal_law {
    int64_t n;
    double w;
} diagonal_law;

static gndp_status diagonal_create(const gaussian_problem *p, void **impl, gaussian_facts *facts)
{
    gndp_status st = GNDP_OK;
    diagonal_law *d = NULL;
    const double white = covariance_white(p->cov);
    GNDP_CHECK(p->cov->block_is_zero && white >= 0.0, GNDP_ERR_UNSUPPORTED,
               "the kernel is more than white noise: %s", p->cov->text);
    for (int64_t i = 0; p->points->kind == GNDP_POINTS_LATLON && i < p->points->n_lat; i++) {
        GNDP_CHECK(!points_is_pole(p->points, i), GNDP_ERR_UNSUPPORTED,
                   "the %lld points at the pole (latitude %lld) are one point",
                   (long long)p->points->n_lon, (long long)i);
    }
    GNDP_CHECK(white > 0.0, GNDP_ERR_NOT_PD, "%s: the variance is 0", p->cov->text);
    d = malloc(sizeof *d);
    GNDP_CHECK(d != NULL, GNDP_ERR_NOMEM, "%zu bytes", sizeof *d);
    *d = (diagonal_law){p->size,
                        white + (p->options.jitter > 0.0 ? p->options.jitter * white : 0.0)};
    facts->rank = p->size;
    facts->jitter = d->w - white;
    facts->bytes = sizeof *d;
    snprintf(facts->note, sizeof facts->note, "white noise of variance %.6g", d->w);
    *impl = d;
done:
    return st;
}

static void scaled(const diagonal_law *d, double factor, int64_t n, const double *v, double *out)
{
    for (int64_t i = 0; i < n * d->n; i++) {
        out[i] = factor * v[i];
    }
}

static gndp_status diagonal_sample(const void *impl, uint64_t seed, const uint32_t *member,
                                   int64_t n, double *out)
{
    gndp_status st = GNDP_OK;
    const diagonal_law *d = impl;
    const double root = sqrt(d->w);
    for (int64_t r = 0; r < n; r++) {
        double *y = out + r * d->n;
        GNDP_TRY(gndp_random_normal_f64(seed, 0, member[r], GAUSSIAN_STREAM, 0, d->n, y));
        for (int64_t i = 0; i < d->n; i++) {
            y[i] *= root;
        }
    }
done:
    return st;
}

static gndp_status diagonal_root(const void *impl, bool transposed, int64_t n, const double *v,
                                 double *out)
{
    const diagonal_law *d = impl;
    (void)transposed;
    scaled(d, sqrt(d->w), n, v, out);
    return GNDP_OK;
}

static gndp_status diagonal_apply(const void *impl, int64_t n, const double *v, double *out)
{
    const diagonal_law *d = impl;
    scaled(d, d->w, n, v, out);
    return GNDP_OK;
}

static gndp_status diagonal_solve(const void *impl, int64_t n, const double *v, double *out)
{
    const diagonal_law *d = impl;
    scaled(d, 1.0 / d->w, n, v, out);
    return GNDP_OK;
}

static gndp_status diagonal_log_det(const void *impl, double *out)
{
    const diagonal_law *d = impl;
    *out = (double)d->n * log(d->w);
    return GNDP_OK;
}

static gndp_status diagonal_variance(const void *impl, double *out)
{
    const diagonal_law *d = impl;
    for (int64_t i = 0; i < d->n; i++) {
        out[i] = d->w;
    }
    return GNDP_OK;
}

const gaussian_ops gaussian_diagonal_ops = {.kind = GNDP_FACTOR_DIAGONAL,
                                            .name = "diagonal",
                                            .create = diagonal_create,
                                            .free = free,
                                            .sample = diagonal_sample,
                                            .root = diagonal_root,
                                            .apply = diagonal_apply,
                                            .solve = diagonal_solve,
                                            .log_det = diagonal_log_det,
                                            .variance = diagonal_variance};
