// SPDX-License-Identifier: Apache-2.0
// Scores of predictions by normal laws, value by value.
#ifndef GNDP_CLI_GP_SCORES_H
#define GNDP_CLI_GP_SCORES_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum { GP_INTERVALS = 3 };

/* Sums over values; gp_scores_mean() makes them means. */
typedef struct gp_scores {
    int64_t n;
    double log_density, bias, square, mae, crps, sd;
    double within[GP_INTERVALS];
    double joint; /* log density of all values of a set at once, summed over sets */
    bool has_joint;
} gp_scores;

/** Add n values y, predicted as N(mean, sd^2). NaN means are passed over. */
void gp_scores_add(gp_scores *scores, const double *y, const double *mean, const double *sd,
                   int64_t n);

double gp_log_density(double error, double sd);

void gp_scores_header(void);
/** A row of the table. */
void gp_scores_print(const char *name, const gp_scores *scores);
/** The line below it: how sure the parts within are. */
void gp_scores_footer(int64_t n);
json_t *gp_scores_json(const gp_scores *scores);

#endif
