// SPDX-License-Identifier: Apache-2.0
// Reverse-time samplers and likelihoods of a score, on one point set.
#ifndef GNDP_SAMPLER_H
#define GNDP_SAMPLER_H

#include <gndp/sde.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Evaluation of a score ------------------------------------------------------------------ */

/**
 * A score at N points with its plans: evaluation, products with its Jacobian, divergence. Works in blocks of `batch` realizations; the last block is
 * padded, so that a member's bits do not depend on how many others there are. State and results are f64; the score runs in its own type. Threads share a
 * block by realizations, a few at a time; bits do not depend on their number. The score's parameters may not change while the evaluator lives
 * (gndp_plan_options.frozen).
 */
typedef struct gndp_evaluator gndp_evaluator;

typedef struct gndp_evaluator_options {
    int64_t batch;         /* realizations a block; default 16. At least 4 for each thread keeps all at work */
    gndp_device *device;   /* borrowed; NULL: a CPU device of its own */
    int64_t padded_points; /* 0: none; else plans for so many points, the rest masked */
} gndp_evaluator_options;

/**
 * @param x  f64 [N, D] shared, or [batch, N, D] with gndp_evaluator_move() for each block
 */
GNDP_API gndp_status gndp_evaluator_create(const gndp_score *score, const gndp_schedule *schedule, const gndp_array *x,
                                           const gndp_evaluator_options *options, gndp_evaluator **out);
GNDP_API void gndp_evaluator_free(gndp_evaluator *evaluator);
/** Other points for the same plans: x of the same rank, at most the (padded) number of points. */
GNDP_API gndp_status gndp_evaluator_move(gndp_evaluator *evaluator, const gndp_array *x);
GNDP_API int64_t gndp_evaluator_points(const gndp_evaluator *evaluator);
GNDP_API int64_t gndp_evaluator_batch(const gndp_evaluator *evaluator);
/** Network evaluations so far, in units of one realization; a product with the Jacobian counts as two. */
GNDP_API int64_t gndp_evaluator_count(const gndp_evaluator *evaluator);

/** g = K grad log p_t(y): y, g [n, N P]; one time for all (adaptive steps: t [n]). g and y may not alias. */
GNDP_API gndp_status gndp_evaluator_score(gndp_evaluator *evaluator, int64_t n, const double *t, bool one_time, const double *y, double *g);
/** g as above and out = J' cot, J = dg/dy. cot, out [n, N P]. */
GNDP_API gndp_status gndp_evaluator_vjp(gndp_evaluator *evaluator, int64_t n, const double *t, bool one_time, const double *y, const double *cot,
                                        double *g, double *out);
/** g as above and the exact trace of J of each realization, by all N P products. */
GNDP_API gndp_status gndp_evaluator_divergence(gndp_evaluator *evaluator, int64_t n, const double *t, bool one_time, const double *y, double *g,
                                               double *divergence);

/* ---- Samplers -------------------------------------------------------------------------------- */

typedef enum gndp_grid_kind {
    GNDP_GRID_TIME,  /* uniform in t */
    GNDP_GRID_ROOT,  /* uniform in sqrt(B) */
    GNDP_GRID_LAMBDA /* uniform in log(r / sigma) down to v = 1e-5, then a jump to t0 */
} gndp_grid_kind;

/** t [steps + 1] from t1 down to t0. */
GNDP_API gndp_status gndp_time_grid(const gndp_schedule *schedule, gndp_grid_kind kind, int64_t steps, double *t);

/** A step from t to s < t as y_s = m + a (y - m) + c g + d L xi, one evaluation a step. */
typedef struct gndp_sampler_step { /* gndp_step is a node of ops.h */
    double a, c, d;
} gndp_sampler_step;

/** A sampler by name; one row of a table each. */
typedef struct gndp_sampler_info {
    const char *name; /* "em", "em_b", "exponential", "ancestral", "euler_ode", "euler_ode_b", "exponential_ode", "noise_frozen", "residual_frozen",
                         "heun", "multistep2", "ancestral2", "adaptive" */
    const char *text; /* one line for people */
    bool stochastic;
    int order;
    gndp_sampler_step (*step)(const gndp_schedule *schedule, double t, double s); /* NULL: not a linear one-step method */
    gndp_grid_kind grid; /* the one to take: two-step methods have their order on the lambda grid only */
} gndp_sampler_info;

GNDP_API int gndp_sampler_count(void);
GNDP_API const gndp_sampler_info *gndp_sampler_get(int i);
/** @return GNDP_OK; GNDP_ERR_NOT_FOUND lists the names, nearest first */
GNDP_API gndp_status gndp_sampler_find(const char *name, const gndp_sampler_info **out);

typedef struct gndp_sampler_options {
    const gndp_sampler_info *sampler; /* default "em" */
    gndp_grid_kind grid;
    int64_t steps;           /* default 100 */
    bool quiet_last;         /* leave the noise of the last step out */
    int64_t corrector_steps; /* Langevin steps after each predictor; default 0 */
    double corrector_psi;    /* their size: eta = psi beta(s) h, default 0.5; or by */
    double corrector_snr;    /* the signal-to-noise rule when > 0 */
    double tolerance;        /* adaptive: relative and absolute, default 1e-5; steps adapt for each member by itself */
    double temperature;      /* scale of all noise, default 1: anything else is no sample of the model, and outputs say so */
    uint64_t seed;
    gndp_progress *progress; /* in units of steps times blocks; NULL: none */
    bool (*stop)(void *state); /* asked once a step; true ends with GNDP_ERR_INTERRUPTED; NULL: never */
    void *stop_state;
} gndp_sampler_options;

