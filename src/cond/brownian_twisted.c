// SPDX-License-Identifier: Apache-2.0
// Particles on spheres guided and weighted by a twisting potential (Wu et al. 2023, arXiv:2306.17775; geomndp.md 7.5).
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cond/brownian_run.h"

/*
 * A step is a tangent vector v = c g + d xi at the state; the generator's is normal about c g, the proposal's about c g + d² b with b the pull. What is
 * weighted is the vector and not the point it leads to, which many vectors share, so the ratio of their densities is exact however long the step:
 *
 *   ln q - ln proposal = -d b'xi - d² |b|²/2.
 *
 * The last step has the density of the observations given its end for potential, and no pull.
 */
typedef struct twisted {
    double *log_w, *log_psi, *weight; /* [P]; weights of the present state, normalised */
    int64_t *parent;                  /* [P] */
    double *moved;                    /* [P, N P] */
} twisted;

static void defaults(gndp_brownian_cond_options *o)
{
    o->steps = 60;
    o->kappa = 1.0; /* right where the noise is below what the data vary by: E y_0 is the state, its variance B */
}

static gndp_status check(const sphere_run *run)
{
    gndp_status st = GNDP_OK;
    GNDP_TRY(sphere_guide_check(run));
    GNDP_CHECK(run->options->resample_below >= 0.0 && run->options->resample_below <= 1.0, GNDP_ERR_RANGE, "resampling below a share of %g",
               run->options->resample_below);
done:
    return st;
}

static gndp_status prepare(sphere_run *run)
{
    gndp_status st = GNDP_OK;
    twisted *own = calloc(1, sizeof *own);
    run->own = own;
    GNDP_CHECK(own != NULL, GNDP_ERR_NOMEM, "%zu bytes", sizeof *own);
    own->log_w = calloc((size_t)run->rows, sizeof *own->log_w);
    own->log_psi = calloc((size_t)run->rows, sizeof *own->log_psi);
    own->weight = calloc((size_t)run->rows, sizeof *own->weight);
    own->parent = calloc((size_t)run->rows, sizeof *own->parent);
    own->moved = calloc((size_t)(run->rows * run->size) + 1, sizeof *own->moved);
    GNDP_CHECK(own->log_w != NULL && own->log_psi != NULL && own->weight != NULL && own->parent != NULL && own->moved != NULL, GNDP_ERR_NOMEM,
               "%lld particles", (long long)run->rows);
done:
    return st;
}

static void release(sphere_run *run)
{
    twisted *own = run->own;
    if (own != NULL) {
        free(own->log_w);
        free(own->log_psi);
        free(own->weight);
        free(own->parent);
        free(own->moved);
        free(own);
    }
}

static gndp_status start(sphere_run *run)
{
    twisted *own = run->own;
    memset(own->log_w, 0, (size_t)run->rows * sizeof *own->log_w);
    run->log_evidence = 0.0;
    return GNDP_OK;
}

/* ---- Weights --------------------------------------------------------------------------------- */

static gndp_status normalise(sphere_run *run, double b, double *log_mean, double *number)
{
    gndp_status st = GNDP_OK;
    twisted *own = run->own;
    double most = -HUGE_VAL, sum = 0.0, square = 0.0;
    for (int64_t p = 0; p < run->rows; p++) {
        most = own->log_w[p] > most ? own->log_w[p] : most;
    }
    GNDP_CHECK(isfinite(most), GNDP_ERR_NONFINITE,
               "member %u: at time %.6g no particle has a weight: more of them, more steps or a larger error of the observations would help",
               (unsigned)run->member[0], sphere_time(run, b));
    for (int64_t p = 0; p < run->rows; p++) {
        own->weight[p] = isnan(own->log_w[p]) ? 0.0 : exp(own->log_w[p] - most);
        sum += own->weight[p];
    }
    for (int64_t p = 0; p < run->rows; p++) {
        own->weight[p] /= sum;
        square += own->weight[p] * own->weight[p];
    }
    *log_mean = most + log(sum / (double)run->rows);
    *number = 1.0 / square;
    if (!(run->least_particles <= *number)) { /* NaN at first */
        run->least_particles = *number;
    }
done:
    return st;
}

static void move_rows(const sphere_run *run, int64_t width, double *rows)
{
    const twisted *own = run->own;
    for (int64_t p = 0; p < run->rows; p++) {
        memcpy(own->moved + p * width, rows + own->parent[p] * width, (size_t)width * sizeof *rows);
    }
    memcpy(rows, own->moved, (size_t)(run->rows * width) * sizeof *rows);
}

