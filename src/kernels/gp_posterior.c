// SPDX-License-Identifier: Apache-2.0
// Posteriors of Gaussian processes on grids as laws: the prior by structure, on the grid and the
// observations at once, then Matheron's rule.
#include "kernels/gaussian.h"
#include "kernels/gp_state.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A coordinate this near an axis value, relative to the axis' reach, is that value: decimal text
 * leaves less. */
#define SAME 1e-12

/* The grid with the observations' coordinates joined to its axes. */
typedef struct joined {
    gndp_points points; /* axes below */
    double *axis[4];
    int64_t extra;  /* coordinates that were joined */
    int64_t *index; /* [M, axes] of the observations on the joined axes */
} joined;

static void joined_free(joined *j)
{
    for (int a = 0; a < 4; a++) {
        free(j->axis[a]);
    }
    free(j->index);
}

/* Place of `value` on an axis of n values, or -1. */
static int64_t find(double value, const double *axis, int64_t n, double tolerance)
{
    int64_t best = -1;
    double least = tolerance;
    for (int64_t i = 0; i < n; i++) {
        if (fabs(axis[i] - value) <= least) {
            least = fabs(axis[i] - value);
            best = i;
        }
    }
    return best;
}

static gndp_status join_axis(const gndp_gp *gp, const gndp_points *grid, int a, joined *j)
{
    gndp_status st = GNDP_OK;
    const int64_t n = grid->axis_size[a], m = gp->sizes.points, dim = gp->sizes.dim;
    const double *x = gp->x.data;
    double reach = 0.0;
    int64_t size = n;
    double *axis = j->axis[a] = malloc((size_t)(n + m) * sizeof *axis);
    GNDP_CHECK(axis != NULL, GNDP_ERR_NOMEM, "%lld values", (long long)(n + m));
    memcpy(axis, grid->axis[a], (size_t)n * sizeof *axis);
    for (int64_t i = 0; i < n; i++) {
        reach = fmax(reach, fabs(axis[i]));
    }
    for (int64_t i = 0; i < m; i++) {
        int64_t at = find(x[i * dim + a], axis, size, SAME * reach);
        if (at < 0) {
            at = size++;
            axis[at] = x[i * dim + a];
            j->extra++;
        }
        j->index[i * dim + a] = at;
    }
    j->points.axis[a] = axis;
    j->points.axis_size[a] = size;
done:
    return st;
}

static gndp_status join(const gndp_gp *gp, const gndp_points *grid, joined *j)
{
    gndp_status st = GNDP_OK;
    *j = (joined){.points = *grid};
    j->index = malloc((size_t)(gp->sizes.points * gp->sizes.dim) * sizeof *j->index + 1);
    GNDP_CHECK(j->index != NULL, GNDP_ERR_NOMEM, "%lld points", (long long)gp->sizes.points);
    for (int a = 0; a < grid->n_axes; a++) {
        GNDP_TRY(join_axis(gp, grid, a, j));
    }
done:
    return st;
}

/* What the law is made of. */
typedef struct posterior {
    const gndp_gp *gp;
    const gndp_points *points;
    gndp_gaussian_options options;
    covariance cov; /* of the kernel without white noise */
    double white;
    int64_t outputs, n; /* P, points of the grid */
    gndp_gaussian *base;
    int64_t *seen, *target; /* points of the base law; target NULL: its first n */
    double *mean;           /* of the base law, NULL: 0 */
} posterior;

static void posterior_free(posterior *p)
{
    covariance_free(&p->cov);
    gndp_gaussian_free(p->base);
    free(p->seen);
    free(p->target);
    free(p->mean);
}

static gndp_status make_mean(posterior *p, int64_t points)
{
    gndp_status st = GNDP_OK;
    if (p->gp->mean == 0.0) {
        goto done;
    }
    p->mean = malloc((size_t)(points * p->outputs) * sizeof *p->mean);
    GNDP_CHECK(p->mean != NULL, GNDP_ERR_NOMEM, "%lld values", (long long)(points * p->outputs));
    for (int64_t i = 0; i < points * p->outputs; i++) {
        p->mean[i] = p->gp->mean;
    }
done:
    return st;
}

/* Point number of a multi-index; the last axis varies fastest. */
static int64_t flat(const gndp_points *points, const int64_t *index)
{
    int64_t at = 0;
    for (int a = 0; a < points->n_axes; a++) {
        at = at * points->axis_size[a] + index[a];
    }
    return at;
}

/* Points of the grid among those of the joined axes: the first of each axis. */
static gndp_status targets_of(posterior *p, const joined *j)
{
    gndp_status st = GNDP_OK;
    p->target = malloc((size_t)p->n * sizeof *p->target);
    GNDP_CHECK(p->target != NULL, GNDP_ERR_NOMEM, "%lld points", (long long)p->n);
    for (int64_t i = 0; i < p->n; i++) {
        int64_t index[4], rest = i;
        for (int a = p->points->n_axes - 1; a >= 0; a--) {
            index[a] = rest % p->points->axis_size[a];
            rest /= p->points->axis_size[a];
        }
        p->target[i] = flat(&j->points, index);
    }
done:
    return st;
}

