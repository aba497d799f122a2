// SPDX-License-Identifier: Apache-2.0
// What is looked at before YAML is: size, brackets and anchors, UTF-8, characters, and tabs that indent.
#include "model/config.h"

#include "base/error.h"
#include "base/text.h"

#include <string.h>

static uint32_t code_point(const char *p, size_t length)
{
    const unsigned char *u = (const unsigned char *)p;
    switch (length) {
    case 1:
        return u[0];
    case 2:
        return (uint32_t)(u[0] & 0x1f) << 6 | (u[1] & 0x3fu);
    case 3:
        return (uint32_t)(u[0] & 0x0f) << 12 | (uint32_t)(u[1] & 0x3f) << 6 | (u[2] & 0x3fu);
    default:
        return (uint32_t)(u[0] & 0x07) << 18 | (uint32_t)(u[1] & 0x3f) << 12 | (uint32_t)(u[2] & 0x3f) << 6 | (u[3] & 0x3fu);
    }
}

/* Characters that YAML 1.1 allows in a stream; the marks of line and paragraph, which only some readers take for breaks,
   are left out. */
static bool allowed(uint32_t c)
{
    return c == '\t' || c == '\n' || c == '\r' || (c >= 0x20 && c < 0x7f) || (c >= 0xa0 && c < 0xd800 && c != 0x2028 && c != 0x2029) ||
           (c >= 0xe000 && c < 0xfffe && c != 0xfeff) || c >= 0x10000;
}

/* A tab before the first character of a line that says something. */
static bool tab_indents(const char *line)
{
    const size_t blank = strspn(line, " \t");
    return memchr(line, '\t', blank) != NULL && strchr("\r\n#", line[blank]) == NULL;
}

gndp_status config_check_text(const char *text, size_t bytes, const char *origin, bool fixed_place)
{
    gndp_status st = GNDP_OK;
    config_place at = {origin, fixed_place ? 0 : 1, 1};
    GNDP_CHECK(bytes <= CONFIG_MAX_BYTES, GNDP_ERR_RANGE, "%s: above %d bytes, which is no configuration", AT(((config_place){origin, 0, 0})),
               CONFIG_MAX_BYTES);
    bool begins = true;
    int signs = 0;
    for (size_t k = 0; k < bytes;) {
        const size_t length = text[k] == '\0' ? 0 : gndp_utf8_length(text + k);
        const uint32_t c = length == 0 ? 0 : code_point(text + k, length);
        GNDP_CHECK(length > 0, GNDP_ERR_FORMAT, "%s: byte %02x is no UTF-8 text", AT(at), (unsigned)(unsigned char)text[k]);
        GNDP_CHECK(allowed(c), GNDP_ERR_FORMAT, "%s: the character U+%04X has no place in a configuration", AT(at), (unsigned)c);
        GNDP_CHECK(!begins || !tab_indents(text + k), GNDP_ERR_FORMAT, "%s: a tab indents this line; YAML takes blanks alone", AT(at));
        signs += strchr("[{&*%", text[k]) != NULL;
        GNDP_CHECK(signs <= CONFIG_MAX_SIGNS, GNDP_ERR_RANGE, "%s: more than %d brackets and anchors", AT(at), CONFIG_MAX_SIGNS);
        begins = c == '\n' || (c == '\r' && text[k + 1] != '\n');
        if (begins && !fixed_place) {
            at.line++;
            at.column = 0;
        }
        at.column++;
        k += length;
    }
done:
    return st;
}
