// SPDX-License-Identifier: Apache-2.0
// Files in: sets of fields from NetCDF, what a file holds, units.
#ifndef GNDP_IO_H
#define GNDP_IO_H

#include <gndp/fields.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Selections ----------------------------------------------------------------------------- */

/** What to read of a file. Start from gndp_read_options_default(). */
typedef struct gndp_read_options {
    /** Variables: a name, a standard_name, a common alias (t2m, 2t, 2m_temperature), or "wind=u10,v10" for one vector channel; NULL: every field of
        the file, pairs of eastward_/northward_ standard names made vectors. With levels a channel gets the name "t_850". */
    const char *const *var;
    int n_vars;
    const double *level;        /* in `level_units`, or the file's; NULL: all */
    int n_levels;
    const char *level_units;    /* NULL: the file's */
    const char *time;           /* ISO 8601, one time or a span A/B; NULL: all. Of forecasts the valid time */
    int64_t time_stride;        /* every k-th time, from the first selected */
    bool has_box;
    double west, east, south, north; /* degrees; west > east crosses the date line */
    int64_t stride_lat, stride_lon;
    const int64_t *member;      /* realization numbers; NULL: all */
    int n_members;
    const char *units;          /* "t2m=degC,u10=knot": values converted; NULL: as in the file */
    size_t max_bytes;           /* memory for buffers, default 64 MiB; a field larger than that is refused */
    const gndp_logger *log;     /* notes on what was passed over or guessed; NULL: none */
} gndp_read_options;

GNDP_API gndp_read_options gndp_read_options_default(void);

/* ---- NetCDF --------------------------------------------------------------------------------- */

/**
 * Open NetCDF files as one set of fields, values behind the file: a field is one time of one realization, its points the horizontal grid (or the
 * stations, for CF point and timeSeries features, or the unstructured cells).
 *
 * What gndp_fieldset_write() wrote comes back as it was: axes of R^D (dimensions x1, .. whose coordinate variables have no geographic meaning), listed
 * points with coordinates x1(station), .., and fields on their own points, a contiguous ragged array (a variable with the attribute sample_dimension, on the
 * dimension of fields; row sizes checked against the sample dimension).
 *
 * Axes are found by CF attributes (axis, standard_name, units of coordinate variables) before names. Latitudes and longitudes come in the order of the
 * file unless a box that wraps makes one axis of two pieces. Packed values are unpacked in f64; _FillValue, missing_value, valid_min, valid_max,
 * valid_range, NaN and, without a _FillValue, the library's own fill value make missing values; a _FillValue of another type than its variable counts
 * where the variable could hold it, else it is passed over, with a note either way; an infinite value is an error when it is read. Where one component of
 * a vector is missing all are. Several files: the same grid and channels, joined along time (sorted; the same time of the same realization twice is
 * refused) or along realizations.
 *
 * Levels become channels. A first dimension of starts and one of leads give valid times; ERA5's `expver` of two entries is merged, the first present
 * value taken; any other dimension that is no place makes more fields, with a note. Observations that have each a time of their own (CF point) are
 * fields by their times, with own points. Without latitude and longitude other coordinate variables are the axes of a plane or R^D. Texts of the file
 * come without control characters, as UTF-8.
 *
 * Whatever a header claims is checked against the size of the file before memory is taken. One file is read by one thread at a time.
 *
 * @param path   [n_paths]
 * @param out    owned by the caller; files stay open until it is freed
 * @return GNDP_OK; GNDP_ERR_IO (file, system's reason); GNDP_ERR_FORMAT for what is no NetCDF, truncated, larger than itself, or a coordinate that is
 *         wrong (file, variable, index); GNDP_ERR_NOT_FOUND names the variables there are; GNDP_ERR_RANGE for a selection that is empty, with what there
 *         is; GNDP_ERR_UNSUPPORTED; GNDP_ERR_NONFINITE for a variable without any valid value
 */
GNDP_API gndp_status gndp_netcdf_open(const char *const *path, int n_paths, const gndp_read_options *options, gndp_fieldset **out);

/* ---- What a file holds ---------------------------------------------------------------------- */

typedef enum gndp_file_kind {
    GNDP_FILE_UNKNOWN,
    GNDP_FILE_FIELDS,       /* NetCDF on a grid or at points: gndp_netcdf_open() */
    GNDP_FILE_TRACKS,       /* IBTrACS or CF trajectories, NetCDF: gndp_tracks_open() */
    GNDP_FILE_TRACKS_CSV,   /* sid, iso_time, lat, lon, ..: gndp_tracks_open() */
    GNDP_FILE_OBSERVATIONS, /* CSV: gndp_observations_read() */
    GNDP_FILE_EVENTS,       /* CSV of latitude, longitude: gndp_events_open() */
    GNDP_FILE_IMAGES,       /* IDX, CIFAR, PNG: gndp_images_open() */
    GNDP_FILE_VOXELS,
    GNDP_FILE_ARCHIVE       /* named arrays, such as a model: gndp_archive_read() */
} gndp_file_kind;

/** "fields", "tracks", .. */
GNDP_API const char *gndp_file_kind_name(gndp_file_kind kind);

/**
 * By content first (magic numbers, header line, conventions), then by name.
 * @return GNDP_OK; GNDP_ERR_IO; GNDP_ERR_FORMAT with a hint where the content is known ("looks like GRIB: cdo -f nc4 copy")
 */
GNDP_API gndp_status gndp_file_detect(const char *path, gndp_file_kind *out);

/** Open any file that holds a set of fields, by its kind; options that do not apply to the kind are refused when set. */
GNDP_API gndp_status gndp_file_open(const char *const *path, int n_paths, const gndp_read_options *options, gndp_fieldset **out);

/* ---- Units ---------------------------------------------------------------------------------- */

/**
 * Factor and offset from one unit to another, by UDUNITS: b = factor a + offset. Knows the spellings of forecasters ("m s**-1", "millibars").
 * @return GNDP_OK; GNDP_ERR_FORMAT for a unit that is not understood, with the name `what` of the thing it belongs to; GNDP_ERR_RANGE when they measure
 *         different things; GNDP_ERR_UNSUPPORTED when UDUNITS' tables are not found (says where they are looked for)
 */
GNDP_API gndp_status gndp_units_convert(const char *what, const char *from, const char *to, double *factor, double *offset);

/**
 * "hours since 1970-01-01 00:00:00" as seconds since 1970 of the calendar: seconds = factor value + offset. Months and years are refused, as their
 * length is not fixed (CF 4.4), except in the 360-day calendar.
 */
GNDP_API gndp_status gndp_units_time(const char *what, const char *units, gndp_calendar calendar, double *factor, double *offset);

#ifdef __cplusplus
}
#endif
#endif
