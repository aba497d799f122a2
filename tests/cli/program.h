// SPDX-License-Identifier: Apache-2.0
// Runs the program in a folder of its own, as a shell user does. GNDP_PROGRAM names it.
#ifndef GNDP_TESTS_CLI_PROGRAM_H
#define GNDP_TESTS_CLI_PROGRAM_H

#include "support/test_main.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PROGRAM_OUTPUT_BYTES = 1 << 20 };

typedef struct outcome {
    int code;
    char *out; /* both streams, unless redirected; free() it */
} outcome;

/* Run a command line under the shell in the current folder; "gndp" is the program. The function
 * makes the test skip if there is none. */
static inline outcome shell(const char *command)
{
    outcome result = {.code = -1, .out = calloc(1, PROGRAM_OUTPUT_BYTES)};
    char line[8192];
    const char *program = getenv("GNDP_PROGRAM");
    if (program == NULL)
        skip();
    const int n =
        snprintf(line, sizeof line, "gndp() { '%s' \"$@\"; }\n{ %s\n} 2>&1", program, command);
    assert_in_range(n, 1, sizeof line - 1);
    FILE *pipe = popen(line, "r");
    assert_non_null(pipe);
    assert_non_null(result.out);
    const size_t got = fread(result.out, 1, PROGRAM_OUTPUT_BYTES - 1, pipe);
    result.out[got] = '\0';
    const int status = pclose(pipe);
    assert_true(WIFEXITED(status));
    result.code = WEXITSTATUS(status);
    return result;
}

/* Run "gndp <arguments>" and expect an exit code; what it printed is the caller's, to be freed. */
static inline char *run(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));
static inline char *run(int code, const char *format, ...)
{
    char line[4096] = "gndp ";
    va_list args;
    va_start(args, format);
    vsnprintf(line + 5, sizeof line - 5, format, args);
    va_end(args);
    const outcome r = shell(line);
    if (r.code != code)
        fail_msg("exit code %d in place of %d from: %s\n%s", r.code, code, line, r.out);
    return r.out;
}

static inline size_t count_lines(const char *text)
{
    size_t n = 0;
    for (; *text != '\0'; text++)
        n += *text == '\n';
    return n;
}

static inline void assert_contains(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("no '%s' in: %s", part, text);
}

static inline void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

/* Content of a file; NULL if there is none. free() it. */
static inline char *read_file(const char *path)
{
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return NULL;
    char *text = calloc(1, PROGRAM_OUTPUT_BYTES);
    assert_non_null(text);
    const size_t n = fread(text, 1, PROGRAM_OUTPUT_BYTES - 1, file);
    text[n] = '\0';
    fclose(file);
    return text;
}

/* Each case has a folder that is empty when it starts. */
static inline int enter_folder(void **state)
{
    char *folder = strdup("/tmp/gndp-test-XXXXXX");
    if (folder == NULL || mkdtemp(folder) == NULL || chdir(folder) != 0)
        return -1;
    *state = folder;
    return 0;
}

static inline int leave_folder(void **state)
{
    char line[128];
    char *folder = *state;
    const int n = snprintf(line, sizeof line, "rm -rf '%s'", folder);
    const int failed = chdir("/") != 0 || n >= (int)sizeof line || system(line) != 0;
    free(folder);
    return failed ? -1 : 0;
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, enter_folder, leave_folder)

#endif
