// SPDX-License-Identifier: Apache-2.0
// Log-densities on spheres beside Euclidean components by the probability flow (geomndp.md 10.8).
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sde/adaptive.h"
#include "sde/brownian.h"
#include "sde/evaluator.h"
#include "sde/streams.h"

/*
 * A block on its way in u = ln B: dy/du = B F, dl/du = B div F with F = -s/2, Euclidean -(y + s)/2. It runs in R^n, where the score is a field that is
 * constant along rays and tangent, so that norms are conserved by the flow, and by RK4 up to its error: dividing stages and results by them is a projection
 * method and keeps the order (Hairer, Lubich & Wanner, Geometric Numerical Integration, IV.4).
 */
typedef struct sphere_flow {
    gndp_evaluator *ev;
    const gndp_brownian *process;
    const gndp_likelihood_options *options;
    double least, most;   /* B */
    int64_t b, n, points, size;
    bool *known;          /* [N] points that stay */
    double *y, *l;        /* [b, N P], [b] */
    double *eps, *tangent;/* probes [b, probes, N P] as drawn, and their tangent parts where the state is */
    double *slope[2], *slope_l[2], *trial, *unit;
    double *t;            /* [b] */
    adaptive_memory adaptive;
    uint32_t *member;
    int64_t *name;
    bool *real;
    int64_t block, blocks;
} sphere_flow;

/* Tangent parts of the probes at the state, none at known points. */
static void place_probes(sphere_flow *f, const double *y)
{
    const int64_t probes = f->options->probes, p = f->process->layout.components;
    memcpy(f->tangent, f->eps, (size_t)(f->n * probes * f->size) * sizeof *f->eps);
    for (int64_t r = 0; r < f->n; r++) {
        for (int64_t q = 0; q < probes; q++) {
            double *e = f->tangent + (r * probes + q) * f->size;
            gndp_layout_project(&f->process->layout, f->points, y + r * f->size, e);
            for (int64_t i = 0; i < f->points; i++) {
                if (f->known[i]) {
                    memset(e + i * p, 0, (size_t)p * sizeof *e);
                }
            }
        }
    }
}

/* dy += y of Euclidean components that flow. @return how many a field has */
static int64_t add_linear(const sphere_flow *f, const double *y, double *dy)
{
    brownian_part part[BROWNIAN_PARTS];
    const int parts = brownian_parts(&f->process->layout, part);
    int64_t count = 0;
    for (int64_t k = 0; k < f->n * f->points; k++) {
        for (int q = 0; q < parts && !f->known[k % f->points]; q++) {
            const int64_t at = k * f->process->layout.components + part[q].first;
            for (int64_t i = at; part[q].sphere < 0 && i < at + part[q].dim; i++) {
                dy[i] += y[i];
                count += k < f->points;
            }
        }
    }
    return count;
}

/* The slopes at u [n] (or one for all). */
static gndp_status slope_rows(sphere_flow *f, int64_t active, const double *u, bool one_time, const double *y, double *dy, double *dl)
{
    gndp_status st = GNDP_OK;
    const int64_t probes = f->options->probes;
    for (int64_t r = 0; r < (one_time ? 1 : f->n); r++) {
        f->t[r] = gndp_schedule_time(&f->process->schedule, fmin(exp(u[r]), f->most));
    }
    memcpy(f->unit, y, (size_t)(f->n * f->size) * sizeof *y);
    brownian_normalise(&f->process->layout, f->n * f->points, f->unit);
    if (probes > 0) {
        place_probes(f, f->unit);
        GNDP_TRY(evaluator_probe(f->ev, f->n, active, f->t, one_time, f->unit, probes, f->tangent, f->tangent, dy, dl));
    } else {
        GNDP_TRY(evaluator_trace(f->ev, f->n, active, f->t, one_time, f->unit, dy, dl));
    }
    const double linear = (double)add_linear(f, f->unit, dy);
    for (int64_t r = 0; r < f->n; r++) {
        const double half = -0.5 * exp(u[one_time ? 0 : r]);
        for (int64_t i = r * f->size; i < (r + 1) * f->size; i++) {
            dy[i] *= half;
        }
        dl[r] = half * (linear + dl[r]);
    }
done:
    return st;
}

static gndp_status adaptive_rows(void *state, int64_t running, const double *u, const double *y, double *dy, double *dl)
{
    return slope_rows(state, running, u, false, y, dy, dl);
}

