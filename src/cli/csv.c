// SPDX-License-Identifier: Apache-2.0
// Cells of CSV tables.
#include "cli/csv.h"

#include <gndp/tables.h>

void cli_csv_number(FILE *file, double value)
{
    fputs(gndp_csv_number_text(value).text, file);
}
