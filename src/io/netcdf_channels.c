// SPDX-License-Identifier: Apache-2.0
// Which variables of a file become channels.
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "io/netcdf_file.h"
#include "io/netcdf_plan.h"

/* A variable that could be a field, with its shape. */
typedef struct candidate {
    int var;
    gndp_nc_shape shape;
    bool taken;
} candidate;

/* A variable without values is told by its dimensions. */
static gndp_status check_filled(const gndp_nc_contents *c, int v)
{
    gndp_status st = GNDP_OK;
    char list[512] = "";
    int n = 0;
    for (int d = 0; d < c->var[v].rank; d++)
        if (c->dim[c->var[v].dim[d]].size == 0)
            gndp_text_append(list, sizeof list, "%s%s", n++ > 0 ? ", " : "",
                             c->dim[c->var[v].dim[d]].name);
    GNDP_CHECK(n == 0, GNDP_ERR_FORMAT, "%s: variable '%s' is empty: %s %s length 0", c->path,
               c->var[v].name, list, n == 1 ? "has" : "have");
done:
    return st;
}

/* ---- Variables that were asked for ---------------------------------------------------------- */

static gndp_status resolve_field(gndp_nc_opening *opening, const gndp_nc_contents *c,
                                 const char *name, int *v, gndp_nc_shape *shape)
{
    gndp_status st = GNDP_OK;
    char why[128], dims[512];
    GNDP_TRY(gndp_nc_resolve(c, name, v));
    if (strcmp(c->var[*v].name, name) != 0)
        gndp_nc_note(opening, "%s: '%s' is asked for, '%s' is taken", c->path, name,
                     c->var[*v].name);
    const bool field = gndp_nc_shape_of(c, *v, shape, why);
    gndp_nc_list_dims(c, &c->var[*v], dims, sizeof dims);
    GNDP_CHECK(field, GNDP_ERR_FORMAT, "%s: variable '%s' %s is no field: %s", c->path,
               c->var[*v].name, dims, why);
    GNDP_TRY(check_filled(c, *v));
done:
    return st;
}

/* How many dimensions tell fields apart. */
static int field_dims(const gndp_nc_shape *s)
{
    return (s->role_dim[GNDP_NC_TIME] >= 0) + (s->role_dim[GNDP_NC_LEAD] >= 0) +
           (s->role_dim[GNDP_NC_MEMBER] >= 0) + s->n_extra;
}

static gndp_status take_asked(gndp_nc_opening *opening, const gndp_nc_contents *c,
                              gndp_nc_plan *plan, gndp_nc_shape *whole)
{
    gndp_status st = GNDP_OK;
    const gndp_read_options *o = opening->options;
    gndp_nc_request request;
    gndp_nc_shape shape;
    int reference = -1, v = -1;
    /* The variable whose fields are told apart by most dimensions stands for all. */
    for (int i = 0; i < o->n_vars; i++) {
        GNDP_TRY(gndp_nc_request_parse(o->var[i], &request));
        for (int k = 0; k < request.n_parts; k++) {
            GNDP_TRY(resolve_field(opening, c, request.part[k], &v, &shape));
            if (reference < 0 || field_dims(&shape) > field_dims(whole)) {
                reference = v;
                *whole = shape;
            }
        }
    }
    for (int i = 0; i < o->n_vars; i++) {
        gndp_nc_group group = {.kind = GNDP_CHANNEL_SCALAR};
        GNDP_TRY(gndp_nc_request_parse(o->var[i], &request));
        for (int k = 0; k < request.n_parts; k++) {
            char a[512], b[512];
            GNDP_TRY(resolve_field(opening, c, request.part[k], &v, &shape));
            gndp_nc_list_dims(c, &c->var[v], a, sizeof a);
            gndp_nc_list_dims(c, &c->var[reference], b, sizeof b);
            GNDP_CHECK(gndp_nc_same_grid(&shape, whole) && gndp_nc_fields_within(&shape, whole),
                       GNDP_ERR_SHAPE, "%s: '%s' %s and '%s' %s are not on one grid", c->path,
                       c->var[v].name, a, c->var[reference].name, b);
            if (field_dims(&shape) < field_dims(whole))
                gndp_nc_note(opening, "%s: variable '%s' %s is the same in every field along %s",
                             c->path, c->var[v].name, a, b);
            group.var[group.n++] = v;
        }
        if (request.n_parts > 1) {
            GNDP_CHECK(request.n_parts == whole->columns, GNDP_ERR_ARG,
                       "%s: vector '%s' has %d components: here it has %d%s", c->path, request.name,
                       request.n_parts, whole->columns,
                       whole->space == GNDP_SPACE_SPHERE ? ", eastward and northward"
                                                         : ", one along each coordinate");
            group.kind = GNDP_CHANNEL_VECTOR;
        }
        gndp_text_append(group.name, sizeof group.name, "%s",
                         request.name[0] != '\0' ? request.name : c->var[group.var[0]].name);
        GNDP_TRY(gndp_nc_plan_add(opening, c, &group, plan));
    }
done:
    return st;
}

