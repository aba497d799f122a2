// SPDX-License-Identifier: Apache-2.0
// Langevin steps with the covariance of the limit given the observations as preconditioner, and
// steps as long as the data allow at the last level (geomndp.md 7.1).
#include "cond/schur.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

gndp_status schur_check(const gndp_conditional_options *o)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(o->clean_steps >= 0 && o->clean_steps < COND_MOST_DRAWS, GNDP_ERR_RANGE,
               "%lld clean steps, allowed are 0 to %d", (long long)o->clean_steps,
               COND_MOST_DRAWS - 1);
    GNDP_CHECK(isfinite(o->clean_eta) && o->clean_eta >= 0.0, GNDP_ERR_RANGE,
               "clean steps of size %g", o->clean_eta);
    GNDP_CHECK(o->clean_steps == 0 || o->steps >= 2, GNDP_ERR_RANGE,
               "clean steps are made before the last of at least 2 steps");
done:
    return st;
}

gndp_status schur_open(const cond_run *run, schur_steps *out)
{
    gndp_status st = GNDP_OK;
    const size_t values = (size_t)(run->rows * run->size) + 1,
                 squares = (size_t)(run->rows * run->c * run->c) + 1;
    const bool cleans = run->options->clean_steps > 0;
    *out = (schur_steps){.eta = malloc((size_t)run->rows * sizeof *out->eta),
                         .v = malloc((size_t)run->rows * sizeof *out->v)};
    GNDP_CHECK(out->eta != NULL && out->v != NULL, GNDP_ERR_NOMEM, "%lld rows",
               (long long)run->rows);
    for (int i = 0; cleans && i < 3; i++) {
        out->probe[i] = malloc(values * sizeof **out->probe);
        GNDP_CHECK(out->probe[i] != NULL, GNDP_ERR_NOMEM, "%zu values", values);
    }
    if (cleans && !run->cd->exact) {
        out->own_factor = malloc(squares * sizeof *out->own_factor);
        GNDP_CHECK(out->own_factor != NULL, GNDP_ERR_NOMEM, "%zu values", squares);
    }
done:
    return st;
}

void schur_close(schur_steps *own)
{
    free(own->eta);
    free(own->v);
    free(own->own_factor);
    for (int i = 0; i < 3; i++) {
        free(own->probe[i]);
    }
    *own = (schur_steps){0};
}

void schur_describe(const cond_run *run, char *text, size_t size)
{
    const gndp_conditional_options *o = run->options;
    if (o->clean_steps > 0) {
        gndp_text_append(text, size, ", %lld clean steps", (long long)o->clean_steps);
    }
    if (o->clean_steps > 0 && o->clean_eta > 0.0) {
        gndp_text_append(text, size, " of %g", o->clean_eta);
    }
}

gndp_status schur_level(cond_run *run, schur_steps *own, double v)
{
    gndp_status st = GNDP_OK;
    GNDP_TRY(cond_level(run->cd, 1.0 / v, run->level));
    own->each = NULL;
    for (int64_t r = 0; r < run->rows; r++) {
        own->v[r] = v;
    }
done:
    return st;
}

static const double *factor_of(const cond_run *run, const schur_steps *own, int64_t r)
{
    return own->each != NULL ? own->each + r * run->c * run->c : run->level;
}

gndp_status schur_step(cond_run *run, const schur_steps *own, int64_t k, uint32_t noise,
                       uint32_t error)
{
    gndp_status st = GNDP_OK;
    const gndp_conditioner *cd = run->cd;
    GNDP_TRY(cond_noise(run, k, noise, 0));
    GNDP_TRY(cond_errors(run, 1.0, k, error, run->q));
    for (int64_t r = 0; r < run->rows; r++) {
        double *y = run->y + r * run->size, *q = run->q + r * run->c, *seen = run->p + r * run->c;
        double *g = run->g + r * run->size;
        const double *u = run->u + r * run->size, *z = run->z + r * run->c, v = own->v[r];
        const double drift = 0.5 * own->eta[r] * run->options->lambda0, root = sqrt(own->eta[r]);
        cond_see(cd, y, seen);
        for (int64_t i = 0; i < run->size; i++) { /* the move without observations */
            g[i] = drift * g[i] + root * u[i];
        }
        for (int64_t i = 0; i < run->c; i++) {
            const double d = z[i] - seen[i]; /* without an error it is rounding, to be undone */
            q[i] = cd->variance[i] > 0.0 ? drift * d / v - root * q[i] / sqrt(v) : d;
        }
        cond_see(cd, g, seen);
        for (int64_t i = 0; i < run->c; i++) {
            q[i] -= seen[i];
        }
        small_solve(run->c, factor_of(run, own, r), q);
        for (int64_t i = 0; i < run->size; i++) {
            y[i] += g[i];
        }
        cond_reach(cd, q, y);
        cond_snap(cd, z, y);
    }
done:
    return st;
}

/* ---- Clean steps ----------------------------------------------------------------------------- */

