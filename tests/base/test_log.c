// SPDX-License-Identifier: Apache-2.0
// Log messages through the text and JSON sinks.
#define _GNU_SOURCE /* pseudo terminals */
#include "support/test_main.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include <gndp/base.h>

/* A record through a sink into memory. */
static char *written(void (*sink)(void *, const gndp_log_record *), gndp_log_record record)
{
    char *text = NULL;
    size_t size = 0;
    FILE *f = open_memstream(&text, &size);
    assert_non_null(f);
    sink(f, &record);
    fclose(f);
    return text;
}

static void check_written(void (*sink)(void *, const gndp_log_record *), gndp_log_record record,
                          const char *want)
{
    char *text = written(sink, record);
    assert_string_equal(text, want);
    free(text);
}

typedef struct kept {
    int count;
    gndp_log_level level;
    double time_s;
    char text[2000];
} kept;

static void keep(void *state, const gndp_log_record *record)
{
    kept *k = state;
    k->count++;
    k->level = record->level;
    k->time_s = record->time_s;
    snprintf(k->text, sizeof k->text, "%s", record->text);
}

static void log_is_silent_without_a_sink(void **state)
{
    const gndp_logger none = {0};
    (void)state;
    gndp_logger_write(NULL, GNDP_LOG_ERROR, "x");
    gndp_logger_write(&none, GNDP_LOG_ERROR, "x");
}

static void log_drops_messages_above_its_level(void **state)
{
    kept k = {0};
    const gndp_logger logger = {.sink = keep, .state = &k, .level = GNDP_LOG_INFO};
    (void)state;
    gndp_logger_write(&logger, GNDP_LOG_DEBUG, "x");
    gndp_logger_write(&logger, GNDP_LOG_TRACE, "x");
    assert_int_equal(k.count, 0);
    errno = ERANGE;
    gndp_logger_write(&logger, GNDP_LOG_INFO, "step %d", 3);
    assert_int_equal(errno, ERANGE);
    gndp_logger_write(&logger, GNDP_LOG_WARN, "loss %.2f", 0.5);
    assert_int_equal(k.count, 2);
    assert_int_equal(k.level, GNDP_LOG_WARN);
    assert_string_equal(k.text, "loss 0.50");
    assert_true(k.time_s > 1.6e9); /* after 2020 */
}

static void log_cuts_long_messages_visibly(void **state)
{
    kept k = {0};
    const gndp_logger logger = {.sink = keep, .state = &k, .level = GNDP_LOG_INFO};
    char text[1500];
    (void)state;
    memset(text, 'x', sizeof text);
    text[1000] = '\0';
    gndp_logger_write(&logger, GNDP_LOG_INFO, "%s", text);
    assert_string_equal(k.text, text);
    text[1000] = 'x';
    text[1499] = '\0';
    gndp_logger_write(&logger, GNDP_LOG_INFO, "%s", text);
    assert_int_equal(strlen(k.text), 1006);
    assert_string_equal(k.text + 1000, " [cut]");
}

static void log_text_has_level_and_no_colour_when_not_on_a_terminal(void **state)
{
    (void)state;
    check_written(gndp_log_sink_text, (gndp_log_record){GNDP_LOG_WARN, 0.0, "two\nlines\there"},
                  "warn: two\nlines\there\n");
    /* what could steer a terminal is shown as '?': escape, delete, U+009B, stray bytes */
    check_written(gndp_log_sink_text,
                  (gndp_log_record){GNDP_LOG_ERROR, 0.0,
                                    "a\033[31mb\x7f\xC2\x9B"
                                    "c\x9B \xC3\xA9"},
                  "error: a?[31mb??c? \xC3\xA9\n");
}

static void log_text_is_coloured_on_a_terminal(void **state)
{
    char seen[256] = "";
    (void)state;
    const int master = posix_openpt(O_RDWR | O_NOCTTY);
    if (master < 0 || grantpt(master) != 0 || unlockpt(master) != 0)
        skip(); /* no pseudo terminals in this container */
    const int slave = open(ptsname(master), O_RDWR | O_NOCTTY);
    if (slave < 0)
        skip();
    struct termios raw;
    tcgetattr(slave, &raw);
    cfmakeraw(&raw); /* newlines as written */
    tcsetattr(slave, TCSANOW, &raw);
    FILE *f = fdopen(slave, "w");
    assert_non_null(f);
    gndp_log_sink_text(f, &(gndp_log_record){GNDP_LOG_ERROR, 0.0, "bad"});
    gndp_log_sink_text(f, &(gndp_log_record){GNDP_LOG_INFO, 0.0, "good"});
    const char *want = "\r\033[K\033[31merror: bad\033[0m\n\r\033[Kinfo: good\n";
    size_t have = 0;
    while (have < strlen(want)) {
        const ssize_t n = read(master, seen + have, sizeof seen - 1 - have);
        assert_true(n > 0);
        have += (size_t)n;
    }
    seen[have] = '\0';
    assert_string_equal(seen, want);
    fclose(f);
    close(master);
}