GNDP_API gndp_sampler_options gndp_sampler_options_default(void);

/**
 * Draw from the generative law: from the limit at t1 down to t0.
 * Member k is a function of (score, points, law, options, seed, k): its bits do not depend on the other members.
 * @param law   the limit on the same points;  @param member [n];  @param y [n, N P] out
 * @param start [n, N P] state at t1 instead of draws of the limit, or NULL
 * @return GNDP_OK; GNDP_ERR_NONFINITE names member, step and time at which the state ceased to be finite; GNDP_ERR_INTERRUPTED
 */
GNDP_API gndp_status gndp_sample(gndp_evaluator *evaluator, const gndp_schedule *schedule, const gndp_gaussian *law,
                                 const gndp_sampler_options *options, int64_t n, const uint32_t *member, const double *start, double *y);

/** One Langevin step of size eta at time t with preconditioner K: y += eta/2 g + sqrt(eta) L xi, in place. */
GNDP_API gndp_status gndp_langevin_step(gndp_evaluator *evaluator, const gndp_gaussian *law, double t, double eta, gndp_key key, int64_t n,
                                        const uint32_t *member, double *y);

/* ---- Likelihood ------------------------------------------------------------------------------ */

typedef enum gndp_ode_solver { GNDP_ODE_RK4, GNDP_ODE_ADAPTIVE, GNDP_ODE_HEUN, GNDP_ODE_EULER } gndp_ode_solver;

typedef struct gndp_likelihood_options {
    gndp_ode_solver solver; /* default RK4; Euler-100 is biased upwards by .05 to .1 nats a point: only to compare with papers */
    int64_t steps;          /* default 100 */
    double power;           /* steps at t0 + (t1 - t0) (k / steps)^power, at least 1; default 1: uniform. 2 is for data with little noise under a schedule
                               that starts at 0: the flow is stiff where v is about the noise, and needs a third of the steps there */
    double tolerance;       /* adaptive, default 1e-6 */
    int64_t probes;         /* 0: exact divergence; else Hutchinson's estimate, K-whitened, fixed along the path */
    bool gaussian_probes;   /* else Rademacher */
    bool exact_terminal;    /* leave log N(y_t1; m, K) out: the caller adds the log-density of `latent` under the p_t1 that he knows (tests) */
    uint64_t seed;
    gndp_progress *progress;
    bool (*stop)(void *state);
    void *stop_state;
} gndp_likelihood_options;

GNDP_API gndp_likelihood_options gndp_likelihood_options_default(void);

/**
 * Log-density of fields by the probability flow: log p(y_0) = log N(y_t1; m, K) + int div F dt.
 * @param member [n] numbers for the probes, or NULL: 0 .. n - 1
 * @param y0  [n, N P];  @param log_p [n] out, nats, of the whole field;  @param latent [n, N P] out: y_t1, or NULL
 */
GNDP_API gndp_status gndp_log_likelihood(gndp_evaluator *evaluator, const gndp_schedule *schedule, const gndp_gaussian *law,
                                         const gndp_likelihood_options *options, int64_t n, const uint32_t *member, const double *y0, double *log_p,
                                         double *latent);

/** A score at some points and the limit on the same points. Both borrowed. */
typedef struct gndp_flow_law {
    gndp_evaluator *evaluator;
    const gndp_gaussian *law;
} gndp_flow_law;

/**
 * log p(y_* | y_c) = log p(y_*, y_c) - log p(y_c) with the same solver, grid and probes, nats of all targets together (tables divide by the number of
 * target points, vector values counted once).
 * @param joint    at all N points;  @param context  at C of them, in the order of index
 * @param index    [C] which of the N; put the context first: then both terms see the same numbers of the probes
 * @param y0       [n, N P];  @param log_p [n] out
 */
GNDP_API gndp_status gndp_conditional_log_likelihood(const gndp_flow_law *joint, const gndp_flow_law *context, const gndp_schedule *schedule,
                                                     const gndp_likelihood_options *options, int64_t n, const uint32_t *member, int64_t c,
                                                     const int64_t *index, const double *y0, double *log_p);

/**
 * The same directly, by a score that takes clean context (gndp_score.context): the flow of the targets alone, their values at the context standing beside
 * them, no difference of two estimates (geomndp.md 7.7).
 * @param evaluator  at all N points; left without context
 * @param law        the limit at the targets alone, which are the points that are no context, in their order
 * @param context    [C] which of the N, C from 0 to N - 1, the same for all fields
 * @param y0         [n, N P];  @param log_p [n] out, nats of all targets together;  @param latent [n, values of the targets] out: y_t1, or NULL
 * @return GNDP_OK; GNDP_ERR_UNSUPPORTED for a score that takes no context; GNDP_ERR_SHAPE when the law is of other values; GNDP_ERR_RANGE
 */
GNDP_API gndp_status gndp_context_log_likelihood(gndp_evaluator *evaluator, const gndp_schedule *schedule, const gndp_gaussian *law,
                                                 const gndp_likelihood_options *options, int64_t n, const uint32_t *member, int64_t c,
                                                 const int64_t *context, const double *y0, double *log_p, double *latent);

#ifdef __cplusplus
}
#endif
#endif
