// SPDX-License-Identifier: Apache-2.0
// What kind of file a file is: by its content, then by its name.
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include <gndp/io.h>
#include <zlib.h>

#include "base/error.h"
#include "base/text.h"
#include "io/archive.h"
#include "io/bytes.h"
#include "io/lock.h"
#include "io/netcdf_contents.h"
#include "io/netcdf_file.h"

/* First bytes that are looked at. */
#define PEEK_BYTES 16384

const char *gndp_file_kind_name(gndp_file_kind kind)
{
    static const char *const names[] = {"unknown",      "fields",       "tracks",
                                        "tracks table", "observations", "events",
                                        "images",       "voxels",       "archive"};
    const size_t i = (size_t)kind;
    return i < sizeof names / sizeof *names ? names[i] : "unknown";
}

/* ---- Binary --------------------------------------------------------------------------------- */

static gndp_status kind_of_netcdf(const char *path, gndp_file_kind *out)
{
    gndp_status st = GNDP_OK;
    gndp_nc_contents contents = {.nc = -1};
    if (gndp_archive_probe(path)) {
        *out = GNDP_FILE_ARCHIVE;
        return GNDP_OK;
    }
    gndp_nc_lock();
    st = gndp_nc_contents_read(path, &contents);
    const bool archive = st == GNDP_OK && nc_inq_att(contents.nc, NC_GLOBAL, GNDP_ARCHIVE_ATTRIBUTE,
                                                     NULL, NULL) == NC_NOERR;
    *out = contents.tracks ? GNDP_FILE_TRACKS : archive ? GNDP_FILE_ARCHIVE : GNDP_FILE_FIELDS;
    gndp_nc_contents_free(&contents);
    gndp_nc_unlock();
    GNDP_TRY(st);
done:
    return st;
}

static bool is_idx(const unsigned char *b, size_t n)
{
    return n >= 4 && b[0] == 0 && b[1] == 0 && b[2] >= 0x08 && b[2] <= 0x0E && b[3] >= 1 &&
           b[3] <= 8;
}

/* The first bytes of what gzip holds; how many there are. */
static size_t inflate_start(const unsigned char *bytes, size_t n, unsigned char *out, size_t size)
{
    z_stream stream = {0};
    if (inflateInit2(&stream, 16 + MAX_WBITS) != Z_OK)
        return 0;
    unsigned char *copy = malloc(n > 0 ? n : 1); /* zlib's input is not const */
    if (copy != NULL)
        memcpy(copy, bytes, n);
    stream.next_in = copy;
    stream.avail_in = copy != NULL ? (unsigned)n : 0;
    stream.next_out = out;
    stream.avail_out = (unsigned)size;
    inflate(&stream, Z_SYNC_FLUSH);
    const size_t found = size - stream.avail_out;
    inflateEnd(&stream);
    free(copy);
    return found;
}

static bool ends_in(const char *path, const char *ending)
{
    const size_t n = strlen(path), m = strlen(ending);
    return n > m && strcasecmp(path + n - m, ending) == 0;
}

/* Batches of CIFAR-10 and -100 have no magic number: rows of 1 or 2 labels and 3 x 32 x 32 bytes.
 */
static bool is_cifar(const char *path, int64_t bytes)
{
    return ends_in(path, ".bin") && bytes > 0 && (bytes % 3073 == 0 || bytes % 3074 == 0);
}

/* ---- Text ----------------------------------------------------------------------------------- */

#define MAX_CELLS 256

/* A line of cells, blanks and quotes around them taken off. */
typedef struct row {
    char text[4096];
    char *cell[MAX_CELLS];
    int n;
} row;

static bool is_blank(const char *line, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!isspace((unsigned char)line[i]) && line[i] != ',')
            return false;
    return true;
}

