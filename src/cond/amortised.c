// SPDX-License-Identifier: Apache-2.0
// A score that was trained with clean context: plain reverse steps of the targets given it.
#include <math.h>
#include <stdlib.h>

#include "base/text.h"
#include "cond/run.h"

/*
 * The score is that of p_t(y_* | y_c), y_c clean, and the process of the targets has the limit
 * N(m_*, K_**) alone (geomndp.md 7.7), so the samplers of the process serve as they are. They run
 * here on all points, for the context is among the points that the score sees: a draw of N(m, K)
 * has the law N(m_*, K_**) at the targets, whatever it is elsewhere. So no law on the targets alone
 * is wanted, and a grid keeps the structure of its own.
 */
typedef struct amortised {
    bool *seen;     /* [N P] value is context */
    int64_t *point; /* [N] context points */
    int64_t n;
} amortised;

static gndp_status check(const cond_run *run)
{
    gndp_status st = GNDP_OK;
    const gndp_conditioner *cd = run->cd;
    GNDP_CHECK(
        evaluator_takes_context(run->ev), GNDP_ERR_UNSUPPORTED,
        "amortised: the score was not trained with clean context; set score.context_flag: yes "
        "and data.context, train again, or choose another method");
    GNDP_CHECK(
        cd->selection, GNDP_ERR_UNSUPPORTED,
        "amortised: the context of training was values of points, but an observation here is "
        "none; choose another method, such as langevin");
    for (int64_t c = 0; c < cd->c; c++) {
        GNDP_CHECK(
            cd->variance[c] == 0.0, GNDP_ERR_UNSUPPORTED,
            "amortised: observation %lld has an error (sd %.4g in normalised values), but the "
            "context of training had none beyond what is in the data; leave the error out, or "
            "choose another method, such as langevin",
            (long long)c, cd->sd[c]);
    }
done:
    return st;
}

/* Context is points, with all their components. */
static gndp_status list_points(const cond_run *run, amortised *own)
{
    gndp_status st = GNDP_OK;
    const gndp_conditioner *cd = run->cd;
    const int64_t points = gndp_evaluator_points(run->ev), p = run->size / points;
    for (int64_t c = 0; c < cd->c; c++) {
        own->seen[cd->column[c]] = true;
    }
    for (int64_t i = 0; i < points; i++) {
        int64_t some = 0;
        for (int64_t j = 0; j < p; j++) {
            some += own->seen[i * p + j];
        }
        GNDP_CHECK(
            some == 0 || some == p, GNDP_ERR_UNSUPPORTED,
            "amortised: %lld of the %lld components of point %lld are observed, but the context "
            "of training was points with all of them; leave the point out, or choose another "
            "method, such as langevin",
            (long long)some, (long long)p, (long long)i);
        if (some > 0) {
            own->point[own->n++] = i;
        }
    }
done:
    return st;
}

static gndp_status prepare(cond_run *run)
{
    gndp_status st = GNDP_OK;
    amortised *own = calloc(1, sizeof *own);
    run->own = own;
    GNDP_CHECK(own != NULL, GNDP_ERR_NOMEM, "%zu bytes", sizeof *own);
    own->seen = calloc((size_t)run->size, sizeof *own->seen);
    own->point = malloc((size_t)gndp_evaluator_points(run->ev) * sizeof *own->point);
    GNDP_CHECK(own->seen != NULL && own->point != NULL, GNDP_ERR_NOMEM, "%lld values",
               (long long)run->size);
    GNDP_TRY(list_points(run, own));
    GNDP_TRY(evaluator_context(run->ev, own->n, own->point));
done:
    return st;
}

/* The evaluator goes on without context, as other methods take it. */
static void release(cond_run *run)
{
    amortised *own = run->own;
    evaluator_context(run->ev, 0, NULL);
    free(own->seen);
    free(own->point);
    free(own);
}

static gndp_status start(cond_run *run)
{
    gndp_status st = GNDP_OK;
    GNDP_TRY(cond_start_free(run));
    for (int64_t r = 0; r < run->rows; r++) {
        cond_snap(run->cd, run->cd->z, run->y + r * run->size);
    }
done:
    return st;
}

static gndp_status step(cond_run *run, int64_t k)
{
    gndp_status st = GNDP_OK;
    const amortised *own = run->own;
    const double t = run->grid[k], s = run->grid[k + 1];
    const gndp_sampler_step by = run->options->predictor->step(run->schedule, t, s);
    GNDP_TRY(cond_score(run, t, run->y, run->g));
    if (by.d > 0.0) {
        GNDP_TRY(cond_noise(run, k + 1, COND_STREAM_NOISE(0), 0));
    }
    for (int64_t r = 0; r < run->rows; r++) {
        for (int64_t j = 0, i = r * run->size; j < run->size; j++, i++) {
            const double m = run->cd->mean[j], noise = by.d > 0.0 ? by.d * run->u[i] : 0.0;
            if (!own->seen[j]) {
                run->y[i] = m + by.a * (run->y[i] - m) + by.c * run->g[i] + noise;
            }
        }
    }
done:
    return st;
}

static void describe(const cond_run *run, char *text, size_t size)
{
    const amortised *own = run->own;
    gndp_text_append(text, size, ", %lld points of clean context", (long long)own->n);
}

const cond_method cond_amortised = {
    .info = {.name = "amortised",
             .text = "a score trained with clean context: plain steps of the others given it",
             .reference = "as the score networks of conditional models, Batzolis et al. 2021, "
                          "arXiv:2111.13606; with the process of the targets alone",
             .selection = true,
             .context = true},
    .check = check,
    .open = prepare,
    .close = release,
    .start = start,
    .step = step,
    .describe = describe};