/* Systematic resampling where the effective number is too small. */
static gndp_status resample(sphere_run *run, int64_t k)
{
    gndp_status st = GNDP_OK;
    twisted *own = run->own;
    double log_mean = 0.0, number = 0.0, u = 0.0;
    GNDP_TRY(normalise(run, run->grid[k], &log_mean, &number));
    if (number >= run->options->resample_below * (double)run->rows) {
        goto done;
    }
    GNDP_TRY(gndp_random_uniform_f64(run->options->seed, (uint32_t)k, run->member[0], COND_STREAM_SPHERE_RESAMPLE, 0, 1, &u));
    int64_t from = 0;
    double sum = own->weight[0];
    for (int64_t p = 0; p < run->rows; p++) {
        while (from + 1 < run->rows && sum < ((double)p + u) / (double)run->rows) {
            sum += own->weight[++from];
        }
        own->parent[p] = from;
    }
    run->log_evidence += log_mean;
    memset(own->log_w, 0, (size_t)run->rows * sizeof *own->log_w);
    move_rows(run, run->size, run->y);
    move_rows(run, run->size, run->g);
    move_rows(run, run->size, run->more[0]);
    move_rows(run, run->size, run->more[1]);
    move_rows(run, 1, own->log_psi);
done:
    return st;
}

static gndp_status finish(sphere_run *run)
{
    gndp_status st = GNDP_OK;
    twisted *own = run->own;
    double log_mean = 0.0, number = 0.0, u = 0.0, sum = 0.0;
    sphere_guide_end(run, own->log_psi);
    for (int64_t p = 0; p < run->rows; p++) {
        own->log_w[p] += own->log_psi[p];
    }
    GNDP_TRY(normalise(run, 0.0, &log_mean, &number));
    GNDP_TRY(gndp_random_uniform_f64(run->options->seed, 0, run->member[0], COND_STREAM_SPHERE_PICK, 0, 1, &u));
    run->log_evidence += log_mean;
    run->picked = run->rows - 1;
    for (int64_t p = 0; p < run->rows; p++) {
        sum += own->weight[p];
        if (u <= sum) {
            run->picked = p;
            break;
        }
    }
done:
    return st;
}

/* ---- A step ---------------------------------------------------------------------------------- */

/* g <- g + (d²/c) b with the pull b [P, N P] in more[1]. @return ln q - ln proposal of the noise drawn; xi and b are tangent */
static double propose(sphere_run *run, const brownian_step *by, const brownian_part *part, int parts, int64_t p)
{
    double sum = 0.0;
    for (int64_t i = 0; i < run->points; i++) {
        for (int q = 0; q < parts; q++) {
            const double c = part[q].sphere >= 0 ? by->c : by->e, d = part[q].sphere >= 0 ? by->d : by->f;
            const int64_t at = p * run->size + i * run->process->layout.components + part[q].first;
            for (int64_t j = at; j < at + part[q].dim; j++) {
                const double shift = d * run->more[1][j];
                run->g[j] += d / c * shift;
                sum -= shift * (run->xi[j] + 0.5 * shift);
            }
        }
    }
    return sum;
}

static gndp_status step(sphere_run *run, int64_t k)
{
    gndp_status st = GNDP_OK;
    twisted *own = run->own;
    const double b = run->grid[k];
    const bool last = k + 1 == run->options->steps;
    const brownian_step by = brownian_step_of(&run->process->schedule, run->options->sampler, b, run->grid[k + 1]);
    brownian_part part[BROWNIAN_PARTS];
    const int parts = brownian_parts(&run->process->layout, part);
    GNDP_TRY(sphere_score(run, b, run->y, run->g));
    sphere_guide_look(run, b, own->log_psi);
    for (int64_t p = 0; p < run->rows; p++) {
        own->log_w[p] += own->log_psi[p];
    }
    GNDP_TRY(resample(run, k));
    if (last) {
        memset(run->more[1], 0, (size_t)(run->rows * run->size) * sizeof *run->more[1]);
    } else {
        GNDP_TRY(sphere_guide_pull(run, b));
    }
    GNDP_TRY(sphere_particle_noise(run, k));
    gndp_layout_project(&run->process->layout, run->rows * run->points, run->y, run->xi);
    for (int64_t p = 0; p < run->rows; p++) {
        own->log_w[p] += propose(run, &by, part, parts, p) - own->log_psi[p];
    }
    brownian_move(&run->process->layout, &by, run->rows * run->points, run->y, run->g, run->xi);
    if (last) {
        GNDP_TRY(finish(run));
    }
done:
    return st;
}

static void describe(const sphere_run *run, char *text, size_t size)
{
    const gndp_brownian_cond_options *o = run->options;
    gndp_text_append(text, size, ", %lld particles, resampled below %g of them, kappa %g", (long long)o->particles, o->resample_below, o->kappa);
    if (o->strength != 1.0) {
        gndp_text_append(text, size, ", strength %g", o->strength);
    }
}

const sphere_method sphere_twisted = {
    .info = {.name = "twisted", .text = "particles guided and weighted by the denoised field; gives the evidence", .evidence = true},
    .defaults = defaults,
    .check = check,
    .open = prepare,
    .close = release,
    .start = start,
    .step = step,
    .particles = true,
    .pulls = true,
    .describe = describe};
