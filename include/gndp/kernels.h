// SPDX-License-Identifier: Apache-2.0
// Covariance functions as trees: text, parameters, Gram nodes.
#ifndef GNDP_KERNELS_H
#define GNDP_KERNELS_H

#include <gndp/graph.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * A kernel is a covariance function k(x, x') with values in R^(P x P): a small tree whose leaves are named functions and
 * whose inner nodes are sums, products, scalings and ways to make several outputs of one. It is written as text:
 *
 *   rbf(lengthscale=0.25, variance=1) + white(variance=0.0025)
 *   0.5 * matern52(lengthscale=[2, 1]) * periodic(lengthscale=0.5, period=1)
 *   diag(rbf(lengthscale=2), outputs=2)          the same kernel for each of P components, independent
 *   coregion(rbf(lengthscale=2), a=[1, 0.5], rank=1, diagonal=[0.1, 0.1])   k (A A' + diag(d)), A [P, rank] row by row
 *   curlfree(rbf(lengthscale=2.236)), divfree(matern52(lengthscale=1))      vector fields on R^n, P = n
 *   s2_heat(kappa=0.2), s2_matern(nu=1.5, kappa=0.2), s2_rbf(lengthscale=0.2)   on the sphere, x unit vectors in R^3
 *   s2_curlfree(s2_heat(kappa=0.2)), s2_divfree(..), s2_hodge(s2_heat(kappa=0.2), curl=0.3, div=0.7)
 *                                                  tangent fields on the sphere, P = 2: east, north components
 *   on(rbf(lengthscale=2), axes=[0, 1]) * on(matern12(lengthscale=3), axes=[2])  each factor sees some of the coordinates
 *
 * Leaves on R^n: rbf, matern12, matern32, matern52, rq(alpha), periodic(period), constant, white. Every leaf has `variance`
 * (default 1; never a standard deviation); `lengthscale` is one number or one a dimension. Equations: geomndp.md section 9
 * (Rasmussen & Williams 2006 ch. 4; Mathieu et al. 2023, arXiv:2307.05431; on S² Schoenberg 1942).
 * `white` compares point indices, never coordinates: it is added only to the Gram of a set with itself. In a sum with kernels of
 * several outputs it is independent noise on each; a scalar factor of a product multiplies every pair of components.
 *
 * Fields. curlfree and divfree take one of rbf, matern32, matern52, rq with one lengthscale l and are l^2 times the second
 * derivatives of it, as 9.3 normalises them: K(x, x) = variance I for curlfree(rbf), 5/3 and 3 times that for matern52 and
 * matern32, (n - 1) times as much for divfree. s2_curlfree and s2_divfree take the spectrum of s2_heat, s2_matern or s2_rbf and have
 * K(x, x) = variance I; s2_hodge is curl K_curl + div K_div, with the shares of the curl-free and the divergence-free part.
 *
 * Series on S² sum degrees up to where the rest is below rounding, at most 512 (info: degree, series_tail); with parameters given as
 * nodes always 512, which is the same to rounding. Points are taken as directions.
 *
 * Derivatives at coincident points are those of the kernel: the first always, the second where it exists (matern12 has neither: 0).
 * Frames of tangent fields have no derivative in x at a pole: 0 is given.
 *
 * Gram order is point-major, component-minor: entry (i P + p, j P + q) is k_pq(x_i, z_j).
 */
typedef struct gndp_kernel gndp_kernel;

/** Where the inputs of a kernel live. */
typedef enum gndp_domain {
    GNDP_DOMAIN_ANY,       /* constant, white */
    GNDP_DOMAIN_EUCLIDEAN, /* R^n, x [N, D] */
    GNDP_DOMAIN_SPHERE,    /* S², x [N, 3] unit vectors */
    GNDP_DOMAIN_MIXED      /* x [N, D], some of its coordinates unit vectors: parts in on(.., axes=..) */
} gndp_domain;

/** What is known of a kernel without evaluating it. */
typedef struct gndp_kernel_info {
    gndp_domain domain;
    int outputs;           /* P; 0: as many as input dimensions (curlfree and divfree of R^n) */
    int input_dim;         /* D that lengthscales or axes fix; 0: any */
    bool stationary;       /* depends on x - x' only (white included) */
    bool isotropic;        /* E(n)-equivariant on R^n; O(3)-equivariant on S² */
    bool white_only;       /* K is (block) diagonal on any set of distinct indices */
    bool has_white;        /* white noise somewhere in the tree */
    int degree;            /* S²: highest degree of the Legendre series summed, 0: none */
    double series_tail;    /* S²: variance of the degrees cut off, relative to the sum of all (an estimate); 0: none */
} gndp_kernel_info;

/**
 * Read a kernel from text (grammar above; spaces and line breaks free).
 * @param out  owned by the caller
 * @return GNDP_OK; GNDP_ERR_FORMAT with column, a caret line and the nearest known name; GNDP_ERR_RANGE for a parameter outside
 *         its range (variance < 0, lengthscale <= 0, NaN); GNDP_ERR_SHAPE when parts do not fit (outputs, domains, dimensions); GNDP_ERR_NOMEM
 */
GNDP_API gndp_status gndp_kernel_parse(const char *text, gndp_kernel **out);

/** Independent copy. */
GNDP_API gndp_status gndp_kernel_clone(const gndp_kernel *k, gndp_kernel **out);
/** Takes NULL. */
GNDP_API void gndp_kernel_free(gndp_kernel *k);

/** Canonical text: every parameter named, numbers in the shortest form that reads back exactly. As snprintf: returns the length needed. */
GNDP_API size_t gndp_kernel_print(const gndp_kernel *k, char *text, size_t capacity);

GNDP_API gndp_kernel_info gndp_kernel_get_info(const gndp_kernel *k);

/** Number of outputs P for inputs of dimension D. */
GNDP_API int gndp_kernel_outputs(const gndp_kernel *k, int64_t input_dim);

/** One scalar parameter of the tree. */
typedef struct gndp_kernel_param {
    char path[64];        /* such as "0/rbf/lengthscale", "1/white/variance", "0/rbf/lengthscale[1]": child indices from the root */
    double value;
    double low, high;     /* allowed range, open where positive is required */
    bool positive;        /* fitted as its logarithm */
    bool fittable;        /* false: structural (nu, rank, outputs, axes), or positive but 0 now (its logarithm is no number) */
} gndp_kernel_param;

/** Number of parameters, in the order of the text. */
GNDP_API int gndp_kernel_param_count(const gndp_kernel *k);
/** @return GNDP_OK; GNDP_ERR_RANGE if i is outside 0..count-1 */
GNDP_API gndp_status gndp_kernel_param_get(const gndp_kernel *k, int i, gndp_kernel_param *out);
/** Set by path. @return GNDP_OK; GNDP_ERR_NOT_FOUND names the nearest path; GNDP_ERR_RANGE outside its range */
GNDP_API gndp_status gndp_kernel_param_set(gndp_kernel *k, const char *path, double value);

/**
 * Gram nodes in f64, differentiable in inputs and parameters.
 *
 * @param theta  [gndp_kernel_param_count] nodes, f64 scalars in the parameters' natural scale (structural ones are ignored), or
 *               NULL: the values held by k as constants
 * @param x      [.., N, D] f64
 * @param z      [.., M, D] f64, or GNDP_NONE: x with itself, and only then white is added
 * @return [.., N P, M P]; GNDP_NONE with a poisoned graph if shapes or domain do not fit
 */
GNDP_API gndp_node gndp_kernel_gram(gndp_graph *g, const gndp_kernel *k, const gndp_node *theta, gndp_node x, gndp_node z);

/** Diagonal of the Gram of x with itself, white included: [.., N P]. */
GNDP_API gndp_node gndp_kernel_gram_diag(gndp_graph *g, const gndp_kernel *k, const gndp_node *theta, gndp_node x);

/**
 * Gram on host arrays (a plan on the CPU made and run inside).
 * @param x [N, D] f64, z [M, D] f64 or NULL;  out [N P, M P] f64, caller's memory
 * @return GNDP_OK; GNDP_ERR_SHAPE, GNDP_ERR_TYPE; GNDP_ERR_NONFINITE names the first coordinate that is not finite; GNDP_ERR_RANGE for a
 *         point off the sphere (|x| differs from 1 by more than 1e-6); GNDP_ERR_NOMEM
 */
GNDP_API gndp_status gndp_kernel_evaluate(const gndp_kernel *k, const gndp_array *x, const gndp_array *z, gndp_array *out);

/** Unit vectors [N, 3] from latitude and longitude in degrees, arrays of N. A pole keeps its longitude, 2^-54 off the axis: a vector
 * there is seen in the frame of that meridian. */
GNDP_API void gndp_sphere_from_degrees(int64_t n, const double *lat_deg, const double *lon_deg, double *x);

/**
 * Frames of a tangent field: east and north unit vectors at each x, [N, 3] each. At a pole the frame is the limit along the meridian
 * that gndp_sphere_from_degrees keeps, of longitude 0 for (0, 0, +-1).
 */
GNDP_API void gndp_sphere_frames(int64_t n, const double *x, double *east, double *north);

#ifdef __cplusplus
}
#endif
#endif
