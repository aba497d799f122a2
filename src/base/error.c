// SPDX-License-Identifier: Apache-2.0
// Names of statuses and the message of the calling thread.
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "base/text.h"

/* Fixed and thread-local, so that running out of memory can be reported and threads do not meet. */
static _Thread_local char message[GNDP_ERROR_BYTES];
static _Thread_local size_t text_start; /* of the message, behind its place */

const char *gndp_status_name(gndp_status status)
{
    static const char *const names[] = {
#define NAME(code, text) [code] = #code,
        GNDP_STATUS_LIST(NAME)
#undef NAME
    };
    const size_t i = (size_t)status;
    return i < sizeof names / sizeof *names ? names[i] : "GNDP_ERR_?";
}

const char *gndp_status_text(gndp_status status)
{
    static const char *const texts[] = {
#define TEXT(code, text) [code] = text,
        GNDP_STATUS_LIST(TEXT)
#undef TEXT
    };
    const size_t i = (size_t)status;
    return i < sizeof texts / sizeof *texts ? texts[i] : "no such status";
}

const char *gndp_last_error(void)
{
    return message;
}

void gndp_clear_error(void)
{
    message[0] = '\0';
    text_start = 0;
}

const char *gndp_last_text(void)
{
    return message + text_start;
}

gndp_status gndp_fail_at(const char *file, int line, const char *function, gndp_status code,
                         const char *format, ...)
{
    const int saved_errno = errno;    /* callers may report it after us */
    char next[GNDP_ERROR_BYTES] = ""; /* an argument may point into the old message */
    va_list args;
    if (code == GNDP_OK)
        code = GNDP_ERR_INTERNAL;
    gndp_text_append(next, sizeof next, "%s %s:%d %s: ", gndp_status_name(code), file, line,
                     function);
    const size_t start = strlen(next);
    va_start(args, format);
    gndp_text_vappend(next, sizeof next, format, args);
    va_end(args);
    memcpy(message, next, strlen(next) + 1);
    text_start = start;
    errno = saved_errno;
    return code;
}

void gndp_trace_at(const char *file, int line, const char *function)
{
    gndp_text_append(message, sizeof message, "\n  at %s:%d %s", file, line, function);
}
