// SPDX-License-Identifier: Apache-2.0
// Langevin conditional samplers on spheres: corrector steps at each level, or within each step, or none: replacement (geomndp.md 7.1 to 7.3, 10.7).
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cond/brownian_run.h"

/*
 * An observation with error is the state of its part at the level B_e whose noise is that error: given the states at all levels below it the observation tells
 * nothing more, so p(y_0 | z) is the same whether the error is a noise of its own or that of the process. From B_e up the part is known along a path. Below, the
 * density of the state given z is that of the process times that of z given the part's state, run for B_e - B.
 */
typedef struct known {
    double level;              /* B_e; 0: exact */
    double z[GNDP_SPHERE_MAX]; /* the state there */
    int64_t crossing;          /* steps at whose start B is at least B_e */
} known;

typedef struct langevin {
    known *known;     /* [C] */
    int64_t *from;    /* [C] where the part's values of a row's path are */
    int64_t width;    /* values of all parts */
    double *path;     /* [rows, steps + 1, width] */
    double *length;   /* [rows, N P] Langevin step of each value at the present level, 0: stays */
    double *curve;    /* [rows] largest curvature found */
    double *v, *w;    /* [rows, N P] */
} langevin;

static gndp_status check_all(const sphere_run *run)
{
    gndp_status st = GNDP_OK;
    const gndp_brownian_cond_options *o = run->options;
    GNDP_CHECK(o->inner >= 0 && o->inner < COND_MOST_DRAWS, GNDP_ERR_RANGE, "%lld inner steps, allowed are 0 to %d", (long long)o->inner,
               COND_MOST_DRAWS - 1);
    GNDP_CHECK(o->clean_steps >= 0 && o->clean_steps < COND_MOST_DRAWS, GNDP_ERR_RANGE, "%lld clean steps, allowed are 0 to %d",
               (long long)o->clean_steps, COND_MOST_DRAWS - 1);
    GNDP_CHECK(o->clean_eta >= 0.0 && o->clean_eta <= 100.0, GNDP_ERR_RANGE, "clean_eta %g, allowed are 0 to 100", o->clean_eta);
    GNDP_CHECK(o->steps >= 2 || o->clean_steps == 0, GNDP_ERR_RANGE, "%lld steps: clean-up wants a level between t1 and t0, 2 steps at least",
               (long long)o->steps);
    bool errors = false;
    for (int64_t c = 0; c < run->c; c++) {
        errors = errors || (run->seen[c].sphere >= 0 && run->seen[c].sd > 0.0);
    }
    if (errors) {
        GNDP_TRY(sphere_heat_check(run, "an observation with an error"));
    }
done:
    return st;
}

static gndp_status check(const sphere_run *run)
{
    gndp_status st = GNDP_OK;
    const double psi = run->options->psi;
    GNDP_CHECK(psi > 0.0 && psi < 4.0, GNDP_ERR_RANGE, "psi %g: Langevin steps of psi v are stable above 0 and below 4", psi);
    GNDP_TRY(check_all(run));
done:
    return st;
}

static gndp_status prepare(sphere_run *run)
{
    gndp_status st = GNDP_OK;
    const size_t values = (size_t)(run->rows * run->size);
    langevin *own = calloc(1, sizeof *own);
    run->own = own;
    GNDP_CHECK(own != NULL, GNDP_ERR_NOMEM, "%zu bytes", sizeof *own);
    own->known = calloc((size_t)run->c + 1, sizeof *own->known);
    own->from = calloc((size_t)run->c + 1, sizeof *own->from);
    GNDP_CHECK(own->known != NULL && own->from != NULL, GNDP_ERR_NOMEM, "%lld observations", (long long)run->c);
    for (int64_t c = 0; c < run->c; c++) {
        const sphere_seen *seen = &run->seen[c];
        known *k = &own->known[c];
        k->level = seen->sphere >= 0 ? seen->sd * seen->sd : log1p(seen->sd * seen->sd);
        for (int p = 0; p < seen->dim; p++) {
            k->z[p] = seen->z[p] * (seen->sphere >= 0 ? 1.0 : exp(-0.5 * k->level));
        }
        while (k->crossing < run->options->steps && run->grid[k->crossing] >= k->level) {
            k->crossing++;
        }
        GNDP_CHECK(k->crossing > 0, GNDP_ERR_RANGE, "observation %lld: an error of %g is more than the noise at t1", (long long)c, seen->sd);
        own->from[c] = own->width;
        own->width += seen->dim;
    }
    own->path = calloc((size_t)(run->rows * (run->options->steps + 1) * own->width) + 1, sizeof *own->path);
    own->length = calloc(values + 1, sizeof *own->length);
    own->curve = calloc((size_t)run->rows, sizeof *own->curve);
    own->v = calloc(values + 1, sizeof *own->v);
    own->w = calloc(values + 1, sizeof *own->w);
    GNDP_CHECK(own->path != NULL && own->length != NULL && own->curve != NULL && own->v != NULL && own->w != NULL, GNDP_ERR_NOMEM,
               "paths of %lld values", (long long)(run->rows * (run->options->steps + 1) * own->width));
done:
    return st;
}

