// SPDX-License-Identifier: Apache-2.0
// gndp_netcdf_open(): files to a set of fields whose values stay in the files.
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "io/lock.h"
#include "io/netcdf_file.h"
#include "io/netcdf_ragged.h"
#include "io/netcdf_set.h"

#define MAX_NOTES 200

gndp_read_options gndp_read_options_default(void)
{
    return (gndp_read_options){
        .time_stride = 1, .stride_lat = 1, .stride_lon = 1, .max_bytes = (size_t)64 << 20};
}

/* ---- Notes ---------------------------------------------------------------------------------- */

void gndp_nc_note(gndp_nc_opening *opening, const char *format, ...)
{
    char text[1024] = "";
    gndp_nc_notes *notes = &opening->notes;
    va_list args;
    if (opening->options->log == NULL || notes->n > MAX_NOTES)
        return;
    va_start(args, format);
    gndp_text_vappend(text, sizeof text, format, args);
    va_end(args);
    if (notes->n == MAX_NOTES) {
        text[0] = '\0';
        gndp_text_append(text, sizeof text, "further notes are left out");
    }
    for (int i = 0; i < notes->n; i++)
        if (strcmp(notes->text[i], text) == 0)
            return;
    if (notes->n == notes->room) {
        const int room = notes->room > 0 ? 2 * notes->room : 16;
        char **grown = realloc(notes->text, (size_t)room * sizeof *grown);
        if (grown == NULL)
            return;
        notes->text = grown;
        notes->room = room;
    }
    notes->text[notes->n] = strdup(text);
    notes->n += notes->text[notes->n] != NULL;
}

static void give_notes(const gndp_logger *log, gndp_nc_notes *notes)
{
    for (int i = 0; i < notes->n; i++) {
        gndp_logger_write(log, GNDP_LOG_INFO, "%s", notes->text[i]);
        free(notes->text[i]);
    }
    free(notes->text);
    *notes = (gndp_nc_notes){0};
}

/* ---- Options -------------------------------------------------------------------------------- */

static gndp_status check_options(const gndp_read_options *o)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(o->n_vars >= 0 && (o->n_vars == 0 || o->var != NULL), GNDP_ERR_ARG,
               "%d variables without names", o->n_vars);
    GNDP_CHECK(o->n_levels >= 0 && (o->n_levels == 0 || o->level != NULL), GNDP_ERR_ARG,
               "%d levels without values", o->n_levels);
    GNDP_CHECK(o->n_members >= 0 && (o->n_members == 0 || o->member != NULL), GNDP_ERR_ARG,
               "%d members without numbers", o->n_members);
    for (int i = 0; i < o->n_vars; i++)
        GNDP_CHECK(o->var[i] != NULL, GNDP_ERR_ARG, "variable %d is NULL", i);
    for (int i = 0; i < o->n_levels; i++)
        GNDP_CHECK(isfinite(o->level[i]), GNDP_ERR_ARG, "level %d is %g", i, o->level[i]);
    GNDP_CHECK(o->time_stride >= 1 && o->stride_lat >= 1 && o->stride_lon >= 1, GNDP_ERR_ARG,
               "strides are 1 or more, not %lld, %lld and %lld", (long long)o->time_stride,
               (long long)o->stride_lat, (long long)o->stride_lon);
    GNDP_CHECK(o->max_bytes >= (size_t)1 << 20 && o->max_bytes <= (size_t)1 << 50, GNDP_ERR_ARG,
               "%zu bytes of memory: 1 MiB is the least", o->max_bytes);
    if (!o->has_box)
        goto done;
    GNDP_CHECK(isfinite(o->west) && isfinite(o->east) && isfinite(o->south) && isfinite(o->north) &&
                   fabs(o->west) <= 720.0 && fabs(o->east) <= 720.0,
               GNDP_ERR_RANGE, "box W,E,S,N = %g,%g,%g,%g: longitudes are within -720..720",
               o->west, o->east, o->south, o->north);
    GNDP_CHECK(o->south <= o->north && o->south >= -90.0 && o->north <= 90.0, GNDP_ERR_RANGE,
               "box W,E,S,N = %g,%g,%g,%g: the south is not below the north; the order is W,E,S,N",
               o->west, o->east, o->south, o->north);
