// SPDX-License-Identifier: Apache-2.0
// The exact score of a mixture of products of heat kernels on S² and normals (geomndp.md 10.5, 10.8).
#define GNDP_NO_CALLSITE
#include <gndp/ops.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sde/brownian.h"
#include "sde/limit.h"

#define PI 3.14159265358979323846
#define LOG_2PI 1.8378770664093454836
/* The rule of gndp_heat_log_density(): the series from this time on, where the value is above exp(-FAR) of the pole's; else the expansion. */
#define EARLY 0.05
#define FAR 25.0
enum { DEGREES = 32 }; /* most of them: l up to ceil(sqrt(40/EARLY)) + 2, the last term below exp(-40) */

typedef struct mixture_state {
    gndp_sphere_layout layout;
    int64_t kernels, points;
    double *log_weight;   /* [K], sum of weights 1 */
    double *row, *column; /* centres, one part of P after the other: [N, K, dim] and [N, dim, K] of each */
    double tau0;
    int degrees;          /* of the series at tau0 and later */
} mixture_state;

static void state_free(void *state)
{
    mixture_state *s = state;
    if (s != NULL) {
        free(s->log_weight);
        free(s->row);
        free(s->column);
        free(s);
    }
}

/* ---- The heat kernel as nodes ---------------------------------------------------------------- */

/* ln p and d ln p/dc, [R, N, K]. */
typedef struct kernel_nodes {
    gndp_node log_p, slope;
} kernel_nodes;

/* P_0 .. P_(degrees - 1) of c [R, N, K], along a new last axis. */
static gndp_node polynomials(gndp_graph *g, int degrees, gndp_node c)
{
    const gndp_type type = gndp_node_type(c);
    const int64_t dim[4] = {type.dim[0], type.dim[1], type.dim[2], 1};
    gndp_node each[DEGREES];
    for (int l = 0; l < degrees; l++) {
        double unit[DEGREES] = {0};
        unit[l] = 1.0;
        each[l] = gndp_reshape(g, gndp_legendre(g, gndp_constant(g, gndp_type_1d(GNDP_F64, l + 1), unit), c, 0), 4, dim);
    }
    return gndp_concat(g, each, degrees, 3);
}

/* (2l + 1) exp(-l(l+1) tau) for tau [R, N], [R, N, 1, degrees]. */
static gndp_node series_weights(gndp_graph *g, int degrees, gndp_node tau)
{
    const gndp_type type = gndp_node_type(tau);
    double rate[DEGREES], factor[DEGREES];
    for (int l = 0; l < degrees; l++) {
        rate[l] = -(double)(l * (l + 1)), factor[l] = 2.0 * l + 1.0;
    }
    const gndp_type row = gndp_type_1d(GNDP_F64, degrees);
    const gndp_node column = gndp_reshape(g, tau, 4, (int64_t[]){type.dim[0], type.dim[1], 1, 1});
    return gndp_mul(g, gndp_exp(g, gndp_mul(g, column, gndp_constant(g, row, rate))), gndp_constant(g, row, factor));
}

/* P_l' = sum of (2j + 1) P_j over j = l - 1, l - 3, ..: from weights of P_l' to weights of P_j. */
static gndp_node slope_weights(gndp_graph *g, int degrees, gndp_node weight)
{
    double by[DEGREES * DEGREES] = {0}; /* [l, j] */
    for (int l = 1; l < degrees; l++) {
        for (int j = l - 1; j >= 0; j -= 2) {
            by[l * degrees + j] = 2.0 * j + 1.0;
        }
    }
    return gndp_matmul(g, weight, gndp_constant(g, gndp_type_2d(GNDP_F64, degrees, degrees), by));
}

/* Where `good` is not set the values are those of a kernel that is 1/(4 pi) everywhere, so that nothing infinite reaches a gradient. */
static kernel_nodes series(gndp_graph *g, int degrees, gndp_node tau, gndp_node c, gndp_node good)
{
    const gndp_type type = gndp_node_type(c);
    const gndp_node weight = series_weights(g, degrees, tau);
    const gndp_node both[2] = {weight, slope_weights(g, degrees, weight)};
    const gndp_node sums = gndp_matmul(g, polynomials(g, degrees, c), gndp_swap_last(g, gndp_concat(g, both, 2, 2))); /* [R, N, K, 2] */
    const gndp_node p = gndp_reshape(g, gndp_slice_axis(g, sums, 3, 0, 1), 3, type.dim),
                    slope = gndp_reshape(g, gndp_slice_axis(g, sums, 3, 1, 2), 3, type.dim);
    const gndp_node safe = gndp_select(g, good, p, gndp_scalar(g, GNDP_F64, 1.0));
    return (kernel_nodes){.log_p = gndp_offset(g, gndp_log(g, safe), -log(4.0 * PI)), .slope = gndp_div(g, slope, safe)};
}

