// SPDX-License-Identifier: Apache-2.0
// What networks are made of: parameter paths, linear layers, self-attention, time embedding, masks.
#define GNDP_NO_CALLSITE
#include "score/layers.h"

#include "base/error.h"

#include <gndp/ops.h>

#include <math.h>
#include <stdio.h>

/* ---- Parameters ----------------------------------------------------------------------------- */

net_path net_join(const char *folder, const char *name)
{
    net_path p;
    const int length = snprintf(p.text, sizeof p.text, "%s/%s", folder, name);
    if (length < 0 || (size_t)length >= sizeof p.text)
        p.text[0] = '\0';
    return p;
}

net_path net_block(int64_t layer)
{
    net_path p;
    snprintf(p.text, sizeof p.text, "block%lld", (long long)layer);
    return p;
}

const gndp_init net_by_fan_in = {GNDP_INIT_TRUNCATED_NORMAL, 1.0};
const gndp_init net_zero = {GNDP_INIT_ZEROS, 0.0};

static gndp_status add(net_params *p, net_path path, gndp_type type, gndp_init init)
{
    p->count += gndp_type_count(type);
    return p->store == NULL ? GNDP_OK : gndp_store_add(p->store, path.text, type, init);
}

gndp_status net_add_linear(net_params *p, const char *name, int64_t in, int64_t out, gndp_init weight)
{
    gndp_status st = GNDP_OK;
    GNDP_TRY(add(p, net_join(name, "weight"), gndp_type_2d(p->dtype, in, out), weight));
    GNDP_TRY(add(p, net_join(name, "bias"), gndp_type_1d(p->dtype, out), net_zero));
done:
    return st;
}

gndp_status net_add_weight(net_params *p, const char *name, int64_t in, int64_t out, gndp_init weight)
{
    return add(p, net_join(name, "weight"), gndp_type_2d(p->dtype, in, out), weight);
}

gndp_status net_add_attention(net_params *p, const char *name, int64_t hidden)
{
    static const char *const in[] = {"query", "key", "value"};
    gndp_status st = GNDP_OK;
    for (int i = 0; i < 3; i++)
        GNDP_TRY(net_add_linear(p, net_join(name, in[i]).text, hidden, 2 * hidden, net_by_fan_in));
    GNDP_TRY(net_add_linear(p, net_join(name, "out").text, 2 * hidden, 2 * hidden, net_by_fan_in));
done:
    return st;
}

/* ---- Layers --------------------------------------------------------------------------------- */

gndp_node net_param(const net_builder *b, const char *folder, const char *name)
{
    return gndp_param(b->g, b->store, net_join(folder, name).text, GNDP_SLOT_VALUE);
}

/* C leaves the order of arguments open; nodes are made one after the other, so that every compiler
   numbers them alike. */
gndp_node net_linear(const net_builder *b, const char *name, gndp_node x)
{
    const gndp_node weight = net_param(b, name, "weight");
    const gndp_node bias = net_param(b, name, "bias");
    return gndp_linear(b->g, x, weight, bias);
}

gndp_node net_linear_exact(const net_builder *b, const char *name, gndp_node x)
{
    const gndp_node product = gndp_matmul(b->g, x, net_param(b, name, "weight"));
    return gndp_add(b->g, product, net_param(b, name, "bias"));
}

gndp_node net_self_attention(const net_builder *b, const char *name, gndp_node u, gndp_node mask)
{
    const gndp_node q = net_linear(b, net_join(name, "query").text, u);
    const gndp_node k = net_linear(b, net_join(name, "key").text, u);
    const gndp_node v = net_linear(b, net_join(name, "value").text, u);
    return net_linear(b, net_join(name, "out").text,
                      gndp_attention(b->g, q, k, v, mask, (int)b->spec->heads, 0.0));
}

