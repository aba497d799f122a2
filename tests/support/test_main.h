// SPDX-License-Identifier: Apache-2.0
// The main function of every test program, and what cmocka wants to be included before it.
#ifndef GNDP_TEST_MAIN_H
#define GNDP_TEST_MAIN_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Exit codes that ctest is told about. */
enum { GNDP_TEST_PASS = 0, GNDP_TEST_FAIL = 1, GNDP_TEST_SKIP = 77 };

/**
 * Run the cases and map the result: 0 if all pass, 1 if one fails or none was selected, 77 if each
 * case that ran was skipped. An argument selects cases by name, `*` and `?` are wild cards;
 * `--list` prints the names.
 */
int gndp_test_main(int argc, char **argv, const char *file, const struct CMUnitTest *tests,
                   size_t n);

/* `tests` is a static const struct CMUnitTest array of the file. */
#define GNDP_TEST_MAIN(tests)                                                                      \
    int main(int argc, char **argv)                                                                \
    {                                                                                              \
        return gndp_test_main(argc, argv, __FILE__, (tests), sizeof(tests) / sizeof *(tests));     \
    }

#endif
