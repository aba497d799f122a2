// SPDX-License-Identifier: Apache-2.0
// Files that are written as PATH.part and take their name when they are complete and on the disk.
#ifndef GNDP_IO_BESIDE_H
#define GNDP_IO_BESIDE_H

#include <gndp/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A file on its way; {0} with fd -1 is none. While the lock is held no other writer takes the part.
 */
typedef struct gndp_beside {
    char *path; /* where it shall be: absolute, and the target where the caller's path is a symbolic
                   link */
    char *part; /* path + ".part" */
    int fd;     /* of the part; -1 once closed */
    bool found; /* a part with content was there before */
    unsigned mode; /* permissions of the file that is replaced, 0: there is none */
} gndp_beside;

/** What an unused gndp_beside holds, so that gndp_beside_close() may be called on it. */
gndp_beside gndp_beside_none(void);

/**
 * Make PATH.part, or take the one that is there, and lock it. Its content is kept until the caller
 * empties it.
 *
 * @param overwrite whether a file at path may be replaced in the end
 * @return GNDP_OK; GNDP_ERR_STATE when path is there and may not be replaced, or another process
 * writes the part; GNDP_ERR_IO with the system's reason; GNDP_ERR_ARG for an empty path;
 * GNDP_ERR_NOMEM
 */
gndp_status gndp_beside_open(const char *path, bool overwrite, gndp_beside *out);

/** Let go of the lock, for a library that takes its own (HDF5 does). */
void gndp_beside_unlock(const gndp_beside *file);

/** Cut the part to no bytes. */
gndp_status gndp_beside_empty(gndp_beside *file);

/** Write all bytes at the file's offset. */
gndp_status gndp_beside_write(gndp_beside *file, const void *data, size_t bytes);

/** See to it that the part can grow by so many bytes, where limits and the file system can tell
 * beforehand. */
gndp_status gndp_beside_reserve(gndp_beside *file, int64_t bytes);

/**
 * Let a library that failed to write close the part: whatever else it writes to it goes nowhere, as
 * far as the system knows how. HDF5, when a file cannot be closed, keeps it and its space, and
 * crashes on it when the process ends.
 */
void gndp_beside_swallow(const gndp_beside *file);

/** Rename another file over the part and go on with that as the part, without a lock. */
gndp_status gndp_beside_replace(gndp_beside *file, const char *other);

/** Synchronise what was written so far. */
gndp_status gndp_beside_sync(gndp_beside *file);

/** Give back what was reserved behind the end. */
void gndp_beside_trim(gndp_beside *file);

/** Whether the part could take its name: gndp_beside_commit() without doing it. @return
 * GNDP_ERR_STATE, GNDP_ERR_IO as there */
gndp_status gndp_beside_check(const gndp_beside *file, bool overwrite);

/**
 * Synchronise the part, give it its name and synchronise the folder. Without overwrite a file that
 * appeared meanwhile is GNDP_ERR_STATE. The part stays when this fails.
 */
gndp_status gndp_beside_commit(gndp_beside *file, bool overwrite);

/** Close and free; the part is removed if it was not committed, unless keep_part. Takes NULL. */
void gndp_beside_close(gndp_beside *file, bool keep_part);

#ifdef __cplusplus
}
#endif
#endif
