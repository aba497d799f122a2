// SPDX-License-Identifier: Apache-2.0
// The table of keys: groups together, defaults that are allowed, choices that exist elsewhere in the library.
#include "support/test_main.h"

#include <gndp/config.h>
#include <gndp/sampler.h>
#include <gndp/score.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const gndp_config_key *key_of(const char *path)
{
    for (int i = 0; i < gndp_config_key_count(); i++)
        if (strcmp(gndp_config_key_get(i)->path, path) == 0)
            return gndp_config_key_get(i);
    fail_msg("no key %s", path);
    return NULL;
}

static void config_keys_are_complete(void **state)
{
    (void)state;
    assert_null(gndp_config_key_get(-1));
    assert_null(gndp_config_key_get(gndp_config_key_count()));
    for (int i = 0; i < gndp_config_key_count(); i++) {
        const gndp_config_key *key = gndp_config_key_get(i);
        assert_true(strlen(key->path) > 0 && strlen(key->path) < 100 && key->units != NULL && strlen(key->text) > 5);
        assert_null(strchr(key->text, '\n'));
        assert_int_equal(key->type == GNDP_CONFIG_CHOICE, key->choices != NULL);
        assert_true(key->low <= key->high);
        assert_string_not_equal(gndp_config_type_text(key->type), "?");
        for (int j = 0; j < i; j++) {
            const char *other = gndp_config_key_get(j)->path;
            const size_t n = strlen(other);
            assert_string_not_equal(key->path, other);
            assert_false(strncmp(key->path, other, n) == 0 && key->path[n] == '.'); /* a key is no group */
        }
    }
}

/* A group that came to its end does not come again. */
static void config_keys_of_a_group_are_neighbours(void **state)
{
    (void)state;
    for (int i = 1; i < gndp_config_key_count(); i++) {
        const char *path = gndp_config_key_get(i)->path, *before = gndp_config_key_get(i - 1)->path;
        for (const char *dot = strchr(path, '.'); dot != NULL; dot = strchr(dot + 1, '.')) {
            const size_t n = (size_t)(dot + 1 - path);
            if (strncmp(path, before, n) == 0)
                continue;
            for (int j = 0; j < i; j++)
                assert_true(strncmp(path, gndp_config_key_get(j)->path, n) != 0);
        }
    }
}

static void config_choices_are_those_of_the_library(void **state)
{
    (void)state;
    char names[512] = "";
    for (int i = 0; i < gndp_net_count(); i++)
        snprintf(names + strlen(names), sizeof names - strlen(names), "%s%s", i > 0 ? "|" : "", gndp_net_get(i)->name);
    assert_string_equal(key_of("score.net")->choices, names);
    names[0] = '\0';
    char linear[512] = "";
    for (int i = 0; i < gndp_sampler_count(); i++) {
        const gndp_sampler_info *sampler = gndp_sampler_get(i);
        snprintf(names + strlen(names), sizeof names - strlen(names), "%s%s", i > 0 ? "|" : "", sampler->name);
        if (sampler->step != NULL)
            snprintf(linear + strlen(linear), sizeof linear - strlen(linear), "%s%s", linear[0] != '\0' ? "|" : "", sampler->name);
    }
    assert_string_equal(key_of("sample.sampler")->choices, names);
    assert_string_equal(key_of("infer.sampler")->choices, linear);
}

static void config_files_of_the_examples_read(void **state)
{
    (void)state;
    static const char *const names[] = {"regression_se",       "regression_matern52", "regression_weakly_periodic",
                                        "regression_sawtooth", "regression_mixture",  "era5_uk_t2m",
                                        "era5_quick",          "regression_se_amortised"};
    const char *source = getenv("GNDP_SOURCE");
    if (source == NULL) {
        print_message("GNDP_SOURCE is not set\n");
        skip();
    }
    for (size_t k = 0; k < sizeof names / sizeof *names; k++) {
        char path[4096];
        gndp_config *config = NULL;
        snprintf(path, sizeof path, "%s/examples/%s.yaml", source, names[k]);
        if (gndp_config_read(path, &config) != GNDP_OK)
            fail_msg("%s", gndp_last_error());
        gndp_config_free(config);
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(config_keys_are_complete),
    cmocka_unit_test(config_keys_of_a_group_are_neighbours),
    cmocka_unit_test(config_choices_are_those_of_the_library),
    cmocka_unit_test(config_files_of_the_examples_read),
};
GNDP_TEST_MAIN(tests)
