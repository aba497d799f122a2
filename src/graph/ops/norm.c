// SPDX-License-Identifier: Apache-2.0
// Softmax over the last axis under a mask, and layer and group normalisation, with fused adjoints.
#define GNDP_NO_CALLSITE
#include "graph/cpu/tile_ops.h"
#include "graph/graph_internal.h"
#include "graph/ops/dims.h"

#include <gndp/ops.h>

#include <math.h>

enum { SOFTMAX, SOFTMAX_ADJOINT, LAYER_NORM, LAYER_NORM_ADJOINT, GROUP_NORM, GROUP_NORM_ADJOINT };

/* Below this many entries a loop stays in one thread. */
#define PARALLEL_COUNT 16384

/* Rows of one block of group_norm's sums. */
#define NORM_ROWS 256

/* Softmax input 0 as rows of n, with the mask (input 1, if any) broadcast over it. */
typedef struct mask_view {
    int64_t rows, n;
    const int32_t *mask; /* NULL: all kept */
    gndp_type x, type;
    int64_t step; /* of the mask along a row: 1, or 0 when it is broadcast */
} mask_view;

static mask_view mask_view_of(const gndp_exec *ex)
{
    const gndp_type x = ex->in[0].type;
    mask_view m = {.rows = gndp_dims_product(x, 0, x.rank - 1), .n = x.dim[x.rank - 1], .x = x};
    if (ex->n_in > 1) {
        m.type = ex->in[1].type;
        m.mask = ex->in[1].data;
        m.step = m.type.rank > 0 && m.type.dim[m.type.rank - 1] != 1;
    }
    return m;
}

/* Where the mask of row r begins. */
static int64_t mask_row(const mask_view *m, int64_t r)
{
    if (m->type.rank == 0) {
        return 0;
    }
    return gndp_batch_index(m->x, m->x.rank - 1, m->type, m->type.rank - 1, r) *
           m->type.dim[m->type.rank - 1];
}

static bool mask_keeps(const mask_view *m, int64_t r, int64_t i)
{
    return m->mask == NULL || m->mask[mask_row(m, r) + i * m->step] != 0;
}

/* x [batch, points, groups, width], row = groups * width. */
typedef struct norm_shape {
    int64_t batch, points, groups, width, row;
} norm_shape;

/* groups 0 is layer_norm: one point, one group, every row for itself. */
static norm_shape norm_shape_of(gndp_type x, int64_t groups)
{
    const int64_t row = x.dim[x.rank - 1];
    if (groups == 0) {
        return (norm_shape){.batch = gndp_dims_product(x, 0, x.rank - 1),
                            .points = 1,
                            .groups = 1,
                            .width = row,
                            .row = row};
    }
    return (norm_shape){.batch = x.dim[0],
                        .points = gndp_dims_product(x, 1, x.rank - 1),
                        .groups = groups,
                        .width = row / groups,
                        .row = row};
}

static int64_t norm_blocks(const norm_shape *s)
{
    return (s->points + NORM_ROWS - 1) / NORM_ROWS;
}

/* Four numbers a group, then two sums a column and block. */
static size_t group_norm_scratch(const gndp_exec *ex)
{
    const norm_shape s = norm_shape_of(ex->in[0].type, ex->attr->i[0]);
    return (size_t)(4 * s.batch * s.groups + 2 * s.batch * norm_blocks(&s) * s.row) *
           sizeof(double);
}

#define REAL float
#define REAL_INDEX 0
#define GNDP_R(f) f##_f32
#include "graph/ops/norm.inl"
#undef REAL
#undef REAL_INDEX
#undef GNDP_R
#define REAL double
#define REAL_INDEX 1
#define GNDP_R(f) f##_f64
#include "graph/ops/norm.inl"
#undef REAL
#undef REAL_INDEX
#undef GNDP_R

/* -------------------------------------------------------------------------------------- softmax */

