// SPDX-License-Identifier: Apache-2.0
// One step of Adam as graph: clipping by the global norm, moments, new values, moving average; nothing on a bad gradient.
#define GNDP_NO_CALLSITE
#include "graph/graph_internal.h"

#include <gndp/ops.h>

#include <math.h>
#include <stdlib.h>

gndp_adam gndp_adam_default(void)
{
    return (gndp_adam){.beta1 = 0.9, .beta2 = 0.999, .floor = 1e-8, .clip = 1.0, .ema = 0.999, .weight_decay = 0.0};
}

static bool is_decay(double x)
{
    return x >= 0.0 && x < 1.0;
}

/* Says what is wrong with the settings; NULL when nothing is. */
static const char *fault_of(gndp_adam a)
{
    if (!is_decay(a.beta1) || !is_decay(a.beta2) || !is_decay(a.ema))
        return "beta1, beta2 and ema are decays: at least 0, below 1";
    if (!(a.floor >= 0.0) || !(a.clip >= 0.0) || !(a.weight_decay >= 0.0))
        return "floor, clip and weight_decay are not negative";
    if (!isfinite(a.floor) || !isfinite(a.clip) || !isfinite(a.weight_decay))
        return "floor, clip and weight_decay are finite";
    return NULL;
}

/* A real scalar as f64 of rank 0; fails with the argument's name otherwise. */
static gndp_node scalar_f64(gndp_graph *g, const char *what, gndp_node x)
{
    const gndp_type type = gndp_node_type(x);
    if (g->status != GNDP_OK)
        return GNDP_NONE;
    if (type.dtype == GNDP_I32)
        return gndp_graph_fail(g, GNDP_ERR_TYPE, "adam_step", "%s is " GNDP_TYPE_FMT ": a real scalar is wanted", what,
                               GNDP_TYPE_ARG(type));
    if (gndp_type_count(type) != 1)
        return gndp_graph_fail(g, GNDP_ERR_SHAPE, "adam_step", "%s is " GNDP_TYPE_FMT ": a scalar is wanted", what,
                               GNDP_TYPE_ARG(type));
    const gndp_node flat = type.rank == 0 ? x : gndp_reshape(g, x, 0, NULL);
    return gndp_cast(g, flat, GNDP_F64);
}

/* 1 - decay^step without cancellation at small step (1 - decay). Decay 0 stands as e^-10000, so that plans read the step
   whatever the settings. */
static gndp_node bias(gndp_graph *g, gndp_node step, double decay)
{
    return gndp_neg(g, gndp_expm1(g, gndp_scale(g, step, decay > 0.0 ? log(decay) : -1e4)));
}

/* Square root of the sum of squares over all gradients: sums within an array in its type, the total in f64. */
static gndp_node global_norm(gndp_graph *g, const gndp_node *grad, int64_t n)
{
    gndp_node total = gndp_scalar(g, GNDP_F64, 0.0);
    for (int64_t i = 0; i < n; i++) {
        if (!gndp_is_none(grad[i])) {
            const gndp_node part = gndp_sum_all(g, gndp_square(g, grad[i]));
            total = gndp_add(g, total, gndp_cast(g, part, GNDP_F64));
        }
    }
    return gndp_sqrt(g, total);
}

/* mean + (1 - decay) (x - mean): unlike decay mean + (1 - decay) x it leaves mean = x where it is, whatever the rounding
   of decay and 1 - decay to f32, which at decay 0.9999 would be off by 3e-4 of x. */
static gndp_node moving_mean(gndp_graph *g, gndp_node mean, gndp_node x, double decay)
{
    if (decay == 0.0)
        return x;
    return gndp_add(g, mean, gndp_scale(g, gndp_sub(g, x, mean), 1.0 - decay));
}

/* What all parameters share: f64 scalars, cast to the type of the arrays they meet, so that stores may mix types. */
typedef struct step_scalars {
    gndp_node applied;   /* i32: nothing is changed where it is 0 */
    gndp_node clip;      /* factor of the gradient; GNDP_NONE: 1 */
    gndp_node rate;      /* learning rate / (1 - beta1^step) */
    gndp_node inv_root;  /* (1 - beta2^step)^(-1/2) */
    gndp_node decay;     /* factor 1 - rate weight_decay of the value; GNDP_NONE: 1 */
} step_scalars;

