// SPDX-License-Identifier: Apache-2.0
// Observations that have each a time of their own, as fields by their times.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "io/netcdf_in.h"

/* One point, for sorting by time. */
typedef struct timed {
    double time_s;
    int64_t at; /* in the list of points */
} timed;

static int compare_times(const void *a, const void *b)
{
    const timed *p = a, *q = b;
    if (p->time_s < q->time_s || p->time_s > q->time_s)
        return p->time_s < q->time_s ? -1 : 1;
    return (p->at > q->at) - (p->at < q->at);
}

/* Points in a new order: places and cells move together. */
static gndp_status reorder(gndp_nc_places *p, const timed *order)
{
    gndp_status st = GNDP_OK;
    const int64_t n = p->coords.n;
    const size_t columns = (size_t)p->coords.columns;
    double *x = calloc((size_t)n * columns, sizeof *x);
    int64_t *cell = calloc((size_t)n, sizeof *cell);
    GNDP_CHECK(x != NULL && cell != NULL, GNDP_ERR_NOMEM, "%lld points", (long long)n);
    for (int64_t i = 0; i < n; i++) {
        memcpy(x + (size_t)i * columns, p->x + (size_t)order[i].at * columns, columns * sizeof *x);
        cell[i] = p->cell[order[i].at];
    }
    free(p->x);
    free(p->cell);
    p->x = x;
    p->cell = cell;
    p->coords.x = x;
    x = NULL;
    cell = NULL;
done:
    free(x);
    free(cell);
    return st;
}

static gndp_status make_groups(gndp_nc_places *p, const timed *order)
{
    gndp_status st = GNDP_OK;
    const int64_t n = p->coords.n;
    int64_t groups = 1;
    for (int64_t i = 1; i < n; i++)
        groups += order[i].time_s != order[i - 1].time_s;
    p->time_s = calloc((size_t)groups, sizeof *p->time_s);
    GNDP_CHECK(p->time_s != NULL, GNDP_ERR_NOMEM, "%lld times", (long long)groups);
    p->n_times = groups;
    p->time_s[0] = order[0].time_s;
    if (groups == 1)
        goto done; /* one field of all points */
    p->first = calloc((size_t)groups + 1, sizeof *p->first);
    GNDP_CHECK(p->first != NULL, GNDP_ERR_NOMEM, "%lld times", (long long)groups);
    for (int64_t i = 1, g = 0; i < n; i++)
        if (order[i].time_s != order[i - 1].time_s) {
            p->first[++g] = i;
            p->time_s[g] = order[i].time_s;
        }
    p->first[groups] = n;
    GNDP_TRY(reorder(p, order));
done:
    return st;
}

gndp_status gndp_nc_places_part(gndp_nc_opening *opening, const gndp_nc_contents *contents,
                                const gndp_nc_shape *shape, gndp_nc_places *places)
{
    gndp_status st = GNDP_OK;
    double *time_s = NULL;
    timed *order = NULL;
    if (shape->layout != GNDP_LAYOUT_LIST || shape->n_space != 1 ||
        shape->role_dim[GNDP_NC_TIME] >= 0)
        return GNDP_OK;
    const int v = gndp_nc_find_role(contents, GNDP_NC_TIME, shape->space_dim[0]);
    if (v < 0)
        return GNDP_OK;
    const int64_t cells = places->size[0], n = places->coords.n;
    time_s = calloc((size_t)cells, sizeof *time_s);
    order = calloc((size_t)n, sizeof *order);
    GNDP_CHECK(time_s != NULL && order != NULL, GNDP_ERR_NOMEM, "%lld times", (long long)cells);
    GNDP_TRY(gndp_nc_times(opening, contents, v, cells, &places->calendar, time_s));
    for (int64_t i = 0; i < n; i++)
        order[i] = (timed){time_s[places->cell[i]], i};
    qsort(order, (size_t)n, sizeof *order, compare_times);
    GNDP_TRY(make_groups(places, order));
    if (places->first != NULL)
        gndp_nc_note(opening, "%s: its %lld points have %lld times: a field each", contents->path,
                     (long long)n, (long long)places->n_times);
done:
    free(time_s);
    free(order);
    return st;
}

int64_t gndp_nc_points_of(const gndp_nc_places *places, int64_t time, int64_t *first)
{
    *first = places->first != NULL ? places->first[time] : 0;
    return places->first != NULL ? places->first[time + 1] - *first : places->coords.n;
}
