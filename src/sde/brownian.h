// SPDX-License-Identifier: Apache-2.0
// Fields with values on spheres by their parts: spheres, and runs of Euclidean components between them.
#ifndef GNDP_SDE_BROWNIAN_H
#define GNDP_SDE_BROWNIAN_H

#include "base/error.h"

#include <gndp/brownian.h>

/* Components first .. first + dim - 1: sphere number `sphere`, or Euclidean ones where that is -1. */
typedef struct brownian_part {
    int first, dim, sphere;
} brownian_part;

enum { BROWNIAN_PARTS = 2 * GNDP_LAYOUT_SPHERES + 1, BROWNIAN_STREAMS = GNDP_LAYOUT_SPHERES + 1 };

/** The parts of a layout that passed its check, rising. @return how many */
int brownian_parts(const gndp_sphere_layout *layout, brownian_part part[BROWNIAN_PARTS]);

gndp_status brownian_layout_check(const gndp_sphere_layout *layout);

/** Every sphere's part of `count` points of P components divided by its norm. */
void brownian_normalise(const gndp_sphere_layout *layout, int64_t count, double *y);

/** GNDP_ERR_NONFINITE, and GNDP_ERR_RANGE where a norm is further from 1 than 1e-6. `what` names the array. */
gndp_status brownian_values_check(const gndp_sphere_layout *layout, int64_t count, const double *y, const char *what);

/* ---- Steps ----------------------------------------------------------------------------------- */

/** A step from B to a smaller one: y <- exp_y(c g + d xi) on spheres, y <- a y + e g + f xi of Euclidean components. */
typedef struct brownian_step {
    double c, d;    /* spheres */
    double a, e, f; /* the others */
} brownian_step;

/** EM or ancestral, from b to `next`. */
brownian_step brownian_step_of(const gndp_schedule *schedule, gndp_brownian_method method, double b, double next);

/** count points of P components; xi NULL: without noise. */
void brownian_move(const gndp_sphere_layout *layout, const brownian_step *by, int64_t count, double *y, const double *g, const double *xi);

/** b [steps + 1] falling from B(t1) to 0: uniform in ln B down to `least`, then one step; or uniform in t. */
gndp_status brownian_grid(const gndp_schedule *schedule, int64_t steps, double least, bool uniform, double *b);

/** n known points against an evaluator: fewer than all, for a score that takes them. */
gndp_status brownian_context_check(const gndp_evaluator *ev, int64_t n, const int64_t *point);

#endif
