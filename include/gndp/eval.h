// SPDX-License-Identifier: Apache-2.0
// Scores of ensembles and samples: closed forms, weights, intervals; moments and spectra.
#ifndef GNDP_EVAL_H
#define GNDP_EVAL_H

#include <gndp/fields.h>
#include <gndp/kernels.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Weights of points: cosine of latitude on a grid of the sphere (cell areas between the edges of the latitude bands, poles included), 1 elsewhere;
 * they sum to 1. @param w [N] out */
GNDP_API gndp_status gndp_point_weights(const gndp_coords *coords, double *w);

/* ---- One observation or field against an ensemble of M members ------------------------------ */

/** mean |x_i - y| - sum_ij |x_i - x_j| / (2 M^2): the score of the empirical law. O(M log M). @param x [M], sorted in place */
GNDP_API double gndp_crps(int64_t m, double *x, double y);
/** The same with 1 / (2 M (M - 1)): unbiased for the law the members are drawn from. NaN for one member. */
GNDP_API double gndp_crps_fair(int64_t m, double *x, double y);
/** CRPS of N(mean, sd^2) (Gneiting & Raftery 2007). */
GNDP_API double gndp_crps_gaussian(double mean, double sd, double y);
/** Energy score, fair or standard, of members x [M, N] against y [N] with weights w [N] in the norm (NULL: 1/N). */
GNDP_API double gndp_energy_score(int64_t m, int64_t n, const double *x, const double *y, const double *w, bool fair);
/** Variogram score of order p (Scheuerer & Hamill 2015) over all pairs. */
GNDP_API double gndp_variogram_score(int64_t m, int64_t n, const double *x, const double *y, double p);
/**
 * The same of order 1/2 as a weighted mean over pairs of different points, so that fields of other numbers of points compare: sum over i, j of
 * w_i w_j d_ij^2 / sum over i, j of w_i w_j, i != j, d_ij = |y_i - y_j|^(1/2) - mean_k |x_ki - x_kj|^(1/2). Units those of the values.
 * @param w  [n] weights, of any sum; NULL: equal
 * @param out  NaN for fewer than two points with weight
 * @return GNDP_OK; GNDP_ERR_RANGE without members or points; GNDP_ERR_NOMEM
 */
GNDP_API gndp_status gndp_variogram_score_mean(int64_t m, int64_t n, const double *x, const double *y, const double *w, double *out);
/** Rank of y among members, 0 .. M; ties broken by (seed, index). */
GNDP_API int64_t gndp_rank(int64_t m, const double *x, double y, uint64_t seed, uint32_t index);

/** Sums over cases, points and channels, from which every score of a table follows; merge-able, so that files are read in pieces. */
typedef struct gndp_scores gndp_scores;

typedef struct gndp_scores_options {
    int64_t members;      /* M */
    int64_t points;       /* N */
    int channels;         /* components P */
    const double *weight; /* [N], or NULL */
    int n_levels;         /* coverage levels */
    const double *level;  /* such as 0.5, 0.9 */
    int64_t block;        /* cases of one bootstrap block (hours that hang together); default 1 */
    uint64_t seed;
} gndp_scores_options;

GNDP_API gndp_status gndp_scores_create(const gndp_scores_options *options, gndp_scores **out);
GNDP_API void gndp_scores_free(gndp_scores *scores);
/** One case: ensemble [M, N, P], truth [N, P], present [N, P] or NULL. */
GNDP_API gndp_status gndp_scores_add(gndp_scores *scores, const double *ensemble, const double *truth, const uint8_t *present);
/** One case of a Gaussian forecast instead: mean, sd [N, P]. */
GNDP_API gndp_status gndp_scores_add_gaussian(gndp_scores *scores, const double *mean, const double *sd, const double *truth, const uint8_t *present);

/** Fields with more points are thinned evenly to so many for the variogram score of gndp_scores_add_joint(), whose cost is their square. */
enum { GNDP_VARIOGRAM_POINTS = 2048 };

/**
 * Scores of whole fields for the case that was added last, a field being the points of one channel that are present: energy score, in the norm of the
 * weights (made to sum to 1 over those points), and variogram score (gndp_variogram_score_mean()). The members are those of the ensemble or, beside
 * gndp_scores_add_gaussian(), draws of that forecast. Cases without it do not count in these scores.
 * @param members [M, N, P]
 * @return GNDP_OK; GNDP_ERR_STATE before the first case, or twice for one; GNDP_ERR_NONFINITE; GNDP_ERR_NOMEM
 */
GNDP_API gndp_status gndp_scores_add_joint(gndp_scores *scores, const double *members, const double *truth, const uint8_t *present);

/** A score with its block-bootstrap interval. */
typedef struct gndp_score_value {
    double value, low, high; /* 95 % interval; NaN with fewer than 2 blocks */
} gndp_score_value;

