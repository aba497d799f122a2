// SPDX-License-Identifier: Apache-2.0
// Configurations that are wrong: what is said, and where; hazards of YAML; caps.
#include "support/test_main.h"

#include <gndp/config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Parsing fails with the status, and the message has the part. */
static void refuse(const char *text, gndp_status status, const char *part)
{
    gndp_config *config = (gndp_config *)&config;
    const gndp_status st = gndp_config_parse(text, "run.yaml", &config);
    assert_null(config);
    if (st != status || strstr(gndp_last_error(), part) == NULL)
        fail_msg("%.60s: %s, \"%s\" does not say \"%s\"", text, gndp_status_name(st),
                 gndp_last_error(), part);
}

static void config_names_unknown_keys_and_the_nearest(void **state)
{
    (void)state;
    refuse("train:\n  steps: 3\n  bach: 4\n", GNDP_ERR_FORMAT,
           "run.yaml:3:3: no key \"train.bach\"; nearest: \"train.batch\"");
    refuse("trian:\n  steps: 3\n", GNDP_ERR_FORMAT,
           "run.yaml:1:1: no key \"trian\"; nearest: \"train\"");
    refuse("batch: 3\n", GNDP_ERR_FORMAT, "no key \"batch\"; nearest: \"train.batch\"");
    refuse("train: {learning_rate: {peek: 1}}\n", GNDP_ERR_FORMAT,
           "run.yaml:1:25: no key \"train.learning_rate.peek\"; nearest: "
           "\"train.learning_rate.peak\"");
    refuse("zzzzzz: 3\n", GNDP_ERR_FORMAT, "no key \"zzzzzz\"\n");
    refuse("Train: {}\n", GNDP_ERR_FORMAT, "nearest: \"train\"");
    refuse("train.steps.x: 3\n", GNDP_ERR_FORMAT, "no key");
    refuse("? [a]\n: b\n", GNDP_ERR_FORMAT,
           "run.yaml:1:3: a key: a list where a single value belongs");
}

static void config_names_doubled_keys(void **state)
{
    (void)state;
    refuse("train:\n  steps: 3\n  steps: 4\n", GNDP_ERR_FORMAT,
           "run.yaml:3:3: train.steps is there twice, first in line 2");
    refuse("train: {steps: 3}\ntrain.steps: 4\n", GNDP_ERR_FORMAT,
           "run.yaml:2:1: train.steps is there twice, first in line 1");
    refuse("train: {steps: 3}\ndata: {}\ntrain: {batch: 3}\n", GNDP_ERR_FORMAT,
           "run.yaml:3:1: train is there twice, first in line 1");
    refuse("data:\n  generator: se\n  generator.name: se\n", GNDP_ERR_FORMAT,
           "data.generator.name is there twice");
    refuse("data.vectors: {a: [u, v], b: [u], a: x}\n", GNDP_ERR_FORMAT, "\"a\" is there twice");
    refuse("data.vectors: [a=u, \"a=v\"]\n", GNDP_ERR_FORMAT, "\"a\" is there twice");
}

