// SPDX-License-Identifier: Apache-2.0
// The verbs, one entry each, their search and their help.
#include "cli/verbs.h"

#include <stddef.h>
#include <string.h>

#include "cli/eval.h"
#include "cli/gen.h"
#include "cli/gp.h"
#include "cli/help.h"
#include "cli/infer.h"
#include "cli/info.h"
#include "cli/plot.h"
#include "cli/sample.h"
#include "cli/train.h"
#include "cli/version.h"

const gndp_verb gndp_verbs[] = {
    {.name = "gen",
     .summary = "fields with a known law: curves, vector fields, fields on the sphere",
     .help = gen_text,
     .options = gen_options,
     .examples = gen_examples,
     .run = gen_run},
    {.name = "gp",
     .summary = "exact Gaussian processes: fit, sample, infer, eval",
     .help = gndp_gp_text,
     .verbs = gndp_gp_verbs,
     .examples = gndp_gp_examples},
    {.name = "train",
     .summary = "train a model on fields",
     .help = gndp_train_text,
     .options = gndp_train_table,
     .examples = gndp_train_examples,
     .run = gndp_train_run},
    {.name = "sample",
     .summary = "draw new fields from a model",
     .help = gndp_sample_text,
     .options = gndp_sample_table,
     .examples = gndp_sample_examples,
     .run = gndp_sample_run},
    {.name = "infer",
     .summary = "fill fields in from observations",
     .help = gndp_infer_text,
     .options = gndp_infer_table,
     .examples = gndp_infer_examples,
     .run = gndp_infer_run},
    {.name = "eval",
     .summary = "score a model on fields it has not seen",
     .help = gndp_eval_text,
     .options = gndp_eval_table,
     .examples = gndp_eval_examples,
     .run = gndp_eval_run},
    {.name = "plot",
     .summary = "pictures of fields, functions, tracks, tables and training runs",
     .help = plot_text,
     .options = plot_options,
     .examples = plot_examples,
     .run = plot_run},
    {.name = "info",
     .summary = "what gndp understands of a file",
     .help = info_text,
     .options = info_options,
     .examples = info_examples,
     .run = info_run},
    {.name = "help",
     .summary = "explain the program or one verb",
     .help = gndp_help_text,
     .run = gndp_help_run},
    {.name = "version",
     .summary = "what this build is made of",
     .help = gndp_version_text,
     .run = gndp_version_run},
    {0},
};

const gndp_verb *gndp_verb_find(const gndp_verb *verbs, const char *name)
{
    for (const gndp_verb *verb = verbs; verb->name != NULL; verb++)
        if (strcmp(verb->name, name) == 0)
            return verb;
    return NULL;
}

const char *gndp_verb_nearest(const gndp_verb *verbs, const char *word)
{
    const char *names[64];
    int n = 0;
    for (const gndp_verb *verb = verbs; verb->name != NULL && n < 60; verb++)
        names[n++] = verb->name;
    names[n++] = "--help";
    names[n++] = "--version";
    return gndp_nearest(word, names, n);
}

void gndp_verb_help(FILE *file, const gndp_verb *verb)
{
    fputs(verb->help, file);
    if (verb->verbs != NULL) {
        fputs("\nVerbs:\n", file);
        for (const gndp_verb *below = verb->verbs; below->name != NULL; below++)
            fprintf(file, "  %-10s %s\n", below->name, below->summary);
    }
    if (verb->options != NULL) {
        fputs("\nOptions:\n", file);
        gndp_options_help(file, verb->options);
    }
    if (verb->examples != NULL)
        fprintf(file, "\n%s", verb->examples);
}
