// SPDX-License-Identifier: Apache-2.0
// Options of a verb: one table serves the reader, the help and the search for
// what was meant.
#ifndef GNDP_CLI_OPTIONS_H
#define GNDP_CLI_OPTIONS_H

#include <stddef.h>
#include <stdio.h>

typedef enum gndp_option_kind {
    GNDP_OPTION_SWITCH,  /* bool, set to true */
    GNDP_OPTION_TEXT,    /* const char *, borrowed from the command line */
    GNDP_OPTION_TEXTS,   /* gndp_option_texts: may be given several times */
    GNDP_OPTION_INTEGER, /* int64_t */
    GNDP_OPTION_SEED,    /* uint64_t */
    GNDP_OPTION_NUMBER   /* double, finite */
} gndp_option_kind;

enum { GNDP_OPTION_TEXTS_MAX = 63 };
typedef struct gndp_option_texts {
    const char *text[GNDP_OPTION_TEXTS_MAX + 1]; /* NULL ends */
    int n;
} gndp_option_texts;

typedef struct gndp_option {
    const char *name;     /* "seed" for --seed */
    char brief;           /* 'n' for -n; 0: none */
    const char *argument; /* its name in the help; NULL for a switch */
    gndp_option_kind kind;
    size_t offset;    /* of its place in the settings */
    double low, high; /* allowed range of a number, both included; both 0: any */
    const char *text; /* of the help; lines after the first are indented by the printer */
} gndp_option;

/**
 * Read options into `settings`, whose defaults the caller has set.
 * @param table  {0} ends
 * @return exit code; GNDP_EXIT_USAGE with a line on stderr when a word is no
 * option, or is not followed by what it needs
 */
int gndp_options_read(const gndp_option *table, int argc, char **argv, void *settings);

/** The same for a verb that also takes words, such as names of files: borrowed from argv. */
int gndp_options_read_words(const gndp_option *table, int argc, char **argv, void *settings,
                            const char *const **words, int *n_words);

/** One entry an option, its text beside it. */
void gndp_options_help(FILE *file, const gndp_option *table);

/** A finite number that fills the text; gives 0 if it is none. Decimal only: no hex, nan or inf. */
int gndp_number_read(const char *text, double *out);

#endif
