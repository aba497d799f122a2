// SPDX-License-Identifier: Apache-2.0
// Langevin conditional sampler (Mathieu et al. 2023, arXiv:2307.05431; geomndp.md 7.1).
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cond/schur.h"

typedef struct langevin {
    double bound;    /* of v_s times the largest eigenvalue of P^(1/2) Lambda P^(1/2) */
    double *inverse; /* block: rows of K^-1 at the context [C, N P] */
    bool *held;      /* [N P] values of the context; not schur_steps */
    double *plain;   /* identity: K^-1 g [rows, N P] */
    schur_steps by_schur;
} langevin;

/* ---- Settings -------------------------------------------------------------------------------- */

static const char *const preconditioner_names[] = {"schur", "block", "identity", "published"};

static void defaults(gndp_conditional_options *o)
{
    o->clean_steps = 300;
}

static gndp_status check(const cond_run *run)
{
    gndp_status st = GNDP_OK;
    const gndp_conditional_options *o = run->options;
    GNDP_CHECK(o->preconditioner >= GNDP_PRECONDITION_SCHUR &&
                   o->preconditioner <= GNDP_PRECONDITION_PUBLISHED &&
                   (o->size == GNDP_LANGEVIN_VARIANCE || o->size == GNDP_LANGEVIN_RATE) &&
                   (o->context == GNDP_CONTEXT_PATH || o->context == GNDP_CONTEXT_RESAMPLE),
               GNDP_ERR_RANGE, "preconditioner %d, size %d, context %d: one of them is none",
               (int)o->preconditioner, (int)o->size, (int)o->context);
    GNDP_CHECK(o->inner >= 0 && o->inner < COND_MOST_DRAWS, GNDP_ERR_RANGE,
               "%lld inner steps, allowed are 0 to %d", (long long)o->inner, COND_MOST_DRAWS - 1);
    GNDP_CHECK(o->psi <= 1.9, GNDP_ERR_RANGE,
               "psi %g: single Langevin steps are stable up to 1.9; take more inner steps instead",
               o->psi);
    GNDP_CHECK(o->tau >= 0.0 && o->tau <= 1.0, GNDP_ERR_RANGE,
               "tau %g, a fraction of the time span", o->tau);
    GNDP_TRY(schur_check(o));
    GNDP_CHECK(o->preconditioner == GNDP_PRECONDITION_SCHUR ||
                   (run->cd->selection && run->cd->exact),
               GNDP_ERR_UNSUPPORTED,
               "preconditioner %s wants observations without error that each pick a value of their "
               "own; schur takes any",
               preconditioner_names[o->preconditioner]);
done:
    return st;
}

static void describe(const cond_run *run, char *text, size_t size)
{
    const gndp_conditional_options *o = run->options;
    gndp_text_append(text, size, ", %lld inner (%s, psi %g of %s) below %g, %s context",
                     (long long)o->inner, preconditioner_names[o->preconditioner], o->psi,
                     o->size == GNDP_LANGEVIN_RATE ? "rate" : "variance", o->tau,
                     o->context == GNDP_CONTEXT_PATH ? "path" : "fresh");
    if (o->preconditioner != GNDP_PRECONDITION_PUBLISHED) {
        schur_describe(run, text, size);
    }
    if (o->lambda0 != 1.0) {
        gndp_text_append(text, size, ", lambda0 %g: NOT samples of the posterior", o->lambda0);
    }
}

/* ---- What preconditioners need --------------------------------------------------------------- */

/* Rows of K^-1 at the context, so that K_** s_* = g_* - K_*c s_c. */
static gndp_status open_block(cond_run *run, langevin *own)
{
    gndp_status st = GNDP_OK;
    double *unit = calloc((size_t)(run->c * run->size) + 1, sizeof *unit);
    own->inverse = malloc((size_t)(run->c * run->size) * sizeof *own->inverse + 1);
    GNDP_CHECK(unit != NULL && own->inverse != NULL, GNDP_ERR_NOMEM, "%lld values",
               (long long)(run->c * run->size));
    for (int64_t i = 0; i < run->c; i++) {
        unit[i * run->size + run->cd->column[i]] = 1.0;
    }
    if (run->c > 0) {
        GNDP_TRY(gndp_gaussian_solve(run->cd->law, run->c, unit, own->inverse));
    }
done:
    free(unit);
    return st;
}

static void keep_targets(const cond_run *run, const langevin *own, double *v)
{
    for (int64_t i = 0; i < run->size; i++) {
        v[i] = own->held[i] ? 0.0 : v[i];
    }
}

/*
 * For any Gaussian data v Lambda_** <= (K^-1)_**, so the largest eigenvalue of P (K^-1)_** bounds
 * that of P Lambda_**: 1 for schur, more for the others. Found by the power method, with a tenth on
 * top.
 */
