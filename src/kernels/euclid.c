// SPDX-License-Identifier: Apache-2.0
// Scalar kernels on R^n (geomndp.md 9.1), constant, and white noise by point index.
#define GNDP_NO_CALLSITE
#include "kernels/kernel.h"

#include <gndp/ops.h>

#include <math.h>

/* Below this q = (r/l)^2 the Matern profiles are their Taylor polynomials in q: exact at coincident
   points, where sqrt(q) has no derivative but the kernel has. The terms left out are below 1e-24 in
   the value, and the derivatives on either side differ by about 1e-8 (the square root of rounding).
 */
#define NEAR 1e-16

/* ------------------------------------------------------------------------------------ distances */

enum { LENGTHSCALE, VARIANCE }; /* hypers of the radial kernels and the periodic one */

/* q = sum over dimensions of ((x - z)/l)^2: [.., N, M] */
static gndp_node scaled_distance(const kernel_call *c)
{
    gndp_graph *g = c->g;
    const gndp_node l = kernel_theta_all(c, LENGTHSCALE);
    if (kernel_count(c->k, LENGTHSCALE) == 1) {
        return gndp_div(g, gndp_sqdist(g, c->x, c->z), gndp_square(g, l));
    }
    const gndp_node x = gndp_div(g, c->x, l);
    return gndp_sqdist(g, x, c->same ? x : gndp_div(g, c->z, l));
}

static gndp_status radial_traits(const gndp_kernel *k, kernel_traits *out)
{
    const int n = kernel_count(k, LENGTHSCALE);
    *out = (kernel_traits){.domain = GNDP_DOMAIN_EUCLIDEAN,
                           .outputs = 1,
                           .input_dim = n > 1 ? n : 0,
                           .stationary = true,
                           .isotropic = n == 1 && k->ops->radial != NULL};
    return GNDP_OK;
}

static gndp_node radial_gram(const kernel_call *c)
{
    return c->k->ops->radial->value(c, scaled_distance(c));
}

/* Kernels with k(x, x) = variance. */
static gndp_node variance_diagonal(const kernel_call *c)
{
    return kernel_theta(c, kernel_hyper_index(c->k, "variance"), 0);
}

/* s2 times f */
static gndp_node times_variance(const kernel_call *c, gndp_node f)
{
    return gndp_mul(c->g, f, variance_diagonal(c));
}

/* -------------------------------------------------------------------------------------------- rbf
 */

/* f = s2 exp(-q/2) */
static gndp_node rbf_value(const kernel_call *c, gndp_node q)
{
    return times_variance(c, gndp_exp(c->g, gndp_scale(c->g, q, -0.5)));
}

static void rbf_derivatives(const kernel_call *c, gndp_node q, gndp_node *first, gndp_node *second)
{
    const gndp_node f = rbf_value(c, q);
    *first = gndp_scale(c->g, f, -0.5);
    *second = gndp_scale(c->g, f, 0.25);
}

static gndp_status rbf_factor(const gndp_kernel *k, int axis, gndp_kernel **out)
{
    gndp_status st = GNDP_OK;
    const int n = kernel_count(k, LENGTHSCALE);
    gndp_kernel *factor = NULL;
    GNDP_TRY(gndp_kernel_clone(k, &factor));
    GNDP_TRY(
        kernel_set_list(factor, LENGTHSCALE, 1, kernel_list(k, LENGTHSCALE) + (n > 1 ? axis : 0)));
    factor->value[factor->first[VARIANCE]] = 1.0;
    *out = factor;
    factor = NULL;
done:
    gndp_kernel_free(factor);
    return st;
}

/* ----------------------------------------------------------------------------------------- Matern
 */

/* a = sqrt(w q) where q is not near 0, else 1, with the mask of where it holds. */
typedef struct root {
    gndp_node a, e, mask; /* e = exp(-a) */
} root;

static root safe_root(gndp_graph *g, gndp_node q, double w)
{
    root r;
    r.mask = gndp_less(g, kernel_number(g, NEAR), q);
    r.a = gndp_sqrt(g, gndp_scale(g, gndp_select(g, r.mask, q, kernel_number(g, 1.0)), w));
    r.e = gndp_exp(g, gndp_neg(g, r.a));
    return r;
}

/* c0 + c1 q + c2 q^2 near 0, else value */
static gndp_node near_zero(gndp_graph *g, root r, gndp_node q, gndp_node value, double c0,
                           double c1, double c2)
{
    gndp_node near = kernel_number(g, c0);
    if (c2 != 0.0) {
        near = gndp_offset(g, gndp_mul(g, q, gndp_offset(g, gndp_scale(g, q, c2), c1)), c0);
    } else if (c1 != 0.0) {
        near = gndp_offset(g, gndp_scale(g, q, c1), c0);
    }
    return gndp_select(g, r.mask, value, near);
}

/* f = s2 e^-a, a = sqrt q: no derivative at 0, where 0 is given. */
static gndp_node matern12_value(const kernel_call *c, gndp_node q)
{
    const root r = safe_root(c->g, q, 1.0);
    return times_variance(c, near_zero(c->g, r, q, r.e, 1.0, 0.0, 0.0));
}

