// SPDX-License-Identifier: Apache-2.0
// Messages for a wrong command line.
#include "cli/usage.h"

#include <stdarg.h>
#include <stdio.h>

#include "cli/verbs.h"

int gndp_usage_error(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("gndp: ", stderr);
    vfprintf(stderr, format, args);
    fputs(" (see gndp --help)\n", stderr);
    va_end(args);
    return GNDP_EXIT_USAGE;
}

int gndp_usage_unknown(const char *what, const char *word)
{
    const char *nearest = gndp_verb_nearest(word);
    if (nearest != NULL)
        return gndp_usage_error("there is no %s '%s'; did you mean '%s'?", what, word, nearest);
    return gndp_usage_error("there is no %s '%s'", what, word);
}
