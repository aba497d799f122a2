// SPDX-License-Identifier: Apache-2.0
// The form of an archive in a file: names that NetCDF takes, checksums, the closing line.
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "io/archive.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "checksums are over little-endian values as they lie in memory");

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_plain(char c)
{
    return is_letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '+' || c == '@';
}

/* NetCDF wants a letter or '_' first and keeps some names with '_' for itself, so that a name
   without a letter in front, or one that begins like our own attributes, gets "_." in front; no
   other encoded name begins so. */
static bool needs_prefix(const char *name)
{
    return !is_letter(name[0]) ||
           strncmp(name, GNDP_ARCHIVE_ATTRIBUTE, strlen(GNDP_ARCHIVE_ATTRIBUTE)) == 0;
}

bool gndp_archive_encode(const char *name, char out[GNDP_ARCHIVE_NAME_BYTES])
{
    static const char digit[] = "0123456789ABCDEF";
    const size_t room = GNDP_ARCHIVE_NAME_BYTES - 1 -
                        strlen(GNDP_ARCHIVE_TEXT_PREFIX); /* a text may come to be a variable */
    size_t n = 0;
    if (needs_prefix(name)) {
        out[n++] = '_';
        out[n++] = '.';
    }
    for (const char *c = name; *c != 0; c++) {
        if (n + 3 > room)
            return false;
        if (is_plain(*c)) {
            out[n++] = *c;
        } else if (*c == '/') {
            out[n++] = '.';
        } else {
            out[n++] = '%';
            out[n++] = digit[(unsigned char)*c >> 4];
            out[n++] = digit[(unsigned char)*c & 15];
        }
    }
    out[n] = 0;
    return true;
}

static int hex_value(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool gndp_archive_decode(const char *encoded, char out[GNDP_ARCHIVE_NAME_BYTES])
{
    char again[GNDP_ARCHIVE_NAME_BYTES];
    const char *c = strncmp(encoded, "_.", 2) == 0 ? encoded + 2 : encoded;
    size_t n = 0;
    for (; *c != 0 && n + 1 < GNDP_ARCHIVE_NAME_BYTES; c++) {
        if (*c == '%') {
            const int high = hex_value(c[1]), low = high < 0 ? -1 : hex_value(c[2]);
            if (low < 0 || high + low == 0)
                return false;
            out[n++] = (char)(unsigned char)(16 * high + low);
            c += 2;
        } else {
            out[n++] = *c == '.' ? '/' : *c;
        }
    }
    out[n] = 0;
    return n > 0 && gndp_archive_encode(out, again) &&
           strcmp(again, encoded) == 0; /* one spelling only */
}

uint32_t gndp_crc32(uint32_t crc, const void *data, size_t bytes)
{
    return bytes > 0 ? (uint32_t)crc32_z(crc, data, bytes)
                     : crc; /* a NULL with no bytes would start afresh */
}

uint32_t gndp_archive_entry_crc(const gndp_archive_entry *entry)
{
    char head[64];
    uint32_t crc = gndp_crc32(0, entry->name, strlen(entry->name) + 1);
    snprintf(head, sizeof head, "kind %d", (int)entry->kind);
    crc = gndp_crc32(crc, head, strlen(head) + 1);
    switch (entry->kind) {
    case GNDP_ENTRY_ARRAY: {
        const gndp_type_string type = gndp_type_text(entry->array.type);
        crc = gndp_crc32(crc, type.text, strlen(type.text) + 1);
        return gndp_crc32(crc, entry->array.data, gndp_type_bytes(entry->array.type));
    }
    case GNDP_ENTRY_TEXT:
        return gndp_crc32(crc, entry->text, strlen(entry->text));
    case GNDP_ENTRY_INTEGER:
        return gndp_crc32(crc, &entry->integer, sizeof entry->integer);
    case GNDP_ENTRY_NUMBER:
        return gndp_crc32(crc, &entry->number, sizeof entry->number);
    }
    return crc;
}

void gndp_archive_closing(int64_t bytes, uint32_t crc, char line[GNDP_ARCHIVE_CLOSING + 1])
{
    char text[GNDP_ARCHIVE_CLOSING - 1];
    snprintf(text, sizeof text, "gndp archive %d closed: bytes %lld crc32 %08x",
             (int)GNDP_ARCHIVE_VERSION, (long long)bytes, (unsigned)crc);
    snprintf(line, GNDP_ARCHIVE_CLOSING + 1, "\n%-*s\n", (int)GNDP_ARCHIVE_CLOSING - 2, text);
}

bool gndp_archive_probe(const char *path)
{
    char line[GNDP_ARCHIVE_CLOSING + 1], found[GNDP_ARCHIVE_CLOSING];
    struct stat status;
    const int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    bool is = false;
    if (fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode) &&
        status.st_size > GNDP_ARCHIVE_CLOSING) {
        gndp_archive_closing(0, 0, line);
        is = pread(fd, found, sizeof found, status.st_size - GNDP_ARCHIVE_CLOSING) ==
                 (ssize_t)sizeof found &&
             memcmp(found, line, strlen("\ngndp archive ")) == 0 && found[sizeof found - 1] == '\n';
    }
    if (fd >= 0)
        close(fd);
    return is;
}
