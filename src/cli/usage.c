// SPDX-License-Identifier: Apache-2.0
// Messages for a wrong command line and for failures.
#include "cli/usage.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <gndp/base.h>

/* The program runs one verb in one thread. */
static const char *running_verb;
static bool verbose_failures;

void gndp_usage_of(const char *verb)
{
    running_verb = verb;
}

void gndp_failure_verbose(bool verbose)
{
    verbose_failures = verbose;
}

static void say(const char *kind, const char *format, va_list args)
{
    fflush(stdout); /* both may be one terminal: keep the order */
    fprintf(stderr, "gndp: %s", kind);
    vfprintf(stderr, format, args);
}

int gndp_usage_error(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say("", format, args);
    va_end(args);
    if (running_verb != NULL)
        fprintf(stderr, " (see gndp %s --help)\n", running_verb);
    else
        fputs(" (see gndp --help)\n", stderr);
    return GNDP_EXIT_USAGE;
}

int gndp_usage_unknown(const char *what, const char *word, const char *nearest)
{
    if (nearest != NULL)
        return gndp_usage_error("there is no %s '%s'; did you mean '%s'?", what, word, nearest);
    return gndp_usage_error("there is no %s '%s'", what, word);
}

int gndp_failure(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say("", format, args);
    va_end(args);
    fputc('\n', stderr);
    return GNDP_EXIT_FAILURE;
}

/* The message reads "STATUS file:line function: text" and then a line "  at .."
   a caller. A user wants the text; it may have lines of its own, the caret
   under a kernel. */
static const char *library_text(int *length)
{
    const char *text = gndp_last_error();
    const char *colon = verbose_failures ? NULL : strstr(text, ": ");
    if (colon != NULL)
        text = colon + 2;
    const char *end = verbose_failures ? NULL : strstr(text, "\n  at ");
    *length = end != NULL ? (int)(end - text) : (int)strlen(text);
    return text;
}

int gndp_failure_library(void)
{
    int length;
    const char *text = library_text(&length);
    return gndp_failure("%.*s", length, text);
}

int gndp_failure_library_at(const char *path, int64_t line)
{
    int length;
    const char *text = library_text(&length);
    return gndp_failure("%s line %lld: %.*s", path, (long long)line, length, text);
}

void gndp_note_library(const char *what)
{
    int length;
    const char *text = library_text(&length);
    gndp_note("%s: %.*s", what, length, text);
}

int gndp_failure_memory(void)
{
    return gndp_failure("out of memory; ask for fewer points or members");
}

void gndp_note(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    say("note: ", format, args);
    va_end(args);
    fputc('\n', stderr);
}

#define WORD_MAX 32

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

/* Insertions, deletions, substitutions and swaps of neighbours that make b of a
   (the restricted distance of Damerau and Levenshtein). Both are at most
   WORD_MAX long. */
static int distance(const char *a, const char *b)
{
    const size_t m = strlen(a), n = strlen(b);
    int d[WORD_MAX + 1][WORD_MAX + 1];
    for (size_t i = 0; i <= m; i++)
        d[i][0] = (int)i;
    for (size_t j = 0; j <= n; j++)
        d[0][j] = (int)j;
    for (size_t i = 1; i <= m; i++) {
        for (size_t j = 1; j <= n; j++) {
            const int change = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
            d[i][j] = smaller(change, 1 + smaller(d[i - 1][j], d[i][j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                d[i][j] = smaller(d[i][j], d[i - 2][j - 2] + 1);
        }
    }
    return d[m][n];
}

const char *gndp_nearest(const char *word, const char *const *names, int n)
{
    const size_t length = strlen(word);
    const char *nearest = NULL;
    if (length == 0 || length > WORD_MAX)
        return NULL;
    int best =
        (int)length / 3 + 2; /* a third of the letters wrong, and one: farther is not meant */
    for (int i = 0; i < n; i++) {
        if (strlen(names[i]) > WORD_MAX)
            continue;
        const int d = distance(word, names[i]);
        if (d < best) {
            best = d;
            nearest = names[i];
        }
    }
    return nearest;
}
