// SPDX-License-Identifier: Apache-2.0
// Sets of fields beside each other: moments, spectra, correlation in order.
#include <gndp/eval.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "kernels/fft.h"

/* Room for one field of the set. */
typedef struct field_buffer {
    int64_t size; /* N P */
    double *values;
    uint8_t *present;
} field_buffer;

static gndp_status buffer_make(const gndp_fieldset *set, field_buffer *out)
{
    gndp_status st = GNDP_OK;
    memset(out, 0, sizeof *out);
    GNDP_CHECK(set != NULL, GNDP_ERR_ARG, "set is NULL");
    GNDP_CHECK(gndp_fieldset_shared(set), GNDP_ERR_UNSUPPORTED, "the fields of %s have points of their own",
               gndp_fieldset_get_spec(set)->origin);
    out->size = gndp_fieldset_max_points(set) * gndp_fieldset_components(set);
    out->values = malloc((size_t)out->size * sizeof *out->values);
    out->present = malloc((size_t)out->size);
    GNDP_CHECK(out->values != NULL && out->present != NULL, GNDP_ERR_NOMEM, "%lld values", (long long)out->size);
done:
    return st;
}

static void buffer_free(field_buffer *buffer)
{
    free(buffer->values);
    free(buffer->present);
}

static gndp_status read_one(const gndp_fieldset *set, int64_t f, field_buffer *buffer)
{
    return gndp_fieldset_read(set, 1, &f, gndp_fieldset_max_points(set), NULL, buffer->values, buffer->present);
}

gndp_status gndp_field_moments(const gndp_fieldset *set, double *mean, double *sd)
{
    gndp_status st = GNDP_OK;
    field_buffer buffer = {0};
    int64_t *count = NULL;
    GNDP_CHECK(mean != NULL && sd != NULL, GNDP_ERR_ARG, "mean or sd is NULL");
    GNDP_TRY(buffer_make(set, &buffer));
    count = calloc((size_t)buffer.size, sizeof *count);
    GNDP_CHECK(count != NULL, GNDP_ERR_NOMEM, "%lld counts", (long long)buffer.size);
    memset(mean, 0, (size_t)buffer.size * sizeof *mean);
    memset(sd, 0, (size_t)buffer.size * sizeof *sd);
    for (int64_t f = 0; f < gndp_fieldset_get_spec(set)->n_fields; f++) {
        GNDP_TRY(read_one(set, f, &buffer));
        for (int64_t i = 0; i < buffer.size; i++) {
            if (!buffer.present[i])
                continue;
            const double d = buffer.values[i] - mean[i];
            mean[i] += d / (double)++count[i]; /* Welford 1962 */
            sd[i] += d * (buffer.values[i] - mean[i]);
        }
    }
    for (int64_t i = 0; i < buffer.size; i++) {
        sd[i] = count[i] > 0 ? sqrt(sd[i] / (double)count[i]) : (double)NAN;
        mean[i] = count[i] > 0 ? mean[i] : (double)NAN;
    }
done:
    free(count);
    buffer_free(&buffer);
    return st;
}

/* Rows of n values at distance P, windowed, and their transforms. */
typedef struct row_work {
    fft *plan;
    double *window, *row, *spectrum;
} row_work;

static gndp_status row_make(int64_t n, bool periodic, row_work *out)
{
    gndp_status st = GNDP_OK;
    const double pi = acos(-1.0);
    double square = 0.0;
    memset(out, 0, sizeof *out);
    out->window = malloc((size_t)n * sizeof *out->window);
    out->row = malloc((size_t)n * sizeof *out->row);
    out->spectrum = malloc(2 * ((size_t)n / 2 + 1) * sizeof *out->spectrum);
    GNDP_CHECK(out->window != NULL && out->row != NULL && out->spectrum != NULL, GNDP_ERR_NOMEM, "rows of %lld",
               (long long)n);
    for (int64_t i = 0; i < n; i++) {
        const double s = sin(pi * ((double)i + 0.5) / (double)n);
        out->window[i] = periodic ? 1.0 : s * s;
        square += out->window[i] * out->window[i] / (double)n;
    }
    for (int64_t i = 0; i < n; i++)
        out->window[i] /= sqrt(square);
    GNDP_TRY(fft_row_create(n, 1, &out->plan));
done:
    return st;
}

static void row_free(row_work *work)
{
    fft_free(work->plan);
    free(work->window);
    free(work->row);
    free(work->spectrum);
}

