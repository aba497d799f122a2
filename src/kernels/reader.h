// SPDX-License-Identifier: Apache-2.0
// Words and signs of a kernel's text, and messages that show the place.
#ifndef GNDP_KERNELS_READER_H
#define GNDP_KERNELS_READER_H

#include "base/error.h"

#include <stdio.h>

/* A text and how far it has been read. */
typedef struct reader {
    const char *text, *p;
    int depth;
} reader;

/** Fail at a place of the text: message, the line, a caret. */
gndp_status reader_fail(const reader *r, const char *at, gndp_status code, const char *message);

/** A failure below that does not know the place: told again with it. */
gndp_status reader_place(const reader *r, const char *at, gndp_status code);

/** What stands at p, for messages. */
const char *reader_seen(const char *p, char text[32]);

/* Expects `gndp_status st` and a label `done`, as GNDP_CHECK. */
#define FAIL_AT(r, at, code, ...)                                                                  \
    do {                                                                                           \
        char message_[400];                                                                        \
        snprintf(message_, sizeof message_, __VA_ARGS__);                                          \
        st = reader_fail((r), (at), (code), message_);                                             \
        goto done;                                                                                 \
    } while (0)

/** Past blanks and line ends. */
void reader_skip(reader *r);

bool reader_letter(char c);

/** Length of the name at p, 0 if there is none. */
size_t reader_word(const char *p);

/** Past the sign c if it comes next. */
bool reader_take(reader *r, char c);

/** The same; why says what the sign is for. @return GNDP_OK; GNDP_ERR_FORMAT */
gndp_status reader_expect(reader *r, char c, const char *why);

#endif
