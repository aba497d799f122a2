// SPDX-License-Identifier: Apache-2.0
// Log-densities by the probability flow, with exact or estimated divergence (geomndp.md 8).
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sde/adaptive.h"
#include "sde/evaluator.h"
#include "sde/likelihood.h"
#include "sde/streams.h"

gndp_likelihood_options gndp_likelihood_options_default(void)
{
    return (gndp_likelihood_options){
        .solver = GNDP_ODE_RK4, .steps = 100, .power = 1.0, .tolerance = 1e-6};
}

/* A block on its way from t0 to t1: dy/dt = F = -(beta/2) [(y - m) + g], dl/dt = div F. */
typedef struct flow {
    gndp_evaluator *ev;
    const gndp_schedule *schedule;
    const gndp_likelihood_options *options;
    int64_t b, n, size;    /* slots; fields in this block; values that flow, M */
    int64_t whole;         /* N P */
    const int64_t *value;  /* [M] which of the N P flow; NULL: all do */
    double *full, *full_g; /* with `value`: what the score sees and gives [b, N P] */
    double *mean;          /* [M] */
    double *y, *l;         /* [b, M], [b] */
    double *a, *c;         /* probes L^-T eps and L eps [b, probes, N P], or NULL */
    double *slope[2], *slope_l[2], *trial; /* sums of slopes, the last one; where it was taken */
    adaptive_memory adaptive;
    uint32_t *member;
    int64_t *name;
    bool *real;
    int64_t block, blocks;
} flow;

/* rows [n, M] into the places of whole [n, N P], and back. */
static void spread(const flow *f, int64_t n, const double *rows, double *whole)
{
    for (int64_t r = 0; r < n; r++) {
        for (int64_t i = 0; i < f->size; i++) {
            whole[r * f->whole + f->value[i]] = rows[r * f->size + i];
        }
    }
}

static void gather(const flow *f, int64_t n, const double *whole, double *rows)
{
    for (int64_t r = 0; r < n; r++) {
        for (int64_t i = 0; i < f->size; i++) {
            rows[r * f->size + i] = whole[r * f->whole + f->value[i]];
        }
    }
}

/* The score is 0 where nothing flows, so that the trace of its Jacobian is that of what does. */
static gndp_status slope_rows(flow *f, int64_t active, const double *t, bool one_time,
                              const double *y, double *dy, double *dl)
{
    gndp_status st = GNDP_OK;
    const int64_t probes = f->options->probes;
    const double *at = f->value != NULL ? f->full : y;
    double *g = f->value != NULL ? f->full_g : dy;
    if (f->value != NULL) {
        spread(f, f->n, y, f->full);
    }
    if (probes > 0) {
        GNDP_TRY(evaluator_probe(f->ev, f->n, active, t, one_time, at, probes, f->a, f->c, g, dl));
    } else {
        GNDP_TRY(evaluator_trace(f->ev, f->n, active, t, one_time, at, g, dl));
    }
    if (f->value != NULL) {
        gather(f, f->n, g, dy);
    }
    for (int64_t r = 0; r < f->n; r++) {
        const double half = -0.5 * gndp_schedule_beta(f->schedule, t[one_time ? 0 : r]);
        for (int64_t j = 0, i = r * f->size; j < f->size; j++, i++) {
            dy[i] = half * (y[i] - f->mean[j] + dy[i]);
        }
        dl[r] = half * ((double)f->size + dl[r]); /* the linear part exactly */
    }
done:
    return st;
}

static gndp_status slope_at(flow *f, double t, const double *y, double *dy, double *dl)
{
    return slope_rows(f, f->n, &t, true, y, dy, dl);
}

static gndp_status adaptive_rows(void *state, int64_t running, const double *t, const double *y,
                                 double *dy, double *dl)
{
    return slope_rows(state, running, t, false, y, dy, dl);
}