static gndp_status softmax_shape(const gndp_attr *attr, int n_in, const gndp_type in[],
                                 gndp_type out[])
{
    gndp_status st = GNDP_OK;
    (void)attr;
    GNDP_CHECK(n_in == 1 || n_in == 2, GNDP_ERR_ARG, "softmax: %d arguments", n_in);
    GNDP_CHECK(in[0].dtype != GNDP_I32, GNDP_ERR_TYPE,
               "softmax: wants real values, got " GNDP_TYPE_FMT, GNDP_TYPE_ARG(in[0]));
    GNDP_CHECK(in[0].rank >= 1, GNDP_ERR_SHAPE, "softmax: wants an axis, got " GNDP_TYPE_FMT,
               GNDP_TYPE_ARG(in[0]));
    if (n_in == 2) {
        GNDP_CHECK(in[1].dtype == GNDP_I32, GNDP_ERR_TYPE,
                   "softmax: the mask must be i32, got " GNDP_TYPE_FMT, GNDP_TYPE_ARG(in[1]));
        GNDP_CHECK(gndp_batch_fits(in[0], in[0].rank, in[1], in[1].rank), GNDP_ERR_SHAPE,
                   "softmax: the mask " GNDP_TYPE_FMT " does not broadcast to " GNDP_TYPE_FMT,
                   GNDP_TYPE_ARG(in[1]), GNDP_TYPE_ARG(in[0]));
    }
    out[0] = in[0];
done:
    return st;
}

gndp_node(gndp_softmax)(gndp_graph *g, gndp_node x, gndp_node mask)
{
    const gndp_node in[2] = {x, mask};
    return gndp_node_append(g, &gndp_ops_norm[SOFTMAX], NULL, gndp_is_none(mask) ? 1 : 2, in);
}

static gndp_node softmax_adjoint(gndp_graph *g, gndp_node y, gndp_node cot)
{
    const gndp_node in[2] = {y, cot};
    return gndp_node_append(g, &gndp_ops_norm[SOFTMAX_ADJOINT], NULL, 2, in);
}

/* dx = y (g - sum(g y)). Where y is masked, g is cleared first: it may be NaN. */
static void softmax_vjp(gndp_graph *g, const gndp_pullback *p)
{
    gndp_node cot = p->cot[0];
    if (p->n_in > 1) {
        cot = gndp_select(g, p->in[1], cot, gndp_scalar(g, gndp_node_type(cot).dtype, 0.0));
    }
    p->in_cot[0] = softmax_adjoint(g, p->out[0], cot);
}

static gndp_status softmax_adjoint_shape(const gndp_attr *attr, int n_in, const gndp_type in[],
                                         gndp_type out[])
{
    gndp_status st = GNDP_OK;
    (void)attr, (void)n_in;
    GNDP_CHECK(gndp_type_equal(in[0], in[1]) && in[0].rank >= 1 && in[0].dtype != GNDP_I32,
               GNDP_ERR_SHAPE, "softmax_adjoint: " GNDP_TYPE_FMT " and " GNDP_TYPE_FMT,
               GNDP_TYPE_ARG(in[0]), GNDP_TYPE_ARG(in[1]));
    out[0] = in[0];
done:
    return st;
}

/* dx_i = y_i (g_i - s), s = sum_j g_j y_j, with cotangent c: dy = c (g - s) - g sum(c y), dg = y (c
 * - sum(c y)). */
static void softmax_adjoint_vjp(gndp_graph *g, const gndp_pullback *p)
{
    const gndp_node y = p->in[0], cot = p->in[1], c = p->cot[0];
    const gndp_node s = gndp_sum_last(g, gndp_mul(g, cot, y));
    const gndp_node t = gndp_sum_last(g, gndp_mul(g, c, y));
    p->in_cot[0] = gndp_sub(g, gndp_mul(g, c, gndp_sub(g, cot, s)), gndp_mul(g, cot, t));
    p->in_cot[1] = softmax_adjoint(g, y, c);
}

/* ---------------------------------------------------------------------------------------- norms */

static bool is_group(const gndp_attr *attr)
{
    return attr->i[0] > 0;
}

/* Mean and inverse deviation: [.., 1] of layer_norm, [B, groups] of group_norm. */
static gndp_type moment_type(gndp_type x, int64_t groups)
{
    if (groups > 0) {
        return gndp_type_2d(x.dtype, x.dim[0], groups);
    }
    x.dim[x.rank - 1] = 1;
    return x;
}

