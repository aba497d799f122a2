// SPDX-License-Identifier: Apache-2.0
// The limit seen through linear observations, and the small dense algebra on them.
#ifndef GNDP_COND_CONDITIONER_H
#define GNDP_COND_CONDITIONER_H

#include "base/error.h"

#include <gndp/cond.h>

/*
 * Observation error is one more field: z = A y_0 + e is an observation without error of (y, e),
 * whose limit is N(m, K) x N(0, R), R = diag(variance). Noised together, e_t keeps the law N(0, R)
 * at every time and has the score -e, whatever the data. So every method for observations without
 * error serves those with it: A K A' becomes A K A' + R, and e is carried along.
 */
struct gndp_conditioner {
    const gndp_gaussian *law; /* borrowed */
    int64_t size, c;          /* N P, C */
    int64_t *row, *column;
    double *weight, *z, *variance; /* [row[C]], [C], [C] */
    double *sd;                    /* [C] */
    bool selection;                /* each row is one value, none twice */
    bool exact;                    /* no variance at all */
    double white;                  /* variance of a white limit, else 0 */
    double *mean, *seen_mean;      /* m [N P], A m [C] */
    double *ka;                    /* A K [C, N P]; NULL where the limit is white */
    double *aka;                   /* A K A' [C, C] */
    double *factor;                /* Cholesky factor of A K A' + R */
};

/** out [C] = A y. */
void cond_see(const gndp_conditioner *cd, const double *y, double *out);
/** y [N P] += A' q. */
void cond_spread(const gndp_conditioner *cd, const double *q, double *y);
/** y [N P] += K A' q. */
void cond_reach(const gndp_conditioner *cd, const double *q, double *y);
/** out [C] = A K v. */
void cond_pull(const gndp_conditioner *cd, const double *v, double *out);
/** l [C, C] = factor of A K A' + scale R. */
gndp_status cond_level(const gndp_conditioner *cd, double scale, double *l);
/** y = the observed value in each row that is one value without error: rounding undone. */
void cond_snap(const gndp_conditioner *cd, const double *z, double *y);

/** Factor a [n, n] = L L' in place (lower); false where a pivot is not above `least` of its
 * diagonal entry, *bad is its index. */
bool small_factor(int64_t n, double *a, double least, int64_t *bad);
/** x = (L L')^-1 x */
void small_solve(int64_t n, const double *l, double *x);
/** x = L^-1 x */
void small_forward(int64_t n, const double *l, double *x);
/** out = L x */
void small_colour(int64_t n, const double *l, const double *x, double *out);
/** ln det L L' */
double small_log_det(int64_t n, const double *l);
double small_dot(int64_t n, const double *a, const double *b);

#endif
