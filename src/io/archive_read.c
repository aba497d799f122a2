// SPDX-License-Identifier: Apache-2.0
// Archives in: nothing of a file is believed before its closing checksum, and no size beyond the
// file's own.
#include <errno.h>
#include <fcntl.h>
#include <netcdf.h>
#include <netcdf_mem.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "io/archive.h"
#include "io/lock.h"

/* An open file and what of its bytes is not yet accounted for: a header that claims more than there
 * is, is refused. */
typedef struct reading {
    int nc;
    const char *path;
    size_t left;
    gndp_archive *archive;
} reading;

#define NC_TRY(call, what)                                                                         \
    do {                                                                                           \
        const int nc_code_ = (call);                                                               \
        GNDP_CHECK(nc_code_ == NC_NOERR, GNDP_ERR_FORMAT, "%s: %s: %s", in->path, (what),          \
                   nc_strerror(nc_code_));                                                         \
    } while (0)

static gndp_status spend(reading *in, const char *what, size_t bytes)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(bytes <= in->left, GNDP_ERR_FORMAT,
               "%s: \"%s\" claims %zu bytes, more than the file has", in->path, what, bytes);
    in->left -= bytes;
done:
    return st;
}

/* ---- The bytes ------------------------------------------------------------------------------ */

static gndp_status read_at(int fd, const char *path, void *data, size_t bytes, int64_t offset)
{
    gndp_status st = GNDP_OK;
    char *at = data;
    while (bytes > 0) {
        const ssize_t n =
            pread(fd, at, bytes < ((size_t)1 << 30) ? bytes : (size_t)1 << 30, (off_t)offset);
        if (n < 0 && errno == EINTR)
            continue;
        GNDP_CHECK(n >= 0, GNDP_ERR_IO, "cannot read %s: %s", path, strerror(errno));
        GNDP_CHECK(n > 0, GNDP_ERR_IO, "cannot read %s: it became shorter", path);
        at += n;
        bytes -= (size_t)n;
        offset += n;
    }
done:
    return st;
}

/* What of a closing line survives any damage to the numbers in it. */
static bool is_closing(const char *line)
{
    static const char start[] = "\ngndp archive ";
    return memcmp(line, start, sizeof start - 1) == 0 && line[GNDP_ARCHIVE_CLOSING - 1] == '\n';
}

static gndp_status check_closing(const char *path, const char *found, const char *image,
                                 int64_t size)
{
    gndp_status st = GNDP_OK;
    char line[GNDP_ARCHIVE_CLOSING + 1];
    GNDP_CHECK(memcmp(image, "\211HDF\r\n\032\n", 8) == 0, GNDP_ERR_FORMAT,
               "%s is no archive: not a NetCDF-4 file", path);
    const uint32_t crc = gndp_crc32(0, image, (size_t)size);
    gndp_archive_closing(size, crc, line);
    GNDP_CHECK(memcmp(found, line, GNDP_ARCHIVE_CLOSING) == 0, GNDP_ERR_FORMAT,
               "%s is damaged: its %lld bytes have the checksum %08x, which is not what they were "
               "closed with",
               path, (long long)size, (unsigned)crc);
done:
    return st;
}

/* @param out  the NetCDF-4 file as written, memory of malloc() */
static gndp_status read_image(const char *path, char **out, size_t *bytes)
{
    gndp_status st = GNDP_OK;
    struct stat status;
    char closing[GNDP_ARCHIVE_CLOSING];
    char *image = NULL;
    const int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    GNDP_CHECK(fd >= 0 && fstat(fd, &status) == 0, GNDP_ERR_IO, "cannot read %s: %s", path,
               strerror(errno));
    GNDP_CHECK(S_ISREG(status.st_mode), GNDP_ERR_IO, "cannot read %s: it is not a plain file",
               path);
    const int64_t size = (int64_t)status.st_size - GNDP_ARCHIVE_CLOSING;
    GNDP_CHECK(size >= 8, GNDP_ERR_FORMAT, "%s is no archive: it has %lld bytes", path,
               (long long)status.st_size);
    GNDP_TRY(read_at(fd, path, closing, sizeof closing, size));
    GNDP_CHECK(is_closing(closing), GNDP_ERR_FORMAT,
               "%s is truncated, or no archive: the line that closes archives is missing", path);
    const double memory = (double)sysconf(_SC_PHYS_PAGES) * (double)sysconf(_SC_PAGESIZE);
    GNDP_CHECK((double)size <= memory / 2, GNDP_ERR_NOMEM, "%s has %lld bytes, this machine %.0f",
               path, (long long)size, memory);
    image = malloc((size_t)size);
    GNDP_CHECK(image != NULL, GNDP_ERR_NOMEM, "%lld bytes for %s", (long long)size, path);
    GNDP_TRY(read_at(fd, path, image, (size_t)size, 0));
    GNDP_TRY(check_closing(path, closing, image, size));
    *out = image;
    *bytes = (size_t)size;
    image = NULL;
done:
    if (fd >= 0)
        close(fd);
    free(image);
    return st;
}

