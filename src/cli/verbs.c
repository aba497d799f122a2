// SPDX-License-Identifier: Apache-2.0
// The verbs, one line each, and the search for what a mistyped word may have meant.
#include "cli/verbs.h"

#include <stddef.h>
#include <string.h>

#include "cli/help.h"
#include "cli/version.h"

const gndp_verb gndp_verbs[] = {
    {"help", "explain the program or one verb", gndp_help_text, gndp_help_run},
    {"version", "what this build is made of", gndp_version_text, gndp_version_run},
    {0},
};

const gndp_verb *gndp_verb_find(const char *name)
{
    for (const gndp_verb *verb = gndp_verbs; verb->name != NULL; verb++)
        if (strcmp(verb->name, name) == 0)
            return verb;
    return NULL;
}

#define WORD_MAX 32

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

/* Insertions, deletions, substitutions and swaps of neighbours that make b of a (the restricted
   distance of Damerau and Levenshtein). Both are at most WORD_MAX long. */
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

const char *gndp_verb_nearest(const char *word)
{
    static const char *const options[] = {"--help", "--version"};
    const size_t n_options = sizeof options / sizeof *options;
    const size_t length = strlen(word);
    const char *nearest = NULL;
    if (length == 0 || length > WORD_MAX)
        return NULL;
    int best =
        (int)length / 3 + 2; /* a third of the letters wrong, and one: farther is not meant */
    for (const gndp_verb *verb = gndp_verbs; verb->name != NULL; verb++) {
        const int d = distance(word, verb->name);
        if (d < best) {
            best = d;
            nearest = verb->name;
        }
    }
    for (size_t i = 0; i < n_options; i++) {
        const int d = distance(word, options[i]);
        if (d < best) {
            best = d;
            nearest = options[i];
        }
    }
    return nearest;
}
