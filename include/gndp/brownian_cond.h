// SPDX-License-Identifier: Apache-2.0
// Conditional samplers of fields with values on spheres, given some of their values (geomndp.md 7, 10.7).
#ifndef GNDP_BROWNIAN_COND_H
#define GNDP_BROWNIAN_COND_H

#include <gndp/brownian.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * C known values of a field [N, P]: of whole spheres, or of single Euclidean components, each with an error of its own. Borrowed.
 *
 * On a sphere the error is Brownian motion run for sd²: z ~ p_tau(. | y_0), tau = sd²/2, which for small sd is a von Mises-Fisher law of concentration 1/sd²; sd in
 * radians. Elsewhere z ~ N(y_0, sd²), in normalised values.
 */
typedef struct gndp_sphere_obs {
    int64_t n;               /* C */
    const int64_t *point;    /* [C] in 0 .. N - 1 */
    const int *component;    /* [C] first component of a sphere, or a Euclidean one; no pair twice */
    const double *field;     /* [N, P]: the values stand where they belong, others are not read */
    const double *sd;        /* [C]; NULL: 0 */
} gndp_sphere_obs;

/** @return GNDP_OK; GNDP_ERR_RANGE, GNDP_ERR_NONFINITE, GNDP_ERR_ARG (a value twice) name observation and value */
GNDP_API gndp_status gndp_sphere_obs_check(const gndp_sphere_obs *obs, const gndp_brownian *process, int64_t points);

/** A method by name; one row of a table each. */
typedef struct gndp_brownian_cond_info {
    const char *name; /* "langevin", "hybrid", "replacement", "guidance", "twisted" */
    const char *text; /* one line for people */
    bool evidence;    /* gives an estimate of the log-density of the observations */
} gndp_brownian_cond_info;

GNDP_API int gndp_brownian_cond_count(void);
GNDP_API const gndp_brownian_cond_info *gndp_brownian_cond_get(int i);
/** @return GNDP_OK; GNDP_ERR_NOT_FOUND lists the names, nearest first */
GNDP_API gndp_status gndp_brownian_cond_find(const char *name, const gndp_brownian_cond_info **out);

/*
 * langevin, hybrid, replacement: an observation with error sd is the state of its part at the B_e at which the process has made that error (sd² on spheres, ln(1 + sd²)
 * elsewhere), which changes nothing in the law of the clean field given it. Above B_e its part follows one noised path a member, drawn upwards by exact
 * transitions; below, it moves like the others, with the exact density of the observation given the state in the corrector's drift. Langevin steps at each level
 * have length psi v (v = 1 - e^-B) for what is not observed. What a path leaves of bias falls with the Langevin time at levels below the posterior's
 * variance, clean_steps above all; hybrid has Langevin time psi dB v/B within each step; replacement is the same without a corrector, and biased.
 *
 * guidance, twisted: the state is pulled by the gradient of ln of the density of the observations around the denoised field, exp_y(B s) on spheres and (y + v s)/r
 * elsewhere, whose variance there is kappa B (kappa v/r²) and that of the error. twisted weighs particles by it, and draws from the posterior of the discretised
 * generator as their number grows; guidance alone is biased.
 */
typedef struct gndp_brownian_cond_options {
    const gndp_brownian_cond_info *method; /* default "langevin" */
    gndp_brownian_method sampler;          /* em or ancestral; default ancestral */
    int64_t steps;                         /* default 100; hybrid 500, twisted 60 */
    double least;                          /* as in gndp_brownian_options, default 1e-6; guidance, twisted: a tenth of the smallest variance at most */
    bool uniform;
    /* langevin, hybrid */
    int64_t inner;                         /* corrector steps a level, default 5 (hybrid, replacement: 0) */
    double psi;                            /* length of one, default 0.5; below 4. hybrid: Langevin time a unit of B, default 25 (of 500 steps), psi dB/B below 4 */
    bool fresh;                            /* a fresh draw of the noised observations for each level instead of a path */
    int64_t clean_steps;                   /* at the last level above B = 0, default 300 (hybrid, replacement: 0), of lengths */
    double clean_eta;                      /* from eta down to eta/5; 0: eta = 1/(largest curvature), found by 10 products with the Jacobian */
    /* guidance and twisted */
    double kappa;                          /* default 0.5; twisted: 1 */
    double strength;                       /* of the pull, default 1 */
    double least_sd;                       /* error that values without one are given, default 1e-3 */
    /* twisted */
    int64_t particles;                     /* default 256 */
    double resample_below;                 /* resample when the effective number falls below this fraction, default 0.5 */
    uint64_t seed;
    gndp_progress *progress;               /* in units of steps times blocks (twisted: members); NULL: none */
    bool (*stop)(void *state);
    void *stop_state;
} gndp_brownian_cond_options;

/** Defaults of a method; NULL: of the first. */
GNDP_API gndp_brownian_cond_options gndp_brownian_cond_options_default(const gndp_brownian_cond_info *method);

typedef struct gndp_brownian_cond_report {
    double evaluations;        /* of the score, a member; a product with the Jacobian counts as two */
    double log_evidence;       /* twisted: ln of the mean over members of Z, unbiased for the density of the observations under the discretised generator, by area
                                  on spheres; NaN where the method has none */
    double log_evidence_error; /* its standard error by the spread of Z; NaN for one member */
    double least_particles;    /* smallest effective number met; NaN without particles */
    char text[240];            /* method and settings in one line */
} gndp_brownian_cond_report;

/**
 * Draw fields given observations. Member k is a function of (score, points, observations, options, seed, k); for twisted, of a run of its own. Exactly known
 * values stand in y as given (langevin, hybrid, replacement).
 * @param evaluator  the score at the N points, without context;  @param y [n, N, P] out, unit norm on spheres;  @param report or NULL
 * @return GNDP_OK; GNDP_ERR_UNSUPPORTED for observations with an error, or methods that pull, on spheres other than S²; GNDP_ERR_RANGE names the option;
 *         GNDP_ERR_NONFINITE names member, step and time at which the state ceased to be finite; GNDP_ERR_INTERRUPTED
 */
GNDP_API gndp_status gndp_brownian_cond_sample(gndp_evaluator *evaluator, const gndp_brownian *process, const gndp_sphere_obs *obs,
                                               const gndp_brownian_cond_options *options, int64_t n, const uint32_t *member, double *y,
                                               gndp_brownian_cond_report *report);

#ifdef __cplusplus
}
#endif
#endif