static gndp_status find_bound(cond_run *run, langevin *own)
{
    gndp_status st = GNDP_OK;
    enum { ROUNDS = 40 };
    const bool identity = run->options->preconditioner == GNDP_PRECONDITION_IDENTITY;
    double *v = run->more[0], *w = run->more[1], size = 0.0;
    GNDP_TRY(gndp_random_normal_f64(1, 0, 0, COND_STREAM_PROBE, 0, run->size, v));
    for (int k = 0; k < ROUNDS; k++) {
        keep_targets(run, own, v);
        const double before = sqrt(small_dot(run->size, v, v));
        if (before == 0.0) {
            break;
        }
        for (int64_t i = 0; i < run->size; i++) {
            v[i] /= before;
        }
        GNDP_TRY(gndp_gaussian_solve(run->cd->law, 1, v, w));
        keep_targets(run, own, w);
        if (identity) {
            memcpy(v, w, (size_t)run->size * sizeof *v);
        } else {
            GNDP_TRY(gndp_gaussian_apply(run->cd->law, 1, w, v));
            keep_targets(run, own, v);
        }
        size = sqrt(small_dot(run->size, v, v));
    }
    own->bound = size > 0.0 ? 1.1 * size : 1.0;
done:
    return st;
}

static gndp_status prepare(cond_run *run)
{
    gndp_status st = GNDP_OK;
    const gndp_preconditioner how = run->options->preconditioner;
    const size_t values = (size_t)(run->rows * run->size) + 1;
    langevin *own = calloc(1, sizeof *own);
    run->own = own;
    GNDP_CHECK(own != NULL, GNDP_ERR_NOMEM, "%zu bytes", sizeof *own);
    own->bound = 1.0;
    GNDP_TRY(schur_open(run, &own->by_schur));
    if (how == GNDP_PRECONDITION_SCHUR) {
        goto done;
    }
    own->held = calloc((size_t)run->size + 1, sizeof *own->held);
    GNDP_CHECK(own->held != NULL, GNDP_ERR_NOMEM, "%lld values", (long long)run->size);
    for (int64_t i = 0; i < run->c; i++) {
        own->held[run->cd->column[i]] = true;
    }
    if (how == GNDP_PRECONDITION_BLOCK) {
        GNDP_TRY(open_block(run, own));
    }
    if (how == GNDP_PRECONDITION_IDENTITY) {
        own->plain = malloc(values * sizeof *own->plain);
        GNDP_CHECK(own->plain != NULL, GNDP_ERR_NOMEM, "%zu values", values);
    }
    if (how != GNDP_PRECONDITION_PUBLISHED || run->options->size == GNDP_LANGEVIN_VARIANCE) {
        GNDP_TRY(find_bound(run, own));
    }
done:
    return st;
}

static void release(cond_run *run)
{
    langevin *own = run->own;
    free(own->inverse);
    free(own->held);
    free(own->plain);
    schur_close(&own->by_schur);
    free(own);
}

/* ---- Langevin steps -------------------------------------------------------------------------- */

/* Drift of one row by block, identity or published, into g. */
static gndp_status target_drift(cond_run *run, const langevin *own, int64_t r)
{
    double *g = run->g + r * run->size, *q = run->q + r * run->c;
    switch (run->options->preconditioner) {
    case GNDP_PRECONDITION_BLOCK:
        for (int64_t c = 0; c < run->c; c++) {
            q[c] = -small_dot(run->size, own->inverse + c * run->size, g);
        }
        cond_reach(run->cd, q, g);
        break;
    case GNDP_PRECONDITION_IDENTITY:
        memcpy(g, own->plain + r * run->size, (size_t)run->size * sizeof *g);
        break;
    case GNDP_PRECONDITION_SCHUR:
    case GNDP_PRECONDITION_PUBLISHED:
        break;
    }
    return GNDP_OK;
}

static gndp_status step_targets(cond_run *run, double eta, int64_t k, uint32_t noise)
{
    gndp_status st = GNDP_OK;
    const langevin *own = run->own;
    const double drift = 0.5 * eta * run->options->lambda0, root = sqrt(eta);
    if (own->plain != NULL) {
        GNDP_TRY(gndp_gaussian_solve(run->cd->law, run->rows, run->g, own->plain));
        for (int64_t r = 0; r < run->rows; r++) {
            GNDP_TRY(gndp_random_normal_f64(run->options->seed, (uint32_t)k, run->member[r], noise,
                                            0, run->size, run->u + r * run->size));
        }
    } else {
        GNDP_TRY(cond_noise(run, k, noise, 0));
    }
    for (int64_t r = 0; r < run->rows; r++) {
        double *y = run->y + r * run->size;
        const double *g = run->g + r * run->size, *u = run->u + r * run->size;
        GNDP_TRY(target_drift(run, own, r));
        for (int64_t i = 0; i < run->size; i++) {
            y[i] += own->held[i] ? 0.0 : drift * g[i] + root * u[i];
        }
    }
done:
    return st;
}

