// SPDX-License-Identifier: Apache-2.0
// `gndp eval --ensemble`: an ensemble file against the truth, beside what is simpler.
#ifndef GNDP_CLI_FORECAST_H
#define GNDP_CLI_FORECAST_H

#include <gndp/gndp.h>

#include "cli/gp_data.h"
#include "cli/observed.h"

enum { CLI_FORECAST_THRESHOLDS = 8 };

/* An event: values above `value`, or above that percentile of the usual values of each point. */
typedef struct cli_threshold {
    bool quantile;
    double value;
    char text[24]; /* as given: "285.5", "q90" */
} cli_threshold;

typedef struct cli_forecast_options {
    const char *ensemble;
    const char *const *truth; /* [n_truth] files, joined along time */
    int n_truth;
    gndp_option_texts train;  /* files whose fields say what is usual; none: the truth's other times */
    const char *kernel;       /* of a Gaussian process on the same observations; NULL: none */
    bool fit;                 /* its parameters fitted to the fields of what is usual, at the places observed */
    int64_t block;            /* cases that hang together, for intervals; 0: those of a day */
    uint64_t seed;
    int n_thresholds;
    cli_threshold threshold[CLI_FORECAST_THRESHOLDS];
    const char *output;       /* SCORES.nc; NULL: none */
    const char *pictures;     /* folder, or name with {name} in it; NULL: none */
    const char *history;      /* of the file of scores */
    bool overwrite, json, quiet;
} cli_forecast_options;

int cli_forecast_run(const cli_forecast_options *options);

enum { CLI_FORECAST_LEVELS = 2, CLI_FORECAST_DRAWN_POINTS = 4096, CLI_FORECAST_CLIMATE_FIELDS = 1000 };
enum {
    CLI_FORECAST_ENSEMBLE,
    CLI_FORECAST_CLIMATOLOGY,
    CLI_FORECAST_NEAREST,
    CLI_FORECAST_INVERSE,
    CLI_FORECAST_PROCESS,
    CLI_FORECAST_ROWS
};

/* Power along the rows of a grid. */
enum { CLI_SPECTRUM_MEMBERS, CLI_SPECTRUM_MEAN, CLI_SPECTRUM_TRUTH, CLI_SPECTRA };
extern const char *const cli_spectrum_names[CLI_SPECTRA];
typedef struct cli_spectrum {
    int64_t wavenumbers;     /* K, from 0 cycles in a row; 0: no grid, or no whole row */
    double *power;           /* [CLI_SPECTRA, P, K] mean over cases; units squared */
    int64_t *cases;          /* [P] with whole rows */
    char axis[64], units[64]; /* along the rows */
    double length;           /* of a row, in those units */
} cli_spectrum;

/* The work, shared by the files of it. */
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
    double *weight;          /* [N] areas */
    gndp_score_table *table; /* [rows, P]; values 0: none */
    double *threshold_level, *threshold_usual; /* [T, P, N] the level of each event, its share among the usual fields (NaN: not known) */
    cli_spectrum spectrum;
    gndp_events **event;           /* [rows, T, P] */
    gndp_event_table *event_table; /* [rows, T, P]; values 0: none */
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
/** The process given the observations of case k: mean, sd [N, P]; and draws of it [M, N, P], where they can be made (*drawn). */
int cli_forecast_process(const cli_forecast *f, int64_t k, double *mean, double *sd, double *draws, bool *drawn);
/** As many of the usual fields as the ensemble has members, drawn with replacement: members [M, N, P]; present is made 0 where one has no value. */
int cli_forecast_usual(const cli_forecast *f, int64_t k, double *members, uint8_t *present);
/** Rows of observations of case k. */
void cli_forecast_rows(const cli_forecast *f, int64_t k, int64_t *first, int64_t *end);

/** Which of n fields is number i of m that are spread evenly, ends included. */
int64_t cli_forecast_spread(int64_t i, int64_t m, int64_t n);

/* ---- Events (forecast_events.c) ---- */
/** A forecast of one case: members [M, N, P], or NULL and mean, sd [N, P]. */
typedef struct cli_forecast_law {
    const double *members, *mean, *sd;
} cli_forecast_law;
/** "285,q90". */
int cli_forecast_thresholds(const char *text, cli_threshold out[CLI_FORECAST_THRESHOLDS], int *n);
/** Levels at each point, room for scores. */
int cli_forecast_events(cli_forecast *f);
/** A case of one row; climatology is the share of the usual fields, whatever the law. */
int cli_forecast_events_add(cli_forecast *f, int row, const cli_forecast_law *law, const double *truth, const uint8_t *present);
int cli_forecast_event_tables(cli_forecast *f);
/** Mean of the levels of an event. */
double cli_forecast_level(const cli_forecast *f, int t, int p);
void cli_forecast_events_free(cli_forecast *f);

/* ---- Spectra (forecast_spectra.c) ---- */
/** Room for them, where the ensemble is on a grid. */
int cli_forecast_spectra(cli_forecast *f);
/** A case: members [M, N, P], truth, present [N, P]. The members too are taken where the truth has whole rows. */
int cli_forecast_spectra_add(cli_forecast *f, const double *members, const double *truth, const uint8_t *present);
/** Means over cases. */
void cli_forecast_spectra_end(cli_forecast *f);

/* ---- Reports (forecast_report.c, forecast_file.c) ---- */
/** Cases of a block, for intervals. */
int64_t cli_forecast_block(const cli_forecast *f);
/** Whether a row is a distribution, not one value. */
bool cli_forecast_uncertain(int row);
/** The table of each row and component. */
int cli_forecast_tables(cli_forecast *f);
/** Name and units of component p; units belong to the ensemble. */
void cli_forecast_component(const cli_forecast *f, int p, char name[80], const char **units);
/** For people, or JSON. */
int cli_forecast_report(const cli_forecast *f);
/** SCORES.nc. */
int cli_forecast_write(const cli_forecast *f);

/* ---- Pictures (forecast_pictures.c) ---- */
/** Names of the pictures that --pictures asks for; makes their folder. */
int cli_forecast_pictures_check(const cli_forecast_options *options);
int cli_forecast_pictures(const cli_forecast *f);

#endif
