// SPDX-License-Identifier: Apache-2.0
// Numbers in the tables that the program writes.
#ifndef GNDP_CLI_CSV_H
#define GNDP_CLI_CSV_H

#include <stdio.h>

/** Write a number so that it reads back exactly, 15 digits where they suffice. */
void cli_csv_number(FILE *file, double value);

#endif