static gndp_status correct(cond_run *run, int64_t k)
{
    gndp_status st = GNDP_OK;
    const gndp_conditional_options *o = run->options;
    langevin *own = run->own;
    const double s = run->grid[k + 1], v = gndp_schedule_marginal(run->schedule, s).variance;
    const bool schur = o->preconditioner == GNDP_PRECONDITION_SCHUR;
    double eta = o->size == GNDP_LANGEVIN_VARIANCE
                     ? o->psi * v / own->bound
                     : o->psi * gndp_schedule_beta(run->schedule, s) * (run->grid[k] - s);
    if (schur && eta > 3.8 * v) {
        eta = 3.8 * v;
    }
    if (v <= 0.0 || eta <= 0.0 || o->inner == 0) {
        goto done;
    }
    for (int64_t r = 0; r < run->rows; r++) {
        own->by_schur.eta[r] = eta;
    }
    if (schur) {
        GNDP_TRY(schur_level(run, &own->by_schur, v));
    }
    const bool fresh =
        o->context == GNDP_CONTEXT_RESAMPLE && run->cd->white > 0.0 && run->cd->selection;
    for (int64_t j = 1; j <= o->inner; j++) {
        if (fresh && j > 1) {
            GNDP_TRY(cond_context(run, k, true, (uint32_t)j));
            for (int64_t r = 0; r < run->rows; r++) {
                cond_snap(run->cd, run->z + r * run->c, run->y + r * run->size);
            }
        }
        GNDP_TRY(cond_score(run, s, run->y, run->g));
        if (schur) {
            GNDP_TRY(
                schur_step(run, &own->by_schur, k + 1, COND_STREAM_NOISE(j), COND_STREAM_ERROR(j)));
        } else {
            GNDP_TRY(step_targets(run, eta, k + 1, COND_STREAM_NOISE(j)));
        }
    }
done:
    return st;
}

/* ---- Outer steps ----------------------------------------------------------------------------- */

/* As published: the joint is moved, then the context overwritten, whatever its noise means for the
 * targets. */
static gndp_status overwrite(cond_run *run, gndp_sampler_step by, int64_t k)
{
    gndp_status st = GNDP_OK;
    if (by.d != 0.0) {
        GNDP_TRY(cond_noise(run, k + 1, COND_STREAM_NOISE(0), 0));
    }
    for (int64_t r = 0; r < run->rows; r++) {
        double *y = run->y + r * run->size;
        const double *g = run->g + r * run->size, *u = run->u + r * run->size;
        for (int64_t i = 0; i < run->size; i++) {
            const double m = run->cd->mean[i];
            y[i] = m + by.a * (y[i] - m) + by.c * g[i] + (by.d != 0.0 ? by.d * u[i] : 0.0);
        }
        cond_snap(run->cd, run->z + r * run->c, y);
    }
done:
    return st;
}

static gndp_status step(cond_run *run, int64_t k)
{
    gndp_status st = GNDP_OK;
    const gndp_conditional_options *o = run->options;
    const double t = run->grid[k], s = run->grid[k + 1];
    const gndp_sampler_step by = o->predictor->step(run->schedule, t, s);
    GNDP_TRY(cond_score(run, t, run->y, run->g));
    GNDP_TRY(cond_context(run, k, o->context == GNDP_CONTEXT_RESAMPLE, 0));
    if (o->preconditioner == GNDP_PRECONDITION_PUBLISHED) {
        GNDP_TRY(overwrite(run, by, k));
    } else {
        GNDP_TRY(cond_replace(run, by, k, 0));
    }
    if (s < run->schedule->t0 + o->tau * (run->schedule->t1 - run->schedule->t0)) {
        GNDP_TRY(correct(run, k));
    }
    if (o->clean_steps > 0 && k + 2 == o->steps &&
        o->preconditioner != GNDP_PRECONDITION_PUBLISHED) {
        langevin *own = run->own;
        GNDP_TRY(schur_clean(run, &own->by_schur, k));
    }
    cond_take_errors(run);
done:
    return st;
}

const cond_method cond_langevin = {
    .info = {.name = "langevin",
             .text = "reverse steps with the observations noised alike, Langevin steps between",
             .reference = "Mathieu et al. 2023, arXiv:2307.05431; preconditioner and coupling of "
                          "the noise are ours"},
    .defaults = defaults,
    .check = check,
    .open = prepare,
    .close = release,
    .start = cond_start_observed,
    .step = step,
    .describe = describe};
