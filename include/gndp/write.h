// SPDX-License-Identifier: Apache-2.0
// Files out: CF-1.8 grids, stations and trajectories, and archives of named arrays. Written beside and renamed.
#ifndef GNDP_WRITE_H
#define GNDP_WRITE_H

#include <gndp/fields.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Fields --------------------------------------------------------------------------------- */

/** A file of fields to be written. Borrowed; start from gndp_write_options_default(). */
typedef struct gndp_write_options {
    bool overwrite;              /* else a file that is there is an error */
    bool resume;                 /* go on with PATH.part if its identity is the same */
    int deflate;                 /* 0..9, default 1 */
    int keep_bits;               /* 0: all; else BitRound keeps so many bits of the mantissa, and the file says so */
    bool f64;                    /* values as double; default float */
    const char *history;         /* one line: time and command; put before what was there */
    const char *const *identity; /* [2 n_identity] name, text: seed, model, options: global attributes; a resumed file must agree in all */
    int n_identity;
    const gndp_logger *log;      /* what was taken up of a part, or why it is started afresh; NULL: none. Kept by a writer */
} gndp_write_options;

GNDP_API gndp_write_options gndp_write_options_default(void);

/** What a field file holds. */
typedef struct gndp_field_file {
    gndp_coords coords;          /* PRODUCT on the sphere: time, realization, latitude, longitude; LIST: dimension `station`, coordinates as variables;
                                    R^D: one dimension an axis. LIST points of tracks: see gndp_write_tracks() */
    int n_channels;
    const gndp_channel *channel; /* vectors are written as their parts, points of S² as latitude and longitude in degrees; parts carry the attribute
                                    `vector` (`sphere_point`) = name of the channel, by which gndp_netcdf_open() joins them again */
    gndp_calendar calendar;
    int64_t n_times;             /* >= 1 */
    const double *time_s;        /* [n_times], or NULL: independent fields, a time axis of length 1 at 0 */
    const char *time_units;      /* NULL: "hours since 1970-01-01 00:00:00" */
    double reference_time_s;     /* start of a forecast: adds forecast_reference_time and forecast_period; NaN: none */
    int64_t n_members;           /* 0: no dimension realization */
    const int64_t *member;       /* [n_members] numbers; NULL: 0 .. n - 1 */
    int n_attributes;
    const gndp_attribute *attribute;
} gndp_field_file;

/** A file being written: PATH.part until committed. */
typedef struct gndp_field_writer gndp_field_writer;

/**
 * Create PATH.part, or take up the one that is there: its complete members are copied, those whose checksum differs are made again, an unreadable part
 * is started afresh; options->log is told. At most four dimensions, `time` first and unlimited. One process writes a part at a time.
 * @return GNDP_OK; GNDP_ERR_IO with the system's reason (folder missing, read-only, no space); GNDP_ERR_STATE when PATH is there and overwrite is not
 *         set, or when a resumed file differs (names the attribute); GNDP_ERR_SHAPE, GNDP_ERR_ARG
 */
GNDP_API gndp_status gndp_field_writer_create(const char *path, const gndp_field_file *file, const gndp_write_options *options, gndp_field_writer **out);
/** Whether a resumed file holds this member already, all times of it. */
GNDP_API bool gndp_field_writer_has(const gndp_field_writer *writer, int64_t member_index);
/** One time of one member: values f64 [N, P], present [N, P] or NULL: all. Member index 0 where there are no members. */
GNDP_API gndp_status gndp_field_writer_put(gndp_field_writer *writer, int64_t time_index, int64_t member_index, const double *values,
                                           const uint8_t *present);
/** Say that a member is complete: synchronised to disk, kept if the program ends now; it takes no more values. */
GNDP_API gndp_status gndp_field_writer_member_done(gndp_field_writer *writer, int64_t member_index);
/** Another global attribute, at any time before the commit. */
GNDP_API gndp_status gndp_field_writer_attribute(gndp_field_writer *writer, const char *name, const char *text);
GNDP_API gndp_status gndp_field_writer_number(gndp_field_writer *writer, const char *name, double value);
/** Close, synchronise and rename. Fails if something was not put. */
GNDP_API gndp_status gndp_field_writer_commit(gndp_field_writer *writer);
/** Takes NULL. What was not committed is removed, unless `keep_part`: then it can be resumed. */
GNDP_API void gndp_field_writer_free(gndp_field_writer *writer, bool keep_part);

/**
 * A whole set as one file: its times and members as axes, in ascending order, when they fill a rectangle, else it is refused (GNDP_ERR_SHAPE). Member
 * numbers are kept as they are; fields without times and members become the members 0 .. F - 1. Fields on their own points (`first` set) are
 * gndp_write_tracks()'s.
 */
GNDP_API gndp_status gndp_fieldset_write(const gndp_fieldset *set, const char *path, const gndp_write_options *options);

/** Fields along their own points, one trajectory each, as a CF contiguous ragged array. Storms as gndp_tracks_open() gives them (the coordinate is time,
 * the first channel of kind sphere becomes latitude and longitude) and points on the sphere are of featureType trajectory; other coordinates keep their
 * names. Storm ids become trajectory ids. */
GNDP_API gndp_status gndp_write_tracks(const gndp_fieldset *set, const char *path, const gndp_write_options *options);

/** Tracks as texts. Borrowed; start from gndp_tracks_text_options_default(). */
typedef struct gndp_tracks_text_options {
    bool overwrite;                 /* else a file that is there is an error */
    const double *reference_time_s; /* [F] start of each forecast, from which leads count; NULL: the first fix of each track */
    const char *technique;          /* ATCF: two letters before the member's two digits, default "GN" (GN00 .. GN99; a track that is no member is GNDP), or
                                       a name of its own; "BEST": a b-deck, every fix at its own time */
    const gndp_logger *log;         /* places that ATCF cannot hold */
} gndp_tracks_text_options;

