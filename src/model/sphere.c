// SPDX-License-Identifier: Apache-2.0
// Models of fields with values on spheres: process, features of the network, its output as a tangent score.
#define GNDP_NO_CALLSITE
#include "model/sphere.h"

#include <gndp/ops.h>

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "model/reference.h"

/* What the network sees of a point in the frame of the reference (frame_features), and the moves along it that it gives. */
enum { FEATURES = 12, MOVES = 3 };
/* What networks that turn vectors see (vector_features). */
enum { SCALARS = 2, VECTORS = 4 };

gndp_sphere_layout model_layout(const gndp_fieldset *fields)
{
    const gndp_fieldset_spec *spec = gndp_fieldset_get_spec(fields);
    gndp_sphere_layout layout = {0};
    for (int c = 0; c < spec->n_channels; c++) {
        if (spec->channel[c].kind == GNDP_CHANNEL_SPHERE && layout.spheres < GNDP_LAYOUT_SPHERES) {
            layout.first[layout.spheres] = layout.components;
            layout.dim[layout.spheres++] = spec->channel[c].components;
        }
        layout.components += spec->channel[c].components;
    }
    return layout;
}

static gndp_status read_reference(gndp_model *model)
{
    gndp_status st = GNDP_OK;
    const char *text;
    GNDP_TRY(gndp_config_text(model->config, "process.reference", &text));
    if (text == NULL)
        goto done;
    GNDP_CHECK(model_dim(model) == 1 && model->frame == MODEL_NATIVE && model->sphere.layout.spheres == 1 && model->sphere.layout.first[0] == 0,
               GNDP_ERR_UNSUPPORTED, "process.reference: is for tracks, functions of time whose first channel is one point of the sphere");
    GNDP_TRY(gndp_kernel_parse(text, &model->reference));
    GNDP_CHECK(gndp_kernel_outputs(model->reference, 1) == 1, GNDP_ERR_SHAPE, "process.reference: %s has %d outputs, the coordinates of a track share one", text,
               gndp_kernel_outputs(model->reference, 1));
done:
    return st;
}

/* Networks that turn vectors take those of the reference as they are, and give the move as a vector: turned storms have turned forecasts, by any turn, or with
   score.axis by those about the Earth's axis. */
static gndp_status turn_values(gndp_model *model, const gndp_net_info *info, int others)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(info->turns_values && model->reference != NULL && others == 0, GNDP_ERR_UNSUPPORTED,
               "score.net: %s, with values on the sphere, is for positions alone that have a process.reference; of the networks that turn vectors evt does",
               info->name);
    model->net.scalars = SCALARS;
    model->net.vector_dim = 3;
    model->net.y_dim = SCALARS + 3 * VECTORS;
    model->net.outputs = SCALARS + 3;
    GNDP_TRY(gndp_config_switch(model->config, "score.axis", &model->net.axis));
done:
    return st;
}

/* score.octaves: so many sines and cosines of each component of a point, behind the values as they are. */
static gndp_status read_octaves(gndp_model *model)
{
    gndp_status st = GNDP_OK;
    int64_t octaves;
    const gndp_net_info *info;
    int64_t dims = 0;
    GNDP_TRY(gndp_config_integer(model->config, "score.octaves", &octaves));
    GNDP_TRY(gndp_net_find(model->net.kind, &info));
    if (octaves == 0)
        goto done;
    GNDP_CHECK(model->reference == NULL, GNDP_ERR_UNSUPPORTED, "score.octaves: with process.reference the network sees its frame, not positions");
    GNDP_CHECK(!info->equivariant, GNDP_ERR_UNSUPPORTED, "score.octaves: waves along fixed axes do not turn as %s does; mlp and multi_attention take them",
               model->net.kind);
    for (int k = 0; k < model->sphere.layout.spheres; k++)
        dims += model->sphere.layout.dim[k];
    model->octaves = (int)octaves;
    model->net.y_dim = model->sphere.layout.components + 2 * octaves * dims;
    model->net.outputs = model->sphere.layout.components;
done:
    return st;
}

gndp_status model_assemble_sphere(gndp_model *model, const gndp_schedule *schedule)
{
    gndp_status st = GNDP_OK;
    model->sphere = (gndp_brownian){.schedule = *schedule, .layout = model_layout(model->fields)};
    GNDP_TRY(gndp_brownian_check(&model->sphere));
    GNDP_TRY(read_reference(model));
    const int others = model->sphere.layout.components - 3;
    const gndp_net_info *info;
    model->net.y_scale = 1.0;
    GNDP_TRY(read_octaves(model));
    GNDP_TRY(gndp_net_find(model->net.kind, &info));
    if (info->equivariant) {
        GNDP_TRY(turn_values(model, info, others));
        goto done;
    }
    if (model->reference != NULL) {
        model->net.y_dim = FEATURES + others;
        model->net.outputs = MOVES + others;
    }
done:
    return st;
}

