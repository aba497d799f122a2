// SPDX-License-Identifier: Apache-2.0
// The table of verbs of the program.
#ifndef GNDP_CLI_VERBS_H
#define GNDP_CLI_VERBS_H

/* What the program exits with. */
enum { GNDP_EXIT_DONE = 0, GNDP_EXIT_FAILURE = 1, GNDP_EXIT_USAGE = 2 };

typedef struct gndp_verb {
    const char *name;
    const char *summary;               /* one line in the list of verbs */
    const char *help;                  /* text of `gndp NAME --help` */
    int (*run)(int argc, char **argv); /* argv[0] is the verb; gives the exit code */
} gndp_verb;

extern const gndp_verb gndp_verbs[]; /* {0} ends */

/** The verb of that name, or NULL. */
const gndp_verb *gndp_verb_find(const char *name);

/** Of the verbs and the program's long options, the one nearest to a mistyped word, or NULL if none
 * is near enough to be meant. */
const char *gndp_verb_nearest(const char *word);

#endif