/* Row r of cot and of q = what the observations take from it: see find_curvature. */
static void before_product(cond_run *run, const schur_steps *own, int64_t r)
{
    const double *x = own->probe[0] + r * run->size;
    double *cot = own->probe[1] + r * run->size, *q = run->q + r * run->c;
    memcpy(cot, x, (size_t)run->size * sizeof *cot);
    cond_pull(run->cd, x, q);
    small_solve(run->c, factor_of(run, own, r), q);
    for (int64_t i = 0; i < run->c; i++) {
        q[i] = -q[i];
    }
    cond_spread(run->cd, q, cot);
}

static void after_product(cond_run *run, const schur_steps *own, int64_t r)
{
    double *q = run->q + r * run->c;
    for (int64_t i = 0; i < run->c; i++) {
        q[i] = run->cd->variance[i] > 0.0 ? -q[i] / own->v[r] : 0.0;
    }
    cond_spread(run->cd, q, own->probe[0] + r * run->size);
}

/*
 * Largest curvature of each member into eta, by the power method: eigenvalues of -J' for that of
 * the data alone, or, with the observations, of the adjoint of the drift's derivative,
 * -J' (1 - A' F^-1 A K) + A' F^-1 A K / v.
 */
static gndp_status find_curvature(cond_run *run, schur_steps *own, double s, bool observed)
{
    gndp_status st = GNDP_OK;
    enum { ROUNDS = 10 };
    double *x = own->probe[0], *cot = own->probe[1], *out = own->probe[2];
    for (int64_t r = 0; r < run->rows; r++) {
        GNDP_TRY(gndp_random_normal_f64(run->options->seed, 0, run->member[r], COND_STREAM_PROBE, 0,
                                        run->size, x + r * run->size));
    }
    for (int j = 0; j < ROUNDS; j++) {
        for (int64_t r = 0; r < run->rows; r++) {
            if (observed) {
                before_product(run, own, r);
            } else {
                memcpy(cot + r * run->size, x + r * run->size, (size_t)run->size * sizeof *x);
            }
        }
        GNDP_TRY(cond_product(run, s, run->y, cot, run->g, out));
        for (int64_t r = 0; r < run->rows; r++) {
            double *to = x + r * run->size;
            for (int64_t i = 0; i < run->size; i++) {
                to[i] = -out[r * run->size + i];
            }
            if (observed) {
                after_product(run, own, r);
            }
            const double size = sqrt(small_dot(run->size, to, to));
            for (int64_t i = 0; size > 0.0 && i < run->size; i++) {
                to[i] /= size;
            }
            own->eta[r] = size;
        }
    }
done:
    return st;
}

/*
 * P for the clean steps. The v that suits is the largest with S_s >= v K, one over the curvature of
 * the data alone: each member's own, as its estimate is. Without errors P has no v.
 */
static gndp_status clean_level(cond_run *run, schur_steps *own, double s)
{
    gndp_status st = GNDP_OK;
    const double v = gndp_schedule_marginal(run->schedule, s).variance;
    GNDP_TRY(schur_level(run, own, v));
    if (run->cd->exact) {
        goto done;
    }
    GNDP_TRY(find_curvature(run, own, s, false));
    for (int64_t r = 0; r < run->rows; r++) {
        const double suits = own->eta[r] > 0.0 ? 1.0 / own->eta[r] : v;
        own->v[r] = fmin(fmax(suits, v), 1e3);
        GNDP_TRY(cond_level(run->cd, 1.0 / own->v[r], own->own_factor + r * run->c * run->c));
    }
    own->each = own->own_factor;
done:
    return st;
}

/* Sizes times the curvature fall from first to last: long steps forget the start, short ones leave
 * little bias (a variance comes out as 1/(1 - eta curvature/4) of itself). */
static const double FIRST_CLEAN = 1.0, LAST_CLEAN = 0.2;

gndp_status schur_clean(cond_run *run, schur_steps *own, int64_t k)
{
    gndp_status st = GNDP_OK;
    const gndp_conditional_options *o = run->options;
    const double s = run->grid[k + 1];
    GNDP_TRY(clean_level(run, own, s));
    if (o->clean_eta == 0.0) {
        GNDP_TRY(find_curvature(run, own, s, true));
    }
    for (int64_t r = 0; r < run->rows; r++) {
        const double top = o->clean_eta > 0.0 ? 1.0 / o->clean_eta : own->eta[r];
        own->eta[r] = FIRST_CLEAN / (top > 0.0 && isfinite(top) ? top : 1.0 / own->v[r]);
    }
    const double down = pow(LAST_CLEAN / FIRST_CLEAN, 1.0 / fmax(1.0, (double)o->clean_steps - 1));
    for (int64_t j = 0; j < o->clean_steps; j++) {
        GNDP_TRY(cond_score(run, s, run->y, run->g));
        GNDP_TRY(schur_step(run, own, k + 1, COND_STREAM_CLEAN(j), COND_STREAM_CLEAN_ERROR(j)));
        for (int64_t r = 0; r < run->rows; r++) {
            own->eta[r] *= down;
        }
    }
done:
    return st;
}
