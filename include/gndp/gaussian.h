// SPDX-License-Identifier: Apache-2.0
// Gaussian laws N(m, K) on point sets, exact, by the structure that the points and the kernel allow.
#ifndef GNDP_GAUSSIAN_H
#define GNDP_GAUSSIAN_H

#include <gndp/kernels.h>

#ifdef __cplusplus
extern "C" {
#endif

/** How the points of a law lie. */
typedef enum gndp_points_kind {
    GNDP_POINTS_LIST,    /* any points: x [N, D] (unit vectors [N, 3] on the sphere) */
    GNDP_POINTS_PRODUCT, /* every combination of axis values; the last axis varies fastest; N = prod n_i, D = axes */
    GNDP_POINTS_LATLON   /* sphere: latitudes times equally spaced longitudes round the whole circle, longitude fastest */
} gndp_points_kind;

/** Points, borrowed by the functions that take them. Build it with designated initialisers. */
typedef struct gndp_points {
    gndp_points_kind kind;
    gndp_array x;                           /* LIST */
    int n_axes;                             /* PRODUCT: 1..4 */
    const double *axis[4];
    int64_t axis_size[4];
    const double *lat_deg;                  /* LATLON: [n_lat], each in -90..90, no two equal */
    int64_t n_lat, n_lon;
    double lon0_deg;                        /* first longitude; the others follow every 360/n_lon degrees */
} gndp_points;

/** Number of points N. At a pole of a LATLON set the n_lon points are one point: they get one value (vectors: one vector, in n_lon frames). */
GNDP_API int64_t gndp_points_count(const gndp_points *points);

/** All points as a list: x [N, D] f64 made by the caller (D = 3 for LATLON). @return GNDP_OK; GNDP_ERR_SHAPE */
GNDP_API gndp_status gndp_points_list(const gndp_points *points, gndp_array *x);

/** How K is factored: K = R R', R [N P, rank]. */
typedef enum gndp_factorisation {
    GNDP_FACTOR_AUTO,      /* the cheapest exact one */
    GNDP_FACTOR_DENSE,     /* any points: Cholesky, (N P)^3/3 flops, (N P)^2 numbers */
    GNDP_FACTOR_KRONECKER, /* PRODUCT points, kernel a product of factors on separate axes (and diag/coregion outputs) + white by eigenvalues */
    GNDP_FACTOR_CIRCULANT, /* PRODUCT points equally spaced, stationary kernel: embedding in a periodic grid, FFT. Draws and products only */
    GNDP_FACTOR_LATLON,    /* LATLON points, isotropic kernel on S²: FFT in longitude, one block a wavenumber, its root from harmonics */
    GNDP_FACTOR_DIAGONAL,  /* white noise */
    GNDP_FACTOR_MATHERON   /* given values, by Matheron's rule on another law: never asked for, made by gndp_gaussian_condition_draws */
} gndp_factorisation;

typedef struct gndp_gaussian_options {
    gndp_factorisation factorisation; /* AUTO: the library chooses; else that one or an error that says why not */
    double jitter;      /* relative to the mean of K's diagonal, added once to K. Default 0 means 1e-12 (1e-6 in f32) for dense and Kronecker laws and none for
                           the others, whose roots come without a factorisation that could fail; negative: none at all. Points that are the same, under a
                           kernel without white noise, are an error unless a jitter is asked for */
    double max_jitter;  /* dense: on failure jitter grows tenfold up to this (relative); default 0 means 1e-6 */
    bool f32;           /* dense only: factor in single precision */
    size_t max_bytes;   /* refuse to allocate more; default 0 means 3/4 of the machine's memory */
    int threads;        /* 0: gndp_threads_get() */
} gndp_gaussian_options;

/** The law N(m, K) of a field with P outputs on N points. It owns copies of all it needs; it never refactors. Its calls may run in several threads at
    once. */
typedef struct gndp_gaussian gndp_gaussian;

/**
 * Factor the law of kernel k on a point set.
 *
 * @param mean     [N P] f64 values, or NULL for zero; copied
 * @param options  NULL for the defaults
 * @param out      owned by the caller
 * @return GNDP_OK; GNDP_ERR_SHAPE when kernel and points do not fit; GNDP_ERR_NONFINITE names the first coordinate that is not finite;
 *         GNDP_ERR_UNSUPPORTED when the factorisation asked for does not apply, with the reason; GNDP_ERR_NOMEM says how much it would need and
 *         what to do; GNDP_ERR_NOT_PD names kernel, parameters, smallest pivot or eigenvalue, jitter reached and, for duplicate points, the first pair
 */
GNDP_API gndp_status gndp_gaussian_create(const gndp_kernel *k, const gndp_points *points, const double *mean,
                                          const gndp_gaussian_options *options, gndp_gaussian **out);
/** Takes NULL. */
GNDP_API void gndp_gaussian_free(gndp_gaussian *law);

/** What was chosen, what it cost, why; one line. Owned by the law. */
GNDP_API const char *gndp_gaussian_describe(const gndp_gaussian *law);
GNDP_API gndp_factorisation gndp_gaussian_factorisation(const gndp_gaussian *law);
/** N P. */
GNDP_API int64_t gndp_gaussian_size(const gndp_gaussian *law);
/** Length of the white noise that R takes; N P for most, more for circulant embedding. */
GNDP_API int64_t gndp_gaussian_rank(const gndp_gaussian *law);
/** Jitter in K, absolute (added to the variance of each value). */
GNDP_API double gndp_gaussian_jitter(const gndp_gaussian *law);

/**
 * Draws m + R e, e standard normal: draw r is a function of (seed, member[r]) alone, whatever the batch.
 * @param member [R] numbers;  out [R, N P] f64
 */
GNDP_API gndp_status gndp_gaussian_sample(const gndp_gaussian *law, uint64_t seed, const uint32_t *member, int64_t n, double *out);

/** Draws on a subset of the points: whole draws, then index[M] (points) picked: out [R, M P]. */
GNDP_API gndp_status gndp_gaussian_sample_subset(const gndp_gaussian *law, uint64_t seed, const uint32_t *member, int64_t n, const int64_t *index,
                                                 int64_t m, double *out);

/** out = K v for n vectors v [n, N P] (jitter included). May not alias. */
GNDP_API gndp_status gndp_gaussian_apply(const gndp_gaussian *law, int64_t n, const double *v, double *out);
/** out = R e: e [n, rank] -> [n, N P]; transposed: out = R' v: v [n, N P] -> [n, rank]. */
GNDP_API gndp_status gndp_gaussian_apply_root(const gndp_gaussian *law, bool transposed, int64_t n, const double *v, double *out);
/** out = K^-1 v. Circulant: conjugate gradients to a relative residual of 1e-10, GNDP_ERR_NONFINITE if not reached. Semidefinite laws (poles, truncated
    spectra): GNDP_ERR_UNSUPPORTED names the null space unless v lies in the range. */
GNDP_API gndp_status gndp_gaussian_solve(const gndp_gaussian *law, int64_t n, const double *v, double *out);
/** ln det K. GNDP_ERR_UNSUPPORTED for circulant embedding and for semidefinite laws. */
GNDP_API gndp_status gndp_gaussian_log_det(const gndp_gaussian *law, double *out);
/** ln N(y; m, K) of n fields y [n, N P]: out [n] nats. */
GNDP_API gndp_status gndp_gaussian_log_prob(const gndp_gaussian *law, int64_t n, const double *y, double *out);

/**
 * The law given noisy values at some of its points: y_c = f(x_c) + N(0, noise). A new dense law on `target` points: the square of their number is
 * held.
 * @param index  [M] points observed (all P outputs each);  y [M P];  noise [M P] variances or NULL for none
 * @param target [T] points, or NULL for all
 */
GNDP_API gndp_status gndp_gaussian_condition(const gndp_gaussian *law, const int64_t *index, int64_t m, const double *y, const double *noise,
                                             const int64_t *target, int64_t t, gndp_gaussian **out);

/**
 * The same law without its matrix, for as many targets as the given law has points (Matheron's rule; Wilson et al. 2020, arXiv:2002.09309):
 *
 *   f + K_*c (K_cc + noise)^-1 (y - f_c - e),  f a draw of the given law, e ~ N(0, noise),
 *
 * is an exact draw of the posterior. A draw costs one of the given law and one product with its covariance; the mean is there at once; variances
 * cost one product for each observed value. Dense is only K_cc. Solutions, ln det and densities are GNDP_ERR_UNSUPPORTED: they want
 * gndp_gaussian_condition. The given law is kept alive, its handle may be freed.
 *
 * @param index, y, noise, target  as gndp_gaussian_condition
 * @return GNDP_OK; GNDP_ERR_NOT_PD when the observed values have a singular covariance; GNDP_ERR_NOMEM; GNDP_ERR_RANGE, GNDP_ERR_NONFINITE name the
 *         first culprit
 */
GNDP_API gndp_status gndp_gaussian_condition_draws(const gndp_gaussian *law, const int64_t *index, int64_t m, const double *y, const double *noise,
                                                   const int64_t *target, int64_t t, gndp_gaussian **out);

/** Mean [N P]. */
GNDP_API void gndp_gaussian_mean(const gndp_gaussian *law, double *out);
/** Variances [N P] (diagonal of K). */
GNDP_API gndp_status gndp_gaussian_variance(const gndp_gaussian *law, double *out);

#ifdef __cplusplus
}
#endif
#endif
