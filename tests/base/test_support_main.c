// SPDX-License-Identifier: Apache-2.0
// The shared main of the tests itself: what it returns when cases pass, fail, skip or are not
// there.
#include "support/test_main.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void passes(void **state)
{
    (void)state;
}

static void fails(void **state)
{
    (void)state;
    fail();
}

static void skips(void **state)
{
    (void)state;
    skip();
}

static int setup_calls;

static int counting_setup(void **state)
{
    (void)state;
    setup_calls++;
    return 0;
}

static const struct CMUnitTest all[] = {
    cmocka_unit_test(passes),
    cmocka_unit_test(skips),
    cmocka_unit_test(fails),
    cmocka_unit_test_setup(passes, counting_setup),
};

static int run_cases(size_t from, size_t n, const char *pattern)
{
    char program[] = "program", chosen[32];
    char *argv[] = {program, chosen, NULL};
    snprintf(chosen, sizeof chosen, "%s", pattern);
    return gndp_test_main(2, argv, "dir/inner.c", all + from, n);
}

/* Not through GNDP_TEST_MAIN, which cannot judge itself. The inner reports, with their intended
   failures, go nowhere; ours goes to where stderr was. */
int main(void)
{
    struct {
        const char *what;
        int got, want;
    } checks[8];
    size_t n = 0;
    const int report = dup(STDERR_FILENO);
    if (report < 0 || freopen("/dev/null", "w", stdout) == NULL ||
        freopen("/dev/null", "w", stderr) == NULL)
        return GNDP_TEST_FAIL;
#define CHECK(text, value, expected)                                                               \
    checks[n].what = (text);                                                                       \
    checks[n].got = (value);                                                                       \
    checks[n++].want = (expected)
    CHECK("a passing case", run_cases(0, 1, "*"), GNDP_TEST_PASS);
    CHECK("passed and skipped", run_cases(0, 2, "*"), GNDP_TEST_PASS);
    CHECK("all skipped", run_cases(1, 1, "*"), GNDP_TEST_SKIP);
    CHECK("skipped and failed", run_cases(1, 2, "*"), GNDP_TEST_FAIL);
    CHECK("selected by name", run_cases(0, 3, "pas*"), GNDP_TEST_PASS);
    CHECK("no such name", run_cases(0, 3, "passe"), GNDP_TEST_FAIL);
    CHECK("with a setup", run_cases(3, 1, "*"), GNDP_TEST_PASS);
    CHECK("calls of the setup", setup_calls, 1);
#undef CHECK
    int result = GNDP_TEST_PASS;
    for (size_t i = 0; i < n; i++)
        if (checks[i].got != checks[i].want) {
            dprintf(report, "%s: %d, not %d\n", checks[i].what, checks[i].got, checks[i].want);
            result = GNDP_TEST_FAIL;
        }
    return result;
}
