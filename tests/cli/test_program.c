// SPDX-License-Identifier: Apache-2.0
// The program as its user meets it: what it prints and its exit codes. GNDP_PROGRAM names it.
#include "support/test_main.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <gndp/version.h>

typedef struct outcome {
    int code;
    char out[4096]; /* both streams */
} outcome;

/* Run the program under a shell, which takes the redirections in `arguments`. */
static outcome run(const char *environment, const char *arguments)
{
    outcome result = {.code = -1};
    char command[1024];
    const char *program = getenv("GNDP_PROGRAM");
    if (program == NULL)
        skip();
    const int n =
        snprintf(command, sizeof command, "%s '%s' 2>&1 %s", environment, program, arguments);
    assert_in_range(n, 1, sizeof command - 1);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    const size_t got = fread(result.out, 1, sizeof result.out - 1, pipe);
    result.out[got] = '\0';
    const int status = pclose(pipe);
    assert_true(WIFEXITED(status));
    result.code = WEXITSTATUS(status);
    return result;
}

static size_t lines(const char *text)
{
    size_t n = 0;
    for (; *text != '\0'; text++)
        n += *text == '\n';
    return n;
}

static void assert_contains(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("no '%s' in: %s", part, text);
}

static void program_version_names_every_part(void **state)
{
    (void)state;
    const outcome r = run("", "--version");
    assert_int_equal(r.code, 0);
    assert_memory_equal(r.out, "gndp " GNDP_VERSION "\n", strlen("gndp " GNDP_VERSION "\n"));
    static const char *const parts[] = {"\ncommit ", "\ncompiler ", "\nBLAS      OpenBLAS ",
                                        "\nSIMD ",   "\noneDNN ",   "\nCUDA "};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        assert_contains(r.out, parts[i]);
    const outcome same = run("", "version");
    assert_int_equal(same.code, 0);
    assert_string_equal(same.out, r.out);
}

static void program_runs_the_openmp_blas(void **state)
{
    (void)state;
    const outcome r = run("", "--version");
    assert_contains(r.out, "parallel by OpenMP");
    assert_null(strstr(r.out, "warning"));
}

static void program_version_obeys_the_simd_cap(void **state)
{
    (void)state;
    const outcome r = run("GNDP_SIMD=baseline", "--version");
    assert_int_equal(r.code, 0);
    assert_contains(r.out, "\nSIMD      baseline");
}

static void program_version_fails_when_the_simd_cap_is_wrong(void **state)
{
    (void)state;
    const outcome r = run("GNDP_SIMD=avx99", "--version");
    assert_int_equal(r.code, 1);
    assert_int_equal(lines(r.out), 1);
    assert_contains(r.out, "avx99");
    assert_contains(r.out, "avx512bf16");
}

static void program_help_lists_verbs_on_stdout(void **state)
{
    (void)state;
    const outcome r = run("", "--help 2>/dev/null");
    assert_int_equal(r.code, 0);
    assert_contains(r.out, "\n  help ");
    assert_contains(r.out, "\n  version ");
    assert_string_equal(run("", "help 2>/dev/null").out, r.out);
}

static void program_verb_help_is_the_same_both_ways(void **state)
{
    (void)state;
    const outcome r = run("", "help version");
    assert_int_equal(r.code, 0);
    assert_contains(r.out, "usage: gndp version");
    assert_string_equal(run("", "version --help").out, r.out);
}

static void program_without_arguments_is_wrong_usage(void **state)
{
    (void)state;
    assert_int_equal(run("", "").code, 2);
    assert_string_equal(run("", "2>/dev/null").out, ""); /* the help goes to stderr */
}

static void assert_refused(const char *arguments, const char *part)
{
    const outcome r = run("", arguments);
    assert_int_equal(r.code, 2);
    assert_int_equal(lines(r.out), 1);
    assert_contains(r.out, part);
}

static void program_refuses_unknown_words_with_the_nearest(void **state)
{
    (void)state;
    assert_refused("versoin", "there is no verb 'versoin'; did you mean 'version'?");
    assert_refused("--hlep", "there is no option '--hlep'; did you mean '--help'?");
    assert_refused("help vesion", "did you mean 'version'?");
    assert_refused("hel", "did you mean 'help'?");
}

static void program_suggests_nothing_when_nothing_is_near(void **state)
{
    (void)state;
    assert_null(strstr(run("", "qqqqqqq").out, "did you mean"));
    assert_refused("qqqqqqq", "there is no verb 'qqqqqqq'");
    assert_refused("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                   "there is no verb 'aaa");
    assert_refused("''", "there is no verb ''");
}

static void program_refuses_arguments_too_many(void **state)
{
    (void)state;
    assert_refused("version now", "'now'");
    assert_refused("help version help", "'help'");
}

static void program_fails_when_its_output_is_lost(void **state)
{
    (void)state;
    FILE *full = fopen("/dev/full", "w");
    if (full == NULL)
        skip();
    fclose(full);
    const outcome r = run("", "version >/dev/full");
    assert_int_equal(r.code, 1);
    assert_contains(r.out, "cannot write the output");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(program_version_names_every_part),
    cmocka_unit_test(program_runs_the_openmp_blas),
    cmocka_unit_test(program_version_obeys_the_simd_cap),
    cmocka_unit_test(program_version_fails_when_the_simd_cap_is_wrong),
    cmocka_unit_test(program_help_lists_verbs_on_stdout),
    cmocka_unit_test(program_verb_help_is_the_same_both_ways),
    cmocka_unit_test(program_without_arguments_is_wrong_usage),
    cmocka_unit_test(program_refuses_unknown_words_with_the_nearest),
    cmocka_unit_test(program_suggests_nothing_when_nothing_is_near),
    cmocka_unit_test(program_refuses_arguments_too_many),
    cmocka_unit_test(program_fails_when_its_output_is_lost),
};

GNDP_TEST_MAIN(tests)
