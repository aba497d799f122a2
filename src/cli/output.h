// SPDX-License-Identifier: Apache-2.0
// Files that appear whole or not at all: written beside, synchronised, renamed.
#ifndef GNDP_CLI_OUTPUT_H
#define GNDP_CLI_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

typedef struct gndp_output {
    const char *path; /* borrowed; NULL: none was asked for */
    char *part;       /* path with ".part" behind it */
    FILE *file;       /* where to write; standard output for "-" */
    bool standard, overwrite;
} gndp_output;

/**
 * Open PATH.part. Called before the work, so that a name that cannot be written
 * is known at once.
 * @param path       NULL: nothing is opened; "-": standard output
 * @param overwrite  else a path that exists is an error
 */
int gndp_output_open(const char *path, bool overwrite, gndp_output *out);

/** Everything is written: rename. Says so if anything was lost on the way. */
int gndp_output_commit(gndp_output *out);

/** Close and, if it was not committed, remove what was written. */
void gndp_output_close(gndp_output *out);

/**
 * Where a picture goes: PICTURES/name.png, the folder made, or PICTURES with its "{name}" replaced.
 * @param overwrite  else a file that exists is an error
 * @param path       out, owned by the caller also after a failure
 */
int gndp_picture_path(const char *pictures, const char *name, bool overwrite, char **path);

/** From a signal handler that ends the program: remove what was written so far. */
void gndp_output_drop(void);

#endif
