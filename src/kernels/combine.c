// SPDX-License-Identifier: Apache-2.0
// Kernels made of kernels: sum, product, scale, coordinates picked, several outputs of one.
#define GNDP_NO_CALLSITE
#include "kernels/kernel.h"

#include <gndp/ops.h>

#include <math.h>

static const char *const place[] = {"anywhere", "on R^n", "on the sphere",
                                    "on coordinates of several kinds"};

/* ------------------------------------------------------------------------- fitting of parts */

static gndp_status join_domains(const gndp_kernel *k, gndp_domain a, gndp_domain *b)
{
    gndp_status st = GNDP_OK;
    if (a == GNDP_DOMAIN_ANY || *b == GNDP_DOMAIN_ANY || a == *b) {
        *b = a == GNDP_DOMAIN_ANY ? *b : a;
        goto done;
    }
    GNDP_CHECK(a != GNDP_DOMAIN_SPHERE && *b != GNDP_DOMAIN_SPHERE, GNDP_ERR_SHAPE,
               "%s: one part lives %s, another %s; on(.., axes=[..]) gives each its coordinates",
               k->ops->name, place[*b], place[a]);
    *b = GNDP_DOMAIN_MIXED;
done:
    return st;
}

/* Everything but the outputs. */
static gndp_status join(const gndp_kernel *k, const kernel_traits *part, kernel_traits *all)
{
    gndp_status st = GNDP_OK;
    GNDP_TRY(join_domains(k, part->domain, &all->domain));
    GNDP_CHECK(part->input_dim == 0 || all->input_dim == 0 || part->input_dim == all->input_dim,
               GNDP_ERR_SHAPE, "%s: one part wants points of %d coordinates, another of %d",
               k->ops->name, all->input_dim, part->input_dim);
    all->input_dim = part->input_dim > all->input_dim ? part->input_dim : all->input_dim;
    all->min_dim = part->min_dim > all->min_dim ? part->min_dim : all->min_dim;
    GNDP_CHECK(all->input_dim == 0 || all->min_dim <= all->input_dim, GNDP_ERR_SHAPE,
               "%s: one part wants points of %d coordinates, another reads coordinate %d (axes "
               "count from 0)",
               k->ops->name, all->input_dim, all->min_dim - 1);
    all->stationary = all->stationary && part->stationary;
    all->isotropic = all->isotropic && part->isotropic;
    all->has_white = all->has_white || part->has_white;
    all->degree = part->degree > all->degree ? part->degree : all->degree;
    all->tail = part->tail > all->tail ? part->tail : all->tail;
done:
    return st;
}

/* Outputs of two parts that must agree; 0 stands for the input dimension, which is fixed by it. */
static gndp_status join_outputs(const gndp_kernel *k, int a, kernel_traits *all)
{
    gndp_status st = GNDP_OK;
    const int b = all->outputs;
    if (a == b) {
        goto done;
    }
    GNDP_CHECK(a == 0 || b == 0, GNDP_ERR_SHAPE,
               "%s: one part has %d outputs, another %d; diag(.., outputs=%d) makes outputs of one",
               k->ops->name, b, a, a > b ? a : b);
    const int n = a + b;
    GNDP_CHECK(n != 1 || all->input_dim == 1, GNDP_ERR_SHAPE,
               "%s: one part is a vector field, another has 1 output; diag(.., outputs=2) (or as "
               "many as there are coordinates) makes outputs of one",
               k->ops->name);
    GNDP_CHECK(all->input_dim == 0 || all->input_dim == n, GNDP_ERR_SHAPE,
               "%s: one part has %d outputs, another as many as the %d coordinates", k->ops->name,
               n, all->input_dim);
    all->outputs = n;
    all->input_dim = n;
done:
    return st;
}

static gndp_status sum_traits(const gndp_kernel *k, kernel_traits *out)
{
    gndp_status st = GNDP_OK;
    kernel_traits part;
    bool first = true;
    *out = (kernel_traits){
        .outputs = 1, .stationary = true, .isotropic = true, .white_only = true, .flexible = true};
    for (int i = 0; i < k->n_children; i++) {
        GNDP_TRY(kernel_find_traits(k->child[i], &part));
        GNDP_TRY(join(k, &part, out));
        out->white_only = out->white_only && part.white_only;
        out->flexible = out->flexible && part.flexible;
    }
    for (int i = 0; i < k->n_children; i++) {
        GNDP_TRY(kernel_find_traits(k->child[i], &part));
        if (part.flexible) {
            continue; /* independent noise on each of the others' outputs */
        }
        if (first) {
            out->outputs = part.outputs;
            first = false;
        } else {
            GNDP_TRY(join_outputs(k, part.outputs, out));
        }
    }
done:
    return st;
}