typedef struct gndp_score_table {
    int64_t cases, values;
    gndp_score_value rmse, bias, mae, crps, crps_fair, spread, ratio; /* rmse of the ensemble mean; ratio: spread sqrt((M + 1)/M) / rmse,
                                                                                 of Gaussian forecasts spread / rmse */
    gndp_score_value coverage[8];
    double reliability_index; /* sum over the M + 1 ranks of |f_k - 1/(M + 1)|, 0 for a flat histogram, below 2 (Delle Monache et al. 2006, there in %) */
    int64_t joint_cases;      /* with scores of whole fields; NaN below where there are none */
    gndp_score_value energy, energy_fair, variogram; /* means over those cases */
} gndp_score_table;

/** @param channel  component, or -1: all together (only where units agree) */
GNDP_API gndp_status gndp_scores_table(const gndp_scores *scores, int channel, gndp_score_table *out);
/** Values of like spread: a bin holds those whose spread (standard deviation of members, or of the forecast) lies between 2^(k/4) and 2^((k+1)/4). */
typedef struct gndp_spread_bin {
    int64_t values;
    double spread, error; /* weighted root mean squares: of the spread, as gndp_score_table.ratio has it, and of the error of the mean; equal where the
                             spread says how far to trust the mean */
} gndp_spread_bin;

enum { GNDP_SPREAD_BINS = 256 }; /* from 2^-32 to 2^32; what lies beyond is in the last */
/** The bins that hold values, by rising spread. Values of no spread are in none. @param out [GNDP_SPREAD_BINS]; @param n out, how many */
GNDP_API gndp_status gndp_scores_spread_skill(const gndp_scores *scores, int channel, gndp_spread_bin *out, int *n);

/** Rank histogram: shares of the M + 1 ranks, every value counted once; of a Gaussian forecast, its distribution function at the truth in as many bins.
 * @param frequency [M + 1] */
GNDP_API gndp_status gndp_scores_ranks(const gndp_scores *scores, int channel, double *frequency);

/* ---- Events, such as a value above a threshold ------------------------------------------------ */

/** Sums over cases and points of the probabilities given to an event and of whether it came. */
typedef struct gndp_events gndp_events;

typedef struct gndp_events_options {
    int64_t points;       /* N */
    const double *weight; /* [N], or NULL: equal */
    int64_t members;      /* the probabilities are shares of so many members; 0: they are exact */
    int64_t block;        /* as gndp_scores_options */
    uint64_t seed;
} gndp_events_options;

GNDP_API gndp_status gndp_events_create(const gndp_events_options *options, gndp_events **out);
GNDP_API void gndp_events_free(gndp_events *events);
/**
 * One case.
 * @param forecast  [N] probabilities, 0..1
 * @param reference [N] those of the forecast that skill is measured against, or NULL in every case
 * @param happened  [N] 1 or 0
 * @param present   [N] or NULL
 * @return GNDP_OK; GNDP_ERR_RANGE names the first point whose probability is none; GNDP_ERR_NOMEM
 */
GNDP_API gndp_status gndp_events_add(gndp_events *events, const double *forecast, const double *reference, const uint8_t *happened,
                                     const uint8_t *present);

/** Bins of a reliability diagram: probabilities to the nearest tenth, so that the ends are half as wide. */
enum { GNDP_EVENT_BINS = 11 };

typedef struct gndp_event_table {
    int64_t cases, values;
    double frequency;        /* weighted share of values for which it happened */
    gndp_score_value brier;  /* weighted mean (p - o)^2 (Brier 1950) */
    gndp_score_value brier_fair; /* less p (1 - p)/(M - 1): unbiased for the law the members are drawn from (Ferro 2014); NaN for one member */
    gndp_score_value skill;  /* 1 - brier / brier of the reference; NaN without one, or where that is 0 */
    struct gndp_event_bin {
        int64_t values;
        double forecast, observed; /* weighted means: probability, frequency; NaN for an empty bin */
    } bin[GNDP_EVENT_BINS];
} gndp_event_table;

/** @return GNDP_OK; GNDP_ERR_STATE when no value was added; GNDP_ERR_NOMEM */
GNDP_API gndp_status gndp_events_table(const gndp_events *events, gndp_event_table *out);

/* ---- Samples against data -------------------------------------------------------------------- */

/** Moments of a set at each point: mean, sd [N, P] over its fields; one pass. */
GNDP_API gndp_status gndp_field_moments(const gndp_fieldset *set, double *mean, double *sd);

/**
 * Power along the rows of a grid (longitude, or the last axis), mean over rows and fields, of the anomalies from the row mean: after a Hann window on
 * axes that are not periodic. Rows with a missing value are passed over, component by component.
 * @param power [n_last / 2 + 1, P] out, units squared; sums to the mean variance; NaN for a component without a whole row
 * @return GNDP_OK; GNDP_ERR_UNSUPPORTED for what is no grid; GNDP_ERR_SHAPE for rows of one point; GNDP_ERR_NONFINITE when no component has a whole row
 */
GNDP_API gndp_status gndp_zonal_spectrum(const gndp_fieldset *set, double *power);

/** Linear correlation between fields at lag 1 in their order (consecutive hours, members), mean over points: 0 within its error for independent ones. */
GNDP_API gndp_status gndp_lag_correlation(const gndp_fieldset *set, int64_t lag, double *out);

#ifdef __cplusplus
}
#endif
#endif
