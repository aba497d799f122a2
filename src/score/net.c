// SPDX-License-Identifier: Apache-2.0
// The table of networks, the checks they share, and what is done to inputs before any of them sees them.
#define GNDP_NO_CALLSITE
#include "score/net.h"

#include "base/error.h"
#include "base/nearest.h"
#include "graph/op.h"

#include <gndp/ops.h>

#include <math.h>
#include <string.h>

static const net_ops *const table[] = {&net_bi_attention, &net_bi_attention_multi, &net_multi_attention, &net_egnn, &net_evt, &net_mlp};

enum { NETS = sizeof table / sizeof *table, MAX_LAYERS = 1000, MAX_HIDDEN = 1 << 16, MAX_AXIS = 1 << 16 };

/* ---- The table ------------------------------------------------------------------------------ */

int gndp_net_count(void)
{
    return NETS;
}

const gndp_net_info *gndp_net_get(int i)
{
    return i < 0 || i >= NETS ? NULL : &table[i]->info;
}

static const char *name_at(const void *state, int i)
{
    (void)state;
    return i < NETS ? table[i]->info.name : NULL;
}

static gndp_status find(const char *name, const net_ops **out)
{
    gndp_status st = GNDP_OK;
    int i = 0;
    *out = NULL;
    GNDP_TRY(gndp_find_name("network", name, name_at, NULL, &i));
    *out = table[i];
done:
    return st;
}

gndp_status gndp_net_find(const char *name, const gndp_net_info **out)
{
    gndp_status st = GNDP_OK;
    const net_ops *ops = NULL;
    GNDP_CHECK(out != NULL, GNDP_ERR_ARG, "out is NULL");
    *out = NULL;
    GNDP_CHECK(name != NULL, GNDP_ERR_ARG, "name is NULL");
    GNDP_TRY(find(name, &ops));
    *out = &ops->info;
done:
    return st;
}

/* ---- Checks --------------------------------------------------------------------------------- */

static gndp_status check_number(const char *name, int64_t value, int64_t high)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(value >= 1 && value <= high, GNDP_ERR_RANGE, "%s = %lld: allowed are 1 to %lld", name, (long long)value,
               (long long)high);
done:
    return st;
}

static gndp_status check_scale(const char *name, double value)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(isfinite(value) && value > 0.0, GNDP_ERR_RANGE, "%s = %g: it is positive", name, value);
done:
    return st;
}

int64_t gndp_net_outputs(const gndp_net_spec *spec)
{
    return spec->outputs > 0 ? spec->outputs : spec->y_dim;
}

static gndp_status check_components(const gndp_net_spec *spec, const gndp_net_info *info)
{
    gndp_status st = GNDP_OK;
    GNDP_TRY(check_number("x_dim", spec->x_dim, MAX_AXIS));
    GNDP_TRY(check_number("y_dim", spec->y_dim, MAX_AXIS));
    GNDP_CHECK(spec->outputs >= 0 && spec->outputs <= spec->y_dim, GNDP_ERR_RANGE, "outputs = %lld of %lld components", (long long)spec->outputs,
               (long long)spec->y_dim);
    GNDP_CHECK(spec->vector_dim >= 0 && spec->vector_dim <= spec->y_dim, GNDP_ERR_RANGE, "vector_dim = %lld of %lld components",
               (long long)spec->vector_dim, (long long)spec->y_dim);
    GNDP_CHECK(!info->equivariant || info->turns_values || (spec->vector_dim == 0 && !spec->axis), GNDP_ERR_UNSUPPORTED,
               "%s turns vectors with the points only; vector_dim and axis are for evt", spec->kind);
    GNDP_CHECK(!info->scalar_only || spec->y_dim == 1, GNDP_ERR_SHAPE,
               "%s has one component, y_dim = %lld; multi_attention and bi_attention_multi take more", spec->kind, (long long)spec->y_dim);
done:
    return st;
}

static gndp_status check(const gndp_net_spec *spec, const net_ops **out)
{
    gndp_status st = GNDP_OK;
    const net_ops *ops = NULL;
    GNDP_CHECK(spec != NULL, GNDP_ERR_ARG, "spec is NULL");
    GNDP_CHECK(memchr(spec->kind, '\0', sizeof spec->kind) != NULL, GNDP_ERR_ARG, "kind does not end");
    GNDP_TRY(find(spec->kind, &ops));
    GNDP_TRY(check_components(spec, &ops->info));
    GNDP_TRY(check_number("layers", spec->layers, MAX_LAYERS));
    GNDP_TRY(check_number("hidden", spec->hidden, MAX_HIDDEN));
    GNDP_CHECK(spec->hidden % 2 == 0, GNDP_ERR_RANGE,
               "hidden = %lld: it is even, for as many sines as cosines of the time", (long long)spec->hidden);
    GNDP_TRY(check_scale("y_scale", spec->y_scale));
    GNDP_TRY(check_scale("time_scale", spec->time_scale));
    GNDP_CHECK(spec->dtype == GNDP_F32 || spec->dtype == GNDP_F64, GNDP_ERR_TYPE, "dtype is %s, not f32 or f64",
               gndp_dtype_name(spec->dtype));
    GNDP_TRY(ops->check(spec));
    *out = ops;
done:
    return st;
}