/* f = s2 (1 + a) e^-a, a = sqrt(3 q): 1 - 3/2 q + O(q^(3/2)) */
static gndp_node matern32_value(const kernel_call *c, gndp_node q)
{
    gndp_graph *g = c->g;
    const root r = safe_root(g, q, 3.0);
    const gndp_node f = gndp_mul(g, gndp_offset(g, r.a, 1.0), r.e);
    return times_variance(c, near_zero(g, r, q, f, 1.0, -1.5, 0.0));
}

/* f' = -3/2 e^-a; f'' = 9/4 e^-a / a, infinite at 0 like 1/r: near 0 a finite number instead */
static void matern32_derivatives(const kernel_call *c, gndp_node q, gndp_node *first,
                                 gndp_node *second)
{
    gndp_graph *g = c->g;
    const root r = safe_root(g, q, 3.0);
    *first = times_variance(c, gndp_scale(g, near_zero(g, r, q, r.e, 1.0, 0.0, 0.0), -1.5));
    *second = times_variance(
        c, gndp_scale(g, near_zero(g, r, q, gndp_div(g, r.e, r.a), 0.0, 0.0, 0.0), 2.25));
}

/* f = s2 (1 + a + a^2/3) e^-a, a = sqrt(5 q): 1 - 5/6 q + 25/24 q^2 + O(q^(5/2)) */
static gndp_node matern52_value(const kernel_call *c, gndp_node q)
{
    gndp_graph *g = c->g;
    const root r = safe_root(g, q, 5.0);
    const gndp_node poly =
        gndp_add(g, gndp_offset(g, r.a, 1.0), gndp_scale(g, gndp_square(g, r.a), 1.0 / 3.0));
    return times_variance(c,
                          near_zero(g, r, q, gndp_mul(g, poly, r.e), 1.0, -5.0 / 6.0, 25.0 / 24.0));
}

/* f' = -5/6 (1 + a) e^-a = -5/6 + 25/12 q + ..; f'' = 25/12 e^-a */
static void matern52_derivatives(const kernel_call *c, gndp_node q, gndp_node *first,
                                 gndp_node *second)
{
    gndp_graph *g = c->g;
    const root r = safe_root(g, q, 5.0);
    const gndp_node f = gndp_mul(g, gndp_offset(g, r.a, 1.0), r.e);
    *first = times_variance(c, gndp_scale(g, near_zero(g, r, q, f, 1.0, -2.5, 0.0), -5.0 / 6.0));
    *second = times_variance(c, gndp_scale(g, near_zero(g, r, q, r.e, 1.0, 0.0, 0.0), 25.0 / 12.0));
}

/* --------------------------------------------------------------------------------------------- rq
 */

enum { RQ_ALPHA = 2 };

/* s2 (1 + q/(2 alpha))^-(alpha + more) */
static gndp_node rq_power(const kernel_call *c, gndp_node q, double more)
{
    gndp_graph *g = c->g;
    const gndp_node alpha = kernel_theta(c, RQ_ALPHA, 0);
    const gndp_node log = gndp_log1p(g, gndp_div(g, q, gndp_scale(g, alpha, 2.0)));
    return times_variance(c,
                          gndp_exp(g, gndp_neg(g, gndp_mul(g, gndp_offset(g, alpha, more), log))));
}

static gndp_node rq_value(const kernel_call *c, gndp_node q)
{
    return rq_power(c, q, 0.0);
}

static void rq_derivatives(const kernel_call *c, gndp_node q, gndp_node *first, gndp_node *second)
{
    gndp_graph *g = c->g;
    const gndp_node alpha = kernel_theta(c, RQ_ALPHA, 0);
    const gndp_node ratio =
        gndp_offset(g, gndp_scale(g, gndp_reciprocal(g, alpha), 0.25), 0.25); /* (a + 1)/(4 a) */
    *first = gndp_scale(g, rq_power(c, q, 1.0), -0.5);
    *second = gndp_mul(g, rq_power(c, q, 2.0), ratio);
}

/* --------------------------------------------------------------------------------------- periodic
 */

enum { PERIOD = 2 };

/* (cos, sin)(2 pi x / p) / l per coordinate, [.., N, 2 D]: the squared distance of two of these is
   sum_i 4 sin^2(pi (x_i - z_i)/p) / l_i^2, exactly 0 at coincident points. */
static gndp_node on_circles(const kernel_call *c, gndp_node x)
{
    gndp_graph *g = c->g;
    const gndp_node l = kernel_theta_all(c, LENGTHSCALE);
    const gndp_node angle = gndp_mul(g, x,
                                     gndp_scale(g, gndp_reciprocal(g, kernel_theta(c, PERIOD, 0)),
                                                2.0 * 3.14159265358979323846));
    const gndp_node part[2] = {gndp_div(g, gndp_cos(g, angle), l),
                               gndp_div(g, gndp_sin(g, angle), l)};
    return gndp_concat(g, part, 2, -1);
}

