// SPDX-License-Identifier: Apache-2.0
// Conditional sampling on spheres: methods by name, observations, blocks of members or particles.
#include "cond/brownian_run.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/nearest.h"
#include "base/text.h"

/* ---- Methods --------------------------------------------------------------------------------- */

static const sphere_method *const rows[] = {&sphere_langevin, &sphere_hybrid, &sphere_replacement, &sphere_guidance, &sphere_twisted};
enum { ROWS = (int)(sizeof rows / sizeof *rows) };

int gndp_brownian_cond_count(void)
{
    return ROWS;
}

const gndp_brownian_cond_info *gndp_brownian_cond_get(int i)
{
    return i >= 0 && i < ROWS ? &rows[i]->info : NULL;
}

static const char *name_at(const void *state, int i)
{
    (void)state;
    return i < ROWS ? rows[i]->info.name : NULL;
}

gndp_status gndp_brownian_cond_find(const char *name, const gndp_brownian_cond_info **out)
{
    gndp_status st = GNDP_OK;
    int i = 0;
    GNDP_CHECK(out != NULL, GNDP_ERR_ARG, "out is NULL");
    GNDP_TRY(gndp_find_name("conditional method on spheres", name, name_at, NULL, &i));
    *out = &rows[i]->info;
done:
    return st;
}

static const sphere_method *row_of(const gndp_brownian_cond_info *info)
{
    for (int i = 0; i < ROWS; i++) {
        if (info == &rows[i]->info) {
            return rows[i];
        }
    }
    return NULL;
}

gndp_brownian_cond_options gndp_brownian_cond_options_default(const gndp_brownian_cond_info *method)
{
    const sphere_method *row = row_of(method != NULL ? method : &rows[0]->info);
    gndp_brownian_cond_options o = {.method = method != NULL ? method : &rows[0]->info,
                                    .sampler = GNDP_BROWNIAN_ANCESTRAL,
                                    .steps = 100,
                                    .least = 1e-6,
                                    .inner = 5,
                                    .psi = 0.5,
                                    .clean_steps = 300,
                                    .kappa = 0.5,
                                    .strength = 1.0,
                                    .least_sd = 1e-3,
                                    .particles = 256,
                                    .resample_below = 0.5};
    if (row != NULL && row->defaults != NULL) {
        row->defaults(&o);
    }
    return o;
}

/* ---- Observations ---------------------------------------------------------------------------- */

/* The part that an observation is of. @return false where its component is none's first */
static bool part_of(const gndp_sphere_layout *layout, int component, brownian_part *out)
{
    *out = (brownian_part){.first = component, .dim = 1, .sphere = -1};
    for (int s = 0; s < layout->spheres; s++) {
        const int first = layout->first[s];
        if (component == first) {
            *out = (brownian_part){.first = first, .dim = layout->dim[s], .sphere = s};
        } else if (component > first && component < first + layout->dim[s]) {
            return false;
        }
    }
    return component >= 0 && component < layout->components;
}

static gndp_status check_value(const gndp_sphere_obs *obs, int64_t c, const brownian_part *part, const double *v)
{
    gndp_status st = GNDP_OK;
    const double sd = obs->sd != NULL ? obs->sd[c] : 0.0;
    double square = 0.0;
    for (int p = 0; p < part->dim; p++) {
        GNDP_CHECK(isfinite(v[p]), GNDP_ERR_NONFINITE, "observation %lld is %g", (long long)c, v[p]);
        square += v[p] * v[p];
    }
    GNDP_CHECK(part->sphere < 0 || fabs(sqrt(square) - 1.0) <= 1e-6, GNDP_ERR_RANGE, "observation %lld has norm %.9g on sphere %d, not 1",
               (long long)c, sqrt(square), part->sphere);
    GNDP_CHECK(sd >= 0.0 && sd <= 1e3, GNDP_ERR_RANGE, "observation %lld has an error of %g, allowed are 0 to 1000", (long long)c, sd);
done:
    return st;
}