/* ---- Frames ----------------------------------------------------------------------------------- */

static gndp_node dot(gndp_graph *g, gndp_node a, gndp_node b)
{
    return gndp_sum_last(g, gndp_mul(g, a, b));
}

/* a/sqrt(|a|^2 + floor) */
static gndp_node shortened(gndp_graph *g, gndp_node a, double floor)
{
    return gndp_mul(g, a, gndp_rsqrt(g, gndp_offset(g, dot(g, a, a), floor)));
}

/* East, north and up along the reference's track: unit vectors but near its zeros and the poles, where they shrink smoothly. A turn about the axis turns them
   along, so products with them know nothing of longitude. */
typedef struct frame_nodes {
    gndp_node east, north, up;
} frame_nodes;

static frame_nodes frames_of(gndp_graph *g, gndp_node mean)
{
    const double turn[9] = {0, 1, 0, -1, 0, 0, 0, 0, 0}; /* rows: (x, y, z) -> (-y, x, 0) */
    const double forward[9] = {0, 1, 0, 0, 0, 1, 1, 0, 0}, back[9] = {0, 0, 1, 1, 0, 0, 0, 1, 0}; /* cyclic shifts, for the vector product */
    const gndp_type three = gndp_type_2d(GNDP_F64, 3, 3);
    const gndp_node next = gndp_constant(g, three, forward), previous = gndp_constant(g, three, back);
    frame_nodes out;
    out.up = shortened(g, mean, 1e-6);
    out.east = shortened(g, gndp_matmul(g, out.up, gndp_constant(g, three, turn)), 1e-4);
    out.north = gndp_sub(g, gndp_mul(g, gndp_matmul(g, out.up, previous), gndp_matmul(g, out.east, next)),
                         gndp_mul(g, gndp_matmul(g, out.up, next), gndp_matmul(g, out.east, previous)));
    return out;
}

static gndp_node height(gndp_graph *g, gndp_node v)
{
    return gndp_slice_axis(g, v, 2, 2, 3);
}

/* Mean over the points that are there. */
static gndp_node middle(gndp_graph *g, const gndp_score_inputs *in, gndp_node v)
{
    const int points = 1;
    if (gndp_is_none(in->mask))
        return gndp_mean(g, v, &points, 1, true);
    const gndp_type type = gndp_node_type(in->mask);
    const gndp_node there = gndp_reshape(g, in->mask, 3, (int64_t[]){type.dim[0], type.dim[1], 1}), zero = gndp_scalar(g, GNDP_F64, 0.0);
    const gndp_node count = gndp_sum(g, gndp_cast(g, there, GNDP_F64), &points, 1, true);
    return gndp_div(g, gndp_sum(g, gndp_select(g, there, v, zero), &points, 1, true), gndp_max2(g, count, gndp_scalar(g, GNDP_F64, 1.0)));
}

/* [R, N, FEATURES], each of order 1: the residual in units of its standard deviation; speed (a tenth of a radian a day is fast); latitude of the estimate, of
   the state, length of the estimate; how uncertain, how noisy; the way from the middle of the track. */
static gndp_node frame_features(gndp_graph *g, const gndp_score_inputs *in, const reference_nodes *r, const frame_nodes *f, gndp_node y)
{
    const gndp_type type = gndp_node_type(y);
    const int64_t shape[3] = {type.dim[0], type.dim[1], 1};
    const gndp_node away = gndp_sub(g, r->mean, middle(g, in, r->mean));
    const gndp_node noisy = gndp_scale(g, gndp_log(g, gndp_offset(g, r->noise, 1e-12)), 0.125);
    const gndp_node all[FEATURES] = {
        dot(g, r->residual, f->east),
        dot(g, r->residual, f->north),
        dot(g, r->residual, f->up),
        gndp_scale(g, dot(g, r->velocity, f->east), 10.0),
        gndp_scale(g, dot(g, r->velocity, f->north), 10.0),
        gndp_scale(g, height(g, f->up), 2.0),
        height(g, y),
        gndp_scale(g, gndp_sqrt(g, gndp_offset(g, dot(g, r->mean, r->mean), 1e-6)), 2.0),
        gndp_offset(g, gndp_scale(g, gndp_log(g, r->sd), 0.5), 2.0),
        gndp_broadcast_to(g, gndp_offset(g, noisy, 1.0), 3, shape),
        gndp_scale(g, dot(g, away, f->east), 5.0),
        gndp_scale(g, dot(g, away, f->north), 5.0),
    };
    return gndp_concat(g, all, FEATURES, 2);
}

