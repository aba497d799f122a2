// SPDX-License-Identifier: Apache-2.0
// Names and their misspellings.
#include "support/test_main.h"

#include <string.h>

#include "base/nearest.h"

static const char *const samplers[] = {"em", "heun", "ancestral", "ancestral2", NULL};

static const char *at(const void *state, int i)
{
    return ((const char *const *)state)[i];
}

static void edits_are_counted(void **state)
{
    (void)state;
    assert_int_equal(gndp_edit_distance("heun", "heun"), 0);
    assert_int_equal(gndp_edit_distance("heun", "hen"), 1);
    assert_int_equal(gndp_edit_distance("hen", "heun"), 1);
    assert_int_equal(gndp_edit_distance("heun", "huen"), 1); /* neighbours swapped */
    assert_int_equal(gndp_edit_distance("heun", "hein"), 1);
    assert_int_equal(gndp_edit_distance("", "heun"), 4);
}

static void the_nearest_is_near(void **state)
{
    (void)state;
    assert_string_equal(gndp_nearest("huen", at, samplers), "heun");
    assert_string_equal(gndp_nearest("ancestral3", at, samplers), "ancestral");
    assert_null(gndp_nearest("langevin", at, samplers));
}

static void names_are_found_or_told(void **state)
{
    (void)state;
    int i = -1;
    assert_int_equal(gndp_find_name("sampler", "ancestral2", at, samplers, &i), GNDP_OK);
    assert_int_equal(i, 3);
    assert_int_equal(gndp_find_name("sampler", "huen", at, samplers, &i), GNDP_ERR_NOT_FOUND);
    assert_int_equal(i, 3);
    assert_non_null(strstr(gndp_last_error(),
                           "there is no sampler 'huen'; there are: heun, em, ancestral, ancestral2"));
    assert_int_equal(gndp_find_name("sampler", NULL, at, samplers, &i), GNDP_ERR_ARG);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(edits_are_counted),
    cmocka_unit_test(the_nearest_is_near),
    cmocka_unit_test(names_are_found_or_told),
};
GNDP_TEST_MAIN(tests)
