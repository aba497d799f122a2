// SPDX-License-Identifier: Apache-2.0
// Configurations: values and defaults, lists, maps and paths, --set, copies, and the print that reads back.
#include "support/test_main.h"

#include <gndp/config.h>

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void check(gndp_status st)
{
    if (st != GNDP_OK)
        fail_msg("%s", gndp_last_error());
}

static gndp_config *config_of(const char *text)
{
    gndp_config *config = NULL;
    check(gndp_config_parse(text, "/data/set/run.yaml", &config));
    return config;
}

static int64_t integer(const gndp_config *config, const char *path)
{
    int64_t value = -1;
    check(gndp_config_integer(config, path, &value));
    return value;
}

static double number(const gndp_config *config, const char *path)
{
    double value = -1.0;
    check(gndp_config_number(config, path, &value));
    return value;
}

static bool on(const gndp_config *config, const char *path)
{
    bool value = false;
    check(gndp_config_switch(config, path, &value));
    return value;
}

static const char *text(const gndp_config *config, const char *path)
{
    const char *value = "?";
    check(gndp_config_text(config, path, &value));
    return value;
}

static void assert_texts(const gndp_config *config, const char *path, int n, const char *const *expected)
{
    int got = -1;
    const char *const *value = NULL;
    check(gndp_config_texts(config, path, &got, &value));
    assert_int_equal(got, n);
    for (int k = 0; k < n; k++)
        assert_string_equal(value[k], expected[k]);
}

static char *print(const gndp_config *config)
{
    const size_t length = gndp_config_print(config, NULL, 0);
    char *all = malloc(length + 1);
    assert_non_null(all);
    assert_int_equal(gndp_config_print(config, all, length + 1), length);
    assert_int_equal(strlen(all), length);
    return all;
}

static const char *const example = "# a comment\n"
                                   "data:\n"
                                   "  files: [a.nc, ./b.nc, /c.nc, \"d e.nc\"]\n"
                                   "  var: no\n"
                                   "  vectors: {wind: [u10, v10], flow: u}\n"
                                   "  units:\n"
                                   "    t2m: degC\n"
                                   "    wind: m s-1\n"
                                   "  box: [-10, 2.5, 50, 58]\n"
                                   "  generator: se\n"
                                   "  time: 2019-03-01/2019-03-02T12\n"
                                   "  extent:\n"
                                   "  climatology_free: 1\n";

/* ---- Values --------------------------------------------------------------------------------- */

static void config_reads_every_type(void **state)
{
    (void)state;
    char *yaml = strdup(example);
    *strstr(yaml, "  climatology_free") = '\0';
    gndp_config *config = config_of(yaml);
    assert_texts(config, "data.files", 4, (const char *const[]){"/data/set/a.nc", "/data/set/b.nc", "/c.nc", "/data/set/d e.nc"});
    assert_texts(config, "data.var", 1, (const char *const[]){"no"});
    assert_texts(config, "data.vectors", 2, (const char *const[]){"wind=u10,v10", "flow=u"});
    assert_texts(config, "data.units", 2, (const char *const[]){"t2m=degC", "wind=m s-1"});
    const double *box = NULL;
    int n = 0;
    check(gndp_config_numbers(config, "data.box", &n, &box));
    assert_int_equal(n, 4);
    assert_true(box[0] == -10.0 && box[1] == 2.5 && box[2] == 50.0 && box[3] == 58.0);
    assert_string_equal(text(config, "data.generator.name"), "se");
    assert_string_equal(text(config, "data.time"), "2019-03-01/2019-03-02T12");
    assert_false(gndp_config_given(config, "data.extent")); /* no value, and no default */
    gndp_config_free(config);
    free(yaml);
}

static void config_reads_numbers_and_switches(void **state)
{
    (void)state;
    gndp_config *config = config_of("train.steps: 2e4\n"
                                    "train:\n  batch: +64\n  clip: .5\n  learning_rate: {peak: 1E-3, initial: 0}\n"
                                    "score: {centre: Yes, context_flag: off, time_scale: 1000.}\n"
                                    "process.mean: [1, -2.5e-1]\n"
                                    "data.level: 850\n");
    assert_int_equal(integer(config, "train.steps"), 20000);
    assert_int_equal(integer(config, "train.batch"), 64);
    assert_true(number(config, "train.clip") == 0.5);
    assert_true(number(config, "train.learning_rate.peak") == 1e-3);
    assert_true(number(config, "train.learning_rate.initial") == 0.0);
    assert_true(on(config, "score.centre") && !on(config, "score.context_flag"));
    assert_true(number(config, "score.time_scale") == 1000.0);
    int n = 0;
    const double *values = NULL;
    check(gndp_config_numbers(config, "process.mean", &n, &values));
    assert_true(n == 2 && values[0] == 1.0 && values[1] == -0.25);
    check(gndp_config_numbers(config, "data.level", &n, &values));
    assert_true(n == 1 && values[0] == 850.0);
    gndp_config_free(config);
}

