// SPDX-License-Identifier: Apache-2.0
// Rows of a comma-separated text, one by one, for readers that keep less than the whole table.
#ifndef GNDP_IO_CSV_READER_H
#define GNDP_IO_CSV_READER_H

#include <gndp/tables.h>

#define GNDP_CSV_COLUMNS_MAX 100000

/** Walks over a text that it cuts up in place. */
typedef struct gndp_csv_reader {
    const char *path; /* for messages */
    char *p;          /* what comes next */
    int64_t line;     /* of p */
    int64_t row_line; /* first line of the row that was read last */
    char **cell;      /* [room] cells of that row, blanks around removed */
    int n, room;
} gndp_csv_reader;

/**
 * Begin at the start of a text, past a byte-order mark.
 * @param text  zero behind its n bytes; cut up by the reader, and must live as long as the cells
 * are used
 * @return GNDP_OK; GNDP_ERR_FORMAT with file:line for a NUL or bytes that are no UTF-8
 */
gndp_status gndp_csv_reader_begin(const char *path, char *text, size_t n, gndp_csv_reader *out);
/**
 * The next row that holds something; blank lines, lines of commas alone and lines that begin with #
 * are passed over.
 * @param more  out: false at the end of the text
 * @return GNDP_OK; GNDP_ERR_FORMAT with file:line for quotes that are wrong; GNDP_ERR_NOMEM
 */
gndp_status gndp_csv_reader_next(gndp_csv_reader *reader, bool *more);
void gndp_csv_reader_free(gndp_csv_reader *reader);

/** Number of the first cell of the row that is a number, -1: there is none. */
int gndp_csv_reader_number(const gndp_csv_reader *reader);
/** Refuse names that are numbers, or twice the same, in the row read last. */
gndp_status gndp_csv_reader_check_header(const gndp_csv_reader *reader);

#endif
