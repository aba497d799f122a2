// SPDX-License-Identifier: Apache-2.0
// BFGS by GSL, alone in its file: GSL's headers and cblas.h declare the same names.
#include "kernels/gp_optimise.h"

#include "base/error.h"

#include <gsl/gsl_errno.h>
#include <gsl/gsl_multimin.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Of the line search: how much the directional derivative must shrink (Fletcher's sigma). */
#define LINE_TOLERANCE 0.1
/* Fresh starts along the gradient after a line search that found no progress. */
#define MAX_RESTARTS 3
/* A gradient this small beside the value leaves nothing to gain that the value's rounding would
 * show. */
#define ROUNDING 1e-6

/* The objective with its last point, since GSL asks for value and gradient separately; and the best
   point, since a search that is cut short may stand elsewhere. */
typedef struct cache {
    gp_objective objective;
    void *state;
    gndp_status status; /* the first failure; then every value is infinite */
    int n;
    bool filled;
    double *x, *gradient, value; /* [n] last point */
    double *best_x, best_value, best_norm;
} cache;

static double norm(int n, const double *v)
{
    double sum = 0.0;
    for (int i = 0; i < n; i++) {
        sum += v[i] * v[i];
    }
    return sqrt(sum);
}

static bool all_finite(int n, const double *v)
{
    for (int i = 0; i < n; i++) {
        if (!isfinite(v[i])) {
            return false;
        }
    }
    return true;
}

static void look(cache *c, const gsl_vector *x)
{
    bool same = c->filled;
    for (int i = 0; i < c->n; i++) {
        same = same && c->x[i] == gsl_vector_get(x, i);
    }
    if (same) {
        return;
    }
    for (int i = 0; i < c->n; i++) {
        c->x[i] = gsl_vector_get(x, i);
    }
    c->filled = true;
    c->value = (double)INFINITY;
    /* A line search that extrapolates to infinity gets no value there. */
    if (c->status == GNDP_OK && all_finite(c->n, c->x)) {
        c->status = c->objective(c->state, c->x, &c->value, c->gradient);
    }
    if (c->status != GNDP_OK || !isfinite(c->value) || !all_finite(c->n, c->gradient)) {
        c->value = (double)INFINITY;
        memset(c->gradient, 0, (size_t)c->n * sizeof *c->gradient);
    }
    if (c->value < c->best_value) {
        c->best_value = c->value;
        c->best_norm = norm(c->n, c->gradient);
        memcpy(c->best_x, c->x, (size_t)c->n * sizeof *c->x);
    }
}

static double value_at(const gsl_vector *x, void *state)
{
    cache *c = state;
    look(c, x);
    return c->value;
}

static void gradient_at(const gsl_vector *x, void *state, gsl_vector *gradient)
{
    cache *c = state;
    look(c, x);
    for (int i = 0; i < c->n; i++) {
        gsl_vector_set(gradient, i, c->gradient[i]);
    }
}

static void both_at(const gsl_vector *x, void *state, double *value, gsl_vector *gradient)
{
    *value = value_at(x, state);
    gradient_at(x, state, gradient);
}

/* GSL's default handler ends the program when memory runs out. The setting is the process's, so it
   is changed around the two allocations only; nothing else called here reports through it. */
static gndp_status allocate(int n, gsl_multimin_fdfminimizer **minimizer, gsl_vector **start)
{
    gndp_status st = GNDP_OK;
    gsl_error_handler_t *handler = gsl_set_error_handler_off();
    *minimizer = gsl_multimin_fdfminimizer_alloc(gsl_multimin_fdfminimizer_vector_bfgs2, (size_t)n);
    *start = gsl_vector_alloc((size_t)n);
    gsl_set_error_handler(handler);
    GNDP_CHECK(*minimizer != NULL && *start != NULL, GNDP_ERR_NOMEM, "BFGS over %d variables", n);
done:
    return st;
}

/* Stand at x [n], the direction of search along the gradient. */
static void begin_at(gsl_multimin_fdfminimizer *minimizer, gsl_multimin_function_fdf *f,
                     gsl_vector *start, const double *x, double first_step)
{
    for (size_t i = 0; i < f->n; i++) {
        gsl_vector_set(start, i, x[i]);
    }
    gsl_multimin_fdfminimizer_set(minimizer, f, start, first_step, LINE_TOLERANCE);
}

