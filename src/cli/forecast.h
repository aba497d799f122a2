// SPDX-License-Identifier: Apache-2.0
// `gndp eval --ensemble`: an ensemble file against the truth, beside what is simpler.
#ifndef GNDP_CLI_FORECAST_H
#define GNDP_CLI_FORECAST_H

#include <gndp/gndp.h>

#include "cli/gp_data.h"
#include "cli/observed.h"

typedef struct cli_forecast_options {
    const char *ensemble;
    const char *const *truth; /* [n_truth] files, joined along time */
    int n_truth;
    gndp_option_texts train;  /* files whose fields say what is usual; none: the truth's other times */
    const char *kernel;       /* of a Gaussian process on the same observations; NULL: none */
    bool fit;                 /* its parameters fitted to the fields of what is usual, at the places observed */
    int64_t block;            /* cases that hang together, for intervals; 0: those of a day */
    uint64_t seed;
    bool json, quiet;
} cli_forecast_options;

int cli_forecast_run(const cli_forecast_options *options);

enum { CLI_FORECAST_ROWS = 5, CLI_FORECAST_LEVELS = 2 };

/* The work, shared by the two files of it. */
typedef struct cli_forecast {
    const cli_forecast_options *o;
    gndp_fieldset *ensemble, *truth, *usual; /* usual: fields of --train or of other times; NULL: none */
    cli_observed used;       /* observations that the ensemble was given; n_cases 0: not known */
    int64_t points;          /* N, of the ensemble */
    int components;          /* P */
    int64_t members, cases;
    int64_t *field, *of;     /* [cases, members] fields of the ensemble; [cases] of the truth */
    double *time_s;          /* [cases] */
    int64_t *at;             /* [N] number of each point in the truth */
    int64_t *spot;           /* [places] number of each observed place among the N, -1: none */
    double *factor, *offset; /* [P] from the truth's units to the ensemble's */
    int *component;          /* [P] component of the truth */
    int truth_components;
    double *climate_mean, *climate_sd; /* [N, P]; NULL: none */
    gndp_kernel *kernel;
    char *kernel_text;
    gp_data process;         /* sets: the points; the observations of each case; fields to fit to */
    double *level;           /* [cases] mean of the process where what is usual is not known */
    gndp_scores *score[CLI_FORECAST_ROWS];
    const char *name[CLI_FORECAST_ROWS];
} cli_forecast;

/** Case k of the truth at the points and in the units of the ensemble: values, present [N, P]. */
int cli_forecast_truth(const cli_forecast *f, const gndp_fieldset *set, int64_t field, double *values, uint8_t *present);

/* ---- Baselines (forecast_baselines.c) ---- */
/** Mean and deviation of what is usual, at each point. */
int cli_forecast_climate(cli_forecast *f);
/** A forecast by the nearest station and by inverse squared distance: mean [N, P], present where a component was observed. */
void cli_forecast_nearest(const cli_forecast *f, int64_t k, bool inverse, double *mean, uint8_t *present);
/** The kernel, fitted where it is asked for. */
int cli_forecast_kernel(cli_forecast *f);
/** The process given the observations of case k: mean, sd [N, P]. */
int cli_forecast_process(const cli_forecast *f, int64_t k, double *mean, double *sd);
/** Rows of observations of case k. */
void cli_forecast_rows(const cli_forecast *f, int64_t k, int64_t *first, int64_t *end);

#endif
