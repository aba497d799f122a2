// SPDX-License-Identifier: Apache-2.0
// A set of fields behind NetCDF files: which files are open, and channels put together from parts.
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "io/lock.h"
#include "io/netcdf_file.h"
#include "io/netcdf_in.h"

/* Files open at once; others are closed and opened again. */
#define OPEN_FILES 16

/* ---- Files ---------------------------------------------------------------------------------- */

static bool is_hdf5(const gndp_nc_contents *c)
{
    return c->format == NC_FORMAT_NETCDF4 || c->format == NC_FORMAT_NETCDF4_CLASSIC;
}

/* Chunks of a variable that hold one field of the selected points, and bytes of one chunk; 0 where
   it is not chunked. */
static gndp_status chunks_of(const gndp_nc_view *view, const gndp_nc_contents *c,
                             const gndp_nc_part *part, int64_t *chunks, int64_t *bytes)
{
    gndp_status st = GNDP_OK;
    size_t chunk[NC_MAX_VAR_DIMS] = {0}, element = 0;
    int storage = NC_CONTIGUOUS;
    *chunks = *bytes = 0;
    GNDP_NC(nc_inq_var_chunking(c->nc, part->var, &storage, chunk), c->path, "cannot look at '%s'",
            part->name);
    if (storage != NC_CHUNKED)
        goto done;
    GNDP_NC(nc_inq_type(c->nc, part->type, NULL, &element), c->path, "cannot look at '%s'",
            part->name);
    *chunks = 1;
    *bytes = (int64_t)element;
    for (int d = 0; d < part->rank; d++) {
        const bool over = chunk[d] == 0 || chunk[d] > INT64_MAX ||
                          __builtin_mul_overflow(*bytes, (int64_t)chunk[d], bytes);
        /* HDF5 takes a whole chunk into memory, whatever of it is wanted. */
        GNDP_CHECK(
            !over && (size_t)*bytes <= 4 * view->max_bytes, GNDP_ERR_NOMEM,
            "%s: variable '%s' has chunks of %lld bytes or more, four times the memory given "
            "is allowed: nccopy -c makes them smaller",
            c->path, part->name, (long long)*bytes);
    }
    for (int a = 0; a < view->places.n_space; a++) {
        const int p = part->pos_space[a];
        if (p >= 0)
            *chunks *= 1 + (view->places.size[a] - 1) / (int64_t)chunk[p];
    }
done:
    return st;
}

/* Chunks that one field needs stay in memory until the next times are read from them, as far as
   half of the memory allows. */
static gndp_status set_caches(const gndp_nc_view *view, gndp_nc_file *file)
{
    gndp_status st = GNDP_OK;
    const gndp_nc_contents *c = &file->contents;
    const int64_t open = view->n_files < OPEN_FILES ? view->n_files : OPEN_FILES;
    int64_t variables = 0;
    if (!is_hdf5(c))
        return GNDP_OK;
    for (int p = 0; p < view->n_parts; p++)
        variables += p == 0 || file->part[p].var != file->part[p - 1].var;
    const int64_t share = (int64_t)(view->max_bytes / 2) / open / variables;
    for (int p = 0; p < view->n_parts; p++) {
        int64_t chunks = 0, bytes = 0;
        if (p > 0 && file->part[p].var == file->part[p - 1].var)
            continue;
        GNDP_TRY(chunks_of(view, c, &file->part[p], &chunks, &bytes));
        if (chunks == 0)
            continue;
        int64_t cache = 0;
        if (__builtin_mul_overflow(chunks, bytes, &cache) || cache > share)
            cache = share / bytes * bytes;
        const int64_t kept = cache / bytes;
        GNDP_NC(nc_set_var_chunk_cache(c->nc, file->part[p].var, (size_t)cache,
                                       (size_t)(kept < 100000 ? 10 * kept + 11 : 1000003), 0.75F),
                c->path, "cannot set up '%s'", file->part[p].name);
    }
done:
    return st;
}

