// SPDX-License-Identifier: Apache-2.0
// A model on target points and observed places together, and what is observed of it as linear maps of normalised fields.
#ifndef GNDP_CLI_JOINT_H
#define GNDP_CLI_JOINT_H

#include <gndp/gndp.h>

#include "cli/areas.h"

/* The targets, then the places that are none of them: so observations pick values, and nothing is interpolated. */
typedef struct cli_joint {
    gndp_coords coords;    /* those of the targets, as they are, when no place is added: a grid's law keeps its structure; else a list */
    double *x;             /* [n, C] of such a list; NULL: none */
    int64_t targets, added;
    int64_t *point;        /* [places] number of each in coords */
    int components;        /* P */
    int64_t size;          /* N P */
    gndp_generator *generator;
    double *offset, *scale; /* [N P] gndp_generator_affine() */
    int64_t *column;
} cli_joint;

/** Points alone. Places that are a target to rounding (1e-5 degrees; 1e-6 of the extent) are that target. free with cli_joint_free(), also after a
 * failure. */
int cli_joint_make(const gndp_coords *target, const cli_observed *observed, cli_joint *out);
/** Number of the point of coords at each of n places x [n, C], to the same rounding; -1: none. */
int cli_points_find(const gndp_coords *coords, int64_t n, const double *x, int64_t *out);
/** The model on them. */
int cli_joint_open(cli_joint *joint, gndp_model *model, int64_t batch, bool bf16);
void cli_joint_free(cli_joint *joint);

/** A kernel's covariance on the points of an open joint, normalised values as `process.kernel`, beside its limit; gndp_prior_free() it. */
int cli_joint_prior(const cli_joint *joint, const gndp_model *model, const char *kernel, gndp_prior **out);

/** Fields [n, N P] as samplers give them to physical units: those of the model's channels, in the order of files. */
void cli_joint_physical(const cli_joint *joint, int64_t n, const double *z, double *values);

/* Rows of one case for a sampler. Owns its arrays; the conditioner keeps copies. */
typedef struct cli_linear {
    gndp_linear_obs obs;
    int64_t *row, *column;
    double *weight, *z, *variance;
    double log_jacobian; /* log-density in physical units less that of the normalised rows */
} cli_linear;

/** Rows of case c at places that are not left out, then means over areas. @param left_out [places] or NULL; @param areas of the joint's targets */
int cli_linear_make(const cli_joint *joint, const cli_observed *observed, const cli_areas *areas, int c, const bool *left_out, cli_linear *out);
void cli_linear_free(cli_linear *linear);

#endif