/* s2 exp(-1/2 sum_i sin^2(pi (x_i - z_i)/p)/l_i^2) */
static gndp_node periodic_gram(const kernel_call *c)
{
    gndp_graph *g = c->g;
    const gndp_node x = on_circles(c, c->x), z = c->same ? x : on_circles(c, c->z);
    return times_variance(c, gndp_exp(g, gndp_scale(g, gndp_sqdist(g, x, z), -0.125)));
}

/* ------------------------------------------------------------------------------ constant, white */

static gndp_status constant_traits(const gndp_kernel *k, kernel_traits *out)
{
    (void)k;
    *out = (kernel_traits){
        .domain = GNDP_DOMAIN_ANY, .outputs = 1, .stationary = true, .isotropic = true};
    return GNDP_OK;
}

static gndp_status white_traits(const gndp_kernel *k, kernel_traits *out)
{
    (void)constant_traits(k, out);
    out->white_only = out->has_white = out->flexible = true;
    return GNDP_OK;
}

/* s2 on the diagonal of a set with itself: indices are compared, never coordinates. */
static gndp_node white_gram(const kernel_call *c)
{
    gndp_graph *g = c->g;
    const int64_t n = c->n * c->outputs;
    if (!c->same) {
        return GNDP_NONE;
    }
    const gndp_node index = gndp_iota(g, n);
    const gndp_node diagonal =
        gndp_equal(g, gndp_reshape(g, index, 2, (const int64_t[]){n, 1}), index);
    return gndp_select(g, diagonal, variance_diagonal(c), kernel_number(g, 0.0));
}

static gndp_status unit_factor(const gndp_kernel *k, int axis, gndp_kernel **out)
{
    gndp_status st = GNDP_OK;
    (void)axis;
    GNDP_TRY(gndp_kernel_clone(k, out));
    (*out)->value[(*out)->first[kernel_hyper_index(k, "variance")]] = 1.0;
done:
    return st;
}

/* ----------------------------------------------------------------------------------------- tables
 */

#define LENGTHSCALES                                                                               \
    {                                                                                              \
        .name = "lengthscale", .form = KERNEL_ONE_OR_LIST, .initial = 1.0, .high = UNBOUNDED,      \
        .open = true, .positive = true                                                             \
    }
static const gndp_hyper radial_hyper[] = {LENGTHSCALES, KERNEL_VARIANCE, {0}};
static const gndp_hyper rq_hyper[] = {
    LENGTHSCALES, KERNEL_VARIANCE, KERNEL_POSITIVE("alpha", 1.0), {0}};
static const gndp_hyper periodic_hyper[] = {
    LENGTHSCALES, KERNEL_VARIANCE, KERNEL_POSITIVE("period", 1.0), {0}};
static const gndp_hyper variance_hyper[] = {KERNEL_VARIANCE, {0}};

static const kernel_radial rbf_radial = {
    .value = rbf_value, .derivatives = rbf_derivatives, .slope = 0.5};
static const kernel_radial matern12_radial = {
    .value = matern12_value,
    .why = "its fields have no derivative, so they are no potential; matern32 is the roughest that "
           "serves"};
static const kernel_radial matern32_radial = {
    .value = matern32_value, .derivatives = matern32_derivatives, .slope = 1.5};
static const kernel_radial matern52_radial = {
    .value = matern52_value, .derivatives = matern52_derivatives, .slope = 5.0 / 6.0};
static const kernel_radial rq_radial = {
    .value = rq_value, .derivatives = rq_derivatives, .slope = 0.5};

#define RADIAL(kind, hypers)                                                                       \
    const gndp_kernel_ops kernel_##kind##_ops = {.name = #kind,                                    \
                                                 .hyper = hypers,                                  \
                                                 .traits = radial_traits,                          \
                                                 .gram = radial_gram,                              \
                                                 .diagonal = variance_diagonal,                    \
                                                 .radial = &kind##_radial}
RADIAL(matern12, radial_hyper);
RADIAL(matern32, radial_hyper);
RADIAL(matern52, radial_hyper);
RADIAL(rq, rq_hyper);
const gndp_kernel_ops kernel_rbf_ops = {.name = "rbf",
                                        .hyper = radial_hyper,
                                        .traits = radial_traits,
                                        .gram = radial_gram,
                                        .diagonal = variance_diagonal,
                                        .factor = rbf_factor,
                                        .radial = &rbf_radial};
const gndp_kernel_ops kernel_periodic_ops = {.name = "periodic",
                                             .hyper = periodic_hyper,
                                             .traits = radial_traits,
                                             .gram = periodic_gram,
                                             .diagonal = variance_diagonal,
                                             .factor = rbf_factor};
const gndp_kernel_ops kernel_constant_ops = {.name = "constant",
                                             .hyper = variance_hyper,
                                             .traits = constant_traits,
                                             .gram = variance_diagonal,
                                             .diagonal = variance_diagonal,
                                             .factor = unit_factor};
const gndp_kernel_ops kernel_white_ops = {.name = "white",
                                          .hyper = variance_hyper,
                                          .traits = white_traits,
                                          .gram = white_gram,
                                          .diagonal = variance_diagonal};
