// SPDX-License-Identifier: Apache-2.0
// `gndp eval`.
#ifndef GNDP_CLI_EVAL_H
#define GNDP_CLI_EVAL_H

#include "cli/options.h"

extern const char gndp_eval_text[], gndp_eval_examples[];
extern const gndp_option gndp_eval_table[];

int gndp_eval_run(int argc, char **argv);

#endif
