// SPDX-License-Identifier: Apache-2.0
// Values in memory or behind a source, and the checks that both go through.
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/memory.h"
#include "fields/coords.h"
#include "fields/store.h"

#define UNIT_SLACK 1e-6 /* of the length of a unit vector: float rounding is 6e-8 */

static void store_destroy(gndp_field_store *store)
{
    if (store->source.close != NULL)
        store->source.close(store->source.state);
    gndp_array_free(&store->values);
    gndp_pages_free(store->present, (size_t)store->rows * (size_t)store->n_channels);
    free(store->first);
    free(store->channel);
    free(store->origin);
    free(store);
}

gndp_status gndp_field_store_create(const gndp_fieldset_spec *spec, gndp_field_store **out)
{
    gndp_status st = GNDP_OK;
    gndp_field_store *store = calloc(1, sizeof *store);
    *out = NULL;
    GNDP_CHECK(store != NULL, GNDP_ERR_NOMEM, "%zu bytes", sizeof *store);
    atomic_init(&store->users, 1);
    store->n_fields = spec->n_fields;
    store->points = spec->first == NULL ? spec->coords.n : 0;
    store->n_channels = spec->n_channels;
    for (int k = 0; k < spec->n_channels; k++)
        store->components += spec->channel[k].components;
    if (spec->first == NULL)
        GNDP_CHECK(!__builtin_mul_overflow(spec->n_fields, spec->coords.n, &store->rows),
                   GNDP_ERR_SHAPE, "%lld fields of %lld points", (long long)spec->n_fields,
                   (long long)spec->coords.n);
    else
        store->rows = spec->coords.n;

    const size_t channel_bytes = (size_t)spec->n_channels * sizeof *store->channel;
    store->channel = malloc(channel_bytes);
    store->origin = strdup(spec->origin != NULL ? spec->origin : "fields");
    GNDP_CHECK(store->channel != NULL && store->origin != NULL, GNDP_ERR_NOMEM, "%zu bytes",
               channel_bytes);
    memcpy(store->channel, spec->channel, channel_bytes);
    if (spec->first != NULL) {
        const size_t bytes = ((size_t)spec->n_fields + 1) * sizeof *store->first;
        store->first = malloc(bytes);
        GNDP_CHECK(store->first != NULL, GNDP_ERR_NOMEM, "%zu bytes", bytes);
        memcpy(store->first, spec->first, bytes);
    }
    *out = store;
    store = NULL;
done:
    if (store != NULL)
        store_destroy(store);
    return st;
}

gndp_field_store *gndp_field_store_share(gndp_field_store *store)
{
    atomic_fetch_add(&store->users, 1);
    return store;
}

void gndp_field_store_free(gndp_field_store *store)
{
    if (store != NULL && atomic_fetch_sub(&store->users, 1) == 1)
        store_destroy(store);
}

/* ---- Checks --------------------------------------------------------------------------------- */

/* The values of one channel at one point: finite, and of length 1 where they are a direction. */
static bool is_good(const gndp_channel *channel, const double *value)
{
    double square = 0.0;
    for (int i = 0; i < channel->components; i++) {
        if (!isfinite(value[i]))
            return false;
        square += value[i] * value[i];
    }
    return channel->kind != GNDP_CHANNEL_SPHERE || fabs(sqrt(square) - 1.0) <= UNIT_SLACK;
}

static gndp_status fail_bad(const gndp_field_store *store, const gndp_channel *channel,
                            int64_t field, int64_t point, const double *value)
{
    gndp_status st = GNDP_OK;
    double square = 0.0;
    for (int i = 0; i < channel->components; i++) {
        GNDP_CHECK(isfinite(value[i]), GNDP_ERR_NONFINITE,
                   "%s: field %lld, point %lld, channel '%s': component %d is %g", store->origin,
                   (long long)field, (long long)point, channel->name, i, value[i]);
        square += value[i] * value[i];
    }
    GNDP_CHECK(false, GNDP_ERR_RANGE,
               "%s: field %lld, point %lld, channel '%s': a unit vector of length %.9g",
               store->origin, (long long)field, (long long)point, channel->name, sqrt(square));
done:
    return st;
}