static gndp_status product_traits(const gndp_kernel *k, kernel_traits *out)
{
    gndp_status st = GNDP_OK;
    kernel_traits part;
    *out = (kernel_traits){.outputs = 1, .stationary = true, .isotropic = true};
    for (int i = 0; i < k->n_children; i++) {
        GNDP_TRY(kernel_find_traits(k->child[i], &part));
        GNDP_TRY(join(k, &part, out));
        out->white_only = out->white_only || part.white_only;
        if (part.outputs != 1) { /* a scalar factor multiplies every pair of components */
            if (out->outputs == 1) {
                out->outputs = part.outputs;
            } else {
                GNDP_TRY(join_outputs(k, part.outputs, out));
            }
        }
    }
done:
    return st;
}

static gndp_status child_traits(const gndp_kernel *k, kernel_traits *out)
{
    return kernel_find_traits(k->child[0], out);
}

static gndp_status on_traits(const gndp_kernel *k, kernel_traits *out)
{
    gndp_status st = GNDP_OK;
    kernel_traits part;
    const double *axis = kernel_list(k, 0);
    const int n = kernel_count(k, 0);
    GNDP_TRY(kernel_find_traits(k->child[0], &part));
    GNDP_CHECK(n >= 1, GNDP_ERR_SHAPE, "on: axes is empty");
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < i; j++) {
            GNDP_CHECK(axis[i] != axis[j], GNDP_ERR_SHAPE, "on: axis %g appears twice", axis[i]);
        }
    }
    GNDP_TRY(kernel_check_dim(k->child[0], &part, n));
    *out = part;
    out->domain = part.domain == GNDP_DOMAIN_SPHERE ? GNDP_DOMAIN_MIXED : part.domain;
    out->outputs = part.outputs == 0 ? n : part.outputs;
    out->input_dim = 0;
    out->min_dim = 0;
    out->isotropic = part.domain == GNDP_DOMAIN_ANY;
    for (int i = 0; i < n; i++) {
        out->min_dim = (int)axis[i] + 1 > out->min_dim ? (int)axis[i] + 1 : out->min_dim;
    }
done:
    return st;
}

static gndp_status diag_traits(const gndp_kernel *k, kernel_traits *out)
{
    gndp_status st = GNDP_OK;
    GNDP_TRY(kernel_find_traits(k->child[0], out));
    GNDP_CHECK(out->outputs == 1, GNDP_ERR_SHAPE,
               "diag: wants a kernel with 1 output, %s has several", k->child[0]->ops->name);
    out->outputs = (int)kernel_get(k, "outputs");
    out->flexible = false;
done:
    return st;
}

static gndp_status coregion_traits(const gndp_kernel *k, kernel_traits *out)
{
    gndp_status st = GNDP_OK;
    const int rank = (int)kernel_get(k, "rank"), n = kernel_count(k, 0), d = kernel_count(k, 2);
    GNDP_TRY(kernel_find_traits(k->child[0], out));
    GNDP_CHECK(out->outputs == 1, GNDP_ERR_SHAPE,
               "coregion: wants a kernel with 1 output, %s has several", k->child[0]->ops->name);
    GNDP_CHECK(n >= rank && n % rank == 0, GNDP_ERR_SHAPE,
               "coregion: a has %d numbers, which is no whole number of rows of rank %d", n, rank);
    out->outputs = n / rank;
    GNDP_CHECK(d == 0 || d == out->outputs, GNDP_ERR_SHAPE,
               "coregion: diagonal has %d numbers, a has %d rows", d, out->outputs);
    GNDP_CHECK(out->outputs <= KERNEL_MAX_OUTPUTS, GNDP_ERR_SHAPE,
               "coregion: %d outputs, at most %d", out->outputs, KERNEL_MAX_OUTPUTS);
    out->flexible = false;
done:
    return st;
}

/* ------------------------------------------------------------------------------------- sums */

static gndp_node add_or(gndp_graph *g, gndp_node a, gndp_node b)
{
    return gndp_is_none(a) ? b : gndp_is_none(b) ? a : gndp_add(g, a, b);
}

static gndp_node sum_gram(const kernel_call *c)
{
    gndp_node sum = GNDP_NONE;
    for (int i = 0; i < c->k->n_children; i++) {
        const kernel_call part = kernel_child_call(c, i);
        sum = add_or(c->g, sum, kernel_call_gram(&part));
    }
    return sum;
}

