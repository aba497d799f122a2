// SPDX-License-Identifier: Apache-2.0
// The inside of a model.
#ifndef GNDP_MODEL_MODEL_H
#define GNDP_MODEL_MODEL_H

#include <gndp/model.h>
#include <gndp/write.h>

/* Coordinates as users read them, as covariances take them, as the network takes them: degrees; unit vectors or km of a plane; the latter times a scale.
   Abstract coordinates are the same to all three but for the scale. */
typedef enum model_frame { MODEL_NATIVE, MODEL_PLANE, MODEL_SPHERE } model_frame;

struct gndp_model {
    gndp_config *config;
    gndp_fieldset *fields; /* without values: channels, coordinates, calendar, attributes */
    model_frame frame;
    gndp_projection projection; /* MODEL_PLANE */
    double x_scale;             /* network coordinates = x_scale times those of covariances */
    gndp_normaliser normaliser;
    gndp_process *process;
    gndp_net_spec net;
    gndp_parametrisation parametrisation;
    gndp_store *store;
    gndp_model_progress progress;
    double *history; /* [rows, MODEL_HISTORY] */
    int64_t history_rows, history_capacity;
    bool average;  /* samples use averaged parameters: train.ema > 0 */
    bool complete; /* optimiser state is here: training can go on */
    char hash[17];
};

/* Columns of the history: step, loss, zero loss, validation, gradient norm, rate, seconds. */
enum { MODEL_HISTORY = 7 };

/** A set of one field without values: channels, coordinates and attributes of `from`. */
gndp_status model_describe_fields(const gndp_fieldset_spec *from, gndp_fieldset **out);

/** A model with configuration, fields, frame and normaliser set becomes complete: process, network, empty store. */
gndp_status model_assemble(gndp_model *model);

/** Dimension of points as covariances take them. */
int model_dim(const gndp_model *model);

/** From what users read [n, C] to what covariances take [n, dim]. */
void model_embed(const gndp_model *model, int64_t n, const double *x, double *out);

/** Values [n, m, P] from the user's order to the model's, or back: along a plane's axes a vector is north, east, as the coordinates are; elsewhere nothing
 * changes. In place; its own inverse. */
void model_swap(const gndp_model *model, int64_t n, int64_t m, double *values);

/** The network's raw output [R, N, P]; in->x are coordinates as covariances take them. */
gndp_node model_net_output(const gndp_model *model, gndp_graph *g, const gndp_score_inputs *in);

gndp_status model_history_add(gndp_model *model, const double row[MODEL_HISTORY]);

/** New text of `hash`. */
void model_rehash(gndp_model *model);

#endif
