// SPDX-License-Identifier: Apache-2.0
// Reverse-time samplers on spheres beside Euclidean components (geomndp.md 10.7).
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sde/brownian.h"
#include "sde/evaluator.h"
#include "sde/slots.h"
#include "sde/streams.h"

static const char *const method_names[] = {
    [GNDP_BROWNIAN_EM] = "em", [GNDP_BROWNIAN_ANCESTRAL] = "ancestral", [GNDP_BROWNIAN_ODE] = "heun"};
enum { METHODS = (int)(sizeof method_names / sizeof *method_names) };

const char *gndp_brownian_method_name(gndp_brownian_method method)
{
    return (int)method >= 0 && (int)method < METHODS ? method_names[method] : "?";
}

gndp_status gndp_brownian_method_find(const char *name, gndp_brownian_method *out)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(name != NULL && out != NULL, GNDP_ERR_ARG, "an argument is NULL");
    for (int k = 0; k < METHODS; k++) {
        if (strcmp(method_names[k], name) == 0) {
            *out = (gndp_brownian_method)k;
            return GNDP_OK;
        }
    }
    GNDP_CHECK(false, GNDP_ERR_NOT_FOUND, "there is no sampler '%s' on spheres; there are: em, ancestral, ode", name);
done:
    return st;
}

gndp_brownian_options gndp_brownian_options_default(void)
{
    return (gndp_brownian_options){.method = GNDP_BROWNIAN_ANCESTRAL, .steps = 100, .least = 1e-6};
}

/* ---- Steps ----------------------------------------------------------------------------------- */

gndp_status brownian_grid(const gndp_schedule *schedule, int64_t steps, double least, bool uniform, double *b)
{
    gndp_status st = GNDP_OK;
    const double most = gndp_schedule_integral(schedule, schedule->t1), way = schedule->t1 - schedule->t0;
    GNDP_CHECK(uniform || (least > 0.0 && least < most), GNDP_ERR_RANGE, "steps down to B = %g, allowed is above 0 and below B(t1) = %g", least,
               most);
    for (int64_t k = 0; k < steps; k++) {
        b[k] = uniform ? gndp_schedule_integral(schedule, schedule->t1 - way * (double)k / (double)steps)
                       : most * pow(least / most, steps > 1 ? (double)k / (double)(steps - 1) : 0.0);
        GNDP_CHECK(b[k] > 0.0 && (k == 0 || b[k] < b[k - 1]), GNDP_ERR_RANGE,
                   "%lld steps: B does not fall at step %lld, the schedule is flat there; fewer steps, or steps uniform in ln B", (long long)steps,
                   (long long)k);
    }
    b[steps] = 0.0;
done:
    return st;
}

/*
 * On the sphere the reverse drift is beta s, and the clean point given the noised one lies at B s to first order: the ancestral step moves by the share
 * (B - B')/B of that, with the variance of a bridge to it. Euclidean: y_0 = (y + v s)/r exactly, and the bridge of the process.
 */
brownian_step brownian_step_of(const gndp_schedule *schedule, gndp_brownian_method method, double b, double next)
{
    const double way = b - next;
    if (method != GNDP_BROWNIAN_ANCESTRAL) {
        return (brownian_step){.c = way, .d = sqrt(way), .a = 1.0 + 0.5 * way, .e = way, .f = sqrt(way)};
    }
    const double r = exp(-0.5 * b), v = -expm1(-b);
    const gndp_linear_law bridge = gndp_schedule_bridge(schedule, gndp_schedule_time(schedule, next), gndp_schedule_time(schedule, b));
    return (brownian_step){
        .c = way, .d = sqrt(next * way / b), .a = bridge.a / r + bridge.b, .e = bridge.a * v / r, .f = sqrt(fmax(bridge.variance, 0.0))};
}

