// SPDX-License-Identifier: Apache-2.0
// Tangent fields on the sphere from a potential's covariance phi (geomndp.md 9.5), in east and
// north components.
#define GNDP_NO_CALLSITE
#include "kernels/sphere.h"

#include <gndp/ops.h>

#include <math.h>

/*
 * K_curl = phi' P_x P_x' + phi'' (P_x x')(P_x' x)'. For frames F(x), rows east and north, F P_x =
 * F, so that F(x) K_curl F(x')' = phi' F(x) F(x')' + phi'' (F(x) x')(F(x') x)'. K_div = [x]_x
 * K_curl [x']_x' is the same expression with every frame turned: east . (x cross v) = -north . v
 * and north . (x cross v) = east . v, so the rows of F(x) [x]_x are -north and east.
 */

enum { HODGE_CURL, HODGE_DIV };

static gndp_status tangent_traits(const gndp_kernel *k, kernel_traits *out)
{
    gndp_status st = GNDP_OK;
    GNDP_TRY(kernel_find_traits(k->child[0], out));
    GNDP_CHECK(k->child[0]->ops->zonal != NULL, GNDP_ERR_SHAPE,
               "%s: wants the spectrum of s2_heat, s2_matern or s2_rbf, got %s; sums and scales go "
               "outside: %s(..) + %s(..)",
               k->ops->name, k->child[0]->ops->name, k->ops->name, k->ops->name);
    out->outputs = 2;
done:
    return st;
}

/* Two vectors at each point as rows of [.., 2 N, 3]. */
static gndp_node stack(gndp_graph *g, gndp_node a, gndp_node b, int64_t n)
{
    const int64_t row[3] = {n, 1, 3}, all[2] = {2 * n, 3};
    const gndp_node part[2] = {kernel_reshape_last(g, a, 2, 3, row),
                               kernel_reshape_last(g, b, 2, 3, row)};
    return kernel_reshape_last(g, gndp_concat(g, part, 2, -2), 3, 2, all);
}

static gndp_node frames_of(gndp_graph *g, gndp_node x, int64_t n, bool turned)
{
    gndp_node east, north;
    kernel_frames(g, x, &east, &north);
    return turned ? stack(g, gndp_neg(g, north), east, n) : stack(g, east, north, n);
}

/* K_curl, or turned: K_div, of the child's potential; [.., N, 2, M, 2]. */
static gndp_node field(const kernel_call *c, bool turned)
{
    gndp_graph *g = c->g;
    const kernel_call spectrum = kernel_child_call(c, 0);
    const gndp_node x = kernel_unit(g, c->x), z = c->same ? x : kernel_unit(g, c->z);
    const gndp_node fx = frames_of(g, x, c->n, turned),
                    fz = c->same ? fx : frames_of(g, z, c->m, turned);
    const int64_t n = c->n, m = c->m;
    gndp_node first, second;
    spectrum.k->ops->zonal->potential(&spectrum, kernel_cosine(c), &first, &second);
    const gndp_node to_z = gndp_matmul(g, fx, gndp_swap_last(g, z)); /* [.., 2 N, M] */
    const gndp_node to_x = c->same ? gndp_swap_last(g, to_z)
                                   : gndp_matmul(g, x, gndp_swap_last(g, fz)); /* [.., N, 2 M] */
    const gndp_node frames = gndp_matmul(g, fx, gndp_swap_last(g, fz));
    const int64_t pair[4] = {n, 1, m, 1};
    const gndp_node outer =
        gndp_mul(g, kernel_reshape_last(g, to_z, 2, 4, (const int64_t[]){n, 2, m, 1}),
                 kernel_reshape_last(g, to_x, 2, 4, (const int64_t[]){n, 1, m, 2}));
    return gndp_add(g,
                    gndp_mul(g, kernel_reshape_last(g, first, 2, 4, pair),
                             kernel_reshape_last(g, frames, 2, 4, (const int64_t[]){n, 2, m, 2})),
                    gndp_mul(g, kernel_reshape_last(g, second, 2, 4, pair), outer));
}

static gndp_node curlfree_gram(const kernel_call *c)
{
    return kernel_flatten(c, field(c, false));
}

static gndp_node divfree_gram(const kernel_call *c)
{
    return kernel_flatten(c, field(c, true));
}

static gndp_node tangent_diagonal(const kernel_call *c)
{
    const kernel_call spectrum = kernel_child_call(c, 0);
    return kernel_call_diagonal(&spectrum);
}

static gndp_node hodge_gram(const kernel_call *c)
{
    gndp_graph *g = c->g;
    const gndp_node curl = gndp_mul(g, field(c, false), kernel_theta(c, HODGE_CURL, 0)),
                    div = gndp_mul(g, field(c, true), kernel_theta(c, HODGE_DIV, 0));
    return kernel_flatten(c, gndp_add(g, curl, div));
}

static gndp_node hodge_diagonal(const kernel_call *c)
{
    return gndp_mul(c->g, tangent_diagonal(c),
                    gndp_add(c->g, kernel_theta(c, HODGE_CURL, 0), kernel_theta(c, HODGE_DIV, 0)));
}

const gndp_kernel_ops kernel_s2_curlfree_ops = {.name = "s2_curlfree",
                                                .children = 1,
                                                .traits = tangent_traits,
                                                .gram = curlfree_gram,
                                                .diagonal = tangent_diagonal};
const gndp_kernel_ops kernel_s2_divfree_ops = {.name = "s2_divfree",
                                               .children = 1,
                                               .traits = tangent_traits,
                                               .gram = divfree_gram,
                                               .diagonal = tangent_diagonal};

static const gndp_hyper hodge_hyper[] = {
    {.name = "curl", .initial = 0.5, .high = UNBOUNDED, .positive = true},
    {.name = "div", .initial = 0.5, .high = UNBOUNDED, .positive = true},
    {0}};
const gndp_kernel_ops kernel_s2_hodge_ops = {.name = "s2_hodge",
                                             .hyper = hodge_hyper,
                                             .children = 1,
                                             .traits = tangent_traits,
                                             .gram = hodge_gram,
                                             .diagonal = hodge_diagonal};
