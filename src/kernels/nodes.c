// SPDX-License-Identifier: Apache-2.0
// Gram nodes of a tree: the public builders, and the shapes that the kinds share.
#define GNDP_NO_CALLSITE
#include "graph/op.h"
#include "kernels/kernel.h"

#include <gndp/ops.h>

#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------------------- parameters */

static int own_offset(const gndp_kernel *k)
{
    int n = 0;
    for (int i = 0; i < k->n_children && !k->ops->prefix; i++) {
        n += kernel_subtree_params(k->child[i]);
    }
    return n;
}

gndp_node kernel_theta(const kernel_call *c, int h, int i)
{
    return c->theta[own_offset(c->k) + c->k->first[h] + i];
}

gndp_node kernel_theta_all(const kernel_call *c, int h)
{
    gndp_node part[KERNEL_MAX_LIST];
    const int n = kernel_count(c->k, h);
    if (n == 1) {
        return kernel_theta(c, h, 0);
    }
    for (int i = 0; i < n; i++) {
        part[i] = gndp_reshape(c->g, kernel_theta(c, h, i), 1, (const int64_t[]){1});
    }
    return gndp_concat(c->g, part, n, 0);
}

kernel_call kernel_child_call(const kernel_call *c, int i)
{
    kernel_call part = *c;
    part.k = c->k->child[i];
    part.theta = c->theta + (c->k->ops->prefix ? kernel_own_params(c->k) : 0);
    for (int j = 0; j < i; j++) {
        part.theta += kernel_subtree_params(c->k->child[j]);
    }
    return part;
}

gndp_node kernel_number(gndp_graph *g, double value)
{
    return gndp_scalar(g, GNDP_F64, value);
}

/* ----------------------------------------------------------------------------------- shapes */

gndp_node kernel_reshape_last(gndp_graph *g, gndp_node x, int drop, int n, const int64_t *dim)
{
    const gndp_type type = gndp_node_type(x);
    int64_t all[2 * GNDP_MAX_RANK] = {0};
    const int lead = type.rank - drop;
    if (gndp_is_none(x)) {
        return x;
    }
    for (int i = 0; i < lead; i++) {
        all[i] = type.dim[i];
    }
    for (int i = 0; i < n; i++) {
        all[lead + i] = dim[i];
    }
    return gndp_reshape(g, x, lead + n, all);
}

/* Leading axes of the call's Gram (x and z broadcast) followed by n axes: into all, the rank. */
static int with_leading(const kernel_call *c, int n, const int64_t *dim,
                        int64_t all[2 * GNDP_MAX_RANK])
{
    const gndp_type x = gndp_node_type(c->x), z = gndp_node_type(c->z);
    const int lead = (x.rank > z.rank ? x.rank : z.rank) - 2;
    for (int i = 1; i <= lead; i++) {
        const int64_t a = i <= x.rank - 2 ? x.dim[x.rank - 2 - i] : 1,
                      b = i <= z.rank - 2 ? z.dim[z.rank - 2 - i] : 1;
        all[lead - i] = a == 1 ? b : a;
    }
    for (int i = 0; i < n; i++) {
        all[lead + i] = dim[i];
    }
    return lead + n;
}

gndp_node kernel_blocks(const kernel_call *c, gndp_node gram, int p)
{
    int64_t all[2 * GNDP_MAX_RANK] = {0};
    const int rank = with_leading(c, 2, (const int64_t[]){c->n * p, c->m * p}, all);
    const gndp_node full = gndp_broadcast_to(c->g, gram, rank, all);
    return kernel_reshape_last(c->g, full, 2, 4, (const int64_t[]){c->n, p, c->m, p});
}

gndp_node kernel_flatten(const kernel_call *c, gndp_node blocks)
{
    const int64_t p = c->outputs;
    return kernel_reshape_last(c->g, blocks, 4, 2, (const int64_t[]){c->n * p, c->m * p});
}

gndp_node kernel_eye(gndp_graph *g, int p)
{
    double eye[KERNEL_MAX_OUTPUTS * KERNEL_MAX_OUTPUTS] = {0};
    for (int i = 0; i < p; i++) {
        eye[i * p + i] = 1.0;
    }
    return gndp_constant(g, gndp_type_3d(GNDP_F64, p, 1, p), eye);
}

/* ------------------------------------------------------------------------------------ calls */

gndp_node kernel_call_gram(const kernel_call *c)
{
    return c->k->ops->gram(c);
}

gndp_node kernel_call_diagonal(const kernel_call *c)
{
    return c->k->ops->diagonal(c);
}

