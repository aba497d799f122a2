// SPDX-License-Identifier: Apache-2.0
// Whole tables of text cells from comma-separated files.
#include <gndp/tables.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "io/bytes.h"
#include "io/csv_reader.h"
#include "io/number.h"

static gndp_status keep_names(gndp_csv_reader *r, bool header, gndp_csv *csv)
{
    gndp_status st = GNDP_OK;
    const size_t n = (size_t)r->n;
    if (header)
        GNDP_TRY(gndp_csv_reader_check_header(r));
    csv->name = calloc(n, sizeof *csv->name);
    GNDP_CHECK(csv->name != NULL, GNDP_ERR_NOMEM, "%d names", r->n);
    csv->n_columns = r->n;
    for (size_t i = 0; i < n; i++) {
        char number[24];
        snprintf(number, sizeof number, "%zu", i + 1);
        csv->name[i] = strdup(header ? r->cell[i] : number);
        GNDP_CHECK(csv->name[i] != NULL, GNDP_ERR_NOMEM, "%d names", r->n);
    }
done:
    return st;
}

static gndp_status keep_row(const gndp_csv_reader *r, gndp_csv *csv, int64_t *room)
{
    gndp_status st = GNDP_OK;
    const size_t columns = (size_t)csv->n_columns;
    GNDP_CHECK(r->n == csv->n_columns, GNDP_ERR_FORMAT,
               "%s:%" PRId64 ": %d cells where the first row has %d", csv->path, r->row_line, r->n,
               csv->n_columns);
    if (csv->n_rows == *room) {
        const int64_t rows = *room > 0 ? 2 * *room : 256;
        const char **cell = realloc(csv->cell, (size_t)rows * columns * sizeof *cell);
        if (cell != NULL)
            csv->cell = cell;
        int64_t *line = realloc(csv->line, (size_t)rows * sizeof *line);
        if (line != NULL)
            csv->line = line;
        GNDP_CHECK(cell != NULL && line != NULL, GNDP_ERR_NOMEM, "%s: %" PRId64 " rows of %d cells",
                   csv->path, rows, csv->n_columns);
        *room = rows;
    }
    for (size_t c = 0; c < columns; c++)
        csv->cell[(size_t)csv->n_rows * columns + c] = r->cell[c];
    csv->line[csv->n_rows++] = r->row_line;
done:
    return st;
}

/* csv->text holds n bytes. */
static gndp_status cut(gndp_csv *csv, size_t n, bool header)
{
    gndp_status st = GNDP_OK;
    gndp_csv_reader reader = {0};
    int64_t room = 0;
    bool more;
    GNDP_TRY(gndp_csv_reader_begin(csv->path, csv->text, n, &reader));
    GNDP_TRY(gndp_csv_reader_next(&reader, &more));
    GNDP_CHECK(more, GNDP_ERR_FORMAT, "%s is empty: %s", csv->path,
               header ? "a header line is wanted" : "rows are wanted");
    GNDP_TRY(keep_names(&reader, header, csv));
    if (!header)
        GNDP_TRY(keep_row(&reader, csv, &room));
    for (;;) {
        GNDP_TRY(gndp_csv_reader_next(&reader, &more));
        if (!more)
            break;
        GNDP_TRY(keep_row(&reader, csv, &room));
    }
done:
    gndp_csv_reader_free(&reader);
    return st;
}

gndp_status gndp_csv_parse(const char *path, const char *bytes, size_t n, bool header,
                           gndp_csv *out)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(out != NULL, GNDP_ERR_ARG, "out is NULL");
    *out = (gndp_csv){0};
    GNDP_CHECK(path != NULL && (bytes != NULL || n == 0), GNDP_ERR_ARG, "path or bytes is NULL");
    out->path = strdup(path);
    out->text = malloc(n + 1);
    GNDP_CHECK(out->path != NULL && out->text != NULL, GNDP_ERR_NOMEM, "%zu bytes", n);
    if (n > 0)
        memcpy(out->text, bytes, n);
    out->text[n] = '\0';
    GNDP_TRY(cut(out, n, header));
done:
    return st;
}

gndp_status gndp_csv_read(const char *path, bool header, gndp_csv *out)
{
    gndp_status st = GNDP_OK;
    size_t n = 0;
    GNDP_CHECK(out != NULL, GNDP_ERR_ARG, "out is NULL");
    *out = (gndp_csv){0};
    GNDP_TRY(gndp_bytes_read(path, &out->text, &n));
    out->path = strdup(gndp_path_shown(path));
    GNDP_CHECK(out->path != NULL, GNDP_ERR_NOMEM, "name of %s", path);
    GNDP_TRY(cut(out, n, header));
done:
    return st;
}

void gndp_csv_free(gndp_csv *csv)
{
    if (csv == NULL)
        return;
    for (int i = 0; i < csv->n_columns; i++)
        free(csv->name[i]);
    free(csv->name);
    free(csv->cell);
    free(csv->line);
    free(csv->text);
    free(csv->path);
    *csv = (gndp_csv){0};
}

int gndp_csv_column(const gndp_csv *csv, const char *name)
{
    for (int i = 0; i < csv->n_columns; i++)
        if (strcmp(csv->name[i], name) == 0)
            return i;
    for (int i = 0; i < csv->n_columns; i++)
        if (strcasecmp(csv->name[i], name) == 0)
            return i;
    return -1;
}

gndp_status gndp_csv_number(const gndp_csv *csv, int64_t row, int column, double *out)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(csv != NULL && out != NULL, GNDP_ERR_ARG, "csv or out is NULL");
    GNDP_CHECK(row >= 0 && row < csv->n_rows && column >= 0 && column < csv->n_columns,
               GNDP_ERR_RANGE, "row %" PRId64 ", column %d of %" PRId64 " and %d", row, column,
               csv->n_rows, csv->n_columns);
    const char *text = csv->cell[row * csv->n_columns + column];
    GNDP_CHECK(gndp_number_parse(text, out), GNDP_ERR_FORMAT,
               "%s:%" PRId64 ": column %d (%s): '%s' is no finite number", csv->path,
               csv->line[row], column + 1, gndp_shown(csv->name[column]).text,
               gndp_shown(text).text);
done:
    return st;
}