done:
    return st;
}

/* ---- One file ------------------------------------------------------------------------------- */

static gndp_status check_kind(const gndp_nc_contents *c)
{
    gndp_status st = GNDP_OK;
    GNDP_CHECK(!c->tracks, GNDP_ERR_FORMAT,
               "%s: holds tracks, not fields on a grid: open it as tracks", c->path);
    GNDP_CHECK(nc_inq_att(c->nc, NC_GLOBAL, "gndp_archive", NULL, NULL) != NC_NOERR,
               GNDP_ERR_FORMAT, "%s: holds a model or other named arrays, not fields", c->path);
done:
    return st;
}

/* Index along the level axis of a file whose levels may have other units. */
static gndp_status find_level(gndp_nc_opening *opening, const gndp_nc_contents *c,
                              const gndp_nc_shape *shape, const gndp_nc_wanted *wanted,
                              int64_t *out)
{
    gndp_status st = GNDP_OK;
    double *value = NULL, factor = 1.0, offset = 0.0;
    char units[64], what[512] = "";
    int64_t n = 0;
    *out = -1;
    GNDP_TRY(gndp_nc_levels(opening, c, shape, &n, &value, units));
    gndp_text_append(what, sizeof what, "%s: levels of '%s'", c->path, wanted->name);
    if (strcmp(units, wanted->level_units) != 0)
        GNDP_TRY(gndp_units_between(&opening->units, what, units, wanted->level_units, &factor,
                                    &offset));
    for (int64_t i = 0; i < n; i++) {
        const double level = factor * value[i] + offset;
        if (fabs(level - wanted->level) <= 2e-6 * fabs(wanted->level) + 1e-12)
            *out = i;
    }
    GNDP_CHECK(*out >= 0, GNDP_ERR_NOT_FOUND, "%s: variable '%s' has no level %g %s", c->path,
               wanted->name, wanted->level, wanted->level_units);
done:
    free(value);
    return st;
}

static gndp_status make_part(gndp_nc_opening *opening, const gndp_nc_file *file,
                             const gndp_nc_shape *whole, const gndp_nc_wanted *wanted, int v,
                             gndp_nc_part *out)
{
    gndp_status st = GNDP_OK;
    const gndp_nc_contents *c = &file->contents;
    const gndp_nc_var *var = &c->var[v];
    gndp_nc_shape shape;
    char why[128], what[512] = "";
    GNDP_CHECK(gndp_nc_shape_of(c, v, &shape, why) && gndp_nc_same_grid(&shape, whole) &&
                   gndp_nc_fields_within(&shape, whole),
               GNDP_ERR_SHAPE, "%s: variable '%s' is not on the grid of the others", c->path,
               var->name);
    gndp_text_append(out->name, sizeof out->name, "%s", var->name);
    out->var = v;
    out->rank = var->rank;
    out->type = var->type;
    GNDP_TRY(gndp_nc_pack_read(opening, c, v, &out->pack));
    gndp_text_append(what, sizeof what, "%s: variable '%s'", c->path, var->name);
    if (strcmp(var->units, wanted->units) != 0)
        GNDP_TRY(gndp_units_between(&opening->units, what, var->units, wanted->units,
                                    &out->pack.factor, &out->pack.shift));
    for (int a = 0; a < GNDP_MAX_AXES; a++)
        out->pos_space[a] = a < whole->n_space && whole->space_dim[a] >= 0
                                ? gndp_nc_position(var, whole->space_dim[a])
                                : -1;
    for (int r = 0; r < GNDP_NC_ROLES; r++)
        out->pos_role[r] = shape.role_dim[r] >= 0 ? gndp_nc_position(var, shape.role_dim[r]) : -1;
    for (int e = 0; e < whole->n_extra; e++)
        out->pos_extra[e] = gndp_nc_position(var, whole->extra[e]);
    const int expver = shape.role_dim[GNDP_NC_EXPVER];
    out->n_expver = expver >= 0 ? c->dim[expver].size : 1;
    GNDP_CHECK(wanted->has_level == (shape.role_dim[GNDP_NC_LEVEL] >= 0), GNDP_ERR_FORMAT,
               "%s: variable '%s' has %s, unlike in the first file", c->path, var->name,
               wanted->has_level ? "no levels" : "levels");
    if (wanted->has_level)
        GNDP_TRY(find_level(opening, c, &shape, wanted, &out->level));
done:
    return st;
}

