// SPDX-License-Identifier: Apache-2.0
// The table of verbs of the program.
#ifndef GNDP_CLI_VERBS_H
#define GNDP_CLI_VERBS_H

#include <stdio.h>

#include "cli/options.h"
#include "cli/usage.h"

typedef struct gndp_verb {
    const char *name;
    const char *full;                  /* with the verbs before it, "gp fit"; NULL: the name */
    const char *summary;               /* one line in the list of verbs */
    const char *help;                  /* usage and what it does */
    const gndp_option *options;        /* listed in the help; {0} ends; NULL: none */
    const char *examples;              /* end of the help; NULL: none */
    const struct gndp_verb *verbs;     /* verbs below this one, {0} ends; NULL: none */
    int (*run)(int argc, char **argv); /* argv[0] is the verb; gives the exit code; NULL
                                          where there are verbs below */
} gndp_verb;

extern const gndp_verb gndp_verbs[]; /* {0} ends */

/** The verb of that name in a table, or NULL. */
const gndp_verb *gndp_verb_find(const gndp_verb *verbs, const char *name);

/** Of the verbs of a table and the program's long options, the one nearest to a
 * mistyped word, or NULL if none is near enough to be meant. */
const char *gndp_verb_nearest(const gndp_verb *verbs, const char *word);

/** The help of a verb. */
void gndp_verb_help(FILE *file, const gndp_verb *verb);

#endif
