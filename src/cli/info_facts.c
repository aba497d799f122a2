// SPDX-License-Identifier: Apache-2.0
// What `gndp info` finds out about sets and tables.
#include "cli/info.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/usage.h"

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int by_position(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return x[0] != y[0] ? (x[0] > y[0] ? 1 : -1) : (x[1] > y[1]) - (x[1] < y[1]);
}

/* Keep each value of a sorted list once. */
static int64_t distinct(double *value, int64_t n)
{
    int64_t kept = 0;
    for (int64_t i = 0; i < n; i++)
        if (i == 0 || value[i] != value[kept - 1])
            value[kept++] = value[i];
    return kept;
}

/* The common difference of an ascending or descending list, NaN if there is
 * none. Coordinates in f32 keep 7 digits. */
static double step_of(const double *value, int64_t n)
{
    if (n < 2)
        return (double)NAN;
    const double step = (value[n - 1] - value[0]) / (double)(n - 1);
    const double largest = fmax(fabs(value[0]), fabs(value[n - 1]));
    for (int64_t i = 1; i < n; i++)
        if (fabs(value[i] - value[0] - (double)i * step) > 2e-7 * largest + 1e-4 * fabs(step))
            return (double)NAN;
    return step;
}

double info_axis_step(const gndp_axis *axis)
{
    double step = step_of(axis->value, axis->size);
    if (fabs(step - round(step * 1e6) / 1e6) <= 2e-7 * fabs(step)) /* 0.25 of an axis in f32 */
        step = round(step * 1e6) / 1e6;
    return step;
}

static void count_ids(const gndp_field_label *label, int64_t n, const char **id, info_labels *out)
{
    int64_t m = 0;
    for (int64_t i = 0; i < n; i++)
        if (label[i].id != NULL)
            id[m++] = label[i].id;
    qsort(id, (size_t)m, sizeof *id, by_text);
    for (int64_t i = 0; i < m; i++)
        out->n_ids += i == 0 || strcmp(id[i], id[i - 1]) != 0;
}

int info_labels_make(const gndp_fieldset *set, info_labels *out)
{
    const gndp_fieldset_spec *spec = gndp_fieldset_get_spec(set);
    const int64_t n = spec->n_fields;
    *out = (info_labels){.first_s = (double)NAN, .last_s = (double)NAN, .step_s = (double)NAN};
    if (spec->label == NULL)
        return GNDP_EXIT_DONE;
    double *value = malloc((size_t)n * sizeof *value);
    const char **id = malloc((size_t)n * sizeof *id);
    if (value == NULL || id == NULL) {
        free(value);
        free(id);
        return gndp_failure_memory();
    }
    int64_t m = 0;
    for (int64_t i = 0; i < n; i++)
        if (isfinite(spec->label[i].time_s))
            value[m++] = spec->label[i].time_s;
    qsort(value, (size_t)m, sizeof *value, by_value);
    out->n_times = distinct(value, m);
    if (m > 0) {
        out->first_s = value[0];
        out->last_s = value[out->n_times - 1];
        out->step_s = step_of(value, out->n_times);
    }
    m = 0;
    for (int64_t i = 0; i < n; i++)
        if (spec->label[i].member >= 0)
            value[m++] = (double)spec->label[i].member;
    qsort(value, (size_t)m, sizeof *value, by_value);
    out->n_members = distinct(value, m);
    if (m > 0) {
        out->member_low = (int64_t)value[0];
        out->member_high = (int64_t)value[out->n_members - 1];
    }
    count_ids(spec->label, n, id, out);
    free(value);
    free(id);
    return GNDP_EXIT_DONE;
}

void info_coordinate_range(const gndp_coords *coords, int c, double *low, double *high)
{
    *low = HUGE_VAL;
    *high = -HUGE_VAL;
    const bool product = coords->layout == GNDP_LAYOUT_PRODUCT;
    const int64_t n = product ? coords->axis[c].size : coords->n;
    for (int64_t i = 0; i < n; i++) {
        const double x = product ? coords->axis[c].value[i] : coords->x[i * coords->columns + c];
        *low = fmin(*low, x);
        *high = fmax(*high, x);
    }
}

void info_points_range(const gndp_fieldset *set, int64_t out[3])
{
    const int64_t F = gndp_fieldset_get_spec(set)->n_fields;
    double *n = gndp_fieldset_shared(set) ? NULL : malloc((size_t)F * sizeof *n);
    out[0] = out[1] = out[2] = gndp_fieldset_max_points(set);
    for (int64_t f = 0; f < F && n != NULL; f++)
        n[f] = (double)gndp_fieldset_points(set, f);
    if (n != NULL) {
        qsort(n, (size_t)F, sizeof *n, by_value);
        out[0] = (int64_t)n[0];
        out[1] = (int64_t)n[F / 2];
    }
    free(n);
}

/* Latitude and longitude of a unit vector. */
static void degrees_of(const double *u, double out[2])
{
    const double degree = acos(-1.0) / 180.0;
    out[0] = atan2(u[2], hypot(u[0], u[1])) / degree;
    out[1] = atan2(u[1], u[0]) / degree;
}

