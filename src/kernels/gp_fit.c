// SPDX-License-Identifier: Apache-2.0
// Fits of kernel parameters: evidence maximised from several starts, uncertainties by its
// curvature.
#include "base/error.h"
#include "kernels/gp_data.h"
#include "kernels/gp_factor.h"
#include "kernels/gp_graph.h"
#include "kernels/gp_optimise.h"

#include <gndp/gp.h>

#include <float.h>
#include <lapacke.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_PARAMS = 64, DEFAULT_STARTS = 5, DEFAULT_STEPS = 200 };

#define DEFAULT_TOLERANCE 1e-6
#define FIRST_STEP 0.3 /* in logarithms: a factor of 1.35 */
/* Step of the differences of the gradient that make the curvature: truncation 1e-8, rounding 1e-12
 * relative. */
#define CURVATURE_STEP 1e-4
/* This near to a bound, relative to the width, a parameter is said to be at it. */
#define AT_BOUND 0.01
/* Starting points: their own stream of uniforms. */
#define STREAM GNDP_STREAM(0x6770, 1)

/* One parameter that moves: of the kernel's i-th, in logarithm when positive, within a box there.
 */
typedef struct moving {
    int index;
    gndp_kernel_param param;
    gp_box box;
} moving;

typedef struct fit {
    gp_evidence *evidence;
    int n_theta, n;
    double *theta, *slope; /* [n_theta] natural scale, and the gradient there */
    moving move[MAX_PARAMS];
    int evaluations, failed;
} fit;

/* What is known of the data's scale, for bounds. */
typedef struct data_scale {
    double extent, square; /* largest range of a coordinate; mean square of y - mean */
} data_scale;

static double inward(const moving *m, double value)
{
    return m->param.positive ? log(value) : value;
}

static double outward(const moving *m, double coordinate)
{
    return m->param.positive ? exp(coordinate) : coordinate;
}

/* ---- Objective ------------------------------------------------------------------------------- */

/* Minus the evidence and its gradient at coordinates c [n] (logarithms); infinite where it does not
 * exist. */
static gndp_status at_coordinates(fit *f, const double *c, double *value, double *gradient)
{
    gndp_status st = GNDP_OK;
    for (int i = 0; i < f->n; i++) {
        f->theta[f->move[i].index] = outward(&f->move[i], c[i]);
    }
    f->evaluations++;
    st = gp_evidence_run(f->evidence, f->theta, value, f->slope);
    if (st == GNDP_ERR_NOT_PD || (st == GNDP_OK && !isfinite(*value))) {
        f->failed++;
        *value = (double)INFINITY;
        memset(gradient, 0, (size_t)f->n * sizeof *gradient);
        return GNDP_OK;
    }
    GNDP_TRY(st);
    *value = -*value;
    for (int i = 0; i < f->n; i++) {
        const moving *m = &f->move[i];
        gradient[i] = -f->slope[m->index] * (m->param.positive ? f->theta[m->index] : 1.0);
    }
done:
    return st;
}

/* The same in the unbounded variables of the search. */
static gndp_status objective(void *state, const double *u, double *value, double *gradient)
{
    fit *f = state;
    double c[MAX_PARAMS], stretch[MAX_PARAMS];
    for (int i = 0; i < f->n; i++) {
        c[i] = gp_box_value(f->move[i].box, u[i], &stretch[i]);
    }
    const gndp_status st = at_coordinates(f, c, value, gradient);
    for (int i = 0; i < f->n && st == GNDP_OK; i++) {
        gradient[i] *= stretch[i];
    }
    return st;
}

/* ---- What moves, and where ---------------------------------------------------------------------
 */