/* Iterate until the gradient is small, the steps are spent, or restarts bring nothing more. */
static int iterate(gsl_multimin_fdfminimizer *minimizer, gsl_multimin_function_fdf *f,
                   gsl_vector *start, const gp_search *search, const cache *c)
{
    int steps = 0, restarts = 0;
    double at_restart = (double)INFINITY;
    while (steps < search->max_steps && c->status == GNDP_OK) {
        if (norm(c->n, minimizer->gradient->data) <= search->tolerance) {
            break;
        }
        steps++;
        if (gsl_multimin_fdfminimizer_iterate(minimizer) == GSL_SUCCESS) {
            continue;
        }
        if (restarts >= MAX_RESTARTS || !(c->best_value < at_restart) ||
            c->best_norm <= ROUNDING * fmax(1.0, fabs(c->best_value))) {
            break;
        }
        restarts++;
        at_restart = c->best_value;
        begin_at(minimizer, f, start, c->best_x, search->first_step);
    }
    return steps;
}

gndp_status gp_minimise(gp_objective objective, void *state, int n, const gp_search *search,
                        double *x, gp_minimum *found)
{
    gndp_status st = GNDP_OK;
    gsl_multimin_fdfminimizer *minimizer = NULL;
    gsl_vector *start = NULL;
    cache c = {.objective = objective, .state = state, .n = n, .best_value = (double)INFINITY};
    gsl_multimin_function_fdf f = {value_at, gradient_at, both_at, 0, NULL};
    *found = (gp_minimum){.value = (double)INFINITY, .gradient_norm = (double)NAN};
    GNDP_CHECK(n >= 1, GNDP_ERR_ARG, "%d variables to search over", n);
    c.x = calloc((size_t)(3 * n), sizeof *c.x);
    GNDP_CHECK(c.x != NULL, GNDP_ERR_NOMEM, "%d numbers", 3 * n);
    c.gradient = c.x + n;
    c.best_x = c.x + 2 * n;
    GNDP_TRY(allocate(n, &minimizer, &start));
    for (int i = 0; i < n; i++) {
        gsl_vector_set(start, i, x[i]);
    }
    f.n = (size_t)n;
    f.params = &c;
    look(&c, start);
    memcpy(c.best_x, c.x, (size_t)n * sizeof *x);
    if (c.status == GNDP_OK && isfinite(c.value)) {
        begin_at(minimizer, &f, start, x, search->first_step);
        found->steps = iterate(minimizer, &f, start, search, &c);
        found->value = c.best_value;
        found->gradient_norm = c.best_norm;
        memcpy(x, c.best_x, (size_t)n * sizeof *x);
    }
    GNDP_TRY(c.status);
done:
    if (minimizer != NULL) {
        gsl_multimin_fdfminimizer_free(minimizer);
    }
    gsl_vector_free(start);
    free(c.x);
    return st;
}

/* ln(1 + e^x) without overflow. */
static double softplus(double x)
{
    return fmax(x, 0.0) + log1p(exp(-fabs(x)));
}

static double sigmoid(double x)
{
    return x >= 0.0 ? 1.0 / (1.0 + exp(-x)) : exp(x) / (1.0 + exp(x));
}

/* Width over smoothness: the derivative in the middle is tanh(WIDTH / 4) = 0.9993. */
#define WIDTH 16.0

double gp_box_value(gp_box box, double u, double *derivative)
{
    if (isinf(box.low) || isinf(box.high)) {
        if (derivative != NULL) {
            *derivative = 1.0;
        }
        return u;
    }
    const double s = (box.high - box.low) / WIDTH, v = (u - box.low) / s;
    if (derivative != NULL) {
        /* sigmoid(v) - sigmoid(v - W) as a product, which has no cancellation in the tails */
        *derivative = sigmoid(v) * sigmoid(WIDTH - v) * -expm1(-WIDTH);
    }
    /* From the nearer bound, so that large terms do not cancel: softplus(v) = v + softplus(-v). */
    const double value = v < 0.5 * WIDTH ? box.low + s * (softplus(v) - softplus(v - WIDTH))
                                         : box.high - s * (softplus(WIDTH - v) - softplus(-v));
    return fmin(fmax(value, box.low), box.high);
}

double gp_box_inverse(gp_box box, double value)
{
    if (isinf(box.low) || isinf(box.high)) {
        return value;
    }
    const double width = box.high - box.low, s = width / WIDTH, margin = 1e-3 * width;
    const double y = (fmin(fmax(value, box.low + margin), box.high - margin) - box.low) / s;
    return box.low + s * (log(expm1(y)) - log(-expm1(y - WIDTH)));
}
