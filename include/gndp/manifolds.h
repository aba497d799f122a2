// SPDX-License-Identifier: Apache-2.0
// Spheres S^d in R^n, n = d + 1: geometry, integrals over S², heat kernel, Brownian motion drawn exactly, laws with a known density.
#ifndef GNDP_MANIFOLDS_H
#define GNDP_MANIFOLDS_H

#include <gndp/graph.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Points are unit vectors of R^n, n from 2 to GNDP_SPHERE_MAX, rows of arrays [count, n] in f64. Tangent vectors are vectors of R^n orthogonal to their
 * point. Time is tau of dp/dtau = Laplacian p: Brownian motion run for B has tau = B/2 (geomndp.md 10).
 */
#define GNDP_SPHERE_MAX 16

/* ---- Geometry (geomndp.md 10.1) --------------------------------------------------------------- */

/** v - (y.v) y. out may be v. */
GNDP_API void gndp_sphere_project(int n, int64_t count, const double *y, const double *v, double *out);
/** exp_y(v) = cos|v| y + sin|v|/|v| v, renormalised; v is projected first. out may be y. */
GNDP_API void gndp_sphere_exp(int n, int64_t count, const double *y, const double *v, double *out);
/** log_y(x): tangent at y, |log| = distance; smooth at x = y. 0 where x is the antipode of y (to rounding). @return how many those are */
GNDP_API int64_t gndp_sphere_log(int n, int64_t count, const double *y, const double *x, double *v);
/** Great-circle distance in radians, accurate at 0 and pi: atan2(|x cross y|, x.y), for any n. */
GNDP_API double gndp_sphere_distance(int n, const double *y, const double *x);
/** Parallel transport of v from y to x along the shortest great circle: v - (x.v)/(1 + x.y) (x + y). out may be v. At the antipode the direction is not
 * defined: v itself, projected. */
GNDP_API void gndp_sphere_transport(int n, int64_t count, const double *y, const double *x, const double *v, double *out);
/** ln |S^(n-1)|: ln 4 pi for n = 3. */
GNDP_API double gndp_sphere_log_area(int n);
/** Frechet mean of points with weights ([count] or NULL: equal): the minimum of the mean squared distance that a fixed-point iteration from the
 * normalised mean reaches. @return GNDP_OK; GNDP_ERR_NONFINITE; GNDP_ERR_RANGE where the mean vector vanishes or the iteration does not settle, so
 * that no direction is preferred, for weights that are negative or sum to 0 */
GNDP_API gndp_status gndp_sphere_mean(int n, int64_t count, const double *x, const double *weight, double *mean);
/** Latitude and longitude (-180..180) in degrees of unit vectors [count, 3]; exact at the poles. Either output may be NULL. */
GNDP_API void gndp_sphere_to_degrees(int64_t count, const double *x, double *lat_deg, double *lon_deg);

/** y/|y| along the last axis: a function of R^n that is constant along rays. */
GNDP_API gndp_node gndp_sphere_unit_node(gndp_graph *g, gndp_node y);
/** v - (y.v) y along the last axis; y of unit norm. */
GNDP_API gndp_node gndp_sphere_project_node(gndp_graph *g, gndp_node y, gndp_node v);

/* ---- Integrals over S² ------------------------------------------------------------------------ */

/**
 * Gauss-Legendre in sin(latitude) times equal longitudes: exact for spherical harmonics of degree up to 2 n_lat - 1, n_lat * 2 n_lat points.
 * @param n_lat >= 1;  @param x [2 n_lat^2, 3] out, from the north pole on, longitudes from 0;  @param weight [2 n_lat^2] out, sum 4 pi
 */
GNDP_API void gndp_sphere_quadrature(int64_t n_lat, double *x, double *weight);

/* ---- Heat kernel on S² (geomndp.md 10.5) ------------------------------------------------------ */

/*
 * c = cos of the angle to the pole. Series where tau >= 0.05 and p is above exp(-25) of its maximum, else the expansion in tau to second order: relative error
 * of the score at most 2.3e-6 RMS under the law (at tau = 0.05; 1.6e-8 at 0.01), of p 0.2 tau^2 at most in the bulk. Beyond exp(-25), where no draw comes,
 * p keeps two digits up to the antipode.
 */

