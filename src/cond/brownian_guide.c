// SPDX-License-Identifier: Apache-2.0
// Density of observations around the denoised field on spheres, and its gradient (geomndp.md 7.4, 7.5); guidance by it.
#include <math.h>
#include <string.h>

#include "base/text.h"
#include "cond/brownian_run.h"

#define LOG_2PI 1.8378770664093454836

gndp_status sphere_guide_check(const sphere_run *run)
{
    gndp_status st = GNDP_OK;
    const gndp_brownian_cond_options *o = run->options;
    GNDP_TRY(sphere_heat_check(run, run->method->info.name));
    GNDP_CHECK(o->kappa > 0.0 && o->kappa <= 100.0, GNDP_ERR_RANGE, "kappa %g, allowed is above 0, to 100", o->kappa);
    GNDP_CHECK(o->strength >= 0.0 && o->strength <= 1e3, GNDP_ERR_RANGE, "strength %g", o->strength);
    GNDP_CHECK(o->least_sd > 0.0 && o->least_sd <= 1.0, GNDP_ERR_RANGE, "least_sd %g, allowed is above 0, to 1", o->least_sd);
done:
    return st;
}

static double variance_of(const sphere_run *run, const sphere_seen *seen)
{
    const double sd = seen->sd > 0.0 ? seen->sd : run->options->least_sd;
    return sd * sd;
}

double sphere_guide_variance(const sphere_run *run)
{
    double least = HUGE_VAL;
    for (int64_t c = 0; c < run->c; c++) {
        least = fmin(least, variance_of(run, &run->seen[c]));
    }
    return least;
}

/*
 * On a sphere the denoised point is exp_y(v), v = B s, and a the gradient of the density's logarithm there. As a function of y it changes by the transported
 * step and by B ds, to first order in v: its gradient is w + J' (B w) with w = a carried to y. Elsewhere (y + v s)/r, exactly.
 */
static double look_at(const sphere_run *run, const sphere_seen *seen, double b, const double *y, const double *g, double *cot, double *direct)
{
    const double sd2 = variance_of(run, seen), kappa = run->options->kappa;
    if (seen->sphere < 0) {
        const double r = exp(-0.5 * b), v = -expm1(-b), all = kappa * v / (r * r) + sd2;
        const double gap = seen->z[0] - (y[0] + v * g[0]) / r;
        direct[0] = gap / (all * r);
        cot[0] = v * direct[0];
        return -0.5 * (gap * gap / all + log(all) + LOG_2PI);
    }
    double v[3], to[3], a[3];
    for (int p = 0; p < 3; p++) {
        v[p] = b * g[p];
    }
    gndp_sphere_exp(3, 1, y, v, to);
    const double log_p = gndp_heat_score(0.5 * (kappa * b + sd2), seen->z, to, a);
    gndp_sphere_transport(3, 1, to, y, a, direct);
    for (int p = 0; p < 3; p++) {
        cot[p] = b * direct[p];
    }
    return log_p;
}

void sphere_guide_look(sphere_run *run, double b, double *log_psi)
{
    memset(run->more[0], 0, (size_t)(run->rows * run->size) * sizeof *run->more[0]);
    memset(run->more[1], 0, (size_t)(run->rows * run->size) * sizeof *run->more[1]);
    for (int64_t r = 0; r < run->rows; r++) {
        double sum = 0.0;
        for (int64_t c = 0; c < run->c; c++) {
            const int64_t at = r * run->size + run->seen[c].at;
            sum += look_at(run, &run->seen[c], b, run->y + at, run->g + at, run->more[0] + at, run->more[1] + at);
        }
        if (log_psi != NULL) {
            log_psi[r] = sum;
        }
    }
}

gndp_status sphere_guide_pull(sphere_run *run, double b)
{
    gndp_status st = GNDP_OK;
    const double strength = run->options->strength;
    GNDP_TRY(sphere_product(run, b, run->y, run->more[0], run->g, run->xi)); /* xi is free until noise is drawn */
    for (int64_t i = 0; i < run->rows * run->size; i++) {
        run->more[1][i] = strength * (run->more[1][i] + run->xi[i]);
    }
    gndp_layout_project(&run->process->layout, run->rows * run->points, run->y, run->more[1]);
done:
    return st;
}

void sphere_guide_end(const sphere_run *run, double *log_psi)
{
    for (int64_t r = 0; r < run->rows; r++) {
        log_psi[r] = 0.0;
        for (int64_t c = 0; c < run->c; c++) {
            const sphere_seen *seen = &run->seen[c];
            const double *y = run->y + r * run->size + seen->at, sd2 = variance_of(run, seen);
            const double gap = seen->z[0] - y[0];
            log_psi[r] += seen->sphere >= 0 ? gndp_heat_score(0.5 * sd2, seen->z, y, NULL) : -0.5 * (gap * gap / sd2 + log(sd2) + LOG_2PI);
        }
    }
}

/* ---- Guidance -------------------------------------------------------------------------------- */

static gndp_status step(sphere_run *run, int64_t k)
{
    gndp_status st = GNDP_OK;
    const double b = run->grid[k];
    const brownian_step by = brownian_step_of(&run->process->schedule, run->options->sampler, b, run->grid[k + 1]);
    GNDP_TRY(sphere_score(run, b, run->y, run->g));
    sphere_guide_look(run, b, NULL);
    GNDP_TRY(sphere_guide_pull(run, b));
    for (int64_t i = 0; i < run->rows * run->size; i++) {
        run->g[i] += run->more[1][i];
    }
    GNDP_TRY(sphere_noise(run, k, COND_STREAM_SPHERE_NOISE(0)));
    brownian_move(&run->process->layout, &by, run->rows * run->points, run->y, run->g, run->xi);
done:
    return st;
}

static void describe(const sphere_run *run, char *text, size_t size)
{
    gndp_text_append(text, size, ", kappa %g", run->options->kappa);
    if (run->options->strength != 1.0) {
        gndp_text_append(text, size, ", strength %g", run->options->strength);
    }
}

const sphere_method sphere_guidance = {
    .info = {.name = "guidance", .text = "pulled towards the observations by the gradient of their density around the denoised field"},
    .check = sphere_guide_check,
    .pulls = true,
    .step = step,
    .describe = describe};
