// SPDX-License-Identifier: Apache-2.0
// Fields made ready for learning: local planes, normalisers, splits, random subsets of points.
#ifndef GNDP_PREPARE_H
#define GNDP_PREPARE_H

#include <gndp/fields.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Local planes --------------------------------------------------------------------------- */

#define GNDP_EARTH_RADIUS_KM 6371.0

typedef enum gndp_projection_kind {
    GNDP_PROJECTION_EQUIRECTANGULAR, /* x = R cos(lat0) dlon, y = R (lat - lat0): keeps grids grids */
    GNDP_PROJECTION_AZIMUTHAL        /* equidistant from the centre, no axis preferred; grids become lists, vectors turn */
} gndp_projection_kind;

/** A plane in km about a centre. A value: kept with a model, so that what comes later lands in the same plane. */
typedef struct gndp_projection {
    gndp_projection_kind kind;
    double lat0_deg, lon0_deg, radius_km;
} gndp_projection;

/**
 * Centre of the box (equirectangular) or of the smallest cap (azimuthal) that holds the points of a set on the sphere, Earth's radius. The box leaves out
 * the widest gap of longitudes, so a region about the date line is one. Points that no hemisphere holds have the centre of their box.
 * @return GNDP_OK; GNDP_ERR_UNSUPPORTED when the points are not on the sphere; GNDP_ERR_RANGE for a box that is a pole; GNDP_ERR_ARG; GNDP_ERR_NOMEM
 */
GNDP_API gndp_status gndp_projection_centre(const gndp_fieldset *set, gndp_projection_kind kind, gndp_projection *out);
/** [n, 2] latitude, longitude to [n, 2] x (east), y (north) in km, longitudes taken the short way round from the centre; may alias. Note that the
 * columns of a projected set are y, x: see gndp_fieldset_project(). */
GNDP_API void gndp_projection_apply(const gndp_projection *projection, int64_t n, const double *degrees, double *km);
/** Its inverse, x, y in km to latitude, longitude; longitudes in (lon0 - 180, lon0 + 180] for what lies in the map. May alias. */
GNDP_API void gndp_projection_invert(const gndp_projection *projection, int64_t n, const double *km, double *degrees);
/** Turn vectors [n, 2] at [n, 2] degrees from east, north to the plane's x, y (inverse: back); may alias. Lengths stay: the turn is parallel transport
 * along the great circle to the centre; none for the equirectangular plane. */
GNDP_API void gndp_projection_turn(const gndp_projection *projection, bool inverse, int64_t n, const double *degrees, const double *from, double *to);
/** Largest relative error of distances within the set's points: between corners of their hull, and locally at each; infinite where a pole becomes a
 * line. A user is told when it is above 1 %. @return GNDP_OK; GNDP_ERR_UNSUPPORTED when the points are not on the sphere; GNDP_ERR_ARG; GNDP_ERR_NOMEM */
GNDP_API gndp_status gndp_projection_distortion(const gndp_projection *projection, const gndp_fieldset *set, double *out);
/**
 * The set seen in the plane: coordinates in km, vector channels turned, values shared with `from` (counted).
 *
 * Columns are y (north), x (east), for grids and lists alike: they follow latitude, longitude, so that a grid stays a product of axes (equirectangular) and
 * every point keeps its number. Components of vectors follow the columns, as everywhere in R^D: north before east, the parts of the channel in that order
 * too; standard names of parts are dropped where vectors really turn (azimuthal).
 *
 * @return GNDP_OK; GNDP_ERR_UNSUPPORTED when the points are not on the sphere; GNDP_ERR_RANGE for a grid that passes the meridian opposite to the centre,
 *         or an equirectangular plane about a pole; GNDP_ERR_NONFINITE; GNDP_ERR_ARG; GNDP_ERR_NOMEM
 */
GNDP_API gndp_status gndp_fieldset_project(const gndp_fieldset *from, const gndp_projection *projection, gndp_fieldset **out);

/* ---- Normaliser ----------------------------------------------------------------------------- */

/**
 * Values to about zero mean and unit scale and back: z = (y - mean - climatology) / (scale spread).
 * Scalars: own mean and scale. Vectors: mean 0, one scale for all components, else rotations would not commute with it. Points of S²: untouched.
 */
typedef struct gndp_normaliser {
    int components;      /* P */
    double *mean;        /* [P] */
    double *scale;       /* [P], > 0 */
    int64_t points;      /* N of a climatology; 0: none */
    double *climatology; /* [N, P] anomaly of the mean at each point from `mean`; NULL: none. 0 for vectors and points of S² */
    double *spread;      /* [N, P] standard deviation at each point over `scale`, > 0; NULL: 1. The same for all components of a vector; 1 for points of S² */
} gndp_normaliser;