static void config_names_values_of_other_types(void **state)
{
    (void)state;
    refuse("train.steps: many\n", GNDP_ERR_FORMAT,
           "run.yaml:1:14: train.steps takes a whole number, not \"many\"");
    refuse("train.steps: 1.5\n", GNDP_ERR_FORMAT, "takes a whole number, not \"1.5\"");
    refuse("train.steps: [1]\n", GNDP_ERR_FORMAT, "train.steps takes a whole number, not a list");
    refuse("train.steps: {a: 1}\n", GNDP_ERR_FORMAT, "not a group of keys");
    refuse("train.steps: \"3\"\n", GNDP_ERR_FORMAT, "take the quotes off \"3\"");
    refuse("train.clip: one\n", GNDP_ERR_FORMAT, "train.clip takes a number, not \"one\"");
    refuse("score.centre: 1\n", GNDP_ERR_FORMAT, "score.centre takes yes or no, not \"1\"");
    refuse("score.centre: 'yes'\n", GNDP_ERR_FORMAT, "score.centre takes yes or no");
    refuse("score.centre: y\n", GNDP_ERR_FORMAT, "score.centre takes yes or no");
    refuse("train: 3\n", GNDP_ERR_FORMAT, "run.yaml:1:8: train is a group of keys, not a value");
    refuse("train: [3]\n", GNDP_ERR_FORMAT, "train is a group of keys, not a list");
    refuse("data.var: [a, [b]]\n", GNDP_ERR_FORMAT,
           "run.yaml:1:15: data.var: a list where a single value belongs");
    refuse("data.var: {a: b}\n", GNDP_ERR_FORMAT,
           "data.var takes a text or a list of texts, not a group of keys");
    refuse("data.var: []\n", GNDP_ERR_FORMAT, "an empty list");
    refuse("data.var: [a, ]\ndata.level: [1, ~]\n", GNDP_ERR_FORMAT,
           "run.yaml:2:17: data.level: an empty entry");
    refuse("data.vectors: {wind: {u: v}}\n", GNDP_ERR_FORMAT,
           "a group where a single value belongs");
    refuse("data.vectors: {wind: []}\n", GNDP_ERR_FORMAT, "data.vectors takes names with parts");
    refuse("data.vectors: {wind: [\"a,b\"]}\n", GNDP_ERR_FORMAT, "\"a,b\" is no name of a part");
    refuse("data.vectors: wind\n", GNDP_ERR_FORMAT, "data.vectors takes names with parts");
    refuse("data.vectors: \"wind=u,,v\"\n", GNDP_ERR_FORMAT, "data.vectors takes names with parts");
    refuse("data.files: ''\n", GNDP_ERR_FORMAT, "an empty path");
    refuse("just a text\n", GNDP_ERR_FORMAT, "a configuration is made of keys");
    refuse("- a\n- b\n", GNDP_ERR_FORMAT, "this is a list");
}

static void config_names_values_out_of_range(void **state)
{
    (void)state;
    refuse("train:\n  batch: 0\n", GNDP_ERR_RANGE,
           "run.yaml:2:10: train.batch = 0: allowed is 1 to 1000000 fields");
    refuse("train.clip: -1\n", GNDP_ERR_RANGE, "train.clip = -1: allowed is at least 0");
    refuse("process.t1: 0\n", GNDP_ERR_RANGE, "process.t1 = 0: allowed is positive");
    refuse("parametrisation.target: k\n", GNDP_ERR_RANGE,
           "parametrisation.target = k: allowed is K, S, none, y0; nearest: K");
    refuse("data.box: [1, 2, 3]\n", GNDP_ERR_RANGE, "data.box takes 4 numbers, not 3");
    refuse("data.box: [1, 2, 3, 1000]\n", GNDP_ERR_RANGE,
           "run.yaml:1:21: data.box = 1000: allowed is -360 to 720 degrees");
    refuse("train.seed: 99999999999999999999\n", GNDP_ERR_FORMAT, "takes a whole number");
    refuse("train.clip: 1e999\n", GNDP_ERR_FORMAT, "takes a number, not \"1e999\"");
}

/* ---- Hazards of YAML ------------------------------------------------------------------------ */

static void config_refuses_numbers_that_readers_differ_on(void **state)
{
    (void)state;
    refuse("train.steps: 0100\n", GNDP_ERR_FORMAT, "octal");
    refuse("train.clip: -01.5\n", GNDP_ERR_FORMAT, "octal");
    refuse("train.steps: 0x10\n", GNDP_ERR_FORMAT, "takes a whole number");
    refuse("train.steps: 0o10\n", GNDP_ERR_FORMAT, "takes a whole number");
    refuse("train.steps: 1_000\n", GNDP_ERR_FORMAT, "takes a whole number");
    refuse("train.clip: 1:30\n", GNDP_ERR_FORMAT, "takes a number");
    refuse("train.clip: .inf\n", GNDP_ERR_FORMAT, "numbers are finite");
    refuse("train.clip: -.INF\n", GNDP_ERR_FORMAT, "numbers are finite");
    refuse("data.level: [1, .nan]\n", GNDP_ERR_FORMAT, "numbers are finite");
    refuse("train.clip: nan\n", GNDP_ERR_FORMAT, "numbers are finite");
    refuse("train.clip: 1,5\n", GNDP_ERR_FORMAT, "takes a number");
}

