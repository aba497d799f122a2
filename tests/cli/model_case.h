// SPDX-License-Identifier: Apache-2.0
// A model that is trained in a blink, and ways to interrupt the program.
#ifndef GNDP_TESTS_CLI_MODEL_CASE_H
#define GNDP_TESTS_CLI_MODEL_CASE_H

#include "cli/program.h"

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

/* 24 points on a line; 51 fields held out. */
#define TINY                                                                                                                                   \
    "data:\n"                                                                                                                                  \
    "  source: generator\n"                                                                                                                    \
    "  generator: {name: se, fields: 512, points: 24, random: no}\n"                                                                           \
    "  split: {train: 0.8, validation: 0.1, test: 0.1}\n"                                                                                      \
    "score: {net: bi_attention, layers: 1, hidden: 16, heads: 2}\n"                                                                            \
    "train: {steps: 60, batch: 8, validate_every: 20, validation_batches: 2, learning_rate: {warmup: 10}}\n"                                   \
    "sample: {steps: 20}\n"

static inline void tiny_config(void)
{
    write_file("tiny.yaml", TINY);
}

static inline void tiny_model(void)
{
    tiny_config();
    free(run(0, "train tiny.yaml -q -o run"));
}

static inline bool there(const char *path)
{
    return access(path, F_OK) == 0;
}

static inline void assert_same_bytes(const char *a, const char *b)
{
    char line[512];
    snprintf(line, sizeof line, "cmp '%s' '%s'", a, b);
    const outcome r = shell(line);
    if (r.code != 0)
        fail_msg("%s", r.out);
    free(r.out);
}

/* One line, of wrong usage or failure, that has `part`. */
static inline void assert_one_line(int code, const char *part, const char *arguments)
{
    char *text = run(code, "%s", arguments);
    if (count_lines(text) != 1 || strstr(text, part) == NULL)
        fail_msg("not one line with '%s' from gndp %s:\n%s", part, arguments, text);
    free(text);
}

static inline void wait_ms(int64_t ms)
{
    const struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    nanosleep(&t, NULL);
}

/* Start the program, words apart from each other by blanks, its words thrown away. */
static inline pid_t start(const char *arguments)
{
    char copy[1024], *word[64] = {getenv("GNDP_PROGRAM")};
    int n = 1;
    if (word[0] == NULL)
        skip();
    snprintf(copy, sizeof copy, "%s", arguments);
    for (char *w = strtok(copy, " "); w != NULL && n < 63; w = strtok(NULL, " "))
        word[n++] = w;
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (freopen("/dev/null", "w", stdout) == NULL || freopen("err.txt", "w", stderr) == NULL)
            _exit(99);
        execv(word[0], word);
        _exit(98);
    }
    return child;
}

/* Send a signal; what came of it. */
static inline int stop(pid_t child, int number)
{
    int status;
    kill(child, number);
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

#endif
