// SPDX-License-Identifier: Apache-2.0
// The inside of a model.
#ifndef GNDP_MODEL_MODEL_H
#define GNDP_MODEL_MODEL_H

#include <gndp/brownian.h>
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
    gndp_process *process;      /* NULL with values on spheres, which have */
    gndp_brownian sphere;       /* this one; layout.spheres 0: none */
    gndp_kernel *reference;     /* of tracks; NULL: none */
    int octaves;                /* waves that the network sees of positions on spheres; 0: none */
    gndp_net_spec net;
    gndp_parametrisation parametrisation;
    gndp_store *store;
    gndp_model_progress progress;
    double *history; /* [rows, MODEL_HISTORY] */
    int64_t history_rows, history_capacity;
    bool average;  /* samples use averaged parameters: train.ema > 0 */
    bool complete; /* optimiser state is here: training can go on */
    char hash[17];
    char data_hash[17]; /* of the training part; "": made before there was one */
};

/* Columns of the history: step, loss, zero loss, validation, gradient norm, rate, seconds. */
enum { MODEL_HISTORY = 7 };

/** A set of one field without values: channels, coordinates and attributes of `from`. */
gndp_status model_describe_fields(const gndp_fieldset_spec *from, gndp_fieldset **out);

/** Values on spheres: Brownian motion in place of the process. */
bool model_on_sphere(const gndp_model *model);

/** A model with configuration, fields, frame and normaliser set gets its process and the settings of its network. */
gndp_status model_assemble(gndp_model *model);
/** Parameters of another model of the same network (train.start), the averaged ones where its samples use them.
 * @return GNDP_OK; GNDP_ERR_STATE, GNDP_ERR_SHAPE name what differs; those of gndp_model_read() */
gndp_status model_start_from(gndp_model *model, const char *path);
/** Room for the network's parameters. */
gndp_status model_add_store(gndp_model *model);

/** Dimension of points as covariances take them. */
int model_dim(const gndp_model *model);

/** The normaliser for fields on other points: its climatology between those of a grid, multilinear. Free with gndp_normaliser_free(), also after a
 * failure. @return GNDP_OK; GNDP_ERR_RANGE for a point more than half a cell outside; of listed points for any other than those */
gndp_status model_normaliser_at(const gndp_model *model, const gndp_coords *coords, gndp_normaliser *out);

/** From what users read [n, C] to what covariances take [n, dim]. */
void model_embed(const gndp_model *model, int64_t n, const double *x, double *out);

/** Values [n, m, P] from the user's order to the model's, or back: along a plane's axes a vector is north, east, as the coordinates are; elsewhere nothing
 * changes. In place; its own inverse. */
void model_swap(const gndp_model *model, int64_t n, int64_t m, double *values);

/** The network's raw output [R, N, P]; in->x are coordinates as covariances take them. With score.context_flag the network is told in->target: without
 * it all points are targets. */
gndp_node model_net_output(const gndp_model *model, gndp_graph *g, const gndp_score_inputs *in);

gndp_status model_history_add(gndp_model *model, const double row[MODEL_HISTORY]);

/** Text of all that samples follow from. */
void model_hash_of(const gndp_model *model, char out[17]);
/** The same into `hash`. */
void model_rehash(gndp_model *model);

/** Text that tells sets apart: counts, labels, coordinates, channels, and the values of up to 1024 fields, evenly spread. */
gndp_status model_fingerprint(const gndp_fieldset *set, char out[17]);

#endif
