// SPDX-License-Identifier: Apache-2.0
// Variables of NetCDF files of tracks, read with care: what a header claims is held against what
// the file can hold.
#ifndef GNDP_IO_TRACKS_NETCDF_H
#define GNDP_IO_TRACKS_NETCDF_H

#include "io/netcdf_file.h"
#include "io/tracks.h"

/** A NetCDF file open for reading; all functions below want the lock held. */
typedef struct gndp_track_file {
    int id;
    const char *path;
    double bytes_most; /* what variables of the file can hold in all, unpacked */
    /* Units of time, as written; applied after the lock is given back. */
    char time_units[128];
    gndp_calendar calendar;
} gndp_track_file;

/** A numeric variable of one or two dimensions. */
typedef struct gndp_track_var {
    int id; /* -1: there is none */
    char name[NC_MAX_NAME + 1];
    int rank;
    int dim[3];
    size_t size[3];
    double fill, scale, offset; /* fill NaN: none */
} gndp_track_var;

/**
 * A variable by name; id -1 where there is none.
 * @param rank  its dimensions, 1 to 3, else GNDP_ERR_FORMAT
 */
gndp_status gndp_track_var_find(const gndp_track_file *file, const char *name, int rank, bool text,
                                gndp_track_var *out);
/** The same for a variable whose number is known. */
gndp_status gndp_track_var_describe(const gndp_track_file *file, int id, int rank, bool text,
                                    gndp_track_var *out);
/** Values of a block, unpacked; NaN where missing. start, count [rank]. */
gndp_status gndp_track_var_read(const gndp_track_file *file, const gndp_track_var *var,
                                const size_t *start, const size_t *count, double *out);
/** Text of n bytes at start [rank], count 1 along all dimensions but the last; blanks at its end
 * are cut. @param out [n + 1] */
gndp_status gndp_track_text_read(const gndp_track_file *file, const gndp_track_var *var,
                                 const size_t *start, size_t n, char *out);
/** Units and calendar of the variable of time; sets those of the file. */
gndp_status gndp_track_time_units(gndp_track_file *file, const gndp_track_var *time);
/** Refuse a table that claims more fixes than the file can hold. */
gndp_status gndp_track_check_size(const gndp_track_file *file, double fixes, double bytes_each);

gndp_status gndp_tracks_read_ibtracs(gndp_track_file *file, const gndp_track_options *options,
                                     gndp_track_table *table);
gndp_status gndp_tracks_read_ragged(gndp_track_file *file, int counts,
                                    const gndp_track_options *options, gndp_track_table *table);

#endif