/* The shape that stands for all parts of a later file: that of the part with most dimensions. */
static gndp_status whole_shape(const gndp_nc_contents *c, int n, const int *var, gndp_nc_shape *out)
{
    gndp_status st = GNDP_OK;
    gndp_nc_shape shape;
    char why[128];
    for (int p = 0; p < n; p++) {
        GNDP_CHECK(gndp_nc_shape_of(c, var[p], &shape, why), GNDP_ERR_FORMAT,
                   "%s: variable '%s' is no field: %s", c->path, c->var[var[p]].name, why);
        if (p == 0 || gndp_nc_fields_within(out, &shape))
            *out = shape;
    }
done:
    return st;
}

static gndp_status make_parts(gndp_nc_opening *opening, const gndp_nc_plan *plan,
                              gndp_nc_file *file, bool first, gndp_nc_shape *whole)
{
    gndp_status st = GNDP_OK;
    const gndp_nc_contents *c = &file->contents;
    int *var = calloc((size_t)plan->n_parts, sizeof *var);
    file->part = calloc((size_t)plan->n_parts, sizeof *file->part);
    GNDP_CHECK(var != NULL && file->part != NULL, GNDP_ERR_NOMEM, "%d parts", plan->n_parts);
    for (int p = 0; p < plan->n_parts; p++)
        GNDP_TRY(gndp_nc_resolve(c, plan->part[p].name, &var[p]));
    if (!first)
        GNDP_TRY(whole_shape(c, plan->n_parts, var, whole));
    for (int d = 0; d < c->n_dims; d++)
        for (int p = 0; p < plan->n_parts; p++)
            GNDP_CHECK(gndp_nc_position(&c->var[var[p]], d) < 0 || c->dim[d].size > 0,
                       GNDP_ERR_FORMAT, "%s: variable '%s' is empty: %s has length 0", c->path,
                       c->var[var[p]].name, c->dim[d].name);
    file->n_extra = whole->n_extra;
    for (int e = 0; e < whole->n_extra; e++)
        file->extra_size[e] = c->dim[whole->extra[e]].size;
    for (int p = 0; p < plan->n_parts; p++)
        GNDP_TRY(make_part(opening, file, whole, &plan->part[p], var[p], &file->part[p]));
done:
    free(var);
    return st;
}

static gndp_status open_file(gndp_nc_opening *opening, const char *path, int f, gndp_nc_plan *plan,
                             gndp_nc_fields *fields, gndp_nc_view *view)
{
    gndp_status st = GNDP_OK;
    gndp_nc_file *file = &view->file[f];
    gndp_nc_shape shape = {0};
    gndp_nc_places places = {0};
    GNDP_TRY(gndp_nc_contents_read(path, &file->contents));
    GNDP_TRY(check_kind(&file->contents));
    if (f == 0)
        GNDP_TRY(gndp_nc_plan_make(opening, &file->contents, plan, &shape));
    GNDP_TRY(make_parts(opening, plan, file, f == 0, &shape));
    GNDP_TRY(gndp_nc_places_read(opening, &file->contents, &shape, &places));
    GNDP_TRY(gndp_nc_places_part(opening, &file->contents, &shape, &places));
    GNDP_CHECK(places.first == NULL || view->n_files == 1, GNDP_ERR_UNSUPPORTED,
               "%s: its points have each a time: such files are read one at a time", path);
    GNDP_TRY(gndp_nc_fields_read(opening, &file->contents, &shape, &places, f, fields));
    if (f > 0) {
        GNDP_TRY(gndp_nc_places_same(&view->places, view->file[0].contents.path, &places, path));
        /* The same points may stand elsewhere in this file. */
        GNDP_TRY(gndp_nc_places_same_index(&view->places, &places, path));
    } else {
        view->places = places;
        places = (gndp_nc_places){0};
    }
    /* Few files stay open, as the number that a process may have is limited. */
    if (f > 0) {
        gndp_nc_contents_close(&file->contents);
        gndp_nc_contents_trim(&file->contents);
    }
done:
    gndp_nc_places_free(&places);
    return st;
}