typedef enum gndp_climatology {
    GNDP_CLIMATOLOGY_NONE,
    GNDP_CLIMATOLOGY_MEAN,  /* the mean at each point */
    GNDP_CLIMATOLOGY_SPREAD /* and the standard deviation: standardised anomalies, which a stationary covariance fits better where land is beside sea */
} gndp_climatology;

/**
 * From one streaming pass over a set (the training part, never the test part).
 * @param climatology  also what is known of each point; shared points only, GNDP_ERR_UNSUPPORTED otherwise. The scale is then that of the anomalies; a
 *                     point that never varies is given that scale too
 * @param out          free with gndp_normaliser_free()
 * @return GNDP_OK; GNDP_ERR_NONFINITE when a channel has no value; a channel that never varies gets scale 1; those of gndp_fieldset_read()
 */
GNDP_API gndp_status gndp_normaliser_fit(const gndp_fieldset *set, gndp_climatology climatology, gndp_normaliser *out);
/** mean 0, scale 1. */
GNDP_API gndp_status gndp_normaliser_identity(int components, gndp_normaliser *out);
GNDP_API void gndp_normaliser_free(gndp_normaliser *normaliser);
/** values [n, m, P] in place; point [m] numbers for a climatology, NULL: 0 .. m - 1. @return GNDP_OK; GNDP_ERR_RANGE for points that the climatology
 * lacks; GNDP_ERR_ARG */
GNDP_API gndp_status gndp_normaliser_apply(const gndp_normaliser *normaliser, int64_t n, int64_t m, const int64_t *point, double *values);
GNDP_API gndp_status gndp_normaliser_invert(const gndp_normaliser *normaliser, int64_t n, int64_t m, const int64_t *point, double *values);
/** ln |dz/dy| summed over the P components of m points (point as above): what a log-density in z lacks to be one in y. */
GNDP_API double gndp_normaliser_log_jacobian(const gndp_normaliser *normaliser, int64_t m, const int64_t *point);

/* ---- Splits --------------------------------------------------------------------------------- */

typedef enum gndp_split_rule {
    GNDP_SPLIT_RANDOM, /* fields of one time (members) kept together; fields without time each by itself */
    GNDP_SPLIT_TIME,   /* earliest first: train, validation, test in order of time, fields of one time kept together */
    GNDP_SPLIT_ID      /* whole ids (storms), at random */
} gndp_split_rule;

/** Train, validation, test. (gndp_split is a node of ops.h.) */
typedef struct gndp_field_split {
    int64_t n[3];
    int64_t *field[3]; /* [n[i]] ascending */
} gndp_field_split;

/**
 * @param share  three shares >= 0 with a positive sum, of what is kept together (times, ids); counts are rounded so that no part with a positive share is
 *               empty (GNDP_ERR_RANGE if that cannot be)
 * @param gap_s  GNDP_SPLIT_TIME: fields less than this from a boundary are left out, so that neighbouring hours do not leak; a boundary is half way
 *               between the last time before it and the first after. Other rules pass it over
 * @param seed   of the random rules: the same seed and labels give the same parts
 * @param out    free with gndp_split_free(), also after a failure
 * @return GNDP_OK; GNDP_ERR_RANGE for shares or a gap that leave a part empty; GNDP_ERR_UNSUPPORTED names a field without time or id; GNDP_ERR_ARG
 */
GNDP_API gndp_status gndp_split_make(const gndp_fieldset *set, gndp_split_rule rule, const double share[3], double gap_s, uint64_t seed, gndp_field_split *out);
GNDP_API void gndp_split_free(gndp_field_split *split);

/* ---- Random subsets ------------------------------------------------------------------------- */

/**
 * m different numbers of 0 .. n - 1 in random order, each ordered choice equally likely: a function of (seed, step, member, stream) alone, and the first m
 * of what a larger m gives. O(m) memory, m at most 2^32.
 * @return GNDP_OK; GNDP_ERR_RANGE unless 0 <= m <= n
 */
GNDP_API gndp_status gndp_choose(uint64_t seed, uint32_t step, uint32_t member, uint32_t stream, int64_t n, int64_t m, int64_t *out);

/** Context and target of one training or evaluation step. */
typedef struct gndp_task_options {
    int64_t context_low, context_high; /* number of context points, uniform in between, both included */
    int64_t target_low, target_high;   /* targets beside the context; -1, -1: all the rest */
} gndp_task_options;

/**
 * Split the points 0 .. n - 1 of a field at random: counts uniform, then points, a function of (seed, step, member).
 * @param order  [n] out: first n_context context points, then n_target targets; what follows is not set
 * @return GNDP_OK; GNDP_ERR_RANGE unless 0 <= context_low <= context_high and the most context and targets together are at most n; GNDP_ERR_ARG
 */
GNDP_API gndp_status gndp_task_draw(const gndp_task_options *options, uint64_t seed, uint32_t step, uint32_t member, int64_t n, int64_t *order,
                                    int64_t *n_context, int64_t *n_target);

#ifdef __cplusplus
}
#endif
#endif