gndp_status gndp_sphere_obs_check(const gndp_sphere_obs *obs, const gndp_brownian *process, int64_t points)
{
    gndp_status st = GNDP_OK;
    bool *taken = NULL;
    GNDP_CHECK(obs != NULL, GNDP_ERR_ARG, "observations are NULL");
    GNDP_TRY(gndp_brownian_check(process));
    const gndp_sphere_layout *layout = &process->layout;
    GNDP_CHECK(obs->n >= 0 && points >= 0, GNDP_ERR_RANGE, "%lld observations of %lld points", (long long)obs->n, (long long)points);
    GNDP_CHECK(obs->n == 0 || (obs->point != NULL && obs->component != NULL && obs->field != NULL), GNDP_ERR_ARG, "an array is NULL");
    taken = calloc((size_t)(points * layout->components) + 1, sizeof *taken);
    GNDP_CHECK(taken != NULL, GNDP_ERR_NOMEM, "%lld values", (long long)(points * layout->components));
    for (int64_t c = 0; c < obs->n; c++) {
        brownian_part part;
        GNDP_CHECK(obs->point[c] >= 0 && obs->point[c] < points, GNDP_ERR_RANGE, "observation %lld is of point %lld of %lld", (long long)c,
                   (long long)obs->point[c], (long long)points);
        GNDP_CHECK(part_of(layout, obs->component[c], &part), GNDP_ERR_RANGE,
                   "observation %lld is of component %d of %d, which is no Euclidean one and not a sphere's first", (long long)c, obs->component[c],
                   layout->components);
        const int64_t at = obs->point[c] * layout->components + part.first;
        GNDP_CHECK(!taken[at], GNDP_ERR_ARG, "observation %lld: component %d of point %lld is given twice", (long long)c, part.first,
                   (long long)obs->point[c]);
        taken[at] = true;
        GNDP_TRY(check_value(obs, c, &part, obs->field + at));
    }
done:
    free(taken);
    return st;
}

static gndp_status take_observations(sphere_run *run, const gndp_sphere_obs *obs)
{
    gndp_status st = GNDP_OK;
    const gndp_sphere_layout *layout = &run->process->layout;
    GNDP_TRY(gndp_sphere_obs_check(obs, run->process, run->points));
    run->c = obs->n;
    run->seen = calloc((size_t)obs->n + 1, sizeof *run->seen);
    GNDP_CHECK(run->seen != NULL, GNDP_ERR_NOMEM, "%lld observations", (long long)obs->n);
    for (int64_t c = 0; c < obs->n; c++) {
        brownian_part part;
        sphere_seen *seen = &run->seen[c];
        (void)part_of(layout, obs->component[c], &part);
        *seen = (sphere_seen){.at = obs->point[c] * layout->components + part.first,
                              .dim = part.dim,
                              .sphere = part.sphere,
                              .sd = obs->sd != NULL ? obs->sd[c] : 0.0};
        double square = 0.0;
        for (int p = 0; p < part.dim; p++) {
            square += obs->field[seen->at + p] * obs->field[seen->at + p];
        }
        for (int p = 0; p < part.dim; p++) {
            seen->z[p] = obs->field[seen->at + p] / (part.sphere >= 0 ? sqrt(square) : 1.0);
        }
    }
done:
    return st;
}

gndp_status sphere_heat_check(const sphere_run *run, const char *why)
{
    gndp_status st = GNDP_OK;
    for (int64_t c = 0; c < run->c; c++) {
        GNDP_CHECK(run->seen[c].sphere < 0 || run->seen[c].dim == 3, GNDP_ERR_UNSUPPORTED,
                   "observation %lld is on the sphere in R^%d: %s wants the heat kernel, known here on that in R^3", (long long)c, run->seen[c].dim,
                   why);
    }
done:
    return st;
}

/* ---- What every method needs ----------------------------------------------------------------- */

double sphere_time(const sphere_run *run, double b)
{
    return gndp_schedule_time(&run->process->schedule, b);
}

