// SPDX-License-Identifier: Apache-2.0
// Making an evaluator: graphs of a score and its derivatives, plans, points.
#define GNDP_NO_CALLSITE
#include "sde/plans.h"

#include <gndp/ops.h>

#include <stdlib.h>
#include <string.h>

/* ---- Numbers of the score's type ------------------------------------------------------------- */

void plans_put(gndp_array *a, int64_t at, int64_t n, const double *v)
{
    if (a->type.dtype == GNDP_F64) {
        memcpy((double *)a->data + at, v, (size_t)n * sizeof *v);
        return;
    }
    float *to = (float *)a->data + at;
    for (int64_t i = 0; i < n; i++) {
        to[i] = (float)v[i];
    }
}

void plans_get(const gndp_array *a, int64_t at, int64_t n, double *v)
{
    if (a->type.dtype == GNDP_F64) {
        memcpy(v, (const double *)a->data + at, (size_t)n * sizeof *v);
        return;
    }
    const float *from = (const float *)a->data + at;
    for (int64_t i = 0; i < n; i++) {
        v[i] = (double)from[i];
    }
}

/* ---- Graphs ---------------------------------------------------------------------------------- */

static gndp_score_inputs make_inputs(const gndp_evaluator *ev, gndp_graph *g)
{
    gndp_score_inputs in = {0};
    in.t = gndp_input(g, "t", ev->t.type);
    in.decay = gndp_input(g, "decay", ev->decay.type);
    in.variance = gndp_input(g, "variance", ev->variance.type);
    in.x = gndp_input(g, "x", ev->x.type);
    in.y = gndp_input(g, "y", ev->y.type);
    in.mask = ev->padded ? gndp_input(g, "mask", ev->mask.type) : GNDP_NONE;
    in.target = ev->score.context ? gndp_input(g, "target", ev->target.type) : GNDP_NONE;
    return in;
}

/* The first entry of a node as a scalar. */
static gndp_node first_entry(gndp_graph *g, gndp_node x, gndp_dtype dtype)
{
    const gndp_type type = gndp_node_type(x);
    const gndp_node flat = gndp_reshape(g, x, 1, (int64_t[]){gndp_type_count(type)});
    return gndp_cast(g, gndp_reshape(g, gndp_slice_axis(g, flat, 0, 0, 1), 0, NULL), dtype);
}

/* A plan takes only what it reads, and not every score reads all: this reads a bit of each. */
static gndp_node touch(gndp_graph *g, const gndp_score_inputs *in, gndp_dtype dtype)
{
    gndp_node sum = gndp_add(g, first_entry(g, in->t, dtype), first_entry(g, in->decay, dtype));
    sum = gndp_add(g, sum, first_entry(g, in->variance, dtype));
    sum = gndp_add(g, sum, first_entry(g, in->x, dtype));
    sum = gndp_add(g, sum, first_entry(g, in->y, dtype));
    sum = gndp_is_none(in->mask) ? sum : gndp_add(g, sum, first_entry(g, in->mask, dtype));
    return gndp_is_none(in->target) ? sum : gndp_add(g, sum, first_entry(g, in->target, dtype));
}

static gndp_node build_score(const gndp_evaluator *ev, gndp_graph *g, const gndp_score_inputs *in)
{
    return ev->score.build(ev->score.state, g, in);
}

/* J' cot, zero where the score does not depend on y. */
static gndp_node pull_back(gndp_graph *g, gndp_node score, gndp_node cot, gndp_node y)
{
    gndp_node out = GNDP_NONE;
    gndp_vjp(g, &score, &cot, 1, &y, 1, &out);
    return gndp_is_none(out) ? gndp_scale(g, cot, 0.0) : out;
}

static gndp_status add_array(score_plan *p, const char *name, gndp_type type, gndp_array *array)
{
    gndp_status st = GNDP_OK;
    GNDP_TRY(gndp_array_create(type, array));
    p->feed[p->n_feeds++] = (gndp_feed){name, *array};
done:
    return st;
}

static void feed_inputs(const gndp_evaluator *ev, score_plan *p)
{
    const gndp_feed all[5] = {
        {"t", ev->t}, {"decay", ev->decay}, {"variance", ev->variance}, {"x", ev->x}, {"y", ev->y}};
    memcpy(p->feed, all, sizeof all);
    p->n_feeds = 5;
    if (ev->padded) {
        p->feed[p->n_feeds++] = (gndp_feed){"mask", ev->mask};
    }
    if (ev->score.context) {
        p->feed[p->n_feeds++] = (gndp_feed){"target", ev->target};
    }
}

