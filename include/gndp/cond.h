// SPDX-License-Identifier: Apache-2.0
// Conditional samplers: fields given linear, noisy observations of them, by a score on one point set.
#ifndef GNDP_COND_H
#define GNDP_COND_H

#include <gndp/sampler.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- What is observed ------------------------------------------------------------------------ */

/**
 * C linear observations z = A y_0 + e, e ~ N(0, diag(variance)), of the N P values of a clean field: values at points, interpolations, area means,
 * components along a direction. Rows of A by their nonzeros. Points that are not on the target grid are best appended to the point set: then A picks
 * values and nothing is interpolated. Normalised values throughout. Borrowed.
 */
typedef struct gndp_linear_obs {
    int64_t n;              /* C */
    const int64_t *row;     /* [C + 1]: nonzeros of row c are row[c] .. row[c + 1] - 1 */
    const int64_t *column;  /* [row[C]] in 0 .. N P - 1, increasing within a row */
    const double *weight;   /* [row[C]] */
    const double *z;        /* [C] */
    const double *variance; /* [C], >= 0; NULL: 0 */
} gndp_linear_obs;

/** @return GNDP_OK; GNDP_ERR_RANGE, GNDP_ERR_NONFINITE name observation and value */
GNDP_API gndp_status gndp_linear_obs_check(const gndp_linear_obs *obs, int64_t values);

/**
 * The limit N(m, K) seen through A: K A', A K A', their factors. What all methods share; made once, for any number of members.
 *
 * Its one operation: to draw from N(mu, w K) given z = A y + N(0, s diag(variance)),
 *
 *   y = mu + sqrt(w) u + K A' (A K A' + (s/w) diag(variance))^-1 (z - A mu - sqrt(w) A u - sqrt(s) e),   u ~ N(0, K), e ~ N(0, diag(variance))
 *
 * (Matheron's rule), which needs no factor of the conditional covariance and holds down to variance 0.
 */
typedef struct gndp_conditioner gndp_conditioner;

/** @param law  borrowed; @param obs  copied. @return GNDP_OK; GNDP_ERR_NOT_PD names two noise-free observations that contradict or repeat each other */
GNDP_API gndp_status gndp_conditioner_create(const gndp_gaussian *law, const gndp_linear_obs *obs, gndp_conditioner **out);
GNDP_API void gndp_conditioner_free(gndp_conditioner *conditioner);

/**
 * A Gaussian stand-in for the data, N(., S0), beside a limit N(m, K): eigenvectors S0 X = K X diag(w), X'K X = 1, from which the covariance of the clean field
 * given a noised one follows at every time. Of order (N P)^3, so it is made once, for any observations and members; immutable.
 */
typedef struct gndp_prior gndp_prior;

/**
 * @param law  the limit, borrowed;  @param s0  [N P, N P] covariance, symmetric positive semidefinite, normalised values, copied. At most 16384 values
 * @return GNDP_OK; GNDP_ERR_RANGE for more; GNDP_ERR_NONFINITE names the entry; GNDP_ERR_NOT_PD for an S0 that is not semidefinite, or a singular limit
 */
GNDP_API gndp_status gndp_prior_create(const gndp_gaussian *law, const double *s0, gndp_prior **out);
GNDP_API void gndp_prior_free(gndp_prior *prior);

/* ---- Methods --------------------------------------------------------------------------------- */

typedef enum gndp_preconditioner {
    GNDP_PRECONDITION_SCHUR,    /* covariance of the limit given the (noisy) observations: stable for any data as long as psi <= 1.9 */
    GNDP_PRECONDITION_BLOCK,    /* K restricted to the targets */
    GNDP_PRECONDITION_IDENTITY, /* I on the targets */
    GNDP_PRECONDITION_PUBLISHED /* target rows of K grad log p with noise of K_**: biased unless K is white; only to compare with papers */
} gndp_preconditioner;

typedef enum gndp_context_mode {
    GNDP_CONTEXT_PATH,    /* one noised path of the observations a member, drawn downwards by bridges */
    GNDP_CONTEXT_RESAMPLE /* a fresh draw for each outer step (white limits: and for each inner step) */
} gndp_context_mode;

/** How long one Langevin step is. */
typedef enum gndp_langevin_size {
    GNDP_LANGEVIN_VARIANCE, /* eta = psi v_s / b, b a bound of v_s times the curvature that the limit gives: 1 for schur, so that psi < 4 is stable */
    GNDP_LANGEVIN_RATE      /* eta = psi beta(s) h, as papers have it; schur: at most 3.8 v_s */
} gndp_langevin_size;

typedef enum gndp_guidance_covariance {
    GNDP_GUIDANCE_AUTO,     /* PRIOR where a prior is given, else SURROGATE */
    GNDP_GUIDANCE_EXACT,    /* Tweedie's covariance of A y_0 by C products with the Jacobian: exact for Gaussian data */
    GNDP_GUIDANCE_PRIOR,    /* that of a Gaussian stand-in for the data, N(., S0): one product a step */
    GNDP_GUIDANCE_SURROGATE /* kappa (v/alpha) A K A' */
} gndp_guidance_covariance;