void brownian_move(const gndp_sphere_layout *layout, const brownian_step *by, int64_t count, double *y, const double *g, const double *xi)
{
    brownian_part part[BROWNIAN_PARTS];
    const int parts = brownian_parts(layout, part);
    for (int64_t k = 0; k < count; k++) {
        for (int q = 0; q < parts; q++) {
            const int64_t at = k * layout->components + part[q].first;
            double v[GNDP_SPHERE_MAX];
            for (int p = 0; p < part[q].dim; p++) {
                const double noise = xi != NULL ? xi[at + p] : 0.0;
                if (part[q].sphere >= 0) {
                    v[p] = by->c * g[at + p] + by->d * noise;
                } else {
                    y[at + p] = by->a * y[at + p] + by->e * g[at + p] + by->f * noise;
                }
            }
            if (part[q].sphere >= 0) {
                gndp_sphere_exp(part[q].dim, 1, y + at, v, y + at);
            }
        }
    }
}

gndp_status brownian_context_check(const gndp_evaluator *ev, int64_t n, const int64_t *point)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(n >= 0 && n < gndp_evaluator_points(ev), GNDP_ERR_RANGE, "%lld known points of %lld: one at least has to be asked for",
               (long long)n, (long long)gndp_evaluator_points(ev));
    GNDP_CHECK(n == 0 || point != NULL, GNDP_ERR_ARG, "the known points are NULL");
    GNDP_CHECK(n == 0 || evaluator_takes_context(ev), GNDP_ERR_UNSUPPORTED,
               "%lld points are known, and the score takes no clean context: train one with a context flag, or sample given observations",
               (long long)n);
done:
    return st;
}

/* ---- A block --------------------------------------------------------------------------------- */

typedef struct brownian_run {
    gndp_evaluator *ev;
    const gndp_brownian *process;
    const gndp_brownian_options *options;
    slot_order slots;
    int64_t b, points, size;    /* slots, N, N P */
    double *grid;               /* B [steps + 1] */
    double *y, *g, *xi;         /* [b, N P] */
    double *trial, *first;      /* [b, N P]: the state ahead, the first slope */
    uint32_t *member;           /* [b] */
    int64_t block, blocks;
} brownian_run;

static void put_context(const brownian_run *run)
{
    const gndp_brownian_options *o = run->options;
    const int64_t p = run->process->layout.components;
    for (int64_t r = 0; r < run->b; r++) {
        for (int64_t c = 0; c < o->contexts; c++) {
            memcpy(run->y + r * run->size + o->context[c] * p, o->value + c * p, (size_t)p * sizeof *run->y);
        }
    }
}

static gndp_status score_at(brownian_run *run, double b, const double *y, double *g)
{
    const double t = gndp_schedule_time(&run->process->schedule, b);
    return evaluator_block(run->ev, run->b, run->slots.active, &t, true, y, g);
}

static gndp_status step_noisy(brownian_run *run, int64_t k)
{
    gndp_status st = GNDP_OK;
    const gndp_brownian_options *o = run->options;
    const brownian_step by = brownian_step_of(&run->process->schedule, o->method, run->grid[k], run->grid[k + 1]);
    GNDP_TRY(score_at(run, run->grid[k], run->y, run->g));
    for (int64_t r = 0; r < run->b; r++) {
        GNDP_TRY(gndp_random_normal_f64(o->seed, (uint32_t)k, run->member[r], SDE_STREAM_BROWNIAN_NOISE, 0, run->size,
                                        run->xi + r * run->size));
    }
    brownian_move(&run->process->layout, &by, run->b * run->points, run->y, run->g, run->xi);
done:
    return st;
}

/* way times the slope of the flow towards the data: s/2, Euclidean (y + s)/2. */
static void flow_slope(const brownian_run *run, double way, const double *y, double *g)
{
    brownian_part part[BROWNIAN_PARTS];
    const int parts = brownian_parts(&run->process->layout, part);
    for (int64_t k = 0; k < run->b * run->points; k++) {
        for (int q = 0; q < parts; q++) {
            const int64_t at = k * run->process->layout.components + part[q].first;
            for (int64_t i = at; i < at + part[q].dim; i++) {
                g[i] = 0.5 * way * (part[q].sphere >= 0 ? g[i] : y[i] + g[i]);
            }
        }
    }
}

