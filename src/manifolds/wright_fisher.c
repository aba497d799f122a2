// SPDX-License-Identifier: Apache-2.0
// Brownian motion on any sphere by the Wright-Fisher law of its angle (geomndp.md 10.4; Mijatovic, Mramor, Uribe Bravo 2018; Jenkins, Spano 2017).
#include "manifolds/draw.h"

#include <math.h>

/* From this time T = 2 tau on the number of lines is drawn exactly. */
#define LATE 0.1
enum {
    LINES = 64,      /* more than ever count: q_m is below 1e-20 from m = 60 on at T = 0.1 */
    PROPOSALS = 16,  /* of the gamma law: fewer than one in twenty is rejected */
    HALF_NORMALS = 8 /* pairs that hold a normal for every axis */
};
/* Pairs of a point. */
enum {
    PAIR_LINES = 0,
    PAIR_DIRECTION = 1,
    PAIR_FIRST = PAIR_DIRECTION + HALF_NORMALS,
    PAIR_SECOND = PAIR_FIRST + HALF_NORMALS,
    PAIR_GAMMA = PAIR_SECOND + HALF_NORMALS
};
_Static_assert(2 * (PAIR_GAMMA + 2 * PROPOSALS) <= DRAW_ELEMENTS, "a point has too few random numbers");

/* Sums of q_m up to m, as far as they were wanted, at one time. */
typedef struct lines_law {
    int n, known;
    double time;
    double sum[LINES];       /* q_0 + .. + q_m, m < known */
    long double exact, first; /* the last of them; c_mm at m = known */
} lines_law;

/*
 * q_m = sum_{k >= m} (-1)^(k-m) c_km exp(-k (k + 2a - 1) T/2), n = 2a + 1, c_km = (2a + 2k - 1) Gamma(2a + m + k - 1)/(m! (k - m)! Gamma(2a + m)): by
 * ratios of c in k, and of c_mm in m. Terms up to 2e5 cancel at T = 0.1.
 */
static void lines_law_extend(lines_law *law)
{
    const long double twice = law->n - 1; /* 2a */
    const int m = law->known;
    long double c = law->first, q = 0.0L, term = 0.0L;
    for (int k = m; k < m + 4 * LINES; k++) {
        const long double before = term;
        term = c * expl(-0.5L * k * (k + twice - 1.0L) * (long double)law->time);
        q += (k - m) % 2 == 0 ? term : -term;
        /* the ratio of (2a + 2k - 1) Gamma(2a + m + k - 1) at k = m = 0 is 2a + 1, also where both vanish (2a = 1) */
        c *= k == 0 ? twice + 1.0L : (twice + 2 * k + 1.0L) / (twice + 2 * k - 1.0L) * (twice + m + k - 1.0L) / (k + 1 - m);
        if (k > m && term <= before && term < 1e-22L) {
            break;
        }
    }
    law->exact += q;
    law->sum[m] = (double)law->exact;
    law->first *= (twice + 2 * m + 1.0L) * (twice + 2 * m) / ((m + 1) * (twice + m));
    law->known++;
}

/* The number at which the sum passes u. */
static double lines_late(lines_law *law, double time, double u)
{
    if (law->time != time) {
        *law = (lines_law){.n = law->n, .time = time, .first = 1.0L};
    }
    for (int m = 0; m < LINES; m++) {
        if (m == law->known) {
            lines_law_extend(law);
        }
        if (law->sum[m] > u) {
            return m;
        }
    }
    return LINES;
}

/*
 * The normal law that the number has as T goes to 0, with its limit's variance V; its limit's mean 2 eta/T is right but for a constant (1/6), which would make
 * 1 - E cos wrong by T/12. The mean here is the one with E a/(2a + M) = (1 - exp(-a T))/2, so that E cos is right: with s = 2a + E M,
 * E 1/(2a + M) = (1 + r + 3 r² + 15 r³ + ..)/s, r = V/s². Rounding adds 1/12 to the variance. E cos is then right to 7e-6 of 1 - E cos, E cos² to 1e-4,
 * by summing over the law.
 */