/* ---- All fields of a file ------------------------------------------------------------------- */

/* How well a grid serves: the sphere before planes, axes before lists, times before none. */
static int worth(const gndp_nc_shape *s)
{
    return 8 * (s->space == GNDP_SPACE_SPHERE) + 4 * (s->layout == GNDP_LAYOUT_PRODUCT) +
           2 * (s->role_dim[GNDP_NC_TIME] >= 0) + (s->columns > 1);
}

static bool alike(const gndp_nc_shape *a, const gndp_nc_shape *b)
{
    return gndp_nc_same_grid(a, b) && gndp_nc_fields_within(a, b) && gndp_nc_fields_within(b, a);
}

/* The most worthy shape, among equals that of most variables, then the first. -1: none. */
static int choose_shape(int n, const candidate *list)
{
    int best = -1, best_count = 0;
    for (int i = 0; i < n; i++) {
        int count = 0;
        for (int k = 0; k < n; k++)
            count += alike(&list[i].shape, &list[k].shape);
        const int gain = best < 0 ? 1 : worth(&list[i].shape) - worth(&list[best].shape);
        if (gain > 0 || (gain == 0 && count > best_count)) {
            best = i;
            best_count = count;
        }
    }
    return best;
}

static gndp_status list_candidates(gndp_nc_opening *opening, const gndp_nc_contents *c, bool masks,
                                   candidate *list, int *n)
{
    gndp_status st = GNDP_OK;
    char why[128], dims[512];
    *n = 0;
    for (int v = 0; v < c->n_vars; v++) {
        const gndp_nc_var *var = &c->var[v];
        const bool texts = var->helper != NULL && !gndp_nc_is_number(var->type) && !var->listed &&
                           var->role == GNDP_NC_NONE;
        if (var->helper != NULL && !texts)
            continue;
        if (var->mask != masks)
            continue;
        if (gndp_nc_shape_of(c, v, &list[*n].shape, why)) {
            list[*n].taken = false;
            list[(*n)++].var = v;
            continue;
        }
        gndp_nc_list_dims(c, var, dims, sizeof dims);
        gndp_nc_note(opening, "%s: variable '%s' %s is passed over: %s", c->path, var->name, dims,
                     why);
    }
    return st;
}

/* The partner of an eastward component: the northward one of the same quantity, the same units and
   shape, and where there are several the one that is called as u is to v. -1: none. */