/* [R, N, SCALARS + 3 VECTORS]: how uncertain, how noisy; the estimate, the state, the residual, the velocity. */
static gndp_node vector_features(gndp_graph *g, const reference_nodes *r, gndp_node y)
{
    const gndp_type type = gndp_node_type(y);
    const int64_t shape[3] = {type.dim[0], type.dim[1], 1};
    const gndp_node noisy = gndp_scale(g, gndp_log(g, gndp_offset(g, r->noise, 1e-12)), 0.125);
    const gndp_node all[] = {gndp_offset(g, gndp_scale(g, gndp_log(g, r->sd), 0.5), 2.0), gndp_broadcast_to(g, gndp_offset(g, noisy, 1.0), 3, shape),
                             r->mean, y, r->residual, gndp_scale(g, r->velocity, 10.0)};
    return gndp_concat(g, all, SCALARS + VECTORS, 2);
}

/* ---- The score -------------------------------------------------------------------------------- */

static gndp_node run_net(const gndp_model *model, gndp_graph *g, const gndp_score_inputs *in, gndp_node features, bool zero)
{
    gndp_score_inputs seen = *in;
    seen.y = gndp_cast(g, features, model->net.dtype);
    if (!zero)
        return model_net_output(model, g, &seen);
    return gndp_scale(g, gndp_slice_axis(g, seen.y, 2, 0, gndp_net_outputs(&model->net)), 0.0);
}

static gndp_node column(gndp_graph *g, gndp_node x)
{
    return gndp_cast(g, gndp_reshape(g, x, 3, (int64_t[]){-1, 1, 1}), GNDP_F64);
}

/* Components that are no points of spheres: their limit's score -y plus the network's over sqrt(v); weight v, as plain processes have it. */
static sphere_nodes plain(gndp_graph *g, const gndp_score_inputs *in, gndp_node y, gndp_node output)
{
    const gndp_node variance = gndp_offset(g, column(g, in->variance), 1e-8);
    return (sphere_nodes){gndp_sub(g, gndp_mul(g, output, gndp_rsqrt(g, variance)), y),
                          gndp_broadcast_to(g, variance, 3, gndp_node_type(y).dim)};
}

/* The reference's score, moved by so many of its standard deviations; squared errors in units of these. */
static sphere_nodes moved(gndp_graph *g, const reference_nodes *r, gndp_node track, gndp_node move)
{
    const gndp_node wide = gndp_cast(g, move, GNDP_F64);
    const gndp_node score = gndp_add(g, r->score, gndp_mul(g, r->scale, gndp_sphere_project_node(g, track, wide)));
    const gndp_node weight = gndp_square(g, gndp_reciprocal(g, r->scale));
    return (sphere_nodes){score, gndp_broadcast_to(g, weight, 3, gndp_node_type(track).dim)};
}

/* With other components beside the track; networks without vectors move it along the frame. */
static sphere_nodes by_reference(const gndp_model *model, gndp_graph *g, const gndp_score_inputs *in, gndp_node y, bool zero)
{
    const gndp_sphere_layout *layout = &model->sphere.layout;
    const gndp_node track = gndp_slice_axis(g, y, 2, 0, 3);
    const reference_nodes r = reference_build(g, model->reference, in, track);
    if (model->net.vector_dim > 0)
        return moved(g, &r, track, gndp_slice_axis(g, run_net(model, g, in, vector_features(g, &r, track), zero), 2, SCALARS, SCALARS + 3));
    const frame_nodes f = frames_of(g, r.mean);
    gndp_node seen[2] = {frame_features(g, in, &r, &f, track), GNDP_NONE};
    const int others = layout->components - 3;
    if (others > 0)
        seen[1] = gndp_slice_axis(g, y, 2, 3, layout->components);
    const gndp_node output = gndp_cast(g, run_net(model, g, in, others > 0 ? gndp_concat(g, seen, 2, 2) : seen[0], zero), GNDP_F64);
    gndp_node move = gndp_mul(g, gndp_slice_axis(g, output, 2, 0, 1), f.east);
    move = gndp_add(g, move, gndp_mul(g, gndp_slice_axis(g, output, 2, 1, 2), f.north));
    move = gndp_add(g, move, gndp_mul(g, gndp_slice_axis(g, output, 2, 2, 3), f.up));
    sphere_nodes out = moved(g, &r, track, move);
    if (others > 0) {
        const sphere_nodes rest = plain(g, in, seen[1], gndp_slice_axis(g, output, 2, 3, 3 + others));
        out.score = gndp_concat(g, (gndp_node[]){out.score, rest.score}, 2, 2);
        out.weight = gndp_concat(g, (gndp_node[]){out.weight, rest.weight}, 2, 2);
    }
    return out;
}

