// SPDX-License-Identifier: Apache-2.0
// The verbs below `gndp gp`, each in its file.
#ifndef GNDP_CLI_GP_VERBS_H
#define GNDP_CLI_GP_VERBS_H

#include "cli/options.h"

extern const char gp_fit_text[], gp_fit_examples[];
extern const char gp_sample_text[], gp_sample_examples[];
extern const char gp_infer_text[], gp_infer_examples[];
extern const char gp_eval_text[], gp_eval_examples[];
extern const gndp_option gp_fit_options[], gp_sample_options[], gp_infer_options[],
    gp_eval_options[];

int gp_fit_run(int argc, char **argv);
int gp_sample_run(int argc, char **argv);
int gp_infer_run(int argc, char **argv);
int gp_eval_run(int argc, char **argv);

#endif
