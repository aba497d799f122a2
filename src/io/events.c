// SPDX-License-Identifier: Apache-2.0
// Places of events on the sphere, one field each, from CSV with a header or without.
#include "io/events.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "io/bytes.h"
#include "io/csv_reader.h"
#include "io/number.h"
#include "io/place.h"

/* Latitudes and longitudes in degrees, in the order of the file. */
typedef struct places {
    double *degrees; /* [n, 2] */
    int64_t n, room;
    int lat, lon; /* columns */
    int columns;
} places;

static int find(const gndp_csv_reader *r, const char *const name[])
{
    for (; *name != NULL; name++)
        for (int c = 0; c < r->n; c++)
            if (strcasecmp(r->cell[c], *name) == 0)
                return c;
    return -1;
}

/* The first row: names, or the first place already. */
static gndp_status read_first(const gndp_csv_reader *r, places *p, bool *header)
{
    static const char *const lat_names[] = {"lat", "latitude", NULL};
    static const char *const lon_names[] = {"lon", "long", "lng", "longitude", NULL};
    gndp_status st = GNDP_OK;
    p->columns = r->n;
    *header = gndp_csv_reader_number(r) < 0;
    if (!*header) {
        GNDP_CHECK(r->n == 2, GNDP_ERR_FORMAT,
                   "%s:%" PRId64 ": %d cells; without a header latitude and longitude are wanted",
                   r->path, r->row_line, r->n);
        p->lat = 0;
        p->lon = 1;
        goto done;
    }
    GNDP_TRY(gndp_csv_reader_check_header(r));
    p->lat = find(r, lat_names);
    p->lon = find(r, lon_names);
    GNDP_CHECK(p->lat >= 0 && p->lon >= 0, GNDP_ERR_FORMAT,
               "%s:%" PRId64 ": there is no column of %s", r->path, r->row_line,
               p->lat < 0 ? "latitude" : "longitude");
done:
    return st;
}

static gndp_status read_row(const gndp_csv_reader *r, places *p)
{
    gndp_status st = GNDP_OK;
    const int column[2] = {p->lat, p->lon};
    double place[2];
    char where[512];
    GNDP_CHECK(r->n == p->columns, GNDP_ERR_FORMAT,
               "%s:%" PRId64 ": %d cells where the first row has %d", r->path, r->row_line, r->n,
               p->columns);
    for (int i = 0; i < 2; i++)
        GNDP_CHECK(gndp_number_parse(r->cell[column[i]], &place[i]), GNDP_ERR_FORMAT,
                   "%s:%" PRId64 ": column %d: '%s' is no finite number", r->path, r->row_line,
                   column[i] + 1, gndp_shown(r->cell[column[i]]).text);
    if (!gndp_place_is(place[0], place[1])) {
        snprintf(where, sizeof where, "%.480s:%" PRId64, r->path, r->row_line);
        GNDP_TRY(gndp_place_check(where, place[0], place[1]));
    }
    if (p->n == p->room) {
        const int64_t room = p->room > 0 ? 2 * p->room : 1024;
        double *grown = realloc(p->degrees, 2 * (size_t)room * sizeof *grown);
        GNDP_CHECK(grown != NULL, GNDP_ERR_NOMEM, "%" PRId64 " places", room);
        p->degrees = grown;
        p->room = room;
    }
    memcpy(p->degrees + 2 * p->n++, place, sizeof place);
done:
    return st;
}

typedef struct ranked {
    double lat, lon; /* longitude as gndp_place_longitude() names it */
    int64_t i;
} ranked;

static int by_place(const void *a, const void *b)
{
    const ranked *p = a, *q = b;
    if (p->lat != q->lat)
        return p->lat < q->lat ? -1 : 1;
    if (p->lon != q->lon)
        return p->lon < q->lon ? -1 : 1;
    return (p->i > q->i) - (p->i < q->i);
}

static int by_number(const void *a, const void *b)
{
    const int64_t p = *(const int64_t *)a, q = *(const int64_t *)b;
    return (p > q) - (p < q);
}

