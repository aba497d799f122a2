// SPDX-License-Identifier: Apache-2.0
// Whole files in.
#include "io/bytes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"

/* Text tables beyond this are a mistake, such as a device that never ends. */
#define BYTES_MAX ((size_t)1 << 33)

const char *gndp_path_shown(const char *path)
{
    return strcmp(path, "-") == 0 ? "standard input" : path;
}

static gndp_status read_all(const char *path, FILE *file, char **bytes, size_t *n)
{
    gndp_status st = GNDP_OK;
    struct stat info;
    size_t room = 1 << 16;
    char *grown;
    GNDP_CHECK(fstat(fileno(file), &info) == 0, GNDP_ERR_IO, "cannot read %s: %s", path,
               strerror(errno));
    GNDP_CHECK(!S_ISDIR(info.st_mode), GNDP_ERR_IO, "cannot read %s: it is a folder", path);
    if (S_ISREG(info.st_mode) && info.st_size > 0)
        room = (size_t)info.st_size + 2; /* one more than there is, to meet the end at once */
    for (;;) {
        GNDP_CHECK(room <= BYTES_MAX, GNDP_ERR_NOMEM, "%s is larger than %zu MiB", path,
                   BYTES_MAX >> 20);
        grown = realloc(*bytes, room);
        GNDP_CHECK(grown != NULL, GNDP_ERR_NOMEM, "%s: %zu bytes", path, room);
        *bytes = grown;
        *n += fread(*bytes + *n, 1, room - 1 - *n, file);
        if (*n < room - 1)
            break;
        room *= 2;
    }
    GNDP_CHECK(!ferror(file), GNDP_ERR_IO, "cannot read %s: %s", path, strerror(errno));
    (*bytes)[*n] = '\0';
done:
    return st;
}

gndp_status gndp_bytes_read(const char *path, char **out, size_t *n)
{
    gndp_status st = GNDP_OK;
    FILE *file = NULL;
    char *bytes = NULL;
    GNDP_CHECK(path != NULL && out != NULL && n != NULL, GNDP_ERR_ARG, "path, out or n is NULL");
    *out = NULL;
    *n = 0;
    const bool standard = strcmp(path, "-") == 0;
    file = standard ? stdin : fopen(path, "rb");
    GNDP_CHECK(file != NULL, GNDP_ERR_IO, "cannot read %s: %s", path, strerror(errno));
    GNDP_TRY(read_all(gndp_path_shown(path), file, &bytes, n));
    *out = bytes;
    bytes = NULL;
done:
    free(bytes);
    if (file != NULL && file != stdin)
        fclose(file);
    return st;
}

gndp_status gndp_bytes_peek(const char *path, size_t max, unsigned char *out, size_t *n)
{
    gndp_status st = GNDP_OK;
    FILE *file = fopen(path, "rb");
    struct stat info;
    *n = 0;
    GNDP_CHECK(file != NULL, GNDP_ERR_IO, "cannot read %s: %s", path, strerror(errno));
    GNDP_CHECK(fstat(fileno(file), &info) == 0 && !S_ISDIR(info.st_mode), GNDP_ERR_IO,
               "cannot read %s: it is a folder", path);
    *n = fread(out, 1, max, file);
    GNDP_CHECK(!ferror(file), GNDP_ERR_IO, "cannot read %s: %s", path, strerror(errno));
done:
    if (file != NULL)
        fclose(file);
    return st;
}
