// SPDX-License-Identifier: Apache-2.0
// Log-densities by the probability flow, with exact or estimated divergence (geomndp.md 8).
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sde/adaptive.h"
#include "sde/evaluator.h"
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
    int64_t b, n, size;                    /* slots; fields in this block; N P */
    double *mean;                          /* [N P] */
    double *y, *l;                         /* [b, N P], [b] */
    double *a, *c;                         /* probes L^-T eps and L eps [b, probes, N P], or NULL */
    double *slope[2], *slope_l[2], *trial; /* sums of slopes, the last one; where it was taken */
    adaptive_memory adaptive;
    uint32_t *member;
    int64_t *name;
    bool *real;
    int64_t block, blocks;
} flow;

static gndp_status slope_rows(flow *f, int64_t active, const double *t, bool one_time,
                              const double *y, double *dy, double *dl)
{
    gndp_status st = GNDP_OK;
    const int64_t probes = f->options->probes;
    if (probes > 0) {
        GNDP_TRY(evaluator_probe(f->ev, f->n, active, t, one_time, y, probes, f->a, f->c, dy, dl));
    } else {
        GNDP_TRY(evaluator_trace(f->ev, f->n, active, t, one_time, y, dy, dl));
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
    GNDP_CHECK(eps != NULL, GNDP_ERR_NOMEM, "%lld values", (long long)(probes * rank));
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
        double *c = f->c + r * probes * f->size;
        GNDP_TRY(gndp_gaussian_apply_root(law, false, probes, eps, c));
        GNDP_TRY(gndp_gaussian_solve(law, probes, c, f->a + r * probes * f->size));
    }
done:
    free(eps);
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
            const double t = t0 + way * spaced(f->options, k), s = t0 + way * spaced(f->options, k + 1);
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
                              const gndp_gaussian *law, int64_t n, const double *y0,
                              const double *log_p)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(ev != NULL && law != NULL, GNDP_ERR_ARG, "evaluator or law is NULL");
    GNDP_TRY(gndp_schedule_check(schedule));
    GNDP_CHECK(n == 0 || (y0 != NULL && log_p != NULL), GNDP_ERR_ARG, "an array is NULL");
    GNDP_CHECK(n >= 0 && (n <= gndp_evaluator_batch(ev) || !evaluator_own_points(ev)),
               GNDP_ERR_RANGE, "%lld fields%s", (long long)n,
               n < 0 ? "" : ", more than have points of their own");
    const int64_t size = evaluator_size(ev);
    GNDP_CHECK(gndp_gaussian_size(law) == size, GNDP_ERR_SHAPE,
               "a law of %lld values, a score of %lld", (long long)gndp_gaussian_size(law),
               (long long)size);
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
                 probes = (size_t)f->options->probes;
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
    f->a = malloc(probes * values * sizeof *f->a + 1);
    f->c = malloc(probes * values * sizeof *f->c + 1);
    GNDP_CHECK(f->member != NULL && f->name != NULL && f->real != NULL && f->a != NULL &&
                   f->c != NULL,
               GNDP_ERR_NOMEM, "%zu values", 2 * probes * values);
    gndp_gaussian_mean(law, f->mean);
    if (f->options->solver == GNDP_ODE_ADAPTIVE) {
        GNDP_TRY(adaptive_open(f->b, f->size, &f->adaptive));
    }
done:
    return st;
}

static void close_flow(flow *f)
{
    double *const arrays[] = {f->y, f->slope[0],   f->slope[1],   f->trial, f->mean,
                              f->l, f->slope_l[0], f->slope_l[1], f->a,     f->c};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) {
        free(arrays[i]);
    }
    free(f->member);
    free(f->name);
    free(f->real);
    adaptive_close(&f->adaptive);
}

gndp_status gndp_log_likelihood(gndp_evaluator *ev, const gndp_schedule *schedule,
                                const gndp_gaussian *law, const gndp_likelihood_options *options,
                                int64_t n, const uint32_t *member, const double *y0, double *log_p,
                                double *latent)
{
    gndp_status st = GNDP_OK;
    const gndp_likelihood_options o =
        options != NULL ? *options : gndp_likelihood_options_default();
    flow f = {.ev = ev, .schedule = schedule, .options = &o};
    GNDP_TRY(check_call(ev, schedule, law, n, y0, log_p));
    GNDP_TRY(check_options(&o));
    f.b = gndp_evaluator_batch(ev);
    f.size = evaluator_size(ev);
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
        memcpy(f.y, y0 + first * f.size, (size_t)(f.n * f.size) * sizeof *f.y);
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

/* Rows of whole points picked from y [n, N P]. */
static double *pick(int64_t n, int64_t size, int64_t p, int64_t c, const int64_t *context,
                    const double *y)
{
    double *out = malloc((size_t)(n * c * p) * sizeof *out + 1);
    for (int64_t r = 0; out != NULL && r < n; r++) {
        for (int64_t i = 0; i < c; i++) {
            memcpy(out + (r * c + i) * p, y + r * size + context[i] * p, (size_t)p * sizeof *out);
        }
    }
    return out;
}

gndp_status gndp_conditional_log_likelihood(const gndp_flow_law *joint,
                                            const gndp_flow_law *context,
                                            const gndp_schedule *schedule,
                                            const gndp_likelihood_options *options, int64_t n,
                                            const uint32_t *member, int64_t c, const int64_t *index,
                                            const double *y0, double *log_p)
{
    gndp_status st = GNDP_OK;
    double *some = NULL, *less = NULL;
    GNDP_CHECK(joint != NULL && context != NULL, GNDP_ERR_ARG, "an argument is NULL");
    GNDP_CHECK(n == 0 || (y0 != NULL && log_p != NULL && index != NULL), GNDP_ERR_ARG,
               "an array is NULL");
    GNDP_CHECK(n >= 0 && c >= 1, GNDP_ERR_RANGE, "%lld fields, %lld context points", (long long)n,
               (long long)c);
    const int64_t points = gndp_evaluator_points(joint->evaluator),
                  size = evaluator_size(joint->evaluator), p = size / points;
    GNDP_CHECK(gndp_evaluator_points(context->evaluator) == c, GNDP_ERR_SHAPE,
               "%lld context points, their score has %lld", (long long)c,
               (long long)gndp_evaluator_points(context->evaluator));
    for (int64_t i = 0; i < c; i++) {
        GNDP_CHECK(index[i] >= 0 && index[i] < points, GNDP_ERR_RANGE,
                   "context point %lld is number %lld of %lld", (long long)i, (long long)index[i],
                   (long long)points);
    }
    some = pick(n, size, p, c, index, y0);
    less = malloc((size_t)n * sizeof *less + 1);
    GNDP_CHECK(some != NULL && less != NULL, GNDP_ERR_NOMEM, "%lld values", (long long)(n * c * p));
    GNDP_TRY(gndp_log_likelihood(joint->evaluator, schedule, joint->law, options, n, member, y0,
                                 log_p, NULL));
    GNDP_TRY(gndp_log_likelihood(context->evaluator, schedule, context->law, options, n, member,
                                 some, less, NULL));
    for (int64_t r = 0; r < n; r++) {
        log_p[r] -= less[r];
    }
done:
    free(some);
    free(less);
    return st;
}