static void trim(char **cell)
{
    while (isspace((unsigned char)**cell) || **cell == '"')
        (*cell)++;
    size_t n = strlen(*cell);
    while (n > 0 && (isspace((unsigned char)(*cell)[n - 1]) || (*cell)[n - 1] == '"'))
        (*cell)[--n] = '\0';
}

/* The first line that says anything. */
static bool first_row(const char *text, size_t size, row *out)
{
    const char *p = text, *end = text + size;
    if (size >= 3 && memcmp(p, "\xEF\xBB\xBF", 3) == 0)
        p += 3;
    while (p < end) {
        const char *stop = p;
        while (stop < end && *stop != '\n' && *stop != '\r')
            stop++;
        const size_t n = (size_t)(stop - p);
        if (n > 0 && *p != '#' && !is_blank(p, n)) {
            const size_t kept = n < sizeof out->text - 1 ? n : sizeof out->text - 1;
            memcpy(out->text, p, kept);
            out->text[kept] = '\0';
            out->n = 0;
            for (char *cell = out->text; cell != NULL && out->n < MAX_CELLS;) {
                char *comma = strchr(cell, ',');
                if (comma != NULL)
                    *comma = '\0';
                out->cell[out->n++] = cell;
                cell = comma != NULL ? comma + 1 : NULL;
            }
            for (int i = 0; i < out->n; i++)
                trim(&out->cell[i]);
            return true;
        }
        p = stop + 1;
    }
    return false;
}

static bool one_of(const char *cell, const char *list)
{
    const size_t n = strlen(cell);
    for (const char *p = list; n > 0 && *p != '\0';) {
        p += strspn(p, " ");
        const size_t length = strcspn(p, " ");
        if (length == n && strncasecmp(p, cell, n) == 0)
            return true;
        p += length;
    }
    return false;
}

static bool has(const row *r, const char *list)
{
    for (int i = 0; i < r->n; i++)
        if (one_of(r->cell[i], list))
            return true;
    return false;
}

static bool is_number(const char *cell)
{
    char *end = NULL;
    strtod(cell, &end);
    return cell[0] != '\0' && *end == '\0';
}

/* 'A' a capital, '9' a digit, anything else itself; `pattern` may be the start of the cell. */
static bool looks_like(const char *cell, const char *pattern)
{
    for (; *pattern != '\0'; pattern++, cell++) {
        const bool fits = *pattern == 'A'   ? isupper((unsigned char)*cell) != 0
                          : *pattern == '9' ? isdigit((unsigned char)*cell) != 0
                                            : *pattern == *cell;
        if (!fits)
            return false;
    }
    return true;
}

static gndp_file_kind kind_of_text(const row *r)
{
    static const char lat[] = "lat latitude", lon[] = "lon long lng longitude";
    static const char time[] = "time valid_time valid datetime date_time timestamp date iso_time";
    if (r->n >= 3 && looks_like(r->cell[0], "AA999999")) /* HURDAT2 */
        return GNDP_FILE_TRACKS_CSV;
    if (r->n >= 7 && looks_like(r->cell[0], "AA") && strlen(r->cell[0]) == 2 &&
        looks_like(r->cell[2], "9999999999")) /* ATCF */
        return GNDP_FILE_TRACKS_CSV;
    if (looks_like(r->cell[0], "9999999A99999")) /* the rows of IBTrACS without its header */
        return GNDP_FILE_TRACKS_CSV;
    if (has(r, "sid storm_id storm storm_name") && has(r, time))
        return GNDP_FILE_TRACKS_CSV;
    const bool pair = r->n == 2 && ((is_number(r->cell[0]) && is_number(r->cell[1])) ||
                                    (has(r, lat) && has(r, lon)));
    if (pair)
        return GNDP_FILE_EVENTS;
    if (r->n >= 3 && has(r, lat) && has(r, lon))
        return GNDP_FILE_OBSERVATIONS;
    if (r->n >= 2 && has(r, "x x1"))
        return GNDP_FILE_OBSERVATIONS;
    return GNDP_FILE_UNKNOWN;
}

