// SPDX-License-Identifier: Apache-2.0
// `gndp gen`: fields with a known law.
#ifndef GNDP_CLI_GEN_H
#define GNDP_CLI_GEN_H

#include "cli/options.h"

extern const char gen_text[], gen_examples[];
extern const gndp_option gen_options[];

int gen_run(int argc, char **argv);

#endif