static gndp_status watch(flow *f, double steps_done)
{
    gndp_status st = GNDP_OK;
    const gndp_likelihood_options *o = f->options;
    gndp_progress_update(o->progress, (int64_t)((double)(f->block * o->steps) + steps_done), NULL);
    GNDP_CHECK(o->stop == NULL || !o->stop(o->stop_state), GNDP_ERR_INTERRUPTED,
               "stopped in block %lld of %lld", (long long)f->block + 1, (long long)f->blocks);
done:
    return st;
}

static gndp_status adaptive_watched(void *state, double share)
{
    flow *f = state;
    return watch(f, share * (double)f->options->steps);
}

/* to = y + h dy for the rows of the block. */
static void ahead(const flow *f, double h, const double *dy, double *to)
{
    for (int64_t i = 0; i < f->n * f->size; i++) {
        to[i] = f->y[i] + h * dy[i];
    }
}

/* y += h dy, l += h dl. */
static void move(flow *f, double h, const double *dy, const double *dl)
{
    ahead(f, h, dy, f->y);
    for (int64_t r = 0; r < f->n; r++) {
        f->l[r] += h * dl[r];
    }
}

/* sum += weight * what was found last. */
static void collect(const flow *f, double weight)
{
    for (int64_t i = 0; i < f->n * f->size; i++) {
        f->slope[0][i] += weight * f->slope[1][i];
    }
    for (int64_t r = 0; r < f->n; r++) {
        f->slope_l[0][r] += weight * f->slope_l[1][r];
    }
}

static gndp_status step_euler(flow *f, double t, double h)
{
    gndp_status st = GNDP_OK;
    GNDP_TRY(slope_at(f, t, f->y, f->slope[0], f->slope_l[0]));
    move(f, h, f->slope[0], f->slope_l[0]);
done:
    return st;
}

static gndp_status step_heun(flow *f, double t, double h)
{
    gndp_status st = GNDP_OK;
    GNDP_TRY(slope_at(f, t, f->y, f->slope[0], f->slope_l[0]));
    ahead(f, h, f->slope[0], f->trial);
    GNDP_TRY(slope_at(f, t + h, f->trial, f->slope[1], f->slope_l[1]));
    collect(f, 1.0);
    move(f, 0.5 * h, f->slope[0], f->slope_l[0]);
done:
    return st;
}

static gndp_status step_rk4(flow *f, double t, double h)
{
    gndp_status st = GNDP_OK;
    GNDP_TRY(slope_at(f, t, f->y, f->slope[0], f->slope_l[0]));
    ahead(f, 0.5 * h, f->slope[0], f->trial);
    GNDP_TRY(slope_at(f, t + 0.5 * h, f->trial, f->slope[1], f->slope_l[1]));
    collect(f, 2.0);
    ahead(f, 0.5 * h, f->slope[1], f->trial);
    GNDP_TRY(slope_at(f, t + 0.5 * h, f->trial, f->slope[1], f->slope_l[1]));
    collect(f, 2.0);
    ahead(f, h, f->slope[1], f->trial);
    GNDP_TRY(slope_at(f, t + h, f->trial, f->slope[1], f->slope_l[1]));
    collect(f, 1.0);
    move(f, h / 6.0, f->slope[0], f->slope_l[0]);
done:
    return st;
}

static gndp_status (*const solver_steps[])(flow *f, double t, double h) = {
    [GNDP_ODE_RK4] = step_rk4, [GNDP_ODE_HEUN] = step_heun, [GNDP_ODE_EULER] = step_euler};

/* ---- Probes ---------------------------------------------------------------------------------- */

/*
 * The trace of J is that of L^-1 J L, so E a' J c with c = L eps, a = L^-T eps = K^-1 L eps: for
 * the exact score a symmetric matrix, which for Gaussian probes never has the larger variance. eps
 * stays along the path, so the solves are done once.
 */