static int find_partner(const gndp_nc_contents *c, int n, const candidate *list, int east)
{
    const gndp_nc_var *u = &c->var[list[east].var];
    int found = -1;
    bool by_name = false;
    for (int k = 0; k < n; k++) {
        const gndp_nc_var *v = &c->var[list[k].var];
        if (list[k].taken || strncmp(v->standard_name, "northward_", 10) != 0 ||
            strcmp(u->standard_name + 9, v->standard_name + 10) != 0 ||
            strcmp(u->units, v->units) != 0 || !alike(&list[east].shape, &list[k].shape) ||
            list[east].shape.role_dim[GNDP_NC_LEVEL] != list[k].shape.role_dim[GNDP_NC_LEVEL])
            continue;
        /* The names differ in one letter, u for v. */
        bool named = strlen(u->name) == strlen(v->name);
        for (size_t i = 0; named && u->name[i] != '\0'; i++)
            named = u->name[i] == v->name[i] || (u->name[i] == 'u' && v->name[i] == 'v') ||
                    (u->name[i] == 'U' && v->name[i] == 'V');
        if (found < 0 || (named && !by_name)) {
            found = k;
            by_name = named;
        }
    }
    return found;
}

/* How many pairs there are of the quantity of an eastward component. */
static int count_quantity(const gndp_nc_contents *c, int n, const candidate *list, int east)
{
    int count = 0;
    for (int k = 0; k < n; k++)
        count +=
            strcmp(c->var[list[k].var].standard_name, c->var[list[east].var].standard_name) == 0;
    return count;
}

/* Parts that our own files mark as those of one channel. */
static void join_marked(const gndp_nc_contents *c, int n, candidate *list, int first,
                        const char *attribute, gndp_nc_group *group)
{
    char name[64], other[64];
    if (!gndp_nc_text(c->nc, list[first].var, attribute, name, sizeof name) || name[0] == '\0')
        return;
    gndp_nc_group joined = {.n = 0};
    memcpy(joined.name, name, sizeof joined.name);
    for (int k = first; k < n && joined.n < GNDP_MAX_COMPONENTS; k++)
        if (!list[k].taken && gndp_nc_text(c->nc, list[k].var, attribute, other, sizeof other) &&
            strcmp(name, other) == 0 && alike(&list[first].shape, &list[k].shape))
            joined.var[joined.n++] = k;
    const bool place = strcmp(attribute, "sphere_point") == 0;
    const gndp_nc_shape *shape = &list[first].shape;
    if (joined.n != (place || shape->space == GNDP_SPACE_SPHERE ? 2 : shape->columns) ||
        joined.n < 2)
        return;
    joined.kind = place ? GNDP_CHANNEL_SPHERE : GNDP_CHANNEL_VECTOR;
    *group = joined; /* indices into the list for now */
}

/* The pair of eastward and northward components that i is one of. */
static void join_pair(const gndp_nc_contents *c, int n, const candidate *list, int i,
                      gndp_nc_group *group)
{
    const bool north = strncmp(c->var[list[i].var].standard_name, "northward_", 10) == 0;
    for (int k = 0; k < n; k++) {
        const char *name = c->var[list[k].var].standard_name;
        if (strncmp(name, "eastward_", 9) != 0 || (north ? list[k].taken : k != i))
            continue;
        const int partner = find_partner(c, n, list, k);
        if (partner < 0 || (north && partner != i))
            continue;
        *group = (gndp_nc_group){.kind = GNDP_CHANNEL_VECTOR, .n = 2, .var = {k, partner}};
        gndp_text_append(group->name, sizeof group->name, "%s", name + 9);
        if (count_quantity(c, n, list, k) > 1)
            gndp_text_append(group->name, sizeof group->name, "_%s", c->var[list[k].var].name);
        return;
    }
}