/* y, and of each component of a point of a sphere sin and cos of 2^k y times exp(-4^k B/2): what Brownian motion for B leaves of waves of that length on
   average over the clean points. At noise where they tell nothing they do not disturb. */
static gndp_node with_waves(const gndp_model *model, gndp_graph *g, const gndp_score_inputs *in, gndp_node y)
{
    const gndp_sphere_layout *layout = &model->sphere.layout;
    enum { MOST = 1 + 2 * 16 * GNDP_LAYOUT_SPHERES };
    gndp_node all[MOST] = {y};
    int n = 1;
    const gndp_node log_left = gndp_log(g, gndp_offset(g, gndp_scale(g, column(g, in->variance), -1.0), 1.0 + 1e-12)); /* -B */
    for (int s = 0; s < layout->spheres; s++) {
        const gndp_node point = gndp_slice_axis(g, y, 2, layout->first[s], layout->first[s] + layout->dim[s]);
        for (int k = 1; k <= model->octaves; k++) {
            const gndp_node fade = gndp_exp(g, gndp_scale(g, log_left, 0.5 * ldexp(1.0, 2 * k))), angle = gndp_scale(g, point, ldexp(1.0, k));
            all[n++] = gndp_mul(g, gndp_sin(g, angle), fade);
            all[n++] = gndp_mul(g, gndp_cos(g, angle), fade);
        }
    }
    return n > 1 ? gndp_concat(g, all, n, 2) : y;
}

/* Without a reference: P_y o/sqrt(v) on spheres. */
static sphere_nodes by_itself(const gndp_model *model, gndp_graph *g, const gndp_score_inputs *in, gndp_node y, bool zero)
{
    const gndp_sphere_layout *layout = &model->sphere.layout;
    const gndp_node output = gndp_cast(g, run_net(model, g, in, with_waves(model, g, in, y), zero), GNDP_F64);
    sphere_nodes out = plain(g, in, y, output);
    double euclidean[256] = {0}; /* 1 where a component has the limit's own score */
    bool any = false;
    for (int c = 0; c < layout->components; c++)
        euclidean[c] = 1.0;
    for (int k = 0; k < layout->spheres; k++)
        for (int c = 0; c < layout->dim[k]; c++)
            euclidean[layout->first[k] + c] = 0.0;
    for (int c = 0; c < layout->components; c++)
        any = any || euclidean[c] > 0.0;
    gndp_node limit = gndp_mul(g, y, gndp_constant(g, gndp_type_1d(GNDP_F64, layout->components), euclidean));
    const gndp_node alone = gndp_add(g, out.score, y);
    out.score = gndp_layout_tangent(g, layout, y, any ? gndp_sub(g, alone, limit) : alone);
    return out;
}

/* Context has no score; what stands at padded points reaches nothing. */
static gndp_node keep_targets(gndp_graph *g, const gndp_score_inputs *in, gndp_node v)
{
    const gndp_node wanted = gndp_score_targets(g, in);
    if (gndp_is_none(wanted))
        return v;
    const gndp_type type = gndp_node_type(wanted);
    const gndp_node standing = gndp_reshape(g, wanted, 3, (int64_t[]){type.dim[0], type.dim[1], 1});
    return gndp_select(g, standing, v, gndp_scalar(g, gndp_node_type(v).dtype, 0.0));
}

/* Padded values may be anything: they become a point of the sphere. */
static gndp_node clean_values(gndp_graph *g, const gndp_score_inputs *in)
{
    const gndp_node y = gndp_cast(g, in->y, GNDP_F64);
    if (gndp_is_none(in->mask))
        return y;
    const gndp_type type = gndp_node_type(in->mask);
    const gndp_node standing = gndp_reshape(g, in->mask, 3, (int64_t[]){type.dim[0], type.dim[1], 1});
    return gndp_select(g, standing, y, gndp_scalar(g, GNDP_F64, 0.5));
}

sphere_nodes model_sphere_score(const gndp_model *model, gndp_graph *g, const gndp_score_inputs *in, bool zero)
{
    const gndp_node y = gndp_layout_point(g, &model->sphere.layout, clean_values(g, in));
    const sphere_nodes made = model->reference != NULL ? by_reference(model, g, in, y, zero) : by_itself(model, g, in, y, zero);
    const gndp_dtype type = gndp_node_type(in->y).dtype;
    return (sphere_nodes){gndp_cast(g, keep_targets(g, in, made.score), type), gndp_cast(g, keep_targets(g, in, made.weight), type)};
}
