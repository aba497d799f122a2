// SPDX-License-Identifier: Apache-2.0
// Which dimensions of a variable its points spread over, and which tell its fields apart.
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "io/netcdf_file.h"
#include "io/netcdf_in.h"

int gndp_nc_position(const gndp_nc_var *var, int dim)
{
    for (int d = 0; d < var->rank; d++)
        if (var->dim[d] == dim)
            return d;
    return -1;
}

/* Whether `coord` is a coordinate along dimensions that the variable has; a time among them does
   not count (grids that do not move are written with one by some models). */
static int places_over(const gndp_nc_contents *c, const gndp_nc_var *var, const gndp_nc_var *coord,
                       int dims[GNDP_MAX_AXES])
{
    int n = 0;
    for (int d = 0; d < coord->rank; d++) {
        const gndp_nc_role role = c->dim[coord->dim[d]].role;
        if (gndp_nc_position(var, coord->dim[d]) < 0)
            return -1;
        if (role == GNDP_NC_TIME || role == GNDP_NC_START)
            continue;
        if (n == 2)
            return -1;
        dims[n++] = coord->dim[d];
    }
    return n;
}

static bool usable(const gndp_nc_var *coord, gndp_nc_role role)
{
    return coord->role == role && gndp_nc_is_number(coord->type) && coord->rank <= 3;
}

/* The coordinate of that role for a variable: named by it, else of the file. -1: none. */
static int find_coord(const gndp_nc_contents *c, const gndp_nc_var *var, gndp_nc_role role,
                      int n_dims, const int *dims)
{
    int own[GNDP_MAX_AXES];
    char name[NC_MAX_NAME + 1];
    for (const char *p = var->coordinates; gndp_nc_next_name(&p, name);) {
        const int w = gndp_nc_find_var(c, name);
        if (w >= 0 && usable(&c->var[w], role) && places_over(c, var, &c->var[w], own) >= 0)
            return w;
    }
    for (int w = 0; w < c->n_vars; w++) {
        if (!usable(&c->var[w], role))
            continue;
        const int n = places_over(c, var, &c->var[w], own);
        if (n >= 0 &&
            (dims == NULL || (n == n_dims && memcmp(own, dims, (size_t)n * sizeof *own) == 0)))
            return w;
    }
    return -1;
}

static void set_columns(gndp_nc_shape *s, gndp_space space, gndp_layout layout, int columns)
{
    s->space = space;
    s->layout = layout;
    s->columns = columns;
}

/* Latitude and longitude: two axes, or coordinates of cells and stations. */
static bool on_sphere(const gndp_nc_contents *c, const gndp_nc_var *var, gndp_nc_shape *s,
                      char why[128])
{
    int lat = -1, lon = -1, dims[GNDP_MAX_AXES] = {0}, other[GNDP_MAX_AXES] = {0};
    for (int d = 0; d < var->rank; d++) {
        const gndp_nc_dim *dim = &c->dim[var->dim[d]];
        if (dim->var < 0)
            continue;
        if (dim->role == GNDP_NC_LAT)
            lat = var->dim[d];
        else if (dim->role == GNDP_NC_LON)
            lon = var->dim[d];
    }
    set_columns(s, GNDP_SPACE_SPHERE, GNDP_LAYOUT_PRODUCT, 2);
    s->coord[0] = lat >= 0 ? c->dim[lat].var : find_coord(c, var, GNDP_NC_LAT, 0, NULL);
    s->coord[1] = lon >= 0 ? c->dim[lon].var : -1;
    if (s->coord[0] < 0 && s->coord[1] < 0)
        return false;
    if (lat >= 0 || lon >= 0) { /* axes, one of them perhaps a single value */
        if (s->coord[1] < 0)
            s->coord[1] = find_coord(c, var, GNDP_NC_LON, 0, NULL);
        if (s->coord[0] < 0 || s->coord[1] < 0 || (lat < 0 && c->var[s->coord[0]].rank > 0) ||
            (lon < 0 && c->var[s->coord[1]].rank > 0)) {
            gndp_text_append(why, 128, "it has %s without a %s",
                             lat >= 0 ? "latitudes" : "longitudes",
                             lat >= 0 ? "longitude" : "latitude");
            return false;
        }
        s->n_space = 2;
        s->space_dim[0] = lat;
        s->space_dim[1] = lon;
        return true;
    }
    const int n = places_over(c, var, &c->var[s->coord[0]], dims);
    s->coord[1] = find_coord(c, var, GNDP_NC_LON, n, dims);
    if (s->coord[1] < 0 || places_over(c, var, &c->var[s->coord[1]], other) != n ||
        memcmp(dims, other, sizeof dims) != 0) {
        gndp_text_append(why, 128, "its latitudes have no longitudes beside them");
        return false;
    }
    set_columns(s, GNDP_SPACE_SPHERE, GNDP_LAYOUT_LIST, 2);
    s->n_space = n;
    memcpy(s->space_dim, dims, sizeof dims);
    return true;
}

/* An axis of an abstract space or a plane: with a coordinate that is no time, member or level. A z
   that no attribute makes a level is an axis too. */
static bool is_plain_axis(const gndp_nc_contents *c, const gndp_nc_dim *dim)
{
    if (dim->var < 0 || !gndp_nc_is_number(c->var[dim->var].type))
        return false;
    const gndp_nc_var *var = &c->var[dim->var];
    if (dim->role == GNDP_NC_NONE)
        return !gndp_units_is_since(var->units) && strcasecmp(var->name, "time") != 0;
    if (dim->role == GNDP_NC_LEVEL)
        return strcasecmp(var->name, "z") == 0 && var->standard_name[0] == '\0' &&
               (var->units[0] == '\0' || strcmp(var->units, "1") == 0);
    return dim->role == GNDP_NC_X || dim->role == GNDP_NC_Y;
}