/*
 * p = exp(-theta²/(4 tau))/(4 pi tau) sqrt(a) (1 + tau q) with a = theta/sin theta and q = 1/4 + (1 - theta cot theta)/(4 theta²) = (1 - a'/a²)/4, a' = da/dc:
 * so written nothing is singular at the pole. q' is dq/dc. c is kept from the antipode, where a has no bound.
 */
static kernel_nodes expansion(gndp_graph *g, gndp_node tau, gndp_node theta2, gndp_node c)
{
    const gndp_node a = gndp_angle_ratio(g, c), a1 = gndp_angle_ratio_n(g, c, 1), a2 = gndp_angle_ratio_n(g, c, 2);
    const gndp_node share = gndp_div(g, a1, gndp_square(g, a));
    const gndp_node q = gndp_offset(g, gndp_scale(g, share, -0.25), 0.25);
    const gndp_node q1 = gndp_sub(g, gndp_scale(g, gndp_div(g, gndp_square(g, a1), gndp_mul(g, a, gndp_square(g, a))), 0.5),
                                  gndp_scale(g, gndp_div(g, a2, gndp_square(g, a)), 0.25));
    const gndp_node second = gndp_mul(g, tau, q), rate = gndp_div(g, gndp_scalar(g, GNDP_F64, 0.25), tau);
    const gndp_node scale = gndp_sub(g, gndp_scale(g, gndp_log(g, a), 0.5), gndp_log(g, gndp_scale(g, tau, 4.0 * PI)));
    const gndp_node log_p = gndp_add(g, gndp_sub(g, scale, gndp_mul(g, rate, theta2)), gndp_log1p(g, second));
    const gndp_node leading = gndp_add(g, gndp_mul(g, gndp_scale(g, rate, 2.0), a), gndp_scale(g, gndp_div(g, a1, a), 0.5));
    const gndp_node slope = gndp_add(g, leading, gndp_div(g, gndp_mul(g, tau, q1), gndp_offset(g, second, 1.0)));
    return (kernel_nodes){.log_p = log_p, .slope = slope};
}

/* tau [R, N], c [R, N, K]. */
static kernel_nodes heat_kernel(gndp_graph *g, int degrees, gndp_node tau, gndp_node c)
{
    const gndp_type type = gndp_node_type(tau);
    const gndp_node column = gndp_reshape(g, tau, 3, (int64_t[]){type.dim[0], type.dim[1], 1});
    const gndp_node within = gndp_max2(g, c, gndp_scalar(g, GNDP_F64, -cos(1e-3)));
    const gndp_node theta2 = gndp_arccos_sq(g, within);
    const gndp_node late = gndp_less_equal(g, gndp_scalar(g, GNDP_F64, EARLY), column),
                    near = gndp_less_equal(g, theta2, gndp_scale(g, column, 4.0 * FAR));
    const gndp_node good = gndp_and(g, late, near);
    const kernel_nodes one = series(g, degrees, tau, c, good), other = expansion(g, column, theta2, within);
    return (kernel_nodes){.log_p = gndp_select(g, good, one.log_p, other.log_p), .slope = gndp_select(g, good, one.slope, other.slope)};
}

/* ---- The score ------------------------------------------------------------------------------- */

/* What the parts of a point share: [R, N] each. */
typedef struct noise_nodes {
    gndp_node decay, variance, tau;
} noise_nodes;

/* value [R] at every point, `clean` at known ones. */
static gndp_node at_points(gndp_graph *g, gndp_node value, gndp_node target, int64_t r, int64_t n, double clean)
{
    const gndp_node all = gndp_broadcast_to(g, gndp_reshape(g, value, 2, (int64_t[]){r, 1}), 2, (int64_t[]){r, n});
    return gndp_is_none(target) ? all : gndp_select(g, target, all, gndp_scalar(g, GNDP_F64, clean));
}