gndp_status gndp_net_check(const gndp_net_spec *spec)
{
    const net_ops *ops = NULL;
    return check(spec, &ops);
}

/* ---- Parameters ----------------------------------------------------------------------------- */

gndp_status gndp_net_add_parameters(const gndp_net_spec *spec, gndp_store *store)
{
    gndp_status st = GNDP_OK;
    const net_ops *ops = NULL;
    GNDP_CHECK(store != NULL, GNDP_ERR_ARG, "store is NULL");
    GNDP_TRY(check(spec, &ops));
    net_params params = {.store = store, .dtype = spec->dtype};
    GNDP_TRY(ops->add(spec, &params));
done:
    return st;
}

int64_t gndp_net_parameters(const gndp_net_spec *spec)
{
    const net_ops *ops = NULL;
    if (check(spec, &ops) != GNDP_OK)
        return -1;
    net_params params = {.dtype = spec->dtype};
    return ops->add(spec, &params) == GNDP_OK ? params.count : -1;
}

/* ---- Building ------------------------------------------------------------------------------- */

/* Poisons g unless `node` has the type. */
static bool fits(gndp_graph *g, const char *name, gndp_node node, gndp_type type)
{
    const gndp_type got = gndp_node_type(node);
    if (gndp_type_equal(got, type))
        return true;
    gndp_graph_fail(g, got.dtype == type.dtype ? GNDP_ERR_SHAPE : GNDP_ERR_TYPE, "net",
                    "%s is " GNDP_TYPE_FMT ", the network takes " GNDP_TYPE_FMT, name, GNDP_TYPE_ARG(got),
                    GNDP_TYPE_ARG(type));
    return false;
}

static bool inputs_fit(gndp_graph *g, const gndp_net_spec *spec, const gndp_net_inputs *in)
{
    const gndp_node needed[] = {in->t, in->x, in->y}, optional[] = {in->flag, in->mask};
    if (gndp_graph_stopped(g, "net", 3, needed))
        return false;
    for (int k = 0; k < 2; k++)
        if (!gndp_is_none(optional[k]) && gndp_graph_stopped(g, "net", 1, &optional[k]))
            return false;
    const gndp_type x = gndp_node_type(in->x), y = gndp_node_type(in->y);
    const int64_t r = y.dim[0], n = y.dim[1];
    if (y.rank == 3 && (r < 1 || n < 1)) {
        gndp_graph_fail(g, GNDP_ERR_SHAPE, "net", "y is " GNDP_TYPE_FMT ": no point", GNDP_TYPE_ARG(y));
        return false;
    }
    if (gndp_is_none(in->flag) == spec->context_flag) {
        gndp_graph_fail(g, GNDP_ERR_ARG, "net", "context_flag is %s, but there is %s flag among the inputs",
                        spec->context_flag ? "on" : "off", spec->context_flag ? "no" : "a");
        return false;
    }
    return fits(g, "y", in->y, gndp_type_3d(spec->dtype, r, n, spec->y_dim)) &&
           fits(g, "x", in->x,
                x.rank == 2 ? gndp_type_2d(spec->dtype, n, spec->x_dim) : gndp_type_3d(spec->dtype, r, n, spec->x_dim)) &&
           fits(g, "t", in->t, gndp_type_1d(spec->dtype, r)) &&
           (gndp_is_none(in->flag) || fits(g, "flag", in->flag, gndp_type_2d(spec->dtype, r, n))) &&
           (gndp_is_none(in->mask) || fits(g, "mask", in->mask, gndp_type_2d(GNDP_I32, r, n)));
}

static net_prepared prepare(const net_builder *b, const gndp_net_inputs *in)
{
    const gndp_type y = gndp_node_type(in->y);
    net_prepared p = {in->t, in->x, in->y, in->flag};
    if (gndp_node_type(p.x).rank == 2)
        p.x = gndp_broadcast_to(b->g, p.x, 3, (int64_t[]){y.dim[0], y.dim[1], b->spec->x_dim});
    p.x = net_valid(b, p.x);
    if (b->spec->centre)
        p.x = net_centred(b, p.x);
    p.y = net_valid(b, p.y);
    if (b->spec->y_scale != 1.0)
        p.y = gndp_scale(b->g, p.y, 1.0 / b->spec->y_scale);
    if (!gndp_is_none(p.flag))
        p.flag = net_valid(b, gndp_reshape(b->g, p.flag, 3, (int64_t[]){y.dim[0], y.dim[1], 1}));
    return p;
}

gndp_node gndp_net_build(gndp_graph *g, gndp_store *store, const gndp_net_spec *spec, const gndp_net_inputs *in)
{
    const net_ops *ops = NULL;
    if (gndp_graph_stopped(g, "net", 0, NULL))
        return GNDP_NONE;
    if (store == NULL || in == NULL)
        return gndp_graph_fail(g, GNDP_ERR_ARG, "net", store == NULL ? "store is NULL" : "inputs are NULL");
    const gndp_status st = check(spec, &ops);
    if (st != GNDP_OK)
        return gndp_graph_fail(g, st, "net", "%s", gndp_last_text());
    if (!inputs_fit(g, spec, in))
        return GNDP_NONE;
    const net_builder b = {g, store, spec, in->mask};
    const net_prepared prepared = prepare(&b, in);
    return net_valid(&b, ops->build(&b, &prepared));
}
