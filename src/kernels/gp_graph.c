// SPDX-License-Identifier: Apache-2.0
// The evidence of a Gaussian process as nodes, and compiled for fits, one plan a shape of data.
#define GNDP_NO_CALLSITE
#include "kernels/gp_graph.h"

#include "base/error.h"

#include <gndp/ops.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LN_2PI 1.8378770664093454836

/* Numbers in one Gram batch of a plan: data sets of one shape run together up to here. A plan holds
   about ten arrays of this size. */
#define BATCH_NUMBERS ((int64_t)1 << 20)

/* ---- Nodes ----------------------------------------------------------------------------------- */

/* [n, n] i32: 1 on the diagonal. */
static gndp_node eye_mask(gndp_graph *g, int64_t n)
{
    const gndp_node i = gndp_iota(g, n);
    return gndp_equal(g, gndp_reshape(g, i, 2, (int64_t[]){n, 1}), i);
}

/* x [.., n] -> [.., n, 1] */
static gndp_node column(gndp_graph *g, gndp_node x)
{
    const gndp_type type = gndp_node_type(x);
    int64_t dim[GNDP_MAX_RANK + 1];
    memcpy(dim, type.dim, sizeof type.dim);
    dim[type.rank] = 1;
    return gndp_reshape(g, x, type.rank + 1, dim);
}

/*
 * One entry of an input, as an output of its own: a plan takes only what it reads, and white noise
 * or a constant does not read the points.
 */
static gndp_node touch(gndp_graph *g, gndp_node x)
{
    const int64_t zero[GNDP_MAX_RANK] = {0}, one[GNDP_MAX_RANK] = {1, 1, 1, 1, 1, 1, 1, 1};
    return gndp_slice(g, x, zero, one);
}

/* covariance [.., n, n] with noise [.., n] added to its diagonal. */
static gndp_node add_noise(gndp_graph *g, gndp_node covariance, gndp_node noise)
{
    const gndp_type type = gndp_node_type(covariance);
    if (gndp_is_none(noise) || type.rank < 2) {
        return covariance;
    }
    return gndp_select(g, eye_mask(g, type.dim[type.rank - 1]),
                       gndp_add(g, covariance, column(g, noise)), covariance);
}

/* What every value of a normal law needs: L, L^-1 r [.., n, 1] and ln p [..]. */
typedef struct normal_nodes {
    gndp_node factor, white, log_p;
} normal_nodes;

/* ln N(r; 0, L L') = -1/2 |L^-1 r|^2 - sum ln L_ii - n/2 ln 2 pi (Rasmussen & Williams 2006,
 * algorithm 2.1). */
static normal_nodes normal_law(gndp_graph *g, gndp_node covariance, gndp_node residual)
{
    const gndp_type type = gndp_node_type(covariance);
    const double n = type.rank >= 1 ? (double)type.dim[type.rank - 1] : 0.0;
    const int axes[2] = {-2, -1};
    normal_nodes law;
    law.factor = gndp_cholesky(g, covariance);
    law.white = gndp_solve_lower(g, law.factor, column(g, residual), false);
    const gndp_node square = gndp_sum(g, gndp_square(g, law.white), axes, 2, false);
    law.log_p = gndp_offset(
        g, gndp_scale(g, gndp_add(g, square, gndp_cholesky_log_det(g, law.factor)), -0.5),
        -0.5 * n * LN_2PI);
    return law;
}

gndp_node gndp_gp_log_marginal_node(gndp_graph *g, const gndp_kernel *k, const gndp_node *theta,
                                    gndp_node x, gndp_node residual, gndp_node noise)
{
    const gndp_node gram = gndp_kernel_gram(g, k, theta, x, GNDP_NONE);
    return normal_law(g, add_noise(g, gram, noise), residual).log_p;
}

/*
 * The cotangent of the covariance, d ln p / d K = 1/2 (a a' - K^-1), a = K^-1 r (Rasmussen &
 * Williams 2006, eq. 5.9). It saves the adjoint of the Cholesky factor: two solves and a product in
 * place of five.
 */