static bool on_plane(const gndp_nc_contents *c, const gndp_nc_var *var, gndp_nc_shape *s)
{
    char name[NC_MAX_NAME + 1];
    int along = -1, n = 0;
    /* Points by coordinates that the variable names, all along one dimension. */
    for (const char *p = var->coordinates; gndp_nc_next_name(&p, name);) {
        const int w = gndp_nc_find_var(c, name);
        if (w < 0 || n == GNDP_MAX_AXES)
            continue;
        const gndp_nc_var *coord = &c->var[w];
        const bool plain = coord->role == GNDP_NC_NONE || coord->role == GNDP_NC_X ||
                           coord->role == GNDP_NC_Y || strcasecmp(coord->name, "z") == 0;
        if (!plain || coord->rank != 1 || !gndp_nc_is_number(coord->type) ||
            gndp_nc_position(var, coord->dim[0]) < 0 || (along >= 0 && coord->dim[0] != along))
            continue;
        along = coord->dim[0];
        s->coord[n++] = w;
    }
    if (n > 0) {
        set_columns(s, GNDP_SPACE_EUCLIDEAN, GNDP_LAYOUT_LIST, n);
        s->n_space = 1;
        s->space_dim[0] = along;
        return true;
    }
    for (int d = 0; d < var->rank; d++)
        if (is_plain_axis(c, &c->dim[var->dim[d]])) {
            if (n == GNDP_MAX_AXES)
                return false;
            s->space_dim[n] = var->dim[d];
            s->coord[n++] = c->dim[var->dim[d]].var;
        }
    set_columns(s, GNDP_SPACE_EUCLIDEAN, GNDP_LAYOUT_PRODUCT, n);
    s->n_space = n;
    return n > 0;
}

/* The dimensions that points do not spread over. */
static void sort_rest(const gndp_nc_contents *c, const gndp_nc_var *var, gndp_nc_shape *s)
{
    for (int d = 0; d < var->rank; d++) {
        const int dim = var->dim[d];
        gndp_nc_role role = c->dim[dim].role;
        bool space = false;
        for (int a = 0; a < s->n_space; a++)
            space |= s->space_dim[a] == dim;
        if (space)
            continue;
        if (role == GNDP_NC_START) { /* beside valid times it is one more dimension */
            bool valid = false;
            for (int e = 0; e < var->rank; e++)
                valid |= c->dim[var->dim[e]].role == GNDP_NC_TIME;
            role = valid ? GNDP_NC_NONE : GNDP_NC_TIME;
        }
        const bool counted = role == GNDP_NC_TIME || role == GNDP_NC_LEAD ||
                             role == GNDP_NC_MEMBER || role == GNDP_NC_LEVEL ||
                             role == GNDP_NC_EXPVER;
        if (counted && s->role_dim[role] < 0)
            s->role_dim[role] = dim;
        else
            s->extra[s->n_extra++] = dim;
    }
}

bool gndp_nc_shape_of(const gndp_nc_contents *contents, int v, gndp_nc_shape *out, char why[128])
{
    const gndp_nc_var *var = &contents->var[v];
    why[0] = '\0';
    *out = (gndp_nc_shape){0};
    for (int r = 0; r < GNDP_NC_ROLES; r++)
        out->role_dim[r] = -1;
    if (!gndp_nc_is_number(var->type)) {
        gndp_text_append(why, 128, "its type is %s", gndp_nc_type_name(var->type));
        return false;
    }
    if (var->rank > GNDP_NC_RANK) {
        gndp_text_append(why, 128, "it has %d dimensions", var->rank);
        return false;
    }
    for (int d = 0; d < var->rank; d++)
        for (int e = 0; e < d; e++)
            if (var->dim[d] == var->dim[e]) {
                gndp_text_append(why, 128, "it has a dimension twice");
                return false;
            }
    if (!on_sphere(contents, var, out, why) && (why[0] != '\0' || !on_plane(contents, var, out))) {
        if (why[0] == '\0')
            gndp_text_append(why, 128, "it has no latitude and longitude nor other axes");
        return false;
    }
    sort_rest(contents, var, out);
    return true;
}

bool gndp_nc_same_grid(const gndp_nc_shape *a, const gndp_nc_shape *b)
{
    return a->space == b->space && a->layout == b->layout && a->columns == b->columns &&
           a->n_space == b->n_space && memcmp(a->coord, b->coord, sizeof a->coord) == 0 &&
           memcmp(a->space_dim, b->space_dim, sizeof a->space_dim) == 0;
}

bool gndp_nc_fields_within(const gndp_nc_shape *part, const gndp_nc_shape *whole)
{
    static const gndp_nc_role roles[] = {GNDP_NC_TIME, GNDP_NC_LEAD, GNDP_NC_MEMBER};
    for (size_t r = 0; r < sizeof roles / sizeof *roles; r++)
        if (part->role_dim[roles[r]] >= 0 && part->role_dim[roles[r]] != whole->role_dim[roles[r]])
            return false;
    for (int e = 0; e < part->n_extra; e++) {
        bool found = false;
        for (int f = 0; f < whole->n_extra; f++)
            found |= part->extra[e] == whole->extra[f];
        if (!found)
            return false;
    }
    return true;
}
