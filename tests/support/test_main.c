// SPDX-License-Identifier: Apache-2.0
// Runs the cases of one test program through cmocka and maps its result to an exit code.
#include "support/test_main.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* cmocka counts failures only. A case that neither failed nor came to its end was skipped, as
   skip() leaves by longjmp; so each case runs in a wrapper that notes which one is on and which
   ended. */
static const struct CMUnitTest **selected;
static size_t n_begun, n_ended;

static int wrapped_setup(void **state)
{
    const struct CMUnitTest *test = selected[n_begun++];
    return test->setup_func != NULL ? test->setup_func(state) : 0;
}

static void wrapped_test(void **state)
{
    selected[n_begun - 1]->test_func(state);
    n_ended++;
}

static int run(const char *group, size_t n)
{
    struct CMUnitTest *wrapped = calloc(n, sizeof *wrapped);
    if (wrapped == NULL)
        return GNDP_TEST_FAIL;
    for (size_t i = 0; i < n; i++) {
        wrapped[i] = *selected[i];
        wrapped[i].setup_func = wrapped_setup;
        wrapped[i].test_func = wrapped_test;
    }
    n_begun = n_ended = 0;
    const int failures = _cmocka_run_group_tests(group, wrapped, n, NULL, NULL);
    free(wrapped);
    if (failures != 0 || n_begun != n)
        return GNDP_TEST_FAIL;
    return n_ended == 0 ? GNDP_TEST_SKIP : GNDP_TEST_PASS;
}

int gndp_test_main(int argc, char **argv, const char *file, const struct CMUnitTest *tests,
                   size_t n)
{
    const char *slash = strrchr(file, '/');
    const char *group = slash != NULL ? slash + 1 : file;
    const char *pattern = argc > 1 ? argv[1] : "*";
    size_t n_selected = 0;
    selected = calloc(n + 1, sizeof *selected);
    if (selected == NULL)
        return GNDP_TEST_FAIL;
    if (strcmp(pattern, "--list") == 0) {
        for (size_t i = 0; i < n; i++)
            printf("%s\n", tests[i].name);
        free(selected);
        return GNDP_TEST_PASS;
    }
    for (size_t i = 0; i < n; i++)
        if (fnmatch(pattern, tests[i].name, 0) == 0)
            selected[n_selected++] = &tests[i];
    int result = GNDP_TEST_FAIL;
    if (n_selected == 0)
        fprintf(stderr, "%s: no case is named %s\n", group, pattern);
    else
        result = run(group, n_selected);
    free(selected);
    selected = NULL;
    return result;
}
