// SPDX-License-Identifier: Apache-2.0
// Texts in buffers of fixed size that are cut visibly and never within a UTF-8 character.
#ifndef GNDP_BASE_TEXT_H
#define GNDP_BASE_TEXT_H

#include <stdarg.h>
#include <stddef.h>

/**
 * Append a formatted text to the zero-terminated text in `buffer`. What does not fit is cut and the
 * buffer ends in GNDP_TEXT_CUT instead, so that nobody takes a part for the whole; a buffer that
 * was cut before takes nothing more. The arguments must not point into the buffer.
 *
 * @param buffer [size] holds a text already, "" at least
 * @param size   > strlen(GNDP_TEXT_CUT)
 */
void gndp_text_append(char *buffer, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void gndp_text_vappend(char *buffer, size_t size, const char *format, va_list args);

#define GNDP_TEXT_CUT " [cut]"

/** Bytes (1 to 4) of the well-formed UTF-8 character at the start of a zero-terminated text; 0
 * where the bytes are none: stray, overlong, a surrogate, or above U+10FFFF. Not for the end of the
 * text. */
size_t gndp_utf8_length(const char *text);

#endif
