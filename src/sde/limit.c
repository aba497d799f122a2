// SPDX-License-Identifier: Apache-2.0
// The limiting law on the points of a graph: Gram, jitter, root, and products with it.
#define GNDP_NO_CALLSITE
#include "sde/limit.h"

#include <gndp/ops.h>

#include <math.h>

#include "sde/process.h"

gndp_node limit_column(gndp_graph *g, gndp_node x)
{
    return gndp_reshape(g, x, 3, (int64_t[]){-1, 1, 1});
}

gndp_node limit_keep(gndp_graph *g, gndp_node mask, gndp_node x)
{
    if (gndp_is_none(mask)) {
        return x;
    }
    const gndp_type type = gndp_node_type(mask);
    const gndp_node column = gndp_reshape(g, mask, 3, (int64_t[]){type.dim[0], type.dim[1], 1});
    return gndp_select(g, column, x, gndp_scalar(g, gndp_node_type(x).dtype, 0.0));
}

gndp_node limit_mean(gndp_graph *g, const gndp_limit_nodes *limit, gndp_node z)
{
    return gndp_cast(g, limit->mean, gndp_node_type(z).dtype);
}

/* ---- Gram and root --------------------------------------------------------------------------- */

/* Masked coordinates may be anything: they become 1, which is a point of R^n and a direction too.
 * f64. */
static gndp_node clean_points(gndp_graph *g, gndp_node x, gndp_node mask)
{
    const gndp_node wide = gndp_cast(g, x, GNDP_F64);
    if (gndp_is_none(mask)) {
        return wide;
    }
    const gndp_type type = gndp_node_type(mask);
    const gndp_node column = gndp_reshape(g, mask, 3, (int64_t[]){type.dim[0], type.dim[1], 1});
    return gndp_select(g, column, wide, gndp_scalar(g, GNDP_F64, 1.0)); /* [R, N, D] */
}

/* mask [R, N] -> i32 [R, N P], each point's bit for each of its components. */
static gndp_node mask_values(gndp_graph *g, gndp_node mask, int64_t outputs)
{
    const gndp_type type = gndp_node_type(mask);
    const gndp_node column = gndp_reshape(g, mask, 3, (int64_t[]){type.dim[0], type.dim[1], 1});
    const gndp_node all =
        gndp_broadcast_to(g, column, 3, (int64_t[]){type.dim[0], type.dim[1], outputs});
    return gndp_reshape(g, all, 2, (int64_t[]){type.dim[0], type.dim[1] * outputs});
}

/* L of K + relative k I, k the mean variance: identity rows and columns at masked values. */
static gndp_node factor(gndp_graph *g, const gndp_process *process, gndp_node x, gndp_node mask,
                        double relative)
{
    const gndp_node points = clean_points(g, x, mask);
    gndp_node gram = gndp_kernel_gram(g, process->kernel, NULL, points, GNDP_NONE);
    const gndp_node diagonal = gndp_kernel_gram_diag(g, process->kernel, NULL, points);
    const gndp_type type = gndp_node_type(gram);
    if (gndp_is_none(gram) || gndp_is_none(diagonal)) {
        return GNDP_NONE;
    }
    const int64_t n = type.dim[type.rank - 1];
    const int axis = -1;
    gndp_node jitter = gndp_scale(g, gndp_mean(g, diagonal, &axis, 1, true), relative);
    if (gndp_node_type(jitter).rank == 2) { /* one Gram a realization */
        jitter = limit_column(g, jitter);
    }
    const gndp_node iota = gndp_iota(g, n);
    const gndp_node eye = gndp_equal(g, gndp_reshape(g, iota, 2, (int64_t[]){n, 1}), iota);
    gram = gndp_select(g, eye, gndp_add(g, gram, jitter), gram);
    if (!gndp_is_none(mask)) {
        const gndp_node kept = mask_values(g, mask, process->outputs);
        const int64_t r = gndp_node_type(kept).dim[0];
        const gndp_node both = gndp_and(g, gndp_reshape(g, kept, 3, (int64_t[]){r, n, 1}),
                                        gndp_reshape(g, kept, 3, (int64_t[]){r, 1, n}));
        gram = gndp_select(g, both, gram, gndp_cast(g, eye, GNDP_F64));
    }
    return gndp_cholesky(g, gram);
}