/* Centres of a part as [N, K, dim] or, transposed, [N, dim, K]. */
static gndp_node centres(gndp_graph *g, const mixture_state *s, const brownian_part *part, bool transposed)
{
    const int64_t n = s->points, k = s->kernels, d = part->dim;
    const double *from = (transposed ? s->column : s->row) + n * k * part->first;
    return gndp_constant(g, transposed ? gndp_type_3d(GNDP_F64, n, d, k) : gndp_type_3d(GNDP_F64, n, k, d), from);
}

/* cos of the angles to the centres. */
static kernel_nodes sphere_kernel(gndp_graph *g, const mixture_state *s, const brownian_part *part, const noise_nodes *noise, gndp_node u)
{
    const gndp_type type = gndp_node_type(u);
    const gndp_node x = gndp_reshape(g, gndp_slice_axis(g, u, 2, part->first, part->first + part->dim), 4,
                                     (int64_t[]){type.dim[0], type.dim[1], 1, part->dim});
    const gndp_node c = gndp_matmul(g, x, centres(g, s, part, true));
    return heat_kernel(g, s->degrees, noise->tau, gndp_reshape(g, c, 3, (int64_t[]){type.dim[0], type.dim[1], s->kernels}));
}

/* Normals of a run of Euclidean components about r c with variance r² tau0 + v: slope [R, N, K, dim]. */
static kernel_nodes normal_kernel(gndp_graph *g, const mixture_state *s, const brownian_part *part, const noise_nodes *noise, gndp_node y)
{
    const gndp_type type = gndp_node_type(y);
    const int64_t four[4] = {type.dim[0], type.dim[1], 1, 1}, row[4] = {type.dim[0], type.dim[1], 1, part->dim};
    const int last = 3;
    const gndp_node x = gndp_reshape(g, gndp_slice_axis(g, y, 2, part->first, part->first + part->dim), 4, row);
    const gndp_node decay = gndp_reshape(g, noise->decay, 4, four), variance = gndp_reshape(g, noise->variance, 4, four);
    const gndp_node all = gndp_add(g, gndp_scale(g, gndp_square(g, decay), s->tau0), variance);
    const gndp_node gap = gndp_sub(g, gndp_mul(g, decay, centres(g, s, part, false)), x);
    const gndp_node each = gndp_add(g, gndp_div(g, gndp_square(g, gap), all), gndp_offset(g, gndp_log(g, all), LOG_2PI));
    return (kernel_nodes){.log_p = gndp_scale(g, gndp_sum(g, each, &last, 1, false), -0.5), .slope = gndp_div(g, gap, all)};
}

/* Posterior weights of the kernels [R, K] from the log-densities of all parts [R, N, K]. */
static gndp_node responsibilities(gndp_graph *g, const mixture_state *s, gndp_node log_p, gndp_node mask)
{
    const int points = 1;
    const gndp_node sum = gndp_sum(g, limit_keep(g, mask, log_p), &points, 1, false);
    return gndp_softmax(g, gndp_add(g, sum, gndp_constant(g, gndp_type_1d(GNDP_F64, s->kernels), s->log_weight)), GNDP_NONE);
}

/* Mean of the kernels' slopes in a part. */
static gndp_node mean_slope(gndp_graph *g, const mixture_state *s, const brownian_part *part, gndp_node weight, gndp_node slope)
{
    const gndp_type type = gndp_node_type(slope);
    const int64_t r = type.dim[0], n = type.dim[1], k = s->kernels;
    const int kernels = 2;
    if (part->sphere < 0) {
        return gndp_sum(g, gndp_mul(g, gndp_reshape(g, weight, 4, (int64_t[]){r, 1, k, 1}), slope), &kernels, 1, false);
    }
    const gndp_node by = gndp_mul(g, gndp_reshape(g, weight, 3, (int64_t[]){r, 1, k}), slope);
    const gndp_node v = gndp_matmul(g, gndp_reshape(g, by, 4, (int64_t[]){r, n, 1, k}), centres(g, s, part, false));
    return gndp_reshape(g, v, 3, (int64_t[]){r, n, part->dim});
}

