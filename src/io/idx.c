// SPDX-License-Identifier: Apache-2.0
// IDX, the files of MNIST and kin: a magic number, sizes, unsigned bytes; also through gzip.
#include "io/raster.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

#include "base/error.h"

/* What fits memory in one piece; files beyond are better left uncompressed, where they stay behind
 * the file. */
#define PAYLOAD_MOST ((int64_t)1 << 33)

enum { DIMS_MOST = 4, HEADER_MOST = 4 + 4 * DIMS_MOST };

typedef struct idx {
    const char *path;
    int dims;
    int64_t size[DIMS_MOST];
    int64_t header, payload; /* bytes */
} idx;

static const char *type_name(int code)
{
    static const struct {
        int code;
        const char *name;
    } types[] = {
        {0x09, "signed byte"}, {0x0B, "short"}, {0x0C, "int"}, {0x0D, "float"}, {0x0E, "double"}};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (types[i].code == code)
            return types[i].name;
    return "unknown";
}

/* Read n bytes, no more, no less. @param claimed  by the header in all, for the message; 0: the
 * header itself */
static gndp_status take(gzFile file, const char *path, unsigned char *out, int64_t n,
                        int64_t wanted)
{
    gndp_status st = GNDP_OK;
    while (n > 0) {
        int code;
        const int got = gzread(file, out, n < (1 << 24) ? (unsigned)n : 1u << 24);
        const char *why = gzerror(file, &code);
        GNDP_CHECK(got >= 0, code == Z_ERRNO ? GNDP_ERR_IO : GNDP_ERR_FORMAT, "cannot read %s: %s",
                   path, code == Z_ERRNO ? strerror(errno) : why);
        GNDP_CHECK(got > 0 || code != Z_BUF_ERROR, GNDP_ERR_FORMAT,
                   "%s: unexpected end of the compressed data", path);
        GNDP_CHECK(got > 0, GNDP_ERR_FORMAT, "%s ends before the %" PRId64 " bytes that are wanted",
                   path, wanted);
        out += got;
        n -= got;
    }
done:
    return st;
}

static gndp_status read_header(gzFile file, const char *path, idx *out)
{
    gndp_status st = GNDP_OK;
    unsigned char b[HEADER_MOST];
    *out = (idx){.path = path, .payload = 1};
    GNDP_TRY(take(file, path, b, 4, 4));
    GNDP_CHECK(b[0] == 0 && b[1] == 0, GNDP_ERR_FORMAT,
               "%s: magic number %02X%02X%02X%02X is not that of IDX", path, b[0], b[1], b[2],
               b[3]);
    GNDP_CHECK(b[2] == 0x08, GNDP_ERR_FORMAT,
               "%s: type 0x%02X (%s) in the magic number; unsigned bytes, 0x08, are read", path,
               b[2], type_name(b[2]));
    out->dims = b[3];
    GNDP_CHECK(out->dims >= 1 && out->dims <= DIMS_MOST, GNDP_ERR_FORMAT,
               "%s: %d dimensions; 1 to %d are read", path, out->dims, DIMS_MOST);
    out->header = 4 + 4 * out->dims;
    GNDP_TRY(take(file, path, b, out->header - 4, out->header));
    for (int d = 0; d < out->dims; d++) {
        out->size[d] =
            (int64_t)b[4 * d] << 24 | b[4 * d + 1] << 16 | b[4 * d + 2] << 8 | b[4 * d + 3];
        GNDP_CHECK(out->size[d] > 0, GNDP_ERR_FORMAT, "%s: size 0 along dimension %d", path, d + 1);
        GNDP_CHECK(out->payload <= (INT64_MAX >> 8) / out->size[d], GNDP_ERR_FORMAT,
                   "%s claims more values than there are numbers for", path);
        out->payload *= out->size[d];
    }
done:
    return st;
}

/* The payload, grown as it comes: the header's word is never taken for it. Nothing may follow. */
static gndp_status read_payload(gzFile file, const idx *x, unsigned char **out)
{
    gndp_status st = GNDP_OK;
    int64_t have = 0, room = 0;
    unsigned char more;
    int code;
    *out = NULL;
    while (have < x->payload) {
        room = room == 0 ? 1 << 20 : 2 * room;
        room = room < x->payload ? room : x->payload;
        GNDP_CHECK(room <= PAYLOAD_MOST, GNDP_ERR_NOMEM,
                   "%s: more than %" PRId64 " MiB; unpack the file, then it is not held in memory",
                   x->path, PAYLOAD_MOST >> 20);
        unsigned char *grown = realloc(*out, (size_t)room);
        GNDP_CHECK(grown != NULL, GNDP_ERR_NOMEM, "%s: %" PRId64 " bytes", x->path, room);
        *out = grown;
        GNDP_TRY(take(file, x->path, *out + have, room - have, x->payload));
        have = room;
    }
    const int extra = gzread(file, &more, 1);
    const char *why = gzerror(file, &code);
    GNDP_CHECK(extra >= 0 && (extra > 0 || code == Z_OK), GNDP_ERR_FORMAT, "cannot read %s: %s",
               x->path, why);
    GNDP_CHECK(extra == 0, GNDP_ERR_FORMAT,
               "%s holds more than the %" PRId64 " bytes its header claims", x->path, x->payload);
done:
    if (st != GNDP_OK) {
        free(*out);
        *out = NULL;
    }
    return st;
}

