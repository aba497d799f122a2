// SPDX-License-Identifier: Apache-2.0
// Progress lines, driven by a clock and a file of the test.
#include "support/test_main.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gndp/base.h>

typedef struct screen {
    double now_s;
    FILE *file;
    char *text;
    size_t size, seen;
} screen;

static double clock_of_test(void *state)
{
    const screen *s = state;
    return s->now_s;
}

static gndp_progress_options options_of(screen *s, gndp_terminal terminal)
{
    s->file = open_memstream(&s->text, &s->size);
    assert_non_null(s->file);
    return (gndp_progress_options){.file = s->file,
                                   .terminal = terminal,
                                   .columns = 120,
                                   .unit = "step",
                                   .clock = clock_of_test,
                                   .clock_state = s};
}

/* What was written since the last look. */
static const char *look(screen *s)
{
    fflush(s->file);
    const char *fresh = s->text + s->seen;
    s->seen = s->size;
    return fresh;
}

static void close_screen(screen *s)
{
    fclose(s->file);
    free(s->text);
}

static void progress_rewrites_one_line_on_a_terminal(void **state)
{
    screen s = {.now_s = 100.0};
    gndp_progress *p = NULL;
    (void)state;
    const gndp_progress_options options = options_of(&s, GNDP_TERMINAL_YES);
    assert_int_equal(gndp_progress_create(&options, "train", 1000, 0, &p), GNDP_OK);
    assert_string_equal(look(&s), "\rtrain [>                   ] 0/1000\033[K");
    s.now_s += 25.0;
    gndp_progress_update(p, 200, "loss 0.5");
    /* 25 s for 200: 125 ms each, 800 left: 100 s */
    assert_string_equal(look(&s), "\rtrain [====>               ] 200/1000, 125 ms/step, "
                                  "1 min 40 s left, loss 0.5\033[K");
    s.now_s += 100.0;
    gndp_progress_update(p, 1000, NULL);
    look(&s);
    gndp_progress_finish(p);
    assert_string_equal(look(&s), "\rtrain 1000/1000 done in 2 min 05 s, 125 ms/step\033[K\n");
    gndp_progress_finish(p);
    gndp_progress_update(p, 1000, NULL);
    gndp_progress_free(p);
    assert_string_equal(look(&s), "");
    close_screen(&s);
}

static void progress_writes_ten_times_a_second_at_most(void **state)
{
    screen s = {0};
    gndp_progress *p = NULL;
    int lines = 0;
    (void)state;
    const gndp_progress_options options = options_of(&s, GNDP_TERMINAL_YES);
    assert_int_equal(gndp_progress_create(&options, "x", 0, 0, &p), GNDP_OK);
    look(&s);
    for (int i = 1; i <= 10000; i++) { /* ten seconds */
        s.now_s = 1e-3 * i;
        gndp_progress_update(p, i, NULL);
        lines += look(&s)[0] != '\0';
    }
    assert_in_range(lines, 95, 100);
    gndp_progress_free(p);
    close_screen(&s);
}

static void progress_writes_few_plain_lines_when_not_on_a_terminal(void **state)
{
    screen s = {0};
    gndp_progress *p = NULL;
    (void)state;
    const gndp_progress_options options = options_of(&s, GNDP_TERMINAL_NO);
    assert_int_equal(gndp_progress_create(&options, "sample", 300, 0, &p), GNDP_OK);
    assert_string_equal(look(&s), "sample 0/300\n");
    for (int i = 1; i <= 59; i++) {
        s.now_s = i;
        gndp_progress_update(p, i, NULL);
    }
    assert_string_equal(look(&s), "");
    s.now_s = 60.0;
    gndp_progress_update(p, 60, "member 3");
    assert_string_equal(look(&s), "sample 60/300, 1 s/step, 4 min 00 s left, member 3\n");
    s.now_s = 90.0;
    gndp_progress_update(p, 90, NULL);
    assert_string_equal(look(&s), "");
    gndp_progress_free(p); /* which finishes */
    assert_string_equal(look(&s), "sample 90/300 stopped after 1 min 30 s, 1 s/step\n");
    close_screen(&s);
}

/* A change of speed: after two memories of 30 s the estimate has followed by 1 - exp(-2) = 86 %. */
static void progress_estimate_follows_the_recent_rate(void **state)
{
    screen s = {0};
    gndp_progress *p = NULL;
    (void)state;
    const gndp_progress_options options = options_of(&s, GNDP_TERMINAL_YES);
    assert_int_equal(gndp_progress_create(&options, "x", 100000, 0, &p), GNDP_OK);
    int done = 0;
    double rate = 0.0;
    for (int i = 0; i < 3000; i++) { /* 300 s at 0.1 s each */
        s.now_s += 0.1;
        gndp_progress_update(p, ++done, NULL);
    }
    assert_non_null(strstr(look(&s), ", 100 ms/step"));
    for (int i = 0; i < 60; i++) { /* 60 s at 1 s each */
        s.now_s += 1.0;
        look(&s);
        gndp_progress_update(p, ++done, NULL);
    }
    const char *at = strstr(look(&s), "/100000, ");
    assert_non_null(at);
    assert_int_equal(sscanf(at, "/100000, %lf ms/step", &rate), 1);
    /* seconds and units both decay: T = 30, N = 300 e^-2 + 30 (1 - e^-2) in the limit of small
       steps, so T / N = 0.45 s; each step of 1 s decays nothing of its own, which adds 2 % */
    const double keep = exp(-2.0);
    const double want = 30.0 / (300.0 * keep + 30.0 * (1.0 - keep)) * 1000.0;
    assert_true(fabs(rate - want) < 0.03 * want);
    gndp_progress_free(p);
    close_screen(&s);
}

