// SPDX-License-Identifier: Apache-2.0
// Storms and their fixes as the readers of each format give them, before any is chosen.
#ifndef GNDP_IO_TRACKS_H
#define GNDP_IO_TRACKS_H

#include <gndp/tables.h>

#include "io/csv_reader.h"

/** Where a storm was at one time. */
typedef struct gndp_fix {
    double time_s;                /* seconds since 1970, standard calendar */
    double lat, lon;              /* degrees */
    double wind_kt, pressure_hpa; /* NaN: missing */
    int64_t line; /* of the file; of a NetCDF file the number of the fix in its storm, from 1 */
    int64_t storm;
} gndp_fix;

typedef struct gndp_storm {
    char id[64];
    char basin[8];  /* of the first fix, as IBTrACS names them; "" where the file does not say */
    int64_t season; /* INT64_MIN: the year of the first fix */
    int64_t member; /* -1: none */
    bool is_main;
    int64_t first, n; /* fixes, once gndp_track_table_finish() has put them in order */
} gndp_storm;

enum { GNDP_TRACK_ATTRIBUTES = 4 };

/** All of a file. Start from {.path = ..}. */
typedef struct gndp_track_table {
    const char *path; /* borrowed, for messages */
    bool lines;       /* whether the numbers of fixes are lines of a text */
    int64_t n_storms, storm_room, n_fixes, fix_room;
    gndp_storm *storm;
    gndp_fix *fix;
    int64_t *bucket; /* [n_buckets] storm numbers by their id's hash; -1: empty */
    int64_t n_buckets;
    /* What was passed over, for the log. */
    int64_t bad_counts;  /* storms whose number of fixes cannot be true */
    int64_t no_position; /* fixes without place or time */
    int64_t duplicates;
    char *attribute[GNDP_TRACK_ATTRIBUTES]; /* texts of gndp_track_attributes; NULL: none */
} gndp_track_table;

/** Names of the attributes that sets of tracks carry along. */
extern const char *const gndp_track_attributes[GNDP_TRACK_ATTRIBUTES];

void gndp_track_table_free(gndp_track_table *table);

/** "file:12", or "file: storm S, fix 3". */
typedef struct gndp_track_where {
    char text[512];
} gndp_track_where;
gndp_track_where gndp_track_table_where(const gndp_track_table *table, int64_t storm, int64_t line);

/** A storm of its own, main, without basin. Control bytes of the id and what is no UTF-8 become
 * '?'. */
gndp_status gndp_track_table_add_storm(gndp_track_table *table, const char *id, int64_t *out);
/** The storm of that id and member (-1: none); *added tells whether it is new. */
gndp_status gndp_track_table_storm(gndp_track_table *table, const char *id, int64_t member,
                                   int64_t *out, bool *added);
/** Append a fix. @return GNDP_OK; GNDP_ERR_RANGE for a place that is none; GNDP_ERR_NOMEM */
gndp_status gndp_track_table_add(gndp_track_table *table, const gndp_fix *fix);

/**
 * Order the fixes by storm and drop repeated ones.
 * @param wind, pressure  whether a fix that differs in these is another one
 * @return GNDP_OK; GNDP_ERR_FORMAT where time goes back or a storm is at two places at one time
 */
gndp_status gndp_track_table_finish(gndp_track_table *table, bool wind, bool pressure);

/** Storms and fixes as the options want them, as a set. The table is finished. */
gndp_status gndp_track_table_select(gndp_track_table *table, const gndp_track_options *options,
                                    gndp_fieldset **out);

/* ---- Formats -------------------------------------------------------------------------------- */

/** The text formats begin with the first row in the reader. */
gndp_status gndp_tracks_read_csv(gndp_csv_reader *reader, gndp_track_table *table);
gndp_status gndp_tracks_read_hurdat(gndp_csv_reader *reader, gndp_track_table *table);
gndp_status gndp_tracks_read_atcf(gndp_csv_reader *reader, gndp_track_table *table);
bool gndp_tracks_is_hurdat(const gndp_csv_reader *reader);
bool gndp_tracks_is_atcf(const gndp_csv_reader *reader);

/** IBTrACS or CF contiguous ragged. */
gndp_status gndp_tracks_read_netcdf(const char *path, const gndp_track_options *options,
                                    gndp_track_table *table);

/** Any text format from memory; the bytes are cut up and must stay. */
gndp_status gndp_tracks_read_text(const char *path, char *bytes, size_t n, gndp_track_table *table);

#endif
