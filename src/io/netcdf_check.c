// SPDX-License-Identifier: Apache-2.0
// What a file's first bytes and its classic header claim, held against its size.
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/text.h"
#include "io/netcdf_file.h"

/* Classic formats, as "The NetCDF Classic Format Specification" gives them: version 1, 2 (64-bit
   offsets) and 5 (64-bit counts too); all numbers big-endian.

     magic numrecs dim_list gatt_list var_list data

   The library of version 4.9.0 opens a header of 148 bytes that claims eight gigabytes, and reads
   zeros where a file was cut; so every extent is computed here and held against the file's size. */
typedef struct reader {
    const char *path;
    FILE *file;
    int64_t at, size; /* of the file */
    int version;
    bool torn; /* ran over the end */
} reader;

static const unsigned char hdf5_magic[8] = {0x89, 'H', 'D', 'F', '\r', '\n', 0x1A, '\n'};

bool gndp_nc_is_magic(const unsigned char *bytes, size_t n)
{
    if (n >= 4 && memcmp(bytes, "CDF", 3) == 0 && (bytes[3] == 1 || bytes[3] == 2 || bytes[3] == 5))
        return true;
    for (size_t at = 0; at + 8 <= n; at = at == 0 ? 512 : 2 * at) /* a user block may come first */
        if (memcmp(bytes + at, hdf5_magic, 8) == 0)
            return true;
    return false;
}

