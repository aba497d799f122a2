// SPDX-License-Identifier: Apache-2.0
// `gndp help`: the verbs there are, from their table, and the help of each.
#include "cli/help.h"

#include "cli/usage.h"
#include "cli/verbs.h"

const char gndp_help_text[] = "usage: gndp help [VERB [VERB]]\n"
                              "\n"
                              "Explain the program, or one verb: the same as `gndp VERB --help`.\n";

void gndp_help_print(FILE *file)
{
    fputs("usage: gndp VERB [ARGUMENT]...\n"
          "       gndp --help | --version\n"
          "\n"
          "Generative diffusion over scientific fields.\n"
          "\n"
          "Verbs:\n",
          file);
    for (const gndp_verb *verb = gndp_verbs; verb->name != NULL; verb++)
        fprintf(file, "  %-10s %s\n", verb->name, verb->summary);
    fputs("\n"
          "Options:\n"
          "  -h, --help     this text; behind a verb, its own\n"
          "  -V, --version  what this build is made of\n"
          "\n"
          "Environment:\n"
          "  OMP_NUM_THREADS  threads to use; one per processor if unset\n"
          "  GNDP_SIMD        lower the vector instructions used: baseline, avx2, avx512, "
          "avx512bf16\n"
          "\n"
          "Exit codes: 0 done, 1 failure, 2 wrong usage, 130 interrupted.\n",
          file);
}

int gndp_help_run(int argc, char **argv)
{
    const gndp_verb *verbs = gndp_verbs, *verb = NULL;
    if (argc == 1) {
        gndp_help_print(stdout);
        return GNDP_EXIT_DONE;
    }
    for (int i = 1; i < argc; i++) {
        if (verbs == NULL)
            return gndp_usage_error("%s has no verbs of its own, got '%s' too", argv[i - 1],
                                    argv[i]);
        verb = gndp_verb_find(verbs, argv[i]);
        if (verb == NULL)
            return gndp_usage_unknown("verb", argv[i], gndp_verb_nearest(verbs, argv[i]));
        verbs = verb->verbs;
    }
    gndp_verb_help(stdout, verb);
    return GNDP_EXIT_DONE;
}
