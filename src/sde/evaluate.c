// SPDX-License-Identifier: Apache-2.0
// Evaluation of a score in blocks of fixed size: values, products with the Jacobian, divergence.
#include <string.h>

#include "sde/plans.h"

static void put_one(gndp_array *a, int64_t at, double v)
{
    plans_put(a, at, 1, &v);
}

/* ---- Running --------------------------------------------------------------------------------- */

/* Row k of the plan takes realization k % n, the spare ones too; padded points keep the zeros they were given. */
static void fill_rows(gndp_evaluator *ev, int64_t n, const double *t, bool one_time,
                      const double *y)
{
    const int64_t size = evaluator_size(ev), stride = ev->plan_points * ev->components;
    gndp_linear_law at = {0};
    for (int64_t k = 0; k < ev->slots; k++) {
        const int64_t i = k % ev->batch % n;
        const double now = t[one_time ? 0 : i];
        if (k == 0 || !one_time) {
            at = gndp_schedule_marginal(&ev->schedule, now);
        }
        put_one(&ev->t, k, now);
        put_one(&ev->decay, k, at.a);
        put_one(&ev->variance, k, at.variance);
        plans_put(&ev->y, k * stride, size, y + i * size);
    }
}

static void get_rows(const gndp_evaluator *ev, const gndp_array *a, int64_t n, double *v)
{
    const int64_t size = evaluator_size(ev), stride = ev->plan_points * ev->components;
    for (int64_t i = 0; i < n; i++) {
        plans_get(a, i * stride, size, v + i * size);
    }
}

gndp_status evaluator_block(gndp_evaluator *ev, int64_t n, int64_t active, const double *t,
                            bool one_time, const double *y, double *g)
{
    gndp_status st = GNDP_OK;
    fill_rows(ev, n, t, one_time, y);
    GNDP_TRY(plans_run(ev, &ev->value));
    get_rows(ev, &ev->value.out[0], n, g);
    ev->count += active;
done:
    return st;
}

/* Rows n .. m n - 1 repeat the realizations with other products, so that few of them fill a block
 * too. */
typedef struct product_tiles {
    int64_t n, repeats, width, items;
} product_tiles;

static product_tiles tiles_of(const gndp_evaluator *ev, const score_plan *p, int64_t n,
                              int64_t items)
{
    return (product_tiles){.n = n,
                           .repeats = ev->shared_x ? ev->batch / n : 1,
                           .width = p->width,
                           .items = items};
}

/* Which product row k and column c of the run that starts at `base` make; -1: none. */
static int64_t tile_item(const product_tiles *tiles, int64_t base, int64_t k, int64_t c)
{
    const int64_t item = base + c * tiles->repeats + k / tiles->n;
    return k < tiles->n * tiles->repeats && item < tiles->items ? item : -1;
}

/* Sums of a realization go by rising item, whatever the tiles. */
static void add_products(const score_plan *p, const product_tiles *tiles,
                         int64_t base, double *sum)
{
    for (int64_t c = 0; c < tiles->width; c++) {
        for (int64_t k = 0; k < tiles->n * tiles->repeats; k++) {
            if (tile_item(tiles, base, k, c) >= 0) {
                double v;
                plans_get(&p->out[1], plans_entry(p, c, k), 1, &v);
                sum[k % tiles->n] += v;
            }
        }
    }
}

/* Unit vectors in cotangent and weight: entry (item, item) of J. Called again with 0 to take them
 * out. */
static void put_units(gndp_evaluator *ev, score_plan *p, const product_tiles *tiles, int64_t base,
                      double v)
{
    const int64_t stride = ev->plan_points * ev->components;
    for (int64_t c = 0; c < tiles->width; c++) {
        for (int64_t k = 0; k < ev->batch; k++) {
            const int64_t item = tile_item(tiles, base, k, c);
            if (item >= 0) {
                put_one(&p->cot, plans_entry(p, c, k) * stride + item, v);
                put_one(&p->weight, plans_entry(p, c, k) * stride + item, v);
            }
        }
    }
}

gndp_status evaluator_trace(gndp_evaluator *ev, int64_t n, int64_t active, const double *t,
                            bool one_time, const double *y, double *g, double *trace)
{
    gndp_status st = GNDP_OK;
    score_plan *p = NULL;
    const int64_t size = evaluator_size(ev);
    GNDP_TRY(plans_products(ev, size, &p));
    const product_tiles tiles = tiles_of(ev, p, n, size);
    memset(p->cot.data, 0, gndp_type_bytes(p->cot.type));
    memset(p->weight.data, 0, gndp_type_bytes(p->weight.type));
    memset(trace, 0, (size_t)n * sizeof *trace);
    fill_rows(ev, n, t, one_time, y);
    for (int64_t base = 0; base < size; base += tiles.width * tiles.repeats) {
        put_units(ev, p, &tiles, base, 1.0);
        GNDP_TRY(plans_run(ev, p));
        put_units(ev, p, &tiles, base, 0.0);
        add_products(p, &tiles, base, trace);
    }
    get_rows(ev, &p->out[0], n, g);
    ev->count += 2 * active * size;
done:
    return st;
}