const char *gndp_nc_hint(const unsigned char *b, size_t n)
{
    static const struct {
        const char *magic;
        size_t n;
        const char *hint;
    } known[] = {
        {"GRIB", 4, "looks like GRIB: cdo -f nc4 copy IN OUT makes NetCDF of it"},
        {"BUFR", 4, "looks like BUFR, which is not read"},
        {"PK\003\004", 4, "looks like a zip archive, as the Climate Data Store sends: unzip it"},
        {"\037\213", 2, "looks like gzip: gunzip it"},
        {"BZh", 3, "looks like bzip2: bunzip2 it"},
        {"\xFD"
         "7zXZ",
         5, "looks like xz: unxz it"},
        {"\x28\xB5\x2F\xFD", 4, "looks like zstd: unzstd it"},
        {"\016\003\023\001", 4, "looks like HDF4: h4tonccf or ncl_convert2nc makes NetCDF of it"},
        {"\211PNG", 4, "looks like a PNG image"},
        {"<", 1, "looks like a web page: was the download refused?"},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (n >= known[i].n && memcmp(b, known[i].magic, known[i].n) == 0)
            return known[i].hint;
    /* Text: no byte of binary data among the first. */
    for (size_t i = 0; i < n; i++)
        if (b[i] < 9 || (b[i] > 13 && b[i] < 32))
            return NULL;
    return n > 0 ? "looks like text" : NULL;
}

static uint64_t take(reader *r, int bytes)
{
    uint64_t value = 0;
    unsigned char b[8] = {0};
    if (r->torn || r->size - r->at < bytes ||
        fread(b, 1, (size_t)bytes, r->file) != (size_t)bytes) {
        r->torn = true;
        return 0;
    }
    r->at += bytes;
    for (int i = 0; i < bytes; i++)
        value = value << 8 | b[i];
    return value;
}

/* A count or a length: 8 bytes in version 5. */
static uint64_t take_count(reader *r)
{
    return take(r, r->version == 5 ? 8 : 4);
}

static void skip(reader *r, uint64_t bytes)
{
    if (r->torn || bytes > (uint64_t)(r->size - r->at) ||
        fseeko(r->file, (off_t)bytes, SEEK_CUR) != 0) {
        r->torn = true;
        return;
    }
    r->at += (int64_t)bytes;
}

static uint64_t padded(uint64_t bytes)
{
    return bytes > UINT64_MAX - 3 ? bytes : (bytes + 3) / 4 * 4;
}

/* A name, kept for messages (cut there). */
static void take_name(reader *r, char out[NC_MAX_NAME + 1])
{
    char raw[NC_MAX_NAME] = "";
    const uint64_t length = take_count(r);
    const size_t kept = length < sizeof raw ? (size_t)length : sizeof raw;
    if (r->torn || length > (uint64_t)(r->size - r->at) || fread(raw, 1, kept, r->file) != kept) {
        r->torn = true;
        return;
    }
    r->at += (int64_t)kept;
    skip(r, padded(length) - kept);
    gndp_nc_clean(raw, kept, false, out, NC_MAX_NAME + 1);
}

static int type_bytes(uint64_t type)
{
    static const int bytes[] = {0, 1, 1, 2, 4, 4, 8, 1, 2, 4, 8, 8};
    return type < sizeof bytes / sizeof *bytes ? bytes[type] : 0;
}

/* The number of a list whose entries take at least `least` bytes each. */
static gndp_status take_list(reader *r, uint64_t tag, uint64_t least, uint64_t *n)
{
    gndp_status st = GNDP_OK;
    const uint64_t found = take(r, 4);
    *n = take_count(r);
    GNDP_CHECK(!r->torn, GNDP_ERR_FORMAT, "%s: truncated: the header goes beyond its %lld bytes",
               r->path, (long long)r->size);
    GNDP_CHECK(found == tag || (found == 0 && *n == 0), GNDP_ERR_FORMAT,
               "%s: corrupt NetCDF header: list %llu where %llu should be, at byte %lld", r->path,
               (unsigned long long)found, (unsigned long long)tag, (long long)r->at);
    GNDP_CHECK(*n <= (uint64_t)(r->size - r->at) / least, GNDP_ERR_FORMAT,
               "%s: truncated or corrupt: a list of %llu entries in a file of %lld bytes", r->path,
               (unsigned long long)*n, (long long)r->size);
done:
    return st;
}

static gndp_status skip_attributes(reader *r)
{
    gndp_status st = GNDP_OK;
    uint64_t n = 0, bytes = 0;
    char name[NC_MAX_NAME + 1];
    GNDP_TRY(take_list(r, 12, 12, &n));
    for (uint64_t i = 0; i < n; i++) {
        take_name(r, name);
        const uint64_t type = take(r, 4), count = take_count(r);
        GNDP_CHECK(!r->torn, GNDP_ERR_FORMAT, "%s: truncated within the header", r->path);
        GNDP_CHECK(type_bytes(type) > 0, GNDP_ERR_FORMAT,
                   "%s: corrupt NetCDF header: attribute '%s' of type %llu", r->path, name,
                   (unsigned long long)type);
        GNDP_CHECK(!__builtin_mul_overflow(count, (uint64_t)type_bytes(type), &bytes),
                   GNDP_ERR_FORMAT, "%s: attribute '%s' is larger than the file", r->path, name);
        skip(r, padded(bytes));
        GNDP_CHECK(!r->torn, GNDP_ERR_FORMAT, "%s: truncated within attribute '%s'", r->path, name);
    }
done:
    return st;
}

/* One variable: where its values begin and how many bytes they are, of one record if it has
   records. */
typedef struct extent {
    char name[NC_MAX_NAME + 1];
    uint64_t begin, bytes;
    bool record;
} extent;

static gndp_status take_variable(reader *r, const uint64_t *dim, uint64_t n_dims, extent *out)
{
    gndp_status st = GNDP_OK;
    take_name(r, out->name);
    const uint64_t rank = take_count(r);
    out->bytes = 1;
    out->record = false;
    GNDP_CHECK(!r->torn && rank <= (uint64_t)(r->size - r->at) / 4, GNDP_ERR_FORMAT,
               "%s: truncated within the header", r->path);
    for (uint64_t d = 0; d < rank; d++) {
        const uint64_t id = take_count(r);
        GNDP_CHECK(!r->torn && id < n_dims, GNDP_ERR_FORMAT,
                   "%s: corrupt NetCDF header: variable '%s' has no such dimension", r->path,
                   out->name);
        if (dim[id] == 0) {
            GNDP_CHECK(d == 0, GNDP_ERR_FORMAT,
                       "%s: corrupt NetCDF header: variable '%s' has its records inside", r->path,
                       out->name);
            out->record = true;
        } else
            GNDP_CHECK(!__builtin_mul_overflow(out->bytes, dim[id], &out->bytes), GNDP_ERR_FORMAT,
                       "%s: variable '%s' claims more than 2^64 values: its header is wrong",
                       r->path, out->name);
    }
    GNDP_TRY(skip_attributes(r));
    const uint64_t type = take(r, 4);
    take_count(r); /* the size as stored cannot be trusted: it does not hold beyond 4 GiB */
    out->begin = take(r, r->version == 1 ? 4 : 8);
    GNDP_CHECK(!r->torn, GNDP_ERR_FORMAT, "%s: truncated within the header", r->path);
    GNDP_CHECK(type_bytes(type) > 0, GNDP_ERR_FORMAT,
               "%s: corrupt NetCDF header: variable '%s' of type %llu", r->path, out->name,
               (unsigned long long)type);
    GNDP_CHECK(!__builtin_mul_overflow(out->bytes, (uint64_t)type_bytes(type), &out->bytes),
               GNDP_ERR_FORMAT, "%s: variable '%s' claims more than 2^64 bytes", r->path,
               out->name);
done:
    return st;
}

/* Values must lie within the file. A record holds one piece of each variable with records, padded
   to 4 bytes, `stride` in all. */
static gndp_status check_extent(const reader *r, const extent *var, uint64_t stride,
                                uint64_t records)
{
    gndp_status st = GNDP_OK;
    uint64_t end = 0, before = 0;
    if (var->record && records == 0)
        goto done;
    bool over = __builtin_add_overflow(var->begin, var->bytes, &end);
    if (var->record) {
        over |= __builtin_mul_overflow(stride, records - 1, &before);
        over |= __builtin_add_overflow(end, before, &end);
    }
    GNDP_CHECK(!over && end <= (uint64_t)r->size, GNDP_ERR_FORMAT,
               "%s: truncated, or its header is wrong: the values of '%s' would end at byte %llu, "
               "the file ends at %lld",
               r->path, var->name, over ? ULLONG_MAX : (unsigned long long)end, (long long)r->size);
done:
    return st;
}

/* The list of variables is walked twice, since the length of a record is known at its end only and
   nothing of the length of the list is to be allocated. */
static gndp_status check_variables(reader *r, const uint64_t *dim, uint64_t n_dims,
                                   uint64_t records)
{
    gndp_status st = GNDP_OK;
    uint64_t n = 0, stride = 0, with_records = 0, single = 0;
    extent var = {0};
    const int64_t start = r->at;
    GNDP_TRY(take_list(r, 11, 28, &n));
    for (uint64_t v = 0; v < n; v++) {
        GNDP_TRY(take_variable(r, dim, n_dims, &var));
        if (!var.record)
            continue;
        with_records++;
        single = var.bytes;
        GNDP_CHECK(!__builtin_add_overflow(stride, padded(var.bytes), &stride), GNDP_ERR_FORMAT,
                   "%s: a record claims more than 2^64 bytes", r->path);
    }
    if (with_records == 1) /* then nothing pads it */
        stride = single;
    GNDP_CHECK(fseeko(r->file, (off_t)start, SEEK_SET) == 0, GNDP_ERR_IO, "%s: %s", r->path,
               strerror(errno));
    r->at = start;
    GNDP_TRY(take_list(r, 11, 28, &n));
    for (uint64_t v = 0; v < n; v++) {
        GNDP_TRY(take_variable(r, dim, n_dims, &var));
        GNDP_TRY(check_extent(r, &var, stride, records));
    }
done:
    return st;
}

static gndp_status check_classic(reader *r)
{
    gndp_status st = GNDP_OK;
    uint64_t n_dims = 0, *dim = NULL;
    char name[NC_MAX_NAME + 1];
    take(r, 4); /* magic */
    const uint64_t records = take_count(r);
    const bool streaming = records == (r->version == 5 ? UINT64_MAX : UINT32_MAX);
    GNDP_TRY(take_list(r, 10, 8, &n_dims));
    dim = calloc(n_dims > 0 ? (size_t)n_dims : 1, sizeof *dim);
    GNDP_CHECK(dim != NULL, GNDP_ERR_NOMEM, "%s: %llu dimensions", r->path,
               (unsigned long long)n_dims);
    for (uint64_t d = 0; d < n_dims; d++) {
        take_name(r, name);
        dim[d] = take_count(r);
    }
    GNDP_CHECK(!r->torn, GNDP_ERR_FORMAT, "%s: truncated: its %lld bytes end within the header",
               r->path, (long long)r->size);
    GNDP_TRY(skip_attributes(r));
    /* A file still being streamed does not know its number of records: the library counts them. */
    GNDP_TRY(check_variables(r, dim, n_dims, streaming ? 0 : records));
done:
    free(dim);
    return st;
}

/* The superblock of HDF5 holds where the file ended when it was closed. */
static gndp_status check_hdf5(reader *r, int64_t base)
{
    gndp_status st = GNDP_OK;
    unsigned char b[64] = {0};
    GNDP_CHECK(fseeko(r->file, (off_t)base, SEEK_SET) == 0, GNDP_ERR_IO, "%s: %s", r->path,
               strerror(errno));
    const size_t n = fread(b, 1, sizeof b, r->file);
    const int version = b[8];
    const size_t width = version <= 1 ? b[13] : b[9]; /* of offsets */
    const size_t at = version == 0 ? 40 : version == 1 ? 44 : 28;
    if (n < sizeof b || version > 3 || width != 8)
        goto done; /* rare forms are left to the library */
    uint64_t end = 0;
    for (int i = 7; i >= 0; i--)
        end = end << 8 | b[at + (size_t)i];
    GNDP_CHECK(end <= (uint64_t)(r->size - base), GNDP_ERR_FORMAT,
               "%s: truncated: %lld of %llu bytes are there", r->path, (long long)(r->size - base),
               (unsigned long long)end);
done:
    return st;
}

gndp_status gndp_nc_check(const char *path)
{
    gndp_status st = GNDP_OK;
    unsigned char start[4096 + 8] = {0};
    struct stat info;
    reader r = {.path = path, .file = fopen(path, "rb")};
    GNDP_CHECK(r.file != NULL, GNDP_ERR_IO, "%s: %s", path, strerror(errno));
    GNDP_CHECK(fstat(fileno(r.file), &info) == 0, GNDP_ERR_IO, "%s: %s", path, strerror(errno));
    GNDP_CHECK(!S_ISDIR(info.st_mode), GNDP_ERR_IO, "%s: is a folder", path);
    GNDP_CHECK(S_ISREG(info.st_mode), GNDP_ERR_IO, "%s: is no regular file", path);
    r.size = (int64_t)info.st_size;
    const size_t n = fread(start, 1, sizeof start, r.file);
    GNDP_CHECK(!ferror(r.file), GNDP_ERR_IO, "%s: %s", path, strerror(errno));
    GNDP_CHECK(n > 0, GNDP_ERR_FORMAT, "%s: is empty", path);
    if (!gndp_nc_is_magic(start, n)) {
        const char *hint = gndp_nc_hint(start, n);
        GNDP_CHECK(false, GNDP_ERR_FORMAT, "%s: unknown file format, no NetCDF%s%s%s", path,
                   hint != NULL ? " (" : "", hint != NULL ? hint : "", hint != NULL ? ")" : "");
    }
    if (memcmp(start, "CDF", 3) == 0) {
        r.version = start[3];
        rewind(r.file);
        GNDP_TRY(check_classic(&r));
        goto done;
    }
    int64_t base = 0;
    while (memcmp(start + base, hdf5_magic, 8) != 0)
        base = base == 0 ? 512 : 2 * base;
    GNDP_TRY(check_hdf5(&r, base));
done:
    if (r.file != NULL)
        fclose(r.file);
    return st;
}
