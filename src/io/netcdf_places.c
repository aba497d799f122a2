// SPDX-License-Identifier: Apache-2.0
// Coordinates of a NetCDF file's points, and the choice of some of them.
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/error.h"
#include "base/text.h"
#include "io/netcdf_file.h"
#include "io/netcdf_in.h"

/* Points whose coordinates are read at once. */
#define BLOCK 65536

void gndp_nc_places_free(gndp_nc_places *places)
{
    for (int a = 0; a < GNDP_MAX_AXES; a++) {
        free(places->value[a]);
        free(places->index[a]);
    }
    free(places->x);
    free(places->cell);
    free(places->first);
    free(places->time_s);
    *places = (gndp_nc_places){0};
}

/* Factor to degrees of a latitude or longitude. */
static gndp_status degrees_of(gndp_nc_opening *opening, const gndp_nc_contents *c, int v,
                              double *factor)
{
    static const char *const names[] = {
        "degrees_north", "degree_north", "degrees_n", "degree_n", "degreesn", "degreen",
        "degrees_east",  "degree_east",  "degrees_e", "degree_e", "degreese", "degreee",
        "degrees",       "degree",       "deg",       ""};
    gndp_status st = GNDP_OK;
    const gndp_nc_var *var = &c->var[v];
    char what[512] = "";
    double offset = 0.0;
    *factor = 1.0;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcasecmp(var->units, names[i]) == 0)
            goto done;
    gndp_text_append(what, sizeof what, "%s: variable '%s'", c->path, var->name);
    st = gndp_units_between(&opening->units, what, var->units, "degree", factor, &offset);
    GNDP_CHECK(st != GNDP_ERR_RANGE, GNDP_ERR_FORMAT, "%s: unit '%s' is not understood as degrees",
               what, var->units);
    GNDP_TRY(st);
done:
    return st;
}

/* What a coordinate of unit radian can be; checked before 58 of them become 3323 degrees. */
static gndp_status check_radians(const gndp_nc_contents *c, int v, double factor, double value,
                                 int64_t i)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(factor == 1.0 || isnan(value) || fabs(value * factor) <= 720.0, GNDP_ERR_FORMAT,
               "%s: variable '%s', value %lld: %.9g is no place in the unit '%s'", c->path,
               c->var[v].name, (long long)i, value, c->var[v].units);
done:
    return st;
}

static void name_axis(const gndp_nc_contents *c, int v, bool degrees, gndp_axis *axis)
{
    const gndp_nc_var *var = &c->var[v];
    gndp_text_append(axis->name, sizeof axis->name, "%s", var->name);
    if (strlen(var->standard_name) < sizeof axis->standard_name)
        memcpy(axis->standard_name, var->standard_name, strlen(var->standard_name) + 1);
    if (degrees)
        gndp_text_append(axis->units, sizeof axis->units, "%s",
                         var->role == GNDP_NC_LAT ? "degrees_north" : "degrees_east");
    else
        memcpy(axis->units, var->units, sizeof axis->units);
}

/* Every `stride`-th of the chosen entries. */
static int64_t thin(int64_t n, int64_t stride, int64_t *index, double *value)
{
    int64_t m = 0;
    for (int64_t i = 0; i < n; i += stride, m++) {
        index[m] = index[i];
        value[m] = value[i];
    }
    return m;
}

/* Non-finite values, before anything is compared with them. */
static gndp_status check_finite(const gndp_nc_contents *c, int v, int64_t n, const double *value)
{
    gndp_status st = GNDP_OK;
    for (int64_t i = 0; i < n; i++)
        GNDP_CHECK(isfinite(value[i]), GNDP_ERR_NONFINITE, "%s: coordinate '%s', value %lld is %s",
                   c->path, c->var[v].name, (long long)i,
                   isnan(value[i]) ? "missing or not a number" : "infinite");
done:
    return st;
}

static gndp_status choose_lat(const gndp_read_options *o, const gndp_nc_contents *c, int v,
                              int64_t n, const double *lat, int64_t *index, int64_t *n_out)
{
    gndp_status st = GNDP_OK;
    int64_t m = 0;
    for (int64_t i = 0; i < n; i++)
        if (gndp_nc_box_has_lat(o, lat[i]))
            index[m++] = i;
    GNDP_CHECK(m > 0, GNDP_ERR_RANGE,
               "%s: the box W,E,S,N = %g,%g,%g,%g holds no '%s': it has %lld values from %g to %g",
               c->path, o->west, o->east, o->south, o->north, c->var[v].name, (long long)n, lat[0],
               lat[n - 1]);
    *n_out = m;
done:
    return st;
}

