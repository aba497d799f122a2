// SPDX-License-Identifier: Apache-2.0
// Rows of a comma-separated text, one by one, for readers that keep less than the whole table.
#include "io/csv_reader.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "io/number.h"

/* Every byte is looked at once before the text is cut up: later readers take UTF-8 without a NUL
 * for granted. */
static gndp_status check_text(const char *path, const char *text, size_t n)
{
    gndp_status st = GNDP_OK;
    int64_t line = 1;
    for (size_t i = 0; i < n;) {
        const unsigned char c = (unsigned char)text[i];
        if (c >= ' ' && c < 0x7f) {
            i++;
            continue;
        }
        GNDP_CHECK(c != '\0', GNDP_ERR_FORMAT, "%s:%" PRId64 ": a NUL byte: this is no text", path,
                   line);
        const size_t length = gndp_utf8_length(text + i);
        GNDP_CHECK(length > 0, GNDP_ERR_FORMAT,
                   "%s:%" PRId64 ": byte %02X is no UTF-8; is the file in another encoding?", path,
                   line, c);
        line += c == '\n';
        i += length;
    }
done:
    return st;
}

gndp_status gndp_csv_reader_begin(const char *path, char *text, size_t n, gndp_csv_reader *out)
{
    gndp_status st = GNDP_OK;
    *out = (gndp_csv_reader){.path = path, .p = text, .line = 1};
    GNDP_TRY(check_text(path, text, n));
    if (strncmp(text, "\xEF\xBB\xBF", 3) == 0)
        out->p += 3;
done:
    return st;
}

void gndp_csv_reader_free(gndp_csv_reader *reader)
{
    free(reader->cell);
    *reader = (gndp_csv_reader){0};
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static gndp_status keep(gndp_csv_reader *r, char *cell)
{
    gndp_status st = GNDP_OK;
    if (r->n == r->room) {
        GNDP_CHECK(r->n < GNDP_CSV_COLUMNS_MAX, GNDP_ERR_FORMAT,
                   "%s:%" PRId64 ": more than %d columns", r->path, r->row_line,
                   GNDP_CSV_COLUMNS_MAX);
        const int room = r->room > 0 ? 2 * r->room : 32;
        char **grown = realloc(r->cell, (size_t)room * sizeof *grown);
        GNDP_CHECK(grown != NULL, GNDP_ERR_NOMEM, "%d cells", room);
        r->cell = grown;
        r->room = room;
    }
    r->cell[r->n++] = cell;
done:
    return st;
}

/* A cell in quotes; p stands behind the first of them. What is inside moves up over doubled quotes.
 */
static gndp_status quoted(gndp_csv_reader *r, char **cell)
{
    gndp_status st = GNDP_OK;
    const int64_t begin = r->line;
    char *from = r->p, *to = r->p;
    *cell = to;
    for (;; from++) {
        GNDP_CHECK(*from != '\0', GNDP_ERR_FORMAT,
                   "%s:%" PRId64 ": the quote that opens in cell %d is never closed", r->path,
                   begin, r->n + 1);
        if (*from == '"' && *++from != '"')
            break;
        r->line += *from == '\n';
        *to++ = *from;
    }
    while (is_blank(*from))
        from++;
    GNDP_CHECK(*from == ',' || *from == '\n' || *from == '\0', GNDP_ERR_FORMAT,
               "%s:%" PRId64 ": text behind the closing quote of cell %d", r->path, r->line,
               r->n + 1);
    r->p = from;
    /* `to` may be where p stands only if nothing was quoted at all, and there a quote was read
     * over. */
    *to = '\0';
done:
    return st;
}

static gndp_status unquoted(gndp_csv_reader *r, char **cell)
{
    gndp_status st = GNDP_OK;
    char *end = r->p + strcspn(r->p, ",\n\"");
    GNDP_CHECK(*end != '"', GNDP_ERR_FORMAT,
               "%s:%" PRId64 ": a quote within cell %d; the whole cell must be in quotes", r->path,
               r->line, r->n + 1);
    *cell = r->p;
    r->p = end;
    while (end > *cell && is_blank(end[-1]))
        end--;
    if (end < r->p)
        *end = '\0'; /* where the cell ends at its comma the caller cuts */
done:
    return st;
}

/* Cells up to the end of the line; p then stands on the next one. */
static gndp_status read_row(gndp_csv_reader *r, bool *empty)
{
    gndp_status st = GNDP_OK;
    char *cell = NULL;
    r->n = 0;
    r->row_line = r->line;
    *empty = true;
    for (bool last = false; !last;) {
        while (is_blank(*r->p))
            r->p++;
        if (*r->p == '"') {
            r->p++;
            GNDP_TRY(quoted(r, &cell));
        } else {
            GNDP_TRY(unquoted(r, &cell));
        }
        last = *r->p != ',';
        if (*r->p != '\0') {
            r->line += *r->p == '\n';
            *r->p++ = '\0';
        }
        *empty = *empty && *cell == '\0';
        GNDP_TRY(keep(r, cell));
    }
done:
    return st;
}

gndp_status gndp_csv_reader_next(gndp_csv_reader *r, bool *more)
{
    gndp_status st = GNDP_OK;
    bool empty = true;
    *more = false;
    while (empty && *r->p != '\0') {
        if (*r->p == '#') {
            r->p += strcspn(r->p, "\n");
            if (*r->p == '\n') {
                r->p++;
                r->line++;
            }
            continue;
        }
        GNDP_TRY(read_row(r, &empty));
    }
    *more = !empty;
done:
    return st;
}

int gndp_csv_reader_number(const gndp_csv_reader *r)
{
    double unused;
    for (int i = 0; i < r->n; i++)
        if (gndp_number_parse(r->cell[i], &unused))
            return i;
    return -1;
}

typedef struct named {
    const char *name;
    int column;
} named;

static int by_name(const void *a, const void *b)
{
    const named *x = a, *y = b;
    const int order = strcmp(x->name, y->name);
    return order != 0 ? order : x->column - y->column;
}

gndp_status gndp_csv_reader_check_header(const gndp_csv_reader *r)
{
    gndp_status st = GNDP_OK;
    named *all = malloc((size_t)r->n * sizeof *all);
    const int number = gndp_csv_reader_number(r);
    GNDP_CHECK(all != NULL, GNDP_ERR_NOMEM, "%d columns", r->n);
    GNDP_CHECK(number < 0, GNDP_ERR_FORMAT,
               "%s:%" PRId64 ": column %d: '%s' is a number where a column's name is wanted; the "
               "first row must be a header",
               r->path, r->row_line, number + 1, gndp_shown(r->cell[number]).text);
    for (int i = 0; i < r->n; i++)
        all[i] = (named){r->cell[i], i};
    qsort(all, (size_t)r->n, sizeof *all, by_name);
    for (int i = 1; i < r->n; i++)
        GNDP_CHECK(*all[i].name == '\0' || strcmp(all[i - 1].name, all[i].name) != 0,
                   GNDP_ERR_FORMAT, "%s:%" PRId64 ": columns %d and %d are both called '%s'",
                   r->path, r->row_line, all[i - 1].column + 1, all[i].column + 1,
                   gndp_shown(all[i].name).text);
done:
    free(all);
    return st;
}
