// SPDX-License-Identifier: Apache-2.0
// The program: finds the verb and gives it the rest of the command line.
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/help.h"
#include "cli/usage.h"
#include "cli/verbs.h"
#include "cli/version.h"

static int is_option(const char *word, const char *brief, const char *full)
{
    return strcmp(word, brief) == 0 || strcmp(word, full) == 0;
}

/* The verb that the first words name: below a verb with verbs of its own, one of those. */
static int run_verb(const gndp_verb *verbs, int argc, char **argv)
{
    const gndp_verb *verb = gndp_verb_find(verbs, argv[0]);
    if (verb == NULL && argv[0][0] == '-')
        return gndp_usage_unknown("option", argv[0], gndp_verb_nearest(verbs, argv[0]));
    if (verb == NULL)
        return gndp_usage_unknown("verb", argv[0], gndp_verb_nearest(verbs, argv[0]));
    gndp_usage_of(verb->full != NULL ? verb->full : verb->name);
    if (verb->verbs != NULL) {
        if (argc < 2) {
            gndp_verb_help(stderr, verb);
            return GNDP_EXIT_USAGE;
        }
        if (!is_option(argv[1], "-h", "--help"))
            return run_verb(verb->verbs, argc - 1, argv + 1);
    }
    for (int i = 1; i < argc; i++) {
        if (is_option(argv[i], "-h", "--help")) {
            gndp_verb_help(stdout, verb);
            return GNDP_EXIT_DONE;
        }
    }
    return verb->run(argc, argv);
}

static int run(int argc, char **argv)
{
    if (argc < 2) {
        gndp_help_print(stderr);
        return GNDP_EXIT_USAGE;
    }
    if (is_option(argv[1], "-h", "--help"))
        return gndp_help_run(1, argv + 1);
    if (is_option(argv[1], "-V", "--version"))
        return gndp_version_run(argc - 1, argv + 1);
    return run_verb(gndp_verbs, argc - 1, argv + 1);
}

/* Threads of OpenMP that wait for the next piece of work spin by default. On a machine that others use too the spinning takes the processor from
 * the very thread that is waited for: a step of a training took 18 times as long. Asleep they cost nothing that we could measure on a quiet machine.
 * The runtime reads its settings before main() does, hence a second start; whoever has set them himself is left alone. */
static void wait_asleep(char **argv)
{
    if (getenv("OMP_WAIT_POLICY") != NULL || getenv("GOMP_SPINCOUNT") != NULL || getenv("KMP_BLOCKTIME") != NULL)
        return;
    char program[4096]; /* its own name, so that process lists go on showing it */
    const ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    if (length <= 0 || length == (ssize_t)sizeof program - 1 || setenv("OMP_WAIT_POLICY", "passive", 1) != 0)
        return;
    program[length] = '\0';
    execv(program, argv); /* should it fail, the run goes on as it is */
}

int main(int argc, char **argv)
{
    wait_asleep(argv);
    signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is an error of the write, which says so */
    int code = run(argc, argv);
    /* What was printed may not have arrived: a full disk shows only here. */
    if (fflush(stdout) != 0 || ferror(stdout)) {
        perror("gndp: cannot write the output");
        if (code == GNDP_EXIT_DONE)
            code = GNDP_EXIT_FAILURE;
    }
    return code;
}
