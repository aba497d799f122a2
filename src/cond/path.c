// SPDX-License-Identifier: Apache-2.0
// Noised observations down a path, and steps that keep to them (geomndp.md 7.6).
#include <math.h>
#include <string.h>

#include "cond/run.h"

/*
 * The observations are noised like the field: z_t = r z + (1 - r) A m + sqrt(v) (A u + e'), with
 * u ~ N(0, K) and e' ~ N(0, R), that is, an Ornstein-Uhlenbeck process with limit N(A m, A K A' +
 * R).
 */
static gndp_status draw_limit(cond_run *run, int64_t r, int64_t step, uint32_t stream)
{
    gndp_status st = GNDP_OK;
    const int64_t c = run->c;
    double *xi = run->p + r * c;
    GNDP_TRY(gndp_random_normal_f64(run->options->seed, (uint32_t)step, run->member[r], stream, 0,
                                    c, xi));
    small_colour(c, run->cd->factor, xi, run->q + r * c);
done:
    return st;
}

gndp_status cond_context(cond_run *run, int64_t k, bool fresh, uint32_t draw)
{
    gndp_status st = GNDP_OK;
    const gndp_conditioner *cd = run->cd;
    const double t = k < 0 ? run->schedule->t1 : run->grid[k], s = run->grid[k + 1];
    gndp_linear_law by = gndp_schedule_marginal(run->schedule, s);
    if (!fresh && k >= 0) {
        by = gndp_schedule_bridge(run->schedule, s, t);
    } else {
        by.b = 0.0;
    }
    const double sd = sqrt(fmax(by.variance, 0.0));
    for (int64_t r = 0; r < run->rows; r++) {
        double *z = run->z + r * run->c;
        if (run->method->particles && r > 0) { /* one path for all */
            memcpy(z, run->z, (size_t)run->c * sizeof *z);
            continue;
        }
        if (s == run->schedule->t0) {
            memcpy(z, cd->z, (size_t)run->c * sizeof *z);
            continue;
        }
        GNDP_TRY(draw_limit(run, r, k + 1, COND_STREAM_CONTEXT(draw)));
        for (int64_t i = 0; i < run->c; i++) {
            const double m = cd->seen_mean[i];
            z[i] = m + by.a * (cd->z[i] - m) + by.b * (z[i] - m) + sd * run->q[r * run->c + i];
        }
    }
done:
    return st;
}

gndp_status cond_start_free(cond_run *run)
{
    gndp_status st = GNDP_OK;
    GNDP_TRY(cond_noise(run, 0, COND_STREAM_START, COND_STREAM_PARTICLE_START(0)));
    for (int64_t r = 0; r < run->rows; r++) {
        for (int64_t i = 0; i < run->size; i++) {
            run->y[r * run->size + i] = run->cd->mean[i] + run->u[r * run->size + i];
        }
    }
done:
    return st;
}

/* (y, e) such that A y + e = z, from a draw that does not: y += K A' F^-1 q, q = z - A y - e. */
static void keep_to(cond_run *run, int64_t r, double *q)
{
    const gndp_conditioner *cd = run->cd;
    double *y = run->y + r * run->size, *e = run->e + r * run->c;
    const double *z = run->z + r * run->c;
    small_solve(run->c, cd->factor, q);
    cond_reach(cd, q, y);
    cond_snap(cd, z, y);
    cond_see(cd, y, e);
    for (int64_t i = 0; i < run->c; i++) {
        e[i] = cd->variance[i] > 0.0 ? z[i] - e[i] : 0.0;
    }
}

gndp_status cond_join(cond_run *run, int64_t k, uint32_t stream)
{
    gndp_status st = GNDP_OK;
    GNDP_TRY(cond_errors(run, 1.0, k, stream, run->q));
    for (int64_t r = 0; r < run->rows; r++) {
        double *q = run->q + r * run->c, *seen = run->p + r * run->c;
        cond_see(run->cd, run->y + r * run->size, seen);
        for (int64_t i = 0; i < run->c; i++) {
            q[i] = run->z[r * run->c + i] - seen[i] - q[i];
        }
        keep_to(run, r, q);
    }
done:
    return st;
}

gndp_status cond_start_observed(cond_run *run)
{
    gndp_status st = GNDP_OK;
    GNDP_TRY(cond_start_free(run));
    GNDP_TRY(cond_context(run, -1, true, 0));
    GNDP_TRY(cond_join(run, 0,
                       run->method->particles ? COND_STREAM_PARTICLE_START_ERROR(0)
                                              : COND_STREAM_START_ERROR));
done:
    return st;
}

void cond_take_errors(cond_run *run)
{
    for (int64_t r = 0; r < run->rows && !run->cd->exact; r++) {
        double *e = run->e + r * run->c;
        cond_see(run->cd, run->y + r * run->size, e);
        for (int64_t i = 0; i < run->c; i++) {
            e[i] = run->cd->variance[i] > 0.0 ? run->z[r * run->c + i] - e[i] : 0.0;
        }
    }
}

gndp_status cond_replace(cond_run *run, gndp_sampler_step by, int64_t k, uint32_t draw)
{
    gndp_status st = GNDP_OK;
    const gndp_conditioner *cd = run->cd;
    const bool particles = run->method->particles;
    if (by.d != 0.0) {
        GNDP_TRY(cond_noise(run, k + 1, COND_STREAM_NOISE(draw), COND_STREAM_PARTICLE(0)));
        GNDP_TRY(cond_errors(run, by.d, k + 1,
                             particles ? COND_STREAM_PARTICLE_ERROR(0) : COND_STREAM_ERROR(draw),
                             run->q));
    } else {
        memset(run->q, 0, (size_t)(run->rows * run->c) * sizeof *run->q);
    }
    for (int64_t r = 0; r < run->rows; r++) {
        double *y = run->y + r * run->size, *q = run->q + r * run->c, *seen = run->p + r * run->c;
        const double *g = run->g + r * run->size, *u = run->u + r * run->size;
        for (int64_t i = 0; i < run->size; i++) {
            const double m = cd->mean[i];
            y[i] = m + by.a * (y[i] - m) + by.c * g[i] + (by.d != 0.0 ? by.d * u[i] : 0.0);
        }
        cond_see(cd, y, seen);
        for (int64_t i = 0; i < run->c; i++) { /* the score of e is -e */
            q[i] = run->z[r * run->c + i] - seen[i] - (by.a - by.c) * run->e[r * run->c + i] - q[i];
        }
        keep_to(run, r, q);
    }
done:
    return st;
}

void cond_finish(cond_run *run, gndp_sampler_step by)
{
    const gndp_conditioner *cd = run->cd;
    for (int64_t r = 0; r < run->rows; r++) {
        double *y = run->y + r * run->size, *q = run->q + r * run->c, *seen = run->p + r * run->c;
        const double *g = run->g + r * run->size, *u = run->u + r * run->size;
        for (int64_t i = 0; i < run->size; i++) {
            const double m = cd->mean[i];
            y[i] = m + by.a * (y[i] - m) + by.c * g[i] + by.d * u[i];
        }
        cond_see(cd, y, seen);
        for (int64_t i = 0; i < run->c; i++) {
            q[i] = cd->z[i] - seen[i] - q[i];
        }
        small_solve(run->c, run->level, q);
        cond_reach(cd, q, y);
        cond_snap(cd, cd->z, y);
    }
}
