// SPDX-License-Identifier: Apache-2.0
// Sets of fields: where their points are, what their values mean, and the values, in memory or behind a file.
#ifndef GNDP_FIELDS_H
#define GNDP_FIELDS_H

#include <gndp/calendar.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Coordinates ---------------------------------------------------------------------------- */

/** What the points of a field are points of. */
typedef enum gndp_space {
    GNDP_SPACE_EUCLIDEAN, /* R^D, D in 1..4: a time axis, a plane in km, abstract coordinates */
    GNDP_SPACE_SPHERE     /* S²: latitude and longitude in degrees to users, unit vectors to kernels and networks */
} gndp_space;

typedef enum gndp_layout {
    GNDP_LAYOUT_LIST,   /* any points */
    GNDP_LAYOUT_PRODUCT /* every combination of axis values, the last axis varies fastest; on S² the axes are latitude, longitude; a plane: y, x */
} gndp_layout;

#define GNDP_MAX_AXES 4

/** One column of coordinates. Texts may be "" but not NULL. */
typedef struct gndp_axis {
    char name[64];          /* of the variable, "latitude", "x1" */
    char standard_name[64]; /* CF */
    char units[64];         /* "degrees_north", "km", "1" */
    int64_t size;           /* PRODUCT: number of values; else 0 */
    const double *value;    /* PRODUCT: [size], strictly monotonic; else NULL. Longitudes may pass 180 or 360 but span less than 360 */
} gndp_axis;

/** The points of a field. In a set that owns it, all pointers belong to the set. */
typedef struct gndp_coords {
    gndp_space space;
    gndp_layout layout;
    int columns;                    /* C: D of R^D; 2 on the sphere (latitude, longitude in degrees) */
    gndp_axis axis[GNDP_MAX_AXES];  /* [C] */
    int64_t n;                      /* N; PRODUCT: the product of the sizes */
    const double *x;                /* LIST: [N, C]; PRODUCT: NULL */
} gndp_coords;

/** Whether a longitude axis closes the circle (its spacing continues from the last value to the first). */
GNDP_API bool gndp_coords_periodic(const gndp_coords *coords);

/** All points as users read them: x [N, C]. */
GNDP_API void gndp_coords_list(const gndp_coords *coords, double *x);

/** Dimension of the points as kernels and networks take them: D of R^D, 3 on the sphere. */
GNDP_API int gndp_coords_dim(const gndp_coords *coords);

/** Points for kernels and networks: n points from x [n, C] to out [n, dim]; on the sphere unit vectors. Exact at the poles. */
GNDP_API void gndp_coords_embed(gndp_space space, int columns, int64_t n, const double *x, double *out);

/**
 * Check what any file could have got wrong. A latitude may pass a pole by 1e-9 degrees, the rounding of computed axes: sets then take the pole.
 * @return GNDP_OK; GNDP_ERR_NONFINITE names axis and index; GNDP_ERR_RANGE for a latitude outside -90..90 or a longitude outside -360..720;
 *         GNDP_ERR_FORMAT for an axis that is not monotonic, or a value (0 and 360 on the sphere) given twice; GNDP_ERR_SHAPE for sizes or pointers that
 *         do not fit the layout; GNDP_ERR_ARG for a space, layout or text that is none
 */
GNDP_API gndp_status gndp_coords_check(const gndp_coords *coords);

/* ---- Channels ------------------------------------------------------------------------------- */

typedef enum gndp_channel_kind {
    GNDP_CHANNEL_SCALAR, /* 1 component */
    GNDP_CHANNEL_VECTOR, /* components along the columns of R^D, as many and in their order; eastward and northward on the sphere: 2 */
    GNDP_CHANNEL_SPHERE  /* a point of S²: latitude and longitude in files, 3 components of a unit vector in arrays */
} gndp_channel_kind;

#define GNDP_MAX_COMPONENTS 4
#define GNDP_MAX_CHANNELS 1024 /* of a set */

/** One physical quantity. */
typedef struct gndp_channel {
    char name[64];     /* "t2m", "wind" */
    gndp_channel_kind kind;
    int components;    /* values a point in arrays */
    int parts;         /* variables in a file: 1, components of a vector, 2 for a point of S² */
    struct {
        char name[64]; /* "u10" */
        char standard_name[96], long_name[128];
    } part[GNDP_MAX_COMPONENTS];
    char units[64];    /* "" when the file gives none */
    char cell_methods[128];
} gndp_channel;

/** A scalar channel of that name; parts filled. Here and below a text that does not fit ends in " [cut]"; NULL is "". */
GNDP_API gndp_channel gndp_channel_scalar(const char *name, const char *units);
/** A vector channel of the named parts. @param n  2..4 */
GNDP_API gndp_channel gndp_channel_vector(const char *name, const char *units, int n, const char *const *part);
/** A channel of points of S², parts "lat" and "lon". */
GNDP_API gndp_channel gndp_channel_sphere(const char *name);

/* ---- The set -------------------------------------------------------------------------------- */

/** What sets one field apart from the others. */
typedef struct gndp_field_label {
    double time_s;   /* seconds since 1970 in the set's calendar; NaN: no time */
    int64_t member;  /* realization number; -1: none */
    const char *id;  /* storm, file or class; NULL: none */
} gndp_field_label;

/** A text that a file carries along, "institution". */
typedef struct gndp_attribute {
    const char *name, *text;
} gndp_attribute;

