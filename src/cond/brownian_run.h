// SPDX-License-Identifier: Apache-2.0
// A block of members, or one member's particles, with values on spheres, on its way from t1 to t0 under observations.
#ifndef GNDP_COND_BROWNIAN_RUN_H
#define GNDP_COND_BROWNIAN_RUN_H

#include "cond/streams.h"
#include "sde/brownian.h"
#include "sde/evaluator.h"
#include "sde/slots.h"

#include <gndp/brownian_cond.h>

typedef struct sphere_run sphere_run;

/* A method with how it moves; the public part comes first. */
typedef struct sphere_method {
    gndp_brownian_cond_info info;
    void (*defaults)(gndp_brownian_cond_options *o);        /* NULL: those of all */
    gndp_status (*check)(const sphere_run *run);            /* NULL: nothing of its own */
    gndp_status (*open)(sphere_run *run);                   /* NULL: nothing of its own */
    void (*close)(sphere_run *run);                         /* takes what open left */
    gndp_status (*start)(sphere_run *run);                  /* y at t1 is a draw of the limit */
    gndp_status (*step)(sphere_run *run, int64_t k);        /* grid[k] -> grid[k + 1] */
    bool particles;                                         /* rows are one member's */
    bool pulls;                                             /* by the density of observations around the denoised field */
    void (*describe)(const sphere_run *run, char *text, size_t n);
} sphere_method;

extern const sphere_method sphere_langevin, sphere_hybrid, sphere_replacement, sphere_guidance, sphere_twisted;

/* An observation: values at .. at + dim - 1 of a field, a sphere or a single Euclidean component. */
typedef struct sphere_seen {
    int64_t at;
    int dim, sphere;           /* number of the sphere; -1: Euclidean */
    double sd;
    double z[GNDP_SPHERE_MAX]; /* of unit norm on a sphere */
} sphere_seen;

struct sphere_run {
    const sphere_method *method;
    gndp_evaluator *ev;
    const gndp_brownian *process;
    const gndp_brownian_cond_options *options;
    slot_order slots;
    sphere_seen *seen;               /* [C] */
    int64_t c;
    int64_t rows, points, size;      /* slots of a block, or particles; N; N P */
    int64_t active;                  /* rows that count as evaluations */
    int64_t block, blocks;
    double *grid;                    /* B [steps + 1] */
    double *y, *g, *xi, *more[2];    /* [rows, N P] */
    uint32_t *member;                /* [rows] */
    void *own;                       /* a method's own memory */
    double cost;                     /* evaluations so far */
    double log_evidence;             /* of the member just done */
    double least_particles;
    int64_t picked;                  /* particle that becomes the member */
};

double sphere_time(const sphere_run *run, double b);

/** g at y of the rows, counted. */
gndp_status sphere_score(sphere_run *run, double b, const double *y, double *g);
/** out = J' cot, counted; g is overwritten with the score. */
gndp_status sphere_product(sphere_run *run, double b, const double *y, const double *cot, double *g, double *out);
/** xi = standard normals of each row. */
gndp_status sphere_noise(sphere_run *run, int64_t step, uint32_t stream);
gndp_status sphere_particle_noise(sphere_run *run, int64_t step);

/** GNDP_ERR_UNSUPPORTED where an observation is of a sphere other than S². */
gndp_status sphere_heat_check(const sphere_run *run, const char *why);

/* ---- The pull of observations (brownian_guide.c) ---------------------------------------------- */

/** ln of the density of the observations around the denoised field of each row, from y and g; [rows]. Leaves cotangents in more[0], the direct part in more[1]. */
void sphere_guide_look(sphere_run *run, double b, double *log_psi);
/** Its gradient at y, tangent, into more[1] (out of what look left; more[0] and g are overwritten). */
gndp_status sphere_guide_pull(sphere_run *run, double b);
/** ln of the density of the observations at clean fields y. */
void sphere_guide_end(const sphere_run *run, double *log_psi);
gndp_status sphere_guide_check(const sphere_run *run);
/** Smallest variance that an observation has for them. */
double sphere_guide_variance(const sphere_run *run);

#endif
