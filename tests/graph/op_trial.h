// SPDX-License-Identifier: Apache-2.0
// A trial of one op: the graph of a case with its first and second derivatives, run on a device of choice.
#ifndef GNDP_TEST_OP_TRIAL_H
#define GNDP_TEST_OP_TRIAL_H

#include "graph/grad_case.h"
#include "support/test_main.h"

#include <gndp/ops.h>

enum { MAX_VARS = 2 * GNDP_MAX_INPUTS + GNDP_MAX_OUTPUTS };

/* An array that a plan is fed with: inputs of the op (x), cotangents of its outputs (c), weights of its gradients (s). */
typedef struct variable {
    char name[12];
    gndp_type type;
    case_kind kind;
    double *value;
    void *data; /* in its type */
} variable;

/* The graph of one case: y = op(x); gx = (dy/dx)' c; hx = (d gx / d(x, c))' s; all its nodes are outputs of one plan. */
typedef struct trial {
    gndp_graph *g;
    grad_case c;
    int n_vars, n_out, n_y, n_x, n_gx;
    variable var[MAX_VARS];
    gndp_node node[MAX_VARS]; /* of the variables */
    gndp_node out[4 * MAX_VARS];
    int y_cot[GNDP_MAX_OUTPUTS];       /* variable that is the cotangent of output k, -1 for integers */
    int gx_at[MAX_VARS], hx_at[MAX_VARS]; /* position in out of the derivative in a variable, -1 for zero */
    int s_of[MAX_VARS];                /* variable that weighs gx of a variable, -1 */
    bool rough;                        /* a real output or input is f32: differences cannot see 1e-7 */
} trial;

typedef struct result {
    gndp_array array[4 * MAX_VARS];
    int n;
} result;

static int add_variable(trial *t, const char *prefix, gndp_type type, const case_input *in, uint64_t *seed)
{
    variable *v = &t->var[t->n_vars];
    const size_t count = (size_t)gndp_type_count(type);
    const case_input normal = {.kind = CASE_NORMAL, .type = type};
    in = in != NULL ? in : &normal;
    snprintf(v->name, sizeof v->name, "%s%d", prefix, t->n_vars);
    v->type = type;
    v->kind = in->kind;
    v->value = calloc(count + 1, sizeof *v->value);
    v->data = calloc(count + 1, sizeof(double));
    case_values(in, t->n_vars, seed, v->value);
    t->node[t->n_vars] = gndp_input(t->g, v->name, type);
    t->gx_at[t->n_vars] = t->hx_at[t->n_vars] = t->s_of[t->n_vars] = -1;
    t->rough = t->rough || type.dtype == GNDP_F32;
    return t->n_vars++;
}

static bool is_real(gndp_node node)
{
    return gndp_node_type(node).dtype != GNDP_I32;
}

/* Append the gradients `grad` [n] of variables first..: which of them exist, and where. */
static void add_outputs(trial *t, const gndp_node *grad, const int *variables, int n, int *at)
{
    for (int k = 0; k < n; k++)
        if (!gndp_is_none(grad[k])) {
            at[variables[k]] = t->n_out;
            t->out[t->n_out++] = grad[k];
        }
}

static void derive(trial *t, gndp_node y, uint64_t *seed)
{
    gndp_node ys[GNDP_MAX_OUTPUTS], cots[GNDP_MAX_OUTPUTS], x[MAX_VARS], grad[MAX_VARS], s[MAX_VARS], first[MAX_VARS];
    int wrt[MAX_VARS], m = 0, n = 0, n_first = 0;
    for (int i = 0; i < t->n_x; i++)
        if (is_real(t->node[i])) {
            wrt[n] = i;
            x[n++] = t->node[i];
        }
    for (int k = 0; k < t->n_y; k++)
        if (t->y_cot[k] >= 0) {
            ys[m] = gndp_node_output(y, k);
            cots[m++] = t->node[t->y_cot[k]];
        }
    gndp_vjp(t->g, ys, cots, m, x, n, grad);
    add_outputs(t, grad, wrt, n, t->gx_at);
    for (int k = 0; k < n; k++)
        if (!gndp_is_none(grad[k])) {
            t->s_of[wrt[k]] = add_variable(t, "s", gndp_node_type(grad[k]), NULL, seed);
            s[n_first] = t->node[t->s_of[wrt[k]]];
            first[n_first++] = grad[k];
        }
    for (int k = 0; k < t->n_y; k++) /* the gradient is a function of the cotangents too */
        if (t->y_cot[k] >= 0) {
            wrt[n] = t->y_cot[k];
            x[n++] = t->node[t->y_cot[k]];
        }
    gndp_vjp(t->g, first, s, n_first, x, n, grad);
    add_outputs(t, grad, wrt, n, t->hx_at);
}

