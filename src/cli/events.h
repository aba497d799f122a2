// SPDX-License-Identifier: Apache-2.0
// Densities of events on the sphere: a model beside kernels at the places it was trained on and the uniform law.
#ifndef GNDP_CLI_EVENTS_H
#define GNDP_CLI_EVENTS_H

#include <gndp/gndp.h>

#include "cli/dataset.h"

typedef struct cli_events_options {
    const gndp_dataset *data;
    int part;                     /* that is scored: of data->part */
    const char *part_name;
    gndp_likelihood_options flow;
    const char *solver;           /* its name */
    int64_t n_lat;                /* latitudes of the quadrature */
    const char *pictures;         /* folder of density.png, or DIR/{name}.svg; NULL: none */
    bool bf16, overwrite, json, quiet;
} cli_events_options;

/** NLL in nats of a part: mean and standard error, NaN where there are too few. */
typedef struct cli_events_value {
    int64_t n;
    double mean, se;
} cli_events_value;

typedef enum cli_events_row {
    EVENTS_MODEL,
    EVENTS_KERNELS,          /* at all training rows, kappa by leave-one-out among them */
    EVENTS_KERNELS_DISTINCT, /* at all training rows, kappa by leave-one-out among distinct places: where some are repeated */
    EVENTS_UNIFORM,
    EVENTS_ROWS
} cli_events_row;

typedef struct cli_events {
    const cli_events_options *options;
    gndp_model *model;
    int64_t train, distinct;                   /* rows and places of the training part */
    double kappa[EVENTS_ROWS], kappa_high;     /* of kernels; the highest that is tried */
    cli_events_value all[EVENTS_ROWS], unseen[EVENTS_ROWS]; /* every row; those whose place is not in the training part */
    double integral[EVENTS_ROWS];              /* by quadrature; NaN: not taken */
    double drawn, drawn_se;                    /* integral of the model by draws from kernels at training rows and the uniform law, its standard error */
    double seconds;
} cli_events;

void cli_events_print(const cli_events *e);
int cli_events_print_json(const cli_events *e);
/** density.png: ln density [2 n_lat^2] on the nodes x of the quadrature, and the places that were scored. */
int cli_events_picture(const cli_events *e, const double *x, const double *log_p, int64_t n, const double *place);

/** Evaluate and report. @return exit code, the line on stderr written */
int cli_events_run(gndp_model *model, const cli_events_options *options);

#endif
