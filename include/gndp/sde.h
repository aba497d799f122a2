// SPDX-License-Identifier: Apache-2.0
// Noising processes: schedules, the Ornstein-Uhlenbeck process with a Gaussian limit, parametrisations, losses, exact scores.
#ifndef GNDP_SDE_H
#define GNDP_SDE_H

#include <gndp/gaussian.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Schedules ------------------------------------------------------------------------------ */

typedef enum gndp_schedule_kind {
    GNDP_SCHEDULE_LINEAR,    /* beta = beta0 + u (beta1 - beta0), u = (t - t0)/(t1 - t0) */
    GNDP_SCHEDULE_CONSTANT,  /* beta = beta0 = beta1 */
    GNDP_SCHEDULE_QUADRATIC, /* beta = beta0 + u^2 (beta1 - beta0) */
    GNDP_SCHEDULE_COSINE,    /* exp(-B) = cos^2((u + s)/(1 + s) pi/2) / cos^2(s/(1 + s) pi/2), u from 0 to where exp(-B) is 1e-5, in proportion to t */
    GNDP_SCHEDULE_DISCRETE,  /* T steps of the cosine rule, rates from 3e-4 to 0.5: B is linear in t between steps */
    GNDP_SCHEDULE_EXPONENTIAL /* beta = beta0 (beta1/beta0)^u, both rates positive: ln beta is linear in t */
} gndp_schedule_kind;

/** Noise rate beta(t) on [t0, t1] and its integral B(t) = int_t0^t beta. A value. */
typedef struct gndp_schedule {
    gndp_schedule_kind kind;
    double t0, t1;       /* dimensionless diffusion time, t0 < t1 */
    double beta0, beta1; /* rates at the ends (linear, quadratic, exponential; constant: both the same) */
    double shift;        /* s of the cosine */
    int steps;           /* T of the discrete schedule, 2 to 4096 */
} gndp_schedule;

/** linear, t0 = 1e-5, t1 = 1, beta 0 to 20, shift 0.008, 500 steps. */
GNDP_API gndp_schedule gndp_schedule_default(void);
/** @return GNDP_OK; GNDP_ERR_RANGE names the value */
GNDP_API gndp_status gndp_schedule_check(const gndp_schedule *schedule);
/** "linear", ..; gndp_schedule_find() lists the names when it fails. */
GNDP_API const char *gndp_schedule_name(gndp_schedule_kind kind);
GNDP_API gndp_status gndp_schedule_find(const char *name, gndp_schedule_kind *out);

/** beta(t), t in [t0, t1] (clamped to it). */
GNDP_API double gndp_schedule_beta(const gndp_schedule *schedule, double t);
/** B(t); B(t0) = 0. */
GNDP_API double gndp_schedule_integral(const gndp_schedule *schedule, double t);
/** B^-1(b), b in [0, B(t1)]. */
GNDP_API double gndp_schedule_time(const gndp_schedule *schedule, double b);

/** Coefficients of a Gaussian with mean m + a (y_0 - m) + b (y_t - m) and covariance variance K. */
typedef struct gndp_linear_law {
    double a, b, variance;
} gndp_linear_law;

/** y_t given y_0: a = exp(-B/2), variance = -expm1(-B). */
GNDP_API gndp_linear_law gndp_schedule_marginal(const gndp_schedule *schedule, double t);
/** y_t given y_s, s < t (as `b`). */
GNDP_API gndp_linear_law gndp_schedule_transition(const gndp_schedule *schedule, double s, double t);
/** y_s given y_0 and y_t, t0 <= s < t. */
GNDP_API gndp_linear_law gndp_schedule_bridge(const gndp_schedule *schedule, double s, double t);

/* ---- The process ---------------------------------------------------------------------------- */

/** dY = -(1/2) beta (Y - m) dt + sqrt(beta) K^(1/2) dW with limit N(m, K), K the Gram of a kernel. It owns copies of all it is given. */
typedef struct gndp_process gndp_process;

/**
 * @param outputs P
 * @param mean    [P] limiting mean of each component, or NULL: 0
 * @return GNDP_OK; GNDP_ERR_SHAPE when the kernel has another number of outputs (a scalar kernel serves every component, independent); GNDP_ERR_RANGE
 */
GNDP_API gndp_status gndp_process_create(const gndp_schedule *schedule, const gndp_kernel *limiting, int outputs, const double *mean, gndp_process **out);
GNDP_API void gndp_process_free(gndp_process *process);
GNDP_API const gndp_schedule *gndp_process_schedule(const gndp_process *process);
GNDP_API const gndp_kernel *gndp_process_kernel(const gndp_process *process); /* with its P outputs */
GNDP_API const double *gndp_process_mean(const gndp_process *process);        /* [P] */
GNDP_API int gndp_process_outputs(const gndp_process *process);
/** White limit: its variance if it is the same for every component; else 0. Then no law on points needs a factor. */
GNDP_API double gndp_process_white(const gndp_process *process);
/**
 * The limit on a point set, mean included; factored once. Where the options leave the jitter at 0 it is 1e-6 of the mean variance (none for a white
 * limit): the same as in the graphs of training, since noise and score must mean the same K.
 */
