// SPDX-License-Identifier: Apache-2.0
// Tables in: observations at stations, cyclone tracks, events on the sphere.
#ifndef GNDP_TABLES_H
#define GNDP_TABLES_H

#include <gndp/fields.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- CSV ------------------------------------------------------------------------------------ */

/** Text cells of a comma-separated file, with quotes as RFC 4180 has them; UTF-8. */
typedef struct gndp_csv {
    char *path; /* for messages; "standard input" for "-" */
    int n_columns;
    int64_t n_rows;
    char **name;       /* [n_columns] header cells, blanks around removed; "" for a column without name */
    const char **cell; /* [n_rows, n_columns] borrowed from `text`, blanks around removed, quotes taken off */
    int64_t *line;     /* [n_rows] of the file, from 1 */
    char *text;
} gndp_csv;

/**
 * Blank lines, lines of commas alone and lines that begin with # are passed over; CR LF and a byte-order mark are taken.
 * @param path   "-": standard input
 * @param header  false: there is none, columns are called "1", "2", ..
 * @param out     free with gndp_csv_free(), also after a failure
 * @return GNDP_OK; GNDP_ERR_IO; GNDP_ERR_FORMAT with file:line for a row of another length than the first, an unclosed quote, bytes that are no UTF-8,
 *         a NUL, two columns of one name, a header that is a number; GNDP_ERR_NOMEM
 */
GNDP_API gndp_status gndp_csv_read(const char *path, bool header, gndp_csv *out);
/** The same from memory; `path` for messages. */
GNDP_API gndp_status gndp_csv_parse(const char *path, const char *bytes, size_t n, bool header, gndp_csv *out);
/** Takes NULL. */
GNDP_API void gndp_csv_free(gndp_csv *csv);
/** Column by name, the exact one first, then letter case aside; -1: none. */
GNDP_API int gndp_csv_column(const gndp_csv *csv, const char *name);
/** A finite decimal number, rounded to nearest whatever the locale. @return GNDP_OK; GNDP_ERR_FORMAT with file:line, column and the text */
GNDP_API gndp_status gndp_csv_number(const gndp_csv *csv, int64_t row, int column, double *out);

/** A number as text that reads back exactly, 15 digits where they suffice, with a point whatever the locale. */
typedef struct gndp_number_string {
    char text[32];
} gndp_number_string;
GNDP_API gndp_number_string gndp_csv_number_text(double value);

/* ---- Observations --------------------------------------------------------------------------- */

/** Values at places, each with its channel, time and error. */
typedef struct gndp_observations {
    gndp_space space;
    int columns;        /* C */
    int64_t n;
    double *x;          /* [n, C]: latitude, longitude in degrees, or x1 .. xC */
    double *time_s;     /* [n] seconds since 1970 of `calendar`; NaN: none */
    gndp_calendar calendar;
    int *channel;       /* [n] index into `name` */
    double *value;      /* [n] */
    double *sd;         /* [n] standard deviation of the error; 0: none given */
    int64_t *line;      /* [n] of the file; 0: none */
    int n_channels;
    char (*name)[64];   /* [n_channels] */
    char (*units)[64];  /* [n_channels] "" when not given */
    int64_t rejected;   /* missing values that were passed over */
} gndp_observations;

/**
 * CSV, long form time,lat,lon,variable,value,units,sigma or wide form time,lat,lon,t2m,u10,.. (t2m_sd or t2m_sigma: its error; sd or sigma: of all), or
 * x1,x2,.. with y1,y2,.. (sd1: the error of y1, also of its members y1_m0, y1_m1, ..) for abstract coordinates; columns in any order. Or NetCDF of CF
 * point or timeSeries form.
 *
 * Aliases, letter case aside: latitude; longitude, long, lng; valid_time, valid, datetime, date_time, timestamp, date, iso_time; unit; sd for sigma.
 * Wide columns may carry units, "t2m [K]". Columns without name and station, station_id, station_name, id, name, wmo, wmo_id are passed over. Values of
 * one variable in several units are converted to the first. Times are of the standard calendar.
 * An empty cell, NA, NaN or M (any case) is a missing value: counted, not an error; a missing sd is none given. Places and times may not be missing.
 *
 * @param path "-": CSV from standard input
 * @param out  free with gndp_observations_free(), also after a failure
 * @return GNDP_OK; GNDP_ERR_IO; GNDP_ERR_FORMAT, GNDP_ERR_RANGE with file:line and column; GNDP_ERR_NONFINITE when no value is left
 */
