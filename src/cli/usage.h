// SPDX-License-Identifier: Apache-2.0
// One line on stderr for a wrong command line.
#ifndef GNDP_CLI_USAGE_H
#define GNDP_CLI_USAGE_H

/** Say what is wrong and where help is; gives the exit code of wrong usage. */
int gndp_usage_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** The same for a word that is no `what` ("verb", "option"), with the nearest that there is. */
int gndp_usage_unknown(const char *what, const char *word);

#endif