static gndp_status check_norm(const char *op, bool group, const gndp_attr *attr, gndp_type x)
{
    gndp_status st = GNDP_OK;
    const int min_rank = group ? 2 : 1;
    GNDP_CHECK(x.dtype != GNDP_I32, GNDP_ERR_TYPE, "%s: wants real values, got " GNDP_TYPE_FMT, op,
               GNDP_TYPE_ARG(x));
    GNDP_CHECK(x.rank >= min_rank && x.dim[x.rank - 1] > 0, GNDP_ERR_SHAPE,
               "%s: wants rank %d or more and a last axis, got " GNDP_TYPE_FMT, op, min_rank,
               GNDP_TYPE_ARG(x));
    GNDP_CHECK(!group || attr->i[0] > 0, GNDP_ERR_RANGE, "%s: %lld groups", op,
               (long long)attr->i[0]);
    GNDP_CHECK(!group || x.dim[x.rank - 1] % attr->i[0] == 0, GNDP_ERR_SHAPE,
               "%s: %lld groups do not divide the last axis of " GNDP_TYPE_FMT, op,
               (long long)attr->i[0], GNDP_TYPE_ARG(x));
    GNDP_CHECK(attr->f[0] >= 0.0, GNDP_ERR_RANGE, "%s: the floor %g is negative", op, attr->f[0]);
done:
    return st;
}

static gndp_status norm_shape_rule(const char *op, bool group, const gndp_attr *attr,
                                   const gndp_type in[], gndp_type out[])
{
    gndp_status st = GNDP_OK;
    GNDP_TRY(check_norm(op, group, attr, in[0]));
    out[0] = in[0];
    out[1] = out[2] = moment_type(in[0], attr->i[0]);
done:
    return st;
}

static gndp_status adjoint_shape_rule(const char *op, bool group, const gndp_attr *attr,
                                      const gndp_type in[], gndp_type out[])
{
    gndp_status st = GNDP_OK;
    GNDP_TRY(check_norm(op, group, attr, in[1]));
    const gndp_type moment = moment_type(in[1], attr->i[0]);
    GNDP_CHECK(
        gndp_type_equal(in[0], in[1]) && gndp_type_equal(in[2], moment) &&
            gndp_type_equal(in[3], moment),
        GNDP_ERR_SHAPE,
        "%s: g " GNDP_TYPE_FMT ", x " GNDP_TYPE_FMT ", mean " GNDP_TYPE_FMT ", rstd " GNDP_TYPE_FMT,
        op, GNDP_TYPE_ARG(in[0]), GNDP_TYPE_ARG(in[1]), GNDP_TYPE_ARG(in[2]), GNDP_TYPE_ARG(in[3]));
    out[0] = in[1];
done:
    return st;
}

static gndp_status layer_norm_shape(const gndp_attr *attr, int n_in, const gndp_type in[],
                                    gndp_type out[])
{
    (void)n_in;
    return norm_shape_rule("layer_norm", false, attr, in, out);
}

static gndp_status group_norm_shape(const gndp_attr *attr, int n_in, const gndp_type in[],
                                    gndp_type out[])
{
    (void)n_in;
    return norm_shape_rule("group_norm", true, attr, in, out);
}

static gndp_status layer_norm_adjoint_shape(const gndp_attr *attr, int n_in, const gndp_type in[],
                                            gndp_type out[])
{
    (void)n_in;
    return adjoint_shape_rule("layer_norm_adjoint", false, attr, in, out);
}

static gndp_status group_norm_adjoint_shape(const gndp_attr *attr, int n_in, const gndp_type in[],
                                            gndp_type out[])
{
    (void)n_in;
    return adjoint_shape_rule("group_norm_adjoint", true, attr, in, out);
}

static gndp_node affine(gndp_graph *g, gndp_node y, gndp_node gain, gndp_node bias)
{
    if (!gndp_is_none(gain)) {
        y = gndp_mul(g, y, gain);
    }
    return gndp_is_none(bias) ? y : gndp_add(g, y, bias);
}

/* gain and bias must be [H]: broadcasting would take more. */
static gndp_node normalise(gndp_graph *g, int which, gndp_node x, int groups, gndp_node gain,
                           gndp_node bias, double floor)
{
    const gndp_op *op = &gndp_ops_norm[which];
    const gndp_node extra[2] = {gain, bias};
    const gndp_attr attr = {.i = {groups}, .f = {floor}};
    const gndp_node y = gndp_node_append(g, op, &attr, 1, &x);
    const gndp_type type = gndp_node_type(y);
    for (int i = 0; i < 2 && !gndp_is_none(y); i++) {
        if (gndp_is_none(extra[i])) {
            continue;
        }
        if (gndp_graph_stopped(g, op->name, 1, &extra[i])) {
            return GNDP_NONE;
        }
        const gndp_type e = gndp_node_type(extra[i]);
        if (!gndp_type_equal(e, gndp_type_1d(type.dtype, type.dim[type.rank - 1]))) {
            return gndp_graph_fail(
                g, e.dtype == type.dtype ? GNDP_ERR_SHAPE : GNDP_ERR_TYPE, op->name,
                "%s " GNDP_TYPE_FMT " does not fit the last axis of " GNDP_TYPE_FMT,
                i == 0 ? "gain" : "bias", GNDP_TYPE_ARG(e), GNDP_TYPE_ARG(type));
        }
    }
    return gndp_is_none(y) ? y : affine(g, y, gain, bias);
}

