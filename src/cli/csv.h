// SPDX-License-Identifier: Apache-2.0
// Tables of numbers in CSV files: a small, strict reader, and numbers that read
// back exactly.
#ifndef GNDP_CLI_CSV_H
#define GNDP_CLI_CSV_H

#include <stdint.h>
#include <stdio.h>

/*
 * The form: a header line with one name a column, then one row of finite
 * decimal numbers a line, separated by commas. Blank lines and lines that begin
 * with # are passed over; line ends may be CR LF, spaces and tabs around a cell
 * do not count, a byte-order mark at the start is dropped. No quotes, no empty
 * cells, no two columns of one name. Whatever else is met is an error with
 * file, line and column.
 */
typedef struct cli_csv {
    int n_columns;
    int64_t n_rows;
    char **name;   /* [n_columns] */
    double *cell;  /* [n_rows, n_columns] */
    int64_t *line; /* [n_rows] of the file, from 1 */
} cli_csv;

/**
 * Read a file, "-" for standard input.
 * @param out  free with cli_csv_free(), also after a failure
 * @return exit code, the line on stderr written
 */
int cli_csv_read(const char *path, cli_csv *out);
void cli_csv_free(cli_csv *csv);

/** Write a number so that it reads back exactly, 15 digits where they suffice. */
void cli_csv_number(FILE *file, double value);

#endif
