// SPDX-License-Identifier: Apache-2.0
// Files that are written as PATH.part and take their name when they are complete and on the disk.
#define _GNU_SOURCE // renameat2, fallocate without change of size, memfd_create
#include "io/beside.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

gndp_beside gndp_beside_none(void)
{
    return (gndp_beside){.fd = -1};
}

/* The folder as realpath() gives it, and the last component. A link at the end is followed where it
   points to something, so that a rename replaces the file and not the link. */
static gndp_status absolute(const char *path, char **out)
{
    gndp_status st = GNDP_OK;
    char *copy = NULL, *folder = NULL, *joined = NULL;
    struct stat status;
    *out = NULL;
    if (lstat(path, &status) == 0 && S_ISLNK(status.st_mode)) {
        *out = realpath(path, NULL);
        GNDP_CHECK(*out != NULL || errno == ENOENT, GNDP_ERR_IO, "cannot write %s: %s", path,
                   strerror(errno));
        if (*out != NULL)
            goto done;
    }
    copy = strdup(path);
    GNDP_CHECK(copy != NULL, GNDP_ERR_NOMEM, "%zu bytes", strlen(path) + 1);
    char *slash = strrchr(copy, '/');
    const char *name = slash != NULL ? slash + 1 : copy;
    GNDP_CHECK(name[0] != 0 && strcmp(name, ".") != 0 && strcmp(name, "..") != 0, GNDP_ERR_IO,
               "cannot write %s: it is the name of a folder", path);
    if (slash != NULL)
        *slash = 0;
    folder = realpath(slash == NULL ? "." : slash == copy ? "/" : copy, NULL);
    GNDP_CHECK(folder != NULL, GNDP_ERR_IO, "cannot write %s: its folder: %s", path,
               strerror(errno));
    const size_t bytes = strlen(folder) + 1 + strlen(name) + 1;
    joined = malloc(bytes);
    GNDP_CHECK(joined != NULL, GNDP_ERR_NOMEM, "%zu bytes", bytes);
    snprintf(joined, bytes, "%s/%s", strcmp(folder, "/") == 0 ? "" : folder, name);
    *out = joined;
done:
    free(copy);
    free(folder);
    return st;
}

/* @param mode  out: permissions of the file that is there, 0: there is none */
static gndp_status check_target(const char *path, bool overwrite, unsigned *mode)
{
    gndp_status st = GNDP_OK;
    struct stat status;
    *mode = 0;
    if (stat(path, &status) != 0) {
        GNDP_CHECK(errno == ENOENT, GNDP_ERR_IO, "cannot write %s: %s", path, strerror(errno));
        goto done;
    }
    GNDP_CHECK(!S_ISDIR(status.st_mode), GNDP_ERR_IO, "cannot write %s: it is a folder", path);
    GNDP_CHECK(S_ISREG(status.st_mode), GNDP_ERR_IO, "cannot write %s: it is not a plain file",
               path);
    GNDP_CHECK(overwrite, GNDP_ERR_STATE, "%s exists and is not to be overwritten", path);
    *mode = status.st_mode & 07777;
done:
    return st;
}

enum { TRIES = 100 };

/* Open and lock the part. Between opening and locking another writer may have renamed it away: then
 * what we hold is its finished file, not a part. */
static gndp_status take(gndp_beside *file)
{
    gndp_status st = GNDP_OK;
    for (int i = 0; i < TRIES; i++) {
        struct stat held, named;
        file->fd = open(file->part, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0666);
        GNDP_CHECK(file->fd >= 0, GNDP_ERR_IO, "cannot write %s: %s", file->part, strerror(errno));
        GNDP_CHECK(fstat(file->fd, &held) == 0, GNDP_ERR_IO, "cannot write %s: %s", file->part,
                   strerror(errno));
        GNDP_CHECK(S_ISREG(held.st_mode), GNDP_ERR_IO, "cannot write %s: it is not a plain file",
                   file->part);
        if (flock(file->fd, LOCK_EX | LOCK_NB) != 0) /* file systems without locks go without */
            GNDP_CHECK(errno != EWOULDBLOCK, GNDP_ERR_STATE,
                       "%s is being written by another process", file->part);
        if (stat(file->part, &named) == 0 && named.st_dev == held.st_dev &&
            named.st_ino == held.st_ino) {
            file->found = held.st_size > 0;
            goto done;
        }
        close(file->fd);
        file->fd = -1;
    }
    st = gndp_fail_at(GNDP_HERE, GNDP_ERR_STATE, "%s is being written by other processes",
                      file->part);
done:
    return st;
}