static gndp_status fail_missing(const gndp_field_store *store, int64_t field, int64_t point,
                                int channel)
{
    return gndp_fail_at(GNDP_HERE, GNDP_ERR_NONFINITE,
                        "%s: field %lld, point %lld: channel '%s' is missing", store->origin,
                        (long long)field, (long long)point, store->channel[channel].name);
}

/* One point [P] as the source gave it: finite, whole channels, zeros where missing. -1, or the
   channel that is bad. */
static int clean_point(const gndp_field_store *store, double *v, uint8_t *is)
{
    for (int k = 0; k < store->n_channels; k++) {
        const int parts = store->channel[k].components;
        bool whole = true;
        for (int c = 0; c < parts; c++)
            whole = whole && is[c] != 0;
        if (whole && !is_good(&store->channel[k], v))
            return k;
        for (int c = 0; c < parts; c++) {
            v[c] = whole ? v[c] : 0.0;
            is[c] = whole;
        }
        v += parts;
        is += parts;
    }
    return -1;
}

static int first_component(const gndp_field_store *store, int k)
{
    int first = 0;
    for (int i = 0; i < k; i++)
        first += store->channel[i].components;
    return first;
}

static gndp_status clean(const gndp_field_store *store, const gndp_field_request *request,
                         double *values, uint8_t *present)
{
    gndp_status st = GNDP_OK;
    for (int64_t i = 0; i < request->n; i++) {
        for (int64_t j = 0; j < request->m; j++) {
            const int64_t at = (i * request->m + j) * store->components;
            const int bad = clean_point(store, values + at, present + at);
            if (bad >= 0)
                GNDP_TRY(fail_bad(store, &store->channel[bad], request->field[i],
                                  request->point != NULL ? request->point[j] : j,
                                  values + at + first_component(store, bad)));
        }
    }
done:
    return st;
}

/* ---- Memory --------------------------------------------------------------------------------- */

static inline void get_row(const gndp_field_store *store, int64_t row, double *to)
{
    const int p = store->components;
    if (store->values.type.dtype == GNDP_F64) {
        memcpy(to, (const double *)store->values.data + row * p, (size_t)p * sizeof *to);
    } else {
        const float *from = (const float *)store->values.data + row * p;
        for (int c = 0; c < p; c++)
            to[c] = (double)from[c];
    }
}

static void clear_value(const gndp_field_store *store, int64_t row, int first, int n)
{
    const size_t size = gndp_dtype_size(store->values.type.dtype);
    memset((char *)store->values.data + (size_t)(row * store->components + first) * size, 0,
           (size_t)n * size);
}

/* Field and point of a row, for messages. */
static void find_row(const gndp_field_store *store, int64_t row, int64_t *field, int64_t *point)
{
    if (store->first == NULL) {
        *field = row / store->points;
        *point = row % store->points;
        return;
    }
    int64_t low = 0, high = store->n_fields; /* first[low] <= row < first[high] */
    while (high - low > 1) {
        const int64_t middle = low + (high - low) / 2;
        if (store->first[middle] <= row)
            low = middle;
        else
            high = middle;
    }
    *field = low;
    *point = row - store->first[low];
}

/* Check all rows; clear what is missing, so that NaN or rubbish there reaches nobody. */
static gndp_status check_rows(gndp_field_store *store)
{
    gndp_status st = GNDP_OK;
    double row[GNDP_MAX_CHANNELS * GNDP_MAX_COMPONENTS];
    for (int64_t r = 0; r < store->rows; r++) {
        uint8_t *is = store->present != NULL ? store->present + r * store->n_channels : NULL;
        get_row(store, r, row);
        for (int k = 0, at = 0; k < store->n_channels; at += store->channel[k++].components) {
            if (is != NULL && is[k] == 0) {
                clear_value(store, r, at, store->channel[k].components);
                continue;
            }
            if (is != NULL)
                is[k] = 1;
            if (!is_good(&store->channel[k], row + at)) {
                int64_t field, point;
                find_row(store, r, &field, &point);
                GNDP_TRY(fail_bad(store, &store->channel[k], field, point, row + at));
            }
        }
    }
done:
    return st;
}

void gndp_field_store_trim(gndp_field_store *store)
{
    const size_t bytes = (size_t)store->rows * (size_t)store->n_channels;
    if (store->present != NULL && memchr(store->present, 0, bytes) == NULL) {
        gndp_pages_free(store->present, bytes);
        store->present = NULL;
    }
}