static gndp_status take_one(gndp_nc_opening *opening, const gndp_nc_contents *c, int n,
                            candidate *list, int i, gndp_nc_plan *plan)
{
    gndp_status st = GNDP_OK;
    gndp_nc_group group = {.kind = GNDP_CHANNEL_SCALAR, .n = 1, .var = {i}};
    gndp_text_append(group.name, sizeof group.name, "%s", c->var[list[i].var].name);
    join_marked(c, n, list, i, "vector", &group);
    join_marked(c, n, list, i, "sphere_point", &group);
    if (group.n == 1 && list[i].shape.space == GNDP_SPACE_SPHERE)
        join_pair(c, n, list, i, &group);
    for (int k = 0; k < group.n; k++) {
        list[group.var[k]].taken = true;
        group.var[k] = list[group.var[k]].var;
    }
    GNDP_TRY(gndp_nc_plan_add(opening, c, &group, plan));
done:
    return st;
}

/* Nothing in the file is a field. */
static gndp_status no_field(const gndp_nc_contents *c)
{
    gndp_status st = GNDP_OK;
    char list[512] = "";
    int n_groups = 0;
    for (int v = 0; v < c->n_vars; v++)
        gndp_text_append(list, sizeof list, "%s%s", v > 0 ? ", " : "", c->var[v].name);
    if (nc_inq_grps(c->nc, &n_groups, NULL) != NC_NOERR)
        n_groups = 0;
    GNDP_CHECK(c->n_vars > 0, GNDP_ERR_NOT_FOUND, "%s: holds no variable%s", c->path,
               n_groups > 0 ? " outside of its groups, which are not read" : "");
    GNDP_CHECK(false, GNDP_ERR_NOT_FOUND,
               "%s: no variable is a field with coordinates; there are: %s", c->path, list);
done:
    return st;
}

static gndp_status take_all(gndp_nc_opening *opening, const gndp_nc_contents *c, gndp_nc_plan *plan,
                            gndp_nc_shape *whole)
{
    gndp_status st = GNDP_OK;
    int n = 0;
    candidate *list = calloc((size_t)c->n_vars + 1, sizeof *list);
    GNDP_CHECK(list != NULL, GNDP_ERR_NOMEM, "%d variables", c->n_vars);
    GNDP_TRY(list_candidates(opening, c, false, list, &n));
    if (n == 0) /* a file of masks alone is meant */
        GNDP_TRY(list_candidates(opening, c, true, list, &n));
    const int best = choose_shape(n, list);
    if (best < 0)
        GNDP_TRY(no_field(c));
    *whole = list[best].shape;
    for (int i = 0; i < n; i++) {
        char dims[512];
        if (alike(&list[i].shape, whole)) {
            GNDP_TRY(check_filled(c, list[i].var));
            continue;
        }
        gndp_nc_list_dims(c, &c->var[list[i].var], dims, sizeof dims);
        gndp_nc_note(opening,
                     "%s: variable '%s' %s is passed over: not on the grid or times of '%s'",
                     c->path, c->var[list[i].var].name, dims, c->var[list[best].var].name);
        list[i].taken = true;
    }
    for (int i = 0; i < n; i++)
        if (!list[i].taken)
            GNDP_TRY(take_one(opening, c, n, list, i, plan));
    for (int v = 0; v < c->n_vars; v++)
        if (c->var[v].mask && c->var[v].helper == NULL && n > 0 && !c->var[list[0].var].mask)
            gndp_nc_note(opening,
                         "%s: variable '%s' is passed over: a mask or flag; ask for it by name",
                         c->path, c->var[v].name);
done:
    free(list);
    return st;
}

gndp_status gndp_nc_plan_make(gndp_nc_opening *opening, const gndp_nc_contents *contents,
                              gndp_nc_plan *out, gndp_nc_shape *shape)
{
    gndp_status st = GNDP_OK;
    *out = (gndp_nc_plan){0};
    if (opening->options->n_vars > 0)
        GNDP_TRY(take_asked(opening, contents, out, shape));
    else
        GNDP_TRY(take_all(opening, contents, out, shape));
    GNDP_TRY(gndp_nc_plan_check_units(opening->options, contents->path, out));
    GNDP_TRY(gndp_nc_plan_check_level(opening, contents, out));
done:
    return st;
}