/* One axis of a product: its chosen entries and their values. */
static gndp_status read_axis(gndp_nc_opening *opening, const gndp_nc_contents *c,
                             const gndp_nc_shape *s, int a, gndp_nc_places *out)
{
    gndp_status st = GNDP_OK;
    const gndp_read_options *o = opening->options;
    const int v = s->coord[a], dim = s->space_dim[a];
    const gndp_nc_var *var = &c->var[v];
    const bool sphere = s->space == GNDP_SPACE_SPHERE;
    const int64_t n = dim >= 0 ? c->dim[dim].size : 1;
    double factor = 1.0, *all = NULL, *shift = NULL;
    int64_t m = n;
    GNDP_CHECK(gndp_nc_plausible(c, n) && (size_t)n <= o->max_bytes / 8, GNDP_ERR_FORMAT,
               "%s: coordinate '%s' claims %lld values in a file of %lld bytes", c->path, var->name,
               (long long)n, (long long)c->bytes);
    all = calloc((size_t)n, sizeof *all);
    shift = calloc((size_t)n, sizeof *shift);
    out->index[a] = calloc((size_t)n, sizeof **out->index);
    out->value[a] = calloc((size_t)n, sizeof **out->value);
    GNDP_CHECK(all != NULL && shift != NULL && out->index[a] != NULL && out->value[a] != NULL,
               GNDP_ERR_NOMEM, "%lld coordinates", (long long)n);
    GNDP_TRY(gndp_nc_read_line(opening, c, v, 0, n, all));
    GNDP_TRY(check_finite(c, v, n, all));
    if (sphere)
        GNDP_TRY(degrees_of(opening, c, v, &factor));
    for (int64_t i = 0; i < n; i++) {
        GNDP_TRY(check_radians(c, v, factor, all[i], i));
        all[i] *= factor;
        out->index[a][i] = i;
    }
    if (sphere && a == 0)
        GNDP_TRY(choose_lat(o, c, v, n, all, out->index[a], &m));
    else if (sphere)
        GNDP_TRY(gndp_nc_box_lon(c->path, c, v, o, n, all, out->index[a], shift, &m));
    if (sphere && a == 1 && !o->has_box && m < n)
        gndp_nc_note(opening, "%s: '%s' gives %g and %g, one meridian: the last is left out",
                     c->path, var->name, all[0], all[n - 1]);
    for (int64_t k = 0; k < m; k++)
        out->value[a][k] = all[out->index[a][k]] + shift[k];
    const int64_t stride = !sphere ? 1 : a == 0 ? o->stride_lat : o->stride_lon;
    m = thin(m, stride, out->index[a], out->value[a]);
    name_axis(c, v, factor != 1.0, &out->coords.axis[a]);
    out->coords.axis[a].size = m;
    out->coords.axis[a].value = out->value[a];
    out->size[a] = n;
done:
    free(all);
    free(shift);
    return st;
}

static gndp_status read_product(gndp_nc_opening *opening, const gndp_nc_contents *c,
                                const gndp_nc_shape *s, gndp_nc_places *out)
{
    gndp_status st = GNDP_OK;
    out->coords.n = 1;
    for (int a = 0; a < s->columns; a++) {
        GNDP_TRY(read_axis(opening, c, s, a, out));
        GNDP_CHECK(!__builtin_mul_overflow(out->coords.n, out->coords.axis[a].size, &out->coords.n),
                   GNDP_ERR_FORMAT, "%s: the grid claims more than 2^63 points", c->path);
    }
done:
    return st;
}

/* Coordinates of cells first .. first + n - 1 from one variable along the dimensions of the points
   (and at the first time, where it has one). Whole rows of a grid, or a piece of a single one. */
static gndp_status read_cells(gndp_nc_opening *opening, const gndp_nc_contents *c,
                              const gndp_nc_shape *s, int column, int64_t first, int64_t n,
                              double *out)
{
    gndp_status st = GNDP_OK;
    const int v = s->coord[column];
    const gndp_nc_var *var = &c->var[v];
    size_t start[GNDP_NC_RANK] = {0}, count[GNDP_NC_RANK];
    gndp_nc_pack pack;
    int64_t width = 1; /* of the dimensions behind the first */
    for (int d = 0; d < var->rank; d++)
        count[d] = 1;
    for (int a = 1; a < s->n_space; a++) {
        width *= c->dim[s->space_dim[a]].size;
        count[gndp_nc_position(var, s->space_dim[a])] = (size_t)c->dim[s->space_dim[a]].size;
    }
    if (s->n_space > 0) {
        const int p = gndp_nc_position(var, s->space_dim[0]);
        start[p] = (size_t)(first / width);
        count[p] = (size_t)(n / width);
    }
    GNDP_TRY(gndp_nc_pack_read(opening, c, v, &pack));
    GNDP_NC(nc_get_vara_double(c->nc, v, start, count, out), c->path, "cannot read '%s'",
            var->name);
    for (int64_t i = 0; i < n; i++)
        out[i] = gndp_nc_unpack(&pack, out[i]);
done:
    return st;
}

