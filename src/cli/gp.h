// SPDX-License-Identifier: Apache-2.0
// `gndp gp`: exact Gaussian processes.
#ifndef GNDP_CLI_GP_H
#define GNDP_CLI_GP_H

#include "cli/verbs.h"

extern const char gndp_gp_text[], gndp_gp_examples[];
extern const gndp_verb gndp_gp_verbs[]; /* fit, sample, infer, eval */

#endif