static void plan_free(score_plan *p)
{
    gndp_plan_free(p->plan);
    for (int64_t i = 0; i < p->n_out; i++) {
        gndp_array_free(&p->out[i]);
    }
    gndp_array_free(&p->cot);
    gndp_array_free(&p->weight);
    *p = (score_plan){0};
}

static gndp_status compile(const gndp_evaluator *ev, gndp_graph *g, const gndp_node *out, int64_t n,
                           score_plan *p)
{
    gndp_status st = GNDP_OK;
    const gndp_plan_options options = {
        .store = ev->score.store, .bf16 = ev->score.bf16, .ema = ev->score.ema};
    GNDP_TRY(gndp_plan_create(g, out, n, ev->device, &options, &p->plan));
    for (p->n_out = 0; p->n_out < n; p->n_out++) {
        GNDP_TRY(gndp_array_create(gndp_node_type(out[p->n_out]), &p->out[p->n_out]));
    }
done:
    return st;
}

static gndp_status make_value(gndp_evaluator *ev)
{
    gndp_status st = GNDP_OK;
    gndp_graph *g = NULL;
    score_plan p = {0};
    GNDP_TRY(gndp_graph_create(&g));
    feed_inputs(ev, &p);
    const gndp_score_inputs in = make_inputs(ev, g);
    const gndp_node score = build_score(ev, g, &in);
    const gndp_type type = gndp_node_type(score);
    GNDP_CHECK(gndp_graph_status(g) != GNDP_OK || gndp_type_equal(type, ev->y.type), GNDP_ERR_SHAPE,
               "the score is " GNDP_TYPE_FMT ", the state " GNDP_TYPE_FMT, GNDP_TYPE_ARG(type),
               GNDP_TYPE_ARG(ev->y.type));
    const gndp_node out[2] = {score, touch(g, &in, ev->dtype)};
    GNDP_TRY(compile(ev, g, out, 2, &p));
    ev->value = p;
    p = (score_plan){0};
done:
    plan_free(&p);
    gndp_graph_free(g);
    return st;
}

static gndp_status make_vjp(gndp_evaluator *ev)
{
    gndp_status st = GNDP_OK;
    gndp_graph *g = NULL;
    score_plan p = {0};
    GNDP_TRY(gndp_graph_create(&g));
    feed_inputs(ev, &p);
    GNDP_TRY(add_array(&p, "cot", ev->y.type, &p.cot));
    const gndp_score_inputs in = make_inputs(ev, g);
    const gndp_node score = build_score(ev, g, &in), cot = gndp_input(g, "cot", p.cot.type);
    const gndp_node out[3] = {score, pull_back(g, score, cot, in.y), touch(g, &in, ev->dtype)};
    GNDP_TRY(compile(ev, g, out, 3, &p));
    ev->vjp = p;
    p = (score_plan){0};
done:
    plan_free(&p);
    gndp_graph_free(g);
    return st;
}

/* weight_c . J' cot_c for c below `width`, after one forward pass: out [width, B]. */
static gndp_status make_products(gndp_evaluator *ev, int64_t width, score_plan *out_plan)
{
    gndp_status st = GNDP_OK;
    gndp_graph *g = NULL;
    score_plan p = {0};
    gndp_node each[1 << (WIDTHS - 1)];
    const gndp_type y = ev->y.type;
    const gndp_type many = gndp_type_4d(ev->dtype, width, y.dim[0], y.dim[1], y.dim[2]);
    const int axes[2] = {1, 2};
    GNDP_TRY(gndp_graph_create(&g));
    feed_inputs(ev, &p);
    GNDP_TRY(add_array(&p, "cot", many, &p.cot));
    GNDP_TRY(add_array(&p, "weight", many, &p.weight));
    const gndp_score_inputs in = make_inputs(ev, g);
    const gndp_node score = build_score(ev, g, &in), cot = gndp_input(g, "cot", many),
                    weight = gndp_input(g, "weight", many);
    for (int64_t c = 0; c < width; c++) {
        const gndp_node mine = gndp_reshape(g, gndp_slice_axis(g, cot, 0, c, c + 1), 3, y.dim);
        const gndp_node by = gndp_reshape(g, gndp_slice_axis(g, weight, 0, c, c + 1), 3, y.dim);
        const gndp_node product = gndp_mul(g, pull_back(g, score, mine, in.y), by);
        each[c] =
            gndp_reshape(g, gndp_sum(g, product, axes, 2, false), 2, (int64_t[]){1, y.dim[0]});
    }
    const gndp_node out[3] = {score, gndp_concat(g, each, (int)width, 0), touch(g, &in, ev->dtype)};
    GNDP_TRY(compile(ev, g, out, 3, &p));
    *out_plan = p;
    p = (score_plan){0};
done:
    plan_free(&p);
    gndp_graph_free(g);
    return st;
}

