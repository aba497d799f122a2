// SPDX-License-Identifier: Apache-2.0
// Random draws as ops: element j of member r is a function of seed, step, member[r], stream and j
// alone.
#define GNDP_NO_CALLSITE
#include "graph/graph_internal.h"
#include "graph/ops/dims.h"

#include <gndp/ops.h>

#include <stdatomic.h>

/* seed i32 [2], step i32, member i32 [R] -> attr.type [R, dim..]; attr.i[0]: stream. */
enum { NORMAL, UNIFORM };

/* Elements of one task; even, so that no pair is made twice. */
#define DRAW_BLOCK 2048

typedef gndp_status (*draw_fn)(uint64_t key, uint32_t step, uint32_t member, uint32_t stream,
                               int64_t first, int64_t n, void *out);

static gndp_status normal_f32(uint64_t key, uint32_t step, uint32_t member, uint32_t stream,
                              int64_t first, int64_t n, void *out)
{
    return gndp_random_normal_f32(key, step, member, stream, first, n, out);
}

static gndp_status normal_f64(uint64_t key, uint32_t step, uint32_t member, uint32_t stream,
                              int64_t first, int64_t n, void *out)
{
    return gndp_random_normal_f64(key, step, member, stream, first, n, out);
}

static gndp_status uniform_f32(uint64_t key, uint32_t step, uint32_t member, uint32_t stream,
                               int64_t first, int64_t n, void *out)
{
    return gndp_random_uniform_f32(key, step, member, stream, first, n, out);
}

static gndp_status uniform_f64(uint64_t key, uint32_t step, uint32_t member, uint32_t stream,
                               int64_t first, int64_t n, void *out)
{
    return gndp_random_uniform_f64(key, step, member, stream, first, n, out);
}

/* Blocks of a member, members of the result: any order and split gives the same bits. */
static gndp_status draw(const gndp_exec *ex, draw_fn fill)
{
    gndp_status st = GNDP_OK;
    const gndp_type type = ex->out[0].type;
    const int32_t *seed = ex->in[0].data, *step = ex->in[1].data, *member = ex->in[2].data;
    const uint64_t key = (uint64_t)(uint32_t)seed[1] << 32 | (uint32_t)seed[0];
    const uint32_t stream = (uint32_t)ex->attr->i[0];
    const int64_t count = gndp_dims_product(type, 1, type.rank),
                  blocks = (count + DRAW_BLOCK - 1) / DRAW_BLOCK;
    const size_t bytes = gndp_dtype_size(type.dtype);
    atomic_int failed = GNDP_OK;
#pragma omp parallel for schedule(static)                                                          \
    num_threads(ex->threads) if (ex->threads > 1 && type.dim[0] * blocks > 1)
    for (int64_t t = 0; t < type.dim[0] * blocks; t++) {
        const int64_t r = t / blocks, first = t % blocks * DRAW_BLOCK;
        const int64_t n = count - first < DRAW_BLOCK ? count - first : DRAW_BLOCK;
        char *out = (char *)ex->out[0].data + (size_t)(r * count + first) * bytes;
        const gndp_status one =
            fill(key, (uint32_t)step[0], (uint32_t)member[r], stream, first, n, out);
        if (one != GNDP_OK) {
            atomic_store(&failed, (int)one); /* all blocks fail alike, if any */
        }
    }
    st = (gndp_status)atomic_load(&failed);
    GNDP_CHECK(st == GNDP_OK, st, "random: drawing " GNDP_TYPE_FMT, GNDP_TYPE_ARG(type));
done:
    return st;
}

static gndp_status draw_normal_f32(const gndp_exec *ex)
{
    return draw(ex, normal_f32);
}

static gndp_status draw_normal_f64(const gndp_exec *ex)
{
    return draw(ex, normal_f64);
}

static gndp_status draw_uniform_f32(const gndp_exec *ex)
{
    return draw(ex, uniform_f32);
}

static gndp_status draw_uniform_f64(const gndp_exec *ex)
{
    return draw(ex, uniform_f64);
}

static gndp_status shape_rule(const char *op, const gndp_attr *attr, const gndp_type in[],
                              gndp_type out[])
{
    gndp_status st = GNDP_OK;
    const gndp_type type = attr->type;
    GNDP_CHECK(in[0].dtype == GNDP_I32 && in[1].dtype == GNDP_I32 && in[2].dtype == GNDP_I32,
               GNDP_ERR_TYPE,
               "%s: seed, step and member must be i32, got " GNDP_TYPE_FMT ", " GNDP_TYPE_FMT
               ", " GNDP_TYPE_FMT,
               op, GNDP_TYPE_ARG(in[0]), GNDP_TYPE_ARG(in[1]), GNDP_TYPE_ARG(in[2]));
    GNDP_CHECK(in[0].rank == 1 && in[0].dim[0] == 2 && in[1].rank == 0 && in[2].rank == 1,
               GNDP_ERR_SHAPE,
               "%s: wants seed [2], step [], member [R], got " GNDP_TYPE_FMT ", " GNDP_TYPE_FMT
               ", " GNDP_TYPE_FMT,
               op, GNDP_TYPE_ARG(in[0]), GNDP_TYPE_ARG(in[1]), GNDP_TYPE_ARG(in[2]));
    GNDP_CHECK(type.dtype == GNDP_F32 || type.dtype == GNDP_F64, GNDP_ERR_TYPE,
               "%s: draws f32 or f64, not %s", op, gndp_dtype_name(type.dtype));
    GNDP_CHECK(gndp_type_count(type) >= 0 && type.rank >= 1 && type.dim[0] == in[2].dim[0],
               GNDP_ERR_SHAPE, "%s: result " GNDP_TYPE_FMT " for %lld members", op,
               GNDP_TYPE_ARG(type), (long long)in[2].dim[0]);
    GNDP_CHECK(gndp_dims_product(type, 1, type.rank) <= (int64_t)1 << 33, GNDP_ERR_RANGE,
               "%s: " GNDP_TYPE_FMT " has more than 2^33 elements a member", op,
               GNDP_TYPE_ARG(type));
    GNDP_CHECK(attr->i[0] >= 0 && attr->i[0] <= UINT32_MAX, GNDP_ERR_RANGE, "%s: stream %lld", op,
               (long long)attr->i[0]);
    out[0] = type;
done:
    return st;
}

