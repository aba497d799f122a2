// SPDX-License-Identifier: Apache-2.0
// Sets of fields: making, sharing, asking, reading.
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "fields/coords.h"
#include "fields/fieldset.h"

/* ---- Making --------------------------------------------------------------------------------- */

gndp_status gndp_fieldset_create(const gndp_fieldset_spec *spec, const gndp_array *values,
                                 const uint8_t *present, gndp_fieldset **out)
{
    gndp_status st = GNDP_OK;
    gndp_fieldset *set = NULL;
    GNDP_CHECK(out != NULL, GNDP_ERR_ARG, "out is NULL");
    *out = NULL;
    GNDP_CHECK(values != NULL, GNDP_ERR_ARG, "values is NULL");
    GNDP_TRY(gndp_fieldset_begin(spec, &set));
    GNDP_TRY(gndp_field_store_create(&set->spec, &set->store));
    GNDP_TRY(gndp_field_store_fill(set->store, values, present));
    *out = set;
    set = NULL;
done:
    gndp_fieldset_free(set);
    return st;
}

gndp_status gndp_fieldset_create_view(const gndp_fieldset_spec *spec, gndp_field_source source_take,
                                      gndp_fieldset **out)
{
    gndp_status st = GNDP_OK;
    gndp_fieldset *set = NULL;
    GNDP_CHECK(out != NULL, GNDP_ERR_ARG, "out is NULL");
    *out = NULL;
    GNDP_CHECK(source_take.read != NULL, GNDP_ERR_ARG, "the source has no read");
    GNDP_TRY(gndp_fieldset_begin(spec, &set));
    GNDP_TRY(gndp_field_store_create(&set->spec, &set->store));
    set->store->source = source_take;
    source_take.close = NULL; /* the store closes it now */
    *out = set;
    set = NULL;
done:
    if (source_take.close != NULL)
        source_take.close(source_take.state);
    gndp_fieldset_free(set);
    return st;
}

void gndp_fieldset_free(gndp_fieldset *set)
{
    if (set == NULL)
        return;
    gndp_field_store_free(set->store);
    gndp_arena_free(set->arena);
    free(set);
}

/* ---- Choosing fields ------------------------------------------------------------------------ */

/* Own points of the chosen fields, one after the other: x, the new `first`, and turns. */
static gndp_status gather_points(const gndp_fieldset *from, int64_t n, const int64_t *field,
                                 gndp_fieldset_spec *spec, double *x, double *turn, int64_t *first)
{
    const int columns = spec->coords.columns;
    first[0] = 0;
    for (int64_t i = 0; i < n; i++) {
        const int64_t at = from->spec.first[field[i]];
        const int64_t m = from->spec.first[field[i] + 1] - at;
        memcpy(x + first[i] * columns, from->spec.coords.x + at * columns,
               (size_t)(m * columns) * sizeof *x);
        if (turn != NULL)
            memcpy(turn + first[i] * 2, from->turn + at * 2, (size_t)m * 2 * sizeof *turn);
        first[i + 1] = first[i] + m;
    }
    spec->coords.x = x;
    spec->coords.n = first[n];
    spec->first = first;
    return GNDP_OK;
}