static gndp_node sum_diagonal(const kernel_call *c)
{
    gndp_node sum = GNDP_NONE;
    for (int i = 0; i < c->k->n_children; i++) {
        const kernel_call part = kernel_child_call(c, i);
        sum = add_or(c->g, sum, kernel_call_diagonal(&part));
    }
    return sum;
}

/* --------------------------------------------------------------------------------- products */

/* The call for a factor, which has its own number of outputs. */
static kernel_call factor_call(const kernel_call *c, int i)
{
    kernel_call part = kernel_child_call(c, i);
    kernel_traits traits;
    if (kernel_find_traits(part.k, &traits) == GNDP_OK) {
        part.outputs = traits.outputs > 0 ? traits.outputs : (int)c->d;
    }
    return part;
}

static gndp_node product_gram(const kernel_call *c)
{
    gndp_node all = GNDP_NONE;
    for (int i = 0; i < c->k->n_children; i++) {
        const kernel_call part = factor_call(c, i);
        gndp_node gram = kernel_call_gram(&part);
        if (gndp_is_none(gram)) {
            return GNDP_NONE;
        }
        if (c->outputs > 1) {
            gram = kernel_blocks(&part, gram, part.outputs);
        }
        all = i == 0 ? gram : gndp_mul(c->g, all, gram);
    }
    return c->outputs > 1 ? kernel_flatten(c, all) : all;
}

static gndp_node product_diagonal(const kernel_call *c)
{
    gndp_node all = GNDP_NONE;
    for (int i = 0; i < c->k->n_children; i++) {
        const kernel_call part = factor_call(c, i);
        const gndp_node diagonal = kernel_call_diagonal(&part);
        if (gndp_is_none(diagonal)) {
            return GNDP_NONE;
        }
        all = i == 0 ? diagonal : gndp_mul(c->g, all, diagonal);
    }
    return all;
}

/* ------------------------------------------------------------------------------------ scale */

static gndp_node scale_of(const kernel_call *c, gndp_node (*of)(const kernel_call *))
{
    const kernel_call part = kernel_child_call(c, 0);
    const gndp_node inner = of(&part);
    return gndp_is_none(inner) ? inner : gndp_mul(c->g, inner, kernel_theta(c, 0, 0));
}

static gndp_node scale_gram(const kernel_call *c)
{
    return scale_of(c, kernel_call_gram);
}

static gndp_node scale_diagonal(const kernel_call *c)
{
    return scale_of(c, kernel_call_diagonal);
}

/* --------------------------------------------------------------------------------------- on */

/* Columns `axis` of x, in runs of neighbours. */
static gndp_node pick(gndp_graph *g, gndp_node x, int n, const double *axis)
{
    gndp_node part[KERNEL_MAX_LIST];
    int parts = 0;
    for (int i = 0, j; i < n; i = j) {
        for (j = i + 1; j < n && axis[j] == axis[j - 1] + 1.0; j++) {
        }
        part[parts++] = gndp_slice_axis(g, x, -1, (int64_t)axis[i], (int64_t)axis[j - 1] + 1);
    }
    return parts == 1 ? part[0] : gndp_concat(g, part, parts, -1);
}

static gndp_node on_gram(const kernel_call *c)
{
    kernel_call part = kernel_child_call(c, 0);
    const int n = kernel_count(c->k, 0);
    part.x = pick(c->g, c->x, n, kernel_list(c->k, 0));
    part.z = c->same ? part.x : pick(c->g, c->z, n, kernel_list(c->k, 0));
    part.d = n;
    return kernel_call_gram(&part);
}

static gndp_node on_diagonal(const kernel_call *c)
{
    kernel_call part = kernel_child_call(c, 0);
    const int n = kernel_count(c->k, 0);
    part.x = part.z = pick(c->g, c->x, n, kernel_list(c->k, 0));
    part.d = n;
    return kernel_call_diagonal(&part);
}

/* --------------------------------------------------------------------------- several outputs */

static kernel_call scalar_call(const kernel_call *c)
{
    kernel_call part = kernel_child_call(c, 0);
    part.outputs = 1;
    return part;
}

/* k times a matrix of the outputs, given as [P, 1, P]. */
static gndp_node kronecker(const kernel_call *c, gndp_node outputs)
{
    const kernel_call part = scalar_call(c);
    const gndp_node gram = kernel_call_gram(&part);
    if (gndp_is_none(gram)) {
        return GNDP_NONE;
    }
    return kernel_flatten(c, gndp_mul(c->g, kernel_blocks(&part, gram, 1), outputs));
}

static gndp_node diag_gram(const kernel_call *c)
{
    return kronecker(c, kernel_eye(c->g, c->outputs));
}