static data_scale scale_of(const gndp_gp_data *sets, int64_t n_sets, int64_t outputs)
{
    data_scale scale = {0};
    const int64_t d = sets[0].x.type.dim[1];
    double sum = 0.0, count = 0.0;
    for (int64_t j = 0; j < d; j++) {
        double low = (double)INFINITY, high = -(double)INFINITY;
        for (int64_t s = 0; s < n_sets; s++) {
            for (int64_t i = 0; i < sets[s].x.type.dim[0]; i++) {
                const double x = ((const double *)sets[s].x.data)[i * d + j];
                low = fmin(low, x);
                high = fmax(high, x);
            }
        }
        scale.extent = fmax(scale.extent, high - low);
    }
    for (int64_t s = 0; s < n_sets; s++) {
        const int64_t values = sets[s].x.type.dim[0] * outputs;
        for (int64_t i = 0; i < values; i++) {
            sum += (sets[s].y[i] - sets[s].mean) * (sets[s].y[i] - sets[s].mean);
        }
        count += (double)values;
    }
    scale.square = count > 0.0 ? sum / count : 0.0;
    if (!(scale.extent > 0.0)) {
        scale.extent = 1.0;
    }
    if (!(scale.square > 0.0)) {
        scale.square = 1.0;
    }
    return scale;
}

/* The last part of a path, without an index, is `name`. */
static bool path_ends_in(const char *path, const char *name)
{
    const char *slash = strrchr(path, '/'), *last = slash != NULL ? slash + 1 : path;
    return strcspn(last, "[") == strlen(name) && strncmp(last, name, strlen(name)) == 0;
}

/* Wide bounds in natural scale: what the data can tell, and the value that the kernel has. */
static void default_bounds(const gndp_kernel_param *p, data_scale scale, double *low, double *high)
{
    if (!p->positive) {
        const double reach = 10.0 * fmax(fmax(1.0, fabs(p->value)), sqrt(scale.square));
        *low = fmax(p->low, p->value - reach);
        *high = fmin(p->high, p->value + reach);
        return;
    }
    if (path_ends_in(p->path, "lengthscale") || path_ends_in(p->path, "period") ||
        path_ends_in(p->path, "kappa")) {
        *low = 1e-3 * scale.extent;
        *high = 10.0 * scale.extent;
    } else if (path_ends_in(p->path, "variance") || path_ends_in(p->path, "diagonal")) {
        *low = 1e-6 * scale.square;
        *high = 1e3 * scale.square;
    } else {
        *low = 1e-3;
        *high = 1e3;
    }
    if (p->value > 0.0) {
        *low = fmin(*low, 0.1 * p->value);
        *high = fmax(*high, 10.0 * p->value);
    }
    *low = fmax(*low, p->low);
    *high = fmin(*high, p->high);
}

static gndp_status set_box(moving *m, data_scale scale, const gndp_gp_bound *bounds)
{
    gndp_status st = GNDP_OK;
    const gndp_kernel_param *p = &m->param;
    double low, high;
    default_bounds(p, scale, &low, &high);
    for (const gndp_gp_bound *b = bounds; b != NULL && b->path != NULL; b++) {
        if (strcmp(b->path, p->path) == 0) {
            low = b->low;
            high = b->high;
        }
    }
    GNDP_CHECK(isfinite(low) && isfinite(high) && low < high && low >= p->low && high <= p->high &&
                   (!p->positive || low > 0.0),
               GNDP_ERR_RANGE, "bounds of %s: %g to %g, wanted low < high within %g to %g%s",
               p->path, low, high, p->low, p->high, p->positive ? ", above 0" : "");
    m->box = (gp_box){inward(m, low), inward(m, high)};
done:
    return st;
}

/* Every path named by the caller is a parameter that can be fitted. */
static gndp_status check_path(const gndp_kernel *k, const char *path)
{
    gndp_status st = GNDP_OK;
    gndp_kernel_param p;
    const int n = gndp_kernel_param_count(k);
    char known[512] = "";
    for (int i = 0; i < n; i++) {
        GNDP_TRY(gndp_kernel_param_get(k, i, &p));
        if (p.fittable && strcmp(p.path, path) == 0) {
            return GNDP_OK;
        }
        const size_t used = strlen(known);
        if (p.fittable) {
            snprintf(known + used, sizeof known - used, "%s%s", used > 0 ? ", " : "", p.path);
        }
    }
    GNDP_CHECK(false, GNDP_ERR_NOT_FOUND, "no parameter \"%s\" to fit; there are %s", path, known);
done:
    return st;
}

static gndp_status check_paths(const gndp_kernel *k, const gndp_gp_fit_options *o)
{
    gndp_status st = GNDP_OK;
    for (const char *const *path = o->fixed; path != NULL && *path != NULL; path++) {
        GNDP_TRY(check_path(k, *path));
    }
    for (const gndp_gp_bound *b = o->bounds; b != NULL && b->path != NULL; b++) {
        GNDP_TRY(check_path(k, b->path));
    }
done:
    return st;
}