gndp_status sphere_score(sphere_run *run, double b, const double *y, double *g)
{
    gndp_status st = GNDP_OK;
    const double t = sphere_time(run, b);
    GNDP_TRY(gndp_evaluator_score(run->ev, run->rows, &t, true, y, g));
    run->cost += (double)run->active;
done:
    return st;
}

gndp_status sphere_product(sphere_run *run, double b, const double *y, const double *cot, double *g, double *out)
{
    gndp_status st = GNDP_OK;
    const double t = sphere_time(run, b);
    GNDP_TRY(gndp_evaluator_vjp(run->ev, run->rows, &t, true, y, cot, g, out));
    run->cost += 2.0 * (double)run->active;
done:
    return st;
}

gndp_status sphere_noise(sphere_run *run, int64_t step, uint32_t stream)
{
    gndp_status st = GNDP_OK;
    for (int64_t r = 0; r < run->rows; r++) {
        GNDP_TRY(gndp_random_normal_f64(run->options->seed, (uint32_t)step, run->member[r], stream, 0, run->size, run->xi + r * run->size));
    }
done:
    return st;
}

gndp_status sphere_particle_noise(sphere_run *run, int64_t step)
{
    gndp_status st = GNDP_OK;
    for (int64_t p = 0; p < run->rows; p++) {
        GNDP_TRY(gndp_random_normal_f64(run->options->seed, (uint32_t)step, run->member[p], COND_STREAM_SPHERE_PARTICLE(p), 0, run->size,
                                        run->xi + p * run->size));
    }
done:
    return st;
}

/* ---- Blocks ---------------------------------------------------------------------------------- */

static gndp_status start_block(sphere_run *run)
{
    gndp_status st = GNDP_OK;
    for (int64_t r = 0; r < run->rows; r++) {
        const gndp_key key = {.seed = run->options->seed, .stream = COND_STREAM_SPHERE_START(run->method->particles ? r : 0)};
        GNDP_TRY(gndp_brownian_limit(run->process, run->points, key, run->member + r, 1, run->y + r * run->size));
    }
    if (run->method->start != NULL) {
        GNDP_TRY(run->method->start(run));
    }
done:
    return st;
}

static gndp_status check_state(const sphere_run *run, int64_t step)
{
    gndp_status st = GNDP_OK;
    for (int64_t r = 0; r < run->rows; r++) {
        double sum = 0.0; /* 0 times what is not finite is NaN */
        for (int64_t i = r * run->size; i < (r + 1) * run->size; i++) {
            sum += 0.0 * run->y[i];
        }
        GNDP_CHECK(sum == 0.0, GNDP_ERR_NONFINITE,
                   "member %u: after step %lld of %lld (time %.6g) the state is not finite; more steps, shorter ones of the corrector or observations "
                   "with a larger error would help",
                   (unsigned)run->member[r], (long long)step, (long long)run->options->steps, sphere_time(run, run->grid[step]));
    }
done:
    return st;
}

static gndp_status run_block(sphere_run *run)
{
    gndp_status st = GNDP_OK;
    const gndp_brownian_cond_options *o = run->options;
    GNDP_TRY(start_block(run));
    for (int64_t k = 0; k < o->steps; k++) {
        GNDP_TRY(run->method->step(run, k));
        GNDP_TRY(check_state(run, k + 1));
        gndp_progress_update(o->progress, run->block * o->steps + k + 1, NULL);
        GNDP_CHECK(o->stop == NULL || !o->stop(o->stop_state), GNDP_ERR_INTERRUPTED, "stopped in block %lld of %lld",
                   (long long)run->block + 1, (long long)run->blocks);
    }
done:
    return st;
}