/* first <- (first + slope ahead, carried back)/2. */
static void mean_slope(const brownian_run *run)
{
    brownian_part part[BROWNIAN_PARTS];
    const int parts = brownian_parts(&run->process->layout, part);
    for (int64_t k = 0; k < run->b * run->points; k++) {
        for (int q = 0; q < parts; q++) {
            const int64_t at = k * run->process->layout.components + part[q].first;
            if (part[q].sphere >= 0) {
                gndp_sphere_transport(part[q].dim, 1, run->trial + at, run->y + at, run->g + at, run->g + at);
            }
            for (int64_t i = at; i < at + part[q].dim; i++) {
                run->first[i] = 0.5 * (run->first[i] + run->g[i]);
            }
        }
    }
}

/* Heun; the last step ends where the score need not exist, and takes the slope of its start. */
static gndp_status step_flow(brownian_run *run, int64_t k)
{
    gndp_status st = GNDP_OK;
    const gndp_sphere_layout *layout = &run->process->layout;
    const double way = run->grid[k] - run->grid[k + 1];
    const int64_t count = run->b * run->points;
    GNDP_TRY(score_at(run, run->grid[k], run->y, run->first));
    flow_slope(run, way, run->y, run->first);
    if (run->grid[k + 1] > 0.0) {
        memcpy(run->trial, run->y, (size_t)(run->b * run->size) * sizeof *run->y);
        gndp_layout_move(layout, count, run->trial, run->first);
        for (int64_t r = 0; r < run->b; r++) { /* known points stay */
            for (int64_t c = 0; c < run->options->contexts; c++) {
                const int64_t at = r * run->size + run->options->context[c] * layout->components;
                memcpy(run->trial + at, run->y + at, (size_t)layout->components * sizeof *run->y);
            }
        }
        GNDP_TRY(score_at(run, run->grid[k + 1], run->trial, run->g));
        flow_slope(run, way, run->trial, run->g);
        mean_slope(run);
    }
    gndp_layout_move(layout, count, run->y, run->first);
done:
    return st;
}

static gndp_status check_state(const brownian_run *run, int64_t step)
{
    gndp_status st = GNDP_OK;
    const double t = gndp_schedule_time(&run->process->schedule, run->grid[step]);
    for (int64_t r = 0; r < run->b; r++) {
        double sum = 0.0; /* 0 times what is not finite is NaN */
        for (int64_t i = r * run->size; i < (r + 1) * run->size; i++) {
            sum += 0.0 * run->y[i];
        }
        GNDP_CHECK(sum == 0.0, GNDP_ERR_NONFINITE,
                   "member %u: after step %lld of %lld (time %.6g) the state is not finite; more steps, another sampler or a score that is finite "
                   "there would help",
                   (unsigned)run->member[r], (long long)step, (long long)run->options->steps, t);
    }
done:
    return st;
}

static gndp_status run_block(brownian_run *run, const double *start)
{
    gndp_status st = GNDP_OK;
    const gndp_brownian_options *o = run->options;
    if (start == NULL) {
        const gndp_key key = {.seed = o->seed, .stream = SDE_STREAM_BROWNIAN_START};
        GNDP_TRY(gndp_brownian_limit(run->process, run->points, key, run->member, run->b, run->y));
    }
    for (int64_t r = 0; start != NULL && r < run->b; r++) {
        memcpy(run->y + r * run->size, start + run->slots.source[r] * run->size, (size_t)run->size * sizeof *start);
    }
    put_context(run);
    for (int64_t k = 0; k < o->steps; k++) {
        GNDP_TRY((o->method == GNDP_BROWNIAN_ODE ? step_flow : step_noisy)(run, k));
        put_context(run);
        GNDP_TRY(check_state(run, k + 1));
        gndp_progress_update(o->progress, run->block * o->steps + k + 1, NULL);
        GNDP_CHECK(o->stop == NULL || !o->stop(o->stop_state), GNDP_ERR_INTERRUPTED, "stopped in block %lld of %lld",
                   (long long)run->block + 1, (long long)run->blocks);
    }
done:
    return st;
}

/* ---- The call -------------------------------------------------------------------------------- */