static gndp_status draw_probes(flow *f, const gndp_gaussian *law)
{
    gndp_status st = GNDP_OK;
    const int64_t rank = gndp_gaussian_rank(law), probes = f->options->probes;
    double *eps = malloc((size_t)(probes * rank) * sizeof *eps + 1);
    double *part = malloc((size_t)(2 * probes * f->size) * sizeof *part + 1);
    GNDP_CHECK(eps != NULL && part != NULL, GNDP_ERR_NOMEM, "%lld values",
               (long long)(probes * (rank + 2 * f->size)));
    for (int64_t r = 0; r < f->n; r++) {
        for (int64_t q = 0; q < probes; q++) {
            double *e = eps + q * rank;
            const uint32_t stream = SDE_STREAM_PROBE((uint32_t)q);
            if (f->options->gaussian_probes) {
                GNDP_TRY(
                    gndp_random_normal_f64(f->options->seed, 0, f->member[r], stream, 0, rank, e));
                continue;
            }
            GNDP_TRY(
                gndp_random_uniform_f64(f->options->seed, 0, f->member[r], stream, 0, rank, e));
            for (int64_t i = 0; i < rank; i++) {
                e[i] = e[i] < 0.5 ? -1.0 : 1.0;
            }
        }
        double *to_c = f->c + r * probes * f->whole, *to_a = f->a + r * probes * f->whole;
        double *c = f->value != NULL ? part : to_c;
        double *a = f->value != NULL ? part + probes * f->size : to_a;
        GNDP_TRY(gndp_gaussian_apply_root(law, false, probes, eps, c));
        GNDP_TRY(gndp_gaussian_solve(law, probes, c, a));
        if (f->value != NULL) {
            spread(f, probes, c, to_c);
            spread(f, probes, a, to_a);
        }
    }
done:
    free(eps);
    free(part);
    return st;
}

/* ---- Blocks ---------------------------------------------------------------------------------- */

static gndp_status check_finite(const flow *f)
{
    gndp_status st = GNDP_OK;
    for (int64_t r = 0; r < f->n; r++) {
        double sum = 0.0 * f->l[r];
        for (int64_t i = r * f->size; i < (r + 1) * f->size; i++) {
            sum += 0.0 * f->y[i];
        }
        GNDP_CHECK(sum == 0.0, GNDP_ERR_NONFINITE,
                   "member %u: the flow is not finite at the end: more steps, or a score that is "
                   "finite there, would help",
                   (unsigned)f->member[r]);
    }
done:
    return st;
}

/* Share of the way behind k steps. */
static double spaced(const gndp_likelihood_options *o, int64_t k)
{
    const double even = (double)k / (double)o->steps;
    return o->power == 1.0 ? even : pow(even, o->power);
}

static gndp_status run_flow(flow *f)
{
    gndp_status st = GNDP_OK;
    const double t0 = f->schedule->t0, way = f->schedule->t1 - t0;
    const int64_t steps = f->options->steps;
    memset(f->l, 0, (size_t)f->n * sizeof *f->l);
    if (f->options->solver == GNDP_ODE_ADAPTIVE) {
        const adaptive_problem problem = {.n = f->n,
                                          .size = f->size,
                                          .from = t0,
                                          .to = f->schedule->t1,
                                          .tolerance = f->options->tolerance,
                                          .extra = true,
                                          .real = f->real,
                                          .name = f->name,
                                          .slope = adaptive_rows,
                                          .watch = adaptive_watched,
                                          .state = f};
        GNDP_TRY(adaptive_run(&problem, &f->adaptive, f->y, f->l));
    } else {
        for (int64_t k = 0; k < steps; k++) {
            const double t = t0 + way * spaced(f->options, k),
                         s = t0 + way * spaced(f->options, k + 1);
            GNDP_TRY(solver_steps[f->options->solver](f, t, s - t));
            GNDP_TRY(watch(f, (double)(k + 1)));
        }
    }
    GNDP_TRY(check_finite(f));
done:
    return st;
}