gndp_status gndp_beside_open(const char *path, bool overwrite, gndp_beside *out)
{
    gndp_status st = GNDP_OK;
    gndp_beside file = gndp_beside_none();
    *out = file;
    GNDP_CHECK(path != NULL && path[0] != 0, GNDP_ERR_ARG, "a file to write needs a name");
    GNDP_TRY(absolute(path, &file.path));
    GNDP_TRY(check_target(file.path, overwrite, &file.mode));
    const size_t bytes = strlen(file.path) + sizeof ".part";
    file.part = malloc(bytes);
    GNDP_CHECK(file.part != NULL, GNDP_ERR_NOMEM, "%zu bytes", bytes);
    snprintf(file.part, bytes, "%s.part", file.path);
    GNDP_TRY(take(&file));
    *out = file;
    file = gndp_beside_none();
done:
    gndp_beside_close(&file, true); /* what could not be locked is not ours to remove */
    return st;
}

void gndp_beside_unlock(const gndp_beside *file)
{
    (void)flock(file->fd, LOCK_UN);
}

gndp_status gndp_beside_empty(gndp_beside *file)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(ftruncate(file->fd, 0) == 0 && lseek(file->fd, 0, SEEK_SET) == 0, GNDP_ERR_IO,
               "cannot write %s: %s", file->part, strerror(errno));
    file->found = false;
done:
    return st;
}

gndp_status gndp_beside_write(gndp_beside *file, const void *data, size_t bytes)
{
    gndp_status st = GNDP_OK;
    const char *at = data;
    while (bytes > 0) {
        const size_t piece = bytes < ((size_t)1 << 30) ? bytes : (size_t)1 << 30;
        const ssize_t n = write(file->fd, at, piece);
        if (n < 0 && errno == EINTR)
            continue;
        GNDP_CHECK(n > 0, GNDP_ERR_IO, "cannot write %s: %s", file->part,
                   n < 0 ? strerror(errno) : "no space");
        at += n;
        bytes -= (size_t)n;
    }
done:
    return st;
}

/* @return 0, or why the file cannot grow so far */
static int try_to_grow(int fd, int64_t size, int64_t bytes)
{
    struct rlimit limit;
    int fault = 0;
    if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
        (rlim_t)(size + bytes) > limit.rlim_cur)
        return EFBIG;
#ifdef FALLOC_FL_KEEP_SIZE
    do {
        fault = fallocate(fd, FALLOC_FL_KEEP_SIZE, size, bytes) == 0 ? 0 : errno;
    } while (fault == EINTR);
#else
    (void)fd;
#endif
    return fault == ENOSPC || fault == EDQUOT || fault == EFBIG || fault == EIO
               ? fault
               : 0; /* others: the file system cannot tell */
}

gndp_status gndp_beside_reserve(gndp_beside *file, int64_t bytes)
{
    gndp_status st = GNDP_OK;
    struct stat status;
    if (bytes <= 0 || fstat(file->fd, &status) != 0)
        goto done;
    const int fault = try_to_grow(file->fd, (int64_t)status.st_size, bytes);
    GNDP_CHECK(fault == 0, GNDP_ERR_IO, "cannot write %s: %s", file->part, strerror(fault));
done:
    return st;
}

void gndp_beside_swallow(const gndp_beside *file)
{
#ifdef MFD_CLOEXEC
    struct stat mine, other;
    DIR *open_files = opendir("/proc/self/fd");
    const int nowhere = memfd_create("gndp-swallowed", MFD_CLOEXEC);
    if (open_files != NULL && nowhere >= 0 && fstat(file->fd, &mine) == 0)
        for (const struct dirent *entry; (entry = readdir(open_files)) != NULL;) {
            const int fd = entry->d_name[0] == '.' ? -1 : atoi(entry->d_name);
            if (fd >= 0 && fd != file->fd && fd != dirfd(open_files) && fstat(fd, &other) == 0 &&
                other.st_dev == mine.st_dev && other.st_ino == mine.st_ino)
                (void)dup3(nowhere, fd, O_CLOEXEC);
        }
    if (open_files != NULL)
        closedir(open_files);
    if (nowhere >= 0)
        close(nowhere);
#else
    (void)file;
#endif
}

