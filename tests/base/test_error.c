// SPDX-License-Identifier: Apache-2.0
// Statuses, the message of a thread and its frames.
#include "support/test_main.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <omp.h>

#include "base/error.h"
#include "base/text.h"

static gndp_status fails_at_bottom(int value)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(value > 0, GNDP_ERR_RANGE, "value is %d", value);
done:
    return st;
}

static gndp_status passes_on(int value)
{
    gndp_status st = GNDP_OK;
    GNDP_TRY(fails_at_bottom(value));
done:
    return st;
}

static void status_names_are_the_enumerators(void **state)
{
    (void)state;
#define CHECK_NAME(code, text_)                                                                    \
    assert_string_equal(gndp_status_name(code), #code);                                            \
    assert_string_equal(gndp_status_text(code), text_);
    GNDP_STATUS_LIST(CHECK_NAME)
#undef CHECK_NAME
    assert_int_equal(GNDP_OK, 0);
    assert_string_equal(gndp_status_name((gndp_status)99), "GNDP_ERR_?");
    assert_string_equal(gndp_status_text((gndp_status)99), "no such status");
}

static void error_message_holds_code_place_and_text(void **state)
{
    char want[256];
    (void)state;
    gndp_clear_error();
    assert_string_equal(gndp_last_error(), "");
    const int line = __LINE__ + 1;
    assert_int_equal(gndp_fail_at(GNDP_HERE, GNDP_ERR_SHAPE, "got %d of %s", 3, "rank"),
                     GNDP_ERR_SHAPE);
    snprintf(want, sizeof want, "GNDP_ERR_SHAPE %s:%d %s: got 3 of rank", __FILE__, line, __func__);
    assert_string_equal(gndp_last_error(), want);
    assert_string_equal(gndp_last_text(), "got 3 of rank");
    gndp_clear_error();
    assert_string_equal(gndp_last_text(), "");
}

static void error_trace_adds_one_frame_a_caller(void **state)
{
    (void)state;
    gndp_clear_error();
    assert_int_equal(passes_on(1), GNDP_OK);
    assert_string_equal(gndp_last_error(), "");
    assert_int_equal(passes_on(-4), GNDP_ERR_RANGE);
    const char *first = strstr(gndp_last_error(), "fails_at_bottom: value is -4\n  at ");
    assert_non_null(first);
    assert_non_null(strstr(first, "test_error.c:"));
    assert_non_null(strstr(first, " passes_on"));
    /* a second failure replaces the first with its frames */
    (void)fails_at_bottom(-5);
    assert_non_null(strstr(gndp_last_error(), "value is -5"));
    assert_null(strstr(gndp_last_error(), "passes_on"));
}

static void error_message_may_quote_the_old_one(void **state)
{
    (void)state;
    (void)gndp_fail_at("a.c", 1, "f", GNDP_ERR_IO, "inner");
    (void)gndp_fail_at("b.c", 2, "g", GNDP_ERR_FORMAT, "outer <%s>", gndp_last_error());
    assert_string_equal(gndp_last_error(),
                        "GNDP_ERR_FORMAT b.c:2 g: outer <GNDP_ERR_IO a.c:1 f: inner>");
}

static void error_message_is_cut_visibly_when_too_long(void **state)
{
    char longer[2 * GNDP_ERROR_BYTES];
    (void)state;
    memset(longer, 'x', sizeof longer);
    longer[sizeof longer - 1] = '\0';
    (void)gndp_fail_at("a.c", 1, "f", GNDP_ERR_ARG, "%s", longer);
    const char *text = gndp_last_error();
    assert_int_equal(strlen(text), GNDP_ERROR_BYTES - 1);
    assert_string_equal(text + strlen(text) - strlen(" [cut]"), " [cut]");
    gndp_trace_at("b.c", 2, "g"); /* no room: unchanged */
    assert_int_equal(strlen(gndp_last_error()), GNDP_ERROR_BYTES - 1);
    (void)gndp_fail_at("a.c", 1, "f", GNDP_ERR_ARG, "short");
    for (int i = 0; i < 200; i++)
        gndp_trace_at("some/file.c", i, "recursive");
    text = gndp_last_error();
    assert_true(strlen(text) < GNDP_ERROR_BYTES);
    assert_string_equal(text + strlen(text) - strlen(" [cut]"), " [cut]");
    assert_non_null(strstr(text, "short\n  at some/file.c:0 recursive\n  at some/file.c:1"));
}

static void error_failing_with_ok_is_an_internal_error(void **state)
{
    (void)state;
    assert_int_equal(gndp_fail_at("a.c", 1, "f", GNDP_OK, "x"), GNDP_ERR_INTERNAL);
}

static void error_keeps_errno(void **state)
{
    (void)state;
    errno = ENOSPC;
    (void)gndp_fail_at("a.c", 1, "f", GNDP_ERR_IO, "%m");
    assert_int_equal(errno, ENOSPC);
}

static void error_messages_of_threads_do_not_meet(void **state)
{
    char seen[2][256] = {"", ""};
    (void)state;
    gndp_clear_error();
#pragma omp parallel num_threads(2)
    {
        const int k = omp_get_thread_num();
        for (int i = 0; i < 1000; i++)
            (void)gndp_fail_at("a.c", i, "f", GNDP_ERR_ARG, "thread %d", k);
        snprintf(seen[k], sizeof seen[k], "%s", gndp_last_error());
        gndp_clear_error();
    }
    assert_string_equal(seen[0], "GNDP_ERR_ARG a.c:999 f: thread 0");
    if (seen[1][0] != '\0') /* the runtime may give one thread only */
        assert_string_equal(seen[1], "GNDP_ERR_ARG a.c:999 f: thread 1");
}

static void text_append_never_splits_a_character(void **state)
{
    (void)state;
    /* 'é' is two bytes; whatever the parity, the cut text stays well formed */
    for (size_t lead = 0; lead < 2; lead++) {
        char buffer[24] = "";
        gndp_text_append(buffer, sizeof buffer, "%s%s", lead == 1 ? "a" : "", "ééééééééééééééééé");
        for (const char *c = buffer; *c != '\0'; c += gndp_utf8_length(c))
            assert_true(gndp_utf8_length(c) > 0);
        assert_string_equal(buffer + strlen(buffer) - 6, " [cut]");
        char before[24];
        memcpy(before, buffer, sizeof before);
        gndp_text_append(buffer, sizeof buffer, "b");
        assert_string_equal(buffer, before);
    }
}

static void text_append_fills_a_buffer_to_the_last_byte(void **state)
{
    char buffer[12] = "";
    (void)state;
    gndp_text_append(buffer, sizeof buffer, "01234");
    gndp_text_append(buffer, sizeof buffer, "56789a");
    assert_string_equal(buffer, "0123456789a");
    gndp_text_append(buffer, sizeof buffer, "b");
    assert_string_equal(buffer, "01234 [cut]");
}

static void utf8_length_accepts_only_well_formed_characters(void **state)
{
    (void)state;
    assert_int_equal(gndp_utf8_length("a"), 1);
    assert_int_equal(gndp_utf8_length("\xC3\xA9"), 2);
    assert_int_equal(gndp_utf8_length("\xE2\x82\xAC"), 3);
    assert_int_equal(gndp_utf8_length("\xF0\x9F\x8C\x80"), 4);
    static const char *const bad[] = {
        "\x80",         "\xC3",     "\xC3z",        "\xC0\xAF",         "\xC1\xBF",
        "\xE0\x80\xAF", "\xE2\x82", "\xED\xA0\x80", "\xF0\x80\x80\x80", "\xF4\x90\x80\x80",
        "\xF5\x80",     "\xFF",     "\xF0\x9F\x8C"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(gndp_utf8_length(bad[i]), 0);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(status_names_are_the_enumerators),
    cmocka_unit_test(error_message_holds_code_place_and_text),
    cmocka_unit_test(error_trace_adds_one_frame_a_caller),
    cmocka_unit_test(error_message_may_quote_the_old_one),
    cmocka_unit_test(error_message_is_cut_visibly_when_too_long),
    cmocka_unit_test(error_failing_with_ok_is_an_internal_error),
    cmocka_unit_test(error_keeps_errno),
    cmocka_unit_test(error_messages_of_threads_do_not_meet),
    cmocka_unit_test(text_append_never_splits_a_character),
    cmocka_unit_test(text_append_fills_a_buffer_to_the_last_byte),
    cmocka_unit_test(utf8_length_accepts_only_well_formed_characters),
};

GNDP_TEST_MAIN(tests)