gndp_status evaluator_probe(gndp_evaluator *ev, int64_t n, int64_t active, const double *t,
                            bool one_time, const double *y, int64_t probes, const double *a,
                            const double *b, double *g, double *estimate)
{
    gndp_status st = GNDP_OK;
    score_plan *p = NULL;
    const int64_t size = evaluator_size(ev), stride = ev->plan_points * ev->components;
    GNDP_TRY(plans_products(ev, probes, &p));
    const product_tiles tiles = tiles_of(ev, p, n, probes);
    memset(estimate, 0, (size_t)n * sizeof *estimate);
    fill_rows(ev, n, t, one_time, y);
    for (int64_t base = 0; base < probes; base += tiles.width * tiles.repeats) {
        memset(p->cot.data, 0, gndp_type_bytes(p->cot.type));
        memset(p->weight.data, 0, gndp_type_bytes(p->weight.type));
        for (int64_t c = 0; c < tiles.width; c++) {
            for (int64_t k = 0; k < ev->batch; k++) {
                const int64_t item = tile_item(&tiles, base, k, c);
                if (item >= 0) {
                    const int64_t from = (k % n * probes + item) * size;
                    plans_put(&p->cot, plans_entry(p, c, k) * stride, size, a + from);
                    plans_put(&p->weight, plans_entry(p, c, k) * stride, size, b + from);
                }
            }
        }
        GNDP_TRY(plans_run(ev, p));
        add_products(p, &tiles, base, estimate);
    }
    for (int64_t i = 0; i < n; i++) {
        estimate[i] /= (double)probes;
    }
    get_rows(ev, &p->out[0], n, g);
    ev->count += 2 * active * probes;
done:
    return st;
}

/* ---- Public calls ---------------------------------------------------------------------------- */

static gndp_status check_call(const gndp_evaluator *ev, int64_t n, const void *t, const void *in,
                              const void *out)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(ev != NULL, GNDP_ERR_ARG, "evaluator is NULL");
    GNDP_CHECK(n >= 0 && (ev->shared_x || n <= ev->batch), GNDP_ERR_RANGE, "%lld realizations%s",
               (long long)n, n < 0 ? "" : ", more than have points of their own");
    GNDP_CHECK(n == 0 || (t != NULL && in != NULL && out != NULL), GNDP_ERR_ARG,
               "an array is NULL");
    GNDP_CHECK(n == 0 || in != out, GNDP_ERR_ARG, "g and y are the same array");
done:
    return st;
}

gndp_status gndp_evaluator_score(gndp_evaluator *ev, int64_t n, const double *t, bool one_time,
                                 const double *y, double *g)
{
    gndp_status st = GNDP_OK;
    GNDP_TRY(check_call(ev, n, t, y, g));
    const int64_t size = evaluator_size(ev);
    for (int64_t r = 0; r < n; r += ev->batch) {
        const int64_t some = n - r < ev->batch ? n - r : ev->batch;
        GNDP_TRY(evaluator_block(ev, some, some, one_time ? t : t + r, one_time, y + r * size,
                                 g + r * size));
    }
done:
    return st;
}

gndp_status evaluator_product(gndp_evaluator *ev, int64_t n, int64_t active, const double *t,
                              bool one_time, const double *y, const double *cot, double *g,
                              double *out)
{
    gndp_status st = GNDP_OK;
    score_plan *p = NULL;
    GNDP_TRY(plans_vjp(ev, &p));
    const int64_t size = evaluator_size(ev), stride = ev->plan_points * ev->components;
    memset(p->cot.data, 0, gndp_type_bytes(p->cot.type));
    fill_rows(ev, n, t, one_time, y);
    for (int64_t k = 0; k < ev->batch; k++) {
        plans_put(&p->cot, k * stride, size, cot + k % n * size);
    }
    GNDP_TRY(plans_run(ev, p));
    get_rows(ev, &p->out[0], n, g);
    get_rows(ev, &p->out[1], n, out);
    ev->count += 2 * active;
done:
    return st;
}

gndp_status gndp_evaluator_vjp(gndp_evaluator *ev, int64_t n, const double *t, bool one_time,
                               const double *y, const double *cot, double *g, double *out)
{
    gndp_status st = GNDP_OK;
    GNDP_TRY(check_call(ev, n, t, y, g));
    GNDP_CHECK(n == 0 || (cot != NULL && out != NULL), GNDP_ERR_ARG, "an array is NULL");
    const int64_t size = evaluator_size(ev);
    for (int64_t r = 0; r < n; r += ev->batch) {
        const int64_t some = n - r < ev->batch ? n - r : ev->batch;
        GNDP_TRY(evaluator_product(ev, some, some, one_time ? t : t + r, one_time, y + r * size,
                                   cot + r * size, g + r * size, out + r * size));
    }
done:
    return st;
}

gndp_status gndp_evaluator_divergence(gndp_evaluator *ev, int64_t n, const double *t, bool one_time,
                                      const double *y, double *g, double *divergence)
{
    gndp_status st = GNDP_OK;
    GNDP_TRY(check_call(ev, n, t, y, g));
    GNDP_CHECK(n == 0 || divergence != NULL, GNDP_ERR_ARG, "divergence is NULL");
    const int64_t size = evaluator_size(ev);
    for (int64_t r = 0; r < n; r += ev->batch) {
        const int64_t some = n - r < ev->batch ? n - r : ev->batch;
        GNDP_TRY(evaluator_trace(ev, some, some, one_time ? t : t + r, one_time, y + r * size,
                                 g + r * size, divergence + r));
    }
done:
    return st;
}