static gndp_status watch(sphere_flow *f, double steps_done)
{
    gndp_status st = GNDP_OK;
    const gndp_likelihood_options *o = f->options;
    gndp_progress_update(o->progress, (int64_t)((double)(f->block * o->steps) + steps_done), NULL);
    GNDP_CHECK(o->stop == NULL || !o->stop(o->stop_state), GNDP_ERR_INTERRUPTED, "stopped in block %lld of %lld", (long long)f->block + 1,
               (long long)f->blocks);
done:
    return st;
}

static gndp_status adaptive_watched(void *state, double share)
{
    sphere_flow *f = state;
    return watch(f, share * (double)f->options->steps);
}

/* Stage s of RK4: the slope at y + h ahead of the last one, added with its weight. */
static gndp_status stage(sphere_flow *f, double u, double ahead, double weight)
{
    gndp_status st = GNDP_OK;
    for (int64_t i = 0; i < f->n * f->size; i++) {
        f->trial[i] = f->y[i] + (ahead != 0.0 ? ahead * f->slope[1][i] : 0.0);
    }
    GNDP_TRY(slope_rows(f, f->n, &u, true, f->trial, f->slope[1], f->slope_l[1]));
    for (int64_t i = 0; i < f->n * f->size; i++) {
        f->slope[0][i] += weight * f->slope[1][i];
    }
    for (int64_t r = 0; r < f->n; r++) {
        f->slope_l[0][r] += weight * f->slope_l[1][r];
    }
done:
    return st;
}

/* y and l by h times what was collected. */
static void move(sphere_flow *f, double h)
{
    for (int64_t i = 0; i < f->n * f->size; i++) {
        f->y[i] += h * f->slope[0][i];
    }
    for (int64_t r = 0; r < f->n; r++) {
        f->l[r] += h * f->slope_l[0][r];
    }
    brownian_normalise(&f->process->layout, f->n * f->points, f->y);
}

static void collect_none(sphere_flow *f)
{
    memset(f->slope[0], 0, (size_t)(f->n * f->size) * sizeof *f->slope[0]);
    memset(f->slope_l[0], 0, (size_t)f->n * sizeof *f->slope_l[0]);
}

static gndp_status step_rk4(sphere_flow *f, double u, double h)
{
    gndp_status st = GNDP_OK;
    collect_none(f);
    GNDP_TRY(stage(f, u, 0.0, 1.0));
    GNDP_TRY(stage(f, u + 0.5 * h, 0.5 * h, 2.0));
    GNDP_TRY(stage(f, u + 0.5 * h, 0.5 * h, 2.0));
    GNDP_TRY(stage(f, u + h, h, 1.0));
    move(f, h / 6.0);
done:
    return st;
}

/*
 * From B = 0 to `least` in one step of length 1 in B/least, by the slope at `least`: wrong by O(least²) where the score is smooth down to there. Where it
 * is not, as 1/B for data without spread, densities have a meaning only down to a resolution, and `least` is it.
 */
static gndp_status first_step(sphere_flow *f)
{
    gndp_status st = GNDP_OK;
    collect_none(f);
    GNDP_TRY(stage(f, log(f->least), 0.0, 1.0));
    move(f, 1.0);
done:
    return st;
}

static gndp_status run_flow(sphere_flow *f)
{
    gndp_status st = GNDP_OK;
    const double from = log(f->least), way = log(f->most / f->least);
    const int64_t steps = f->options->steps;
    memset(f->l, 0, (size_t)f->n * sizeof *f->l);
    GNDP_TRY(first_step(f));
    if (f->options->solver == GNDP_ODE_ADAPTIVE) {
        const adaptive_problem problem = {.n = f->n,
                                          .size = f->size,
                                          .from = from,
                                          .to = from + way,
                                          .tolerance = f->options->tolerance,
                                          .extra = true,
                                          .real = f->real,
                                          .name = f->name,
                                          .slope = adaptive_rows,
                                          .watch = adaptive_watched,
                                          .state = f};
        GNDP_TRY(adaptive_run(&problem, &f->adaptive, f->y, f->l));
        brownian_normalise(&f->process->layout, f->n * f->points, f->y);
    } else {
        const double h = way / (double)steps;
        for (int64_t k = 0; k < steps; k++) {
            GNDP_TRY(step_rk4(f, from + way * (double)k / (double)steps, h));
            GNDP_TRY(watch(f, (double)(k + 1)));
        }
    }
    for (int64_t r = 0; r < f->n; r++) {
        double sum = 0.0 * f->l[r];
        for (int64_t i = r * f->size; i < (r + 1) * f->size; i++) {
            sum += 0.0 * f->y[i];
        }
        GNDP_CHECK(sum == 0.0, GNDP_ERR_NONFINITE,
                   "member %u: the flow is not finite at the end: more steps, or a score that is finite there, would help",
                   (unsigned)f->member[r]);
    }
done:
    return st;
}