gndp_status gndp_fieldset_select(const gndp_fieldset *from, int64_t n, const int64_t *field,
                                 gndp_fieldset **out)
{
    gndp_status st = GNDP_OK;
    gndp_fieldset *set = NULL;
    gndp_field_label *label = NULL;
    double *x = NULL, *turn = NULL;
    int64_t *first = NULL;
    GNDP_CHECK(out != NULL, GNDP_ERR_ARG, "out is NULL");
    *out = NULL;
    GNDP_CHECK(from != NULL && field != NULL, GNDP_ERR_ARG, "%s is NULL",
               from == NULL ? "from" : "field");
    GNDP_CHECK(n >= 1, GNDP_ERR_RANGE, "%lld fields selected", (long long)n);
    gndp_fieldset_spec spec = from->spec;
    int64_t points = 0;
    for (int64_t i = 0; i < n; i++) {
        GNDP_CHECK(field[i] >= 0 && field[i] < spec.n_fields, GNDP_ERR_RANGE,
                   "%s: field %lld selected, there are %lld", spec.origin, (long long)field[i],
                   (long long)spec.n_fields);
        points += gndp_fieldset_points(from, field[i]);
    }
    label = malloc((size_t)n * sizeof *label);
    GNDP_CHECK(label != NULL, GNDP_ERR_NOMEM, "%lld labels", (long long)n);
    for (int64_t i = 0; i < n; i++)
        label[i] = spec.label[field[i]];
    spec.label = label;
    spec.n_fields = n;
    if (spec.first != NULL) {
        x = malloc((size_t)(points * spec.coords.columns) * sizeof *x);
        first = malloc(((size_t)n + 1) * sizeof *first);
        turn = from->turn != NULL ? malloc((size_t)points * 2 * sizeof *turn) : NULL;
        GNDP_CHECK(x != NULL && first != NULL && (turn != NULL) == (from->turn != NULL),
                   GNDP_ERR_NOMEM, "%lld points", (long long)points);
        GNDP_TRY(gather_points(from, n, field, &spec, x, turn, first));
    }
    GNDP_TRY(gndp_fieldset_begin(&spec, &set));
    set->plane = from->plane;
    if (from->turn != NULL)
        GNDP_TRY(gndp_fieldset_keep(set, turn != NULL ? turn : from->turn, 2 * spec.coords.n,
                                    sizeof *turn, &set->turn));
    GNDP_TRY(gndp_fieldset_keep(set, field, n, sizeof *field, &set->field));
    for (int64_t i = 0; from->field != NULL && i < n; i++)
        set->field[i] = from->field[field[i]];
    set->store = gndp_field_store_share(from->store);
    *out = set;
    set = NULL;
done:
    gndp_fieldset_free(set);
    free(label);
    free(x);
    free(turn);
    free(first);
    return st;
}

/* ---- Asking --------------------------------------------------------------------------------- */

const gndp_fieldset_spec *gndp_fieldset_get_spec(const gndp_fieldset *set)
{
    return &set->spec;
}

int gndp_fieldset_components(const gndp_fieldset *set)
{
    return set->components;
}

bool gndp_fieldset_shared(const gndp_fieldset *set)
{
    return set->spec.first == NULL;
}

int64_t gndp_fieldset_points(const gndp_fieldset *set, int64_t f)
{
    if (set->spec.first == NULL)
        return set->spec.coords.n;
    return set->spec.first[f + 1] - set->spec.first[f];
}

int64_t gndp_fieldset_max_points(const gndp_fieldset *set)
{
    return set->max_points;
}

gndp_status gndp_fieldset_coords(const gndp_fieldset *set, int64_t f, double *x)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(set != NULL && x != NULL, GNDP_ERR_ARG, "%s is NULL", set == NULL ? "set" : "x");
    GNDP_CHECK(f >= 0 && f < set->spec.n_fields, GNDP_ERR_RANGE, "%s: field %lld of %lld",
               set->spec.origin, (long long)f, (long long)set->spec.n_fields);
    gndp_coords coords = set->spec.coords;
    if (set->spec.first != NULL) {
        coords.x += set->spec.first[f] * coords.columns;
        coords.n = gndp_fieldset_points(set, f);
    }
    gndp_coords_list(&coords, x);
done:
    return st;
}

/* ---- Reading -------------------------------------------------------------------------------- */

