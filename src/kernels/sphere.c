// SPDX-License-Identifier: Apache-2.0
// Isotropic scalar kernels on the sphere (geomndp.md 9.4), and the potentials of tangent fields.
#define GNDP_NO_CALLSITE
#include "kernels/sphere.h"

#include <gndp/ops.h>

#include <math.h>
#include <stdlib.h>

/* ------------------------------------------------------------------------------------- points */

/* x / |x| */
gndp_node kernel_unit(gndp_graph *g, gndp_node x)
{
    return gndp_mul(g, x, gndp_rsqrt(g, gndp_sum_last(g, gndp_square(g, x))));
}

/* 1 - |x - z|^2 / 2 for unit vectors: exactly 1 at coincident points, and symmetric. */
gndp_node kernel_cosine(const kernel_call *c)
{
    gndp_graph *g = c->g;
    const gndp_node x = kernel_unit(g, c->x), z = c->same ? x : kernel_unit(g, c->z);
    return gndp_offset(g, gndp_scale(g, gndp_sqdist(g, x, z), -0.5), 1.0);
}

static gndp_status zonal_traits(const gndp_kernel *k, kernel_traits *out)
{
    *out = (kernel_traits){.domain = GNDP_DOMAIN_SPHERE, .outputs = 1, .isotropic = true};
    if (!k->ops->zonal->closed) {
        out->degree = k->ops->zonal->terms(k, &out->tail) - 1;
    }
    return GNDP_OK;
}

static gndp_node zonal_gram(const kernel_call *c)
{
    return c->k->ops->zonal->value(c, kernel_cosine(c));
}

static gndp_node variance_node(const kernel_call *c)
{
    return kernel_theta(c, kernel_hyper_index(c->k, "variance"), 0);
}

static gndp_node zonal_diagonal(const kernel_call *c)
{
    return variance_node(c);
}

/* ------------------------------------------------------------------------------------- series */

/*
 * k(c) = s2 sum_l a_l P_l(c) / sum_l a_l. Relative to (2l + 1) the coefficients are
 *   heat:   exp(-kappa^2 l(l+1)/2)
 *   Matern: (1 + kappa^2 l(l+1)/(2 nu))^-(nu+1)
 * Potential of tangent fields: 2 b_l/(l(l+1)) P_l with b_l = a_l, l >= 1, of sum 1: phi'(1) = 1.
 *
 * Terms: with parameters given as nodes the spectrum may move, so that all KERNEL_SERIES_MAX are
 * summed; with constants those up to where the rest is below rounding. Both differ by less than
 * 1e-14.
 */
#define SERIES_REST 1e-15

enum { HEAT_KAPPA }; /* of heat */
enum { MATERN_NU, MATERN_KAPPA };

static double heat_weight(const gndp_kernel *k, double l)
{
    const double kappa = kernel_get(k, "kappa");
    return (2.0 * l + 1.0) * exp(-0.5 * kappa * kappa * l * (l + 1.0));
}

static double matern_weight(const gndp_kernel *k, double l)
{
    const double kappa = kernel_get(k, "kappa"), nu = kernel_get(k, "nu");
    return (2.0 * l + 1.0) * pow(1.0 + kappa * kappa * l * (l + 1.0) / (2.0 * nu), -(nu + 1.0));
}

/* Relative sum of the weights above degree L, as an integral: of (2l + 1) over l(l + 1). */
static double heat_rest(const gndp_kernel *k, double top)
{
    const double kappa = kernel_get(k, "kappa");
    return exp(-0.5 * kappa * kappa * top * (top + 1.0));
}

static double matern_rest(const gndp_kernel *k, double top)
{
    const double kappa = kernel_get(k, "kappa"), nu = kernel_get(k, "nu");
    return pow(1.0 + kappa * kappa * top * (top + 1.0) / (2.0 * nu), -nu);
}