/* ---- The call -------------------------------------------------------------------------------- */

static gndp_status draw_probes(sphere_flow *f)
{
    gndp_status st = GNDP_OK;
    const gndp_likelihood_options *o = f->options;
    for (int64_t k = 0; k < f->n * o->probes; k++) {
        double *e = f->eps + k * f->size;
        const uint32_t member = f->member[k / o->probes], stream = SDE_STREAM_BROWNIAN_PROBE((uint32_t)(k % o->probes));
        if (o->gaussian_probes) {
            GNDP_TRY(gndp_random_normal_f64(o->seed, 0, member, stream, 0, f->size, e));
            continue;
        }
        GNDP_TRY(gndp_random_uniform_f64(o->seed, 0, member, stream, 0, f->size, e));
        for (int64_t i = 0; i < f->size; i++) {
            e[i] = e[i] < 0.5 ? -1.0 : 1.0;
        }
    }
done:
    return st;
}

static gndp_status check_call(const gndp_evaluator *ev, const gndp_brownian *process, const gndp_likelihood_options *o, double least, int64_t n,
                              const double *y0, const double *log_p)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(ev != NULL, GNDP_ERR_ARG, "evaluator is NULL");
    GNDP_TRY(gndp_brownian_check(process));
    GNDP_CHECK(n == 0 || (y0 != NULL && log_p != NULL), GNDP_ERR_ARG, "an array is NULL");
    GNDP_CHECK(n >= 0 && (n <= gndp_evaluator_batch(ev) || !evaluator_own_points(ev)), GNDP_ERR_RANGE, "%lld fields%s", (long long)n,
               n < 0 ? "" : ", more than have points of their own");
    GNDP_CHECK(gndp_evaluator_points(ev) * process->layout.components == evaluator_size(ev), GNDP_ERR_SHAPE,
               "a layout of %d components, a score of %lld", process->layout.components,
               (long long)(evaluator_size(ev) / gndp_evaluator_points(ev)));
    GNDP_CHECK(o->solver == GNDP_ODE_RK4 || o->solver == GNDP_ODE_ADAPTIVE, GNDP_ERR_UNSUPPORTED,
               "solver %d: on spheres there are RK4 and the adaptive one", (int)o->solver);
    GNDP_CHECK(o->steps >= 1 && o->steps <= 100000000, GNDP_ERR_RANGE, "%lld steps", (long long)o->steps);
    GNDP_CHECK(o->tolerance > 0.0 && o->tolerance < 1.0, GNDP_ERR_RANGE, "tolerance %g, allowed is above 0 and below 1", o->tolerance);
    GNDP_CHECK(o->probes >= 0 && o->probes <= 65535, GNDP_ERR_RANGE, "%lld probes, allowed are 0 to 65535", (long long)o->probes);
    GNDP_CHECK(least > 0.0 && least < gndp_schedule_integral(&process->schedule, process->schedule.t1), GNDP_ERR_RANGE,
               "the flow from B = %g, allowed is above 0 and below B(t1) = %g", least,
               gndp_schedule_integral(&process->schedule, process->schedule.t1));
    GNDP_TRY(brownian_values_check(&process->layout, n * gndp_evaluator_points(ev), y0, "fields"));
done:
    return st;
}

