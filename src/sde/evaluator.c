// SPDX-License-Identifier: Apache-2.0
// Making an evaluator: points, arrays, devices.
#define GNDP_NO_CALLSITE
#include "sde/plans.h"

#include <stdlib.h>
#include <string.h>

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
    for (int64_t i = 0; ev->score.context && i < ev->slots * ev->plan_points; i++) {
        ((int32_t *)ev->target.data)[i] = 1;
    }
}

gndp_status gndp_evaluator_move(gndp_evaluator *ev, const gndp_array *x)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(ev != NULL, GNDP_ERR_ARG, "evaluator is NULL");
    GNDP_TRY(check_points(ev, x));
    const int64_t n = x->type.dim[x->type.rank - 2], d = ev->dim,
                  sets = ev->shared_x ? 1 : ev->slots;
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
        plans_put(&ev->x, b * ev->plan_points * d, n * d,
                  (const double *)x->data + b % ev->batch * n * d);
    }
    for (int64_t i = 0; ev->padded && i < ev->slots * ev->plan_points; i++) {
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
    for (int64_t b = 0; b < ev->slots; b++) {
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
    const gndp_type row = gndp_type_1d(ev->dtype, ev->slots);
    const int64_t n = ev->plan_points;
    GNDP_TRY(gndp_array_create(row, &ev->t));
    GNDP_TRY(gndp_array_create(row, &ev->decay));
    GNDP_TRY(gndp_array_create(row, &ev->variance));
    GNDP_TRY(gndp_array_create(ev->shared_x ? gndp_type_2d(ev->dtype, n, ev->dim)
                                            : gndp_type_3d(ev->dtype, ev->slots, n, ev->dim),
                               &ev->x));
    GNDP_TRY(gndp_array_create(gndp_type_3d(ev->dtype, ev->slots, n, ev->components), &ev->y));
    if (ev->padded) {
        GNDP_TRY(gndp_array_create(gndp_type_2d(GNDP_I32, ev->slots, n), &ev->mask));
    }
    if (ev->score.context) {
        GNDP_TRY(gndp_array_create(gndp_type_2d(GNDP_I32, ev->slots, n), &ev->target));
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

static gndp_status open_devices(gndp_evaluator *ev, const gndp_device *device)
{
    gndp_status st = GNDP_OK;
    if (device == NULL) {
        GNDP_TRY(gndp_device_open("cpu", NULL, &ev->device));
    } else {
        GNDP_TRY(gndp_device_with_threads(device, gndp_device_threads(device), &ev->device));
    }
    GNDP_TRY(gndp_device_with_threads(ev->device, 1, &ev->single));
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
    ev->slots = plans_slots(ev->batch);
    GNDP_TRY(check_points(ev, x));
    ev->dim = x->type.dim[x->type.rank - 1];
    ev->shared_x = x->type.rank == 2;
    ev->padded = o.padded_points > 0;
    ev->plan_points = ev->padded ? o.padded_points : x->type.dim[x->type.rank - 2];
    GNDP_CHECK(ev->plan_points >= 1 && ev->dim >= 1, GNDP_ERR_SHAPE, "points " GNDP_TYPE_FMT,
               GNDP_TYPE_ARG(x->type));
    GNDP_TRY(make_arrays(ev));
    GNDP_TRY(gndp_evaluator_move(ev, x));
    GNDP_TRY(open_devices(ev, o.device));
    GNDP_TRY(plans_value(ev));
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
    plans_free(&ev->value);
    plans_free(&ev->vjp);
    for (int k = 0; k < WIDTHS; k++) {
        plans_free(&ev->products[k]);
    }
    gndp_array *const arrays[] = {&ev->t, &ev->decay, &ev->variance, &ev->x,
                                  &ev->y, &ev->mask,  &ev->target};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) {
        gndp_array_free(arrays[i]);
    }
    gndp_device_free(ev->single);
    gndp_device_free(ev->device);
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