GNDP_API gndp_status gndp_observations_read(const char *path, gndp_observations *out);
/** CSV from memory; `path` for messages. */
GNDP_API gndp_status gndp_observations_parse(const char *path, const char *bytes, size_t n, gndp_observations *out);
/** Takes NULL. */
GNDP_API void gndp_observations_free(gndp_observations *observations);
/**
 * Long form, or wide: one row a place and time, units in the header. Columns of times, units and errors only where there are any; numbers read back
 * exactly; written beside and renamed.
 * @return GNDP_OK; GNDP_ERR_STATE when PATH is there and overwrite is not set; GNDP_ERR_IO with the system's reason
 */
GNDP_API gndp_status gndp_observations_write(const gndp_observations *observations, bool wide, const char *path, bool overwrite);
/** Convert channel c to `units`, values and errors. @return as gndp_units_convert() of io.h */
GNDP_API gndp_status gndp_observations_convert(gndp_observations *observations, int c, const char *units);

/**
 * Observations drawn from a field, for experiments: `count` different points at random, all channels (vectors as their parts), each with noise of
 * standard deviation sd. Points where a channel is missing are not drawn. The noise at a point is a function of (seed, field, point, component) alone.
 * @return GNDP_OK; GNDP_ERR_RANGE when fewer points than `count` have values; GNDP_ERR_UNSUPPORTED for channels of kind sphere; those of
 *         gndp_fieldset_read()
 */
GNDP_API gndp_status gndp_observations_draw(const gndp_fieldset *set, int64_t field, int64_t count, double sd, uint64_t seed, gndp_observations *out);

/* ---- Tracks --------------------------------------------------------------------------------- */

/** Which storms, and which of their fixes. Start from gndp_track_options_default(): main tracks, every fix. */
typedef struct gndp_track_options {
    bool main_only;            /* track_type "main" */
    double step_h;             /* keep fixes at multiples of this since the first fix; 0: every fix. 3 as geomndp.md 12.4 */
    bool clock;                /* multiples of the UTC clock instead of the first fix */
    int64_t length;            /* keep the first so many steps, drop storms that lack one of them; 0: any */
    int64_t min_points;        /* drop storms with fewer fixes; default 2 */
    int64_t season_low, season_high; /* 0: open */
    const char *basin;         /* "SP", "NA": that of the first fix; NULL: all */
    const char *time;          /* ISO span; NULL: all */
    bool wind, pressure;       /* also channels wind (knot) and pressure (hPa), missing where the file has none */
    const gndp_logger *log;    /* storms skipped, duplicates dropped */
} gndp_track_options;

GNDP_API gndp_track_options gndp_track_options_default(void);

/**
 * Storms as fields from time to S²: coordinate "time" in days since the storm's first kept fix, channel "position" of kind sphere, then wind and
 * pressure; label: id = storm id, time_s = first fix.
 *
 * IBTrACS v4 NetCDF and CSV (the official CSV with its row of units too), CSV with columns sid, iso_time, lat, lon [, wind, pres, realization], CF
 * contiguous ragged trajectories as written by gndp_write_tracks(), HURDAT2, ATCF b-decks, a-decks of gndp_write_tracks_atcf(). Longitudes of any convention; numobs, fill values and padding as 12.4 and the
 * data's README say. Exact duplicates of a fix are dropped with a note.
 *
 * @return GNDP_OK; GNDP_ERR_FORMAT (file:line or storm) for times that go backwards, conflicting duplicates, a missing column; GNDP_ERR_RANGE for a
 *         position that is none; GNDP_ERR_NOT_FOUND when no storm is left, with how many each rule dropped
 */
GNDP_API gndp_status gndp_tracks_open(const char *path, const gndp_track_options *options, gndp_fieldset **out);

/* ---- Events --------------------------------------------------------------------------------- */

/**
 * Places on the sphere, one field each (a single point without coordinates: C = 0 is not allowed, so coordinate "index" 0), channel "position" of kind
 * sphere. CSV latitude, longitude in degrees, header or none, lines with # passed over.
 * @param distinct  drop repeated places
 */
GNDP_API gndp_status gndp_events_open(const char *path, bool distinct, gndp_fieldset **out);

#ifdef __cplusplus
}
#endif
#endif