/*
 * A softmax over one key is 1, so that queries and keys do not matter and what is left is a
 * composition of two linear maps, which is one:
 *
 *   (u Wv + bv) Wo + bo = u (Wv Wo) + (bv Wo + bo).
 *
 * Composing the matrices first costs a product of small ones in place of one over all tokens.
 */
gndp_node net_self_attention_of_one(const net_builder *b, const char *name, gndp_node u)
{
    gndp_graph *g = b->g;
    const int64_t width = 2 * b->spec->hidden;
    const net_path value = net_join(name, "value"), out = net_join(name, "out");
    const gndp_node wo = net_param(b, out.text, "weight");
    const gndp_node bv = gndp_reshape(g, net_param(b, value.text, "bias"), 2, (int64_t[]){1, width});
    const gndp_node shift = gndp_reshape(g, gndp_matmul(g, bv, wo), 1, &width);
    const gndp_node bias = gndp_add(g, shift, net_param(b, out.text, "bias"));
    const gndp_node weight = gndp_matmul(g, net_param(b, value.text, "weight"), wo);
    return gndp_linear(g, u, weight, bias);
}

/* The frequencies are made in f64, once: the plan folds constants. */
gndp_node net_time_embedding(const net_builder *b, gndp_node t)
{
    gndp_graph *g = b->g;
    const int64_t half = b->spec->hidden / 2;
    const double rate = half > 1 ? -log(10000.0) / (double)(half - 1) : 0.0;
    const gndp_node k = gndp_cast(g, gndp_iota(g, half), GNDP_F64);
    const gndp_node freq =
        gndp_cast(g, gndp_scale(g, gndp_exp(g, gndp_scale(g, k, rate)), b->spec->time_scale), b->spec->dtype);
    const gndp_node column = gndp_reshape(g, t, 2, (int64_t[]){gndp_node_type(t).dim[0], 1});
    const gndp_node angle = gndp_mul(g, column, freq);
    gndp_node parts[2];
    parts[0] = gndp_sin(g, angle);
    parts[1] = gndp_cos(g, angle);
    return gndp_concat(g, parts, 2, 1);
}

gndp_node net_valid(const net_builder *b, gndp_node x)
{
    if (gndp_is_none(b->mask) || gndp_is_none(x))
        return x;
    const gndp_type type = gndp_node_type(b->mask);
    int64_t dim[GNDP_MAX_RANK] = {type.dim[0], type.dim[1], 1, 1, 1, 1, 1, 1};
    const gndp_node points = gndp_reshape(b->g, b->mask, gndp_node_type(x).rank, dim);
    return gndp_select(b->g, points, x, gndp_scalar(b->g, gndp_node_type(x).dtype, 0.0));
}

/* Any mask that is not 0 counts as one; a realization without points counts one, so that nothing is divided by 0. */
gndp_node net_point_count(const net_builder *b, int64_t points)
{
    static const int axis = 1;
    if (gndp_is_none(b->mask))
        return gndp_fill(b->g, gndp_type_3d(b->spec->dtype, 1, 1, 1), (double)points);
    const gndp_node one = gndp_scalar(b->g, b->spec->dtype, 1.0), zero = gndp_scalar(b->g, b->spec->dtype, 0.0);
    const gndp_node kept = gndp_select(b->g, b->mask, one, zero);
    const gndp_node count = gndp_reshape(b->g, gndp_sum(b->g, kept, &axis, 1, true), 3,
                                         (int64_t[]){gndp_node_type(b->mask).dim[0], 1, 1});
    return gndp_max2(b->g, count, one);
}

gndp_node net_centred(const net_builder *b, gndp_node x)
{
    static const int points = 1;
    if (gndp_is_none(b->mask))
        return gndp_sub(b->g, x, gndp_mean(b->g, x, &points, 1, true));
    const gndp_node count = net_point_count(b, gndp_node_type(x).dim[1]);
    return gndp_sub(b->g, x, gndp_div(b->g, gndp_sum(b->g, x, &points, 1, true), count));
}