static void trial_free(trial *t)
{
    if (t == NULL)
        return;
    for (int i = 0; i < t->n_vars; i++) {
        free(t->var[i].value);
        free(t->var[i].data);
    }
    gndp_graph_free(t->g);
    free(t);
}

static bool differentiable(const gndp_op *op)
{
    return op->vjp != NULL || op->lower != NULL;
}

static trial *trial_make(const gndp_op *op, const grad_case *c, bool derivatives, uint64_t seed)
{
    trial *t = calloc(1, sizeof *t);
    t->c = *c;
    assert_int_equal(gndp_graph_create(&t->g), GNDP_OK);
    for (int i = 0; i < c->n_in; i++)
        add_variable(t, "x", c->in[i].type, &c->in[i], &seed);
    t->n_x = c->n_in;
    const gndp_node y = gndp_node_append(t->g, op, &t->c.attr, c->n_in, t->node);
    t->n_y = op->n_out > 0 ? op->n_out : 1;
    for (int k = 0; k < t->n_y && !gndp_is_none(y); k++) {
        const gndp_node out = gndp_node_output(y, k);
        t->out[t->n_out++] = out;
        t->rough = t->rough || gndp_node_type(out).dtype == GNDP_F32;
        t->y_cot[k] = is_real(out) && derivatives ? add_variable(t, "c", gndp_node_type(out), NULL, &seed) : -1;
    }
    if (derivatives && !gndp_is_none(y))
        derive(t, y, &seed);
    if (gndp_graph_status(t->g) == GNDP_OK)
        for (int i = 0; i < t->n_vars; i++) /* so that every plan reads every variable */
            t->out[t->n_out++] = t->node[i];
    return t;
}

static void result_free(result *r)
{
    for (int i = 0; i < r->n; i++)
        gndp_array_free(&r->array[i]);
    r->n = 0;
}

static gndp_status run(trial *t, gndp_plan *plan, result *r)
{
    gndp_feed feeds[MAX_VARS];
    for (int i = 0; i < t->n_vars; i++) {
        variable *v = &t->var[i];
        for (int64_t k = 0; k < gndp_type_count(v->type); k++)
            if (v->type.dtype == GNDP_F64)
                ((double *)v->data)[k] = v->value[k];
            else if (v->type.dtype == GNDP_F32)
                ((float *)v->data)[k] = (float)v->value[k];
            else
                ((int32_t *)v->data)[k] = (int32_t)v->value[k];
        feeds[i] = (gndp_feed){v->name, gndp_array_view(v->type, v->data)};
    }
    if (r->n == 0)
        for (r->n = 0; r->n < t->n_out; r->n++)
            assert_int_equal(gndp_array_create(gndp_node_type(t->out[r->n]), &r->array[r->n]), GNDP_OK);
    return gndp_plan_run(plan, feeds, t->n_vars, r->array, r->n);
}

static double at(gndp_array a, int64_t k)
{
    return a.type.dtype == GNDP_F64   ? ((double *)a.data)[k]
           : a.type.dtype == GNDP_F32 ? (double)((float *)a.data)[k]
                                      : (double)((int32_t *)a.data)[k];
}

/* One way of running. */
typedef struct way {
    const char *device;
    gndp_device_options options;
    bool no_optimise;
} way;

static gndp_status make_plan(trial *t, way w, gndp_plan **plan)
{
    gndp_device *device = NULL;
    *plan = NULL;
    gndp_status st = gndp_device_open(w.device, &w.options, &device);
    if (st == GNDP_OK)
        st = gndp_plan_create(t->g, t->out, t->n_out, device, &(gndp_plan_options){.no_optimise = w.no_optimise}, plan);
    gndp_device_free(device);
    return st;
}

#endif