static gndp_status check_call(const gndp_evaluator *ev, const gndp_brownian *process, const gndp_brownian_options *o, int64_t n,
                              const void *member, const double *start, const void *y)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(ev != NULL, GNDP_ERR_ARG, "evaluator is NULL");
    GNDP_TRY(gndp_brownian_check(process));
    GNDP_CHECK(n == 0 || (member != NULL && y != NULL), GNDP_ERR_ARG, "an array is NULL");
    GNDP_CHECK(n >= 0 && (n <= gndp_evaluator_batch(ev) || !evaluator_own_points(ev)), GNDP_ERR_RANGE, "%lld members%s", (long long)n,
               n < 0 ? "" : ", more than have points of their own");
    GNDP_CHECK(gndp_evaluator_points(ev) * process->layout.components == evaluator_size(ev), GNDP_ERR_SHAPE,
               "a layout of %d components, a score of %lld", process->layout.components,
               (long long)(evaluator_size(ev) / gndp_evaluator_points(ev)));
    GNDP_CHECK((int)o->method >= 0 && (int)o->method < METHODS, GNDP_ERR_RANGE, "sampler %d is none", (int)o->method);
    GNDP_CHECK(o->steps >= 1 && o->steps <= 100000000, GNDP_ERR_RANGE, "%lld steps", (long long)o->steps);
    GNDP_TRY(brownian_context_check(ev, o->contexts, o->context));
    GNDP_CHECK(o->contexts == 0 || o->value != NULL, GNDP_ERR_ARG, "values of the known points are NULL");
    GNDP_TRY(brownian_values_check(&process->layout, o->contexts, o->value, "known values"));
    if (start != NULL) {
        GNDP_TRY(brownian_values_check(&process->layout, n * gndp_evaluator_points(ev), start, "start"));
    }
done:
    return st;
}

static gndp_status open_run(brownian_run *run)
{
    gndp_status st = GNDP_OK;
    const size_t values = (size_t)(run->b * run->size);
    double **const arrays[] = {&run->y, &run->g, &run->xi, &run->trial, &run->first};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) {
        *arrays[i] = calloc(values + 1, sizeof **arrays[i]);
        GNDP_CHECK(*arrays[i] != NULL, GNDP_ERR_NOMEM, "%zu values", values);
    }
    run->grid = malloc(((size_t)run->options->steps + 1) * sizeof *run->grid);
    run->member = malloc((size_t)run->b * sizeof *run->member);
    GNDP_CHECK(run->grid != NULL && run->member != NULL, GNDP_ERR_NOMEM, "%lld steps", (long long)run->options->steps);
    GNDP_TRY(brownian_grid(&run->process->schedule, run->options->steps, run->options->least, run->options->uniform, run->grid));
done:
    return st;
}

static void close_run(brownian_run *run)
{
    double *const arrays[] = {run->y, run->g, run->xi, run->trial, run->first, run->grid};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) {
        free(arrays[i]);
    }
    free(run->member);
    slots_close(&run->slots);
}

gndp_status gndp_brownian_sample(gndp_evaluator *ev, const gndp_brownian *process, const gndp_brownian_options *options, int64_t n,
                                 const uint32_t *member, const double *start, double *y)
{
    gndp_status st = GNDP_OK;
    const gndp_brownian_options o = options != NULL ? *options : gndp_brownian_options_default();
    brownian_run run = {.ev = ev, .process = process, .options = &o};
    bool context = false;
    GNDP_TRY(check_call(ev, process, &o, n, member, start, y));
    run.b = gndp_evaluator_batch(ev);
    run.points = gndp_evaluator_points(ev);
    run.size = evaluator_size(ev);
    GNDP_TRY(open_run(&run));
    GNDP_TRY(slots_open(run.b, evaluator_own_points(ev), n, member, &run.slots));
    context = evaluator_takes_context(ev);
    GNDP_TRY(evaluator_context(ev, o.contexts, o.context));
    run.blocks = run.slots.blocks;
    for (run.block = 0; run.block < run.blocks; run.block++) {
        slots_take(&run.slots, run.block, run.member);
        GNDP_TRY(run_block(&run, start));
        for (int64_t r = 0; r < run.b; r++) {
            if (run.slots.real[r]) {
                memcpy(y + run.slots.source[r] * run.size, run.y + r * run.size, (size_t)run.size * sizeof *y);
            }
        }
    }
done:
    if (context) {
        (void)evaluator_context(ev, 0, NULL); /* none of no points can be wrong */
    }
    close_run(&run);
    return st;
}
