// SPDX-License-Identifier: Apache-2.0
// Archives out: the NetCDF-4 file is made in memory, closed with its checksum and written beside.
#include <netcdf.h>
#include <netcdf_mem.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "io/archive.h"
#include "io/beside.h"
#include "io/lock.h"

/* A file in the making. Made in memory because HDF5 cannot give up a file on a full disk: it keeps
 * it open and its space taken. */
typedef struct image {
    int nc;
    const char *path; /* for messages */
} image;

#define NC_TRY(call, what)                                                                         \
    do {                                                                                           \
        const int nc_code_ = (call);                                                               \
        GNDP_CHECK(nc_code_ == NC_NOERR, GNDP_ERR_IO, "cannot write %s: %s: %s", im->path, (what), \
                   nc_strerror(nc_code_));                                                         \
    } while (0)

static nc_type nc_type_of(gndp_dtype dtype)
{
    return dtype == GNDP_F32 ? NC_FLOAT : dtype == GNDP_F64 ? NC_DOUBLE : NC_INT;
}

/* The dimension of that size; arrays share them, as their names mean nothing. */
static gndp_status dimension(const image *im, int64_t size, int *out)
{
    gndp_status st = GNDP_OK;
    char name[32];
    snprintf(name, sizeof name, GNDP_ARCHIVE_DIM_PREFIX "%lld", (long long)size);
    if (nc_inq_dimid(im->nc, name, out) != NC_NOERR)
        NC_TRY(nc_def_dim(im->nc, name, (size_t)size, out), name);
done:
    return st;
}

static gndp_status variable(const image *im, const char *name, nc_type type, int rank,
                            const int64_t *dim, int *out)
{
    gndp_status st = GNDP_OK;
    int dims[GNDP_MAX_RANK];
    for (int i = 0; i < rank; i++)
        GNDP_TRY(dimension(im, dim[i], &dims[i]));
    NC_TRY(nc_def_var(im->nc, name, type, rank, dims, out), name);
    NC_TRY(nc_def_var_fill(im->nc, *out, NC_NOFILL, NULL), name);
    if (rank > 0)
        NC_TRY(nc_def_var_chunking(im->nc, *out, NC_CONTIGUOUS, NULL), name);
done:
    return st;
}

static gndp_status put_checksum(const image *im, int var, const char *attribute, uint32_t crc)
{
    gndp_status st = GNDP_OK;
    char text[32];
    snprintf(text, sizeof text, "crc32 %08x", (unsigned)crc);
    NC_TRY(nc_put_att_text(im->nc, var, attribute, strlen(text), text), attribute);
done:
    return st;
}

static gndp_status put_array(const image *im, const gndp_archive_entry *entry, const char *encoded,
                             uint32_t crc)
{
    gndp_status st = GNDP_OK;
    const gndp_type type = entry->array.type;
    const bool empty =
        gndp_type_count(type) ==
        0; /* NetCDF has no dimension of length 0: a lone value stands for the array */
    int var = -1;
    GNDP_TRY(variable(im, encoded, nc_type_of(type.dtype), empty ? 0 : type.rank, type.dim, &var));
    if (empty) {
        const long long first = 0;
        long long shape[GNDP_MAX_RANK];
        for (int i = 0; i < type.rank; i++)
            shape[i] = type.dim[i];
        NC_TRY(nc_put_att_longlong(im->nc, var, "empty_shape", NC_INT64, (size_t)type.rank, shape),
               encoded);
        NC_TRY(nc_put_var_longlong(im->nc, var, &first), encoded);
    } else {
        NC_TRY(nc_put_var(im->nc, var, entry->array.data), encoded);
    }
    GNDP_TRY(put_checksum(im, var, "checksum", crc));
done:
    return st;
}

static gndp_status put_text(const image *im, const gndp_archive_entry *entry, const char *encoded,
                            uint32_t crc)
{
    gndp_status st = GNDP_OK;
    char name[GNDP_ARCHIVE_NAME_BYTES + sizeof GNDP_ARCHIVE_TEXT_PREFIX];
    const int64_t length = (int64_t)strlen(entry->text);
    int var = -1;
    if (length <= GNDP_ARCHIVE_TEXT_ATTRIBUTE) {
        NC_TRY(nc_put_att_text(im->nc, NC_GLOBAL, encoded, (size_t)length, entry->text), encoded);
        goto done;
    }
    snprintf(name, sizeof name, "%s%s", GNDP_ARCHIVE_TEXT_PREFIX, encoded);
    GNDP_TRY(variable(im, name, NC_CHAR, 1, &length, &var));
    NC_TRY(nc_put_var_text(im->nc, var, entry->text), name);
    GNDP_TRY(put_checksum(im, var, "checksum", crc));
done:
    return st;
}