gndp_node(gndp_layer_norm)(gndp_graph *g, gndp_node x, gndp_node gain, gndp_node bias, double floor)
{
    return normalise(g, LAYER_NORM, x, 0, gain, bias, floor);
}

gndp_node(gndp_group_norm)(gndp_graph *g, gndp_node x, int groups, gndp_node gain, gndp_node bias,
                           double floor)
{
    return normalise(g, GROUP_NORM, x, groups, gain, bias, floor);
}

/* View x as [B, N, G, W] for group_norm; as it is for layer_norm. */
static gndp_node split_groups(gndp_graph *g, const gndp_attr *attr, gndp_node x)
{
    if (!is_group(attr)) {
        return x;
    }
    const norm_shape s = norm_shape_of(gndp_node_type(x), attr->i[0]);
    return gndp_reshape(g, x, 4, (const int64_t[]){s.batch, s.points, s.groups, s.width});
}

/* Moments as they broadcast against split_groups(x). */
static gndp_node split_moment(gndp_graph *g, const gndp_attr *attr, gndp_node moment)
{
    if (!is_group(attr)) {
        return moment;
    }
    const gndp_type type = gndp_node_type(moment);
    return gndp_reshape(g, moment, 4, (const int64_t[]){type.dim[0], 1, type.dim[1], 1});
}

static gndp_node group_mean(gndp_graph *g, const gndp_attr *attr, gndp_node x)
{
    const int group_axes[2] = {1, 3}, row_axis = -1;
    return is_group(attr) ? gndp_mean(g, x, group_axes, 2, true)
                          : gndp_mean(g, x, &row_axis, 1, true);
}

static gndp_node shaped_as(gndp_graph *g, gndp_node x, gndp_type type)
{
    return gndp_reshape(g, x, type.rank, type.dim);
}

static void norm_lower(gndp_graph *g, const gndp_attr *attr, int n_in, const gndp_node in[],
                       gndp_node out[])
{
    const gndp_type type = gndp_node_type(in[0]), moment = moment_type(type, attr->i[0]);
    const gndp_node x = split_groups(g, attr, in[0]);
    const gndp_node mean = group_mean(g, attr, x), d = gndp_sub(g, x, mean);
    const gndp_node rstd =
        gndp_rsqrt(g, gndp_offset(g, group_mean(g, attr, gndp_square(g, d)), attr->f[0]));
    (void)n_in;
    out[0] = shaped_as(g, gndp_mul(g, d, rstd), type);
    out[1] = shaped_as(g, mean, moment);
    out[2] = shaped_as(g, rstd, moment);
}

/* dx = rstd (g - mean(g) - z mean(g z)), z = (x - mean) rstd, as a function of all four inputs. */
static void norm_adjoint_lower(gndp_graph *g, const gndp_attr *attr, int n_in, const gndp_node in[],
                               gndp_node out[])
{
    const gndp_node cot = split_groups(g, attr, in[0]), x = split_groups(g, attr, in[1]);
    const gndp_node mean = split_moment(g, attr, in[2]), rstd = split_moment(g, attr, in[3]);
    const gndp_node z = gndp_mul(g, gndp_sub(g, x, mean), rstd);
    const gndp_node along = gndp_mul(g, z, group_mean(g, attr, gndp_mul(g, cot, z)));
    const gndp_node inner = gndp_sub(g, gndp_sub(g, cot, group_mean(g, attr, cot)), along);
    (void)n_in;
    out[0] = shaped_as(g, gndp_mul(g, rstd, inner), gndp_node_type(in[1]));
}