/* A file that is not compressed: its size must be what the header says. */
static gndp_status check_size(const idx *x)
{
    gndp_status st = GNDP_OK;
    struct stat info;
    GNDP_CHECK(stat(x->path, &info) == 0, GNDP_ERR_IO, "cannot read %s: %s", x->path,
               strerror(errno));
    GNDP_CHECK(info.st_size == x->header + x->payload, GNDP_ERR_FORMAT,
               "%s claims %" PRId64 " bytes and has %" PRId64, x->path, x->header + x->payload,
               (int64_t)info.st_size);
done:
    return st;
}

/* @param bytes  out: the payload if the file is compressed (or wanted in any case), else NULL */
static gndp_status read_idx(const char *path, bool in_memory, idx *x, unsigned char **bytes)
{
    gndp_status st = GNDP_OK;
    gzFile file = gzopen(path, "rb");
    *bytes = NULL;
    GNDP_CHECK(file != NULL, GNDP_ERR_IO, "cannot read %s: %s", path, strerror(errno));
    GNDP_TRY(read_header(file, path, x));
    if (!in_memory)
        GNDP_TRY(check_size(x));
    else
        GNDP_TRY(read_payload(file, x, bytes));
done:
    if (file != NULL)
        gzclose_r(file);
    return st;
}

gndp_status gndp_idx_count(const char *path, int64_t *out)
{
    gndp_status st = GNDP_OK;
    idx x;
    gzFile file = gzopen(path, "rb");
    GNDP_CHECK(file != NULL, GNDP_ERR_IO, "cannot read %s: %s", path, strerror(errno));
    GNDP_TRY(read_header(file, path, &x));
    *out = x.dims == 2 ? 1 : x.size[0];
done:
    if (file != NULL)
        gzclose_r(file);
    return st;
}

gndp_status gndp_idx_open(const char *path, bool gzip, const gndp_field_label *label,
                          gndp_fieldset **out)
{
    gndp_status st = GNDP_OK;
    idx x;
    gndp_raster raster = {.path = path, .n_axes = 2, .components = 1, .type = GNDP_RASTER_U8};
    GNDP_TRY(read_idx(path, gzip, &x, &raster.bytes));
    GNDP_CHECK(x.dims >= 2, GNDP_ERR_FORMAT,
               "%s holds labels, not images: one dimension of %" PRId64, path, x.size[0]);
    const int first = x.dims == 2 ? 0 : 1; /* two dimensions are one image */
    raster.count = first == 0 ? 1 : x.size[0];
    raster.size[0] = x.size[first];
    raster.size[1] = x.size[first + 1];
    if (x.dims == 4) {
        GNDP_CHECK(x.size[3] <= 4, GNDP_ERR_UNSUPPORTED,
                   "%s: %" PRId64 " components a pixel; 1 to 4 are read", path, x.size[3]);
        raster.components = (int)x.size[3];
    }
    raster.offset = x.header;
    raster.record = gndp_raster_values(&raster);
    GNDP_TRY(gndp_raster_open(&raster, label, gndp_image_channels(raster.components), out));
done:
    free(raster.bytes);
    return st;
}

gndp_status gndp_idx_labels(const char *path, int64_t n, char ***text)
{
    enum { WIDTH = 4 }; /* "255" */
    gndp_status st = GNDP_OK;
    idx x;
    unsigned char *bytes = NULL;
    char **list = NULL, *all = NULL;
    *text = NULL;
    GNDP_TRY(read_idx(path, true, &x, &bytes));
    GNDP_CHECK(x.dims == 1, GNDP_ERR_FORMAT, "%s has %d dimensions; labels have one", path, x.dims);
    GNDP_CHECK(x.size[0] == n, GNDP_ERR_FORMAT,
               "%s holds %" PRId64 " labels for %" PRId64 " images", path, x.size[0], n);
    list = malloc((size_t)n * sizeof *list);
    all = malloc((size_t)n * WIDTH);
    GNDP_CHECK(list != NULL && all != NULL, GNDP_ERR_NOMEM, "%" PRId64 " labels", n);
    for (int64_t i = 0; i < n; i++) {
        list[i] = all + WIDTH * i;
        snprintf(list[i], WIDTH, "%d", bytes[i]);
    }
    *text = list;
    list = NULL;
    all = NULL;
done:
    free(list);
    free(all);
    free(bytes);
    return st;
}