/* ---- Attributes ----------------------------------------------------------------------------- */

/* The value of the global attribute `encoded`, or of the variable of that number where it is none.
 */
static gndp_status read_text(reading *in, const char *name, size_t length, int var,
                             const char *encoded)
{
    gndp_status st = GNDP_OK;
    char *text = NULL;
    GNDP_TRY(spend(in, name, length));
    text = calloc(1, length + 1);
    GNDP_CHECK(text != NULL, GNDP_ERR_NOMEM, "%zu bytes", length + 1);
    NC_TRY(var == NC_GLOBAL ? nc_get_att_text(in->nc, NC_GLOBAL, encoded, text)
                            : nc_get_var_text(in->nc, var, text),
           name);
    GNDP_CHECK(strlen(text) == length, GNDP_ERR_FORMAT, "%s: the text \"%s\" has a zero byte",
               in->path, name);
    GNDP_TRY(gndp_archive_put_text(in->archive, name, text));
done:
    free(text);
    return st;
}

/* An entry that a file spells twice, as attribute and as variable, is no work of ours. */
static gndp_status check_new(const reading *in, const char *encoded,
                             char name[GNDP_ARCHIVE_NAME_BYTES])
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(gndp_archive_decode(encoded, name), GNDP_ERR_FORMAT,
               "%s is no archive: it has a \"%s\"", in->path, encoded);
    GNDP_CHECK(gndp_archive_find(in->archive, name) == NULL, GNDP_ERR_FORMAT, "%s has \"%s\" twice",
               in->path, name);
done:
    return st;
}

static gndp_status read_attribute(reading *in, int i)
{
    gndp_status st = GNDP_OK;
    char encoded[NC_MAX_NAME + 1], name[GNDP_ARCHIVE_NAME_BYTES];
    nc_type type;
    size_t length;
    NC_TRY(nc_inq_attname(in->nc, NC_GLOBAL, i, encoded), "attributes");
    if (strcmp(encoded, GNDP_ARCHIVE_ATTRIBUTE) == 0 || strcmp(encoded, GNDP_ARCHIVE_CHECKSUM) == 0)
        goto done;
    GNDP_TRY(check_new(in, encoded, name));
    NC_TRY(nc_inq_att(in->nc, NC_GLOBAL, encoded, &type, &length), encoded);
    if (type == NC_CHAR) {
        GNDP_TRY(read_text(in, name, length, NC_GLOBAL, encoded));
        goto done;
    }
    GNDP_CHECK(length == 1 && (type == NC_INT64 || type == NC_DOUBLE), GNDP_ERR_FORMAT,
               "%s: attribute \"%s\" is none of an archive", in->path, encoded);
    if (type == NC_INT64) {
        long long value = 0;
        NC_TRY(nc_get_att_longlong(in->nc, NC_GLOBAL, encoded, &value), encoded);
        GNDP_TRY(gndp_archive_put_integer(in->archive, name, value));
    } else {
        double value = 0.0;
        NC_TRY(nc_get_att_double(in->nc, NC_GLOBAL, encoded, &value), encoded);
        GNDP_TRY(gndp_archive_put_number(in->archive, name, value));
    }
done:
    return st;
}

/* ---- Arrays --------------------------------------------------------------------------------- */