GNDP_API gndp_status gndp_process_law(const gndp_process *process, const gndp_points *points, const gndp_gaussian_options *options, gndp_gaussian **out);

/** Which random numbers: nothing is consumed, the same key draws the same. */
typedef struct gndp_key {
    uint64_t seed;
    uint32_t step, stream;
} gndp_key;

/** y_t ~ p(y_t | y_0): y0 [n, N P], member [n], yt [n, N P] (may alias). @return GNDP_OK; GNDP_ERR_RANGE for t outside the schedule */
GNDP_API gndp_status gndp_process_sample_marginal(const gndp_process *process, const gndp_gaussian *law, double t, const double *y0, gndp_key key,
                                                  const uint32_t *member, int64_t n, double *yt);
/** y_t ~ p(y_t | y_s). */
GNDP_API gndp_status gndp_process_sample_transition(const gndp_process *process, const gndp_gaussian *law, double s, double t, const double *ys,
                                                    gndp_key key, const uint32_t *member, int64_t n, double *yt);
/** y_s ~ p(y_s | y_0, y_t). */
GNDP_API gndp_status gndp_process_sample_bridge(const gndp_process *process, const gndp_gaussian *law, double s, double t, const double *y0,
                                                const double *yt, gndp_key key, const uint32_t *member, int64_t n, double *ys);

/* ---- Scores --------------------------------------------------------------------------------- */

/** What a score is built from. R realizations; real nodes have the score's dtype. */
typedef struct gndp_score_inputs {
    gndp_node t;        /* [R] diffusion time */
    gndp_node decay;    /* [R] r = exp(-B/2) */
    gndp_node variance; /* [R] v = 1 - exp(-B) */
    gndp_node x;        /* [N, D] shared, or [R, N, D]: points as the score takes them (networks: in the units they were trained on) */
    gndp_node y;        /* [R, N, P] noised field, normalised */
    gndp_node mask;     /* i32 [R, N]: 0 at padded or missing points; or GNDP_NONE */
    gndp_node target;   /* i32 [R, N]: 0 at clean context, 1 at targets (geomndp.md 7.7); or GNDP_NONE: all points are targets. y at context is the clean
                           value; limit, noise, score and loss are those of the targets alone, and what is asked for is 0 elsewhere */
} gndp_score_inputs;

/** Points that a score is wanted at: i32 [R, N], 0 at padded points and at context; GNDP_NONE: all. The limit K_** of the targets alone is the limit with this
 * mask, since an absent point has an identity block in its Gram. */
GNDP_API gndp_node gndp_score_targets(gndp_graph *g, const gndp_score_inputs *in);

/**
 * Anything that gives the preconditioned score K grad log p_t(y), as graph: the exact score of a Gaussian, or a network joined to a process. A value;
 * `state` is owned: free with gndp_score_free().
 */
typedef struct gndp_score {
    gndp_dtype dtype;
    int components;      /* P */
    gndp_store *store;   /* parameters that plans are bound to; borrowed; NULL: none */
    bool ema, bf16;      /* how plans read parameters and multiply */
    bool context;        /* takes `target`: with context among the points it gives the score of the targets given their clean values */
    void *state;
    gndp_node (*build)(const void *state, gndp_graph *g, const gndp_score_inputs *in); /* [R, N, P] */
    void (*free)(void *state);
} gndp_score;

GNDP_API void gndp_score_free(gndp_score *score);

/**
 * The exact score of data with law N(m0, S0) on a point set, in f64 : K S_t^-1 (mu_t - y), S_t = alpha S0 + v K, by one eigendecomposition of
 * L^-1 S0 L^-T whatever t. In graphs of more points those behind the law's are padding.
 * @param law   limit N(m, K) on the points; dense, diagonal or anything whose root is square and invertible
 * @param mean  [N P] m0, or NULL: 0;  @param covariance [N P, N P] S0, symmetric positive semidefinite
 */
GNDP_API gndp_status gndp_score_gaussian(const gndp_gaussian *law, const double *mean, const double *covariance, gndp_score *out);

/** Eigenvalues w [N P] of L^-1 S0 L^-T: all dynamics of Gaussian data decouple along them (tests, terminal KL). */
GNDP_API gndp_status gndp_gaussian_spectrum(const gndp_gaussian *law, const double *covariance, double *w);

/* ---- Parametrisations and losses ------------------------------------------------------------- */

typedef enum gndp_target {
    GNDP_TARGET_K,   /* o' = K grad log p */
    GNDP_TARGET_S,   /* o' = L' grad log p */
    GNDP_TARGET_NONE,/* o' = grad log p */
    GNDP_TARGET_Y0   /* o' = E[y_0 | y_t] */
} gndp_target;