static gndp_node diag_diagonal(const kernel_call *c)
{
    const kernel_call part = scalar_call(c);
    return kernel_call_diagonal(&part);
}

/* A A' + diag(d) [P, P] */
static gndp_node output_matrix(const kernel_call *c)
{
    const int64_t p = c->outputs, rank = kernel_count(c->k, 0) / p;
    const gndp_node a = gndp_reshape(c->g, kernel_theta_all(c, 0), 2, (const int64_t[]){p, rank});
    const gndp_node square = gndp_matmul(c->g, a, gndp_swap_last(c->g, a));
    if (kernel_count(c->k, 2) == 0) {
        return square;
    }
    const gndp_node eye = gndp_reshape(c->g, kernel_eye(c->g, (int)p), 2, (const int64_t[]){p, p});
    return gndp_add(
        c->g, square,
        gndp_mul(c->g, eye, gndp_reshape(c->g, kernel_theta_all(c, 2), 1, (const int64_t[]){p})));
}

static gndp_node coregion_gram(const kernel_call *c)
{
    const int64_t p = c->outputs;
    return kronecker(c, gndp_reshape(c->g, output_matrix(c), 3, (const int64_t[]){p, 1, p}));
}

static gndp_node coregion_diagonal(const kernel_call *c)
{
    const kernel_call part = scalar_call(c);
    const gndp_node diagonal = kernel_call_diagonal(&part);
    const int64_t p = c->outputs;
    if (gndp_is_none(diagonal)) {
        return GNDP_NONE;
    }
    const gndp_node eye = gndp_reshape(c->g, kernel_eye(c->g, (int)p), 2, (const int64_t[]){p, p});
    const int axis = 0;
    return gndp_mul(c->g, diagonal,
                    gndp_sum(c->g, gndp_mul(c->g, eye, output_matrix(c)), &axis, 1, false));
}

/* ----------------------------------------------------------------------------------- tables */

const gndp_kernel_ops kernel_sum_ops = {.name = "sum",
                                        .children = -1,
                                        .inner = true,
                                        .traits = sum_traits,
                                        .gram = sum_gram,
                                        .diagonal = sum_diagonal};
const gndp_kernel_ops kernel_product_ops = {.name = "product",
                                            .children = -1,
                                            .inner = true,
                                            .traits = product_traits,
                                            .gram = product_gram,
                                            .diagonal = product_diagonal};

static const gndp_hyper scale_hyper[] = {
    {.name = "factor", .initial = 1.0, .high = UNBOUNDED, .positive = true}, {0}};
const gndp_kernel_ops kernel_scale_ops = {.name = "scale",
                                          .hyper = scale_hyper,
                                          .children = 1,
                                          .prefix = true,
                                          .inner = true,
                                          .traits = child_traits,
                                          .gram = scale_gram,
                                          .diagonal = scale_diagonal};

static const gndp_hyper on_hyper[] = {{.name = "axes",
                                       .form = KERNEL_LIST,
                                       .required = true,
                                       .high = 1e6,
                                       .structural = true,
                                       .integer = true},
                                      {0}};
const gndp_kernel_ops kernel_on_ops = {.name = "on",
                                       .hyper = on_hyper,
                                       .children = 1,
                                       .traits = on_traits,
                                       .gram = on_gram,
                                       .diagonal = on_diagonal};

static const gndp_hyper diag_hyper[] = {{.name = "outputs",
                                         .required = true,
                                         .initial = 1.0,
                                         .low = 1.0,
                                         .high = KERNEL_MAX_OUTPUTS,
                                         .structural = true,
                                         .integer = true},
                                        {0}};
const gndp_kernel_ops kernel_diag_ops = {.name = "diag",
                                         .hyper = diag_hyper,
                                         .children = 1,
                                         .traits = diag_traits,
                                         .gram = diag_gram,
                                         .diagonal = diag_diagonal};

static const gndp_hyper coregion_hyper[] = {
    {.name = "a", .form = KERNEL_LIST, .required = true, .low = -UNBOUNDED, .high = UNBOUNDED},
    {.name = "rank",
     .initial = 1.0,
     .low = 1.0,
     .high = KERNEL_MAX_OUTPUTS,
     .structural = true,
     .integer = true},
    {.name = "diagonal", .form = KERNEL_LIST, .high = UNBOUNDED, .positive = true},
    {0}};
const gndp_kernel_ops kernel_coregion_ops = {.name = "coregion",
                                             .hyper = coregion_hyper,
                                             .children = 1,
                                             .traits = coregion_traits,
                                             .gram = coregion_gram,
                                             .diagonal = coregion_diagonal};