int info_positions_make(const gndp_fieldset *set, int component, info_positions *out)
{
    int code = GNDP_EXIT_DONE;
    const int P = gndp_fieldset_components(set);
    const int64_t F = gndp_fieldset_get_spec(set)->n_fields, most = gndp_fieldset_max_points(set);
    int64_t total = 0;
    for (int64_t f = 0; f < F; f++)
        total += gndp_fieldset_points(set, f);
    double *values = malloc((size_t)(most * P) * sizeof *values),
           *place = malloc(2 * (size_t)total * sizeof *place);
    uint8_t *present = malloc((size_t)(most * P));
    *out = (info_positions){HUGE_VAL, -HUGE_VAL, HUGE_VAL, -HUGE_VAL, 0, 0, 0};
    if (values == NULL || place == NULL || present == NULL) {
        code = gndp_failure_memory();
        goto done;
    }
    for (int64_t f = 0; f < F; f++) {
        const int64_t n = gndp_fieldset_points(set, f);
        GNDP_LIBRARY(gndp_fieldset_read(set, 1, &f, n, NULL, values, present));
        for (int64_t i = 0; i < n; i++) {
            if (!present[i * P + component]) {
                out->missing++;
                continue;
            }
            double *at = place + 2 * out->present++;
            degrees_of(values + i * P + component, at);
            out->lat_low = fmin(out->lat_low, at[0]);
            out->lat_high = fmax(out->lat_high, at[0]);
            out->lon_low = fmin(out->lon_low, at[1]);
            out->lon_high = fmax(out->lon_high, at[1]);
        }
    }
    qsort(place, (size_t)out->present, 2 * sizeof *place, by_position);
    for (int64_t i = 0; i < out->present; i++)
        out->distinct += i == 0 || by_position(place + 2 * i, place + 2 * (i - 1)) != 0;
done:
    free(values);
    free(place);
    free(present);
    return code;
}

/* Length of the UTF-8 sequence at text, 0 if it is none or a control byte. */
static size_t sequence(const unsigned char *text)
{
    if (text[0] >= ' ' && text[0] < 0x7f)
        return 1;
    const size_t n = text[0] >= 0xc2 && text[0] < 0xe0   ? 2
                     : text[0] >= 0xe0 && text[0] < 0xf0 ? 3
                     : text[0] >= 0xf0 && text[0] < 0xf5 ? 4
                                                         : 0;
    for (size_t i = 1; i < n; i++)
        if ((text[i] & 0xc0) != 0x80)
            return 0;
    const unsigned second = n > 1 ? text[1] : 0; /* overlong forms, surrogates, beyond U+10FFFF,
                                                    controls of 0x80..0x9f */
    if ((text[0] == 0xe0 && second < 0xa0) || (text[0] == 0xed && second > 0x9f) ||
        (text[0] == 0xf0 && second < 0x90) || (text[0] == 0xf4 && second > 0x8f) ||
        (text[0] == 0xc2 && second < 0xa0))
        return 0;
    return n;
}

info_shown info_show(const char *text)
{
    enum { MOST = 200 };
    info_shown out = {""};
    const unsigned char *at = (const unsigned char *)text;
    size_t used = 0;
    while (*at != '\0') {
        const size_t n = sequence(at), width = n > 0 ? n : 1;
        if (used + width > MOST) {
            strcpy(out.text + used, "[cut]");
            break;
        }
        memcpy(out.text + used, n > 0 ? (const char *)at : "?", width);
        used += width;
        at += width;
    }
    return out;
}

info_column info_column_of(const gndp_observations *o, int channel)
{
    info_column c = {0, 0, HUGE_VAL, -HUGE_VAL, 0.0, 0.0};
    for (int64_t i = 0; i < o->n; i++)
        if (o->channel[i] ==
            channel) { /* running mean and sum of squares about it (Welford 1962) */
            const double y = o->value[i], off = y - c.mean;
            c.n++;
            c.with_sd += o->sd[i] > 0.0;
            c.low = fmin(c.low, y);
            c.high = fmax(c.high, y);
            c.mean += off / (double)c.n;
            c.sd += off * (y - c.mean);
        }
    c.sd = c.n > 0 ? sqrt(c.sd / (double)c.n) : (double)NAN;
    return c;
}

int64_t info_places_of(const gndp_observations *o)
{
    const int C = o->columns;
    int64_t n = 0;
    /* two coordinates at most are compared; further ones are rare in tables and
     * would need a third order */
    double *place = malloc(2 * (size_t)(o->n + 1) * sizeof *place);
    if (place == NULL)
        return -1;
    for (int64_t i = 0; i < o->n; i++) {
        place[2 * i] = o->x[i * C];
        place[2 * i + 1] = C > 1 ? o->x[i * C + 1] : 0.0;
    }
    qsort(place, (size_t)o->n, 2 * sizeof *place, by_position);
    for (int64_t i = 0; i < o->n; i++)
        n += i == 0 || by_position(place + 2 * i, place + 2 * (i - 1)) != 0;
    free(place);
    return n;
}

int64_t info_times_of(const gndp_observations *o, double *first_s, double *last_s)
{
    int64_t n = 0;
    double *time_s = malloc((size_t)(o->n + 1) * sizeof *time_s);
    *first_s = *last_s = (double)NAN;
    if (time_s == NULL)
        return -1;
    for (int64_t i = 0; i < o->n; i++)
        if (isfinite(o->time_s[i]))
            time_s[n++] = o->time_s[i];
    qsort(time_s, (size_t)n, sizeof *time_s, by_value);
    n = distinct(time_s, n);
    if (n > 0) {
        *first_s = time_s[0];
        *last_s = time_s[n - 1];
    }
    free(time_s);
    return n;
}
