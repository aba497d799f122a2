// SPDX-License-Identifier: Apache-2.0
// Reconstruction guidance: the score given the observations by way of Tweedie's estimate.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cond/guide.h"
#include "cond/schur.h"

typedef struct guidance {
    guide gd;
    schur_steps by_schur;
} guidance;

static void defaults(gndp_conditional_options *o)
{
    o->clean_steps = 150;
}

/* Clean steps lead to the posterior: they would undo another strength. */
static bool cleans(const gndp_conditional_options *o)
{
    return o->clean_steps > 0 && o->strength == 1.0;
}

static gndp_status check(const cond_run *run)
{
    gndp_status st = GNDP_OK;
    GNDP_TRY(guide_check(run->options));
    GNDP_TRY(schur_check(run->options));
done:
    return st;
}

static void describe(const cond_run *run, char *text, size_t size)
{
    const gndp_conditional_options *o = run->options;
    guide_describe(run, text, size);
    if (o->strength == 1.0) {
        schur_describe(run, text, size);
    } else {
        gndp_text_append(text, size, ", strength %g: NOT samples of the posterior", o->strength);
    }
}

static gndp_status prepare(cond_run *run)
{
    gndp_status st = GNDP_OK;
    guidance *own = calloc(1, sizeof *own);
    run->own = own;
    GNDP_CHECK(own != NULL, GNDP_ERR_NOMEM, "%zu bytes", sizeof *own);
    GNDP_TRY(guide_open(run, &own->gd));
    GNDP_TRY(schur_open(run, &own->by_schur));
done:
    return st;
}

static void release(cond_run *run)
{
    guidance *own = run->own;
    guide_close(&own->gd);
    schur_close(&own->by_schur);
    free(own);
}

/*
 * The last step in closed form: N(mu, d^2 K) given z = A y + N(0, R), so that what is observed
 * without error comes out as observed. With no noise (d = 0) there is nothing to condition.
 */
static gndp_status last_step(cond_run *run, gndp_sampler_step by, int64_t k)
{
    gndp_status st = GNDP_OK;
    GNDP_TRY(cond_level(run->cd, 1.0 / (by.d * by.d), run->level));
    GNDP_TRY(cond_noise(run, k + 1, COND_STREAM_NOISE(0), COND_STREAM_PARTICLE(0)));
    GNDP_TRY(cond_errors(run, 1.0, k + 1, COND_STREAM_ERROR(0), run->q));
    cond_finish(run, by);
done:
    return st;
}

/* One step with the score given the observations. */
static gndp_status guided_step(cond_run *run, gndp_sampler_step by, int64_t k)
{
    gndp_status st = GNDP_OK;
    guidance *own = run->own;
    const double strength = run->c > 0 ? run->options->strength : 0.0;
    if (strength > 0.0) {
        GNDP_TRY(guide_look(run, &own->gd, run->grid[k], NULL));
        GNDP_TRY(guide_pull(run, run->grid[k]));
    }
    if (by.d != 0.0) {
        GNDP_TRY(cond_noise(run, k + 1, COND_STREAM_NOISE(0), 0));
    }
    for (int64_t r = 0; r < run->rows; r++) {
        for (int64_t j = 0, i = r * run->size; j < run->size; j++, i++) {
            const double m = run->cd->mean[j];
            const double g = run->g[i] + (strength > 0.0 ? strength * run->more[1][i] : 0.0);
            run->y[i] =
                m + by.a * (run->y[i] - m) + by.c * g + (by.d != 0.0 ? by.d * run->u[i] : 0.0);
        }
    }
done:
    return st;
}

/* Langevin steps want the observations noised alike: a draw of them, and the state moved to it. */
static gndp_status clean(cond_run *run, int64_t k)
{
    gndp_status st = GNDP_OK;
    guidance *own = run->own;
    GNDP_TRY(cond_context(run, k, true, 0));
    GNDP_TRY(cond_join(run, k + 1, COND_STREAM_ERROR(0)));
    GNDP_TRY(schur_clean(run, &own->by_schur, k));
    cond_take_errors(run);
done:
    return st;
}

static gndp_status step(cond_run *run, int64_t k)
{
    gndp_status st = GNDP_OK;
    const gndp_conditional_options *o = run->options;
    const gndp_sampler_step by = o->predictor->step(run->schedule, run->grid[k], run->grid[k + 1]);
    const bool last = k + 1 == o->steps;
    GNDP_TRY(cond_score(run, run->grid[k], run->y, run->g));
    if (last && cleans(o)) {
        GNDP_TRY(cond_context(run, k, false, 0));
        GNDP_TRY(cond_replace(run, by, k, 0));
    } else if (last && by.d > 0.0 && o->strength == 1.0) {
        GNDP_TRY(last_step(run, by, k));
    } else {
        GNDP_TRY(guided_step(run, by, k));
    }
    if (cleans(o) && k + 2 == o->steps) {
        GNDP_TRY(clean(run, k));
    }
done:
    return st;
}

const cond_method cond_guidance = {
    .info = {.name = "guidance",
             .text = "score of the observations added by way of the denoised field",
             .reference = "Finzi et al. 2023, arXiv:2306.07526; covariance by Tweedie, Gaussian "
                          "stand-in or surrogate"},
    .defaults = defaults,
    .check = check,
    .open = prepare,
    .close = release,
    .start = cond_start_free,
    .step = step,
    .describe = describe};