gndp_status gndp_beside_replace(gndp_beside *file, const char *other)
{
    gndp_status st = GNDP_OK;
    const int fd = open(other, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
    const int failed = fd < 0 || rename(other, file->part) != 0;
    if (failed && fd >= 0)
        close(fd);
    GNDP_CHECK(!failed, GNDP_ERR_IO, "cannot rename %s to %s: %s", other, file->part,
               strerror(errno));
    close(file->fd);
    file->fd = fd;
done:
    return st;
}

gndp_status gndp_beside_sync(gndp_beside *file)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(fsync(file->fd) == 0, GNDP_ERR_IO, "cannot write %s: %s", file->part,
               strerror(errno));
done:
    return st;
}

void gndp_beside_trim(gndp_beside *file)
{
    struct stat status;
    const int cut = fstat(file->fd, &status) == 0 ? ftruncate(file->fd, status.st_size) : 0;
    (void)cut; /* no harm but space that is held */
}

/* Rename, but never over a file: two writers that both saw none must not both win. */
static int rename_new(const char *from, const char *to)
{
#ifdef RENAME_NOREPLACE
    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS)
        return -1;
#endif
    if (link(from, to) == 0)
        return unlink(from);
    if (errno == EEXIST)
        return -1;
    if (access(to, F_OK) ==
        0) { /* neither is known to this file system: a look is the best that is left */
        errno = EEXIST;
        return -1;
    }
    return rename(from, to);
}

static gndp_status sync_folder(const char *path)
{
    gndp_status st = GNDP_OK;
    const char *slash = strrchr(path, '/'); /* the path is absolute */
    char *folder = strndup(path, slash == path ? 1 : (size_t)(slash - path));
    int fd = -1;
    GNDP_CHECK(folder != NULL, GNDP_ERR_NOMEM, "%zu bytes", strlen(path));
    fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) /* a folder that may be written and not read: nothing can be done */
        goto done;
    GNDP_CHECK(fsync(fd) == 0 || errno == EINVAL || errno == EROFS, GNDP_ERR_IO,
               "%s is written, but its folder cannot be synchronised: %s", path, strerror(errno));
done:
    if (fd >= 0)
        close(fd);
    free(folder);
    return st;
}

gndp_status gndp_beside_check(const gndp_beside *file, bool overwrite)
{
    unsigned mode;
    return check_target(file->path, overwrite, &mode);
}

gndp_status gndp_beside_commit(gndp_beside *file, bool overwrite)
{
    gndp_status st = GNDP_OK;
    if (file->mode != 0)
        (void)fchmod(file->fd,
                     file->mode); /* else it keeps what the umask gave: no reason to fail */
    GNDP_TRY(gndp_beside_sync(file));
    const int failed =
        overwrite ? rename(file->part, file->path) : rename_new(file->part, file->path);
    GNDP_CHECK(!failed || errno != EEXIST, GNDP_ERR_STATE, "%s exists and is not to be overwritten",
               file->path);
    GNDP_CHECK(!failed, GNDP_ERR_IO, "cannot rename %s to %s: %s", file->part, file->path,
               strerror(errno));
    free(file->part); /* nothing is left to be removed */
    file->part = NULL;
    GNDP_TRY(sync_folder(file->path));
done:
    return st;
}

void gndp_beside_close(gndp_beside *file, bool keep_part)
{
    if (file == NULL)
        return;
    if (file->fd >= 0) {
        if (!keep_part && file->part != NULL) {
            /* A library that failed may hold it open: give the space back now. What fails here is
             * nobody's concern any more. */
            const int cut = ftruncate(file->fd, 0), gone = unlink(file->part);
            (void)cut, (void)gone;
        }
        close(file->fd);
    }
    free(file->path);
    free(file->part);
    *file = gndp_beside_none();
}