static bool is_fixed(const gndp_gp_fit_options *o, const char *path)
{
    for (const char *const *fixed = o->fixed; fixed != NULL && *fixed != NULL; fixed++) {
        if (strcmp(*fixed, path) == 0) {
            return true;
        }
    }
    return false;
}

static gndp_status choose_moving(fit *f, const gndp_kernel *k, data_scale scale,
                                 const gndp_gp_fit_options *o)
{
    gndp_status st = GNDP_OK;
    for (int i = 0; i < f->n_theta; i++) {
        moving m = {.index = i};
        GNDP_TRY(gndp_kernel_param_get(k, i, &m.param));
        f->theta[i] = m.param.value;
        if (!m.param.fittable || is_fixed(o, m.param.path)) {
            continue;
        }
        GNDP_CHECK(f->n < MAX_PARAMS, GNDP_ERR_RANGE,
                   "more than %d parameters to fit: name some as fixed", (int)MAX_PARAMS);
        GNDP_TRY(set_box(&m, scale, o->bounds));
        f->move[f->n++] = m;
    }
done:
    return st;
}

/* ---- Search ------------------------------------------------------------------------------------
 */

/*
 * Start s of `starts`: the kernel's own values, then a Latin hypercube over the boxes: along each
 * axis the random starts fall into different strata of equal width (McKay, Beckman & Conover 1979).
 */
static gndp_status make_start(const fit *f, int s, int starts, uint64_t seed, double *u)
{
    gndp_status st = GNDP_OK;
    const int strata = starts - 1;
    double *draw = malloc((size_t)(strata + 2) * sizeof *draw);
    GNDP_CHECK(draw != NULL, GNDP_ERR_NOMEM, "%d starts", starts);
    for (int i = 0; i < f->n; i++) {
        const moving *m = &f->move[i];
        double c = inward(m, fmax(m->param.value, m->param.positive ? DBL_MIN : -DBL_MAX));
        if (s > 0) {
            /* rank of draw s among those of all starts: a random permutation; one draw more places
             * it in its stratum */
            int rank = 0;
            GNDP_TRY(gndp_random_uniform_f64(seed, 0, (uint32_t)i, STREAM, 0, strata, draw));
            GNDP_TRY(gndp_random_uniform_f64(seed, 1, (uint32_t)i, STREAM, s, 1, &draw[strata]));
            for (int other = 0; other < strata; other++) {
                rank += draw[other] < draw[s - 1];
            }
            c = m->box.low + (m->box.high - m->box.low) * (rank + draw[strata]) / (double)strata;
        }
        u[i] = gp_box_inverse(m->box, c);
    }
done:
    free(draw);
    return st;
}

static gndp_status search_all(fit *f, const gndp_gp_fit_options *o, double *best_u,
                              gndp_gp_fit_result *result)
{
    gndp_status st = GNDP_OK;
    const gp_search search = {.max_steps = o->max_steps > 0 ? o->max_steps : DEFAULT_STEPS,
                              .tolerance = o->tolerance > 0.0 ? o->tolerance : DEFAULT_TOLERANCE,
                              .first_step = FIRST_STEP};
    const int starts = o->starts > 0 ? o->starts : DEFAULT_STARTS;
    double u[MAX_PARAMS], best = (double)INFINITY, unused[MAX_PARAMS];
    if (f->n == 0) { /* nothing moves: the value where it stands */
        GNDP_TRY(at_coordinates(f, u, &best, unused));
        result->starts_used = isfinite(best);
        result->gradient_norm = 0.0;
    }
    for (int s = 0; s < starts && f->n > 0; s++) {
        gp_minimum found;
        GNDP_TRY(make_start(f, s, starts, o->seed, u));
        GNDP_TRY(gp_minimise(objective, f, f->n, &search, u, &found));
        result->starts_used += isfinite(found.value);
        if (found.value < best) {
            best = found.value;
            result->gradient_norm = found.gradient_norm;
            memcpy(best_u, u, sizeof u);
        }
    }
    result->log_marginal = -best;
done:
    return st;
}

/* ---- Uncertainty
 * --------------------------------------------------------------------------------- */