static gndp_status normal_shape(const gndp_attr *attr, int n_in, const gndp_type in[],
                                gndp_type out[])
{
    (void)n_in;
    return shape_rule("random_normal", attr, in, out);
}

static gndp_status uniform_shape(const gndp_attr *attr, int n_in, const gndp_type in[],
                                 gndp_type out[])
{
    (void)n_in;
    return shape_rule("random_uniform", attr, in, out);
}

typedef struct request {
    uint32_t stream;
    gndp_dtype dtype;
    int rank; /* of one member */
    const int64_t *dim;
} request;

static gndp_node build(gndp_graph *g, const gndp_op *op, const gndp_node in[3], request r)
{
    if (gndp_graph_stopped(g, op->name, 3, in)) {
        return GNDP_NONE;
    }
    if (r.rank < 0 || r.rank >= GNDP_MAX_RANK || (r.rank > 0 && r.dim == NULL)) {
        return gndp_graph_fail(g, GNDP_ERR_SHAPE, op->name, "a member of rank %d%s", r.rank,
                               r.rank > 0 && r.dim == NULL ? " without dims" : "");
    }
    if (gndp_graph_has_stream(g, r.stream)) {
        return gndp_graph_fail(
            g, GNDP_ERR_ARG, op->name,
            "stream 0x%08x is drawn twice in this graph: the draws would be equal", r.stream);
    }
    gndp_attr attr = {.i = {r.stream}, .type = {.dtype = r.dtype, .rank = r.rank + 1}};
    attr.type.dim[0] = gndp_node_type(in[2]).dim[0];
    for (int i = 0; i < r.rank; i++) {
        attr.type.dim[i + 1] = r.dim[i];
    }
    return gndp_node_append(g, op, &attr, 3, in);
}

gndp_node(gndp_random_normal)(gndp_graph *g, gndp_node seed, gndp_node step, gndp_node member,
                              uint32_t stream, gndp_dtype dtype, int rank, const int64_t *dim)
{
    const gndp_node in[3] = {seed, step, member};
    return build(g, &gndp_ops_random[NORMAL], in, (request){stream, dtype, rank, dim});
}

gndp_node(gndp_random_uniform)(gndp_graph *g, gndp_node seed, gndp_node step, gndp_node member,
                               uint32_t stream, gndp_dtype dtype, int rank, const int64_t *dim)
{
    const gndp_node in[3] = {seed, step, member};
    return build(g, &gndp_ops_random[UNIFORM], in, (request){stream, dtype, rank, dim});
}

/* A normal takes a logarithm, a root, sine and cosine for two. */
static double random_flops(const gndp_attr *attr, int n_in, const gndp_type in[],
                           const gndp_type out[])
{
    (void)attr, (void)n_in, (void)in;
    return 40.0 * (double)gndp_type_count(out[0]);
}

const gndp_op gndp_ops_random[] = {
    [NORMAL] = {.name = "random_normal",
                .n_in = 3,
                .shape = normal_shape,
                .no_vjp = "its inputs are integers: seed, step and member numbers",
                .no_vjp_zero = true,
                .ref = {draw_normal_f32, draw_normal_f64},
                .cpu = {draw_normal_f32, draw_normal_f64},
                .no_merge = true,
                .flops = random_flops,
                .grad_case = "i1000[2] i10[] i7[3] ; i0=65537 type=[3,5] dtype=f32 | i1000[2] "
                             "i10[] i7[2] ; i0=2 type=[2,3,701] "
                             "dtype=f64"},
    [UNIFORM] = {.name = "random_uniform",
                 .n_in = 3,
                 .shape = uniform_shape,
                 .no_vjp = "its inputs are integers: seed, step and member numbers",
                 .no_vjp_zero = true,
                 .ref = {draw_uniform_f32, draw_uniform_f64},
                 .cpu = {draw_uniform_f32, draw_uniform_f64},
                 .no_merge = true,
                 .flops = random_flops,
                 .grad_case = "i1000[2] i10[] i7[3] ; i0=65537 type=[3,5] dtype=f32 | i1000[2] "
                              "i10[] i7[2] ; i0=2 type=[2,3,701] "
                              "dtype=f64"},
    {0},
};
