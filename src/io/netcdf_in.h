// SPDX-License-Identifier: Apache-2.0
// Fields out of NetCDF files: the parts of gndp_netcdf_open(), in the order in which it uses them.
#ifndef GNDP_IO_NETCDF_IN_H
#define GNDP_IO_NETCDF_IN_H

#include "io/netcdf_contents.h"
#include "io/units.h"

/* ---- While opening -------------------------------------------------------------------------- */

/* Notes are kept until the lock is given back, as a log may be anybody's code; each is given once,
   however many files have the same to say. */
typedef struct gndp_nc_notes {
    char **text;
    int n, room;
} gndp_nc_notes;

typedef struct gndp_nc_opening {
    const gndp_read_options *options;
    gndp_nc_notes notes;
    gndp_units units;
} gndp_nc_opening;

void gndp_nc_note(gndp_nc_opening *opening, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* ---- The shape of a variable: netcdf_shape.c ------------------------------------------------- */

typedef struct gndp_nc_shape {
    gndp_space space;
    gndp_layout layout;
    int columns;                  /* of coordinates */
    int coord[GNDP_MAX_AXES];     /* their variables */
    int n_space;                  /* dimensions that points spread over */
    int space_dim[GNDP_MAX_AXES]; /* PRODUCT: of each column, -1 where it is a single value */
    int role_dim[GNDP_NC_ROLES];  /* TIME (also of starts), LEAD, MEMBER, LEVEL, EXPVER; -1: none */
    int n_extra;
    int extra[GNDP_NC_RANK]; /* other dimensions */
} gndp_nc_shape;

/** The shape of variable v. @return false: it is on no grid; `why` [128] says so */
bool gndp_nc_shape_of(const gndp_nc_contents *contents, int v, gndp_nc_shape *out, char why[128]);
/** Whether points of both are the same. */
bool gndp_nc_same_grid(const gndp_nc_shape *a, const gndp_nc_shape *b);
/** Whether fields of `part` are told apart by dimensions that `whole` has too. */
bool gndp_nc_fields_within(const gndp_nc_shape *part, const gndp_nc_shape *whole);
/** Position of a dimension in a variable's list, -1: it has none. */
int gndp_nc_position(const gndp_nc_var *var, int dim);

/* ---- Packed and missing values: netcdf_pack.c ------------------------------------------------ */

#define GNDP_NC_MISSING 10

/* value = factor (scale raw + offset) + shift, where raw is not missing and within the range. */
typedef struct gndp_nc_pack {
    double wrap; /* added to negative raw values: _Unsigned */
    double scale, offset;
    double factor, shift; /* conversion of units */
    double low, high;     /* of raw values; or of unpacked ones */
    bool range_unpacked;
    int n_missing;
    double missing[GNDP_NC_MISSING];
} gndp_nc_pack;

/**
 * What a variable's attributes say of its values.
 * @return GNDP_OK; GNDP_ERR_FORMAT for a scale_factor or add_offset that is zero, not finite or no
 *         single number
 */
gndp_status gndp_nc_pack_read(gndp_nc_opening *opening, const gndp_nc_contents *contents, int v,
                              gndp_nc_pack *out);
/** The unpacked value; NaN where it is missing. Infinite values stay. */
double gndp_nc_unpack(const gndp_nc_pack *pack, double raw);

/** n values of a one-dimensional (or single) variable from `first`, unpacked, NaN where missing. */
gndp_status gndp_nc_read_line(gndp_nc_opening *opening, const gndp_nc_contents *contents, int v,
                              int64_t first, int64_t n, double *out);

/* ---- Where values are: netcdf_places.c --------------------------------------------------------
 */

/* Coordinates of the points that were selected, and where in the file they are. */
typedef struct gndp_nc_places {
    gndp_coords coords; /* its values are owned by `value` and `x` */
    double *value[GNDP_MAX_AXES];
    double *x;
    int n_space;
    int64_t size[GNDP_MAX_AXES];   /* of the file's dimensions that points spread over */
    int64_t *index[GNDP_MAX_AXES]; /* PRODUCT: [axis size] entries of the file */
    int64_t *cell;                 /* LIST: [n] numbers in row-major order of the dimensions */
    /* Observations that have each a time of their own are fields by their times: field g has the
       points first[g] .. first[g + 1] - 1. */
    int64_t n_times;
    int64_t *first; /* [n_times + 1]; NULL: points are shared */
    double *time_s; /* [n_times] */
    gndp_calendar calendar;
} gndp_nc_places;

/** Part the points by their own times, where a time stands along them: netcdf_point_times.c. */
gndp_status gndp_nc_places_part(gndp_nc_opening *opening, const gndp_nc_contents *contents,
                                const gndp_nc_shape *shape, gndp_nc_places *places);
/** First point of a field, and how many it has. */
int64_t gndp_nc_points_of(const gndp_nc_places *places, int64_t time, int64_t *first);

gndp_status gndp_nc_places_read(gndp_nc_opening *opening, const gndp_nc_contents *contents,
                                const gndp_nc_shape *shape, gndp_nc_places *out);
void gndp_nc_places_free(gndp_nc_places *places);
/** Whether two files have the same points, up to the rounding of float; else GNDP_ERR_SHAPE. */
gndp_status gndp_nc_places_same(const gndp_nc_places *a, const char *path_a,
                                const gndp_nc_places *b, const char *path_b);

/** Chosen entries of a longitude axis for a box, in the order of a joined axis; *shift [n] what to
 * add to each: netcdf_box.c. */
gndp_status gndp_nc_box_lon(const char *path, const gndp_nc_contents *contents, int var,
                            const gndp_read_options *options, int64_t n, const double *lon,
                            int64_t *index, double *shift, int64_t *n_out);
/** Whether a box holds a longitude. */
bool gndp_nc_box_has_lon(const gndp_read_options *options, double lon);
bool gndp_nc_box_has_lat(const gndp_read_options *options, double lat);

/* ---- What is read: netcdf_channels.c, netcdf_wanted.c -----------------------------------------
 */

/* One component: a variable, at one level. */
typedef struct gndp_nc_wanted {
    char name[NC_MAX_NAME + 1]; /* of the variable in the first file */
    bool has_level;
    double level; /* in level_units */
    char level_units[64];
    char units[64]; /* of the values as they are given */
} gndp_nc_wanted;

/* The channels of the set, found in the first file. */
typedef struct gndp_nc_plan {
    int n_channels, room;
    gndp_channel *channel;
    int n_parts;
    gndp_nc_wanted *part; /* those of the channels one after the other */
} gndp_nc_plan;

gndp_status gndp_nc_plan_make(gndp_nc_opening *opening, const gndp_nc_contents *contents,
                              gndp_nc_plan *out, gndp_nc_shape *shape);
void gndp_nc_plan_free(gndp_nc_plan *plan);

/** One entry of options.var, "wind=u10,v10", taken apart. */
typedef struct gndp_nc_request {
    char name[64]; /* "": that of the variable */
    int n_parts;
    char part[GNDP_MAX_COMPONENTS][NC_MAX_NAME + 1];
} gndp_nc_request;
gndp_status gndp_nc_request_parse(const char *text, gndp_nc_request *out);
/** A variable by name, standard_name or alias. @return GNDP_OK; GNDP_ERR_NOT_FOUND lists what there
 * is; GNDP_ERR_FORMAT names the candidates where several fit */
gndp_status gndp_nc_resolve(const gndp_nc_contents *contents, const char *name, int *out);

/** Values of the level axis of a shape, and its units; n 0: no such axis. Free *value. */
gndp_status gndp_nc_levels(gndp_nc_opening *opening, const gndp_nc_contents *contents,
                           const gndp_nc_shape *shape, int64_t *n, double **value, char units[64]);

/* ---- One file of a set, and its fields: netcdf_times.c ----------------------------------------
 */

typedef struct gndp_nc_part {
    char name[64]; /* of the variable, for messages */
    int var, rank;
    nc_type type;
    gndp_nc_pack pack;
    int pos_space[GNDP_MAX_AXES]; /* positions in the variable's dimensions; -1: it has none */
    int pos_role[GNDP_NC_ROLES];
    int pos_extra[GNDP_NC_RANK];
    int64_t level; /* along LEVEL */
    int64_t n_expver;
} gndp_nc_part;

typedef struct gndp_nc_file {
    gndp_nc_contents contents;
    gndp_nc_part *part; /* [n_parts] */
    int n_extra;
    int64_t extra_size[GNDP_NC_RANK];
    uint64_t used; /* when it was last read */
} gndp_nc_file;

/* One field: where it is, and its label. */
typedef struct gndp_nc_field {
    int32_t file;
    int64_t time, lead, member,
        extra;      /* indices along those dimensions; extra: row-major over all of them */
    double time_s;  /* NaN: none */
    int64_t number; /* of the realization; -1: none */
} gndp_nc_field;

typedef struct gndp_nc_fields {
    gndp_nc_field *field;
    int64_t n, room;
    gndp_calendar calendar;
    bool timed, forecasts; /* forecasts: several leads, so that a time may come twice */
    double low_s, high_s;  /* of all times of the files, chosen or not */
    int64_t n_times;
} gndp_nc_fields;

/** Append the selected fields of one file. */
gndp_status gndp_nc_fields_read(gndp_nc_opening *opening, const gndp_nc_contents *contents,
                                const gndp_nc_shape *shape, const gndp_nc_places *places,
                                int32_t file, gndp_nc_fields *fields);
/** Values of a time coordinate, seconds of its calendar. */
gndp_status gndp_nc_times(gndp_nc_opening *opening, const gndp_nc_contents *contents, int v,
                          int64_t n, gndp_calendar *calendar, double *out);
/** A single value of a role, or a coordinate of it along `dim`; -1: none, or several. */
int gndp_nc_find_role(const gndp_nc_contents *contents, gndp_nc_role role, int dim);
/** By time, then member; the same twice is refused. */
gndp_status gndp_nc_fields_sort(gndp_nc_fields *fields, const gndp_nc_file *file);

/* ---- Reading: netcdf_view.c, netcdf_read.c ----------------------------------------------------
 */

/* What stands behind a set of fields. */
typedef struct gndp_nc_view {
    int n_files;
    gndp_nc_file *file;
    gndp_nc_places places;
    int64_t n_fields;
    gndp_nc_field *field;
    int n_channels, n_parts, n_components;
    gndp_channel *channel;
    size_t max_bytes;
    double *buffer;
    int64_t buffer_size; /* elements */
    uint64_t clock;
} gndp_nc_view;

/** gndp_field_source.read and .close of a view; they take the lock. */
gndp_status gndp_nc_view_read(void *state, int64_t n, const int64_t *field, int64_t m,
                              const int64_t *point, double *values, uint8_t *present);
void gndp_nc_view_close(void *state);
/** Files of a view are closed and opened again as they are used, so that few are open at once. */
gndp_status gndp_nc_view_need(gndp_nc_view *view, gndp_nc_file *file);

/* Where one part of some fields goes: element (i, k) to values[(i m + k) stride]. */
typedef struct gndp_nc_target {
    int64_t n;
    const int64_t *field; /* [n] */
    int64_t m;
    const int64_t *point; /* [m]; NULL: all points */
    int64_t stride;
    double *values;
    uint8_t *present;
} gndp_nc_target;

/** One part of some fields, 0 where missing. Needs the lock. */
gndp_status gndp_nc_read_part(gndp_nc_view *view, int part, const gndp_nc_target *target);

#endif