static gndp_node covariance_cotangent(gndp_graph *g, normal_nodes law)
{
    gndp_type type = gndp_node_type(law.factor);
    const int64_t n = type.rank >= 1 ? type.dim[type.rank - 1] : 0;
    const gndp_node eye = gndp_cast(g, eye_mask(g, n), GNDP_F64);
    const gndp_node all = gndp_broadcast_to(g, eye, type.rank, type.dim);
    const gndp_node inverse_factor = gndp_solve_lower(g, law.factor, all, false);
    const gndp_node inverse = gndp_solve_lower(g, law.factor, inverse_factor, true);
    const gndp_node a = gndp_solve_lower(g, law.factor, law.white, true);
    return gndp_scale(g, gndp_sub(g, gndp_mul(g, a, gndp_swap_last(g, a)), inverse), 0.5);
}

/* ---- Evidence, compiled ---------------------------------------------------------------------- */

/* A plan for `batch` data sets of `points` points. */
typedef struct shape_plan {
    int64_t batch, points;
    gndp_plan *plan;
} shape_plan;

/* Data sets that run together: x [B, N, D], residual and noise [B, N P]. */
typedef struct chunk {
    int64_t plan; /* which */
    gndp_array x, residual, noise;
} chunk;

struct gp_evidence {
    int64_t n_theta, dim, outputs;
    gndp_device *device;
    shape_plan *plan; /* [n_plans] */
    int64_t n_plans;
    chunk *chunk; /* [n_chunks] */
    int64_t n_chunks;
    gndp_array theta, gradient; /* [n_theta] */
};

void gp_evidence_free(gp_evidence *e)
{
    if (e == NULL) {
        return;
    }
    for (int64_t i = 0; i < e->n_plans; i++) {
        gndp_plan_free(e->plan[i].plan);
    }
    for (int64_t i = 0; i < e->n_chunks; i++) {
        gndp_array_free(&e->chunk[i].x);
        gndp_array_free(&e->chunk[i].residual);
        gndp_array_free(&e->chunk[i].noise);
    }
    gndp_array_free(&e->theta);
    gndp_array_free(&e->gradient);
    gndp_device_free(e->device);
    free(e->plan);
    free(e->chunk);
    free(e);
}

int64_t gp_evidence_plans(const gp_evidence *e)
{
    return e->n_plans;
}

/* Value and gradient of the sum over a batch, as functions of theta. */
static gndp_status compile(const gp_evidence *e, const gndp_kernel *k, shape_plan *shape)
{
    gndp_status st = GNDP_OK;
    gndp_graph *g = NULL;
    gndp_node *each = malloc((size_t)(e->n_theta + 1) * sizeof *each);
    const int64_t b = shape->batch, n = shape->points, np = n * e->outputs;
    GNDP_CHECK(each != NULL, GNDP_ERR_NOMEM, "%lld nodes", (long long)e->n_theta);
    GNDP_TRY(gndp_graph_create(&g));
    const gndp_node theta = gndp_input(g, "theta", gndp_type_1d(GNDP_F64, e->n_theta));
    const gndp_node x = gndp_input(g, "x", gndp_type_3d(GNDP_F64, b, n, e->dim));
    const gndp_node r = gndp_input(g, "residual", gndp_type_2d(GNDP_F64, b, np));
    const gndp_node noise = gndp_input(g, "noise", gndp_type_2d(GNDP_F64, b, np));
    for (int64_t i = 0; i < e->n_theta; i++) {
        each[i] = gndp_reshape(g, gndp_slice_axis(g, theta, 0, i, i + 1), 0, NULL);
    }
    const gndp_node gram = gndp_kernel_gram(g, k, each, x, GNDP_NONE);
    const normal_nodes law = normal_law(g, add_noise(g, gram, noise), r);
    const gndp_node cotangent = covariance_cotangent(g, law);
    gndp_node out[4] = {gndp_sum_all(g, law.log_p), GNDP_NONE, touch(g, x), touch(g, theta)};
    gndp_vjp(g, &gram, &cotangent, 1, &theta, 1, &out[1]);
    GNDP_TRY(gndp_graph_status(g) == GNDP_OK
                 ? GNDP_OK
                 : gndp_fail_at(GNDP_HERE, gndp_graph_status(g), "%s", gndp_graph_error(g)));
    if (gndp_is_none(out[1])) { /* a kernel without parameters on the path */
        out[1] = gndp_fill(g, gndp_type_1d(GNDP_F64, e->n_theta), 0.0);
    }
    GNDP_TRY(gndp_plan_create(g, out, 4, e->device, NULL, &shape->plan));
done:
    free(each);
    gndp_graph_free(g);
    return st;
}

