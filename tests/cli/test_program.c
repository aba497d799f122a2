// SPDX-License-Identifier: Apache-2.0
// The program as its user meets it: what it prints and its exit codes. GNDP_PROGRAM names it.
#include "cli/program.h"

#include <gndp/version.h>

static void program_version_names_every_part(void **state)
{
    (void)state;
    char *text = run(0, "--version"), *same = run(0, "version");
    assert_memory_equal(text, "gndp " GNDP_VERSION "\n", strlen("gndp " GNDP_VERSION "\n"));
    static const char *const parts[] = {"\ncommit ", "\ncompiler ", "\nBLAS      OpenBLAS ",
                                        "\nSIMD ",   "\noneDNN ",   "\nCUDA "};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        assert_contains(text, parts[i]);
    assert_string_equal(same, text);
    free(text);
    free(same);
}

static void program_runs_the_openmp_blas(void **state)
{
    (void)state;
    char *text = run(0, "--version");
    assert_contains(text, "parallel by OpenMP");
    assert_null(strstr(text, "warning"));
    free(text);
}

static void program_version_obeys_the_simd_cap(void **state)
{
    (void)state;
    const outcome r = shell("GNDP_SIMD=baseline \"$GNDP_PROGRAM\" --version");
    assert_int_equal(r.code, 0);
    assert_contains(r.out, "\nSIMD      baseline");
    free(r.out);
}

static void program_version_fails_when_the_simd_cap_is_wrong(void **state)
{
    (void)state;
    const outcome r = shell("GNDP_SIMD=avx99 \"$GNDP_PROGRAM\" --version");
    assert_int_equal(r.code, 1);
    assert_int_equal(count_lines(r.out), 1);
    assert_contains(r.out, "avx99");
    assert_contains(r.out, "avx512bf16");
    free(r.out);
}

static void program_help_lists_verbs_on_stdout(void **state)
{
    (void)state;
    char *text = run(0, "--help 2>/dev/null"), *same = run(0, "help 2>/dev/null");
    assert_contains(text, "\n  help ");
    assert_contains(text, "\n  version ");
    assert_string_equal(same, text);
    free(text);
    free(same);
}

static void program_verb_help_is_the_same_both_ways(void **state)
{
    (void)state;
    char *text = run(0, "help version"), *same = run(0, "version --help");
    assert_contains(text, "usage: gndp version");
    assert_string_equal(same, text);
    free(text);
    free(same);
}

static void program_without_arguments_is_wrong_usage(void **state)
{
    (void)state;
    char *text = run(2, "%s", ""), *out = run(2, "2>/dev/null");
    assert_contains(text, "usage: gndp ");
    assert_string_equal(out, ""); /* the help goes to stderr */
    free(text);
    free(out);
}

static void assert_refused(const char *arguments, const char *part)
{
    char *text = run(2, "%s", arguments);
    assert_int_equal(count_lines(text), 1);
    assert_contains(text, part);
    free(text);
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
    char *text = run(2, "qqqqqqq");
    assert_null(strstr(text, "did you mean"));
    free(text);
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
    char *text = run(1, "version >/dev/full");
    assert_contains(text, "cannot write the output");
    free(text);
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