/** How a network's raw output o becomes o'. */
typedef struct gndp_parametrisation {
    gndp_target target;
    bool std_trick;      /* divide by sqrt(v) + 1e-3 (not for y0) */
    bool residual_trick; /* add the score of the limit, so that a zero network leaves the limit as it is (not for y0) */
    bool weighted;       /* loss weighted so that it is bounded as v -> 0 (the default of the literature); else the plain denoising loss */
    bool absolute;       /* l1 instead of l2 */
    double balance;      /* c > 0, target K: the loss is the squared norm by (K + c k)^-1, k the mean variance of K, in place of the plain one. The plain norm
                            weighs the modes of K by their variance, so that what is small-scale in a smooth K is never learned; c -> 0 weighs them all
                            alike, which is the likelihood's weighting (with sqrt(v) that of Song et al. 2021, arXiv:2101.09258), at the price of gradients
                            that rough errors dominate */
} gndp_parametrisation;

GNDP_API gndp_parametrisation gndp_parametrisation_default(void); /* K, std on, residual on, weighted, l2 */
/** "K", "S", "none", "y0". */
GNDP_API const char *gndp_target_name(gndp_target target);
GNDP_API gndp_status gndp_target_find(const char *name, gndp_target *out);
GNDP_API gndp_status gndp_parametrisation_check(const gndp_parametrisation *parametrisation);

/** The limit on the points of a graph: white, or root and mean as nodes. */
typedef struct gndp_limit_nodes {
    gndp_node mean;  /* broadcasts to [R, N, P] */
    double white;    /* > 0: K = white I, `root` is GNDP_NONE */
    gndp_node root;  /* [N P, N P] or [R, N P, N P]: L, in f64; identity rows at masked points */
    int outputs;
    gndp_node balance; /* Cholesky factor of K + c k, for a loss with `balance`; or GNDP_NONE */
} gndp_limit_nodes;

/** Nodes of the limit at x ([N, D] or [R, N, D]; f32 is cast): Gram, jitter (relative 1e-6) and Cholesky in f64 where it is not white. */
GNDP_API gndp_limit_nodes gndp_process_limit(gndp_graph *g, const gndp_process *process, gndp_node x, gndp_node mask);

/** Add what a loss with parametrisation->balance needs, at the same x and mask; nothing for a white limit, where the norm differs by a factor only. */
GNDP_API void gndp_process_balance(gndp_graph *g, const gndp_process *process, const gndp_parametrisation *parametrisation, gndp_node x, gndp_node mask,
                                   gndp_limit_nodes *limit);

/** L z: z [R, N, P], result of its type. */
GNDP_API gndp_node gndp_limit_colour(gndp_graph *g, const gndp_limit_nodes *limit, gndp_node z);

/** K-score from the raw output o [R, N, P] of a network; with in->target K, limit and score are those of the targets: `limit` made with
 * gndp_score_targets(). */
GNDP_API gndp_node gndp_parametrisation_score(gndp_graph *g, const gndp_parametrisation *parametrisation, const gndp_limit_nodes *limit,
                                              const gndp_score_inputs *in, gndp_node output);

/**
 * Noised data, y_t = m + r (y_0 - m) + sqrt(v) L z, v at least 1e-5: the clamped value is used here, in target, weight and score alike. Masked values of
 * y0 may be anything; those of z must be finite, as draws are.
 */
GNDP_API gndp_node gndp_noised(gndp_graph *g, const gndp_limit_nodes *limit, gndp_node decay, gndp_node variance, gndp_node y0, gndp_node z);

/** The same with context: targets are noised by the law of their limit, K_**, and context keeps the values of y0, bit for bit. in->y is not read. */
GNDP_API gndp_node gndp_noised_targets(gndp_graph *g, const gndp_limit_nodes *limit, const gndp_score_inputs *in, gndp_node y0, gndp_node z);

/**
 * The denoising loss of one batch: sum over components, mean over valid targets of each realization (0 where it has none), mean over realizations.
 * @param limit  with the mask of gndp_score_targets()
 * @param in  with in->y = gndp_noised(.., y0, z), or gndp_noised_targets(), and the same decay, variance
 * @return scalar of the type of y0
 */
GNDP_API gndp_node gndp_denoising_loss(gndp_graph *g, const gndp_parametrisation *parametrisation, const gndp_limit_nodes *limit,
                                       const gndp_score_inputs *in, gndp_node output, gndp_node y0, gndp_node z);

typedef enum gndp_time_rule {
    GNDP_TIMES_UNIFORM,   /* in t */
    GNDP_TIMES_LIKELIHOOD /* density prop. to beta(t)/max(v_t, GNDP_TIMES_CLIP): with the weighted loss of target S (target K: of a white limit) the mean loss is
                             then, up to a factor, int beta E|L'(s - grad log p)|^2 dt, which bounds the log-likelihood (Song et al. 2021,
                             arXiv:2101.09258); nearer to the data more often */
} gndp_time_rule;
#define GNDP_TIMES_CLIP 1e-3

/**
 * Low-discrepancy times: one uniform in each of n equal strata of the law's distribution function on [t0, t1], strata paired with realizations at random; a
 * function of (seed, step).
 * @param t, decay, variance  [n] out
 */
GNDP_API void gndp_schedule_draw(const gndp_schedule *schedule, gndp_time_rule rule, uint64_t seed, uint32_t step, int64_t n, double *t, double *decay,
                                 double *variance);

#ifdef __cplusplus
}
#endif
#endif