gndp_limit_nodes gndp_process_limit(gndp_graph *g, const gndp_process *process, gndp_node x,
                                    gndp_node mask)
{
    gndp_limit_nodes limit = {
        .white = process->white, .outputs = process->outputs, .balance = GNDP_NONE};
    limit.mean = gndp_constant(g, gndp_type_1d(GNDP_F64, process->outputs), process->mean);
    if (process->white == 0.0) {
        limit.root = factor(g, process, x, mask, PROCESS_JITTER);
    }
    return limit;
}

void gndp_process_balance(gndp_graph *g, const gndp_process *process,
                          const gndp_parametrisation *parametrisation, gndp_node x, gndp_node mask,
                          gndp_limit_nodes *limit)
{
    limit->balance = GNDP_NONE;
    if (process->white == 0.0 && parametrisation->balance > 0.0) {
        limit->balance = factor(g, process, x, mask, parametrisation->balance);
    }
}

/* ---- Products -------------------------------------------------------------------------------- */

typedef enum root_use { ROOT, ROOT_TRANSPOSED, INVERSE, INVERSE_TRANSPOSED } root_use;

/* One root for all: z as rows, so that it is one product. */
static gndp_node use_shared(gndp_graph *g, gndp_node root, gndp_node rows, root_use use)
{
    switch (use) {
    case ROOT:
        return gndp_matmul(g, rows, gndp_swap_last(g, root));
    case ROOT_TRANSPOSED:
        return gndp_matmul(g, rows, root);
    default:
        return gndp_swap_last(
            g, gndp_solve_lower(g, root, gndp_swap_last(g, rows), use == INVERSE_TRANSPOSED));
    }
}

static gndp_node use_each(gndp_graph *g, gndp_node root, gndp_node columns, root_use use)
{
    switch (use) {
    case ROOT:
        return gndp_matmul(g, root, columns);
    case ROOT_TRANSPOSED:
        return gndp_matmul(g, gndp_swap_last(g, root), columns);
    default:
        return gndp_solve_lower(g, root, columns, use == INVERSE_TRANSPOSED);
    }
}

static gndp_node use_root(gndp_graph *g, const gndp_limit_nodes *limit, gndp_node z, root_use use)
{
    const gndp_type type = gndp_node_type(z);
    if (limit->white > 0.0) {
        const double sd = sqrt(limit->white);
        return gndp_scale(g, z, use == ROOT || use == ROOT_TRANSPOSED ? sd : 1.0 / sd);
    }
    const int64_t r = type.dim[0], size = type.dim[1] * type.dim[2];
    const gndp_node wide = gndp_cast(g, z, GNDP_F64);
    const gndp_node out =
        gndp_node_type(limit->root).rank == 2
            ? use_shared(g, limit->root, gndp_reshape(g, wide, 2, (int64_t[]){r, size}), use)
            : use_each(g, limit->root, gndp_reshape(g, wide, 3, (int64_t[]){r, size, 1}), use);
    return gndp_reshape(g, gndp_cast(g, out, type.dtype), 3, type.dim);
}

gndp_node gndp_limit_colour(gndp_graph *g, const gndp_limit_nodes *limit, gndp_node z)
{
    return use_root(g, limit, z, ROOT);
}

gndp_node limit_colour_transposed(gndp_graph *g, const gndp_limit_nodes *limit, gndp_node z)
{
    return use_root(g, limit, z, ROOT_TRANSPOSED);
}

gndp_node limit_whiten(gndp_graph *g, const gndp_limit_nodes *limit, gndp_node z)
{
    return use_root(g, limit, z, INVERSE);
}

gndp_node limit_balance(gndp_graph *g, const gndp_limit_nodes *limit, gndp_node e)
{
    if (gndp_is_none(limit->balance)) {
        return e;
    }
    const gndp_limit_nodes other = {.root = limit->balance, .outputs = limit->outputs};
    return use_root(g, &other, e, INVERSE);
}

gndp_node limit_whiten_transposed(gndp_graph *g, const gndp_limit_nodes *limit, gndp_node z)
{
    return use_root(g, limit, z, INVERSE_TRANSPOSED);
}
