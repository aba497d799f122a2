// SPDX-License-Identifier: Apache-2.0
// Forecasts of tracks collected and written: NetCDF, CSV or ATCF by the name of the file.
#ifndef GNDP_CLI_TRACKS_FILE_H
#define GNDP_CLI_TRACKS_FILE_H

#include <stdbool.h>
#include <stdint.h>

typedef struct tracks_file tracks_file;

/** NULL: out of memory. */
tracks_file *tracks_file_create(void);
void tracks_file_free(tracks_file *file);
/**
 * Members of one storm.
 * @param start_s      time of days 0, seconds since 1970
 * @param reference_s  the last fix that was given
 * @param days [n] rising;  @param xyz [members, n, 3]
 * @return exit code, the line on stderr written
 */
int tracks_file_add(tracks_file *file, const char *id, double start_s, double reference_s, int64_t n, const double *days, int64_t members, const double *xyz);
/** OUT.csv, OUT.dat (ATCF a-deck), else NetCDF. @param history  of NetCDF; NULL: none */
int tracks_file_write(const tracks_file *file, const char *path, const char *history, bool overwrite, bool quiet);

#endif
