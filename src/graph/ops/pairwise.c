// SPDX-License-Identifier: Apache-2.0
// Squared distances of all pairs: x [.., N, D], z [.., M, D] -> [.., N, M].
#define GNDP_NO_CALLSITE
#include "graph/op.h"
#include "graph/ops/dims.h"

#include <gndp/ops.h>

/* Below this many entries a loop stays in one thread. */
#define PARALLEL_COUNT 16384

/* Columns of one task: its part of the result stays in the first cache. */
#define PAIR_COLUMNS 2048

typedef struct pair_shape {
    int64_t batch, n, m, d;
} pair_shape;

static pair_shape pair_shape_of(const gndp_exec *ex)
{
    const gndp_type x = ex->in[0].type, y = ex->out[0].type;
    return (pair_shape){.batch = gndp_dims_product(y, 0, y.rank - 2),
                        .n = y.dim[y.rank - 2],
                        .m = y.dim[y.rank - 1],
                        .d = x.dim[x.rank - 1]};
}

/* Which matrix of input i belongs to matrix b of the result. */
static int64_t pair_batch(const gndp_exec *ex, int i, int64_t b)
{
    return gndp_batch_index(ex->out[0].type, ex->out[0].type.rank - 2, ex->in[i].type,
                            ex->in[i].type.rank - 2, b);
}

static size_t sqdist_scratch(const gndp_exec *ex)
{
    return gndp_type_bytes(ex->in[1].type);
}

#define REAL float
#define GNDP_R(f) f##_f32
#include "graph/ops/pairwise.inl"
#undef REAL
#undef GNDP_R
#define REAL double
#define GNDP_R(f) f##_f64
#include "graph/ops/pairwise.inl"
#undef REAL
#undef GNDP_R

static gndp_status sqdist_shape(const gndp_attr *attr, int n_in, const gndp_type in[],
                                gndp_type out[])
{
    gndp_status st = GNDP_OK;
    const gndp_type x = in[0], z = in[1];
    gndp_type y = {.dtype = x.dtype, .rank = x.rank > z.rank ? x.rank : z.rank};
    (void)attr, (void)n_in;
    GNDP_CHECK(x.dtype == z.dtype && x.dtype != GNDP_I32, GNDP_ERR_TYPE,
               "sqdist: wants two arrays of one real type, got " GNDP_TYPE_FMT
               " and " GNDP_TYPE_FMT,
               GNDP_TYPE_ARG(x), GNDP_TYPE_ARG(z));
    GNDP_CHECK(x.rank >= 2 && z.rank >= 2 && x.dim[x.rank - 1] == z.dim[z.rank - 1], GNDP_ERR_SHAPE,
               "sqdist: wants [.., N, D] and [.., M, D], got " GNDP_TYPE_FMT " and " GNDP_TYPE_FMT,
               GNDP_TYPE_ARG(x), GNDP_TYPE_ARG(z));
    for (int k = 3; k <= y.rank; k++) {
        const int64_t a = k <= x.rank ? x.dim[x.rank - k] : 1,
                      b = k <= z.rank ? z.dim[z.rank - k] : 1;
        GNDP_CHECK(a == b || a == 1 || b == 1, GNDP_ERR_SHAPE,
                   "sqdist: leading axes of " GNDP_TYPE_FMT " and " GNDP_TYPE_FMT
                   " do not broadcast",
                   GNDP_TYPE_ARG(x), GNDP_TYPE_ARG(z));
        y.dim[y.rank - k] = a == 1 ? b : a;
    }
    y.dim[y.rank - 2] = x.dim[x.rank - 2];
    y.dim[y.rank - 1] = z.dim[z.rank - 2];
    out[0] = y;
done:
    return st;
}

gndp_node(gndp_sqdist)(gndp_graph *g, gndp_node x, gndp_node z)
{
    const gndp_node in[2] = {x, z};
    return gndp_node_append(g, &gndp_ops_pairwise[0], NULL, 2, in);
}

/* Half of the adjoint, G [.., N, M] the cotangent of y: dx = 2 (diag(G 1) x - G z), summed over the
 * axes that x was repeated on. */
static gndp_node pull(gndp_graph *g, gndp_node cot, gndp_node x, gndp_node z)
{
    const gndp_node row_sum = gndp_sum_last(g, cot); /* [.., N, 1] */
    const gndp_node full =
        gndp_scale(g, gndp_sub(g, gndp_mul(g, row_sum, x), gndp_matmul(g, cot, z)), 2.0);
    return gndp_sum_to(g, full, gndp_node_type(x));
}

static void sqdist_vjp(gndp_graph *g, const gndp_pullback *p)
{
    if (p->wanted[0]) {
        p->in_cot[0] = pull(g, p->cot[0], p->in[0], p->in[1]);
    }
    if (p->wanted[1]) {
        p->in_cot[1] = pull(g, gndp_swap_last(g, p->cot[0]), p->in[1], p->in[0]);
    }
}

static double sqdist_flops(const gndp_attr *attr, int n_in, const gndp_type in[],
                           const gndp_type out[])
{
    (void)attr, (void)n_in;
    return 3.0 * (double)gndp_type_count(out[0]) * (double)in[0].dim[in[0].rank - 1];
}

const gndp_op gndp_ops_pairwise[] = {
    {.name = "sqdist",
     .n_in = 2,
     .shape = sqdist_shape,
     .vjp = sqdist_vjp,
     .ref = {sqdist_ref_f32, sqdist_ref_f64},
     .cpu = {sqdist_cpu_f32, sqdist_cpu_f64},
     .scratch = sqdist_scratch,
     .flops = sqdist_flops,
     .grad_case = "[5,3] [4,3] | [2,5,3] [2,4,3] | [2,1,5,1] [3,4,1] | [5,2] [3,4,2]"},
    {0},
};