gndp_status gndp_field_store_fill(gndp_field_store *store, const gndp_array *values,
                                  const uint8_t *present)
{
    gndp_status st = GNDP_OK;
    const gndp_dtype dtype = values->type.dtype;
    GNDP_CHECK(dtype == GNDP_F32 || dtype == GNDP_F64, GNDP_ERR_TYPE,
               "values are " GNDP_TYPE_FMT ": f32 or f64 are wanted", GNDP_TYPE_ARG(values->type));
    const gndp_type want =
        store->first == NULL
            ? gndp_type_3d(dtype, store->n_fields, store->points, store->components)
            : gndp_type_2d(dtype, store->rows, store->components);
    GNDP_CHECK(gndp_type_equal(values->type, want), GNDP_ERR_SHAPE,
               "values are " GNDP_TYPE_FMT ", the set has " GNDP_TYPE_FMT,
               GNDP_TYPE_ARG(values->type), GNDP_TYPE_ARG(want));
    GNDP_CHECK(values->data != NULL, GNDP_ERR_ARG, "values have no data");
    GNDP_TRY(gndp_array_create(want, &store->values));
    memcpy(store->values.data, values->data, gndp_type_bytes(want));
    const size_t mask_bytes = (size_t)store->rows * (size_t)store->n_channels;
    if (present != NULL) {
        store->present = gndp_pages_alloc(mask_bytes);
        GNDP_CHECK(store->present != NULL, GNDP_ERR_NOMEM, "%zu bytes for the mask", mask_bytes);
        memcpy(store->present, present, mask_bytes);
    }
    GNDP_TRY(check_rows(store));
    gndp_field_store_trim(store);
done:
    return st;
}

static gndp_status read_memory(const gndp_field_store *store, const gndp_field_request *request,
                               double *values, uint8_t *present)
{
    gndp_status st = GNDP_OK;
    const int p = store->components;
    for (int64_t i = 0; i < request->n; i++) {
        const int64_t f = request->field[i];
        const int64_t first = store->first != NULL ? store->first[f] : f * store->points;
        for (int64_t j = 0; j < request->m; j++) {
            const int64_t point = request->point != NULL ? request->point[j] : j;
            const int64_t row = first + point, at = (i * request->m + j) * p;
            get_row(store, row, values + at);
            if (store->present == NULL) {
                if (present != NULL)
                    memset(present + at, 1, (size_t)p);
                continue;
            }
            const uint8_t *is = store->present + row * store->n_channels;
            for (int k = 0, c = 0; k < store->n_channels; c += store->channel[k++].components) {
                if (present != NULL)
                    memset(present + at + c, is[k], (size_t)store->channel[k].components);
                else if (is[k] == 0)
                    GNDP_TRY(fail_missing(store, f, point, k));
            }
        }
    }
done:
    return st;
}

/* ---- Sources -------------------------------------------------------------------------------- */

static gndp_status read_source(const gndp_field_store *store, const gndp_field_request *request,
                               double *values, uint8_t *present)
{
    gndp_status st = GNDP_OK;
    const int p = store->components;
    const int64_t count = request->n * request->m * p;
    uint8_t *mask = present != NULL ? present : malloc((size_t)count + 1);
    GNDP_CHECK(mask != NULL, GNDP_ERR_NOMEM, "%lld bytes for a mask", (long long)count);
    GNDP_TRY(store->source.read(store->source.state, request->n, request->field, request->m,
                                request->point, values, mask));
    GNDP_TRY(clean(store, request, values, mask));
    for (int64_t e = 0; present == NULL && e < count; e++) {
        if (mask[e] == 0) {
            const int64_t j = e / p % request->m;
            const int k = gndp_channel_of(store->n_channels, store->channel, (int)(e % p), NULL);
            GNDP_TRY(fail_missing(store, request->field[e / p / request->m],
                                  request->point != NULL ? request->point[j] : j, k));
        }
    }
done:
    if (mask != present)
        free(mask);
    return st;
}

gndp_status gndp_field_store_read(const gndp_field_store *store, const gndp_field_request *request,
                                  double *values, uint8_t *present)
{
    return store->values.data != NULL ? read_memory(store, request, values, present)
                                      : read_source(store, request, values, present);
}