/* The shape of a variable in one piece; of an array without elements that of its attribute. */
static gndp_status read_shape(const reading *in, int var, const char *name, int rank,
                              gndp_type *type)
{
    gndp_status st = GNDP_OK;
    int dims[GNDP_MAX_RANK], storage = NC_CONTIGUOUS;
    size_t length;
    nc_type att_type;
    if (rank == 0 && nc_inq_att(in->nc, var, "empty_shape", &att_type, &length) == NC_NOERR) {
        long long shape[GNDP_MAX_RANK];
        GNDP_CHECK(length <= GNDP_MAX_RANK && att_type == NC_INT64, GNDP_ERR_FORMAT,
                   "%s: array \"%s\" has a wrong shape", in->path, name);
        NC_TRY(nc_get_att_longlong(in->nc, var, "empty_shape", shape), name);
        type->rank = (int)length;
        for (int i = 0; i < type->rank; i++)
            type->dim[i] = shape[i];
        GNDP_CHECK(gndp_type_count(*type) == 0, GNDP_ERR_FORMAT, "%s: array \"%s\" is not empty",
                   in->path, name);
        goto done;
    }
    NC_TRY(nc_inq_vardimid(in->nc, var, dims), name);
    if (rank > 0)
        NC_TRY(nc_inq_var_chunking(in->nc, var, &storage, NULL), name);
    GNDP_CHECK(storage == NC_CONTIGUOUS, GNDP_ERR_FORMAT, "%s: array \"%s\" is not in one piece",
               in->path, name);
    type->rank = rank;
    for (int i = 0; i < rank; i++) {
        NC_TRY(nc_inq_dimlen(in->nc, dims[i], &length), name);
        type->dim[i] = (int64_t)length;
    }
    GNDP_CHECK(gndp_type_count(*type) >= 0, GNDP_ERR_FORMAT, "%s: array \"%s\" is too large",
               in->path, name);
done:
    return st;
}

static gndp_status check_checksum(const reading *in, int var, const char *name,
                                  const char *attribute, uint32_t crc)
{
    gndp_status st = GNDP_OK;
    char expected[32], found[32] = "";
    size_t length = 0;
    nc_type type = NC_NAT;
    snprintf(expected, sizeof expected, "crc32 %08x", (unsigned)crc);
    if (nc_inq_att(in->nc, var, attribute, &type, &length) == NC_NOERR && type == NC_CHAR &&
        length < sizeof found)
        NC_TRY(nc_get_att_text(in->nc, var, attribute, found), name);
    GNDP_CHECK(strcmp(found, expected) == 0, GNDP_ERR_FORMAT,
               "%s is damaged: %s has the %s, the file says \"%s\"", in->path, name, expected,
               found);
done:
    return st;
}

static gndp_status read_array(reading *in, int var, const char *name, nc_type nc, int rank)
{
    gndp_status st = GNDP_OK;
    gndp_archive_entry entry = {.kind = GNDP_ENTRY_ARRAY};
    char copy[GNDP_ARCHIVE_NAME_BYTES];
    gndp_type type = {.dtype = nc == NC_FLOAT ? GNDP_F32 : nc == NC_DOUBLE ? GNDP_F64 : GNDP_I32};
    GNDP_TRY(read_shape(in, var, name, rank, &type));
    GNDP_TRY(spend(in, name, gndp_type_bytes(type)));
    GNDP_TRY(gndp_array_create(type, &entry.array));
    if (gndp_type_count(type) > 0)
        NC_TRY(nc_get_var(in->nc, var, entry.array.data), name);
    snprintf(copy, sizeof copy, "%s", name);
    entry.name = copy;
    GNDP_TRY(check_checksum(in, var, name, "checksum", gndp_archive_entry_crc(&entry)));
    GNDP_TRY(gndp_archive_put_take(in->archive, name, &entry.array));
done:
    gndp_array_free(&entry.array);
    return st;
}