static gndp_status check_request(const gndp_fieldset *set, const gndp_field_request *request)
{
    gndp_status st = GNDP_OK;
    const char *origin = set->spec.origin;
    GNDP_CHECK(request->n >= 0 && request->m >= 0, GNDP_ERR_RANGE, "%s: %lld fields at %lld points",
               origin, (long long)request->n, (long long)request->m);
    GNDP_CHECK(request->field != NULL || request->n == 0, GNDP_ERR_ARG, "field is NULL");
    int64_t fewest = INT64_MAX; /* points that all the fields have */
    for (int64_t i = 0; i < request->n; i++) {
        const int64_t f = request->field[i];
        GNDP_CHECK(f >= 0 && f < set->spec.n_fields, GNDP_ERR_RANGE, "%s: field %lld of %lld",
                   origin, (long long)f, (long long)set->spec.n_fields);
        const int64_t points = gndp_fieldset_points(set, f);
        fewest = points < fewest ? points : fewest;
    }
    if (request->point == NULL && request->n > 0) {
        GNDP_CHECK(set->spec.first == NULL || request->n == 1, GNDP_ERR_SHAPE,
                   "%s: all points of %lld fields, which have points of their own: ask one by one",
                   origin, (long long)request->n);
        GNDP_CHECK(request->m == fewest, GNDP_ERR_SHAPE,
                   "%s: all points are %lld, room is for %lld", origin, (long long)fewest,
                   (long long)request->m);
    }
    for (int64_t j = 0; request->point != NULL && j < request->m; j++)
        GNDP_CHECK(request->point[j] >= 0 && request->point[j] < fewest, GNDP_ERR_RANGE,
                   "%s: point %lld of %lld", origin, (long long)request->point[j],
                   (long long)fewest);
done:
    return st;
}

/* Vectors from (east, north) to the plane's axes (y, x): turned by the angle at each point. */
static void turn_vectors(const gndp_fieldset *set, const gndp_field_request *request,
                         double *values)
{
    const int p = set->components;
    for (int64_t i = 0; i < request->n; i++) {
        const int64_t first = set->spec.first != NULL ? set->spec.first[request->field[i]] : 0;
        for (int64_t j = 0; j < request->m; j++) {
            double *v = values + (i * request->m + j) * p;
            const int64_t at = first + (request->point != NULL ? request->point[j] : j);
            const double c = set->turn != NULL ? set->turn[2 * at] : 1.0;
            const double s = set->turn != NULL ? set->turn[2 * at + 1] : 0.0;
            for (int k = 0; k < set->spec.n_channels; v += set->spec.channel[k++].components) {
                if (set->spec.channel[k].kind != GNDP_CHANNEL_VECTOR)
                    continue;
                const double east = v[0], north = v[1];
                v[0] = s * east + c * north;
                v[1] = c * east - s * north;
            }
        }
    }
}

gndp_status gndp_fieldset_read(const gndp_fieldset *set, int64_t n, const int64_t *field, int64_t m,
                               const int64_t *point, double *values, uint8_t *present)
{
    gndp_status st = GNDP_OK;
    int64_t few[64], *many = NULL;
    GNDP_CHECK(set != NULL, GNDP_ERR_ARG, "set is NULL");
    gndp_field_request request = {n, field, m, point};
    GNDP_TRY(check_request(set, &request));
    if (n == 0 || m == 0)
        goto done;
    GNDP_CHECK(values != NULL, GNDP_ERR_ARG, "values is NULL");
    if (set->field != NULL) {
        int64_t *mapped = few;
        if (n > (int64_t)(sizeof few / sizeof *few)) {
            mapped = many = malloc((size_t)n * sizeof *many);
            GNDP_CHECK(many != NULL, GNDP_ERR_NOMEM, "%lld field numbers", (long long)n);
        }
        for (int64_t i = 0; i < n; i++)
            mapped[i] = set->field[field[i]];
        request.field = mapped;
    }
    GNDP_TRY(gndp_field_store_read(set->store, &request, values, present));
    request.field = field;
    if (set->plane)
        turn_vectors(set, &request, values);
done:
    free(many);
    return st;
}