static gndp_status open_flow(sphere_flow *f)
{
    gndp_status st = GNDP_OK;
    const size_t rows = (size_t)f->b, values = rows * (size_t)f->size, probes = (size_t)f->options->probes;
    double **const arrays[] = {&f->y, &f->slope[0], &f->slope[1], &f->trial, &f->unit};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) {
        *arrays[i] = calloc(values + 1, sizeof **arrays[i]);
        GNDP_CHECK(*arrays[i] != NULL, GNDP_ERR_NOMEM, "%zu values", values);
    }
    double **const small[] = {&f->l, &f->slope_l[0], &f->slope_l[1], &f->t};
    for (size_t i = 0; i < sizeof small / sizeof *small; i++) {
        *small[i] = calloc(rows, sizeof **small[i]);
        GNDP_CHECK(*small[i] != NULL, GNDP_ERR_NOMEM, "%zu values", rows);
    }
    f->eps = malloc(probes * values * sizeof *f->eps + 1);
    f->tangent = malloc(probes * values * sizeof *f->tangent + 1);
    f->member = malloc(rows * sizeof *f->member);
    f->name = malloc(rows * sizeof *f->name);
    f->real = malloc(rows * sizeof *f->real);
    f->known = calloc((size_t)f->points, sizeof *f->known);
    GNDP_CHECK(f->eps != NULL && f->tangent != NULL && f->member != NULL && f->name != NULL && f->real != NULL && f->known != NULL,
               GNDP_ERR_NOMEM, "%zu values", 2 * probes * values);
    if (f->options->solver == GNDP_ODE_ADAPTIVE) {
        GNDP_TRY(adaptive_open(f->b, f->size, &f->adaptive));
    }
done:
    return st;
}

static void close_flow(sphere_flow *f)
{
    double *const arrays[] = {f->y, f->slope[0], f->slope[1], f->trial, f->unit, f->l, f->slope_l[0], f->slope_l[1], f->t, f->eps, f->tangent};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) {
        free(arrays[i]);
    }
    free(f->member);
    free(f->name);
    free(f->real);
    free(f->known);
    adaptive_close(&f->adaptive);
}

/* ln of the limit's density at the points that flow. */
static double terminal(const sphere_flow *f, const double *y)
{
    double log_p = 0.0;
    for (int64_t i = 0; i < f->points; i++) {
        log_p += f->known[i] ? 0.0 : gndp_brownian_limit_log_density(f->process, 1, y + i * f->process->layout.components);
    }
    return log_p;
}

gndp_status gndp_brownian_log_likelihood(gndp_evaluator *ev, const gndp_brownian *process, const gndp_likelihood_options *options, double least,
                                         int64_t contexts, const int64_t *context, int64_t n, const uint32_t *member, const double *y0,
                                         double *log_p, double *latent)
{
    gndp_status st = GNDP_OK;
    const gndp_likelihood_options o = options != NULL ? *options : gndp_likelihood_options_default();
    sphere_flow f = {.ev = ev, .process = process, .options = &o, .least = least};
    bool takes = false;
    GNDP_TRY(check_call(ev, process, &o, least, n, y0, log_p));
    GNDP_TRY(brownian_context_check(ev, contexts, context));
    f.most = gndp_schedule_integral(&process->schedule, process->schedule.t1);
    f.b = gndp_evaluator_batch(ev);
    f.points = gndp_evaluator_points(ev);
    f.size = evaluator_size(ev);
    f.blocks = (n + f.b - 1) / f.b;
    GNDP_TRY(open_flow(&f));
    takes = evaluator_takes_context(ev);
    GNDP_TRY(evaluator_context(ev, contexts, context));
    for (int64_t c = 0; c < contexts; c++) {
        f.known[context[c]] = true;
    }
    for (f.block = 0; f.block < f.blocks; f.block++) {
        const int64_t first = f.block * f.b;
        f.n = n - first < f.b ? n - first : f.b;
        for (int64_t r = 0; r < f.n; r++) {
            f.member[r] = member != NULL ? member[first + r] : (uint32_t)(first + r);
            f.name[r] = f.member[r];
            f.real[r] = true;
        }
        memcpy(f.y, y0 + first * f.size, (size_t)(f.n * f.size) * sizeof *f.y);
        brownian_normalise(&process->layout, f.n * f.points, f.y);
        GNDP_TRY(draw_probes(&f));
        GNDP_TRY(run_flow(&f));
        for (int64_t r = 0; r < f.n; r++) {
            log_p[first + r] = f.l[r] + (o.exact_terminal ? 0.0 : terminal(&f, f.y + r * f.size));
        }
        if (latent != NULL) {
            memcpy(latent + first * f.size, f.y, (size_t)(f.n * f.size) * sizeof *latent);
        }
    }
done:
    if (takes) {
        (void)evaluator_context(ev, 0, NULL); /* none of no points can be wrong */
    }
    close_flow(&f);
    return st;
}
