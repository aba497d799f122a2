// SPDX-License-Identifier: Apache-2.0
// The description of a set: checked, and copied into the set's arena.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "fields/coords.h"
#include "fields/fieldset.h"

static gndp_status check_first(const gndp_fieldset_spec *spec)
{
    gndp_status st = GNDP_OK;
    const int64_t *first = spec->first;
    if (first == NULL)
        goto done;
    GNDP_CHECK(spec->coords.layout == GNDP_LAYOUT_LIST, GNDP_ERR_SHAPE,
               "fields with points of their own need a list of points, not a product");
    GNDP_CHECK(first[0] == 0, GNDP_ERR_SHAPE, "first[0] is %lld, not 0", (long long)first[0]);
    for (int64_t f = 0; f < spec->n_fields; f++)
        GNDP_CHECK(first[f + 1] > first[f], GNDP_ERR_SHAPE,
                   "field %lld has no points: first[%lld] is %lld, first[%lld] is %lld",
                   (long long)f, (long long)f, (long long)first[f], (long long)(f + 1),
                   (long long)first[f + 1]);
    GNDP_CHECK(first[spec->n_fields] == spec->coords.n, GNDP_ERR_SHAPE,
               "fields have %lld points, coordinates %lld", (long long)first[spec->n_fields],
               (long long)spec->coords.n);
done:
    return st;
}

static gndp_status check_labels(const gndp_fieldset_spec *spec)
{
    gndp_status st = GNDP_OK;
    for (int64_t f = 0; spec->label != NULL && f < spec->n_fields; f++) {
        GNDP_CHECK(!isinf(spec->label[f].time_s), GNDP_ERR_NONFINITE,
                   "the time of field %lld is %g", (long long)f, spec->label[f].time_s);
        GNDP_CHECK(spec->label[f].member >= -1, GNDP_ERR_RANGE, "the member of field %lld is %lld",
                   (long long)f, (long long)spec->label[f].member);
    }
    GNDP_CHECK(spec->n_attributes >= 0 && (spec->n_attributes == 0 || spec->attribute != NULL),
               GNDP_ERR_ARG, "%d attributes", spec->n_attributes);
    for (int i = 0; i < spec->n_attributes; i++)
        GNDP_CHECK(spec->attribute[i].name != NULL && spec->attribute[i].text != NULL, GNDP_ERR_ARG,
                   "attribute %d lacks name or text", i);
done:
    return st;
}

static gndp_status check_spec(const gndp_fieldset_spec *spec)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(spec != NULL, GNDP_ERR_ARG, "spec is NULL");
    GNDP_CHECK(spec->n_fields >= 1, GNDP_ERR_SHAPE, "%lld fields", (long long)spec->n_fields);
    GNDP_CHECK(gndp_calendar_name(spec->calendar)[0] != '?', GNDP_ERR_ARG, "calendar %d is none",
               (int)spec->calendar);
    GNDP_TRY(gndp_coords_check(&spec->coords));
    GNDP_TRY(gndp_channels_check(&spec->coords, spec->n_channels, spec->channel));
    GNDP_TRY(check_first(spec));
    GNDP_TRY(check_labels(spec));
done:
    return st;
}

gndp_status gndp_fieldset_keep(gndp_fieldset *set, const void *from, int64_t n, size_t size,
                               void *out)
{
    gndp_status st = GNDP_OK;
    const size_t bytes = (size_t)n * size;
    void *copy = gndp_arena_alloc(set->arena, bytes);
    GNDP_CHECK(copy != NULL, GNDP_ERR_NOMEM, "%zu bytes of a set's description", bytes);
    if (from != NULL && bytes > 0)
        memcpy(copy, from, bytes);
    memcpy(out, &copy, sizeof copy); /* out is a pointer to a pointer of any kind */
done:
    return st;
}

static gndp_status keep_text(gndp_fieldset *set, const char **text)
{
    gndp_status st = GNDP_OK;
    if (*text != NULL) {
        *text = gndp_arena_strdup(set->arena, *text);
        GNDP_CHECK(*text != NULL, GNDP_ERR_NOMEM, "text of a set's description");
    }
done:
    return st;
}

