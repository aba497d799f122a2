// SPDX-License-Identifier: Apache-2.0
// A whole set of fields as one file, its times and members as axes.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "io/writer.h"

/* Fields as a rectangle of times and members. */
typedef struct rectangle {
    int64_t n_times, n_members; /* n_members 0: none */
    double *time_s;             /* [n_times]; NULL: none */
    int64_t *member;            /* [n_members]; NULL: none, or 0 .. n - 1 */
    int64_t *field;             /* [max(n_members, 1), n_times] */
} rectangle;

static void rectangle_free(rectangle *r)
{
    free(r->time_s);
    free(r->member);
    free(r->field);
}

static int double_order(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static int int_order(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* Sort and drop repetitions. @return how many are left */
static int64_t distinct(void *data, int64_t n, size_t size,
                        int (*order)(const void *, const void *))
{
    char *item = data;
    int64_t kept = n > 0 ? 1 : 0;
    qsort(data, (size_t)n, size, order);
    for (int64_t i = 1; i < n; i++)
        if (order(item + (size_t)(kept - 1) * size, item + (size_t)i * size) != 0)
            memmove(item + (size_t)kept++ * size, item + (size_t)i * size, size);
    return kept;
}

/* Whether fields have times, or members: all of them or none. */
static gndp_status look_at_labels(const gndp_fieldset_spec *spec, bool *times, bool *members)
{
    gndp_status st = GNDP_OK;
    *times = !isnan(spec->label[0].time_s);
    *members = spec->label[0].member >= 0;
    for (int64_t f = 1; f < spec->n_fields; f++) {
        GNDP_CHECK(!isnan(spec->label[f].time_s) == *times, GNDP_ERR_SHAPE,
                   "%s: field 0 has %s time, field %lld has %s", spec->origin, *times ? "a" : "no",
                   (long long)f, *times ? "none" : "one");
        GNDP_CHECK((spec->label[f].member >= 0) == *members, GNDP_ERR_SHAPE,
                   "%s: field 0 has %s member number, field %lld has %s", spec->origin,
                   *members ? "a" : "no", (long long)f, *members ? "none" : "one");
    }
done:
    return st;
}

static gndp_status collect_axes(const gndp_fieldset_spec *spec, rectangle *r)
{
    gndp_status st = GNDP_OK;
    const int64_t n = spec->n_fields;
    bool times, members;
    GNDP_TRY(look_at_labels(spec, &times, &members));
    r->n_times = 1;
    if (times) {
        r->time_s = malloc((size_t)n * sizeof *r->time_s);
        GNDP_CHECK(r->time_s != NULL, GNDP_ERR_NOMEM, "%lld times", (long long)n);
        for (int64_t f = 0; f < n; f++)
            r->time_s[f] = spec->label[f].time_s;
        r->n_times = distinct(r->time_s, n, sizeof *r->time_s, double_order);
    }
    if (members) {
        r->member = malloc((size_t)n * sizeof *r->member);
        GNDP_CHECK(r->member != NULL, GNDP_ERR_NOMEM, "%lld members", (long long)n);
        for (int64_t f = 0; f < n; f++)
            r->member[f] = spec->label[f].member;
        r->n_members = distinct(r->member, n, sizeof *r->member, int_order);
    } else if (!times && n > 1) {
        r->n_members = n; /* independent draws */
    }
done:
    return st;
}

static gndp_status place_fields(const gndp_fieldset_spec *spec, rectangle *r)
{
    gndp_status st = GNDP_OK;
    const int64_t n = spec->n_fields, slots = r->n_members > 0 ? r->n_members : 1;
    GNDP_CHECK(slots <= n && r->n_times * slots == n, GNDP_ERR_SHAPE,
               "%s: %lld fields do not fill the rectangle of %lld times and %lld members",
               spec->origin, (long long)n, (long long)r->n_times, (long long)slots);
    r->field = malloc((size_t)n * sizeof *r->field);
    GNDP_CHECK(r->field != NULL, GNDP_ERR_NOMEM, "%lld fields", (long long)n);
    for (int64_t i = 0; i < n; i++)
        r->field[i] = -1;
    for (int64_t f = 0; f < n; f++) {
        const gndp_field_label *label = &spec->label[f];
        int64_t t = 0, m = r->n_members == n && r->member == NULL ? f : 0;
        if (r->time_s != NULL)
            t = (double *)bsearch(&label->time_s, r->time_s, (size_t)r->n_times, sizeof *r->time_s,
                                  double_order) -
                r->time_s;
        if (r->member != NULL)
            m = (int64_t *)bsearch(&label->member, r->member, (size_t)r->n_members,
                                   sizeof *r->member, int_order) -
                r->member;
        int64_t *place = &r->field[m * r->n_times + t];
        GNDP_CHECK(*place < 0, GNDP_ERR_SHAPE,
                   "%s: fields %lld and %lld have the same time and member", spec->origin,
                   (long long)*place, (long long)f);
        *place = f;
    }
done:
    return st;
}

static gndp_status write_fields(const gndp_fieldset *set, const rectangle *r, bool resume,
                                gndp_field_writer *writer)
{
    gndp_status st = GNDP_OK;
    const size_t values_of =
        (size_t)gndp_fieldset_points(set, 0) * (size_t)gndp_fieldset_components(set);
    double *values = malloc(values_of * sizeof *values);
    uint8_t *present = malloc(values_of);
    GNDP_CHECK(values != NULL && present != NULL, GNDP_ERR_NOMEM, "%zu values", values_of);
    for (int64_t m = 0; m < (r->n_members > 0 ? r->n_members : 1); m++) {
        if (gndp_field_writer_has(writer, m))
            continue;
        for (int64_t t = 0; t < r->n_times; t++) {
            GNDP_TRY(gndp_fieldset_read(set, 1, &r->field[m * r->n_times + t],
                                        gndp_fieldset_points(set, 0), NULL, values, present));
            GNDP_TRY(gndp_field_writer_put(writer, t, m, values, present));
        }
        if (resume)
            GNDP_TRY(gndp_field_writer_member_done(writer, m));
    }
done:
    free(values);
    free(present);
    return st;
}

gndp_status gndp_fieldset_write(const gndp_fieldset *set, const char *path,
                                const gndp_write_options *options)
{
    gndp_status st = GNDP_OK;
    rectangle r = {0};
    gndp_field_writer *writer = NULL;
    GNDP_CHECK(set != NULL && path != NULL, GNDP_ERR_ARG, "%s is NULL",
               set == NULL ? "set" : "path");
    const gndp_fieldset_spec *spec = gndp_fieldset_get_spec(set);
    GNDP_CHECK(gndp_fieldset_shared(set), GNDP_ERR_SHAPE,
               "%s: each field has its own points, which a grid or list of stations cannot hold; "
               "write tracks",
               spec->origin);
    GNDP_TRY(collect_axes(spec, &r));
    GNDP_TRY(place_fields(spec, &r));
    const gndp_field_file file = {
        .coords = spec->coords,
        .n_channels = spec->n_channels,
        .channel = spec->channel,
        .calendar = spec->calendar,
        .n_times = r.n_times,
        .time_s = r.time_s,
        .reference_time_s = (double)NAN,
        .n_members = r.n_members,
        .member = r.member,
        .n_attributes = spec->n_attributes,
        .attribute = spec->attribute,
    };
    GNDP_TRY(gndp_field_writer_create(path, &file, options, &writer));
    GNDP_TRY(write_fields(set, &r, options != NULL && options->resume, writer));
    GNDP_TRY(gndp_field_writer_commit(writer));
done:
    gndp_field_writer_free(writer, options != NULL && options->resume);
    rectangle_free(&r);
    return st;
}
