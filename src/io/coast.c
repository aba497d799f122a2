// SPDX-License-Identifier: Apache-2.0
// Reads GSHHG's binned shorelines: NetCDF files that cut every polygon at the edges of square bins.
#include <math.h>
#include <netcdf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <gndp/coast.h>

#include "base/error.h"
#include "io/lock.h"

/*
 * A bin of B degrees (row 0 at the north pole, column 0 at Greenwich) holds segments: pieces of
 * polygons that begin and end at its edges, or whole ones. Points count from the bin's south-west
 * corner, 65535 to B degrees. A segment's word is points << 9 | level << 6 | entry << 3 | exit; the
 * sides are 0 south, 1 east, 2 north, 3 west, 4 none (closed). Levels: 1 land in the sea, 2 lakes,
 * 3 islands in them, 4 ponds; 5 and 6 are the ice front and the grounding line of Antarctica, of
 * which 6 is left out. A bin's word holds the levels of its corners, the south-west one in bits 9
 * to 11.
 */
enum { SIDE_WEST = 3, GROUNDING_LINE = 6, UNITS = 65535, MOST = 1 << 28 };

typedef struct segment {
    int64_t first, n; /* points */
    int level;
    bool west[2]; /* begins, ends at the western side */
} segment;

struct gndp_coast {
    char *path;
    int columns, rows; /* bins */
    double bin_deg;
    int64_t n_segments, n_points;
    segment *segment;
    int64_t *first;        /* [bins + 1] segments */
    unsigned char *corner; /* [bins] level at the south-west */
    double *lat, *lon;     /* [n_points] */
};

/* What the file holds, as it is there. */
typedef struct raw {
    int bin_minutes, columns, rows, bins, segments, points;
    void *bin_first, *segment_word, *segment_point; /* int */
    void *bin_word, *bin_segments, *dx, *dy;        /* short */
} raw;

static void raw_free(raw *r)
{
    free(r->bin_first);
    free(r->segment_word);
    free(r->segment_point);
    free(r->bin_word);
    free(r->bin_segments);
    free(r->dx);
    free(r->dy);
}

/* ---- The file ------------------------------------------------------------------------------- */

static const char *const folders[] = {
    "/usr/share/gmt-gshhg",           "/usr/share/gmt/coast",
    "/usr/share/gshhg-gmt-nc4",       "/usr/local/share/gmt-gshhg",
    "/usr/local/share/gshhg-gmt-nc4", "/opt/homebrew/share/gshhg-gmt-nc4",
};

static bool find_in(const char *folder, gndp_coast_detail finest, char *path, size_t bytes)
{
    static const char letters[] = "clihf";
    for (int d = (int)finest; d >= 0; d--) {
        const int n = snprintf(path, bytes, "%s/binned_GSHHS_%c.nc", folder, letters[d]);
        if (n > 0 && (size_t)n < bytes && access(path, R_OK) == 0)
            return true;
    }
    return false;
}

static gndp_status find(gndp_coast_detail finest, char *path, size_t bytes)
{
    gndp_status st = GNDP_OK;
    const char *own = getenv("GNDP_GSHHG");
    bool found = false;
    if (own != NULL && own[0] != '\0') {
        GNDP_CHECK(find_in(own, finest, path, bytes), GNDP_ERR_NOT_FOUND,
                   "no coastlines (binned_GSHHS_l.nc) in %s, which GNDP_GSHHG names", own);
        return GNDP_OK;
    }
    for (size_t i = 0; i < sizeof folders / sizeof *folders && !found; i++)
        found = find_in(folders[i], finest, path, bytes);
    GNDP_CHECK(found, GNDP_ERR_NOT_FOUND,
               "no coastlines: binned_GSHHS_l.nc is in none of the usual folders (%s, ..); "
               "Debian's package gmt-gshhg-low has it, or set GNDP_GSHHG to "
               "its folder",
               folders[0]);
done:
    return st;
}

static gndp_status get_int(int nc, const char *path, const char *name, int *out)
{
    gndp_status st = GNDP_OK;
    int id;
    GNDP_CHECK(nc_inq_varid(nc, name, &id) == NC_NOERR && nc_get_var_int(nc, id, out) == NC_NOERR &&
                   *out > 0 && *out < MOST,
               GNDP_ERR_FORMAT, "%s: no GSHHG shorelines: %s is missing or out of range", path,
               name);
done:
    return st;
}