static gndp_status run_members(sphere_run *run, int64_t n, const uint32_t *member, double *y)
{
    gndp_status st = GNDP_OK;
    GNDP_TRY(slots_open(run->rows, evaluator_own_points(run->ev), n, member, &run->slots));
    run->blocks = run->slots.blocks;
    for (run->block = 0; run->block < run->blocks; run->block++) {
        slots_take(&run->slots, run->block, run->member);
        run->active = run->slots.active;
        GNDP_TRY(run_block(run));
        for (int64_t r = 0; r < run->rows; r++) {
            if (run->slots.real[r]) {
                memcpy(y + run->slots.source[r] * run->size, run->y + r * run->size, (size_t)run->size * sizeof *y);
            }
        }
    }
done:
    return st;
}

/* ln of the mean of Z over members and its standard error. */
static void summarise(int64_t n, const double *log_z, gndp_brownian_cond_report *report)
{
    double most = -HUGE_VAL, sum = 0.0, square = 0.0;
    for (int64_t i = 0; i < n; i++) {
        most = fmax(most, log_z[i]);
    }
    for (int64_t i = 0; i < n; i++) {
        const double z = exp(log_z[i] - most);
        sum += z / (double)n, square += z * z / (double)n;
    }
    report->log_evidence = most + log(sum);
    if (n > 1) {
        report->log_evidence_error = sqrt(fmax(square - sum * sum, 0.0) / (double)(n - 1)) / sum;
    }
}

static gndp_status run_particles(sphere_run *run, int64_t n, const uint32_t *member, double *y, gndp_brownian_cond_report *report)
{
    gndp_status st = GNDP_OK;
    double *log_z = malloc((size_t)n * sizeof *log_z + 1);
    GNDP_CHECK(log_z != NULL, GNDP_ERR_NOMEM, "%lld members", (long long)n);
    run->blocks = n;
    run->active = run->rows;
    for (run->block = 0; run->block < n; run->block++) {
        for (int64_t p = 0; p < run->rows; p++) {
            run->member[p] = member[run->block];
        }
        GNDP_TRY(run_block(run));
        log_z[run->block] = run->log_evidence;
        memcpy(y + run->block * run->size, run->y + run->picked * run->size, (size_t)run->size * sizeof *y);
    }
    if (n > 0) {
        summarise(n, log_z, report);
    }
done:
    free(log_z);
    return st;
}

/* ---- The call -------------------------------------------------------------------------------- */

static gndp_status check_call(const gndp_evaluator *ev, const gndp_brownian *process, const gndp_brownian_cond_options *o, int64_t n,
                              const void *member, const void *y)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(ev != NULL, GNDP_ERR_ARG, "evaluator is NULL");
    GNDP_TRY(gndp_brownian_check(process));
    const sphere_method *method = row_of(o->method);
    GNDP_CHECK(method != NULL, GNDP_ERR_ARG, "the options name no method");
    GNDP_CHECK(n == 0 || (member != NULL && y != NULL), GNDP_ERR_ARG, "an array is NULL");
    GNDP_CHECK(n >= 0, GNDP_ERR_RANGE, "%lld members", (long long)n);
    GNDP_CHECK(!evaluator_own_points(ev) || (n <= gndp_evaluator_batch(ev) && !method->particles), GNDP_ERR_RANGE,
               "%lld members by %s, with points of their own for each slot", (long long)n, method->info.name);
    GNDP_CHECK(gndp_evaluator_points(ev) * process->layout.components == evaluator_size(ev), GNDP_ERR_SHAPE,
               "a layout of %d components, a score of %lld", process->layout.components,
               (long long)(evaluator_size(ev) / gndp_evaluator_points(ev)));
    GNDP_CHECK(o->sampler == GNDP_BROWNIAN_EM || o->sampler == GNDP_BROWNIAN_ANCESTRAL, GNDP_ERR_UNSUPPORTED,
               "sampler %s: conditional methods take em and ancestral", gndp_brownian_method_name(o->sampler));
    GNDP_CHECK(o->steps >= 1 && o->steps <= 100000000, GNDP_ERR_RANGE, "%lld steps", (long long)o->steps);
    GNDP_CHECK(!method->particles || (o->particles >= 1 && o->particles <= COND_MOST_DRAWS), GNDP_ERR_RANGE, "%lld particles, allowed are 1 to %d",
               (long long)o->particles, COND_MOST_DRAWS);
