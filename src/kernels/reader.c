// SPDX-License-Identifier: Apache-2.0
// Words and signs of a kernel's text, and messages that show the place.
#include "kernels/reader.h"

#include <string.h>

/* -------------------------------------------------------------------------------- messages */

enum { SHOWN = 72 }; /* bytes of the line that are shown */

gndp_status reader_fail(const reader *r, const char *at, gndp_status code, const char *message)
{
    const char *line = at, *end = at;
    int lines = 1;
    char where[48], caret[SHOWN + 8];
    while (line > r->text && line[-1] != '\n') {
        line--;
    }
    while (*end != '\0' && *end != '\n') {
        end++;
    }
    for (const char *q = r->text; q < line; q++) {
        lines += *q == '\n';
    }
    const int column = (int)(at - line) + 1;
    const char *from = at - line > SHOWN - 24 ? at - (SHOWN - 24) : line;
    const int width = end - from > SHOWN ? SHOWN : (int)(end - from), offset = (int)(at - from);
    memset(caret, ' ', (size_t)offset);
    caret[offset] = '^';
    caret[offset + 1] = '\0';
    if (lines > 1) {
        snprintf(where, sizeof where, "line %d, column %d", lines, column);
    } else {
        snprintf(where, sizeof where, "column %d", column);
    }
    /* Bytes outside ASCII take one column here and fewer on the screen: the caret may sit right of
       its place after such a letter, which only a wrong text can hold. */
    return gndp_fail_at(GNDP_HERE, code, "kernel, %s: %s\n  %.*s\n  %s", where, message, width,
                        from, caret);
}

gndp_status reader_place(const reader *r, const char *at, gndp_status code)
{
    char message[400];
    snprintf(message, sizeof message, "%s", gndp_last_text());
    return reader_fail(r, at, code, message);
}

const char *reader_seen(const char *p, char text[32])
{
    int n = 0;
    while ((p[n] >= 'a' && p[n] <= 'z') || (p[n] >= 'A' && p[n] <= 'Z') || p[n] == '_' ||
           (p[n] >= '0' && p[n] <= '9')) {
        n++;
    }
    n = n == 0 ? 1 : n > 24 ? 24 : n;
    if (*p == '\0') {
        return "the end of the text";
    }
    snprintf(text, 32, "'%.*s'", n, p);
    return text;
}

/* ---------------------------------------------------------------------------------- letters */

void reader_skip(reader *r)
{
    while (*r->p == ' ' || *r->p == '\t' || *r->p == '\n' || *r->p == '\r') {
        r->p++;
    }
}

bool reader_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

size_t reader_word(const char *p)
{
    size_t n = 0;
    while (reader_letter(p[n]) || (n > 0 && p[n] >= '0' && p[n] <= '9')) {
        n++;
    }
    return n;
}

bool reader_take(reader *r, char c)
{
    reader_skip(r);
    if (*r->p != c) {
        return false;
    }
    r->p++;
    return true;
}

gndp_status reader_expect(reader *r, char c, const char *why)
{
    gndp_status st = GNDP_OK;
    char text[32];
    if (!reader_take(r, c)) {
        FAIL_AT(r, r->p, GNDP_ERR_FORMAT, "'%c' is expected %s, here is %s", c, why,
                reader_seen(r->p, text));
    }
done:
    return st;
}
