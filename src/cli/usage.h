// SPDX-License-Identifier: Apache-2.0
// What the program says on stderr when it cannot go on: wrong usage, or a
// failure.
#ifndef GNDP_CLI_USAGE_H
#define GNDP_CLI_USAGE_H

#include <stdbool.h>
#include <stdint.h>

/* What the program exits with. */
enum {
    GNDP_EXIT_DONE = 0,
    GNDP_EXIT_FAILURE = 1,
    GNDP_EXIT_USAGE = 2,
    GNDP_EXIT_INTERRUPTED = 130
};

/* Steps of a verb give exit codes, the line on stderr written already. Both
   expect a local `int code` and a label `done`; the second is for calls of the
   library. */
#define GNDP_STEP(call)                                                                            \
    do {                                                                                           \
        if ((code = (call)) != GNDP_EXIT_DONE)                                                     \
            goto done;                                                                             \
    } while (0)
#define GNDP_LIBRARY(call)                                                                         \
    do {                                                                                           \
        if ((call) != GNDP_OK) {                                                                   \
            code = gndp_failure_library();                                                         \
            goto done;                                                                             \
        }                                                                                          \
    } while (0)

/** The verb that runs, "gp fit": messages name its help. Text stays the caller's. */
void gndp_usage_of(const char *verb);

/** Say what is wrong and where help is; gives the exit code of wrong usage. */
int gndp_usage_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** The same for a word that is no `what` ("verb", "option"), with the nearest
 * that there is (NULL: none). */
int gndp_usage_unknown(const char *what, const char *word, const char *nearest);

/** Say what went wrong; gives the exit code of a failure. */
int gndp_failure(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** The same with the text of the library's last error; its place and the way it
 * came only if messages are verbose. */
int gndp_failure_library(void);
/** The same after the place in a file that it concerns. */
int gndp_failure_library_at(const char *path, int64_t line);

/** Out of memory. */
int gndp_failure_memory(void);

void gndp_failure_verbose(bool verbose);

/** One line on stderr that the user should know, "gndp: note: ...". */
void gndp_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/** The same with the text of the library's last error behind `what`. */
void gndp_note_library(const char *what);

/** Of n names the one nearest to a mistyped word, or NULL if none is near enough to be meant. */
const char *gndp_nearest(const char *word, const char *const *names, int n);

#endif
