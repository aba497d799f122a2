// SPDX-License-Identifier: Apache-2.0
// Network and process joined to a score.
#include "model/model.h"

#include <gndp/ops.h>

#include <stdlib.h>

#include "base/error.h"
#include "model/sphere.h"

/* 1 at targets, 0 at clean context; a model that knows no context has no flag. */
static gndp_node context_flag(const gndp_model *model, gndp_graph *g, const gndp_score_inputs *in)
{
    const gndp_type y = gndp_node_type(in->y);
    if (!model->net.context_flag)
        return GNDP_NONE;
    if (gndp_is_none(in->target))
        return gndp_broadcast_to(g, gndp_scalar(g, model->net.dtype, 1.0), 2, y.dim);
    return gndp_cast(g, gndp_not(g, gndp_not(g, in->target)), model->net.dtype);
}

gndp_node model_net_output(const gndp_model *model, gndp_graph *g, const gndp_score_inputs *in)
{
    const gndp_net_inputs net = {
        .t = in->t, .x = gndp_scale(g, in->x, model->x_scale), .y = in->y, .flag = context_flag(model, g, in), .mask = in->mask};
    return gndp_net_build(g, model->store, &model->net, &net);
}

static gndp_node build(const void *state, gndp_graph *g, const gndp_score_inputs *in)
{
    const gndp_model *const *model = state;
    if (model_on_sphere(*model))
        return model_sphere_score(*model, g, in, false).score;
    const gndp_limit_nodes limit = gndp_process_limit(g, (*model)->process, in->x, gndp_score_targets(g, in));
    return gndp_parametrisation_score(g, &(*model)->parametrisation, &limit, in, model_net_output(*model, g, in));
}

gndp_status gndp_model_score(gndp_model *model, bool ema, bool bf16, gndp_score *out)
{
    gndp_status st = GNDP_OK;
    gndp_model **state = NULL;
    GNDP_CHECK(model != NULL && out != NULL, GNDP_ERR_ARG, "model or out is NULL");
    state = malloc(sizeof *state);
    GNDP_CHECK(state != NULL, GNDP_ERR_NOMEM, "score");
    *state = model;
    *out = (gndp_score){.dtype = model->net.dtype, .components = gndp_fieldset_components(model->fields), .store = model->store, .ema = ema && model->average, .bf16 = bf16,
                        .context = model->net.context_flag, .state = state, .build = build, .free = free};
done:
    return st;
}
