// SPDX-License-Identifier: Apache-2.0
// What tests of written files share: a folder of their own, tools run under the shell, children
// with limits.
#ifndef GNDP_TESTS_IO_WRITE_CASE_H
#define GNDP_TESTS_IO_WRITE_CASE_H

#include "support/test_main.h"

#include <dirent.h>
#include <gndp/base.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define assert_ok(call)                                                                            \
    do {                                                                                           \
        if ((call) != GNDP_OK)                                                                     \
            fail_msg("%s", gndp_last_error());                                                     \
    } while (0)
/* The call fails with that status, and its message has the part. */
#define assert_fails(call, status, part)                                                           \
    do {                                                                                           \
        const gndp_status got_ = (call);                                                           \
        if (got_ != (status) || strstr(gndp_last_error(), (part)) == NULL)                         \
            fail_msg("%s in place of %s with '%s': %s", gndp_status_name(got_), #status, (part),   \
                     got_ == GNDP_OK ? "" : gndp_last_error());                                    \
    } while (0)

/* A fresh folder, which becomes the current one; the state is its name. */
static inline int folder_setup(void **state)
{
    char *folder = strdup("/tmp/gndp-test-XXXXXX");
    if (folder == NULL || mkdtemp(folder) == NULL || chmod(folder, 0777) != 0 || chdir(folder) != 0)
        return -1;
    *state = folder;
    return 0;
}

static inline int folder_teardown(void **state)
{
    char line[256];
    char *folder = *state;
    snprintf(line, sizeof line, "chmod -R u+rwx '%s'; rm -rf '%s'", folder, folder);
    const int code = chdir("/") != 0 || system(line) != 0;
    free(folder);
    return code;
}

/* Files in a folder, hidden ones too. */
static inline int files_in(const char *folder)
{
    int n = 0;
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    for (const struct dirent *entry; (entry = readdir(dir)) != NULL;)
        n += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
    closedir(dir);
    return n;
}

static inline bool is_file(const char *path)
{
    return access(path, F_OK) == 0;
}

/* All bytes of a file, to be freed. */
static inline char *read_bytes(const char *path, size_t *bytes)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    *bytes = (size_t)ftell(file);
    rewind(file);
    char *data = malloc(*bytes + 1);
    assert_non_null(data);
    assert_int_equal(fread(data, 1, *bytes, file), *bytes);
    data[*bytes] = 0;
    fclose(file);
    return data;
}

static inline void write_bytes(const char *path, const void *data, size_t bytes)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, bytes, file), bytes);
    assert_int_equal(fclose(file), 0);
}

/* Run a command line in the current folder. @return its output, both streams, to be freed */
static inline char *shell(int *code, const char *format, ...) __attribute__((format(printf, 2, 3)));
static inline char *shell(int *code, const char *format, ...)
{
    enum { OUTPUT_BYTES = 1 << 20 };
    char command[4000], line[4096];
    va_list args;
    va_start(args, format);
    vsnprintf(command, sizeof command, format, args);
    va_end(args);
    snprintf(line, sizeof line, "{ %s\n} 2>&1", command);
    char *out = calloc(1, OUTPUT_BYTES);
    assert_non_null(out);
    FILE *pipe = popen(line, "r");
    assert_non_null(pipe);
    size_t got = fread(out, 1, OUTPUT_BYTES - 1, pipe);
    out[got] = 0;
    const int status = pclose(pipe);
    *code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return out;
}

/* The command works; what it prints, to be freed. */
static inline char *run(const char *command)
{
    int code;
    char *out = shell(&code, "%s", command);
    if (code != 0)
        fail_msg("exit code %d of %s\n%s", code, command, out);
    return out;
}

/* The command works and prints nothing. */
static inline void run_silent(const char *command)
{
    char *out = run(command);
    if (out[0] != 0)
        fail_msg("%s prints:\n%s", command, out);
    free(out);
}

static inline void assert_contains(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("no '%s' in:\n%s", part, text);
}

/* Skip the case unless the command works. */
static inline void need(const char *command)
{
    int code;
    char *out = shell(&code, "%s", command);
    free(out);
    if (code != 0) {
        print_message("skipped: '%s' does not work here\n", command);
        skip();
    }
}

/* Run a function in a child: as an ordinary user if root runs the test, and with a limit on the
 * size of files, 0 for none. @return its exit code */
static inline int in_child(int (*work)(void *), void *argument, bool ordinary_user,
                           rlim_t file_limit)
{
    fflush(NULL);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const struct rlimit limit = {file_limit, file_limit};
        signal(SIGXFSZ, SIG_IGN);
        if (ordinary_user && geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
            _exit(99);
        if (file_limit > 0 && setrlimit(RLIMIT_FSIZE, &limit) != 0)
            _exit(99);
        _exit(work(argument));
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (!WIFEXITED(status))
        fail_msg("the child died of signal %d", WTERMSIG(status));
    return WEXITSTATUS(status);
}

/* For children: whether the call fails so; says what it got instead. */
static inline bool fails_in_child(gndp_status got, gndp_status status, const char *part)
{
    const bool as_said = got == status && strstr(gndp_last_error(), part) != NULL;
    if (!as_said)
        fprintf(stderr, "%s in place of %s with '%s': %s\n", gndp_status_name(got),
                gndp_status_name(status), part, gndp_last_error());
    return as_said;
}

#endif