/* ---- The set -------------------------------------------------------------------------------- */

static gndp_status check_size(const gndp_nc_opening *opening, const gndp_nc_fields *fields,
                              const gndp_nc_view *view)
{
    gndp_status st = GNDP_OK;
    const char *path = view->file[0].contents.path;
    const gndp_read_options *o = opening->options;
    int64_t bytes = 0;
    if (fields->n == 0 && fields->n_times > 0)
        GNDP_CHECK(false, GNDP_ERR_RANGE, "%s: no field at %s; there are %lld times from %s to %s",
                   path, o->time != NULL ? o->time : "the members asked for",
                   (long long)fields->n_times,
                   gndp_calendar_text(fields->calendar, fields->low_s).text,
                   gndp_calendar_text(fields->calendar, fields->high_s).text);
    GNDP_CHECK(fields->n > 0, GNDP_ERR_RANGE, "%s: no field is left of those asked for", path);
    const bool over =
        __builtin_mul_overflow(view->places.coords.n, 8 * (int64_t)view->n_components, &bytes);
    GNDP_CHECK(!over && (size_t)bytes <= o->max_bytes, GNDP_ERR_NOMEM,
               "%s: a field of %lld points and %d components takes more than the %zu bytes given: "
               "choose variables, levels or a box, or give more memory",
               path, (long long)view->places.coords.n, view->n_components, o->max_bytes);
done:
    return st;
}

static gndp_status finish_view(gndp_nc_opening *opening, gndp_nc_plan *plan, gndp_nc_fields *fields,
                               gndp_nc_view *view)
{
    gndp_status st = GNDP_OK;
    view->n_channels = plan->n_channels;
    view->channel = plan->channel;
    plan->channel = NULL;
    view->n_parts = plan->n_parts;
    for (int c = 0; c < view->n_channels; c++)
        view->n_components += view->channel[c].components;
    view->max_bytes = opening->options->max_bytes;
    GNDP_TRY(check_size(opening, fields, view));
    GNDP_TRY(gndp_nc_fields_sort(fields, view->file));
    view->n_fields = fields->n;
    view->field = fields->field;
    fields->field = NULL;
    for (int p = 0; p < view->n_parts; p++)
        GNDP_TRY(gndp_nc_scan(opening, view, p));
done:
    return st;
}

/* Points of the fields that were chosen, one after the other, where each has its own. */
static gndp_status own_points(const gndp_nc_view *view, int64_t **first, double **x)
{
    gndp_status st = GNDP_OK;
    const gndp_nc_places *p = &view->places;
    const size_t columns = (size_t)p->coords.columns;
    if (p->first == NULL)
        return GNDP_OK;
    *first = calloc((size_t)view->n_fields + 1, sizeof **first);
    *x = calloc((size_t)p->coords.n * columns, sizeof **x);
    GNDP_CHECK(*first != NULL && *x != NULL, GNDP_ERR_NOMEM, "%lld points", (long long)p->coords.n);
    for (int64_t f = 0; f < view->n_fields; f++) {
        int64_t from = 0;
        const int64_t n = gndp_nc_points_of(p, view->field[f].time, &from);
        memcpy(*x + (size_t)(*first)[f] * columns, p->x + (size_t)from * columns,
               (size_t)n * columns * sizeof **x);
        (*first)[f + 1] = (*first)[f] + n;
    }
done:
    return st;
}