static gndp_status on_product(posterior *p)
{
    gndp_status st = GNDP_OK;
    joined j = {0};
    GNDP_TRY(join(p->gp, p->points, &j));
    GNDP_CHECK(j.extra == 0 || p->cov.axis != NULL, GNDP_ERR_UNSUPPORTED,
               "observations lie between the grid points, and the kernel does not separate into "
               "one factor a coordinate (%s), so that they cannot be joined to the axes",
               p->cov.why_not_separable);
    if (j.extra > 0) {
        p->options.factorisation = GNDP_FACTOR_KRONECKER;
        GNDP_TRY(targets_of(p, &j));
    }
    const int64_t m = p->gp->sizes.points, points = gndp_points_count(&j.points);
    GNDP_TRY(gaussian_check_bytes(&p->options, 8.0 * (double)points * (double)p->outputs,
                                  "the grid with the observations' coordinates joined to it"));
    GNDP_TRY(make_mean(p, points));
    p->seen = malloc((size_t)m * sizeof *p->seen + 1);
    GNDP_CHECK(p->seen != NULL, GNDP_ERR_NOMEM, "%lld points", (long long)m);
    for (int64_t i = 0; i < m; i++) {
        p->seen[i] = flat(&j.points, j.index + i * p->gp->sizes.dim);
    }
    GNDP_TRY(gaussian_create_from(&p->cov, &j.points, p->mean, &p->options, &p->base));
done:
    joined_free(&j);
    return st;
}

static gndp_status on_sphere(posterior *p)
{
    gndp_status st = GNDP_OK;
    const int64_t m = p->gp->sizes.points;
    GNDP_CHECK(p->cov.domain != GNDP_DOMAIN_EUCLIDEAN && p->cov.isotropic, GNDP_ERR_UNSUPPORTED,
               "the kernel is not isotropic on the sphere: %s", p->cov.text);
    GNDP_TRY(make_mean(p, p->n + m));
    GNDP_TRY(
        gaussian_harmonic(&p->cov, p->points, m, p->gp->x.data, p->mean, &p->options, &p->base));
    p->seen = malloc((size_t)m * sizeof *p->seen + 1);
    GNDP_CHECK(p->seen != NULL, GNDP_ERR_NOMEM, "%lld points", (long long)m);
    for (int64_t i = 0; i < m; i++) {
        p->seen[i] = p->n + i;
    }
done:
    return st;
}

/* A = K_cc + noise is the process's own, jitter included: its factor and weight are there. */
static gndp_status condition(const posterior *p, bool observe_noise, gndp_gaussian **out)
{
    gndp_status st = GNDP_OK;
    const int64_t c = p->gp->sizes.points * p->outputs;
    int64_t *seen = gaussian_value_numbers(p->seen, p->gp->sizes.points, p->outputs),
            *target =
                p->target != NULL ? gaussian_value_numbers(p->target, p->n, p->outputs) : NULL;
    double *noise = malloc((size_t)c * sizeof *noise + 1);
    GNDP_CHECK(seen != NULL && noise != NULL && (p->target == NULL || target != NULL),
               GNDP_ERR_NOMEM, "%lld observed values", (long long)c);
    for (int64_t i = 0; i < c; i++) {
        noise[i] = p->gp->noise[i] + p->white + p->gp->jitter;
    }
    GNDP_TRY(gaussian_matheron(p->base,
                               &(gaussian_given){.n_seen = c,
                                                 .seen = seen,
                                                 .noise = noise,
                                                 .factor = p->gp->factor,
                                                 .weight = p->gp->weight,
                                                 .n_target = p->n * p->outputs,
                                                 .target = target,
                                                 .extra = observe_noise ? p->white : 0.0},
                               (int)p->outputs, out));
done:
    free(seen);
    free(target);
    free(noise);
    return st;
}

gndp_status gndp_gp_posterior(const gndp_gp *gp, const gndp_points *points, bool observe_noise,
                              const gndp_gaussian_options *options, gndp_gaussian **out)
{
    gndp_status st = GNDP_OK;
    posterior p = {.gp = gp, .points = points};
    gndp_kernel *rest = NULL;
    GNDP_CHECK(out != NULL, GNDP_ERR_ARG, "out is NULL");
    *out = NULL;
    GNDP_CHECK(gp != NULL && points != NULL, GNDP_ERR_ARG, "%s is NULL",
               gp == NULL ? "gp" : "points");
    GNDP_TRY(gaussian_fill_options(options, &p.options));
    p.options.factorisation = GNDP_FACTOR_AUTO;
    GNDP_TRY(points_check(points));
    GNDP_CHECK(points->kind != GNDP_POINTS_LIST, GNDP_ERR_UNSUPPORTED,
               "a list of points has no structure: gndp_gp_sample draws by a dense factor");
    GNDP_CHECK(points_dim(points) == gp->sizes.dim, GNDP_ERR_SHAPE,
               "points of %lld coordinates, the observations have %lld",
               (long long)points_dim(points), (long long)gp->sizes.dim);
    p.n = gndp_points_count(points);
    p.outputs = gp->sizes.outputs;
    GNDP_TRY(kernel_split_white(gp->kernel, &rest, &p.white));
    GNDP_CHECK(rest != NULL, GNDP_ERR_UNSUPPORTED,
               "the kernel is white noise: observations say nothing of other points");
    GNDP_TRY(covariance_create(rest, gp->sizes.dim, points->kind == GNDP_POINTS_PRODUCT,
                               p.options.threads, &p.cov));
    GNDP_TRY(points->kind == GNDP_POINTS_PRODUCT ? on_product(&p) : on_sphere(&p));
    GNDP_TRY(condition(&p, observe_noise, out));
done:
    gndp_kernel_free(rest);
    posterior_free(&p);
    return st;
}