/* The defaults of the specification's sections 2 and 4. */
static void config_has_defaults(void **state)
{
    (void)state;
    gndp_config *config = config_of("# nothing\n");
    assert_string_equal(text(config, "process.schedule"), "linear");
    assert_true(number(config, "process.t0") == 1e-5 && number(config, "process.t1") == 1.0);
    assert_true(number(config, "process.beta0") == 0.0 && number(config, "process.beta1") == 20.0);
    assert_string_equal(text(config, "parametrisation.target"), "K");
    assert_true(on(config, "parametrisation.std_trick") && on(config, "parametrisation.residual_trick"));
    assert_true(on(config, "parametrisation.weighted"));
    assert_string_equal(text(config, "parametrisation.norm"), "l2");
    assert_true(number(config, "train.clip") == 1.0 && number(config, "train.ema") == 0.999);
    assert_string_equal(text(config, "sample.sampler"), "em");
    assert_false(gndp_config_given(config, "process.t0"));
    assert_true(gndp_config_has(config, "process.t0"));
    char folder[4096];
    assert_non_null(getcwd(folder, sizeof folder - 8));
    assert_string_equal(text(config, "output.folder"), strcat(folder, "/run"));
    gndp_config_free(config);
}

static void config_tells_what_has_no_value(void **state)
{
    (void)state;
    gndp_config *config = config_of("data: {var: ~, time: null}\n");
    int64_t layers = 7;
    int n = 7;
    const char *const *texts = NULL;
    const double *numbers = NULL;
    assert_false(gndp_config_has(config, "score.layers"));
    assert_int_equal(gndp_config_integer(config, "score.layers", &layers), GNDP_ERR_NOT_FOUND);
    assert_int_equal(layers, 7);
    assert_null(text(config, "data.time"));
    check(gndp_config_texts(config, "data.var", &n, &texts));
    assert_int_equal(n, 0);
    check(gndp_config_numbers(config, "data.box", &n, &numbers));
    assert_true(n == 0 && numbers == NULL);
    gndp_config_free(config);
}

static void config_refuses_wrong_questions(void **state)
{
    (void)state;
    gndp_config *config = config_of("");
    int64_t i;
    double x;
    bool b;
    const char *t;
    int n;
    const double *numbers;
    assert_int_equal(gndp_config_integer(config, "train.step", &i), GNDP_ERR_INTERNAL);
    assert_int_equal(gndp_config_integer(config, "train.clip", &i), GNDP_ERR_INTERNAL);
    assert_int_equal(gndp_config_number(config, "train.steps", &x), GNDP_ERR_INTERNAL);
    assert_int_equal(gndp_config_switch(config, "data.var", &b), GNDP_ERR_INTERNAL);
    assert_int_equal(gndp_config_text(config, "data.files", &t), GNDP_ERR_INTERNAL);
    assert_int_equal(gndp_config_numbers(config, "train.clip", &n, &numbers), GNDP_ERR_INTERNAL);
    assert_int_equal(gndp_config_number(NULL, "train.clip", &x), GNDP_ERR_ARG);
    assert_int_equal(gndp_config_number(config, "train.clip", NULL), GNDP_ERR_ARG);
    assert_false(gndp_config_given(config, "no.such"));
    gndp_config_free(config);
    gndp_config_free(NULL);
}

/* ---- Files ---------------------------------------------------------------------------------- */

static void config_takes_paths_relative_to_their_file(void **state)
{
    (void)state;
    char path[] = "config_XXXXXX", folder[4096], expected[4200];
    const int fd = mkstemp(path);
    assert_true(fd >= 0);
    static const char yaml[] = "\xef\xbb\xbf" "data.files: x.nc\r\noutput.folder: ../out\r\n";
    assert_true(write(fd, yaml, sizeof yaml - 1) == sizeof yaml - 1);
    close(fd);
    gndp_config *config = NULL;
    check(gndp_config_read(path, &config));
    assert_non_null(getcwd(folder, sizeof folder));
    snprintf(expected, sizeof expected, "%s/x.nc", folder);
    assert_texts(config, "data.files", 1, (const char *const[]){expected});
    snprintf(expected, sizeof expected, "%s/../out", folder);
    assert_string_equal(text(config, "output.folder"), expected);
    gndp_config_free(config);
    unlink(path);
    for (int k = 0; k < 3; k++) { /* the root's folder, one below, one relative */
        static const char *const origins[] = {"/a.yaml", "/b/a.yaml", "./c/a.yaml"};
        check(gndp_config_parse("data.files: x.nc", origins[k], &config));
        snprintf(expected, sizeof expected, "%s%s", k == 2 ? folder : "", k == 0 ? "/x.nc" : k == 1 ? "/b/x.nc" : "/c/x.nc");
        assert_texts(config, "data.files", 1, (const char *const[]){expected});
        gndp_config_free(config);
    }
}

