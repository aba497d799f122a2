// SPDX-License-Identifier: Apache-2.0
// Ancestral steps by way of the clean field: drawn given state and observations, then the bridge.
#include <math.h>
#include <stdlib.h>

#include "base/text.h"
#include "cond/prior.h"

/*
 * p(y_s | y_t, z) = int p(y_s | y_0, y_t) p(y_0 | y_t, z) dy_0. The first factor is the bridge, which
 * is known; the second is taken for the Gaussian N(E_0, C_t) given z = A y_0 + N(0, R), with E_0 by
 * Tweedie's formula from the score and C_t of a Gaussian stand-in for the data. For data that are
 * Gaussian with its covariance that is no approximation, so that a draw is one of the posterior
 * after any number of steps; for others C_t matters less the smaller the steps are, but where it weighs
 * E_0 against z. The score enters by its value alone, no derivative is wanted, and no step is stiff:
 * observations without error are met by every clean field, however small the noise.
 */
static void defaults(gndp_conditional_options *o)
{
    o->steps = 50;
}

static gndp_status prepare(cond_run *run)
{
    gndp_status st = GNDP_OK;
    cond_prior *own = calloc(1, sizeof *own);
    run->own = own;
    GNDP_CHECK(own != NULL, GNDP_ERR_NOMEM, "%zu bytes", sizeof *own);
    GNDP_TRY(prior_open(run, own));
done:
    return st;
}

static void release(cond_run *run)
{
    prior_close(run->own);
    free(run->own);
}

/* more[0] = E_0 = m + (y - m + v g)/a. */
static void denoise(cond_run *run, gndp_linear_law at)
{
    for (int64_t r = 0; r < run->rows; r++) {
        for (int64_t j = 0, i = r * run->size; j < run->size; j++, i++) {
            const double m = run->cd->mean[j];
            run->more[0][i] = m + (run->y[i] - m + at.variance * run->g[i]) / at.a;
        }
    }
}

static gndp_status step(cond_run *run, int64_t k)
{
    gndp_status st = GNDP_OK;
    const double t = run->grid[k], s = run->grid[k + 1];
    const gndp_linear_law at = gndp_schedule_marginal(run->schedule, t),
                          by = gndp_schedule_bridge(run->schedule, s, t);
    const double sd = sqrt(by.variance);
    GNDP_TRY(cond_score(run, t, run->y, run->g));
    denoise(run, at);
    GNDP_TRY(cond_noise(run, k + 1, COND_STREAM_DENOISED, 0));
    GNDP_TRY(cond_errors(run, 1.0, k + 1, COND_STREAM_DENOISED_ERROR, run->q));
    GNDP_TRY(prior_draw(run, run->own, at));
    if (sd > 0.0) {
        GNDP_TRY(cond_noise(run, k + 1, COND_STREAM_NOISE(0), 0));
    }
    for (int64_t r = 0; r < run->rows; r++) {
        for (int64_t j = 0, i = r * run->size; j < run->size; j++, i++) {
            const double m = run->cd->mean[j], y0 = run->more[1][i];
            run->y[i] = m + by.a * (y0 - m) + by.b * (run->y[i] - m);
            run->y[i] += sd > 0.0 ? sd * run->u[i] : 0.0;
        }
    }
done:
    return st;
}

static gndp_status finish(cond_run *run)
{
    for (int64_t r = 0; r < run->rows; r++) {
        cond_snap(run->cd, run->cd->z, run->y + r * run->size);
    }
    return GNDP_OK;
}

static void describe(const cond_run *run, char *text, size_t size)
{
    gndp_text_append(text, size, ", covariance of %s",
                     run->options->prior != NULL ? "a given prior" : "the limit");
}

const cond_method cond_bridge = {
    .info = {.name = "bridge",
             .text = "clean field drawn given state and observations, then the bridge to it",
             .reference = "the Gaussian of Boys et al. 2023, arXiv:2310.06721, drawn from instead of "
                          "differentiated; ours"},
    .own_steps = true,
    .defaults = defaults,
    .open = prepare,
    .close = release,
    .start = cond_start_free,
    .step = step,
    .finish = finish,
    .describe = describe};
