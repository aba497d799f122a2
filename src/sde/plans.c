// SPDX-License-Identifier: Apache-2.0
// Graphs of a score and its derivatives, as plans of the parts of a block.
#define GNDP_NO_CALLSITE
#include "sde/plans.h"

#include <gndp/ops.h>

#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Rows of a part, or fewer: its activations stay in the cache of a core, and its products are still tall enough to run near the peak. */
enum { PART_ROWS = 4 };

/* Parts may cost so much more arithmetic than the whole, for what their rows share, and still be worth not waiting for each other. */
#define MOST_REPEATED 1.1

/* Operations of a block below which one thread does all parts: the others would take longer to wake. */
#define LEAST_SHARED 4e6

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

/* The type of `rows` of an array [B, ..]. */
static gndp_type rows_of(const gndp_array *a, int64_t rows)
{
    gndp_type type = a->type;
    type.dim[0] = rows;
    return type;
}

static gndp_score_inputs make_inputs(const gndp_evaluator *ev, gndp_graph *g, int64_t rows)
{
    gndp_score_inputs in = {0};
    in.t = gndp_input(g, "t", rows_of(&ev->t, rows));
    in.decay = gndp_input(g, "decay", rows_of(&ev->decay, rows));
    in.variance = gndp_input(g, "variance", rows_of(&ev->variance, rows));
    in.x = gndp_input(g, "x", ev->shared_x ? ev->x.type : rows_of(&ev->x, rows));
    in.y = gndp_input(g, "y", rows_of(&ev->y, rows));
    in.mask = ev->padded ? gndp_input(g, "mask", rows_of(&ev->mask, rows)) : GNDP_NONE;
    in.target = ev->score.context ? gndp_input(g, "target", rows_of(&ev->target, rows)) : GNDP_NONE;
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

/* J' cot, zero where the score does not depend on y. */
static gndp_node pull_back(gndp_graph *g, gndp_node score, gndp_node cot, gndp_node y)
{
    gndp_node out = GNDP_NONE;
    gndp_vjp(g, &score, &cot, 1, &y, 1, &out);
    return gndp_is_none(out) ? gndp_scale(g, cot, 0.0) : out;
}

typedef enum plan_kind { PLAN_VALUE, PLAN_VJP, PLAN_PRODUCTS } plan_kind;

static gndp_node vjp_node(gndp_graph *g, gndp_node score, const gndp_score_inputs *in)
{
    return pull_back(g, score, gndp_input(g, "cot", gndp_node_type(in->y)), in->y);
}

/* weight_c . J' cot_c for c below `width`, after one forward pass: [width, rows]. */
static gndp_node products_node(gndp_graph *g, gndp_node score, const gndp_score_inputs *in, int64_t width)
{
    gndp_node each[1 << (WIDTHS - 1)];
    const gndp_type y = gndp_node_type(in->y);
    const gndp_type many = gndp_type_4d(y.dtype, width, y.dim[0], y.dim[1], y.dim[2]);
    const int axes[2] = {1, 2};
    const gndp_node cot = gndp_input(g, "cot", many), weight = gndp_input(g, "weight", many);
    for (int64_t c = 0; c < width; c++) {
        const gndp_node mine = gndp_reshape(g, gndp_slice_axis(g, cot, 0, c, c + 1), 3, y.dim);
        const gndp_node by = gndp_reshape(g, gndp_slice_axis(g, weight, 0, c, c + 1), 3, y.dim);
        const gndp_node product = gndp_mul(g, pull_back(g, score, mine, in->y), by);
        each[c] = gndp_reshape(g, gndp_sum(g, product, axes, 2, false), 2, (int64_t[]){1, y.dim[0]});
    }
    return gndp_concat(g, each, (int)width, 0);
}

/* ---- Parts ----------------------------------------------------------------------------------- */

static int64_t parts_of(int64_t batch)
{
    return (batch + PART_ROWS - 1) / PART_ROWS;
}

int64_t plans_slots(int64_t batch)
{
    const int64_t parts = parts_of(batch);
    return (batch + parts - 1) / parts * parts;
}

int64_t plans_entry(const score_plan *p, int64_t c, int64_t k)
{
    return k / p->rows * p->rows * p->width + c * p->rows + k % p->rows;
}

/* Entries from `first` on of an array, as an array of this type. */
static gndp_array view(const gndp_array *a, int64_t first, gndp_type type)
{
    const size_t each = a->type.dim[0] > 0 ? gndp_type_bytes(a->type) / (size_t)a->type.dim[0] : 0;
    return gndp_array_view(type, (char *)a->data + (size_t)first * each);
}

static int64_t add_feed(gndp_feed *feed, int64_t n, const char *name, gndp_array array)
{
    feed[n] = (gndp_feed){name, array};
    return n + 1;
}

static gndp_type many_of(const score_plan *p, gndp_type y)
{
    return p->vjp ? y : gndp_type_4d(y.dtype, p->width, y.dim[0], y.dim[1], y.dim[2]);
}

static int64_t feed_part(const gndp_evaluator *ev, const score_plan *p, int64_t part, gndp_feed *feed)
{
    const struct {
        const char *name;
        const gndp_array *array;
    } rows[] = {{"t", &ev->t}, {"decay", &ev->decay}, {"variance", &ev->variance}, {"y", &ev->y}, {"mask", &ev->mask}, {"target", &ev->target}};
    const gndp_type many = many_of(p, rows_of(&ev->y, p->rows));
    int64_t n = 0;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (rows[i].array->data != NULL) {
            n = add_feed(feed, n, rows[i].name, view(rows[i].array, part * p->rows, rows_of(rows[i].array, p->rows)));
        }
    }
    n = add_feed(feed, n, "x", ev->shared_x ? ev->x : view(&ev->x, part * p->rows, rows_of(&ev->x, p->rows)));
    if (p->cot.data != NULL) {
        n = add_feed(feed, n, "cot", view(&p->cot, part * p->rows * p->width, many));
    }
    if (p->weight.data != NULL) {
        n = add_feed(feed, n, "weight", view(&p->weight, part * p->rows * p->width, many));
    }
    return n;
}