static void update(gndp_graph *g, gndp_store *store, gndp_adam a, const step_scalars *s, gndp_node value, gndp_node grad)
{
    const gndp_dtype dtype = gndp_node_type(value).dtype;
    const char *name = gndp_gnode_of(value)->attr->name;
    const gndp_node m = gndp_param(g, store, name, GNDP_SLOT_M), v = gndp_param(g, store, name, GNDP_SLOT_V);
    if (!gndp_is_none(s->clip))
        grad = gndp_mul(g, grad, gndp_cast(g, s->clip, dtype));
    const gndp_node new_m = moving_mean(g, m, grad, a.beta1);
    const gndp_node new_v = moving_mean(g, v, gndp_square(g, grad), a.beta2);
    const gndp_node root = gndp_mul(g, gndp_sqrt(g, new_v), gndp_cast(g, s->inv_root, dtype));
    const gndp_node move = gndp_div(g, gndp_mul(g, new_m, gndp_cast(g, s->rate, dtype)), gndp_offset(g, root, a.floor));
    const gndp_node kept = gndp_is_none(s->decay) ? value : gndp_mul(g, value, gndp_cast(g, s->decay, dtype));
    const gndp_node new_value = gndp_sub(g, kept, move);
    gndp_assign(g, m, gndp_select(g, s->applied, new_m, m));
    gndp_assign(g, v, gndp_select(g, s->applied, new_v, v));
    gndp_assign(g, value, gndp_select(g, s->applied, new_value, value));
    if (a.ema > 0.0) {
        const gndp_node ema = gndp_param(g, store, name, GNDP_SLOT_EMA);
        gndp_assign(g, ema, gndp_select(g, s->applied, moving_mean(g, ema, new_value, a.ema), ema));
    }
}

/* A parameter that the loss does not depend on has no gradient and is left alone, moments and all. */
gndp_adam_nodes(gndp_adam_step)(gndp_graph *g, gndp_node loss, gndp_store *store, gndp_adam settings, gndp_node rate,
                                gndp_node step)
{
    gndp_adam_nodes out = {0};
    const gndp_node *params = NULL;
    gndp_node *grad = NULL;
    int64_t n_moved = 0;
    const gndp_node given[3] = {loss, rate, step};
    if (gndp_graph_stopped(g, "adam_step", 3, given))
        return out;
    if (store == NULL) {
        gndp_graph_fail(g, GNDP_ERR_ARG, "adam_step", "store is NULL");
        return out;
    }
    if (fault_of(settings) != NULL) {
        gndp_graph_fail(g, GNDP_ERR_RANGE, "adam_step", "%s; got beta1 %g, beta2 %g, ema %g, floor %g, clip %g, weight_decay %g",
                        fault_of(settings), settings.beta1, settings.beta2, settings.ema, settings.floor, settings.clip,
                        settings.weight_decay);
        return out;
    }
    const gndp_node rate64 = scalar_f64(g, "rate", rate), step64 = scalar_f64(g, "step", step);
    const int64_t n = gndp_graph_params(g, store, &params);
    grad = calloc((size_t)n + 1, sizeof *grad);
    if (grad == NULL) {
        gndp_graph_fail(g, GNDP_ERR_NOMEM, "adam_step", "%lld parameters", (long long)n);
        return out;
    }
    gndp_grad(g, loss, params, n, grad);
    for (int64_t i = 0; i < n; i++)
        n_moved += !gndp_is_none(grad[i]);
    if (n_moved == 0)
        gndp_graph_fail(g, GNDP_ERR_GRAPH, "adam_step", "the loss depends on no parameter of the store (the graph reads %lld)",
                        (long long)n);
    out.grad_norm = global_norm(g, grad, n);
    out.applied = gndp_isfinite(g, out.grad_norm);
    step_scalars s = {.applied = out.applied};
    if (settings.clip > 0.0) { /* clip / max(norm, clip): exactly 1 below the bound, and no 0 / 0 */
        const gndp_node bound = gndp_scalar(g, GNDP_F64, settings.clip);
        s.clip = gndp_div(g, bound, gndp_max2(g, out.grad_norm, bound));
    }
    s.rate = gndp_div(g, rate64, bias(g, step64, settings.beta1));
    s.inv_root = gndp_rsqrt(g, bias(g, step64, settings.beta2));
    if (settings.weight_decay > 0.0)
        s.decay = gndp_offset(g, gndp_scale(g, rate64, -settings.weight_decay), 1.0);
    for (int64_t i = 0; i < n; i++)
        if (!gndp_is_none(grad[i]))
            update(g, store, settings, &s, params[i], grad[i]);
    free(grad);
    if (g->status != GNDP_OK)
        out = (gndp_adam_nodes){0};
    return out;
}
