// SPDX-License-Identifier: Apache-2.0
// How fields are drawn given observations: the method and its settings, from a model's configuration and the command line.
#ifndef GNDP_CLI_INFER_METHOD_H
#define GNDP_CLI_INFER_METHOD_H

#include <gndp/gndp.h>

#include "cli/joint.h"

/* As given on the command line; texts NULL, numbers negative: the model's, else the method's own. */
typedef struct cli_method_options {
    const char *method, *sampler, *grid, *preconditioner, *context, *covariance, *size, *prior;
    int64_t steps, inner, clean_steps, repeats, particles;
    double psi, tau, lambda0, kappa, strength;
} cli_method_options;

extern const cli_method_options cli_method_options_none;

typedef struct cli_method {
    gndp_conditional_options options; /* its prior is to be made of the text below */
    const char *prior;  /* kernel of the data's covariance; NULL: the limit's. Borrowed of the model or the command line */
    char text[768];     /* "langevin, 100 steps ..": all that members follow from but model, points, observations and seed */
} cli_method;

/** @return exit code; a setting that does not belong to the method is wrong usage */
int cli_method_make(const cli_method_options *given, const gndp_model *model, cli_method *out);
/** Whether the method takes such observations, which is known before anything is computed: amortised wants exact values of all components of a place.
 * @return exit code, the line on stderr written */
int cli_method_fits(const cli_method *method, const cli_joint *joint, const cli_observed *observed);
/** Evaluations of the network that a member will take, given n observations. */
double cli_method_cost(const cli_method *method, int64_t n);

#endif
