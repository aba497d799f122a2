// SPDX-License-Identifier: Apache-2.0
// Output files under a name of their own until they are complete.
#include "cli/output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/usage.h"

/* The parts that a signal which ends the program at once has to remove. */
enum { OPEN_MAX = 4 };
static const char *volatile open_part[OPEN_MAX];

void gndp_output_drop(void)
{
    for (int i = 0; i < OPEN_MAX; i++)
        if (open_part[i] != NULL)
            unlink(open_part[i]);
}

static void note_open(const char *part)
{
    for (int i = 0; i < OPEN_MAX; i++)
        if (open_part[i] == NULL) {
            open_part[i] = part;
            return;
        }
}

static void note_closed(const char *part)
{
    for (int i = 0; i < OPEN_MAX; i++)
        if (open_part[i] == part)
            open_part[i] = NULL;
}

static int exists(const char *path)
{
    return access(path, F_OK) == 0;
}

static int refuse(const char *path)
{
    return gndp_failure("%s exists; -O overwrites it", path);
}

int gndp_output_open(const char *path, bool overwrite, gndp_output *out)
{
    *out = (gndp_output){.path = path, .overwrite = overwrite};
    if (path == NULL)
        return GNDP_EXIT_DONE;
    if (path[0] == '\0')
        return gndp_usage_error("--output needs a file name");
    if (strcmp(path, "-") == 0) {
        out->standard = true;
        out->file = stdout;
        return GNDP_EXIT_DONE;
    }
    const size_t length = strlen(path);
    if (length > 3 && strcmp(path + length - 3, ".nc") == 0)
        return gndp_usage_error("%s: what is written here is text, not NetCDF; choose another name",
                                path);
    struct stat status;
    if (stat(path, &status) == 0 && S_ISDIR(status.st_mode))
        return gndp_failure("%s is a folder; a file is wanted", path);
    if (!overwrite && exists(path))
        return refuse(path);
    out->part = malloc(length + sizeof ".part");
    if (out->part == NULL)
        return gndp_failure_memory();
    memcpy(out->part, path, length);
    memcpy(out->part + length, ".part", sizeof ".part");
    out->file = fopen(out->part, "w");
    if (out->file == NULL) {
        const int code = gndp_failure("cannot write %s: %s", out->part, strerror(errno));
        free(out->part);
        *out = (gndp_output){0};
        return code;
    }
    note_open(out->part);
    return GNDP_EXIT_DONE;
}

int gndp_output_commit(gndp_output *out)
{
    if (out->file == NULL || out->standard) /* main looks after standard output */
        return GNDP_EXIT_DONE;
    const int lost = fflush(out->file) != 0 || ferror(out->file) || fsync(fileno(out->file)) != 0;
    const int why = errno;
    const int not_closed = fclose(out->file) != 0;
    out->file = NULL;
    if (lost || not_closed)
        return gndp_failure("cannot write %s: %s", out->part, strerror(lost ? why : errno));
    if (!out->overwrite && exists(out->path)) /* made by another while we worked */
        return refuse(out->path);
    if (rename(out->part, out->path) != 0)
        return gndp_failure("cannot rename %s to %s: %s", out->part, out->path, strerror(errno));
    note_closed(out->part);
    free(out->part);
    out->part = NULL;
    return GNDP_EXIT_DONE;
}

void gndp_output_close(gndp_output *out)
{
    if (out->file != NULL && !out->standard)
        fclose(out->file);
    if (out->part != NULL) {
        unlink(out->part);
        note_closed(out->part);
    }
    free(out->part);
    *out = (gndp_output){0};
}

int gndp_picture_path(const char *pictures, const char *name, bool overwrite, char **path)
{
    static const char mark[] = "{name}";
    const char *at = strstr(pictures, mark);
    const size_t bytes = strlen(pictures) + strlen(name) + 8;
    int code = GNDP_EXIT_DONE;
    *path = malloc(bytes);
    if (*path == NULL)
        return gndp_failure_memory();
    if (at != NULL)
        snprintf(*path, bytes, "%.*s%s%s", (int)(at - pictures), pictures, name, at + sizeof mark - 1);
    else
        snprintf(*path, bytes, "%s/%s.png", pictures, name);
    const char *end = strrchr(*path, '/');
    char *folder = end != NULL && end != *path ? strndup(*path, (size_t)(end - *path)) : NULL;
    if (folder != NULL && mkdir(folder, 0777) != 0 && errno != EEXIST)
        code = gndp_failure("folder %s cannot be made: %s", folder, strerror(errno));
    else if (!overwrite && access(*path, F_OK) == 0)
        code = gndp_failure("%s exists; -O overwrites it", *path);
    free(folder);
    return code;
}