static gndp_node first_points(gndp_graph *g, gndp_node x, int64_t n)
{
    return gndp_is_none(x) || gndp_node_type(x).dim[1] == n ? x : gndp_slice_axis(g, x, 1, 0, n);
}

static gndp_node mixture_build(const void *state, gndp_graph *g, const gndp_score_inputs *in)
{
    const mixture_state *s = state;
    const gndp_type type = gndp_node_type(in->y); /* [R, N, P], padded points last */
    const int64_t r = type.dim[0], n = s->points, all = type.dim[1];
    brownian_part part[BROWNIAN_PARTS];
    kernel_nodes kernel[BROWNIAN_PARTS];
    gndp_node piece[BROWNIAN_PARTS];
    const int parts = brownian_parts(&s->layout, part);
    const gndp_node u = gndp_layout_point(g, &s->layout, first_points(g, in->y, n));
    const gndp_node target = first_points(g, in->target, n), mask = first_points(g, in->mask, n);
    const gndp_node b = gndp_scale(g, gndp_log(g, in->decay), -1.0); /* B/2 */
    const noise_nodes noise = {.decay = at_points(g, in->decay, target, r, n, 1.0),
                               .variance = at_points(g, in->variance, target, r, n, 0.0),
                               .tau = gndp_offset(g, at_points(g, b, target, r, n, 0.0), s->tau0)};
    for (int q = 0; q < parts; q++) {
        kernel[q] = part[q].sphere >= 0 ? sphere_kernel(g, s, &part[q], &noise, u) : normal_kernel(g, s, &part[q], &noise, u);
    }
    gndp_node log_p = gndp_scalar(g, GNDP_F64, 0.0);
    for (int q = 0; q < parts; q++) {
        log_p = gndp_add(g, log_p, kernel[q].log_p);
    }
    const gndp_node weight = responsibilities(g, s, log_p, mask);
    for (int q = 0; q < parts; q++) {
        piece[q] = mean_slope(g, s, &part[q], weight, kernel[q].slope);
    }
    const gndp_node v = parts == 1 ? piece[0] : gndp_concat(g, piece, parts, 2);
    gndp_node score = gndp_layout_tangent(g, &s->layout, u, v);
    if (all > n) {
        score = gndp_pad(g, score, (int64_t[]){0, 0, 0}, (int64_t[]){0, all - n, 0});
    }
    return limit_keep(g, gndp_score_targets(g, in), score);
}

/* ---- Making one ------------------------------------------------------------------------------ */

static gndp_status check_mixture(const gndp_brownian *process, int64_t kernels, int64_t points, const double *weight, const double *centre,
                                 double tau0)
{
    gndp_status st = GNDP_OK;
    GNDP_TRY(gndp_brownian_check(process));
    GNDP_CHECK(weight != NULL && centre != NULL, GNDP_ERR_ARG, "an array is NULL");
    GNDP_CHECK(kernels >= 1 && points >= 1, GNDP_ERR_RANGE, "%lld kernels on %lld points", (long long)kernels, (long long)points);
    GNDP_CHECK(tau0 >= 0.02 && tau0 < HUGE_VAL, GNDP_ERR_RANGE, "tau0 %g, allowed is 0.02 and above", tau0);
    for (int s = 0; s < process->layout.spheres; s++) {
        GNDP_CHECK(process->layout.dim[s] == 3, GNDP_ERR_UNSUPPORTED, "heat kernels on the sphere in R^%d: only that in R^3 has them here",
                   process->layout.dim[s]);
    }
    for (int64_t k = 0; k < kernels; k++) {
        GNDP_CHECK(weight[k] > 0.0 && weight[k] < HUGE_VAL, GNDP_ERR_RANGE, "weight %lld is %g", (long long)k, weight[k]);
    }
    GNDP_TRY(brownian_values_check(&process->layout, kernels * points, centre, "centres"));
done:
    return st;
}

/* centre [K, N, P] into the forms that products take. */
static void arrange(mixture_state *s, const double *centre)
{
    brownian_part part[BROWNIAN_PARTS];
    const int parts = brownian_parts(&s->layout, part);
    const int64_t n = s->points, k = s->kernels;
    for (int q = 0; q < parts; q++) {
        const int64_t d = part[q].dim, at = n * k * part[q].first;
        for (int64_t v = 0; v < n * k * d; v++) {
            const int64_t i = v / (k * d), j = v / d % k, p = v % d;
            s->row[at + v] = centre[(j * n + i) * s->layout.components + part[q].first + p];
            s->column[at + (i * d + p) * k + j] = s->row[at + v];
        }
    }
}