static void release(sphere_run *run)
{
    langevin *own = run->own;
    if (own != NULL) {
        free(own->known);
        free(own->from);
        free(own->path);
        free(own->length);
        free(own->curve);
        free(own->v);
        free(own->w);
        free(own);
    }
}

/* ---- Paths ----------------------------------------------------------------------------------- */

static double *path_at(const langevin *own, const sphere_run *run, int64_t r, int64_t k, int64_t c)
{
    return own->path + (r * (run->options->steps + 1) + k) * own->width + own->from[c];
}

/* The part's state at b given that at `below`: an exact transition. */
static gndp_status noise_up(const sphere_run *run, int64_t c, int64_t r, int64_t step, double below, double b, const double *from, double *to)
{
    gndp_status st = GNDP_OK;
    const sphere_seen *seen = &run->seen[c];
    const double tau = 0.5 * (b - below);
    if (seen->sphere >= 0) {
        const gndp_sphere_key key = {
            .seed = run->options->seed, .step = (uint32_t)step, .member = run->member[r], .stream = COND_STREAM_SPHERE_PATH, .first = c};
        GNDP_TRY(gndp_sphere_heat_draw(seen->dim, 1, &tau, from, key, to));
    } else {
        double z = 0.0;
        GNDP_TRY(gndp_random_normal_f64(run->options->seed, (uint32_t)step, run->member[r], COND_STREAM_SPHERE_PATH + 1, c, 1, &z));
        to[0] = exp(-tau) * from[0] + sqrt(-expm1(-2.0 * tau)) * z;
    }
done:
    return st;
}

/* The states of an observed part at the levels of the grid from B_e up: along a path, or each by itself. */
static gndp_status draw_path(sphere_run *run, int64_t r, int64_t c)
{
    gndp_status st = GNDP_OK;
    const langevin *own = run->own;
    const known *obs = &own->known[c];
    const double *from = obs->z;
    double below = obs->level;
    for (int64_t k = obs->crossing - 1; k >= 0; k--) {
        double *to = path_at(own, run, r, k, c);
        GNDP_TRY(noise_up(run, c, r, k, below, run->grid[k], from, to));
        if (!run->options->fresh) {
            from = to, below = run->grid[k];
        }
    }
    memcpy(path_at(own, run, r, run->options->steps, c), obs->z, (size_t)run->seen[c].dim * sizeof *obs->z); /* read where B_e = 0 */
done:
    return st;
}

/* Is the part known at the level that grid point k has? */
static bool stands(const sphere_run *run, int64_t c, int64_t k)
{
    const langevin *own = run->own;
    return run->grid[k] >= own->known[c].level;
}

static void put_path(sphere_run *run, int64_t k)
{
    const langevin *own = run->own;
    for (int64_t r = 0; r < run->rows; r++) {
        for (int64_t c = 0; c < run->c; c++) {
            if (stands(run, c, k)) {
                memcpy(run->y + r * run->size + run->seen[c].at, path_at(own, run, r, k, c), (size_t)run->seen[c].dim * sizeof *run->y);
            }
        }
    }
}

static gndp_status start(sphere_run *run)
{
    gndp_status st = GNDP_OK;
    for (int64_t r = 0; r < run->rows; r++) {
        for (int64_t c = 0; c < run->c; c++) {
            GNDP_TRY(draw_path(run, r, c));
        }
    }
    put_path(run, 0);
done:
    return st;
}

/* ---- Langevin steps -------------------------------------------------------------------------- */

