// SPDX-License-Identifier: Apache-2.0
// Tracks of any format as one set of fields.
#include "io/tracks.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "io/bytes.h"
#include "io/netcdf_file.h"

gndp_track_options gndp_track_options_default(void)
{
    return (gndp_track_options){.main_only = true, .min_points = 2};
}

gndp_status gndp_tracks_read_text(const char *path, char *bytes, size_t n, gndp_track_table *table)
{
    gndp_status st = GNDP_OK;
    gndp_csv_reader reader = {0};
    bool more;
    table->path = path;
    table->lines = true;
    GNDP_TRY(gndp_csv_reader_begin(path, bytes, n, &reader));
    GNDP_TRY(gndp_csv_reader_next(&reader, &more));
    GNDP_CHECK(more, GNDP_ERR_FORMAT,
               "%s is empty: a header with sid, iso_time, lat, lon is wanted", path);
    if (gndp_tracks_is_hurdat(&reader))
        GNDP_TRY(gndp_tracks_read_hurdat(&reader, table));
    else if (gndp_tracks_is_atcf(&reader))
        GNDP_TRY(gndp_tracks_read_atcf(&reader, table));
    else
        GNDP_TRY(gndp_tracks_read_csv(&reader, table));
done:
    gndp_csv_reader_free(&reader);
    return st;
}

gndp_status gndp_tracks_open(const char *path, const gndp_track_options *options,
                             gndp_fieldset **out)
{
    gndp_status st = GNDP_OK;
    const gndp_track_options defaults = gndp_track_options_default();
    gndp_track_table table = {0};
    unsigned char magic[1024] = {0};
    char *bytes = NULL;
    size_t n = 0;
    GNDP_CHECK(out != NULL, GNDP_ERR_ARG, "out is NULL");
    *out = NULL;
    GNDP_CHECK(path != NULL, GNDP_ERR_ARG, "path is NULL");
    if (options == NULL)
        options = &defaults;
    if (strcmp(path, "-") != 0)
        GNDP_TRY(gndp_bytes_peek(path, sizeof magic, magic, &n));
    if (gndp_nc_is_magic(magic, n)) {
        GNDP_TRY(gndp_tracks_read_netcdf(path, options, &table));
    } else {
        GNDP_TRY(gndp_bytes_read(path, &bytes, &n));
        GNDP_TRY(gndp_tracks_read_text(gndp_path_shown(path), bytes, n, &table));
    }
    GNDP_TRY(gndp_track_table_finish(&table, options->wind, options->pressure));
    GNDP_TRY(gndp_track_table_select(&table, options, out));
done:
    gndp_track_table_free(&table);
    free(bytes);
    return st;
}