/* Room for so many more points. */
static gndp_status grow(gndp_nc_places *out, int columns, int64_t need, int64_t *room)
{
    gndp_status st = GNDP_OK;
    if (need <= *room)
        return GNDP_OK;
    const int64_t next = need > 2 * *room ? need : 2 * *room;
    double *x = realloc(out->x, (size_t)next * (size_t)columns * sizeof *x);
    if (x != NULL)
        out->x = x;
    int64_t *cell = realloc(out->cell, (size_t)next * sizeof *cell);
    if (cell != NULL)
        out->cell = cell;
    GNDP_CHECK(x != NULL && cell != NULL, GNDP_ERR_NOMEM, "%lld points", (long long)next);
    *room = next;
done:
    return st;
}

/* A block of points: those within the box, with coordinates. */
static gndp_status keep_points(gndp_nc_opening *opening, const gndp_nc_contents *c,
                               const gndp_nc_shape *s, const double *factor, int64_t first,
                               int64_t n, const double *block, int64_t *dropped, int64_t *room,
                               gndp_nc_places *out)
{
    gndp_status st = GNDP_OK;
    const gndp_read_options *o = opening->options;
    const bool sphere = s->space == GNDP_SPACE_SPHERE;
    GNDP_TRY(grow(out, s->columns, out->coords.n + n, room));
    for (int64_t i = 0; i < n; i++) {
        double at[GNDP_MAX_AXES];
        int gone = 0;
        for (int a = 0; a < s->columns; a++) {
            const double value = block[a * n + i];
            GNDP_TRY(check_radians(c, s->coord[a], factor[a], value, first + i));
            GNDP_CHECK(!isinf(value), GNDP_ERR_NONFINITE,
                       "%s: coordinate '%s', value %lld is infinite", c->path,
                       c->var[s->coord[a]].name, (long long)(first + i));
            at[a] = factor[a] * value;
            gone += isnan(value);
        }
        /* Ocean models leave out the places of cells that are land. */
        GNDP_CHECK(gone == 0 || gone == s->columns, GNDP_ERR_NONFINITE,
                   "%s: coordinate '%s', value %lld is missing or not a number", c->path,
                   c->var[s->coord[isnan(at[0]) ? 0 : 1]].name, (long long)(first + i));
        *dropped += gone > 0;
        if (gone > 0 ||
            (sphere && !(gndp_nc_box_has_lat(o, at[0]) && gndp_nc_box_has_lon(o, at[1]))))
            continue;
        memcpy(out->x + out->coords.n * s->columns, at, (size_t)s->columns * sizeof *at);
        out->cell[out->coords.n++] = first + i;
    }
done:
    return st;
}

static gndp_status read_list(gndp_nc_opening *opening, const gndp_nc_contents *c,
                             const gndp_nc_shape *s, gndp_nc_places *out)
{
    gndp_status st = GNDP_OK;
    const gndp_read_options *o = opening->options;
    double factor[GNDP_MAX_AXES] = {1.0, 1.0, 1.0, 1.0}, *block = NULL;
    int64_t cells = 1, width = 1, room = 0, dropped = 0;
    for (int a = 0; a < s->n_space; a++) {
        out->size[a] = c->dim[s->space_dim[a]].size;
        GNDP_CHECK(!__builtin_mul_overflow(cells, out->size[a], &cells), GNDP_ERR_FORMAT,
                   "%s: the grid claims more than 2^63 points", c->path);
        width *= a > 0 ? out->size[a] : 1;
    }
    GNDP_CHECK(gndp_nc_plausible(c, cells), GNDP_ERR_FORMAT,
               "%s: coordinate '%s' claims %lld values in a file of %lld bytes", c->path,
               c->var[s->coord[0]].name, (long long)cells, (long long)c->bytes);
    GNDP_CHECK((size_t)width <= o->max_bytes / 32, GNDP_ERR_NOMEM,
               "%s: one row of '%s' has %lld values: more than fit into %zu bytes", c->path,
               c->var[s->coord[0]].name, (long long)width, o->max_bytes);
    const int64_t rows = width < BLOCK ? BLOCK / width : 1, step = rows * width;
    block = calloc((size_t)((step < cells ? step : cells) * s->columns), sizeof *block);
    GNDP_CHECK(block != NULL, GNDP_ERR_NOMEM, "%lld coordinates", (long long)step);
    for (int a = 0; a < s->columns; a++) {
        if (s->space == GNDP_SPACE_SPHERE)
            GNDP_TRY(degrees_of(opening, c, s->coord[a], &factor[a]));
        name_axis(c, s->coord[a], factor[a] != 1.0, &out->coords.axis[a]);
    }
    for (int64_t first = 0; first < cells; first += step) {
        const int64_t n = cells - first < step ? cells - first : step;
        for (int a = 0; a < s->columns; a++)
            GNDP_TRY(read_cells(opening, c, s, a, first, n, block + a * n));
        GNDP_TRY(keep_points(opening, c, s, factor, first, n, block, &dropped, &room, out));
        GNDP_CHECK((size_t)out->coords.n <= o->max_bytes / 8, GNDP_ERR_NOMEM,
                   "%s: a field has %lld points or more, which do not fit into %zu bytes: choose a "
                   "box, or give more memory",
                   c->path, (long long)out->coords.n, o->max_bytes);
    }
    GNDP_CHECK(dropped < cells, GNDP_ERR_NONFINITE, "%s: coordinate '%s': every value is missing",
               c->path, c->var[s->coord[0]].name);
    if (dropped > 0)
        gndp_nc_note(opening, "%s: %lld of %lld points have no coordinates and are left out",
                     c->path, (long long)dropped, (long long)cells);
    GNDP_CHECK(out->coords.n > 0, GNDP_ERR_RANGE,
               "%s: the box W,E,S,N = %g,%g,%g,%g holds none of the %lld points", c->path, o->west,
               o->east, o->south, o->north, (long long)cells);
    out->coords.x = out->x;
done:
    free(block);
    return st;
}

