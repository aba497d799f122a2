// SPDX-License-Identifier: Apache-2.0
// `gndp train`.
#ifndef GNDP_CLI_TRAIN_H
#define GNDP_CLI_TRAIN_H

#include "cli/options.h"

extern const char gndp_train_text[], gndp_train_examples[];
extern const gndp_option gndp_train_table[];

int gndp_train_run(int argc, char **argv);

#endif