/* ---- The call -------------------------------------------------------------------------------- */

static gndp_status check_options(const gndp_likelihood_options *o)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(o->solver == GNDP_ODE_RK4 || o->solver == GNDP_ODE_ADAPTIVE ||
                   o->solver == GNDP_ODE_HEUN || o->solver == GNDP_ODE_EULER,
               GNDP_ERR_RANGE, "solver %d is none", (int)o->solver);
    GNDP_CHECK(o->steps >= 1 && o->steps <= 100000000, GNDP_ERR_RANGE, "%lld steps",
               (long long)o->steps);
    GNDP_CHECK(o->power >= 1.0 && o->power <= 8.0, GNDP_ERR_RANGE, "power %g, allowed are 1 to 8",
               o->power);
    GNDP_CHECK(o->tolerance > 0.0 && o->tolerance < 1.0, GNDP_ERR_RANGE,
               "tolerance %g, allowed is above 0 and below 1", o->tolerance);
    GNDP_CHECK(o->probes >= 0 && o->probes <= 65535, GNDP_ERR_RANGE,
               "%lld probes, allowed are 0 to 65535", (long long)o->probes);
done:
    return st;
}

static gndp_status check_call(const gndp_evaluator *ev, const gndp_schedule *schedule,
                              const gndp_gaussian *law, const flow_part *part, int64_t n,
                              const double *y0, const double *log_p)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(ev != NULL && law != NULL, GNDP_ERR_ARG, "evaluator or law is NULL");
    GNDP_TRY(gndp_schedule_check(schedule));
    GNDP_CHECK(n == 0 || (y0 != NULL && log_p != NULL), GNDP_ERR_ARG, "an array is NULL");
    GNDP_CHECK(n >= 0 && (n <= gndp_evaluator_batch(ev) || !evaluator_own_points(ev)),
               GNDP_ERR_RANGE, "%lld fields%s", (long long)n,
               n < 0 ? "" : ", more than have points of their own");
    const int64_t size = evaluator_size(ev), flowing = part != NULL ? part->n : size;
    GNDP_CHECK(gndp_gaussian_size(law) == flowing, GNDP_ERR_SHAPE,
               "a law of %lld values, a score of %lld", (long long)gndp_gaussian_size(law),
               (long long)flowing);
    for (int64_t i = 0; i < n * size; i++) {
        GNDP_CHECK(isfinite(y0[i]), GNDP_ERR_NONFINITE, "field %lld: value %lld is %g",
                   (long long)(i / size), (long long)(i % size), y0[i]);
    }
done:
    return st;
}

static gndp_status open_flow(flow *f, const gndp_gaussian *law)
{
    gndp_status st = GNDP_OK;
    const size_t rows = (size_t)f->b, values = rows * (size_t)f->size,
                 whole = rows * (size_t)f->whole, probes = (size_t)f->options->probes;
    double **const arrays[] = {&f->y, &f->slope[0], &f->slope[1], &f->trial, &f->mean};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) {
        *arrays[i] = calloc(values + 1, sizeof **arrays[i]);
        GNDP_CHECK(*arrays[i] != NULL, GNDP_ERR_NOMEM, "%zu values", values);
    }
    double **const small[] = {&f->l, &f->slope_l[0], &f->slope_l[1]};
    for (size_t i = 0; i < sizeof small / sizeof *small; i++) {
        *small[i] = calloc(rows, sizeof **small[i]);
        GNDP_CHECK(*small[i] != NULL, GNDP_ERR_NOMEM, "%zu values", rows);
    }
    f->member = malloc(rows * sizeof *f->member);
    f->name = malloc(rows * sizeof *f->name);
    f->real = malloc(rows * sizeof *f->real);
    f->a = calloc(probes * whole + 1, sizeof *f->a); /* 0 where nothing flows */
    f->c = calloc(probes * whole + 1, sizeof *f->c);
    f->full = calloc(f->value != NULL ? whole : 1, sizeof *f->full);
    f->full_g = calloc(f->value != NULL ? whole : 1, sizeof *f->full_g);
    GNDP_CHECK(f->member != NULL && f->name != NULL && f->real != NULL && f->a != NULL &&
                   f->c != NULL && f->full != NULL && f->full_g != NULL,
               GNDP_ERR_NOMEM, "%zu values", 2 * (probes + 1) * whole);
    gndp_gaussian_mean(law, f->mean);
    if (f->options->solver == GNDP_ODE_ADAPTIVE) {
        GNDP_TRY(adaptive_open(f->b, f->size, &f->adaptive));
    }
