// SPDX-License-Identifier: Apache-2.0
// Particles guided and weighted by a twisting potential (Wu et al. 2023; geomndp.md 7.5).
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cond/guide.h"
#include "cond/particles.h"

/*
 * psi_t(y) = N(z; A E_0(y), Cov_t + R). From t to s: proposal N(mu + c K b, d^2 K) with K b the
 * guidance, weight q(y_s | y_t) psi_s(y_s) / (psi_t(y_t) proposal(y_s)). For y_s = mu + c K b + d u
 *
 *   ln q - ln proposal = -(c/d) b'u - (c^2 / (2 d^2)) b'K b,
 *
 * which needs no solve. The last step has the likelihood of z for potential and is taken in closed
 * form: weight N(z; A mu, d^2 A K A' + R)/psi_t, y from N(mu, d^2 K) given z.
 */
typedef struct twisted {
    guide gd;
    swarm sw;
    double *log_psi; /* [P] at the present state */
} twisted;

static void defaults(gndp_conditional_options *o)
{
    o->steps = 50;
}

static gndp_status check(const cond_run *run)
{
    gndp_status st = GNDP_OK;
    GNDP_TRY(guide_check(run->options));
    GNDP_TRY(swarm_check(run));
done:
    return st;
}

static gndp_status prepare(cond_run *run)
{
    gndp_status st = GNDP_OK;
    twisted *own = calloc(1, sizeof *own);
    run->own = own;
    GNDP_CHECK(own != NULL, GNDP_ERR_NOMEM, "%zu bytes", sizeof *own);
    own->log_psi = calloc((size_t)run->rows, sizeof *own->log_psi);
    GNDP_CHECK(own->log_psi != NULL, GNDP_ERR_NOMEM, "%lld particles", (long long)run->rows);
    GNDP_TRY(guide_open(run, &own->gd));
    GNDP_TRY(swarm_open(run, &own->sw));
done:
    return st;
}

static void release(cond_run *run)
{
    twisted *own = run->own;
    guide_close(&own->gd);
    swarm_close(&own->sw);
    free(own->log_psi);
    free(own);
}

static gndp_status start(cond_run *run)
{
    gndp_status st = GNDP_OK;
    twisted *own = run->own;
    swarm_start(run, &own->sw);
    memset(own->log_psi, 0, (size_t)run->rows * sizeof *own->log_psi);
    GNDP_TRY(cond_start_free(run));
done:
    return st;
}

static gndp_status resample(cond_run *run, int64_t k)
{
    gndp_status st = GNDP_OK;
    twisted *own = run->own;
    bool moved = false;
    GNDP_TRY(swarm_resample(run, &own->sw, k + 1, run->grid[k], &moved));
    if (moved) {
        swarm_move(run, &own->sw, run->size, run->y);
        swarm_move(run, &own->sw, run->size, run->g);
        swarm_move(run, &own->sw, run->c, run->q);
        swarm_move(run, &own->sw, run->c, run->p);
        swarm_move(run, &own->sw, 1, own->log_psi);
    }
done:
    return st;
}

/* Proposal of all particles from what guide_pull left, and the part of the weight it makes. */
static gndp_status propose(cond_run *run, gndp_sampler_step by, int64_t k)
{
    gndp_status st = GNDP_OK;
    twisted *own = run->own;
    const double strength = run->options->strength;
    GNDP_TRY(cond_noise(run, k + 1, COND_STREAM_NOISE(0), COND_STREAM_PARTICLE(0)));
    for (int64_t p = 0; p < run->rows; p++) {
        double *y = run->y + p * run->size;
        const double *g = run->g + p * run->size, *u = run->u + p * run->size;
        const double *b = run->more[0] + p * run->size, *kb = run->more[1] + p * run->size;
        const double c = by.c * strength;
        for (int64_t i = 0; i < run->size; i++) {
            const double m = run->cd->mean[i];
            y[i] = m + by.a * (y[i] - m) + by.c * g[i] + c * kb[i] + by.d * u[i];
        }
        own->sw.log_w[p] -= own->log_psi[p] + c / by.d * small_dot(run->size, b, u) +
                            0.5 * c * c / (by.d * by.d) * small_dot(run->size, b, kb);
    }
done:
    return st;
}

/* Weight N(z; A mu, d^2 A K A' + R); that of this state's potential, to be multiplied and divided
 * by, is left out. */
static void weigh_last(cond_run *run, gndp_sampler_step by)
{
    twisted *own = run->own;
    const gndp_conditioner *cd = run->cd;
    const double norm =
        (double)run->c * log(2.0 * M_PI * by.d * by.d) + small_log_det(run->c, run->level);
    for (int64_t p = 0; p < run->rows; p++) {
        double *q = run->q + p * run->c, *seen = run->p + p * run->c;
        cond_see(cd, run->y + p * run->size, q);
        cond_see(cd, run->g + p * run->size, seen);
        for (int64_t i = 0; i < run->c; i++) {
            const double m = cd->seen_mean[i];
            q[i] = cd->z[i] - m - by.a * (q[i] - m) - by.c * seen[i];
        }
        small_forward(run->c, run->level, q);
        own->sw.log_w[p] -= 0.5 * (small_dot(run->c, q, q) / (by.d * by.d) + norm);
    }
}

static gndp_status last_step(cond_run *run, gndp_sampler_step by, int64_t k)
{
    gndp_status st = GNDP_OK;
    twisted *own = run->own;
    GNDP_TRY(cond_level(run->cd, 1.0 / (by.d * by.d), run->level));
    weigh_last(run, by);
    GNDP_TRY(cond_noise(run, k + 1, COND_STREAM_NOISE(0), COND_STREAM_PARTICLE(0)));
    GNDP_TRY(cond_errors(run, 1.0, k + 1, COND_STREAM_PARTICLE_ERROR(0), run->q));
    cond_finish(run, by);
    GNDP_TRY(swarm_end(run, &own->sw));
done:
    return st;
}

static gndp_status step(cond_run *run, int64_t k)
{
    gndp_status st = GNDP_OK;
    twisted *own = run->own;
    const double t = run->grid[k];
    const gndp_sampler_step by = run->options->predictor->step(run->schedule, t, run->grid[k + 1]);
    GNDP_TRY(cond_score(run, t, run->y, run->g));
    if (k + 1 == run->options->steps) {
        GNDP_TRY(last_step(run, by, k));
        goto done;
    }
    GNDP_TRY(guide_look(run, &own->gd, t, own->log_psi));
    for (int64_t p = 0; p < run->rows; p++) {
        own->sw.log_w[p] += own->log_psi[p];
    }
    GNDP_TRY(resample(run, k));
    GNDP_TRY(guide_pull(run, t));
    GNDP_TRY(propose(run, by, k));
done:
    return st;
}

static void describe(const cond_run *run, char *text, size_t size)
{
    swarm_describe(run, text, size);
    guide_describe(run, text, size);
    if (run->options->strength != 1.0) {
        gndp_text_append(text, size, ", strength %g", run->options->strength);
    }
}

const cond_method cond_twisted = {
    .info = {.name = "twisted",
             .text = "particles guided and weighted by the denoised field; gives the evidence",
             .reference = "Wu et al. 2023, arXiv:2306.17775; last step in closed form is ours",
             .evidence = true},
    .defaults = defaults,
    .check = check,
    .open = prepare,
    .close = release,
    .start = start,
    .step = step,
    .particles = true,
    .describe = describe};
