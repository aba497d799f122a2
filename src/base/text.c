// SPDX-License-Identifier: Apache-2.0
// Bounded texts and UTF-8 characters.
#include "base/text.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static bool is_cut(const char *buffer, size_t length)
{
    const size_t mark = strlen(GNDP_TEXT_CUT);
    return length >= mark && memcmp(buffer + length - mark, GNDP_TEXT_CUT, mark) == 0;
}

void gndp_text_vappend(char *buffer, size_t size, const char *format, va_list args)
{
    const size_t mark = strlen(GNDP_TEXT_CUT);
    const size_t used = strlen(buffer);
    /* A text that merely ends in the mark without filling the buffer may still grow. */
    if (used + 4 >= size && is_cut(buffer, used))
        return;
    const int want = vsnprintf(buffer + used, size - used, format, args);
    if (want < 0 || (size_t)want < size - used)
        return;
    size_t end = size - 1 - mark;
    while (end > 0 && ((unsigned char)buffer[end] & 0xC0) == 0x80)
        end--; /* back to the first byte of the character that the mark would split */
    memcpy(buffer + end, GNDP_TEXT_CUT, mark + 1);
}

void gndp_text_append(char *buffer, size_t size, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    gndp_text_vappend(buffer, size, format, args);
    va_end(args);
}

size_t gndp_utf8_length(const char *text)
{
    const unsigned char *b = (const unsigned char *)text;
    if (b[0] < 0x80)
        return 1;
    size_t n = 0;
    unsigned low = 0x80, high = 0xBF; /* allowed second byte: narrower at the edges of the code */
    if (b[0] >= 0xC2 && b[0] <= 0xDF) {
        n = 2;
    } else if (b[0] >= 0xE0 && b[0] <= 0xEF) {
        n = 3;
        low = b[0] == 0xE0 ? 0xA0 : 0x80;
        high = b[0] == 0xED ? 0x9F : 0xBF;
    } else if (b[0] >= 0xF0 && b[0] <= 0xF4) {
        n = 4;
        low = b[0] == 0xF0 ? 0x90 : 0x80;
        high = b[0] == 0xF4 ? 0x8F : 0xBF;
    } else {
        return 0;
    }
    if (b[1] < low || b[1] > high)
        return 0;
    for (size_t i = 2; i < n; i++)
        if ((b[i] & 0xC0) != 0x80) /* a closing zero stops here, so nothing behind it is read */
            return 0;
    return n;
}