static void config_reports_files_that_cannot_be_read(void **state)
{
    (void)state;
    gndp_config *config = (gndp_config *)&config;
    assert_int_equal(gndp_config_read("no_such.yaml", &config), GNDP_ERR_IO);
    assert_null(config);
    assert_non_null(strstr(gndp_last_error(), "no_such.yaml: No such file"));
    assert_int_equal(gndp_config_read("/", &config), GNDP_ERR_IO);
    assert_int_equal(gndp_config_read(NULL, &config), GNDP_ERR_ARG);
    assert_int_equal(gndp_config_parse("", NULL, &config), GNDP_ERR_ARG);
}

/* ---- --set and copies ----------------------------------------------------------------------- */

static void config_set_replaces_a_value(void **state)
{
    (void)state;
    gndp_config *config = config_of("train.batch: 8\ndata.var: t2m\n");
    check(gndp_config_set(config, "train.batch=64"));
    assert_int_equal(integer(config, "train.batch"), 64);
    check(gndp_config_set(config, "train.batch= 65 # why"));
    assert_int_equal(integer(config, "train.batch"), 65);
    check(gndp_config_set(config, "process.kernel=rbf(lengthscale=0.5, variance=1) + white(variance=0.1)"));
    assert_string_equal(text(config, "process.kernel"), "rbf(lengthscale=0.5, variance=1) + white(variance=0.1)");
    check(gndp_config_set(config, "data.var=[u, v]"));
    assert_texts(config, "data.var", 2, (const char *const[]){"u", "v"});
    check(gndp_config_set(config, "data.vectors=wind=u10,v10"));
    assert_texts(config, "data.vectors", 1, (const char *const[]){"wind=u10,v10"});
    check(gndp_config_set(config, "data.generator=mixture"));
    assert_string_equal(text(config, "data.generator.name"), "mixture");
    char folder[4096];
    assert_non_null(getcwd(folder, sizeof folder - 8));
    check(gndp_config_set(config, "data.files=x.nc"));
    assert_texts(config, "data.files", 1, (const char *const[]){strcat(folder, "/x.nc")});
    check(gndp_config_set(config, "train.batch="));
    assert_int_equal(integer(config, "train.batch"), 32);
    assert_false(gndp_config_given(config, "train.batch"));
    gndp_config_free(config);
}

static void config_set_changes_nothing_when_wrong(void **state)
{
    (void)state;
    static const char *const bad[] = {"train.batch=x", "train.batch=1\n---\n2", "train.batch=0", "train.batch", "=3", "train=3", "train.bach=3",
                                      "train.batch: 3", "train.batch=[1]", "train.batch={a: 1}", "train.batch=&a 1 *a", ""};
    gndp_config *config = config_of("train.batch: 8\n");
    for (size_t k = 0; k < sizeof bad / sizeof *bad; k++) {
        assert_int_not_equal(gndp_config_set(config, bad[k]), GNDP_OK);
        assert_int_equal(integer(config, "train.batch"), 8);
    }
    assert_int_equal(gndp_config_set(config, "train.bach=3"), GNDP_ERR_FORMAT);
    assert_non_null(strstr(gndp_last_error(), "--set: no key \"train.bach\"; nearest: \"train.batch\""));
    assert_int_equal(gndp_config_set(config, "train.batch=0"), GNDP_ERR_RANGE);
    assert_non_null(strstr(gndp_last_error(), "--set train.batch: train.batch = 0: allowed is 1 to 1000000 fields"));
    gndp_config_free(config);
}

static void config_clone_is_apart(void **state)
{
    (void)state;
    gndp_config *config = config_of("train.batch: 8\ndata.vectors: {wind: [u, v]}\n"), *copy = NULL;
    check(gndp_config_clone(config, &copy));
    char *one = print(config), *two = print(copy);
    assert_string_equal(one, two);
    check(gndp_config_set(copy, "train.batch=9"));
    assert_int_equal(integer(config, "train.batch"), 8);
    assert_true(gndp_config_given(copy, "data.vectors") && !gndp_config_given(copy, "train.steps"));
    gndp_config_free(config);
    assert_texts(copy, "data.vectors", 1, (const char *const[]){"wind=u,v"});
    gndp_config_free(copy);
    free(one);
    free(two);
}

/* ---- Print ---------------------------------------------------------------------------------- */