/* Hessian of minus the evidence in the coordinates of those away from bounds, by central
   differences of the gradient; symmetrised. free_of [n_free] are their numbers. */
static gndp_status curvature(fit *f, const double *c, int n_free, const int *free_of, double *h)
{
    gndp_status st = GNDP_OK;
    double moved[MAX_PARAMS], up[MAX_PARAMS], down[MAX_PARAMS], value_up, value_down;
    for (int i = 0; i < n_free; i++) {
        memcpy(moved, c, (size_t)f->n * sizeof *moved);
        moved[free_of[i]] = c[free_of[i]] + CURVATURE_STEP;
        GNDP_TRY(at_coordinates(f, moved, &value_up, up));
        moved[free_of[i]] = c[free_of[i]] - CURVATURE_STEP;
        GNDP_TRY(at_coordinates(f, moved, &value_down, down));
        const bool bad = !isfinite(value_up) || !isfinite(value_down);
        for (int j = 0; j < n_free; j++) {
            h[i * n_free + j] =
                bad ? (double)NAN : (up[free_of[j]] - down[free_of[j]]) / (2.0 * CURVATURE_STEP);
        }
    }
    for (int i = 0; i < n_free; i++) {
        for (int j = 0; j < i; j++) {
            const double mean = 0.5 * (h[i * n_free + j] + h[j * n_free + i]);
            h[i * n_free + j] = h[j * n_free + i] = mean;
        }
    }
done:
    return st;
}

/*
 * Standard deviations from the inverse of a Hessian h [n, n], destroyed. A direction in which it is
 * not positive beyond the error of its differences says nothing of the parameters that it moves (by
 * 1e-3 of its length and more): NaN.
 */
static gndp_status deviations(int n, double *h, double *sd)
{
    gndp_status st = GNDP_OK;
    double w[MAX_PARAMS], work[4 * MAX_PARAMS], largest = 0.0;
    for (int i = 0; i < n; i++) {
        sd[i] = (double)NAN;
    }
    for (int i = 0; i < n * n; i++) {
        if (!isfinite(h[i])) {
            return GNDP_OK;
        }
    }
    const lapack_int info = LAPACKE_dsyev_work(LAPACK_COL_MAJOR, 'V', 'U', n, h, n, w, work,
                                               (lapack_int)(sizeof work / sizeof *work));
    GNDP_CHECK(info == 0, GNDP_ERR_INTERNAL, "dsyev: %lld", (long long)info);
    for (int e = 0; e < n; e++) {
        largest = fmax(largest, fabs(w[e]));
    }
    for (int i = 0; i < n; i++) {
        double variance = 0.0;
        for (int e = 0; e < n; e++) {
            const double part = h[e * n + i]; /* eigenvector e */
            if (w[e] > 1e-7 * largest) {
                variance += part * part / w[e];
            } else if (fabs(part) > 1e-3) {
                variance = (double)NAN;
            }
        }
        sd[i] = sqrt(variance);
    }
done:
    return st;
}

static gndp_status report(fit *f, const double *u, gndp_gp_fit_result *result)
{
    gndp_status st = GNDP_OK;
    double c[MAX_PARAMS], sd[MAX_PARAMS], *h = NULL;
    int free_of[MAX_PARAMS], n_free = 0;
    result->n_params = f->n;
    for (int i = 0; i < f->n; i++) {
        const moving *m = &f->move[i];
        gndp_gp_fit_param *p = &result->param[i];
        const double margin = AT_BOUND * (m->box.high - m->box.low);
        c[i] = gp_box_value(m->box, u[i], NULL);
        memcpy(p->path, m->param.path, sizeof p->path);
        p->value = outward(m, c[i]);
        p->positive = m->param.positive;
        p->log_sd = (double)NAN;
        p->at_bound = c[i] - m->box.low < margin || m->box.high - c[i] < margin;
        if (!p->at_bound) {
            free_of[n_free++] = i;
        }
    }
    h = calloc((size_t)(n_free * n_free + 1), sizeof *h);
    GNDP_CHECK(h != NULL, GNDP_ERR_NOMEM, "%d parameters", n_free);
    GNDP_TRY(curvature(f, c, n_free, free_of, h));
    if (n_free > 0) {
        GNDP_TRY(deviations(n_free, h, sd));
    }
    for (int i = 0; i < n_free; i++) {
        result->param[free_of[i]].log_sd = sd[i];
    }
done:
    free(h);
    return st;
}

