// SPDX-License-Identifier: Apache-2.0
// `gndp help` and `gndp --help`.
#ifndef GNDP_CLI_HELP_H
#define GNDP_CLI_HELP_H

#include <stdio.h>

extern const char gndp_help_text[];

/** Write what the program is, its verbs and its options. */
void gndp_help_print(FILE *file);

int gndp_help_run(int argc, char **argv);

#endif