done:
    return st;
}

static gndp_status open_run(sphere_run *run)
{
    gndp_status st = GNDP_OK;
    const size_t values = (size_t)(run->rows * run->size);
    double **const arrays[] = {&run->y, &run->g, &run->xi, &run->more[0], &run->more[1]};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) {
        *arrays[i] = calloc(values + 1, sizeof **arrays[i]);
        GNDP_CHECK(*arrays[i] != NULL, GNDP_ERR_NOMEM, "%zu values", values);
    }
    run->grid = malloc(((size_t)run->options->steps + 1) * sizeof *run->grid);
    run->member = malloc((size_t)run->rows * sizeof *run->member);
    GNDP_CHECK(run->grid != NULL && run->member != NULL, GNDP_ERR_NOMEM, "%lld steps", (long long)run->options->steps);
    GNDP_TRY(brownian_grid(&run->process->schedule, run->options->steps, run->options->least, run->options->uniform, run->grid));
done:
    return st;
}

static void close_run(sphere_run *run)
{
    double *const arrays[] = {run->y, run->g, run->xi, run->more[0], run->more[1], run->grid};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) {
        free(arrays[i]);
    }
    free(run->member);
    free(run->seen);
    slots_close(&run->slots);
}

static void describe(const sphere_run *run, char *text, size_t size)
{
    const gndp_brownian_cond_options *o = run->options;
    gndp_text_append(text, size, "%s, %s, %lld steps", run->method->info.name, gndp_brownian_method_name(o->sampler), (long long)o->steps);
    if (o->uniform) {
        gndp_text_append(text, size, " uniform in t");
    } else {
        gndp_text_append(text, size, " down to B = %g", o->least);
    }
    if (run->method->describe != NULL) {
        run->method->describe(run, text, size);
    }
}

gndp_status gndp_brownian_cond_sample(gndp_evaluator *ev, const gndp_brownian *process, const gndp_sphere_obs *obs,
                                      const gndp_brownian_cond_options *options, int64_t n, const uint32_t *member, double *y,
                                      gndp_brownian_cond_report *report)
{
    gndp_status st = GNDP_OK;
    gndp_brownian_cond_options o = options != NULL ? *options : gndp_brownian_cond_options_default(NULL);
    gndp_brownian_cond_report found = {.log_evidence = NAN, .log_evidence_error = NAN};
    sphere_run run = {.ev = ev, .process = process, .options = &o, .least_particles = NAN};
    bool opened = false;
    GNDP_TRY(check_call(ev, process, &o, n, member, y));
    run.method = row_of(o.method);
    run.rows = run.method->particles ? o.particles : gndp_evaluator_batch(ev);
    run.points = gndp_evaluator_points(ev);
    run.size = evaluator_size(ev);
    GNDP_TRY(take_observations(&run, obs));
    if (run.method->check != NULL) {
        GNDP_TRY(run.method->check(&run));
    }
    if (run.method->pulls) { /* the last step leaves a spread of `least`, and what is known better would weigh nearly all of it away */
        o.least = fmin(o.least, 0.1 * sphere_guide_variance(&run));
    }
    GNDP_TRY(open_run(&run));
    opened = true;
    if (run.method->open != NULL) {
        GNDP_TRY(run.method->open(&run));
    }
    if (run.method->particles) {
        GNDP_TRY(run_particles(&run, n, member, y, &found));
    } else {
        GNDP_TRY(run_members(&run, n, member, y));
    }
    if (report != NULL) {
        found.evaluations = n > 0 ? run.cost / (double)n : 0.0;
        found.least_particles = run.least_particles;
        describe(&run, found.text, sizeof found.text);
        *report = found;
    }
done:
    if (opened && run.method->close != NULL) {
        run.method->close(&run);
    }
    close_run(&run);
    return st;
}