/* The arguments as nodes: checks them, and poisons the graph where they do not fit. */
static bool open_call(gndp_graph *g, const gndp_kernel *k, const gndp_node *theta, gndp_node x,
                      gndp_node z, kernel_call *c)
{
    const char *const name = "kernel";
    const bool same = gndp_is_none(z);
    const gndp_node in[2] = {x, same ? x : z};
    const gndp_type tx = gndp_node_type(x), tz = gndp_node_type(in[1]);
    kernel_traits traits;
    if (gndp_graph_stopped(g, name, 2, in)) {
        return false;
    }
    if (k == NULL) {
        gndp_graph_fail(g, GNDP_ERR_ARG, name, "no kernel");
        return false;
    }
    if (tx.dtype != GNDP_F64 || tz.dtype != GNDP_F64) {
        gndp_graph_fail(g, GNDP_ERR_TYPE, name,
                        "wants points in f64, got " GNDP_TYPE_FMT " and " GNDP_TYPE_FMT
                        ": cast them",
                        GNDP_TYPE_ARG(tx), GNDP_TYPE_ARG(tz));
        return false;
    }
    if (tx.rank < 2 || tz.rank < 2 || tx.dim[tx.rank - 1] != tz.dim[tz.rank - 1]) {
        gndp_graph_fail(g, GNDP_ERR_SHAPE, name,
                        "wants points [.., N, D] and [.., M, D], got " GNDP_TYPE_FMT
                        " and " GNDP_TYPE_FMT,
                        GNDP_TYPE_ARG(tx), GNDP_TYPE_ARG(tz));
        return false;
    }
    *c = (kernel_call){.g = g,
                       .k = k,
                       .fixed = theta == NULL,
                       .same = same,
                       .x = x,
                       .z = in[1],
                       .n = tx.dim[tx.rank - 2],
                       .m = tz.dim[tz.rank - 2],
                       .d = tx.dim[tx.rank - 1]};
    gndp_status st = kernel_find_traits(k, &traits);
    st = st == GNDP_OK ? kernel_check_dim(k, &traits, c->d) : st;
    if (st != GNDP_OK) {
        char text[400];
        snprintf(text, sizeof text, "%s", gndp_last_text());
        gndp_graph_fail(g, st, name, "%s", text);
        return false;
    }
    c->outputs = traits.outputs > 0 ? traits.outputs : (int)c->d;
    return true;
}

/* Numbers of the subtree in the order of the text. */
static int list_values(const gndp_kernel *k, double *out)
{
    const int own = kernel_own_params(k);
    int n = k->ops->prefix ? own : 0;
    for (int i = 0; i < k->n_children; i++) {
        n += list_values(k->child[i], out + n);
    }
    memcpy(k->ops->prefix ? out : out + n, k->value, (size_t)own * sizeof *out);
    return k->ops->prefix ? n : n + own;
}

/* theta, or the values that k holds as constants, in the graph's memory; NULL and g poisoned
   without memory. */
static gndp_node *parameters(gndp_graph *g, const gndp_kernel *k, const gndp_node *theta)
{
    const int n = kernel_subtree_params(k);
    const size_t bytes = ((size_t)n + 1) * sizeof(gndp_node);
    gndp_node none = GNDP_NONE;
    if (theta != NULL) {
        return n == 0 ? gndp_graph_copy(g, &none, sizeof none)
                      : gndp_graph_copy(g, theta, (size_t)n * sizeof *theta);
    }
    double *value = calloc((size_t)n + 1, sizeof *value);
    gndp_node *node = calloc(1, bytes), *kept = NULL;
    if (value == NULL || node == NULL) {
        gndp_graph_fail(g, GNDP_ERR_NOMEM, "kernel", "%d parameters", n);
    } else {
        list_values(k, value);
        for (int i = 0; i < n; i++) {
            node[i] = gndp_scalar(g, GNDP_F64, value[i]);
        }
        kept = gndp_graph_copy(g, node, bytes);
    }
    free(value);
    free(node);
    return kept;
}

gndp_node gndp_kernel_gram(gndp_graph *g, const gndp_kernel *k, const gndp_node *theta, gndp_node x,
                           gndp_node z)
{
    kernel_call c;
    int64_t all[2 * GNDP_MAX_RANK] = {0};
    if (!open_call(g, k, theta, x, z, &c) || (c.theta = parameters(g, k, theta)) == NULL) {
        return GNDP_NONE;
    }
    const int64_t p = c.outputs;
    const int rank = with_leading(&c, 2, (const int64_t[]){c.n * p, c.m * p}, all);
    gndp_node gram = kernel_call_gram(&c);
    if (gndp_is_none(gram)) {
        gram = kernel_number(g, 0.0);
    }
    const gndp_type type = gndp_node_type(gram);
    for (int i = 0; type.rank == rank && i < rank; i++) {
        if (type.dim[i] != all[i]) {
            break;
        }
        if (i == rank - 1) {
            return gram;
        }
    }
    return gndp_broadcast_to(g, gram, rank, all);
}

gndp_node gndp_kernel_gram_diag(gndp_graph *g, const gndp_kernel *k, const gndp_node *theta,
                                gndp_node x)
{
    kernel_call c;
    int64_t all[2 * GNDP_MAX_RANK] = {0};
    if (!open_call(g, k, theta, x, GNDP_NONE, &c) || (c.theta = parameters(g, k, theta)) == NULL) {
        return GNDP_NONE;
    }
    gndp_node diagonal = kernel_call_diagonal(&c);
    if (gndp_is_none(diagonal)) {
        diagonal = kernel_number(g, 0.0);
    }
    const int rank = with_leading(&c, 2, (const int64_t[]){c.n, c.outputs}, all);
    return kernel_reshape_last(g, gndp_broadcast_to(g, diagonal, rank, all), 2, 1,
                               (const int64_t[]){c.n * c.outputs});
}
