// SPDX-License-Identifier: Apache-2.0
// Dormand and Prince's pair of orders 5 and 4 for a block of members, each with steps of its own.
#include "sde/adaptive.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Dormand & Prince 1980, "A family of embedded Runge-Kutta formulae". The seventh stage is the
 * first of the next step. */
enum { STAGES = 7, ARRAYS = STAGES + 2 };
static const double node[STAGES] = {0.0, 1.0 / 5, 3.0 / 10, 4.0 / 5, 8.0 / 9, 1.0, 1.0};
static const double weight[STAGES][STAGES - 1] = {
    {0.0},
    {1.0 / 5},
    {3.0 / 40, 9.0 / 40},
    {44.0 / 45, -56.0 / 15, 32.0 / 9},
    {19372.0 / 6561, -25360.0 / 2187, 64448.0 / 6561, -212.0 / 729},
    {9017.0 / 3168, -355.0 / 33, 46732.0 / 5247, 49.0 / 176, -5103.0 / 18656},
    {35.0 / 384, 0.0, 500.0 / 1113, 125.0 / 192, -2187.0 / 6784, 11.0 / 84}};
/* Fifth order minus fourth. */
static const double difference[STAGES] = {
    71.0 / 57600, 0.0, -71.0 / 16695, 71.0 / 1920, -17253.0 / 339200, 22.0 / 525.0, -1.0 / 40};

/* Steps are never smaller than this share of the way: the state has a singularity. */
#define LEAST_STEP 1e-10
/* First step as a share of the way. */
#define FIRST_STEP 0.01

gndp_status adaptive_open(int64_t n, int64_t size, adaptive_memory *out)
{
    gndp_status st = GNDP_OK;
    adaptive_memory m = {0};
    *out = m;
    m.y = malloc((size_t)(ARRAYS * n * size) * sizeof *m.y + 1);
    m.l = calloc((size_t)(ARRAYS * n) + 1, sizeof *m.l);
    m.row = malloc((size_t)(3 * n) * sizeof *m.row + 1);
    GNDP_CHECK(m.y != NULL && m.l != NULL && m.row != NULL, GNDP_ERR_NOMEM, "%lld values",
               (long long)(ARRAYS * n * size));
    *out = m;
    m = (adaptive_memory){0};
done:
    adaptive_close(&m);
    return st;
}

void adaptive_close(adaptive_memory *memory)
{
    free(memory->y);
    free(memory->l);
    free(memory->row);
    *memory = (adaptive_memory){0};
}

/* The arrays of a run by name. */
typedef struct attempt {
    const adaptive_problem *p;
    double *slope[STAGES], *slope_l[STAGES]; /* [n, size]; [n] */
    double *trial, *trial_l;
    double *t, *h, *at; /* [n]; h is 0 for rows that have arrived */
} attempt;

static attempt arrange(const adaptive_problem *p, const adaptive_memory *m)
{
    attempt a = {.p = p, .t = m->row, .h = m->row + p->n, .at = m->row + 2 * p->n};
    for (int s = 0; s < STAGES; s++) {
        a.slope[s] = m->y + s * p->n * p->size;
        a.slope_l[s] = m->l + s * p->n;
    }
    a.trial = m->y + STAGES * p->n * p->size;
    a.trial_l = m->l + STAGES * p->n;
    return a;
}

/* trial = y + h sum_j weight[s][j] slope_j */
static void combine(const attempt *a, int s, const double *y, const double *l)
{
    const int64_t size = a->p->size;
    for (int64_t r = 0; r < a->p->n; r++) {
        const double h = a->h[r];
        a->at[r] = a->t[r] + node[s] * h;
        for (int64_t i = r * size; i < (r + 1) * size; i++) {
            double sum = 0.0;
            for (int j = 0; j < s; j++) {
                sum += weight[s][j] * a->slope[j][i];
            }
            a->trial[i] = y[i] + h * sum;
        }
        double sum = 0.0;
        for (int j = 0; j < s && a->p->extra; j++) {
            sum += weight[s][j] * a->slope_l[j][r];
        }
        a->trial_l[r] = (l != NULL ? l[r] : 0.0) + h * sum;
    }
}

