// SPDX-License-Identifier: Apache-2.0
// Curl-free and divergence-free vector fields on R^n from an isotropic profile (geomndp.md 9.3).
#define GNDP_NO_CALLSITE
#include "kernels/kernel.h"

#include <gndp/ops.h>

/*
 * With D = (x - x')/l, q = |D|^2 and k = f(q) (so that k'/r = 2 f'/l^2 and k'' = (2 f' + 4 q f'')/
 * l^2), and up to the factor l^2,
 *   K_curl = -2 f' I - 4 f'' D D'
 *   K_div  = (-2 (n-1) f' - 4 q f'') I + 4 f'' D D'
 * which for the rbf are E (I - D D') and E (D D' + (n - 1 - q) I). At 0: -2 f'(0) I and -2 (n-1)
 * f'(0) I, and f'(0) is -1/2 for rbf and rq, -3/2 and -5/6 for Matern 3/2 and 5/2 (times the
 * variance).
 */

static gndp_status field_traits(const gndp_kernel *k, kernel_traits *out)
{
    gndp_status st = GNDP_OK;
    const gndp_kernel *profile = k->child[0];
    const kernel_radial *radial = profile->ops->radial;
    GNDP_TRY(kernel_find_traits(profile, out));
    GNDP_CHECK(radial != NULL, GNDP_ERR_SHAPE,
               "%s: wants an isotropic profile of R^n (rbf, matern32, matern52, rq), got %s; sums "
               "and scales go outside: %s(..) + %s(..)",
               k->ops->name, profile->ops->name, k->ops->name, k->ops->name);
    GNDP_CHECK(radial->derivatives != NULL, GNDP_ERR_UNSUPPORTED, "%s of %s: %s", k->ops->name,
               profile->ops->name, radial->why);
    GNDP_CHECK(out->isotropic, GNDP_ERR_SHAPE,
               "%s: wants one lengthscale for all coordinates, %s has %d", k->ops->name,
               profile->ops->name, out->input_dim);
    out->outputs = 0;
    GNDP_CHECK(k->ops != &kernel_divfree_ops || out->input_dim != 1, GNDP_ERR_SHAPE,
               "divfree: a field on a line without divergence is constant: 0");
done:
    return st;
}

/* [.., a, b] with its last two axes spread to four places: one of them b or a, others 1 */
static gndp_node spread(gndp_graph *g, gndp_node x, const int64_t dim[4])
{
    return kernel_reshape_last(g, x, 2, 4, dim);
}

/* alpha I + beta D D' over all pairs, alpha and beta [.., N, M] */
static gndp_node combine(const kernel_call *c, gndp_node alpha, gndp_node beta, gndp_node l)
{
    gndp_graph *g = c->g;
    const int64_t n = c->n, m = c->m, p = c->outputs;
    const gndp_node x = gndp_div(g, c->x, l), z = c->same ? x : gndp_div(g, c->z, l);
    const gndp_node zt = gndp_swap_last(g, z);
    const gndp_node by_row = gndp_sub(g, spread(g, x, (const int64_t[]){n, p, 1, 1}),
                                      spread(g, zt, (const int64_t[]){1, p, m, 1}));
    const gndp_node by_column = gndp_sub(g, spread(g, x, (const int64_t[]){n, 1, 1, p}),
                                         spread(g, z, (const int64_t[]){1, 1, m, p}));
    const int64_t pair[4] = {n, 1, m, 1};
    /* The product of the differences first: it is symmetric to the last bit. */
    const gndp_node outer = gndp_mul(g, spread(g, beta, pair), gndp_mul(g, by_row, by_column));
    const gndp_node diagonal = gndp_mul(g, spread(g, alpha, pair), kernel_eye(g, c->outputs));
    return kernel_flatten(c, gndp_add(g, diagonal, outer));
}

static gndp_node field_gram(const kernel_call *c)
{
    gndp_graph *g = c->g;
    const kernel_call profile = kernel_child_call(c, 0);
    const gndp_node l = kernel_theta(&profile, kernel_hyper_index(profile.k, "lengthscale"), 0);
    const gndp_node q = gndp_div(g, gndp_sqdist(g, c->x, c->z), gndp_square(g, l));
    gndp_node first, second;
    profile.k->ops->radial->derivatives(&profile, q, &first, &second);
    if (c->k->ops == &kernel_curlfree_ops) {
        return combine(c, gndp_scale(g, first, -2.0), gndp_scale(g, second, -4.0), l);
    }
    const gndp_node alpha = gndp_add(g, gndp_scale(g, first, -2.0 * (double)(c->outputs - 1)),
                                     gndp_scale(g, gndp_mul(g, q, second), -4.0));
    return combine(c, alpha, gndp_scale(g, second, 4.0), l);
}

static gndp_node field_diagonal(const kernel_call *c)
{
    const kernel_call profile = kernel_child_call(c, 0);
    const double components = c->k->ops == &kernel_curlfree_ops ? 1.0 : (double)(c->outputs - 1);
    return gndp_scale(c->g, kernel_call_diagonal(&profile),
                      2.0 * profile.k->ops->radial->slope * components);
}

const gndp_kernel_ops kernel_curlfree_ops = {.name = "curlfree",
                                             .children = 1,
                                             .traits = field_traits,
                                             .gram = field_gram,
                                             .diagonal = field_diagonal};
const gndp_kernel_ops kernel_divfree_ops = {.name = "divfree",
                                            .children = 1,
                                            .traits = field_traits,
                                            .gram = field_gram,
                                            .diagonal = field_diagonal};