/* g += gradient of ln of the density of the observations at levels above b, where their parts move. */
static void add_observed(sphere_run *run, int64_t k)
{
    const langevin *own = run->own;
    const double b = run->grid[k];
    for (int64_t c = 0; c < run->c; c++) {
        const sphere_seen *seen = &run->seen[c];
        const known *obs = &own->known[c];
        for (int64_t r = 0; r < run->rows && !stands(run, c, k); r++) {
            const double *y = run->y + r * run->size + seen->at;
            double *g = run->g + r * run->size + seen->at, a[3];
            if (seen->sphere >= 0) {
                (void)gndp_heat_score(0.5 * (obs->level - b), obs->z, y, a);
                for (int p = 0; p < 3; p++) {
                    g[p] += a[p];
                }
            } else {
                const double decay = exp(-0.5 * (obs->level - b)), variance = -expm1(-(obs->level - b));
                g[0] += decay * (obs->z[0] - decay * y[0]) / variance;
            }
        }
    }
}

/* Lengths of a step at level k: eta of each row, less where an observation adds curvature, none where a part is known. */
static void set_lengths(sphere_run *run, int64_t k, double share, const double *curve)
{
    langevin *own = run->own;
    const double v = -expm1(-run->grid[k]);
    for (int64_t r = 0; r < run->rows; r++) {
        const double eta = share * (curve != NULL ? 1.0 / curve[r] : v);
        for (int64_t i = r * run->size; i < (r + 1) * run->size; i++) {
            own->length[i] = eta;
        }
        for (int64_t c = 0; c < run->c; c++) {
            const double rest = -expm1(-(own->known[c].level - run->grid[k])); /* bounds the curvature of what the observation adds */
            for (int p = 0; p < run->seen[c].dim; p++) {
                own->length[r * run->size + run->seen[c].at + p] = stands(run, c, k) ? 0.0 : 1.0 / (1.0 / eta + 1.0 / (share * rest));
            }
        }
    }
}

/* y <- y + (eta/2) g + sqrt(eta) xi, by exp on spheres. */
static gndp_status langevin_step(sphere_run *run, int64_t k, uint32_t stream)
{
    gndp_status st = GNDP_OK;
    langevin *own = run->own;
    GNDP_TRY(sphere_score(run, run->grid[k], run->y, run->g));
    add_observed(run, k);
    GNDP_TRY(sphere_noise(run, k, stream));
    for (int64_t i = 0; i < run->rows * run->size; i++) {
        own->v[i] = 0.5 * own->length[i] * run->g[i] + sqrt(own->length[i]) * run->xi[i];
    }
    gndp_layout_move(&run->process->layout, run->rows * run->points, run->y, own->v);
    put_path(run, k); /* what stands stays, bit for bit */
done:
    return st;
}

/* v of each row to length 1 among the values that move. */
static void keep_moving(sphere_run *run, double *v, double *norm)
{
    const langevin *own = run->own;
    gndp_layout_project(&run->process->layout, run->rows * run->points, run->y, v);
    for (int64_t r = 0; r < run->rows; r++) {
        double square = 0.0;
        for (int64_t i = r * run->size; i < (r + 1) * run->size; i++) {
            v[i] = own->length[i] > 0.0 ? v[i] : 0.0;
            square += v[i] * v[i];
        }
        norm[r] = sqrt(square);
        for (int64_t i = r * run->size; i < (r + 1) * run->size && square > 0.0; i++) {
            v[i] /= norm[r];
        }
    }
}

/* Largest curvature of ln p at level k among what moves, by the power method on the score's Jacobian; at least 1, which the limit has. */
static gndp_status find_curvature(sphere_run *run, int64_t k)
{
    enum { PRODUCTS = 10 };
    gndp_status st = GNDP_OK;
    langevin *own = run->own;
    set_lengths(run, k, 1.0, NULL);
    GNDP_TRY(sphere_noise(run, k, COND_STREAM_SPHERE_PROBE));
    memcpy(own->v, run->xi, (size_t)(run->rows * run->size) * sizeof *own->v);
    keep_moving(run, own->v, own->curve);
    for (int j = 0; j < PRODUCTS; j++) {
        GNDP_TRY(sphere_product(run, run->grid[k], run->y, own->v, run->g, own->w));
        keep_moving(run, own->w, own->curve);
        memcpy(own->v, own->w, (size_t)(run->rows * run->size) * sizeof *own->v);
    }
    for (int64_t r = 0; r < run->rows; r++) {
        own->curve[r] = fmax(own->curve[r], 1.0);
    }
done:
    return st;
}

