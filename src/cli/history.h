// SPDX-License-Identifier: Apache-2.0
// The line that a file's history keeps of the command that made it.
#ifndef GNDP_CLI_HISTORY_H
#define GNDP_CLI_HISTORY_H

/** "2019-03-01T06:00:00Z gndp gen se -o se.nc": time and words, those with
 * blanks in quotes; free() it. NULL: out of memory. */
char *cli_history(const char *verb, int argc, char **argv);

#endif