/** A method by name; one row of a table each, one file each. */
typedef struct gndp_conditional_info {
    const char *name; /* "langevin", "hybrid", "repaint", "guidance", "bridge", "amortised", "smc", "twisted" */
    const char *text; /* one line for people */
    const char *reference;
    bool evidence;    /* gives an estimate of the log-density of the observations */
    bool selection;   /* wants observations that pick single values */
    bool context;     /* amortised: wants a score that takes clean context (gndp_score.context: a model with score.context_flag), and observations without
                         error of all components of whole points. They enter the score as inputs, their values stay as they are, and the targets go
                         the way of the plain samplers from N(m_*, K_**): no guidance, one evaluation a step. It is a method of this room and not a
                         sampler of gndp_sample(), since it runs on observations, as the others do, on the joint points and their limit: a draw of
                         N(m, K) has the law N(m_*, K_**) at the targets, so grids keep their structure. Posterior: as good as the training saw such
                         contexts, their number above all. With such a score the other methods see every point as a target */
} gndp_conditional_info;

GNDP_API int gndp_conditional_count(void);
GNDP_API const gndp_conditional_info *gndp_conditional_get(int i);
/** @return GNDP_OK; GNDP_ERR_NOT_FOUND lists the names, nearest first */
GNDP_API gndp_status gndp_conditional_find(const char *name, const gndp_conditional_info **out);

typedef struct gndp_conditional_options {
    const gndp_conditional_info *method; /* default "langevin" */
    const gndp_sampler_info *predictor;  /* a linear one-step method of gndp_sampler_get(): default "em"; bridge takes none */
    gndp_grid_kind grid;                 /* default: uniform in time */
    int64_t steps;                       /* M, default 100; smc, twisted and bridge: 50 */
    /* langevin and hybrid */
    int64_t inner;                       /* J corrector steps for each outer one, default 5 */
    gndp_langevin_size size;             /* default VARIANCE */
    double psi;                          /* langevin: size of one of them, default 1, at most 1.9; hybrid: Langevin time a unit of B, default 25 */
    double tau;                          /* corrector only below this fraction of the time span, default 0.5 */
    gndp_preconditioner preconditioner;
    gndp_context_mode context;
    double lambda0;                      /* multiplier of the score, default 1: anything else samples no posterior, and outputs say so */
    /* langevin (but not as published) and guidance */
    int64_t clean_steps;                 /* schur steps at the last time above t0, default 300 (guidance 150), of */
    double clean_eta;                    /* sizes from eta down to eta/5; 0: eta = 1/(largest curvature), found by 10 products with the Jacobian */
    /* repaint */
    int64_t repeats;                     /* R, default 10 */
    /* guidance and twisted */
    gndp_guidance_covariance covariance; /* default AUTO */
    /* bridge too: the clean field is drawn from N(E_0, C_t) given the observations, C_t by S0, and the next state from the bridge to it. One evaluation a
       step. A draw of the posterior after any number of steps, one even, where the data are Gaussian with covariance S0; with another S0 biased like a
       surrogate, whatever the steps. Needs no derivative of the score, is not stiff, and takes observations without error. */
    const gndp_prior *prior;             /* of PRIOR, made with the conditioner's limit, borrowed; NULL: S0 = K, as for a limit that has the covariance of the data */
    double kappa;                        /* default 0.5 */
    double strength;                     /* of the guidance, default 1 */
    double least_variance;               /* added to observations without error, default 1e-6 */
    /* smc and twisted */
    int64_t particles;                   /* P, default 256 */
    double resample_below;               /* resample when the effective number falls below this fraction, default 0.5 */
    uint64_t seed;
    gndp_progress *progress;             /* in units of outer steps times blocks; NULL: none */
    bool (*stop)(void *state);
    void *stop_state;
} gndp_conditional_options;

/** Defaults of a method; NULL: of the first. */
GNDP_API gndp_conditional_options gndp_conditional_options_default(const gndp_conditional_info *method);

/** What a run cost and found. */
typedef struct gndp_conditional_report {
    double evaluations;        /* of the score, a member; a product with the Jacobian counts as two */
    double log_evidence;       /* twisted: ln of the mean over members of Z, which is unbiased for the density p(z) of the observations (normalised
                                  values, with the given variances) under the discretised generator: limit at t1, these steps; not that of the data law,
                                  which it nears as steps grow. NaN where the method has none */
    double log_evidence_error; /* its standard error by the spread of Z; NaN for one member */
    double least_particles;    /* smallest effective number met; NaN without particles */
    char text[240];            /* method and settings in one line */
} gndp_conditional_report;

/**
 * Draw fields given observations. Member k is a function of (score, points, law, observations, options, seed, k); with particles, of one run of its own.
 *
 * @param evaluator  the score at the N points of law;  @param member [n];  @param y [n, N P] out, at t0;  @param report or NULL
 * @return GNDP_OK; GNDP_ERR_UNSUPPORTED when method and observations do not go together, with what does; GNDP_ERR_RANGE names the option;
 *         GNDP_ERR_NONFINITE names member, step and time at which the state ceased to be finite; GNDP_ERR_INTERRUPTED
 */
GNDP_API gndp_status gndp_conditional_sample(gndp_evaluator *evaluator, const gndp_schedule *schedule, const gndp_conditioner *conditioner,
                                             const gndp_conditional_options *options, int64_t n, const uint32_t *member, double *y,
                                             gndp_conditional_report *report);

#ifdef __cplusplus
}
#endif
#endif