/* A variable of one dimension and n values, of 2 or 4 bytes each. */
static gndp_status get_array(int nc, const char *path, const char *name, int n, size_t size,
                             void **out)
{
    gndp_status st = GNDP_OK;
    int id, dims, dim;
    size_t length = 0;
    GNDP_CHECK(nc_inq_varid(nc, name, &id) == NC_NOERR &&
                   nc_inq_varndims(nc, id, &dims) == NC_NOERR && dims == 1 &&
                   nc_inq_vardimid(nc, id, &dim) == NC_NOERR &&
                   nc_inq_dimlen(nc, dim, &length) == NC_NOERR && length == (size_t)n,
               GNDP_ERR_FORMAT, "%s: no GSHHG shorelines: %s should have %d values", path, name, n);
    *out = malloc((size_t)n * size);
    GNDP_CHECK(*out != NULL, GNDP_ERR_NOMEM, "%s: %d values", path, n);
    const int code = size == 4 ? nc_get_var_int(nc, id, *out) : nc_get_var_short(nc, id, *out);
    GNDP_CHECK(code == NC_NOERR, GNDP_ERR_IO, "%s: %s: %s", path, name, nc_strerror(code));
done:
    return st;
}

static gndp_status read_raw(int nc, const char *path, raw *r)
{
    gndp_status st = GNDP_OK;
    GNDP_TRY(get_int(nc, path, "Bin_size_in_minutes", &r->bin_minutes));
    GNDP_TRY(get_int(nc, path, "N_bins_in_360_longitude_range", &r->columns));
    GNDP_TRY(get_int(nc, path, "N_bins_in_180_degree_latitude_range", &r->rows));
    GNDP_TRY(get_int(nc, path, "N_bins_in_file", &r->bins));
    GNDP_TRY(get_int(nc, path, "N_segments_in_file", &r->segments));
    GNDP_TRY(get_int(nc, path, "N_points_in_file", &r->points));
    GNDP_CHECK((int64_t)r->columns * r->bin_minutes == 360 * 60 &&
                   (int64_t)r->rows * r->bin_minutes == 180 * 60 &&
                   (int64_t)r->columns * r->rows == r->bins,
               GNDP_ERR_FORMAT, "%s: %d x %d bins of %d minutes do not make the globe", path,
               r->rows, r->columns, r->bin_minutes);
    const struct {
        const char *name;
        int n;
        size_t size;
        void **to;
    } rows[] = {
        {"Id_of_first_segment_in_a_bin", r->bins, sizeof(int), &r->bin_first},
        {"Embedded_node_levels_in_a_bin", r->bins, sizeof(short), &r->bin_word},
        {"N_segments_in_a_bin", r->bins, sizeof(short), &r->bin_segments},
        {"Embedded_npts_levels_exit_entry_for_a_segment", r->segments, sizeof(int),
         &r->segment_word},
        {"Id_of_first_point_in_a_segment", r->segments, sizeof(int), &r->segment_point},
        {"Relative_longitude_from_SW_corner_of_bin", r->points, sizeof(short), &r->dx},
        {"Relative_latitude_from_SW_corner_of_bin", r->points, sizeof(short), &r->dy},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        GNDP_TRY(get_array(nc, path, rows[i].name, rows[i].n, rows[i].size, rows[i].to));
done:
    return st;
}

static gndp_status load(const char *path, raw *r)
{
    gndp_status st = GNDP_OK;
    int nc = -1;
    gndp_nc_lock();
    const int code = nc_open(path, NC_NOWRITE, &nc);
    GNDP_CHECK(code == NC_NOERR, GNDP_ERR_IO, "%s: %s", path, nc_strerror(code));
    GNDP_TRY(read_raw(nc, path, r));
done:
    if (nc != -1)
        nc_close(nc);
    gndp_nc_unlock();
    return st;
}

/* ---- Lines ---------------------------------------------------------------------------------- */

static gndp_status add_bin(const raw *r, int b, gndp_coast *coast)
{
    gndp_status st = GNDP_OK;
    const double west = coast->bin_deg * (b % coast->columns),
                 south = 90.0 - coast->bin_deg * (b / coast->columns + 1);
    const int from = ((const int *)r->bin_first)[b], count = ((const short *)r->bin_segments)[b];
    const short *dx = r->dx, *dy = r->dy;
    GNDP_CHECK(count >= 0 && (count == 0 || (from >= 0 && (int64_t)from + count <= r->segments)),
               GNDP_ERR_FORMAT, "%s: bin %d has segments %d + %d of %d", coast->path, b, from,
               count, r->segments);
    coast->first[b] = coast->n_segments;
    coast->corner[b] = (unsigned char)(((const short *)r->bin_word)[b] >> 9 & 7);
    for (int s = from; s < from + count; s++) {
        const int word = ((const int *)r->segment_word)[s], n = word >> 9,
                  first = ((const int *)r->segment_point)[s];
        GNDP_CHECK(n > 0 && first >= 0 && (int64_t)first + n <= r->points, GNDP_ERR_FORMAT,
                   "%s: segment %d has points %d + %d of %d", coast->path, s, first, n, r->points);
        if ((word >> 6 & 7) == GROUNDING_LINE || coast->n_segments == r->segments)
            continue;
        const int level = word >> 6 & 7;
        coast->segment[coast->n_segments++] =
            (segment){.first = first,
                      .n = n,
                      .level = level == 5 ? 1 : level,
                      .west = {(word >> 3 & 7) == SIDE_WEST, (word & 7) == SIDE_WEST}};
        for (int i = first; i < first + n; i++) {
            coast->lon[i] = west + coast->bin_deg * (unsigned short)dx[i] / UNITS;
            coast->lat[i] = south + coast->bin_deg * (unsigned short)dy[i] / UNITS;
        }
    }
done:
    return st;
}

gndp_status gndp_coast_read(gndp_coast_detail finest, gndp_coast **out)
{
    gndp_status st = GNDP_OK;
    gndp_coast *coast = NULL;
    raw r = {0};
    char path[4096];
    GNDP_CHECK(out != NULL, GNDP_ERR_ARG, "out is NULL");
    *out = NULL;
    GNDP_CHECK((int)finest >= 0 && finest <= GNDP_COAST_FULL, GNDP_ERR_ARG,
               "%d is no resolution of coastlines", (int)finest);
    GNDP_TRY(find(finest, path, sizeof path));
    GNDP_TRY(load(path, &r));
    coast = calloc(1, sizeof *coast);
    GNDP_CHECK(coast != NULL, GNDP_ERR_NOMEM, "%zu bytes", sizeof *coast);
    *coast = (gndp_coast){.path = strdup(path),
                          .columns = r.columns,
                          .rows = r.rows,
                          .bin_deg = r.bin_minutes / 60.0,
                          .n_points = r.points};
    coast->segment = malloc((size_t)r.segments * sizeof *coast->segment);
    coast->first = malloc(((size_t)r.bins + 1) * sizeof *coast->first);
    coast->corner = malloc((size_t)r.bins);
    coast->lat = calloc((size_t)r.points, sizeof *coast->lat);
    coast->lon = calloc((size_t)r.points, sizeof *coast->lon);
    GNDP_CHECK(coast->path != NULL && coast->segment != NULL && coast->first != NULL &&
                   coast->corner != NULL && coast->lat != NULL && coast->lon != NULL,
               GNDP_ERR_NOMEM, "%s: %d points", path, r.points);
    for (int b = 0; b < r.bins; b++)
        GNDP_TRY(add_bin(&r, b, coast));
    coast->first[r.bins] = coast->n_segments;
    *out = coast;
    coast = NULL;
done:
    raw_free(&r);
    gndp_coast_free(coast);
    return st;
}

void gndp_coast_free(gndp_coast *coast)
{
    if (coast == NULL)
        return;
    free(coast->path);
    free(coast->segment);
    free(coast->first);
    free(coast->corner);
    free(coast->lat);
    free(coast->lon);
    free(coast);
}

const char *gndp_coast_path(const gndp_coast *coast)
{
    return coast->path;
}

int64_t gndp_coast_lines(const gndp_coast *coast)
{
    return coast->n_segments;
}

int64_t gndp_coast_line(const gndp_coast *coast, int64_t i, const double **lat_deg,
                        const double **lon_deg)
{
    const segment *s = &coast->segment[i];
    *lat_deg = coast->lat + s->first;
    *lon_deg = coast->lon + s->first;
    return s->n;
}

int gndp_coast_level(const gndp_coast *coast, int64_t i)
{
    return coast->segment[i].level;
}

/* ---- Land or water -------------------------------------------------------------------------- */

/*
 * Every shore has land on one side and water on the other, so the answer changes at each. Start at
 * the bin's south-west corner, whose level is known (odd: land), go north along the western side,
 * past the ends of segments there, then east along the parallel, across them.
 */
static int crossings(const gndp_coast *coast, const segment *s, double lat, double lon)
{
    const double *y = coast->lat + s->first, *x = coast->lon + s->first;
    int n = (s->west[0] && y[0] < lat) + (s->west[1] && y[s->n - 1] < lat);
    for (int64_t i = 1; i < s->n; i++)
        if ((y[i - 1] < lat) != (y[i] < lat))
            n += x[i - 1] + (x[i] - x[i - 1]) * (lat - y[i - 1]) / (y[i] - y[i - 1]) < lon;
    return n;
}

bool gndp_coast_is_land(const gndp_coast *coast, double lat_deg, double lon_deg)
{
    if (!(lat_deg >= -90.0 && lat_deg <= 90.0) || !isfinite(lon_deg))
        return false;
    const double lon = lon_deg - 360.0 * floor(lon_deg / 360.0);
    int column = (int)(lon / coast->bin_deg), row = (int)((90.0 - lat_deg) / coast->bin_deg);
    column = column < coast->columns ? column : coast->columns - 1;
    row = row < coast->rows ? row : coast->rows - 1;
    const int bin = row * coast->columns + column;
    int level = coast->corner[bin];
    for (int64_t s = coast->first[bin]; s < coast->first[bin + 1]; s++)
        level += crossings(coast, &coast->segment[s], lat_deg, lon);
    return level % 2 == 1;
}
