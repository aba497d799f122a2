// SPDX-License-Identifier: Apache-2.0
// All values of a set in blocks: its statistics, and the set in memory.
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "fields/fieldset.h"
#include "fields/stream.h"

#define BLOCK_BYTES ((int64_t)32 << 20)

static int64_t min_of(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Fields together in a block, and points of each. */
typedef struct shape {
    int64_t fields, points;
} shape;

static shape block_shape(const gndp_fieldset *set)
{
    const int64_t point_bytes = (int64_t)set->components * 9; /* value and mask */
    const int64_t rows = BLOCK_BYTES / point_bytes > 1 ? BLOCK_BYTES / point_bytes : 1;
    shape s = {1, min_of(set->max_points, rows)};
    if (set->spec.first == NULL && rows / set->max_points > 1)
        s.fields = min_of(rows / set->max_points, set->spec.n_fields);
    return s;
}

/* Points point .. point + m - 1 of the fields; `number` is NULL when that is always all of them. */
static gndp_status read_block(const gndp_fieldset *set, gndp_block_of_values *block,
                              int64_t *number, int64_t *field, double *values, uint8_t *present)
{
    gndp_status st = GNDP_OK;
    for (int64_t i = 0; i < block->n; i++)
        field[i] = block->field + i;
    const bool all = block->m == gndp_fieldset_points(set, block->field);
    for (int64_t j = 0; !all && j < block->m; j++)
        number[j] = block->point + j;
    GNDP_TRY(
        gndp_fieldset_read(set, block->n, field, block->m, all ? NULL : number, values, present));
    block->values = values;
    block->present = present;
done:
    return st;
}

gndp_status gndp_fieldset_stream(const gndp_fieldset *set, gndp_stream_fn take, void *state)
{
    gndp_status st = GNDP_OK;
    const shape s = block_shape(set);
    const int64_t count = s.fields * s.points * set->components;
    double *values = malloc((size_t)count * sizeof *values);
    uint8_t *present = malloc((size_t)count);
    int64_t *field = malloc((size_t)s.fields * sizeof *field);
    int64_t *number = NULL;
    GNDP_CHECK(values != NULL && present != NULL && field != NULL, GNDP_ERR_NOMEM,
               "%lld values for a block", (long long)count);
    if (s.points < set->max_points) {
        number = malloc((size_t)s.points * sizeof *number);
        GNDP_CHECK(number != NULL, GNDP_ERR_NOMEM, "%lld numbers of points", (long long)s.points);
    }
    for (int64_t f = 0; f < set->spec.n_fields; f += s.fields) {
        const int64_t points = gndp_fieldset_points(set, f);
        for (int64_t at = 0; at < points; at += s.points) {
            gndp_block_of_values block = {.field = f,
                                          .n = min_of(s.fields, set->spec.n_fields - f),
                                          .point = at,
                                          .m = min_of(s.points, points - at)};
            GNDP_TRY(read_block(set, &block, number, field, values, present));
            GNDP_TRY(take(state, &block));
        }
    }
done:
    free(values);
    free(present);
    free(field);
    free(number);
    return st;
}

/* ---- Statistics ----------------------------------------------------------------------------- */

typedef struct moments {
    int components;
    gndp_component_stats *out;
    double *square; /* [P] sum of squared deviations from the mean */
} moments;

/*
 * A block's mean and sum of squares M2 in two passes, joined to what went before (Chan, Golub and
 * LeVeque 1979): with d the difference of means, mean += d n_b/n, M2 += M2_b + d^2 n_a n_b/n.
 * Nothing cancels, whatever the mean: 101325 Pa with deviations of 1 Pa loses no digits.
 */
static void join_component(moments *m, const gndp_block_of_values *block, int p)
{
    gndp_component_stats *s = &m->out[p];
    const int64_t rows = block->n * block->m;
    double sum = 0.0, square = 0.0, rest = 0.0;
    int64_t n = 0;
    for (int64_t r = 0; r < rows; r++) {
        const int64_t e = r * m->components + p;
        if (block->present[e] == 0)
            continue;
        sum += block->values[e];
        n++;
    }
    s->missing += rows - n;
    if (n == 0)
        return;
    const double mean = sum / (double)n;
    for (int64_t r = 0; r < rows; r++) {
        const int64_t e = r * m->components + p;
        if (block->present[e] == 0)
            continue;
        const double v = block->values[e], d = v - mean;
        square += d * d;
        rest += d; /* what rounding left in the mean */
        s->low = v < s->low ? v : s->low;
        s->high = v > s->high ? v : s->high;
    }
    const double exact = mean + rest / (double)n;
    square -= rest * rest / (double)n;
    const double before = (double)s->present, all = before + (double)n;
    const double d = exact - s->mean;
    m->square[p] += square + d * d * before * ((double)n / all);
    s->mean += d * ((double)n / all);
    s->present += n;
}

static gndp_status join_block(void *state, const gndp_block_of_values *block)
{
    moments *m = state;
    for (int p = 0; p < m->components; p++)
        join_component(m, block, p);
    return GNDP_OK;
}

gndp_status gndp_fieldset_stats(const gndp_fieldset *set, gndp_component_stats *out)
{
    gndp_status st = GNDP_OK;
    double *square = NULL;
    GNDP_CHECK(set != NULL && out != NULL, GNDP_ERR_ARG, "%s is NULL", set == NULL ? "set" : "out");
    square = calloc((size_t)set->components, sizeof *square);
    GNDP_CHECK(square != NULL, GNDP_ERR_NOMEM, "%d sums", set->components);
    for (int p = 0; p < set->components; p++)
        out[p] = (gndp_component_stats){.low = (double)INFINITY, .high = (double)-INFINITY};
    moments m = {set->components, out, square};
    GNDP_TRY(gndp_fieldset_stream(set, join_block, &m));
    for (int p = 0; p < set->components; p++) {
        gndp_component_stats *s = &out[p];
        s->sd = sqrt(fmax(square[p], 0.0) / (double)s->present);
        if (s->low == s->high) /* never varies: rounding must not say otherwise */
            s->mean = s->low, s->sd = 0.0;
        if (s->present == 0)
            s->low = s->high = s->mean = s->sd = (double)NAN;
    }
done:
    free(square);
    return st;
}

/* ---- All in memory -------------------------------------------------------------------------- */

static gndp_status load_block(void *state, const gndp_block_of_values *block)
{
    gndp_status st = GNDP_OK;
    gndp_field_store *store = state;
    const int p = store->components;
    float *to = store->values.data;
    for (int64_t i = 0; i < block->n; i++) {
        const int64_t f = block->field + i;
        const int64_t first = store->first != NULL ? store->first[f] : f * store->points;
        for (int64_t j = 0; j < block->m; j++) {
            const int64_t row = first + block->point + j, at = (i * block->m + j) * p;
            for (int k = 0, c = 0; k < store->n_channels; c += store->channel[k++].components) {
                uint8_t *is = store->present + row * store->n_channels + k;
                *is = block->present[at + c];
                for (int e = c; e < c + store->channel[k].components; e++) {
                    to[row * p + e] = (float)block->values[at + e];
                    GNDP_CHECK(isfinite(to[row * p + e]), GNDP_ERR_NONFINITE,
                               "%s: field %lld, point %lld, channel '%s': %g is too large for f32",
                               store->origin, (long long)f, (long long)(block->point + j),
                               store->channel[k].name, block->values[at + e]);
                }
            }
        }
    }
done:
    return st;
}

static size_t machine_bytes(void)
{
    const long pages = sysconf(_SC_PHYS_PAGES), size = sysconf(_SC_PAGESIZE);
    return pages > 0 && size > 0 ? (size_t)pages * (size_t)size : SIZE_MAX;
}

gndp_status gndp_fieldset_load(const gndp_fieldset *from, size_t max_bytes, gndp_fieldset **out)
{
    gndp_status st = GNDP_OK;
    gndp_fieldset *set = NULL;
    GNDP_CHECK(out != NULL, GNDP_ERR_ARG, "out is NULL");
    *out = NULL;
    GNDP_CHECK(from != NULL, GNDP_ERR_ARG, "from is NULL");
    GNDP_TRY(gndp_fieldset_begin(&from->spec, &set));
    GNDP_TRY(gndp_field_store_create(&set->spec, &set->store));
    gndp_field_store *store = set->store;
    const size_t limit = max_bytes > 0 ? max_bytes : machine_bytes() / 4 * 3;
    const int64_t row_bytes = (int64_t)store->components * 4 + store->n_channels;
    int64_t bytes = 0;
    GNDP_CHECK(!__builtin_mul_overflow(store->rows, row_bytes, &bytes) && (size_t)bytes <= limit,
               GNDP_ERR_NOMEM,
               "%s: %lld fields take %.3g MB in memory, allowed are %.3g MB: select fewer fields, "
               "points or channels, or leave them behind the file",
               store->origin, (long long)store->n_fields,
               (double)store->rows * (double)row_bytes * 1e-6, (double)limit * 1e-6);
    const gndp_type type =
        store->first == NULL
            ? gndp_type_3d(GNDP_F32, store->n_fields, store->points, store->components)
            : gndp_type_2d(GNDP_F32, store->rows, store->components);
    GNDP_TRY(gndp_array_create(type, &store->values));
    store->present = gndp_pages_alloc((size_t)store->rows * (size_t)store->n_channels);
    GNDP_CHECK(store->present != NULL, GNDP_ERR_NOMEM, "%lld rows of a mask",
               (long long)store->rows);
    GNDP_TRY(gndp_fieldset_stream(from, load_block, store));
    gndp_field_store_trim(store);
    *out = set;
    set = NULL;
done:
    gndp_fieldset_free(set);
    return st;
}