static void config_refuses_anchors_in_use_and_tags(void **state)
{
    (void)state;
    refuse("data.var: &a [x]\ndata.files: *a\n", GNDP_ERR_FORMAT, "aliases are not taken");
    refuse("data.var: &a [x, *a]\n", GNDP_ERR_FORMAT, "aliases are not taken");
    refuse("train: &t {batch: 3}\n<<: *t\n", GNDP_ERR_FORMAT, "no key \"<<\"");
    refuse("data: &a\n  generator: *a\n", GNDP_ERR_FORMAT, "aliases are not taken");
    refuse("data.vectors: {a: &x [u, v], b: *x}\n", GNDP_ERR_FORMAT, "aliases are not taken");
    refuse("train.steps: !!int 3\n", GNDP_ERR_FORMAT, "tags (tag:yaml.org,2002:int) are not taken");
    refuse("train: !!python/object {}\n", GNDP_ERR_FORMAT, "are not taken");
    /* nine layers of nine: 3.9e8 texts if it were unfolded */
    char bomb[2048] = "data.var: &a0 [x]\n";
    for (int k = 1; k < 10; k++) {
        char line[128];
        snprintf(line, sizeof line,
                 "data.k%d: &a%d [*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d,*a%d]\n", k, k, k - 1,
                 k - 1, k - 1, k - 1, k - 1, k - 1, k - 1, k - 1, k - 1);
        strcat(bomb, line);
    }
    refuse(bomb, GNDP_ERR_FORMAT, "no key \"data.k1\"");
}

static void config_refuses_what_is_no_text(void **state)
{
    (void)state;
    refuse("train:\n\tsteps: 3\n", GNDP_ERR_FORMAT, "run.yaml:2:1: a tab indents this line");
    refuse("train:\n  \tsteps: 3\n", GNDP_ERR_FORMAT, "run.yaml:2:1: a tab indents this line");
    refuse("# \xc3\xa9\ndata.var: \xff\n", GNDP_ERR_FORMAT,
           "run.yaml:2:11: byte ff is no UTF-8 text");
    refuse("data.var: \xc3", GNDP_ERR_FORMAT, "byte c3 is no UTF-8 text");
    refuse("data.var: \xed\xa0\x80\n", GNDP_ERR_FORMAT, "byte ed is no UTF-8 text");
    refuse("data.var: \x01\n", GNDP_ERR_FORMAT, "run.yaml:1:11: the character U+0001 has no place");
    refuse("data.var: a\xef\xbb\xbf\n", GNDP_ERR_FORMAT, "U+FEFF has no place");
    refuse("\xff\xfe"
           "d",
           GNDP_ERR_FORMAT, "run.yaml:1:1: byte ff is no UTF-8 text");
    refuse("data.var: \"a\\0b\"\n", GNDP_ERR_FORMAT, "data.var: a text with a NUL byte");
    refuse("? \"data\\0\"\n: b\n", GNDP_ERR_FORMAT, "a key: a text with a NUL byte");
}

static void config_names_the_place_of_broken_yaml(void **state)
{
    (void)state;
    refuse("data: [a\n", GNDP_ERR_FORMAT, "run.yaml:2:1: ");
    refuse("data: {a: b\nx: y\n", GNDP_ERR_FORMAT, "run.yaml:");
    refuse("data:\n  var: a\n file: b\n", GNDP_ERR_FORMAT, "run.yaml:3:2: ");
    refuse("data: \"a\n", GNDP_ERR_FORMAT, "run.yaml:");
    refuse("data: @x\n", GNDP_ERR_FORMAT, "run.yaml:1:7: ");
    refuse("data.var: *x\n", GNDP_ERR_FORMAT, "run.yaml:1:11: found undefined alias");
    refuse("a: b: c\n", GNDP_ERR_FORMAT, "run.yaml:1:5: ");
    refuse("train.steps: 3\n---\ntrain.steps: 4\n", GNDP_ERR_FORMAT,
           "run.yaml:3:1: a second document begins");
}

/* ---- Caps ----------------------------------------------------------------------------------- */