/* Keep the first of each place, in the order of the file. */
static gndp_status drop_repeated(places *p)
{
    gndp_status st = GNDP_OK;
    const size_t n = (size_t)p->n;
    ranked *all = malloc(n * sizeof *all + 1);
    int64_t *kept = malloc(n * sizeof *kept + 1), k = 0;
    GNDP_CHECK(all != NULL && kept != NULL, GNDP_ERR_NOMEM, "%zu places", n);
    for (size_t i = 0; i < n; i++) {
        const double lat = p->degrees[2 * i], lon = p->degrees[2 * i + 1];
        all[i] = (ranked){lat, gndp_place_longitude(lat, lon), (int64_t)i};
    }
    qsort(all, n, sizeof *all, by_place);
    for (size_t i = 0; i < n; i++)
        if (i == 0 || all[i].lat != all[i - 1].lat || all[i].lon != all[i - 1].lon)
            kept[k++] = all[i].i;
    qsort(kept, (size_t)k, sizeof *kept, by_number);
    for (int64_t i = 0; i < k; i++) /* kept[i] >= i: nothing is written over before it is read */
        memcpy(p->degrees + 2 * i, p->degrees + 2 * kept[i], 2 * sizeof(double));
    p->n = k;
done:
    free(all);
    free(kept);
    return st;
}

static gndp_status make_set(const char *path, const places *p, gndp_fieldset **out)
{
    gndp_status st = GNDP_OK;
    const double zero = 0.0;
    const gndp_channel channel = gndp_channel_sphere("position");
    const gndp_fieldset_spec spec = {.n_fields = p->n,
                                     .coords = {.space = GNDP_SPACE_EUCLIDEAN,
                                                .layout = GNDP_LAYOUT_LIST,
                                                .columns = 1,
                                                .axis = {{.name = "index", .units = "1"}},
                                                .n = 1,
                                                .x = &zero},
                                     .n_channels = 1,
                                     .channel = &channel,
                                     .origin = path};
    double *vectors = malloc(3 * (size_t)p->n * sizeof *vectors);
    GNDP_CHECK(vectors != NULL, GNDP_ERR_NOMEM, "%" PRId64 " places", p->n);
    gndp_coords_embed(GNDP_SPACE_SPHERE, 2, p->n, p->degrees, vectors);
    const gndp_array values = gndp_array_view(gndp_type_3d(GNDP_F64, p->n, 1, 3), vectors);
    GNDP_TRY(gndp_fieldset_create(&spec, &values, NULL, out));
done:
    free(vectors);
    return st;
}

gndp_status gndp_events_read_text(const char *path, char *bytes, size_t n, bool distinct,
                                  gndp_fieldset **out)
{
    gndp_status st = GNDP_OK;
    gndp_csv_reader reader = {0};
    places p = {0};
    bool more, header = true;
    GNDP_TRY(gndp_csv_reader_begin(path, bytes, n, &reader));
    GNDP_TRY(gndp_csv_reader_next(&reader, &more));
    GNDP_CHECK(more, GNDP_ERR_FORMAT, "%s is empty: rows of latitude, longitude are wanted", path);
    GNDP_TRY(read_first(&reader, &p, &header));
    if (!header)
        GNDP_TRY(read_row(&reader, &p));
    for (;;) {
        GNDP_TRY(gndp_csv_reader_next(&reader, &more));
        if (!more)
            break;
        GNDP_TRY(read_row(&reader, &p));
    }
    GNDP_CHECK(p.n > 0, GNDP_ERR_FORMAT, "%s has a header but no rows", path);
    if (distinct)
        GNDP_TRY(drop_repeated(&p));
    GNDP_TRY(make_set(path, &p, out));
done:
    gndp_csv_reader_free(&reader);
    free(p.degrees);
    return st;
}

gndp_status gndp_events_open(const char *path, bool distinct, gndp_fieldset **out)
{
    gndp_status st = GNDP_OK;
    char *bytes = NULL;
    size_t n = 0;
    GNDP_CHECK(out != NULL, GNDP_ERR_ARG, "out is NULL");
    *out = NULL;
    GNDP_TRY(gndp_bytes_read(path, &bytes, &n));
    GNDP_TRY(gndp_events_read_text(gndp_path_shown(path), bytes, n, distinct, out));
done:
    free(bytes);
    return st;
}
