// SPDX-License-Identifier: Apache-2.0
// Diffusion of fields with values on spheres: Brownian motion on S^d, beside Euclidean components (geomndp.md 10).
#ifndef GNDP_BROWNIAN_H
#define GNDP_BROWNIAN_H

#include <gndp/manifolds.h>
#include <gndp/sampler.h>

#ifdef __cplusplus
extern "C" {
#endif

#define GNDP_LAYOUT_SPHERES 8

/** Which of the P components of a field are points of spheres; a value. The others are Euclidean, in normalised values, each by itself. */
typedef struct gndp_sphere_layout {
    int components;                  /* P */
    int spheres;                     /* how many factors S^d */
    int first[GNDP_LAYOUT_SPHERES];  /* first component of each, rising, not overlapping */
    int dim[GNDP_LAYOUT_SPHERES];    /* its components, d + 1: 3 for S² */
} gndp_sphere_layout;

/**
 * The noising process: dY = sqrt(beta) dB on each sphere, at each point of the field by itself, limit uniform; dY = -(1/2) beta Y dt + sqrt(beta) dW on each
 * Euclidean component, limit N(0, 1). One schedule for all. A value.
 *
 * A score (gndp_score, gndp_evaluator) of such a process is grad log p_t in the sense of the manifold: tangent on spheres. Wherever it is differentiated
 * (divergence, guidance) it has to be the field s(y) = P_u v(u), u = y/|y|, of R^n, for which the trace of the Jacobian is the divergence on the sphere
 * (10.6): gndp_layout_point() on what comes in and gndp_layout_tangent() on what goes out make it so.
 */
typedef struct gndp_brownian {
    gndp_schedule schedule;
    gndp_sphere_layout layout;
} gndp_brownian;

/** @return GNDP_OK; GNDP_ERR_RANGE, GNDP_ERR_SHAPE name what is wrong */
GNDP_API gndp_status gndp_brownian_check(const gndp_brownian *process);
/** ln of the limit's density at a field y [N, P]: -N ln |S^d| a sphere, standard normals. */
GNDP_API double gndp_brownian_limit_log_density(const gndp_brownian *process, int64_t points, const double *y);

/** Draws of the limit: y [n, N, P]. Sphere s takes the stream key.stream + s, Euclidean components key.stream + GNDP_LAYOUT_SPHERES: leave those unused. */
GNDP_API gndp_status gndp_brownian_limit(const gndp_brownian *process, int64_t points, gndp_key key, const uint32_t *member, int64_t n, double *y);
/** y_t ~ p(y_t | y_0), exact; streams as above. t [n]: a time for each realization; y0, yt [n, N, P], may alias.
 * @return GNDP_OK; GNDP_ERR_RANGE for a time outside the schedule */
GNDP_API gndp_status gndp_brownian_marginal(const gndp_brownian *process, int64_t points, const double *t, const double *y0, gndp_key key,
                                            const uint32_t *member, int64_t n, double *yt);
/** grad log p(y_t | y_0), tangent: what denoising score matching fits. S² and Euclidean components; GNDP_ERR_UNSUPPORTED for other spheres, whose heat
 * kernel has no stable form here: they are trained by gndp_brownian_ism(). @param out [n, N, P], t above t0 */
GNDP_API gndp_status gndp_brownian_target(const gndp_brownian *process, int64_t points, const double *t, const double *y0, const double *yt, int64_t n,
                                          double *out);
/** y <- exp_y(v) on spheres, y + v elsewhere: count points of P components. */
GNDP_API void gndp_layout_move(const gndp_sphere_layout *layout, int64_t count, double *y, const double *v);
/** v <- its tangent part at y. */
GNDP_API void gndp_layout_project(const gndp_sphere_layout *layout, int64_t count, const double *y, double *v);

/* ---- In graphs -------------------------------------------------------------------------------- */

/** y with its spheres' parts divided by their norms: y [.., P]. Points that are all 0, as padding is, become some unit vector. */
GNDP_API gndp_node gndp_layout_point(gndp_graph *g, const gndp_sphere_layout *layout, gndp_node y);
/** The tangent part of v at y (of unit norm). */
GNDP_API gndp_node gndp_layout_tangent(gndp_graph *g, const gndp_sphere_layout *layout, gndp_node y, gndp_node v);

/**
 * Denoising loss: sum over components of (s - target)^2 times weight, mean over valid targets of each realization, mean over realizations.
 * @param in      mask and target as in gndp_denoising_loss()
 * @param score   [R, N, P] tangent
 * @param target  [R, N, P] gndp_brownian_target()
 * @param weight  broadcasts to [R, N, P]: variance of the noise, as in->variance (10.6), or beta(t) for the likelihood, ..
 */
GNDP_API gndp_node gndp_brownian_dsm(gndp_graph *g, const gndp_score_inputs *in, gndp_node score, gndp_node target, gndp_node weight);
/**
 * Implicit loss: weight (|s|^2/2 + div s), sums and means as above; equals half the denoising one less a constant in expectation (10.6).
 * @param in     in->y is what `score` was built from, of unit norm on spheres; score as a function of it constant along rays (see gndp_brownian)
 * @param probe  [R, N, P] standard normals: div by Hutchinson's estimate with their tangent parts; GNDP_NONE: exactly, by N P products
 */
GNDP_API gndp_node gndp_brownian_ism(gndp_graph *g, const gndp_sphere_layout *layout, const gndp_score_inputs *in, gndp_node score, gndp_node weight,
                                     gndp_node probe);

/* ---- The exact score of a mixture of heat kernels --------------------------------------------- */

/**
 * Data = mixture over k of products over points and channels: on S² of heat kernels at tau_0 about centre[k], on Euclidean components of N(centre, tau_0): p_t is
 * the mixture at tau_0 + B/2 (spheres) and of N(r c, r^2 tau_0 + v), so score, density and conditionals are known (10.8). In f64.
 * It takes clean context (gndp_score.context): there its kernels stay those of the data. Points behind the N are padding.
 * @param weight [K], positive, any sum;  @param centre [K, N, P];  @param tau0 >= 0.02
 * @return GNDP_OK; GNDP_ERR_RANGE names the value; GNDP_ERR_UNSUPPORTED for spheres other than S²
 */
GNDP_API gndp_status gndp_score_heat_mixture(const gndp_brownian *process, int64_t kernels, int64_t points, const double *weight, const double *centre,
                                             double tau0, gndp_score *out);
/** ln p_t(y) of that mixture, y [N, P]; t0 gives the data. */
GNDP_API double gndp_heat_mixture_log_density(const gndp_brownian *process, int64_t kernels, int64_t points, const double *weight, const double *centre,
                                              double tau0, double t, const double *y);

/* ---- Samplers --------------------------------------------------------------------------------- */

typedef enum gndp_brownian_method {
    GNDP_BROWNIAN_EM,        /* exp_y(dB s + sqrt(dB) P xi): reverse geodesic walk (10.7) */
    GNDP_BROWNIAN_ANCESTRAL, /* the same mean with the variance of the bridge, B_s (B_t - B_s)/B_t (Euclidean components: exact ancestral step): right to
                                first order in the spread of the clean field given the noised one, however long the step */
    GNDP_BROWNIAN_ODE        /* probability flow, dy/dB = -s/2, Heun, the second slope carried back by parallel transport; one evaluation in the last step, which
                                ends where the score need not exist: deterministic given the start */
} gndp_brownian_method;

/** "em", "ancestral", "heun". */
GNDP_API const char *gndp_brownian_method_name(gndp_brownian_method method);
GNDP_API gndp_status gndp_brownian_method_find(const char *name, gndp_brownian_method *out);

typedef struct gndp_brownian_options {
    gndp_brownian_method method;   /* default ancestral */
    int64_t steps;                 /* default 100 */
    double least;                  /* steps are uniform in ln B from B(t1) to `least` (default 1e-6), then one to B(t0) = 0 */
    bool uniform;                  /* instead: uniform in t, as papers have it; the schedule must not be flat anywhere */
    int64_t contexts;              /* scores that take context (gndp_score.context): so many points are known, */
    const int64_t *context;        /* [C] these, */
    const double *value;           /* [C, P] with these values: they stay as they are and the score is that of the others */
    uint64_t seed;
    gndp_progress *progress;       /* in units of steps times blocks; NULL: none */
    bool (*stop)(void *state);
    void *stop_state;
} gndp_brownian_options;
GNDP_API gndp_brownian_options gndp_brownian_options_default(void);

/**
 * Draw fields: from the limit at t1 down to t0. Member k is a function of (score, points, options, seed, k).
 * @param start [n, N, P] state at t1 instead of draws of the limit, or NULL;  @param y [n, N, P] out, unit norm on spheres to rounding
 * @return GNDP_OK; GNDP_ERR_UNSUPPORTED for context with a score that takes none; GNDP_ERR_NONFINITE names member, step and time; GNDP_ERR_INTERRUPTED
 */
GNDP_API gndp_status gndp_brownian_sample(gndp_evaluator *evaluator, const gndp_brownian *process, const gndp_brownian_options *options, int64_t n,
                                          const uint32_t *member, const double *start, double *y);

/* ---- Likelihood ------------------------------------------------------------------------------- */

/**
 * ln p(y_0), nats of the whole field, by the probability flow: -N ln |S^d| (and standard normals) at t1 plus the integral of div(-(1/2) beta s) dt (10.8). RK4
 * in ln B from `least` to B(t1), in R^n with stages and results divided by their norms (a projection method: of order 4, since the flow keeps norms), or the
 * adaptive solver. The piece below `least` is one step by the slope there, exact to O(least²) for a score that is smooth at that scale; for one that is not, as
 * that of data without spread, `least` is the resolution (a variance in radians²) at which the density is taken.
 * Probes are drawn in R^n and replaced by their tangent parts where the state is.
 * @param options  solver RK4 or ADAPTIVE (else GNDP_ERR_UNSUPPORTED), steps, tolerance, probes, exact_terminal, seed, progress, stop are read
 * @param least  above 0 and below B(t1); 1e-6 unless the data say otherwise
 * @param contexts, context  points that are known, as in gndp_brownian_options (density of the others given them), their values stand in y0; 0, NULL: none
 * @param y0 [n, N, P];  @param log_p [n] out;  @param latent [n, N, P] out or NULL
 */
GNDP_API gndp_status gndp_brownian_log_likelihood(gndp_evaluator *evaluator, const gndp_brownian *process, const gndp_likelihood_options *options,
                                                  double least, int64_t contexts, const int64_t *context, int64_t n, const uint32_t *member,
                                                  const double *y0, double *log_p, double *latent);

#ifdef __cplusplus
}
#endif
#endif