static gndp_status clean(sphere_run *run, int64_t k)
{
    gndp_status st = GNDP_OK;
    langevin *own = run->own;
    const gndp_brownian_cond_options *o = run->options;
    if (o->clean_eta == 0.0) {
        GNDP_TRY(find_curvature(run, k));
    }
    for (int64_t r = 0; r < run->rows && o->clean_eta > 0.0; r++) {
        own->curve[r] = 1.0 / o->clean_eta;
    }
    for (int64_t j = 0; j < o->clean_steps; j++) {
        const double share = pow(0.2, (double)j / (double)(o->clean_steps > 1 ? o->clean_steps - 1 : 1));
        set_lengths(run, k, share, own->curve);
        GNDP_TRY(langevin_step(run, k, COND_STREAM_SPHERE_CLEAN(j)));
    }
done:
    return st;
}

/* ---- A step ---------------------------------------------------------------------------------- */

/*
 * Hybrid: a step of length dB takes Langevin time psi dB v/B at once, in drift and noise. The bound v of the curvature's inverse makes psi dB/B the stable length
 * at any level. What the observations add to the drift is that of Langevin alone. None in the last step, which ends without noise.
 */
static brownian_step mixed(const sphere_run *run, brownian_step by, double b, double next)
{
    const double time = next > 0.0 ? run->options->psi * (b - next) * -expm1(-b) / b : 0.0;
    by.d = sqrt(by.d * by.d + time);
    by.f = sqrt(by.f * by.f + time);
    return by;
}

/* g <- what a step multiplies by c (or e) so that half the Langevin time times the whole gradient is added. */
static void mix_drift(sphere_run *run, int64_t k, const brownian_step *by)
{
    langevin *own = run->own;
    brownian_part part[BROWNIAN_PARTS];
    const int parts = brownian_parts(&run->process->layout, part);
    const double b = run->grid[k], next = run->grid[k + 1], half = next > 0.0 ? 0.5 * run->options->psi * (b - next) * -expm1(-b) / b : 0.0;
    memcpy(own->w, run->g, (size_t)(run->rows * run->size) * sizeof *own->w);
    add_observed(run, k);
    for (int64_t i = 0; i < run->rows * run->points; i++) {
        for (int q = 0; q < parts; q++) {
            const double share = half / (part[q].sphere >= 0 ? by->c : by->e);
            const int64_t at = i * run->process->layout.components + part[q].first;
            for (int64_t j = at; j < at + part[q].dim; j++) {
                run->g[j] = own->w[j] + share * run->g[j];
            }
        }
    }
}

/* A part that is known at grid point k and not at the next starts there from its observation, by the step that is left. */
static void release_parts(sphere_run *run, int64_t k)
{
    const langevin *own = run->own;
    for (int64_t c = 0; c < run->c; c++) {
        if (!stands(run, c, k) || stands(run, c, k + 1)) {
            continue;
        }
        const sphere_seen *seen = &run->seen[c];
        const brownian_step by = brownian_step_of(&run->process->schedule, run->options->sampler, own->known[c].level, run->grid[k + 1]);
        const double *g = run->method == &sphere_hybrid ? own->w : run->g;
        for (int64_t r = 0; r < run->rows; r++) {
            const int64_t at = r * run->size + seen->at;
            const gndp_sphere_layout part = {.components = seen->dim, .spheres = seen->sphere >= 0, .dim = {seen->dim}};
            memcpy(run->y + at, own->known[c].z, (size_t)seen->dim * sizeof *run->y);
            brownian_move(&part, &by, 1, run->y + at, g + at, run->xi + at);
        }
    }
}