static void log_json_is_one_object_a_line(void **state)
{
    (void)state;
    check_written(gndp_log_sink_json, (gndp_log_record){GNDP_LOG_INFO, 1709251199.1239, "hello"},
                  "{\"time\": \"2024-02-29T23:59:59.123Z\", \"level\": \"info\", "
                  "\"text\": \"hello\"}\n");
    /* before 1970, rounded down as a whole */
    check_written(
        gndp_log_sink_json, (gndp_log_record){GNDP_LOG_TRACE, -0.25, ""},
        "{\"time\": \"1969-12-31T23:59:59.750Z\", \"level\": \"trace\", \"text\": \"\"}\n");
    check_written(gndp_log_sink_json, (gndp_log_record){GNDP_LOG_DEBUG, (double)NAN, "x"},
                  "{\"time\": null, \"level\": \"debug\", \"text\": \"x\"}\n");
}

static void log_json_escapes_strings(void **state)
{
    (void)state;
    check_written(gndp_log_sink_json,
                  (gndp_log_record){GNDP_LOG_INFO, 0.0, "q\" b\\ n\n t\t e\033 d\x7f"},
                  "{\"time\": \"1970-01-01T00:00:00.000Z\", \"level\": \"info\", \"text\": "
                  "\"q\\\" b\\\\ n\\n t\\t e\\u001b d\\u007f\"}\n");
    /* UTF-8 passes; an overlong slash, a surrogate and a torn end are replaced byte by byte */
    check_written(
        gndp_log_sink_json,
        (gndp_log_record){GNDP_LOG_INFO, 0.0, "\xE2\x82\xAC \xC0\xAF \xED\xA0\x80 \xF0\x9F"},
        "{\"time\": \"1970-01-01T00:00:00.000Z\", \"level\": \"info\", \"text\": "
        "\"\xE2\x82\xAC \\ufffd\\ufffd \\ufffd\\ufffd\\ufffd \\ufffd\\ufffd\"}\n");
}

static void log_lines_of_threads_do_not_mix(void **state)
{
    char *text = NULL;
    size_t size = 0;
    (void)state;
    FILE *f = open_memstream(&text, &size);
    const gndp_logger logger = {.sink = gndp_log_sink_text, .state = f, .level = GNDP_LOG_INFO};
#pragma omp parallel for num_threads(2)
    for (int i = 0; i < 400; i++)
        gndp_logger_write(&logger, GNDP_LOG_INFO, "0123456789 abcdefghij");
    fclose(f);
    const char *line = "info: 0123456789 abcdefghij\n";
    assert_int_equal(size, 400 * strlen(line));
    for (size_t i = 0; i < 400; i++)
        assert_memory_equal(text + i * strlen(line), line, strlen(line));
    free(text);
}

static void log_level_names_are_plain(void **state)
{
    (void)state;
    assert_string_equal(gndp_log_level_name(GNDP_LOG_ERROR), "error");
    assert_string_equal(gndp_log_level_name(GNDP_LOG_WARN), "warn");
    assert_string_equal(gndp_log_level_name((gndp_log_level)9), "?");
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(log_is_silent_without_a_sink),
    cmocka_unit_test(log_drops_messages_above_its_level),
    cmocka_unit_test(log_cuts_long_messages_visibly),
    cmocka_unit_test(log_text_has_level_and_no_colour_when_not_on_a_terminal),
    cmocka_unit_test(log_text_is_coloured_on_a_terminal),
    cmocka_unit_test(log_json_is_one_object_a_line),
    cmocka_unit_test(log_json_escapes_strings),
    cmocka_unit_test(log_lines_of_threads_do_not_mix),
    cmocka_unit_test(log_level_names_are_plain),
};

GNDP_TEST_MAIN(tests)