/** Reads values that are not in memory. Calls come from one thread at a time. */
typedef struct gndp_field_source {
    void *state;
    /** As gndp_fieldset_read(), but indices were checked, n and m are >= 1, and `present` is never NULL. `point` NULL: all, m of them. What is read is
        checked (finite, unit vectors); a channel with a part missing is made missing as a whole, and missing values are made 0. */
    gndp_status (*read)(void *state, int64_t n, const int64_t *field, int64_t m, const int64_t *point, double *values, uint8_t *present);
    void (*close)(void *state); /* NULL: nothing to do */
} gndp_field_source;

/** All about a set but its values; borrowed by the functions that take it, owned by the set that gives it. */
typedef struct gndp_fieldset_spec {
    int64_t n_fields;                /* F >= 1 */
    gndp_coords coords;              /* shared points; with `first`: space, columns and axis names only, x [all points, C], n = all points */
    const int64_t *first;            /* NULL: points are shared. Else [F + 1]: field f has points first[f] .. first[f + 1] - 1 of x, at least one */
    int n_channels;
    const gndp_channel *channel;     /* [n_channels] */
    const gndp_field_label *label;   /* [F], or NULL: no times, no members; a set always gives them */
    gndp_calendar calendar;
    int n_attributes;
    const gndp_attribute *attribute; /* of the whole set */
    const char *origin;              /* for messages: the file or generator; NULL: "fields" */
} gndp_fieldset_spec;

/** F fields on shared or own points. Reading is safe from one thread at a time, counting all sets that share values. */
typedef struct gndp_fieldset gndp_fieldset;

/**
 * A set in memory. Everything is checked (gndp_coords_check(), unit vectors of sphere channels to 1e-6, finite values where present) and copied.
 *
 * @param values  f32 or f64, [F, N, P] for shared points, [all points, P] for own ones; P = sum of components; point-major, component-minor
 * @param present [same shape without P, times n_channels] 1 where a channel has a value; NULL: everywhere. Values elsewhere are not looked at
 * @return GNDP_OK; GNDP_ERR_SHAPE; GNDP_ERR_TYPE; GNDP_ERR_NONFINITE names field, point and channel; GNDP_ERR_RANGE for a vector that should have length
 *         1; GNDP_ERR_ARG for channels without or of the same name; those of gndp_coords_check(); GNDP_ERR_NOMEM
 */
GNDP_API gndp_status gndp_fieldset_create(const gndp_fieldset_spec *spec, const gndp_array *values, const uint8_t *present, gndp_fieldset **out);

/** A set whose values are read when asked for. The source is taken over in any case: closed on failure and by gndp_fieldset_free(). */
GNDP_API gndp_status gndp_fieldset_create_view(const gndp_fieldset_spec *spec, gndp_field_source source_take, gndp_fieldset **out);

/** Chosen fields [n] of a set, in that order, as a set of its own that shares the values of `from` (counted: either may be freed first). */
GNDP_API gndp_status gndp_fieldset_select(const gndp_fieldset *from, int64_t n, const int64_t *field, gndp_fieldset **out);

/** The set with all values in memory, f32; at most max_bytes for values and mask (0: 3/4 of the machine's memory), else GNDP_ERR_NOMEM with both numbers;
 * GNDP_ERR_NONFINITE for a value that f32 cannot hold. */
GNDP_API gndp_status gndp_fieldset_load(const gndp_fieldset *from, size_t max_bytes, gndp_fieldset **out);

/** Takes NULL. */
GNDP_API void gndp_fieldset_free(gndp_fieldset *set);

GNDP_API const gndp_fieldset_spec *gndp_fieldset_get_spec(const gndp_fieldset *set);
/** P. */
GNDP_API int gndp_fieldset_components(const gndp_fieldset *set);
/** Whether the points are shared by all fields. */
GNDP_API bool gndp_fieldset_shared(const gndp_fieldset *set);
/** Points of field f: N if shared. */
GNDP_API int64_t gndp_fieldset_points(const gndp_fieldset *set, int64_t f);
/** Most points of any field. */
GNDP_API int64_t gndp_fieldset_max_points(const gndp_fieldset *set);
/** Coordinates of field f: x [points, C]. */
GNDP_API gndp_status gndp_fieldset_coords(const gndp_fieldset *set, int64_t f, double *x);

/**
 * Values of some fields at some points, f64, in physical units.
 *
 * @param field   [n] field numbers;  @param point [m] point numbers, the same for each field, any order, repeats allowed; or NULL: all, in order: then m
 *                must be their number (GNDP_ERR_SHAPE), and with own points n must be 1
 * @param values  [n, m, P] out; 0 where missing
 * @param present [n, m, P] out, 1 or 0, equal within a channel; or NULL: then a missing value is GNDP_ERR_NONFINITE with field, point, channel
 * @return GNDP_OK; GNDP_ERR_RANGE for an index; GNDP_ERR_IO, GNDP_ERR_FORMAT name file and variable; GNDP_ERR_NONFINITE. Numbers of fields in messages
 *         are those of the set that was opened, not of what was selected from it
 */
GNDP_API gndp_status gndp_fieldset_read(const gndp_fieldset *set, int64_t n, const int64_t *field, int64_t m, const int64_t *point, double *values,
                                        uint8_t *present);

/** Statistics of one component in one pass over the set. */
typedef struct gndp_component_stats {
    int64_t present, missing;
    double low, high, mean, sd; /* of what is present; NaN when nothing is. Population sd */
} gndp_component_stats;

/** @param out [P]. Bounded memory, whatever the size of the set. */
GNDP_API gndp_status gndp_fieldset_stats(const gndp_fieldset *set, gndp_component_stats *out);

#ifdef __cplusplus
}
#endif
#endif