static gndp_status check_options(const gndp_read_options *o, const gndp_nc_contents *c,
                                 const gndp_nc_shape *s)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(!o->has_box || s->space == GNDP_SPACE_SPHERE, GNDP_ERR_UNSUPPORTED,
               "%s: a box in degrees, but '%s' is no latitude", c->path, c->var[s->coord[0]].name);
    GNDP_CHECK((o->stride_lat == 1 && o->stride_lon == 1) ||
                   (s->space == GNDP_SPACE_SPHERE && s->layout == GNDP_LAYOUT_PRODUCT),
               GNDP_ERR_UNSUPPORTED,
               "%s: a stride, but its points are not on axes of latitude and longitude", c->path);
done:
    return st;
}

gndp_status gndp_nc_places_read(gndp_nc_opening *opening, const gndp_nc_contents *contents,
                                const gndp_nc_shape *shape, gndp_nc_places *out)
{
    gndp_status st = GNDP_OK;
    *out = (gndp_nc_places){.n_space = shape->n_space};
    out->coords.space = shape->space;
    out->coords.layout = shape->layout;
    out->coords.columns = shape->columns;
    GNDP_TRY(check_options(opening->options, contents, shape));
    if (shape->layout == GNDP_LAYOUT_PRODUCT)
        GNDP_TRY(read_product(opening, contents, shape, out));
    else
        GNDP_TRY(read_list(opening, contents, shape, out));
    st = gndp_coords_check(&out->coords);
    GNDP_CHECK(st == GNDP_OK, st, "%s: %s", contents->path, gndp_nc_last_reason().text);
done:
    return st;
}

/* Float and double of one coordinate differ by 1e-7 of it. */
static bool near(double a, double b)
{
    return fabs(a - b) <= 1e-6 * (1.0 + fabs(a));
}

gndp_status gndp_nc_places_same(const gndp_nc_places *a, const char *path_a,
                                const gndp_nc_places *b, const char *path_b)
{
    gndp_status st = GNDP_OK;
    const gndp_coords *p = &a->coords, *q = &b->coords;
    GNDP_CHECK(p->space == q->space && p->layout == q->layout && p->columns == q->columns,
               GNDP_ERR_SHAPE, "%s and %s: their fields have points of different kinds", path_a,
               path_b);
    for (int c = 0; c < p->columns; c++)
        GNDP_CHECK(p->axis[c].size == q->axis[c].size, GNDP_ERR_SHAPE,
                   "%s and %s: '%s' has %lld and %lld values", path_a, path_b, p->axis[c].name,
                   (long long)p->axis[c].size, (long long)q->axis[c].size);
    GNDP_CHECK(p->n == q->n, GNDP_ERR_SHAPE, "%s and %s: %lld and %lld points", path_a, path_b,
               (long long)p->n, (long long)q->n);
    for (int c = 0; c < p->columns; c++) {
        const bool list = p->layout == GNDP_LAYOUT_LIST;
        const int64_t n = list ? p->n : p->axis[c].size;
        for (int64_t i = 0; i < n; i++) {
            const double u = list ? p->x[i * p->columns + c] : p->axis[c].value[i];
            const double v = list ? q->x[i * p->columns + c] : q->axis[c].value[i];
            GNDP_CHECK(near(u, v), GNDP_ERR_SHAPE,
                       "%s and %s: '%s', value %lld is %.9g and %.9g: the grids differ", path_a,
                       path_b, p->axis[c].name, (long long)i, u, v);
        }
    }
done:
    return st;
}