static gndp_status run_part(const gndp_evaluator *ev, const score_plan *p, gndp_plan *plan, int64_t part)
{
    gndp_feed feed[MOST_FEEDS];
    gndp_array out[MOST_OUTPUTS];
    const gndp_type y = rows_of(&ev->y, p->rows);
    const int64_t n = feed_part(ev, p, part, feed), last = p->n_out - 1;
    out[0] = view(&p->out[0], part * p->rows, y);
    if (last == 2) {
        out[1] = view(&p->out[1], part * p->rows * p->width, p->vjp ? y : gndp_type_2d(ev->dtype, p->width, p->rows));
    }
    out[last] = view(&p->out[last], part, gndp_type_scalar(ev->dtype));
    return gndp_plan_run(plan, feed, n, out, p->n_out);
}

gndp_status plans_run(const gndp_evaluator *ev, score_plan *p)
{
    gndp_status st = GNDP_OK;
    char text[GNDP_ERROR_BYTES] = "";
    int64_t failed = p->parts;
    if (p->workers == 1) { /* a plan with many threads starts its own teams */
        for (int64_t i = 0; i < p->parts; i++) {
            GNDP_TRY(run_part(ev, p, p->plan[0], i));
        }
        goto done;
    }
#pragma omp parallel for schedule(dynamic, 1) num_threads((int)p->workers)
    for (int64_t i = 0; i < p->parts; i++) {
        const gndp_status mine = run_part(ev, p, p->plan[omp_get_thread_num()], i);
        if (mine != GNDP_OK) { /* messages are the thread's own */
#pragma omp critical(gndp_plans_run)
            if (i < failed) {
                failed = i;
                st = mine;
                snprintf(text, sizeof text, "%s", gndp_last_text());
            }
        }
    }
    GNDP_CHECK(st == GNDP_OK, st, "%s", text);
done:
    return st;
}

/* ---- Plans ----------------------------------------------------------------------------------- */

static gndp_status make_plan(const gndp_evaluator *ev, const score_plan *p, gndp_device *device, gndp_plan **out)
{
    gndp_status st = GNDP_OK;
    gndp_graph *g = NULL;
    gndp_node node[MOST_OUTPUTS];
    const gndp_plan_options options = {.store = ev->score.store, .bf16 = ev->score.bf16, .ema = ev->score.ema, .frozen = true};
    const gndp_type wanted = rows_of(&ev->y, p->rows);
    GNDP_TRY(gndp_graph_create(&g));
    const gndp_score_inputs in = make_inputs(ev, g, p->rows);
    node[0] = ev->score.build(ev->score.state, g, &in);
    const gndp_type type = gndp_node_type(node[0]);
    GNDP_CHECK(gndp_graph_status(g) != GNDP_OK || gndp_type_equal(type, wanted), GNDP_ERR_SHAPE,
               "the score is " GNDP_TYPE_FMT ", the state " GNDP_TYPE_FMT, GNDP_TYPE_ARG(type), GNDP_TYPE_ARG(wanted));
    if (p->n_out == 3) {
        node[1] = p->vjp ? vjp_node(g, node[0], &in) : products_node(g, node[0], &in, p->width);
    }
    node[p->n_out - 1] = touch(g, &in, ev->dtype);
    GNDP_TRY(gndp_plan_create(g, node, p->n_out, device, &options, out));
done:
    gndp_graph_free(g);
    return st;
}