/* The plan for a shape, made when it is first met. */
static gndp_status plan_for(gp_evidence *e, const gndp_kernel *k, int64_t batch, int64_t points,
                            int64_t *which)
{
    gndp_status st = GNDP_OK;
    for (*which = 0; *which < e->n_plans; (*which)++) {
        if (e->plan[*which].batch == batch && e->plan[*which].points == points) {
            return GNDP_OK;
        }
    }
    shape_plan *grown = realloc(e->plan, (size_t)(e->n_plans + 1) * sizeof *grown);
    GNDP_CHECK(grown != NULL, GNDP_ERR_NOMEM, "%lld plans", (long long)e->n_plans + 1);
    e->plan = grown;
    e->plan[e->n_plans] = (shape_plan){.batch = batch, .points = points};
    GNDP_TRY(compile(e, k, &e->plan[e->n_plans]));
    e->n_plans++;
done:
    return st;
}

/* Copy sets index[0 .. batch) of one size into a chunk. */
static gndp_status fill_chunk(gp_evidence *e, const gndp_kernel *k, const gndp_gp_data *sets,
                              const int64_t *index, int64_t batch)
{
    gndp_status st = GNDP_OK;
    const int64_t n = sets[index[0]].x.type.dim[0], d = e->dim, np = n * e->outputs;
    chunk *c = &e->chunk[e->n_chunks++];
    GNDP_TRY(plan_for(e, k, batch, n, &c->plan));
    GNDP_TRY(gndp_array_create(gndp_type_3d(GNDP_F64, batch, n, d), &c->x));
    GNDP_TRY(gndp_array_create(gndp_type_2d(GNDP_F64, batch, np), &c->residual));
    GNDP_TRY(gndp_array_create(gndp_type_2d(GNDP_F64, batch, np), &c->noise));
    for (int64_t b = 0; b < batch; b++) {
        const gndp_gp_data *set = &sets[index[b]];
        double *r = (double *)c->residual.data + b * np, *noise = (double *)c->noise.data + b * np;
        memcpy((double *)c->x.data + b * n * d, set->x.data, (size_t)(n * d) * sizeof(double));
        for (int64_t i = 0; i < np; i++) {
            r[i] = set->y[i] - set->mean;
            noise[i] = set->noise != NULL ? set->noise[i] : 0.0;
        }
    }
done:
    return st;
}

static int64_t largest_batch(const gp_evidence *e, int64_t points)
{
    const double square = (double)(points * e->outputs) * (double)(points * e->outputs);
    return square >= (double)BATCH_NUMBERS ? 1 : (int64_t)((double)BATCH_NUMBERS / square);
}

/* Bring sets of one size together, in order of their first. Sets without points say nothing. */
static gndp_status make_chunks(gp_evidence *e, const gndp_kernel *k, const gndp_gp_data *sets,
                               int64_t n_sets)
{
    gndp_status st = GNDP_OK;
    int64_t *index = malloc((size_t)n_sets * sizeof *index);
    bool *taken = calloc((size_t)n_sets, sizeof *taken);
    e->chunk = calloc((size_t)n_sets, sizeof *e->chunk);
    GNDP_CHECK(index != NULL && taken != NULL && e->chunk != NULL, GNDP_ERR_NOMEM, "%lld data sets",
               (long long)n_sets);
    for (int64_t first = 0; first < n_sets; first++) {
        const int64_t n = sets[first].x.type.dim[0];
        while (!taken[first] && n > 0) {
            const int64_t most = largest_batch(e, n);
            int64_t batch = 0;
            for (int64_t s = first; s < n_sets && batch < most; s++) {
                if (!taken[s] && sets[s].x.type.dim[0] == n) {
                    taken[s] = true;
                    index[batch++] = s;
                }
            }
            GNDP_TRY(fill_chunk(e, k, sets, index, batch));
        }
    }
done:
    free(index);
    free(taken);
    return st;
}