static gndp_status make_set(gndp_nc_view *view, const gndp_nc_fields *fields,
                            const gndp_nc_attributes *attributes, gndp_fieldset **out)
{
    gndp_status st = GNDP_OK;
    char origin[1024] = "";
    int64_t *first = NULL;
    double *x = NULL;
    gndp_nc_view *kept = view; /* until the set takes it */
    gndp_field_label *label = calloc((size_t)view->n_fields, sizeof *label);
    GNDP_CHECK(label != NULL, GNDP_ERR_NOMEM, "%lld fields", (long long)view->n_fields);
    for (int64_t f = 0; f < view->n_fields; f++)
        label[f] =
            (gndp_field_label){.time_s = view->field[f].time_s, .member = view->field[f].number};
    GNDP_TRY(own_points(view, &first, &x));
    gndp_text_append(origin, sizeof origin, "%s", view->file[0].contents.path);
    if (view->n_files > 1)
        gndp_text_append(origin, sizeof origin, " and %d more", view->n_files - 1);
    gndp_fieldset_spec spec = {.n_fields = view->n_fields,
                               .coords = view->places.coords,
                               .first = first,
                               .n_channels = view->n_channels,
                               .channel = view->channel,
                               .label = label,
                               .calendar = fields->calendar,
                               .n_attributes = attributes->n,
                               .attribute = attributes->attribute,
                               .origin = origin};
    if (first != NULL) {
        spec.coords.x = x;
        spec.coords.n = first[view->n_fields];
    }
    const gndp_field_source source = {
        .state = view, .read = gndp_nc_view_read, .close = gndp_nc_view_close};
    kept = NULL;
    st = gndp_fieldset_create_view(&spec, source, out);
    GNDP_CHECK(st == GNDP_OK, st, "%s: %s", origin, gndp_nc_last_reason().text);
done:
    gndp_nc_view_close(kept);
    free(label);
    free(first);
    free(x);
    return st;
}

/* All that needs the lock. */
static gndp_status open_files(gndp_nc_opening *opening, const char *const *path, int n_paths,
                              gndp_nc_fields *fields, gndp_nc_attributes *attributes,
                              gndp_nc_view *view)
{
    gndp_status st = GNDP_OK;
    gndp_nc_plan plan = {0};
    view->n_files = n_paths;
    for (int f = 0; f < n_paths; f++) {
        GNDP_TRY(open_file(opening, path[f], f, &plan, fields, view));
    }
    GNDP_TRY(gndp_nc_attributes_read(&view->file[0].contents, attributes));
    GNDP_TRY(finish_view(opening, &plan, fields, view));
done:
    gndp_nc_plan_free(&plan);
    gndp_units_close(&opening->units);
    return st;
}

gndp_status gndp_netcdf_open(const char *const *path, int n_paths, const gndp_read_options *options,
                             gndp_fieldset **out)
{
    gndp_status st = GNDP_OK;
    const gndp_read_options defaults = gndp_read_options_default();
    gndp_nc_opening opening = {.options = options != NULL ? options : &defaults};
    gndp_nc_fields fields = {0};
    gndp_nc_attributes attributes = {0};
    gndp_nc_view *view = NULL;
    GNDP_CHECK(out != NULL, GNDP_ERR_ARG, "out is NULL");
    *out = NULL;
    GNDP_CHECK(path != NULL && n_paths >= 1, GNDP_ERR_ARG, "no file is named");
    for (int f = 0; f < n_paths; f++)
        GNDP_CHECK(path[f] != NULL, GNDP_ERR_ARG, "path %d is NULL", f);
    GNDP_TRY(check_options(opening.options));
    view = calloc(1, sizeof *view);
    GNDP_CHECK(view != NULL, GNDP_ERR_NOMEM, "%zu bytes", sizeof *view);
    view->file = calloc((size_t)n_paths, sizeof *view->file);
    GNDP_CHECK(view->file != NULL, GNDP_ERR_NOMEM, "%d files", n_paths);
    for (int f = 0; f < n_paths; f++)
        view->file[f].contents.nc = -1;
    gndp_nc_lock();
    if (n_paths == 1) /* fields on points of their own, which are no tracks: netcdf_ragged.c */
        st = gndp_nc_ragged_open(&opening, path[0], out);
    if (st == GNDP_OK && *out == NULL)
        st = open_files(&opening, path, n_paths, &fields, &attributes, view);
    gndp_nc_unlock();
    give_notes(opening.options->log, &opening.notes);
    GNDP_TRY(st);
    if (*out != NULL)
        goto done;
    gndp_nc_view *handed = view;
    view = NULL;
    GNDP_TRY(make_set(handed, &fields, &attributes, out));
done:
    gndp_nc_view_close(view);
    free(fields.field);
    gndp_nc_attributes_free(&attributes);
    return st;
}
