// SPDX-License-Identifier: Apache-2.0
// Log messages and the two sinks for them: text for people, JSON lines for programs.
#include <errno.h>
#include <math.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/text.h"

/* 1000 bytes of text, the mark of a cut one, and the closing zero. */
#define LOG_BYTES (1000 + sizeof GNDP_TEXT_CUT)

const char *gndp_log_level_name(gndp_log_level level)
{
    switch (level) {
    case GNDP_LOG_ERROR:
        return "error";
    case GNDP_LOG_WARN:
        return "warn";
    case GNDP_LOG_INFO:
        return "info";
    case GNDP_LOG_DEBUG:
        return "debug";
    case GNDP_LOG_TRACE:
        return "trace";
    }
    return "?";
}

void gndp_logger_write(const gndp_logger *logger, gndp_log_level level, const char *format, ...)
{
    if (logger == NULL || logger->sink == NULL || level > logger->level)
        return;
    const int saved_errno = errno;
    char text[LOG_BYTES] = "";
    struct timespec now = {0};
    va_list args;
    va_start(args, format);
    gndp_text_vappend(text, sizeof text, format, args);
    va_end(args);
    clock_gettime(CLOCK_REALTIME, &now);
    const gndp_log_record record = {
        .level = level, .time_s = (double)now.tv_sec + 1e-9 * (double)now.tv_nsec, .text = text};
    logger->sink(logger->state, &record);
    errno = saved_errno;
}

/* Red, yellow, plain, grey, grey. */
static const char *colour_of(gndp_log_level level)
{
    switch (level) {
    case GNDP_LOG_ERROR:
        return "\033[31m";
    case GNDP_LOG_WARN:
        return "\033[33m";
    case GNDP_LOG_INFO:
        return "";
    case GNDP_LOG_DEBUG:
    case GNDP_LOG_TRACE:
        return "\033[90m";
    }
    return "";
}

/* A file name or a header read from a stranger's file must not steer the terminal: control bytes
   are shown as '?', and so are bytes that are no UTF-8 (among them the one-byte forms of escapes).
   U+0080 to U+009F, which some terminals obey, are control characters too. */
static void put_plain(const char *text, FILE *file)
{
    while (*text != '\0') {
        const unsigned char b = (unsigned char)text[0];
        const size_t n = gndp_utf8_length(text);
        const bool control = (n == 1 && ((b < 0x20 && b != '\n' && b != '\t') || b == 0x7F)) ||
                             (n == 2 && b == 0xC2 && (unsigned char)text[1] < 0xA0);
        if (n == 0 || control)
            fputs("?", file);
        else
            fwrite(text, 1, n, file);
        text += n == 0 ? 1 : n;
    }
}

void gndp_log_sink_text(void *file, const gndp_log_record *record)
{
    FILE *f = file;
    const bool terminal = isatty(fileno(f));
    const char *colour = terminal ? colour_of(record->level) : "";
    flockfile(f); /* lines of several threads do not mix */
    /* a terminal may show a progress line, which its next update draws again below the message */
    fprintf(f, "%s%s%s: ", terminal ? "\r\033[K" : "", colour, gndp_log_level_name(record->level));
    put_plain(record->text, f);
    fputs(colour[0] != '\0' ? "\033[0m\n" : "\n", f);
    fflush(f);
    funlockfile(f);
}

static void put_json_string(const char *text, FILE *file)
{
    fputs("\"", file);
    while (*text != '\0') {
        const unsigned char b = (unsigned char)text[0];
        const size_t n = gndp_utf8_length(text);
        if (n == 0)
            fputs("\\ufffd", file);
        else if (b == '"' || b == '\\')
            fprintf(file, "\\%c", b);
        else if (b == '\n')
            fputs("\\n", file);
        else if (b == '\t')
            fputs("\\t", file);
        else if (b < 0x20 || b == 0x7F)
            fprintf(file, "\\u%04x", b);
        else
            fwrite(text, 1, n, file);
        text += n == 0 ? 1 : n;
    }
    fputs("\"", file);
}

/* 2024-02-29T23:59:59.123Z, rounded down to the millisecond as a whole, so that seconds carry. */
static void put_time(double time_s, FILE *file)
{
    const bool sane = fabs(time_s) < 1e11; /* not so for NaN; the cast below would be undefined */
    const double whole = sane ? floor(time_s) : 0.0;
    const time_t seconds = (time_t)whole;
    struct tm utc;
    char text[64];
    if (!sane || gmtime_r(&seconds, &utc) == NULL ||
        strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc) == 0) {
        fputs("null", file);
        return;
    }
    fprintf(file, "\"%s.%03dZ\"", text, (int)((time_s - whole) * 1000.0));
}

void gndp_log_sink_json(void *file, const gndp_log_record *record)
{
    FILE *f = file;
    flockfile(f);
    fputs("{\"time\": ", f);
    put_time(record->time_s, f);
    fprintf(f, ", \"level\": \"%s\", \"text\": ", gndp_log_level_name(record->level));
    put_json_string(record->text, f);
    fputs("}\n", f);
    fflush(f);
    funlockfile(f);
}