static bool is_text(const unsigned char *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (bytes[i] < 9 || (bytes[i] > 13 && bytes[i] < 32 && bytes[i] != 27))
            return false;
    return n > 0;
}

/* ---- Any ------------------------------------------------------------------------------------ */

static gndp_status kind_of_bytes(const char *path, const unsigned char *b, size_t n, int64_t bytes,
                                 gndp_file_kind *out)
{
    gndp_status st = GNDP_OK;
    unsigned char inside[16];
    row first = {.n = 0};
    char shown[128];
    const char *hint = NULL;
    if (gndp_nc_is_magic(b, n)) {
        GNDP_TRY(kind_of_netcdf(path, out));
        goto done;
    }
    if (n >= 8 && memcmp(b, "GNDPVOX1", 8) == 0)
        *out = GNDP_FILE_VOXELS;
    else if ((n >= 4 && memcmp(b, "\211PNG", 4) == 0) || is_idx(b, n) || is_cifar(path, bytes))
        *out = GNDP_FILE_IMAGES;
    else if (n >= 2 && b[0] == 0x1F && b[1] == 0x8B &&
             is_idx(inside, inflate_start(b, n, inside, sizeof inside)))
        *out = GNDP_FILE_IMAGES;
    /* A table may hold damaged bytes: its reader says in which line. */
    const bool table = is_text(b, n) || ends_in(path, ".csv");
    if (*out == GNDP_FILE_UNKNOWN && table && first_row((const char *)b, n, &first))
        *out = kind_of_text(&first);
    if (*out != GNDP_FILE_UNKNOWN)
        goto done;
    hint = gndp_nc_hint(b, n);
    if (first.n > 0 && (hint == NULL || strcmp(hint, "looks like text") == 0)) {
        gndp_nc_clean(first.cell[0], strlen(first.cell[0]), false, shown, sizeof shown);
        GNDP_CHECK(false, GNDP_ERR_FORMAT,
                   "%s: text that is no table gndp knows: a header with lat, lon or sid, iso_time, "
                   "lat, lon or x1, y1 is wanted, the first line begins with '%s'",
                   path, shown);
    }
    GNDP_CHECK(false, GNDP_ERR_FORMAT, "%s: unknown file format%s%s%s", path,
               hint != NULL ? " (" : "", hint != NULL ? hint : "", hint != NULL ? ")" : "");
done:
    return st;
}

gndp_status gndp_file_detect(const char *path, gndp_file_kind *out)
{
    gndp_status st = GNDP_OK;
    struct stat info;
    unsigned char *start = NULL;
    size_t n = 0;
    GNDP_CHECK(path != NULL && out != NULL, GNDP_ERR_ARG, "path or out is NULL");
    *out = GNDP_FILE_UNKNOWN;
    const bool there = strcmp(path, "-") != 0 && stat(path, &info) == 0;
    if (strcmp(path, "-") == 0 || (there && S_ISFIFO(info.st_mode))) {
        *out = GNDP_FILE_OBSERVATIONS; /* cannot be looked at twice; what other programs print */
        goto done;
    }
    if (there && S_ISDIR(info.st_mode)) { /* of PNG files */
        *out = GNDP_FILE_IMAGES;
        goto done;
    }
    GNDP_CHECK(!there || S_ISREG(info.st_mode), GNDP_ERR_IO, "%s: is no regular file", path);
    start = calloc(PEEK_BYTES, 1);
    GNDP_CHECK(start != NULL, GNDP_ERR_NOMEM, "%d bytes", PEEK_BYTES);
    GNDP_TRY(gndp_bytes_peek(path, PEEK_BYTES, start, &n));
    GNDP_CHECK(n > 0, GNDP_ERR_FORMAT, "%s: is empty", path);
    GNDP_TRY(kind_of_bytes(path, start, n, (int64_t)info.st_size, out));
done:
    free(start);
    return st;
}
