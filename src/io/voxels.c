// SPDX-License-Identifier: Apache-2.0
// Voxels: our own simple form, little-endian, 32 bytes of header and then the values.
#include "io/raster.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "io/beside.h"
#include "io/bytes.h"

enum { HEADER = 32, CHANNELS_MOST = 64, TYPE_U8 = 0, TYPE_F32 = 1 };
static const char magic[8] = {'G', 'N', 'D', 'P', 'V', 'O', 'X', '1'};

/* Places of the numbers in the header. */
enum { COUNT, DEPTH, HEIGHT, WIDTH, CHANNELS, TYPE, NUMBERS };

static gndp_status read_header(const char *path, int32_t number[NUMBERS])
{
    gndp_status st = GNDP_OK;
    unsigned char b[HEADER];
    size_t n = 0;
    GNDP_TRY(gndp_bytes_peek(path, sizeof b, b, &n));
    GNDP_CHECK(n == HEADER && memcmp(b, magic, sizeof magic) == 0, GNDP_ERR_FORMAT,
               "%s does not begin with the 32 bytes of a file of voxels (GNDPVOX1)", path);
    for (int i = 0; i < NUMBERS; i++) {
        const unsigned char *p = b + 8 + 4 * i;
        const uint32_t word =
            (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
        GNDP_CHECK(word <= INT32_MAX, GNDP_ERR_FORMAT, "%s: number %d of the header is negative",
                   path, i + 1);
        number[i] = (int32_t)word;
    }
    for (int i = COUNT; i <= CHANNELS; i++)
        GNDP_CHECK(number[i] >= 1, GNDP_ERR_FORMAT, "%s: number %d of the header is 0", path,
                   i + 1);
    GNDP_CHECK(number[CHANNELS] <= CHANNELS_MOST, GNDP_ERR_UNSUPPORTED,
               "%s: %d channels, at most %d are read", path, number[CHANNELS], CHANNELS_MOST);
    GNDP_CHECK(number[TYPE] == TYPE_U8 || number[TYPE] == TYPE_F32, GNDP_ERR_FORMAT,
               "%s: type %d is neither 0 nor 1", path, number[TYPE]);
done:
    return st;
}

gndp_status gndp_voxels_open(const char *path, gndp_fieldset **out)
{
    gndp_status st = GNDP_OK;
    int32_t number[NUMBERS];
    struct stat info;
    char text[CHANNELS_MOST][16];
    const char *name[CHANNELS_MOST];
    GNDP_CHECK(out != NULL, GNDP_ERR_ARG, "out is NULL");
    *out = NULL;
    GNDP_CHECK(path != NULL, GNDP_ERR_ARG, "path is NULL");
    GNDP_TRY(read_header(path, number));
    gndp_raster raster = {.path = path,
                          .n_axes = 3,
                          .size = {number[DEPTH], number[HEIGHT], number[WIDTH]},
                          .count = number[COUNT],
                          .components = number[CHANNELS],
                          .type = number[TYPE] == TYPE_U8 ? GNDP_RASTER_U8 : GNDP_RASTER_F32,
                          .offset = HEADER};
    const int64_t values = gndp_raster_values(&raster), each = gndp_raster_bytes(raster.type);
    GNDP_CHECK(values > 0 && values <= INT64_MAX / 8 / raster.count, GNDP_ERR_FORMAT,
               "%s claims more values than there are numbers for", path);
    raster.record = values * each;
    GNDP_CHECK(stat(path, &info) == 0, GNDP_ERR_IO, "cannot read %s: %s", path, strerror(errno));
    GNDP_CHECK(info.st_size == HEADER + raster.count * raster.record, GNDP_ERR_FORMAT,
               "%s claims %" PRId64 " bytes and has %" PRId64, path,
               HEADER + raster.count * raster.record, (int64_t)info.st_size);
    for (int c = 0; c < raster.components; c++) {
        snprintf(text[c], sizeof text[c], raster.components == 1 ? "value" : "value%d", c + 1);
        name[c] = text[c];
    }
    GNDP_TRY(gndp_raster_open(&raster, NULL, name, out));
done:
    return st;
}

/* ---- Out ------------------------------------------------------------------------------------ */

static void put_word(unsigned char *to, uint32_t word)
{
    for (int i = 0; i < 4; i++)
        to[i] = (unsigned char)(word >> 8 * i);
}

static gndp_status write_fields(const gndp_fieldset *set, gndp_beside *out)
{
    gndp_status st = GNDP_OK;
    const gndp_fieldset_spec *spec = gndp_fieldset_get_spec(set);
    const int64_t n = spec->coords.n * gndp_fieldset_components(set);
    double *value = malloc((size_t)n * sizeof *value);
    uint8_t *present = malloc((size_t)n);
    unsigned char *bytes = malloc(4 * (size_t)n);
    GNDP_CHECK(value != NULL && present != NULL && bytes != NULL, GNDP_ERR_NOMEM,
               "a field of %" PRId64 " values", n);
    for (int64_t f = 0; f < spec->n_fields; f++) {
        GNDP_TRY(gndp_fieldset_read(set, 1, &f, spec->coords.n, NULL, value, present));
        for (int64_t i = 0; i < n; i++) {
            const float y = present[i] ? (float)value[i] : NAN;
            uint32_t word;
            GNDP_CHECK(!isinf(y), GNDP_ERR_RANGE, "%s: field %" PRId64 ": %g does not fit a float",
                       spec->origin, f, value[i]);
            memcpy(&word, &y, sizeof word);
            put_word(bytes + 4 * i, word);
        }
        GNDP_TRY(gndp_beside_write(out, bytes, 4 * (size_t)n));
    }
done:
    free(value);
    free(present);
    free(bytes);
    return st;
}

gndp_status gndp_voxels_write(const gndp_fieldset *set, const char *path, bool overwrite)
{
    gndp_status st = GNDP_OK;
    gndp_beside out = gndp_beside_none();
    unsigned char header[HEADER];
    GNDP_CHECK(set != NULL, GNDP_ERR_ARG, "set is NULL");
    const gndp_fieldset_spec *spec = gndp_fieldset_get_spec(set);
    GNDP_CHECK(spec->coords.layout == GNDP_LAYOUT_PRODUCT && spec->coords.columns == 3,
               GNDP_ERR_SHAPE, "%s: voxels want fields on three axes", spec->origin);
    const int64_t number[NUMBERS] = {spec->n_fields,
                                     spec->coords.axis[0].size,
                                     spec->coords.axis[1].size,
                                     spec->coords.axis[2].size,
                                     gndp_fieldset_components(set),
                                     TYPE_F32};
    GNDP_CHECK(number[CHANNELS] <= CHANNELS_MOST, GNDP_ERR_UNSUPPORTED,
               "%s: %" PRId64 " components, at most %d", spec->origin, number[CHANNELS],
               CHANNELS_MOST);
    memcpy(header, magic, sizeof magic);
    for (int i = 0; i < NUMBERS; i++) {
        GNDP_CHECK(number[i] <= INT32_MAX, GNDP_ERR_UNSUPPORTED,
                   "%s: %" PRId64 " does not fit the header", spec->origin, number[i]);
        put_word(header + 8 + 4 * i, (uint32_t)number[i]);
    }
    GNDP_TRY(gndp_beside_open(path, overwrite, &out));
    GNDP_TRY(gndp_beside_empty(&out));
    GNDP_TRY(gndp_beside_write(&out, header, sizeof header));
    GNDP_TRY(write_fields(set, &out));
    GNDP_TRY(gndp_beside_commit(&out, overwrite));
done:
    gndp_beside_close(&out, false);
    return st;
}