static double lines_early(int n, double time, double normal)
{
    const double a = 0.5 * (n - 1), b = 0.5 * (n - 2) * time, eta = b > 0.0 ? b / expm1(b) : 1.0;
    /* (1 + eta/(eta + b) - 2 eta)/b²; eta/(eta + b) = exp(-b) */
    const double spread = b < 0.05 ? 1.0 / 3.0 - b * (1.0 / 6.0 - b * (2.0 / 45.0 - b / 120.0)) : (1.0 + exp(-b) - 2.0 * eta) / (b * b);
    const double variance = 2.0 * eta / time * (eta + b) * (eta + b) * spread, wanted = -2.0 * a / expm1(-a * time);
    double s = wanted;
    for (int i = 0; i < 6; i++) { /* r is at most 0.02 */
        const double r = (variance + 1.0 / 12.0) / s / s;
        s = wanted * (1.0 + r * (1.0 + r * (3.0 + r * 15.0)));
    }
    const double m = round(s - 2.0 * a + sqrt(variance) * normal);
    return m > 0.0 ? m : 0.0;
}

/* Gamma(shape, 1), shape >= 1 (Marsaglia and Tsang 2000). */
static double gamma_draw(double shape, const draw_source *source)
{
    const double d = shape - 1.0 / 3.0, c = 1.0 / sqrt(9.0 * d);
    double v = 1.0;
    for (int k = 0; k < PROPOSALS; k++) {
        const double x = draw_normals(source, PAIR_GAMMA + 2 * k).x[0], u = draw_uniforms(source, PAIR_GAMMA + 2 * k + 1).x[0];
        const double root = 1.0 + c * x;
        v = root * root * root;
        if (root > 0.0 && log(u) < 0.5 * x * x + d * (1.0 - v + log(v))) {
            break;
        }
        v = 1.0;
    }
    return d * v;
}

/* Gamma((n - 1)/2, 1) as half a sum of n - 1 squares. */
static double gamma_of_squares(int n, const draw_source *source, int pair)
{
    double sum = 0.0;
    for (int j = 0; j < n - 1; j += 2) {
        const gndp_pair z = draw_normals(source, pair + j / 2);
        sum += z.x[0] * z.x[0] + (j + 1 < n - 1 ? z.x[1] * z.x[1] : 0.0);
    }
    return 0.5 * sum;
}

/* X = (1 - cos theta)/2 ~ Beta(a, a + M) is g/(g + h) with g ~ Gamma(a), h ~ Gamma(a) + Gamma(M). */
static void draw_point(int n, double tau, const double *y0, const draw_source *source, lines_law *law, double *out)
{
    const double time = 2.0 * fmax(fmin(tau, 1e3), 1e-290); /* uniform, and y0, long before */
    const double lines = time >= LATE ? lines_late(law, time, draw_uniforms(source, PAIR_LINES).x[0])
                                       : lines_early(n, time, draw_normals(source, PAIR_LINES).x[0]);
    const double g = gamma_of_squares(n, source, PAIR_FIRST),
                 h = gamma_of_squares(n, source, PAIR_SECOND) + (lines > 0.0 ? gamma_draw(lines, source) : 0.0);
    double v[2 * HALF_NORMALS];
    for (int k = 0; k < HALF_NORMALS; k++) {
        const gndp_pair z = draw_normals(source, PAIR_DIRECTION + k);
        v[2 * k] = z.x[0];
        v[2 * k + 1] = z.x[1];
    }
    draw_along(n, y0, v, (h - g) / (g + h), 2.0 * sqrt(g * h) / (g + h), out);
}

void draw_wright_fisher(int n, int64_t count, const double *tau, const double *y0, gndp_sphere_key key, double *out)
{
#pragma omp parallel if (count >= DRAW_PARALLEL)
    {
        lines_law law = {.n = n, .time = -1.0};
#pragma omp for schedule(static)
        for (int64_t i = 0; i < count; i++) {
            const draw_source source = draw_source_at(key, i);
            if (tau[i] > 0.0) {
                draw_point(n, tau[i], y0 + i * n, &source, &law, out + i * n);
            } else {
                for (int j = 0; j < n; j++) {
                    out[i * n + j] = y0[i * n + j];
                }
            }
        }
    }
}
