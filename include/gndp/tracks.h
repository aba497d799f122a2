// SPDX-License-Identifier: Apache-2.0
// Forecasts of tracks on the sphere: errors in km, regions of ensembles, scores over storms, and what is simpler than a model.
#ifndef GNDP_TRACKS_H
#define GNDP_TRACKS_H

#include <gndp/prepare.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Places are unit vectors, rows of three; distances are great circles on a sphere of GNDP_EARTH_RADIUS_KM. Times are in days and rise. */

/* ---- One place against its forecast ----------------------------------------------------------- */

/**
 * How a track moves at each of its fixes: the slope there of the parabola through the fix and its neighbours in the tangent plane, at the ends that of the
 * chord. A single fix does not move.
 * @param days     [n] rising;  @param xyz [n, 3]
 * @param velocity [n, 3] out, tangent vectors in radians a day
 * @return GNDP_OK; GNDP_ERR_RANGE names the time that does not rise; GNDP_ERR_ARG
 */
GNDP_API gndp_status gndp_track_velocities(int64_t n, const double *days, const double *xyz, double *velocity);

/** Parts of an error in km, of the forecast seen from the truth. */
typedef struct gndp_track_error {
    double km;       /* great-circle distance */
    double along_km; /* in the direction of motion: positive where the forecast is ahead; NaN where the storm does not move */
    double cross_km; /* across it: positive where the forecast is to the right */
} gndp_track_error;

/** along^2 + cross^2 = km^2: both are components of the logarithm at the truth. @param velocity [3] tangent at the truth, any length; NULL: none */
GNDP_API gndp_track_error gndp_track_error_of(const double *truth, const double *velocity, const double *forecast);

/**
 * Energy score with the great-circle distance, fair: mean d(x_i, y) - sum over i < j of d(x_i, x_j) / (M (M - 1)), in km. The distance of the sphere is
 * of negative type (Gangolli 1967), so that the score is proper. One member is a forecast without uncertainty: its distance.
 * @param x [m, 3];  @param y [3]
 */
GNDP_API double gndp_track_energy(int64_t m, const double *x, const double *y);

/* ---- Regions of an ensemble ------------------------------------------------------------------- */

/*
 * Members are seen in the tangent plane at their Frechet mean, by the logarithm, with mean m and sample covariance S (divisor M - 1) there. For M members
 * and a truth z drawn from one Gaussian law, D = (z - m)' S^-1 (z - m) is (1 + 1/M) times Hotelling's T^2 with M - 1 degrees of freedom, and
 *
 *   P(D <= d) = 1 - (1 + d / ((1 + 1/M) (M - 1)))^-((M - 2)/2)
 *
 * in two dimensions, exactly, for any M >= 3 (the F distribution with 2 and M - 2 degrees of freedom is elementary). The region of level p is the
 * ellipse of P = p, mapped to the sphere by the exponential: as large as its few members make it, so that it covers a share p whatever M is.
 */

/**
 * Level of the smallest region that holds the truth, 0..1: uniform where members and truth have one Gaussian law, so that a region of level p holds it in
 * a share p of cases.
 * @param x [m, 3], m >= 3;  @param y [3]
 * @param level out; 1 where the members are in line, so that no ellipse has an area, unless the truth is their mean: then 0
 * @return GNDP_OK; GNDP_ERR_RANGE for fewer than 3 members, or members whose mean prefers no direction
 */
GNDP_API gndp_status gndp_track_level(int64_t m, const double *x, const double *y, double *level);
/** The ellipse of a level (above 0, below 1) as n places. @param out [n, 3]. @return as gndp_track_level() */
GNDP_API gndp_status gndp_track_ellipse(int64_t m, const double *x, double level, int64_t n, double *out);

/* ---- Many storms ------------------------------------------------------------------------------ */

/** Errors of forecasts, from which the table follows for all leads and for each. */
typedef struct gndp_track_scores gndp_track_scores;

enum { GNDP_TRACK_LEVELS = 4 };

/** @param level [n_levels] of regions whose coverage is counted, such as .5 and .9, at most GNDP_TRACK_LEVELS */
GNDP_API gndp_status gndp_track_scores_create(int n_levels, const double *level, gndp_track_scores **out);
GNDP_API void gndp_track_scores_free(gndp_track_scores *scores);

/** One forecast of one storm. Borrowed. */
typedef struct gndp_track_case {
    int64_t storm;          /* number >= 0: forecasts of one storm hang together */
    int64_t n;              /* T targets */
    const double *lead_h;   /* [T] hours since the last fix known */
    int64_t members;        /* M >= 1; 1: a forecast without uncertainty, which has no coverage */
    const double *ensemble; /* [M, T, 3] */
    const double *centre;   /* [T, 3] the forecast whose distance is counted; NULL: the Frechet mean of the members */
    const double *truth;    /* [T, 3] */
    const double *velocity; /* [T, 3] of the truth (gndp_track_velocities()); NULL: no along and cross */
    const uint8_t *present; /* [T] whether the truth is known; NULL: all */
    double log_p;           /* log-density of all targets together, given the context; NaN: none */
} gndp_track_case;

/** @return GNDP_OK; GNDP_ERR_RANGE (storm and lead) where members prefer no direction, or M < 1; GNDP_ERR_NONFINITE; GNDP_ERR_NOMEM */
GNDP_API gndp_status gndp_track_scores_add(gndp_track_scores *scores, const gndp_track_case *one);

/**
 * A number with its standard error over storms, by which the fixes of one storm need not be independent: for means the linearised cluster form
 * k/(k - 1) sum_s (S_s - mean n_s)^2 / n^2 (S_s, n_s: sum and count of storm s, k storms), for the root mean square by its derivative, for the median by
 * the quantiles one standard error of the distribution function away (Woodruff 1952). NaN where there is nothing, of one storm the error alone.
 */