static gndp_status read_variable(reading *in, int var)
{
    gndp_status st = GNDP_OK;
    char encoded[NC_MAX_NAME + 1], name[GNDP_ARCHIVE_NAME_BYTES];
    const size_t prefix = strlen(GNDP_ARCHIVE_TEXT_PREFIX);
    nc_type type;
    int rank, unlimited;
    NC_TRY(nc_inq_varname(in->nc, var, encoded), "variables");
    NC_TRY(nc_inq_vartype(in->nc, var, &type), encoded);
    NC_TRY(nc_inq_varndims(in->nc, var, &rank), encoded);
    NC_TRY(nc_inq_unlimdims(in->nc, &unlimited, NULL), encoded);
    GNDP_CHECK(rank <= GNDP_MAX_RANK && unlimited == 0, GNDP_ERR_FORMAT,
               "%s: \"%s\" has no shape of an archive", in->path, encoded);
    if (type == NC_CHAR && strncmp(encoded, GNDP_ARCHIVE_TEXT_PREFIX, prefix) == 0 && rank == 1) {
        gndp_type shape = {.dtype = GNDP_I32};
        GNDP_TRY(check_new(in, encoded + prefix, name));
        GNDP_TRY(read_shape(in, var, name, rank, &shape));
        GNDP_TRY(read_text(in, name, (size_t)shape.dim[0], var, encoded));
        goto done;
    }
    GNDP_CHECK(type == NC_FLOAT || type == NC_DOUBLE || type == NC_INT, GNDP_ERR_FORMAT,
               "%s: variable \"%s\" has a type that archives have not", in->path, encoded);
    GNDP_TRY(check_new(in, encoded, name));
    GNDP_TRY(read_array(in, var, name, type, rank));
done:
    return st;
}

static gndp_status read_all(reading *in)
{
    gndp_status st = GNDP_OK;
    int n_vars = 0, n_attributes = 0, version = 0;
    nc_type type = NC_NAT;
    size_t length = 0;
    uint32_t all = 0;
    NC_TRY(nc_inq_nvars(in->nc, &n_vars), "variables");
    NC_TRY(nc_inq_natts(in->nc, &n_attributes), "attributes");
    GNDP_CHECK(nc_inq_att(in->nc, NC_GLOBAL, GNDP_ARCHIVE_ATTRIBUTE, &type, &length) == NC_NOERR &&
                   type == NC_INT && length == 1,
               GNDP_ERR_FORMAT, "%s is no archive: it lacks the attribute " GNDP_ARCHIVE_ATTRIBUTE,
               in->path);
    NC_TRY(nc_get_att_int(in->nc, NC_GLOBAL, GNDP_ARCHIVE_ATTRIBUTE, &version),
           GNDP_ARCHIVE_ATTRIBUTE);
    GNDP_CHECK(version == GNDP_ARCHIVE_VERSION, GNDP_ERR_UNSUPPORTED,
               "%s is an archive of version %d, this build reads version %d", in->path, version,
               (int)GNDP_ARCHIVE_VERSION);
    for (int i = 0; i < n_attributes; i++)
        GNDP_TRY(read_attribute(in, i));
    for (int i = 0; i < n_vars; i++)
        GNDP_TRY(read_variable(in, i));
    for (int i = 0; i < in->archive->count; i++) {
        const uint32_t crc = gndp_archive_entry_crc(&in->archive->entry[i]);
        all = gndp_crc32(all, &crc, sizeof crc);
    }
    GNDP_TRY(check_checksum(in, NC_GLOBAL, "the set of its entries", GNDP_ARCHIVE_CHECKSUM, all));
done:
    return st;
}

gndp_status gndp_archive_read(const char *path, gndp_archive **out)
{
    gndp_status st = GNDP_OK;
    reading opened = {.nc = -1, .path = path}, *in = &opened;
    char *image = NULL;
    GNDP_CHECK(out != NULL, GNDP_ERR_ARG, "out is NULL");
    *out = NULL;
    GNDP_CHECK(path != NULL, GNDP_ERR_ARG, "path is NULL");
    GNDP_TRY(read_image(path, &image, &opened.left));
    GNDP_TRY(gndp_archive_create(&opened.archive));
    opened.archive->origin = strdup(path);
    GNDP_CHECK(opened.archive->origin != NULL, GNDP_ERR_NOMEM, "%zu bytes", strlen(path) + 1);
    NC_memio memory = {.size = opened.left, .memory = image, .flags = NC_MEMIO_LOCKED};
    gndp_nc_lock();
    const int code = nc_open_memio("archive.nc", NC_NOWRITE, &memory, &opened.nc);
    st = code == NC_NOERR ? read_all(in)
                          : gndp_fail_at(GNDP_HERE, GNDP_ERR_FORMAT, "%s is no archive: %s", path,
                                         nc_strerror(code));
    if (code == NC_NOERR)
        nc_close(opened.nc);
    gndp_nc_unlock();
    GNDP_TRY(st);
    *out = opened.archive;
    opened.archive = NULL;
done:
    gndp_archive_free(opened.archive);
    free(image);
    return st;
}