/* The adjoint op serves the cotangent of y; those of mean and rstd come up in second order only. */
static void norm_vjp(gndp_graph *g, const gndp_pullback *p)
{
    const bool group = is_group(p->attr);
    if (!gndp_is_none(p->cot[1]) || !gndp_is_none(p->cot[2])) {
        gndp_vjp_lowered(g, &gndp_ops_norm[group ? GROUP_NORM : LAYER_NORM], p);
        return;
    }
    const gndp_node in[4] = {p->cot[0], p->in[0], p->out[1], p->out[2]};
    p->in_cot[0] = gndp_node_append(
        g, &gndp_ops_norm[group ? GROUP_NORM_ADJOINT : LAYER_NORM_ADJOINT], p->attr, 4, in);
}

static double row_flops(const gndp_attr *attr, int n_in, const gndp_type in[],
                        const gndp_type out[])
{
    (void)attr, (void)n_in, (void)in;
    return 6.0 * (double)gndp_type_count(out[0]);
}

const gndp_op gndp_ops_norm[] = {
    [SOFTMAX] = {.name = "softmax",
                 .n_in = -1,
                 .shape = softmax_shape,
                 .vjp = softmax_vjp,
                 .ref = {softmax_ref_f32, softmax_ref_f64},
                 .cpu = {softmax_cpu_f32, softmax_cpu_f64},
                 .flops = row_flops,
                 .grad_case =
                     "[4,5] | [4,5] m[4,5] | [2,3,21] m[2,1,21] | [3,5] m[5] | [3,5] m[3,1] | [7]"},
    [SOFTMAX_ADJOINT] = {.name = "softmax_adjoint",
                         .n_in = 2,
                         .shape = softmax_adjoint_shape,
                         .vjp = softmax_adjoint_vjp,
                         .ref = {softmax_adjoint_ref_f32, softmax_adjoint_ref_f64},
                         .cpu = {softmax_adjoint_cpu_f32, softmax_adjoint_cpu_f64},
                         .flops = row_flops,
                         .grad_case = "[4,5] [4,5] | [2,3,21] [2,3,21]"},
    [LAYER_NORM] = {.name = "layer_norm",
                    .n_in = 1,
                    .n_out = 3,
                    .shape = layer_norm_shape,
                    .vjp = norm_vjp,
                    .lower = norm_lower,
                    .ref = {group_norm_ref_f32, group_norm_ref_f64},
                    .cpu = {layer_norm_cpu_f32, layer_norm_cpu_f64},
                    .flops = row_flops,
                    .grad_case = "[4,6] ; f0=0.001 | [2,3,21] ; f0=0.1"},
    [LAYER_NORM_ADJOINT] = {.name = "layer_norm_adjoint",
                            .n_in = 4,
                            .shape = layer_norm_adjoint_shape,
                            .lower = norm_adjoint_lower,
                            .ref = {group_norm_adjoint_ref_f32, group_norm_adjoint_ref_f64},
                            .cpu = {layer_norm_adjoint_cpu_f32, layer_norm_adjoint_cpu_f64},
                            .flops = row_flops,
                            .grad_case =
                                "[4,6] [4,6] [4,1] +[4,1] | [2,3,21] [2,3,21] [2,3,1] +[2,3,1]"},
    [GROUP_NORM] = {.name = "group_norm",
                    .n_in = 1,
                    .n_out = 3,
                    .shape = group_norm_shape,
                    .vjp = norm_vjp,
                    .lower = norm_lower,
                    .ref = {group_norm_ref_f32, group_norm_ref_f64},
                    .cpu = {group_norm_cpu_f32, group_norm_cpu_f64},
                    .scratch = group_norm_scratch,
                    .flops = row_flops,
                    .grad_case =
                        "[2,3,6] ; i0=2 f0=0.001 | [2,2,3,8] ; i0=4 f0=0.1 | [3,6] ; i0=2 f0=0.1"},
    [GROUP_NORM_ADJOINT] =
        {.name = "group_norm_adjoint",
         .n_in = 4,
         .shape = group_norm_adjoint_shape,
         .lower = norm_adjoint_lower,
         .ref = {group_norm_adjoint_ref_f32, group_norm_adjoint_ref_f64},
         .cpu = {group_norm_adjoint_cpu_f32, group_norm_adjoint_cpu_f64},
         .scratch = group_norm_scratch,
         .flops = row_flops,
         .grad_case =
             "[2,3,6] [2,3,6] [2,2] +[2,2] ; i0=2 | [2,2,3,8] [2,2,3,8] [2,4] +[2,4] ; i0=4"},
    {0},
};
