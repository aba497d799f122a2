// SPDX-License-Identifier: Apache-2.0
// Brownian motion on S², drawn exactly by the law of the angle (geomndp.md 10.3).
#include "manifolds/draw.h"

#include <math.h>

/* Below this time by rejection, from it on by inverting the distribution function. */
#define EARLY 0.02
enum {
    TERMS = 48,    /* of the series at EARLY: sqrt(40/0.02) = 45 */
    PROPOSALS = 15 /* one in a hundred is rejected at EARLY, fewer before: no fifteen in a row */
};

/* ---- Late: C = cos theta has the distribution F(c) = (1 + c)/2 + (1/2) sum exp(-l(l+1) tau) (P_(l+1) - P_(l-1)) ---- */

typedef struct angle_law {
    double tau, kappa; /* time; concentration of the von Mises-Fisher law that begins the search */
    int last;
    double cdf[TERMS], density[TERMS]; /* coefficients of P_l */
} angle_law;

static void angle_law_set(angle_law *a, double tau)
{
    double w[TERMS + 1];
    const double mean = exp(-2.0 * tau);
    a->tau = tau;
    a->last = (int)ceil(sqrt(40.0 / tau)) + 1;
    a->last = a->last < TERMS ? a->last : TERMS - 1;
    a->kappa = mean * (3.0 - mean * mean) / -expm1(-4.0 * tau); /* Banerjee et al. 2005 */
    for (int l = 0; l <= a->last; l++) {
        w[l] = exp(-(double)l * (l + 1) * tau);
        a->density[l] = 0.5 * (2 * l + 1) * w[l];
    }
    w[a->last + 1] = 0.0;
    a->cdf[0] = 0.5 * (1.0 - w[1]);
    for (int l = 1; l <= a->last; l++) {
        a->cdf[l] = 0.5 * (w[l - 1] - w[l + 1]);
    }
}

/* F, F', F'' at c. */
static void angle_law_at(const angle_law *a, double c, double f[3])
{
    double p = c, before = 1.0, slope = 1.0, slope_before = 0.0;
    f[0] = a->cdf[0], f[1] = a->density[0], f[2] = 0.0;
    for (int l = 1; l <= a->last; l++) {
        static const double one_over[TERMS + 1] = {
#define R(n) 1.0 / (n)
#define R8(n) R(n), R(n + 1), R(n + 2), R(n + 3), R(n + 4), R(n + 5), R(n + 6), R(n + 7)
            0.0, R8(1), R8(9), R8(17), R8(25), R8(33), R8(41)
#undef R8
#undef R
        };
        f[0] += a->cdf[l] * p;
        f[1] += a->density[l] * p;
        f[2] += a->density[l] * slope;
        const double next = c * p + (c * p - before) * (l * one_over[l + 1]), slope_next = slope_before + (2 * l + 1) * p;
        before = p, p = next;
        slope_before = slope, slope = slope_next;
    }
}

/*
 * F(c) = u. The start is the quantile of a von Mises-Fisher law of the same mean, which is near at all times; then Halley's steps within a bracket. A step
 * that moved ln p by less than 3e-4 leaves an error of its third power.
 */
static double angle_law_invert(const angle_law *a, double u)
{
    double low = -1.0, high = 1.0, f[3];
    double c = a->kappa > 1e-8 ? 1.0 + log(u + (1.0 - u) * exp(-2.0 * a->kappa)) / a->kappa : 2.0 * u - 1.0;
    c = c < -1.0 ? -1.0 : c > 1.0 ? 1.0 : c;
    for (int i = 0; i < 60; i++) {
        angle_law_at(a, c, f);
        const double off = f[0] - u;
        if (off > 0.0) {
            high = c;
        } else {
            low = c;
        }
        const double newton = off / f[1], bend = 1.0 - 0.5 * newton * f[2] / f[1];
        const double next = c - newton / (bend > 0.5 ? bend : 0.5);
        if (f[1] > 0.0 && next >= low && next <= high) {
            const double moved = fabs(next - c);
            c = next;
            if (moved * (1.0 + a->kappa) < 3e-4) {
                break;
            }
        } else {
            c = 0.5 * (low + high);
            if (high - low < 1e-15) {
                break;
            }
        }
    }
    return c;
}

/* ---- Early: by rejection from the angle of a normal law in the plane ---------------------------- */

/* q of the heat kernel's expansion (heat.c), for theta up to 1.8: more is never proposed, as no uniform is below 2^-53. */
static double first_order(double theta)
{
    const double z = theta * theta;
    return theta < 0.1 ? 1.0 / 3.0 + z / 180.0 : 0.25 + (1.0 - theta * cos(theta) / sin(theta)) / (4.0 * z);
}

static double angle_early(double tau, const draw_source *source)
{
    double theta = 0.0;
    for (int k = 0; k < PROPOSALS; k++) {
        const gndp_pair u = draw_uniforms(source, 1 + k);
        const double z = -4.0 * tau * gndp_log_unit(u.x[0]);
        theta = sqrt(z);
        if (u.x[1] < 1.0 - z / 11.0) { /* the probability is never below this */
            break;
        }
        if (u.x[1] < sqrt(sin(theta) / theta) * (1.0 + tau * first_order(theta)) / (1.0 + tau / 3.0)) {
            break;
        }
    }
    return theta;
}

/* ---- Points ------------------------------------------------------------------------------------ */

/* cosine y + sine (cos phi e_1 + sin phi e_2) in the frame of Duff et al. 2017, which is defined everywhere. */
static void place(const double *y, double cosine, double sine, gndp_pair turn, double *out)
{
    const double sign = copysign(1.0, y[2]), a = -1.0 / (sign + y[2]), b = y[0] * y[1] * a;
    const double p = sine * turn.x[0], q = sine * turn.x[1];
    const double at[3] = {cosine * y[0] + p * (1.0 + sign * y[0] * y[0] * a) + q * b, cosine * y[1] + p * sign * b + q * (sign + y[1] * y[1] * a),
                          cosine * y[2] - p * sign * y[0] - q * y[1]};
    const double scale = 1.0 / sqrt(at[0] * at[0] + at[1] * at[1] + at[2] * at[2]);
    for (int i = 0; i < 3; i++) {
        out[i] = at[i] * scale;
    }
}

/* Pair 0 of a point: its direction and the angle's uniform; the others: proposals. */
void draw_heat(int64_t count, const double *tau, const double *y0, gndp_sphere_key key, double *out)
{
#pragma omp parallel if (count >= DRAW_PARALLEL)
    {
        angle_law law = {.tau = -1.0};
#pragma omp for schedule(static)
        for (int64_t i = 0; i < count; i++) {
            const draw_source source = draw_source_at(key, i);
            const gndp_pair u = draw_uniforms(&source, 0), turn = gndp_cos_sin_turn(u.x[0]);
            if (tau[i] >= EARLY) {
                if (law.tau != tau[i]) {
                    angle_law_set(&law, tau[i]);
                }
                const double c = angle_law_invert(&law, u.x[1]);
                place(y0 + 3 * i, c, sqrt((1.0 - c) * (1.0 + c)), turn, out + 3 * i);
            } else if (tau[i] > 0.0) {
                const double theta = angle_early(tau[i], &source);
                place(y0 + 3 * i, cos(theta), sin(theta), turn, out + 3 * i);
            } else {
                for (int j = 0; j < 3; j++) {
                    out[3 * i + j] = y0[3 * i + j];
                }
            }
        }
    }
}
