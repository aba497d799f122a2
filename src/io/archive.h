// SPDX-License-Identifier: Apache-2.0
// Inside an archive: its entries, their names in NetCDF, checksums and the line that closes the
// file.
#ifndef GNDP_IO_ARCHIVE_H
#define GNDP_IO_ARCHIVE_H

#include <gndp/write.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The file is NetCDF-4, each array a variable in one piece, each text, integer and number a global
   attribute (a long text a variable of bytes), followed by one line of GNDP_ARCHIVE_CLOSING bytes
   with the length and the CRC-32 of all before it. HDF5 and its tools pass over bytes behind their
   end. So damage is found before HDF5, which can crash on it, sees the file; the checksums of
   single arrays say which one was changed by a tool that wrote a closing line of its own, or lost
   in memory. */

typedef enum gndp_entry_kind {
    GNDP_ENTRY_ARRAY,
    GNDP_ENTRY_TEXT,
    GNDP_ENTRY_INTEGER,
    GNDP_ENTRY_NUMBER
} gndp_entry_kind;

typedef struct gndp_archive_entry {
    char *name;
    gndp_entry_kind kind;
    gndp_array array; /* owned */
    char *text;
    int64_t integer;
    double number;
} gndp_archive_entry;

struct gndp_archive {
    char *origin; /* file it was read from, or NULL */
    gndp_archive_entry *entry;
    int count, room; /* entries in order of names */
    int n_arrays;
};

/* What tells archives apart from other NetCDF files: this global attribute, with the version of the
 * layout. */
#define GNDP_ARCHIVE_ATTRIBUTE "gndp_archive"
#define GNDP_ARCHIVE_CHECKSUM "gndp_archive_checksum"
enum {
    GNDP_ARCHIVE_VERSION = 1,
    GNDP_ARCHIVE_CLOSING = 64,         /* bytes of the closing line */
    GNDP_ARCHIVE_NAME_BYTES = 257,     /* NetCDF's longest name and a zero */
    GNDP_ARCHIVE_TEXT_ATTRIBUTE = 8192 /* longest text kept as an attribute: HDF5 takes no more than
                                          64 KiB of them together */
};
#define GNDP_ARCHIVE_TEXT_PREFIX "_t." /* of variables that hold long texts */
#define GNDP_ARCHIVE_DIM_PREFIX "_n"

/** NULL where there is none. */
const gndp_archive_entry *gndp_archive_find(const gndp_archive *archive, const char *name);

/** As gndp_archive_put(), but takes over the array's memory in any case and empties `array`. */
gndp_status gndp_archive_put_take(gndp_archive *archive, const char *name, gndp_array *array);

/** The name in NetCDF: '/' becomes '.', what NetCDF or a shell could stumble over %XX; one to one.
 * @return false: too long */
bool gndp_archive_encode(const char *name, char out[GNDP_ARCHIVE_NAME_BYTES]);
/** Its inverse. @return false: no encoded name */
bool gndp_archive_decode(const char *encoded, char out[GNDP_ARCHIVE_NAME_BYTES]);

/** CRC-32 (that of zlib) over name, kind and type, and the values in little-endian order. */
uint32_t gndp_archive_entry_crc(const gndp_archive_entry *entry);
/** CRC-32 continued over any number of bytes. */
uint32_t gndp_crc32(uint32_t crc, const void *data, size_t bytes);

/** The closing line for a file of so many bytes. */
void gndp_archive_closing(int64_t bytes, uint32_t crc, char line[GNDP_ARCHIVE_CLOSING + 1]);

/** Whether a file ends in a closing line, at the cost of reading that: for telling kinds of files
 * apart. */
bool gndp_archive_probe(const char *path);

#ifdef __cplusplus
}
#endif
#endif