/** ln p_tau(c), density on the sphere: integrates to 1 over S². tau > 0. */
GNDP_API double gndp_heat_log_density(double tau, double c);
/** G(c, tau) with grad_y ln p = G (y_0 - c y). */
GNDP_API double gndp_heat_slope(double tau, double c);
/** The same two from points: accurate where y is so near y0 that c rounds to 1. score [3] tangent at y, or NULL. @return ln p */
GNDP_API double gndp_heat_score(double tau, const double *y0, const double *y, double *score);

/* ---- Brownian motion -------------------------------------------------------------------------- */

/**
 * Which random numbers: nothing is consumed. A point takes elements of its own, whatever the count, split into calls, or threads: with i = first + its place
 * in the call, exact draws those from 128 i on (no more, however many proposals they reject), uniform points and tangents those from n i on, walks those from
 * steps n i on. A member has 2^33 elements: 6.7e7 points of exact draws; GNDP_ERR_RANGE where a call would need more. Draws of different kinds need different
 * streams or steps to be independent.
 */
typedef struct gndp_sphere_key {
    uint64_t seed;
    uint32_t step, member, stream; /* stream: GNDP_STREAM() */
    int64_t first;                 /* number of the first point within the member */
} gndp_sphere_key;

/** Uniform points. out [count, n]. @return GNDP_OK; GNDP_ERR_RANGE for n or numbers of points that are not allowed, as all draws */
GNDP_API gndp_status gndp_sphere_uniform(int n, int64_t count, gndp_sphere_key key, double *out);
/** Standard normal tangent vectors at y: P_y xi. out [count, n], not y. */
GNDP_API gndp_status gndp_sphere_tangent_normal(int n, int64_t count, const double *y, gndp_sphere_key key, double *out);
/**
 * Exact draws of y_tau given y_0: on S² by the law of the angle (geomndp.md 10.3: below tau = 0.02 by rejection, moments right to 1.4e-8; else by inversion,
 * to rounding), on the circle by wrapping, elsewhere by Wright-Fisher (10.4; tau below 0.05, where its alternating series loses its digits in double precision,
 * by the normal approximation of the number of lines, whose mean is chosen so that E cos is right: 1 - E cos to 7e-6 of itself, 1 - E cos^2 to 1e-4).
 * tau 0 gives y0 itself.
 * @param tau [count], runs of equal ones are cheaper;  @param out [count, n], may be y0
 * @return GNDP_OK; GNDP_ERR_RANGE for a tau that is negative or not finite, for n, for numbers of points; then nothing is written
 */
GNDP_API gndp_status gndp_sphere_heat_draw(int n, int64_t count, const double *tau, const double *y0, gndp_sphere_key key, double *out);
/** By Wright-Fisher on any sphere, S² and the circle too, with the same arguments: another way to the same law. */
GNDP_API gndp_status gndp_sphere_wright_fisher_draw(int n, int64_t count, const double *tau, const double *y0, gndp_sphere_key key, double *out);
/** Geodesic random walk of so many equal increments: approximate, to compare with (10.2). steps 1 to 2^20. */
GNDP_API gndp_status gndp_sphere_walk_draw(int n, int64_t count, int64_t steps, const double *tau, const double *y0, gndp_sphere_key key, double *out);

/* ---- Von Mises-Fisher on S² ------------------------------------------------------------------- */

/** ln of the density exp(kappa c) kappa/(4 pi sinh kappa), kappa >= 0, without overflow. */
GNDP_API double gndp_von_mises_fisher_log_density(double kappa, double c);

/**
 * Kernel density with von Mises-Fisher kernels at `centre` [count, 3]: ln density at x [n, 3]. skip: leave centre i out at point i (n = count), as
 * leave-one-out wants; -infinity where no centre is left. Kernels below exp(-60) of another are left out. @param log_p [n] out
 */
GNDP_API void gndp_von_mises_fisher_kde(double kappa, int64_t count, const double *centre, int64_t n, const double *x, bool skip, double *log_p);
/** The kappa of greatest leave-one-out likelihood between low and high, 0 < low < high: the best of 12, refined by golden section in ln kappa to 1e-3. `high`
 * where it still rises there, as it does without bound where every place is repeated. Cost: 30 times count^2 kernels. Fewer than 2 centres: low. */
GNDP_API double gndp_von_mises_fisher_fit(int64_t count, const double *centre, double low, double high);

#ifdef __cplusplus
}
#endif
#endif