static gndp_status put_entry(const image *im, const gndp_archive_entry *entry, uint32_t crc)
{
    gndp_status st = GNDP_OK;
    char encoded[GNDP_ARCHIVE_NAME_BYTES];
    GNDP_CHECK(gndp_archive_encode(entry->name, encoded), GNDP_ERR_INTERNAL, "\"%s\" was too long",
               entry->name);
    const long long integer = entry->integer;
    switch (entry->kind) {
    case GNDP_ENTRY_ARRAY:
        GNDP_TRY(put_array(im, entry, encoded, crc));
        break;
    case GNDP_ENTRY_TEXT:
        GNDP_TRY(put_text(im, entry, encoded, crc));
        break;
    case GNDP_ENTRY_INTEGER:
        NC_TRY(nc_put_att_longlong(im->nc, NC_GLOBAL, encoded, NC_INT64, 1, &integer), encoded);
        break;
    case GNDP_ENTRY_NUMBER:
        NC_TRY(nc_put_att_double(im->nc, NC_GLOBAL, encoded, NC_DOUBLE, 1, &entry->number),
               encoded);
        break;
    }
done:
    return st;
}

static gndp_status fill_image(const image *im, const gndp_archive *archive)
{
    gndp_status st = GNDP_OK;
    const int version = GNDP_ARCHIVE_VERSION;
    uint32_t all = 0;
    NC_TRY(nc_put_att_int(im->nc, NC_GLOBAL, GNDP_ARCHIVE_ATTRIBUTE, NC_INT, 1, &version),
           GNDP_ARCHIVE_ATTRIBUTE);
    for (int i = 0; i < archive->count; i++) {
        const uint32_t crc = gndp_archive_entry_crc(&archive->entry[i]);
        all = gndp_crc32(all, &crc, sizeof crc);
        GNDP_TRY(put_entry(im, &archive->entry[i], crc));
    }
    GNDP_TRY(put_checksum(im, NC_GLOBAL, GNDP_ARCHIVE_CHECKSUM,
                          all)); /* so that no entry can be missing */
done:
    return st;
}

/* About what the file will need: growing means copying. */
static size_t guess(const gndp_archive *archive)
{
    size_t bytes = (size_t)1 << 16;
    for (int i = 0; i < archive->count; i++) {
        const gndp_archive_entry *entry = &archive->entry[i];
        bytes += 1024 + (entry->kind == GNDP_ENTRY_ARRAY ? gndp_type_bytes(entry->array.type) : 0) +
                 (entry->kind == GNDP_ENTRY_TEXT ? strlen(entry->text) : 0);
    }
    return bytes;
}

/* @param out  memory of malloc() and its size; empty on failure */
static gndp_status make_image(const gndp_archive *archive, const char *path, NC_memio *out)
{
    gndp_status st = GNDP_OK;
    image made = {.nc = -1, .path = path}, *im = &made;
    *out = (NC_memio){0};
    gndp_nc_lock();
    NC_TRY(nc_create_mem("archive.nc", NC_NETCDF4, guess(archive), &made.nc),
           "its image in memory");
    GNDP_TRY(fill_image(im, archive));
    const int nc = made.nc;
    made.nc = -1; /* closed, whatever comes */
    NC_TRY(nc_close_memio(nc, out), "its image in memory");
done:
    if (made.nc >= 0)
        nc_abort(made.nc);
    gndp_nc_unlock();
    return st;
}

gndp_status gndp_archive_write(const gndp_archive *archive, const char *path)
{
    gndp_status st = GNDP_OK;
    NC_memio memory = {0};
    gndp_beside file = gndp_beside_none();
    char line[GNDP_ARCHIVE_CLOSING + 1];
    GNDP_CHECK(archive != NULL && path != NULL, GNDP_ERR_ARG, "%s is NULL",
               archive == NULL ? "archive" : "path");
    GNDP_TRY(gndp_beside_open(path, true, &file));
    GNDP_TRY(make_image(archive, path, &memory));
    gndp_archive_closing((int64_t)memory.size, gndp_crc32(0, memory.memory, memory.size), line);
    GNDP_TRY(gndp_beside_empty(&file));
    GNDP_TRY(gndp_beside_write(&file, memory.memory, memory.size));
    GNDP_TRY(gndp_beside_write(&file, line, GNDP_ARCHIVE_CLOSING));
    GNDP_TRY(gndp_beside_commit(&file, true));
done:
    gndp_beside_close(&file, false);
    free(memory.memory);
    return st;
}