/* Root mean square of the error in units of the tolerance; a row's own. */
static double error_of(const attempt *a, int64_t r, const double *y, const double *l)
{
    const int64_t size = a->p->size;
    const double tolerance = a->p->tolerance;
    double total = 0.0;
    for (int64_t i = r * size; i < (r + 1) * size; i++) {
        double e = 0.0;
        for (int s = 0; s < STAGES; s++) {
            e += difference[s] * a->slope[s][i];
        }
        e *= a->h[r] / (tolerance * (1.0 + fmax(fabs(y[i]), fabs(a->trial[i]))));
        total += e * e;
    }
    total /= (double)(size > 0 ? size : 1);
    if (a->p->extra) {
        double e = 0.0;
        for (int s = 0; s < STAGES; s++) {
            e += difference[s] * a->slope_l[s][r];
        }
        e *= a->h[r] / (tolerance * (1.0 + fmax(fabs(l[r]), fabs(a->trial_l[r]))));
        total = fmax(total, e * e);
    }
    return sqrt(total);
}

/* Take the trial or not, and choose the next step: order 5 errors scale with h^5. */
static gndp_status decide(const attempt *a, int64_t r, double *y, double *l)
{
    gndp_status st = GNDP_OK;
    const int64_t size = a->p->size;
    const double way = a->p->to - a->p->from, error = error_of(a, r, y, l);
    const bool good = error <= 1.0; /* false for NaN */
    double grow = isfinite(error) ? 0.9 * pow(fmax(error, 1e-10), -0.2) : 0.2;
    grow = grow < 0.2 ? 0.2 : grow > (good ? 5.0 : 1.0) ? (good ? 5.0 : 1.0) : grow;
    if (good) {
        const double left = a->p->to - (a->t[r] + a->h[r]);
        a->t[r] = fabs(left) <= 1e-14 * fabs(way) ? a->p->to : a->t[r] + a->h[r];
        memcpy(y + r * size, a->trial + r * size, (size_t)size * sizeof *y);
        memcpy(a->slope[0] + r * size, a->slope[STAGES - 1] + r * size, (size_t)size * sizeof *y);
        a->slope_l[0][r] = a->slope_l[STAGES - 1][r];
        if (l != NULL) {
            l[r] = a->trial_l[r];
        }
    }
    const double left = a->p->to - a->t[r];
    a->h[r] *= grow;
    GNDP_CHECK(left == 0.0 || fabs(a->h[r]) >= LEAST_STEP * fabs(way), GNDP_ERR_NONFINITE,
               "member %lld: at time %.9g the step fell to %.3g and the error is still %.3g times "
               "what is allowed: the state runs away, or the tolerance %g is too small",
               (long long)a->p->name[r], a->t[r], fabs(a->h[r]), error, a->p->tolerance);
    if (fabs(a->h[r]) >= fabs(left)) {
        a->h[r] = left;
    }
done:
    return st;
}

static int64_t count_running(const attempt *a, double *share)
{
    int64_t running = 0;
    *share = 1.0;
    for (int64_t r = 0; r < a->p->n; r++) {
        const double gone = (a->t[r] - a->p->from) / (a->p->to - a->p->from);
        running += a->p->real[r] && a->h[r] != 0.0;
        *share = gone < *share ? gone : *share;
    }
    return running;
}

gndp_status adaptive_run(const adaptive_problem *p, adaptive_memory *memory, double *y, double *l)
{
    gndp_status st = GNDP_OK;
    const attempt a = arrange(p, memory);
    double share = 0.0;
    for (int64_t r = 0; r < p->n; r++) {
        a.t[r] = p->from;
        a.h[r] = FIRST_STEP * (p->to - p->from);
    }
    int64_t running = count_running(&a, &share);
    GNDP_TRY(p->slope(p->state, running, a.t, y, a.slope[0], p->extra ? a.slope_l[0] : NULL));
    while (running > 0) {
        for (int s = 1; s < STAGES; s++) {
            combine(&a, s, y, l);
            GNDP_TRY(p->slope(p->state, running, a.at, a.trial, a.slope[s],
                              p->extra ? a.slope_l[s] : NULL));
        }
        for (int64_t r = 0; r < p->n; r++) {
            if (a.h[r] != 0.0) {
                GNDP_TRY(decide(&a, r, y, l));
            }
        }
        running = count_running(&a, &share);
        GNDP_TRY(p->watch(p->state, share));
    }
done:
    return st;
}
