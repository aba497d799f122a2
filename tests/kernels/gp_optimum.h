// SPDX-License-Identifier: Apache-2.0
// The experiment of one-dimensional regression: joint predictive log density of a Gaussian process
// that knows the law of its data.
#ifndef GNDP_TEST_GP_OPTIMUM_H
#define GNDP_TEST_GP_OPTIMUM_H

#include "kernels/gp_case.h"

enum {
    OPTIMUM_TARGETS = 50,
    OPTIMUM_MAX_CONTEXT = 10,
    OPTIMUM_FUNCTIONS = 4096, /* of the published evaluation, */
    OPTIMUM_BATCHES = 128     /* by 32, with one context size a batch */
};

/* A law of data, noise of variance 0.05^2 included; nats per target. */
typedef struct optimum_case {
    const char *kernel;
    double published; /* Mathieu et al. 2023 (arXiv:2307.05431), row "GP optimum", to two places */
    double numpy;     /* make_gp_optimum.py, 40000 functions: standard error 0.0008 */
} optimum_case;

static const optimum_case optimum_cases[3] = {
    {"rbf(lengthscale=0.25) + white(variance=0.0025)", 0.70, 0.7300},
    {"matern52(lengthscale=0.25) + white(variance=0.0025)", 0.31, 0.3326},
    {"rbf(lengthscale=0.5) * periodic(lengthscale=0.25, period=1) + white(variance=0.0025)", -0.32,
     -0.3261}};

#define OPTIMUM_NUMPY_ERROR 0.0008

typedef struct optimum_result {
    double mean;            /* nats per target */
    double standard_error;  /* over functions, each context size having its equal share */
    double published_error; /* standard error of the published evaluation */
} optimum_result;

/* Sums over functions of one context size. */
typedef struct optimum_sums {
    double n, sum, square;
} optimum_sums;

/*
 * The published evaluation draws the context size once a batch: with s2_between the variance of the
 * sizes' means and s2_within that of functions of one size, its mean has variance s2_between/128 +
 * s2_within/4096.
 */
static inline optimum_result optimum_of(const optimum_sums *sums)
{
    optimum_result r = {0};
    double means = 0.0, squares = 0.0, within = 0.0, error = 0.0;
    for (int c = 0; c < OPTIMUM_MAX_CONTEXT; c++) {
        const double mean = sums[c].sum / sums[c].n;
        const double variance = sums[c].square / sums[c].n - mean * mean;
        means += mean / OPTIMUM_MAX_CONTEXT;
        squares += mean * mean / OPTIMUM_MAX_CONTEXT;
        within += variance / OPTIMUM_MAX_CONTEXT;
        error += variance / (sums[c].n - 1.0) / (OPTIMUM_MAX_CONTEXT * OPTIMUM_MAX_CONTEXT);
    }
    r.mean = means;
    r.standard_error = sqrt(error);
    r.published_error =
        sqrt((squares - means * means) / OPTIMUM_BATCHES + within / OPTIMUM_FUNCTIONS);
    return r;
}

/* Function r has context size 1 + r mod 10. */
static inline optimum_result optimum_measure(const char *kernel, int64_t functions)
{
    enum { ALL = OPTIMUM_TARGETS + OPTIMUM_MAX_CONTEXT };
    gndp_kernel *k = parse(kernel);
    gndp_gp *prior = NULL;
    const gndp_gp_data nothing = data_of(NULL, 0, 1, NULL, NULL);
    optimum_sums sums[OPTIMUM_MAX_CONTEXT] = {{0}};
    must(gndp_gp_create(k, &nothing, &prior));
    for (uint32_t r = 0; r < functions; r++) {
        double x[ALL], y[ALL], log_p;
        gndp_gp *gp = NULL;
        const int64_t context = 1 + r % OPTIMUM_MAX_CONTEXT;
        const gndp_array all = at(x, ALL, 1), targets = at(x + context, OPTIMUM_TARGETS, 1);
        must(gndp_random_uniform_f64(12, 1, r, 0, 0, ALL, x));
        for (int i = 0; i < ALL; i++) {
            x[i] = 4.0 * x[i] - 2.0;
        }
        must(gndp_gp_sample(prior, &all, true, 121, &r, 1, y));
        const gndp_gp_data data = data_of(x, context, 1, y, NULL);
        must(gndp_gp_create(k, &data, &gp));
        must(gndp_gp_log_predictive(gp, &targets, y + context, &log_p));
        log_p /= OPTIMUM_TARGETS;
        optimum_sums *s = &sums[context - 1];
        s->n += 1.0;
        s->sum += log_p;
        s->square += log_p * log_p;
        gndp_gp_free(gp);
    }
    gndp_gp_free(prior);
    gndp_kernel_free(k);
    return optimum_of(sums);
}

static inline void optimum_print(const optimum_case *c, optimum_result r)
{
    print_message("%s: %.4f +- %.4f, numpy %.4f, published %.2f +- %.3f\n", c->kernel, r.mean,
                  r.standard_error, c->numpy, c->published, r.published_error);
}

#endif