gndp_status plans_vjp(gndp_evaluator *ev, score_plan **out)
{
    gndp_status st = GNDP_OK;
    if (ev->vjp.plan == NULL) {
        GNDP_TRY(make_vjp(ev));
    }
    *out = &ev->vjp;
done:
    return st;
}

gndp_status plans_products(gndp_evaluator *ev, int64_t items, score_plan **out)
{
    gndp_status st = GNDP_OK;
    int k = 0;
    while (k + 1 < WIDTHS && INT64_C(1) << k < items) {
        k++;
    }
    if (ev->products[k].plan == NULL) {
        GNDP_TRY(make_products(ev, INT64_C(1) << k, &ev->products[k]));
    }
    *out = &ev->products[k];
done:
    return st;
}

/* ---- Making one ------------------------------------------------------------------------------ */

static gndp_status check_points(const gndp_evaluator *ev, const gndp_array *x)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(x != NULL && x->data != NULL, GNDP_ERR_ARG, "x is NULL");
    GNDP_CHECK(x->type.dtype == GNDP_F64 && (x->type.rank == 2 || x->type.rank == 3),
               GNDP_ERR_SHAPE,
               "points are " GNDP_TYPE_FMT ", wanted are f64 [N, D] or [batch, N, D]",
               GNDP_TYPE_ARG(x->type));
    GNDP_CHECK(x->type.rank == 2 || x->type.dim[0] == ev->batch, GNDP_ERR_SHAPE,
               "points for %lld realizations, blocks of %lld", (long long)x->type.dim[0],
               (long long)ev->batch);
done:
    return st;
}

static void all_targets(gndp_evaluator *ev)
{
    for (int64_t i = 0; ev->score.context && i < ev->batch * ev->plan_points; i++) {
        ((int32_t *)ev->target.data)[i] = 1;
    }
}

gndp_status gndp_evaluator_move(gndp_evaluator *ev, const gndp_array *x)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(ev != NULL, GNDP_ERR_ARG, "evaluator is NULL");
    GNDP_TRY(check_points(ev, x));
    const int64_t n = x->type.dim[x->type.rank - 2], d = ev->dim,
                  sets = ev->shared_x ? 1 : ev->batch;
    GNDP_CHECK(x->type.rank == ev->x.type.rank && x->type.dim[x->type.rank - 1] == d,
               GNDP_ERR_SHAPE, "points " GNDP_TYPE_FMT " for plans of " GNDP_TYPE_FMT,
               GNDP_TYPE_ARG(x->type), GNDP_TYPE_ARG(ev->x.type));
    GNDP_CHECK(n == ev->plan_points || (ev->padded && n >= 1 && n < ev->plan_points),
               GNDP_ERR_SHAPE, "%lld points for plans of %lld%s", (long long)n,
               (long long)ev->plan_points, ev->padded ? " at most" : "");
    ev->n_points = n;
    memset(ev->x.data, 0, gndp_type_bytes(ev->x.type));
    memset(ev->y.data, 0, gndp_type_bytes(ev->y.type));
    for (int64_t b = 0; b < sets; b++) {
        plans_put(&ev->x, b * ev->plan_points * d, n * d, (const double *)x->data + b * n * d);
    }
    for (int64_t i = 0; ev->padded && i < ev->batch * ev->plan_points; i++) {
        ((int32_t *)ev->mask.data)[i] = i % ev->plan_points < n;
    }
    all_targets(ev);
done:
    return st;
}

gndp_status evaluator_context(gndp_evaluator *ev, int64_t n, const int64_t *point)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(ev->score.context || n == 0, GNDP_ERR_UNSUPPORTED,
               "%lld points of clean context for a score that takes none", (long long)n);
    for (int64_t i = 0; i < n; i++) {
        GNDP_CHECK(point[i] >= 0 && point[i] < ev->n_points, GNDP_ERR_RANGE,
                   "context point %lld is number %lld of %lld", (long long)i, (long long)point[i],
                   (long long)ev->n_points);
    }
    all_targets(ev);
    for (int64_t b = 0; b < ev->batch; b++) {
        for (int64_t i = 0; i < n; i++) {
            ((int32_t *)ev->target.data)[b * ev->plan_points + point[i]] = 0;
        }
    }
done:
    return st;
}

bool evaluator_takes_context(const gndp_evaluator *ev)
{
    return ev->score.context;
}

