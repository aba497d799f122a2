// SPDX-License-Identifier: Apache-2.0
// Any bytes as a table of cells; every cell as a number, which is the same when written and read.
#include "fuzz/fuzz.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <gndp/tables.h>

static void check_number(const gndp_csv *csv, int64_t row, int column)
{
    double x, y;
    if (gndp_csv_number(csv, row, column, &x) != GNDP_OK)
        return;
    char *end;
    const char *text = csv->cell[row * csv->n_columns + column];
    FUZZ_CHECK(isfinite(x));
    FUZZ_CHECK(strtod(text, &end) == x && *end == '\0'); /* the C library agrees */
    y = strtod(gndp_csv_number_text(x).text, NULL);
    FUZZ_CHECK(memcmp(&x, &y, sizeof x) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gndp_csv csv;
    const bool header = size > 0 && data[0] % 2 == 0;
    const size_t skip = size > 0 ? 1 : 0;
    if (gndp_csv_parse("fuzz", (const char *)data + skip, size - skip, header, &csv) == GNDP_OK) {
        FUZZ_CHECK(csv.n_columns > 0);
        for (int c = 0; c < csv.n_columns; c++)
            FUZZ_CHECK(*csv.name[c] == '\0' || gndp_csv_column(&csv, csv.name[c]) == c);
        for (int64_t r = 0; r < csv.n_rows; r++) {
            FUZZ_CHECK(csv.line[r] > (r > 0 ? csv.line[r - 1] : 0));
            for (int c = 0; c < csv.n_columns; c++)
                check_number(&csv, r, c);
        }
    }
    gndp_csv_free(&csv);
    return 0;
}
