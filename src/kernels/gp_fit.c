// SPDX-License-Identifier: Apache-2.0
// Fits of kernel parameters: evidence maximised from several starts, uncertainties by its
// curvature.
#include "base/error.h"
#include "kernels/gp_data.h"
#include "kernels/gp_factor.h"
#include "kernels/gp_graph.h"
#include "kernels/gp_moving.h"

#include <gndp/gp.h>

#include <float.h>
#include <lapacke.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_PARAMS = GP_MOVING_MAX, DEFAULT_STARTS = 5, DEFAULT_STEPS = 200 };

#define DEFAULT_TOLERANCE 1e-6
#define FIRST_STEP 0.3 /* in logarithms: a factor of 1.35 */
/* Step of the differences of the gradient that make the curvature: truncation 1e-8, rounding 1e-12
 * relative. */
#define CURVATURE_STEP 1e-4
/* This near to a bound, relative to the width, a parameter is said to be at it. */
#define AT_BOUND 0.01
/* Starting points: their own stream of uniforms. */
#define STREAM GNDP_STREAM(0x6770, 1)

typedef struct fit {
    gp_evidence *evidence;
    int n_theta, n;
    double *theta, *slope; /* [n_theta] natural scale, and the gradient there */
    gp_moving move[MAX_PARAMS];
    int failed;
    gndp_gp_fit_progress now;
    gndp_gp_fit_watch watch;
    void *watch_state;
} fit;

/* ---- Objective ------------------------------------------------------------------------------- */

/* Minus the evidence and its gradient at coordinates c [n] (logarithms); infinite where it does not
 * exist. */
static gndp_status at_coordinates(fit *f, const double *c, double *value, double *gradient)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(f->watch == NULL || f->watch(f->watch_state, &f->now), GNDP_ERR_INTERRUPTED,
               "the fit was stopped after %d evaluations", f->now.evaluations);
    for (int i = 0; i < f->n; i++) {
        f->theta[f->move[i].index] = gp_moving_outward(&f->move[i], c[i]);
    }
    f->now.evaluations++;
    st = gp_evidence_run(f->evidence, f->theta, value, f->slope);
    if (st == GNDP_ERR_NOT_PD || (st == GNDP_OK && !isfinite(*value))) {
        f->failed++;
        *value = (double)INFINITY;
        memset(gradient, 0, (size_t)f->n * sizeof *gradient);
        return GNDP_OK;
    }
    GNDP_TRY(st);
    f->now.log_marginal = fmax(f->now.log_marginal, *value);
    *value = -*value;
    for (int i = 0; i < f->n; i++) {
        const gp_moving *m = &f->move[i];
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
        const gp_moving *m = &f->move[i];
        double c =
            gp_moving_inward(m, fmax(m->param.value, m->param.positive ? DBL_MIN : -DBL_MAX));
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
    const int starts = f->now.starts;
    double u[MAX_PARAMS], best = (double)INFINITY, unused[MAX_PARAMS];
    if (f->n == 0) { /* nothing moves: the value where it stands */
        GNDP_TRY(at_coordinates(f, u, &best, unused));
        result->starts_used = isfinite(best);
        result->gradient_norm = 0.0;
    }
    for (int s = 0; s < starts && f->n > 0; s++) {
        gp_minimum found;
        f->now.start = s;
        GNDP_TRY(make_start(f, s, starts, o->seed, u));
        GNDP_TRY(gp_minimise(objective, f, f->n, &search, u, &found));
        result->starts_used += isfinite(found.value);
        if (found.value < best) {
            best = found.value;
            result->gradient_norm = found.gradient_norm;
            memcpy(best_u, u, sizeof u);
        }
    }
    f->now.start = starts;
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
        const gp_moving *m = &f->move[i];
        gndp_gp_fit_param *p = &result->param[i];
        const double margin = AT_BOUND * (m->box.high - m->box.low);
        c[i] = gp_box_value(m->box, u[i], NULL);
        memcpy(p->path, m->param.path, sizeof p->path);
        p->value = gp_moving_outward(m, c[i]);
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
    f->n_theta = gndp_kernel_param_count(k);
    f->now = (gndp_gp_fit_progress){.starts = o->starts > 0 ? o->starts : DEFAULT_STARTS,
                                    .log_marginal = -(double)INFINITY};
    f->watch = o->watch;
    f->watch_state = o->watch_state;
    f->theta = calloc((size_t)f->n_theta + 1, sizeof *f->theta);
    f->slope = calloc((size_t)f->n_theta + 1, sizeof *f->slope);
    GNDP_CHECK(f->theta != NULL && f->slope != NULL, GNDP_ERR_NOMEM, "%d parameters", f->n_theta);
    GNDP_TRY(gp_moving_choose(k, sets, n_sets, sizes.outputs, o, f->theta, f->move, &f->n));
    GNDP_TRY(gp_evidence_create(k, sets, n_sets, &f->evidence));
    GNDP_TRY(search_all(f, o, u, result));
    if (result->starts_used == 0) {
        GNDP_TRY(explain_failure(k, sets, n_sets));
    }
    GNDP_TRY(report(f, u, result));
    result->evaluations = f->now.evaluations;
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