static gndp_status make_arrays(gndp_evaluator *ev)
{
    gndp_status st = GNDP_OK;
    const gndp_type row = gndp_type_1d(ev->dtype, ev->batch);
    const int64_t n = ev->plan_points;
    GNDP_TRY(gndp_array_create(row, &ev->t));
    GNDP_TRY(gndp_array_create(row, &ev->decay));
    GNDP_TRY(gndp_array_create(row, &ev->variance));
    GNDP_TRY(gndp_array_create(ev->shared_x ? gndp_type_2d(ev->dtype, n, ev->dim)
                                            : gndp_type_3d(ev->dtype, ev->batch, n, ev->dim),
                               &ev->x));
    GNDP_TRY(gndp_array_create(gndp_type_3d(ev->dtype, ev->batch, n, ev->components), &ev->y));
    if (ev->padded) {
        GNDP_TRY(gndp_array_create(gndp_type_2d(GNDP_I32, ev->batch, n), &ev->mask));
    }
    if (ev->score.context) {
        GNDP_TRY(gndp_array_create(gndp_type_2d(GNDP_I32, ev->batch, n), &ev->target));
    }
done:
    return st;
}

static gndp_status check_create(const gndp_score *score, const gndp_schedule *schedule)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(score != NULL && score->build != NULL, GNDP_ERR_ARG, "score is NULL or empty");
    GNDP_CHECK(score->dtype == GNDP_F32 || score->dtype == GNDP_F64, GNDP_ERR_TYPE, "a score in %s",
               gndp_dtype_name(score->dtype));
    GNDP_CHECK(score->components >= 1, GNDP_ERR_RANGE, "a score of %d components",
               score->components);
    GNDP_TRY(gndp_schedule_check(schedule));
done:
    return st;
}

gndp_status gndp_evaluator_create(const gndp_score *score, const gndp_schedule *schedule,
                                  const gndp_array *x, const gndp_evaluator_options *options,
                                  gndp_evaluator **out)
{
    gndp_status st = GNDP_OK;
    gndp_evaluator *ev = NULL;
    const gndp_evaluator_options o = options != NULL ? *options : (gndp_evaluator_options){0};
    GNDP_CHECK(out != NULL, GNDP_ERR_ARG, "out is NULL");
    *out = NULL;
    GNDP_TRY(check_create(score, schedule));
    GNDP_CHECK(o.batch >= 0 && o.padded_points >= 0, GNDP_ERR_RANGE,
               "blocks of %lld realizations, padded to %lld points", (long long)o.batch,
               (long long)o.padded_points);
    ev = calloc(1, sizeof *ev);
    GNDP_CHECK(ev != NULL, GNDP_ERR_NOMEM, "%zu bytes", sizeof *ev);
    ev->score = *score;
    ev->schedule = *schedule;
    ev->dtype = score->dtype;
    ev->components = score->components;
    ev->batch = o.batch > 0 ? o.batch : 16;
    GNDP_TRY(check_points(ev, x));
    ev->dim = x->type.dim[x->type.rank - 1];
    ev->shared_x = x->type.rank == 2;
    ev->padded = o.padded_points > 0;
    ev->plan_points = ev->padded ? o.padded_points : x->type.dim[x->type.rank - 2];
    GNDP_CHECK(ev->plan_points >= 1 && ev->dim >= 1, GNDP_ERR_SHAPE, "points " GNDP_TYPE_FMT,
               GNDP_TYPE_ARG(x->type));
    GNDP_TRY(make_arrays(ev));
    GNDP_TRY(gndp_evaluator_move(ev, x));
    if (o.device == NULL) {
        GNDP_TRY(gndp_device_open("cpu", NULL, &ev->own_device));
    }
    ev->device = o.device != NULL ? o.device : ev->own_device;
    GNDP_TRY(make_value(ev));
    *out = ev;
    ev = NULL;
done:
    gndp_evaluator_free(ev);
    return st;
}

void gndp_evaluator_free(gndp_evaluator *ev)
{
    if (ev == NULL) {
        return;
    }
    plan_free(&ev->value);
    plan_free(&ev->vjp);
    for (int k = 0; k < WIDTHS; k++) {
        plan_free(&ev->products[k]);
    }
    gndp_array *const arrays[] = {&ev->t, &ev->decay, &ev->variance, &ev->x,
                                  &ev->y, &ev->mask,  &ev->target};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) {
        gndp_array_free(arrays[i]);
    }
    gndp_device_free(ev->own_device);
    free(ev);
}

int64_t gndp_evaluator_points(const gndp_evaluator *ev)
{
    return ev->n_points;
}

int64_t gndp_evaluator_batch(const gndp_evaluator *ev)
{
    return ev->batch;
}

int64_t gndp_evaluator_count(const gndp_evaluator *ev)
{
    return ev->count;
}

int64_t evaluator_size(const gndp_evaluator *ev)
{
    return ev->n_points * ev->components;
}

bool evaluator_own_points(const gndp_evaluator *ev)
{
    return !ev->shared_x;
}
