// SPDX-License-Identifier: Apache-2.0
// Regression as the literature scores it: densities of target values given context values of functions with random points.
#ifndef GNDP_CLI_REGRESSION_H
#define GNDP_CLI_REGRESSION_H

#include <gndp/gndp.h>

typedef struct cli_regression_options {
    const char *context;          /* "1:10" or "5": least and most context points */
    const char *domains;          /* names joined by commas */
    int64_t fields, targets;
    gndp_likelihood_options flow; /* its seed is that of the functions too */
    const char *solver;           /* its name */
    bool bf16, json, quiet;
} cli_regression_options;

/* Nats a target point of one function, or of a set by number of context points. */
typedef enum cli_regression_row {
    REGRESSION_MODEL,
    REGRESSION_EXACT,      /* the process that the functions are drawn from, where it is Gaussian */
    REGRESSION_DIFFERENCE, /* model - exact, function by function */
    REGRESSION_DIAGONAL,   /* the same process, each target by itself */
    REGRESSION_LIMIT,      /* the limit of the noising process: a model that has not learned */
    REGRESSION_ROWS
} cli_regression_row;

typedef struct cli_regression_sum {
    int64_t n;
    double mean, square; /* Welford's */
} cli_regression_sum;

typedef struct cli_regression_value {
    double mean, se; /* se NaN where a number of context points has one function */
} cli_regression_value;

typedef struct cli_regression_domain {
    const char *name;
    double context[2], target[2][2]; /* intervals of every coordinate; the second of targets: low = high where there is none */
    cli_regression_sum *sum;         /* [sizes, REGRESSION_ROWS] */
} cli_regression_domain;

enum { REGRESSION_DOMAINS = 3 };
typedef struct cli_regression {
    const cli_regression_options *options;
    gndp_model *model;
    const gndp_synth_info *synth;
    int64_t low, sizes; /* context points: low .. low + sizes - 1 */
    int n_domains;
    cli_regression_domain domain[REGRESSION_DOMAINS];
    double seconds;
    int64_t evaluations; /* of the network */
} cli_regression;

/** Over all numbers of context points, each weighing as many functions as it has; the error is that within the numbers. */
cli_regression_value cli_regression_pool(const cli_regression *r, const cli_regression_domain *domain, cli_regression_row row);
bool cli_regression_has(const cli_regression *r, cli_regression_row row);

void cli_regression_print(const cli_regression *r);
int cli_regression_print_json(const cli_regression *r);

/** Evaluate and report. */
int cli_regression_run(gndp_model *model, const cli_regression_options *options);

#endif