static void progress_of_a_resumed_run_counts_its_own_rate(void **state)
{
    screen s = {0};
    gndp_progress *p = NULL;
    (void)state;
    const gndp_progress_options options = options_of(&s, GNDP_TERMINAL_NO);
    assert_int_equal(gndp_progress_create(&options, "train", 1000, 900, &p), GNDP_OK);
    assert_string_equal(look(&s), "train 900/1000\n");
    s.now_s = 100.0;
    gndp_progress_update(p, 950, NULL);
    assert_string_equal(look(&s), "train 950/1000, 2 s/step, 1 min 40 s left\n");
    gndp_progress_free(p);
    close_screen(&s);
}

static void progress_line_fits_the_columns(void **state)
{
    screen s = {0};
    gndp_progress *p = NULL;
    (void)state;
    gndp_progress_options options = options_of(&s, GNDP_TERMINAL_YES);
    options.columns = 8;
    /* characters count, not bytes; what would break the line is blanked */
    assert_int_equal(gndp_progress_create(&options, "\xC3\xA9t\xC3\xA9\n\033x", 0, 0, &p), GNDP_OK);
    assert_string_equal(look(&s), "\r\xC3\xA9t\xC3\xA9  x \033[K");
    gndp_progress_free(p);
    close_screen(&s);
}

static void progress_survives_counts_out_of_range(void **state)
{
    screen s = {0};
    gndp_progress *p = NULL;
    (void)state;
    const gndp_progress_options options = options_of(&s, GNDP_TERMINAL_NO);
    assert_int_equal(gndp_progress_create(&options, "x", 10, 0, &p), GNDP_OK);
    s.now_s = 60.0;
    gndp_progress_update(p, 11, NULL);
    s.now_s = 120.0;
    gndp_progress_update(p, -3, NULL);
    assert_string_equal(look(&s), "x 0/10\nx 10/10, 6 s/step, 0.0 s left\n"
                                  "x 0/10, 6 s/step, 1 min 00 s left\n");
    gndp_progress_free(p);
    close_screen(&s);
}

static void progress_without_a_file_is_silent(void **state)
{
    gndp_progress_options options = gndp_progress_options_default();
    gndp_progress *p = NULL;
    (void)state;
    assert_ptr_equal(options.file, stderr);
    options.file = NULL;
    assert_int_equal(gndp_progress_create(&options, "x", 1, 0, &p), GNDP_OK);
    gndp_progress_update(p, 1, NULL);
    gndp_progress_free(p);
    gndp_progress_update(NULL, 1, NULL);
    gndp_progress_finish(NULL);
    gndp_progress_free(NULL);
}

static void progress_reports_bad_arguments(void **state)
{
    gndp_progress *p = NULL;
    (void)state;
    assert_int_equal(gndp_progress_create(NULL, "x", 1, 0, NULL), GNDP_ERR_ARG);
    assert_int_equal(gndp_progress_create(NULL, NULL, 1, 0, &p), GNDP_ERR_ARG);
    assert_int_equal(gndp_progress_create(NULL, "x", -1, 0, &p), GNDP_ERR_RANGE);
    assert_int_equal(gndp_progress_create(NULL, "x", 5, 6, &p), GNDP_ERR_RANGE);
    assert_int_equal(gndp_progress_create(NULL, "x", 5, -1, &p), GNDP_ERR_RANGE);
    assert_null(p);
}

static void duration_text_rounds_without_sixties(void **state)
{
    static const struct {
        double seconds;
        const char *text;
    } cases[] = {
        {0.0, "0.0 s"},          {0.44, "0.4 s"},        {9.94, "9.9 s"},
        {9.96, "10 s"},          {39.0, "39 s"},         {59.4, "59 s"},
        {59.6, "1 min 00 s"},    {99.0, "1 min 39 s"},   {3599.4, "59 min 59 s"},
        {3599.6, "1 h 00 min"},  {7500.0, "2 h 05 min"}, {86369.0, "23 h 59 min"},
        {86371.0, "1 d 00 h"},   {273600.0, "3 d 04 h"}, {-1.0, "?"},
        {(double)INFINITY, "?"}, {(double)NAN, "?"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_string_equal(gndp_duration_text(cases[i].seconds).text, cases[i].text);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(progress_rewrites_one_line_on_a_terminal),
    cmocka_unit_test(progress_writes_ten_times_a_second_at_most),
    cmocka_unit_test(progress_writes_few_plain_lines_when_not_on_a_terminal),
    cmocka_unit_test(progress_estimate_follows_the_recent_rate),
    cmocka_unit_test(progress_of_a_resumed_run_counts_its_own_rate),
    cmocka_unit_test(progress_line_fits_the_columns),
    cmocka_unit_test(progress_survives_counts_out_of_range),
    cmocka_unit_test(progress_without_a_file_is_silent),
    cmocka_unit_test(progress_reports_bad_arguments),
    cmocka_unit_test(duration_text_rounds_without_sixties),
};

GNDP_TEST_MAIN(tests)