/* Add the power of one row x [n] at distance `stride`; false if a value is missing. */
static bool add_row(row_work *work, int64_t n, const double *x, const uint8_t *present, int64_t stride, double *power)
{
    double mean = 0.0;
    for (int64_t i = 0; i < n; i++) {
        if (!present[i * stride])
            return false;
        mean += x[i * stride] / (double)n;
    }
    for (int64_t i = 0; i < n; i++)
        work->row[i] = work->window[i] * (x[i * stride] - mean);
    fft_row_forward(work->plan, work->row, work->spectrum);
    for (int64_t k = 0; k <= n / 2; k++) {
        const double re = work->spectrum[2 * k], im = work->spectrum[2 * k + 1];
        const double twice = k > 0 && 2 * k < n ? 2.0 : 1.0; /* k and n - k */
        power[k * stride] += twice * (re * re + im * im) / ((double)n * (double)n);
    }
    return true;
}

gndp_status gndp_zonal_spectrum(const gndp_fieldset *set, double *power)
{
    gndp_status st = GNDP_OK;
    field_buffer buffer = {0};
    row_work work = {0};
    int64_t *rows = NULL, any = 0;
    GNDP_CHECK(power != NULL, GNDP_ERR_ARG, "power is NULL");
    GNDP_TRY(buffer_make(set, &buffer));
    const gndp_fieldset_spec *spec = gndp_fieldset_get_spec(set);
    GNDP_CHECK(spec->coords.layout == GNDP_LAYOUT_PRODUCT, GNDP_ERR_UNSUPPORTED, "%s is no grid: it has no rows",
               spec->origin);
    const int components = gndp_fieldset_components(set);
    const int64_t n = spec->coords.axis[spec->coords.columns - 1].size;
    GNDP_CHECK(n >= 2, GNDP_ERR_SHAPE, "rows of %lld points have no spectrum", (long long)n);
    GNDP_TRY(row_make(n, gndp_coords_periodic(&spec->coords), &work));
    rows = calloc((size_t)components, sizeof *rows);
    GNDP_CHECK(rows != NULL, GNDP_ERR_NOMEM, "%d components", components);
    memset(power, 0, (size_t)((n / 2 + 1) * components) * sizeof *power);
    for (int64_t f = 0; f < spec->n_fields; f++) {
        GNDP_TRY(read_one(set, f, &buffer));
        for (int64_t at = 0; at < buffer.size; at += n * components)
            for (int p = 0; p < components; p++)
                rows[p] += add_row(&work, n, buffer.values + at + p, buffer.present + at + p, components, power + p);
    }
    for (int p = 0; p < components; p++)
        any += rows[p];
    GNDP_CHECK(any > 0, GNDP_ERR_NONFINITE, "%s: no row without missing values", spec->origin);
    for (int64_t i = 0; i < (n / 2 + 1) * components; i++)
        power[i] = rows[i % components] > 0 ? power[i] / (double)rows[i % components] : (double)NAN;
done:
    free(rows);
    row_free(&work);
    buffer_free(&buffer);
    return st;
}

gndp_status gndp_lag_correlation(const gndp_fieldset *set, int64_t lag, double *out)
{
    gndp_status st = GNDP_OK;
    field_buffer now = {0}, then = {0};
    double *mean = NULL, *sd = NULL, sum = 0.0;
    int64_t count = 0;
    GNDP_CHECK(out != NULL, GNDP_ERR_ARG, "out is NULL");
    GNDP_TRY(buffer_make(set, &now));
    GNDP_TRY(buffer_make(set, &then));
    const int64_t fields = gndp_fieldset_get_spec(set)->n_fields;
    GNDP_CHECK(lag >= 1 && lag < fields, GNDP_ERR_RANGE, "lag %lld of %lld fields", (long long)lag, (long long)fields);
    mean = malloc((size_t)now.size * sizeof *mean);
    sd = malloc((size_t)now.size * sizeof *sd);
    GNDP_CHECK(mean != NULL && sd != NULL, GNDP_ERR_NOMEM, "%lld moments", (long long)now.size);
    GNDP_TRY(gndp_field_moments(set, mean, sd));
    for (int64_t f = 0; f + lag < fields; f++) {
        GNDP_TRY(read_one(set, f, &now));
        GNDP_TRY(read_one(set, f + lag, &then));
        for (int64_t i = 0; i < now.size; i++)
            if (now.present[i] && then.present[i] && sd[i] > 0.0) {
                sum += (now.values[i] - mean[i]) * (then.values[i] - mean[i]) / (sd[i] * sd[i]);
                count++;
            }
    }
    GNDP_CHECK(count > 0, GNDP_ERR_NONFINITE, "no value varies");
    *out = sum / (double)count;
done:
    free(mean);
    free(sd);
    buffer_free(&now);
    buffer_free(&then);
    return st;
}