typedef struct gndp_track_value {
    double value, se;
} gndp_track_value;

typedef struct gndp_track_table {
    int64_t storms, values;
    gndp_track_value mean_km, median_km, rmse_km;
    gndp_track_value energy_km;                      /* gndp_track_energy() */
    gndp_track_value along_km, cross_km;             /* means with sign: ahead, to the right */
    gndp_track_value along_abs_km, cross_abs_km;     /* mean absolute parts */
    gndp_track_value spread_km;                      /* root mean square distance of members from their mean, times sqrt((M + 1)/(M - 1)): that of a
                                                        truth drawn as they are, beside rmse_km; M >= 2 */
    gndp_track_value coverage[GNDP_TRACK_LEVELS];    /* of each level; M >= 3 */
    gndp_track_value log_p;                          /* nats a forecast; only of all leads together */
} gndp_track_table;

/** @param lead_h  NaN: all. @return GNDP_OK; GNDP_ERR_NOT_FOUND when nothing was added at that lead; GNDP_ERR_NOMEM */
GNDP_API gndp_status gndp_track_scores_table(const gndp_track_scores *scores, double lead_h, gndp_track_table *out);
/** Leads that have values, rising: free(*lead_h). @return GNDP_OK; GNDP_ERR_NOMEM */
GNDP_API gndp_status gndp_track_scores_leads(const gndp_track_scores *scores, double **lead_h, int64_t *n);

/* ---- What is simpler than a model ------------------------------------------------------------- */

/** What is known of a storm. Borrowed. */
typedef struct gndp_track_context {
    int64_t n;
    const double *days; /* [n] rising */
    const double *xyz;  /* [n, 3] */
} gndp_track_context;

/*
 * Each gives places out [T, 3] at times days [T]. GNDP_ERR_RANGE names a time for which the method lacks a fix: it wants one before (all), one after
 * (great circle), two before and two after (Hermite), two before (velocity).
 */

/** The last fix before. */
GNDP_API gndp_status gndp_track_stay(const gndp_track_context *context, int64_t n, const double *days, double *out);
/** Constant speed along the great circle from the last fix before to the first after. */
GNDP_API gndp_status gndp_track_great_circle(const gndp_track_context *context, int64_t n, const double *days, double *out);
/** Cubic in the tangent plane at the middle of the gap, with the places at its ends and the velocities that the two fixes at either end have there: a
 * great circle at constant speed is met exactly, and time may run backwards. */
GNDP_API gndp_status gndp_track_hermite(const gndp_track_context *context, int64_t n, const double *days, double *out);
/** Along the great circle through the last fix before and the one nearest to `window_h` hours earlier, at the speed between them. */
GNDP_API gndp_status gndp_track_velocity(const gndp_track_context *context, double window_h, int64_t n, const double *days, double *out);

/** What follows a state of a storm on the average, learned from storms: displacements at given leads, east and poleward, by least squares. */
typedef struct gndp_track_habit gndp_track_habit;

typedef enum gndp_track_habit_kind {
    GNDP_TRACK_CLIMATOLOGY, /* on 1 and the distance from the equator */
    GNDP_TRACK_BLEND,       /* w v lead + (1 - w) c: constant 6 h velocity and the mean displacement, one weight a lead */
    GNDP_TRACK_CLIPER       /* on 1, distance from the equator, and the velocities of the last 6 and 24 hours, east and poleward: "cliper-like"; the
                               genuine CLIPER (Neumann 1972) has season and intensity as well */
} gndp_track_habit_kind;

/**
 * States are the fixes of the storms known for 24 h by then, targets their fixes at each lead, to the minute. Predictors that the states do not tell apart
 * are left out, the later of two.
 * @param lead_h [n_leads] rising, > 0
 * @return GNDP_OK; GNDP_ERR_RANGE names a lead with fewer states than 3 times the predictors
 */
GNDP_API gndp_status gndp_track_habit_create(gndp_track_habit_kind kind, int64_t n_storms, const gndp_track_context *storm, int64_t n_leads,
                                             const double *lead_h, gndp_track_habit **out);
GNDP_API void gndp_track_habit_free(gndp_track_habit *habit);
/** Places at times after the last fix of the context, of which the last 24 h count, or as much as there is. @return GNDP_OK; GNDP_ERR_RANGE for a lead that it was not made for; those of gndp_track_velocity() */
GNDP_API gndp_status gndp_track_habit_forecast(const gndp_track_habit *habit, const gndp_track_context *context, int64_t n, const double *days, double *out);

/**
 * A forecast with uncertainty from one without: errors that the same method made on other storms at the same targets, whole storms at a time so that a
 * member hangs together, laid east and poleward at the forecast.
 *
 * @param n_storms  with errors; error [n_storms, T, 2] radians east and poleward, as gndp_track_residual() gives them
 * @param storm     number: which errors are drawn is a function of it and the seed; without replacement as far as they go
 * @param forecast  [T, 3];  @param out [members, T, 3]
 * @return GNDP_OK; GNDP_ERR_RANGE without errors
 */
GNDP_API gndp_status gndp_track_dress(int64_t n_storms, const double *error, int64_t n, const double *forecast, int64_t members, uint64_t seed,
                                      int64_t storm, double *out);
/** Truth less forecast in the tangent plane at the forecast, radians east and poleward. error [n, 2] out. */
GNDP_API void gndp_track_residual(int64_t n, const double *forecast, const double *truth, double *error);

#ifdef __cplusplus
}
#endif
#endif