/* A plan for another thread. */
static gndp_status make_twin(const gndp_evaluator *ev, const score_plan *p, gndp_plan **out)
{
    const gndp_status st = gndp_plan_twin(p->plan[0], out);
    return st == GNDP_ERR_UNSUPPORTED ? make_plan(ev, p, ev->single, out) : st;
}

/* The arrays of all parts together. */
static gndp_status make_arrays(const gndp_evaluator *ev, plan_kind kind, score_plan *p)
{
    gndp_status st = GNDP_OK;
    const gndp_type entries = rows_of(&ev->y, ev->slots * p->width);
    GNDP_TRY(gndp_array_create(ev->y.type, &p->out[p->n_out++]));
    if (kind != PLAN_VALUE) {
        GNDP_TRY(gndp_array_create(entries, &p->cot));
        GNDP_TRY(gndp_array_create(p->vjp ? entries : gndp_type_1d(ev->dtype, entries.dim[0]), &p->out[p->n_out++]));
    }
    if (kind == PLAN_PRODUCTS) {
        GNDP_TRY(gndp_array_create(entries, &p->weight));
    }
    GNDP_TRY(gndp_array_create(gndp_type_1d(ev->dtype, parts_of(ev->batch)), &p->out[p->n_out++]));
done:
    return st;
}

/* In parts, or as one: a function of shapes alone, so that bits do not depend on the number of threads. */
static gndp_status make(const gndp_evaluator *ev, plan_kind kind, int64_t width, score_plan *out)
{
    gndp_status st = GNDP_OK;
    score_plan p = {.width = width, .vjp = kind == PLAN_VJP, .parts = 1, .rows = ev->slots};
    gndp_plan *whole = NULL;
    const int64_t parts = parts_of(ev->batch);
    int64_t threads = gndp_device_threads(ev->device);
    p.plan = calloc((size_t)parts, sizeof *p.plan); /* at most one thread a part */
    GNDP_CHECK(p.plan != NULL, GNDP_ERR_NOMEM, "%lld plans", (long long)parts);
    GNDP_TRY(make_arrays(ev, kind, &p));
    GNDP_TRY(make_plan(ev, &p, ev->device, &whole));
    const double flops = gndp_plan_get_stats(whole).flops;
    threads = flops < LEAST_SHARED ? 1 : threads;
    if (parts > 1) {
        p.parts = parts;
        p.rows = ev->slots / parts;
        GNDP_TRY(make_plan(ev, &p, ev->single, &p.plan[0]));
        p.workers = 1;
    }
    if (parts > 1 && (double)parts * gndp_plan_get_stats(p.plan[0]).flops <= MOST_REPEATED * flops) {
        for (; p.workers < threads && p.workers < parts; p.workers++) {
            GNDP_TRY(make_twin(ev, &p, &p.plan[p.workers]));
        }
    } else {
        gndp_plan_free(p.plan[0]);
        p.plan[0] = whole;
        whole = NULL;
        p.workers = p.parts = 1;
        p.rows = ev->slots;
    }
    *out = p;
    p = (score_plan){0};
done:
    gndp_plan_free(whole);
    plans_free(&p);
    return st;
}

void plans_free(score_plan *p)
{
    for (int64_t i = p->workers - 1; i >= 0; i--) { /* twins first */
        gndp_plan_free(p->plan[i]);
    }
    free(p->plan);
    for (int64_t i = 0; i < p->n_out; i++) {
        gndp_array_free(&p->out[i]);
    }
    gndp_array_free(&p->cot);
    gndp_array_free(&p->weight);
    *p = (score_plan){0};
}

/* ---- Made when wanted ------------------------------------------------------------------------ */

gndp_status plans_value(gndp_evaluator *ev)
{
    return make(ev, PLAN_VALUE, 1, &ev->value);
}

gndp_status plans_vjp(gndp_evaluator *ev, score_plan **out)
{
    gndp_status st = GNDP_OK;
    if (ev->vjp.plan == NULL) {
        GNDP_TRY(make(ev, PLAN_VJP, 1, &ev->vjp));
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
        GNDP_TRY(make(ev, PLAN_PRODUCTS, INT64_C(1) << k, &ev->products[k]));
    }
    *out = &ev->products[k];
done:
    return st;
}