done:
    return st;
}

static void close_flow(flow *f)
{
    double *const arrays[] = {f->y,    f->slope[0], f->slope[1],   f->trial,
                              f->mean, f->l,        f->slope_l[0], f->slope_l[1],
                              f->a,    f->c,        f->full,       f->full_g};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) {
        free(arrays[i]);
    }
    free(f->member);
    free(f->name);
    free(f->real);
    adaptive_close(&f->adaptive);
}

gndp_status likelihood_run(gndp_evaluator *ev, const gndp_schedule *schedule,
                           const gndp_gaussian *law, const flow_part *part,
                           const gndp_likelihood_options *options, int64_t n,
                           const uint32_t *member, const double *y0, double *log_p, double *latent)
{
    gndp_status st = GNDP_OK;
    const gndp_likelihood_options o =
        options != NULL ? *options : gndp_likelihood_options_default();
    flow f = {.ev = ev, .schedule = schedule, .options = &o};
    GNDP_TRY(check_call(ev, schedule, law, part, n, y0, log_p));
    GNDP_TRY(check_options(&o));
    f.b = gndp_evaluator_batch(ev);
    f.whole = evaluator_size(ev);
    f.size = part != NULL ? part->n : f.whole;
    f.value = part != NULL ? part->value : NULL;
    f.blocks = (n + f.b - 1) / f.b;
    GNDP_TRY(open_flow(&f, law));
    for (f.block = 0; f.block < f.blocks; f.block++) {
        const int64_t first = f.block * f.b;
        f.n = n - first < f.b ? n - first : f.b;
        for (int64_t r = 0; r < f.n; r++) {
            f.member[r] = member != NULL ? member[first + r] : (uint32_t)(first + r);
            f.name[r] = f.member[r];
            f.real[r] = true;
        }
        memcpy(f.value != NULL ? f.full : f.y, y0 + first * f.whole,
               (size_t)(f.n * f.whole) * sizeof *f.y);
        if (f.value != NULL) {
            gather(&f, f.n, f.full, f.y);
        }
        if (o.probes > 0) {
            GNDP_TRY(draw_probes(&f, law));
        }
        GNDP_TRY(run_flow(&f));
        if (o.exact_terminal) {
            memset(log_p + first, 0, (size_t)f.n * sizeof *log_p);
        } else {
            GNDP_TRY(gndp_gaussian_log_prob(law, f.n, f.y, log_p + first));
        }
        for (int64_t r = 0; r < f.n; r++) {
            log_p[first + r] += f.l[r];
        }
        if (latent != NULL) {
            memcpy(latent + first * f.size, f.y, (size_t)(f.n * f.size) * sizeof *latent);
        }
    }
done:
    close_flow(&f);
    return st;
}

gndp_status gndp_log_likelihood(gndp_evaluator *ev, const gndp_schedule *schedule,
                                const gndp_gaussian *law, const gndp_likelihood_options *options,
                                int64_t n, const uint32_t *member, const double *y0, double *log_p,
                                double *latent)
{
    return likelihood_run(ev, schedule, law, NULL, options, n, member, y0, log_p, latent);
}
