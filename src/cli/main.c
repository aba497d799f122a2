// SPDX-License-Identifier: Apache-2.0
// The program: finds the verb and gives it the rest of the command line.
#include <stdio.h>
#include <string.h>

#include "cli/help.h"
#include "cli/usage.h"
#include "cli/verbs.h"
#include "cli/version.h"

static int is_option(const char *word, const char *brief, const char *full)
{
    return strcmp(word, brief) == 0 || strcmp(word, full) == 0;
}

static int run(int argc, char **argv)
{
    if (argc < 2) {
        gndp_help_print(stderr);
        return GNDP_EXIT_USAGE;
    }
    const char *word = argv[1];
    if (is_option(word, "-h", "--help"))
        return gndp_help_run(1, argv + 1);
    if (is_option(word, "-V", "--version"))
        return gndp_version_run(argc - 1, argv + 1);
    if (word[0] == '-')
        return gndp_usage_unknown("option", word);
    const gndp_verb *verb = gndp_verb_find(word);
    if (verb == NULL)
        return gndp_usage_unknown("verb", word);
    for (int i = 2; i < argc; i++) {
        if (is_option(argv[i], "-h", "--help")) {
            fputs(verb->help, stdout);
            return GNDP_EXIT_DONE;
        }
    }
    return verb->run(argc - 1, argv + 1);
}

int main(int argc, char **argv)
{
    int code = run(argc, argv);
    /* What was printed may not have arrived: a full disk shows only here. */
    if (fflush(stdout) != 0 || ferror(stdout)) {
        perror("gndp: cannot write the output");
        if (code == GNDP_EXIT_DONE)
            code = GNDP_EXIT_FAILURE;
    }
    return code;
}
