// SPDX-License-Identifier: Apache-2.0
// Global attributes, the look for valid values, and whether joined files are laid out alike.
#include "io/netcdf_set.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "base/text.h"
#include "io/netcdf_file.h"

/* Attributes kept, and values of one part that are looked at when a set is opened. */
#define MAX_ATTRIBUTES 64
#define SCAN_VALUES ((int64_t)1 << 25)

static bool about_form(const char *name)
{
    static const char *const names[] = {"Conventions", "featureType", "cdm_data_type",
                                        "nco_openmp_thread_number"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcasecmp(name, names[i]) == 0)
            return true;
    return name[0] == '_' || name[0] == '\0';
}

void gndp_nc_attributes_free(gndp_nc_attributes *attributes)
{
    for (int i = 0; i < attributes->n; i++) {
        free((void *)(uintptr_t)attributes->attribute[i].name);
        free((void *)(uintptr_t)attributes->attribute[i].text);
    }
    free(attributes->attribute);
    *attributes = (gndp_nc_attributes){0};
}

gndp_status gndp_nc_attributes_read(const gndp_nc_contents *contents, gndp_nc_attributes *out)
{
    gndp_status st = GNDP_OK;
    int n = 0;
    *out = (gndp_nc_attributes){0};
    GNDP_NC(nc_inq_natts(contents->nc, &n), contents->path, "cannot list attributes");
    out->attribute = calloc(MAX_ATTRIBUTES, sizeof *out->attribute);
    GNDP_CHECK(out->attribute != NULL, GNDP_ERR_NOMEM, "%d attributes", MAX_ATTRIBUTES);
    for (int i = 0; i < n && out->n < MAX_ATTRIBUTES; i++) {
        char raw[NC_MAX_NAME + 1] = "", name[NC_MAX_NAME + 1];
        GNDP_NC(nc_inq_attname(contents->nc, NC_GLOBAL, i, raw), contents->path,
                "cannot read attribute %d", i);
        gndp_nc_clean(raw, strlen(raw), false, name, sizeof name);
        if (about_form(name) || strcmp(raw, name) != 0)
            continue;
        char *text = gndp_nc_text_dup(contents->nc, NC_GLOBAL, raw);
        if (text == NULL)
            continue; /* a number */
        char *kept = strdup(name);
        out->attribute[out->n++] = (gndp_attribute){.name = kept, .text = text};
        GNDP_CHECK(kept != NULL, GNDP_ERR_NOMEM, "%zu bytes", strlen(name));
    }
done:
    return st;
}

gndp_status gndp_nc_places_same_index(const gndp_nc_places *a, const gndp_nc_places *b,
                                      const char *path_b)
{
    gndp_status st = GNDP_OK;
    bool same = a->n_space == b->n_space && memcmp(a->size, b->size, sizeof a->size) == 0;
    for (int c = 0; same && a->coords.layout == GNDP_LAYOUT_PRODUCT && c < a->coords.columns; c++)
        same = memcmp(a->index[c], b->index[c],
                      (size_t)a->coords.axis[c].size * sizeof **a->index) == 0;
    if (same && a->coords.layout == GNDP_LAYOUT_LIST)
        same = memcmp(a->cell, b->cell, (size_t)a->coords.n * sizeof *a->cell) == 0;
    GNDP_CHECK(same, GNDP_ERR_SHAPE,
               "%s: its grid holds the same points in another place than that of the first file: "
               "bring the files to one grid (cdo sellonlatbox)",
               path_b);
done:
    return st;
}

/* Whether any of m points (the first ones of a row, or all) of one field has a value. */
static gndp_status any_value(gndp_nc_view *view, int part, int64_t field, int64_t m,
                             const int64_t *point, double *values, uint8_t *present, bool *found)
{
    gndp_status st = GNDP_OK;
    const gndp_nc_target target = {.n = 1,
                                   .field = &field,
                                   .m = m,
                                   .point = point,
                                   .stride = 1,
                                   .values = values,
                                   .present = present};
    GNDP_TRY(gndp_nc_read_part(view, part, &target));
    *found = memchr(present, 1, (size_t)m) != NULL;
done:
    return st;
}

gndp_status gndp_nc_scan(gndp_nc_opening *opening, gndp_nc_view *view, int part)
{
    gndp_status st = GNDP_OK;
    const gndp_nc_file *file = &view->file[view->field[0].file];
    const char *name = file->part[part].name;
    int64_t first = 0;
    const int64_t n = view->places.coords.n, fields = view->n_fields;
    const int64_t n_first = gndp_nc_points_of(&view->places, view->field[0].time, &first);
    const int64_t few = n_first < 1024 ? n_first : 1024;
    int64_t point[1024];
    bool found = false;
    double *values = calloc((size_t)n, sizeof *values);
    uint8_t *present = calloc((size_t)n, 1);
    GNDP_CHECK(values != NULL && present != NULL, GNDP_ERR_NOMEM, "%lld values", (long long)n);
    /* Most fields have values in their middle; a few points tell that without a whole field. */
    for (int64_t k = 0; k < few; k++)
        point[k] = n_first / 2 - few / 2 + k;
    GNDP_TRY(any_value(view, part, 0, few, point, values, present, &found));
    /* Then whole fields, far from one another first. */
    const int64_t most = fields * n <= SCAN_VALUES ? fields : 1 + SCAN_VALUES / n;
    int64_t step = fields / 2 + 1;
    while (fields > 1 && step > 1) { /* a step without a common divisor comes to every field */
        int64_t a = fields, b = step;
        while (b != 0) {
            const int64_t rest = a % b;
            a = b;
            b = rest;
        }
        if (a == 1)
            break;
        step--;
    }
    int64_t looked = 0;
    for (int64_t f = 0; !found && looked < most; looked++, f = (f + step) % fields)
        GNDP_TRY(any_value(view, part, f,
                           gndp_nc_points_of(&view->places, view->field[f].time, &first), NULL,
                           values, present, &found));
    GNDP_CHECK(found || looked < fields, GNDP_ERR_NONFINITE,
               "%s: variable '%s' has no valid value among those selected", file->contents.path,
               name);
    if (!found)
        gndp_nc_note(opening,
                     "%s: variable '%s': no valid value in the %lld of %lld fields looked at",
                     file->contents.path, name, (long long)looked, (long long)fields);
done:
    free(values);
    free(present);
    return st;
}