GNDP_API gndp_tracks_text_options gndp_tracks_text_options_default(void);

/**
 * Columns sid, realization (empty: no member), iso_time (UTC), lead_h, lat, lon (degrees to 1e-9, longitude -180..180), wind (knot), pressure (hPa); empty
 * where missing. gndp_tracks_open() reads them back, members apart.
 * @param set  storms as gndp_tracks_open() gives them: a channel of places along time
 * @return GNDP_OK; GNDP_ERR_UNSUPPORTED for a set without tracks or times; GNDP_ERR_STATE when PATH is there and overwrite is not set; GNDP_ERR_IO
 */
GNDP_API gndp_status gndp_write_tracks_csv(const gndp_fieldset *set, const char *path, const gndp_tracks_text_options *options);
/**
 * Lines of an ATCF a-deck, one a fix: basin, number of the cyclone, start of the forecast, technique, lead in hours, tenths of degrees with their
 * hemispheres, wind and pressure (0: not known). Basin and number are those of an id such as AL092011; of other ids the basin is that of the first fix (AL,
 * EP, CP, WP, IO, SH, SL) and storms of a basin and year are numbered from 01 in their order. gndp_tracks_open() reads b-decks, and a-decks of the
 * technique GN.
 * @return as gndp_write_tracks_csv(); GNDP_ERR_RANGE for a start that is no whole hour, a member above 99, more than 99 storms of a basin and year;
 *         GNDP_ERR_ARG for a technique that is none, or has no room for members
 */
GNDP_API gndp_status gndp_write_tracks_atcf(const gndp_fieldset *set, const char *path, const gndp_tracks_text_options *options);

/* ---- Tables of numbers, such as scores -------------------------------------------------------- */

/** A dimension of a table; its entries may have names, which become a variable of characters called as the dimension is. */
typedef struct gndp_table_dim {
    const char *name;
    int64_t size;
    const char *const *label; /* [size], or NULL: no names */
} gndp_table_dim;

/** A variable of doubles. */
typedef struct gndp_table_var {
    const char *name, *long_name, *units; /* long_name and units may be NULL */
    int rank;                             /* 0..4 */
    int dim[4];                           /* indices of dimensions */
    const double *value;                  /* NaN is written as missing */
} gndp_table_var;

typedef struct gndp_table {
    int n_dims;
    const gndp_table_dim *dim;
    int n_vars;
    const gndp_table_var *var;
    int n_attributes;
    const gndp_attribute *attribute; /* global */
} gndp_table;

/**
 * Write a table as NetCDF-4. Of the options overwrite, history, identity and deflate count.
 * @return GNDP_OK; GNDP_ERR_ARG for a name that netCDF does not take or that is there twice, or a dimension that is none; GNDP_ERR_SHAPE for a size below
 *         1; GNDP_ERR_STATE when PATH is there and overwrite is not set; GNDP_ERR_IO with the system's reason; GNDP_ERR_NOMEM
 */
GNDP_API gndp_status gndp_table_write(const gndp_table *table, const char *path, const gndp_write_options *options);

/* ---- Archives: named arrays, such as checkpoints -------------------------------------------- */

/** Named arrays and attributes of one NetCDF-4 file, in memory. */
typedef struct gndp_archive gndp_archive;

GNDP_API gndp_status gndp_archive_create(gndp_archive **out);
GNDP_API void gndp_archive_free(gndp_archive *archive);
/** Copy an array in, f32, f64 or i32, any shape (also rank 0 and empty). Names as in parameter stores, "block0/query/weight"; a name again replaces. */
GNDP_API gndp_status gndp_archive_put(gndp_archive *archive, const char *name, const gndp_array *array);
GNDP_API gndp_status gndp_archive_put_text(gndp_archive *archive, const char *name, const char *text);
GNDP_API gndp_status gndp_archive_put_integer(gndp_archive *archive, const char *name, int64_t value);
GNDP_API gndp_status gndp_archive_put_number(gndp_archive *archive, const char *name, double value);
/** Borrowed until the archive is freed. @return GNDP_OK; GNDP_ERR_NOT_FOUND names file and the nearest name; GNDP_ERR_TYPE */
GNDP_API gndp_status gndp_archive_get(const gndp_archive *archive, const char *name, const gndp_array **out);
GNDP_API gndp_status gndp_archive_get_text(const gndp_archive *archive, const char *name, const char **out);
GNDP_API gndp_status gndp_archive_get_integer(const gndp_archive *archive, const char *name, int64_t *out);
GNDP_API gndp_status gndp_archive_get_number(const gndp_archive *archive, const char *name, double *out);
/** Arrays in order of names. */
GNDP_API int gndp_archive_count(const gndp_archive *archive);
GNDP_API const char *gndp_archive_name(const gndp_archive *archive, int i);
/**
 * Write beside, synchronise file and folder, rename over: at any moment PATH is the old or the new file, whole. Every array and the
 * file as a whole carry a checksum.
 * @return GNDP_OK; GNDP_ERR_IO with the reason: PATH is as it was, nothing is left beside it
 */
GNDP_API gndp_status gndp_archive_write(const gndp_archive *archive, const char *path);
/** @return GNDP_OK; GNDP_ERR_IO; GNDP_ERR_FORMAT for a file that is truncated, damaged, no archive, or has an array that fails its checksum (named);
 *         GNDP_ERR_UNSUPPORTED for a later version of the layout; GNDP_ERR_NOMEM */
GNDP_API gndp_status gndp_archive_read(const char *path, gndp_archive **out);

#ifdef __cplusplus
}
#endif
#endif