static void repeat(char *text, size_t bytes, const char *unit)
{
    const size_t n = strlen(unit);
    size_t used = strlen(text);
    for (; used + n < bytes; used += n)
        memcpy(text + used, unit, n);
    text[used] = '\0';
}

/* Deep, long and large texts end: were anything here to grow as a power of the length, the limit of
 * time that ctest sets on a test would end it. No clock is read, since a busy machine may take any
 * time. */
static void config_ends_with_large_texts(void **state)
{
    (void)state;
    static const struct {
        const char *begin, *unit;
        gndp_status status;
    } cases[] = {
        {"data: ", "[", GNDP_ERR_RANGE},
        {"data: ", "{a: ", GNDP_ERR_RANGE},
        {"", "- ", GNDP_ERR_FORMAT},
        {"", "? ", GNDP_ERR_FORMAT},
        {"data.var: [", "a, ", GNDP_ERR_FORMAT},
        {"data.var: '", "a", GNDP_ERR_FORMAT},
        {"", "a: 1\n", GNDP_ERR_FORMAT},
        {"train: {", "steps: 1, ", GNDP_ERR_FORMAT},
        {"data.var: [", "&a x, ", GNDP_ERR_RANGE},
        {"data.vectors:\n", " a: b\n", GNDP_ERR_RANGE},
        {"# ", "x", GNDP_OK},
        {"data.var:\n", "  - a\n", GNDP_ERR_RANGE},
        {"", "\n", GNDP_OK},
        {"", "? a\n", GNDP_ERR_FORMAT},
        {"data.var: ", "a ", GNDP_OK},
        {"", "%TAG ! !\n", GNDP_ERR_RANGE},
        {"data.var: \"", "\\u00e9", GNDP_ERR_FORMAT},
    };
    enum { BYTES = 250000 };
    char *text = malloc(BYTES + 1);
    for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
        gndp_config *config = NULL;
        strcpy(text, cases[k].begin);
        repeat(text, BYTES, cases[k].unit);
        const gndp_status st = gndp_config_parse(text, "run.yaml", &config);
        gndp_config_free(config);
        if (st != cases[k].status)
            fail_msg("%s%s..: %s", cases[k].begin, cases[k].unit, gndp_last_error());
    }
    free(text);
}

static void config_refuses_more_than_a_configuration_can_be(void **state)
{
    (void)state;
    enum { BYTES = 300000 };
    char *text = malloc(BYTES + 1);
    strcpy(text, "# ");
    repeat(text, BYTES, "x");
    refuse(text, GNDP_ERR_RANGE, "run.yaml: above 262144 bytes");
    strcpy(text, "data.var: [");
    for (int k = 0; k < 5000; k++)
        sprintf(text + strlen(text), "&a%d x, ", k);
    refuse(text, GNDP_ERR_RANGE, "more than 4096 brackets and anchors");
    strcpy(text, "data.var: [a");
    repeat(text, 20000, ", a");
    strcat(text, "]\n");
    refuse(text, GNDP_ERR_RANGE, "entries; 4096 are allowed");
    strcpy(text, "data.vectors: {");
    for (int k = 0; k < 300; k++)
        sprintf(text + strlen(text), "a%d: b,", k);
    strcat(text, "}\n");
    refuse(text, GNDP_ERR_RANGE, "300 names; 256 are allowed");
    strcpy(text, "data.vectors: {a: [");
    repeat(text, 3000, "bbbbbb,");
    strcat(text, "]}\n");
    refuse(text, GNDP_ERR_RANGE, "the names are too long");
    free(text);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(config_names_unknown_keys_and_the_nearest),
    cmocka_unit_test(config_names_doubled_keys),
    cmocka_unit_test(config_names_values_of_other_types),
    cmocka_unit_test(config_names_values_out_of_range),
    cmocka_unit_test(config_refuses_numbers_that_readers_differ_on),
    cmocka_unit_test(config_refuses_anchors_in_use_and_tags),
    cmocka_unit_test(config_refuses_what_is_no_text),
    cmocka_unit_test(config_names_the_place_of_broken_yaml),
    cmocka_unit_test(config_ends_with_large_texts),
    cmocka_unit_test(config_refuses_more_than_a_configuration_can_be),
};
GNDP_TEST_MAIN(tests)
