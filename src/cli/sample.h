// SPDX-License-Identifier: Apache-2.0
// `gndp sample`.
#ifndef GNDP_CLI_SAMPLE_H
#define GNDP_CLI_SAMPLE_H

#include "cli/options.h"

extern const char gndp_sample_text[], gndp_sample_examples[];
extern const gndp_option gndp_sample_table[];

int gndp_sample_run(int argc, char **argv);

#endif
