// SPDX-License-Identifier: Apache-2.0
// The table of one factorisation of a Gaussian law, and what its file shares with the others.
#ifndef GNDP_KERNELS_GAUSSIAN_H
#define GNDP_KERNELS_GAUSSIAN_H

#include <stdatomic.h>

#include "base/thread.h"
#include "kernels/covariance.h"

#include <gndp/gaussian.h>

/* What is to be factored; everything is borrowed during create. */
typedef struct gaussian_problem {
    const covariance *cov;
    const gndp_points *points;
    gndp_gaussian_options options; /* threads and max_bytes filled in */
    int64_t n_points, size;        /* N, N P */
    int outputs;                   /* P */
} gaussian_problem;

/* What a factorisation says of itself when it is made. */
typedef struct gaussian_facts {
    int64_t rank;
    double jitter;  /* absolute */
    size_t bytes;   /* held by the law */
    char note[256]; /* part of the describing line */
} gaussian_facts;

/* One way to factor K = R R'. Vectors [n, N P] and noise [n, rank] are rows. */
typedef struct gaussian_ops {
    gndp_factorisation kind;
    const char *name;
    /** GNDP_ERR_UNSUPPORTED with the reason where it does not apply. */
    gndp_status (*create)(const gaussian_problem *problem, void **impl, gaussian_facts *facts);
    void (*free)(void *impl);
    /** Draw i = R e, e the normals of (seed, member[i]); without the mean. */
    gndp_status (*sample)(const void *impl, uint64_t seed, const uint32_t *member, int64_t n,
                          double *out);
    gndp_status (*root)(const void *impl, bool transposed, int64_t n, const double *v, double *out);
    gndp_status (*apply)(const void *impl, int64_t n, const double *v,
                         double *out); /* NULL: R (R' v) */
    gndp_status (*solve)(const void *impl, int64_t n, const double *v, double *out);
    gndp_status (*log_det)(const void *impl, double *out);
    /** out[i] = v_i' K^-1 v_i. NULL: from solve. */
    gndp_status (*quadratic)(const void *impl, int64_t n, const double *v, double *out);
    gndp_status (*variance)(const void *impl, double *out);
} gaussian_ops;

extern const gaussian_ops gaussian_dense_ops, gaussian_kronecker_ops, gaussian_circulant_ops,
    gaussian_latlon_ops, gaussian_diagonal_ops;

struct gndp_gaussian {
    atomic_int owners; /* the caller's handle, and laws made of this one */
    const gaussian_ops *ops;
    void *impl;
    gaussian_facts facts;
    int64_t size;
    int outputs;
    double *mean; /* [N P] or NULL */
    gndp_gaussian_options options;
    char describe[768];
};

/** gndp_gaussian_create on a covariance: the seam for tests. */
gndp_status gaussian_create_from(const covariance *cov, const gndp_points *points,
                                 const double *mean, const gndp_gaussian_options *options,
                                 gndp_gaussian **out);

/** A law with a dense covariance given as values: fill writes K's lower triangle (row-major,
 * leading dimension n). `what` names K in messages. */
typedef gndp_status (*gaussian_fill)(void *state, double *k);
gndp_status gaussian_dense_from(gaussian_fill fill, void *state, int64_t n, double scale,
                                const gndp_gaussian_options *options, const char *what,
                                const gndp_points *points, void **impl, gaussian_facts *facts);

/** A share of a law: it lives until the last one is freed. */
gndp_gaussian *gaussian_share(const gndp_gaussian *law);

/** The arguments of a conditioning. */
gndp_status gaussian_check_given(const gndp_gaussian *law, const int64_t *index, int64_t m,
                                 const double *y, const double *noise, const int64_t *target,
                                 int64_t t);
/** Numbers of all P values at points index[n] (NULL: 0 .. n - 1); free() it. */
int64_t *gaussian_value_numbers(const int64_t *index, int64_t n, int64_t p);
/** Rows `rows` [m] of columns `which` [n] of K: out [n, m], column by column, jitter included. */
gndp_status gaussian_columns(const gndp_gaussian *law, int64_t n, const int64_t *which, int64_t m,
                             const int64_t *rows, double *out);

/* What a law is given. */
typedef struct gaussian_given {
    int64_t n_seen;
    const int64_t *seen;  /* [c] value numbers of the base law */
    const double *noise;  /* [c] variances */
    const double *factor; /* [c, c] row-major, lower: of K_cc + noise */
    const double *weight; /* [c] (K_cc + noise)^-1 (y - mean) */
    int64_t n_target;
    const int64_t *target; /* value numbers, or NULL: the first n_target */
    double extra;          /* variance of noise added to each target value */
} gaussian_given;

/** The law of the targets by Matheron's rule (gaussian_matheron.c); a share of base is kept. */
gndp_status gaussian_matheron(const gndp_gaussian *base, const gaussian_given *given, int outputs,
                              gndp_gaussian **out);

/**
 * The joint law of a latitude-longitude grid and m more points of the sphere, by harmonics
 * (gaussian_harmonic.c): the grid's values first.
 * @param x  [m, 3] unit vectors
 */
gndp_status gaussian_harmonic(const covariance *cov, const gndp_points *grid, int64_t m,
                              const double *x, const double *mean,
                              const gndp_gaussian_options *options, gndp_gaussian **out);

/** Options with the defaults filled in. */
gndp_status gaussian_fill_options(const gndp_gaussian_options *given, gndp_gaussian_options *out);

/** Wrap a factor as a law; `impl` is taken, on failure freed. */
gndp_status gaussian_wrap(const gaussian_ops *ops, void *impl, const gaussian_facts *facts,
                          int64_t size, int outputs, const double *mean,
                          const gndp_gaussian_options *options, const char *why,
                          gndp_gaussian **out);

/** White noise tells any two values of one point from another's. */
bool gaussian_has_noise(const covariance *cov);

/** Fails with GNDP_ERR_NOMEM when `bytes` is more than the options allow: says how much and what to
 * do. */
gndp_status gaussian_check_bytes(const gndp_gaussian_options *options, double bytes,
                                 const char *what);

/* The random stream of draws: step 0, element the position in the noise. */
#define GAUSSIAN_STREAM GNDP_STREAM(0x4750, 0)

/* Members that are drawn together; the bits of a draw do not depend on its neighbours. */
enum { GAUSSIAN_GROUP = 8 };

/* --------------------------------------------------------------------------------- threads */

/** OpenBLAS (its OpenMP build) and parallel regions started by this thread use n threads from here
 * on; returns what it was. */
int gaussian_threads_begin(int n);
void gaussian_threads_end(int before);

enum { GAUSSIAN_MAX_THREADS = 256 };
typedef struct gaussian_flush {
    int threads;
    bool flushed[GAUSSIAN_MAX_THREADS];
    gndp_fp_state saved[GAUSSIAN_MAX_THREADS];
} gaussian_flush;
/** Subnormals become zero in every thread of the pool until the end. */
void gaussian_flush_begin(gaussian_flush *flush, int threads);
void gaussian_flush_end(const gaussian_flush *flush);

/* ---------------------------------------------------------------------------------- points */

/** Shapes, finite coordinates, ranges. Messages name the first coordinate that is not finite. */
gndp_status points_check(const gndp_points *points);
int64_t points_dim(const gndp_points *points);
/** Point i as coordinates [D]. */
void points_at(const gndp_points *points, int64_t i, double *x);
bool points_is_pole(const gndp_points *points, int64_t lat);

#endif
