// SPDX-License-Identifier: Apache-2.0
// Reader of CSV tables: numbers only, every error with its place.
#include "cli/csv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/options.h"
#include "cli/usage.h"

enum { COLUMNS_MAX = 100000 };

typedef struct reader {
    const char *path;
    FILE *file;
    char *text; /* the line, as getline keeps it */
    size_t capacity;
    int64_t line;
    int64_t rows_max;
} reader;

static char *trim(char *text)
{
    text += strspn(text, " \t");
    size_t length = strlen(text);
    while (length > 0 && strchr(" \t\r\n", text[length - 1]) != NULL)
        text[--length] = '\0';
    return text;
}

/* The next line with something on it, trimmed; NULL at the end. */
static char *next_line(reader *r)
{
    for (;;) {
        const ssize_t length = getline(&r->text, &r->capacity, r->file);
        if (length < 0)
            return NULL;
        char *start = r->text;
        if (++r->line == 1 && strncmp(start, "\xEF\xBB\xBF", 3) == 0)
            start += 3;
        if (strlen(r->text) != (size_t)length)
            return strcpy(r->text, "\1"); /* a zero byte within: no text, refused as a
                                             name or a number */
        start = trim(start);
        if (*start != '\0' && *start != '#')
            return start;
    }
}

/* Cut the next cell off the line: *rest goes behind its comma, NULL after the last. */
static char *next_cell(char **rest)
{
    char *cell = *rest, *comma = strchr(cell, ',');
    *rest = comma != NULL ? comma + 1 : NULL;
    if (comma != NULL)
        *comma = '\0';
    return trim(cell);
}

static int printable(const char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text < ' ')
            return 0;
    return 1;
}

static int read_header(reader *r, cli_csv *csv)
{
    char *rest = next_line(r);
    if (rest == NULL && ferror(r->file)) /* a folder opens, too */
        return gndp_failure("cannot read %s: %s", r->path, strerror(errno));
    if (rest == NULL)
        return gndp_failure("%s is empty: it wants a header line such as x1,y1", r->path);
    int n = 1;
    for (const char *c = rest; *c != '\0'; c++)
        n += *c == ',';
    if (n > COLUMNS_MAX)
        return gndp_failure("%s line %lld: %d columns; %d are the most", r->path,
                            (long long)r->line, n, COLUMNS_MAX);
    csv->name = calloc((size_t)n, sizeof *csv->name);
    if (csv->name == NULL)
        return gndp_failure_memory();
    while (rest != NULL) {
        const char *name = next_cell(&rest);
        const int column = csv->n_columns + 1;
        double number;
        if (*name == '\0')
            return gndp_failure("%s line %lld column %d: the name is missing", r->path,
                                (long long)r->line, column);
        if (!printable(name))
            return gndp_failure("%s line %lld column %d: not text; is this a CSV file?", r->path,
                                (long long)r->line, column);
        if (gndp_number_read(name, &number))
            return gndp_failure("%s line %lld column %d: '%s' is a number where a column's name is "
                                "wanted; the first line must be a header such as x1,y1",
                                r->path, (long long)r->line, column, name);
        for (int i = 0; i < csv->n_columns; i++)
            if (strcmp(csv->name[i], name) == 0)
                return gndp_failure("%s line %lld: columns %d and %d are both '%s'", r->path,
                                    (long long)r->line, i + 1, column, name);
        csv->name[csv->n_columns] = strdup(name);
        if (csv->name[csv->n_columns] == NULL)
            return gndp_failure_memory();
        csv->n_columns++;
    }
    return GNDP_EXIT_DONE;
}

static int make_room(reader *r, cli_csv *csv)
{
    if (csv->n_rows < r->rows_max)
        return GNDP_EXIT_DONE;
    const int64_t rows = r->rows_max > 0 ? 2 * r->rows_max : 256;
    double *cell = realloc(csv->cell, (size_t)rows * (size_t)csv->n_columns * sizeof *cell);
    if (cell != NULL)
        csv->cell = cell;
    int64_t *line = realloc(csv->line, (size_t)rows * sizeof *line);
    if (line != NULL)
        csv->line = line;
    if (cell == NULL || line == NULL)
        return gndp_failure_memory();
    r->rows_max = rows;
    return GNDP_EXIT_DONE;
}

static int read_row(reader *r, char *rest, cli_csv *csv)
{
    const int code = make_room(r, csv);
    if (code != GNDP_EXIT_DONE)
        return code;
    double *row = csv->cell + csv->n_rows * csv->n_columns;
    int n = 0;
    for (; rest != NULL; n++) {
        const char *cell = next_cell(&rest);
        if (n == csv->n_columns)
            return gndp_failure("%s line %lld: more cells than the %d of the header", r->path,
                                (long long)r->line, csv->n_columns);
        if (*cell == '\0')
            return gndp_failure("%s line %lld column %d (%s): the cell is empty; leave the whole "
                                "row out if the value is missing",
                                r->path, (long long)r->line, n + 1, csv->name[n]);
        if (!gndp_number_read(cell, &row[n]))
            return gndp_failure("%s line %lld column %d (%s): '%.40s' is no finite number", r->path,
                                (long long)r->line, n + 1, csv->name[n],
                                printable(cell) ? cell : "?");
    }
    if (n < csv->n_columns)
        return gndp_failure("%s line %lld: %d cells, the header has %d", r->path,
                            (long long)r->line, n, csv->n_columns);
    csv->line[csv->n_rows++] = r->line;
    return GNDP_EXIT_DONE;
}

int cli_csv_read(const char *path, cli_csv *out)
{
    int code = GNDP_EXIT_DONE;
    const int standard = strcmp(path, "-") == 0;
    reader r = {.path = standard ? "standard input" : path};
    *out = (cli_csv){0};
    r.file = standard ? stdin : fopen(path, "r");
    if (r.file == NULL)
        return gndp_failure("cannot read %s: %s", path, strerror(errno));
    errno = 0;
    GNDP_STEP(read_header(&r, out));
    for (char *line; (line = next_line(&r)) != NULL;)
        GNDP_STEP(read_row(&r, line, out));
    if (ferror(r.file))
        code = gndp_failure("cannot read %s: %s", r.path, strerror(errno));
done:
    free(r.text);
    if (!standard)
        fclose(r.file);
    return code;
}

void cli_csv_free(cli_csv *csv)
{
    for (int i = 0; i < csv->n_columns; i++)
        free(csv->name[i]);
    free(csv->name);
    free(csv->cell);
    free(csv->line);
    *csv = (cli_csv){0};
}

void cli_csv_number(FILE *file, double value)
{
    char text[32];
    snprintf(text, sizeof text, "%.15g", value);
    if (strtod(text, NULL) != value)
        snprintf(text, sizeof text, "%.17g", value);
    fputs(text, file);
}