static gndp_status step(sphere_run *run, int64_t k)
{
    gndp_status st = GNDP_OK;
    const gndp_brownian_cond_options *o = run->options;
    brownian_step by = brownian_step_of(&run->process->schedule, o->sampler, run->grid[k], run->grid[k + 1]);
    const bool last = k + 1 == o->steps;
    GNDP_TRY(sphere_score(run, run->grid[k], run->y, run->g));
    if (run->method == &sphere_hybrid) {
        mix_drift(run, k, &by);
        by = mixed(run, by, run->grid[k], run->grid[k + 1]);
    }
    GNDP_TRY(sphere_noise(run, k, COND_STREAM_SPHERE_NOISE(0)));
    brownian_move(&run->process->layout, &by, run->rows * run->points, run->y, run->g, run->xi);
    release_parts(run, k);
    put_path(run, k + 1);
    for (int64_t j = 0; j < o->inner && !last; j++) {
        set_lengths(run, k + 1, o->psi, NULL);
        GNDP_TRY(langevin_step(run, k + 1, COND_STREAM_SPHERE_NOISE(j + 1)));
    }
    if (k + 2 == o->steps && o->clean_steps > 0) {
        GNDP_TRY(clean(run, k + 1));
    }
done:
    return st;
}

static void describe(const sphere_run *run, char *text, size_t size)
{
    const gndp_brownian_cond_options *o = run->options;
    gndp_text_append(text, size, ", observations %s", o->fresh ? "noised afresh for each level" : "along a path");
    if (run->method == &sphere_hybrid) {
        gndp_text_append(text, size, ", psi %g", o->psi);
    }
    if (o->inner > 0) {
        gndp_text_append(text, size, ", %lld Langevin steps a level of %g v", (long long)o->inner, o->psi);
    }
    if (o->clean_steps > 0) {
        gndp_text_append(text, size, ", %lld at the end", (long long)o->clean_steps);
    }
    if (o->clean_steps > 0 && o->clean_eta > 0.0) {
        gndp_text_append(text, size, " from %g", o->clean_eta);
    }
}

const sphere_method sphere_langevin = {
    .info = {.name = "langevin", .text = "steps down with the observations noised along a path, Langevin steps at each level"},
    .check = check,
    .open = prepare,
    .close = release,
    .start = start,
    .step = step,
    .describe = describe};

static void hybrid_defaults(gndp_brownian_cond_options *o)
{
    o->steps = 500;
    o->psi = 25.0;
    o->inner = 0;
    o->clean_steps = 0;
}

static gndp_status check_hybrid(const sphere_run *run)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(run->options->inner == 0, GNDP_ERR_UNSUPPORTED, "hybrid has its Langevin time within its steps: inner %lld; \"langevin\" has others",
               (long long)run->options->inner);
    GNDP_TRY(check_all(run));
done:
    return st;
}

/* psi dB/B of the longest step. */
static gndp_status prepare_hybrid(sphere_run *run)
{
    gndp_status st = GNDP_OK;
    const double psi = run->options->psi;
    for (int64_t k = 0; k + 1 < run->options->steps; k++) {
        const double length = psi * (run->grid[k] - run->grid[k + 1]) / run->grid[k];
        GNDP_CHECK(psi > 0.0 && length < 4.0, GNDP_ERR_RANGE, "psi %g: in step %lld of %lld the Langevin time is %g v, stable are steps above 0 and below 4 v; "
                   "more steps, uniform in ln B, or a smaller psi", psi, (long long)k + 1, (long long)run->options->steps, length);
    }
    GNDP_TRY(prepare(run));
done:
    return st;
}

const sphere_method sphere_hybrid = {
    .info = {.name = "hybrid", .text = "steps down with the observations noised along a path, Langevin time within each step"},
    .defaults = hybrid_defaults,
    .check = check_hybrid,
    .open = prepare_hybrid,
    .close = release,
    .start = start,
    .step = step,
    .describe = describe};

static void no_corrector(gndp_brownian_cond_options *o)
{
    o->inner = 0;
    o->clean_steps = 0;
}

static gndp_status check_replacement(const sphere_run *run)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(run->options->inner == 0 && run->options->clean_steps == 0, GNDP_ERR_UNSUPPORTED,
               "replacement has no corrector: inner %lld, clean_steps %lld; \"langevin\" has one", (long long)run->options->inner,
               (long long)run->options->clean_steps);
    GNDP_TRY(check(run));
done:
    return st;
}

const sphere_method sphere_replacement = {
    .info = {.name = "replacement", .text = "steps down with the observations noised along a path; biased, to compare with"},
    .defaults = no_corrector,
    .check = check_replacement,
    .open = prepare,
    .close = release,
    .start = start,
    .step = step,
    .describe = describe};