/* Latitudes a rounding beyond the pole become the pole. */
static gndp_status keep_coords(gndp_fieldset *set)
{
    gndp_status st = GNDP_OK;
    gndp_coords *coords = &set->spec.coords;
    const bool sphere = coords->space == GNDP_SPACE_SPHERE;
    for (int c = coords->columns; c < GNDP_MAX_AXES; c++)
        coords->axis[c] = (gndp_axis){.size = 0};
    if (coords->layout == GNDP_LAYOUT_LIST) {
        double *x = NULL;
        GNDP_TRY(gndp_fieldset_keep(set, coords->x, coords->n * coords->columns, sizeof *x, &x));
        for (int64_t i = 0; sphere && i < coords->n; i++)
            x[2 * i] = gndp_lat_clamp(x[2 * i]);
        coords->x = x;
        goto done;
    }
    for (int c = 0; c < coords->columns; c++) {
        gndp_axis *axis = &coords->axis[c];
        double *value = NULL;
        GNDP_TRY(gndp_fieldset_keep(set, axis->value, axis->size, sizeof *value, &value));
        for (int64_t i = 0; sphere && c == 0 && i < axis->size; i++)
            value[i] = gndp_lat_clamp(value[i]);
        axis->value = value;
    }
done:
    return st;
}

static gndp_status keep_labels(gndp_fieldset *set)
{
    gndp_status st = GNDP_OK;
    gndp_fieldset_spec *spec = &set->spec;
    gndp_field_label *label = NULL;
    GNDP_TRY(gndp_fieldset_keep(set, spec->label, spec->n_fields, sizeof *label, &label));
    for (int64_t f = 0; f < spec->n_fields; f++) {
        if (spec->label == NULL)
            label[f] = (gndp_field_label){.time_s = (double)NAN, .member = -1};
        GNDP_TRY(keep_text(set, &label[f].id));
    }
    spec->label = label;
    gndp_attribute *attribute = NULL;
    GNDP_TRY(gndp_fieldset_keep(set, spec->attribute, spec->n_attributes, sizeof *attribute,
                                &attribute));
    for (int i = 0; i < spec->n_attributes; i++) {
        GNDP_TRY(keep_text(set, &attribute[i].name));
        GNDP_TRY(keep_text(set, &attribute[i].text));
    }
    spec->attribute = attribute;
done:
    return st;
}

gndp_status gndp_fieldset_begin(const gndp_fieldset_spec *spec, gndp_fieldset **out)
{
    gndp_status st = GNDP_OK;
    gndp_fieldset *set = NULL;
    *out = NULL;
    GNDP_TRY(check_spec(spec));
    set = calloc(1, sizeof *set);
    GNDP_CHECK(set != NULL, GNDP_ERR_NOMEM, "%zu bytes", sizeof *set);
    GNDP_TRY(gndp_arena_create(0, &set->arena));
    set->spec = *spec;
    if (set->spec.origin == NULL)
        set->spec.origin = "fields";
    GNDP_TRY(keep_text(set, &set->spec.origin));
    GNDP_TRY(keep_coords(set));
    GNDP_TRY(keep_labels(set));
    GNDP_TRY(gndp_fieldset_keep(set, spec->channel, spec->n_channels, sizeof *spec->channel,
                                &set->spec.channel));
    for (int k = 0; k < spec->n_channels; k++)
        set->components += spec->channel[k].components;
    set->max_points = spec->coords.n;
    if (spec->first != NULL) {
        GNDP_TRY(gndp_fieldset_keep(set, spec->first, spec->n_fields + 1, sizeof *spec->first,
                                    &set->spec.first));
        set->max_points = 0;
        for (int64_t f = 0; f < spec->n_fields; f++)
            if (spec->first[f + 1] - spec->first[f] > set->max_points)
                set->max_points = spec->first[f + 1] - spec->first[f];
    }
    *out = set;
    set = NULL;
done:
    gndp_fieldset_free(set);
    return st;
}
