// SPDX-License-Identifier: Apache-2.0
// Any file that holds a set of fields, opened by the reader of its kind.
#include <string.h>

#include <gndp/images.h>
#include <gndp/io.h>
#include <gndp/tables.h>

#include "base/error.h"

/* Options that choose from NetCDF grids mean nothing to other kinds: the first that is set. */
static const char *option_that_is_set(const gndp_read_options *o, gndp_file_kind kind)
{
    if (o->n_vars > 0)
        return "variables";
    if (o->n_levels > 0 || o->level_units != NULL)
        return "levels";
    if (o->time != NULL && kind != GNDP_FILE_TRACKS && kind != GNDP_FILE_TRACKS_CSV)
        return "a time";
    if (o->time_stride > 1)
        return "a stride of times";
    if (o->has_box)
        return "a box";
    if (o->stride_lat > 1 || o->stride_lon > 1)
        return "a stride of the grid";
    if (o->n_members > 0)
        return "members";
    return o->units != NULL ? "units" : NULL;
}

static gndp_status open_tracks(const char *path, const gndp_read_options *o, gndp_fieldset **out)
{
    gndp_track_options tracks = gndp_track_options_default();
    tracks.time = o->time;
    tracks.log = o->log;
    return gndp_tracks_open(path, &tracks, out);
}

gndp_status gndp_file_open(const char *const *path, int n_paths, const gndp_read_options *options,
                           gndp_fieldset **out)
{
    gndp_status st = GNDP_OK;
    const gndp_read_options defaults = gndp_read_options_default();
    const gndp_read_options *o = options != NULL ? options : &defaults;
    gndp_file_kind kind = GNDP_FILE_UNKNOWN;
    GNDP_CHECK(out != NULL, GNDP_ERR_ARG, "out is NULL");
    *out = NULL;
    GNDP_CHECK(path != NULL && n_paths >= 1 && path[0] != NULL, GNDP_ERR_ARG, "no file is named");
    GNDP_TRY(gndp_file_detect(path[0], &kind));
    if (kind == GNDP_FILE_FIELDS) {
        GNDP_TRY(gndp_netcdf_open(path, n_paths, o, out));
        goto done;
    }
    GNDP_CHECK(n_paths == 1, GNDP_ERR_UNSUPPORTED,
               "%s: holds %s, of which one file is read at a time; %d are named", path[0],
               gndp_file_kind_name(kind), n_paths);
    const char *set = option_that_is_set(o, kind);
    GNDP_CHECK(set == NULL, GNDP_ERR_UNSUPPORTED, "%s: holds %s, from which %s cannot be chosen",
               path[0], gndp_file_kind_name(kind), set);
    switch (kind) {
    case GNDP_FILE_TRACKS:
    case GNDP_FILE_TRACKS_CSV:
        GNDP_TRY(open_tracks(path[0], o, out));
        break;
    case GNDP_FILE_EVENTS:
        GNDP_TRY(gndp_events_open(path[0], false, out));
        break;
    case GNDP_FILE_IMAGES:
        GNDP_TRY(gndp_images_open(path[0], NULL, out));
        break;
    case GNDP_FILE_VOXELS:
        GNDP_TRY(gndp_voxels_open(path[0], out));
        break;
    default:
        GNDP_CHECK(false, GNDP_ERR_UNSUPPORTED, "%s: holds %s, not a set of fields", path[0],
                   gndp_file_kind_name(kind));
    }
done:
    return st;
}