static double log_sum(int64_t n, const double *weight)
{
    double sum = 0.0;
    for (int64_t k = 0; k < n; k++) {
        sum += weight[k];
    }
    return log(sum);
}

gndp_status gndp_score_heat_mixture(const gndp_brownian *process, int64_t kernels, int64_t points, const double *weight, const double *centre,
                                    double tau0, gndp_score *out)
{
    gndp_status st = GNDP_OK;
    mixture_state *s = NULL;
    double *unit = NULL;
    GNDP_CHECK(out != NULL, GNDP_ERR_ARG, "out is NULL");
    *out = (gndp_score){0};
    GNDP_TRY(check_mixture(process, kernels, points, weight, centre, tau0));
    const int64_t values = kernels * points * process->layout.components;
    s = calloc(1, sizeof *s);
    GNDP_CHECK(s != NULL, GNDP_ERR_NOMEM, "%zu bytes", sizeof *s);
    *s = (mixture_state){.layout = process->layout, .kernels = kernels, .points = points, .tau0 = tau0, .degrees = (int)ceil(sqrt(40.0 / fmax(tau0, EARLY))) + 3};
    s->log_weight = malloc((size_t)kernels * sizeof *s->log_weight);
    s->row = malloc((size_t)values * sizeof *s->row);
    s->column = malloc((size_t)values * sizeof *s->column);
    unit = malloc((size_t)values * sizeof *unit);
    GNDP_CHECK(s->log_weight != NULL && s->row != NULL && s->column != NULL && unit != NULL, GNDP_ERR_NOMEM, "%lld values",
               (long long)(kernels + 3 * values));
    memcpy(unit, centre, (size_t)values * sizeof *centre);
    brownian_normalise(&s->layout, kernels * points, unit);
    arrange(s, unit);
    const double all = log_sum(kernels, weight);
    for (int64_t k = 0; k < kernels; k++) {
        s->log_weight[k] = log(weight[k]) - all;
    }
    *out = (gndp_score){.dtype = GNDP_F64,
                        .components = process->layout.components,
                        .context = true,
                        .state = s,
                        .build = mixture_build,
                        .free = state_free};
    s = NULL;
done:
    free(unit);
    state_free(s);
    return st;
}

/* ln of one kernel's density at y [N, P]. */
static double kernel_log_density(const gndp_brownian *process, int64_t points, const double *centre, double tau0, double t, const double *y)
{
    brownian_part part[BROWNIAN_PARTS];
    const int parts = brownian_parts(&process->layout, part);
    const gndp_linear_law at = gndp_schedule_marginal(&process->schedule, t);
    const double tau = tau0 + 0.5 * gndp_schedule_integral(&process->schedule, t), variance = at.a * at.a * tau0 + at.variance;
    double log_p = 0.0;
    for (int64_t i = 0; i < points; i++) {
        for (int q = 0; q < parts; q++) {
            const int64_t from = i * process->layout.components + part[q].first;
            if (part[q].sphere >= 0) {
                log_p += gndp_heat_score(tau, centre + from, y + from, NULL);
                continue;
            }
            for (int64_t j = from; j < from + part[q].dim; j++) {
                const double gap = y[j] - at.a * centre[j];
                log_p -= 0.5 * (gap * gap / variance + LOG_2PI + log(variance));
            }
        }
    }
    return log_p;
}

double gndp_heat_mixture_log_density(const gndp_brownian *process, int64_t kernels, int64_t points, const double *weight, const double *centre,
                                     double tau0, double t, const double *y)
{
    const double all = log_sum(kernels, weight);
    double most = -HUGE_VAL, sum = 0.0; /* sum of exp(log_p - most) */
    for (int64_t k = 0; k < kernels; k++) {
        const double log_p = log(weight[k]) - all + kernel_log_density(process, points, centre + k * points * process->layout.components, tau0, t, y);
        sum = log_p > most ? sum * exp(most - log_p) + 1.0 : sum + exp(log_p - most);
        most = fmax(most, log_p);
    }
    return most + log(sum);
}
