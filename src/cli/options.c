// SPDX-License-Identifier: Apache-2.0
// Options of a verb, read by getopt_long from the verb's table.
#include "cli/options.h"

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli/usage.h"

enum { OPTIONS_MAX = 96, LONG_BASE = 1000 };

int gndp_number_read(const char *text, double *out)
{
    char *end;
    if (text[0] == '\0' || text[strspn(text, "0123456789+-.eE")] != '\0')
        return 0;
    *out = strtod(text, &end);
    return *end == '\0' && isfinite(*out);
}

static int wrong_argument(const gndp_option *option, const char *word, const char *wanted)
{
    return gndp_usage_error("--%s wants %s, got '%s'", option->name, wanted, word);
}

static int out_of_range(const gndp_option *option, const char *word)
{
    if (isinf(option->high))
        return gndp_usage_error("--%s wants at least %g, got %s", option->name, option->low, word);
    return gndp_usage_error("--%s wants a value from %g to %g, got %s", option->name, option->low,
                            option->high, word);
}

static bool outside(const gndp_option *option, double value)
{
    return (option->low < option->high) && (value < option->low || value > option->high);
}

static int set_option(const gndp_option *option, const char *word, void *settings)
{
    char *place = (char *)settings + option->offset;
    char *end;
    errno = 0;
    switch (option->kind) {
    case GNDP_OPTION_SWITCH:
        *(bool *)(void *)place = true;
        return GNDP_EXIT_DONE;
    case GNDP_OPTION_TEXT:
        *(const char **)(void *)place = word;
        return GNDP_EXIT_DONE;
    case GNDP_OPTION_TEXTS: {
        gndp_option_texts *texts = (gndp_option_texts *)(void *)place;
        if (texts->n == GNDP_OPTION_TEXTS_MAX)
            return gndp_usage_error("--%s may be given %d times at most", option->name,
                                    GNDP_OPTION_TEXTS_MAX);
        texts->text[texts->n++] = word;
        return GNDP_EXIT_DONE;
    }
    case GNDP_OPTION_INTEGER: {
        const long long value = strtoll(word, &end, 10);
        if (word[0] == '\0' || *end != '\0' || errno != 0)
            return wrong_argument(option, word, "a whole number");
        if (outside(option, (double)value))
            return out_of_range(option, word);
        *(int64_t *)(void *)place = value;
        return GNDP_EXIT_DONE;
    }
    case GNDP_OPTION_SEED: {
        const unsigned long long value = strtoull(word, &end, 10);
        if (word[strspn(word, "0123456789")] != '\0' || word[0] == '\0' || errno != 0)
            return wrong_argument(option, word, "a whole number from 0 to 2^64 - 1");
        *(uint64_t *)(void *)place = value;
        return GNDP_EXIT_DONE;
    }
    case GNDP_OPTION_NUMBER: {
        double value;
        if (!gndp_number_read(word, &value))
            return wrong_argument(option, word, "a number");
        if (outside(option, value))
            return out_of_range(option, word);
        *(double *)(void *)place = value;
        return GNDP_EXIT_DONE;
    }
    }
    return GNDP_EXIT_DONE;
}

static int unknown(const gndp_option *table, const char *word)
{
    char names[OPTIONS_MAX][40];
    const char *name[OPTIONS_MAX];
    char bare[40];
    int n = 0;
    for (; table[n].name != NULL && n < OPTIONS_MAX; n++) {
        snprintf(names[n], sizeof names[n], "--%s", table[n].name);
        name[n] = names[n];
    }
    snprintf(bare, sizeof bare, "%.*s", (int)strcspn(word, "="), word); /* --sed=1 means --seed */
    return gndp_usage_unknown("option", word, gndp_nearest(bare, name, n));
}

int gndp_options_read(const gndp_option *table, int argc, char **argv, void *settings)
{
    const char *const *words;
    int n = 0;
    const int code = gndp_options_read_words(table, argc, argv, settings, &words, &n);
    if (code == GNDP_EXIT_DONE && n > 0)
        return gndp_usage_error("'%s' belongs to no option", words[0]);
    return code;
}

int gndp_options_read_words(const gndp_option *table, int argc, char **argv, void *settings,
                            const char *const **words, int *n_words)
{
    struct option longs[OPTIONS_MAX + 1] = {{0}};
    char shorts[2 * OPTIONS_MAX + 2] =
        ":"; /* ':' tells a missing argument from an unknown option */
    size_t n_shorts = 1;
    int n = 0, chosen;
    for (; table[n].name != NULL && n < OPTIONS_MAX; n++) {
        const int has = table[n].argument != NULL ? required_argument : no_argument;
        longs[n] = (struct option){.name = table[n].name, .has_arg = has, .val = LONG_BASE + n};
        if (table[n].brief != 0) {
            shorts[n_shorts++] = table[n].brief;
            if (has == required_argument)
                shorts[n_shorts++] = ':';
        }
    }
    opterr = 0; /* the messages are ours */
    optind = 1;
    for (;;) {
        const int at = optind;
        chosen = getopt_long(argc, argv, shorts, longs, NULL);
        if (chosen == -1)
            break;
        const gndp_option *option = NULL;
        const int key = chosen == ':' ? optopt : chosen;
        for (int i = 0; i < n; i++)
            if (key == LONG_BASE + i || (table[i].brief != 0 && key == table[i].brief))
                option = &table[i];
        if (chosen == '?' && optopt >= LONG_BASE && optopt < LONG_BASE + n)
            return gndp_usage_error("--%s takes no value", table[optopt - LONG_BASE].name);
        if (chosen == '?' || option == NULL) {
            const char letter[3] = {'-', (char)optopt, '\0'};
            return unknown(table, optopt != 0 ? letter : argv[optind > at ? optind - 1 : at]);
        }
        if (chosen == ':')
            return gndp_usage_error("--%s needs %s behind it", option->name, option->argument);
        const int code = set_option(option, optarg, settings);
        if (code != GNDP_EXIT_DONE)
            return code;
    }
    *words =
        (const char *const *)(argv + optind); /* getopt_long has moved them behind the options */
    *n_words = argc - optind;
    return GNDP_EXIT_DONE;
}

void gndp_options_help(FILE *file, const gndp_option *table)
{
    enum { COLUMN = 28 };
    for (const gndp_option *option = table; option->name != NULL; option++) {
        char left[64], brief[8] = "    ";
        if (option->brief != 0)
            snprintf(brief, sizeof brief, "-%c, ", option->brief);
        snprintf(left, sizeof left, "  %s--%s%s%s", brief, option->name,
                 option->argument != NULL ? " " : "",
                 option->argument != NULL ? option->argument : "");
        fprintf(file, "%-*s", COLUMN, left);
        if (strlen(left) >= COLUMN)
            fprintf(file, "\n%*s", COLUMN, "");
        for (const char *line = option->text; *line != '\0';) {
            const size_t length = strcspn(line, "\n");
            fprintf(file, "%.*s\n", (int)length, line);
            line += length + (line[length] == '\n');
            if (*line != '\0')
                fprintf(file, "%*s", COLUMN, "");
        }
    }
}