/* Values that are hard to write: quotes, line breaks, controls, what looks like something else, letters of four bytes. */
static const char *const awkward = "data:\n"
                                   "  files: [\"a\\\"b\\\\c\", \"two\\nlines\\ttab\", \"bell\\a nel\\u0085 ls\\u2028 bom\\uFEFF\", 'no', \"\xc3\xa9\xf0\x9f\x8c\x8a\"]\n"
                                   "  var: ['1e5', 'true', '', '~', '- x', '#', 'a: b', \"null\"]\n"
                                   "  vectors: {'1': [a], \"x y\": ['no', \"b: c\"]}\n"
                                   "train.learning_rate.peak: 0.1234567890123456789\n"
                                   "train.learning_rate.end: 1e-300\n"
                                   "data.level: [850, 5e2, -0.1]\n";

static void config_print_reads_back_the_same(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "train.batch: 8\nscore: {layers: 3, net: bi_attention}\n", NULL};
    for (int k = 0; k < 3; k++) {
        gndp_config *config = config_of(texts[k] == NULL ? awkward : texts[k]), *back = NULL;
        char *one = print(config);
        check(gndp_config_parse(one, "/elsewhere/config.yaml", &back));
        char *two = print(back);
        assert_string_equal(one, two);
        gndp_config_free(config);
        gndp_config_free(back);
        free(one);
        free(two);
    }
}

/* Every value, as asked for, of the awkward one and its print. */
static void config_print_keeps_values(void **state)
{
    (void)state;
    gndp_config *config = config_of(awkward), *back = NULL;
    char *one = print(config);
    assert_non_null(strstr(one, "end: 1.0e-300\n")); /* a number to every reader */
    check(gndp_config_parse(one, "/elsewhere/config.yaml", &back));
    assert_texts(back, "data.files", 5,
                 (const char *const[]){"/data/set/a\"b\\c", "/data/set/two\nlines\ttab", "/data/set/bell\a nel\xc2\x85 ls\xe2\x80\xa8 bom\xef\xbb\xbf",
                                       "/data/set/no", "/data/set/\xc3\xa9\xf0\x9f\x8c\x8a"});
    assert_texts(back, "data.var", 8, (const char *const[]){"1e5", "true", "", "~", "- x", "#", "a: b", "null"});
    assert_texts(back, "data.vectors", 2, (const char *const[]){"1=a", "x y=no,b: c"});
    assert_true(number(back, "train.learning_rate.peak") == 0.1234567890123456789 && number(back, "train.learning_rate.end") == 1e-300);
    assert_false(gndp_config_has(back, "score.layers"));
    gndp_config_free(config);
    gndp_config_free(back);
    free(one);
}

static void config_print_cuts_as_snprintf(void **state)
{
    (void)state;
    gndp_config *config = config_of("");
    char *all = print(config), some[100];
    memset(some, 'x', sizeof some);
    assert_int_equal(gndp_config_print(config, some, 50), strlen(all));
    assert_int_equal(strlen(some), 49);
    assert_true(memcmp(some, all, 49) == 0 && some[50] == 'x');
    assert_int_equal(gndp_config_print(config, some, 1), strlen(all));
    assert_string_equal(some, "");
    free(all);
    gndp_config_free(config);
}

/* A comma for the decimal point: neither read nor written. */
static void config_keeps_its_numbers_in_other_locales(void **state)
{
    (void)state;
    static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "de_DE"};
    bool found = false;
    for (size_t k = 0; k < sizeof names / sizeof *names && !found; k++)
        found = setlocale(LC_NUMERIC, names[k]) != NULL;
    gndp_config *config = config_of("train.clip: 0.5\ntrain.learning_rate.peak: 0.1234567890123456789\n");
    char *all = print(config);
    setlocale(LC_NUMERIC, "C");
    assert_true(number(config, "train.clip") == 0.5 && number(config, "train.learning_rate.peak") == 0.1234567890123456789);
    assert_non_null(strstr(all, "clip: 0.5\n"));
    free(all);
    gndp_config_free(config);
    if (!found) {
        print_message("no locale with a decimal comma is installed\n");
        skip();
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(config_reads_every_type),
    cmocka_unit_test(config_reads_numbers_and_switches),
    cmocka_unit_test(config_has_defaults),
    cmocka_unit_test(config_tells_what_has_no_value),
    cmocka_unit_test(config_refuses_wrong_questions),
    cmocka_unit_test(config_takes_paths_relative_to_their_file),
    cmocka_unit_test(config_reports_files_that_cannot_be_read),
    cmocka_unit_test(config_set_replaces_a_value),
    cmocka_unit_test(config_set_changes_nothing_when_wrong),
    cmocka_unit_test(config_clone_is_apart),
    cmocka_unit_test(config_print_reads_back_the_same),
    cmocka_unit_test(config_print_keeps_values),
    cmocka_unit_test(config_print_cuts_as_snprintf),
    cmocka_unit_test(config_keeps_its_numbers_in_other_locales),
};
GNDP_TEST_MAIN(tests)
