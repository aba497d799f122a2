// SPDX-License-Identifier: Apache-2.0
// Images of any format as a set of fields.
#include "io/raster.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/error.h"
#include "io/bytes.h"

/* PNG files, in the order of their names. */
typedef struct files {
    char **path;
    int64_t n, room;
} files;

static void free_files(files *f)
{
    for (int64_t i = 0; i < f->n; i++)
        free(f->path[i]);
    free(f->path);
    *f = (files){0};
}

static gndp_status add_file(files *f, const char *folder, const char *name)
{
    gndp_status st = GNDP_OK;
    if (f->n == f->room) {
        const int64_t room = f->room > 0 ? 2 * f->room : 64;
        char **grown = realloc(f->path, (size_t)room * sizeof *grown);
        GNDP_CHECK(grown != NULL, GNDP_ERR_NOMEM, "%" PRId64 " files", room);
        f->path = grown;
        f->room = room;
    }
    const size_t bytes = strlen(folder) + strlen(name) + 2;
    f->path[f->n] = malloc(bytes);
    GNDP_CHECK(f->path[f->n] != NULL, GNDP_ERR_NOMEM, "%zu bytes", bytes);
    snprintf(f->path[f->n++], bytes, "%s%s%s", folder, *folder != '\0' ? "/" : "", name);
done:
    return st;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static gndp_status list_folder(const char *folder, files *f)
{
    gndp_status st = GNDP_OK;
    DIR *dir = opendir(folder);
    GNDP_CHECK(dir != NULL, GNDP_ERR_IO, "cannot read %s: %s", folder, strerror(errno));
    for (const struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        const size_t length = strlen(entry->d_name);
        if (length > 4 && strcasecmp(entry->d_name + length - 4, ".png") == 0)
            GNDP_TRY(add_file(f, folder, entry->d_name));
    }
    GNDP_CHECK(f->n > 0, GNDP_ERR_NOT_FOUND, "%s: no file in this folder ends in .png", folder);
    qsort(f->path, (size_t)f->n, sizeof *f->path, by_name);
done:
    if (dir != NULL)
        closedir(dir);
    return st;
}

/* Classes from a file of labels, or NULL for none. */
typedef struct classes {
    char **text;
    gndp_field_label *label;
} classes;

static void free_classes(classes *c)
{
    if (c->text != NULL)
        free(c->text[0]);
    free(c->text);
    free(c->label);
}

static gndp_status read_classes(const char *labels, int64_t n, classes *out)
{
    gndp_status st = GNDP_OK;
    if (labels == NULL)
        goto done;
    GNDP_TRY(gndp_idx_labels(labels, n, &out->text));
    out->label = calloc((size_t)n, sizeof *out->label);
    GNDP_CHECK(out->label != NULL, GNDP_ERR_NOMEM, "%" PRId64 " labels", n);
    for (int64_t i = 0; i < n; i++)
        out->label[i] = (gndp_field_label){(double)NAN, -1, out->text[i]};
done:
    return st;
}

static gndp_status open_png(const files *f, const char *labels, gndp_fieldset **out)
{
    gndp_status st = GNDP_OK;
    classes c = {0};
    GNDP_TRY(read_classes(labels, f->n, &c));
    if (c.label == NULL) { /* the file's name, then */
        c.label = calloc((size_t)f->n, sizeof *c.label);
        GNDP_CHECK(c.label != NULL, GNDP_ERR_NOMEM, "%" PRId64 " labels", f->n);
        for (int64_t i = 0; i < f->n; i++) {
            const char *slash = strrchr(f->path[i], '/');
            c.label[i] =
                (gndp_field_label){(double)NAN, -1, slash != NULL ? slash + 1 : f->path[i]};
        }
    }
    GNDP_TRY(gndp_png_open(f->path, f->n, c.label, out));
done:
    free_classes(&c);
    return st;
}

static gndp_status open_idx(const char *path, bool gzip, const char *labels, gndp_fieldset **out)
{
    gndp_status st = GNDP_OK;
    classes c = {0};
    int64_t n = 0;
    GNDP_TRY(gndp_idx_count(path, &n));
    GNDP_TRY(read_classes(labels, n, &c));
    GNDP_TRY(gndp_idx_open(path, gzip, c.label, out));
done:
    free_classes(&c);
    return st;
}

/* A file by its first bytes; CIFAR, which has none of its own, by its size and labels. */
static gndp_status open_file(const char *path, const char *labels, gndp_fieldset **out)
{
    static const unsigned char png[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    gndp_status st = GNDP_OK;
    unsigned char magic[8] = {0};
    size_t n = 0;
    files f = {0};
    bool cifar = false;
    GNDP_TRY(gndp_bytes_peek(path, sizeof magic, magic, &n));
    GNDP_CHECK(n > 0, GNDP_ERR_FORMAT, "%s is empty", path);
    if (n == 8 && memcmp(magic, png, 8) == 0) {
        GNDP_TRY(add_file(&f, "", path));
        GNDP_TRY(open_png(&f, labels, out));
        goto done;
    }
    if (n >= 2 && magic[0] == 0x1f && magic[1] == 0x8b) {
        GNDP_TRY(open_idx(path, true, labels, out));
        goto done;
    }
    if (n >= 4 && magic[0] == 0 && magic[1] == 0 && magic[2] >= 0x08 && magic[2] <= 0x0e &&
        magic[3] >= 1 && magic[3] <= 8) {
        GNDP_TRY(open_idx(path, false, labels, out));
        goto done;
    }
    GNDP_TRY(gndp_cifar_detect(path, &cifar));
    GNDP_CHECK(cifar, GNDP_ERR_FORMAT,
               "%s begins with %02X %02X %02X %02X: neither IDX, PNG nor a batch of CIFAR", path,
               magic[0], magic[1], magic[2], magic[3]);
    GNDP_CHECK(labels == NULL, GNDP_ERR_ARG, "%s holds its own labels: %s is one too many", path,
               labels);
    GNDP_TRY(gndp_cifar_open(path, out));
done:
    free_files(&f);
    return st;
}

gndp_status gndp_images_open(const char *path, const char *labels, gndp_fieldset **out)
{
    gndp_status st = GNDP_OK;
    struct stat info;
    files f = {0};
    GNDP_CHECK(out != NULL, GNDP_ERR_ARG, "out is NULL");
    *out = NULL;
    GNDP_CHECK(path != NULL, GNDP_ERR_ARG, "path is NULL");
    GNDP_CHECK(stat(path, &info) == 0, GNDP_ERR_IO, "cannot read %s: %s", path, strerror(errno));
    if (S_ISDIR(info.st_mode)) {
        GNDP_TRY(list_folder(path, &f));
        GNDP_TRY(open_png(&f, labels, out));
    } else {
        GNDP_TRY(open_file(path, labels, out));
    }
done:
    free_files(&f);
    return st;
}