/* The least number of terms with a rest below SERIES_REST, at most KERNEL_SERIES_MAX. */
static int terms_of(const gndp_kernel *k, double (*rest)(const gndp_kernel *, double), double *tail)
{
    int low = 2, high = KERNEL_SERIES_MAX; /* two: a tangent field needs degree 1 */
    *tail = rest(k, (double)(high - 1));
    if (*tail > SERIES_REST) {
        return high;
    }
    *tail = 0.0;
    while (low < high) {
        const int middle = (low + high) / 2;
        if (rest(k, (double)(middle - 1)) > SERIES_REST) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return high;
}

static int heat_terms(const gndp_kernel *k, double *tail)
{
    return terms_of(k, heat_rest, tail);
}

static int matern_terms(const gndp_kernel *k, double *tail)
{
    return terms_of(k, matern_rest, tail);
}

static void series_of(const gndp_kernel *k, double (*weight)(const gndp_kernel *, double),
                      bool tangent, int terms, double *a)
{
    double sum = 0.0;
    const double variance = kernel_get(k, "variance");
    for (int l = terms - 1; l >= (tangent ? 1 : 0); l--) { /* small ones first */
        a[l] = weight(k, (double)l);
        sum += a[l];
    }
    if (tangent) {
        a[0] = 0.0;
    }
    for (int l = tangent ? 1 : 0; l < terms; l++) {
        const double d = (double)l;
        a[l] *= variance / sum * (tangent ? 2.0 / (d * (d + 1.0)) : 1.0);
    }
}

static void heat_series(const gndp_kernel *k, bool tangent, int terms, double *a)
{
    series_of(k, heat_weight, tangent, terms, a);
}

static void matern_series(const gndp_kernel *k, bool tangent, int terms, double *a)
{
    series_of(k, matern_weight, tangent, terms, a);
}

static int call_terms(const kernel_call *c)
{
    double tail;
    return c->fixed ? c->k->ops->zonal->terms(c->k, &tail) : KERNEL_SERIES_MAX;
}

/* f(l) for l < terms as a constant */
static gndp_node degrees(gndp_graph *g, int terms, double (*f)(double))
{
    double value[KERNEL_SERIES_MAX];
    for (int l = 0; l < terms; l++) {
        value[l] = f((double)l);
    }
    return gndp_constant(g, gndp_type_1d(GNDP_F64, terms), value);
}

static double multiplicity(double l)
{
    return 2.0 * l + 1.0;
}

static double multiplicity_above_0(double l)
{
    return l > 0.0 ? 2.0 * l + 1.0 : 0.0;
}

static double eigenvalue(double l)
{
    return l * (l + 1.0);
}

static double potential_of(double l)
{
    return l > 0.0 ? 2.0 / (l * (l + 1.0)) : 0.0;
}

/* Coefficients as nodes [terms], of sum variance (tangent: phi'(1) = variance), from the decay in
   l(l + 1). */
static gndp_node coefficients(const kernel_call *c, int terms, gndp_node decay, bool tangent)
{
    gndp_graph *g = c->g;
    const gndp_node a =
        gndp_mul(g, degrees(g, terms, tangent ? multiplicity_above_0 : multiplicity), decay);
    const gndp_node share = gndp_mul(g, a, gndp_div(g, variance_node(c), gndp_sum_all(g, a)));
    return tangent ? gndp_mul(g, share, degrees(g, terms, potential_of)) : share;
}

static gndp_node heat_coefficients(const kernel_call *c, bool tangent)
{
    gndp_graph *g = c->g;
    const int terms = call_terms(c);
    const gndp_node rate = gndp_scale(g, gndp_square(g, kernel_theta(c, HEAT_KAPPA, 0)), -0.5);
    return coefficients(c, terms, gndp_exp(g, gndp_mul(g, degrees(g, terms, eigenvalue), rate)),
                        tangent);
}

static gndp_node matern_coefficients(const kernel_call *c, bool tangent)
{
    gndp_graph *g = c->g;
    const int terms = call_terms(c);
    const double nu = kernel_get(c->k, "nu");
    const gndp_node rate =
        gndp_scale(g, gndp_square(g, kernel_theta(c, MATERN_KAPPA, 0)), 0.5 / nu);
    const gndp_node base = gndp_log1p(g, gndp_mul(g, degrees(g, terms, eigenvalue), rate));
    return coefficients(c, terms, gndp_exp(g, gndp_scale(g, base, -(nu + 1.0))), tangent);
}

static gndp_node heat_value(const kernel_call *c, gndp_node cosine)
{
    return gndp_legendre(c->g, heat_coefficients(c, false), cosine, 0);
}

static void heat_potential(const kernel_call *c, gndp_node cosine, gndp_node *first,
                           gndp_node *second)
{
    const gndp_node a = heat_coefficients(c, true);
    *first = gndp_legendre(c->g, a, cosine, 1);
    *second = gndp_legendre(c->g, a, cosine, 2);
}

static gndp_node matern_value(const kernel_call *c, gndp_node cosine)
{
    return gndp_legendre(c->g, matern_coefficients(c, false), cosine, 0);
}

static void matern_potential(const kernel_call *c, gndp_node cosine, gndp_node *first,
                             gndp_node *second)
{
    const gndp_node a = matern_coefficients(c, true);
    *first = gndp_legendre(c->g, a, cosine, 1);
    *second = gndp_legendre(c->g, a, cosine, 2);
}

/* ------------------------------------------------------------------------------- chordal rbf */

enum { RBF_LENGTHSCALE };

/* s2 exp(-|x - z|^2 / (2 l^2)) = s2 exp((c - 1)/l^2) */
static gndp_node rbf_value(const kernel_call *c, gndp_node cosine)
{
    gndp_graph *g = c->g;
    const gndp_node l2 = gndp_square(g, kernel_theta(c, RBF_LENGTHSCALE, 0));
    return gndp_mul(g, gndp_exp(g, gndp_div(g, gndp_offset(g, cosine, -1.0), l2)),
                    variance_node(c));
}

/* phi = s2 l^2 exp((c - 1)/l^2) */
static void rbf_potential(const kernel_call *c, gndp_node cosine, gndp_node *first,
                          gndp_node *second)
{
    gndp_graph *g = c->g;
    *first = rbf_value(c, cosine);
    *second = gndp_div(g, *first, gndp_square(g, kernel_theta(c, RBF_LENGTHSCALE, 0)));
}

/* a_l = s2 (2l + 1) i_l(u) e^-u, u = 1/l^2, i_l the modified spherical Bessel function: by the
   downward recurrence i_(l-1) = i_(l+1) + (2l + 1)/u i_l from far above sqrt(u), where i_l begins
   to fall, and sum_l a_l = s2 (P_l(1) = 1). Shares of the sum; returns what is left above. */
static double rbf_shares(const gndp_kernel *k, int terms, double *a)
{
    const double scale = kernel_get(k, "lengthscale");
    const double u = fmax(1.0 / (scale * scale), 1e-60), top = 600.0 + 12.0 * sqrt(u);
    double above = 0.0, here = 1e-300, sum = 0.0, rest = 0.0;
    for (int l = (int)fmin(top, 2e6); l >= 0; l--) { /* here: i_l up to a factor */
        const double d = (double)l, term = (2.0 * d + 1.0) * here;
        sum += term;
        if (l < terms) {
            a[l] = term;
        } else {
            rest += term;
        }
        const double below = above + (2.0 * d + 1.0) / u * here;
        above = here;
        here = below;
        if (here > 1e200) {
            here *= 1e-200;
            above *= 1e-200;
            sum *= 1e-200;
            rest *= 1e-200;
            for (int j = l; j < terms; j++) {
                a[j] *= 1e-200;
            }
        }
    }
    for (int l = 0; l < terms; l++) {
        a[l] /= sum;
    }
    return rest / sum;
}

static void rbf_series(const gndp_kernel *k, bool tangent, int terms, double *a)
{
    const double scale = kernel_get(k, "lengthscale"), variance = kernel_get(k, "variance");
    (void)rbf_shares(k, terms, a);
    for (int l = 0; l < terms; l++) {
        a[l] *= variance * (tangent ? scale * scale : 1.0);
    }
    if (tangent) {
        a[0] = 0.0; /* a constant makes no field */
    }
}

static int rbf_terms(const gndp_kernel *k, double *tail)
{
    double a[KERNEL_SERIES_MAX];
    int terms = KERNEL_SERIES_MAX;
    const double rest = rbf_shares(k, terms, a);
    *tail = rest > SERIES_REST ? rest : 0.0;
    double cut = rest;
    while (terms > 2 && cut + a[terms - 1] <= SERIES_REST) {
        cut += a[--terms];
    }
    return terms;
}

/* ------------------------------------------------------------------------------------- tables */

static const gndp_hyper heat_hyper[] = {KERNEL_POSITIVE("kappa", 1.0), KERNEL_VARIANCE, {0}};
static const gndp_hyper matern_hyper[] = {{.name = "nu",
                                           .initial = 1.5,
                                           .high = 100.0,
                                           .open = true,
                                           .positive = true,
                                           .structural = true},
                                          KERNEL_POSITIVE("kappa", 1.0),
                                          KERNEL_VARIANCE,
                                          {0}};
static const gndp_hyper rbf_hyper[] = {KERNEL_POSITIVE("lengthscale", 1.0), KERNEL_VARIANCE, {0}};

static const kernel_zonal heat_zonal = {
    .value = heat_value, .potential = heat_potential, .series = heat_series, .terms = heat_terms};
static const kernel_zonal matern_zonal = {.value = matern_value,
                                          .potential = matern_potential,
                                          .series = matern_series,
                                          .terms = matern_terms};
static const kernel_zonal rbf_zonal = {.value = rbf_value,
                                       .potential = rbf_potential,
                                       .series = rbf_series,
                                       .terms = rbf_terms,
                                       .closed = true};

#define ZONAL(kind)                                                                                \
    const gndp_kernel_ops kernel_s2_##kind##_ops = {.name = "s2_" #kind,                           \
                                                    .hyper = kind##_hyper,                         \
                                                    .traits = zonal_traits,                        \
                                                    .gram = zonal_gram,                            \
                                                    .diagonal = zonal_diagonal,                    \
                                                    .zonal = &kind##_zonal}
ZONAL(heat);
ZONAL(matern);
ZONAL(rbf);