gndp_status gp_evidence_create(const gndp_kernel *k, const gndp_gp_data *sets, int64_t n_sets,
                               gp_evidence **out)
{
    gndp_status st = GNDP_OK;
    gp_evidence *e = calloc(1, sizeof *e);
    *out = NULL;
    GNDP_CHECK(e != NULL, GNDP_ERR_NOMEM, "%zu bytes", sizeof *e);
    GNDP_CHECK(n_sets >= 1, GNDP_ERR_ARG, "no data sets");
    e->n_theta = gndp_kernel_param_count(k);
    e->dim = sets[0].x.type.dim[1];
    e->outputs = gndp_kernel_outputs(k, e->dim);
    GNDP_TRY(gndp_device_open("cpu", NULL, &e->device));
    GNDP_TRY(gndp_array_create(gndp_type_1d(GNDP_F64, e->n_theta), &e->theta));
    GNDP_TRY(gndp_array_create(gndp_type_1d(GNDP_F64, e->n_theta), &e->gradient));
    GNDP_TRY(make_chunks(e, k, sets, n_sets));
    *out = e;
    e = NULL;
done:
    gp_evidence_free(e);
    return st;
}

gndp_status gp_evidence_run(gp_evidence *e, const double *theta, double *value, double *gradient)
{
    gndp_status st = GNDP_OK;
    const size_t bytes = (size_t)e->n_theta * sizeof *theta;
    *value = 0.0;
    memset(gradient, 0, bytes);
    memcpy(e->theta.data, theta, bytes);
    for (int64_t i = 0; i < e->n_chunks; i++) {
        const chunk *c = &e->chunk[i];
        double sum = 0.0, touched[2];
        const gndp_feed feeds[4] = {
            {"theta", e->theta}, {"x", c->x}, {"residual", c->residual}, {"noise", c->noise}};
        gndp_array out[4] = {gndp_array_view(gndp_type_scalar(GNDP_F64), &sum), e->gradient,
                             gndp_array_view(gndp_type_3d(GNDP_F64, 1, 1, 1), &touched[0]),
                             gndp_array_view(gndp_type_1d(GNDP_F64, 1), &touched[1])};
        GNDP_TRY(gndp_plan_run(e->plan[c->plan].plan, feeds, 4, out, 4));
        *value += sum;
        for (int64_t j = 0; j < e->n_theta; j++) {
            gradient[j] += ((const double *)e->gradient.data)[j];
        }
    }
done:
    return st;
}

/* ---- Prior at single points -------------------------------------------------------------------
 */

gndp_status gp_prior_blocks(const gndp_kernel *k, const gndp_array *x, bool white, double *out)
{
    gndp_status st = GNDP_OK;
    gndp_graph *g = NULL;
    gndp_device *device = NULL;
    gndp_plan *plan = NULL;
    const int64_t m = x->type.dim[0], d = x->type.dim[1];
    const gndp_type points = gndp_type_3d(GNDP_F64, m, 1, d); /* each point a set of its own */
    GNDP_TRY(gndp_graph_create(&g));
    const gndp_node node = gndp_input(g, "x", points);
    const gndp_node gram = gndp_kernel_gram(g, k, NULL, node, white ? GNDP_NONE : node);
    GNDP_TRY(gndp_device_open("cpu", NULL, &device));
    const gndp_node outputs[2] = {gram, touch(g, node)};
    GNDP_TRY(gndp_plan_create(g, outputs, 2, device, NULL, &plan));
    double touched;
    gndp_array result[2] = {gndp_array_view(gndp_node_type(gram), out),
                            gndp_array_view(gndp_type_3d(GNDP_F64, 1, 1, 1), &touched)};
    const gndp_feed feed = {"x", gndp_array_view(points, x->data)};
    GNDP_TRY(gndp_plan_run(plan, &feed, 1, result, 2));
done:
    gndp_plan_free(plan);
    gndp_device_free(device);
    gndp_graph_free(g);
    return st;
}
