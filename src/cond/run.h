// SPDX-License-Identifier: Apache-2.0
// A block of members, or one member's particles, on its way from t1 to t0 under observations.
#ifndef GNDP_COND_RUN_H
#define GNDP_COND_RUN_H

#include "cond/conditioner.h"
#include "cond/streams.h"
#include "sde/evaluator.h"
#include "sde/noise.h"
#include "sde/slots.h"

typedef struct cond_run cond_run;

/* A method with how it moves; the public part comes first. */
typedef struct cond_method {
    gndp_conditional_info info;
    void (*defaults)(gndp_conditional_options *o);               /* NULL: those of all */
    gndp_status (*check)(const cond_run *run);                   /* NULL: nothing of its own */
    gndp_status (*open)(cond_run *run);                          /* NULL: nothing of its own */
    void (*close)(cond_run *run);                                /* takes what open left */
    gndp_status (*start)(cond_run *run);                         /* y at t1 */
    gndp_status (*step)(cond_run *run, int64_t k);               /* grid[k] -> grid[k + 1] */
    gndp_status (*finish)(cond_run *run);                        /* at t0; NULL: nothing */
    bool particles;                                              /* rows are one member's */
    bool own_steps;                                              /* takes no predictor */
    void (*describe)(const cond_run *run, char *text, size_t n); /* settings of its own */
} cond_method;

extern const cond_method cond_langevin, cond_hybrid, cond_repaint, cond_guidance, cond_bridge,
    cond_amortised, cond_smc, cond_twisted;

struct cond_run {
    const cond_method *method;
    gndp_evaluator *ev;
    const gndp_schedule *schedule;
    const gndp_conditioner *cd;
    const gndp_conditional_options *options;
    noise_source noise;
    slot_order slots;
    int64_t rows, size, c; /* slots of a block, or particles; N P; C */
    int64_t active;        /* rows that count as evaluations */
    int64_t block, blocks;
    double *grid;                /* [steps + 1] */
    double *y, *g, *u, *more[2]; /* [rows, N P]: state, score, noise of the limit; two more */
    double *z, *e, *q, *p;       /* [rows, C]: noised observations, their errors; two more */
    double *level;               /* [C, C]: a factor that a method makes for one time */
    uint32_t *member;            /* [rows] */
    void *own;                   /* a method's own memory */
    double cost;                 /* evaluations of one member so far */
    double log_evidence;         /* of the member just done */
    double least_particles;
    int64_t picked; /* particle that becomes the member */
};

gndp_key cond_key(const cond_run *run, int64_t step, uint32_t stream);

/** g at y of the rows, counted. */
gndp_status cond_score(cond_run *run, double t, const double *y, double *g);
/** out = J' cot, counted; g is overwritten with the score. */
gndp_status cond_product(cond_run *run, double t, const double *y, const double *cot, double *g,
                         double *out);

/** u = draws of N(0, K). */
gndp_status cond_noise(cond_run *run, int64_t step, uint32_t stream, uint32_t particle_stream);
/** q = draws of N(0, scale^2 R), a row for each. */
gndp_status cond_errors(cond_run *run, double scale, int64_t step, uint32_t stream, double *q);

/** z of each row given that at t (k: of grid[k] -> grid[k + 1]): by the bridge down the member's
 * path, or a fresh draw; `draw` numbers draws for one step. */
gndp_status cond_context(cond_run *run, int64_t k, bool fresh, uint32_t draw);
/** z at t1, and y, e from the limit given it. */
gndp_status cond_start_observed(cond_run *run);
/** y from the limit. */
gndp_status cond_start_free(cond_run *run);
/** y moved, as by Matheron's rule under the limit, so that A y + e = z with fresh errors e. */
gndp_status cond_join(cond_run *run, int64_t k, uint32_t stream);
/** e = z - A y of the state reached: what the next step carries on. */
void cond_take_errors(cond_run *run);

/**
 * One step of (y, e) from t given z at s (geomndp.md 7.6): the linear step `by` with g, its noise
 * conditioned on A y + e = z. `draw` numbers repeats of step k.
 */
gndp_status cond_replace(cond_run *run, gndp_sampler_step by, int64_t k, uint32_t draw);

/**
 * The last step, d > 0: y from N(mu, d^2 K) given z = A y + N(0, R), with u drawn, q = sqrt(R) xi
 * and level = the factor of A K A' + R/d^2.
 */
void cond_finish(cond_run *run, gndp_sampler_step by);

#endif
