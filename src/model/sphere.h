// SPDX-License-Identifier: Apache-2.0
// Models of fields with values on spheres: from the network's output to a tangent score.
#ifndef GNDP_MODEL_SPHERE_H
#define GNDP_MODEL_SPHERE_H

#include "model/model.h"

/** Which components are points of spheres: one factor a channel of that kind. */
gndp_sphere_layout model_layout(const gndp_fieldset *fields);

/** Settings of the process and of what stands round the network; model->net gets its numbers of inputs and outputs. */
gndp_status model_assemble_sphere(gndp_model *model, const gndp_schedule *schedule);

/** The score and the weight of its squared errors in training, [R, N, P] each. */
typedef struct sphere_nodes {
    gndp_node score, weight;
} sphere_nodes;

/**
 * Tangent score of a model at in->y, constant along rays (gndp/brownian.h). Without a reference the network's output over the noise's standard deviation.
 * With one, see model/reference.h: the network moves the reference's clean field by so many of its posterior standard deviations.
 * @param zero  in place of the network, zeros: what training starts from
 */
sphere_nodes model_sphere_score(const gndp_model *model, gndp_graph *g, const gndp_score_inputs *in, bool zero);

#endif