gndp_status gndp_nc_view_need(gndp_nc_view *view, gndp_nc_file *file)
{
    gndp_status st = GNDP_OK;
    const bool closed = file->contents.nc < 0;
    int open = 0;
    gndp_nc_file *oldest = NULL;
    for (int f = 0; closed && f < view->n_files; f++) {
        gndp_nc_file *other = &view->file[f];
        if (other->contents.nc < 0)
            continue;
        open++;
        if (oldest == NULL || other->used < oldest->used)
            oldest = other;
    }
    if (open >= OPEN_FILES)
        gndp_nc_contents_close(&oldest->contents);
    GNDP_TRY(gndp_nc_contents_reopen(&file->contents));
    if (file->used == 0 || closed)
        GNDP_TRY(set_caches(view, file));
    file->used = ++view->clock;
done:
    return st;
}

/* ---- Reading -------------------------------------------------------------------------------- */

/* A channel has a value where all its parts have one; places become unit vectors. */
static void join_parts(const gndp_channel *channel, int64_t count, int64_t stride, double *values,
                       uint8_t *present)
{
    for (int64_t i = 0; i < count; i++, values += stride, present += stride) {
        bool all = true;
        for (int k = 0; k < channel->parts; k++)
            all &= present[k] != 0;
        if (all && channel->kind == GNDP_CHANNEL_SPHERE) {
            const double place[2] = {values[0], values[1]};
            gndp_coords_embed(GNDP_SPACE_SPHERE, 2, 1, place, values);
        }
        for (int k = 0; k < channel->components; k++) {
            present[k] = all;
            if (!all)
                values[k] = 0.0;
        }
    }
}

static gndp_status read_fields(gndp_nc_view *view, const gndp_nc_target *all)
{
    gndp_status st = GNDP_OK;
    for (int c = 0, part = 0, component = 0; c < view->n_channels; c++) {
        const gndp_channel *channel = &view->channel[c];
        for (int k = 0; k < channel->parts; k++) {
            gndp_nc_target one = *all;
            one.values += component + k;
            one.present += component + k;
            GNDP_TRY(gndp_nc_read_part(view, part + k, &one));
        }
        if (channel->components > 1)
            join_parts(channel, all->n * all->m, all->stride, all->values + component,
                       all->present + component);
        part += channel->parts;
        component += channel->components;
    }
done:
    return st;
}

gndp_status gndp_nc_view_read(void *state, int64_t n, const int64_t *field, int64_t m,
                              const int64_t *point, double *values, uint8_t *present)
{
    gndp_nc_view *view = state;
    gndp_status st = GNDP_OK;
    int64_t first = 0;
    if (n == 0)
        return GNDP_OK;
    const int64_t all_points = gndp_nc_points_of(&view->places, view->field[field[0]].time, &first);
    const int64_t points = point != NULL ? m : all_points;
    uint8_t *own = NULL;
    bool locked = false;
    GNDP_CHECK(view->places.first == NULL || n == 1, GNDP_ERR_ARG,
               "%lld fields with points of their own at once", (long long)n);
    if (present == NULL) {
        own = malloc((size_t)(n * points * view->n_components) + 1);
        GNDP_CHECK(own != NULL, GNDP_ERR_NOMEM, "%lld values", (long long)(n * points));
        present = own;
    }
    const gndp_nc_target all = {.n = n,
                                .field = field,
                                .m = points,
                                .point = point,
                                .stride = view->n_components,
                                .values = values,
                                .present = present};
    gndp_nc_lock();
    locked = true;
    GNDP_TRY(read_fields(view, &all));
    if (own != NULL)
        for (int64_t i = 0; i < n * points * view->n_components; i++)
            GNDP_CHECK(
                own[i] != 0, GNDP_ERR_NONFINITE, "%s: field %lld, point %lld has no value",
                view->file[view->field[field[i / view->n_components / points]].file].contents.path,
                (long long)field[i / view->n_components / points],
                (long long)(i / view->n_components % points));
done:
    if (locked)
        gndp_nc_unlock();
    free(own);
    return st;
}

void gndp_nc_view_close(void *state)
{
    gndp_nc_view *view = state;
    if (view == NULL)
        return;
    gndp_nc_lock();
    for (int f = 0; f < view->n_files; f++) {
        gndp_nc_contents_free(&view->file[f].contents);
        free(view->file[f].part);
    }
    gndp_nc_unlock();
    gndp_nc_places_free(&view->places);
    free(view->file);
    free(view->field);
    free(view->channel);
    free(view->buffer);
    free(view);
}