/* ---- Fit
 * ----------------------------------------------------------------------------------------- */

static gndp_status check_sets(const gndp_kernel *k, const gndp_gp_data *sets, int64_t n_sets,
                              gp_sizes *sizes)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(k != NULL && sets != NULL, GNDP_ERR_ARG, "%s is NULL", k == NULL ? "k" : "sets");
    GNDP_CHECK(n_sets >= 1, GNDP_ERR_RANGE, "%lld data sets", (long long)n_sets);
    for (int64_t s = 0; s < n_sets; s++) {
        gp_sizes here;
        GNDP_TRY(gp_data_check(k, &sets[s], &here));
        GNDP_CHECK(s == 0 || here.dim == sizes->dim, GNDP_ERR_SHAPE,
                   "data set %lld has points of %lld coordinates, the first has %lld", (long long)s,
                   (long long)here.dim, (long long)sizes->dim);
        if (s == 0) {
            *sizes = here;
        }
        /* Gram, factor, inverse, cotangent and what the adjoint of the Gram keeps */
        GNDP_TRY(gp_fits_memory(here.points * here.outputs, 10.0));
    }
done:
    return st;
}

/* No start had a value: say of the first set what gndp_gp_create would say. */
static gndp_status explain_failure(const gndp_kernel *k, const gndp_gp_data *sets, int64_t n_sets)
{
    gndp_status st = GNDP_OK;
    for (int64_t s = 0; s < n_sets; s++) {
        gndp_gp *gp = NULL;
        st = gndp_gp_create(k, &sets[s], &gp);
        gndp_gp_free(gp);
        GNDP_TRY(st);
    }
    GNDP_CHECK(false, GNDP_ERR_NOT_PD,
               "the covariance of the observations is not positive definite at any start: add + "
               "white(variance=...) to the kernel or noise to the data");
done:
    return st;
}

static gndp_status keep_values(gndp_kernel *k, const gndp_gp_fit_result *result)
{
    gndp_status st = GNDP_OK;
    for (int i = 0; i < result->n_params; i++) {
        GNDP_TRY(gndp_kernel_param_set(k, result->param[i].path, result->param[i].value));
    }
done:
    return st;
}

gndp_status gndp_gp_fit(gndp_kernel *k, const gndp_gp_data *sets, int64_t n_sets,
                        const gndp_gp_fit_options *options, gndp_gp_fit_result *result)
{
    gndp_status st = GNDP_OK;
    const gndp_gp_fit_options none = {0}, *o = options != NULL ? options : &none;
    gp_sizes sizes = {0};
    double u[MAX_PARAMS] = {0};
    fit *f = calloc(1, sizeof *f);
    GNDP_CHECK(f != NULL, GNDP_ERR_NOMEM, "%zu bytes", sizeof *f);
    GNDP_CHECK(result != NULL, GNDP_ERR_ARG, "result is NULL");
    memset(result, 0, sizeof *result);
    GNDP_TRY(check_sets(k, sets, n_sets, &sizes));
    GNDP_TRY(check_paths(k, o));
    f->n_theta = gndp_kernel_param_count(k);
    f->theta = calloc((size_t)f->n_theta + 1, sizeof *f->theta);
    f->slope = calloc((size_t)f->n_theta + 1, sizeof *f->slope);
    GNDP_CHECK(f->theta != NULL && f->slope != NULL, GNDP_ERR_NOMEM, "%d parameters", f->n_theta);
    GNDP_TRY(choose_moving(f, k, scale_of(sets, n_sets, sizes.outputs), o));
    GNDP_TRY(gp_evidence_create(k, sets, n_sets, &f->evidence));
    GNDP_TRY(search_all(f, o, u, result));
    if (result->starts_used == 0) {
        GNDP_TRY(explain_failure(k, sets, n_sets));
    }
    GNDP_TRY(report(f, u, result));
    result->evaluations = f->evaluations;
    result->failed_points = f->failed;
    GNDP_TRY(keep_values(k, result));
done:
    if (f != NULL) {
        gp_evidence_free(f->evidence);
        free(f->theta);
        free(f->slope);
    }
    free(f);
    return st;
}
